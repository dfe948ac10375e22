"""Which results are critical: by the table in `critical.toml`, or a hospital's own.

Comes in: values as they were written. Goes out: a judgement for each: critical and why, not critical, not judged and
why. It never guesses a unit: a potassium of 6.8 without a unit is not judged, and whoever types it is asked.
"""

from __future__ import annotations

import math
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from garde.downtime.high_risk import fold
from garde.downtime.register.nouns import Value
from garde.errors import SettingsError

TABLE: Final = Path(__file__).parent / "critical.toml"
_NUMBER = re.compile(r"(?P<sign>[<>≤≥]=?)?\s*(?P<figure>[+-]?\d{1,9}(?:[.,]\d{1,9})?)")


class Verdict(Enum):
    CRITICAL = "critical"
    NOT_CRITICAL = "not critical"
    NOT_JUDGED = "not judged"
    NOT_LISTED = "not in the table"


@dataclass(frozen=True, slots=True)
class Limit:
    units: tuple[str, ...]  # folded
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Test:
    name: str
    names: tuple[str, ...]  # folded
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    value: Value
    verdict: Verdict
    why: str = ""


@lru_cache(maxsize=4)
def tests(table: Path = TABLE) -> tuple[Test, ...]:
    """Return the table; SettingsError where it cannot be used."""
    try:
        found = tomllib.loads(table.read_text(encoding="utf-8"))
        return tuple(_test(name, each) for name, each in found.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{table}: {error}", "write it like the table that comes with Garde") from error


def _test(name: str, each: dict[str, Any]) -> Test:
    limits = tuple(
        Limit(tuple(_unit(str(unit)) for unit in line["units"]), _figure(line.get("low")), _figure(line.get("high")))
        for line in each["limits"]
    )
    if not limits or any(line.low is None and line.high is None for line in limits):
        raise ValueError(f"{name} has no limit")
    return Test(name, tuple(fold(str(word)).strip() for word in each["names"]), limits)


def _figure(value: Any) -> float | None:
    return None if value is None else float(value)


def judge(values: tuple[Value, ...], table: tuple[Test, ...]) -> tuple[Judged, ...]:
    """Return what the table says of each value."""
    return tuple(_judge(value, table) for value in values)


def _judge(value: Value, table: tuple[Test, ...]) -> Judged:
    name = fold(value.name).strip()
    test = next((each for each in table if name in each.names), None)
    if test is None:
        return Judged(value, Verdict.NOT_LISTED)
    limit = next((each for each in test.limits if _unit(value.unit) in each.units), None)
    if limit is None:
        why = f"the table has no limit in {value.unit!r}" if value.unit else "no unit"
        return Judged(value, Verdict.NOT_JUDGED, why)
    found = _NUMBER.fullmatch(value.value.strip())
    if found is None:
        return Judged(value, Verdict.NOT_JUDGED, "it is no figure")
    return _against(value, float(found["figure"].replace(",", ".")), (found["sign"] or "")[:1], limit)


def _against(value: Value, figure: float, sign: str, limit: Limit) -> Judged:
    """Compare. "<3" is anything below 3: where that may be on either side of a limit, nothing is judged."""
    least, most = (-math.inf if sign in ("<", "≤") else figure), (math.inf if sign in (">", "≥") else figure)
    low, high = (-math.inf if limit.low is None else limit.low), (math.inf if limit.high is None else limit.high)
    if most <= low:
        return Judged(value, Verdict.CRITICAL, f"at or below {low:g} {value.unit}".strip())
    if least >= high:
        return Judged(value, Verdict.CRITICAL, f"at or above {high:g} {value.unit}".strip())
    # A table with one limit only says nothing of the other side.
    if (least > low or limit.low is None) and (most < high or limit.high is None):
        return Judged(value, Verdict.NOT_CRITICAL)
    return Judged(value, Verdict.NOT_JUDGED, f"{value.value} may be beyond a limit")


def _unit(text: str) -> str:
    """Return a unit for comparing: micro in its two signs is one, and no blank counts."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold().replace("μ", "u").replace("µ", "u")
