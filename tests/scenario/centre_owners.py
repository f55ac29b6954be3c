#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""Owners are told once each, and whatever their mail server or web hook does is a counted state: one
that hangs, refuses, dies after taking the message; nobody else waits for it."""

import collections
import email
import email.policy
import json
import socket
import sqlite3
import sys
import threading
import time

from centre_home import (Workplace, csaf, finish, mail_settings, message_id, needs_programs, scenario,
                         wait, MODEL, SOURCE, VENDOR)

# the local part of the address tells the mail server what to do (tests/scenario/smtp_sink.py)
OWNERS = {"accept": "told", "no": "refused", "no-data": "refused", "later": "pending",
          "close-rcpt": "pending", "close-data": "unknown_outcome", "hang-data": "unknown_outcome",
          "hang-rcpt": "pending"}


class SilentHook:
    """Takes connections and requests, and never answers."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.asked = []
        self.open = self.most = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            self.asked.append(connection)
            threading.Thread(target=self.hold, args=(connection,), daemon=True).start()

    def hold(self, connection):
        with self.lock:
            self.open += 1
            self.most = max(self.most, self.open)
        while connection.recv(65536):
            pass
        with self.lock:
            self.open -= 1


def states(centre):
    return centre.status()["owner_deliveries"]


def slow(place):
    """Twelve owners behind one host that never answers, and two behind hosts that do."""
    port, mails = place.mail_server()
    hook = SilentHook()
    told = place.folder / "told"
    told.mkdir()
    sink = place.start(sys.executable, SOURCE / "tests/scenario/webhook_sink.py", "--folder", told)
    centre = place.centre(settings={
        **mail_settings(port), "webhook.timeout": "3s", "webhook.plain-http": "yes",
        "centre.contact": "cert@example.org, +49 30 12345", "courier.in-flight": "8", "courier.allow-private-addresses": "127.0.0.0/8"}).start()
    secret = place.folder / "secret"
    secret.write_text("0123456789abcdef0123456789abcdef\n")
    hooks = {f"slow-{n:02}": hook.port for n in range(12)}
    hooks["zealous"] = int(sink.stdout.readline().split()[1])
    people = {name: centre.new("contact", "add", name, "--webhook", f"http://127.0.0.1:{at}/x",
                               "--webhook-secret-file", secret) for name, at in hooks.items()}
    people["accept"] = centre.new("contact", "add", "accept", "--mail", "accept@example.org")
    for person in people.values():
        row = f"asset,vendor,model,firmware,owner\nof-{person},{VENDOR},{MODEL},2.0,{person}\n"
        status, answer, _ = centre.call("POST", "/v1/assets/import", row.encode())
        assert status == 200 and not answer["refused"], answer
    centre.import_advisory(csaf(5, "< 2.3", vendor=VENDOR), publish=True)

    def nobody_waits():
        """one host that never answers delays nobody behind another, nor takes more than its share"""
        assert wait(lambda: list(told.glob("*.json")) and list(mails.glob("*.eml"))), states(centre)
        assert len(hook.asked) <= 4 and hook.open > 0, hook.asked
        assert wait(lambda: states(centre).get("told") == 2, 5), states(centre)
        assert states(centre).get("sending", 0) + states(centre).get("pending", 0) >= 8
        assert hook.most <= 2, hook.most

    def readable():
        """the mail says who writes, what is the matter, what to do, where to read and whom to ask"""
        text = next(mails.glob("*.eml")).read_bytes()
        mail = email.message_from_bytes(text, policy=email.policy.default)
        assert mail["Subject"] == "EXP-2026-005: P-7: case 5 (1 of your devices affected)", \
            mail["Subject"]
        said = mail.get_content().replace("\r\n", "\n")
        for words in ("accept,", "Example tells you about a security advisory", "\nAFFECTED\n",
                      f"{VENDOR} {MODEL}, firmware 2.0 (no agent)", "affected by CVE-2026-0005",
                      "what to do: Install 2.3",
                      "https://pumps.example/5.json", "1 of these devices has no agent",
                      "and what became of your devices: cert@example.org, +49 30 12345"):
            assert words in " ".join(said.split()) or words in said, (words, said)
        assert mail["Content-Language"] == "en" and "have been told themselves" not in said, said
        assert max(map(len, said.split("\n-- \n")[0].splitlines())) <= 76, said

    def stopped():
        """a centre that stops waits for what is under way, and tells nobody twice afterwards"""
        assert wait(lambda: states(centre).get("unknown_outcome", 0) >= 2, 10), states(centre)
        assert wait(lambda: states(centre).get("sending", 0) == 2, 5), states(centre)
        centre.stop()
        with sqlite3.connect(next(centre.home.rglob("*.db"))) as db:
            left = db.execute("SELECT COUNT(*) FROM owner_delivery WHERE state = 'sending'")
            assert left.fetchone() == (0,), "what was under way was waited for"
        db.close()
        centre.start()
        assert wait(lambda: states(centre) == {"told": 2, "unknown_outcome": 12}, 40, 0.5), \
            states(centre)
        details = [act["data"]["delivery"] for act in centre.acts("owner.told")]
        assert len(details) == len(set(details)) == 14, details
        assert len(hook.asked) == 12 and hook.most <= 2, (len(hook.asked), hook.most)
        assert len(list(told.glob("*.json"))) == 1 and len(list(mails.glob("*.eml"))) == 1
        centre.verify_log()

    for test in (nobody_waits, readable, stopped):
        scenario(test)


