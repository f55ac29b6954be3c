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
import subprocess
import time
import zipfile

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


@test("what cannot be mounted is said")
def refused(folder):
    (folder / "m").mkdir()
    assert "no image" in tocsin("mount", folder, folder / "m", code=3).stderr
    tocsin("acquire", disk(folder), folder / "b")
    assert "no folder" in tocsin("mount", folder / "b", folder / "none", code=3).stderr


if __name__ == "__main__":
    main()
