"""Drawing warnings, and handing approved ones to the channels that work.

Comes in: `warning_asked` and `warning_send_asked` commands. Goes out: the forms of the warning on the disk, then
`warning_drawn`; a page to the channel's worker, which says what became of it. Rules, one test each:

1. A version begun again after the hub was killed replaces what lay there: nobody has approved it yet.
2. Nothing is handed over that is not the approved version, byte by byte.
3. What a telephone carries is the few words and where the rest can be fetched; mail carries the whole page.
4. TLP:RED is handed to no channel: it is for the ears of whoever hears it.
5. What cannot be drawn or sent is said with its reason, never a gap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Final

from garde.clock import Clock
from garde.estate.nouns import Neighbour
from garde.hub import warning_files
from garde.hub.threaded import Threaded
from garde.journal.hub_kinds import CommandFailed
from garde.journal.oncall_kinds import PageAsked, PageLine
from garde.journal.payload import Command, Payload
from garde.journal.sharing_kinds import WarningAsked, WarningDrawn, WarningSendAsked
from garde.paper import Document, Printed, typeset
from garde.sharing.out import forms, ways
from garde.sharing.out.draft import draft_of
from garde.sharing.out.facts import warning_id
from garde.sharing.out.guard import MACHINES, guard, reasons
from garde.sharing.out.memory import Out

if TYPE_CHECKING:
    from garde.hub.loop import Loop

NONE_WORKS: Final = "no channel that works reaches it: telephone, print, or carry a file"
Give = Callable[[PageAsked], bool]  # to the channel's worker; False where there is none of this name


class Warnings(Threaded):
    """The performer of both commands. See `garde.hub.performer.Performer`."""

    kinds = ("warning_asked", "warning_send_asked")

    def __init__(
        self,
        state: Path,
        loop: Callable[[], Loop],
        clock: Clock,
        give: Give,
        *,
        where: str = "",
        typesetter: Callable[[Document], Printed] = typeset,
    ) -> None:
        super().__init__("warnings")
        self._state, self._loop, self._clock, self._give = state, loop, clock, give
        self._where, self._typeset = where, typesetter

    # --- in the thread ---

    def _carry_out(self, command: Command) -> Iterator[list[Payload]]:
        if isinstance(command, WarningAsked):
            yield [self._drawn(command)]
        elif isinstance(command, WarningSendAsked) and (fault := self._handed(command)):
            yield [CommandFailed(command.command, fault)]

    def _out(self) -> Out:
        found: Out = self._loop().look("sharing", lambda state: deepcopy(state.out))
        return found

    def _drawn(self, asked: WarningAsked) -> WarningDrawn:
        """Rule 1."""
        out, warning = self._out(), warning_id(asked.incident)
        version = next(each for each in out.versions if each.command == asked.command)
        look = self._loop().estate
        guarded = guard(draft_of(out, version, look, self._clock.now()), look)
        made = forms.write(guarded.draft, self._where if asked.tlp in MACHINES else "", self._typeset)
        warning_files.keep(self._state, warning, asked.version, made, guarded.parts)
        return WarningDrawn(
            asked.command, warning, asked.incident, asked.version, asked.tlp,
            hashlib.sha256(made[forms.STIX]).hexdigest(), len(guarded.draft.indicators), len(guarded.removed),
            reasons(guarded),
        )  # fmt: skip

    def _handed(self, asked: WarningSendAsked) -> str:
        """Hand it to the channel; return why that cannot be, or "". Rules 2, 3 and 4."""
        out = self._out()
        version, neighbour = out.find(asked.warning, asked.version), self._neighbour(asked.neighbour)
        way = out.ways.get(asked.channel)
        if version is None or not version.approved:
            return "nobody has approved it"
        if version.tlp not in MACHINES:
            return "TLP:RED is told by voice only"
        if way is None or neighbour is None or not (address := ways.address_for(way, neighbour)):
            return NONE_WORKS
        language = self._language()
        name = forms.short_name(language) if way.by == "phone" else forms.text_name(language)
        words = warning_files.read(self._state, version, name).decode().splitlines()
        page = PageAsked(
            command=asked.command, cause=asked.cause, channel=way.name, person="", address=address, language=language,
            notices=(), lines=tuple(PageLine(each) for each in words), purpose="told",
        )  # fmt: skip
        return "" if self._give(page) else "calling.toml no longer names this channel"

    def _neighbour(self, name: str) -> Neighbour | None:
        return next((each for each in self._loop().estate.estate.neighbours if each.id == name), None)

    def _language(self) -> str:
        """Return the house's first language that a page is written in: neighbours speak it as well."""
        return next((each for each in self._loop().estate.estate.languages if each in forms.LANGUAGES), "en")
