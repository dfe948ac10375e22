"""A hospital at one moment, for tests of packs: messages in, a `Basis` out."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from feed_words import ZONE, at, census_of

from garde.downtime.census.view import census_view
from garde.downtime.packs.basis import Basis, coming_and_gone
from garde.downtime.silence import Feed, Freshness

NOW = 600  # minutes after the tests' first moment: 13:00


def basis_of(*messages: bytes, minutes: float = NOW, **more: Any) -> Basis:
    """Return what packs are made from, ten minutes after the newest message."""
    census = census_of(*messages, received=at(minutes))
    booked, gone = coming_and_gone(census, at(minutes))
    fresh = Freshness(Feed.HEARD, at(minutes - 10), 600.0)
    found = Basis("Clinique", ZONE, at(minutes), census_view(census), fresh, booked=booked, gone=gone)
    return replace(found, **more)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def rde(minutes: float, number: str, drug: str, *, control: str = "NW", often: str = "QD", times: str = "",
        route: str = "PO", who: str = "", ends: str = "", prn: str = "") -> tuple[float, str, list[str]]:  # fmt: skip
    """Return a prescription as (when, kind, segments) for `feed_words.message`."""
    from feed_words import pid

    return minutes, "RDE^O11", [
        who or pid(), "PV1|1|I|MED^01^1||||||||||||||||V1", f"ORC|{control}|{number}||||||||||D1^Lemaire^Sophie",
        f"TQ1|1||{often}|{times}||||{ends}|{prn}", f"RXE||{drug}|1||mg", f"RXR|{route}",
    ]  # fmt: skip
