"""The board as one file for a web site outside the hospital: no script, no picture, nothing fetched from anywhere.

Comes in: `Board`s, one for each language. Goes out: HTML. It is public: it says what works and who may come, not which
machine is at fault, nor who decided. Every value is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from garde.emergency.board import Board, PathRow, Row
from garde.emergency.memory import DIVERTED, OPEN
from garde.emergency.words import EMERGENCY_LOCALE
from garde.journal.speech import long_time, say_in, short_time

_STYLE: Final = """
:root{color-scheme:light dark;--line:#8a8f98;--ink:#14171c;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#f1f3f6;--paper:#14171c}}
body{font:17px/1.45 system-ui,sans-serif;margin:0 auto;max-width:42rem;padding:1rem;
color:var(--ink);background:var(--paper)}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.15rem;margin:1.6rem 0 .4rem}
ul{list-style:none;padding:0;margin:0}li{display:flex;gap:1rem;justify-content:space-between;padding:.45rem 0;
border-bottom:1px solid var(--line)}b.s{white-space:nowrap;padding:0 .5rem;border-radius:.25rem;
border:2px solid currentColor}
b.works,b.open{border-color:transparent}b.closed,b.diverted{color:var(--paper);background:var(--ink)}
section+section{border-top:3px solid var(--ink);margin-top:2.5rem;padding-top:1rem}
"""


def static_page(boards: Sequence[Board]) -> str:
    """Return the whole page, one section for each language; the first gives the title."""
    first = boards[0]
    sections = "".join(_section(each) for each in boards)
    return (
        f'<!doctype html>\n<html lang="{escape(first.language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(first.hospital)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{sections}</main>\n"
        "</body>\n</html>\n"
    )


def _section(board: Board) -> str:
    say = say_in(board.language, EMERGENCY_LOCALE)
    clinical = [each for each in board.worst_first if each.clinical]
    asked = [
        say("For an emergency call 112."),
        say("Please bring your medicines in their packaging, a list of them, and your identity card."),
    ]
    return (
        f'<section lang="{escape(board.language)}">\n<h1>{escape(board.hospital)}</h1>\n'
        f"<p>{escape(say('Our computers are being repaired. This page says what works.'))}<br>"
        f"<strong>{escape(say('As of {time}', time=long_time(board.at)))}</strong></p>\n"
        + "".join(f"<p>{escape(each)}</p>\n" for each in asked)
        + _list(say("Who may come"), [_path(each, board) for each in board.paths])
        + _list(say("Our services"), [_row(each) for each in clinical])
        + "</section>\n"
    )


def _list(title: str, items: list[str]) -> str:
    return f"<h2>{escape(title)}</h2>\n<ul>\n{''.join(items)}</ul>\n" if items else ""


def _row(row: Row) -> str:
    return f'<li><span>{escape(row.name)}</span> <b class="s {row.state}">{escape(row.word)}</b></li>\n'


def _path(row: PathRow, board: Board) -> str:
    since = f" <small>({escape(short_time(row.since, board.at))})</small>" if row.state != OPEN and row.since else ""
    state = row.state if row.state in (OPEN, DIVERTED) else "limited"
    return f'<li><span>{escape(row.name)}{since}</span> <b class="s {state}">{escape(row.word)}</b></li>\n'
