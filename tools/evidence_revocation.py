# SPDX-License-Identifier: Apache-2.0
"""What revocation lists (RFC 5280 section 5) and OCSP answers (RFC 6960) that were kept with a seal say
of its certificates: for verify_evidence.py. DER is read here, signatures are checked by openssl.

docs/formats-evidence.md, sections 6 and 7: who issued a certificate must have signed what speaks of it,
or appointed who did; a list counts for what it covers; the time that is asked for is the time-stamp's."""

import calendar
import hashlib
import re
import subprocess
import tempfile

SEQUENCE, SET, INTEGER, BITS, OCTETS, OID, ENUMERATED, BOOLEAN = 0x30, 0x31, 2, 3, 4, 6, 10, 1
DIGESTS = {"1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384",
           "2.16.840.1.101.3.4.2.3": "sha512"}
SIGNATURES = {"1.2.840.113549.1.1.5": "sha1", "1.2.840.113549.1.1.11": "sha256", "1.2.840.113549.1.1.12": "sha384",
              "1.2.840.113549.1.1.13": "sha512", "1.2.840.10045.4.1": "sha1", "1.2.840.10045.4.3.2": "sha256",
              "1.2.840.10045.4.3.3": "sha384", "1.2.840.10045.4.3.4": "sha512", "1.3.101.112": None}
HARMLESS = {0, 3, 4, 5}  # RFC 3161 section 4.1
REMOVED = 8


class Unknown(Exception):
    """Something that this reader does not know; nothing is said then."""


class Node:
    """One DER value: its tag, all of its bytes, and those inside."""

    def __init__(self, data, at=0):
        try:
            self.tag, size, head = data[at], data[at + 1], 2
            if size & 0x80:
                count = size & 0x7F
                size, head = int.from_bytes(data[at + 2:at + 2 + count], "big"), 2 + count
        except IndexError as e:
            raise ValueError("DER ends early") from e
        self.whole = data[at:at + head + size]
        self.inside = self.whole[head:]
        if self.tag & 0x1F == 0x1F or len(self.whole) != head + size or head > 6:
            raise ValueError("this is no DER")

    def parts(self):
        at, found = 0, []
        while at < len(self.inside):
            found.append(Node(self.inside, at))
            at += len(found[-1].whole)
        return found

    def oid(self):
        numbers, value = [], 0
        for byte in self.inside:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(value)
                value = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))

    def time(self):
        text = self.inside.decode("ascii")
        m = re.fullmatch(r"(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z", text)
        if not m or len(m[1]) != (2 if self.tag == 0x17 else 4):
            raise ValueError("a time that is none of RFC 5280")
        year = int(m[1]) + ((2000 if int(m[1]) < 50 else 1900) if self.tag == 0x17 else 0)
        return calendar.timegm((year, *(int(m[i]) for i in range(2, 7))))

    def integer(self):
        return int.from_bytes(self.inside, "big", signed=True)


def canonical(name):
    """A name as it is compared (RFC 5280 section 7.1): case and blanks of texts do not count."""
    out = []
    for rdn in Node(name).parts():
        one = set()
        for pair in rdn.parts():
            kind, value = pair.parts()
            if value.tag in (0x0C, 0x13, 0x14, 0x16, 0x1A, 0x1E):
                text = value.inside.decode("utf-16-be" if value.tag == 0x1E else "utf-8", "replace")
                one.add((kind.oid(), " ".join(text.lower().split())))
            else:
                one.add((kind.oid(), value.whole))
        out.append(frozenset(one))
    return out


def extensions(node):
    found = {}
    for one in node.parts()[0].parts() if node else []:
        parts = one.parts()
        found[parts[0].oid()] = parts[-1].inside
    return found


class Signed:
    """SEQUENCE {what is signed, algorithm, signature}: certificates, lists, answers."""

    def __init__(self, der):
        top = Node(der)
        if top.whole != der:
            raise ValueError("something follows it")
        self.parts = top.parts()
        self.der, self.body = der, self.parts[0]
        self.algorithm = self.parts[1].parts()[0].oid()
        self.signature = self.parts[2].inside[1:]

    def signed_by(self, certificate):
        """By the key of this certificate?"""
        if self.algorithm not in SIGNATURES:
            raise Unknown(f"signatures of algorithm {self.algorithm}")
        digest = SIGNATURES[self.algorithm]
        with tempfile.TemporaryDirectory() as folder:
            for name, data in (("key", certificate.key), ("text", self.body.whole), ("signature", self.signature)):
                with open(f"{folder}/{name}", "wb") as f:
                    f.write(data)
            files = ["-in", "text", "-sigfile", "signature", "-rawin"]
            command = ["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key", *files]
            if digest:
                command = ["dgst", f"-{digest}", "-keyform", "DER", "-verify", "key", "-signature", "signature", "text"]
            return subprocess.run(["openssl", *command], cwd=folder, capture_output=True, check=False).returncode == 0


