#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
"""tocsin evidence on real devices of a real kernel: what it says of a disk is what the disk was made
with, what it reads is what is on it, and nothing is written to it."""

import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))

# pylint: disable=wrong-import-position
from evidence_scenario import main, test
from guest import BUILD, SOURCE, Guest, Missing, what_is_missing

MIB = 1 << 20
MODULES = ["ahci", "sd_mod", "sg", "nvme", "virtio_blk", "virtio_scsi", "xhci_pci", "usb_storage", "uas"]
SMBIOS = {"manufacturer": "ACME Works", "product": "Server 9", "serial": "SYS-4711"}
machine = None  # the one of this program
disks = {}


class Disk:
    """A file here that is a disk there."""

    def __init__(self, folder, name, size, options, drive="", seed=None):
        self.name, self.path = name, folder / f"{name}.img"
        self.data = random.Random(seed or name).randbytes(size)
        self.path.write_bytes(self.data)
        self.sha256 = hashlib.sha256(self.data).hexdigest()
        self.before = os.stat(self.path)
        self.words = ["-drive", f"if=none,id={name},file={self.path},format=raw{drive}",
                      "-device", f"{options},drive={name}"]
        self.device = None

    def is_untouched(self):
        after = os.stat(self.path)
        return self.path.read_bytes() == self.data and \
            (after.st_mtime_ns, after.st_size) == (self.before.st_mtime_ns, self.before.st_size)


def lay_out(folder):
    def add(name, size, options, drive=""):
        disks[name] = Disk(folder, name, size, options, drive)

    add("sata", 8 * MIB + 3 * 512,
        "ide-hd,bus=ide.0,serial=SATA-0001-XYZ,model=ACME SpinnyDisk 9000 Ultra,ver=FW1.2345")
    add("nvme", 4 * MIB, "nvme,serial=NVME-77")
    add("virtio", 3 * MIB + 512, "virtio-blk-pci,serial=VBLK-7")
    add("large", 5 * MIB + 4096,
        "scsi-hd,bus=scsi.0,scsi-id=1,vendor=ACME,product=BigSector,ver=0042,serial=SCSI-4K,"
        "logical_block_size=4096,physical_block_size=4096")
    add("usb", 2 * MIB + 1024, "usb-storage,bus=usb.0,port=1,serial=STICK-9,removable=on")


def block(part):
    """The block device whose place in sysfs has this in it."""
    found = [line.split() for line in machine.run("ls", "-l", "/sys/block").out.splitlines()]
    found = [words[-3] for words in found if len(words) > 3 and part in words[-1]]
    assert len(found) == 1, (part, found)
    return "/dev/" + found[0]


def acquire(device, bundle, *options, code=0):
    """Acquires in the machine. Gives the answer and the record."""
    done = machine.run("tocsin", "evidence", "acquire", "--json", *options, device, bundle, code=code)
    return json.loads(done.out), machine.json(f"{bundle}/acquisition.json")


def holds(said, **wanted):
    wrong = {name: said.get(name) for name, value in wanted.items() if said.get(name) != value}
    assert not wrong, (wrong, said)


def identity(name, part, folder, **wanted):
    """Acquires that disk; what the record says of it is what it was made with."""
    disk = disks[name]
    bundle = f"/tmp/{name}.evidence"
    answer, record = acquire(block(part), bundle, "--rehash-source")
    assert answer["sha256"] == disk.sha256 and answer["bytes"] == len(disk.data), answer
    assert not answer["source_changed"] and answer["source_writes"] == 0
    holds(record["source"], bytes=len(disk.data), kind="block device", kernel_read_only=False,
          writes_before=0, writes_while_acquired=0, write_protection_at_end="the same", **wanted)
    there = machine.fetch(bundle, folder)
    machine.run("rm", "-r", bundle)
    subprocess.run([sys.executable, SOURCE / "tools/verify_evidence.py", there], check=True,
                   capture_output=True)
    assert disk.is_untouched()
    return record["source"]


# 27037 rows 11, 19, 26, 39
@test("a SATA disk: its whole model, firmware and serial number, and every byte of it")
def sata(folder):
    said = identity("sata", "/ata1/", folder, model="ACME SpinnyDisk 9000 Ultra", firmware="FW1.2345",
                    serial="SATA-0001-XYZ", bus="ata", sector_bytes=512, removable=False)
    assert "vendor" not in said and "attached_by" not in said, said


@test("an NVMe drive: serial number, name in the world, its own word on write protection")
def nvme(folder):
    said = identity("nvme", "/nvme/", folder, serial="NVME-77", model="QEMU NVMe Ctrl", bus="nvme",
                    sector_bytes=512, device_read_only=False)
    assert b"NVME-77".hex() in said["wwid"], said


@test("a virtio disk, whose serial number is in another place")
def virtio(folder):
    identity("virtio", "/vda", folder, serial="VBLK-7", bus="virtio", device_read_only=False)


@test("a SCSI disk with sectors of 4096 bytes: vendor, product, revision, serial number")
def large(folder):
    identity("large", ":0:1:0/", folder, vendor="ACME", model="BigSector", firmware="0042",
             serial="SCSI-4K", sector_bytes=4096, physical_sector_bytes=4096, device_read_only=False)


@test("a USB stick: what its descriptors say, and that it is removable")
def usb(folder):
    identity("usb", "/usb", folder, serial="STICK-9", bus="usb", removable=True, vendor="QEMU",
             model="QEMU HARDDISK", device_read_only=False,
             attached_by="USB 46f4:0001, QEMU QEMU USB HARDDRIVE, serial STICK-9")


def run():
    global machine  # pylint: disable=global-statement
    why = what_is_missing()
    if why:
        print(f"skipped: a virtual machine: {why}")
        return
    with tempfile.TemporaryDirectory() as top:
        folder = pathlib.Path(top)
        lay_out(folder)
        devices = ["-smbios", "type=1," + ",".join(f"{k}={v}" for k, v in SMBIOS.items()),
                   "-device", "virtio-scsi-pci,id=scsi", "-device", "qemu-xhci,id=usb"]
        for disk in disks.values():
            devices += disk.words
        started = time.monotonic()
        try:
            machine = Guest(folder, MODULES, devices, programs=[("bin/tocsin", BUILD / "src/cli/tocsin")])
        except Missing as missing:
            print(f"skipped: a virtual machine: {missing}")
            return
        with machine:
            print(f"measured: a virtual machine with disks: ready after {time.monotonic() - started:.1f} s "
                  f"({'KVM' if machine.kvm else 'translated by QEMU'})")
            main()


if __name__ == "__main__":
    run()
