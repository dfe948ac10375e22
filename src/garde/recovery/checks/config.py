"""gate.toml in the agent's state directory: where the gate's checks look, and what bounds they keep.

Comes in: the file. Goes out: frozen `GateSettings`, or a SettingsError with file and key; `given` makes what the checks
get of it. No file: the defaults. It names folders and numbers only, never a program.

    rules = "/etc/garde/rules"     # *.yar and *.ioc that the hospital fills
    scan = ["/srv/share"]          # swept with rules beside what starts something
    also = ["/srv/app"]            # every file counts for the baseline
    lists_days = 7                 # older package lists say nothing of patches
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from garde.errors import SettingsError
from garde.recovery.checks.base import Given

FILE: Final = "gate.toml"
BASELINE: Final = "baseline.json"  # in the agent's state directory


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """What gate.toml may say."""

    root: str = "/"  # the lab's machines share one, and have another each for this
    live: bool | None = None  # whether what runs here belongs to that root; as it is: only for /
    rules: str = "/etc/garde/rules"
    scan: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    lists_days: float = 7.0
    clock_s: float = 5.0
    sweep_s: float = 600.0


def read_gate(state: Path) -> GateSettings:
    """Read `<state>/gate.toml`; raises SettingsError."""
    file = state / FILE
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return GateSettings()
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: {error}", "correct the file; docs/recovery.md shows one") from error
    return _checked(raw, str(file))


def _checked(raw: dict[str, Any], source: str) -> GateSettings:
    if unknown := sorted(raw.keys() - set(GateSettings.__dataclass_fields__)):
        raise SettingsError(f"{source}: no setting named {unknown[0]}", "docs/recovery.md lists them")
    try:
        found = msgspec.convert(raw, GateSettings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{source}: {error}", "correct the value; docs/recovery.md lists them") from error
    for path in (found.root, found.rules, *found.scan, *found.also):
        if not path.startswith("/"):
            raise SettingsError(f"{source}: {path!r} is no absolute path")
    if min(found.lists_days, found.clock_s, found.sweep_s) <= 0:
        raise SettingsError(f"{source}: a bound is not above nought")
    return found


def given(settings: GateSettings, **known: Any) -> Given:
    """Return what the checks get: the settings, and whatever fields of `Given` the caller knows."""
    root = Path(settings.root)
    live = root == Path("/") if settings.live is None else settings.live
    base: dict[str, Any] = {
        "root": root, "live": live, "rules": Path(settings.rules),
        "scan": tuple(map(Path, settings.scan)), "also": tuple(map(os.fsencode, settings.also)),
        "lists_days": settings.lists_days, "clock_s": settings.clock_s, "sweep_s": settings.sweep_s,
    }  # fmt: skip
    return Given(**(base | known))
