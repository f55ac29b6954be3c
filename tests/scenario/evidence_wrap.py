#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin evidence wrap and unwrap: a bundle for named receivers alone. openssl and tar are the other
party in both directions; what was changed, cut, exchanged or is for others is told apart."""

import hashlib
import io
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import tarfile
import time

from evidence_scenario import Skipped, main, test

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
SANITIZED = b"__asan_init" in TOCSIN.read_bytes()
PART = 8 << 20


def tocsin(*arguments, code=0, **environment):
    done = subprocess.run([TOCSIN, "evidence", *map(str, arguments)], capture_output=True, text=True,
                          check=False, env={**os.environ, "TOCSIN_IDENTITY": "", **environment})
    assert done.returncode == code, (arguments, done.returncode, done.stdout[-400:], done.stderr)
    return done


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *map(str, arguments)], input=data, check=True,
                          capture_output=True).stdout


KINDS = {"rsa": ["-newkey", "rsa:2048"], "p256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
         "p384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "ed25519": ["-newkey", "ed25519"]}


def receiver(folder, name, kind, *more):
    openssl("req", "-x509", *KINDS[kind], "-nodes", "-keyout", folder / f"{name}.key", "-out",
            folder / f"{name}.pem", "-subj", f"/CN={name}", "-days", "30", *more)
    return ["--key", folder / f"{name}.key", "--certificate", folder / f"{name}.pem"]


def bundle(folder, size=20 << 20):
    disk = folder / "disk"
    disk.write_bytes(random.Random(1).randbytes(size))
    tocsin("acquire", disk, folder / "disk.evidence", "--plain")
    return folder / "disk.evidence"


def hashes(folder):
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(folder.rglob("*")) if p.is_file()}


def opened(message, name, folder):
    return openssl("cms", "-decrypt", "-binary", "-inform", "DER", "-in", message, "-recip",
                   folder / f"{name}.pem", "-inkey", folder / f"{name}.key")


# 27037 row 49: what any other program opens
@test("RSA, P-256 and P-384: unwrap gives the same files, and so do openssl and tar")
def good(folder):
    plain = bundle(folder)
    keys = {kind: receiver(folder, kind, kind) for kind in ("rsa", "p256", "p384")}
    before = hashes(plain)
    to = [word for kind in keys for word in ("--to", folder / f"{kind}.pem")]
    said = json.loads(tocsin("wrap", "--json", plain, folder / "w", *to).stdout)
    assert said["parts"] == 3 and said["files"] == len(before)
    assert hashes(plain) == before, "the bundle was touched"
    subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "manifest-sha256.txt"],
                   cwd=folder / "w", check=True)
    head = json.loads((folder / "w/wrap.json").read_text())
    assert [r["subject"] for r in head["receivers"]] == ["CN=rsa", "CN=p256", "CN=p384"]
    marks = [b"disk.evidence", b"acquisition", (plain / "data/image-00001.raw").read_bytes()[:64]]
    for p in (folder / "w").iterdir():  # nothing of it is to be read
        data = p.read_bytes()
        assert not any(m in data for m in marks), p
    for kind, options in keys.items():
        tocsin("unwrap", folder / "w", folder / f"out-{kind}", *options)
        assert hashes(folder / f"out-{kind}") == before
        tocsin("verify", folder / f"out-{kind}")
        parts = [opened(p, kind, folder) for p in sorted((folder / "w").glob("part-*"))]
        index = json.loads(opened(folder / "w/index.p7m", kind, folder))
        assert [hashlib.sha256(p).hexdigest() for p in parts] == [p["sha256"] for p in index["parts"]]
        (folder / kind).mkdir()
        subprocess.run(["tar", "-x", "-C", folder / kind], input=b"".join(parts), check=True)
        assert hashes(folder / kind / "disk.evidence") == before
    # what OPEN.txt says, word for word
    lines = (folder / "w/OPEN.txt").read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if "for p in part" in line)
    script = "\n".join(lines[at:at + 5])
    script = script.replace("CERTIFICATE.pem", str(folder / "rsa.pem")).replace(
        "KEY.pem", str(folder / "rsa.key"))
    subprocess.run(["sh", "-ec", script], cwd=folder / "w", check=True)
    assert hashes(folder / "p256/disk.evidence") == before
    message = openssl("cms", "-cmsout", "-print", "-inform", "DER", "-in", folder / "w/index.p7m")
    for word in (b"authEnvelopedData", b"aes-256-gcm", b"rsaesOaep", b"sha256kdf", b"aes256-wrap"):
        assert word in message, word
    assert b"sha1" not in message


def index_of(parts, name, tags, ident):
    return json.dumps({"format": "tocsin-evidence-wrap-index/v1", "id": ident, "bundle": name,
                       "parts": [{"bytes": len(p), "sha256": hashlib.sha256(p).hexdigest()}
                                 for p in parts], "tagmanifest_sha256": tags}).encode()


def wrap_by_hand(folder, target, archive, tags, name="disk.evidence", parts=None):
    """What another program makes by the description of the format."""
    target.mkdir()
    parts = parts or [archive[i:i + PART] for i in range(0, len(archive), PART)]

    def put(file, content):
        openssl("cms", "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER", "-out",
                target / file, "-recip", folder / "rsa.pem", "-keyopt", "rsa_padding_mode:oaep",
                data=content)
    for i, part in enumerate(parts):
        put(f"part-{i + 1:06}.p7m", part)
    put("index.p7m", index_of(parts, name, tags, "ab" * 16))
    (target / "wrap.json").write_text(json.dumps({"format": "tocsin-evidence-wrap/v1", "id": "ab" * 16}))


def tar_of(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in members:
            member = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def left(folder, target):
    return [p.name for p in folder.iterdir() if p.name.startswith(target)]


@test("what openssl and tar made is unwrapped; an archive that leads elsewhere is refused")
def by_hand(folder):
    options = receiver(folder, "rsa", "rsa")
    plain = bundle(folder, 3 << 20)
    tags = hashlib.sha256((plain / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    files = [(f"disk.evidence/{p.relative_to(plain)}", p.read_bytes())
             for p in sorted(plain.rglob("*")) if p.is_file()]
    wrap_by_hand(folder, folder / "w", tar_of(files), tags)
    tocsin("unwrap", folder / "w", folder / "out", *options)
    assert hashes(folder / "out") == hashes(plain)
    link = tarfile.TarInfo("disk.evidence/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    hard = tarfile.TarInfo("disk.evidence/hard")
    hard.type, hard.linkname = tarfile.LNKTYPE, "/etc/passwd"
    device = tarfile.TarInfo("disk.evidence/null")
    device.type = tarfile.CHRTYPE
    bad = [[("disk.evidence/../../x", b"x")], [("/tmp/tocsin-wrap-elsewhere", b"x")], [("other/x", b"x")],
           [("disk.evidence/a/./b", b"x")], [("disk.evidence//x", b"x")], [("disk.evidence", b"x")],
           [("disk.evidence/a\nb", b"x")], [(link, b"")], [(hard, b"")], [(device, b"")],
           [("disk.evidence/a", b"1"), ("disk.evidence/a", b"2")],
           [("disk.evidence/a", b"1"), ("disk.evidence/a/b", b"2")]]
    for i, members in enumerate(bad):
        wrap_by_hand(folder, folder / f"bad{i}", tar_of(members + files), tags)
        code = 3 if i == len(bad) - 1 else 1
        tocsin("unwrap", folder / f"bad{i}", folder / f"no{i}", *options, code=code)
        assert not left(folder, f"no{i}") and not pathlib.Path("/tmp/tocsin-wrap-elsewhere").exists(), i
    for i, (archive, said) in enumerate([(tar_of(files)[:-10240] , "end"), (tar_of(files)[:5000], "end"),
                                         (tar_of(files) + b"x", "behind"), (b"\1" * 5000, "no archive")]):
        wrap_by_hand(folder, folder / f"cut{i}", archive, tags)
        done = tocsin("unwrap", folder / f"cut{i}", folder / f"no{i}", *options, code=1)
        assert said in done.stderr and not left(folder, f"no{i}"), (i, done.stderr)
    wrap_by_hand(folder, folder / "tags", tar_of(files), "00" * 32)
    assert "tagmanifest" in tocsin("unwrap", folder / "tags", folder / "no", *options, code=1).stderr
    head = json.loads((folder / "w/wrap.json").read_text())
    (folder / "w/wrap.json").write_text(json.dumps({**head, "format": "tocsin-evidence-wrap/v2"}))
    assert "later form" in tocsin("unwrap", folder / "w", folder / "no", *options, code=3).stderr


@test("wrong key, missing, cut, reordered, exchanged, flipped: each is told apart, and nothing stays")
def changed(folder):
    plain = bundle(folder)
    mine, other = receiver(folder, "mine", "p256"), receiver(folder, "other", "rsa")
    whole = folder / "w"
    tocsin("wrap", plain, whole, "--to", folder / "mine.pem")
    tocsin("wrap", plain, folder / "second", "--to", folder / "mine.pem")

    def refused(change, words, options=mine, code=1):
        shutil.rmtree(folder / "x", ignore_errors=True)
        shutil.copytree(whole, folder / "x")
        change(folder / "x")
        done = tocsin("unwrap", folder / "x", folder / "out", *options, code=code)
        assert all(w in done.stderr for w in words), (words, done.stderr)
        assert not left(folder, "out"), left(folder, "out")

    def nothing(_):
        pass

    def missing(name):
        return lambda w: (w / name).unlink()

    def cut(name, keep):
        return lambda w: (w / name).write_bytes((w / name).read_bytes()[:keep])

    def swap(w):
        (w / "part-000001.p7m").rename(w / "t")
        (w / "part-000002.p7m").rename(w / "part-000001.p7m")
        (w / "t").rename(w / "part-000002.p7m")

    def flip(name, at):
        def change(w):
            data = bytearray((w / name).read_bytes())
            data[at] ^= 1
            (w / name).write_bytes(data)
        return change

    refused(nothing, ["for others"], options=other, code=3)
    # a key of another, under the name and number of mine
    serial = openssl("x509", "-in", folder / "mine.pem", "-noout", "-serial").decode().strip()[7:]
    openssl("req", "-x509", *KINDS["p256"], "-nodes", "-keyout", folder / "twin.key", "-out",
            folder / "twin.pem", "-subj", "/CN=mine", "-set_serial", f"0x{serial}")
    refused(nothing, ["does not open", "key is another"], options=[
        "--key", folder / "twin.key", "--certificate", folder / "twin.pem"])
    refused(missing("part-000003.p7m"), ["part 3 of 3", "missing"])
    refused(missing("part-000001.p7m"), ["part 1 of 3", "missing"])
    refused(missing("index.p7m"), ["index.p7m", "missing"])
    refused(missing("wrap.json"), ["wrap.json", "missing"])
    refused(cut("part-000002.p7m", 1000), ["part-000002.p7m", "not all of one"])
    refused(cut("part-000003.p7m", 0), ["part-000003.p7m"])
    refused(cut("index.p7m", 300), ["index.p7m", "not all of one"])
    refused(swap, ["in the place of part 1 stands part 2"])
    refused(lambda w: shutil.copy(w / "part-000001.p7m", w / "part-000002.p7m"),
            ["in the place of part 2 stands part 1"])
    refused(lambda w: shutil.copy(folder / "second/index.p7m", w), ["not of the same"])
    refused(lambda w: shutil.copy(w / "part-000003.p7m", w / "part-000004.p7m"),
            ["part-000004.p7m is not of it"])
    # the same bundle wrapped twice has the same parts inside; another one's are found
    tocsin("acquire", folder / "disk", folder / "two", "--plain", "--bytes", 15 << 20)
    tocsin("wrap", folder / "two", folder / "third", "--to", folder / "mine.pem")
    refused(lambda w: shutil.copy(folder / "third/part-000001.p7m", w), ["part 1 is whole", "another"])
    for at in (5, 1000, PART // 2, -30, -1):
        refused(flip("part-000002.p7m", at), ["part-000002.p7m"])
    for at in range(0, (whole / "index.p7m").stat().st_size, 29):  # each region of a message
        shutil.rmtree(folder / "x", ignore_errors=True)
        shutil.copytree(whole, folder / "x")
        flip("index.p7m", at)(folder / "x")
        done = subprocess.run([TOCSIN, "evidence", "unwrap", folder / "x", folder / "out", *mine],
                              capture_output=True, text=True, check=False)
        # what is not bound (how the receiver is named) may be another; the content never is
        assert done.returncode in (0, 1, 3), (at, done.stderr)
        if done.returncode == 0:
            assert hashes(folder / "out") == hashes(plain), at
            shutil.rmtree(folder / "out")
        assert not left(folder, "out")
    (folder / "x/part-000001.p7m").unlink()
    (folder / "x/part-000001.p7m").symlink_to(whole / "part-000001.p7m")
    tocsin("unwrap", folder / "x", folder / "out", *mine, code=1)
    tocsin("unwrap", whole, folder / "out", *mine)
    assert "there already" in tocsin("unwrap", whole, folder / "out", *mine, code=3).stderr


@test("keys that cannot be encrypted to, certificates that are over, what is no bundle: refused")
def refusals(folder):
    plain = bundle(folder, 1 << 20)
    receiver(folder, "mine", "rsa")
    receiver(folder, "signs", "ed25519")
    openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", folder / "weak.key", "-out",
            folder / "weak.pem", "-subj", "/CN=weak")
    openssl("req", *KINDS["rsa"], "-nodes", "-keyout", folder / "old.key", "-out", folder / "old.csr",
            "-subj", "/CN=old")
    (folder / "ca").write_text(
        "[ca]\ndefault_ca=a\n[a]\ndatabase=index\nserial=serial\nnew_certs_dir=.\n"
        "default_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n"
        "[x]\nbasicConstraints=CA:FALSE\n")
    (folder / "index").touch()
    (folder / "serial").write_text("01\n")
    subprocess.run(["openssl", "ca", "-batch", "-config", "ca", "-selfsign", "-keyfile", "old.key",
                    "-in", "old.csr", "-out", "old.pem", "-startdate", "200101000000Z", "-enddate",
                    "210101000000Z", "-notext"], cwd=folder, check=True, capture_output=True)
    for name, word in (("signs", "Ed25519"), ("weak", "2,048"), ("old", "not valid")):
        assert word in tocsin("wrap", plain, folder / "w", "--to", folder / f"{name}.pem",
                              code=3).stderr, name
    assert "--to" in tocsin("wrap", plain, folder / "w", code=2).stderr
    to = ["--to", folder / "mine.pem"]
    assert "no bundle" in tocsin("wrap", folder, folder / "w", *to, code=3).stderr
    assert "lies in" in tocsin("wrap", plain, plain / "data/w", *to, code=2).stderr
    (plain / "data/pipe").symlink_to("/etc/passwd")
    assert "no ordinary file" in tocsin("wrap", plain, folder / "w", *to, code=3).stderr
    (plain / "data/pipe").unlink()
    os.mkfifo(plain / "data/pipe")
    assert "no ordinary file" in tocsin("wrap", plain, folder / "w", *to, code=3).stderr
    (plain / "data/pipe").unlink()
    (plain / "INCOMPLETE").touch()
    assert "not finished" in tocsin("wrap", plain, folder / "w", *to, code=3).stderr
    assert not left(folder, "w.") and not (folder / "w").exists() and not (plain / "data/w").exists()


@test("killed at any moment, or without room, nothing looks whole")
def killed(folder):
    plain = bundle(folder, 60 << 20)
    mine = receiver(folder, "mine", "p256")
    tocsin("wrap", plain, folder / "w", "--to", folder / "mine.pem")
    for words, target in ((["wrap", plain, "T", "--to", folder / "mine.pem"], "a"),
                          (["unwrap", folder / "w", "T", *mine], "b")):
        broken = 0
        for wait in (0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3):
            where = folder / target
            child = subprocess.Popen([TOCSIN, "evidence", *[where if x == "T" else x for x in words]],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(wait)
            child.send_signal(signal.SIGKILL)
            child.wait()
            part = folder / f"{target}.part"
            assert not (where.exists() and part.exists())
            if part.exists():
                broken += 1
                again = tocsin(*[where if x == "T" else x for x in words], code=3)
                assert "broken off" in again.stderr
                shutil.rmtree(part)
            if where.exists():  # it was through
                shutil.rmtree(where)
        assert broken, target
    child = subprocess.Popen([TOCSIN, "evidence", "unwrap", folder / "w", folder / "c", *mine],
                             stdout=subprocess.PIPE, text=True)
    time.sleep(0.05)
    child.terminate()
    out, _ = child.communicate()
    assert child.returncode in (-15, 3, 0) and ("stopped" in out) == (child.returncode == 3)
    assert child.returncode == 0 or not (folder / "c").exists()
    if os.geteuid() != 0:
        return
    spot = folder / "small"
    spot.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "none", spot], check=True)
    try:
        assert "no space" in tocsin("wrap", plain, spot / "w", "--to", folder / "mine.pem", code=3).stderr
        assert "no space" in tocsin("unwrap", folder / "w", spot / "b", *mine, code=3).stderr
        assert not list(spot.iterdir())
    finally:
        subprocess.run(["umount", spot], check=True)


@test("with an identity, that it was wrapped and for whom stands in the log; seals hold after it")
def custody(folder):
    said = ["--reason", "a test", "--place", "here", "--authority", "A 1"]
    for name, role in (("meyer", "custodian"), ("lang", "custodian")):
        tocsin("identity", folder / name, "--name", name, "--role", role)
    disk = folder / "disk"
    disk.write_bytes(b"evidence" * 10000)
    plain = folder / "b"
    tocsin("acquire", disk, plain, "--identity", folder / "meyer", *said)
    tocsin("seal", plain, "--identity", folder / "meyer", "--tsa-none", "--relevance", "a",
           "--reliability", "b", "--sufficiency", "c", *said)
    to = ["--to", folder / "lang/chain.pem"]
    assert "record" in tocsin("wrap", plain, folder / "no", *to, code=3).stderr
    before = {n: h for n, h in hashes(plain).items() if not n.startswith("custody/")}
    tocsin("wrap", plain, folder / "w", *to, "--identity", folder / "meyer", *said)
    assert before == {n: h for n, h in hashes(plain).items() if not n.startswith("custody/")}
    begun, record = [json.loads(p.read_text()) for p in sorted((plain / "custody").glob("*.json"))[-3:-1]]
    print_ = openssl("x509", "-in", folder / "lang/chain.pem", "-outform", "DER")
    assert [begun["kind"], record["kind"], record["details"]["begun"]] == ["begun", "wrapped", begun["number"]]
    for one in (begun, record):
        assert one["details"]["receivers"] == [
            {"subject": "CN=lang", "certificate_sha256": hashlib.sha256(print_).hexdigest()}], one
    tocsin("unwrap", folder / "w", folder / "out", "--identity", folder / "lang")
    # what was wrapped ends with the record that it was begun; that it was done, the other log says
    later = {f"custody/{record['number']:05}.{end}" for end in ("json", "p7s")}
    heads = {"custody/head.json", "custody/head.p7s"}
    mine, theirs = hashes(plain), hashes(folder / "out")
    assert set(mine) - set(theirs) == later and \
        {n for n in theirs if theirs[n] != mine[n]} == heads, (mine, theirs)
    assert "as in the log that was wrapped" in tocsin("custody", "verify", folder / "out").stdout
    done = tocsin("verify", folder / "out", "--roots", folder / "meyer/chain.pem")
    assert "NOT SEALED" not in done.stdout
    tocsin("custody", "verify", folder / "out", "--roots", folder / "meyer/chain.pem")
    # a key with a passphrase
    (folder / "word").write_text("open it\n")
    tocsin("identity", folder / "kim", "--name", "kim", "--role", "custodian", "--passphrase-file",
           folder / "word")
    tocsin("wrap", plain, folder / "w2", "--to", folder / "kim/chain.pem", "--identity",
           folder / "meyer", *said)
    tocsin("unwrap", folder / "w2", folder / "no", "--identity", folder / "kim", code=3)
    tocsin("unwrap", folder / "w2", folder / "out2", "--identity", folder / "kim",
           "--passphrase-file", folder / "word")


@test("memory does not grow with the bundle; files of 8 GiB and more have their size")
def large(folder):
    if SANITIZED:
        raise Skipped("the sanitizer has its own memory")
    plain = folder / "b"
    plain.mkdir()
    (plain / "tagmanifest-sha256.txt").write_text("x")
    (plain / "data").mkdir()
    with open(plain / "data/big", "wb") as f:
        f.truncate(600 << 20)
    mine = receiver(folder, "mine", "p256")
    for words in (["wrap", plain, folder / "w", "--to", folder / "mine.pem"],
                  ["unwrap", folder / "w", folder / "out", *mine]):
        child = subprocess.Popen([TOCSIN, "evidence", *words], stdout=subprocess.DEVNULL)
        most = 0
        while child.poll() is None:
            for line in pathlib.Path(f"/proc/{child.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    most = max(most, int(line.split()[1]))
            time.sleep(0.02)
        assert child.returncode == 0 and 0 < most < 100 << 10, most
    assert (folder / "out/data/big").stat().st_size == 600 << 20


if __name__ == "__main__":
    main(lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
