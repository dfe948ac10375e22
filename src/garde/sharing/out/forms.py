"""Every form of one version of a warning, as files.

Comes in: what the guard let through, where the files can be fetched, what sets type. Goes out: file names and bytes.
The STIX bundle names every other form by its digest, so that whoever approved its digest approved them all. The
difference is not among them: it holds what must not leave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from garde.journal.speech import Say, say_in
from garde.paper.document import Document, NotTypeset, Printed
from garde.sharing.out import misp, page, stix, table
from garde.sharing.out.draft import Draft
from garde.sharing.out.words import SHARING_LOCALE, Sheet, sheet, short

LANGUAGES: Final = ("en", "fr")
STIX, MISP, CSV = "stix.json", "misp.json", "indicators.csv"
Typeset = Callable[[Document], Printed]


def html_name(language: str) -> str:
    """Return the name of the page for the telephone."""
    return f"page.{language}.html"


def pdf_name(language: str) -> str:
    """Return the name of the page for paper."""
    return f"page.{language}.pdf"


def short_name(language: str) -> str:
    """Return the name of the few words that a telephone without a screen carries."""
    return f"short.{language}.txt"


def text_name(language: str) -> str:
    """Return the name of the page as plain text, for mail."""
    return f"page.{language}.txt"


def write(draft: Draft, where: str, typeset: Typeset) -> dict[str, bytes]:
    """Return every form of a guarded draft. Where no type can be set, there is no paper and all else stands."""
    made: dict[str, bytes] = {}
    for language in LANGUAGES:
        say = say_in(language, SHARING_LOCALE)
        content = sheet(draft, say)
        made[html_name(language)] = page.html(content)
        made[text_name(language)] = text(content)
        made[short_name(language)] = _short(draft, say, where)
        with suppress(NotTypeset):
            made[pdf_name(language)] = typeset(page.paper(content, draft.at)).pdf
    made[CSV], made[MISP] = table.write(draft), misp.write(draft)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in made.items()}
    return made | {STIX: stix.write(draft, digests)}


def text(content: Sheet) -> bytes:
    """Return the page as plain text."""
    lines = [f"{content.tlp} – {content.tlp_means}", "", content.title, ""]
    lines += [f"{label}: {value}" for label, value in content.rows]
    lines += ["", content.advice_title, *(f"{number}. {each}" for number, each in enumerate(content.advice, 1))]
    for group in content.groups:
        lines += [
            "",
            group.label,
            *(f"  {each}" for each in group.values),
            *([f"  {group.more}"] if group.more else []),
        ]
    lines += ["", *([content.call, ""] if content.call else []), content.foot, ""]
    return "\n".join(lines).encode()


def _short(draft: Draft, say: Say, where: str) -> bytes:
    return "\n".join(short(draft, say, where)).encode()
