#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""Evidence in the hands of an ordinary user: with any umask, on media that cannot be written to, and of
folders that he may read and not write. Needs root, to become another user and to mount."""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys

import evidence_scenario
from evidence_scenario import Skipped, test
from evidence_custody import SOURCE, TOCSIN

NOBODY = 65534
WHY = ("--reason", "r", "--place", "p", "--authority", "A")
os.environ.pop("TOCSIN_IDENTITY", None)


def as_nobody(umask):
    def become():
        os.umask(umask)
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    return become


def run(folder, *words, umask=0o022, code=0, root=False):
    done = subprocess.run([folder / "tocsin", "evidence", *map(str, words)], cwd=folder / "home", text=True,
                          preexec_fn=None if root else as_nobody(umask), capture_output=True, check=False)
    assert code is None or done.returncode == code, (words, done.returncode, done.stdout[-600:], done.stderr[-600:])
    return done


def before():
    if os.geteuid() != 0:
        raise Skipped("only root becomes another user")


def home(folder):
    """A place of the user's own; the program beside it, as the build may lie where he may not look."""
    for above in [folder, *folder.parents][:2]:
        above.chmod(0o755)
    shutil.copy(TOCSIN, folder / "tocsin")
    (folder / "home").mkdir()
    os.chown(folder / "home", NOBODY, NOBODY)
    return folder / "home"


def work(folder, umask):
    at = folder / "home"
    (at / "disk").write_bytes(os.urandom(512 * 700))
    (at / "disk").chmod(0o644)
    (at / "few").mkdir()
    (at / "few/a").write_text("a")
    who = ("--identity", "me", *WHY)

    def does(*words, code=0):
        return run(folder, *words, *who, umask=umask, code=code)

    run(folder, "identity", "me", "--name", "M", "--role", "DEFR", "--competence", "GCFA, 2024-05-01", umask=umask)
    run(folder, "identity", "you", "--name", "Y", "--role", "DEFR", "--competence", "GCFA, 2024-05-01", umask=umask)
    does("case", "new", "case", "--person-in-charge", "B", "--contact", "1")
    does("exhibit", "add", "case", "--source-type", "static", "--description", "d", "--photo", "disk")
    does("acquire", "disk", "d.evidence", "--case", "case", "--exhibit", "EX-1")
    bundle = "case/exhibits/EX-1/d.evidence"
    does("files", "few", "f.evidence", "--exhibit", "EX-2")
    does("live", "l.evidence", "--only", "mounts", "--only", "modules", "--exhibit", "EX-3")
    does("seal", bundle, "--tsa-none", "--relevance", "a", "--reliability", "b", "--sufficiency", "c")
    does("verify", bundle)
    does("export", bundle, "out.raw")
    does("export", bundle, "out.E01", "--format", "e01")
    does("import", "out.E01", "i.evidence", "--given-by", "B", "--exhibit", "EX-5")
    does("disclose", bundle, "-o", "shown", "--range", "0:10")
    does("wrap", bundle, "wrapped", "--to", "me/chain.pem")
    run(folder, "unwrap", "wrapped", "back.evidence", "--identity", "me", umask=umask)
    does("copy", bundle)
    does("report", "case", "-o", "r.html")
    does("case-export", "case", "-o", "c.jsonld")
    does("give", "case/exhibits/EX-1", "--to", "Y", "--packaging", "b", "--seal-number", "1", "--carrier", "c")
    run(folder, "receive", "case/exhibits/EX-1", "--condition", "c", "--seal-number", "1", "--receipt", "receipt",
        "--identity", "you", *WHY, umask=umask)
    does("receipt", "case/exhibits/EX-1", "receipt", code=1)  # it was received in the same folder
    return at


@test("an ordinary user does all of it, and with no umask can others write to it, nor read what is kept")
def umasks(folder):
    before()
    for umask in (0o077, 0o000, 0o022):
        at = home(folder)
        work(folder, umask)
        for path in at.rglob("*"):
            name = path.relative_to(at).parts
            if path.is_symlink() or name[0] in ("disk", "few"):
                continue
            mode = stat.S_IMODE(path.lstat().st_mode)
            assert not mode & 0o022, (oct(umask), path, oct(mode))
            public = name[0] == "shown" or name[-1] in ("chain.pem", "person.json", "VERIFY.txt") or \
                name[0].startswith("out.")
            assert public or not mode & 0o004, (oct(umask), path, oct(mode))
        shutil.rmtree(at)


@test("what may be read and not written to is verified, shown and reported, and opened by its receiver")
def read_only(folder):
    before()
    at = home(folder)
    work(folder, 0o022)
    kept, disk, spot = folder / "kept", folder / "fs", folder / "spot"
    shutil.copytree(at, kept)
    for path in [kept, *kept.rglob("*")]:
        os.chown(path, 0, 0)
        path.chmod(0o755 if path.is_dir() else 0o644)
    places = [kept]
    with open(disk, "wb") as f:
        f.truncate(96 << 20)
    spot.mkdir()
    mounted = subprocess.run(["mkfs.ext4", "-q", "-d", kept, disk], capture_output=True, check=False).returncode == 0 \
        and subprocess.run(["mount", "-o", "loop,ro", disk, spot], capture_output=True, check=False).returncode == 0
    places += [spot] if mounted else []
    try:
        for place in places:
            for root in (False, True) if place == spot else (False,):
                bundle, case = place / "case/exhibits/EX-1/d.evidence", place / "case"
                for words in (["verify", bundle], ["verify", place / "shown"], ["verify", place / "f.evidence"],
                              ["custody", "verify", case], ["custody", "show", case], ["handovers", case],
                              ["recheck", case, "--list"], ["label", case / "exhibits/EX-1"]):
                    run(folder, *words, root=root)
                run(folder, "gaps", case, root=root, code=1)
                done = run(folder, "report", case, "--unrecorded", "x", root=root)
                assert "no note could be left" in done.stderr and "Exhibit EX-1" in done.stdout
                # with a name: the verdict is told, and that it is not recorded
                done = run(folder, "verify", bundle, "--identity", "me", *WHY, root=root, code=3)
                assert ": sound" in done.stdout and "was not recorded" in done.stderr, done
                out = at / "opened"
                run(folder, "unwrap", place / "wrapped", out, "--identity", "me", root=root)
                run(folder, "verify", out, root=root)
                shutil.rmtree(out)
                script = subprocess.run([sys.executable, SOURCE / "tools/verify_evidence.py", bundle],
                                        capture_output=True, text=True, check=False)
                assert script.stdout.endswith("sound\n") and script.returncode == 0, script
    finally:
        if mounted:
            subprocess.run(["umount", spot], check=True)
    if not mounted:
        raise Skipped("no file system could be mounted read-only; folders without the right to write were tried")


@test("the self-test of who is not root fails in nothing")
def selftest(folder):
    before()
    home(folder)
    done = run(folder, "selftest", "-o", "report.json", code=None)
    report = json.loads((pathlib.Path(folder) / "home/report.json").read_text())
    failed = [a for a in report["assertions"] if a["outcome"] == "fail"]
    assert not failed and done.returncode == 0, (failed, done.stdout[-500:])


if __name__ == "__main__":
    evidence_scenario.main()
