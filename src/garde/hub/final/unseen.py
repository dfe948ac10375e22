"""What was not seen, and what this report cannot say: its limits, as loud as the rest.

Comes in: a `Teller`. Goes out: one chapter. An empty list would be a claim of its own: it always says what the report
is made from.
"""

from __future__ import annotations

from typing import Final

from garde.hub.final.parts import NOTE, WARN, Section
from garde.hub.final.spans import span
from garde.hub.final.teller import Teller
from garde.journal import forensic_kinds as f
from garde.journal import kinds as k
from garde.journal.speech import Said

_NAMED: Final = 8


def chapter(t: Teller) -> Section:
    """Return the chapter."""
    say = t.say
    parts = (_bare, _silent, _dropped, _not_held, _not_proven, _account, _erased)
    found = [note for part in parts for note in part(t)]
    lead = say.many("{n} gap is known.", "{n} gaps are known.", len(found)) if found else say("No gap is known.")
    always = [
        say(
            "This report says what Garde and people wrote down, up to entry {n}. What nobody wrote down is not in it.",
            n=t.night.size,
        ),
        say("Garde's figures are its own; a drill or the night of the lab sets a witness's figures beside them."),
    ]
    return Section("unseen", say("What was not seen?"), lead, WARN if found else NOTE, notes=(*found, *always))


def _bare(t: Teller) -> list[Said]:
    """Servers that nobody watches."""
    bare = [each.id for each in t.look.with_role("server") if not each.agent]
    if not bare:
        return []
    return [
        t.say.many(
            "{n} server carries no agent, and was not watched: {names}.",
            "{n} servers carry no agent, and were not watched: {names}.",
            len(bare),
            names=t.machines(bare, _NAMED),
        )
    ]


def _silent(t: Teller) -> list[Said]:
    notes = []
    for machine, spans in t.night.silent.items():
        during = [(since, until) for since, until in spans if not until or until >= t.begin]
        if during:
            longest = max((until or t.now) - since for since, until in during)
            notes.append(
                t.say(
                    "The agent of {machine} was silent from {time}, for {span} at most.",
                    machine=t.machine(machine),
                    time=t.time(during[0][0]),
                    span=span(longest, t.say),
                )
            )
    return notes[:_NAMED]


def _dropped(t: Teller) -> list[Said]:
    machines = list(dict.fromkeys(each.who for each in t.ours(k.SensorOverflow)))
    unseen = list(dict.fromkeys(each.who for each in t.ours(k.TreesUnseen)))
    notes = []
    if machines:
        notes.append(
            t.say(
                "Events were dropped on {machines}; the folders were looked through again.",
                machines=t.machines(machines, _NAMED),
            )
        )
    if unseen:
        notes.append(
            t.say("Folders that should be watched could not be, on {machines}.", machines=t.machines(unseen, _NAMED))
        )
    return notes


def _not_held(t: Teller) -> list[Said]:
    refused = t.ours_by_verdict(k.HoldRefused)
    if not refused:
        return []
    return [
        t.say.many(
            "{n} attacker was judged and could not be stopped at once.",
            "{n} attackers were judged and could not be stopped at once.",
            len(refused),
        )
    ]


def _not_proven(t: Teller) -> list[Said]:
    return [
        t.say(
            "Not proven, or failed: {cut}; it lacks on {machines}.", cut=t.cut(each), machines=t.machines(each.lacking)
        )
        for each in t.cuts
        if each.state in ("not_proven", "failed") and each.lacking
    ][:_NAMED]


def _account(t: Teller) -> list[Said]:
    say, notes = t.say, []
    named, origin, egress = t.last(f.FamilyNamed), t.last(f.OriginFound), t.last(f.EgressConcluded)
    if named is None or not named.said.family:
        notes.append(say("What it was is not known."))
    if origin is None or not origin.said.hops:
        notes.append(say("Where it came from is not known."))
    if egress is None:
        notes.append(say("Nobody has looked whether data left."))
    elif egress.said.blind:
        notes.append(
            say(
                "The way out of {machines} was not watched all the time.",
                machines=t.machines(list(egress.said.blind), _NAMED),
            )
        )
    return notes


def _erased(t: Teller) -> list[Said]:
    erased = sum(each.said.count for each in t.night.all(k.TextsErased))
    return (
        [
            t.say.many(
                "{n} text was erased from the record on purpose.",
                "{n} texts were erased from the record on purpose.",
                erased,
            )
        ]
        if erased
        else []
    )
