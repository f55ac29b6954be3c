#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
"""Who may not come in: tokens used twice or too late, foreign and revoked certificates, tickets of
another door, and a stranger who tries thousands of times. All refused, with an act, and the outside
is never told which it was.

REQUESTS: of the stranger (20000).
"""

import base64
import http.client
import os
import re
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
from pathlib import Path

from centre_home import Workplace, finish, needs_programs, scenario, wait

REQUESTS = int(os.environ.get("REQUESTS", "20000"))
CLIENTS = 4


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *map(str, words)], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def request_of(folder, name):
    """A new key, and the base64 of a PKCS#10 request with it."""
    key = folder / f"{name}.key"
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    return key, base64.b64encode(openssl("req", "-new", "-key", key, "-subj", "/CN=x", "-outform",
                                         "DER"))


def enrol(centre, token, csr, at=None):
    """(status, body) of an enrolment; `at`: a barrier to wait at before the request leaves."""
    connection = centre.https("enrol")
    try:
        connection.connect()
        if at:
            at.wait()
        word = base64.b64encode(f"x:{token}".encode()).decode()
        connection.request("POST", "/.well-known/est/simpleenroll", csr, {
            "Content-Type": "application/pkcs10", "Authorization": f"Basic {word}"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def knock(centre, certificate, key=None, session=None, context=None):
    """What somebody with this certificate sees of the device door: a status, or how he fell out."""
    if context is None:
        context = ssl.create_default_context(cafile=str(centre.home / "trust/root.pem"))
        if certificate:
            context.load_cert_chain(certificate, key)
    try:
        with socket.create_connection(("127.0.0.1", centre.ports["device"]), 10) as plain, \
                context.wrap_socket(plain, server_hostname="localhost", session=session) as tls:
            tls.sendall(b"GET /v1/notices HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = tls.recv(65536)
            return int(answer.split()[1]) if answer else "closed"
    except ssl.SSLError as why:
        return why.reason
    except OSError as why:
        return type(why).__name__


def counted(centre):
    """Counts by reason of the acts for what was refused outside; written when a minute or the
    centre ends."""
    centre.stop()
    centre.start()
    found = {}
    for act in centre.acts("refusals.counted"):
        data = act["data"]
        assert act["outcome"] == "refused", act
        found[data["reason"]] = found.get(data["reason"], 0) + data["count"]
    return found


def tokens(place, centre):
    _, csr = request_of(place.folder, "t")
    refusals = []

    def two_at_once():
        """a token used at the same instant on two connections: one wins"""
        for turn in range(8):
            token = centre.new("token", "create")
            requests = [request_of(place.folder, f"t{turn}{side}")[1] for side in "ab"]
            barrier = threading.Barrier(2)
            answers = [None, None]

            def side(i, token=token, requests=requests, barrier=barrier, answers=answers):
                answers[i] = enrol(centre, token, requests[i], barrier)

            threads = [threading.Thread(target=side, args=(i,)) for i in (0, 1)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
            assert sorted(a[0] for a in answers) == [200, 401], answers
            refusals.append(next(a[1] for a in answers if a[0] == 401))

    def refused():
        """a used, an expired, an unknown and a wrong token: one and the same answer outside"""
        used, expired = centre.new("token", "create"), centre.new("token", "create")
        assert enrol(centre, used, csr)[0] == 200
        centre.stop()
        database = sqlite3.connect(centre.home / "data/tocsin.db")
        with database:  # an hour is the shortest life that a token can be given
            changed = database.execute("UPDATE pki_token SET expires_at = created_at + 1 "
                                       "WHERE used_at IS NULL").rowcount
        database.close()
        assert changed == 1, changed
        centre.start()
        wrong = used[:-4] + ("aaaa" if used[-4:] != "aaaa" else "bbbb")
        fresh = request_of(place.folder, "fresh")[1]
        for token in (used, expired, wrong, "nonsense", "", "tok_" + "0" * 26):
            status, body = enrol(centre, token, fresh)
            assert status == 401, (token, status, body)
            refusals.append(body)
        assert len(set(refusals)) == 1, set(refusals)

    def acted():
        """the journal knows which it was, as counted acts"""
        reasons = counted(centre)
        for reason in ("pki.token-used", "pki.token-expired", "pki.token-unknown",
                       "pki.token-secret"):
            assert reasons.get(reason), reasons

    for test in (two_at_once, refused, acted):
        scenario(test)


def foreign_certificate(place):
    """A certificate with the device's name under another CA that calls itself like ours."""
    folder = place.folder
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", folder / "other.key", "-out", folder / "other.pem", "-subj",
            "/O=Example/CN=Example Root", "-days", "30")
    key, csr = request_of(folder, "foreign")
    (folder / "foreign.csr").write_bytes(base64.b64decode(csr))
    certificate = folder / "foreign.pem"
    openssl("x509", "-req", "-in", folder / "foreign.csr", "-inform", "DER", "-CA",
            folder / "other.pem", "-CAkey", folder / "other.key", "-CAcreateserial", "-days", "30",
            "-out", certificate)
    return certificate, key


def certificates(place, centre):
    good, revoked = place.device(centre, "good"), place.device(centre, "revoked")
    good.once()
    revoked.once()
    assert knock(centre, good.identity()) == 200
    seen = {}

    def out_of_streams():
        """a revoked certificate is out of open streams within five seconds"""
        connection = centre.https("device", revoked.identity())
        connection.request("GET", "/v1/stream", headers={"Accept": "text/event-stream"})
        stream = connection.getresponse()
        assert stream.status == 200, stream.status
        began = time.monotonic()
        centre.cli("cert", "revoke", revoked.asset)
        connection.sock.settimeout(6)
        try:
            while stream.read(1):
                assert time.monotonic() - began < 5
        except (http.client.HTTPException, ConnectionError, ssl.SSLError):
            pass  # a stream that is cut off has no proper end
        connection.close()
        assert time.monotonic() - began < 5, time.monotonic() - began
        seen["revoked"] = knock(centre, revoked.identity())

    def no_difference():
        """revoked, of another CA, of an operator, or none: refused, and the outside sees no difference"""
        certificate, key = foreign_certificate(place)
        seen["foreign"] = knock(centre, certificate, key)
        seen["operator"] = knock(centre, centre.home / "operators/admin.pem",
                                 centre.home / "operators/admin.key")
        assert all(not isinstance(way, int) for way in seen.values()), seen
        assert len(set(seen.values())) == 1, seen
        none = knock(centre, None)
        assert not isinstance(none, int), none
        assert knock(centre, good.identity()) == 200

    def tickets():
        """a session of another door, or of a certificate revoked since, opens nothing"""
        context = ssl.create_default_context(cafile=str(centre.home / "trust/root.pem"))
        sessions = {}
        for door in ("enrol", "web"):
            with socket.create_connection(("127.0.0.1", centre.ports[door]), 10) as plain, \
                    context.wrap_socket(plain, server_hostname="localhost") as tls:
                tls.sendall(b"GET /v1/trust HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert tls.recv(65536).startswith(b"HTTP/1.1 200")
                sessions[door] = tls.session
        for door, session in sessions.items():
            if session:
                assert not isinstance(knock(centre, None, session=session, context=context), int), door
        third = place.device(centre, "third")
        context = ssl.create_default_context(cafile=str(centre.home / "trust/root.pem"))
        context.load_cert_chain(third.identity())
        with socket.create_connection(("127.0.0.1", centre.ports["device"]), 10) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(b"GET /v1/trust HTTP/1.1\r\nHost: localhost\r\n\r\n")
            tls.recv(65536)
            session = tls.session
        centre.cli("cert", "revoke", third.asset)
        way = knock(centre, None, session=session, context=context)
        assert not isinstance(way, int) or way == 403, way

    def acted():
        """each such refusal is counted under its reason in the journal"""
        reasons = counted(centre)
        assert reasons.get("net.peer-inactive", 0) >= 2, reasons  # revoked; an operator here
        assert reasons.get("net.certificate-chain", 0) >= 1, reasons

    for test in (out_of_streams, no_difference, tickets, acted):
        scenario(test)


def resident(centre):
    """KiB of the centre's process."""
    status = Path(f"/proc/{centre.pids()['centre']}/status").read_text(encoding="utf-8")
    return int(re.search(r"^VmRSS:\s+(\d+)", status, re.MULTILINE).group(1))


def flood(centre):
    def handful():
        """thousands of refused requests of a stranger are a handful of acts, and all are counted"""
        before = centre.status()["journal"]["size"]
        known = sum(act["data"]["count"] for act in centre.acts("refusals.counted"))
        began, memory = time.time(), resident(centre)
        sent = [0] * CLIENTS
        head = (b"POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/pkcs10\r\nAuthorization: Basic eDp0b2tfeA==\r\n"
                b"Content-Length: 4\r\n\r\nAAAA")

        def stranger(i):
            context = ssl.create_default_context(cafile=str(centre.home / "trust/root.pem"))
            with socket.create_connection(("127.0.0.1", centre.ports["enrol"]), 30) as plain, \
                    context.wrap_socket(plain, server_hostname="localhost") as tls:
                answers = tls.makefile("rb")
                while sent[i] < REQUESTS // CLIENTS:
                    tls.sendall(head)
                    status = answers.readline()
                    assert status.split()[1] in (b"400", b"401"), status
                    length = 0
                    while (line := answers.readline()) not in (b"\r\n", b""):
                        if line.lower().startswith(b"content-length:"):
                            length = int(line.split(b":")[1])
                    answers.read(length)
                    sent[i] += 1

        threads = [threading.Thread(target=stranger, args=(i,)) for i in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(180 + REQUESTS / 1000)
        assert sum(sent) == REQUESTS // CLIENTS * CLIENTS, sent
        took, grew = time.time() - began, resident(centre) - memory
        print(f"# {sum(sent)} refused in {took:.0f} s, the centre's memory grew by {grew} KiB "
              f"to {memory + grew} KiB", flush=True)
        # AddressSanitizer keeps what is freed for a while
        assert grew < 64 * 1024 or "ASAN_OPTIONS" in os.environ, f"{grew} KiB"
        minutes = int(time.time() // 60) - int(began // 60) + 1
        centre.stop()
        centre.start()
        acts = centre.acts("refusals.counted")
        assert sum(act["data"]["count"] for act in acts) - known >= sum(sent), acts
        mine = [act for act in acts if act["data"]["until"] >= time.strftime(
            "%Y-%m-%dT%H:%M", time.gmtime(began)) and act["data"]["door"] == "enrol"]
        reasons = {act["data"]["reason"] for act in mine}
        # a minute that a restart of the centre divides counts twice
        assert len(mine) <= (minutes + 2) * len(reasons), mine
        grown = centre.status()["journal"]["size"] - before
        assert grown < 40, f"{REQUESTS} refusals are {grown} acts"

    scenario(handful)


def main():
    needs_programs()
    with Workplace("strangers") as place:
        centre = place.centre().start()
        tokens(place, centre)
        certificates(place, centre)
        flood(centre)
        assert wait(centre.is_ready)
    finish()


if __name__ == "__main__":
    main()