def main():
    needs_programs()
    with Workplace("slow") as place:
        slow(place)
    with Workplace("owners") as place:
        port, mails = place.mail_server()
        hook = SilentHook()
        centre = place.centre(settings={
            **mail_settings(port), "mail.timeout": "2s", "webhook.timeout": "2s",
            "webhook.plain-http": "yes",
            "courier.allow-private-addresses": "127.0.0.0/8"}).start()
        people = {name: centre.new("contact", "add", name, "--mail", f"{name}@example.org")
                  for name in OWNERS}
        people["silent"] = centre.new("contact", "add", "silent")
        secret = place.folder / "secret"
        secret.write_text("0123456789abcdef0123456789abcdef\n")
        people["hook"] = centre.new("contact", "add", "hook", "--webhook",
                                    f"http://127.0.0.1:{hook.port}/x", "--webhook-secret-file", secret)
        for name, person in people.items():
            # two devices each: still one message
            for number in (1, 2):
                device = place.device(centre, f"{name}-{number}", owner=person)
                device.once()
        centre.import_advisory(csaf(5, "< 2.3", vendor=VENDOR), publish=True)
        began = time.monotonic()

        def settled():
            counts = centre.status()["owner_deliveries"]
            return not counts.get("sending") and sum(counts.values()) == len(people) and \
                counts.get("unknown_outcome", 0) >= 2

        def counted():
            """each owner's delivery ends in a counted state, and the states add up"""
            assert wait(settled, 60, 0.2), centre.status()["owner_deliveries"]
            expected = collections.Counter(OWNERS.values())
            expected["no_address"] += 1
            expected.update(["unknown_outcome"] if hook.asked else [])
            assert wait(lambda: centre.status()["owner_deliveries"] == dict(expected), 20), \
                (centre.status()["owner_deliveries"], expected)
            print(f"# settled in {time.monotonic() - began:.1f} s: {dict(expected)}")

        def one_each():
            """one message an owner and event, however many devices"""
            sent = collections.Counter(
                json.loads(p.with_suffix(".json").read_text())["to"][0].split("@")[0]
                for p in mails.glob("*.eml"))
            assert sent and max(sent.values()) == 1, sent
            assert set(sent) == {"accept", "close-data", "hang-data"}, sent
            ids = [message_id(p.read_text()) for p in mails.glob("*.eml")]
            assert len(ids) == len(set(ids))
            assert len(hook.asked) == 1, hook.asked

        def others():
            """while servers hang the centre takes work, and devices are told"""
            device = place.device(centre, "late")
            device.once()
            centre.import_advisory(csaf(6, "< 2.3", vendor=VENDOR), publish=True)
            start = time.monotonic()
            assert wait(lambda: centre.states("EXP-2026-006").get(device.asset))
            device.once()
            assert centre.states("EXP-2026-006")[device.asset] == "acknowledged"
            assert time.monotonic() - start < 10

        def acts():
            """intent and result of each are acts; none says that it was told when that is not known"""
            intended = {act["data"]["delivery"] for act in centre.acts("owner.intended")}
            results = {act["data"]["delivery"]: act["data"]["result"]
                       for act in centre.acts("owner.told")}
            assert set(results) <= intended
            known = {message_id(p.read_text()) for p in mails.glob("*.eml")}
            for delivery, result in results.items():
                assert result != "told" or delivery in known, (delivery, result)
            centre.verify_log()

        for test in (counted, one_each, others, acts):
            scenario(test)
    finish()


if __name__ == "__main__":
    main()
