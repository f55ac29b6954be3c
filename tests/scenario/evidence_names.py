#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""Names and words that are written to deceive: line feeds, escape sequences of terminals, HTML, bytes
that are no UTF-8, letters that turn the direction of writing. Wherever they come out, on a terminal, in
a page, in a manifest or a text beside the evidence, they are one harmless piece of a line."""

import html.parser
import json
import os
import re
import shutil
import subprocess
import zipfile

import evidence_scenario
from evidence_scenario import test
from evidence_custody import TOCSIN, People

ESCAPES = b"\x1b]0;owned\x07\x1b[2J\x9b1m"
HTML = b"<script>alert(1)</script><img src=x onerror=y>\"'&lt;"
EVIL = b"a" + ESCAPES + b"\n0000  forged line\r" + HTML.replace(b"/", b"_") + b"\xff\xfe \xe2\x80\xae \xc2\x85"
TEXT = EVIL.decode("utf-8", "replace")
WHY = (b"--reason", TEXT.encode(), b"--place", TEXT.encode(), b"--authority", TEXT.encode())
os.environ.pop("TOCSIN_IDENTITY", None)


def harmless(data, lines=True):
    """What a terminal is given: UTF-8 without control characters but the ends of lines. JSON is for
    programs, and may hold what is written in it but C0 controls."""
    text = data.decode("utf-8")
    if text[:1] in ("{", "["):
        assert not re.search("[\x00-\x08\x0b-\x1f]", text), text[:2000]
        return
    bad = [c for c in text if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 or c in "\u202e\u2066\u2028"]
    assert not bad, (bad, text[:2000])
    if lines:
        forged = [i for i, x in enumerate(text.split("\n")) if x.startswith("0000  forged")]
        assert not forged, text.split("\n")[forged[0] - 2:forged[0] + 1]


def run(who, *words, codes=(0, 1)):
    words = [w if isinstance(w, bytes) else os.fsencode(str(w)) for w in words]
    environment = {**os.environ, **({"TOCSIN_IDENTITY": str(who)} if who else {})}
    done = subprocess.run([TOCSIN, "evidence", *words], env=environment, capture_output=True, check=False)
    assert done.returncode in codes, (done.returncode, done.stdout, done.stderr, words)
    harmless(done.stdout)
    harmless(done.stderr)
    return done


class Page(html.parser.HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {a for a, _ in attrs}


def plain_page(path):
    text = path.read_text()
    harmless(text.encode(), lines=False)
    page = Page(text)
    assert not page.tags & {"script", "img", "iframe", "object", "a"}, page.tags
    assert not {a for a in page.attributes if a.startswith("on")}, page.attributes


def texts_of(bundle):
    for name in ("VERIFY.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"):
        data = (bundle / name).read_bytes()
        assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", data), (name, data)
        assert b"\n0000  forged" not in data, (name, data)
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        lines = (bundle / name).read_bytes().split(b"\n")
        assert all(re.fullmatch(rb"[0-9a-f]{64}  [^\x00-\x1f]+", x) for x in lines[:-1]) and not lines[-1]
    for name in ("acquisition.json", "case.jsonld"):
        json.loads((bundle / name).read_text())


def scene(folder):
    people = People(folder)
    place = folder / os.fsdecode(EVIL)
    place.mkdir()
    case = place / "case"
    run(people.defr, "case", "new", case, "--person-in-charge", TEXT, "--contact", TEXT, "--title", TEXT, *WHY)
    disk = place / os.fsdecode(b"disk " + EVIL)
    disk.write_bytes(os.urandom(300000))
    photo = place / os.fsdecode(b"photo " + EVIL)
    photo.write_bytes(b"\xff\xd8")
    run(people.defr, "exhibit", "add", case, "--source-type", "static", "--description", TEXT, "--make", TEXT,
        "--serial", TEXT, "--photo", photo, *WHY)
    return people, place, case, disk, photo


@test("a case whose every word is written to deceive: terminal, page, label, manifests")
def words(folder):
    people, place, case, disk, photo = scene(folder)
    exhibit = case / "exhibits/EX-1"
    # what no record could name is no name of a bundle in a case, nor handed over
    done = run(people.defr, "acquire", disk, EVIL + b".evidence", "--case", case, "--exhibit", "EX-1", *WHY, codes=(2,))
    assert b"it is UTF-8, in one line" in done.stderr
    name = "b<script>\u202e&.evidence"
    run(people.defr, "acquire", disk, name, "--case", case, "--exhibit", "EX-1", "--description", TEXT, *WHY)
    bundle = exhibit / os.fsdecode(EVIL + b".evidence")
    (exhibit / name).rename(bundle)
    give = ("--to", TEXT, "--packaging", TEXT, "--seal-number", TEXT, "--carrier", TEXT, *WHY)
    assert b"is no UTF-8" in run(people.defr, "give", exhibit, *give, codes=(1,)).stderr
    bundle.rename(exhibit / name)
    bundle = exhibit / name
    texts_of(bundle)
    for holder in (exhibit, bundle):
        run(people.defr, "note", holder, "--text", TEXT, *WHY)
    run(people.defr, "attach", exhibit, "--file", photo, "--shows", TEXT, *WHY)
    run(people.defr, "verify", bundle, *WHY)
    run(people.defr, "seal", bundle, "--tsa-none", "--relevance", TEXT, "--reliability", TEXT, "--sufficiency", TEXT,
        *WHY)
    run(people.defr, "copy", bundle, *WHY)
    run(people.defr, "give", exhibit, *give)
    for verb in (["custody", "show"], ["custody", "verify"], ["gaps"], ["handovers"], ["recheck", "--list"], ["report"],
                 ["label"], ["case-export"], ["report", "--no-verify"]):
        for holder in (case, exhibit, bundle):
            who = people.defr if verb[0] in ("report", "case-export") else None
            done = run(who, *verb, holder, *(WHY if who else ()), codes=(0, 1, 3))
            if verb[0] == "case-export":
                json.loads(done.stdout)
    for verb in (["custody", "show"], ["custody", "verify"], ["gaps"], ["handovers"]):
        for line in run(None, *verb, "--json", case, codes=(0, 1)).stdout.decode().strip().split("\n"):
            json.loads(line)
    page = place / os.fsdecode(b"report " + EVIL + b".html")
    run(people.defr, "report", case, "-o", page, *WHY)
    plain_page(page)
    run(people.defr, "verify", bundle, *WHY)
    run(people.lab, "receive", exhibit, "--condition", TEXT, "--seal-number", TEXT, "--receipt",
        place / os.fsdecode(b"receipt" + EVIL), *WHY)
    run(people.defr, "export", bundle, place / os.fsdecode(b"out" + EVIL), *WHY)
    listed = next(place.glob("out*.sha256")).read_bytes()
    assert listed.count(b"\n") == 1 and subprocess.run(["sha256sum", "-c", "--quiet", os.fsencode(
        next(place.glob("out*.sha256")))], cwd=place, capture_output=True, check=False).returncode == 0, listed
    run(people.defr, "disclose", bundle, "-o", place / os.fsdecode(b"shown" + EVIL), "--range", "0:10", *WHY)
    run(None, "verify", place / os.fsdecode(b"shown" + EVIL))


@test("files of such names: their records, their list, what was not taken, and what is disclosed")
def files(folder):
    people, place, _, _, _ = scene(folder)
    chosen = place / os.fsdecode(b"chosen" + EVIL)
    deeper = chosen / os.fsdecode(EVIL)
    deeper.mkdir(parents=True)
    (deeper / os.fsdecode(EVIL)).write_text("x")
    (deeper / os.fsdecode(b"link" + EVIL)).symlink_to(os.fsdecode(EVIL))
    os.mkfifo(deeper / os.fsdecode(b"fifo" + EVIL))
    os.setxattr(deeper / os.fsdecode(EVIL), b"user." + EVIL[:200].replace(b"\0", b""), EVIL)
    bundle = place / os.fsdecode(b"files" + EVIL)
    run(people.defr, "files", chosen, bundle, "--exhibit", "EX-2", "--exclude", EVIL + b"x", *WHY)
    texts_of(bundle)
    for line in (bundle / "data/files.jsonl").read_bytes().strip().split(b"\n"):
        json.loads(line)
    run(people.defr, "verify", bundle, *WHY)
    run(people.defr, "report", bundle, "-o", place / "r.html", *WHY)
    plain_page(place / "r.html")
    shown = place / os.fsdecode(b"some" + EVIL)
    run(people.defr, "disclose", bundle, "-o", shown, "--files", "*", *WHY)
    run(None, "verify", shown)
    (bundle / os.fsdecode(b"added" + EVIL)).write_text("x")
    assert b"NOT SOUND" in run(None, "verify", bundle, codes=(1,)).stdout
    (shown / "shown" / os.fsdecode(b"added" + EVIL)).write_text("x")
    run(None, "verify", shown, codes=(1,))


@test("archives and records of others: names in a ZIP, members of a note, of a record, of a manifest")
def of_others(folder):
    people, place, case, disk, _ = scene(folder)
    archive = place / "x.zip"
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr(EVIL.decode("latin-1"), "x")
        z.writestr("../" + EVIL.decode("utf-8", "replace"), "x")
    bundle = place / "zip.evidence"
    run(people.defr, "import", archive, bundle, "--given-by", TEXT, "--collected-by", TEXT, "--exhibit", "EX-3", *WHY)
    texts_of(bundle)
    run(None, "verify", bundle)
    # notes are nobody's: their members can be called anything
    run(None, "export", bundle, place / "o", "--unrecorded", TEXT, codes=(0, 1, 3))
    notes = bundle / "custody/unrecorded.jsonl"
    note = json.loads(notes.read_text().split("\n")[0])
    note["details"] = {TEXT: TEXT, "x": {TEXT: [TEXT]}}
    note["kind"] = note["at"] = TEXT
    notes.write_text(json.dumps(note, sort_keys=True, separators=(",", ":")) + "\n")
    done = run(None, "custody", "show", bundle, codes=(0, 1, 3))
    assert b"UNRECORDED" in done.stdout, done
    run(people.defr, "report", bundle, "-o", place / "n.html", *WHY, codes=(0, 1))
    plain_page(place / "n.html")
    # a description that somebody else wrote
    described = case / "exhibits/EX-1/exhibit.json"
    said = json.loads(described.read_text())
    said["item"] = {TEXT: {TEXT: TEXT}}
    described.write_text(json.dumps(said))
    run(people.defr, "report", case, "-o", place / "e.html", *WHY)
    plain_page(place / "e.html")
    run(people.defr, "report", case, *WHY)
    # an acquisition that somebody else wrote: its names in a page, on the terminal and in a graph
    other = place / "other.evidence"
    run(people.defr, "acquire", disk, other, "--exhibit", "EX-4", *WHY)
    record = other / "acquisition.json"
    said = json.loads(record.read_text())
    said.update({TEXT: {TEXT: TEXT}, "files": [{TEXT: TEXT}]})
    said["tool"]["command"] = [TEXT, "</code><script>"]
    record.chmod(0o600)
    record.write_text(json.dumps(said))
    manifest = other / "tagmanifest-sha256.txt"
    manifest.chmod(0o600)
    manifest.write_bytes(manifest.read_bytes() + b"0" * 64 + b"  " + EVIL.replace(b"\n", b"") + b"\n")
    run(None, "verify", other, codes=(1,))
    run(people.defr, "report", other, "-o", place / "o.html", *WHY, codes=(1,))
    plain_page(place / "o.html")
    run(people.defr, "case-export", other, *WHY)
    shutil.rmtree(other)


if __name__ == "__main__":
    evidence_scenario.main()
