#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""Lists in both directions (row V53), eight of them: assets, products and components against
advisories, components against assets; each by command line and by pages of the API."""

import json

from centre_borders import Customer
from centre_home import Workplace, csaf, finish, needs_programs, scenario, wait, VENDOR, MODEL

LIBRARY = "pkg:generic/libpump"


def about_library(number, versions):
    """An advisory about a library, by its package URL; and about a second product."""
    document = json.loads(csaf(number, versions, vendor="Example Sources", model="libpump"))
    product = document["product_tree"]["branches"][0]["branches"][0]["branches"][0]["product"]
    product["product_identification_helper"] = {"purl": LIBRARY}
    document["product_tree"]["branches"][0]["branches"].append(
        {"category": "product_name", "name": "Pump Studio", "branches": [
            {"category": "product_version", "name": "4.1",
             "product": {"name": "Example Sources Pump Studio 4.1", "product_id": "CSAFPID-2"}}]})
    return json.dumps(document).encode()


def main():
    needs_programs()
    with Workplace("lists") as place:
        centre = place.centre().start()
        pumps = place.device(centre, "pumps")
        pumps.once()
        hosts = [place.device(centre, name) for name in ("host-1", "host-2", "host-3")]
        for host, version in zip(hosts, ("1.0", "1.0", "2.0")):
            host.nameplate.write_text(json.dumps({"format": "tocsin-nameplate/v1", "nameplate": {
                "vendor": "Example Servers", "model": "S-1", "serial": host.name},
                "components": [
                    {"name": "libpump", "version": version, "purl": f"{LIBRARY}@{version}"},
                    {"name": "Quiet Tool", "version": "7"}] +
                [{"name": f"filler {n}", "version": "1"} for n in range(250)]}))
            host.once()
        for document in (csaf(5, "< 2.3", vendor=VENDOR), csaf(6, "< 2.1", vendor=VENDOR),
                         about_library(7, "vers:generic/<1.5")):
            centre.import_advisory(document, publish=True)
        assert wait(centre.followers_at_head), centre.status()
        library = {c["version"]: c["component"]
                   for c in centre.json("component", "list", "libpump")["components"]}

        def paged(path, member):
            """The list by pages of one is the list in one page."""
            status, whole, _ = centre.call("GET", path)
            assert status == 200, whole
            found, after = [], ""
            while True:
                status, answer, _ = centre.call("GET", f"{path}?limit=1&after={after}")
                assert status == 200, answer
                found += answer["items"]
                if "next" not in answer:
                    break
                after = answer["next"].replace(" ", "%20").replace("@", "%40")
            assert [i[member] for i in found] == [i[member] for i in whole["items"]], (found, whole)
            return [i[member] for i in whole["items"]]

        def asset_to_advisories():
            """asset → advisories"""
            listed = centre.json("asset", "advisories", pumps.asset)["advisories"]
            assert [(a["id"], a["status"]) for a in listed] and \
                {a["id"]: a["status"] for a in listed} == {
                    "EXP-2026-005": "affected", "EXP-2026-006": "affected"}, listed
            assert all(a["remediation"]["state"] == "open" for a in listed), listed
            assert len(paged(f"/v1/assets/{pumps.asset}/advisories", "id")) == 2

        def product_to_advisories():
            """product → advisories, by id and by any spelling of its name"""
            listed = centre.json("product", "list", MODEL)["products"]
            assert [(p["vendor"], p["name"]) for p in listed] == [(VENDOR, MODEL)], listed
            for name in (listed[0]["product"], MODEL, f"  {MODEL.lower()} "):
                found = centre.json("product", "advisories", name)["advisories"]
                assert sorted(a["id"] for a in found) == ["EXP-2026-005", "EXP-2026-006"], found
            assert len(paged(f"/v1/products/{listed[0]['product']}/advisories", "id")) == 2
            centre.cli("product", "advisories", "no such product", code=3)
            assert len(paged("/v1/products", "product")) == 3

        def advisory_to_assets():
            """advisory → assets"""
            listed = centre.json("advisory", "assets", "EXP-2026-007")["assets"]
            assert {a["asset"]: a["status"] for a in listed} == {
                hosts[0].asset: "affected", hosts[1].asset: "affected",
                hosts[2].asset: "not_affected"}, listed

        def advisory_to_products():
            """advisory → products, as the document names them"""
            listed = centre.json("advisory", "products", "EXP-2026-007")["products"]
            assert [(p["product_id"], p["vendor"], p["name"], p["version"]) for p in listed] == [
                ("CSAFPID-1", "Example Sources", "libpump", "vers:generic/<1.5"),
                ("CSAFPID-2", "Example Sources", "Pump Studio", "4.1")], listed
            assert len(paged("/v1/advisory/EXP-2026-007/products", "product_id")) == 2

        def component_to_advisories():
            """component → advisories, with what they say of it"""
            old = centre.json("component", "advisories", library["1.0"])["advisories"]
            new = centre.json("component", "advisories", library["2.0"])["advisories"]
            said = [[(a["id"], a["statements"]) for a in found] for found in (old, new)]
            assert said == [
                [("EXP-2026-007", [{"vulnerability": "CVE-2026-0007", "status": "affected"}])],
                [("EXP-2026-007", [{"vulnerability": "CVE-2026-0007", "status": "not_affected"}])],
            ], said
            quiet = centre.json("component", "list", "quiet tool")["components"]
            assert len(quiet) == 1, quiet
            found = centre.json("component", "advisories", quiet[0]["component"])["advisories"]
            assert found == [], found

        def advisory_to_components():
            """advisory → components"""
            listed = centre.json("advisory", "components", "EXP-2026-007")["components"]
            assert {c["purl"]: c["component"] for c in listed} == {
                f"{LIBRARY}@{v}": library[v] for v in ("1.0", "2.0")}, listed
            assert len(paged("/v1/advisory/EXP-2026-007/components", "purl")) == 2
            # a device's own nameplate is no component
            assert centre.json("advisory", "components", "EXP-2026-005")["components"] == []

        def component_to_assets():
            """component → assets"""
            assert paged(f"/v1/components/{library['1.0']}/assets", "asset")
            listed = centre.json("component", "assets", library["1.0"])["assets"]
            assert {a["asset"] for a in listed} == {h.asset for h in hosts[:2]}, listed
            assert [a["label"] for a in centre.json("component", "assets",
                                                    library["2.0"])["assets"]] == ["host-3"]

        def asset_to_components():
            """asset → components, however many"""
            listed = centre.json("asset", "components", hosts[0].asset)["components"]
            assert len(listed) == 252 and library["1.0"] in {c["component"] for c in listed}
            assert centre.json("asset", "components", pumps.asset)["components"] == []
            status, page, _ = centre.call("GET", f"/v1/assets/{hosts[0].asset}/components?limit=50")
            assert status == 200 and len(page["items"]) == 50 and page["next"], page

        def follows():
            """what an asset runs now is listed, not what it ran"""
            data = json.loads(hosts[0].nameplate.read_text())
            data["components"][0].update(version="2.0", purl=f"{LIBRARY}@2.0")
            hosts[0].nameplate.write_text(json.dumps(data))
            hosts[0].once()
            assert wait(lambda: {a["asset"] for a in centre.json(
                "component", "assets", library["2.0"])["assets"]} == {hosts[0].asset,
                                                                     hosts[2].asset})

        def borders():
            """nobody learns from lists what others run, or of what is under embargo"""
            customer = Customer(place, centre, "Customer")
            centre.import_advisory(csaf(8, "< 9", vendor="Secret Works", model="Secret"))
            assert wait(centre.followers_at_head), centre.status()
            assert centre.json("product", "list", "secret")["products"]
            for path in ("/v1/components", "/v1/products?name=secret",
                         f"/v1/components/{library['1.0']}/assets",
                         f"/v1/components/{library['1.0']}/advisories",
                         "/v1/advisory/EXP-2026-007/components"):
                answer = customer.call("GET", path)
                assert answer == (200, {"items": []}), (path, answer)
            for path in (f"/v1/assets/{pumps.asset}/advisories",
                         f"/v1/assets/{hosts[1].asset}/components",
                         "/v1/advisory/EXP-2026-008/products"):
                assert customer.call("GET", path)[0] == 404, path
            assert len(customer.call("GET", "/v1/products")[1]["items"]) == 3

        for test in (asset_to_advisories, product_to_advisories, advisory_to_assets,
                     advisory_to_products, component_to_advisories, advisory_to_components,
                     component_to_assets, asset_to_components, follows, borders):
            scenario(test)
    finish()


if __name__ == "__main__":
    main()
