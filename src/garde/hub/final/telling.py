"""Who was told, what is owed by when, and who decided what.

Comes in: a `Teller`. Goes out: three chapters. A clock runs only from what a person said; where nobody has said it,
that is the first thing to read.
"""

from __future__ import annotations

from typing import Any, Final

from garde.hub.final.night import Noted
from garde.hub.final.parts import BAD, GOOD, NOTE, WARN, Row, Section
from garde.hub.final.spans import span
from garde.hub.final.teller import Teller
from garde.hub.final.words import FORMS, HOW, RECIPIENTS, paid
from garde.journal import hub_kinds as h
from garde.journal import legal_kinds as g
from garde.journal import plan_kinds as p
from garde.journal import recovery_kinds as r
from garde.journal import sharing_kinds as s
from garde.journal.notice_kinds import NoticeAcknowledged, NoticeUnanswered
from garde.journal.speech import Said
from garde.journal.text import plain

_ROWS: Final = 24


# --- who was told -----------------------------------------------------------------------------------------------------


def told(t: Teller) -> Section:
    """Return who knows, since when, and who does not."""
    say = t.say
    rows = [*_called(t), *_recipients(t), *_handed_in(t), *_neighbours(t)]
    missing = [each for each in rows if each.tone == BAD]
    lead = say("Nobody was told anything, as far as it was written down.")
    if rows:
        lead = say("Everybody who had to know was told, as far as it was written down.")
    if missing:
        lead = say.many(
            "{n} of those who had to know was not told, as far as it was written down.",
            "{n} of those who had to know were not told, as far as it was written down.",
            len(missing),
        )
    return Section(
        "told",
        say("Who was told?"),
        lead,
        BAD if missing else GOOD if rows else WARN,
        (say("Who"), say("About"), say("When"), say("How")),
        tuple(rows[:_ROWS]),
        more=t.more(len(rows), _ROWS),
    )


def _called(t: Teller) -> list[Row]:
    rows, seen = [], set()
    for each in t.ours(NoticeAcknowledged):
        if each.said.person not in seen:
            seen.add(each.said.person)
            how = t.say.word(HOW, each.said.how)
            rows.append(Row((t.person(each.said.person), t.say("the alarm"), t.time(each.at), how), GOOD, (each.seq,)))
    for late in t.ours(NoticeUnanswered):
        for person in late.said.missing:
            if person not in seen:
                seen.add(person)
                cells = (t.person(person), t.say("the alarm"), t.say("NOT reached"), Said("–"))
                rows.append(Row(cells, BAD, (late.seq,)))
    return rows


def _recipients(t: Teller) -> list[Row]:
    """Of each way in the newest word that closed or narrowed it: who knows of it, who does not."""
    newest = {each.said.path: each for each in t.ours(p.DiversionChanged)}
    told = {(each.said.change, each.said.recipient): each for each in t.ours(p.DiversionTold)}
    known = {(each.said.change, each.said.recipient): each for each in t.ours(p.DiversionAcknowledged)}
    rows = []
    for path, change in newest.items():
        about = t.say("{path}: {state}", path=t.voice.path(path), state=t.voice.path_state(change.said.state))
        for recipient in change.said.tell:
            key = (change.said.change, recipient)
            rows.append(_recipient(recipient, about, (told.get(key), known.get(key)), change.seq, t))
    return rows


_Told = tuple[Noted[p.DiversionTold] | None, Noted[p.DiversionAcknowledged] | None]


def _recipient(recipient: str, about: Said, marks: _Told, change: int, t: Teller) -> Row:
    told, known = marks
    who = t.voice.recipient(recipient)
    if known is None and told is None:
        return Row((who, about, t.say("NOT told"), Said("–")), BAD, (change,))
    found: Noted[Any] = known or told  # type: ignore[assignment]
    how = t.say.word(HOW, told.said.how) if told else Said("–")
    how = t.say("{how}, understood", how=how) if known else how
    return Row((who, about, t.time(found.at), how), GOOD, tuple(each.seq for each in (told, known) if each))


def _handed_in(t: Teller) -> list[Row]:
    forms = {each.said.draft: each.said.form for each in t.ours(g.DraftMade)}
    rows = []
    for each in t.ours(g.SubmissionSaid):
        if each.said.draft in forms:
            how = t.say(
                "{channel} {reference}", channel=t.say.word(HOW, each.said.channel), reference=each.said.reference
            )
            cells = (t.say.word(FORMS, forms[each.said.draft]), t.say("handed in"), t.time(each.said.at), how)
            rows.append(Row(cells, GOOD, (each.seq,)))
    return rows


