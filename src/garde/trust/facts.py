"""Facts that name nobody, as a signed file: what the hub's half and the downtime half tell each other.

Comes in: a key and facts; or bytes that anybody may have made. Goes out: bytes; or a `FactFile` whose signer and words
were checked, else `FactsRefusedError` with a stable code. It keeps no numbers and knows no clock: the caller says
whose key it believes and which number it took last. The rules:

1. A fact is of a closed list, and each side may say only its own (`SAYS`). A subject is an id of letters, digits, dot,
   dash and underscore, 64 at most; a state is a word of the list, or a per cent; a time is whole seconds. There is no
   field that could hold a sentence, so nobody's name, number or illness can be carried.
2. What is signed is what is sent: magic, key and body, to the last byte. Nothing of the body is read before its
   signature holds, under the key that the caller believes.
3. Of one subject a file says one thing of each kind.

    garde-facts-1 <public key, 64 hexadecimal digits> <signature, 128>\\n
    {"sender":...,"counter":...,"made_at":...,"facts":[{"fact":...,"subject":...,"state":...,"since":...}]}
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from garde.errors import UsageError
from garde.trust.keys import PublicKey, SigningKey, fingerprint

HUB, DESK = "hub", "desk"  # the two halves
OTHER: Final = {HUB: DESK, DESK: HUB}
SERVICE, REENTER, DOWNTIME, SWITCHED, PACK = "service_state", "reenter_after", "downtime", "switched", "pack"
SAYS: Final = {HUB: (SERVICE, REENTER), DESK: (DOWNTIME, SWITCHED, PACK)}
STATES: Final = {
    SERVICE: ("works", "degraded", "paper", "closed"),
    REENTER: ("again", "none"),  # data after `since` must be entered again; none: that was taken back
    DOWNTIME: ("began", "ended"),
    SWITCHED: tuple(str(per_cent) for per_cent in range(101)),
    PACK: ("fresh", "stale"),  # `since`: as of when its data are
}
EVERYWHERE: Final = "*"  # DOWNTIME: every ward
KEY_FILE: Final = "facts.key"
MOST_FACTS: Final = 500
MOST_BYTES: Final = 128 * 1024  # 500 facts of the longest ids are 80 KB
MOST_COUNTER: Final = 2**53 - 1  # whole numbers that every JSON reader keeps exact
LAST: Final = 4_102_444_800  # 2100-01-01: every calendar can say it

_MAGIC: Final = b"garde-facts-1"
_CARD: Final = b"garde-facts-card-1"
_HEAD: Final = re.compile(rb"(garde-facts-1|garde-facts-card-1) ([0-9a-f]{64}) ([0-9a-f]{128})\n")
_SUBJECT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class Code(StrEnum):
    """Why a file was refused."""

    OVERSIZED = "OVERSIZED"
    MALFORMED = "MALFORMED"
    UNKNOWN_SENDER = "UNKNOWN-SENDER"
    FORGED = "FORGED"


class FactsRefusedError(Exception):
    """It is not what it claims to be."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that one half knows."""

    fact: str
    subject: str  # a service or a server by its id in the estate; a ward as the feed names it
    state: str
    since: int  # wall seconds; 0: nobody said since when


@dataclass(frozen=True, slots=True)
class FactFile:
    """A file that was checked."""

    sender: str
    key: str  # who signed it, in hex
    counter: int
    made_at: int  # wall seconds, by the sender's clock
    facts: tuple[Fact, ...]
    sha256: str  # of its bytes


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sender: str
    counter: int
    made_at: int
    facts: tuple[Fact, ...]


class _CardBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    side: str


_bodies, _cards = msgspec.json.Decoder(_Body), msgspec.json.Decoder(_CardBody)


# --- facts ------------------------------------------------------------------------------------------------------------


def is_subject(text: str) -> bool:
    """Whether a file can carry this as a subject."""
    return _SUBJECT.fullmatch(text) is not None


def write_facts(key: SigningKey, sender: str, counter: int, made_at: float, facts: Iterable[Fact]) -> bytes:
    """Return the file; raises ValueError on what no file can carry."""
    body = _Body(sender, counter, int(made_at), tuple(facts))
    if wrong := _wrong(body):
        raise ValueError(wrong)
    raw = _signed(_MAGIC, key, msgspec.json.encode(body) + b"\n")
    if len(raw) > MOST_BYTES:
        raise ValueError(f"{len(raw):,} bytes are more than a file of facts holds")
    return raw


