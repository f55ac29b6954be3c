#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin evidence selftest and repeat: the report says what was shown of this very build, is kept
with what it acquires, and a disk that lies about what it wrote is found out (so the test can fail);
a source read again is compared chunk by chunk."""

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
DATA = SOURCE.parent / "shared/data/evidence"
SANITIZED = b"__asan_init" in TOCSIN.read_bytes()
CHUNK = 1 << 20


def tocsin(*arguments, code=0, **environment):
    done = subprocess.run([TOCSIN, "evidence", *map(str, arguments)], capture_output=True, text=True,
                          check=False, env={**os.environ, **environment})
    assert done.returncode == code, (arguments, done.returncode, done.stdout[-400:], done.stderr)
    return done


# 27037 row 40: name, version, build hash, self-test result, known limits
@test("the report names this build, each assertion with its outcome, and the limits")
def report(folder):
    file = folder / "selftest.json"
    tocsin("selftest", "-o", file, "--work", folder)
    document = json.loads(file.read_text())
    assert document["format"] == "tocsin-evidence-selftest/v1"
    assert document["tool"]["sha256"] == hashlib.sha256(TOCSIN.read_bytes()).hexdigest()
    outcomes = {a["id"]: a["outcome"] for a in document["assertions"]}
    wanted = [f"DA-AM-{n:02}" for n in range(6, 11)] + [f"DA-AO-{n:02}" for n in range(3, 25)]
    assert all(number in outcomes for number in wanted), outcomes
    for number in ("DA-AM-06", "DA-AM-08", "DA-AM-09", "DA-AM-10", "DA-AO-03", "DA-AO-05",
                   "DA-AO-06", "DA-AO-07", "DA-AO-08", "DA-AO-09", "DA-AO-22", "DA-AO-23",
                   "DA-AO-24", "T-SHRINK"):
        assert outcomes[number] == "pass", number
    for a in document["assertions"]:  # what did not pass says why, what passed says by what
        assert a["done"] if a["outcome"] == "pass" else a["why"], a
    assert document["counts"]["fail"] == 0 and document["outcome"] == "pass"
    assert len(document["limits"]) >= 3
    assert [f.name for f in folder.iterdir()] == ["selftest.json"], "it cleans up"


@test("it becomes part of an acquisition by its hash; that of another build is refused")
def attached(folder):
    file = folder / "selftest.json"
    tocsin("selftest", "-o", file)
    disk = folder / "disk"
    disk.write_bytes(random.Random(1).randbytes(3 * CHUNK + 5))
    tocsin("acquire", disk, folder / "b", "--selftest", file)
    record = json.loads((folder / "b/acquisition.json").read_text())
    said = record["tool"]["selftest"]
    assert said["sha256"] == hashlib.sha256((folder / "b/selftest.json").read_bytes()).hexdigest()
    assert said["outcome"] == "pass" and (folder / "b/selftest.json").read_text() == file.read_text()
    tocsin("verify", folder / "b")
    done = subprocess.run(["sha256sum", "-c", "--quiet", "tagmanifest-sha256.txt"], cwd=folder / "b",
                          check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    tocsin("acquire", disk, folder / "c")
    assert "no report" in json.loads((folder / "c/acquisition.json").read_text())["tool"]["selftest"]
    document = json.loads(file.read_text())
    for change in ({"outcome": "fail"}, {"format": "x"}, {"tool": {"sha256": "00" * 32}}):
        other = folder / "other.json"
        other.write_text(json.dumps({**document, **change}))
        done = tocsin("acquire", disk, folder / "d", "--selftest", other, code=3)
        assert "selftest" in done.stderr and not (folder / "d/acquisition.json").exists()


@test("kept with an identity, it goes with files, live data, imports and captures, too")
def everywhere(folder):
    identity, file, disk = folder / "meyer", folder / "selftest.json", folder / "disk"
    said = ["--identity", identity, "--reason", "a test", "--place", "here", "--authority", "A 1"]
    disk.write_bytes(b"x" * 4096)
    tocsin("identity", identity, "--name", "A. Meyer", "--role", "custodian")
    taken = {"acquire": [disk], "files": [disk], "live": ["--only", "mounts"],
             "import": ["--given-by", "B. Lind", disk]}
    if os.geteuid() == 0:
        taken["capture"] = ["-i", "lo", "--duration", "1"]
    # given each time, and without an identity
    tocsin("selftest", "-o", file, TOCSIN_IDENTITY="")
    assert not (identity / "selftest.json").exists()

    def take(verb, name, *more, code=0):
        words = [verb, *taken[verb], *more, folder / name]
        done = tocsin(*words, code=code)
        record = folder / name / "acquisition.json"
        return done, json.loads(record.read_text())["tool"]["selftest"] if record.exists() else None

    for verb in taken:
        _, test_said = take(verb, "a-" + verb, "--reason", "a test", "--selftest", file)
        kept = (folder / f"a-{verb}/selftest.json").read_bytes()
        assert kept == file.read_bytes()
        assert test_said["sha256"] == hashlib.sha256(kept).hexdigest()
        tocsin("verify", folder / f"a-{verb}")
        _, test_said = take(verb, "b-" + verb, "--reason", "a test")
        assert "no report" in test_said
        other = folder / "other.json"
        other.write_text(file.read_text().replace('"outcome": "pass"', '"outcome": "fail"'))
        done, _ = take(verb, "c-" + verb, "--reason", "a test", "--selftest", other, code=3)
        assert "selftest" in done.stderr and not (folder / f"c-{verb}/tagmanifest-sha256.txt").exists()
    # kept
    tocsin("selftest", "--identity", identity)
    for verb in taken:
        done, test_said = take(verb, "d-" + verb, *said)
        assert test_said["sha256"] == \
            hashlib.sha256((identity / "selftest.json").read_bytes()).hexdigest(), verb
        assert "another build" not in done.stderr, done.stderr
    # of another build: said, and not attached
    changed = json.loads((identity / "selftest.json").read_text())
    changed["tool"]["sha256"] = "00" * 32
    (identity / "selftest.json").write_text(json.dumps(changed))
    for verb in taken:
        done, test_said = take(verb, "e-" + verb, *said)
        assert "another build" in done.stderr and "no report" in test_said, (verb, done.stderr)


# a test that cannot fail is none
@test("a disk that lies about what it wrote makes the self-test fail")
def lies(folder):
    if SANITIZED:
        raise Skipped("the sanitizer's runtime does not like to be preloaded around")
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    library = folder / "lying_disk.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library,
                    SOURCE / "tests/scenario/lying_disk.c", "-ldl"], check=True)
    done = tocsin("selftest", "--json", code=1, LD_PRELOAD=str(library), LYING_DISK_NAME="/image-")
    document = json.loads(done.stdout)
    outcomes = {a["id"]: a["outcome"] for a in document["assertions"]}
    assert outcomes["DA-AM-08"] == "fail" and outcomes["DA-AM-06"] == "fail", outcomes
    assert document["outcome"] == "fail"


# 27037 row 28: DFTT images
@test("the images of DFTT and the E01 of dfVFS come out as they went in")
def images(folder):
    if not (DATA / "dftt").is_dir():
        raise Skipped(f"{DATA}/dftt is not there")
    done = tocsin("selftest", "--json", "--images", DATA, "--work", folder)
    found = json.loads(done.stdout)["images"]
    assert len(found) == 15 and all(i["outcome"] == "pass" for i in found), found
    copies = folder / "dftt"
    copies.mkdir()
    damaged = bytearray((DATA / "dftt/5-fat-daylight.zip").read_bytes())
    for at in range(1000, len(damaged) - 1000, 50):  # some other file of it may lie in the middle
        damaged[at] ^= 4
    (copies / "5-fat-daylight.zip").write_bytes(damaged)
    (copies / "8-jpeg-search.zip").write_bytes(b"no archive")
    done = tocsin("selftest", "--json", "--images", folder, "--work", folder, code=1)
    found = {i["archive"]: i for i in json.loads(done.stdout)["images"]}
    assert found["5-fat-daylight.zip"]["outcome"] == found["8-jpeg-search.zip"]["outcome"] == "fail"
    assert found["6-undel-fat.zip"]["outcome"] == "not there"


# 27037 row 2: the same procedure, later
@test("a source read again: the same, or which chunks are not")
def repeat(folder):
    disk, bundle = folder / "disk", folder / "x.evidence"
    data = bytearray(random.Random(2).randbytes(9 * CHUNK + 700))
    disk.write_bytes(data)
    tocsin("acquire", disk, bundle, "--exhibit", "EX-9")
    before = {f: f.read_bytes() for f in bundle.rglob("*") if f.is_file()}
    tocsin("repeat", bundle, "--examiner", "B. Second")
    stored = list(folder.glob("x.evidence.repeat-*Z.json"))
    assert len(stored) == 1
    result = json.loads(stored[0].read_text())
    assert result["same"] and result["exhibit"] == "EX-9" and result["examiner"] == "B. Second"
    assert result["sha256"] == result["sha256_then"] == hashlib.sha256(data).hexdigest()
    assert result["tagmanifest_sha256"] == \
        hashlib.sha256((bundle / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    copy = folder / "copy"
    for at in (3 * CHUNK + 17, 9 * CHUNK + 699):
        data[at] ^= 1
    copy.write_bytes(data)
    result = json.loads(tocsin("repeat", bundle, copy, "--json", "-o", folder / "r", code=1).stdout)
    assert [d["chunk"] for d in result["differing"]] == [3, 9] and not result["same"]
    assert result["differing"][1] == {"chunk": 9, "from": 9 * CHUNK, "bytes": 700}
    copy.write_bytes(data[:-1])
    assert "another source" in tocsin("repeat", bundle, copy, code=3).stderr
    assert before == {f: f.read_bytes() for f in bundle.rglob("*") if f.is_file()}


@test("with an identity, that it was repeated stands in the custody log")
def repeat_kept(folder):
    disk, bundle, meyer = folder / "disk", folder / "b", folder / "meyer"
    disk.write_bytes(bytes(CHUNK) + b"x")
    tocsin("identity", meyer, "--name", "A. Meyer", "--role", "DES", "--competence",
           "GCFA, 2024-05-01", "--organisation", "Example")
    said = ("--identity", meyer, "--reason", "order of the court", "--place", "laboratory",
            "--authority", "order 3")
    tocsin("acquire", disk, bundle, "--exhibit", "EX-1", *said)
    tocsin("repeat", bundle, "-o", folder / "r.json", *said)
    record = json.loads(sorted((bundle / "custody").glob("0*.json"))[-1].read_text())
    assert record["kind"] == "repeated" and record["details"]["result"] == "same"
    assert record["details"]["document_sha256"] == \
        hashlib.sha256((folder / "r.json").read_bytes()).hexdigest()
    tocsin("verify", bundle)


@test("a range of a source, and one with bad sectors, repeat as well")
def repeat_bad(folder):
    disk = folder / "disk"
    disk.write_bytes(random.Random(5).randbytes(6 * CHUNK))
    tocsin("acquire", disk, folder / "part", "--from", "4096", "--bytes", 2 * CHUNK + 512)
    tocsin("repeat", folder / "part")
    if SANITIZED:
        return
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    library = folder / "bad_disk.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library,
                    SOURCE / "tests/scenario/bad_disk.c", "-ldl"], check=True)
    bad = {"LD_PRELOAD": str(library), "BAD_DISK_FILE": str(disk),
           "BAD_DISK_RANGES": "1000000-1003000,5000000-5000100"}
    tocsin("acquire", disk, folder / "bad", code=1, **bad)
    result = json.loads(tocsin("repeat", folder / "bad", "--json", "-o", folder / "1", **bad).stdout)
    assert result["same"] and result["unreadable_bytes"] == result["unreadable_bytes_then"] > 0
    assert "sha256" not in result
    result = json.loads(tocsin("repeat", folder / "bad", "--json", "-o", folder / "2", code=1).stdout)
    assert [d["chunk"] for d in result["differing"]] == [0, 4]
    assert "other sectors were readable" in result["conclusion"]


# 27037 row 3: a different tool
@test("another program's hash is compared and kept")
def other(folder):
    disk, bundle = folder / "disk", folder / "b"
    disk.write_bytes(random.Random(7).randbytes(2 * CHUNK + 1))
    tocsin("acquire", disk, bundle)
    log = folder / "log"
    with log.open("w") as out:
        subprocess.run(["sha256sum", disk], stdout=out, check=True)
    version = subprocess.run(["sha256sum", "--version"], capture_output=True, text=True,
                             check=True).stdout.splitlines()[0]
    hashed = log.read_text().split()[0]
    result = json.loads(tocsin("repeat", bundle, "--json", "-o", folder / "1", "--tool", version,
                               "--sha256", hashed, "--log", log).stdout)
    assert result["same"] and result["other_tool"]["name"] == version
    assert result["other_tool"]["log_sha256"] == hashlib.sha256(log.read_bytes()).hexdigest()
    if shutil.which("dc3dd"):
        done = subprocess.run(["dc3dd", f"if={disk}", "hash=sha256", "of=/dev/null"],
                              capture_output=True, text=True, check=False)
        words = (done.stdout + done.stderr).split()
        hashed = next(w for w in words if len(w) == 64)
        tocsin("repeat", bundle, "-o", folder / "2", "--tool", "dc3dd", "--sha256", hashed)
    tocsin("repeat", bundle, "-o", folder / "3", "--tool", "liar", "--sha256", "00" * 32, code=1)
    tocsin("repeat", bundle, "--tool", "x", code=2)


if __name__ == "__main__":
    main()
