#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
"""Every command of tocsin against a running centre: what people read, what programs read, and how
it ends."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
import traceback

from cli_centre import SOURCE, TOCSIN, Centre, Device, advisory, wait

failures = 0


def test(name):
    """Decorates a step: it passes when it does not raise."""

    def decorate(step):
        def run(*arguments):
            global failures  # pylint: disable=global-statement
            try:
                step(*arguments)
                print(f"ok {name}", flush=True)
            except Exception:  # pylint: disable=broad-except
                failures += 1
                print(f"not ok {name} — {traceback.format_exc().strip().replace(chr(10), ' | ')}",
                      flush=True)

        return run

    return decorate


def run(*words, code=0, **more):
    done = subprocess.run([TOCSIN, *map(str, words)], capture_output=True, text=True, timeout=120,
                          check=False, **more)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def on_terminal(words, typed=()):
    """Runs a command on a terminal of its own, types lines as it asks; (exit code, what it showed)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.environ.pop("NO_COLOR", None)
        os.execv(TOCSIN, ["tocsin", *map(str, words)])
    shown, typed, until = b"", list(typed), time.monotonic() + 30
    while time.monotonic() < until:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        if typed and shown.rstrip(b" ").endswith(b":"):
            time.sleep(0.1)
            os.write(terminal, typed.pop(0).encode() + b"\n")
            shown += b"\n"
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode()


# ---- without a centre ----------------------------------------------------------------------------


@test("help, version and suggestions")
def words():
    assert run("--version").stdout.startswith("tocsin ")
    groups = run("help").stdout
    for group in ("init", "asset", "advisory", "proof", "log", "match"):
        assert f"\n  {group} " in groups, group
        assert group in run("help", group).stdout
    for hidden in ("signer", "courier"):
        assert f"\n  {hidden} " not in groups
    assert "Examples:" in run("help", "advisory", "import").stdout
    assert "Examples:" in run("advisory", "import", "--help").stdout
    assert run(code=2).stderr.startswith("tocsin:")
    manual = (SOURCE / "docs/man/tocsin.1").read_text(encoding="utf-8")
    assert manual == run("help", "--manual").stdout, "docs/man/tocsin.1 is old: tocsin help --manual"
    assert "did you mean tocsin advisory?" in run("advisroy", code=2).stderr
    assert "did you mean tocsin asset list?" in run("asset", "lsit", code=2).stderr
    assert "did you mean --json?" in run("asset", "list", "--jsno", code=2).stderr


@test("no centre: exit 3 and what to do")
def nobody():
    said = run("status", "--home", "/nonexistent", code=3).stderr
    assert "tocsin: status: cannot connect" in said and "tocsin serve" in said


# ---- with a centre -------------------------------------------------------------------------------


@test("init overwrites nothing, and refuses settings that are none")
def init_again(centre):
    said = centre.tocsin("init", "--name", "X", code=3).stderr
    assert "a home already" in said and "tocsin serve" in said, said
    bad = centre.folder / "bad"
    said = run("init", "--home", bad, "--name", "X", "--set", "mail.port=seven", code=1).stderr
    assert "line" in said and "port" in said, said
    assert not (bad / "trust").exists()
    said = run("init", "--home", bad, "--name", "X", "--set", "mail.prot=7", code=2).stderr
    assert "no key mail.prot" in said, said


