"""One suite over both stores: entries, followers, cursors, texts, several writers, a database that goes away."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from garde.clock import VirtualClock
from garde.errors import NotFound, StateDamaged, UsageError
from garde.journal import Entry, Head, SqliteStore, Text
from garde.journal.chain import ChainStore
from garde.journal.follow import FOLLOWERS, command_id
from garde.journal.hub_kinds import AgentSilent, CommandDone, IncidentOpened, OrderAsked, WakeAsked
from garde.journal.kinds import AgentStopped, ErrorSeen, Foreign, Lagging
from garde.journal.payload import Payload

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "journal"))
from journal_samples import SAMPLES

if TYPE_CHECKING:
    from journal_places import Place, Server

pytest_plugins = ["journal_places"]


def _nothing(entry: Entry) -> list[Payload]:
    return []


# --- entries ----------------------------------------------------------------------------------------------------------


def test_entries_of_every_kind_come_back_as_they_were_written(journal: ChainStore, clock: VirtualClock) -> None:
    written = []
    for sample in SAMPLES.values():
        clock.advance(0.5)
        written.append(journal.append(sample))
    assert list(journal.entries()) == written
    assert [entry.payload for entry in journal.entries()] == list(SAMPLES.values())
    assert [entry.kind for entry in journal.entries()] == list(SAMPLES)
    assert journal.head() == Head(len(SAMPLES), written[-1].hash)
    assert list(journal.verify()) == []


def test_the_tail_and_single_kinds_can_be_read_over_several_pages(journal: ChainStore) -> None:
    journal.append_all((Lagging(float(n), n), None) for n in range(2500))
    journal.append(AgentStopped("x"))
    assert [entry.seq for entry in journal.entries(after=2499)] == [2500, 2501]
    assert [entry.seq for entry in journal.entries(kinds=["agent_stopped"])] == [2501]
    assert [entry.seq for entry in journal.entries(kinds=["lagging", "agent_stopped"])] == list(range(1, 2502))
    assert [entry.seq for entry in journal.entries(after=2490, kinds=[*SAMPLES])] == list(range(2491, 2502))
    assert list(journal.entries(after=2501, kinds=["lagging"])) == list(journal.entries(kinds=["woke"])) == []
    assert list(journal.verify()) == []


def test_who_and_the_time_are_those_of_the_call(journal: ChainStore) -> None:
    own, other = journal.append(Lagging(1.0, 1)), journal.append_all([(Lagging(1.0, 2), 5.25)], who="agent/srv-1")[0]
    assert (own.who, other.who, other.at) == ("hub", "agent/srv-1", 5.25)
    assert list(journal.entries()) == [own, other]


def test_a_journal_opened_again_goes_on(place: Place) -> None:
    first = place.open()
    first.append(SAMPLES["verdict_reached"])
    first.close()
    first.close()
    second = place.open()
    second.append(SAMPLES["verdict_reached"])
    assert second.head().seq == 2
    assert list(second.verify()) == []


def test_a_reader_cannot_make_a_journal(place: Place) -> None:
    with pytest.raises(NotFound):
        place.open(read_only=True)


# --- followers and cursors --------------------------------------------------------------------------------------------


def test_followers_stand_behind_what_waits_and_see_everything_once(journal: ChainStore) -> None:
    seen: list[int] = []

    def follow(entry: Entry) -> list[Payload]:
        seen.append(entry.seq)
        if entry.kind == "lagging":
            return [ErrorSeen("a", Text(str(entry.seq))), ErrorSeen("b", Text(str(entry.seq)))]
        return [CommandDone(f"{entry.seq}")] if entry.kind == "error_seen" else []

    written = journal.append_all([(Lagging(1.0, 1), 9.0), (Lagging(1.0, 2), 9.0)], who="agent/a", follow=follow)
    assert [entry.kind for entry in written] == ["lagging"] * 2 + ["error_seen"] * 4 + ["command_done"] * 4
    assert seen == list(range(1, 11))
    assert [entry.who for entry in written] == ["agent/a"] * 2 + ["hub"] * 8
    assert list(journal.entries()) == written
    assert list(journal.verify()) == []


def test_a_command_gets_its_id_from_its_cause_and_its_place(journal: ChainStore) -> None:
    mine = OrderAsked(command="f" * 32, cause=1, cut="c", machine="m", verb="kick")

    def follow(entry: Entry) -> list[Payload]:
        if entry.kind != "agent_silent":
            return []
        return [WakeAsked(due=1.0, key="a"), IncidentOpened("i", 1.0, "s", 1), WakeAsked(due=1.0, key="a"), mine]

    journal.append(Lagging(1.0, 1))
    cause, one, _, two, kept = journal.append_all([(AgentSilent("m", 1.0), None)], follow=follow)
    assert one.payload == WakeAsked(command=command_id(cause.hash, 0), cause=cause.seq, due=1.0, key="a")
    assert two.payload == WakeAsked(command=command_id(cause.hash, 2), cause=cause.seq, due=1.0, key="a")
    assert kept.payload == mine
    assert next(iter(journal.entries(after=cause.seq))).payload == one.payload


def test_followers_without_end_are_refused_and_nothing_of_them_is_written(journal: ChainStore) -> None:
    journal.append(Lagging(1.0, 1))
    with pytest.raises(RuntimeError, match=str(FOLLOWERS)):
        journal.append_all([(Lagging(1.0, 2), None)], follow=lambda entry: [Lagging(1.0, 3)], cursor=("agent/a", 7))
    assert (journal.head().seq, journal.cursor("agent/a")) == (1, 0)
    assert list(journal.verify()) == []


def test_what_follow_raises_comes_out_and_nothing_is_written(journal: ChainStore) -> None:
    def follow(entry: Entry) -> list[Payload]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        journal.append_all([(SAMPLES["verdict_reached"], None)], follow=follow)
    assert journal.head().seq == 0
    journal.append(SAMPLES["verdict_reached"])
    assert list(journal.verify()) == []


@pytest.mark.parametrize("follower", [Lagging(math.nan, 1), "no payload", Foreign("{}")])
def test_what_follows_and_cannot_be_written_is_told_apart_from_what_was_to_be_written(
    journal: ChainStore, follower: Any
) -> None:
    with pytest.raises(RuntimeError, match="what followed"):
        journal.append_all([(Lagging(1.0, 1), None), (Lagging(1.0, 2), None)], follow=lambda entry: [follower])
    with pytest.raises((ValueError, TypeError)):
        journal.append_all([(Lagging(1.0, 1), None), (follower, None)], follow=_nothing)
    assert journal.head().seq == 0


def test_follow_reads_what_was_committed_and_may_not_append(journal: ChainStore) -> None:
    journal.append(Lagging(1.0, 1))

    def follow(entry: Entry) -> list[Payload]:
        assert [each.seq for each in journal.entries()] == [1]
        assert journal.head().seq == 1
        journal.append(Lagging(1.0, 3))
        return []

    with pytest.raises(RuntimeError, match="returned, not appended"):
        journal.append_all([(Lagging(1.0, 2), None)], follow=follow)
    assert journal.append(Lagging(1.0, 2)).seq == 2


def test_a_cursor_is_kept_with_what_was_written_under_it(place: Place, journal: ChainStore) -> None:
    assert journal.cursor("agent/a") == 0
    journal.append_all([(Lagging(1.0, 1), None)], cursor=("agent/a", 41))
    journal.append_all([], cursor=("agent/b", 2**40))
    journal.append_all([(Lagging(1.0, 2), None)], cursor=("agent/a", 42))
    for store in (journal, place.open()):
        assert (store.cursor("agent/a"), store.cursor("agent/b"), store.cursor("agent/c")) == (42, 2**40, 0)


# --- what could never be read again -----------------------------------------------------------------------------------


UNREADABLE: list[tuple[Any, float | None]] = [
    (Lagging(math.nan, 1), None),
    (Lagging(math.inf, 1), None),
    (Lagging("soon", 1), None),  # type: ignore[arg-type]
    (Lagging(1.0, None), None),  # type: ignore[arg-type]
    (ErrorSeen("a", "not a text"), None),  # type: ignore[arg-type]
    (ErrorSeen("lone surrogate \udcff", Text()), None),
    (ErrorSeen(object(), Text()), None),  # type: ignore[arg-type]
    (Lagging(1.0, 1), math.nan),
    (Lagging(1.0, 1), -1.0),
    (Lagging(1.0, 1), 1e15),
]


def test_what_could_not_be_read_again_is_not_written(journal: ChainStore) -> None:
    for payload, at in UNREADABLE:
        with pytest.raises((ValueError, TypeError)):
            journal.append_all([(Lagging(1.0, 1), None), (payload, at)])
    assert list(journal.entries()) == []
    journal.append(Lagging(1.0, 1))
    assert list(journal.verify()) == []


def test_nobody_has_a_name_that_cannot_be_shown(journal: ChainStore) -> None:
    for who in ("a\x00b", "\x1b[2J", "x" * 300, "a\nb"):
        with pytest.raises(ValueError, match="nobody is called"):
            journal.append_all([(Lagging(1.0, 1), None)], who=who)


def test_text_that_looks_like_a_reference_is_no_reference(journal: ChainStore) -> None:
    """Else whoever chooses a machine's name could make the journal look tampered with."""
    journal.append(AgentSilent("text:" + "a" * 32, 1.0))
    journal.append(ErrorSeen("nul \x00", Text("text:" + "b" * 32)))
    assert [entry.payload for entry in journal.entries()] == [
        AgentSilent("text:" + "a" * 32, 1.0), ErrorSeen("nul \x00", Text("text:" + "b" * 32)),
    ]  # fmt: skip
    assert list(journal.verify()) == []