def _neighbours(t: Teller) -> list[Row]:
    ours = {each.said.warning for each in t.ours(s.WarningDrawn)}
    told = {each.said.neighbour: each for each in t.ours(s.NeighbourTold) if each.said.warning in ours}
    rows = []
    for neighbour in t.look.estate.neighbours:
        each, about = told.pop(neighbour.id, None), t.say("warning, with what to look for")
        if each is None:
            cells = (t.neighbour(neighbour.id), about, t.say("NOT told"), Said("–"))
            rows.append(Row(cells, BAD if ours else WARN))
            continue
        rows.append(_neighbour(each, about, t))
    return [*rows, *(_neighbour(each, t.say("warning, with what to look for"), t) for each in told.values())]


def _neighbour(each: Noted[s.NeighbourTold], about: Said, t: Teller) -> Row:
    how = t.say.word(HOW, each.said.channel)
    how = t.say("{how}, understood", how=how) if each.said.confirmed else how
    return Row((t.neighbour(each.said.neighbour), about, t.time(each.at), how), GOOD, (each.seq,))


# --- what is owed -----------------------------------------------------------------------------------------------------

_Duty = tuple[Noted[g.ClockStarted], Noted[g.ClockClosed] | None]


def owed(t: Teller) -> Section:
    """Return every clock that runs or ran, what was handed in, what has to be amended."""
    say, rows = t.say, [*_clocks(t), *_amendments(t)]
    late = sum(each.tone == BAD for each in rows)
    open_ones = sum(each.tone == WARN for each in rows)
    heads = (say("To whom"), say("Under what"), say("Since"), say("Due"), say("How it stands"))
    tone, lead = GOOD, say("Every duty whose clock was started is done.")
    if late:
        tone, lead = (
            BAD,
            say.many("{n} duty is OVERDUE or was done late.", "{n} duties are OVERDUE or were done late.", late),
        )
    elif open_ones:
        tone, lead = WARN, say.many("{n} duty is still open.", "{n} duties are still open.", open_ones)
    if not t.ours(g.AwareSaid):
        tone = BAD
        lead = say("Nobody has said yet since when the hospital is aware: no legal clock runs. Say it first.")
    notes = [_aware(each, t) for each in t.ours(g.AwareSaid)] + [_applies(each, t) for each in t.ours(g.ObligationSaid)]
    return Section(
        "owed", say("What is owed, and by when?"), lead, tone, heads if rows else (), tuple(rows), tuple(notes)
    )


def _aware(each: Noted[g.AwareSaid], t: Teller) -> Said:
    return t.say(
        "{who} said: aware since {time} (entry {n}).",
        who=t.person(each.said.by),
        time=t.full(each.said.since),
        n=each.seq,
    )


def _applies(each: Noted[g.ObligationSaid], t: Teller) -> Said:
    forms = {
        "yes": t.say(
            "{who} said: {clock} applies (entry {n}).",
            who=t.person(each.said.by),
            clock=t.say.word(FORMS, each.said.clock),
            n=each.seq,
        ),
        "no": t.say(
            "{who} said: {clock} does not apply (entry {n}).",
            who=t.person(each.said.by),
            clock=t.say.word(FORMS, each.said.clock),
            n=each.seq,
        ),
    }
    return forms.get(each.said.applies) or t.say(
        "It is open whether {clock} applies (entry {n}).", clock=t.say.word(FORMS, each.said.clock), n=each.seq
    )


def duties(t: Teller) -> list[_Duty]:
    """Return how each clock was started last, and how that ended; None where it goes on."""
    started = {each.said.clock: each for each in t.ours(g.ClockStarted)}
    closed = {each.said.clock: each for each in t.ours(g.ClockClosed)}
    ended = {clock: end for clock, end in closed.items() if clock in started and end.seq > started[clock].seq}
    return [(each, ended.get(clock)) for clock, each in started.items()]


def _clocks(t: Teller) -> list[Row]:
    rows = [_clock(each, closed, t) for each, closed in duties(t)]
    return [each[1] for each in sorted(rows, key=lambda each: each[0])]


def _clock(clock: Noted[g.ClockStarted], closed: Noted[g.ClockClosed] | None, t: Teller) -> tuple[float, Row]:
    say, said = t.say, clock.said
    due = t.full(said.due) if said.due else say("without delay")
    state, tone = _standing(said, closed, t)
    cells = (say.word(RECIPIENTS, said.recipient), Said(plain(said.regime, 160)), t.full(said.start), due, state)
    entries = (clock.seq, closed.seq) if closed else (clock.seq, said.entry)
    return said.due, Row(cells, tone, entries)


