"""Refuse clients in a table of our own, `inet garde`, and never those that care depends on.

Comes in: client addresses, the hub and the never-cut list. Goes out: `NeverCut` (why an address is never blocked) and
`Blocks` (add, remove, list). Each change is one transaction of `nft -j -f -`: all of it, or none. The table is made
with the first block and removed with the last. It resolves no names, keeps no list of its own beside the kernel's, and
does not know whose block it is: see `samba.py`.

The drop stands before every other filter (priority -200, and a drop is final whatever other tables accept), for
connections already open as for new ones, and for traffic that this machine forwards to a container as for its own.
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from garde.errors import SettingsError
from garde.settings import ContainSettings
from garde.sockets import plain_address

TABLE: Final = "garde"
_FAMILY: Final = "inet"
_SETS: Final = {4: ("blocked4", "ipv4_addr", "ip"), 6: ("blocked6", "ipv6_addr", "ip6")}
_HOOKS: Final = ("input", "forward")
_PRIORITY: Final = -200  # before iptables' mangle and every usual filter
_NFT_SECONDS: Final = 5.0  # a transaction takes some 10 ms; a hung nft must not hang the agent
# Two agents on one machine share the table; without the lock one could remove it while the other adds to it.
_LOCK: Final = Path("/run/garde-nft.lock")

Runner = Callable[[Sequence[str], str], str]  # arguments after `nft`, stdin -> stdout; OSError with the reason
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class NeverCut:
    """Loopback, this machine's own addresses, the hub and the never-cut list."""

    def __init__(self, settings: ContainSettings, own: Callable[[], frozenset[str]] | None = None) -> None:
        self._named: list[tuple[Network, str]] = []
        if settings.hub:
            self._named.append((_network("contain.hub", settings.hub), "it is the hub"))
        for entry in settings.never_cut:
            self._named.append((_network("contain.never_cut", entry), f"{entry} is on the never-cut list"))
        self._own = own or own_addresses

    def whys(self, addresses: Iterable[str]) -> dict[str, str]:
        """`why` for many: the machine's own addresses are read once."""
        own = self._own()
        return {address: self._why(address, own) for address in addresses}

    def why(self, address: str) -> str:
        """Why this address is never blocked, or an empty string."""
        return self._why(address, self._own())

    def _why(self, address: str, own: frozenset[str]) -> str:
        try:
            found = ipaddress.ip_address(plain_address(address))
        except ValueError:
            return "it is no address"
        if found.is_loopback or found.is_unspecified or found.is_multicast:
            return "it is no single other machine"
        if found == ipaddress.IPv4Address("255.255.255.255"):
            return "it is no single other machine"
        return self.listed(str(found)) or ("it is an address of this machine" if str(found) in own else "")

    def listed(self, address: str) -> str:
        """Why the hospital never wants this address cut off: the hub, or its never-cut list; or an empty string."""
        found = ipaddress.ip_address(address)
        return next((why for network, why in self._named if found in network), "")


