"""Whoever leads servers back: what is asked at the hub's own machine, and people at the console by their own names.

Comes in: the hospital, what Garde tells. Goes out: `Lead`: judging, choosing, planning, answering, signing. What
anybody on call may do is done at the hub's machine (`clerk.py` asks as `garde restart` does); what only a named person
may do, that person does, signed in: a clinician's test, the two signatures.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from typing import Any, Final

from garde.errors import Incomplete
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import HUB
from garde.lab.night.clerk import Clerk
from garde.lab.night.follow import Follower
from garde.lab.night.hands import Hands
from garde.lab.night.person import People
from garde.lab.night.told import Told, Way
from garde.model.restart import Colour, Item

IT, CARE, LEADER = "p.renard", "a.lambert", "c.janssens"  # IT director, ward head, crisis coordinator
ROLES: Final = {IT: "it_director", CARE: "viewer", LEADER: "crisis_coordinator"}
NOTES: Final = {
    Item.ENTRY: "a machine that its supplier looks after; the window is the night",
    Item.EVIDENCE: "journal, logs and samples are with the police",
    Item.REBUILT: "laid out anew from clean media",
    Item.DATA: "every file holds what it held: Garde's pre-images",
    Item.CLINICIAN: "two known patients: identity, allergy, last result",
}
BASELINE_S: Final = 60.0
_OVER: Final = ("undone", "refused")


def take_baselines(hospital: Hospital, follower: Follower, machines: Collection[str]) -> None:
    """On a sound day: what each server looks like is written down, and the hub believes that and nothing else."""
    with Clerk(hospital) as clerk:
        for machine in machines:
            clerk.ask("POST", f"/restart/machines/{machine}/baseline", {})
    if not follower.wait(lambda told: set(machines) <= told.way.baselines, BASELINE_S):
        raise Incomplete("not every server wrote down what it looks like", "look into the agents' logs")


class Lead:
    """For the length of a `with`."""

    def __init__(self, hospital: Hospital) -> None:
        self._hospital = hospital
        self._stack = ExitStack()

    def __enter__(self) -> Lead:
        with ExitStack() as stack:
            self._clerk = stack.enter_context(Clerk(self._hospital))
            with Hands(self._hospital, HUB) as hub:
                passwords = {
                    login: str(hub.give("hub", "accounts", login, "--role", role).one("password")["password"])
                    for login, role in ROLES.items()
                }
            self.people = stack.enter_context(People(self._hospital, passwords))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _machine(self, machine: str, act: str, body: Any = None) -> None:
        self._clerk.ask("POST", f"/restart/machines/{machine}/{act}", body or {})

    # --- restore points ---

    def judge(self, machine: str) -> None:
        """Have every restore point of a machine's data judged."""
        self._machine(machine, "judge")

    def choose(self, way: Way, machine: str, where: str) -> tuple[str, str]:
        """Choose the newest green point of the machine's data that brings back what was destroyed."""
        covers = [each for each in way.points.values() if each.covers == machine and each.colour == Colour.GREEN]
        database = {note.store for notes in way.stores.values() for note in notes if note.sort == "postgres"}
        wanted = [each for each in covers if each.store in database] or covers
        if not wanted:
            raise Incomplete(f"no restore point of {machine} is green", "look into the entries above")
        point = max(wanted, key=lambda each: each.taken_at)
        self._machine(machine, "point", {"store": point.store, "point": point.point, "where": where})
        return point.store, point.point

    # --- the way back ---

    def plan(self, waves: Sequence[Sequence[str]], observe_s: float, listed_s: float) -> None:
        """Decide the waves."""
        body = {"waves": [list(wave) for wave in waves], "observe_s": observe_s, "listed_s": listed_s}
        self._clerk.ask("POST", "/restart/plan", body)

    def rate(self, machine: str, status: str, why: str) -> None:
        """Say how a server stands."""
        self._machine(machine, "rate", {"status": status, "why": why})

    def want(self, machine: str, want: str) -> None:
        """Have a server begin, or begin again."""
        self._machine(machine, "step", {"want": want})

    def change_credentials(self, way: Way, machine: str) -> None:
        """Change what is listed for a machine; after it was hit again, once more."""
        for name, listed in way.credentials.items():
            if listed.machine == machine:
                self._clerk.ask("POST", "/restart/credentials", {"credential": name})

    def answer(self, machine: str) -> None:
        """Answer what people must answer and nobody has yet; a clinician tries it."""
        for item in self.gate(machine)["items"]:
            if item["fine"] or not item["people"]:
                continue
            body = {"item": item["item"], "answer": "yes", "note": NOTES.get(Item(item["item"]), "")}
            if item["item"] == Item.CLINICIAN:
                self.people.ask(CARE, "POST", f"/restart/machines/{machine}/answer", body)
            else:
                self._machine(machine, "answer", body)

    def sign(self, machine: str) -> None:
        """Two people: for IT, and for the service."""
        for login, side in ((IT, "it"), (CARE, "service")):
            self.people.ask(login, "POST", f"/restart/machines/{machine}/sign", {"side": side})

    def watch_until(self, until: float) -> None:
        """The watch goes on reinforced until then."""
        self._clerk.ask("POST", "/restart/watch", {"until": until})

    # --- looked at ---

    def gate(self, machine: str) -> dict[str, Any]:
        """The thirteen items of a server, as the hub shows them."""
        found: dict[str, Any] = self._clerk.ask("GET", f"/restart/gates/{machine}")
        return found

    def is_fine(self, machine: str, item: Item) -> bool:
        """Whether nothing speaks against one item."""
        return any(each["fine"] for each in self.gate(machine)["items"] if each["item"] == item)

    def why_not(self, machine: str) -> str:
        """What keeps a server, in the hub's words."""
        waves = self._clerk.ask("GET", "/restart")["waves"]
        rows = [row for wave in waves for row in wave["rows"] if row["machine"] == machine]
        blocked = [reason["text"] for row in rows for reason in row["blocked"]]
        items = [
            f"{item['item']}: {item['answer']} {[reason['text'] for reason in item['reasons']]} {item['found'][:3]}"
            for item in self.gate(machine)["items"]
            if not item["fine"]
        ]
        return "; ".join(blocked + items)

    # --- cuts ---

    def undo_cuts(self, told: Told, machines: Collection[str]) -> None:
        """The machines that spread have been laid out anew: what keeps them away is undone."""
        for cut, target in told.targets.items():
            if target in machines and told.states.get(cut) not in _OVER:
                self._clerk.ask("POST", f"/cuts/{cut}/decision", {"decision": "undo", "note": "laid out anew"})
