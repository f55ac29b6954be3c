#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""Custody of evidence, played by two people who share nothing but a folder that is carried from one
to the other: what must be said, what is refused, what is found when somebody tampers, and what is
left when a machine dies in the middle."""

import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
failures = 0
tests = []


def test(name):
    def add(function):
        tests.append((name, function))
        return function
    return add


def run(who, *words, code=0):
    """A verb, by a person's identity folder (None: nobody says who)."""
    environment = {k: v for k, v in os.environ.items() if k != "TOCSIN_IDENTITY"}
    if who:
        environment["TOCSIN_IDENTITY"] = str(who)
    done = subprocess.run([TOCSIN, "evidence", *map(str, words)], env=environment,
                          capture_output=True, text=True, check=False)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def read(who, *words, code=0):
    return json.loads(run(who, *words, "--json", code=code).stdout)


PLACE = ("--place", "office 3.14")
WHY = ("--reason", "incident 2026-31", *PLACE)


class People:
    def __init__(self, folder):
        self.defr, self.lab = folder / "meyer", folder / "lang"
        run(None, "identity", self.defr, "--name", "A. Meyer", "--role", "DEFR", "--competence",
            "GCFA, 2024-05-01/2035-01-01", "--organisation", "Example")
        run(None, "identity", self.lab, "--name", "C. Lang", "--role", "DES", "--competence",
            "EnCE, 2020-01-01")
        self.roots = folder / "roots.pem"
        self.roots.write_text((self.defr / "chain.pem").read_text()
                              + (self.lab / "chain.pem").read_text())


def open_case(folder, people, *more):
    case = folder / "case-7"
    run(people.defr, "case", "new", case, "--person-in-charge", "B. Huber", "--contact", "+43 1",
        "--authority", "7 Gs 12/26", "--authority-covers", "EX-*", "--authority-expires",
        "2099-12-31", *WHY, *more)
    disk = folder / "disk.img"
    disk.write_bytes(random.Random(5).randbytes((3 << 20) + 700))
    return case, disk


def add_exhibit(people, case, disk, *more):
    run(people.defr, "exhibit", "add", case, "--device", disk, "--source-type", "static",
        "--description", "USB stick, blue", *WHY, *more)


def acquired(folder, people):
    case, disk = open_case(folder, people)
    add_exhibit(people, case, disk)
    run(people.defr, "acquire", disk, "disk.evidence", "--case", case, "--exhibit", "EX-1", *WHY)
    exhibit = case / "exhibits/EX-1"
    return case, exhibit, exhibit / "disk.evidence"


def records(holder):
    return [json.loads(p.read_text()) for p in sorted((holder / "custody").glob("0*.json"))]


def problems(holder, code=1):
    """What `custody verify` names, of this holder alone."""
    answer = read(None, "custody", "verify", holder, code=code)
    return [f"{p['what']}: {p['text']}" for p in answer[0]["problems"]]


# 27037 rows 6, 7, 8, 42: who answers for it and what allows it
@test("a case is not opened without a person in charge, an authority, a reason, a place, a name")
def refused(folder):
    people = People(folder)
    whole = {"--person-in-charge": "B. Huber", "--authority": "W-1", "--reason": "r",
             "--place": "p"}
    for missing in whole:
        words = [w for k, v in whole.items() if k != missing for w in (k, v)]
        done = run(people.defr, "case", "new", folder / "c", *words, code=2)
        assert "acceptance row" in done.stderr, done.stderr
        assert not (folder / "c/case.json").exists()
    words = [w for pair in whole.items() for w in pair]
    done = run(None, "case", "new", folder / "c", *words, code=2)
    assert "who does this is not said" in done.stderr
    person = people.defr / "person.json"
    kept = person.read_text()
    for wrong in ({"competence": []}, {"competence": ["GCFA"]}, {"role": ""}):
        person.write_text(json.dumps({**json.loads(kept), **wrong}))
        done = run(people.defr, "case", "new", folder / "c", *words, code=2)
        assert "acceptance row 6" in done.stderr, done.stderr
    person.write_text(kept)
    run(people.defr, "case", "new", folder / "c", *words)
    run(people.defr, "case", "new", folder / "c", *words, code=3)


