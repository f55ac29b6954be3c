#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
"""Every write, sync, rename and new name of a program fails, one run each: the disk is full there,
or from there on, or the process dies. Nothing is torn, nothing that was acknowledged is lost, and
with room again the work is done.

FAULT_EVERY=1: every call, not a sample."""

import http.client
import json
import shutil
import socket
import subprocess
import sys
import time

import faults
from faults import FILES, MANNERS, sample

import fake_centre
from agent_bundle import AFFECTED, TOO_NEW, device_with
from agent_fake_centre import url
from centre_home import (AGENT, TOCSIN, Workplace, csaf, finish, free_ports, needs_programs, scenario,
                         wait)

MOST = 6


def every_way(place, name, once, before, after, most=MOST):
    """`once(k, how)` does the work with the k-th call failing and gives (ended well, said, calls);
    `after(ended well)` looks at what is left."""
    def endures():
        before()
        ended, said, calls = once(0, 0)
        assert ended, said
        assert calls > 2, f"only {calls} calls were counted"
        after(True)
        for manner, how in MANNERS.items():
            refused = 0
            for k in sample(calls, most):
                before()
                ended, said, _ = once(k, how)
                refused += not ended
                try:
                    after(ended)
                except AssertionError as why:
                    raise AssertionError(f"call {k} of {calls}, {manner}: ended "
                                         f"{'well' if ended else 'badly'}, said {said[-500:]!r}: "
                                         f"{why}") from why
            assert refused > 0, f"no call failed: {manner}"

    endures.__doc__ = name
    scenario(endures)


def command_once(place, command, data=None):
    def once(k, how):
        done, calls, _ = place.faults.run(command, FILES, k, how, data=data)
        killed = how == faults.KILLED and done.returncode == -9
        assert killed or done.returncode == 0 or (done.returncode == 3 and done.stderr.strip()), \
            (k, how, done.returncode, done.stderr[-500:])
        return done.returncode == 0, done.stderr, calls
    return once


def the_agent(place):
    folder = place.folder / "fake"
    folder.mkdir()
    centre = fake_centre.Centre(folder).serve()
    runs = folder / "runs"
    device = device_with(centre, hook=f'cat > /dev/null; echo "$TOCSIN_NOTICE" >> {runs}; '
                                      'echo planned')
    for document in (AFFECTED, TOO_NEW):
        centre.publish(device.asset, document=document)
    centre.bundle(folder / "b.tar", device.asset, advisories=[AFFECTED, TOO_NEW])
    kept = folder / "kept"
    shutil.copytree(device.home, kept)
    answer = folder / "answer.json"
    once = [AGENT, "run", "--once", "--home", device.home]
    apply = [AGENT, "bundle", "apply", folder / "b.tar", "--answer", answer, "--home", device.home]

    def as_before():
        shutil.rmtree(device.home)
        shutil.copytree(kept, device.home)
        answer.unlink(missing_ok=True)
        with centre.lock:
            centre.receipts.clear()
            centre.outcomes.clear()

    def right(done):
        return done.returncode == 0, (done.returncode, done.stderr)

    def told(_ended):
        acknowledged = max((r["n"] for r in centre.receipts), default=0)
        assert device.status()["n"] >= acknowledged, "the centre has a receipt that is forgotten"
        good, why = right(device.command("run", "--once"))
        assert good, why
        assert device.status()["acknowledged"] == 2, device.status()
        assert {o["n"] for o in centre.outcomes} == {1, 2}, centre.outcomes
        assert not centre.problems, centre.problems

    every_way(place, "an agent that catches up: its state is whole, no receipt is forgotten, each "
              "outcome arrives", command_once(place, once), as_before, told)

    def applied(ended):
        if answer.exists():  # whole, or not there
            assert json.loads(answer.read_text())["format"] == "tocsin-answers/v1"
        assert answer.exists() or not ended
        done = device.command("bundle", "apply", folder / "b.tar", "--answer", answer)
        assert done.returncode == 0, done.stderr
        assert device.status()["n"] == 2
        said = [json.loads(fake_centre.base64.b64decode(e["payload"]))
                for e in json.loads(answer.read_text())["envelopes"]]
        assert {o["n"] for o in said if o["format"] == "tocsin-outcome/v1"} == {1, 2}, said

    every_way(place, "an agent that applies a bundle: its state and its answer are whole",
              command_once(place, apply), as_before, applied)
    fresh, token = folder / "fresh", folder / "token"

    def no_home():
        shutil.rmtree(fresh, ignore_errors=True)
        token.write_text(centre.token()[0])

    enrol = [AGENT, "enrol", "--centre", url(centre), "--token-file", token, "--ca",
             centre.root.pem, "--home", fresh]

    def enrolled(ended):
        status = subprocess.run([AGENT, "status", "--home", fresh], capture_output=True, text=True,
                                check=False)
        assert status.returncode == 0 or not ended, status.stderr
        if status.returncode != 0:
            token.write_text(centre.token()[0])
            done = subprocess.run(list(map(str, enrol)), capture_output=True, text=True,
                                  check=False)
            assert done.returncode == 0, done.stderr

    every_way(place, "an enrolment: whole, or it can be done again", command_once(place, enrol),
              no_home, enrolled)


