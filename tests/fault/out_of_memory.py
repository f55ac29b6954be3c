#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
"""Every allocation of a program fails, one run each: it ends as it would have, or with exit code 3
and a word; it never crashes, never answers otherwise, and leaves nothing torn.

FAULT_EVERY=1: every allocation, not a sample."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import faults
from faults import MEMORY, SOURCE, sample

import fake_centre
from agent_bundle import AFFECTED, TOO_NEW, device_with
from centre_home import AGENT, BUILD, TOCSIN, Workplace, csaf, finish, needs_programs, scenario, wait

MOST = 16
SOUND = re.compile(r"runtime error|Sanitizer")


def tell(text):
    """What differs between two runs that are alike: times, ids, names of temporary files."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"\b([a-z]{3})_[0-9a-z]{26}\b", r"\1_ID", text)
    text = re.sub(r"w.example/1\+[0-9a-f]{8}\+[\w+/]+=*", "VKEY", text)
    text = re.sub(r"known already: |accepted: |\d accepted, \d known", "", text)
    return re.sub(r"\b[0-9a-f]{64}\b", "HASH", text)


def difference(got, wanted):
    """The first lines that differ."""
    for one, other in zip((got + "\n").split("\n"), (wanted + "\n").split("\n")):
        if tell(one) != tell(other):
            return f"{one[-200:]!r} in place of {other[-200:]!r}"
    return "the same" if got == wanted else f"{len(got)} bytes in place of {len(wanted)}"


def endure(place, name, command, before=None, after=None, most=MOST, data=None):
    """Runs the command once as it is, then with failing allocations. `before` makes the place ready,
    `after` looks at what is left; it gets whether the command said that it was done."""
    faulty = place.faults

    def endures():
        if before:
            before()
        clean, seen, _ = faulty.run(command, MEMORY, data=data)
        assert clean.returncode in (0, 1), (clean.returncode, clean.stderr[-1500:])
        assert seen > 5, f"only {seen} allocations were counted"
        if after:
            after(True)
        hit = 0
        for k in sample(seen, most):
            if before:
                before()
            done, _, failed = faulty.run(command, MEMORY, k, data=data)
            said = (f"allocation {k} of {seen}: exit {done.returncode}, said "
                    f"{done.stderr[-400:]!r}, printed {difference(done.stdout, clean.stdout)}")
            assert done.returncode >= 0 and not SOUND.search(done.stderr), said
            same = done.returncode == clean.returncode and \
                tell(done.stdout) == tell(clean.stdout)
            assert same or (done.returncode == 3 and done.stderr.strip()), said
            hit += failed > 0
            if after:
                after(done.returncode == clean.returncode)
        assert hit > 0, "no allocation failed"

    endures.__doc__ = f"memory runs out in {name}"
    scenario(endures)


def record(place):
    """An evidence record: made, verified with roots, renewed; what is there is never torn."""
    folder = place.folder / "record"
    folder.mkdir()
    authority, times = BUILD / "tests/unit/time_authority", ("1700000000", "2500000000")
    subprocess.run([authority, "root", folder, *times], check=True)
    subprocess.run([authority, "new", folder, "one", *times], check=True)
    (folder / "data").write_text("data")
    ers, query, answer = folder / "r.ers", folder / "q", folder / "a"
    words = [TOCSIN, "evidence", "record"]
    make = [*words, "make", folder / "data", "-o", ers]
    subprocess.run([*make, "--query", query], check=True, capture_output=True)
    subprocess.run([authority, "reply", folder, "one", "1800000000", query, answer], check=True)

    def whole_or_none(_done):
        if ers.exists():
            subprocess.run([*words, "show", ers], check=True, capture_output=True)

    endure(place, "record make", [*make, "--response", answer],
           lambda: ers.unlink(missing_ok=True), whole_or_none)
    subprocess.run([*make[:-1], folder / "kept.ers", "--response", answer], check=True,
                   capture_output=True)
    endure(place, "record verify", [*words, "verify", folder / "kept.ers", folder / "data",
                                    "--tsa-roots", folder / "root.pem", "--at", "2030-01-01"])


