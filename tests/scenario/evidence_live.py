#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin evidence live: what a bundle says of a running machine is compared with what ip, ss and the
kernel say. The machine is a small one: processes, mounts and network of namespaces of our own, so
that nothing of the machine that tests is taken."""

import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
SANITIZED = b"__asan_init" in TOCSIN.read_bytes()
INSIDE = "TOCSIN_LIVE_INSIDE"
failures = 0
tests = []


def test(name):
    def add(function):
        tests.append((name, function))
        return function
    return add


def live(bundle, *arguments, code=(0, 1), prefix=(), env=None):
    done = subprocess.run([*prefix, TOCSIN, "evidence", "live", "--json", bundle, *arguments],
                          capture_output=True, text=True, check=False, timeout=300, env=env)
    wanted = code if isinstance(code, tuple) else (code,)
    assert done.returncode in wanted, (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout) if done.stdout else done.stderr


def only(bundle, *names, more=(), **named):
    options = [word for name in names for word in ("--only", name)]
    return live(bundle, *options, *more, "--reason", "a test of these", **named)


def read(bundle, name, suffix=".jsonl"):
    found = list((bundle / "data/live").glob(f"[0-9][0-9]-{name}{suffix}"))
    assert len(found) == 1, (name, found)
    return [json.loads(line) for line in found[0].read_bytes().splitlines()]


def record(bundle):
    return json.loads((bundle / "acquisition.json").read_text())


def sound(bundle):
    for name in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        subprocess.run(["sha256sum", "--quiet", "--strict", "-c", name], cwd=bundle, check=True)
    done = subprocess.run([TOCSIN, "evidence", "verify", bundle], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


ORDER = ["routes", "sockets", "processes", "kernel-tables", "kernel-log", "modules", "mounts",
         "encryption", "users", "memory", "process-memory", "executables", "temporary", "timers",
         "logs", "interfaces", "devices"]


# rows 4, 16: the plan is RFC 3227's, and another one needs a reason
@test("the plan comes first, in the order of volatility; another order or choice needs a reason")
def plan(folder):
    shown = live(folder / "b", "--plan", code=0)
    assert [s["name"] for s in shown["steps"]] == ORDER and not shown["needs_reason"]
    levels = [s["level"] for s in shown["steps"]]
    assert levels == sorted(levels) and not (folder / "b").exists()
    for options in (["--only", "routes"], ["--without", "memory"], ["--order", "logs"]):
        assert live(folder / "b", "--plan", *options, code=0)["needs_reason"]
        assert "reason" in live(folder / "b", *options, code=2)
        assert not (folder / "b").exists()
    assert not live(folder / "b", "--plan", "--order", "routes", code=0)["needs_reason"]
    assert "no collector" in live(folder / "b", "--only", "wrong", "--plan", code=2)
    only(folder / "c", "logs", "routes", more=["--order", "logs"])
    said = record(folder / "c")["live"]
    assert [c["name"] for c in said["collectors"]] == ["logs", "routes"]
    assert said["plan"]["deviates"] and said["plan"]["reason"] == "a test of these"
    assert set(said["plan"]["left_out"]) == set(ORDER) - {"logs", "routes"}


# rows 14, 16, 17, 18, 25
@test("the whole plan: order by the monotonic clock, clocks, footprint, and a sound bundle")
def whole(folder):
    bundle = folder / "b"
    answer = live(bundle)
    said = record(bundle)
    collectors = said["live"]["collectors"]
    assert [c["name"] for c in collectors] == ORDER == [c["name"] for c in answer["collectors"]]
    times = [int(c[k]["monotonic_ns"]) for c in collectors for k in ("started", "ended")]
    times = [int(said["started"]["monotonic_ns"]), *times, int(said["ended"]["monotonic_ns"])]
    assert times == sorted(times)
    for clock in (said["started"], said["ended"]):
        for name in ("realtime_ns", "monotonic_ns", "boottime_ns"):
            assert int(clock[name]) > 0
        assert "kernel_says_synchronised" in clock
        assert "clock_chip" in clock or "clock_chip_not_read" in clock
    assert abs(int(said["ended"]["realtime_ns"]) - time.time_ns()) < 60e9
    assert abs(int(said["ended"]["monotonic_ns"]) - time.monotonic_ns()) < 60e9
    for collector in collectors:
        assert collector["state"] in ("done", "partly", "refused"), collector
        assert collector["state"] == "done" or collector["why"]
    print_ = said["live"]["footprint"]
    assert print_["programs_run"] == 0 and print_["processes_started"] == len(ORDER)
    assert 0 < print_["memory_peak_bytes"] < 128 << 20
    written = sum(f.stat().st_size for f in (bundle / "data/live").rglob("*") if f.is_file())
    assert print_["bytes_written"] >= written
    assert print_["sockets_opened"] > 0 and print_["files_opened_for_reading"] > 100
    sound(bundle)
    assert "broken off" not in live(bundle, code=3)


LINK = "link add dummy7 type dummy"


@test("addresses, routes, rules and neighbours are those of ip")
def network(folder):
    bundle = folder / "b"
    for link in (LINK, "link add dummy7 type veth peer name dummy8", "tuntap add dummy7 mode tap",
                 "link add dummy7 type bridge"):
        if subprocess.run(["ip", *link.split()], capture_output=True, check=False).returncode == 0:
            break
    else:
        return "no interface can be made here"
    for command in ("link set dummy7 up",
                    "address add 192.0.2.7/24 dev dummy7", "address add 2001:db8::7/64 dev dummy7",
                    "route add 198.51.100.0/24 via 192.0.2.1 metric 77",
                    "route add default via 192.0.2.254", "-6 route add 2001:db8:9::/48 via 2001:db8::1",
                    "neighbour add 192.0.2.9 lladdr 02:00:00:00:00:09 dev dummy7 nud permanent",
                    "neighbour add 2001:db8::9 lladdr 02:00:00:00:00:0a dev dummy7 nud permanent",
                    "rule add from 203.0.113.0/24 table 99 priority 555",
                    "route add 203.0.113.0/24 nexthop via 192.0.2.2 nexthop via 192.0.2.3 weight 5"):
        subprocess.run(["ip", *command.split()], capture_output=True, check=False)
    time.sleep(2) # duplicate address detection
    only(bundle, "routes", "interfaces")
    lines = read(bundle, "routes")
    routes = {(r["family"], r["to"], r.get("via"), r.get("interface"), r.get("metric", 0))
              for r in lines if r["kind"] == "route" and r["table"] == 254}
    wanted = set()
    for family, option in (("ipv4", "-4"), ("ipv6", "-6")):
        for r in json.loads(run("ip", "-j", option, "route")):
            to = r["dst"]
            if to != "default" and "/" not in to:
                to += "/32" if family == "ipv4" else "/128"
            single = "nexthops" not in r
            wanted.add((family, to, r.get("gateway"), r.get("dev") if single else None,
                        r.get("metric", 0)))
    assert routes == wanted, (routes ^ wanted)
    many = [r for r in lines if r.get("hops")]
    assert [(h["via"], h["weight"]) for h in many[0]["hops"]] == [("192.0.2.2", 1), ("192.0.2.3", 5)]
    neighbours = {(n["address"], n["link_address"], n["interface"], n["state"])
                  for n in lines if n["kind"] == "neighbour" and n["state"] == "permanent" and n["family"] != "bridge"}
    assert neighbours == {("192.0.2.9", "02:00:00:00:00:09", "dummy7", "permanent"),
                          ("2001:db8::9", "02:00:00:00:00:0a", "dummy7", "permanent")}, neighbours
    rules = [(r["priority"], r.get("source"), r["source_bits"], r["table"]) for r in lines
             if r["kind"] == "rule" and r["family"] == "ipv4"]
    assert (555, "203.0.113.0", 24, 99) in rules
    lines = read(bundle, "interfaces")
    for link in json.loads(run("ip", "-j", "address")):
        mine = next(x for x in lines if x["kind"] == "interface" and x["name"] == link["ifname"])
        assert mine["index"] == link["ifindex"] and mine["mtu"] == link["mtu"]
        if link["link_type"] == "ether":
            assert mine["link_address"] == link["address"]
        wanted = {(a["local"], a["prefixlen"]) for a in link["addr_info"]}
        got = {(a["address"], a["bits"]) for a in lines
               if a["kind"] == "address" and a["interface"] == link["ifname"]}
        assert got == wanted, (got, wanted)
    return None


@test("sockets and who holds them are those of ss")
def sockets(folder):
    bundle = folder / "b"
    held = [socket.create_server(("127.0.0.1", 0)), socket.create_server(("::1", 0), family=socket.AF_INET6)]
    held.append(socket.create_connection(held[0].getsockname()))
    held.append(held[0].accept()[0])
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    local, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    local.bind(str(folder / "s"))
    abstract.bind(b"\0tocsin-test\xff")
    local.listen()
    held += [udp, local, abstract]
    try:
        held.append(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
    except PermissionError:
        pass
    only(bundle, "sockets")
    lines = read(bundle, "sockets")
    by_inode = {s["inode"]: s for s in lines if s["inode"]}
    for s in held:
        inode = os.fstat(s.fileno()).st_ino
        assert inode in by_inode, (s, inode)
        owners = [(o["pid"], o["fd"]) for o in by_inode[inode]["owners"]]
        assert (os.getpid(), s.fileno()) in owners, (s, owners)
    assert by_inode[os.fstat(local.fileno()).st_ino]["path"] == str(folder / "s")
    assert base64.b64decode(by_inode[os.fstat(abstract.fileno()).st_ino]["abstract_base64"]) == \
        b"tocsin-test\xff"
    got = {(s["local"], s["local_port"], s["remote"], s["remote_port"]) for s in lines
           if s["kind"] == "tcp"}
    for line in run("ss", "-Htan").splitlines():
        near, far = line.split()[3:5]
        near, far = ((e.rpartition(":")[0].strip("[]"), e.rpartition(":")[2]) for e in (near, far))
        assert (near[0], int(near[1]), far[0], int(far[1].replace("*", "0"))) in got, (line, got)
    assert len(got) == len(run("ss", "-Htan").splitlines())


@test("processes: command line, environment, maps, files and namespaces are those of /proc")
def processes(folder):
    bundle = folder / "b"
    secret = folder / "open file"
    secret.write_text("x")
    with open(secret) as f:
        child = subprocess.Popen(["sleep", "600"], env={"ODD": "a\nb=c", "BYTES": "\udcff"},
                                 pass_fds=[f.fileno()], cwd=folder)
        time.sleep(0.3)
        only(bundle, "processes")
        mine = {p["pid"]: p for p in read(bundle, "processes")}
        assert {p for p in os.listdir("/proc") if p.isdigit()} - set(mine) == set()
        p = mine[str(child.pid)]
        raw = pathlib.Path(f"/proc/{child.pid}/environ").read_bytes()
        assert base64.b64decode(p["environ_base64"]) == raw and b"BYTES=\xff" in raw
        assert p["cmdline"] == ["sleep", "600"] and p["cwd"] == str(folder)
        assert p["maps"] == pathlib.Path(f"/proc/{child.pid}/maps").read_text()
        assert p["exe"] == os.readlink(f"/proc/{child.pid}/exe")
        assert {"fd": str(f.fileno()), "target": str(secret)}.items() <= \
            next(x for x in p["files"] if x["fd"] == str(f.fileno())).items()
        for name, target in p["namespaces"].items():
            assert target == os.readlink(f"/proc/{child.pid}/ns/{name}")
        child.kill()
        child.wait()


def make_program(path):
    """A program that sleeps and keeps a mark in its memory."""
    path.with_suffix(".c").write_text(
        '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n'
        '#include <sys/mman.h>\n'
        'int main(void) { char *m = mmap(0, 1 << 26, 3, 34, -1, 0);\n'
        ' madvise(m, 1 << 26, MADV_NOHUGEPAGE);\n'
        ' strcpy(m + 40960, "a mark in "); strcat(m + 40960, "memory, only here");\n'
        ' printf("%lx\\n", (unsigned long)m); fflush(stdout); sleep(600); return 0; }\n')
    subprocess.run(["cc", "-o", path, path.with_suffix(".c")], check=True)


def memory_of(bundle, line):
    """All parts of it."""
    return b"".join((bundle / line["file"].replace("-00001.", f"-{n + 1:05}.")).read_bytes()
                    for n in range(line["parts"]))


@test("memory of a process: what is in it is found where the map says; what was never touched stays so")
def process_memory(folder):
    bundle, program = folder / "b", folder / "program"
    make_program(program)
    child = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
    at = int(child.stdout.readline(), 16)

    def resident():
        """By area: the sum of VmRSS is kept by processor and may be behind."""
        text = pathlib.Path(f"/proc/{child.pid}/smaps").read_text()
        return re.findall(r"^([0-9a-f]+-[0-9a-f]+) .*?^Rss:\s+(\d+) kB", text, re.M | re.S)

    while pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(") ", 1)[1][0] != "S":
        time.sleep(0.01)  # on its way from the line it wrote to its sleep it touches pages itself
    before = resident()
    only(bundle, "process-memory")
    after = dict(resident())
    made = [(area, size, after[area]) for area, size in before if int(after[area]) > int(size)]
    assert len(before) > 5 and not made, f"taking it made pages: {made}"
    line = next(x for x in read(bundle, "process-memory") if x["pid"] == str(child.pid))
    data = memory_of(bundle, line)
    assert len(data) == line["bytes"] and line["pages_never_touched"] > 16000 and line["parts"] == 1
    page = next(p for p in line["pages"] if "offset" in p and
                int(p["from"], 16) <= at + 40960 < int(p["from"], 16) + p["bytes"])
    start = page["offset"] + at + 40960 - int(page["from"], 16)
    assert data[start:start + 27] == b"a mark in memory, only here"
    # and all of it against the process's own memory, page by page, where it does not move
    with open(f"/proc/{child.pid}/mem", "rb") as memory:
        for p in line["pages"]:
            if "offset" in p:
                memory.seek(int(p["from"], 16))
                there = memory.read(p["bytes"])
                assert there == data[p["offset"]:p["offset"] + p["bytes"]], p
    # in parts, as for a stick whose file system has no large files
    only(folder / "c", "process-memory", more=["--file-most", "1"])
    big = max(read(folder / "c", "process-memory"), key=lambda x: x["bytes"])
    assert big["parts"] > 1
    for p in big["pages"]:
        if "offset" in p:
            part = folder / "c" / big["file"].replace("-00001.", f"-{p['part']:05}.")
            assert p["offset"] + p["bytes"] <= part.stat().st_size <= 1 << 20
    assert len(memory_of(folder / "c", big)) == big["bytes"]
    child.kill()
    child.wait()


@test("programs are hashed through /proc; one that was deleted is copied, and a warning says so")
def executables(folder):
    bundle, program = folder / "b", folder / "program"
    make_program(program)
    content = program.read_bytes()
    child = subprocess.Popen([program], stdout=subprocess.PIPE)
    child.stdout.readline()
    program.unlink()
    answer = only(bundle, "executables")
    lines = [x for x in read(bundle, "executables") if x["pid"] == str(child.pid)]
    assert len(lines) == 1 and lines[0]["deleted"]
    assert lines[0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert (bundle / lines[0]["copy"]).read_bytes() == content
    assert any("deleted" in w and str(child.pid) in w for w in answer["warnings"])
    own = next(x for x in read(bundle, "executables") if x["path"].endswith("tocsin"))
    assert own["sha256"] == hashlib.sha256(TOCSIN.read_bytes()).hexdigest()
    child.kill()
    child.wait()


HOSTILE = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    struct rlimit most;
    int tib = argc > 1 ? atoi(argv[1]) : 90;
    prctl(PR_SET_NAME, "a) R 1\nb");
    strcpy(mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), "here I am, in memory");
    for (int i = 0; i < tib; i++)
        mmap(0, 1ul << 40, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int file = memfd_create("sparse", 0), other = memfd_create("[vvar]", 0);
    if (ftruncate(file, 1l << 50) || pwrite(file, "far away", 8, 1l << 40) != 8 ||
        ftruncate(other, 4096))
        return 1;
    mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
    strcpy(mmap(0, 4096, 3, MAP_SHARED, other, 0), "behind the name of another");
    getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
    int waits = epoll_create1(0), ends[2];
    for (int i = 0; i < 200 && pipe(ends) == 0; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        epoll_ctl(waits, EPOLL_CTL_ADD, ends[0], &event);
    }
    for (int i = 0; i < 2500 && dup(waits) >= 0; i++)
        ;
    puts("ready");
    fflush(stdout);
    pause();
}
"""


