"""What people say in matters of law, each as one entry: for the API and the console alike.

Comes in: who asks, and for what. Goes out: the entries that were written, the act's own first, with what followed from
it (`clock_started`, `draft_made`, …). Who may is the rule of `garde.legal.may`; what makes no sense as things stand is
refused with the reason. Raises NotPermitted, Refused, NotFound, UsageError and SettingsError (a file of clocks),
OSError where the journal cannot be written: nothing was done then. It decides nothing itself and sends nothing.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from garde.errors import NotFound, Refused, UsageError
from garde.hub.person_acts import PersonAtWork, note_text
from garde.journal import legal_kinds as a
from garde.journal.entry import Entry
from garde.journal.text import Text
from garde.legal import may
from garde.legal.clocks import NO, OPEN, YES, clocks_loaded, events, merged, read_clocks
from garde.legal.editable import changes
from garde.legal.forms import LANGUAGES, forms
from garde.legal.memory import Draft, Incident, State
from garde.legal.rows import draft_page
from garde.legal.words import NOT_PAID

LONGEST_VALUE: Final = 20_000  # characters of one field
LONGEST_CHANNEL: Final = 200
_LONG_AGO_S: Final = 366 * 86_400.0
_LOOK: Final = "look at it as it stands now: garde legal drafts"


@dataclass(frozen=True, slots=True)
class LegalDesk(PersonAtWork):
    """One person at work on what the law asks."""

    # --- what stands ---

    def state(self) -> State:
        """Return the state as it stands, apart from what goes on meanwhile."""
        found: State = self.deps.loop.look("legal", deepcopy)
        return found

    def now(self) -> float:
        """Return the hub's time."""
        return self.deps.clock.now()

    def may(self, act: str) -> bool:
        """Whether this person may do this."""
        return may.may(self.look, act, self.caller.login, self.caller.role)

    def _check(self, act: str) -> State:
        if not self.may(act):
            raise self._refusal(may.roles_for(act), named=act in may.NAMED)
        return self.state()

    @staticmethod
    def _incident(state: State, name: str) -> Incident:
        """Return an incident; "" is the newest that goes on, else the newest."""
        found = state.incident(name) if name else newest(state)
        if found is None:
            raise NotFound("there is no such incident", "see `garde hub status`")
        return found

    @staticmethod
    def _draft(state: State, name: str) -> Draft:
        found = state.drafts.get(name)
        if found is None:
            raise NotFound(f"there is no draft {name[:64]!r}", "see them: garde legal drafts")
        return found

    # --- clocks ---

    def load(self, content: str, source: str) -> list[Entry]:
        """Take a hospital's own clocks (TOML) beside those that come with Garde; "" goes back to those alone."""
        self._check(may.LOAD)
        name = source or "clocks.toml"
        clocks = merged(read_clocks(content.encode("utf-8", "replace"), name) if content.strip() else ())
        return self._write(clocks_loaded(clocks, name, self.caller.login))

    def aware(self, incident: str, event: str, since: float, note: str) -> list[Entry]:
        """Say since when the hospital is aware, and of what. Said again it corrects."""
        state = self._check(may.AWARE)
        found = self._incident(state, incident)
        if event not in events(state.clocks):
            raise UsageError(f"an event is one of {', '.join(events(state.clocks))}")
        if not self.now() - _LONG_AGO_S < since <= self.now():
            raise UsageError("awareness lies in the past, a year at most", "write 2026-11-24 06:10")
        return self._write(a.AwareSaid(found.id, event, since, self.caller.login, note_text(note)))

    def applies(self, clock: str, applies: str, why: str, incident: str = "") -> list[Entry]:
        """Say whether a duty applies (yes, no, open), and why; without an incident: for every one."""
        state = self._check(may.APPLIES)
        if applies not in (YES, NO, OPEN):
            raise UsageError("a duty applies: yes, no or open")
        if all(each.id != clock for each in state.clocks):
            raise NotFound(f"there is no clock {clock[:64]!r}", "see them: garde legal clocks")
        if not why.strip():
            raise UsageError("why? whoever reads it wants to know", "say it in a few words")
        of = self._incident(state, incident).id if incident else ""
        return self._write(a.ObligationSaid(clock, applies, self.caller.login, note_text(why), of))

    # --- drafts ---

    def draft(self, incident: str, form: str, language: str) -> list[Entry]:
        """Have a draft filled, or filled again; after a submission: its amendment. `draft_made` names it."""
        state = self._check(may.DRAFT)
        found = self._incident(state, incident)
        if form not in forms():
            raise UsageError(f"a form is one of {', '.join(forms())}")
        if language not in LANGUAGES:
            raise UsageError(f"a language is one of {', '.join(LANGUAGES)}")
        return self._write(a.DraftWanted(found.id, form, language, self.caller.login))

    def edit(self, draft: str, name: str, value: str) -> list[Entry]:
        """Write one field in one's own words; "" goes back to what is known. A new version, which nobody signed."""
        state = self._check(may.EDIT)
        found = self._open(self._draft(state, draft))
        return self._write(self._edited(found, name, value))

    def _edited(self, draft: Draft, name: str, value: str) -> a.DraftEdited:
        if forms()[draft.form].find(name) is None:
            raise NotFound(f"the form has no field {name[:64]!r}", f"see them: garde legal show {draft.id}")
        if len(value) > LONGEST_VALUE:
            raise UsageError(f"a field has {LONGEST_VALUE:,} characters at most")
        words = Text(value.strip().encode("utf-8", "replace"))
        return a.DraftEdited(draft.id, name, words, self.caller.login)

    def edit_text(self, draft: str, text: str) -> list[Entry]:
        """Take back a draft that was edited as text: every field whose words are others, each as one entry."""
        state = self._check(may.EDIT)
        found = self._open(self._draft(state, draft))
        changed = {name: value for name, value in changes(draft_page(found), text).items()
                   if value or name in found.edits}  # fmt: skip
        if not changed:
            raise Refused("nothing in it is other than in the draft", "nothing was written")
        said = [self._edited(found, name, value) for name, value in changed.items()]
        return self.deps.loop.append(said, who=f"person/{self.caller.login}")

    @staticmethod
    def _open(draft: Draft) -> Draft:
        if draft.submitted:
            raise Refused("it was handed in: what is learnt later makes an amendment",
                          f"garde legal draft {draft.form}")  # fmt: skip
        return draft

    def sign(self, draft: str, version: int, sha256: str) -> list[Entry]:
        """Sign exactly this version, as it was shown."""
        state = self._check(may.SIGN)
        found = self._open(self._draft(state, draft))
        if found.newest.number != version:
            raise Refused(f"the newest version is {found.newest.number}", "look at it, then sign that one")
        if found.newest.sha256 != sha256:
            raise Refused("its digest is another one than the one shown", "look at it again, then sign")
        if any(each.by == self.caller.login for each in found.signed):
            raise Refused("you have signed this version already", _LOOK)
        return self._write(a.DraftSigned(found.id, version, sha256, self.caller.login))

    def submit(self, draft: str, version: int, at: float, channel: str, reference: str) -> list[Entry]:
        """Say that a signed version was handed in: when, by which channel, under which reference."""
        state = self._check(may.SUBMIT)
        found = self._open(self._draft(state, draft))
        if all(each.version != version for each in found.signatures):
            raise Refused("nobody has signed this version", f"sign it first: garde legal sign {found.id}")
        if not self.now() - _LONG_AGO_S < at <= self.now():
            raise UsageError("it was handed in in the past, a year ago at most", "write 2026-11-24 09:00")
        words = channel.strip()
        if not words or len(words) > LONGEST_CHANNEL:
            raise UsageError("by which channel was it handed in?", "online form, mail, telephone, letter, in person")
        made = a.SubmissionSaid(found.id, version, at, words, note_text(reference), self.caller.login)
        return self._write(made)

    # --- the ransom ---

    def ransom(self, incident: str, paid: bool, why: str) -> list[Entry]:
        """Say what was decided about the ransom; without words, and not paid: the default text (`NOT_PAID`)."""
        state = self._check(may.RANSOM)
        found = self._incident(state, incident)
        words = why.strip() or ("" if paid else NOT_PAID)
        if not words:
            raise UsageError("why is it paid? whoever reads it wants to know", "say it in a few words")
        return self._write(a.RansomDecided(found.id, paid, self.caller.login, note_text(words)))


def newest(state: State) -> Incident | None:
    """Return the newest incident that goes on, else the newest."""
    whole = [each for each in state.incidents.values() if each.id not in state.into]
    found = [each for each in whole if not each.closed] or whole
    return found[-1] if found else None
