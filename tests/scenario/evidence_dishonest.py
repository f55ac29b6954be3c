#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""Custody between people of whom one is not honest: who has a key and may write in a log, who gives
and receives himself, who hands over with a log that was tampered with, and who wants no trace."""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import evidence_scenario
from evidence_custody import (PLACE, SOURCE, TOCSIN, WHY, People, acquired, add_exhibit, open_case, problems,
                              records, run)
from evidence_scenario import test

def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hash_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def signed(who, data):
    """A signature of the form that section 6 wants, by OpenSSL alone."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return subprocess.run(["openssl", "cms", "-sign", "-binary", "-cades", "-nosmimecap", "-md", "sha256",
                               "-signer", who / "chain.pem", "-inkey", who / "key.pem", "-in", file.name,
                               "-outform", "DER"], capture_output=True, check=True).stdout


def put_record(holder, who, change):
    """A record behind the last, as somebody with a key and an editor writes it; who() signs."""
    log = holder / "custody"
    number = len(records(holder))
    before, signature = [(log / f"{number:05}.{end}").read_bytes() for end in ("json", "p7s")]
    record = {**json.loads(before), "number": number + 1, "previous": hash_of(before),
              "previous_signature": hash_of(signature)}
    change(record)
    head = {**json.loads((log / "head.json").read_bytes()), "count": number + 1, "last": hash_of(canonical(record))}
    for name, value in ((f"{number + 1:05}", record), ("head", head)):
        (log / f"{name}.json").write_bytes(canonical(value))
        (log / f"{name}.p7s").write_bytes(signed(who, canonical(value)))


# 27037 rows 43, 50: what a participant with a key of his own may not do to what others signed
@test("who may write in a log can exchange neither a bundle, nor a photo, nor the log of another exhibit")
def exchanged(folder):
    people = People(folder)
    case, exhibit, bundle = acquired(folder, people)
    photo = folder / "scene.jpg"
    photo.write_bytes(b"as it was")
    run(people.defr, "attach", exhibit, "--file", photo, "--shows", "the desk", *PLACE)
    kept = folder / "kept"
    shutil.copytree(exhibit, kept)

    def again():
        shutil.rmtree(exhibit)
        shutil.copytree(kept, exhibit)

    # the photo, with a later record that names the other one
    attached = exhibit / "attachments/0001-scene.jpg"
    attached.chmod(0o600)
    attached.write_bytes(b"as it was not")
    put_record(exhibit, people.defr,
               lambda r: r["details"].update(sha256=hash_of(b"as it was not")))
    assert any("names other contents" in p for p in problems(exhibit))
    again()
    # the bundle: another one, sound in itself, and a record that it was checked
    other = folder / "other.img"
    other.write_bytes(b"planted" * 100000)
    log = folder / "log"
    shutil.copytree(bundle / "custody", log)
    shutil.rmtree(bundle)
    run(None, "acquire", other, bundle)
    shutil.copytree(log, bundle / "custody")
    tags = hash_of((bundle / "tagmanifest-sha256.txt").read_bytes())
    put_record(bundle, people.defr, lambda r: r.update(
        kind="verified", details={"what": "all", "result": "same", "tagmanifest_sha256": tags}))
    assert any("names other contents" in p for p in problems(bundle))
    assert "does not hold together" in \
        run(people.lab, "export", bundle, folder / "planted.raw", *WHY, code=3).stderr
    # … or with a new log of its own: its exhibit's names the one that was there
    shutil.rmtree(bundle / "custody")
    run(people.lab, "verify", bundle, *WHY, "--authority", "7 Gs 12/26")
    assert problems(bundle, 0) == []
    assert any("disk.evidence/tagmanifest-sha256.txt" in p for p in problems(exhibit))
    again()
    # a log beside the description of another exhibit
    add_exhibit(people, case, folder / "disk.img")
    second = case / "exhibits/EX-2"
    run(people.defr, "collect", second, "--condition", "c", "--packaging", "b", "--seal-number", "n", *WHY)
    description = (second / "exhibit.json").read_text()
    (second / "exhibit.json").write_text(description.replace('"EX-2"', '"EX-3"'))
    assert any("the log is that of EX-2" in p for p in problems(second))
    # a record in another's name is not written on, either
    put_record(exhibit, people.lab, lambda r: None)
    assert any("CN=C. Lang signed it" in p for p in problems(exhibit))
    before = len(records(exhibit))
    assert "not written to" in run(people.defr, "note", exhibit, "--text", "t", *PLACE, code=1).stderr
    assert len(records(exhibit)) == before


