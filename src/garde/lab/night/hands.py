"""Somebody at the desk, at a ward's PC, or at the hub: commands, one after the other, in one program on that machine.

Comes in: the hospital, a machine that stands aside, or the hub. Goes out: what each command says. They are the commands
that people give (`garde.cli.series`), with the machine's own state directory and clock.
"""

from __future__ import annotations

from typing import Any

import msgspec

from garde.errors import Incomplete
from garde.lab.hospital import aside, guard
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import HUB
from garde.lab.hospital.programs import GARDE
from garde.lab.night.talk import Talk


class Said(msgspec.Struct, frozen=True):
    """What a command said."""

    code: int
    lines: list[dict[str, Any]]
    said: str

    def one(self, kind: str) -> dict[str, Any]:
        """Its line of this kind; Incomplete where there is none."""
        found = self.all(kind)
        if not found:
            raise Incomplete(f"no {kind} was said, but {[each.get('kind') for each in self.lines]}", "play it again")
        return found[0]

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.lines if each.get("kind") == kind]


class Hands(Talk):
    """For the length of a `with`."""

    def __init__(self, hospital: Hospital, machine: str) -> None:
        self._plan, self._machine = hospital.plan, machine
        super().__init__(hospital, machine, "garde.cli.series")

    def give(self, *words: str, given: str = "") -> Said:
        """Give a command that must succeed; Incomplete with its complaint."""
        said = self.attempt(*words, given=given)
        if said.code:
            raise Incomplete(f"garde {' '.join(words[:3])} on {self._machine}: {said.said[-300:]}", "play it again")
        return said

    def attempt(self, *words: str, given: str = "") -> Said:
        """Give a command that may fail."""
        named = guard.words if self._machine == HUB else aside.words
        whole = named(self._plan, self._machine, *words)[len(GARDE) :]
        line = self._ask({"words": whole, "input": given})
        if not line:
            raise Incomplete(f"the program at {self._machine} has ended", "play it again")
        return msgspec.json.decode(line, type=Said)
