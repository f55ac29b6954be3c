#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What documents claim about the tree, checked against it.

  lint_docs.py conformance   tests named in docs/conformance/*.md exist (`path` or `path:name`)
  lint_docs.py csaf          docs/conformance/csaf.md has each test of the standard, as the tree has it
  lint_docs.py links         relative links in *.md lead somewhere, and so do `src/…` and `tools/…`
  lint_docs.py sql           each statement of src/store/sql/*.def is used, each used one is there
  lint_docs.py config        each key of the configuration is used somewhere
  lint_docs.py man           man pages are well-formed (needs man from man-db, or mandoc)
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
NAMED_TEST = re.compile(r"`(tests/[\w./-]+)(?::(\w+))?`")
PATH = re.compile(r"`((?:src|tools|etc|tests|docs)/[\w./*-]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def conformance():
    for page in sorted((TOP / "docs" / "conformance").glob("*.md")):
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            for path, name in NAMED_TEST.findall(line):
                where = f"{page.relative_to(TOP)}:{number}"
                target = TOP / path
                if not target.exists():
                    yield f"{where}: there is no {path}"
                elif name and not re.search(rf"\b{name}\b", target.read_text(encoding="utf-8")):
                    yield f"{where}: {path} has no test {name}"


def links():
    pages = [*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md")]
    for page in sorted(pages):
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            for target in LINK.findall(line):
                if ":" not in target and not (page.parent / target).exists():
                    yield f"{page.relative_to(TOP)}:{number}: the link to {target} leads nowhere"
            for path in PATH.findall(line):
                if not any(TOP.glob(path.rstrip("/"))):
                    yield f"{page.relative_to(TOP)}:{number}: there is no {path}"


def sql():
    defined = {}
    for page in sorted((TOP / "src" / "store" / "sql").glob("*.def")):
        for found in re.finditer(r"^\s*SQL\(\s*(\w+)\s*,", page.read_text(encoding="utf-8"), re.M):
            if found.group(1) in defined:
                yield f"{page.relative_to(TOP)}: {found.group(1)} is in {defined[found.group(1)]} too"
            defined[found.group(1)] = page.relative_to(TOP)
    used = set()
    for folder in ("src", "tests"):
        for page in (TOP / folder).rglob("*.[ch]"):
            used.update(re.findall(r"\bSQL_(\w+)\b", page.read_text(encoding="utf-8")))
    for name in sorted(set(defined) - used):
        yield f"{defined[name]}: {name} is not used"


def config():
    table = TOP / "src" / "centre" / "config_keys.def"
    if not table.exists():
        return
    code = ""
    for page in (TOP / "src").rglob("*.c"):
        code += page.read_text(encoding="utf-8")
    for section, key in re.findall(r"^KEY\((\w+),\s*(\w+),", table.read_text(encoding="utf-8"), re.M):
        if not re.search(rf"(?:->|\.){section}_{key}\b", code):
            yield f"src/centre/config_keys.def: nothing uses {section} {key}"


def man():
    pages = sorted((TOP / "docs").rglob("*.[1-8]"))
    if shutil.which("mandoc"):
        command = ["mandoc", "-T", "lint", "-W", "warning"]
    elif shutil.which("groff"):
        command = ["groff", "-mandoc", "-Tutf8", "-ww", "-z"]
    else:
        return
    for page in pages:
        done = subprocess.run([*command, str(page)], capture_output=True, text=True, check=False)
        said = (done.stdout if command[0] == "mandoc" else done.stderr).strip()
        if said:
            yield said


def csaf():
    done = subprocess.run([TOP / "tools" / "make_csaf_conformance", "--check"], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        yield (done.stdout + done.stderr).strip()


LINTS = {"conformance": conformance, "csaf": csaf, "links": links, "sql": sql, "config": config, "man": man}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in LINTS:
        sys.exit(__doc__)
    found = list(LINTS[sys.argv[1]]())
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
