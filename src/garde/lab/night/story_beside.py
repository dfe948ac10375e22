"""The story's own times, for the final report to set ours beside: the night of 11 March 2019, as it was published.

Comes in: nothing. Goes out: `STORY`. It is no part of a hospital's own report: the lab hands it over, or
`garde account report --beside FILE` reads it from a file (`story_file`).
"""

from __future__ import annotations

from typing import Final

import msgspec

from garde.hub.final.beside import Beside, Then
from garde.lab.night.story import BEGINS, LIFTED_S, RESTART_S

_SIX: Final = 6 * 3600.0 - BEGINS
STORY: Final = Beside(
    name={"en": "the night of 11 March 2019", "fr": "la nuit du 11 mars 2019"},
    moments=(
        Then("noticed", {"en": "03:00: the on-call service notices a problem",
                         "fr": "03 h 00 : la garde constate un problème"}, 0.0),
        Then("understood", {"en": "06:00: it is seen that one machine spreads encryption",
                            "fr": "06 h 00 : on voit qu’une machine propage le chiffrement"}, _SIX),
        Then("cut", {"en": "access to all servers is cut", "fr": "l’accès à tous les serveurs est coupé"}, _SIX),
        Then("outside", {"en": "the outside is cut", "fr": "l’extérieur est coupé"}, _SIX),
        Then("plan", {"en": "the emergency plan is triggered", "fr": "le plan d’urgence est déclenché"}, _SIX),
        Then("restart", {"en": "Tuesday 06:00: servers come back, one after the other",
                         "fr": "mardi 06 h 00 : les serveurs reviennent, l’un après l’autre"}, RESTART_S),
        Then("lifted", {"en": "Tuesday afternoon: the plan is about to be lifted",
                        "fr": "mardi après-midi : le plan est sur le point d’être levé"}, LIFTED_S),
    ),
    source="RTBF, qu4tre, RTC, 11 and 12 March 2019",
    note={
        "en": "That night was a real one; ours is played on a lab. How many files were lost, which family it was and "
        "when exactly the plan was triggered was not published: it is set at 06:00, the earliest.",
        "fr": "Cette nuit-là était réelle ; la nôtre est jouée sur un laboratoire. Le nombre de fichiers perdus, la "
        "famille et l’heure exacte du plan n’ont pas été publiés : il est mis à 06 h 00, au plus tôt.",
    },
)  # fmt: skip


def story_file() -> bytes:
    """Return it as the file that `--beside` reads."""
    return msgspec.json.format(msgspec.json.encode(STORY)) + b"\n"
