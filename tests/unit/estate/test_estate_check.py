"""Each rule of an estate: the small hospital has no fault, and one change makes exactly one, on its line."""

from __future__ import annotations

import pytest
from estate_samples import GOOD, read

from garde.estate import check

# name of the case, what stands in GOOD, what takes its place, what is said ("warning: " in front of a warning)
CASES = [
    # ids and references
    ("id twice", "{id: spare, name: Spare,", "{id: files, name: Spare,", "the id files stands a second time"),
    ("machine and service share", "{id: web,", "{id: db,", "the id db stands a second time"),
    ("person twice", "{id: cid,", "{id: bob,", "the id bob stands a second time"),
    ("rule twice", "{id: late,", "{id: rest,", "the id rest stands a second time"),
    (
        "gateway twice",
        "gateways:\n",
        "gateways:\n  - {machine: gw, outside: [wan1]}\n",
        "the gateway gw stands a second",
    ),
    ("no such site", "site: main}\n  - {id: office", "site: mian}\n  - {id: office", "'mian' — did you mean main?"),
    ("no such segment", "segment: office", "segment: lab", "no segment has the id 'lab'"),
    ("no such owner", "owner: ann", "owner: zoe", "no person has the id 'zoe'"),
    ("no such switch", "switch: sw2, port: p2", "switch: sw9, port: p2", "no machine has the id 'sw9' — did you mean"),
    ("no such need", "needs: [db]", "needs: [dbx]", "no machine has the id 'dbx'"),
    ("no such machine", "machines: [files]", "machines: [flies]", "did you mean files?"),
    ("no such service", "needs: [index]", "needs: [db]", "no service has the id 'db'"),
    (
        "no such thing used",
        "uses: [documents, spare]",
        "uses: [documents, nix]",
        "no service or machine has the id 'nix'",
    ),
    ("no such ward", "wards: [icu]", "wards: [ico]", "no ward has the id 'ico'"),
    ("nobody on call", "people: [ann, bob]", "people: [ann, rob]", "no person has the id 'rob'"),
    ("no such gateway", "{machine: gw,", "{machine: gww,", "no machine has the id 'gww'"),
    (
        "role unknown",
        "role: other",
        "role: others",
        "'others' is not known as the role of a machine — did you mean other?",
    ),
    ("person's role unknown", "roles: [on_call_it]", "roles: [on_call]", "is not known as the role of a person"),
    ("cut unknown", "actions: [outside]", "actions: [outsider]", "'outsider' is not known as a cut"),
    ("need unknown", "needs: two", "needs: three", "'three' is not known as who must say yes: one of automatic"),
    ("named twice", "people: [ann, bob]", "people: [ann, ann]", "warning: 'ann' stands twice in this list"),
    # the network
    ("no address", "10.0.1.20]", "10.0.1.256]", "'10.0.1.256' is no address"),
    ("loopback", "[10.0.0.13]", "[127.0.0.1]", "127.0.0.1 can be no machine's own address"),
    ("broadcast", "[10.0.0.13]", "[10.0.0.255]", "10.0.0.255 can be no machine's own address"),
    ("no network", "[10.0.1.0/24]", "[10.0.1.0/33]", "'10.0.1.0/33' is no network"),
    (
        "host bits",
        "[10.0.1.0/24]",
        "[10.0.1.5/24]",
        "10.0.1.5/24 has bits set beyond its prefix: the network is 10.0.1.0/24",
    ),
    ("address twice", "[10.0.0.13]", "[10.0.0.12]", "10.0.0.12 is the address of files already"),
    ("address twice, spelt otherwise", "[10.0.0.13]", "['::ffff:10.0.0.12']", "is the address of files already"),
    ("mac", "'02:00:00:00:00:10'", "'02:00:00:00:00'", "'02:00:00:00:00' is no MAC address"),
    ("mac twice", "owner: ann", "owner: ann, mac: 02-00-00-00-00-10", "is the MAC address of db already"),
    ("outside its segment", "10.0.1.20]", "10.0.2.20]", "10.0.2.20 does not lie in the segment office (10.0.1.0/24)"),
    ("segments overlap", "[10.0.1.0/24]", "[10.0.0.0/16]", "warning: 10.0.0.0/16 overlaps 10.0.0.0/24 of servers"),
    (
        "port without switch",
        "agent: yes}\n  - {id: spare",
        "agent: yes, port: p4}\n  - {id: spare",
        "the port p4 stands here without its switch",
    ),
    ("switch without port", "[10.0.0.13]}", "[10.0.0.13], switch: sw}", "the switch sw stands here without a port"),
    ("no switch", "switch: sw2, port: p2", "switch: app, port: p2", "app is a server, no switch"),
    ("port twice", "switch: sw2, port: p2", "switch: sw2, port: p1", "the port p1 of sw2 carries app already"),
    ("snmp", "snmp: '10.0.0.4:161'", "snmp: '10.0.0.4'", "'10.0.0.4' is no SNMP agent"),
    ("snmp by name", "snmp: '10.0.0.4:161'", "snmp: 'sw2.local:161'", "'sw2.local:161' is no SNMP agent"),
    ("snmp of a server", "[10.0.0.13]}", "[10.0.0.13], snmp: '10.0.0.13:161'}", "spare is no switch"),
    ("switch without snmp", ", snmp: '10.0.0.4:161'", "", "warning: the switch sw2 has no `snmp`"),
    ("no hub", "role: hub,", "role: other,", "no machine has the role hub"),
    ("hub without address", "addresses: [10.0.0.2]", "addresses: []", "the hub hub has no address"),
    ("no gateway's role", "role: gateway", "role: other", "warning: gw is a other, its role is not gateway"),
    ("gateway without agent", "10.0.1.1], agent: yes", "10.0.1.1]", "warning: the gateway gw carries no agent"),
    ("no outside", "outside: [wan0], allow", "outside: [], allow", "the gateway gw names no interface that leads out"),
    ("no interface", "outside: [wan0], allow", "outside: ['wan 0'], allow", "'wan 0' is no interface"),
    (
        "gateway unnamed",
        "role: other, addresses: [10.0.1.30]",
        "role: gateway, addresses: [10.0.1.30]",
        "warning: pump is a gateway without a line",
    ),
    ("flow by name", "203.0.113.2]", "sip.example]", "'sip.example' is no flow"),
    ("machine's flow by name", "[10.0.1.30]}", "[10.0.1.30], flows: [ws.example]}", "'ws.example' is no flow"),
    ("no such layer", "[10.0.1.30]}", "[10.0.1.30], layer: cores}", "'cores' is not known as a place in the order"),
    ("no such head", "clinical: no}", "clinical: no, heads: [rob]}", "no person has the id 'rob'"),
    ("tried nowhere", "clinical: no}", "clinical: no, tried_from: [wss]}", "no machine has the id 'wss'"),
    ("flow to no port", "203.0.113.2]", "'203.0.113.2:99999/tcp']", "is no flow"),
    (
        "never unknown",
        "{what: pump,",
        "{what: pumps,",
        "'pumps' is no machine, address or network — did you mean pump?",
    ),
    ("never everything", "{what: pump,", "{what: 0.0.0.0/0,", "0.0.0.0/0 is everything: nothing could ever be cut"),
    ("server without address", "addresses: [10.0.0.13]", "addresses: []", "warning: spare has no address"),
    # care
    (
        "machines in a circle",
        "[10.0.0.10, 'fd00::10'], segment",
        "[10.0.0.10, 'fd00::10'], needs: [app], segment",
        "these machines need each other in a circle: db → app → db",
    ),
    ("a machine needs itself", "needs: [db]", "needs: [app]", "in a circle: app → app"),
    (
        "services in a circle",
        "machines: [files], wards",
        "machines: [files], needs: [documents], wards",
        "these services need each other in a circle: documents → documents",
    ),
    ("no order", "[10.0.0.10, 'fd00::10'], segment", "[10.0.0.10, 'fd00::10'], needs: [files], segment", ""),
    (
        "hangs on nothing",
        "machines: [gw], clinical",
        "clinical",
        "warning: the service web has no machines and needs no service",
    ),
    ("used and needed", "uses: [documents, spare]", "uses: [documents, index]", "warning: index is needed"),
    ("a language lacks", "name: {en: Web, fr: Web}", "name: {en: Web}", "warning: web has no name in fr"),
    (
        "a language too many",
        "name: {en: Web, fr: Web}",
        "name: {en: Web, fr: Web, nl: Web}",
        "warning: name in nl, which is none of",
    ),
    ("no language", "language: fr", "language: french", "'french' is no language"),
    (
        "nothing instead",
        ", instead: {en: Folder, fr: Classeur}",
        "",
        "warning: documents does not say what the wards do",
    ),
    # people
    ("login twice", "mail: bob@home.example", "mail: bob@home.example, logins: [AA]", "AA belongs to ann already"),
    ("no mail", "mail: bob@home.example", "mail: bob.home.example", "is no mail address"),
    ("no telephone", "phones: [+32 1], ", "", "warning: ann is on call and has no telephone"),
    ("nobody in the line", "people: [ann, bob]", "people: []", "this line of the rota names nobody"),
    ("no hours", "hours: Mon-Fri 08:00-18:00}", "hours: weekdays}", "'weekdays' is no day"),
    ("a gap", "Sat,Sun;", "Sat;", "warning: nobody is on call as on_call_it: Sun 00:00 to Sun 24:00"),
    ("no cut", "actions: [outside]", "actions: []", "the rule outside names no cut"),
    ("severity", "severity: 2", "severity: 4", "the severity of an incident is 1, 2 or 3"),
    ("no seconds", ", after_s: 300", "", "the rule late is `unanswered`: after how many seconds"),
    (
        "needless seconds",
        "needs: two,",
        "needs: two, after_s: 5,",
        "`after_s` counts only where a rule is `unanswered`",
    ),
    (
        "never fires",
        "  - {id: outside,",
        "  - {id: again, actions: [kick], needs: two, care: none}\n  - {id: outside,",
        "the rule again can never fire: client, rest is before it",
    ),
    (
        "two, one has the role",
        "[it_director, crisis_coordinator]}\n  - {id: late",
        "[it_director]}\n  - {id: late",
        "warning: the rule outside needs two with one of the roles it_director; 1 of the people has one",
    ),
]
ALSO = {  # what a change brings along
    "id twice": "no service or machine has the id 'spare'",
    "no such gateway": "warning: gw is a gateway without a line",
    "nobody in the line": "warning: nobody is on call",
    "no hours": "warning: nobody is on call",
    "no cut": "warning: no rule fits every case of outside",
    "cut unknown": "warning: no rule fits every case of outside",
    "need unknown": "warning: no rule fits every case of outside",
}


