"""The score: harm and times from the witness, names from Garde, and the truth beside it under the same keys."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from garde.journal import hub_kinds as k
from garde.journal import plan_kinds as p
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.lab.hospital.plan import Plan
from garde.lab.night import score as scoring
from garde.lab.night.draw import draw
from garde.lab.night.score import Score, Truth
from garde.lab.night.told import Told
from garde.lab.night.witness import Seen

PLAN = Plan("x", 3, Path("/nonexistent"))
SCRIPT = draw(1, PLAN)
# As the issue names them; nothing may be missing from either.
KEYS = {
    "kind", "until", "seed", "refused_everywhere_s", "untouched_refused_s", "touched", "lost", "spreader",
    "first_server", "recurrence_joined", "proven",
}  # fmt: skip


def told(*payloads: Payload) -> Told:
    made = Told()
    for seq, payload in enumerate(payloads, 1):
        kind = next(name for name, cls in k.HUB_KINDS.items() if cls is type(payload))
        made.add(Entry(seq, 1000.0 + seq, "hub", kind, payload, "", ""))
    return made


def spread(spreader: str, first: str) -> k.SpreadFound:
    return k.SpreadFound("i1", spreader, first, 1.0, (), (), (), 3)


def joined(incident: str, *, recurrence: bool) -> k.HarmJoined:
    return k.HarmJoined(incident, "s", "v", "198.18.3.71", (Text("u"),), "same account", recurrence)


def block(cut: str, target: str, address: str) -> k.CutProposed:
    return k.CutProposed(
        cut, "i1", "block", target, (address,), (), ("files-wards",), 1, (), (), (), "undo", "automatic", "why"
    )


def seen(machine: str, at: float | None, others: tuple[str, ...] = ("t",), files: int = 2) -> Seen:
    touched = {"s": tuple(f"{number}" for number in range(files))}
    return Seen(machine, ("s",), 1.0, touched, {"s": at, **dict.fromkeys(others, at)}, others)


def whole(first: Seen, second: Seen, said: Told, lost: int = 0) -> Score:
    return scoring.score("cut", SCRIPT, PLAN, seen=[first, second], lost=lost, early=said, told=said)


def test_score_and_truth_carry_the_keys_that_others_read() -> None:
    one, two = seen(SCRIPT.bursts[0].machine, 0.5), seen(SCRIPT.bursts[1].machine, 0.4)
    score = msgspec.to_builtins(whole(one, two, told()))
    truth = msgspec.to_builtins(scoring.truth("cut", SCRIPT, seen=[one, two], first=["s"], lost=0, uploaded=0))
    assert set(score) == KEYS and score["kind"] == "score"
    assert set(truth) >= KEYS and truth["kind"] == "truth"


def test_the_plans_keys_come_last_and_only_where_it_was_played() -> None:
    one, two = seen(SCRIPT.bursts[0].machine, 0.5), seen(SCRIPT.bursts[1].machine, 0.4)
    found = scoring.Calling(1.5, None, 80.0, True, {"radiology": "works"})
    score = scoring.score("plan", SCRIPT, PLAN, seen=[one, two], lost=0, early=told(), told=told(), calling=found)
    truth = scoring.truth("plan", SCRIPT, seen=[one, two], first=["s"], lost=0, uploaded=0, calling=found)
    added = msgspec.to_builtins(found)
    for each in (msgspec.to_builtins(score), json.loads(msgspec.json.encode(truth))):
        assert list(each)[-len(added) :] == list(added)
        assert {name: each[name] for name in added} == added
    assert set(msgspec.to_builtins(whole(one, two, told()))).isdisjoint(added)


def test_papers_keys_come_after_the_plans() -> None:
    one, two = seen(SCRIPT.bursts[0].machine, 0.5), seen(SCRIPT.bursts[1].machine, 0.4)
    plan = scoring.Calling(1.5, None, 80.0, True, {})
    papers = scoring.Papers(0, 6.1, 640, 96, 96, True, 2)
    stages = {"calling": plan, "papers": papers}
    score = scoring.score("paper", SCRIPT, PLAN, seen=[one, two], lost=0, early=told(), told=told(), **stages)
    truth = scoring.truth("paper", SCRIPT, seen=[one, two], first=["s"], lost=0, uploaded=0, **stages)
    added = {**msgspec.to_builtins(plan), **msgspec.to_builtins(papers)}
    for each in (msgspec.to_builtins(score), json.loads(msgspec.json.encode(truth))):
        assert list(each)[-len(added) :] == list(added)
        assert {name: each[name] for name in added} == added
    assert set(msgspec.to_builtins(papers)) == {
        "messages_lost", "packs_s", "pages", "sheets_printed", "sheets_accounted", "census_equal", "worklist_items",
    }  # fmt: skip


def test_the_accounts_keys_are_in_both_and_the_family_is_the_attackers_own() -> None:
    one, two = seen(SCRIPT.bursts[0].machine, 0.5), seen(SCRIPT.bursts[1].machine, 0.4)
    ours = scoring.Accounted("conti", "198.19.3.77", "seen", 101, 2.5, 3, True, 6)
    real = msgspec.structs.replace(ours, family=SCRIPT.family.name, egress_bytes=100)
    stage: dict[str, scoring.Accounted] = {"accounted": ours}
    score = scoring.score("account", SCRIPT, PLAN, seen=[one, two], lost=0, early=told(), told=told(), **stage)
    truth = scoring.truth("account", SCRIPT, seen=[one, two], first=["s"], lost=0, uploaded=100, accounted=real)
    first, second = msgspec.to_builtins(score), json.loads(msgspec.json.encode(truth))
    for name in scoring.Accounted.__struct_fields__:
        assert (first[name], second[name]) == (getattr(ours, name), getattr(real, name))
    assert "family" not in msgspec.to_builtins(whole(one, two, told())), "before the account nobody says it"


def test_a_diversion_is_understood_while_it_is_in_force_and_by_whom_it_says() -> None:
    said = Told()

    def add(payload: Payload) -> None:
        said.add(Entry(1, 1.0, "hub", "x", payload, "", ""))

    add(p.DiversionChanged("d1", "ambulances", "diverted", "open", "c", "operator", 0.0, ("112",), Text()))
    assert not said.has_understood("ambulances", "112")
    add(p.DiversionAcknowledged("d1", "ambulances", "112", "c"))
    assert said.has_understood("ambulances", "112")
    assert not said.has_understood("emergency", "112") and not said.has_understood("ambulances", "smur")
    add(p.DiversionChanged("d2", "ambulances", "open", "diverted", "c", "operator", 0.0, ("112",), Text()))
    assert not said.has_understood("ambulances", "112")


def test_a_cut_holds_by_a_persons_yes_when_it_was_made() -> None:
    said = Told()
    for payload in (k.CutChanged("c1", "proven", 1, 1, 1), k.CutDecided("c2", "approve", "t", "operator", Text())):
        said.add(Entry(1, 1.0, "hub", "x", payload, "", ""))
    assert not said.approved_holds
    said.add(Entry(2, 1.0, "hub", "x", k.CutChanged("c2", "applied", 1, 1, 0), "", ""))
    assert said.approved_holds


def test_every_figure_is_that_of_the_worse_burst() -> None:
    score = whole(seen("ct-1", 0.51234), seen("ws-ward-3", 0.4, files=5), told())
    assert (score.refused_everywhere_s, score.untouched_refused_s, score.touched) == (0.512, 0.512, 5)


def test_a_burst_that_was_not_refused_everywhere_leaves_no_figure() -> None:
    score = whole(seen("ct-1", 0.5), seen("ws-ward-3", None), told())
    assert (score.refused_everywhere_s, score.untouched_refused_s) == (None, None)


def test_bursts_that_attack_every_server_do_not_count_for_untouched_ones() -> None:
    assert whole(seen("ct-1", 0.5), seen("ws-ward-3", 0.9, others=()), told()).untouched_refused_s == 0.5
    assert whole(seen("ct-1", 0.5, others=()), seen("ws-ward-3", 0.9, others=()), told()).untouched_refused_s is None


def test_what_garde_did_not_say_is_null_and_never_the_truth() -> None:
    score = whole(seen("ct-1", 0.5), seen("ws-ward-3", 0.5), told())
    assert (score.spreader, score.first_server, score.recurrence_joined, score.proven) == (None, None, False, False)


def test_garde_names_the_spreader_before_the_second_burst() -> None:
    early, late = told(spread("ct-1", "files-wards")), told(spread("ct-1", "files-wards"), spread("", "x"))
    score = scoring.score("cut", SCRIPT, PLAN, seen=[seen("ct-1", 0.5)], lost=0, early=early, told=late)
    assert (score.spreader, score.first_server) == ("ct-1", "files-wards")


def test_joined_means_the_same_incident_and_no_other_one() -> None:
    opened = k.IncidentOpened("i1", 1.0, "s", 1)
    assert told(opened, joined("i1", recurrence=True)).joined
    assert not told(opened, joined("i1", recurrence=False)).joined
    assert not told(opened, k.IncidentOpened("i2", 9.0, "s", 1), joined("i1", recurrence=True)).joined
    assert not told(joined("i1", recurrence=True)).joined


@pytest.mark.parametrize(("states", "proven"), [
    (["proven"], True), (["applied", "not_proven"], False), (["proven", "not_proven"], False), ([], False),
])  # fmt: skip
def test_proven_is_the_last_word_on_the_blocks_of_both_machines(states: list[str], proven: bool) -> None:
    one, two = (burst.machine for burst in SCRIPT.bursts)
    said = told(
        block("c1", one, "198.18.3.99"),
        block("c2", "unknown", PLAN.address(two)),
        k.CutChanged("c1", "proven", 3, 3, 3),
        *(k.CutChanged("c2", state, 3, 3, 3) for state in states),
    )
    assert whole(seen(one, 0.5), seen(two, 0.5), said).proven is proven


def test_another_cut_than_a_block_proves_nothing_here() -> None:
    one = SCRIPT.bursts[0].machine
    cut = k.CutProposed("c", "i1", "port", one, (), (), (), 1, (), (), (), "u", "one", "w")
    assert not told(cut, k.CutChanged("c", "proven", 1, 1, 1)).is_proven(one, "198.18.3.1")


def test_the_truth_comes_from_the_attackers_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    one, two = (seen(burst.machine, 0.5) for burst in SCRIPT.bursts)
    truth = scoring.truth("cut", SCRIPT, seen=[one, two], first=["files-admin"], lost=1, uploaded=12)
    assert (truth.spreader, truth.first_server, truth.proven) == (SCRIPT.spreader, "files-admin", True)
    assert truth.recurrence_joined and truth.upload_bytes == 12 and truth.lost == 1
    file = tmp_path / "truth.json"
    file.write_text("old and longer than what comes" * 100)
    file.chmod(0o644)
    scoring.write_truth(file, truth)
    assert msgspec.convert(json.loads(file.read_text()), Truth) == truth
    assert file.stat().st_mode & 0o777 == 0o600
    assert [it.name for it in tmp_path.iterdir()] == ["truth.json"]


def test_the_truth_says_so_where_a_server_never_refused() -> None:
    one, two = seen("ct-1", None), seen("ws-ward-3", 0.5)
    assert not scoring.truth("cut", SCRIPT, seen=[one, two], first=[], lost=0, uploaded=0).proven
