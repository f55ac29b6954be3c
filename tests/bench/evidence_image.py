#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# not a test
"""Makes the image that ./bench evidence works on: evidence_image.py FILE MIB. Deterministic but for
the fifth of it that is this machine's own programs and libraries. Of each 100 MiB, in runs of 1 to
16 MiB in an order drawn from a fixed seed: 30 zeros (a disk's free space), 25 text (log lines with
changing fields), 15 already deflated, 10 random bytes, 20 files as they lie in /usr."""

import os
import pathlib
import random
import sys
import zlib

MIB = 1 << 20
SHARES = (("zeros", 30), ("text", 25), ("deflated", 15), ("random", 10), ("files", 20))
WORDS = ("accepted connection from session opened for user closed by remote host failed password "
         "invalid user kernel audit type pid uid auid ses subj exe terminal res success service "
         "started stopped unit systemd cron daemon warning error timeout retry device usb storage "
         "mounted filesystem ext4 journal recovery packet dropped input output forward policy").split()


def text(chance, size):
    lines, length = [], 0
    clock = chance.randrange(1_600_000_000, 1_700_000_000)
    while length < size:
        clock += chance.randrange(5)
        line = (f"{clock} host{chance.randrange(40)} {chance.choice(WORDS)}[{chance.randrange(32768)}]: "
                f"{' '.join(chance.choices(WORDS, k=chance.randrange(4, 12)))} "
                f"10.{chance.randrange(4)}.{chance.randrange(256)}.{chance.randrange(256)} "
                f"{chance.getrandbits(32):08x}\n")
        lines.append(line)
        length += len(line)
    return "".join(lines).encode()[:size]


def files():
    """All of /usr/bin and /usr/lib, in order of names, one behind the other."""
    for top in ("/usr/bin", "/usr/lib"):
        for folder, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                path = pathlib.Path(folder) / name
                if path.is_file() and not path.is_symlink():
                    try:
                        yield path.read_bytes()
                    except OSError:
                        continue


def main():
    path, mib = sys.argv[1], int(sys.argv[2])
    chance = random.Random(27037)
    # a pool of text is used again from changing places; deflate's window does not reach so far
    pool = text(chance, 24 * MIB)
    dense = zlib.compress(text(chance, 16 * MIB), 6)
    runs, left = [], {kind: mib * share // 100 for kind, share in SHARES}
    left["zeros"] += mib - sum(left.values())
    while any(left.values()):
        kind = chance.choice([k for k, n in left.items() for _ in range(n > 0)])
        n = min(left[kind], chance.randrange(1, 17))
        left[kind] -= n
        runs.append((kind, n))
    source, rest = files(), b""
    with open(path, "wb") as out:
        for kind, n in runs:
            size = n * MIB
            if kind == "zeros":
                data = bytes(size)
            elif kind == "random":
                data = chance.randbytes(size)
            elif kind in ("text", "deflated"):
                from_ = pool if kind == "text" else dense
                at = chance.randrange(len(from_))
                data = (from_[at:] + from_ * (size // len(from_) + 1))[:size]
            else:
                parts = [rest]
                while sum(map(len, parts)) < size:
                    try:
                        parts.append(next(source))
                    except StopIteration:
                        source = files()
                whole = b"".join(parts)
                data, rest = whole[:size], whole[size:]
            out.write(data)


if __name__ == "__main__":
    main()
