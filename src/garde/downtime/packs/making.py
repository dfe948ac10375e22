"""From content to a pack: set, numbered, with a code on each page that says which sheet of which pack it is.

Comes in: a `Basis`, what is `Wanted`, a digest (the desk's keyed one). Goes out: `Made`: the manifest, the PDF, and
whose each page is. Raises NotTypeset. A ward takes a second or two and 300 MB, in a process of its own that uses all
cores: make one pack after the other. Equal content gives an equal digest, whatever the pack is called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from garde.downtime.codes import SheetCode
from garde.downtime.packs.basis import BLANKS as FORM_NAMES
from garde.downtime.packs.basis import UNPLACED, Basis
from garde.downtime.packs.services import service_sections
from garde.downtime.packs.shelf import BLANKS, SERVICE, WARD, Manifest
from garde.downtime.packs.voice import clean, words_of
from garde.downtime.packs.ward import Section, forms, ward_sections
from garde.errors import UsageError
from garde.paper import Document, NotTypeset, Printed, qr_svg, typeset

TEMPLATES: Final = Path(__file__).parent / "templates"
_PARTS: Final = tuple(TEMPLATES / f"{name}.typ" for name in ("frame", "census", "patient", "mar", "lists", "forms"))
_FORMS: Final = Path(__file__).parent / "forms.json"
_MASK: Final = 4  # of the QR codes: looking for the best one of each page takes longer than setting the page
_TIMEOUT_S: Final = 120.0  # a ward takes two seconds; an intensive care unit on a busy machine may take twenty
_NONE: Final = "TOO FEW CODES"
# Signs that surely fit into a head of the usual height, whichever letters they are.
_PLAIN: Final = {"sources": 130, "place": 20, "name": 26, "facts": 96, "allergies": 84}
# Titles are English in every pack: programs read them, people read the page.
_TITLES: Final = {
    "census": "census", "patient": "patient", "mar": "MAR", "numbers": "downtime numbers", "contacts": "contacts",
    "register": "register", "list": "list",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """A pack, set and not yet kept."""

    manifest: Manifest
    pdf: bytes
    people: Mapping[int, str]  # page -> patient's number, or downtime number


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a pack is to hold."""

    place: str
    about: str
    sections: list[Section]


def ward_pack(basis: Basis, ward: str) -> Wanted:
    """Return what a ward's pack holds."""
    return Wanted(ward, WARD, ward_sections(basis, ward))


def service_pack(basis: Basis, service: str) -> Wanted:
    """Return what a service's pack holds."""
    return Wanted(service, SERVICE, service_sections(basis, service))


def blanks_pack(ward: str, counts: Mapping[str, int]) -> Wanted:
    """Return nothing but blank forms, for weeks; UsageError for a form that there is none of."""
    unknown = sorted(set(counts) - set(msgspec.json.decode(_FORMS.read_bytes())))
    if unknown:
        raise UsageError(f"there is no form {unknown[0]!r}", f"choose of {', '.join(FORM_NAMES)}")
    return Wanted(ward, BLANKS, forms(counts))


def make(basis: Basis, wanted: Wanted, pack: str, digest: Callable[[bytes], str]) -> Made:
    """Set a pack; NotTypeset where it cannot be."""
    body = _body(basis, wanted)
    mark = digest(msgspec.json.encode(body))
    printed = _set(body, pack, mark, basis)
    kinds = _pages(printed)
    manifest = Manifest(
        pack, wanted.place, wanted.about, basis.language, printed.pages, printed.sha256, mark, basis.made_at,
        basis.as_of, basis.feed, basis.senders, _titles(kinds),
        tuple(page for page, found in enumerate(kinds, 1) if found["kind"] == "mar"),
        tuple(page for page, found in enumerate(kinds, 1) if found["kind"] == "form"),
    )  # fmt: skip
    people = {page: found["subject"] for page, found in enumerate(kinds, 1) if found["subject"]}
    return Made(manifest, printed.pdf, people)


