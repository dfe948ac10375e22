"""Words of ours that several need: the default text of the ransom decision.

Comes in: nothing. Goes out: sentences, marked for the catalogues of `locale/`.
"""

from __future__ import annotations

from typing import Final

from garde.journal.speech import mark

NOT_PAID: Final = mark(
    "Not paid. Paying guarantees neither a working key, nor that copied data are not published, nor that they do not "
    "come again; it pays for the next attack. The hospital restores from its own backups."
)
