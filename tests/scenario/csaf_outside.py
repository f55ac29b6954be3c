#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""What tocsin csaf validate asks outside of the document: hosts that resolve and hosts that do not
(tests 6.3.6, 6.3.7; servers on this machine), and tocsin-prose about words and sentences (6.3.8,
6.3.16)."""

import collections
import http.server
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build"))
TOCSIN = BUILD / "src/cli/tocsin"
PROSE = BUILD / "src/prose/tocsin-prose"
failures = 0
folder = pathlib.Path(tempfile.mkdtemp(prefix="csaf-outside-"))
asked = collections.Counter()


def test(step):
    global failures  # pylint: disable=global-statement
    name = step.__doc__
    try:
        skipped = step()
        print(f"skipped: {name}: {skipped}" if skipped else f"ok {name}", flush=True)
    except Exception:  # pylint: disable=broad-except
        failures += 1
        print(f"not ok {name} — {traceback.format_exc().strip().replace(chr(10), ' | ')}",
              flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, *fields):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self):  # pylint: disable=invalid-name
        path = self.path
        asked[self.command + " " + path] += 1
        if path == "/slow":
            time.sleep(8)
            self.close_connection = True
        elif path == "/drip":  # a byte of the head now and then
            try:
                for _ in range(60):
                    self.wfile.write(b"X")
                    time.sleep(0.2)
            except OSError:
                self.close_connection = True
        elif path == "/head-without-end":
            try:
                self.wfile.write(b"HTTP/1.1 404 No\r\n")
                while True:
                    self.wfile.write(b"X: " + b"a" * 1000 + b"\r\n")
            except OSError:
                self.close_connection = True
        elif path == "/redirect":
            self.answer(301, ("Location", "/missing"))
        elif path == "/redirect-inside":
            self.answer(302, ("Location", "http://169.254.169.254/latest/"))
        elif path == "/loop":
            self.answer(302, ("Location", "/loop"))
        elif path == "/only-get" and self.command == "HEAD":
            self.answer(405, ("Allow", "GET"))
        elif path == "/no-answer-to-head" and self.command == "HEAD":
            self.close_connection = True
        elif path == "/body":
            self.answer(500 if self.command == "HEAD" else 200)
        elif path == "/gone":
            self.answer(410)
        elif path in ("/missing", "/self-missing"):
            self.answer(404)
        else:
            self.answer(200)

    def do_GET(self):  # pylint: disable=invalid-name
        if self.path != "/endless":
            self.do_HEAD()
            return
        asked["GET /endless"] += 1
        self.send_response(200)
        self.end_headers()
        sent = 0
        try:
            while True:
                self.wfile.write(b"a" * 65536)
                sent += 65536
        except OSError:
            pass
        asked["bytes of /endless"] = sent
        self.close_connection = True

    def log_message(self, *_):
        pass


class EndlessHead(Handler):
    """HEAD is not for this one."""

    def do_HEAD(self):
        if self.path == "/endless":
            asked["HEAD /endless"] += 1
            self.answer(403)
        else:
            super().do_HEAD()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


def serve(context=None):
    server = Server(("127.0.0.1", 0), EndlessHead)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def certificate(name, host):
    """A certificate for the host, signed by itself."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={host}",
                    "-addext", f"subjectAltName={host}", "-out", cert, "-keyout", key],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


def document(name, references=(), lang=None, notes=(), version="2.1", namespace=None, **more):
    made = {"$schema": "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json",
            "document": {
                "category": "csaf_base", "csaf_version": version,
                "distribution": {"tlp": {"label": "CLEAR"}},
                "publisher": {"category": "vendor", "name": "Lantern Works",
                              "namespace": namespace or f"http://127.0.0.1:{PORT}/"},
                "title": "An advisory",
                "tracking": {"current_release_date": "2024-01-01T10:00:00Z", "id": name,
                             "initial_release_date": "2024-01-01T10:00:00Z",
                             "revision_history": [{"date": "2024-01-01T10:00:00Z", "number": "1",
                                                   "summary": "First version"}],
                             "status": "final", "version": "1"}}}
    if version == "2.0":
        del made["$schema"]
    if references:
        made["document"]["references"] = [
            {"summary": "more", "url": url, **({"category": "self"} if own else {})}
            for own, url in references]
    if lang:
        made["document"]["lang"] = lang
    if notes:
        made["document"]["notes"] = [{"category": "other", "text": text} for text in notes]
    made.update(more)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


def validate(*words, prose=PROSE, seconds=120, **env):
    began = time.monotonic()
    done = subprocess.run([TOCSIN, "csaf", "validate", "--json", *map(str, words)],
                          capture_output=True, timeout=seconds, check=False,
                          env={**os.environ, "TOCSIN_PROSE": str(prose), **env})
    took = time.monotonic() - began
    assert done.returncode in (0, 1), (done.returncode, done.stderr)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    return [{t["id"]: t for t in r["tests"]} for r in results], took


