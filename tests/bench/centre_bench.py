#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job, measured: a real centre with its processes, devices over mutual TLS, and assets
imported as CSV. Nothing is seeded and nothing is switched off; the devices are played by
centre_bench_load, which shares the processors with the centre.

    TOCSIN_BENCH_DEVICES   devices on line (5,000)
    TOCSIN_BENCH_ASSETS    assets imported besides (100,000)
    TOCSIN_BENCH_CLASSES   classes that they fall into (20,000)
    TOCSIN_BENCH_ROUNDS    publications to the devices on line (3)
    TOCSIN_BENCH_KEEP      a folder to work in, which stays
"""
import csv
import datetime
import http.client
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("TOCSIN_BUILD", os.path.join(TOP, "build-bench"))
TOCSIN = os.path.join(BUILD, "src/cli/tocsin")
LOAD = os.path.join(BUILD, "tests/bench/centre_bench_load")


def number(name, default):
    return int(os.environ.get("TOCSIN_BENCH_" + name, default))


class LocalConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=600)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Centre:
    """The server, its command line's door, and what the kernel says of its processes."""

    def __init__(self, work):
        self.home = os.path.join(work, "centre")
        self.log = os.path.join(work, "centre.log")
        self.ports = {door: free_port() for door in ("enrol", "device", "web", "public")}
        self.process = None
        url = lambda door: f"https://localhost:{self.ports[door]}"
        command = [TOCSIN, "init", "--home", self.home, "--name", "Bench", "--public-url",
                   f"http://localhost:{self.ports['public']}", "--enrol-url", url("enrol"),
                   "--device-url", url("device"), "--web-url", url("web"),
                   # all devices of the bench come from one address, and wait for each other
                   "--set", "limits.connections-per-address=100000",
                   "--set", "limits.idle-time=1h"]
        for door, port in self.ports.items():
            command += ["--set", f"door-{door}.listen=127.0.0.1:{port}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def start(self):
        seen = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([TOCSIN, "serve", "--home", self.home], stderr=log,
                                            stdout=log)
        self.wait_log("supervisor.ready", seen, 120)
        self.pids = {}
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        for pid in open(children).read().split():
            self.pids[open(f"/proc/{pid}/cmdline").read().split("\0")[1]] = int(pid)
        threads = {pid: {open(f"/proc/{pid}/task/{t}/comm").read().strip()
                         for t in os.listdir(f"/proc/{pid}/task")} for pid in self.pids.values()}
        self.main = next(pid for pid, names in threads.items() if "writer" in names)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    def wait_log(self, event, start, seconds=600):
        """The fields of the first line with this event behind the offset, and its time."""
        until = time.time() + seconds
        while time.time() < until:
            with open(self.log, "rb") as log:
                log.seek(start)
                for line in log.read().decode("utf-8", "replace").splitlines(True):
                    words = line.split()
                    if line.endswith("\n") and len(words) > 3 and words[3] == event:
                        return dict(w.split("=", 1) for w in words[4:] if "=" in w), words[0]
            if self.process.poll() is not None:
                raise SystemExit(f"the centre ended: see {self.log}")
            time.sleep(0.005)
        raise SystemExit(f"no line {event} within {seconds} s in {self.log}")

    def size_of_log(self):
        return os.path.getsize(self.log)

    def cpu(self):
        """Seconds of processor time of all its processes."""
        ticks = 0
        for pid in [self.process.pid, *self.pids.values()]:
            words = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
            ticks += int(words[11]) + int(words[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def resident(self):
        """Bytes of its own, and bytes of files mapped (the database, which is the page cache's)."""
        status = open(f"/proc/{self.main}/status").read()
        return [int(re.search(rf"Rss{kind}:\s*(\d+)", status)[1]) * 1024
                for kind in ("Anon", "File")]

    def ask(self, method, path, body=None, kind="application/json", connection=None):
        c = connection or LocalConnection(os.path.join(self.home, "run/local.sock"))
        c.request(method, path, body=body, headers={"Content-Type": kind} if body else {})
        answer = c.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:500]!r}")
        return json.loads(text)

    def post(self, path, **members):
        return self.ask("POST", path, json.dumps(members))


class Load:
    """The devices."""

    def __init__(self, centre, tokens, work):
        status = centre.ask("GET", "/v1/status")
        public = http.client.HTTPConnection("127.0.0.1", centre.ports["public"])
        public.request("GET", "/.well-known/est/cacerts")
        files = [os.path.join(work, name) for name in ("cacerts", "tokens")]
        open(files[0], "wb").write(public.getresponse().read())
        open(files[1], "w").write("".join(t + "\n" for t in tokens))
        self.process = subprocess.Popen(
            [LOAD, str(centre.ports["enrol"]), str(centre.ports["device"]),
             status["journal"]["origin"], *files],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            raise SystemExit("centre_bench_load ended")
        result = {k: float(v) for k, v in (w.split("=") for w in answer[1:])}
        if result.get("failed"):
            raise SystemExit(f"{words[0]}: {' '.join(answer)}")
        return result

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)


def advisory(name, products):
    """products: (name, version range). Our own writing, CSAF 2.0."""
    now = "2026-11-02T08:00:00Z"
    branches = [{"category": "product_name", "name": product, "branches": [
        {"category": "product_version_range", "name": versions,
         "product": {"name": f"Bench Works {product} {versions}", "product_id": f"P{i}"}}]}
        for i, (product, versions) in enumerate(products)]
    ids = [f"P{i}" for i in range(len(products))]
    return json.dumps({
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0", "lang": "en",
            "title": f"Bench advisory {name}", "distribution": {"tlp": {"label": "WHITE"}},
            "notes": [{"category": "summary", "title": "Summary", "text": "Written for a bench."}],
            "publisher": {"category": "vendor", "name": "Bench", "namespace": "https://bench.example"},
            "tracking": {"id": name, "status": "final", "version": "1",
                         "initial_release_date": now, "current_release_date": now,
                         "revision_history": [{"date": now, "number": "1", "summary": "First"}]}},
        "product_tree": {"branches": [
            {"category": "vendor", "name": "Bench Works", "branches": branches}]},
        "vulnerabilities": [{
            "cve": "CVE-2026-90009",
            "notes": [{"category": "description", "title": "What", "text": "Invented."}],
            "product_status": {"known_affected": ids},
            "remediations": [{"category": "vendor_fix", "details": "Install the update.",
                              "product_ids": ids}]}]})


