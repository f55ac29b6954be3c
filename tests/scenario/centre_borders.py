#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Borders: between organisations, between exercise and live, between those who are meant and those
who are not; and what a matcher that was interrupted still owes to whoever joined."""

import io
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
from base64 import b64decode, b64encode

from centre_home import Workplace, csaf, finish, needs_programs, scenario, wait, MODEL, SOURCE, \
    VENDOR

RED, AMBER = 4, 5


def labelled(number, tlp, **change):
    """An advisory of the vendor with a label, its serial numbers where there are any."""
    value = json.loads(csaf(number, "< 2.3", vendor=VENDOR))
    value["document"]["distribution"] = {"tlp": {"label": tlp}}
    if "serials" in change:
        leaf = value["product_tree"]["branches"][0]["branches"][0]["branches"][0]["product"]
        leaf["product_identification_helper"] = {"serial_numbers": change["serials"]}
    return json.dumps(value).encode()


class Customer:
    """An organisation with an operator who comes in by the web door."""

    def __init__(self, place, centre, name):
        self.centre = centre
        self.organisation = centre.new("organisation", "add", name)
        body = {"organisation": self.organisation, "name": name,
                "roles": "administrator,coordinator,registrar,auditor"}
        self.operator = centre.call("POST", "/v1/operators", body)[1]["operator"]
        body = {"organisation": self.organisation, "profile": "operator", "asset": self.operator}
        token = centre.call("POST", "/v1/tokens", body)[1]["secret"]
        self.files = self.certificate(place.folder / f"operator-{self.operator}", token)

    def certificate(self, folder, token):
        folder.mkdir()
        key, request, chain = folder / "key.pem", folder / "request.der", folder / "chain.pem"
        subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-subj", "/CN=x",
                        "-outform", "DER", "-out", request], check=True, capture_output=True)
        door = self.centre.https("enrol")
        door.request("POST", "/.well-known/est/simpleenroll", b64encode(request.read_bytes()),
                     {"Content-Type": "application/pkcs10", "Authorization":
                      "Basic " + b64encode(f"x:{token}".encode()).decode()})
        answer = door.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        certificates = []
        for path in ("", "cacerts"):
            if path:
                door = self.centre.https("enrol")
                door.request("GET", "/.well-known/est/cacerts")
                body = door.getresponse().read()
            (folder / "p7").write_bytes(b64decode(body))
            done = subprocess.run(["openssl", "pkcs7", "-inform", "DER", "-in", folder / "p7",
                                   "-print_certs"], check=True, capture_output=True)
            certificates.append(done.stdout)
        chain.write_bytes(b"".join(certificates))
        return chain, key

    def call(self, method, path, body=None):
        door = self.centre.https("web", *self.files)
        door.request(method, path, json.dumps(body) if isinstance(body, dict) else body)
        answer = door.getresponse()
        text = answer.read()
        return answer.status, (json.loads(text) if "json" in answer.headers.get_content_type()
                               else text)


def imported(who, document):
    status, answer = who.call("POST", "/v1/advisories/import", document)[:2]
    assert status == 200, answer
    return answer["advisory"]


def quiet(centre):
    assert wait(centre.followers_at_head, 30), centre.status()
    for follower in centre.status()["followers"]:
        assert follower["failures"] == 0, follower


def assets_of(centre, rows, organisation=None):
    """Imports devices without an agent: (label, model, firmware, serial)."""
    text = "asset,vendor,model,firmware,serial\n" + "".join(
        f"{label},{VENDOR},{model},{firmware},{serial}\n" for label, model, firmware, serial in rows)
    query = f"?organisation={organisation}" if organisation else ""
    status, answer, _ = centre.call("POST", "/v1/assets/import" + query, text.encode())
    assert status == 200 and not answer["refused"], answer
    items = centre.call("GET", "/v1/assets?limit=1000")[1]["items"]
    return {item["label"]: item["asset"] for item in items if item.get("label")}


def meant(centre, name):
    return {line["asset"] for line in centre.json("advisory", "delivery", name)["recipients"]}


def borders(place, centre):
    alien = Customer(place, centre, "Alien")
    drill = centre.new("organisation", "add", "Drill", "--exercise")
    ours = assets_of(centre, [("ours", MODEL, "2.0", "A1")])["ours"]
    theirs = assets_of(centre, [("theirs", MODEL, "2.0", "B1")], alien.organisation)["theirs"]
    drilled = assets_of(centre, [("drilled", MODEL, "2.0", "C1")], drill)["drilled"]
    red = imported(centre, labelled(RED, "RED"))
    amber = imported(centre, labelled(AMBER, "AMBER"))
    for name in (red, amber):
        assert centre.call("POST", "/v1/advisories/publish", {"advisory": name})[0] == 200
    quiet(centre)

    def why():
        """of TLP:RED another organisation hears nothing, also not by asking about its own device"""
        assert {row["advisory"] for row in alien.call("GET", "/v1/advisories")[1]["items"]} \
            == {amber}
        status, answer = alien.call("GET", f"/v1/assets/{theirs}/why?advisory={red}")
        assert status == 404 and answer["code"] == "fleet.no-advisory", answer
        assert alien.call("GET", f"/v1/assets/{theirs}/why?advisory={amber}")[0] == 200
        shown = alien.call("GET", f"/v1/assets/{theirs}")[1]["advisories"]
        assert [row["advisory"] for row in shown] == [amber], shown
        own = centre.call("GET", f"/v1/assets/{ours}")[1]["advisories"]
        assert {row["advisory"] for row in own} == {red, amber}, own

    def asked():
        """asked about what one may not see, the centre answers as if there were none"""
        def exposure(who, about):
            return who.call("GET", f"/v1/exposure?about={about}")[:2]

        nothing = {"kind": "vulnerability", "advisories": []}
        for cve in ("CVE-2026-0004", "CVE-1999-0001"):  # of the red one, and of none
            assert exposure(alien, cve) == (200, {"about": cve, **nothing})
        assert exposure(centre, "CVE-2026-0004")[1]["advisories"]
        answers = [exposure(alien, name) for name in ("EXP-2026-004", "EXP-1999-001")]
        for (status, answer), name in zip(answers, ("EXP-2026-004", "EXP-1999-001")):
            assert status == 404 and answer["detail"] == f"there is no advisory {name}", answer
            del answer["detail"]
        assert answers[0][1] == answers[1][1], answers

    def numbers():
        """how the centre is: of other organisations' devices and deliveries no number is shown"""
        whole = centre.status()
        assert whole["assets"]["count"] == 3 and "scope" not in whole, whole
        status, own = alien.call("GET", "/v1/status")
        assert status == 200 and own["scope"] == alien.organisation, own
        assert own["assets"] == {"by_state": [{"state": "active", "way": "none", "count": 1}],
                                 "count": 1, "ownerless": 1}, own
        assert sum(own["owner_deliveries"].values()) == 0 and own["journal"]["size"] > 0, own
        for inside in ("followers", "writer", "streams", "certificates", "courier", "sandbox"):
            assert inside in whole and inside not in own, inside
        status, answer = alien.call("GET", "/metrics")
        assert status == 403 and answer["code"] == "centre.role", answer
        assert b"tocsin_journal_acts_total" in centre.call("GET", "/metrics")[1]

    def bundles():
        """a bundle holds the documents that its organisation may see, and no others"""
        status, archive = alien.call("POST", "/v1/bundles", {})
        assert status == 200, archive
        names = tarfile.open(fileobj=io.BytesIO(archive)).getnames()
        assert sum(name.startswith("advisories/") for name in names) == 1, names

    def counts():
        """who previews sees the numbers of its own devices; exercise devices never count as live"""
        answer = alien.call("GET", f"/v1/advisory/{amber}/preview")[1]
        assert [row["assets"] for row in answer["counts"]] == [1], answer["counts"]
        assert [row["asset"] for row in answer["items"]] == [theirs]
        answer = centre.call("GET", f"/v1/advisory/{amber}/preview")[1]
        assert [row["assets"] for row in answer["counts"]] == [2], answer["counts"]
        assert {row["asset"] for row in answer["items"]} == {ours, theirs}
        assert meant(centre, amber) == {ours, theirs}

    def approvals():
        """approvals that are asked for in one organisation are not listed in another"""
        body = {"type": "asset.remove", "args": {"asset": ours, "reason": "x"}}
        assert centre.call("POST", "/v1/approvals", body)[0] == 200
        assert alien.call("GET", "/v1/approvals")[1]["items"] == []
        assert len(centre.call("GET", "/v1/approvals")[1]["items"]) == 1

    def squatting():
        """who brings in an advisory that others hold learns nothing of theirs, and takes nothing"""
        other = json.loads(labelled(RED, "RED"))
        other["document"]["title"] = "another text under the same id and version"
        for document in (labelled(RED, "RED"), json.dumps(other).encode()):
            status, answer = alien.call("POST", "/v1/advisories/import", document)
            if document == labelled(RED, "RED"):
                assert status == 200 and not answer["repeated"] and answer["advisory"] != red, answer
                own = answer["advisory"]
        assert status == 409 and answer["code"] == "fleet.revision-changed", answer  # its own
        tracking = json.loads(labelled(RED, "RED"))["document"]["tracking"]["id"]
        for caller, mine in ((alien, own), (centre, red)):  # each means its own by the name
            assert caller.call("GET", f"/v1/advisory/{tracking}")[1]["advisory"] == mine
        assert alien.call("POST", "/v1/advisories/publish", {"advisory": own})[0] == 200
        quiet(centre)
        assert meant(centre, own) == {theirs} and meant(centre, red) == {ours}

    def silence():
        """what one may not see is answered in every word as what is not there"""
        absent = "adv_" + "0" * 26
        for path in ("/v1/advisory/{}", "/v1/advisory/{}/preview", "/v1/exposure?about={}",
                     f"/v1/assets/{theirs}/why?advisory={{}}"):
            answers = []
            for name in (red, absent):
                status, answer = alien.call("GET", path.format(name))
                answers.append((status, json.dumps(answer).replace(name, "X")))
            assert answers[0] == answers[1] and answers[0][0] == 404, (path, answers)
        holder = centre.new("contact", "add", "Holder")
        certificate = next(row["certificate"] for row in
                           centre.call("GET", "/v1/certificates")[1]["items"]
                           if row["organisation"] != alien.organisation)
        asked = centre.call("GET", "/v1/approvals")[1]["items"][0]["approval"]
        for path, body, names in (
                ("/v1/advisories/publish", "advisory", (red, absent)),
                ("/v1/assets/remove", "asset", (ours, "ast_" + "0" * 26)),
                ("/v1/tokens", "asset", (ours, "ast_" + "0" * 26)),
                ("/v1/contacts/erase", "contact", (holder, "per_" + "0" * 26)),
                ("/v1/certificates/revoke", "certificate", (certificate, "crt_" + "0" * 26)),
                ("/v1/approvals/give", "approval", (asked, "apr_" + "0" * 26))):
            answers = []
            for name in names:
                status, answer = alien.call("POST", path, {body: name, "reason": "superseded"})
                answers.append((status, json.dumps(answer).replace(name, "X")))
            assert answers[0] == answers[1] and answers[0][0] == 404, (path, answers)
        for path, names in (("/v1/assets/{}", (ours, "ast_" + "0" * 26)),
                            ("/v1/assets?organisation={}", (drill, "org_" + "0" * 26))):
            answers = [(answer[0], json.dumps(answer[1]).replace(name, "X")) for name in names
                       for answer in [alien.call("GET", path.format(name))]]
            assert answers[0] == answers[1] and answers[0][0] == 404, (path, answers)

    def drafts():
        """of a revision that is not published others see nothing; the one before stays theirs"""
        draft = json.loads(labelled(AMBER, "AMBER"))
        draft["document"]["title"] = "a title that is under embargo"
        draft["document"]["tracking"]["version"] = "2"
        draft["document"]["tracking"]["revision_history"].append(
            dict(draft["document"]["tracking"]["revision_history"][0], number="2"))
        assert imported(centre, json.dumps(draft).encode()) == amber
        quiet(centre)
        for caller, version, count in ((alien, "1", 1), (centre, "2", 2)):
            shown = caller.call("GET", f"/v1/advisory/{amber}")[1]
            assert shown["document"]["version"] == version, shown
            assert len(shown["revisions"]) == count, shown
            row = next(r for r in caller.call("GET", "/v1/advisories")[1]["items"]
                       if r["advisory"] == amber)
            assert row["version"] == version and (version == "2") == ("embargo" in row["title"])
        why = alien.call("GET", f"/v1/assets/{theirs}/why?advisory={amber}")
        assert why[0] == 200 and "embargo" not in json.dumps(why[1]), why
        assert "members" not in alien.call("GET", f"/v1/advisory/{amber}")[1]["publications"][0]

    def machine():
        """users of the machine are let in by who runs the centre, not by its customers"""
        body = {"name": "x", "roles": "administrator", "uid": 0}
        status, answer = alien.call("POST", "/v1/operators", body)
        assert status == 403 and answer["code"] == "centre.role", answer
        body = {"asset": alien.operator, "profile": "device"}
        assert alien.call("POST", "/v1/tokens", body)[0] == 400

    def exercise():
        """what an exercise organisation brings in and publishes stays an exercise"""
        body = {"organisation": drill, "name": "Drill", "roles": "administrator,coordinator",
                "uid": os.getuid()}
        assert centre.call("POST", "/v1/operators", body)[0] == 200
        name = imported(centre, labelled(6, "WHITE"))  # who asks now is Drill's
        status, answer, _ = centre.call("POST", "/v1/advisories/publish", {"advisory": name})
        assert status == 200, answer
        assert wait(lambda: centre.call("GET", f"/v1/advisory/{name}")[1]["publications"], 30)
        shown = centre.call("GET", f"/v1/advisory/{name}")[1]
        assert shown.get("exercise") is True, shown
        assert [row["members"] for row in shown["publications"]] == [1], shown
        items = centre.call("GET", f"/v1/advisory/{name}/preview")[1]["items"]
        assert [row["asset"] for row in items] == [drilled], items
        assert name not in {row["advisory"] for row in alien.call("GET", "/v1/advisories")[1]["items"]}

    for test in (why, asked, numbers, bundles, counts, approvals, silence, squatting, drafts, machine,
                 exercise):
        scenario(test)


