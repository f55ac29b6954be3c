#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
"""Exports, disclosures, wrapped bundles, copies and reports that the process dies in, call by call, or
that the disk fails: no record says that something was done that was not, nothing is there that no
record speaks of, and what was broken off is told by custody verify and gaps.

FAULT_EVERY=1: every call, not a sample."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

import faults
from faults import CLOSES, FILES, FROM_THERE_ON, KILLED, sample

import evidence_scenario
from evidence_scenario import test
from evidence_custody import PLACE, SOURCE, TOCSIN, WHY, People, acquired, problems, read, records, run

MOST = 25
MANNERS = {"killed": KILLED, "no room": errno.ENOSPC << 8 | FROM_THERE_ON}
os.environ.pop("TOCSIN_IDENTITY", None)


def kinds(holder):
    names = {p.name: p for at in ("custody", "custody/next") for p in (holder / at).glob("0*.json")}
    return [json.loads(names[n].read_text()) for n in sorted(names)]


def open_begun(holder):
    return [b["record"] for b in read(None, "custody", "verify", holder)[0]["begun"]]


def is_gap(case, holder):
    rows = json.loads(run(None, "gaps", case, "--json", code=1).stdout)["rows"]
    return str(holder) in next(r for r in rows if r["row"] == 45)["missing_in"]


def endures(folder, word, words, there, part=None):
    """words(bundle): the command; there(): is what it makes to be seen, under its name?"""
    people = People(folder)
    case, exhibit, bundle = acquired(folder, people)
    run(people.defr, "seal", bundle, "--tsa-none", "--relevance", "a", "--reliability", "b", "--sufficiency", "c",
        *WHY)
    kept, seen = folder / "kept", set()
    shutil.copytree(case, kept)
    command = [TOCSIN, "evidence", *words(bundle), "--identity", people.defr, *WHY]
    target = folder / "made"
    with tempfile.TemporaryDirectory() as place:
        broken = faults.Faults(place)

        def attempt(k, how):
            shutil.rmtree(case)
            shutil.copytree(kept, case)
            for left in folder.glob("made*"):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            return broken.run(command, FILES | CLOSES, k, how)

        done, calls, _ = attempt(0, 0)
        assert done.returncode == 0 and there(target), done.stderr
        first, last = kinds(bundle)[-2:]
        assert first["kind"] == "begun" and first["details"]["what"] == word, first
        assert last["kind"] == word and last["details"]["begun"] == first["number"], last
        assert open_begun(bundle) == [] and not is_gap(case, bundle)
        for manner, how in MANNERS.items():
            for k in sample(calls, MOST):
                done, _, _ = attempt(k, how)
                state = f"call {k} of {calls}, {manner}, exit {done.returncode}: {done.stderr[-300:]}"
                assert problems(bundle, 0) == [], state
                log = kinds(bundle)[2:]
                said, made = [r["kind"] for r in log], there(target)
                assert said in ([], ["begun"], ["begun", word], ["begun", "not-done"]), (state, said)
                assert word not in said or made, (state, "recorded, and not done")
                assert not made or said in (["begun"], ["begun", word]), (state, said)
                assert done.returncode != 0 or said == ["begun", word], (state, said)
                opened = said == ["begun"]
                script = subprocess.run([sys.executable, SOURCE / "tools/verify_evidence.py", bundle],
                                        capture_output=True, text=True, check=False)
                assert script.returncode == 0 and ("what was to be" in script.stdout) == opened, (state, script.stdout)
                assert (open_begun(bundle) != []) == opened, (state, said)
                assert is_gap(case, bundle) == (opened and word != "wrapped"), state
                told = run(None, "custody", "verify", bundle).stdout
                assert ("began at" in told) == opened, (state, told)
                assert read(None, "verify", bundle)["begun"] == (opened and word != "wrapped"), state
                seen.add((manner, *said, made))
    assert {("killed", "begun", False), ("killed", "begun", True)} <= seen, seen
    assert any(s[:3] == ("no room", "begun", "not-done") for s in seen) or \
        ("no room", "begun", False) in seen, seen


@test("an export: begun, then exported or not done; what was broken off is told")
def exported(folder):
    endures(folder, "exported", lambda b: ["export", b, folder / "made"], lambda t: t.exists())


@test("a disclosure: likewise")
def disclosed(folder):
    endures(folder, "disclosed", lambda b: ["disclose", b, "-o", folder / "made", "--range", "0:10"],
            lambda t: t.exists())


@test("a wrapped bundle: likewise; in what is wrapped, the log says for whom it was begun")
def wrapped(folder):
    endures(folder, "wrapped", lambda b: ["wrap", b, folder / "made", "--to", folder / "lang/chain.pem"],
            lambda t: t.exists())


@test("what fails says so in the log, and words about it close what was broken off")
def failing(folder):
    people = People(folder)
    case, _, bundle = acquired(folder, people)
    (folder / "made").write_text("in the way")
    run(people.defr, "export", bundle, folder / "made", *WHY, code=3)
    first, last = records(bundle)[-2:]
    assert (first["kind"], last["kind"]) == ("begun", "not-done") and "already" in last["details"]["why"], last
    assert last["details"]["what"] == "exported" and open_begun(bundle) == []
    done = run(people.defr, "disclose", bundle, "-o", folder / "shown", "--files", "no such", *WHY, code=3)
    assert records(bundle)[-1]["kind"] == "not-done" and not (folder / "shown").exists(), done
    with tempfile.TemporaryDirectory() as place:
        broken = faults.Faults(place)
        command = [TOCSIN, "evidence", "export", bundle, folder / "other", "--identity", people.defr, *WHY]
        count = len(records(bundle))
        for k in range(5, 100):
            broken.run(command, FILES | CLOSES, k, KILLED)
            if len(kinds(bundle)) > count:
                break
    run(people.defr, "note", bundle, "--text", "t", *PLACE)
    number, = open_begun(bundle)
    assert is_gap(case, bundle)
    assert f"Record {number} began" in " ".join(run(people.defr, "report", case, *PLACE, code=0).stdout.split())
    run(people.defr, "correct", bundle, "--record", number, "--text", "the machine died; nothing was there", *PLACE)
    assert open_begun(bundle) == [] and not is_gap(case, bundle)


@test("a report and a graph are recorded when they are whole, and get their name behind that")
def reported(folder):
    people = People(folder)
    case, _, _ = acquired(folder, people)
    kept = folder / "kept"
    shutil.copytree(case, kept)
    for words, word in ((["report", case, "-o", folder / "made.html"], "access"),
                        (["case-export", case, "-o", folder / "made.html"], "exported")):
        with tempfile.TemporaryDirectory() as place:
            broken = faults.Faults(place)
            command = [TOCSIN, "evidence", *words, "--identity", people.defr, *WHY]
            made, part = folder / "made.html", folder / "made.html.part"

            def attempt(k, how):
                shutil.rmtree(case)
                shutil.copytree(kept, case)
                for left in folder.glob("made*"):
                    left.unlink()
                return broken.run(command, FILES | CLOSES, k, how)

            done, calls, _ = attempt(0, 0)
            assert done.returncode == 0 and made.exists() and not part.exists(), done.stderr
            before = len(kinds(kept))
            for manner, how in MANNERS.items():
                for k in range(1, calls + 1):
                    done, _, _ = attempt(k, how)
                    new = kinds(case)[before:]
                    state = f"{words[0]}, call {k} of {calls}, {manner}: {done.stderr[-300:]}"
                    assert problems(case, 0) == [], state
                    assert [r["kind"] for r in new] in ([], [word]), state
                    untraced = "not recorded, and no note could be left" in done.stderr
                    assert not made.exists() or new or untraced, (state, "nothing speaks of it")
                    if new:
                        whole = made if made.exists() else part
                        assert "sha256:" + sha(whole) == new[0]["details"]["sha256"], state


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@test("a copy that was whole and not recorded is recorded by the same command, and not made anew")
def copied(folder):
    people = People(folder)
    case, _, bundle = acquired(folder, people)
    kept, seen = folder / "kept", set()
    shutil.copytree(case, kept)
    copy = case / "exhibits/EX-1.1/disk.evidence"
    command = [TOCSIN, "evidence", "copy", bundle, "--identity", people.defr, *WHY]
    with tempfile.TemporaryDirectory() as place:
        broken = faults.Faults(place)

        def attempt(k, how):
            shutil.rmtree(case)
            shutil.copytree(kept, case)
            return broken.run(command, FILES | CLOSES, k, how)

        _, calls, _ = attempt(0, 0)
        for k in sample(calls, 3 * MOST):
            attempt(k, KILLED)
            state = f"call {k} of {calls}"
            whole = copy.exists() and not (copy / "INCOMPLETE").exists()
            logged = bool(kinds(copy))
            seen.add((whole, logged))
            if not logged:
                run(people.defr, "copy", bundle, *WHY)
            state += f": {sorted(str(p.relative_to(case)) for p in case.glob('exhibits/*/*'))}"
            assert [r["kind"] for r in kinds(copy)][:1] == ["copied"] and problems(case, 0) == [], state
            assert sorted(p.name for p in (case / "exhibits").glob("E*")) == ["EX-1", "EX-1.1"], state
    assert (True, False) in seen, seen


if __name__ == "__main__":
    evidence_scenario.main()
