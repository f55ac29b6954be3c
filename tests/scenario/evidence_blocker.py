#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""tocsin evidence blocker on loop devices: which disks it refuses to write to, what its reports say
and who believes them, and what an acquisition takes along of them. (Commands past the kernel, and
blockers that misbehave: tests/machine/evidence_blocker.py.)"""

import contextlib
import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess

from evidence_scenario import main, Skipped, test

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
SANITIZED = b"__asan_init" in TOCSIN.read_bytes()
MIB = 1 << 20
SIZE = 40 * MIB + 512 * 3
GIVEN = "ACME WB-3 no. 117"
WHERE = ("--reason", "a test", "--place", "here", "--authority", "A 1")


def tocsin(*arguments, code=0, **environment):
    done = subprocess.run([TOCSIN, "evidence", *map(str, arguments)], capture_output=True, text=True, check=False,
                          env={**os.environ, "TOCSIN_IDENTITY": "", **environment})
    assert done.returncode == code, (arguments, done.returncode, done.stdout[-600:], done.stderr)
    return done


@contextlib.contextmanager
def loop(file, *options):
    if os.geteuid() != 0:
        raise Skipped("loop devices are for root")
    made = subprocess.run(["losetup", *options, "--find", "--show", file], check=False, capture_output=True, text=True)
    if made.returncode != 0:
        raise Skipped(f"no loop device: {made.stderr.strip()}")
    try:
        yield made.stdout.strip()
    finally:
        subprocess.run(["losetup", "--detach", made.stdout.strip()], check=True)


def blank(folder, name="disk.img", size=SIZE):
    file = folder / name
    file.write_bytes(b"")
    os.truncate(file, size)
    return file


def behind(folder, how):
    """An environment in which block devices are behind a blocker."""
    if SANITIZED:
        raise Skipped("the sanitizer's runtime does not like to be preloaded around")
    library = folder / "blocked_calls.so"
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE / "tests/scenario/blocked_calls.c",
                    "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "BLOCKED_CALLS": how}


def outcomes(report):
    found = {}
    for a in report["attempts"]:
        found.setdefault(a["command"], set()).add(a["outcome"])
    return found


# 27037 row 24
@test("what is not a disk of one's own to ruin is refused, and stays as it is, byte by byte")
def refused(folder):
    def refuses(device, *options, say, data):
        done = tocsin("blocker", "prepare", device, *options, code=3)
        assert say in done.stderr, (say, done.stderr)
        assert data is None or pathlib.Path(device).read_bytes() == data

    file = blank(folder)
    refuses(file, "--yes", say="no block device", data=bytes(SIZE))
    with loop(blank(folder, "small", 15 * MIB)) as device:
        refuses(device, "--yes", say="smaller than", data=bytes(15 * MIB))
    with loop(file) as device:
        refuses(device, say="--yes", data=bytes(SIZE))
        held = os.open(device, os.O_RDONLY | os.O_EXCL)  # as a mount, an array or swap does
        refuses(device, "--yes", say="in use", data=None)
        os.close(held)
        refuses(device, "--overwrite", "4711", say="is not the disk that --overwrite names", data=bytes(SIZE))
    with loop(file, "--read-only") as device:
        refuses(device, "--yes", say="read-only", data=bytes(SIZE))
    # one byte anywhere that would be written over, or that a sample meets
    for at, say in ((0, "byte 0"), (511, "byte 511"), (2 * MIB + 77, f"byte {2 * MIB + 77}"), (SIZE // 2, "not empty"),
                    (SIZE - 1, f"byte {SIZE - 1}"), (SIZE // 512 // 4096 * 4096 * 100, "not empty")):
        blank(folder)
        with file.open("r+b") as f:
            f.seek(at)
            f.write(b"\x01")
        data = file.read_bytes()
        with loop(file) as device:
            refuses(device, "--yes", say=say, data=data)
            refuses(device, "--yes", "--overwrite", str(SIZE + 1), say="its size is", data=data)
    for at, word, say in ((510, b"\x55\xaa", "partition table"), (3, b"NTFS    ", "NTFS"), (65600, b"_BHRfS_M", "Btrfs"),
                          (0, b"LUKS\xba\xbe", "LUKS"), (1080, b"\x53\xef", "ext file system")):
        blank(folder)
        with file.open("r+b") as f:
            f.seek(at)
            f.write(word)
        with loop(file) as device:
            refuses(device, "--yes", say=say, data=file.read_bytes())


# 27037 row 24
@test("what is prepared is as the format says, and nothing but the mark and the areas is written to")
def prepared(folder):
    data = bytearray(random.Random(4).randbytes(SIZE))
    file = folder / "disk.img"
    file.write_bytes(data)
    with loop(file) as device:
        said = json.loads(tocsin("blocker", "prepare", device, "--overwrite", SIZE, "--json").stdout)
        again = json.loads(tocsin("blocker", "prepare", device, "--yes", "--json").stdout)
    assert not said["was_a_test_disk"] and again["was_a_test_disk"] and said["id"] != again["id"]
    assert {"write()", "BLKZEROOUT"} <= set(said["changed_by"]), said
    disk = file.read_bytes()
    mark = disk[:4096]

    def number(at, size):
        return int.from_bytes(mark[at:at + size], "big")

    assert mark[:32] == b"TOCSIN WRITE BLOCKER TEST DISK\r\n" and number(32, 4) == 1
    assert (number(36, 4), number(40, 8)) == (512, SIZE) and mark[48:64].hex() == again["id"]
    assert mark[4064:] == hashlib.sha256(mark[:4064]).digest() and not any(mark[652:4064])
    areas = [(number(104 + 16 * i, 8), number(112 + 16 * i, 8)) for i in range(3)]
    middle, last = SIZE // 2 // 65536 * 65536 - 2 * MIB, (SIZE - 4 * MIB) // 65536 * 65536
    assert areas == [(MIB, 4 * MIB), (middle, 4 * MIB), (last, SIZE - last)], areas
    seed, whole = mark[64:96], hashlib.sha256()
    data[:4096] = mark
    for start, length in areas:
        pattern = b"".join(hashlib.sha512(seed + (n // 4096).to_bytes(8, "big")).digest() * 64
                           for n in range(start, start + length, 4096))[:length]
        whole.update(pattern)
        data[start:start + length] = pattern
    assert disk == data and mark[152:184] == whole.digest()
    assert mark[184] == 5 and mark[184 + 8] == 1  # write() changed it; there is no SCSI here


# 27037 row 24
@test("verdicts: no blocker, one that refuses, one that drops, the kernel alone; and afterwards")
def verdicts(folder):
    file, out = blank(folder), folder / "report.json"

    def tested(device, code, **environment):
        tocsin("blocker", "test", device, "--blocker", GIVEN, "--by", "A. Meyer", "-o", out, code=code, **environment)
        return json.loads(out.read_text())

    with loop(file) as device:
        done = tocsin("blocker", "test", device, "--blocker", GIVEN, "--by", "me", code=3)
        assert "no test disk" in done.stderr and not any(file.read_bytes())
        tocsin("blocker", "prepare", device, "--yes")
        before = file.read_bytes()
        for words in (("--by", "me"), ("--blocker", GIVEN), ("--blocker", GIVEN, "--by", "me", "--yes")):
            tocsin("blocker", "test", device, *words, code=2)
        report = tested(device, 0, **behind(folder, "refuse"))
        assert report["verdict"] == "holds" and outcomes(report)["write()"] == {"refused"}, report["why"]
        assert {a["error"] for a in report["attempts"] if a["command"] == "write()"} == {"EIO"}
        assert file.read_bytes() == before
        report = json.loads(tocsin("blocker", "check", device, "--report", out, "--json").stdout)
        assert report["afterwards"]["as_prepared"] and report["afterwards"]["write_reaches"], report["afterwards"]
        assert report["verdict"] == "holds" and file.read_bytes() == before
        # the blocker is still there when it is looked at
        report = json.loads(tocsin("blocker", "check", device, "--report", out, "--json", code=1,
                                   **behind(folder, "refuse")).stdout)
        assert report["verdict"] == "not shown" and not report["afterwards"]["write_reaches"], report["why"]
        report = tested(device, 0, **behind(folder, "drop"))
        assert outcomes(report)["write()"] == {"accepted and nothing changed"} and file.read_bytes() == before
        holds = out.read_text()
    with loop(file, "--read-only") as device:
        report = tested(device, 1)
        assert report["verdict"] == "not shown" and outcomes(report)["write()"] == {"the kernel refused"}
        assert all("the blocker was not asked" in a["why"] for a in report["attempts"] if a["command"] == "write()")
        assert report["behind"]["kernel_read_only"] and not report["counts"]["change_without_blocker"]
        assert file.read_bytes() == before
    with loop(file) as device:
        report = tested(device, 1)
        assert report["verdict"] == "DOES NOT HOLD" and outcomes(report)["write()"] == {"CHANGED"}
        # what was written through another blocker meanwhile is found by the look at the disk
        out.write_text(holds)
        report = json.loads(tocsin("blocker", "check", device, "--report", out, "--json", code=1).stdout)
        assert report["verdict"] == "DOES NOT HOLD" and not report["afterwards"]["as_prepared"]
        done = tocsin("blocker", "test", device, "--blocker", GIVEN, "--by", "me", code=3)
        assert "not as it was prepared" in done.stderr
        tocsin("blocker", "prepare", device, "--yes")
        done = tocsin("blocker", "check", device, "--report", out, code=3)
        assert "not the test disk of this report" in done.stderr


# 27037 row 24
@test("a report is believed as far as its verdict follows from what it lists")
def tampered(folder):
    file, out = blank(folder), folder / "report.json"
    with loop(file) as device:
        tocsin("blocker", "prepare", device, "--yes")
        tocsin("blocker", "test", device, "--blocker", GIVEN, "--by", "me", "-o", out, code=1)
        good = json.loads(out.read_text())
        before = file.read_bytes()

        def refused_with(say, change):
            report = json.loads(json.dumps(good))
            change(report)
            out.write_text(json.dumps(report))
            done = tocsin("blocker", "check", device, "--report", out, code=3)
            assert say in done.stderr, (say, done.stderr)
            done = tocsin("acquire", file, folder / "b", "--write-blocker", GIVEN, "--blocker-test", out, code=3)
            assert say in done.stderr and not (folder / "b").exists(), done.stderr

        refused_with("verdict does not follow", lambda r: r.update(verdict="holds"))
        refused_with("counts are not those", lambda r: r["attempts"].pop())
        refused_with("counts are not those", lambda r: r["attempts"][0].update(outcome="refused"))
        refused_with("outcome", lambda r: r["attempts"][0].update(outcome="fine"))
        refused_with("assertion", lambda r: r["assertions"].pop())
        refused_with("assertions are others", lambda r: r["assertions"][0].update(id="HWB-RM-09"))
        refused_with("format", lambda r: r.update(format="tocsin-evidence-blocker/v2"))
        refused_with("on which disk", lambda r: r["disk"].update(id="12"))
        refused_with("who tested", lambda r: r.pop("by"))
        refused_with("afterwards", lambda r: r.update(afterwards={"as_prepared": 1}))
        out.write_text(json.dumps(good)[:-40])
        tocsin("blocker", "check", device, "--report", out, code=3)
        assert file.read_bytes() == before


class Bench:
    """Somebody's identity, a test disk, and a disk to acquire."""

    def __init__(self, folder, device):
        self.folder, self.device, self.identity = folder, device, folder / "meyer"
        tocsin("identity", self.identity, "--name", "A. Meyer", "--role", "DEFR", "--competence", "GCFA, 2024-05-01")
        self.who = ("--identity", self.identity)
        self.disk = folder / "exhibit"
        self.disk.write_bytes(random.Random(9).randbytes(2 * MIB))
        self.number = 0

    def tested(self, code, given=GIVEN, **environment):
        tocsin("blocker", "prepare", self.device, "--yes")
        return json.loads(tocsin("blocker", "test", self.device, "--blocker", given, *self.who, "--json", code=code,
                                 **environment).stdout)

    def kept(self, end=".json"):
        return sorted(f for f in (self.identity / "blockers").iterdir() if f.name.endswith(end))

    def acquired(self, *more, code=0, given=GIVEN, folder=None):
        self.number += 1
        bundle = folder or self.folder / f"{self.number}.evidence"
        done = tocsin("acquire", self.disk, bundle, *self.who, *WHERE, "--write-blocker", given, *more, code=code)
        record = bundle / "acquisition.json"
        return done, bundle, json.loads(record.read_text())["source"] if record.exists() else None


