"""The feed from the night's side: the program on the record's server, asked and told.

Comes in: the hospital, the night's seed. Goes out: a hospital of 160 beds that has been talking since the day before,
what it delivered and what was acknowledged, the truth of its own books. The witness's own: nothing of Garde is asked.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from garde.clock import OffsetClock
from garde.errors import Incomplete
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import DESK, FEED_PORT, RECORD
from garde.lab.night.ear import Took
from garde.lab.night.engine import Ask, Order, State
from garde.lab.night.logs import read_lines
from garde.lab.night.outside import wait_until
from garde.lab.night.talk import Talk
from garde.lab.ward_traffic.hospital import Bed, Given
from garde.lab.ward_traffic.people import Human

HISTORY_S: Final = 24 * 3600.0  # since when the hospital has been talking, on its own clock
EAR_PORT: Final = 2576
LOOK_S: Final = 0.1
T = TypeVar("T")


class Delivered(msgspec.Struct, frozen=True):
    """One message that the desk acknowledged."""

    sender: str
    kind: str
    number: str
    answer: str
    sha256: str


class Came(msgspec.Struct, frozen=True):
    """Somebody who came to a ward while it was on paper."""

    person: Human
    bed: Bed
    at: float


class Traffic(Talk):
    """Runs for the length of a `with`."""

    def __init__(self, hospital: Hospital, seed: int) -> None:
        plan = hospital.plan
        self._log, self._took = plan.home / "feed.log", plan.home / "record-took.log"
        self.ear = (plan.feed_address(RECORD), EAR_PORT)
        self.clock = OffsetClock(plan.aside_clock_path)
        order = Order(
            seed=seed,
            begins=self.clock.now() // 3600 * 3600 - HISTORY_S,  # to the hour: the same seed, the same hospital
            clock=str(plan.aside_clock_path),
            desk=(plan.feed_address(DESK), FEED_PORT),
            ear=self.ear,
            log=str(self._log),
            took=str(self._took),
        )
        super().__init__(hospital, RECORD, "garde.lab.night.engine")
        if self._ask(order) != b"ready\n":
            self._process.kill()
            raise Incomplete("the interface engine of the lab did not start", "try again")

    def _about(self, ask: Ask, kind: type[T]) -> T:
        line = self._ask(ask)
        if not line:
            raise Incomplete("the interface engine of the lab has ended", "play it again")
        return msgspec.json.decode(line, type=kind)

    # --- asked ---

    def state(self) -> State:
        return self._about(Ask("state"), State)

    def wait_delivered(self, seconds: float) -> bool:
        """Wait until everything that has happened was delivered; False when time is up."""

        def is_empty() -> bool:
            now = self.state()
            return now.acknowledged > 0 and not now.waiting

        return wait_until(is_empty, seconds, LOOK_S)

    def truth(self) -> dict[str, Any]:
        """What the hospital's books say now."""
        return self._about(Ask("truth"), dict[str, Any])

    def written(self) -> list[Given]:
        """What nurses of wards on paper have written down so far."""
        return self._about(Ask("written"), list[Given])

    def came(self) -> list[Came]:
        """Who has come to wards on paper, as they were told to."""
        return self._about(Ask("came"), list[Came])

    # --- told ---

    def on_paper(self, wards: tuple[str, ...], admit: tuple[str, ...] = ()) -> None:
        """From here on nurses of these wards write on paper; somebody comes to each ward in `admit`."""
        self._about(Ask("paper", wards, admit), State)

    def stop(self) -> None:
        """Nothing more happens in the hospital; what has happened is still delivered."""
        self._about(Ask("stop"), State)

    # --- the witness's lines ---

    def delivered(self) -> list[Delivered]:
        """Every message that the desk has acknowledged, in order."""
        return read_lines(self._log, Delivered)

    def took(self) -> list[Took]:
        """Every message that the record has taken from the desk, in order."""
        return read_lines(self._took, Took)
