#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""A pack for one customer (formats 6.2): his own lines, proven as in the whole pack, and not one
byte of anybody else's."""

import base64
import json
import re
import subprocess
import sys
import tarfile

from centre_borders import Customer, assets_of, quiet
from centre_home import (Workplace, csaf, finish, needs_programs, scenario, wait, MODEL,
                         SOURCE, TOCSIN, VENDOR)

NAME = "EXP-2026-005"
HIDDEN = re.compile(rb'"(?:(?:ast|aud|crt|dlv|tok|per)_[0-9a-z]{26})"')


class Pack:
    def __init__(self, path):
        self.path = path
        self.raw = path.read_bytes()
        with tarfile.open(path) as archive:
            self.files = {m.name: archive.extractfile(m).read() for m in archive.getmembers()}

    def lines(self, name):
        return [json.loads(line) for line in self.files[name + ".jsonl"].splitlines()]

    def statement(self):
        return json.loads(base64.b64decode(json.loads(self.files["pack.json"])["payload"]))

    def everything(self):
        """All bytes, and what is base64 in them once more as itself."""
        texts = [self.raw]
        for word in re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", self.raw):
            if len(word) % 4 == 0:
                texts.append(base64.b64decode(word))
        return b"\n".join(texts)


def revision(document):
    """The next version of a document, with another remediation, so that it means something new."""
    value = json.loads(document)
    tracking = value["document"]["tracking"]
    tracking["version"] = "2"
    tracking["revision_history"].append(dict(tracking["revision_history"][0], number="2"))
    for vulnerability in value["vulnerabilities"]:
        vulnerability["remediations"] = [{"category": "vendor_fix",
                                          "product_ids": ["CSAFPID-1"],
                                          "details": "Install the version after the next"}]
    return json.dumps(value).encode()


def verified(pack, centre, *more):
    trust = ["--root", centre.home / "trust/root.pem", *more]
    said = []
    for command in ([TOCSIN, "proof", "verify"], [sys.executable, SOURCE / "tools/verify_proof.py"]):
        done = subprocess.run([*map(str, (*command, *trust, pack.path))], capture_output=True,
                              text=True, check=False)
        assert done.returncode == 0 and "VERIFIED" in done.stdout, (done.stdout, done.stderr)
        said.append(done.stdout)
    return said


def secrets_of(whole, organisation, mine):
    """What the whole pack holds of others: ids, salts, certificates, receipts, acts."""
    others = {row["asset"] for row in whole.lines("recipients")} | \
        {row["event"]["asset"] for row in whole.lines("members")}
    others -= mine
    found = set(others)
    found |= {row["audience"] for row in whole.lines("members") if row["event"]["asset"] in others}
    found |= {row["salt"] for row in whole.lines("members") if row["event"]["asset"] in others}
    for row in whole.lines("certificates"):
        if row.get("subject") in others:
            found |= {row["certificate"], row["der"][:60]}
    for file in ("receipts", "outcomes"):
        found |= {row["envelope"]["signature"] for row in whole.lines(file)
                  if row["asset"] in others}
    found |= {row["delivery"] for row in whole.lines("owners")
              if row["organisation"] != organisation}
    for row in whole.lines("acts"):
        data = row["act"]["data"]
        if others & {data.get("asset"), data.get("subject")}:
            found |= {row["act"]["id"], row["salt"]}
    return found


