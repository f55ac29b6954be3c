#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
"""tocsin evidence acquire on a real block device (a loop device) and into a target that is too
small (a tmpfs). Both need root."""

import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
MIB = 1 << 20
failures = 0


def run(*words, code=0):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
    assert code is None or done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def loop_device(folder):
    """27037 rows 24, 26, 39: a device is acquired to its last sector, and is what it was before"""
    data = random.Random(2).randbytes(7 * MIB + 3 * 512)
    (folder / "disk.img").write_bytes(data)
    made = run("losetup", "--read-only", "--find", "--show", folder / "disk.img", code=None)
    if made.returncode != 0:
        return f"no loop device: {made.stderr.strip()}"
    device = made.stdout.strip()
    try:
        answer = json.loads(run(TOCSIN, "evidence", "acquire", "--json", "--rehash-source", device,
                                folder / "loop.evidence").stdout)
        assert answer["bytes"] == len(data) and answer["sha256"] == hashlib.sha256(data).hexdigest()
        assert not answer["source_changed"]
        record = json.loads((folder / "loop.evidence/acquisition.json").read_text())
        assert record["source"]["kind"] == "block device" and record["source"]["kernel_read_only"]
        assert record["source"]["opened"].startswith("read-only")
        assert pathlib.Path(device).read_bytes() == data
        assert (folder / "disk.img").read_bytes() == data
    finally:
        run("losetup", "--detach", device)
    return None


def small_target(folder):
    """27037 row 32: no space is said at once, nothing looks complete, and it goes on later"""
    data = random.Random(3).randbytes(12 * MIB)
    (folder / "disk.img").write_bytes(data)
    target = folder / "small"
    target.mkdir()
    made = run("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", target, code=None)
    if made.returncode != 0:
        return f"no tmpfs: {made.stderr.strip()}"
    try:
        done = run(TOCSIN, "evidence", "acquire", folder / "disk.img", target / "b", code=3)
        assert "no space" in done.stderr and "again" in done.stderr, done.stderr
        assert (target / "b/INCOMPLETE").exists()
        assert not (target / "b/manifest-sha256.txt").exists()
        assert run(TOCSIN, "evidence", "verify", target / "b", code=1)
        run(TOCSIN, "evidence", "acquire", folder / "disk.img", folder / "whole")
        for kind in ("raw", "e01", "aff4"):
            done = run(TOCSIN, "evidence", "export", folder / "whole", target / f"x.{kind}",
                       "--format", kind, code=3)
            assert "no space" in done.stderr, done.stderr
            assert not list(target.glob("x.*"))
        run("mount", "-o", "remount,size=64m", target)
        answer = json.loads(run(TOCSIN, "evidence", "acquire", "--json", folder / "disk.img",
                                target / "b").stdout)
        assert answer["gone_on_with_at"] > 0
        assert answer["sha256"] == hashlib.sha256(data).hexdigest()
        assert run(TOCSIN, "evidence", "verify", target / "b")
    finally:
        run("umount", target)
    return None


def main():
    global failures  # pylint: disable=global-statement
    for function in (loop_device, small_target):
        name = function.__doc__
        if os.geteuid() != 0 or not shutil.which("losetup"):
            print(f"skipped: {name}: needs root and losetup")
            continue
        with tempfile.TemporaryDirectory() as top:
            try:
                why = function(pathlib.Path(top))
                print(f"skipped: {name}: {why}" if why else f"ok {name}", flush=True)
            except Exception as problem:  # pylint: disable=broad-except
                failures += 1
                text = f"{type(problem).__name__} {problem}"
                print(f"not ok {name} — {text[:900]} (line {problem.__traceback__.tb_next.tb_lineno})",
                      flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
