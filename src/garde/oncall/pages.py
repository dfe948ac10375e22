"""A call in the words of a page: what happens, what Garde did, what is asked; and how to answer it.

Comes in: the state, the estate, calls, a person. Goes out: lines for a page, in the person's language; a line that
carries a code names its slot, and the hub puts it in. Pure. Two lines and the answer: it is read at 03:00 on a phone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from garde.estate.look import Lookup
from garde.journal.oncall_kinds import PageLine
from garde.journal.speech import Said, Say, mark, say_in
from garde.journal.text import plain
from garde.oncall import memory as m
from garde.oncall.codes import Slot
from garde.oncall.memory import Call, Cut, State

ONCALL_LOCALE: Final = Path(__file__).parent / "locale"
LONGEST: Final = 220  # characters of a line: two SMS and a half
MOST_NAMES: Final = 4  # names in one line; the others are counted

ACTIONS: Final = {
    "block": mark("refuse {target} at the servers"),
    "kick": mark("end the sessions of {target}"),
    "account": mark("shut the account {target}"),
    "read_only": mark("make the shares read-only"),
    "isolate": mark("cut {target} off from everything but the hub"),
    "outside": mark("cut the outside"),
    "port": mark("shut the switch port of {target}"),
}
_GRAVITY: Final = (m.INCIDENT, m.CUT, m.UNPROVEN, m.OTHER, m.SILENT, m.CHANNEL, m.FAULT, m.TEST)
_HOLDS: Final = ("applied", "proven")


def speaker(language: str) -> Say:
    """Return who says pages in a language."""
    return say_in(language, ONCALL_LOCALE)


def lines_for(state: State, look: Lookup, calls: Sequence[Call], person: str, language: str) -> tuple[PageLine, ...]:
    """Return a page about these calls, the gravest first; without codes where it goes to a place."""
    say = speaker(language)
    found: list[PageLine] = []
    for call in sorted(calls, key=lambda each: (_GRAVITY.index(each.kind), each.seq)):
        texts = [line for line in said(state, look, call, say) if line]
        if not found and texts:
            texts[0] = Said(f"GARDE · {texts[0]}")
        found += [PageLine(_short(each)) for each in texts]
        found += _asks(call, person, say) if person else []
    return (*found, *_link(state, calls)) if found else ()


def said(state: State, look: Lookup, call: Call, say: Say) -> list[Said]:
    """Return what a call is about, in at most two lines."""
    if call.kind == m.INCIDENT:
        return _incident(state, look, call, say)
    if call.kind in (m.CUT, m.UNPROVEN):
        cut = state.cuts.get(call.subject)
        words = _cut if call.kind == m.CUT else _unproven
        return [] if cut is None else words(look, cut, say)
    if call.kind == m.OTHER:
        text = call.texts.get(say.language) or next(iter(call.texts.values()), "")
        return [Said(plain(each)) for each in text.splitlines()[:2]]
    return _of_the_house(state, look, call, say)


def _of_the_house(state: State, look: Lookup, call: Call, say: Say) -> list[Said]:
    if call.kind == m.SILENT:
        silent = say.many(
            "{n} machine gives no sign of life: {names}", "{n} machines give no sign of life: {names}",
            max(len(state.silent), 1), names=_names(look, list(state.silent), say),
        )  # fmt: skip
        return [silent, say("If nobody switched it off, treat it as an attack.")]
    if call.kind == m.CHANNEL:
        channel = state.channels.get(call.subject)
        reason = channel.reason if channel else ""
        return [say("The channel {channel} does not work: {reason}", channel=call.subject, reason=reason)]
    if call.kind == m.FAULT:
        return [say("Garde’s hub reports a fault ({where}): look at the console.", where=call.subject)]
    return [say("TEST of the calls. Nothing has happened.")]


def told(words: str, language: str, **values: object) -> tuple[PageLine, ...]:
    """Return a page that asks nothing."""
    return (PageLine(_short(Said(f"GARDE · {speaker(language)(words, **values)}"))),)


def needed_texts(state: State, look: Lookup, call: Call) -> tuple[tuple[str, str], ...]:
    """Return a call's words in the hospital's languages, for the record."""
    languages = [each for each in look.estate.languages if speaker(each).language == each] or ["en"]
    return tuple((each, "\n".join(map(str, said(state, look, call, speaker(each))))) for each in languages)


# --- what is said -----------------------------------------------------------------------------------------------------


def _incident(state: State, look: Lookup, call: Call, say: Say) -> list[Said]:
    incident = state.incidents.get(call.about)
    if incident is None:
        return []
    known = {
        "server": _name(look, incident.server, say), "at": _clock(incident.first_harm),
        "n": max(incident.servers, 1), "hospital": look.estate.name,
    }  # fmt: skip
    first = say.many(
        "{hospital}: files are being destroyed on {server} since {at}",
        "{hospital}: files are being destroyed on {n} servers since {at}, first on {server}",
        **known,  # type: ignore[arg-type]
    )
    if incident.spreader:
        first = say("{text}; it comes from {machine}", text=first, machine=_name(look, incident.spreader, say))
    return [first, _done(state, look, call.about, say)]


def _done(state: State, look: Lookup, incident: str, say: Say) -> Said:
    made = [each for each in state.cuts.values() if each.incident == incident and each.state in _HOLDS]
    under_way = [each for each in state.cuts.values() if each.incident == incident and each.state == "asked"]
    if made:
        return say("Done: {cuts}.", cuts=say.list([action(look, each, say) for each in made[:3]]))
    if under_way:
        return say("Ordered: {cuts}.", cuts=say.list([action(look, each, say) for each in under_way[:3]]))
    return say("Nothing is cut off yet.")


def _cut(look: Lookup, cut: Cut, say: Say) -> list[Said]:
    asked = say("Asked: {cut}?", cut=action(look, cut, say))
    if not cut.price:
        return [asked, say("No clinical service stops.")]
    names = [say("{name}", name=look.label(each, say.language, "services")) for each in cut.price]
    return [asked, say("STOPS: {services}.", services=_few(names, say))]


def _unproven(look: Lookup, cut: Cut, say: Say) -> list[Said]:
    where = _names(look, cut.lacking, say) if cut.lacking else say("everywhere")
    if cut.state == "failed":
        return [say("A cut FAILED: {cut}. Not done on: {where}", cut=action(look, cut, say), where=where)]
    return [say("A cut is NOT PROVEN: {cut}. It does not hold on: {where}", cut=action(look, cut, say), where=where)]


def action(look: Lookup, cut: Cut, say: Say) -> Said:
    """Return what a cut does."""
    target = _name(look, cut.target, say)
    return say(ACTIONS[cut.action], target=target) if cut.action in ACTIONS else say("{name}", name=cut.action)


def _asks(call: Call, person: str, say: Say) -> list[PageLine]:
    slot = Slot(call.notice, person, call.generation).name
    if call.kind == m.CUT:
        return [
            PageLine(str(say("Answer: YES ######## or NO ######## · without a word: you know, others decide")), slot)
        ]
    if call.kind == m.INCIDENT:
        return [PageLine(str(say("Answer ######## : you take it in hand")), slot)]
    return [PageLine(str(say("Answer ######## : you know")), slot)]


def _link(state: State, calls: Sequence[Call]) -> list[PageLine]:
    """Return where the console shows it: the incident, where the page is about one."""
    if not state.rules.link:
        return []
    about = {each.about for each in calls} & state.incidents.keys()
    return [PageLine(state.rules.link + (f"/incidents/{about.pop()}" if len(about) == 1 else ""))]


# --- parts ------------------------------------------------------------------------------------------------------------


def _name(look: Lookup, name: str, say: Say) -> Said:
    return say("{name}", name=look.label(name, say.language) if name else "?")


def _names(look: Lookup, names: Iterable[str], say: Say) -> Said:
    return _few([_name(look, each, say) for each in names], say)


def _few(names: list[Said], say: Say) -> Said:
    if len(names) <= MOST_NAMES:
        return say.list(names)
    shown = say.list(names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    return say.many("{names} and {n} more", "{names} and {n} more", more, names=shown)


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%H:%M")


def _short(text: Said) -> str:
    return str(text) if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