class Certificate(Signed):
    def __init__(self, der):
        super().__init__(der)
        fields = self.body.parts()
        fields = fields[1:] if fields[0].tag == 0xA0 else fields
        self.serial, self.issuer, self.subject = fields[0].integer(), fields[2].whole, fields[4].whole
        self.begins, self.ends = (x.time() for x in fields[3].parts())
        self.key = fields[5].whole
        self.key_bits = fields[5].parts()[1].inside[1:]
        self.extensions = extensions(next((x for x in fields[6:] if x.tag == 0xA3), None))

    def may(self, bit):
        """A bit of keyUsage; without the extension, everything."""
        usage = self.extensions.get("2.5.29.15")
        bits = Node(usage).inside[1:] if usage else b"\xff\xff"
        return bit // 8 < len(bits) and bool(bits[bit // 8] >> 7 - bit % 8 & 1)

    def is_authority(self):
        basic = self.extensions.get("2.5.29.19")
        return bool(basic and [x for x in Node(basic).parts() if x.tag == BOOLEAN and x.inside != b"\0"])

    def uses(self):
        extended = self.extensions.get("2.5.29.37")
        return {x.oid() for x in Node(extended).parts()} if extended else set()

    def issued(self, other):
        if canonical(self.subject) != canonical(other.issuer) or not self.may(5):
            return False
        own, named = self.extensions.get("2.5.29.14"), other.extensions.get("2.5.29.35")
        key = next((x.inside for x in Node(named).parts() if x.tag == 0x80), None) if named else None
        return (not own or key is None or Node(own).inside == key) and other.signed_by(self)

    def points(self):
        """The names of places where a list is that this certificate would be on."""
        names, points = set(), self.extensions.get("2.5.29.31")
        for point in Node(points).parts() if points else []:
            for part in point.parts():
                for full in part.parts() if part.tag == 0xA0 else []:
                    names |= {x.whole for x in full.parts()} if full.tag == 0xA0 else set()
        return names


def of_message(der):
    """The certificates in a CMS SignedData, or in the one of a TimeStampResp."""
    top = Node(der).parts()
    content = top if top[0].tag == OID else top[1].parts()
    for part in content[1].parts()[0].parts():
        if part.tag == 0xA0:
            return [Certificate(x.whole) for x in part.parts() if x.tag == SEQUENCE]
    return []


class List(Signed):
    def __init__(self, der):
        super().__init__(der)
        fields = self.body.parts()
        fields = fields[1:] if fields[0].tag == INTEGER else fields
        self.issuer = fields[1].whole
        times = [x.time() for x in fields[2:4] if x.tag in (0x17, 0x18)]
        self.start, self.end = times[0], times[1] if len(times) > 1 else None
        rest = fields[2 + len(times):]
        self.entries = rest[0].parts() if rest and rest[0].tag == SEQUENCE else []
        self.extensions = extensions(next((x for x in rest if x.tag == 0xA0), None))

    def speaks_of(self, certificate, issuer):
        del certificate
        return canonical(self.issuer) == canonical(issuer.subject)

    def good(self, issuer):
        return issuer.may(6) and self.signed_by(issuer)

    def covers(self, certificate):
        """Would this certificate be on it, for whatever reason (RFC 5280 section 5.2.5)?"""
        if "2.5.29.27" in self.extensions:
            return False
        point = self.extensions.get("2.5.29.28")
        for part in Node(point).parts() if point else []:
            if part.tag == 0xA0:
                full = part.parts()[0]
                if full.tag != 0xA0 or not {x.whole for x in full.parts()} & certificate.points():
                    return False
            elif part.tag == 0x83 or part.inside != b"\0" and (
                    part.tag not in (0x81, 0x82) or (part.tag == 0x81) == certificate.is_authority()):
                return False
        return True

    def says(self, certificate, issuer):
        """[(from, until, revoked at, reason)]"""
        for entry in self.entries:
            parts = entry.parts()
            more = {x.parts()[0].oid(): x.parts()[-1].inside for x in parts[2].parts()} if len(parts) > 2 else {}
            if "2.5.29.29" in more:
                raise Unknown("lists that speak of certificates of other issuers")
            reason = Node(more["2.5.29.21"]).integer() if "2.5.29.21" in more else None
            if parts[0].integer() == certificate.serial and reason != REMOVED:
                return [(self.start, self.end, parts[1].time(), reason)]
        return [(self.start, self.end, None, None)] if self.covers(certificate) else []


