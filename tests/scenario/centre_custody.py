#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""Custody told to a centre: each record an act with its receipt, a log that was cut short or written
anew is found out, and evidence is found from the asset and the advisory that it is about, and back."""

import json
import os
import shutil
import subprocess
from base64 import b64encode

from centre_borders import Customer
from centre_home import Workplace, csaf, finish, needs_programs, scenario, wait, VENDOR


def main():
    needs_programs()
    with Workplace("custody") as place:
        centre = place.centre().start()
        centre.import_advisory(csaf(7, "< 2.3", vendor=VENDOR))
        asset = centre.new("asset", "register", "pump-1")
        identity, case = place.folder / "meyer", place.folder / "case"
        exhibit = case / "exhibits" / "EX-1"
        about = [f"asset:{asset}", "advisory:EXP-2026-007", "vulnerability:CVE-2026-0007",
                 "incident:2026-31"]

        def step(*words):
            return centre.cli("evidence", *words, "--identity", identity, "--place", "lab", "--reason",
                              "incident 2026-31", home=False)

        def register(folder=exhibit, code=0):
            words = [word for which in about for word in ("--about", which)]
            return centre.cli("evidence", "register", folder, *words, "--json", code=code)

        centre.cli("evidence", "identity", identity, "--name", "A. Meyer", "--role", "DEFR",
                   "--competence", "GCFA, 2024-05-01", "--organisation", "Example", home=False)
        step("case", "new", case, "--person-in-charge", "B. Huber", "--contact", "+49 1", "--authority",
             "policy 4")
        step("exhibit", "add", case, "--description", "controller of pump 1", "--source-type", "static",
             "--condition", "good", "--make", "Acme", "--model", "P-2", "--serial", "17")
        step("note", exhibit, "--text", "the cabinet was open")
        told = json.loads(register().stdout)

        def once():
            """each record becomes an act, once, and no act names a person"""
            assert told["records"] == 2 and told["known_before"] == 0, told
            again = json.loads(register().stdout)
            assert again["known_before"] == 2 and again["custody"] == told["custody"], again
            recorded, linked = centre.acts("custody.recorded"), centre.acts("custody.linked")
            assert [a["data"]["number"] for a in recorded] == [1, 2] and len(linked) == 4, recorded
            assert not any(name in json.dumps(centre.acts()) for name in ("Meyer", "Huber"))

        def receipts():
            """a record's receipt proves off line that its act is in the journal"""
            receipt = exhibit / "custody" / "receipts" / "00001.tlog-proof"
            assert wait(lambda: register() and receipt.exists(), pause=0.5), "no receipt"
            said = centre.cli("proof", "verify", receipt, "--log", centre.home / "trust/journal.vkey",
                              home=False).stdout
            assert "custody.recorded" in said, said

        def both_ways():
            """found from what it is about, and what it is about from it"""
            shown = centre.json("evidence", "registered", told["custody"])
            assert {a["kind"] for a in shown["about"]} == \
                {"asset", "advisory", "vulnerability", "incident"}, shown
            for which in about:
                found = centre.json("evidence", "registered", "--about", which)["custody"]
                assert [c["custody"] for c in found] == [told["custody"]], (which, found)
            assert centre.json("asset", "show", asset)["evidence"][0]["holder"] == "EX-1"
            assert centre.json("advisory", "show", "EXP-2026-007")["evidence"][0]["holder"] == "EX-1"
            assert "EX-1" in centre.cli("asset", "show", asset).stdout
            assert centre.json("evidence", "registered", "--about", "incident:other")["custody"] == []

        def borders():
            """another organisation sees nothing of it"""
            customer = Customer(place, centre, "Customer")
            assert customer.call("GET", "/v1/custody") == (200, {"items": []})
            assert customer.call("GET", f"/v1/custody/{told['custody']}")[0] == 404
            body = {"custody": told["custody"], "kind": "incident", "target": "theirs"}
            assert customer.call("POST", "/v1/custody/link", body)[0] == 404

        def cut_off():
            """a tail that was cut off and written anew is found out"""
            before, now = place.folder / "before", place.folder / "now"
            shutil.copytree(exhibit, before)
            step("note", exhibit, "--text", "opened the door")
            register()
            shutil.move(exhibit, now)
            shutil.copytree(before, exhibit)
            assert json.loads(register(code=1).stdout)["missing_here"] == 1
            step("note", exhibit, "--text", "did not open the door")
            refused = register(code=1)
            assert "record 3 of EX-1 is not the one" in refused.stderr, refused
            step("note", exhibit, "--text", "and went away")
            log = exhibit / "custody"  # told without record 3, which would give it away
            alone = [{"record": b64encode((log / "00004.json").read_bytes()).decode(),
                      "signature": b64encode((log / "00004.p7s").read_bytes()).decode()}]
            status, answer, _ = centre.call("POST", "/v1/custody", {"records": alone})
            assert status >= 400 and answer["code"] == "custody.fork", (status, answer)
            shutil.rmtree(exhibit)
            shutil.move(now, exhibit)
            register()

        def forged():
            """a record with another record's signature is not taken over"""
            folder = place.folder / "forged"
            shutil.copytree(exhibit, folder)
            shutil.copy(folder / "custody/00002.p7s", folder / "custody/00001.p7s")
            said = register(folder, code=1)
            assert "record 1" in said.stdout + said.stderr, said
            # nor one that somebody signed in another's name
            other = place.folder / "lang"
            centre.cli("evidence", "identity", other, "--name", "C. Lang", "--role", "DES", "--competence",
                       "EnCE, 2020-01-01", home=False)
            record = folder / "custody/00001.json"
            der = subprocess.run(["openssl", "cms", "-sign", "-binary", "-cades", "-nosmimecap", "-md", "sha256",
                                  "-signer", other / "chain.pem", "-inkey", other / "key.pem", "-in", record,
                                  "-outform", "DER"], capture_output=True, check=True).stdout
            status, answer, _ = centre.call("POST", "/v1/custody", {"records": [
                {"record": b64encode(record.read_bytes()).decode(), "signature": b64encode(der).decode()}]})
            assert status >= 400 and answer["code"] == "custody.signer", (status, answer)

        def by_itself():
            """a step tells the centre by itself, and is done also when the centre is away"""
            os.environ["TOCSIN_EVIDENCE_CENTRE"] = f"--home {centre.home}"
            before = len(centre.acts("custody.recorded"))
            step("note", exhibit, "--text", "closed the cabinet")
            assert len(centre.acts("custody.recorded")) == before + 1
            os.environ["TOCSIN_EVIDENCE_CENTRE"] = f"--home {place.folder / 'nowhere'}"
            said = step("note", exhibit, "--text", "sealed the cabinet").stderr
            assert "the centre was not told" in said and "register FOLDER tells it later" in said, said
            del os.environ["TOCSIN_EVIDENCE_CENTRE"]
            assert len(centre.acts("custody.recorded")) == before + 1
            register()
            assert len(centre.acts("custody.recorded")) == before + 2
            centre.cli("evidence", "custody", "verify", exhibit, home=False)

        for test in (once, receipts, both_ways, borders, cut_off, forged, by_itself):
            scenario(test)
        centre.verify_log()
    finish()


if __name__ == "__main__":
    main()
