#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Advisories of other formats go the same way as CSAF documents: a CVE record is imported, matched,
published and explained, an OSV document and a VEX document go in beside it, and what a client sent
is what the centre keeps, byte for byte."""

import json
import tarfile

from centre_home import Workplace, finish, needs_programs, scenario, wait, MODEL, VENDOR

CVE = json.dumps({
    "dataType": "CVE_RECORD", "dataVersion": "5.1",
    "cveMetadata": {"cveId": "CVE-2026-1000", "state": "PUBLISHED",
                    "datePublished": "2026-01-01T00:00:00Z", "dateUpdated": "2026-01-02T00:00:00Z"},
    "containers": {"cna": {
        "title": "A pump that listens too well",
        "descriptions": [{"lang": "en", "value": "A port is open."}],
        "affected": [{"vendor": VENDOR, "product": MODEL, "defaultStatus": "unaffected",
                      "versions": [{"version": "0", "lessThan": "2.3", "status": "affected",
                                    "versionType": "custom"}]}],
        "solutions": [{"lang": "en", "value": "Update to 2.3."}],
        "references": [{"url": "https://a.example/1"}]}}}, indent=1).encode()

OSV = json.dumps({
    "schema_version": "1.6.0", "id": "OSV-2026-1", "modified": "2026-01-03T00:00:00Z",
    "summary": "s", "details": "d", "affected": [{
        "package": {"ecosystem": "npm", "name": "left"},
        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.0"}]}]}]}
).encode()

OPENVEX = json.dumps({
    "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://a.example/vex-1", "author": "A",
    "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": [{
        "vulnerability": {"name": "CVE-2026-1001"}, "status": "not_affected",
        "products": [{"@id": "pkg:npm/left@1.0.0"}], "justification": "component_not_present"}]}
).encode()

BROKEN = OSV.replace(b'"introduced"', b'"since"')


def main():
    needs_programs()
    with Workplace("sources") as place:
        centre = place.centre().start()
        status, answer, _ = centre.call(
            "POST", "/v1/assets/import",
            f"asset,vendor,model,firmware\nold,{VENDOR},{MODEL},2.0\nnew,{VENDOR},{MODEL},2.3\n"
            .encode())
        assert status == 200 and not answer["refused"], answer

        def imported():
            """a CVE record, an OSV document and a VEX document are imported; a broken one is refused
            with its place"""
            for document, name in ((CVE, "CVE-2026-1000"), (OSV, "OSV-2026-1"),
                                   (OPENVEX, "https://a.example/vex-1")):
                done = centre.import_advisory(document)
                assert name in done.stdout, done
            done = centre.import_advisory(BROKEN, code=1)
            assert "/affected/0/ranges/0/events/0" in done.stderr and "OSV schema" in done.stderr, done
            again = centre.import_advisory(CVE)
            assert "known already" in again.stdout, again

        def told():
            """the record is matched and published: who is affected is told, who is not is known"""
            assert wait(centre.followers_at_head, 60), centre.status()
            shown = centre.json("advisory", "show", "CVE-2026-1000")
            assert shown["document"]["title"] == "A pump that listens too well", shown
            assert shown["document"]["version"] == "20260102000000", shown
            found = {item["asset"]: item["statements"][0]["status"] for item in
                     (centre.json("why", name, "CVE-2026-1000", code=None) for name in
                      centre_assets(centre))}
            assert sorted(found.values()) == ["affected", "not_affected"], found
            centre.cli("advisory", "publish", "CVE-2026-1000")
            told = ("GET", f"/v1/advisory/{shown['advisory']}/delivery")
            assert wait(lambda: centre.call(*told)[0] == 200, 30), centre.call(*told)
            assert len(centre.states("CVE-2026-1000")) == 1, centre.states("CVE-2026-1000")

        def explained():
            """why names the place in the record and its format"""
            texts = [json.dumps(centre.json("why", name, "CVE-2026-1000", code=None))
                     for name in centre_assets(centre)]
            assert all("/containers/cna/affected/0" in text for text in texts), texts
            assert all("CVE record format 5" in text for text in texts), texts

        def kept():
            """the proof holds the record as it was sent, byte for byte, and verifies"""
            pack = place.folder / "cve.tar"
            assert wait(centre.followers_at_head, 60), centre.status()
            centre.cli("proof", "export", "CVE-2026-1000", "--output", pack)
            centre.cli("proof", "verify", pack, "--root", centre.home / "trust/root.pem", home=False)
            with tarfile.open(pack) as members:
                texts = [members.extractfile(item).read() for item in members if item.isfile()]
            assert CVE in texts, [text[:60] for text in texts]
            centre.verify_log()

        def in_order():
            """of several states of a record in one folder the oldest goes in first, whatever the
            files are called"""
            folder = place.folder / "states"
            folder.mkdir()
            for name, document, old, new in (
                    ("a.json", OSV, b"2026-01-03", b"2026-03-03"),
                    ("b.json", OSV, b"2026-01-03", b"2026-02-03"),
                    ("c.json", CVE, b"2026-01-02", b"2026-03-02"),
                    ("d.json", CVE, b"2026-01-02", b"2026-02-02")):
                (folder / name).write_bytes(document.replace(old, new, 1))
            done = centre.json("advisory", "import", folder)
            assert [(item["id"], item["version"], item["state"]) for item in done["documents"]] == [
                ("OSV-2026-1", "20260203000000", "accepted"),
                ("OSV-2026-1", "20260303000000", "accepted"),
                ("CVE-2026-1000", "20260202000000", "accepted"),
                ("CVE-2026-1000", "20260302000000", "accepted")], done

        for test in (imported, told, explained, kept, in_order):
            scenario(test)
    finish()


def centre_assets(centre):
    return [item["asset"] for item in centre.call("GET", "/v1/assets")[1]["items"]]


if __name__ == "__main__":
    main()
