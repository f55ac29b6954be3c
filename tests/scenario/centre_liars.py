#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
"""Devices that lie or take too much are contained: the centre stays responsive and the others go on;
and a device that changes its class while a publication is made is told once, or left as fixed."""

import base64
import hashlib
import json
import os
import random
import resource
import socket
import ssl
import subprocess
import threading
import time

from centre_home import Workplace, csaf, finish, needs_programs, scenario, wait, VENDOR

CONNECTIONS = int(os.environ.get("CONNECTIONS", "1000"))
CHANGES = int(os.environ.get("CHANGES", "8"))


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def pem_parts(device):
    text = device.identity().read_text()
    certificate = text[text.index("-----BEGIN CERTIFICATE"):].split("-----END CERTIFICATE-----")[0]
    return base64.b64decode("".join(certificate.splitlines()[1:]))


def sign(device, message):
    done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", device.identity()], input=message,
                          capture_output=True, check=True)
    return done.stdout


def envelope(asset, signer, firmware="9.9", named=None):
    """An inventory that `signer` signs in the name of `asset`, under the certificate of `named`."""
    payload = canonical({"format": "tocsin-inventory/v1", "asset": asset, "at": time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "nameplate": {
            "vendor": VENDOR, "model": "P-7", "serial": "lie", "firmware": firmware}})
    certificate = hashlib.sha256(pem_parts(named or signer)).hexdigest()
    return canonical({
        "format": "tocsin-signed/v1", "payload": base64.b64encode(payload).decode(),
        "signature": base64.b64encode(sign(signer, b"tocsin-inventory/v1\n" + payload)).decode(),
        "certificate": "sha256:" + certificate})


