#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""tocsin csaf ranges: what it counts, shows and refuses; and, where the data is there, how far the
versions of CISA's advisories are understood."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
CORPUS = SOURCE / "../shared/data/cisa-csaf"

failures = 0


def test(step):
    global failures  # pylint: disable=global-statement
    name = step.__doc__
    try:
        said = step() or ""
        print(said if said.startswith("skipped: ") else f"ok {name}", flush=True)
        if said.startswith("measured: "):
            print(said, flush=True)
    except Exception:  # pylint: disable=broad-except
        failures += 1
        print(f"not ok {name} — {traceback.format_exc().strip().replace(chr(10), ' | ')}",
              flush=True)


def run(*words, code=0):
    done = subprocess.run([TOCSIN, "csaf", "ranges", *map(str, words)], capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def advisory(*leaves):
    return json.dumps({
        "document": {"csaf_version": "2.0"},
        "product_tree": {"branches": [{"category": "product_name", "name": "P", "branches": [
            {"category": category, "name": name} for category, name in leaves]}]}}, indent=1)


RANGE, VERSION = "product_version_range", "product_version"
folder = pathlib.Path(tempfile.mkdtemp())


@test
def counts():
    """counts, grades, examples with file and line"""
    (folder / "a").mkdir()
    (folder / "a/one.json").write_text(advisory(
        (RANGE, "< 4.3"), (RANGE, "< 4.3"), (VERSION, "4.3"), (VERSION, "vers:all/*"),
        (RANGE, "NMC2 <= 6.9.6"), (VERSION, "NMC2 <= 6.9.6"), (RANGE, "No version"),
        ("patch_level", "SP1")), encoding="utf-8")
    (folder / "a/index.json").write_text("[]", encoding="utf-8")
    (folder / "a/notes.txt").write_text("not read", encoding="utf-8")
    seen = json.loads(run("--json", folder).stdout)
    assert (seen["documents"], seen["refused"], seen["leaves"], seen["texts"]) == (1, 0, 7, 6), seen
    assert (seen["exact"], seen["reduced"], seen["not_understood"]) == (4, 2, 1), seen
    assert sum(f[g] for f in seen["forms"] for g in ("exact", "reduced", "not_understood")) == 7
    (worst,) = [r for r in seen["reasons"] if r["grade"] == "not_understood"]
    (example,) = worst["examples"]
    assert example["text"] == "No version" and example["file"].endswith("a/one.json"), example
    line = (folder / "a/one.json").read_text(encoding="utf-8").split("\n")[example["line"] - 1]
    assert "No version" in line, line
    said = run(folder).stdout
    assert "7 versions in 1 document, 6 different texts" in said, said
    assert '"No version"' in said and f"one.json:{example['line']}" in said, said
    assert '"No version"' not in run("--examples", 0, folder).stdout
    assert all(not r["examples"] for r in json.loads(run("--json", "--examples", 0,
                                                         folder).stdout)["reasons"])


@test
def bad_documents():
    """a bad document is named and stops no other; a stranger's text steers no terminal"""
    (folder / "b").mkdir()
    (folder / "b/a.json").write_text('{"document":', encoding="utf-8")
    (folder / "b/b.json").write_text(advisory((RANGE, "<\u001b[m \u202e what")), encoding="utf-8")
    done = run(folder / "b", code=3)
    assert "a.json" in done.stderr and "line 1" in done.stderr, done.stderr
    assert "1 version in 1 document" in done.stdout, done.stdout
    assert "\u001b" not in done.stdout and "\u202e" not in done.stdout
    seen = json.loads(run("--json", folder / "b", code=3).stdout)
    assert seen["refused"] == 1 and seen["not_understood"] == 1, seen


@test
def refusals():
    """what is not there, not CSAF, or asked wrongly"""
    assert "nothing" in run(folder / "nothing.json", code=3).stderr
    assert "csaf_version" in run(folder / "a/index.json", code=3).stderr
    assert run(code=2).stderr.startswith("tocsin:")
    assert "--examples" in run("--examples", "many", folder, code=2).stderr


@test
def long_leaf():
    """100 KB of one leaf"""
    text = " | ".join(f"{i // 100}.{i % 100}" for i in range(15000))[:100 << 10]
    (folder / "c").mkdir()
    (folder / "c/long.json").write_text(advisory((VERSION, text)), encoding="utf-8")
    assert json.loads(run("--json", folder / "c").stdout)["exact"] == 1


@test
def corpus():
    """CISA's advisories: at least 93 % exact, 98 % exact or reduced"""
    if not CORPUS.is_dir():
        return "skipped: no ../shared/data"
    seen = json.loads(run("--json", CORPUS).stdout)
    exact, reduced = seen["exact"] / seen["leaves"], seen["reduced"] / seen["leaves"]
    assert seen["leaves"] > 3000 and exact >= 0.93 and exact + reduced >= 0.98, seen
    return (f"measured: tocsin csaf ranges on CISA's advisories: {seen['leaves']} versions in {seen['documents']} documents, {exact:.1%} exact, "
            f"{exact + reduced:.1%} exact or reduced")


sys.exit(1 if failures else 0)