@test("organisations, operators, contacts, aliases, approvals")
def people(centre):
    organisation = centre.tocsin("organisation", "add", "Acme", "--quiet").stdout.strip()
    assert organisation in centre.tocsin("organisation", "list").stdout
    assert {"Acme", "Example CERT"} == {o["name"] for o in
                                        centre.json("organisation", "list")["organisations"]}
    operator = centre.tocsin("operator", "add", "--roles", "auditor", "-q").stdout.strip()
    listed = {o["operator"]: o for o in centre.json("operator", "list")["operators"]}
    assert listed[operator]["roles"] == "auditor"
    centre.tocsin("operator", "close", operator)
    assert "closed already" in centre.tocsin("operator", "close", operator, code=3).stderr
    assert "king" in centre.tocsin("operator", "add", "--roles", "king", code=2).stderr
    secret = centre.folder / "secret"
    secret.write_text("0123456789abcdef\n", encoding="utf-8")
    contact = centre.tocsin("contact", "add", "Duty", "--mail", "duty@example.org", "--quiet",
                            "--organisation", organisation).stdout.strip()
    centre.tocsin("contact", "change", contact, "--name", "Duty desk", "--organisation",
                  organisation)
    (one,) = centre.json("contact", "list", "--organisation", organisation)["contacts"]
    assert (one["name"], one["mail"]) == ("Duty desk", "duty@example.org"), one
    centre.tocsin("contact", "change", contact, "--webhook", "https://desk.example/in",
                  "--webhook-secret-file", secret, "--organisation", organisation)
    said = centre.tocsin("contact", "change", contact, "--name", "X", "--organisation",
                         organisation, code=2).stderr
    assert "webhook" in said and "--webhook-secret-file" in said
    centre.tocsin("contact", "change", contact, "--webhook", "", "--name", "Duty", "--organisation",
                  organisation)
    (one,) = centre.json("contact", "list", "--organisation", organisation)["contacts"]
    assert one["name"] == "Duty" and not one.get("webhook"), one
    assert "no mail address" in centre.tocsin("contact", "add", "X", "--mail", "nobody",
                                              code=2).stderr
    centre.tocsin("contact", "erase", contact)
    (one,) = centre.json("contact", "list", "--organisation", organisation)["contacts"]
    assert "name" not in one and one["erased"]
    centre.tocsin("alias", "add", "vendor", "EP", "Example Pumps", "--reason", "short form")
    assert "short form" in centre.tocsin("alias", "list").stdout
    assert "--reason is missing" in centre.tocsin("alias", "add", "vendor", "a", "b", code=2).stderr
    asked = centre.json("approval", "ask", "operator.close", json.dumps({"operator": operator}))
    assert asked["approval"] in centre.tocsin("approval", "list").stdout
    centre.tocsin("approval", "give", asked["approval"], code=3)


@test("assets: registered, imported by table with bad lines, listed over pages, shown, removed")
def assets(centre):
    table = centre.folder / "plant.csv"
    rows = ["asset,vendor,model,firmware"]
    rows += [f"old {n},Example Pumps,P-{n % 7},1.{n % 5}" for n in range(1500)]
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert "1500 assets imported, 0 refused" in centre.tocsin("asset", "import", table).stdout
    listed = centre.json("asset", "list")["assets"]
    assert len([a for a in listed if a.get("label", "").startswith("old ")]) == 1500
    assert len(centre.json("asset", "list", "--limit", "7")["assets"]) == 7
    assert len(centre.tocsin("asset", "list", "--limit", "1203").stdout.splitlines()) == 1204
    table.write_text("asset,vendor,model\nfine,Example Pumps,P-9\n,Example Pumps,P-9\n",
                     encoding="utf-8")
    done = centre.tocsin("asset", "import", table, code=1)
    assert "1 asset imported, 1 refused" in done.stdout and "line 3" in done.stderr, done
    asset = centre.tocsin("asset", "register", "by hand", "--way", "offline", "-q").stdout.strip()
    assert "by hand" in centre.tocsin("asset", "show", asset).stdout
    assert centre.json("asset", "show", asset)["way"] == "offline"
    assert "--reason" in centre.tocsin("asset", "remove", asset, code=2).stderr
    centre.tocsin("asset", "remove", asset, "--reason", "never there")
    assert centre.json("asset", "show", asset)["state"] == "removed"
    assert centre.tocsin("asset", "show", "ast_" + "0" * 26, code=3).stderr.startswith(
        "tocsin: asset show: ")


@test("a bad advisory among good ones: refused with its place; the others go in; exit 1")
def batch(centre):
    folder = centre.folder / "advisories"
    (folder / "deep").mkdir(parents=True)
    (folder / "one.json").write_text(advisory(1), encoding="utf-8")
    (folder / "deep/two.json").write_text(advisory(2), encoding="utf-8")
    (folder / "broken.json").write_text(advisory(3).replace('"P1"\n', '"P2"\n', 1),
                                        encoding="utf-8")
    (folder / "cut.json").write_text(advisory(4)[:500], encoding="utf-8")
    (folder / "feed.json").write_text('{"feed":{"id":"x","entry":[]}}', encoding="utf-8")
    (folder / "one.json.sha256").write_text("no advisory", encoding="utf-8")
    done = centre.tocsin("advisory", "import", folder, code=1)
    assert "2 accepted, 0 known already, 2 refused, 1 passed over" in done.stdout, done
    assert "broken.json" in done.stderr and "/product" in done.stderr, done.stderr
    assert "cut.json" in done.stderr and "line" in done.stderr and "RFC 8259" in done.stderr
    again = centre.json("advisory", "import", folder, code=1)
    assert (again["accepted"], again["repeated"], again["refused"]) == (0, 2, 2), again
    refused = [d for d in again["documents"] if d["state"] == "refused"]
    assert all(d["code"] and d["where"] for d in refused), refused
    piped = subprocess.run([TOCSIN, "advisory", "import", "-", "--home", centre.home],
                           input=advisory(5), capture_output=True, text=True, check=False)
    assert piped.returncode == 0 and "PUMP-2026-005" in piped.stdout
    assert "nothing.json" in centre.tocsin("advisory", "import", folder / "nothing.json",
                                           code=3).stderr
    assert "PUMP-2026-002" in centre.tocsin("advisory", "list").stdout
    assert "no *.json" in centre.tocsin("advisory", "import", centre.home / "run", code=3).stderr


