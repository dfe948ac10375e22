"""Reading a plan's YAML: every fault with file and line, all of them at once.

Comes in: a file, its bytes, or the name of a plan that comes with Garde. Goes out: `Reading`, or a `Plan` that can be
used. The same reader as the hospital's own file: nothing is guessed, no reference is followed, and a field that does
not exist is a fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from garde.emergency.check import check
from garde.emergency.nouns import Plan
from garde.errors import SettingsError
from garde.estate.convert import Converter
from garde.estate.look import Lookup
from garde.estate.places import Place, Places, Problem, in_order
from garde.estate.source import MAX_BYTES, Broken, Table, read_nodes

PLANS: Final = {path.stem: path for path in sorted((Path(__file__).parent / "plans").glob("*.yaml"))}
DEFAULT: Final = "belgium"
_SAID: Final = 3  # faults named in an error; `garde plan check` names all


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file holds, and everything that is wrong with it."""

    plan: Plan | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What keeps it from being used."""
        return tuple(each for each in self.problems if not each.warning)


def read_bytes(raw: bytes, name: str, look: Lookup | None = None) -> Reading:
    """Read and check content, against an estate where one is given. Raises nothing."""
    places = Places(name)
    try:
        root = read_nodes(raw)
    except Broken as error:
        return Reading(None, (Problem(Place(name, error.line), error.why),))
    if not isinstance(root, Table):
        return Reading(None, (Problem(Place(name, 1), "no plan: it begins with `id:` and its tables (`phases:`, …)"),))
    converter = Converter(places)
    found = converter.part(root, Plan, ())
    plan = found if isinstance(found, Plan) else None
    said = [*converter.problems, *(check(plan, places, look) if plan else ())]
    return Reading(plan, in_order(said, name))


def read(path: Path, look: Lookup | None = None) -> Reading:
    """Read and check a file; SettingsError only where it cannot be opened."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}", "name a file that can be read") from error
    return read_bytes(raw, str(path), look)


def load(path: Path) -> Plan:
    """Read a file; SettingsError (`FILE:LINE: …`) where it cannot be used."""
    found = read(path)
    if found.errors or found.plan is None:
        raise refusal(found.errors, str(path))
    return found.plan


def place_of(name: str) -> Path:
    """Return the file of a plan: of one that comes with Garde, else the path itself."""
    return PLANS.get(name) or Path(name)


def refusal(errors: Sequence[Problem], name: str) -> SettingsError:
    """Return the error that names the first faults."""
    said = "; ".join(map(str, errors[:_SAID])) or f"{name}:1: no plan"
    more = f" (and {len(errors) - _SAID} more)" if len(errors) > _SAID else ""
    return SettingsError(said + more, f"correct it; `garde plan check {name}` shows everything that is wrong")
