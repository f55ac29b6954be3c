#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin evidence acquire and verify on a disk that fails: what another program reads out of the
bundle is compared with the source sector by sector (tests/scenario/bad_disk.c is the disk)."""

import collections
import errno
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


def read_log(bundle):
    return [json.loads(line) for line in (bundle / "data/reads.jsonl").read_text().splitlines()]


def calls_of(line):
    """The calls that a line of the read log stands for, as the description of the format has them:
    (offset, bytes asked for, bytes given or -1, errno)."""
    if line["outcome"] in ("hole", "filled"):
        return []
    out, count, each = [], line["calls"], line.get("each")
    end, given = line["from"] + line["bytes"], line["got"] // line["calls"]
    for i in range(count):
        if line.get("order") == "down":
            at, asked = end - (i + 1) * each, each
        elif line.get("order") == "again":
            at, asked = line["from"], line["bytes"]
        elif line["outcome"] == "short":
            at = line["from"] + i * given
            asked = end - at
        else:
            at = line["from"] + i * (each or 0)
            asked = min(each, end - at)
        got = {"good": asked, "short": given, "end": 0, "error": -1}[line["outcome"]]
        out.append((at, asked, got, getattr(errno, line["errno"]) if got < 0 else 0))
    assert sum(max(c[2], 0) for c in out) == line["got"], line
    return out


def runs_of(lines):
    """What each run of the program logged."""
    runs = []
    for line in lines[1:]:
        if "run" in line:
            assert line["run"] == len(runs) + 1
            runs.append([])
        elif "end" not in line:
            runs[-1].append(line)
    return runs


def truth_of(path):
    """What the disk itself wrote down: {process: its calls}, and how long each took."""
    calls, took = collections.defaultdict(list), collections.defaultdict(list)
    for line in path.read_text().splitlines() if path.exists() else []:
        process, *call, long = map(int, line.split())
        calls[process].append(tuple(call))
        took[process].append(long)
    return calls, took


def logged(bundle, begin=0):
    """Of an acquisition in one run: all its calls, in their order, by their place in the source."""
    (run,) = runs_of(read_log(bundle))
    return [(at + begin, *rest) for line in run for at, *rest in calls_of(line)]


# 27037 row 38: the log is accurate and complete
@test("the read log has each call to the failing disk and what came of it, as the disk itself has them")
def reads(folder):
    if SANITIZED:
        return
    disk = Disk(folder, 4 * CHUNK + 100)
    (folder / "holes").mkdir()
    holed = Disk(folder / "holes", 6 * CHUNK)
    with open(holed.path, "r+b") as f:
        f.truncate(CHUNK)
        f.truncate(6 * CHUNK)
        f.seek(5 * CHUNK)
        f.write(b"x" * 70000)
    bad = told([(100 * SECTOR, 103 * SECTOR), (2500 * SECTOR, 2501 * SECTOR), (4000 * SECTOR, 4900 * SECTOR)])
    cases = {
        "good": (disk, (), {}),
        "errors": (disk, ("--retries", "3"), {"ranges": bad}),
        "heals": (disk, ("--retries", "4"), {"ranges": bad, "heals": 3}),
        "short": (disk, (), {"short": 4096}),
        "odd": (disk, (), {"short": 70001, "ranges": bad}),
        "stalls": (disk, (), {"ranges": bad, "stalls": told([(CHUNK, CHUNK + 1), (101 * SECTOR, 102 * SECTOR)]),
                              "stall": 1200000}),
        "eintr": (disk, (), {"eintr": 3, "ranges": bad}),
        "shrinks": (disk, (), {"end": 3 * CHUNK + 1000}),
        "range": (disk, ("--from", str(7 * SECTOR), "--bytes", str(3 * CHUNK)), {"ranges": bad}),
        "again": (disk, ("--rehash-source",), {}),
        "holed": (holed, ("--rehash-source",), {}),
    }
    kinds = set()
    for name, (source, options, fails) in cases.items():
        bundle, truth = folder / name, folder / f"{name}.truth"
        done = source.acquire(bundle, *options, log=truth, **fails)
        assert done.returncode in (0, 1), (name, done.stderr)
        (calls,), (took,) = (list(x.values()) for x in truth_of(truth))
        found = logged(bundle, 7 * SECTOR if name == "range" else 0)
        assert found == calls, (name, [x for x in zip(found, calls) if x[0] != x[1]][:3], len(found), len(calls))
        lines = read_log(bundle)
        last, record = lines[-1], json.loads((bundle / "acquisition.json").read_text())
        wanted = {"runs": 1, "lines": len(lines) - 3, "calls": len(calls),
                  "good": sum(c[1] == c[2] for c in calls), "short": sum(0 < c[2] < c[1] for c in calls),
                  "ended": sum(c[2] == 0 for c in calls), "failed": sum(c[2] < 0 for c in calls)}
        for key, value in wanted.items():
            assert last[key] == value == record["reading"]["log"][key], (name, key, value, last)
        entries = runs_of(lines)[0]
        slow = [c for line in entries if line.get("stalled") for c in calls_of(line)]
        must = [c for c, long in zip(calls, took) if long >= 1200000]
        assert [c for c in slow if c in must] == must and len(slow) <= len(must) + 1, (name, slow, must)
        assert bool(must) == (name == "stalls")
        kinds |= {(line["outcome"], line.get("order")) for line in entries}
        assert verify(bundle)["sound"], name
        shown = subprocess.run([TOCSIN, "evidence", "show", "--json", bundle], capture_output=True, text=True,
                               check=True)
        bad_lines = [x for x in entries if x["outcome"] not in ("good", "hole") or x.get("stalled")]
        said = json.loads(shown.stdout)
        assert said["not_plainly_good"] == bad_lines[:40], name
        assert said["lines_left_out"] == max(0, len(bad_lines) - 40)
        people = subprocess.run([TOCSIN, "evidence", "show", bundle], capture_output=True, text=True, check=True)
        assert f"read in {len(calls)} calls" in people.stdout and ("EIO" in people.stdout) == ("ranges" in fails)
        if name in ("good", "again"):  # one line a run of good calls
            assert len(lines) <= 5, lines
        if name == "again":
            assert {line["pass"] for line in entries} == {0, 1}, entries
        if name == "holed":
            holes = [(line["from"], line["bytes"]) for line in entries if line["outcome"] == "hole" and line["pass"]]
            assert holes == [(0, 5 * CHUNK)] or holes == [(CHUNK, 4 * CHUNK)], holes
    assert {("good", "up"), ("good", "down"), ("error", "up"), ("short", "up"), ("end", "up")} <= kinds, kinds


# 27037 row 38, row 31: also when it was killed
@test("killed and gone on with, the read log has every call but the one under way, and no good one is missed for long")
def reads_killed(folder):
    if SANITIZED:
        return
    disk = Disk(folder, 30 * CHUNK + 5)
    ranges = [(90 * SECTOR, 92 * SECTOR), (5000 * SECTOR, 5002 * SECTOR), (50000 * SECTOR, 50001 * SECTOR)]
    chance, killed_with_calls = random.Random(5), 0
    for trial in range(4):
        bundle, truth = folder / f"b{trial}", folder / f"t{trial}"
        environment = {**os.environ, "LD_PRELOAD": str(library), "BAD_DISK_FILE": str(disk.path),
                       "BAD_DISK_RANGES": told(ranges), "BAD_DISK_WAIT": "2500", "BAD_DISK_LOG": str(truth)}
        processes = []
        for turn in range(5):
            child = subprocess.Popen([TOCSIN, "evidence", "acquire", disk.path, bundle], env=environment,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if turn < 4:
                time.sleep(chance.uniform(0.02, 0.4))
                child.send_signal(signal.SIGTERM if turn == 2 else signal.SIGKILL)
            code = child.wait()
            lines = read_log(bundle) if (bundle / "data/reads.jsonl").exists() else [{}]
            runs = runs_of(lines)
            if len(runs) > len(processes):
                processes.append((child.pid, code))
            assert len(runs) == len(processes)
            if code in (0, 1):
                break
        if code not in (0, 1):
            assert disk.acquire(bundle, ranges=told(ranges), log=truth).returncode == 1
            runs = runs_of(read_log(bundle))
            processes.append((next(p for p in list(truth_of(truth)[0])[::-1]), 1))
        calls, _ = truth_of(truth)
        for (process, code), run in zip(processes, runs):
            found = [c for line in run for c in calls_of(line)]
            made = calls[process]
            assert found == made[:len(found)], (process, found[-3:], made[:3])
            rest = made[len(found):]
            if code != -signal.SIGKILL:
                assert not rest, (code, rest)
            killed_with_calls += code == -signal.SIGKILL and len(found) > 0
            assert all(c[1] == c[2] for c in rest[:-1]), rest
        assert {p for p, _ in processes} >= set(calls)
        verdict = verify(bundle)
        assert verdict["sound"], verdict
    assert killed_with_calls > 3


def without_read_log(bundle):
    """The bundle as it was before there were read logs."""
    sys.path.insert(0, str(SOURCE / "tools"))
    from verify_evidence import tree  # pylint: disable=import-outside-toplevel,import-error
    (bundle / "data/reads.jsonl").unlink()
    acquisition = json.loads((bundle / "acquisition.json").read_text())
    del acquisition["reading"]["log"]
    (bundle / "acquisition.json").write_text(json.dumps(acquisition))
    remanifest(bundle, tree)


def remanifest(bundle, tree):
    """Manifests and tree that fit what is there: what somebody can do who does not have to sign."""
    def lines(names):
        return "".join(f"{hashlib.sha256((bundle / n).read_bytes()).hexdigest()}  {n}\n" for n in names)

    def names(manifest):
        listed = [line[66:] for line in (bundle / manifest).read_text().splitlines()]
        return [n for n in listed if (bundle / n).exists()]
    text = lines(names("manifest-sha256.txt"))
    (bundle / "manifest-sha256.txt").write_text(text)
    trees = json.loads((bundle / "tree.json").read_text())
    hashes = [hashlib.sha256(line.encode()).digest() for line in text.splitlines()]
    trees["files"]["root"] = tree(hashes, (bundle / "data/files.seed").read_bytes())
    trees["files"]["count"] = len(hashes)
    (bundle / "tree.json").write_text(json.dumps(trees))
    (bundle / "tagmanifest-sha256.txt").write_text(lines(names("tagmanifest-sha256.txt")))


# 27037 row 38: a log that does not fit what else the bundle says
@test("a read log that contradicts the map or the record is found; a bundle from before it is sound")
def reads_contradict(folder):
    if SANITIZED:
        return
    sys.path.insert(0, str(SOURCE / "tools"))
    from verify_evidence import tree  # pylint: disable=import-outside-toplevel,import-error
    disk = Disk(folder, 3 * CHUNK + 100)
    bundle = folder / "b"
    disk.acquire(bundle, ranges=told([(100 * SECTOR, 103 * SECTOR), (4000 * SECTOR, 4001 * SECTOR)]))
    whole = read_log(bundle)
    record = (bundle / "acquisition.json").read_text()
    remanifest(bundle, tree)
    assert verify(bundle)["sound"]

    def moved(lines):
        for line in lines:
            if line.get("outcome") == "error" and line["pass"] > 1 and line["from"] == 4000 * SECTOR:
                line["from"] += SECTOR

    def good(lines):
        for line in lines:
            if line.get("outcome") == "error" and line["pass"] > 1:
                line.update(outcome="good", got=line["bytes"])
                lines[-1]["failed"] -= line["calls"]
                lines[-1]["good"] += line["calls"]

    def gone(lines):
        where = next(i for i, line in enumerate(lines) if line.get("outcome") == "good")
        lines[-1]["calls"] -= lines[where]["calls"]
        lines[-1]["good"] -= lines[where]["calls"]
        lines[-1]["lines"] -= 1
        del lines[where]

    def fewer(lines):
        lines[-1]["calls"] -= 1

    def tailless(lines):
        del lines[-1]

    def nonsense(lines):
        lines[3]["calls"] = -4

    def beyond(lines):
        lines[3]["bytes"] = 1 << 40
    wanted = {moved: "map.txt", good: "map.txt", gone: "how bytes", fewer: "last line", tailless: "last line",
              nonsense: "no line", beyond: "no line"}
    for change, word in wanted.items():
        lines = json.loads(json.dumps(whole))
        change(lines)
        (bundle / "data/reads.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
        new = json.loads(record)
        if change is not fewer and "end" in lines[-1]:
            new["reading"]["log"].update({k: v for k, v in lines[-1].items() if k != "end"})
        (bundle / "acquisition.json").write_text(json.dumps(new))
        remanifest(bundle, tree)
        problems = verify(bundle, 1)["problems"]
        assert [p["what"] for p in problems] == ["data/reads.jsonl"] and word in problems[0]["text"], \
            (change.__name__, problems)
    lines = json.loads(json.dumps(whole))
    (bundle / "data/reads.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    new = json.loads(record)
    new["reading"]["log"]["failed"] += 1
    (bundle / "acquisition.json").write_text(json.dumps(new))
    remanifest(bundle, tree)
    assert "numbers of acquisition.json" in verify(bundle, 1)["problems"][0]["text"]
    without_read_log(bundle)
    assert verify(bundle)["sound"]
    (bundle / "acquisition.json").write_text(record)
    remanifest(bundle, tree)
    assert "no manifest lists it" in verify(bundle, 1)["problems"][0]["text"]


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
