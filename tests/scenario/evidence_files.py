#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin evidence files: what a bundle says of files is compared with what stat, getfattr, getfacl
and the kernel's own calls say of them, on trees made to be difficult."""

import base64
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
ROOT = os.geteuid() == 0
failures = 0
tests = []


def test(name):
    def add(function):
        tests.append((name, function))
        return function
    return add


def take(bundle, *arguments, code=0, reason="the machine cannot be switched off", prefix=()):
    options = ["--reason", reason] if reason else []
    done = subprocess.run([*prefix, TOCSIN, "evidence", "files", "--json", *options, *arguments, bundle],
                          capture_output=True, text=True, check=False)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout) if done.stdout else done.stderr


def verify(bundle, code=0):
    done = subprocess.run([TOCSIN, "evidence", "verify", "--json", bundle], capture_output=True,
                          text=True, check=False)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout)


def sha256sum(bundle):
    for name in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        done = subprocess.run(["sha256sum", "--quiet", "--strict", "-c", name], cwd=bundle,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def lines(bundle, name):
    return [json.loads(line) for line in (bundle / "data" / name).read_bytes().splitlines()]


def path_of(record):
    exact = record.get("path_base64")
    return base64.b64decode(exact) if exact else record["path"].encode()


def records(bundle):
    out = {}
    for record in lines(bundle, "files.jsonl"):
        assert path_of(record) not in out, f"{record['path']} twice"
        out[path_of(record)] = record
    return out


def content(bundle, record):
    """The file's bytes as the record says they are."""
    said = record["content"]
    data = (bundle / said["file"]).read_bytes()
    assert len(data) == int(said["bytes"]) and hashlib.sha256(data).hexdigest() == said["sha256"]
    if said["form"] == "whole":
        return data
    out, at = bytearray(int(record["size"])), 0
    for start, length in said["extents"]:
        out[int(start):int(start) + int(length)] = data[at:at + int(length)]
        at += int(length)
    assert at == len(data)
    return bytes(out)


def ns(text):
    """Seconds and nanoseconds that are added to them."""
    seconds, nanoseconds = text.split(".")
    assert len(nanoseconds) == 9
    return int(seconds) * 10**9 + int(nanoseconds)


KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo",
         stat.S_IFSOCK: "socket", stat.S_IFBLK: "block-device", stat.S_IFCHR: "character-device"}


def compare(path, record, before):
    """A record with the kernel's own answer."""
    st = before[path]
    for name, value in (("atime", st.st_atime_ns), ("mtime", st.st_mtime_ns), ("ctime", st.st_ctime_ns)):
        assert ns(record[name]) == value, (path, name, record[name], value)
    assert record["kind"] == KINDS[stat.S_IFMT(st.st_mode)]
    assert record["mode"] == f"{stat.S_IMODE(st.st_mode):04o}"
    assert (record["uid"], record["gid"], record["links"]) == (st.st_uid, st.st_gid, st.st_nlink)
    assert int(record["inode"]) == st.st_ino and int(record["size"]) == st.st_size
    assert int(record["blocks"]) == st.st_blocks
    assert record["device"] == f"{os.major(st.st_dev)}:{os.minor(st.st_dev)}"
    if record["kind"] == "symlink":
        target = os.readlink(path)
        exact = record.get("target_base64")
        assert (base64.b64decode(exact) if exact else record["target"].encode()) == target
    if record["kind"].endswith("-device"):
        assert record["represents"] == f"{os.major(st.st_rdev)}:{os.minor(st.st_rdev)}"


def walk(top):
    """All paths as bytes, with lstat, touching no access time that lstat does not."""
    top = os.fsencode(top)
    out = {top: os.lstat(top)}
    stack = [top]
    while stack:
        folder = stack.pop()
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOATIME)
        names = os.listdir(fd)
        os.close(fd)
        for name in names:
            path = folder + b"/" + os.fsencode(name)
            out[path] = os.lstat(path)
            if stat.S_ISDIR(out[path].st_mode):
                stack.append(path)
    return out


