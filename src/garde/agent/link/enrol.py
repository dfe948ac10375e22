"""Enrolment: a one-time token becomes a key, a pinned hub and a sheet of release codes.

Comes in: a token as a person typed it, a state directory. Goes out: the files of an enrolled agent, or the reason why
not.

The first connection checks nothing but one thing: that the certificate chain the server shows holds a CA whose SHA-256
is the token's pin. With that CA pinned it connects again; only then is the token's secret sent. What the token itself
promises (the hub) is checked before what the server says. Safe to be run again: the key stays, and the hub answers a
repeated token of the same key with the same words.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from garde.agent.link import enrolled as enrolment
from garde.agent.link.enrolled import CODES_FILE, KEY_FILE, Enrolled
from garde.agent.link.http import HubConnection, dial
from garde.clock import Clock
from garde.errors import HubAbsent, Refused
from garde.trust.ca import pin_of
from garde.trust.codes import CodeBook
from garde.trust.enrolment import Token
from garde.trust.keys import PublicKey, SigningKey

ANSWER_SECONDS = 20.0  # the hub writes an entry to its disk before it answers
_TODO = "ask for a new token at the hub: garde hub token"


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the hub says to a new agent."""

    machine: str
    hub_key: str
    ca: str
    release_secret: str  # hex
    generation: int = 1
    address: str = ""
    now: float = 0.0  # hub wall seconds


def enrol(token: Token, state: Path, clock: Clock) -> Enrolled:
    """Enrol this machine. Raises HubAbsent or Refused; the state directory is untouched then, but for the key."""
    key = SigningKey.load_or_make(state / KEY_FILE)
    addresses = resolve(token.host, token.port)
    ca, answering = find_ca(addresses, token.port, token.pin)
    ordered = (answering, *(each for each in addresses if each != answering))
    welcome = _ask(token, key, HubConnection(ordered, token.port, ca))
    _check(welcome, token, ca)
    CodeBook(state / CODES_FILE).write(bytes.fromhex(welcome.release_secret), token.machine, welcome.generation)
    made = Enrolled(token.machine, welcome.hub_key, ca, token.host, token.port, ordered, clock.now())
    enrolment.save(state, made)  # last: with it the agent is enrolled
    return made


def resolve(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a name, in the resolver's order; raises HubAbsent. It is the only time it is resolved."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise HubAbsent(f"{host} can't be resolved: {error.strerror}", "give the hub's address in the token") from error
    addresses = (str(each[4][0]).partition("%")[0] for each in found)
    return tuple(dict.fromkeys(str(ipaddress.ip_address(address)) for address in addresses))


def find_ca(addresses: tuple[str, ...], port: int, pin: str) -> tuple[str, str]:
    """Return the CA that has this pin (PEM) and the address that showed it; raises HubAbsent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent, and nothing believed but what has the pin
    problem = "it does not answer"
    for address in addresses:
        try:
            with dial(address, port, context) as connection:
                chain = _chain_of(connection)
        except OSError as error:
            problem = str(error)
            continue
        for pem in chain:
            if pin_of(pem) == pin:
                return pem, address
        problem = "who answers there is not the hub that made this token"
    raise HubAbsent(f"no hub at {', '.join(addresses)} port {port}: {problem}", _TODO)


def _chain_of(connection: ssl.SSLSocket) -> list[str]:
    """The certificates that the server showed, as PEM. Public from Python 3.13 on, there since 3.10."""
    shown: Any = connection if hasattr(connection, "get_unverified_chain") else connection._sslobj  # type: ignore[attr-defined]
    found = shown.get_unverified_chain() or ()
    return [each if isinstance(each, str) else _pem(each) for each in found]


def _pem(certificate: Any) -> str:
    raw = certificate if isinstance(certificate, bytes) else certificate.public_bytes()
    return raw if isinstance(raw, str) else ssl.DER_cert_to_PEM_cert(raw)


def _ask(token: Token, key: SigningKey, connection: HubConnection) -> Welcome:
    body = msgspec.json.encode({"token": token.secret, "machine": token.machine, "key": key.public.hex})
    try:
        status, raw = connection.post("/agent/enrol", body, ANSWER_SECONDS)
    except OSError as error:
        raise HubAbsent(
            f"the hub at {token.address} does not answer: {error}", "try again; the token still counts"
        ) from error
    finally:
        connection.hang_up()
    if status != 200:
        raise Refused(_reason(raw) or f"the hub said no ({status})", _TODO)
    try:
        return msgspec.json.decode(raw, type=Welcome)
    except (msgspec.DecodeError, ValueError) as error:
        raise Refused(f"the hub's answer can't be read: {error}", "is it as new as this agent?") from error


def _reason(raw: bytes) -> str:
    try:
        said = msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return ""
    return str(said.get("reason", ""))[:300] if isinstance(said, dict) else ""


def _check(welcome: Welcome, token: Token, ca: str) -> None:
    """The pinned hub said it, and yet nothing that is no key, no secret or another CA goes to the disk."""
    try:
        PublicKey.from_hex(welcome.hub_key)
        secret = bytes.fromhex(welcome.release_secret)
        pin = pin_of(welcome.ca)
    except ValueError as error:
        raise Refused(f"the hub's answer makes no sense: {error}", "is it as new as this agent?") from error
    if welcome.machine != token.machine or pin != pin_of(ca) or len(secret) < 16:
        raise Refused("the hub's answer is for another machine or of another hub", _TODO)
