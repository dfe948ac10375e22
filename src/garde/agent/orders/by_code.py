"""Undoing every cut of this machine with a printed code: no network, no hub, no agent.

Comes in: a code as it was typed. Goes out: what was undone and what not; an entry for each in the agent's journal,
which the hub gets to hear when it is there again. A code is used up before anything is undone, and never where there is
nothing to undo.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from garde.agent.link import enrolled as enrolment
from garde.agent.netns import enter
from garde.clock import Clock
from garde.contain.actions.cut import CutRefused
from garde.contain.actions.cuts import Cuts
from garde.contain.actions.nft import NeverCut
from garde.errors import GardeError, NotFound
from garde.journal.hub_kinds import CutUndone
from garde.journal.store import open_journal
from garde.settings import Settings
from garde.trust.codes import CodeBook, normal_form

OPERATOR = "operator"


def release_cuts(state: Path, code: str, settings: Settings, clock: Clock, netns: str = "") -> dict[str, Any]:
    """Undo all cuts. Raises UsageError (a typing error), Refused (a wrong code, a used one, wait), NotFound."""
    normal_form(code)  # before anything is looked at: a typing error is the likeliest of all
    if netns:
        enter(netns)
    enrolled = enrolment.load(state)
    cuts = Cuts(state, NeverCut(enrolment.with_hub(settings, enrolled).contain), enrolled.flows)
    if not cuts.active():
        raise NotFound("no cut is in force on this machine", "the code was not used up; `garde status` shows holds")
    left = CodeBook(state / enrolment.CODES_FILE).redeem(code, clock.now())
    said = cuts.undo_all()
    failed = [{"cut": each.cut, "reason": each.reason} for each in said if isinstance(each, CutRefused)]
    undone = [each.cut for each in said if not isinstance(each, CutRefused)]
    _note(state, undone, clock)
    return {"cuts": undone, "failed": failed, "codes_left": left}


def _note(state: Path, cuts: list[str], clock: Clock) -> None:
    """Write it down where that can be done: a full disk keeps no machine cut off."""
    try:
        journal = open_journal(state, who=OPERATOR, clock=clock)
        try:
            for cut in cuts:
                journal.append(CutUndone(cut, "", "code"))
        finally:
            journal.close()
    except (OSError, GardeError):
        return
