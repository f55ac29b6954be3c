# SPDX-License-Identifier: Apache-2.0
# not a test
"""A real centre in a home of its own, for the scenarios of the command line and of the HTTP API."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

SOURCE = Path(os.environ.get("TOCSIN_SOURCE", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build"))
TOCSIN = BUILD / "src/cli/tocsin"
AGENT = BUILD / "src/agent/tocsin-agent"
DOORS = ("public", "enrol", "device", "web")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def wait(condition, seconds=20):
    """Until the condition gives something true, which is returned; None when time is up."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    return None


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


class Centre:
    """With `settings` beyond the doors' addresses (--set), and further words for tocsin init."""

    def __init__(self, settings=(), init=()):
        self.folder = Path(tempfile.mkdtemp(prefix="tocsin-cli-"))
        self.home = self.folder / "centre"
        self.log = self.folder / "centre.log"
        self.ports = dict(zip(DOORS, free_ports(len(DOORS))))
        self.process = None
        words = ["init", "--name", "Example CERT"]
        words += [f"--{door}-url={'http' if door == 'public' else 'https'}://localhost:{port}"
                  for door, port in self.ports.items()]
        words += [f"--set=door-{door}.listen=127.0.0.1:{port}" for door, port in self.ports.items()]
        words += [f"--set={setting}" for setting in settings]
        self.made = json.loads(self.tocsin(*words, *init, "--json").stdout)

    def tocsin(self, *words, code=0, **more):
        """Runs the command line on this home; code None: any exit code will do."""
        done = subprocess.run([TOCSIN, *map(str, words), "--home", str(self.home)],
                              capture_output=True, text=True, timeout=120, check=False, **more)
        assert code is None or done.returncode == code, (words, done.returncode, done.stdout,
                                                         done.stderr)
        return done

    def json(self, *words, code=0):
        return json.loads(self.tocsin(*words, "--json", code=code).stdout)

    def start(self):
        with open(self.log, "a", encoding="utf-8") as log:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen([TOCSIN, "serve", "--home", self.home], stdout=log,
                                            stderr=log)
        assert wait(lambda: self.tocsin("status", code=None).returncode == 0), \
            self.log.read_text(encoding="utf-8")
        return self

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(40)
            self.process = None

    def request(self, method, target, body=None, headers=None, door="local", identity=None):
        """One HTTP request; (status, headers, body). identity: PEM files of certificate and key."""
        if door == "local":
            connection = UnixConnection(self.home / "run/local.sock")
        elif door == "public":
            connection = http.client.HTTPConnection("127.0.0.1", self.ports["public"], timeout=60)
        else:
            context = ssl.create_default_context(cafile=str(self.home / "trust/root.pem"))
            if identity:
                context.load_cert_chain(*map(str, identity))
            connection = http.client.HTTPSConnection("localhost", self.ports[door], timeout=60,
                                                     context=context)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


class Device:
    """An agent with an inventory, enrolled at a centre."""

    def __init__(self, centre, name, nameplate, way=None, owner=None, components=()):
        self.centre = centre
        self.home = centre.folder / f"agent-{name}"
        words = ["asset", "register", name, "--quiet"]
        words += ["--way", way] if way else []
        words += ["--owner", owner] if owner else []
        self.asset = centre.tocsin(*words).stdout.strip()
        plate = centre.folder / f"{name}.json"
        more = {"components": list(components)} if components else {}
        plate.write_text(json.dumps({"format": "tocsin-nameplate/v1", "nameplate": nameplate,
                                     **more}), encoding="utf-8")
        token = centre.folder / f"{name}.token"
        token.write_text(centre.tocsin("token", "create", "--asset", self.asset, "--quiet").stdout,
                         encoding="utf-8")
        done = self.agent("enrol", "--centre", f"https://localhost:{centre.ports['enrol']}",
                          "--token-file", token, "--ca", centre.home / "trust/root.pem",
                          "--nameplate", plate)
        assert done.returncode == 0, done.stderr

    def agent(self, *words):
        return subprocess.run([AGENT, *map(str, words), "--home", str(self.home)],
                              capture_output=True, text=True, timeout=120, check=False)

    def once(self):
        done = self.agent("run", "--once")
        assert done.returncode == 0, done.stderr
        return done


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
