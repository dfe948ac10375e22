"""Who may still come, and who has to know: recipients and the texts that are read to them.

Comes in: the plan, the estate, a diversion. Goes out: ids of recipients, texts ready to read on the phone. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from garde.emergency.check import NEIGHBOURS
from garde.emergency.nouns import Message, Plan
from garde.estate.look import Lookup

NEIGHBOUR: Final = "neighbour-"  # before the estate's id of a neighbour


def recipients_of(plan: Plan, look: Lookup, path: str) -> tuple[str, ...]:
    """Return who has to know about this way in, each once."""
    way = plan.pathway(path)
    found: dict[str, None] = {}
    for each in way.tell if way else ():
        names = [NEIGHBOUR + other.id for other in look.estate.neighbours] if each == NEIGHBOURS else [each]
        found |= dict.fromkeys(names)
    return tuple(found)


def message_for(plan: Plan, path: str, state: str) -> Message | None:
    """Return the text for a state of a way in: its own, else the general one."""
    own = next((each for each in plan.messages if each.path == path and each.state == state), None)
    return own or next((each for each in plan.messages if not each.path and each.state == state), None)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Fill in a message's fields. A value that holds brackets itself is not filled in again."""
    parts = text.split("[")
    out = [parts[0]]
    for part in parts[1:]:
        name, closed, rest = part.partition("]")
        out.append(values[name] + rest if closed and name in values else "[" + part)
    return "".join(out)
