"""`garde plan`: the emergency plan, the diversion, the services and the situation reports, from the hub's own machine.

Comes in: the hub's state directory, an action. Goes out: `show`, `board` and `check` read (the journal, beside a
running hub or without one; a file); every other action asks the hub, which checks who may and writes who said it. Pages
go to a file with `--out`: `.pdf` is set here, `.html` is the page for a web site outside; `--print` takes a report to
paper.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from garde.cli.hub import DEFAULT_STATE
from garde.cli.options import HubState, Json, LabClock, Lang
from garde.cli.words import needed

if TYPE_CHECKING:
    from garde.cli.plan_view import PlanView
    from garde.cli.screen import Screen
    from garde.clock import Clock

Action = Annotated[
    Literal[
        "show", "board", "check", "load", "trigger", "reject", "hold", "criterion", "stand-down", "task", "give",
        "divert", "told", "understood", "service", "flag", "report",
    ],
    Parameter(name="ACTION", help="What to do; see docs/emergency.md."),
]  # fmt: skip
Name = Annotated[
    str, Parameter(name="NAME", help="A file, phase, time, task, way in, service or flag, as ACTION asks.")
]
Word = Annotated[
    str,
    Parameter(name="WORD", help="task: take, done, strike. divert, service, flag: the state. told, understood: who."),
]
Note = Annotated[str, Parameter(name="--note", help="Why, for the record; told: how; understood: who spoke there.")]
Minutes = Annotated[
    float | None,
    Parameter(
        name="--minutes", help="service: how long the word counts. divert: until it is looked at again. give: due."
    ),
]
Accept = Annotated[
    bool, Parameter(name="--accept", negative=(), help="stand-down: although something is not met; --note says why.")
]
Out = Annotated[Path | None, Parameter(name="--out", help="board, report: write a page there (.pdf or .html).")]
Print = Annotated[
    bool, Parameter(name="--print", negative=(), help="report: print it on the printers that calling.toml names.")
]
_PATIENCE, _LOOK_S = 40, 0.25  # looks for a report that is being made, and seconds between two


def plan(
    action: Action,
    name: Name = "",
    word: Word = "",
    /,
    *,
    state: HubState = DEFAULT_STATE,
    note: Note = "",
    minutes: Minutes = None,
    accept: Accept = False,
    out: Out = None,
    on_paper: Print = False,
    lang: Lang = None,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Show and run the emergency plan: trigger it, take and finish tasks, divert, say how services stand, lift it.

    Example: garde plan divert emergency diverted --minutes 120
    """
    from garde.cli.options import clock_of
    from garde.cli.screen import Screen

    screen, clock, place = Screen(as_json), clock_of(lab_clock), state.absolute()
    if action == "check":
        return _check(screen, name)
    if action in ("show", "board"):
        view = _view(screen, place, clock, lang or language())
        _read(view, action, out)
        return 0
    desk = _Desk(screen, (place, clock), note=note, minutes=minutes, accept=accept)
    written = desk.act(action, name, word)
    if action == "report" and (out is not None or on_paper):
        number = _await_report(place, clock, written)
        if out is not None:
            _view(screen, place, clock, lang or language()).last_report(out, number)
        if on_paper:
            _print_report(screen, place, number)
    return 0


def _print_report(screen: Screen, place: Path, number: int) -> None:
    """Print the page that the hub has kept of a report; raises Incomplete where no printer took it."""
    from garde.cli.printed import find_printers, print_page
    from garde.errors import Incomplete
    from garde.hub.reports import file_of

    page = file_of(place, number)
    elsewhere = f"print {page} from elsewhere"
    printers = find_printers(place, elsewhere)
    if not page.exists():
        raise Incomplete(f"no page of report {number} is there: nothing was printed", "read it with `garde plan show`")
    print_page(printers, page.read_bytes(), f"report {number}", screen, elsewhere, report=number)


def _await_report(place: Path, clock: Clock, written: list[dict[str, Any]]) -> int:
    """Wait until the running hub has made what was asked for (without one it is made at its next start); its number."""
    import time

    from garde.hub.client import ask_hub

    number = next((each["payload"]["number"] for each in written if each["kind"] == "report_asked"), 0)
    for _ in range(_PATIENCE):
        made = ask_hub(place, clock, "GET", "/plan")["reports"]
        if any(each["number"] >= number for each in made) or not (place / "serving").exists():
            break
        time.sleep(_LOOK_S)
    return int(number)


def _read(view: PlanView, action: str, out: Path | None) -> None:
    if action == "show":
        view.show()
    elif out is None:
        view.board()
    else:
        view.board_page(out)


def _view(screen: Screen, state: Path, clock: Clock, language: str) -> PlanView:
    from garde.cli.plan_view import PlanView

    return PlanView(screen, state, clock, language)


def say_written(screen: Screen, entries: list[dict[str, Any]]) -> None:
    """Say what was written down: an act's own entry, and how many followed from it."""
    from garde.journal.text import plain

    for entry in entries:
        screen.data({"kind": "written", "entry": entry})
    more = len(entries) - 1
    followed = f"; {more} entries followed from it" if more else ""
    screen.line(f"written down: {plain(entries[0]['kind']).replace('_', ' ')}{followed}", "good")


def language() -> str:
    """Return the language that the terminal asks for."""
    wanted = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "fr" if wanted.startswith("fr") else "en"