# 27037 row 24
@test("kept and signed with an identity; an acquisition by the same words takes it along, by its hash")
def taken_along(folder):
    with loop(blank(folder)) as device:
        bench = Bench(folder, device)
        done, bundle, said = bench.acquired()
        assert said["write_blocker_test"] == "not tested by this program", said
        assert "was not tested by this program" in done.stderr and not (bundle / "blocker.json").exists()
        report = bench.tested(0, **behind(folder, "refuse"))
        assert report["by"] == "A. Meyer" and [json.loads(f.read_text()) for f in bench.kept()] == [report]
        tocsin("blocker", "check", device, *bench.who)
        first, second = bench.kept()
        assert second.name == first.name.replace(".json", "_afterwards.json")
        for file in (first, second):
            signed = subprocess.run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in",
                                     file.with_suffix(".p7s"), "-content", file, "-CAfile", bench.identity / "chain.pem",
                                     "-purpose", "any", "-out", os.devnull], check=False, capture_output=True, text=True)
            assert signed.returncode == 0, signed.stderr
        done, bundle, said = bench.acquired()
        test_said = said["write_blocker_test"]
        assert (bundle / "blocker.json").read_bytes() == second.read_bytes()
        assert (bundle / "blocker.p7s").read_bytes() == second.with_suffix(".p7s").read_bytes()
        assert test_said["sha256"] == hashlib.sha256(second.read_bytes()).hexdigest()
        assert test_said["verdict"] == "holds" and test_said["confirmed_without_blocker"] and test_said["age_days"] == 0
        assert test_said["signed_by"] == "CN=A. Meyer" and said["write_blocker"] == GIVEN, test_said
        assert "blocker" not in done.stderr and "tested less than a day ago" in done.stdout, done
        tocsin("verify", bundle)
        assert subprocess.run(["sha256sum", "-c", "--quiet", "tagmanifest-sha256.txt"], cwd=bundle, check=False,
                              capture_output=True).returncode == 0
        shown = tocsin("custody", "show", bundle, "--json").stdout
        assert "tested less than a day ago" in shown, shown
        shown = tocsin("report", bundle, "--format", "text", "--unrecorded", "a test").stdout
        assert "holds, ended" in shown and "0 days when this was acquired" in shown, shown[:3000]
        # what was found afterwards cannot be passed over
        text = second.read_text()
        second.write_text(text + " ")
        done, _, said = bench.acquired()
        assert said["write_blocker_test"] == "not tested by this program" and second.name in done.stderr
        second.write_text(text)
        # other words are another blocker
        done, bundle, said = bench.acquired(given=GIVEN + "8")
        assert said["write_blocker_test"] == "not tested by this program"
        # without an identity the report is named
        done = tocsin("acquire", bench.disk, folder / "named", "--write-blocker", GIVEN, "--blocker-test", second)
        assert (folder / "named/blocker.p7s").exists() and "not signed" not in done.stderr
        shutil.copy(second, folder / "alone.json")
        done = tocsin("acquire", bench.disk, folder / "unsigned", "--write-blocker", GIVEN, "--blocker-test",
                      folder / "alone.json")
        record = json.loads((folder / "unsigned/acquisition.json").read_text())["source"]["write_blocker_test"]
        assert record["signed_by"] == "nobody" and "not signed" in done.stderr
        done = tocsin("acquire", bench.disk, folder / "other", "--write-blocker", "B", "--blocker-test", second, code=3)
        assert "another write blocker" in done.stderr and not (folder / "other").exists()


