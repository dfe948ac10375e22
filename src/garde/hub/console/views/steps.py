"""The steps that a person can have done about a server now: what each does, opens, and who uses the server meanwhile.

Comes in: its gate, its flows, the services that live on it. Goes out: `StepShown`, and who can where the reader may
not. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from garde.hub.console.names import Names
from garde.hub.console.views.waves import Speech
from garde.journal.speech import Said, mark
from garde.model.restart import Stage

FLOWS: Final = 12  # that are named; of more there is a count
STEPS: Final = {
    "begin": mark("Begin its way back"),
    "open": mark("Open it fully"),
    "back": mark("Cut it again"),
    "again": mark("Begin anew"),
}
WHAT: Final = {
    "begin": mark("It is cut off from everything but this hub; then its checks and the gate begin."),
    "open": mark("It is isolated no more: everybody reaches it as before the attack."),
    "back": mark("It is cut off from everything but this hub again, at once. Answers and signatures count no more."),
    "again": mark("A new round begins: it stays cut off, and every answer and both signatures are asked anew."),
}
GRAVE: Final = frozenset({"back"})
BY_STAGE: Final = {
    Stage.WAITING: ("begin",),
    Stage.ISOLATED: ("back",),
    Stage.VERIFIED: ("back",),
    Stage.OBSERVING: ("back",),
    Stage.LISTED: ("open", "back"),
    Stage.OPEN: ("back",),
    Stage.RECUT: ("again",),
}


@dataclass(frozen=True, slots=True)
class StepShown:
    """One thing that a person can have done now."""

    want: str
    name: Said
    what: Said
    opens: Said
    used: Said
    grave: bool


def step_of(want: str, speech: Speech, flows: Sequence[str], used: Said) -> StepShown:
    say = speech.names.say
    opens = Said("")
    if want in ("begin", "again"):
        listed = speech.names.some([flow_words(each, speech.names) for each in flows], FLOWS)
        opens = say("Nothing yet. After the watch and both signatures its listed flows: {flows}.", flows=listed) \
            if flows else say("Nothing yet. The hospital’s file lists no flow for it.")  # fmt: skip
    elif want == "open":
        opens = say("every flow, as before the attack")
    return StepShown(
        want, say.word(STEPS, want), say.word(WHAT, want), opens, _used(want, used, speech), want in GRAVE,
    )  # fmt: skip


def flow_words(flow: str, names: Names) -> Said:
    """Return who is at the other end of a flow, with its port where there is one."""
    address, _, port = flow.rpartition(":") if flow.endswith(("/tcp", "/udp")) else (flow, "", "")
    name = names.machine(address.strip("[]"))
    return names.say("{name} ({port})", name=name, port=port) if port else name


def _used(want: str, used: Said, speech: Speech) -> Said:
    if not used:
        return speech.names.say("No clinical service lives on it.")
    if want == "open":
        return speech.names.say("These have it again: {services}.", services=used)
    return speech.names.say("These have to do without it meanwhile: {services}.", services=used)


def not_yet(step: StepShown, names: Names, roles: Said) -> Said:
    """Return who can, for a reader who may not."""
    return names.say("{step}: who can: {roles}.", step=step.name, roles=roles)
