#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""A database that is older than the journal: refused at the start with both heads named, and taken
only under a new origin that names what was lost (DESIGN section 5)."""

import json
import os
import re
import shutil

from centre_home import Workplace, csaf, finish, needs_programs, scenario, wait, TOCSIN, VENDOR


def heads(text):
    """The two sizes that a refusal names: the database's and the known one."""
    found = re.search(r"has (\d+) acts.*?(?:head of|has) (\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def main():
    needs_programs()
    with Workplace("restored") as place:
        centre = place.centre().start()
        device = place.device(centre, "one")
        device.once()
        elder = place.device(centre, "elder")
        elder.once()
        copy = place.folder / "copy.db"
        old = {}

        def backed_up():
            """a backup of the running centre is one whole, checked file, and overwrites nothing"""
            assert wait(centre.followers_at_head)
            old["token"] = centre.new("token", "create")
            assert wait(centre.followers_at_head)
            old["size"] = centre.status()["journal"]["size"]
            centre.cli("backup", copy)
            assert b"SQLite format 3" == copy.read_bytes()[:15]
            assert "is there already" in centre.cli("backup", copy, code=None).stderr
            centre.import_advisory(csaf(5, "< 2.3", vendor=VENDOR), publish=True)
            assert wait(lambda: centre.states("EXP-2026-005"))
            assert wait(centre.followers_at_head)
            old["now"] = centre.status()["journal"]["size"]
            old["origin"] = centre.status()["journal"]["origin"]
            assert old["now"] > old["size"]

        def running():
            """nothing is restored under a running centre"""
            done = centre.cli("restore", copy, "--accept-loss", code=None)
            assert done.returncode == 3 and "another signer uses" in done.stderr, done

        def by_hand():
            """an older copy put in place by hand is refused at start, with both heads"""
            centre.stop()
            database = centre.home / "data/tocsin.db"
            kept = place.folder / "kept"
            kept.mkdir()
            for file in (centre.home / "data").glob("tocsin.db*"):
                shutil.move(file, kept / file.name)
            shutil.copy(copy, database)
            centre.start(ready=False)
            assert wait(lambda: "journal.rolled-back" in centre.said(), 30), centre.said()[-2000:]
            line = next(l for l in centre.said().splitlines() if "journal.rolled-back" in l)
            assert heads(line) == (old["size"], old["now"]), line
            assert "restore --accept-loss" in line
            assert centre.status() is None
            centre.stop()
            for file in (centre.home / "data").glob("tocsin.db*"):
                file.unlink()
            for file in kept.iterdir():
                shutil.move(file, centre.home / "data" / file.name)
            centre.start()
            centre.stop()

        def refused():
            """tocsin restore refuses a loss that nobody accepted, and changes nothing"""
            before = (centre.home / "data/tocsin.db").read_bytes()
            done = centre.cli("restore", copy, code=None)
            assert done.returncode in (1, 3) and heads(done.stderr) == (old["size"], old["now"]), done
            assert (centre.home / "data/tocsin.db").read_bytes() == before
            assert not list((centre.home / "data").glob("*restoring*"))
            torn = place.folder / "torn.db"
            torn.write_bytes(copy.read_bytes()[:-5000])
            done = centre.cli("restore", torn, "--accept-loss", code=None)
            assert done.returncode in (1, 3), done
            other = place.folder / "other"
            other.mkdir()
            place.folder, kept = other, place.folder
            stranger = place.centre()
            place.folder = kept
            done = centre.cli("restore", stranger.home / "data/tocsin.db", "--accept-loss", code=None)
            assert done.returncode in (1, 3) and old["origin"] not in done.stderr \
                and "no key" in done.stderr, done
            centre.verify_log()

        def accepted():
            """with --accept-loss: a new origin, whose first act names what was lost"""
            done = json.loads(centre.cli("restore", copy, "--accept-loss", "--json").stdout)
            assert done["loss"] and done["acts"] == old["size"] and done["lost_until"] == old["now"]
            assert done["previous_origin"] == old["origin"] != done["origin"]
            assert os.path.exists(done["replaced"])
            centre.start()
            assert wait(centre.followers_at_head)
            status = centre.status()
            assert status["journal"]["origin"] == done["origin"], status
            opened = centre.acts("log.opened")
            assert [act["data"]["reason"] for act in opened] == ["init", "restore"], opened
            assert opened[1]["data"]["lost_from"] == old["size"]
            assert opened[1]["data"]["previous_origin"] == old["origin"]
            centre.verify_log()

        def goes_on():
            """lists, tokens and trust go on behind what the lost part may have used"""
            two = place.device(centre, "two")
            two.home = place.folder / "never"
            assert two.enrol(old["token"]).returncode != 0, "a token of before still works"
            centre.cli("cert", "revoke", device.asset)
            opened = centre.acts("log.opened")[1]["at"]
            assert wait(lambda: centre.acts("crl.issued")[-1]["at"] > opened, 15), centre.said()[-999:]
            assert "signer.crl-number" not in centre.said()

        def again():
            """devices of before and after follow to the new origin, and hear what is published there"""
            other = place.device(centre, "three")
            other.once()
            elder.once()
            centre.import_advisory(csaf(6, "< 2.3", vendor=VENDOR), publish=True)
            assert wait(lambda: centre.states("EXP-2026-006"))
            for each in (other, elder):
                each.once()
                assert wait(lambda each=each: centre.states("EXP-2026-006").get(each.asset)
                            == "acknowledged"), (each.name, each.status())

        def nothing_lost():
            """a backup of the newest state goes back without any word about loss"""
            newest = place.folder / "newest.db"
            assert wait(centre.followers_at_head)
            centre.cli("backup", newest)
            centre.stop()
            done = centre.cli("restore", newest, code=None)
            # what the end of the centre still wrote may be missing: then that is said, too
            if done.returncode != 0:
                assert heads(done.stderr), done
            centre.start()
            centre.verify_log()

        if scenario(backed_up):
            for test in (running, by_hand, refused, accepted, goes_on, again, nothing_lost):
                if not scenario(test):
                    break
        assert TOCSIN.exists()
    finish()


if __name__ == "__main__":
    main()
