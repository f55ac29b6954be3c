#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# not a test: what the tests of failing calls share
"""Programs whose k-th allocation or k-th change of a file fails (tests/fault/fail_call.c).

FAULT_EVERY=1 tries every k; otherwise a sample that is spread over all of them, FAULT_TIMES as
large (1)."""

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ.get("TOCSIN_SOURCE", Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(SOURCE / "tests/scenario"))

EVERY = os.environ.get("FAULT_EVERY", "") not in ("", "0")
TIMES = int(os.environ.get("FAULT_TIMES", "1"))
MEMORY, FILES, CLOSES = 1, 2, 4  # may be added up
ONCE, FROM_THERE_ON, KILLED = 0, 1, 2
MANNERS = {"once": ONCE, "from there on": FROM_THERE_ON, "killed": KILLED}
LAYOUT = "=6q"


class Faults:
    """The preloaded library and its page, which says what fails next."""

    def __init__(self, folder):
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if not compiler:
            print("skipped: no C compiler")
            sys.exit(0)
        self.library = Path(folder) / "fail_call.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", self.library,
                        SOURCE / "tests/fault/fail_call.c", "-ldl"], check=True)
        self.page = Path(folder) / "page"
        self.page.write_bytes(bytes(struct.calcsize(LAYOUT)))
        self.environment = {**os.environ, "LD_PRELOAD": str(self.library),
                            "FAULT_PAGE": str(self.page)}

    def arm(self, what=0, at=0, how=ONCE, pid=0):
        with open(self.page, "r+b") as file:  # in place: it is mapped
            file.write(struct.pack(LAYOUT, what, at, how, pid, 0, 0))

    def counts(self):
        """Calls seen, and calls that failed."""
        return struct.unpack(LAYOUT, self.page.read_bytes())[4:]

    def run(self, command, what, at=0, how=ONCE, data=None, timeout=120):
        """(what the program did, calls seen, calls failed)"""
        self.arm(what, at, how)
        done = subprocess.run(list(map(str, command)), env=self.environment, input=data,
                              capture_output=True, text=True, errors="replace", timeout=timeout,
                              check=False)
        seen, failed = self.counts()
        self.arm()
        return done, seen, failed


def sample(count, most):
    """Numbers from 1 to count: all, or `most` that are spread over them."""
    most *= TIMES
    if EVERY or count <= most:
        return range(1, count + 1)
    return sorted({1 + i * (count - 1) // (most - 1) for i in range(most)})