# 27037 row 50
@test("a tail is missed by every seal, by a centre's proof, and by a receipt that nobody took up")
def tails(folder):
    people = People(folder)
    _, exhibit, bundle = acquired(folder, people)
    receipts = exhibit / "custody/receipts"
    receipts.mkdir()
    (receipts / "00002.tlog-proof").write_text("a proof of a record that is there")
    assert problems(exhibit, 0) == []
    (receipts / "00003.tlog-proof").write_text("a proof of one that is not")
    assert any("a centre knows of record 3" in p for p in problems(exhibit))
    (receipts / "00003.tlog-proof").unlink()
    (receipts / "hnd_1.json").write_text("{}")
    assert any("no record names it" in p for p in problems(exhibit))
    shutil.rmtree(receipts)
    seal = ("seal", bundle, "--tsa-none", "--relevance", "r", "--reliability", "r", "--sufficiency", "s", *WHY)
    run(people.defr, *seal)
    early = folder / "early"
    shutil.copytree(bundle / "custody", early)
    run(people.lab, "note", bundle, "--text", "inconvenient", *PLACE)
    run(people.lab, *seal)
    assert problems(bundle, 0) == []
    shutil.rmtree(bundle / "custody")
    shutil.copytree(early, bundle / "custody")
    assert any(p.startswith("seal/00002/seal.json") and "cut off" in p for p in problems(bundle))


# 27037 row 43
@test("nobody receives what he gave himself, and no receipt is taken that is not of what was given")
def own_receipts(folder):
    people = People(folder)
    _, exhibit, _ = acquired(folder, people)
    run(people.defr, "give", exhibit, "--to", "C. Lang", "--packaging", "b", "--seal-number", "n",
        "--carrier", "post", *WHY)
    stick, own = folder / "stick", folder / "own"
    shutil.copytree(exhibit, stick)
    shutil.copytree(exhibit, own)
    got = ("--condition", "whole", "--seal-number", "n", *WHY)
    done = run(people.defr, "receive", own, *got, "--receipt", folder / "mine", code=3)
    assert "nobody receives it of himself" in done.stderr and not (folder / "mine").exists()
    # by hand, then: it does not hold together
    given = records(own)[-1]["details"]

    def receive(record):
        record["kind"] = "handover-received"
        record["details"] = {"handover": given["handover"], "from": "A. Meyer", "items": given["items"],
                             "condition": "whole", "seal_number": "n", "result": "same",
                             "given_sha256": hash_of((own / "custody/00003.json").read_bytes())}
    put_record(own, people.defr, receive)
    assert any("nobody receives it of himself" in p for p in problems(own))

    def receipt(name, source):
        (folder / name).mkdir()
        for end in ("json", "p7s"):
            shutil.copy(source / f"custody/00004.{end}", folder / name / f"receipt.{end}")
        return folder / name
    run(people.defr, "receipt", exhibit, receipt("forged", own), *PLACE, code=1)
    # the true one, changed by who signs it: other items, another result, without what a kind asks for
    run(people.lab, "receive", stick, *got, "--receipt", folder / "true")
    for number, change in enumerate((
            lambda d: d["items"].pop(), lambda d: d["items"][0].update(sha256="sha256:" + "0" * 64),
            lambda d: d.update(result="changed"), lambda d: d.pop("condition"),
            lambda d: d.update(given_sha256="sha256:" + "0" * 64))):
        wrong = folder / f"wrong-{number}"
        wrong.mkdir()
        record = json.loads((folder / "true/receipt.json").read_text())
        change(record["details"])
        (wrong / "receipt.json").write_bytes(canonical(record))
        (wrong / "receipt.p7s").write_bytes(signed(people.lab, canonical(record)))
        run(people.defr, "receipt", exhibit, wrong, *PLACE, code=1)
    assert len(records(exhibit)) == 3 and problems(exhibit, 0) == []
    run(people.defr, "receipt", exhibit, folder / "true", *PLACE)
    assert problems(exhibit, 0) == []