@test("preview, publish, delivery, why, exposure")
def main_job(centre, device):
    preview = centre.tocsin("advisory", "preview", "PUMP-2026-001", "--why").stdout
    assert device.asset in preview and "identity." in preview and "affected" in preview
    as_json = centre.json("advisory", "preview", "PUMP-2026-001")
    assert any(a["asset"] == device.asset for a in as_json["assets"]) and as_json["counts"]
    assert "signed" in centre.tocsin("advisory", "publish", "PUMP-2026-001").stdout
    assert "published already" in centre.tocsin("advisory", "publish", "PUMP-2026-001",
                                                code=3).stderr
    assert "undelivered" in centre.tocsin("advisory", "delivery", "PUMP-2026-001").stdout
    device.once()
    rows = centre.json("advisory", "delivery", "PUMP-2026-001")
    mine = [r for r in rows["recipients"] if r["asset"] == device.asset]
    assert [r["state"] for r in mine] == ["acknowledged"], mine
    counts = rows["counts"]
    assert counts["meant"] == len(rows["recipients"]) == sum(
        counts[name] for name in ("acknowledged", "silent", "left_fixed", "removed"))
    only = centre.json("advisory", "delivery", "PUMP-2026-001", "--state", "acknowledged")
    assert len(only["recipients"]) == counts["acknowledged"]
    why = centre.tocsin("why", device.asset, "PUMP-2026-001").stdout
    for part in ("the advisory says", "the inventory says", "acknowledged", "Install the next"):
        assert part in why, (part, why)
    assert centre.json("why", device.asset, "PUMP-2026-001")["status"] == "affected"
    assert device.asset in centre.tocsin("exposure", "CVE-2026-10001", code=1).stdout
    assert device.asset in centre.tocsin("exposure", "cve-2026-10001", code=1).stdout
    said = centre.tocsin("exposure", "CVE-1999-0001", code=3).stderr
    assert "no advisory here names CVE-1999-0001" in said and "not known" in said, said
    answer = json.loads(centre.tocsin("exposure", "CVE-1999-0001", "--json", code=3).stdout)
    assert answer == {"about": "CVE-1999-0001", "kind": "vulnerability", "advisories": []}, answer
    said = centre.tocsin("exposure", "NO-SUCH-2026", code=3).stderr
    assert "there is no advisory NO-SUCH-2026" in said, said
    assert "PUMP-2026-001" in centre.tocsin("asset", "show", device.asset).stdout
    assert "Publications" in centre.tocsin("advisory", "show", "PUMP-2026-001").stdout


