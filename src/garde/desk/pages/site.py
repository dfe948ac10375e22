"""What every page of the desk needs: the desk's parts, HTML in the reader's language, static files.

Comes in: the keeper, the desk's journal, accounts. Goes out: `Site`, made once; `Visit`, made for each request. Pages
read the census in the desk's own event loop, where it changes; what waits for a disk or a password runs in a thread.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from garde.clock import Clock
from garde.desk.keeper import Keeper
from garde.desk.numbers import Numbers, Signed
from garde.desk.pages.accounts import Accounts, Session
from garde.desk.pages.entrance import Entrance
from garde.desk.pages.words import LANGUAGES, Say
from garde.downtime.book import Book
from garde.downtime.entry.state import entry_fold
from garde.journal.paper_kinds import SignInNoted
from garde.journal.text import plain

T = TypeVar("T")
HERE: Final = Path(__file__).parent
MEDIA: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file."""

    body: bytes
    media_type: str
    version: str  # of its content: it may be kept for good under this name


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, as far as pages care."""

    session: Session | None
    language: str
    path: str
    address: str
    now: float
    zone: ZoneInfo

    @property
    def say(self) -> Say:
        return Say(self.language)

    @property
    def signed(self) -> Signed:
        """Who does it. Pages behind the sign-in only."""
        assert self.session is not None
        return Signed(self.session.login, self.session.login)

    def may(self, act: str) -> bool:
        return self.session is not None and self.session.may(act)

    @property
    def csrf(self) -> str:
        return self.session.csrf if self.session else ""

    def time(self, at: float) -> str:
        """Return the hospital's wall clock: the hour of today, else with the day."""
        moment, today = datetime.fromtimestamp(at, self.zone), datetime.fromtimestamp(self.now, self.zone)
        return moment.strftime("%H:%M" if moment.date() == today.date() else "%d.%m. %H:%M")


class Site:
    """The desk, as pages see it."""

    def __init__(
        self, state: Path, keeper: Keeper, book: Book, accounts: Accounts, clock: Clock, *, secure: bool
    ) -> None:  # fmt: skip
        self.state, self.keeper, self.accounts, self.clock, self.secure = state, keeper, accounts, clock, secure
        self.entrance = Entrance(accounts, clock, self._note_sign_in)
        self.book = book
        self.acting = threading.Lock()  # acts on numbers, one at a time: `with site.acting`
        self.numbers = Numbers(keeper.config, book, clock)
        self.keying = threading.Lock()  # back-entry, one at a time, on what it has read of the journal so far
        self.paper = entry_fold(book)
        self.assets = {path.name: _asset(path) for path in sorted((HERE / "static").iterdir()) if path.suffix in MEDIA}
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._environment.globals["asset"] = lambda name: f"/static/{self.assets[name].version}/{name}"
        self._environment.filters["plain"] = plain

    def _note_sign_in(self, what: str, who: str) -> None:
        self.book.add(SignInNoted(what, plain(who)))

    def render(self, template: str, visit: Visit, **values: Any) -> str:
        """Return a page's HTML."""
        return self._environment.get_template(template).render(
            visit=visit, say=visit.say, languages=LANGUAGES, hospital=self.keeper.config.hospital,
            fresh=self.keeper.freshness(), rebuilding=self.keeper.rebuilding, **values,
        )  # fmt: skip


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, MEDIA[path.suffix], hashlib.sha256(body).hexdigest()[:16])