# 27037 rows 43, 44: refused, and not vouched for
@test("what arrives with a log that does not hold together is refused apart, and nothing is signed in it")
def refused_apart(folder):
    people = People(folder)
    _, exhibit, _ = acquired(folder, people)
    run(people.defr, "give", exhibit, "--to", "C. Lang", "--packaging", "b", "--seal-number", "n",
        "--carrier", "post", *WHY)
    handover = records(exhibit)[-1]["details"]["handover"]
    got = ("--condition", "bag open", "--seal-number", "broken", *WHY, "--authority", "7 Gs 12/26")

    def arrive(name, change):
        shutil.copytree(exhibit, folder / name)
        change(folder / name)
        return folder / name

    def cut(stick):
        (stick / "custody/00002.json").write_text("{}")
    stick = arrive("forged", cut)
    before = {p.name: p.read_bytes() for p in (stick / "custody").iterdir()}
    done = run(people.lab, "receive", stick, *got, code=1)
    assert "does not hold together" in done.stderr and "--receipt" in done.stderr
    receipt = folder / "refusal"
    done = run(people.lab, "receive", stick, *got, "--receipt", receipt, code=1)
    assert "nothing is written in its log" in done.stdout and "not taken over" in done.stderr, done
    assert {p.name: p.read_bytes() for p in (stick / "custody").iterdir()} == before
    record = json.loads((receipt / "receipt.json").read_text())
    assert record["kind"] == "handover-refused" and record["number"] == 1 and "previous" not in record
    assert record["log"] != records(exhibit)[0]["log"]
    said = record["details"]["refused_log"]
    assert said["log"] == records(exhibit)[0]["log"] and said["files"] == len(before)
    assert any("not canonical" in p["text"] or "format" in p["text"] for p in said["problems"]), said
    assert said["files_sha256"] == hash_of((receipt / "custody.sha256").read_bytes())
    subprocess.run(["sha256sum", "-c", "--quiet", receipt / "custody.sha256"], cwd=stick, check=True)
    subprocess.run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", receipt / "receipt.p7s",
                    "-content", receipt / "receipt.json", "-CAfile", people.roots, "-purpose", "any",
                    "-out", "/dev/null"], check=True, capture_output=True)
    # who gave it takes it up; one that is changed, or of another handover, is none
    wrong = folder / "wrong"
    shutil.copytree(receipt, wrong)
    (wrong / "receipt.json").write_text((receipt / "receipt.json").read_text().replace("bag open", "bag 0pen"))
    run(people.defr, "receipt", exhibit, wrong, *PLACE, code=1)
    run(people.lab, "receive", stick, *got, "--receipt", folder / "other", "--handover", "hnd_other", code=1)
    run(people.defr, "receipt", exhibit, folder / "other", *PLACE, code=1)
    run(people.defr, "receipt", exhibit, receipt, "--roots", people.roots, *PLACE, code=1)
    details = records(exhibit)[-1]["details"]
    assert details["outcome"] == "refused" and "not hold together" in details["log_as_it_arrived"]
    assert details["handover"] == handover and problems(exhibit, 0) == []
    # a log of which nothing is left: the handover must be told
    run(people.defr, "give", exhibit, "--to", "C. Lang", "--packaging", "b", "--seal-number", "n",
        "--carrier", "post", *WHY)
    stick = arrive("bare", lambda s: shutil.rmtree(s / "custody"))
    words = ("receive", stick, *got, "--receipt", folder / "none")
    assert "--handover" in run(people.lab, *words, code=2).stderr
    handover = records(exhibit)[-1]["details"]["handover"]
    run(people.lab, *words, "--handover", handover, code=1)
    assert not (stick / "custody").exists()
    run(people.defr, "receipt", exhibit, folder / "none", *PLACE, code=1)
    assert records(exhibit)[-1]["details"]["outcome"] == "refused" and problems(exhibit, 0) == []


