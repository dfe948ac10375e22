"""Making packs and keeping them: set, put on the shelf, written down. In this order.

Comes in: a `Basis`, places, why. Goes out: `pack_made`, one for each pack, also for one that could not be set: then an
older one stays. Blocks for a second or two a pack; may run in a thread beside the desk's loop, one making at a time.

A pack that is on the shelf and in no `pack_made` (the desk was killed in between) was never sent or printed: the next
making removes it. A `pack_made` whose pack is gone is an old one that was pruned.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from garde.clock import Clock
from garde.downtime.book import Book, Fold
from garde.downtime.codes import new_pack_id
from garde.downtime.entry.account import OPEN, UNSURE, Sheets, all_sheets, project
from garde.downtime.packs.basis import UNPLACED, Basis
from garde.downtime.packs.making import Made, Wanted, blanks_pack, make, service_pack, ward_pack
from garde.downtime.packs.shelf import SERVICE, Shelf
from garde.errors import GardeError, NotFound
from garde.journal import Text
from garde.journal.paper_kinds import PackMade
from garde.journal.text import plain
from garde.paper import NotTypeset

SCHEDULE, ALARM, HAND = "schedule", "alarm", "hand"
_DAY_S: Final = 86_400.0
_LONGEST_FAULT: Final = 300


class Maker:
    """One desk's papers."""

    def __init__(self, shelf: Shelf, book: Book, clock: Clock) -> None:
        self.shelf, self._book, self._clock = shelf, book, clock
        self._sheets = Fold(Sheets(), project)
        self._one = threading.Lock()

    def ward(self, basis: Basis, place: str, cause: str, who: str = "") -> PackMade:
        """Make a ward's pack; NotFound for a ward that nobody has heard of."""
        if place not in basis.wards():
            known = ", ".join(plain(each) for each in basis.wards()) or "none yet"
            raise NotFound(f"no ward {plain(place)!r} is known", f"wards: {known}")
        return self._made(basis, ward_pack(basis, place), cause, who)

    def service(self, basis: Basis, place: str, cause: str, who: str = "") -> PackMade:
        """Make a service's pack."""
        return self._made(basis, service_pack(basis, place), cause, who)

    def blanks(self, basis: Basis, place: str, counts: Mapping[str, int], who: str = "") -> PackMade:
        """Make blank forms and nothing else."""
        return self._made(basis, blanks_pack(place, counts), HAND, who)

    def any(self, basis: Basis, place: str, about: str, cause: str, who: str = "") -> PackMade:
        """Make a ward's or a service's pack."""
        return (self.service if about == SERVICE else self.ward)(basis, place, cause, who)

    def _made(self, basis: Basis, wanted: Wanted, cause: str, who: str) -> PackMade:
        with self._one:
            began = self._clock.monotonic()
            pack, made, fault = self._new_id(), None, ""
            try:
                made = make(basis, wanted, pack, self._book.digest)
                self.shelf.put(made.manifest, made.pdf)
            except NotTypeset as error:
                fault = f"it could not be set: {error.reason}"
            except OSError as error:
                fault = f"it could not be kept: {error.strerror or error}"
            seconds = round(self._clock.monotonic() - began, 3)
            told = PackMade(pack, wanted.place, wanted.about, 0, "", basis.as_of, cause, seconds)
            if made is None or fault:
                told = replace(told, fault=fault[:_LONGEST_FAULT])
            else:
                known = made.manifest
                told = replace(told, pages=known.pages, sha256=known.sha256, titles=known.titles, digest=known.digest,
                               people=self._people(made))  # fmt: skip
            self._write(told, who)
            return told

    def _people(self, made: Made) -> Text:
        """Whose each page is: page -> patient's number, sealed."""
        return self._book.seal({str(page): number for page, number in made.people.items()})

    def _write(self, told: PackMade, who: str) -> None:
        try:
            self._book.add(told, who=who)
        except (OSError, GardeError):
            self.shelf.drop(told.pack)  # what is not written down is not given to anybody
            raise

    def _new_id(self) -> str:
        known = self._book.follow(self._sheets).packs
        while (pack := new_pack_id()) in known or pack in self.shelf:
            pass
        return pack

    # --- the shelf ---

    def tidy(self, keep_days: float) -> list[str]:
        """Remove what was never written down, and what is old; never what has sheets out. Returns what went."""
        with self._one:
            sheets = self._book.follow(self._sheets)
            lost = [each.pack for each in self.shelf.manifests() if each.pack not in sheets.packs]
            for pack in lost:
                self.shelf.drop(pack)
            out = {each.code.pack for each in all_sheets(sheets) if each.standing in (OPEN, UNSURE)}
            return [*lost, *self.shelf.prune(self._clock.now() - keep_days * _DAY_S, keep=out)]


def places(basis: Basis, services: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return what there is a pack for: (place, about), wards first; who has no ward is never left out."""
    wards = basis.wards()
    wards.sort(key=lambda ward: (ward == UNPLACED, ward))
    return [*((ward, "ward") for ward in wards), *((service, SERVICE) for service in services)]
