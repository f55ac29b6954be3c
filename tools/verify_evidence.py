#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies a bundle of evidence (docs/formats-evidence.md) offline: [--roots PEM] [--tsa-roots PEM] FOLDER.

Written from that text with Python and `openssl`; shares no code with tocsin (evidence_revocation.py, which
reads revocation lists and OCSP answers, lies beside it). Every file is held against
the manifests, every chunk against the table and the hash tree, the custody log and each seal against
themselves, signatures and time-stamps by openssl. Names what is damaged, missing, added or cut, and where.
Without roots, signatures are checked, and who vouches for them is not.
Exit code: 0 sound, 1 not, 2 wrong usage, 3 could not find out."""

import argparse
import base64
import hashlib
import json
import os
import pathlib
import re
import stat
import subprocess
import sys
import tempfile
import zlib

try:
    import evidence_revocation as revocation
except ImportError:  # it lies beside this file
    revocation = None

RECORD, HEADER = 48, 64
problems = []
facts = []


def problem(what, text):
    problems.append(f"{what}: {text}")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def file_sha(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def regular(path):
    """A file, and no link that stands for one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def read(folder, name, most=64 << 20):
    path = folder / name
    if not regular(path):
        problem(name, "it is not there, or is no file")
        return None
    if path.stat().st_size > most:
        problem(name, f"it has over {most} bytes")
        return None
    return path.read_bytes()


def parse(name, raw):
    def members(pairs):
        if len({k for k, _ in pairs}) != len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)
    try:
        value = json.loads(raw, object_pairs_hook=members)
        if isinstance(value, dict):
            return value
        problem(name, "it is no JSON object")
    except (ValueError, RecursionError) as e:
        problem(name, f"it is no JSON: {e}")
    return {}


# Manifests (RFC 8493)

def manifest(folder, name):
    """{name: SHA-256} of the lines, in their order."""
    raw, found = read(folder, name, 1 << 32), {}
    for number, line in enumerate((raw or b"").decode("utf-8", "surrogateescape").split("\n")[:-1], 1):
        m = re.fullmatch("([0-9a-f]{64})  (.+)", line)
        part = re.sub("%(0A|0D|25)", lambda x: chr(int(x[1], 16)), m[2]) if m else ""
        if not m or part.startswith("/") or ".." in part.split("/") or part in found:
            problem(f"{name} line {number}", "no line of a manifest, or a name that leads elsewhere, or twice")
        else:
            found[part] = m[1]
    if raw and raw[-1:] != b"\n":
        problem(name, "it ends in the middle of a line")
    return found


def check_files(folder, listed):
    for name, digest in listed.items():
        if not regular(folder / name):
            problem(name, "it is listed, and is not there, or is no file")
        elif file_sha(folder / name) != digest:
            problem(name, "it is not the file that the manifest lists")
    for root, folders, files in os.walk(folder):
        below = pathlib.Path(root).relative_to(folder)
        for name in files + [x for x in folders if os.path.islink(os.path.join(root, x))]:
            path = str(below / name)
            if path.split("/")[0] not in ("custody", "seal") and path not in listed and \
                    path != "tagmanifest-sha256.txt":
                problem(path, "no manifest lists this file: it was added")


# Trees (RFC 9162 section 2.1, over salted leaves)

def tree(hashes, seed):
    stack = []  # (leaves, root) of full subtrees, the largest first
    for i, digest in enumerate(hashes):
        stack.append((1, sha(b"\0", sha(seed, i.to_bytes(8, "big")), digest)))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            (n, left), (_, right) = stack[-2:]
            stack[-2:] = [(2 * n, sha(b"\1", left, right))]
    root = stack.pop()[1] if stack else sha()
    while stack:
        root = sha(b"\1", stack.pop()[1], root)
    return root.hex()


# Image

def unpack(stored, length, packed):
    if not packed:
        return stored
    try:
        machine = zlib.decompressobj(31)
        data = machine.decompress(stored, length + 1)
        return data if machine.eof and not machine.unused_data else None
    except zlib.error:
        return None


