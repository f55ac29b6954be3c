#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin evidence acquire and verify on a disk that fails: what another program reads out of the
bundle is compared with the source sector by sector (tests/scenario/bad_disk.c is the disk)."""

import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
SANITIZED = b"__asan_init" in TOCSIN.read_bytes()
SECTOR, CHUNK = 512, 1 << 20
FILL = b"UNREADABLESECTOR" * 32
failures = 0
tests = []


def test(name):
    def add(function):
        tests.append((name, function))
        return function
    return add


class Disk:
    """A file that fails as told."""

    def __init__(self, folder, size, seed=1):
        self.path = folder / "disk.img"
        chance = random.Random(seed)
        parts, left = [], size
        while left > 0:
            n = min(left, chance.choice((4096, 70000, 600000, 3 << 20)))
            kind = chance.randrange(3)
            parts.append(bytes(n) if kind == 0 else chance.randbytes(n) if kind == 1
                         else (b"a line of text, more or less\n" * (n // 29 + 1))[:n])
            left -= n
        self.data = b"".join(parts)
        self.path.write_bytes(self.data)

    def acquire(self, bundle, *options, **fails):
        environment = {**os.environ, "BAD_DISK_FILE": str(self.path)}
        if not SANITIZED:
            environment["LD_PRELOAD"] = str(library)
        environment.update({f"BAD_DISK_{k.upper()}": str(v) for k, v in fails.items()})
        return subprocess.run([TOCSIN, "evidence", "acquire", "--json", *options, self.path, bundle],
                              env=environment, capture_output=True, text=True, check=False)


def image(bundle):
    """The image as gzip and the shell have it."""
    segments = sorted((bundle / "data").glob("image-*"))
    read = ["cat"] if segments[0].suffix == ".raw" else ["gzip", "-dc"]
    return b"".join(subprocess.run([*read, s], capture_output=True, check=True).stdout
                    for s in segments)


def sha256sum(bundle):
    for name in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        done = subprocess.run(["sha256sum", "--quiet", "--strict", "-c", name], cwd=bundle,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def bad_sectors(ranges):
    return [s for start, end in ranges for s in range(start // SECTOR, -(-end // SECTOR))]


def ideal(data, bad):
    out = bytearray(data)
    for s in bad:
        out[s * SECTOR:(s + 1) * SECTOR] = FILL[:len(out[s * SECTOR:(s + 1) * SECTOR])]
    return bytes(out)


def told(ranges):
    return ",".join(f"{a}-{b}" for a, b in ranges)


def verify(bundle, code=0):
    done = subprocess.run([TOCSIN, "evidence", "verify", "--json", bundle], capture_output=True,
                          text=True, check=False)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout) if done.stdout else None


# 27037 rows 26, 28, 34: all visible sectors, bit by bit, hashed on the way and read back
@test("a good disk is acquired bit by bit, and gzip and sha256sum say so")
def good(folder):
    for size, options in ((0, ()), (1, ()), (CHUNK, ()), (5 * CHUNK + 513, ("--plain",)),
                          (9 * CHUNK + 700, ("--segment-size", "4"))):
        disk = Disk(folder, size)
        bundle = folder / f"b{size}"
        done = disk.acquire(bundle, *options)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["sha256"] == hashlib.sha256(disk.data).hexdigest() and answer["read_back"]
        sha256sum(bundle)
        if size:
            assert image(bundle) == disk.data
        verdict = verify(bundle)
        assert verdict["sound"] and verdict["sha256"] == answer["sha256"]
        for segment in (bundle / "data").glob("image-*"):
            assert segment.stat().st_size <= (4 << 20 if "--segment-size" in options else 1 << 40)


# 27037 row 34: what was written is read back
@test("a disk that writes other bytes than it was given is found out, and the bundle stays incomplete")
def lying(folder):
    if SANITIZED:
        return
    liar, disk = folder / "lying_disk.so", Disk(folder, 3 * CHUNK + 700)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", liar, SOURCE / "tests/scenario/lying_disk.c", "-ldl"],
                   check=True)
    for option in ("--plain", "--segment-size=4"):
        bundle = folder / f"lie{option}"
        done = subprocess.run([TOCSIN, "evidence", "acquire", option, disk.path, bundle], capture_output=True,
                              env={**os.environ, "LD_PRELOAD": str(liar), "LYING_DISK_NAME": "/image-"},
                              text=True, check=False)
        assert done.returncode not in (0, 1), (option, done.stdout, done.stderr)
        assert (bundle / "INCOMPLETE").exists(), (option, done.stderr)
        assert "chunk" in done.stderr or "written" in done.stderr, done.stderr


# 27037 row 34: a second digest, of what was written
@test("SHA-512 on demand: of good disks and bad ones, in the record, in VERIFY.txt, held by verify")
def second_digest(folder):
    disk, bad = Disk(folder, 3 * CHUNK + 700), ((CHUNK + 512, CHUNK + 1024),)
    for options, fails, data in (((), {}, disk.data), (("--plain", "--no-read-back"), {}, disk.data),
                                 ((), {"ranges": told(bad)}, ideal(disk.data, bad_sectors(bad)))):
        bundle = folder / f"second-{len(options)}-{len(fails)}"
        done = disk.acquire(bundle, "--sha512", *options, **fails)
        wanted = hashlib.sha512(data).hexdigest()
        assert json.loads(done.stdout)["sha512"] == wanted, done
        assert wanted in (bundle / "VERIFY.txt").read_text() and "sha512sum" in (bundle / "VERIFY.txt").read_text()
        verify(bundle)
    record = bundle / "acquisition.json"
    record.chmod(0o600)
    record.write_text(record.read_text().replace(wanted, wanted[:-1] + ("0" if wanted[-1] != "0" else "1")))
    problems = verify(bundle, 1)["problems"]
    assert any("SHA-512" in p["text"] for p in problems), problems


# 27037 rows 29, 30: every unreadable sector listed exactly, every good one around it kept
@test("bad sectors: exactly they are filled and listed, and no good sector is lost")
def bad(folder):
    disk = Disk(folder, 12 * CHUNK + 900)
    chance = random.Random(7)
    for trial in range(8):
        ranges = []
        for _ in range(chance.choice((1, 3, 20))):
            start = chance.randrange(len(disk.data) // SECTOR) * SECTOR
            ranges.append((start, min(len(disk.data), start + SECTOR * chance.choice((1, 1, 7, 300)))))
        bundle = folder / f"b{trial}"
        done = disk.acquire(bundle, ranges=told(ranges))
        assert done.returncode == 1, done.stderr
        wanted = sorted(set(bad_sectors(ranges)))
        assert image(bundle) == ideal(disk.data, wanted), f"ranges {ranges}"
        sha256sum(bundle)
        listed = []
        for line in (bundle / "map.txt").read_text().splitlines():
            part = line.split()
            if len(part) == 3 and part[2] == "-":
                listed += bad_sectors([(int(part[0], 16), int(part[0], 16) + int(part[1], 16))])
        assert listed == wanted
        record = json.loads((bundle / "acquisition.json").read_text())
        assert record["reading"]["unreadable_bytes"] == json.loads(done.stdout)["unreadable_bytes"]
        assert "not possible" in record["checks"]["source_again"]
        assert verify(bundle)["sound"]


# 27037 row 31: the retry policy
@test("a sector that heals is read, as often as the policy says")
def heals(folder):
    disk = Disk(folder, 3 * CHUNK)
    ranges = told([(100 * SECTOR, 103 * SECTOR), (4000 * SECTOR, 4001 * SECTOR)])
    done = disk.acquire(folder / "b", "--retries", "5", ranges=ranges, heals=4)
    assert done.returncode == 0 and image(folder / "b") == disk.data, done.stderr
    done = disk.acquire(folder / "c", "--retries", "0", ranges=ranges, heals=40)
    assert done.returncode == 1


@test("short reads change nothing; a source that ends early is said to have")
def short(folder):
    disk = Disk(folder, 4 * CHUNK + 100)
    done = disk.acquire(folder / "b", short=4096)
    assert done.returncode == 0 and image(folder / "b") == disk.data, done.stderr
    done = disk.acquire(folder / "c", end=3 * CHUNK)
    answer = json.loads(done.stdout)
    assert done.returncode == 1 and answer["source_shrank"]
    assert answer["unreadable_bytes"] == CHUNK + 100
    assert image(folder / "c")[:3 * CHUNK] == disk.data[:3 * CHUNK]


# 27037 row 31: resumable, the same result
@test("killed at any moment and run again, it comes to the same bundle")
def killed(folder):
    disk = Disk(folder, 40 * CHUNK + 5)
    ranges = told([(90 * SECTOR, 92 * SECTOR), (50000 * SECTOR, 50001 * SECTOR)])
    whole = folder / "whole"
    disk.acquire(whole, ranges=ranges)
    environment = {**os.environ, "LD_PRELOAD": str(library), "BAD_DISK_FILE": str(disk.path),
                   "BAD_DISK_RANGES": ranges, "BAD_DISK_WAIT": "3000"}
    chance, went_on = random.Random(3), 0
    for trial in range(6):
        bundle = folder / f"b{trial}"
        for _ in range(3):
            child = subprocess.Popen([TOCSIN, "evidence", "acquire", disk.path, bundle],
                                     env=environment, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0.01, 0.25))
            child.send_signal(chance.choice((signal.SIGKILL, signal.SIGTERM)))
            if child.wait() in (0, 1):
                break
            if bundle.exists():
                assert (bundle / "INCOMPLETE").exists()
                assert verify(bundle, 1)["complete"] is False
        if (bundle / "INCOMPLETE").exists() or not bundle.exists():
            done = disk.acquire(bundle, ranges=ranges)
            assert done.returncode == 1, done.stderr
            went_on += json.loads(done.stdout)["gone_on_with_at"] > 0
        assert (bundle / "data/image-00001.gz").read_bytes() == \
            (whole / "data/image-00001.gz").read_bytes()
        one, other = ((b / "data/image.chunks").read_bytes() for b in (bundle, whole))
        assert one[:32] == other[:32] and one[64:] == other[64:]  # between them is a random seed
    assert went_on > 0, "no trial was broken off in the middle"
    (whole / "INCOMPLETE").write_text("killed between the manifests and the end of the mark\n")
    assert verify(whole, 1)["complete"] is False
    assert disk.acquire(whole, ranges=ranges).returncode == 1
    assert verify(whole)["complete"] is True


# 27037 row 35: changed, and where
@test("every byte that is changed is found, and its chunk named")
def changed(folder):
    disk = Disk(folder, 6 * CHUNK + 77)
    bundle = folder / "b"
    assert disk.acquire(bundle).returncode == 0
    chance = random.Random(11)
    files = [f for f in bundle.rglob("*") if f.is_file() and f.name not in ("tagmanifest-sha256.txt",)]
    for _ in range(60):
        file = chance.choice(files)
        data = bytearray(file.read_bytes())
        at = chance.randrange(len(data))
        data[at] ^= 1 << chance.randrange(8)
        kept = file.read_bytes()
        file.write_bytes(data)
        verdict = verify(bundle, 1)
        assert verdict["problem_count"] >= 1, f"{file} byte {at}"
        if file.suffix == ".gz":
            assert any("chunk" in p["text"] and "of the image" in p["where"]
                       for p in verdict["problems"]), verdict
        file.write_bytes(kept)
    assert verify(bundle)["sound"]
    for file in files:
        kept = file.read_bytes()
        file.unlink()
        assert not verify(bundle, 1)["sound"]
        file.write_bytes(kept)
    link = bundle / "data/image-00001.gz"
    elsewhere = folder / "elsewhere"
    shutil.move(link, elsewhere)
    link.symlink_to(elsewhere)
    assert not verify(bundle, 1)["sound"]


@test("what is there is not written over, and what cannot be read is said")
def refused(folder):
    disk = Disk(folder, CHUNK)
    (folder / "b").mkdir()
    (folder / "b/mine").write_text("x")
    done = disk.acquire(folder / "b")
    assert done.returncode == 3 and "already" in done.stderr, done.stderr
    assert disk.acquire(folder / "c").returncode == 0
    assert disk.acquire(folder / "c").returncode == 3
    for source in (folder, folder / "none"):
        done = subprocess.run([TOCSIN, "evidence", "acquire", source, folder / "d"],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 3 and str(source) in done.stderr
        assert not (folder / "d").exists()
    done = disk.acquire(folder / "e", "--from", "512", "--bytes", str(2 * CHUNK))
    assert done.returncode == 2, done.stderr


def main():
    global failures, library  # pylint: disable=global-statement,global-variable-undefined
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    with tempfile.TemporaryDirectory() as top:
        library = pathlib.Path(top) / "bad_disk.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library,
                        SOURCE / "tests/scenario/bad_disk.c", "-ldl"], check=True)
        for number, (name, function) in enumerate(tests):
            folder = pathlib.Path(top) / str(number)
            folder.mkdir()
            try:
                function(folder)
                print(f"ok {name}", flush=True)
            except Exception as problem:  # pylint: disable=broad-except
                failures += 1
                text = f"{type(problem).__name__} {problem}"
                print(f"not ok {name} — {text[:600]} (line {problem.__traceback__.tb_next.tb_lineno})",
                      flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