class Witness:
    """A witness of the fake centre's journal, and what its last answer was."""

    def __init__(self, place, centre):
        self.faults = place.faults
        self.folder = place.folder / "witness"
        self.folder.mkdir()
        self.key, self.log = self.folder / "key", self.folder / "log.vkey"
        self.state, self.kept = self.folder / "state", self.folder / "kept"
        subprocess.run([TOCSIN, "witness", "keygen", "--name", "w.example/1", "--key", self.key],
                       check=True, stdout=subprocess.DEVNULL)
        self.log.write_text(f"{centre.origin}+{centre.key_id().hex()}+" +
                            fake_centre.b64(b"\1" + centre.log_public) + "\n")
        self.centre = centre
        self.said = ""

    def start(self, faulty):
        (port,) = free_ports(1)
        environment = self.faults.environment if faulty else None
        # pylint: disable-next=consider-using-with
        process = subprocess.Popen(
            [TOCSIN, "witness", "--key", self.key, "--state", self.state, "--listen",
             f"127.0.0.1:{port}", "--log", self.log], env=environment, stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)

        def answers():
            with socket.socket() as probe:
                return process.poll() is not None or \
                    probe.connect_ex(("127.0.0.1", port)) == 0
        assert wait(answers, 20)
        return process, port

    def ask(self, port, old, size):
        """(status, body), or None when it died over it."""
        leaves = self.centre.entries[:size]
        proof = fake_centre.consistency(old, leaves) if old else []
        body = f"old {old}\n" + "".join(fake_centre.b64(h) + "\n" for h in proof) + "\n" + \
            self.centre.checkpoint(leaves)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("POST", "/add-checkpoint", body.encode())
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (ConnectionError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def end(self, process):
        process.terminate()
        _, said = process.communicate(timeout=20)
        self.said += said

    def once(self, k, how):
        self.said = ""
        process, port = self.start(True)
        self.faults.arm(FILES, k, how)
        answer = self.ask(port, 2, 4)
        calls, _ = self.faults.counts()
        self.faults.arm()
        self.end(process)
        assert answer is None or answer[0] in (200, 500, 503), answer
        return answer is not None and answer[0] == 200, f"{answer} {self.said}", calls

    def as_before(self):
        shutil.rmtree(self.state, ignore_errors=True)
        if self.kept.exists():
            shutil.copytree(self.kept, self.state)
            return
        process, port = self.start(False)
        assert self.ask(port, 0, 2)[0] == 200
        self.end(process)
        shutil.copytree(self.state, self.kept)

    def remembers(self, ended):
        process, port = self.start(False)
        answer = self.ask(port, 2, 4)
        self.end(process)
        assert answer == (409, "4\n") or (not ended and answer[0] == 200), answer


def the_witness(place):
    folder = place.folder / "log"
    folder.mkdir()
    centre = fake_centre.Centre(folder)
    centre.append(5)
    witness = Witness(place, centre)
    every_way(place, "a witness never forgets what it cosigned", witness.once, witness.as_before,
              witness.remembers)


def command_files(place, centre):
    out = place.folder / "out"
    home = ["--home", centre.home]

    def no_file():
        for path in place.folder.glob("out*"):
            path.unlink()

    def whole(ended):
        left = [p.name for p in place.folder.glob("out*") if p != out]
        assert out.exists() == ended, "a file, but no word of success" if out.exists() else "no file"
        if ended:
            assert not left, left
            out.unlink()

    for words in (["proof", "export", "EXP-2026-001", "-o", out], ["log", "verify", "--keep", out]):
        every_way(place, f"tocsin {words[0]} {words[1]}: a whole file, or none",
                  command_once(place, [TOCSIN, *words, *home]), no_file,
                  lambda ended: whole(ended) if ended or not out.exists() else None)


def running(place, centre):
    """The state of the processes behind a centre that runs."""
    made = set()

    def survives(name, work, calls, most):
        def endures():
            centre.start()
            hit = 0
            for manner, how in MANNERS.items():
                for k in sample(calls, most if how != faults.KILLED else most // 2):
                    pid = wait(lambda: centre.is_ready() and centre.pids().get(name))
                    assert pid, centre.said()[-1500:]
                    place.faults.arm(FILES, k, how, pid)
                    until = time.monotonic() + 3
                    while time.monotonic() < until and not place.faults.counts()[1]:
                        work(f"{name} {manner} {k}")
                    hit += place.faults.counts()[1] > 0
                    place.faults.arm()
                    assert wait(centre.followers_at_head, 40), \
                        (manner, k, centre.status(), centre.said()[-1500:])
            assert hit >= most, f"only {hit} calls failed"
            head = place.folder / f"{name}.head"
            centre.verify_log("--keep", head)
            centre.kill_all()
            centre.start()
            wait(centre.followers_at_head, 20)
            centre.verify_log("--checkpoint", head)
            there = centre.listed("/v1/organisations", "organisation")
            assert made <= there, made - there
            centre.stop()
        endures.__doc__ = f"the running {name}: nothing acknowledged is lost, the journal verifies"
        scenario(endures)

    def add(label):
        done = centre.cli("organisation", "add", label, "--quiet", code=None)
        assert done.returncode in (0, 3), (done.returncode, done.stderr)
        if done.returncode == 0:
            made.add(done.stdout.strip())

    def certify(label):
        add(label)
        token = centre.cli("token", "create", "--quiet", code=None)
        if token.returncode != 0:
            return
        home = place.folder / "d"
        shutil.rmtree(home, ignore_errors=True)
        done = subprocess.run(
            [AGENT, "enrol", "--centre", f"https://localhost:{centre.ports['enrol']}",
             "--token-file", "-", "--ca", centre.home / "trust/root.pem", "--home", home],
            input=token.stdout, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            asset = json.loads(subprocess.run([AGENT, "status", "--json", "--home", home],
                                              capture_output=True, text=True,
                                              check=False).stdout)["asset"]
            centre.cli("cert", "revoke", asset, code=None)

    survives("signer", certify, 12, 4)
    survives("centre", add, 40, 6)


def main():
    needs_programs()
    with Workplace("disk") as place:
        place.faults = faults.Faults(place.folder)
        the_agent(place)
        the_witness(place)
        centre = place.centre().start()
        device = place.device(centre, "one")
        device.once()
        centre.import_advisory(csaf(1, "< 2.3"), publish=True)
        assert wait(lambda: centre.states("EXP-2026-001"))
        device.once()
        assert wait(centre.followers_at_head)
        command_files(place, centre)
        centre.stop()
        centre.environment = place.faults.environment
        running(place, centre)
    finish()


if __name__ == "__main__":
    sys.exit(main())