def found(result):
    return {f["instance_path"]: f["message"] for f in result["infos"]}


def url(path, port=None):
    return f"http://127.0.0.1:{port or PORT}{path}"


def urls(name, paths, *words, **more):
    """Findings of 6.3.6 by what follows the port."""
    references = [(False, p if "://" in p else url(p)) for p in paths]
    results, took = validate("--test", "6.3.6", *words, document(name, references, **more))
    result = results[0]["6.3.6"]
    said = {}
    for place, message in found(result).items():
        last = place.rsplit("/", 2)
        said[paths[int(last[1])] if last[2] == "url" else place] = message
    return result, said, took


PORT = serve()


@test
def without_leave():
    """without --network nobody is asked, and the tests are not passed"""
    results, _ = validate("--test", "6.3.6", "--test", "6.3.7",
                          document("quiet", [(False, url("/quiet")), (True, url("/quiet"))]))
    for number in ("6.3.6", "6.3.7"):
        assert results[0][number]["passed"] is None, results
        assert "leave" in results[0][number]["not_run"], results
    assert asked["HEAD /quiet"] == 0


@test
def answers():
    """what answers with 2xx or 3xx resolves, all else does not; GET when HEAD does not do"""
    paths = ["/fine", "/missing", "/gone", "/only-get", "/no-answer-to-head", "/redirect", "/loop",
             "/redirect-inside", "/body", "/endless", "/fine#part"]
    result, said, _ = urls("answers", paths, "--network-local")
    assert result["passed"] is False, result
    assert set(said) == {"/missing", "/gone"}, said
    assert "404" in said["/missing"] and "410" in said["/gone"], said
    assert asked["GET /only-get"] == 1 and asked["GET /fine"] == 0, asked
    assert asked["HEAD /fine"] == 1, "the same but for its fragment is asked once"
    assert asked["GET /endless"] == 1
    time.sleep(0.5)
    assert asked["bytes of /endless"] < 8 << 20, asked
    assert asked["HEAD /loop"] == 1, "no redirection is followed"


@test
def all_fine():
    """a document whose URLs all resolve passes, in 2.0 and in 2.1"""
    for version in ("2.0", "2.1"):
        result, said, _ = urls(f"fine-{version}", ["/fine", "/redirect"], "--network-local",
                               version=version)
        assert result["passed"] is True and not said, result


@test
def own():
    """6.3.7 looks at references of category self alone, 6.3.6 at all else"""
    results, _ = validate("--test", "6.3.6", "--test", "6.3.7", "--network-local",
                          document("own", [(True, url("/self-missing")), (False, url("/missing"))]))
    assert list(found(results[0]["6.3.7"])) == ["/document/references/0/url"], results
    assert list(found(results[0]["6.3.6"])) == ["/document/references/1/url"], results


@test
def everywhere():
    """each path of the standard is looked at; a URN in x_generic_uris is no URL"""
    helper = {"sbom_urls": [url("/missing")],
              "x_generic_uris": [{"namespace": url("/missing"), "uri": "urn:example:1"},
                                 {"namespace": url("/fine"), "uri": url("/missing")}]}

    def product(number):
        return {"name": f"P{number}", "product_id": f"P{number}",
                "product_identification_helper": helper}

    path = document(
        "everywhere", namespace=url("/missing"),
        product_tree={"branches": [{"category": "vendor", "name": "V", "branches": [
            {"category": "product_name", "name": "N", "product": product(1)}]}],
            "full_product_names": [product(2)],
            "product_paths": [{"beginning_product_reference": "P1", "full_product_name": product(3),
                               "subpaths": [{"category": "installed_on",
                                             "next_product_reference": "P2"}]}]},
        vulnerabilities=[{"acknowledgments": [{"urls": [url("/missing")]}],
                          "references": [{"summary": "s", "url": url("/missing")}],
                          "remediations": [{"category": "mitigation", "details": "d",
                                            "url": url("/missing")}]}])
    made = json.loads(path.read_text(encoding="utf-8"))
    made["document"]["acknowledgments"] = [{"urls": [url("/missing")]}]
    made["document"]["aggregate_severity"] = {"namespace": url("/missing"), "text": "High"}
    made["document"]["distribution"]["tlp"]["url"] = url("/missing")
    path.write_text(json.dumps(made), encoding="utf-8")
    before = asked["HEAD /missing"]
    results, _ = validate("--test", "6.3.6", "--network-local", path)
    places = set(found(results[0]["6.3.6"]))
    helpers = ["/product_tree/branches/0/branches/0/product", "/product_tree/full_product_names/0",
               "/product_tree/product_paths/0/full_product_name"]
    assert places == {
        "/document/acknowledgments/0/urls/0", "/document/aggregate_severity/namespace",
        "/document/distribution/tlp/url", "/document/publisher/namespace",
        "/vulnerabilities/0/acknowledgments/0/urls/0", "/vulnerabilities/0/references/0/url",
        "/vulnerabilities/0/remediations/0/url",
        *(f"{at}/product_identification_helper/{what}" for at in helpers for what in
          ("sbom_urls/0", "x_generic_uris/0/namespace", "x_generic_uris/1/uri"))}, places
    assert asked["HEAD /missing"] == before + 1


