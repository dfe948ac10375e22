"""The account: what it was, where it came from, whether data left; neighbours warned, drafts filled, evidence given.

Comes in: the hospital and the one next door, what was drawn of outside, what Garde tells. Goes out: `Accounted`: the
score's keys by Garde's word and by the witness's. In two parts. Between the bursts: the data protection officer says
since when the hospital is aware, hands in the early warning that has 24 hours, looks at the warning for the neighbours
and releases it; the hospital next door takes it, and is attacked by the same attackers. When all is over: the ransom is
refused; every other draft is filled, signed and handed in; the evidence goes to the police as one bundle, which is
verified, and no longer is once a byte of it is another; the report for the board is made.

People act by what they have: the commands of a hub's own machine, and the console, signed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from garde.errors import Incomplete
from garde.lab.hospital import network
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import HUB
from garde.lab.night import abroad, evidence, left, next_hub
from garde.lab.night.clerk import Clerk
from garde.lab.night.draw import Reach, Script
from garde.lab.night.drawn import Drawn
from garde.lab.night.follow import Follower
from garde.lab.night.hands import Hands
from garde.lab.night.next_door import Raid
from garde.lab.night.next_hub import THERE
from garde.lab.night.opened import Times
from garde.lab.night.person import People
from garde.lab.night.score import Accounted, after
from garde.lab.night.told import Told

DPO, LEADER = "v.leroy", "i.maes"  # the data protection officer; who leads the crisis to its end
ROLES: Final = {DPO: "dpo", LEADER: "crisis_coordinator"}
AWARE: Final = {
    "discovered": "files were destroyed",
    "aware_significant": "care went on with less, on paper",
    "aware_personal_data": "records of patients were destroyed",
}
EARLY: Final = "nis2_early"  # within 24 hours; the others have 72, or no number
FORMS: Final = ("gdpr_33", "gdpr_34", "nis2_notification", "police", "ransom")
LANGUAGES: Final = {"gdpr_34": "fr", "police": "fr"}
BY: Final = {"gdpr_34": "letter", "police": "hand", "ransom": "hand"}  # else the online form
KNOWN_S: Final = 90.0  # for the family, and for the gateway's word on who leads
CONCLUDED_S: Final = 120.0
FILLED_S: Final = 30.0
# What the story's hospital knew at once it could have said at once: here it is said when somebody is awake.
SAID_AFTER_S: Final = 60.0


@dataclass(slots=True)
class Account:
    """What became of it. `told`: by Garde's own word; `real`: by the witness and the attackers."""

    told: Accounted
    real: Accounted
    country: str = ""  # of the network that the spreader was led from, as Garde says it
    real_country: str = ""
    lost_next_door: list[str] = field(default_factory=list)
    judged_by: int = 0  # files that the first verdict next door rested on
    watched_s: float | None = None  # from the release until an agent next door watched for it
    wrong: list[str] = field(default_factory=list)  # with the bundle


