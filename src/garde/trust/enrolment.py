"""One-time tokens: how a machine's agent and the hub come to know each other.

Comes in: where the hub is, its pin, the machine that is meant. Goes out: `Token`, its text for people, a QR code of it,
and the hash that is all the hub keeps. The hub's journal says when a token ends and that it counts once.

    garde1.<host:port>.<pin>.<machine>.<secret>

The pin (SHA-256 of the hub's CA certificate) travels with the token, so that the first connection is as safe as the way
by which the token came. Where it leads and whom it is for can be read by the person who types it in.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
from dataclasses import dataclass
from typing import Self

from garde.errors import UsageError
from garde.trust.envelope import is_name

DEFAULT_PORT = 8443
TTL = 24 * 3600.0  # seconds: a token is made for a machine that is installed today
_SECRET_BYTES = 24
# A DNS label has 63 characters at most: the first part of 64 hexadecimal digits is the pin and nothing else.
_TOKEN = re.compile(
    r"garde1\.(?P<host>\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9.-]{1,253}):(?P<port>[0-9]{1,5})"
    r"\.(?P<pin>[0-9a-f]{64})\.(?P<machine>[A-Za-z0-9._-]{1,64})\.(?P<secret>[A-Za-z0-9_-]{32})"
)


@dataclass(frozen=True, slots=True)
class Token:
    """What a machine needs to enrol itself. `secret` is the part that must not be seen."""

    host: str  # name or address, IPv6 without brackets
    port: int
    pin: str
    machine: str
    secret: str

    @classmethod
    def new(cls, host: str, port: int, pin: str, machine: str) -> Self:
        """Make one with a new secret. Raises UsageError where the words can't stand in a token."""
        made = cls(host.strip("[]"), port, pin, machine, secrets.token_urlsafe(_SECRET_BYTES))
        if cls.parse(str(made)) != made:
            raise UsageError(f"{host}:{port} and {machine!r} can't stand in a token", "use plain names and addresses")
        return made

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one as a person pasted it. Raises UsageError; the message never shows the secret."""
        found = _TOKEN.fullmatch("".join(text.split()))  # a mail programme breaks lines
        if found is None or not is_name(found["machine"]) or not 0 < int(found["port"]) < 2**16:
            raise UsageError("that is no enrolment token", "paste the whole line that the hub showed: garde1.…")
        return cls(found["host"].strip("[]"), int(found["port"]), found["pin"], found["machine"], found["secret"])

    @property
    def address(self) -> str:
        """Where the hub is: "host:port"."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def hash(self) -> str:
        """What the hub keeps of it: SHA-256 of the secret, in hex."""
        return token_hash(self.secret)

    def __str__(self) -> str:
        return f"garde1.{self.address}.{self.pin}.{self.machine}.{self.secret}"

    def __repr__(self) -> str:
        return f"Token({self.address}, {self.machine})"  # never the secret: it would end in a log


def token_hash(secret: str) -> str:
    """Return what the hub keeps of a token's secret. 24 random bytes need no salt and no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def split_address(text: str) -> tuple[str, int]:
    """Split "host:port" or "[address]:port". Raises UsageError."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 0 < int(port) < 2**16 or not host.strip("[]"):
        raise UsageError(f"{text!r} is no host:port", "write it like 10.0.0.5:8443")
    return host.strip("[]"), int(port)


def qr_text(text: str) -> str:
    """Return the text as a QR code for a terminal. Lazy import: only the hub carries what draws it."""
    import segno

    out = io.StringIO()
    segno.make(text, error="m").terminal(out, compact=True)
    return out.getvalue()


def qr_svg(text: str) -> str:
    """Return the text as a QR code in SVG, without a declaration: for a page or a sheet of paper."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", xmldecl=False, scale=4)
    return out.getvalue().decode()
