#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# not a test: what the tests of a running centre share
"""A centre in a temporary home on free ports, its command line, its doors, its devices."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

from agent_bundle import advisory as csaf

SOURCE = Path(os.environ.get("TOCSIN_SOURCE", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")).resolve()
TOCSIN = BUILD / "src/cli/tocsin"
AGENT = BUILD / "src/agent/tocsin-agent"
VENDOR, MODEL = "Example Pumps", "P-7"
AGENT_SETTINGS = "retry-least = 50\nretry-most = 300\nstream-dead = 60\nreceipt-delay = 50\n"
failures = 0


def report(name, why=None):
    """One test: passed when there is no `why`."""
    global failures
    failures += why is not None
    print(f"ok {name}" if why is None else f"not ok {name} — {' '.join(str(why).split())[:1500]}",
          flush=True)


def scenario(test, *arguments):
    """Runs a test whose name is its documentation string's first line."""
    name = test.__doc__.strip().splitlines()[0]
    try:
        test(*arguments)
        report(name)
        return True
    except Exception as why:  # pylint: disable=broad-except
        report(name, f"{type(why).__name__}: {why}")
        traceback.print_exc()
        return False


def complaint(text):
    """What a sanitizer says in a log, or None."""
    at = min((text.find(word) for word in ("runtime error:", "Sanitizer") if word in text),
             default=None)
    return None if at is None else text[max(0, at - 200):at + 3000]


def wait(condition, seconds=20, pause=0.05):
    until = time.monotonic() + seconds
    while True:
        found = condition()
        if found or time.monotonic() > until:
            return found
        time.sleep(pause)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class LocalConnection(http.client.HTTPConnection):
    """HTTP over the centre's Unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Centre:
    def __init__(self, folder, settings=None, home=None, wrapper=()):
        self.folder = Path(folder)
        self.home = Path(home or self.folder / "centre")
        self.wrapper = list(wrapper)
        self.log = self.folder / "centre.log"
        self.process = None
        self.environment = None
        self.ports = dict(zip(("public", "enrol", "device", "web"), free_ports(4)))
        url = {door: f"https://localhost:{port}" for door, port in self.ports.items()}
        options = {f"door-{door}.listen": f"127.0.0.1:{port}" for door, port in self.ports.items()}
        options.update(settings or {})
        self.cli("init", "--name", "Example", "--public-url",
                 f"http://localhost:{self.ports['public']}", "--enrol-url", url["enrol"],
                 "--device-url", url["device"], "--web-url", url["web"],
                 *(f"--set={key}={value}" for key, value in options.items()))

    # ---- processes ----

    def start(self, ready=True):
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([*self.wrapper, TOCSIN, "serve", "--home", self.home],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment)
        if ready:
            assert wait(self.is_ready, 40), self.said()[-3000:]
        return self

    def is_ready(self):
        status = self.status()
        return status is not None and status["signer"]["state"] == "open"

    def status(self):
        done = self.cli("status", "--json", code=None)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def pids(self):
        """The children of the supervisor by name, and itself."""
        found = {"supervisor": self.process.pid}
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for pid in children.read_text().split() if children.exists() else ():
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                found[words[1].decode()] = int(pid)
            except (OSError, IndexError):
                pass
        return found

    def kill(self, name, how=signal.SIGKILL):
        """True when there was such a process to kill."""
        pid = self.pids().get(name)
        if pid is None:
            return False
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            return False
        if name == "supervisor":
            self.process.wait()
        return True

    def kill_all(self):
        """As when the power fails: everything at once."""
        pids = self.pids()
        for name in ("supervisor", *(n for n in pids if n != "supervisor")):
            try:
                os.kill(pids[name], signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        for pid in pids.values():
            assert wait(lambda pid=pid: is_gone(pid), 10), pid

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        self.process = None

    # ---- asking ----

    def cli(self, *words, code=0, data=None, timeout=120, home=True):
        """The command line; code: the exit code that it must have, None for any."""
        done = subprocess.run([TOCSIN, *map(str, words), *(["--home", self.home] if home else ())],
                              input=data, capture_output=True, text=True, timeout=timeout,
                              check=False)
        assert "runtime error" not in done.stderr and "Sanitizer" not in done.stderr, done.stderr
        assert code is None or done.returncode == code, \
            (words, done.returncode, done.stdout[-1500:], done.stderr[-1500:])
        return done

    def json(self, *words, code=0):
        return json.loads(self.cli(*words, "--json", code=code).stdout)

    def new(self, *words):
        return self.cli(*words, "--quiet").stdout.strip()

    def call(self, method, path, body=None, headers=None, timeout=60):
        """A call of the API over the Unix socket: (status, answer, headers)."""
        connection = LocalConnection(self.home / "run/local.sock", timeout)
        try:
            data = json.dumps(body).encode() if isinstance(body, dict) else body
            head = {"Content-Type": "application/json"} if isinstance(body, dict) else {}
            connection.request(method, path, data, {**head, **(headers or {})})
            answer = connection.getresponse()
            text = answer.read()
            kind = answer.headers.get_content_type()
            return (answer.status, json.loads(text) if text and "json" in kind else text,
                    answer.headers)
        finally:
            connection.close()

    def listed(self, path, member):
        """One member of all items of a list of the API."""
        found, after = set(), ""
        while True:
            status, answer, _ = self.call("GET", path + (f"?after={after}" if after else ""))
            assert status == 200, answer
            found.update(item[member] for item in answer["items"])
            after = answer.get("next")
            if not after:
                return found

    def acts(self, *types):
        """The acts of these types, in order."""
        done = self.cli("log", "show", "--json")
        found = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
        return [row["act"] for row in found
                if "act" in row and (not types or row["act"]["type"] in types)]

    def verify_log(self, *more):
        return self.cli("log", "verify", *more)

    def import_advisory(self, document, publish=False, code=0):
        path = self.folder / f"advisory-{threading.get_ident()}.json"
        path.write_bytes(document)
        return self.cli("advisory", "import", *(["--publish"] if publish else []), path, code=code)

    def states(self, name):
        """What has become of an advisory's notice, by asset."""
        done = self.cli("advisory", "delivery", name, "--json", code=None)
        if done.returncode != 0 or not done.stdout.strip():
            return {}
        return {line["asset"]: line["state"] for line in json.loads(done.stdout)["recipients"]}

    def followers_at_head(self):
        status = self.status()
        if status is None or not status["followers"]:
            return False
        size = status["journal"]["size"]
        return all(f["next"] >= size for f in status["followers"]) and \
            status["journal"]["signed"] == size

    def https(self, door, certificate=None, key=None, timeout=20):
        context = ssl.create_default_context(cafile=str(self.home / "trust/root.pem"))
        if certificate:
            context.load_cert_chain(certificate, key)
        return http.client.HTTPSConnection("localhost", self.ports[door], context=context,
                                           timeout=timeout)


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


