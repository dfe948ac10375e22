"""Items, questions and a manner of listing for tests: what matters is named, the rest is as usual."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from feed_words import ZONE, at, census_of
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from garde.downtime.census.state import Census
from garde.downtime.census.view import PatientView, census_view, patient_views
from garde.downtime.nouns import Place
from garde.downtime.numbers.people import Arrival, arrivals
from garde.downtime.numbers.state import State as Numbers
from garde.downtime.register.state import State as Register
from garde.downtime.worklist.items import Given, Item, worklist
from garde.downtime.worklist.modality import rules
from garde.downtime.worklist.who import Manner

MANNER = Manner("00ff", ZONE, rules(), "CLINIC", arrivals=("CT", "DX"))
ITEM = Item(
    "census", "R7", "100", "CLINIC", "Lefèvre", "Élodie", "1960-01-02", "F", ("Pénicilline",), "GABCDEFGHIJKLM",
    "2.25.123", "CT thorax", "CTTH", "CT", "", datetime(2026, 3, 2, 8, 30), place=Place("MED", "01", "1"),
)  # fmt: skip


def obr(
    number: str, code: str, words: str, section: str = "", *, wanted: str = "", priority: str = ""
) -> tuple[str, str]:
    return f"ORC|NW|{number}", f"OBR|1|{number}||{code}^{words}^L|{priority}||{wanted}" + "|" * 17 + section


def listed(
    census: Census | None = None,
    register: Register | None = None,
    numbers: Numbers | None = None,
    minutes: float = 60.0,
    **manner: Any,
) -> tuple[Item, ...]:
    census = census or census_of()

    def find(number: str) -> PatientView | None:
        return (patient_views(census, number) or [None])[-1]

    arrived: tuple[Arrival, ...] = arrivals(numbers) if numbers else ()
    given = Given(census_view(census), register or Register(), arrived, census.newest, find)
    return worklist(given, replace(MANNER, **manner), at(minutes))


def question(step: dict[str, Any] | None = None, **keys: Any) -> Dataset:
    """A question with these keys; `step` in the sequence of steps."""
    found = Dataset()
    for name, value in keys.items():
        setattr(found, name, value)
    if step is not None:
        inner = Dataset()
        for name, value in step.items():
            setattr(inner, name, value)
        found.ScheduledProcedureStepSequence = Sequence([inner])
    return found
