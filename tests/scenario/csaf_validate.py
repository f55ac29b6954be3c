#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""tocsin csaf validate as users run it: presets, single tests, exit codes, its JSON as docs/formats.md
has it; that it changes nothing; and what it says of real advisories."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
DATA = SOURCE / "../shared/data"
# CSAF 2.1 section 6.4: name, tests of 2.0, tests of 2.1
PRESETS = (("schema", 0, 0), ("mandatory", 43, 81), ("recommended", 20, 62), ("informative", 11, 34),
           ("basic", 43, 81), ("extended", 63, 143), ("full", 74, 177), ("additional", 0, 0),
           ("external-request-free", 72, 175), ("consistent-revision-history", 8, 11),
           ("consistent-date-times", 0, 6), ("ssvc", 1, 12), ("extensions", 0, 17),
           ("extensions-exist", 0, 7), ("recommended+informative", 31, 96), ("full+basic", 74, 177))
failures = 0
folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-validate-"))


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


def run(*words, code=0, text=None):
    done = subprocess.run([TOCSIN, "csaf", "validate", *map(str, words)], capture_output=True,
                          text=True, timeout=120, check=False, input=text)
    assert done.returncode == code, (words, done.returncode, done.stdout[-500:], done.stderr)
    return done


def document(version, **more):
    head = {"category": "csaf_base", "csaf_version": version, "title": "T",
            "publisher": {"category": "vendor", "name": "L", "namespace": "https://l.example"},
            "tracking": {"current_release_date": "2024-01-01T10:00:00Z", "id": "L-1",
                         "initial_release_date": "2024-01-01T10:00:00Z",
                         "revision_history": [{"date": "2024-01-01T10:00:00Z", "number": "1",
                                               "summary": "s"}],
                         "status": "final", "version": "1"}}
    whole = {"document": {**head, **more}}
    if version == "2.1":
        whole["$schema"] = "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json"
        whole["document"]["distribution"] = {"tlp": {"label": "CLEAR"}}
    return whole


def write(name, whole):
    path = folder / name
    path.write_text(whole if isinstance(whole, str) else json.dumps(whole, indent=2),
                    encoding="utf-8")
    return path


GOOD = {v: write(f"good-{v}.json", document(v)) for v in ("2.0", "2.1")}
BAD = write("bad.json", document("2.0", lang="ez"))


@test
def presets():
    """each preset of section 6.4 has its tests, in both versions; + joins them"""
    for name, *counts in PRESETS:
        for version, count in zip(("2.0", "2.1"), counts):
            seen = json.loads(run("--json", "--preset", name, GOOD[version]).stdout)
            assert seen["preset"] == name and seen["csaf_version"] == version, seen
            assert len(seen["tests"]) == count, (name, version, len(seen["tests"]))
            assert len({t["id"] for t in seen["tests"]}) == count
    assert "x_ours" in run("--preset", "x_ours", GOOD["2.0"], code=2).stderr
    said = run("--preset", "full+what", GOOD["2.0"], code=2).stderr
    assert '"what"' in said and "extensions-exist" in said, said
    assert "recommended" in run("--preset", "optional", GOOD["2.0"], code=2).stderr


@test
def single_tests():
    """one test, several, a section; an unknown one is refused"""
    def ids(*words):
        return [t["id"] for t in json.loads(run("--json", *words, GOOD["2.1"]).stdout)["tests"]]
    assert ids("--test", "6.1.1") == ["6.1.1"]
    assert ids("--test", "6.3.4", "--test", "6.1.1") == ["6.1.1", "6.3.4"]
    assert ids("--test", "6.1.27")[0] == "6.1.27.1" and len(ids("--test", "6.1.27")) == 19
    assert "9.9.9" in run("--test", "9.9.9", GOOD["2.1"], code=2).stderr


@test
def exit_codes():
    """0 valid, 1 not valid, 2 usage, 3 not there; the worst of several"""
    run(GOOD["2.0"], GOOD["2.1"])
    run(GOOD["2.0"], BAD, code=1)
    run(BAD, folder / "none.json", code=3)
    run(code=2)
    run("--jobs", "0", BAD, code=2)
    run("-", text=BAD.read_text(encoding="utf-8"), code=1)
    empty = folder / "empty"
    empty.mkdir()
    run(empty, code=3)
    for name, text in (("no-json.json", '{"document":'), ("no-csaf.json", "{}"),
                       ("later.json", document("9.9"))):
        seen = json.loads(run("--json", write(name, text), code=1).stdout)
        assert not seen["valid"] and seen["unreadable"]["message"], seen