def read_facts(raw: bytes, believed: PublicKey, sender: str) -> FactFile:
    """Return what is in it, or raise FactsRefusedError. `believed`: whose signature counts, and which half that is."""
    key, body = _opened(raw, _MAGIC, "facts", believed.hex)
    try:
        found = _bodies.decode(body)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise FactsRefusedError(Code.MALFORMED, f"it cannot be read: {error}") from error
    if wrong := _wrong(found):
        raise FactsRefusedError(Code.MALFORMED, wrong)
    if found.sender != sender:
        raise FactsRefusedError(Code.MALFORMED, f"it is of the {found.sender}, not of the {sender}")
    sha256 = hashlib.sha256(raw).hexdigest()
    return FactFile(found.sender, key.hex, found.counter, found.made_at, found.facts, sha256)


def _wrong(body: _Body) -> str:
    """What is wrong with the words of a file; "" where nothing is. It repeats none that it does not know."""
    if body.sender not in SAYS:
        return "it is of neither half"
    if not 0 < body.counter <= MOST_COUNTER or not 0 <= body.made_at <= LAST:
        return "its number or its time is out of range"
    if len(body.facts) > MOST_FACTS:
        return f"{len(body.facts):,} facts are more than {MOST_FACTS}"
    if len({(each.fact, each.subject) for each in body.facts}) < len(body.facts):
        return "it says two things of one subject"
    return next((wrong for each in body.facts if (wrong := _wrong_fact(body, each))), "")


def _wrong_fact(body: _Body, fact: Fact) -> str:
    if fact.fact not in SAYS[body.sender]:
        return f"it has a fact that is not the {body.sender}'s to say"
    if fact.state not in STATES[fact.fact]:
        return f"it has a state that a {fact.fact} cannot have"
    if not is_subject(fact.subject) and (fact.fact, fact.subject) != (DOWNTIME, EVERYWHERE):
        return "it has a subject that is no id"
    if not 0 <= fact.since <= body.made_at:
        return "it has a time after its own making"
    return ""


# --- cards ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FactCard:
    """One half, as the other comes to know it. Nothing in it is secret."""

    side: str
    key: PublicKey

    @property
    def fingerprint(self) -> str:
        """Sixteen characters that two people compare."""
        return fingerprint(self.key.hex)


def write_card(key: SigningKey, side: str) -> bytes:
    """Return a half's card as a file."""
    return _signed(_CARD, key, msgspec.json.encode(_CardBody(side)) + b"\n")


def read_card(raw: bytes, side: str) -> FactCard:
    """Return the card of a file that anybody may have made; UsageError where it is none, or of the wrong half."""
    todo = "have it written on the other machine: garde fact card --out FILE"
    try:
        key, body = _opened(raw, _CARD, "a card", "")
        found = _cards.decode(body)
    except FactsRefusedError as error:
        raise UsageError(f"this is no card for facts: {error.reason} ({error.code})", todo) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"this is no card for facts: {error}", todo) from error
    if found.side != side:
        whose = found.side if found.side in SAYS else "nobody known"
        raise UsageError(f"this is the card of the {whose}, not of the {side}", todo)
    return FactCard(side, key)


# --- signatures -------------------------------------------------------------------------------------------------------


def _signed(magic: bytes, key: SigningKey, body: bytes) -> bytes:
    public = key.public.hex.encode()
    signature = key.sign(b"%s %s\n%s" % (magic, public, body)).hex().encode()
    return b"%s %s %s\n%s" % (magic, public, signature, body)


def _opened(raw: bytes, magic: bytes, what: str, believed: str) -> tuple[PublicKey, bytes]:
    """Return signer and body; `believed`: the only key that counts, "" for any."""
    if len(raw) > MOST_BYTES:
        raise FactsRefusedError(Code.OVERSIZED, f"it has more than {MOST_BYTES:,} bytes")
    head = _HEAD.match(raw)
    if head is None or head[1] != magic:
        raise FactsRefusedError(Code.MALFORMED, f"it does not begin like {what}")
    body = raw[head.end() :]
    if believed and head[2].decode() != believed:
        raise FactsRefusedError(Code.UNKNOWN_SENDER, f"it bears the key {fingerprint(head[2].decode())}")
    try:
        key = PublicKey.from_hex(head[2].decode())
    except ValueError as error:
        raise FactsRefusedError(Code.MALFORMED, "its key is none") from error
    if not key.verify(bytes.fromhex(head[3].decode()), b"%s %s\n%s" % (magic, head[2], body)):
        raise FactsRefusedError(Code.FORGED, "it was changed on its way, or another signed it")
    return key, body
