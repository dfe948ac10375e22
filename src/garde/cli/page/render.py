"""The page's HTML in one language.

Comes in: a `Look`. Goes out: HTML text, escaped twice over: hostile characters by the speaker, markup by Jinja. It
decides nothing but what to say first.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from garde.cli.page.board import Look
from garde.journal.entry import Entry
from garde.journal.speech import LANGUAGES, Said, Say, mark, say_in
from garde.journal.summary import Hold, Summary
from garde.journal.text import plain
from garde.journal.words import line, mode, who, why

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
LOCALE = HERE / "locale"
FILES_OPEN = 5  # of a hold; the others unfold
HOLDS_SHOWN = 10

STATES = {
    "judged": mark("judged"),
    "held": mark("stopped, being checked"),
    "confirmed": mark("stopped"),
    "released": mark("let go"),
    "cleared": mark("let go: a false alarm"),
    "refused": mark("not stopped"),
    "undone": mark("deletion undone"),
    "reported": mark("deletion reported"),
}
TONES = {"held": "bad", "confirmed": "bad", "judged": "bad", "refused": "bad", "released": "warn", "cleared": "good"}
TONES |= {"undone": "warn", "reported": "bad"}


RETENTION = {
    "frozen": mark("retention is frozen, proven: no backup can be deleted"),
    "not proven": mark("retention is NOT PROVEN to be frozen"),
    "usual": mark("retention goes on as usual"),
}
ERRANDS = {
    "freeze": mark("freeze retention"),
    "thaw": mark("let retention go on"),
    "judge": mark("judge restore points"),
    "restore": mark("restore"),
    "baseline": mark("write down what is sound"),
    "sweep": mark("look through this machine"),
    "look": mark("look at another machine"),
    "raise": mark("watch more closely"),
    "gather": mark("gather evidence"),
    "flows": mark("look back at what left"),
}
ERRAND_STATES = {
    "waiting": mark("waiting"),
    "working": mark("under way"),
    "done": mark("done"),
    "refused": mark("refused"),
}
ERRAND_TONES = {"frozen": "warn", "not proven": "bad", "done": "good", "refused": "bad"}


@dataclass(frozen=True, slots=True)
class Headline:
    """The one sentence that must be right: big, with its tone."""

    title: Said
    text: Said
    tone: str


def speaker(language: str) -> Say:
    """Return the speaker of the page's language."""
    return say_in(language, LOCALE)


def page(look: Look, language: str) -> str:
    """Return the whole page."""
    say = speaker(language)
    return (
        _environment()
        .get_template("page.html")
        .render(
            say=say,
            many=say.many,
            look=look,
            language=language,
            languages=LANGUAGES,
            headline=headline(look, say),
            summary=look.summary,
            mode=mode(look.summary.mode, say) if look.summary.mode else "",
            asked=mode(look.summary.asked, say) if look.summary.asked else "",
            holds=[_hold(hold, say) for hold in list(reversed(look.summary.holds.values()))[:HOLDS_SHOWN]],
            retention=[_store(each, say) for each in look.errands.get("retention", ())],
            errands=[_errand(each, say) for each in look.errands.get("errands", ())],
            timeline=[_spoken(entry, say) for entry in look.timeline],
            percent=lambda value: say("{n} %", n=say.tenths(value)),
        )
    )


def headline(look: Look, say: Say) -> Headline:
    """Say the most serious thing first."""
    summary = look.summary
    if not look.alive:
        return Headline(say("Nobody is watching"), say("The agent has ended. Start it again: garde up"), "bad")
    if look.trouble:
        return Headline(say("The record cannot be read"), say("{trouble}", trouble=look.trouble), "bad")
    if not summary.running:
        return Headline(say("Starting"), say("Reading every file once, to know how it looks when it is sound."), "note")
    found = _attack(summary, say) or _weaker(summary, say)
    return found or Headline(say("All quiet"), _guarded(summary, say), "good")


