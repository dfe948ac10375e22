"""Cuts and the spread in plain words: what would be done, what it costs in care, who decides, how it is undone.

Comes in: what `contain` published, the estate, a speaker (`say_in(language, CONTAIN_LOCALE)`). Goes out: `Said`, safe
to show. Machines, services and rules are named as the hospital names them; what is known by no name keeps its id. It
folds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from garde.contain import authority, isolation, planner, policy
from garde.contain.outcomes import Standing
from garde.estate.look import Lookup
from garde.journal import hub_kinds as h
from garde.journal.speech import BAD, GOOD, NOTE, WARN, Said, Say, mark

CONTAIN_LOCALE: Final = Path(__file__).parent / "locale"

NEEDS: Final = {
    "automatic": mark("at once, by the written authority"),
    "one": mark("one person decides"),
    "two": mark("two different people decide"),
    "unanswered": mark("only if nobody answers"),
    "never": mark("never"),
    "return": mark("whoever leads the machine back"),
}
STATES: Final = {
    "proposed": (mark("proposed"), NOTE),
    "asked": (mark("ordered, not yet done everywhere"), WARN),
    "applied": (mark("done, not yet proven"), WARN),
    "proven": (mark("done and proven"), GOOD),
    "not_proven": (mark("NOT PROVEN: it does not hold everywhere"), BAD),
    "failed": (mark("FAILED: it holds nowhere"), BAD),
    "undoing": (mark("being undone"), WARN),
    "undone": (mark("undone"), NOTE),
}
# What the planner and the authority write word for word, known here so that it is translated.
WRITTEN: Final = (
    mark("The rules are removed at every server; the client comes back by itself."),
    mark("Nothing is to be undone: users sign in again."),
    mark("The accounts that this cut shut are opened again."),
    mark("The shares can be written again."),
    mark("The rules are removed; the machine talks to everybody again. Its printed code does the same offline."),
    mark("The rules are removed at the gateway; the outside is open as before."),
    mark("The port is opened again at the switch."),
    mark("no server with an agent is known that could carry it out"),
    mark("its agent gives no sign of life: it is to be cut by its neighbours and at its switch port"),
    mark("the switch cannot be asked (no SNMP agent in the estate): unplug it by hand"),
    mark("the estate does not say which of its interfaces lead out"),
    mark("no agent runs on it: close it by hand"),
    mark("no rule of the written authority speaks of it: one person decides"),
    mark("withdrawn: the evidence was read again, or it no longer helps"),
    mark("the written authority never allows it"),
    mark("only agents that watch have seen it: one person decides"),
    mark("it was hit and does not spread: one person decides"),
    mark("it was undone and nothing has happened since: one person decides"),
    mark("the evidence was read again and is sound"),
)

# Why something is never cut, as garde.estate.never says it.
_NEVER: Final = (
    (re.compile(r"(?P<one>\S+) is no address"), mark("{one} is no address")),
    (re.compile(r"(?P<one>\S+) is no single other machine"), mark("{one} is no single other machine")),
    (re.compile(r"(?P<one>\S+) is the hub"), mark("{one} is the hub")),
    (re.compile(r"(?P<one>\S+) holds the hub, (?P<two>\S+)"), mark("{one} holds the hub, {two}")),
    (
        re.compile(r"(?P<one>\S+) is on the never-cut list(?P<two> \(\S+\))?: (?P<three>.*)"),
        mark("{one} is on the never-cut list{two}: {three}"),
    ),
    (
        re.compile(r"(?P<one>\S+) is on the never-cut list(?P<two> \(\S+\))?"),
        mark("{one} is on the never-cut list{two}"),
    ),
    (
        re.compile(r"(?P<one>\S+) is the gateway (?P<two>\S+): what lies behind it would be cut as well"),
        mark("{one} is the gateway {two}: what lies behind it would be cut as well"),
    ),
    (
        re.compile(r"(?P<one>\S+) holds the gateway (?P<two>\S+): what lies behind it would be cut as well"),
        mark("{one} holds the gateway {two}: what lies behind it would be cut as well"),
    ),
    (
        re.compile(r"(?P<one>\S+) is a gateway: what lies behind it would be cut as well"),
        mark("{one} is a gateway: what lies behind it would be cut as well"),
    ),
)
_HANGS: Final = re.compile(r"(?P<one>\S+) hangs on (?P<two>.+?), and (?P<rest>.*)")


# --- one cut ----------------------------------------------------------------------------------------------------------


def title(cut: h.CutProposed, say: Say, look: Lookup) -> Said:
    """Return what is done, as an order."""
    target, n = machine(cut.target, say, look), len(cut.where)
    match cut.action:
        case planner.BLOCK:
            text = say.many("Refuse {target} at {n} server", "Refuse {target} at {n} servers", n, target=target)
        case planner.KICK:
            text = say("End the sessions of the users of {target}: {users}", target=target, users=_users(cut, say))
        case planner.ACCOUNT:
            users = _users(cut, say)
            text = say.many(
                "Shut the account {users} at {n} server", "Shut the account {users} at {n} servers", n, users=users
            )
        case planner.READ_ONLY:
            text = say("Make the shares read-only on {where}", where=machines(cut.where, say, look))
        case planner.ISOLATE:
            text = say("Cut {target} off from everything but the hub", target=target)
        case planner.OUTSIDE:
            text = say("Cut the outside at {target}", target=target)
        case planner.PORT:
            text = _port(cut, target, say, look)
        case _:
            text = say("{action}: {target}", action=cut.action, target=target)
    return text


def price(cut: h.CutProposed, say: Say, look: Lookup) -> list[Said]:
    """Return what it costs in care: what stops, what goes on with less, what works."""
    lines = [say("No clinical service stops")]
    if cut.price:
        lines = [say("Stops: {names}", names=services(cut.price, say, look))]
    if cut.degraded:
        lines.append(say("With less: {names}", names=services(cut.degraded, say, look)))
    if cut.works:
        lines.append(say.many("{n} service goes on", "{n} services go on", len(cut.works)))
    return lines


def decides(cut: h.CutProposed, say: Say, look: Lookup) -> Said:
    """Return who decides and by which rule, or why it is never done."""
    if cut.refused:
        return say("Not offered: {reason}", reason=reason(cut.refused, say, look))
    return say("{who} — {rule}", who=say.word(NEEDS, cut.needs), rule=rule(cut.why, say, look))


def undo(cut: h.CutProposed, say: Say) -> Said:
    """Return how it is undone."""
    return say.known(cut.undo)


def standing(found: Standing, by: str, say: Say, look: Lookup) -> tuple[Said, str]:
    """Return a cut's three facts, with their tone."""
    word, tone = STATES.get(found.state, (found.state, NOTE))
    text = say.known(word)
    if found.asked:
        text = say(
            "{state}: asked at {asked}, applied at {applied}, proven at {proven}",
            state=text, asked=found.asked, applied=found.applied, proven=found.proven,
        )  # fmt: skip
    if found.lacking:
        text = say("{text}; lacking at {where}", text=text, where=machines(found.lacking, say, look))
    return (say("{text} (by {by})", text=text, by=authorised(by, say, look)) if by else text), tone


