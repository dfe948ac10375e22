"""The end of the emergency plan: kept overnight on purpose, lifted on its own criteria, with a watch that goes on.

Comes in: people at the console. Goes out: a plan that was held until the morning and stood down with every criterion
met, ways in that are open again and acknowledged. It accepts no exception: what is not met is said.
"""

from __future__ import annotations

from typing import Any, Final

from garde.errors import Incomplete
from garde.lab.night.alarm import CENTRE
from garde.lab.night.lead import LEADER
from garde.lab.night.person import People

WATCH_S: Final = 30 * 86_400.0
OPEN: Final = "open"
BY_HAND: Final = ("hand", "paper")  # the desk that stands aside tells this hub nothing of the wards' paper


class Lifting:
    """The last stage of the story."""

    def __init__(self, people: People) -> None:
        self._people = people

    def hold(self, until: float) -> None:
        """Keep the plan until then (wall seconds)."""
        self._ask("POST", "/plan/hold", {"until": until, "note": "kept overnight, to be sure"})

    def open_ways_in(self) -> None:
        """Ambulances and the emergency department come here again; everybody who was told is told, and repeats it."""
        for each in self._ask("GET", "/diversion"):
            path = each["path"]
            if each["state"] != OPEN:
                self._ask("POST", f"/diversion/{path}", {"state": OPEN, "reason": "every service works"})
        for each in self._ask("GET", "/diversion"):
            path = each["path"]
            for recipient in each["tell"]:
                self._ask("POST", f"/diversion/{path}/told", {"recipient": recipient, "how": "phone"})
                name = "operator 7" if recipient == CENTRE else "whoever answered"
                self._ask("POST", f"/diversion/{path}/understood", {"recipient": recipient, "name": name})

    def finish_tasks(self) -> None:
        """Whoever owns a task that is open still has done it by now."""
        tasks = self._ask("GET", "/plan")["activation"]["tasks"]
        for name, task in tasks.items():
            if task["state"] == "open":
                self._ask("POST", f"/plan/tasks/{name}", {"what": "done"})

    def stand_down(self) -> None:
        """Say what people alone can say, then lift the plan; raises Incomplete where something is not met."""
        for each in self._criteria():
            if each["check"] in BY_HAND and not each["met"]:
                self._ask("POST", f"/plan/criteria/{each['id']}", {"met": True, "note": "seen"})
        unmet = [f"{each['id']} ({', '.join(each['open'])})" for each in self._criteria() if not each["met"]]
        if unmet:
            raise Incomplete(f"the plan cannot be lifted: {'; '.join(unmet)}", "look into the entries above")
        self._ask("POST", "/plan/stand-down", {"note": "every criterion is met", "accept": False})

    def _criteria(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", "/plan")["criteria"]
        return found

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        return self._people.ask(LEADER, method, path, body)
