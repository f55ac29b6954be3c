#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tocsin advisory import` into a real centre (three processes, every commit synced): all real CSAF
advisories, then the OSV records, as documents a second by the clock; and how long the matcher takes
to be through with them."""
import json
import os
import shutil
import subprocess
import tempfile
import time

from centre_bench import TOCSIN, TOP, Centre, row

SETS = (("CISA CSAF", "../shared/data/cisa-csaf/csaf_files"),
        ("OSV of Go", "../shared/data/osv-golang/data"))


def size_of(folder):
    return sum(os.path.getsize(os.path.join(top, name))
               for top, _, names in os.walk(folder) for name in names if name.endswith(".json"))


def matched(centre):
    return open(centre.log, "rb").read().count(b" advisory.matched ")


def take_in(centre, name, folder):
    before_cpu, before_matched = centre.cpu(), matched(centre)
    started = time.monotonic()
    done = subprocess.run([TOCSIN, "advisory", "import", "--json", "--home", centre.home, folder],
                          capture_output=True, text=True, check=False)
    took = time.monotonic() - started
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError:
        print(f"{name}: not imported: {(done.stderr or done.stdout).strip()[:200]}")
        return
    states = [d["state"] for d in answer["documents"]]
    accepted = states.count("accepted")
    if accepted == 0:
        print(f"{name}: none of {len(states)} documents is read by this build")
        return
    until = time.monotonic() + 600
    while matched(centre) - before_matched < accepted and time.monotonic() < until:
        time.sleep(0.05)
    behind = time.monotonic() - started - took
    row(f"import: {name}, {accepted} documents", f"{accepted / took:,.0f}/s")
    print(f"{name}: {accepted} of {len(states)} accepted, {size_of(folder) / 1e6:.0f} MB in all, in "
          f"{took:.2f} s; {(centre.cpu() - before_cpu) / accepted * 1e3:.2f} ms of the centre's "
          f"processor a document; matched {behind:.2f} s behind the last")


def main():
    work = os.environ.get("TOCSIN_BENCH_KEEP") or tempfile.mkdtemp(prefix="tocsin-bench-")
    os.makedirs(work, exist_ok=True)
    centre = Centre(work)
    try:
        centre.start()
        for name, folder in SETS:
            folder = os.path.join(TOP, folder)
            if os.path.isdir(folder):
                take_in(centre, name, folder)
            else:
                print(f"skipped: no {folder}")
    finally:
        centre.stop()
        if not os.environ.get("TOCSIN_BENCH_KEEP"):
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