def line_of_change(text: str) -> int:
    """The line on which the changed text begins to differ."""
    pairs = zip(text.splitlines(), GOOD.splitlines(), strict=False)
    return next(number for number, (new, old) in enumerate(pairs, 1) if new != old)


def test_the_good_hospital_has_no_fault() -> None:
    assert read(GOOD).problems == ()


@pytest.mark.parametrize(("name", "old", "new", "said"), CASES, ids=[case[0] for case in CASES])
def test_one_change_makes_one_fault(name: str, old: str, new: str, said: str) -> None:
    assert GOOD.count(old) >= 1
    problems = [
        f"{'warning: ' if each.warning else ''}{each.text}" for each in read(GOOD.replace(old, new, 1)).problems
    ]
    if not said:
        assert problems == []
        return
    assert [text for text in problems if said in text and text.startswith("warning: ") == said.startswith("warning: ")]
    rest = [text for text in problems if said not in text]
    assert all(ALSO.get(name) and text.startswith(ALSO[name]) for text in rest), rest


# Said where it hurts, not where it was changed: a hub that is nowhere, a person on call without a telephone.
ELSEWHERE = {"no hub", "a gap", "gateway twice", "no gateway's role", "gateway without agent", "no telephone"}


@pytest.mark.parametrize(("name", "old", "new", "said"), CASES, ids=[case[0] for case in CASES])
def test_the_fault_stands_on_its_line(name: str, old: str, new: str, said: str) -> None:
    if not said or name in ELSEWHERE:
        return
    text = GOOD.replace(old, new, 1)
    found = [each for each in read(text).problems if said.removeprefix("warning: ") in each.text]
    assert str(line_of_change(text)) in {str(each.place.line) for each in found}
    assert all(each.place.file == "h.yaml" for each in found)