def _attack(summary: Summary, say: Say) -> Headline | None:
    holds = [hold for hold in summary.holds.values() if hold.at >= summary.started_at]
    if any(hold.state in ("judged", "refused") for hold in holds):
        return Headline(
            say("Files are being destroyed"), say("The attacker is not stopped. See below who it is."), "bad"
        )
    stopped = [hold for hold in holds if hold.state in ("held", "confirmed")]
    if not stopped:
        return _deleted(holds, say)
    failed, back = sum(hold.failed for hold in stopped), sum(hold.restored for hold in stopped)
    text = say.many("{n} file was put back.", "{n} files were put back.", back)
    if failed:
        missing = say.many("{n} could not be put back.", "{n} could not be put back.", failed)
        return Headline(say("Attack stopped"), Said(f"{text} {missing}"), "bad")
    return Headline(say("Attack stopped"), text, "warn")


def _deleted(holds: list[Hold], say: Say) -> Headline | None:
    deletes = [hold for hold in holds if hold.state in ("undone", "reported")]
    if not deletes:
        return None
    back = say.many("{n} file was put back.", "{n} files were put back.", sum(hold.restored for hold in deletes))
    return Headline(say("Many documents were deleted"), back, "warn")


def _weaker(summary: Summary, say: Say) -> Headline | None:
    if summary.weaker:
        return Headline(say("Watching only"), say("Harm would be reported; nobody would be stopped."), "bad")
    if summary.unseen:
        text = say.many("{n} folder is not watched.", "{n} folders are not watched.", len(summary.unseen))
        return Headline(say("Partly blind"), text, "bad")
    return None


def _guarded(summary: Summary, say: Say) -> Said:
    return say.many("{n} file is guarded.", "{n} files are guarded.", summary.files)


def _store(said: dict[str, Any], say: Say) -> dict[str, Any]:
    state = str(said.get("state", ""))
    return {
        "name": plain(str(said.get("store", ""))),
        "state": say.word(RETENTION, state),
        "tone": ERRAND_TONES.get(state, "note"),
        "detail": plain(str(said.get("detail", ""))),
    }


def _errand(said: dict[str, Any], say: Say) -> dict[str, Any]:
    state, total = str(said.get("state", "")), int(said.get("total") or 0)
    far = say("{n} %", n=100 * int(said.get("done") or 0) // total) if total else ""
    return {
        "what": say.word(ERRANDS, str(said.get("verb", ""))),
        "of": plain(" ".join(str(said[name]) for name in ("store", "point") if said.get(name))),
        "state": say.word(ERRAND_STATES, state),
        "tone": ERRAND_TONES.get(state, "note"),
        "far": far,
        "detail": plain(str(said.get("detail", ""))),
    }


def _hold(hold: Hold, say: Say) -> dict[str, Any]:
    reasons = [why(file, say) for file in hold.files]
    common = reasons[0] if len(set(reasons)) == 1 else ""  # said once, not for every file
    files = [
        {"path": say("{path}", path=file.path), "why": "" if common else reason}
        for file, reason in zip(hold.files, reasons, strict=True)
    ]
    return {
        "id": plain(hold.id or hold.verdict),
        "who": who(hold.actor, say),
        "time": _time(hold.at),
        "stamp": _stamp(hold.at),
        "state": say.word(STATES, hold.state),
        "tone": TONES.get(hold.state, "note"),
        "reason": say.known(hold.reason) if hold.reason else "",
        "touched": say.many("{n} file touched", "{n} files touched", hold.touched or len(files)),
        "restored": say.many("{n} put back", "{n} put back", hold.restored),
        "failed": say.many("{n} could not be put back", "{n} could not be put back", hold.failed)
        if hold.failed
        else "",
        "why": common,
        "files": files[:FILES_OPEN],
        "more": files[FILES_OPEN:],
    }


def _spoken(entry: Entry, say: Say) -> dict[str, Any]:
    told = line(entry, say)
    return {"time": _time(entry.at), "stamp": _stamp(entry.at), "text": told.text, "tone": told.tone}


def _time(at: float) -> str:
    """The reader's own clock; an earlier day is named."""
    moment = datetime.fromtimestamp(at)
    return moment.strftime("%H:%M:%S" if moment.date() == datetime.now().date() else "%d/%m %H:%M")


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
