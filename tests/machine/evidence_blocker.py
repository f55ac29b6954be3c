#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin evidence blocker on disks of a real kernel: blockers that hold, and those that do not in one
command only, in time, or by lying; and disks that are none of ours, to which nothing is sent."""

import json
import pathlib
import random
import struct
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))

# pylint: disable=wrong-import-position
from evidence_scenario import main, test
from guest import BUILD, SOURCE, Guest, Missing, compiled, what_is_missing
from user_disk import MODULES as USER_MODULES, attach, detach

MIB = 1 << 20
MODULES = ["ahci", "sd_mod", "sg", "nvme", "virtio_blk", "virtio_scsi", "xhci_pci", "usb_storage",
           "uas", *USER_MODULES]
SECTORS = 16 * MIB // 512 + 3
READS = {"scsi 08", "scsi 28", "scsi 88"}
ASKS = {"scsi 00", "scsi 12", "scsi 1a", "scsi 5a", "scsi 25", "scsi 9e", "ata ec 0000", "ata 27 0000",
        "ata b1 00c2"}
WRITES = {"scsi 0a", "scsi 2a", "scsi aa", "scsi 8a", "scsi 2e", "scsi ae", "scsi 8e", "scsi 41", "scsi 93",
          "scsi 42", "scsi 89", "scsi 8b"}
STORE = "/tmp/store"
GIVEN = "ACME Bridge 3 no. 117"
ATTACHED = "answers as ACME Bridge 3 0001"
machine = None  # the one of this program
bare = None  # the disk of STORE by itself
numbers = iter(range(100))  # the kernel counts adapters so
images = {}


class Attached:
    """The disk of STORE, by itself or behind a blocker."""

    def __init__(self, kind, *code, store=STORE):
        self.number = next(numbers)
        shown = SECTORS - (kind == "shrinks")
        self.log = attach(machine, self.number, shown, "blocked_disk", SECTORS, store, kind, "LOG", *code)
        self.device = machine.block(f"tcm_loop_adapter_{self.number}/")
        machine.until(f"[ -b {self.device} ] && [ $(cat /sys/block/{self.device[5:]}/size) = {shown} ]")
        self.asked()

    def asked(self):
        """What came since it was asked last."""
        lines = machine.read(self.log).decode().splitlines()
        new, self.seen = set(lines[getattr(self, "seen", 0):]), len(lines)
        return new

    def __enter__(self):
        return self

    def __exit__(self, *_):
        detach(machine, self.number)


def blocker(*words, code=0):
    return machine.run("tocsin", "evidence", "blocker", *words, code=code)


def prepare(device, *options):
    return json.loads(blocker("prepare", device, "--json", *(options or ("--yes",))).out)


def tested(device, code):
    """The report of a test."""
    done = blocker("test", device, "--blocker", GIVEN, "--by", "A. Meyer", "--json", "-o", "/tmp/report.json",
                   code=code)
    report = json.loads(done.out)
    assert report["format"] == "tocsin-evidence-blocker/v1"
    assert report["blocker"]["given"] == GIVEN and report["by"] == "A. Meyer"
    assert report == machine.json("/tmp/report.json")
    return report


def checked(device, code):
    return json.loads(blocker("check", device, "--report", "/tmp/report.json", "--json", code=code).out)


def outcomes(report):
    """Of each command that was sent, what its attempts came to."""
    found = {}
    for a in report["attempts"]:
        found.setdefault(a["command"], set()).add(a["outcome"])
    return found


def assertions(report):
    return {a["id"]: a["outcome"] for a in report["assertions"]}


def fresh():
    """The disk as it was prepared by itself; it is, and stays, attached without a blocker, too."""
    global bare  # pylint: disable=global-statement
    if bare:
        machine.sh(f"cp /tmp/before {STORE}")
        return None
    machine.sh(f"truncate -s {SECTORS * 512} {STORE}")
    bare = Attached("bare")
    said = prepare(bare.device)
    machine.sh(f"cp {STORE} /tmp/before")
    return said


def unchanged():
    return machine.sh(f"cmp {STORE} /tmp/before", code=None).code == 0


# 27037 row 24
@test("prepared by itself, every command of SCSI and ATA changes the disk: so each can be shown to be stopped")
def control(_):
    fresh()
    said = prepare(bare.device)
    machine.sh(f"cp {STORE} /tmp/before")
    assert said["serial"] == "LAMB-1" and said["bytes"] == SECTORS * 512 and said["was_a_test_disk"], said
    missing = {"SCSI WRITE (6)", "SCSI WRITE (16)", "SCSI WRITE SAME (16)", "SCSI UNMAP", "write()", "BLKDISCARD",
               "SCSI COMPARE AND WRITE", "SCSI ORWRITE (16)", "ATA WRITE SECTORS", "ATA WRITE DMA FUA EXT",
               "ATA DATA SET MANAGEMENT with TRIM", "SCSI WRITE AND VERIFY (12)", "BLKZEROOUT"} - set(said["changed_by"])
    assert not missing, (missing, said)


# 27037 row 24
@test("a blocker that refuses: holds, with what it said to each command, and the disk as it was")
def refuses(_):
    fresh()
    with Attached("refuses") as disk:
        report = tested(disk.device, 0)
        asked = disk.asked()
    assert report["verdict"] == "holds" and set(assertions(report).values()) == {"pass"}, report
    assert report["blocker"]["attached_by"] == ATTACHED, report["blocker"]
    assert WRITES <= asked and "ata 30 0000" in asked and "ata 37 0000" in asked, WRITES - asked
    said = outcomes(report)
    assert said["SCSI WRITE (10)"] == said["write()"] == said["ATA WRITE DMA EXT"] == {"refused"}, said
    assert said["SCSI SYNCHRONIZE CACHE (10)"] == {"accepted and nothing changed"}
    senses = {a["sense"] for a in report["attempts"] if a["command"] == "SCSI WRITE (12)"}
    assert senses == {"07/27/00"}, senses
    assert report["behind"]["area_sha256_before"] == report["behind"]["area_sha256_after"] == \
        report["disk"]["area_sha256"]
    report = checked(bare.device, 0)
    assert report["verdict"] == "holds" and report["afterwards"]["as_prepared"], report["afterwards"]
    assert report["afterwards"]["write_reaches"] and unchanged()


# 27037 row 24
@test("a blocker that says so in its mode page: the kernel refuses by itself, and what goes past it shows it")
def locked(_):
    fresh()
    with Attached("locked") as disk:
        report = tested(disk.device, 0)
    said = outcomes(report)
    assert said["write()"] == said["BLKDISCARD"] == {"the kernel refused"}, said
    assert said["SCSI WRITE (10)"] == {"refused"} and report["verdict"] == "holds"
    assert any("the blocker was not asked" in a.get("why", "") for a in report["attempts"])
    assert unchanged()


# 27037 row 24
@test("a blocker that says that it is done and does nothing: holds, and is told as such")
def drops(_):
    fresh()
    with Attached("drops") as disk:
        report = tested(disk.device, 0)
    assert report["verdict"] == "holds" and report["counts"]["accepted"] > 60, report["counts"]
    assert outcomes(report)["SCSI WRITE (16)"] == {"accepted and nothing changed"}
    assert unchanged()


# 27037 row 24
@test("one command that passes is found, and named: WRITE SAME, UNMAP, WRITE DMA EXT")
def leaks(_):
    for code, names in (("93", {"SCSI WRITE SAME (16)", "SCSI WRITE SAME (16) with UNMAP"}),
                        ("42,ata35", {"SCSI UNMAP", "ATA WRITE DMA EXT"})):
        fresh()
        with Attached("leaks", code) as disk:
            report = tested(disk.device, 1)
        changed = {a["command"] for a in report["attempts"] if a["outcome"] == "CHANGED" and a["by"] != "block"}
        assert changed == names and report["verdict"] == "DOES NOT HOLD", (code, changed, report["verdict"])
        rule = report["assertions"][0]
        assert rule["id"] == "HWB-RM-01" and rule["outcome"] == "fail"
        assert all(name in rule["why"] for name in names), rule
        assert not unchanged()


# 27037 row 24
@test("a blocker that writes later what it was given: found when the disk is looked at without it")
def later(_):
    fresh()
    with Attached("later") as disk:
        report = tested(disk.device, 0)
    assert report["verdict"] == "holds" and not unchanged()
    report = checked(bare.device, 1)
    assert report["verdict"] == "DOES NOT HOLD" and not report["afterwards"]["as_prepared"], report["afterwards"]


# 27037 row 24
@test("a blocker that keeps what is written and gives it back: said, and that the disk itself is as it was")
def keeps(_):
    fresh()
    with Attached("keeps") as disk:
        report = tested(disk.device, 1)
    assert report["verdict"] == "DOES NOT HOLD" and unchanged()
    report = checked(bare.device, 1)
    assert report["afterwards"]["as_prepared"] and "keeps what is written" in report["why"], report["why"]


# 27037 row 24
@test("another size is told, and then nothing that writes is sent; an error that is swallowed is told")
def told_wrong(_):
    fresh()
    with Attached("shrinks") as disk:
        report = tested(disk.device, 1)
        asked = disk.asked()
    assert assertions(report)["HWB-RM-03"] == "fail" and not asked & WRITES, asked
    assert not report["attempts"] and report["verdict"] == "DOES NOT HOLD"
    with Attached("faults") as disk:
        report = tested(disk.device, 1)
    assert assertions(report)["HWB-RM-04"] == "fail" and assertions(report)["HWB-RM-01"] == "pass"
    assert unchanged()


# 27037 row 24
@test("a disk without the mark, with a damaged one or another area: nothing is sent but what reads")
def not_ours(_):
    machine.sh(f"dd if=/dev/urandom of=/tmp/exhibit bs=512 count={SECTORS} 2>/dev/null; cp /tmp/exhibit /tmp/was")
    with Attached("bare", store="/tmp/exhibit") as disk:
        done = blocker("test", disk.device, "--blocker", GIVEN, "--by", "me", code=3)
        asked = disk.asked()
        assert asked <= READS and "no test disk" in done.err, (asked, done.err)
        done = blocker("check", disk.device, "--report", "/tmp/report.json", code=3)
        assert disk.asked() <= READS, done.err
        # nor is it made one by mistake
        for options in ((), ("--yes",), ("--overwrite", "LAMB-2")):
            done = blocker("prepare", disk.device, *options, code=3)
            assert disk.asked() <= READS | ASKS, (options, done.err)
        assert "LAMB-1" in done.err, done.err
    assert machine.sh("cmp /tmp/exhibit /tmp/was")
    fresh()
    for at, what in ((100, "damaged"), (5 * MIB - 1, "not as it was prepared")):
        machine.sh(f"cp /tmp/before {STORE}; printf X | dd of={STORE} bs=1 seek={at} conv=notrunc 2>/dev/null; "
                   f"cp {STORE} /tmp/was")
        bare.asked()
        done = blocker("test", bare.device, "--blocker", GIVEN, "--by", "me", code=3)
        assert what in done.err and bare.asked() <= READS | ASKS, done.err
        assert machine.sh(f"cmp {STORE} /tmp/was")
    # a mark that was copied to another disk
    fresh()
    machine.sh(f"dd if={STORE} of={machine.block('/ata1/')} bs=1M oflag=direct 2>/dev/null")
    done = blocker("test", machine.block("/ata1/"), "--blocker", GIVEN, "--by", "me", code=3)
    assert "copied" in done.err, done.err


# 27037 row 24
@test("a partition is refused, and a disk with one that is in use, whatever is said")
def in_use(_):
    device = machine.block("/ata2/")
    assert "is a partition" in blocker("prepare", device + "1", "--overwrite", "SATA-2", code=3).err
    machine.sh(f"mkswap {device}1 >/dev/null && swapon {device}1")
    for action in (("prepare", "--overwrite", "SATA-2"), ("prepare", "--yes")):
        assert "in use" in blocker(action[0], device, *action[1:], code=3).err
    machine.run("swapoff", device + "1")


# 27037 row 24
@test("disks without a blocker do not hold: SATA, NVMe, SCSI and virtio, each by its own commands")
def direct(_):
    for part, serial, names in (
            ("/ata2/", "SATA-2", {"write()", "SCSI WRITE (10)", "ATA WRITE SECTORS EXT", "ATA WRITE DMA"}),
            ("/nvme/", "NVME-77", {"write()", "NVMe Write"}),
            (":0:3:0/", "SCSI-1", {"write()", "SCSI WRITE (10)", "SCSI WRITE (16)", "SCSI UNMAP"}),
            ("/vda", "VBLK-7", {"write()"})):
        device = machine.block(part)
        blocker("prepare", device, "--yes", code=3)  # it holds something
        said = prepare(device, "--overwrite", serial)
        assert names <= set(said["changed_by"]), (part, names - set(said["changed_by"]), said)
        report = tested(device, 1)
        assert report["verdict"] == "DOES NOT HOLD", report["verdict"]
        changed = {a["command"] for a in report["attempts"] if a["outcome"] == "CHANGED"}
        # after errors the kernel's ATA layer goes without queues, and then without FUA
        assert changed ^ set(said["changed_by"]) <= {"SCSI WRITE (10) with FUA"}, (part, changed, said)
        assert report["behind"]["attached_as_prepared"]


# 27037 row 24
@test("a USB bridge: what it is attached by says whose test it is, and that it is still there")
def bridge(_):
    machine.run("tocsin", "evidence", "identity", "/tmp/who", "--name", "A. Meyer", "--role", "DEFR",
                "--competence", "GCFA, 2024-05-01")
    machine.until("ls -l /sys/block | grep -q /usb")
    usb, attached_by = machine.block("/usb"), "USB 46f4:0001, QEMU QEMU USB HARDDRIVE, serial BRIDGE-1"
    who = ("--identity", "/tmp/who")
    prepare(machine.block(":0:4:0/"), "--overwrite", "MOVED-1")
    report = json.loads(blocker("test", usb, "--blocker", GIVEN, "--json", *who).out)
    assert report["blocker"]["attached_by"] == attached_by, report["blocker"]
    assert report["verdict"] == "holds" and not report["behind"]["attached_as_prepared"], report["why"]
    assert "attached as when the blocker was tested" in blocker("check", usb, *who, code=3).err
    report = json.loads(blocker("check", machine.block(":0:4:0/"), "--json", *who).out)
    assert report["afterwards"]["write_reaches"] and report["verdict"] == "holds"
    for device, wanted in ((usb, True), (machine.block(":0:4:0/"), False)):
        done = machine.run("tocsin", "evidence", "acquire", device, "/tmp/bundle", *who, "--reason", "r", "--place",
                           "here", "--authority", "W", "--write-blocker", GIVEN, "--bytes", MIB, "--why-partial", "a test")
        said = machine.json("/tmp/bundle/acquisition.json")["source"]["write_blocker_test"]
        if wanted:
            assert said["verdict"] == "holds" and said["confirmed_without_blocker"], said
        else:  # the same words, and no such bridge
            assert said == "not tested by this program" and attached_by in done.err, (said, done.err)
        machine.run("rm", "-rf", "/tmp/bundle")


# 27037 row 24
@test("the kernel's flag alone protects from nothing: it is taken away for the test, and put back")
def kernel_flag(_):
    device = machine.block(":0:3:0/")
    machine.run("blockdev", "--setro", device)
    assert "read-only to the kernel" in blocker("prepare", device, "--overwrite", "SCSI-1", code=3).err
    machine.run("blockdev", "--setrw", device)
    prepare(device)
    machine.run("blockdev", "--setro", device)
    report = tested(device, 1)
    assert report["behind"]["kernel_read_only"] and report["behind"]["kernel_flag_taken_away"]
    assert report["verdict"] == "DOES NOT HOLD" and "CHANGED" in outcomes(report)["write()"]
    assert machine.run("blockdev", "--getro", device).out.strip() == "1"


def run():
    global machine  # pylint: disable=global-statement
    why = what_is_missing()
    if why:
        print(f"skipped: a virtual machine: {why}")
        return
    with tempfile.TemporaryDirectory() as top:
        folder = pathlib.Path(top)
        devices = ["-device", "virtio-scsi-pci,id=scsi", "-device", "qemu-xhci,id=usb"]
        for name, device in (("sata", "ide-hd,bus=ide.0,serial=SATA-1"), ("other", "ide-hd,bus=ide.1,serial=SATA-2"),
                             ("nvme", "nvme,serial=NVME-77"), ("virtio", "virtio-blk-pci,serial=VBLK-7"),
                             ("scsi", "scsi-hd,bus=scsi.0,scsi-id=3,serial=SCSI-1")):
            images[name] = folder / f"{name}.img"
            images[name].write_bytes(random.Random(name).randbytes(17 * MIB))
            if name == "other":  # with one partition, from 1 MiB on
                with images[name].open("r+b") as f:
                    f.seek(446)
                    f.write(struct.pack("<8B2I", 0, 0, 0, 0, 0x83, 0, 0, 0, 2048, 32768) + bytes(48) + b"\x55\xaa")
            node = {"driver": "raw", "node-name": name, "discard": "unmap",
                    "file": {"driver": "file", "filename": str(images[name]), "discard": "unmap"}}
            devices += ["-blockdev", json.dumps(node), "-device", f"{device},drive={name}"]
        # one disk on two ways: as it is, and through a bridge that lets nothing be written
        moved = folder / "moved.img"
        moved.write_bytes(random.Random("moved").randbytes(17 * MIB))
        for name, locked, device in (("moved", False, "scsi-hd,bus=scsi.0,scsi-id=4,serial=MOVED-1"),
                                     ("bridged", True, "usb-storage,bus=usb.0,port=1,serial=BRIDGE-1")):
            node = {"driver": "raw", "node-name": name, "read-only": locked,
                    "file": {"driver": "file", "filename": str(moved), "locking": "off", "read-only": locked}}
            devices += ["-blockdev", json.dumps(node), "-device", f"{device},drive={name}"]
        started = time.monotonic()
        try:
            programs = [("bin/blocked_disk", compiled(folder, SOURCE / "tests/machine/blocked_disk.c")),
                        ("bin/tocsin", BUILD / "src/cli/tocsin")]
            machine = Guest(folder, MODULES, devices, programs=programs)
        except Missing as missing:
            print(f"skipped: a virtual machine: {missing}")
            return
        with machine:
            print(f"measured: a virtual machine for write blockers: ready after "
                  f"{time.monotonic() - started:.1f} s ({machine.kind})")
            main()


if __name__ == "__main__":
    run()
