#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
"""The fleet watches the journal: connected devices are shown new checkpoints without any notice, and
one that is shown a rewritten history says so, loudly and lastingly."""

import base64
import json
import shutil
import time

from centre_home import Workplace, csaf, finish, needs_programs, scenario, wait, VENDOR

HOOK = """#!/bin/sh
{ cat; echo "$TOCSIN_ALARM|$TOCSIN_EVIDENCE|$TOCSIN_ASSET|$TOCSIN_ALARM_TEXT"; } >> "$0.said"
echo read told the operator
"""


def main():
    needs_programs()
    with Workplace("watch") as place:
        centre = place.centre(settings={"journal.device-interval": "1s"}).start()
        hook = place.folder / "alarm"
        hook.write_text(HOOK)
        hook.chmod(0o755)
        device = place.device(centre, "one", settings=f"alarm-hook = {hook}\n")
        bystander = place.device(centre, "two")
        copy = place.folder / "copy"
        heads = {}

        def size():
            return centre.status()["journal"]["size"]

        def seen(who=device):
            return who.status().get("checkpoint", {}).get("size", 0)

        def acts(count):
            for _ in range(count):
                centre.new("token", "create")

        def said():
            path = place.folder / "alarm.said"
            return path.read_text() if path.exists() else ""

        def follows():
            """a device that listens is shown the journal's heads though there is nothing to tell it"""
            device.start()
            assert wait(lambda: seen() == size() and centre.status()["streams"] == 1), device.said()
            for _ in range(3):
                acts(2)
                assert wait(lambda: seen() == size(), 10), (seen(), size())
            assert device.status()["n"] == 0, device.status()
            assert "alarm" not in device.status()

        def seldom():
            """not more often than is configured, and not when there is nothing new"""
            acts(1)
            assert wait(lambda: seen() == size(), 10)
            asked = device.said().count("checkpoint")
            before = centre.call("GET", "/metrics")[1].decode()
            requests = int(before.split("\ntocsin_net_requests_total ")[1].split()[0])
            time.sleep(3)
            after = centre.call("GET", "/metrics")[1].decode()
            more = int(after.split("\ntocsin_net_requests_total ")[1].split()[0]) - requests
            assert more == 1 and device.said().count("checkpoint") == asked, more

        def copied():
            """(the centre's home is copied, with the signer's memory, and goes on for a while)"""
            bystander.once()
            centre.stop()
            shutil.copytree(centre.home, copy, ignore=shutil.ignore_patterns("*.sock"))
            centre.start()
            acts(6)
            assert wait(lambda: seen() == size(), 20), (seen(), size())
            heads["true"] = size()
            heads["bystander"] = seen(bystander)
            assert heads["bystander"] < heads["true"]

        def behind():
            """a centre that lost what the device saw is not believed, and that is written down"""
            centre.stop()
            shutil.rmtree(centre.home)
            shutil.copytree(copy, centre.home)
            centre.start()
            assert size() < heads["true"]
            assert wait(lambda: "refusal" in device.status(), 20), (device.status(), device.said())
            told = device.status()["refusal"]
            assert told["code"] == "agent.journal-behind", told
            assert str(heads["true"]) in told["text"], told
            assert seen() == heads["true"] and "alarm" not in device.status()

        def forked():
            """a rewritten history is found when it has grown: alarm, evidence, the program is started"""
            acts(12)
            assert size() > heads["true"]
            assert wait(lambda: "alarm" in device.status(), 20), device.said()
            done = device.agent("status")
            assert done.returncode == 1 and "ALARM" in done.stdout, done
            assert "the journal shows another history" in done.stdout, done.stdout
            assert "journal.forked" in device.said()
            assert seen() == heads["true"], "the true head is kept"
            evidence = sorted((device.home / "evidence").iterdir())
            notes = {path.name.split("-", 1)[1]: path.read_text().split("\n") for path in evidence}
            assert set(notes) == {"kept.note", "shown.note", "consistency.json"}, evidence
            assert notes["kept.note"][0] == notes["shown.note"][0], "the same journal"
            assert int(notes["kept.note"][1]) == heads["true"] < int(notes["shown.note"][1])
            for note in ("kept.note", "shown.note"):
                assert len(base64.b64decode(notes[note][2])) == 32

        def told():
            """the program was given the alarm, once"""
            assert wait(lambda: "agent.journal-forked|" in said(), 10), said()
            document, line = said().splitlines()[:2]
            alarm = json.loads(document)
            assert alarm["format"] == "tocsin-alarm/v1" and alarm["asset"] == device.asset, alarm
            assert alarm["code"] == "agent.journal-forked"
            assert alarm["evidence"] == str(device.home / "evidence")
            assert alarm["origin"] == centre.status()["journal"]["origin"]
            assert line.split("|")[2] == device.asset, line
            acts(2)
            time.sleep(3)
            assert said().count("tocsin-alarm/v1") == 1, said()
            assert len(list((device.home / "evidence").iterdir())) == 3

        def silent():
            """it goes on listening, and signs nothing: the centre counts it as silent"""
            for who in (device, bystander):
                who.stop()
            bystander.once()  # what this one saw is part of the new history, too
            device.start()
            assert wait(lambda: said().count("tocsin-alarm/v1") == 2, 10), "the alarm stands: told again"
            centre.import_advisory(csaf(5, "< 2.3", vendor=VENDOR), publish=True)
            assert wait(lambda: device.status()["n"] == 1, 20), device.said()
            bystander.once()
            assert wait(lambda: centre.states("EXP-2026-005").get(bystander.asset) == "acknowledged")
            assert wait(lambda: centre.states("EXP-2026-005").get(device.asset) == "unacknowledged")
            assert device.status()["acknowledged"] == 0, device.status()

        def settled():
            """cleared by hand, it takes what people decided on, and says so under its key again"""
            device.stop()
            assert device.agent("alarm", "clear").returncode == 0
            device.once()
            assert "alarm" not in device.status() and seen() <= size()
            assert wait(lambda: centre.states("EXP-2026-005").get(device.asset) == "acknowledged")
            assert said().count("tocsin-alarm/v1") == 2, said()
            assert len(list((device.home / "evidence").iterdir())) == 3, "evidence stays"

        for test in (follows, seldom, copied, behind, forked, told, silent, settled):
            if not scenario(test):
                break
    finish()


if __name__ == "__main__":
    main()
