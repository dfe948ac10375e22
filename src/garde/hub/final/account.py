"""The account: what it was, where it came from, whether data left, what is kept as evidence.

Comes in: a `Teller`. Goes out: three chapters. A claim without its limits is a rumour: each says on what it rests, how
sure it is and what could not be seen. Nothing that nobody has found out is guessed.
"""

from __future__ import annotations

from typing import Final

from garde.forensics.words import proof
from garde.hub.final.night import Noted
from garde.hub.final.parts import BAD, GOOD, NOTE, WARN, Row, Section
from garde.hub.final.spans import span
from garde.hub.final.teller import Teller
from garde.hub.final.words import (
    CONFIDENCE,
    COUNTRY_NOT_BLAME,
    DECRYPTOR,
    EVIDENCE,
    FINDINGS,
    FOOTHOLDS,
    MAY_BE,
    ROLES,
    SORTS,
    WHY,
)
from garde.journal import forensic_kinds as f
from garde.journal.speech import Said, Say
from garde.journal.text import plain

_ROWS: Final = 12  # of one table: a report for directors, not a log
_SURE: Final = 0.8  # a guess below it is said with its rivals
_KB, _MB, _GB = 1e3, 1e6, 1e9
TONES: Final = {"none_seen": GOOD, "seen": BAD, "blind": WARN}


def size(count: int, say: Say) -> Said:
    """Return a number of bytes as people say it."""
    if count < 10 * _KB:
        return say("{n} bytes", n=count)
    for unit, form in ((_GB, "{n} GB"), (_MB, "{n} MB"), (_KB, "{n} kB")):
        if count >= unit:
            number = count / unit
            return say(form, n=say.tenths(number) if number < 100 else round(number))
    raise AssertionError


# --- what it was ------------------------------------------------------------------------------------------------------


def identified(t: Teller) -> Section:
    """Return what it was and where it came from."""
    say = t.say
    named, origin = t.last(f.FamilyNamed), t.last(f.OriginFound)
    rows = [*_guesses(named, t), *_hops(origin, t)]
    lead = say("{what} {whence}", what=_what(named, t), whence=_whence(origin, t))
    notes = [*_about(named, t), *_foothold(origin, t)]
    known = named is not None and bool(named.said.family) and origin is not None
    return Section(
        "what",
        say("What was it, and where did it come from?"),
        lead,
        NOTE if known else WARN,
        (say("What"), say("How sure"), say("What speaks for it")),
        tuple(rows),
        tuple(notes),
    )


def _what(named: Noted[f.FamilyNamed] | None, t: Teller) -> Said:
    if named is None:
        return t.say("It was not named: nobody has looked yet.")
    if not named.said.family:
        return t.say("It could not be named: unknown is the honest answer.")
    sure = round(named.said.confidence * 100)
    if named.said.confidence < _SURE:
        return t.say("It may be {family} ({n} % sure).", family=named.said.family, n=sure)
    return t.say("It was {family} ({n} % sure).", family=named.said.family, n=sure)


def _whence(origin: Noted[f.OriginFound] | None, t: Teller) -> Said:
    if origin is None or not origin.said.hops:
        return t.say("Where it came from is not known.")
    inside = [each for each in origin.said.hops if each.machine]
    outside = [each for each in origin.said.hops if not each.machine]
    text = t.say("It was spread from {machine}", machine=t.machine(inside[0].machine)) if inside else Said("")
    if not outside:
        return t.say("{text}; nothing outside was seen that led it.", text=text)
    last = outside[-1]
    where = (
        t.say("{address}, {place}", address=last.address, place=place_of(last, t))
        if place_of(last, t)
        else Said(plain(last.address))
    )
    caution = t.say(COUNTRY_NOT_BLAME)
    if not text:
        return t.say("It was led from {where} ({caution}).", where=where, caution=caution)
    return t.say("{text}, which was led from {where} ({caution}).", text=text, where=where, caution=caution)


def place_of(hop: f.OriginHop, t: Teller) -> Said:
    """Return the country and the network of an address, as far as they are known."""
    parts = [_country(hop.country, t.say.language), Said(plain(hop.network, 80))]
    return t.say.list([each for each in parts if each])


def _country(code: str, language: str) -> Said:
    if not code:
        return Said("")
    from babel import Locale

    return Said(plain(Locale.parse(language).territories.get(code.upper(), code)))


def _guesses(named: Noted[f.FamilyNamed] | None, t: Teller) -> list[Row]:
    if named is None:
        return []
    shown = named.said.ranked[:1] if named.said.confidence >= _SURE else named.said.ranked[:3]
    return [
        Row(
            (
                Said(plain(each.family, 80)),
                t.say("{n} %", n=round(each.confidence * 100)),
                Said("; ".join(proof(found, t.say.language) for found in each.proofs[:3])),
            ),
            NOTE,
            tuple(dict.fromkeys((named.seq, *each.entries[:4]))),
        )
        for each in shown
    ]