# 27037 rows 10, 11: identifiers are unique, what the kernel knows is filled in
@test("two exhibits never have one identifier, also when two people choose it at once")
def unique(folder):
    people = People(folder)
    case, disk = open_case(folder, people)
    words = ("exhibit", "add", case, "--id", "EX-1", "--device", disk, "--source-type", "static",
             "--description", "a disk", *WHY)
    environment = {**os.environ, "TOCSIN_IDENTITY": str(people.defr)}
    both = [subprocess.Popen([TOCSIN, "evidence", *map(str, words)], env=environment,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(6)]
    codes = sorted(p.wait() for p in both)
    assert codes == [0, 3, 3, 3, 3, 3], codes
    assert [p.name for p in (case / "exhibits").iterdir()] == ["EX-1"]
    for p in both:
        p.stderr.close()
    exhibit = json.loads((case / "exhibits/EX-1/exhibit.json").read_text())
    assert exhibit["item"]["capacity"] == f"{disk.stat().st_size} bytes"
    assert exhibit["case"] == "case-7"
    add_exhibit(people, case, disk)
    assert (case / "exhibits/EX-2/exhibit.json").exists()
    add_exhibit(people, case, disk, "--parent", "EX-2")
    assert json.loads((case / "exhibits/EX-2.1/exhibit.json").read_text())["parent"] == "EX-2"
    done = run(people.defr, "exhibit", "add", case, "--id", "../x", "--source-type", "static",
               "--description", "d", *WHY, code=2)
    assert "identifier" in done.stderr
    label = run(None, "label", case / "exhibits/EX-2.1").stdout
    assert "EX-2.1" in label and "Part of" in label
    last = (case / "exhibits/EX-2.1/custody/00001.json").read_bytes()
    assert hashlib.sha256(last).hexdigest() in label


# 27037 rows 1, 42: who, when, where, why, with what; anybody can check it
@test("a record says who, when, where, why, by what authority and with what tool; openssl agrees")
def told(folder):
    people = People(folder)
    case, exhibit, bundle = acquired(folder, people)
    for holder in (case, exhibit, bundle):
        for number, record in enumerate(records(holder), 1):
            assert record["number"] == number and record["format"] == "tocsin-evidence-custody/v1"
            assert record["actor"]["name"] == "A. Meyer" and record["actor"]["role"] == "DEFR"
            assert record["actor"]["competence"] == [{"what": "GCFA", "from": "2024-05-01",
                                                      "until": "2035-01-01"}]
            assert record["place"] == "office 3.14" and record["reason"]
            assert record["authority"]["id"] == "7 Gs 12/26"
            assert record["tool"]["sha256"] == \
                "sha256:" + hashlib.sha256(TOCSIN.read_bytes()).hexdigest()
            assert record["tool"]["command"][1] == "evidence"
            for end in ("start", "end"):
                assert {"at", "monotonic_us", "since_boot_us", "zone"} <= set(record["clock"][end])
            name = holder / f"custody/{number:05}"
            done = subprocess.run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in",
                                   f"{name}.p7s", "-content", f"{name}.json", "-CAfile",
                                   people.roots, "-purpose", "any", "-out", os.devnull],
                                  capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            before = holder / f"custody/{number - 1:05}.json"
            if number > 1:
                assert record["previous"] == \
                    "sha256:" + hashlib.sha256(before.read_bytes()).hexdigest()
        head = json.loads((holder / "custody/head.json").read_text())
        assert head["count"] == len(records(holder))
    verdict = read(None, "custody", "verify", case, "--roots", people.roots)
    assert all(v["sound"] and v["certificates_checked"] for v in verdict)
    # with the roots of somebody else, nobody vouches
    run(None, "custody", "verify", case, "--roots", people.lab / "chain.pem", code=1)
    assert records(bundle)[0]["kind"] == "acquired"
    assert records(bundle)[0]["details"]["tagmanifest_sha256"] == "sha256:" + hashlib.sha256(
        (bundle / "tagmanifest-sha256.txt").read_bytes()).hexdigest()


# 27037 row 50: each found, and named
@test("deleted, reordered, exchanged, changed: each is found and the record named")
def tampered(folder):
    people = People(folder)
    case, disk = open_case(folder, people)
    for _ in range(2):
        add_exhibit(people, case, disk)
    one, two = case / "exhibits/EX-1", case / "exhibits/EX-2"
    for i in range(4):
        run(people.defr, "note", one, "--text", f"note {i}", *PLACE)
        run(people.defr, "note", two, "--text", f"other {i}", *PLACE)
    kept = folder / "kept"
    shutil.copytree(one, kept)

    def fresh():
        shutil.rmtree(one)
        shutil.copytree(kept, one)
        return one / "custody"

    assert problems(one, 0) == []
    log = fresh()                               # the last record cut off
    (log / "00005.json").unlink()
    (log / "00005.p7s").unlink()
    found = problems(one)
    assert any("record 5" in p and "the last of as many as head.json counts" in p for p in found)
    done = run(people.defr, "note", one, "--text", "on top", *PLACE, code=1)
    assert "head.json counts 5 records" in done.stderr, done.stderr
    log = fresh()                               # one in the middle taken away
    (log / "00003.json").unlink()
    assert any(p.startswith("record 3: it is missing") for p in problems(one)), problems(one)
    log = fresh()                               # two in another order
    for end in ("json", "p7s"):
        (log / f"00002.{end}").rename(log / f"x.{end}")
        (log / f"00003.{end}").rename(log / f"00002.{end}")
        (log / f"x.{end}").rename(log / f"00003.{end}")
    found = problems(one)
    assert any("record 2: it is record 3" in p and "reordered" in p for p in found), found
    log = fresh()                               # one of another exhibit in its place
    for end in ("json", "p7s"):
        shutil.copy(two / f"custody/00003.{end}", log / f"00003.{end}")
    found = problems(one)
    assert any("record 3" in p and "EX-2" in p and "exchanged" in p for p in found), found
    log = fresh()                               # all of another exhibit's log
    shutil.rmtree(log)
    shutil.copytree(two / "custody", log)
    assert any("exhibit.json" in p for p in problems(one)), problems(one)
    log = fresh()                               # a head of another log
    for end in ("json", "p7s"):
        shutil.copy(two / f"custody/head.{end}", log / f"head.{end}")
    assert any("custody/head.json" in p for p in problems(one)), problems(one)
    # a record of the same number, log and person, genuine, out of a branch of the log
    cut = folder / "cut"
    run(people.defr, "exhibit", "add", case, "--device", disk, "--id", "EX-9", "--source-type",
        "static", "--description", "x", *WHY)
    shutil.copytree(case / "exhibits/EX-9", cut)
    nine = case / "exhibits/EX-9"
    for i in range(3):
        run(people.defr, "note", nine, "--text", f"one way {i}", *PLACE)
        run(people.defr, "note", cut, "--text", f"the other {i}", *PLACE)
    for end in ("json", "p7s"):
        shutil.copy(cut / f"custody/00003.{end}", nine / f"custody/00003.{end}")
    found = problems(nine)
    assert any("record 3" in p and "follows" in p for p in found), found
    shutil.rmtree(nine)
    log = fresh()                               # something that does not belong there
    (log / "00009.txt").write_text("x")
    assert any("does not belong" in p for p in problems(one)), problems(one)
    # a head that somebody else signed over a cut log: the count belongs to who signed last
    log = fresh()
    run(people.lab, "note", one, "--text", "by the laboratory", *PLACE)
    after = {end: (log / f"head.{end}").read_bytes() for end in ("json", "p7s")}
    log = fresh()
    shutil.copytree(kept, folder / "mine")
    run(people.lab, "note", folder / "mine", "--text", "by the laboratory", *PLACE)
    for end in ("json", "p7s"):
        (log / f"head.{end}").write_bytes(after[end])
    assert problems(one)
    # every file, any byte
    log = fresh()
    chance = random.Random(9)
    for file in sorted(p for p in log.iterdir() if p.is_file()):
        for _ in range(4):
            data = bytearray(file.read_bytes())
            whole = bytes(data)
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            file.write_bytes(data)
            found = problems(one)
            name = "custody/head" if file.stem == "head" else f"record {int(file.stem)}"
            assert any(name in p for p in found), (file, found)
            file.write_bytes(whole)
    for file in (one / "exhibit.json", case / "case.json"):
        whole = file.read_bytes()
        file.write_bytes(whole.replace(b"blue", b"teal").replace(b"Huber", b"Gruber"))
        assert any(file.name in p for p in problems(file.parent)), file
        file.write_bytes(whole)
    assert problems(one, 0) == []


