#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
"""tocsin evidence record: records are made, renewed over decades, and verified; a second reader
(evidence_record_check.py) and openssl agree; what is changed is found."""

import base64
import hashlib
import http.server
import json
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone

import evidence_record_check

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build"))
TOCSIN, AUTHORITY = BUILD / "src/cli/tocsin", BUILD / "tests/unit/time_authority"
SAMPLES = SOURCE.parent / "shared/data/evidence/ers"
if not SAMPLES.is_dir():
    SAMPLES = pathlib.Path(os.environ.get("TOCSIN_SHARED", "/nonexistent")) / "data/evidence/ers"
SANITIZED = b"__asan_init" in TOCSIN.read_bytes()
failures = 0
tests = []


def test(name):
    def add(function):
        tests.append((name, function))
        return function
    return add


def day(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def seconds(text):
    return str(int(day(text).timestamp()))


def run(*words, code=0):
    done = subprocess.run([TOCSIN, "evidence", "record", *words], capture_output=True, text=True,
                          check=False)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


class Authority:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.call("root", folder, seconds("2000-01-01"), seconds("2099-01-01"))
        self.roots = folder / "root.pem"

    def call(self, *words):
        subprocess.run([AUTHORITY, *words], check=True)

    def new(self, name, start, end, *more):
        self.call("new", self.folder, name, seconds(start), seconds(end), *more)

    def reply(self, name, at, query, answer):
        self.call("reply", self.folder, name, seconds(at), query, answer)

    def stamped(self, name, at, *words):
        """Makes or renews by way of files, at a time."""
        query, answer = self.folder / "q.tsq", self.folder / "a.tsr"
        run(*words, "--query", query)
        self.reply(name, at, query, answer)
        return run(*words, "--response", answer)


def verdict(record, *data, roots=None, at=None, code=0, more=()):
    words = ["verify", "--json", record, *data, *more]
    words += ["--tsa-roots", roots] if roots else []
    words += ["--at", at] if at else []
    return json.loads(run(*words, code=code).stdout)


def codes(v):
    return {p["code"] for p in v["problems"]}


def decades(folder):
    """A group of three files: 2026, renewed 2031, SHA-512 in 2036, renewed 2041."""
    authority = Authority(folder / "tsa")
    authority.new("one", "2026-01-01", "2032-01-01")
    authority.new("two", "2031-01-01", "2037-01-01")
    authority.new("three", "2036-01-01", "2042-01-01")
    authority.new("four", "2041-01-01", "2047-01-01")
    files = []
    for i in range(3):
        files.append(folder / f"file{i}")
        files[-1].write_bytes(random.Random(i).randbytes(1000 + i))
    record = folder / "r.ers"
    authority.stamped("one", "2026-11-22", "make", *files, "-o", record)
    authority.stamped("two", "2031-06-01", "renew", record)
    data = [w for f in files for w in ("--data", f)]
    authority.stamped("three", "2036-06-01", "renew", record, "--hash", "sha512", *data)
    authority.stamped("four", "2041-06-01", "renew", record)
    return authority, files, record


# 27037 rows 48 and 52: renewals of both kinds
@test("a record is renewed by time-stamp, by hash tree and by time-stamp again, and holds")
def renewed(folder):
    authority, files, record = decades(folder)
    v = verdict(record, *files, roots=authority.roots, at="2045-01-01")
    assert v["proven"] and v["whole_group"] and v["since"] == "2026-11-22T00:00:00Z", v
    assert [(s["chain"], s["hash"]) for s in v["time_stamps"]] == \
        [(1, "SHA-256")] * 2 + [(2, "SHA-512")] * 2
    assert [s["held_against"][:10] for s in v["time_stamps"]] == \
        ["2031-06-01", "2036-06-01", "2041-06-01", "2045-01-01"]
    said = run("verify", record, *files, "--tsa-roots", authority.roots, "--at", "2045-01-01").stdout
    assert "existed at 2026-11-22" in said and "renew before 2047-01-01" in said, said
    # the second reader agrees, and openssl reads the DER to its end
    data = [f.read_bytes() for f in files]
    assert evidence_record_check.verify(record.read_bytes(), data, authority.roots,
                                        day("2045-01-01")) == day("2026-11-22")
    shown = subprocess.run(["openssl", "asn1parse", "-inform", "DER", "-in", record],
                           capture_output=True, text=True, check=True).stdout
    assert "sha512" in shown and "id-smime-ct-TSTInfo" in shown
    # one file of the group is proven to be in it
    v = verdict(record, files[1], roots=authority.roots, at="2045-01-01")
    assert v["proven"] and not v["whole_group"] and v["hashes_of_other_data"] == 2
    # what is asked for other times
    assert codes(verdict(record, *files, roots=authority.roots, at="2048-01-01", code=1)) == \
        {"token.expired"}
    assert codes(verdict(record, *files, roots=authority.roots, at="2030-01-01", code=1)) >= \
        {"record.future"}
    v = verdict(record, *files, code=1, at="2045-01-01")
    assert not v["vouched"] and v["hashes_fit"] and v["signatures_hold"] and not v["problems"]
    # other data, less data
    (folder / "other").write_text("other")
    assert "record.data" in codes(verdict(record, files[0], folder / "other",
                                          roots=authority.roots, at="2045-01-01", code=1))
    (folder / "tsa2").mkdir()
    stranger = Authority(folder / "tsa2/x")
    assert codes(verdict(record, *files, roots=stranger.roots, at="2045-01-01", code=1)) == \
        {"token.untrusted"}


# 27037 row 48: algorithm agility
@test("an algorithm that was weak too early is said, by the table and by who knows better")
def weak(folder):
    authority, files, record = decades(folder)
    when = {"roots": authority.roots, "at": "2045-01-01"}
    assert verdict(record, *files, **when, more=["--weak", "SHA-256=2036-12-31"])["proven"]
    v = verdict(record, *files, **when, code=1, more=["--weak", "sha256=2036-01-01"])
    assert codes(v) == {"record.weak"} and not v["algorithms_secure"]
    v = verdict(record, *files, **when, code=1, more=["--weak", "SHA512=2044-01-01"])
    assert codes(v) == {"record.weak"}
    run("verify", record, *files, "--weak", "SHA-999=2030-01-01", code=2)
    # keys age too: 1,024 bits of RSA were enough until 2013
    authority.new("small", "2010-01-01", "2040-01-01", "rsa1024")
    small = folder / "small.ers"
    authority.stamped("small", "2011-01-01", "make", files[0], "-o", small)
    assert verdict(small, files[0], roots=authority.roots, at="2012-01-01")["proven"]
    assert codes(verdict(small, files[0], roots=authority.roots, at="2020-01-01", code=1)) == \
        {"record.weak"}
    run("make", files[0], "-o", folder / "x.ers", "--hash", "SHA-1", "--query", folder / "q", code=2)


@test("a renewal that came too late, or of something else, is refused")
def late(folder):
    authority, files, record = decades(folder)
    first = folder / "first.ers"
    authority.stamped("one", "2026-11-22", "make", files[0], "-o", first)
    authority.stamped("two", "2033-01-01", "renew", first)  # the first certificate ended in 2032
    v = verdict(first, files[0], roots=authority.roots, at="2034-01-01", code=1)
    assert codes(v) == {"token.expired"} and v["hashes_fit"], v
    # an answer to another question, and one that is older
    query, answer = folder / "q", folder / "a"
    run("make", files[1], "-o", folder / "y.ers", "--query", query)
    authority.reply("one", "2026-12-01", query, answer)
    done = run("make", files[2], "-o", folder / "z.ers", "--response", answer, code=3)
    assert "something else" in done.stderr and not (folder / "z.ers").exists()
    run("renew", record, "--query", query)
    authority.reply("one", "2026-12-01", query, answer)
    kept = record.read_bytes()
    done = run("renew", record, "--response", answer, code=1)
    assert "older" in done.stderr and record.read_bytes() == kept
    # hash-tree renewal with data that are not those of the record, or not all
    for data in ([files[0], files[1]], [files[0], files[1], folder / "q"]):
        done = run("renew", record, "--hash", "sha384",
                   *[w for f in data for w in ("--data", f)], "--query", query, code=1)
        assert "record" in done.stderr
    run("make", files[0], "-o", record, "--query", query, code=3)  # it is there already
    # a certificate whose purpose is not critical does not make time-stamps (RFC 3161 section 2.3)
    authority.new("sloppy", "2026-01-01", "2032-01-01", "any")
    run("make", files[1], "-o", folder / "s.ers", "--query", query)
    done = subprocess.run([AUTHORITY, "reply", authority.folder, "sloppy", seconds("2026-12-01"),
                           query, answer], capture_output=True, check=False)
    if done.returncode == 0:
        done = run("make", files[1], "-o", folder / "s.ers", "--response", answer, code=3)
        assert "time-stamps alone" in done.stderr


@test("revocation data beside a record count as RFC 3161 section 4.1 says")
def revoked(folder):
    authority = Authority(folder / "tsa")
    authority.new("one", "2026-01-01", "2036-01-01")
    file, record = folder / "file", folder / "r.ers"
    file.write_text("data")
    authority.stamped("one", "2026-11-22", "make", file, "-o", record)
    beside = folder / "r.ers.revocation"
    beside.mkdir()

    def with_list(start, end, *entry):
        authority.call("list", authority.folder, seconds(start), seconds(end), beside / "list.crl",
                       *entry)
        return verdict(record, file, roots=authority.roots, at="2030-01-01",
                       code=0 if not entry or entry[-1] in "345" else 1)

    v = verdict(record, file, roots=authority.roots, at="2030-01-01")
    assert v["time_stamps"][0]["revocation"] == "not known"
    assert with_list("2030-02-01", "2030-03-01")["time_stamps"][0]["revocation"] == "not revoked"
    # a list of before that has run out says nothing
    assert with_list("2027-02-01", "2027-03-01")["time_stamps"][0]["revocation"] == "not known"
    # revoked later, for harmless reasons: superseded, cessation
    for reason in "345":
        v = with_list("2031-02-01", "2031-03-01", "one", seconds("2031-01-01"), reason)
        assert v["proven"] and v["time_stamps"][0]["revocation"].startswith("revoked later"), v
    # revoked before the time; later but by key compromise, or without a reason
    assert codes(with_list("2031-02-01", "2031-03-01", "one", seconds("2029-01-01"), "0")) == \
        {"token.revoked"}
    for reason in ("1", "-1", "6"):
        assert codes(with_list("2031-02-01", "2031-03-01", "one", seconds("2031-01-01"),
                               reason)) == {"token.revoked"}
    (beside / "list.crl").write_text("no list")
    run("verify", record, file, "--tsa-roots", authority.roots, code=1)
    (beside / "list.crl").unlink()
    # kept beside it when it is renewed
    authority.call("list", authority.folder, seconds("2030-02-01"), seconds("2030-03-01"),
                   folder / "today.crl")
    authority.new("two", "2030-01-01", "2040-01-01")
    query, answer = folder / "q", folder / "a"
    run("renew", record, "--query", query)
    authority.reply("two", "2030-01-15", query, answer)
    run("renew", record, "--response", answer, "--revocation", folder / "today.crl")
    v = verdict(record, file, roots=authority.roots, at="2030-02-01")
    assert [s["revocation"] for s in v["time_stamps"]] == ["not revoked"] * 2, v


# RFC 4998 section 4.2: one time-stamp for many data objects, and one renewal for many records
@test("revocation data of one name, brought at each renewal, are all kept")
def revoked_again(folder):
    authority = Authority(folder / "tsa")
    for name, start, end in (("one", "2026-01-01", "2032-01-01"), ("two", "2031-01-01", "2037-01-01"),
                             ("three", "2036-01-01", "2042-01-01")):
        authority.new(name, start, end)
    data, record = folder / "data", folder / "r.ers"
    data.write_text("evidence")
    beside, today = folder / "r.ers.revocation", folder / "today.crl"
    authority.stamped("one", "2026-11-22", "make", data, "-o", record)
    kept = []
    for name, at, until in (("two", "2031-06-01", "2031-09-01"), ("three", "2036-06-01", "2036-09-01")):
        query, answer = folder / "q.tsq", folder / "a.tsr"
        run("renew", record, "--query", query)
        authority.reply(name, at, query, answer)
        authority.call("list", authority.folder, seconds(at), seconds(until), today)
        kept.append(today.read_bytes())
        run("renew", record, "--response", answer, "--revocation", today, "--revocation", today)
        assert sorted(x.read_bytes() for x in beside.iterdir()) == sorted(kept), list(beside.iterdir())
    assert (beside / "today.crl").read_bytes() == kept[0]
    assert (beside / f"{hashlib.sha256(kept[1]).hexdigest()}-today.crl").is_file()
    v = verdict(record, data, roots=authority.roots, at="2037-01-01")
    assert [s["revocation"] for s in v["time_stamps"]] == ["not revoked", "not revoked", "not known"], v


@test("many objects under one time-stamp, each with its own record, renewed together")
def many(folder):
    authority = Authority(folder / "tsa")
    authority.new("one", "2026-01-01", "2032-01-01")
    authority.new("two", "2031-01-01", "2037-01-01")
    for count in (1, 2, 3, 4, 5, 7, 16, 33):
        place = folder / str(count)
        place.mkdir()
        files = [place / f"f{i}" for i in range(count)]
        for i, f in enumerate(files):
            f.write_text(f"object {min(i, 5)}\n")  # some are alike
        authority.stamped("one", "2026-11-22", "make", "--each", *files, "-o", place / "out")
        records = [place / "out" / f"{f.name}.ers" for f in files]
        authority.stamped("two", "2031-06-01", "renew", *records)
        for f, r in zip(files, records):
            v = verdict(r, f, roots=authority.roots, at="2035-01-01")
            assert v["proven"] and (count == 1 or v["time_stamps"][0]["hash_lists"] >= 1)
            stamp = evidence_record_check.Stamp
            sequence = evidence_record_check.elements(
                evidence_record_check.elements(r.read_bytes())[0][1])[-1][1]
            chain = evidence_record_check.elements(sequence)[0][1]
            one, two = (stamp(c) for _, c, _ in evidence_record_check.elements(chain))
            assert evidence_record_check.digest("sha256", f.read_bytes()) in one.first()
            assert evidence_record_check.digest("sha256", one.token) in two.first()
            assert one.root() == one.imprint and two.root() == two.imprint
        if count > 6:
            assert not verdict(records[0], files[-2], roots=authority.roots, at="2035-01-01",
                               code=1)["data_fits"]
    # bundles and files mixed: a bundle is a group
    bundle = folder / "b.evidence"
    subprocess.run([TOCSIN, "evidence", "acquire", files[0], bundle], check=True,
                   capture_output=True)
    authority.stamped("one", "2026-11-22", "make", "--each", bundle, *files[:4], "-o", folder / "m")
    v = verdict(folder / "m/b.evidence.ers", bundle, roots=authority.roots, at="2030-01-01")
    listed = sum(len((bundle / f"{m}-sha256.txt").read_text().splitlines())
                 for m in ("manifest", "tagmanifest"))
    assert v["proven"] and v["whole_group"] and v["files"] == listed + 1, v["files"]
    # it is sealed later: said, and no harm; and then hashed anew
    (bundle / "seal").mkdir()
    (bundle / "seal/seal.json").write_text("{}")
    v = verdict(folder / "m/b.evidence.ers", bundle, roots=authority.roots, at="2030-01-01")
    assert v["proven"] and len(v["not_covered"]) == 1 and "seal.json" in v["not_covered"][0], v
    authority.stamped("two", "2031-06-01", "renew", folder / "m/b.evidence.ers", "--hash", "sha384",
                      "--data", bundle)
    assert verdict(folder / "m/b.evidence.ers", bundle, roots=authority.roots,
                   at="2035-01-01")["proven"]
    (bundle / "map.txt").write_text("changed")
    v = verdict(folder / "m/b.evidence.ers", bundle, roots=authority.roots, at="2035-01-01", code=1)
    assert "record.data" in codes(v) and any("map.txt" in p["text"] for p in v["problems"]), v


@test("every byte of a record that is changed is found, or cannot matter")
def changed(folder):
    authority, files, record = decades(folder)
    whole = record.read_bytes()
    when = {"roots": authority.roots, "at": "2045-01-01"}
    kept = verdict(record, *files, **when)
    # what nobody signs: the certificates beside the last signature, of which it needs its own only,
    # and the name of the signature's algorithm, where two names mean the same
    last = whole.rindex(authority_certificate(authority, "root"))
    free = range(last, last + len(authority_certificate(authority, "root")))
    chance, spared, step = random.Random(5), [], 1 if os.environ.get("EVERY") else 7
    places = sorted({*range(0, 64), *range(64, len(whole), step)})
    for at in places:
        bytes_ = bytearray(whole)
        bytes_[at] ^= 1 << chance.randrange(8)
        record.write_bytes(bytes_)
        done = subprocess.run([TOCSIN, "evidence", "record", "verify", "--json", record, *files,
                               "--tsa-roots", authority.roots, "--at", "2045-01-01"],
                              capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), (at, done)
        if done.returncode == 0:
            assert json.loads(done.stdout) == kept, at
            spared.append(at)
    record.write_bytes(whole)
    strange = [at for at in spared if at not in free]
    assert not strange, f"bytes that matter to nobody: {strange}"
    print(f"measured: bytes changed one by one in an evidence record: {len(places)} of "
          f"{len(whole)}, not found {len(spared)}, all in a certificate that nothing needs")


def authority_certificate(authority, name):
    return subprocess.run(["openssl", "x509", "-in", authority.folder / f"{name}.pem", "-outform",
                           "DER"], capture_output=True, check=True).stdout


@test("an authority is asked over HTTP; one that is away or lies is said")
def http_authority(folder):
    authority = Authority(folder / "tsa")
    authority.new("one", "2020-01-01", "2060-01-01")
    answers = {"mode": "good"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            (folder / "q").write_bytes(body)
            if answers["mode"] == "other":
                (folder / "q").write_bytes(body[:-8] + bytes(5) + body[-3:])
            authority.reply("one", datetime.now(timezone.utc).isoformat()[:19], folder / "q",
                            folder / "a")
            answer = (folder / "a").read_bytes()
            if answers["mode"] == "refuse":
                answer = bytes.fromhex("30053003020102")
            if answers["mode"] == "garbage":
                answer = b"<html>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    (folder / "file").write_text("data")
    run("make", folder / "file", "-o", folder / "r.ers", "--tsa", url, code=3)  # not --local
    for mode in ("refuse", "garbage", "other"):
        answers["mode"] = mode
        run("make", folder / "file", "-o", folder / "r.ers", "--tsa", url, "--local", code=3)
        assert not (folder / "r.ers").exists()
    answers["mode"] = "good"
    run("make", folder / "file", "-o", folder / "r.ers", "--tsa", url, "--local")
    run("renew", folder / "r.ers", "--tsa", url, "--local")
    v = verdict(folder / "r.ers", folder / "file", roots=authority.roots)
    assert v["proven"] and len(v["time_stamps"]) == 2
    server.shutdown()
    server.server_close()
    done = run("renew", folder / "r.ers", "--tsa", url, "--local", code=3)
    assert "127.0.0.1" in done.stderr


# What must come out of the BSI's samples, without roots (theirs are not public), and why. None: the
# sample comes without its data.
TABLE = [
    # name, data, data fit, hashes fit, signatures hold, problems
    ("example.ers.b64", "example.tif.b64", True, True, True, set()),  # OCSP answers embedded
    ("basis_ers.b64", None, False, True, True, set()),  # one list of one value, as it stands
    ("ATS1_BIN_ER.ers.b64", None, False, True, True, set()),  # 2,061 hashes; RSASSA-PSS
    ("ER_SHA256-DGN_XAIP_OK_SC1.ers", "TXT_DATA.txt.b64", True, True, True, set()),  # no tree
    ("ER_DOUBLE_HASHED_FOR_TXT_DATA.ers", "TXT_DATA.txt.b64", True, True, True, set()),  # 4.3, letter
    ("TestDataLogo.png_er.p7s.b64", "TestDataLogo.png.b64", True, True, True, set()),  # in a CMS
    # its .bin was once taken for text, and has U+FFFD where bytes were
    ("erDataMSOS-001.ers.b64", "erDataMSOS-001.bin", False, False, True, {"record.data"}),
    ("erDataMSOS-001.ers.b64", None, False, True, True, set()),
    ("example.ers.b64", "TXT_DATA.txt.b64", False, False, True, {"record.data"}),
    # extendedKeyUsage is not critical
    ("example_invalidTSPs.ers.b64", None, False, True, False, {"token.purpose"}),
    ("example_wrong_cms_version.ers.b64", "example.tif.b64", False, False, False,
     {"token.version"}),
    ("er_nok_wrong_version.er.b64", None, None, None, None, "version 0"),
]


# 27037 row 52: samples of others, good and broken
@test("the samples of the BSI come out as they must")
def samples(folder):
    if not SAMPLES.is_dir():
        print("skipped: no ../shared/data/evidence/ers")
        return
    for name, data, fit, hashes, signatures, problems in TABLE:
        words = []
        if data:
            file = folder / data.removesuffix(".b64")
            content = (SAMPLES / data).read_bytes()
            file.write_bytes(base64.b64decode(content) if data.endswith(".b64") else content)
            words = [file]
        if isinstance(problems, str):
            assert problems in run("verify", SAMPLES / name, *words, code=1).stderr, name
            continue
        v = verdict(SAMPLES / name, *words, code=1, at="2022-09-01")
        if name.startswith("erData") or name.startswith("ATS1") or name.startswith("basis"):
            v = verdict(SAMPLES / name, *words, code=1, at="2018-06-01")
        assert (v["data_fits"], v["hashes_fit"], v["signatures_hold"]) == \
            (fit, hashes, signatures), (name, v)
        assert codes(v) == problems, (name, v["problems"])
        run("show", SAMPLES / name)
    # who vouches is found in what they carry: the authority's own certificate as a root
    done = subprocess.run([TOCSIN, "evidence", "record", "verify", SAMPLES / "example.er.xml"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "offset" in done.stderr, done  # RFC 6283 is not built


# RFC 4998 section 4.2: linear in time and memory
@test("twenty thousand files under one time-stamp")
def large(folder):
    count = 2000 if SANITIZED else 20000
    authority = Authority(folder / "tsa")
    authority.new("one", "2026-01-01", "2032-01-01")
    files = folder / "files"
    files.mkdir()
    for i in range(count):
        (files / f"{i:05}").write_text(f"object {i}\n")
    begun = time.monotonic()
    names = [f"{i:05}" for i in range(count)]
    query, answer = authority.folder / "q", authority.folder / "a"
    words = [TOCSIN, "evidence", "record", "make", "--each", *names, "-o", folder / "out"]
    subprocess.run([*words, "--query", query], cwd=files, check=True, capture_output=True)
    authority.reply("one", "2026-11-22", query, answer)
    made = time.monotonic()
    subprocess.run([*words, "--response", answer], cwd=files, check=True, capture_output=True)
    spent = time.monotonic() - made
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    some = random.Random(1).sample(range(count), 20)
    for i in some:
        v = verdict(folder / f"out/{i:05}.ers", files / f"{i:05}", roots=authority.roots,
                    at="2030-01-01")
        assert v["proven"], v
    size = (folder / "out/00000.ers").stat().st_size
    print(f"measured: {count} evidence records under one time-stamp: {spent:.1f} s, hashes read "
          f"twice {made - begun:.1f} s before, at most {peak // 1024} MiB, {size} bytes a record")


def main():
    global failures
    wanted = sys.argv[1:]
    for name, function in tests:
        if wanted and not any(w in name for w in wanted):
            continue
        place = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-record-"))
        try:
            function(place)
            print("ok", name, flush=True)
        except Exception as why:  # pylint: disable=broad-except
            failures += 1
            line = why.__traceback__
            while line.tb_next and line.tb_next.tb_frame.f_code.co_filename == __file__:
                line = line.tb_next
            print("not ok", name, "—", type(why).__name__, str(why)[:1500],
                  f"(line {line.tb_lineno})", flush=True)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
