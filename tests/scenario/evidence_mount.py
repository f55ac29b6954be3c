#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""tocsin evidence mount: sleuthkit reads a file system out of a mounted bundle; damage is an error
and never a wrong byte; who works on a master is refused, and who works on a copy is in its log."""

import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
DFTT = SOURCE.parent / "shared/data/evidence/dftt/6-undel-fat.zip"
failures = 0
tests = []


class Skipped(Exception):
    pass


def test(name):
    def add(function):
        tests.append((name, function))
        return function
    return add


def tocsin(*arguments, code=0):
    done = subprocess.run([TOCSIN, "evidence", *map(str, arguments)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == code, (arguments, done.returncode, done.stdout[-300:], done.stderr)
    return done


class Mount:
    def __init__(self, bundle, folder, *arguments):
        if not os.path.exists("/dev/fuse"):
            raise Skipped("/dev/fuse is not there")
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.process = subprocess.Popen([TOCSIN, "evidence", "mount", bundle, folder,
                                         *map(str, arguments)], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            said = self.process.stderr.read()
            self.process.wait()
            if "FUSE" in said:
                raise Skipped(f"FUSE does not let us: {said.strip()}")
            raise AssertionError(said)
        self.image = folder / "image.raw"
        deadline = time.monotonic() + 10
        while not self.image.exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    def end(self):
        for command in (["fusermount3", "-u"], ["umount"]):
            if shutil.which(command[0]) and subprocess.run(
                    [*command, self.folder], capture_output=True, check=False).returncode == 0:
                break
        else:
            self.process.terminate()
        _, errors = self.process.communicate(timeout=20)
        return errors


def disk(folder, size=(5 << 20) + 77):
    path = folder / "disk"
    path.write_bytes(random.Random(4).randbytes(size))
    return path


@test("the mounted image is the disk, and cannot be written to")
def whole(folder):
    source = disk(folder)
    tocsin("acquire", source, folder / "b")
    mount = Mount(folder / "b", folder / "m")
    try:
        assert [f.name for f in (folder / "m").iterdir()] == ["image.raw"]
        assert mount.image.stat().st_size == source.stat().st_size
        assert hashlib.sha256(mount.image.read_bytes()).digest() == \
            hashlib.sha256(source.read_bytes()).digest()
        for attempt in (lambda: mount.image.open("r+b"), lambda: (folder / "m/new").write_text("x"),
                        mount.image.unlink):
            try:
                attempt()
                raise AssertionError("it was changed")
            except OSError:
                pass
    finally:
        mount.end()
    assert mount.process.returncode == 0
    tocsin("verify", folder / "b")


@test("sleuthkit lists the files of a DFTT image out of the mount")
def sleuthkit(folder):
    if not shutil.which("fls"):
        raise Skipped("sleuthkit is not installed")
    if not DFTT.exists():
        raise Skipped(f"{DFTT} is not there")
    with zipfile.ZipFile(DFTT) as archive:
        raw = folder / "fat.dd"
        raw.write_bytes(archive.read("6-undel-fat/6-fat-undel.dd"))
    tocsin("acquire", raw, folder / "b")
    mount = Mount(folder / "b", folder / "m")
    try:
        found = [subprocess.run(["fls", "-r", image], capture_output=True, text=True,
                                check=True).stdout for image in (raw, mount.image)]
    finally:
        mount.end()
    assert found[0] == found[1] and "frag3.dat" in found[1], found[1]


@test("a damaged chunk is an error that is said, and the others are read")
def damage(folder):
    source = disk(folder)
    tocsin("acquire", source, folder / "b", "--plain")
    segment = folder / "b/data/image-00001.raw"
    data = bytearray(segment.read_bytes())
    data[(2 << 20) + 99] ^= 1
    segment.write_bytes(data)
    mount = Mount(folder / "b", folder / "m")
    wanted = source.read_bytes()
    try:
        with mount.image.open("rb", buffering=0) as image:
            for chunk in (0, 1, 3, 4, 5):
                image.seek(chunk << 20)
                assert image.read(4096) == wanted[chunk << 20:(chunk << 20) + 4096]
            image.seek((2 << 20) + 8192)
            try:
                image.read(4096)
                raise AssertionError("something was read from a damaged chunk")
            except OSError:
                pass
    finally:
        errors = mount.end()
    assert "chunk 2" in errors, errors


# 27037 rows 41, 45: work on copies, reads in the log
@test("a master is not mounted without a reason; that it was is in its log")
def kept(folder):
    meyer = folder / "meyer"
    tocsin("identity", meyer, "--name", "A. Meyer", "--role", "DES", "--competence",
           "GCFA, 2024-05-01", "--organisation", "Example")
    said = ("--identity", meyer, "--reason", "analysis", "--place", "laboratory", "--authority",
            "order 3")
    tocsin("acquire", disk(folder), folder / "b", "--exhibit", "EX-1", *said)
    (folder / "m").mkdir()
    tocsin("mount", folder / "b", folder / "m", code=3)
    assert "master" in tocsin("mount", folder / "b", folder / "m", *said, code=3).stderr
    mount = Mount(folder / "b", folder / "m", *said, "--deviation", "the copy is being made")
    mount.end()
    record = json.loads(sorted((folder / "b/custody").glob("0*.json"))[-1].read_text())
    assert record["kind"] == "access" and "mounted" in record["details"]["what"], record
    tocsin("verify", folder / "b")


@test("what cannot be mounted is said")
def refused(folder):
    (folder / "m").mkdir()
    assert "no image" in tocsin("mount", folder, folder / "m", code=3).stderr
    tocsin("acquire", disk(folder), folder / "b")
    assert "no folder" in tocsin("mount", folder / "b", folder / "none", code=3).stderr


def main():
    global failures  # pylint: disable=global-statement
    with tempfile.TemporaryDirectory() as top:
        for number, (name, function) in enumerate(tests):
            folder = pathlib.Path(top) / str(number)
            folder.mkdir()
            try:
                function(folder)
                print(f"ok {name}", flush=True)
            except Skipped as why:
                print(f"skipped: {name}: {why}", flush=True)
            except Exception as problem:  # pylint: disable=broad-except
                failures += 1
                text = f"{type(problem).__name__} {problem}"
                print(f"not ok {name} — {text[:600]} (line {problem.__traceback__.tb_next.tb_lineno})",
                      flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