# 27037 row 50: the strongest that can be said about a cut tail
@test("an older head put back is found by the seal or by a receipt, and by nothing else")
def older_head(folder):
    people = People(folder)
    _, exhibit, bundle = acquired(folder, people)
    log = exhibit / "custody"
    old = {p.name: p.read_bytes() for p in log.iterdir()}
    run(people.defr, "give", exhibit, "--to", "C. Lang", "--packaging", "bag", "--seal-number",
        "1", "--carrier", "in person", *WHY)
    stick = folder / "stick"
    shutil.copytree(exhibit, stick)
    run(people.lab, "receive", stick, "--condition", "whole", "--seal-number", "1", *WHY,
        "--receipt", folder / "receipt")
    whole = folder / "whole"
    shutil.copytree(exhibit, whole)
    for name in [p.name for p in log.iterdir()]:
        (log / name).unlink()
    for name, data in old.items():
        (log / name).write_bytes(data)
    assert problems(exhibit, 0) == []           # nothing inside can show it: said in the docs
    done = run(people.defr, "receipt", exhibit, folder / "receipt", *PLACE, code=1)
    assert "no open handover" in done.stderr    # the receiver's word does
    shutil.rmtree(exhibit)
    shutil.copytree(whole, exhibit)
    run(people.defr, "receipt", exhibit, folder / "receipt", *PLACE)
    # the same with a seal, which holds head and count
    older = {p.name: p.read_bytes() for p in (bundle / "custody").iterdir()}
    run(people.defr, "verify", bundle, *PLACE)
    run(people.defr, "seal", bundle, "--tsa-none", "--relevance", "r", "--reliability", "r",
        "--sufficiency", "s", *WHY)
    assert problems(bundle, 0) == []
    for p in (bundle / "custody").iterdir():
        p.unlink()
    for name, data in older.items():
        (bundle / "custody" / name).write_bytes(data)
    assert any("its end was cut off" in p for p in problems(bundle)), problems(bundle)


