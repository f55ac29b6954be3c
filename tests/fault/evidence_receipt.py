#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""A receipt that is taken up while the process dies or the disk fails, at every call that changes a
file: it is part of the log with the record that names it, or neither is; and whoever reads the log
then finds it whole, before anybody has put it right."""

import errno
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import faults
from faults import CLOSES, FILES, FROM_THERE_ON, KILLED, ONCE

import evidence_scenario
from evidence_scenario import test
from evidence_custody import TOCSIN, WHY, People, acquired, problems, records, run

GIVE = ("--to", "C. Lang", "--packaging", "bag 12", "--seal-number", "A-1", "--carrier", "in person")
MANNERS = {"killed": KILLED, "no room": errno.ENOSPC << 8 | FROM_THERE_ON, "EIO once": errno.EIO << 8 | ONCE}


def counted(holder):
    """Records that count: in their place, or committed and on their way to it."""
    return len({p.name for at in ("custody", "custody/next") for p in (holder / at).glob("0*.json")})


def receipts(holder):
    return {p.name for at in ("custody", "custody/next") for p in (holder / at / "receipts").glob("*")}


@test("a receipt is taken up with its record, or not at all, whatever fails and when")
def taken_up(folder):
    people = People(folder)
    _, exhibit, _ = acquired(folder, people)
    run(people.defr, "give", exhibit, *GIVE, *WHY)
    theirs = folder / "theirs"
    shutil.copytree(exhibit, theirs)
    run(people.lab, "receive", theirs, "--condition", "whole", "--seal-number", "A-1", "--receipt",
        folder / "receipt", *WHY)
    before, trial = counted(exhibit), folder / "trial"
    words = [TOCSIN, "evidence", "receipt", trial, folder / "receipt", "--identity", people.defr, *WHY]
    with tempfile.TemporaryDirectory() as place:
        broken = faults.Faults(place)

        def attempt(k, how):
            shutil.rmtree(trial, ignore_errors=True)
            shutil.copytree(exhibit, trial)
            return broken.run(words, FILES | CLOSES, k, how)

        done, calls, _ = attempt(0, 0)
        assert done.returncode == 0 and counted(trial) == before + 1, (done.stderr, counted(trial))
        assert len(receipts(trial)) == 2 and not (trial / "custody/next").exists()
        both = receipts(trial)
        seen = set()
        for manner, how in MANNERS.items():
            for k in range(1, calls + 1):
                done, _, _ = attempt(k, how)
                state = f"call {k} of {calls}, {manner}, exit {done.returncode}"
                assert problems(trial, 0) == [], (state, problems(trial, 1))
                taken = counted(trial) - before
                seen.add((manner, taken, (trial / "custody/next").exists()))
                assert done.returncode != 0 or taken == 1, state
                assert taken == 0 or receipts(trial) == both, (state, receipts(trial))
                assert (trial / "custody/receipts").exists() or taken == 0 or \
                    (trial / "custody/next/receipts").exists(), state
                again = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
                assert again.returncode == 0 if taken == 0 else "no open handover" in again.stderr, \
                    (state, again.stderr)
                assert problems(trial, 0) == [] and counted(trial) == before + 1, state
                assert receipts(trial) == both
                run(people.defr, "note", trial, "--text", "and on", "--place", "p")
        assert ("killed", 0, False) in seen and ("killed", 1, True) in seen, seen


@test("what lies in next/ without a record that names it, or is another, is found")
def not_weaker(folder):
    people = People(folder)
    _, exhibit, _ = acquired(folder, people)
    stray = exhibit / "custody/next/receipts"
    stray.mkdir(parents=True)
    (stray / "hnd_x.json").write_text("{}")
    assert any("custody/next/receipts/hnd_x.json: no record names it" in p for p in problems(exhibit))
    shutil.rmtree(exhibit / "custody/next")
    run(people.defr, "give", exhibit, *GIVE, *WHY)
    theirs = folder / "theirs"
    shutil.copytree(exhibit, theirs)
    run(people.lab, "receive", theirs, "--condition", "whole", "--seal-number", "A-1", "--receipt",
        folder / "receipt", *WHY)
    run(people.defr, "receipt", exhibit, folder / "receipt", *WHY)
    assert problems(exhibit, 0) == []
    name = next((exhibit / "custody/receipts").glob("*.json")).name
    stray.mkdir(parents=True)
    (stray / name).write_bytes((exhibit / "custody/receipts" / name).read_bytes() + b" ")
    assert any("not the file that the record names" in p for p in problems(exhibit))
    shutil.rmtree(exhibit / "custody/next")
    for end in ("json", "p7s"):
        (exhibit / "custody" / f"{len(records(exhibit)):05}.{end}").unlink()
    assert any("no record names it" in p for p in problems(exhibit)), "a cut tail"


os.environ.pop("TOCSIN_IDENTITY", None)
if __name__ == "__main__":
    evidence_scenario.main()
