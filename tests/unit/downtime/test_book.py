"""The desk's journal: sealed, shared by two processes, chained."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from garde.clock import VirtualClock
from garde.downtime.book import Book, Fold
from garde.downtime.store.seal import Seal
from garde.errors import Refused, StateDamaged
from garde.journal import Entry, Payload, Text
from garde.journal.paper_kinds import NumberIssued, NumberVoided


@dataclass
class Given:
    numbers: list[str] = field(default_factory=list)


def project(state: Given, entry: Entry) -> None:
    if isinstance(entry.payload, NumberIssued):
        state.numbers.append(entry.payload.number)


def fold() -> Fold[Given]:
    return Fold(Given(), project)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Book, Book]]:
    seal = Seal.load_or_make(tmp_path)
    with Book(tmp_path, seal, VirtualClock()) as one, Book(tmp_path, seal, VirtualClock(), who="nina") as other:
        yield one, other


def test_what_is_sealed_is_not_in_the_file_and_comes_back(two: tuple[Book, Book], tmp_path: Path) -> None:
    one, other = two
    one.add(NumberIssued("D1-1", "URG", "nina", 1.0, one.seal({"family": "Lambert-Peeters"})))
    (entry,) = other.journal.entries()
    assert isinstance(entry.payload, NumberIssued)
    assert other.open(entry.payload.person, dict) == {"family": "Lambert-Peeters"}
    assert not any(b"Lambert" in path.read_bytes() for path in tmp_path.iterdir())
    assert list(one.journal.verify()) == []


def test_another_key_an_edit_and_an_erased_text_are_said(two: tuple[Book, Book]) -> None:
    one, _ = two
    text = one.seal("x")
    assert text.value is not None
    for broken in (Text(text.value[:-8] + b"AAAAAAA="), Text(b"sealed:%%%"), Text(b"never"), Text(None, "ab")):
        with pytest.raises(StateDamaged):
            one.open(broken, str)
    with pytest.raises(StateDamaged):
        one.open(one.seal("x"), int)


def test_two_who_decide_on_the_same_number_do_not_both_get_it(two: tuple[Book, Book]) -> None:
    def take(book: Book, own: Fold[Given]) -> None:
        def decide(state: Given) -> Iterator[Payload]:
            number = f"D1-{len(state.numbers) + 1}"
            yield NumberIssued(number, "URG", "nina", 1.0)

        book.change(own, decide)

    mine, theirs = fold(), fold()
    for book, own in ((two[0], mine), (two[1], theirs), (two[0], mine)):
        take(book, own)
    assert mine.state.numbers == ["D1-1", "D1-2", "D1-3"]
    assert two[1].follow(theirs).numbers == mine.state.numbers


def test_who_may_not_writes_nothing(two: tuple[Book, Book]) -> None:
    def decide(state: Given) -> Iterator[Payload]:
        yield NumberVoided("D1-1", "nina")
        raise Refused("no such number")

    with pytest.raises(Refused):
        two[0].change(fold(), decide)
    assert two[0].journal.head().seq == 0


ELSEWHERE = """
import sys
from pathlib import Path
from garde.clock import SystemClock
from garde.downtime.book import Book
from garde.downtime.store.seal import Seal
from garde.journal.paper_kinds import NumberVoided
state = Path(sys.argv[1])
with Book(state, Seal.load(state), SystemClock()) as book:
    book.add(NumberVoided(sys.argv[2], "otto"))
"""


def test_a_second_one_in_this_process_leaves_the_first_whole_when_a_command_comes_and_goes(tmp_path: Path) -> None:
    """POSIX: who closes a descriptor of the file lets go of every lock of this process; then the log is taken away."""
    seal = Seal.load_or_make(tmp_path)
    with Book(tmp_path, seal, VirtualClock()) as running:
        running.add(NumberVoided("D1-1", "nina"))
        for number in ("D1-2", "D1-3"):
            with Book(tmp_path, seal, VirtualClock()) as page:  # as each page of the running desk opens one
                page.add(NumberVoided(number, "nina"))
            subprocess.run([sys.executable, "-c", ELSEWHERE, str(tmp_path), f"{number}-else"], check=True, timeout=60)
        running.add(NumberVoided("D1-4", "nina"))
        written = [each.payload.number for each in running.journal.entries() if isinstance(each.payload, NumberVoided)]
    with Book(tmp_path, seal, VirtualClock(), read_only=True) as again:
        assert [fault.what for fault in again.journal.verify()] == []
        assert again.journal.head().seq == 6
    assert written == ["D1-1", "D1-2", "D1-2-else", "D1-3", "D1-3-else", "D1-4"]
