"""What every source of places keeps to.

Comes in: an address. Goes out: `Place`, or None where the source does not know it. Who calls: the hub's performer,
from a thread of its own, any number of times. A source is read once, when it is opened; it asks nobody on any network.
What it says is where a piece of infrastructure is registered: never who sat behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

MAY_BE: Final = frozenset({"relay", "vpn", "hosting", "tor", "shared_address"})


@dataclass(frozen=True, slots=True)
class Place:
    """What a source says of an address."""

    country: str = ""  # ISO 3166-1, two capitals; "" unknown
    network: str = ""  # who runs the network, as the source calls it
    may_be: tuple[str, ...] = ()  # of `MAY_BE`: what the source says it is used for
    source: str = ""
    date: str = ""  # ISO date of the source's data


class Source(Protocol):
    """One file or pair of files."""

    @property
    def name(self) -> str:
        """How it is called where its word is shown."""
        ...

    def find(self, address: str) -> Place | None:
        """Return what it knows; None for nothing. Raises nothing for what is no address."""
        ...


def joined(first: Place | None, then: Place | None) -> Place | None:
    """Return one place of two: what the first does not know the other says."""
    if first is None or then is None:
        return first or then
    told = first.country or first.network or first.may_be
    return Place(
        first.country or then.country,
        first.network or then.network,
        first.may_be or then.may_be,
        first.source if told else then.source,
        first.date if told else then.date,
    )
