"""The legal clocks as their page shows them: what runs, how long it still has, what waits for a person's word.

Comes in: what `garde.legal` knows of an incident, the estate's words, the time. Goes out: `ClocksPage`. Pure; it starts
and ends nothing. A clock runs only from what a person said: where nobody has said it, that is the headline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from garde.estate.nouns import Words
from garde.hub.console.names import Names
from garde.hub.console.views.headline import Headline
from garde.hub.final.spans import span
from garde.hub.final.teller import FINAL_LOCALE
from garde.hub.final.words import RECIPIENTS
from garde.journal.speech import Said, mark, say_in
from garde.journal.text import plain
from garde.legal.clocks import NO, SUBMITTED, YES, Clock, events, in_force
from garde.legal.forms import forms, said_in
from garde.legal.memory import Incident, Running, State, running_key

EVENTS: Final = {
    "aware_personal_data": mark("a breach of personal data (data that nobody could reach count as well)"),
    "aware_significant": mark("a significant incident (NIS2)"),
    "discovered": mark("the incident itself (contracts, insurer)"),
    "handled": mark("the incident is handled"),
    "ransom_paid": mark("the payment of a ransom"),
}
APPLIES: Final = {
    "yes": mark("applies"),
    "no": mark("does not apply"),
    "open": mark("nobody has said whether it applies"),
}
CLOSED: Final = {
    "submitted": mark("handed in"), "progress": mark("a progress report was handed in"),
    "not_applicable": mark("does not apply"),
}  # fmt: skip
SIGNS: Final = {"bad": "■", "warn": "▲", "good": "✓", "note": "●", "plain": "○"}


@dataclass(frozen=True, slots=True)
class ClockShown:
    """One duty."""

    id: str
    recipient: Said
    regime: Said
    tone: str
    sign: str
    words: Said  # how it stands
    begins: Said  # what starts it; "" where it has begun
    doubt: Said  # that nobody has said whether it applies; "" where somebody did, or it is sure
    left: Said  # how much time is left, or over; "" where there is no number
    share: int  # per cent of its time that is gone; -1: no number
    start: float
    due: float
    runs: bool  # it is still to be done
    channel: Said
    fallback: Said
    condition: Said
    note: Said
    source: Said
    confirmed: bool
    form: str  # "": Garde has no form for it
    applies: str
    said: Said  # who said that it applies or does not, and why
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AwareShown:
    """What somebody said."""

    event: Said
    since: float
    who: Said
    note: Said
    seq: int
    counts: bool  # said again later it does not count any more


@dataclass(frozen=True, slots=True)
class ClocksPage:
    """See the module."""

    headline: Headline
    incident: str
    unsaid: bool  # nobody has said anything yet
    hints: tuple[tuple[Said, float, int], ...]  # what the journal knows of the beginning: words, time, entry
    running: tuple[ClockShown, ...]
    waiting: tuple[ClockShown, ...]
    over: tuple[ClockShown, ...]
    aware: tuple[AwareShown, ...]
    events: tuple[tuple[str, Said], ...]
    ransom: Said
    source: Said


def clocks_page(state: State, incident: Incident | None, names: Names, now: float) -> ClocksPage:
    """Return the page of an incident; without one it says what would run."""
    say = names.say
    shown = [_clock(each, state, incident, names, now) for each in in_force(state.clocks, now)]
    running = sorted((each for each in shown if each.start and each.runs), key=_urgency)
    over = tuple(each for each in shown if each.start and not each.runs)
    waiting = tuple(each for each in shown if not each.start)
    return ClocksPage(
        headline=_headline(incident, running, over, names),
        incident=incident.id if incident else "",
        unsaid=incident is not None and not incident.aware,
        hints=_hints(incident, names) if incident else (),
        running=tuple(running),
        waiting=waiting,
        over=over,
        aware=_aware(incident, names) if incident else (),
        events=tuple((each, say.word(EVENTS, each)) for each in events(state.clocks)),
        ransom=_ransom(incident, names) if incident else Said(""),
        source=say("The clocks’ own data: {source}.", source=state.rules_source)
        if state.rules
        else say("The clocks’ own data came with Garde; what is not confirmed says so."),
    )


def _urgency(clock: ClockShown) -> tuple[float, str]:
    return clock.due or clock.start, clock.id


# --- one clock --------------------------------------------------------------------------------------------------------


def _clock(clock: Clock, state: State, incident: Incident | None, names: Names, now: float) -> ClockShown:
    say, key = names.say, running_key(incident.id, clock.id) if incident else ""
    running = state.running.get(key) if incident else None
    applies = state.applies(clock, incident.id if incident else "")
    tone, words = _standing(running, clock, applies, names, now)
    language = say.language
    return ClockShown(
        id=clock.id,
        recipient=recipient_words(clock.recipient, names),
        regime=Said(plain(clock.regime)),
        tone=tone,
        sign=SIGNS[tone],
        words=words,
        begins=_begins(clock, names) if running is None and applies != NO else Said(""),
        doubt=say.word(APPLIES, applies) if running is not None and running.runs and applies != YES else Said(""),
        left=_left(running, names, now),
        share=_share(running, now),
        start=running.start if running else 0.0,
        due=running.due if running else 0.0,
        runs=running is not None and running.runs,
        channel=in_language(clock.channel, language),
        fallback=in_language(clock.fallback, language),
        condition=in_language(clock.condition, language),
        note=in_language(clock.note, language),
        source=Said(plain(clock.source)),
        confirmed=clock.confirmed,
        form=clock.form,
        applies=applies,
        said=_said(state, clock, incident, names),
        entries=tuple(each for each in (running.cause, running.seq, running.closed_seq) if each) if running else (),
    )


def in_language(words: Words, language: str) -> Said:
    """Return words of the clocks' or the forms' own data."""
    return Said(plain(said_in(words, language)))


def recipient_words(recipient: str, names: Names) -> Said:
    """Return to whom something is due, as the final report says it."""
    return say_in(names.say.language, FINAL_LOCALE).word(RECIPIENTS, recipient)


def _standing(running: Running | None, clock: Clock, applies: str, names: Names, now: float) -> tuple[str, Said]:
    """Return the tone of a duty, and how it stands."""
    if running is None:
        return "plain", names.say("does not apply") if applies == NO else names.say("has not begun")
    return _closed(running, names) if running.closed else _open(running, names, now)


def _begins(clock: Clock, names: Names) -> Said:
    """Return what starts it."""
    say = names.say
    if clock.start.startswith(SUBMITTED):
        form = forms().get(clock.start.removeprefix(SUBMITTED))
        title = in_language(form.title, say.language) if form else Said(plain(clock.start))
        return say("It begins when this is handed in: {form}.", form=title)
    return say("It begins when somebody says: aware of {event}.", event=say.word(EVENTS, clock.start))


def _closed(running: Running, names: Names) -> tuple[str, Said]:
    words = names.say.word(CLOSED, running.closed)
    if running.late:
        return "bad", names.say("{words}, LATE", words=words)
    return "good" if running.closed != "not_applicable" else "plain", words


def _open(running: Running, names: Names, now: float) -> tuple[str, Said]:
    say = names.say
    if running.due and now > running.due:
        return "bad", say("OVERDUE")
    if running.warned == "soon":
        return "warn", say("soon due")
    return ("note", say("it runs")) if running.due else ("warn", say("without delay"))


def _left(running: Running | None, names: Names, now: float) -> Said:
    if running is None or running.closed or not running.due:
        return Said("")
    spoken = say_in(names.say.language, FINAL_LOCALE)
    if now > running.due:
        return names.say("{span} over", span=span(now - running.due, spoken))
    return names.say("{span} left", span=span(running.due - now, spoken))


def _share(running: Running | None, now: float) -> int:
    if running is None or running.closed or not running.due:
        return -1
    return min(max(round(100 * (now - running.start) / max(running.due - running.start, 1.0)), 0), 100)


def _said(state: State, clock: Clock, incident: Incident | None, names: Names) -> Said:
    keys = ([running_key(incident.id, clock.id)] if incident else []) + [running_key("", clock.id)]
    said = next((state.obligations[each][-1] for each in keys if state.obligations.get(each)), None)
    if said is None:
        return Said("")
    who, word = names.person(said.by), names.say.word(APPLIES, said.applies)
    return names.say("{who}: {word} ({why})", who=who, word=word, why=Said(said.why))


# --- what is above and beside -----------------------------------------------------------------------------------------


def _headline(
    incident: Incident | None, running: Sequence[ClockShown], over: Sequence[ClockShown], names: Names
) -> Headline:
    say = names.say
    overdue = [each for each in running if each.tone == "bad"]
    soon = [each for each in running if each.tone == "warn"]
    if incident is None:
        text = say("When there is one, somebody says since when the hospital is aware, and the clocks run from then.")
        return Headline(say("No incident: no clock runs"), text, Said(""), "plain")
    if overdue:
        title = say.many("{n} duty is OVERDUE", "{n} duties are OVERDUE", len(overdue))
        todo = say("Hand it in now, and say why it is late: that is allowed, silence is not.")
        return Headline(title, names.some([each.recipient for each in overdue], 4), todo, "bad")
    if not incident.aware:
        text = say("No legal clock runs before a person has said it: a machine cannot be aware.")
        todo = say("Say it below. Said again later it corrects, and the first word stays in the record.")
        return Headline(say("Nobody has said since when the hospital is aware"), text, todo, "bad")
    if running:
        first = running[0]
        title = say.many("{n} duty is open", "{n} duties are open", len(running))
        text = say("First: {who}, {when}.", who=first.recipient, when=first.left or first.words)
        return Headline(title, text, Said(""), "warn" if soon else "note")
    if over:
        return Headline(say("Every duty that was started is done"), Said(""), Said(""), "good")
    return Headline(say("No duty runs"), say("What was said so far starts none."), Said(""), "plain")


def _hints(incident: Incident, names: Names) -> tuple[tuple[Said, float, int], ...]:
    say = names.say
    found = [
        (say("the first hostile write"), incident.first_harm, incident.first_harm_seq),
        (say("the incident was opened"), incident.opened, incident.seq),
    ]
    return tuple((words, at, seq) for words, at, seq in found if at)


def _aware(incident: Incident, names: Names) -> tuple[AwareShown, ...]:
    found = [
        AwareShown(
            names.say.word(EVENTS, event), each.since, names.person(each.by), Said(each.note), each.seq,
            each is said[-1],
        )
        for event, said in incident.aware.items()
        for each in said
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: each.seq))


def _ransom(incident: Incident, names: Names) -> Said:
    decided = incident.decided
    if decided is None:
        return Said("")
    who, why = names.person(decided.by), Said(decided.why)
    if decided.paid:
        return names.say("{who} decided to pay: {why}", who=who, why=why)
    return names.say("{who} decided not to pay: {why}", who=who, why=why)
