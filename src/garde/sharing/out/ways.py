"""By which channels a neighbour can be told now.

Comes in: what is known of the channels, a neighbour of the estate. Goes out: names of channels, the best first. Pure.
The rules, one test each:

1. A channel that needs a telephone reaches who has one for a contact, one that needs a mail address who has that.
2. One that leads through a gateway does not count while the outside is cut.
3. One that is silent does not count; one that lives comes before one of which nothing was heard yet.
4. Otherwise they come in the order of calling.toml.
"""

from __future__ import annotations

import re

from garde.estate.nouns import Neighbour
from garde.sharing.out.memory import Out, Way

FILE, TAXII, PHONE = "file", "taxii", "phone"  # what is no channel of calling.toml: by hand, fetched, spoken
_PHONE = re.compile(r"[+0-9][0-9 ./()-]{2,30}")


def ways_to(out: Out, neighbour: Neighbour) -> tuple[str, ...]:
    """Return the channels that reach this neighbour now, the best first."""
    found = [each for each in out.ways.values() if address_for(each, neighbour) and works(out, each)]
    return tuple(each.name for each in sorted(found, key=lambda each: each.alive is not True))


def works(out: Out, way: Way) -> bool:
    """Whether the channel works, as far as is known."""
    return way.alive is not False and not (way.outside and out.outside_cut)


def address_for(way: Way, neighbour: Neighbour) -> str:
    """Return the address at which the channel reaches this neighbour; "" where it does not."""
    contact = neighbour.contact.strip()
    if way.by == "mail":
        return contact if "@" in contact and " " not in contact else ""
    return re.sub(r"[^+0-9]", "", contact) if _PHONE.fullmatch(contact) else ""