def without_a_centre(place):
    folder = place.folder
    examples = SOURCE / "examples"
    inventory = ["--inventory", examples / "inventories/drive-affected.json",
                 examples / "inventories/plant.csv", examples / "inventories/host.cdx.json",
                 examples / "inventories/image.spdx.json"]
    endure(place, "match", [TOCSIN, "match", *inventory[:2], "--advisories",
                            examples / "advisories"])
    endure(place, "match of many kinds as JSON",
           [TOCSIN, "match", *inventory, "--json", "--advisories", examples / "advisories"])
    endure(place, "csaf ranges", [TOCSIN, "csaf", "ranges", examples / "advisories"])
    (folder / "pack").mkdir()
    subprocess.run([BUILD / "tests/unit/pack_make", folder / "pack", folder / "pack/good.tar"],
                   check=True)
    trust = ["--root", folder / "pack/root.pem", "--witness", folder / "pack/witness.vkey"]
    endure(place, "proof verify",
           [TOCSIN, "proof", "verify", *trust, "--checkpoint", folder / "pack/kept.checkpoint",
            folder / "pack/good.tar"])
    subprocess.run([BUILD / "tests/unit/pack_make", folder / "pack", folder / "pack/lie.tar",
                    "unwitnessed"], check=True)
    endure(place, "proof verify of a pack that no witness knows",
           [TOCSIN, "proof", "verify", *trust, folder / "pack/lie.tar"], most=MOST // 2)
    record(place)
    key = folder / "witness.key"

    def no_key():
        for path in folder.glob("witness.key*"):
            path.unlink()

    def whole_or_none(_done):
        if key.exists():
            subprocess.run(["openssl", "pkey", "-in", key, "-noout"], check=True)

    endure(place, "witness keygen", [TOCSIN, "witness", "keygen", "--name", "w.example/1", "--key",
                                     key], no_key, whole_or_none, most=MOST // 2)


def the_agent(place):
    folder = place.folder / "fake"
    folder.mkdir()
    centre = fake_centre.Centre(folder).serve()
    hook = 'cat > /dev/null; test -f "$TOCSIN_ADVISORY_FILE" && echo planned'
    device = device_with(centre, hook=hook, extra="hook-document = yes\n")
    for document in (AFFECTED, TOO_NEW):
        centre.publish(device.asset, document=document)
    centre.bundle(folder / "b.tar", device.asset, advisories=[AFFECTED, TOO_NEW])
    kept = folder / "kept"
    shutil.copytree(device.home, kept)
    answer = folder / "answer.json"

    def as_before():
        shutil.rmtree(device.home)
        shutil.copytree(kept, device.home)
        answer.unlink(missing_ok=True)

    def not_torn(done):
        assert device.status()["n"] in ((2,) if done else (0, 1, 2))
        left = list(device.home.glob("*.new-*"))
        assert not left, left

    apply = [AGENT, "bundle", "apply", folder / "b.tar", "--answer", answer, "--home", device.home]

    def answered(done):
        not_torn(done)
        assert answer.exists() or not done
        if not done:  # what was taken in halfway is taken in whole by the next attempt
            again = subprocess.run(list(map(str, apply)), capture_output=True, text=True,
                                   check=False)
            assert again.returncode == 0, again.stderr
            assert device.status()["n"] == 2
        assert b'"envelopes"' in answer.read_bytes()

    endure(place, "tocsin-agent bundle apply", apply, as_before, answered)

    def caught_up(done):
        not_torn(done)
        if not done:
            again = device.command("run", "--once")
            assert again.returncode == 0, again.stderr
            assert device.status()["acknowledged"] == 2, device.status()
        assert not centre.problems, centre.problems

    endure(place, "tocsin-agent run --once", [AGENT, "run", "--once", "--home", device.home],
           as_before, caught_up)
    for word in ("status", "inventory", "config"):
        endure(place, f"tocsin-agent {word}", [AGENT, word, "--home", device.home], most=MOST // 2)
    fresh = folder / "fresh"

    def no_home():
        shutil.rmtree(fresh, ignore_errors=True)
        (folder / "token").write_text(centre.token()[0])

    def can_be_done_again(done):
        if not done and not (fresh / "identity.pem").exists():
            (folder / "token").write_text(centre.token()[0])
            again = subprocess.run(list(map(str, enrol)), capture_output=True, text=True,
                                   check=False)
            assert again.returncode == 0, again.stderr

    enrol = [AGENT, "enrol", "--centre", agent_url(centre), "--token-file", folder / "token", "--ca",
             centre.root.pem, "--home", fresh]
    endure(place, "tocsin-agent enrol", enrol, no_home, can_be_done_again)


def agent_url(centre):
    from agent_fake_centre import url  # pylint: disable=import-outside-toplevel
    return url(centre)


def the_command_line(place, centre):
    path = place.folder / "advisory.json"
    path.write_bytes(csaf(3, "< 2.3"))
    out = place.folder / "out"
    home = ["--home", centre.home]

    def no_file():
        out.unlink(missing_ok=True)

    asset = centre.json("asset", "list")["assets"][0]["asset"]
    for words in (["status"], ["asset", "list"], ["asset", "list", "--json"],
                  ["advisory", "import", path], ["advisory", "preview", "EXP-2026-001"],
                  ["advisory", "delivery", "EXP-2026-001"], ["why", asset, "EXP-2026-001"],
                  ["why", asset, "EXP-2026-001", "--json"], ["exposure", "CVE-2026-0001"],
                  ["log", "show"], ["log", "verify"], ["log", "prove", "5"]):
        endure(place, "tocsin " + " ".join(str(w) for w in words if w not in (asset, path)),
               [TOCSIN, *words, *home], most=MOST // 2)
    for words in (["proof", "export", "EXP-2026-001"], ["bundle", "export", "--asset", asset,
                                                        "--organisation", centre.owner],
                  ["backup"]):
        target = ["-o", out] if words != ["backup"] else [out]
        endure(place, "tocsin " + " ".join(words[:2]), [TOCSIN, *words, *target, *home], no_file,
               lambda done: out.exists() == done or sys.exit("a part of a file"), most=MOST // 2)


def the_servers(place, centre):
    """Allocations of running processes: the request fails, the process does not."""
    path = place.folder / "more.json"

    def survives(name, requests, rounds=12):
        def endures():
            centre.start()
            pid = centre.pids()[name]
            refused = hit = 0
            for i in range(rounds):
                place.faults.arm(MEMORY, 1 + i * 37 % 400, faults.ONCE, pid)
                for words in requests(i):
                    done = centre.cli(*words, code=None)
                    assert done.returncode in (0, 3) and (done.returncode == 0 or done.stderr), \
                        (i, words, done.returncode, done.stdout, done.stderr)
                    refused += done.returncode == 3
                wait(centre.followers_at_head, 5)
                hit += place.faults.counts()[1]
                place.faults.arm()
            assert hit > 0, "no allocation failed"
            assert centre.pids().get(name) == pid, f"{name} did not live through it: " + \
                centre.said()[-1500:]
            assert wait(centre.followers_at_head, 30), centre.status()
            centre.verify_log()
            centre.stop()

        endures.__doc__ = f"memory runs out in the running {name}: it serves on"
        scenario(endures)

    def work(i):
        path.write_bytes(csaf(4 + i % 2, "< 3"))
        return (["organisation", "add", f"Works {i}"], ["advisory", "import", path], ["status"])

    survives("centre", work)
    survives("signer", lambda i: (["organisation", "add", f"More {i}"], ["status"]))


def main():
    """All, or the parts that are named."""
    needs_programs()
    with Workplace("memory") as place:
        place.faults = faults.Faults(place.folder)
        without_a_centre(place)
        the_agent(place)
        centre = place.centre()
        centre.start()
        centre.owner = centre.new("organisation", "add", "Water Works")
        device = place.device(centre, "one", organisation=centre.owner)
        device.once()
        centre.import_advisory(csaf(1, "< 2.3"), publish=True)
        assert wait(lambda: centre.states("EXP-2026-001"))
        device.once()
        assert wait(centre.followers_at_head)
        the_command_line(place, centre)
        centre.stop()
        centre.environment = place.faults.environment
        the_servers(place, centre)
    finish()


if __name__ == "__main__":
    main()
