"""The diversion as its page shows it: each way in, who was told, who has understood, and the words to read to them.

Comes in: the capability's state, a voice, the time. Goes out: `Way`s in the plan's order. It decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.emergency import diversion
from garde.emergency.memory import OPEN, Diversion, Heard, State
from garde.emergency.words import Voice
from garde.journal.speech import Said, short_time


@dataclass(frozen=True, slots=True)
class Told:
    """One recipient."""

    id: str
    name: Said
    phone: Said
    told: float
    told_by: Said
    understood: float
    who: str  # who spoke there


@dataclass(frozen=True, slots=True)
class Way:
    """One way in."""

    id: str
    name: Said
    state: str
    word: Said
    tone: str
    since: float
    by: Said
    reason: str
    review: float
    review_due: bool
    told: tuple[Told, ...]
    messages: tuple[tuple[str, str], ...]  # (language, text ready to read)
    missing: int


TONES = {"open": "good", "limited": "warn", "diverted": "bad"}


def ways(state: State, voice: Voice, others: tuple[Voice, ...], now: float) -> tuple[Way, ...]:
    """Return every way in; `others`: the voices in which a message is offered beside the reader's own."""
    if state.plan is None:
        return ()
    return tuple(_way(state, voice, others, each.id, now) for each in state.plan.paths)


def _way(state: State, voice: Voice, others: tuple[Voice, ...], name: str, now: float) -> Way:
    found = state.diversions.get(name)
    word = found.state if found else OPEN
    return Way(
        id=name,
        name=voice.path(name),
        state=word,
        word=voice.path_state(word),
        tone=TONES.get(word, "note"),
        since=found.since if found else 0.0,
        by=voice.person(found.by) if found else Said(""),
        reason=found.reason if found else "",
        review=found.review if found else 0.0,
        review_due=bool(found and (found.review_due or 0 < found.review <= now)),
        told=tuple(_told(voice, found, each) for each in found.tell) if found else (),
        messages=tuple((each.language, text_of(each, found, now)) for each in (voice, *others)) if found else (),
        missing=len(found.silent()) if found else 0,
    )


def _told(voice: Voice, found: Diversion, name: str) -> Told:
    heard = found.heard.get(name, Heard())
    return Told(
        name, voice.recipient(name), voice.phone(name), heard.told,
        voice.person(heard.told_by) if heard.told_by else Said(""), heard.understood, heard.name,
    )  # fmt: skip


def text_of(voice: Voice, found: Diversion, now: float) -> str:
    """Return the text that is read to whoever has to know; "" where the plan has none."""
    message = diversion.message_for(voice.plan, found.path, found.state) if voice.plan else None
    if message is None:
        return ""
    never = "—"
    values = {
        "hospital": voice.look.estate.name,
        "path": voice.path(found.path),
        "since": short_time(found.since, now),
        "review": short_time(found.review, now) if found.review else never,
        "reason": found.reason or never,
        "by": voice.person(found.by),
    }
    return diversion.fill(voice.words(message.text), values)
