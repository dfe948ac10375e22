"""Arrivals and downtime numbers: giving one, writing down more, whose it is, the second person.

Comes in: a visit, forms. Goes out: HTML, a page of labels, and entries by `garde.desk.numbers`. Whoever confirms is
signed in under another login than who made the match. Acts run in a thread: they wait for the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from garde.desk.pages import views, web
from garde.desk.pages.site import Site, Visit
from garde.desk.pages.web import Here, Seen, Sent
from garde.downtime.census.view import AllergyStatus, patient_views
from garde.downtime.moments import past_time
from garde.downtime.nouns import Person
from garde.downtime.numbers import policy
from garde.downtime.numbers.form import Number
from garde.downtime.numbers.labels import Grid, Sheets, label_sheets
from garde.downtime.numbers.likeness import NAMES, STRONG, likeness
from garde.downtime.numbers.newcomer import Newcomer
from garde.downtime.numbers.state import Standing
from garde.errors import Incomplete, NotFound, Refused, UsageError
from garde.paper import NotTypeset, typeset
from garde.trust.web import HEADERS, Form, go, html

T = TypeVar("T")
_FIELDS: Final = ("family", "given", "birth", "sex", "national", "phone", "address", "room", "bed", "reason", "whither")
# What the next page says, by the word in its address.
SAID: Final = {
    "given": "The number is given. Write it on the label's line of the registry.",
    "changed": "It is written down.",
    "matched": "It is written down. A second person compares and confirms.",
    "confirmed": "The number is linked, by two people.",
    "refused": "It is written down: the number stands apart.",
}


async def _do(site: Site, act: Callable[[], T]) -> T:
    def alone() -> T:
        with site.acting:
            return act()

    return await asyncio.to_thread(alone)


@get("/numbers")
async def all_numbers(site: Here, visit: Seen) -> Response[str]:
    """Every number that somebody has."""
    web.check_may(visit, "look")
    found = views.given(site.keeper.numbers())
    site.keeper.looked(visit.signed.by, f"{len(found)} downtime numbers")
    return html(site.render("numbers.html", visit, found=found))


@get("/arrivals")
async def arrival_form(site: Here, visit: Seen, ward: FromQuery[str] = "") -> Response[str]:
    """The form for somebody who arrives."""
    web.check_may(visit, "give")
    places = sorted({block.place for block in site.keeper.numbers().blocks.values()})
    return html(site.render("arrival.html", visit, places=places, ward=ward))


@post("/arrivals")
async def arrive(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Give a number."""
    web.check_may(visit, "give")
    label = policy.read_typed(form["label"]) if form["label"] else None
    place = form["ward"]
    person = Newcomer(**{**_typed(form, whole=True), **_allergies(form)})
    at = moment_of(site, form["at"])
    written = await _do(
        site,
        lambda: site.numbers.issue(
            place, person, visit.signed, number=label, at=at, elsewhere=form["elsewhere"] == "yes"
        ),
    )  # fmt: skip
    return go(f"/numbers/{quote(written.number)}?said=given")


@get("/numbers/{name:str}")
async def number_page(site: Here, visit: Seen, name: FromPath[str], said: FromQuery[str] = "") -> Response[str]:
    """One number: who has it, and what can be done."""
    web.check_may(visit, "look")
    number = str(policy.read_typed(name))
    found = views.one_given(site.keeper.numbers(), number)
    if found is None:
        raise NotFound("nobody has this number", "look at the list")
    site.keeper.looked(visit.signed.by, f"downtime number {number}")
    record = found.match.record if found.match else found.arrival.record
    values = {"each": found, "said": visit.say(SAID[said]) if said in SAID else "", "names": [*STRONG]}
    return html(site.render("number.html", visit, **values, compared=_compared(site, found, record)))


def _compared(site: Site, found: views.Given, record: str) -> dict[str, Any] | None:
    """Return what the census has of the record beside what is known of the number, for the second person's eyes."""
    if not record:
        return None
    people = patient_views(site.keeper.census, record)
    if not people:
        return {"record": record, "person": None, "rows": [], "reused": False}
    person, arrival = people[-1].person.value, found.arrival
    held = site.keeper.numbers().held[arrival.number]
    like = likeness(held.person or Newcomer(), person)
    own = held.person or Newcomer()
    national = next((number for kind, number in person.identifiers), "")
    pairs = {
        "family": (own.family, person.family), "given": (own.given, person.given), "birth": (own.birth, person.birth),
        "sex": (own.sex, person.sex), "national": (own.national, national), "phone": (own.phone, person.phone),
        "address": (own.address, person.address),
    }  # fmt: skip
    how = {**dict.fromkeys(like.agree, "agrees"), **dict.fromkeys(like.differ, "DIFFERS")}
    rows = [(name, *pairs[name], how.get(name, "not known")) for name in NAMES if name in pairs]
    return {"record": record, "person": person, "rows": rows, "reused": len(people) > 1}


