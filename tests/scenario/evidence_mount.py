#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""tocsin evidence mount: sleuthkit reads a file system out of a mounted bundle; damage is an error
and never a wrong byte; who works on a master is refused, and who works on a copy is in its log."""

import errno
import hashlib
import json
import os
import pathlib
import random
import shutil
import stat
import struct
import subprocess
import time
import warnings
import zipfile
import zlib

from evidence_scenario import main, Skipped, test

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
TOCSIN = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build")) / "src/cli/tocsin"
DFTT = SOURCE.parent / "shared/data/evidence/dftt/6-undel-fat.zip"


def tocsin(*arguments, code=0):
    done = subprocess.run([TOCSIN, "evidence", *map(str, arguments)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == code, (arguments, done.returncode, done.stdout[-300:], done.stderr)
    return done


class Mount:
    def __init__(self, bundle, folder, *arguments):
        if not os.path.exists("/dev/fuse"):
            raise Skipped("/dev/fuse is not there")
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.process = subprocess.Popen([TOCSIN, "evidence", "mount", bundle, folder,
                                         *map(str, arguments)], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            said = self.process.stderr.read()
            self.process.wait()
            if "FUSE" in said:
                raise Skipped(f"FUSE does not let us: {said.strip()}")
            raise AssertionError(said)
        self.image = folder / "image.raw"
        deadline = time.monotonic() + 10
        while not os.path.ismount(folder) and time.monotonic() < deadline:
            time.sleep(0.02)

    def end(self):
        for command in (["fusermount3", "-u"], ["umount"]):
            if shutil.which(command[0]) and subprocess.run(
                    [*command, self.folder], capture_output=True, check=False).returncode == 0:
                break
        else:
            self.process.terminate()
        _, errors = self.process.communicate(timeout=20)
        return errors


def disk(folder, size=(5 << 20) + 77):
    path = folder / "disk"
    path.write_bytes(random.Random(4).randbytes(size))
    return path


@test("the mounted image is the disk, and cannot be written to")
def whole(folder):
    source = disk(folder)
    tocsin("acquire", source, folder / "b")
    mount = Mount(folder / "b", folder / "m")
    try:
        assert [f.name for f in (folder / "m").iterdir()] == ["image.raw"]
        assert mount.image.stat().st_size == source.stat().st_size
        assert hashlib.sha256(mount.image.read_bytes()).digest() == \
            hashlib.sha256(source.read_bytes()).digest()
        for attempt in (lambda: mount.image.open("r+b"), lambda: (folder / "m/new").write_text("x"),
                        mount.image.unlink):
            try:
                attempt()
                raise AssertionError("it was changed")
            except OSError:
                pass
    finally:
        mount.end()
    assert mount.process.returncode == 0
    tocsin("verify", folder / "b")


@test("sleuthkit lists the files of a DFTT image out of the mount")
def sleuthkit(folder):
    if not shutil.which("fls"):
        raise Skipped("sleuthkit is not installed")
    if not DFTT.exists():
        raise Skipped(f"{DFTT} is not there")
    with zipfile.ZipFile(DFTT) as archive:
        raw = folder / "fat.dd"
        raw.write_bytes(archive.read("6-undel-fat/6-fat-undel.dd"))
    tocsin("acquire", raw, folder / "b")
    mount = Mount(folder / "b", folder / "m")
    try:
        found = [subprocess.run(["fls", "-r", image], capture_output=True, text=True,
                                check=True).stdout for image in (raw, mount.image)]
    finally:
        mount.end()
    assert found[0] == found[1] and "frag3.dat" in found[1], found[1]


@test("a damaged chunk is an error that is said, and the others are read")
def damage(folder):
    source = disk(folder)
    tocsin("acquire", source, folder / "b", "--plain")
    segment = folder / "b/data/image-00001.raw"
    data = bytearray(segment.read_bytes())
    data[(2 << 20) + 99] ^= 1
    segment.write_bytes(data)
    mount = Mount(folder / "b", folder / "m")
    wanted = source.read_bytes()
    try:
        with mount.image.open("rb", buffering=0) as image:
            for chunk in (0, 1, 3, 4, 5):
                image.seek(chunk << 20)
                assert image.read(4096) == wanted[chunk << 20:(chunk << 20) + 4096]
            image.seek((2 << 20) + 8192)
            try:
                image.read(4096)
                raise AssertionError("something was read from a damaged chunk")
            except OSError:
                pass
    finally:
        errors = mount.end()
    assert "chunk 2" in errors, errors


# 27037 rows 41, 45: work on copies, reads in the log
@test("a master is not mounted without a reason; that it was is in its log")
def kept(folder):
    meyer = folder / "meyer"
    tocsin("identity", meyer, "--name", "A. Meyer", "--role", "DES", "--competence",
           "GCFA, 2024-05-01", "--organisation", "Example")
    said = ("--identity", meyer, "--reason", "analysis", "--place", "laboratory", "--authority",
            "order 3")
    tocsin("acquire", disk(folder), folder / "b", "--exhibit", "EX-1", *said)
    (folder / "m").mkdir()
    tocsin("mount", folder / "b", folder / "m", code=3)
    assert "master" in tocsin("mount", folder / "b", folder / "m", *said, code=3).stderr
    mount = Mount(folder / "b", folder / "m", *said, "--deviation", "the copy is being made")
    mount.end()
    record = json.loads(sorted((folder / "b/custody").glob("0*.json"))[-1].read_text())
    assert record["kind"] == "access" and "mounted" in record["details"]["what"], record
    tocsin("verify", folder / "b")


def tree(top):
    """What lstat and reading say of everything below a folder."""
    out = {}
    for path, folders, files in os.walk(os.fsencode(top)):
        for name in [b"", *folders, *files]:
            full = os.path.join(path, name) if name else path
            st = os.lstat(full)
            said = (st.st_mode, st.st_uid, st.st_gid, st.st_mtime_ns,
                    st.st_size if not stat.S_ISDIR(st.st_mode) else None,
                    st.st_rdev if stat.S_ISCHR(st.st_mode) else None)
            more = os.readlink(full) if stat.S_ISLNK(st.st_mode) else None
            if stat.S_ISREG(st.st_mode):
                with open(full, "rb") as f:
                    more = hashlib.sha256(f.read()).hexdigest()
            out[os.path.relpath(full, os.fsencode(top))] = (*said, more)
    return out


@test("a logical bundle is mounted as its tree: names, kinds, modes, owners, times, bytes")
def files(folder):
    top = folder / "t"
    (top / "a/b").mkdir(parents=True)
    (top / "empty").touch()
    (top / "a/b/some").write_bytes(random.Random(1).randbytes(300001))
    with open(os.fsencode(top) + b"/odd\xff\nname", "wb") as f:
        f.write(b"odd")
    os.symlink("/etc/passwd", top / "link")
    os.mkfifo(top / "pipe", 0o620)
    with open(top / "sparse", "wb") as f:
        f.seek(5 << 20)
        f.write(b"end")
        f.truncate(9 << 20)
    with open(top / "vast", "wb") as f:  # stored by its extents
        f.seek(70 << 30)
        f.write(b"far")
        f.truncate(80 << 30)
    os.chmod(top / "a/b/some", 0o4751)
    if os.geteuid() == 0:
        os.chown(top / "a/b/some", 1234, 4321)
        os.mknod(top / "null", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    os.utime(top / "a/b/some", ns=(1, -1500000000))
    os.chmod(top / "a", 0o700)
    tocsin("files", top, folder / "b", "--reason", "a test")
    mount = Mount(folder / "b", folder / "m")
    try:
        seen = pathlib.Path(f"{folder}/m{top}")
        with open(seen / "vast", "rb") as f:
            assert os.fstat(f.fileno()).st_size == 80 << 30
            for at, wanted in ((0, bytes(9)), ((70 << 30) - 4, b"\0\0\0\0far\0\0"),
                               ((80 << 30) - 2, bytes(2))):
                f.seek(at)
                assert f.read(9) == wanted, at
        (top / "vast").unlink()
        wanted = tree(top)
        found = {n: v for n, v in tree_without(seen, b"vast").items()}
        wanted[b"."] = found[b"."] = None  # what was in it is gone
        assert found == wanted, [(n, wanted.get(n), found.get(n)) for n in {*wanted, *found}
                                 if wanted.get(n) != found.get(n)][:3]
        for attempt in (lambda: (seen / "empty").write_text("x"), lambda: (seen / "new").touch(),
                        (seen / "link").unlink, lambda: os.chmod(seen / "a", 0o777)):
            try:
                attempt()
                raise AssertionError("it was changed")
            except OSError:
                pass
    finally:
        mount.end()
    assert mount.process.returncode == 0
    tocsin("verify", folder / "b")


def tree_without(top, name):
    """tree(), but for a file that is too large to be read to its end."""
    walk, os_walk = os.walk, []
    for path, folders, names in walk(os.fsencode(top)):
        os_walk.append((path, folders, [n for n in names if n != name]))
    try:
        os.walk = lambda _: os_walk
        return tree(top)
    finally:
        os.walk = walk


@test("of a logical bundle, what was not taken or was changed is EIO; a changed record mounts nothing")
def files_damage(folder):
    top = folder / "t"
    top.mkdir()
    for name in ("good", "damaged", "gone", "cut"):
        (top / name).write_bytes(name.encode() * 1000)
    os.mkdir(top / "deny")
    tocsin("files", top, folder / "b", "--reason", "a test")
    lines = (folder / "b/data/files.jsonl").read_text().splitlines()
    stored = {json.loads(line)["path"].rpartition("/")[2]: json.loads(line) for line in lines}
    for name, change in (("damaged", lambda p: p.write_bytes(p.read_bytes()[:-1] + b"!")),
                         ("gone", pathlib.Path.unlink), ("cut", lambda p: os.truncate(p, 10))):
        path = folder / "b" / stored[name]["content"]["file"]
        path.chmod(0o600)
        change(path)
    mount = Mount(folder / "b", folder / "m")
    try:
        seen = pathlib.Path(f"{folder}/m{top}")
        assert (seen / "good").read_bytes() == b"good" * 1000
        for name in ("damaged", "gone", "cut", "cut"):
            try:
                (seen / name).read_bytes()
                raise AssertionError(f"{name} was read")
            except OSError as e:
                assert e.errno == errno.EIO, e
    finally:
        errors = mount.end()
    for name in ("damaged", "gone", "cut"):
        assert errors.count(f"the content of {name},") == 1, errors
    (folder / "b/data/files.jsonl").write_text(
        "\n".join(lines).replace('"mode":"0644"', '"mode":"0777"') + "\n")
    said = tocsin("mount", folder / "b", folder / "m", code=3).stderr
    assert "tree.json" in said, said


@test("files that could not be read are EIO, and where a path leads up it stays below the mount")
def files_missing(folder):
    if os.geteuid() != 0:
        raise Skipped("another user is needed")
    top = folder / "t"
    (top / "in").mkdir(parents=True)
    (top / "x").write_text("x")
    (top / "x").chmod(0)
    (top / "in/y").write_text("y")
    for path in (folder, top, top / "in"):
        path.chmod(0o777)
    pathlib.Path(folder.parent).chmod(0o755)
    done = subprocess.run([TOCSIN, "evidence", "files", "../x", "y", "..//in/./y", folder / "b",
                           "--reason", "a test"], cwd=top / "in", user=65534, group=65534,
                          extra_groups=[], check=False, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    mount = Mount(folder / "b", folder / "m")
    try:
        assert sorted(str(p.relative_to(folder / "m")) for p in (folder / "m").rglob("*")) == \
            ["_up_", "_up_/in", "_up_/in/y", "_up_/x", "y"]
        assert (folder / "m/y").read_text() == "y" == (folder / "m/_up_/in/y").read_text()
        try:
            (folder / "m/_up_/x").read_text()
            raise AssertionError("x was read")
        except OSError as e:
            assert e.errno == errno.EIO, e
    finally:
        mount.end()


def brought(folder, archive, code=0):
    bundle = folder / (archive.name + ".b")
    tocsin("import", archive, bundle, "--given-by", "B. Lind", "--as", "zip", code=code)
    return bundle


def unreadable(path):
    try:
        path.read_bytes()
    except OSError as e:
        assert e.errno == errno.EIO, e
        return True
    return False


@test("what an imported ZIP holds is shown as files, read at any place, stored, deflated and ZIP64")
def members(folder):
    chance = random.Random(9)
    big = b"".join(chance.randbytes(chance.randrange(1, 3000)) * chance.randrange(1, 40) for _ in range(900))
    contents = {"one.txt": b"one", "empty": b"", "a/b/stored.bin": chance.randbytes(3 << 20), "a/big": big,
                "zeros": bytes(30 << 20), "\u00fcber/zwei.txt": b"zwei" * 9}
    with open(folder / "front.zip", "wb") as f:
        f.write(b"#!/bin/sh of something that unpacks itself" * 9)
    for name in ("a.zip", "front.zip", "64.zip"):
        with zipfile.ZipFile(folder / name, "a" if name == "front.zip" else "w") as z:
            for member, data in contents.items():
                info = zipfile.ZipInfo(member, (2021, 3, 4, 5, 6, 8))
                info.compress_type = zipfile.ZIP_STORED if "stored" in member else zipfile.ZIP_DEFLATED
                with z.open(info, "w", force_zip64=name == "64.zip") as f:
                    f.write(data)
    for name in ("a.zip", "front.zip", "64.zip"):
        with zipfile.ZipFile(folder / name, "a") as z:
            for member, data in contents.items():
                z.writestr(zipfile.ZipInfo("deflated/" + member), data, zipfile.ZIP_DEFLATED, 6)
            z.writestr("folder/", b"")
        bundle = brought(folder, folder / name)
        mount = Mount(bundle, folder / "m")
        try:
            top = folder / "m/files"
            assert mount.image.read_bytes() == (folder / name).read_bytes()
            found = {str(p.relative_to(top)): p for p in top.rglob("*") if p.is_file()}
            assert set(found) == {*contents, *("deflated/" + c for c in contents)}, sorted(found)
            assert (top / "folder").is_dir()
            assert (top / "one.txt").stat().st_mtime == 1614834368
            for member, path in found.items():
                data = contents[member.removeprefix("deflated/")]
                assert path.stat().st_size == len(data) and path.read_bytes() == data, member
                with open(path, "rb", buffering=0) as f:
                    os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                    for _ in range(60 if data else 0):
                        at = chance.randrange(len(data))
                        f.seek(at)
                        some = f.read(chance.randrange(1, 70000))
                        assert some and some == data[at:at + len(some)], (member, at)
            memory = int(next(x for x in pathlib.Path(f"/proc/{mount.process.pid}/status").read_text().splitlines()
                              if x.startswith("VmHWM")).split()[1])
            assert memory < 120 << 10 or b"__asan_init" in TOCSIN.read_bytes(), memory
            for attempt in (lambda: (top / "one.txt").write_text("x"), lambda: (top / "new").touch(),
                            (top / "one.txt").unlink):
                try:
                    attempt()
                    raise AssertionError("it was changed")
                except OSError:
                    pass
        finally:
            errors = mount.end()
        assert mount.process.returncode == 0 and not errors, errors


def sixty_four(name, raw):
    """An archive whose sizes and places stand in the fields of ZIP64 alone."""
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = machine.compress(raw) + machine.flush()
    body = struct.pack("<4s5H3I2H", b"PK\3\4", 45, 0, 8, 0, 0x5221, zlib.crc32(raw), len(packed), len(raw), len(name),
                       0) + name + packed
    extra = struct.pack("<2H3Q", 1, 24, len(raw), len(packed), 0) + struct.pack("<2HBi", 0x5455, 5, 1, 1614834368)
    directory = struct.pack("<4s6H3I5H2I", b"PK\1\2", 3 << 8 | 45, 45, 0, 8, 0, 0x5221, zlib.crc32(raw), 0xffffffff,
                            0xffffffff, len(name), len(extra), 0, 0, 0, 0o100644 << 16, 0xffffffff) + name + extra
    end = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(directory), len(body))
    end += struct.pack("<4sIQI", b"PK\6\7", 0, len(body) + len(directory), 1)
    return body + directory + end + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0)


@test("ZIP64: fields of 64 bits, and more entries than 16 bits can count")
def members_sixty_four(folder):
    raw = b"sixty-four " * 99999
    (folder / "f.zip").write_bytes(sixty_four(b"big.txt", raw))
    mount = Mount(brought(folder, folder / "f.zip"), folder / "m")
    try:
        assert (folder / "m/files/big.txt").read_bytes() == raw
        assert (folder / "m/files/big.txt").stat().st_mtime == 1614834368
    finally:
        mount.end()
    with zipfile.ZipFile(folder / "many.zip", "w") as z:
        for i in range(66000):
            z.writestr(zipfile.ZipInfo(f"{i % 10}/{i}"), b"%d" % i)
    mount = Mount(brought(folder, folder / "many.zip"), folder / "m")
    try:
        assert sum(len(list((folder / f"m/files/{i}").iterdir())) for i in range(10)) == 66000
        assert (folder / "m/files/9/65999").read_bytes() == b"65999"
    finally:
        mount.end()


@test("hostile names in a ZIP lead nowhere: no way up, no link, no device, doubles beside each other")
def members_hostile(folder):
    def entry(name, mode=stat.S_IFREG | 0o644):
        info = zipfile.ZipInfo(name)
        info.create_system, info.external_attr = 3, mode << 16
        return info
    long = "d/" * 3000
    cases = [(entry("../../outside"), b"up"), (entry("/etc/absolute"), b"absolute"), (entry("..\\back"), b"back"),
             (entry("link", stat.S_IFLNK | 0o777), b"/etc/passwd"), (entry("device", stat.S_IFBLK | 0o600), b""),
             (entry("tab\tand\x1b[31mred"), b"red"), (entry("double"), b"1"), (entry("double"), b"2"),
             (entry("double~2"), b"3"), (entry("double"), b"4"), (entry("x"), b"file"), (entry("x/y"), b"below"),
             (entry("x/z"), b"below too"), (entry("./a//b/./c"), b"c"), (entry(long + "end"), b"deep"),
             (entry("n" * 300), b"n1"), (entry("n" * 301), b"n2"), (entry("."), b"dot"), (entry("good"), b"good"),
             (entry("v/"), b""), (entry("v"), b"a file as well")]
    with zipfile.ZipFile(folder / "h.zip", "w") as z:
        warnings.simplefilter("ignore")
        for info, data in cases:
            z.writestr(info, data)
    mount = Mount(brought(folder, folder / "h.zip", code=1), folder / "m")
    try:
        top = folder / "m/files"
        everything = list(top.rglob("*"))
        assert all(stat.S_ISREG(p.lstat().st_mode) or stat.S_ISDIR(p.lstat().st_mode) for p in everything)
        found = {str(p.relative_to(top)): p.read_bytes() for p in everything if p.is_file()}
    finally:
        mount.end()
    wanted = {"_up_/_up_/outside": b"up", "etc/absolute": b"absolute", ".._back": b"back", "link": b"/etc/passwd",
              "device": b"", "tab_and_[31mred": b"red", "double": b"1", "double~2": b"2", "double~2~2": b"3",
              "double~3": b"4", "x": b"file", "x~2/y": b"below", "x~2/z": b"below too", "a/b/c": b"c",
              "_long_/entry-15": b"deep", "n" * 237 + "~16": b"n1", "n" * 237 + "~17": b"n2", "_noname_": b"dot",
              "good": b"good", "v~2": b"a file as well"}
    assert found == wanted, {k: (found.get(k), wanted.get(k)) for k in {*found, *wanted}
                             if found.get(k) != wanted.get(k)}


@test("members that lie about their size, their place or their sum, that are encrypted or bombs, are EIO with a reason")
def members_lie(folder):
    names = ("good", "crc", "more", "fewer", "stored", "place", "encrypted", "method", "local", "cut", "bomb", "huge")
    data = {n: (n.encode() + b" text\n") * 5000 for n in names}
    with zipfile.ZipFile(folder / "l.zip", "w", zipfile.ZIP_DEFLATED) as z:
        for n in names:
            z.writestr(zipfile.ZipInfo(n), data[n], zipfile.ZIP_STORED if n == "stored" else zipfile.ZIP_DEFLATED)
    raw = bytearray((folder / "l.zip").read_bytes())

    def field(name, at, size, change):
        where = raw.rindex(name.encode(), 0, len(raw) - 1) - 46 + at
        assert raw[where - at:where - at + 4] == b"PK\1\2", name
        raw[where:where + size] = change(int.from_bytes(raw[where:where + size], "little")).to_bytes(size, "little")
    field("crc", 16, 4, lambda x: x ^ 1)
    field("more", 24, 4, lambda x: x - 1)
    field("fewer", 24, 4, lambda x: x + 1)
    field("stored", 16, 4, lambda x: x ^ 1)
    field("place", 42, 4, lambda x: 0x7fffffff)
    field("encrypted", 8, 2, lambda x: x | 1)
    field("method", 10, 2, lambda x: 99)
    field("local", 42, 4, lambda x: x + 1)
    field("cut", 20, 4, lambda x: x - 9)
    field("bomb", 24, 4, lambda x: 0x7ffffff0)
    (folder / "l.zip").write_bytes(raw)
    mount = Mount(brought(folder, folder / "l.zip", code=1), folder / "m")
    started = time.monotonic()
    try:
        top = folder / "m/files"
        assert sorted(p.name for p in top.iterdir()) == sorted(names)
        for n in names:
            bad = n not in ("good", "huge")
            assert unreadable(top / n) == bad, n
            assert bad or (top / n).read_bytes() == data[n]
            assert unreadable(top / n) == bad, n
    finally:
        errors = mount.end()
    assert time.monotonic() - started < 20
    for n, why in (("crc", "CRC-32"), ("more", "there are more"), ("fewer", "and there are"), ("stored", "CRC-32"),
                   ("place", "behind the end"), ("encrypted", "encrypted"), ("method", "not read here"),
                   ("local", "not what the directory"), ("cut", "cut off"), ("bomb", "more than can be packed")):
        lines = [x for x in errors.splitlines() if f": {n} of the archive" in x]
        assert len(lines) == 1 and why in lines[0], (n, errors)
    with zipfile.ZipFile(folder / "b.zip", "w", zipfile.ZIP_DEFLATED) as z:  # 200 times its size, or 1 GiB
        zeros = bytes(300 << 20)
        for i in range(4):
            z.writestr(f"{i}", zeros)
        z.writestr("last", b"small")
    mount = Mount(brought(folder, folder / "b.zip", code=1), folder / "m")
    try:
        top = folder / "m/files"
        assert (top / "0").stat().st_size == len(zeros)
        with open(top / "2", "rb") as f:
            f.seek(200 << 20)
            assert f.read(99) == bytes(99)
        assert unreadable(top / "3") and unreadable(top / "last")
    finally:
        errors = mount.end()
    assert "200 times" in errors, errors


@test("of an archive whose chunks are damaged, what lies in good ones is read; one without a directory is an image")
def members_damaged(folder):
    chance = random.Random(3)
    data = {f"{i}": chance.randbytes(700000) for i in range(9)}
    with zipfile.ZipFile(folder / "d.zip", "w") as z:
        for n, d in data.items():
            z.writestr(n, d)
    bundle = brought(folder, folder / "d.zip")
    segment = bundle / "data/image-00001.gz"
    raw = bytearray(segment.read_bytes())
    raw[(3 << 20) + 99] ^= 1
    segment.chmod(0o600)
    segment.write_bytes(raw)
    mount = Mount(bundle, folder / "m")
    try:
        bad = [n for n in data if unreadable(folder / "m/files" / n)]
        assert all((folder / "m/files" / n).read_bytes() == data[n] for n in data if n not in bad)
    finally:
        errors = mount.end()
    assert 1 <= len(bad) <= 3 and "chunk" in errors and "damaged" in errors, (bad, errors)
    (folder / "n.zip").write_bytes((folder / "d.zip").read_bytes()[:-30])
    mount = Mount(brought(folder, folder / "n.zip", code=1), folder / "m")
    try:
        assert [p.name for p in (folder / "m").iterdir()] == ["image.raw"]
    finally:
        errors = mount.end()
    assert "no end record" in errors, errors


@test("what cannot be mounted is said")
def refused(folder):
    (folder / "m").mkdir()
    assert "no image" in tocsin("mount", folder, folder / "m", code=3).stderr
    tocsin("acquire", disk(folder), folder / "b")
    assert "no folder" in tocsin("mount", folder / "b", folder / "none", code=3).stderr


if __name__ == "__main__":
    main()