# what a process without rights can do to keep itself, or others, out of the record
@test("hostile processes: odd names, reserved memory, endless deleted programs, too much to say")
def hostile(folder):
    program, quiet = folder / "hostile", folder / "quiet.so"
    program.with_suffix(".c").write_text(HOSTILE)
    subprocess.run(["cc", "-o", program, program.with_suffix(".c")], check=True)
    child = subprocess.Popen([program], stdout=subprocess.PIPE)
    try:
        assert child.stdout.readline() == b"ready\n"
        pid, bundle = str(child.pid), folder / "b"
        only(bundle, "processes", "process-memory", "executables")
        sound(bundle)
        states = {c["name"]: c["state"] for c in record(bundle)["live"]["collectors"]}
        assert "given up" not in states.values() and "failed" not in states.values(), states
        # its name does not cut its line off
        said = next(p for p in read(bundle, "processes") if p["pid"] == pid)
        started = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        assert said["started_ticks"] == started
        assert said["threads"][0]["stat"].rpartition(")")[2].split()[19] == started
        assert any("info_error" in f for f in said["files"]) and len(said["files"]) > 2500
        assert len(json.dumps(said)) < 32 << 20
        # 90 TiB of nothing do not hide what is there; nor does a name like one of the kernel's
        line = next(x for x in read(bundle, "process-memory") if x["pid"] == pid)
        data = memory_of(bundle, line)
        assert b"here I am, in memory" in data and b"behind the name of another" in data
        assert line["pages_never_touched"] > 90 << 28 and len(data) == line["bytes"]
        # a deleted program of 1 PiB: what is in it, and where
        line = next(x for x in read(bundle, "executables")
                    if x["pid"] == pid and "sparse" in x["path"])
        assert line["bytes"] == 1 << 50 and "sha256" not in line and "holes" in line["error"]
        assert line["copy_extents"][-1] == [str(1 << 40), "4096"]
        assert b"far away" in (bundle / line["copy"]).read_bytes() and line["copy_bytes"] <= 8192
        # kernels that cannot be asked for what is there are asked page by page
        quiet.with_suffix(".c").write_text(
            '#include <errno.h>\nint ioctl(int fd, unsigned long what, ...)\n'
            '{ (void)fd; (void)what; errno = ENOTTY; return -1; }\n')
        subprocess.run(["cc", "-shared", "-fPIC", "-o", quiet, quiet.with_suffix(".c")], check=True)
        if not SANITIZED:
            child.kill()
            child.wait()
            child = subprocess.Popen([program, "0"], stdout=subprocess.PIPE)
            assert child.stdout.readline() == b"ready\n"
            only(folder / "c", "process-memory", env={**os.environ, "LD_PRELOAD": str(quiet)})
            line = next(x for x in read(folder / "c", "process-memory") if x["pid"] == str(child.pid))
            assert b"here I am, in memory" in memory_of(folder / "c", line)
            assert 0 < line["pages_never_touched"] < 1 << 28, line["pages_never_touched"]
    finally:
        child.kill()
        child.wait()


