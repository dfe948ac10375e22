"""A small hospital and its hub, in memory: entries go in as the hub's loop writes them, and everything that follows stands.

Comes in: payloads with who says them. Goes out: `House`: the entries, the state, and short ways to say what agents, people
and the clock say. The journal's own `write_all` makes the entries, so that followers come in the hub's order.
"""  # noqa: E501

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from tests.support.capability_house import CapabilityHouse

from garde.contain import policy, state
from garde.contain.memory import Cut, Incident, State
from garde.estate.look import Lookup
from garde.estate.nouns import Estate, Gateway, Machine, Never, Person, Rule, Service, Ward
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.text import Text

START = 1_800_000_000.0
SERVERS = ("files-1", "files-2", "files-3")
WS1, WS2, WS3, BLOOD, LABGW, STRANGER = "10.0.2.1", "10.0.2.2", "10.0.2.3", "10.0.2.9", "10.0.3.1", "10.9.9.9"


def _server(number: int, **more: object) -> Machine:
    return Machine(
        f"files-{number}", f"Files {number}", "server", (f"10.0.1.{number}",), switch="sw-1", port=f"p{number}",
        agent=True, **more,
    )  # fmt: skip


def _workstation(number: int, *addresses: str) -> Machine:
    found = (f"10.0.2.{number}", *addresses)
    return Machine(f"ws-{number}", f"Desk {number}", "workstation", found, switch="sw-1", port=f"w{number}")


MACHINES = (
    Machine("hub-1", "Hub", "hub", ("10.0.0.10",), switch="sw-1", port="h1"),
    Machine("gw-1", "Gateway", "gateway", ("10.0.0.1", "10.0.1.254"), agent=True),
    Machine("sw-1", "Switch", "switch", ("10.0.0.2",), snmp="10.0.0.2:161"),
    Machine("sw-2", "Old switch", "switch", ("10.0.0.3",)),
    _server(1),
    _server(2),
    _server(3),
    _workstation(1, "fd00::1"),
    _workstation(2),
    _workstation(3),
    Machine("ws-4", "Desk 4", "workstation", ("10.0.2.4",), switch="sw-2", port="w4"),
    Machine("ws-blood", "Blood bank", "workstation", (BLOOD,), switch="sw-1", port="w9"),
    Machine("labgw-1", "Analysers", "laboratory", (LABGW,), switch="sw-1", port="l1"),
    Machine("pc-a", "Shared port A", "workstation", ("10.0.2.21",), switch="sw-1", port="s1"),
    Machine("pc-b", "Shared port B", "workstation", ("10.0.2.22",), switch="sw-1", port="s1"),
)
SERVICES = (
    Service("record", {"en": "Medical record", "fr": "Dossier médical"}, ("files-1",)),
    Service("letters", {"en": "Letters", "fr": "Courriers"}, ("files-2",), clinical=False),
    Service("blood", {"en": "Blood bank", "fr": "Banque de sang"}, ("ws-blood",)),
    Service("internet", {"en": "Internet", "fr": "Internet"}, ("gw-1",), clinical=False),
    Service("pharmacy", {"en": "Pharmacy", "fr": "Pharmacie"}, (), uses=("internet", "record")),
    Service("beds", {"en": "Beds", "fr": "Lits"}, ("pc-b",)),
)
RULES = (
    Rule("stop-client", ("block", "kick"), "automatic", care="none", words={"en": "At once.", "fr": "Aussitôt."}),
    Rule("stop-clinical", ("block", "kick"), "one", words={"en": "One decides."}),
    Rule("isolate-at-once", ("isolate", "port"), "automatic", severity=2, care="none", words={"en": "Isolated."}),
    Rule("isolate", ("isolate", "port"), "one", words={"en": "Otherwise one."}),
    Rule("accounts", ("account", "read_only"), "one", words={"en": "One for accounts."}),
    Rule("outside", ("outside",), "two", roles=("it_director", "general_director"), words={"en": "Two."}),
    Rule("unanswered", ("isolate", "outside"), "unanswered", severity=2, after_s=300, words={"en": "Unanswered."}),
)
PEOPLE = (
    Person("okafor", "A. Okafor", ("on_call_it",), logins=("okafor", "aokafor")),
    Person("dupont", "B. Dupont", ("it_director",), logins=("dupont",)),
    Person("maes", "C. Maes", ("general_director",), logins=("maes", "cmaes")),
)
ESTATE = Estate(
    name="Clinic",
    machines=MACHINES,
    services=SERVICES,
    wards=(Ward("w1", {"en": "Ward 1", "fr": "Unité 1"}, 20),),
    people=PEOPLE,
    authority=RULES,
    never_cut=(Never("labgw-1", "Results go through it."),),
    gateways=(Gateway("gw-1", ("wan0",), ("203.0.113.11",)),),
    languages=("en", "fr"),
)