# 27037 rows 43, 44, 46
@test("a handover needs both: given, hashed again, received, and the receipt comes back")
def handover(folder):
    people = People(folder)
    case, exhibit, bundle = acquired(folder, people)
    assert read(None, "handovers", case)["handovers"] == []
    given = ("give", exhibit, "--to", "C. Lang", "--carrier", "in person", *WHY)
    for missing in ("--packaging", "--seal-number"):
        words = [w for k, v in (("--packaging", "bag 12"), ("--seal-number", "A-4711"))
                 if k != missing for w in (k, v)]
        done = run(people.defr, *given, *words, code=2)
        assert "row 46" in done.stderr and f"say it with {missing} " in done.stderr, done.stderr
    run(people.defr, *given, "--packaging", "bag 12", "--seal-number", "A-4711")
    waiting = read(None, "handovers", case, code=1)["handovers"]
    assert len(waiting) == 1 and waiting[0]["to"] == "C. Lang" and waiting[0]["age_minutes"] >= 0
    done = run(people.defr, *given, "--packaging", "b", "--seal-number", "x", code=3)
    assert "has not signed" in done.stderr
    # meanwhile nobody works on it
    assert "given to C. Lang" in run(people.defr, "copy", bundle, *WHY, code=3).stderr
    stick = folder / "stick"
    shutil.copytree(exhibit, stick)
    got = ("receive", stick, "--condition", "whole", "--seal-number", "A-4711", *WHY)
    run(people.lab, *got, "--receipt", folder / "receipt", "--roots", people.roots)
    record = records(stick)[-1]
    assert record["kind"] == "handover-received" and record["actor"]["name"] == "C. Lang"
    assert record["details"]["result"] == "same"
    assert {i["path"] for i in record["details"]["items"]} == {".", "disk.evidence"}
    assert read(None, "handovers", stick)["handovers"] == []
    # the giver's side is open until the receipt is there; a forged one is no receipt
    assert len(read(None, "handovers", case, code=1)["handovers"]) == 1
    forged = folder / "forged"
    shutil.copytree(folder / "receipt", forged)
    text = (forged / "receipt.json").read_text()
    (forged / "receipt.json").write_text(text.replace("whole", "wh0le"))
    run(people.defr, "receipt", exhibit, forged, *PLACE, code=1)
    run(people.defr, "receipt", exhibit, folder / "receipt", "--roots", people.roots, *PLACE)
    assert read(None, "handovers", case)["handovers"] == []
    assert problems(exhibit, 0) == [] and problems(stick, 0) == []
    # it was hashed when it was received: it can be worked on, without another check
    run(people.lab, "export", stick / "disk.evidence", folder / "disk.raw", "--format", "raw", *WHY)
    assert (folder / "disk.raw").read_bytes() == (folder / "disk.img").read_bytes()
    name = next((exhibit / "custody/receipts").glob("*.json"))
    name.write_text(name.read_text().replace("C. Lang", "D. Lang"))
    assert any("receipts" in p for p in problems(exhibit))
    # a receiver who never signs: it stays listed, until it is withdrawn
    case2, exhibit2, _ = acquired(pathlib.Path(tempfile.mkdtemp(dir=folder)), people)
    run(people.defr, "give", exhibit2, "--to", "E. Nobody", "--packaging", "b", "--seal-number",
        "n", "--carrier", "post", *WHY)
    waiting = read(None, "handovers", case2, code=1)["handovers"]
    run(people.defr, "withdraw", exhibit2, "--handover", "hnd_x", *WHY, code=3)
    run(people.defr, "withdraw", exhibit2, "--handover", waiting[0]["handover"], *WHY)
    assert read(None, "handovers", case2)["handovers"] == []


@test("what arrives changed is refused, and the refusal is signed")
def handover_changed(folder):
    people = People(folder)
    _, exhibit, _ = acquired(folder, people)
    photo = folder / "scene.jpg"
    photo.write_bytes(b"as it was")
    run(people.defr, "attach", exhibit, "--file", photo, "--shows", "the desk", *PLACE)
    run(people.defr, "give", exhibit, "--to", "C. Lang", "--packaging", "b", "--seal-number", "n",
        "--carrier", "post", *WHY)
    got = ("--condition", "bag open", "--seal-number", "broken", *WHY)

    def arrive(name):
        shutil.copytree(exhibit, folder / name)
        return folder / name

    stick = arrive("flipped")
    segment = stick / "disk.evidence/data/image-00001.gz"
    segment.chmod(0o600)
    data = bytearray(segment.read_bytes())
    data[1000] ^= 1
    segment.write_bytes(data)
    done = run(people.lab, "receive", stick, *got, "--receipt", folder / "no", code=1)
    assert "not taken over" in done.stderr and "disk.evidence" in done.stderr, done.stderr
    record = records(stick)[-1]
    assert record["kind"] == "handover-refused" and record["details"]["result"] == "changed"
    assert problems(stick, 0) == []
    # the giver hears of it
    assert run(people.defr, "receipt", exhibit, folder / "no", *PLACE, code=1)
    assert records(exhibit)[-1]["details"]["outcome"] == "refused"
    run(people.defr, "give", exhibit, "--to", "C. Lang", "--packaging", "b", "--seal-number", "n",
        "--carrier", "post", *WHY)
    stick = arrive("lost")
    shutil.rmtree(stick / "disk.evidence")
    done = run(people.lab, "receive", stick, *got, code=1)
    assert "is not here" in done.stderr
    # another bundle in its place, which is sound in itself
    stick = arrive("exchanged")
    other = folder / "other.img"
    other.write_bytes(b"something else" * 1000)
    shutil.rmtree(stick / "disk.evidence")
    run(None, "acquire", other, stick / "disk.evidence")
    done = run(people.lab, "receive", stick, *got, code=1)
    assert "another hash than what was given" in done.stderr, done.stderr
    stick = arrive("unwanted")
    run(people.lab, "receive", stick, *got, "--refuse", "wrong laboratory", code=1)
    assert records(stick)[-1]["details"]["refused_because"] == "wrong laboratory"
    # a photo that the log names is another: the log itself holds together, and has the refusal
    stick = arrive("photo")
    attached = stick / "attachments/0001-scene.jpg"
    attached.chmod(0o600)
    attached.write_bytes(b"another")
    done = run(people.lab, "receive", stick, *got, code=1)
    assert "attachments/0001-scene.jpg" in done.stderr, done.stderr
    assert records(stick)[-1]["kind"] == "handover-refused"
    assert records(stick)[-1]["details"]["result"] == "changed"


