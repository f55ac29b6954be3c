#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin evidence on a running machine, the whole of which is its own: memory, processes, traffic,
and an image as a file."""

import json
import os
import pathlib
import re
import shutil
import struct
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "scenario"))

# pylint: disable=wrong-import-position
from evidence_scenario import main, test
from guest import BUILD, SOURCE, Guest, Missing, compiled, what_is_missing

MIB = 1 << 20
MODULES = ["virtio_blk", "crc32c_generic", "ext4", "fuse", "veth", "pktgen", "loop", "unix_diag", "inet_diag",
           "tcp_diag", "udp_diag", "netlink_diag", "af_packet_diag"]
PORT = 4711
LARGE, STEP = 1 << 39, 1 << 36  # of tests/machine/holder.c
machine = None  # the one of this program


def records(bundle, collector):
    text = machine.sh(f"cat {bundle}/data/live/*-{collector}.jsonl").out
    return [json.loads(line) for line in text.splitlines()]


def holder(secret):
    """Begins a process that holds this secret. Gives its number, and where its areas are."""
    machine.sh(f"setsid holder {secret} >/tmp/holder 2>&1 & until [ -s /tmp/holder ]; do sleep 0.05; done")
    number, *places = machine.read("/tmp/holder").split()
    return number.decode(), [int(place, 16) for place in places]


def lime(image):
    """The stretches of memory that an image says it has, by the headers of LiME alone."""
    at = 0
    while at < len(image):
        magic, version, first, last, zero = struct.unpack_from("<IIQQQ", image, at)
        assert (magic, version, zero) == (0x4C694D45, 1, 0), at
        yield first, last
        at += 32 + last + 1 - first
    assert at == len(image)


def whole_is_sound(answer, record, secret):
    assert [c["name"] for c in answer["collectors"] if c["state"] != "done"] == [], answer["collectors"]
    assert not [c for c in record["live"]["collectors"] if "given_up" in c]
    assert record["source"]["as_root"] and record["source"]["kernel"] == machine.kernel.release
    footprint = record["live"]["footprint"]
    held = int(machine.sh("du -sb /mnt/live/data/live | cut -f1").out)
    assert footprint["programs_run"] == 0 and footprint["files_whose_access_time_may_have_changed"] == 0
    assert 0 <= footprint["bytes_written"] - held <= 16 * MIB or \
        0 <= held - footprint["bytes_written"] <= MIB, (footprint, held)
    assert machine.sh("sha256sum /bin/tocsin").out.split()[0] == record["tool"]["sha256"]
    known = {path.stem.replace("-", "_") for path in machine.modules}
    listed = {x["name"] for x in records("/mnt/live", "modules") if "name" in x}
    assert known <= listed, known - listed
    listening = [x for x in records("/mnt/live", "sockets") if x.get("local_port") == PORT]
    assert listening and listening[0]["owners"][0]["pid"] == int(machine.read("/tmp/nc")), listening
    assert secret not in machine.sh("cat /mnt/live/acquisition.json").out


# 27037 rows 17, 18, 25
@test("live, with everything, as root: whole memory and processes hold what they held; sound, footprint told")
def whole(_):
    secret = os.urandom(24).hex()
    pid, (none, some, held) = holder(secret)
    machine.sh(f"setsid nc -l -p {PORT} >/dev/null 2>&1 & echo $! >/tmp/nc")
    machine.until(f"grep -q :{PORT:04X} /proc/net/tcp /proc/net/tcp6")
    answer = json.loads(machine.run("tocsin", "evidence", "live", "--json", "/mnt/live").out)
    record = machine.json("/mnt/live/acquisition.json")
    whole_is_sound(answer, record, secret)
    # memory: the machine's own map of it, and what the process holds is somewhere in it
    ranges = [line.split(" : ")[0].split("-") for line in machine.read("/proc/iomem").decode().splitlines()
              if line.endswith(" : System RAM") and not line.startswith(" ")]
    ranges = [(int(first, 16), int(last, 16)) for first, last in ranges]
    size = int(machine.sh("stat -c %s /mnt/live/data/live/*-memory-00001.lime").out)
    machine.sh("cat /mnt/live/data/live/*-memory-00001.lime >/dev/vdb && sync")
    image = (machine.folder / "image").read_bytes()[:size]
    heads = list(lime(image))
    missing = [(int(x["physical"], 16), int(x["physical"], 16) + x["bytes"] - 1)
               for x in records("/mnt/live", "memory-unreadable")]
    assert sum(last + 1 - first for first, last in missing) < 4096  # less than a page, at an odd end
    together = []
    for first, last in sorted(heads + missing):
        if together and together[-1][1] + 1 == first:
            first = together.pop()[0]
        together.append((first, last))
    assert together == ranges, (heads, missing, ranges)
    there = {int(i) for i in re.findall(b"held ([0-9]+) " + secret.encode(), image)}
    assert len(there) == 4095, len(there)
    # the process: each page that it touched at its place, and nothing of what it only set aside
    said = next(x for x in records("/mnt/live", "process-memory") if x["pid"] == pid)
    data = machine.sh(f"cat /mnt/live/{said['file']}").bytes
    pages = {}
    for x in said["pages"]:
        for at in range(0, x["bytes"] if "offset" in x else 0, 4096):
            pages[int(x["from"], 16) + at] = data[x["offset"] + at:x["offset"] + at + 4096]
    assert not [at for at in pages if none <= at < none + LARGE]
    assert {at for at in pages if some <= at < some + LARGE} == {some + i * STEP for i in range(8)}
    assert all(pages[some + i * STEP][0] == ord("x") for i in range(8))
    for i in range(4095):
        at = held + i * 256
        line = f"held {i * 256} {secret}".ljust(255) + "\n"
        page = pages[at // 4096 * 4096] + pages.get(at // 4096 * 4096 + 4096, b"")
        assert page[at % 4096:].startswith(line.encode()), (i, hex(at))
    assert said["pages_never_touched"] >= 2 * LARGE // 4096 - 8
    by_name = {c["name"]: c for c in record["live"]["collectors"]}
    took = {name: (int(by_name[name]["ended"]["monotonic_ns"]) - int(by_name[name]["started"]["monotonic_ns"]))
            / 1e9 for name in ("memory", "process-memory")}
    print(f"measured: live in a virtual machine ({machine.kind}): {size // MIB} MiB of /proc/kcore in "
          f"{took['memory']:.1f} s; memory of processes, one of which has set aside 1 TiB, in "
          f"{took['process-memory']:.1f} s")
    machine.run("tocsin", "evidence", "verify", "/mnt/live")
    machine.sh(f"kill {pid} $(cat /tmp/nc); rm -r /mnt/live")


def pair(ring, packets, stopped):
    """Packets over a pair of interfaces into a capture that may be stopped meanwhile."""
    machine.sh("/usr/bin/ip link add out type veth peer name in && "
               "sysctl -qw net.ipv6.conf.out.disable_ipv6=1 net.ipv6.conf.in.disable_ipv6=1 && "
               "ip link set in up && ip link set out up")
    machine.sh("rm -f /tmp/pid /tmp/code; (sh -c 'echo $$ >/tmp/pid; exec tocsin evidence capture /mnt/net "
               f"--json -i in --ring {ring} >/tmp/answer 2>/tmp/said'; echo $? >/tmp/code) >/dev/null 2>&1 & "
               "until [ -s /tmp/pid ]; do sleep 0.05; done")
    machine.until("[ -e /mnt/net/data/capture-00001.pcapng ] && [ $(wc -l </proc/net/packet) -gt 1 ] || "
                  "! kill -0 $(cat /tmp/pid)")
    machine.sh("kill -STOP $(cat /tmp/pid)" if stopped else "true")
    for line in ("rem_device_all", "add_device out"):
        machine.sh(f"echo '{line}' >/proc/net/pktgen/kpktgend_0")
    for line in (f"count {packets}", "pkt_size 1000", "delay 20000", "dst 192.0.2.7",
                 "dst_mac " + machine.read("/sys/class/net/in/address").decode().strip()):
        machine.sh(f"echo '{line}' >/proc/net/pktgen/out")
    machine.sh("echo start >/proc/net/pktgen/pgctrl")
    sent = int(machine.sh("grep -o 'pkts-sofar: [0-9]*' /proc/net/pktgen/out").out.split()[1])
    came = int(machine.read("/sys/class/net/in/statistics/rx_packets"))
    machine.sh("kill -CONT $(cat /tmp/pid); kill -INT $(cat /tmp/pid)")
    machine.until("[ -s /tmp/code ]")
    answer, record = machine.json("/tmp/answer"), machine.json("/mnt/net/acquisition.json")["capture"]
    machine.run("tocsin", "evidence", "verify", "/mnt/net")
    machine.sh("ip link del out; rm -r /mnt/net")
    # by the interface's own count, each packet was kept or told to be dropped; here and in the record
    assert sent == packets and 0 < came <= sent, (packets, sent, came)
    assert answer["packets"] + answer["dropped_by_kernel"] == came, (answer, came)
    assert all(record[name] == answer[name] for name in
               ("packets", "dropped_by_kernel", "dropped_by_interface")), (answer, record)
    return answer["dropped_by_kernel"], int(machine.read("/tmp/code")), machine.read("/tmp/said").decode()


# 27037 row 22
@test("capture on a pair of interfaces: all packets of a flood that it can take, and what was dropped")
def flood(_):
    dropped, code, said = pair(64, 2000, False)
    assert (dropped, code) == (0, 0), (dropped, code, said)
    dropped, code, said = pair(1, 5000, True)
    assert dropped > 0 and code == 1 and "dropped" in said, (dropped, code, said)


# 27037 row 24
@test("an image as a file, through the kernel's own FUSE: read by others, and not to be written")
def mount(_):
    machine.sh("dd if=/dev/urandom of=/mnt/disk bs=4096 count=700 2>/dev/null; mkdir -p /mnt/there")
    machine.run("tocsin", "evidence", "acquire", "/mnt/disk", "/mnt/b")
    machine.sh("tocsin evidence mount /mnt/b /mnt/there >/tmp/said 2>&1 & echo $! >/tmp/pid")
    machine.until("[ -e /mnt/there/image.raw ] || ! kill -0 $(cat /tmp/pid)")
    machine.run("cmp", "/mnt/disk", "/mnt/there/image.raw")
    assert machine.sh("echo x >/mnt/there/image.raw", None).code != 0
    machine.sh("losetup -r /dev/loop0 /mnt/there/image.raw && cmp /dev/loop0 /mnt/disk && losetup -d /dev/loop0")
    machine.run("umount", "/mnt/there")
    machine.until("! kill -0 $(cat /tmp/pid) 2>/dev/null")
    machine.run("tocsin", "evidence", "verify", "/mnt/b")
    machine.sh("rm -r /mnt/b /mnt/disk")


def run():
    global machine  # pylint: disable=global-statement
    why = what_is_missing()
    if why:
        print(f"skipped: a virtual machine: {why}")
        return
    with tempfile.TemporaryDirectory() as top:
        folder = pathlib.Path(top)
        devices = []
        for name, size in (("scratch", 1000), ("image", 400)):
            with open(folder / name, "wb") as file:
                file.truncate(size * MIB)
            devices += ["-drive", f"if=virtio,file={folder}/{name},format=raw,cache=unsafe"]
        programs = [("usr/bin/ip", shutil.which("ip") or "/sbin/ip"), ("bin/tocsin", BUILD / "src/cli/tocsin"),
                    ("bin/holder", compiled(folder, SOURCE / "tests/machine/holder.c"))]
        started = time.monotonic()
        try:
            machine = Guest(folder, MODULES, devices, memory=320, programs=programs)
        except Missing as missing:
            print(f"skipped: a virtual machine: {missing}")
            return
        with machine:
            machine.sh("mke2fs -F /dev/vda >/dev/null && mount -t ext4 /dev/vda /mnt")
            print(f"measured: a virtual machine: ready after {time.monotonic() - started:.1f} s "
                  f"({machine.kind})")
            main()


if __name__ == "__main__":
    run()
