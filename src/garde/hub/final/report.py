"""The final report, put together.

Comes in: `Night`, a language, the time, which incident, a story to set beside. Goes out: `Report`. Raises NotFound
where there is no such incident. Pure: it renders nothing but its pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from babel.dates import format_date

from garde.hub.final import account, lost, services, telling, unseen
from garde.hub.final.beside import Beside, said_in
from garde.hub.final.chart import Dot, Other, Picture
from garde.hub.final.headline import at_key, figures, headline
from garde.hub.final.lanes import lanes
from garde.hub.final.moments import moments
from garde.hub.final.night import Night
from garde.hub.final.parts import BAD, GOOD, NOTE, PLAIN, WARN, Lane, Moment, Report, Row, Section
from garde.hub.final.spans import after, span
from garde.hub.final.teller import Teller, teller_of
from garde.journal.speech import Said
from garde.journal.text import plain

_ZOOMS: Final = (60.0, 300.0, 900.0, 3_600.0, 10_800.0)  # seconds: how much of the beginning is drawn apart
_ENOUGH: Final = 4  # moments that are worth a picture of their own
_SIXTH: Final = 6  # and only where it is a small part of the whole
_APART: Final = 30  # times that a second one is longer than the first: a minute, then an hour
_NOTHING_S: Final = 60.0  # beside hours a minute is nothing
_ROOM: Final = 0.02  # of the length, on either side
_Parts = tuple[Sequence[Dot], Sequence[Lane], Sequence[Other]]


def make_report(
    night: Night, *, language: str = "en", now: float = 0.0, incident: str = "", beside: Beside | None = None
) -> Report:
    """Return the report. `now`: until when what has not ended is drawn; 0: until the last entry."""
    t = teller_of(night, language, max(now, night.last), incident)
    listed = moments(t)
    say, name = t.say, Said(plain(t.look.estate.name))
    end = max(each.at for each in listed)
    about = say("Incident {id}, from {begin} to {end}", id=t.incident.id, begin=t.full(t.begin), end=t.full(end))
    locale = "en_GB" if say.language == "en" else say.language
    day = Said(format_date(datetime.fromtimestamp(t.begin), "long", locale=locale))
    return Report(
        hospital=name,
        language=say.language,
        title=say("The night of {day}: report to the board", day=day),
        about=about,
        as_of=say("As of {time}, entry {n}", time=t.full(t.now), n=night.size),
        at=t.now,
        incident=t.incident.id,
        headline=headline(t, listed),
        figures=figures(t, listed),
        pictures=_pictures(t, listed, beside),
        key=_key(t),
        sections=tuple(_sections(t, listed, beside)),
        words=_words(t),
        seq=night.size,
        head=night.head,
    )


def _sections(t: Teller, listed: Sequence[Moment], beside: Beside | None) -> list[Section]:
    found = [lost.chapter(t), account.left(t), services.chapter(t), telling.told(t), telling.owed(t)]
    if beside is not None:
        found.append(_compared(t, listed, beside))
    return [
        *found,
        _hours(t, listed),
        account.identified(t),
        account.evidence(t),
        telling.decided(t),
        unseen.chapter(t),
    ]


def _words(t: Teller) -> dict[str, Said]:
    say = t.say
    return {
        "entry": say("Entry"),
        "picture": say("The night, to scale"),
        "check": say(
            "The record behind it: {n} entries, the last one has the hash {hash}. To check: garde journal verify",
            n=t.night.size,
            hash=t.night.head or "–",
        ),
        "rests": say("Small numbers at the right name the entries of the journal that a line rests on."),
    }


# --- hour by hour -----------------------------------------------------------------------------------------------------


def numbered(listed: Sequence[Moment]) -> dict[Moment, int]:
    """Return the numbers of those that are drawn."""
    return {each: number for number, each in enumerate((each for each in listed if each.drawn), 1)}


def _hours(t: Teller, listed: Sequence[Moment]) -> Section:
    numbers = numbered(listed)
    rows = tuple(
        Row(
            (
                Said(str(numbers[each])) if each in numbers else Said(""),
                t.time(each.at),
                after(each.at - t.begin, t.say),
                each.text,
            ),
            each.tone,
            (each.entry,) if each.entry else (),
        )
        for each in listed
    )
    say = t.say
    lead = say("Numbers are those of the picture; the second time counts from the first hostile write.")
    heads = (say("No."), say("Time"), say("After"), say("What happened"))
    return Section("hours", say("Hour by hour"), lead, PLAIN, heads, rows)


def _compared(t: Teller, listed: Sequence[Moment], beside: Beside) -> Section:
    """Ours beside the other night's own times, both from the first sign."""
    say = t.say
    name = Said(plain(said_in(beside.name, say.language)))
    rows = []
    for then in sorted(beside.moments, key=lambda each: each.at_s):
        ours = at_key(listed, then.key) if then.key else None
        here = span(ours - t.begin, say) if ours is not None else Said("–")
        tone = PLAIN if ours is None else GOOD if ours - t.begin <= then.at_s + _NOTHING_S else WARN
        rows.append(Row((Said(plain(said_in(then.text, say.language))), span(then.at_s, say), here), tone))
    notes = [say("Source: {source}", source=beside.source)] if beside.source else []
    if beside.note:
        notes.insert(0, Said(plain(said_in(beside.note, say.language))))
    lead = say("Each time counts from the first sign. A dash: there is nothing to compare.")
    return Section(
        "beside",
        say("Beside {name}", name=name),
        lead,
        NOTE,
        (say("What"), name, say("Here")),
        tuple(rows),
        tuple(notes),
    )


