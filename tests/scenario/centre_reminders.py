#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""Silence is not left alone (row V58): an operator tells an advisory again, the configuration reminds
owners and then tells the escalation contact; by the clock, one digest a person, never a mail a device."""

import email
import email.policy
import json
import os
import shutil
import struct
import subprocess
import sys
import time

from centre_home import (MODEL, SOURCE, Workplace, csaf, finish, mail_settings, message_id,
                         needs_programs, scenario, wait, VENDOR)

HOUR = 3600


def table(prefix, owner, count):
    return "".join(f"{prefix}-{n},{VENDOR},{MODEL},2.1,{owner}\n" for n in range(count))


class Shifted:
    """A clock that stands where it is told."""

    def __init__(self, folder):
        self.shim, self.file = folder / "clock_shift.so", folder / "shift"
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if not compiler:
            print("skipped: no C compiler")
            sys.exit(0)
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", self.shim,
                        SOURCE / "tests/fault/clock_shift.c", "-ldl"], check=True)
        self.file.write_bytes(struct.pack("=q", 0))
        self.environment = {**os.environ, "LD_PRELOAD": str(self.shim),
                            "CLOCK_SHIFT": str(self.file)}

    def jump(self, seconds):
        with open(self.file, "r+b") as file:  # in place: it is mapped
            file.write(struct.pack("=q", seconds))


def read_stream(door, wanted, seconds=20):
    """The ids of the notices that a stream brings, until there are so many."""
    answer, ids, until = door.getresponse(), [], time.monotonic() + seconds
    assert answer.status == 200, answer.status

    def more():
        event = {}
        while time.monotonic() < until:
            line = answer.readline().decode().rstrip("\r\n")
            if not line:
                if event.get("event") == "notice":
                    return ids.append(int(event["id"]))
                event = {}
            name, _, value = line.partition(": ")
            event[name] = value
        raise AssertionError(f"only {ids} came")

    while len(ids) < wanted:
        more()
    return ids, more


def main():
    needs_programs()
    with Workplace("reminders") as place:
        clock = Shifted(place.folder)
        port, mails = place.mail_server("accept")
        settings = {**mail_settings(port), "publication.remind-after": "4h",
                    "publication.escalate-after": "24h"}
        centre = place.centre(settings=settings)
        centre.environment = clock.environment
        centre.start()
        own = centre.json("organisation", "list")["organisations"][0]["organisation"]
        people = {name: centre.new("contact", "add", name, "--mail", f"{name}@example.org")
                  for name in ("busy", "calm", "chief")}
        people["mute"] = centre.new("contact", "add", "mute")
        rows = place.folder / "rows.csv"
        rows.write_text("asset,vendor,model,firmware,owner\n" + table("busy", people["busy"], 3) +
                        table("calm", people["calm"], 2) + table("mute", people["mute"], 1) +
                        table("lost", "", 1))
        centre.cli("asset", "import", rows)
        assets = {a["label"]: a["asset"] for a in centre.json("asset", "list")["assets"]}
        listens = place.device(centre, "listens", owner=people["calm"])
        listens.once()
        first = "EXP-2026-005"

        def letters(prefix=""):
            """(recipient, subject, text) of the mails whose subject begins so."""
            found = []
            for path in sorted(mails.glob("*.eml")):
                mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                if mail["Subject"].startswith(prefix):
                    found.append((mail["To"], mail["Subject"], mail.get_content()))
            return found

        def reminders(name=first):
            ladder = json.loads(centre.cli("advisory", "delivery", name, "--json").stdout)
            return {(r["kind"], r["state"]): r["count"] for r in ladder["reminders"]}

        def told_first():
            """each owner gets one digest, and nothing more before its time"""
            centre.import_advisory(csaf(5, "< 2.3", vendor=VENDOR), publish=True)
            assert wait(lambda: len(letters()) == 2), letters()
            assert wait(lambda: centre.states(first)), "not under a checkpoint"
            listens.once()
            assert wait(lambda: centre.states(first)[listens.asset] == "acknowledged")
            clock.jump(4 * HOUR - 600)
            time.sleep(2.5)
            assert len(letters()) == 2 and reminders() == {}, (letters(), reminders())

        def reminded():
            """after N hours owners of silent devices are reminded: once, with those devices alone"""
            # busy says that one of three is being worked on, and calm has a device that answered
            centre.cli("advisory", "mark", first, assets["busy-0"], "--state", "in_progress",
                       "--reason", "on Sunday")
            clock.jump(4 * HOUR + 60)
            assert wait(lambda: len(letters("REMINDER: ")) == 2), letters()
            found = {to.split("@")[0].split("<")[-1]: (subject, text)
                     for to, subject, text in letters("REMINDER: ")}
            assert set(found) == {"busy", "calm"}, found
            subject, text = found["busy"]
            assert "(2 of your devices have not answered)" in subject, subject
            assert "busy-1" in text and "busy-2" in text and "busy-0" not in text, text
            subject, text = found["calm"]
            assert "(2 of your devices have not answered)" in subject, subject
            assert listens.asset not in text and "listens" not in text, text
            assert wait(lambda: reminders() == {("reminder", "told"): 2}), reminders()
            intended = [a for a in centre.acts("owner.intended") if a["data"].get("kind")]
            assert [a["data"]["kind"] for a in intended] == ["reminder"] * 2, intended
            told = {a["data"]["delivery"] for a in centre.acts("owner.told")}
            assert {a["data"]["delivery"] for a in intended} <= told
            time.sleep(2.5)
            assert len(letters("REMINDER: ")) == 2

        def nobody_named():
            """without an escalation contact that is what is counted"""
            clock.jump(24 * HOUR + 120)
            assert wait(lambda: reminders().get(("escalation", "no_address")) == 1), reminders()
            assert not letters("NO ANSWER: ")

        def escalated():
            """after M hours the organisation's escalation contact is told once, of all that are silent"""
            centre.cli("organisation", "escalation", own, people["chief"])
            act = centre.acts("organisation.escalation")[-1]
            assert act["data"] == {"organisation": own, "contact": people["chief"]}, act
            listed = centre.json("organisation", "list")["organisations"][0]
            assert listed["escalation"] == people["chief"], listed
            clock.jump(24 * HOUR + 200)
            centre.import_advisory(csaf(6, "< 2.4", vendor=VENDOR), publish=True)
            assert wait(lambda: len(letters()) == 6), letters()
            # who answers before his time is not reminded
            assert wait(lambda: centre.states("EXP-2026-006")), "not under a checkpoint"
            for n in range(3):
                centre.cli("advisory", "mark", "EXP-2026-006", assets[f"busy-{n}"], "--state",
                           "done", "--reason", "patched")
            clock.jump(49 * HOUR)
            assert wait(lambda: len(letters("NO ANSWER: ")) == 1), letters()
            to, subject, text = letters("NO ANSWER: ")[0]
            assert "chief@" in to and "EXP-2026-006" in subject, (to, subject)
            assert "(5 devices have not answered)" in subject, subject
            for label in ("calm-0", "calm-1", "mute-0", "lost-0"):
                assert label in text, text
            assert "busy-" not in text, text
            # what is due for both is escalated, and nobody is reminded of it any more
            time.sleep(2.5)
            assert not [s for _, s, _ in letters("REMINDER: ") if "006" in s], letters()

        def by_hand():
            """an operator tells it again: one reminder an owner, and none while one is on its way"""
            before = len(letters("REMINDER: "))
            answer = json.loads(centre.cli("advisory", "resend", first, "--json").stdout)
            # busy-0 is in progress; mute has no address; lost has no owner
            assert (answer["devices"], answer["owners"], answer["ownerless"]) == (6, 2, 1), answer
            assert wait(lambda: len(letters("REMINDER: ")) == before + 2), letters()
            assert centre.acts("advisory.resent")[-1]["data"]["owners"] == 2
            ids = [message_id(p.read_text()) for p in mails.glob("*.eml")]
            assert len(ids) == len(set(ids)), ids
            centre.cli("advisory", "resend", first, "--state", "acknowledged", code=2)
            answer = json.loads(centre.cli("advisory", "resend", first, "--state",
                                           "unacknowledged", "--json").stdout)
            assert answer["lines"] == 0 and answer["owners"] == 0, answer

        def stream_again():
            """a device on its stream is told again what it has not acknowledged, and nothing else"""
            quiet = place.device(centre, "quiet", model="Q-1")
            quiet.once()
            for number, name in ((3, "EXP-2026-003"), (4, "EXP-2026-004")):
                centre.import_advisory(csaf(number, "< 2.5", vendor=VENDOR, model="Q-1"),
                                       publish=True)
                assert wait(lambda name=name: centre.states(name)), "not under a checkpoint"
                if number == 3:
                    quiet.once()
            door = centre.https("device", quiet.identity())
            door.request("GET", "/v1/stream")
            ids, more = read_stream(door, 1)
            assert ids == [2], ids
            assert wait(lambda: centre.states(name)[quiet.asset] == "unacknowledged")
            answer = json.loads(centre.cli("advisory", "resend", name, "--state",
                                           "unacknowledged", "--json").stdout)
            assert (answer["devices"], answer["streams"], answer["owners"]) == (1, 1, 0), answer
            more()
            assert ids == [2, 2], ids
            door.close()
            quiet.once()
            assert wait(lambda: centre.states(name)[quiet.asset] == "acknowledged")
            answer = json.loads(centre.cli("advisory", "resend", name, "--json").stdout)
            assert answer["devices"] == answer["streams"] == 0, answer

        def packs_hold():
            """a pack says what it always says: owners by their digest; and the journal holds"""
            pack = place.folder / "pack.tar"
            assert wait(centre.followers_at_head), centre.status()
            centre.cli("proof", "export", first, "--output", pack)
            centre.cli("proof", "verify", pack, "--root", centre.home / "trust/root.pem",
                       home=False)
            ladder = json.loads(centre.cli("advisory", "delivery", first, "--json").stdout)
            assert sum(ladder["counts"]["owners"].values()) == 3, ladder["counts"]["owners"]
            centre.verify_log()

        for test in (stream_again, told_first, reminded, nobody_named, escalated, by_hand,
                     packs_hold):
            scenario(test)
    finish()


if __name__ == "__main__":
    main()