@test
def findings():
    """place, rule, suggestion for people; the same in JSON; what follows from the schema once"""
    said = run("--preset", "full", BAD, code=1).stdout
    assert "6.1.12 Language" in said and "/document/lang" in said, said
    seen = json.loads(run("--json", "--test", "6.1.12", BAD, code=1).stdout)
    (one,) = seen["tests"]
    (error,) = one["errors"]
    assert one["group"] == "mandatory" and one["passed"] is False, one
    line = BAD.read_text(encoding="utf-8").split("\n")[error["line"] - 1]
    assert error["instance_path"] == "/document/lang" and "ez" in line, (error, line)
    assert line[error["column"] - 1:].startswith('"ez"'), (error, line)
    broken = document("2.0")
    broken["document"]["tracking"]["current_release_date"] = "yesterday"
    said = run(write("date.json", broken), code=1).stdout
    assert said.count("yesterday") <= 1 and said.count(" error ") == 1, said
    quiet = run("--quiet", GOOD["2.0"], BAD, code=1).stdout
    assert "good" not in quiet and "bad.json" in quiet, quiet


@test
def lines():
    """a folder is every .json below it, in order; one line of JSON each"""
    below = folder / "many/deep"
    below.mkdir(parents=True)
    for i in range(40):
        (below / f"{i:02}.json").write_text(GOOD["2.0"].read_text(encoding="utf-8"),
                                            encoding="utf-8")
    (below / "notes.txt").write_text("no document", encoding="utf-8")
    out = [json.loads(line) for line in
           run("--json", "-j", "3", folder / "many").stdout.splitlines()]
    assert [pathlib.Path(one["file"]).stem for one in out] == [f"{i:02}" for i in range(40)]
    assert all(one["valid"] for one in out)


@test
def warnings():
    """a range of a type that is not known is a warning with the type's name, and no failure"""
    whole = document("2.1")
    whole["product_tree"] = {"branches": [{"category": "product_version_range",
                                           "name": "vers:newtype/>=1|<2",
                                           "product": {"name": "P", "product_id": "P"}}]}
    path = write("range.json", whole)
    (one,) = json.loads(run("--json", "--test", "6.1.50", path).stdout)["tests"]
    assert one["passed"] and not one["errors"], one
    assert "newtype" in one["warnings"][0]["message"], one
    assert "newtype" in run(path).stdout


@test
def nothing_changes():
    """documents stay byte by byte, and nothing is written beside them"""
    def state():
        return {p: (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns)
                for p in folder.rglob("*") if p.is_file()}
    before = state()
    run("--preset", "full", *before, code=1)
    assert state() == before


@test
def corpus():
    """CISA's advisories: each gets an answer, and the same one alone"""
    where = DATA / "cisa-csaf/csaf_files"
    if not where.is_dir():
        return "skipped: no ../shared/data"
    done = subprocess.run([TOCSIN, "csaf", "validate", "--json", where], capture_output=True,
                          text=True, timeout=240, check=False)
    assert done.returncode in (0, 1), done.stderr
    lines_of = [json.loads(line) for line in done.stdout.splitlines()]
    seen = [one for one in lines_of if "feed" not in one["file"]]
    assert all("unreadable" in one for one in lines_of if one not in seen)
    assert len(seen) == 387, len(seen)
    assert all(len(one["tests"]) == 43 for one in seen)
    assert not [t for one in seen for t in one["tests"] if t["passed"] is None]
    for one in seen[::50]:
        alone = run("--json", one["file"], code=0 if one["valid"] else 1).stdout
        assert json.loads(alone) == one
    valid = sum(one["valid"] for one in seen)
    shape = sum(one["schema"]["valid"] for one in seen)
    return (f"measured: advisories of CISA by the mandatory tests: {valid} of {len(seen)} valid, "
            f"{shape} as the schema wants")


sys.exit(1 if failures else 0)
