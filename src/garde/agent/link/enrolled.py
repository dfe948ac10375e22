"""What an agent knows of its hub once it is enrolled: one small file of the state directory, and a key.

Comes in: a state directory. Goes out: `Enrolled`, and settings that count the hub among those never cut off. The hub's
name was resolved at enrolment: addresses are pinned, nothing that cuts or reports depends on DNS.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from garde.errors import NotFound, StateDamaged
from garde.settings import Settings

_FILE = "hub.json"
KEY_FILE = "agent.key"
CODES_FILE = "release.json"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One enrolment."""

    machine: str  # the estate's id of this machine
    hub_key: str  # Ed25519 public key, hex
    ca: str  # PEM: the only certificate that is believed
    host: str  # as the token had it
    port: int
    addresses: tuple[str, ...]  # what the host resolved to, the one that answered first
    at: float  # wall seconds

    @property
    def flows(self) -> tuple[str, ...]:
        """The flows to the hub, as a cut leaves them open."""
        return tuple(
            f"[{address}]:{self.port}/tcp" if ":" in address else f"{address}:{self.port}/tcp"
            for address in self.addresses
            if not ipaddress.ip_address(address).is_loopback  # a hub on this machine: `lo` stays open anyway
        )


def enrolment_file(state: Path) -> Path:
    return state / _FILE


def is_enrolled(state: Path) -> bool:
    """Return whether this state directory belongs to a hub's agent."""
    return enrolment_file(state).exists()


def load(state: Path) -> Enrolled:
    """Read it; raises NotFound or StateDamaged."""
    from garde.trust.files import read_secret

    path = enrolment_file(state)
    try:
        found = msgspec.json.decode(read_secret(path), type=Enrolled)
        for address in found.addresses:
            ipaddress.ip_address(address)
    except NotFound as error:
        raise NotFound(f"{state} belongs to no hub", "run `garde enroll TOKEN` first") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise StateDamaged(f"{path}: {error}", "enrol this machine again") from error
    return found


def save(state: Path, enrolled: Enrolled) -> None:
    """Write it in one step."""
    from garde.trust.files import write_secret

    write_secret(enrolment_file(state), msgspec.json.encode(enrolled))


def with_hub(settings: Settings, enrolled: Enrolled) -> Settings:
    """Return the settings with the hub's addresses never cut off, beside what was set by hand."""
    contain = settings.contain
    hub = contain.hub or next(iter(enrolled.addresses), "")
    more = tuple(each for each in enrolled.addresses if each != hub and each not in contain.never_cut)
    changed = dataclasses.replace(contain, hub=hub, never_cut=(*contain.never_cut, *more))
    return dataclasses.replace(settings, contain=changed)
