"""What the desk answers to questions that only read.

Comes in: a question as plain data, who asks (as the kernel has it). Goes out: plain data. Whoever asks for patients is
written down before they are shown anything. The running desk and a command that reads the store itself answer alike.
"""

from __future__ import annotations

from typing import Any

from garde.desk.keeper import Keeper


def answer(keeper: Keeper, who: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer; KeyError where there is no such question."""
    match asked["ask"]:
        case "status":
            return keeper.status()
        case "ready":  # asked before each look at a patient: counting who is here would take longer than the look
            return {"rebuilding": keeper.rebuilding}
        case "census":
            ward = str(asked.get("ward", ""))
            keeper.looked(who, f"census {ward}".strip())
            return keeper.census_plain(ward)
        case "patient":
            keeper.looked(who, "one patient")
            return {"patients": keeper.patient_plain(str(asked["number"]))}
        case "prefix":
            return keeper.prefix_plain(str(asked["prefix"]))
    raise KeyError("no such question")
