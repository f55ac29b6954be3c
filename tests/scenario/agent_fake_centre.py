#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
"""The device's program against a centre that behaves, and one that does not (docs/formats.md 5).

  agent_fake_centre.py [NAME…]     all scenarios, or those whose names contain a NAME
AGENT_KILLS: rounds of kill -9 (50)
"""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import fake_centre
from fake_centre import b64, canonical, named, sha, tree_root

BUILD = Path(os.environ.get("TOCSIN_BUILD", Path(__file__).resolve().parents[2] / "build"))
AGENT = BUILD / "src/agent/tocsin-agent"
QUICK = "retry-least = 50\nretry-most = 300\nstream-dead = 3\nreceipt-delay = 50\nlog = debug\n"


class Device:
    """An enrolled agent's folder and its processes."""

    def __init__(self, centre, extra="", hook=None):
        self.centre = centre
        self.folder = Path(tempfile.mkdtemp(dir=centre.folder, prefix="device-"))
        self.home = self.folder / "home"
        token, self.asset = centre.token()
        (self.folder / "token").write_text(token)
        done = self.command("enrol", "--centre", url(centre), "--token-file", self.folder / "token",
                            "--ca", centre.root.pem)
        assert done.returncode == 0, done.stderr
        config = QUICK + extra
        if hook:
            path = self.folder / "hook"
            path.write_text("#!/bin/sh\n" + hook + "\n")
            path.chmod(0o755)
            config += f"hook = {path}\n"
        (self.home / "agent.conf").write_text(config)
        self.process = None
        self.log = self.folder / "log"

    def command(self, *words, data=None):
        done = subprocess.run([AGENT, *map(str, words), "--home", str(self.home)], input=data,
                              capture_output=True, text=True, timeout=120, check=False)
        assert 0 <= done.returncode <= 3 and sound(done.stderr), done.stderr
        return done

    def start(self, **environment):
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([AGENT, "run", "--home", self.home], stderr=log,
                                            env={**os.environ, **environment})

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            status = self.process.wait(20)
            self.process = None
            return status
        return None

    def alive(self):
        return self.process.poll() is None

    def status(self):
        return json.loads(self.command("status", "--json").stdout)

    def said(self):
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def wait_n(self, n, seconds=30):
        return wait(lambda: self.status()["n"] >= n, seconds)

    def wait_receipt(self, n, seconds=30):
        return self.centre.wait(lambda: any(r["asset"] == self.asset and r["n"] >= n
                                            for r in self.centre.receipts), seconds)

    def wait_refusal(self, code, seconds=30):
        return wait(lambda: self.status().get("refusal", {}).get("code") == code, seconds)


def sound(text):
    """Nothing that a sanitizer says when something is wrong."""
    return "runtime error" not in text and "Sanitizer" not in text


def url(centre, door="enrol"):
    return f"https://127.0.0.1:{centre.doors[door]}"


