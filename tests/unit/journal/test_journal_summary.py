"""The fold behind status and page."""

from __future__ import annotations

from collections.abc import Iterable

from journal_samples import FILE, PROCESS, SECOND, SKIPPED, SMB

from garde.journal import Entry, SqliteStore, Text
from garde.journal import kinds as k
from garde.journal.summary import KEPT, Summary, project, summarise


def _entries(*payloads: k.Payload) -> Iterable[Entry]:
    for seq, payload in enumerate(payloads, 1):
        yield Entry(seq, 1_700_000_000.0 + seq, "agent", k.NAMES.get(type(payload), "?"), payload, "", "")


STARTED = k.AgentStarted("0.1.0", "enforce", "enforce", "fanotify", 1, True, (Text(b"/srv\x1b"),))
VERDICT = k.VerdictReached("v1", "session", Text("k"), 20.0, 18.0, (FILE,), (SMB,))
HELD = k.ActorHeld("h1", "v1", "smb", SMB, (812,), 4)


def test_nothing_has_happened() -> None:
    data = Summary().as_data()
    assert data["since"] is None
    assert data["holds"] == []
    assert data["coverage"]["restorable_percent"] == 100.0


def test_the_course_of_an_attack() -> None:
    restored = k.FileRestored("v1", FILE.path, 1.0, "", True)
    entries = _entries(
        STARTED, VERDICT, HELD, k.HoldConfirmed("h1", "v1", 4), k.FindingMade(SECOND, SMB, "v1"), restored
    )
    state = summarise(entries)
    hold = state.holds["h1"]
    assert (hold.id, hold.state, hold.touched, hold.pids, hold.restored) == ("h1", "confirmed", 4, (812,), 1)
    assert [file.path for file in hold.files] == [FILE.path, SECOND.path]
    data = state.as_data()
    assert data["trees"] == ["/srv\\x1b"]
    assert data["holds"][0]["actor"] == "Samba client 10.20.3.41 (user carla)"
    assert data["holds"][0]["damaged"] == 2
    assert data["restored"] == 1
    assert data["seq"] == 6


def test_a_file_judged_twice_is_one_damaged_file() -> None:
    state = summarise(_entries(VERDICT, k.FindingMade(FILE, SMB, "v1"), k.FindingMade(FILE, SMB, "v1")))
    assert len(state.holds["v1"].files) == 1


def test_how_a_hold_ends() -> None:
    def state_after(*more: k.Payload) -> str:
        (hold,) = summarise(_entries(VERDICT, *more)).holds.values()
        return hold.state

    assert state_after() == "judged"
    assert state_after(k.HoldRefused("v1", PROCESS, "never held")) == "refused"
    assert state_after(HELD) == "held"
    assert state_after(HELD, k.HoldReleased("h1", "v1", "operator", "x")) == "released"
    assert state_after(HELD, k.HoldReleased("h1", "v1", "agent", "x", True)) == "cleared"


def test_two_actors_of_one_verdict_are_two_holds() -> None:
    second = k.ActorHeld("h2", "v1", "process", PROCESS, (4031,), 3)
    restored = k.FileRestored("h2", FILE.path, 1.0, "", True)
    released = k.HoldReleased("h1", "v1", "agent", "x", True)
    state = summarise(_entries(VERDICT, HELD, second, k.HoldRefused("v1", PROCESS, "never held"), released, restored))
    assert [(hold.id, hold.state, hold.restored) for hold in state.holds.values()] == [
        ("h1", "cleared", 0), ("h2", "held", 1), ("", "refused", 0),
    ]  # fmt: skip
    assert all(hold.files == [FILE] for hold in state.holds.values())


def test_a_hold_said_again_is_the_same_hold() -> None:
    more = k.ActorHeld("h1", "v1", "smb", SMB, (812, 813), 5)
    (hold,) = summarise(_entries(VERDICT, HELD, more)).holds.values()
    assert (hold.pids, hold.touched) == ((812, 813), 5)


def test_a_mass_delete_stands_among_the_holds() -> None:
    state = summarise(
        _entries(k.MassDeleteSeen("u1", "deleted", 40, PROCESS, True), k.RestoreFailed("u1", FILE.path, Text()))
    )
    assert (state.holds["u1"].state, state.holds["u1"].touched, state.holds["u1"].failed) == ("undone", 40, 1)
    assert summarise(_entries(k.MassDeleteSeen("u1", "emptied", 40, PROCESS, False))).holds["u1"].state == "reported"


def test_a_weaker_mode_is_said() -> None:
    state = summarise(_entries(STARTED, k.ModeChanged("enforce", "watching only", "no rights")))
    assert state.weaker
    assert state.as_data()["mode"] == {
        "asked": "enforce", "in_force": "watching only", "weaker": True, "reason": "no rights",
    }  # fmt: skip


def test_coverage_counts_the_backup_and_is_rounded_down() -> None:
    state = summarise(_entries(k.CoverageChanged(3000, 3000, 2990, "", 9, "restic")))
    assert state.as_data()["coverage"] == {
        "files": 3000, "judgeable": 3000, "restorable": 2990, "judgeable_percent": 100.0,
        "restorable_percent": 99.9, "by_backup": 9, "backup": "restic",
    }  # fmt: skip


def test_a_new_run_forgets_what_the_last_one_could_not_see() -> None:
    trouble = (
        k.TreesUnseen((SKIPPED,)),
        k.VaultFull(Text(b"/v"), "full"),
        k.SensorOverflow("f", True),
        k.Lagging(3.0, 9),
    )
    before = summarise(_entries(STARTED, *trouble))
    assert (len(before.unseen), before.vault_full, before.overflows, before.lag_s) == (1, "/v: full", 1, 3.0)
    after = summarise(_entries(STARTED, *trouble, k.AgentStopped("x"), STARTED))
    assert (after.unseen, after.vault_full, after.overflows, after.lag_s, after.running) == ((), "", 0, 0.0, True)
    assert not summarise(_entries(STARTED, k.AgentStopped("x"))).running


def test_the_summary_is_bounded() -> None:
    state = Summary()
    for n in range(3 * KEPT):
        for entry in _entries(
            k.VerdictReached(f"v{n}", "tree", Text(), 1.0, 1.0, (), ()), k.ErrorSeen("x", Text(str(n)))
        ):
            project(state, entry)
    assert len(state.holds) == len(state.errors) == KEPT
    assert list(state.holds)[-1] == f"v{3 * KEPT - 1}"


def test_it_folds_what_the_store_gives(journal: SqliteStore) -> None:
    for payload in (STARTED, VERDICT, HELD):
        journal.append(payload)
    assert summarise(journal.entries()).holds["h1"].files == [FILE]
