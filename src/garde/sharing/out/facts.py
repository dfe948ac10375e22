"""What of an entry would let somebody else know the same attacker.

Comes in: payloads of agents and of the hub. Goes out: `Found`: sort, value as it was seen, and what it was here. Pure.
Nothing here decides what may leave: that is the guard's (`guard.py`). Not a fact: a digest of a damaged file (it is the
patient's, and no other hospital has it), a path, a whole note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.text import Text

NOTE, SAMPLE, TOOL, ENDING, CONTACT = "note", "sample", "tool", "ending", "contact"  # what a fact was here
SPREADER, ACCOUNT, RECEIVER = "spreader", "account", "receiver"
LONGEST: Final = 255  # characters of a value: a name on a disk is no longer
_DRAW, _FIRST = "sharing/draw/", "sharing/first/"

# Ways to reach the blackmailer that stand in notes. Bounded: a note is hostile text.
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}(?![\w-])")
_ONION = re.compile(r"(?<![a-z2-7])[a-z2-7]{56}\.onion(?![\w-])", re.IGNORECASE)
_WALLET = re.compile(r"(?<![\w])(?:bc1[ac-hj-np-z02-9]{25,71}|[13][1-9A-HJ-NP-Za-km-z]{25,34})(?![\w])")


@dataclass(frozen=True, slots=True)
class Found:
    """See the module. `sort` is one of `memory.SORTS`."""

    sort: str
    value: str
    detail: str


def warning_id(incident: str) -> str:
    """Return the id of an incident's warning."""
    return f"w-{incident}"


def wake_key(incident: str, seq: int, *, first: bool = False) -> str:
    """Return the key of the waking at which a version is drawn; `first`: of an incident that nobody confirmed yet."""
    return f"{_FIRST if first else _DRAW}{incident}/{seq}"


def incident_of(key: str) -> str:
    """Return the incident that a waking is about; "" where it is none of ours."""
    for prefix in (_DRAW, _FIRST):
        if key.startswith(prefix):
            return key.removeprefix(prefix).rpartition("/")[0]
    return ""


def is_further(key: str) -> bool:
    """Whether it is the waking for a further version."""
    return key.startswith(_DRAW)


# --- entries ----------------------------------------------------------------------------------------------------------


def of_verdict(verdict: k.VerdictReached) -> Iterator[Found]:
    """The endings that files got, the program that wrote them."""
    yield from of_files(verdict.files)
    for actor in verdict.actors:
        if actor.kind == "process" and (name := _base(actor.exe)):
            yield Found("file_name", name, TOOL)


def of_files(files: Iterable[k.FileDamage]) -> Iterator[Found]:
    """The endings that files got."""
    for each in files:
        if ending := ending_of(_base(each.path), _base(each.path_after)):
            yield Found("ending", ending, ENDING)


def of_note(note: f.NoteTaken) -> Iterator[Found]:
    """Its name, its digest where several copies are the same, and how the blackmailer wants to be reached."""
    if name := _base(note.name):
        yield Found("note_name", name, NOTE)
    if note.sha256:
        yield Found("sha256", note.sha256.lower(), NOTE)
    text = _words(note.text)
    for sort, pattern in (("mail", _MAIL), ("domain", _ONION), ("wallet", _WALLET)):
        for value in dict.fromkeys(pattern.findall(text)):
            yield Found(sort, value if sort == "wallet" else value.lower(), CONTACT)


def of_evidence(item: f.EvidenceTaken) -> Iterator[Found]:
    """The attacker's own programs."""
    if item.sort == "sample" and item.sha256:
        yield Found("sha256", item.sha256.lower(), SAMPLE)
        if name := _base(item.name):
            yield Found("file_name", name, SAMPLE)


def of_spread(spread: h.SpreadFound) -> Iterator[Found]:
    """Who spread it here: the guard takes out what is the house's own."""
    for each in spread.suspects:
        if each.address:
            yield Found("address", each.address, SPREADER)
    for user in spread.accounts:
        if name := _words(user):
            yield Found("user", name, ACCOUNT)


def of_origin(origin: f.OriginFound) -> Iterator[Found]:
    """The machines by which they came."""
    for hop in origin.hops:
        if hop.address:
            yield Found("address", hop.address, hop.role)
    if name := _words(origin.user):
        yield Found("user", name, ACCOUNT)


def of_egress(seen: f.EgressSeen) -> Iterator[Found]:
    """Where more was sent than usual."""
    if "dns_tunnel" in seen.why:  # `to` is the house's resolver: the tunnel is known by its domain
        if name := _words(seen.name):
            yield Found("domain", name.lower().rstrip("."), RECEIVER)
    elif seen.to:
        yield Found("address", seen.to, RECEIVER)


# --- parts ------------------------------------------------------------------------------------------------------------


def ending_of(before: str, after: str) -> str:
    """Return the ending that a name got, with its dot: `.locked` of `a.docx.locked`; "" where it got none."""
    if not after or after == before:
        return ""
    if before and after.startswith(before) and len(after) > len(before):
        added = after[len(before) :]
        return added if added.startswith(".") and len(added) > 1 else ""
    stem, _, last = after.rpartition(".")
    if not stem or not last or before.rpartition(".")[2].lower() == last.lower():
        return ""
    return f".{last}"


def _base(name: Text) -> str:
    """Return the last part of a path or name."""
    return _words(name).replace("\\", "/").rstrip("/").rpartition("/")[2]


def _words(text: Text) -> str:
    """Return what stands there as text; "" where it was erased, or is longer than a name can be (a note is cut)."""
    return "" if text.value is None else text.value[:65_536].decode("utf-8", "replace")