@test("temporary file systems and logs are copied whole; the kernel's log stays")
def trees(folder):
    bundle = folder / "b"
    spot = folder / "tmp"
    spot.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", spot], check=True)
    (spot / "dropped").write_bytes(b"\x7fELF what was dropped")
    os.mkfifo(spot / "pipe")
    log_before = subprocess.run(["dmesg"], capture_output=True, check=False).stdout
    only(bundle, "temporary", "kernel-log", "logs")
    mine = {r["path"]: r for r in read(bundle, "temporary")}
    said = mine[str(spot / "dropped")]
    assert (bundle / said["content"]["file"]).read_bytes() == b"\x7fELF what was dropped"
    assert mine[str(spot / "pipe")]["kind"] == "fifo"
    log = next((bundle / "data/live").glob("*-kernel-log.txt")).read_text(errors="replace")
    after = subprocess.run(["dmesg"], capture_output=True, check=False).stdout
    assert after[:len(log_before)] == log_before, "messages are gone"
    if os.access("/dev/kmsg", os.R_OK) and log_before:
        assert log.count("\n") >= log_before.count(b"\n") * 0.9
    logs = {r["path"] for r in read(bundle, "logs")}
    assert "/var/log" in logs
    subprocess.run(["umount", spot], check=True)


def lime(ranges):
    return b"".join(struct.pack("<IIQQQ", 0x4C694D45, 1, start, start + len(data) - 1, 0) + data
                    for start, data in ranges)


