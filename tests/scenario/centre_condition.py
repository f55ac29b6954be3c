#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""The condition of assets is known to who is responsible for them (rows V46, V47): where they stand,
how much hangs on them, when they were last heard, since when they are stale, what waits to be done,
and what happened to each."""

import json

from centre_borders import Customer
from centre_home import (MODEL, Workplace, csaf, finish, needs_programs, scenario, wait, VENDOR)
from centre_reminders import Shifted

DAY = 86400


def main():
    needs_programs()
    with Workplace("condition") as place:
        clock = Shifted(place.folder)
        centre = place.centre(settings={"assets.stale-after": "2d"})
        centre.environment = clock.environment
        centre.start()
        device = place.device(centre, "one")
        device.once()
        table = place.folder / "rows.csv"
        table.write_text(f"asset,vendor,model,firmware\npress,{VENDOR},{MODEL},2.1\n")
        centre.cli("asset", "import", table)
        silent = centre.new("asset", "register", "silent", "--location", "hall 9", "--criticality",
                            "low")

        def listed(*more):
            return {a["label"]: a for a in centre.json("asset", "list", *more)["assets"]}

        press = listed()["press"]["asset"]

        def placed():
            """location and criticality are registered, changed, shown, and filtered by"""
            centre.cli("asset", "describe", press, "--location", "office of A. Person",
                       "--criticality", "critical")
            centre.cli("asset", "describe", device.asset, "--criticality", "high")
            shown = centre.json("asset", "show", press)
            assert (shown["location"], shown["criticality"]) == \
                ("office of A. Person", "critical"), shown
            assert listed()["silent"]["location"] == "hall 9", listed()["silent"]
            assert set(listed("--criticality", "critical")) == {"press"}
            assert set(listed("--criticality", "medium")) == set()
            # what is not given stays, what is empty is forgotten
            centre.cli("asset", "describe", press, "--location", "hall 3")
            shown = centre.json("asset", "show", press)
            assert (shown["location"], shown["criticality"]) == ("hall 3", "critical"), shown
            centre.cli("asset", "describe", press, "--location", "")
            shown = centre.json("asset", "show", press)
            assert "location" not in shown and shown["criticality"] == "critical", shown
            centre.cli("asset", "describe", press, "--criticality", "vital", code=2)
            centre.cli("asset", "list", "--criticality", "vital", code=2)
            centre.cli("asset", "describe", press, code=2)

        def from_a_table():
            """a table brings them, too: what is empty stays, and what is wrong is refused by its line"""
            rows = place.folder / "places.csv"
            rows.write_text(
                "asset,vendor,model,firmware,location,criticality\n"
                f"press,{VENDOR},{MODEL},2.1,hall 7,\n"
                f"saw,{VENDOR},Saw,1,hall 8,medium\n"
                f"drill,{VENDOR},Drill,1,,vital\n")
            done = centre.cli("asset", "import", rows, code=1)
            assert "line 4" in done.stderr and "vital" in done.stderr, done.stderr
            now = listed()
            assert (now["press"]["location"], now["press"]["criticality"]) == \
                ("hall 7", "critical"), now["press"]
            assert (now["saw"]["location"], now["saw"]["criticality"]) == ("hall 8", "medium")
            assert "drill" not in now, now
            acts = len(centre.acts("asset.described"))
            answer = json.loads(centre.cli("asset", "import", rows, "--json", code=1).stdout)
            assert answer["unchanged"] == 2 and answer["described"] == 0, answer
            assert len(centre.acts("asset.described")) == acts
            centre.cli("asset", "remove", now["saw"]["asset"], "--reason", "sold")

        def nowhere_in_the_journal():
            """where an asset stands is in no act: it may name a person"""
            acts = centre.acts("asset.described")
            assert [a["data"]["located"] for a in acts][:5] == [True, True, False, True, False], acts
            assert all(set(a["data"]) == {"asset", "criticality", "located"} for a in acts), acts
            whole = centre.cli("log", "show", "--json").stdout
            assert "Person" not in whole and "hall" not in whole

        def conditions():
            """connected, heard, never; then stale, since when; and heard again"""
            assert {k: v["condition"] for k, v in listed().items()} == {
                "one": "heard", "press": "heard", "silent": "never", "saw": "removed"}, listed()
            device.start()
            assert wait(lambda: listed()["one"]["condition"] == "connected"), listed()
            device.stop()
            assert wait(lambda: listed()["one"]["condition"] == "heard"), listed()
            # stored by the clock thread
            assert wait(lambda: not any("stale_since" in a for a in listed().values()))
            before = listed()["one"]["heard_at"]
            clock.jump(3 * DAY)
            now = listed()
            assert now["one"]["condition"] == now["press"]["condition"] == "stale", now
            assert now["one"]["heard_at"] == before, now
            assert now["one"]["stale_since"] > now["one"]["heard_at"], now
            assert now["silent"]["condition"] == "never" and now["silent"]["stale_since"], now
            assert set(listed("--condition", "stale")) == {"one", "press", "silent"}
            assert set(listed("--condition", "never")) == {"silent"}
            assert set(listed("--condition", "heard")) == set()
            assert centre.json("asset", "show", device.asset)["condition"] == "stale"
            clock.jump(0)
            assert set(listed("--condition", "stale")) == set()
            centre.cli("asset", "list", "--condition", "happy", code=2)

        def by_pages():
            """a filter looks behind the first page"""
            found, after = [], ""
            while True:
                status, answer, _ = centre.call(
                    "GET", f"/v1/assets?limit=1&condition=heard&after={after}")
                assert status == 200 and len(answer["items"]) <= 1, answer
                found += [a["label"] for a in answer["items"]]
                if "next" not in answer:
                    break
                after = answer["next"]
            assert sorted(found) == ["one", "press"], found

        def to_be_done():
            """how many advisories wait for something to be done, less what somebody said is done"""
            for number, versions in ((5, "< 2.3"), (6, "< 2.2"), (7, "< 1.0")):
                centre.import_advisory(csaf(number, versions, vendor=VENDOR), publish=True)
            assert wait(centre.followers_at_head), centre.status()
            assert {k: v.get("open") for k, v in listed().items()} == {
                "one": 2, "press": 2, "silent": None, "saw": 0}, listed()
            centre.cli("advisory", "mark", "EXP-2026-005", press, "--state", "done", "--reason",
                       "port closed")
            centre.cli("advisory", "mark", "EXP-2026-006", press, "--state", "in_progress",
                       "--reason", "on Sunday")
            assert listed()["press"]["open"] == 1 and listed()["one"]["open"] == 2, listed()
            assert centre.json("asset", "show", press)["open"] == 1

        def history():
            """what happened to an asset, act by act, with its classes, notices, receipts, outcomes"""
            hook = place.folder / "hook"
            hook.write_text("#!/bin/sh\ncat >/dev/null\necho planned\n")
            hook.chmod(0o755)
            with open(device.home / "agent.conf", "a", encoding="utf-8") as file:
                file.write(f"hook = {hook}\n")
            device.once()
            device.say("2.3")
            device.once()
            centre.cli("advisory", "mark", "EXP-2026-005", device.asset, "--state", "done",
                       "--reason", "seen", code=None)
            events = centre.json("asset", "history", device.asset)["events"]
            assert [e["act"] for e in events] == sorted(e["act"] for e in events), events
            what = [e["what"] for e in events]
            assert what[:2] == ["registered", "joined"], what
            assert what.count("joined") == 2 and what.count("left") == 1, what
            assert [e["id"] for e in events if e["what"] == "notice"] == \
                ["EXP-2026-005", "EXP-2026-006"], events
            assert what.count("receipt") >= 1 and what.count("outcome") >= 2, what
            acts = {}
            for line in centre.cli("log", "show", "--json").stdout.splitlines():
                row = json.loads(line)
                acts[row["index"]] = row["act"]
            types = {"registered": "asset.registered", "joined": "membership.joined",
                     "left": "membership.left", "notice": "publication.frozen",
                     "receipt": "receipt.accepted", "outcome": "outcome.reported",
                     "remediation": "remediation.marked"}
            for event in events:
                act = acts[event["act"]]
                assert act["type"] == types[event["what"]] and act["at"] == event["at"], (event, act)
            first = next(e for e in events if e["what"] == "joined")
            because = next(a for a in acts.values() if a["id"] == first["because"])
            assert because["type"] == "inventory.accepted", because
            by_hand = centre.json("asset", "history", press)["events"]
            assert [(e["id"], e["state"], e["reason"]) for e in by_hand
                    if e["what"] == "remediation"] == [
                        ("EXP-2026-005", "done", "port closed"),
                        ("EXP-2026-006", "in_progress", "on Sunday")], by_hand
            found, after = [], ""
            while True:
                status, page, _ = centre.call(
                    "GET", f"/v1/assets/{device.asset}/history?limit=2&after={after}")
                assert status == 200, page
                found += page["items"]
                if "next" not in page:
                    break
                after = page["next"]
            assert found == events, (found, events)

        def borders():
            """nobody else's business"""
            customer = Customer(place, centre, "Customer")
            assert customer.call("GET", f"/v1/assets/{press}/history")[0] == 404
            assert customer.call("POST", "/v1/assets/describe",
                                 {"asset": press, "criticality": "low"})[0] == 404
            assert customer.call("GET", "/v1/assets?condition=stale") == (200, {"items": []})
            assert centre.json("asset", "show", silent)["criticality"] == "low"

        for test in (placed, from_a_table, nowhere_in_the_journal, conditions, by_pages, to_be_done, history,
                     borders):
            scenario(test)
    finish()


if __name__ == "__main__":
    main()
