"""Words that mean nothing by themselves: endings of honest files, programs that come with a system, ordinary names.

Comes in: the lists beside this file. Goes out: `HONEST`, `SYSTEM`, `ORDINARY`, in lower case. A neighbour who watched
for one of the first two would stop his own people.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent


def _read(name: str) -> frozenset[str]:
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    return frozenset(word.casefold() for line in lines if not line.startswith("#") for word in line.split())


HONEST: Final = _read("honest_endings.txt")
SYSTEM: Final = _read("system_programs.txt")
ORDINARY: Final = _read("ordinary_words.txt")
