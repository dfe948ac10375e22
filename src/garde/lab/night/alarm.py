"""Between the bursts: people are called, one answers and approves, the plan is triggered, ambulances are diverted.

Comes in: the hospital, the witness of calling, what Garde has told. Goes out: `Alarmed`: what the world outside knows
of it, and the board that the hub shows. In order: the on-call is called and sleeps; the next one is called when the
step is over, and answers by an SMS with the code of a cut that waits for one person; the coordinator triggers the plan;
those whom it calls answer; ambulances and the emergency department are diverted, the 112 centre is told and repeats it;
the board is read; the situation report is made and printed.

People act by what they have: the telephone, and the commands of the hub's own machine. What did not come is left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from garde.lab.hospital import guard, modem
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import HUB
from garde.lab.night import care
from garde.lab.night.clerk import Clerk
from garde.lab.night.follow import Follower
from garde.lab.night.outside import Outside, code_to_approve, codes_to_know, wait_until

STEP_S: Final = 60.0  # until the next person is called, by the hub's usual rules
RINGS_S: Final = 15.0  # for a message that is due to leave
ANSWER_S: Final = 15.0  # for an answer to reach the hub, and what follows from it
PRINTS_S: Final = 20.0
REPORT_S: Final = 60.0
PHASE: Final = "action"
WAYS_IN: Final = ("ambulances", "emergency")
CENTRE: Final = "112"
# What their owners do before the morning; the hospital lasts 96 hours, and that one stays open.
TASKS: Final = (
    "crisis-team", "access", "tell-112", "tell-inspector", "divert", "surgery", "paper", "suppliers", "backups",
    "neighbours", "aware",
)  # fmt: skip
ASKED: Final = "shut the switch port of"  # the cut that one person may approve, as a page asks it
ASLEEP, AWAKE = "l-wouters", "t-claes"  # both on call tonight, in this order


@dataclass(slots=True)
class Alarmed:
    """What became of it. Wall seconds are the lab's; None: it did not come."""

    board: dict[str, str] = field(default_factory=dict)  # the hub's: service → state
    real: dict[str, str] = field(default_factory=dict)  # the world's
    triggered_at: float | None = None  # when the coordinator had it written down
    understood: list[str] = field(default_factory=list)  # ways in, as the 112 centre repeated them


class Alarm:
    """The stage. `jump` lets seconds pass on the lab's clock."""

    def __init__(
        self,
        hospital: Hospital,
        outside: Outside,
        follower: Follower,
        *,
        step: Callable[[str], None],
        jump: Callable[[float], None],
    ) -> None:
        self._hospital, self._outside, self._follower, self._step, self._jump = hospital, outside, follower, step, jump
        people = hospital.plan.estate.people
        self._phones = {person.id: Outside.number_of(hospital.plan, person.id) for person in people}
        self._replies = 0
        self._answered: set[str] = set()  # messages that somebody has answered, or never will
        self.done = Alarmed()

    def play(self) -> Alarmed:
        with Clerk(self._hospital) as self._clerk:
            self._wake_somebody()
            self._trigger()
            self._divert()
            self._step("the board of services is read, and the wards are asked")
            board = self._clerk.ask("GET", "/services")["rows"]
            self.done.board = {each["id"]: each["state"] for each in board}
            self.done.real = care.real(self._hospital)
        self._report()
        return self.done

    # --- calling ---

    def _wake_somebody(self) -> None:
        self._step("the on-call's telephone rings; nobody answers")
        wait_until(lambda: self._outside.rang(ASLEEP), RINGS_S)
        self._follower.wait(lambda told: not told.pages_open, RINGS_S)  # a page under way would be late after the jump
        self._jump(STEP_S)
        self._step("a minute later the next one is called, reads it, and approves by the code")
        if wait_until(lambda: bool(self._code()), RINGS_S) and (code := self._code()):
            mine = [each.name for each in self._outside.messages if each.number == self._phones[AWAKE]]
            self._answered |= set(mine)  # one answer is enough for all of them
            self._reply(AWAKE, f"YES {code}")
            self._follower.wait(lambda told: told.approved_holds, ANSWER_S)
        elif self._outside.rang(AWAKE):
            self._answer_calls()

    def _code(self) -> str:
        texts = [self._outside.text(each) for each in self._outside.messages if each.number == self._phones[AWAKE]]
        return next(filter(None, (code_to_approve(text, ASKED) for text in texts)), "")

    def _answer_calls(self) -> None:
        """Everybody who was called says that they know; only the one who sleeps does not."""
        persons = {number: person for person, number in self._phones.items()}
        for message in self._outside.messages:
            person = persons.get(message.number, ASLEEP)
            codes = codes_to_know(self._outside.text(message))
            if message.name not in self._answered and person != ASLEEP and codes:
                self._answered.add(message.name)
                self._reply(person, " ".join(codes[:3]))

    def _reply(self, person: str, text: str) -> None:
        self._replies += 1
        modem.receive(self._hospital.plan, self._phones[person], text, self._replies)

    # --- the plan ---

    def _trigger(self) -> None:
        self._step("the coordinator has come, and triggers the emergency plan")
        self._clerk.ask("POST", "/plan/trigger", {"phase": PHASE, "note": "files destroyed, a machine cut off"})
        self.done.triggered_at = time.time() + self._hospital.clock_offset
        wait_until(lambda: self._outside.rang("k-jacobs"), RINGS_S)
        self._answer_calls()

    def _divert(self) -> None:
        self._step("ambulances and the emergency department are diverted; the 112 centre repeats it")
        for path in WAYS_IN:
            self._clerk.ask("POST", f"/diversion/{path}", {"state": "diverted", "reason": "no reliable patient record"})
        for path in WAYS_IN:
            self._clerk.ask("POST", f"/diversion/{path}/told", {"recipient": CENTRE, "how": "phone"})
            self.done.understood.append(path)  # the operator there has repeated it
            self._clerk.ask("POST", f"/diversion/{path}/understood", {"recipient": CENTRE, "name": "operator 12"})
        for task in TASKS:
            self._clerk.ask("POST", f"/plan/tasks/{task}", {"what": "done"})
        self._answer_calls()
        self._follower.wait(lambda told: "alert-staff" in told.tasks_done, ANSWER_S)

    def _report(self) -> None:
        self._step("the situation report is made, and printed in the crisis room")
        words = guard.words(self._hospital.plan, HUB, "plan", "report", "--print")
        self._hospital.programs.check("garde plan report", HUB, words, timeout=REPORT_S)
        wait_until(lambda: any(each.name.endswith(".pdf") for each in self._outside.sheets), PRINTS_S)
