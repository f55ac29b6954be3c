#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
"""A first responder's day: a disk with three bad sectors is acquired unattended, killed half way and
gone on with, sealed, handed to a second person on another machine, exported as E01 and raw; then
ewfverify, sha256sum, gzip, openssl and the script all say the same of it. EVIDENCE_STORY_MIB is the
size of the disk (256; the acceptance is 2048)."""

import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from evidence_seal import Authority

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")).resolve() / "src/cli/tocsin"
SANITIZED = b"__asan_init" in TOCSIN.read_bytes()
MIB = int(os.environ.get("EVIDENCE_STORY_MIB", "256"))
SECTOR, FILL = 512, b"UNREADABLESECTOR" * 32
WHY = ("--reason", "incident 2026-31")
failures = 0


def say(name, why=None):
    global failures
    failures += why is not None
    print(f"ok {name}" if why is None else f"not ok {name} - {' '.join(str(why).split())[:1500]}", flush=True)


def run(*command, code=0, **more):
    environment = {k: v for k, v in os.environ.items() if k != "TOCSIN_IDENTITY"}
    environment.update(more.pop("environment", {}))
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False,
                          env=environment, **more)
    assert code is None or done.returncode == code, (command, done.returncode, done.stdout, done.stderr)
    return done


def evidence(*words, code=0, **more):
    return run(TOCSIN, "evidence", *words, code=code, **more)


