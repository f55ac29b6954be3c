#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin evidence onto what a responder has in the bag: sticks and disks with the file systems of
Linux, Windows and cameras. Images are written and read past the host's cache, which each of them
allows, forbids or half allows in its own way; and whatever it does, the bytes are those of the source."""

import hashlib
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))

# pylint: disable=wrong-import-position
from evidence_scenario import main, test
from guest import BUILD, Guest, Missing, what_is_missing

MIB = 1 << 20
SIZE = 9 * MIB + 3 * 512
# how it is made, its size in MiB
TARGETS = {"vfat": (["mkfs.vfat"], 200), "exfat": (["mkfs.exfat"], 200),
           "ntfs": (["mkntfs", "-q", "-F", "-f"], 200), "xfs": (["mkfs.xfs", "-q"], 320),
           "btrfs": (["mkfs.btrfs", "-q"], 300), "f2fs": (["mkfs.f2fs", "-q"], 300),
           "ext4": (["mke2fs", "-q", "-F", "-t", "ext4"], 200), "small": (["mkfs.vfat"], 9)}
MODULES = ["virtio_blk", "crc32c_generic", "fuse", "nls_cp437", "nls_ascii", "nls_utf8", "vfat", "exfat",
           "xfs", "btrfs", "crc32_generic", "f2fs", "ext4"]
machine = None  # the one of this program
wanted = None  # the source's SHA-256
disks = {}


def mounted(name):
    if name == "ntfs":  # by a program, through FUSE
        machine.run("ntfs-3g", disks[name], "/mnt")
    else:
        machine.run("mount", "-t", "vfat" if name == "small" else name, disks[name], "/mnt")


def same_after(bundle, *how):
    """Sound as it lies on the disk, out of the cache; and whole as a raw image."""
    machine.sh("sync; echo 3 >/proc/sys/vm/drop_caches")
    said = machine.run("tocsin", "evidence", "verify", bundle).out
    assert wanted in said, said
    machine.run("tocsin", "evidence", "export", bundle, "/mnt/out.raw", "--format", "raw", *how)
    machine.sh("sync; echo 3 >/proc/sys/vm/drop_caches")
    parts = "$(ls /mnt/out.raw* | grep -v -e json -e sha256)"
    assert machine.sh(f"cat {parts} | sha256sum").out.split()[0] == wanted
    machine.sh("rm -r /mnt/out.raw*")


# 27037 row 33
def acquired(name):
    mounted(name)
    # killed when something stands there, and gone on with
    machine.sh("rm -f /tmp/code; (tocsin evidence acquire /dev/vda /mnt/a >/tmp/said 2>&1; echo $? >/tmp/code) & "
               "i=0; until [ -s /mnt/a/data/image-00001.gz ] || [ -e /tmp/code ]; do sleep 0.02; done; "
               "killall -9 tocsin; wait")
    broken = machine.sh("cat /tmp/code").out.strip()
    assert broken == "137", (broken, machine.sh("cat /tmp/said").out)
    machine.run("tocsin", "evidence", "acquire", "/dev/vda", "/mnt/a")
    same_after("/mnt/a")
    machine.run("tocsin", "evidence", "acquire", "--plain", "--segment-size", "5", "/dev/vda", "/mnt/p")
    same_after("/mnt/p", "--segment-size", "4")
    machine.run("umount", "/mnt")
    mounted(name)  # what was told to be durable is there
    assert wanted in machine.run("tocsin", "evidence", "verify", "/mnt/a").out
    machine.run("umount", "/mnt")


def add(name):
    if shutil.which(TARGETS[name][0][0]):
        test(f"onto {name}: killed and gone on with, plain and packed, exported; the same bytes each time")(
            lambda _: acquired(name))
    else:
        print(f"skipped: {name}: {TARGETS[name][0][0]} is not installed (tools/setup test)")


# 27037 row 32
@test("a stick without room: said at once, and nothing looks complete")
def full(_):
    mounted("small")
    done = machine.run("tocsin", "evidence", "acquire", "--plain", "/dev/vda", "/mnt/a", code=3)
    assert "no space" in done.err and "same command again" in done.err, done.err
    machine.run("test", "-e", "/mnt/a/INCOMPLETE")
    assert machine.run("tocsin", "evidence", "verify", "/mnt/a", code=None).code != 0
    machine.run("umount", "/mnt")


def source(path):
    """Noise and text in turn."""
    chance, parts, left = random.Random(5), [], SIZE
    while left > 0:
        n = min(left, chance.randrange(1, 3 * MIB))
        parts.append(chance.randbytes(n) if chance.randrange(3) else (b"a line of text\n" * (n // 15 + 1))[:n])
        left -= n
    data = b"".join(parts)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def run():
    global machine, wanted  # pylint: disable=global-statement
    why = what_is_missing()
    if why:
        print(f"skipped: a virtual machine: {why}")
        return
    with tempfile.TemporaryDirectory() as top:
        folder = pathlib.Path(top)
        wanted = source(folder / "source")
        devices = ["-drive", f"if=virtio,file={folder}/source,format=raw,readonly=on"]
        made = [name for name in TARGETS if shutil.which(TARGETS[name][0][0])]
        for name in made:
            words, size = TARGETS[name]
            with open(folder / name, "wb") as file:
                file.truncate(size * MIB)
            subprocess.run([*words, folder / name], check=True, capture_output=True)
            disks[name] = f"/dev/vd{'bcdefghijk'[len(disks)]}"
            devices += ["-drive", f"if=virtio,file={folder}/{name},format=raw,cache=unsafe"]
        for name in [n for n in TARGETS if n != "small"]:
            add(name)
        try:
            programs = [("bin/tocsin", BUILD / "src/cli/tocsin")]
            if shutil.which("ntfs-3g"):
                programs.append(("bin/ntfs-3g", shutil.which("ntfs-3g")))
            machine = Guest(folder, MODULES, devices, memory=400, programs=programs)
        except Missing as missing:
            print(f"skipped: a virtual machine: {missing}")
            return
        with machine:
            main()


if __name__ == "__main__":
    run()
