"""The same attacker, at the second hospital: one burst, from a workstation there, with an account stolen there.

Comes in: the second hospital, the night's script. Goes out: the files that it reached, by its own log and by the files
themselves. Its programs are ended, whatever they do.
"""

from __future__ import annotations

import time
from typing import Final

from garde.lab.attackers.smb_attack import Task
from garde.lab.hospital.neighbour import SERVER, WORKSTATION, Neighbour
from garde.lab.hospital.plan import SHARES
from garde.lab.night.draw import FILES, RATE, Script
from garde.lab.night.logs import Logged, parse
from garde.lab.night.spread import LONGEST_S, LOOKS_S, STILL_S, attackers
from garde.lab.night.witness import NightWitness

LOGIN: Final = "e.nagy"
WHOLE_S: Final = 15.0  # for the files to be put back
_LOOK_S: Final = 0.05


class Raid:
    """One raid. `play` says how many files it reached; `lost` those that are not whole in the end."""

    def __init__(self, neighbour: Neighbour, script: Script) -> None:
        self._neighbour, self._script = neighbour, script
        plan = neighbour.plan
        self._log = plan.home / "attack.log"
        self._witness = NightWitness({SERVER: plan.share(SERVER)}, {SERVER: neighbour.documents})

    def play(self) -> int:
        """Attack until it stands still; returns how many files it reached."""
        self._witness.look()
        password = self._neighbour.logins[LOGIN]
        with attackers(self._neighbour, WORKSTATION, password, [self._task()]) as total:
            start = time.monotonic() + LOOKS_S
            while time.monotonic() < start + LONGEST_S:
                time.sleep(_LOOK_S)
                logged = self._logged()
                done = len(logged.finished) + len(logged.failed) >= total
                if done or time.monotonic() - max(logged.last, start) > STILL_S:
                    break
        return len(self._witness.touched(SERVER, self._logged()))

    def lost(self) -> list[str]:
        """The documents that do not hold their bytes, once there was time to put them back."""
        until = time.monotonic() + WHOLE_S
        while (found := self._witness.lost(afresh=True)[SERVER]) and time.monotonic() < until:
            time.sleep(_LOOK_S * 4)
        return found

    def _logged(self) -> Logged:
        return parse(self._log.read_bytes() if self._log.exists() else b"")

    def _task(self) -> Task:
        script = self._script
        return Task(
            server=self._neighbour.plan.address(SERVER),
            share=SHARES[SERVER],
            login=LOGIN,
            mode=script.mode,
            ending=script.family.ending,
            note_name=script.family.note_name,
            note=script.note,
            rate=RATE,
            own=0,
            connections=1,  # what others have in flight while the first hand is judged says nothing of the watch
            files=FILES,
            seed=script.seed,
            spared=(),
            log=str(self._log),
        )
