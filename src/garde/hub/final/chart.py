"""The night as a picture, to scale: numbered moments over lanes of what went on, another night's moments in red.

Comes in: moments with their numbers, `Lane`s, from when to when. Goes out: SVG text with its colours in it, so that a
page and a PDF draw the same. What it shows stands in the tables as well. Every word is escaped here. Rules:

1. A moment stands at its time; numbers that would overlap stand above each other, and where they are more than fit,
   they are one: from the first to the last.
2. The shortest bar is wide enough to be seen.
3. Times on the axis are round on the wall clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final

from garde.hub.final.parts import BAD, GOOD, NOTE, WARN, Lane
from garde.journal.speech import Said

COLOURS: Final = {BAD: "#b3261e", WARN: "#c77700", GOOD: "#1b7f3b", NOTE: "#2f5f9e", "plain": "#6b7280"}
INK, SOFT, LINE, RED = "#14171c", "#565d68", "#d5d9df", "#b3261e"
WIDTH, LEFT, RIGHT = 1000.0, 214.0, 984.0
ROW, BAR, TOP, AXIS = 24.0, 14.0, 8.0, 24.0
NUMBER, LEVELS = 10.5, 5  # radius of a number's circle; rows of them
BESIDE: Final = 15.0  # a line of words of the other night
_STEPS: Final = (5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)
_TICKS: Final = 8
_LETTER: Final = 6.1  # an average letter's width at the size of a lane's label
_FONT: Final = "Liberation Sans, DejaVu Sans, Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Dot:
    """A numbered moment."""

    number: int
    at: float
    tone: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A number, or several as one, placed."""

    text: str
    x: float
    tone: str


