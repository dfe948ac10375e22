"""Board and report as paper: what the templates of this folder are set with.

Comes in: a `Board`, a `Report`. Goes out: `Document`s for `garde.paper`. One page of A4 each, black and white. It
starts no process itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from garde.emergency.board import Board
from garde.emergency.memory import CLOSED, DEGRADED, DIVERTED, LIMITED, OPEN, PAPER, WORKS
from garde.emergency.report import Line, Report
from garde.emergency.words import EMERGENCY_LOCALE
from garde.journal.plan_words import PATH_STATES, SERVICE_STATES
from garde.journal.speech import Said, Say, long_time, mark, say_in, short_time
from garde.paper.codes import qr_svg
from garde.paper.document import Document

TEMPLATES: Final = Path(__file__).parent / "templates"
# How a state looks without colour; what each means stands on the page.
WEIGHT: Final = {
    WORKS: "line", DEGRADED: "dashed", PAPER: "grey", CLOSED: "black", OPEN: "line", LIMITED: "grey", DIVERTED: "black",
}  # fmt: skip
_ROOMY: Final = 24  # services up to which each has a row; of more, those that work are one paragraph
_DENSE: Final = 14  # lines of a column from which the report is set smaller, so that it stays one page
HEADS: Final = {
    "cuts": mark("Cuts in force"),
    "services": mark("Services that do not simply work"),
    "working": mark("Working as usual"),
    "paths": mark("Who may come"),
    "decisions": mark("Decisions, the latest last"),
    "clocks": mark("Clocks running"),
    "missing": mark("Not reached, not filled"),
    "flags": mark("The four ends"),
    "seal": mark("The record up to here, signed by the hub"),
    "none": mark("None."),
    "nobody": mark("Nobody is missing."),
}


def board_sheet(board: Board) -> Document:
    """Return the board as one page."""
    say = say_in(board.language, EMERGENCY_LOCALE)
    title = say("{hospital}: clinical services, {time}", hospital=board.hospital, time=long_time(board.at))
    compact = len(board.rows) > _ROOMY
    rows = [
        {
            "name": each.name,
            "wards": each.wards,
            "word": each.word,
            "weight": WEIGHT[each.state],
            "since": short_time(each.since, board.at) if each.since else "",
            "text": "\n".join(filter(None, (each.enter, _what_to_do(say, each.instead, each.because, each.why)))),
        }
        for each in board.worst_first
        if each.state != WORKS or each.enter or not compact
    ]
    paths = [
        {"name": each.name, "word": each.word, "weight": WEIGHT[each.state],
         "since": short_time(each.since, board.at) if each.since else ""}
        for each in board.paths
    ]  # fmt: skip
    data = {
        "hospital": board.hospital,
        "heading": say("What works"),
        "time": long_time(board.at),
        "as_of": say("As of"),
        "phase": say("Emergency plan: {phase}", phase=board.phase) if board.phase else "",
        "heads": [say("Service"), say("State"), say("Since"), say("What to do")],
        "rows": rows,
        "compact": compact,
        "working_heading": say.word(HEADS, "working"),
        "working": say.list([each.name for each in board.rows if each.state == WORKS and not each.enter])
        if compact
        else "",
        "paths_heading": say("Who may come"),
        "paths": paths,
        "foot": say("An older page counts no more: throw it away when a new one comes."),
    }
    return Document(TEMPLATES / "board.typ", data, title, board.language, board.at)


def _what_to_do(say: Say, instead: Said, because: Said, why: Said) -> str:
    if instead:
        return instead
    if why:
        return why
    return say("because of {what}", what=because) if because else ""


def report_sheet(report: Report) -> Document:
    """Return a situation report as one page."""
    say = say_in(report.language, EMERGENCY_LOCALE)
    title = say("{hospital}: situation report {number}, {time}", hospital=report.hospital, number=report.number,
                time=report.made)  # fmt: skip
    data: dict[str, Any] = {
        "hospital": report.hospital,
        "heading": say("Situation report {number}", number=report.number),
        "time": report.made,
        "by": say("made by {who}", who=report.by),
        "next": report.next,
        "heads": {name: say(text) for name, text in HEADS.items()},
        "more": {name: say.many("… and {n} more", "… and {n} more", n) for name, n in report.more.items() if n},
        "state": list(report.state),
        "dense": max(len(report.services) + len(report.paths), len(report.clocks) + len(report.cuts)) > _DENSE,
        "cuts": report.cuts,
        "services": [_with_badge(each, say) for each in report.services],
        "working": report.working,
        "paths": [_with_badge(each, say) for each in report.paths],
        "decisions": report.decisions,
        "clocks": report.clocks,
        "missing": report.missing,
        "flags": report.flags,
        "head": report.head,
        "qr": qr_svg(report.seal) if report.seal else "",
    }
    return Document(TEMPLATES / "report.typ", data, title, report.language, report.at)


def _with_badge(line: Line, say: Say) -> dict[str, str]:
    word = say.word({**SERVICE_STATES, **PATH_STATES}, line.mark)
    how = line.how.removeprefix(f"{word}, ") if line.how != word else ""
    return {"what": line.what, "how": how, "when": line.when, "weight": WEIGHT.get(line.mark, "line"), "word": word}
