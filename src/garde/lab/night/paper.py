"""The paper hours: the record is cut away, wards go on by what was printed, and everything goes back into the record.

Comes in: the hospital, the feed that has been coming since the day before, the night's seed. Goes out: `Papered`: what
Garde says of it beside what the witness knows. In order: the record's plugs are pulled; packs are made for every ward
and brought to the ward PCs; their network is cut; they print; people come who have no number; the X-ray unit asks for
its worklist; hours pass, and nurses write; the record comes back, the feed's queue drains; paper comes back
(`paper_back.py`); the witness looks.

People act by what they have: the commands of the desk and of the ward PCs, paper, a scanner.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from garde.errors import Incomplete
from garde.lab.hospital import aside, network
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import DESK, WARD_PCS
from garde.lab.hospital.programs import said
from garde.lab.night import modality, printed, truths
from garde.lab.night.hands import Hands
from garde.lab.night.outside import wait_until
from garde.lab.night.paper_back import Arrived, Back
from garde.lab.night.score import Papers, rounded
from garde.lab.night.traffic import Traffic
from garde.lab.ward_traffic.witness import differences

WARDS: Final = tuple(WARD_PCS)
NUMBERS: Final = 24  # downtime numbers that each ward holds ready
ARRIVE_S: Final = 1800.0  # until those who come have come
OUTAGE_S: Final = 4.5 * 3600.0  # until the record is back: the round of eight o'clock (UTC) is on paper
PACKS_S: Final = 180.0  # for every ward's pack, and for the wards' PCs to have theirs
PRINTED_S: Final = 60.0
ASK_S: Final = 10.0  # until who came is on the modality's list
AGAIN_S: Final = 0.5
DRAINED_S: Final = 30.0  # for the queue of the feed
LOOK_S: Final = 0.3


@dataclass(slots=True)
class Papered:
    """What became of it. `told`: by Garde's own records; `real`: by the witness."""

    told: Papers
    real: Papers
    differences: list[str] = field(default_factory=list)  # between the census and the books, in the end
    doubled: int = 0  # messages that the record could not tell to be the same
    missing: str = ""  # the sheet that Garde names as missing
    keyed: int = 0
    checked: int = 0  # items that a second person looked at


