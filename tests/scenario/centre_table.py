#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
"""Assets from a table of any length (DESIGN section 8): in pieces, by one command; a bad line is
refused with its number; what was interrupted is given again and goes on; the acts commit to every
line, and the trees of members hold (docs/formats.md section 4)."""

import hashlib
import json
import sqlite3
import subprocess
import time

from centre_home import TOCSIN, Workplace, csaf, finish, needs_programs, scenario, wait, VENDOR

ROWS = 20500  # more than one piece
BAD = {3: "bad,,,", 7000: "too,few", 20480: '"a"b,x,y,z'}


def table(path, rows, firmware="1.0", bad=()):
    """Writes it; the numbers of the bad lines."""
    lines, wrong, line = ["asset,vendor,model,firmware"], [], 2
    for n in range(rows):
        if n in bad:
            lines.append(bad[n])
            wrong.append(line)
            line += 1
        name = f'"unit\n{n}"' if n % 5000 == 10 else f"unit {n}"  # a line break moves all behind it
        lines.append(f"{name},{VENDOR},M-{n % 40},{firmware if n % 100 == 0 else n % 7}")
        line += 1 + name.count("\n")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return wrong


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(leaves):
    """RFC 9162 section 2.1.1."""
    if len(leaves) == 1:
        return sha(b"\0", leaves[0])
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha(b"\1", root_of(leaves[:k]), root_of(leaves[k:]))


def database(centre):
    return sqlite3.connect(f"file:{next(centre.home.rglob('*.db'))}?mode=ro", uri=True)


def labels(centre):
    with database(centre) as db:
        return [row[0] for row in db.execute("SELECT label FROM asset")]


def check_trees(db):
    """Every tree of events has the root that it says, and each event the leaf of its words."""
    trees = db.execute("SELECT audience, class, size, root, members FROM member_tree").fetchall()
    for audience, digest, size, root, members in trees:
        leaves, inside = [], set()
        for asset, event, act, salt, leaf in db.execute(
                "SELECT asset, event, act_id, salt, leaf FROM member_event "
                "WHERE audience = ? AND class = ? ORDER BY position", (audience, digest)):
            words = json.dumps({"act": act, "asset": asset, "audience": audience,
                                "class": "sha256:" + digest.hex(), "event": event},
                               sort_keys=True, separators=(",", ":"))
            assert leaf == sha(b"tocsin-member/v1\n", salt, words.encode()), words
            assert (asset in inside) == (event == "left"), words
            inside ^= {asset}
            leaves.append(leaf)
        assert (len(leaves), len(inside)) == (size, members) and root_of(leaves) == root
    return len(trees)


def check_lines(centre, db):
    """Each act assets.imported commits to its lines; the number of lines of all."""
    seen = 0
    for act in centre.acts("assets.imported"):
        index, = db.execute("SELECT idx FROM act WHERE id = ?", (act["id"],)).fetchone()
        lines = db.execute("SELECT lines FROM asset_import WHERE act = ?", (index,)).fetchone()[0]
        lines = lines.decode().splitlines()
        data, read = act["data"], [json.loads(line) for line in lines]
        assert all(line == json.dumps(value, sort_keys=True, separators=(",", ":"))
                   for line, value in zip(lines, read)), "canonical"
        root = root_of([sha(b"tocsin-import/v1\n", line.encode()) for line in lines])
        assert data["lines"] == "sha256:" + root.hex() and data["assets"] == len(lines), data
        assert data["registered"] == sum("registered" in line for line in read)
        for line in read:
            if "size" in line:
                event = db.execute(
                    "SELECT act_id, act FROM member_event WHERE audience = ? AND class = ? AND "
                    "position = ? AND asset = ? AND event = 'joined'",
                    (data["audience"], bytes.fromhex(line["class"][7:]), line["size"] - 1,
                     line["asset"])).fetchone()
                assert event == (act["id"], index), (event, line)
        seen += len(lines)
    return seen


