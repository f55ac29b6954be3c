#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job, told as a story: one advisory in, every affected device and its owner told, proof.

Everything here is real: a centre with its three processes, device agents over mutual TLS, a
witness, a mail server on loopback. This file only starts them, says what happens, and looks.
Called by ./demo; see there for how.
"""
import argparse
import email
import email.policy
import glob
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def chapter(text):
    print("\n" + paint("1;36", "── " + text), flush=True)


def say(text=""):
    print(text, flush=True)


def indent(text, most=40):
    lines = text.rstrip().splitlines()
    for line in lines[:most]:
        print("    " + line)
    if len(lines) > most:
        print(f"    … and {len(lines) - most} lines more")
    sys.stdout.flush()


class Failed(Exception):
    pass


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mail by SMTP (RFC 5321, as much as a sender needs) and keeps it."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        self.mails = []
        super().__init__(("127.0.0.1", 0), MailSession)


class MailSession(socketserver.StreamRequestHandler):
    def handle(self):
        reply = lambda text: self.wfile.write((text + "\r\n").encode())
        recipient = None
        reply("220 mail.example ESMTP")
        for raw in self.rfile:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            word = line[:4].upper()
            if word == "EHLO":
                reply("250 mail.example")
            elif word == "RCPT":
                recipient = line[8:].strip().strip("<>")
                reply("250 ok")
            elif word == "DATA":
                reply("354 go on")
                body = []
                for data in self.rfile:
                    if data.rstrip(b"\r\n") == b".":
                        break
                    body.append(data.decode("utf-8", "replace"))
                self.server.mails.append((recipient, "".join(body)))
                reply("250 taken")
            elif word == "QUIT":
                reply("221 bye")
                return
            else:
                reply("250 ok")


class Story:
    def __init__(self, args):
        self.args = args
        self.bin = os.path.abspath(args.build)
        self.tocsin = os.path.join(self.bin, "src/cli/tocsin")
        self.agent = os.path.join(self.bin, "src/agent/tocsin-agent")
        self.work = tempfile.mkdtemp(prefix="tocsin-demo-")
        self.home = os.path.join(self.work, "centre")
        self.processes = []
        self.agents = {}
        self.assets = {}
        self.ports = {}
        self.started = time.time()

    # ---- running things ----

    def path(self, *names):
        return os.path.join(self.work, *names)

    def run(self, *command, code=(0,), show=False, stdin=None):
        result = subprocess.run(command, capture_output=True, text=True, input=stdin)
        if result.returncode not in code:
            raise Failed(
                f"$ {' '.join(command)}\nexit {result.returncode}\n{result.stdout}{result.stderr}"
            )
        if show:
            indent(result.stdout + result.stderr)
        return result.stdout

    def cli(self, *command, **options):
        return self.run(self.tocsin, *command, "--home", self.home, **options)

    def json(self, *command):
        return json.loads(self.cli(*command, "--json"))

    def start(self, name, *command):
        log = open(self.path(name + ".log"), "w")
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self.processes.append((name, process))
        return process

    def stop(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = [(n, p) for n, p in self.processes if p is not process]

    def stop_all(self):
        for _, process in list(reversed(self.processes)):
            self.stop(process)

    def wait_for(self, what, test, seconds=20):
        until = time.time() + seconds
        while time.time() < until:
            found = test()
            if found:
                return found
            time.sleep(0.1)
        raise Failed(f"waited {seconds} s in vain: {what}")

    def free_port(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    # ---- the cast ----

    def set_up(self):
        chapter("A centre, a witness, a mail server")
        self.mail = MailServer()
        threading.Thread(target=self.mail.serve_forever, daemon=True).start()
        for door in ("enrol", "device", "web", "public", "witness"):
            self.ports[door] = self.free_port()
        os.makedirs(self.path("witness"))
        self.run(self.tocsin, "witness", "keygen", "--name", "witness.example/demo",
                 "--key", self.path("witness", "witness.key"))
        vkey = open(self.path("witness", "witness.key.vkey")).read().strip()
        url = lambda door: f"https://localhost:{self.ports[door]}"
        settings = {
            "centre.name": "Demo centre",
            "door-public.listen": f"127.0.0.1:{self.ports['public']}",
            "door-enrol.listen": f"127.0.0.1:{self.ports['enrol']}",
            "door-device.listen": f"127.0.0.1:{self.ports['device']}",
            "door-web.listen": f"127.0.0.1:{self.ports['web']}",
            "mail.host": "127.0.0.1",
            "mail.port": str(self.mail.server_address[1]),
            "mail.tls": "off",
            "mail.from": "Demo centre <centre@demo.example>",
        }
        command = ["init", "--name", "Demo centre", "--public-url",
                   f"http://localhost:{self.ports['public']}", "--enrol-url", url("enrol"),
                   "--device-url", url("device"), "--web-url", url("web")]
        for key, value in settings.items():
            command += ["--set", f"{key}={value}"]
        self.cli(*command)
        configuration = os.path.join(self.home, "tocsin.conf")
        text = open(configuration).read().replace("witnesses-required = 0", "witnesses-required = 1")
        text += (f'\nwitness demo {{\n    vkey = "{vkey}"\n'
                 f'    url = "http://127.0.0.1:{self.ports["witness"]}"\n}}\n')
        open(configuration, "w").write(text)
        self.run(self.tocsin, "config", "check", configuration)
        self.witness_process = self.start(
            "witness", self.tocsin, "witness", "--key", self.path("witness", "witness.key"),
            "--state", self.path("witness", "state"), "--listen",
            f"127.0.0.1:{self.ports['witness']}", "--log",
            os.path.join(self.home, "trust/journal.vkey"))
        self.centre_process = self.start("centre", self.tocsin, "serve", "--home", self.home)
        self.wait_for("the centre's doors", lambda: "supervisor.ready" in
                      open(self.path("centre.log")).read())
        say("The centre runs on embedded SQLite, as three processes: the signer alone holds keys, the")
        say("courier alone speaks to the outside. Another machine's witness cosigns its journal.")
        status = self.json("status")
        say(f"    journal  {status['journal']['origin']}")
        say(f"    signer   {status['signer']['state']}; {status['signer']['sandbox']}")

    def enrol(self, name, organisation, owner=None, way="online", plate=None):
        command = ["asset", "register", name, "--organisation", organisation, "--way", way, "-q"]
        if owner:
            command += ["--owner", owner]
        asset = self.cli(*command).strip()
        token = self.cli("token", "create", "--asset", asset, "-q").strip()
        home = self.path("agent-" + name)
        self.run(self.agent, "enrol", "--centre", f"https://localhost:{self.ports['enrol']}",
                 "--token-file", "-", "--ca", os.path.join(self.home, "trust/root.pem"),
                 "--home", home, "--nameplate", plate or os.path.join(HERE, "fleet", name + ".json"),
                 stdin=token)
        # an inventory once; from here on the device listens, or does not
        self.run(self.agent, "run", "--once", "--home", home)
        self.assets[name] = asset

    def listen(self, name):
        self.agents[name] = self.start("agent-" + name, self.agent, "run", "--home",
                                       self.path("agent-" + name))

    def gather_fleet(self):
        chapter("A fleet: nine devices of two organisations, each with its own key and certificate")
        water = self.cli("organisation", "add", "Water Works", "-q").strip()
        harbour = self.cli("organisation", "add", "Harbour Authority", "-q").strip()
        olga = self.cli("contact", "add", "Olga Brandt", "--mail", "olga.brandt@water.example",
                        "--organisation", water, "-q").strip()
        self.water, self.harbour = water, harbour
        cast = [
            ("pump-1", "plainly affected: NW-400, V4.1.2"),
            ("pump-2", "the vendor's name misspelt, as in real life: \"Nordwind Electronik \""),
            ("pump-3", "a version too new: V4.3.1"),
            ("pump-4", "a sibling model: NW-410"),
            ("pump-5", "no firmware version known"),
            ("pump-6", "switched off"),
        ]
        for name, words in cast:
            self.enrol(name, water, olga)
            say(f"    {name:8} {words}")
        self.enrol("pump-7", water, olga, way="offline")
        say("    pump-7   behind an air gap: only a stick goes there")
        for name in ("crane-1", "crane-2"):
            self.enrol(name, harbour)
        say("    crane-1, crane-2   of the harbour; nobody has said who owns them")
        if self.args.path:
            self.derive_device(water, olga)
        for name in ("pump-1", "pump-2", "pump-3", "pump-4", "pump-5", "crane-1", "crane-2"):
            self.listen(name)
        self.wait_for("the devices' streams", lambda: self.json("status")["streams"] >= 7)
        say("Seven hold a stream over mutual TLS 1.3. Their inventories know nothing of any advisory.")

    def derive_device(self, organisation, owner):
        """One device whose nameplate is taken from the advisories: said to be derived."""
        chosen = None
        for path in self.advisory_files():
            try:
                found = first_product(json.load(open(path, encoding="utf-8")))
            except (ValueError, OSError):
                continue
            if found and (not chosen or "firmware" in found):
                chosen = (path, found)
            if chosen and "firmware" in chosen[1]:
                break
        if not chosen:
            return
        file = self.path("derived.json")
        with open(file, "w") as f:
            json.dump({"format": "tocsin-nameplate/v1", "nameplate": chosen[1]}, f)
        self.enrol("derived-1", organisation, owner, plate=file)
        self.listen("derived-1")
        say(f"    derived-1   made from {os.path.basename(chosen[0])}, to have one that it names: "
            + ", ".join(f"{k} {v}" for k, v in chosen[1].items()))

    def advisory_files(self):
        path = self.args.path
        if os.path.isdir(path):
            return sorted(glob.glob(os.path.join(path, "**", "*.json"), recursive=True))
        return [path]

    # ---- the advisory ----

    def advisory_comes_in(self):
        chapter("Three in the morning: advisories come in, one of them broken")
        self.run(self.tocsin, "advisory", "import", "--home", self.home,
                       os.path.join(HERE, "advisories", "nw-2026-004.json"),
                       os.path.join(HERE, "advisories", "broken.csaf"), code=(1,), show=True)
        say("The broken one was refused with its place and rule; the other went in.")
        say("Before anybody is told, who would be:")
        self.cli("advisory", "preview", "NW-2026-004", show=True)
        say("Why, for the misspelt one:")
        self.cli("why", self.assets["pump-2"], "NW-2026-004", show=True, code=(0, 1))
        say("and why not, for the sibling:")
        self.cli("why", self.assets["pump-4"], "NW-2026-004", show=True, code=(0, 1))

    def states(self, advisory):
        out = self.cli("advisory", "delivery", advisory, "--json", code=(0, 3))
        answer = json.loads(out) if out.strip() else {"recipients": []}  # not signed yet
        return answer, {line["asset"]: line["state"] for line in answer["recipients"]}

    def publish(self):
        chapter("Published: one signature, and everybody concerned is told")
        began = time.time()
        self.cli("advisory", "publish", "NW-2026-004")
        online = [self.assets[n] for n in ("pump-1", "pump-2", "crane-1")]
        self.wait_for("receipts of the devices on line", lambda: all(
            self.states("NW-2026-004")[1].get(a) == "acknowledged" for a in online))
        say(f"{len(online)} devices on line verified the notice, and signed a receipt, "
            f"{time.time() - began:.1f} s after the order to publish.")
        self.cli("advisory", "delivery", "NW-2026-004", show=True)
        say("pump-6 is switched off and pump-7 sits behind its air gap: counted as silent, not forgotten.")
        mail = self.wait_for("the owner's mail", lambda: self.mail.mails)[0]
        say(f"One mail to the owner ({mail[0]}), for all of her devices:")
        message = email.message_from_string(mail[1], policy=email.policy.default)
        indent("\n".join(f"{name}: {message[name]}" for name in ("From", "To", "Subject"))
               + "\n\n" + message.get_content(), most=26)
        self.keep_pack("first.tar")

    def silent_one_returns(self):
        chapter("The silent one is switched on")
        self.listen("pump-6")
        self.wait_for("pump-6", lambda: self.states("NW-2026-004")[1].get(self.assets["pump-6"])
                      == "acknowledged")
        say("It caught up from where it had left off, and acknowledged.")

    def over_the_air_gap(self):
        chapter("Over the air gap, on a stick")
        stick = self.path("stick.tar")
        answer = self.path("answer.json")
        self.cli("bundle", "export", "--asset", self.assets["pump-7"], "--organisation", self.water,
                 "-o", stick)
        say("At the plant, without any network:")
        self.run(self.tocsin, "bundle", "apply", stick, "--agent-home", self.path("agent-pump-7"),
                 "--answer", answer, show=True)
        say("The stick comes back:")
        self.cli("bundle", "answer", answer, show=True)
        state = self.states("NW-2026-004")[1].get(self.assets["pump-7"])
        if state != "acknowledged":
            raise Failed(f"pump-7 is {state}")

    def second_vendor(self):
        chapter("Another vendor: a library inside pump-1")
        self.cli("advisory", "import", "--publish",
                 os.path.join(HERE, "advisories", "hc-sa-117.json"))
        self.wait_for("pump-1 and the second vendor", lambda: self.states("HC-SA-117")[1].get(
            self.assets["pump-1"]) == "acknowledged")
        told = self.states("HC-SA-117")[1]
        say(f"HC-SA-117 of Harbor Controls reached {len(told)} device: pump-1, through its parts list.")

    def revision(self):
        chapter("A revision that changes nothing for any device")
        before = len(self.states("NW-2026-004")[1])
        mails = len(self.mail.mails)
        self.cli("advisory", "import", "--publish",
                 os.path.join(HERE, "advisories", "nw-2026-004-revised.json"))
        after = len(self.states("NW-2026-004")[0]["recipients"])
        time.sleep(1)
        if after != before or len(self.mail.mails) != mails:
            raise Failed(f"told again: {before} lines before, {after} now")
        say("Version 2 words a summary better. It is published, and nobody is told the same thing twice.")

    # ---- PATH ----

    def users_advisories(self):
        chapter(f"Your advisories: {self.args.path}")
        report = json.loads(self.run(self.tocsin, "advisory", "import", "--home", self.home,
                                     "--publish", "--json", self.args.path, code=(0, 1)))
        documents = report["documents"]
        accepted = [d for d in documents if "advisory" in d]
        passed = [d for d in documents if "advisory" not in d and d["state"] != "refused"]
        refused = [d for d in documents if d["state"] == "refused"]
        say(f"{len(accepted)} accepted, {len(refused)} refused"
            + (f", {len(passed)} passed over: no advisories." if passed else "."))
        for document in refused:
            say(f"    refused  {os.path.basename(document['file'])}: {document.get('text', '')} "
                f"({document.get('where', '')})")
        self.wait_for("all publications", self.all_published, 300)
        told = 0
        for document in accepted:
            name = document["advisory"]
            lines = self.states(name)[1]
            if lines:
                told += 1
                say(f"    {document['id']}: {document['title']}")
                for asset, state in lines.items():
                    label = next((n for n, a in self.assets.items() if a == asset), asset)
                    say(f"        {label}: {state}")
        say(f"{told} of them concern a device here; for the others the fleet is silent, with reasons"
            " (tocsin why).")

    def all_published(self):
        waiting = [a for a in self.json("advisory", "list")["advisories"] if a["state"] != "published"]
        head = self.json("status")
        behind = [f for f in head["followers"] if f["next"] < head["journal"]["size"]]
        return not waiting and not behind

    # ---- proof ----

    def keep_pack(self, name):
        witnessed = lambda: self.json("status")["journal"]
        self.wait_for("the witness", lambda: (lambda j: j["witnessed"] == j["size"])(witnessed()))
        self.cli("proof", "export", "NW-2026-004", "-o", self.path(name))
        folder = self.path(name.replace(".tar", ""))
        os.makedirs(folder)
        self.run("tar", "xf", self.path(name), "-C", folder)
        return folder

    def verifiers(self, pack, *more):
        witness = ["--witness", self.path("witness", "witness.key.vkey"), "--quorum", "1"]
        trust = ["--root", os.path.join(self.home, "trust/root.pem"), *(more or witness)]
        return ([self.tocsin, "proof", "verify", *trust, pack],
                [sys.executable, os.path.join(TOP, "tools/verify_proof.py"), *trust, pack])

    def proof(self):
        chapter("Proof that anyone can check, offline")
        folder = self.keep_pack("proof.tar")
        for command in self.verifiers(folder):
            say("    $ " + " ".join(os.path.basename(c) if os.sep in c else c for c in command[:3])
                + " …")
            self.run(*command, show=True)
        say("and without any program of ours:")
        self.run("sh", "-c", f"cd {folder} && sha256sum --quiet -c SHA256SUMS && "
                 "echo sha256sum: every file is as listed", show=True)
        self.openssl_by_hand(folder)

    def openssl_by_hand(self, folder):
        """One receipt, by hand, as VERIFY.txt says."""
        import base64
        line = json.loads(open(os.path.join(folder, "receipts.jsonl")).readline())
        envelope = line["envelope"]
        certificates = [json.loads(l) for l in open(os.path.join(folder, "certificates.jsonl"))]
        der = next(c["der"] for c in certificates if c["certificate"] == envelope["certificate"])
        payload = base64.b64decode(envelope["payload"])
        open(self.path("m"), "wb").write(json.loads(payload)["format"].encode() + b"\n" + payload)
        open(self.path("s"), "wb").write(base64.b64decode(envelope["signature"]))
        open(self.path("c.der"), "wb").write(base64.b64decode(der))
        self.run("openssl", "x509", "-inform", "DER", "-in", self.path("c.der"), "-pubkey",
                 "-noout", "-out", self.path("k.pem"))
        out = self.run("openssl", "dgst", "-sha256", "-verify", self.path("k.pem"), "-signature",
                       self.path("s"), self.path("m"))
        indent(f"openssl: {out.strip()} (receipt of {line['asset']}, notices up to "
               f"{json.loads(payload)['n']})")

    def expect_refusal(self, pack, words, *more):
        for command in self.verifiers(pack, *more):
            result = subprocess.run(command, capture_output=True, text=True)
            name = os.path.basename(command[0] if "tocsin" in command[0] else command[1])
            if result.returncode != 1:
                raise Failed(f"{name} did not refuse {words} (exit {result.returncode}):\n"
                             f"{result.stdout}{result.stderr}")
            lines = (result.stdout + result.stderr).strip().splitlines()
            reason = next((l for l in lines if l.strip() and not l.startswith(("REFUSED", "NOT VERIFIED"))), "")
            say(f"    {name} refuses: {reason.strip()[:150]}")

    def attacks(self):
        chapter("Two attacks")
        say("1. One byte of a receipt is changed (and all checksums made right again):")
        forged = self.path("forged-receipt")
        shutil.copytree(self.path("proof"), forged)
        self.run(sys.executable, os.path.join(HERE, "attack.py"), "receipt", forged, self.home)
        self.expect_refusal(forged, "a changed receipt")
        say("2. The operator, who has every key of the centre, deletes the device that had been silent,")
        say("   rewrites the journal behind it, signs all anew, and exports again:")
        forged = self.path("forged-history")
        shutil.copytree(self.path("proof"), forged)
        self.run(sys.executable, os.path.join(HERE, "attack.py"), "delete", forged, self.home,
                 "--asset", self.assets["pump-6"], "--public",
                 f"http://127.0.0.1:{self.ports['public']}")
        self.expect_refusal(forged, "a rewritten history")
        say("   The witness had cosigned the journal with that device in it, and cosigns no other. Who kept")
        say("   the head of an earlier pack sees it even without the witness:")
        self.expect_refusal(forged, "a rewritten history", "--checkpoint",
                            os.path.join(self.path("first"), "checkpoint"))

    def end(self):
        chapter("What remains")
        say("To be trusted: the CA, that each key is its device's; the witness, that it shows one history to all;")
        say("the centre's word for what was sent, and for who was not told.")
        say("Not shown yet: the fix installed, and proof of that. It is the part of the main job still missing.")
        say(f"\nAll of this took {time.time() - self.started:.0f} s.")
        if self.args.keep:
            say("\nThe centre stays up (Ctrl-C ends it):")
            for door in ("enrol", "device", "web"):
                say(f"    {door:7} https://localhost:{self.ports[door]}")
            say(f"    public  http://localhost:{self.ports['public']}")
            say(f"    export TOCSIN_HOME={self.home} PATH=$PATH:{os.path.dirname(self.tocsin)}")
            say("    tocsin status; tocsin advisory list; tocsin log show")
            try:
                signal.pause()
            except KeyboardInterrupt:
                pass
        else:
            say("\nNext, on your own advisory and device (README.md has the five-minute tour):")
            say("    ./demo PATH-TO-YOUR-CSAF-DOCUMENTS")
            say("    ./demo --keep        leaves the centre up, to look around")

    def tell(self):
        self.set_up()
        self.gather_fleet()
        self.advisory_comes_in()
        self.publish()
        self.silent_one_returns()
        self.over_the_air_gap()
        self.second_vendor()
        self.revision()
        if self.args.path:
            self.users_advisories()
        self.proof()
        self.attacks()
        self.end()


def first_product(document):
    """Vendor, product and a version below the first range of a CSAF document, or None."""

    def walk(branches, path):
        for branch in branches or []:
            here = {**path, branch.get("category", ""): branch.get("name", "")}
            if "product" in branch and "vendor" in here and "product_name" in here:
                plate = {"vendor": here["vendor"], "model": here["product_name"]}
                if re.fullmatch(r"[Vv]?[0-9]+(\.[0-9]+)*", here.get("product_version", "")):
                    plate["firmware"] = here["product_version"]
                elif "<" in here.get("product_version_range", ""):
                    plate["firmware"] = "0.1"  # below every "< X"
                return plate
            found = walk(branch.get("branches"), here)
            if found:
                return found
        return None

    return walk(document.get("product_tree", {}).get("branches"), {})


def main():
    parser = argparse.ArgumentParser(description="tocsin's main job as a story")
    parser.add_argument("--build", default=os.path.join(TOP, "build"))
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("path", nargs="?")
    args = parser.parse_args()
    story = Story(args)
    code = 0
    try:
        story.tell()
    except Failed as failure:
        print(f"\ndemo: this did not work:\n{failure}\n(logs in {story.work})", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 130
    finally:
        story.stop_all()
    if code == 0:
        shutil.rmtree(story.work, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
