"""The outbox: everything once, the first first, and whatever becomes of the disk, no number is used for two things."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from garde.agent.link import outbox as module
from garde.agent.link.outbox import JUMP, Item, Leased, Outbox


def item(number: int, kind: str = "finding_made") -> Item:
    return Item(1_900_000_000.0 + number, kind, b'{"n":%d}' % number)


class Hub:
    """What docs/link.md says of a hub: it counts once what is above the highest it has."""

    def __init__(self) -> None:
        self.upto = 0
        self.had: list[bytes] = []

    def take(self, leased: list[Leased]) -> int:
        for each in leased:
            if each.seq > self.upto:
                self.had.append(each.item.payload)
                self.upto = each.seq
        return self.upto


def deliver(outbox: Outbox, hub: Hub) -> None:
    """What the speaker does."""
    for _ in range(100):
        if not outbox.settled:
            outbox.settle(hub.upto)
        leased = outbox.lease()
        if not leased:
            return
        outbox.delivered(leased, hub.take(leased))
    raise AssertionError("it comes to no end")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


def payloads(*numbers: int) -> list[bytes]:
    return [item(n).payload for n in numbers]


def test_what_was_put_is_delivered_once_in_order(path: Path) -> None:
    outbox, hub = Outbox(path), Hub()
    assert outbox.put([item(1), item(2)]) == 2
    assert outbox.put([item(2), item(3)]) == 2
    deliver(outbox, hub)
    assert (hub.had, outbox.waiting, outbox.lease()) == (payloads(1, 2, 3), 0, [])


def test_a_lease_is_the_same_until_it_was_delivered(path: Path) -> None:
    outbox, hub = Outbox(path), Hub()
    outbox.put([item(1), item(2)])
    outbox.settle(0)
    first = outbox.lease()
    outbox.put([item(3)])
    assert outbox.lease()[:2] == first
    outbox.delivered(first, hub.take(first))
    assert [each.item for each in outbox.lease()] == [item(3)]


def test_batches_are_small_enough_for_an_envelope(path: Path) -> None:
    outbox = Outbox(path)
    outbox.put([Item(float(n), "finding_made", b'"%s"' % (b"x" * 1000)) for n in range(1, 30)])
    outbox.settle(0)
    assert len(outbox.lease(most=7)) == 7
    assert len(outbox.lease(most_bytes=5_500)) == 5
    assert len(outbox.lease(most_bytes=10)) == 1  # what is larger than a batch still goes, alone


def test_after_a_restart_it_goes_on_where_it_was(path: Path) -> None:
    hub = Hub()
    before = Outbox(path)
    before.put([item(1), item(2)])
    deliver(before, hub)
    before.put([item(3)])
    before.close()  # as a kill would: nothing else is written
    after = Outbox(path)
    assert (after.waiting, after.settled) == (1, False)
    deliver(after, hub)
    assert hub.had == payloads(1, 2, 3)


def test_a_lost_answer_doubles_nothing(path: Path) -> None:
    hub = Hub()
    before = Outbox(path)
    before.put([item(1), item(2)])
    before.settle(0)
    hub.take(before.lease())
    before.close()
    after = Outbox(path)
    after.put([item(3)])
    deliver(after, hub)
    assert hub.had == payloads(1, 2, 3)


def test_a_lost_outbox_never_sends_under_numbers_that_were_used(path: Path) -> None:
    hub = Hub()
    before = Outbox(path)
    before.put([item(n) for n in range(1, 6)])
    deliver(before, hub)
    before.close()
    path.unlink()
    after = Outbox(path)
    after.put([item(6)])
    deliver(after, hub)
    assert hub.had == payloads(1, 2, 3, 4, 5, 6)


def test_numbers_that_turn_out_to_be_used_are_given_anew(path: Path) -> None:
    """A disk was put back while the agent ran on: the hub has more than was ever sent."""
    outbox, hub = Outbox(path), Hub()
    outbox.settle(0)
    outbox.put([item(1)])
    hub.upto = 900
    deliver(outbox, hub)
    assert hub.had == payloads(1)


def test_a_damaged_file_is_moved_aside_and_not_deleted(path: Path) -> None:
    path.write_bytes(b"this is no database " * 400)
    outbox, hub = Outbox(path), Hub()
    outbox.put([item(1)])
    deliver(outbox, hub)
    assert hub.had == payloads(1)
    assert path.with_name("outbox.db.damaged").read_bytes().startswith(b"this is no")


def test_what_does_not_fit_stays_outside_and_the_first_are_kept(path: Path) -> None:
    outbox, hub = Outbox(path, room=3), Hub()
    assert outbox.put([item(n) for n in range(1, 6)]) == 3
    assert (outbox.free, outbox.put([item(6)])) == (0, 0)
    assert outbox.put([item(7, "order_applied")], always=True) == 1
    deliver(outbox, hub)
    assert (hub.had, outbox.free) == (payloads(1, 2, 3, 7), 3)


def test_what_came_by_the_pipe_and_stands_in_the_journal_is_one(path: Path) -> None:
    outbox, hub = Outbox(path), Hub()
    assert outbox.cursor is None
    outbox.put([item(1), item(2)])
    deliver(outbox, hub)
    outbox.take_over([item(1), item(2), item(3)], 7)
    deliver(outbox, hub)
    outbox.close()
    again = Outbox(path)
    again.take_over([item(2), item(3)], 7)
    deliver(again, hub)
    assert (hub.had, again.cursor) == (payloads(1, 2, 3), 7)


def test_what_is_done_with_is_forgotten_and_its_number_is_not(path: Path) -> None:
    outbox, hub = Outbox(path), Hub()
    for start in range(1, 1000, 100):
        items = [item(n) for n in range(start, start + 100)]
        outbox.put(items)
        deliver(outbox, hub)
        outbox.take_over(items, start)
    with sqlite3.connect(path) as db:
        assert db.execute("select count(*) from entries").fetchone()[0] < 200
    db.close()
    outbox.close()
    again = Outbox(path)
    again.put([item(1001)])
    deliver(again, hub)
    assert hub.had == payloads(*range(1, 1002))


def fill_disk(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on the file takes nothing (SQLite's own limit stands in for a full disk)."""
    db = outbox._spill._db
    pages = db.execute("pragma page_count").fetchone()[0]
    db.execute(f"pragma max_page_count = {pages}")


