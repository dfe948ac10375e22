"""The custody form: what is handed over, its digests, and lines to sign at each hand-over.

Comes in: the list of evidence as plain data, whose it is, a speaker. Goes out: a `Document` for `garde.paper`, A4,
black and white. It starts no process itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from garde.journal.forensic_words import SORTS
from garde.journal.speech import Say, long_time
from garde.paper.document import Document

TEMPLATE: Final = Path(__file__).parent / "templates" / "custody.typ"
CUSTODY_LOCALE: Final = Path(__file__).parent / "locale"
MOST_ROWS: Final = 300  # of a form: the list in the bundle has all
HANDS: Final = 4  # hand-overs with room on the form
_CUT: Final = 70  # characters of a name or a place


@dataclass(frozen=True, slots=True)
class Form:
    """What a form says of the whole."""

    hospital: str
    incident: str
    by: str
    at: float
    key: str  # the hub's public key, hex
    head: int
    entry_hash: str


def custody_form(form: Form, items: Sequence[dict[str, Any]], say: Say) -> Document:
    """Return the form of a bundle."""
    title = say("Evidence of {hospital}, {incident}", hospital=form.hospital, incident=form.incident)
    data = {
        "hospital": form.hospital,
        "heading": say("Chain of custody"),
        "lead": say(
            "Made {time} for {who}. {n} things are listed, those marked ● lie in the bundle, the others where it is "
            "said. The journal in it goes to entry {head}.",
            time=long_time(form.at), who=form.by, n=len(items), head=form.head,
        ),
        "head": [say("Journal"), form.entry_hash],
        "key": [say("Key"), form.key],
        "columns": [say("Item"), say("What"), say("Where it was"), say("Taken"), say("SHA-256")],
        "rows": [_row(each, say) for each in items[:MOST_ROWS]],
        "more": say("{n} more stand in evidence.json", n=len(items) - MOST_ROWS) if len(items) > MOST_ROWS else "",
        "hands": say("Handed over"),
        "sign": [say("Date and time"), say("From"), say("To"), say("Seal and state"), say("Signatures")],
        "empty": HANDS,
        "foot": say("Check the bundle with this key before you rely on it: garde evidence verify FOLDER --key KEY"),
    }  # fmt: skip
    return Document(TEMPLATE, data, title, say.language, form.at)


def _row(item: dict[str, Any], say: Say) -> dict[str, Any]:
    return {
        "item": item["item"][:12],
        "here": item["file"] is not None,
        "name": _short(item["name"]),
        "sort": say.word(SORTS, item["sort"]),
        "place": _short(item["place"]),
        "machine": item["machine"],
        "by": _short(item["taken_by"]),
        "at": item["taken_at"][:19].replace("T", " "),
        "sha256": item["sha256"] or say("not known"),
    }


def _short(text: str) -> str:
    return text if len(text) <= _CUT else f"{text[: _CUT // 2]}…{text[-_CUT // 2 :]}"
