"""A warning in plain words: the content of the one page, and the few words that a telephone carries.

Comes in: a guarded `Draft`, a speaker (`say_in(language, SHARING_LOCALE)`). Goes out: `Sheet`, of `Said`: safe to show,
HTML escapes it once more. What is not known is said to be not known. It folds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from garde.journal.speech import Said, Say, long_time, mark, say_in, short_time
from garde.journal.text import plain
from garde.sharing.out.draft import Draft, Indicator
from garde.sharing.out.draft import Way as Hop
from garde.sharing.out.guard import CLEAR

SHARING_LOCALE: Final = Path(__file__).parents[1] / "locale"
MOST_SHOWN: Final = 10  # values of one sort on the page: the files hold all
LONGEST_SHORT: Final = 300  # characters on a telephone without a screen: two messages of a modem
SORTS: Final = {
    "ending": mark("Endings of damaged files"),
    "note_name": mark("Names of ransom notes"),
    "file_name": mark("Names of the attacker’s files"),
    "sha256": mark("Digests (SHA-256)"),
    "address": mark("Addresses outside"),
    "domain": mark("Domains"),
    "mail": mark("Mail of the blackmailer"),
    "user": mark("Accounts used"),
    "wallet": mark("Ways of payment"),
}
FIELDS: Final = {
    "hospital": mark("name of the hospital"),
    "call_back": mark("telephone"),
    "servers": mark("number of servers"),
    "files": mark("number of files"),
    "left_bytes": mark("amount of data"),
    "began": mark("time of the first damage"),
    "way": mark("the way by which they came"),
    "technique": mark("technique"),
}
TLPS: Final = {
    "clear": mark("may be passed on freely"),
    "green": mark("for hospitals and those who protect them; not for the public"),
    "amber": mark("for your own house, and whom you must tell to protect yourselves"),
    "amber+strict": mark("for your own house only"),
    "red": mark("for the ears of whoever hears it now; not to be passed on, not to be stored in a system"),
}
HOPS: Final = {
    "spreader": mark("spreads it"),
    "foothold": mark("first foothold"),
    "relay": mark("passes it on"),
    "controller": mark("leads it"),
    "receiver": mark("receives data"),
}
MAY_BE: Final = {
    "relay": mark("a relay"),
    "vpn": mark("a VPN"),
    "hosting": mark("rented hosting"),
    "tor": mark("Tor"),
    "shared_address": mark("an address that several share"),
}
CALLS: Final = {
    "crisis_coordinator": mark("crisis coordinator"),
    "it_director": mark("IT director"),
    "on_call_it": mark("on-call IT"),
}
DECRYPTORS: Final = {
    "known": mark("a tool that decrypts is known"),
    "none_known": mark("no tool that decrypts is known"),
}
ADVICE: Final = (
    mark("Look for what stands below, now and in the records of the last days."),
    mark("Keep machines powered; take a suspect one off the network."),
    mark("Freeze the retention of backups, and take one copy off the network."),
    mark("Close remote access that nobody needs tonight, suppliers’ as well."),
    mark("Print the wards’ lists now, while the record can be read."),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Values of one sort."""

    label: Said
    values: tuple[Said, ...]
    more: Said


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the one page says."""

    language: str
    title: Said
    tlp: str
    tlp_means: Said
    rows: tuple[tuple[Said, Said], ...]
    advice_title: Said
    advice: tuple[Said, ...]
    watch_title: Said
    groups: tuple[Group, ...]
    call: Said
    foot: Said


def sheet(draft: Draft, say: Say) -> Sheet:
    """Return the page's content in the speaker's language."""
    return Sheet(
        language=say.language,
        title=title(draft, say),
        tlp=f"TLP:{draft.tlp.upper()}",
        tlp_means=say.word(TLPS, draft.tlp),
        rows=tuple(_rows(draft, say)),
        advice_title=say("Do this now"),
        advice=tuple(say(each) for each in ADVICE),
        watch_title=say("Watch for"),
        groups=tuple(_groups(draft, say)),
        call=_call(draft, say),
        foot=say(
            "Version {version}, drawn {time}. An older version counts no more. Addresses are infrastructure that was "
            "seen, not who is to blame.",
            version=draft.version, time=long_time(draft.at),
        ),
    )  # fmt: skip


def title(draft: Draft, say: Say) -> Said:
    """Return the heading."""
    if draft.closed:
        return say("Ransomware at {hospital}: what it was", hospital=_hospital(draft, say))
    return say("Ransomware at {hospital}: you may be next", hospital=_hospital(draft, say))


def plainly(draft: Draft) -> list[str]:
    """Return heading and facts in English, a line each: for forms that machines pass on."""
    say = say_in("en", SHARING_LOCALE)
    rows = [f"{label}: {value}" for label, value in _rows(draft, say)]
    call = _call(draft, say)
    return [str(title(draft, say)), *rows, *([str(call)] if call else [])]  # writers take text as it is, not `Said`


def short(draft: Draft, say: Say, where: str) -> tuple[Said, ...]:
    """Return the few words that a telephone carries, and where the files lie ("": nowhere that can be reached)."""
    since = short_time(draft.began, draft.at) if draft.began else say("not known")
    parts = [
        say("GARDE TLP:{tlp} {title} Since {since}.", tlp=draft.tlp.upper(), title=title(draft, say) + ".",
            since=since),
        *([say("Family: {family}.", family=draft.family)] if draft.family else []),
        *([found] if (found := _watch(draft, say)) else []),
        *([say("All of it: {where}", where=where)] if where else []),
        *([call] if (call := _call(draft, say)) else []),
    ]  # fmt: skip
    return tuple(parts)


def _watch(draft: Draft, say: Say) -> Said:
    """Return what to watch for, as much as fits."""
    order = ("ending", "note_name", "address", "file_name", "domain")
    values = [
        plain(f"*{each.value}" if each.sort == "ending" else each.value)
        for sort in order
        for each in draft.indicators
        if each.sort == sort
    ]
    found: list[str] = []
    for each in values:
        if sum(len(one) + 1 for one in found) + len(each) > LONGEST_SHORT // 2:
            break
        found.append(each)
    return say("Watch for {values}.", values=Said(" ".join(found))) if found else Said("")


# --- facts ------------------------------------------------------------------------------------------------------------


def _rows(draft: Draft, say: Say) -> Iterator[tuple[Said, Said]]:
    yield say("Since"), _since(draft, say)
    yield say("State"), _state(draft, say)
    if draft.servers or draft.files:
        servers = say.many("{n} server hit", "{n} servers hit", draft.servers)
        yield say("Extent"), say("{servers}, {files}", servers=servers,
                                 files=say.many("{n} file damaged", "{n} files damaged", draft.files))  # fmt: skip
    yield say("What it is"), _family(draft, say)
    if draft.techniques:
        yield say("Techniques (ATT&CK)"), say.list([say("{name}", name=each) for each in draft.techniques])
    yield say("Where from"), _way(draft, say)
    yield say("Did data leave?"), _left(draft, say)


def _since(draft: Draft, say: Say) -> Said:
    if not draft.began:
        return say("not known")
    return Said(long_time(draft.began)[:10]) if draft.tlp == CLEAR else long_time(draft.began)


def _state(draft: Draft, say: Say) -> Said:
    if draft.closed:
        return say("over, as a person declared")
    found = say("confirmed: files were destroyed") if draft.confirmed else say("NOT yet confirmed")
    return say("{state}; the outside is cut", state=found) if draft.outside_cut else found


def _family(draft: Draft, say: Say) -> Said:
    if not draft.family:
        return say("family not known yet")
    known = {"family": draft.family, "percent": round(draft.confidence * 100)}
    if draft.decryptor in DECRYPTORS:
        return say("{family} ({percent} %); {decryptor}, as of {date}",
                   decryptor=say(DECRYPTORS[draft.decryptor]), date=draft.data_date, **known)  # fmt: skip
    return say("{family} ({percent} %)", **known)


def _way(draft: Draft, say: Say) -> Said:
    found = [_hop(each, say) for each in draft.way]
    return Said("; ".join(found)) if found else say("not known yet")


def _hop(hop: Hop, say: Say) -> Said:
    parts = [say.word(HOPS, hop.role), *([_country(hop.country, say.language)] if hop.country else [])]
    if hop.network:
        parts.append(Said(plain(hop.network)))
    if hop.may_be:
        kinds = say.list([say.word(MAY_BE, each) for each in hop.may_be])
        parts.append(say("may be {kinds}", kinds=kinds))
    return say("{address} ({about})", address=hop.address, about=say.list(parts))


def _country(code: str, language: str) -> Said:
    """Return a country's name; what is no code of one stays as it is."""
    from babel import Locale  # here only: an agent has none

    return Said(plain(Locale.parse(language).territories.get(code.upper(), code)))


