"""The papers of what the law asks, for the console, the API and the command line alike.

Comes in: the engine's state, the estate, the time. Goes out: `Document`s (PDF), canonical JSON, editable text. It
writes nothing and asks nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.errors import NotFound
from garde.estate.look import Lookup
from garde.journal.speech import say_in
from garde.legal.drafting import canonical
from garde.legal.editable import to_text
from garde.legal.memory import Draft, Incident, State
from garde.legal.rows import clock_rows, draft_page
from garde.legal.sheets import Paper, clock_sheet, draft_sheet
from garde.legal.words import LEGAL_LOCALE
from garde.paper import Document


@dataclass(frozen=True, slots=True)
class LegalPapers:
    """What is owed at one moment. A draft is in its own language."""

    state: State
    look: Lookup
    now: float

    def draft(self, name: str) -> Document:
        """Return a draft as pages of A4; raises NotFound."""
        draft = self.find(name)
        return draft_sheet(self._paper(draft.language), draft_page(draft))

    def text(self, name: str) -> str:
        """Return a draft as text that can be edited and taken back; raises NotFound."""
        draft = self.find(name)
        return to_text(draft_page(draft), say_in(draft.language, LEGAL_LOCALE))

    def json(self, name: str) -> bytes:
        """Return exactly the bytes whose SHA-256 is signed; raises NotFound."""
        draft = self.find(name)
        return canonical(draft, draft.newest.number, draft.newest.fields)

    def clocks(self, incident: Incident, language: str) -> Document:
        """Return the table of clocks."""
        return clock_sheet(self._paper(language), clock_rows(self.state, incident, self.now, language))

    def find(self, name: str) -> Draft:
        """Return a draft; raises NotFound."""
        found = self.state.drafts.get(name)
        if found is None:
            raise NotFound(f"there is no draft {name[:64]!r}", "see them: garde legal drafts")
        return found

    def _paper(self, language: str) -> Paper:
        return Paper(self.look, say_in(language, LEGAL_LOCALE), self.now)
