#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The CSAF validator: beside csaf-validator-lib on the same documents and tests, one thread each,
turn by turn; on all processors; one small file; and documents large in one way, whose cost must
grow as they do. Environment: TOCSIN_BENCH_ROUNDS (5), TOCSIN_BENCH_GROWTH (100000; 0: without)."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build"))
RUN = BUILD / "tests/bench/csaf_bench_run"
TOCSIN = BUILD / "src/cli/tocsin"
CORPUS = SOURCE / "../shared/data/cisa-csaf/csaf_files"
BESIDE = SOURCE / "tests/bench/csaf_bench_beside.mjs"
ROUNDS = int(os.environ.get("TOCSIN_BENCH_ROUNDS", "5"))
GROWTH = int(os.environ.get("TOCSIN_BENCH_GROWTH", "100000"))
# csaf-validator-lib and what it loads, so that every run measures the same
PINNED = {
    "@secvisogram/csaf-validator-lib": "2.0.10",
}


def say(text):
    print(text, flush=True)


def lines(command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True,
                          text=True, **options).stdout.splitlines()


def install(folder):
    """The other library in folder; None: said why not."""
    if not shutil.which("npm") or not shutil.which("node"):
        say("csaf-validator-lib is not measured: no npm and node here")
        return None
    (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": PINNED}))
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
                           "--loglevel=error"], cwd=folder, capture_output=True, text=True,
                          timeout=600)
    if done.returncode != 0:
        say(f"csaf-validator-lib is not measured: npm says {done.stderr.strip()[:200]}")
        return None
    return folder


class Validator:
    """A process that validates all documents for each "pass"."""

    def __init__(self, command, paths, **options):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, **options)
        self.process.stdin.write("".join(f"{path}\n" for path in paths) + "\n")
        self.seconds, self.processor = [], []
        self.valid = self.findings = 0

    def round(self, counts=True):
        self.process.stdin.write("pass\n")
        self.process.stdin.flush()
        seconds, processor, valid, findings = self.process.stdout.readline().split()
        self.valid, self.findings = int(valid), int(findings)
        if counts:
            self.seconds.append(float(seconds))
            self.processor.append(float(processor))

    def peak(self):
        """Resident at most, in MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def beside(folder, paths, what, ids):
    ours = Validator([RUN, "passes", ",".join(ids)], paths)
    theirs = Validator(["node", BESIDE, "passes", ",".join(ids)], paths, cwd=folder)
    for validator in (ours, theirs):
        validator.round(counts=False)  # caches are warm, and what is compiled is compiled
    for _ in range(ROUNDS):
        ours.round()
        theirs.round()
    a, b = (len(paths) / statistics.median(v.seconds) for v in (ours, theirs))
    say(f"csaf validate, {what}, one thread | {a:,.0f} documents/s | csaf-validator-lib {b:,.1f}/s | "
        f"{a / b:.1f} x | goal >= 25 x")
    a, b = (len(paths) / statistics.median(v.processor) for v in (ours, theirs))
    say(f"… per second of processor time | {a:,.0f} documents | {b:,.1f} | {a / b:.1f} x | goal >= 25 x")
    a, b = ours.peak(), theirs.peak()
    say(f"… memory, resident at most | {a:.1f} MiB | {b:.1f} MiB | {a / b:.3f} of theirs | goal <= 0.2")
    say(f"{what}: schema and {len(ids)} tests; valid: ours {ours.valid}, theirs {theirs.valid} of "
        f"{len(paths)}; findings: ours {ours.findings}, theirs {theirs.findings}")
    ours.end()
    theirs.end()
    a, b = (len(paths) / once(command, paths, **options) for command, options in
            (([RUN, "passes", ",".join(ids)], {}),
             (["node", BESIDE, "passes", ",".join(ids)], {"cwd": folder})))
    say(f"… a process for one pass, as a command is run | {a:,.0f} documents/s | {b:,.1f}/s | "
        f"{a / b:.1f} x | goal >= 25 x")


def once(command, paths, **options):
    """Seconds of a process that validates all documents once, with its start and end."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        validator = Validator(command, paths, **options)
        validator.round()
        validator.end()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def compare(paths):
    ours = lines([RUN, "ids"])
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        folder = install(pathlib.Path(name))
        if not folder:
            return
        theirs = lines(["node", BESIDE, "ids"], cwd=folder)
        # 6.1.8 is the CVSS schemas, which theirs compares with the document's
        both = [i for i in ours if i in theirs]
        mandatory = [i for i in both if i.startswith("6.1.")]
        for title, mine, others in (("mandatory", "6.1.", theirs), ("optional", "6.2.", theirs)):
            left = sorted({i for i in ours if i.startswith(mine)} ^
                          {i for i in others if i.startswith(mine)})
            if left:
                say(f"left out, because only one of the two has it ({title}): {', '.join(left)}")
        version = json.loads((folder / "node_modules/@secvisogram/csaf-validator-lib/package.json")
                             .read_text())["version"]
        say(f"beside: csaf-validator-lib {version}, node {lines(['node', '--version'])[0]}")
        beside(folder, paths, "mandatory tests", mandatory)
        beside(folder, paths, "mandatory and optional tests", both)


