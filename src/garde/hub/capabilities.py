"""The capabilities that the hub runs: the one visible list.

Comes in: nothing. Goes out: `CAPABILITIES`, in the order in which they answer an entry, and `FOLDS`, what the hub
itself remembers. Adding a capability is adding its folder and one line here.
"""

from __future__ import annotations

from typing import Any

from garde.contain import policy, state
from garde.emergency import policy as emergency_policy
from garde.emergency import state as emergency_state
from garde.forensics import policy as forensic_policy
from garde.forensics import state as forensic_state
from garde.hub.board import BOARD
from garde.hub.facts import FACTS
from garde.hub.fold import Capability, Fold
from garde.hub.roster import ROSTER
from garde.legal import policy as legal_policy
from garde.legal import state as legal_state
from garde.oncall import memory
from garde.oncall import policy as calling
from garde.oncall import state as called
from garde.recovery import policy as recovery_policy
from garde.recovery import state as recovery_state
from garde.sharing import policy as sharing_policy
from garde.sharing import state as sharing_state

CAPABILITIES: tuple[Capability[Any], ...] = (
    Capability(
        name="contain",
        shape=state.State,
        project=state.project,
        decide=policy.decide,
        version=state.VERSION,
        kinds=state.KINDS,
    ),
    Capability(
        name="oncall",
        shape=memory.State,
        project=called.project,
        decide=calling.decide,
        version=called.VERSION,
        kinds=called.KINDS,
    ),
    Capability(
        name="emergency",
        shape=emergency_state.State,
        project=emergency_state.project,
        decide=emergency_policy.decide,
        version=emergency_state.VERSION,
        kinds=emergency_state.KINDS,
    ),
    Capability(
        name="recovery",
        shape=recovery_state.State,
        project=recovery_state.project,
        decide=recovery_policy.decide,
        version=recovery_state.VERSION,
        kinds=recovery_state.KINDS,
    ),
    Capability(
        name="forensics",
        shape=forensic_state.State,
        project=forensic_state.project,
        decide=forensic_policy.decide,
        version=forensic_state.VERSION,
        kinds=forensic_state.KINDS,
    ),
    Capability(
        name="sharing",
        shape=sharing_state.State,
        project=sharing_state.project,
        decide=sharing_policy.decide,
        version=sharing_state.VERSION,
        kinds=sharing_state.KINDS,
    ),
    Capability(
        name="legal",
        shape=legal_state.State,
        project=legal_state.project,
        decide=legal_policy.decide,
        version=legal_state.VERSION,
        kinds=legal_state.KINDS,
    ),
)
FOLDS: tuple[Fold[Any], ...] = (ROSTER, BOARD, FACTS)
