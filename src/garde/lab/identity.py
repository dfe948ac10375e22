"""A user nobody has: a fresh hand for every mode.

Comes in: the uids used already. Goes out: a number that no account, no process and no earlier mode has. No account is
made: a number is enough to own files and to be told apart.
"""

from __future__ import annotations

import pwd
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# systemd's map of uids (UIDS-GIDS) leaves these two ranges to nobody; the first is large, so that a drill run an hour
# later does not meet the suspicion of this one. A container often maps the second only.
UNUSED = ((65_536, 524_287), (60_578, 61_183))


def unused_uid(used: set[int]) -> int | None:
    """Return such a number, None where the name space maps none."""
    taken = used | {entry.pw_uid for entry in pwd.getpwall()} | set(_running())
    spans = [span for span in UNUSED if _is_mapped(*span)]
    while spans:
        uid = random.SystemRandom().randint(*spans[0])
        if uid not in taken:
            return uid
    return None


def _running() -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                yield entry.stat().st_uid


def _is_mapped(least: int, most: int) -> bool:
    lines = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    spans = [(int(inside), int(count)) for inside, _, count in (line.split() for line in lines)]
    return any(inside <= least and most < inside + count for inside, count in spans)
