#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
"""tocsin evidence export: raw, E01 and AFF4 hold the image bit by bit, in files of the size that was
asked for, and nothing that is partial or damaged looks whole. Read back here by Python alone; other
people's programs read it in tests/interop/evidence_readers.py."""

import hashlib
import json
import os
import pathlib
import random
import resource
import struct
import subprocess
import zipfile
import zlib

from evidence_scenario import main, test

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
MIB, PART = 1 << 20, 32768


def run(*words, code=0, limit=None):
    def limits():
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    done = subprocess.run([TOCSIN, "evidence", *words], capture_output=True, text=True, check=False,
                          preexec_fn=limits)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def disk(folder, size, seed=1):
    chance, parts, left = random.Random(seed), [], size
    while left > 0:
        n = min(left, chance.choice((4096, 70000, 600000, 3 * MIB)))
        kind = chance.randrange(3)
        parts.append(bytes(n) if kind == 0 else chance.randbytes(n) if kind == 1
                     else (b"a line of text, more or less\n" * (n // 29 + 1))[:n])
        left -= n
    path = folder / f"disk{seed}.img"
    path.write_bytes(b"".join(parts))
    return path


def bundle_of(folder, path, *options):
    bundle = folder / (path.name + ".evidence")
    run("acquire", path, bundle, "--no-read-back", "--exhibit", "EX-7", "--examiner", "A. Müller",
        "--description", "disk\tof \"tests\"", *options)
    return bundle


def sections(file):
    """type, offset of what it holds, bytes of that; checks every descriptor's checksum."""
    data = file.read_bytes()
    assert data[:8] == b"EVF\x09\x0d\x0a\xff\x00"
    at, found = 13, []
    while True:
        head = data[at:at + 76]
        assert zlib.adler32(head[:72]) == struct.unpack("<I", head[72:])[0], (file, at)
        kind = head[:16].rstrip(b"\0").decode()
        following, size = struct.unpack("<QQ", head[16:32])
        found.append((kind, at + 76, size - 76))
        if kind in ("done", "next"):
            assert following == at and at + 76 == len(data), (kind, at, len(data))
            return data, found
        assert following == at + size
        at = following


def read_e01(files):
    """The image and the stored MD5 and SHA-1, by the tables of all files."""
    image, md5, sha1, errors = [], None, None, []
    for number, file in enumerate(files):
        data, found = sections(file)
        assert struct.unpack("<BHH", data[8:13]) == (1, number + 1, 0)
        tables = {}
        for kind, at, size in found:
            part = data[at:at + size]
            if kind in ("table", "table2"):
                count, base = struct.unpack("<I4xQ", part[:16])
                assert zlib.adler32(part[:20]) == struct.unpack("<I", part[20:24])[0]
                entries = part[24:24 + 4 * count]
                assert zlib.adler32(entries) == struct.unpack("<I", part[24 + 4 * count:])[0]
                assert count <= 16375
                if kind == "table2":
                    assert part == tables[kind[:5]]
                    continue
                tables["table"] = part
                places = [x for (x,) in struct.iter_unpack("<I", entries)]
                ends = [base + (x & 0x7fffffff) for x in places[1:]] + [at - 76]
                for place, end in zip(places, ends):
                    stored = data[base + (place & 0x7fffffff):end]
                    if place >> 31:
                        image.append(zlib.decompress(stored))
                    else:
                        assert zlib.adler32(stored[:-4]) == struct.unpack("<I", stored[-4:])[0]
                        image.append(stored[:-4])
            elif kind == "digest":
                md5, sha1 = part[:16].hex(), part[16:36].hex()
            elif kind == "hash":
                assert part[:16].hex() == md5
            elif kind == "error2":
                count = struct.unpack("<I", part[:4])[0]
                errors = list(struct.iter_unpack("<II", part[520:520 + 8 * count]))
    return b"".join(image), md5, sha1, errors


def read_aff4(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        turtle = archive.read("information.turtle").decode()
        image = []
        for index in sorted(n for n in names if n.endswith(".index")):
            bevy = archive.read(index[:-6])
            for at, size in struct.iter_unpack("<QI", archive.read(index)):
                part = bevy[at:at + size]
                image.append(part if size == PART else zlib.decompress(part))
    size = int(turtle.split('aff4:size "')[1].split('"')[0])
    whole = b"".join(image)
    assert len(whole) == -(-size // PART) * PART and not any(whole[size:])
    return whole[:size], turtle


# 27037 rows 36 and 58: conversion keeps the data equal
@test("raw, E01 and AFF4 hold the image bit by bit, whatever its size")
def formats(folder):
    for seed, size in enumerate((512, PART, MIB - 512, 3 * MIB + 512, 9 * MIB), 1):
        source = disk(folder, size, seed)
        data = source.read_bytes()
        bundle = bundle_of(folder, source, *(("--plain",) if seed == 4 else ()))
        stem = folder / f"out{seed}"
        for kind in ("raw", "e01", "aff4"):
            answer = json.loads(run("export", "--json", bundle, f"{stem}.{kind}", "--format",
                                    kind).stdout)
            assert answer["sha256"] == hashlib.sha256(data).hexdigest()
        assert pathlib.Path(f"{stem}.raw").read_bytes() == data
        done = subprocess.run(["sha256sum", "--strict", "-c", f"{stem}.raw.sha256"], cwd=folder,
                              capture_output=True, check=False)
        assert done.returncode == 0
        image, md5, sha1, errors = read_e01([pathlib.Path(f"{stem}.E01")])
        assert image == data and not errors
        assert md5 == hashlib.md5(data).hexdigest() and sha1 == hashlib.sha1(data).hexdigest()
        image, turtle = read_aff4(f"{stem}.aff4")
        assert image == data and hashlib.sha256(data).hexdigest() in turtle
        record = json.loads(pathlib.Path(f"{stem}.e01.json").read_text())
        assert record["image"]["sha256"] == hashlib.sha256(data).hexdigest()
        top = hashlib.sha256((bundle / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
        assert record["bundle"]["tagmanifest_sha256"] == top and not record["bundle"]["sealed"]


@test("an image of no whole sectors goes out as raw and AFF4, and E01 says why not")
def odd(folder):
    for seed, size in ((1, MIB + 700), (2, 0), (3, 1)):
        source = disk(folder, size, seed)
        bundle = bundle_of(folder, source)
        run("export", bundle, folder / f"{seed}.raw")
        assert (folder / f"{seed}.raw").read_bytes() == source.read_bytes()
        run("export", bundle, folder / f"{seed}.aff4", "--format", "aff4")
        assert read_aff4(folder / f"{seed}.aff4")[0] == source.read_bytes()
        done = run("export", bundle, folder / f"{seed}.E01", "--format", "e01", code=3)
        assert "whole sectors" in done.stderr and not list(folder.glob("*.E01*"))


# 27037 row 33: every part is at most as large as was asked for
@test("files are no larger than asked for, and together they are the image")
def segments(folder):
    source = disk(folder, 31 * MIB + 1024, 5)
    data, bundle = source.read_bytes(), None
    bundle = bundle_of(folder, source)
    for mib in (4, 5, 16):
        run("export", bundle, folder / f"r{mib}", "--segment-size", str(mib))
        parts = sorted(folder.glob(f"r{mib}.0*"))
        assert len(parts) > 1 and all(p.stat().st_size <= mib * MIB for p in parts)
        assert b"".join(p.read_bytes() for p in parts) == data
        done = subprocess.run(["sha256sum", "--strict", "-c", f"r{mib}.sha256"], cwd=folder,
                              capture_output=True, check=False)
        assert done.returncode == 0 and done.stdout.count(b"OK") == len(parts)
        run("export", bundle, folder / f"e{mib}.E01", "--format", "e01", "--segment-size", str(mib))
        parts = sorted(folder.glob(f"e{mib}.E0?"))
        assert (len(parts) > 1 or mib == 16) and all(p.stat().st_size <= mib * MIB for p in parts)
        image, md5, _, _ = read_e01(parts)
        assert image == data and md5 == hashlib.md5(data).hexdigest()


@test("zeros stay holes in raw")
def holes(folder):
    source = folder / "sparse.img"
    with open(source, "wb") as out:
        out.write(b"begin")
        out.truncate(64 * MIB)
    bundle = bundle_of(folder, source)
    run("export", bundle, folder / "out.raw")
    assert (folder / "out.raw").stat().st_size == 64 * MIB
    assert (folder / "out.raw").stat().st_blocks * 512 < 2 * MIB
    assert hashlib.sha256((folder / "out.raw").read_bytes()).digest() == \
        hashlib.sha256(source.read_bytes()).digest()


# 27037 row 30: what could not be read is passed on as such
@test("unreadable sectors stand in error2 of the E01 and in FILE.json")
def unreadable(folder):
    if b"__asan_init" in TOCSIN.read_bytes():
        print("skipped: bad sectors: the sanitizer's runtime does not like to be preloaded around")
        return
    source = disk(folder, 4 * MIB, 9)
    library = folder / "bad_disk.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library,
                    SOURCE / "tests/scenario/bad_disk.c", "-ldl"], check=True)
    bundle = folder / "b.evidence"
    environment = {**os.environ, "LD_PRELOAD": str(library), "BAD_DISK_FILE": str(source),
                   "BAD_DISK_RANGES": "51200-53248,2097152-2097664"}
    subprocess.run([TOCSIN, "evidence", "acquire", source, bundle], env=environment, check=False,
                   capture_output=True)
    run("export", bundle, folder / "out.E01", "--format", "e01")
    _, _, _, errors = read_e01([folder / "out.E01"])
    assert errors == [(100, 4), (4096, 1)], errors
    record = json.loads((folder / "out.E01.json").read_text())
    assert record["image"]["unreadable"] == [{"from": 51200, "bytes": 2048},
                                             {"from": 2097152, "bytes": 512}]


# 27037 rows 32 and 35: partial output never looks complete; damage is named
@test("a damaged bundle is not exported, and the damage is named; nothing stays")
def damaged(folder):
    source = disk(folder, 5 * MIB, 3)
    bundle = bundle_of(folder, source)
    segment = bundle / "data/image-00001.gz"
    kept = segment.read_bytes()
    broken = bytearray(kept)
    broken[len(kept) // 2] ^= 4
    segment.write_bytes(broken)
    for kind in ("raw", "e01", "aff4"):
        done = run("export", bundle, folder / f"x.{kind}", "--format", kind, code=1)
        assert "chunk" in done.stderr and "of the image" in done.stderr, done.stderr
    assert not list(folder.glob("x.*"))
    segment.write_bytes(kept)
    record = bundle / "acquisition.json"
    text = record.read_text()
    answer = json.loads(text)
    record.write_text(text.replace(answer["image"]["sha256"], "0" * 64))
    done = run("export", bundle, folder / "x.raw", code=1)
    assert "SHA-256" in done.stderr and not list(folder.glob("x.*"))
    record.write_text(text)
    (bundle / "INCOMPLETE").write_text("x")
    assert "not finished" in run("export", bundle, folder / "x.raw", code=3).stderr


@test("no space, or a file that is there: said, and nothing half stays")
def no_space(folder):
    source = folder / "disk.img"
    source.write_bytes(random.Random(4).randbytes(6 * MIB))
    bundle = bundle_of(folder, source)
    for kind in ("raw", "e01", "aff4"):
        done = subprocess.run(["bash", "-c", "trap '' XFSZ; ulimit -f 256; exec \"$@\"", "x",
                               TOCSIN, "evidence", "export", bundle, folder / f"y.{kind}",
                               "--format", kind],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 3 and "cannot be written" in done.stderr, done.stderr
        assert not list(folder.glob("y.*")), list(folder.glob("y.*"))
    (folder / "y.raw").write_text("mine")
    done = run("export", bundle, folder / "y.raw", code=3)
    assert "already" in done.stderr and (folder / "y.raw").read_text() == "mine"
    assert sorted(p.name for p in folder.glob("y.*")) == ["y.raw"]
    assert run("export", folder, folder / "z.raw", code=3).stderr
    assert run("export", bundle, folder / "z", "--format", "vhd", code=2).stderr


if __name__ == "__main__":
    main()