def make_tree(top):
    chance = random.Random(3)
    top.mkdir()
    (top / "plain").write_bytes(chance.randbytes(300000))
    (top / "empty").write_bytes(b"")
    (top / "line\nend").write_text("a name of two lines")
    (top / ' quote" \\ back').write_text("x")
    with open(os.fsencode(top) + b"/not-utf8-\xff\xfe", "wb") as f:
        f.write(b"bytes")
    os.symlink(b"to/\xff nowhere\n", os.fsencode(top) + b"/link")
    os.symlink("plain", top / "good-link")
    os.link(top / "plain", top / "hard")
    os.mkfifo(top / "pipe")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(top / "socket"))
    deep = top / "d"
    for _ in range(40):
        deep = deep / "ddddd"
    deep.mkdir(parents=True)
    (deep / "bottom").write_text("deep")
    with open(top / "sparse", "wb") as f:
        f.truncate(50 << 20)
        for at in (0, 5 << 20, 49 << 20):
            f.seek(at)
            f.write(chance.randbytes(70000))
    with open(top / "hole", "wb") as f:
        f.truncate(3 << 20)
    with open(top / "hole-end", "wb") as f:
        f.write(b"x" * 8192)
        f.truncate(1 << 20)
    many = top / "many"
    many.mkdir()
    for i in range(3000):
        (many / f"{chance.randrange(1 << 40):x}").write_bytes(b"%d" % i)
    os.setxattr(top / "plain", "user.note", b"\x00\xffvalue")
    os.chmod(top / "empty", 0o4755)
    for name, when in (("plain", -1_500_000_000), ("empty", 2**33 * 10**9 + 7), ("many", 1)):
        os.utime(top / name, ns=(when, when + 1))
    if ROOT:
        os.mknod(top / "device", 0o600 | stat.S_IFCHR, os.makedev(10, 130)) # a watchdog
        os.chown(top / "empty", 12345, 54321)


# 27037 rows 18, 20: everything that the file system says, against what others say of it
@test("records and contents are what lstat, readlink and reading say; no access time changes")
def metadata(folder):
    top, bundle = folder / "tree", folder / "b"
    make_tree(top)
    before = walk(top)
    answer = take(bundle, top)
    after = walk(top)
    assert before.keys() == after.keys()
    said = json.loads((bundle / "acquisition.json").read_text())
    for path, st in before.items(): # row 17: not one access time is another
        if not ROOT and stat.S_ISLNK(st.st_mode): # reading a link is seen by all but a view of one's own
            assert said["files"]["access_times"] == "may have changed"
            continue
        assert st.st_atime_ns == after[path].st_atime_ns, (path, st, after[path])
        assert st.st_ctime_ns == after[path].st_ctime_ns, path
    got = records(bundle)
    assert got.keys() == before.keys()
    for path, record in got.items():
        compare(path, record, before)
    assert list(got) == sorted(got, key=lambda p: p.split(b"/")), "the order depends on something"
    for path, record in got.items():
        if record["kind"] == "file":
            with open(os.open(path, os.O_RDONLY | os.O_NOATIME), "rb") as f:
                assert content(bundle, record) == f.read(), path
        else:
            assert "content" not in record
    assert answer["records"] == len(got) and answer["not_taken"] == 0
    assert got[os.fsencode(top / "plain")]["inode"] == got[os.fsencode(top / "hard")]["inode"]
    assert not ROOT or said["files"]["access_times"] in ("read-only view", "O_NOATIME")
    assert said["reason_partial"] == "the machine cannot be switched off"
    sha256sum(bundle)
    assert verify(bundle)["sound"]
    # canonical JSON, as another reader writes it
    for line in (bundle / "data/files.jsonl").read_bytes().splitlines():
        assert json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"),
                          ensure_ascii=False).encode() == line


@test("birth times are those of stat; holes those of SEEK_HOLE, and stay holes in the bundle")
def holes(folder):
    top, bundle = folder / "tree", folder / "b"
    make_tree(top)
    take(bundle, top)
    got = records(bundle)
    for path, record in got.items():
        born = subprocess.run(["stat", "-c", "%.9W", path], capture_output=True, text=True,
                              check=True).stdout.strip()
        if record.get("btime") and not born.startswith("0."):
            assert record["btime"] == born, (path, record["btime"], born)
    for name in ("sparse", "hole", "hole-end"):
        path = os.fsencode(top / name)
        wanted, at = [], 0
        with open(path, "rb") as f:
            size = os.fstat(f.fileno()).st_size
            while at < size:
                try:
                    start = os.lseek(f.fileno(), at, os.SEEK_DATA)
                except OSError:
                    break
                at = os.lseek(f.fileno(), start, os.SEEK_HOLE)
                wanted.append([str(start), str(at - start)])
        said = got[path]["content"]
        if wanted != [["0", str(size)]]:
            assert said["extents"] == wanted, (name, said["extents"], wanted)
        stored = os.stat(bundle / said["file"])
        assert stored.st_size == size and stored.st_blocks <= os.stat(path).st_blocks + 8


