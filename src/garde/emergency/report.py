"""The situation report: one page of facts, in every language, as it was when it was made.

Comes in: the state, the estate, the newest signed checkpoint, the time. Goes out: `Report`, plain text and numbers,
kept in the journal with the report's entry, so that a page drawn from it later says the same. Pure; renders nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import msgspec

from garde.emergency.board import ORDER, Board, as_text, make_board
from garde.emergency.memory import CLOSED, DEGRADED, FLAGS, OPEN, PAPER, RUNNING, WORKS, State
from garde.emergency.words import CUT_STATES, EMERGENCY_LOCALE, Voice
from garde.estate.look import Lookup
from garde.journal import checkpoint
from garde.journal.checkpoint import Checkpoint
from garde.journal.speech import LANGUAGES, Said, long_time, say_in, short_time

# So many lines of each sort, so that it stays one page. What is left out is counted.
_CUTS, _SERVICES, _DECISIONS, _CLOCKS, _MISSING = 6, 10, 7, 9, 5
IN_FORCE: Final = ("asked", "applied", "proven", "not_proven", "failed", "undoing")
_LONGEST: Final = 80  # characters of a note or a title


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what, how it stands, and a mark for what must be seen first."""

    what: str
    how: str
    mark: str = ""  # "" | "!" | state of a service or a way in
    when: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """See the module."""

    number: int
    hospital: str
    language: str
    at: float
    made: str
    by: str
    state: tuple[str, ...]  # sentences: plan and phase, incident, services in numbers
    cuts: tuple[Line, ...]
    services: tuple[Line, ...]  # that do not simply work
    working: str  # the others, by name
    paths: tuple[Line, ...]
    decisions: tuple[Line, ...]
    clocks: tuple[Line, ...]
    missing: tuple[str, ...]  # who could not be reached, roles nobody holds
    flags: tuple[Line, ...]
    next: str
    more: dict[str, int] = field(default_factory=dict)  # lines left out, by section
    size: int = 0  # entries that the checkpoint covers
    head: str = ""  # the checkpoint in words
    seal: str = ""  # the checkpoint as it is signed, for the QR code


Reports = dict[str, Report]  # by language


def make_reports(
    state: State, look: Lookup, now: float, *, number: int, by: str, last: Checkpoint | None = None
) -> Reports:
    """Return the report in every language."""
    return {
        language: _report(state, Voice(say_in(language, EMERGENCY_LOCALE), look, state.plan), now, (number, by), last)
        for language in LANGUAGES
    }


def encode(reports: Reports) -> bytes:
    """Return what the journal keeps."""
    return msgspec.json.encode(reports, enc_hook=as_text)


def decode(raw: bytes) -> Reports:
    """Read what the journal kept; ValueError where it is none."""
    try:
        return msgspec.json.decode(raw, type=Reports)
    except msgspec.DecodeError as error:
        raise ValueError(f"no report: {error}") from error


def _report(state: State, voice: Voice, now: float, which: tuple[int, str], last: Checkpoint | None) -> Report:
    board, say = make_board(state, voice, now), voice.say
    cuts, services, decisions, clocks = (
        _cuts(state, voice, now), _services(board, now), _decisions(state, voice, now), _clocks(state, voice, now),
    )  # fmt: skip
    missing = _missing(state, voice)
    found = state.activation
    due = short_time(found.next_report, now) if found and found.next_report > now else Said("")
    return Report(
        number=which[0],
        hospital=board.hospital,
        language=voice.language,
        at=now,
        made=long_time(now),
        by=voice.person(which[1]),
        state=tuple(_state(state, voice, board, now)),
        cuts=tuple(cuts[:_CUTS]),
        services=tuple(services[:_SERVICES]),
        working=say.list([each.name for each in board.rows if each.state == WORKS]),
        paths=tuple(_paths(state, voice, board, now)),
        decisions=tuple(decisions[-_DECISIONS:]),
        clocks=tuple(clocks[:_CLOCKS]),
        missing=tuple(missing[:_MISSING]),
        flags=tuple(_flags(state, voice, now)),
        next=say("Next report: {time}", time=due) if due else say("Next report: when somebody asks for one"),
        more={
            "cuts": max(len(cuts) - _CUTS, 0),
            "services": max(len(services) - _SERVICES, 0),
            "decisions": max(len(decisions) - _DECISIONS, 0),
            "clocks": max(len(clocks) - _CLOCKS, 0),
            "missing": max(len(missing) - _MISSING, 0),
        },
        size=last.size if last else 0,
        head=say("{n} entries, root {root}, {time}", n=last.size, root=last.root[:16], time=long_time(last.at))
        if last
        else say("no checkpoint has been signed yet"),
        seal=checkpoint.encode(last).decode() if last else "",
    )


