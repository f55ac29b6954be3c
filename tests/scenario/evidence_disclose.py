#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin evidence disclose: a part of a sealed bundle, proven without the rest, by the program, by
tools/verify_disclosure.py and by hand; what is changed is found, and nothing that was not chosen is
in it."""

import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
SCRIPT = SOURCE / "tools/verify_disclosure.py"
CHUNK = 1 << 20
failures = 0
tests = []


def test(name):
    def add(function):
        tests.append((name, function))
        return function
    return add


def run(*words, code=0):
    done = subprocess.run([TOCSIN, "evidence", *words], capture_output=True, text=True, check=False)
    assert done.returncode == code, (words, done.returncode, done.stdout[-1500:], done.stderr)
    return done


class Person:
    def __init__(self, folder):
        self.folder = folder / "meyer"
        run("identity", self.folder, "--name", "A. Meyer", "--role", "DEFR", "--competence",
            "GCFA, 2024-05-01", "--organisation", "Example")
        self.roots = self.folder / "chain.pem"
        self.who = ["--identity", self.folder, "--place", "Vienna", "--reason", "incident 7",
                    "--authority", "warrant 9", "--authority-scope", "all"]

    def seal(self, bundle):
        run("seal", bundle, "--tsa-none", "--relevance", "a", "--reliability", "b", "--sufficiency",
            "c", *self.who)
        run("verify", bundle, *self.who)  # the gate of row 44


def image(folder, person, chunks=9):
    source = folder / "disk.img"
    data = bytearray(random.Random(4).randbytes(chunks * CHUNK - 700))
    data[5 * CHUNK:7 * CHUNK] = bytes(2 * CHUNK)  # what anybody would guess
    source.write_bytes(data)
    bundle = folder / "disk.evidence"
    run("acquire", source, bundle, "--exhibit", "EX-1", "--examiner", "A. Meyer")
    person.seal(bundle)
    return bundle, bytes(data)


def verdict(folder, person=None, code=0):
    words = ["--roots", person.roots] if person else []
    return json.loads(run("verify", folder, "--json", *words, code=code).stdout)


def script(folder, person=None, code=0):
    done = subprocess.run([sys.executable, SCRIPT, *(["--roots", person.roots] if person else []),
                           folder], capture_output=True, text=True, check=False)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout


def climb_by_hand(part, trees):
    """RFC 9162 section 2.1.3.2 with sha256sum and xxd, as VERIFY.txt tells."""
    def sum_of(text):
        return subprocess.run(["bash", "-c", f"printf {text} | xxd -r -p | sha256sum | cut -c1-64"],
                              capture_output=True, text=True, check=True).stdout.strip()
    count = -(-trees["bytes"] // trees["chunk_bytes"])
    node, number, last = sum_of("00" + part["salt"] + part["sha256"]), part["number"], count - 1
    for other in part["proof"]:
        if number & 1 or number == last:
            node = sum_of("01" + other + node)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            node = sum_of("01" + node + other)
        number, last = number >> 1, last >> 1
    return node


def everything(folder):
    return b"".join(f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file())


# 27037 row 49: need to know
@test("ranges of a sealed image are proven without the rest, three ways")
def ranges(folder):
    person = Person(folder)
    bundle, data = image(folder, person)
    out = folder / "part.evidence"
    (folder / "blocks").write_text("# of a file\n4194304 4096\n4198400 512\n")
    run("disclose", bundle, "--range", f"{CHUNK - 10}:20", "--range", f"{9 * CHUNK - 701}:1",
        "--ranges-from", folder / "blocks", "-o", out, *person.who)
    v = verdict(out, person)
    assert v["sound"] and v["sealed"] and v["signer_vouched"] and not v["stamped"], v
    assert [s["what"] for s in v["shown"]] == \
        [f"bytes {n * CHUNK} to {min((n + 1) * CHUNK, len(data)) - 1} of the image"
         for n in (0, 1, 4, 8)]
    said = json.loads((out / "disclosure.json").read_bytes())
    for part in said["chunks"]:
        n = part["number"]
        assert (out / part["file"]).read_bytes() == data[n * CHUNK:(n + 1) * CHUNK]
        trees = json.loads((out / "sealed/tree.json").read_bytes())["image"]
        assert climb_by_hand(part, trees) == trees["root"]
    text = script(out, person)
    assert "sealed; vouched for" in text and text.endswith("sound\n"), text
    assert "NOBODY VOUCHES" in run("verify", out).stdout
    # recorded in the bundle's log, and refused without a record
    log = run("custody", "show", bundle).stdout
    assert "disclosed" in log, log
    run("disclose", bundle, "--range", "0:1", "-o", folder / "x", code=3)
    assert not (folder / "x").exists()
    # wrong wishes
    for wish in ("0:0", "x", "5", f"{9 * CHUNK}:1", "-1:5", "1:-5"):
        run("disclose", bundle, "--range", wish, "-o", folder / "y", *person.who, code=2)
    run("disclose", bundle, "--range", "0:1", "-o", out, *person.who, code=3)
    run("disclose", bundle, "-o", folder / "z", *person.who, code=2)


@test("nothing that was not chosen is in it, nor a hash that a guess could be held against")
def silent(folder):
    person = Person(folder)
    bundle, data = image(folder, person)
    out = folder / "part.evidence"
    run("disclose", bundle, "--range", f"{4 * CHUNK}:1", "-o", out, *person.who)
    whole = everything(out)
    table = (bundle / "data/image.chunks").read_bytes()
    assert table[32:64] not in whole and table[32:64].hex().encode() not in whole  # the seed
    hidden = [n for n in range(9) if n != 4]
    for n in hidden:
        digest = hashlib.sha256(data[n * CHUNK:(n + 1) * CHUNK]).digest()
        for value in (digest, hashlib.sha256(b"\0" + digest).digest()):
            assert value not in whole and value.hex().encode() not in whole, n
        assert data[n * CHUNK:n * CHUNK + 64] not in whole or n in (5, 6)
    # the two chunks of zeros have leaves that differ, and no leaf is one of a guess without its salt
    part = json.loads((out / "disclosure.json").read_bytes())["chunks"][0]
    assert len(set(part["proof"])) == len(part["proof"])
    other = folder / "other.evidence"
    run("disclose", bundle, "--range", f"{6 * CHUNK}:1", "-o", other, *person.who)
    assert json.loads((other / "disclosure.json").read_bytes())["chunks"][0]["salt"] != part["salt"]
    # names and seeds of other files
    for name in ("disk.img", "image-00001", str(folder)):
        assert name.encode() not in whole, name


@test("every change of a disclosure is found, by the program and by the script")
def changed(folder):
    person = Person(folder)
    bundle, _ = image(folder, person, chunks=3)
    out = folder / "part.evidence"
    run("disclose", bundle, "--range", f"{CHUNK}:1", "--files", "map.txt*", "-o", out, *person.who,
        code=3)  # map.txt is not below data/: no pattern of that name
    shutil.rmtree(out, ignore_errors=True)
    run("disclose", bundle, "--range", f"{CHUNK}:1", "-o", out, *person.who)
    assert verdict(out, person)["sound"]
    chance = random.Random(2)
    files = [f for f in out.rglob("*") if f.is_file() and f.name not in ("VERIFY.txt", "chain.pem")]
    for file in files:
        whole = file.read_bytes()
        for _ in range(12):
            data = bytearray(whole)
            at = chance.randrange(len(data))
            data[at] ^= 1 << chance.randrange(8)
            file.write_bytes(data)
            v = subprocess.run([TOCSIN, "evidence", "verify", out, "--roots", person.roots],
                               capture_output=True, check=False)
            # "asked" and the names of members that nobody reads are the discloser's own words
            if v.returncode == 0:
                assert file.name == "disclosure.json", (file, at)
                continue
            assert v.returncode == 1, v
        file.write_bytes(whole)
    said = json.loads((out / "disclosure.json").read_bytes())
    for change in (lambda p: p.update(number=p["number"] + 1), lambda p: p.update(number=0),
                   lambda p: p["proof"].pop(), lambda p: p["proof"].append("00" * 32),
                   lambda p: p.update(salt="00" * 32), lambda p: p.update(number=1 << 62)):
        wrong = json.loads(json.dumps(said))
        change(wrong["chunks"][0])
        (out / "disclosure.json").write_text(json.dumps(wrong))
        verdict(out, person, code=1)
        script(out, person, code=1)
    (out / "disclosure.json").write_text(json.dumps(said))
    assert verdict(out, person)["sound"]
    (out / "shown/more").write_text("slipped in")
    assert any("no proof" in p for p in verdict(out, person, code=1)["problems"])
    script(out, person, code=1)
    (out / "shown/more").unlink()
    # the seal of another bundle
    other = folder / "other"
    (folder / "small").write_bytes(b"x" * 5000)
    run("acquire", folder / "small", other)
    person.seal(other)
    for name in ("seal.json", "seal.p7s"):
        shutil.copy(other / "seal" / name, out / "sealed" / name)
    assert any("something else" in p for p in verdict(out, person, code=1)["problems"])
    script(out, person, code=1)


@test("files of a logical bundle are shown with what the file system said of them")
def logical(folder):
    person = Person(folder)
    tree = folder / "home"
    (tree / "secret").mkdir(parents=True)
    (tree / "log.txt").write_text("the line that matters\n")
    (tree / "note.txt").write_text("another\n")
    (tree / "secret/pin").write_text("1234\n")
    bundle = folder / "files.evidence"
    run("files", tree, bundle, "--reason", "the warrant is for logs", code=0)
    person.seal(bundle)
    out = folder / "log.evidence"
    run("disclose", bundle, "--files", "*/log.txt", "-o", out, *person.who)
    v = verdict(out, person)
    assert v["sound"] and len(v["shown"]) == 1 and v["shown"][0]["what"].endswith("/log.txt"), v
    assert (out / v["shown"][0]["file"]).read_text() == "the line that matters\n"
    assert "log.txt" in script(out, person)
    whole = everything(out)
    for hidden in (b"note.txt", b"secret", b"another", b"1234\n",
                   hashlib.sha256(b"1234\n").hexdigest().encode()):
        assert hidden not in whole, hidden
    for seed in ("data/files.seed", "data/records.seed"):
        assert (bundle / seed).read_bytes().hex().encode() not in whole
    # by names of the manifest, and with a pattern that would take everything: never the seeds
    run("disclose", bundle, "--files", "*", "-o", folder / "all", *person.who)
    for seed in ("data/files.seed", "data/records.seed"):
        assert (bundle / seed).read_bytes() not in everything(folder / "all")
    assert verdict(folder / "all", person)["sound"]
    script(folder / "all", person)
    run("disclose", bundle, "--files", "*/nothing", "-o", folder / "none", *person.who, code=3)


@test("a disclosure that fails leaves nothing behind, and is nowhere to be seen before it holds")
def fails(folder):
    person = Person(folder)
    bundle, _ = image(folder, person)
    before = set(folder.iterdir())
    out = folder / "part.evidence"
    run("disclose", bundle, "--files", "nothing-like-this", "-o", out, *person.who, code=3)
    assert set(folder.iterdir()) == before
    # in the middle of it: the second chunk is damaged
    segment = bundle / "data/image-00001.gz"
    segment.chmod(0o600)
    data = bytearray(segment.read_bytes())
    data[CHUNK + 5000] ^= 1
    segment.write_bytes(data)
    run("disclose", bundle, "--range", "0:1", "--range", f"{CHUNK}:1", "-o", out, *person.who, code=1)
    assert set(folder.iterdir()) == before
    data[CHUNK + 5000] ^= 1
    segment.write_bytes(data)
    # what was there before is not taken away
    part = folder / "part.evidence.part"
    part.mkdir()
    (part / "mine").write_text("kept")
    done = run("disclose", bundle, "--range", "0:1", "-o", out, *person.who, code=3)
    assert "in the way" in done.stderr and (part / "mine").read_text() == "kept" and not out.exists()
    shutil.rmtree(part)
    run("disclose", bundle, "--range", "0:1", "-o", f"{out}/", *person.who)
    assert set(folder.iterdir()) == before | {out} and verdict(out, person)["sound"]
    run("disclose", bundle, "--range", "0:1", "-o", folder / "new/folders/part.evidence", *person.who)
    # a link in the bundle hands out nothing from elsewhere
    (folder / "secret").write_text("of this machine")
    (bundle / "seal/tsa.pem").symlink_to(folder / "secret")
    done = subprocess.run([TOCSIN, "evidence", "disclose", bundle, "--range", "0:1", "-o", folder / "leak",
                           *person.who], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and not (folder / "leak").exists(), done


def main():
    global failures
    for name, function in tests:
        if sys.argv[1:] and not any(w in name for w in sys.argv[1:]):
            continue
        place = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-disclose-"))
        try:
            function(place)
            print("ok", name, flush=True)
        except Exception as why:  # pylint: disable=broad-except
            failures += 1
            line = why.__traceback__
            while line.tb_next and line.tb_next.tb_frame.f_code.co_filename == __file__:
                line = line.tb_next
            print("not ok", name, "—", type(why).__name__, str(why)[:1800],
                  f"(line {line.tb_lineno})", flush=True)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
