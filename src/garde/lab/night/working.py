"""Everybody who has a screen: who works where, all night long, and how it went for each.

Comes in: the hospital, the machines that are spreading. Goes out: `Colleagues`, at work inside a `with`; the days of
those who did nothing wrong. Their programs are ended, whatever they do.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import msgspec

from garde.errors import Incomplete
from garde.lab.attackers.smb_attack import PASSWORD
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import RECORD, SHARES
from garde.lab.night import spread
from garde.lab.night.colleague import Day, Work
from garde.lab.night.draw import SPREADER_ROLES
from garde.lab.night.talk import tell

END_S = 30.0


class Colleagues:
    """One program each."""

    def __init__(self, hospital: Hospital) -> None:
        self._hospital = hospital
        self._working: dict[str, subprocess.Popen[bytes]] = {}  # by machine

    @contextmanager
    def at_work(self, log: str, spreading: Collection[str]) -> Iterator[dict[str, Day]]:
        """While inside, everybody works; how it went is in the mapping at the end. `log`: where rows are noted."""
        days: dict[str, Day] = {}
        try:
            for machine, work, password in works(self._hospital, log):
                process = self._hospital.python(
                    machine,
                    "garde.lab.night.colleague",
                    env={PASSWORD: password},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
                self._working[machine] = process
                tell(process, msgspec.json.encode(work) + b"\n")
            yield days
            for machine, process in self._working.items():
                # Those of a machine that was cut off hang in their last request: they are ended below, unheard.
                if machine not in spreading:
                    told, _ = process.communicate(timeout=END_S)
                    days[machine] = msgspec.json.decode(told.splitlines()[-1], type=Day)
        except subprocess.TimeoutExpired as error:
            raise Incomplete("a colleague's program does not end", "run it again") from error
        finally:
            for process in self._working.values():
                process.kill()
                process.communicate()
            self._working.clear()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """While inside, no colleague works."""
        for process in self._working.values():
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in self._working.values():
                process.send_signal(signal.SIGCONT)


def works(hospital: Hospital, log: str) -> Iterator[tuple[str, Work, str]]:
    """Who works where: each device at the share it belongs to, the ward at the patient record."""
    plan, logins = hospital.plan, hospital.secrets.logins
    shares = {
        "ws-admissions": ("files-admin", "s.dubois"),
        "ct-1": ("files-imaging", "svc-ct"),
        "analyser-1": ("files-wards", "svc-lab"),
    }
    for machine in plan.estate.machines:
        if machine.role not in SPREADER_ROLES:
            continue
        if machine.id in shares:
            server, login = shares[machine.id]
            work = Work(plan.address(server), login, SHARES[server], f"{spread.DESK}", 0.5)
            yield machine.id, work, logins[login]
        else:
            yield machine.id, Work(plan.address(RECORD), RECORD, log=log), hospital.secrets.database