# --- texts ------------------------------------------------------------------------------------------------------------


def test_erased_words_are_gone_and_the_chain_still_holds(place: Place, journal: ChainStore) -> None:
    journal.append_all([(ErrorSeen("a", Text("Carla Rossi")), None), (ErrorSeen("b", Text("Carla Rossi")), None)])
    journal.snapshot_save("contain", *_head(journal), b"Carla Rossi")
    refs = {entry.payload.message.ref for entry in journal.entries() if isinstance(entry.payload, ErrorSeen)}
    assert len(refs) == 1
    assert journal.erase([*refs, "0" * 32], "asked for") == 1
    assert journal.erase(refs, "again") == 0
    read = [entry.payload for entry in journal.entries()]
    assert read[0] == ErrorSeen("a", Text(None, *refs))
    assert journal.text(*refs) is None
    assert journal.snapshot_load("contain") is None  # it held the name as well
    assert list(journal.verify()) == []
    journal.append(ErrorSeen("c", Text("Carla Rossi")))
    again = [entry.payload for entry in journal.entries()][-1]
    assert isinstance(again, ErrorSeen)
    assert again.message.ref not in refs


def test_an_entry_read_from_one_store_can_be_written_by_another(journal: ChainStore, tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "other.db") as other:
        other.append(SAMPLES["verdict_reached"])
        (entry,) = other.entries()
        journal.append(entry.payload)
    assert [entry.payload for entry in journal.entries()] == [SAMPLES["verdict_reached"]]
    assert list(journal.verify()) == []


