"""What is the hospital's own: names, addresses, accounts that no warning carries outside.

Comes in: the estate. Goes out: `House`, asked by the guard. Pure. Names are compared word by word and without case: a
machine called `lab` is found in `lab-notes.txt`, not in `label.exe`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from garde.estate.addresses import Network, read_flow, read_network, same
from garde.estate.look import Lookup
from garde.sharing.out.lists import ORDINARY

_OWN_EVERYWHERE: Final = tuple(
    ipaddress.ip_network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip
_SHORTEST: Final = 3  # letters of a name that is looked for: `it` stands in every second file name
_WORD: Final = re.compile(r"[^\W_]+")


class House:
    """See the module."""

    def __init__(self, look: Lookup) -> None:
        self._look = look
        self._networks = tuple(_networks(look))
        self._uses = tuple(_uses(look))
        names = (tuple(_split(name)) for name in _names(look))
        self._names = frozenset(each for each in names if len("".join(each)) >= _SHORTEST and not _tells_nothing(each))
        self._longest = max((len(each) for each in self._names), default=0)

    def owns(self, address: str) -> bool:
        """Whether an address is the hospital's own, or no place on the Internet at all."""
        found = ipaddress.ip_address(same(address))
        mine = (*_OWN_EVERYWHERE, *self._networks)
        return (
            any(found.version == each.version and found in each for each in mine) or self._look.at(address) is not None
        )

    def uses(self, address: str) -> bool:
        """Whether the hospital itself talks to that address by rule: its telephone lines, a partner."""
        found = ipaddress.ip_address(same(address))
        return any(found.version == each.version and found in each for each in self._uses)

    def named_in(self, text: str) -> str:
        """Return the name of the hospital's own that stands in a text, as it stands there; "" where none does."""
        words = list(_split(text))
        for start in range(len(words)):
            for end in range(start + 1, min(len(words), start + self._longest) + 1):
                if tuple(words[start:end]) in self._names:
                    return " ".join(words[start:end])
        return ""


def _split(text: str) -> Iterator[str]:
    return (each.casefold() for each in _WORD.findall(text))


def _tells_nothing(words: tuple[str, ...]) -> bool:
    return len(words) == 1 and words[0] in ORDINARY


def _networks(look: Lookup) -> Iterator[Network]:
    for segment in look.estate.segments:
        for text in segment.networks:
            yield read_network(text)


def _uses(look: Lookup) -> Iterator[Network]:
    for gateway in look.estate.gateways:
        for text in gateway.allow:
            try:
                yield read_flow(text).network
            except ValueError:
                continue  # a name: what is not an address is not compared with one


def _names(look: Lookup) -> Iterator[str]:
    """Yield every name in the hospital's file that would tell somebody something about this house or its people."""
    estate = look.estate
    yield estate.name
    for machine in estate.machines:
        yield from (machine.id, machine.name, *machine.accounts)
    for person in estate.people:
        yield from (person.id, person.name, *person.logins, person.mail)
        yield from _split(person.name)  # each by itself: `DUPONT.exe` names somebody
        yield person.mail.partition("@")[2]
    for site in estate.sites:
        yield from (site.id, site.name)
    for segment in estate.segments:
        yield from (segment.id, segment.name)
    for ward in estate.wards:
        yield from (ward.id, *ward.name.values())
    for service in estate.services:
        yield from (service.id, *service.name.values())
