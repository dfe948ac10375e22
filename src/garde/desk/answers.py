"""What the desk answers to questions that only read.

Comes in: a question as plain data, who asks (as the kernel has it). Goes out: plain data. Whoever asks for patients is
written down before they are shown anything. The running desk and a command that reads the store itself answer alike.
"""

from __future__ import annotations

from typing import Any

import msgspec

from garde.desk.keeper import Keeper


def answer(keeper: Keeper, who: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer; KeyError where there is no such question."""
    if asked["ask"] in ("people", "worklist"):
        return _for_services(keeper, who, asked)
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
            return {"patients": keeper.patient_plain(str(asked["number"])), "rebuilding": keeper.rebuilding}
        case "prefix":
            return keeper.prefix_plain(str(asked["prefix"]))
    raise KeyError("no such question")


def _for_services(keeper: Keeper, who: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What laboratory and radiology ask."""
    from garde.desk.radiology import Radiology

    if asked["ask"] == "people":
        keeper.looked(who, f"names of {len(asked['numbers'])} for the registers")
        return {"people": keeper.people_plain(map(str, asked["numbers"]))}
    keeper.looked(who, "worklist of radiology")
    items: list[dict[str, Any]] = msgspec.to_builtins(
        Radiology(keeper.config, keeper, keeper.book, keeper.clock).items()
    )
    return {"items": items, "rebuilding": keeper.rebuilding}
