"""What people do with what neighbours send, each as one entry: for the API and the console alike.

Comes in: who asks, and what for. Goes out: the entries that were written, the act's own first; how things stand. Who
may is the rule of `garde.sharing.may`. Raises NotPermitted, Refused, NotFound and UsageError, OSError where the disk or
the journal refuses: nothing counts then. What came is kept raw before it is read; it is read in a process of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from garde.errors import NotFound, Refused, UsageError
from garde.hub.person_acts import note_text
from garde.hub.share_acts import ShareDesk
from garde.hub.watch_lists import WatchLists
from garde.journal import sharing_kinds as s
from garde.journal.entry import Entry
from garde.journal.text import plain
from garde.sharing import may
from garde.sharing.in_ import bundle, reader, taxii
from garde.sharing.in_.memory import STATES, In
from garde.sharing.in_.neighbours import FILE, Source, load

LONGEST_NAME: Final = 64  # characters of a source that is no neighbour of the estate
TAXII: Final = "taxii"
MOST_BUNDLES: Final = 500  # that count at a time
_ONE: Final = threading.Lock()  # a list is made of what counts: two at once would lose one


@dataclass(frozen=True, slots=True)
class InDesk(ShareDesk):
    """One person at work on what comes in."""

    @property
    def lists(self) -> WatchLists:
        """Where the bytes lie."""
        return WatchLists(self.deps.state)

    def coming(self) -> In:
        """Return how things stand."""
        return self.state().in_

    def check_take(self) -> None:
        """Refuse who may not, before anything is kept."""
        self._check(may.TAKE)

    def take(self, place: Path, source: str, form: str = "", channel: str = "file") -> list[Entry]:
        """Keep what came raw, read it, and have every agent watch for it."""
        self._check(may.TAKE)
        name = self._source(source)
        if form and form not in bundle.FORMATS:
            raise UsageError(f"a bundle is one of {', '.join(bundle.FORMATS)}")
        digest = self.lists.keep(place)
        with _ONE:
            began = time.monotonic()
            counting = self._counting()
            if digest in counting:
                raise Refused("exactly this was taken already", "see what counts: garde share list")
            count = self._without_older(counting, name) if channel == TAXII else counting
            if len(count) >= MOST_BUNDLES:
                raise Refused(f"{MOST_BUNDLES} bundles count already", "drop one: garde share drop")
            with self.lists.scratch() as whole, self.lists.scratch() as made:
                others = [self.lists.read(each) for each in count]
                places = reader.Places(self.lists.raw(digest), made, others, whole)
                try:
                    read = reader.read(places, form=form, source=name, now=self.deps.clock.now())
                except reader.NotRead as error:
                    if digest not in self.coming().unread:  # a poll brings the same again and again
                        self._write(s.SharedUnread(name, digest, error.reason, self.caller.login, channel))
                    raise Refused(f"it was kept, and cannot be read: {error.reason}", "ask whoever sent it") from error
                self.lists.keep_read(digest, made)
                sha256 = self.lists.put_list(whole)
            taken = s.SharedTaken(
                name, read.form, digest, read.tlp, read.indicators, read.refused, read.why, self.caller.login, channel
            )
            of = (*count, digest)
            return self._write_all([taken, self._made(sha256, read, began, of)])

    def drop(self, digest: str) -> list[Entry]:
        """Let what a neighbour sent count no more: agents are asked to watch for the rest."""
        self._check(may.TAKE)
        with _ONE:
            began, count = time.monotonic(), self._counting()
            found = [each for each in count if digest and each.startswith(digest)]
            if len(found) != 1:
                raise NotFound("nothing that counts is called this", "see what counts: garde share list")
            left = tuple(each for each in count if each != found[0])
            with self.lists.scratch() as whole:
                places = reader.Places(None, None, [self.lists.read(each) for each in left], whole)
                try:
                    read = reader.read(places, now=self.deps.clock.now())
                except reader.NotRead as error:
                    raise Refused(f"what is left cannot be read: {error.reason}", "see the hub's disk") from error
                sha256 = self.lists.put_list(whole)
            return self._write_all([self._made(sha256, read, began, left)])

    def poll(self, neighbour: str) -> list[Entry]:
        """Fetch what a neighbour serves over TAXII, and take it; nothing is written where it is what counts already."""
        self._check(may.TAKE)
        found = next((each for each in self.sources() if each.id == neighbour), None)
        if found is None:
            raise NotFound(f"{FILE} names no neighbour {neighbour[:64]!r}", "see docs/sharing.md")
        with self.lists.scratch() as place:
            try:
                taxii.fetch(found, place)
            except taxii.NotFetched as error:
                raise Refused(f"{found.id}: {error.reason}", f"see {FILE}, or take a file: garde share take") from error
            if self.lists.digest(place) in self._counting():
                return []
            return self.take(place, found.id, "stix", TAXII)

    def sources(self) -> Sequence[Source]:
        """Return the neighbours that serve over TAXII; raises SettingsError."""
        return load(self.deps.state)

    def precaution(self, name: str, state: str, why: str) -> list[Entry]:
        """Decide a precaution: healthy (let go), ready, cut."""
        self._check(may.PRECAUTION)
        if state not in STATES:
            raise UsageError(f"a precaution is one of {', '.join(STATES)}")
        if name not in self.coming().precautions:
            raise NotFound("no such precaution is offered", "see them: garde share list")
        return self._write(s.PrecautionDecided(name, state, self.caller.login, note_text(why)))

    # --- parts ---

    def _source(self, name: str) -> str:
        found = plain(name.strip(), LONGEST_NAME)
        if not found:
            raise UsageError("who sent it?", "name a neighbour of hospital.yaml, or whoever gave it to you")
        return found

    def _counting(self) -> tuple[str, ...]:
        watched = self.coming().watched
        return tuple(watched.of) if watched is not None else ()

    def _without_older(self, counting: tuple[str, ...], source: str) -> tuple[str, ...]:
        """What a neighbour serves takes the place of what it served before: what it has withdrawn counts no more."""
        taken = self.coming().taken
        return tuple(
            each for each in counting
            if each not in taken or (taken[each].source, taken[each].channel) != (source, TAXII)
        )  # fmt: skip

    def _made(self, sha256: str, read: reader.Read, began: float, of: tuple[str, ...]) -> s.WatchListMade:
        return s.WatchListMade(sha256, read.whole, read.sources, round(time.monotonic() - began, 3), of)

    def _write_all(self, payloads: list[s.SharedTaken | s.WatchListMade]) -> list[Entry]:
        return self.deps.loop.append(payloads, who=f"person/{self.caller.login}")