class Paper:
    """The stage. Hours pass for what stands aside alone: what the hub does at the second burst is told already."""

    def __init__(self, hospital: Hospital, traffic: Traffic, seed: int, step: Callable[[str], None]) -> None:
        self._hospital, self._plan, self._traffic, self._say = hospital, hospital.plan, traffic, step
        self._luck = random.Random(f"garde paper {seed}")
        self._arrived: list[Arrived] = []
        self._packs_s: float | None = None
        self._packs: dict[str, str] = {}  # the newest by place, once all are made
        self._pages = self._real_pages = 0  # of those, as the desk tells; as they are counted
        self._said_before = 0  # place in the desk's log
        self._items: list[modality.Item] = []
        self._used: list[str] = []  # empty forms that somebody wrote on

    def _step(self, text: str) -> None:
        at = datetime.fromtimestamp(self._traffic.clock.now(), aside.ZONE)
        self._say(f"{at:%H:%M} on the wards: {text}")

    def play(self) -> Papered:
        with Hands(self._hospital, DESK) as self._desk:
            for ward in WARDS:
                self._desk.give("number", "reserve", ward, "--count", str(NUMBERS), "--by", "L. Wouters")
            self._cut_away()
            self._make_packs()
            self._print()
            self._arrive()
            self._ask_for_the_worklist()
            self._step("hours pass; medicines are given, and signed on paper")
            self._hospital.advance_aside(OUTAGE_S)
            self._record_is_back()
            back = Back(self._hospital, self._desk, self._traffic, self._arrived, used=self._used, luck=self._luck)
            back.play(self._step)
            return self._judge(back)

    # --- away ---

    def _cut_away(self) -> None:
        self._step("the record's server is taken off the network, as every server was in the story")
        network.pull_record(self._plan, out=True)
        self._traffic.on_paper(WARDS, WARDS)

    def _make_packs(self) -> None:
        self._step("paper counts from now on: packs are made for every ward, and brought to two wards' PCs")
        began, since = time.monotonic(), datetime.fromtimestamp(self._traffic.clock.now(), aside.ZONE)
        self._said_before = self._plan.log("desk").stat().st_size
        self._desk.give("pack", "begin", "--since", f"{since:%H:%M}", "--by", "L. Wouters")
        if not wait_until(self._are_brought, PACKS_S, LOOK_S):
            raise Incomplete("the packs did not come to the wards in time", "look into the desk's log; play it again")
        self._packs_s = rounded(time.monotonic() - began)

    def _are_brought(self) -> bool:
        """Whether the alarm's packs are made, and the wards' PCs have theirs."""
        told, sent = (list(said(self._plan.log("desk"), kind, self._said_before)) for kind in ("packs", "sent"))
        alarm = next((line for line in told if line["cause"] == "alarm"), None)
        if alarm is None:
            return False
        packs = self._desk.give("pack", "list").all("pack")
        newest = {each["place"]: each for each in sorted(packs, key=lambda each: float(each["made_at"]))}
        self._packs = {place: str(each["pack"]) for place, each in newest.items()}
        self._pages = int(alarm["pages"])
        return {self._packs[ward] for ward in WARDS} <= {line["pack"] for line in sent}

    def _count_pages(self) -> int:
        """How many pages the packs really have: counted in the files, by somebody else's program."""
        file, count = self._plan.machine_home(DESK) / "pack.pdf", 0
        for pack in self._packs.values():
            self._desk.give("pack", "save", pack, "--out", str(file))
            count += printed.pages_of(file)
        file.unlink(missing_ok=True)
        return count

    def _print(self) -> None:
        self._step("the wards' network is cut; both print everything")
        for ward in WARDS:
            network.pull_ward(self._plan, ward, out=True)
        with ThreadPoolExecutor(len(WARDS)) as pool:
            list(pool.map(self._print_ward, WARDS))

    def _print_ward(self, ward: str) -> None:
        machine = WARD_PCS[ward]
        given = ("ward", "print", "--all", "--by", f"nurse {ward}")
        aside.command(self._hospital.programs, self._plan, machine, *given, timeout=PRINTED_S)

    # --- people come ---

    def _arrive(self) -> None:
        self._hospital.advance_aside(ARRIVE_S)
        self._step("two people come, and get downtime numbers")
        for each in self._traffic.came():
            person, bed = each.person, each.bed
            family = person.family.upper()
            at = datetime.fromtimestamp(each.at, aside.ZONE).isoformat()
            told = self._desk.give(
                "number", "issue", bed[0], "--family", family, "--given", person.given, "--birth", _birth(person.birth),
                "--sex", person.sex, "--allergies", _allergies(person), "--room", bed[1], "--bed", bed[2], "--at", at,
                "--by", f"nurse {bed[0]}",
            )  # fmt: skip
            self._arrived.append(Arrived(str(told.one("issued")["number"]), person.mrn, bed[0]))

    def _ask_for_the_worklist(self) -> None:
        self._step("an X-ray is asked for on paper; the X-ray unit asks for its worklist")
        if self._arrived:
            self._request(self._arrived[0])
        self._real_pages = self._count_pages()
        wait_until(self._have_come, ASK_S, AGAIN_S)

    def _request(self, arrived: Arrived) -> None:
        """A ward sends a printed form to radiology, where it is written into the register under the form's own name."""
        pack = self._packs[arrived.ward]
        titles: list[str] = self._desk.give("pack", "show", pack).one("pack")["titles"]
        form = next(f"{pack}.{page}" for page, title in enumerate(titles, 1) if title.startswith("blank: imaging"))
        self._desk.give(
            "request", "take", form, "--service", "radiology", "--ward", arrived.ward, "--patient", arrived.number,
            "--for", "chest X-ray", "--modality", "CR", "--urgent", "--by", "J. Mertens",
        )  # fmt: skip
        self._used.append(form)

    def _have_come(self) -> bool:
        """Whether the unit's list has whoever came: it asks again and again, as they do."""
        self._items = modality.ask(self._hospital)
        return {each.number for each in self._arrived} <= {each.number for each in self._items}

    # --- back ---

    def _record_is_back(self) -> None:
        self._step("the record is back: what its systems have kept comes to the desk")
        network.pull_record(self._plan, out=False)
        for ward in WARDS:
            network.pull_ward(self._plan, ward, out=False)
        self._traffic.stop()
        self._desk.give("pack", "end", "--by", "L. Wouters")
        self._wait_drained()

    def _wait_drained(self) -> None:
        if not self._traffic.wait_delivered(DRAINED_S):
            raise Incomplete("the queue of the feed does not drain", "play it again")

    def _judge(self, back: Back) -> Papered:
        self._step("the witness compares the census with the hospital's own books")
        self._wait_drained()
        found = differences(self._traffic.truth(), self._desk.give("downtime", "census").one("census"))
        lost = len(truths.lost(self._plan.desk_state, self._traffic.delivered()))
        came_out = printed.count_pages([self._plan.ward_spool(ward) for ward in WARDS])
        both: dict[str, Any] = {"messages_lost": lost, "packs_s": self._packs_s, "census_equal": not found}
        real = Papers(
            pages=self._real_pages,
            sheets_printed=came_out,
            sheets_accounted=back.given_back + len(back.lost),
            worklist_items=len({each.accession for each in self._items}),
            **both,
        )
        told = Papers(
            pages=self._pages,
            sheets_printed=back.printed,
            sheets_accounted=back.accounted,
            worklist_items=len(self._items),
            **both,
        )
        doubled = len(truths.doubled(self._traffic.took()))
        return Papered(told, real, found, doubled, ", ".join(back.missing), back.keyed, back.checked)


def _birth(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


def _allergies(person: Any) -> str:
    if person.allergies:
        return ", ".join(text for _, text in person.allergies)
    return "none-known" if person.none_known else ""