@test("every list fits the terminal, says what it left out, and ends with what to type next")
def at_night(centre, device):
    def many(number, vulnerabilities):
        value = json.loads(advisory(number))
        first = value["vulnerabilities"][0]
        value["vulnerabilities"] = [{**first, "cve": cve} for cve in vulnerabilities]
        (centre.folder / "many.json").write_text(json.dumps(value))
        centre.tocsin("advisory", "import", centre.folder / "many.json")

    many(8, [f"CVE-2026-2000{n}" for n in range(6)])
    said = centre.tocsin("advisory", "preview", "PUMP-2026-008").stdout
    assert "affected: 1 asset in 1 class, to be told" in said, said
    assert "CVE-2026-20000, CVE-2026-20001, CVE-2026-20002" in said, said
    assert said.count("confidence") == 1 and "tocsin advisory publish PUMP-2026-008" in said, said
    counts = centre.json("advisory", "preview", "PUMP-2026-008")["counts"]
    assert [(c["status"], c["told"]) for c in counts] == [("affected", True)], counts
    said = centre.tocsin("advisory", "show", "PUMP-2026-008").stdout
    assert "nobody was told" in said and "tocsin advisory preview PUMP-2026-008" in said, said
    said = centre.tocsin("exposure", "PUMP-2026-008", code=1).stdout
    assert "Nobody was told:   tocsin advisory publish PUMP-2026-008" in said, said
    said = centre.tocsin("advisory", "show", "PUMP-2026-001").stdout
    assert "tocsin advisory delivery PUMP-2026-001" in said, said
    said = centre.tocsin("asset", "show", device.asset).stdout
    assert f"tocsin why {device.asset} ADVISORY" in said, said
    for words_ in (("advisory", "list"), ("asset", "list"), ("advisory", "show", "PUMP-2026-001"),
                   ("why", device.asset, "PUMP-2026-001"), ("exposure", "PUMP-2026-008"),
                   ("advisory", "delivery", "PUMP-2026-001")):
        _, shown = on_terminal([*words_, "--home", centre.home])
        wide = [line for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
                if len(line.rstrip()) > 100]
        assert shown and not wide, (words_, wide)
    _, shown = on_terminal(["asset", "list", "--home", centre.home])
    assert "are left out: the terminal is narrow" in shown and "ORGANISATION" in shown, shown
    assert "ORGANISATION" in centre.tocsin("asset", "list").stdout.splitlines()[0]
    listed = centre.tocsin("advisory", "list").stdout.splitlines()[1:]
    assert listed == sorted(listed) and len(listed) > 2, listed


@test("a pack is exported and verified; a changed one is not")
def proof(centre):
    pack, anchor = centre.folder / "x.tar", centre.home / "trust/root.pem"
    assert wait(lambda: centre.tocsin("proof", "PUMP-2026-001", "-o", pack,
                                      code=None).returncode == 0)
    assert "VERIFIED" in run("proof", "verify", pack, "--root", anchor).stdout
    head = centre.folder / "head"
    run("log", "verify", "--home", centre.home, "--keep", head)
    kept = centre.folder / "kept.tar"
    centre.tocsin("proof", "export", "PUMP-2026-001", "-o", kept, "--checkpoint", head)
    assert "VERIFIED" in run("proof", "verify", kept, "--root", anchor, "--checkpoint", head).stdout
    spoilt = bytearray(pack.read_bytes())
    at = spoilt.index(b'"acknowledged"')
    spoilt[at + 1] ^= 1
    pack.write_bytes(spoilt)
    assert "VERIFIED" not in run("proof", "verify", pack, "--root", anchor, code=1).stdout
    said = centre.tocsin("proof", "NO-SUCH", "-o", centre.folder / "no.tar", code=3).stderr
    assert "no advisory NO-SUCH" in said, said
    assert not (centre.folder / "no.tar").exists()
    assert not list(centre.folder.glob("*.part"))


