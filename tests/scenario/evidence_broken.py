#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""A case in which one exhibit is broken: the others are told of all the same, the broken one is named,
and nothing vanishes because the file is gone that said what it is."""

import json
import os
import shutil

import evidence_scenario
from evidence_scenario import test
from evidence_custody import PLACE, WHY, People, add_exhibit, open_case, problems, read, records, run

os.environ.pop("TOCSIN_IDENTITY", None)


class Scene:
    """Three exhibits with a bundle each."""

    def __init__(self, folder):
        self.people = People(folder)
        self.case, self.disk = open_case(folder, self.people)
        for i in (1, 2, 3):
            add_exhibit(self.people, self.case, self.disk)
            run(self.people.defr, "acquire", self.disk, "disk.evidence", "--case", self.case, "--exhibit",
                f"EX-{i}", *WHY)
        self.second = self.case / "exhibits/EX-2"
        self.kept = folder / "kept"
        shutil.copytree(self.case, self.kept)

    def fresh(self):
        shutil.rmtree(self.case)
        shutil.copytree(self.kept, self.case)
        return self


def overwrite(path, text):
    path.unlink()
    path.write_text(text)


def to_link(path):
    path.unlink()
    path.symlink_to("/etc/hostname")


def to_folder(path):
    path.unlink()
    path.mkdir()


def cut(path):
    data = path.read_bytes()
    overwrite(path, data[:len(data) // 2].decode("utf-8", "replace"))


BREAKS = {"cut": cut, "no JSON": lambda p: overwrite(p, "{]"), "a link": to_link, "a folder": to_folder,
          "gone": lambda p: p.unlink()}


@test("case-export: what cannot be read is told and stands in the graph, the rest is written")
def exported(folder):
    scene = Scene(folder)
    out = folder / "case.jsonld"
    whole = None
    for name, file in [("nothing", None)] + [(f"{how} {f}", (how, f)) for how in BREAKS for f in (
            "exhibits/EX-2/exhibit.json", "exhibits/EX-2/disk.evidence/acquisition.json", "case.json",
            "exhibits/EX-2/custody/00001.json")]:
        scene.fresh()
        out.unlink(missing_ok=True)
        if file:
            BREAKS[file[0]](scene.case / file[1])
        done = run(scene.people.defr, "case-export", scene.case, "-o", out, *PLACE, code=1 if file else 0)
        graph = json.loads(out.read_text())["@graph"]
        numbers = {x["case-investigation:exhibitNumber"] for x in graph
                   if "case-investigation:exhibitNumber" in x}
        broken = [x for x in graph if x.get("uco-core:tag") == "broken"]
        if not file:
            whole = len(graph)
            assert not broken and done.stderr.count("not in the export") == 0
            continue
        where = file[1].removesuffix("/00001.json")
        assert numbers >= {"EX-1", "EX-2", "EX-3"}, (name, numbers)
        assert len(broken) == 1 and where.rsplit("/", 1)[-1] in broken[0]["uco-core:description"], (name, broken)
        assert f"not in the export: {scene.case}/{where}: " in done.stderr, (name, done.stderr)
        assert len(graph) >= whole - 10, (name, len(graph), whole)


@test("report: the broken exhibit is named and is the exit code, the others are reported")
def reported(folder):
    scene = Scene(folder)
    for how in BREAKS:
        for file, word in (("exhibits/EX-2/exhibit.json", "exhibit.json"), ("case.json", "case.json"),
                           ("exhibits/EX-2/disk.evidence/acquisition.json", "acquisition.json")):
            scene.fresh()
            BREAKS[how](scene.case / file)
            said = run(scene.people.defr, "report", scene.case, *PLACE, code=1).stdout
            for number in (1, 2, 3):
                assert f"Exhibit EX-{number}" in said, (how, file)
            assert said.count("Acquisition disk.evidence") == 3, (how, file)
            assert said.count("have the hashes that the manifests list") >= 2, (how, file)
            assert word in said and ("cannot be read" in said or "not there" in said or
                                     "NOT SOUND" in said), (how, file)
    scene.fresh()
    shutil.rmtree(scene.second / "custody")
    said = run(scene.people.defr, "report", scene.case, *PLACE, code=1).stdout
    assert "was taken away" in " ".join(said.split()), said
    (scene.fresh().second / "disk.evidence.repeat-x.json").write_text("{")
    said = run(scene.people.defr, "report", scene.case, *PLACE, code=1).stdout
    assert "disk.evidence.repeat-x.json cannot be read" in said and "Exhibit EX-3" in said


@test("numbers in acquisition.json that no acquisition has do not end a report or an export")
def absurd(folder):
    scene = Scene(folder)
    record = scene.second / "disk.evidence/acquisition.json"
    said = json.loads(record.read_text())
    most = 2 ** 63 - 1
    said["source"]["sector_bytes"] = 0
    said["source"]["bytes"] = int("9" * 19)
    said["reading"].update({"unreadable_bytes": 512, "unreadable_ranges": 3, "unreadable":
                            [{"from": most, "bytes": most}, {"from": 0, "bytes": 512}, {"from": -1, "bytes": -5}]})
    overwrite(record, json.dumps(said))
    text = run(scene.people.defr, "report", scene.case, *PLACE, code=1).stdout
    assert "no range of bytes" in text and "Exhibit EX-3" in text
    run(scene.people.defr, "case-export", scene.case, *PLACE)


@test("an exhibit without exhibit.json stays in its case: its log, its gate, its open handover")
def vanished(folder):
    scene = Scene(folder)
    run(scene.people.defr, "give", scene.second, "--to", "C. Lang", "--packaging", "bag", "--seal-number", "1",
        "--carrier", "in person", *WHY)
    (scene.second / "exhibit.json").unlink()
    assert any("exhibit.json is not there" in p["text"] for a in
               read(None, "custody", "verify", scene.case, code=1) for p in a["problems"])
    assert "C. Lang" in run(None, "handovers", scene.case, code=1).stdout
    gaps = json.loads(run(None, "gaps", scene.case, "--json", code=1).stdout)
    assert any(str(scene.second) in row["missing_in"] for row in gaps["rows"])
    # the gate of the bundle in it is that of the exhibit, which was given away
    done = run(scene.people.defr, "export", scene.second / "disk.evidence", folder / "raw", *WHY, code=3)
    assert not (folder / "raw").exists() and "EX-2" in done.stderr, done.stderr
    (scene.fresh().second / "disk.evidence/bagit.txt").unlink()
    assert str(scene.second / "disk.evidence") in {a["path"] for a in read(None, "custody", "verify", scene.case)}
    assert run(scene.people.defr, "recheck", scene.case, *PLACE, code=1).stdout.count(": sound") == 2
    (scene.fresh().case / "case.json").unlink()
    assert len(read(None, "custody", "verify", scene.case, code=1)) == 7


@test("a log that is broken hides no other: custody show, handovers, recheck, gaps")
def one_log(folder):
    scene = Scene(folder)
    for holder in (scene.second, scene.second / "disk.evidence"):
        overwrite(holder / "custody/00001.json", "{}")
    done = run(None, "custody", "show", scene.case, code=1)
    assert "EX-3" in done.stdout and "cannot be read any further" in done.stderr, done
    assert len(read(None, "custody", "show", scene.case, code=1)) == 7
    done = run(None, "handovers", scene.case, code=1)
    assert "may hide a handover" in done.stderr and "in what can be read" in done.stdout
    done = run(scene.people.defr, "recheck", scene.case, *PLACE, code=1)
    assert "EX-3/disk.evidence: sound" in done.stdout and "not recorded" in done.stdout, done
    assert records(scene.case / "exhibits/EX-3/disk.evidence")[-1]["kind"] == "verified"
    run(None, "gaps", scene.case, code=1)
    done = run(None, "label", scene.second, code=1)
    assert not done.stdout and "no label is made of what is not sound" in done.stderr


@test("a broken case.json hinders no step on its exhibits, and a verdict is told though it is not recorded")
def still_verified(folder):
    scene = Scene(folder)
    overwrite(scene.case / "case.json", "{")
    bundle = scene.second / "disk.evidence"
    run(scene.people.defr, "verify", bundle, *PLACE)
    last = records(bundle)[-1]
    assert last["kind"] == "verified" and last["authority"]["id"] == "7 Gs 12/26", last
    assert problems(scene.case) and problems(scene.second, 0) == []
    done = run(scene.people.defr, "verify", bundle, "--place", "", code=3)
    assert ": sound" in done.stdout and "was not recorded" in done.stderr, done


if __name__ == "__main__":
    evidence_scenario.main()
