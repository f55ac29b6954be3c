#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""The command line against servers that refuse, are busy, break off, or answer nonsense."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path

from cli_centre import TOCSIN

failures = 0


class Server(threading.Thread):
    """Answers what a function says, on HOME/run/local.sock; keeps what was asked."""

    def __init__(self, home, answer):
        super().__init__(daemon=True)
        self.answer, self.asked = answer, []
        (home / "run").mkdir(parents=True, exist_ok=True)
        path = home / "run/local.sock"
        path.unlink(missing_ok=True)
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(path))
        self.listening.listen(8)
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                while self.serve(connection, stream):
                    pass

    def serve(self, connection, stream):
        line = stream.readline().decode()
        if not line:
            return False
        headers = {}
        while (field := stream.readline().decode().strip()):
            name, value = field.split(":", 1)
            headers[name.lower()] = value.strip()
        if headers.get("expect"):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = stream.read(int(headers.get("content-length", 0)))
        method, target, _ = line.split()
        self.asked.append((method, target, headers, body))
        said = self.answer(len(self.asked), method, target)
        if said is None:  # cut off without a word
            return False
        status, kind, text, *more = said
        text = text.encode() if isinstance(text, str) else text
        length = more[1] if len(more) > 1 else len(text)
        extra = "".join(f"{k}: {v}\r\n" for k, v in (more[0] if more else {}).items())
        connection.sendall(f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n"
                           f"Content-Length: {length}\r\n{extra}\r\n".encode() + text)
        return length == len(text)

    def stop(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.join(5)


def problem(status, code, **more):
    return (status, "application/problem+json", json.dumps({
        "type": f"urn:tocsin:{code}", "title": "x", "status": status, "code": code,
        "detail": f"what {code} means", **more}))


JSON = "application/json"


def tocsin(home, *words):
    return subprocess.run([TOCSIN, *map(str, words), "--home", home], capture_output=True, text=True,
                          timeout=60, check=False)


def case(name):
    def decorate(step):
        def run(folder):
            global failures  # pylint: disable=global-statement
            home = Path(tempfile.mkdtemp(dir=folder))
            try:
                step(home)
                print(f"ok {name}", flush=True)
            except Exception:  # pylint: disable=broad-except
                failures += 1
                why = traceback.format_exc().strip().replace("\n", " | ")
                print(f"not ok {name} — {why}", flush=True)

        run.case = True
        return run

    return decorate


def served(home, answer, *words):
    server = Server(home, answer)
    try:
        return tocsin(home, *words), server.asked
    finally:
        server.stop()


@case("a problem keeps its text, place, clause and hint; the exit code follows its kind")
def problems(home):
    for status, code in ((400, 2), (403, 3), (404, 3), (409, 3), (413, 1), (422, 1), (500, 3)):
        done, _ = served(home, lambda *_, s=status: problem(
            s, "some.code", where="line 3", clause="RFC 1", hint="do this"), "status")
        assert done.returncode == code, (status, done)
        assert done.stderr == ("tocsin: status: what some.code means (line 3; RFC 1)\n"
                               "  do this\n"), done.stderr


@case("controls in a problem do not reach the terminal")
def controls(home):
    done, _ = served(home, lambda *_: problem(404, "x.y", where="\x1b[2J\x9b1m"), "status")
    assert "\x1b" not in done.stderr and "\x9b" not in done.stderr, done.stderr


@case("a busy centre is asked again with the same key; the write happens once")
def busy(home):
    def answer(number, *_):
        if number < 3:
            return problem(503, "centre.busy")
        return (200, JSON, '{"organisation":"org_1","audience":"aud_1"}')

    done, asked = served(home, answer, "organisation", "add", "X", "-q")
    assert done.returncode == 0 and done.stdout == "org_1\n", done
    assert len(asked) == 3 and len({a[2]["idempotency-key"] for a in asked}) == 1


@case("what is not of the load is not asked again")
def locked(home):
    done, asked = served(home, lambda *_: problem(503, "signer.locked"), "organisation", "add", "X")
    assert done.returncode == 3 and len(asked) == 1, (done, len(asked))


@case("every write has a key of its own, reading has none")
def keys(home):
    seen = set()
    for _ in range(3):
        _, asked = served(home, lambda *_: (200, JSON, "{}"), "operator", "close", "opr_x")
        seen.add(asked[0][2]["idempotency-key"])
    assert len(seen) == 3
    _, asked = served(home, lambda *_: (200, JSON, "{}"), "status")
    assert "idempotency-key" not in asked[0][2]


@case("pages are followed to the end, and not beyond the limit")
def pages(home):
    def answer(number, _, target):
        rows = [{"kind": "vendor", "from": f"{number}-{n}", "to": "x"} for n in range(3)]
        more = {"next": f"cursor &{number}"} if number < 4 else {}
        return (200, JSON, json.dumps({"items": rows, **more}))

    done, asked = served(home, answer, "alias", "list", "--json")
    assert len(json.loads(done.stdout)["aliases"]) == 12, done
    assert "after=cursor%20%261" in asked[1][1], asked[1][1]
    done, asked = served(home, answer, "alias", "list", "--json", "--limit", "5")
    assert len(json.loads(done.stdout)["aliases"]) == 5 and len(asked) == 2
    assert "limit=2" in asked[1][1]


@case("answers that are no JSON, or have no list, are said and end with 3 or 1")
def nonsense(home):
    for kind, text in ((JSON, "{\"items\":"), (JSON, "[]"), (JSON, "{}"), ("text/html", "<p>"),
                       (JSON, '{"items":{}}'), (JSON, "")):
        done, _ = served(home, lambda *_, k=kind, t=text: (200, k, t), "alias", "list")
        assert done.returncode in (1, 3) and done.stderr.startswith("tocsin: alias list: "), (text,
                                                                                             done)
    for words in (("status",), ("asset", "show", "x"), ("why", "x", "y"), ("exposure", "x"),
                  ("advisory", "show", "x"), ("advisory", "delivery", "x"),
                  ("bundle", "answer", __file__), ("asset", "import", __file__)):
        for text in ("{}", "[]", "null", '{"items":[null,1,"x",[],{}],"advisories":[[],{}],'
                                         '"refused":[7,{}],"journal":3,"statements":[4,{}]}'):
            done, _ = served(home, lambda *_, t=text: (200, JSON, t), *words)
            assert done.returncode >= 0, (words, text, done)


@case("a connection that breaks off is an error, not an answer")
def cut(home):
    done, _ = served(home, lambda *_: None, "status")
    assert done.returncode == 3 and "tocsin: status:" in done.stderr
    done, _ = served(home, lambda *_: (200, JSON, '{"a":', {}, 500), "status")
    assert done.returncode == 3, done


@case("a download is whole or not there")
def download(home):
    target = home / "pack.tar"
    done, _ = served(home, lambda *_: (200, "application/x-tar", b"abc", {}, 5000), "proof", "X",
                     "-o", target)
    assert done.returncode == 3 and not list(home.glob("pack*")), list(home.iterdir())
    done, _ = served(home, lambda *_: problem(404, "a.b"), "proof", "X", "-o", target)
    assert done.returncode == 3 and not list(home.glob("pack*"))
    done, _ = served(home, lambda *_: (200, "application/x-tar", b"x" * 3000000), "proof", "X",
                     "-o", target)
    assert done.returncode == 0 and target.stat().st_size == 3000000
    done, _ = served(home, lambda *_: (200, "application/x-tar", b"x"), "proof", "X", "-o",
                     home / "no/such/folder")
    assert done.returncode == 3 and "cannot be written" in done.stderr


@case("standard output that is full is an error")
def full(home):
    server = Server(home, lambda *_: (200, JSON, json.dumps({"items": [
        {"kind": "vendor", "from": "x" * 5000, "to": "y"}] * 10})))
    try:
        with open("/dev/full", "w", encoding="utf-8") as nowhere:
            done = subprocess.run([TOCSIN, "alias", "list", "--home", home], stdout=nowhere,
                                  stderr=subprocess.PIPE, text=True, check=False, timeout=60)
        assert done.returncode == 3 and "cannot be written" in done.stderr, done
    finally:
        server.stop()


@case("nobody listens, or nobody is allowed in")
def no_door(home):
    (home / "run").mkdir()
    done = tocsin(home, "status")
    assert done.returncode == 3 and "tocsin serve" in done.stderr
    (home / "run/local.sock").write_text("", encoding="utf-8")
    done = tocsin(home, "status")
    assert done.returncode == 3 and "cannot connect" in done.stderr


def main():
    os.environ.pop("TOCSIN_HOME", None)
    folder = tempfile.mkdtemp(prefix="tocsin-cli-bad-")
    for step in [s for s in globals().values() if getattr(s, "case", False)]:
        step(folder)
    shutil.rmtree(folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