class Device:
    """A device's agent, enrolled with a token of its own."""

    def __init__(self, centre, name, firmware="2.0", asset=None, model=MODEL, settings="",
                 vendor=VENDOR, owner=None, organisation=None):
        self.centre = centre
        self.name = name
        self.home = centre.folder / f"device-{name}"
        self.log = centre.folder / f"device-{name}.log"
        self.nameplate = centre.folder / f"device-{name}.json"
        self.vendor, self.model = vendor, model
        self.process = None
        self.say(firmware)
        more = (["--owner", owner] if owner else []) + \
            (["--organisation", organisation] if organisation else [])
        self.asset = asset or centre.new("asset", "register", name, *more)
        done = self.enrol(centre.new("token", "create", "--asset", self.asset))
        assert done.returncode == 0, done.stderr
        with open(self.home / "agent.conf", "a", encoding="utf-8") as file:
            file.write(AGENT_SETTINGS + settings)

    def say(self, firmware):
        self.nameplate.write_text(json.dumps({"format": "tocsin-nameplate/v1", "nameplate": {
            "vendor": self.vendor, "model": self.model, "serial": self.name,
            "firmware": firmware}}))

    def enrol(self, token):
        return self.agent("enrol", "--centre", f"https://localhost:{self.centre.ports['enrol']}",
                          "--token-file", "-", "--ca", self.centre.home / "trust/root.pem",
                          "--nameplate", self.nameplate, data=token)

    def agent(self, *words, data=None, timeout=60):
        done = subprocess.run([AGENT, *map(str, words), "--home", str(self.home)], input=data,
                              capture_output=True, text=True, timeout=timeout, check=False)
        assert "runtime error" not in done.stderr and "Sanitizer" not in done.stderr, done.stderr
        return done

    def once(self):
        done = self.agent("run", "--once")
        assert done.returncode == 0, done.stderr

    def status(self):
        return json.loads(self.agent("status", "--json").stdout)

    def start(self):
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([AGENT, "run", "--home", self.home], stderr=log,
                                            stdin=subprocess.DEVNULL)
        return self

    def said(self):
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def identity(self):
        """Paths of certificate chain and key."""
        found = sorted(self.home.glob("identity*"))
        assert found, list(self.home.iterdir())
        return found[0]


