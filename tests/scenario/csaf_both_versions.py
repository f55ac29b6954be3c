#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""Advisories of CSAF 2.1 are matched as those of 2.0 are: each example and, where they are there, some
of CISA's, in its own words and converted to 2.1, against the same inventories."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
CORPUS = SOURCE / "../shared/data/cisa-csaf/csaf_files/OT/white"
folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-versions-"))
failures = 0


def run(*words, codes=(0,)):
    done = subprocess.run([TOCSIN, *map(str, words)], capture_output=True, text=True, timeout=120,
                          check=False)
    assert done.returncode in codes, (words, done.returncode, done.stderr[-500:])
    return done.stdout


def judge(name, problem):
    global failures  # pylint: disable=global-statement
    failures += bool(problem)
    print(f"not ok {name} — {problem}" if problem else f"ok {name}", flush=True)


def converted(files, into):
    into.mkdir()
    for file in files:
        run("csaf", "convert", "--whole-numbers", "--out", into / file.name, file, codes=(0, 1))
    return into


def answers(inventories, advisories):
    """(inventory, advisory, CVE) → status."""
    words = [word for one in inventories for word in ("--inventory", one)]
    seen = {}
    out = run("match", "--json", *words, "--advisories", advisories, codes=(0, 1))
    for result in json.loads(out)["results"]:
        for one in result["statements"]:
            seen[result["asset"], result["advisory"]["id"], one["vulnerability"]] = one["status"]
    return seen


def compare(name, inventories, files, least):
    """The same answers; unknown on one side is careful, another answer is wrong."""
    plain = folder / f"{name}-2.0"
    plain.mkdir()
    for file in files:
        (plain / file.name).write_bytes(file.read_bytes())
    old = answers(inventories, plain)
    new = answers(inventories, converted(files, folder / f"{name}-2.1"))
    other = {key: (old.get(key), new.get(key)) for key in old.keys() | new.keys()
             if old.get(key) != new.get(key)}
    wrong = {key: pair for key, pair in other.items() if "unknown" not in pair}
    problem = None
    if len(old) < least:
        problem = f"only {len(old)} answers"
    elif wrong or len(other) * 10 > len(old):
        problem = f"{len(other)} of {len(old)} differ: {list((wrong or other).items())[:5]}"
    judge(f"{name}: matched alike in both versions", problem)
    print(f"measured: CSAF 2.1 beside 2.0, {name}: {len(old)} answers, {len(other)} more careful on "
          f"one side, {len(wrong)} contradict", flush=True)


def nameplates(files):
    """One for each product that an advisory calls by vendor, name and a single version."""
    def below(branches, path):
        for one in branches:
            here = {**path, one["category"]: one["name"]}
            if "product" in one and {"vendor", "product_name", "product_version"} <= here.keys():
                yield here
            yield from below(one.get("branches", []), here)
    made = []
    for file in files:
        tree = json.loads(file.read_text(encoding="utf-8")).get("product_tree", {})
        for here in list(below(tree.get("branches", []), {}))[:2]:
            path = folder / f"plate-{len(made)}.json"
            path.write_text(json.dumps({"format": "tocsin-nameplate/v1", "nameplate": {
                "vendor": here["vendor"][:200], "model": here["product_name"][:200],
                "firmware": here["product_version"][:100]}}), encoding="utf-8")
            made.append(path)
    return made[:60]


def main():
    examples = SOURCE / "examples"
    compare("examples", sorted((examples / "inventories").glob("*.json")),
            sorted((examples / "advisories").glob("*.json")), 5)
    if not CORPUS.is_dir():
        print("skipped: no ../shared/data")
    else:
        files = sorted(CORPUS.glob("*/icsa-*.json"))[::4]
        compare("advisories of CISA", nameplates(files), files, 50)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
