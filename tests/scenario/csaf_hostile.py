#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""tocsin csaf validate on documents that mean harm: refused with the place, or answered, within the
memory that docs/csaf.md states (MEMORY bytes for a byte of the document, and BASE)."""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
MEMORY, BASE = 32, 64 << 20
SANITIZED = b"__asan_init" in TOCSIN.read_bytes()

HEAD = ('{"document":{"category":"csaf_base","csaf_version":"%s","publisher":{"category":"vendor",'
        '"name":"L","namespace":"https://l.example"},"title":"T","tracking":{"current_release_date":'
        '"2024-01-01T10:00:00Z","id":"L-1","initial_release_date":"2024-01-01T10:00:00Z",'
        '"revision_history":[{"date":"2024-01-01T10:00:00Z","number":"1","summary":"s"}],'
        '"status":"final","version":"1"}')
failures = 0


def judge(name, problem, said=""):
    global failures  # pylint: disable=global-statement
    if problem:
        failures += 1
        print(f"not ok {name} — {problem}", flush=True)
    else:
        print(f"ok {name}{said}", flush=True)


def run(path):
    """Exit code, what was printed, and the most memory, in bytes."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen([TOCSIN, "csaf", "validate", "--preset", "full", "--json", path],
                                 stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
        out.seek(0)
        err.seek(0)
        return os.waitstatus_to_exitcode(status), out.read(), err.read(), usage.ru_maxrss * 1024


def write(path, parts):
    """A part is a text, a text and how often, or a function of the number and how often. Never much
    at a time: what this process takes would be counted as the other's."""
    with open(path, "w", encoding="utf-8") as file:
        for part in parts:
            text, count = part if isinstance(part, tuple) else (part, 1)
            for start in range(0, count, 1000):
                end = min(count, start + 1000)
                file.write(text * (end - start) if isinstance(text, str)
                           else "".join(text(i) for i in range(start, end)))


def case(folder, name, *parts, readable=True, codes=(1,)):
    path = folder / "document.json"
    write(path, parts)
    size = path.stat().st_size
    code, out, err, peak = run(path)
    problem = None
    if code not in codes:
        problem = f"ended with {code}: {err[-200:]}"
    elif not SANITIZED and peak > MEMORY * size + BASE:
        problem = f"took {peak / size:.1f} bytes a byte"
    else:
        result = json.loads(out)
        if (code == 0) != result["valid"] or ("unreadable" in result) == readable:
            problem = f"said {out[:300]}"
    judge(name, problem, f": {size / 1048576:.1f} MiB, {peak / 1048576:.1f} MiB resident at most")


def main():
    many = 1000000
    with tempfile.TemporaryDirectory(prefix="tocsin-hostile-") as name:
        folder = pathlib.Path(name)
        for version in ("2.0", "2.1"):
            head = HEAD % version
            free = (0,) if version == "2.0" else (1,)  # 2.0 allows members that nobody knows
            case(folder, f"{version}: nested a million deep", head + ',"a":', ("[", many),
                 readable=False, codes=(3,))
            case(folder, f"{version}: nested as deep as may be", head + '},"product_tree":{"branches":[',
                 ('{"branches":[', 60), ("]}", 60), "]}}")
            case(folder, f"{version}: a number of a million digits", head + ',"a":', ("9", many),
                 "e999999999}}", codes=free)
            case(folder, f"{version}: a million numbers", head + ',"a":[', ("0,", many), "0]}}",
                 codes=free)
            case(folder, f"{version}: a million empty objects where references are",
                 head + ',"references":[', ("{},", many), "{}]}}")
            case(folder, f"{version}: a million notes", head + ',"notes":[',
                 ('{"category":"summary","text":"t"},', many), '{"category":"x","text":"t"}]}}')
            case(folder, f"{version}: a million ids of products",
                 head + '},"vulnerabilities":[{"product_status":{"fixed":[',
                 (lambda i: f'"P{i}",', many), '"P"]}}]}')
            case(folder, f"{version}: a million members", head,
                 (lambda i: f',"m{i}":0', many), "}}", codes=free)
        case(folder, "ten million numbers", HEAD % "2.1" + ',"a":[', ("0,", 10 * many), "0]}}")
        case(folder, "one text of 100 MiB", HEAD % "2.0" + ',"source_lang":"', ("x", 100 << 20), '"}}')
        with open(folder / "document.json", "wb") as file:
            file.truncate((150 << 20) + 1)
        code, out, _, peak = run(folder / "document.json")
        judge("over 150 MiB: refused", None if code == 3 and "unreadable" in json.loads(out) and
              (SANITIZED or peak < (150 << 20) + BASE) else f"{code} {out[:200]} {peak}",
              f": {peak / 1048576:.1f} MiB resident at most")
    return 1 if failures else 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())
