"""What people do with evidence, each as one entry: for the API and the console alike.

Comes in: who asks, and for what. Goes out: the entries that were written, the act's own first, and the evidence as it
stands. Who may is the rule of `garde.forensics.may`. Raises NotPermitted, NotFound and UsageError, OSError where the
journal cannot be written: nothing was done then.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from garde.errors import NotFound, UsageError
from garde.forensics import may
from garde.forensics.custody import contents
from garde.forensics.custody.store import DIGEST, FOLDER, ID, Evidence
from garde.forensics.memory import Case, State
from garde.hub.evidence import HUB
from garde.hub.person_acts import PersonAtWork, note_text
from garde.journal.entry import Entry
from garde.journal.forensic_kinds import BundleWanted, EvidenceMoved, EvidenceReferred
from garde.journal.forensic_words import SORTS
from garde.journal.speech import LANGUAGES


@dataclass(frozen=True, slots=True)
class EvidenceDesk(PersonAtWork):
    """One person at work on the evidence."""

    # --- what stands ---

    def state(self) -> State:
        """Return the state as it stands, apart from what goes on meanwhile."""
        found: State = self.deps.loop.look("forensics", deepcopy)
        return found

    def case(self, state: State, incident: str) -> Case:
        """Return an incident; "" is the newest that goes on, else the newest. Raises NotFound."""
        cases = sorted(state.cases.values(), key=lambda each: (not each.closed, each.opened))
        found = state.case(incident) if incident else (cases[-1] if cases else None)
        if found is None:
            raise NotFound("there is no such incident", "see `garde hub status`")
        return found

    def items(self, incident: str = "") -> list[dict[str, Any]]:
        """Return the evidence of an incident as plain data."""
        state = self.state()
        case = self.case(state, incident)
        entries = self.deps.loop.journal.entries(kinds=("evidence_taken", "evidence_referred"))
        store = self._store
        items = contents.of_case(state, case)
        here = {each.item: kept for each in items if (kept := store.find(each.item))}
        return contents.listed(items, contents.words_of(entries), here)

    def may(self, act: str) -> bool:
        """Whether this person may do this."""
        return may.may(self.look, act, self.caller.login, self.caller.role)

    def _check(self, act: str) -> None:
        if not self.may(act):
            raise self._refusal(may.roles_for(act))

    @property
    def _store(self) -> Evidence:
        return Evidence(self.deps.state / FOLDER)

    # --- acts ---

    def export(self, incident: str, language: str) -> list[Entry]:
        """Have everything put into one bundle."""
        self._check(may.EXPORT)
        if language not in LANGUAGES:
            raise UsageError(f"a bundle is made in {', '.join(LANGUAGES)}")
        case = self.case(self.state(), incident)
        return self._write(BundleWanted(case.id, self.caller.login, language))

    def refer(self, item: str, sort: str, *, name: str, place: str, sha256: str, note: str) -> list[Entry]:
        """Say that something is evidence: it lies elsewhere, or was put into the hub's store before."""
        self._check(may.REFER)
        if sort not in SORTS:
            raise UsageError(f"evidence is one of {', '.join(SORTS)}")
        if not ID.fullmatch(item) or (sha256 and not DIGEST.fullmatch(sha256)):
            raise UsageError("an item has an id of 32, and a digest of 64 hexadecimal digits")
        if item in self.state().items:
            raise UsageError("this is evidence already", "see `garde evidence list`")
        said = self._write(
            EvidenceReferred(item, sort, note_text(name), note_text(place), sha256, self.caller.login, note_text(note))
        )
        kept = self._store.find(item)
        if kept is None or kept.sha256 != sha256:
            return said
        same = self._store.is_same(kept)
        return [*said, *self._write(EvidenceMoved(item, sha256, HUB, self.caller.login, "handed over", same))]
