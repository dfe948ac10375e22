"""The sweep: every check in the order of one table, and one answer for each item of the gate.

Comes in: `Given`. Goes out: `Swept`. An item is yes where all its checks say yes, no where one says no, else unknown.
A check that breaks is unknown with its error, and the others go on. It takes minutes; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from garde.journal.recovery_kinds import ItemAnswer
from garde.journal.text import Text
from garde.model.restart import Answer, Item
from garde.recovery.checks.base import MOST_FOUND, Check, Given, Said
from garde.recovery.checks.drift import Drift
from garde.recovery.checks.guard import Bait, Clock, Enforcing, Ports
from garde.recovery.checks.machine import Machine
from garde.recovery.checks.packages import Patched, Verified
from garde.recovery.checks.traces import Traces

CHECKS: Final[tuple[Check, ...]] = (Drift(), Verified(), Patched(), Enforcing(), Bait(), Clock(), Traces(), Ports())
_LINE: Final = 500  # characters of one line: a path may have thousands
_GRAVER: Final = (Answer.YES, Answer.UNKNOWN, Answer.NO)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep says: the fields of `machine_swept`, and each check's own words."""

    baseline: str  # SHA-256 of the baseline that it compared with; "": there was none
    answers: tuple[ItemAnswer, ...]
    said: tuple[Said, ...]


def sweep(given: Given, checks: Sequence[Check] = CHECKS) -> Swept:
    """Ask every check. Raises nothing."""
    machine = Machine(given)
    told = [_ask(check, machine) for check in checks]
    items = [item for item in Item if any(each.item is item for each in told)]
    answers = tuple(_join(item, [each for each in told if each.item is item]) for item in items)
    return Swept(machine.kept[1], answers, tuple(told))


def _ask(check: Check, machine: Machine) -> Said:
    try:
        return check(machine)
    except Exception as error:  # whatever a broken machine does to one check, the others are asked
        return Said(check.name, check.item, Answer.UNKNOWN, (f"the check broke: {type(error).__name__}: {error}",))


def _join(item: Item, told: Sequence[Said]) -> ItemAnswer:
    worst = max((each.answer for each in told), key=_GRAVER.index)
    lines = [f"{each.check}: {line}" for each in told if each.answer is not Answer.YES for line in each.found]
    more = sum(each.more for each in told) + max(0, len(lines) - MOST_FOUND)
    return ItemAnswer(item, worst, tuple(Text(_short(line)) for line in lines[:MOST_FOUND]), more)


def _short(line: str) -> str:
    half = (_LINE - 1) // 2
    return line if len(line) <= _LINE else f"{line[:half]}…{line[-half:]}"
