#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""The machine's clock jumps back a day: acts stay in order, and say so (docs/formats.md 2.1)."""

import os
import shutil
import struct
import subprocess
import sys
import time

from centre_home import SOURCE, Workplace, csaf, finish, needs_programs, scenario, wait, VENDOR

DAY = 86400


def main():
    needs_programs()
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        print("skipped: no C compiler")
        sys.exit(0)
    with Workplace("clock") as place:
        shim = place.folder / "clock_shift.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", shim,
                        SOURCE / "tests/fault/clock_shift.c", "-ldl"], check=True)
        shift = place.folder / "shift"
        shift.write_bytes(struct.pack("=q", 0))

        def jump(seconds):
            with open(shift, "r+b") as file:  # in place: it is mapped
                file.write(struct.pack("=q", seconds))

        centre = place.centre()
        centre.environment = {**os.environ, "LD_PRELOAD": str(shim), "CLOCK_SHIFT": str(shift)}
        centre.start()
        device = place.device(centre, "one")
        device.once()
        device.start()

        def acts_in_order():
            """after a jump back a day acts stay in order, and carry what the clock said"""
            # from a wrong clock back to the right one: certificates are valid all the time
            jump(DAY)
            centre.new("organisation", "add", "Tomorrow Works")
            before = centre.acts()[-1]["at"]
            today = time.strftime("%Y-%m-%d", time.gmtime())
            assert before > today + "T99", before
            jump(0)
            centre.import_advisory(csaf(5, "< 2.3", vendor=VENDOR), publish=True)
            assert wait(lambda: "EXP-2026-005" in centre.cli("advisory", "list").stdout)
            acts = centre.acts()
            times = [act["at"] for act in acts]
            assert times == sorted(times), times
            late = [act for act in acts if "clock" in act]
            assert late, "no act says that the clock stood before the act in front"
            for act in late:
                assert act["at"] >= before and act["clock"] < before, act
            assert not any("clock" in act for act in acts if act["at"] < before)

        def goes_on():
            """publishing, receipts and the journal work on, also across a restart"""
            assert wait(lambda: centre.states("EXP-2026-005").get(device.asset) == "acknowledged",
                        30), (centre.states("EXP-2026-005"), centre.said()[-1500:])
            centre.verify_log()
            centre.stop()
            centre.verify_log()
            centre.start()
            assert wait(centre.followers_at_head), centre.status()

        def comes_right():
            """when the clock has caught up acts bear its time, and no word about it"""
            jump(2 * DAY)
            time.sleep(0.1)
            made = centre.new("organisation", "add", "Works")
            act = next(a for a in centre.acts("organisation.created")
                       if a["data"]["organisation"] == made)
            assert "clock" not in act, act
            centre.verify_log()

        for test in (acts_in_order, goes_on, comes_right):
            scenario(test)
    finish()


if __name__ == "__main__":
    main()
