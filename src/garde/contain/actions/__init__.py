"""The acts a server's own agent can do, one module each, and the tables of them.

Comes in: a hold id and whom to hold; or an order of the hub. Goes out: `ACTIONS`, the holds, from the word in a
verdict's order to the class that does it (`base.py` is their contract); `CUTS` and `Cuts`, from the verb of an order
to what makes its cut (`cut.py` is their contract)."""

from __future__ import annotations

from typing import Final

from garde.contain.actions.base import Action
from garde.contain.actions.cuts import CUTS, Cuts
from garde.contain.actions.process import ProcessHold
from garde.contain.actions.samba import SmbHold

ACTIONS: Final[dict[str, type[Action]]] = {ProcessHold.name: ProcessHold, SmbHold.name: SmbHold}

__all__ = ["ACTIONS", "CUTS", "Cuts"]
