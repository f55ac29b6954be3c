#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin evidence while memory runs out, the disk is full or broken, or the process dies, call by
call. What was acknowledged is there; what is there is whole or says that it is not; the same command
again comes to the end; no verdict is another one for it.

FAULT_EVERY=1: every call, not a sample. Arguments: names of steps, to run only these."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import faults
from faults import CLOSES, FILES, FROM_THERE_ON, KILLED, MEMORY, ONCE, SOURCE, sample

from centre_home import BUILD, TOCSIN, Workplace, finish, needs_programs, scenario

MOST_FILES, MOST_MEMORY = 4, 4
SOUND = re.compile(r"runtime error|Sanitizer")
WHO = ("--reason", "r", "--place", "p")
QUALITIES = ("--relevance", "r", "--reliability", "r", "--sufficiency", "s")
FULL = {f"{errno.errorcode[code]}, {name}": code << 8 | how
        for code, name, how in ((errno.ENOSPC, "from there on", FROM_THERE_ON),
                                (errno.EIO, "once", ONCE), (errno.EDQUOT, "once", ONCE))}
MANNERS = {**FULL, "killed": KILLED}
os.environ.pop("TOCSIN_IDENTITY", None)
if "TMPDIR" not in os.environ and os.access("/dev/shm", os.W_OK):
    os.environ["TMPDIR"] = "/dev/shm"  # what fails is told by the library: no disk need be waited for


def evidence(*words, code=0):
    done = subprocess.run([TOCSIN, "evidence", *map(str, words)], capture_output=True, text=True,
                          errors="replace", timeout=120, check=False)
    assert code is None or done.returncode == code, \
        (words, done.returncode, done.stdout[-800:], done.stderr[-800:])
    return done


