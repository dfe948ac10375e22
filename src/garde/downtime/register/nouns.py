"""What stands on a request form and in a result: the parts that the desk's journal holds sealed.

Comes in: nothing. Goes out: frozen data, as JSON has it. "" means *not written*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LABORATORY: Final = "laboratory"
RADIOLOGY: Final = "radiology"
SERVICES: Final = (LABORATORY, RADIOLOGY)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asks for."""

    what: str
    modality: str = ""  # of radiology: CR, CT, DX, MG, MR, NM, RF, US, XA, …
    specimen: str = ""  # of the laboratory
    urgent: bool = False
    doctor: str = ""
    reason: str = ""  # the clinical question
    wanted: float = 0.0  # wall seconds; 0: as soon as it can be


@dataclass(frozen=True, slots=True)
class Value:
    """One figure of a result, as it was written."""

    name: str
    value: str
    unit: str = ""

    @property
    def shown(self) -> str:
        return " ".join(filter(None, (self.name, self.value, self.unit)))


@dataclass(frozen=True, slots=True)
class Found:
    """What a result says."""

    values: tuple[Value, ...] = ()
    words: str = ""
    critical: tuple[str, ...] = ()  # why it is: the limits that were passed, or who said so

    @property
    def shown(self) -> str:
        return "; ".join(filter(None, (*(each.shown for each in self.values), self.words)))
