"""Every setting in one table: name, default, unit and help.

Comes in: a TOML file (`--settings FILE`, else `$GARDE_SETTINGS`, else /etc/garde/garde.toml where it exists). Goes out:
frozen `Settings`, read once and handed down. `docs/settings.md` is checked against the table by a test. It does not
watch the file and keeps no global.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from garde.errors import SettingsError

DEFAULT_FILE = Path("/etc/garde/garde.toml")


def _setting(default: Any, text: str) -> Any:
    if isinstance(default, tuple):
        return field(default_factory=lambda: default, metadata={"help": text})
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How damage is judged and who is held."""

    false_alarm: float = _setting(
        1e-6, "Chance that honest work is held, per actor: the sequential test's first error rate (α)."
    )
    miss: float = _setting(0.01, "Chance that an attacker is let go: the sequential test's second error rate (β).")
    decay_hours: float = _setting(
        6.0, "Evidence loses half its weight in this many hours; bait and CRC proofs never do."
    )
    dirty_ms: int = _setting(200, "A file that stays open for writing is judged after this long at most, in ms.")
    confirm_ms: int = _setting(600, "After a hold the evidence is read again within this time, in ms (1000 at most).")
    exclude: tuple[str, ...] = _setting((), "Path patterns (fnmatch, absolute) that are not watched.")
    never_hold: tuple[str, ...] = _setting(
        ("sshd", "systemd", "init", "smbd", "postgres", "mysqld", "mariadbd", "nfsd", "nginx", "apache2", "httpd"),
        "Commands that are reported but never stopped.",
    )
    bait: bool = _setting(True, "Place a few canary files in the watched trees.")
    undo_deletes: bool = _setting(
        True, "Put files back after a mass delete or truncate that nobody has asked Garde to honour."
    )
    mass_delete: int = _setting(12, "Documents deleted or emptied by one hand within 10 s that make a mass delete.")


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """Pre-images: how many, how long, how much room."""

    versions: int = _setting(5, "Healthy versions kept for each file.")
    keep_days: int = _setting(14, "Older versions beyond the newest are dropped after this many days.")
    budget_percent: float = _setting(
        10.0, "Share of the file system that full copies may use (no reflink), in per cent."
    )
    copy_max_mb: int = _setting(256, "A file larger than this is not copied without reflink, in MB.")
    backup: str = _setting("", "Name of the backup that covers the rest: counted as restorable in the coverage.")


@dataclass(frozen=True, slots=True)
class ContainSettings:
    """What may never be cut off."""

    never_cut: tuple[str, ...] = _setting((), "Addresses or networks (CIDR) that are never blocked.")
    hub: str = _setting("", "Address of the hub: never blocked.")


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it."""

    watch: WatchSettings = field(default_factory=WatchSettings)
    vault: VaultSettings = field(default_factory=VaultSettings)
    contain: ContainSettings = field(default_factory=ContainSettings)


def table() -> list[tuple[str, Any, str]]:
    """Return (dotted name, default, help) for every setting."""
    rows: list[tuple[str, Any, str]] = []
    for section in dataclasses.fields(Settings):
        group = getattr(Settings(), section.name)
        rows += [
            (f"{section.name}.{item.name}", getattr(group, item.name), item.metadata["help"])
            for item in dataclasses.fields(group)
        ]
    return rows


def load(path: Path | None = None) -> Settings:
    """Read the settings file; raises SettingsError with file, and the key or line that is wrong."""
    import tomllib

    named = path or (Path(os.environ["GARDE_SETTINGS"]) if "GARDE_SETTINGS" in os.environ else None)
    source = named or DEFAULT_FILE
    if named is None and not source.exists():
        return Settings()
    try:
        raw = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{source}: {error.strerror}", "name a file that can be read, with --settings") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{source}: {error}", "correct the file; `garde settings` lists what it may hold"
        ) from error
    _refuse_unknown(source, raw)
    try:
        settings = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{source}: {error}", "correct the value; `garde settings` shows the defaults") from error
    _check_ranges(source, settings)
    return settings


def _refuse_unknown(source: Path, raw: dict[str, Any]) -> None:
    known = {name for name, _, _ in table()}
    for section, values in raw.items():
        for key in values if isinstance(values, dict) else [""]:
            name = f"{section}.{key}"
            if name not in known:
                raise SettingsError(f"{source}:{_line_of(source, key or section)}: no setting named {name.rstrip('.')}")


def _check_ranges(source: Path, settings: Settings) -> None:
    watch = settings.watch
    for name, value, good in (
        ("false_alarm", watch.false_alarm, 0 < watch.false_alarm < 0.1),
        ("miss", watch.miss, 0 < watch.miss < 0.5),
        ("decay_hours", watch.decay_hours, watch.decay_hours > 0),
        ("dirty_ms", watch.dirty_ms, 1 <= watch.dirty_ms <= 5000),
        ("confirm_ms", watch.confirm_ms, 50 <= watch.confirm_ms <= 1000),
        ("mass_delete", watch.mass_delete, watch.mass_delete >= 2),
        ("keep_days", settings.vault.keep_days, settings.vault.keep_days >= 1),
        ("copy_max_mb", settings.vault.copy_max_mb, settings.vault.copy_max_mb >= 0),
        ("versions", settings.vault.versions, settings.vault.versions >= 1),
        ("budget_percent", settings.vault.budget_percent, 0 <= settings.vault.budget_percent <= 90),
    ):
        if not good:
            raise SettingsError(f"{source}:{_line_of(source, name)}: {name} = {value} is out of range")


def _line_of(source: Path, key: str) -> int:
    for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip().lstrip("[").startswith(key):
            return number
    return 1