def row(what, ours, beside="", ratio="", goal=""):
    print(f"{what} | {ours} | {beside} | {ratio} | {goal}", flush=True)


def microseconds(text):
    """RFC 3339 as microseconds since 1970."""
    text = text.replace("Z", "")
    text += "." if "." not in text else ""
    seconds, fraction = text.split(".")
    at = datetime.datetime.fromisoformat(seconds).replace(tzinfo=datetime.timezone.utc)
    return int(at.timestamp()) * 1000000 + int((fraction + "000000")[:6])


def kernel_memory():
    """Slab and TCP buffers of this whole machine."""
    slab = int(re.search(r"Slab:\s*(\d+)", open("/proc/meminfo").read())[1]) * 1024
    pages = re.search(r"TCP: inuse \d+ orphan \d+ tw \d+ alloc \d+ mem (\d+)",
                      open("/proc/net/sockstat").read())
    return slab + (int(pages[1]) * os.sysconf("SC_PAGE_SIZE") if pages else 0)


class Bench:
    def __init__(self, work):
        self.work = work
        self.devices = number("DEVICES", 5000)
        self.centre = Centre(work)
        self.load = None

    # ---- devices ----

    def tokens(self, organisation):
        tokens, lock = [], threading.Lock()
        socket_path = os.path.join(self.centre.home, "run/local.sock")

        def ask(count):
            connection = LocalConnection(socket_path)
            for _ in range(count):
                answer = self.centre.ask("POST", "/v1/tokens",
                                         json.dumps({"organisation": organisation}),
                                         connection=connection)
                with lock:
                    tokens.append(answer["secret"])

        threads = [threading.Thread(target=ask, args=(self.devices // 8 + (i < self.devices % 8),))
                   for i in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return tokens

    def cost(self, result, cpu):
        """CPU of the centre and of the devices for one operation."""
        return (f"centre {cpu / result['done'] * 1e6:.0f} us of CPU each, "
                f"devices {result['cpu'] / result['done'] * 1e6:.0f} us")

    def phase(self, *words):
        cpu = self.centre.cpu()
        result = self.load.do(*words)
        return result, self.centre.cpu() - cpu

    def enrol(self):
        organisation = self.centre.post("/v1/organisations", name="Bench devices")["organisation"]
        self.load = Load(self.centre, self.tokens(organisation), self.work)
        result, cpu = self.phase("enrol", 64)
        row("device enrolment (token to certificate, new TLS connection)",
            f"{result['done'] / result['seconds']:.0f}/s", "", "", "")
        print(f"enrolment: {self.cost(result, cpu)}")
        result, cpu = self.phase("inventory", 64)
        row("signed inventory (new mutual TLS connection)",
            f"{result['done'] / result['seconds']:.0f}/s")
        print(f"inventory: {self.cost(result, cpu)}")

    def listen(self):
        self.centre.stop()  # a fresh heap: what a stream takes is to be seen
        self.centre.start()
        time.sleep(2)
        before, kernel = self.centre.resident(), kernel_memory()
        result, cpu = self.phase("listen", 64)
        time.sleep(3)
        each, mapped = [(after - b) / self.devices / 1024
                        for after, b in zip(self.centre.resident(), before)]
        both = (kernel_memory() - kernel) / self.devices / 1024
        row(f"memory of an idle device stream, {self.devices:,} of them", f"{each:.1f} KiB", "", "",
            "<= 28 KiB")
        print(f"streams: kernel {both:.1f} KiB each, both ends of the connection; besides, "
              f"{mapped:.1f} KiB each of the database's file mapped while opening them; opened at "
              f"{result['done'] / result['seconds']:.0f}/s; {self.cost(result, cpu)}")

    def publish(self, name, products):
        """Imports, publishes. The fields of advisory.matched and publication.frozen, and when."""
        start = self.centre.size_of_log()
        self.centre.ask("POST", "/v1/advisories/import", advisory(name, products))
        matched, _ = self.centre.wait_log("advisory.matched", start)
        start = self.centre.size_of_log()
        self.centre.post("/v1/advisories/publish", advisory=name)
        frozen, at = self.centre.wait_log("publication.frozen", start)
        return matched, frozen, microseconds(at)

    def tell(self):
        verify = verify_rate()
        first, last, rates = [], [], []
        self.load.do("connect", 64)
        for i in range(number("ROUNDS", 3)):
            _, _, at = self.publish(f"BENCH-LINE-{i}", [("BW-400", f"< V{i + 2}.0")])
            told = self.load.do("told", 60)
            if told["devices"] != self.devices:
                raise SystemExit(f"{told['devices']:.0f} of {self.devices} devices were told")
            first.append((told["first"] - at) / 1000)
            last.append((told["last"] - at) / 1000)
            time.sleep(1)
            result, cpu = self.phase("receipts")
            rates.append((cpu / result["done"], result["done"] / result["seconds"],
                          self.cost(result, cpu)))
            time.sleep(1)
        row(f"commit of a publication to the first of {self.devices:,} devices told",
            f"{statistics.median(first):.0f} ms", "", "", "<= 100 ms")
        row(f"commit of a publication to the last of {self.devices:,} devices told",
            f"{statistics.median(last):.0f} ms", "", "", "<= 1000 ms")
        each, rate, cost = sorted(rates)[len(rates) // 2]
        # openssl speed counts processor time; the devices and whoever else is here take theirs
        row("receipts verified and committed, by CPU of all the centre's processes",
            f"{1 / each:.0f} a CPU second", f"P-256 verify {verify:.0f} (openssl speed)",
            f"{1 / each / verify:.2f}", ">= 0.5")
        print(f"receipts: {rate:.0f}/s by the clock, {rate / verify:.2f} of the verify rate; {cost}")

    # ---- a large fleet ----

    def import_assets(self):
        assets, classes = number("ASSETS", 100000), number("CLASSES", 20000)
        organisation = self.centre.post("/v1/organisations", name="Bench fleet")["organisation"]
        models = max(1, classes // 100)  # a hundred versions of each
        table = os.path.join(self.work, "fleet.csv")
        with open(table, "w", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(["asset", "vendor", "model", "firmware", "serial"])
            for i in range(assets):  # neighbours in the table are of different classes: the worst
                c = i % classes
                out.writerow([f"unit-{i}", "Bench Works", f"CW-{c % models}",
                              f"V1.{c // models % 100}", f"N{i:07}"])
        began, cpu = time.time(), self.centre.cpu()
        done = subprocess.run([TOCSIN, "asset", "import", table, "--organisation", organisation,
                               "--home", self.centre.home, "--json"], capture_output=True, text=True)
        if done.returncode or json.loads(done.stdout)["registered"] != assets:
            raise SystemExit(f"import: {done.stdout[:500]} {done.stderr[:500]}")
        took, cpu = time.time() - began, self.centre.cpu() - cpu
        row(f"assets imported as CSV by one command ({assets:,} in {classes:,} classes)", f"{assets / took:.0f}/s")
        print(f"import: {took:.0f} s; the centre {cpu / assets * 1e6:.0f} us of CPU an asset; "
              "TOCSIN_BENCH_ASSETS=1000000 for a million")
        until = time.time() + 1200
        while time.time() < until:  # the matcher looks at every class that is new
            status = self.centre.ask("GET", "/v1/status")
            if all(f["next"] >= status["journal"]["size"] for f in status["followers"]):
                break
            time.sleep(0.2)
        print(f"import: the matcher was through {time.time() - began:.0f} s after the beginning")
        return assets, classes, models

    def large(self):
        assets, classes, models = self.import_assets()
        for words, products in (
                ("1 model", [("CW-1", "< V1.50")]),
                ("every model", [(f"CW-{m}", "< V9.0") for m in range(models)])):
            name = "BENCH-FLEET-" + words.split()[0]
            matched, frozen, _ = self.publish(name, products)
            of = f"an advisory on {words}, {assets:,} assets, {int(matched['classes']):,} classes"
            row(f"{of}: matched", f"{int(matched['match_us']) / 1000:.1f} ms",
                f"{matched['hits']} classes hit", "", "<= 50 ms")
            row(f"{of}: published (committed)", f"{int(frozen['us']) / 1000:.0f} ms", "", "",
                "<= 1000 ms")
            print(f"{name}: {int(matched['keep_us']) / 1000:.0f} ms to keep the statements, in "
                  "small transactions, before anybody publishes")

    def run(self):
        self.centre.start()
        if self.devices:
            self.enrol()
            self.listen()
            self.tell()
        if number("ASSETS", 100000):
            self.large()

    def stop(self):
        if self.load:
            self.load.stop()
        self.centre.stop()


def verify_rate():
    text = subprocess.run(["openssl", "speed", "-seconds", "2", "ecdsap256"], capture_output=True,
                          text=True).stdout
    return float(text.split()[-1])


def main():
    work = os.environ.get("TOCSIN_BENCH_KEEP") or tempfile.mkdtemp(prefix="tocsin-bench-")
    os.makedirs(work, exist_ok=True)
    bench = Bench(work)
    try:
        bench.run()
    finally:
        bench.stop()
        if not os.environ.get("TOCSIN_BENCH_KEEP"):
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
