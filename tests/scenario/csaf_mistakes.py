#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tocsin csaf validate on the mistakes that people make: the root cause first, in the right line,
with what would be right where that can be known; exit codes 0, 1, 2 and 3."""

import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
GOOD = SOURCE / "examples/advisories/nl-2026-0001.json"
failures = 0


def validate(*words, code, data=None):
    """What it says on standard output and on standard error."""
    done = subprocess.run([TOCSIN, "csaf", "validate", *map(str, words)], input=data,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout.decode(), done.stderr.decode()


def test(function):
    global failures  # pylint: disable=global-statement
    try:
        function()
        print(f"ok {function.__doc__}", flush=True)
    except AssertionError as wrong:
        failures += 1
        print(f"not ok {function.__doc__} — {wrong}", flush=True)


class Folder:
    def __init__(self):
        self.holder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.holder.name)

    def put(self, content, name="document.json"):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, (dict, list)):
            content = json.dumps(content, indent=2).encode()
        path.write_bytes(content)
        return path


folder = Folder()
good = json.loads(GOOD.read_text())


def changed(change):
    value = copy.deepcopy(good)
    change(value)
    return value


def line_of(path, text):
    lines = [number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line]
    assert len(lines) == 1, (text, lines)
    return lines[0]


@test
def no_documents():
    """what is no JSON, or no CSAF, is 1 and says what it seems to be"""
    text = GOOD.read_bytes()
    cases = (
        (b"", "the text is empty"),
        (b"  \n", "the text is empty"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"\x1f\x8b\x08\x00abc", "gzip"),
        (b"PK\x03\x04abc", "ZIP"),
        (b"\x7fELF\x02\x01", "this is no text"),
        (text[:500], "the object was opened at line"),
        (text.decode().encode("utf-16"), "UTF-16"),
        (text.decode().encode("utf-16-le"), "UTF-16"),
        (b"\xef\xbb\xbf" + text, "byte order mark"),
        (text + text, "expected the end of the text"),
        (text.replace(b'"2.0",', b'"2.0",,', 1), "line 4 column"),
        (text.replace(b'"document": {', b'"document": {"title": "a", "title": "b",', 1),
         'the name "title" stands twice'),
        ([good, good], "each document is a file of its own"),
        ({"documents": good["document"], "vulnerabilities": []}, '"document" meant'),
        ({"document": []}, "it is no object"),
        ({"document": {"title": "x"}}, 'add "csaf_version"'),
        ({"document": {"csaf_version": 2.0}}, "double quotes"),
        ({"document": {"csaf_version": "1.2"}}, 'CSAF version "1.2" is not known'),
        ({"id": "GO-1", "modified": "2026-01-01T00:00:00Z", "affected": []}, "OSV format"),
        ({"dataType": "CVE_RECORD", "cveMetadata": {}}, "a CVE record"),
    )
    for content, said in cases:
        path = folder.put(content)
        out, _ = validate(path, code=1)
        assert "not valid" in out and said in out, (said, out)
        assert len(out) < 2000, out
        out, _ = validate("--json", path, code=1)
        report = json.loads(out)
        assert report["valid"] is False and report["schema"]["errors"][0]["line"] >= 1, report
        assert report["tests"] == [], report
    out, err = validate(folder.put(b"[" * 300), code=3)
    assert "refused: arrays and objects are nested deeper than 128" in out + err, (out, err)


@test
def drafts():
    """a draft of 2.1 is told by the address of its schema"""
    def change(value):
        value["document"]["csaf_version"] = "2.1"
        value["$schema"] = "https://docs.oasis-open.org/csaf/csaf/v2.1/csd01/schema/csaf.json"
    out, _ = validate(folder.put(changed(change)), code=1)
    assert 'must be "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json"' in out, out


@test
def repeated():
    """three hundred broken times are one kind of mistake, and do not hide another"""
    def change(value):
        tracking = value["document"]["tracking"]
        tracking["revision_history"] = [{"date": f"yesterday {n}", "number": str(n), "summary": "s"}
                                        for n in range(1, 301)]
        tracking["version"] = "300"
        value["vulnerabilities"][0]["title"] = 7
    path = folder.put(changed(change))
    out, _ = validate(path, code=1)
    assert out.count("yesterday") == 3, out
    assert "297 more like it at /document/tracking/revision_history/*/date" in out, out
    line = line_of(path, '"yesterday 1"')
    assert f"  {line}:" in out and "must be a string" in out, out
    report = json.loads(validate("--json", path, code=1)[0])
    assert len(report["schema"]["errors"]) == 301, len(report["schema"]["errors"])


@test
def one_time():
    """one bad timestamp is one message"""
    def change(value):
        value["document"]["tracking"]["revision_history"][0]["date"] = "2026-02-30T10:00:00Z"
    out, _ = validate(folder.put(changed(change)), code=1)
    assert ", 1 error\n" in out and out.count("  error  ") == 1, out


@test
def gaps():
    """a million missing revisions are named as a range"""
    def change(value):
        tracking = value["document"]["tracking"]
        tracking["revision_history"] = [
            {"date": "2026-01-01T00:00:00Z", "number": "1", "summary": "s"},
            {"date": "2026-01-02T00:00:00Z", "number": "1000000", "summary": "s"}]
        tracking["version"] = "1000000"
    out, _ = validate(folder.put(changed(change)), code=1)
    assert 'versions "2" to "999999"' in out and len(out) < 1000, out


@test
def meant():
    """misspelt ids and names of weaknesses come with what was meant, in their lines"""
    def change(value):
        vulnerability = value["vulnerabilities"][0]
        vulnerability["cwe"] = {"id": "CWE-787", "name": "Out-of-bounds Wrte"}
        vulnerability["product_status"]["known_affected"] += ["DC7-10O-OLD", "dc9", "nothing"]
    path = folder.put(changed(change))
    out, _ = validate(path, code=1)
    found = out.splitlines()
    for text, hint in (("DC7-10O-OLD", 'is "DC7-100-OLD" meant?'), ("dc9", 'is "DC9" meant?'),
                       ("nothing", None), ("Out-of-bounds Wrte", '"Out-of-bounds Write"')):
        at = [n for n, line in enumerate(found) if text in line and "  error  " in line]
        assert len(at) == 1 and found[at[0]].startswith(f"  {line_of(path, text)}:"), (text, out)
        assert (hint in found[at[0] + 2]) if hint else "→" not in found[at[0] + 2], (text, out)


@test
def unknown_catalogue():
    """a CWE catalogue newer than those known is not judged, and that is said"""
    done = subprocess.run([TOCSIN, "csaf", "convert", GOOD], capture_output=True, timeout=60,
                          check=False)
    value = json.loads(done.stdout)
    value["vulnerabilities"][0]["cwes"] = [
        {"id": "CWE-99999", "name": "Something New", "version": "99.0"}]
    path = folder.put(value)
    out, _ = validate("--test", "6.1.11", path, code=0)
    assert "not run: 6.1.11" in out and '"99.0" of CWE is newer' in out, out
    one = json.loads(validate("--json", "--test", "6.1.11", path, code=0)[0])["tests"][0]
    assert one["passed"] is None and one["not_run"] and not one["errors"], one


@test
def folders():
    """of a folder only documents count; what is named is judged whatever it is"""
    (folder.path / "mirror").mkdir()
    validate(folder.path / "mirror", code=3)
    folder.put({"feed": {}}, "mirror/feed.json")
    _, err = validate(folder.path / "mirror", code=3)
    assert "there is no CSAF document in" in err, err
    folder.put(good, "mirror/2026/a.json")
    out, _ = validate(folder.path / "mirror", code=0)
    assert "1 document: 1 valid" in out and "passed over: 1 file" in out, out
    out, err = validate("--json", folder.path / "mirror", code=0)
    assert len(out.splitlines()) == 1 and "passed over" in err, (out, err)
    validate(folder.path / "mirror/feed.json", code=1)
    folder.put({"document": {}}, "mirror/b.json")
    out, _ = validate("-j", "2", folder.path / "mirror", code=1)
    assert "2 documents: 1 valid, 1 not valid, 0 could not be read" in out, out
    validate(folder.path / "mirror", "/nowhere.json", code=3)


@test
def examples():
    """the advisories of examples/ obey all that they must"""
    out, _ = validate(SOURCE / "examples", code=0)
    assert "6 documents: 6 valid" in out, out


@test
def unreadable():
    """what cannot be read is 3, and says why"""
    assert "No such file" in validate("/nowhere/x.json", code=3)[1]
    if os.geteuid() != 0:
        path = folder.put(good, "secret.json")
        path.chmod(0)
        assert "Permission denied" in validate(path, code=3)[1]


@test
def usage():
    """wrong words are 2, with those that are known"""
    for words, said in ((("--preset", "nonsense"), "mandatory, recommended"),
                        (("--preset", "manditory"), 'is "mandatory" meant?'),
                        (("--test", "6.1.99"), 'no test "6.1.99"'), (("-j", "0"), "from 1 to 64"),
                        (("--bogus",), "no option")):
        _, err = validate(*words, GOOD, code=2)
        assert said in err, (words, err)
    validate(code=2)


@test
def pipes():
    """- is standard input"""
    assert validate("-", code=0, data=GOOD.read_bytes())[0].startswith("standard input: valid")
    assert json.loads(validate("--json", "-", code=0, data=GOOD.read_bytes())[0])["file"] == "-"
    validate("-", code=1, data=b"")


sys.exit(1 if failures else 0)
