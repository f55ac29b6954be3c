#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin evidence seal and verify with a time-stamp authority that is `openssl ts` behind HTTP: it
is there, away, slow, wrong, expired, a liar. What VERIFY.txt says is run as it stands there."""

import datetime
import hashlib
import http.server
import json
import os
import pathlib
import random
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
SCRIPT = SOURCE / "tools/verify_evidence.py"
CHUNK = 1 << 20
POLICY, STAMP_TYPE = "1.3.6.1.4.1.99999.1", "1.2.840.113549.1.9.16.1.4"
QUALITIES = ("--relevance", "the host that sent the mails", "--reliability", "write-blocked, hashed twice",
             "--sufficiency", "all of the disk")
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "TOCSIN_IDENTITY"}
tests = []
failures = 0


def test(name):
    def add(function):
        tests.append((name, function))
        return function
    return add


def run(*command, **more):
    return subprocess.run([str(x) for x in command], capture_output=True, env=ENVIRONMENT, check=False, **more)


def openssl(*command, **more):
    done = run("openssl", *command, **more)
    assert done.returncode == 0, (command, done.stderr.decode())
    return done.stdout


# The authority

class Authority:
    def __init__(self, folder):
        self.folder = folder
        (folder / "ca.cnf").write_text(f"""
[ca]
default_ca = one
[one]
dir = {folder}
database = $dir/index
serial = $dir/serial
new_certs_dir = $dir
default_md = sha256
policy = any
unique_subject = no
email_in_dn = no
[any]
commonName = supplied
[tsa]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[loose]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[list]
authorityKeyIdentifier = keyid
[listed]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
crlDistributionPoints = URI:http://127.0.0.1:PORT/crl
[answered]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
authorityInfoAccess = OCSP;URI:http://127.0.0.1:PORT/ocsp
crlDistributionPoints = URI:http://127.0.0.1:PORT/crl
[responder]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,OCSPSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[part]
authorityKeyIdentifier = keyid
issuingDistributionPoint = critical,@part_of
[part_of]
onlyCA = TRUE
[shard]
authorityKeyIdentifier = keyid
issuingDistributionPoint = critical,@shard_of
[shard_of]
fullname = URI:http://elsewhere.example/crl-2
""")
        (folder / "index").write_text("")
        (folder / "serial").write_text("1000\n")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.port = self.server.server_address[1]
        config = folder / "ca.cnf"
        config.write_text(config.read_text().replace("PORT", str(self.port)))
        for root in ("root", "other"):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    folder / f"{root}.key", "-out", folder / f"{root}.pem", "-subj", f"/CN=TSA {root}", "-days", "30",
                    "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        for name, section, root, begin, end in (
                ("good", "tsa", "root", now - day, now + 10 * day), ("stranger", "tsa", "other", now - day, now + day),
                ("expired", "tsa", "root", now - 9 * day, now - 3 * day),
                ("loose", "loose", "root", now - day, now + day), ("listed", "listed", "root", now - day, now + day),
                ("answered", "answered", "root", now - day, now + day),
                ("responder", "responder", "root", now - day, now + day),
                ("past", "responder", "root", now - 9 * day, now - 3 * day),
                ("pretender", "responder", "other", now - day, now + day)):
            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    folder / f"{name}.key", "-out", folder / f"{name}.csr", "-subj", f"/CN=time of {name}")
            openssl("ca", "-batch", "-notext", "-config", config, "-extensions", section, "-cert",
                    folder / f"{root}.pem", "-keyfile", folder / f"{root}.key", "-in", folder / f"{name}.csr", "-out",
                    folder / f"{name}.pem", "-startdate", begin.strftime("%Y%m%d%H%M%SZ"), "-enddate",
                    end.strftime("%Y%m%d%H%M%SZ"))
            (folder / f"{name}.cnf").write_text(f"""
