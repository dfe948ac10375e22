"""The evidence goes to the police: one bundle, in a folder of theirs, verified with that folder and a key alone.

Comes in: the hospital, a folder that stays when the lab is gone (None: none). Goes out: `Handed`:
what the command said of the bundle, and of a copy in which somebody has changed a byte of the journal; what the witness
found wrong with it. The police officer's machine knows nothing of the hub.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import HUB
from garde.lab.night import bag
from garde.lab.night.hands import Hands

MADE_S: Final = 120.0


@dataclass(slots=True)
class Handed:
    """What became of it."""

    verified: bool = False  # by the command
    forged_refused: bool = False  # a byte of the journal was another, and the manifest made to fit
    wrong: list[str] = field(default_factory=list)  # by the witness


def hand_over(hospital: Hospital, pages: Path | None) -> Handed:
    """Have the bundle made, take it to the police's folder, verify it there; and a copy that was tampered with."""
    police, key = hospital.plan.home / "police", str(hospital.hub_state / "hub.pub")
    police.mkdir(mode=0o700)
    with Hands(hospital, HUB) as hub:
        made = hub.give("evidence", "export", "--out", str(police), "--wait", str(MADE_S)).one("bundle")
        bundle = Path(made["folder"])
        verified = hub.attempt("evidence", "verify", str(bundle), "--key", key)
        forged = hub.attempt("evidence", "verify", str(bag.altered(bundle, police / "altered")), "--key", key)
    if pages is not None:
        shutil.copytree(bundle, pages / "police", dirs_exist_ok=True)
    return Handed(not verified.code, bool(forged.code), bag.wrongs(bundle))
