"""How an incident stands, what is drawn of it, and the board: one test for each rule."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from console_house import SAMPLE

from garde.estate.look import Lookup
from garde.estate.read import load
from garde.hub.board import Cut, Incident
from garde.hub.console.names import Names
from garde.hub.console.site import speaker
from garde.hub.console.views import graph, machines
from garde.hub.console.views.clocks import EVENTS, recipient_words
from garde.hub.console.views.headline import incident_headline, quiet_headline
from garde.hub.console.views.machines import Counts
from garde.hub.console.views.situation import State, approved_by, rejected_by, situation
from garde.hub.console.views.story import Story
from garde.hub.final.words import RECIPIENTS
from garde.hub.liveness import Agent
from garde.legal.clocks import events, shipped
from garde.legal.forms import forms

LOOK = Lookup(load(SAMPLE).estate)
EN, FR = Names(LOOK, speaker("en")), Names(LOOK, speaker("fr"))
INCIDENT = Incident("i1", 100.0, 99.0, "files-1", 2)


def cut(state: str = "proposed", rank: int = 1, target: str = "ws-supplier-1", **more: Any) -> Cut:
    proposal = {
        "action": "block", "target": target, "users": [], "where": ["files-1"], "rank": rank, "price": [],
        "degraded": [], "works": [], "needs": "one", "why": "", "refused": "",
    }  # fmt: skip
    given = {name: more.pop(name) for name in tuple(more) if name in proposal}
    return Cut(f"c{rank}{target}{state}", "i1", proposal | given, state, changed=200.0, **more)


def how(*cuts: Cut, last_harm: float = 150.0, incident: Incident = INCIDENT) -> Any:
    return situation(incident, cuts, Story(last_harm=last_harm))


@pytest.mark.parametrize(
    ("cuts", "last_harm", "state"),
    [
        ([], 150.0, State.SPREADING),
        ([cut()], 150.0, State.SPREADING),
        ([cut("asked"), cut(rank=2)], 150.0, State.CUTTING),
        ([cut("applied")], 150.0, State.CUTTING),
        ([cut("proven")], 201.0, State.HELD),
        ([cut("proven")], 250.0, State.SPREADING),
        ([cut("proven"), cut("asked", 2)], 250.0, State.CUTTING),
        ([cut("not_proven")], 150.0, State.TROUBLE),
        ([cut("failed")], 150.0, State.TROUBLE),
        ([cut("failed", 2), cut("asked")], 150.0, State.CUTTING),
        ([cut("failed", 2), cut("asked", target="other")], 150.0, State.TROUBLE),
        ([cut("not_proven"), cut("asked", 2)], 150.0, State.TROUBLE),
        ([cut("not_proven"), cut("proven", 2)], 150.0, State.HELD),
        ([cut("undone")], 150.0, State.SPREADING),
    ],
)
def test_how_an_incident_stands(cuts: list[Cut], last_harm: float, state: State) -> None:
    assert how(*cuts, last_harm=last_harm).state is state


def test_a_closed_incident_is_over_whatever_else() -> None:
    closed = Incident("i1", 100.0, 99.0, "files-1", 2, state="closed", closed="llemaire")
    found = how(cut("failed"), cut(rank=2), incident=closed)
    assert (found.state, found.first, found.to_decide) == (State.OVER, (), 0)


def test_only_the_narrowest_is_asked_for_and_only_while_it_spreads() -> None:
    spreading = how(cut(rank=3), cut(rank=2), cut(rank=2, target="b"), cut(rank=4))
    assert [each.proposal["rank"] for each in spreading.first] == [2, 2] and spreading.to_decide == 2
    assert [each.proposal["rank"] for each in spreading.further] == [3, 4]
    assert how(cut("proven"), cut(rank=2)).to_decide == 0
    assert how(cut("asked"), cut(rank=2)).to_decide == 0


def test_what_can_never_be_done_or_was_turned_down_is_not_offered() -> None:
    said = [{"decision": "reject", "by": "carla", "role": "operator", "at": 1.0}]
    found = how(cut(refused="never"), cut(rank=2, needs="never"), cut(rank=3, decisions=said), cut(rank=4))
    assert [each.proposal["rank"] for each in found.first] == [4]
    assert [each.proposal["rank"] for each in found.refused] == [1]
    assert [each.proposal["rank"] for each in found.past] == [3]


def test_the_last_word_of_a_person_counts() -> None:
    words = [("approve", "a"), ("approve", "b"), ("approve", "a"), ("reject", "b"), ("undo", "c"), ("approve", "b")]
    said = [{"decision": decision, "by": by, "role": "operator", "at": 1.0} for decision, by in words]
    assert approved_by(cut(decisions=said[:3])) == ("a", "b")
    assert rejected_by(cut(decisions=said[:4])) == ("b",) and approved_by(cut(decisions=said[:4])) == ("a",)
    assert approved_by(cut(decisions=said)) == ("b",)


@pytest.mark.parametrize("names", [EN, FR])
@pytest.mark.parametrize("state", State)
def test_every_headline_can_be_said(names: Names, state: State) -> None:
    hops = [{"source": "ws-supplier-1", "server": server, "first": 1.0, "files": 3} for server in ("files-1", "x")]
    for spreader, count in itertools.product(("ws-supplier-1", "10.9.9.9", ""), (1, 2)):
        spread = {"spreader": spreader, "first_server": "files-1", "hops": hops[:count], "files": 3, "suspects": []}
        incident = Incident("i1", 1.0, 1.0, "files-1", 1, spread=spread, closed="llemaire")
        found = how(cut("failed" if state is State.TROUBLE else "proven", lacking=["files-2"]), cut(rank=2))
        head = incident_headline(incident, found.__class__(state, *[getattr(found, n) for n in FIELDS]), names)
        assert head.title and head.text and "{" not in f"{head.title}{head.text}{head.next}"


FIELDS = ("first", "further", "in_force", "trouble", "refused", "past", "urgent")


@pytest.mark.parametrize(
    ("counts", "title"),
    [
        (Counts(5, 1, 0, 0, 1, 0), "Somebody is silent"),
        (Counts(5, 0, 0, 0, 1, 0), "Watching only"),
        (Counts(0, 0, 0, 3, 0, 0), "Nobody is guarding"),
        (Counts(5, 0, 1, 1, 0, 0), "All quiet"),
    ],
)
def test_the_most_serious_thing_is_said_first(counts: Counts, title: str) -> None:
    assert quiet_headline(counts, EN).title == title


# --- the drawing ------------------------------------------------------------------------------------------------------


def _edges(*pairs: tuple[str, str]) -> list[graph.Edge]:
    return [graph.Edge(source, target, float(at), 7) for at, (source, target) in enumerate(pairs)]


def test_one_spreader_stands_left_of_its_servers() -> None:
    drawn = graph.draw(_edges(("ws", "a"), ("ws", "b")))
    x = {box.id: box.x for box in drawn.boxes}
    assert x["ws"] < x["a"] == x["b"] and len(drawn.curves) == 2


def test_a_server_that_was_hit_and_spreads_stands_between() -> None:
    drawn = graph.draw(_edges(("ws", "a"), ("a", "b"), ("b", "c"), ("c", "a")))
    x = {box.id: box.x for box in drawn.boxes}
    assert x["ws"] < x["a"] < x["b"] == x["c"] and len(drawn.curves) == 4


def test_a_process_of_the_server_itself_has_a_box_and_no_curve() -> None:
    drawn = graph.draw(_edges(("", "a")))
    assert [(box.id, box.source, box.target) for box in drawn.boxes] == [("a", True, True)] and not drawn.curves


def test_many_machines_are_counted_not_drawn() -> None:
    drawn = graph.draw(_edges(*[(f"ws{n}", "a") for n in range(40)]))
    rest = next(box for box in drawn.boxes if box.stands_for > 1)
    assert len(drawn.boxes) == graph.ROOM + 1 and rest.stands_for == 40 - graph.ROOM + 1


def test_whatever_is_drawn_stays_inside_and_apart() -> None:
    draw = random.Random(7)
    names = [f"m{n}" for n in range(18)] + [""]
    for _ in range(200):
        pairs = [(draw.choice(names), draw.choice(names)) for _ in range(draw.randrange(25))]
        drawn = graph.draw(_edges(*pairs))
        for box in drawn.boxes:
            assert box.x >= 0 and box.x + box.width <= drawn.width + 0.1
            assert box.y >= 0 and box.y + box.height <= drawn.height
        for one, other in itertools.combinations(drawn.boxes, 2):
            assert abs(one.x - other.x) >= 118 or abs(one.y - other.y) >= graph.BOX_HEIGHT


# --- the board --------------------------------------------------------------------------------------------------------


def _agent(machine: str, state: str = "alive", mode: str = "enforce") -> Agent:
    return Agent(machine, state, "enforce", mode, 50.0, 0.0, {}, "")


def test_a_machine_is_found_by_any_of_its_addresses() -> None:
    rows = {row.id: row for row in machines.rows(LOOK, [], {"10.20.20.90": ["c1"]}, {"10.20.20.90"}, {"files-1"})}
    assert (rows["ws-supplier-1"].cuts, rows["ws-supplier-1"].harm, rows["files-1"].harm) == (("c1",), "spreads", "hit")
    assert "10.20.20.90" not in rows


def test_what_the_estate_does_not_know_is_shown_all_the_same() -> None:
    found = machines.rows(LOOK, [_agent("stranger", "silent")], {"10.9.9.9": ["c1"]})
    rows = {row.id: row for row in found}
    assert rows["stranger"].agent == "silent" and rows["10.9.9.9"].cuts == ("c1",)
    last = machines.groups(LOOK, found)[-1]
    assert last.id == "" and [row.id for row in last.rows] == ["stranger", "10.9.9.9"]


def test_what_needs_a_look_stands_first() -> None:
    agents = [_agent("files-1"), _agent("files-2", "silent"), _agent("files-3", mode="observe"), _agent("db-1")]
    found = machines.rows(LOOK, agents, {})
    servers = machines.groups(LOOK, found)[0]
    assert {row.id for row in servers.rows[:2]} == {"files-2", "files-3"}
    assert all(row.tone == "bad" for row in servers.rows[:2])
    counts = machines.counts(found)
    assert (counts.alive, counts.silent, counts.weaker) == (3, 1, 1) and counts.expected > 5


def test_a_machine_without_an_agent_is_folded_away_until_it_matters() -> None:
    office = next(group for group in machines.groups(LOOK, machines.rows(LOOK, [], {})) if group.id == "office")
    assert not office.rows and len(office.others) == 3
    cut_off = machines.rows(LOOK, [], {"ws-accounts-1": ["c1"]})
    office = next(group for group in machines.groups(LOOK, cut_off) if group.id == "office")
    assert [row.id for row in office.rows] == ["ws-accounts-1"]


def test_machines_are_sorted_into_their_groups_without_comparing_each_with_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def compared(*_: object) -> bool:
        raise AssertionError("two rows were compared")

    found = machines.rows(LOOK, [], {"ws-accounts-1": ["c1"]})
    monkeypatch.setattr(machines.Row, "__eq__", compared)
    assert sum(len(group.rows) + len(group.others) for group in machines.groups(LOOK, found)) == len(found)


# --- the law ----------------------------------------------------------------------------------------------------------


def test_whoever_the_law_that_comes_with_garde_names_has_words_and_so_has_what_starts_its_clocks() -> None:
    assert {each.recipient for each in (*shipped(), *forms().values())} <= set(RECIPIENTS)
    assert set(events(shipped())) <= set(EVENTS)
    assert recipient_words("vendor", FR) == "fournisseur ou partenaire"
    assert recipient_words("a word of the hospital’s", EN) == "a word of the hospital’s"