def put(centre, device, body):
    connection = centre.https("device", device.identity())
    try:
        connection.request("PUT", "/v1/inventory", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        connection.close()


def told(centre, number, device, seconds=15):
    """A new advisory reaches the device; the time that it took."""
    centre.import_advisory(csaf(number, "< 2.3", vendor=VENDOR), publish=True)
    began = time.monotonic()
    assert wait(lambda: centre.states(f"EXP-2026-00{number}").get(device.asset) == "acknowledged",
                seconds), centre.states(f"EXP-2026-00{number}")
    return time.monotonic() - began


def liars(centre, honest, liar):
    def signatures():
        """an inventory with a false signature, or in another's name, is refused and changes nothing"""
        before = {item["asset"]: item.get("class")
                  for item in centre.call("GET", "/v1/assets")[1]["items"]}
        good = json.loads(envelope(liar.asset, liar))
        signature = bytearray(base64.b64decode(good["signature"]))
        signature[-1] ^= 1
        cases = {
            "changed signature": canonical({**good, "signature": base64.b64encode(signature).decode()}),
            "another key": envelope(liar.asset, honest, named=liar),
            "another's name": envelope(honest.asset, liar),
            "another's name and certificate": envelope(honest.asset, liar, named=honest),
            "another's true word": envelope(honest.asset, honest),
            "no asset": envelope("ast_" + "0" * 26, liar),
            "no envelope": canonical({"format": "tocsin-inventory/v1"}),
            "no JSON": b"\xff\xfe{",
        }
        for name, body in cases.items():
            status, answer = put(centre, liar, body)
            assert 400 <= status < 500 and answer.get("code"), (name, status, answer)
        after = {item["asset"]: item.get("class")
                 for item in centre.call("GET", "/v1/assets")[1]["items"]}
        assert before == after
        assert put(centre, liar, envelope(liar.asset, liar))[0] == 200, "the test's own envelopes"

    def huge():
        """200 MiB are refused before they are taken, announced or not; others are told meanwhile"""
        peak = peak_of(centre)
        context = ssl.create_default_context(cafile=str(centre.home / "trust/root.pem"))
        context.load_cert_chain(liar.identity())
        for chunked in (False, True):
            sent, status = 0, b""
            with socket.create_connection(("127.0.0.1", centre.ports["device"]), 20) as plain, \
                    context.wrap_socket(plain, server_hostname="localhost") as tls:
                length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 209715200"
                tls.sendall(b"PUT /v1/inventory HTTP/1.1\r\nHost: localhost\r\n"
                            b"Content-Type: application/json\r\n" + length + b"\r\n\r\n")
                piece = b" " * 65536
                try:
                    while sent < 200 << 20:
                        tls.sendall(b"10000\r\n" + piece + b"\r\n" if chunked else piece)
                        sent += len(piece)
                except OSError:
                    pass
                try:
                    status = tls.recv(100)
                except OSError:
                    pass
            assert sent < 64 << 20, f"{sent >> 20} MiB were taken"
            assert not status or b" 413 " in status, status
        assert peak_of(centre) - peak < 64 << 10, "the centre kept it in memory"
        told(centre, 1, honest)

    def crowd():
        """1,000 connections of one device: cut to its share; others are told, operators answered"""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, CONNECTIONS + 200)), hard))
        context = ssl.create_default_context(cafile=str(centre.home / "trust/root.pem"))
        context.load_cert_chain(liar.identity())
        open_ones, served, lock = [], [], threading.Lock()

        def connect(count):
            for _ in range(count):
                try:
                    tls = context.wrap_socket(socket.create_connection(
                        ("127.0.0.1", centre.ports["device"]), 20), server_hostname="localhost")
                    with lock:
                        open_ones.append(tls)
                    tls.sendall(b"GET /v1/trust HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    served.append(tls.recv(100).startswith(b"HTTP/1.1 200"))
                except OSError:
                    pass

        threads = [threading.Thread(target=connect, args=(CONNECTIONS // 4,)) for _ in range(4)]
        first = time.monotonic()
        for thread in threads:
            thread.start()
        told(centre, 2, honest)
        began = time.monotonic()
        assert centre.status() is not None and time.monotonic() - began < 5
        for thread in threads:
            thread.join(120)
        share = 16 * (1 + int(time.monotonic() - first) // 75)  # idle ones are closed after 75 s
        assert 0 < sum(served) <= share, f"{sum(served)} of {len(open_ones)} connections are served"
        for tls in open_ones:
            tls.close()
        told(centre, 3, honest)

    for test in (signatures, huge, crowd):
        scenario(test)


def peak_of(centre):
    """Most memory that the centre had, KiB."""
    with open(f"/proc/{centre.pids()['centre']}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def changing(place, centre):
    def once():
        """a device that changes its class in mid-publication is told exactly once, or left as fixed"""
        device = place.device(centre, "changing")
        device.once()
        assert wait(centre.followers_at_head), centre.status()
        device.once()  # what was published before it came
        before = device.status()["n"]
        seen = {}
        for turn in range(CHANGES):
            name = f"EXP-2026-01{turn:02}"
            document = csaf(4, "< 2.3", vendor=VENDOR).replace(b"EXP-2026-004", name.encode())
            centre.import_advisory(document)
            device.say("2.5")
            publishing = threading.Thread(target=centre.cli, args=("advisory", "publish", name))
            publishing.start()
            time.sleep(random.random() * 0.03)
            device.once()
            publishing.join(60)
            assert wait(centre.followers_at_head), centre.status()
            device.once()
            state = centre.states(name).get(device.asset)
            seen[name] = state
            assert state in (None, "acknowledged", "left_fixed", "left"), (name, state)
            n = device.status()["n"]
            device.say("2.0")
            device.once()
            assert wait(centre.followers_at_head), centre.status()
            device.once()
            # affected again: told of it now, but not a second time
            after = device.status()["n"]
            assert after == before + turn + 1, (name, state, before, turn, n, after)
        for name in seen:
            assert wait(lambda n=name: centre.states(n).get(device.asset) == "acknowledged"), name
        print(f"# changed in mid-publication: {seen}")
        assert "alarm" not in device.status()

    scenario(once)


def main():
    needs_programs()
    with Workplace("liars") as place:
        centre = place.centre().start()
        honest, liar = place.device(centre, "honest"), place.device(centre, "liar")
        for device in (honest, liar):
            device.once()
        honest.start()
        liars(centre, honest, liar)
        changing(place, centre)
        scenario_end(centre)
    finish()


def scenario_end(centre):
    def whole():
        """the journal verifies after all of it, and no process ended"""
        assert "process.ended" not in centre.said(), centre.said()[-2000:]
        centre.verify_log()

    scenario(whole)


if __name__ == "__main__":
    main()
