"""The witness of the paper hours: what the desk lost, what the record was told twice.

Comes in: the sender's log, the log of the record's ear. Goes out: plain answers. What lies in the desk's store is read
where it lies, and compared byte by byte (SHA-256): the desk is not asked how many.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from garde.downtime.store.messages import MessageStore
from garde.downtime.store.seal import Seal
from garde.lab.night.ear import Took
from garde.lab.night.traffic import Delivered


def lost(state: Path, delivered: Iterable[Delivered]) -> list[Delivered]:
    """The messages that the desk acknowledged and does not have; each as often as it was acknowledged too often."""
    with MessageStore(state, Seal.load(state), read_only=True) as store:
        kept = Counter(hashlib.sha256(stored.data).hexdigest() for stored in store.read())
    missing = []
    for each in delivered:
        if kept[each.sha256] > 0:
            kept[each.sha256] -= 1
        else:
            missing.append(each)
    return missing


def doubled(took: Sequence[Took]) -> list[Took]:
    """What came to the record twice and could not be told to be the same.

    Other bytes under one number, or one administration, result or merge under two numbers.
    """
    bytes_of: dict[str, str] = {}
    told: dict[str, str] = {}
    found = []
    for each in took:
        same_bytes = bytes_of.setdefault(each.number, each.sha256) == each.sha256
        same_number = told.setdefault(_without_head(each.data), each.number) == each.number
        if not (same_bytes and same_number):
            found.append(each)
    return found


def _without_head(data: str) -> str:
    return data.partition("\r")[2]
