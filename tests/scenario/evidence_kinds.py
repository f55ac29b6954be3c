#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""What somebody hands over may have a pipe, a device, a folder or a link where a file of a bundle, a
disclosure or a receipt should be: nothing waits for it, nothing reads what it leads to, and verify
says which file it is."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "TOCSIN_IDENTITY"}
WHO = ("--reason", "r", "--place", "p", "--authority", "W")
KINDS = {"pipe": os.mkfifo, "device": lambda p: p.symlink_to("/dev/zero"), "folder": os.mkdir,
         "link": lambda p: p.symlink_to(p.name), "file elsewhere": lambda p: p.symlink_to(p.with_name("k.copy"))}
failures = 0


def evidence(*words, code=0):
    done = subprocess.run([TOCSIN, "evidence", *map(str, words)], capture_output=True, text=True,
                          env=ENVIRONMENT, timeout=60, check=False)
    assert code is None or done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def by_script(*words, code=None):
    del code
    return subprocess.run([sys.executable, SOURCE / "tools/verify_disclosure.py", *map(str, words)],
                          capture_output=True, text=True, timeout=60, check=False)


def strange(folder, words, right, leave_out=(), run=evidence):
    """Runs the command with each file of the folder exchanged; `right` judges (file, kind, result)."""
    trial = folder.with_name(folder.name + ".trial")
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder)
        if str(name) in leave_out:
            continue
        for kind, make in KINDS.items():
            shutil.rmtree(trial, ignore_errors=True)
            shutil.copytree(folder, trial)
            if kind == "file elsewhere":
                (trial / name).rename((trial / name).with_name("k.copy"))
            else:
                (trial / name).unlink()
            make(trial / name)
            try:
                right(str(name), kind, run(*(trial if w is folder else w for w in words), code=None))
            except subprocess.TimeoutExpired as why:
                raise AssertionError(f"{name} as a {kind}: it waits") from why
    shutil.rmtree(trial, ignore_errors=True)


def named(name, kind, done):
    assert done.returncode == 1, (name, kind, done.returncode, done.stdout, done.stderr)
    assert pathlib.Path(name).name in done.stdout, (name, kind, done.stdout)


def named_or_unsealed(name, kind, done):
    """A seal that is not there is taken for what it is: none."""
    if name == "sealed/seal.json" and done.returncode == 0:
        assert "NOT SEALED" in done.stdout, (name, kind, done.stdout)
    else:
        named(name, kind, done)


def main():
    global failures
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        evidence("identity", folder / "meyer", "--name", "A. Meyer", "--role", "DEFR", "--competence",
                 "GCFA, 2024-05-01")
        who = ("--identity", folder / "meyer", *WHO)
        (folder / "disk").write_bytes(bytes(range(256)) * 50)
        (folder / "files").mkdir()
        (folder / "files/a").write_text("a\n")
        image, plain, files = (folder / x for x in ("image", "plain", "chosen"))
        evidence("acquire", folder / "disk", image, "--exhibit", "EX-1")
        evidence("seal", image, "--identity", folder / "meyer", "--relevance", "r", "--reliability", "r",
                 "--sufficiency", "s", "--tsa-none")
        evidence("acquire", folder / "disk", plain, "--exhibit", "EX-1", "--plain", *who)
        evidence("files", folder / "files", files, "--exhibit", "EX-2", *who)
        shown = folder / "shown"
        evidence("disclose", image, "-o", shown, "--range", "0:10", "--unrecorded", "a test")
        for bundle in (image, plain, files):
            evidence("verify", bundle)
        evidence("verify", shown)

        def no_wait(name, kind, done):
            assert done.returncode in (0, 1, 3), (name, kind, done.returncode, done.stderr)

        def refused(name, kind, done):
            assert done.returncode == 1 or kind == "folder", (name, kind, done.returncode, done.stderr)

        try:
            strange(shown, (shown,), refused, run=by_script)
            print("ok a disclosure, by the script: what is no file in it is not waited for, and found")
        except AssertionError as why:
            failures += 1
            print(f"not ok a disclosure, by the script — {why}")
        for text, of, words, right, leave_out in (
                ("an image with a seal", image, ("verify", image), named, ()),
                ("a plain image with custody", plain, ("verify", plain), named, ()),
                ("chosen files", files, ("verify", files), named, ()),
                # what stands beside a disclosure for people and for openssl is not judged
                ("a disclosure", shown, ("verify", shown), named_or_unsealed,
                 ("VERIFY.txt", "disclosure.json", "sealed/chain.pem", "sealed/tsa.pem")),
                ("an export", image, ("export", image, folder / "out", "--unrecorded", "t"), no_wait, ()),
                ("a report", plain, ("report", plain), no_wait, ())):
            try:
                strange(of, words, right, leave_out)
                print(f"ok {text}: what is no file in it is not waited for, and found")
            except AssertionError as why:
                failures += 1
                print(f"not ok {text} — {why}")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
