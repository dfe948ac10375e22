"""Packages: verified by debsums, and no upgrade waiting.

Comes in: a machine. Goes out: `Verified` (a file of a package that is not what the package brought) and `Patched` (an
upgrade that the archive's signed lists name; unknown where the lists are old). debsums runs as it is: it reads, with
idle priority where the caller has it, and believes the MD5 sums on this very machine. What differed on the sound day
already, and differs no further, is not said again.
"""

from __future__ import annotations

import subprocess
from typing import ClassVar, Final

from garde.model.restart import Item
from garde.recovery.checks.base import Said, said
from garde.recovery.checks.dpkg import Package
from garde.recovery.checks.machine import Machine
from garde.recovery.checks.names import spell
from garde.recovery.checks.versions import is_newer

_TOOL_S: Final = 1800.0  # some GB on a slow disk
_DAY: Final = 86400.0


class Verified:
    """What debsums says."""

    name: ClassVar[str] = "packages"
    item: ClassVar[Item] = Item.REBUILT

    def __call__(self, machine: Machine) -> Said:
        if not machine.dpkg.known:
            return said(self, ["this machine has no dpkg database: its packages can't be verified"], unknown=True)
        # One more folder of links among the roots is nothing to debsums: it takes the name as it is.
        words = ["debsums", "--changed", f"--root={machine.given.root}"]
        try:
            told = subprocess.run(
                words, capture_output=True, timeout=_TOOL_S, check=False, env={"PATH": _PATH, "LC_ALL": "C"}
            )
        except FileNotFoundError:
            return said(self, ["debsums is not installed"], unknown=True)
        except subprocess.TimeoutExpired:
            return said(self, [f"debsums did not end within {_TOOL_S:.0f} s"], unknown=True)
        if told.returncode not in (0, 2):  # 2: something differs or is missing
            return said(self, [f"debsums failed: {told.stderr.decode('utf-8', 'replace')[:200]}"], unknown=True)
        return said(self, [f"differs from its package: {spell(path)}" for path in _changed(machine, told.stdout)])


_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _changed(machine: Machine, out: bytes) -> list[bytes]:
    """The paths that debsums names, inside the root, without those that were so on the sound day."""
    kept, _, _ = machine.kept
    was = kept.parts.get("files", {}) if kept else {}
    now = machine.now.parts.get("files", {})
    found = []
    for line in out.splitlines():
        path = machine.root.place(line.removeprefix(machine.root.disk(b"/").rstrip(b"/")))
        name = spell(path)
        if name not in was or was[name] != now.get(name):
            found.append(path)
    return found


class Patched:
    """No upgrade is waiting."""

    name: ClassVar[str] = "patches"
    item: ClassVar[Item] = Item.REBUILT

    def __call__(self, machine: Machine) -> Said:
        archive, given = machine.archive, machine.given
        if not archive.known:
            why = archive.problems[:3] or ["there are no package lists on this machine"]
            return said(self, [f"not known: {line}" for line in why], unknown=True)
        waiting = sorted(line for package in machine.dpkg.packages.values() if (line := _waiting(machine, package)))
        days = (given.now - archive.newest) / _DAY
        if waiting:
            return said(self, waiting)
        if days > given.lists_days:
            return said(self, [f"not known: the newest package list was signed {days:.0f} days ago"], unknown=True)
        return said(self, [])


def _waiting(machine: Machine, package: Package) -> str:
    offered = machine.archive.offered.get((package.name, package.architecture), set())
    newest = package.version
    for version in offered:
        newest = version if is_newer(version, newest) else newest
    return "" if newest == package.version else f"upgrade waiting: {package.name} ({package.version} → {newest})"
