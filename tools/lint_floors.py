#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The floors of the house (docs/architecture.md): a file calls only lower floors or its own room.

Rooms of floor 3 do not include each other, but csaf is a document library that fleet and vuln use,
and the command line applies bundles with the agent's own code; what is named ..._internal.h stays
in its room; the agent uses the rooms of AGENT_USES only."""

import re
import sys
from pathlib import Path

FLOORS = {
    "base": 0,
    "crypto": 1, "store": 1,
    "journal": 2, "net": 2, "signer": 2, "product": 2, "prose": 2, "paper": 2,
    "pki": 3, "trust": 3, "csaf": 3, "vuln": 3, "fleet": 3, "incident": 3, "exchange": 3,
    "evidence": 3,
    "centre": 4,
    "cli": 5, "agent": 5,
}
SAME_FLOOR = {("fleet", "csaf"), ("vuln", "csaf"), ("cli", "agent")}
AGENT_USES = {"base", "crypto", "net", "csaf", "fleet", "journal", "product", "trust", "evidence"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def complaint(room, target):
    """Why `room` may not include the header `target`, or None."""
    if "/" not in target:
        return f'"{target}" has no room: write "{room}/{target}"'
    other = target.split("/", 1)[0]
    if other not in FLOORS:
        return f"there is no room {other}"
    if other == room:
        return None
    if target.endswith("_internal.h"):
        return f"{target} belongs to {other} alone"
    if room == "agent":
        return None if other in AGENT_USES else f"the agent does not use {other}"
    if FLOORS[other] < FLOORS[room] or (room, other) in SAME_FLOOR:
        return None
    kind = "above" if FLOORS[other] > FLOORS[room] else "beside"
    return f"{other} (floor {FLOORS[other]}) is {kind} {room} (floor {FLOORS[room]})"


def self_test():
    assert complaint("base", "base/buf.h") is None
    assert complaint("fleet", "csaf/document.h") is None
    assert complaint("csaf", "fleet/match.h")
    assert complaint("pki", "fleet/match.h")
    assert complaint("journal", "net/server.h")
    assert complaint("crypto", "store/db.h")
    assert complaint("centre", "store/db_internal.h")
    assert complaint("centre", "cli/table.h")
    assert complaint("agent", "store/db.h")
    assert complaint("base", "buf.h")
    assert complaint("cli", "centre/config.h") is None


def main():
    self_test()
    source = Path(__file__).resolve().parent.parent / "src"
    bad = 0
    for path in sorted(source.rglob("*")):
        if path.suffix not in (".c", ".h", ".def", ".inc"):
            continue
        room = path.relative_to(source).parts[0]
        if room not in FLOORS:
            print(f"{path}: there is no room {room}")
            bad += 1
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = INCLUDE.match(line)
            why = found and complaint(room, found.group(1))
            if why:
                print(f"src/{path.relative_to(source)}:{number}: {why}")
                bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
