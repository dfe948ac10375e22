"""The errands about machines: what a sound one looks like, how this one stands, and how another one looks from here.

Comes in: jobs. Goes out: `machine_looked`. Rules, one test each:

1. Another machine is looked at by its addresses and ports alone; it is sent nothing. Names are refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from garde.agent.errands.base import Code, ErrandRefused, Job
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import MachineLooked
from garde.journal.text import plain

_WORDS_MOST = 500


def look(job: Job) -> Iterator[Payload]:
    """Look which of these ports answer at these addresses."""
    from garde.recovery.checks.look import look as look_at

    order = job.order
    if not order.addresses or not order.ports:
        raise ErrandRefused(Code.MALFORMED, "it names no addresses, or no ports")
    try:
        seen = look_at(order.addresses, order.ports)
    except ValueError as error:
        raise ErrandRefused(Code.MALFORMED, str(error)) from error
    detail = f"refused: {', '.join(map(str, seen.refused))}" if seen.refused else ""
    said = plain("; ".join(filter(None, (detail, seen.detail))))[:_WORDS_MOST]
    yield MachineLooked(order.command, order.about, seen.answering, seen.tried, said)
