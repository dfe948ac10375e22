"""The registers as people look at them: what must be done first, then what is open, then what was done.

Comes in: the fold, what time it is. Goes out: rows. Critical results that nobody was told come first, the oldest first;
nothing is left out for being old or not legible.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.downtime.register.state import Request, Result, State


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result. Times are wall seconds, spans seconds."""

    id: str
    request: str
    at: float
    by: str
    words: str  # "" where they are not legible
    legible: bool
    critical: bool
    why: tuple[str, ...]
    must_call: bool
    waits: bool  # for somebody to be told
    waited_s: float  # until the call that counts, or until now
    called_to: str
    called_at: float  # 0: not yet
    calls: int
    replaces: str
    replaced_by: str
    patient: str
    place: str
    service: str


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request."""

    number: str
    service: str
    place: str
    at: float
    by: str
    patient: str  # their number; "" where it is not legible
    what: str
    modality: str
    specimen: str
    doctor: str
    reason: str
    urgent: bool
    legible: bool
    standing: str  # open | result | done | refused | void
    note: str
    age_s: float  # of an open one
    turnaround_s: float  # to its first result; 0 where there is none
    results: tuple[ResultRow, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """All of it, in the order in which it is to be read."""

    not_called: tuple[ResultRow, ...]
    without_request: tuple[ResultRow, ...]
    refused: tuple[RequestRow, ...]
    open: tuple[RequestRow, ...]  # urgent first, then the oldest
    settled: tuple[RequestRow, ...]  # the newest first


def board(state: State, now: float, service: str = "") -> Board:
    """Return what there is; of one service where it is named. A result without a request is everybody's."""
    mine = [each for each in state.requests.values() if each.taken and service in ("", each.service)]
    waiting = sorted((each for each in mine if state.is_open(each)), key=_first)
    settled = sorted((each for each in mine if not state.is_open(each)), key=lambda each: (-each.at, each.number))
    return Board(
        tuple(
            result_row(state, each, now)
            for each in state.not_called()
            if service in ("", state.requests[each.request].service) or not state.requests[each.request].taken
        ),
        tuple(result_row(state, each, now) for each in state.without_request()),
        tuple(request_row(state, each, now) for each in state.refused(now) if service in ("", each.service)),
        tuple(request_row(state, each, now) for each in waiting),
        tuple(request_row(state, each, now) for each in settled),
    )


def _first(request: Request) -> tuple[bool, float, str]:
    return (not (request.asked and request.asked.urgent), request.at, request.number)


def request_row(state: State, request: Request, now: float) -> RequestRow:
    """Return one request with its results."""
    asked, results = request.asked, [state.results[each] for each in request.results]
    standing = request.closed or ("open" if state.is_open(request) else "result")
    first = min((each.at for each in results), default=0.0)
    return RequestRow(
        request.number, request.service, request.place, request.at, request.by, request.subject or "",
        asked.what if asked else "", asked.modality if asked else "", asked.specimen if asked else "",
        asked.doctor if asked else "", asked.reason if asked else "", bool(asked and asked.urgent),
        asked is not None and request.subject is not None, standing, request.note.shown(),
        max(now - request.at, 0.0) if standing == "open" else 0.0, max(first - request.at, 0.0) if first else 0.0,
        tuple(result_row(state, each, now) for each in results),
    )  # fmt: skip


def result_row(state: State, result: Result, now: float) -> ResultRow:
    """Return one result with what became of it."""
    request, told = state.requests[result.request], result.told
    until = told.at if told else now
    return ResultRow(
        result.id, result.request, result.at, result.by, result.found.shown if result.found else "",
        result.found is not None, result.critical, result.found.critical if result.found else (), result.must_call,
        result.waits, max(until - result.at, 0.0) if result.must_call else 0.0, told.to.shown() if told else "",
        told.at if told else 0.0, len(result.calls), result.replaces, result.replaced_by, request.subject or "",
        request.place, request.service,
    )  # fmt: skip
