"""The board: what the owners of the facts published, and nothing else."""

from __future__ import annotations

import dataclasses

import msgspec

from garde.hub.board import BOARD, Board, project
from garde.journal.entry import Entry
from garde.journal.hub_kinds import (
    CutChanged,
    CutDecided,
    CutProposed,
    HarmJoined,
    Hop,
    IncidentAnswered,
    IncidentClosed,
    IncidentOpened,
    IncidentRaised,
    MachineCut,
    MachineFreed,
    SpreadFound,
    Suspect,
)
from garde.journal.kinds import NAMES
from garde.journal.payload import Payload
from garde.journal.text import Text

PROPOSED = CutProposed(
    "c1", "i1", "block", "ws-9", ("10.0.0.109",), (Text(b"j\x1bdoe"),), ("files-1", "files-2"), 1, (), (), ("record",),
    "let it in again", "one", "rule 1",
)  # fmt: skip


def fold(*payloads: Payload, board: Board | None = None) -> Board:
    state = board or Board()
    for seq, payload in enumerate(payloads, 1):
        assert NAMES[type(payload)] in BOARD.kinds, "the loop would not hand this kind to the board"
        state = project(state, Entry(seq, 100.0 + seq, "hub", NAMES[type(payload)], payload, "", ""))
    return state


OPENED = IncidentOpened("i1", 90.0, "files-1", 1)


def test_an_incident_grows_and_its_severity_only_rises() -> None:
    spread = SpreadFound(
        "i1", "ws-9", "files-1", 90.0, (Hop("ws-9", "files-1", 90.0, 4),),
        (Suspect("ws-9", "10.0.0.109", (), 0.9, "w"),), (), 4,
    )  # fmt: skip
    joined = HarmJoined("i1", "files-2", "v2", "10.0.0.109", (), "same address", recurrence=True)
    board = fold(
        OPENED, joined, IncidentRaised("i1", 3, "two servers"), IncidentRaised("i1", 2, "late"), spread, OPENED
    )
    incident = board.incidents["i1"]
    assert (incident.opened, incident.severity, incident.reports, incident.recurrences) == (101.0, 3, 1, 1)
    assert incident.spread is not None and incident.spread["hops"][0]["files"] == 4
    assert incident.reasons == ["two servers", "late"]


def test_a_persons_word_is_kept_with_the_name() -> None:
    board = fold(OPENED, IncidentAnswered("i1", "carla"), IncidentAnswered("i1", "bob"), IncidentClosed("i1", "bob"))
    incident = board.incidents["i1"]
    assert (incident.answered, incident.state, incident.closed) == ("carla", "closed", "bob")


def test_a_cut_has_its_three_facts_and_who_said_what() -> None:
    board = fold(
        OPENED, PROPOSED, CutDecided("c1", "approve", "carla", "operator"),
        CutChanged("c1", "asked", 2, 0, 0, by="carla"), CutChanged("c1", "not_proven", 2, 2, 1, ("files-2",)),
    )  # fmt: skip
    cut = board.cuts["c1"]
    assert (cut.state, cut.asked, cut.applied, cut.proven, cut.lacking) == ("not_proven", 2, 2, 1, ["files-2"])
    assert cut.by == "carla" and cut.decisions[0]["role"] == "operator"
    assert cut.proposal["users"] == ["j\\x1bdoe"]
    assert board.incidents["i1"].cuts == ["c1"]


def test_a_cut_proposed_again_keeps_its_state() -> None:
    again = dataclasses.replace(PROPOSED, where=("files-1", "files-2", "files-3"))
    board = fold(OPENED, PROPOSED, CutChanged("c1", "proven", 2, 2, 2), again)
    assert board.cuts["c1"].state == "proven" and board.incidents["i1"].cuts == ["c1"]
    assert len(board.cuts["c1"].proposal["where"]) == 3


def test_a_machine_is_free_when_the_last_cut_on_it_is_gone() -> None:
    board = fold(MachineCut("ws-9", "c1", "block"), MachineCut("ws-9", "c2", "port"), MachineCut("ws-9", "c1", "block"))
    assert board.machines == {"ws-9": ["c1", "c2"]}
    board = fold(MachineFreed("ws-9", "c1"), MachineFreed("ws-9", "c1"), board=board)
    assert board.machines == {"ws-9": ["c2"]}
    assert fold(MachineFreed("ws-9", "c2"), MachineFreed("nobody", "c2"), board=board).machines == {}


def test_what_belongs_to_no_incident_is_left_alone() -> None:
    board = fold(
        IncidentRaised("i9", 3, "r"), CutChanged("c9", "asked", 1, 0, 0), CutDecided("c9", "approve", "c", "operator")
    )
    assert board == Board()


def test_the_board_comes_back_from_a_snapshot_as_it_was() -> None:
    board = fold(OPENED, PROPOSED, MachineCut("ws-9", "c1", "block"))
    assert msgspec.json.decode(msgspec.json.encode(board), type=Board) == board