# 27037 rows 41, 44, 45
@test("the gate: no work on what was not checked since it moved, nor on a master; reads are logged")
def gate(folder):
    people = People(folder)
    case, exhibit, bundle = acquired(folder, people)
    for file in bundle.rglob("*"):
        if file.is_file() and "custody" not in file.parts:
            assert not file.stat().st_mode & 0o222, f"{file} of a master can be written to"
    run(people.defr, "move", bundle, "--from", "office", "--to", "vault", *WHY)
    done = run(people.defr, "copy", bundle, *WHY, code=3)
    assert "may not be worked on" in done.stderr and "tocsin evidence verify" in done.stderr
    run(people.defr, "verify", bundle, *PLACE)
    run(people.defr, "copy", bundle, *WHY)
    copy = case / "exhibits/EX-1.1/disk.evidence"
    child = json.loads((copy.parent / "exhibit.json").read_text())
    assert child["parent"] == "EX-1"
    assert records(copy)[0]["kind"] == "copied" and records(bundle)[-1]["kind"] == "copied"
    assert records(copy)[0]["details"]["master_record"] == len(records(bundle))
    assert (copy / "data/image-00001.gz").read_bytes() == \
        (bundle / "data/image-00001.gz").read_bytes()
    assert not (copy / "seal").exists()
    # what moves with its exhibit is not what was checked, either
    run(people.defr, "move", exhibit, "--from", "vault", "--to", "laboratory", *WHY)
    assert "changed hands or place" in run(people.defr, "copy", bundle, *WHY, code=3).stderr
    run(people.defr, "verify", bundle, *PLACE)
    run(people.defr, "copy", bundle, folder / "outside", *WHY)
    # another tagmanifest than the one that was checked
    segment = copy / "data/image-00001.gz"
    segment.chmod(0o600)
    data = bytearray(segment.read_bytes())
    data[77] ^= 4
    segment.write_bytes(data)
    verdict = read(people.defr, "verify", copy, *PLACE, code=1)
    assert not verdict["sound"] and records(copy)[-1]["details"]["result"] == "changed"
    done = run(people.defr, "copy", copy, folder / "again", *WHY, code=3)
    assert "found to be another" in done.stderr, done.stderr
    state = read(None, "custody", "verify", copy)[0]
    assert not state["gate_open"]


# 27037 rows 42, 45, 59: whatever is acquired begins a log, whatever is taken out is in it
@test("files, images of others and exports are in the log, and a gate that is shut stops them")
def every_verb(folder):
    people = People(folder)
    case, exhibit, bundle = acquired(folder, people)
    disk = folder / "disk.img"
    run(people.defr, "export", bundle, folder / "out.raw", *WHY)
    assert (folder / "out.raw").read_bytes() == disk.read_bytes()
    assert records(bundle)[-1]["kind"] == "exported"
    assert records(bundle)[-1]["details"]["to"] == str(folder / "out.raw")
    done = run(None, "export", bundle, folder / "secret.raw", code=3)
    assert "leave no trace" in done.stderr and not (folder / "secret.raw").exists()
    run(None, "export", bundle, folder / "drill.raw", "--unrecorded", "a drill")
    run(people.defr, "move", bundle, "--from", "a", "--to", "b", *WHY)
    done = run(people.defr, "export", bundle, folder / "late.raw", *WHY, code=3)
    assert "may not be worked on" in done.stderr and not (folder / "late.raw").exists()
    few = folder / "few"
    few.mkdir()
    (few / "a.txt").write_text("a")
    run(people.defr, "files", few, "few.evidence", "--case", case, "--exhibit", "EX-1", *WHY)
    assert records(exhibit / "few.evidence")[0]["details"]["method"] == "logical"
    assert records(exhibit)[-1]["details"]["bundle"] == "few.evidence"
    run(people.defr, "import", folder / "out.raw", "other.evidence", "--case", case, "--exhibit",
        "EX-1", "--given-by", "police", "--collected-by", "F. Gruber", *WHY)
    record = records(exhibit / "other.evidence")[0]
    assert record["kind"] == "imported" and record["details"]["collected_by"] == "F. Gruber"
    assert record["details"]["received_sha256"] == \
        "sha256:" + hashlib.sha256(disk.read_bytes()).hexdigest()
    run(None, "files", few, "more.evidence", "--case", case, "--exhibit", "EX-1", *WHY, code=2)
    for holder in (exhibit, exhibit / "few.evidence", exhibit / "other.evidence"):
        assert problems(holder, 0) == []


# 27037 row 47
@test("a hold blocks disposal and return; disposal needs a certificate, and ends the log")
def hold(folder):
    people = People(folder)
    case, disk = open_case(folder, people)
    add_exhibit(people, case, disk)
    exhibit = case / "exhibits/EX-1"
    certificate = folder / "certificate.pdf"
    certificate.write_bytes(b"%PDF-1.4 destroyed")
    gone = ("dispose", exhibit, "--method", "shredded, 2 mm", "--witness", "D. Wolf", *WHY)
    run(people.defr, "hold", exhibit, "--hold", "H-1", "--ordered-by", "court", *WHY)
    done = run(people.defr, *gone, "--certificate", certificate, code=3)
    assert "on hold" in done.stderr and "court" in done.stderr
    run(people.defr, "return", exhibit, "--to", "owner", "--receipt", "5", *WHY, code=3)
    assert not list((exhibit / "attachments").glob("*"))    # what was refused left nothing
    run(people.defr, "lift", exhibit, "--hold", "H-1", "--ordered-by", "court", *WHY)
    assert "row 47" in run(people.defr, *gone, code=2).stderr
    run(people.defr, *gone, "--certificate", certificate)
    run(people.defr, "store", exhibit, "--location", "x", "--environment", "y", "--access", "z",
        "--retain-until", "2030-01-01", *WHY, code=3)
    run(people.defr, "note", exhibit, "--text", "gone", *PLACE)
    attached = next((exhibit / "attachments").iterdir())
    assert attached.read_bytes() == certificate.read_bytes()
    assert problems(exhibit, 0) == []


