"""Codes of an app on a telephone (RFC 6238: six digits, thirty seconds, SHA-1 as every app expects it).

Comes in: a secret, a code as typed and the wall time. Goes out: the step that the code belongs to, so that the caller
can refuse it a second time. It keeps nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

STEP_S = 30
DIGITS = 6
LEEWAY = 1  # steps before and after: a telephone's clock, and slow fingers


def new_secret() -> str:
    """Return a new secret in base 32, as apps take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """Return the code of one step."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1)
    start = digest[-1] & 0xF
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(secret: str, typed: str, now: float, last: int) -> int:
    """Return the step whose code this is; 0 where it is none, or not after `last` (each counts once)."""
    code = "".join(typed.split())
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return 0
    middle = int(now // STEP_S)
    found = 0
    for step in range(middle - LEEWAY, middle + LEEWAY + 1):
        if hmac.compare_digest(code_at(secret, step), code) and step > last:
            found = step
    return found


def link(secret: str, login: str, hospital: str) -> str:
    """Return the address that an app reads from a QR code."""
    issuer = hospital or "Garde"
    label = quote(f"Garde {issuer}:{login}" if hospital else f"Garde:{login}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': f'Garde {hospital}'.strip()})}"