# --- the pictures -----------------------------------------------------------------------------------------------------


def _pictures(t: Teller, listed: Sequence[Moment], beside: Beside | None) -> tuple[tuple[Said, str], ...]:
    numbers = numbered(listed)
    dots = [Dot(number, each.at, each.tone) for each, number in numbers.items()]
    drawn = lanes(t)
    others = _others(t, beside)
    end = _end(t, dots, drawn, others)
    beginnings = []
    for zoom in _zooms(t, dots, end):
        caption = t.say("The first {span}", span=span(zoom, t.say))
        words = t.say("The beginning of the night over time; the table hour by hour says the same")
        beginnings.append((caption, _drawn((t.begin, t.begin + zoom), (dots, drawn, ()), words)))
    whole = t.say("The whole of it: {span}", span=span(end - t.begin, t.say))
    if others and beside is not None:
        whole = t.say("{whole}; in red: {name}", whole=whole, name=said_in(beside.name, t.say.language))
    words = t.say("The whole night over time; the table hour by hour says the same")
    return ((whole, _drawn((t.begin, end), (dots, drawn, others), words)), *beginnings)


def _end(t: Teller, dots: Sequence[Dot], drawn: Sequence[Lane], others: Sequence[Other]) -> float:
    """Return where the picture ends: what goes on reaches until now while the incident does, else to its edge."""
    ended = [bar.end for lane in drawn for bar in lane.bars if bar.end < t.now or t.incident.state == "open"]
    return max([*(dot.at for dot in dots), *ended, *(other.at for other in others)])


def _drawn(times: tuple[float, float], parts: _Parts, words: Said) -> str:
    begin, end = times
    room = max((end - begin) * _ROOM, 1.0)
    return Picture(begin - room, end + room, *parts, words).svg()


def _zooms(t: Teller, dots: Sequence[Dot], end: float) -> Iterator[float]:
    """Yield how much of the beginning is drawn apart: most nights have half of their moments in an hour."""
    shown, last = 0, 0.0
    for seconds in _ZOOMS:
        count = sum(dot.at - t.begin <= seconds for dot in dots)
        if seconds * _SIXTH > end - t.begin or seconds < last * _APART:
            continue
        if count - shown >= _ENOUGH:
            yield seconds
            shown, last = count, seconds


def _others(t: Teller, beside: Beside | None) -> list[Other]:
    if beside is None:
        return []
    at_once: dict[float, list[str]] = {}
    for each in sorted(beside.moments, key=lambda each: each.at_s):
        at_once.setdefault(each.at_s, []).append(plain(said_in(each.text, t.say.language)))
    return [Other(t.begin + at, " · ".join(texts)) for at, texts in at_once.items()]


def _key(t: Teller) -> tuple[tuple[str, Said], ...]:
    say = t.say
    return (
        (BAD, say("harm, or nothing works")),
        (WARN, say("with less, or the plan is in force")),
        (NOTE, say("in force, or on its way")),
        (GOOD, say("open again")),
    )