def main():
    needs_programs()
    with Workplace("table") as place:
        centre = place.centre().start()
        path = place.folder / "plant.csv"
        wrong = table(path, ROWS, bad=BAD)

        def pieces():
            """a table of more than one piece by one command: bad lines refused with their numbers"""
            done = centre.cli("asset", "import", path, code=1)
            assert f"{ROWS} assets imported, {len(BAD)} refused" in done.stdout, done
            said = [line for line in done.stderr.splitlines() if "plant.csv: line" in line]
            assert len(said) == len(wrong), said
            for line, text in zip(wrong, said):
                assert f"(plant.csv: line {line})" in text.replace(str(place.folder) + "/", ""), said
            assert len(labels(centre)) == len(set(labels(centre))) == ROWS

        def again():
            """the same table again changes nothing, and no act says that something happened"""
            before = len(centre.acts())
            done = json.loads(centre.cli("asset", "import", path, "--json", code=1).stdout)
            assert (done["imported"], done["registered"], done["unchanged"]) == (ROWS, 0, ROWS)
            assert [row["line"] for row in done["refused"]] == wrong
            assert len(labels(centre)) == ROWS
            assert len(centre.acts()) == before

        def told():
            """who changes its class by a table leaves by an act of its own, joins, and is told"""
            centre.import_advisory(csaf(1, "< 2.3", vendor=VENDOR, model="M-20"), publish=True)
            moved = json.loads(centre.cli("asset", "list", "--json").stdout)["assets"]
            moved = {a["label"]: a["asset"] for a in moved if a["label"] in ("unit 20", "unit 100")}
            small = place.folder / "small.csv"
            small.write_text(f"asset,vendor,model,firmware\nunit 20,{VENDOR},M-20,2.2\n"
                             f"unit 100,{VENDOR},M-20,9.0\n", encoding="utf-8")
            assert "2 assets imported, 0 refused\n" in centre.cli("asset", "import", small).stdout
            assert len(centre.acts("membership.left")) == 2
            assert wait(centre.followers_at_head, 60)
            lines = centre.json("advisory", "delivery", "EXP-2026-001")["recipients"]
            about = {line["asset"]: line["state"] for line in lines
                     if line["asset"] in moved.values()}
            assert about[moved["unit 20"]] == "undelivered", about
            assert about.get(moved["unit 100"]) in (None, "left_fixed"), about

        def killed():
            """killed in the midst: the same command goes on, and each asset is there once"""
            table(path, ROWS, firmware="3.0")
            with subprocess.Popen([TOCSIN, "asset", "import", path, "--home", centre.home],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as importing:
                before = len(centre.acts("assets.imported"))
                assert wait(lambda: len(centre.acts("assets.imported")) > before, 60, 0.01)
                centre.kill_all()
                importing.kill()
            centre.start()
            centre.verify_log()
            centre.cli("asset", "import", path)
            assert len(labels(centre)) == len(set(labels(centre))) == ROWS
            done = json.loads(centre.cli("asset", "import", path, "--json").stdout)
            assert done["unchanged"] == ROWS

        def committed():
            """the acts commit to every line, and the trees of events hold"""
            assert wait(centre.followers_at_head, 120)
            centre.verify_log()
            with database(centre) as db:
                assert check_trees(db) > 250
                assert check_lines(centre, db) > ROWS

        def answered():
            """an owner who is nobody, a name that is too long: the line is refused, the rest goes in"""
            small = place.folder / "owners.csv"
            small.write_text("asset,vendor,model,owner\n" f"first,{VENDOR},M-1,\n"
                             f"second,{VENDOR},M-1,per_{'0' * 26}\n" f"{'x' * 201},{VENDOR},M-1,\n"
                             f"fourth,{VENDOR},M-1,somebody\n" f"fifth,{VENDOR},M-1,\n",
                             encoding="utf-8")
            done = json.loads(centre.cli("asset", "import", small, "--json", code=1).stdout)
            assert [row["line"] for row in done["refused"]] == [3, 4, 5] and done["imported"] == 2

        for test in (pieces, again, told, killed, committed, answered):
            began = time.time()
            scenario(test)
            print(f"# {test.__name__}: {time.time() - began:.1f} s")
    finish()


if __name__ == "__main__":
    main()