class Workplace:
    """A temporary folder; ends the centre and the devices made in it."""

    def __init__(self, name):
        self.folder = Path(tempfile.mkdtemp(prefix=f"tocsin-{name}-"))
        self.ends = []

    def __enter__(self):
        return self

    def centre(self, **how):
        centre = Centre(self.folder, **how)
        self.ends.append(centre.stop)
        return centre

    def device(self, centre, name, **how):
        device = Device(centre, name, **how)
        self.ends.append(device.stop)
        return device

    def start(self, *command):
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True)
        self.ends.append(lambda: (process.kill(), process.wait(), process.stdout.close()))
        return process

    def mail_server(self, mode="by-recipient"):
        """The port of a mail server that behaves as the recipient's name says, and its folder."""
        folder = Path(tempfile.mkdtemp(dir=self.folder, prefix="mail-"))
        sink = self.start(sys.executable, SOURCE / "tests/scenario/smtp_sink.py", "--folder", folder,
                          "--mode", mode)
        return int(sink.stdout.readline().split()[1]), folder

    def __exit__(self, kind, why, where):
        for end in reversed(self.ends):
            try:
                end()
            except Exception:  # pylint: disable=broad-except
                traceback.print_exc()
        for log in self.folder.glob("*.log"):  # of builds with sanitizers
            found = complaint(log.read_text(encoding="utf-8", errors="replace"))
            if found:
                report(f"the sanitizers find nothing in {log.name}", found)
        if kind is None and not failures or os.environ.get("TOCSIN_SOURCE"):
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"# kept: {self.folder}")
        return False


def mail_settings(port):
    return {"mail.host": "127.0.0.1", "mail.port": str(port), "mail.tls": "off",
            "mail.from": "Example centre <centre@example.org>"}


def message_id(text):
    return re.search(r"^Message-ID:\s*<([^@>]+)@", text, re.IGNORECASE | re.MULTILINE).group(1)


def finish():
    sys.exit(1 if failures else 0)


def needs_programs():
    for program in (TOCSIN, AGENT):
        if not program.exists():
            sys.exit(f"{program} is not built")


__all__ = [name for name in dir() if not name.startswith("_")]


def advisory(number=1, versions="< 2.3", vendor="Example Pumps", model="P-7", version="1"):
    """A small CSAF 2.0 document about one product, as text."""
    date = f"2026-02-0{number}T10:00:00Z"
    return json.dumps({
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0",
            "title": f"{model}: case {number}",
            "publisher": {"category": "vendor", "name": vendor, "namespace": "https://pumps.example"},
            "distribution": {"tlp": {"label": "WHITE"}},
            "tracking": {"id": f"PUMP-2026-{number:03}", "status": "final", "version": version,
                         "initial_release_date": date, "current_release_date": date,
                         "revision_history": [{"number": str(n + 1), "date": date, "summary": "x"}
                                              for n in range(int(version))]}},
        "product_tree": {"branches": [{"category": "vendor", "name": vendor, "branches": [
            {"category": "product_name", "name": model, "branches": [
                {"category": "product_version_range", "name": versions,
                 "product": {"name": f"{vendor} {model} {versions}", "product_id": "P1"}}]}]}]},
        "vulnerabilities": [{
            "cve": f"CVE-2026-1000{number}", "notes": [{"category": "description", "text": "x"}],
            "product_status": {"known_affected": ["P1"]},
            "remediations": [{"category": "vendor_fix", "details": "Install the next version",
                              "product_ids": ["P1"]}]}]}, indent=1)
