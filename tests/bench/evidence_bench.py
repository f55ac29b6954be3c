#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images of evidence: acquired, exported and verified, beside what examiners use. One image (see
evidence_image.py), every program in every round, rounds one behind the other; the figures are
medians. Beside time by the clock stands the rate per second of processor time, which compares on a
machine that others use too. TOCSIN_BENCH_ROUNDS (5), TOCSIN_BENCH_MIB (2048), TOCSIN_BENCH_FOLDER."""

import ctypes
import json
import mmap
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = str(pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build-bench")) / "src/cli/tocsin")
ROUNDS = int(os.environ.get("TOCSIN_BENCH_ROUNDS", "5"))
MIB = int(os.environ.get("TOCSIN_BENCH_MIB", "2048"))
SIZE = MIB << 20


class Stopped(Exception):
    pass


def stopped(*_):
    raise Stopped


def forget(folder):
    """A disk that is to be acquired is not in the host's memory, nor what was kept long ago: every
    program reads it anew."""
    for path in folder.rglob("*"):
        if path.is_file():
            fd = os.open(path, os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def copy_in_turn(source, target):
    """What the disk can do: read and written in turn, past the cache, 4 MiB in large pages."""
    part = 4 << 20
    room = mmap.mmap(-1, part + (2 << 20))
    room.madvise(mmap.MADV_HUGEPAGE)
    start = -ctypes.addressof(ctypes.c_char.from_buffer(room)) % (2 << 20)
    view = memoryview(room)[start:start + part]
    read = os.open(source, os.O_RDONLY | os.O_DIRECT)
    write = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_DIRECT, 0o600)
    while (count := os.readv(read, [view])) > 0:
        os.writev(write, [view[:count]])
    os.fsync(write)


def measured(words, folder, output=None):
    """Wall seconds, processor seconds, most resident KiB, and bytes written."""
    os.sync()
    forget(folder)
    with open(output or os.devnull, "wb") as out:
        started = time.monotonic()
        child = subprocess.Popen([str(w) for w in words], cwd=folder, stdin=subprocess.DEVNULL,
                                 stdout=out, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    if child.returncode != 0:
        raise RuntimeError(f"{words[0]} {words[1]} {words[2:3]} ended with {child.returncode}")
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "rss": used.ru_maxrss}


def bytes_of(*paths):
    return sum(f.stat().st_size for p in paths for f in ([p] if p.is_file() else p.rglob("*"))
               if f.is_file())


def programs(image, folder):
    """name, command, what it writes (taken away afterwards), file for its standard output"""
    bundle, plain = folder / "kept.evidence", folder / "kept-plain.evidence"
    evidence = [TOCSIN, "evidence"]
    ours = [
        ("own", evidence + ["acquire", image, folder / "o.evidence", "--no-read-back"],
         [folder / "o.evidence"], None),
        ("own, read back", evidence + ["acquire", image, folder / "o.evidence"],
         [folder / "o.evidence"], None),
        ("plain", evidence + ["acquire", image, folder / "p.evidence", "--plain", "--no-read-back"],
         [folder / "p.evidence"], None),
        ("E01", evidence + ["export", bundle, folder / "o.E01", "--format", "e01"],
         [folder / "o.E01"], None),
        ("verify", evidence + ["verify", bundle], [], None),
        ("verify tree", evidence + ["verify", bundle, "--tree-only"], [], None),
        ("verify plain", evidence + ["verify", plain], [], None),
        ("verify plain tree", evidence + ["verify", plain, "--tree-only"], [], None),
    ]
    theirs = [
        ("ewfacquire none", ["ewfacquire", "-u", "-q", "-t", folder / "n", "-f", "encase6", "-S", "7EiB",
                             "-c", "deflate:none", "-d", "sha256", image], [folder / "n.E01"], None),
        ("ewfacquire fast", ["ewfacquire", "-u", "-q", "-t", folder / "f", "-f", "encase6", "-S", "7EiB",
                             "-c", "deflate:fast", "-d", "sha256", image], [folder / "f.E01"], None),
        ("dc3dd", ["dc3dd", f"if={image}", f"of={folder / 'd'}", "hash=sha256",
                   f"log={folder / 'd.log'}"], [folder / "d", folder / "d.log"], None),
        ("dcfldd", ["dcfldd", f"if={image}", f"of={folder / 'c'}", "hash=sha256", "bs=1M",
                    "statusinterval=100000", f"hashlog={folder / 'c.log'}"],
         [folder / "c", folder / "c.log"], None),
        ("zstd", ["zstd", "-q", "-1", "-T0", "-k", image, "-o", folder / "z.zst"],
         [folder / "z.zst"], None),
        ("limit", [sys.executable, SOURCE / "tests/bench/evidence_bench.py", "--copy", image,
                   folder / "limit"], [folder / "limit"], None),
        ("cat", ["cat", image], [folder / "cat"], folder / "cat"),
        ("ewfverify", ["ewfverify", "-q", folder / "kept.E01"], [], None),
        ("sha256sum", ["sha256sum", image], [], None),
    ]
    mixed = []
    for i in range(max(len(ours), len(theirs))):
        mixed += ours[i:i + 1] + theirs[i:i + 1]
    return [p for p in mixed if p[1][0] == TOCSIN or shutil.which(p[1][0])]


def sha256_limit():
    out = subprocess.run(["openssl", "speed", "-seconds", "2", "-bytes", "1048576", "-evp", "sha256"],
                         capture_output=True, text=True, check=False).stdout
    sha = re.findall(r"sha256 +([0-9.]+)k", out)
    return float(sha[0]) / 1000 if sha else 0


def sparse(folder):
    """Memory of an acquisition of 4 TiB of holes, stopped after some seconds, and of 64 MiB."""
    found = {}
    for name, size in (("small", 64 << 20), ("4 TiB", 4 << 40)):
        path = folder / "sparse.img"
        with open(path, "wb") as out:
            out.truncate(size)
        child = subprocess.Popen([TOCSIN, "evidence", "acquire", path, folder / "s.evidence"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if name != "small":
            time.sleep(10)
            child.send_signal(signal.SIGTERM)
        _, _, used = os.wait4(child.pid, 0)
        child.returncode = 0
        chunks = ((folder / "s.evidence/data/image.chunks").stat().st_size - 64) // 48
        found[name] = (used.ru_maxrss, chunks, used.ru_utime + used.ru_stime)
        shutil.rmtree(folder / "s.evidence")
        path.unlink()
    return found


def remove(paths):
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
            pathlib.Path(f"{path}.json").unlink(missing_ok=True)


def tell(runs, sizes, kept, sha):
    def rate(name, what="wall"):
        return SIZE / 1e6 / statistics.median(r[what] for r in runs[name])

    def row(what, ours, beside, goal, percent=False):
        if ours not in runs or beside not in runs:
            return
        a, b = rate(ours), rate(beside)
        c, d = rate(ours, "cpu"), rate(beside, "cpu")
        print(f"{what} | {a:.0f} MB/s ({c:.0f} per CPU s) | {beside}: {b:.0f} MB/s ({d:.0f} per CPU s)"
              f" | {a / b:.1f} (CPU {c / d:.1f}) | {goal}")

    row("E01 export (from a bundle, checked)", "E01", "ewfacquire fast", "≥ 5")
    if "E01" in sizes and "ewfacquire fast" in sizes:
        print(f"E01 size | {sizes['E01'] / 1e6:.1f} MB | ewfacquire fast: "
              f"{sizes['ewfacquire fast'] / 1e6:.1f} MB | {sizes['E01'] / sizes['ewfacquire fast']:.4f} | ≤ 1")
    row("own format, SHA-256, compressed", "own", "ewfacquire fast", "≥ 9")
    if "own" in sizes and "ewfacquire fast" in sizes:
        print(f"own format size | {sizes['own'] / 1e6:.1f} MB | ewfacquire fast: "
              f"{sizes['ewfacquire fast'] / 1e6:.1f} MB | {sizes['own'] / sizes['ewfacquire fast']:.4f} | –")
    row("own format, and read back", "own, read back", "ewfacquire fast", "–")
    row("own format", "own", "zstd", "–")
    if "plain" in runs:
        limit = min(sha, rate("limit"))
        print(f"raw and SHA-256 | {rate('plain'):.0f} MB/s | the machine's limit (disk read and written "
              f"in turn {rate('limit'):.0f}, SHA-256 {sha:.0f}): {limit:.0f} MB/s | "
              f"{rate('plain') / limit:.2f} | ≥ 0.85")
    for beside in ("ewfacquire none", "dc3dd", "dcfldd", "cat"):
        row("raw and SHA-256", "plain", beside, "–")
    row("verify, linear, compressed", "verify", "ewfverify", "≥ 1,200 MB/s")
    row("verify, tree, compressed", "verify tree", "ewfverify", "≥ 1,800 MB/s")
    row("verify, linear, plain", "verify plain", "sha256sum", "≥ 1,200 MB/s")
    row("verify, tree, plain", "verify plain tree", "sha256sum", "≥ 1,800 MB/s")
    most = {n: max(r["rss"] for r in v) / 1024 for n, v in runs.items() if n in kept}
    if most:
        name = max(most, key=most.get)
        print(f"memory at most ({name}) | {most[name]:.0f} MiB | – | – | ≤ 128 MiB")


def main():
    if sys.argv[1:2] == ["--copy"]:
        copy_in_turn(*sys.argv[2:])
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stopped)
    top = os.environ.get("TOCSIN_BENCH_FOLDER")
    runs, sizes, rounds = {}, {}, 0
    with tempfile.TemporaryDirectory(dir=top, prefix="tocsin-bench-") as name:
        folder = pathlib.Path(name)
        image = folder / "mix.img"
        try:
            subprocess.run([SOURCE / "tests/bench/evidence_image.py", image, str(MIB)], check=True)
            sha = sha256_limit()
            for words in (("kept.evidence",), ("kept-plain.evidence", "--plain")):
                subprocess.run([TOCSIN, "evidence", "acquire", image, folder / words[0],
                                "--no-read-back", *words[1:]], check=True,
                               stdout=subprocess.DEVNULL)
            subprocess.run([TOCSIN, "evidence", "export", folder / "kept.evidence",
                            folder / "kept.E01", "--format", "e01"], check=True,
                           stdout=subprocess.DEVNULL)
            all_programs = programs(image, folder)
            for _ in range(ROUNDS):
                for what, words, written, output in all_programs:
                    runs.setdefault(what, []).append(measured(words, folder, output))
                    if written:
                        sizes[what] = bytes_of(written[0])
                    remove(written)
                rounds += 1
                print(f"round {rounds}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
            found = sparse(folder)
        except Stopped:
            found = None
        remove(list(folder.iterdir()))
    print(f"medians of {rounds} rounds of a mixed image of {MIB} MiB; load at the end "
          f"{os.getloadavg()[0]:.1f}")
    if not shutil.which("guymager"):
        print("guymager is left out: it is a program with windows, and has no way to run unattended")
    ours = {"own", "own, read back", "plain", "E01", "verify", "verify tree", "verify plain",
            "verify plain tree"}
    if runs:
        tell(runs, sizes, ours, sha)
    if found:
        print(f"memory, 4 TiB of holes (first {found['4 TiB'][1]} MiB of it) | "
              f"{found['4 TiB'][0] / 1024:.0f} MiB | 64 MiB of holes: {found['small'][0] / 1024:.0f} MiB"
              f" | {found['4 TiB'][0] / found['small'][0]:.2f} | ≤ 1.1")
    print(json.dumps({k: [round(r["wall"], 2) for r in v] for k, v in runs.items()}), file=sys.stderr)


if __name__ == "__main__":
    main()