@test
def slow():
    """who does not answer in time does not resolve, and holds up nobody else"""
    paths = ["/slow", "/drip", "/fine", "/missing"]
    result, said, took = urls("slow", paths, "--network-local", "--network-timeout", "1")
    assert set(said) == {"/slow", "/drip", "/missing"}, said
    assert "1000 ms" in said["/slow"], said
    assert took < 6, took
    assert result["passed"] is False


@test
def head_without_end():
    """a head that never ends is cut"""
    _, said, took = urls("head", ["/head-without-end"], "--network-local")
    assert list(said) == ["/head-without-end"] and took < 8, (said, took)


@test
def closed():
    """closed ports, hosts that nobody knows and what is no URL do not resolve"""
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    paths = [url("/", port), "https://example.invalid/", "ftp://127.0.0.1/x", "http://[::zz]/"]
    _, said, _ = urls("closed", paths, "--network-local")
    assert set(said) == set(paths), said
    assert "connection" in said[paths[0]] and "host" in said[paths[1]], said


@test
def inside():
    """--network alone reaches nothing inside: not run, and nobody was asked"""
    for host in (f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"2130706433:{PORT}", "0.0.0.0:1",
                 f"[::ffff:127.0.0.1]:{PORT}", "[::1]:1", "10.0.0.1", "192.168.0.1", "172.16.1.1",
                 "169.254.169.254", "[fe80::1]", "[fd00::1]", "100.64.0.1"):
        result, said, took = urls("inside", [f"http://{host}/inside"], "--network",
                                  namespace=f"http://{host}/inside")
        if result["passed"] is None:
            assert "public" in result["not_run"], (host, result)
        else:  # localhost may be unknown, and IPv6 not be there
            assert host[0] in "l[" and result["passed"] is False, (host, result, said)
        assert took < 8, (host, took)
    assert not [a for a in asked if "/inside" in a], asked


@test
def user_name():
    """a URL with a user name is not asked"""
    result, _, _ = urls("user", [f"http://anna:secret@127.0.0.1:{PORT}/user"], "--network-local")
    assert result["passed"] is None and "user name" in result["not_run"], result
    assert not [a for a in asked if "/user" in a], asked


@test
def tls():
    """a certificate that is not trusted, or for another host, is no answer"""
    ours, good = certificate("good", "IP:127.0.0.1")
    other, wrong = certificate("wrong", "DNS:elsewhere.example")
    both = folder / "both.pem"
    both.write_bytes(ours.read_bytes() + other.read_bytes())
    right, false = (f"https://127.0.0.1:{serve(c)}/fine" for c in (good, wrong))
    _, said, _ = urls("tls", [right, false], "--network-local", "--network-ca", both)
    assert list(said) == [false], said
    _, said, _ = urls("tls", [right, false], "--network-local")
    assert set(said) == {right, false}, said


@test
def once():
    """many documents that share a URL ask for it once, whatever the number of threads"""
    many = folder / "many"
    many.mkdir()
    for i in range(40):
        document(f"many/{i}", [(False, url("/shared")), (True, url("/shared"))])
    results, _ = validate("--preset", "informative", "--network-local", "--jobs", "8", many)
    assert len(results) == 40
    assert all(r["6.3.6"]["passed"] and r["6.3.7"]["passed"] for r in results)
    assert asked["HEAD /shared"] == 1 and asked["GET /shared"] == 0, asked


@test
def too_many():
    """more URLs than are asked for one document: not run, with the number"""
    result, _, _ = urls("too-many", [f"/n{i}" for i in range(1200)], "--network-local")
    assert result["passed"] is None and "201 of 1201" in result["not_run"], result
    assert sum(1 for a in asked if a.startswith("HEAD /n")) <= 1001


def no_prose():
    return None if PROSE.exists() else "tocsin-prose is not built"


def prose(name, text, lang="en", *more, **env):
    results, took = validate("--test", "6.3.8", "--test", "6.3.16",
                             document(name, lang=lang, notes=[text]), *more, **env)
    return results[0]["6.3.8"], results[0]["6.3.16"], took


