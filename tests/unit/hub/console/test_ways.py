"""Which entries tell the way of which server: the rules of the fold, one test each."""

from __future__ import annotations

import msgspec

from garde.hub.console.views.ways import TOLD, WAYS, Ways, project
from garde.journal import kinds as k
from garde.journal import recovery_kinds as r
from garde.journal.entry import Entry
from garde.journal.payload import Payload

T = 1_731_899_460.0
STORES = r.StoresKnown((r.StoreNote("nightly", "restic", "files-1", True),))


def folded(*said: tuple[Payload, str] | Payload) -> Ways:
    state = Ways()
    for seq, each in enumerate(said, 1):
        payload, who = each if isinstance(each, tuple) else (each, "hub")
        state = project(state, Entry(seq, T + seq, who, k.NAMES[type(payload)], payload, "", ""))
    return state


def moved(stage: str, machine: str = "files-1") -> r.StepMoved:
    return r.StepMoved(machine, 1, 1, "waiting", stage, "because", "rule")


def test_an_entry_belongs_to_the_machine_that_it_names_or_whose_agent_made_it() -> None:
    state = folded(
        STORES,
        (r.MachineSwept("c", "", ()), "agent/files-1"),
        (r.MachineLooked("c", "files-1", (445,), 9), "agent/files-2"),
        r.GateAnswered("files-1", 1, "entry", "yes", "anna", "operator"),
        (r.PointRestored("c", "nightly", "p", "place", 1, 1, 0, True, T, 1.0, 1.0), "agent/backup-1"),
        r.CredentialListed("smb", "files-1", "service"),
        r.CredentialChanged("smb", "anna"),
        r.RestartPlanned((("files-2",), ("files-1",)), 1.0, 1.0, "anna", "operator"),
    )
    assert state.seqs["files-1"] == [2, 3, 4, 5, 6, 7, 8]
    assert state.seqs["files-2"] == [8] and "backup-1" not in state.seqs


def test_single_points_and_what_is_not_known_are_not_told() -> None:
    judged = r.PointJudged("c", "nightly", "p", "files-1", T, "green", "before", 1, 1, 1, 1, 0, 0, "whole", "done", T)
    restored = r.PointRestored("c", "elsewhere", "p", "place", 1, 1, 0, True, T, 1.0, 1.0)
    state = folded(STORES, judged, restored, r.CredentialChanged("other", "anna"))
    assert state.seqs == {}
    assert "point_judged" not in WAYS.kinds


def test_lists_are_bounded_and_the_newest_is_kept() -> None:
    way = folded(*[r.BaselineWanted("files-1", "anna")] * (TOLD + 9)).seqs["files-1"]
    assert len(way) == TOLD and way[-1] == TOLD + 9


def test_it_can_be_kept_in_a_snapshot() -> None:
    state = folded(STORES, moved("isolated"), r.CredentialListed("smb", "files-1", "service"))
    assert msgspec.json.decode(msgspec.json.encode(state), type=Ways) == state


def test_every_kind_that_it_reads_is_one_of_the_way_back() -> None:
    assert set(r.RECOVERY_KINDS) >= WAYS.kinds