def test_everything_wrong_is_said_at_once_in_the_order_of_the_file() -> None:
    text = GOOD.replace("role: other", "role: huh").replace("10.0.1.20]", "x]").replace("beds: 8", "beds: many")
    problems = read(text).problems
    assert len(problems) == 3
    lines = [each.place.line for each in problems]
    assert lines == sorted(lines)


def test_a_circle_over_services_and_machines_together_is_a_warning() -> None:
    text = GOOD.replace("needs: [db],", "", 1).replace(
        "[10.0.0.10, 'fd00::10'],", "[10.0.0.10, 'fd00::10'], needs: [app],"
    )
    (problem,) = read(text).problems
    assert problem.warning
    assert "cannot be started one after the other" in problem.text
    assert "db → app → db" in problem.text


def test_a_switch_hangs_on_itself_in_the_end() -> None:
    text = GOOD.replace("addresses: [10.0.0.3],", "addresses: [10.0.0.3], switch: sw2, port: p7,")
    said = {each.text for each in read(text).problems}
    assert said == {"sw hangs on itself", "sw2 hangs on itself"}


def test_an_unanswered_rule_stands_beside_the_others_but_not_beside_never() -> None:
    never = "  - {id: no, actions: [isolate, outside], needs: never}\n"
    problems = read(GOOD.replace("authority:\n", f"authority:\n{never}")).problems
    assert {each.text for each in problems} == {
        "the rule outside can never fire: no is before it",
        "the rule late can never fire: no is before it",
    }