def snappy(data):
    """Frames whose chunks are not compressed."""
    out = b"\xff\x06\x00\x00sNaPpY"
    for at in range(0, len(data), 65536):
        part = data[at:at + 65536]
        out += b"\x01" + (len(part) + 4).to_bytes(3, "little") + b"\0\0\0\0" + part
    return out


def avml(ranges):
    out = b""
    for start, data in ranges:
        packed = snappy(data)
        out += struct.pack("<IIQQQ", 0x4C4D5641, 2, start, start + len(data) - 1, 0) + packed
        out += len(packed).to_bytes(8, "little")
    return out


@test("an image of memory that LiME or AVML made is checked and taken in; a broken one is refused")
def memory_image(folder):
    ranges = [(0x1000, os.urandom(8192)), (0x100000, os.urandom(300000))]
    for kind, good in (("lime", lime(ranges)), ("avml", avml(ranges))):
        (folder / kind).write_bytes(good)
        bundle = folder / f"b-{kind}"
        answer = only(bundle, "memory", more=["--memory-image", str(folder / kind)])
        assert answer["collectors"][0]["state"] == "done", answer
        assert (bundle / f"data/live/01-memory-00001.{kind}").read_bytes() == good
        for n, broken in enumerate((good[:-1], good[:20], b"", b"\0" * 64, good[:32] + good[33:],
                                    good + b"x")):
            (folder / "broken").write_bytes(broken)
            answer = only(folder / f"b-{kind}-{n}", "memory", more=["--memory-image", str(folder / "broken")])
            assert answer["collectors"][0]["state"] == "failed", (n, answer)
            assert "offset" in answer["collectors"][0]["why"]


