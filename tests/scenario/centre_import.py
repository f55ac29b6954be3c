#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A malformed advisory in a batch of good ones: refused with its place and the rule, the others go
in, and the exit code says that some failed (DESIGN section 8)."""

import json
import re

from centre_home import Workplace, csaf, finish, needs_programs, scenario, wait, MODEL, VENDOR

GOOD = (1, 2, 3)


def broken():
    """Name, bytes, and what must be said about each: place, pointer, rule."""
    whole = csaf(4, "< 2.3", vendor=VENDOR)
    value = json.loads(whole)
    del value["document"]["tracking"]["id"]
    missing = json.dumps(value, indent=1).encode()
    value = json.loads(whole)
    value["document"]["csaf_version"] = "9.9"
    version = json.dumps(value, indent=1).encode()
    value = json.loads(whole)
    value["product_tree"]["branches"] = {"category": "vendor"}
    kind = json.dumps(value, indent=1).encode()
    line = version.split(b"\n").index(b'  "csaf_version": "9.9",') + 1
    return (("cut.json", whole[:200], "line 1 column 201", "RFC 8259"),
            ("twice.json", whole.replace(b'{"document":{', b'{"document":{"title":"x",', 1),
             r"line 1 column \d+", "/document/title"),
            ("missing.json", missing, r"line \d+ column \d+", "/document/tracking"),
            ("version.json", version, rf"line {line} column \d+", "/document/csaf_version"),
            ("kind.json", kind, r"line \d+ column \d+", "/product_tree/branches"),
            ("empty.json", b"", "line 1 column 1", "RFC 8259"),
            ("nul.json", whole.replace(b"opens", b"op\x00ns", 1), r"line 1 column \d+", "RFC 8259"))


def revision(number, version, firmware="< 2.3", title=None):
    value = json.loads(csaf(number, firmware, vendor=VENDOR))
    document = value["document"]
    document["title"] = title or f"revision {version}"
    date = document["tracking"]["initial_release_date"]
    document["tracking"]["version"] = version
    document["tracking"]["revision_history"] = [
        {"number": str(n), "date": date, "summary": "x"} for n in range(1, int(version) + 1)]
    return json.dumps(value).encode()


def revisions(centre, folder):
    """Several revisions of one advisory in one folder, whatever their files are called."""
    folder.mkdir()
    for name, content in (("a-first.json", revision(6, "10")), ("m-other.json", revision(7, "1")),
                          ("z/a.json", revision(6, "2")), ("z/b.json", revision(6, "9"))):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)

    def names(answer):
        return [(item["id"], item["version"], item["state"]) for item in answer["documents"]]

    def shown(number):
        return centre.json("advisory", "show", f"EXP-2026-00{number}")

    def in_order():
        """revisions in one folder go in by their versions, and only the newest is published"""
        answer = centre.json("advisory", "import", "--publish", folder)
        assert names(answer) == [("EXP-2026-006", "2", "accepted"), ("EXP-2026-006", "9", "accepted"),
                                 ("EXP-2026-006", "10", "accepted"),
                                 ("EXP-2026-007", "1", "accepted")], answer
        assert answer["published"] == 2, answer
        assert [item.get("published", False) for item in answer["documents"]] == \
            [False, False, True, True]
        assert shown(6)["document"]["version"] == "10" and len(shown(6)["publications"]) == 1, shown(6)

    def again():
        """the same folder again, and the same file twice: known already, and nothing is told twice"""
        (folder / "z/copy.json").write_bytes((folder / "a-first.json").read_bytes())
        done = centre.cli("advisory", "import", "--publish", folder)
        assert "0 accepted, 5 known already, 0 refused, 0 published" in done.stdout, done.stdout
        assert len(shown(6)["publications"]) == 1

    def too_late():
        """an older revision than what is here, or other bytes of the same: refused with what to do"""
        (folder / "late.json").write_bytes(revision(6, "8"))
        done = centre.cli("advisory", "import", folder / "late.json", code=1)
        assert "version 8 of EXP-2026-006 is older than 10" in done.stderr, done.stderr
        assert "the newer one holds" in done.stderr and "leave this file out" in done.stderr
        (folder / "late.json").write_bytes(revision(6, "10", title="another"))
        done = centre.cli("advisory", "import", folder / "late.json", code=1)
        assert "imported with other bytes" in done.stderr, done.stderr
        assert "tocsin advisory show EXP-2026-006" in done.stderr, done.stderr
        (folder / "late.json").unlink()

    def refused_last():
        """when the newest of a folder is refused, the one before it is what is published"""
        (folder / "n-1.json").write_bytes(revision(8, "1"))
        bad = json.loads(revision(8, "2"))
        bad["product_tree"]["branches"] = {"category": "vendor"}
        (folder / "n-0.json").write_bytes(json.dumps(bad).encode())
        done = centre.cli("advisory", "import", "--publish", folder, code=1)
        assert "EXP-2026-008 version 1, not published: a newer one follows" in done.stdout, done
        assert "1 refused, 1 published" in done.stdout and "published: adv_" in done.stdout, done
        assert shown(8)["document"]["version"] == "1" and len(shown(8)["publications"]) == 1

    for test in (in_order, again, too_late, refused_last):
        scenario(test)


def without_notes(number):
    """A document that fails two mandatory tests, neither of which makes it mean nothing."""
    value = json.loads(csaf(number, "< 2.3", vendor=VENDOR))
    value["document"]["category"] = "csaf_security_advisory"
    vulnerability = value["vulnerabilities"][0]
    vulnerability.pop("notes", None)
    vulnerability["cwe"] = {"id": "CWE-787", "name": "Out-of-bounds Wrte"}
    return json.dumps(value, indent=1).encode()


def warned(centre, folder):
    """What does not refuse a document is told to whoever imports it."""
    folder.mkdir()
    path = folder / "warned.json"
    path.write_bytes(without_notes(9))
    good = json.loads(csaf(4, "< 2.3", vendor=VENDOR))
    good["document"]["category"] = "csaf_base"
    (folder / "good.json").write_bytes(json.dumps(good).encode())

    def text():
        """mandatory tests that fail are warnings with test, place, words and what would be right"""
        done = centre.cli("advisory", "import", folder, code=0)
        said = done.stdout + done.stderr
        assert "accepted: EXP-2026-009" in said and "1 with warnings" in done.stdout, said
        line = path.read_text().splitlines().index('    "name": "Out-of-bounds Wrte"') + 1
        assert re.search(rf'warning: CWE-787 is not called "Out-of-bounds Wrte" '
                         rf"\(line {line} column \d+ \(/vulnerabilities/0/cwe/name\); 6\.1\.11\)",
                         done.stderr), done.stderr
        assert 'its name is "Out-of-bounds Write"' in done.stderr, done.stderr
        assert "; 6.1.27.5)" in done.stderr, done.stderr

    def again():
        """the same document says the same again: in the API's answer and in that of --json"""
        status, answer, _ = centre.call("POST", "/v1/advisories/import", path.read_bytes())
        assert status == 200 and answer["repeated"], answer
        tests = {warning["test"]: warning for warning in answer["warnings"]}
        assert {"6.1.11", "6.1.27.5"} <= set(tests) and answer["warning_count"] == len(tests), answer
        assert tests["6.1.11"]["code"] == "csaf.test" and tests["6.1.11"]["hint"], tests
        assert "/vulnerabilities/0/cwe/name" in tests["6.1.11"]["where"], tests
        report = centre.json("advisory", "import", folder)
        listed = {item["id"]: item for item in report["documents"]}
        assert listed["EXP-2026-009"]["warnings"] == answer["warnings"], listed
        assert "warnings" not in listed["EXP-2026-004"] and report["with_warnings"] == 1, listed

    for test in (text, again):
        scenario(test)


