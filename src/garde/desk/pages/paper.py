"""Back from paper: sheets that are not back, wards by per cent, one patient's items in the safe order, the signature.

Comes in: a visit, forms. Goes out: HTML, and entries by `garde.desk.back_entry`, which decides as for `garde sheet`. It
runs in a thread with a journal of its own, so that the desk goes on listening. Whose paper it is, is looked at by name:
it is written down first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, get_args, get_origin
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.params import FromQuery

from garde.desk.back_entry import BackEntry
from garde.desk.pages import web
from garde.desk.pages.numbers import moment_of
from garde.desk.pages.site import Site, Visit
from garde.desk.pages.web import Here, Seen, Sent
from garde.downtime.entry.account import HOW
from garde.downtime.entry.discrepancies import Discrepancy
from garde.downtime.entry.guide import Guide
from garde.downtime.entry.items import Anything, Keying, Step, Struck, Whole, check_words, step_of
from garde.downtime.entry.state import Item, Switched
from garde.errors import NotFound, UsageError
from garde.trust.web import Form, go, html

T = TypeVar("T")
LOST: Final = ("open", "unsure", "stray", "missing")
MOST: Final = 200  # sheets shown at a time
# What the next page says, by the word in its address.
SAID: Final = {
    "keyed": "It is written down.",
    "checked": "Your word on it is written down.",
    "signed": "Signed: for this patient the record counts again.",
    "sheet": "What became of the sheet is written down.",
}


async def _work(site: Site, visit: Visit, act: Callable[[BackEntry], T]) -> T:
    def alone() -> T:
        with site.keying, BackEntry(site.state, site.clock, visit.signed.by, site.paper) as work:
            return act(work)

    return await asyncio.to_thread(alone)


# --- all wards --------------------------------------------------------------------------------------------------------


@get("/paper")
async def paper_page(site: Here, visit: Seen, said: FromQuery[str] = "") -> Response[str]:
    """Every ward in figures, the sheets that are not back; nobody is named."""
    web.check_may(visit, "look")

    def look(work: BackEntry) -> dict[str, Any]:
        found = work.account()
        return {"account": found, "lost": found.standing(*LOST)[:MOST], "wards": work.wards()}

    values = await _work(site, visit, look)
    return html(site.render("paper.html", visit, **values, hows=HOW, said=_said(visit, said)))


@post("/paper/sheets")
async def sheet_back(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Say what became of a sheet."""
    web.check_may(visit, "key")
    if form["how"] not in HOW:
        raise UsageError("what became of it?", "choose one of the list")
    await _work(site, visit, lambda work: work.say([form["sheet"]], form["how"], form["note"]))
    return go("/paper?said=sheet")


def _said(visit: Visit, word: str) -> str:
    return visit.say(SAID[word]) if word in SAID else ""


