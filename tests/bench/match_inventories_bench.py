#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tocsin match` without a server: 100 inventories against all real advisories, one process, by the
clock from its start to its end. Six of ten inventories are nameplates of products that the advisories
name, three are CycloneDX lists of 300 components with five such products among them, one is a dpkg
status of 1,000 packages; all drawn by a fixed seed."""
import glob
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("TOCSIN_BUILD", os.path.join(TOP, "build-bench"))
TOCSIN = os.path.join(BUILD, "src/cli/tocsin")
ADVISORIES = os.path.join(TOP, "../shared/data/cisa-csaf/csaf_files")
INVENTORIES = 100
ROUNDS = 7


def products():
    """(vendor, product) of each version that an advisory names."""
    found = []

    def walk(branches, vendor, product):
        for branch in branches:
            here = {"vendor": (branch["name"], product), "product_name": (vendor, branch["name"])}
            below = here.get(branch["category"], (vendor, product))
            if "product" in branch and all(below):
                found.append(below)
            walk(branch.get("branches", []), *below)

    for path in sorted(glob.glob(os.path.join(ADVISORIES, "**/*.json"), recursive=True)):
        with open(path, encoding="utf-8") as file:
            walk(json.load(file).get("product_tree", {}).get("branches", []), None, None)
    return found


def version(rng):
    return ".".join(str(rng.randrange(n)) for n in (9, 9, 20))


def write(rng, known, folder):
    paths = []
    for i in range(INVENTORIES):
        path = os.path.join(folder, f"{i:03}.json")
        if i % 10 < 6:
            vendor, model = rng.choice(known)
            text = json.dumps({"format": "tocsin-nameplate/v1", "nameplate": {
                "vendor": vendor, "model": model, "firmware": "V" + version(rng)}})
        elif i % 10 < 9:
            components = [{"type": "library", "name": f"{rng.choice(('lib', 'net', 'xml', 'ssl'))}"
                           f"{rng.randrange(500)}", "version": version(rng),
                           "purl": f"pkg:npm/a{rng.randrange(3000)}@{version(rng)}"}
                          for _ in range(300)]
            for _ in range(5):
                vendor, name = rng.choice(known)
                components.append({"type": "application", "publisher": vendor, "name": name,
                                   "version": version(rng)})
            text = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5",
                               "components": components})
        else:
            path = os.path.join(folder, f"{i:03}.status")
            text = "".join(f"Package: pkg{k}\nStatus: install ok installed\nArchitecture: amd64\n"
                           f"Version: {rng.randrange(9)}.{rng.randrange(9)}-1\n\n"
                           for k in range(1000))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        paths.append(path)
    return paths


def main():
    if not os.path.isdir(ADVISORIES):
        print("skipped: no advisories in ../shared/data/cisa-csaf")
        return
    folder = tempfile.mkdtemp(prefix="tocsin-bench-")
    try:
        paths = write(random.Random(7), products(), folder)
        times, cpu = [], []
        for _ in range(ROUNDS):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            started = time.monotonic()
            done = subprocess.run([TOCSIN, "match", "--json", "--inventory", *paths,
                                   "--advisories", ADVISORIES], capture_output=True, check=False)
            times.append(time.monotonic() - started)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            if done.returncode not in (0, 1):
                sys.exit(done.stderr.decode())
        answer = json.loads(done.stdout)
        print(f"tocsin match: {answer['assets']} inventories, {answer['advisories']} advisories | "
              f"{statistics.median(times):.2f} s (slowest {max(times):.2f} s) |  |  | ≤ 1 s")
        print(f"tocsin match: {len(answer['results'])} pairs of inventory and advisory with an "
              f"answer; {statistics.median(cpu):.2f} s of processor, "
              f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MiB resident")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