def main():
    needs_programs()
    with Workplace("customer") as place:
        centre = place.centre().start()
        alien = Customer(place, centre, "Alien")
        rival = Customer(place, centre, "Rival")
        nobody = Customer(place, centre, "Nobody")
        owner = centre.new("contact", "add", "--organisation", rival.organisation, "--mail",
                           "someone@rival.example", "Someone Rival")
        devices = [place.device(centre, name, organisation=who.organisation, **more)
                   for name, who, more in (("mine", alien, {}), ("silent", alien, {}),
                                           ("theirs", rival, {"owner": owner}))]
        rows = [("spare", MODEL, "2.0", "S1"), ("newer", MODEL, "9.0", "S2")]
        found = assets_of(centre, rows, alien.organisation)
        spare = {row[0]: found[row[0]] for row in rows}
        rows = [(f"rival-{n}", MODEL, firmware, f"R{n}") for n, firmware in
                enumerate(("2.0", "1.9", "9.1"))]
        found = assets_of(centre, rows, rival.organisation)
        elsewhere = {row[0]: found[row[0]] for row in rows}
        own = assets_of(centre, [("ours", MODEL, "2.0", "O1")])["ours"]
        for device in devices:
            device.once()
        packs = {}

        def told():
            """each customer is told of his devices, twice; a revision comes, and a device leaves"""
            centre.import_advisory(csaf(5, "< 2.3", vendor=VENDOR), publish=True)
            quiet(centre)
            row = ("late", MODEL, "1.8", "S3")
            spare["late"] = assets_of(centre, [row], alien.organisation)["late"]
            quiet(centre)
            for device in (devices[0], devices[2]):
                device.once()
            assert wait(lambda: [centre.states(NAME).get(d.asset) for d in devices]
                        == ["acknowledged", "undelivered", "acknowledged"], 30), centre.states(NAME)
            for name in ("spare", "rival-0"):
                gone = {**spare, **elsewhere}[name]
                status, answer, _ = centre.call("POST", "/v1/assets/remove",
                                                {"asset": gone, "reason": "scrapped"})
                assert status == 200, answer
            centre.import_advisory(revision(csaf(5, "< 2.5", vendor=VENDOR)), publish=True)
            quiet(centre)

        def exported():
            """his pack and the whole one are proven by both verifiers, and say the same of his devices"""
            whole, his = place.folder / "whole.tar", place.folder / "his.tar"
            centre.cli("proof", "export", NAME, "-o", whole)
            centre.cli("proof", "export", NAME, "--organisation", alien.organisation, "-o", his)
            whole, his = packs["whole"], packs["his"] = Pack(whole), Pack(his)
            verified(whole, centre)
            said = verified(his, centre)
            assert all(alien.organisation in text for text in said), said
            statement = his.statement()
            assert statement["scope"] == {"organisation": alien.organisation}
            mine = {devices[0].asset, devices[1].asset, *spare.values()}

            def of_mine(pack):
                return [(row["asset"], row["publication"], row["index"], row["n"], row["state"])
                        for row in pack.lines("recipients") if row["asset"] in mine]
            assert of_mine(whole) == of_mine(his) and len(of_mine(his)) == len(his.lines("recipients"))
            assert {row[0] for row in of_mine(his)} == mine - {spare["newer"]}
            counts = statement["counts"]
            assert counts["meant"] == len(of_mine(his)) < whole.statement()["counts"]["meant"]
            assert counts["removed"] >= 1 and counts["acknowledged"] >= 1 and counts["silent"] >= 1
            assert counts["not_told"]["not_affected"] == 1, counts
            text = his.files["VERIFY.txt"].decode()
            assert "only what concerns         " + alien.organisation in text
            assert "This pack is one customer's" in text
            assert "This pack is one customer's" not in whole.files["VERIFY.txt"].decode()

        def hidden():
            """nothing of other organisations is in it, byte by byte"""
            mine = {devices[0].asset, devices[1].asset, *spare.values()}
            theirs = secrets_of(packs["whole"], alien.organisation, mine)
            assert len(theirs) > 20 and devices[2].asset in theirs, len(theirs)
            theirs |= {rival.organisation, nobody.organisation, devices[2].asset, owner,
                       *elsewhere.values(), own, "rival", "Rival", "someone@"}
            said = packs["his"].everything()
            leaked = {word for word in theirs if word.encode() in said}
            assert not leaked, leaked
            assert devices[0].asset.encode() in said, "the test looks at the right bytes"
            ids = {word.strip(b'"').decode() for word in HIDDEN.findall(said)}
            audience = {row["audience"] for row in packs["his"].lines("members")}
            delivery = {row["delivery"] for row in packs["his"].lines("owners")}
            certificates = {i for i in ids if i.startswith("crt_")}
            assert ids - certificates <= mine | audience | delivery, ids
            assert len(certificates) == 1, certificates

        def web():
            """an operator of that organisation gets his own, and no other, asked for or not"""
            status, archive = alien.call("GET", f"/v1/proofs/{NAME}")
            assert status == 200, archive
            path = place.folder / "web.tar"
            path.write_bytes(archive)
            mine = Pack(path)
            verified(mine, centre)
            assert mine.files["recipients.jsonl"] == packs["his"].files["recipients.jsonl"]
            status, answer = alien.call("GET", f"/v1/proofs/{NAME}?organisation={rival.organisation}")
            assert status == 404, answer
            rows = alien.call("GET", f"/v1/advisory/{NAME}/delivery")[1]
            assert {row["asset"] for row in rows["items"]} == \
                {row["asset"] for row in mine.lines("recipients")}, rows
            assert rows["counts"] == mine.statement()["counts"], rows["counts"]

        def nothing():
            """who was told nothing learns no more of the advisory than of one that there is not"""
            said = []
            for name in (NAME, "EXP-2026-999"):
                status, answer = nobody.call("GET", f"/v1/proofs/{name}")
                assert status == 404 and answer["code"] == "centre.not-told", answer
                said.append(answer["detail"].replace(name, "NAME"))
                assert nobody.call("GET", f"/v1/advisory/{name}/delivery")[0] == 404
            assert said[0] == said[1], said
            done = centre.cli("proof", "export", NAME, "--organisation", nobody.organisation, "-o",
                              place.folder / "no.tar", code=None)
            assert done.returncode == 3 and "nothing was told to " + nobody.organisation in \
                done.stderr, done
            assert not (place.folder / "no.tar").exists()

        def changed():
            """a line of his pack that was changed is refused by both"""
            raw = packs["his"].raw.replace(b'"state":"undelivered"', b'"state":"undeliveree"', 1)
            path = place.folder / "changed.tar"
            path.write_bytes(raw)
            for command in ([TOCSIN, "proof", "verify"],
                            [sys.executable, SOURCE / "tools/verify_proof.py"]):
                done = subprocess.run([*map(str, (*command, "--root", centre.home / "trust/root.pem",
                                                  path))], capture_output=True, text=True, check=False)
                assert done.returncode == 1 and "pack.file-hash" in done.stdout, done

        for test in (told, exported, hidden, web, nothing, changed):
            if not scenario(test):
                break
    finish()


if __name__ == "__main__":
    main()
