"""What every page needs: the parts of the hub, the entries behind a story, and HTML.

Comes in: `Deps`. Goes out: `Site`, made once; `Visit`, made for each request: who looks, in which language, at which
time. It knows no page.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from garde.emergency.nouns import Plan
from garde.emergency.words import EMERGENCY_LOCALE, Voice
from garde.hub.board import Board, Cut, Incident
from garde.hub.console.accounts import LocalAccounts, Session
from garde.hub.console.entrance import Entrance
from garde.hub.console.names import ROLES, SHORT_ROLES, Names, stamp
from garde.hub.console.views.cuts import title
from garde.hub.console.views.pace import Pace
from garde.hub.console.views.situation import Situation, situation
from garde.hub.console.views.story import Stories, Story, Track
from garde.hub.deps import Caller, Deps
from garde.journal.entry import Entry
from garde.journal.speech import LANGUAGES, Said, Say, say_in
from garde.journal.words import mode
from garde.recovery.words import RECOVERY_LOCALE

HERE = Path(__file__).parent
LOCALE = HERE / "locale"
STATIC = HERE / "static"
_ENTRIES = 4_096  # kept, so that a page that is opened again reads nothing
_RUN = 50  # entries between two wanted ones that are read along rather than asked for apart


class Site:
    """Safe to share between threads."""

    def __init__(self, deps: Deps) -> None:
        if not isinstance(deps.accounts, LocalAccounts):
            raise TypeError("the console signs people in by its own accounts")
        self.deps, self.accounts = deps, deps.accounts
        self.entrance = Entrance(deps.accounts, deps.clock, deps.loop.say)
        self.assets = {path.name: _asset(path) for path in sorted(STATIC.iterdir()) if path.suffix in MEDIA}
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {"short_roles": SHORT_ROLES, "roles": ROLES, "mode_words": mode}
        self._environment.globals["asset"] = lambda name: f"/console/{self.assets[name].version}/{name}"
        self._lock = threading.Lock()
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        deps.loop.listen(self._forget_erased)

    # --- states ---

    def board(self) -> Board:
        """Return the incidents and cuts as they stand, apart from what goes on meanwhile."""
        board: Board = self.deps.loop.look("board", _copy_board)
        return board

    def story(self, incident: str) -> tuple[Story | None, dict[str, Track]]:
        """Return an incident's story and the tracks of its cuts."""

        def take(state: Stories) -> tuple[Story | None, dict[str, Track]]:
            tracks = {name: deepcopy(track) for name, track in state.tracks.items() if track.incident == incident}
            return deepcopy(state.stories.get(incident)), tracks

        found: tuple[Story | None, dict[str, Track]] = self.deps.loop.look("console_stories", take)
        return found

    def pace(self, incident: str) -> Pace | None:
        """Return how fast an incident's files were damaged and put back."""
        found: Pace | None = self.deps.loop.look("console_paces", lambda state: deepcopy(state.paces.get(incident)))
        return found

    def situation(self, incident: Incident, board: Board) -> Situation:
        """Return how an incident stands."""
        last = self.deps.loop.look("console_stories", lambda state: copy(state.stories.get(incident.id)))
        return situation(incident, [board.cuts[cut] for cut in incident.cuts if cut in board.cuts], last)

    # --- entries ---

    def entries(self, seqs: Iterable[int]) -> list[Entry]:
        """Return these entries, in order; one that is not there is left out."""
        wanted = sorted(set(seqs))
        with self._lock:
            found = {seq: self._entries[seq] for seq in wanted if seq in self._entries}
        for run in _runs([seq for seq in wanted if seq not in found]):
            missing = set(run)
            for entry in self.deps.loop.journal.entries(after=run[0] - 1):
                if entry.seq > run[-1]:
                    break
                if entry.seq in missing:
                    found[entry.seq] = entry
        with self._lock:
            self._entries.update(found)
            while len(self._entries) > _ENTRIES:
                self._entries.popitem(last=False)
        return [found[seq] for seq in wanted if seq in found]

    def _forget_erased(self, entries: Sequence[Entry]) -> None:
        if any(entry.kind == "texts_erased" for entry in entries):
            with self._lock:
                self._entries.clear()

    # --- pages ---

    def render(self, template: str, visit: Visit, **values: Any) -> str:
        """Return a page's HTML."""
        return self._environment.get_template(template).render(
            visit=visit,
            say=visit.say,
            many=visit.say.many,
            names=visit.names,
            languages=LANGUAGES,
            stamp=stamp,
            **values,
        )

    def waiting(self, board: Board) -> int:
        """Return how many decisions are asked for in all open incidents."""
        return sum(self.situation(each, board).to_decide for each in board.incidents.values() if each.state == "open")

    def title_of(self, board: Board, names: Names) -> Any:
        """Return what names a cut, given its id."""

        def words(cut: str) -> Said:
            known: Cut | None = board.cuts.get(cut)
            return title(known, names) if known else names.say("a cut that is not known here")

        return words


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, as far as pages care."""

    session: Session | None
    names: Names
    now: float  # wall seconds
    path: str
    alarm: str  # why the journal cannot be written; "" where it can
    address: str = ""
    seq: int = 0  # the newest entry before anything was looked up: a live page goes on from there

    @property
    def say(self) -> Say:
        """The speaker of the reader's language."""
        return self.names.say

    @property
    def language(self) -> str:
        """The reader's language."""
        return self.say.language

    @property
    def caller(self) -> Caller:
        """Who looks. Pages behind the sign-in only."""
        assert self.session is not None
        return self.session.caller

    def may(self, right: str) -> bool:
        """Whether whoever looks has a right (`garde.hub.rights`)."""
        return self.session is not None and self.session.caller.may(right)

    @property
    def csrf(self) -> str:
        """What a form of ours carries."""
        return self.session.csrf if self.session else ""

    def voice(self, plan: Plan | None, language: str = "") -> Voice:
        """Return the speaker of the emergency plan's words, in the reader's language or another."""
        return Voice(say_in(language or self.language, EMERGENCY_LOCALE), self.names.look, plan)

    def time(self, at: float) -> Said:
        """Return the wall clock's time."""
        return self.names.time(at, self.now)

    def minute(self, at: float) -> Said:
        """Return the wall clock's hour and minute."""
        return self.names.minute(at, self.now)

    def tick(self, at: float) -> Said:
        """Return what stands at an axis of time."""
        return self.names.tick(at)

    def age(self, at: float) -> Said:
        """Return how long ago that was."""
        return self.names.age(self.now - at)


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file."""

    body: bytes
    media_type: str
    version: str  # of its content: it may be kept for good under this name


MEDIA = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, MEDIA[path.suffix], hashlib.sha256(body).hexdigest()[:16])


def speaker(language: str) -> Say:
    """Return the speaker of the console's language."""
    return say_in(language, RECOVERY_LOCALE, LOCALE)  # reasons of the way back are refusals of forms as well


def _copy_board(board: Board) -> Board:
    """What is inside a proposal is replaced, never changed: copies of the records are enough."""
    return Board(
        {name: replace(each, cuts=list(each.cuts)) for name, each in board.incidents.items()},
        {name: replace(each) for name, each in board.cuts.items()},
        {name: list(cuts) for name, cuts in board.machines.items()},
    )


def _runs(seqs: list[int]) -> Iterable[list[int]]:
    run: list[int] = []
    for seq in seqs:
        if run and seq - run[-1] > _RUN:
            yield run
            run = []
        run.append(seq)
    if run:
        yield run
