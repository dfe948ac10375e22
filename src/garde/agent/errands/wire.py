"""What core, link and the errands' process say to each other: one JSON datagram each, a closed list.

Comes in and goes out: messages. All three are the same program, forked; nothing else can reach the sockets. A datagram
that can't be sent at once is left out: what counts lies on the disk of whoever sends it, and is sent again.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from garde.agent.link.pipe import LONGEST, datagrams
from garde.model.order import Order

M = TypeVar("M")


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The errands' worker has begun (again): say what it has to know."""

    pid: int


# --- core to errands


class Held(msgspec.Struct, frozen=True, tag="held"):
    """A hold was confirmed: somebody destroys files here."""

    hold: str
    at: float  # wall seconds


class Facts(msgspec.Struct, frozen=True, tag="facts"):
    """How the core stands: what the gate asks of it."""

    asked: str  # mode
    mode: str  # in force
    trees: tuple[bytes, ...]  # where bait was placed


class Watching(msgspec.Struct, frozen=True, tag="watching"):
    """The answer to `Raise`: until when the core watches with raised sensitivity; 0: as usual."""

    command: str
    until: float  # -1: there is nothing here that watches


class Sharpened(msgspec.Struct, frozen=True, tag="sharpened"):
    """The answer to `WatchFor`: how many indicators the core watches for; -1: there is nothing here that watches."""

    command: str
    indicators: int
    detail: str = ""


# --- errands to core


class Raise(msgspec.Struct, frozen=True, tag="raise"):
    """Watch with raised sensitivity until then; 0: as usual again."""

    command: str
    until: float  # wall seconds of this machine


class Said(msgspec.Struct, frozen=True, tag="said"):
    """How an errand stands, for people. `state`: waiting, working, done, refused; or a store's retention."""

    command: str
    verb: str
    state: str
    detail: str = ""
    done: int = 0
    total: int = 0  # 0: unknown
    store: str = ""
    point: str = ""


class WatchFor(msgspec.Struct, frozen=True, tag="watch_for"):
    """Watch for the list that lies in force in the state directory."""

    command: str


class Changed(msgspec.Struct, frozen=True, tag="changed"):
    """Files were put in place below here: they are to be known as they are now."""

    place: bytes


# --- link to errands, and back


class Asked(msgspec.Struct, frozen=True, tag="asked"):
    """An order that was checked: its times are those of this machine's clock."""

    order: Order
    seq: int
    offset: float | None = None  # the hub's time minus this machine's, in seconds; None: not learned yet


class Got(msgspec.Struct, frozen=True, tag="got"):
    """The answer to `Want`: it lies in the state directory, or why it does not."""

    digest: str
    why: str = ""  # "": it is there
    again: bool = False  # it may be there another time


class Want(msgspec.Struct, frozen=True, tag="want"):
    """Fetch this watch list of the hub."""

    digest: str


class Kept(msgspec.Struct, frozen=True, tag="kept"):
    """It is safe on the errands' disk: the link need not say it again."""

    command: str


class Told(msgspec.Struct, frozen=True, tag="told"):
    """A report on its way to the hub. It stands in the agent's journal as well."""

    at: float
    kind: str
    payload: msgspec.Raw


ToErrands = Held | Facts | Watching | Sharpened | Asked | Got
ToCore = Hello | Raise | WatchFor | Said | Changed
ToLink = Hello | Want | Kept | Told

TO_ERRANDS = msgspec.json.Decoder(ToErrands)
TO_CORE = msgspec.json.Decoder(ToCore)
TO_LINK = msgspec.json.Decoder(ToLink)


def send(end: socket.socket, message: msgspec.Struct) -> bool:
    """Send a message; False where it could not be sent now. Never blocks where the socket does not."""
    raw = msgspec.json.encode(message)
    if len(raw) > LONGEST:
        return False
    try:
        end.send(raw)
    except OSError:
        return False
    return True


def receive(end: socket.socket, decoder: msgspec.json.Decoder[M]) -> Iterator[M | None]:
    """Yield what has come, and None at the end, once the other side is gone; never blocks."""
    for raw in datagrams(end):
        yield None if raw is None else decoder.decode(raw)
