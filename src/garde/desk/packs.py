"""When packs are made: on a schedule, at once on alarm, and when somebody asks.

Comes in: the running desk's keeper, its journal, the time. Goes out: packs on the shelf, `pack_made`, lines of the
desk. The rules:

1. Every `every_min` minutes, and at each time of `at`, every ward and every service gets a new pack.
2. When the feed falls silent, and when somebody says that paper counts, all of them are made at once: the last ones
   that are as good as they will be. Once for each time that it falls silent or begins.
3. While the census is being rebuilt nothing is made by the schedule: a pack of half a census is worse than the last
   one. On alarm it is, and every page says so.
4. One making at a time. What cannot be made is written down, and the older pack stays.
5. A clock that goes back makes no pack twice at once and skips none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from garde.clock import Clock
from garde.desk.config import PacksConfig
from garde.desk.keeper import Keeper
from garde.desk.pack_basis import basis_now
from garde.desk.pack_make import ALARM, HAND, SCHEDULE, Maker, places
from garde.downtime.book import Book, Fold
from garde.downtime.packs.shelf import Shelf
from garde.downtime.silence import Feed
from garde.errors import GardeError
from garde.journal import Entry
from garde.journal.paper_kinds import DowntimeBegan, PackMade
from garde.journal.text import plain

LOOK_S: Final = 2.0
FIRST_S: Final = 60.0  # a desk that never made a pack makes one after this long


@dataclass(slots=True)
class Told:
    """What the journal says of downtimes and of packs so far."""

    begun: int = 0  # how often somebody said that paper counts
    made: float | None = None  # when packs were last made without being asked for


def _project(state: Told, entry: Entry) -> None:
    match entry.payload:
        case DowntimeBegan():
            state.begun += 1
        case PackMade() as made if made.cause != HAND:
            state.made = entry.at


def next_time(config: PacksConfig, last: float, zone: Any) -> float | None:
    """Return when packs are due after `last`; None where nothing says it."""
    found = [last + config.every_min * 60] if config.every_min else []
    then = datetime.fromtimestamp(last, zone)
    for at in config.at:
        hour = time.fromisoformat(at)
        moments = [datetime.combine(then.date() + timedelta(days=day), hour, zone).timestamp() for day in (0, 1, 2)]
        found.append(next(each for each in moments if each > last))
    return min(found, default=None)


class Packs:
    """The desk's papers, in the desk's loop."""

    def __init__(
        self, state: Path, keeper: Keeper, kept: tuple[Shelf, Book], clock: Clock, say: Callable[..., None]
    ) -> None:
        self._state, self._keeper, self._book, self._clock, self._say = state, keeper, kept[1], clock, say
        self._maker = Maker(*kept, clock)
        self._fold = Fold(Told(), _project)
        self._making = asyncio.Lock()
        self._feed = Feed.WAITING
        self._last: float | None = None  # when all packs were made last
        self.made: Callable[[], None] = lambda: None  # is told when a pack is on the shelf

    @property
    def _config(self) -> PacksConfig:
        return self._keeper.config.packs

    async def run(self) -> None:
        """Look at the clock, the feed and the journal, for ever. A fault is said and does not end the desk."""
        known, self._last = self._follow().begun, self._follow().made
        while True:
            try:
                begun = self._follow().begun
                if cause := self._due(begun > known):
                    await self.make_all(cause)
                known = begun
            except (OSError, GardeError) as error:
                self._say("complaint", message=f"packs are not made: {plain(str(error))}")
            await asyncio.sleep(LOOK_S)

    def _follow(self) -> Told:
        return self._book.follow(self._fold)

    def _due(self, begun: bool) -> str:
        """Return why all packs are to be made now; "" for not now."""
        feed, before = self._keeper.freshness().feed, self._feed
        if self._keeper.rebuilding:
            return ALARM if begun else ""
        self._feed = feed
        if begun or (feed is Feed.SILENT and before is Feed.HEARD):
            return ALARM
        return SCHEDULE if self._keeper.census.messages and self._is_time() else ""

    def _is_time(self) -> bool:
        now, begin = self._clock.now(), self._keeper.since
        if self._last is None:  # never yet: not before the first messages of a new feed have come in
            return not begin <= now < begin + FIRST_S
        due = next_time(self._config, self._last, self._keeper.config.manner.place)
        return now < self._last or (due is not None and now >= due)

    async def make_all(self, cause: str, who: str = "") -> list[PackMade]:
        """Make a pack for every ward and service, one after the other."""
        self._last = self._clock.now()
        found = []
        async with self._making:
            basis = basis_now(self._keeper, self._state, self._clock.now(), self._complain)
            for place, about in places(basis, self._config.services):
                found.append(await asyncio.to_thread(self._maker.any, basis, place, about, cause, who))
                self._told(found[-1])
            await asyncio.to_thread(self._maker.tidy, self._config.keep_days)
        good = [each for each in found if not each.fault]
        self._say("packs", cause=cause, packs=len(good), pages=sum(each.pages for each in good),
                  seconds=round(sum(each.seconds for each in found), 1), faults=len(found) - len(good))  # fmt: skip
        return found

    async def asked(self, asked: dict[str, Any], who: str) -> dict[str, Any]:
        """Answer a command: which packs there can be (`places`), or make one of them."""
        basis = basis_now(self._keeper, self._state, self._clock.now(), self._complain)
        if asked["ask"] == "places":
            return {"places": places(basis, self._config.services), "rebuilding": self._keeper.rebuilding}
        place, about, cause = str(asked["place"]), str(asked["about"]), str(asked.get("cause", HAND))
        try:
            async with self._making:
                made = await asyncio.to_thread(self._maker.any, basis, place, about, cause, who)
        except OSError as error:  # nothing was made, and not even that could be written down
            return {"error": f"no pack for {plain(place)}: {plain(str(error))}"}
        self._told(made)
        return plainly(made)

    def _told(self, made: PackMade) -> None:
        if made.fault:
            self._say("complaint", message=f"no pack for {plain(made.place)}: {made.fault}")
        else:
            self.made()

    def _complain(self, message: str) -> None:
        self._say("complaint", message=plain(message))


def plainly(made: PackMade) -> dict[str, Any]:
    """Return a made pack as plain data, without whose its pages are."""
    names = ("pack", "place", "about", "pages", "sha256", "as_of", "cause", "seconds", "fault")
    return {name: getattr(made, name) for name in names}