def test_a_rule_that_is_left_some_case_can_fire() -> None:
    wider = (
        "  - {id: a, actions: [outside], needs: one, severity: 2}\n"
        "  - {id: b, actions: [outside], needs: one, care: none}\n"
    )
    assert read(GOOD.replace("  - {id: outside,", f"{wider}  - {{id: outside,")).problems == ()


def test_a_cut_without_a_rule_is_said() -> None:
    (problem,) = read(GOOD.replace(", isolate, port], needs: one", ", isolate], needs: one")).problems
    assert problem.warning
    assert problem.text == "no rule fits every case of port: where none fits, one person decides"


def test_an_estate_without_agents_sees_nothing() -> None:
    problems = read(GOOD.replace(", agent: yes", "")).problems
    assert any("no server carries an agent" in each.text for each in problems)


def test_every_rule_is_called() -> None:
    """A rule that is written and not listed would never speak."""
    for module in (check, check.rules_network, check.rules_care, check.rules_people):
        written = {
            each
            for name, each in vars(module).items()
            if callable(each)
            and getattr(each, "__module__", "") == module.__name__
            and not name.startswith("_")
            and list(each.__annotations__) == ["look", "places", "return"]
        }
        assert written <= set(check.RULES)
    assert len(check.RULES) == len(set(check.RULES)) > 25
