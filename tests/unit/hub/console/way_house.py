"""What agents and people do on the way back, said in their place. The hub's own answers are real."""

from __future__ import annotations

from dataclasses import dataclass, field

from console_house import ConsoleHouse, Night

from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import recovery_kinds as r
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.model.restart import Item

H = 3_600.0
DIGEST = "ab" * 32
STORES = (
    r.StoreNote("nightly", "restic", "files-1", True),
    r.StoreNote("nightly-2", "restic", "files-2", True),
    r.StoreNote("record-base", "postgres", "record-1", True),
)
OF_ITSELF = (Item.REBUILT, Item.WATCHED, Item.NETWORK)
OUTCOMES = ("retention_frozen", "retention_thawed", "points_judged", "point_restored", "baseline_taken",
            "machine_swept", "machine_looked", "watch_raised", "evidence_gathered", "command_failed",
            "order_refused")  # fmt: skip


@dataclass
class WayBack:
    """Agents that do every errand they are asked."""

    night: Night
    unfrozen: frozenset[str] = frozenset()  # stores whose freezing cannot be proven
    found: dict[str, tuple[str, ...]] = field(default_factory=dict)  # machine -> what its sweep finds
    answering: dict[str, tuple[int, ...]] = field(default_factory=dict)  # machine -> ports that answer from outside

    @property
    def house(self) -> ConsoleHouse:
        return self.night.house

    def know_stores(self, holder: str = "backup-1", stores: tuple[r.StoreNote, ...] = STORES) -> None:
        self._say(holder, r.StoresKnown(stores))

    def errands(self) -> list[r.ErrandAsked]:
        """Those that nobody has answered yet."""
        done = {getattr(entry.payload, "command", "") for entry in self.house.loop.journal.entries(kinds=OUTCOMES)}
        asked = (entry.payload for entry in self.house.loop.journal.entries(kinds=("errand_asked",)))
        return [each for each in asked if isinstance(each, r.ErrandAsked) and each.command not in done]

    def do(self, *verbs: str) -> int:
        """Every agent does what it is asked, until nothing is left; returns how many errands that were."""
        count = 0
        while wanted := [each for each in self.errands() if not verbs or each.verb in verbs]:
            for each in wanted:
                self._do(each)
                count += 1
        return count

    def settle(self) -> None:
        """Cuts are carried out and proven, errands done, until nothing is left to do."""
        while self.night.obey() + self.do():
            pass

    def _do(self, asked: r.ErrandAsked) -> None:
        match asked.verb:
            case "freeze":
                self._freeze(asked)
            case "thaw":
                self._say(asked.machine, r.RetentionThawed(asked.command, asked.store, asked.by))
            case "judge":
                self._judge(asked)
            case "restore":
                self._restore(asked)
            case "baseline":
                self._say(asked.machine, r.BaselineTaken(asked.command, DIGEST, 3_210))
            case "sweep":
                self._sweep(asked)
            case "look":
                tried = len(asked.addresses) * len(asked.ports)
                ports = self.answering.get(asked.about, ())
                self._say(asked.machine, r.MachineLooked(asked.command, asked.about, ports, tried))
            case "raise":
                self._say(asked.machine, r.WatchRaised(asked.command, asked.until))
            case "gather":
                self._say(asked.machine, f.EvidenceGathered(asked.command, 0, 0, 0, 0.1))

    def _freeze(self, asked: r.ErrandAsked) -> None:
        proven = asked.store not in self.unfrozen
        checks = (h.Check("the folder’s owner can remove a file of it", False, not proven),)
        detail = "" if proven else "its owner could still remove a file"
        self._say(asked.machine, r.RetentionFrozen(asked.command, asked.store, proven, checks, 0.4, detail))

    def _judge(self, asked: r.ErrandAsked) -> None:
        stores = [each for each in STORES if asked.store in ("", each.store) and each.covers == asked.about]
        for store in stores:
            points = points_of(store, asked.since or self.night.clock.now(), asked.command)
            for each in points:
                self._say(asked.machine, each)
            self._say(asked.machine, r.PointsJudged(asked.command, store.store, len(points), 32.5))
        if not stores:
            self._say(asked.machine, r.PointsJudged(asked.command, asked.store, 0, 0.1))

    def _restore(self, asked: r.ErrandAsked) -> None:
        self._say(
            asked.machine,
            r.PointRestored(
                asked.command, asked.store, asked.point, asked.where, 41_000, 9_000_000_000, 0, True,
                asked.since - 2 * H, 80.0, 40.0, Text("/srv/wards"), Text("/srv/.garde-kept/1"),
            ),
        )  # fmt: skip

    def _sweep(self, asked: r.ErrandAsked) -> None:
        found = tuple(map(Text, self.found.get(asked.machine, ())))
        answers = tuple(
            r.ItemAnswer(each, "no" if found and each is Item.REBUILT else "yes", found if each is Item.REBUILT else ())
            for each in OF_ITSELF
        )
        self._say(asked.machine, r.MachineSwept(asked.command, asked.baseline, answers))

    def _say(self, machine: str, payload: Payload) -> list[Entry]:
        return self.house.loop.append([payload], who=f"agent/{machine}")


