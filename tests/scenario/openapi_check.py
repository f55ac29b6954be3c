#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""docs/openapi.yaml and the server say the same: the tables of routes in src/centre, and the answers
of a running centre. A member that is not described is as wrong as one that is missing."""

import base64
import json
import re
import shutil
import subprocess
import sys
import traceback

import yaml
from cli_centre import SOURCE, TOCSIN, Centre, Device, advisory, wait

failures = 0


def ok(name):
    print(f"ok {name}", flush=True)


def not_ok(name, why):
    global failures  # pylint: disable=global-statement
    failures += 1
    print(f"not ok {name} — {why}", flush=True)


# ---- the description against the tables of routes ------------------------------------------------


def constants(text):
    """enum { NAME = HTTP_AT(…) | NAME … } of one file, as sets of doors."""
    every = {"enrol", "device", "web", "public", "local"}
    found = {"HTTP_AT_ALL": every}
    for body in re.findall(r"enum\s*\{([^}]*HTTP_AT[^}]*)\}", text):
        for name, value in re.findall(r"(\w+)\s*=\s*([^,]+)", body):
            found[name] = {word.lower() for word in re.findall(r"HTTP_DOOR_(\w+)", value)}
    return found


def routes_of_the_source():
    routes = {}
    for path in sorted((SOURCE / "src/centre").glob("routes_*.c")):
        text = path.read_text(encoding="utf-8")
        doors = constants(text)
        for method, pattern, at, who in re.findall(
                r'\{"([A-Z]+)",\s*"([^"]+)",\s*([\w |]+),\s*ROUTE_(\w+),', text):
            where = set().union(*(doors[word.strip()] for word in at.split("|")))
            routes[method, pattern.replace("*}", "}")] = (where, who.lower())
    return routes


def routes_of_the_description(api):
    return {(method.upper(), path): (set(operation["x-doors"]), operation["x-who"])
            for path, item in api["paths"].items()
            for method, operation in item.items()}


def compare_routes(api):
    source, description = routes_of_the_source(), routes_of_the_description(api)
    if len(source) < 40:
        not_ok("the tables of routes are understood", f"only {len(source)} were found")
    for key in sorted(source.keys() | description.keys()):
        name = f"{key[0]} {key[1]} is described with its doors and callers"
        if key not in description:
            not_ok(name, "it is not in docs/openapi.yaml")
        elif key not in source:
            not_ok(name, "no table in src/centre has it")
        elif source[key] != description[key]:
            not_ok(name, f"source {source[key]}, description {description[key]}")
        else:
            ok(name)


# ---- a small JSON Schema: what the description uses of it ----------------------------------------


class Schemas:
    known = {"type", "properties", "required", "items", "enum", "const", "pattern", "minimum",
             "maximum", "$ref", "description", "format", "contentEncoding", "maxLength", "default",
             "x-open"}
    types = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}

    def __init__(self, api):
        self.api = api

    def resolve(self, node):
        while "$ref" in node:
            target = self.api
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def faults(self, value, schema, at="answer"):
        schema = self.resolve(schema)
        assert schema.keys() <= self.known, schema.keys() - self.known
        wanted = schema.get("type")
        if wanted and (not isinstance(value, self.types[wanted])
                       or (wanted == "integer" and isinstance(value, bool))):
            return [f"{at}: {value!r} is no {wanted}"]
        found = []
        if "const" in schema and value != schema["const"]:
            found.append(f"{at}: {value!r} is not {schema['const']!r}")
        if "enum" in schema and value not in schema["enum"]:
            found.append(f"{at}: {value!r} is none of {schema['enum']}")
        if "pattern" in schema and not re.search(schema["pattern"], value):
            found.append(f"{at}: {value!r} does not fit {schema['pattern']}")
        if schema.get("format") == "date-time" and not re.fullmatch(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", value):
            found.append(f"{at}: {value!r} is no time in UTC")
        if not schema.get("minimum", 0) <= (value if wanted == "integer" else 0):
            found.append(f"{at}: {value} is too small")
        if wanted == "object" and "properties" in schema:
            for name in schema.get("required", []):
                if name not in value:
                    found.append(f"{at}: {name} is missing")
            for name, member in value.items():
                if name in schema["properties"]:
                    found += self.faults(member, schema["properties"][name], f"{at}.{name}")
                else:
                    found.append(f"{at}: {name} is not described")
        if wanted == "array":
            for index, item in enumerate(value):
                found += self.faults(item, schema["items"], f"{at}[{index}]")
        return found


# ---- a running centre ----------------------------------------------------------------------------


class Live:
    def __init__(self, api, centre):
        self.api, self.centre, self.schemas = api, centre, Schemas(api)
        self.asked = set()

    def check(self, operation, answer):
        status, headers, body = answer
        response = self.schemas.resolve(
            operation["responses"].get(str(status), operation["responses"]["default"]))
        kind = headers.get("Content-Type", "").split(";")[0]
        if kind not in response["content"]:
            return [f"{status} with {kind}, {body[:200]!r}"]
        if kind.endswith("json"):
            return self.schemas.faults(json.loads(body), response["content"][kind]["schema"])
        return [] if body else ["the answer is empty"]

    def ask(self, method, path, /, want=200, body=None, door="local", identity=None, kind=None,
            what=None, **values):
        """Fills path and query from values, asks, and holds the answer to the description."""
        operation = self.api["paths"][path][method.lower()]
        target, query = path, []
        for key, value in values.items():
            if f"{{{key}}}" in path:
                target = target.replace(f"{{{key}}}", str(value))
            else:
                described = [self.schemas.resolve(p)["name"] for p in operation["parameters"]]
                assert key in described, f"{key} is no parameter of {path}"
                query.append(f"{key}={value}")
        headers = {"Content-Type": kind or "application/json"} if body is not None else {}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        answer = self.centre.request(method, target + ("?" + "&".join(query) if query else ""),
                                     body, headers, door, identity)
        what = what or f"{method} {path} answers as described ({door})"
        found = self.check(operation, answer)
        if answer[0] != want:
            found.insert(0, f"status {answer[0]}, not {want}: {answer[2][:300]!r}")
        if found:
            not_ok(what, "; ".join(found[:4]))
        else:
            ok(what)
        self.asked.add((method, path))
        return json.loads(answer[2]) if "json" in answer[1].get("Content-Type", "") else answer[2]


def people(live):
    other = live.ask("POST", "/v1/organisations", body={"name": "Other"})["organisation"]
    live.ask("GET", "/v1/organisations")
    live.ask("GET", "/v1/organisations", limit=1, what="a page has a cursor")
    added = live.ask("POST", "/v1/operators", body={"roles": "coordinator,registrar",
                                                   "name": "R. Ops", "organisation": other})
    live.ask("GET", "/v1/operators")
    live.ask("POST", "/v1/operators/close", body={"operator": added["operator"]})
    contact = live.ask("POST", "/v1/contacts", body={
        "name": "Duty", "mail": "duty@example.org", "webhook": "https://desk.example/in",
        "webhook_secret": "MDEyMzQ1Njc4OWFiY2RlZg=="})["contact"]
    live.ask("GET", "/v1/contacts")
    live.ask("POST", "/v1/organisations/escalation", body={"contact": contact})
    live.ask("GET", "/v1/organisations", what="organisations with an escalation contact")
    asked = live.ask("POST", "/v1/approvals",
                     body={"type": "operator.close", "args": {"operator": added["operator"]}})
    live.ask("GET", "/v1/approvals")
    live.ask("POST", "/v1/approvals/give", 403, body={"approval": asked["approval"]},
             what="one's own request is not for oneself to approve")
    live.ask("GET", "/v1/approvals/{approval}", approval=asked["approval"])
    live.ask("POST", "/v1/approvals/refuse", body={"approval": asked["approval"]})
    live.ask("POST", "/v1/aliases", body={"kind": "vendor", "from": "EP", "to": "Example Pumps",
                                         "reason": "short form"})
    live.ask("GET", "/v1/aliases")
    return contact


def assets(live, contact):
    one = live.ask("POST", "/v1/assets", body={"label": "by hand", "owner": contact})["asset"]
    live.ask("POST", "/v1/assets/describe",
             body={"asset": one, "location": "hall 2", "criticality": "high"})
    live.ask("GET", "/v1/assets", criticality="high", condition="never",
             what="assets with a place")
    live.ask("POST", "/v1/assets/owner", body={"asset": one, "owner": ""})
    live.ask("POST", "/v1/assets/import", kind="text/csv",
             body="asset,vendor,model,firmware\r\nold pump,Example Pumps,P-7,1.0\r\n,,,\r\n")
    live.ask("POST", "/v1/assets/remove", body={"asset": one, "reason": "never there"})
    live.ask("GET", "/v1/assets")
    live.ask("GET", "/v1/assets/{asset}", asset=one)
    live.ask("GET", "/v1/assets/{asset}", 404, asset="ast_" + "0" * 26,
             what="what is not there is a problem")


def advisories(live, device):
    taken = live.ask("POST", "/v1/advisories/import", body=advisory())
    live.ask("POST", "/v1/advisories/import", 422, body='{"document":{}}',
             what="a bad document is a problem with its place")
    assert wait(lambda: b'"matched"' in live.centre.request("GET", "/v1/advisory/PUMP-2026-001")[2])
    live.ask("GET", "/v1/advisories")
    live.ask("GET", "/v1/advisory/{name}/preview", name="PUMP-2026-001")
    live.ask("GET", "/v1/advisory/{name}/preview", name="PUMP-2026-001", confidence="strong",
             what="a preview at a threshold")
    live.ask("POST", "/v1/advisories/publish", body={"advisory": taken["advisory"]})
    live.ask("POST", "/v1/advisories/publish", 409, body={"advisory": taken["advisory"]},
             what="a version is published once")
    assert wait(lambda: b'"signed"' in live.centre.request("GET", "/v1/advisory/PUMP-2026-001")[2])
    device.once()
    live.ask("GET", "/v1/advisory/{name}", name="PUMP-2026-001")
    live.ask("GET", "/v1/advisory/{name}/delivery", name="PUMP-2026-001")
    live.ask("POST", "/v1/advisories/resend", body={"advisory": "PUMP-2026-001"})
    live.ask("POST", "/v1/remediation", body={
        "advisory": "PUMP-2026-001", "state": "in_progress", "reason": "on Sunday",
        "assets": [device.asset, "ast_" + "0" * 26]})
    live.ask("GET", "/v1/advisory/{name}/remediation", name="PUMP-2026-001", state="in_progress")
    lists(live, device)
    live.ask("POST", "/v1/advisories/match", body={"advisory": "PUMP-2026-001"})
    live.ask("POST", "/v1/assets/match", body={"asset": device.asset})
    live.ask("GET", "/v1/exposure", about="CVE-2026-10001")
    live.ask("GET", "/v1/exposure", about="CVE-1999-0001")
    live.ask("GET", "/v1/exposure", want=404, about="NO-SUCH")
    live.ask("GET", "/v1/assets/{asset}/why", asset=device.asset, advisory="PUMP-2026-001")
    live.ask("GET", "/v1/assets/{asset}/history", asset=device.asset)
    live.ask("GET", "/v1/assets/{asset}", asset=device.asset, what="an asset with an inventory")


def lists(live, device):
    name = "PUMP-2026-001"
    product = live.ask("GET", "/v1/products", name="P")["items"][0]["product"]
    live.ask("GET", "/v1/products/{product}/advisories", product=product)
    live.ask("GET", "/v1/advisory/{name}/products", name=name)
    live.ask("GET", "/v1/assets/{asset}/advisories", asset=device.asset)
    component = live.ask("GET", "/v1/components", name="libpump")["items"][0]["component"]
    live.ask("GET", "/v1/components/{component}/assets", component=component)
    live.ask("GET", "/v1/components/{component}/advisories", component=component)
    live.ask("GET", "/v1/assets/{asset}/components", asset=device.asset)
    live.ask("GET", "/v1/advisory/{name}/components", name=name)


def certificates(live, device):
    live.ask("POST", "/v1/tokens", body={"asset": device.asset, "hours": 1})
    listed = live.ask("GET", "/v1/certificates", subject=device.asset,
                      organisation=live.centre.made["organisation"])
    live.ask("POST", "/v1/certificates/revoke", body={
        "certificate": listed["items"][0]["certificate"], "reason": "superseded"})
    live.ask("GET", "/v1/certificates")


def custody(live, device):
    case, identity = live.centre.folder / "case", live.centre.folder / "examiner"
    who = ("--identity", identity, "--place", "lab", "--reason", "incident")
    for words in (("identity", identity, "--name", "A. Meyer", "--role", "DEFR", "--competence",
                   "GCFA, 2024-05-01", "--organisation", "Example"),
                  ("case", "new", case, "--person-in-charge", "B. Huber", "--contact", "+49 1",
                   "--authority", "policy 4", *who),
                  ("exhibit", "add", case, "--description", "a disk", "--source-type", "static",
                   "--condition", "good", *who)):
        subprocess.run([TOCSIN, "evidence", *words], check=True, capture_output=True)
    log = case / "exhibits/EX-1/custody"
    told = live.ask("POST", "/v1/custody", body={"records": [
        {name: base64.b64encode((log / file).read_bytes()).decode()
         for name, file in (("record", "00001.json"), ("signature", "00001.p7s"))}]})
    live.ask("POST", "/v1/custody/link",
             body={"custody": told["custody"], "kind": "asset", "target": device.asset})
    live.ask("GET", "/v1/custody", about=f"asset:{device.asset}")
    live.ask("GET", "/v1/custody/{custody}", custody=told["custody"])
    live.ask("GET", "/v1/assets/{asset}", asset=device.asset, what="an asset with evidence")


def proof(live):
    live.ask("GET", "/v1/log")
    live.ask("GET", "/v1/log", limit=2, **{"from": 1}, what="acts by pages")
    live.ask("GET", "/v1/log/acts/{act}/proof", act=0)
    live.ask("GET", "/v1/proofs/{name}", name="PUMP-2026-001")
    live.ask("GET", "/v1/proofs/{name}", name="PUMP-2026-001",
             organisation=live.centre.made["organisation"], what="a pack for one customer")
    live.ask("POST", "/v1/bundles", body={})
    live.ask("POST", "/v1/answers", body={"format": "tocsin-answers/v1", "envelopes": []})
    live.ask("GET", "/v1/status")
    live.ask("GET", "/metrics")
    live.ask("POST", "/v1/unlock", body={
        "passphrase": (live.centre.home / "signer/passphrase").read_text(encoding="utf-8").strip()})
    live.ask("POST", "/v1/backup", body={"path": str(live.centre.home / "spool/copy.db")})


def public(live):
    for door in ("public", "local", "web"):
        live.ask("GET", "/log/checkpoint", door=door)
    checkpoint = live.centre.request("GET", "/log/checkpoint", door="public")[2].split(b"\n")
    size = int(checkpoint[1])
    live.ask("GET", "/log/tile/{path}", path="0/000.p/1", door="public")
    live.ask("GET", "/log/tile/{path}", path=f"entries/000.p/{min(size, 255)}", door="public",
             what="entries are as described")
    live.ask("GET", "/log/consistency", door="public", to=size, **{"from": 1})
    authority = authority_of(live)
    live.ask("GET", "/pki/{file}", file=f"{authority}.crl", door="public")
    live.ask("GET", "/pki/{file}", file=f"{authority}.cer", door="public",
             what="an authority's certificate is as described")
    for door in ("enrol", "public"):
        live.ask("GET", "/v1/trust", door=door)
        live.ask("GET", "/.well-known/est/cacerts", door=door)
        live.ask("GET", "/.well-known/est/csrattrs", door=door)


def authority_of(live):
    acts = json.loads(live.centre.request("GET", "/v1/log?limit=1000")[2])["items"]
    return next(a["act"]["data"]["authority"] for a in acts if a["act"]["type"] == "crl.issued")


def device_door(live, device):
    identity = (device.home / "identity.pem",)
    live.ask("GET", "/v1/notices", door="device", identity=identity, after=0)
    notices = json.loads(live.centre.request("GET", "/v1/notices", door="device",
                                             identity=identity)[2])
    notice = json.loads(base64.b64decode(notices["notices"][0]["notice"]))
    live.ask("GET", "/v1/advisories/{document}", document=notice["advisory"]["document"],
             door="device", identity=identity)
    live.ask("GET", "/v1/trust", door="device", identity=identity)
    for method, path in (("PUT", "/v1/inventory"), ("POST", "/v1/receipts"),
                         ("POST", "/v1/outcomes")):
        live.ask(method, path, 422, body={}, door="device", identity=identity,
                 what=f"{method} {path} refuses what is no envelope")


def elsewhere(live):
    """An operation is answered at its doors, and is nothing at others."""
    wrong = []
    for path, item in live.api["paths"].items():
        for method, operation in item.items():
            if "public" in operation["x-doors"]:
                continue
            target = re.sub(r"\{\w+\}", "x", path)
            status, _, _ = live.centre.request(method.upper(), target, door="public",
                                               body=b"" if method != "get" else None)
            if status != 404:
                wrong.append(f"{method} {path}: {status}")
    if wrong:
        not_ok("the public door answers nothing that is not public", "; ".join(wrong))
    else:
        ok("the public door answers nothing that is not public")


# What only a device's own signature can answer with 200, or what never ends: seen by the scenarios
# of the agent, against the same description by eye.
NOT_HERE = {("GET", "/v1/stream"), ("POST", "/.well-known/est/simpleenroll"),
            ("POST", "/.well-known/est/simplereenroll")}


def main():
    with open(SOURCE / "docs/openapi.yaml", encoding="utf-8") as file:
        api = yaml.safe_load(file)
    compare_routes(api)
    centre = Centre()
    try:
        centre.start()
        live = Live(api, centre)
        contact = people(live)
        device = Device(centre, "pump", {"vendor": "Example Pumps", "model": "P-7",
                                         "firmware": "2.0", "serial": "1"}, owner=contact,
                        components=[{"name": "libpump", "version": "1.0"}])
        device.once()
        assets(live, contact)
        advisories(live, device)
        custody(live, device)
        device_door(live, device)
        certificates(live, device)
        wait(lambda: centre.json("status")["journal"]["signed"] == centre.json("status")["journal"]["size"])
        proof(live)
        public(live)
        elsewhere(live)
        live.ask("POST", "/v1/contacts/erase", body={"contact": contact})
        left = {key for key in routes_of_the_description(api)} - live.asked - NOT_HERE
        if left:
            not_ok("every operation was asked", str(sorted(left)))
        else:
            ok("every operation was asked")
    except Exception:  # pylint: disable=broad-except
        not_ok("the story was told to its end", traceback.format_exc().replace("\n", " | "))
    finally:
        centre.stop()
        if failures == 0:
            shutil.rmtree(centre.folder)
        else:
            print(f"# left: {centre.folder}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
