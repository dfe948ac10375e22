"""Switch ports by SNMPv3: which there are, whether one is open, and to shut it.

Comes in: a switch's address and a login of the hub's secrets file. Goes out: `SnmpSwitch` (the `Switch` Protocol by
pysnmp) and `load_logins`. Only authPriv: who can shut a port must not be overheard or imitated. Secrets stand in no
argument list and in no error. Numbers only, no MIB files. It remembers nothing and proves nothing.

Every call has an end: a few packets, two tries of a second each. Errors are OSError with the
reason."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import msgspec

from garde.errors import SettingsError

_ADMIN: Final = "1.3.6.1.2.1.2.2.1.7"  # IF-MIB::ifAdminStatus: 1 up, 2 down (3 testing)
_NAMES: Final = ("1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.2.2.1.2")  # ifName; ifDescr, for a switch without it
_OCTETS: Final = ("1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.2.2.1.10")  # ifHCInOctets; ifInOctets
_SECONDS: Final = 1.0
_RETRIES: Final = 1
_PORT: Final = 161
_MOST_PORTS: Final = 4096
_OTHERS_MAY: Final = 0o077
_PASSPHRASE: Final = 8  # RFC 3414: at least eight characters

UP: Final = 1
DOWN: Final = 2

T = TypeVar("T")


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user of a switch. The protocols are named as `snmp.toml` names them."""

    user: str
    auth: str
    priv: str
    auth_protocol: str = "SHA-256"  # SHA-224 | SHA-256 | SHA-384 | SHA-512 | SHA (old switches)
    priv_protocol: str = "AES"  # AES | AES-256

    def __repr__(self) -> str:
        return f"Login({self.user!r})"


@dataclass(frozen=True, slots=True)
class Logins:
    """The secrets file: one login for all switches, and others by a switch's id."""

    default: Login | None
    named: dict[str, Login] = field(default_factory=dict)

    def of(self, switch: str) -> Login | None:
        return self.named.get(switch, self.default)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    default: Login | None = None
    switch: dict[str, Login] = {}


class Switch(Protocol):
    """What a port is shut by. OSError from any call, with the reason; PermissionError where the switch said no."""

    def ports(self) -> dict[int, str]:
        """Every port: the switch's number of it, and its name."""
        ...

    def admin(self, port: int) -> int:
        """UP or DOWN as it is set, not as the wire is (which lags by seconds)."""
        ...

    def set_admin(self, port: int, status: int) -> None: ...

    def octets(self) -> dict[int, int]:
        """Octets that came in so far, by each port. What a switch says may be seconds old (`frames.py`)."""
        ...

    def close(self) -> None:
        """End the conversation; a call after it begins another."""
        ...