# 27037 rows 53, 54
@test("notes stay, corrections are new records, attachments are held by their hash")
def notes(folder):
    people = People(folder)
    case, disk = open_case(folder, people)
    add_exhibit(people, case, disk, "--photo", disk)
    exhibit = case / "exhibits/EX-1"
    run(people.defr, "note", exhibit, "--text", "the screen was blue", *PLACE)
    number = len(records(exhibit))
    run(people.defr, "correct", exhibit, "--record", number, "--text", "it was green", *PLACE)
    assert records(exhibit)[number - 1]["details"]["text"] == "the screen was blue"
    assert records(exhibit)[-1]["details"] == {"corrects": number, "text": "it was green"}
    photo = folder / "photo of it.jpg"
    photo.write_bytes(b"\xff\xd8 not really")
    run(people.defr, "attach", exhibit, "--file", photo, "--shows", "the screen", *PLACE)
    run(people.defr, "attach", exhibit, "--file", photo, "--shows", "again", *PLACE)
    names = [r["details"]["file"] for r in records(exhibit) if r["kind"] == "attachment"]
    assert len(set(names)) == 3
    assert problems(exhibit, 0) == []
    file = exhibit / "attachments" / names[1]
    file.chmod(0o600)
    file.write_bytes(b"\xff\xd8 something else")
    assert any(names[1] in p for p in problems(exhibit))
    file.unlink()
    assert any(names[1] in p and "not" in p for p in problems(exhibit)), problems(exhibit)


# 27037 row 8
@test("an authority that is over or does not cover it is warned of, and the warning is recorded")
def authority(folder):
    people = People(folder)
    case, disk = open_case(folder, people)
    add_exhibit(people, case, disk)
    exhibit = case / "exhibits/EX-1"
    for more, code in ((("--authority-expires", "2026-01-01"), "authority-expired"),
                       (("--authority-covers", "XX-*"), "authority-scope")):
        done = run(people.defr, "acquire", disk, f"{code}.evidence", "--case", case, "--exhibit",
                   "EX-1", *WHY, "--authority", "W-2", *more)
        assert "warning" in done.stderr and "W-2" in done.stderr, done.stderr
        found = [w["code"] for w in records(exhibit)[-1]["warnings"]]
        assert code in found, found
    # 27037 row 20: a part without its reason
    done = run(people.defr, "acquire", disk, "p.evidence", "--case", case, "--exhibit", "EX-1",
               "--from", "0", "--bytes", "512", *WHY, code=2)
    assert "why_partial" in done.stderr and "row 20" in done.stderr
    assert not (exhibit / "p.evidence").exists()
    run(people.defr, "acquire", disk, "p.evidence", "--case", case, "--exhibit", "EX-1", "--from",
        "0", "--bytes", "512", *WHY, "--why-partial", "the warrant names the first sector alone")
    done = run(None, "acquire", disk, "q.evidence", "--case", case, "--exhibit", "EX-1", *WHY,
               code=2)
    assert "signed for" in done.stderr


class TimeServer(threading.Thread):
    """Answers as an NTP server whose clock is so many seconds ahead."""

    def __init__(self, ahead, leap=0, stratum=2, lie=False):
        super().__init__(daemon=True)
        self.ahead, self.leap, self.stratum, self.lie = ahead, leap, stratum, lie
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            packet, peer = self.socket.recvfrom(100)
            now = int((time.time() + self.ahead + 2208988800) * 2**32) & (2**64 - 1)
            origin = bytes(8) if self.lie else packet[40:48]
            answer = struct.pack(">BBBbIIIQ", self.leap << 6 | 4 << 3 | 4, self.stratum, 6, -20,
                                 0x100, 0x80, 1, now) + origin + struct.pack(">QQ", now, now)
            self.socket.sendto(answer, peer)


# 27037 row 14
@test("the clock is compared with a reference: asked by SNTP, or read off by a person")
def clocks(folder):
    people = People(folder)
    case, disk = open_case(folder, people)
    add_exhibit(people, case, disk)
    exhibit = case / "exhibits/EX-1"
    note = ("note", exhibit, "--text", "t", *PLACE, "--reference")
    run(people.defr, *note, f"ntp://127.0.0.1:{TimeServer(7.5).port}")
    reference = records(exhibit)[-1]["clock"]["end"]["reference"]
    assert abs(reference["offset_us"] + 7_500_000) < 500_000, reference
    assert 0 < reference["uncertainty_us"] < 500_000 and "stratum 2" in reference["from"]
    count = len(records(exhibit))
    for server in (TimeServer(0, leap=3), TimeServer(0, stratum=0)):
        done = run(people.defr, *note, f"ntp://127.0.0.1:{server.port}", code=3)
        assert "--reference" in done.stderr
    done = run(people.defr, *note, f"ntp://127.0.0.1:{TimeServer(0, lie=True).port}", code=3)
    assert "does not answer" in done.stderr     # an answer to nobody's question is none
    assert len(records(exhibit)) == count
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    run(people.defr, *note, f"read:{stamp},2,DCF77 clock on the wall")
    reference = records(exhibit)[-1]["clock"]["end"]["reference"]
    assert 59_000_000 < reference["offset_us"] < 75_000_000, reference
    assert reference["uncertainty_us"] == 2_000_000 and "DCF77" in reference["from"]
    for wrong in ("wall clock", "read:now,1,x", "read:2026-01-01T00:00:00Z,x,y",
                  "read:2026-01-01T00:00:00Z,-1,y", "ntp://"):
        run(people.defr, *note, wrong, code=3 if wrong == "ntp://" else 2)


