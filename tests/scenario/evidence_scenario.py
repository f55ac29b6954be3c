# SPDX-License-Identifier: Apache-2.0
# not a test: a module of the evidence_*.py beside it
"""What scenario tests of evidence do alike: each test is a function of a folder of its own, and is
told as ok, not ok (where), or skipped (why)."""

import pathlib
import shutil
import sys
import tempfile

tests = []


class Skipped(Exception):
    """Raised by a test that cannot be carried out here, with the reason."""


def test(name):
    def add(function):
        tests.append((name, function))
        return function
    return add


def main(before=None):
    """Runs them all, or those functions that the command line names. before: asked first in each."""
    failures = 0
    with tempfile.TemporaryDirectory() as top:
        for number, (name, function) in enumerate(tests):
            if sys.argv[1:] and function.__name__ not in sys.argv[1:]:
                continue
            folder = pathlib.Path(top) / str(number)
            folder.mkdir()
            try:
                if before:
                    before()
                function(folder)
                print(f"ok {name}", flush=True)
            except Skipped as why:
                print(f"skipped: {name}: {why}", flush=True)
            except Exception as problem:  # pylint: disable=broad-except
                failures += 1
                text = f"{type(problem).__name__} {problem}"
                print(f"not ok {name} — {text[:900]} (line {problem.__traceback__.tb_next.tb_lineno})",
                      flush=True)
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failures else 0)