def _hops(origin: Noted[f.OriginFound] | None, t: Teller) -> list[Row]:
    if origin is None:
        return []
    rows = []
    for hop in origin.said.hops[:_ROWS]:
        name = t.machine(hop.machine) if hop.machine else Said(plain(hop.address))
        what = t.say("{role}: {name}", role=t.say.word(ROLES, hop.role), name=name)
        rests = [t.say("since {time}", time=t.time(hop.since))] if hop.since else []
        if place_of(hop, t):
            rests.append(place_of(hop, t))
        if hop.may_be:
            rests.append(t.say("may be {what}", what=t.say.list([t.say.word(MAY_BE, each) for each in hop.may_be])))
        entries = tuple(dict.fromkeys((origin.seq, *hop.entries[:4])))
        rows.append(Row((what, t.say.word(CONFIDENCE, hop.confidence), t.say.list(rests)), NOTE, entries))
    return rows


def _about(named: Noted[f.FamilyNamed] | None, t: Teller) -> list[Said]:
    if named is None:
        return []
    found = [t.say.word(DECRYPTOR, named.said.decryptor)] if named.said.family else []
    if named.said.techniques:
        listed = t.say.list([Said(plain(each, 20)) for each in named.said.techniques[:_ROWS]])
        found.append(t.say("Techniques that were really seen (MITRE ATT&CK): {listed}.", listed=listed))
    if named.said.data_date:
        found.append(t.say("Compared with data as of {date}.", date=named.said.data_date))
    return found


def _foothold(origin: Noted[f.OriginFound] | None, t: Teller) -> list[Said]:
    if origin is None:
        return []
    candidates = [each for each in origin.said.foothold if each != "unknown"]
    if not candidates:
        return [t.say("How it first got in is not known.")]
    listed = t.say.list([t.say.word(FOOTHOLDS, each) for each in candidates[:3]])
    return [t.say("How it may have begun: {listed}.", listed=listed)]


# --- whether data left ------------------------------------------------------------------------------------------------


def left(t: Teller) -> Section:
    """Return whether data left, as of when, from which sources, and where nobody could see."""
    say, concluded = t.say, t.last(f.EgressConcluded)
    heads = (say("From"), say("To"), say("How much"), say("When"), say("What was unusual"))
    title = say("Did data leave the hospital?")
    if concluded is None:
        return Section("left", title, say("It cannot be told: nobody has looked at what went out."), WARN)
    seen = [each for each in t.ours(f.EgressSeen) if each.seq in set(concluded.said.entries)] or t.ours(f.EgressSeen)
    seen = _largest(seen)
    rows = tuple(_upload(each, t) for each in seen[:_ROWS]) if concluded.said.finding == "seen" else ()
    more = t.more(len(seen), _ROWS) if rows else Said("")
    tone = TONES.get(concluded.said.finding, WARN)
    return Section(
        "left",
        title,
        _finding(concluded.said, t),
        tone,
        heads if rows else (),
        rows,
        tuple(_limits(concluded, t)),
        more,
    )


def _largest(seen: list[Noted[f.EgressSeen]]) -> list[Noted[f.EgressSeen]]:
    """Several sources and looks tell of the same: what the fullest of them says of each way, as the conclusion does."""
    found: dict[tuple[str, str], Noted[f.EgressSeen]] = {}
    for each in seen:
        way = (each.said.address, each.said.to)
        if way not in found or each.said.bytes >= found[way].said.bytes:
            found[way] = each
    return list(found.values())


def _finding(found: f.EgressConcluded, t: Teller) -> Said:
    say, until = t.say, t.full(found.as_of)
    match found.finding:
        case "none_seen":
            return say("No sign that data left was seen, as of {time}.", time=until)
        case "seen":
            return say("Yes: {size} left, as far as it was seen until {time}.", size=size(found.bytes, say), time=until)
        case "blind":
            return say("It cannot be told, as of {time}: part of the way out was not watched.", time=until)
    return say.word(FINDINGS, found.finding)


def _limits(concluded: Noted[f.EgressConcluded], t: Teller) -> list[Said]:
    said, say = concluded.said, t.say
    notes = [say("Looked at: from {since} to {until}.", since=t.full(said.since), until=t.full(said.as_of))]
    if said.sources:
        sources = say.list([_source(each, t) for each in said.sources[:_ROWS]])
        notes.append(say("Sources: {sources}.", sources=sources))
    else:
        notes.append(say("Sources: none."))
    if said.covered:
        notes.append(say("Watched all the time: {machines}.", machines=t.machines(list(said.covered), _ROWS)))
    if said.blind:
        notes.append(
            say(
                "NOT watched all the time: {machines}; for {span} at worst.",
                machines=t.machines(list(said.blind), _ROWS),
                span=span(said.blind_s, say),
            )
        )
    notes += [note for name, each in looks(t).items() for note in _gaps(name, each, t)][:_ROWS]
    earlier = [each for each in t.ours(f.EgressConcluded) if each.said.finding != said.finding]
    for each in earlier[-2:]:
        notes.append(
            say("Said before, at {time}: {answer}.", time=t.time(each.at), answer=say.word(FINDINGS, each.said.finding))
        )
    notes.append(say("This can get worse when more is found, never better by silence (entry {n}).", n=concluded.seq))
    return notes


