"""Whoever sits at the hub's own machine and writes down what is decided: one program for all that, on that machine.

Comes in: `clerk STATE CLOCK`, and on standard input one JSON list a line: method, path of the hub's API, body. Goes
out: for each line one JSON object: `answer`, or `error` with what the hub refused it for. It asks as `garde plan` does.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from garde.clock import OffsetClock
from garde.errors import GardeError, Incomplete
from garde.hub.client import ask_hub
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import HUB
from garde.lab.night.talk import Talk


class Clerk(Talk):
    """The same from the night's side, for the length of a `with`."""

    def __init__(self, hospital: Hospital) -> None:
        plan = hospital.plan
        super().__init__(hospital, HUB, "garde.lab.night.clerk", str(plan.hub_state), str(plan.clock_path))

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the hub; raises Incomplete with its reason where it refuses."""
        line = self._ask([method, path, body])
        found = msgspec.json.decode(line) if line else {"error": "the program at the hub's machine has ended"}
        if "error" in found:
            raise Incomplete(f"{path}: {found['error']}", "play it again")
        return found["answer"]


def main(words: list[str]) -> None:
    """Ask until standard input ends."""
    state, clock = Path(words[0]), OffsetClock(Path(words[1]))
    for line in sys.stdin:
        method, path, body = msgspec.json.decode(line)
        try:
            found = {"answer": ask_hub(state, clock, method, path, body)}
        except GardeError as error:
            found = {"error": error.message}
        print(msgspec.json.encode(found).decode(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
