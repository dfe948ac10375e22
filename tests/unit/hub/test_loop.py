"""The loop's rules, one test each, on a real journal and a clock that stands still."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hub_samples import ANSWERED, CHANGED, STOPPED, Hands, Seen, capability, hourly, nothing, orders_for_stops, play

from garde.clock import VirtualClock
from garde.estate.canonical import to_json
from garde.estate.look import Lookup
from garde.estate.nouns import Estate
from garde.hub.fold import Capability, Fold
from garde.hub.loop import Loop
from garde.hub.performer import Performer
from garde.hub.wakes import Wakes
from garde.journal import SqliteStore, open_journal
from garde.journal.entry import Entry
from garde.journal.hub_kinds import CommandDone, CommandFailed, EstateLoaded, OrderApplied, WakeAsked, Woke
from garde.journal.kinds import ErrorSeen, Payload
from garde.journal.sqlite import SqliteTables
from garde.journal.text import Text


def started(
    journal: SqliteStore, clock: VirtualClock, *capabilities: Fold[Seen], hands: Sequence[Performer] = ()
) -> Loop:
    loop = Loop(journal, capabilities, [*hands, Wakes(clock)], clock)
    loop.start()
    return loop


def kinds(journal: SqliteStore) -> list[str]:
    return [entry.kind for entry in journal.entries()]


# --- 1: in the transaction of its cause -------------------------------------------------------------------------------


def test_what_follows_stands_behind_its_cause_in_one_transaction(journal: SqliteStore, clock: VirtualClock) -> None:
    loop = started(journal, clock, capability(orders_for_stops), hands=[Hands(at_once=False)])
    written = loop.append([STOPPED], who="agent/files-1")
    assert [(entry.kind, entry.who) for entry in written] == [
        ("agent_stopped", "agent/files-1"),
        ("order_asked", "hub"),
        ("order_asked", "hub"),
        ("port_asked", "hub"),
    ]
    commands = [entry.payload for entry in written[1:]]
    assert len({command.command for command in commands}) == 3  # type: ignore[attr-defined]
    assert {command.cause for command in commands} == {written[0].seq}  # type: ignore[attr-defined]


def test_a_failed_commit_leaves_neither_cause_nor_command(tmp_path: Path, clock: VirtualClock) -> None:
    with FailingStore(tmp_path / "journal.db", clock) as journal:
        hands = Hands()
        loop = started(journal, clock, capability(orders_for_stops), hands=[hands])
        journal.fail = True
        with pytest.raises(OSError, match="full"):
            loop.append([STOPPED], cursor=("agent/files-1", 7))
        assert (kinds(journal), hands.begun, journal.cursor("agent/files-1")) == ([], [], 0)
        assert loop.look("sample", lambda state: state.kinds) == []


class FailingStore(SqliteStore):
    """A store whose disk is full at the commit, when told."""

    def __init__(self, path: Path, clock: VirtualClock) -> None:
        super().__init__(path, who="hub", clock=clock)
        self.fail = False
        self._real_writing = self._backend.writing
        self._backend.writing = self._writing_until_the_disk_is_full  # type: ignore[method-assign]

    @contextmanager
    def _writing_until_the_disk_is_full(self) -> Iterator[SqliteTables]:
        with self._real_writing() as tables:
            yield tables
            if self.fail:
                raise sqlite3.OperationalError("database or disk is full")


# --- 2: performers ----------------------------------------------------------------------------------------------------


def test_each_command_is_begun_once_and_settled_by_its_outcome(journal: SqliteStore, clock: VirtualClock) -> None:
    hands = Hands()
    loop = started(journal, clock, capability(orders_for_stops), hands=[hands])
    loop.append([STOPPED])
    assert len(hands.begun) == 3 and hands.over == hands.begun
    assert kinds(journal).count("command_done") == 3
    assert loop.open_commands() == 0


def test_what_a_performer_says_while_it_ends_is_written_and_begins_nothing(
    journal: SqliteStore, clock: VirtualClock
) -> None:
    class Slow(Hands):
        def close(self) -> None:
            """It waits for a thread that still has something to say."""
            thread = threading.Thread(target=loop.say, args=([CommandDone(self.begun[0]), STOPPED],), daemon=True)
            thread.start()
            thread.join(5.0)
            assert not thread.is_alive(), "the loop holds its lock while it waits for its performers"

    hands = Slow(at_once=False)
    loop = started(journal, clock, capability(orders_for_stops), hands=[hands])
    loop.append([STOPPED])
    begun = list(hands.begun)
    loop.close()
    assert hands.begun == begun, "what is asked for at the end is begun at the next start"
    assert kinds(journal).count("command_done") == 1 and kinds(journal).count("order_asked") == 4


def test_an_open_command_is_begun_again_at_the_next_start_and_no_other(
    journal: SqliteStore, clock: VirtualClock
) -> None:
    first = Hands(at_once=False)
    loop = started(journal, clock, capability(orders_for_stops), hands=[first])
    loop.append([STOPPED])
    loop.append([CommandDone(first.begun[1])])
    second = Hands(at_once=False)
    started(journal, clock, capability(orders_for_stops), hands=[second])
    assert second.begun == [first.begun[0], first.begun[2]]


def test_a_command_that_nobody_carries_out_fails_with_its_reason(journal: SqliteStore, clock: VirtualClock) -> None:
    loop = started(journal, clock, capability(orders_for_stops))
    loop.append([STOPPED])
    failed = [entry.payload for entry in journal.entries(kinds=("command_failed",))]
    assert len(failed) == 3 and all(isinstance(each, CommandFailed) and "nothing" in each.reason for each in failed)
    assert loop.open_commands() == 0


def test_a_performer_that_raises_is_a_failed_command(journal: SqliteStore, clock: VirtualClock) -> None:
    class Broken(Hands):
        def begin(self, command: object, entry: Entry) -> None:
            raise ValueError("no such switch")

    loop = started(journal, clock, capability(orders_for_stops), hands=[Broken()])
    loop.append([STOPPED])
    (reason,) = {entry.payload.reason for entry in journal.entries(kinds=("command_failed",))}  # type: ignore[attr-defined]
    assert "no such switch" in reason
    assert loop.open_commands() == 0


def test_another_agents_word_settles_nothing(journal: SqliteStore, clock: VirtualClock) -> None:
    hands = Hands(at_once=False)
    loop = started(journal, clock, capability(orders_for_stops), hands=[hands])
    loop.append([STOPPED])
    applied = OrderApplied(hands.begun[0], "c1", "blocked")
    loop.append([applied], who="agent/files-2")
    assert hands.over == [] and loop.open_commands() == 3
    loop.append([applied], who="agent/files-1")
    assert hands.over == [hands.begun[0]] and loop.open_commands() == 2
    assert loop.may_say("agent/files-1", hands.begun[0]) and not loop.may_say("agent/files-1", hands.begun[1])


# --- 3: a replay decides nothing --------------------------------------------------------------------------------------


def test_a_replay_writes_nothing_and_ends_in_the_same_state(journal: SqliteStore, clock: VirtualClock) -> None:
    live = started(journal, clock, capability(orders_for_stops), hands=[Hands()])
    live.append([STOPPED, CHANGED, STOPPED])
    before = kinds(journal)
    asked = []

    def spy(state: Seen, entry: Entry, estate: Lookup) -> list[Payload]:
        asked.append(entry.seq)
        return []

    again = started(journal, clock, capability(spy), hands=[Hands()])
    assert (kinds(journal), asked) == (before, [])
    assert again.look("sample", lambda state: state) == live.look("sample", lambda state: state)
    assert again.look("commands", lambda state: state) == live.look("commands", lambda state: state)


def test_a_fold_reads_the_kinds_it_names_only(journal: SqliteStore, clock: VirtualClock) -> None:
    from hub_samples import remember

    view = Fold(name="view", shape=Seen, project=remember, kinds=frozenset({"mode_changed"}))
    loop = Loop(journal, [], [], clock, views=[view])
    loop.start()
    loop.append([STOPPED, CHANGED])
    assert loop.look("view", lambda state: state.kinds) == ["mode_changed"]


def test_two_folds_of_one_name_are_a_mistake(journal: SqliteStore, clock: VirtualClock) -> None:
    with pytest.raises(ValueError, match="one name"):
        Loop(journal, [capability(), capability()], [], clock)


# --- 4: a journal that refuses ----------------------------------------------------------------------------------------


def test_after_a_full_disk_all_goes_on_as_if_it_had_not_been(tmp_path: Path, clock: VirtualClock) -> None:
    with FailingStore(tmp_path / "journal.db", clock) as journal:
        hands = Hands()
        loop = started(journal, clock, capability(orders_for_stops), hands=[hands])
        loop.append([CHANGED])
        journal.fail = True
        for _ in range(3):
            with pytest.raises(OSError):
                loop.append([STOPPED])
        assert loop.refusal
        journal.fail = False
        clock.advance(1)
        loop.append([STOPPED])
        assert not loop.refusal and len(hands.begun) == 3
        assert loop.look("sample", lambda state: state.seqs) == [entry.seq for entry in journal.entries()]


def test_a_refused_append_is_not_tried_again_within_half_a_second(tmp_path: Path, clock: VirtualClock) -> None:
    with FailingStore(tmp_path / "journal.db", clock) as journal:
        loop = started(journal, clock, capability())
        journal.fail = True
        with pytest.raises(OSError):
            loop.append([STOPPED])
        journal.fail = False
        with pytest.raises(OSError):
            loop.append([STOPPED])
        clock.advance(0.6)
        assert len(loop.append([STOPPED])) == 1


def test_room_that_is_made_is_used_at_once(tmp_path: Path, clock: VirtualClock) -> None:
    with FailingStore(tmp_path / "journal.db", clock) as journal:

        def make_room() -> bool:
            journal.fail = False
            return True

        loop = Loop(journal, [capability(orders_for_stops)], [Hands()], clock, make_room=make_room)
        loop.start()
        journal.fail = True
        assert len(loop.append([STOPPED])) == 4
        assert loop.look("sample", lambda state: state.kinds[:2]) == ["agent_stopped", "order_asked"]


# --- 5: a capability with a fault -------------------------------------------------------------------------------------


def test_a_fault_in_one_capability_loses_no_fact_and_no_other_answer(journal: SqliteStore, clock: VirtualClock) -> None:
    def broken(state: Seen, entry: Entry, estate: Lookup) -> list[Payload]:
        raise KeyError("spreader")

    loop = started(
        journal, clock, capability(broken, "broken"), capability(orders_for_stops, "good"), hands=[Hands(at_once=False)]
    )
    loop.append([STOPPED])
    assert kinds(journal)[:1] == ["agent_stopped"]
    assert kinds(journal).count("order_asked") == 2
    seen = [entry.payload for entry in journal.entries(kinds=("error_seen",))]
    assert all(isinstance(each, ErrorSeen) and each.where == "hub/broken" for each in seen)
    assert 1 <= len(seen) < 10  # complaints about complaints are not written


def test_a_fold_that_raises_skips_the_entry_live_and_in_a_replay(journal: SqliteStore, clock: VirtualClock) -> None:
    def project(state: Seen, entry: Entry) -> Seen:
        if entry.kind == "agent_stopped":
            raise ValueError("no")
        state.kinds.append(entry.kind)
        return state

    fold = Capability(name="sample", shape=Seen, project=project, decide=nothing)
    live = started(journal, clock, fold)
    live.append([CHANGED, STOPPED, CHANGED])
    again = started(journal, clock, fold)
    assert again.look("sample", lambda state: state) == live.look("sample", lambda state: state)
    assert kinds(journal) == ["mode_changed", "agent_stopped", "mode_changed", "error_seen"]


def test_two_that_answer_each_other_without_end_are_cut_short(journal: SqliteStore, clock: VirtualClock) -> None:
    def echo(state: Seen, entry: Entry, estate: Lookup) -> list[Payload]:
        return [ANSWERED] if entry.kind in ("agent_stopped", "incident_answered") else []

    loop = started(journal, clock, capability(echo))
    loop.append([STOPPED])
    assert kinds(journal) == ["agent_stopped", "error_seen"]
    assert loop.look("sample", lambda state: state.kinds) == ["agent_stopped", "error_seen"]


def test_a_capability_cannot_append_by_itself(journal: SqliteStore, clock: VirtualClock) -> None:
    refused = []

    def sly(state: Seen, entry: Entry, estate: Lookup) -> list[Payload]:
        if entry.kind == "agent_stopped":
            with pytest.raises(RuntimeError) as caught:
                loop.append([CHANGED])
            refused.append(str(caught.value))
        return []

    loop = started(journal, clock, capability(sly))
    loop.append([STOPPED])
    assert len(refused) == 1 and kinds(journal) == ["agent_stopped"]


# --- 6: listeners -----------------------------------------------------------------------------------------------------


def test_listeners_hear_everything_once_and_in_order_also_what_they_bring_about(
    journal: SqliteStore, clock: VirtualClock
) -> None:
    loop = started(journal, clock, capability(orders_for_stops), hands=[Hands()])
    heard: list[int] = []

    def answering(entries: Sequence[Entry]) -> None:
        if any(entry.kind == "mode_changed" for entry in entries):
            loop.append([ANSWERED])

    loop.listen(answering)
    stop = loop.listen(lambda entries: heard.extend(entry.seq for entry in entries))
    loop.append([STOPPED, CHANGED])
    assert heard == [entry.seq for entry in journal.entries()] == list(range(1, len(heard) + 1))
    assert "incident_answered" in kinds(journal)
    stop()
    loop.append([CHANGED])
    assert len(heard) < loop.seq


def test_a_listener_that_raises_is_complained_of_and_keeps_nobody_from_hearing(
    journal: SqliteStore, clock: VirtualClock
) -> None:
    complaints: list[str] = []
    heard: list[Entry] = []
    loop = Loop(journal, [], [], clock, complain=complaints.append)
    loop.start()
    loop.listen(lambda entries: 1 / 0)
    loop.listen(heard.extend)
    loop.append([STOPPED])
    assert len(heard) == 1 and "ZeroDivisionError" in complaints[0]


# --- 7: outcomes are not lost -----------------------------------------------------------------------------------------


def test_an_outcome_waits_for_the_disk(tmp_path: Path, clock: VirtualClock) -> None:
    with FailingStore(tmp_path / "journal.db", clock) as journal:
        hands = Hands(at_once=False)
        loop = started(journal, clock, capability(orders_for_stops), hands=[hands])
        loop.append([STOPPED])
        journal.fail = True
        hands.say([CommandDone(hands.begun[0])])
        assert hands.over == []
        journal.fail = False
        clock.advance(1)
        loop.tick()
        assert hands.over == hands.begun[:1]


# --- time -------------------------------------------------------------------------------------------------------------


def test_a_night_passes_by_its_clock_and_nobody_sleeps(
    journal: SqliteStore, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    loop = started(journal, clock, capability(hourly(until=12)))
    began = clock.now()
    loop.append([STOPPED])
    play(loop, clock, began + 24 * 3600)
    assert slept == []
    woken = list(journal.entries(kinds=("woke",)))
    assert [entry.payload.key for entry in woken] == [f"hour {n}" for n in range(1, 13)]  # type: ignore[attr-defined]
    assert [round(entry.at - began) for entry in woken] == [3600 * n for n in range(1, 13)]
    assert loop.open_commands() == 0


def test_a_waking_that_came_while_the_hub_was_down_comes_at_its_start_once(
    journal: SqliteStore, clock: VirtualClock
) -> None:
    started(journal, clock, capability(hourly(until=1))).append([STOPPED])
    clock.advance(10 * 3600)
    loop = started(journal, clock, capability(hourly(until=1)))
    loop.tick()
    loop.tick()
    (woke,) = [entry.payload for entry in journal.entries(kinds=("woke",))]
    assert isinstance(woke, Woke) and woke.due < clock.now() - 8 * 3600


def test_a_waking_comes_not_before_its_time(journal: SqliteStore, clock: VirtualClock) -> None:
    loop = started(journal, clock)
    loop.append([WakeAsked(command="a" * 32, due=clock.now() + 5, key="k")])
    clock.advance(4.9)
    loop.tick()
    assert kinds(journal) == ["wake_asked"]
    clock.advance(0.1)
    loop.tick()
    assert kinds(journal) == ["wake_asked", "woke"]


# --- snapshots --------------------------------------------------------------------------------------------------------


def test_a_start_reads_only_what_came_after_the_snapshot(journal: SqliteStore, clock: VirtualClock) -> None:
    loop = Loop(journal, [capability(orders_for_stops)], [Hands(at_once=False)], clock, snapshot_every=50)
    loop.start()
    loop.append([CHANGED] * 60)
    loop.append([STOPPED])
    loop.tick()
    loop.append([CHANGED])
    again = Loop(journal, [capability(orders_for_stops)], [Hands(at_once=False)], clock)
    assert again.start() == 1
    for name in ("sample", "commands"):
        assert again.look(name, lambda state: state) == loop.look(name, lambda state: state)
    assert again.open_commands() == 3


def test_a_snapshot_of_another_version_is_not_used(journal: SqliteStore, clock: VirtualClock) -> None:
    loop = started(journal, clock, capability(version=1))
    loop.append([CHANGED] * 10)
    loop.close()
    assert Loop(journal, [capability(version=2)], [], clock).start() == 10
    assert Loop(journal, [capability(version=1)], [], clock).start() == 0


def test_a_snapshot_changed_by_hand_is_not_used(journal: SqliteStore, clock: VirtualClock, tmp_path: Path) -> None:
    loop = started(journal, clock, capability())
    loop.append([CHANGED] * 10)
    loop.close()
    with sqlite3.connect(tmp_path / "journal.db") as db:
        db.execute("update snapshots set data = cast(replace(data, 'mode_changed', 'nothing_here') as blob)")
    db.close()
    again = Loop(journal, [capability()], [], clock)
    assert again.start() == 10
    assert set(again.look("sample", lambda state: state.kinds)) == {"mode_changed"}


def test_the_estate_in_force_comes_from_its_entry_also_behind_a_snapshot(
    journal: SqliteStore, clock: VirtualClock
) -> None:
    loop = started(journal, clock, capability())
    assert loop.estate.estate.name == ""
    loop.append([EstateLoaded("00", Text(to_json(Estate(name="Clinique"))), "hospital.yaml", 0, 0)])
    assert loop.estate.estate.name == "Clinique"
    loop.close()
    again = Loop(journal, [capability()], [], clock)
    assert again.start() == 0
    assert again.estate.estate.name == "Clinique"


def test_an_estate_that_cannot_be_read_leaves_the_one_before_in_force(
    journal: SqliteStore, clock: VirtualClock
) -> None:
    loop = started(journal, clock)
    loop.append([EstateLoaded("00", Text(to_json(Estate(name="Clinique"))), "hospital.yaml", 0, 0)])
    loop.append([EstateLoaded("00", Text(b"{"), "hospital.yaml", 0, 0)])
    assert loop.estate.estate.name == "Clinique"
    assert "error_seen" in kinds(journal)


# --- others who write -------------------------------------------------------------------------------------------------


def test_what_a_command_beside_the_hub_wrote_is_folded_and_told(
    journal: SqliteStore, clock: VirtualClock, tmp_path: Path
) -> None:
    loop = started(journal, clock, capability())
    heard: list[int] = []
    loop.listen(lambda entries: heard.extend(entry.seq for entry in entries))
    with open_journal(tmp_path, who="hub", clock=clock) as beside:
        beside.append(CHANGED)
    loop.append([STOPPED])
    assert loop.look("sample", lambda state: state.kinds) == ["mode_changed", "agent_stopped"]
    assert heard == [1, 2]


def test_coroutines_write_too(journal: SqliteStore, clock: VirtualClock) -> None:
    loop = started(journal, clock, capability())

    async def several() -> None:
        await asyncio.gather(*(loop.write([CHANGED], who=f"person/{n}") for n in range(5)))

    asyncio.run(several())
    assert {entry.who for entry in journal.entries()} == {f"person/{n}" for n in range(5)}
    loop.close()
