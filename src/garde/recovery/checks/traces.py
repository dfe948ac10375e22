"""The sweep for traces: rules and indicators over what starts something and what lies in shared and temporary places.

Comes in: a machine. Goes out: no with each hit; unknown where a rule can't be used, a file could not be looked at, or
time was not enough. Connections to a listed address and processes that run from memory are traces as well.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

from garde.model.restart import Item
from garde.recovery.checks import running
from garde.recovery.checks.base import Said, said
from garde.recovery.checks.files import walk
from garde.recovery.checks.hits import Hits, find_hits, read_rules
from garde.recovery.checks.indicators import Indicators, read_indicators
from garde.recovery.checks.machine import Machine
from garde.recovery.checks.names import spell, unspell
from garde.recovery.checks.things import parse

# Where whoever has broken in may write without being root. The rest of a server's data is `scan`'s to name.
_SHARED: Final = (b"/tmp", b"/var/tmp", b"/dev/shm", b"/root", b"/home", b"/var/www")
_FROM_MEMORY: Final = ("/memfd:", "/dev/shm/")  # noqa: S108 - as above


class Traces:
    """Nothing on the machine matches a rule or an indicator."""

    name: ClassVar[str] = "traces"
    item: ClassVar[Item] = Item.WATCHED

    def __call__(self, machine: Machine) -> Said:
        given = machine.given
        indicators = read_indicators(given.rules)
        try:
            rules = read_rules(given.rules)
        except OSError as error:
            return said(self, [f"the rules can't be read: {error}"], unknown=True)
        paths = [machine.root.disk(path) for path in dict.fromkeys(_paths(machine))]
        hits = find_hits(paths, rules, indicators, seconds=given.sweep_s)
        found = [f"{what}: {_inside(machine, path)}" for path, what in hits.found]
        if given.live:
            found += [*_connections(indicators), *_from_memory(own_network=given.root != Path("/"))]
        noted = [f"{hits.looked} files ({hits.read >> 20} MiB), {hits.rules} rules, {indicators.count} indicators"]
        return said(self, found, noted=noted) if found else said(self, _doubts(hits), unknown=True, noted=noted)


def _paths(machine: Machine) -> Iterator[bytes]:
    for name, line in machine.now.parts["files"].items():
        if parse(line).kind == "f":
            yield unspell(name)
    for tree in (*_SHARED, *(os.fsencode(folder) for folder in machine.given.scan)):
        for path, info in walk(machine.root, tree, []):
            if stat.S_ISREG(info.st_mode):
                yield path


def _inside(machine: Machine, path: bytes) -> str:
    return spell(path.removeprefix(machine.root.disk(b"/").rstrip(b"/")))


def _doubts(hits: Hits) -> list[str]:
    left = [f"{hits.left} files were not looked at: {hits.why}"] if hits.left or hits.why else []
    broken = [f"can't be used: {line}" for line in hits.broken]
    return [*left, *broken, *(f"not looked at: {line}" for line in hits.skipped)]


def _connections(indicators: Indicators) -> list[str]:
    peers = sorted(running.peers())
    return [f"is connected with {peer}: {source}" for peer in peers if (source := indicators.of_address(peer))]


def _from_memory(*, own_network: bool) -> list[str]:
    programs = {running.program_of(pid) for pid in running.processes(own_network=own_network)}
    return [
        f"a process runs from memory: {program}" for program in sorted(programs) if program.startswith(_FROM_MEMORY)
    ]
