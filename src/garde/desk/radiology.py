"""What radiology is asked to do, from all that the desk keeps: census, registers, downtime numbers.

Comes in: the keeper, the desk's journal, how the desk is set up. Goes out: items, as `garde.downtime.worklist` makes
them. The running desk and a command beside it make the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from pathlib import Path

from garde.clock import Clock
from garde.desk.config import Config
from garde.desk.keeper import Keeper
from garde.downtime.book import Book
from garde.downtime.census.view import CensusView, PatientView, Row, patient_views, rows_of
from garde.downtime.numbers.people import arrivals
from garde.downtime.register.nouns import RADIOLOGY
from garde.downtime.register.state import register_fold
from garde.downtime.worklist import modality
from garde.downtime.worklist.items import Given, Item, worklist
from garde.downtime.worklist.who import Manner
from garde.downtime.worklist.words import WORDS
from garde.errors import SettingsError

_HOUR_S, _DAY_S = 3600.0, 86_400.0


class Radiology:
    """The list, made anew each time it is asked for."""

    def __init__(self, config: Config, keeper: Keeper, book: Book, clock: Clock) -> None:
        self._keeper, self._book, self._clock = keeper, book, clock
        self._register = register_fold(book)
        self._manner = manner_of(config, book.digest(b"garde worklist"))

    def items(self) -> tuple[Item, ...]:
        """Return everything that is to be done now."""
        making = self._making()
        while True:
            try:
                next(making)
            except StopIteration as ended:
                found: tuple[Item, ...] = ended.value
                return found

    async def items_between(self) -> tuple[Item, ...]:
        """The same, a patient at a time: the feed's messages are taken and answered in between."""
        making = self._making()
        while True:
            try:
                next(making)
            except StopIteration as ended:
                found: tuple[Item, ...] = ended.value
                return found
            await asyncio.sleep(0)

    def _making(self) -> Generator[None, None, tuple[Item, ...]]:
        """Look at those only of whom an image was ever asked: of each, all that is known must be put together."""
        census, register = self._keeper.census, self._book.follow(self._register)
        asked = {census.root(each.subject) for each in register.open(RADIOLOGY) if each.subject}
        parts = list[Row](), list[Row](), list[Row]()
        for number in tuple(census.roots()):
            if number in asked or any(self._has_image(each) for each in census.members(number)):
                for part, own in zip(parts, rows_of(census, number), strict=True):
                    part.extend(own)
            yield
        here, outpatients, expected = (tuple(sorted(each, key=_by_number)) for each in parts)
        view = CensusView(here, outpatients, expected, empty=())
        given = Given(view, register, arrivals(self._keeper.numbers()), census.newest, self._find)
        return worklist(given, self._manner, self._clock.now())

    def _has_image(self, number: str) -> bool:
        patient = self._keeper.census.patients.get(number)
        threads = patient.orders.values() if patient else ()
        return any(modality.modality_of(fact.value, self._manner.table) for each in threads for fact in each.facts)

    def mark(self) -> object:
        """Return what differs where the list may differ: messages read, entries written."""
        return self._keeper.census.messages, self._book.journal.head().seq

    def _find(self, number: str) -> PatientView | None:
        found = patient_views(self._keeper.census, number)
        return found[-1] if found else None


def _by_number(row: Row) -> tuple[str, str]:
    return row.patient.number, row.visit.number


def manner_of(config: Config, root: str) -> Manner:
    """Return how this desk lists; SettingsError where that cannot be."""
    own = config.worklist
    if own.language not in WORDS:
        raise SettingsError(f"desk.json: the worklist has no words in {own.language!r}", f"one of {', '.join(WORDS)}")
    wrong = [each for each in (*own.arrivals, *own.stations) if not modality.is_modality(each)]
    if wrong:
        raise SettingsError(f"desk.json: {wrong[0]!r} is no modality", "write it as DICOM does: CT, DX, MR, US")
    table = modality.rules(Path(own.table)) if own.table else modality.rules()
    return Manner(
        root, config.manner.place, table, own.issuer or next(iter(config.own), config.hospital), own.language,
        tuple(sorted(own.stations.items())), own.arrivals, own.arrival_hours * _HOUR_S, own.ahead_days * _DAY_S,
    )  # fmt: skip