def _body(basis: Basis, wanted: Wanted) -> dict[str, Any]:
    voice, blank = basis.voice, wanted.about == BLANKS
    as_of = voice.time(basis.as_of) if basis.as_of else voice("nothing_heard")
    return {
        "hospital": clean(basis.hospital),
        "place": _place(basis, wanted),
        "as_of": "" if blank else as_of,  # an empty form shows nothing of the record
        "sources": [] if blank else [f"{clean(name) or '?'} {voice.time(at)}" for name, at in basis.senders],
        "warning": "" if blank else basis.warning(),
        "made": voice.time(basis.made_at),
        "sections": [{**each, "plain": _is_plain(each, basis, wanted)} for each in wanted.sections],
        "forms": msgspec.json.decode(_FORMS.read_bytes()),
        "words": words_of(basis.language),
    }


def _is_plain(section: Section, basis: Basis, wanted: Wanted) -> bool:
    """Say whether a page's head is surely of the usual height: what has more to say is measured, at a price."""
    sources = sum(len(name) + 16 for name, _ in basis.senders)
    warned = wanted.about != BLANKS and basis.warning()
    if warned or sources > _PLAIN["sources"] or len(wanted.place) > _PLAIN["place"] or section["kind"] == "list":
        return False
    who = section.get("who")
    if who is None:
        return True
    allergies = who["allergies"]
    said = (
        ("name", len(who["family"]) + len(who["given"])),
        ("facts", len(who["bed"]) + sum(len(each) + 3 for each in who["facts"])),
        ("allergies", len(allergies["word"] + allergies["more"]) + sum(len(each) + 2 for each in allergies["items"])),
    )
    return not who["loud"] and all(length <= _PLAIN[name] for name, length in said)


def _place(basis: Basis, wanted: Wanted) -> str:
    words = words_of(basis.language)
    if wanted.about == SERVICE or wanted.place == UNPLACED:
        return words[wanted.place]
    return f"{words['ward']} {clean(wanted.place)}"


def _set(body: dict[str, Any], pack: str, mark: str, basis: Basis) -> Printed:
    """Set it. How many pages it has is known afterwards only: where the codes do not suffice, once more with more."""
    pages, title = _guess(body["sections"]), f"{body['hospital']} · {body['place']}"
    while True:
        codes = [qr_svg(SheetCode(pack, page).qr(mark), _MASK) for page in range(1, pages + 1)]
        document = Document(
            TEMPLATES / "pack.typ", {**body, "pack": pack, "codes": codes, "none": _NONE}, title, basis.language,
            basis.made_at, _PARTS, tagged=False,
        )  # fmt: skip
        try:
            return typeset(document, timeout_s=_TIMEOUT_S)
        except NotTypeset as error:
            if _NONE not in error.reason or pages > 9_999:
                raise
            pages *= 2


def _guess(sections: list[Section]) -> int:
    """Return more pages than there will be, by how much each section has to say."""
    lines = sum(
        len(each.get("results", ())) // 30 + len(each.get("beds", ())) // 8 + len(each.get("allergy_rows", ())) // 25
        + sum(len(group["lines"]) for group in each.get("groups", ()) if "lines" in group) // 5
        + sum(len(group["rows"]) for group in each.get("groups", ()) if "rows" in group) // 15
        for each in sections
    )  # fmt: skip
    return len(sections) + lines + 12


# --- what the pages turned out to be ----------------------------------------------------------------------------------


def _pages(printed: Printed) -> list[dict[str, Any]]:
    """Return what each page is: every section begins a page, and says so."""
    starts = dict(printed.marks)
    found: list[dict[str, Any]] = []
    for page in range(1, printed.pages + 1):
        found.append({**starts[page], "part": 1} if page in starts else {**found[-1], "part": found[-1]["part"] + 1})
    return found


def _titles(kinds: list[dict[str, Any]]) -> tuple[str, ...]:
    lengths = Counter(found["section"] for found in kinds)
    return tuple(_page_title(found, lengths[found["section"]]) for found in kinds)


def _page_title(found: dict[str, Any], of: int) -> str:
    title = f"blank: {found['form']}" if found["kind"] == "form" else _TITLES[found["kind"]]
    return f"{title} {found['part']}/{of}" if of > 1 else title
