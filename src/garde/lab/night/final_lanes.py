"""The way back as a picture, to scale: a lane for each server with its stages on it, the story's own moments above.

Comes in: `Final`. Goes out: one section of HTML with an SVG in it. What it shows stands in the page's table as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final as Fixed

from garde.lab.night.final import Back, Final
from garde.lab.night.story import BEGINS, LIFTED_S, RESTART_S
from garde.model.restart import Stage

_TONES: Fixed = {
    Stage.WAITING: "edge", Stage.ISOLATED: "warn", Stage.VERIFIED: "note", Stage.OBSERVING: "note",
    Stage.LISTED: "listed", Stage.OPEN: "good", Stage.RECUT: "bad",
}  # fmt: skip
_KEY: Fixed = (
    ("warn", "cut off from all but the hub"), ("note", "verified, and watched"), ("listed", "listed flows are open"),
    ("good", "open"), ("bad", "cut again"),
)  # fmt: skip
# What was published about it; the last is the afternoon on which the plan was about to be lifted.
_STORY: Fixed = (
    (0.0, "first sign"), (6 * 3600.0 - BEGINS, "access to all servers is cut"),
    (RESTART_S, "servers come back"), (LIFTED_S, "plan about to be lifted"),
)  # fmt: skip
_HOUR: Fixed = 3600.0
_EDGE: Fixed = 16.0  # a clock's half width: no room for one beyond
_RIGHT, _LEFT, _ROW, _BAR, _TOP = 990.0, 130.0, 30, 20, 56
STYLE: Fixed = """
.drawn-way { width: 100%; height: auto; font: 12px system-ui, "DejaVu Sans", sans-serif; }
.drawn-way text { fill: var(--ink); } .drawn-way .soft { fill: var(--soft); } .drawn-way line { stroke: var(--edge); }
.drawn-way line.story { stroke: var(--bad); stroke-dasharray: 3 3; } .drawn-way text.story { fill: var(--bad); }
.drawn-way text.story, .drawn-way text.lifted { stroke: var(--card); stroke-width: 4px; paint-order: stroke; }
.drawn-way line.lifted { stroke: var(--good); stroke-width: 2; } .drawn-way text.lifted { fill: var(--good); }
.fill-edge { fill: var(--edge); } .fill-warn { fill: var(--warn); } .fill-note { fill: var(--note); }
.fill-listed { fill: var(--good); opacity: .5; } .fill-good { fill: var(--good); } .fill-bad { fill: var(--bad); }
.drawn-key { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding-top: .5rem; list-style: none; }
.drawn-key { font-size: .86rem; color: var(--soft); } .drawn-key svg { vertical-align: -.1em; margin-right: .35rem; }
"""


def picture(final: Final) -> str:
    """Return the section."""
    drawn = _Picture(final, _end(final))
    return (
        '<section class="card"><h2>The way back, to scale; in red the story\'s own moments</h2>\n'
        f'<svg class="drawn-way" viewBox="0 0 1000 {drawn.height}" role="img" aria-label="The stages of each server '
        f'over time; the table below says the same">\n{"".join(drawn.parts())}</svg>\n'
        f'<ul class="drawn-key">{_key()}</ul></section>\n'
    )


def _end(final: Final) -> float:
    moments = [LIFTED_S, final.lifted or 0.0, *(step.begins for back in final.back for step in back.steps)]
    return max(moments) + _HOUR


def _key() -> str:
    return "".join(
        '<li><svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" '
        f'class="fill-{tone}"/></svg>{escape(words)}</li>'
        for tone, words in _KEY
    )


@dataclass(frozen=True)
class _Picture:
    final: Final
    end: float  # seconds at the right edge

    @property
    def height(self) -> int:
        return _TOP + _ROW * len(self.final.back) + 24

    def x(self, seconds: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * min(max(seconds, 0.0), self.end) / self.end, 1)

    def parts(self) -> Iterator[str]:
        yield from self._hours()
        for number, back in enumerate(self.final.back):
            yield from self._lane(back, _TOP + number * _ROW)
        for number, (at, text) in enumerate(_STORY):
            yield self._moment(at, text, 12 + 16 * (number % 2), "story")
        if self.final.lifted is not None:
            yield self._moment(self.final.lifted, "plan lifted", _TOP - 10, "lifted")

    def _hours(self) -> Iterator[str]:
        """Every three hours a line."""
        for hour in range(int(BEGINS // _HOUR), int((self.end + BEGINS) // _HOUR) + 1, 3):
            at = self.x(hour * _HOUR - BEGINS)
            yield f'<line x1="{at}" x2="{at}" y1="{_TOP - 6}" y2="{self.height - 20}"/>'
            if at > _RIGHT - _EDGE:
                break
            yield f'<text class="soft" text-anchor="middle" x="{at}" y="{self.height - 6}">{hour % 24:02d}:00</text>\n'

    def _lane(self, back: Back, y: int) -> Iterator[str]:
        yield f'<text x="0" y="{y + 14}">{escape(back.machine)}</text>'
        for step in back.steps:
            begins, ends = self.x(step.begins), self.x(self.end if step.ends is None else step.ends)
            width, tone = max(2.0, round(ends - begins, 1)), _TONES.get(Stage(step.stage), "edge")
            yield f'<rect x="{begins}" y="{y}" width="{width}" height="{_BAR}" class="fill-{tone}"/>'
        yield "\n"

    def _moment(self, at: float, text: str, y: int, sort: str) -> str:
        """A line with its words, on the side where there is room."""
        x, late = self.x(at), at > self.end / 2
        return (
            f'<line class="{sort}" x1="{x}" x2="{x}" y1="{y + 3}" y2="{self.height - 20}"/>'
            f'<text class="{sort}" x="{x - 4 if late else x + 4}" y="{y}" text-anchor="{"end" if late else "start"}">'
            f"{escape(text)}</text>\n"
        )