class Image:
    def __init__(self, folder, listed):
        self.table = read(folder, "data/image.chunks", 1 << 40) or b""
        head, number = self.table[:HEADER], lambda at, n: int.from_bytes(self.table[at:at + n], "big")
        self.good = len(head) == HEADER and head[:8] == b"TOCSINCH" and number(8, 2) == 1 and number(10, 2) == RECORD
        self.chunk, self.bytes, self.packed, self.seed = number(12, 4), number(16, 8), number(24, 1), head[32:]
        self.good = self.good and 4096 <= self.chunk <= 8 << 20
        self.count = -(-self.bytes // self.chunk) if self.good else 0
        if not self.good or len(self.table) != HEADER + RECORD * self.count:
            problem("data/image.chunks", "it is no table of chunks, or one that was cut")
            self.good = False
        self.folder, self.listed, self.hashes, self.damaged = folder, listed, [], 0

    def check(self):
        whole, segment, file, at, bad = hashlib.sha256(), 0, None, 0, 0
        for i in range(self.count):
            record = self.table[HEADER + RECORD * i:][:RECORD]
            place, number = int.from_bytes(record[:8], "big"), int.from_bytes(record[8:12], "big")
            length, wanted = int.from_bytes(record[13:16], "big"), min(self.chunk, self.bytes - i * self.chunk)
            where = f"chunk {i}, bytes {i * self.chunk} to {i * self.chunk + wanted - 1} of the image"
            if number != segment:
                self.ends(file, segment, at)
                name = f"data/image-{number:05}.{'gz' if self.packed else 'raw'}"
                file = open(self.folder / name, "rb") if regular(self.folder / name) else None
                if number != segment + 1 or name not in self.listed:
                    problem(where, f"it lies in {name}, which is not the next segment")
                segment, at = number, 0
            if place != at:
                problem(where, "chunks do not lie one behind the other")
            stored = b""
            if file:
                file.seek(place)
                stored = file.read(length)
            data, at = unpack(stored, wanted, self.packed), place + length
            bad += record[12] >> 7
            if data is None or len(data) != wanted or sha(data) != record[16:]:
                problem(where, f"damaged; stored in segment {number} from byte {place} on, {length} bytes")
                self.damaged += 1
            else:
                whole.update(data)
            self.hashes.append(record[16:])
        self.ends(file, segment, at)
        self.root = tree(self.hashes, self.seed)
        self.sha256 = None if self.damaged else whole.hexdigest()
        facts.append(f"image: {self.bytes} bytes, {self.count} chunks, {self.damaged} damaged; {bad} had unreadable "
                     f"sectors when it was acquired; SHA-256 {self.sha256}")

    def ends(self, file, segment, at):
        if file:
            if os.fstat(file.fileno()).st_size != at:
                problem(f"segment {segment}", "there is something in the file besides the chunks")
            file.close()


def check_image(folder, payload, record, trees):
    image = Image(folder, payload)
    if not image.good:
        return
    image.check()
    said = record.get("image", {})
    if said.get("bytes") != image.bytes or image.sha256 not in (None, said.get("sha256")):
        problem("acquisition.json", "size or SHA-256 of the image are others")
    if image.root != said.get("tree_root") or image.root != trees.get("image", {}).get("root"):
        problem("data/image.chunks", "the hash tree over the chunks is not the one that was closed")


def check_lines(folder, what, name, seed):
    """A tree over the lines of a text."""
    lines, seed = read(folder, name, 1 << 32), read(folder, seed, 32)
    hashes = [sha(x) for x in (lines or b"").split(b"\n")[:-1]]
    if not what or what.get("count") != len(hashes) or what.get("root") != tree(hashes, seed or b""):
        problem("tree.json", f"the hash tree over the lines is not that of {name}")


# Read log (section 2.1)

def stretches(lines):
    """[(from, to, read)] of what lines of the log say, in their order."""
    for line in lines:
        outcome, at, calls = line.get("outcome"), line.get("from", 0), line.get("calls", 1)
        if "run" in line:
            yield 0, line["kept"], True
        elif outcome == "short" and line["pass"] and not line.get("summed"):
            yield at, at + line["got"] // (calls if line.get("order") == "again" else 1), True
        elif outcome and line["pass"] and not line.get("summed"):
            yield at, at + line["bytes"], outcome in ("good", "hole")


def not_read(lines, size, sector):
    """Ranges of sectors that were not read in the end; None: nothing is said of some bytes."""
    said = list(stretches(lines))
    cuts = sorted({0, size, *(x for s in said for x in s[:2])})
    place = {at: i for i, at in enumerate(cuts)}
    read, after = [None] * (len(cuts) - 1), list(range(len(cuts)))
    for start, end, good in reversed(said):  # the last one counts
        i = place[start]
        while True:
            path = []
            while after[i] != i:
                path.append(i)
                i = after[i]
            for k in path:
                after[k] = i
            if i >= place[end]:
                break
            read[i], after[i] = good, i + 1
    ranges = []
    for i, good in enumerate(read):
        if good is None:
            return None
        if not good:
            start, end = cuts[i] // sector * sector, min(size, -(-cuts[i + 1] // sector) * sector)
            if ranges and start <= ranges[-1][1]:
                start = ranges.pop()[0]
            ranges.append((start, end))
    return ranges


def check_reads(folder, payload, record):
    name, said = "data/reads.jsonl", record.get("reading", {}).get("log")
    if said is None and name not in payload:
        return  # from before there were read logs
    lines = [parse(name, x) for x in (read(folder, name, 1 << 32) or b"").split(b"\n")[:-1]]
    try:
        head, calls, last = lines[0], [x for x in lines if "outcome" in x], lines[-1]
        count = {"runs": sum("run" in x for x in lines), "lines": len(calls),
                 "calls": sum(x.get("calls", 0) for x in calls), "summed": any(x.get("summed") for x in calls)}
        for key, outcome in (("good", "good"), ("short", "short"), ("ended", "end"), ("failed", "error")):
            count[key] = sum(x["calls"] for x in calls if x["outcome"] == outcome)
        count["stalled"] = sum(x["stalled_calls"] if x.get("summed") else x.get("stalled", False) and x["calls"]
                               for x in calls if "calls" in x)
        if last != {"end": True, **count} or said != {"file": name, **count}:
            problem(name, "its numbers are not those of its last line and of acquisition.json")
        text = (read(folder, "map.txt") or b"").decode(errors="replace").splitlines()
        extents = [x.split() for x in text if x and x[0] != "#"][1:]
        listed = [(int(a, 16), int(a, 16) + int(n, 16)) for a, n, state in extents if state == "-"]
        if not count["summed"] and not_read(lines, head["bytes"], head["sector_bytes"]) != listed:
            problem(name, "the bytes that it says were not read are not those of map.txt")
        if head["bytes"] != record["image"]["bytes"] or head["format"] != "tocsin-evidence-reads/v1":
            problem(name, "it is of an image of another size, or of another format")
        facts.append(f"read in {count['calls']} calls: {count['failed']} failed, {count['short']} short, {count['ended']} "
                     f"at the source's end, {count['stalled']} stalled")
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as e:
        problem(name, f"it is no read log: {type(e).__name__} {e}")


# Signatures and time-stamps

def openssl(*args):
    return subprocess.run(["openssl", *map(str, args)], capture_output=True, check=False)


def check_signature(folder, content, signature, roots, at=None):
    if not (regular(folder / content) and regular(folder / signature)):
        problem(signature, "signature or what it signs is not there")
        return
    trust = ["-noverify"]
    if roots:
        trust = ["-CAfile", roots, "-purpose", "any", "-partial_chain", *(["-attime", at] if at else [])]
    done = openssl("cms", "-verify", "-binary", "-inform", "DER", "-in", folder / signature,
                   "-content", folder / content, "-out", os.devnull, *trust)
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip().splitlines()
        problem(signature, f"it is no signature of {content} that holds: {why[-1] if why else '?'}")


def check_notes(folder):
    """custody/unrecorded.jsonl: nobody signed it, but each line names the one before it. Its hashes."""
    name, hashes = "custody/unrecorded.jsonl", []
    lines = (read(folder, name) or b"").split(b"\n") if (folder / name).exists() else []
    for number, line in enumerate(lines[:-1] if lines and not lines[-1] else lines, 1):
        note = parse(name, line)
        if note.get("number") != number or note.get("previous") != (hashes[-1] if hashes else None):
            problem(name, f"line {number} does not follow the line before it")
        hashes.append("sha256:" + hashlib.sha256(line).hexdigest())
    if hashes:
        facts.append(f"{len(hashes)} times something was done without a record, as unsigned notes say")
    return hashes


def follow_begun(begun, record):
    """What was begun, and has no record of its end yet."""
    details = record.get("details")
    details = details if isinstance(details, dict) else {}
    if record.get("kind") == "begun":
        begun[str(record.get("number"))] = details.get("what")
    else:
        begun.pop(str(details.get("corrects" if record.get("kind") == "correction" else "begun")), None)


def of_log(folder, name):
    """Where a file of the log lies: what a crash left in next/ counts first (section 4)."""
    return f"custody/next/{name}" if regular(folder / "custody/next" / name) else f"custody/{name}"


def check_custody(folder, roots):
    log = folder / "custody"
    notes = check_notes(folder)
    numbers = sorted({int(x.stem) for at in (log, log / "next") for x in at.glob("[0-9]*.json")})
    before, hashes, begun = {}, [], {}
    for expected, number in enumerate(numbers, 1):
        name, signature = (of_log(folder, f"{expected:05}.{end}") for end in ("json", "p7s"))
        if number != expected:
            problem(name, "this record is missing")
            break
        record = parse(name, read(folder, name) or b"{}")
        if record.get("number") != expected or record.get("previous") != before.get("json") or \
                record.get("previous_signature") != before.get("p7s"):
            problem(name, "it does not follow the record before it")
        named = record.get("unrecorded")
        if named and notes[named.get("count", 0) - 1:named.get("count", 0)] != [named.get("last")]:
            problem("custody/unrecorded.jsonl", f"{name} names a note that is not there")
        check_signature(folder, name, signature, roots)
        before = {x: "sha256:" + file_sha(folder / at) for x, at in (("json", name), ("p7s", signature))
                  if regular(folder / at)}
        follow_begun(begun, record)
        hashes.append(before.get("json"))
    if numbers or (log / "head.json").exists():
        named, signature = of_log(folder, "head.json"), of_log(folder, "head.p7s")
        head = parse(named, read(folder, named) or b"{}")
        check_signature(folder, named, signature, roots)
        if head.get("count") != len(hashes) or hashes[-1:] != [head.get("last")]:
            problem("custody/head.json", f"it counts {head.get('count')} records, and {len(hashes)} are there, "
                    "or the last is another")
        facts.append(f"custody log: {len(hashes)} records")
        for number, what in begun.items():
            facts.append(f"custody log: record {number} began what was to be \"{what}\", and no record says what "
                         "came of it")
    return hashes


def stamp_time(text):
    m = re.search(r"Time stamp: (.*)", text)
    done = subprocess.run(["date", "-u", "-d", m[1], "+%s"], capture_output=True, check=False) if m else None
    return int(done.stdout) if done and done.returncode == 0 else None


def check_stamp(folder, seal, roots, tsa_roots):
    """The time that the time-stamp shows, where somebody vouches for it; and in any case."""
    token = folder / seal / "seal.tsr"
    if not regular(token):
        for name in ("stamp.json", "stamp.p7s", "tsa.pem", "revocation"):
            if (folder / seal / name).exists():
                problem(f"{seal}/{name}", "it is of a time-stamp, and seal.tsr is not there")
        facts.append(f"{seal}: NO TIME-STAMP; when it was sealed is the signer's own word")
        return None, None
    at = stamp_time(openssl("ts", "-reply", "-in", token, "-text").stdout.decode(errors="replace"))
    check_signature(folder, f"{seal}/stamp.json", f"{seal}/stamp.p7s", roots, at)
    listed = parse(f"{seal}/stamp.json", read(folder, f"{seal}/stamp.json") or b"{}").get("files", {})
    for name in ("chain.pem", "seal.json", "seal.p7s", "seal.tsr", "tsa.pem"):
        listed.setdefault(name, "not listed")
    for name, digest in listed.items():
        path = f"{seal}/{name}"
        if ".." in name or name.startswith("/") or not regular(folder / path) or file_sha(folder / path) != digest:
            problem(path, "it is not the file that stamp.json lists")
    if at is None:
        problem(f"{seal}/seal.tsr", "openssl reads no time-stamp in it")
    trust = ["-CAfile", tsa_roots] if tsa_roots else ["-CAfile", folder / seal / "tsa.pem", "-partial_chain"]
    done = openssl("ts", "-verify", "-data", folder / seal / "seal.p7s", "-in", token, "-untrusted",
                   folder / seal / "tsa.pem", *trust, *(["-attime", at] if at else []))
    if done.returncode:
        why = (done.stdout + done.stderr).decode(errors="replace").strip().splitlines()
        problem(f"{seal}/seal.tsr", f"it is no time-stamp of seal.p7s that holds: {why[-1] if why else '?'}")
    facts.append(f"{seal}: time-stamp of {at} seconds since 1970; "
                 + ("its authority is vouched for" if tsa_roots else "NOBODY VOUCHES for its authority"))
    return at if tsa_roots else None, at


def certificates_of(path):
    """Those of a PEM file."""
    blocks = re.findall("-----BEGIN (?:TRUSTED )?CERTIFICATE-----(.*?)-----END", path.read_text("latin-1"), re.S)
    return [revocation.Certificate(base64.b64decode(x)) for x in blocks]


def check_revocation(folder, seal, at, roots, tsa_roots):
    """seal/revocation/: what was kept of whether certificates had been revoked, as section 6 asks for it."""
    kept = sorted((folder / seal / "revocation").iterdir()) if (folder / seal / "revocation").is_dir() else []
    listed = parse(f"{seal}/stamp.json", read(folder, f"{seal}/stamp.json") or b"{}").get("files", {})
    if not revocation or at is None:
        if kept:
            facts.append(f"{seal}: whether certificates had been revoked was NOT CHECKED: "
                         + ("the time is not known" if revocation else "evidence_revocation.py is not beside this"))
        return
    try:
        messages = [read(folder, f"{seal}/{name}") or b"" for name in ("seal.tsr", "seal.p7s")]
        others = [c for path in (tsa_roots, roots) if path for c in certificates_of(pathlib.Path(path))]
        chain = revocation.Chain(messages, others)
    except (ValueError, IndexError, revocation.Unknown) as e:
        facts.append(f"{seal}: whether certificates had been revoked was NOT CHECKED: {e}")
        return
    for path in kept:
        name = f"{seal}/revocation/{path.name}"
        if f"revocation/{path.name}" not in listed:
            problem(name, "stamp.json does not list it")
            continue
        try:
            why = chain.ask(read(folder, name) or b"", at)
            if why:
                problem(name, why)
        except (ValueError, IndexError) as e:
            problem(name, f"it cannot be read: {e}")
        except revocation.Unknown as e:
            facts.append(f"{name}: NOT CHECKED: {e}")
    facts.append(f"{seal}: of {chain.issued} certificates that others issued, {chain.known()} are known not to have "
                 "been revoked at the time of the time-stamp")


def check_seal(folder, seal, number, custody, roots, tsa_roots):
    at, shown = check_stamp(folder, seal, roots, tsa_roots)
    if shown is not None or (folder / seal / "seal.tsr").exists():
        check_revocation(folder, seal, shown, roots, tsa_roots)
    check_signature(folder, f"{seal}/seal.json", f"{seal}/seal.p7s", roots, at)
    said = parse(f"{seal}/seal.json", read(folder, f"{seal}/seal.json") or b"{}")
    if said.get("format") != "tocsin-evidence-seal/v1" or said.get("number") != number:
        problem(f"{seal}/seal.json", "it is no seal of this place")
    if said.get("tagmanifest_sha256") != file_sha(folder / "tagmanifest-sha256.txt"):
        problem(f"{seal}/seal.json", "it is the seal of something else: tagmanifest-sha256.txt is another")
    covered = said.get("custody", {})
    count = covered.get("count", 0)
    if count and hashes_at(custody, count) != covered.get("head"):
        problem(f"{seal}/seal.json", f"it covers {count} custody records: the log was cut or changed")
    for name, digest in said.get("previous", {}).items():
        before = "seal" if number == 2 else f"seal/{number - 1:05}"
        if not regular(folder / before / name) or file_sha(folder / before / name) != digest:
            problem(f"{before}/{name}", "it is not the one that the next seal names")
    with tempfile.NamedTemporaryFile() as certificates:
        openssl("cms", "-verify", "-binary", "-inform", "DER", "-in", folder / seal / "seal.p7s", "-content",
                folder / seal / "seal.json", "-noverify", "-out", os.devnull, "-certsout", certificates.name)
        if certificates.read() != read(folder, f"{seal}/chain.pem"):
            problem(f"{seal}/chain.pem", "it does not hold the certificates of seal.p7s")
    subject = openssl("x509", "-in", folder / seal / "chain.pem", "-noout", "-subject", "-fingerprint", "-sha256")
    who = subject.stdout.decode(errors="replace").replace("\n", "; ")
    facts.append(f"{seal}: {who}" + ("vouched for" if roots else "NOBODY VOUCHES for this certificate"))


def hashes_at(custody, count):
    return custody[count - 1] if 0 < count <= len(custody) else None


def check(folder, roots, tsa_roots):
    if (folder / "INCOMPLETE").exists() or not regular(folder / "tagmanifest-sha256.txt"):
        problem("INCOMPLETE", "the bundle was not closed")
        return
    tags, payload = manifest(folder, "tagmanifest-sha256.txt"), manifest(folder, "manifest-sha256.txt")
    if "acquisition.json" not in tags or "manifest-sha256.txt" not in tags:
        problem("tagmanifest-sha256.txt", "it does not list acquisition.json and manifest-sha256.txt")
    check_files(folder, {**tags, **payload})
    record = parse("acquisition.json", read(folder, "acquisition.json") or b"{}")
    trees = parse("tree.json", read(folder, "tree.json") or b"{}")
    check_lines(folder, trees.get("files"), "manifest-sha256.txt", "data/files.seed")
    if "data/image.chunks" in payload:
        check_image(folder, payload, record, trees)
        check_reads(folder, payload, record)
    if "data/files.jsonl" in payload:
        check_lines(folder, trees.get("records"), "data/files.jsonl", "data/records.seed")
    custody = check_custody(folder, roots)
    if not (folder / "seal").exists():
        facts.append("NOT SEALED: whoever could write here could have made all of it anew")
        return
    check_seal(folder, "seal", 1, custody, roots, tsa_roots)
    number = 2
    while (folder / f"seal/{number:05}").exists():
        check_seal(folder, f"seal/{number:05}", number, custody, roots, tsa_roots)
        number += 1
    known = {"chain.pem", "revocation", "seal.json", "seal.p7s", "seal.tsr", "stamp.json", "stamp.p7s", "tsa.pem"}
    for name in os.listdir(folder / "seal"):
        if name not in known and not (re.fullmatch("[0-9]{5}", name) and 2 <= int(name) < number):
            problem(f"seal/{name}", "it belongs to no seal")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--roots", metavar="PEM", help="certificates that vouch for signers")
    arguments.add_argument("--tsa-roots", metavar="PEM", help="certificates that vouch for time-stamp authorities")
    arguments.add_argument("folder", metavar="FOLDER")
    given = arguments.parse_args()
    folder = pathlib.Path(given.folder)
    if not folder.is_dir():
        raise OSError(f"there is no folder {folder}")
    for path in filter(None, (given.roots, given.tsa_roots)):
        pathlib.Path(path).read_bytes()
    check(folder, given.roots, given.tsa_roots)
    for line in [*facts, *(f"PROBLEM: {x}" for x in problems)]:
        print("".join(c if c.isprintable() else "?" for c in line))
    print("NOT SOUND" if problems else "sound")
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError as e:
        sys.exit(print(f"verify_evidence.py: {e}", file=sys.stderr) or 3)