def authorised(by: str, say: Say, look: Lookup) -> Said:
    """Return who authorised it: people, or the written authority with its rule."""
    if by.startswith(policy.BY_AUTHORITY):
        words = rule(by.removeprefix(policy.BY_AUTHORITY), say, look)
        return say("the written authority: {rule}", rule=words)
    if by == isolation.RULE:
        return say("the rules of the way back")
    people = [look.label(found.id) if (found := look.person(name)) else name for name in by.split(", ")]
    return say.list([say("{name}", name=name) for name in people])


# --- the spread -------------------------------------------------------------------------------------------------------


def spread(found: h.SpreadFound, say: Say, look: Lookup) -> list[Said]:
    """Return who spreads, who else may, and whom it reached, in order of time."""
    files = say.many("{n} damaged file", "{n} damaged files", found.files)
    servers = say.many("{n} server", "{n} servers", len({each.server for each in found.hops}))
    first = machine(found.first_server, say, look)
    known = {"files": files, "servers": servers, "first": first, "at": say.clock(found.first_at)}
    if found.spreader:
        spreader = machine(found.spreader, say, look)
        lines = [
            say("{spreader} spreads it: {files} on {servers}, first on {first} at {at}", spreader=spreader, **known)
        ]
    else:
        lines = [say("Who spreads it cannot be told: {files} on {servers}, first on {first} at {at}", **known)]
    for hop in found.hops:
        source = machine(hop.source, say, look) if hop.source else say("the server itself, or an unknown hand")
        count = say.many("{n} file", "{n} files", hop.files)
        server = machine(hop.server, say, look)
        lines.append(
            say(
                "{at}  {source} → {server}, {files}", at=say.clock(hop.first), source=source, server=server, files=count
            )
        )
    for suspect in found.suspects[1:]:
        name = machine(suspect.machine or suspect.address, say, look)
        lines.append(say("also suspected: {name} ({percent} %)", name=name, percent=round(suspect.confidence * 100)))
    if found.accounts:
        accounts = say.list([say("{name}", name=each) for each in found.accounts])
        lines.append(say("several used the same account: {accounts}", accounts=accounts))
    return lines


