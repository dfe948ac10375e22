"""Which orders are images, and of which modality: by `modalities.toml`, or a hospital's own table.

Comes in: an order. Goes out: a modality (CT, MR, …), OT for an image of which nobody says how, "" for what is no image.
An order that a laboratory carries out is never an image, whatever words are in its name.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from garde.downtime.high_risk import fold
from garde.downtime.nouns import OrderStated
from garde.errors import SettingsError

TABLE: Final = Path(__file__).parent / "modalities.toml"
OTHER: Final = "OT"
NOT_IMAGES, IMAGES = "not_images", "images"
_MODALITY = re.compile(r"[A-Z][A-Z0-9_]{1,15}")  # CS of DICOM
_WORD = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table; all of it folded."""

    name: str
    sections: frozenset[str]
    codes: tuple[str, ...]
    words: frozenset[str]
    beginnings: tuple[str, ...]

    def says(self, text: list[str]) -> bool:
        """Whether one of these words is one of the row's."""
        return any(word in self.words or (self.beginnings and word.startswith(self.beginnings)) for word in text)


@lru_cache(maxsize=4)
def rules(table: Path = TABLE) -> tuple[Rule, ...]:
    """Return the table in its own order; SettingsError where it cannot be used."""
    try:
        found = tomllib.loads(table.read_text(encoding="utf-8"))
        return tuple(_rule(name, each) for name, each in found.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{table}: {error}", "write it like the table that comes with Garde") from error


def _rule(name: str, each: dict[str, list[str]]) -> Rule:
    if name not in (NOT_IMAGES, IMAGES) and not _MODALITY.fullmatch(name):
        raise ValueError(f"{name} is no modality")
    words = [fold(word) for word in each["words"]]
    return Rule(
        name,
        frozenset(fold(word) for word in each["sections"]),
        tuple(fold(word) for word in each["codes"]),
        frozenset(word for word in words if not word.endswith("*")),
        tuple(word[:-1] for word in words if len(word) > 1 and word.endswith("*")),
    )


def modality_of(order: OrderStated, table: tuple[Rule, ...]) -> str:
    """Return the modality of an order; "" where it is no image."""
    section, code = fold(order.section), fold(order.what.code)
    by_section = next((rule.name for rule in table if section and section in rule.sections), "")
    if by_section not in ("", IMAGES):
        return "" if by_section == NOT_IMAGES else by_section
    by_code = next((rule.name for rule in table if code and rule.codes and code.startswith(rule.codes)), "")
    words = _WORD.findall(fold(order.what.text))
    found = by_code or next((rule.name for rule in table if rule.says(words)), "")
    if found not in (NOT_IMAGES, IMAGES, ""):
        return found
    return OTHER if IMAGES in (by_section, found) else ""


def is_modality(text: str) -> bool:
    """Say whether this can be written as a modality."""
    return _MODALITY.fullmatch(text) is not None
