#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An act that a follower cannot get past is put aside and shown; those behind it are followed."""

import json
import sqlite3

from centre_home import MODEL, VENDOR, Workplace, csaf, finish, needs_programs, scenario, wait


def imported(centre, number):
    status, answer, _ = centre.call("POST", "/v1/advisories/import", csaf(number, "< 2.3", vendor=VENDOR))
    assert status == 200, answer
    return answer


def matcher(centre):
    return next(f for f in centre.status()["followers"] if f["name"] == "matcher")


def changed(centre, *statements):
    """As if a disk, or a program of another version, had written it."""
    with sqlite3.connect(next(p for p in centre.home.rglob("*.db"))) as db:
        for statement, arguments in statements:
            assert db.execute(statement, arguments).rowcount == 1, statement
    db.close()


def parked(centre):
    table = f"asset,vendor,model,firmware\nfirst,{VENDOR},{MODEL},2.0\n".encode()
    assert centre.call("POST", "/v1/assets/import", table)[0] == 200
    poison = imported(centre, 1)
    assert wait(centre.followers_at_head, 30), centre.status()
    row = next(r for r in map(json.loads, centre.cli("log", "show", "--json").stdout.splitlines())
               if r["act"].get("data", {}).get("advisory") == poison["advisory"])
    index, digest = row["index"], bytes.fromhex(row["act"]["data"]["document"][7:])
    good = csaf(1, "< 2.3", vendor=VENDOR)

    def aside():
        """put aside after some tries, with an act of its own; what comes after it is matched"""
        centre.stop()
        changed(centre, ("UPDATE document SET content = ? WHERE digest = ?", (b"{]", digest)),
                ("UPDATE follower SET next = ? WHERE name = 'matcher'", (index,)))
        centre.start()
        behind = imported(centre, 2)
        assert wait(lambda: matcher(centre)["parked"] == 1, 60), centre.status()
        assert wait(centre.followers_at_head, 60), centre.status()
        assert matcher(centre)["parked_acts"] == [index], centre.status()
        acts = centre.acts("follower.parked")
        assert [(a["data"]["follower"], a["data"]["act"]) for a in acts] == [("matcher", index)]
        assert acts[0]["data"]["code"].startswith("json."), acts
        shown = centre.call("GET", f"/v1/advisory/{behind['advisory']}/preview")[1]
        assert [row["label"] for row in shown["items"]] == ["first"], shown

    def said():
        """tocsin status says so, with the act and what happens next; so do the metrics"""
        text = centre.cli("status").stdout
        assert "1 acts put aside" in text and str(index) in text, text
        assert "tried again at the next start" in text, text
        metrics = centre.call("GET", "/metrics")[1].decode()
        assert 'tocsin_follower_parked{follower="matcher"} 1' in metrics, metrics

    def again():
        """tried again at each start: it stays aside while it fails, and is done when it can be"""
        centre.stop()
        centre.start()
        assert wait(centre.followers_at_head, 60), centre.status()
        assert matcher(centre)["parked"] == 1 and len(centre.acts("follower.parked")) == 1
        centre.stop()
        changed(centre, ("UPDATE document SET content = ? WHERE digest = ?", (good, digest)))
        centre.start()
        assert wait(lambda: matcher(centre)["parked"] == 0, 60), centre.status()
        assert [a["data"]["act"] for a in centre.acts("follower.resumed")] == [index]
        shown = centre.call("GET", f"/v1/advisory/{poison['advisory']}/preview")[1]
        assert [row["label"] for row in shown["items"]] == ["first"], shown

    for test in (aside, said, again):
        scenario(test)


def main():
    needs_programs()
    with Workplace("parked") as place:
        parked(place.centre().start())
    finish()


if __name__ == "__main__":
    main()