@test("extended attributes and ACLs are those of getfattr and getfacl; flags those of lsattr")
def attributes(folder):
    if not shutil.which("getfacl") or not shutil.which("getfattr"):
        return "getfacl or getfattr is not there"
    top, bundle = folder / "tree", folder / "b"
    top.mkdir()
    file, sub = top / "file", top / "sub"
    file.write_text("x")
    sub.mkdir()
    os.setxattr(file, "user.a", bytes(range(256)))
    os.setxattr(file, b"user.\xff", b"")
    for command in (["setfacl", "-m", "u:1234:r--,g:4321:-w-,m::rwx", file],
                    ["setfacl", "-d", "-m", "u:77:rwx", sub]):
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            return "the file system has no ACLs"
    capable = ROOT and shutil.which("setcap") and subprocess.run(
        ["setcap", "cap_net_raw,cap_sys_admin+ep", file], check=False).returncode == 0
    take(bundle, top)
    got = records(bundle)
    for path, record in got.items():
        wanted = sorted((name.encode(errors="surrogateescape"),
                         os.getxattr(path, name, follow_symlinks=False))
                        for name in os.listxattr(path, follow_symlinks=False))
        given = [(base64.b64decode(x["name_base64"]) if "name_base64" in x else x["name"].encode(),
                  base64.b64decode(x["value"])) for x in record.get("xattrs", [])]
        assert given == wanted, (path, given, wanted)
        for member, option in (("acl", "-ac"), ("acl_default", "-dc")):
            text = subprocess.run(["getfacl", "-nE", option, path], capture_output=True, text=True,
                                  check=True).stdout.split()
            if member in record:
                assert record[member].split(",") == text, (path, record[member], text)
            else:
                assert len(text) in (0, 3), (path, text)
    if capable:
        assert got[os.fsencode(file)]["capabilities"]["permitted"] == f"{(1 << 13) | (1 << 21):016x}"
        assert got[os.fsencode(file)]["capabilities"]["effective"] is True
    text = subprocess.run(["getfattr", "-n", "user.a", "-e", "base64", "--only-values", file],
                          capture_output=True, check=True).stdout
    assert text == bytes(range(256))
    return None


# row 20: justification
@test("without a reason it is refused, and nothing is made")
def reason(folder):
    (folder / "f").write_text("x")
    assert "reason" in take(folder / "b", folder / "f", reason=None, code=2)
    assert not (folder / "b").exists()
    assert "reason" in take(folder / "b", folder / "f", reason="", code=2)


# row 20: map of what was not taken
@test("what is not taken is listed with its rule: excluded, unreadable, gone, another file system")
def not_taken(folder):
    top, bundle = folder / "tree", folder / "b"
    (top / "in").mkdir(parents=True)
    (top / "in" / "a.tmp").write_text("x")
    (top / "in" / "b.txt").write_text("x")
    (top / "skip").mkdir()
    (top / "skip" / "c").write_text("x")
    take(bundle, top, folder / "missing", "--exclude", "*.tmp", "--exclude", f"{top}/skip", code=1)
    missing = {path_of(m): m for m in lines(bundle, "not-taken.jsonl")}
    assert {p: m["rule"] for p, m in missing.items()} == {
        os.fsencode(top / "in/a.tmp"): "excluded", os.fsencode(top / "skip"): "excluded",
        os.fsencode(folder / "missing"): "gone"}
    assert missing[os.fsencode(folder / "missing")]["errno"] == "ENOENT"
    assert set(records(bundle)) == {os.fsencode(p) for p in (top, top / "in", top / "in/b.txt")}
    assert verify(bundle)["sound"]
    # the bundle inside what is taken is not taken into itself
    take(top / "b2", top, code=1)
    assert [m["rule"] for m in lines(top / "b2", "not-taken.jsonl")] == ["bundle"]
    if not ROOT:
        os.chmod(top / "in/b.txt", 0)
        take(folder / "b3", top, code=1)
        assert [m["errno"] for m in lines(folder / "b3", "not-taken.jsonl")] == ["EACCES"]
        return None
    script = (f"mount -t tmpfs none {top}/skip && echo y > {top}/skip/z && "
              f"{TOCSIN} evidence files --reason r {top} {folder}/b4; "
              f"{TOCSIN} evidence files --reason r --all-file-systems {top} {folder}/b5")
    if subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True,
                      check=False).returncode not in (0, 1):
        return "no mount namespace"
    rules = {path_of(m): m["rule"] for m in lines(folder / "b4", "not-taken.jsonl")}
    assert rules[os.fsencode(top / "skip")] == "other-file-system", rules
    assert os.fsencode(top / "skip/z") in records(folder / "b5")
    return None


