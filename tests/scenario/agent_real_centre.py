#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""The device's program and the centre itself: enrolled, told by the stream and by a bundle, heard,
and shut out again."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from agent_bundle import advisory
from agent_fake_centre import AGENT, BUILD, QUICK, sound, wait

TOCSIN = BUILD / "src/cli/tocsin"


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class RealCentre:
    def __init__(self, folder):
        self.home = folder / "centre"
        self.log = open(folder / "centre.log", "w", encoding="utf-8")  # pylint: disable=R1732
        ports = dict(zip(("public", "enrol", "device", "web"), free_ports(4)))
        self.enrol = f"https://127.0.0.1:{ports['enrol']}"
        self.tocsin("init", "--name", "Example", "--public-url", f"http://127.0.0.1:{ports['public']}",
                    "--enrol-url", self.enrol, "--device-url", f"https://127.0.0.1:{ports['device']}",
                    *(f"--set=door-{name}.listen=127.0.0.1:{port}" for name, port in ports.items()))
        self.process = subprocess.Popen([TOCSIN, "serve", "--home", self.home], stdout=self.log,
                                        stderr=self.log)
        assert wait(lambda: self.tocsin("status", check=False).returncode == 0, 20)
        listed = json.loads(self.tocsin("organisation", "list", "--json").stdout)
        self.organisation = listed["organisations"][0]["organisation"]

    def tocsin(self, *words, check=True):
        done = subprocess.run([TOCSIN, *map(str, words), "--home", str(self.home)],
                              capture_output=True, text=True, timeout=120, check=False)
        assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
        return done

    def state(self, name, asset):
        """What the centre says has become of an advisory's notice for an asset."""
        for line in self.tocsin("advisory", "delivery", name).stdout.splitlines():
            if line.startswith(asset):
                return line.split()[1]
        return None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()
        said = Path(self.log.name).read_text(encoding="utf-8", errors="replace")
        assert sound(said), said[-3000:]


class RealDevice:
    def __init__(self, centre, folder, name):
        self.home = folder / name
        self.log = folder / f"{name}.log"
        nameplate = folder / f"{name}.json"
        nameplate.write_text(json.dumps({"format": "tocsin-nameplate/v1", "nameplate": {
            "vendor": "Example Pumps", "model": "P-7", "serial": name, "firmware": "2.0"}}))
        token = folder / f"{name}.token"
        token.write_text(centre.tocsin("token", "create", "--organisation", centre.organisation,
                                       "--quiet").stdout)
        done = self.agent("enrol", "--centre", centre.enrol, "--token-file", token, "--ca",
                          centre.home / "trust/root.pem")
        assert done.returncode == 0, done.stderr
        again = self.agent("enrol", "--centre", centre.enrol, "--token-file", token, "--ca",
                           centre.home / "trust/root.pem", home=folder / "again")
        assert again.returncode != 0, "a token worked twice"
        hook = folder / f"{name}.hook"
        hook.write_text('#!/bin/sh\ncat > /dev/null\ntest -s "$TOCSIN_ADVISORY_FILE" && echo planned\n')
        hook.chmod(0o755)
        (self.home / "agent.conf").write_text(
            QUICK.replace("stream-dead = 3", "stream-dead = 60")
            + f"nameplate = {nameplate}\nhook = {hook}\nhook-document = yes\n")
        self.asset = self.status()["asset"]

    def agent(self, *words, home=None):
        done = subprocess.run([AGENT, *map(str, words), "--home", str(home or self.home)],
                              capture_output=True, text=True, timeout=120, check=False)
        assert sound(done.stderr), done.stderr
        return done

    def status(self):
        return json.loads(self.agent("status", "--json").stdout)

    def start(self):
        with open(self.log, "a", encoding="utf-8") as log:
            return subprocess.Popen([AGENT, "run", "--home", self.home], stderr=log)


def story(folder, ok):
    centre = RealCentre(folder)
    process = None
    try:
        device, away = RealDevice(centre, folder, "online"), RealDevice(centre, folder, "away")
        ok("enrols at the centre, once per token")
        process = device.start()
        assert away.agent("run", "--once").returncode == 0
        assert wait(lambda: device.status().get("class")), device.log.read_text()
        assert device.status()["class"] == away.status()["class"], "serial numbers are in the class"

        (folder / "a.json").write_bytes(advisory(5, "< 2.3", vendor="Example Pumps"))
        centre.tocsin("advisory", "import", folder / "a.json")
        centre.tocsin("advisory", "publish", "EXP-2026-005")
        assert wait(lambda: centre.state("EXP-2026-005", device.asset) == "acknowledged"), \
            device.log.read_text()
        assert wait(lambda: device.status()["outcomes_waiting"] == 0
                    and device.status()["hooks_open"] == 0)
        assert "outcome=planned" in device.log.read_text()
        assert centre.state("EXP-2026-005", away.asset) == "undelivered"
        ok("is told by the stream; its receipt and its outcome are taken")

        centre.tocsin("bundle", "export", "--asset", away.asset, "-o", folder / "b.tar")
        done = away.agent("bundle", "apply", folder / "b.tar", "--answer", folder / "answer.json")
        assert done.returncode == 0 and "AFFECTED" in done.stdout, done.stderr
        centre.tocsin("bundle", "answer", folder / "answer.json")
        assert centre.state("EXP-2026-005", away.asset) == "acknowledged"
        ok("is told by a bundle; its answer is taken")

        (folder / "b.json").write_bytes(advisory(6, "< 2.4", vendor="Example Pumps"))
        centre.tocsin("advisory", "import", folder / "b.json")
        centre.tocsin("advisory", "publish", "EXP-2026-006")
        assert away.agent("run", "--once").returncode == 0
        assert centre.state("EXP-2026-006", away.asset) == "acknowledged"
        assert away.status()["n"] == 2 and "alarm" not in away.status()
        ok("comes back to the stream's chain where the bundle left it")

        kept = centre.process
        kept.send_signal(signal.SIGTERM)
        kept.wait(30)
        centre.process = subprocess.Popen([TOCSIN, "serve", "--home", centre.home],
                                          stdout=centre.log, stderr=centre.log)
        assert wait(lambda: device.log.read_text().count("stream.open") >= 2), \
            device.log.read_text()
        assert wait(lambda: centre.state("EXP-2026-006", device.asset) == "acknowledged")
        ok("finds a centre again that was restarted")

        begun = time.monotonic()
        centre.tocsin("cert", "revoke", device.asset, "--reason", "superseded")
        assert wait(lambda: "stream.lost" in device.log.read_text().rsplit("stream.open", 1)[1], 5)
        assert time.monotonic() - begun < 5
        assert device.agent("status").returncode == 0 and process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0 and sound(device.log.read_text())
        process = None
        assert device.agent("run", "--once").returncode == 3
        ok("is shut out within seconds when its certificate is revoked")
    finally:
        if process:
            process.kill()
            process.wait()
        centre.stop()


def main():
    if not AGENT.exists() or not TOCSIN.exists():
        sys.exit(f"{AGENT} or {TOCSIN} is not built")
    folder = Path(tempfile.mkdtemp(prefix="agent-real-"))
    try:
        story(folder, lambda what: print(f"ok {what}", flush=True))
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    except Exception as why:  # pylint: disable=broad-except
        print(f"not ok the device's story \u2014 {type(why).__name__}: "
              f"{' '.join(str(why).split())[-1500:]} (kept: {folder})", flush=True)
        traceback.print_exc()
        if os.environ.get("TOCSIN_SOURCE"):  # ./check keeps nothing
            shutil.rmtree(folder, ignore_errors=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
