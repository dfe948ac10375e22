"""What `garde pack` does, on the desk's own state directory, beside the running desk or without one.

Comes in: words of the command. Goes out: lines, JSON, files, entries of the desk's journal. Whoever takes a PDF out is
written down first: it names patients.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from garde.cli.screen import Screen
from garde.clock import Clock
from garde.desk.config import load_config
from garde.desk.control import ask_desk, user_name
from garde.desk.keeper import Keeper, rebuilt
from garde.desk.pack_basis import basis_now
from garde.desk.pack_make import ALARM, HAND, Maker, places
from garde.desk.packs import plainly
from garde.downtime import period
from garde.downtime.book import Book, Fold
from garde.downtime.moments import past_time
from garde.downtime.packs.basis import BLANKS
from garde.downtime.packs.shelf import Manifest, Shelf
from garde.downtime.store.messages import MessageStore
from garde.downtime.store.seal import Seal
from garde.errors import GardeError, HubAbsent, Incomplete, NotFound, UsageError
from garde.journal.store import journal_file
from garde.journal.text import plain
from garde.private import write_private

_MOST_BLANKS = 200  # sheets of one form in one pack: a box of paper
_Make = Callable[[str, str, str], dict[str, Any]]  # place, about, cause


class PackDesk:
    """One call of the command."""

    def __init__(self, state: Path, clock: Clock, screen: Screen) -> None:
        self._state, self._clock, self._screen = state, clock, screen
        self._config = load_config(state)
        self._seal = Seal.load(state)
        self._login = user_name(os.getuid())
        self._shelf = Shelf(state, self._seal)

    def _complain(self, message: str) -> None:
        self._screen.line(plain(message), "warn")

    @contextlib.contextmanager
    def _book(self) -> Iterator[Book]:
        with Book(self._state, self._seal, self._clock, who=self._login) as book:
            yield book

    # --- making ---

    def make(self, what: str, *, alarm: bool) -> int:
        with self._maker() as (wanted, make):
            chosen = [each for each in wanted if what in ("", each[0])]
            if not chosen:
                known = ", ".join(plain(place) for place, _ in wanted) or "none: nothing was heard yet"
                raise NotFound(f"there is no ward or service {plain(what)!r}", f"choose of {known}")
            faults = 0
            for number, (place, about) in enumerate(chosen, 1):
                made = make(place, about, ALARM if alarm else HAND)
                faults += bool(made["fault"])
                self._show_made(made, f"{number}/{len(chosen)}")
        return Incomplete.exit_code if faults else 0

    def _show_made(self, made: dict[str, Any], progress: str) -> None:
        self._screen.data({"kind": "pack_made", **made})
        if made["fault"]:
            self._screen.line(f"{progress}  {plain(made['place'])}: NO PACK: {plain(made['fault'])}", "bad")
        else:
            line = f"{progress}  {made['pack']}  {plain(made['place'])}: {made['pages']} pages, {made['seconds']:.1f} s"
            self._screen.line(line, "good")

    @contextlib.contextmanager
    def _maker(self) -> Iterator[tuple[list[tuple[str, str]], _Make]]:
        """Give what there can be packs of, and what makes one: the running desk, or this process."""
        try:
            found = _asked(self._state, {"ask": "places"})
        except HubAbsent:
            with self._alone() as made:
                yield made
            return
        if found["rebuilding"]:
            self._screen.line("The desk is rebuilding its census: the packs say so. Make them anew in a while.", "bad")

        def make(place: str, about: str, cause: str) -> dict[str, Any]:
            return _asked(self._state, {"ask": "pack", "place": place, "about": about, "cause": cause})

        yield [(str(place), str(about)) for place, about in found["places"]], make

    @contextlib.contextmanager
    def _alone(self) -> Iterator[tuple[list[tuple[str, str]], _Make]]:
        self._screen.line("No desk runs: reading what is stored", "dim")
        with MessageStore(self._state, self._seal) as store, self._book() as book:
            keeper = rebuilt(self._state, self._config, store, self._clock, book)
            basis = basis_now(keeper, self._state, self._clock.now(), self._complain)
            maker = Maker(self._shelf, book, self._clock)

            def make(place: str, about: str, cause: str) -> dict[str, Any]:
                return plainly(maker.any(basis, place, about, cause, self._login))

            yield places(basis, self._config.packs.services), make

    def blanks(self, ward: str, count: int, forms: str) -> int:
        if not ward:
            raise UsageError("for which ward?", "garde pack blanks MED1 --count 20")
        if not 0 < count <= _MOST_BLANKS:
            raise UsageError(f"{count} sheets of a form", f"1 to {_MOST_BLANKS}")
        names = [each.strip() for each in forms.split(",") if each.strip()] or list(BLANKS)
        with MessageStore(self._state, self._seal) as store, self._book() as book:
            basis = basis_now(Keeper(self._config, store, self._clock, book), self._state, self._clock.now(),
                              self._complain)  # fmt: skip
            made = Maker(self._shelf, book, self._clock).blanks(basis, ward, dict.fromkeys(names, count), self._login)
        self._show_made(plainly(made), "1/1")
        return Incomplete.exit_code if made.fault else 0

    # --- looking ---

    def list(self, place: str) -> int:
        now = self._period()
        self._screen.data({"kind": "downtime", "lasts": now.lasts, "since": now.since, "wards": sorted(now.wards)})
        if now.lasts:
            where = "every ward" if now.everywhere else ", ".join(map(plain, sorted(now.wards)))
            self._screen.line(f"PAPER COUNTS on {where} since {self._time(now.since)}", "bad")
        for each in self._shelf.manifests():
            if place in ("", each.place):
                self._screen.data({"kind": "pack", **_shown(each)})
                self._screen.line(self._row(each), "note" if each.feed == "heard" else "warn")
        for name in self._shelf.damaged():
            self._screen.data({"kind": "pack_damaged", "pack": name})
            self._screen.line(f"{name}  CANNOT BE READ", "bad")
        return 0

    def _period(self) -> period.Period:
        """Read the journal without writing: what lies there is shown on a full disk too."""
        if not journal_file(self._state).exists():
            return period.Period()
        with Book(self._state, self._seal, self._clock, read_only=True) as book:
            return book.follow(Fold(period.Period(), period.project))

    def _row(self, each: Manifest) -> str:
        doubt = "" if each.feed == "heard" or each.about == "blanks" else f", feed {each.feed}"
        as_of = f"as of {self._time(each.as_of)}" if each.as_of else "nothing heard"
        if each.about == "blanks":
            as_of = f"made {self._time(each.made_at)}"
        what = f"{plain(each.place)} ({each.about}, {each.language})"
        return f"{each.pack}  {what}  {as_of}{doubt}, {each.pages} pages"

    def _time(self, at: float) -> str:
        return f"{datetime.fromtimestamp(at, ZoneInfo(self._config.zone)):%Y-%m-%d %H:%M}"

    def show(self, name: str) -> int:
        found = self._shelf.manifest(_named(name))
        self._screen.data({"kind": "pack", **_shown(found), "titles": list(found.titles)})
        self._screen.line(self._row(found), "title")
        for sender, at in found.sources:
            self._screen.line(f"  {plain(sender)}: newest message {self._time(at)}", "dim")
        for page, title in enumerate(found.titles, 1):
            self._screen.line(f"  {found.pack}.{page}  {title}")
        return 0

    def save(self, name: str, out: Path | None) -> int:
        if out is None:
            raise UsageError("no file was named", f"garde pack save {name or 'PACK'} --out ward.pdf")
        found, pdf = self._shelf.read(_named(name))
        with Book(self._state, self._seal, self._clock, who=self._login) as book:
            book.looked(self._login, f"pack {found.pack}")
        try:
            write_private(out, pdf)
        except OSError as error:
            raise UsageError(f"{out}: {error.strerror}", "name another file with --out") from error
        self._screen.data({"kind": "pack_saved", "pack": found.pack, "file": str(out), "pages": found.pages})
        self._screen.line(f"{out}: {found.pages} pages. It names patients: delete it once it is printed.", "warn")
        return 0

    # --- paper counts, or no more ---

    def begin(self, since: str, wards: str, note: str, by: str) -> int:
        if not since:
            raise UsageError("since when does paper count?", "garde pack begin --since 03:40")
        try:
            at = past_time(since, self._clock.now(), ZoneInfo(self._config.zone))
        except ValueError as error:
            raise UsageError(str(error), "garde pack begin --since 03:40") from error
        if at > self._clock.now() + 60:
            raise UsageError("that is in the future", "name the last moment for which the record is believed")
        names = tuple(each.strip() for each in wards.split(",") if each.strip())
        with self._book() as book:
            fold = Fold(period.Period(), period.project)
            book.change(fold, lambda now: [period.begin(now, by or self._login, at, names, note)], who=self._login)
        self._screen.data({"kind": "downtime_began", "since": at, "wards": list(names)})
        self._screen.line(
            f"Paper counts since {self._time(at)} on {', '.join(map(plain, names)) or 'every ward'}", "bad"
        )
        with contextlib.suppress(HubAbsent, GardeError):
            _asked(self._state, {"ask": "status"})
            self._screen.line("The desk makes the last packs now: garde pack list", "good")
            return 0
        self._screen.line("No desk runs: make the last packs with garde pack make --alarm", "warn")
        return 0

    def end(self, note: str, by: str) -> int:
        with self._book() as book:
            fold = Fold(period.Period(), period.project)
            book.change(fold, lambda now: [period.end(now, by or self._login, note)], who=self._login)
        self._screen.data({"kind": "downtime_ended"})
        self._screen.line("The record is back. Each patient's paper counts until somebody signs them back.", "good")
        return 0


def _asked(state: Path, question: dict[str, Any]) -> dict[str, Any]:
    found = ask_desk(state, question)
    if "error" in found:
        raise Incomplete(str(found["error"]), "look at what the desk says: garde downtime run")
    return found


def _named(name: str) -> str:
    if not name:
        raise UsageError("no pack was named", "look at garde pack list")
    return name.strip().upper()


def _shown(found: Manifest) -> dict[str, Any]:
    names = ("pack", "place", "about", "language", "pages", "sha256", "made_at", "as_of", "feed")
    lists = {"sources": [list(each) for each in found.sources], "mar": list(found.mar), "blanks": list(found.blanks)}
    return {**{name: getattr(found, name) for name in names}, **lists}
