#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A device behind an air gap: bundles on a stick, matching on the spot, answers by file
(docs/formats.md 6.1)."""

import base64
import json
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import traceback
from pathlib import Path

import agent_fake_centre
import fake_centre
from agent_fake_centre import AGENT, Device
from fake_centre import canonical, named, sha

VENDOR, MODEL = "Example Pumps GmbH", "P-7"


def advisory(number, versions, vendor=VENDOR, model=MODEL, status="known_affected"):
    """A small CSAF 2.0 document about one model."""
    when = "2026-01-0%dT10:00:00.000Z" % number
    product = {"category": "product_version_range", "name": versions,
               "product": {"name": f"{vendor} {model} {versions}", "product_id": "CSAFPID-1"}}
    return canonical({
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0",
            "title": f"{model} opens by itself \x1b[31m" if number == 1 else f"{model}: case {number}",
            "distribution": {"tlp": {"label": "WHITE"}},
            "publisher": {"category": "vendor", "name": vendor,
                          "namespace": "https://pumps.example"},
            "notes": [{"category": "summary", "text": "A pump opens."}],
            "references": [{"category": "self", "summary": "Advisory",
                            "url": f"https://pumps.example/{number}.json"}],
            "tracking": {"id": f"EXP-2026-00{number}", "status": "final", "version": "1",
                         "initial_release_date": when, "current_release_date": when,
                         "revision_history": [{"number": "1", "date": when,
                                               "summary": "First"}]}},
        "product_tree": {"branches": [{"category": "vendor", "name": vendor, "branches": [
            {"category": "product_name", "name": model, "branches": [product]}]}]},
        "vulnerabilities": [{
            "cve": f"CVE-2026-000{number}", "notes": [{"category": "description", "text": "x"}],
            "product_status": {status: ["CSAFPID-1"]},
            "remediations": [{"category": "vendor_fix", "details": "Install 2.3",
                              "product_ids": ["CSAFPID-1"]}]}]})


AFFECTED = advisory(1, "< 2.3")
TOO_NEW = advisory(2, "< 1.0")
SIBLING = advisory(3, "< 2.3", model="P-9000 Turbo")
STRANGER = advisory(4, "< 9", vendor="Another Maker Ltd", model="Crane X")


def device_with(centre, firmware="2.0", hook=None, extra=""):
    path = Path(tempfile.mkdtemp(dir=centre.folder)) / "nameplate.json"
    nameplate = {"vendor": VENDOR, "model": MODEL, "serial": "0815"}
    if firmware:
        nameplate["firmware"] = firmware
    path.write_text(json.dumps({"format": "tocsin-nameplate/v1", "nameplate": nameplate}))
    return Device(centre, extra=f"nameplate = {path}\n" + extra, hook=hook)


def apply(device, bundle, *more):
    return device.command("bundle", "apply", bundle, "--answer", device.folder / "answer.json",
                          *more)


def answers(centre, device):
    """The payloads of the answer file, each checked as the centre would."""
    text = json.loads((device.folder / "answer.json").read_text())
    assert text["format"] == "tocsin-answers/v1"
    found = {}
    for envelope in text["envelopes"]:
        said = json.loads(base64.b64decode(envelope["payload"]))
        centre.check(canonical(envelope), said["format"])
        found.setdefault(said["format"], []).append(said)
    assert not centre.problems, centre.problems
    return found


def applies(centre, folder):
    """verified, matched on the spot, handed to the hook, answered by file"""
    device = device_with(centre, hook='cat > /dev/null; test -f "$TOCSIN_ADVISORY_FILE" && '
                                      'echo planned', extra="hook-document = yes\n")
    for document in (AFFECTED, TOO_NEW):
        centre.publish(device.asset, document=document)
    manifest = centre.bundle(folder / "b.tar", device.asset,
                             advisories=[AFFECTED, TOO_NEW, SIBLING, STRANGER])
    done = apply(device, folder / "b.tar")
    assert done.returncode == 0, done.stderr
    print("# " + done.stdout.replace("\n", "\n# ").rstrip("# \n"))
    assert done.stdout.index("AFFECTED") < done.stdout.index("not affected")
    assert "Install 2.3" in done.stdout and "\x1b" not in done.stdout
    got = answers(centre, device)
    assert [i["nameplate"]["model"] for i in got["tocsin-inventory/v1"]] == [MODEL]
    (receipt,) = got["tocsin-receipt/v1"]
    centre.check_receipt(receipt)
    assert receipt["n"] == 2 and receipt["checkpoint"]["size"] == len(centre.entries)
    assert not centre.problems, centre.problems
    assert [o["outcome"] for o in got["tocsin-outcome/v1"]] == ["planned", "planned"]
    (answer,) = got["tocsin-answer/v1"]
    assert answer["manifest"] == named(sha(manifest)) and answer["asset"] == device.asset
    status = {r["document"]: [s["status"] for s in r["statements"]] for r in answer["results"]}
    assert status[named(sha(AFFECTED))] == ["affected"]
    assert status[named(sha(TOO_NEW))] == ["not_affected"]
    assert "affected" not in status[named(sha(SIBLING))]
    assert status[named(sha(STRANGER))] == []
    assert len(status) == 4
    told = json.loads(apply(device, folder / "b.tar", "--json").stdout)
    assert told["affected"] == 1 and told["documents"] == 4 and told["notices"] == 0
    # the same stick twice changes nothing, and nothing that was said is lost
    got = answers(centre, device)
    assert got["tocsin-receipt/v1"][0]["n"] == 2 and len(got["tocsin-outcome/v1"]) == 2
    # the next bundle begins behind the receipt: what came with it has arrived
    centre.publish(device.asset, document=AFFECTED)
    centre.bundle(folder / "c.tar", device.asset, after=2, advisories=[AFFECTED],
                  consistency_from=device.status()["checkpoint"]["size"])
    assert apply(device, folder / "c.tar").returncode == 0
    got = answers(centre, device)
    assert [o["n"] for o in got["tocsin-outcome/v1"]] == [3]
    assert got["tocsin-receipt/v1"][0]["n"] == 3
    assert device.status()["acknowledged"] == 2
    assert device.status()["checkpoint"]["size"] == len(centre.entries)


def says_unknown(centre, folder):
    """without a firmware version nobody is told "not affected": unknown, and what would decide"""
    device = device_with(centre, firmware=None)
    centre.bundle(folder / "b.tar", device.asset, advisories=[AFFECTED])
    done = apply(device, folder / "b.tar")
    assert done.returncode == 0, done.stderr
    assert "unknown" in done.stdout and "firmware" in done.stdout, done.stdout
    (answer,) = answers(centre, device)["tocsin-answer/v1"]
    (statement,) = answer["results"][0]["statements"]
    assert statement["status"] == "unknown" and "firmware" in statement["decide"]


def one_bad_advisory(centre, folder):
    """an advisory that is not readable is named and counted; the others are answered"""
    device = device_with(centre)
    bad = AFFECTED.replace(b'"csaf_version":"2.0"', b'"csaf_version":"9.9"')
    centre.bundle(folder / "b.tar", device.asset, advisories=[bad, b"{", TOO_NEW])
    done = apply(device, folder / "b.tar")
    assert done.returncode == 1 and done.stdout.count("unreadable  ") == 2, done.stdout
    (answer,) = answers(centre, device)["tocsin-answer/v1"]
    assert [r["document"] for r in answer["results"]] == [named(sha(TOO_NEW))]


def refused(device, path, word):
    before = device.status()
    (device.folder / "answer.json").unlink(missing_ok=True)
    done = apply(device, path)
    assert done.returncode in (1, 3), done.stdout
    assert word in done.stderr, (word, done.stderr)
    assert not (device.folder / "answer.json").exists(), "an answer to a bundle that was refused"
    after = device.status()
    assert (before["n"], before["trust_generation"]) == (after["n"], after["trust_generation"])


def refuses(centre, folder):
    """a bundle with a byte changed, a file more or less, another signer, another journal"""
    device = device_with(centre)
    centre.publish(device.asset, document=AFFECTED)
    good = folder / "good.tar"
    centre.bundle(good, device.asset, advisories=[AFFECTED])
    data = good.read_bytes()

    def spoiled(name, content):
        path = folder / name
        path.write_bytes(content)
        return path
    at = data.index(b"opens by itself")
    refused(device, spoiled("byte.tar", data[:at] + b"O" + data[at + 1:]), "SHA-256 differs")
    refused(device, spoiled("cut.tar", data[:-1024]), "")
    refused(device, spoiled("half.tar", data[:len(data) // 2]), "")
    refused(device, spoiled("empty.tar", b""), "")
    at = data.index(b'"signature":"') + 40
    other = b"A" if data[at:at + 1] != b"A" else b"B"
    refused(device, spoiled("signature.tar", data[:at] + other + data[at + 1:]), "manifest")

    with tarfile.open(good) as tar:
        files = [(m.name, tar.extractfile(m).read()) for m in tar]

    def rebuilt(name, changed):
        fake_centre.write_tar(folder / name, changed)
        return folder / name
    refused(device, rebuilt("more.tar", [*files, ("extra", b"x")]), "beside the manifest")
    refused(device, rebuilt("twice.tar", [*files, files[-1]]), "twice")
    refused(device, rebuilt("last.tar", [*files[1:], files[0]]), "first file")
    less = [f for f in files if not f[0].startswith("advisories/")]
    refused(device, rebuilt("less.tar", less), "missing")
    longer = [(n, d + b" ") if n.startswith("advisories/") else (n, d) for n, d in files]
    refused(device, rebuilt("longer.tar", longer), "bytes")

    kept = centre.publisher
    centre.publisher = centre.server
    centre.bundle(folder / "signer.tar", device.asset, advisories=[AFFECTED])
    centre.publisher = kept
    refused(device, folder / "signer.tar", "")
    kept = centre.origin
    centre.origin = "other.example/tocsin/0011223344556677"
    centre.bundle(folder / "origin.tar", device.asset, advisories=[AFFECTED])
    centre.origin = kept
    refused(device, folder / "origin.tar", "journal")
    (folder / "other").mkdir()
    stranger = fake_centre.Centre(folder / "other", origin=centre.origin)
    stranger.deliveries = centre.deliveries
    stranger.bundle(folder / "stranger.tar", device.asset, advisories=[AFFECTED])
    refused(device, folder / "stranger.tar", "")
    done = apply(device, good)
    assert done.returncode == 0 and device.status()["n"] == 1, done.stderr


def watches_the_journal(centre, folder):
    """a bundle that shows another history: alarm, and no receipt in the answer"""
    centre.append(6)
    device = device_with(centre)
    centre.bundle(folder / "a.tar", device.asset)
    assert apply(device, folder / "a.tar").returncode == 0
    centre.entries[2] = fake_centre.leaf(b"rewritten")
    centre.publish(device.asset)
    centre.bundle(folder / "b.tar", device.asset, consistency_from=6)
    # without the right proof the head is not taken, but nothing is said against it either
    assert apply(device, folder / "b.tar").returncode == 0
    size = device.status()["checkpoint"]["size"]
    assert size == 7
    centre.bundle(folder / "c.tar", device.asset, consistency_from=size)
    done = apply(device, folder / "c.tar")
    assert done.returncode == 1 and "ALARM" in done.stdout, done.stdout
    got = answers(centre, device)
    assert "tocsin-receipt/v1" not in got
    assert device.command("status").returncode == 1


def follows_the_root(centre, folder):
    """a roll-over of the trust root travels on the stick, too"""
    device = device_with(centre)
    centre.roll_over()
    centre.bundle(folder / "a.tar", device.asset)
    assert apply(device, folder / "a.tar").returncode == 0
    assert device.status()["trust_generation"] == 2
    centre.publisher = centre.next_publisher
    centre.publish(device.asset)
    centre.bundle(folder / "b.tar", device.asset)
    done = apply(device, folder / "b.tar")
    assert done.returncode == 0 and device.status()["n"] == 1, done.stderr


def survives_kills(centre, folder):
    """kill -9 in the middle of a bundle: applied again, it is whole"""
    device = device_with(centre, hook="cat > /dev/null; echo installed")
    for _ in range(12):
        centre.publish(device.asset, document=AFFECTED)
    centre.bundle(folder / "b.tar", device.asset, advisories=[AFFECTED, TOO_NEW])
    for i in range(8):
        process = subprocess.Popen([AGENT, "bundle", "apply", folder / "b.tar", "--answer",
                                    device.folder / "answer.json", "--home", device.home],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.02 * (i + 1))
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = apply(device, folder / "b.tar")
    assert done.returncode == 0, done.stderr
    got = answers(centre, device)
    assert got["tocsin-receipt/v1"][0]["n"] == 12
    assert {o["n"] for o in got["tocsin-outcome/v1"]} == set(range(1, 13))
    centre.check_receipt(got["tocsin-receipt/v1"][0])
    assert not centre.problems, centre.problems


SCENARIOS = [applies, says_unknown, one_bad_advisory, refuses, watches_the_journal,
             follows_the_root, survives_kills]


def main():
    if not agent_fake_centre.AGENT.exists():
        sys.exit(f"{AGENT} is not built")
    failed = 0
    base = Path(tempfile.mkdtemp(prefix="agent-bundle-"))
    for scenario in SCENARIOS:
        name = scenario.__name__
        if sys.argv[1:] and not any(w in name for w in sys.argv[1:]):
            continue
        folder = base / name
        (folder / "centre").mkdir(parents=True)
        try:
            scenario(fake_centre.Centre(folder / "centre").serve(), folder)
            print(f"ok {name}: {scenario.__doc__}", flush=True)
        except Exception as why:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {name} \u2014 {type(why).__name__}: {' '.join(str(why).split())[:1500]}",
                  flush=True)
            traceback.print_exc()
    shutil.rmtree(base, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