# --- names ------------------------------------------------------------------------------------------------------------


def machine(name: str, say: Say, look: Lookup) -> Said:
    """Return a machine with its name and its id; an address that nobody knows as it is."""
    label = look.label(name, say.language)
    return say("{name}", name=name) if label == name else say("{label} ({name})", label=label, name=name)


def machines(names: Iterable[str], say: Say, look: Lookup) -> Said:
    """Return several, with commas."""
    return say.list([machine(each, say, look) for each in names])


def services(names: Iterable[str], say: Say, look: Lookup) -> Said:
    """Return services as the wards call them."""
    return say.list([say("{name}", name=look.label(each, say.language)) for each in names])


def rule(words: str, say: Say, look: Lookup) -> Said:
    """Return a rule of the authority in the reader's language, with the caution that was added to it."""
    text, dash, caution = words.partition(" — ")
    known = next((each for each in look.estate.authority if text in (each.id, *each.words.values())), None)
    said = say("{rule}", rule=look.say(known.words, say.language) or known.id) if known else say.known(text)
    return say("{rule} — {caution}", rule=said, caution=say.known(caution)) if dash else said


def reason(words: str, say: Say, look: Lookup) -> Said:
    """Return why a cut is not offered, translated as far as it is one of our own sentences."""
    if found := _HANGS.fullmatch(words):
        rest, on = reason(found["rest"], say, look), found["two"]
        if on == "the same port":
            return say("{one} hangs on the same port, and {rest}", one=found["one"], rest=rest)
        return say("{one} hangs on {two}, and {rest}", one=found["one"], two=on, rest=rest)
    for pattern, sentence in _NEVER:
        if found := pattern.fullmatch(words):
            return say(sentence, **{name: value or "" for name, value in found.groupdict().items()})
    known, colon, rest_ = words.partition(planner.PLACE)
    if known in WRITTEN and colon:
        return say("{reason}: {rest}", reason=say.known(known), rest=rest_)
    never, colon, rest_ = words.partition(": ")
    if never == authority.NEVER_ALLOWED and colon:
        return say("{reason}: {rest}", reason=say.known(never), rest=rule(rest_, say, look))
    return say.known(words)


def _users(cut: h.CutProposed, say: Say) -> Said:
    return say.list([say("{name}", name=each) for each in cut.users])


def _port(cut: h.CutProposed, target: Said, say: Say, look: Lookup) -> Said:
    found = look.switch_port(cut.target)
    if found is None:
        return say("Shut the switch port of {target}", target=target)
    others = [each for each in found.behind if each != cut.target]
    place = say("{switch}, port {port}", switch=found.switch.id, port=found.port)
    if not others:
        return say("Shut the switch port of {target} ({place})", target=target, place=place)
    return say(
        "Shut the switch port of {target} ({place}), and with it {others}",
        target=target, place=place, others=machines(others, say, look),
    )  # fmt: skip