# 27037 row 24
@test("one that does not hold is not used without a reason, which is recorded; gaps and report show it")
def deviation(folder):
    with loop(blank(folder)) as device:
        bench = Bench(folder, device)
        tocsin("case", "new", folder / "case", "--person-in-charge", "B. Huber", "--contact", "x", "--authority", "W",
               "--authority-covers", "*", *bench.who, "--reason", "r", "--place", "here")
        tocsin("exhibit", "add", folder / "case", "--id", "EX-1", "--description", "disk", "--source-type", "static",
               *bench.who, "--reason", "r", "--place", "here")

        def gap():
            rows = json.loads(tocsin("gaps", folder / "case", "--json", code=1).stdout)["rows"]
            return next(r for r in rows if r["row"] == 24)["state"] == "gap"

        def acquired(name, *more, code=0):
            done = tocsin("acquire", bench.disk, name, "--case", folder / "case", "--exhibit", "EX-1", *bench.who,
                          "--reason", "r", "--place", "here", "--write-blocker", GIVEN, *more, code=code)
            return done, folder / "case/exhibits/EX-1" / name

        bench.tested(1)
        done, bundle = acquired("a.evidence", code=3)
        assert "DOES NOT HOLD" in done.stderr and "--deviation" in done.stderr and not bundle.exists(), done.stderr
        done, bundle = acquired("a.evidence", "--deviation", "the only one within 300 km")
        said = json.loads((bundle / "acquisition.json").read_text())["source"]
        assert said["write_blocker_deviation"] == "the only one within 300 km"
        assert said["write_blocker_test"]["verdict"] == "DOES NOT HOLD" and "DOES NOT HOLD" in done.stderr
        assert "the only one within 300 km" in tocsin("custody", "show", bundle, "--json").stdout and gap()
        shown = tocsin("report", bundle, "--format", "text", "--unrecorded", "a test").stdout
        assert "DOES NOT HOLD, ended" in shown and "the only one within 300 km" in shown
        # tested again, and it holds: the last test counts
        bench.tested(0, **behind(folder, "drop"))
        done, bundle = acquired("b.evidence")
        assert "DOES NOT" not in done.stderr and gap()
        (folder / "case/exhibits/EX-1/a.evidence").rename(folder / "elsewhere")
        assert not gap()


