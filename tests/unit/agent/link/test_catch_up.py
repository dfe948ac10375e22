"""Reading the journal: what the pipe dropped is found there, what it brought is not told twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from garde.agent.link import catch_up as module
from garde.agent.link.catch_up import FIRST_HOURS, CatchUp
from garde.agent.link.outbox import Item, Outbox
from garde.journal import kinds, wire
from garde.journal.store import open_journal
from garde.journal.text import Text

ENROLLED = 1_900_000_000.0


def lagging(number: int) -> kinds.Lagging:
    return kinds.Lagging(float(number), number)


def write(state: Path, *numbers: int, at: float = ENROLLED) -> None:
    journal = open_journal(state)
    journal.append_all([(lagging(n), at + n) for n in numbers])
    journal.close()


def told(outbox: Outbox) -> list[float]:
    if not outbox.settled:
        outbox.settle(0)
    return [each.item.at - ENROLLED for each in outbox.lease()]


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox.db")


def test_everything_reportable_since_the_day_before_the_enrolment(tmp_path: Path, outbox: Outbox) -> None:
    write(tmp_path, 1, at=ENROLLED - FIRST_HOURS * 3600 - 10)
    write(tmp_path, 2, at=ENROLLED - FIRST_HOURS * 3600)
    journal = open_journal(tmp_path)
    journal.append(kinds.TextsErased(1, "asked"), ENROLLED)
    journal.close()
    write(tmp_path, 3)
    reader = CatchUp(tmp_path, outbox, ENROLLED)
    reader.read(lambda: None)
    assert told(outbox) == [2 - FIRST_HOURS * 3600, 3]
    assert (outbox.cursor, reader.behind) == (4, False)


def test_the_pipe_was_faster(tmp_path: Path, outbox: Outbox) -> None:
    items = [Item(ENROLLED + n, "lagging", wire.encode(lagging(n))) for n in (1, 2)]
    outbox.put(items[:1])
    write(tmp_path, 1, 2, 3)
    CatchUp(tmp_path, outbox, ENROLLED).read(lambda: outbox.put(items[1:]) and None)
    assert told(outbox) == [1, 2, 3]


def test_hostile_names_make_the_same_digest_by_both_ways(tmp_path: Path, outbox: Outbox) -> None:
    payload = kinds.ErrorSeen("X", Text(b"/srv/\xff\xfe caf\xe9/\x1b[31m\n"), "")
    outbox.put([Item(ENROLLED + 0.123456789, "error_seen", wire.encode(payload))])
    journal = open_journal(tmp_path)
    journal.append(payload, ENROLLED + 0.123456789)
    journal.close()
    CatchUp(tmp_path, outbox, ENROLLED).read(lambda: None)
    assert outbox.waiting == 1


def test_it_goes_on_where_it_was_and_reads_only_what_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 3)
    outbox = Outbox(tmp_path / "outbox.db", room=4)
    write(tmp_path, *range(1, 8))
    reader = CatchUp(tmp_path, outbox, ENROLLED)
    reader.read(lambda: None)
    assert (outbox.waiting, outbox.cursor, reader.behind) == (3, 3, True)
    reader.read(lambda: None)
    assert (outbox.waiting, outbox.cursor, reader.behind) == (4, 4, True)
    reader.read(lambda: None)
    assert (outbox.waiting, outbox.cursor, reader.behind) == (4, 4, True)
    outbox.settle(0)
    outbox.delivered(leased := outbox.lease(), leased[-1].seq)
    reader.read(lambda: None)
    assert (told(outbox), outbox.cursor, reader.behind) == ([5, 6, 7], 7, False)


def test_another_journal_in_its_place_is_read_from_its_beginning(tmp_path: Path, outbox: Outbox) -> None:
    write(tmp_path, 1, 2, 3)
    CatchUp(tmp_path, outbox, ENROLLED).read(lambda: None)
    for part in tmp_path.glob("journal.db*"):
        part.unlink()
    write(tmp_path, 4)
    CatchUp(tmp_path, outbox, ENROLLED).read(lambda: None)
    assert told(outbox) == [1, 2, 3, 4]


def test_no_journal_and_a_damaged_one_leave_the_pipe_alone(tmp_path: Path, outbox: Outbox) -> None:
    reader = CatchUp(tmp_path, outbox, ENROLLED)
    reader.read(lambda: None)
    assert not reader.behind
    (tmp_path / "journal.db").write_bytes(b"noise" * 1000)
    reader.read(lambda: None)
    assert (reader.behind, outbox.waiting) == (False, 0)
    (tmp_path / "journal.db").unlink()
    write(tmp_path, 1)
    reader.read(lambda: None)
    assert outbox.waiting == 1