def _left(draft: Draft, say: Say) -> Said:
    as_of = {"time": long_time(draft.left_as_of)}
    match draft.left:
        case "none_seen":
            return say("no sign of it, as of {time}", **as_of)
        case "seen" if draft.left_bytes:
            return say("yes: {size} MB, as of {time}", size=max(1, draft.left_bytes // 1_000_000), **as_of)
        case "seen":
            return say("yes, as of {time}", **as_of)
        case "blind":
            return say("cannot be told: nobody saw all of the time, as of {time}", **as_of)
    return say("not known yet")


def _groups(draft: Draft, say: Say) -> Iterator[Group]:
    for sort, label in SORTS.items():
        values = [_value(each) for each in draft.indicators if each.sort == sort]
        if values:
            left = len(values) - MOST_SHOWN
            more = say.many("and {n} more in the file", "and {n} more in the file", left) if left > 0 else Said("")
            yield Group(say(label), tuple(values[:MOST_SHOWN]), more)


def _value(each: Indicator) -> Said:
    return Said(plain(f"*{each.value}" if each.sort == "ending" else each.value))


def _call(draft: Draft, say: Say) -> Said:
    if not draft.call_back:
        return Said("")
    return say("Call back: {role}, {phone}", role=say.word(CALLS, draft.call_role), phone=draft.call_back)


def _hospital(draft: Draft, say: Say) -> Said:
    return Said(plain(draft.hospital)) if draft.hospital else say("a hospital")
