# SPDX-License-Identifier: Apache-2.0
# not a test: a module of the programs beside it
"""A virtual machine with a kernel of its own, in which the programs of this build run as root: it
does what it is told over a virtio port, line by line, and answers with code, output and errors.

Speed is the machine's: KVM where it can be had, else QEMU's own translation (TOCSIN_MACHINE, kvm or
tcg, asks for one of them). Nothing here waits for a time, but for answers; a machine that says nothing for
too long is ended, and what it said last on its console is told."""

import base64
import ctypes
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

from kernel import Archive, Kernel, Missing

SOURCE = pathlib.Path(os.environ.get("TOCSIN_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", SOURCE / "build"))
QEMU = "qemu-system-x86_64"
KVM_CREATE_VM = 0xAE01
PATIENCE = 120  # seconds for one answer

# The first process of the machine: what is on line after line of the port is run by the shell.
INIT = """#!/bin/sh
/bin/busybox --install -s /bin || exit
export PATH=/bin:/usr/bin:/sbin HOME=/tmp LANG=C
mkdir -p /proc /sys /dev /tmp /run /mnt
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts
mount -t devpts pts /dev/pts
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
ip link set lo up
while read -r module; do
    insmod "$module" || echo "init: $module was not loaded"
done </modules/order
until port=$(grep -lx host /sys/class/virtio-ports/*/name 2>/dev/null); do sleep 0.05; done
port=${port%/name}
port=/dev/${port##*/}
until [ -e "$port" ]; do sleep 0.05; done
exec 3<>"$port"
echo ready >&3
while read -r line <&3; do
    echo "$line" | base64 -d >/tmp/.command
    sh /tmp/.command >/tmp/.out 2>/tmp/.err </dev/null 3<&-
    echo "$? $(base64 -w0 /tmp/.out) $(base64 -w0 /tmp/.err)" >&3
done
"""


class Broken(Exception):
    """The machine ended, or says nothing any more."""


class Done:
    """What a command in the machine gave."""

    def __init__(self, code, out, err):
        self.code, self.bytes = code, out
        self.out, self.err = out.decode(errors="replace"), err.decode(errors="replace")


def kvm_works():
    """Only with a processor's own virtualisation: what else calls itself KVM (kvm_pvm, inside of
    another machine) runs kernels that were made for it."""
    wish = os.environ.get("TOCSIN_MACHINE")
    if wish != "kvm" and (wish == "tcg" or not any(
            os.path.exists(f"/sys/module/{name}") for name in ("kvm_intel", "kvm_amd"))):
        return False
    try:
        fd = os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.close(fcntl.ioctl(fd, KVM_CREATE_VM, 0))
        return True
    except OSError:
        return False
    finally:
        os.close(fd)


