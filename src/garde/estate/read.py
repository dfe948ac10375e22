"""Reading `hospital.yaml`: every fault with file and line, all of them at once.

Comes in: a file. Goes out: `Loaded` (load), or everything that was found out about it (read), which is what
`garde estate check` shows. It follows no reference to another file, reads no environment and opens no socket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from garde.errors import SettingsError
from garde.estate.check import check
from garde.estate.convert import Converter
from garde.estate.nouns import Estate
from garde.estate.places import Place, Places, Problem, in_order
from garde.estate.source import MAX_BYTES, Broken, read_nodes

_SAID = 3  # faults named in an error; `garde estate check` names all
SAMPLE = Path(__file__).parent / "sample" / "hospital.yaml"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file holds, and everything that is wrong with it."""

    estate: Estate | None
    lines: Places
    problems: tuple[Problem, ...]
    whole: bool = True  # nothing that stands in the file was left out: writing the estate back loses no value

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(each for each in self.problems if not each.warning)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(each for each in self.problems if each.warning)


@dataclass(frozen=True, slots=True)
class Loaded:
    """An estate that can be used."""

    estate: Estate
    lines: Places
    warnings: tuple[Problem, ...] = ()


def load(path: Path) -> Loaded:
    """Read and check a file; SettingsError (`FILE:LINE: …`) where it can't be used."""
    found = read(path)
    if found.errors or found.estate is None:
        raise refusal(found.errors, path)
    return Loaded(found.estate, found.lines, found.warnings)


def read(path: Path) -> Reading:
    """Read and check a file and return all that was found; SettingsError only where there is no such file."""
    return read_bytes(_content(path), str(path))


def read_bytes(raw: bytes, name: str) -> Reading:
    """Read and check content that came from elsewhere, under the name that its faults shall carry. Raises nothing."""
    places = Places(name)
    try:
        root = read_nodes(raw)
    except Broken as error:
        return Reading(None, places, (Problem(Place(name, error.line), error.why),), whole=False)
    converter = Converter(places)
    estate = converter.estate(root)
    found = [*converter.problems, *(check(estate, places) if estate else ())]
    return Reading(estate, places, in_order(found, name), whole=not converter.problems)


def refusal(errors: Sequence[Problem], path: Path) -> SettingsError:
    """Return the error that names the first faults."""
    said = "; ".join(map(str, errors[:_SAID])) or f"{path}:1: no estate"
    more = f" (and {len(errors) - _SAID} more)" if len(errors) > _SAID else ""
    return SettingsError(said + more, f"correct it; `garde estate check {path}` shows everything that is wrong")


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)  # one more than is read, so that source.py says that it is too large
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}", "name a file that can be read") from error
