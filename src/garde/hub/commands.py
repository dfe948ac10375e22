"""Which commands are open: asked, and without an outcome. A fold like any other, and the loop's own.

Comes in: entries. Goes out: `Commands`, its state. Rules:

1. A command is open from its entry on until an entry carries its id as the outcome (any payload with a `command` that
   is not itself a command).
2. An outcome counts where the hub says it, or the agent that the command went to; another agent's word settles
   nothing.
3. An outcome without a command that asked for it settles nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.hub.fold import Fold
from garde.journal.entry import Entry
from garde.journal.forensic_kinds import FORENSIC_OUTCOMES, HUB_OUTCOMES
from garde.journal.hub_kinds import OrderAsked
from garde.journal.kinds import KINDS
from garde.journal.payload import Command
from garde.journal.recovery_kinds import RECOVERY_OUTCOMES, ErrandAsked
from garde.journal.sharing_kinds import SHARING_OUTCOMES

COMMAND_KINDS = frozenset(name for name, kind in KINDS.items() if issubclass(kind, Command))
OUTCOME_KINDS = (
    frozenset(
        {
            "woke",
            "command_done",
            "command_failed",
            "order_applied",
            "order_refused",
            "cut_tried",
            "cut_undone",
            "report_made",
            "warning_drawn",
        }
    )
    | RECOVERY_OUTCOMES
    | FORENSIC_OUTCOMES
    | HUB_OUTCOMES
    | SHARING_OUTCOMES
)
AGENT = "agent/"  # what `who` begins with where an agent said it


@dataclass(slots=True)
class Commands:
    """The state: ids of open commands with their seq, and to which agent each order ever went."""

    open: dict[str, int] = field(default_factory=dict)
    to: dict[str, str] = field(default_factory=dict)


def project(state: Commands, entry: Entry) -> Commands:
    """Fold one entry."""
    payload = entry.payload
    if isinstance(payload, Command):
        state.open[payload.command] = entry.seq
        if isinstance(payload, OrderAsked | ErrandAsked):
            state.to[payload.command] = payload.machine
    else:
        done = settles(state, entry)
        if done:
            del state.open[done]
    return state


def settles(state: Commands, entry: Entry) -> str:
    """Return the id of the open command that this entry is the outcome of, or ""."""
    command: str = getattr(entry.payload, "command", "")
    return command if command in state.open and may_say(state, entry.who, command) else ""


def may_say(state: Commands, who: str, command: str) -> bool:
    """Whether this party may report the outcome of that command."""
    return not who.startswith(AGENT) or state.to.get(command) == who.removeprefix(AGENT)


COMMANDS = Fold(name="commands", shape=Commands, project=project, kinds=COMMAND_KINDS | OUTCOME_KINDS)