def dies_with_us():
    """So that no machine is left behind, whatever ends this program."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def what_is_missing():
    """Why there can be no machine here, or None."""
    for program in (QEMU, "busybox", "ldd"):
        if not shutil.which(program):
            return f"{program} is not installed (tools/setup test)"
    said = subprocess.run(["ldd", shutil.which("busybox")], check=False, capture_output=True, text=True)
    if not re.search("statically linked|not a dynamic", said.stdout + said.stderr):
        return "busybox is not the static one (tools/setup test)"
    return None


def compiled(folder, source):
    """A small program of the tests, without libraries."""
    out = pathlib.Path(folder) / source.stem
    subprocess.run(["cc", "-O1", "-static", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-o", out, source],
                   check=True)
    return out


class Guest:
    """with Guest(folder, modules, devices) as g: g.run("tocsin", ...)"""

    def __init__(self, folder, modules, devices, memory=512, programs=(), files=()):
        self.folder = pathlib.Path(folder)
        self.kernel = Kernel(BUILD / "machine")
        kvm = kvm_works()
        self.kind = "KVM" if kvm else "translated by QEMU"
        self.modules = []  # in the order in which they were loaded
        self.process = None
        self.port = None
        self.answers = b""
        self._archive(modules, programs, files)
        self.words = [
            QEMU, "-machine", "q35,accel=kvm" if kvm else "q35,accel=tcg",
            "-cpu", "host" if kvm else "max", "-smp", "2", "-m", str(memory),
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", self.kernel.image, "-initrd", self.folder / "initrd",
            "-append", "console=ttyS0 quiet loglevel=4 panic=-1 rdinit=/init",
            "-serial", f"file:{self.folder}/console",
            "-qmp", f"unix:{self.folder}/qmp,server=on,wait=off",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=port,path={self.folder}/port,server=on,wait=on",
            "-device", "virtserialport,chardev=port,name=host", *devices]

    def _archive(self, modules, programs, files):
        a = Archive()
        a.text("init", INIT)
        a.file("bin/busybox", shutil.which("busybox"))
        a.link("bin/sh", "busybox")
        for name, path in programs:
            a.program(name, path)
        for name, path in files:
            a.file(name, path)
        self.modules = self.kernel.in_order(["virtio_pci", "virtio_console", *modules])
        for path in self.modules:
            a.file(f"modules/{path.name}", path)
        a.text("modules/order", "".join(f"/modules/{path.name}\n" for path in self.modules))
        a.write(self.folder / "initrd")

    def __enter__(self):
        try:
            return self._begin()
        except Broken:
            if self.kind != "KVM":
                raise
        # it is there, and runs no kernel: another machine's, with what that one lets through
        self.kind, self.answers = "translated by QEMU, as KVM ran nothing", b""
        self.words = [{"q35,accel=kvm": "q35,accel=tcg", "host": "max"}.get(w, w) for w in self.words]
        return self._begin()

    def _begin(self):
        log = open(self.folder / "qemu", "wb")  # pylint: disable=consider-using-with
        with log:
            self.process = subprocess.Popen([str(w) for w in self.words], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, preexec_fn=dies_with_us)
        try:
            self.port = self._connect("port")
            self._line()  # "ready"
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.port:
            self.port.close()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _connect(self, name):
        until = time.monotonic() + PATIENCE
        while True:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(PATIENCE)
            try:
                connection.connect(str(self.folder / name))
                return connection
            except OSError as why:
                connection.close()
                if self.process.poll() is not None or time.monotonic() > until:
                    raise Broken(f"QEMU: {why}; {self._last()}") from None
                time.sleep(0.02)

    def _last(self):
        """What was said last on the console, and by QEMU."""
        said = []
        for name in ("qemu", "console"):
            path = self.folder / name
            if path.exists():
                said.append(re.sub(r"[^\n -~]", "", path.read_text(errors="replace"))[-1500:])
        return "\n".join(said)

    def _line(self):
        while b"\n" not in self.answers:
            try:
                more = self.port.recv(1 << 20)
            except socket.timeout:
                raise Broken(f"no answer for {PATIENCE} seconds; {self._last()}") from None
            if not more:
                raise Broken(f"the machine has ended; {self._last()}")
            self.answers += more
        line, _, self.answers = self.answers.partition(b"\n")
        return line

    def sh(self, script, code=0):
        """Runs a script of the shell. code: what it is to end with; None: whatever."""
        self.port.sendall(base64.b64encode(script.encode()) + b"\n")
        ended, out, err = self._line().split(b" ")
        done = Done(int(ended), base64.b64decode(out), base64.b64decode(err))
        assert code is None or done.code == code, \
            f"{script[:200]}: ended with {done.code}: {done.out[-300:]} {done.err[-300:]}"
        return done

    def run(self, *words, code=0):
        return self.sh(" ".join("'" + str(w).replace("'", "'\\''") + "'" for w in words), code)

    def read(self, path):
        return self.run("cat", path).bytes

    def json(self, path):
        return json.loads(self.read(path))

    def block(self, part):
        """The block device whose place in sysfs has this in it."""
        found = [line.split() for line in self.run("ls", "-l", "/sys/block").out.splitlines()]
        found = [words[-3] for words in found if len(words) > 3 and part in words[-1]]
        assert len(found) == 1, (part, found)
        return "/dev/" + found[0]

    def fetch(self, path, to):
        """A folder of the machine's, below a folder here."""
        to.mkdir(parents=True, exist_ok=True)
        data = self.sh(f"tar -c -C '{os.path.dirname(path)}' '{os.path.basename(path)}'").bytes
        subprocess.run(["tar", "-x", "-C", to], input=data, check=True)
        return to / os.path.basename(path)

    def until(self, condition):
        """Until a condition of the shell holds."""
        self.sh(f"i=0; until {condition}; do i=$((i+1)); [ $i -lt 2400 ] || exit 9; sleep 0.05; done")

    def qmp(self, command, **arguments):
        """Tells QEMU itself something, as who pulls a plug."""
        connection = self._connect("qmp")
        with connection, connection.makefile("rwb") as stream:
            stream.readline()
            for line in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                stream.write(json.dumps(line).encode() + b"\n")
                stream.flush()
                answer = {}
                while "return" not in answer and "error" not in answer:
                    answer = json.loads(stream.readline())
                assert "return" in answer, answer
            return answer["return"]

    def plug(self, **arguments):
        """Plugs a device in; what was pulled out before it may still be about to go."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self.qmp("device_add", **arguments)
            except AssertionError as why:
                if "conflict" not in str(why) and "Duplicate" not in str(why) or time.monotonic() > until:
                    raise
                time.sleep(0.1)


__all__ = ["BUILD", "SOURCE", "Broken", "Done", "Guest", "Missing", "compiled", "what_is_missing"]
