#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the single tests in a log of `meson test` (testlog*.json): each cmocka test counts as one,
and a test program without cmocka's lines as one. Prints the names of what failed or was skipped, the
lines "measured: …", and last "PASSED FAILED SKIPPED". A program that dies adds one failure to what it
had counted so far; so does one that says "skipped: …" where all its tests count as passed."""

import json
import re
import sys

PASSED = re.compile(r"^\[\s+OK \] (\S+)", re.M)
FAILED = re.compile(r"^\[\s+FAILED\s+\] (?!\S+: \d+ test|\d+ test)(\S+)", re.M)
SKIPPED = re.compile(r"^\[\s+SKIPPED \] (?!\d+ test)(\S+)", re.M)
MEASURED = re.compile(r"^measured: .*$", re.M)
SAID_SKIPPED = re.compile(r"^skipped: .*$", re.M)
TELLS = re.compile(r"ERROR|LINE   \]|runtime error|SUMMARY|Assertion|[Ww]arning: ThreadSan")
TELLING_LINES = 30
TAIL_LINES = 10


def what_it_said(output):
    """The lines that tell what is wrong, and the last ones."""
    lines = output.strip().splitlines()
    telling = [line for line in lines if TELLS.search(line)][:TELLING_LINES]
    last = [line for line in lines[-TAIL_LINES:] if line not in telling]
    return "\n".join("    " + line[:300] for line in telling + last)


def main(path):
    passed = failed = skipped = 0
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            entries = [json.loads(line) for line in log if line.strip()]
    except FileNotFoundError:
        entries = []
    for entry in entries:
        output = (entry.get("stdout") or "") + "\n" + (entry.get("stderr") or "")
        ok = set(PASSED.findall(output))
        bad = set(FAILED.findall(output))
        left_out = set(SKIPPED.findall(output))
        good_end = entry["result"] in ("OK", "EXPECTEDFAIL", "SKIP")
        for name in sorted(bad):
            print(f"not ok {entry['name']}: {name}")
        if not good_end and not bad:
            bad.add("program")
            print(f"not ok {entry['name']}: {entry['result'].lower()} ({entry.get('returncode')})")
        said_skipped = sorted(set(SAID_SKIPPED.findall(output)))
        if said_skipped and ok and not left_out and not bad:
            bad.add("skipped")
            print(f"not ok {entry['name']}: says that it skips, and counts it as passed")
        if bad:
            print(what_it_said(output))
        for line in MEASURED.findall(output):
            print(line)
        for line in said_skipped:
            print(f"{entry['name']}: {line}")
        if entry["result"] == "SKIP" and not ok:
            skipped += 1
        elif not ok and not bad and not left_out:
            ok.add("program")
        passed += len(ok - bad)
        failed += len(bad)
        skipped += len(left_out)
    print(passed, failed, skipped)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: count_tests.py TESTLOG.json")
    main(sys.argv[1])
