"""How many downtime numbers a place needs.

Comes in: arrivals per day, days, how labels are set. Goes out: `Need`. The figures are for a supply that does not run
out: who has too few numbers writes names on tape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from garde.errors import UsageError

DAYS: Final = 28.0  # four weeks: Joint Commission, Sentinel Event Alert 67; records were away for 22, 25, 37 days
SURGE: Final = 1.15  # a neighbour under attack sent 15 % more visits (San Diego 2021)
SPOILT: Final = 1.05  # labels that are torn, written on, given by mistake
_SPREAD: Final = 3.0  # standard deviations of a count: one month in a thousand needs more


@dataclass(frozen=True, slots=True)
class Need:
    """What a place needs."""

    per_day: float
    days: float
    numbers: int
    sheets: int  # of labels


def need(per_day: float, *, days: float = DAYS, per_sheet: float = 8.0) -> Need:
    """Say how many; `per_sheet` numbers are on one sheet of labels, and no sheet is divided between two places."""
    if not (0 < per_day < 10_000 and 0 < days <= 366):
        raise UsageError("no such count", "name arrivals per day, and days: garde number need --per-day 30")
    expected = per_day * days * SURGE
    wanted = (expected + _SPREAD * math.sqrt(expected)) * SPOILT
    sheets = math.ceil(wanted / per_sheet)
    return Need(per_day, days, max(math.ceil(wanted), math.floor(sheets * per_sheet)), sheets)
