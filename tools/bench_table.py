#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the rows of benches ("what | ours | beside | ratio | goal") and prints them as a table, with
a last column that says whether the goal is met. Lines that begin with '#' come below it."""

import re
import sys

NUMBER = re.compile(r"(\d[\d,]*\.?\d*)")
GOAL = re.compile(r"(<=|>=|≤|≥|<|>)\s*(\d[\d,]*\.?\d*)")


def number(text):
    found = NUMBER.search(text)
    return float(found.group(1).replace(",", "")) if found else None


def verdict(row):
    """Compares the ratio (or, where there is none, our own number) with the goal."""
    goal = GOAL.search(row[4])
    measured = number(row[3])
    if measured is None:
        measured = number(row[1])
    if not goal or measured is None:
        return ""
    wanted = float(goal.group(2).replace(",", ""))
    at_most = goal.group(1) in ("<=", "≤", "<")
    return "met" if (measured <= wanted if at_most else measured >= wanted) else "MISSED"


def main():
    rows, notes = [], []
    for line in sys.stdin:
        line = line.rstrip("\n")
        if line.startswith("#"):
            notes.append(line[2:])
        elif line.count("|") >= 4:
            cells = [cell.strip() for cell in line.split("|")]
            rows.append([*cells[:5], verdict(cells)])
    rows.insert(0, ["what", "ours", "beside", "ratio", "goal", ""])
    widths = [max(len(row[i]) for row in rows) for i in range(6)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    if notes:
        print()
        print("\n".join(notes))


if __name__ == "__main__":
    main()