def points_of(store: r.StoreNote, since: float, command: str = "c" * 32) -> list[r.PointJudged]:
    """Points of a store around the first hostile write: three before it, one of them doubtful, and one after it."""

    def point(name: str, at: float, colour: str, when: str, *reasons: str, indicators: int = 0) -> r.PointJudged:
        sound = colour in ("green", "amber")
        return r.PointJudged(
            command, store.store, name, store.covers, at, colour, when, 41_000, 9_000_000_000, 400,
            400 if sound else 212, 35 if sound else 18_404, indicators, "whole", "done" if sound else "not_done",
            at if sound else 0.0, reasons,
        )  # fmt: skip

    return [
        point("4f2a91b07c55e1d0", since - 50 * H, "green", "before"),
        point("81c4d3aa90b1f2e7", since - 26 * H, "amber", "before"),
        point("b7720e61f4c9a385", since - 2 * H, "green", "before"),
        point("e90c11d2a7b84f36", since + H, "red", "after", indicators=3),
    ]


IT, DIRECTOR, CARE = ("llemaire", "operator"), ("ejanssens", "it_director"), ("shaddad", "crisis_coordinator")
WAVES = (("db-1", "mpi-1"), ("files-1", "files-2", "files-3"), ("record-1", "pharmacy-1"))


@dataclass
class People:
    """What people say, each as the entry that it becomes."""

    way: WayBack
    waves: tuple[tuple[str, ...], ...] = WAVES

    @property
    def house(self) -> ConsoleHouse:
        return self.way.house

    def round_of(self, machine: str) -> int:
        found: int = self.house.loop.look("recovery", lambda state: state.step(machine).round)
        return found

    def stage_of(self, machine: str) -> str:
        return str(self.house.loop.look("recovery", lambda state: state.step(machine).stage))

    def take_baselines(self, *machines: str) -> None:
        for machine in machines or [name for wave in self.waves for name in wave]:
            self.say(IT, r.BaselineWanted(machine, IT[0]))
        self.way.do("baseline")

    def plan(self, observe_s: float = 4 * H, listed_s: float = H) -> None:
        self.say(CARE, r.RestartPlanned(self.waves, observe_s, listed_s, *CARE))

    def judge(self, *machines: str) -> None:
        for machine in machines:
            self.say(IT, r.JudgingWanted(machine, "", IT[0]))
        self.way.do("judge")

    def bring_back(self, machine: str, store: str, point: str = "b7720e61f4c9a385") -> None:
        for where in ("scratch", "place"):
            self.say(IT, r.PointChosen(machine, store, point, where, *IT))
            self.way.do("restore")

    def begin(self, *machines: str) -> None:
        for machine in machines:
            self.say(IT, r.StepWanted(machine, "begin", *IT))
        self.way.settle()

    def answer(self, machine: str, *items: Item, who: tuple[str, str] = IT, answer: str = "yes", until: float = 0.0,
               note: str = "") -> None:  # fmt: skip
        for item in items:
            said = r.GateAnswered(machine, self.round_of(machine), item, answer, *who, until, Text(note))
            self.say(who, said)

    def change_credentials(self, machine: str) -> None:
        listed = self.house.loop.look("recovery", lambda state: [
            (each.credential, each.times) for each in state.credentials.values() if machine in each.machines
        ])  # fmt: skip
        for credential, times in listed:
            for _ in range(times):
                self.say(IT, r.CredentialChanged(credential, IT[0]))
                if times > 1:
                    self.pass_time(11 * H)

    def answer_all(self, machine: str) -> None:
        self.change_credentials(machine)
        self.answer(machine, Item.ENTRY, Item.EVIDENCE, Item.REBUILT, Item.SUPPLIERS)
        self.answer(machine, Item.CLINICIAN, who=CARE)
        self.way.settle()

    def sign(self, machine: str) -> None:
        for (login, role), side in ((IT, "it"), (CARE, "service")):
            self.say((login, role), r.GateSigned(machine, self.round_of(machine), side, login, role))
        self.way.settle()

    def pass_time(self, seconds: float) -> None:
        """Time passes; agents live on, and do what they are asked meanwhile."""
        self.house.clock.advance(seconds)  # type: ignore[attr-defined]
        self.way.night.beat()
        self.house.hub.tick()
        self.way.settle()

    def say(self, who: tuple[str, str], payload: Payload) -> None:
        self.house.loop.append([payload], who=f"person/{who[0]}")
