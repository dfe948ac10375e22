"""Two hubs on one PostgreSQL: of two, one writes and carries out; nothing that anybody wrote is passed over.

The server is a real one, started by the test.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from garde.clock import VirtualClock
from garde.errors import StateBusy
from garde.hub.fold import Capability
from garde.hub.loop import Loop
from garde.journal.chain import ChainStore
from garde.journal.entry import Entry
from garde.journal.kinds import AgentStopped, ErrorSeen, Lagging
from garde.journal.payload import Payload
from garde.journal.text import Text

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "journal"))

if TYPE_CHECKING:
    from journal_places import Place, Server

pytest_plugins = ["journal_places"]


def _note(state: list[int], entry: Entry) -> list[int]:
    state.append(entry.seq)
    return state


def _answer(state: list[int], entry: Entry, estate: object) -> list[Payload]:
    """Decide by everything that was read: what was passed over would show in the answer."""
    return [AgentStopped(f"{len(state)}")] if entry.kind == "lagging" else []


READER: Capability[list[int]] = Capability(name="reader", shape=list[int], project=_note, decide=_answer)


def loop_on(journal: ChainStore, clock: VirtualClock) -> Loop:
    loop = Loop(journal, [READER], [], clock)
    loop.start()
    return loop


def seen(loop: Loop) -> list[int]:
    found: list[int] = loop.look("reader", list)
    return found


# --- between looking and locking --------------------------------------------------------------------------------------


def test_what_another_wrote_at_the_last_moment_is_folded_before_anything_is_decided(
    place: Place, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, others = place.open("hub/a"), place.open("hub/b")
    loop = loop_on(ours, clock)
    loop.append([Lagging(1.0, 1)])
    writing = ours._backend.writing

    @contextmanager
    def late() -> Iterator[Any]:
        others.append(ErrorSeen("b", Text("quicker by a hair")))
        with writing() as tables:
            yield tables

    monkeypatch.setattr(ours._backend, "writing", late)
    written = loop.append([Lagging(2.0, 1)])
    assert [entry.seq for entry in written] == [4, 5]
    assert seen(loop) == [1, 2, 3, 4, 5]
    assert written[1].payload == AgentStopped("4")


def test_two_loops_that_write_at_once_both_read_everything_in_order(place: Place, clock: VirtualClock) -> None:
    loops = [loop_on(place.open(who), clock) for who in ("hub/a", "hub/b")]
    failed: list[BaseException] = []

    def write(loop: Loop) -> None:
        try:
            for number in range(40):
                loop.append([Lagging(float(number), 1)])
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=[loop]) for loop in loops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    for loop in loops:
        loop.append([ErrorSeen("a", Text("the end"))])
    everything = list(loops[0].journal.entries())
    assert seen(loops[1]) == list(range(1, 163))  # the last to append has read all of it
    assert seen(loops[0]) == list(range(1, 162))
    answers = [(entry.seq, entry.payload.reason) for entry in everything if isinstance(entry.payload, AgentStopped)]
    assert len(answers) == 80  # none lost, none twice
    assert list(loops[0].journal.verify()) == []


# --- one hub at a time ------------------------------------------------------------------------------------------------


@pytest.fixture
def database(server: Server) -> str:
    for statement in ("drop schema public cascade", "create schema public"):
        server.sql("postgres", statement)
    return server.url("postgres")


def open_sole(url: str) -> ChainStore:
    from garde.journal.sqlalchemy_store import PostgresStore

    return PostgresStore(url, who="hub", sole=True)


def test_a_second_hub_is_refused_and_told_who_is_there(database: str) -> None:
    with open_sole(database) as first:
        first.append(Lagging(1.0, 1))
        with pytest.raises(StateBusy, match=r"held by another hub .*garde hub"):
            open_sole(database)
        first.append(Lagging(2.0, 1))
    with open_sole(database) as second:
        assert second.append(Lagging(3.0, 1)).seq == 3


def test_a_command_beside_the_hub_may_write_and_anybody_may_read(database: str) -> None:
    from garde.journal.sqlalchemy_store import PostgresStore

    with open_sole(database) as hub, PostgresStore(database) as beside:
        hub.append(ErrorSeen("a", Text("Carla Rossi")))
        assert beside.append(Lagging(1.0, 1)).seq == 2
        assert hub.append(Lagging(1.0, 1)).seq == 3


def test_a_hub_that_lost_its_connection_takes_up_again_where_nobody_else_has(server: Server, database: str) -> None:
    with open_sole(database) as hub:
        hub.append(Lagging(1.0, 1))
        _end_connections(server)
        assert hub.append(Lagging(2.0, 1)).seq == 2
        with pytest.raises(StateBusy):
            open_sole(database)


def test_a_hub_whose_place_was_taken_writes_nothing_more(server: Server, database: str) -> None:
    with open_sole(database) as old:
        old.append(Lagging(1.0, 1))
        _end_connections(server)
        with open_sole(database) as new:
            with pytest.raises(OSError, match="held by another hub"):
                old.append(Lagging(2.0, 1))
            assert new.append(Lagging(3.0, 1)).seq == 2
        assert old.append(Lagging(4.0, 1)).seq == 3  # the other is gone: the first goes on


def test_a_hub_whose_place_is_taken_in_the_middle_of_an_append_has_written_nothing(
    server: Server, database: str
) -> None:
    new: list[ChainStore] = []

    def taken(entry: Entry) -> list[Payload]:
        if not new:
            _end_connections(server)
            new.append(open_sole(database))
        return []

    with open_sole(database) as old:
        with pytest.raises(OSError):
            old.append_all([(Lagging(1.0, 1), None)], follow=taken)
        with new[0] as hub:
            for _ in range(2):  # nor does it later, over a connection that was dialled anew
                with pytest.raises(OSError, match="held by another hub"):
                    old.append(Lagging(9.0, 1))
            assert hub.append(Lagging(2.0, 1)).seq == 1
        assert old.append(Lagging(3.0, 1)).seq == 2  # the other is gone


def _end_connections(server: Server) -> None:
    others = "datname = 'postgres' and pid <> pg_backend_pid()"
    server.sql("postgres", f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where {others}")
