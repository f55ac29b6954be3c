#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""What became of an advisory at each asset (rows V54 and V57): not remediated, in progress, done, per
vulnerability, with or without an agent; who says so stays told apart, and the states add up."""

import json

from centre_borders import Customer
from centre_home import Workplace, csaf, finish, needs_programs, scenario, wait, VENDOR, MODEL

TABLE = "asset,vendor,model,firmware\n" + "".join(
    f"pump-{n},{VENDOR},{MODEL},2.1\n" for n in range(1, 6)) + f"other,{VENDOR},Q-9,1.0\n"


def two_vulnerabilities(number):
    """An advisory about two vulnerabilities of one product."""
    document = json.loads(csaf(number, "< 2.3", vendor=VENDOR))
    second = json.loads(json.dumps(document["vulnerabilities"][0]))
    second["cve"] = "CVE-2026-77777"
    document["vulnerabilities"].append(second)
    return json.dumps(document).encode()


def main():
    needs_programs()
    with Workplace("remediation") as place:
        centre = place.centre().start()
        hook = place.folder / "hook"
        hook.write_text("#!/bin/sh\ncat >/dev/null\necho planned\n")
        hook.chmod(0o755)
        device = place.device(centre, "signs", firmware="2.0", settings=f"hook = {hook}\n")
        device.once()
        table = place.folder / "assets.csv"
        table.write_text(TABLE)
        centre.cli("asset", "import", table)
        labels = {a["label"]: a["asset"] for a in centre.json("asset", "list")["assets"]}
        first = "EXP-2026-005"

        def remediation(name=first, *more):
            return centre.json("advisory", "remediation", name, *more)

        def counts(name=first):
            found = remediation(name)["counts"]
            assert found["open"] + found["in_progress"] + found["done"] == found["concerned"], found
            assert sum(found["done_by"].values()) == found["done"], found
            assert sum(found["in_progress_by"].values()) == found["in_progress"], found
            ladder = json.loads(centre.cli("advisory", "delivery", name, "--json").stdout)
            told = ladder["remediation"]
            assert told["open"] + told["in_progress"] + told["done"] + told["removed"] + \
                told["not_concerned"] == told["devices"] == ladder["counts"]["devices"], told
            assert {k: told[k] for k in found if k != "concerned"} == \
                {k: found[k] for k in found if k != "concerned"}, (told, found)
            exposed = centre.json("exposure", name, code=None)["advisories"][0]
            assert exposed["remediation"] == found, (exposed["remediation"], found)
            return found

        def state_of(asset, name=first):
            for row in remediation(name)["assets"]:
                if row["asset"] == asset:
                    return row["remediation"]
            return None

        def nothing_said_yet():
            """before anybody says anything, every asset that is concerned is open, and counted"""
            centre.import_advisory(two_vulnerabilities(5), publish=True)
            assert wait(lambda: centre.states(first)), "not under a checkpoint"
            found = counts()
            assert found["concerned"] == found["open"] == 6, found
            assert state_of(labels["other"]) is None
            assert state_of(labels["pump-1"])["by"] == "none"

        def one_by_hand():
            """an operator marks one asset without an agent, with a reason, as an act"""
            centre.cli("advisory", "mark", first, labels["pump-1"], "--state", "in_progress",
                       "--reason", "window on Sunday")
            said = state_of(labels["pump-1"])
            assert (said["state"], said["by"], said["reason"]) == \
                ("in_progress", "operator", "window on Sunday"), said
            act = centre.acts("remediation.marked")[-1]
            assert act["data"]["assets"] == [labels["pump-1"]] and act["data"]["state"] == \
                "in_progress" and act["data"]["reason"] == "window on Sunday", act
            assert act["actor"].startswith("opr_") and act["actor"] == said["actor"], act
            found = counts()
            assert (found["open"], found["in_progress"]) == (5, 1), found
            assert found["in_progress_by"]["operator"] == 1, found

        def one_vulnerability():
            """one vulnerability of two: the whole is as far as the part that is behind"""
            centre.cli("advisory", "mark", first, labels["pump-2"], "--state", "done", "--reason",
                       "port closed", "--vulnerability", "CVE-2026-77777")
            said = state_of(labels["pump-2"])
            parts = {p["vulnerability"]: p["state"] for p in said["vulnerabilities"]}
            assert parts == {"CVE-2026-77777": "done", "CVE-2026-0005": "open"}, said
            assert said["state"] == "open", said
            shown = centre.json("asset", "show", labels["pump-2"])["advisories"][0]
            assert shown["remediation"] == said, shown

        def refused_with_reason():
            """what is not concerned, not there or without a reason is refused, the others are marked"""
            done = centre.cli("advisory", "mark", first, labels["other"], labels["pump-3"],
                              "ast_" + "0" * 26, "--state", "done", "--reason", "x", "--json", code=1)
            answer = json.loads(done.stdout)
            assert answer["marked"] == 1, answer
            assert {r["asset"]: r["code"] for r in answer["refused"]} == {
                labels["other"]: "centre.not-concerned", "ast_" + "0" * 26: "centre.not-found"}, answer
            centre.cli("advisory", "mark", first, labels["pump-3"], "--state", "done", code=2)
            centre.cli("advisory", "mark", first, "--all", labels["pump-3"], "--state", "done",
                       "--reason", "x", code=2)
            status, answer, _ = centre.call("POST", "/v1/remediation", {
                "advisory": first, "state": "fixed", "reason": "x", "all": True})
            assert status == 400 and answer["code"] == "fleet.remediation-state", answer

        def by_the_device():
            """what the device's key signs is told apart, and an operator does not overrule it"""
            device.once()
            said = state_of(device.asset)
            assert said and said["by"] == "device" and said["state"] == "in_progress", said
            assert said["outcome"] == "planned" and said["actor"] == device.asset, said
            assert counts()["in_progress_by"] == {"operator": 1, "device": 1, "inventory": 0}
            # a newer word of an operator stands beside it
            centre.cli("advisory", "mark", first, device.asset, "--state", "open", "--reason",
                       "called off")
            assert state_of(device.asset)["state"] == "open"

        def mark_all():
            """mark all: every asset that is concerned, once; said again, nothing changes"""
            words = ("advisory", "mark", first, "--all", "--state", "done", "--reason", "patched",
                     "--json")
            answer = json.loads(centre.cli(*words).stdout)
            assert (answer["marked"], answer["unchanged"]) == (6, 0), answer
            acts = len(centre.acts("remediation.marked"))
            answer = json.loads(centre.cli(*words).stdout)
            assert (answer["marked"], answer["unchanged"]) == (0, 6), answer
            assert len(centre.acts("remediation.marked")) == acts
            found = counts()
            assert found["done"] == found["done_by"]["operator"] == 6, found
            listed = place.folder / "list"
            listed.write_text(f"# two of them\n{labels['pump-4']}\n\n{labels['pump-5']}\r\n")
            centre.cli("advisory", "mark", first, "--from", listed, "--state", "open", "--reason",
                       "came back")
            found = counts()
            assert (found["open"], found["done"]) == (2, 4), found

        def by_the_inventory():
            """a class that is not affected is the strongest word, and an end state"""
            device.say("2.3")
            device.once()
            assert wait(lambda: state_of(device.asset)["by"] == "inventory"), state_of(device.asset)
            said = state_of(device.asset)
            assert said["state"] == "done", said
            table.write_text(TABLE.replace("pump-5,Example Pumps,P-7,2.1",
                                           "pump-5,Example Pumps,P-7,2.4"))
            centre.cli("asset", "import", table)
            assert wait(lambda: counts()["done_by"]["inventory"] == 2), counts()
            found = counts()
            assert found["concerned"] == 6 and found["open"] == 1, found
            # "all" leaves alone what its inventory has settled
            answer = json.loads(centre.cli("advisory", "mark", first, "--all", "--state", "done",
                                           "--reason", "again", "--json").stdout)
            assert answer["marked"] == 4, answer

        def comes_back():
            """a device that installed, and then says that it runs the old version, is open again"""
            hook.write_text("#!/bin/sh\ncat >/dev/null\necho installed\n")
            second = "EXP-2026-006"
            centre.import_advisory(csaf(6, "< 2.6", vendor=VENDOR), publish=True)
            assert wait(lambda: centre.states(second)), "not under a checkpoint"
            device.once()
            said = state_of(device.asset, second)
            assert (said["state"], said["by"], said["outcome"]) == ("done", "device", "installed"), \
                said
            centre.cli("advisory", "mark", second, device.asset, "--state", "open", "--reason",
                       "I do not believe it")
            assert state_of(device.asset, second)["by"] == "device"
            device.say("2.4")
            device.once()
            said = state_of(device.asset, second)
            assert (said["state"], said["by"]) == ("open", "operator"), said
            device.say("2.6")
            device.once()
            assert wait(lambda: state_of(device.asset, second)["by"] == "inventory")
            found = counts(second)
            assert found["done_by"] == {"operator": 0, "device": 0, "inventory": 1}, found

        def removed():
            """an asset that is removed is counted as such"""
            centre.cli("asset", "remove", labels["pump-1"], "--reason", "scrapped")
            ladder = json.loads(centre.cli("advisory", "delivery", first, "--json").stdout)
            assert ladder["remediation"]["removed"] == 1, ladder["remediation"]
            counts_now = ladder["remediation"]
            assert counts_now["devices"] == 6 and counts_now["concerned"] == 5, counts_now
            centre.cli("advisory", "mark", first, labels["pump-1"], "--state", "done", "--reason",
                       "x", code=1)

        def borders():
            """another organisation sees and marks its own assets alone"""
            customer = Customer(place, centre, "Customer")
            centre.cli("asset", "import", table, "--organisation", customer.organisation)
            theirs = customer.call("GET", f"/v1/advisory/{first}/remediation")
            assert wait(lambda: len(customer.call(
                "GET", f"/v1/advisory/{first}/remediation")[1].get("items", ())) == 4), theirs
            answer = customer.call("POST", "/v1/remediation", {
                "advisory": first, "state": "done", "reason": "x", "assets": [labels["pump-2"]]})
            assert answer[0] == 200 and answer[1]["marked"] == 0, answer
            assert answer[1]["refused"][0]["code"] == "centre.not-found", answer
            answer = customer.call("POST", "/v1/remediation", {
                "advisory": first, "state": "in_progress", "reason": "ours", "all": True})
            assert answer[0] == 200 and answer[1]["marked"] == 4, answer
            assert state_of(labels["pump-2"])["reason"] != "ours"
            act = centre.acts("remediation.marked")[-1]
            assert act["organisation"] == customer.organisation, act

        def pages_hold():
            """the list comes in pages, and the journal holds"""
            pages = remediation(first, "--limit", "2")
            assert len(pages["assets"]) == 2, pages
            status, page, _ = centre.call("GET", f"/v1/advisory/{first}/remediation?limit=2")
            assert status == 200 and len(page["items"]) <= 2 and page["next"], page
            centre.verify_log()

        for test in (nothing_said_yet, one_by_hand, one_vulnerability, refused_with_reason,
                     by_the_device, mark_all, by_the_inventory, comes_back, removed, borders,
                     pages_hold):
            scenario(test)
    finish()


if __name__ == "__main__":
    main()