def test_a_full_disk_loses_and_doubles_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox, hub = Outbox(path), Hub()
    outbox.put([item(1), item(2)])
    deliver(outbox, hub)
    fill_disk(outbox, monkeypatch)
    many = [Item(float(n), "finding_made", b'"%d %s"' % (n, b"y" * 3000)) for n in range(1, 40)]
    assert outbox.put(many) == 39
    assert "full" in outbox.in_memory
    assert not outbox.settled  # what is numbered in memory is numbered far above
    deliver(outbox, hub)
    assert hub.had == payloads(1, 2) + [each.payload for each in many]
    assert hub.upto > JUMP
    assert outbox.to_disk()
    assert outbox.in_memory == ""
    outbox.take_over(many, 50)  # the journal has them as well, and was read after the disk was free again
    outbox.put([item(3)])
    deliver(outbox, hub)
    outbox.close()
    again = Outbox(path)
    again.put([item(4)])
    deliver(again, hub)
    assert hub.had == payloads(1, 2) + [each.payload for each in many] + payloads(3, 4)


def test_killed_while_in_memory_no_number_is_used_for_two_things(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox, hub = Outbox(path), Hub()
    outbox.put([item(1)])
    deliver(outbox, hub)
    fill_disk(outbox, monkeypatch)
    many = [Item(float(n), "finding_made", b'"%d %s"' % (n, b"y" * 3000)) for n in range(1, 40)]
    outbox.put(many)
    deliver(outbox, hub)
    outbox.close()
    again = Outbox(path)
    again.put([item(2), item(3)])
    deliver(again, hub)
    assert hub.had[-2:] == payloads(2, 3)


def test_a_directory_that_takes_no_file_does_not_keep_it_from_working(tmp_path: Path) -> None:
    outbox, hub = Outbox(tmp_path / "not there" / "outbox.db"), Hub()
    outbox.put([item(1)])
    deliver(outbox, hub)
    assert hub.had == payloads(1)
    assert outbox.in_memory


def test_every_time_of_an_entry_makes_one_digest_by_both_ways() -> None:
    """The journal keeps microseconds as text; what comes back is the same moment."""
    from garde.clock import iso
    from garde.journal.entry import seconds

    draw = random.Random(7)
    for _ in range(5000):
        at = draw.uniform(1.7e9, 2.2e9)
        assert Item(at, "x", b"{}").digest == Item(seconds(iso(at)), "x", b"{}").digest


class Night(RuleBasedStateMachine):
    """Put, deliver, lose answers, die, fill the disk, in any order: nothing is lost, and doubled only after a loss of
    memory."""

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.directory = tempfile.TemporaryDirectory()
        self.path = Path(self.directory.name) / "outbox.db"
        self.hub, self.outbox = Hub(), Outbox(self.path)
        self.count, self.told = 0, []

    @rule(many=st.integers(1, 5))
    def put(self, many: int) -> None:
        new = [item(self.count + n) for n in range(1, many + 1)]
        self.count += many
        assert self.outbox.put(new) == many

    @rule()
    def deliver(self) -> None:
        deliver(self.outbox, self.hub)
        assert self.outbox.waiting == 0
        assert self.hub.had == payloads(*range(1, self.count + 1))

    @rule()
    def answer_lost(self) -> None:
        if not self.outbox.settled:
            self.outbox.settle(self.hub.upto)
        self.hub.take(self.outbox.lease(most=2))

    @rule()
    def killed(self) -> None:
        self.outbox.close()
        self.outbox = Outbox(self.path)

    @rule(upto=st.integers(0, 6))
    def journal_read(self, upto: int) -> None:
        low = max(1, self.count - upto)
        self.outbox.take_over([item(n) for n in range(low, self.count + 1)], self.count)

    @invariant()
    def counts_right(self) -> None:
        assert self.outbox.waiting == len(self.outbox.lease(most=module.ROOM, most_bytes=10**9))

    def teardown(self) -> None:
        if hasattr(self, "outbox"):
            self.outbox.close()
            self.directory.cleanup()


TestNight = Night.TestCase
TestNight.settings = settings(max_examples=40, stateful_step_count=25)