# 27037 row 45
@test("what is done with --unrecorded leaves a note that nobody signs, and that cannot be taken away later")
def unrecorded(folder):
    people = People(folder)
    case, exhibit, bundle = acquired(folder, people)
    notes = bundle / "custody/unrecorded.jsonl"
    run(None, "export", bundle, folder / "no.raw", code=3)
    assert not notes.exists()

    def rows():
        answer = json.loads(run(None, "gaps", "--json", case, code=1).stdout)
        return {r["row"]: r for r in answer["rows"]}[45]
    assert rows()["state"] == "met"
    for number in (1, 2):
        done = run(None, "export", bundle, folder / f"drill-{number}.raw", "--unrecorded", "a drill")
        assert "without a signature stays" in done.stderr
    lines = notes.read_bytes().splitlines()
    first, second = map(json.loads, lines)
    assert first["kind"] == "begun" and first["details"]["what"] == "exported" and first["reason"] == "a drill" and "previous" not in first
    assert first["details"]["to"] == str(folder / "drill-1.raw") and first["process"]["uid"] >= 0
    assert second["previous"] == hash_of(lines[0])
    assert second["signed_log"] == {"records": 1, "head": hash_of((bundle / "custody/00001.json").read_bytes())}
    # it is shown: by verify, custody, report, gaps
    assert problems(bundle, 0) == []
    assert json.loads(run(None, "custody", "verify", "--json", bundle).stdout)[0]["unrecorded"] == 2
    assert run(None, "custody", "show", bundle).stdout.count("UNRECORDED") == 2
    assert json.loads(run(None, "verify", "--json", bundle).stdout)["unrecorded"] == 2
    assert "2 times something was done without a record" in run(None, "verify", bundle).stdout
    assert rows()["state"] == "gap" and str(bundle) in rows()["missing_in"]
    script = [sys.executable, SOURCE / "tools/verify_evidence.py", bundle]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    assert "2 times something was done without a record" in done.stdout, done
    # before a record names them, the last can be taken away; afterwards none
    notes.write_bytes(lines[0] + b"\n")
    assert problems(bundle, 0) == []
    notes.write_bytes(b"\n".join(lines) + b"\n")
    run(people.defr, "note", bundle, "--text", "t", *PLACE)
    assert records(bundle)[-1]["unrecorded"] == {"count": 2, "last": hash_of(lines[1])}
    third = {**second, "number": 3, "previous": hash_of(lines[1])}
    for left in (lines[:1], [], [lines[1], lines[0]], [lines[0].replace(b"drill", b"grill"), lines[1]],
                 [*lines, b"no note"], [*lines, canonical({**third, "number": 4})],
                 [*lines, canonical({**third, "signed_log": {"records": 7, "head": hash_of(b"")}})]):
        notes.write_bytes(b"".join(line + b"\n" for line in left))
        assert any("unrecorded" in p for p in problems(bundle)), left
        if left[:2] != lines or b"no note" in left:
            assert subprocess.run(script, capture_output=True, check=False).returncode == 1, left
    notes.unlink()
    assert problems(bundle)
    notes.write_bytes(b"".join(line + b"\n" for line in (*lines, canonical(third))))
    assert problems(bundle, 0) == []
    # what has no log of its own and is kept all the same; and what cannot be written to
    bare = exhibit / "bare.evidence"
    run(None, "acquire", folder / "disk.img", bare)
    run(None, "export", bare, folder / "bare.raw", "--unrecorded", "a drill")
    assert len((bare / "custody/unrecorded.jsonl").read_text().splitlines()) == 1
    assert json.loads(run(None, "verify", "--json", bare).stdout)["sound"]
    assert "UNRECORDED" in run(None, "custody", "show", bare).stdout
    subprocess.run(script[:-1] + [bare], capture_output=True, check=True)
    run(people.defr, "verify", bare, *PLACE)
    assert records(bare)[0]["unrecorded"]["count"] == 1 and problems(bare, 0) == []
    stuck = exhibit / "stuck.evidence"
    run(None, "acquire", folder / "disk.img", stuck)
    (stuck / "custody").write_text("in the way")
    done = run(None, "export", stuck, folder / "stuck.raw", "--unrecorded", "a drill")
    assert "no note could be left" in done.stderr and (folder / "stuck.raw").exists()


