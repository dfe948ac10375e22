"""Paper comes back: every sheet accounted for, the two who came linked, what was written keyed, the record told.

Comes in: the hospital, somebody at the desk, the feed's books for what nurses wrote, who arrived. Goes out: what the
desk's account says, what was really handed back, which sheet was lost. The clerk works as the guide says: the printed
pages in hand, what was written on through the scanner, empty forms void, patient by patient in the safe order, a
colleague looks at what is dangerous. Which sheet a ward loses nobody tells the desk.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from garde.errors import Incomplete
from garde.lab.hospital import aside
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import DESK, WARD_PCS
from garde.lab.night import nurse, printed
from garde.lab.night.hands import Hands
from garde.lab.night.outside import wait_until
from garde.lab.night.printed import Page
from garde.lab.night.traffic import Traffic

CLERK, SECOND, DOCTOR = "M. Peeters", "D. Simon", "I. Maes"
TOLD_S: Final = 8.0  # for what the wards printed to be known at the desk; then it is carried there
LOOK_S: Final = 0.5
SCAN_S: Final = 120.0
SENDS: Final = 5  # tries to tell the record everything: it hangs up once
LOSES: Final = 2 / 3  # of the nights in which a sheet is lost


@dataclass(frozen=True, slots=True)
class Arrived:
    """Somebody who came without a number that anybody could look up."""

    number: str  # the downtime number
    mrn: str  # who they are, as will be found
    ward: str


class Back:
    """The way back."""

    def __init__(
        self,
        hospital: Hospital,
        desk: Hands,
        traffic: Traffic,
        arrived: list[Arrived],
        *,
        used: list[str],
        luck: random.Random,
    ) -> None:
        self._hospital, self._plan, self._desk, self._traffic = hospital, hospital.plan, desk, traffic
        self._arrived, self._luck = arrived, luck
        self._written = set(used)  # sheets on which something stands
        self._pages: dict[str, list[Page]] = {}  # by ward
        self._own: dict[str, list[Page]] = {}  # by patient
        self._lines: list[nurse.Line] = []
        self._packs: dict[str, dict[str, Any]] = {}  # the printed ones
        self.lost: list[str] = []  # sheets that the wards lost
        self.missing: list[str] = []  # sheets that the desk names as missing
        self.printed = self.accounted = self.given_back = self.keyed = self.checked = 0

    def play(self, step: Callable[[str], None]) -> None:
        """Do all of it, and say each step."""
        step("paper comes back to the desk: what was written on is scanned, empty forms are void")
        self._take_in_hand()
        self._wait_told()
        self._hand_in()
        step("the two who came are found in the record, and linked by two people")
        self._link()
        step("what was written is keyed; a second person looks at dangerous drugs")
        self._key()
        step("the record is told, each thing once; patient by patient paper counts no more")
        self._send()
        self._sign()

    # --- sheets ---

    def _take_in_hand(self) -> None:
        """Read the pages with the eyes; see what nurses wrote on which."""
        for ward in WARD_PCS:
            documents = printed.documents(self._plan.ward_spool(ward))
            self._pages[ward] = [page for document in documents for page in printed.read(document)]
        everything = [page for pages in self._pages.values() for page in pages]
        known = {page.sheet.partition(".")[0] for page in everything}
        self._packs = {
            each["pack"]: each for each in self._desk.give("pack", "list").all("pack") if each["pack"] in known
        }
        numbers = [each["patient"]["number"] for each in self._census()] + [each.number for each in self._arrived]
        self._own = nurse.of_patients([page for page in everything if not self._is("blanks", page)], numbers)
        medication = {who: [page for page in pages if self._is("mar", page)] for who, pages in self._own.items()}
        empty = {
            ward: [page for page in pages if self._is("blanks", page) and page.sheet not in self._written]
            for ward, pages in self._pages.items()
        }
        writing, aliases = nurse.Writing(medication, empty), {each.mrn: each.number for each in self._arrived}
        lines = (writing.write(each, aliases.get(each.mrn, each.mrn)) for each in self._traffic.written())
        self._lines = [line for line in lines if line]
        self._written |= {line.page.sheet for line in self._lines}
        self._lose({page.sheet for page in everything})

    def _census(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._desk.give("downtime", "census").one("census")["rows"]
        return rows

    def _is(self, kind: str, page: Page) -> bool:
        """Whether a page of a pack is a medication sheet (`mar`), or an empty form (`blanks`)."""
        pack, _, number = page.sheet.partition(".")
        return pack in self._packs and int(number.partition(".")[0]) in self._packs[pack][kind]

    def _lose(self, sheets: set[str]) -> None:
        """A ward loses a sheet, or none: one with a name on it and nothing written, such as nobody misses."""
        candidates = sorted({page.sheet for pages in self._own.values() for page in pages} - self._written - {""})
        if candidates and self._luck.random() < LOSES:
            self.lost = [self._luck.choice(candidates)]
        self.given_back = len(sheets) - len(self.lost)

    def _wait_told(self) -> None:
        """The wards' PCs tell what they printed; where they do not by themselves, it is carried to the desk."""
        wanted = sum(map(len, self._pages.values()))

        def is_told() -> bool:
            return int(self._account()["printed"]) >= wanted

        if wait_until(is_told, TOLD_S, LOOK_S):
            return
        for machine in WARD_PCS.values():
            file = self._plan.machine_home(machine) / "report"
            aside.command(self._hospital.programs, self._plan, machine, "ward", "report", str(file))
            self._desk.give("ward", "take", str(file))

    def _account(self) -> dict[str, Any]:
        return self._desk.attempt("sheet", "account").one("sheet_account")

    def _hand_in(self) -> None:
        with ThreadPoolExecutor(len(WARD_PCS)) as pool:
            list(pool.map(self._scan, WARD_PCS))
        for ward, pages in self._pages.items():
            empty = [page.sheet for page in pages if self._is("blanks", page) and page.sheet not in self._written]
            rest = [page.sheet for page in pages if not self._is("blanks", page)]
            rest = [sheet for sheet in rest if sheet not in {*self._written, *self.lost}]
            if empty:
                self._desk.give("sheet", "void", *empty, "--note", "unused", "--by", CLERK)
            self._desk.give("sheet", "returned", *rest, "--by", CLERK, "--note", f"ward {ward}")
        self._desk.give("sheet", "close", *self._packs, "--by", CLERK, "--note", "both wards were searched")
        self._count()

    def _scan(self, ward: str) -> None:
        pages = [page for page in self._pages[ward] if page.sheet in self._written]
        if pages:
            file = self._plan.machine_home(DESK) / f"scan-{ward}.tiff"
            printed.scan(pages, file)
            given = ("sheet", "scan", str(file), "--by", CLERK)
            aside.command(self._hospital.programs, self._plan, DESK, *given, timeout=SCAN_S)

    def _count(self) -> None:
        said = self._desk.attempt("sheet", "account")
        counts = said.one("sheet_account")
        self.printed = int(counts["printed"])
        self.missing = [each["sheet"] for each in said.all("sheet") if each["standing"] == "missing"]
        back = sum(int(counts[name]) for name in ("entered", "scanned", "void"))
        self.accounted = back + len(set(self.missing) & set(self.lost))

    # --- into the record ---

    def _link(self) -> None:
        for each in self._arrived:
            self._desk.give("number", "match", each.number, each.mrn, "--agree", "family,birth", "--by", CLERK)
            self._desk.give("number", "confirm", each.number, "--by", SECOND)

    def _key(self) -> None:
        for patient in self._patients():
            mine = [line for line in self._lines if line.patient == patient]
            if mine:
                for step in ("identity", "allergies"):
                    self._desk.give("sheet", "key", patient, "--whole", step, "--by", CLERK)
            for line in mine:
                self._key_one(line)
            self._desk.give("sheet", "key", patient, "--whole", "rest", "--by", CLERK)
        for each in self._desk.attempt("sheet", "discrepancies").all("discrepancy"):
            self._look(str(each["item"]), "as it stands on paper")

    def _patients(self) -> list[str]:
        return sorted({*self._own, *(line.patient for line in self._lines)})

    def _key_one(self, line: nurse.Line) -> None:
        given = msgspec.json.encode(line.item).decode()
        keyed = self._desk.give("sheet", "key", "--by", CLERK, given=given).one("item_keyed")
        self.keyed += 1
        if keyed["check"]:
            self._look(str(keyed["item"]))

    def _look(self, item: str, note: str = "") -> None:
        words = ("--note", note) if note else ()
        self._desk.give("sheet", "check", item, "--by", SECOND, *words)
        self.checked += 1

    def _send(self) -> None:
        """Tell the record, again and again until it has taken everything."""
        host, port = self._traffic.ear
        for _ in range(SENDS):
            said = self._desk.attempt("sheet", "send", "--to", f"{host}:{port}", "--by", CLERK)
            if not said.code:
                return
        raise Incomplete(f"the record was not told everything: {said.said[-200:]}", "play it again")

    def _sign(self) -> None:
        for patient in self._patients():
            self._desk.give("sheet", "switch", patient, "--signed", DOCTOR, "--by", DOCTOR)
