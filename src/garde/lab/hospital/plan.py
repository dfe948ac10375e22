"""Which machines a lab has, with its own numbers: two labs side by side share no name and no address.

Comes in: the lab's number and its directory. Goes out: `Plan`: the estate as this lab's hub is told of it, the name
of each namespace, and where everything lies. Nothing is made here.

Addresses come from what is set aside for tests of network equipment (RFC 2544) and a private range of IPv6: no hospital
routes them. `hospital.yaml` is written for number 0; a lab's number replaces the third part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import ClassVar

from garde.estate.nouns import Estate, Machine
from garde.estate.read import read_bytes, refusal

NUMBERS = range(1, 256)
TEMPLATE = "hospital.yaml"
# The template's own addresses, and how number N writes them. Inside, and outside the gateway.
_RENUMBERED = (
    ("198.18.0.", "198.18.{number}."),
    ("198.19.0.", "198.19.{number}."),
    ("fd67:6172:6465:0:", "fd67:6172:6465:{number:x}:"),
    ("fd67:6172:6465:100:", "fd67:6172:6465:{outside:x}:"),
    ("fd67:6172:6465:200:", "fd67:6172:6465:{neighbour:x}:"),
    ('"02:67:61:00:', '"02:67:61:{number:02x}:'),
)
SHARES = {"files-wards": "wards", "files-imaging": "imaging", "files-admin": "offices"}
RECORD, GATEWAY, HUB, SWITCH = "record", "gateway", "hub", "switch"
SERVERS = (*SHARES, RECORD)  # those with a disk of their own
CRISIS_PRINTER = "printer-crisis"
INTERNET = "internet"  # a namespace, and no machine of the hospital
HUB_PORT = 8443
# What stands aside, on a switch of its own: in no estate, so that the hub knows of none of it and can cut none of it.
ASIDE_SWITCH, DESK, MODALITY = "aside", "desk", "xray-1"
WARD_PCS = {"SI": "pc-si", "MAT": "pc-mat"}  # by ward: each with a printer of its own
_ASIDE = {DESK: 130, MODALITY: 141, "pc-si": 151, "pc-mat": 152}  # the last part of each address
FEED_PORT = 2575  # the desk, for HL7
WORKLIST_PORT = 11112  # the desk, for DICOM
PARCEL_PORT = 2580  # a ward's PC, for packs
# A second hospital, with nothing of the first's but a line between the two crisis rooms (`neighbour.py`).
NEIGHBOUR = "chu"
NEIGHBOUR_MACHINES = ("switch", "hub", "files-wards", "ws-1")


@dataclass(frozen=True)
class Plan:
    """One lab. Everything about it follows from its name, number and directory."""

    name: str
    number: int
    home: Path
    template: ClassVar[str] = TEMPLATE

    @cached_property
    def estate_text(self) -> str:
        """The estate as YAML, with this lab's addresses."""
        text = (resources.files(__package__) / self.template).read_text(encoding="utf-8")
        numbers = {"number": self.number, "outside": 0x100 + self.number, "neighbour": 0x200 + self.number}
        for written, form in _RENUMBERED:
            text = text.replace(written, form.format_map(numbers))
        return text

    @cached_property
    def estate(self) -> Estate:
        reading = read_bytes(self.estate_text.encode(), self.template)
        if reading.estate is None or reading.errors:
            raise refusal(reading.errors, Path(self.template))
        return reading.estate

    @cached_property
    def machines(self) -> dict[str, Machine]:
        return {machine.id: machine for machine in self.estate.machines}

    @property
    def guarded(self) -> tuple[str, ...]:
        """The machines that carry an agent."""
        return tuple(machine.id for machine in self.estate.machines if machine.agent)

    @property
    def aside(self) -> tuple[str, ...]:
        """What stands aside from the hospital's own network."""
        return (ASIDE_SWITCH, *_ASIDE)

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Every one that a lab may have."""
        neighbours = (f"{NEIGHBOUR}-{name}" for name in NEIGHBOUR_MACHINES)
        return tuple(self.namespace(name) for name in (*self.machines, INTERNET, *self.aside, *neighbours))

    def namespace(self, machine: str) -> str:
        return f"garde{self.number}-{machine}"

    def address(self, machine: str) -> str:
        """The machine's IPv4 address."""
        return self.machines[machine].addresses[0]

    def address6(self, machine: str) -> str:
        return self.machines[machine].addresses[1]

    def aside_address(self, machine: str) -> str:
        """The address on the switch that stands aside; IPv4 alone."""
        return f"{self.outside4}.{_ASIDE[machine]}"

    def feed_address(self, machine: str) -> str:
        """The record's end, or the desk's, of the wire on which the feed comes."""
        return f"{self.outside4}.{ {RECORD: 193, DESK: 194}[machine] }"

    @property
    def line_addresses(self) -> tuple[str, str]:
        """The ends of the line between the two crisis rooms: here, and at the second hospital."""
        return f"{self.outside4}.197", f"{self.outside4}.198"

    @property
    def outside4(self) -> str:
        """The network outside, without its last part. Its lower half lies outside; the upper one stands aside."""
        return f"198.19.{self.number}"

    @property
    def outside6(self) -> str:
        return f"fd67:6172:6465:{0x100 + self.number:x}:"

    @property
    def hub_url(self) -> str:
        return f"https://{self.address(HUB)}:{HUB_PORT}"

    # -- where it lies -----------------------------------------------------------------------------------------------

    @property
    def estate_path(self) -> Path:
        return self.home / TEMPLATE

    @property
    def clock_path(self) -> Path:
        return self.home / "clock"

    @property
    def aside_clock_path(self) -> Path:
        """The clock of what stands aside: it shares not even that. The night begins at 03:00 on it."""
        return self.home / "clock-aside"

    @property
    def hub_state(self) -> Path:
        return self.home / "hub"

    @property
    def desk_state(self) -> Path:
        return self.machine_home(DESK) / "state"

    def ward_state(self, ward: str) -> Path:
        return self.machine_home(WARD_PCS[ward]) / "state"

    def ward_spool(self, ward: str) -> Path:
        """Where a ward's printer keeps what it printed."""
        return self.machine_home(WARD_PCS[ward]) / "spool"

    def agent_state(self, machine: str) -> Path:
        return self.home / "agents" / machine

    def machine_home(self, machine: str) -> Path:
        return self.home / "machines" / machine

    def modem(self, folder: str) -> Path:
        """A folder of the SMS daemon: outbox, sent, error, inbox, dummy."""
        return self.machine_home(HUB) / "modem" / folder

    @property
    def spool(self) -> Path:
        """Where the crisis room's printer keeps what it printed."""
        return self.machine_home(CRISIS_PRINTER) / "spool"

    def disk(self, machine: str) -> Path:
        """Where the machine's own file system is mounted."""
        return self.machine_home(machine) / "disk"

    def share(self, machine: str) -> Path:
        """What a file server gives out, or where the record server leaves its exports."""
        return self.disk(machine) / ("exports" if machine == RECORD else "share")

    def archive(self, machine: str) -> Path:
        """A folder of a file server that no agent guards: what is destroyed there comes back from a backup alone."""
        return self.disk(machine) / "archive"

    def log(self, program: str) -> Path:
        return self.home / "log" / f"{program}.log"
