# SPDX-License-Identifier: Apache-2.0
# not a test: a module of the programs beside it
"""A Linux kernel to run in a virtual machine, and what that machine begins with: Debian's kernel
package is downloaded and unpacked, never installed, so that no boot loader of this machine is
touched. What was downloaded stays in the folder of the build."""

import fcntl
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile

PACKAGE = "linux-image-amd64"
DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")


class Missing(Exception):
    """There is no kernel to be had, and why."""


def run(*words, **more):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False, **more)


def package_name():
    """The package with the kernel itself: the other one only depends on the newest."""
    for line in run("apt-cache", "depends", PACKAGE).stdout.splitlines():
        if line.strip().startswith("Depends: linux-image-"):
            return line.split()[-1]
    raise Missing(f"apt knows no package {PACKAGE} (apt-get update)")


def unpacked(cache):
    """The folder of an unpacked kernel package; any number of programs may ask at once."""
    given = os.environ.get("TOCSIN_KERNEL")
    if given:
        return pathlib.Path(given)
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Missing("this is not Debian, and TOCSIN_KERNEL names no unpacked kernel package")
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        there = sorted(p.parent for p in cache.glob("*/whole"))
        if there:
            return there[-1]
        name = package_name()
        done = run("apt-get", "download", name, cwd=cache)
        archives = list(cache.glob(f"{name}_*.deb"))
        if done.returncode != 0 or not archives:
            raise Missing(f"{name} cannot be downloaded: {done.stderr.strip()[-300:]}")
        folder = cache / name
        shutil.rmtree(folder, ignore_errors=True)
        done = run("dpkg-deb", "-x", archives[0], folder)
        if done.returncode != 0:
            raise Missing(f"{archives[0].name} cannot be unpacked: {done.stderr.strip()[-300:]}")
        archives[0].unlink()
        (folder / "whole").touch()
        return folder


class Kernel:
    """An unpacked kernel package: its image and its modules."""

    def __init__(self, cache):
        folder = unpacked(cache)
        images = sorted(folder.glob("boot/vmlinuz-*"))
        if not images:
            raise Missing(f"there is no boot/vmlinuz-* in {folder}")
        self.image = images[-1]
        self.release = self.image.name.removeprefix("vmlinuz-")
        self.modules = {}
        for root in ("lib/modules", "usr/lib/modules"):
            for path in (folder / root / self.release).rglob("*.ko"):
                self.modules[path.stem.replace("-", "_")] = path

    def in_order(self, names):
        """These modules (those that are built in are left out), each behind what it depends on."""
        order = []

        def add(name):
            path = self.modules.get(name.replace("-", "_"))
            if not path or path in order:
                return
            found = DEPENDS.search(path.read_bytes())
            for other in found.group(1).decode().split(",") if found else []:
                add(other)
            order.append(path)

        for name in names:
            add(name)
        return order


class Archive:
    """A cpio archive (newc), as the kernel unpacks it into its first file system."""

    def __init__(self):
        self.parts = []
        self.known = set()

    def add(self, name, mode, data=b"", device=(0, 0)):
        name = name.strip("/")
        if name in self.known:
            return
        parent = os.path.dirname(name)
        if parent:
            self.add(parent, stat.S_IFDIR | 0o755)
        self.known.add(name)
        self._entry(name, mode, data, device)

    def _entry(self, name, mode, data, device):
        title = name.encode() + b"\0"
        fields = (len(self.parts) + 1, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(title), 0)
        head = b"070701" + b"".join(b"%08x" % f for f in fields) + title
        self.parts.append(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))

    def file(self, name, path):
        self.add(name, stat.S_IFREG | 0o755, pathlib.Path(path).read_bytes())

    def text(self, name, text):
        self.add(name, stat.S_IFREG | 0o755, text.encode())

    def link(self, name, to):
        self.add(name, stat.S_IFLNK | 0o777, to.encode())

    def program(self, name, path):
        """A program under that name, and the libraries that it is linked with where they were; what
        a debugger alone wants stays here."""
        with tempfile.NamedTemporaryFile() as stripped:
            done = run("strip", "-o", stripped.name, path)
            self.file(name, stripped.name if done.returncode == 0 else path)
        for line in run("ldd", path).stdout.splitlines():
            found = re.search(r"(/\S+) \(0x", line)
            if found and found.group(1) not in self.known:
                self.file(found.group(1), os.path.realpath(found.group(1)))

    def write(self, path):
        self._entry("TRAILER!!!", 0, b"", (0, 0))
        path.write_bytes(b"".join(self.parts))