def _source(name: str, t: Teller) -> Said:
    machine, _, source = name.partition("/")
    return t.say("{source} on {machine}", source=source or name, machine=t.machine(machine))


def looks(t: Teller) -> dict[str, Noted[f.EgressLooked]]:
    """Return the newest look of each source, as "machine/source": an earlier one saw no more."""
    return {f"{each.who}/{each.said.source}": each for each in t.ours(f.EgressLooked)}


def _gaps(name: str, looked: Noted[f.EgressLooked], t: Teller) -> list[Said]:
    said = looked.said
    if not said.blind:
        return []
    longest = max(each.until - each.since for each in said.blind)
    missing = sum(each.records for each in said.blind)
    text = t.say.many(
        "{source} ({sort}) was blind {n} time, {span} at most",
        "{source} ({sort}) was blind {n} times, {span} at most",
        len(said.blind),
        source=_source(name, t),
        sort=t.say.word(SORTS, said.sort),
        span=span(longest, t.say),
    )
    lost = t.say.many("{n} record is known to be missing", "{n} records are known to be missing", missing)
    return [t.say("{text}; {lost}.", text=text, lost=lost) if missing else t.say("{text}.", text=text)]


def _upload(seen: Noted[f.EgressSeen], t: Teller) -> Row:
    said = seen.said
    to = t.say("{address} ({name})", address=said.to, name=said.name) if said.name else Said(plain(said.to))
    when = t.say("{since} to {until}", since=t.time(said.since), until=t.time(said.until))
    why = t.say.list([t.say.word(WHY, each) for each in said.why])
    return Row((t.machine(said.address), to, size(said.bytes, t.say), when, why), BAD, (seen.seq,))


# --- evidence ---------------------------------------------------------------------------------------------------------


def evidence(t: Teller) -> Section:
    """Return what is kept, by sort, and whether it was handed over."""
    say, taken = t.say, t.ours(f.EvidenceTaken)
    referred, bundle = t.ours(f.EvidenceReferred), t.last(f.BundleMade)
    sorts = dict.fromkeys([*(each.said.sort for each in taken), *(each.said.sort for each in referred)])
    rows = tuple(_sort(sort, t) for sort in sorts)
    lead, tone = say("None was taken."), WARN
    if bundle is not None:
        stamp = (
            say("stamped by a time authority")
            if bundle.said.stamp == "rfc3161"
            else say("not stamped: no time authority was reachable")
        )
        lead, tone = (
            say.many(
                "{n} item lies in one sealed bundle, {stamp}.",
                "{n} items lie in one sealed bundle, {stamp}.",
                bundle.said.items,
                stamp=stamp,
            ),
            GOOD,
        )
    elif rows:
        lead = say.many(
            "{n} item is kept; no bundle was made yet.",
            "{n} items are kept; no bundle was made yet.",
            len(taken) + len(referred),
        )
    return Section(
        "evidence",
        say("What is kept as evidence?"),
        lead,
        tone,
        (say("What"), say("Items"), say("From")),
        rows,
        tuple(_custody(t, bundle)),
    )


def _sort(sort: str, t: Teller) -> Row:
    mine = [each for each in t.ours(f.EvidenceTaken) if each.said.sort == sort]
    by = [each for each in t.ours(f.EvidenceReferred) if each.said.sort == sort]
    where = [t.machine(each) for each in dict.fromkeys(each.who for each in mine)]
    where += [t.person(each) for each in dict.fromkeys(each.said.by for each in by)]
    count = t.say("{n}", n=len(mine) + len(by))
    return Row(
        (t.say.word(EVIDENCE, sort), count, t.say.list(where)),
        NOTE,
        tuple([*(each.seq for each in mine), *(each.seq for each in by)][:4]),
    )


def _custody(t: Teller, bundle: Noted[f.BundleMade] | None) -> list[Said]:
    notes = []
    if bundle is not None:
        digest = t.say("Digest of its signed list: {sha256} (entry {n}).", sha256=bundle.said.manifest, n=bundle.seq)
        notes += [digest, t.say("Anybody can check it, without a hub: garde evidence verify FOLDER --key KEY")]
    changed = [each for each in t.ours(f.EvidenceMoved) if not each.said.same]
    if changed:
        notes.append(
            t.say.many(
                "{n} item was NOT the same any more when it was passed on.",
                "{n} items were NOT the same any more when they were passed on.",
                len(changed),
            )
        )
    left_out = sum(each.said.left_out for each in t.ours(f.EvidenceGathered))
    if left_out:
        notes.append(
            t.say.many(
                "{n} item was left out: too large, unreadable, or no room.",
                "{n} items were left out: too large, unreadable, or no room.",
                left_out,
            )
        )
    return notes