def best_of(count, command):
    times = []
    for _ in range(count):
        start = time.perf_counter()
        subprocess.run([str(word) for word in command], capture_output=True, check=False)
        times.append(time.perf_counter() - start)
    return statistics.median(times), min(times)


def whole_program(paths):
    processors = os.cpu_count()
    for preset in ("basic", "full"):
        one, _ = best_of(ROUNDS, [TOCSIN, "csaf", "validate", "--preset", preset, "--json", "-j", 1,
                                  CORPUS])
        every, _ = best_of(ROUNDS, [TOCSIN, "csaf", "validate", "--preset", preset, "--json", "-j",
                                    processors, CORPUS])
        say(f"tocsin csaf validate --preset {preset}, -j {processors} | {len(paths) / every:,.0f} "
            f"documents/s | -j 1: {len(paths) / one:,.0f}/s | {one / every:.2f} x | –")
    small = min(paths, key=lambda path: path.stat().st_size)
    median, least = best_of(31, [TOCSIN, "csaf", "validate", small])
    nothing, _ = best_of(31, [TOCSIN, "--version"])
    say(f"tocsin csaf validate, one file of {small.stat().st_size:,} bytes, from start to end | "
        f"{median * 1000:.1f} ms (least {least * 1000:.1f}) | tocsin --version "
        f"{nothing * 1000:.1f} ms | {median / nothing:.1f} x | –")


def grown(index, version, count):
    """Bytes, processor seconds, KiB and the slowest tests; None: there is no such document."""
    done = subprocess.run([str(RUN), "growth", str(index), version, str(count)], text=True,
                          capture_output=True, timeout=600)
    if done.returncode == 1:
        return None
    if done.returncode:
        raise RuntimeError(done.stderr)
    first, *slowest = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    size, seconds, kib, _ = first.split()
    return int(size), float(seconds), int(kib), dict(
        (line.split()[0], float(line.split()[1])) for line in slowest)


def growth():
    worst = most = 0
    for index, name in enumerate(lines([RUN, "growths"])):
        for version in ("2.0", "2.1"):
            few = grown(index, version, GROWTH // 10)
            if not few:
                continue
            many = grown(index, version, GROWTH)
            ratio = many[1] / max(few[1], 1e-4)
            memory = many[2] * 1024 / many[0]
            worst, most = max(worst, ratio), max(most, memory)
            slow = ""
            if ratio > 20 and many[1] > 0.05:
                slow = "; slowest: " + ", ".join(f"{i} {s:.2f} s" for i, s in many[3].items())
            say(f"{version}, {GROWTH:,} × {name} | {many[1] * 1000:,.0f} ms, {memory:.1f} bytes a "
                f"byte | {GROWTH // 10:,}: {few[1] * 1000:,.0f} ms{slow} | {ratio:.1f} x | goal <= 20")
    say(f"growth, all of these: at most {worst:.1f} times the time for 10 times the entries, and "
        f"{most:.1f} bytes of memory for a byte of text besides the text")


def main():
    paths = [path for path in sorted(CORPUS.rglob("*.json")) if b'"csaf_version"' in path.read_bytes()]
    if paths:
        compare(paths)
        whole_program(paths)
    else:
        say("csaf validate on CISA's advisories | skipped: no ../shared/data | | | –")
    if GROWTH:
        growth()


if __name__ == "__main__":
    sys.exit(main())
