"""A small hospital under attack, with the account's part of the hub's loop in memory.

Comes in: what agents, people, containment and the clock say. Goes out: `House`: entries, state, short ways to say
things.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.capability_house import CapabilityHouse

from garde.estate.nouns import Estate, Machine
from garde.forensics import policy, state
from garde.forensics.memory import Case, State
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import ErrandAsked
from garde.journal.text import Text
from garde.model.order import Verb

START = 1_700_000_000.0
HOUR = 3600.0
ESTATE = Estate(
    name="Clinique",
    machines=(
        Machine("hub", "Hub", "hub", ("10.0.9.9",)),
        Machine("gw", "Gateway", "gateway", ("10.0.0.254",), agent=True),
        Machine("files", "Documents", "server", ("10.0.0.3",), agent=True),
        Machine("scans", "Scans", "server", ("10.0.0.4",), agent=True),
        Machine("ws", "Desk", "workstation", ("10.0.1.1",)),
        Machine("ws2", "Other desk", "workstation", ("10.0.1.2",)),
    ),
)


@dataclass
class House(CapabilityHouse):
    """The hub. `log` is the whole journal."""

    STATE, POLICY = state, policy

    estate: Estate = ESTATE
    now: float = START
    log: list[Entry] = field(default_factory=list)
    state: State = field(default_factory=State)
    done: set[str] = field(default_factory=set)  # commands that have an outcome

    def __post_init__(self) -> None:
        self.load(self.estate)

    def case(self, incident: str = "i1") -> Case:
        found = self.state.case(incident)
        assert found is not None
        return found

    # --- what is said ---

    def attack(self, machine: str = "files", incident: str = "i1") -> list[Entry]:
        """Containment joins a first report of harm."""
        return self.hub(h.IncidentOpened(incident, self.now, machine, 1), *self._joined(machine, incident))

    def spread(self, *addresses: str, incident: str = "i1", first: float = START) -> list[Entry]:
        suspects = tuple(h.Suspect(self.look.id_of(each), each, (), 0.9, "it wrote") for each in addresses)
        hops = tuple(h.Hop(each.machine or each.address, "files", first, 4) for each in suspects)
        return self.hub(h.SpreadFound(incident, hops[0].source, "files", first, hops, suspects, (), 4))

    def harm(self, machine: str, incident: str = "i1") -> list[Entry]:
        return self.hub(*self._joined(machine, incident))

    def sees(self, machine: str, source: str = "flows", sort: str = "conntrack", how: str = "sees") -> list[Entry]:
        return self.agent(machine, f.FlowSourceState(source, sort, how, (machine,), self.now))

    def finding(self, machine: str, before: str, after: str) -> list[Entry]:
        damage = k.FileDamage(Text(before), Text(after), self.now, ("type_lost",))
        return self.agent(machine, k.FindingMade(damage, k.ActorNote("unknown"), "v1"))

    def errands(self, verb: Verb) -> list[ErrandAsked]:
        """What is asked and has no outcome yet."""
        return [each for each in self.of(ErrandAsked) if each.verb == verb and each.command not in self.done]

    def gathered(self) -> list[Entry]:
        """Every agent that was asked has gathered."""
        said: list[Entry] = []
        for each in self.errands(Verb.GATHER):
            self.done.add(each.command)
            said += self.agent(each.machine, f.EvidenceGathered(each.command, 3, 9_000, 0, 0.5))
        return said

    def looked(self, blind: tuple[f.Blind, ...] = ()) -> list[Entry]:
        """Every agent that was asked has looked back at its flows."""
        said: list[Entry] = []
        for each in self.errands(Verb.FLOWS):
            self.done.add(each.command)
            looked = f.EgressLooked(each.command, "flows", "conntrack", (each.machine,), each.since, each.until, 10, 0,
                                    blind, 6.0)  # fmt: skip
            said += self.agent(each.machine, looked)
        return said

    def _joined(self, machine: str, incident: str) -> list[Payload]:
        return [h.HarmJoined(incident, machine, "v1", "10.0.1.1", (), "first")]
