#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""Commands that need the consent of others, as tocsin.conf asks for: refused without it, with the
line to ask with; carried out once with it; what was consented to is one document, and not the next."""

import json
import shlex

from centre_borders import Customer, quiet
from centre_home import Workplace, csaf, finish, needs_programs, scenario, wait, VENDOR

NAME = "EXP-2026-005"


class Colleague(Customer):
    """An operator of the organisation that runs the centre, who comes in by the web door."""

    def __init__(self, place, centre, name, roles="administrator,coordinator"):
        # pylint: disable=super-init-not-called
        self.centre = centre
        body = {"name": name, "roles": roles}
        self.operator = centre.call("POST", "/v1/operators", body)[1]["operator"]
        body = {"profile": "operator", "asset": self.operator}
        token = centre.call("POST", "/v1/tokens", body)[1]["secret"]
        self.files = self.certificate(place.folder / f"operator-{self.operator}", token)

    def give(self, approval):
        return self.call("POST", "/v1/approvals/give", {"approval": approval})


def revised(document, version):
    value = json.loads(document)
    tracking = value["document"]["tracking"]
    tracking["version"] = version
    tracking["revision_history"].append(dict(tracking["revision_history"][0], number=version))
    return json.dumps(value).encode()


def main():
    needs_programs()
    with Workplace("approvals") as place:
        centre = place.centre().start()
        bert, cora = (Colleague(place, centre, name) for name in ("Bert", "Cora"))
        registrar = Colleague(place, centre, "Rita", "registrar")
        centre.stop()
        path = centre.home / "tocsin.conf"
        text = path.read_text(encoding="utf-8")
        assert "advisory-publish = 0" in text and "operator-close = 0" in text
        path.write_text(text.replace("advisory-publish = 0", "advisory-publish = 2")
                        .replace("operator-close = 0", "operator-close = 1"), encoding="utf-8")
        centre.start()
        made = {}

        def refused():
            """without consent: refused, with the line that asks for it"""
            centre.import_advisory(csaf(5, "< 2.3", vendor=VENDOR))
            quiet(centre)
            shown = centre.json("advisory", "show", NAME)
            made["revision"] = shown["revision"]
            done = centre.cli("advisory", "publish", NAME, "--revision", made["revision"], code=3)
            assert "needs the consent of 2 others" in done.stderr, done.stderr
            made["line"] = done.stderr.strip().splitlines()[-1].strip()
            assert made["line"].startswith("tocsin approval ask advisory.publish '{"), made["line"]
            # a name alone would be whatever is the newest when it is carried out
            status, answer, _ = centre.call("POST", "/v1/advisories/publish", {"advisory": NAME})
            assert status == 403 and answer["code"] == "centre.approval", answer

        def asked():
            """that line asks, and everybody can see exactly what for"""
            words = shlex.split(made["line"])
            assert words[0] == "tocsin"
            made["approval"] = centre.new(*words[1:])
            shown = centre.json("approval", "show", made["approval"])
            assert shown["type"] == "advisory.publish" and shown["needed"] == 2, shown
            assert shown["args"] == {"advisory": NAME, "revision": made["revision"]}, shown
            assert shown["state"] == "waiting" and shown["given_by"] == []
            listed = centre.cli("approval", "list").stdout
            assert made["approval"] in listed and "advisory.publish" in listed, listed
            said = centre.cli("approval", "show", made["approval"]).stdout
            assert made["revision"] in said and "waiting" in said, said

        def given():
            """one's own consent, a second one of the same, and one without the role do not count"""
            done = centre.cli("approval", "give", made["approval"], code=3)
            assert "cannot give it" in done.stderr, done.stderr
            assert bert.give(made["approval"])[0] == 200
            status, answer = bert.give(made["approval"])
            assert status == 409 and answer["code"] == "centre.approval-twice", answer
            status, answer = registrar.give(made["approval"])
            assert status == 403 and answer["code"] == "centre.role", answer
            centre.cli("advisory", "publish", NAME, "--revision", made["revision"], code=3)
            assert cora.give(made["approval"])[1] == {"given": 2, "needed": 2}
            shown = centre.json("approval", "show", made["approval"])
            assert shown["state"] == "ready", shown
            assert {row["operator"] for row in shown["given_by"]} == {bert.operator, cora.operator}

        def by_others():
            """who consented does not carry it out, and a newer document is not what was consented to"""
            body = {"advisory": NAME, "revision": made["revision"]}
            status, answer = bert.call("POST", "/v1/advisories/publish", body)
            assert status == 403 and answer["code"] == "centre.approval", answer
            centre.import_advisory(revised(csaf(5, "< 9", vendor=VENDOR), "2"))
            quiet(centre)
            done = centre.cli("advisory", "publish", NAME, "--revision", made["revision"], code=3)
            assert "is not the newest revision" in done.stderr, done.stderr
            shown = centre.json("approval", "show", made["approval"])
            assert shown["state"] == "ready", "a command that failed uses nothing up"

        def carried_out():
            """consented to anew, it is carried out, once, and the journal tells the story"""
            newer = centre.json("advisory", "show", NAME)["revision"]
            assert newer != made["revision"]
            words = json.dumps({"advisory": NAME, "revision": newer})
            approval = centre.new("approval", "ask", "advisory.publish", words)
            for who in (bert, cora):
                assert who.give(approval)[0] == 200
            centre.cli("advisory", "publish", NAME, "--revision", newer)
            assert wait(lambda: centre.json("approval", "show", approval)["state"] == "used")
            used = centre.json("approval", "show", approval)["used"]
            kinds = [act["type"] for act in centre.acts()]
            assert kinds[used] == "publication.asked", kinds[used]
            acts = centre.acts("approval.asked", "approval.given")
            mine = [act for act in acts if act["data"]["approval"] == approval]
            assert [act["actor"] for act in mine[1:]] == [bert.operator, cora.operator]
            assert len({act["data"]["command"] for act in mine}) == 1

        def ended():
            """one word ends it: a refusal is an act, and nothing can be done with it any more"""
            words = json.dumps({"operator": registrar.operator})
            approval = centre.new("approval", "ask", "operator.close", words)
            status, answer = bert.call("POST", "/v1/approvals/refuse", {"approval": approval})
            assert status == 200 and answer["approval"] == approval, answer
            status, answer = cora.give(approval)
            assert status == 409 and answer["code"] == "centre.approval-over", answer
            assert centre.json("approval", "show", approval)["state"] == "over"
            assert approval not in centre.cli("approval", "list").stdout
            assert centre.acts("approval.refused")[-1]["actor"] == bert.operator
            status, answer, _ = centre.call("POST", "/v1/operators/close",
                                            {"operator": registrar.operator})
            assert status == 403 and answer["code"] == "centre.approval", answer
            approval = centre.new("approval", "ask", "operator.close", words)
            centre.cli("approval", "refuse", approval)
            assert centre.json("approval", "show", approval)["state"] == "over"

        def automatic():
            """publishing by itself and asking for consent exclude each other: said before the start"""
            spoilt = path.read_text(encoding="utf-8").replace("automatic = no", "automatic = yes")
            other = place.folder / "spoilt.conf"
            other.write_text(spoilt, encoding="utf-8")
            done = centre.cli("config", "check", other, code=None, home=False)
            assert done.returncode != 0 and "advisory-publish must be 0" in done.stderr, done

        for test in (refused, asked, given, by_others, carried_out, ended, automatic):
            if not scenario(test):
                break
    finish()


if __name__ == "__main__":
    main()
