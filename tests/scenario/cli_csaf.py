#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""tocsin csaf convert, view and diff as users run them: over the official examples and the real
advisories of CISA, held against the JSON schema of CSAF 2.1, a browser's policy, a Markdown reader
and a terminal."""

import base64
import decimal
import hashlib
import html.parser
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from cli_centre import SOURCE, TOCSIN

DATA = SOURCE / "../shared/data"
OASIS = DATA / "csaf-oasis"
CORPUS = SOURCE / "tests/fuzz/corpus"
FULL = [CORPUS / "csaf_view/full_2_0.json", CORPUS / "csaf_view/full_2_1.json"]
failures = 0


def test(name, needs=None):
    """Decorates a step: it passes when it does not raise; skipped where what it needs is missing."""

    def decorate(step):
        def run():
            global failures  # pylint: disable=global-statement
            missing = needs() if needs else None
            if missing:
                print(f"skipped: {name}: {missing}", flush=True)
                return
            try:
                step()
                print(f"ok {name}", flush=True)
            except Exception:  # pylint: disable=broad-except
                failures += 1
                print(f"not ok {name} — {traceback.format_exc().strip().replace(chr(10), ' | ')}",
                      flush=True)

        run()
        return run

    return decorate


def csaf(*words, code=None):
    done = subprocess.run([TOCSIN, "csaf", *map(str, words)], capture_output=True, timeout=120,
                          check=False)
    if code is not None:
        assert done.returncode == code, (words, done.returncode, done.stdout[-500:], done.stderr)
    return done


def load(text):
    return json.loads(text, parse_float=decimal.Decimal)


def no_data():
    return None if OASIS.is_dir() else "../shared/data is not there"


# ---- the JSON schema of CSAF 2.1 -----------------------------------------------------------------


def rewritten(value, base, known):
    """The schema with every reference leading into one file."""
    if isinstance(value, dict):
        out = {}
        for key, item in value.items():
            if key == "$ref" and isinstance(item, str):
                out[key] = known.get(item, base + item[1:] if item.startswith("#") else item)
            else:
                out[key] = rewritten(item, base, known)
        return out
    return [rewritten(item, base, known) for item in value] if isinstance(value, list) else value


def schema_of_2_1():
    """SSVC's and extensions' schemas are not among the data: there, anything goes."""
    first = "https://www.first.org/cvss/cvss-v"
    files = {f"{first}{v}.json": OASIS / f"csaf_2.0/referenced_schema/first/cvss-v{v}.json"
             for v in ("2.0", "3.0", "3.1")}
    files[f"{first}4.0.json"] = DATA / "cvss/tests/schemas/cvss-v4.0.json"
    known = {url: f"#/$defs/extern{at}" for at, url in enumerate(files)}
    known["https://certcc.github.io/SSVC/data/schema/v2/SelectionList_2_0_0.schema.json"] = \
        "#/$defs/any"
    known["https://docs.oasis-open.org/csaf/csaf/v2.1/schema/extension-content.json"] = "#/$defs/any"
    schema = load((OASIS / "csaf_2.1/json_schema/csaf.json").read_text())
    schema.pop("$schema")
    schema = rewritten(schema, "#", known)
    schema["$defs"]["any"] = {}
    for at, path in enumerate(files.values()):
        extern = load(path.read_text())
        for key in ("$schema", "$id", "id"):
            extern.pop(key, None)
        schema["$defs"][f"extern{at}"] = rewritten(extern, f"#/$defs/extern{at}", {})
    return schema


def convert_all(paths, validator):
    """Every document converts; what is said to be valid holds against the schema; nothing is lost
    unsaid. Gives how many there were, came out without loss or fault, and are valid."""
    clean = count = valid = 0
    for path in sorted(paths):
        try:
            source = load(path.read_text(encoding="utf-8"))
        except ValueError:
            continue
        if not isinstance(source, dict) or "document" not in source:
            continue
        if source["document"].get("csaf_version") != "2.0":
            continue
        count += 1
        done = csaf("convert", path, "--json")
        report = load(done.stdout)
        document = report["document"]
        assert done.returncode == (1 if report["losses"] or report["faults"] else 0), path
        assert document["document"]["csaf_version"] == "2.1", path
        clean += done.returncode == 0
        problems = [f"{list(e.absolute_path)}: {e.message[:200]}"
                    for e in validator.iter_errors(document)]
        assert not problems or any(f["rule"] == "schema" for f in report["findings"]), \
            (path, problems[:3])
        assert report["valid"] == (report["faults"] == 0), path
        valid += report["valid"]
        kept(source, document, report)
    return count, clean, valid


def kept(source, document, report):
    """What a reader would miss is there, or said to be lost."""
    lost = {f["rule"] for f in report["findings"] if f["kind"] == "loss"}
    told = {f["rule"] for f in report["findings"]}
    before, after = source.get("vulnerabilities", []), document.get("vulnerabilities", [])
    assert len(before) == len(after)
    if "tlp" not in source["document"].get("distribution", {}):
        assert "tlp-default" in told
    if source["document"].get("publisher", {}).get("category") == "other":
        assert "publisher-other" in told
    for old, new in zip(before, after):
        if "cwe" in old and "cwe-unknown" not in lost:
            assert new["cwes"][0]["id"] == old["cwe"]["id"] and new["cwes"][0]["version"]
        if "release_date" in old:
            assert "disclosure_date" in new
        if old.get("scores") and "score-empty" not in lost:
            assert new["metrics"]
        for status, ids in old.get("product_status", {}).items():
            assert set(ids) <= set(new["product_status"][status])
        texts = {r["details"] for r in old.get("remediations", []) if "details" in r}
        if not told & {"fix-planned", "vendor-fix-planned"}:
            assert texts == {r["details"] for r in new.get("remediations", []) if "details" in r}


def no_schema():
    if no_data():
        return no_data()
    try:
        import jsonschema  # pylint: disable=import-outside-toplevel,unused-import
    except ImportError:
        return "python3-jsonschema is not there"
    return None


@test("every official 2.0 document and every CISA advisory converts, valid against 2.1's schema",
      no_schema)
def corpus():
    import jsonschema  # pylint: disable=import-outside-toplevel

    validator = jsonschema.Draft202012Validator(schema_of_2_1())
    assert list(validator.iter_errors({})), "a schema that lets everything through"
    count, clean, valid = convert_all(OASIS.glob("csaf_2.0/**/*.json"), validator)
    print(f"measured: csaf convert, official: {count} documents, {clean} without loss or "
          f"fault, {valid} valid", flush=True)
    assert count >= 239
    count, clean, valid = convert_all((DATA / "cisa-csaf").glob("**/*.json"), validator)
    print(f"measured: csaf convert, CISA: {count} documents, {clean} without loss or fault, "
          f"{valid} valid", flush=True)
    assert count == 387 and valid >= 326


@test("a converted document is nothing new to a reader, and does not convert again", no_data)
def twice():
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        source = OASIS / "csaf_2.0/examples/csaf/bsi-2022-0001.json"
        csaf("convert", source, "--out", out, code=0)
        csaf("diff", source, out, code=0)
        again = csaf("convert", out, code=3)
        assert b"csaf.version" in again.stderr or b"2.0 can be converted" in again.stderr
        assert out.read_text().startswith('{\n  "$schema": "https://docs.oasis-open.org/csaf/csaf/v2.1')


@test("what was lost is said, with its place, on standard error; the document is on standard output")
def losses():
    done = csaf("convert", CORPUS / "csaf_convert/rules.json", code=1)
    said = done.stderr.decode()
    for words in ("loss: the additional property \"x\" was not converted (line 1 column",
                  "/document/x; additional-property", "warning: leap seconds are prohibited",
                  "warnings, 3 losses"):
        assert words in said, said
    json.loads(done.stdout)


@test("wrong usage is 2, what cannot be read is 3, with a word to it")
def refusals():
    csaf("convert", code=2)
    csaf("convert", "a", "b", code=2)
    csaf("view", FULL[0], "--format", "pdf", code=2)
    csaf("diff", FULL[0], code=2)
    for verb in ("convert", "view"):
        assert csaf(verb, "/nowhere/x.json", code=3).stderr
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write("{\"document\":")
            file.flush()
            assert b"json" in csaf(verb, file.name, code=3).stderr.lower()
    csaf("diff", FULL[0], "/nowhere/x.json", code=3)


# ---- view ----------------------------------------------------------------------------------------


class Tags(html.parser.HTMLParser):
    """What a browser makes of a text: its tags, its links, its policy."""

    def __init__(self):
        super().__init__()
        self.tags, self.links, self.policy, self.style, self.inside = [], [], "", "", None

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.inside = tag
        if tag == "a":
            self.links.append(attributes["href"])
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]

    def handle_data(self, data):
        if self.inside == "style":
            self.style += data

    def handle_endtag(self, tag):
        self.inside = None


def parsed(text):
    tags = Tags()
    tags.feed(text)
    tags.close()
    return tags


@test("the HTML is one file: a policy that allows its own style and nothing else, no script")
def one_file():
    for path in FULL:
        tags = parsed(csaf("view", path, "--format", "html", code=0).stdout.decode())
        digest = base64.b64encode(hashlib.sha256(tags.style.encode()).digest()).decode()
        assert tags.policy == (f"default-src 'none'; style-src 'sha256-{digest}'; "
                               "base-uri 'none'; form-action 'none'"), tags.policy
        names = {name for name, _ in tags.tags}
        assert not names & {"script", "img", "link", "iframe", "object", "svg", "form", "input"}
        assert all(re.match(r"(https?://|mailto:)", link) for link in tags.links)
        attributes = {a for _, given in tags.tags for a in given}
        assert attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "rel",
                              "href"}, attributes
        assert not re.search(r"url\(|@import", tags.style)


@test("all official documents of both versions are shown, in all formats", no_data)
def all_shown():
    count = 0
    for path in sorted(OASIS.glob("csaf_2.*/**/*.json")):
        text = path.read_bytes()
        if b'"document"' not in text or path.name.endswith("schema.json"):
            continue
        for form in ("text", "html", "markdown"):
            done = csaf("view", path, "--format", form)
            assert done.returncode in (0, 1, 3), (path, done)
            if done.returncode == 3:
                assert done.stderr
                continue
            count += 1
            if form == "html":
                names = {name for name, _ in parsed(done.stdout.decode()).tags}
                assert "script" not in names
    assert count > 2000, count


def replaced(value, with_text, wanted, at):
    """The document with its wanted-th string replaced; None: all of them."""
    if isinstance(value, str):
        at[0] += 1
        return with_text if wanted is None or at[0] == wanted else value
    if isinstance(value, dict):
        return {key: replaced(item, with_text, wanted, at) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, with_text, wanted, at) for item in value]
    return value


MARKDOWN = [
    "# h\n\n- x\n\n1. y\n\n```\nz\n```\n\n    code\n\n> q\n\n***\n\n---\nh\n===\n|a|b|\n|-|-|\n|c|d|",
    "[x](https://evil.example) ![x](https://evil.example/x.png) [x]: https://evil.example",
    "<b>x</b> <script>alert(1)</script> <!-- x --> &lt;b&gt; <https://evil.example>",
    "**x** __x__ *x* _x_ ~~x~~ `x` $x$ \\*x\\* x\\",
    "www.evil.example https://evil.example mailto:a@evil.example a@evil.example",
    "- [ ] x", "+ x", "* x", "1) x", "=====", "-----", "> x", "    x", "\tx", "| a |\n| - |\n| b |",
]


def rendered(document, folder):
    path = Path(folder) / "document.json"
    path.write_text(json.dumps(document))
    done = csaf("view", path, "--format", "markdown")
    assert done.returncode in (0, 1), done
    tree = subprocess.run(["cmark-gfm", "--unsafe", "-e", "table", "-e", "strikethrough", "-e",
                           "autolink", "-e", "tasklist"], input=done.stdout, capture_output=True,
                          timeout=60, check=True).stdout.decode()
    # what is told of a document that is not valid depends on what it says
    tree = re.sub(r"<blockquote>\s*<p><strong>This document is not valid\.</strong>.*?</blockquote>"
                  r"\s*<ul>.*?</ul>", "", tree, flags=re.S)
    # cmark-gfm makes links of mail addresses even where '@' is escaped: harmless, and left out
    tags = parsed(re.sub(r'<a href="mailto:[^"]*">', "", tree))
    names = [name for name, _ in tags.tags if name != "br"]
    # a text of several paragraphs is several paragraphs
    return re.sub(r"(p )(p )+", "p ", " ".join(names) + " "), tags.links


@test("no payload becomes Markdown: a reader of it sees the same tags as with a harmless word",
      lambda: None if shutil.which("cmark-gfm") else "cmark-gfm is not there")
def markdown():
    with tempfile.TemporaryDirectory() as folder:
        for path in FULL:
            full = json.loads(path.read_text())
            count = [0]
            replaced(full, "", 0, count)
            for wanted in [None, *range(1, count[0] + 1)]:
                expected, links = rendered(replaced(full, "xyz", wanted, [0]), folder)
                for payload in MARKDOWN if wanted is None else MARKDOWN[:3]:
                    found, more = rendered(replaced(full, payload, wanted, [0]), folder)
                    assert found == expected, (path.name, wanted, payload)
                    assert len(more) == len(links), (path.name, wanted, payload)


def on_terminal(words):
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.environ.pop("NO_COLOR", None)
        os.execv(TOCSIN, [str(TOCSIN), *map(str, words)])
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.waitpid(child, 0)
    os.close(terminal)
    return shown.decode()


@test("on a terminal, colours are ours and nothing of the document steers it")
def terminal():
    payload = "a\x1b[2J\x1b]0;x\x07\x9b31m\x7f\u202eb"
    with tempfile.TemporaryDirectory() as folder:
        for at, path in enumerate(FULL):
            hostile = Path(folder) / f"{at}.json"
            full = json.loads(path.read_text())
            hostile.write_text(json.dumps(replaced(full, payload, None, [0])))
            for words in (("view", hostile), ("diff", path, hostile), ("convert", hostile)):
                shown = on_terminal(("csaf", *words))
                colours = re.findall(r"\x1b\[[0-9;]*m", shown)
                assert words[0] == "convert" or colours, words
                plain = re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r\n", "\n")
                if words[0] == "convert": # the document itself is JSON, with its own escapes
                    plain = plain.replace("\x7f", "").replace("\u202e", "").replace("\x9b", "")
                bad = re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", plain)
                assert not bad, (words, bad[:5])


# ---- diff ----------------------------------------------------------------------------------------


@test("a difference is told to people and to programs")
def differences():
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / "new.json"
        document = json.loads(FULL[1].read_text())
        status = document["vulnerabilities"][0]["product_status"]
        status["known_affected"].remove("P4")
        status["fixed"].append("P4")
        changed.write_text(json.dumps(document))
        said = csaf("diff", FULL[1], changed, code=1).stdout.decode()
        assert "CVE-2026-10001" in said and "installed on Cabinet 9" in said, said
        assert "- known_affected" in said and "+ fixed" in said, said
        report = json.loads(csaf("diff", FULL[1], changed, "--json", code=1).stdout)
        assert not report["same"]
        assert report["differences"] == [{
            "kind": "changed", "what": "status", "vulnerability": "CVE-2026-10001",
            "product": "Nordlicht / Drives / DC-7 / 4.2 installed on Cabinet 9",
            "before": "known_affected", "after": "fixed"}], report
        same = json.loads(csaf("diff", FULL[1], FULL[1], "--json", code=0).stdout)
        assert same["same"] and not same["differences"]


@test("an extension that is essential is warned of where documents are compared and matched")
def essential():
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / "new.json"
        document = json.loads(FULL[1].read_text())
        schema = "https://example.org/essential.json"
        document["document"]["x_extensions"] = [{"$schema": schema, "category": "essential"}]
        changed.write_text(json.dumps(document))
        inventory = Path(folder) / "inventory.json"
        inventory.write_text(json.dumps({"format": "tocsin-inventory/v1", "components": [
            {"vendor": "Nordlicht", "name": "DC-7", "version": "4.2"}]}))
        said = csaf("diff", FULL[1], changed, code=0).stderr.decode()
        assert schema in said and "crucial" in said and str(changed) in said, said
        assert b"crucial" not in csaf("diff", FULL[0], FULL[0], code=0).stderr
        done = subprocess.run([TOCSIN, "match", "--inventory", inventory, "--advisories", changed],
                              capture_output=True)
        assert schema in done.stderr.decode(), done.stderr


sys.exit(1 if failures else 0)