@test("killed at any moment, the log is the old one or the new one, and what was said done is there")
def killed(folder):
    people = People(folder)
    case, disk = open_case(folder, people)
    add_exhibit(people, case, disk)
    exhibit = case / "exhibits/EX-1"
    environment = {**os.environ, "TOCSIN_IDENTITY": str(people.defr)}
    chance, acknowledged, died = random.Random(2), [], 0
    for i in range(60):
        child = subprocess.Popen([TOCSIN, "evidence", "note", exhibit, "--text", f"note {i}",
                                  *PLACE], env=environment, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, 0.12))
        child.send_signal(signal.SIGKILL)
        if child.wait() == 0:
            acknowledged.append(f"note {i}")
        else:
            died += 1
        assert problems(exhibit, 0) == []
    run(people.defr, "note", exhibit, "--text", "last", *PLACE)
    texts = [r["details"].get("text") for r in records(exhibit) if r["kind"] == "note"]
    assert set(acknowledged) <= set(texts) and len(texts) == len(set(texts))
    assert died > 5 and texts[-1] == "last", (died, texts)
    assert not (exhibit / "custody/next").exists() and problems(exhibit, 0) == []


@test("many at once: each record has its number")
def at_once(folder):
    people = People(folder)
    case, disk = open_case(folder, people)
    add_exhibit(people, case, disk)
    exhibit = case / "exhibits/EX-1"
    environment = {**os.environ, "TOCSIN_IDENTITY": str(people.defr)}
    running = [subprocess.Popen([TOCSIN, "evidence", "note", exhibit, "--text", f"note {i}",
                                 *PLACE], env=environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL) for i in range(24)]
    assert [p.wait() for p in running] == [0] * 24
    texts = [r["details"]["text"] for r in records(exhibit)[1:]]
    assert sorted(texts) == sorted(f"note {i}" for i in range(24))
    assert problems(exhibit, 0) == []


# 27037 rows 9, 13, 15, 21, 23
@test("decisions keep their path, checklists their answers, orders their reason")
def decisions(folder):
    people = People(folder)
    case, disk = open_case(folder, people)
    add_exhibit(people, case, disk)
    exhibit = case / "exhibits/EX-1"
    decide = ["decide", exhibit, "--power", "on", *WHY]
    answers = {"authority": "yes", "safe": "yes", "volatile": "no", "encrypted": "no",
               "power-off": "yes", "remove": "yes"}
    given = []
    for question, answer in answers.items():
        done = run(people.defr, *decide, *given, code=1)
        assert f"--answer {question}=yes|no" in done.stdout, done.stdout
        given += ["--answer", f"{question}={answer}"]
    assert len(records(exhibit)) == 1
    done = run(people.defr, *decide, *given, "--decision", "acquire", code=2)
    assert "row" in done.stderr and "collect" in done.stderr
    run(people.defr, *decide, *given, "--decision", "acquire", "--deviation", "too heavy")
    details = records(exhibit)[-1]["details"]
    assert [s["question"] for s in details["path"]] == list(answers)
    assert details["suggested"] == "collect" and details["decision"] == "acquire"
    run(people.defr, "decide", exhibit, "--power", "off", "--answer", "authority=no", *WHY)
    assert records(exhibit)[-1]["details"]["decision"] == "neither"
    # sources: every question has an answer, or nothing is recorded
    done = run(people.defr, "sources", case, "--source-type", "backup", "--answer", "1=tapes",
               *PLACE, code=1)
    assert "open: --answer 2=TEXT" in done.stdout
    words = [w for i in range(1, 5) for w in ("--answer", f"{i}=looked, none")]
    run(people.defr, "sources", case, "--source-type", "backup", *words, *PLACE)
    # order of volatility, relevance, effort
    items = ("--item", "disk,disk,high,high", "--item", "ram,memory,medium,low", "--item",
             "mail,remote-logs,low,low", "--item", "usb,disk,high,low")
    run(people.defr, "plan", case, *items, *PLACE)
    assert records(case)[-1]["details"]["order"] == ["ram", "usb", "disk", "mail"]
    other = ("--order", "disk,ram,usb,mail")
    assert "row 9" in run(people.defr, "plan", case, *items, *other, *PLACE, code=2).stderr
    run(people.defr, "plan", case, *items, *other, "--deviation", "the owner leaves", *PLACE)
    assert records(case)[-1]["details"]["follows"] == "no"
    # encryption: a LUKS header where a partition begins
    luks = folder / "luks.img"
    luks.write_bytes(bytes(1 << 20) + b"LUKS\xba\xbe\x00\x02" + bytes(1 << 20))
    done = run(people.defr, "encryption", exhibit, "--device", luks, *PLACE)
    assert "warning" in done.stderr
    seen = records(exhibit)[-1]["details"]["seen"]
    assert seen[0]["what"] == "LUKS 2" and "byte 1048576" in seen[0]["where"]
    run(people.defr, "encryption", exhibit, "--device", disk, *PLACE)
    assert "nothing" in records(exhibit)[-1]["details"]["seen"][0]
    # records of a service, with what it called the request
    answer = folder / "sign-ins.json"
    answer.write_text("[]")
    pull = ("pull", exhibit, "--service", "identity provider", "--query", "sign-ins of 21.11.",
            "--file", answer, *WHY)
    assert "row 23" in run(people.defr, *pull, "--server-time", "x", code=2).stderr
    run(people.defr, *pull, "--server-time", "2026-11-21T10:00:00Z", "--request-id", "r-1")
    assert problems(exhibit, 0) == []
    # state at arrival: what is on has a screen and a network
    assert "row 12" in run(people.defr, "arrive", exhibit, "--power", "on", "--condition", "c",
                           *PLACE, code=2).stderr
    run(people.defr, "arrive", exhibit, "--power", "on", "--screen", "locked", "--network",
        "cable", "--condition", "good", *PLACE)