@test("a file that is written to while it is read is said to have changed, with what of it")
def changing(folder):
    top, bundle = folder / "tree", folder / "b"
    top.mkdir()
    file = top / "log"
    file.write_bytes(b"x" * (64 << 20))
    stop = threading.Event()

    def write():
        with open(file, "ab") as f:
            while not stop.is_set():
                f.write(b"more")
                f.flush()
                time.sleep(0.0005)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        take(bundle, top, code=1)
    finally:
        stop.set()
        writer.join()
    record = records(bundle)[os.fsencode(file)]
    assert "size" in record["changed"] and "mtime" in record["changed"], record
    assert len(content(bundle, record)) == int(record["size"]), "the bytes up to the size it had"
    assert json.loads((bundle / "acquisition.json").read_text())["files"]["changed"] == 1


@test("names that turn into links and other things under the walk lead nowhere else")
def races(folder):
    top = folder / "tree"
    top.mkdir()
    secret = folder / "secret"
    secret.mkdir()
    (secret / "s").write_text("what must not be taken")
    stop = threading.Event()

    def swap():
        """x is by turns a file, a link to a secret, a folder, a link to a folder, a pipe."""
        n = 0
        while not stop.is_set():
            for make in (lambda p: p.write_text("fine"), lambda p: p.symlink_to(secret / "s"),
                         lambda p: p.mkdir(), lambda p: p.symlink_to(secret), os.mkfifo):
                new = top / f"new{n}"
                n += 1
                make(new)
                old = top / "x"
                try:
                    if old.is_dir() and not old.is_symlink():
                        old.rmdir()
                    os.rename(new, old)
                except OSError:
                    if new.is_dir() and not new.is_symlink():
                        new.rmdir()
                    else:
                        new.unlink()

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for trial in range(25):
            bundle = folder / f"b{trial}"
            done = subprocess.run([TOCSIN, "evidence", "files", "--reason", "r", top, bundle],
                                  capture_output=True, timeout=60, check=False)
            assert done.returncode in (0, 1), done.stderr
            for record in records(bundle).values():
                if "content" in record:
                    assert content(bundle, record) in (b"fine", b""), record
                assert b"/s" not in path_of(record)[len(os.fsencode(top)):]
    finally:
        stop.set()
        swapper.join()


@test("a folder that is moved away under the walk ends that folder alone, and is said")
def moved(folder):
    top, bundle = folder / "tree", folder / "b"
    deep = top / "a"
    for i in range(200): # deeper than folders are kept open
        deep = deep / f"l{i}"
    deep.mkdir(parents=True)
    for i in range(30):
        (deep / f"f{i}").write_bytes(b"x" * 200000)
    (top / "z").write_text("last")
    proc = subprocess.Popen([TOCSIN, "evidence", "files", "--json", "-j1", "--reason", "r", top, bundle],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.02)
    os.rename(top / "a" / "l0", folder / "away")
    proc.communicate(timeout=60)
    assert proc.returncode in (0, 1)
    assert os.fsencode(top / "z") in records(bundle)
    assert verify(bundle)["sound"]


def canonical(bundle):
    return [{k: v for k, v in r.items()} for r in lines(bundle, "files.jsonl")]


