"""What people do about warnings, each as one entry: for the API and the console alike.

Comes in: who asks, and for what. Goes out: the entries that were written, the act's own first; how things stand. Who
may is the rule of `garde.sharing.may`; what makes no sense as things stand is refused with the reason that keeps it.
Raises NotPermitted, Refused, NotFound and UsageError, OSError where the journal cannot be written: nothing was done.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from garde.errors import NotFound, Refused, UsageError
from garde.estate.nouns import Neighbour
from garde.hub import warning_files
from garde.hub.person_acts import PersonAtWork, note_text
from garde.journal import sharing_kinds as s
from garde.journal.entry import Entry
from garde.sharing import may
from garde.sharing.memory import State
from garde.sharing.out import ways
from garde.sharing.out.guard import MACHINES, Part
from garde.sharing.out.memory import TLPS, Version

TOKEN_BYTES: Final = 32  # of a neighbour's token: nobody guesses it, so that its digest can stand in the journal
_LOOK: Final = "look at it as it stands now: garde share show"


@dataclass(frozen=True, slots=True)
class ShareDesk(PersonAtWork):
    """One person at work on warnings."""

    # --- what stands ---

    def state(self) -> State:
        """Return the state as it stands, apart from what goes on meanwhile."""
        found: State = self.deps.loop.look("sharing", deepcopy)
        return found

    def may(self, act: str) -> bool:
        """Whether this person may do this."""
        return may.may(self.look, act, self.caller.login, self.caller.role)

    def _check(self, act: str) -> None:
        if not self.may(act):
            raise self._refusal(may.roles_for(act), named=act in may.NAMED)

    def neighbour(self, name: str) -> Neighbour:
        """Return a neighbour of the estate; raises NotFound."""
        found = next((each for each in self.look.estate.neighbours if each.id == name), None)
        if found is None:
            raise NotFound(f"the estate has no neighbour {name[:64]!r}", "see `garde estate show`")
        return found

    def version(self, warning: str, version: int = 0) -> Version:
        """Return a version of a warning, its newest drawn one where none is named; raises NotFound."""
        found = self.state().out.find(warning, version)
        if found is None:
            raise NotFound("there is no such warning", _LOOK)
        return found

    # --- what a version says ---

    def forms(self, warning: str, version: int = 0) -> tuple[str, ...]:
        """Return the names of the forms in which a version lies here. Raises NotFound, StateDamaged."""
        return warning_files.names(self.deps.state, self._drawn(warning, version))

    def form(self, warning: str, name: str, version: int = 0) -> bytes:
        """Return one of them, compared with what was drawn. Raises NotFound, StateDamaged."""
        return warning_files.read(self.deps.state, self._drawn(warning, version), name)

    def changes(self, warning: str, version: int = 0) -> tuple[Part, ...]:
        """Return the difference between what is known and what would leave, part by part."""
        return warning_files.changes(self.deps.state, self._drawn(warning, version))

    def _drawn(self, warning: str, version: int) -> Version:
        found = self.version(warning, version)
        if not found.drawn:
            raise Refused(f"it is not drawn: {found.failed or 'it is being made'}", _LOOK)
        return found

    # --- the way out ---

    def draw(self, incident: str, tlp: str) -> list[Entry]:
        """Have a warning drawn of what is known by now."""
        self._check(may.DRAW)
        if tlp not in TLPS:
            raise UsageError(f"a TLP is one of {', '.join(TLPS)}")
        case = self.state().out.case(incident)
        if case is None:
            raise NotFound("there is no such incident", "see them: garde status")
        return self._write(s.WarningWanted(case.incident, tlp, self.caller.login))

    def approve(self, warning: str, version: int, sha256: str) -> list[Entry]:
        """Release exactly this version: `sha256` is that of the STIX bundle which was looked at."""
        self._check(may.APPROVE)
        found = self._drawn(warning, version)
        if found.sha256 != sha256:
            raise Refused("this is not what was looked at", _LOOK)
        if found.approved:
            raise Refused(f"it was approved by {found.approved_by}", "send it: garde share send")
        return self._write(s.WarningApproved(warning, found.version, sha256, self.caller.login))

    def send(self, warning: str, version: int, neighbours: Sequence[str], channel: str) -> list[Entry]:
        """Send an approved version; no neighbour named: to all, no channel named: on whichever works for each."""
        self._check(may.SEND)
        found = self.version(warning, version)
        if not found.approved:
            raise Refused("nobody has approved it", f"look at it and approve it: garde share show {warning}")
        if found.tlp not in MACHINES:
            raise Refused("TLP:RED is told by voice only", f"telephone, then: garde share told {warning} NEIGHBOUR")
        named = tuple(dict.fromkeys(self.neighbour(each).id for each in neighbours))
        if not self.look.estate.neighbours:
            raise Refused("the hospital's file names no neighbour", "add them to hospital.yaml: neighbours")
        if channel and channel not in self.state().out.ways:
            raise NotFound(f"no channel {channel[:64]!r} reaches somebody elsewhere", "see them: garde share show")
        return self._write(s.WarningSendWanted(warning, found.version, named, channel, self.caller.login))

    def told(self, warning: str, neighbour: str, channel: str, *, confirmed: bool, name: str = "") -> list[Entry]:
        """Write down that a neighbour was told by hand (phone, file), or that he has understood."""
        self._check(may.TOLD)
        found = self._newest_approved(warning)
        said = s.NeighbourTold(
            warning, self.neighbour(neighbour).id, channel or ways.PHONE, self.caller.login, confirmed,
            note_text(name), found.version,
        )  # fmt: skip
        return self._write(said)

    def _newest_approved(self, warning: str) -> Version:
        found = next((each for each in self.state().out.released() if each.warning == warning), None)
        if found is None:
            raise Refused("nobody has approved it", f"look at it and approve it: garde share show {warning}")
        return found

    # --- who may read ---

    def make_key(self, neighbour: str) -> tuple[str, list[Entry]]:
        """Give a neighbour a token with which it reads what is approved. It is shown this once; the one before ends."""
        self._check(may.KEY)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        digest = hashlib.sha256(token.encode("ascii")).hexdigest()
        return token, self._write(s.ShareKeyMade(self.neighbour(neighbour).id, digest, self.caller.login))

    def drop_key(self, neighbour: str) -> list[Entry]:
        """Withdraw a neighbour's token."""
        self._check(may.KEY)
        if neighbour not in self.state().out.keys:
            raise NotFound("this neighbour has no token", _LOOK)
        return self._write(s.ShareKeyMade(neighbour, "", self.caller.login))
