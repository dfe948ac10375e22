"""stores.toml in the agent's state directory: which stores of restore points lie on this machine, or can be reached.

Comes in: the file. Goes out: frozen `StoreSettings`, or a SettingsError with file and line. No file: no stores. A hook
names programs that run as root, so the file must belong to whoever runs the agent and be writable by nobody else.

    [[store]]
    id = "files1-restic"               # letters, digits, dot, dash, underscore
    sort = "restic"
    covers = "files1"                  # the machine, by its id in the estate, whose data are in it
    repository = "/srv/backup/files1"
    password_file = "/etc/garde/files1.pw"
    paths = ["/srv/share"]             # what of a point is put in place; targets: where, if elsewhere
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import msgspec

from garde.errors import SettingsError

FILE: Final = "stores.toml"
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """One store. What a sort needs, and what it may have besides, stands in `SORTS`."""

    id: str
    sort: str
    covers: str
    repository: str = ""  # a directory; for restic and borg whatever their tools take
    password_file: str = ""
    paths: tuple[str, ...] = ()  # absolute: what of a point is put in place
    targets: tuple[str, ...] = ()  # absolute, one for each of `paths`; none: the same places
    program: str = ""  # the tool, where it is not on the usual path
    command: tuple[str, ...] = ()  # hook: the program and its first words
    stop: tuple[str, ...] = ()  # a service on these data: the program and its words that stop it, and that start it
    start: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()  # questions to a database that was brought back: each must answer with one true
    options: Mapping[str, str] = field(default_factory=dict)  # what only this sort knows

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(path in a point, place on this machine) for everything that is put in place."""
        return tuple(zip(self.paths, self.targets or self.paths, strict=True))


@dataclass(frozen=True, slots=True)
class _Sort:
    """Which settings a sort needs and may have, and the names of its own options."""

    needs: frozenset[str]
    may: frozenset[str]
    options: frozenset[str] = frozenset()


def _sort(needs: str, may: str, options: str = "") -> _Sort:
    return _Sort(frozenset(needs.split()), frozenset(may.split()), frozenset(options.split()))


SORTS: Final[dict[str, _Sort]] = {
    "vault": _sort("paths", "targets"),  # `repository`: always the agent's own state directory
    "restic": _sort("repository password_file paths", "targets program"),
    "borg": _sort("repository paths", "password_file targets program"),
    "hook": _sort("command", "repository paths targets"),
    "btrfs": _sort("repository paths", "targets program", "source"),
    "zfs": _sort("repository paths", "targets program", "source"),
    "lvm": _sort("repository paths", "targets", "source"),
    "postgres": _sort("repository paths", "targets stop start checks", "wal bin user role database"),
}
_COMMON: Final = frozenset({"id", "sort", "covers", "options"})
_KEYS: Final = frozenset(each.name for each in fields(StoreSettings))


def read_stores(state: Path) -> tuple[StoreSettings, ...]:
    """Read `<state>/stores.toml`; raises SettingsError."""
    file = state / FILE
    try:
        text = _read(file)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}", "make it readable for whoever runs the agent") from error
    return parse_stores(text, str(file))


def parse_stores(text: str, source: str = FILE) -> tuple[StoreSettings, ...]:
    """The same from text."""
    lines = _Lines(text, source)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{source}: {error}", "correct the file; docs/recovery.md shows one") from error
    for key in raw.keys() - {"store"}:
        raise lines.error(0, key, f"no setting named {key}")
    tables = raw.get("store", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise lines.error(0, "store", "stores are written as [[store]]")
    found = tuple(_convert(lines, number, table) for number, table in enumerate(tables, 1))
    seen: set[str] = set()
    for number, each in enumerate(found, 1):
        if each.id in seen:
            raise lines.error(number, "id", f"two stores are called {each.id}")
        seen.add(each.id)
    return found


def _read(file: Path) -> str:
    handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as stream:
        seen = os.fstat(handle)
        if seen.st_uid not in {0, os.geteuid()} or stat.S_IMODE(seen.st_mode) & 0o022:
            raise SettingsError(
                f"{file}: others than its owner may change it, or its owner is not whoever runs the agent",
                "it names programs that run as root: chown it to root, chmod go-w",
            )
        try:
            return stream.read().decode()
        except UnicodeDecodeError as error:
            raise SettingsError(f"{file}: not UTF-8 text at byte {error.start}") from error


class _Lines:
    """Where in the text a key of the n-th [[store]] stands."""

    def __init__(self, text: str, source: str) -> None:
        self._lines = text.splitlines()
        self._source = source

    def error(self, store: int, key: str, why: str) -> SettingsError:
        return SettingsError(f"{self._source}:{self._find(store, key)}: {why}", "correct the file, then try again")

    def _find(self, store: int, key: str) -> int:
        at, begin = 0, 1
        for number, line in enumerate(self._lines, 1):
            if re.match(r"\s*\[\[\s*store\s*\]\]", line):
                at += 1
                begin = number if at == store else begin
            if at == store and re.match(rf"\s*(\[+\s*)?[\"']?(store\.)?{re.escape(key)}\b", line):
                return number
        return begin


def _convert(lines: _Lines, number: int, table: dict[str, Any]) -> StoreSettings:
    for key in table.keys() - _KEYS:
        raise lines.error(number, key, f"no setting named {key}")
    try:
        found = msgspec.convert(table, StoreSettings)
    except msgspec.ValidationError as error:
        key = next((key for key in table if f"`$.{key}" in str(error)), "store")
        raise lines.error(number, key, str(error)) from error
    for key, why in _wrongs(found, table):
        raise lines.error(number, key, why)
    return found


def _wrongs(found: StoreSettings, table: dict[str, Any]) -> list[tuple[str, str]]:
    """(key, what is wrong with it)."""
    sort = SORTS.get(found.sort)
    wrong: list[tuple[str, str]] = []
    for key, value in (("id", found.id), ("covers", found.covers)):
        if not _ID.fullmatch(value):
            wrong.append((key, f"{key}: letters, digits, dot, dash and underscore, 64 at most"))
    if sort is None:
        return [*wrong, ("sort", f"no sort named {found.sort!r}; there are {', '.join(SORTS)}")]
    wrong += [(key, f"a store of sort {found.sort} needs {key}") for key in sorted(sort.needs - table.keys())]
    wrong += [
        (key, f"a store of sort {found.sort} has no {key}")
        for key in sorted(table.keys() - sort.needs - sort.may - _COMMON)
    ]
    wrong += [
        ("options", f"no option named {key} for {found.sort}") for key in sorted(found.options.keys() - sort.options)
    ]
    return wrong + _wrong_places(found)


def _wrong_places(found: StoreSettings) -> list[tuple[str, str]]:
    wrong = [
        (key, f"{path!r} is no absolute path without '..'")
        for key, paths in (("paths", found.paths), ("targets", found.targets))
        for path in paths
        if not path.startswith("/") or path != os.path.normpath(path) or "\0" in path
    ]
    if found.targets and len(found.targets) != len(found.paths):
        wrong.append(("targets", "one target for each of paths, or none"))
    for key, value in (("password_file", found.password_file), ("program", found.program)):
        if value and not value.startswith("/"):
            wrong.append((key, f"{key} must be an absolute path"))
    for key, words in (("command", found.command), ("stop", found.stop), ("start", found.start)):
        if words and not words[0].startswith("/"):
            wrong.append((key, f"the program of {key} must be an absolute path"))
    return wrong
