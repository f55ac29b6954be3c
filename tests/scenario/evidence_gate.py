#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""The gate and the record behind it are one: what is given away at the same moment, by another process,
is not worked on after that; and a check that began before something changed hands opens no gate."""

import json
import os
import shutil
import subprocess
import time

import evidence_scenario
from evidence_scenario import test
from evidence_custody import TOCSIN, WHY, People, acquired, problems, records, run

GIVE = ("--to", "C. Lang", "--packaging", "bag", "--seal-number", "1", "--carrier", "in person")
ROUNDS = 25
os.environ.pop("TOCSIN_IDENTITY", None)


def started(who, *words):
    return subprocess.Popen([TOCSIN, "evidence", *map(str, words), "--identity", who, *WHY],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def with_passphrase(folder):
    """Somebody whose passphrase comes through a pipe, at which a command waits."""
    pipe, word = folder / "pipe", folder / "word"
    word.write_text("open it\n")
    run(None, "identity", folder / "kim", "--name", "K. Kim", "--role", "DEFR", "--competence",
        "GCFA, 2024-05-01", "--passphrase-file", word)
    os.mkfifo(pipe)
    return folder / "kim", pipe


def at_the_pipe(pipe, process):
    """Opens it as soon as the command waits there."""
    for _ in range(600):
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
    raise AssertionError("nobody reads the passphrase")


def let_go(fd):
    os.write(fd, b"open it\n")
    os.close(fd)


@test("given away between the gate and the record: it is refused, and nothing is exported")
def between(folder):
    people = People(folder)
    _, exhibit, bundle = acquired(folder, people)
    kim, pipe = with_passphrase(folder)
    export = started(kim, "export", bundle, folder / "out.raw", "--passphrase-file", pipe)
    fd = at_the_pipe(pipe, export)  # the gate was looked at
    run(people.defr, "move", bundle, "--from", "a", "--to", "b", *WHY)
    let_go(fd)
    out, said = export.communicate(timeout=60)
    assert export.returncode == 3 and "changed meanwhile" in said and not (folder / "out.raw").exists(), (out, said)
    assert [r["kind"] for r in records(bundle)][-1] == "moved" and problems(bundle, 0) == []
    run(people.defr, "verify", bundle, "--place", "p")
    # of the exhibit: who gives it away waits until the record stands
    export = started(kim, "export", bundle, folder / "out.raw", "--passphrase-file", pipe)
    fd = at_the_pipe(pipe, export)
    give = started(people.defr, "give", exhibit, *GIVE)
    time.sleep(1.0)
    assert give.poll() is None and records(exhibit)[-1]["kind"] != "handover-given"
    let_go(fd)
    assert export.wait(60) == 0 and give.wait(60) == 0, (export.communicate(), give.communicate())
    begun = next(r for r in records(bundle) if r["kind"] == "begun")
    assert begun["at"] < records(exhibit)[-1]["at"], "it was begun before it was given away"
    run(people.defr, "export", bundle, folder / "late.raw", *WHY, code=3)


@test("moved while it is checked: the check is not recorded, and opens no gate")
def checked_before(folder):
    people = People(folder)
    _, exhibit, bundle = acquired(folder, people)
    kim, pipe = with_passphrase(folder)
    for holder in (bundle, exhibit):
        count = len(records(bundle))
        verify = started(kim, "verify", bundle, "--passphrase-file", pipe)
        fd = at_the_pipe(pipe, verify)
        moved = started(people.defr, "move", holder, "--from", "a", "--to", "b")
        if holder == bundle:
            assert moved.wait(60) == 0
        let_go(fd)
        out, said = verify.communicate(timeout=60)
        assert moved.wait(60) == 0
        if holder == bundle:
            assert verify.returncode == 3 and ": sound" in out and "meanwhile" in said, (out, said)
            assert len(records(bundle)) == count + 1
            run(people.defr, "export", bundle, folder / "no.raw", *WHY, code=3)
            run(people.defr, "verify", bundle, "--place", "p")
        else:  # it waited for the record, or the check was refused
            last = records(bundle)[-1]
            assert last["kind"] == "verified" and last["at"] < records(exhibit)[-1]["at"], last
            run(people.defr, "export", bundle, folder / "no.raw", *WHY, code=3)


@test("two processes at once, many times: no work begins behind a handover")
def at_once(folder):
    people = People(folder)
    case, _, _ = acquired(folder, people)
    kept = folder / "kept"
    shutil.copytree(case, kept)
    outcomes = set()
    for number in range(ROUNDS):
        shutil.rmtree(case)
        shutil.copytree(kept, case)
        exhibit = case / "exhibits/EX-1"
        bundle = exhibit / "disk.evidence"
        given = exhibit if number % 2 else bundle
        words = [["export", bundle, folder / f"{number}.raw"],
                 ["disclose", bundle, "-o", folder / f"{number}.shown", "--range", "0:10"]][number % 2]
        order = [(words), ("give", given, *GIVE)]
        both = [started(people.defr, *w) for w in (order if number % 3 else order[::-1])]
        codes = [p.wait(60) for p in both]
        for p in both:
            p.communicate()
        work, give = codes if number % 3 else codes[::-1]
        assert give == 0 and work in (0, 3), (number, codes)
        outcomes.add(work)
        begun = [r for r in records(bundle) if r["kind"] == "begun"]
        handed = next(r for r in records(given) if r["kind"] == "handover-given")
        assert len(begun) == (work == 0), (number, begun)
        if begun and given == bundle:
            assert begun[0]["number"] < handed["number"], number
        elif begun:
            assert begun[0]["at"] < handed["at"], number
        assert problems(exhibit, 0) == [], number
    print("measured: work and handover at once:", json.dumps(sorted(outcomes)))


if __name__ == "__main__":
    evidence_scenario.main()
