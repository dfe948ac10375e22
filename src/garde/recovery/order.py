"""In which order servers return: waves proposed from the estate, and what the graph says against an order of people.

Comes in: the estate, how servers are rated. Goes out: `needs_of`, `circle_of`, `layer_of`, `propose`, `warn`. Pure; it
decides nothing: the order is a decision of people, the graph only warns. The rules, one test each:

1. A machine needs what the estate says it needs, and the machines of the services that a service of its own needs.
2. Machines that need each other in a circle are named, and verified together: none of them could be the first.
3. A machine's place in the order is the layer that the estate names; else that of its role; else that of the words in
   its id, its name and the services on it; else the last.
4. What is proposed are the servers with an agent that may be cut off at all. Nothing stands in a wave before what it
   needs, whatever its layer.
5. Warned of is: what would start before what it needs; a need that was hit and is in no wave; what stands twice, is not
   in the estate, may never be cut off or carries no agent; a server that was hit and is left out; a circle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final
from weakref import WeakKeyDictionary

from garde.estate.dependencies import in_order, start_needs
from garde.estate.look import Lookup
from garde.estate.never import why_never_machine
from garde.estate.nouns import Machine
from garde.estate.vocabulary import LAYERS
from garde.model.restart import Status
from garde.recovery import reasons as r
from garde.recovery.memory import State
from garde.recovery.reasons import Reason, because

MOST_WARNINGS: Final = 50  # kept with a plan: further ones are read by nobody
HIT: Final = frozenset({Status.SUSPECT, Status.IMPACTED})
_OTHER: Final = "other"
_BY_ROLE: Final = {
    "hub": "core", "gateway": "network", "switch": "network", "modality": "radiology", "laboratory": "laboratory",
    "workstation": _OTHER, "printer": _OTHER,
}  # fmt: skip
# Words in ids and names, as hospitals write them, in English and French.
_WORDS: Final = {
    "core": "backup backups sauvegarde sauvegardes vault hypervisor hyperviseur vcenter esx esxi proxmox bastion",
    "network": "dns dhcp ntp radius réseau network",
    "identity": "dc ad ldap directory annuaire identity identité domain domaine sso",
    "monitoring": "monitoring supervision siem log logs edr journaux",
    "storage": "db sql database databases files file fileserver storage san nas stockage fichiers données",
    "telephony": "pbx telephone téléphone telephony téléphonie pager pagers paging sip",
    "index": "mpi index adt interface interfaces engine hl7",
    "laboratory": "laboratory lab lis blood transfusion laboratoire sang pathology",
    "radiology": "radiology ris pacs imaging worklist radiologie imagerie",
    "pharmacy": "pharmacy pharmacie prescriptions emar medication médicaments",
    "record": "record records dossier dossiers ehr emr dpi",
    "theatre": "theatre theatres bloc sterilisation stérilisation sterilization dialysis dialyse oncology oncologie",
    "scheduling": "appointments scheduling sms rendez admissions agenda reminders",
    "mail": "mail mails smtp courriel messagerie",
    "web": "web www internet portal portail wifi",
}  # fmt: skip
_LAYER_OF_WORD: Final = {word: layer for layer, words in _WORDS.items() for word in words.split()}
_WORD: Final = re.compile(r"[^\W\d_]+|hl7")


class _Graph:
    """What needs what, worked out once for each estate."""

    def __init__(self, look: Lookup) -> None:
        self.needs = start_needs(look.estate)
        self.order = {each.id: number for number, each in enumerate(look.estate.machines)}
        self.circles = _circles(self.needs, self.order)
        self.group = {name: self.circles.get(name, (name,))[0] for name in self.needs}
        behind: dict[str, dict[str, None]] = {}
        for name, first in self.group.items():
            behind.setdefault(first, {}).update(dict.fromkeys(self.group[need] for need in self.needs[name]))
        # Of each circle and single machine, by its first member: what stands behind it.
        self.behind = {first: tuple(each for each in found if each != first) for first, found in behind.items()}


_GRAPHS: WeakKeyDictionary[Lookup, _Graph] = WeakKeyDictionary()


def _graph(look: Lookup) -> _Graph:
    found = _GRAPHS.get(look)
    if found is None:
        found = _GRAPHS[look] = _Graph(look)
    return found


def needs_of(look: Lookup, machine: str) -> tuple[str, ...]:
    """Return what must be verified directly before this machine."""
    return _graph(look).needs.get(machine, ())


def needed_by(look: Lookup, machine: str) -> tuple[str, ...]:
    """Return the machines that need this one directly."""
    return tuple(name for name, needs in _graph(look).needs.items() if machine in needs)


def circle_of(look: Lookup, machine: str) -> tuple[str, ...]:
    """Return the machines that need each other in a circle with this one, in the order of the file; () where none do.

    Several circles that share a machine are one.
    """
    return _graph(look).circles.get(machine, ())


def layer_of(look: Lookup, machine: Machine) -> str:
    """Return the layer in which a machine returns."""
    if machine.layer in LAYERS:
        return machine.layer
    if machine.role in _BY_ROLE:
        return _BY_ROLE[machine.role]
    services = look.services_of(machine.id)
    texts = [machine.id, machine.name, *(each.id for each in services)]
    texts += [words for each in services for words in each.name.values()]
    words = (word.lower() for text in texts for word in _WORD.findall(text))
    return next((_LAYER_OF_WORD[word] for word in words if word in _LAYER_OF_WORD), _OTHER)


# --- what is proposed -------------------------------------------------------------------------------------------------


def propose(look: Lookup, state: State | None = None) -> tuple[tuple[str, ...], ...]:
    """Return waves for people to decide on. With a state: also machines that were hit and are no servers."""
    hit = {name for name, each in state.ratings.items() if each.status in HIT} if state is not None else set()
    wanted = [
        each for each in look.estate.machines
        if each.agent and (each.role == "server" or each.id in hit) and not why_never_machine(look, each.id)
    ]  # fmt: skip
    places = _places(look, wanted)
    waves: dict[tuple[int, int], list[str]] = {}
    for name, place in places.items():
        waves.setdefault(place, []).append(name)
    return tuple(tuple(waves[place]) for place in sorted(waves))


def _places(look: Lookup, wanted: Sequence[Machine]) -> dict[str, tuple[int, int]]:
    """Give each machine its layer and, in it, how deep it stands on others of that layer."""
    graph = _graph(look)
    layer: dict[str, int] = {}
    for each in wanted:
        first = graph.group[each.id]
        layer[first] = max(layer.get(first, 0), LAYERS.index(layer_of(look, each)))
    place: dict[str, tuple[int, int]] = {}
    for first in in_order(graph.behind, graph.behind):
        deepest = max((place[each] for each in graph.behind[first]), default=(0, -1))
        # What is not led back itself still hands on the place of what stands behind it.
        own = (layer[first], 0) if first in layer else (0, -1)
        place[first] = max(own, (deepest[0], deepest[1] + (first in layer)))
    return {each.id: place[graph.group[each.id]] for each in wanted}


def _circles(needs: dict[str, tuple[str, ...]], order: dict[str, int]) -> dict[str, tuple[str, ...]]:
    """Return for every machine in a circle all machines of it (Tarjan's components, without recursion)."""
    found: dict[str, tuple[str, ...]] = {}
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    path: dict[str, None] = {}
    for start, first in needs.items():
        stack = [(start, iter(first))] if start not in number else []
        while stack:
            name, rest = stack[-1]
            if name not in number:
                number[name] = low[name] = len(number)
                path[name] = None
            after = next(rest, None)
            if after is None:
                stack.pop()
                if stack:
                    low[stack[-1][0]] = min(low[stack[-1][0]], low[name])
                if low[name] == number[name]:
                    found |= _close(name, path, order)
            elif after not in number:
                stack.append((after, iter(needs.get(after, ()))))
            elif after in path:
                low[name] = min(low[name], number[after])
    return found


def _close(name: str, path: dict[str, None], order: dict[str, int]) -> dict[str, tuple[str, ...]]:
    members: list[str] = []
    while not members or members[-1] != name:
        members.append(path.popitem()[0])
    if len(members) == 1:
        return {}
    circle = tuple(sorted(members, key=lambda each: order[each]))
    return dict.fromkeys(circle, circle)


# --- what the graph says ----------------------------------------------------------------------------------------------


def warn(look: Lookup, state: State, waves: Iterable[Iterable[str]]) -> tuple[Reason, ...]:
    """Return what speaks against this order."""
    listed = [list(wave) for wave in waves]
    return tuple(islice(dict.fromkeys(_warnings(look, state, listed)), MOST_WARNINGS))


def _warnings(look: Lookup, state: State, waves: list[list[str]]) -> Iterator[Reason]:
    place: dict[str, int] = {}
    for number, wave in enumerate(waves, 1):
        for name in wave:
            if name in place:
                yield because(r.W_TWICE, machine=name)
            place.setdefault(name, number)
    for name in place:
        yield from _about(look, state, place, name)
    for circle in dict.fromkeys(circle_of(look, name) for name in place):
        if circle:
            yield because(r.W_CIRCLE, machines=", ".join(circle))
    for each in look.estate.machines:
        if each.id not in place and each.role == "server" and state.rating(each.id).status in HIT:
            yield because(r.W_LEFT_OUT, machine=each.id)


def _about(look: Lookup, state: State, place: dict[str, int], name: str) -> Iterator[Reason]:
    found = look.machines.get(name)
    if found is None:
        yield because(r.W_UNKNOWN, machine=name)
        return
    if why_never_machine(look, name):
        yield because(r.W_NEVER, machine=name)
    if not found.agent:
        yield because(r.W_NO_AGENT, machine=name)
    circle = circle_of(look, name)
    for need in needs_of(look, name):
        if need in place:
            if place[need] > place[name] and need not in circle:
                yield because(r.W_BEFORE, machine=name, need=need)
        elif state.rating(need).status in HIT:
            yield because(r.W_NEED_HIT, machine=name, need=need)