def wait(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@contextlib.contextmanager
def running(centre, **how):
    device = Device(centre, **how)
    device.start()
    try:
        yield device
    except BaseException:
        device.process.kill()
        device.process.wait()
        raise
    assert device.stop() in (0, None), device.said()
    assert sound(device.said()), device.said()


# ---- enrolment ----

def enrols(centre, folder):
    """a token and the root's file give a device its certificate, its trust and its folder"""
    device = Device(centre)
    status = device.status()
    assert status["asset"] == device.asset and status["trust_generation"] == 1
    assert (device.home / "identity.pem").stat().st_mode & 0o777 == 0o600
    assert device.home.stat().st_mode & 0o777 == 0o700
    again = device.command("enrol", "--centre", url(centre), "--token-file", "/dev/null", "--ca", "x")
    assert again.returncode == 2, again.stderr
    again = device.command("enrol", "--centre", url(centre), "--token-file", "-", "--ca",
                           centre.root.pem, data="word")
    assert again.returncode == 3 and "enrolled already" in again.stderr


def enrols_by_fingerprint(centre, folder):
    """the root's fingerprint alone is enough; another one gets no token"""
    good = sha(centre.root.der()).hex()
    bad = sha(b"another root").hex()
    token, asset = centre.token()
    for fingerprint, status in ((bad, 1), ("sha256:" + good.upper(), 0)):
        done = subprocess.run([AGENT, "enrol", "--centre", url(centre), "--token-file", "-", "--ca",
                               fingerprint, "--home", folder / asset], input=token,
                              capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        assert (token in centre.tokens) == (status != 0), "the token went to whom it should not"
    assert asset in done.stdout


def refuses_other_centres(centre, folder):
    """a centre under another root gets no token, and says nothing but the root's name"""
    (folder / "other").mkdir()
    other = fake_centre.Centre(folder / "other").serve()
    token, asset = other.token()
    done = subprocess.run([AGENT, "enrol", "--centre", url(other), "--token-file", "-", "--ca",
                           centre.root.pem, "--home", folder / "x"], input=token,
                          capture_output=True, text=True, check=False)
    assert done.returncode in (1, 3) and token in other.tokens, done.stderr
    assert not other.requests


def refuses_used_tokens(centre, folder):
    """a token works once; a repeated request asks with the same key"""
    token, asset = centre.token()
    keys = []
    for home, status in (("a", 0), ("b", 3), ("b", 3)):
        done = subprocess.run([AGENT, "enrol", "--centre", url(centre), "--token-file", "-", "--ca",
                               centre.root.pem, "--home", folder / home], input=token,
                              capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        if status:
            assert "token" in done.stderr, done.stderr
            keys.append((folder / home / "enrol.key").read_text())
    assert keys[0] == keys[1]
    assert token not in done.stderr


def refuses_plain_http(centre, folder):
    """the enrol door is reached by TLS or not at all"""
    done = subprocess.run([AGENT, "enrol", "--centre", f"http://127.0.0.1:{centre.doors['enrol']}",
                           "--token-file", "-", "--ca", centre.root.pem, "--home", folder / "h"],
                          input="word", capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "https" in done.stderr, done.stderr


# ---- the good life ----

def receives(centre, folder):
    """notices come down the stream, one receipt covers those that came together"""
    nameplate = folder / "nameplate.json"
    nameplate.write_text(json.dumps({"format": "tocsin-nameplate/v1", "nameplate": {
        "vendor": "Example Pumps", "model": "P-7", "serial": "0815", "firmware": "1.2"}}))
    device = Device(centre, extra=f"nameplate = {nameplate}\nreceipt-delay = 500\n")
    for _ in range(20):
        centre.publish(device.asset)
    device.start()
    assert device.wait_receipt(20), device.said()
    mine = [r for r in centre.receipts if r["asset"] == device.asset]
    assert len(mine) <= 3, f"{len(mine)} receipts for one batch"
    centre.publish(device.asset)
    assert device.wait_receipt(21)
    sent = [i for i in centre.inventories if i["asset"] == device.asset]
    assert len(sent) == 1 and sent[0]["nameplate"]["model"] == "P-7"
    assert not centre.problems, centre.problems
    assert device.stop() == 0
    nameplate.write_text(nameplate.read_text().replace("1.2", "1.3"))
    assert device.command("run", "--once").returncode == 0
    sent = [i for i in centre.inventories if i["asset"] == device.asset]
    assert len(sent) == 2 and sent[1]["nameplate"]["firmware"] == "1.3"
    assert device.command("run", "--once").returncode == 0
    assert len([i for i in centre.inventories if i["asset"] == device.asset]) == 2


def small_enough(centre, folder):
    """at most 10 MiB resident with everything in use (DESIGN section 9)"""
    with running(centre, extra="dpkg = /var/lib/dpkg/status\n", hook="cat > /dev/null") as device:
        for _ in range(50):
            centre.publish(device.asset)
        assert device.wait_receipt(50)
        time.sleep(1)
        smaps = Path(f"/proc/{device.process.pid}/smaps_rollup").read_text(encoding="ascii")
        if "libasan" in Path(f"/proc/{device.process.pid}/maps").read_text(encoding="ascii"):
            return  # its shadow is not the agent's
        kib = {line.split(":")[0]: int(line.split()[1]) for line in smaps.splitlines()[1:]}
        private = kib["Private_Clean"] + kib["Private_Dirty"]
        print(f"# agent: {kib['Rss']} KiB resident, {private} KiB of it private")
        assert kib["Rss"] <= 10 * 1024, kib


def says_ready(centre, folder):
    """systemd is told when the agent is ready, and when it stops"""
    path = str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(path)
        heard.settimeout(10)
        device = Device(centre)
        device.start(NOTIFY_SOCKET=path)
        assert b"READY=1" in heard.recv(4096)
        begun = time.monotonic()
        assert device.stop() == 0
        assert time.monotonic() - begun < 5
        lines = b""
        while b"STOPPING=1" not in lines:
            lines += heard.recv(4096)


def one_at_a_time(centre, folder):
    """two agents in one folder: the second is refused by name"""
    with running(centre) as device:
        assert wait(lambda: "stream.open" in device.said())
        done = device.command("run", "--once")
        assert done.returncode == 3 and "another tocsin-agent" in done.stderr


# ---- hooks ----

HOOK = """cat > "$TOCSIN_HOME/../input-$TOCSIN_NOTICE"
env > "$TOCSIN_HOME/../env-$TOCSIN_NOTICE"
case $TOCSIN_NOTICE in
1) echo planned for Sunday;;
2) exit 1;;
3) sleep 1000;;
4) exit 7;;
5) echo installed; test -f "$TOCSIN_ADVISORY_FILE";;
esac"""


def outcomes(centre, folder):
    """each hook's end becomes a signed outcome; one that never returns holds up nobody"""
    with running(centre, hook=HOOK, extra="hook-timeout = 10\nhook-document = yes\n") as device:
        for i in range(6):
            centre.publish(device.asset, document=b"document %d" % i, advisory=f"FAKE-{i}")
        assert device.wait_receipt(6)

        def mine():
            return {o["n"]: o for o in centre.outcomes if o["asset"] == device.asset}
        assert 3 not in mine(), "the receipt waited for a hook"
        assert centre.wait(lambda: len(mine()) == 6), device.said()
        got = mine()
        assert got[1]["outcome"] == "planned" and got[1]["detail"] == "for Sunday"
        assert got[2]["outcome"] == "refused"
        assert got[3]["outcome"] == "failed" and "killed" in got[3]["detail"]
        assert got[4]["outcome"] == "failed" and "7" in got[4]["detail"]
        assert got[5]["outcome"] == "installed"
        assert got[6]["outcome"] == "read"
        notice = (device.folder / "input-1").read_bytes()
        assert named(sha(b"tocsin-notice/v1\n", notice)) == got[1]["notice"]
        facts = (device.folder / "env-1").read_text()
        for fact in (f"TOCSIN_ASSET={device.asset}", "TOCSIN_ADVISORY=FAKE-0",
                     "TOCSIN_STATUS=affected", "TOCSIN_VULNERABILITIES=CVE-2026-0001",
                     "TOCSIN_EXERCISE=no"):
            assert fact + "\n" in facts, facts
        done = device.command("report", "1", "installed", "--detail", "by hand")
        assert done.returncode == 0, done.stderr
        assert centre.wait(lambda: mine()[1]["outcome"] == "installed"), device.said()
        assert not centre.problems, centre.problems


def refuses_false_documents(centre, folder):
    """an advisory whose hash is not the notice's never reaches the hook"""
    def answer(request, c):
        if not request["path"].startswith("/v1/advisories/"):
            return False
        c.reply(200, b"something else")
        return True
    centre.answer = answer
    hook = 'echo "file:$TOCSIN_ADVISORY_FILE"'
    with running(centre, hook=hook, extra="hook-document = yes\n") as device:
        centre.publish(device.asset)
        assert centre.wait(lambda: any(o["asset"] == device.asset for o in centre.outcomes))
        assert [o for o in centre.outcomes if o["asset"] == device.asset][0]["detail"] == "file:"
        assert not list((device.home / "documents").iterdir())
        assert "agent.document" in device.said()


# ---- what is refused ----

def bad_delivery(centre, code, n=2, **changes):
    """Sends a good notice, a bad one, and, after the reconnection, the good second one."""
    with running(centre) as device:
        centre.publish(device.asset)
        assert device.wait_receipt(1), device.said()
        bad = [centre.delivery(device.asset, n=n, **changes)]

        def answer(request, c):
            if request["path"] != "/v1/stream" or not bad:
                return False
            c.open_stream()
            c.event("notice", bad.pop(), 2)
            return True
        with centre.lock:
            centre.answer = answer
            for stream in centre.open_streams:
                with contextlib.suppress(OSError):
                    stream.sock.close()
        assert device.wait_refusal(code), (code, device.status(), device.said())
        assert device.status()["n"] == 1 and device.alive()
        centre.publish(device.asset)
        assert device.wait_receipt(2), device.said()
        assert device.alive() and not centre.problems, centre.problems


def refuses_wrong_path(centre, folder):
    """an entry that is not in the publication"""
    bad_delivery(centre, "delivery.path", path=[b64(sha(b"x")), b64(sha(b"y"))])


def refuses_wrong_signer(centre, folder):
    """a publication signed with a server's certificate"""
    bad_delivery(centre, "chain.purpose", signer=centre.server)


def refuses_foreign_signer(centre, folder):
    """a publication signer under a root that nobody here believes"""
    foreign = centre.make_root("foreign-ca", "Fake Root")
    signer = centre.issue("foreign", "Fake Publications", foreign,
                          f"extendedKeyUsage={fake_centre.DOCUMENT_SIGNING}")
    with running(centre) as device:
        centre.publish(device.asset)
        assert device.wait_receipt(1)
        centre.deliveries[device.asset].append(centre.delivery(device.asset, n=2, signer=signer))
        centre.append()
        assert wait(lambda: device.status().get("refusal", {}).get("code", "").startswith("chain."))
        assert device.status()["n"] == 1 and device.alive()


def refuses_gaps(centre, folder):
    """a notice that is not the next one"""
    bad_delivery(centre, "delivery.gap", n=3)


def refuses_other_origin(centre, folder):
    """a notice of another journal"""
    other = "other.example/tocsin/0011223344556677"
    bad_delivery(centre, "delivery.origin", notice_origin=other, publication_origin=other)


def refuses_swapped_notice(centre, folder):
    """a notice under another notice's entry"""
    bad_delivery(centre, "delivery.entry", entry_notice=named(sha(b"another")))


def refuses_exercise_mix(centre, folder):
    """an exercise's notice in a publication that is none"""
    bad_delivery(centre, "delivery.exercise", notice_exercise=True)


def refuses_not_canonical(centre, folder):
    """a notice that is not in canonical form"""
    bad_delivery(centre, "json.not-canonical", notice=b64(b'{"format": "tocsin-notice/v1"}'))


def takes_large_notices(centre, folder):
    """a notice over the stream's limit comes through the list"""
    with running(centre) as device:
        centre.publish(device.asset, notice_padding="x" * 900000)
        assert device.wait_receipt(1), device.said()
        assert "sse.limit" in device.said()


def survives(centre, name, misbehave, path="/v1/stream", times=2, extra=""):
    """The centre misbehaves some times at one path; afterwards all is well."""
    left = [times]

    def answer(request, c):
        if request["path"] != path or left[0] <= 0:
            return False
        left[0] -= 1
        with contextlib.suppress(OSError):
            misbehave(c)
        with contextlib.suppress(OSError):
            c.sock.unwrap()
        c.sock.close()
        return True
    centre.answer = answer
    with running(centre, extra=extra) as device:
        centre.publish(device.asset)
        assert device.wait_receipt(1, 40), (name, device.said())
        assert left[0] == 0 and device.alive(), name
        assert not centre.problems, centre.problems
        return device.said()


def survives_garbage(centre, folder):
    """bytes that are no HTTP, no events, no JSON"""
    junk = random.Random(7).randbytes(4000)
    survives(centre, "no HTTP", lambda c: c.send(junk))

    def no_events(c):
        c.open_stream()
        c.chunk(junk + b"\n\n")
        c.event("notice", "{not json")
    survives(centre, "no events", no_events)

    def unknown(c):
        c.open_stream()
        for name in ("weather", "message", "checkpoint", "trust", "reconnect"):
            c.event(name, "null")
    survives(centre, "unknown events", unknown)


def survives_redirects(centre, folder):
    """a redirect is not followed"""
    def away(c):
        c.reply(302, b"", Location=url(centre) + "/v1/stream")
    for path in ("/v1/stream", "/v1/receipts"):
        survives(centre, path, away, path=path)
    assert not any(door == "enrol" and p == "/v1/stream" for door, _, p in centre.requests)


def survives_endless_header(centre, folder):
    """a head without an end, and one with too many fields"""
    def endless(c):
        c.send(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100000):
            c.send(b"X-Padding: " + b"x" * 1000 + b"\r\n")
    survives(centre, "endless header", endless)


def survives_slow_drip(centre, folder):
    """a byte now and then keeps no connection alive beyond its limits"""
    def drip(c):
        c.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        for _ in range(200):
            c.send(b"X")
            time.sleep(0.2)

    def silent(c):
        c.open_stream()
        time.sleep(8)
    said = survives(centre, "silent stream", silent, times=1)
    assert "no sign of life" in said
    for path in ("/v1/stream", "/v1/receipts"):
        said = survives(centre, f"drip at {path}", drip, path=path, times=1,
                        extra="request-timeout = 2\n")
        assert "client.timeout" in said, said


def survives_cut_chunks(centre, folder):
    """a stream cut in the middle of a notice"""
    def cut(c):
        c.open_stream()
        c.send(b"1000\r\nevent: notice\ndata: {\"n\":1,")
    survives(centre, "cut", cut)


def survives_endless_list(centre, folder):
    """a list that promises more and brings nothing"""
    device = Device(centre)
    asked = []

    def answer(request, c):
        if request["path"] != "/v1/notices":
            return False
        asked.append(1)
        c.reply(200, {"notices": [], "n": 0, "more": True})
        return True
    centre.answer = answer
    assert device.command("run", "--once").returncode == 0
    assert len(asked) == 1


# ---- the journal ----

def watches_the_journal(centre, folder):
    """a journal that shows another history: alarm, evidence, no receipt any more"""
    centre.append(10)
    with running(centre) as device:
        centre.publish(device.asset)
        assert device.wait_receipt(1)
        with centre.changed:  # the operator rewrites history
            centre.entries[3] = fake_centre.leaf(b"rewritten")
            centre.append()
        assert wait(lambda: "alarm" in device.status()), device.said()
        status = device.status()
        assert status["alarm"]["code"] == "agent.journal-forked"
        assert device.command("status").returncode == 1
        centre.publish(device.asset)
        assert device.wait_n(2)  # still told
        time.sleep(1)
        assert max(r["n"] for r in centre.receipts if r["asset"] == device.asset) == 1
        kinds = sorted(p.name.split("-", 1)[1] for p in (device.home / "evidence").iterdir())
        assert kinds == ["consistency.json", "kept.note", "shown.note"], kinds
        assert device.alive() and device.stop() == 0
        once = device.command("run", "--once")
        assert once.returncode == 1 and "another history" in once.stderr, once.stderr
        assert device.command("alarm", "clear").returncode == 0
        centre.problems.clear()
        assert device.command("run", "--once").returncode == 0
        assert device.wait_receipt(2)


def notices_equal_sizes(centre, folder):
    """two heads of one size are enough for the alarm"""
    with running(centre) as device:
        centre.publish(device.asset)
        assert device.wait_receipt(1)
        size = device.status()["checkpoint"]["size"]
        false = [fake_centre.leaf(b"%d" % i) for i in range(size)]
        with centre.lock:
            centre.first_event = ("event: checkpoint\ndata: "
                                  + json.dumps(centre.checkpoint(false)) + "\n\n")
            for stream in centre.open_streams:
                with contextlib.suppress(OSError):
                    stream.sock.close()
        assert wait(lambda: "alarm" in device.status()), device.said()


def refuses_unsigned_checkpoints(centre, folder):
    """a checkpoint that the journal's key did not sign is no alarm, and is not kept"""
    centre.append(3)
    good = centre.checkpoint()
    bad = good.replace(good.split("\n")[2], b64(tree_root([sha(b"x")] * 4)))
    centre.first_event = "event: checkpoint\ndata: " + json.dumps(bad) + "\n\n"
    with running(centre) as device:
        centre.publish(device.asset)
        assert device.wait_receipt(1), device.said()
        assert "checkpoint.refused" in device.said()
        assert "alarm" not in device.status()


# ---- being steered ----

def is_steered(centre, folder):
    """the reconnect event and Retry-After say when to come back"""
    times = []

    def answer(request, c):
        if request["path"] != "/v1/stream":
            return False
        times.append(time.monotonic())
        if len(times) == 1:
            c.open_stream()
            c.event("reconnect", {"after_ms": 1500})
            return True
        if len(times) == 2:
            c.problem(503, "net.busy", "busy", Retry_After="2")
            return True
        return False
    centre.answer = answer
    with running(centre) as device:
        centre.publish(device.asset)
        assert device.wait_receipt(1), device.said()
    assert 1.4 < times[1] - times[0] < 4, times
    assert 1.9 < times[2] - times[1] < 5, times


def comes_back(centre, folder):
    """a centre that is away for a while is found again, without haste"""
    tries = []

    def answer(request, c):
        if c.door == "enrol":
            return False
        tries.append(time.monotonic())
        c.sock.close()
        return True
    centre.answer = answer
    with running(centre) as device:
        time.sleep(4)
        count = len(tries)
        assert 5 < count < 120, f"{count} tries in 4 seconds"
        centre.answer = None
        centre.publish(device.asset)
        assert device.wait_receipt(1), device.said()
    (device.home / "agent.conf").write_text(QUICK + "centre = https://127.0.0.1:1\n")
    once = device.command("run", "--once")
    assert once.returncode == 3, once.stderr


# ---- certificates and trust ----

def renews(centre, folder):
    """two thirds of its life are over: a new certificate for a new key"""
    centre.device_days = (-8, 3)
    device = Device(centre)
    centre.device_days = (-1, 365)
    before = device.status()
    device.start()
    assert wait(lambda: device.status()["certificate"] != before["certificate"]), device.said()
    centre.publish(device.asset)
    assert device.wait_receipt(1), device.said()
    assert centre.renewals == [device.asset]
    assert not (device.home / "renew.key").exists()
    assert not centre.problems, centre.problems
    device.stop()


def keeps_the_old_one(centre, folder):
    """a renewal that is refused, or brings nonsense, costs nothing"""
    centre.device_days = (-8, 3)
    device = Device(centre)
    left = [3]

    def answer(request, c):
        if request["path"] != "/.well-known/est/simplereenroll" or not left[0]:
            return False
        left[0] -= 1
        if left[0] == 2:
            c.problem(503, "busy", "busy", Retry_After="0")
        elif left[0] == 1:
            c.problem(503, "busy", "busy")
        else:  # somebody else's certificate
            c.reply(200, centre.certs_only(centre.server), "application/pkcs7-mime")
        return True
    centre.answer = answer
    before = device.status()["certificate"]
    device.start()
    centre.publish(device.asset)
    assert wait(lambda: left[0] == 0, 30), device.said()
    assert device.wait_receipt(1), device.said()
    assert device.status()["certificate"] == before and device.alive()
    assert "agent.identity-key" in device.said()
    device.stop()


def follows_the_root(centre, folder):
    """a new root is followed because the old one vouches for it; then the next one, by its link"""
    with running(centre) as device:
        centre.publish(device.asset)
        assert device.wait_receipt(1)
        centre.roll_over()
        assert wait(lambda: device.status()["trust_generation"] == 2), device.said()
        centre.publisher = centre.next_publisher
        centre.server = centre.issue("server-2", "fake centre", centre.issuing,
                                     "extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1")
        centre.publish(device.asset)
        assert device.wait_receipt(2), device.said()
        centre.roll_over(by_link=True)
        assert wait(lambda: device.status()["trust_generation"] == 3), device.said()
        assert device.alive() and not centre.problems, centre.problems
        device.stop()
        # and from the disk
        centre.server = centre.issue("server-3", "fake centre", centre.issuing,
                                     "extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1")
        centre.publish(device.asset)
        assert device.command("run", "--once").returncode == 0
        assert device.status()["acknowledged"] == 3


def follows_no_stranger(centre, folder):
    """a trust statement that only the new root vouches for is not followed"""
    (folder / "other").mkdir()
    other = fake_centre.Centre(folder / "other", origin=centre.origin)
    other.generation = 9

    def answer(request, c):
        if request["path"] != "/v1/trust":
            return False
        c.reply(200, other.trust())
        return True
    with running(centre) as device:
        centre.publish(device.asset)
        assert device.wait_receipt(1)
        centre.answer = answer
        with centre.changed:
            centre.generation = 9
            centre.changed.notify_all()
        assert wait(lambda: "centre.refused" in device.said()), device.said()
        centre.publish(device.asset)
        assert device.wait_receipt(2), device.said()
        assert device.status()["trust_generation"] == 1


# ---- kill -9 ----

def survives_kills(centre, folder):
    """kill -9 at any moment: nothing acknowledged is lost, nothing is counted twice"""
    rounds = int(os.environ.get("AGENT_KILLS", "50"))
    hook = 'cat > /dev/null; echo "$TOCSIN_NOTICE" >> "$TOCSIN_HOME/../done"; echo installed'
    device = Device(centre, hook=hook, extra="inventory-interval = 10\n")
    chance = random.Random(4711)
    for i in range(rounds):
        for _ in range(chance.randrange(4)):
            centre.publish(device.asset)
        device.start()
        time.sleep(chance.choice([0.02, 0.05, 0.1, 0.2, 0.3]) * (1 + chance.random()))
        if chance.random() < 0.5:
            centre.publish(device.asset)
            time.sleep(chance.random() * 0.1)
        device.stop(signal.SIGKILL)
        json.loads((device.home / "state.json").read_text())
        acked = [r["n"] for r in centre.receipts if r["asset"] == device.asset]
        assert device.status()["n"] >= max(acked, default=0), f"round {i}: the state went back"
    total = len(centre.deliveries.get(device.asset, []))
    device.start()
    assert device.wait_receipt(total, 60), device.said()
    assert centre.wait(lambda: {o["n"] for o in centre.outcomes if o["asset"] == device.asset}
                       == set(range(1, total + 1)), 60), device.said()
    ran = set((device.folder / "done").read_text().split())
    assert ran == {str(n) for n in range(1, total + 1)}
    assert not centre.problems, centre.problems
    assert device.stop() == 0
    assert not [p for p in device.home.rglob("*.new-*")]
    print(f"# {rounds} kills, {total} notices, all received, acknowledged and reported")


SCENARIOS = [value for value in list(globals().values())
             if callable(value) and getattr(value, "__code__", None)
             and value.__code__.co_varnames[:2] == ("centre", "folder")
             and value.__code__.co_argcount == 2]


def main():
    if not AGENT.exists():
        sys.exit(f"{AGENT} is not built")
    failed = 0
    base = Path(tempfile.mkdtemp(prefix="agent-scenario-"))
    wanted = sys.argv[1:]
    for scenario in SCENARIOS:
        name = scenario.__name__
        if wanted and not any(w in name for w in wanted):
            continue
        folder = base / name
        (folder / "centre").mkdir(parents=True)
        begun = time.monotonic()
        try:
            scenario(fake_centre.Centre(folder / "centre").serve(), folder)
            print(f"ok {name}: {scenario.__doc__} ({time.monotonic() - begun:.1f} s)", flush=True)
        except Exception as why:  # pylint: disable=broad-except
            failed += 1
            reason = " ".join(str(why).split())[-1500:]
            print(f"not ok {name} \u2014 {type(why).__name__}: {reason}", flush=True)
            traceback.print_exc()
    shutil.rmtree(base, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