# 27037 row 48
@test("bundles are checked again when they are due, and what is damaged is recorded")
def recheck(folder):
    people = People(folder)
    case, exhibit, bundle = acquired(folder, people)
    assert not read(None, "recheck", case, "--list")["bundles"][0]["overdue"]
    before = len(records(bundle))
    run(people.defr, "recheck", case, "--due", *PLACE)
    assert len(records(bundle)) == before       # not due, not checked
    run(people.defr, "recheck", case, *PLACE)
    assert records(bundle)[-1]["details"]["result"] == "same"
    segment = bundle / "data/image-00001.gz"
    segment.chmod(0o600)
    data = bytearray(segment.read_bytes())
    data[4321] ^= 1
    segment.write_bytes(data)
    answer = read(people.defr, "recheck", case, *PLACE, code=1)["bundles"][0]
    assert not answer["sound"] and "chunk 0" in answer["why"], answer
    assert records(bundle)[-1]["details"]["result"] == "changed"


@test("gaps name what a case lacks, and close as it is done")
def gaps(folder):
    people = People(folder)
    case, exhibit, bundle = acquired(folder, people)

    def open_rows():
        answer = json.loads(subprocess.run([TOCSIN, "evidence", "gaps", "--json", case],
                                           capture_output=True, text=True, check=False).stdout)
        assert len(answer["rows"]) == 60
        for row in answer["rows"]:
            assert row["state"] != "gap" or row["next"] and row["missing_in"], row
        return {row["row"] for row in answer["rows"] if row["state"] == "gap"}

    def closes(row, *words, who=people.defr):
        assert row in open_rows(), f"row {row} was no gap"
        run(who, *words)
        assert row not in open_rows(), f"row {row} is still a gap after {words}"

    closes(60, "case", "change", case, "--link", "incident:INC-7", *WHY)
    described = json.loads((case / "case.json").read_text())
    assert described["links"] == ["incident:INC-7"]
    assert described["person_in_charge"]["name"] == "B. Huber"
    assert described["authority"]["covers"] == ["EX-*"] and problems(case, 0) == []
    closes(53, "note", exhibit, "--text", "t", *PLACE)
    run(people.defr, "arrive", exhibit, "--power", "off", "--condition", "good", *PLACE)
    closes(12, "attach", exhibit, "--file", folder / "disk.img", "--shows", "it", *PLACE)
    closes(9, "plan", case, "--item", "disk,disk,high,low", *PLACE)
    closes(15, "decide", exhibit, "--power", "off", "--answer", "authority=yes", "--answer",
           "safe=yes", "--answer", "remove=yes", *WHY)
    closes(46, "package", exhibit, "--packaging", "bag", "--seal-number", "1", *WHY)
    closes(47, "store", exhibit, "--location", "safe 2", "--environment", "20 °C", "--access",
           "two keys", "--retain-until", "2030-12-31", *WHY)
    closes(21, "encryption", exhibit, "--device", folder / "disk.img", *PLACE)
    words = [w for i in range(1, 6) for w in ("--answer", f"{i}=looked")]
    closes(13, "sources", case, "--source-type", "static", *words, *PLACE)
    closes(3, "crosscheck", bundle, "--tool", "sha256sum 9.1", "--sha256", "sha256:0", "--result",
           "same", *WHY)
    closes(5, "seal", bundle, "--tsa-none", "--relevance", "r", "--reliability", "r",
           "--sufficiency", "s", *WHY)
    assert {40, 52} <= open_rows()              # no self-test was given, no evidence record made
    (exhibit / "disk.ers").write_bytes(b"x")
    assert 52 not in open_rows()
    closes(55, "attach", case, "--file", folder / "disk.img", "--shows", "report", *PLACE)
    assert 44 not in open_rows()
    run(people.defr, "move", bundle, "--from", "a", "--to", "b", *WHY)
    closes(44, "verify", bundle, *PLACE)
    run(people.defr, "give", exhibit, "--to", "C. Lang", "--packaging", "b", "--seal-number", "n",
        "--carrier", "post", *WHY)
    assert 43 in open_rows()
    head = exhibit / "custody/head.json"
    head.write_bytes(head.read_bytes().replace(b'"count"', b'"c0unt"'))
    assert {1, 42} <= open_rows()
    run(None, "gaps", folder, code=3)


def main():
    global failures  # pylint: disable=global-statement
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as top:
        for number, (name, function) in enumerate(tests):
            if wanted and function.__name__ not in wanted:
                continue
            folder = pathlib.Path(top) / str(number)
            folder.mkdir()
            try:
                function(folder)
                print(f"ok {name}", flush=True)
            except Exception as problem:  # pylint: disable=broad-except
                failures += 1
                text = f"{type(problem).__name__} {problem}"
                print(f"not ok {name} — {text[:900]} (line {problem.__traceback__.tb_next.tb_lineno})",
                      flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
