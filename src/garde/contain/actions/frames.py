"""Whether frames still come in by a switch's port, by its own counters.

Comes in: a way to read the counters of every port, one to speak to the machine behind the port. Goes out: yes, no, or
None where the counters do not tell. A switch answers from a copy that it makes anew every few seconds (net-snmp: 3;
many others 1 to 5): what came in before the port was shut shows up later, and two readings close together are the same
one. The copy is known to be new when any port's counter has moved, if only by our own questions. So it waits for a new
copy, speaks to the machine, waits for the next one, and compares those two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

LONGEST_S: Final = 12.0  # two new copies of a slow switch, and some

Read = Callable[[], Mapping[int, int]]  # ifIndex → octets that came in


def frames_come_in(
    read: Read, port: int, speak: Callable[[], object], *, monotonic: Callable[[], float] = time.monotonic
) -> bool | None:
    """Return False as soon as nothing came in between two copies; True where something did each time."""
    until = monotonic() + LONGEST_S
    copy, since, compared = read(), None, False
    while monotonic() < until:
        speak()
        before, copy = copy, read()
        if copy == before:
            continue
        if since is not None:
            compared = True
            if copy.get(port) == since:
                return False
        since = copy.get(port)
    return True if compared else None
