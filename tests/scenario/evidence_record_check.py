#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# not a test: a second reader, which evidence_record.py asks, and anybody may
"""A second reader of evidence records, written from RFC 4998 with Python and `openssl`; it shares
nothing with tocsin. As a program: RECORD ROOTS.pem FILE… prints the time since when they exist."""

import hashlib
import pathlib
import subprocess
import sys
import tempfile
from datetime import datetime, timezone

OIDS = {"608648016503040201": "sha256", "608648016503040202": "sha384",
        "608648016503040203": "sha512", "2b0e03021a": "sha1"}
TST_INFO = bytes.fromhex("2a864886f70d0109100104")


class Bad(ValueError):
    pass


def need(condition, why):
    if not condition:
        raise Bad(why)


def element(data, at):
    """(tag, contents, whole, behind) of the DER element at a place."""
    need(at + 2 <= len(data), "cut short")
    length, head = data[at + 1], 2
    if length & 0x80:
        count = length & 0x7f
        need(0 < count <= 4, "length")
        length, head = int.from_bytes(data[at + 2:at + 2 + count], "big"), 2 + count
        need(length >= 0x80 and data[at + 2] != 0, "length is not minimal")
    end = at + head + length
    need(end <= len(data), "cut short")
    return data[at], data[at + head:end], data[at:end], end


def elements(contents):
    at, out = 0, []
    while at < len(contents):
        tag, inner, whole, at = element(contents, at)
        out.append((tag, inner, whole))
    return out


def algorithm(contents):
    parts = elements(contents)
    need(parts[0][0] == 6 and len(parts) <= 2, "AlgorithmIdentifier")
    need(len(parts) == 1 or parts[1][2] == b"\5\0", "parameters")
    return OIDS[parts[0][1].hex()]


def digest(name, *parts):
    return hashlib.new(name, b"".join(parts)).digest()


class Stamp:
    """An ArchiveTimeStamp and its time-stamp."""

    def __init__(self, contents):
        parts = elements(contents)
        self.tree, self.hash = [], None
        for tag, inner, _ in parts[:-1]:
            if tag == 0xa0:
                self.hash = algorithm(inner)
            elif tag == 0xa2:
                self.tree = [[value for _, value, _ in elements(one)]
                             for _, one, _ in elements(inner)]
            else:
                need(tag == 0xa1, "ArchiveTimeStamp")
        need(parts[-1][0] == 0x30, "timeStamp")
        self.token = parts[-1][2]
        signed = elements(elements(elements(elements(self.token)[0][1])[1][1])[0][1])
        content = next(inner for tag, inner, _ in signed if tag == 0x30)
        kind, wrapped = elements(content)
        need(kind[1] == TST_INFO, "not a TSTInfo")
        info = elements(elements(elements(wrapped[1])[0][1])[0][1])
        imprint = elements(info[2][1])
        self.imprint_hash, self.imprint = algorithm(imprint[0][1]), imprint[1][1]
        self.time = datetime.strptime(info[4][1].decode(), "%Y%m%d%H%M%SZ").replace(
            tzinfo=timezone.utc)
        self.hash = self.hash or self.imprint_hash
        need(self.hash == self.imprint_hash, "two hash algorithms")

    def first(self):
        return self.tree[0] if self.tree else [self.imprint]

    def root(self):
        """RFC 4998 section 4.3 step 2, by the letter."""
        if not self.tree:
            return self.imprint
        child = []
        for values in self.tree:
            child = [digest(self.hash, *sorted(values + child))]
        return child[0]


def signed_by(stamp, roots, at):
    """`openssl cms` checks the signature, and the certificate for its purpose at a time."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(stamp.token)
        file.flush()
        done = subprocess.run(
            ["openssl", "cms", "-verify", "-inform", "DER", "-in", file.name, "-CAfile", roots,
             "-purpose", "timestampsign", "-attime", str(int(at.timestamp())), "-out", "/dev/null"],
            capture_output=True, text=True, check=False)
    need(done.returncode == 0, f"openssl cms: {done.stderr.strip()}")


def verify(record, data, roots, at=None):
    """data: the documents' bytes. Gives the time of the first time-stamp, or raises Bad."""
    tag, contents, whole, end = element(record, 0)
    need(tag == 0x30 and end == len(record), "not one SEQUENCE")
    parts = elements(contents)
    need(parts[0][2] == b"\2\1\1", "version")
    listed = [algorithm(inner) for _, inner, _ in elements(parts[1][1])]
    need(parts[-1][0] == 0x30, "archiveTimeStampSequence")
    chains_der = [(inner, one) for _, inner, one in elements(parts[-1][1])]
    chains = [[Stamp(inner) for _, inner, _ in elements(chain)] for chain, _ in chains_der]
    stamps = [s for chain in chains for s in chain]
    need(set(listed) == {s.hash for s in stamps} and len(set(listed)) == len(listed),
         "digestAlgorithms is not the union")
    for number, chain in enumerate(chains):
        name = chain[0].hash
        older = b"".join(one for _, one in chains_der[:number])
        head = bytes([0x30]) + (bytes([len(older)]) if len(older) < 128 else
                                bytes([0x80 | (len(older).bit_length() + 7) // 8]) +
                                len(older).to_bytes((len(older).bit_length() + 7) // 8, "big"))
        want = [digest(name, d) if number == 0 else
                digest(name, digest(name, d), digest(name, head + older)) for d in data]
        need(sorted(want) == sorted(chain[0].first()), "the data are not those of the chain")
        for before, after in zip(chain, chain[1:]):
            need(after.hash == name, "two algorithms in a chain")
            need(digest(name, before.token) in after.first(), "a renewal of something else")
        for stamp in chain:
            need(stamp.root() == stamp.imprint, "the tree does not lead to the imprint")
    for stamp, following in zip(stamps, stamps[1:] + [None]):
        need(not following or following.time >= stamp.time, "out of order")
        signed_by(stamp, roots, following.time if following else at or datetime.now(timezone.utc))
    return stamps[0].time


if __name__ == "__main__":
    try:
        print(verify(pathlib.Path(sys.argv[1]).read_bytes(),
                     [pathlib.Path(f).read_bytes() for f in sys.argv[3:]], sys.argv[2]))
    except (Bad, IndexError, KeyError) as why:
        sys.exit(f"not proven: {why}")