# 27037 row 24
@test("a kept report that was changed, exchanged or is of somebody else is not taken, nor one before it")
def changed(folder):
    with loop(blank(folder)) as device:
        bench = Bench(folder, device)
        bench.tested(0, **behind(folder, "refuse"))
        bench.tested(1)
        good, bad = bench.kept()
        # that it does not hold is made to hold
        text = bad.read_text()
        for old, new in (('"A. Meyer"', '"B. Meyer"'), ("DOES NOT HOLD", "holds")):
            bad.write_text(text.replace(old, new))
            done, _, said = bench.acquired()
            assert said["write_blocker_test"] == "not tested by this program", said
            assert bad.name in done.stderr and "a later report is not sound" in done.stderr, done.stderr
        bad.write_text(good.read_text())  # with the signature of the other
        done, _, said = bench.acquired()
        assert said["write_blocker_test"] == "not tested by this program", said
        bad.write_text(text)
        done, _, said = bench.acquired(code=3)
        assert "DOES NOT HOLD" in done.stderr
        # what says that it does not hold is not put aside by a later one that nobody believes
        bench.tested(0, **behind(folder, "drop"))
        last = bench.kept()[-1]
        last.write_text(last.read_text() + " ")
        done, _, said = bench.acquired(code=3)
        assert "DOES NOT HOLD" in done.stderr and last.name in done.stderr, done.stderr
        for file in (last, last.with_suffix(".p7s")):
            file.unlink()
        bench.tested(1)
        last, text = bench.kept()[-1], bench.kept()[-1].read_text()
        for file in (last, last.with_suffix(".p7s")):
            file.unlink()
        # signed by somebody else
        for file in (bad, bad.with_suffix(".p7s")):
            file.unlink()
        done, _, said = bench.acquired()
        assert said["write_blocker_test"]["verdict"] == "holds"
        tocsin("identity", folder / "other", "--name", "A. Meyer")
        out = folder / "r.json"
        out.write_text(text)
        tocsin("blocker", "check", device, "--report", out, "--identity", folder / "other", code=1)
        for file in (folder / "other/blockers").iterdir():
            shutil.copy(file, bench.identity / "blockers")
        done, _, said = bench.acquired()
        assert "passed over" in done.stderr and said["write_blocker_test"] == "not tested by this program", done.stderr
        for file in bench.kept("_afterwards.json"):
            file.unlink()
        good.with_suffix(".p7s").unlink()
        done, _, said = bench.acquired()
        assert said["write_blocker_test"] == "not tested by this program" and "is not there" in done.stderr


if __name__ == "__main__":
    main()