@test
def prose_missing():
    """without tocsin-prose, or without a language, neither is run"""
    for result in prose("no-prose", "Secruity", prose="/nonexistent")[:2]:
        assert result["passed"] is None and "not installed" in result["not_run"], result
    for result in prose("no-lang", "Secruity", lang=None)[:2]:
        assert result["passed"] is None and "language" in result["not_run"], result


@test
def words():
    """unknown words are found once each, with what was meant; names, code and numbers are none"""
    if no_prose():
        return no_prose()
    spelling, _, _ = prose(
        "words", "Secruity of the renote system is renote. See https://exmaple.com/secruity and "
        "/etc/passwrd, mangle_me(), foo.exmpl, CVE-2024-1234, x86asmm, RAMDSIK and `secruity "
        "codde` at anna@exmaple.com; LanternOSs by Lantern’s team isn’t affected.")
    said = {m.split('"')[1]: i["suggestion"]
            for i, m in ((i, i["message"]) for i in spelling["infos"])}
    assert list(said) == ["Secruity", "renote"], spelling
    assert "Security" in said["Secruity"] and "remote" in said["renote"], said
    return None


@test
def named():
    """what the document names is known everywhere in it"""
    if no_prose():
        return no_prose()
    tree = {"full_product_names": [{"name": "Blinkenlicht frobnitzel", "product_id": "P"}]}
    path = document("named", lang="en", notes=["The frobnitzel and the dingsbums are affected."],
                    product_tree=tree)
    results, _ = validate("--test", "6.3.8", path)
    messages = list(found(results[0]["6.3.8"]).values())
    assert len(messages) == 1 and "dingsbums" in messages[0], messages
    return None


@test
def sentences():
    """a sentence without grammar is found, one with it is not"""
    if no_prose():
        return no_prose()
    bad = "The administrator must installed the update for ensure secure operations."
    good = "The administrator must install the update to ensure secure operations."
    _, grammar, _ = prose("bad-grammar", f"{good} {bad}")
    assert len(grammar["infos"]) == 1 and "installed" in grammar["infos"][0]["message"], grammar
    _, grammar, _ = prose("good-grammar", good)
    assert grammar["passed"] is True, grammar
    return None


@test
def languages():
    """a language that is not supported fails both, as the standard says"""
    if no_prose():
        return no_prose()
    for lang in ("tlh", "x-secret", "i-default"):
        for result in prose("lang", "Secruity", lang)[:2]:
            assert result["passed"] is False, (lang, result)
            assert list(found(result)) == ["/document/lang"], (lang, result)
    empty = folder / "no-dictionaries"
    empty.mkdir()
    spelling, _, _ = prose("lang", "Secruity", "en", DICPATH=str(empty))
    assert spelling["passed"] is None and "hunspell" in spelling["not_run"], spelling
    (empty / "tlh.aff").write_text("SET UTF-8\n", encoding="utf-8")
    (empty / "tlh.dic").write_text("5\nqapla\nnuqneh\nadvisory\nfirst\nversion\n", encoding="utf-8")
    spelling, _, _ = prose("lang", "qapla nuqneh nuqne First", "tlh", DICPATH=str(empty))
    assert [m.split('"')[1] for m in found(spelling).values()] == ["nuqne"], spelling
    return None


@test
def hostile():
    """texts without end cost a bounded time"""
    if no_prose():
        return no_prose()
    for name, text in (
            ("words", " ".join("".join(chr(97 + i // 26 ** k % 26) for k in range(4)) + "q"
                               for i in range(30000))),
            ("capitals", " ".join("Zq" + "".join(chr(97 + i // 26 ** k % 26) for k in range(6))
                                  for i in range(3000))),
            ("one word", "a" * 2000000), ("blanks", " " * 2000000 + "."), ("dots", "a. " * 500000),
            ("sentences", "".join(
                f"The {'old ' * (i % 8)}dog that the cat that the {'big ' * (i // 8 % 9)}rat saw "
                f"and the man and the woman or the child like eats and sleeps or runs. "
                for i in range(3000)))):
        _, _, took = prose("hostile", text, seconds=250)
        print(f"# {name}: {took:.1f} s", flush=True)
        assert took < 200, (name, took)
    return None


@test
def liars():
    """a checker that lies, dies or says nothing costs its answers, not the run"""
    for name, script in (("dies", "exit 1"), ("lies", "echo 'z 999'; cat >/dev/null"),
                         ("too much", "yes 'r 0'"), ("garbage", "head -c 5000 /dev/zero")):
        program = folder / "liar"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        spelling, grammar, took = prose("liar", "Secruity is renote.", prose=program)
        for result in (spelling, grammar):
            assert result["passed"] is not False or name == "too much", (name, result)
        assert took < 30, (name, took)


sys.exit(1 if failures else 0)
