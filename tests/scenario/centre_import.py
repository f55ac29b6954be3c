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
    finish()


if __name__ == "__main__":
    main()