def load_logins(path: Path) -> Logins:
    """Read the secrets file; SettingsError where it is not there, not private or not right. It quotes no secret."""
    try:
        if path.stat().st_mode & _OTHERS_MAY:
            raise SettingsError(f"{path}: others may read it", f"make it private: chmod 600 {path}")
        raw = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}", "docs/cuts.md says what it holds") from error
    try:
        found = msgspec.toml.decode(raw, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # A complaint about a line's syntax may quote it.
        said = str(error) if isinstance(error, msgspec.ValidationError) else "it is no TOML"
        raise SettingsError(f"{path}: {said}", "docs/cuts.md says what it holds") from None
    for login in filter(None, [found.default, *found.switch.values()]):
        _check_login(path, login)
    return Logins(found.default, found.switch)


def _check_login(path: Path, login: Login) -> None:
    if login.auth_protocol not in _auth_protocols() or login.priv_protocol not in _priv_protocols():
        known = ", ".join([*_auth_protocols(), *_priv_protocols()])
        raise SettingsError(f"{path}: {login.user}: unknown protocol", f"known are {known}")
    if not login.user or min(len(login.auth), len(login.priv)) < _PASSPHRASE:
        raise SettingsError(f"{path}: {login.user}: a pass phrase has {_PASSPHRASE} characters at least")


def parse_place(text: str) -> tuple[str, int]:
    """ "ADDRESS", "ADDRESS:PORT" or "[ADDRESS6]:PORT"; ValueError for what is no address."""
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    number = int(port) if port else _PORT
    if not 0 < number < 65536:
        raise ValueError(f"{text!r}: there is no port {number}")
    return str(ipaddress.ip_address(host)), number


class SnmpSwitch:
    """One switch, and one conversation with it (pysnmp takes 0.2 s to begin one). One thread at a time."""

    def __init__(self, place: str, login: Login) -> None:
        self._place = parse_place(place)
        self._login = login
        self._runner: asyncio.Runner | None = None
        self._talk: _Talk | None = None

    def close(self) -> None:
        runner, talk, self._runner, self._talk = self._runner, self._talk, None, None
        if talk:
            talk.end()
        if runner:
            runner.close()

    def ports(self) -> dict[int, str]:
        async def ask(talk: _Talk) -> dict[int, str]:
            for column in _NAMES:
                if found := await talk.column(column):
                    return {number: value.decode(errors="replace") for number, value in found.items()}
            return {}

        return self._with(ask)

    def admin(self, port: int) -> int:
        async def ask(talk: _Talk) -> int:
            return int(await talk.get(f"{_ADMIN}.{port}"))

        return self._with(ask)

    def set_admin(self, port: int, status: int) -> None:
        async def ask(talk: _Talk) -> None:
            await talk.set(f"{_ADMIN}.{port}", status)

        self._with(ask)

    def octets(self) -> dict[int, int]:
        async def ask(talk: _Talk) -> dict[int, int]:
            for column in _OCTETS:
                if found := await talk.numbers(column):
                    return found
            return {}

        return self._with(ask)

    def _with(self, ask: Callable[[_Talk], Awaitable[T]]) -> T:
        async def talk() -> T:
            if self._talk is None:
                self._talk = await _Talk.begin(self._place, self._login)
            return await ask(self._talk)

        if self._runner is None:
            self._runner = asyncio.Runner()
        try:
            return self._runner.run(talk())
        except LookupError as error:
            raise OSError(f"the switch at {self._place[0]} has no {error.args[0]}") from None


class _Talk:
    """One conversation by pysnmp. Its own exceptions do not leave this class."""

    def __init__(self, api: Any, engine: Any, user: Any, target: Any) -> None:
        self._api = api
        self._engine = engine
        self._to = (engine, user, target, api.ContextData())

    @classmethod
    async def begin(cls, place: tuple[str, int], login: Login) -> _Talk:
        # Imported here: 0.2 s, and only a hub with switches needs it.
        import pysnmp.hlapi.v3arch.asyncio as api  # type: ignore[import-untyped]

        user = api.UsmUserData(
            login.user,
            login.auth,
            login.priv,
            authProtocol=getattr(api, _auth_protocols()[login.auth_protocol]),
            privProtocol=getattr(api, _priv_protocols()[login.priv_protocol]),
        )
        kind = api.Udp6TransportTarget if ":" in place[0] else api.UdpTransportTarget
        target = await kind.create(place, timeout=_SECONDS, retries=_RETRIES)
        return cls(api, api.SnmpEngine(), user, target)

    def end(self) -> None:
        self._engine.close_dispatcher()

    async def get(self, name: str) -> Any:
        """One value; LookupError where the switch has none of that name."""
        [(_, value)] = self._checked(await self._api.get_cmd(*self._to, self._object(name), lookupMib=False))
        return value

    async def set(self, name: str, value: int) -> None:
        item = self._api.ObjectType(self._api.ObjectIdentity(name), self._api.Integer32(value))
        self._checked(await self._api.set_cmd(*self._to, item, lookupMib=False))

    async def column(self, name: str) -> dict[int, bytes]:
        """A column of a table, by the last number of each row's name."""
        return {row: bytes(value) for row, value in (await self._rows(name)).items()}

    async def numbers(self, name: str) -> dict[int, int]:
        """The same of numbers."""
        return {row: int(value) for row, value in (await self._rows(name)).items()}

    async def _rows(self, name: str) -> dict[int, Any]:
        found: dict[int, Any] = {}
        below = f"{name}."
        walk = self._api.bulk_walk_cmd(*self._to, 0, 25, self._object(name), lookupMib=False, lexicographicMode=False)
        async for said in walk:
            try:
                rows = self._checked(said)
            except LookupError:
                break
            for row, value in rows:
                if str(row).startswith(below) and len(found) < _MOST_PORTS:
                    found[int(str(row).removeprefix(below))] = value
        return found

    def _object(self, name: str) -> Any:
        return self._api.ObjectType(self._api.ObjectIdentity(name))

    def _checked(self, said: Any) -> Any:
        trouble, status, _, rows = said
        if trouble is not None:
            raise OSError(f"SNMP: {trouble}")
        if status:
            raise PermissionError(f"SNMP: the switch refuses: {status.prettyPrint()}")
        for row in rows:
            if type(row[1]).__name__ in ("NoSuchObject", "NoSuchInstance", "EndOfMibView"):
                raise LookupError(str(row[0]))
        return rows


def _auth_protocols() -> dict[str, str]:
    return {
        "SHA-224": "USM_AUTH_HMAC128_SHA224",
        "SHA-256": "USM_AUTH_HMAC192_SHA256",
        "SHA-384": "USM_AUTH_HMAC256_SHA384",
        "SHA-512": "USM_AUTH_HMAC384_SHA512",
        "SHA": "USM_AUTH_HMAC96_SHA",
    }


def _priv_protocols() -> dict[str, str]:
    return {"AES": "USM_PRIV_CFB128_AES", "AES-256": "USM_PRIV_CFB256_AES"}
