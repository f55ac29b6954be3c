#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
"""tocsin evidence import: what others collected becomes a bundle that verifies, and what is hostile
or broken in it is said, and does nothing. 27037 rows 36 and 59."""

import hashlib
import json
import os
import pathlib
import random
import stat
import struct
import subprocess
import time
import warnings
import zipfile
import zlib

from evidence_scenario import main, test

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
SHARED = SOURCE / "../shared/data/evidence"
MIB = 1 << 20


def run(*words, code=0):
    done = subprocess.run([TOCSIN, "evidence", *words], capture_output=True, text=True, check=False)
    assert code is None or done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def bring(folder, *files, code=0, name="in", options=()):
    """Imports; gives the answer, acquisition.json, and the bundle."""
    bundle = folder / f"{name}.evidence"
    done = run("import", "--json", "--given-by", "B. Lind", *options, *files, bundle, code=code)
    if code == 3:
        assert not (bundle / "manifest-sha256.txt").exists()
        return done.stderr, None, bundle
    verdict = json.loads(run("verify", "--json", bundle).stdout)
    assert verdict["sound"]
    return json.loads(done.stdout), json.loads((bundle / "acquisition.json").read_text()), bundle


def image(bundle):
    return b"".join(subprocess.run(["gzip", "-dc", s], capture_output=True, check=True).stdout
                    for s in sorted((bundle / "data").glob("image-*.gz")))


def sha(data):
    return hashlib.sha256(data).hexdigest()


