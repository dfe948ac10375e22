"""LVM: snapshots of one logical volume, thin ones and the older kind.

Comes in: settings: `repository` (`VG/LV`, the volume that they are snapshots of), `paths`, the option `source` (where
the volume is mounted; none: the first of `paths`). Goes out: a `Store`. A point is shown by mounting it read-only in
the store's own work place, without replaying a journal; it is let go afterwards.

Its retention cannot be frozen from here: whoever may remove a snapshot is root, and nothing in LVM refuses root. Freeze
what takes the snapshots, or use a hook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from garde.journal.text import plain
from garde.recovery.points import run as tool
from garde.recovery.points.base import (
    Catalogue,
    Checked,
    Fault,
    Freezing,
    Point,
    Proof,
    StoreFault,
    Thawed,
)
from garde.recovery.points.shown import Shown

_NAME: Final = re.compile(r"[A-Za-z0-9_+.][A-Za-z0-9_+.-]{0,126}")
_COLUMNS: Final = "lv_name,origin,lv_time,lv_size,lv_attr,data_percent,lv_path"
_CONFIG: Final = 'report { time_format="%s" }'
# A snapshot of a mounted file system was frozen for its moment; a journal is not replayed into what is only looked at.
_MOUNTS: Final = {"ext3": "noload", "ext4": "noload", "xfs": "norecovery,nouuid"}
_ALWAYS: Final = "ro,nosuid,nodev,noexec"
_INVALID: Final = frozenset("IS")  # lv_attr's fifth letter: an older snapshot that ran full
_FULL: Final = 100.0


class _Row(msgspec.Struct, frozen=True):
    lv_name: str
    origin: str
    lv_time: str
    lv_size: str
    lv_attr: str
    data_percent: str
    lv_path: str


class _Rows(msgspec.Struct, frozen=True):
    lv: list[_Row]


class _Report(msgspec.Struct, frozen=True):
    report: list[_Rows]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot."""

    name: str
    made_at: float  # wall seconds
    size: int  # bytes
    device: str
    active: bool
    fault: str  # why it cannot be trusted; "": nothing is known against it


class Lvm(Shown[Snapshot]):
    """One volume's snapshots."""

    @property
    def _freezes(self) -> bool:
        return False

    def _point(self, found: Snapshot) -> Point:
        return Point(found.name, found.made_at, paths=self._tops, written_at=found.made_at)

    def check(self, point: Point) -> Checked:
        found = self._find(point)
        if found.fault:
            return Checked(Catalogue.DAMAGED, found.fault)
        return Checked(Catalogue.NOT_CHECKED, "LVM keeps no checksums: only what is read of it is known")

    def freeze(self) -> Freezing:
        raise StoreFault(Fault.CANNOT, "LVM refuses root nothing: freeze what takes the snapshots, or use a hook")

    def prove_frozen(self) -> Proof:
        return Proof((), "it cannot be frozen")

    def thaw(self) -> Thawed:
        return Thawed(0, "it cannot be frozen")

    def is_frozen(self) -> bool:
        return False

    # --- where it lies -----------------------------------------------------------------------------------------------

    @property
    def _volume(self) -> tuple[str, str]:
        group, _, volume = self.settings.repository.partition("/")
        if not _NAME.fullmatch(group) or not _NAME.fullmatch(volume):
            raise StoreFault(Fault.ABSENT, f"{plain(self.settings.repository)} is not VG/LV")
        return group, volume

    def _snapshots(self) -> tuple[Snapshot, ...]:
        group, volume = self._volume
        words = ("lvs", "--reportformat", "json", "--units", "b", "--nosuffix", "--config", _CONFIG, "-o", _COLUMNS)
        return parse_report(self._run(*words, group).out, volume)

    @contextmanager
    def _tree(self, point: Point) -> Iterator[Path]:
        found, place = self._find(point), self._room.work / "shown"
        if found.fault:
            raise StoreFault(Fault.DAMAGED, found.fault)
        full = f"{self._volume[0]}/{found.name}"
        place.mkdir(mode=0o700, exist_ok=True)
        while place.is_mount():  # of a call that was killed
            self._run("umount", str(place))
        if not found.active:  # a thin snapshot is skipped when volumes are activated: -K
            self._run("lvchange", "-ay", "-K", full)
        try:
            kind = self._run("blkid", "-o", "value", "-s", "TYPE", found.device).out.decode().strip()
            options = ",".join(filter(None, [_ALWAYS, _MOUNTS.get(kind, "")]))
            self._run("mount", "-t", kind or "auto", "-o", options, found.device, str(place))
            try:
                yield place
            finally:
                self._run("umount", str(place))
        finally:
            if not found.active:
                self._run("lvchange", "-an", full)

    # --- the tools ---------------------------------------------------------------------------------------------------

    def _run(self, program: str, *words: str) -> tool.Done:
        done = tool.run([tool.find_program(program), *words], {})
        if done.code != 0:
            absent = b"not found" in done.told or b"ailed to find" in done.told
            raise StoreFault(Fault.ABSENT if absent else Fault.FAILED, f"{program}: {done.last_words}")
        return done


def parse_report(out: bytes, volume: str) -> tuple[Snapshot, ...]:
    """`lvs --reportformat json` of a group: the snapshots of one volume in it, the oldest first."""
    try:
        report = msgspec.json.decode(out, type=_Report)
        rows = [row for part in report.report for row in part.lv if row.origin == volume]
        found = [_snapshot(row) for row in rows]
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreFault(Fault.DAMAGED, f"lvs's answer is not understood: {plain(str(error), 200)}") from error
    return tuple(sorted(found, key=lambda each: (each.made_at, each.name)))


def _snapshot(row: _Row) -> Snapshot:
    if not _NAME.fullmatch(row.lv_name) or not row.lv_path.startswith("/dev/"):
        raise ValueError(f"no volume's name: {row.lv_name}")
    state = row.lv_attr[4:5]
    ran_full = row.lv_attr[:1] == "s" and row.data_percent != "" and float(row.data_percent) >= _FULL
    fault = "it ran full, and what was written since is missing in it" if state in _INVALID or ran_full else ""
    return Snapshot(row.lv_name, float(row.lv_time), int(row.lv_size), row.lv_path, state == "a", fault)