def _standing(said: g.ClockStarted, closed: Noted[g.ClockClosed] | None, t: Teller) -> tuple[Said, str]:
    say = t.say
    if closed is not None:
        if closed.said.why == "not_applicable":
            return say("does not apply"), NOTE
        done = say("handed in {time}", time=t.full(closed.said.at))
        return (say("{done}, LATE", done=done), BAD) if closed.said.late else (done, GOOD)
    if not said.due:
        return say("open"), WARN
    left = said.due - t.now
    if left < 0:
        return say("OVERDUE for {span}", span=span(-left, say)), BAD
    return say("open, {span} left", span=span(left, say)), WARN


def _amendments(t: Teller) -> list[Row]:
    """What was handed in and is no longer what the journal says, unless it was followed up."""
    made = {each.said.draft: each.said for each in t.ours(g.DraftMade)}
    followed = {each.amends for each in made.values() if each.amends}
    handed = {each.said.draft: each.at for each in t.ours(g.SubmissionSaid)}
    newest = {each.said.draft: each for each in t.ours(g.AmendmentNeeded)}
    return [
        Row(
            (
                t.say.word(FORMS, made[draft].form),
                t.say("amendment"),
                t.time(each.at),
                t.say("without delay"),
                t.say.many("{n} field has changed", "{n} fields have changed", len(each.said.names)),
            ),
            WARN,
            (each.seq,),
        )
        for draft, each in newest.items()
        if draft in made and draft not in followed and handed.get(draft, 0.0) <= each.at
    ]


# --- who decided ------------------------------------------------------------------------------------------------------


def decided(t: Teller) -> Section:
    """Return what people decided, in order."""
    say = t.say
    listed = sorted([*_cut_decisions(t), *_plan_decisions(t), *_other_decisions(t)], key=lambda pair: pair[0])
    rows = tuple(row for _, row in listed)
    lead = (
        say("No decision of a person was written down.")
        if not rows
        else say.many(
            "{n} decision of people; what the written authority allows needs none.",
            "{n} decisions of people; what the written authority allows needs none.",
            len(rows),
        )
    )
    return Section(
        "decided",
        say("Who decided what?"),
        lead,
        NOTE if rows else WARN,
        (say("When"), say("What")),
        rows[:_ROWS],
        more=t.more(len(rows), _ROWS),
    )


def _line(each: Noted[Any], text: Said, t: Teller) -> tuple[float, Row]:
    return each.at, Row((t.time(each.at), text), NOTE, (each.seq,))


def _cut_decisions(t: Teller) -> list[tuple[float, Row]]:
    known = {each.id: each for each in t.cuts}
    rows = []
    for each in t.ours(h.CutDecided):
        if each.said.cut in known:
            who, what = t.person(each.said.by), t.cut(known[each.said.cut])
            text = {
                "approve": t.say("{who} says yes: {what}", who=who, what=what),
                "reject": t.say("{who} says no: {what}", who=who, what=what),
            }.get(each.said.decision) or t.say("{who} has it undone: {what}", who=who, what=what)
            rows.append(_line(each, text, t))
    return rows


def _plan_decisions(t: Teller) -> list[tuple[float, Row]]:
    say = t.say
    rows = [
        _line(
            each,
            say("{who}: emergency plan, {phase}", who=t.person(each.said.by), phase=t.voice.phase(each.said.phase)),
            t,
        )
        for each in t.ours(p.PlanTriggered)
    ]
    rows += [
        _line(
            each,
            say("{who}: the plan is kept until {time}", who=t.person(each.said.by), time=t.time(each.said.until)),
            t,
        )
        for each in t.ours(p.PlanHeld)
    ]
    for each in t.ours(p.PlanStoodDown):
        text = say("{who}: the plan is lifted", who=t.person(each.said.by))
        if each.said.unmet:
            text = say.many(
                "{text}, although {n} condition was not met",
                "{text}, although {n} conditions were not met",
                len(each.said.unmet),
                text=text,
            )
        rows.append(_line(each, text, t))
    for change in t.ours(p.DiversionChanged):
        text = say(
            "{who}: {path} {state}",
            who=t.person(change.said.by),
            path=t.voice.path(change.said.path),
            state=t.voice.path_state(change.said.state),
        )
        rows.append(_line(change, text, t))
    return rows


def _other_decisions(t: Teller) -> list[tuple[float, Row]]:
    say = t.say
    rows = [
        _line(each, say("{who}: the order of restart", who=t.person(each.said.by)), t)
        for each in t.ours(r.RestartPlanned)
    ]
    rows += [_line(each, paid(each.said, t), t) for each in t.ours(g.RansomDecided)]
    rows += [
        _line(each, say("{who} releases the warning for other hospitals", who=t.person(each.said.by)), t)
        for each in t.ours(s.WarningApproved)
    ]
    rows += [
        _line(each, say("{who} declares the incident over", who=t.person(each.said.by)), t)
        for each in t.ours(h.IncidentClosed)
    ]
    return rows
