"""Between the hospital and the Internet: ordinary pages, the line by which the spreader is led, what is stolen.

Comes in: the hospital, the night's script, what was drawn of outside. Goes out: `Abroad`, for the length of a `with`:
people look at pages from every screen, one machine is led from outside from before the first burst on, and `steal`
copies files out where the seed says so. What left is counted by whoever took it (`taken`). All of it stays in the lab's
namespaces, and goes by its gateway.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import msgspec

from garde.errors import Incomplete
from garde.lab.attackers.smb_attack import PASSWORD
from garde.lab.attackers.smb_theft import Theft
from garde.lab.hospital import network
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.internet import CONTROLLER_PORT, NAMES_PORT, THIEF_PORT, WEB_PORT
from garde.lab.hospital.plan import SHARES, Plan
from garde.lab.hospital.programs import PYTHON
from garde.lab.night.beside import Beside
from garde.lab.night.draw import SPREADER_ROLES, Reach, Script

PAGES_S: Final = 1.0  # between two pages at one screen
STEAL_S: Final = 90.0
PLACES_DATE: Final = "2019-03-01"  # of the lab's list of places


class Abroad:
    """For the length of a `with`. Without `reach` nobody looks at pages and nobody is led; files are stolen at once."""

    def __init__(self, hospital: Hospital, script: Script, reach: Reach | None = None) -> None:
        self._hospital, self._plan, self._script, self._reach = hospital, hospital.plan, script, reach
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if self._reach is None:
            return self
        write_places(self._plan, self._reach)
        with ExitStack() as stack:
            for number, machine in enumerate(screens(self._plan)):
                words = [*self._place(network.WEB, WEB_PORT), str(PAGES_S), f"{self._script.seed} {number}"]
                stack.enter_context(Beside(self._hospital, machine, "garde.lab.night.surfer", *words))
            place = self._place(network.CONTROLLER, CONTROLLER_PORT)
            spreader = self._script.spreader
            stack.enter_context(Beside(self._hospital, spreader, "garde.lab.attackers.led", *place, spreader))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _place(self, host: int, port: int) -> tuple[str, str]:
        return network.outside_address(self._plan, host), str(port)

    def steal(self) -> None:
        """The theft before the damage, where the seed says so."""
        script, reach = self._script, self._reach
        if not script.upload:
            return
        hospital, server = self._hospital, script.first_server
        theft = Theft(
            server=self._plan.address(server),
            share=SHARES[server],
            login=script.user,
            files=script.upload,
            seed=script.seed,
            to=network.outside_address(self._plan, network.THIEF),
            port=NAMES_PORT if reach and reach.way == "names" else THIEF_PORT,
            way=reach.way if reach else "bulk",
            least=reach.least if reach else 0,
        )
        done = hospital.run(
            script.spreader,
            [*PYTHON, "-m", "garde.lab.attackers.smb_theft"],
            env={PASSWORD: hospital.secrets.logins[script.user]},
            input=msgspec.json.encode(theft),
            capture_output=True,
            timeout=STEAL_S,
        )
        if done.returncode:
            raise Incomplete(f"the theft failed: {done.stderr.decode(errors='replace').strip()[-200:]}", "run it again")


def write_places(plan: Plan, reach: Reach) -> None:
    """Tell the hub where the lab's Internet lies: its addresses are set aside for tests, and stand in no real list."""
    hosts = (
        (network.CONTROLLER, reach.leads_from, "LAB-RELAY,relay hosting"),
        (network.THIEF, reach.takes_to, "LAB-HOSTING,hosting"),
        (network.WEB, "BE", "LAB-WEB,"),
        (network.PROVIDER, "BE", "LAB-TELEPHONE,"),
    )
    lines = [f"# The lab's own places, drawn by its seed. {PLACES_DATE}"]
    for host, country, network_and_use in hosts:
        for version in (4, 6):
            address = network.outside_address(plan, host, version)
            lines.append(f"{address},{address},{country},{network_and_use}")
    (plan.hub_state / "lab-places.csv").write_text("\n".join(lines) + "\n", encoding="ascii")
    settings = 'debian = false\n\n[[source]]\nsort = "text"\nname = "the lab\'s places"\nfiles = ["lab-places.csv"]\n'
    (plan.hub_state / "geoip.toml").write_text(settings, encoding="ascii")


def screens(plan: Plan) -> list[str]:
    """The machines at which somebody sits."""
    return [machine.id for machine in plan.estate.machines if machine.role in SPREADER_ROLES]


def taken(log: Path) -> int:
    """Bytes that the thief outside took, by its own count: in connections, and in questions about names."""
    words = [line.split() for line in (log.read_bytes() if log.exists() else b"").splitlines()]
    return sum(int(it[2]) for it in words if len(it) == 4 and it[0] in (b"u", b"n") and it[2].isdigit())
