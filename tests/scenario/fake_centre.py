#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# not a test: a centre that the agent's scenarios talk to, and that can be told to misbehave
"""A centre in small, written from docs/formats.md with nothing but Python and the openssl command.

It enrols devices (EST), serves the trust statement, the stream, the list of notices, documents,
checkpoints and consistency proofs, and checks what devices sign. `Centre.answer` may replace any
answer: it is called with (request, connection) and returns True when it has dealt with it.

Run by itself it serves until it is ended, and prints what a device needs to enrol.
"""

import base64
import datetime
import hashlib
import io
import json
import os
import socket
import ssl
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"


def run(*command, data=None):
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stderr.decode()}")
    return done.stdout


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def b64(data):
    return base64.b64encode(data).decode()


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def named(digest):
    return "sha256:" + digest.hex()


def new_id(prefix):
    return prefix + "_" + "".join(ALPHABET[b & 31] for b in os.urandom(26))


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ").replace(
        ".000000", "")


# ---- Merkle trees, RFC 9162 section 2.1, written from its definitions ----

def leaf(data):
    return sha(b"\x00", data)


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def tree_root(leaves):
    if not leaves:
        return sha()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha(b"\x01", tree_root(leaves[:k]), tree_root(leaves[k:]))


def inclusion(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return inclusion(m, leaves[:k]) + [tree_root(leaves[k:])]
    return inclusion(m - k, leaves[k:]) + [tree_root(leaves[:k])]


def consistency(m, leaves):
    if m == 0:
        return []

    def sub(m, part, whole):
        n = len(part)
        if m == n:
            return [] if whole else [tree_root(part)]
        k = split(n)
        if m <= k:
            return sub(m, part[:k], whole) + [tree_root(part[k:])]
        return sub(m - k, part[k:], False) + [tree_root(part[:k])]

    return sub(m, leaves, True)


def write_tar(path, files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o644
            tar.addfile(info, io.BytesIO(data))
        end = tar.offset
    # Python pads to 10 KiB: two zero blocks are enough
    Path(path).write_bytes(out.getvalue()[:end] + b"\0" * 1024)


class Identity:
    """A key and a certificate in files."""

    def __init__(self, folder, name):
        self.key = Path(folder) / f"{name}.key"
        self.pem = Path(folder) / f"{name}.pem"
        self.issuer = None

    def der(self):
        return run("openssl", "x509", "-in", self.pem, "-outform", "DER")

    def sign(self, message):
        return run("openssl", "dgst", "-sha256", "-sign", self.key, data=message)


class Connection:
    """One connection of a device; everything that goes out is explicit."""

    def __init__(self, sock, door, peer):
        self.sock, self.door, self.peer = sock, door, peer
        self.unread = b""

    def read_request(self):
        while b"\r\n\r\n" not in self.unread:
            got = self.sock.recv(65536)
            if not got:
                return None
            self.unread += got
        head, self.unread = self.unread.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ")
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        size = int(headers.get("content-length", 0))
        while len(self.unread) < size:
            self.unread += self.sock.recv(65536)
        body, self.unread = self.unread[:size], self.unread[size:]
        path, _, query = target.partition("?")
        return {"method": method, "path": path, "headers": headers, "body": body,
                "query": dict(p.split("=", 1) for p in query.split("&") if "=" in p)}

    def send(self, data):
        self.sock.sendall(data)

    def reply(self, status, body=b"", kind="application/json", **headers):
        if not isinstance(body, bytes):
            body = canonical(body)
        lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", f"Content-Type: {kind}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def problem(self, status, code, text, **headers):
        self.reply(status, {"type": "about:blank", "title": text, "status": status, "code": code,
                            "detail": text}, "application/problem+json", **headers)

    def open_stream(self):
        self.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                  b"Transfer-Encoding: chunked\r\n\r\n")

    def chunk(self, data):
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def event(self, name, data, number=None):
        if not isinstance(data, str):
            data = canonical(data).decode()
        text = (f"id: {number}\n" if number is not None else "") + f"event: {name}\ndata: {data}\n\n"
        self.chunk(text.encode())


class Centre:
    def __init__(self, folder, origin="fake.example/tocsin/0011223344556677"):
        self.folder = Path(folder)
        self.origin = origin
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.tokens = {}  # token: asset
        self.deliveries = {}  # asset: [delivery, …]
        self.heads = {}  # asset: [H(0), H(1), …]
        self.entries = [leaf(b"log.opened")]
        self.inventories, self.receipts, self.outcomes, self.renewals = [], [], [], []
        self.documents = {}
        self.requests = []
        self.streams = 0
        self.open_streams = []
        self.problems = []  # what devices got wrong
        self.answer = None
        self.heartbeat = 1.0
        self.generation = 1
        self.device_days = (-1, 365)
        self.first_event = None  # text sent at the start of each stream
        self.doors = {}
        self.serial = 1000
        self.root = self.make_root("root", "Fake Root")
        self.anchors = [self.root]
        self.links, self.issuers = [], []
        self.issuing = self.make_issuing("issuing", "Fake Issuing", self.root)
        self.publisher = self.issue("publisher", "Fake Publications", self.issuing,
                                    f"extendedKeyUsage={DOCUMENT_SIGNING}")
        self.server = self.issue("server", "fake centre", self.issuing,
                                 "extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1")
        self.log_key = self.folder / "log.key"
        run("openssl", "genpkey", "-algorithm", "ed25519", "-out", self.log_key)
        self.log_public = run("openssl", "pkey", "-in", self.log_key, "-pubout", "-outform",
                              "DER")[-32:]
        self.audience, self.klass = new_id("aud"), named(sha(b"class"))

    # ---- certificates ----

    def make_root(self, name, common_name):
        made = Identity(self.folder, name)
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", made.key, "-out", made.pem, "-days", "3650", "-subj",
            f"/CN={common_name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        return made

    def make_issuing(self, name, common_name, root):
        """A CA below the root; what it issues says so in `issuer`."""
        made = Identity(self.folder, name)
        request = self.folder / f"{name}.csr"
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", made.key, "-out", request, "-subj", f"/CN={common_name}")
        self.certify(request, made.pem, common_name, root,
                     "basicConstraints=critical,CA:TRUE,pathlen:0\n"
                     "keyUsage=critical,keyCertSign,cRLSign")
        self.issuers.append(made)
        return made

    def certify(self, request, out, subject, issuer, extensions, days=(-1, 365)):
        """Signs a PKCS #10 file under another subject, valid from and to days from now."""
        with self.lock:
            self.serial += 1
            work = self.folder / f"ca-{self.serial}"
        work.mkdir()
        today = datetime.datetime.now(datetime.timezone.utc)
        begin, end = (today + datetime.timedelta(days=d) for d in days)
        (work / "index").write_text("")
        (work / "serial").write_text(f"{self.serial:06X}{os.urandom(8).hex().upper()}\n")
        (work / "conf").write_text(
            f"[ca]\ndefault_ca=x\n[x]\ndatabase={work}/index\nserial={work}/serial\n"
            f"new_certs_dir={work}\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n"
            "unique_subject=no\n[p]\ncommonName=supplied\n[e]\nsubjectKeyIdentifier=hash\n"
            f"authorityKeyIdentifier=keyid\n{extensions}\n")
        run("openssl", "ca", "-batch", "-notext", "-config", work / "conf", "-in", request, "-out",
            out, "-cert", issuer.pem, "-keyfile", issuer.key, "-subj", f"/CN={subject}",
            "-startdate", begin.strftime("%Y%m%d%H%M%SZ"), "-enddate", end.strftime("%Y%m%d%H%M%SZ"))

    def issue(self, name, common_name, issuer, extensions, days=(-1, 365)):
        made = Identity(self.folder, name)
        request = self.folder / f"{name}.csr"
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", made.key, "-out", request, "-subj", f"/CN={common_name}")
        self.certify(request, made.pem, common_name, issuer,
                     "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                     + extensions, days)
        made.issuer = issuer if issuer not in self.anchors else None
        return made

    def roll_over(self, by_link=False):
        """A new root. Announced under the old one; or, by_link, only under the new one, with a link
        certificate in /cacerts."""
        new = self.make_root(f"root-{self.generation + 1}", f"Fake Root {self.generation + 1}")
        request = self.folder / "link.csr"
        run("openssl", "req", "-new", "-key", new.key, "-out", request, "-subj", "/CN=x")
        link = Identity(self.folder, f"link-{self.generation + 1}")
        self.certify(request, link.pem, f"Fake Root {self.generation + 1}", self.root,
                     "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign")
        with self.changed:
            self.generation += 1
            self.links.append(link)
            self.anchors = [self.root, new]
            self.issuing = self.make_issuing(f"issuing-{self.generation}", "Fake Issuing 2", new)
            publisher = self.issue(f"publisher-{self.generation}", "Fake Publications", self.issuing,
                                   f"extendedKeyUsage={DOCUMENT_SIGNING}")
            if by_link:
                self.publisher = publisher
                self.anchors = [new]
            self.root = new
            self.next_publisher = publisher
            self.changed.notify_all()

    # ---- what the centre signs ----

    def envelope(self, payload, signer=None):
        signer = signer or self.publisher
        issuers = [signer.issuer] if signer.issuer else []
        data = canonical(payload)
        der = signer.der()
        return {"format": "tocsin-signed/v1", "payload": b64(data),
                "signature": b64(signer.sign(payload["format"].encode() + b"\n" + data)),
                "certificate": named(sha(der)), "chain": [b64(der), *(b64(i.der()) for i in issuers)]}

    def key_id(self, origin=None):
        return sha((origin or self.origin).encode(), b"\n\x01", self.log_public)[:4]

    def trust(self):
        device = f"https://127.0.0.1:{self.doors.get('device', 1)}"
        return self.envelope({
            "format": "tocsin-trust/v1", "generation": self.generation, "at": now(),
            "origin": self.origin, "quorum": 0, "witnesses": [],
            "log_key": f"{self.origin}+{self.key_id().hex()}+{b64(bytes([1]) + self.log_public)}",
            "anchors": [b64(a.der()) for a in self.anchors], "doors": {"device": device}})

    def checkpoint(self, leaves=None, origin=None):
        leaves = self.entries if leaves is None else leaves
        origin = origin or self.origin
        text = f"{origin}\n{len(leaves)}\n{b64(tree_root(leaves))}\n"
        message = self.folder / f"note-{os.urandom(6).hex()}"
        message.write_text(text)
        signature = run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.log_key, "-in",
                        message)
        message.unlink()
        return f"{text}\n\u2014 {origin} {b64(self.key_id(origin) + signature)}\n"

    def append(self, count=1):
        with self.changed:
            self.entries += [leaf(os.urandom(32)) for _ in range(count)]
            self.changed.notify_all()

    def delivery(self, asset, n=None, advisory="FAKE-2026-001", status="affected", signer=None,
                 document=b"{}", **changes):
        """One delivery; changes replace members of notice (notice_x), publication (publication_x)
        or entry (entry_x), or are members of the delivery itself."""
        about = {"id": advisory, "namespace": "https://vendor.example", "version": "1",
                 "title": "A pump opens by itself", "document": named(sha(document)),
                 "tlp": "CLEAR", "published": "2026-01-01T00:00:00Z"}
        self.documents[named(sha(document))] = document
        notice = {"format": "tocsin-notice/v1", "origin": self.origin, "audience": self.audience,
                  "class": self.klass, "advisory": about, "meaning": named(sha(b"meaning")),
                  "statements": [{"vulnerability": "CVE-2026-0001", "status": status,
                                  "confidence": 97, "products": ["P1"], "reasons": [],
                                  "remediations": []}]}
        notice.update({k[7:]: v for k, v in changes.items() if k.startswith("notice_")})
        notice = canonical(notice)
        entry = {"format": "tocsin-entry/v1", "index": 1, "audience": self.audience,
                 "class": self.klass, "notice": named(sha(b"tocsin-notice/v1\n", notice)),
                 "members": {"count": 1, "size": 1, "root": named(sha(b"members"))}}
        entry.update({k[6:]: v for k, v in changes.items() if k.startswith("entry_")})
        entry = canonical(entry)
        leaves = [leaf(canonical({"other": i})) for i in range(3)]
        leaves[1] = leaf(entry)
        publication = {"format": "tocsin-publication/v1", "id": new_id("pub"),
                       "origin": self.origin, "at": now(), "trigger": "manual", "advisory": about,
                       "entries": {"count": 3, "root": named(tree_root(leaves))}, "members": 3,
                       "frozen": len(self.entries)}
        publication.update({k[12:]: v for k, v in changes.items() if k.startswith("publication_")})
        made = {"n": n or len(self.deliveries.get(asset, [])) + 1, "notice": b64(notice),
                "entry": b64(entry), "path": [b64(h) for h in inclusion(1, leaves)],
                "publication": self.envelope(publication, signer)}
        made.update({k: v for k, v in changes.items() if "_" not in k})
        return made

    def publish(self, asset, **how):
        made = self.delivery(asset, **how)
        with self.changed:
            self.deliveries.setdefault(asset, []).append(made)
            heads = self.heads.setdefault(asset, [sha(b"tocsin-chain/v1\n", asset.encode())])
            digest = sha(b"tocsin-notice/v1\n", base64.b64decode(made["notice"]))
            heads.append(sha(heads[-1], digest))
            self.append()
        return made

    def bundle(self, path, asset, after=0, advisories=(), consistency_from=None, change=None):
        """A bundle for one asset; change(files) may spoil the files before the manifest is made."""
        files = {"trust.json": canonical(self.trust())}
        for text in advisories:
            files[f"advisories/{sha(text).hex()}.json"] = text
        with self.lock:
            files[f"deliveries/{asset}.json"] = canonical(
                {"asset": asset, "notices": self.deliveries.get(asset, [])[after:]})
            if consistency_from is not None:
                files["consistency.jsonl"] = canonical(
                    {"from": consistency_from, "to": len(self.entries),
                     "hashes": [b64(h) for h in consistency(consistency_from, self.entries)]}) + b"\n"
        if change:
            change(files)
        manifest = canonical(self.envelope({
            "format": "tocsin-bundle/v1", "id": new_id("bdl"), "origin": self.origin,
            "organisation": new_id("org"), "at": now(), "checkpoint": self.checkpoint(),
            "files": [{"name": n, "size": len(files[n]), "hash": named(sha(files[n]))}
                      for n in sorted(files)]}))
        write_tar(path, [("manifest.json", manifest), *sorted(files.items())])
        return manifest

    # ---- what devices sign ----

    def check(self, text, wanted):
        """The payload of a device's envelope; what is wrong goes to problems."""
        envelope = json.loads(text)
        payload = base64.b64decode(envelope["payload"])
        said = json.loads(payload)
        der = base64.b64decode(envelope["chain"][0])
        work = self.folder / f"check-{os.urandom(6).hex()}"
        for name, data in (("m", said["format"].encode() + b"\n" + payload),
                           ("s", base64.b64decode(envelope["signature"])), ("c", der)):
            Path(f"{work}.{name}").write_bytes(data)
        Path(f"{work}.k").write_bytes(run("openssl", "x509", "-inform", "DER", "-in", f"{work}.c",
                                          "-noout", "-pubkey"))
        done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", f"{work}.k", "-signature",
                               f"{work}.s", f"{work}.m"], capture_output=True, check=False)
        for wrong, what in ((done.returncode != 0, "signature"),
                            (canonical(said) != payload, "payload is not canonical"),
                            (canonical(envelope) != text.strip(), "envelope is not canonical"),
                            (envelope["certificate"] != named(sha(der)), "certificate hash"),
                            (said["format"] != wanted, f"format {said['format']}")):
            if wrong:
                self.problems.append(f"{wanted}: {what}")
        return said

    def check_receipt(self, said):
        heads = self.heads.get(said["asset"], [])
        size = said["checkpoint"]["size"]
        if said["n"] >= len(heads) or said["head"] != named(heads[said["n"]]):
            self.problems.append(f"receipt {said['n']}: head")
        if said["origin"] != self.origin:
            self.problems.append("receipt: origin")
        if size > len(self.entries) or \
                said["checkpoint"]["root"] != named(tree_root(self.entries[:size])):
            self.problems.append(f"receipt: checkpoint of size {size}")

    # ---- doors ----

    def serve(self):
        for door in ("enrol", "device"):
            listener = socket.create_server(("127.0.0.1", self.doors.get(door, 0)))
            self.doors[door] = listener.getsockname()[1]
            threading.Thread(target=self.accept, args=(door, listener), daemon=True).start()
        return self

    def context(self, door):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        chain = self.folder / "server.chain"
        chain.write_bytes(self.server.pem.read_bytes() + self.server.issuer.pem.read_bytes())
        context.load_cert_chain(chain, self.server.key)
        if door == "device":
            context.verify_mode = ssl.CERT_REQUIRED
            for path in self.folder.glob("root*.pem"):
                context.load_verify_locations(path)
        return context

    def accept(self, door, listener):
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=self.talk, args=(door, sock), daemon=True).start()

    def talk(self, door, sock):
        try:
            sock.settimeout(120)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                context = self.context(door)
            tls = context.wrap_socket(sock, server_side=True)
            peer = tls.getpeercert(True) if door == "device" else None
            asset = None
            if peer:
                subject = dict(x[0] for x in tls.getpeercert()["subject"])
                asset = subject["commonName"]
            connection = Connection(tls, door, asset)
            while True:
                request = connection.read_request()
                if request is None:
                    break
                self.requests.append((door, request["method"], request["path"]))
                if self.answer and self.answer(request, connection):
                    continue
                if not self.route(request, connection):
                    break
        except (OSError, ssl.SSLError):
            pass
        finally:
            sock.close()

    def route(self, request, c):
        path, method = request["path"], request["method"]
        if path == "/v1/trust":
            c.reply(200, self.trust())
        elif path == "/.well-known/est/cacerts":
            c.reply(200, self.certs_only(*self.anchors, *self.links, *self.issuers), "application/pkcs7-mime")
        elif path == "/.well-known/est/simpleenroll" and c.door == "enrol":
            self.simple_enrol(request, c)
        elif c.door != "device":
            c.problem(404, "route.none", "no such thing")
        elif path == "/.well-known/est/simplereenroll":
            self.renewals.append(c.peer)
            c.reply(200, self.enrolled(request["body"], c.peer), "application/pkcs7-mime")
        elif path == "/v1/stream":
            self.stream(request, c)
            return False
        elif path == "/v1/notices":
            after, limit = int(request["query"]["after"]), int(request["query"]["limit"])
            have = self.deliveries.get(c.peer, [])
            some = have[after:after + limit]
            c.reply(200, {"notices": some, "n": after + len(some), "more": after + limit < len(have)})
        elif path == "/v1/inventory" and method == "PUT":
            said = self.check(request["body"], "tocsin-inventory/v1")
            self.inventories.append(said)
            c.reply(200, {"asset": c.peer, "class": self.klass, "changed": True})
        elif path == "/v1/receipts" and method == "POST":
            said = self.check(request["body"], "tocsin-receipt/v1")
            with self.changed:
                self.check_receipt(said)
                self.receipts.append(said)
                self.changed.notify_all()
            c.reply(200, {"n": said["n"]})
        elif path == "/v1/outcomes" and method == "POST":
            said = self.check(request["body"], "tocsin-outcome/v1")
            with self.changed:
                self.outcomes.append(said)
                self.changed.notify_all()
            c.reply(200, {"accepted": True})
        elif path.startswith("/v1/advisories/"):
            document = self.documents.get(path[len("/v1/advisories/"):])
            if document is None:
                c.problem(404, "advisory.none", "no such document")
            else:
                c.reply(200, document)
        elif path == "/log/checkpoint":
            c.reply(200, self.checkpoint().encode(), "text/plain")
        elif path == "/log/consistency":
            first, last = int(request["query"]["from"]), int(request["query"]["to"])
            c.reply(200, {"from": first, "to": last,
                          "hashes": [b64(h) for h in consistency(first, self.entries[:last])]})
        else:
            c.problem(404, "route.none", "no such thing")
        return True

    def certs_only(self, *identities):
        command = ["openssl", "crl2pkcs7", "-nocrl", "-outform", "DER"]
        for identity in identities:
            command += ["-certfile", str(identity.pem)]
        return base64.encodebytes(run(*command))

    def enrolled(self, body, asset):
        made = Identity(self.folder, f"device-{os.urandom(6).hex()}")
        request = self.folder / f"{made.pem.stem}.csr"
        pem = run("openssl", "req", "-inform", "DER", "-verify", data=base64.b64decode(body))
        request.write_bytes(pem)
        self.certify(request, made.pem, asset, self.issuing,
                     "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                     "extendedKeyUsage=clientAuth", self.device_days)
        return self.certs_only(made)

    def simple_enrol(self, request, c):
        scheme, _, word = request["headers"].get("authorization", "").partition(" ")
        token = base64.b64decode(word).decode().partition(":")[2] if scheme == "Basic" else ""
        with self.lock:
            asset = self.tokens.pop(token, None)
        if asset is None:
            c.problem(401, "enrol.token", "the token is not valid", WWW_Authenticate="Basic realm=x")
        else:
            c.reply(200, self.enrolled(request["body"], asset), "application/pkcs7-mime")

    def stream(self, request, c):
        after = int(request["headers"].get("last-event-id", 0))
        generation, seen = self.generation, 0
        with self.changed:
            self.streams += 1
            self.open_streams.append(c)
        c.open_stream()
        if self.first_event:
            c.chunk(self.first_event.encode())
        while True:
            with self.changed:
                todo = self.deliveries.get(c.peer, [])[after:]
                size, rolled = len(self.entries), self.generation != generation
                if not todo and size == seen and not rolled:
                    self.changed.wait(self.heartbeat)
            if size != seen:
                c.event("checkpoint", json.dumps(self.checkpoint()))
                seen = size
            if rolled:
                generation = self.generation
                c.event("trust", {"generation": generation})
            for made in todo:
                after += 1
                c.event("notice", made, made["n"])
            if not todo:
                c.chunk(b":\n\n")

    # ---- for tests ----

    def token(self, asset=None):
        asset = asset or new_id("ast")
        token = os.urandom(12).hex()
        self.tokens[token] = asset
        return token, asset

    def wait(self, condition, seconds=30):
        end = time.monotonic() + seconds
        with self.changed:
            while not condition():
                if time.monotonic() > end:
                    return False
                self.changed.wait(0.1)
        return True


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "fake-centre")
    folder.mkdir(parents=True, exist_ok=True)
    centre = Centre(folder).serve()
    token, asset = centre.token()
    (folder / "token").write_text(token)
    print(f"tocsin-agent enrol --centre https://127.0.0.1:{centre.doors['enrol']} --token-file "
          f"{folder}/token --ca {centre.root.pem} --home {folder}/{asset}", flush=True)
    while True:
        time.sleep(5)
        centre.publish(asset)


if __name__ == "__main__":
    main()
