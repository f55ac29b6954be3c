#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 420
"""kill -9 of any process at random moments while advisories come in and are published, devices
enrol and acknowledge, and owners are told (DESIGN sections 4 and 5): whatever was acknowledged is
there afterwards, the journal verifies, each follower goes on, nobody is told twice.

ROUNDS: kills (100). SEED: of the moments.
"""

import collections
import json
import os
import random
import sqlite3
import threading
import time

from centre_home import (Device, Workplace, csaf, finish, mail_settings, message_id, needs_programs,
                         report, scenario, wait, VENDOR)

ROUNDS = int(os.environ.get("ROUNDS", "100"))
SEED = int(os.environ.get("SEED", str(int(time.time()))))
KINDS = ("signer", "courier", "centre", "supervisor", "centre", "everything")


class Work(threading.Thread):
    """Does one kind of work over and over, and keeps what was acknowledged."""

    def __init__(self, name, step, pause):
        super().__init__(daemon=True)
        self.what, self.step, self.pause = name, step, pause
        self.acknowledged, self.tried, self.wrong = [], 0, []
        self.going = True

    def run(self):
        while self.going:
            self.tried += 1
            try:
                done = self.step(self.tried)
                if done:
                    self.acknowledged.append(done)
            except Exception as why:  # pylint: disable=broad-except
                self.wrong.append(f"{self.what} {self.tried}: {type(why).__name__} {why}")
            time.sleep(self.pause)


def fair(done):
    """A command that did not work says that it could not: exit code 3, never a wrong "no"."""
    assert done.returncode in (0, 3), (done.returncode, done.stdout[-300:], done.stderr[-300:])
    return done.returncode == 0


def work_on(place, centre, owner):
    """Import, publication, enrolment; receipts come of themselves from the devices."""

    def name_of(number):
        return f"EXP-2026-00{number}"

    def take_in(number):
        path = place.folder / f"in-{number}.json"
        path.write_bytes(csaf(number % 9 + 1, "< 2.3", vendor=VENDOR).replace(
            f"EXP-2026-00{number % 9 + 1}".encode(), name_of(number).encode()))
        return name_of(number) if fair(centre.cli("advisory", "import", path, code=None)) else None

    incoming = Work("import", take_in, 0.25)

    def publish(number):
        waiting = incoming.acknowledged
        if len(waiting) < number:
            publishing.tried -= 1
            return None
        name = waiting[number - 1]
        return name if fair(centre.cli("advisory", "publish", name, code=None)) else None

    publishing = Work("publication", publish, 0.2)

    def enrol(number):
        made = centre.cli("asset", "register", f"new-{number}", "--owner", owner, "-q", code=None)
        if not fair(made):
            return None
        assets.append(made.stdout.strip())
        token = centre.cli("token", "create", "--asset", made.stdout.strip(), "-q", code=None)
        if not fair(token):
            return None
        device = Device.__new__(Device)
        device.centre, device.home = centre, place.folder / f"device-new-{number}"
        device.nameplate = place.folder / "device-first.json"
        done = device.enrol(token.stdout.strip())
        return made.stdout.strip() if done.returncode == 0 else None

    assets = []
    enrolling = Work("enrolment", enrol, 0.3)
    return incoming, publishing, enrolling, assets


def kill_about(centre, rounds):
    """Kills until `rounds` processes were killed; counts by kind."""
    killed = collections.Counter()
    kinds = []
    while sum(killed.values()) < rounds:
        if not kinds:
            kinds = random.sample(KINDS, len(KINDS))
        kind = kinds.pop()
        assert wait(centre.is_ready, 60), f"not up again: {centre.said()[-3000:]}"
        time.sleep(random.random() ** 2 * 0.6)
        if kind == "everything":
            centre.kill_all()
            centre.verify_log()
        elif not centre.kill(kind):
            continue
        killed[kind] += 1
        if random.random() < 0.3 and kind != "everything":  # a second one while it comes up
            time.sleep(random.random() * 0.3)
            second = random.choice(("signer", "courier", "centre"))
            if centre.process.poll() is None and centre.kill(second):
                killed[second] += 1
        if centre.process.poll() is not None:
            centre.start(ready=False)
    assert wait(centre.is_ready, 60), centre.said()[-3000:]
    return killed


def rows(centre, statement, *values):
    database = sqlite3.connect(f"file:{centre.home}/data/tocsin.db?mode=ro", uri=True)
    try:
        return database.execute(statement, values).fetchall()
    finally:
        database.close()