def _head(journal: ChainStore) -> tuple[int, str]:
    head = journal.head()
    return head.seq, head.hash


# --- several at once --------------------------------------------------------------------------------------------------


def test_two_hubs_share_one_chain_and_a_check_sees_one_moment(place: Place) -> None:
    stores = [place.open("hub/a"), place.open("hub/b")]
    failed: list[BaseException] = []
    done = threading.Event()

    def write(store: ChainStore) -> None:
        try:
            for n in range(60):
                store.append_all(
                    [(ErrorSeen(store.who, Text(f"{n}")), None)],
                    follow=lambda entry: [CommandDone("x")] if entry.kind == "error_seen" else [],
                    cursor=(store.who, n + 1),
                )
        except BaseException as error:
            failed.append(error)

    def check() -> None:
        reader = place.open(read_only=True)
        while not done.is_set():
            failed.extend(AssertionError(fault) for fault in reader.verify())

    writers = [threading.Thread(target=write, args=[store]) for store in stores]
    checker = threading.Thread(target=check)
    for thread in (*writers, checker):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    checker.join()
    assert failed == []
    assert stores[0].head() == stores[1].head() == Head(240, stores[0].head().hash)
    assert [entry.seq for entry in stores[0].entries()] == list(range(1, 241))
    assert {store.cursor("hub/a") for store in stores} == {60}
    assert list(stores[1].verify()) == []


