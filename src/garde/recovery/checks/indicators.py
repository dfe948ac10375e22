"""Indicators: what others say the attacker leaves behind, as plain data.

Comes in: a folder of `*.ioc` files. Goes out: `Indicators`. One indicator a line, words apart by blanks, `#` begins
a comment, the rest of the line says where it is from:

    sha256 HEX [words]      sha1 HEX       md5 HEX
    name   PATTERN          the last part of a path, * and ? stand for anything, upper and lower case alike
    path   PATTERN          the whole path
    address ADDRESS[/BITS]  IPv4 or IPv6
    domain NAME             a host's name

A line that is none of these is named in `broken`, and the others count. None names a path to open or a program.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from garde.recovery.checks.names import spell

_LENGTHS: Final = {"sha256": 64, "sha1": 40, "md5": 32}
_MOST: Final = 64 << 20  # bytes of one file: half a million indicators
_HEX: Final = re.compile(r"[0-9a-f]+")
_DOMAIN: Final = re.compile(r"(?=.{4,253}$)([a-z0-9_-]{1,63}\.)+[a-z0-9-]{2,63}")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(slots=True)
class Indicators:
    """All of them."""

    hashes: dict[str, str] = field(default_factory=dict)  # hex -> where it is from
    names: list[tuple[re.Pattern[str], str]] = field(default_factory=list)
    paths: list[tuple[re.Pattern[str], str]] = field(default_factory=list)
    networks: list[tuple[Network, str]] = field(default_factory=list)
    domains: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)  # "file:line: why"

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(map(len, (self.hashes, self.names, self.paths, self.networks, self.domains)))

    def of_path(self, path: bytes) -> str:
        """Return what a path's name matches; "" for nothing."""
        text = path.decode("utf-8", "surrogateescape").casefold()
        name = text.rpartition("/")[2]
        for pattern, source in self.names:
            if pattern.match(name):
                return source
        return next((source for pattern, source in self.paths if pattern.match(text)), "")

    def of_address(self, address: str) -> str:
        """Return what an address matches; "" for nothing."""
        found = ipaddress.ip_address(address)
        return next((source for network, source in self.networks if found in network), "")

    def words(self) -> list[str]:
        """Return single addresses and names as they may stand in a configuration."""
        single = [str(network.network_address) for network, _ in self.networks if network.num_addresses == 1]
        return [*single, *self.domains]


def read_indicators(folder: Path | None) -> Indicators:
    """Read every list of a folder; a folder that is not there holds none."""
    found = Indicators()
    for file in sorted(folder.glob("*.ioc")) if folder and folder.is_dir() else ():
        name = spell(file.name.encode("utf-8", "surrogateescape"))
        try:
            text = _read(file)
        except OSError as error:
            found.broken.append(f"{name}: {error.strerror or error}")
            continue
        for number, line in enumerate(text.splitlines(), 1):
            _take(found, line, f"{name}:{number}")
    return found


def _read(file: Path) -> str:
    if file.stat().st_size > _MOST:
        raise OSError(f"larger than {_MOST >> 20} MiB")
    return file.read_text(encoding="utf-8", errors="replace")


def _take(found: Indicators, line: str, where: str) -> None:
    sort, value, *rest = [*line.partition("#")[0].split(None, 2), "", ""][:3]
    if not sort:
        return
    source = f"{sort} {value}" + (f" ({rest[0].strip()})" if rest and rest[0].strip() else "")
    takers: dict[str, Callable[[], None]] = {
        **dict.fromkeys(_LENGTHS, lambda: _hash(found, sort, value, source)),
        "name": lambda: found.names.append((_pattern(value), source)),
        "path": lambda: found.paths.append((_pattern(value), source)),
        "address": lambda: found.networks.append((ipaddress.ip_network(value, strict=False), source)),
        "domain": lambda: _domain(found, value, source),
    }
    try:
        if not value or sort not in takers:
            raise ValueError("no indicator")
        takers[sort]()
    except ValueError:
        found.broken.append(f"{where}: no indicator")


def _hash(found: Indicators, sort: str, value: str, source: str) -> None:
    plain = value.lower()
    if len(plain) != _LENGTHS[sort] or not _HEX.fullmatch(plain):
        raise ValueError("no hash")
    found.hashes[plain] = source


def _domain(found: Indicators, value: str, source: str) -> None:
    plain = value.lower().strip(".")
    if not _DOMAIN.fullmatch(plain):
        raise ValueError("no name of a host")
    found.domains[plain] = source


def _pattern(value: str) -> re.Pattern[str]:
    if not value.strip("*?/."):
        raise ValueError("it would match everything")
    return re.compile(fnmatch.translate(value.casefold()))
