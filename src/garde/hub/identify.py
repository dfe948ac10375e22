"""Naming what it was, and where addresses are: both from files on this machine, in a thread of its own.

Comes in: `identify_asked` and `places_asked` commands. Goes out: `family_named`, `places_found`; `command_failed` with
the reason where that cannot be. It reads the entries that a command names from the journal, the hospital's own rules
and hashes under `<state>/identify/`, and `<state>/geoip.toml`, each at the first command after a start. What is broken
in them is said as `error_seen`, once. It asks nobody on any network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from garde.errors import SettingsError
from garde.hub.threaded import Threaded
from garde.journal.entry import Entry
from garde.journal.forensic_kinds import IdentifyAsked, PlaceFound, PlacesAsked, PlacesFound
from garde.journal.kinds import ErrorSeen
from garde.journal.payload import Command, Payload
from garde.journal.text import Text

if TYPE_CHECKING:
    from garde.forensics.identify.ranking import Known
    from garde.forensics.origin.places.sources import Places
    from garde.hub.loop import Loop

FOLDER: Final = "identify"
_FAULTS: Final = 5  # that are said of one file or folder
# What a family is named from: other entries are passed over unread.
_SHOWING: Final = ("note_taken", "finding_made", "verdict_reached", "mass_delete_seen", "evidence_taken", "egress_seen")


class Identifier(Threaded):
    """The performer of both. See `garde.hub.performer.Performer`."""

    kinds = ("identify_asked", "places_asked")

    def __init__(self, state: Path, loop: Callable[[], Loop]) -> None:
        super().__init__("identify")
        self._state, self._loop = state, loop
        self._known: Known | None = None
        self._places: Places | None = None

    # --- in the thread ---

    def _carry_out(self, command: Command) -> Iterator[list[Payload]]:
        yield [self._done(command)]

    def _done(self, command: Command) -> Payload:
        if isinstance(command, IdentifyAsked):
            from garde.forensics.identify.knowledge import naming

            return naming(command, self._entries(command.entries), self._knowledge())
        assert isinstance(command, PlacesAsked)
        return self._placed(command)

    def _entries(self, numbers: Sequence[int]) -> list[Entry]:
        """Return these entries, read once from the first to the last; one that is not there is left out."""
        wanted, found = set(numbers), []
        for entry in self._loop().journal.entries(after=min(wanted, default=1) - 1, kinds=_SHOWING):
            if entry.seq in wanted:
                found.append(entry)
            if entry.seq >= max(wanted, default=0):
                break
        return found

    def _knowledge(self) -> Known:
        if self._known is None:
            from garde.forensics.identify.knowledge import open_known

            self._known, pack = open_known(self._state / FOLDER)
            self._complain(f"{self._state / FOLDER}", pack.broken)
        return self._known

    def _placed(self, asked: PlacesAsked) -> PlacesFound:
        places = self._open_places()
        found = []
        for address in asked.addresses:
            place = places.find(address)
            if place is not None:
                found.append(PlaceFound(address, place.country, place.network, place.may_be, place.source, place.date))
        return PlacesFound(asked.command, asked.incident, tuple(found), tuple(each.name for each in places.sources))

    def _open_places(self) -> Places:
        if self._places is None:
            from garde.forensics.origin.places.sources import FILE, Places, open_places

            try:
                self._places = open_places(self._state)
                self._complain(FILE, self._places.broken)
            except SettingsError as error:
                self._places = Places()
                self._complain(FILE, [error.message])
        return self._places

    def _complain(self, where: str, faults: Sequence[str]) -> None:
        todo = "see docs/account.md; restart the hub when it is mended"
        said = [ErrorSeen(where, Text(fault), todo) for fault in faults[:_FAULTS]]
        if said:
            self._say(said)
