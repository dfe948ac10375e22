"""Pictures of a warning for the documents, made anew: `python tests/support/warning_pictures.py [docs/img]`.

Comes in: nothing. Goes out: `warning-phone.png`, `warning-paper-fr.png`. The page and the paper are the real ones, of
an attack that never was.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pypdfium2

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP), str(TOP / "src"), str(TOP / "tests/e2e"), str(TOP / "tests/unit/sharing")]

from console_stage import launched  # noqa: E402
from sharing_house import LOOK, draft, everything  # noqa: E402

from garde.journal.speech import say_in  # noqa: E402
from garde.paper import typeset  # noqa: E402
from garde.sharing.out import page  # noqa: E402
from garde.sharing.out.guard import guard  # noqa: E402
from garde.sharing.out.words import SHARING_LOCALE, Sheet, sheet  # noqa: E402

PHONE = {"width": 390, "height": 844}
AT = 1_795_490_000.0


def _sheet(language: str) -> Sheet:
    made = guard(draft(*everything(), began=AT - 600, first=AT - 60, at=AT, left_as_of=AT - 30), LOOK).draft
    return sheet(made, say_in(language, SHARING_LOCALE))


def phone(to: Path, language: str) -> None:
    """Write the page as a telephone shows it."""
    with launched() as browser:
        shown = browser.new_context(viewport=PHONE).new_page()
        shown.set_content(page.html(_sheet(language)).decode())
        shown.screenshot(path=str(to), full_page=True)


def paper(to: Path, language: str) -> None:
    """Write the page as a printer sets it."""
    printed = typeset(page.paper(_sheet(language), AT))
    pypdfium2.PdfDocument(printed.pdf)[0].render(scale=1.1).to_pil().convert("L").save(to, optimize=True)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else TOP / "docs" / "img"
    phone(folder / "warning-phone.png", "en")
    paper(folder / "warning-paper-fr.png", "fr")
