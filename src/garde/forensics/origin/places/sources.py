"""Which files say where addresses are: `geoip.toml`.

Comes in: the hub's state directory. Goes out: `Places`, which asks its sources in their order: one adds what those
before do not know. Without the file Debian's tor-geoipdb is taken where it is installed. The file:

    [[source]]
    sort = "text"                       # text | maxmind | sorted
    name = "our own"                    # how it is called where its word is shown
    files = ["networks.csv"]            # beside geoip.toml, or with their whole path
    date = "2026-03-01"                 # text only: of the data, where no remark in the file names one

    debian = false                      # leave tor-geoipdb out (before the first [[source]])

A source that cannot be opened is named in `broken`, and the others are used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from garde.errors import SettingsError
from garde.forensics.origin.places.base import Place, Source, joined
from garde.forensics.origin.places.maxmind import MaxMindSource
from garde.forensics.origin.places.sorted_file import SortedSource
from garde.forensics.origin.places.text import TextSource

FILE: Final = "geoip.toml"
DEBIAN: Final = (Path("/usr/share/tor/geoip"), Path("/usr/share/tor/geoip6"))


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One source of the file."""

    sort: str
    files: tuple[str, ...]
    name: str = ""
    date: str = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    source: tuple[Listed, ...] = ()
    debian: bool = True


@dataclass(slots=True)
class Places:
    """All sources, asked as one."""

    sources: list[Source] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def find(self, address: str) -> Place | None:
        """Return what is known of an address; None for nothing."""
        found: Place | None = None
        for source in self.sources:
            found = joined(found, source.find(address))
            if found is not None and found.country and found.network and found.may_be:
                break
        return found


def load_settings(state: Path) -> Settings:
    """Return what the file says. Raises SettingsError."""
    file = state / FILE
    if not file.is_file():
        return Settings()
    try:
        found = msgspec.toml.decode(file.read_bytes(), type=Settings)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: {error}", "see docs/account.md, geoip.toml") from error
    unknown = next((each.sort for each in found.source if each.sort not in SORTS), "")
    if unknown:
        raise SettingsError(f"{file}: no such sort of source: {unknown}", f"one of {', '.join(SORTS)}")
    return found


def open_places(state: Path) -> Places:
    """Open every source. Raises SettingsError for the file itself."""
    settings = load_settings(state)
    places = Places()
    for listed in settings.source:
        _open(places, listed, state)
    if settings.debian and (there := [file for file in DEBIAN if file.is_file()]):
        _open(places, Listed("sorted", tuple(map(str, there)), "tor-geoipdb"), state)
    return places


def _open(places: Places, listed: Listed, state: Path) -> None:
    name = listed.name or next(iter(listed.files), listed.sort)
    try:
        places.sources.append(SORTS[listed.sort](name, [state / file for file in listed.files], listed.date))
    except (OSError, ValueError) as error:
        places.broken.append(f"{name}: {error}")


def _maxmind(name: str, files: list[Path], date: str) -> Source:
    return MaxMindSource(name, files)


SORTS: Final[dict[str, Callable[[str, list[Path], str], Source]]] = {
    "text": TextSource,
    "sorted": SortedSource,
    "maxmind": _maxmind,
}