# --- one patient ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form, as a page asks for it."""

    name: str
    needed: bool
    choices: tuple[str, ...] = ()  # of a closed set
    tick: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One item that was keyed."""

    item: str
    step: str
    words: str
    by: str
    observed: float
    sheet: str
    author: str
    agreed: bool
    refused: bool
    waits: bool


@dataclass(frozen=True, slots=True)
class OnePatient:
    """What the page of one patient shows."""

    subject: str
    name: str
    guide: Guide
    items: tuple[Shown, ...]
    unfit: tuple[Discrepancy, ...]
    switched: Switched | None


_KINDS: Final[tuple[type[Any], ...]] = tuple(each for each in get_args(Anything) if each not in (Whole, Struck))


def forms_of(step: Step | None) -> dict[str, tuple[Field, ...]]:
    """Return the kinds of a step and their fields; none where every step is closed."""
    found = {}
    for kind in _KINDS:
        if step is not None and _step(kind) is step:
            found[str(kind.__struct_config__.tag)] = tuple(_field(each) for each in msgspec.structs.fields(kind))
    return found


def _step(kind: type[Any]) -> Step:
    needed = {each.name: "-" for each in msgspec.structs.fields(kind) if each.required}
    return step_of(kind(**needed))


def _field(each: msgspec.structs.FieldInfo) -> Field:
    closed = get_args(each.type) if get_origin(each.type) is not None else ()
    return Field(each.name, each.required, tuple(map(str, closed)), each.type is bool)


@get("/paper/patient")
async def patient_page(
    site: Here, visit: Seen, number: FromQuery[str] = "", said: FromQuery[str] = ""
) -> Response[str]:
    """One patient: the safe order, what is keyed, what waits, the signature."""
    web.check_may(visit, "look")
    site.keeper.looked(visit.signed.by, "one patient's paper")
    found = await _work(site, visit, lambda work: _one(work, number))
    kinds = forms_of(found.guide.next) if visit.may("key") else {}
    values = {"one": found, "kinds": kinds, "said": _said(visit, said)}
    return html(site.render("patient.html", visit, **values))


def _one(work: BackEntry, number: str) -> OnePatient:
    subject = work.subject(number)
    state = work.now()
    view = work.records.view(state.person(subject))
    held = next((state.numbers.held[each] for each in state.numbers_of(subject) if each in state.numbers.held), None)
    known = view.person.value if view else held.person.person() if held and held.person else None
    name = " ".join(filter(None, (known.family, known.given))) if known else ""
    items = tuple(_shown(each) for each in state.items_of(subject) if each.counts)
    unfit = tuple(work.discrepancies(patient=subject))
    return OnePatient(state.person(subject), name, work.guide(subject), items, unfit, state.switch(subject))


def _shown(item: Item) -> Shown:
    words = "cannot be read"
    if item.kept is not None:
        plain = msgspec.to_builtins(item.kept.item)
        words = ", ".join(str(value) for name, value in plain.items() if value and name != "kind")
    author = item.kept.author if item.kept else ""
    return Shown(item.item, item.step.value, words, item.by, item.observed, item.sheet, author, item.agreed,
                 item.refused, item.waits)  # fmt: skip


@post("/paper/patient")
async def act(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Do one thing for one patient."""
    number, what = form["number"], form["what"]
    acts: dict[str, tuple[str, str, Callable[[BackEntry], Any]]] = {
        "key": ("key", "keyed", lambda work: work.key(_keying(site, form))),
        "whole": ("key", "keyed", lambda work: work.whole(number, form["step"], form["out_of_order"])),
        "agree": ("key", "checked", lambda work: work.check(form["item"], form["note"], agrees=True)),
        "differ": ("key", "checked", lambda work: work.check(form["item"], form["note"], agrees=False)),
        "sign": ("sign", "signed", lambda work: work.switch(number, form["signed"], form["reason"])),
    }
    if what not in acts:
        raise UsageError("this form is none of this page's", "open the page again")
    right, said, do = acts[what]
    web.check_may(visit, right)
    await _work(site, visit, do)
    return go(f"/paper/patient?number={quote(number, safe='')}&said={said}")


def _keying(site: Site, form: Form) -> Keying:
    """Return what a form says; a field that no form knows cannot come from a page of ours."""
    kind = next((each for each in _KINDS if each.__struct_config__.tag == form["kind"]), None)
    if kind is None:
        raise NotFound("there is no such form", "open the page again")
    typed = {}
    for each in msgspec.structs.fields(kind):
        value = form[f"f-{each.name}"]
        if value:
            typed[each.name] = value == "yes" if each.type is bool else value
    observed = moment_of(site, form["observed"])
    if observed is None:
        raise UsageError("when was it?", "write the time that stands on paper: 03:40")
    words = {name: form[name] for name in ("author", "sheet", "on_behalf", "replaces", "out_of_order")}
    try:
        item: Any = msgspec.convert({"kind": form["kind"], **typed}, Anything)
    except msgspec.ValidationError as error:
        raise UsageError("something that is needed is missing", "say what the paper says") from error
    found = Keying(form["number"], item, observed, check=form["check"] == "yes", **words)
    check_words(found)
    return found


PAGES = [paper_page, sheet_back, patient_page, act]
