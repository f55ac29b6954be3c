#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""The courier as the supervisor starts it, spoken to by a second implementation of its frames: what
it gave up, what it delivers, and that killing it at any moment loses no message without a word and
sends none twice unasked."""

import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(os.environ.get("TOCSIN_SOURCE", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build"))
ROUNDS = int(os.environ.get("COURIER_ROUNDS", "25"))
STATES = {1: "delivered", 2: "refused", 3: "refused-for-now", 6: "unknown", 11: "busy"}
failures = 0


def report(name, fine, why=""):
    global failures
    failures += not fine
    print(f"ok {name}" if fine else f"not ok {name} — {why}", flush=True)


def field16(value):
    return struct.pack(">H", len(value)) + value


def mail_frame(number, intent, recipient):
    message = f"Subject: {intent}\r\nMessage-ID: <{intent}@x>\r\n\r\n{intent}\r\n".encode()
    body = (field16(intent.encode()) + field16(b"centre@example.org") + field16(recipient.encode())
            + struct.pack(">I", len(message)) + message)
    frame = struct.pack(">BBI", 1, 1, number) + body
    return struct.pack(">I", len(frame)) + frame


def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def read_result(connection):
    size = struct.unpack(">I", read_exactly(connection, 4))[0]
    frame = read_exactly(connection, size)
    version, operation, number, state, code = struct.unpack(">BBIBI", frame[:11])
    assert (version, operation) == (1, 129), frame
    return number, STATES.get(state, state), code


class Courier:
    def __init__(self, tocsin, home):
        self.home = home
        self.path = home / "run" / "courier.sock"
        self.path.unlink(missing_ok=True)
        self.log = open(home / "courier.log", "ab")
        self.process = subprocess.Popen([tocsin, "courier", "--home", home], stderr=self.log,
                                        stdin=subprocess.DEVNULL)

    def connect(self):
        until = time.monotonic() + 10
        while time.monotonic() < until:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self.path))
                connection.settimeout(20)
                return connection
            except OSError:
                connection.close()
                time.sleep(0.01)
        raise RuntimeError("the courier does not listen")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=20)


def start_sink(folder):
    sink = subprocess.Popen([sys.executable, SOURCE / "tests/scenario/smtp_sink.py", "--folder",
                             folder], stdout=subprocess.PIPE, text=True)
    return sink, int(sink.stdout.readline().split()[1])


def subjects(folder):
    found = []
    for path in folder.glob("*.eml"):
        found.append(path.read_text().splitlines()[0].removeprefix("Subject: "))
    return found


def test_given_up(courier):
    courier.connect().close()
    # Its socket is there before its sandbox is; it reads nothing until both are.
    fields, end = {}, time.monotonic() + 10
    while fields.get("Seccomp") != "2" and time.monotonic() < end:
        status = Path(f"/proc/{courier.process.pid}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    report("no new privileges", fields["NoNewPrivs"] == "1", fields["NoNewPrivs"])
    report("a system call filter is in force", fields["Seccomp"] == "2", fields["Seccomp"])
    limits = Path(f"/proc/{courier.process.pid}/limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core"))
    report("no core dumps", core.split()[4] == "0", core)
    report("nobody else may open its socket", (courier.path.stat().st_mode & 0o777) == 0o600)


def test_deliveries(courier, kept):
    connection = courier.connect()
    connection.sendall(mail_frame(5, "dlv_good", "owner@example.net")
                       + mail_frame(6, "dlv_bad", "no@example.net"))
    results = dict()
    for _ in range(2):
        number, state, code = read_result(connection)
        results[number] = (state, code)
    connection.close()
    report("two jobs, two results", results == {5: ("delivered", 250), 6: ("refused", 550)},
           str(results))
    report("the mail is there", subjects(kept) == ["dlv_good"], str(subjects(kept)))


def test_killed(tocsin, home, kept):
    """Whatever was answered "delivered" is at the mail server exactly once; what was not answered
    is there at most once, because nobody sent it again."""
    generator = random.Random(20261121)
    delivered, unanswered, lies = 0, 0, []
    for turn in range(ROUNDS):
        courier = Courier(tocsin, home)
        connection = courier.connect()
        ids = [f"dlv_{turn}_{i}" for i in range(8)]
        for i, intent in enumerate(ids):
            connection.sendall(mail_frame(i, intent, "owner@example.net"))
        answered = set()
        kill_after = generator.randrange(9)
        try:
            while len(answered) < kill_after:
                number, state, _ = read_result(connection)
                answered.add(ids[number])
                if state != "delivered":
                    lies.append(f"{ids[number]}: {state}")
            time.sleep(generator.random() * 0.01)
            courier.kill()
            while True:
                number, state, _ = read_result(connection)
                answered.add(ids[number])
        except (EOFError, ConnectionResetError):
            pass
        connection.close()
        if courier.process.poll() is None:
            courier.kill()
        delivered += len(answered)
        unanswered += len(ids) - len(answered)
        time.sleep(0.02)  # the mail server finishes with what it has
        there = subjects(kept)
        lies += [f"{intent}: {there.count(intent)} times" for intent in ids
                 if there.count(intent) > 1 or (intent in answered and intent not in there)]
    report(f"killed {ROUNDS} times: {delivered} told as delivered and there, "
           f"{unanswered} without an answer and none of them twice", not lies, "; ".join(lies[:5]))
    report("some were answered and some were not", delivered > 0 and unanswered > 0)


def main():
    tocsin = next((path for path in BUILD.rglob("tocsin")
                   if path.is_file() and os.access(path, os.X_OK)), None)
    if tocsin is None:
        report("tocsin was built", False, f"no program below {BUILD}")
        return 1
    with tempfile.TemporaryDirectory(prefix="tocsin-courier.") as name:
        home = Path(name)
        kept = home / "kept"
        kept.mkdir()
        (home / "run").mkdir(mode=0o700)
        sink, port = start_sink(kept)
        (home / "tocsin.conf").write_text(
            f"mail {{ host = 127.0.0.1\n port = {port}\n from = a@example.org\n tls = off }}\n")
        try:
            courier = Courier(tocsin, home)
            test_given_up(courier)
            test_deliveries(courier, kept)
            report("it ends when told", courier.stop() == 0)
            report("and takes its socket away", not courier.path.exists())
            test_killed(tocsin, home, kept)
            log = (home / "courier.log").read_text()
            report("its log names results by id, and no address",
                   "id=dlv_good" in log and "owner@example.net" not in log, log[:400])
        finally:
            sink.send_signal(signal.SIGTERM)
            sink.wait()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
