"""Names of what comes back: keys of the account's wakes.

Comes in: what it is about. Goes out: the name, and its parts again.
"""

from __future__ import annotations

from typing import Final

from garde.model.keys import Keys

_KEYS: Final = Keys("forensics")
key, split = _KEYS.key, _KEYS.split
