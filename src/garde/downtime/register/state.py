"""Requests, results, calls: what the desk's journal says of laboratory and radiology so far.

Comes in: entries, and the Book's `open` for what is sealed. Goes out: `State`. Pure but for the seal. The rules, which
`policy` enforces where it can, and which the fold keeps whatever the journal says:

 1. A request is taken once, under the number on its form or label.
 2. A result belongs to a request. One that comes before its request is kept, shown as *without a request*, and joined
    to it once the request is taken.
 3. A critical result must be called. It is *not called* until somebody has read it to a person who repeated it.
 4. A call without a read-back is written down, and does not count.
 5. A correction replaces a result: the old one stays in the journal, is shown as corrected, and needs no call any more.
 6. A correction of a result that was critical, or that was read to somebody, must be called itself, critical or not.
 7. A request is open until it has a result that stands, or is closed: done, refused, or void.
 8. A refused request (no name on the tube, clotted) is shown for a day: somebody must ask again.
 9. Turn-around is from taking the request to its first result; of a critical one from its result to the call that
    counts.
10. What cannot be opened is still there, and it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from garde.downtime.book import Book, Fold
from garde.downtime.register.nouns import Asked, Found
from garde.errors import StateDamaged
from garde.journal import Entry, Text
from garde.journal.paper_kinds import PackMade, RequestClosed, RequestTaken, ResultCalled, ResultNoted

T = TypeVar("T")
Opener = Callable[[Text, type], object]
REFUSED_S = 86_400.0  # a refused request is shown this long


@dataclass(slots=True)
class Request:
    """One request. `taken` is False where only results of it have come."""

    number: str
    taken: bool = False
    service: str = ""
    place: str = ""
    by: str = ""
    at: float = 0.0
    subject: str | None = None  # the patient's number; None: not legible, or not taken
    asked: Asked | None = None  # None: not legible, or not taken
    results: list[str] = field(default_factory=list)
    closed: str = ""  # done | refused | void
    closed_at: float = 0.0
    note: Text = field(default_factory=Text)


@dataclass(frozen=True, slots=True)
class Call:
    """A result was read to somebody."""

    by: str
    at: float
    read_back: bool
    to: Text


@dataclass(slots=True)
class Result:
    """One result."""

    id: str
    request: str
    critical: bool
    by: str
    at: float
    found: Found | None  # None: not legible
    replaces: str = ""
    replaced_by: str = ""
    again: bool = False  # it corrects one that somebody was told, or had to be told
    calls: list[Call] = field(default_factory=list)

    @property
    def told(self) -> Call | None:
        """The first call that counts."""
        return next((each for each in self.calls if each.read_back), None)

    @property
    def must_call(self) -> bool:
        return (self.critical or self.again) and not self.replaced_by

    @property
    def waits(self) -> bool:
        """Whether somebody must be called now."""
        return self.must_call and self.told is None


@dataclass(slots=True)
class State:
    """The fold."""

    requests: dict[str, Request] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    packs: dict[str, int] = field(default_factory=dict)  # id -> pages: which sheets there can be

    def standing(self, request: Request) -> list[Result]:
        """Return the results of a request that count."""
        return [found for each in request.results if not (found := self.results[each]).replaced_by]

    def is_open(self, request: Request) -> bool:
        return request.taken and not request.closed and not self.standing(request)

    def open(self, service: str = "") -> Iterator[Request]:
        """Yield requests that wait for a result, the oldest first."""
        found = (each for each in self.requests.values() if self.is_open(each) and service in ("", each.service))
        yield from sorted(found, key=lambda each: (each.at, each.number))

    def not_called(self) -> Iterator[Result]:
        """Yield results that somebody must be told now, the oldest first."""
        yield from sorted((each for each in self.results.values() if each.waits), key=lambda each: (each.at, each.id))

    def without_request(self) -> Iterator[Result]:
        """Yield results whose request nobody has taken."""
        found = (each for each in self.results.values() if not self.requests[each.request].taken)
        yield from sorted((each for each in found if not each.replaced_by), key=lambda each: (each.at, each.id))

    def refused(self, now: float) -> Iterator[Request]:
        """Yield requests that were refused and that somebody must ask again."""
        found = (each for each in self.requests.values() if each.closed == "refused")
        yield from sorted((each for each in found if now - each.closed_at < REFUSED_S), key=lambda each: each.closed_at)


def register_fold(book: Book) -> Fold[State]:
    """Return an empty fold for `Book.follow` and `Book.change`."""
    return Fold(State(), partial(project, open=book.open))


def project(state: State, entry: Entry, *, open: Opener) -> None:
    """Take one entry in."""
    match entry.payload:
        case RequestTaken() as e:
            found = state.requests.setdefault(e.request, Request(e.request))
            if not found.taken:
                found.taken, found.service, found.place, found.by, found.at = True, e.service, e.place, e.by, e.at
                found.subject, found.asked = _opened(e.subject, str, open), _opened(e.content, Asked, open)
        case ResultNoted() as e if e.result not in state.results:
            _note(state, e, _opened(e.content, Found, open))
        case ResultCalled() as e if e.result in state.results:
            state.results[e.result].calls.append(Call(e.by, e.at, e.read_back, e.to))
        case RequestClosed() as e if e.request in state.requests:
            request = state.requests[e.request]
            request.closed, request.closed_at, request.note = e.how, e.at, e.note
        case PackMade() as e if not e.fault:
            state.packs[e.pack] = e.pages


def _note(state: State, e: ResultNoted, found: Found | None) -> None:
    request = state.requests.setdefault(e.request, Request(e.request))
    result = Result(e.result, e.request, e.critical, e.by, e.at, found, e.replaces)
    old = state.results.get(e.replaces)
    if old is not None and old.request == e.request:
        old.replaced_by = e.result
        result.again = old.critical or old.again or bool(old.calls)
    request.results.append(e.result)
    state.results[e.result] = result


def _opened(text: Text, kind: type[T], open: Opener) -> T | None:
    try:
        found = open(text, kind)
    except StateDamaged:  # erased, or of another key: the entry stands all the same
        return None
    assert isinstance(found, kind)
    return found