# what -> the right that it needs
RIGHT_OF: Final = {
    "changed": "give", "matched": "give", "confirmed": "confirm", "refused": "give", "unlinked": "void", "void": "void",
}  # fmt: skip


@post("/numbers/{name:str}")
async def act(site: Here, visit: Seen, name: FromPath[str], form: Sent) -> Response[str]:
    """Do one thing, by the name that its form carries."""
    number, what = policy.read_typed(name), form["what"]
    if what not in RIGHT_OF:
        raise UsageError("this form is none of this page's", "open the page again")
    linked = site.keeper.numbers().standing(str(number)) is Standing.LINKED
    web.check_may(visit, "void" if linked and what == "refused" else RIGHT_OF[what])
    record = _record_of(site, visit, form["record"]) if what == "matched" else None
    numbers, who, note = site.numbers, visit.signed, form["note"]
    typed = tuple(each for each in NAMES if form[f"agree-{each}"] == "yes")
    acts: dict[str, Callable[[], Any]] = {
        "changed": lambda: _change(site, visit, form, number),
        "matched": lambda: numbers.match(number, form["record"], record, who, typed),
        "confirmed": lambda: numbers.confirm(_waiting(form), who),
        "refused": lambda: numbers.refuse(_waiting(form), who, note),
        "unlinked": lambda: numbers.refuse(str(number), who, note),
        "void": lambda: numbers.void(number, who, note),
    }
    await _do(site, acts[what])
    said = "refused" if what == "unlinked" else what
    return go("/numbers" if what == "void" else f"/numbers/{quote(str(number))}?said={said}")


def _record_of(site: Site, visit: Visit, record: str) -> Person | None:
    """Return who the census has under this number; asked in the loop, before the act."""
    if site.keeper.rebuilding:
        raise Refused("the census is being rebuilt: the record may be in it", "try again in a minute")
    site.keeper.looked(visit.signed.by, "one patient")
    people = patient_views(site.keeper.census, record) if record else []
    return people[-1].person.value if people else None


def _waiting(form: Form) -> str:
    """The match that the page showed: another one that came meanwhile is not confirmed by this press."""
    if not form["match"]:
        raise UsageError("nothing waits under this name", "open the page again")
    return form["match"]


def _change(site: Site, visit: Visit, form: Form, number: Number) -> None:
    changes: dict[str, Any] = _typed(form, whole=False)
    if form["allergies"] != "same":
        changes |= _allergies(form)
    if form["left"]:
        changes["left"] = moment_of(site, form["left"])
    if not changes and not form["ward"]:
        raise UsageError("nothing to write down", "fill in what is known now")
    at = moment_of(site, form["at"]) or changes.get("left")
    site.numbers.change(number, visit.signed, changes, place=form["ward"], at=at)


def _typed(form: Form, *, whole: bool) -> dict[str, Any]:
    return {name: form[name] for name in _FIELDS if whole or form[name]}


def _allergies(form: Form) -> dict[str, Any]:
    """Return the answer of three: a form in which none is chosen says that nobody asked."""
    try:
        status = AllergyStatus(form["allergies"] or AllergyStatus.NOT_RECORDED.value)
    except ValueError as error:
        raise UsageError("this form is none of this page's", "open the page again") from error
    return {"allergies": status, "allergic_to": form["allergic_to"]}


def moment_of(site: Site, text: str) -> float | None:
    if not text:
        return None
    try:
        return past_time(text, site.clock.now(), site.keeper.config.manner.place)
    except ValueError as error:
        raise UsageError("this is no time", "write 03:40, or 2026-11-24 03:40") from error


@get("/numbers/{name:str}/labels.pdf")
async def labels(site: Here, visit: Seen, name: FromPath[str]) -> Response[bytes]:
    """One sheet of labels of one number."""
    web.check_may(visit, "give")
    number = policy.read_typed(name)
    state, config = site.keeper.numbers(), site.keeper.config
    block = state.block_of(number)
    if block is None:
        raise NotFound("nobody has this number", "look at the list")
    own = config.numbers
    grid = Grid(own.columns, own.rows, own.margin_x, own.margin_y)
    sheets = Sheets(config.hospital, block.place, block.block, [number], own.columns * own.rows, registry=False)
    document = label_sheets(sheets, grid, language=visit.language, made_at=visit.now)
    try:
        printed = await asyncio.to_thread(typeset, document)
    except NotTypeset as error:
        raise Incomplete("no page could be made", "print it at the desk") from error
    headers = {**HEADERS, "Content-Disposition": f'inline; filename="{number}.pdf"'}
    return Response(printed.pdf, media_type="application/pdf", headers=headers)


PAGES = [all_numbers, arrival_form, arrive, number_page, act, labels]
