"""`garde cut`: what would stop it and at what price; what was cut, and how it stands; yes, no, and undo.

Comes in: the hub's state directory, an action. Goes out: `plan` and `list` read the journal, beside a running hub and
without one; `approve`, `reject` and `undo` ask the hub, which checks the authority and writes who said it. `plan
MACHINE` is a dry run: what cutting off that machine would cost, whether anything happened or not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from garde.cli.hub import DEFAULT_STATE
from garde.cli.options import HubState, Json, LabClock, Lang

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.contain.memory import Cut, State
    from garde.contain.outcomes import Standing
    from garde.estate.look import Lookup
    from garde.journal.hub_kinds import CutProposed
    from garde.journal.speech import Say

Action = Annotated[
    Literal["plan", "list", "approve", "reject", "undo"],
    Parameter(name="ACTION", help="What would help, and its price; every cut and how it stands; decide on one."),
]
Name = Annotated[
    str,
    Parameter(name="NAME", help="plan: a machine (id or address), for a dry run. approve, reject, undo: a cut's id."),
]
EstateFile = Annotated[
    Path | None, Parameter(name="--estate", help="plan: this hospital.yaml instead of the hub's; no hub is needed.")
]
Note = Annotated[str, Parameter(name="--note", help="approve, reject, undo: why, for the record.")]
_ALARMS = ("not_proven", "failed")


def cut(
    action: Action,
    name: Name = "",
    /,
    *,
    state: HubState = DEFAULT_STATE,
    estate: EstateFile = None,
    note: Note = "",
    lang: Lang = None,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Show what would stop it, the narrowest first, each with its price in care; say yes or no; undo.

    Example: garde cut plan ws-accounts-1 --estate hospital.yaml
    """
    from garde.cli.options import clock_of
    from garde.cli.screen import Screen
    from garde.contain.words import CONTAIN_LOCALE
    from garde.errors import UsageError
    from garde.journal.speech import say_in

    screen, say = Screen(as_json), say_in(lang or _language(), CONTAIN_LOCALE)
    if action in ("plan", "list"):
        if note or (action == "list" and (name or estate)):
            raise UsageError(f"{action} takes fewer words", "see `garde cut --help`")
        if estate is not None and not name:
            raise UsageError("which machine is meant?", "garde cut plan MACHINE --estate hospital.yaml")
        found, look = _read(state.absolute(), estate)
        view = _View(screen, say, look)
        if name:
            view.dry_run(name, found)
        elif action == "plan":
            view.plan(found)
        else:
            view.all(found)
        return 0
    if not name or estate is not None:
        raise UsageError("which cut is meant?", f"garde cut {action} CUT: see `garde cut list`")
    _decide(screen, state.absolute(), clock_of(lab_clock), (action, name, note))
    return 0


# --- reading ----------------------------------------------------------------------------------------------------------


def _read(state: Path, estate: Path | None) -> tuple[State, Lookup]:
    """Fold the hub's journal, or take the hospital from its file."""
    from garde.contain.state import KINDS, State, project
    from garde.estate.canonical import from_json
    from garde.estate.look import Lookup
    from garde.estate.nouns import Estate
    from garde.journal.hub_kinds import EstateLoaded

    found = State()
    if estate is not None:
        from garde.estate.read import load

        return found, Lookup(load(estate).estate)
    raw: bytes | None = None
    with _journal(state) as journal:
        for entry in journal.entries(kinds=KINDS):
            found = project(found, entry)
            if isinstance(entry.payload, EstateLoaded):
                raw = entry.payload.content.value or raw
    return found, Lookup(from_json(raw) if raw else Estate(name=""))


def _journal(state: Path) -> Any:
    from garde.clock import SystemClock
    from garde.hub.config import load_config, open_hub_journal

    return open_hub_journal(state, load_config(state).database, SystemClock(), read_only=True)


# --- showing ----------------------------------------------------------------------------------------------------------


