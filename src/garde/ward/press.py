"""Printing: which pages of which packs, one printing after another, each written down before and after.

Comes in: what is wanted, by whom, on which printer. Goes out: what came out, as `Pressed`, and entries
`sheets_printed`: one before the printer is handed anything (killed in between, the sheets are known to be unsure), one
with the end; the newer word counts. Where the journal takes nothing (a full disk) the paper is printed all the same:
that is what this PC is for; `written` is False then, and whoever asked is told.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from garde.downtime.codes import CLEAR
from garde.downtime.packs.shelf import BLANKS, Manifest
from garde.downtime.parcel.receipt import UNDER_WAY
from garde.errors import GardeError, NotSetUp, UsageError
from garde.journal.paper_kinds import SheetsPrinted
from garde.paper.printing import Outcome, Progress, print_pdf, select_pages
from garde.ward.house import House
from garde.ward.state import Held

WHATS: Final = ("all", "mar", "census", "blanks", "pages")
MOST_COPIES: Final = 20  # of one press: more is a slip of the finger
_RANGE = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?")
Say = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for."""

    what: str  # one of WHATS
    pages: str = ""  # what = pages: like 1-3,7
    copies: int = 1
    place: str = ""  # of several
    pack: str = ""  # another than the newest


@dataclass(frozen=True, slots=True)
class Job:
    """Pages of one pack."""

    held: Held
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pressed:
    """What became of one job. `fault` "" : all of it came out."""

    run: str
    pack: str
    place: str
    pages: tuple[int, ...]
    copies: int
    fault: str
    written: bool

    @property
    def sheets(self) -> int:
        return len(self.pages) * self.copies


# --- choosing ---------------------------------------------------------------------------------------------------------


def choose(house: House, wanted: Wanted) -> list[Job]:
    """Return the jobs; UsageError where there is nothing of that."""
    if wanted.what not in WHATS:
        raise UsageError(f"{wanted.what[:20]!r} is nothing to print", f"one of {', '.join(WHATS)}")
    if not 1 <= wanted.copies <= MOST_COPIES:
        raise UsageError(f"between 1 and {MOST_COPIES} copies are printed at once", "press again for more")
    jobs = [Job(held, pages) for held, pages in _chosen(house, wanted) if pages]
    if not jobs:
        raise UsageError("there is nothing of that to print here", "look at garde ward packs")
    return jobs


def _chosen(house: House, wanted: Wanted) -> Iterable[tuple[Held, tuple[int, ...]]]:
    packs = [house.pick(wanted.pack)] if wanted.pack else candidates(house, wanted.place)
    blanks_apart = wanted.what == "blanks" and any(each.about == BLANKS for each in packs)
    for held in packs:
        if not wanted.pack and (held.about == BLANKS) != blanks_apart:
            continue
        yield held, pages_of(house.manifest(held.pack), wanted)


def candidates(house: House, place: str = "") -> list[Held]:
    """Return the newest pack of each place and use, in this PC's language where there are several."""
    best: dict[tuple[str, str], Held] = {}
    for each in house.state().current():
        if place in ("", each.place):
            known = best.get((each.place, each.about))
            if known is None or _rank(each, house) > _rank(known, house):
                best[each.place, each.about] = each
    return list(best.values())


def _rank(held: Held, house: House) -> tuple[bool, tuple[int, int]]:
    return held.language == house.config.language, held.order


def pages_of(manifest: Manifest, wanted: Wanted) -> tuple[int, ...]:
    """Return the pages of a pack that are meant."""
    match wanted.what:
        case "mar":
            return manifest.mar
        case "blanks":
            return manifest.blanks or (tuple(range(1, manifest.pages + 1)) if manifest.about == BLANKS else ())
        case "census":
            return tuple(page for page, title in enumerate(manifest.titles, 1) if title.startswith("census"))
        case "pages":
            return parse_pages(wanted.pages, manifest.pages)
    return tuple(range(1, manifest.pages + 1))


def parse_pages(text: str, most: int) -> tuple[int, ...]:
    """Return the pages that `1-3,7` names, each once, in order; UsageError."""
    found: set[int] = set()
    for part in text.replace(" ", "").split(","):
        match = _RANGE.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last <= most:
            raise UsageError(f"{text[:40]!r} are no pages of this pack", f"write them like 1-3,7; it has {most}")
        found |= set(range(first, last + 1))
    return tuple(sorted(found))


# --- printing ---------------------------------------------------------------------------------------------------------


def press(
    house: House, jobs: Sequence[Job], *, copies: int, printer: str, by: str, say: Say = lambda _: None
) -> list[Pressed]:
    """Print the jobs, one after another. A job that fails does not keep the next one from being tried."""
    uri = printer or house.config.printer
    if not uri:
        raise NotSetUp("no printer is named", "garde ward init --printer ipp://localhost/printers/NAME")
    run = new_run()
    return [_one(house, job, SheetsPrinted(run, job.held.pack, job.held.place, job.pages, copies, uri, by), say)
            for job in jobs]  # fmt: skip


def new_run() -> str:
    """Return the id of a press: 50 random bits."""
    return "".join(secrets.choice(CLEAR) for _ in range(10))


def _one(house: House, job: Job, told: SheetsPrinted, say: Say) -> Pressed:
    say({"kind": "printing", "pack": told.pack, "pages": len(told.pages), "copies": told.copies})
    _write(house, replace(told, fault=UNDER_WAY))
    outcome = _printed(house, job, told, say)
    ended = replace(told, pages=told.pages if outcome.handed else (), fault=outcome.fault[:400])
    written = _write(house, ended)
    return Pressed(told.run, told.pack, told.place, ended.pages, told.copies, ended.fault, written)


def _printed(house: House, job: Job, told: SheetsPrinted, say: Say) -> Outcome:
    def progress(found: Progress) -> None:
        say({"kind": "printer", "job": found.job, "came_out": found.came_out, "troubles": list(found.troubles)})

    try:
        _, pdf = house.open(told.pack)
        chosen = select_pages(pdf, job.pages)
    except (GardeError, ValueError) as error:
        return Outcome(False, fault=str(error))
    return print_pdf(told.printer, f"Garde {told.pack} {told.run}", chosen, copies=told.copies, say=progress)


def _write(house: House, told: SheetsPrinted) -> bool:
    try:
        house.add(told, who=told.by)
    except OSError:
        return False
    return True
