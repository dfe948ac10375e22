"""What the pages of the way back share: the state, who speaks, who may.

Comes in: a site and a visit. Goes out: a copy of the engine's state, `Speech` and `Rights` for the views, the waves
that a page shows. Whoever may not read the record is told no name of a person.
"""

from __future__ import annotations

from copy import copy
from typing import Final

from garde.hub import restart_paper
from garde.hub.console.site import Site, Visit
from garde.hub.console.views.gate import Rights, roles_words
from garde.hub.console.views.headline import Headline
from garde.hub.console.views.waves import ServerShown, Speech, headline, server
from garde.hub.restart_acts import RestartDesk
from garde.journal.speech import Said, say_in
from garde.recovery import may, reasons
from garde.recovery.judged import Row, Wave
from garde.recovery.memory import State, Step
from garde.recovery.needs import is_planned
from garde.recovery.reasons import Reason
from garde.recovery.words import RECOVERY_LOCALE, say_reason

KINDS: Final = (
    "step_moved step_wanted machine_recut server_rated restart_planned watch_reinforced gate_answered gate_signed"
    " machine_swept machine_looked point_restored point_chosen cut_changed machine_cut machine_freed agent_silent"
    " agent_alive estate_loaded credential_listed credential_changed watch_raised woke"
)
PERSONS: Final = ("by", "it", "service")  # values of a reason that name a person


def speech(visit: Visit) -> Speech:
    """Return who speaks to this reader."""
    say, look = say_in(visit.language, RECOVERY_LOCALE), visit.names.look
    hide = not visit.may("read")

    def because(reason: Reason) -> Said:
        return say_reason(_nameless(reason, visit) if hide else reason, say, look)

    def known(text: str) -> Said:
        found = reasons.read(text)
        return because(found) if found else visit.say.known(text)

    return Speech(visit.names, because, known, visit.now)


def rights(visit: Visit, machine: str = "") -> Rights:
    """Return what whoever looks may do about a machine, and who else may."""
    look, caller = visit.names.look, visit.caller
    me = may.person_of(look, caller.login)
    return Rights(
        may=lambda act: may.may(look, act, caller.login, caller.role, machine),
        roles=lambda act: roles_words(may.roles_for(look, act, machine), visit.names),
        same=lambda login: may.person_of(look, login) == me,
    )


def may_table(visit: Visit, machine: str = "") -> tuple[dict[str, bool], dict[str, Said]]:
    """Return, for templates, what whoever looks may do, and who can do each."""
    found = rights(visit, machine)
    return {act: found.may(act) for act in may.ACTS}, {act: found.roles(act) for act in may.ACTS}


def waves_shown(state: State, visit: Visit) -> tuple[Wave, ...]:
    """Return the waves in force, or proposed."""
    return restart_paper.waves_shown(state, visit.names.look, visit.now)


def decided_words(state: State, visit: Visit) -> Said:
    """Return who decided the order and when; "" where nobody has."""
    who = decider(state, visit)
    return visit.say("Decided by {who}.", who=who) if who else who


def decider(state: State, visit: Visit) -> Said:
    """Return who it was, and when; "" where nobody has."""
    if state.plan is None:
        return Said("")
    who = visit.names.person(state.plan.by) if visit.may("read") else visit.say("somebody")
    return visit.say("{who}, {time}", who=who, time=visit.minute(state.plan.at))


def desk_of(site: Site, visit: Visit) -> RestartDesk:
    """Return the desk of whoever looks."""
    return RestartDesk(site.deps, visit.caller)


def row_of(state: State, visit: Visit, machine: str) -> Row | None:
    """Return a server's row; None where it stands in no wave and never began."""
    rows = (row for wave in waves_shown(state, visit) for row in wave.rows if row.machine == machine)
    return next(rows, None)


def way_line(site: Site, visit: Visit) -> Headline | None:
    """Return the one line that other pages show; None where no way back has begun."""

    def take(state: State) -> tuple[list[Step], bool]:
        if not any(each.round for each in state.steps.values()):
            return [], False
        shown = restart_paper.machines_shown(state, visit.names.look)
        return [copy(state.step(each)) for each in shown], state.plan is not None  # nothing inside them is read

    steps, decided = site.deps.loop.look("recovery", take)
    return headline(steps, visit.names, decided=decided) if steps else None


def way_of(site: Site, visit: Visit, machine: str) -> ServerShown | None:
    """Return how far one machine has come; None where it never began and stands in no wave that somebody decided."""
    if not site.deps.loop.look("recovery", lambda state: state.step(machine).round or is_planned(state, machine)):
        return None  # as in every quiet week: nothing is copied for that
    row = row_of(desk_of(site, visit).state(), visit, machine)
    return server(row, speech(visit)) if row else None


def _nameless(reason: Reason, visit: Visit) -> Reason:
    somebody = str(visit.say("somebody"))
    return Reason(reason.sentence, tuple((key, somebody if key in PERSONS else v) for key, v in reason.values))
