"""Neighbours that serve their warnings over TAXII: `neighbours.toml` in the hub's state directory.

Comes in: the file. Goes out: `Source`s; SettingsError with the line that is wrong. A missing file names nobody.

    [[neighbour]]
    id = "clinic-b"                                       # as in hospital.yaml
    url = "https://10.9.0.2:8443/taxii2/"                 # of the server, or of one collection
    token_file = "clinic-b.token"                         # beside this file; what they gave you
    ca_file = "clinic-b.pem"                              # beside this file; without it: the system's
    every_s = 60                                          # 0: only when somebody asks
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from garde.errors import SettingsError

FILE: Final = "neighbours.toml"
LEAST_S: Final = 10.0
_TEXTS: Final = ("id", "url", "token_file", "ca_file")
_EVERY: Final = "every_s"
_TODO: Final = "see docs/sharing.md"


@dataclass(frozen=True, slots=True)
class Source:
    """One of them."""

    id: str
    url: str  # of the server (its discovery) or of a collection, with a slash at its end
    token_file: Path | None = None
    ca_file: Path | None = None
    every_s: float = 0.0  # 0: by hand


def load(state: Path) -> Sequence[Source]:
    """Read the file."""
    place = state / FILE
    try:
        raw = tomllib.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{place}: {error}", _TODO) from error
    rows = raw.get("neighbour", [])
    if set(raw) - {"neighbour"} or not isinstance(rows, list):
        raise SettingsError(f"{place}: it holds [[neighbour]] tables and nothing else", _TODO)
    return tuple(_source(place, number, row) for number, row in enumerate(rows, 1))


def _source(place: Path, number: int, row: Any) -> Source:
    where = f"{place}: neighbour {number}"
    for name, value in row.items() if isinstance(row, dict) else ():
        if not (name in _TEXTS and isinstance(value, str)) and not (name == _EVERY and type(value) in (int, float)):
            names = ", ".join((*_TEXTS, _EVERY))
            raise SettingsError(f"{where}: {name} is none of {names}, or of the wrong type", _TODO)
    if not isinstance(row, dict) or not row.get("id") or not row.get("url"):
        raise SettingsError(f"{where}: it has no id or no url", _TODO)
    url = str(row["url"])
    try:
        parts = urlsplit(url)
        wrong = parts.scheme != "https" or not parts.hostname or parts.port == 0
    except ValueError:
        wrong = True
    if wrong:
        raise SettingsError(f"{where}: the url of a TAXII server begins with https://", _TODO)
    every = float(row.get("every_s", 0))
    if every and not every >= LEAST_S:
        raise SettingsError(f"{where}: every_s is 0, or {LEAST_S:.0f} at least", _TODO)
    token, ca = (place.parent / str(row[name]) if row.get(name) else None for name in ("token_file", "ca_file"))
    return Source(str(row["id"]), url.rstrip("/") + "/", token, ca, every)
