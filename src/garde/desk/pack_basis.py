"""What the desk's packs are made from: the census as it is now, the desk's numbers, its list of telephone numbers.

Comes in: a keeper, the desk's directory. Goes out: `Basis`. It makes no pack. `contacts.csv` has a heading `role,name,
phone,note` (commas or semicolons) and is the hospital's own; one that cannot be read is a complaint, and the page says
that there are none: packs are made all the same.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final

from garde.desk.keeper import Keeper
from garde.downtime.census.view import census_view
from garde.downtime.numbers.people import rows_beside
from garde.downtime.numbers.state import State
from garde.downtime.packs.basis import BLANKS, Basis, Call, coming_and_gone
from garde.downtime.packs.ward import NUMBERS

CONTACTS: Final = "contacts.csv"
_LONGEST: Final = 1 << 20  # bytes
_FIELDS: Final = ("role", "name", "phone", "note")


def basis_now(keeper: Keeper, state: Path, now: float, complain: Callable[[str], None]) -> Basis:
    """Return the hospital as it is now; the census is copied, so that the desk may go on meanwhile."""
    config, packs, numbers = keeper.config, keeper.config.packs, keeper.numbers()
    view = census_view(keeper.census)
    booked, gone = coming_and_gone(keeper.census, now)
    return Basis(
        config.hospital, config.manner.place, now, view, keeper.freshness(), keeper.rebuilding, _senders(keeper),
        packs.language, packs.mar_hours, {name.upper(): times for name, times in packs.rounds.items()},
        read_contacts(state / CONTACTS, complain), rows_beside(numbers, view), booked, gone, free_numbers(numbers),
        packs.blanks or BLANKS, packs.senders,
    )  # fmt: skip


def _senders(keeper: Keeper) -> tuple[tuple[str, float], ...]:
    """Return each sender with the time of its newest message."""
    return tuple(sorted((name, sender.received) for name, sender in keeper.census.senders.items()))


def free_numbers(state: State) -> dict[str, tuple[str, ...]]:
    """Return the next downtime numbers of each ward, those of its oldest block first."""
    found: dict[str, tuple[str, ...]] = {}
    for block in sorted(state.blocks.values(), key=lambda each: (each.prefix, each.first)):
        known = found.get(block.place, ())
        found[block.place] = (*known, *map(str, islice(state.free(block), max(NUMBERS - len(known), 0))))
    return found


def read_contacts(path: Path, complain: Callable[[str], None]) -> tuple[Call, ...]:
    """Return the telephone numbers; none, and a complaint, where the file cannot be read."""
    try:
        with path.open("rb") as file:
            return parse_contacts(file.read(_LONGEST))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        complain(f"{path.name} cannot be read: {error}")
        return ()


def parse_contacts(data: bytes) -> tuple[Call, ...]:
    """Return its lines; ValueError where it is no such table."""
    text = data.decode("utf-8-sig")
    heading = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if heading.count(";") > heading.count(",") else ",")
    names = {(name or "").strip().casefold(): name for name in rows.fieldnames or ()}
    if "phone" not in names:
        raise ValueError("its first line is not role,name,phone,note")
    try:
        lines = [[(row.get(names.get(field, ""), "") or "").strip() for field in _FIELDS] for row in rows]
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return tuple(Call(*line) for line in lines if any(line))
