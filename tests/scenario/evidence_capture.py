#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
"""tocsin evidence capture on real traffic in a network namespace: every packet that was sent is in
the files, as tshark and a reader of pcapng of our own see them; what was dropped is said
everywhere; a capture that was killed is readable, and is closed."""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import time

from evidence_scenario import main, Skipped, test

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
PORT = 9999
SEND = """
import socket, sys
number, size, port = map(int, sys.argv[1:4])
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sink.bind(("127.0.0.1", port))
for i in range(number):
    out.sendto(i.to_bytes(4, "big") + bytes(size), ("127.0.0.1", port))
"""


def blocks(data):
    """pcapng, little endian: type and body of each block."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        assert struct.unpack_from("<I", data, at + length - 4)[0] == length, at
        yield kind, data[at + 8:at + length - 4]
        at += length


def options(body):
    at, found = 0, {}
    while at + 4 <= len(body):
        code, length = struct.unpack_from("<HH", body, at)
        if code == 0:
            break
        found[code] = body[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4
    return found


def packets(file):
    for kind, body in blocks(file.read_bytes()):
        if kind == 6:
            _, high, low, kept, length = struct.unpack_from("<IIIII", body)
            yield (high << 32 | low), body[20:20 + kept], length


def statistics(file):
    return [options(body[12:]) for kind, body in blocks(file.read_bytes()) if kind == 5]


def count(option):
    return struct.unpack("<Q", option)[0]


class Capture:
    """tocsin on lo of a namespace of its own."""

    def __init__(self, bundle, *arguments):
        self.bundle = bundle
        self.keeper = subprocess.Popen(["unshare", "-n", "sh", "-c",
                                        "ip link set lo up && echo up && exec sleep 600"],
                                       stdout=subprocess.PIPE, text=True)
        assert self.keeper.stdout.readline() == "up\n"
        self.process = self.run(TOCSIN, "evidence", "capture", bundle, "-i", "lo", "--json",
                                *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 20
        while not (bundle / "data/capture-00001.pcapng").exists():
            assert self.process.poll() is None and time.monotonic() < deadline, \
                self.process.stderr.read()
            time.sleep(0.02)
        time.sleep(0.1)

    def run(self, *command, **how):
        return subprocess.Popen(["nsenter", "-t", str(self.keeper.pid), "-n",
                                 *map(str, command)], text=True, **how)

    def send(self, number, size=100, port=PORT):
        assert self.run(sys.executable, "-c", SEND, number, size, port).wait() == 0

    def end(self, code=0, how=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(how)
        out, errors = self.process.communicate(timeout=60)
        self.keeper.kill()
        self.keeper.wait()
        assert self.process.returncode == code, (self.process.returncode, out, errors)
        return (json.loads(out) if out else None), errors


def needs_namespace():
    done = subprocess.run(["unshare", "-n", "ip", "link", "set", "lo", "up"], capture_output=True,
                          check=False)
    if done.returncode != 0 or not shutil.which("nsenter"):
        raise Skipped("no network namespace may be made here")


def numbers(files, port=PORT):
    """Of UDP datagrams to port, the numbers that they carry."""
    for file in files:
        for _, data, _ in packets(file):
            if data[12:14] == b"\x08\x00" and data[23] == 17 and \
                    struct.unpack_from(">H", data, 36)[0] == port:
                yield struct.unpack_from(">I", data, 42)[0]


# 27037 row 22: capture point, filter, snaplen, interface, clock, packets captured and dropped
@test("every datagram is in the file, and the record says how it came there")
def whole(folder):
    capture = Capture(folder / "b", "--exhibit", "EX-7", "--examiner", "A. Meyer", "--point",
                      "mirror port 3", "--filter", f"udp port {PORT}", "--snaplen", "1000")
    capture.send(3000, 300)
    capture.send(50, 100, port=PORT + 1)
    capture.send(7, 3000)
    answer, _ = capture.end()
    assert answer["packets"] == 3007 and answer["dropped_by_kernel"] == 0, answer
    file = folder / "b/data/capture-00001.pcapng"
    assert list(numbers([file])) == [*range(3000), *range(7)]
    kept = [(len(data), length) for _, data, length in packets(file)]
    assert kept[0] == (346, 346) and kept[-1] == (1000, 3046)
    times = [at for at, _, _ in packets(file)]
    assert times == sorted(times) and abs(times[0] / 1e9 - time.time()) < 120
    record = json.loads((folder / "b/acquisition.json").read_text())
    said = record["capture"]
    assert (said["interface"], said["point"], said["filter"], said["snaplen"]) == \
        ("lo", "mirror port 3", f"udp port {PORT}", 1000)
    assert said["packets"] == 3007 and said["dropped_by_kernel"] == said["dropped_by_interface"] == 0
    assert record["started"]["at"] < record["ended"]["at"] and "kernel" in record["started"]
    content = file.read_bytes()
    assert said["files"][0]["sha256"] == hashlib.sha256(content).hexdigest() == \
        said["sha256_of_all_files"]
    interface = next(options(body[8:]) for kind, body in blocks(content) if kind == 1)
    assert interface[2] == b"lo" and interface[9] == b"\x09"
    assert interface[11] == b"\0" + f"udp port {PORT}".encode()
    last = statistics(file)[-1]
    assert count(last[8]) == 3007 and count(last[7]) == 0 and 3 in last
    for name in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        subprocess.run(["sha256sum", "--quiet", "-c", name], cwd=folder / "b", check=True)
    done = subprocess.run([TOCSIN, "evidence", "verify", folder / "b"], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout


@test("tshark and capinfos read it without a word")
def others(folder):
    if not shutil.which("tshark"):
        raise Skipped("tshark is not installed")
    capture = Capture(folder / "b", "--rotate-time", "1")
    capture.send(200)
    time.sleep(1.3)
    capture.send(100)
    capture.end()
    files = sorted((folder / "b/data").glob("*.pcapng"))
    assert len(files) >= 2
    seen = 0
    for file in files:
        done = subprocess.run(["tshark", "-r", file, "-Y", f"udp.dstport=={PORT}", "-T", "fields",
                               "-e", "udp.length"], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "damaged" not in done.stderr, done.stderr
        seen += len(done.stdout.split())
        done = subprocess.run(["capinfos", "-M", file], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Number of stat entries = 0" not in done.stdout
    assert seen == 300


@test("files turn over by size; each and all of them have their hash")
def rotation(folder):
    capture = Capture(folder / "b", "--rotate-size", "1")
    capture.send(4000, 1000)
    answer, _ = capture.end()
    files = sorted((folder / "b/data").glob("*.pcapng"))
    assert len(files) == answer["files"] >= 4
    assert list(numbers(files)) == list(range(4000))
    record = json.loads((folder / "b/acquisition.json").read_text())["capture"]
    assert [f["file"] for f in record["files"]] == [f.name for f in files]
    assert sum(f["packets"] for f in record["files"]) == record["packets"]
    whole_hash = hashlib.sha256()
    for file, said in zip(files, record["files"]):
        assert file.stat().st_size <= (1 << 20) + 1024
        assert said["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert len(list(packets(file))) == said["packets"]
        assert statistics(file), "each file ends with what was dropped"
        whole_hash.update(file.read_bytes())
    assert whole_hash.hexdigest() == record["sha256_of_all_files"]


# 27037 row 22: drops>0 flagged
@test("what is dropped is in the file, in the record, in the answer, on the terminal")
def drops(folder):
    capture = Capture(folder / "b", "--ring", "1")
    capture.process.send_signal(signal.SIGSTOP)
    capture.send(20000, 1000)
    capture.process.send_signal(signal.SIGCONT)
    answer, errors = capture.end(code=1)
    assert answer["dropped_by_kernel"] > 0 and "dropped" in errors
    assert answer["packets"] + answer["dropped_by_kernel"] == 20000, answer
    record = json.loads((folder / "b/acquisition.json").read_text())["capture"]
    assert record["dropped_by_kernel"] == answer["dropped_by_kernel"]
    assert sum(f["dropped_by_kernel"] for f in record["files"]) == answer["dropped_by_kernel"]
    last = statistics(folder / "b/data/capture-00001.pcapng")[-1]
    assert count(last[7]) == answer["dropped_by_kernel"]
    assert count(last[4]) == 20000 and count(last[8]) == answer["packets"]
    assert str(answer["dropped_by_kernel"]) in (folder / "b/VERIFY.txt").read_text()


@test("killed, what is written is readable, is not complete, and is closed to a bundle")
def killed(folder):
    capture = Capture(folder / "b", "--rotate-size", "1", "--exhibit", "EX-8")
    capture.send(3000, 1000)
    time.sleep(0.5)
    capture.end(code=-signal.SIGKILL, how=signal.SIGKILL)
    bundle = folder / "b"
    files = sorted((bundle / "data").glob("*.pcapng"))
    assert list(numbers(files)) == list(range(3000))
    assert (bundle / "INCOMPLETE").exists() and not (bundle / "manifest-sha256.txt").exists()
    verify = [TOCSIN, "evidence", "verify", "--json", bundle]
    assert subprocess.run(verify, capture_output=True, check=False).returncode == 1
    # as if the power had failed in the middle of a packet
    shutil.copytree(bundle, folder / "torn")
    with files[-1].open("rb+") as last:
        last.truncate(files[-1].stat().st_size - 333)
    rest = len(list(packets_until_torn(files[-1])))
    done = subprocess.run([TOCSIN, "evidence", "capture", "--close", bundle, "--json"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert 0 < answer["cut_bytes"] < 2000
    record = json.loads((bundle / "acquisition.json").read_text())
    assert record["exhibit"] == "EX-8" and record["capture"]["broken_off"]
    assert record["capture"]["cut_bytes"] == answer["cut_bytes"]
    assert "not known" in record["capture"]["drops_are_known"]
    assert record["capture"]["files"][-1]["packets"] == rest == len(list(packets(files[-1])))
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    again = subprocess.run([TOCSIN, "evidence", "capture", "--close", bundle], capture_output=True,
                           text=True, check=False)
    assert again.returncode == 3 and "closed already" in again.stderr
    # a byte that is no block is not passed over
    torn = sorted((folder / "torn/data").glob("*.pcapng"))[0]
    data = bytearray(torn.read_bytes())
    data[4] ^= 0xff
    torn.write_bytes(data)
    done = subprocess.run([TOCSIN, "evidence", "capture", "--close", folder / "torn"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 3 and "capture-00001" in done.stderr, done.stderr
    assert (folder / "torn/INCOMPLETE").exists()


def packets_until_torn(file):
    data = file.read_bytes()
    at = 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if at + length > len(data):
            return
        if kind == 6:
            yield at
        at += length


@test("no capability is left while it captures")
def privileges(folder):
    capture = Capture(folder / "b")
    status = pathlib.Path(f"/proc/{capture.process.pid}/status").read_text()
    held = {line.split(":")[0]: line.split()[1] for line in status.splitlines() if "Cap" in line}
    assert int(held["CapEff"], 16) == 0 and int(held["CapPrm"], 16) == 0, held
    assert "NoNewPrivs:\t1" in status
    capture.send(10)
    assert capture.end()[0]["packets"] == 10


@test("what cannot be is said: filter, interface, a folder that is there")
def refused(folder):
    for arguments, words, code in (
            (["-i", "lo", "--filter", "udp port ("], "filter", 2),
            (["-i", "nothere0"], "nothere0", 2),
            ([], "--interface", 2)):
        done = subprocess.run([TOCSIN, "evidence", "capture", folder / "b", *arguments],
                              capture_output=True, text=True, check=False)
        assert done.returncode == code and words in done.stderr, done.stderr
        assert not (folder / "b").exists()
    (folder / "c").mkdir()
    (folder / "c/mine").write_text("x")
    done = subprocess.run([TOCSIN, "evidence", "capture", folder / "c", "-i", "lo"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 3 and "already" in done.stderr
    nobody = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups",
                             "--bounding-set=-all", TOCSIN, "evidence", "capture", "/tmp/never",
                             "-i", "lo"], capture_output=True, text=True, check=False)
    if "setpriv" not in nobody.stderr and "Permission denied" not in nobody.stderr:
        assert nobody.returncode == 3 and "CAP_NET_RAW" in nobody.stderr, nobody.stderr


if __name__ == "__main__":
    main(needs_namespace)
