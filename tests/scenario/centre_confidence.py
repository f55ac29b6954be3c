#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""How sure a match must be so that a device is told (row V52): widened and narrowed by whoever
publishes, seen before, kept in the acts; and matched anew by hand (row V56)."""

import json
import subprocess
import sys

from centre_home import SOURCE, Workplace, csaf, finish, needs_programs, scenario, wait, VENDOR, MODEL

FIRST, SECOND = "EXP-2026-005", "EXP-2026-006"


def main():
    needs_programs()
    with Workplace("confidence") as place:
        centre = place.centre().start()
        # the same name; a vendor misspelt; and one that only an alias makes known
        rows = place.folder / "rows.csv"
        rows.write_text("asset,vendor,model,firmware\n"
                        f"sure,{VENDOR},{MODEL},2.1\n"
                        f"misspelt,Exmaple Pumps,{MODEL},2.1\n"
                        f"alien,Pumpenwerke,{MODEL},2.1\n")
        centre.cli("asset", "import", rows)
        labels = {a["label"]: a["asset"] for a in centre.json("asset", "list")["assets"]}

        def told(name):
            names = {asset: label for label, asset in labels.items()}
            return {names[a] for a in centre.states(name)}

        def preview(name, how):
            found = centre.json("advisory", "preview", name, "--confidence", how)
            return found["threshold"], {a["label"]: (a["falls"], a["confidence"])
                                        for a in found["assets"] if "falls" in a}

        def seen_before():
            """a preview shows who falls in and who falls out, at any threshold"""
            centre.import_advisory(csaf(5, "< 2.3", vendor=VENDOR))
            assert wait(centre.followers_at_head), centre.status()
            counts, any_sure = preview(FIRST, "any")
            assert {k: v[0] for k, v in any_sure.items()}["sure"] == "in", any_sure
            sure, unsure = any_sure["sure"][1], any_sure["misspelt"][1]
            assert sure >= 95 > unsure, any_sure
            counts, exact = preview(FIRST, "exact")
            assert {k: v[0] for k, v in exact.items()}["misspelt"] == "out", exact
            assert counts["confidence"] == 95 and counts["told"] == 1, counts
            counts, just = preview(FIRST, str(unsure))
            assert (just["misspelt"][0] == "in") == (any_sure["misspelt"][0] == "in"), just
            said = centre.cli("advisory", "preview", FIRST, "--confidence", "exact").stdout
            assert "At a confidence of 95 or more: 1 asset told" in said, said
            centre.cli("advisory", "preview", FIRST, "--confidence", "certainly", code=2)
            centre.cli("advisory", "preview", FIRST, "--confidence", "101", code=2)

        def narrowed():
            """published for the sure ones, the others are not told, and the acts say why"""
            centre.cli("advisory", "publish", FIRST, "--confidence", "exact")
            assert wait(lambda: told(FIRST) == {"sure"}), told(FIRST)
            asked, frozen = centre.acts("publication.asked", "publication.frozen")[-2:]
            assert asked["data"]["confidence"] == frozen["data"]["confidence"] == 95, (asked, frozen)
            shown = centre.json("advisory", "show", FIRST)
            assert shown["publications"][-1]["confidence"] == 95, shown
            # who joins later is held to the same
            rows.write_text("asset,vendor,model,firmware\n"
                            f"sure too,{VENDOR},{MODEL},2.2\nunsure too,Exmaple Pumps,{MODEL},2.2\n")
            centre.cli("asset", "import", rows)
            labels.update({a["label"]: a["asset"] for a in centre.json("asset", "list")["assets"]})
            assert wait(lambda: told(FIRST) == {"sure", "sure too"}), told(FIRST)
            assert wait(centre.followers_at_head) and told(FIRST) == {"sure", "sure too"}

        def widened():
            """published again with a lower one, the others are told; with the same or a higher not"""
            for how in ("exact", "99"):
                centre.cli("advisory", "publish", FIRST, "--confidence", how, code=3)
            before = len(centre.acts("publication.frozen"))
            done = json.loads(centre.cli("advisory", "publish", FIRST, "--confidence", "any",
                                         "--json").stdout)
            may = {k for k, v in preview(FIRST, "any")[1].items() if v[0] == "in"}
            assert may >= {"sure", "sure too", "misspelt", "unsure too"}, may
            assert wait(lambda: told(FIRST) == may), (told(FIRST), may)
            frozen = centre.acts("publication.frozen")
            assert len(frozen) == before + 1 and "confidence" not in frozen[-1]["data"], frozen[-1]
            assert done["members"] == len(may) - 2, done
            lines = json.loads(centre.cli("advisory", "delivery", FIRST, "--json").stdout)
            assert len(lines["recipients"]) == len(may), lines

        def default_unchanged():
            """nobody says anything: everybody whose match counts is told, as before"""
            centre.import_advisory(csaf(6, "< 2.3", vendor=VENDOR), publish=True)
            may = {k for k, v in preview(SECOND, "any")[1].items() if v[0] == "in"}
            assert wait(lambda: told(SECOND) == may), (told(SECOND), may)
            assert "confidence" not in centre.acts("publication.asked")[-1]["data"]

        def taught():
            """what was matched before an alias was taught is matched anew by itself, and only that"""
            other = json.loads(csaf(9, "< 2.3", vendor="Somebody Else"))
            centre.import_advisory(json.dumps(other).encode())
            assert wait(centre.followers_at_head), centre.status()
            runs = len(centre.acts("advisory.matched"))
            assert "alien" not in preview(SECOND, "any")[1]
            centre.cli("alias", "add", "vendor", "Pumpenwerke", VENDOR, "--reason", "its German name")
            assert wait(lambda: preview(SECOND, "any")[1].get("alien", ("",))[0] == "in")
            assert preview(FIRST, "any")[1].get("alien", ("",))[0] == "in"
            assert wait(centre.followers_at_head), centre.status()
            assert len(centre.acts("advisory.matched")) == runs + 2
            assert not centre.acts("match.asked")
            assert "alien" not in told(FIRST) | told(SECOND)

        def by_hand():
            """matched anew by hand, per document and per asset, apart from what comes by itself"""
            runs = len(centre.acts("advisory.matched"))
            centre.cli("advisory", "match", SECOND, "no such", code=3)
            assert wait(lambda: preview(SECOND, "any")[1].get("alien", ("",))[0] == "in")
            assert len(centre.acts("advisory.matched")) == runs + 1
            assert centre.acts("match.asked")[-1]["data"]["trigger"] == "manual"
            # nobody is told by that; published again, those are who were not yet
            assert "alien" not in told(SECOND)
            # also when somebody joined meanwhile, who was told by an addition
            rows.write_text(f"asset,vendor,model,firmware\nlate,{VENDOR},{MODEL},2.2\n")
            centre.cli("asset", "import", rows)
            labels.update({a["label"]: a["asset"] for a in centre.json("asset", "list")["assets"]})
            assert wait(lambda: "late" in told(SECOND)), told(SECOND)
            centre.cli("advisory", "publish", SECOND)
            assert wait(lambda: "alien" in told(SECOND)), told(SECOND)
            centre.cli("advisory", "publish", SECOND, code=3)
            # one asset, with all advisories: it is told what it does not know
            assert "alien" not in told(FIRST)
            centre.cli("asset", "match", labels["alien"])
            assert wait(lambda: "alien" in told(FIRST)), told(FIRST)
            lines = json.loads(centre.cli("advisory", "delivery", SECOND, "--json").stdout)
            alien = [x for x in lines["recipients"] if x["asset"] == labels["alien"]]
            assert len(alien) == 1, alien
            words = {a["data"]["trigger"] for a in centre.acts("publication.frozen")}
            assert words == {"manual", "addition"}, words

        def packs_hold():
            """both verifiers take a pack whose publication had a threshold"""
            pack = place.folder / "pack.tar"
            assert wait(centre.followers_at_head), centre.status()
            centre.cli("proof", "export", FIRST, "--output", pack)
            centre.cli("proof", "verify", pack, "--root", centre.home / "trust/root.pem", home=False)
            done = subprocess.run([sys.executable, SOURCE / "tools/verify_proof.py", "--root",
                                   centre.home / "trust/root.pem", pack], capture_output=True,
                                  text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr

        for test in (seen_before, narrowed, widened, default_unchanged, taught, by_hand,
                     packs_hold):
            scenario(test)
    finish()


if __name__ == "__main__":
    main()
