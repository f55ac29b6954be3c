#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A source is only read: what the kernel was asked for, and what the record says of it."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
failures = 0
tests = []


def test(name):
    def add(function):
        tests.append((name, function))
        return function
    return add


def acquire(source, bundle, prefix=()):
    done = subprocess.run([*prefix, TOCSIN, "evidence", "acquire", source, bundle], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((bundle / "acquisition.json").read_text())["source"]


# 27037 rows 19, 24, 39
@test("a source is opened for reading only, and is the same afterwards")
def read_only(folder):
    disk = folder / "disk"
    disk.write_bytes(os.urandom(3 << 20))
    os.chmod(disk, 0o444)
    before, content = os.stat(disk), hashlib.sha256(disk.read_bytes()).hexdigest()
    log = folder / "trace"
    prefix = ["strace", "-f", "-o", log, "-e", "trace=open,openat,openat2,creat,truncate,unlink,rename"] \
        if shutil.which("strace") else []
    if prefix:  # a sanitizer that looks for leaks does not work under strace
        prefix = ["env", f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0", *prefix]
    said = acquire(disk, folder / "b", prefix)
    after = os.stat(disk)
    assert hashlib.sha256(disk.read_bytes()).hexdigest() == content
    assert (before.st_mtime_ns, before.st_ctime_ns, before.st_size) == \
        (after.st_mtime_ns, after.st_ctime_ns, after.st_size)
    assert said["opened"].startswith("read-only") and said["hidden_sectors"] == "a file hides no sectors"
    if not prefix:
        return "strace is not there; the source is the same"
    calls = [line for line in log.read_text(errors="replace").splitlines() if f'"{disk}"' in line]
    assert calls and all("O_RDONLY" in c and not re.search("O_(WRONLY|RDWR|TRUNC|CREAT)", c)
                         for c in calls if "open" in c), calls
    assert not [c for c in calls if re.search("truncate|unlink|rename|creat\\(", c)], calls
    return None


# 27037 rows 11, 24, 27
@test("a device: the kernel's read-only flag, and what was or was not checked of hidden sectors")
def device(folder):
    disk = folder / "disk"
    disk.write_bytes(os.urandom(1 << 20))
    made = subprocess.run(["losetup", "--find", "--show", "--read-only", disk], capture_output=True,
                          text=True, check=False)
    if made.returncode != 0:
        return "no loop device can be made"
    loop = pathlib.Path(made.stdout.strip())
    try:
        said = acquire(loop, folder / "b")
        assert said["kind"] == "block device" and said["kernel_read_only"] is True
        assert said["bytes"] == 1 << 20 and said["hidden_sectors"].startswith("not checked")
    finally:
        subprocess.run(["losetup", "--detach", loop], check=True)
    return None


def main():
    global failures
    for name, function in tests:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-source-"))
        try:
            why = function(folder)
            print(f"ok    {name}" if not why else f"skip  {name}: skipped, {why}")
        except (AssertionError, OSError, subprocess.SubprocessError, KeyError, ValueError) as e:
            failures += 1
            print(f"FAIL  {name}: {type(e).__name__}: {e}"[:1500])
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(tests)} tests, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