def main():
    needs_programs()
    random.seed(SEED)
    print(f"# seed {SEED}")
    with Workplace("killed") as place:
        port, mails = place.mail_server("accept")
        centre = place.centre(settings=mail_settings(port)).start()
        owner = centre.new("contact", "add", "Olga", "--mail", "olga@example.org")
        devices = [place.device(centre, name, owner=owner) for name in ("first", "second", "third")]
        for device in devices:
            device.once()
            device.start()
        incoming, publishing, enrolling, assets = work = work_on(place, centre, owner)
        for one in work[:3]:
            one.start()
        began = time.monotonic()
        killed = {}

        def killing():
            """killed at any moment, the centre comes up again every time"""
            killed.update(kill_about(centre, ROUNDS))

        fine = scenario(killing)
        for one in work[:3]:
            one.going = False
        for one in work[:3]:
            one.join(90)
        print(f"# {dict(killed)} in {time.monotonic() - began:.0f} s; acknowledged: "
              f"{len(incoming.acknowledged)} of {incoming.tried} imports, "
              f"{len(publishing.acknowledged)} of {publishing.tried} publications, "
              f"{len(enrolling.acknowledged)} of {enrolling.tried} enrolments")
        if fine:
            judge(place, centre, devices, work, mails)
    finish()


def judge(place, centre, devices, work, mails):
    incoming, publishing, enrolling, assets = work

    def honest():
        """a command that died with the centre never said that it was done, or refused"""
        wrong = [w for one in work[:3] for w in one.wrong]
        assert not wrong, wrong
        for one in work[:3]:
            assert one.acknowledged, f"no {one.what} came through: nothing was tested"

    def followers():
        """each follower goes on to the journal's head"""
        assert wait(centre.followers_at_head, 60), centre.status()

    def kept():
        """every acknowledged import, publication and enrolment is there"""
        there = centre.listed("/v1/advisories", "id")
        assert set(incoming.acknowledged) <= there, set(incoming.acknowledged) - there
        known = centre.listed("/v1/assets", "asset")
        assert set(assets) <= known, set(assets) - known
        for name in publishing.acknowledged:
            assert centre.states(name), name
        for asset in enrolling.acknowledged:
            assert rows(centre, "SELECT 1 FROM pki_certificate WHERE subject_id = ?", asset), asset

    def told_once():
        """every device is told of each advisory once, and acknowledges all of it"""
        published = [row[0] for row in rows(
            centre, "SELECT a.tracking_id FROM publication p JOIN revision r ON r.id = p.revision "
            "JOIN advisory a ON a.id = r.advisory")]
        for name in publishing.acknowledged:
            expected = {device.asset for device in devices}
            assert wait(lambda n=name, e=expected: all(
                centre.states(n).get(a) == "acknowledged" for a in e), 60), \
                (name, centre.states(name))
        for device in devices:
            status = device.status()
            assert status["n"] == len(set(published)), (status, len(set(published)))
            assert "alarm" not in status, status
        assert len(published) == len(set(published)), "published twice"

    def owners():
        """no owner is told the same thing twice; what is not known is marked so"""
        counted = collections.Counter(message_id(p.read_text()) for p in mails.glob("*.eml"))
        assert counted and max(counted.values()) == 1, counted.most_common(3)
        doubled = rows(centre, "SELECT publication, person, way, count(*) FROM owner_delivery "
                       "GROUP BY 1, 2, 3 HAVING count(*) > 1")
        assert not doubled, doubled
        states = dict(rows(centre, "SELECT id, state FROM owner_delivery"))
        for delivery in counted:
            assert states.get(delivery) in ("told", "unknown_outcome"), (delivery, states)
        for delivery, state in states.items():
            assert state != "told" or delivery in counted, f"{delivery} is told, but was not sent"
        print(f"# owners: {dict(collections.Counter(states.values()))}")

    def whole():
        """nothing is half-signed, and the journal verifies, by its door and at rest"""
        centre.verify_log()
        pack = place.folder / "proof.tar"
        centre.cli("proof", "export", publishing.acknowledged[-1], "-o", pack)
        centre.cli("proof", "verify", pack, "--root", centre.home / "trust/root.pem", home=False)
        centre.stop()
        centre.verify_log()

    for test in (honest, followers, kept, told_once, owners, whole):
        scenario(test)


if __name__ == "__main__":
    main()