class Telling:
    """The stage, for the length of a `with`; it begins before the first burst."""

    def __init__(
        self,
        hospital: Hospital,
        script: Script,
        reach: Reach,
        follower: Follower,
        *,
        times: Times,
        step: Callable[[str], None],
    ) -> None:
        assert hospital.neighbour is not None
        self._hospital, self._plan, self._next = hospital, hospital.plan, hospital.neighbour
        self._script, self._reach, self._follower, self._times, self._step = script, reach, follower, times, step
        self._drawn = Drawn(hospital.hub_state)
        self._raid = Raid(self._next, script)
        self._began = 0.0  # CLOCK_MONOTONIC of the first hostile write
        self._touched = -1  # files, next door; -1: nobody was attacked
        self._watched_s: float | None = None
        self._handed_in: dict[str, str] = {}  # form -> draft
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            with Hands(self._hospital, HUB) as hub:
                passwords = {
                    login: str(hub.give("hub", "accounts", login, "--role", role).one("password")["password"])
                    for login, role in ROLES.items()
                }
            self._people = stack.enter_context(People(self._hospital, passwords))
            self._clerk = stack.enter_context(Clerk(self._hospital))
            self._there = stack.enter_context(Follower(self._next.plan.hub_state, lambda entry: None))
            stack.enter_context(self._drawn)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # --- between the bursts ---

    def warn(self, began: float) -> None:
        """Say since when, release the warning, have it taken next door, and see what it is worth there."""
        self._began = began
        self._say_aware(self._times.wall(began))
        self._hand_in(EARLY)
        self._step("the data protection officer looks at the warning for the neighbours, and releases it")
        warning = self._release()
        released = time.monotonic()
        self._hand_over(warning)
        next_hub.wait_watching(self._there)
        self._watched_s = time.monotonic() - released
        self._step("the same attackers come to the hospital next door")
        self._touched = self._raid.play()

    def _say_aware(self, began: float) -> None:
        self._step(
            "the data protection officer says since when the hospital is aware: clocks run; an early warning goes out"
        )
        since = min(began + SAID_AFTER_S, time.time() + self._hospital.clock_offset - 1.0)
        for event, note in AWARE.items():
            self._ask(DPO, "POST", "/legal/aware", {"event": event, "since": since, "note": note})

    def _release(self) -> dict[str, Any]:
        """Have a warning drawn that says what is known by now, and release exactly that one."""
        self._follower.wait(_is_known, KNOWN_S)
        before = len(self._told.account.drawn)
        incident = self._told.account.incident
        self._ask(DPO, "POST", "/sharing/draw", {"incident": incident, "tlp": "amber"})
        if not self._follower.wait(lambda told: len(told.account.drawn) > before, FILLED_S):
            raise Incomplete("no warning was drawn", "look into the hub's log; play it again")
        versions = [each for each in self._ask(DPO, "GET", "/sharing")["versions"] if each["drawn"]]
        found: dict[str, Any] = max(versions, key=lambda each: int(each["version"]))
        body = {"version": found["version"], "sha256": found["sha256"]}
        self._ask(DPO, "POST", f"/sharing/warnings/{found['warning']}/approve", body)
        return found

    def _hand_over(self, warning: dict[str, Any]) -> None:
        path = f"/sharing/warnings/{warning['warning']}"
        if self._reach.heard_by == "taxii":
            self._step("the hospital next door fetches it over TAXII, by the line between the crisis rooms")
            token = str(self._clerk.ask("POST", "/sharing/keys", {"neighbour": THERE, "drop": False})["token"])
            next_hub.serve(self._hospital, self._next, token)
            next_hub.fetch(self._next)
        else:
            self._step("the warning is carried to the hospital next door as a file")
            with Hands(self._hospital, HUB) as hub:
                folder = self._plan.home / "warning"
                hub.give("share", "export", str(folder))
            next_hub.carry(self._next, folder)
            self._ask(DPO, "POST", f"{path}/told", {"neighbour": THERE, "channel": "file", "confirmed": False})
        said = {"neighbour": THERE, "channel": "phone", "confirmed": True, "name": "on call there"}
        self._ask(DPO, "POST", f"{path}/told", said)

    # --- when all is over ---

    def close(self, pages: Path | None) -> Account:
        """Conclude, hand in, hand over; `pages`: where the report, the drafts and the evidence are left."""
        self._follower.wait(lambda told: told.account.egress is not None, CONCLUDED_S)
        self._step(
            "it is decided that no ransom is paid; drafts are filled from the record, signed by a person, and handed in"
        )
        self._ask(LEADER, "POST", "/legal/ransom", {"paid": False})
        for form in FORMS:
            self._hand_in(form)
        self._step("the evidence goes to the police as one bundle, and is verified there")
        handed = evidence.hand_over(self._hospital, pages)
        if pages is not None:
            self._step("the report for the board is made")
            left.keep(self._hospital, self._handed_in, pages)
        return self._sum_up(handed, self._raid.lost())

    def _hand_in(self, form: str) -> None:
        language = LANGUAGES.get(form, "en")
        self._ask(LEADER if form == "ransom" else DPO, "POST", "/legal/drafts", {"form": form, "language": language})
        self._follower.wait(lambda told: any(each.form == form for each in told.account.drafts.values()), FILLED_S)
        made = [each for each in self._told.account.drafts.values() if each.form == form]
        if not made:
            raise Incomplete(f"no draft of {form} was filled", "look into the hub's log; play it again")
        draft, who = max(made, key=lambda each: each.version), LEADER if form == "ransom" else DPO
        path = f"/legal/drafts/{draft.draft}"
        self._ask(who, "POST", f"{path}/sign", {"version": draft.version, "sha256": draft.sha256})
        now = time.time() + self._hospital.clock_offset - 1.0
        handed = {"version": draft.version, "at": now, "channel": BY.get(form, "online form"), "reference": ""}
        self._ask(who, "POST", f"{path}/submit", handed)
        self._handed_in[form] = draft.draft

    # --- the sum ---

    def _sum_up(self, handed: evidence.Handed, lost: list[str]) -> Account:
        told, reach = self._told.account, self._reach
        egress, named = told.egress, told.family
        drawn = self._times.wall(self._drawn.at) if self._drawn.at is not None else None
        warned = after(drawn, self._times.wall(self._began))
        taken = abroad.taken(self._hospital.internet_log)
        ours = Accounted(
            family=named.family if named is not None else None,
            origin=told.controller,
            egress=egress.finding if egress is not None else None,
            egress_bytes=egress.bytes if egress is not None else None,
            warning_s=warned,
            neighbour_touched=self._touched,
            evidence_verified=handed.verified and handed.forged_refused,
            drafts=len(told.submitted),
        )
        real = Accounted(
            family=self._script.family.name,
            origin=network.outside_address(self._plan, network.CONTROLLER),
            egress="seen" if taken else "none_seen",
            egress_bytes=taken,
            warning_s=warned,
            neighbour_touched=self._touched,
            evidence_verified=not handed.wrong,
            drafts=len(self._handed_in),
        )
        judged_by = self._there.told().account.judged_by
        return Account(
            ours,
            real,
            country=told.country,
            real_country=reach.leads_from,
            lost_next_door=lost,
            judged_by=judged_by,
            watched_s=self._watched_s,
            wrong=handed.wrong,
        )

    @property
    def _told(self) -> Told:
        return self._follower.told()

    def _ask(self, login: str, method: str, path: str, body: Any = None) -> Any:
        return self._people.ask(login, method, path, body)


def _is_known(told: Told) -> bool:
    """Whether the family has a name, and somebody outside was seen to lead."""
    account = told.account
    return account.family is not None and bool(account.family.family) and account.controller is not None
