"""The X-ray unit asks for its worklist: DCMTK's `findscu`, a real modality's question.

Comes in: the hospital, where the desk answers. Goes out: what it was given, as far as `findscu` shows it. Nothing of
Garde's is used to ask or to read.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import Final

from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import DESK, MODALITY, WORKLIST_PORT

WAIT_S: Final = 20.0
TITLE: Final = "XRAY1"
ANSWERED_BY: Final = "GARDE"
# What a unit asks for: what its list shows, of its own kind of pictures.
_KEYS: Final = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "RequestedProcedureDescription",
    "ScheduledProcedureStepSequence[0].Modality=CR",
    "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate",
)  # fmt: skip
_FIELD: Final = re.compile(r"\(([0-9a-f]{4}),([0-9a-f]{4})\) [A-Z]{2} \[([^\]]*)\]")
_ANSWER: Final = re.compile(r"Find Response: \d+ \(Pending\)")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the unit's list."""

    name: str
    number: str
    accession: str


def ask(hospital: Hospital) -> list[Item]:
    """Return what the unit was given; raises what subprocess raises where it gets no answer in time."""
    words = command(hospital.plan.aside_address(DESK), WORKLIST_PORT)
    done = hospital.run(MODALITY, words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=WAIT_S)
    return items_in(done.stdout.decode("utf-8", "replace"))


def command(address: str, port: int) -> list[str]:
    """Return the question as a command."""
    keys = [word for key in _KEYS for word in ("-k", key)]
    return ["findscu", "-v", "-W", "-aet", TITLE, "-aec", ANSWERED_BY, *keys, address, str(port)]


def items_in(text: str) -> list[Item]:
    """Read what `findscu -v` prints: one block for each answer."""
    found = []
    for block in _ANSWER.split(text)[1:]:
        fields = {(group, element): value.strip() for group, element, value in _FIELD.findall(block)}
        if number := fields.get(("0010", "0020"), ""):
            found.append(Item(fields.get(("0010", "0010"), ""), number, fields.get(("0008", "0050"), "")))
    return found