def test_threads_share_a_store_and_readers_see_no_entry_that_was_taken_back(journal: ChainStore) -> None:
    seen: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(sum(1 for _ in journal.entries()))

    def broken(entry: Entry) -> Iterable[Payload]:
        raise ZeroDivisionError

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(40):
        with pytest.raises(ZeroDivisionError):
            journal.append_all([(Lagging(1.0, n), None)] * 3, follow=broken)
    done.set()
    reader.join()
    assert set(seen) == {0}


# --- a database that goes away ----------------------------------------------------------------------------------------


def test_a_lost_connection_may_pass(place: Place, journal: ChainStore) -> None:
    journal.append(Lagging(1.0, 1))

    def follow(entry: Entry) -> list[Payload]:
        place.end_connections()
        return []

    try:
        journal.append_all([(Lagging(1.0, 2), None)], follow=follow)
    except OSError:
        assert journal.head().seq == 1
    else:
        assert isinstance(journal, SqliteStore)
    journal.append(Lagging(1.0, 3))
    assert list(journal.verify()) == []


def test_a_store_without_its_tables_is_damaged(place: Place, journal: ChainStore) -> None:
    journal.append(Lagging(1.0, 1))
    place.sql("delete from meta where name = 'head'")
    with pytest.raises(StateDamaged):
        journal.append(Lagging(1.0, 2))
    with pytest.raises(StateDamaged):
        journal.head()


def test_an_entry_that_cannot_be_read_is_said_to_be_damaged_and_is_found(place: Place, journal: ChainStore) -> None:
    journal.append(Lagging(1.0, 1))
    place.sql('update entries set payload = \'{"seconds": "soon"}\'')
    with pytest.raises(StateDamaged):
        list(journal.entries())
    assert [fault.what for fault in journal.verify()] == ["it was changed after it was written", "it cannot be read"]


def test_a_server_that_is_killed_loses_nothing_that_was_acknowledged(server: Server) -> None:
    from garde.journal.sqlalchemy_store import PostgresStore

    server.sql("postgres", "create database killed")
    with PostgresStore(server.url("killed"), who="hub") as journal:
        for n in range(20):
            journal.append(ErrorSeen("a", Text(str(n))))
        server.stop("immediate")  # as kill -9 would
        with pytest.raises(OSError, match="killed"):
            journal.append(Lagging(1.0, 1))
        server.start()
        assert journal.append(Lagging(1.0, 1)).seq == 21
        assert list(journal.verify()) == []


@pytest.mark.parametrize(
    "url", ["mysql://a:secret@h/b", "not a url", "postgresql://", "postgresql://a:secret@h/b?sslmode=require"]
)
def test_a_wrong_url_is_said_to_be_wrong_and_shows_no_password(url: str) -> None:
    from garde.journal.sqlalchemy_store import PostgresStore

    with pytest.raises(UsageError) as caught:
        PostgresStore(url)
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_may_come(tmp_path: Path) -> None:
    from garde.journal.sqlalchemy_store import PostgresStore

    with pytest.raises(OSError, match="unix_sock") as caught:
        PostgresStore(f"postgresql://garde:secret@/x?unix_sock={tmp_path}/nobody")
    assert "secret" not in str(caught.value)
