#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies a disclosure of evidence (docs/formats-evidence.md section 8) offline: [--roots PEM] FOLDER.

Written from that text with Python and `openssl`; shares no code with tocsin. Exit code: 0 sound, 1 not,
2 wrong usage. Without roots, the seal's signature is checked, and who vouches for the signer is not."""

import argparse
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

problems = []


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def need(condition, text):
    if not condition:
        problems.append(text)
    return condition


def climb(number, count, node, proof):
    """RFC 9162 section 2.1.3.2: the root that a leaf and its proof lead to."""
    last = count - 1
    if not 0 <= number < count:
        return None
    for other in proof:
        if last == 0:
            return None
        if number & 1 or number == last:
            node = sha(b"\1", other, node)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            node = sha(b"\1", node, other)
        number, last = number >> 1, last >> 1
    return node if last == 0 else None


def holds(part, digest, count, root):
    leaf = sha(b"\0", bytes.fromhex(part["salt"]), digest)
    return climb(part["number"], count, leaf, [bytes.fromhex(x) for x in part["proof"]]) == bytes.fromhex(root)


def shown(folder, part):
    name = part["file"]
    path = folder / name
    good = re.fullmatch("shown/[A-Za-z0-9.-]+", name) and path.is_file() and not path.is_symlink()
    return path.read_bytes() if need(good, f"{name} is not there") else None


def check_seal(folder, roots):
    sealed = folder / "sealed"
    tags, trees = (sealed / "tagmanifest-sha256.txt").read_bytes(), (sealed / "tree.json").read_bytes()
    need(f"{sha(trees).hex()}  tree.json\n" in tags.decode(), "tree.json is not the one of tagmanifest-sha256.txt")
    if not (sealed / "seal.json").exists():
        print("NOT SEALED: whoever made it could have made anything")
        return json.loads(trees)
    need(json.loads((sealed / "seal.json").read_bytes()).get("tagmanifest_sha256") == sha(tags).hex(),
         "seal.json is the seal of something else")
    trust = ["-CAfile", roots, "-purpose", "any", "-partial_chain"] if roots else ["-noverify"]
    done = subprocess.run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", sealed / "seal.p7s",
                           "-content", sealed / "seal.json", "-out", os.devnull, *trust],
                          capture_output=True, check=False)
    need(done.returncode == 0, "seal.p7s is no signature of seal.json that holds")
    print("sealed; " + ("vouched for" if roots else "NOBODY VOUCHES for who sealed"))
    if (sealed / "seal.tsr").exists():
        done = subprocess.run(["openssl", "ts", "-verify", "-data", sealed / "seal.p7s", "-in", sealed / "seal.tsr",
                               "-CAfile", sealed / "tsa.pem", "-partial_chain", "-untrusted", sealed / "tsa.pem"],
                              capture_output=True, check=False)
        need(done.returncode == 0, "seal.tsr is no time-stamp of seal.p7s that holds today")
    return json.loads(trees)


def strange(folder):
    """What is neither a folder nor an ordinary file: a link leads elsewhere, a pipe is waited for."""
    return [str(p.relative_to(folder)) for p in sorted(folder.rglob("*"))
            if p.is_symlink() or not (p.is_file() or p.is_dir())]


def check(folder, roots):
    if not need(not strange(folder), f"no ordinary files: {', '.join(strange(folder))}"):
        return
    said = json.loads((folder / "disclosure.json").read_bytes())
    if not need(said.get("format") == "tocsin-evidence-disclosure/v1", "no disclosure that is known here"):
        return
    trees, files = check_seal(folder, roots), set()
    for part in said.get("chunks", []):
        data, image = shown(folder, part), trees["image"]
        count = -(-image["bytes"] // image["chunk_bytes"])
        files.add(part["file"])
        if data is None:
            continue
        first = part["number"] * image["chunk_bytes"]
        need(holds(part, sha(data), count, image["root"]) and
             len(data) == min(image["chunk_bytes"], image["bytes"] - first), f"{part['file']} is no chunk of it")
        print(f"{part['file']}: bytes {first} to {first + len(data) - 1} of the image")
    for part in said.get("files", []):
        data, line = shown(folder, part), part["line"]
        files.add(part["file"])
        need(holds(part, sha(line.encode()), trees["files"]["count"], trees["files"]["root"]) and
             line[:64] == sha(data or b"").hex(), f"{part['file']} is no file of it")
        print(f"{part['file']}: {line[66:]}")
    for part in said.get("records", []):
        line = part["line"]
        record, tree = json.loads(line), trees["records"]
        need(holds(part, sha(line.encode()), tree["count"], tree["root"]), f"no record of it: {line}")
        if "file" in part:
            files.add(part["file"])
            need(record["content"]["sha256"] == sha(shown(folder, part) or b"").hex(),
                 f"{part['file']} is not the content of its record")
        print(f"{part.get('file', '(no content)')}: {record['path']}")
    for name in sorted(os.listdir(folder / "shown")):
        need(f"shown/{name}" in files, f"shown/{name}: no proof is about it")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--roots", metavar="PEM", help="certificates that vouch for signers")
    arguments.add_argument("folder", metavar="FOLDER", type=pathlib.Path)
    given = arguments.parse_args()
    try:
        check(given.folder, given.roots)
    except (OSError, ValueError, KeyError, TypeError) as why:
        problems.append(f"{type(why).__name__}: {why}")
    for text in problems:
        print("PROBLEM: " + "".join(c if c.isprintable() else "?" for c in text))
    print("NOT SOUND" if problems else "sound")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
