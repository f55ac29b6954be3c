#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""The main job on embedded SQLite and on PostgreSQL: the same commands, the same results, also when
processes are killed in the middle."""

import collections
import json
import random
import subprocess
import sys
import time

from centre_home import (SOURCE, Workplace, csaf, finish, mail_settings, message_id, needs_programs,
                         report, scenario, wait, VENDOR)

KILLS = 6


def postgres():
    """A server of our own, and its URL; None: no server programs here."""
    server = subprocess.Popen([SOURCE / "tests/scenario/postgres.sh"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    line = server.stdout.readline().strip()
    if line.startswith("postgres:"):
        return server, line
    server.communicate()
    print(line)
    return None, None


def main_job(url):
    """What a new centre on this database does with the main job, as counts and states."""
    seen = {}
    with Workplace("engine") as place:
        port, mails = place.mail_server("accept")
        settings = mail_settings(port)
        if url:
            settings["database.url"] = url
        centre = place.centre(settings=settings).start()
        owner = centre.new("contact", "add", "Olga", "--mail", "olga@example.org")
        firmware = {"old": "2.0", "new": "2.5", "none": None, "late": "1.0"}
        devices = {}
        for name, version in firmware.items():
            devices[name] = place.device(centre, name, firmware=version or "", owner=owner)
            if version is None:
                text = devices[name].nameplate.read_text().replace(', "firmware": ""', "")
                devices[name].nameplate.write_text(text)
            if name != "late":
                devices[name].once()
        devices["old"].start()
        centre.import_advisory(csaf(5, "< 2.3", vendor=VENDOR))
        centre.cli("advisory", "publish", "EXP-2026-005")
        names = {device.asset: name for name, device in devices.items()}

        def states(advisory):
            return {names[asset]: state for asset, state in centre.states(advisory).items()}

        assert wait(lambda: states("EXP-2026-005").get("old") == "acknowledged"), \
            centre.said()[-3000:]
        seen["first"] = states("EXP-2026-005")
        for name in firmware:
            done = centre.cli("why", devices[name].asset, "EXP-2026-005", code=None)
            seen["why " + name] = done.returncode
        devices["late"].once()
        assert wait(centre.followers_at_head), centre.status()
        devices["late"].once()
        assert wait(lambda: states("EXP-2026-005").get("late") == "acknowledged")
        for turn in range(KILLS):
            name = f"EXP-2026-01{turn}"
            centre.import_advisory(csaf(6, "< 2.3", vendor=VENDOR).replace(b"EXP-2026-006",
                                                                          name.encode()))
            centre.cli("advisory", "publish", name)
            time.sleep(random.random() * 0.1)
            centre.kill(("centre", "signer", "courier")[turn % 3])
            assert wait(centre.is_ready, 40), centre.said()[-3000:]
        assert wait(centre.followers_at_head, 40), centre.status()
        for turn in range(KILLS):
            name = f"EXP-2026-01{turn}"
            assert wait(lambda n=name: states(n).get("old") == "acknowledged", 40), states(name)
            seen[name] = sorted(states(name))
        seen["chain"] = devices["old"].status()["n"]
        own = centre.status()["organisation"]
        for name, more in (("proof.tar", ()), ("customer.tar", ("--organisation", own))):
            pack = place.folder / name
            centre.cli("proof", "export", "EXP-2026-005", *more, "-o", pack)
            done = centre.cli("proof", "verify", pack, "--root", centre.home / "trust/root.pem",
                              "--json", home=False)
            seen[name] = json.loads(done.stdout)["counts"]
        seen["acts"] = {kind: count for kind, count in collections.Counter(
            act["type"] for act in centre.acts()).items()
            if kind in ("advisory.imported", "publication.frozen", "publication.signed",
                        "certificate.issued", "asset.registered", "log.opened")}
        told = collections.Counter(message_id(p.read_text()) for p in mails.glob("*.eml"))
        assert told and max(told.values()) == 1, told
        centre.verify_log()
        assert wait(centre.followers_at_head)
        centre.stop()
        centre.verify_log()
    return seen


def main():
    needs_programs()
    results = {}

    def on_sqlite():
        """the main job on SQLite, with kills in the middle"""
        results["sqlite"] = main_job(None)

    def on_postgres(url):
        """the main job on PostgreSQL, with kills in the middle"""
        results["postgres"] = main_job(url)

    server, url = postgres()
    if server is None:
        sys.exit(0)
    try:
        if scenario(on_sqlite) and scenario(on_postgres, url):
            report("both engines come to the same results",
                   None if results["sqlite"] == results["postgres"] else results)
    finally:
        server.stdin.close()
        server.wait(60)
    finish()


if __name__ == "__main__":
    main()