def _state(state: State, voice: Voice, board: Board, now: float) -> list[str]:
    say, found = voice.say, state.activation
    said: list[str] = []
    if found is None:
        said.append(say("The emergency plan is not in force."))
    else:
        said.append(say(
            "{plan}: {phase} since {time}, by {by}.",
            plan=voice.words(voice.plan.name, found.plan) if voice.plan else found.plan, phase=voice.phase(found.phase),
            time=short_time(found.phase_since, now), by=voice.person(found.by),
        ))  # fmt: skip
        if found.held_until > now:
            said.append(say("It is kept until {time}.", time=short_time(found.held_until, now)))
    open_ = [each for each in state.incidents.values() if not each.closed]
    if open_:
        worst = max(open_, key=lambda each: each.severity)
        said.append(say(
            "Incident {id} since {time}, severity {n} of 3.",
            id=worst.id, time=short_time(worst.opened, now), n=worst.severity,
        ))  # fmt: skip
    else:
        said.append(say("No incident is open."))
    said.append(say(
        "Services: {works} work, {less} with less, {paper} on paper, {closed} closed.",
        works=board.count(WORKS), less=board.count(DEGRADED), paper=board.count(PAPER), closed=board.count(CLOSED),
    ))  # fmt: skip
    return said


def _cuts(state: State, voice: Voice, now: float) -> list[Line]:
    found = sorted((each for each in state.cuts.values() if each.state in IN_FORCE), key=lambda each: each.changed)
    bad = ("not_proven", "failed")
    return [
        Line(
            voice.cut(each), voice.say.word(CUT_STATES, each.state), "!" if each.state in bad else "",
            short_time(each.changed, now),
        )
        for each in sorted(found, key=lambda each: each.state not in bad)
    ]  # fmt: skip


def _services(board: Board, now: float) -> list[Line]:
    rows = [each for each in board.worst_first if each.state in ORDER[:3]]
    return [
        Line(each.name, _short(each.instead.splitlines()[0] if each.instead else each.because), each.state,
             short_time(each.since, now) if each.since else "")
        for each in rows
    ]  # fmt: skip


def _paths(state: State, voice: Voice, board: Board, now: float) -> list[Line]:
    lines = []
    for row in board.paths:
        found = state.diversions.get(row.id)
        if found is None:
            lines.append(Line(row.name, row.word, row.state))
            continue
        total = len(found.tell)
        how = voice.say(
            "{state}, by {by}; told {told} of {all}, understood by {heard}",
            state=row.word, by=voice.person(found.by), told=total - len(found.missing()), all=total,
            heard=total - len(found.silent()),
        )  # fmt: skip
        if found.review and found.state != OPEN:
            how = voice.say("{how}; looked at again {time}", how=how, time=short_time(found.review, now))
        lines.append(Line(row.name, how, row.state, short_time(found.since, now)))
    return lines


def _decisions(state: State, voice: Voice, now: float) -> list[Line]:
    return [
        Line(
            voice.decision(each, state.cuts.get(each.about)),
            _short(voice.person(each.by) + (f" — {each.note}" if each.note else "")), "", short_time(each.at, now),
        )
        for each in state.decisions
    ]  # fmt: skip


def _clocks(state: State, voice: Voice, now: float) -> list[Line]:
    tasks = [each for each in state.activation.tasks.values() if each.open] if state.activation else []
    tasks.sort(key=lambda each: (not each.due, each.due))
    return [
        Line(
            _short(voice.task(each.id, each.title)),
            voice.say("{owner}, taken by {who}", owner=voice.role(each.owner), who=voice.person(each.taken))
            if each.taken else voice.role(each.owner),
            "!" if each.overdue or 0 < each.due <= now else "",
            short_time(each.due, now) if each.due else "",
        )
        for each in tasks
    ]  # fmt: skip


def _missing(state: State, voice: Voice) -> list[str]:
    found, say = state.activation, voice.say
    if found is None:
        return []
    lines: list[str] = [say("nobody holds the role {role}", role=voice.role(each)) for each in found.vacant]
    for made in found.calls.values():
        lines += [say("not reached: {who}", who=voice.person(each)) for each in made.missing]
    return list(dict.fromkeys(lines))


def _flags(state: State, voice: Voice, now: float) -> list[Line]:
    lines = []
    for flag in FLAGS:
        found = state.flags.get(flag)
        if found is not None:
            how = (
                voice.say("not yet")
                if found.state == RUNNING
                else voice.say("since {time}", time=short_time(found.since, now))
            )
            lines.append(Line(voice.flag(flag), how, "" if found.state == RUNNING else "ended"))
    return lines


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