def make_e01(folder, size=3 * MIB, seed=1, *options):
    chance = random.Random(seed)
    data = b"".join(chance.randbytes(4096) if chance.randrange(2) else b"text " * 819 + b"!"
                    for _ in range(size // 4096))
    (folder / f"{seed}.img").write_bytes(data)
    run("acquire", folder / f"{seed}.img", folder / f"{seed}.evidence", "--no-read-back")
    run("export", folder / f"{seed}.evidence", folder / f"{seed}.E01", "--format", "e01", *options)
    return data, folder / f"{seed}.E01"


def sections(data):
    at, found = 13, {}
    while True:
        kind = data[at:at + 16].rstrip(b"\0").decode()
        following, size = struct.unpack("<QQ", data[at + 16:at + 32])
        found.setdefault(kind, (at, size))
        if kind in ("done", "next"):
            return found
        at = following


@test("raw, whole and split: every file that came is hashed, and who gave it is recorded")
def raw(folder):
    data = random.Random(5).randbytes(5 * MIB + 777)
    (folder / "disk.dd").write_bytes(data)
    answer, record, bundle = bring(folder, folder / "disk.dd", options=(
        "--collected-by", "C. Other", "--received", "2026-03-04T05:06:07Z", "--sha256", sha(data)))
    assert answer["sha256"] == sha(data) and answer["sha256_told_fits"] and image(bundle) == data
    received = record["received"]
    assert received["collected_by_another"] and received["given_by"] == "B. Lind"
    assert received["collected_by"] == "C. Other" and received["at"] == "2026-03-04T05:06:07Z"
    assert received["files"] == [{"name": "disk.dd", "bytes": len(data), "sha256": sha(data)}]
    for number, at in enumerate(range(0, len(data), 2 * MIB), 1):
        (folder / f"s.{number:03}").write_bytes(data[at:at + 2 * MIB])
    answer, record, bundle = bring(folder, folder / "s.001", name="split")
    assert answer["files"] == 3 and image(bundle) == data
    assert [f["sha256"] for f in record["received"]["files"]] == \
        [sha(data[at:at + 2 * MIB]) for at in range(0, len(data), 2 * MIB)]
    (folder / "empty").write_bytes(b"")
    answer, record, bundle = bring(folder, folder / "s.002", folder / "empty", folder / "s.001",
                                   name="order")
    assert image(bundle) == data[2 * MIB:4 * MIB] + data[:2 * MIB]
    assert record["received"]["files"][1]["sha256"] == sha(b"")
    answer, _, _ = bring(folder, folder / "disk.dd", name="other", code=1,
                         options=("--sha256", "00" * 32))
    assert not answer["sha256_told_fits"]


@test("who gave it must be said, and nothing is written over")
def refused(folder):
    (folder / "disk.dd").write_bytes(b"x" * 512)
    done = run("import", folder / "disk.dd", folder / "a", code=2)
    assert "who gave it" in done.stderr and not (folder / "a").exists()
    (folder / "b").mkdir()
    (folder / "b/mine").write_text("x")
    done = run("import", "--given-by", "me", folder / "disk.dd", folder / "b", code=3)
    assert "already" in done.stderr
    for wrong in (folder, folder / "none"):
        assert run("import", "--given-by", "me", wrong, folder / "c", code=3).stderr
        assert not (folder / "c").exists()
    os.mkfifo(folder / "pipe")
    assert "ordinary" in run("import", "--given-by", "me", folder / "pipe", folder / "c",
                             code=3).stderr


# 27037 row 59: import ext2.E01
@test("the E01 of others: its stored MD5 is compared, its header kept")
def foreign(folder):
    path = SHARED / "dfvfs/ext2.E01"
    if not path.exists():
        print("skipped: the E01 of dfvfs is not here")
        return
    answer, record, bundle = bring(folder, path)
    assert answer["md5_fits"] and answer["bytes"] == 4194304 and answer["damaged_bytes"] == 0
    assert record["received"]["files"][0]["sha256"] == sha(path.read_bytes())
    assert record["received"]["says_of_itself"]["examiner_name"] == "examiner"
    assert hashlib.md5(image(bundle)).hexdigest() == \
        record["received"]["says_of_itself"]["md5"]["stored"]


# 27037 row 36: raw → bundle → E01 → bundle → raw
@test("there and back: raw, bundle, E01 in many files, bundle, raw are the same")
def back(folder):
    data, first = make_e01(folder, 12 * MIB, 2, "--segment-size", "4")
    answer, record, bundle = bring(folder, first)
    assert answer["files"] > 1 and answer["md5_fits"] and answer["sha1_fits"]
    assert image(bundle) == data and answer["sha256"] == sha(data)
    run("export", bundle, folder / "again.raw")
    assert (folder / "again.raw").read_bytes() == data
    (folder / "2.E02").unlink() # a file of the set is away
    done = run("import", "--json", "--given-by", "me", first, folder / "gap.evidence", code=None)
    assert done.returncode in (1, 3), done.stdout
    assert done.returncode == 3 or json.loads(done.stdout)["damaged_bytes"] > 0


@test("an E01 with a wrong byte: the range is named, the rest is there, the hash does not fit")
def wrong_byte(folder):
    data, path = make_e01(folder)
    good = path.read_bytes()
    at, size = sections(good)["sectors"]
    chance = random.Random(3)
    for trial in range(6):
        broken = bytearray(good)
        place = chance.randrange(at + 76, at + size)
        broken[place] ^= 1 << chance.randrange(8)
        (folder / "x.E01").write_bytes(broken)
        answer, record, bundle = bring(folder, folder / "x.E01", code=1, name=f"x{trial}")
        assert not answer["md5_fits"] and answer["damaged_bytes"] == 32768, answer
        damage = record["reading"]["unreadable"]
        assert len(damage) == 1 and damage[0]["bytes"] == 32768
        start = damage[0]["from"]
        now = image(bundle)
        assert now[:start] == data[:start] and now[start + 32768:] == data[start + 32768:]
        assert f"0x{start:08X}  0x00008000  -" in (bundle / "map.txt").read_text()


@test("an E01 that lies about sizes, is cut off or is nonsense: refused or its damage said, in time")
def lying(folder):
    data, path = make_e01(folder)
    good = path.read_bytes()
    found = sections(good)
    volume, table = found["volume"][0] + 76, found["table"][0] + 76

    def patched(at, form, *values, seal=None):
        broken = bytearray(good)
        struct.pack_into(form, broken, at, *values)
        if seal:
            start, length = seal
            struct.pack_into("<I", broken, start + length, zlib.adler32(broken[start:start + length]))
        return bytes(broken)

    cases = {
        "sectors": patched(volume + 16, "<Q", 1 << 50, seal=(volume, 1048)),
        "more sectors": patched(volume + 16, "<Q", len(data) // 512 + 640, seal=(volume, 1048)),
        "chunks": patched(volume + 4, "<I", 0xffffffff, seal=(volume, 1048)),
        "sector size": patched(volume + 12, "<I", 0xffffffff, seal=(volume, 1048)),
        "chunk size": patched(volume + 8, "<I", 0xffffff, seal=(volume, 1048)),
        "entries": patched(table, "<I", 0xfffffff0, seal=(table, 20)),
        "base": patched(table + 8, "<Q", 1 << 62, seal=(table, 20)),
        "offset": patched(table + 24 + 8, "<I", 0xfffffff0),
        "next": patched(found["table"][0] + 16, "<Q", 1 << 60, seal=(found["table"][0], 72)),
        "loop": patched(found["table"][0] + 16, "<Q", 13, seal=(found["table"][0], 72)),
        "size": patched(found["sectors"][0] + 24, "<Q", 1 << 63, seal=(found["sectors"][0], 72)),
        "checksum": patched(volume + 100, "<I", 1),
        "half": good[:len(good) // 2],
        "header only": good[:13],
        "tail": good[:-100],
        "noise": good[:13] + random.Random(1).randbytes(5000),
    }
    told = 0
    for name, broken in cases.items():
        (folder / "x.E01").write_bytes(broken)
        bundle = folder / f"{name}.evidence"
        started = time.monotonic()
        done = subprocess.run([TOCSIN, "evidence", "import", "--json", "--given-by", "me",
                               folder / "x.E01", bundle], capture_output=True, text=True,
                              check=False, timeout=120)
        assert time.monotonic() - started < 60, name
        assert done.returncode in (0, 1, 3), (name, done.returncode, done.stderr)
        if done.returncode == 3:
            assert "E01" in done.stderr or "format" in done.stderr, (name, done.stderr)
            assert not (bundle / "manifest-sha256.txt").exists()
            told += 1
            continue
        assert json.loads(run("verify", "--json", bundle).stdout)["sound"]
        answer = json.loads(done.stdout)
        if done.returncode == 0: # libewf found its way by what is not broken, and all of it is there
            assert answer["sha256"] == sha(data), name
        else:
            told += 1
            assert answer["damaged_bytes"] > 0 or not answer.get("md5_fits", False), name
    assert told >= 8, told
    _, _, bundle = bring(folder, folder / "x.E01", options=("--as", "raw"), name="raw")
    assert image(bundle) == cases["noise"]


def listing(bundle):
    return [json.loads(line) for line in (bundle / "entries.jsonl").read_text().splitlines()]


def entry(name, mode=stat.S_IFREG | 0o644):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


@test("a ZIP archive: kept byte by byte, its entries listed with their hashes")
def archive(folder):
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("one.txt", b"one")
        z.writestr("über/zwei.bin", bytes(100000))
    answer, record, bundle = bring(folder, folder / "a.zip")
    assert answer["entries"] == 2 and answer["entries_with_problems"] == 0
    assert image(bundle) == (folder / "a.zip").read_bytes() and record["received"]["as"] == "ZIP"
    found = {e["name"]: e for e in listing(bundle)}
    assert found["one.txt"]["sha256"] == sha(b"one")
    assert found["über/zwei.bin"]["sha256"] == sha(bytes(100000))
    for path in sorted((SHARED / "dftt").glob("*.zip"))[:4]:
        answer, _, bundle = bring(folder, path, name=path.stem)
        with zipfile.ZipFile(path) as z:
            wanted = {i.filename: sha(z.read(i)) for i in z.infolist() if not i.is_dir()}
        assert {e["name"]: e["sha256"] for e in listing(bundle) if e["kind"] == "file"} == wanted


@test("a hostile ZIP archive: paths, links, devices, doubles are named, and nothing is unpacked")
def hostile(folder):
    cases = [
        (entry("../../outside"), b"x", "leads out"),
        (entry("a/../../b"), b"x", "leads out"),
        (entry("/etc/absolute"), b"x", "absolute"),
        (entry("C:\\windows\\x"), b"x", "absolute"),
        (entry("..\\up"), b"x", "leads out"),
        (entry("link", stat.S_IFLNK | 0o777), b"/etc/passwd", "link"),
        (entry("device", stat.S_IFBLK | 0o600), b"", "device"),
        (entry("character", stat.S_IFCHR | 0o600), b"", "device"),
        (entry("double"), b"1", None),
        (entry("double"), b"2", "another entry of that name"),
        (entry("Case"), b"1", None),
        (entry("cASE"), b"2", "differs in case"),
        (entry("tab\tand\x1b[31mred"), b"x", "control"),
        (entry("good"), b"good", None),
    ]
    inside = folder / "in"
    inside.mkdir()
    with zipfile.ZipFile(inside / "h.zip", "w") as z:
        warnings.simplefilter("ignore")
        for info, data, _ in cases:
            z.writestr(info, data)
    before = sorted(folder.rglob("*"))
    answer, _, bundle = bring(inside, inside / "h.zip", code=1)
    found = listing(bundle)
    assert len(found) == len(cases), found
    for (info, data, wanted), one in zip(cases, found):
        said = " ".join(one["problems"])
        assert (wanted in said) if wanted else not said, (info.filename, one)
        if one["kind"] == "file":
            assert one["sha256"] == sha(data)
    assert found[5]["target"] == "/etc/passwd" and found[5]["kind"] == "symbolic link"
    assert answer["entries_with_problems"] == sum(c[2] is not None for c in cases)
    new = [p for p in folder.rglob("*") if p not in before and bundle not in (p, *p.parents)]
    assert not new, new
    assert {p.name for p in (bundle / "data").iterdir()} <= {"image-00001.gz", "image.chunks",
                                                             "files.seed"}


@test("bombs, lying sizes, wrong checksums, encryption and cut archives are said, in time")
def bombs(folder):
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        with z.open("zeros", "w", force_zip64=True) as out:
            for _ in range(1200):
                out.write(bytes(MIB))
        z.writestr("behind", b"x")
    started = time.monotonic()
    answer, record, bundle = bring(folder, folder / "bomb.zip", code=1, name="bomb")
    assert time.monotonic() - started < 60
    assert "unpacks to more" in " ".join(listing(bundle)[0]["problems"])
    assert image(bundle) == (folder / "bomb.zip").read_bytes()

    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("one", b"some text, some text, some text")
    good = (folder / "a.zip").read_bytes()
    directory = good.index(b"PK\1\2")

    def told(name, data):
        (folder / f"{name}.zip").write_bytes(data)
        done = run("import", "--json", "--given-by", "me", folder / f"{name}.zip",
                   folder / f"{name}.evidence", code=None)
        assert done.returncode == 1, (name, done.returncode, done.stdout, done.stderr)
        assert json.loads(run("verify", "--json", folder / f"{name}.evidence").stdout)["sound"]
        return json.loads(done.stdout), listing(folder / f"{name}.evidence")

    broken = bytearray(good)
    for at in (22, directory + 24): # uncompressed size, in both places
        struct.pack_into("<I", broken, at, 4_000_000)
    answer, found = told("size", bytes(broken))
    assert found[0]["problems"] or not answer["entries_complete"], found
    broken = bytearray(good)
    for at in (14, directory + 16):
        struct.pack_into("<I", broken, at, 0x12345678)
    _, found = told("crc", bytes(broken))
    assert found[0]["problems"] and "sha256" not in found[0], found
    broken = bytearray(good)
    for at in (6, directory + 8):
        struct.pack_into("<H", broken, at, 1)
    _, found = told("encrypted", bytes(broken))
    assert "encrypted" in " ".join(found[0]["problems"]), found
    answer, found = told("cut", good[:len(good) - 30])
    assert not answer["entries_complete"]
    answer, found = told("noise", b"PK\3\4" + random.Random(1).randbytes(3000))
    assert not answer["entries_complete"]


if __name__ == "__main__":
    main()
