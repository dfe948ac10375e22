"""`garde restart`: the way back of servers, from the hub's own machine: points, gates, waves, signatures, the watch.

Comes in: the hub's state directory, an action and its words. Goes out: `status`, `plan` without words, `gate`, `points`
and `credentials` read (the journal, beside a running hub or without one); every other action asks the hub, which checks
who may and writes who said it. What needs a person by name (a signature, an exception, a clinician's trial) is asked
with `--login`: the hub's operator is no person.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import Parameter

from garde.cli.hub import DEFAULT_STATE
from garde.cli.options import HubState, Json, LabClock, Lang, Login, PasswordFile
from garde.cli.words import needed, nth

if TYPE_CHECKING:
    from garde.cli.restart_view import RestartView
    from garde.cli.screen import Screen
    from garde.clock import Clock

Action = Annotated[
    Literal[
        "status", "plan", "begin", "again", "open", "back", "gate", "answer", "sign", "rate", "points", "judge",
        "choose", "thaw", "baseline", "harm", "credentials", "credential", "watch", "print",
    ],
    Parameter(name="ACTION", help="What to do; see docs/recovery.md."),
]  # fmt: skip
Words = Annotated[
    str, Parameter(name="WORDS", help="Machines, items, points, times, as ACTION asks; waves: a,b c (b with a).")
]
Note = Annotated[str, Parameter(name="--note", help="Why, for the record.")]
Until = Annotated[
    str, Parameter(name="--until", help="answer: except the item until then (07:00, or a date and time).")
]
Observe = Annotated[float, Parameter(name="--observe", help="plan: hours alone and watched.")]
Listed = Annotated[float, Parameter(name="--listed", help="plan: hours with listed flows only.")]
Proposed = Annotated[bool, Parameter(name="--proposed", negative=(), help="plan: take the waves as proposed.")]
Dry = Annotated[bool, Parameter(name="--dry", negative=(), help="plan: say what the graph warns of; decide nothing.")]
Store = Annotated[str, Parameter(name="--store", help="judge, thaw: this store only.")]
Place = Annotated[
    bool, Parameter(name="--place", negative=(), help="choose: in place, once it was tried in a scratch.")
]
Out = Annotated[Path | None, Parameter(name="--out", help="print: write the PDF there, print nothing.")]

READS: Final = ("status", "gate", "points", "credentials", "print")
_HOUR: Final = 3600.0


def restart(
    action: Action,
    /,
    *words: Words,
    state: HubState = DEFAULT_STATE,
    note: Note = "",
    until: Until = "",
    observe: Observe = 4.0,
    listed: Listed = 1.0,
    proposed: Proposed = False,
    dry: Dry = False,
    store: Store = "",
    place: Place = False,
    out: Out = None,
    login: Login = "",
    password_file: PasswordFile = None,
    lang: Lang = None,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Bring clean servers back in waves: judge and choose points, answer the gate, sign, open, watch, cut again.

    Example: garde restart answer files-1 evidence yes --note "disk image 12, sealed"
    """
    from garde.cli.options import clock_of
    from garde.cli.plan import say_written
    from garde.cli.screen import Screen

    screen, clock, at = Screen(as_json), clock_of(lab_clock), state.absolute()
    reading = action in READS or (action == "plan" and (dry or not (words or proposed)))
    if reading:
        view = _view(screen, at, clock, lang)
        if action == "print":
            view.paper(nth(words, 0) or "order", nth(words, 1), out)
        else:
            _read(view, action, words, proposed)
        return 0
    desk = _Desk(at, clock, note=note, until=until, store=store, place=place, login=login, password=password_file)
    desk.plan = {"observe_s": _seconds(observe), "listed_s": _seconds(listed), "proposed": proposed}
    path, body = desk.asked(action, words)
    say_written(screen, desk.ask(path, body)["entries"])
    if action == "plan":
        _view(screen, at, clock, lang).warnings()
    return 0


def _view(screen: Screen, place: Path, clock: Clock, lang: str | None) -> RestartView:
    from garde.cli.plan import language
    from garde.cli.restart_view import RestartView

    return RestartView(screen, place, clock, lang or language())


def _read(view: RestartView, action: str, words: Sequence[str], proposed: bool) -> None:
    name = words[0] if words else ""
    match action:
        case "status":
            view.status()
        case "plan":
            view.plan(view.proposal() if proposed or not words else _waves(words))
        case "gate":
            view.gate(_named(name, "whose gate? garde restart gate files-1"))
        case "points":
            view.points(name)
        case _:
            view.credentials(name)