def _check(screen: Screen, name: str) -> int:
    """Say everything that is wrong with a plan's file; raises SettingsError where it cannot be used."""
    from garde.emergency.read import place_of, read, refusal
    from garde.errors import UsageError

    if not name:
        raise UsageError(
            "which plan?", "garde plan check FILE, or the name of one that comes with Garde: belgium, hics"
        )
    found = read(place_of(name))
    for each in found.problems:
        place, tone = str(each.place), "warn" if each.warning else "bad"
        screen.data({"kind": "problem", "place": place, "text": each.text, "warning": each.warning})
        screen.line(str(each), tone)
    if found.errors or found.plan is None:
        raise refusal(found.errors, name)
    counts = {"phases": len(found.plan.phases), "tasks": len(found.plan.tasks), "paths": len(found.plan.paths)}
    screen.data({"kind": "plan_checked", "plan": found.plan.id, **counts})
    screen.line(
        f"{found.plan.id}: {counts['phases']} phases, {counts['tasks']} tasks, {counts['paths']} ways in", "good"
    )
    return 0


class _Desk:
    """Acts, asked of the hub."""

    def __init__(
        self, screen: Screen, hub: tuple[Path, Clock], *, note: str, minutes: float | None, accept: bool
    ) -> None:
        self._screen, (self._state, self._clock) = screen, hub
        self._note, self._minutes, self._accept = note, minutes, accept

    def act(self, action: str, name: str, word: str) -> list[dict[str, Any]]:
        """Ask for one act and say what was written; returns the entries."""
        asks: dict[str, Callable[[str, str], tuple[str, dict[str, Any]]]] = {
            "load": self._load,
            "trigger": lambda phase, _: ("/plan/trigger", {"phase": phase, "note": self._note}),
            "reject": lambda *_: ("/plan/reject", {"note": self._note}),
            "hold": self._hold,
            "criterion": self._criterion,
            "stand-down": lambda *_: ("/plan/stand-down", {"note": self._note, "accept": self._accept}),
            "task": self._task,
            "give": self._give,
            "divert": self._divert,
            "told": self._told,
            "understood": self._understood,
            "service": self._service,
            "flag": lambda flag, to: (f"/flags/{_part(flag)}", {"state": to or "ended", "note": self._note}),
            "report": lambda *_: ("/reports", {}),
        }
        path, body = asks[action](name, word)
        return self._ask(path, body)

    def _ask(self, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        from garde.hub.client import ask_hub

        entries: list[dict[str, Any]] = ask_hub(self._state, self._clock, "POST", path, body)["entries"]
        say_written(self._screen, entries)
        return entries

    def _load(self, name: str, word: str) -> tuple[str, dict[str, Any]]:
        from garde.emergency.read import PLANS, load

        _named(name, "which plan? belgium, hics, or a file")
        if name in PLANS:
            return "/plan/load", {"content": name}
        load(Path(name))  # its faults with file and line, before anybody is asked
        return "/plan/load", {"content": Path(name).read_text(encoding="utf-8-sig"), "source": name}

    def _hold(self, name: str, word: str) -> tuple[str, dict[str, Any]]:
        _named(name, "until when? 07:00, or 2026-11-24 07:00")
        from garde.emergency.times import read_time
        from garde.errors import UsageError

        try:
            until = read_time(f"{name} {word}", self._clock.now())
        except ValueError as error:
            raise UsageError(str(error), "see `garde plan --help`") from error
        return "/plan/hold", {"until": until, "note": self._note}

    def _criterion(self, name: str, word: str) -> tuple[str, dict[str, Any]]:
        _named(name, "which criterion? see `garde plan show`")
        return f"/plan/criteria/{_part(name)}", {"met": word not in ("no", "open"), "note": self._note}

    def _task(self, name: str, word: str) -> tuple[str, dict[str, Any]]:
        _named(name, "which task? see `garde plan show`")
        return f"/plan/tasks/{_part(name)}", {"what": word or "done", "note": self._note}

    def _give(self, name: str, word: str) -> tuple[str, dict[str, Any]]:
        _named(name, "what is to be done? garde plan give TITLE ROLE --minutes 30")
        return "/plan/tasks", {"title": name, "owner": word, "seconds": (self._minutes or 0) * 60}

    def _divert(self, name: str, word: str) -> tuple[str, dict[str, Any]]:
        _named(word, "which way in, and how? garde plan divert emergency diverted")
        review = None if self._minutes is None else self._minutes * 60
        return f"/diversion/{_part(name)}", {"state": word, "reason": self._note, "review_s": review}

    def _told(self, name: str, word: str) -> tuple[str, dict[str, Any]]:
        _named(word, "about what, and whom? garde plan told emergency 112")
        return f"/diversion/{_part(name)}/told", {"recipient": word, "how": self._note or "phone"}

    def _understood(self, name: str, word: str) -> tuple[str, dict[str, Any]]:
        _named(word, "about what, and who? garde plan understood emergency 112 --note 'operator 12'")
        return f"/diversion/{_part(name)}/understood", {"recipient": word, "name": self._note}

    def _service(self, name: str, word: str) -> tuple[str, dict[str, Any]]:
        _named(name, "which service? garde plan service radiology works --note 'seen here' --minutes 240")
        body = {
            "state": "" if word in ("", "back") else word,
            "why": self._note,
            "seconds": (self._minutes or 240) * 60,
        }
        return f"/services/{_part(name)}", body


def _named(name: str, what: str) -> None:
    needed(name, what, "plan")


def _part(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")