def _network(setting: str, text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise SettingsError(
            f"{setting}: {text!r} is no address or network", "write addresses, not names: nothing is resolved in a cut"
        ) from error


def own_addresses() -> frozenset[str]:
    """This machine's addresses as the kernel has them now."""
    return frozenset([*parse_fib_trie(_text("/proc/net/fib_trie")), *parse_if_inet6(_text("/proc/net/if_inet6"))])


def parse_fib_trie(text: str) -> Iterator[str]:
    """IPv4: in /proc/net/fib_trie the line after an address says what it is."""
    lines = [line.strip() for line in text.splitlines()]
    for address, meaning in pairwise(lines):
        if address.startswith("|-- ") and meaning == "/32 host LOCAL":
            yield address[4:]


def parse_if_inet6(text: str) -> Iterator[str]:
    """IPv6: /proc/net/if_inet6 begins with 32 hexadecimal digits."""
    for line in text.splitlines():
        try:
            yield str(ipaddress.IPv6Address(bytes.fromhex(line.split()[0])))
        except (ValueError, IndexError):
            continue


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except OSError:
        return ""


def run_nft(arguments: Sequence[str], stdin: str) -> str:
    """Run nft; OSError carries what it said."""
    try:
        done = subprocess.run(
            ["nft", *arguments], input=stdin, capture_output=True, text=True, timeout=_NFT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise OSError(f"nft does not answer within {_NFT_SECONDS:.0f} s") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise OSError(f"nft: {said[0] if said else f'exit code {done.returncode}'}")
    return done.stdout


class Blocks:
    """The blocked clients. OSError from any call means that nothing was changed, and why."""

    def __init__(self, never: NeverCut, *, run: Runner = run_nft, lock: Path = _LOCK) -> None:
        self.never = never
        self._run = run
        self._lock = lock

    def add(self, addresses: Iterable[str]) -> None:
        """Block; one that is blocked already stays so. ValueError for one that never may be."""
        wanted = [plain_address(address) for address in addresses]
        for address in wanted:
            if why := self.never.why(address):
                raise ValueError(f"{address} is never blocked: {why}")
        if wanted:
            with self._locked():
                self._transact([*_definitions(), *(_element("add", address) for address in wanted)])

    def remove(self, addresses: Iterable[str]) -> None:
        """Let in again; one that is not blocked is left out. The table goes with its last entry."""
        with self._locked():
            present = self.listed()
            leaving = present & {plain_address(address) for address in addresses}
            if present and present == leaving:
                self._transact([{"delete": {"table": {"family": _FAMILY, "name": TABLE}}}])
            elif leaving:
                self._transact([_element("delete", address) for address in sorted(leaving)])

    def listed(self) -> frozenset[str]:
        """What the kernel blocks now, by our table."""
        try:
            found = json.loads(self._run(["-j", "list", "table", _FAMILY, TABLE], ""))
        except OSError as error:
            if "No such file" in str(error):
                return frozenset()
            raise
        return frozenset(
            address for item in found.get("nftables", []) for address in _addresses_in(item.get("set", {}))
        )

    def _transact(self, commands: list[dict[str, Any]]) -> None:
        self._run(["-j", "-f", "-"], json.dumps({"nftables": commands}))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self._lock, "a", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _definitions() -> list[dict[str, Any]]:
    """The whole table. Adding what is there changes nothing; the chains are emptied and filled in the same moment."""
    commands: list[dict[str, Any]] = [{"add": {"table": {"family": _FAMILY, "name": TABLE}}}]
    commands += [{"add": {"set": _of_table(name=name, type=kind)}} for name, kind, _ in _SETS.values()]
    for hook in _HOOKS:
        chain = _of_table(name=hook, type="filter", hook=hook, prio=_PRIORITY, policy="accept")
        commands += [{"add": {"chain": chain}}, {"flush": {"chain": _of_table(name=hook)}}]
        commands += [{"add": {"rule": _drop_rule(hook, *names)}} for names in _SETS.values()]
    return commands


def _drop_rule(chain: str, set_name: str, _kind: str, protocol: str) -> dict[str, Any]:
    source = {"payload": {"protocol": protocol, "field": "saddr"}}
    match = {"match": {"op": "==", "left": source, "right": f"@{set_name}"}}
    return {"family": _FAMILY, "table": TABLE, "chain": chain, "expr": [match, {"counter": None}, {"drop": None}]}


def _of_table(**fields: Any) -> dict[str, Any]:
    return {"family": _FAMILY, "table": TABLE, **fields}


def _element(verb: str, address: str) -> dict[str, Any]:
    name = _SETS[ipaddress.ip_address(address).version][0]
    return {verb: {"element": _of_table(name=name, elem=[address])}}


def _addresses_in(found: dict[str, Any]) -> Iterator[str]:
    for element in found.get("elem", []):
        value = element["elem"]["val"] if isinstance(element, dict) and "elem" in element else element
        if isinstance(value, str):
            yield value
