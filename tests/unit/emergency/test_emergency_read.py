"""Plans as files: the two that come with Garde, and every fault with its line."""

from __future__ import annotations

import pytest
from emergency_house import ESTATE, PLAN
from hypothesis import given
from hypothesis import strategies as st

from garde.emergency.canonical import digest_of, from_json, to_json
from garde.emergency.read import DEFAULT, PLANS, load, read, read_bytes
from garde.errors import SettingsError
from garde.estate.look import Lookup
from garde.estate.read import SAMPLE
from garde.estate.read import load as load_estate

BASE = """\
id: x
name: X
leader: lead
phases:
  - id: one
    name: One
    calls: [c]
  - id: two
    name: Two
roles:
  - id: lead
    name: Lead
    held_by: [general_director]
    card: k
cards:
  - id: k
    title: K
    steps: {en: "a\\nb", fr: "a\\nb"}
calls:
  - id: c
    name: C
    roles: [lead]
    text: Come.
triggers:
  - id: t
    phase: two
    name: T
    task: meet
tasks:
  - id: meet
    title: Meet
    owner: lead
    phase: one
paths:
  - id: emergency
    name: ED
    tell: ["112", neighbours]
recipients:
  - id: "112"
    name: 112
messages:
  - id: m
    state: diverted
    text: "[hospital]: no [path]"
stand_down:
  - id: q
    text: Quiet
    check: quiet
decides:
  - act: divert
    roles: [general_director, operator]
"""


def faults(text: str, look: Lookup | None = None) -> list[str]:
    return [str(each) for each in read_bytes(text.encode(), "p.yaml", look).problems]


def test_the_plans_that_come_with_garde_are_whole_and_fit_the_sample() -> None:
    look = Lookup(load_estate(SAMPLE).estate)
    assert {"belgium", "hics"} <= set(PLANS) and DEFAULT in PLANS
    for name, path in PLANS.items():
        found = read(path, look)
        assert found.problems == () and found.plan is not None and found.plan.id == name


def test_the_belgian_plan_says_what_is_confirmed_and_what_is_not() -> None:
    plan = load(PLANS["belgium"])
    due = {each.id: each.due_s for each in plan.tasks}
    assert (due["alert-staff"], due["crisis-team"], due["hours-96"]) == (900, 1800, 96 * 3600)
    assert "federal inspector" in plan.verify["en"] and "inspecteur fédéral" in plan.verify["fr"]
    assert all(each.verify for each in plan.phases)  # their names are not confirmed
    assert {"112", "inspector"} <= {each.id for each in plan.recipients}
    for words in [*(each.name for each in plan.phases), *(each.title for each in plan.tasks)]:
        assert set(words) == {"en", "fr"}


def test_the_base_is_sound() -> None:
    assert faults(BASE) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("    calls: [c]", "    calls: [d]", "p.yaml:7: one: there is no d in calls"),
        ("    card: k", "    card: z", "p.yaml:14: lead: there is no z in cards"),
        ("    owner: lead", "    owner: who", "p.yaml:32: meet: there is no who in roles"),
        ("    phase: two", "    phase: one", "p.yaml:25: the trigger t runs in a circle"),
        ("    task: meet", "    needs: one", "p.yaml:25: the trigger t can never fit"),
        ("  - id: two", "  - id: one", "p.yaml:8: one stands a second time in phases"),
        ('fr: "a\\nb"', 'fr: "a"', "p.yaml:18: k: a language has more steps"),
        ("    text: Come.", '    text: "a\\nb\\nc"', "p.yaml:23: c: a call has two lines at most"),
        ("[path]", "[patient]", "p.yaml:44: [patient] cannot be filled in"),
        ("state: diverted", "state: shut", "p.yaml:43: shut is none of open, limited, diverted"),
        ("act: divert", "act: burn", "p.yaml:50: burn is none of"),
        ("held_by: [general_director]", "held_by: [king]", "p.yaml:13: king is none of"),
        ("check: quiet", "check: luck", "p.yaml:48: luck is none of"),
        ("    held_by: [general_director]", "    verify: yes", "p.yaml:11: nobody can hold the role lead"),
        ("leader: lead", "leader: boss", "p.yaml:3: there is no boss in roles"),
        ("name: X", "nam: X", "p.yaml:2: no field named `'nam'` — did you mean name?"),
        ("    name: One", "    name: One\n    due: now", "p.yaml:7: no field named `'due'`"),
        ("phases:", "phases: 3\nother:", "a list is wanted here"),
    ],
)
def test_every_fault_is_said_with_its_line(old: str, new: str, fault: str) -> None:
    assert old in BASE
    assert any(fault in each for each in faults(BASE.replace(old, new, 1))), faults(BASE.replace(old, new, 1))


def test_with_an_estate_at_hand() -> None:
    look = Lookup(ESTATE)
    text = BASE.replace("held_by: [general_director]", "held_by: [pharmacy_head]\n    people: [nobody]")
    said = faults(text.replace("    task: meet", "    services: [mri]"), look)
    assert any("there is no person nobody in the estate" in each for each in said)
    assert any("warning: nobody of the estate holds the role lead" in each for each in said)
    assert any("there is no service mri in the estate" in each for each in said)


@pytest.mark.parametrize("text", ["", "[]", "id", "a: b: c", "id: x\n---\nid: y", "\t"])
def test_what_is_no_plan_is_said(text: str) -> None:
    assert faults(text)


@given(st.binary(max_size=300))
def test_anything_may_come(raw: bytes) -> None:
    read_bytes(raw, "p.yaml")


def test_a_plan_is_the_same_after_its_bytes() -> None:
    assert from_json(to_json(PLAN)) == PLAN and len(digest_of(PLAN)) == 64
    with pytest.raises(ValueError, match="no plan"):
        from_json(b"{")


def test_a_file_that_cannot_be_used_is_refused(tmp_path: object) -> None:
    from pathlib import Path

    assert isinstance(tmp_path, Path)
    bad = tmp_path / "p.yaml"
    bad.write_text(BASE.replace("leader: lead", "leader: boss"))
    with pytest.raises(SettingsError, match=r"p\.yaml:3: there is no boss"):
        load(bad)
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "none.yaml")
