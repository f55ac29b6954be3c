#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin evidence on real devices of a real kernel: what it says of a disk is what the disk was made
with, what it reads is what is on it, and nothing is written to it."""

import hashlib
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))

# pylint: disable=wrong-import-position
from evidence_scenario import Skipped, main, test
from guest import BUILD, SOURCE, Guest, Missing, compiled, what_is_missing
from user_disk import MODULES as USER_MODULES, attach

MIB = 1 << 20
MODULES = ["ahci", "sd_mod", "sg", "nvme", "virtio_blk", "virtio_scsi", "virtio_net", "xhci_pci",
           "usb_storage", "uas", "dm_crypt", "aes_generic", "ecb", "xts", "algif_skcipher",
           *USER_MODULES]
SMBIOS = {"manufacturer": "ACME Works", "product": "Server 9", "serial": "SYS-4711", "bios": "ROM 3.1"}
HOST, MAC = "suspect-7", "52:54:00:0a:0b:0c"
WHERE = ("--reason", "case 1", "--place", "here", "--identity", "/tmp/who")
SECRET = "correct horse"
# sectors of 512 bytes that cannot be read: the first, alone, next to each other, at a chunk's end, the last
BAD = {"worn": [0, 1500, 1501, 1503, 2047, 4 * MIB // 512 - 1], "dying": [24, 2050, 2500]}
machine = None  # the one of this program
disks = {}


class Disk:
    """A file here that is a disk there."""

    def __init__(self, folder, name, size, options, drive="", bad=()):
        self.name, self.path = name, folder / f"{name}.img"
        if size is not None:
            self.path.write_bytes(random.Random(name).randbytes(size))
        self.data = self.path.read_bytes()
        self.sha256 = hashlib.sha256(self.data).hexdigest()
        self.before = os.stat(self.path)
        node = {"driver": "raw", "node-name": name, "read-only": "readonly" in drive,
                "file": {"driver": "file", "filename": str(self.path)}}
        if bad:  # each reading of these sectors fails
            node["file"] = {"driver": "blkdebug", "image": node["file"], "inject-error": [
                {"event": "read_aio", "errno": 5, "sector": sector, "once": False} for sector in bad]}
        if "slow" in drive:
            node = {"driver": "throttle", "node-name": name, "throttle-group": "slow",
                    "file": dict(node, **{"node-name": f"{name}-raw"})}
        self.words = ["-blockdev", json.dumps(node), "-device", f"{options},drive={name}"]

    def is_untouched(self):
        after = os.stat(self.path)
        return self.path.read_bytes() == self.data and \
            (after.st_mtime_ns, after.st_size) == (self.before.st_mtime_ns, self.before.st_size)


def lay_out(folder):
    def add(name, size, options, drive="", bad=()):
        disks[name] = Disk(folder, name, size, options, drive, bad)

    add("sata", 8 * MIB + 3 * 512,
        "ide-hd,bus=ide.0,serial=SATA-0001-XYZ,model=ACME SpinnyDisk 9000 Ultra,ver=FW1.2345")
    add("nvme", 4 * MIB, "nvme,serial=NVME-77")
    add("virtio", 3 * MIB + 512, "virtio-blk-pci,serial=VBLK-7")
    add("large", 5 * MIB + 4096,
        "scsi-hd,bus=scsi.0,scsi-id=1,vendor=ACME,product=BigSector,ver=0042,serial=SCSI-4K,"
        "logical_block_size=4096,physical_block_size=4096")
    add("locked", MIB, "scsi-hd,bus=scsi.0,scsi-id=2,serial=LOCKED-1", "readonly")
    add("sealed", MIB, "virtio-blk-pci,serial=SEALED-1", "readonly")
    add("worn", 4 * MIB, "ide-hd,bus=ide.1,serial=WORN-1,rerror=report", bad=BAD["worn"])
    add("dying", 4 * MIB, "scsi-hd,bus=scsi.0,scsi-id=3,serial=DYING-1,rerror=report,"
        "logical_block_size=4096,physical_block_size=4096", bad=BAD["dying"])
    add("pulled", 8 * MIB, "usb-storage,id=plug,bus=usb.0,port=2,serial=PULLED-1,removable=on", "slow")
    if shutil.which("qemu-img"):  # an encrypted volume that was made here, of bytes that are known
        plain = random.Random("vault").randbytes(3 * MIB + 512)
        (folder / "plain").write_bytes(plain)
        (folder / "secret").write_text(SECRET)
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "luks", "--object",
                        f"secret,id=s,file={folder}/secret", "-o", "key-secret=s,iter-time=10",
                        folder / "plain", folder / "vault.img"], check=True)
        add("vault", None, "virtio-blk-pci,serial=VAULT-1")
        disks["vault"].plain = plain
    add("noisy", 8 * MIB, "virtio-blk-pci,serial=NOISY-1", "slow")
    add("usb", 2 * MIB + 1024, "usb-storage,bus=usb.0,port=1,serial=STICK-9,removable=on")


def stick(serial):
    """The disk of the USB device with this serial number, when it is there."""
    script = "for d in /sys/block/sd*; do p=$(readlink -f $d); while [ ${#p} -gt 5 ]; do " \
        f"[ \"$(cat $p/serial 2>/dev/null)\" = {serial} ] && [ -b /dev/${{d##*/}} ] && " \
        "echo /dev/${d##*/}; p=${p%/*}; done; done"
    machine.until(f"[ -n \"$({script})\" ]")
    return machine.sh(script).out.strip()


def acquire(device, bundle, *options, code=0):
    """Acquires in the machine. Gives the answer and the record."""
    done = machine.run("tocsin", "evidence", "acquire", "--json", *options, device, bundle, code=code)
    return json.loads(done.out), machine.json(f"{bundle}/acquisition.json")


def holds(said, **wanted):
    wrong = {name: said.get(name) for name, value in wanted.items() if said.get(name) != value}
    assert not wrong, (wrong, said)


def identity(name, device, folder, **wanted):
    """Acquires that disk; what the record says of it is what it was made with."""
    disk = disks[name]
    bundle = f"/tmp/{name}.evidence"
    answer, record = acquire(device, bundle, "--rehash-source")
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
    said = identity("sata", machine.block("/ata1/"), folder, model="ACME SpinnyDisk 9000 Ultra", firmware="FW1.2345",
                    serial="SATA-0001-XYZ", bus="ata", sector_bytes=512, removable=False)
    assert "vendor" not in said and "attached_by" not in said, said


@test("an NVMe drive: serial number, name in the world, its own word on write protection")
def nvme(folder):
    said = identity("nvme", machine.block("/nvme/"), folder, serial="NVME-77", model="QEMU NVMe Ctrl", bus="nvme",
                    sector_bytes=512, device_read_only=False)
    assert b"NVME-77".hex() in said["wwid"], said


@test("a virtio disk, whose serial number is in another place")
def virtio(folder):
    identity("virtio", machine.block("/vda"), folder, serial="VBLK-7", bus="virtio", device_read_only=False)


@test("a SCSI disk with sectors of 4096 bytes: vendor, product, revision, serial number")
def large(folder):
    identity("large", machine.block(":0:1:0/"), folder, vendor="ACME", model="BigSector", firmware="0042",
             serial="SCSI-4K", sector_bytes=4096, physical_sector_bytes=4096, device_read_only=False)


@test("a USB stick: what its descriptors say, and that it is removable")
def usb(folder):
    identity("usb", stick("STICK-9"), folder, serial="STICK-9", bus="usb", removable=True, vendor="QEMU",
             model="QEMU HARDDISK", device_read_only=False,
             attached_by="USB 46f4:0001, QEMU QEMU USB HARDDRIVE, serial STICK-9")


def protection(part, bundle, **wanted):
    answer, record = acquire(machine.block(part), bundle)
    assert answer["write_protection"] == record["source"]["write_protection"]
    holds(record["source"], write_protection_at_end="the same", writes_before=0,
          writes_while_acquired=0, **wanted)
    return record["source"]


def begin_case():
    machine.run("tocsin", "evidence", "identity", "/tmp/who", "--name", "A. Meyer", "--role", "DEFR",
                "--competence", "GCFA, 2024-05-01")
    machine.run("tocsin", "evidence", "case", "new", "/tmp/case", "--person-in-charge", "B. Huber",
                "--contact", "office", "--authority", "W-1", "--authority-covers", "*", *WHERE)


# 27037 row 11
@test("an exhibit is described by what its disk, or the machine, says of itself")
def described(_):
    begin_case()
    machine.run("hostname", HOST)
    for which, options in (("EX-disk", ("--device", machine.block("/ata1/"), "--source-type", "static")),
                           ("EX-machine", ("--this-machine", "--source-type", "volatile"))):
        machine.run("tocsin", "evidence", "exhibit", "add", "/tmp/case", "--id", which, "--description",
                    "the one under the desk", *options, *WHERE)
    said = machine.json("/tmp/case/exhibits/EX-disk/exhibit.json")["item"]
    holds(said, model="ACME SpinnyDisk 9000 Ultra", serial="SATA-0001-XYZ", firmware="FW1.2345",
          interface="ata", capacity=f"{len(disks['sata'].data)} bytes", media="block device")
    said = machine.json("/tmp/case/exhibits/EX-machine/exhibit.json")["item"]
    holds(said, make=SMBIOS["manufacturer"], model=SMBIOS["product"], serial=SMBIOS["serial"],
          firmware=SMBIOS["bios"], host=HOST, media="running machine", address=f"eth0 {MAC}")
    machine.sh("rm -r /tmp/case /tmp/who")


# 27037 row 24
@test("write protection: the device's own, the kernel's alone, none, and a blocker by name")
def write_protection(_):
    protection(":0:2:0/", "/tmp/locked", kernel_read_only=True, device_read_only=True,
               write_protection="the device says that it is write-protected (SCSI MODE SENSE)")
    protection("/vdb", "/tmp/sealed", kernel_read_only=True, device_read_only=True,
               write_protection="the device says that it is write-protected (virtio feature bit)")
    device = machine.block(":0:1:0/")
    machine.run("blockdev", "--setro", device)
    protection(":0:1:0/", "/tmp/setro", kernel_read_only=True, device_read_only=False,
               write_protection="the kernel's flag alone: the device says that it can be written to "
               "(SCSI MODE SENSE)")
    machine.run("blockdev", "--setrw", device)
    _, record = acquire(device, "/tmp/setrw", "--write-blocker", "Forensic Bridge, serial 12")
    holds(record["source"], kernel_read_only=False, device_read_only=False,
          write_blocker="Forensic Bridge, serial 12",
          write_protection="none but that it was opened for reading only")
    assert all(disks[name].is_untouched() for name in ("locked", "sealed", "large"))
    machine.sh("rm -r /tmp/locked /tmp/sealed /tmp/setro /tmp/setrw")


def unreadable_of(name, sector):
    """The ranges that ought to be listed: whole sectors of the disk around what fails."""
    ranges = []
    for bad in sorted(BAD[name]):
        at = bad * 512 // sector * sector
        if ranges and ranges[-1]["from"] + ranges[-1]["bytes"] == at:
            ranges[-1]["bytes"] += sector
        else:
            ranges.append({"from": at, "bytes": sector})
    return ranges


def failing(name, part, sector, folder):
    """Everything but what cannot be read is there, and exactly that is listed."""
    disk = disks[name]
    bundle = f"/tmp/{name}"
    answer, record = acquire(machine.block(part), bundle, code=1)
    wanted = unreadable_of(name, sector)
    assert record["reading"]["unreadable"] == wanted, record["reading"]
    assert record["reading"]["first_error"] == "Input/output error", record["reading"]
    image = bytearray(disk.data)
    for x in wanted:
        image[x["from"]:x["from"] + x["bytes"]] = b"UNREADABLESECTOR" * (x["bytes"] // 16)
    assert answer["sha256"] == hashlib.sha256(image).hexdigest(), answer
    there = machine.fetch(bundle, folder)
    listed = [line.split() for line in (there / "map.txt").read_text().splitlines()
              if line.startswith("0x") and line.endswith("-")]
    assert [{"from": int(x[0], 16), "bytes": int(x[1], 16)} for x in listed] == wanted, listed
    machine.run("rm", "-r", bundle)
    assert disk.is_untouched()


# 27037 rows 29, 30, 37
@test("bad sectors of a SATA disk, through the kernel's error handling: exactly these are listed")
def worn(folder):
    failing("worn", "/ata2/", 512, folder)


@test("bad sectors of a SCSI disk with sectors of 4096 bytes")
def dying(folder):
    failing("dying", ":0:3:0/", 4096, folder)


def begin(device, bundle):
    """An acquisition that goes on while something else is done: it is in its midst now."""
    machine.sh(f"rm -f /tmp/code; (tocsin evidence acquire {device} {bundle} >/tmp/said 2>&1; "
               "echo $? >/tmp/code.new; mv /tmp/code.new /tmp/code) >/dev/null 2>&1 &")
    machine.until(f"[ $(stat -c %s {bundle}/data/image-00001.gz 2>/dev/null || echo 0) -gt 2000000 ]")


def ended():
    """What it ended with, and said."""
    machine.until("[ -e /tmp/code ]")
    return int(machine.read("/tmp/code")), machine.read("/tmp/said").decode()


# 27037 row 24
@test("somebody writes to a disk while it is acquired: it is said, and counted")
def written(_):
    device = machine.block("/vdd") if "vault" in disks else machine.block("/vdc")
    assert machine.sh(f"cat /sys/block/{device[5:]}/serial").out == "NOISY-1"
    machine.sh(f"dd if=/dev/zero of={device} bs=4096 count=1 conv=notrunc,fsync 2>/dev/null")
    begin(device, "/tmp/noisy")
    machine.sh(f"dd if=/dev/zero of={device} bs=4096 count=1 seek=9 conv=notrunc,fsync 2>/dev/null")
    code, said = ended()
    assert code == 1 and "writes to the source while it was acquired" in said, (code, said)
    record = machine.json("/tmp/noisy/acquisition.json")
    assert record["source"]["writes_before"] >= 1 and record["source"]["writes_while_acquired"] >= 1
    machine.run("rm", "-r", "/tmp/noisy")


# 27037 rows 29, 32
@test("a disk that is pulled out does not look acquired; another one is refused; back, it is gone on with")
def pulled(_):
    disk = disks["pulled"]
    begin(stick("PULLED-1"), "/tmp/pulled")
    machine.qmp("device_del", id="plug")
    code, said = ended()
    assert code == 3 and "is not there any more" in said, said
    assert "run the same command" in said
    assert machine.sh("test -e /tmp/pulled/INCOMPLETE && ! test -e /tmp/pulled/manifest-sha256.txt")
    assert machine.run("tocsin", "evidence", "verify", "/tmp/pulled", code=1)
    machine.plug(driver="usb-storage", id="plug", bus="usb.0", port="2",
                serial="OTHER-1", drive="pulled", removable=True)
    device = stick("OTHER-1")
    done = machine.run("tocsin", "evidence", "acquire", device, "/tmp/pulled", code=3)
    assert "not what this acquisition was begun on" in done.err and "PULLED-1" in done.err, done.err
    machine.qmp("device_del", id="plug")
    machine.until(f"[ ! -e {device} ]")
    machine.plug(driver="usb-storage", id="plug", bus="usb.0", port="2",
                serial="PULLED-1", drive="pulled", removable=True)
    answer, record = acquire(stick("PULLED-1"), "/tmp/pulled")
    assert answer["gone_on_with_at"] >= MIB and answer["sha256"] == disk.sha256, answer
    assert record["reading"]["read_errors"] == 0 and record["source"]["serial"] == "PULLED-1"
    machine.run("tocsin", "evidence", "verify", "/tmp/pulled")
    assert disk.is_untouched()


# 27037 rows 18, 21
@test("a LUKS volume: its header is found, it is told while it is open, and acquired in the clear")
def vault(_):
    if "vault" not in disks or not shutil.which("cryptsetup"):
        raise Skipped("qemu-img or cryptsetup is not installed")
    device, uuid = machine.block("/vdc"), disks["vault"].data[168:204].decode()
    begin_case()
    machine.run("tocsin", "evidence", "exhibit", "add", "/tmp/case", "--id", "EX-1", "--device", device,
                "--source-type", "static", "--description", "disk", *WHERE)
    machine.run("tocsin", "evidence", "encryption", "/tmp/case/exhibits/EX-1", "--device", device, *WHERE)
    shown = machine.sh("cat /tmp/case/exhibits/EX-1/custody/0*.json").out
    assert "LUKS 1" in shown and f"{device} at byte 0" in shown, shown
    warned = json.loads(machine.run("tocsin", "evidence", "live", "--json", "/tmp/none", "--only", "encryption",
                                    "--reason", "what is open").out)["warnings"]
    assert not warned, warned
    machine.sh(f"printf '%s' '{SECRET}' | cryptsetup open --readonly --key-file - {device} opened")
    name = os.path.basename(device)
    answer = json.loads(machine.run("tocsin", "evidence", "live", "--json", "/tmp/live", "--only",
                                    "encryption", "--reason", "what is open").out)
    mapped = os.path.basename(machine.block("/dm-"))
    assert answer["warnings"] == [f"encrypted volume opened (/dev/{mapped} on {name}) is open: "
                                  "acquire it before power-off"], answer
    said = json.loads(machine.sh("head -n 1 /tmp/live/data/live/*-encryption.jsonl").out)
    holds(said, kind="dm-crypt", format="LUKS1", name="opened", lies_on=[name],
          sectors=str(len(disks["vault"].plain) // 512))
    answer, record = acquire("/dev/mapper/opened", "/tmp/open")
    assert answer["sha256"] == hashlib.sha256(disks["vault"].plain).hexdigest(), answer
    holds(record["source"], bus="device-mapper", kernel_read_only=True,
          made_of=f"device-mapper opened, CRYPT-LUKS1-{uuid.replace('-', '')}-opened, on {name}")
    machine.run("cryptsetup", "close", "opened")
    machine.sh("rm -r /tmp/case /tmp/who /tmp/none /tmp/live /tmp/open")
    assert disks["vault"].is_untouched()


def hides(number, shown, native, overlay):
    """A disk of tests/machine/hidden_disk.c. Gives its name, and the log of what it is asked."""
    log = attach(machine, number, shown, "hidden_disk", shown, native, overlay, "LOG")
    device = machine.block(f"tcm_loop_adapter_{number}/")
    machine.until(f"[ -b {device} ] && [ $(cat /sys/block/{device[5:]}/size) = {shown} ]")
    return device, log


# 27037 rows 11, 19, 24, 27
@test("hidden sectors of a disk behind a write blocker, which is not asked for anything but to tell")
def hidden(_):
    told = {
        (0, 2000, 3024, 4096): "HIDDEN by a host protected area: 1024 sectors from 2000 on; "
                               "HIDDEN by a configuration overlay: 2096 sectors from 2000 on",
        (1, 2000, 2000, 0): "a host protected area hides nothing; configuration overlay not checked: the "
                            "disk refused to tell it",
        (2, 2000, 0, 2000): "host protected area not checked: READ NATIVE MAX was refused; a "
                            "configuration overlay hides nothing"}
    for (number, shown, native, overlay), wanted in told.items():
        device, log = hides(number, shown, native, overlay)
        before = len(machine.read(log))
        answer, record = acquire(device, "/tmp/hidden")
        image = b"".join(struct.pack("<Q", sector) * 64 for sector in range(shown))
        assert answer["sha256"] == hashlib.sha256(image).hexdigest(), answer
        holds(record["source"], hidden_sectors=wanted, native_bytes=512 * max(shown, native, overlay),
              model="Hideaway Disk 4000 with a long name", serial="HIDES-4711", firmware="HF.12345",
              attached_by="answers as ACME WriteBlocker 12 0007", device_read_only=True,
              kernel_read_only=True, writes_while_acquired=0)
        assert record["reading"]["read_errors"] == 0, record["reading"]
        # its own log: MODE SENSE, IDENTIFY DEVICE, READ NATIVE MAX, what the overlay is; and READ
        asked = set(machine.read(log)[before:].decode().splitlines())
        assert asked == {"scsi 1a", "ata ec 0000", "ata 27 0000", "ata b1 00c2", "scsi 28"}, asked
        machine.run("rm", "-r", "/tmp/hidden")


def run():
    global machine  # pylint: disable=global-statement
    why = what_is_missing()
    if why:
        print(f"skipped: a virtual machine: {why}")
        return
    with tempfile.TemporaryDirectory() as top:
        folder = pathlib.Path(top)
        lay_out(folder)
        devices = ["-object", "throttle-group,id=slow,x-bps-read=2000000",
                   "-smbios", "type=1,manufacturer={manufacturer},product={product},serial={serial}"
                   .format(**SMBIOS), "-smbios", f"type=0,version={SMBIOS['bios']}",
                   "-device", f"virtio-net-pci,mac={MAC},romfile=",
                   "-device", "virtio-scsi-pci,id=scsi", "-device", "qemu-xhci,id=usb"]
        for disk in disks.values():
            devices += disk.words
        started = time.monotonic()
        try:
            programs = [("bin/hidden_disk", compiled(folder, SOURCE / "tests/machine/hidden_disk.c")),
                        ("bin/tocsin", BUILD / "src/cli/tocsin")]
            programs += [(f"bin/{name}", shutil.which(name)) for name in ("cryptsetup", "dmsetup")
                         if shutil.which(name)]
            machine = Guest(folder, MODULES, devices, programs=programs)
        except Missing as missing:
            print(f"skipped: a virtual machine: {missing}")
            return
        with machine:
            print(f"measured: a virtual machine with disks: ready after {time.monotonic() - started:.1f} s "
                  f"({machine.kind})")
            main()


if __name__ == "__main__":
    run()
