#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""A full disk: what cannot be stored is refused with 503 and a clear error, reads go on, nothing is
torn, and work goes on when there is room again (DESIGN section 8). A small tmpfs: needs root."""

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from centre_home import Centre, Device, csaf, finish, needs_programs, report, scenario, wait, VENDOR

SIZE = 64 << 20
TRIES = 400


def mounted(folder):
    try:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tocsin-test", folder],
                              capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


class Ballast:
    """A file that takes all room but `left` bytes."""

    def __init__(self, folder):
        self.path = folder / "ballast"

    def fill(self, left=0):
        with open(self.path, "ab", buffering=0) as file:
            while True:
                room = os.statvfs(self.path.parent)
                size = room.f_bavail * room.f_frsize - left
                if size <= 0:
                    return
                try:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
                    return
                except OSError:  # others write, too
                    left += 4096

    def drop(self):
        self.path.unlink(missing_ok=True)


def write_until_refused(centre, made):
    """Organisations until one is refused; the refusal."""
    for number in range(TRIES):
        status, answer, headers = centre.call("POST", "/v1/organisations",
                                              {"name": f"Works {len(made)} {number} " + "x" * 30})
        if status != 200:
            return status, answer, headers
        made.append(answer["organisation"])
    return None


def there(centre, made):
    """Those of `made` that are not listed."""
    return set(made) - centre.listed("/v1/organisations", "organisation")


def story(folder):
    centre = Centre(folder).start()
    ballast = Ballast(folder)
    device = Device(centre, "one")
    device.once()
    made = []
    document = csaf(5, "< 2.3", vendor=VENDOR)
    big = document.replace(b'"text":"x"', b'"text":"' + b"long " * 100000 + b'"')

    def refused():
        """writes on a full disk are refused with 503, Retry-After and what to do"""
        ballast.fill()
        answer = write_until_refused(centre, made)
        assert answer, f"{len(made)} writes went through on a full disk"
        status, problem, headers = answer
        assert status == 503 and headers.get("Retry-After"), (status, problem, headers.items())
        words = problem["detail"].lower() + problem.get("hint", "").lower()
        assert problem.get("code") and ("full" in words or "space" in words), problem
        status, problem, _ = centre.call("POST", "/v1/advisories/import", big,
                                         {"Content-Type": "application/json"})
        assert status == 503, (status, problem)

    def reads():
        """reads go on: status, lists, the journal by its door"""
        assert centre.status() is not None
        assert not there(centre, made)
        centre.verify_log()
        assert device.agent("run", "--once").returncode in (0, 3)

    def goes_on():
        """work goes on when there is room again, without a restart"""
        ballast.drop()
        assert wait(lambda: centre.call("POST", "/v1/organisations", {"name": "again"})[0] == 200, 20)
        centre.import_advisory(big, publish=True)
        assert wait(centre.followers_at_head, 30), centre.status()
        device.once()
        assert wait(lambda: centre.states("EXP-2026-005").get(device.asset) == "acknowledged")

    def at_the_edge():
        """filled up again and again while four write at once: each answered write is there"""
        lock = threading.Lock()
        stop = threading.Event()
        odd = []

        def write(name):
            number = 0
            while not stop.is_set():
                number += 1
                try:
                    status, answer, _ = centre.call("POST", "/v1/organisations",
                                                    {"name": f"{name} {number}"})
                except OSError as why:
                    odd.append(repr(why))
                    continue
                with lock:
                    if status == 200:
                        made.append(answer["organisation"])
                    elif status != 503:
                        odd.append((status, answer))

        threads = [threading.Thread(target=write, args=(name,), daemon=True) for name in "abcd"]
        for thread in threads:
            thread.start()
        for turn in range(12):
            ballast.fill(left=turn * 20000)
            stop.wait(0.2)
            ballast.drop()
            stop.wait(0.1)
        stop.set()
        for thread in threads:
            thread.join(30)
        assert not odd, odd[:3]
        assert not there(centre, made)
        centre.verify_log()

    def killed():
        """killed on a full disk: nothing that was acknowledged is lost, nothing is torn"""
        before = len(made)
        ballast.fill(left=60000)
        write_until_refused(centre, made)
        centre.kill_all()
        ballast.drop()
        centre.verify_log()
        centre.start()
        assert wait(centre.followers_at_head, 30), centre.status()
        acts = {act["data"].get("organisation") for act in centre.acts("organisation.created")}
        assert set(made) <= acts, f"{len(set(made) - acts)} of {len(made)} lost (after {before})"
        centre.verify_log()

    try:
        for test in (refused, reads, goes_on, at_the_edge, killed):
            if not scenario(test):
                print(centre.said()[-3000:])
                for file in (centre.home / "data").iterdir():
                    print(f"# {file.name}: {file.stat().st_size} bytes")
                room = os.statvfs(folder)
                print(f"# room: {room.f_bavail * room.f_frsize} bytes")
                break
    finally:
        ballast.drop()
        centre.stop()


def main():
    needs_programs()
    folder = Path(tempfile.mkdtemp(prefix="tocsin-full-"))
    if os.geteuid() != 0 or not mounted(folder):
        folder.rmdir()
        print("skipped: a small tmpfs cannot be mounted here (needs root)")
        sys.exit(0)
    try:
        story(folder)
    except Exception as why:  # pylint: disable=broad-except
        report("a full disk", why)
    finally:
        if subprocess.run(["umount", folder], check=False).returncode != 0:
            subprocess.run(["umount", "--lazy", folder], check=False)
        folder.rmdir()
    finish()


if __name__ == "__main__":
    main()
