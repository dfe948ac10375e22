"""What `sharing` remembers of the journal: plain data that a snapshot can hold.

Comes in: nothing. Goes out: `State`, of its two ways: out (`out/memory.py`) and in (`in_/memory.py`). What people or
attackers typed is kept as it may be shown. Nothing here decides or reads an entry.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.sharing.in_.memory import In
from garde.sharing.out.memory import Out


@dataclass(slots=True)
class State:
    """See the module."""

    now: float = 0.0  # hub seconds, as its own entries say: an agent's late word does not turn it back
    out: Out = field(default_factory=Out)
    in_: In = field(default_factory=In)