class _View:
    """Cuts on a screen, in one language."""

    def __init__(self, screen: Screen, say: Say, look: Lookup) -> None:
        self._screen, self._say, self._look = screen, say, look

    def dry_run(self, name: str, found: State) -> None:
        """Show what cutting one machine off would cost."""
        from garde.contain import authority, planner
        from garde.contain.policy import crew_of, published
        from garde.errors import NotFound

        proposals = planner.plan_machine(name, self._look, crew_of(found))
        if not proposals:
            raise NotFound(f"{name} is no machine of the estate and no address", "see `garde estate show`")
        for each in proposals:
            rule = authority.ruling(self._look, each.action, 1, each.impact.price)
            self._proposal(published("", "", each, rule))

    def plan(self, found: State) -> None:
        """Show what is proposed in the open incidents and waits for somebody."""
        from garde.contain.policy import as_proposed

        waiting = [each for each in _narrowest_first(found) if not each.by and not each.undone]
        waiting = [each for each in waiting if not found.incidents[each.incident].closed]
        for each in waiting:
            self._proposal(as_proposed(each))
        if not waiting:
            self._screen.line("No cut is proposed", "good")

    def all(self, found: State) -> None:
        """Show every cut with its three facts; raises Incomplete where one in force does not hold."""
        from garde.contain.outcomes import standing
        from garde.contain.policy import as_proposed
        from garde.contain.words import standing as in_words
        from garde.contain.words import title
        from garde.errors import Incomplete

        alarms = []
        cuts = _narrowest_first(found)
        for each in cuts:
            now, proposed = standing(each), as_proposed(each)
            text, tone = in_words(now, each.by, self._say, self._look)
            head = title(proposed, self._say, self._look)
            self._screen.data({"kind": "cut", **_data(proposed, head), **_facts(now), "by": each.by})
            self._screen.line(f"{each.id}  {head}", "title")
            self._screen.line(f"    {text}", tone)
            alarms += [each.id] if now.state in _ALARMS else []
        if not cuts:
            self._screen.line("No cut was ever proposed", "good")
        if alarms:
            raise Incomplete(f"not in force as ordered: {', '.join(alarms)}", "garde cut approve CUT asks again")

    def _proposal(self, proposed: CutProposed) -> None:
        from garde.contain import words

        head = words.title(proposed, self._say, self._look)
        self._screen.data({"kind": "proposal", **_data(proposed, head)})
        name = f"  {proposed.cut}" if proposed.cut else ""
        self._screen.line(f"{proposed.rank}{name}  {head}", "dim" if proposed.refused else "title")
        for line in words.price(proposed, self._say, self._look):
            self._screen.line(f"    {line}", "warn" if proposed.price else "note")
        tone = "bad" if proposed.refused else "note"
        self._screen.line(f"    {words.decides(proposed, self._say, self._look)}", tone)
        if not proposed.refused:
            self._screen.line(f"    {words.undo(proposed, self._say)}", "dim")


def _narrowest_first(found: State) -> list[Cut]:
    """Return every cut, by incident as they were opened, then by rank."""
    order = {name: number for number, name in enumerate(found.incidents)}
    return sorted(found.cuts.values(), key=lambda each: (order[each.incident], each.rank, each.seq))


def _data(proposed: CutProposed, title: str) -> dict[str, Any]:
    from dataclasses import fields

    from garde.journal.text import Text, plain

    def shown(value: object) -> object:
        if isinstance(value, tuple):
            return [shown(each) for each in value]
        if isinstance(value, Text):
            return None if value.value is None else plain(value.value)
        return plain(value) if isinstance(value, str) else value

    return {"title": str(title), **{each.name: shown(getattr(proposed, each.name)) for each in fields(proposed)}}


def _facts(now: Standing) -> dict[str, Any]:
    return {**now._asdict(), "lacking": list(now.lacking)}


def _language() -> str:
    wanted = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "fr" if wanted.startswith("fr") else "en"


# --- deciding ---------------------------------------------------------------------------------------------------------


def _decide(screen: Screen, state: Path, clock: Any, words: tuple[str, str, str]) -> None:
    """Say it to the hub; raises Incomplete where it was written down and nothing follows from it yet."""
    from garde.errors import Incomplete
    from garde.hub.client import ask_hub
    from garde.journal.text import plain

    decision, name, note = words
    known = ask_hub(state, clock, "GET", "/cuts")
    before = _named(name, known)
    written = ask_hub(state, clock, "POST", f"/cuts/{before['id']}/decision", {"decision": decision, "note": note})
    changes = [each["payload"] for each in written["entries"] if each["kind"] == "cut_changed"]
    now = next((each["state"] for each in changes if each["cut"] == before["id"]), before["state"])
    screen.data({"kind": "decided", "cut": before["id"], "decision": decision, "before": before["state"], "state": now})
    if decision == "reject":
        screen.line(f"{before['id']}: no was said; it is not done", "good")
    elif now != before["state"] or changes:
        screen.line(f"{before['id']}: {plain(now).replace('_', ' ')}", "good")
    else:
        raise Incomplete(f"{before['id']}: it was written down, and nothing follows from it", _what_is_missing(before))


def _named(name: str, known: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the cut of this id, or the only one whose id begins so."""
    from garde.errors import NotFound

    found = [each for each in known if each["id"] == name] or [each for each in known if each["id"].startswith(name)]
    if len(found) != 1:
        what = "no cut is" if not found else f"{len(found)} cuts are"
        raise NotFound(f"{what} called {name}", "see `garde cut list`")
    return found[0]


def _what_is_missing(cut: dict[str, Any]) -> str:
    if cut["state"] == "proposed":
        return "another person must say yes as well, or one whom the authority names: sign in at the console"
    return f"it is {cut['state'].replace('_', ' ')} already: see `garde cut list`"