@test("without an image: the machine's memory, or why the kernel gives none of it")
def memory(folder):
    answer = only(folder / "b", "memory")
    state = answer["collectors"][0]
    if state["state"] == "refused":
        assert "/proc/kcore" in state["why"] and "/dev/mem" in state["why"]
        return "the kernel gives no memory here; the reading of kcore is tested by unit tests"
    return None


HANG = r'''
import ctypes, os, sys
# a file system that never answers: /dev/fuse without a server that reads it
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={fd},rootmode=40000,user_id=0,group_id=0".encode()
if libc.mount(b"dead", sys.argv[1].encode(), b"fuse", 0, options) != 0:
    sys.exit(77)
print("mounted", flush=True)
sys.stdin.read()
'''


# nothing in it hangs
@test("a dead server under the logs, pipes and sockets: given up or passed over, said, and it ends")
def hangs(folder):
    bundle = folder / "b"
    home = pathlib.Path("/var/log")
    spot = folder / "log"
    spot.mkdir()
    subprocess.run(["mount", "--bind", spot, home], check=True)
    dead, other = home / "dead", home / "server"
    for path in (dead, other):
        path.mkdir()
    (home / "a.log").write_text("a line")
    os.mkfifo(home / "pipe")
    server = subprocess.Popen([sys.executable, "-c", HANG, dead], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    mounted = server.stdout.readline().strip() == "mounted"
    try:
        started = time.monotonic()
        answer = only(bundle, "mounts", "logs", "interfaces", more=["--deadline", "3"])
        took = time.monotonic() - started
        assert took < 60, took
        assert [c["name"] for c in answer["collectors"]] == ["mounts", "logs", "interfaces"]
        mine = {r["path"] for r in read(bundle, "logs")}
        assert {str(home / "a.log"), str(home / "pipe")} <= mine
        sound(bundle)
        if not mounted:
            return "no /dev/fuse"
        missing = {m["path"]: m for m in read(bundle, "logs-not-taken")}
        assert missing[str(dead)]["rule"] == "other-file-system", "it is not even touched"
    finally:
        server.kill()
        server.wait()
        subprocess.run(["umount", "-l", dead], check=False)
        subprocess.run(["umount", home], check=False)
    return None


@test("a dead server in the place of the logs: that collector is given up, the next goes on")
def given_up(folder):
    bundle = folder / "b"
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    os.mkdir("/run/log")
    server = subprocess.Popen([sys.executable, "-c", HANG, "/run/log"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    try:
        if server.stdout.readline().strip() != "mounted":
            return "no /dev/fuse"
        started = time.monotonic()
        answer = only(bundle, "logs", "interfaces", more=["--deadline", "2"], code=1)
        assert time.monotonic() - started < 30
        states = {c["name"]: c for c in answer["collectors"]}
        assert states["logs"]["state"] == "given up" and states["interfaces"]["state"] == "done", states
        assert record(bundle)["live"]["collectors"][0]["given_up"]
        sound(bundle)
    finally:
        server.kill()
        server.wait()
        subprocess.run(["umount", "-l", "/run/log"], check=False)
        subprocess.run(["umount", "-l", "/run"], check=False)
    return None


# row 21
@test("an encrypted volume that is open is told before anything is switched off")
def encryption(folder):
    answer = only(folder / "b", "encryption")
    open_now = [d for d in pathlib.Path("/sys/block").glob("dm-*")
                if (d / "dm/uuid").read_text().startswith("CRYPT-")]
    assert len([w for w in answer["warnings"] if "encrypted volume" in w]) == len(open_now)
    got = [x for x in read(folder / "b", "encryption") if x["kind"] == "dm-crypt"]
    assert len(got) == len(open_now)
    return None if open_now else "no volume is open here; unit tests show one"


# row 17
@test("no program of the machine is run, and no file's access time changes")
def no_programs(folder):
    if not shutil.which("strace"):
        return "strace is not there"
    bundle, log = folder / "b", folder / "trace"
    watched = {}
    for top in ("/etc/systemd", "/etc/cron.d", "/etc/init.d", "/var/log", "/usr/lib/systemd/system"):
        for path, _, names in os.walk(top):
            for name in [path, *(os.path.join(path, n) for n in names)]:
                watched[name] = None
    for path in list(watched): # looking made them new; make them old again, so that a look is seen
        try:
            st = os.lstat(path)
            os.utime(path, ns=(1, st.st_mtime_ns), follow_symlinks=False)
            watched[path] = os.lstat(path).st_atime_ns
        except OSError:
            watched.pop(path)
    done = subprocess.run(["strace", "-f", "-o", log, "-e", "trace=execve,execveat", TOCSIN, "evidence",
                           "live", "--json", bundle], capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    text = log.read_text(errors="replace")
    assert text.count("execve") == 1, "only strace's own"
    other = [p for p, atime in watched.items()
             if os.path.lexists(p) and os.lstat(p).st_atime_ns != atime]
    assert not other, other[:10]
    exec_calls = re.compile(r"\b(execl|execv|execve|execlp|execvp|fexecve|posix_spawn\w*|system|popen)\s*\(")
    for path in (SOURCE / "src/evidence/live").rglob("*.c"):
        assert not exec_calls.search(re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)), path
    return None


# row 17: libraries of the machine are not trusted
@test("the program for a stick needs nothing of the machine: it runs where there is nothing else")
def alone(folder):
    program = TOCSIN.parent / "tocsin-evidence"
    if not program.exists():
        return "it is not built (-Dstatic-evidence=true)"
    root = folder / "root"
    (root / "proc").mkdir(parents=True)
    shutil.copy(program, root / "t")
    script = (f"mount -t proc none {root}/proc && "
              f"chroot {root} /t evidence live /b --json --only processes --only routes --reason r; "
              f"chroot {root} /t evidence files --json /t /f --reason r; umount {root}/proc")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    live_said, files_said = (json.loads(line) for line in done.stdout.splitlines())
    assert live_said["complete"] and files_said["records"] == 1, done
    for bundle in ("b", "f"):
        sound(root / bundle)
    pids = {p["pid"] for p in read(root / "b", "processes")}
    assert str(os.getpid()) in pids
    refused = subprocess.run([program, "evidence", "live", folder / "x", "--identity", folder],
                             capture_output=True, text=True, check=False)
    assert refused.returncode == 2 and "signs nothing" in refused.stderr
    return None


@test("stopped by a signal: what was taken stays, and nothing looks complete")
def stopped(folder):
    bundle = folder / "b"
    proc = subprocess.Popen([TOCSIN, "evidence", "live", "--json", bundle], stdout=subprocess.PIPE)
    for _ in range(1000):
        if list((bundle / "data/live").glob("0[23]-*")):
            break
        time.sleep(0.002)
    proc.send_signal(signal.SIGTERM)
    out, _ = proc.communicate(timeout=60)
    if proc.returncode != 3:
        return "it was faster than the signal"
    assert not json.loads(out)["complete"]
    assert (bundle / "INCOMPLETE").exists() and not (bundle / "manifest-sha256.txt").exists()
    assert "taken once" in live(bundle, code=3)
    return None


@test("no space: said at once, and nothing looks complete")
def full(folder):
    spot = folder / "small"
    spot.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", spot], check=True)
    try:
        assert "space" in live(spot / "b", code=3)
        assert (spot / "b/INCOMPLETE").exists()
    finally:
        subprocess.run(["umount", spot], check=True)


def main():
    global failures
    if os.environ.get(INSIDE) != "1":
        # processes, mounts and network of our own; as root, or as root of a user namespace
        for options in (["-pmn"], ["-Urpmn"]):
            enter = ["unshare", *options, "--fork", "--mount-proc", "--propagation", "private"]
            if subprocess.run([*enter, "true"], capture_output=True, check=False).returncode == 0:
                return subprocess.run([*enter, sys.executable, *sys.argv], check=False,
                                      env={**os.environ, INSIDE: "1"}).returncode
        print("skip  all of it: skipped, no namespaces can be made here")
        return 0
    subprocess.run(["ip", "link", "set", "lo", "up"], check=False)
    wanted = sys.argv[1:]
    for name, function in tests:
        if wanted and function.__name__ not in wanted:
            continue
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-live-"))
        try:
            why = function(folder)
            print(f"ok    {name}" if not why else f"skip  {name}: skipped, {why}", flush=True)
        except (AssertionError, OSError, subprocess.SubprocessError, KeyError, ValueError, StopIteration) as e:
            failures += 1
            print(f"FAIL  {name}: {type(e).__name__}: {e}"[:1500], flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(tests)} tests, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
