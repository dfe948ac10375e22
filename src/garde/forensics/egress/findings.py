"""Whether what left a machine for one place is more than usual, and why.

Comes in: sums of one machine and one place, what is usual, whether the machine or the place is suspected. Goes out: the
reasons; none: it is nothing. Pure. The rules, one test each:

1. Where nobody has looked for three days, only what is much counts: an upload of 100 MB; 25 MB where it was slow, long
   or to a cloud storage; 1 GB where the other side had called.
2. An upload to a place that is new to the machine counts from 20 MB on, and from 10 MB on where it was slow, long or to
   a cloud storage; never below three times what the machine sent to a new place before.
3. An upload to a place that it knows counts from 100 MB on, and three times the most that it sent there on a day.
4. What is no upload (as much comes back) counts from 500 MB on, and three times the machine's busiest day.
5. For a machine that is suspected an upload counts from 256 kB on, unless the place is known to it, and from 10 MB on
   where other machines know it; for a place that is suspected from 64 kB on, whatever is known.
6. Questions to resolvers count apart: by what their names carry, or where no names are seen by their bytes.
7. Longer times than a day may hold more, in proportion.

The bounds without a baseline are what a person would ask about; with one, three times the most ever seen left ten
quiet nights without a finding (bench/egress.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from garde.forensics.egress.baseline import KNOWN_DAYS, Place, Usual, is_upload
from garde.forensics.egress.tally import DAY_S

MB: Final = 1_000_000
NO_BASELINE, NO_BASELINE_SLOW, NO_BASELINE_CALLED = 100 * MB, 25 * MB, 1000 * MB
NEW, NEW_SLOW = 20 * MB, 10 * MB
KNOWN: Final = 100 * MB
BOTH_WAYS: Final = 500 * MB
SUSPECT_MACHINE, SUSPECT_PLACE = 256_000, 64_000
TIMES: Final = 3  # what is usual, at its most
LONG_S: Final = 3600.0
SLOW_BUCKETS: Final = 12  # an hour in which it was active, in steps of five minutes …
SLOW_SHARE: Final = 0.25  # … none of which has more than this part of it
# Questions: names below one domain; and plain bytes to a resolver, answers left out.
TUNNEL_NEW, TUNNEL_NO_BASELINE = 256_000, MB
RESOLVER, RESOLVER_NO_BASELINE, RESOLVER_SUSPECT = 5 * MB, 100 * MB, MB


@dataclass(frozen=True, slots=True)
class Sum:
    """What went from one machine to one place in the time that is asked about."""

    inside: str
    outside: str
    name: str
    port: int
    inbound: bool
    sent: int
    back: int
    sessions: int
    since: float
    until: float
    longest: float  # seconds of its longest conversation
    buckets: int  # steps of five minutes in which it was active
    largest: int  # bytes of the fullest one


@dataclass(frozen=True, slots=True)
class Suspected:
    """What the hub asks about: addresses of machines inside, and of places outside."""

    machine: bool = False
    place: bool = False


@cache
def cloud_domains() -> frozenset[str]:
    """Return the domains of storage and transfer services."""
    import tomllib

    with Path(__file__).with_name("cloud.toml").open("rb") as file:
        return frozenset(tomllib.load(file)["domains"])


def is_cloud(name: str) -> bool:
    """Whether a name is one of theirs, or below it."""
    labels = name.split(".")
    return any(".".join(labels[at:]) in cloud_domains() for at in range(len(labels)))


def is_slow(found: Sum) -> bool:
    """Whether it came in many small pieces."""
    return found.buckets >= SLOW_BUCKETS and found.largest <= SLOW_SHARE * found.sent


def judge(found: Sum, usual: Usual, suspected: Suspected, seconds: float) -> tuple[str, ...]:
    """Return why this counts; () where it doesn't."""
    known = usual.place(found.outside, found.name)
    times = max(1.0, seconds / DAY_S)
    if not _counts(found, usual, known, suspected, times):
        return ()
    return _reasons(found, usual, known)


def _counts(found: Sum, usual: Usual, known: Place, suspected: Suspected, times: float) -> bool:
    if not is_upload(found.sent, found.back):
        return found.sent >= max(BOTH_WAYS, TIMES * usual.most_day * times)
    is_known = usual.learned and known.days >= KNOWN_DAYS and not (known.common and suspected.machine)
    if suspected.place and found.sent >= SUSPECT_PLACE:
        return True
    if suspected.machine and not is_known and not found.inbound:
        return found.sent >= (max(NEW_SLOW, TIMES * known.most) if known.common else SUSPECT_MACHINE)
    marked = is_slow(found) or found.longest >= LONG_S or is_cloud(found.name)
    if not usual.learned:
        bound = NO_BASELINE_CALLED if found.inbound else NO_BASELINE_SLOW if marked else NO_BASELINE
        return found.sent >= bound
    if is_known:
        return found.sent >= max(KNOWN, TIMES * known.most * times)
    before = usual.new_in if found.inbound else usual.new_out
    return found.sent >= max(NEW_SLOW if marked else NEW, TIMES * before * times)


def _reasons(found: Sum, usual: Usual, known: Place) -> tuple[str, ...]:
    said = {
        "volume": found.sent >= KNOWN or (usual.learned and found.sent >= max(usual.most_day, NEW_SLOW)),
        "long_session": found.longest >= LONG_S,
        "new_destination": usual.learned and known.days < KNOWN_DAYS,
        "cloud_storage": is_cloud(found.name),
        "trickle": is_slow(found),
    }
    return tuple(why for why, true in said.items() if true) or ("volume",)


@dataclass(frozen=True, slots=True)
class Questions:
    """What one machine asked below one domain, or sent to one resolver."""

    client: str
    resolver: str
    domain: str  # "": only the bytes are known
    bytes: int
    queries: int
    since: float
    until: float


def is_tunnel(found: Questions, most_before: int, learned: bool, suspected: bool, times: float) -> bool:
    """Rule 6. `most_before`: on the largest day, for the same domain or resolver."""
    if found.domain:
        bound = TUNNEL_NEW if learned or suspected else TUNNEL_NO_BASELINE
    else:
        bound = RESOLVER_SUSPECT if suspected else RESOLVER if learned else RESOLVER_NO_BASELINE
    return found.bytes >= max(bound, TIMES * most_before * times)
