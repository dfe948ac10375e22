"""Takes the baseline: what a machine looks like, written down on a day when people say that it is sound.

Comes in: a root directory; whether it is that of the running machine. Goes out: `Baseline`. A sweep takes another one
and compares. It reads for seconds on a small server, and changes nothing.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

from garde.recovery.checks import running
from garde.recovery.checks.base import Baseline
from garde.recovery.checks.dpkg import Dpkg
from garde.recovery.checks.files import list_files
from garde.recovery.checks.names import Root
from garde.recovery.checks.people import read_people
from garde.recovery.checks.raised import find_raised


def take(
    root: Path, *, live: bool = True, now: float = 0.0, also: Iterable[bytes] = (), dpkg: Dpkg | None = None
) -> Baseline:
    """Write down everything in `root` that starts something or lets somebody in.

    `live`: what runs here belongs to it: sockets, processes, and for `/` itself the kernel's modules. With another root
    (the lab: one root and one network namespace for each machine) only this network namespace's processes count.
    `also`: further folders in which every file counts. `dpkg`: its database, where it was read already. Raises
    NotADirectoryError where there is no such root; what can't be read below it is named in `skipped`.
    """
    if not stat.S_ISDIR(root.stat().st_mode):
        raise NotADirectoryError(f"{root} is no directory")
    place = Root(root)
    people, dpkg = read_people(place), dpkg or Dpkg(place)
    listing = list_files(place, people.homes, dpkg.owners, also)
    whole = live and root.absolute() == Path("/")
    raised = find_raised(place, live=whole, skipped=listing.skipped)
    parts = {
        "files": {path: thing.spelled() for path, thing in listing.things.items()},
        "setuid": {path: thing.spelled() for path, thing in raised.items()},
        "accounts": people.accounts,
        "groups": people.groups,
        "packages": dpkg.records(),
        "preloads": {**listing.preloads, **(running.preloads(own_network=not whole) if live else {})},
        "listeners": running.listeners() if live else {},
        "modules": running.modules() if whole else {},
    }
    return Baseline(now, {part: dict(sorted(found.items())) for part, found in parts.items()}, tuple(listing.skipped))