# 27037 rows 10, 11
@test("a description is amended by a record that keeps the old one; what was changed without one is not taken up")
def described(folder):
    people = People(folder)
    case, exhibit, _ = acquired(folder, people)
    file = exhibit / "exhibit.json"
    change = ("exhibit", "change", exhibit, *WHY)
    before = json.loads(file.read_text())
    file.write_text(json.dumps({**before, "later": {"kept": True}}))
    put_record(exhibit, people.defr, lambda r: r.update(kind="described", details={
        "changed": ["later: not said, now kept"], "description": before["description"],
        "source_type": "static", "exhibit_sha256": hash_of(file.read_bytes())}))
    for wrong in (("--id", "EX-9"), ("--device", folder / "disk.img"), ("--photo", folder / "disk.img"), ()):
        run(people.defr, *change, *wrong, code=2)
    run(people.defr, *change, "--description", before["description"], code=2)
    run(people.defr, *change, "--source-type", "stone", code=2)
    assert len(records(exhibit)) == 3 and problems(exhibit, 0) == []
    run(people.lab, *change, "--serial", "7F3Y", "--description", "USB stick, black")
    now, record = json.loads(file.read_text()), records(exhibit)[-1]
    assert now["item"]["serial"] == "7F3Y" and now["description"] == "USB stick, black"
    assert now["id"] == "EX-1" and now["item"]["capacity"] == before["item"]["capacity"] and now["later"]["kept"]
    assert record["kind"] == "described" and record["actor"]["name"] == "C. Lang"
    assert record["details"]["changed"] == ["description: USB stick, blue, now USB stick, black",
                                            "serial: not said, now 7F3Y"]
    assert record["details"]["exhibit_sha256"] == hash_of(file.read_bytes()) and problems(exhibit, 0) == []
    assert "USB stick, blue, now USB stick, black" in run(None, "custody", "show", exhibit).stdout
    report = run(people.defr, "report", case, "--no-verify", "--format", "html", *WHY).stdout
    assert "7F3Y" in report and "USB stick, blue, now" in " ".join(report.split())
    # the record was written and the machine died: the same command puts it right, another waits for it
    good = file.read_bytes()
    run(people.defr, *change, "--owner", "D. Wolf")
    number = len(records(exhibit))
    file.write_bytes(good)
    assert any("exhibit.json" in p for p in problems(exhibit))
    assert "broken off" in run(people.defr, *change, "--owner", "E. Fuchs", code=1).stderr
    run(people.defr, *change, "--owner", "D. Wolf")
    assert len(records(exhibit)) == number and problems(exhibit, 0) == []
    # changed without a record: nobody signs for it by accident
    for holder, name, words in ((exhibit, "exhibit.json", (*change, "--model", "M")),
                                (case, "case.json", ("case", "change", case, "--title", "T", *WHY))):
        kept = (holder / name).read_text()
        (holder / name).write_text(kept.replace("D. Wolf", "F. Luchs").replace("B. Huber", "G. Marder"))
        count = len(records(holder))
        assert "changed without a record" in run(people.defr, *words, code=1).stderr
        assert len(records(holder)) == count
        (holder / name).write_text(kept)
        run(people.defr, *words)
        assert len(records(holder)) == count + 1
    # two at once: both are taken, one behind the other
    started = [subprocess.Popen([TOCSIN, "evidence", *map(str, (*change, f"--{what}", f"at once {what}")),
                                 "--identity", people.defr], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
               for what in ("make", "media", "host", "firmware")]
    assert [p.wait() for p in started] == [0] * 4
    item = json.loads(file.read_text())["item"]
    assert all(item[what] == f"at once {what}" for what in ("make", "media", "host", "firmware"))
    assert problems(exhibit, 0) == []


@test("a link in a log that was handed over leads nothing elsewhere, and is said to be there")
def links(folder):
    people = People(folder)
    _, exhibit, _ = acquired(folder, people)
    run(people.defr, "give", exhibit, "--to", "C. Lang", "--packaging", "b", "--seal-number", "n",
        "--carrier", "post", *WHY)
    stick, elsewhere = folder / "stick", folder / "elsewhere"
    shutil.copytree(exhibit, stick)
    run(people.lab, "receive", stick, "--condition", "c", "--seal-number", "n", "--receipt", folder / "r", *WHY)
    elsewhere.mkdir()
    for name in ("receipts", "next"):
        link = exhibit / "custody" / name
        link.symlink_to(elsewhere)
        assert any("does not belong here" in p for p in problems(exhibit)), name
        run(people.defr, "receipt", exhibit, folder / "r", *PLACE, code=1 if name == "receipts" else 3)
        assert list(elsewhere.iterdir()) == [], name
        link.unlink()
        shutil.rmtree(exhibit / "custody/receipts", ignore_errors=True)
    run(people.defr, "receipt", exhibit, folder / "r", *PLACE)
    assert problems(exhibit, 0) == []


def vouched(holder):
    return json.loads(run(None, "custody", "verify", holder, "--json").stdout)[0]["vouched_keys"]


@test("somebody's other key is taken when it was announced, and else refused, or makes the log unsound")
def keys(folder):
    people = People(folder)
    case, disk = open_case(folder, people)
    add_exhibit(people, case, disk)
    exhibit = case / "exhibits/EX-1"
    second = folder / "meyer-2"
    run(None, "identity", second, "--name", "A. Meyer", "--role", "DEFR", "--competence",
        "GCFA, 2024-05-01", "--organisation", "Example")
    kept = folder / "kept"
    shutil.copytree(exhibit, kept)
    # who forgets to say so does not break the log for ever
    done = run(second, "note", exhibit, "--text", "by another key", *PLACE, code=3)
    assert "another certificate" in done.stderr and "rekey" in done.stderr
    assert problems(exhibit, 0) == []
    put_record(exhibit, second, lambda r: None)
    assert any("another certificate" in p for p in problems(exhibit))
    der = subprocess.run(["openssl", "x509", "-in", second / "chain.pem", "-outform", "DER"],
                         capture_output=True, check=True).stdout
    shutil.rmtree(exhibit)
    shutil.copytree(kept, exhibit)
    subject = records(exhibit)[0]["actor"]["subject"]
    run(people.defr, "rekey", exhibit, "--subject", subject, "--certificate-sha256",
        "sha256:" + hashlib.sha256(der).hexdigest(), *WHY)
    run(second, "note", exhibit, "--text", "by another key", *PLACE)
    assert problems(exhibit, 0) == []
    assert vouched(exhibit) == 0
    run(people.defr, "note", exhibit, "--text", "by the old one", *PLACE, code=3)
    put_record(exhibit, people.defr, lambda r: None)
    assert problems(exhibit)
    # somebody else says it: taken, for keys get lost; and told by everything that checks the log
    shutil.rmtree(exhibit)
    shutil.copytree(kept, exhibit)
    run(people.lab, "rekey", exhibit, "--subject", subject, "--certificate-sha256",
        "sha256:" + hashlib.sha256(der).hexdigest(), *WHY)
    run(second, "note", exhibit, "--text", "by another key", *PLACE)
    assert problems(exhibit, 0) == [] and vouched(exhibit) == 1
    assert "on the word of somebody else" in run(None, "custody", "verify", exhibit).stdout


if __name__ == "__main__":
    evidence_scenario.main()
