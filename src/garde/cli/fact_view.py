"""`garde fact` on a terminal, and its files.

Comes in: a half, what to do. Goes out: lines, JSON, a file that is written whole or not at all. What came from the
other half is checked words of a closed list; it is escaped all the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from garde.cli.fact_sides import Side
from garde.cli.screen import Screen
from garde.errors import UsageError
from garde.journal import heard
from garde.journal.text import plain
from garde.private import written_beside
from garde.trust.facts import DOWNTIME, EVERYWHERE, OTHER, PACK, REENTER, SERVICE, SWITCHED, Fact
from garde.trust.keys import fingerprint

_BAD: Final = {(SERVICE, "paper"), (SERVICE, "closed"), (REENTER, "again"), (DOWNTIME, "began"), (PACK, "stale")}


def show_card(side: Side, out: Path, screen: Screen) -> None:
    """Write the card; show the fingerprint that is read out to the other side."""
    card, mark = side.card()
    _save(out, card)
    screen.data({"kind": "fact_card", "side": side.name, "file": str(out), "fingerprint": mark})
    screen.line(f"{out}: the card of this {side.name}. Its fingerprint: {mark}", "good")
    screen.line(
        f"Next, at the {OTHER[side.name]}: garde fact trust FILE --fingerprint, as you read it out to them", "dim"
    )


def show_trust(side: Side, card: bytes, seen: str, screen: Screen) -> None:
    """Believe the other half; UsageError where nobody typed what its own screen shows."""
    other = OTHER[side.name]
    if not seen:
        raise UsageError(
            "nobody has compared it yet: nothing is believed",
            f"have the fingerprint read to you from the {other}'s own screen (garde fact card), type it after "
            "--fingerprint",
        )
    new = side.trust(card, seen)
    screen.data({"kind": "facts_trusted", "side": other, "new": new})
    screen.line(f"Facts of this {other} are believed from now on" + ("" if new else ", as before"), "good")


def show_written(side: Side, out: Path, reenter: dict[str, float], screen: Screen) -> None:
    """Write a file for the other half."""
    made = side.write(reenter)
    _save(out, made.raw)
    screen.data({
        "kind": "facts_written", "file": str(out), "counter": made.counter,
        "facts": [_plain(each) for each in made.facts], "left_out": made.left_out, "doubt": made.doubt,
    })  # fmt: skip
    screen.line(f"{out}: {len(made.facts)} facts, number {made.counter}. It names nobody.", "good")
    if made.left_out:
        screen.line(f"  {made.left_out} were left out: the ward's name is no plain id, or there are too many", "warn")
    if made.doubt:
        screen.line(f"  Per cents are not in it: {plain(made.doubt)}", "warn")
    screen.line(f"Next, at the {OTHER[side.name]}: garde fact take {out.name}", "dim")


def show_taken(side: Side, raw: bytes, now: float, screen: Screen) -> None:
    """Take a file of the other half; show what is new."""
    took = side.take(raw)
    screen.data({
        "kind": "facts_taken", "side": OTHER[side.name], "again": took.again,
        "facts": [_plain(each) for each in took.facts],
    })  # fmt: skip
    for each in took.facts:
        screen.line(sentence(each.fact, each.subject, each.state, each.since, side.zone), tone(each.fact, each.state))
    if took.again:
        screen.line("This very file was taken before: nothing new", "dim")
    elif not took.facts:
        screen.line("Taken; nothing in it is new", "dim")
    if any(each.since > now + heard.AHEAD_S for each in took.facts):
        screen.line("  It has times that are still to come here: one of the two clocks is wrong", "warn")


def show_known(side: Side, screen: Screen) -> None:
    """Show what is known of the other half, and whom this one believes."""
    known, other = side.known(), OTHER[side.name]
    screen.data({
        "kind": "facts", "side": side.name, "other": known.source, "counter": known.counter, "taken": known.taken,
        "fingerprint": fingerprint(known.sign) if known.sign else "", "reenter": known.reenter,
    })  # fmt: skip
    if not known.sign:
        screen.line(f"No {other} is believed yet: garde fact trust FILE", "warn")
        return
    taken = f"the last file was taken {_time(known.taken, side.zone)}" if known.taken else "no file was taken yet"
    screen.line(f"Believed is the {other} with the key {fingerprint(known.sign)}; {taken}", "title")
    for each in known.known.values():
        screen.data({
            "kind": "fact", "fact": each.fact, "subject": each.subject, "state": each.state, "since": each.since,
            "taken": each.at,
        })  # fmt: skip
        screen.line(
            "  " + sentence(each.fact, each.subject, each.state, each.since, side.zone), tone(each.fact, each.state)
        )
    for subject, after in known.reenter.items():
        if after:
            screen.line(
                f"  Said here: data of {plain(subject)} after {_time(after, side.zone)} must be entered again", "bad"
            )


def sentence(fact: str, subject: str, state: str, since: float, zone: tzinfo | None = None) -> str:
    """Return one fact in words. `zone`: the hospital's, where it is known; else the machine's. It is said which."""
    when = _time(since, zone)
    what, word, at = plain(subject), plain(state), f" since {when}" if since else ""
    match fact:
        case "reenter_after":
            again = f"data after {when} MUST BE ENTERED AGAIN"
            return f"{what}: {again if state == 'again' else 'nothing has to be entered again'}"
        case "downtime":
            where = "every ward" if subject == EVERYWHERE else what
            return f"{where}: " + (f"PAPER COUNTS{at}" if state == "began" else f"the record is back{at}")
        case "switched":
            return f"{what}: {word} % of its patients are back in the record"
        case "pack":
            return f"{what}: the newest pack is {word}, " + (f"as of {when}" if since else "nothing was heard")
    return f"{what}: {word.upper() if state in ('paper', 'closed') else word}{at}"


def tone(fact: str, state: str) -> str:
    """Return how a fact is shown."""
    if (fact, state) in _BAD:
        return "bad"
    if fact == SWITCHED or state == "degraded":
        return "good" if state == "100" else "warn"
    return "good"


def _time(at: float, zone: tzinfo | None = None) -> str:
    return f"{datetime.fromtimestamp(at, UTC).astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _plain(fact: Fact) -> dict[str, Any]:
    return {"fact": fact.fact, "subject": fact.subject, "state": fact.state, "since": fact.since}


def _save(out: Path, raw: bytes) -> None:
    """Write the file: a new one takes the old one's place in one step, so that a stick never has half of it."""
    if out.exists() and not out.is_file():
        raise UsageError(f"{out} is no plain file", "name another file with --out FILE")  # a device would be replaced
    try:
        with written_beside(out) as file:
            file.write(raw)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{out}: {why}", "name another file with --out FILE") from error
