"""The entry kinds of warning the neighbours, and of being warned. Part of the one catalogue.

Comes in: nothing. Goes out: payload classes, joined into `garde.journal.kinds.KINDS`. What a neighbour wrote is `Text`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.journal.payload import Command, Payload
from garde.journal.text import Text

# --- reports of agents ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WatchListTaken(Payload):
    """An agent watches for these indicators from now on."""

    command: str
    sha256: str  # of the list
    indicators: int
    seconds: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class IndicatorSeen(Payload):
    """Something on a watch list was seen here: now, or in older records."""

    command: str  # "" seen live
    sort: str  # sha256 | address | file_name | ending | note_name | user
    value: Text
    source: str  # the list it came with
    where: Text
    at: float
    live: bool


# --- what the hub's rules say -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningAsked(Command):
    """A warning is to be made of what is known up to this entry, guarded and ready for a person's eyes."""

    incident: str
    version: int
    upto: int
    tlp: str


@dataclass(frozen=True, slots=True)
class WarningDrawn(Payload):
    """It is ready: nothing is released before a person has seen the difference and approved it."""

    command: str
    warning: str
    incident: str
    version: int
    tlp: str
    sha256: str  # of the STIX bundle
    indicators: int
    removed: int  # parts that the guard took out
    removed_why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningSendAsked(Command):
    """An approved warning is to be sent to one neighbour on one channel."""

    warning: str
    version: int
    neighbour: str
    channel: str  # "": none reaches him
    by: str = ""  # who wanted it
    only: bool = False  # on this channel and no other


@dataclass(frozen=True, slots=True)
class WatchListMade(Payload):
    """The hub's list of what agents watch for; agents are asked to take it."""

    sha256: str
    indicators: int
    sources: tuple[str, ...]
    seconds: float
    of: tuple[str, ...] = ()  # digests of what neighbours sent and what counts in it; the others count no more


@dataclass(frozen=True, slots=True)
class PrecautionOffered(Payload):
    """A neighbour is under attack: "healthy but cut" and "ready to cut" are offered with their price in care."""

    precaution: str
    source: str
    machines: tuple[str, ...]
    price: tuple[str, ...]  # services that would be reached, in words of the estate
    why: str


# --- what people say --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WarningWanted(Payload):
    """A person wants the warning drawn anew: of what is known by now, for these eyes."""

    incident: str
    tlp: str  # clear | green | amber | amber+strict | red
    by: str


@dataclass(frozen=True, slots=True)
class WarningApproved(Payload):
    """A person releases exactly this version."""

    warning: str
    version: int
    sha256: str
    by: str


@dataclass(frozen=True, slots=True)
class WarningSendWanted(Payload):
    """A person wants an approved warning sent."""

    warning: str
    version: int
    neighbours: tuple[str, ...]  # (): all of them
    channel: str  # "": whichever works
    by: str


@dataclass(frozen=True, slots=True)
class ShareKeyMade(Payload):
    """A neighbour may read what is approved, with a token of its own. The one before counts no more."""

    neighbour: str
    sha256: str  # of the token; "": it is withdrawn
    by: str


@dataclass(frozen=True, slots=True)
class NeighbourTold(Payload):
    """A neighbour was told, by a channel that works, or said that he has understood."""

    warning: str
    neighbour: str
    channel: str
    by: str
    confirmed: bool
    name: Text = field(default_factory=Text)  # who spoke there
    version: int = 0  # of the warning; 0: not known


@dataclass(frozen=True, slots=True)
class SharedTaken(Payload):
    """What a neighbour sent was kept raw, read, and what could not be read was counted."""

    source: str  # neighbour id, or a name that a person gave
    format: str  # stix | misp | csv
    sha256: str  # of the raw file
    tlp: str
    indicators: int
    refused: int
    refused_why: tuple[str, ...]
    by: str
    channel: str  # file | taxii


@dataclass(frozen=True, slots=True)
class SharedUnread(Payload):
    """What a neighbour sent was kept raw, and could not be read: nobody watches for anything of it."""

    source: str  # neighbour id, or a name that a person gave
    sha256: str  # of the raw file
    why: str
    by: str
    channel: str  # file | taxii


@dataclass(frozen=True, slots=True)
class PrecautionDecided(Payload):
    """What a person makes of it."""

    precaution: str
    state: str  # healthy | ready | cut
    by: str
    why: Text


SHARING_KINDS: dict[str, type[Payload]] = {
    "watch_list_taken": WatchListTaken,
    "indicator_seen": IndicatorSeen,
    "warning_asked": WarningAsked,
    "warning_drawn": WarningDrawn,
    "warning_send_asked": WarningSendAsked,
    "watch_list_made": WatchListMade,
    "precaution_offered": PrecautionOffered,
    "warning_wanted": WarningWanted,
    "warning_approved": WarningApproved,
    "warning_send_wanted": WarningSendWanted,
    "share_key_made": ShareKeyMade,
    "neighbour_told": NeighbourTold,
    "shared_taken": SharedTaken,
    "shared_unread": SharedUnread,
    "precaution_decided": PrecautionDecided,
}
SHARING_REPORTS = frozenset({"watch_list_taken", "indicator_seen"})
SHARING_OUTCOMES = frozenset({"watch_list_taken"})  # of errands