class Disk:
    """A file that fails at three sectors, and what an ideal copy of it is."""

    def __init__(self, folder):
        chance, left, text = random.Random(7), MIB << 20, b"a line of text, more or less\n"
        self.path, hashed = folder / "disk.img", hashlib.sha256()
        with open(self.path, "wb") as file:
            while left > 0:
                n = min(left, chance.choice((4096, 70000, 600000, 3 << 20)))
                kind = chance.randrange(3)
                file.write(bytes(n) if kind == 0 else chance.randbytes(n) if kind == 1
                           else (text * (n // len(text) + 1))[:n])
                left -= n
        sectors = (MIB << 20) // SECTOR
        self.bad = [sectors // 20, sectors // 3, sectors - sectors // 9]
        with open(self.path, "rb") as file:
            at = 0
            while block := file.read(1 << 20):
                block = bytearray(block)
                for sector in self.bad:
                    where = sector * SECTOR - at
                    if 0 <= where < len(block):
                        block[where:where + SECTOR] = FILL
                hashed.update(block)
                at += len(block)
        self.ideal = hashed.hexdigest()

    def environment(self, folder):
        library = folder / "bad_disk.so"
        if not library.exists():
            run("cc", "-shared", "-fPIC", "-O2", "-o", library, SOURCE / "tests/scenario/bad_disk.c", "-ldl",
                "-lpthread")
        ranges = ",".join(f"{s * SECTOR}-{(s + 1) * SECTOR}" for s in self.bad)
        found = {"BAD_DISK_FILE": str(self.path), "BAD_DISK_RANGES": ranges}
        return found if SANITIZED else {**found, "LD_PRELOAD": str(library)}


class Day:
    """Who acts on what; each method below is one part of it."""

    def __init__(self, folder):
        self.folder, self.case = folder, folder / "case-7"
        self.meyer, self.huber = folder / "meyer", folder / "huber"
        self.disk = Disk(folder)
        self.bundle = self.case / "exhibits/EX-1/disk.evidence"
        self.theirs = folder / "elsewhere/disk.evidence"
        (folder / "authority").mkdir()
        self.authority = Authority(folder / "authority")
        self.roots, self.tsa_roots = folder / "roots.pem", folder / "authority/root.pem"

    def by(self, who):
        return ("--identity", who, "--place", "hall 2", *WHY)

    def arrives(self):
        """a case is opened, and custody of the disk begins"""
        for who, name, role in ((self.meyer, "A. Meyer", "DEFR"), (self.huber, "B. Huber", "DES")):
            evidence("identity", who, "--name", name, "--role", role, "--competence", "GCFA, 2024-05-01",
                     "--organisation", "Example")
        self.roots.write_text((self.meyer / "chain.pem").read_text() + (self.huber / "chain.pem").read_text())
        evidence("case", "new", self.case, "--person-in-charge", "C. Chief", "--contact", "+43 1", "--authority",
                 "warrant 7", "--authority-expires", "2099-01-01", *self.by(self.meyer))
        evidence("exhibit", "add", self.case, "--device", self.disk.path, "--source-type", "static",
                 "--description", "disk of the controller", "--condition", "it clicks", *self.by(self.meyer))

    def acquired(self):
        """killed half way and run again, it is the disk, but for the three sectors"""
        command = ("acquire", self.disk.path, "disk.evidence", "--case", self.case, "--exhibit", "EX-1",
                   *self.by(self.meyer))
        environment = self.disk.environment(self.folder)
        process = subprocess.Popen([TOCSIN, "evidence", *command], env={**os.environ, **environment},
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        half, until = (MIB << 20) // 8, time.monotonic() + 300
        while process.poll() is None and time.monotonic() < until:
            if sum(f.stat().st_size for f in (self.bundle / "data").glob("image-*")) > half:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.005)
        process.wait()
        assert process.returncode == -signal.SIGKILL, "it was done before it could be killed"
        assert (self.bundle / "INCOMPLETE").exists()
        evidence("verify", self.bundle, code=1)  # nothing partial looks complete
        done = json.loads(evidence(*command, "--json", code=1, environment=environment).stdout)
        assert done["sha256"] == self.disk.ideal and done["unreadable_bytes"] == 3 * SECTOR, done
        assert done["gone_on_with_at"] > 0, done
        listed = [int(line.split()[0], 16) for line in (self.bundle / "map.txt").read_text().splitlines()
                  if line.endswith("-") and line.startswith("0x")]
        assert listed == [s * SECTOR for s in self.disk.bad], listed

    def sealed(self):
        """sealed, with a time-stamp"""
        evidence("seal", self.bundle, "--relevance", "what ran on the controller", "--reliability",
                 "read only, read back", "--sufficiency", "all but three sectors", "--tsa",
                 self.authority.url("good"), *self.by(self.meyer))
        evidence("verify", self.bundle, "--roots", self.roots, "--tsa-roots", self.tsa_roots)

    def handed_over(self):
        """given by one, checked and received by the other on another machine, and the receipt comes back"""
        evidence("give", self.bundle, "--to", "B. Huber", "--to-organisation", "Example", "--packaging",
                 "a stick in a bag", "--seal-number", "0815", "--carrier", "in person", *self.by(self.meyer))
        said = evidence("handovers", self.case, code=None).stdout
        assert "B. Huber" in said, said
        shutil.copytree(self.bundle, self.theirs)
        evidence("receive", self.theirs, "--condition", "seal unbroken", "--seal-number", "0815", "--receipt",
                 self.folder / "receipt", *self.by(self.huber))
        evidence("receipt", self.bundle, self.folder / "receipt", *self.by(self.meyer))
        assert "B. Huber" not in evidence("handovers", self.case, code=None).stdout

    def exported(self):
        """exported as E01 and raw by the second person"""
        for kind, name in (("e01", "disk.E01"), ("raw", "disk.raw")):
            evidence("export", self.theirs, self.folder / name, "--format", kind, *self.by(self.huber))

    def ewf(self):
        """ewfverify and ewfinfo read the E01, and its bytes are the image's"""
        run("ewfverify", "-q", self.folder / "disk.E01")
        assert "EX-1" in run("ewfinfo", self.folder / "disk.E01").stdout
        run("ewfexport", "-q", "-u", "-f", "raw", "-t", self.folder / "again", self.folder / "disk.E01")
        assert run("sha256sum", self.folder / "again.raw").stdout.split()[0] == self.disk.ideal

    def raw(self):
        """sha256sum agrees with the raw file's own"""
        run("sha256sum", "--quiet", "-c", "disk.raw.sha256", cwd=self.folder)
        assert run("sha256sum", self.folder / "disk.raw").stdout.split()[0] == self.disk.ideal

    def by_hand(self):
        """each command of VERIFY.txt works as it is pasted, the script's among them"""
        commands = re.findall("^       (.*)$", (self.theirs / "VERIFY.txt").read_text(), re.M)
        said = ""
        for command in commands:
            done = run("bash", "-c", command, cwd=self.theirs, environment={
                "ROOTS": str(self.roots), "TSA_ROOTS": str(self.tsa_roots), "TOOLS": str(SOURCE / "tools")})
            said += done.stdout + done.stderr
        assert f"{self.disk.ideal}  -" in said and "Verification: OK" in said and "\nsound\n" in said, said
        assert said.count("CMS Verification successful") >= 5, said

    def custody(self):
        """the log tells the whole day, and holds together"""
        done = evidence("custody", "verify", self.theirs, "--roots", self.roots)
        shown = evidence("custody", "show", self.theirs).stdout
        for kind in ("acquired", "sealed", "handover-given", "handover-received", "exported"):
            assert kind in shown, (kind, shown, done.stdout)

    def gaps(self):
        """what of the 60 rows this day does not show is listed, each with what to do"""
        found = json.loads(evidence("gaps", self.case, "--json", code=None).stdout)
        rows = found["rows"]
        assert len(rows) == 60, len(rows)
        print("measured: rows of 27037 in the story's case: " + ", ".join(
            f"{sum(r['state'] == s for r in rows)} {s}" for s in sorted({r["state"] for r in rows})))


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-story-"))
    day = Day(folder)
    try:
        for part in (day.arrives, day.acquired, day.sealed, day.handed_over, day.exported, day.ewf, day.raw,
                     day.by_hand, day.custody, day.gaps):
            try:
                part()
                say(part.__doc__)
            except AssertionError as why:
                say(part.__doc__, why)
    finally:
        if failures:
            print(f"# kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
