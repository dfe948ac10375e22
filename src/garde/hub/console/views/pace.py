"""How fast files were damaged and put back: a fold, and its drawing as bars over time.

Comes in: entries; later what is kept of one incident. Goes out: `Paces`, made of numbers; `Chart`, in units of an SVG
view box: damaged upwards, put back downwards, so that the two are told apart without colour. Rules:

1. A file counts as damaged in the second in which its agent saw it, and as put back in the second of its entry.
2. An agent's clock that is an hour off or more is not believed: the second of the entry counts.
3. What is said of a verdict before that joined an incident waits, and is counted with it.
4. Of an incident at most `SPANS` spans of time are kept: where that is not enough, spans become twice as long. No file
   is lost by that.
5. What an incident has counted goes on in the earlier one that it is joined to, and so does what is said of its
   verdicts later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from garde.hub.fold import Fold
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry

SPANS = 240
LOOSE = 1_000  # verdicts that have not been joined yet
CLOCK_S = 3_600.0
WIDTH, HEIGHT, AXIS = 400.0, 132.0, 78.0  # the view box, and where zero lies in it
UP, DOWN = 66.0, 30.0  # room for the tallest bar on each side
BARS = 60
TICKS = 4


@dataclass(slots=True)
class Pace:
    """One incident: files in each span of time."""

    width: int = 1  # seconds of a span
    harm: dict[int, int] = field(default_factory=dict)  # number of the span (wall seconds / width) -> files
    back: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Paces:
    """The state."""

    paces: dict[str, Pace] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)  # "machine/verdict" -> incident
    loose: dict[str, Pace] = field(default_factory=dict)  # "machine/verdict" -> what waits


def project(state: Paces, entry: Entry) -> Paces:
    """Fold one entry."""
    payload = entry.payload
    if isinstance(payload, h.HarmJoined):
        _join(state, payload.incident, f"{payload.server}/{payload.verdict}")
        return state
    if isinstance(payload, h.IncidentJoined):
        _go_on(state, payload.incident, payload.into)
        return state
    verdict = payload.id if isinstance(payload, k.MassDeleteSeen) else str(getattr(payload, "verdict", "") or "")
    machine = entry.who.removeprefix("agent/")
    if not verdict or machine == entry.who:
        return state
    pace = _pace_of(state, f"{machine}/{verdict}")
    for at, files, back in _files(entry):
        _add(pace, at if abs(at - entry.at) < CLOCK_S else entry.at, files, back=back)
    return state


def _files(entry: Entry) -> Iterator[tuple[float, int, bool]]:
    """Yield when, how many files, and whether they were put back."""
    match entry.payload:
        case k.VerdictReached(files=files):
            yield from ((each.at, 1, False) for each in files)
        case k.FindingMade(file=file):
            yield file.at, 1, False
        case k.MassDeleteSeen(files=count):
            yield entry.at, count, False
        case k.FileRestored():
            yield entry.at, 1, True


def _pace_of(state: Paces, key: str) -> Pace:
    incident = state.verdicts.get(key)
    if incident is not None:
        return state.paces.setdefault(incident, Pace())
    pace = state.loose.setdefault(key, Pace())
    while len(state.loose) > LOOSE:
        del state.loose[next(iter(state.loose))]
    return pace


def _join(state: Paces, incident: str, key: str) -> None:
    if key in state.verdicts:
        return
    state.verdicts[key] = incident
    _pour(state.loose.pop(key, Pace()), state.paces.setdefault(incident, Pace()))


def _go_on(state: Paces, young: str, old: str) -> None:
    """Rule 5."""
    _pour(state.paces.pop(young, Pace()), state.paces.setdefault(old, Pace()))
    state.verdicts = {key: old if of == young else of for key, of in state.verdicts.items()}


def _pour(source: Pace, pace: Pace) -> None:
    for kept, back in ((source.harm, False), (source.back, True)):
        for number, files in kept.items():
            _add(pace, number * source.width, files, back=back)


def _add(pace: Pace, at: float, files: int, *, back: bool) -> None:
    side = pace.back if back else pace.harm
    number = int(at // pace.width)
    known = number in side
    side[number] = side.get(number, 0) + files
    while not known and _last(pace) - _first(pace) >= SPANS:  # a span that is there already widens nothing
        pace.width *= 2
        pace.harm, pace.back = _grouped(pace.harm, 0, 2), _grouped(pace.back, 0, 2)


def _first(pace: Pace) -> int:
    return min((*pace.harm, *pace.back), default=0)


def _last(pace: Pace) -> int:
    return max((*pace.harm, *pace.back), default=0)


PACES = Fold(
    name="console_paces",
    shape=Paces,
    project=project,
    version=2,
    kinds=frozenset(
        k.NAMES[kind]
        for kind in (
            h.HarmJoined, h.IncidentJoined, k.VerdictReached, k.FindingMade, k.MassDeleteSeen, k.FileRestored,
        )
    ),
)  # fmt: skip


# --- the drawing ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of time."""

    at: float  # wall seconds: where it begins
    x: float
    width: float
    up: float  # height of what was damaged
    down: float  # height of what was put back
    harm: int
    back: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A time on the axis."""

    x: float
    at: float
    anchor: str  # start | middle | end


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing."""

    bars: tuple[Bar, ...]  # without the empty ones
    ticks: tuple[Tick, ...]
    step: int  # seconds of a bar
    most: int  # files damaged in the tallest bar
    harm: int
    back: int
    worst: float  # when the tallest bar begins


def chart(pace: Pace | None) -> Chart | None:
    """Return the drawing; None where nothing was counted yet."""
    if pace is None or not (pace.harm or pace.back):
        return None
    first, last = _first(pace), _last(pace)
    spans = -(-(last - first + 1) // BARS)  # of the fold in one bar
    count = max(-(-(last - first + 1) // spans), 12)  # a few seconds do not become a wall of colour
    harm, back = _grouped(pace.harm, first, spans), _grouped(pace.back, first, spans)
    most, most_back = max(harm.values(), default=0), max(back.values(), default=0)
    wide = WIDTH / count
    scale = max(most / UP, most_back / DOWN, 1e-9)  # one scale for both: heights can be compared
    bars = tuple(
        Bar(
            (first + number * spans) * pace.width, round(number * wide + wide * 0.1, 1), round(wide * 0.8, 1),
            _height(harm.get(number, 0), scale), _height(back.get(number, 0), scale),
            harm.get(number, 0), back.get(number, 0),
        )
        for number in sorted({*harm, *back})
    )  # fmt: skip
    worst = max(bars, key=lambda bar: bar.harm).at
    step = spans * pace.width
    ticks = _ticks(first * pace.width, count * step)
    return Chart(bars, ticks, step, most, sum(harm.values()), sum(back.values()), worst)


def _grouped(side: dict[int, int], first: int, spans: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for number, files in side.items():
        at = (number - first) // spans
        found[at] = found.get(at, 0) + files
    return found


def _height(files: int, scale: float) -> float:
    return round(max(files / scale, 1.5), 1) if files else 0.0  # one file is seen beside a thousand


def _ticks(begin: float, seconds: float) -> tuple[Tick, ...]:
    anchors = {0: "start", TICKS - 1: "end"}
    return tuple(
        Tick(round(WIDTH * n / (TICKS - 1), 1), begin + seconds * n / (TICKS - 1), anchors.get(n, "middle"))
        for n in range(TICKS)
    )
