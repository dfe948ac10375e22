"""The lab's second hospital: a hub, a file server with its agent, a workstation, in namespaces of their own.

Comes in: the first hospital's record, a seed. Goes out: `Neighbour`: made by `make` beside the first, with a line
between the two crisis rooms and nothing else in common; it ends and is removed with the lab. It uses the commands that
a hospital's administrator uses.
"""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from garde.lab.documents import Document
from garde.lab.hospital import disks, fileserver, guard, network
from garde.lab.hospital.plan import HUB, NEIGHBOUR, Plan
from garde.lab.hospital.programs import PYTHON, Programs
from garde.lab.hospital.record import Record

SERVER, WORKSTATION = "files-wards", "ws-1"
DOCUMENTS = 80
PASSED = 0o711  # the servers' own users pass through


class NeighbourPlan(Plan):
    """The same as the first's, with names, addresses and directories of its own."""

    template: ClassVar[str] = "neighbour.yaml"

    def namespace(self, machine: str) -> str:
        return f"garde{self.number}-{NEIGHBOUR}-{machine}"

    @property
    def clock_path(self) -> Path:
        """Time passes in both at once."""
        return self.home.parent / "clock"


class Neighbour:
    """One of them. Nothing is there before `make`."""

    documents: Sequence[Document] = ()
    account: guard.FirstAccount | None = None

    def __init__(self, record: Record) -> None:
        self._first = record.plan
        self.plan = NeighbourPlan(NEIGHBOUR, record.notes.number, record.home / NEIGHBOUR)
        self.programs = Programs(record, self.plan)
        logins = sorted(login for person in self.plan.estate.people for login in person.logins)
        self.logins = {login: secrets.token_urlsafe(9) for login in logins}

    def make(self, seed: int, *, guarded: bool = True) -> None:
        """Make all of it; raises Incomplete. What was made until then goes with the lab."""
        self._lay_out()
        network.make_neighbour(self._first, self.plan)
        disks.make(self.plan.machine_home(SERVER))
        fileserver.prepare(self.plan, SERVER, list(self.logins))
        process = fileserver.start(self.programs, self.plan, SERVER, self.logins)
        self._fill(seed)
        if guarded:
            self.account = guard.make_hub(self.programs, self.plan, None, calling=False)
            guard.run_hub(self.programs, self.plan)
        fileserver.wait(self.programs, self.plan, {SERVER: process})
        if guarded:
            guard.start_agents(self.programs, self.plan)

    def _lay_out(self) -> None:
        self.plan.home.mkdir(mode=PASSED)
        for folder in ("log", "machines", "agents"):
            (self.plan.home / folder).mkdir(mode=PASSED)
        self.plan.machine_home(SERVER).mkdir(mode=PASSED)
        self.plan.estate_path.write_text(self.plan.estate_text, encoding="utf-8")

    def _fill(self, seed: int) -> None:
        from garde.lab.documents import make_some

        self.documents = make_some(self.plan.share(SERVER), DOCUMENTS, seed, fileserver.KEEPER_ID)

    def python(self, machine: str, module: str, *words: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start a module of ours on a machine."""
        return self.programs.popen(machine, [*PYTHON, "-m", module, *words], **options)

    def hub(self, *given: str) -> str:
        """A command of the hub's administrator; returns what it says. Raises Incomplete where it fails."""
        return self.programs.check(f"garde {' '.join(given[:2])}", HUB, guard.words(self.plan, HUB, *given))
