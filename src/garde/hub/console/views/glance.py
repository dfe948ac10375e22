"""How things stand besides the machines, in one glance: who knows, the plan, the services, who may come.

Comes in: the state of the emergency plan, how calling stands (None for who may not read the record), the incidents that
are open. Goes out: one `Tile` each, that leads to its page. Pure: it decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from garde.emergency.board import Board, PathRow
from garde.emergency.memory import OPEN, State
from garde.emergency.words import Voice
from garde.hub.calls_desk import CallRow, CallsNow
from garde.hub.console.names import Names
from garde.journal.speech import Said

NAMED = 3  # names in one tile; the page that it leads to has all of them


@dataclass(frozen=True, slots=True)
class Tile:
    """One of them. `more` may be ""."""

    href: str
    title: Said
    text: Said
    more: Said
    tone: str


def glance(
    state: State, board: Board, voice: Voice, names: Names, *, calls: CallsNow | None, incidents: Collection[str]
) -> list[Tile]:  # fmt: skip
    """Return the tiles. `incidents`: the open ones; `calls`: None for who may not read the record."""
    first = [_calls(calls, incidents, names)] if calls is not None else []
    return [*first, _plan(state, voice, names, board.at), _services(board, names), _ways(state, board, names)]


# --- who knows --------------------------------------------------------------------------------------------------------


def _calls(board: CallsNow, incidents: Collection[str], names: Names) -> Tile:
    say = names.say
    text, tone = _who(board, [each for each in board.calls if each.about in incidents], names)
    unanswered = sum(each.state == "unanswered" for each in board.calls)
    more = say.many("{n} call was not answered", "{n} calls were not answered", unanswered) if unanswered else Said("")
    if unanswered:
        tone = "warn" if tone == "good" else "bad"
    return Tile("/calls", say("Who knows"), text, more, tone)


def _who(board: CallsNow, about: list[CallRow], names: Names) -> tuple[Said, str]:
    say = names.say
    knowing = dict.fromkeys(person for each in about for person, _ in each.acked)
    asked = dict.fromkeys(page.person for each in about for page in each.pages if page.person)
    if knowing:
        return names.some(map(names.person, knowing), NAMED), "good"
    if not board.configured:
        return say("Nobody can be called"), "warn"
    if asked:
        return say("Being called: {names}", names=names.some(map(names.person, asked), NAMED)), "warn"
    if not board.on_duty:
        return say("Nobody is on duty"), "bad"
    return say("On duty: {names}", names=names.person(board.on_duty[0])), "plain"


# --- the others -------------------------------------------------------------------------------------------------------


def _plan(state: State, voice: Voice, names: Names, now: float) -> Tile:
    say, title, none = names.say, names.say("Emergency plan"), Said("")
    if state.activation is not None:
        tasks = [each for each in state.activation.tasks.values() if each.open]
        late = sum(0 < each.due <= now for each in tasks)
        more = say.many("{n} task open", "{n} tasks open", len(tasks)) if tasks else say("No task is open.")
        if late:
            more = say("{tasks}, {n} late", tasks=more, n=late)
        return Tile("/plan", title, voice.phase(state.activation.phase), more, "bad")
    if state.plan is None:
        return Tile("/plan", title, say("None is loaded"), none, "warn")
    if state.proposals:
        wanted = names.some([voice.phase(each.phase) for each in state.proposals.values()], 1)
        return Tile("/plan", title, say("To be decided"), say("Proposed: {phase}", phase=wanted), "warn")
    return Tile("/plan", title, say("Ready, not in force"), none, "plain")


def _services(board: Board, names: Names) -> Tile:
    say, title = names.say, names.say("Services")
    stopped = [each for each in board.worst_first if each.state in ("closed", "paper")]
    less = board.count("degraded")
    if not board.rows:
        return Tile("/services", title, say("None is described"), Said(""), "plain")
    if not stopped and not less:
        return Tile("/services", title, say("All of them work"), Said(""), "good")
    counts = [
        say.many(one, many, board.count(state))
        for state, one, many in (("closed", "{n} closed", "{n} closed"), ("paper", "{n} on paper", "{n} on paper"),
                                 ("degraded", "{n} with less", "{n} with less"))
        if board.count(state)
    ]  # fmt: skip
    named = stopped or [each for each in board.worst_first if each.state == "degraded"]
    more = names.some([each.name for each in named], NAMED)
    return Tile("/services", title, say.list(counts), more, "bad" if stopped else "warn")


def _ways(state: State, board: Board, names: Names) -> Tile:
    say, title = names.say, names.say("Diversion")
    shut = [each for each in board.paths if each.state != OPEN]
    missing = sum(len(each.missing()) for each in state.diversions.values())
    more = say.many("{n} not told yet", "{n} not told yet", missing) if missing else Said("")
    if not shut:
        text = say("Everything is open") if board.paths else say("None is described")
        return Tile("/diversion", title, text, more, "good" if board.paths else "plain")
    text = names.some([say("{way}: {state}", way=each.name, state=each.word) for each in _worst(shut)], NAMED)
    return Tile("/diversion", title, text, more, "bad")


def _worst(ways: list[PathRow]) -> list[PathRow]:
    return sorted(ways, key=lambda each: each.state == "limited")
