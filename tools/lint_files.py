#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the house style says of files, and what a machine can see of it.

  lint_files.py licence    each source file names its licence in its first lines
  lint_files.py length     no file of ours over 900 lines; median of src under 300
  lint_files.py names      a file is named for what it owns, never "utils"
  lint_files.py calls      no strcpy, sprintf, atoi and the like; heap only by mem_*;
                           no buf printed that may have failed: output_put, output_slice
  lint_files.py marks      no words that mark unfinished work
"""

import re
import statistics
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
SOURCES = (".c", ".h", ".def", ".inc", ".py", ".sh", ".build")
LONGEST = 900
MEDIAN = 300
VAGUE = re.compile(r"^(utils?|common|misc|helpers?)(_|$)|_(utils?|common|misc|helpers?)$")
CALLS = re.compile(r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|atoi|atol|atof|gets|strtok|alloca|"
                   r"malloc|calloc|realloc|strdup|strndup|asprintf|vasprintf)\s*\(")
# Printed as if it were whole, also when memory was short: base/output.h prints what may have failed.
LOST = re.compile(r"\b(say_field|say_text|say_styled|say_wrapped|f?printf|fputs)\s*\([^;]*\bbuf_(slice|text)\s*\(")
CHECKED = ("src/cli/witness.c", "src/agent/command_status.c")  # by buf_check, before
# Who may call what the rule forbids, and why.
ALLOWED_CALLS = {
    "src/base/memory.c": "it is where the heap is",
}
MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|not yet implemented|\bfor now\b")


def tracked():
    """Paths of the files under version control, or all of them in an unpacked archive."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, check=True,
                                capture_output=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        listed = [str(p.relative_to(TOP)) for p in TOP.rglob("*")
                  if not p.relative_to(TOP).parts[0].startswith(("build", "."))]
    return [name for name in listed if name and (TOP / name).is_file()]


def text(name):
    return (TOP / name).read_text(encoding="utf-8", errors="replace")


def is_source(name):
    if Path(name).suffix in SOURCES:
        return True
    return Path(name).suffix == "" and text(name)[:2] == "#!"


def without_comments(code):
    """C code with comments and strings blanked, its lines kept."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, code, flags=re.S)


def licence(names):
    for name in filter(is_source, names):
        if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text(name).splitlines()[:3]):
            yield f"{name}:1: no SPDX-License-Identifier in the first lines"


def length(names):
    lengths = {name: len(text(name).splitlines()) for name in names
               if is_source(name) and name.startswith(("src/", "tests/", "tools/"))}
    for name, lines in lengths.items():
        if lines > LONGEST:
            yield f"{name}: {lines} lines; {LONGEST} are allowed: is it one thing?"
    own = [lines for name, lines in lengths.items() if name.startswith("src/")]
    if own and statistics.median(own) > MEDIAN:
        yield f"src: the median file has {statistics.median(own)} lines, over {MEDIAN}"


def names_of(names):
    for name in names:
        if name.startswith(("src/", "tests/", "tools/")) and VAGUE.search(Path(name).stem):
            yield f"{name}: name it for the thing that it owns"


def calls(names):
    for name in names:
        if not name.startswith("src/") or Path(name).suffix not in (".c", ".h"):
            continue
        if name in ALLOWED_CALLS:
            continue
        for number, line in enumerate(without_comments(text(name)).splitlines(), 1):
            for found in CALLS.finditer(line):
                yield f"{name}:{number}: {found.group(1)} is not used here (docs/architecture.md)"
            if name.startswith(("src/cli/", "src/agent/")) and name not in CHECKED and \
                    LOST.search(line):
                yield f"{name}:{number}: what may have failed is printed by output_put (base/output.h)"


def marks(names):
    for name in names:
        if not name.startswith(("src/", "tests/", "docs/")) or not is_source(name):
            continue
        for number, line in enumerate(text(name).splitlines(), 1):
            found = MARKS.search(line)
            if found:
                yield f'{name}:{number}: "{found.group(0)}" marks unfinished work'


LINTS = {"licence": licence, "length": length, "names": names_of, "calls": calls, "marks": marks}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in LINTS:
        sys.exit(__doc__)
    found = list(LINTS[sys.argv[1]](tracked()))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
