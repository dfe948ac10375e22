"""Countries, networks and uses of addresses in MaxMind's format (`*.mmdb`), which a hospital brings itself.

Comes in: files: country or city, ASN, anonymous IP, any of them. Goes out: `MaxMindSource`: each file adds what the
ones before do not know. It needs the package `maxminddb`, reads a file by mapping it, and asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from garde.forensics.origin.places.base import Place, joined
from garde.forensics.origin.places.text import number_of

_USES: Final = {
    "is_tor_exit_node": "tor",
    "is_anonymous_vpn": "vpn",
    "is_public_proxy": "relay",
    "is_residential_proxy": "relay",
    "is_hosting_provider": "hosting",
}


class MaxMindSource:
    """See the module."""

    def __init__(self, name: str, files: Iterable[Path]) -> None:
        """Open them. Raises OSError, and ValueError for what is no such file or where the package is missing."""
        self.name = name
        self._readers = [_open(file) for file in files]

    def find(self, address: str) -> Place | None:
        """See `base.Source`."""
        found: Place | None = None
        if number_of(address.encode("ascii", "replace")) is None:
            return None
        for reader, date in self._readers:
            try:
                record = reader.get(address.partition("%")[0])
            except ValueError:  # IPv6 asked of a file of IPv4
                continue
            if isinstance(record, Mapping):
                found = joined(found, self._place(record, date))
        return found

    def _place(self, record: Mapping[str, Any], date: str) -> Place | None:
        country = record.get("country") or record.get("registered_country") or {}
        code = str(country.get("iso_code", "")) if isinstance(country, Mapping) else ""
        network = str(record.get("autonomous_system_organization", ""))
        if number := record.get("autonomous_system_number"):
            network = f"AS{number} {network}".strip()
        traits = record.get("traits")
        flags = {**record, **(traits if isinstance(traits, Mapping) else {})}
        may_be = tuple(dict.fromkeys(use for flag, use in _USES.items() if flags.get(flag)))
        if not (code or network or may_be):
            return None
        return Place(code[:2].upper(), network[:80], may_be, self.name, date)


def _open(file: Path) -> tuple[Any, str]:
    try:
        import maxminddb
    except ImportError as error:
        raise ValueError("maxminddb is not installed") from error
    try:
        reader = maxminddb.open_database(file)
    except maxminddb.InvalidDatabaseError as error:
        raise ValueError(f"{file.name} is no database of this format") from error
    return reader, datetime.fromtimestamp(reader.metadata().build_epoch, UTC).date().isoformat()
