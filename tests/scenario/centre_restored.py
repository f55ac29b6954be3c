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
        hook = place.folder / "hook"
        hook.write_text("#!/bin/sh\necho \"$TOCSIN_NOTICE $TOCSIN_ADVISORY\" >> \"$0.$TOCSIN_ASSET\"\n")
        hook.chmod(0o755)
        ahead = place.device(centre, "ahead", settings=f"hook = {hook}\n").start()
        away = place.device(centre, "away", settings=f"hook = {hook}\n")
        away.once()
        assert wait(lambda: "class" in ahead.status())

        def told(who):
            path = place.folder / f"hook.{who.asset}"
            return path.read_text().splitlines() if path.exists() else []
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
            away.once()
            assert wait(lambda: [centre.states("EXP-2026-005").get(who.asset)
                                 for who in (ahead, away)] == ["acknowledged"] * 2)
            assert told(ahead) == told(away) == ["1 EXP-2026-005"]
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

        def longer():
            """a device whose chain was longer than the copy's goes back to where the two are one"""
            origin = centre.status()["journal"]["origin"]
            assert wait(lambda: ahead.status()["origin"] == origin, 40), ahead.said()[-2000:]
            assert wait(lambda: centre.states("EXP-2026-006").get(ahead.asset) == "acknowledged", 40), \
                (ahead.status(), ahead.said()[-2000:])
            away.once()  # its chain is as long as the centre's, and another
            for who in (ahead, away):
                assert wait(lambda who=who: centre.states("EXP-2026-006").get(who.asset)
                            == "acknowledged"), (who.name, who.status())
                assert told(who) == ["1 EXP-2026-005", "1 EXP-2026-006"], told(who)
                status = who.status()
                assert status["n"] == status["acknowledged"] == 1 and "alarm" not in status, status
                lost = [path for path in (who.home / "evidence").iterdir() if "-lost-" in path.name]
                assert [path.name.split("-lost-")[1] for path in lost] == ["1.json"], lost
                assert json.loads(lost[0].read_text())["n"] == 1
            # what was lost is told anew when it is published anew, and the chains stay one
            centre.import_advisory(csaf(5, "< 2.3", vendor=VENDOR), publish=True)
            assert wait(lambda: centre.states("EXP-2026-005").get(ahead.asset) == "acknowledged", 40)
            assert told(ahead)[-1] == "2 EXP-2026-005", told(ahead)
            pack = place.folder / "pack.tar"
            assert wait(lambda: centre.cli("proof", "export", "EXP-2026-006", "-o", pack,
                                           code=None).returncode == 0)
            centre.cli("proof", "verify", pack, "--root", centre.home / "trust/root.pem", home=False)

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
            for test in (running, by_hand, refused, accepted, goes_on, again, longer, nothing_lost):
                if not scenario(test):
                    break
        assert TOCSIN.exists()
    finish()


if __name__ == "__main__":
    main()
