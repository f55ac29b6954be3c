#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""Bundles as the centre makes them: names that operators taught go along with the documents that need
them, and a large bundle is made from disk, not from memory."""

import io
import json
import tarfile
import threading
from pathlib import Path

from centre_home import Workplace, csaf, finish, needs_programs, scenario, wait, VENDOR

OLD_NAME, BECAUSE = "Muster Pumpen", "the name until 2019"
NOTE_BYTES, LARGE = 4 << 20, 16


def members(path):
    with tarfile.open(path) as archive:
        return {item.name: archive.extractfile(item).read() for item in archive.getmembers()}


def packed(files):
    """The members as an archive again, in their order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            item = tarfile.TarInfo(name)
            item.size, item.mode = len(content), 0o644
            archive.addfile(item, io.BytesIO(content))
    text = out.getvalue().rstrip(b"\0")
    return text + b"\0" * (-len(text) % 512 + 1024)


class Plant:
    """A device that nothing but a stick reaches."""

    def __init__(self, place, centre):
        self.centre, self.folder = centre, place.folder
        self.device = place.device(centre, "away", vendor=OLD_NAME)
        self.device.once()

    def export(self, name):
        path = self.folder / name
        self.centre.cli("bundle", "export", "--asset", self.device.asset, "-o", path)
        return path

    def apply(self, path, *more):
        return self.device.agent("bundle", "apply", path, "--answer", self.folder / "answer.json",
                                 *more)

    def found(self, path):
        """What matching on the spot says of the only advisory, and the reasons."""
        done = self.apply(path, "--json")
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)["results"][0]
        texts = [reason["text"] for s in result["statements"] for reason in s["reasons"]]
        return result["status"], texts


def taught(place, centre, plant):
    centre.import_advisory(csaf(1, "< 2.3", vendor=VENDOR), publish=True)
    assert wait(centre.followers_at_head, 30), centre.status()
    before = plant.export("before.tar")

    def alike():
        """the air-gapped plant matches as the centre does: with the names that operators taught"""
        assert "aliases.json" not in members(before)
        assert plant.found(before)[0] != "affected"
        for kind, old, new, why in (("vendor", OLD_NAME, VENDOR, BECAUSE),
                                    ("vendor", "Hidden Customer", "Other Vendor", "a secret"),
                                    ("product", "Q-8", "Q-8000", "a secret")):
            centre.cli("alias", "add", kind, old, new, "--reason", why)
        after = plant.export("after.tar")
        status, texts = plant.found(after)
        assert status == "affected" and any(BECAUSE in text for text in texts), (status, texts)
        said = plant.apply(after).stdout
        assert "AFFECTED" in said and BECAUSE in said, said
        here = centre.json("why", plant.device.asset, "EXP-2026-001", code=None)
        assert here["status"] == "affected" and BECAUSE in json.dumps(here), here

    def only_those():
        """a bundle carries the aliases that its documents need, and tells of no others"""
        content = members(plant.folder / "after.tar")["aliases.json"]
        assert json.loads(content) == {"format": "tocsin-aliases/v1", "aliases": [
            {"kind": "vendor", "from": OLD_NAME, "to": VENDOR, "reason": BECAUSE}]}, content

    def sealed():
        """aliases that were changed, added or taken out on the way are refused with the bundle"""
        files = members(plant.folder / "after.tar")
        assert packed(files) == (plant.folder / "after.tar").read_bytes()
        changed = plant.folder / "changed.tar"
        more = {**files, "aliases.json": files["aliases.json"].replace(b"2019", b"2018")}
        less = {name: content for name, content in files.items() if name != "aliases.json"}
        for spoilt in (more, less):
            changed.write_bytes(packed(spoilt))
            done = plant.apply(changed)
            assert done.returncode == 1 and "aliases.json" in done.stderr, done
        foreign = {**members(before), "aliases.json": files["aliases.json"]}
        changed.write_bytes(packed(foreign))
        assert plant.apply(changed).returncode == 1

    for test in (alike, only_those, sealed):
        scenario(test)


class Peak:
    """The most memory of its own (not files that it maps) that a process has, looked at often."""

    def __init__(self, pid):
        self.status = Path(f"/proc/{pid}/status")
        self.before = self.most = self.now()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def now(self):
        line = next(x for x in self.status.read_text().splitlines() if x.startswith("RssAnon"))
        return int(line.split()[1]) << 10

    def watch(self):
        while not self.done.wait(0.002):
            self.most = max(self.most, self.now())

    def grown(self):
        self.done.set()
        self.thread.join()
        return self.most - self.before


def large(centre, plant):
    for number in range(10, 10 + LARGE):
        value = json.loads(csaf(2, "< 2.3", vendor=VENDOR))
        value["document"]["tracking"]["id"] = f"EXP-2026-{number:03}"
        value["document"]["notes"] = [{"category": "other", "text": f"{number}" * (NOTE_BYTES // 2)}]
        centre.import_advisory(json.dumps(value).encode(), publish=True)
    assert wait(centre.followers_at_head, 60), centre.status()

    def from_disk():
        """a bundle that is larger than all memory of the centre is made without growing it"""
        peak = Peak(centre.pids()["centre"])
        path = plant.export("large.tar")
        size = path.stat().st_size
        assert size > LARGE * NOTE_BYTES, size
        grown = peak.grown()
        print(f"# a bundle of {size >> 20} MiB; the centre's peak grew by {grown >> 20} MiB")
        assert grown < size / 3, (grown, size)
        assert not list((centre.home / "spool").iterdir()), "nothing of it stays"
        done = plant.apply(path)
        assert done.returncode == 0 and f"{LARGE + 1} advisories" in done.stdout, done

    scenario(from_disk)


def main():
    needs_programs()
    with Workplace("bundle") as place:
        centre = place.centre().start()
        plant = Plant(place, centre)
        taught(place, centre, plant)
        large(centre, plant)
    finish()


if __name__ == "__main__":
    main()
