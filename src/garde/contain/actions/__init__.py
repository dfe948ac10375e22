"""The acts a server's own agent can do, one module each, and the table of them.

Comes in: a hold id and whom to hold. Goes out: `ACTIONS`, from the word in a verdict's order to the class that does it.
`base.py` is the contract that all of them keep.
"""

from __future__ import annotations

from typing import Final

from garde.contain.actions.base import Action
from garde.contain.actions.process import ProcessHold
from garde.contain.actions.samba import SmbHold

ACTIONS: Final[dict[str, type[Action]]] = {ProcessHold.name: ProcessHold, SmbHold.name: SmbHold}