# row 31: resumable
@test("killed at any moment and run again, it comes to what one run comes to")
def killed(folder):
    top = folder / "tree"
    make_tree(top)
    for i in range(40):
        (top / f"large{i}").write_bytes(random.Random(i).randbytes(2 << 20))
    whole = folder / "whole"
    take(whole, top)
    wanted = canonical(whole)
    kills, chance = 0, random.Random(11)
    for trial in range(6):
        bundle = folder / f"b{trial}"
        for _ in range(8):
            proc = subprocess.Popen([TOCSIN, "evidence", "files", "--reason",
                                     "the machine cannot be switched off", top, bundle],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                _, error = proc.communicate(timeout=chance.uniform(0.005, 0.12))
                assert proc.returncode == 0, error
                break
            except subprocess.TimeoutExpired:
                proc.send_signal(signal.SIGKILL)
                proc.communicate()
                kills += 1
                if (bundle / "INCOMPLETE").exists():
                    assert not verify(bundle, 1)["complete"]
                elif (bundle / "tagmanifest-sha256.txt").exists():
                    break # it was killed when all was done
        else:
            take(bundle, top)
        assert canonical(bundle) == wanted
        assert lines(bundle, "not-taken.jsonl") == lines(whole, "not-taken.jsonl")
        sha256sum(bundle)
        assert verify(bundle)["sound"]
    assert kills > 5, kills


@test("going on: a torn line and a damaged content are taken again; other paths are refused")
def resumed(folder):
    top, bundle = folder / "tree", folder / "b"
    top.mkdir()
    for i in range(50):
        (top / f"f{i:02}").write_text(f"content {i}")
    take(bundle, top)
    wanted = canonical(bundle)
    for damage in ("torn", "content", "missing"):
        again = folder / damage
        shutil.copytree(bundle, again)
        mark = subprocess.run([TOCSIN, "evidence", "files", "--reason", "r", top, folder / "mark"],
                              capture_output=True, check=True)
        assert mark.returncode == 0
        shutil.rmtree(folder / "mark")
        for name in ("tagmanifest-sha256.txt", "manifest-sha256.txt", "tree.json", "acquisition.json"):
            (again / name).unlink()
        paths = json.dumps([str(top)])
        (again / "INCOMPLETE").write_text(
            "This acquisition of files is not complete. Nothing in this folder is evidence yet.\n"
            "Run the same command again to go on with it.\n\n"
            f'{{\n  "paths": [\n    {paths[1:-1]}\n  ],\n  "excluded": [],\n'
            '  "crossed_file_systems": false\n}\n')
        text = (again / "data/files.jsonl").read_bytes()
        if damage == "torn":
            (again / "data/files.jsonl").write_bytes(text[:len(text) // 2])
        elif damage == "content":
            (again / wanted[20]["content"]["file"]).write_text("content ?")
        else:
            (again / wanted[1]["content"]["file"]).unlink()
        # what a killed process left: a torn file beside, and a content ahead of its record
        (again / "data/records.seed.new-1-0x1-0").write_bytes(b"torn")
        (again / "acquisition.json.new-1-0x1-0").write_bytes(b"torn")
        (again / "data/files/000000/900").write_bytes(b"of a file that is gone now")
        answer = take(again, top)
        assert canonical(again) == wanted and verify(again)["sound"]
        kept = {"torn": None, "content": 20, "missing": 1}[damage]
        assert answer["gone_on_with_at_record"] == (kept if kept else answer["gone_on_with_at_record"])
        assert answer["gone_on_with_at_record"] < 51
    (folder / "other").mkdir()
    (folder / "c").mkdir()
    (folder / "c/INCOMPLETE").write_text("something")
    assert "begun" in take(folder / "c", top, code=3)
    assert "already" in take(bundle, top, code=3)


# rows 35 and 50: found, and named
@test("a changed record, content, seed or list is found by verify")
def damaged(folder):
    top, bundle = folder / "tree", folder / "b"
    top.mkdir()
    for i in range(5):
        (top / f"f{i}").write_text(f"content {i}")
    take(bundle, top)
    for name in ("data/files.jsonl", "data/not-taken.jsonl", "data/records.seed",
                 "data/files/000000/003", "acquisition.json", "tree.json"):
        again = folder / "again"
        shutil.copytree(bundle, again)
        data = bytearray((again / name).read_bytes() or b"x")
        data[len(data) // 2] ^= 1
        (again / name).write_bytes(bytes(data))
        verdict = verify(again, 1)
        assert not verdict["sound"] and name in [p["what"] for p in verdict["problems"]], (name, verdict)
        shutil.rmtree(again)
    # a record that was changed together with both manifests does not fit the tree
    again = folder / "again"
    shutil.copytree(bundle, again)
    data = (again / "data/files.jsonl").read_bytes().replace(b'"uid":', b'"uid":1', 1)
    old = hashlib.sha256((again / "data/files.jsonl").read_bytes()).hexdigest()
    (again / "data/files.jsonl").write_bytes(data)
    manifest = (again / "manifest-sha256.txt").read_text()
    new = manifest.replace(old, hashlib.sha256(data).hexdigest())
    (again / "manifest-sha256.txt").write_text(new)
    tags = (again / "tagmanifest-sha256.txt").read_text()
    (again / "tagmanifest-sha256.txt").write_text(tags.replace(
        hashlib.sha256(manifest.encode()).hexdigest(), hashlib.sha256(new.encode()).hexdigest()))
    sha256sum(again)
    assert not verify(again, 1)["sound"]


def root_of(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + root_of(leaves[:k]) + root_of(leaves[k:])).digest()


@test("the tree's root is what RFC 9162 and section 10.2 of the formats make of the lines")
def tree(folder):
    top, bundle = folder / "tree", folder / "b"
    top.mkdir()
    for i in range(37):
        (top / f"f{i}").write_text(f"content {i}")
    answer = take(bundle, top)
    seed = (bundle / "data/records.seed").read_bytes()
    leaves = []
    for n, line in enumerate((bundle / "data/files.jsonl").read_bytes().splitlines()):
        salt = hashlib.sha256(seed + n.to_bytes(8, "big")).digest()
        leaves.append(hashlib.sha256(b"\0" + salt + hashlib.sha256(line).digest()).digest())
    assert root_of(leaves).hex() == answer["tree_root"]
    said = json.loads((bundle / "acquisition.json").read_text())["files"]
    assert said["tree_root"] == answer["tree_root"] and said["tree_size"] == len(leaves)
    assert json.loads((bundle / "tree.json").read_text())["records"]["root"] == answer["tree_root"]


# rows 1, 20, 42: the step of custody says what was taken, and why only that
@test("with an identity, what was taken begins a signed log of custody; a sound one")
def custody(folder):
    top, bundle, person = folder / "tree", folder / "b", folder / "id"
    top.mkdir()
    (top / "f").write_text("x")
    subprocess.run([TOCSIN, "evidence", "identity", person, "--name", "A. Meyer", "--role", "DEFR",
                    "--competence", "GCFA, 2024-05-01"], capture_output=True, check=True)
    said = ("--identity", person, "--exhibit", "EX-9", "--place", "Kiel", "--authority", "W-1",
            "--authority-scope", "logs", "--authority-expires", "2999-01-01")
    take(bundle, top, *said)
    step = json.loads((bundle / "custody/00001.json").read_text())
    assert step["kind"] == "acquired" and step["details"]["method"] == "logical"
    assert step["details"]["why_partial"] == "the machine cannot be switched off"
    tags = hashlib.sha256((bundle / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    assert step["details"]["tagmanifest_sha256"].endswith(tags)
    assert json.loads((bundle / "acquisition.json").read_text())["examiner"]["name"] == "A. Meyer"
    assert verify(bundle)["sound"]
    for path in [bundle, *bundle.rglob("*")]:
        os.chmod(path, 0o700)


# a file's owner pays nothing for these, and they must not cost the others their records
@test("thousands of attributes, paths without end: said, bounded, and it verifies")
def hostile(folder):
    if not ROOT:
        return "no file system of our own can be mounted"
    top = folder / "t"
    top.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "none", top], check=True)
    try:
        big, many = top / "big", top / "many"
        for name in (big, many):
            name.write_bytes(b"x")
        try:
            for i in range(600):
                os.setxattr(big, f"user.a{i}", b"v" * 65000)
            os.setxattr(many, "security.capability", bytes.fromhex("01000002" + "00200000" + "00" * 12))
            for i in range(8000):
                os.setxattr(many, f"user.a{i}", b"v")
        except OSError as e:
            return f"tmpfs keeps no such attributes here: {e}"
        before = os.open(".", os.O_RDONLY)
        os.chdir(top)
        for i in range(600):  # control characters take six bytes each in a record
            os.mkdir("\x01" * 250)
            os.chdir("\x01" * 250)
        os.fchdir(before)
        os.close(before)
        bundle = folder / "b"
        assert take(bundle, top, code=1)["records"] > 250
        assert (bundle / "data/files.jsonl").stat().st_size < 200 << 20
        verify(bundle)
        said = records(bundle)
        left = [x for x in said[os.fsencode(big)]["xattrs"] if "sha256" in x]
        assert len(said[os.fsencode(big)]["xattrs"]) == 600 and len(left) > 500
        assert left[0]["bytes"] == 65000 and \
            left[0]["sha256"] == hashlib.sha256(b"v" * 65000).hexdigest()
        assert said[os.fsencode(many)]["capabilities"]["permitted"] == "0000000000002000"
        missing = {path_of(m): m for m in lines(bundle, "not-taken.jsonl")}
        assert missing[os.fsencode(big)]["rule"] == "limit"
        assert missing[os.fsencode(many)]["errno"] == "E2BIG"
        assert [m["rule"] for p, m in missing.items() if p.count(b"/") > 200] == ["limit"]
    finally:
        subprocess.run(["umount", top], check=True)
    return None


# row 1
@test("of a command with thousands of words the record says how many there were")
def many_words(folder):
    top = folder / "t"
    top.mkdir()
    paths = [top / str(i) for i in range(3000)]
    for path in paths:
        path.touch()
    take(folder / "b", *paths)
    said = json.loads((folder / "b/acquisition.json").read_text())
    assert len(said["files"]["paths"]) == 3000
    left = re.fullmatch(r"\[and (\d+) more words of the command line\]", said["tool"]["command"][-1])
    # tocsin evidence files --json --reason TEXT, the paths, the bundle
    assert len(said["tool"]["command"]) - 1 + int(left[1]) == 6 + 3000 + 1


@test("memory does not grow with the number of files")
def memory(folder):
    if b"__asan_init" in TOCSIN.read_bytes():
        return "the sanitizer's own memory counts"
    peaks = []
    for count in (2000, 40000):
        top = folder / f"t{count}"
        for i in range(count):
            if i % 1000 == 0:
                (top / f"d{i:06}").mkdir(parents=True)
            (top / f"d{i // 1000 * 1000:06}" / f"{i}").touch()
        peak = folder / "peak"
        script = ("import resource, subprocess, sys\n"
                  "code = subprocess.call(sys.argv[2:], stdout=subprocess.DEVNULL)\n"
                  "open(sys.argv[1], 'w').write("
                  "str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))\nsys.exit(code)\n")
        subprocess.run([sys.executable, "-c", script, peak, TOCSIN, "evidence", "files", "--reason",
                        "r", top, folder / f"b{count}"], check=True)
        peaks.append(int(peak.read_text()))
    assert peaks[1] < peaks[0] + 8192, f"KiB: {peaks}"
    assert peaks[1] < 128 * 1024
    return None


@test("no program is run, and nothing but files and folders is opened")
def no_programs(folder):
    if not shutil.which("strace"):
        return "strace is not there"
    top, bundle = folder / "tree", folder / "b"
    make_tree(top)
    log = folder / "trace"
    done = subprocess.run(["strace", "-f", "-o", log, "-e", "trace=execve,execveat,openat,open,openat2",
                           TOCSIN, "evidence", "files", "--reason", "r", top, bundle],
                          capture_output=True, check=False)
    if done.returncode not in (0, 1):
        return "strace may not trace here"
    text = log.read_text(errors="replace")
    assert text.count("execve") == 1, "only strace's own"
    for name in ("pipe", "socket", "device"):
        for line in text.splitlines():
            if f'"{name}"' in line:
                assert "O_PATH" in line, line
    return None


def main():
    global failures
    wanted = sys.argv[1:]
    for name, function in tests:
        if wanted and function.__name__ not in wanted:
            continue
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-files-"))
        try:
            why = function(folder)
            print(f"ok    {name}" if not why else f"skip  {name}: skipped, {why}")
        except (AssertionError, OSError, subprocess.SubprocessError, KeyError, ValueError) as e:
            failures += 1
            print(f"FAIL  {name}: {type(e).__name__}: {e}"[:1500])
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(tests)} tests, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
