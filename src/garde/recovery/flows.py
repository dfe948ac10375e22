"""What a server talks to on its way back, and what a look from outside tries.

Comes in: the estate, the state. Goes out: flows as an order's `allow` has them, ports. Pure. The rules, one test each:

1. Listed flows are those that the estate names for the machine. Where it names none: the machines that it needs, those
   that need it, and those of services that need or use a service on it.
2. A machine that was hit, or is cut again, is in nobody's flows as long as it is.
3. While a clinician tries it, a machine talks to the places where its services are tried, and to what it needs as far
   as that is open again itself.
4. Looked at are the ports that listed flows name, and those that servers and intruders use; from a machine that the
   flows in force name an answer is no surprise.
5. Who looks is a machine with an agent that is alive, was not hit and is not isolated itself: one that the flows in
   force do not name before others, then a gateway, then in the order of the file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from garde.estate.addresses import read_address, read_flow, same
from garde.estate.look import Lookup
from garde.estate.nouns import Machine
from garde.model.restart import OPENED, Stage
from garde.recovery.memory import State
from garde.recovery.order import HIT, needed_by, needs_of

# What servers of a hospital answer on (SSH to DICOM and HL7), and what intruders like to leave behind.
USUAL_PORTS: Final = (
    21, 22, 23, 25, 53, 80, 88, 104, 111, 135, 139, 389, 443, 445, 465, 587, 631, 636, 873, 993, 1337, 1433, 2049, 2222,
    2575, 2761, 2762, 3128, 3306, 3389, 4242, 4443, 4444, 4445, 5000, 5060, 5432, 5555, 5900, 5985, 5986, 6000, 6379,
    6666, 6667, 7001, 8000, 8008, 8042, 8080, 8081, 8443, 8888, 9000, 9001, 9090, 9100, 9200, 9999, 10000, 11112, 12345,
    27017, 31337, 50000,
)  # fmt: skip


def listed_flows(look: Lookup, state: State, machine: str) -> tuple[str, ...]:
    """Return what this machine may talk to when it is open for its listed flows."""
    found = look.machines.get(machine)
    if found is None:
        return ()
    others = [name for name in {*state.ratings, *state.steps} if name != machine and not is_sound(state, name)]
    unsound = [address for name in others for address in look.addresses_of(name)]
    if found.flows:
        return tuple(each for each in found.flows if not _names_one(each, unsound))
    peers = [each for each in _peers(look, machine) if is_sound(state, each)]
    return _addresses(look, peers, machine)


def trial_flows(look: Lookup, state: State, machine: str) -> tuple[str, ...]:
    """Return what it may talk to while a clinician tries it; () where nobody does so at a place of their own."""
    places = [name for each in look.services_of(machine) for name in each.tried_from]
    sound = [each for each in dict.fromkeys(places) if is_sound(state, each) and each != machine]
    if not sound:
        return ()
    open_ = [each for each in needs_of(look, machine) if state.step(each).stage in OPENED or not state.step(each).round]
    return _addresses(look, [*sound, *(each for each in open_ if is_sound(state, each))], machine)


def ports_to_try(look: Lookup, machine: str) -> tuple[int, ...]:
    """Return the ports that a look from outside tries."""
    found = look.machines.get(machine)
    named = (_flow_port(each) for each in (found.flows if found else ()))
    return tuple(sorted({*USUAL_PORTS, *(port for port in named if port)}))


def is_expected(allow: Iterable[str], addresses: Collection[str]) -> bool:
    """Whether the flows in force name the machine that looks, by its addresses: then an answer says nothing."""
    return any(_names_one(each, addresses) for each in allow)


def find_looker(look: Lookup, state: State, machine: str, allow: Collection[str] = ()) -> str:
    """Return who can look at this machine from outside; "" where nobody can."""
    able = [each for each in look.agents if each.id != machine and _can_look(state, each)]
    order = sorted(able, key=lambda each: (is_expected(allow, look.addresses_of(each.id)), each.role != "gateway"))
    return order[0].id if order else ""  # sorting is stable: of equals as the file has them


def is_sound(state: State, machine: str) -> bool:
    """Whether a machine's word about another one counts: not cut again; not hit, or led through every gate since."""
    stage = state.step(machine).stage
    return stage != Stage.RECUT and (state.rating(machine).status not in HIT or stage in OPENED)


def _can_look(state: State, machine: Machine) -> bool:
    agent = state.agents.get(machine.id)
    alive = agent is not None and not agent.silent and not agent.weaker
    step = state.step(machine.id)
    held = bool(step.isolations) or machine.id in state.cut_off or step.stage == Stage.RECUT
    return alive and not held and is_sound(state, machine.id)


def _peers(look: Lookup, machine: str) -> list[str]:
    own = {each.id for each in look.services_of(machine)}
    near = [each for each in look.estate.services if own & {*each.needs, *each.uses} or machine in each.uses]
    near += [each for each in look.estate.services if each.id in own]
    known = [*needs_of(look, machine), *needed_by(look, machine)]
    known += [name for each in near for name in each.machines]
    known += [name for each in near for name in each.tried_from]
    return [each for each in dict.fromkeys(known) if each != machine]


def _addresses(look: Lookup, names: Iterable[str], machine: str) -> tuple[str, ...]:
    own = set(look.addresses_of(machine)) | set(look.hub_addresses)
    found = dict.fromkeys(address for name in names for address in look.addresses_of(name))
    return tuple(each for each in found if each not in own and _is_address(each))


def _is_address(text: str) -> bool:
    try:
        read_address(text)
    except ValueError:
        return False
    return True


def _names_one(flow: str, addresses: Iterable[str]) -> bool:
    try:
        network = read_flow(flow).network
    except ValueError:
        return False
    return any(_is_address(each) and read_address(same(each)) in network for each in addresses)


def _flow_port(text: str) -> int:
    try:
        found = read_flow(text)
    except ValueError:
        return 0
    return found.port if found.protocol == "tcp" else 0