class _Desk:
    """What an action asks of the hub, and who asks."""

    def __init__(
        self, state: Path, clock: Clock, *, note: str, until: str, store: str, place: bool, login: str,
        password: Path | None,
    ) -> None:  # fmt: skip
        self._state, self._clock = state, clock
        self._note, self._until, self._store, self._place = note, until, store, place
        self._login, self._password = login, password
        self.plan: dict[str, Any] = {}

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        """Ask the hub, as its operator or as the person named."""
        from garde.cli.options import person
        from garde.hub.client import ask_by

        return ask_by(self._state, self._clock, person(self._login, self._password), path, body)

    def asked(self, action: str, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        """Return where to ask, and what."""
        acts: dict[str, Callable[[Sequence[str]], tuple[str, dict[str, Any]]]] = {
            "plan": self._decide,
            "begin": lambda given: self._step(given, "begin"),
            "again": lambda given: self._step(given, "again"),
            "open": lambda given: self._step(given, "open"),
            "back": lambda given: self._step(given, "back"),
            "answer": self._answer,
            "sign": self._sign,
            "rate": self._rate,
            "judge": lambda given: (_machine(given, "judge"), {"store": self._store}),
            "thaw": lambda given: (_machine(given, "thaw"), {"store": self._store}),
            "baseline": lambda given: (_machine(given, "baseline"), {}),
            "choose": self._choose,
            "harm": self._harm,
            "credential": self._credential,
            "watch": self._watch,
        }
        return acts[action](words)

    def _decide(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        asked = dict(self.plan)
        if asked.pop("proposed"):
            from garde.hub.client import ask_hub

            return "/restart/plan", {"waves": ask_hub(self._state, self._clock, "GET", "/restart")["proposed"], **asked}
        return "/restart/plan", {"waves": _waves(words), **asked}

    @staticmethod
    def _step(words: Sequence[str], want: str) -> tuple[str, dict[str, Any]]:
        return _machine(words, "step", want), {"want": want}

    def _answer(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        item = _named(nth(words, 1), "which item? garde restart answer files-1 evidence yes")
        said = nth(words, 2) or "yes"
        until = self._time(self._until) if self._until else 0.0
        return _machine(words, "answer"), {"item": item, "answer": said, "until": until, "note": self._note}

    @staticmethod
    def _sign(words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        side = _named(nth(words, 1), "for whom? garde restart sign files-1 it, or service")
        return _machine(words, "sign"), {"side": side}

    def _rate(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        status = _named(nth(words, 1), "how? garde restart rate files-1 rebuilt --note 'from the golden image'")
        return _machine(words, "rate"), {"status": status, "why": self._note}

    def _choose(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        point = _named(nth(words, 2), "which point? garde restart choose files-1 STORE POINT")
        where = "place" if self._place else "scratch"
        return _machine(words, "point"), {"store": words[1], "point": point, "where": where}

    def _harm(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        when = _named(" ".join(words[1:]), 'of which incident, and when? garde restart harm i-1 "2026-11-24 02:41"')
        return "/restart/harm", {"incident": words[0], "at": self._time(when)}

    @staticmethod
    def _credential(words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        return "/restart/credentials", {"credential": _named(nth(words, 0), "which? see `garde restart credentials`")}

    def _watch(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        when = _named(" ".join(words), 'until when? garde restart watch "2026-12-24 12:00", or off')
        return "/restart/watch", {"until": 0.0 if when in ("off", "over") else self._time(when)}

    def _time(self, text: str) -> float:
        from garde.emergency.times import read_time
        from garde.errors import UsageError

        try:
            return read_time(text, self._clock.now())
        except ValueError as error:
            raise UsageError(str(error), "see `garde restart --help`") from error


# --- words ------------------------------------------------------------------------------------------------------------


def _waves(words: Sequence[str]) -> list[list[str]]:
    """Return waves from words: `db-1 files-1,files-2` are two."""
    found = [[name for each in word.split(",") if (name := each.strip())] for word in words]
    return [wave for wave in found if wave]


def _machine(words: Sequence[str], act: str, action: str = "") -> str:
    from urllib.parse import quote

    name = _named(nth(words, 0), f"which machine? garde restart {action or act} files-1")
    return f"/restart/machines/{quote(name, safe='')}/{act}"


def _named(name: str, what: str) -> str:
    return needed(name, what, "restart")


def _seconds(hours: float) -> float:
    from garde.errors import UsageError

    if not math.isfinite(hours) or hours < 0:
        raise UsageError("hours are a number, 0 or more", "see `garde restart --help`")
    return hours * _HOUR
