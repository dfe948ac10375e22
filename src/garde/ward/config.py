"""How one ward's PC was set up: `ward.json` in its state directory.

Comes in: what `garde ward init` was told. Goes out: `Config`, frozen.

    ward.json            this
    parcel-sign.key      signs receipts          parcel-seal.key    opens parcels; without it no pack can be read
    ward.card            its public keys, to be enrolled at the desk
    journal.db           what happened here, names nobody
    packs/               packs, as they came: sealed to this PC's key
    accounts.json        who may look and print: hashes only
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from garde.errors import NotFound, SettingsError, UsageError
from garde.trust.enrolment import split_address
from garde.trust.files import write_secret

FILE_NAME: Final = "ward.json"
CARD_FILE: Final = "ward.card"
LISTEN: Final = "0.0.0.0:2580"
PAGE: Final = "127.0.0.1:2581"
LANGUAGES: Final = ("en", "fr")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Config:
    """What the PC needs to know."""

    name: str = "ward-pc"
    places: tuple[str, ...] = ()  # wards and services whose packs it is for
    listen: str = LISTEN  # where parcels come; "" by stick only
    page: str = PAGE  # loopback only
    printer: str = ""  # ipp://localhost/printers/NAME
    language: str = "en"  # of the page at first, and of packs where there are several
    zone: str = "Europe/Brussels"
    late_min: float = 120.0  # minutes: from here on the data are called old
    stale_min: float = 360.0  # minutes: from here on it is an alarm
    previous_h: float = 24.0  # hours that the pack before the newest is kept
    keep_days: float = 35.0  # the newest as well: after that it is nobody's medicine any more

    @property
    def bind(self) -> tuple[str, int] | None:
        return split_address(self.listen) if self.listen else None

    @property
    def page_bind(self) -> tuple[str, int]:
        return split_address(self.page)


def load_config(state: Path) -> Config:
    """Read it; raises NotFound where there is no ward's PC, SettingsError where it cannot be used."""
    path = state / FILE_NAME
    try:
        config = msgspec.json.decode(path.read_bytes(), type=Config)
    except FileNotFoundError as error:
        raise NotFound(f"there is no ward's PC in {state}", "make one: garde ward init --place WARD") from error
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}", "run it as the user that runs it") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}:1: {error}", "correct it, or set the PC up anew") from error
    check_config(config, str(path))
    return config


def check_config(config: Config, where: str = FILE_NAME) -> None:
    """Raise SettingsError for what cannot be."""
    from zoneinfo import ZoneInfo

    try:
        _ = config.bind
        host, _ = config.page_bind
        ZoneInfo(config.zone)
    except (UsageError, ValueError, LookupError, OSError) as error:
        raise SettingsError(f"{where}:1: {error}", "write HOST:PORT, and a zone such as Europe/Brussels") from error
    if host not in _LOOPBACK:
        raise SettingsError(f"{where}:1: the page is for this PC alone, not for {host}", f"write {PAGE}")
    if config.language not in LANGUAGES:
        raise SettingsError(f"{where}:1: no language {config.language}", f"one of {', '.join(LANGUAGES)}")
    if not 0 < config.late_min <= config.stale_min:
        raise SettingsError(f"{where}:1: late_min is above 0 and at most stale_min", "120 and 360 by default")


def save_config(state: Path, config: Config) -> None:
    """Write it."""
    write_secret(state / FILE_NAME, msgspec.json.format(msgspec.json.encode(config)) + b"\n")