[tsa]
default_tsa = one
[one]
serial = {folder}/{name}.serial
crypto_device = builtin
signer_cert = {folder}/{name}.pem
certs = {folder}/{root}.pem
signer_key = {folder}/{name}.key
signer_digest = sha256
default_policy = {POLICY}
other_policies = {POLICY}.2
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500
ess_cert_id_alg = {"sha1" if name == "stranger" else "sha256"}
""")
        openssl("ca", "-config", config, "-gencrl", "-crldays", "9", "-crlexts", "list", "-md", "sha256", "-cert", folder / "root.pem",
                "-keyfile", folder / "root.key", "-out", folder / "list.pem")
        openssl("crl", "-in", folder / "list.pem", "-outform", "DER", "-out", folder / "list.crl")
        self.answers, self.lists, self.questions = "responder", True, []
        self.lock = threading.Lock()
        self.asked = 0
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, way):
        return f"http://127.0.0.1:{self.port}/{way}"

    def ocsp(self, query):
        """What `openssl ocsp` answers, as this or that responder; None: nothing."""
        self.questions.append("ocsp")
        if self.answers in (None, "garbage"):
            return self.answers and b"garbage"
        with self.lock:
            question, answer = self.folder / "oq", self.folder / "oa"
            question.write_bytes(query)
            openssl("ocsp", "-index", self.folder / "index", "-CA", self.folder / "root.pem", "-rsigner",
                    self.folder / f"{self.answers}.pem", "-rkey", self.folder / f"{self.answers}.key", "-reqin",
                    question, "-respout", answer, "-ndays", "1")
            return answer.read_bytes()

    def reply(self, query, signer):
        with self.lock:
            question, answer = self.folder / "q", self.folder / "a"
            question.write_bytes(query)
            openssl("ts", "-reply", "-config", self.folder / f"{signer}.cnf", "-queryfile", question, "-out", answer)
            return answer.read_bytes()

    def resigned(self, query, signer):
        """A token of the right content, signed by a certificate with which openssl ts makes none."""
        answer, token, info = (self.folder / x for x in ("a2", "t2", "i2"))
        answer.write_bytes(self.reply(query, "good"))
        openssl("ts", "-reply", "-in", answer, "-token_out", "-out", token)
        openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", token, "-out", info)
        der = openssl("cms", "-sign", "-binary", "-nodetach", "-cades", "-nosmimecap", "-econtent_type", STAMP_TYPE,
                      "-in", info, "-outform", "DER", "-signer", self.folder / f"{signer}.pem", "-inkey",
                      self.folder / f"{signer}.key")
        body = b"\x30\x03\x02\x01\x00" + der
        return b"\x30\x82" + len(body).to_bytes(2, "big") + body

    def answer(self, way, query):
        if way == "imprint":
            at = query.index(b"\x04\x20") + 2
            query = query[:at] + hashlib.sha256(b"another thing").digest() + query[at + 32:]
            way = "good"
        elif way == "nonce":
            query = query[:-4] + bytes([query[-4] ^ 1]) + query[-3:]
            way = "good"
        if way in ("good", "expired", "stranger", "listed", "answered"):
            return self.reply(query, way)
        if way == "loose":
            return self.resigned(query, "loose")
        if way == "cut":
            return self.reply(query, "good")[:-1]
        if way == "tail":
            return self.reply(query, "good") + b"\0"
        if way == "bare":
            return bytes.fromhex("30053003020100")
        if way == "slow":
            time.sleep(4)
        return b"garbage" if way in ("garbage", "slow") else bytes(1 << 20)

    def handler(self):
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def give(self, status, body, kind):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if status == 302:
                    self.send_header("Location", authority.url("good"))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def do_POST(self):
                query = self.rfile.read(int(self.headers["Content-Length"]))
                way = self.path[1:]
                if way == "ocsp":
                    told = self.headers["Content-Type"] == "application/ocsp-request" and authority.ocsp(query)
                    self.give(200 if told else 503, told or b"away", "application/ocsp-response")
                    return
                authority.asked += 1
                if self.headers["Content-Type"] != "application/timestamp-query":
                    self.give(415, b"", "text/plain")
                elif way in ("500", "302"):
                    self.give(int(way), b"no", "text/plain")
                else:
                    self.give(200, authority.answer(way, query), "application/timestamp-reply")

            def do_GET(self):
                authority.questions.append("crl")
                self.give(200 if authority.lists else 503, (authority.folder / "list.crl").read_bytes(), "application/pkix-crl")
        return Handler


# Bundles

class Case:
    """An identity, and a bundle that is copied for each trial."""

    def __init__(self, folder):
        self.folder = folder
        self.identity = folder / "meyer"
        done = run(TOCSIN, "evidence", "identity", self.identity, "--name", "A. Meyer", "--role", "DEFR",
                   "--competence", "GCFA, 2024-05-01", "--organisation", "Example")
        assert done.returncode == 0, done.stderr
        self.roots = self.identity / "chain.pem"
        (folder / "disk").write_bytes(random.Random(1).randbytes(2 * CHUNK + 700))
        self.fresh = folder / "fresh.evidence"
        done = run(TOCSIN, "evidence", "acquire", folder / "disk", self.fresh, "--exhibit", "EX-1")
        assert done.returncode == 0, done.stderr
        self.tsa_roots = folder / "authority/root.pem"

    def bundle(self, name, of=None):
        path = self.folder / f"{name}.evidence"
        shutil.copytree(of or self.fresh, path)
        return path

    def seal(self, bundle, *options, code=0, qualities=QUALITIES):
        done = run(TOCSIN, "evidence", "seal", bundle, "--identity", self.identity, "--json", *qualities, *options)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout) if done.stdout else done.stderr.decode()

    def verify(self, bundle, code=0, *options):
        options = options or ("--roots", self.roots, "--tsa-roots", self.tsa_roots)
        done = run(TOCSIN, "evidence", "verify", "--json", *options, bundle)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout) if done.stdout else None

    def script(self, bundle):
        return run(sys.executable, SCRIPT, "--roots", self.roots, "--tsa-roots", self.tsa_roots, bundle)


def hashes(folder):
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in folder.rglob("*") if p.is_file()}


# 27037 row 51: trusted time on each seal; row 14: this clock against a reference, with a bound
@test("a seal with its time-stamp: openssl, the script and verify agree on who and when")
def good(case, authority):
    bundle = case.bundle("good")
    before = hashes(bundle)
    answer = case.seal(bundle, "--tsa", authority.url("good"), "--tsa-roots", case.tsa_roots)
    assert answer["stamped"] and answer["number"] == 1 and not answer["gave_none"]
    assert abs(answer["clock_offset_us"]) < 3_000_000 and answer["clock_uncertainty_us"] >= 1_500_000
    assert answer["time_stamp"]["policy"] == POLICY and answer["time_stamp"]["authority_chain_checked"]
    after = hashes(bundle)
    assert {k: v for k, v in after.items() if not k.startswith("seal/")} == before, "a sealed file changed"
    verdict = case.verify(bundle)
    seal = verdict["seals"][0]
    assert verdict["sound"] and seal["holds"] and seal["stamped"] and seal["signer_chain_checked"]
    assert seal["signer"] == "O=Example, CN=A. Meyer" and seal["time_stamp"]["authority_chain_checked"]
    assert seal["relevance"] == QUALITIES[1] and seal["exhibit"] == "EX-1"
    assert abs(datetime.datetime.fromisoformat(seal["time_stamp"]["time"][:19] + "+00:00").timestamp()
               - time.time()) < 60
    openssl("ts", "-verify", "-data", bundle / "seal/seal.p7s", "-in", bundle / "seal/seal.tsr", "-CAfile",
            case.tsa_roots, "-untrusted", bundle / "seal/tsa.pem")
    openssl("cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", bundle / "seal/seal.p7s", "-content",
            bundle / "seal/seal.json", "-CAfile", case.roots, "-purpose", "any", "-out", "/dev/null")
    done = case.script(bundle)
    assert done.returncode == 0 and b"sound" in done.stdout, done.stdout
    stamp = json.loads((bundle / "seal/stamp.json").read_text())
    assert stamp["clock"]["offset_us"] == answer["clock_offset_us"]
    said = json.loads((bundle / "seal/seal.json").read_text())
    assert "monotonic_us" in said["clock"]["start"] and "kernel" in said["clock"]["end"]
    # without roots: sound, and nobody vouches
    seal = case.verify(bundle, 0, "--jobs", "1")["seals"][0]
    assert seal["holds"] and not seal["signer_chain_checked"]
    assert not seal["time_stamp"]["authority_chain_checked"]
    text = run(TOCSIN, "evidence", "verify", bundle).stdout.decode()
    assert text.count("NOBODY VOUCHES") == 2, text
    # other roots: the answer is no, and names the seal
    verdict = case.verify(bundle, 1, "--roots", authority.folder / "other.pem")
    assert [p["what"] for p in verdict["problems"]] == ["seal/stamp.p7s", "seal/seal.p7s"], verdict["problems"]
    verdict = case.verify(bundle, 1, "--tsa-roots", authority.folder / "other.pem")
    assert {p["what"] for p in verdict["problems"]} == {"seal/seal.tsr"}
    assert not verdict["seals"][0]["stamped"]


def paste(case, bundle):
    """Runs each command of VERIFY.txt in a shell; what they print."""
    commands = re.findall("^       (.*)$", (bundle / "VERIFY.txt").read_text(), re.M)
    assert len(commands) >= 12, commands
    outputs = []
    for command in commands:
        done = subprocess.run(["bash", "-c", command], cwd=bundle, capture_output=True, text=True, check=False,
                              env={**os.environ, "ROOTS": str(case.roots), "TSA_ROOTS": str(case.tsa_roots),
                                   "TOOLS": str(SOURCE / "tools")})
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        outputs.append(done.stdout + done.stderr)
    text = "\n".join(outputs)
    assert text.count("CMS Verification successful") >= 2 and "Verification: OK" in text, text
    assert "CN = A. Meyer" in text and "\nsound\n" in text
    return commands, text


@test("VERIFY.txt: each command works as it is pasted, for images, chosen files and imports")
def verify_text(case, authority):
    bundle, disk = case.bundle("text"), (case.folder / "disk").read_bytes()
    case.seal(bundle, "--tsa", authority.url("good"))
    commands, text = paste(case, bundle)
    assert hashlib.sha256(disk).hexdigest() + "  -" in text and f"\n{len(disk)}\n" in text
    (bundle / "data/added").write_text("x")
    find = next(c for c in commands if c.startswith("find"))
    done = subprocess.run(["bash", "-c", find], cwd=bundle, capture_output=True, text=True, check=False)
    assert sorted(done.stdout.split()) == ["data/added", "tagmanifest-sha256.txt"], done.stdout
    for name, command in (("files", ("files", case.identity)),
                          ("import", ("import", "--given-by", "B. Lind", case.folder / "disk")),
                          ("plain", ("acquire", "--plain", case.folder / "disk"))):
        bundle = case.folder / f"text-{name}.evidence"
        done = run(TOCSIN, "evidence", *command, bundle, "--reason", "a test", "--exhibit", "EX-2")
        assert done.returncode == 0, done.stderr
        case.seal(bundle, "--tsa", authority.url("good"))
        paste(case, bundle)
        assert case.verify(bundle)["sound"]


# 27037 row 51; a liar is no authority
@test("an authority that is away, slow or wrong: sealed without a time-stamp, and said so everywhere")
def wrong(case, authority):
    whys = {
        "slow": "no whole answer", "imprint": "something else", "nonce": "another question",
        "expired": "not valid at the time", "garbage": "DER", "huge": "over 262144 bytes", "500": "status 500",
        "302": "status 302", "loose": "not one for time-stamps alone", "stranger": "chain", "cut": "DER",
        "tail": "DER", "bare": "sends none",
    }
    for way, why in whys.items():
        bundle = case.bundle(f"wrong-{way}")
        answer = case.seal(bundle, "--tsa", authority.url(way), "--tsa-roots", case.tsa_roots, "--timeout", "1", code=1)
        assert not answer["stamped"] and len(answer["gave_none"]) == 1, answer
        said = answer["gave_none"][0]["why"]
        assert why in said or (why == "DER" and re.search("a signed message|answer of a time-stamp", said)), (way, said)
        assert {p.name for p in (bundle / "seal").iterdir()} == {"seal.json", "seal.p7s", "chain.pem"}
        seal = case.verify(bundle)["seals"][0]
        assert seal["holds"] and not seal["stamped"]
        assert "NO TIME-STAMP" in run(TOCSIN, "evidence", "verify", bundle).stdout.decode()
    assert b"NO TIME-STAMP" in case.script(bundle).stdout
    away = "http://127.0.0.1:9/"
    text = run(TOCSIN, "evidence", "seal", case.bundle("away"), "--identity", case.identity, *QUALITIES, "--tsa", away)
    assert text.returncode == 1 and b"WITHOUT A TIME-STAMP" in text.stdout, text
    # the next one is asked; and later, one is added
    bundle = case.folder / "away.evidence"
    before = hashes(bundle)
    error = case.seal(bundle, "--stamp", "--tsa", away, code=3, qualities=())
    assert "no time-stamp could be had" in error
    answer = case.seal(bundle, "--stamp", "--tsa", away, "--tsa", authority.url("garbage"), "--tsa",
                       authority.url("good"), qualities=())
    assert answer["stamped"] and [x["url"] for x in answer["gave_none"]] == [away, authority.url("garbage")]
    assert {k: v for k, v in hashes(bundle).items() if k in before} == before, "stamping changed what was there"
    assert case.verify(bundle)["seals"][0]["stamped"]
    assert "has its time-stamp already" in case.seal(bundle, "--stamp", "--tsa", away, code=3, qualities=())


@test("an authority behind https: its host is vouched for, or it is not asked")
def https(case, authority):
    folder = authority.folder
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            folder / "host.key", "-out", folder / "host.pem", "-subj", "/CN=127.0.0.1", "-days", "3", "-addext",
            "subjectAltName=IP:127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "host.pem", folder / "host.key")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), authority.handler())
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url, bundle, asked = f"https://127.0.0.1:{server.server_address[1]}/good", case.bundle("https"), authority.asked
    answer = case.seal(bundle, "--tsa", url, code=1)
    assert "nobody vouches for its host" in answer["gave_none"][0]["why"] and authority.asked == asked, answer
    assert case.seal(bundle, "--stamp", "--tsa", url, "--tls-roots", folder / "host.pem", qualities=())["stamped"]
    assert case.verify(bundle)["seals"][0]["stamped"]
    bundle = case.bundle("no-url")
    for url in ("ftp://127.0.0.1/", "http://a@127.0.0.1/", "http://", "file:///etc/passwd", ""):
        assert "no URL" in case.seal(bundle, "--tsa", url, code=2)
    assert not (bundle / "seal").exists()
    server.shutdown()


@test("a policy that is asked for; a refusal is told in the authority's words")
def policy(case, authority):
    bundle = case.bundle("policy")
    answer = case.seal(bundle, "--tsa", authority.url("good"), "--tsa-policy", "1.2.3.4", code=1)
    assert "it has no such policy" in answer["gave_none"][0]["why"], answer
    answer = case.seal(bundle, "--stamp", "--tsa", authority.url("good"), "--tsa-policy", POLICY + ".2", qualities=())
    assert answer["time_stamp"]["policy"] == POLICY + ".2"
    assert "no object identifier" in case.seal(case.bundle("oid"), "--tsa", authority.url("good"), "--tsa-policy",
                                               "1.2..3", code=2)


# 27037 row 5
@test("what a seal must say, and who makes it: refused without, and nothing is written")
def must(case, authority):
    bundle = case.bundle("must")
    for i in range(0, 6, 2):
        error = case.seal(bundle, "--tsa-none", code=2, qualities=QUALITIES[:i] + QUALITIES[i + 2:])
        assert QUALITIES[i][2:] in error and "27037" in error
    assert "--tsa-none" in case.seal(bundle, code=2)
    done = run(TOCSIN, "evidence", "seal", bundle, "--tsa-none", *QUALITIES)
    assert done.returncode == 2, done
    done = run(TOCSIN, "evidence", "seal", bundle, "--tsa-none", *QUALITIES, "--identity", case.folder / "nobody")
    assert done.returncode != 0 and not (bundle / "seal").exists()
    verdict = case.verify(bundle)
    assert not verdict["sealed"]
    assert "NOT SEALED" in run(TOCSIN, "evidence", "verify", bundle).stdout.decode()
    (bundle / "map.txt").write_text("x")  # what is not sound is not sealed
    assert "map.txt" in case.seal(bundle, "--tsa-none", code=3)
    shutil.copy(case.fresh / "map.txt", bundle)
    (bundle / "INCOMPLETE").write_text("x")
    assert "not finished" in case.seal(bundle, "--tsa-none", code=3)
    assert not (bundle / "seal").exists()


# 27037 row 35: changed, and where
@test("one changed byte in seal, metadata or payload, one file away, added or cut: found and named")
def changed(case, authority):
    bundle = case.bundle("changed")
    kept = case.seal(bundle, "--tsa", authority.url("listed"), "--tsa-roots", case.tsa_roots, "--local")
    assert kept["revocation_files"] == 1, kept
    assert case.verify(bundle)["seals"][0]["revocation_files"] == 1
    case.seal(bundle, "--tsa-none")
    chance = random.Random(3)
    files = [p for p in bundle.rglob("*") if p.is_file()]
    trials, theirs = 0, 0
    for path in files:
        name = str(path.relative_to(bundle))
        whole = path.read_bytes()
        for trial in range(40 if name.startswith("seal/") else 4):
            at = chance.randrange(len(whole))
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1:])
            problems = case.verify(bundle, 1)["problems"]
            named = {p["what"] for p in problems}
            # a signature names what it signs, and the other way round; segments are named by chunk
            pair = {name, re.sub("(json|p7s)$", lambda m: {"json": "p7s", "p7s": "json"}[m[0]], name)}
            # and a manifest by whom it is not what was signed
            assert named & pair or (name.startswith("data/image") and "the image" in named) or \
                any(name in p["text"] for p in problems), (name, at, problems)
            trials += 1
            if trial == 0:
                theirs += case.script(bundle).returncode == 1
        path.write_bytes(whole[:-1])
        assert case.verify(bundle, 1)["problems"], name
        path.unlink()
        if name in ("seal/seal.tsr", "seal/00002/seal.p7s"):
            what = {p["what"] for p in case.verify(bundle, 1)["problems"]}
            assert any(w.startswith(name.rsplit("/", 1)[0] + "/") for w in what), (name, what)
        else:
            assert case.verify(bundle, 1)["problems"], name
        path.write_bytes(whole)
    assert case.verify(bundle)["sound"]
    for name in ("added", "data/added", "seal/added", "seal/revocation/added", "seal/00003/added"):
        (bundle / name).parent.mkdir(exist_ok=True)
        (bundle / name).write_text("x")
        problems = {p["what"] for p in case.verify(bundle, 1)["problems"]}
        assert name in problems or (name == "seal/00003/added" and "seal/00003/seal.json" in problems), problems
        (bundle / name).unlink()
    (bundle / "seal/00003").rmdir()
    assert case.verify(bundle)["sound"]
    assert theirs == len(files), (theirs, len(files))
    print(f"measured: sealed bundle: {trials} changed bytes, all found and named; the script found its {theirs}")


@test("killed while it seals: the seal is there whole or not at all, and sealing again works")
def killed(case, authority):
    chance, whole, began = random.Random(9), 0, time.monotonic()
    case.seal(case.bundle("killed"), "--tsa", authority.url("good"))
    usual = time.monotonic() - began
    for trial in range(20):
        bundle = case.bundle(f"killed-{trial}")
        command = [TOCSIN, "evidence", "seal", bundle, "--identity", case.identity, *QUALITIES, "--tsa",
                   authority.url("good")]
        process = subprocess.Popen([str(x) for x in command], env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(chance.random() * 1.3 * usual)
        process.kill()
        process.wait()
        done = run(TOCSIN, "evidence", "verify", "--json", bundle)
        verdict = json.loads(done.stdout)
        if verdict["sealed"]:
            whole += 1
            assert verdict["seals"][0]["holds"] or "time-stamp" in str(verdict["problems"]), verdict
            if not verdict["seals"][0]["stamped"]:
                case.seal(bundle, "--stamp", "--tsa", authority.url("good"), qualities=())
        else:
            assert verdict["sound"] or "broken off" in str(verdict["problems"]), verdict
            case.seal(bundle, "--tsa", authority.url("good"))
        assert case.verify(bundle)["seals"][0]["stamped"]
    (bundle / "seal/00002.new").mkdir()
    (bundle / "seal/00002.new/seal.json").write_text("{")
    assert "broken off" in str(case.verify(bundle, 1)["problems"])
    case.seal(bundle, "--tsa-none")
    assert len(case.verify(bundle)["seals"]) == 2
    print(f"measured: killed while sealing: 20 times, {whole} with a seal already, none with half of one")


@test("a second seal lies beside the first, and vouches for it")
def second(case, authority):
    bundle = case.bundle("second")
    case.seal(bundle, "--tsa", authority.url("good"))
    first = hashes(bundle)
    assert case.seal(bundle, "--tsa", authority.url("stranger"))["number"] == 2
    assert {k: v for k, v in hashes(bundle).items() if k in first} == first
    other = case.bundle("second-other")
    case.seal(other, "--tsa", authority.url("good"))
    verdict = case.verify(bundle, 0, "--roots", case.roots)
    assert [s["number"] for s in verdict["seals"]] == [1, 2] and all(s["stamped"] for s in verdict["seals"])
    assert case.script(bundle).returncode == 1  # the stranger's time-stamp, under these roots
    shutil.rmtree(bundle / "seal/revocation", ignore_errors=True)
    for file in (other / "seal").iterdir():  # another first seal, good in itself
        shutil.copy(file, bundle / "seal")
    problems = {p["what"] for p in case.verify(bundle, 1, "--roots", case.roots)["problems"]}
    assert {"seal/seal.json", "seal/seal.p7s"} <= problems, problems


# 27037 row 50: the seal knows how far the log went
@test("the custody log is under the seal: a record more is fine, one less is found")
def custody(case, authority):
    bundle = case.folder / "custody.evidence"
    where = ("--place", "laboratory", "--reason", "closed", "--authority", "policy 7", "--authority-scope", "disks",
             "--authority-expires", "2999-01-01")
    done = run(TOCSIN, "evidence", "acquire", case.folder / "disk", bundle, "--exhibit", "EX-1", "--identity",
               case.identity, *where)
    assert done.returncode == 0, done.stderr

    def note(of, text):
        done = run(TOCSIN, "evidence", "note", of, "--identity", case.identity, *where, "--text", text)
        assert done.returncode == 0, done.stderr

    assert case.seal(bundle, "--tsa", authority.url("good"), *where)["custody_record"] == 2
    assert case.verify(bundle)["seals"][0]["custody_records"] == 2
    earlier = case.bundle("custody-earlier", bundle)
    note(bundle, "one")
    note(bundle, "two")
    verdict = case.verify(bundle)
    assert verdict["sound"] and verdict["custody_records"] == 4
    assert case.seal(bundle, "--tsa-none", *where)["custody_record"] == 5
    assert [s["custody_records"] for s in case.verify(bundle)["seals"]] == [2, 5]
    assert case.script(bundle).returncode == 0, case.script(bundle).stdout
    shutil.rmtree(bundle / "custody")  # a log that is good in itself, as it was before
    shutil.copytree(earlier / "custody", bundle / "custody")
    problems = case.verify(bundle, 1)["problems"]
    assert "custody/00005.json" in {p["what"] for p in problems} and "cut" in str(problems), problems
    assert case.script(bundle).returncode == 1
    shutil.rmtree(bundle / "custody")
    assert "cut" in str(case.verify(bundle, 1)["problems"])
    assert case.script(bundle).returncode == 1


# 27037 row 37
@test("that a source could not be verified stands in the seal")
def source(case, authority):
    bundle = case.bundle("source")
    case.seal(bundle, "--tsa-none")
    assert case.verify(bundle)["seals"][0]["source_verifiable"] == \
        json.loads((bundle / "acquisition.json").read_text())["checks"]["source_again"]


@test("keys: P-384, RSA, Ed25519, encrypted ones; a chain of an authority")
def keys(case, authority):
    for kind in ("P-384", "RSA", "Ed25519"):
        folder, bundle = case.folder / kind, case.bundle(f"key-{kind}")
        secret = case.folder / "secret"
        secret.write_text("correct horse\n")
        done = run(TOCSIN, "evidence", "identity", folder, "--name", "B", "--role", "DES", "--competence",
                   "GCFA, 2024-05-01", "--key-type", kind, "--passphrase-file", secret)
        assert done.returncode == 0 and (folder / "key.pem").stat().st_mode & 0o777 == 0o600, done.stderr
        assert b"ENCRYPTED" in (folder / "key.pem").read_bytes()
        command = [TOCSIN, "evidence", "seal", bundle, "--identity", folder, *QUALITIES, "--tsa-none"]
        assert run(*command).returncode == 3
        done = run(*command, "--passphrase-file", secret)
        assert done.returncode == 0, done.stderr
        assert case.verify(bundle, 0, "--roots", folder / "chain.pem")["seals"][0]["signer_chain_checked"]
        if kind != "Ed25519":
            openssl("cms", "-verify", "-binary", "-inform", "DER", "-in", bundle / "seal/seal.p7s", "-content",
                    bundle / "seal/seal.json", "-CAfile", folder / "chain.pem", "-purpose", "any", "-out", "/dev/null")
    folder, bundle = case.folder / "request", case.bundle("key-request")
    assert run(TOCSIN, "evidence", "identity", folder, "--name", "C", "--role", "DES", "--competence",
               "GCFA, 2024-05-01", "--request").returncode == 0
    done = run(TOCSIN, "evidence", "seal", bundle, "--identity", folder, *QUALITIES, "--tsa-none")
    assert done.returncode != 0 and b"chain.pem" in done.stderr, done.stderr
    own = openssl("x509", "-req", "-in", folder / "request.pem", "-CA", authority.folder / "root.pem", "-CAkey",
                  authority.folder / "root.key", "-CAcreateserial", "-days", "5", "-copy_extensions", "none", "-extfile",
                  authority.folder / "ca.cnf", "-extensions", "tsa")
    (folder / "chain.pem").write_bytes(own + (authority.folder / "root.pem").read_bytes())
    done = run(TOCSIN, "evidence", "seal", bundle, "--identity", folder, *QUALITIES, "--tsa-none")
    assert done.returncode == 0, done.stderr
    assert case.verify(bundle, 0, "--roots", authority.folder / "root.pem")["seals"][0]["signer_chain_checked"]


@test("revocation is kept beside the time-stamp, and a certificate that had been revoked is told of")
def revoked(case, authority):
    bundle, config = case.bundle("revoked"), authority.folder / "ca.cnf"
    openssl("ca", "-config", config, "-revoke", authority.folder / "good.pem", "-cert", authority.folder / "root.pem",
            "-keyfile", authority.folder / "root.key")
    openssl("ca", "-config", config, "-gencrl", "-crldays", "9", "-crlexts", "list", "-md", "sha256", "-cert",
            authority.folder / "root.pem", "-keyfile", authority.folder / "root.key", "-out",
            authority.folder / "later.pem")
    later = authority.folder / "later.crl"
    openssl("crl", "-in", authority.folder / "later.pem", "-outform", "DER", "-out", later)
    time.sleep(1)
    assert case.seal(bundle, "--tsa", authority.url("good"), "--revocation", later)["revocation_files"] == 1
    digest = hashlib.sha256(later.read_bytes()).hexdigest()
    assert (bundle / f"seal/revocation/{digest}.crl").exists()
    problems = case.verify(bundle, 1)["problems"]
    assert problems[0]["where"] == "CN=time of good" and "was revoked at" in problems[0]["text"], problems
    assert len(problems) == 1, problems
    assert b"was revoked at" in case.script(bundle).stdout and case.script(bundle).returncode == 1
    openssl("ts", "-reply", "-in", bundle / "seal/seal.tsr", "-text")
    bundle = case.bundle("no-list")  # found before anything is written
    for option, file, why in (("--revocation", case.roots, "neither a revocation list"),
                              ("--tsa-roots", later, "no certificate"), ("--tsa-policy", "1.2.", "no object")):
        assert why in case.seal(bundle, "--tsa", authority.url("good"), option, file, code=2)
    assert not (bundle / "seal").exists()


# 27037 rows 51, 52: what nobody can be asked for any more in twenty years
@test("a seal asks whom the certificates name whether they were revoked, keeps that, and verify checks it")
def asked(case, authority):
    folder, stamped = authority.folder, ("--tsa", authority.url("answered"), "--tsa-roots", case.tsa_roots)

    def sealed(name, *options):
        authority.questions.clear()
        bundle = case.bundle(f"asked-{name}")
        answer = case.seal(bundle, *stamped, *options)
        kept = sorted(p.suffix for p in (bundle / "seal").glob("revocation/*"))
        return bundle, answer, kept

    def known(bundle, code=0):
        verdict = case.verify(bundle, code)
        counts = verdict["seals"][0]["certificates_issued"], verdict["seals"][0]["certificates_not_revoked"]
        # the independent verifier comes to the same
        done = case.script(bundle)
        told = re.search(r"of (\d+) certificates that others issued, (\d+) are known", done.stdout.decode())
        assert done.returncode == code and tuple(map(int, told.groups())) == counts, (counts, done.stdout)
        return counts

    def named(bundle, *words):
        """Both find a problem in seal/revocation, and neither elsewhere."""
        for problems in ([f"{p['what']}: {p['text']}" for p in case.verify(bundle, 1)["problems"]],
                         [x[9:] for x in case.script(bundle).stdout.decode().splitlines() if x[:9] == "PROBLEM: "]):
            assert problems and all(p.startswith("seal/revocation/") for p in problems), problems
            assert all(any(w in p for p in problems) for w in words), problems
    bundle, answer, kept = sealed("good", "--local")
    assert kept == [".ocsp"] and authority.questions == ["ocsp"] and "revocation_not_kept" not in answer
    assert known(bundle) == (1, 1)
    openssl("ts", "-verify", "-in", bundle / "seal/seal.tsr", "-data", bundle / "seal/seal.p7s", "-CAfile",
            case.tsa_roots)
    good = next((bundle / "seal/revocation").iterdir())
    openssl("ocsp", "-respin", good, "-CAfile", case.tsa_roots, "-issuer", folder / "root.pem", "-cert",
            folder / "answered.pem")
    text = run(TOCSIN, "evidence", "verify", bundle).stdout.decode()
    assert "1 are said not to have been revoked then, by issuers for whom nobody vouches" in text, text
    text = run(TOCSIN, "evidence", "verify", "--roots", case.roots, "--tsa-roots", case.tsa_roots,
               bundle).stdout.decode()
    assert "1 are known not to have been revoked then" in text, text
    # a responder that is away, or no responder: then the list
    authority.answers = None
    bundle, answer, kept = sealed("away", "--local")
    assert kept == [".crl"] and authority.questions == ["ocsp", "crl"] and "503" in answer["revocation_not_kept"]
    assert known(bundle) == (1, 1)
    authority.lists = False
    bundle, answer, kept = sealed("silent", "--local")  # said, and the seal goes on
    assert kept == [] and answer["stamped"] and answer["revocation_not_kept"].count("503") == 2
    assert known(bundle) == (1, 0)
    assert "of the others it is not known" in run(TOCSIN, "evidence", "verify", bundle).stdout.decode()
    for wrong in ("pretender", "past", "garbage", "answered"):
        authority.answers = wrong
        bundle, answer, kept = sealed(wrong, "--local")
        assert kept == [] and "signed by who" in answer["revocation_not_kept"], (wrong, answer)
    authority.answers, authority.lists = "responder", True
    assert sealed("outside")[2] == [] and authority.questions == []
    assert sealed("unwanted", "--local", "--no-fetch")[2] == [] and authority.questions == []
    # what who seals keeps is checked by who verifies: a pretender's answer, a list with one bit other
    request = folder / "request"
    openssl("ocsp", "-issuer", folder / "root.pem", "-cert", folder / "answered.pem", "-reqout", request)
    authority.answers = "pretender"
    forged, bent = folder / "forged.ocsp", folder / "bent.crl"
    forged.write_bytes(authority.ocsp(request.read_bytes()))
    bent.write_bytes((folder / "list.crl").read_bytes()[:-1] + b"\xff")
    for name, file in (("forged", forged), ("bent", bent)):
        bundle, _, _ = sealed(name, "--no-fetch", "--revocation", file)
        named(bundle, "not signed by who may do so")
    # one of an issuer that is not asked about says nothing; one of another key with its name, is wrong
    for root, subject in (("other", "/CN=TSA other"), ("false", "/CN=TSA root")):
        key, certificate = folder / f"{root}-l.key", folder / f"{root}-l.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                certificate, "-subj", subject, "-days", "30", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        openssl("ca", "-config", folder / "ca.cnf", "-gencrl", "-crldays", "9", "-crlexts", "list", "-md", "sha256", "-cert", certificate,
                "-keyfile", key, "-out", folder / "of.pem")
        openssl("crl", "-in", folder / "of.pem", "-outform", "DER", "-out", folder / f"{root}-l.crl")
        bundle, _, _ = sealed(f"of-{root}", "--no-fetch", "--revocation", folder / f"{root}-l.crl")
        if root == "other":
            assert known(bundle) == (1, 0)
        else:
            named(bundle, "not signed by who may do so")
    # one that had run out, and one that has no signature that this may be (keyUsage without cRLSign)
    openssl("ca", "-config", folder / "ca.cnf", "-gencrl", "-crl_lastupdate", "20200101000000Z", "-crl_nextupdate",
            "20200201000000Z", "-crlexts", "list", "-md", "sha256", "-cert", folder / "root.pem", "-keyfile", folder / "root.key", "-out",
            folder / "old.pem")
    openssl("crl", "-in", folder / "old.pem", "-outform", "DER", "-out", folder / "old.crl")
    bundle, _, _ = sealed("ran-out", "--no-fetch", "--revocation", folder / "old.crl")
    assert known(bundle) == (1, 0)
    # both at once: what says something counts
    bundle, _, _ = sealed("two", "--no-fetch", "--revocation", folder / "old.crl", "--revocation", folder / "list.crl")
    assert known(bundle) == (1, 1)
    kept = next((bundle / "seal/revocation").iterdir())
    kept.chmod(0o600)
    kept.write_bytes(kept.read_bytes()[:-1])
    assert case.verify(bundle, 1) and case.script(bundle).returncode == 1
    (bundle / "seal/revocation/x.crl").write_bytes((folder / "list.crl").read_bytes())
    assert "stamp.json does not list it" in case.script(bundle).stdout.decode()
    # alone, without the file beside it, the script says what it does not check
    alone = folder / "alone"
    alone.mkdir()
    shutil.copy(SCRIPT, alone)
    said = run(sys.executable, alone / SCRIPT.name, case.folder / "asked-good.evidence")
    assert said.returncode == 0 and b"had been revoked was NOT CHECKED" in said.stdout, said
    # a list of other certificates than this one does not say that this one was not revoked
    for part in ("part", "shard"):
        openssl("ca", "-config", folder / "ca.cnf", "-gencrl", "-crldays", "9", "-crlexts", part, "-md", "sha256",
                "-cert", folder / "root.pem", "-keyfile", folder / "root.key", "-out", folder / f"{part}.pem")
        openssl("crl", "-in", folder / f"{part}.pem", "-outform", "DER", "-out", folder / f"{part}.crl")
        bundle, _, _ = sealed(part, "--no-fetch", "--revocation", folder / f"{part}.crl")
        assert known(bundle) == (1, 0), part
    # broken off behind the answer and before the time-stamp: the next try is whole
    authority.answers = "responder"
    bundle = case.bundle("asked-broken")
    case.seal(bundle, "--tsa-none")
    (bundle / "seal/revocation").mkdir()
    shutil.copy(good, bundle / "seal/revocation")
    case.verify(bundle, 1)
    case.seal(bundle, "--stamp", *stamped, "--local", qualities=())
    assert known(bundle) == (1, 1)
    # so does a renewal of an evidence record, of the time-stamp that it renews
    record, beside = case.folder / "r.ers", case.folder / "r.ers.revocation"

    def of_record(*words, who="answered"):
        authority.questions.clear()
        done = run(TOCSIN, "evidence", "record", *words, "--tsa", authority.url(who), "--local")
        assert done.returncode == 0, done.stderr
        return done.stderr.decode()
    of_record("make", case.folder / "disk", "-o", record)
    authority.answers, authority.lists = None, False
    assert of_record("renew", record).count("503") == 2 and not beside.exists()
    authority.answers, authority.lists = "responder", True
    of_record("renew", record, "--no-fetch")
    assert not beside.exists() and authority.questions == []
    of_record("renew", record)
    assert [p.suffix for p in beside.iterdir()] == [".ocsp"] and authority.questions == ["ocsp"]
    verdict = json.loads(run(TOCSIN, "evidence", "record", "verify", "--json", record, case.folder / "disk",
                             "--tsa-roots", case.tsa_roots).stdout)
    assert ["not revoked" in s["revocation"] for s in verdict["time_stamps"][:3]] == [True] * 3, verdict
    # revoked before: said at once, kept, and the seal does not pass
    openssl("ca", "-config", folder / "ca.cnf", "-revoke", folder / "answered.pem", "-crl_reason", "keyCompromise",
            "-cert", folder / "root.pem", "-keyfile", folder / "root.key")
    time.sleep(1)
    bundle, answer, kept = sealed("revoked", "--local")
    assert kept == [".ocsp"] and "was revoked at" in answer["revocation_not_kept"], answer
    problems = str(case.verify(bundle, 1)["problems"])
    assert "CN=time of answered" in problems and "was revoked at" in problems, problems
    named(bundle, "was revoked at")


def main():
    global failures
    top = pathlib.Path(tempfile.mkdtemp(prefix="evidence_seal_"))
    try:
        (top / "authority").mkdir()
        authority, case = Authority(top / "authority"), Case(top)
        for name, function in tests:
            if len(sys.argv) > 1 and sys.argv[1] not in function.__name__:
                continue
            try:
                function(case, authority)
                print(f"ok   {name}")
            except AssertionError as e:
                failures += 1
                frame = e.__traceback__
                while frame.tb_next:
                    frame = frame.tb_next
                print(f"FAIL {name}: line {frame.tb_lineno}: {e}")
    finally:
        shutil.rmtree(top, ignore_errors=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
