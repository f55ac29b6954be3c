#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job end to end: examples/demo/story.py, with what it must have said (V44-V59, V74)."""
import os
import subprocess
import sys

SOURCE = os.environ.get("TOCSIN_SOURCE") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("TOCSIN_BUILD") or os.path.join(SOURCE, "build")
DATA = os.path.join(SOURCE, "..", "shared", "data", "cisa-csaf", "csaf_files")

WORDS = {
    "a broken advisory in a batch is refused with line, column, pointer and rule":
        "line 20 column 69 (/vulnerabilities/0/product_status/known_affected/0)",
    "who would be told is shown before anybody is (V51)": "affected: 5 assets",
    "an unknown one says what would decide it (V52)": "what would decide it: nameplate.firmware",
    "a misspelt vendor is matched with less confidence, and why (V52)": "vendor.misspelt",
    "a sibling model is not listed, and the nearest candidate is shown (V53)":
        "same vendor, but another product",
    "devices on line acknowledge under their own keys (V58)":
        "3 devices on line verified the notice",
    "a silent device is a counted device (V59)": "2  undelivered: never fetched",
    "the owner gets one mail for all devices (V49)": "4 of your devices",
    "a device that was off catches up (V49)": "It caught up from where it had left off",
    "over the air gap: matched on the spot, answered by file (V74)": "3 accepted, 0 refused",
    "two vendors, one asset, both arrive (V50)": "HC-SA-117 of Harbor Controls reached 1 device",
    "a revision that changes nothing is not sent again (V55)":
        "nobody is told the same thing twice",
    "the pack verifies in C": "5 acknowledged (proven by the devices' keys)",
    "the pack verifies by the independent script": "VERIFIED: NW-2026-004",
    "the pack's checksums hold by sha256sum": "sha256sum: every file is as listed",
    "a receipt verifies by openssl": "openssl: Verified OK",
    "a changed receipt is refused by both": "verify_proof.py refuses: pack.receipt",
    "a rewritten history is refused: no witness cosigned it": "tocsin refuses: pack.not-witnessed",
    "a rewritten history is refused: the kept head is another": "tocsin refuses: pack.history-other",
}


def story(*arguments):
    return subprocess.run(
        [sys.executable, os.path.join(SOURCE, "examples/demo/story.py"), "--build", BUILD,
         *arguments], capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})


def report(good, name, why=""):
    print(f"ok {name}" if good else f"not ok {name} — {why}")
    return good


def main():
    told = story()
    good = report(told.returncode == 0, "the story ends well", told.stderr.strip()[-600:])
    said = " ".join(told.stdout.split())  # wherever lines are broken
    for name, words in WORDS.items():
        good = report(" ".join(words.split()) in said, name, f"never said: {words}") and good
    if not os.path.isdir(DATA):
        print("skipped: no ../shared/data")
    else:
        told = story(DATA)
        good = report(told.returncode == 0 and "387 accepted, 0 refused, 2 passed over" in
                      told.stdout, "all 387 advisories of the corpus go through",
                      (told.stdout[-300:] + told.stderr)[-600:]) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