class Answer:
    def __init__(self, der):
        top = Node(der)
        if top.whole != der or top.parts()[0].tag != ENUMERATED or top.parts()[0].integer() != 0:
            raise ValueError("no answer that says anything")
        self.basic = Signed(top.parts()[1].parts()[0].parts()[1].inside)
        data = [x for x in self.basic.body.parts() if x.tag != 0xA0]
        self.responder, self.singles = data[0], data[2].parts()
        self.certificates = [Certificate(x.whole) for part in self.basic.parts[3:] if part.tag == 0xA0
                             for x in part.parts()[0].parts()]

    @staticmethod
    def is_about(single, certificate, issuer):
        algorithm, name, key, serial = single.parts()[0].parts()
        digest = DIGESTS.get(algorithm.parts()[0].oid())
        return bool(digest) and serial.integer() == certificate.serial and \
            hashlib.new(digest, certificate.issuer).digest() == name.inside and \
            hashlib.new(digest, issuer.key_bits).digest() == key.inside

    def speaks_of(self, certificate, issuer):
        return any(self.is_about(x, certificate, issuer) for x in self.singles)

    def signer(self, issuer):
        inside = self.responder.parts()[0]
        for one in [*self.certificates, issuer]:
            if self.responder.tag == 0xA1 and canonical(one.subject) == canonical(inside.whole) or \
                    self.responder.tag == 0xA2 and hashlib.sha1(one.key_bits).digest() == inside.inside:
                return one
        return None

    def good(self, issuer):
        by = self.signer(issuer)
        if not by or not self.basic.signed_by(by):
            return False
        times = [self.times(x)[0] for x in self.singles]
        return by.der == issuer.der or "1.3.6.1.5.5.7.3.9" in by.uses() and issuer.issued(by) and \
            all(by.begins <= at <= by.ends for at in times)

    @staticmethod
    def times(single):
        parts = single.parts()
        until = next((x.parts()[0].time() for x in parts[3:] if x.tag == 0xA0), None)
        return parts[2].time(), until

    def says(self, certificate, issuer):
        found = []
        for single in self.singles:
            status = single.parts()[1]
            if not self.is_about(single, certificate, issuer) or status.tag not in (0x80, 0xA1):
                continue
            start, end = self.times(single)
            parts = status.parts() if status.tag == 0xA1 else []
            reason = next((x.parts()[0].integer() for x in parts[1:] if x.tag == 0xA0), None)
            found.append((start, start if end is None else end, parts[0].time() if parts else None, reason))
        return found


def read(der):
    for kind in (Answer, List):
        try:
            return kind(der)
        except (ValueError, IndexError):
            pass
    return None


def weigh(said, at, ends):
    """"revoked", "later" (harmless), "not revoked" or None, of one statement."""
    start, end, revoked, reason = said
    if revoked is not None:
        return "revoked" if revoked <= at or reason not in HARMLESS else "later"
    return "not revoked" if (start <= ends if start >= at else end is None or end >= at) else None


class Chain:
    """The certificates of a seal's token and signature, and who issued each."""

    def __init__(self, messages, others):
        own = [c for m in messages for c in of_message(m)]
        self.own = list({c.der: c for c in own}.values())
        known = [*self.own, *others]
        self.issuers = [next((x for x in known if canonical(c.subject) != canonical(c.issuer) and x.issued(c)), None)
                        for c in self.own]
        self.said = [None] * len(self.own)
        self.issued = sum(canonical(c.subject) != canonical(c.issuer) for c in self.own)

    def ask(self, der, at):
        """What is wrong with a file, or None."""
        file = read(der)
        if not file:
            return "it is neither a revocation list nor an OCSP answer"
        for i, (certificate, issuer) in enumerate(zip(self.own, self.issuers)):
            if not issuer or not file.speaks_of(certificate, issuer):
                continue
            if not file.good(issuer):
                return "it speaks of a certificate here, and is not signed by who may do so"
            for said in file.says(certificate, issuer):
                verdict = weigh(said, at, certificate.ends)
                if verdict == "revoked":
                    return f"a certificate was revoked at {said[2]} seconds since 1970"
                self.said[i] = self.said[i] if self.said[i] == "later" or not verdict else verdict
        return None

    def known(self):
        return sum(x is not None for x in self.said)
