"""flows.toml in the agent's state directory: which flow records this agent reads.

Comes in: the file. Goes out: frozen `FlowSettings`, or a SettingsError with file and line. No file: no sources.

    inside = ["10.0.0.0/8"]            # what is the hospital's own; default: the private networks
    keep_days = 14                     # flows in steps of five minutes; by the day they are kept 90 days
    [[source]]
    id = "gateway"                     # letters, digits, dot, dash, underscore
    sort = "conntrack"                 # conntrack | netflow | zeek | suricata
    covers = ["10.20.0.0/16"]          # addresses or networks, whose way out passes by here
    [[source]]
    id = "router"
    sort = "netflow"
    covers = ["10.20.0.0/16"]
    listen = "10.20.0.5:2055"          # where the datagrams come, UDP
    exporters = ["10.20.0.1"]          # whose are believed: nothing in NetFlow says who sent it
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import msgspec

from garde.errors import SettingsError
from garde.forensics.egress.nouns import USUAL_INSIDE

FILE: Final = "flows.toml"
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SORTS: Final = {
    "conntrack": (frozenset[str](), frozenset({"track", "delay_s"})),
    "netflow": (frozenset({"listen", "exporters"}), frozenset({"delay_s", "silent_s"})),
    "zeek": (frozenset({"folder"}), frozenset({"delay_s", "silent_s"})),
    "suricata": (frozenset({"file"}), frozenset({"delay_s", "silent_s"})),
}  # (needs, may have)
_COMMON: Final = frozenset({"id", "sort", "covers"})
# A flow is told of when it ends, or at the exporter's active timeout: so long may its records be behind. The kernel's
# table is read four times a minute.
DELAYS: Final = {"conntrack": 20.0, "netflow": 60.0, "zeek": 60.0, "suricata": 60.0}
# A hospital's gateway without a record for so long has an exporter that is dead. Conntrack can't fall silent unseen.
SILENT: Final = {"conntrack": 0.0, "netflow": 1800.0, "zeek": 900.0, "suricata": 900.0}


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """One source."""

    id: str
    sort: str
    covers: tuple[str, ...]
    listen: str = ""  # netflow: ADDRESS:PORT
    exporters: tuple[str, ...] = ()
    folder: str = ""  # zeek: of conn.log, dns.log and ssl.log
    file: str = ""  # suricata: eve.json
    track: bool = True  # conntrack: have the kernel track and count, where nothing else made it
    delay_s: float = -1.0  # seconds that its records may come late; -1: the sort's own
    silent_s: float = -1.0  # seconds without a record after which it is blind; 0: never; -1: the sort's own

    @property
    def delay(self) -> float:
        """Seconds that its records may come late."""
        return DELAYS[self.sort] if self.delay_s < 0 else self.delay_s

    @property
    def silence(self) -> float:
        """Seconds without a record after which it is blind; 0: never."""
        return SILENT[self.sort] if self.silent_s < 0 else self.silent_s


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """The whole file."""

    inside: tuple[str, ...] = USUAL_INSIDE
    keep_days: int = 14
    rows: int = 3_000_000  # that the store holds at most: some 400 MB
    source: tuple[SourceSettings, ...] = ()


def read_flows(state: Path) -> FlowSettings:
    """Read `<state>/flows.toml`; raises SettingsError."""
    file = state / FILE
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return FlowSettings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: {error}", "make it readable text for whoever runs the agent") from error
    return parse_flows(text, str(file))


def parse_flows(text: str, source: str = FILE) -> FlowSettings:
    """The same from text."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{source}: {error}", "correct the file; docs/account.md shows one") from error
    at = _Lines(text, source)
    for key in raw.keys() - {each.name for each in fields(FlowSettings)}:
        raise at.error(0, key, f"no setting named {key}")
    tables = raw.get("source", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise at.error(0, "source", "sources are written as [[source]]")
    sources = tuple(_source(at, number, table) for number, table in enumerate(tables, 1))
    top = _convert(at, 0, {**raw, "source": ()}, FlowSettings)
    for key, why in _top_wrongs(top, sources):
        raise at.error(0, key, why)
    return FlowSettings(top.inside, top.keep_days, top.rows, sources)


class _Lines:
    """Where in the text a key of the n-th [[source]] stands; 0: above all of them."""

    def __init__(self, text: str, source: str) -> None:
        self._lines, self._source = text.splitlines(), source

    def error(self, table: int, key: str, why: str) -> SettingsError:
        return SettingsError(f"{self._source}:{self._find(table, key)}: {why}", "correct the file, then try again")

    def _find(self, table: int, key: str) -> int:
        at, begin = 0, 1
        for number, line in enumerate(self._lines, 1):
            if re.match(r"\s*\[\[\s*source\s*\]\]", line):
                at += 1
                begin = number if at == table else begin
            if at == table and re.match(rf"\s*[\"']?{re.escape(key)}\b", line):
                return number
        return begin


def _convert(at: _Lines, number: int, table: dict[str, Any], kind: Any) -> Any:
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        key = next((key for key in table if f"`$.{key}" in str(error)), "source")
        raise at.error(number, key, str(error)) from error


def _source(at: _Lines, number: int, table: dict[str, Any]) -> SourceSettings:
    for key in table.keys() - {each.name for each in fields(SourceSettings)}:
        raise at.error(number, key, f"no setting named {key}")
    found: SourceSettings = _convert(at, number, table, SourceSettings)
    for key, why in _wrongs(found, table):
        raise at.error(number, key, why)
    return found


def _wrongs(found: SourceSettings, table: dict[str, Any]) -> list[tuple[str, str]]:
    """(key, what is wrong with it)."""
    if found.sort not in _SORTS:
        return [("sort", f"no sort named {found.sort!r}; there are {', '.join(_SORTS)}")]
    needs, may = _SORTS[found.sort]
    wrong = [(key, f"a source of sort {found.sort} needs {key}") for key in sorted(needs - table.keys())]
    wrong += [
        (key, f"a source of sort {found.sort} has no {key}") for key in sorted(table.keys() - needs - may - _COMMON)
    ]
    if not _ID.fullmatch(found.id):
        wrong.append(("id", "id: letters, digits, dot, dash and underscore, 64 at most"))
    if not found.covers:
        wrong.append(("covers", "covers: the addresses or networks whose way out passes by here"))
    wrong += [("covers", f"{each!r} is no address or network") for each in found.covers if not is_network(each)]
    wrong += [("exporters", f"{each!r} is no address") for each in found.exporters if not _is_address(each)]
    if found.sort == "netflow" and "listen" in table and endpoint(found.listen) is None:
        wrong.append(("listen", f"{found.listen!r} is no ADDRESS:PORT"))
    wrong += [
        (key, f"{value!r} is no absolute path")
        for key, value in (("folder", found.folder), ("file", found.file))
        if value and not value.startswith("/")
    ]
    wrong += [
        (key, f"{key}: a day at most") for key, value in (("delay_s", found.delay_s), ("silent_s", found.silent_s))
        if not value <= 86_400
    ]  # fmt: skip
    return wrong


def _top_wrongs(top: FlowSettings, sources: tuple[SourceSettings, ...]) -> list[tuple[str, str]]:
    wrong = [("inside", f"{each!r} is no address or network") for each in top.inside if not is_network(each)]
    if not top.inside:
        wrong.append(("inside", "inside: at least one network"))
    if not 1 <= top.keep_days <= 365:
        wrong.append(("keep_days", "keep_days: 1 to 365"))
    if not 1_000 <= top.rows <= 100_000_000:
        wrong.append(("rows", "rows: 1,000 to 100,000,000"))
    names = [each.id for each in sources]
    wrong += [
        ("source", f"two sources are called {name}") for name in {each for each in names if names.count(each) > 1}
    ]
    return wrong


def is_network(text: str) -> bool:
    """Whether this is an address or a network with no host bits set."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def endpoint(text: str) -> tuple[str, int] | None:
    """ADDRESS:PORT or [ADDRESS]:PORT; None for anything else."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not _is_address(host) or not port.isdigit() or not 0 < int(port) < 65536:
        return None
    return host, int(port)