def main():
    needs_programs()
    with Workplace("import") as place:
        centre = place.centre().start()
        folder = place.folder / "batch"
        folder.mkdir()
        for number in GOOD:
            (folder / f"good-{number}.json").write_bytes(csaf(number, "< 2.3", vendor=VENDOR))
        for name, content, *_ in broken():
            (folder / name).write_bytes(content)
        done = centre.cli("advisory", "import", folder, code=None)
        said = done.stdout + done.stderr

        def one_each():
            """every malformed advisory is refused with line, column, pointer and rule"""
            for name, _, where, rule in broken():
                about = [line for line in said.splitlines() if name in line]
                text = said[said.index(name):said.index(name) + 600] if about else ""
                assert about, (name, said)
                assert re.search(where, text), (name, where, text)
                assert rule in text, (name, rule, text)

        def others():
            """the good ones of the batch went in, and nothing of the bad ones"""
            listed = {item["id"] for item in centre.call("GET", "/v1/advisories")[1]["items"]}
            assert listed == {f"EXP-2026-00{number}" for number in GOOD}, listed

        def code():
            """the exit code is 1 for a batch of which some failed, 0 for one that went in"""
            assert done.returncode == 1, done
            for name, *_ in broken():
                (folder / name).unlink()
            assert centre.cli("advisory", "import", folder, code=None).returncode == 0

        def journal():
            """one act an advisory, and the journal verifies"""
            assert len(centre.acts("advisory.imported")) == len(GOOD)
            centre.verify_log()

        def enormous():
            """an advisory with 6,000 vulnerabilities that concern a device: its notice says less,
            and the next advisory is matched; a title of 100,000 letters is refused"""
            status, answer, _ = centre.call(
                "POST", "/v1/assets/import",
                f"asset,vendor,model,firmware,serial\na,{VENDOR},{MODEL},2.0,A1\n".encode())
            assert status == 200 and not answer["refused"], answer
            value = json.loads(csaf(5, "< 2.3", vendor=VENDOR))
            pattern = json.dumps(value["vulnerabilities"][0])
            cve = value["vulnerabilities"][0]["cve"]
            value["vulnerabilities"] = [json.loads(pattern.replace(cve, f"CVE-2026-{10000 + i}"))
                                        for i in range(6000)]
            status, answer, _ = centre.call("POST", "/v1/advisories/import",
                                            json.dumps(value).encode())
            assert status == 200, answer
            assert centre.call("POST", "/v1/advisories/import", csaf(6, "< 2.3", vendor=VENDOR))[0] \
                == 200
            assert wait(centre.followers_at_head, 60), centre.status()
            assert all(follower["failures"] == 0 for follower in centre.status()["followers"])
            enormous_id = answer["advisory"]
            assert centre.call("POST", "/v1/advisories/publish", {"advisory": enormous_id})[0] == 200
            told = ("GET", f"/v1/advisory/{enormous_id}/delivery")
            assert wait(lambda: centre.call(*told)[0] == 200, 30), centre.call(*told)
            assert len(centre.json("advisory", "delivery", enormous_id)["recipients"]) == 1
            value = json.loads(csaf(7, "< 2.3", vendor=VENDOR))
            value["document"]["title"] = "x" * 100000
            status, answer, _ = centre.call("POST", "/v1/advisories/import",
                                            json.dumps(value).encode())
            assert (status, answer["code"]) == (413, "fleet.advisory-text"), answer
            assert answer["where"] == "/document/title", answer

        for test in (one_each, others, code, journal, enormous):
            scenario(test)
        revisions(centre, place.folder / "revisions")
        warned(centre, place.folder / "warned")
    finish()


if __name__ == "__main__":
    main()