def damage(
    path: bytes, at: float, ending: bytes = b".locked", proofs: tuple[str, ...] = ("random_change",)
) -> k.FileDamage:
    return k.FileDamage(Text(path), Text(path + ending), at, proofs)


def client(address: str, *users: str, **more: object) -> k.ActorNote:
    return k.ActorNote(
        "smb", 812, Text("smbd"), Text("/usr/sbin/smbd"), address=address, users=tuple(map(Text, users)), **more
    )


def process(exe: str = "/tmp/x/enc", *, ssh: bool = False) -> k.ActorNote:
    chain = (k.ProcessNote(7, Text("sshd")),) if ssh else (k.ProcessNote(7, Text("cron")),)
    return k.ActorNote("process", 4031, Text("enc"), Text(exe), Text("root"), chain=chain)


@dataclass
class House(CapabilityHouse):
    """The hub. `log` is the whole journal."""

    STATE, POLICY = state, policy

    estate: Estate = ESTATE
    enrolled: tuple[str, ...] = (*SERVERS, "gw-1")
    now: float = START
    log: list[Entry] = field(default_factory=list)
    state: State = field(default_factory=State)
    verdicts: int = 0

    def __post_init__(self) -> None:
        self.look = Lookup(self.estate)
        self.load(self.estate)
        for machine in self.enrolled:
            self.hub(h.AgentEnrolled(machine, "aa", "bb", "10.0.0.9"), h.AgentAlive(machine, "enforce", "enforce"))

    # --- what is said ---

    def after(self, seconds: float) -> House:
        self.now += seconds
        return self

    def verdict(
        self, server: str, *actors: k.ActorNote, files: int = 4, at: float | None = None, ending: bytes = b".locked",
        id: str = "", more: tuple[Payload, ...] = (),
    ) -> list[Entry]:  # fmt: skip
        self.verdicts += 1
        when = self.now if at is None else at
        damaged = tuple(damage(b"/srv/%d" % n, when - 0.1 + n / 100, ending) for n in range(files))
        judged = k.VerdictReached(id or f"v{self.verdicts}", "session", Text("key"), 20.0, 18.0, damaged, actors)
        return self.agent(server, judged, *more, at=when)

    def decide(self, cut: str, decision: str = "approve", by: str = "okafor", role: str = "operator") -> list[Entry]:
        return self.say(f"person/{by}", h.CutDecided(cut, decision, by, role))

    def wake(self) -> list[Entry]:
        """Let the time come that the first open wake asks for."""
        asked = self.open_wakes()[0]
        self.now = max(self.now, asked.due)
        return self.hub(h.Woke(asked.command, asked.key, asked.due))

    def obey(self, *machines: str, proven: bool = True, verbs: tuple[str, ...] = ()) -> list[Entry]:
        """Let agents (all, or these) carry out every order that is open, and the switch too."""
        said: list[Entry] = []
        for order in self.open_orders():
            if (machines and order.machine not in machines) or (verbs and order.verb not in verbs):
                continue
            done = h.OrderApplied(order.command, order.cut, "done")
            if order.verb == "undo":
                said += self.agent(order.machine, done, h.CutUndone(order.cut, order.command, "hub"))
            else:
                tried = h.CutTried(order.command, order.cut, proven, (h.Check("rule", True, proven),))
                said += self.agent(order.machine, done, tried)
        return said

    # --- what stands ---

    def open_orders(self) -> list[h.OrderAsked]:
        over = {getattr(each.payload, "command", "") for each in self.log if not isinstance(each.payload, h.Command)}
        return [each for each in self.of(h.OrderAsked) if each.command not in over]

    def incident(self) -> Incident:
        (found,) = self.state.incidents.values()
        return found

    def cut(self, action: str, target: str = "") -> Cut:
        """The youngest cut of an action (on a target)."""
        found = [each for each in self.state.cuts.values() if each.action == action and target in ("", each.target)]
        assert found, f"no {action} of {target or 'anything'}: {[each.key for each in self.state.cuts.values()]}"
        return max(found, key=lambda each: (each.generation, each.seq))

    def has(self, action: str, target: str = "") -> bool:
        return any(each.action == action and target in ("", each.target) for each in self.state.cuts.values())

    def changes(self, cut: Cut) -> list[str]:
        return [each.state for each in self.of(h.CutChanged) if each.cut == cut.id]

    def orders(self, cut: Cut, verb: str = "") -> list[h.OrderAsked]:
        return [each for each in self.of(h.OrderAsked) if each.cut == cut.id and verb in ("", each.verb)]


def estate_with(**changes: object) -> Estate:
    return dataclasses.replace(ESTATE, **changes)