@dataclass(frozen=True, slots=True)
class Other:
    """A moment of the other night, at its own distance from its first sign."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn."""

    begin: float
    end: float
    dots: Sequence[Dot]
    lanes: Sequence[Lane]
    others: Sequence[Other]
    words: Said  # the same in one sentence, for whoever cannot see it

    def svg(self) -> str:
        """Return the picture."""
        levels = max((level for _, level in self._levels()), default=-1) + 1
        top = TOP + levels * (2 * NUMBER + 3)
        floor = top + len(self._shown()) * ROW + 4
        height = floor + AXIS + BESIDE * len(self._others()) + 2
        body = "".join(
            (*self._grid(top, floor), *self._lanes(top), *self._beside(top, floor), *self._numbers(top, floor))
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {height:g}" width="{WIDTH:g}" '
            f'height="{height:g}" role="img" aria-label="{escape(self.words)}" font-family="{_FONT}" font-size="12.5">'
            f"{body}</svg>"
        )

    # --- where ---

    def _x(self, at: float) -> float:
        share = (min(max(at, self.begin), self.end) - self.begin) / max(self.end - self.begin, 1e-6)
        return round(LEFT + (RIGHT - LEFT) * share, 1)

    def _inside(self, at: float) -> bool:
        return self.begin <= at <= self.end

    def _shown(self) -> list[Lane]:
        return [each for each in self.lanes if any(b.begin <= self.end and b.end >= self.begin for b in each.bars)]

    def _others(self) -> list[Other]:
        return [each for each in self.others if self._inside(each.at)]

    def _levels(self) -> list[tuple[Mark, int]]:
        """Rule 1: each mark with the row that it stands in, from below."""
        placed: list[tuple[Mark, int]] = []
        for cluster in self._clusters():
            if len(cluster) > LEVELS:
                placed.append((_one(cluster, self._x(cluster[0].at)), 0))
            else:
                marks = (Mark(str(dot.number), self._x(dot.at), dot.tone) for dot in cluster)
                placed += [(mark, level) for level, mark in enumerate(marks)]
        return placed

    def _clusters(self) -> Iterator[list[Dot]]:
        """Yield runs of numbers that would overlap."""
        run: list[Dot] = []
        for dot in (each for each in self.dots if self._inside(each.at)):
            if run and self._x(dot.at) - self._x(run[-1].at) >= 2 * NUMBER + 2:
                yield run
                run = []
            run.append(dot)
        if run:
            yield run

    # --- parts ---

    def _grid(self, top: float, floor: float) -> Iterator[str]:
        for at in self._ticks():
            x = self._x(at)
            yield f'<path d="M{x} {top - 4}V{floor}" stroke="{LINE}"/>'
            yield (
                f'<text x="{x}" y="{floor + 16}" fill="{SOFT}" font-size="11.5" text-anchor="middle">'
                f"{self._time(at)}</text>"
            )
        yield f'<path d="M{LEFT} {floor}H{RIGHT}" stroke="{SOFT}"/>'

    def _ticks(self) -> Iterator[float]:
        length = self.end - self.begin
        step = next((each for each in _STEPS if length / each <= _TICKS), _STEPS[-1])
        offset = datetime.fromtimestamp(self.begin).astimezone().utcoffset()
        shift = offset.total_seconds() if offset else 0.0
        at = -(-(self.begin + shift) // step) * step - shift
        while at <= self.end:
            if LEFT + 8 <= self._x(at) <= RIGHT - 18:
                yield at
            at += step

    def _time(self, at: float) -> str:
        moment = datetime.fromtimestamp(at)
        if self.end - self.begin < 600:
            return moment.strftime("%H:%M:%S")
        if (moment.hour, moment.minute) == (0, 0):
            return moment.strftime("%d/%m")
        return moment.strftime("%H:%M")

    def _lanes(self, top: float) -> Iterator[str]:
        for number, lane in enumerate(self._shown()):
            y = top + number * ROW
            label = _short(lane.label, int((LEFT - 14) / _LETTER))
            yield f'<text x="0" y="{y + BAR}" fill="{INK}">{escape(label)}</text>'
            yield f'<rect x="{LEFT}" y="{y + 3}" width="{RIGHT - LEFT}" height="{BAR}" fill="#f3f5f7"/>'
            for bar in lane.bars:
                if bar.begin <= self.end and bar.end >= self.begin:
                    x = self._x(bar.begin)
                    width = max(self._x(bar.end) - x, 3.0)
                    x = min(x, RIGHT - width)
                    colour = COLOURS.get(bar.tone, COLOURS["plain"])
                    yield f'<rect x="{x:g}" y="{y + 3}" width="{width:g}" height="{BAR}" rx="2" fill="{colour}"/>'

    def _beside(self, top: float, floor: float) -> Iterator[str]:
        for number, other in enumerate(self._others()):
            x, y = self._x(other.at), floor + AXIS + BESIDE * number + 8
            late = x > (LEFT + RIGHT) / 2
            side, anchor = (x - 5, "end") if late else (x + 5, "start")
            yield f'<path d="M{x} {top - 4}V{y - 9}" stroke="{RED}" stroke-width="1.6" stroke-dasharray="5 3"/>'
            yield (
                f'<text x="{side}" y="{y - 1}" fill="{RED}" text-anchor="{anchor}">'
                f"{escape(_short(other.text, 130))}</text>"
            )

    def _numbers(self, top: float, floor: float) -> Iterator[str]:
        for mark, level in self._levels():
            x, y = mark.x, top - NUMBER - 5 - level * (2 * NUMBER + 3)
            half = max(NUMBER, 3.4 * len(mark.text) + 5)
            colour = COLOURS.get(mark.tone, COLOURS["plain"])
            yield f'<path d="M{x} {y + NUMBER}V{floor}" stroke="{colour}" stroke-width="1" stroke-opacity=".55"/>'
            box = f'x="{x - half:g}" y="{y - NUMBER:g}" width="{2 * half:g}" height="{2 * NUMBER:g}" rx="{NUMBER:g}"'
            yield (
                f'<rect {box} fill="#ffffff" stroke="{colour}" stroke-width="2"/>'
                f'<text x="{x}" y="{y + 4}" fill="{INK}" font-size="11" font-weight="bold" text-anchor="middle">'
                f"{mark.text}</text>"
            )


def _one(cluster: Sequence[Dot], x: float) -> Mark:
    """Several numbers as one, in the tone of the gravest."""
    tone = next((each for each in (BAD, WARN, GOOD) if any(dot.tone == each for dot in cluster)), cluster[0].tone)
    return Mark(f"{cluster[0].number}–{cluster[-1].number}", x, tone)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
