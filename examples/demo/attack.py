#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The two attacks of the demo, as an operator who has every key of the centre would do them.

  attack.py receipt PACK HOME                          one byte of a receipt, checksums made right
  attack.py delete  PACK HOME --asset A --public URL   a device never was, history rewritten

Works on an unpacked proof pack, in place. Signs with the centre's own keys from HOME/signer, so that
nothing but the devices' keys and the witness stands against it.
"""
import argparse
import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request


def sha(data):
    return hashlib.sha256(data).digest()


def text(digest):
    return "sha256:" + digest.hex()


def canonical(value):
    # enough of RFC 8785 for packs: no floating-point numbers, and ASCII member names
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def node(left, right):
    return sha(b"\1" + left + right)


def split(size):
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def root(leaves):
    if not leaves:
        return sha(b"")
    level = list(leaves)
    while len(level) > 1:
        level = [node(level[i], level[i + 1]) if i + 1 < len(level) else level[i]
                 for i in range(0, len(level), 2)]
    return level[0]


def inclusion(index, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return inclusion(index, leaves[:k]) + [root(leaves[k:])]
    return inclusion(index - k, leaves[k:]) + [root(leaves[:k])]


def consistency(old, leaves, whole=True):
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if old <= k:
        return consistency(old, leaves[:k], whole) + [root(leaves[k:])]
    return consistency(old - k, leaves[k:], False) + [root(leaves[:k])]


class Pack:
    def __init__(self, folder, home):
        self.folder = folder
        self.home = home
        self.secret = os.path.join(home, "signer/passphrase")

    def read(self, name):
        return open(os.path.join(self.folder, name), "rb").read()

    def write(self, name, data):
        open(os.path.join(self.folder, name), "wb").write(data)

    def lines(self, name):
        return [json.loads(line) for line in self.read(name).decode().splitlines()]

    def write_lines(self, name, values):
        self.write(name, b"".join(canonical(v) + b"\n" for v in values))

    def openssl(self, key, data, *arguments):
        with tempfile.NamedTemporaryFile() as f:
            f.write(data)
            f.flush()
            words = [a.format(file=f.name) for a in arguments]
            command = ["openssl", words[0], "-passin", "file:" + self.secret, *words[1:]]
            return subprocess.run(command, check=True, capture_output=True).stdout

    def key(self, name):
        return os.path.join(self.home, "signer/keys", name + ".key")

    def seal(self, envelope, payload):
        """The same envelope over another payload, signed with the publication key."""
        body = canonical(payload)
        message = payload["format"].encode() + b"\n" + body
        signature = self.openssl(self.key("publication"), message, "dgst", "-sha256", "-sign",
                                 self.key("publication"), "{file}")
        return {**envelope, "payload": base64.b64encode(body).decode(),
                "signature": base64.b64encode(signature).decode()}

    def sign_note(self, origin, size, digest, old):
        body = f"{origin}\n{size}\n{base64.b64encode(digest).decode()}\n".encode()
        signature = self.openssl(self.key("journal"), body, "pkeyutl", "-sign", "-rawin", "-inkey",
                                 self.key("journal"), "-in", "{file}")
        line = next(l for l in old.decode().splitlines() if l.startswith("— " + origin + " "))
        key_id = base64.b64decode(line.split(" ")[2])[:4]
        return body + f"\n— {origin} {base64.b64encode(key_id + signature).decode()}\n".encode()

    def finish(self, change=lambda payload: None):
        """pack.json and SHA256SUMS over what stands there now."""
        envelope = json.loads(self.read("pack.json"))
        payload = json.loads(base64.b64decode(envelope["payload"]))
        change(payload)
        for file in payload["files"]:
            data = self.read(file["name"])
            file["size"], file["hash"] = len(data), text(sha(data))
        payload["files"] = [f for f in payload["files"]
                            if os.path.exists(os.path.join(self.folder, f["name"]))]
        self.write("pack.json", canonical(self.seal(envelope, payload)))
        names = sorted(os.path.relpath(os.path.join(d, f), self.folder)
                       for d, _, files in os.walk(self.folder) for f in files if f != "SHA256SUMS")
        self.write("SHA256SUMS", b"".join(
            sha(self.read(n)).hex().encode() + b"  " + n.encode() + b"\n" for n in names))


def change_receipt(pack):
    receipts = pack.lines("receipts.jsonl")
    payload = bytearray(base64.b64decode(receipts[0]["envelope"]["payload"]))
    at = payload.index(b'"at":"') + len(b'"at":"') + len("2026-01-01T00:00:0")
    payload[at] = ord("1") if payload[at] != ord("1") else ord("2")
    receipts[0]["envelope"]["payload"] = base64.b64encode(bytes(payload)).decode()
    pack.write_lines("receipts.jsonl", receipts)
    pack.finish()


def fetch_leaves(public, size):
    """Leaf hashes of the real journal, from its public tiles (C2SP tlog-tiles)."""
    leaves = []
    for n in range(0, (size + 255) // 256):
        width = min(256, size - n * 256)
        name = f"{n % 1000:03d}" if n < 1000 else "/".join(
            [f"x{n // 1000:03d}", f"{n % 1000:03d}"])
        url = f"{public}/log/tile/0/{name}" + (f".p/{width}" if width < 256 else "")
        data = urllib.request.urlopen(url).read()
        leaves += [data[i:i + 32] for i in range(0, len(data), 32)]
    return leaves[:size]


def leaf_of(act):
    commitment = sha(b"tocsin-act/v1" + bytes.fromhex(act["salt"]) + canonical(act["act"]))
    return sha(b"\0" + commitment)


def delete_device(pack, asset, public):
    # 1. the device was never a member
    members = pack.lines("members.jsonl")
    gone = [m for m in members if m["event"]["asset"] == asset]
    members = [m for m in members if m["event"]["asset"] != asset]
    trees = {}
    for m in members:
        key = (m["audience"], m["class"])
        m["index"] = len(trees.setdefault(key, []))
        data = sha(b"tocsin-member/v1\n" + bytes.fromhex(m["salt"]) + canonical(m["event"]))
        trees[key].append(sha(b"\0" + data))
    pack.write_lines("members.jsonl", members)
    changed = {(m["audience"], m["class"]) for m in gone}

    # 2. entries and publications that meant it
    entries = pack.lines("entries.jsonl")
    for e in entries:
        key = (e["entry"]["audience"], e["entry"]["class"])
        if key in changed:
            tree = trees.get(key, [])
            e["entry"]["members"] = {"count": len(tree), "size": len(tree), "root": text(root(tree))}
    entries = [e for e in entries if e["entry"]["members"]["count"] > 0]
    acts = pack.lines("acts.jsonl")
    for publication in sorted({e["publication"] for e in entries}):
        mine = [e for e in entries if e["publication"] == publication]
        for i, e in enumerate(mine):
            e["index"] = e["entry"]["index"] = i
        digest = root([sha(b"\0" + canonical(e["entry"])) for e in mine])
        count = sum(e["entry"].get("only", e["entry"]["members"])["count"] for e in mine)
        name = f"publications/{publication}.json"
        envelope = json.loads(pack.read(name))
        payload = json.loads(base64.b64decode(envelope["payload"]))
        payload["entries"] = {"count": len(mine), "root": text(digest)}
        payload["members"] = count
        sealed = canonical(pack.seal(envelope, payload))
        pack.write(name, sealed)
        for act in acts:
            data = act["act"]["data"]
            if data.get("publication") != publication:
                continue
            if act["act"]["type"] == "publication.frozen":
                data.update(notices=len(mine), root=text(digest), members=count)
            if act["act"]["type"] == "publication.signed":
                data["envelope"] = text(sha(sealed))
    pack.write_lines("entries.jsonl", entries)

    # 3. nothing came back from it
    for name in ("receipts.jsonl", "outcomes.jsonl"):
        kept = [l for l in pack.lines(name) if l["asset"] != asset]
        pack.write_lines(name, kept)
    recipients = [l for l in pack.lines("recipients.jsonl") if l["asset"] != asset]
    places = {}
    for e in entries:
        for m in members:
            if (m["audience"], m["class"]) == (e["entry"]["audience"], e["entry"]["class"]):
                places[(e["publication"], m["event"]["asset"])] = e["index"]
    for line in recipients:
        line["index"] = places.get((line["publication"], line["asset"]), line["index"])
    recipients.sort(key=lambda l: (l["publication"], l["index"], l["asset"]))
    pack.write_lines("recipients.jsonl", recipients)

    # 4. the journal, rewritten behind the first act that changed
    checkpoint = pack.read("checkpoint")
    origin, size = checkpoint.decode().splitlines()[:2]
    leaves = fetch_leaves(public, int(size))
    for act in acts:
        leaves[act["index"]] = leaf_of(act)
    for act in acts:
        act["proof"] = [base64.b64encode(h).decode() for h in inclusion(act["index"], leaves)]
    pack.write_lines("acts.jsonl", acts)
    digest = root(leaves)
    pack.write("checkpoint", pack.sign_note(origin, int(size), digest, checkpoint))
    if os.path.exists(os.path.join(pack.folder, "witnessed")):
        os.unlink(os.path.join(pack.folder, "witnessed"))
    pack.write_lines("consistency.jsonl", [
        {"from": c["from"], "to": c["to"],
         "hashes": [base64.b64encode(h).decode() for h in consistency(c["from"], leaves)]}
        for c in pack.lines("consistency.jsonl")])

    # 5. the counts, made to add up
    states = [l["state"] for l in recipients]
    devices = {l["asset"] for l in recipients}

    def change(payload):
        counts = payload["counts"]
        counts["meant"] = len(recipients)
        for state in ("acknowledged", "undelivered", "unacknowledged", "left_fixed", "removed"):
            counts[state] = states.count(state)
        counts["silent"] = counts["undelivered"] + counts["unacknowledged"]
        counts["devices"] = len(devices)
        payload["checkpoint"]["root"] = text(digest)
        payload["claims"]["witnessed"] = 0

    pack.finish(change)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("attack", choices=("receipt", "delete"))
    parser.add_argument("pack")
    parser.add_argument("home")
    parser.add_argument("--asset")
    parser.add_argument("--public")
    args = parser.parse_args()
    pack = Pack(args.pack, args.home)
    if args.attack == "receipt":
        change_receipt(pack)
    else:
        delete_device(pack, args.asset, args.public)
    return 0


if __name__ == "__main__":
    sys.exit(main())
