"""What the page shows, as plain data.

Comes in: the house, the printer's standing, the language, who has entered. Goes out: a dictionary for the template, and
a mark that changes when the page would. It names no patient: only the papers do.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from garde.downtime.packs.shelf import BLANKS, Manifest
from garde.downtime.parcel.receipt import UNDER_WAY, Run
from garde.errors import GardeError
from garde.paper.printer_words import in_words
from garde.paper.printing import Ready
from garde.ward.fresh import Age
from garde.ward.house import House
from garde.ward.page.printing import Printing
from garde.ward.page.words import WORDS, age_in_words
from garde.ward.press import Wanted, candidates, pages_of
from garde.ward.state import Held

_RUNS = 6  # shown
_EMPTY: dict[str, Any] = {
    "pack": "", "as_of": "", "age": "", "feed": "", "fault": "", "made": "", "here": "", "buttons": ()
}  # fmt: skip


def page_view(house: House, printing: Printing, printer: Ready | None, language: str) -> dict[str, Any]:
    """Return everything but who has entered."""
    words = WORDS[language]
    packs = candidates(house)
    shown = [_pack(house, each, language) for each in packs if each.about != BLANKS]
    there = {each.place for each in packs if each.about != BLANKS}
    missing = [_missing(place, words) for place in house.config.places if place not in there]
    # What is in a worse state is seen first.
    cards = sorted(missing + shown, key=lambda card: ("bad", "warn", "good").index(card["tone"]))
    return {
        "places": ", ".join(house.config.places),
        "hospital": desk.hospital if (desk := house.state().desk) else "",
        "cards": cards,
        "blanks": [_blanks(each, words) for each in packs if each.about == BLANKS],
        "printer": _printer(printer, words, language),
        "standing": _standing(printing, words, language),
        "unwritten": [f"{each.pack} · {','.join(map(str, each.pages))} × {each.copies}" for each in printing.unwritten],
        "runs": [_run(each, house, words) for each in _last(house, printing)],
        "name": house.config.name,
        "alarm": house.worst().alarm,
    }


def mark(view: dict[str, Any]) -> str:
    """Return what changes when the page does."""
    return hashlib.blake2b(msgspec.json.encode(view), digest_size=8).hexdigest()


def _pack(house: House, held: Held, language: str) -> dict[str, Any]:
    words, fresh = WORDS[language], house.fresh(held)
    card: dict[str, Any] = {
        **_EMPTY, "pack": held.pack, "place": held.place, "tone": fresh.tone, "word": words[fresh.age],
        "say": words[f"say_{fresh.age}"],
        "made": words["made"].format(at=_clock(held.made_at, house), n=held.pages, pack=held.pack),
        "here": words["here"].format(at=_clock(held.kept_at, house)),
    }  # fmt: skip
    if fresh.age is not Age.UNHEARD:
        card["as_of"] = f"{words['data_of']} {_clock(held.as_of, house)}"
        card["age"] = "" if fresh.age is Age.CLOCK else words["ago"].format(age=age_in_words(fresh.seconds, language))
    try:
        manifest = house.manifest(held.pack)
    except GardeError as error:
        return {**card, "tone": "bad", "fault": f"{error.message} {error.todo}"}
    card["feed"] = words["feed_silent"] if manifest.feed == "silent" else ""
    return {**card, "buttons": _buttons(manifest, words)}


def _buttons(manifest: Manifest, words: dict[str, str]) -> list[dict[str, str]]:
    counts = {what: len(pages_of(manifest, Wanted(what))) for what in ("all", "mar", "census", "blanks")}
    return [
        {"what": what, "title": words[what], "count": words["n_pages"].format(n=n)} for what, n in counts.items() if n
    ]


def _missing(place: str, words: dict[str, str]) -> dict[str, Any]:
    return {**_EMPTY, "place": place, "tone": "bad", "word": words["none"], "say": words["say_none"]}


def _blanks(held: Held, words: dict[str, str]) -> dict[str, str]:
    return {"pack": held.pack, "text": words["blanks_here"].format(n=held.pages, pack=held.pack)}


def _printer(printer: Ready | None, words: dict[str, str], language: str) -> dict[str, str]:
    if printer is None:
        return {"tone": "bad", "text": words["no_printer"]}
    why = printer.reason if printer.state == "absent" else in_words(printer.troubles, language)
    named = f"{printer.name or printer.uri}: {words[printer.state]}" + (f" — {why}" if why else "")
    tone = "bad" if printer.state in ("stopped", "absent") else "warn" if printer.troubles else "good"
    return {"tone": tone, "text": named}


def _standing(printing: Printing, words: dict[str, str], language: str) -> dict[str, str] | None:
    found = printing.standing
    if found is None:
        return None
    return {
        "text": words["now_printing"].format(n=found.pages, pack=found.pack),
        "came_out": words["came_out"].format(n=found.came_out) if found.came_out else "",
        "trouble": in_words(found.troubles, language),
    }


def _last(house: House, printing: Printing) -> list[Run]:
    runs = sorted(house.state().runs.values(), key=lambda run: run.at, reverse=True)
    return [run for run in runs if run.fault != UNDER_WAY or printing.standing is None][:_RUNS]


def _run(run: Run, house: House, words: dict[str, str]) -> dict[str, str]:
    kind = "run_good" if not run.fault else "run_bad" if run.pages else "run_none"
    if run.fault == UNDER_WAY:
        kind = "run_open"
    text = words[kind].format(at=_clock(run.at, house), n=len(run.pages) * run.copies, pack=run.pack, by=run.by)
    tone = "warn" if kind == "run_open" else "bad" if run.fault else "good"
    return {"tone": tone, "text": text, "fault": "" if kind == "run_open" else run.fault}


def _clock(seconds: float, house: House) -> str:
    """Return a time of the hospital, with its day where that is not today's."""
    zone = ZoneInfo(house.config.zone)
    at, now = datetime.fromtimestamp(seconds, zone), datetime.fromtimestamp(house.clock.now(), zone)
    return at.strftime("%H:%M" if at.date() == now.date() else "%d/%m %H:%M")