def take_away(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


class Step:
    """A command, what it starts from, and what must be so behind it.

    state: what is copied before each run, as {copy: original}; made: what the command makes.
    right(ended, again): holds after each run; again: it was the second run, which must end well
    where `again_ends` is not given, which then judges what it said."""

    def __init__(self, name, words, right, state=None, made=(), again_ends=None, code=0, also=(),
                 first=None):
        self.name, self.words, self.right = name, [TOCSIN, "evidence", *words], right
        self.state, self.made, self.again_ends, self.code = state or {}, made, again_ends, code
        self.also, self.first = also, first

    def before(self):
        if self.first:
            self.first()
        for path in [*self.state, *self.made]:
            take_away(path)
            for left in path.parent.glob(path.name + ".*"):
                take_away(left)
        for copy, original in self.state.items():
            shutil.copytree(original, copy, symlinks=True)

    def run(self, place, what, k, how):
        self.before()
        done, calls, failed = place.faults.run(self.words, what, k, how, timeout=120)
        died = how & 255 == KILLED and done.returncode == -9
        assert died or (done.returncode >= 0 and not SOUND.search(done.stderr)), \
            f"it ended with {done.returncode}: {done.stderr[-800:]}"
        assert died or done.returncode in (self.code, 3, *self.also), \
            f"exit {done.returncode}: {done.stdout[-400:]} {done.stderr[-400:]}"
        assert died or done.returncode == self.code or done.stderr.strip(), "it does not say why"
        ended = done.returncode in (self.code, *self.also)
        self.right(ended, False)
        if not ended:
            again = evidence(*self.words[2:], code=None)
            if again.returncode != self.code and self.again_ends and self.again_ends(again):
                pass
            else:
                assert again.returncode == self.code, \
                    f"first {done.stderr[-300:]!r}, again exit {again.returncode}: {again.stderr[-500:]}"
                self.right(True, True)
        return ended, calls, failed

    def endures(self, place, what, manners, most):
        def endures():
            ended, calls, _ = self.run(place, what, 0, 0)
            assert ended and calls > 2, (ended, calls)
            for manner, how in manners.items():
                hit = 0
                for k in sample(calls, most):
                    try:
                        _, _, failed = self.run(place, what, k, how)
                        hit += failed > 0
                    except (AssertionError, subprocess.TimeoutExpired, OSError) as why:
                        raise AssertionError(f"call {k} of {calls}, {manner}: {why}") from why
                assert hit > 0, f"no call failed: {manner}"
        endures.__doc__ = f"{self.name}: " + ("memory runs out" if what == MEMORY else
                                              "the disk is full or broken, or the process dies")
        scenario(endures)


def sound(bundle):
    return evidence("verify", bundle)


def whole_or_incomplete(bundle):
    """A bundle that is done or that says that it is not; never one that looks done and is not."""
    def right(ended, _again):
        if ended:
            sound(bundle)
        elif bundle.exists() and not (bundle / "INCOMPLETE").exists() and any(bundle.iterdir()):
            left = [p.name for p in bundle.iterdir()]
            if all(n.startswith("INCOMPLETE.new-") for n in left):
                return
            done = evidence("verify", bundle, code=None)
            assert done.returncode == 0, f"no mark INCOMPLETE, and verify: {done.stdout[-500:]} {left}"
    return right


def exists_and_whole(bundle):
    """The second run finds the work done by the first, which died before it could say so."""
    def ends(again):
        return "there is something at" in again.stderr and sound(bundle)
    return ends


def records(holder):
    """What is in next/ was committed, and goes to its place with the next step."""
    return len({p.name for at in ("custody", "custody/next") for p in (holder / at).glob("[0-9]*.json")})


def log_holds(holder, least):
    done = evidence("custody", "verify", holder, code=None)
    assert done.returncode == 0, f"custody verify: {done.stdout[-600:]} {done.stderr[-300:]}"
    assert records(holder) >= least, f"{records(holder)} records of {least}"


class Scene:
    """What the steps start from."""

    def __init__(self, folder):
        self.folder = folder
        self.disk, self.chosen = folder / "disk", folder / "chosen"
        self.disk.write_bytes(b"".join(b"%d\n" % (i * i) for i in range(300000))[:2499584])
        self.chosen.mkdir()
        for i in range(20):
            (self.chosen / f"f{i}").write_text(f"{i}\n" * i)
        for who, name in (("meyer", "A. Meyer"), ("lang", "C. Lang")):
            evidence("identity", folder / who, "--name", name, "--role", "DEFR", "--competence",
                     "GCFA, 2024-05-01")
        self.by, self.lang = ("--identity", folder / "meyer", *WHO), ("--identity", folder / "lang", *WHO)
        self.bundle = folder / "kept.evidence"
        evidence("acquire", self.disk, self.bundle, "--exhibit", "EX-1", *self.by, "--authority", "W")
        self.files = folder / "kept-files.evidence"
        evidence("files", self.chosen, self.files, "--exhibit", "EX-2", *self.by, "--authority", "W")
        self.case = folder / "kept-case"
        evidence("case", "new", self.case, "--person-in-charge", "B. Huber", "--contact", "+43 1",
                 "--authority", "W", "--authority-covers", "EX-*", "--authority-expires", "2099-12-31",
                 *self.by)
        evidence("exhibit", "add", self.case, "--source-type", "static", "--description", "stick",
                 *self.by)
        evidence("arrive", self.case / "exhibits/EX-1", "--power", "off", "--condition", "good", *self.by)
        evidence("acquire", self.disk, "disk.evidence", "--case", self.case, "--exhibit", "EX-1",
                 *self.by)
        self.given = folder / "kept-given"
        shutil.copytree(self.case, self.given)
        self.give = ("--to", "C. Lang", "--packaging", "bag", "--seal-number", "A-1", "--carrier",
                     "in person")
        evidence("give", self.given / "exhibits/EX-1", *self.give, *self.by)
        self.received = folder / "kept-received"
        shutil.copytree(self.given, self.received)
        evidence("receive", self.received / "exhibits/EX-1", "--condition", "ok", "--seal-number", "A-1",
                 "--receipt", folder / "kept-receipt", *self.lang)


def steps_of_bundles(s):
    """acquire, import, files, seal"""
    folder = s.folder
    made = folder / "made"
    evidence("export", s.bundle, folder / "kept.E01", "--format", "e01", "--unrecorded", "t")
    archive = folder / "kept.zip"
    with zipfile.ZipFile(archive, "w") as z:
        for i in range(5):
            z.writestr(f"f{i}", "text\n" * i)
    first = next(p for p in (folder / "kept.E01.E01", folder / "kept.E01") if p.exists())
    yield Step("acquire", ["acquire", s.disk, made, "--exhibit", "EX-1", *s.by, "--authority", "W"],
               whole_or_incomplete(made), made=[made], again_ends=exists_and_whole(made))
    for name, source in (("raw", s.disk), ("E01", first), ("ZIP", archive)):
        yield Step(f"import {name}", ["import", source, made, "--given-by", "B. Lind", "--exhibit", "EX-1",
                                      *s.by, "--authority", "W"],
                   whole_or_incomplete(made), made=[made], again_ends=exists_and_whole(made))
    yield Step("files", ["files", s.chosen, made, "--exhibit", "EX-2", *s.by, "--authority", "W"],
               whole_or_incomplete(made), made=[made], again_ends=exists_and_whole(made))

    def sealed(ended, again):
        done = evidence("verify", made, code=None)
        if ended:
            assert done.returncode == 0 and "NOT SEALED" not in done.stdout, done.stdout
            log_holds(made, 2)
            newest = sorted([made / "seal/seal.json", *made.glob("seal/[0-9]*/seal.json")],
                            key=lambda at: at.parent.name if at.parent.name != "seal" else "")[-1]
            count = json.loads(newest.read_text())["custody"]["count"]
            assert count == records(made), f"the seal names {count} of {records(made)} records"
        else:
            assert done.returncode == 0 or "begun and broken off" in done.stdout, done.stdout
            evidence("custody", "verify", made)
        del again

    yield Step("seal", ["seal", made, *s.by, *QUALITIES, "--tsa-none"], sealed, state={made: s.bundle})


def steps_of_custody(s):
    """give, receive, receipt, note, attach, copy, label"""
    made = s.folder / "case"
    exhibit = made / "exhibits/EX-1"
    kept = s.case / "exhibits/EX-1"

    def holds(more, of=None):
        of = of or kept
        return lambda ended, again: log_holds(exhibit, records(of) + (more if ended else 0))

    yield Step("give", ["give", exhibit, *s.give, *s.by], holds(1), state={made: s.case},
               again_ends=lambda again: "who has not signed for it yet" in again.stderr)
    receipt = s.folder / "receipt"

    def taken(ended, _again):
        log_holds(exhibit, records(kept) + 1 + ended)
        if ended:
            giver = s.folder / "giver"
            take_away(giver)
            shutil.copytree(s.given, giver)
            evidence("receipt", giver / "exhibits/EX-1", receipt, *s.by)

    yield Step("receive", ["receive", exhibit, "--condition", "ok", "--seal-number", "A-1", "--receipt",
                           receipt, *s.lang], taken, state={made: s.given}, made=[receipt])

    def taken_up(ended, _again):
        log_holds(exhibit, records(kept) + 1 + ended)

    yield Step("receipt", ["receipt", exhibit, s.folder / "kept-receipt", *s.by], taken_up, state={made: s.given},
               again_ends=lambda again: "receipt" in again.stderr or "open" in again.stderr)
    photo = s.folder / "photo.jpg"
    photo.write_bytes(b"\xff\xd8" + bytes(5000))
    yield Step("note", ["note", exhibit, "--text", "seen", *s.by], holds(1), state={made: s.case})
    yield Step("attach", ["attach", exhibit, "--file", photo, "--shows", "front", *s.by], holds(1),
               state={made: s.case})
    child = made / "exhibits/EX-1.7"
    copy = child / "disk.evidence"

    def copied(ended, _again):
        log_holds(exhibit / "disk.evidence", 1)
        if ended:
            sound(copy)
            log_holds(child, 1)
        elif copy.exists():
            assert not evidence("verify", copy, code=None).stderr

    yield Step("copy", ["copy", exhibit / "disk.evidence", "--id", "EX-1.7", *s.by], copied,
               state={made: s.case},
               again_ends=lambda again: "already" in again.stderr and sound(copy))
    yield Step("case new", ["case", "new", made, "--person-in-charge", "B", "--contact", "1", "--authority",
                            "W", "--authority-expires", "2099-12-31", "--authority-covers", "*", *s.by],
               lambda ended, _: log_holds(made, 1) if ended else None, made=[made],
               again_ends=lambda again: "already" in again.stderr and log_holds(made, 1) is None)
    yield Step("exhibit add", ["exhibit", "add", made, "--source-type", "static", "--description", "d",
                               "--id", "EX-9", *s.by],
               lambda ended, _: log_holds(made / "exhibits/EX-9", 1) if ended else None,
               state={made: s.case},
               again_ends=lambda again: "already" in again.stderr and log_holds(made / "exhibits/EX-9", 1) is None)


def steps_of_results(s):
    """export, disclose, report, case export, record"""
    folder, made = s.folder, s.folder / "bundle"
    want = s.disk.read_bytes()
    free = ("--unrecorded", "a test")

    def raw(ended, _again):
        out = folder / "out.raw"
        assert out.exists() or not ended, "no file"
        if out.exists():
            assert out.read_bytes() == want, "another file"
        if ended:
            subprocess.run(["sha256sum", "-c", "--quiet", "out.raw.sha256"], cwd=folder, check=True)
            assert not list(folder.glob("out.raw*.part*")), list(folder.glob("out.raw*"))

    yield Step("export raw", ["export", s.bundle, folder / "out.raw", *free], raw, made=[folder / "out.raw"],
               again_ends=lambda again: "already" in again.stderr and raw(False, True) is None)

    def foreign(name):
        def right(ended, _again):
            out = folder / name
            assert out.exists() or not ended, "no file"
            if out.exists() and name.endswith("E01"):
                back = folder / "back"
                take_away(back)
                evidence("import", out, back, "--given-by", "B", "--exhibit", "EX-1")
                evidence("export", back, folder / "back.raw", *free)
                assert (folder / "back.raw").read_bytes() == want, "another image"
                for left in folder.glob("back.raw*"):
                    take_away(left)
            elif out.exists():
                assert zipfile.ZipFile(out).testzip() is None
        return right

    for form in ("E01", "aff4"):
        out = folder / f"out.{form}"
        yield Step(f"export {form}", ["export", s.bundle, out, "--format", form.lower(), *free],
                   foreign(out.name), made=[out], again_ends=lambda again: "already" in again.stderr)

    def recorded(ended, again):
        raw(ended, again)
        log_holds(made, 1 + ended)

    yield Step("export, which is recorded", ["export", made, folder / "out.raw", *s.by], recorded,
               state={made: s.bundle}, made=[folder / "out.raw"],
               again_ends=lambda again: "already" in again.stderr)
    shown = folder / "shown"

    def disclosed(ended, _again):
        if shown.exists():
            done = evidence("verify", shown, code=None)
            assert done.returncode == 0 or not ended, done.stdout
            assert done.returncode != 0 or sorted(p.name for p in (shown / "shown").iterdir()), done.stdout

    for name, of, words in (("an image", s.bundle, ["--range", "0:10", "--range", "2400000:5"]),
                            ("files", s.files, ["--files", "*/f1*"])):
        yield Step(f"disclose of {name}", ["disclose", of, "-o", shown, *words, *free], disclosed,
                   made=[shown], again_ends=lambda again: "already" in again.stderr and sound(shown))
    page = folder / "report.html"

    def reported(ended, _again):
        assert page.exists() or not ended
        if page.exists():
            assert page.read_text().rstrip().endswith("</html>"), "a part of a page"

    told = folder / "reported"
    yield Step("report", ["report", told, "-o", page, *s.by], reported, state={told: s.case}, made=[page])
    ers, query, answer = folder / "r.ers", folder / "q", folder / "a"
    authority, times = BUILD / "tests/unit/time_authority", ("1700000000", "2500000000")
    subprocess.run([authority, "root", folder, *times], check=True)
    subprocess.run([authority, "new", folder, "one", *times], check=True)
    evidence("record", "make", s.bundle, "-o", ers, "--query", query)
    subprocess.run([authority, "reply", folder, "one", "1800000000", query, answer], check=True)

    def record_whole(ended, _again):
        assert ers.exists() or not ended
        if ers.exists():
            evidence("record", "verify", ers, s.bundle, "--tsa-roots", folder / "root.pem", "--at",
                     "2030-01-01")

    yield Step("record make", ["record", "make", s.bundle, "-o", ers, "--response", answer], record_whole,
               made=[ers], again_ends=lambda again: "already" in again.stderr or "exists" in again.stderr)


def steps_of_verdicts(s):
    """What only reads: the verdict is the same, or there is none."""
    damaged = s.folder / "damaged.evidence"
    shutil.copytree(s.bundle, damaged)
    segment = damaged / "data/image-00001.gz"
    content = bytearray(segment.read_bytes())
    content[1000] ^= 1
    segment.write_bytes(content)
    nothing = lambda ended, again: None
    told = s.folder / "told-of"
    shutil.copytree(s.case, told)
    for name, words, code in (("verify", ["verify", s.bundle], 0), ("verify, damaged", ["verify", damaged], 1),
                              ("verify of files", ["verify", s.files], 0),
                              ("custody verify", ["custody", "verify", s.received / "exhibits/EX-1"], 0),
                              ("gaps", ["gaps", s.received], None), ("handovers", ["handovers", s.given], None),
                              ("case export", ["case-export", told, *s.by], None),
                              ("report as text", ["report", told, *s.by], None)):
        if code is None:
            code = evidence(*words, code=None).returncode
        assert code in (0, 1), (words, evidence(*words, code=None))
        yield Step(name, words, nothing, state={told: s.case} if told in words else None, code=code)


def steps_of_the_machine(s):
    """live, identity"""
    made = s.folder / "live"
    words = ["live", made, "--only", "mounts", "--only", "modules", "--exhibit", "EX-3", *s.by,
             "--authority", "W"]
    code = evidence(*words, code=None).returncode
    take_away(made)
    yield Step("live", words, whole_or_incomplete(made), made=[made], code=code, also=(1 - code,),
               again_ends=lambda again: "was broken off in" in again.stderr or
               exists_and_whole(made)(again))
    who = s.folder / "who"

    def usable(ended, _again):
        if ended:
            subprocess.run(["openssl", "pkey", "-in", who / "key.pem", "-noout"], check=True)
            subprocess.run(["openssl", "x509", "-in", who / "chain.pem", "-noout"], check=True)

    yield Step("identity", ["identity", who, "--name", "D", "--role", "DES", "--competence", "c, 2024-05-01"],
               usable, made=[who], again_ends=lambda again: "take it away" in again.stderr or
               ("key.pem is there already" in again.stderr and usable(True, True) is None))


def steps_with_a_centre(s):
    """register: what was acknowledged is in the journal, and its proof in the folder"""
    exhibit = s.folder / "told/exhibits/EX-1"
    shutil.copytree(s.case, s.folder / "told")

    def told(ended, _again):
        log_holds(exhibit, 1)
        if ended:
            known = evidence("registered", "--home", s.centre.home).stdout
            assert "EX-1" in known and str(records(exhibit)) in known, known

    yield Step("register", ["register", exhibit, "--home", s.centre.home], told,
               first=lambda: evidence("note", exhibit, "--text", "seen", *s.by))


def main():
    needs_programs()
    wanted = sys.argv[1:]
    with Workplace("evidence-faults") as place:
        place.faults = faults.Faults(place.folder)
        scene = Scene(place.folder)
        scene.centre = place.centre().start()
        for steps in (steps_of_bundles, steps_of_custody, steps_of_results, steps_of_the_machine,
                      steps_with_a_centre, steps_of_verdicts):
            for step in steps(scene):
                if wanted and step.name not in wanted:
                    continue
                if steps is not steps_of_verdicts:
                    step.endures(place, FILES | CLOSES, MANNERS, MOST_FILES)
                step.endures(place, MEMORY, {"once": ONCE, "from there on": FROM_THERE_ON}, MOST_MEMORY)
    finish()


if __name__ == "__main__":
    main()
