"""What radiology is asked to do, from all that the desk keeps: census, registers, downtime numbers.

Comes in: the keeper, the desk's journal, how the desk is set up. Goes out: items, as `garde.downtime.worklist` makes
them. The running desk and a command beside it make the same.
"""

from __future__ import annotations

from pathlib import Path

from garde.clock import Clock
from garde.desk.config import Config
from garde.desk.keeper import Keeper
from garde.downtime.book import Book
from garde.downtime.census.view import PatientView, census_view, patient_views
from garde.downtime.numbers.people import arrivals
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
        given = Given(
            census_view(self._keeper.census),
            self._book.follow(self._register),
            arrivals(self._keeper.numbers()),
            self._keeper.census.newest,
            self._find,
        )
        return worklist(given, self._manner, self._clock.now())

    def mark(self) -> object:
        """Return what differs where the list may differ: messages read, entries written."""
        return self._keeper.census.messages, self._book.journal.head().seq

    def _find(self, number: str) -> PatientView | None:
        found = patient_views(self._keeper.census, number)
        return found[-1] if found else None


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