@test("a bundle goes out, is applied off-line, and its answer comes back")
def bundle(centre):
    away = Device(centre, "away", {"vendor": "Example Pumps", "model": "P-7", "firmware": "1.0"},
                  way="offline")
    done = subprocess.run([TOCSIN, "bundle", "export", "--asset", away.asset, "-o",
                           centre.folder / "b.tar", "--home", centre.home], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = centre.folder / "answer.json"
    done = run("bundle", "apply", centre.folder / "b.tar", "--agent-home", away.home, "--answer",
               answer)
    assert "PUMP-2026-001" in done.stdout
    assert "0 refused" in centre.tocsin("bundle", "answer", answer).stdout
    broken = json.loads(answer.read_text(encoding="utf-8"))
    broken["envelopes"][0]["signature"] = "AAAA"
    answer.write_text(json.dumps(broken), encoding="utf-8")
    assert "1 refused" in centre.tocsin("bundle", "answer", answer, code=1).stdout


@test("certificates are listed and revoked by asset")
def certificates(centre, device):
    listed = centre.json("cert", "list", "--subject", device.asset)["certificates"]
    assert [c["status"] for c in listed] == ["active"]
    assert "no reason" in centre.tocsin("cert", "revoke", device.asset, "--reason", "dislike",
                                        code=2).stderr
    centre.tocsin("cert", "revoke", device.asset, "--reason", "cessationOfOperation")
    listed = centre.json("cert", "list", "--subject", device.asset)["certificates"]
    assert [c["status"] for c in listed] == ["revoked"]
    assert "no active" in centre.tocsin("cert", "revoke", device.asset, code=3).stderr


@test("the journal: shown, proven, verified over both doors, continued, and not another one")
def journal(centre):
    lines = centre.tocsin("log", "show").stdout.splitlines()
    assert "log.opened" in lines[0]
    first = json.loads(centre.tocsin("log", "show", "--json", "--limit", "1").stdout)
    assert first["act"]["type"] == "log.opened"
    assert len(centre.tocsin("log", "show", "--from", "3", "--limit", "2").stdout.splitlines()) == 2
    note = centre.tocsin("log", "prove", "0").stdout
    assert note.startswith("c2sp.org/tlog-proof@v1")
    key, head = centre.home / "trust/journal.vkey", centre.folder / "kept-head"
    url = f"http://127.0.0.1:{centre.ports['public']}"
    run("log", "verify", "--url", url, "--key", key, "--keep", head)
    centre.tocsin("organisation", "add", "One more")
    grown = json.loads(run("log", "verify", "--home", centre.home, "--json").stdout)["size"]
    assert wait(lambda: json.loads(run("log", "verify", "--home", centre.home, "--json").stdout)[
        "size"] > int(head.read_text(encoding="utf-8").splitlines()[1])), grown
    said = run("log", "verify", "--url", url, "--key", key, "--checkpoint", head).stdout
    assert "It continues the head" in said
    assert "--key is needed" in run("log", "verify", "--url", url, code=2).stderr
    other = Centre()
    try:
        foreign = other.home / "trust/journal.vkey"
        said = run("log", "verify", "--url", url, "--key", foreign, code=1).stderr
        assert "checkpoint" in said or "sign" in said, said
    finally:
        shutil.rmtree(other.folder)


@test("from elsewhere over mutual TLS; the local door's own commands are not there")
def remote(centre):
    operators = centre.home / "operators"
    there = ["--url", f"https://localhost:{centre.ports['web']}", "--cert", operators / "admin.pem",
             "--key", operators / "admin.key", "--ca", centre.home / "trust/root.pem"]
    assert json.loads(run("status", *there, "--json").stdout)["journal"]["size"] > 0
    run("unlock", "--passphrase-file", centre.home / "signer/passphrase", *there, code=3)
    assert "--cert is needed" in run("status", *there[:2], code=2).stderr
    assert "https://" in run("status", "--url", "http://localhost", code=2).stderr


@test("an operator enrols with a token and acts from elsewhere, within the roles; once a token")
def operator_enrols(centre):
    operator = centre.tocsin("operator", "add", "--roles", "auditor", "-q").stdout.strip()
    token, me = centre.folder / "operator.token", centre.folder / "me"
    token.write_text(centre.tocsin("token", "create", "--operator", operator, "-q").stdout,
                     encoding="utf-8")
    asked = ["operator", "enrol", "--centre", f"https://localhost:{centre.ports['enrol']}",
             "--token-file", token, "--ca", centre.home / "trust/root.pem", "-o"]
    assert operator in run(*asked, me).stdout
    assert (centre.folder / "me.key").stat().st_mode & 0o777 == 0o600
    assert "there already" in run(*asked, me, code=3).stderr
    assert "token was refused" in run(*asked, centre.folder / "again", code=3).stderr
    there = ["--url", f"https://localhost:{centre.ports['web']}", "--cert", f"{me}.pem", "--key",
             f"{me}.key", "--ca", centre.home / "trust/root.pem"]
    assert "Journal" in run("status", *there).stdout
    said = run("organisation", "add", "X", *there, code=3).stderr
    assert "administrator" in said, said
    centre.tocsin("cert", "revoke", operator)
    said = run("status", *there, code=3).stderr
    assert "not known here" in said or "closed" in said or "alert" in said, said


@test("a reader that has enough is no error")
def enough(centre):
    piped = subprocess.run(f"'{TOCSIN}' log show --home '{centre.home}' | head -n 1", shell=True,
                           capture_output=True, text=True, check=False, executable="/bin/bash")
    assert "log.opened" in piped.stdout and not piped.stderr, piped


@test("the passphrase is asked for without an echo")
def unlock(centre):
    passphrase = (centre.home / "signer/passphrase").read_text(encoding="utf-8").strip()
    code, shown = on_terminal(["unlock", "--home", centre.home], [passphrase])
    assert code == 0 and passphrase not in shown and "Passphrase" in shown, shown
    code, _ = on_terminal(["unlock", "--home", centre.home], ["wrong"])
    assert code != 0


@test("colour on a terminal alone")
def colour(centre):
    plain = centre.tocsin("asset", "list").stdout
    assert "\033" not in plain
    _, shown = on_terminal(["asset", "list", "--home", centre.home])
    assert "\033[" in shown


@test("a backup is a database of one moment; nothing is overwritten")
def backup(centre):
    copy = centre.folder / "copy.db"
    centre.tocsin("backup", copy)
    assert copy.read_bytes()[:15] == b"SQLite format 3"
    assert "there already" in centre.tocsin("backup", copy, code=3).stderr
    assert not list((centre.home / "spool").iterdir())


@test("all advisories of the corpus: each accepted or refused with its reason")
def corpus(centre):
    folder = SOURCE.parent / "shared/data/cisa-csaf/csaf_files"
    if not folder.is_dir():
        print("skipped: no ../shared/data")
        return
    done = centre.tocsin("advisory", "import", folder, "--json", code=None)
    told = json.loads(done.stdout)
    assert len(told["documents"]) == len(list(folder.rglob("*.json")))
    assert told["accepted"] + told["repeated"] + told["refused"] == 387, \
        {k: v for k, v in told.items() if k != "documents"}
    assert told["passed_over"] == 2
    for document in told["documents"]:
        if document["state"] == "refused":
            assert document["where"] and document["code"] and document["text"], document


@test("a centre that does not run: its database is verified, act by act")
def stopped(centre):
    told = json.loads(run("log", "verify", "--home", centre.home, "--json").stdout)
    assert told["verified"] and told["checkpoints"] > 0 and told["size"] > 20


@test("a backup is put back; one that is older is refused, and taken only as what it is")
def restore(centre):
    copy = centre.folder / "copy.db"
    said = centre.tocsin("restore", copy, code=3).stderr
    assert "--accept-loss" in said, said
    told = centre.json("restore", copy, "--accept-loss")
    assert told["loss"] and told["lost_until"] > told["acts"], told
    assert told["origin"] != told["previous_origin"] and os.path.exists(told["replaced"])
    centre.start()
    assert wait(lambda: centre.json("status")["journal"]["signed"] > told["acts"])
    assert centre.json("status")["journal"]["origin"] == told["origin"]


@test("a home named from where one stands is made, served and read like any other")
def relative_home(centre):
    where = centre.folder / "stand"
    where.mkdir()
    run("init", "--home", "here", "--name", "Here", "--set=door-public.listen=127.0.0.1:0",
        "--set=door-enrol.listen=127.0.0.1:0", "--set=door-device.listen=127.0.0.1:0",
        "--set=door-web.listen=127.0.0.1:0", cwd=where)
    with open(where / "log", "w", encoding="utf-8") as log:
        server = subprocess.Popen([TOCSIN, "serve", "--home", "here"], cwd=where, stdout=log,
                                  stderr=log)
    try:
        assert wait(lambda: subprocess.run([TOCSIN, "status", "--home", "here"], cwd=where,
                                           capture_output=True, check=False).returncode == 0), \
            (where / "log").read_text()
    finally:
        server.terminate()
        server.wait(30)
    assert "verified" in run("log", "verify", "--home", "here", cwd=where).stdout
    assert (where / "here/data/tocsin.db").exists() and not (where / "here/here").exists()


def main():
    words()
    nobody()
    centre = Centre()
    try:
        init_again(centre)
        relative_home(centre)
        centre.start()
        device = Device(centre, "pump", {"vendor": "Example Pumps", "model": "P-7",
                                         "firmware": "2.0", "serial": "1"})
        device.once()
        people(centre)
        assets(centre)
        batch(centre)
        main_job(centre, device)
        at_night(centre, device)
        proof(centre)
        bundle(centre)
        certificates(centre, device)
        journal(centre)
        remote(centre)
        enough(centre)
        operator_enrols(centre)
        unlock(centre)
        colour(centre)
        backup(centre)
        corpus(centre)
        centre.stop()
        stopped(centre)
        restore(centre)
    finally:
        centre.stop()
        if failures == 0:
            shutil.rmtree(centre.folder)
        else:
            print(f"# left: {centre.folder}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