def joins(centre):
    serials = imported(centre, labelled(1, "WHITE", serials=["S1*"]))
    plain = imported(centre, labelled(2, "WHITE"))
    first = assets_of(centre, [("first", MODEL, "2.0", "S10"), ("second", MODEL, "2.0", "T10")])
    quiet(centre)
    for name in (serials, plain):
        assert centre.call("POST", "/v1/advisories/publish", {"advisory": name})[0] == 200
    quiet(centre)

    def serial_of_joiners():
        """who joins later is told by its serial number, as those who were there before"""
        assert meant(centre, serials) == {first["first"]}
        shown = centre.call("GET", f"/v1/advisory/{serials}/preview")[1]["items"]
        assert {row["asset"] for row in shown if row.get("other_serial")} == {first["second"]}, shown
        assert "names other serial numbers" in centre.cli("advisory", "preview", serials).stdout
        later = assets_of(centre, [("third", MODEL, "2.0", "S11"), ("fourth", MODEL, "2.0", "T11")])
        quiet(centre)
        assert meant(centre, serials) == {first["first"], later["third"]}
        assert meant(centre, plain) == {later[n] for n in ("first", "second", "third", "fourth")}

    def serial_of_members():
        """a serial number corrected within the class: told by the new one, once, by an addition"""
        def additions():
            return [act for act in centre.acts("publication.frozen")
                    if act["data"]["trigger"] == "addition"]

        before = len(additions())
        second = assets_of(centre, [("second", MODEL, "2.0", "S19")])["second"]
        assert second == first["second"]
        quiet(centre)
        assert second in meant(centre, serials), meant(centre, serials)
        assert len(additions()) == before + 1 and additions()[-1]["data"]["members"] == 1
        changes = centre.acts("asset.serial")
        assert [act["data"] for act in changes] == [{"asset": second}], changes
        # forth and back, and the same again: it knows already
        for serial in ("T10", "S19", "S19", "S18"):
            assets_of(centre, [("second", MODEL, "2.0", serial)])
        quiet(centre)
        assert len(centre.acts("asset.serial")) == 4 and len(additions()) == before + 1
        lines = [line for name in (serials, plain)
                 for line in centre.json("advisory", "delivery", name)["recipients"]]
        assert [line["asset"] for line in lines].count(second) == 2, lines
        pack = centre.folder / "serials.tar"
        centre.cli("proof", serials, "-o", pack)
        done = centre.cli("proof", "verify", pack, "--root", centre.home / "trust/root.pem",
                          home=False)
        assert "VERIFIED" in done.stdout, done.stdout
        other = subprocess.run([sys.executable, SOURCE / "tools/verify_proof.py", pack, "--root",
                                centre.home / "trust/root.pem"], capture_output=True, text=True,
                               check=False)
        assert other.returncode == 0, (other.stdout, other.stderr)

    def there_and_back():
        """a device that comes, goes and comes again at once is told once, and nobody waits for it"""
        rows = [("fickle", MODEL, firmware, "S12") for firmware in ("2.0", "9.0", "2.0")]
        fickle = assets_of(centre, rows)["fickle"]
        quiet(centre)
        lines = centre.json("advisory", "delivery", plain)["recipients"]
        assert [line["asset"] for line in lines].count(fickle) == 1, lines

    def needless():
        """an alias of two names that count as one already is refused, and stops nobody"""
        status, answer, _ = centre.call("POST", "/v1/aliases", {
            "kind": "vendor", "from": f"{VENDOR}, Inc.", "to": VENDOR, "reason": "legal form"})
        assert status == 400 and answer["code"] == "fleet.alias", answer
        quiet(centre)

    def interrupted():
        """a class whose first device was not yet looked at when the centre died is matched after it"""
        owed = assets_of(centre, [("owed", MODEL, "1.7", "S13")])["owed"]
        quiet(centre)
        centre.stop()
        path = next(p for p in centre.home.rglob("*.db"))
        with sqlite3.connect(path) as db:  # as if the matcher had died before it looked
            digest, joined = db.execute("SELECT class, class_since FROM asset WHERE id = ?",
                                        (owed,)).fetchone()
            told = db.execute("SELECT publication FROM notice WHERE class = ?", (digest,)).fetchall()
            assert told, "it was told before"
            db.execute("DELETE FROM statement WHERE class = ?", (digest,))
            db.execute("DELETE FROM notice_asset WHERE asset = ?", (owed,))
            db.execute("DELETE FROM told WHERE class = ?", (digest,))
            done = db.execute("UPDATE follower SET next = ? WHERE name = 'matcher'", (joined,))
            assert done.rowcount == 1
            # and as if an alias had been taught before the rules knew it
            db.execute("INSERT INTO alias (kind, from_name, to_name, reason, organisation, act) "
                       "VALUES ('vendor', ?, ?, 'x', 'org', 0)", (f"{VENDOR}, Inc.", VENDOR))
        db.close()
        centre.start()
        quiet(centre)
        why = centre.call("GET", f"/v1/assets/{owed}")[1]
        assert {row["advisory"] for row in why["advisories"]} >= {serials, plain}, why
        assert owed in meant(centre, plain)

    for test in (serial_of_joiners, serial_of_members, there_and_back, needless,
                 interrupted):
        scenario(test)


def main():
    needs_programs()
    with Workplace("borders") as place:
        borders(place, place.centre().start())
    with Workplace("joins") as place:
        joins(place.centre().start())
    finish()


if __name__ == "__main__":
    main()
