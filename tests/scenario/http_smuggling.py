#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""Requests that two programs could read in two ways, against the doors of a running centre: each is
refused with its status, the connection is closed, and nothing behind it is taken for a request."""

import re
import socket
import ssl
import time

from centre_home import Workplace, finish, needs_programs, scenario

NEXT = b"GET /second HTTP/1.1\r\nHost: localhost\r\n\r\n"
GET = b"GET /.well-known/security.txt HTTP/1.1\r\n"
HOST = b"Host: localhost\r\n"
POST = b"POST /.well-known/est/simpleenroll HTTP/1.1\r\n" + HOST
CHUNKED = b"Transfer-Encoding: chunked\r\n"

BAD = {
    "no Host": (400, GET + b"\r\n"),
    "two Hosts": (400, GET + HOST + b"Host: other\r\n\r\n"),
    "length and coding": (400, POST + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n0\r\n\r\n"),
    "coding and length": (400, POST + CHUNKED + b"Content-Length: 4\r\n\r\n0\r\n\r\n"),
    "two lengths": (400, POST + b"Content-Length: 3\r\nContent-Length: 0\r\n\r\nabc"),
    "two equal lengths": (400, POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    "length +3": (400, POST + b"Content-Length: +3\r\n\r\nabc"),
    "length 0x3": (400, POST + b"Content-Length: 0x3\r\n\r\nabc"),
    "length 3,3": (400, POST + b"Content-Length: 3,3\r\n\r\nabc"),
    "gzip, chunked": (501, POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    "chunked twice": (400, POST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n"),
    "coding after a tab": (501, POST + b"Transfer-Encoding:\txchunked\r\n\r\n0\r\n\r\n"),
    "space before the colon": (400, GET + b"Host : localhost\r\n\r\n"),
    "folded": (400, GET + HOST + b"X: a\r\n b\r\n\r\n"),
    "bare LF": (400, GET.replace(b"\r\n", b"\n") + b"Host: localhost\n\n"),
    "bare CR": (400, GET + HOST + b"X: a\rY: b\r\n\r\n"),
    "NUL": (400, GET + HOST + b"X: a\0b\r\n\r\n"),
    "dot segments": (400, b"GET /a/../b HTTP/1.1\r\n" + HOST + b"\r\n"),
    "encoded dot segments": (400, b"GET /a/%2e%2E/b HTTP/1.1\r\n" + HOST + b"\r\n"),
    "fragment": (400, b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n"),
    "target for another host": (400, b"GET http://other/a HTTP/1.1\r\n" + HOST + b"\r\n"),
    "HTTP/1.2": (505, b"GET /a HTTP/1.2\r\n" + HOST + b"\r\n"),
    "long target": (414, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
    "1 MiB head": (431, GET + HOST + b"X: " + b"a" * 1048576 + b"\r\n\r\n"),
    "101 fields": (431, GET + HOST + b"X: a\r\n" * 100 + b"\r\n"),
}


def talk(centre, door, request):
    """(all bytes, whether the other side closed)"""
    plain = socket.create_connection(("127.0.0.1", centre.ports[door]), 10)
    if door != "public":
        context = ssl.create_default_context(cafile=str(centre.home / "trust/root.pem"))
        plain = context.wrap_socket(plain, server_hostname="localhost")
    with plain:
        plain.settimeout(5)
        heard = b""
        try:
            plain.sendall(request)
            while part := plain.recv(65536):
                heard += part
        except TimeoutError:
            return heard, False
        except OSError:  # what we still had to say was not wanted
            pass
        return heard, True


def refused(centre):
    for door in ("public", "enrol"):
        def test(door=door):
            wrong = []
            for name, (status, request) in BAD.items():
                heard, closed = talk(centre, door, request + NEXT)
                answers = len(re.findall(rb"HTTP/1\.1 \d{3} ", heard))
                if not heard.startswith(f"HTTP/1.1 {status} ".encode()) or answers != 1 or not closed:
                    wrong.append((name, heard[:80], answers, closed))
            assert not wrong, wrong
        test.__doc__ = f"{len(BAD)} requests that can be misread, at the door {door}"
        scenario(test)


def pipelined(centre):
    """three requests at once get three answers, and a goodbye"""
    last = GET + HOST + b"Connection: close\r\n\r\n"
    heard, closed = talk(centre, "public", 2 * (GET + HOST + b"\r\n") + last + NEXT)
    assert len(re.findall(rb"HTTP/1\.1 \d{3} ", heard)) == 3 and closed, heard


def slow(centre):
    """two hundred heads that never end do not keep others out"""
    lazy = [socket.create_connection(("127.0.0.1", centre.ports["public"]), 10) for _ in range(200)]
    try:
        for one in lazy:
            one.sendall(GET + HOST + b"X: a")
        began = time.monotonic()
        heard, _ = talk(centre, "public", GET + HOST + b"Connection: close\r\n\r\n")
        assert heard.startswith(b"HTTP/1.1 ") and time.monotonic() - began < 3, heard
        lazy[0].settimeout(20)
        assert lazy[0].recv(100).startswith(b"HTTP/1.1 408 ")
    finally:
        for one in lazy:
            one.close()


def main():
    needs_programs()
    with Workplace("smuggling") as place:
        centre = place.centre().start()
        refused(centre)
        scenario(pipelined, centre)
        scenario(slow, centre)
    finish()


main()
