"""Stamps of a time authority (RFC 3161): asked for, and checked.

Comes in: bytes, an authority's address; a stamp and certificates that the reader believes. Goes out: the stamp as it
came; when it was made, and whether it is of these bytes. It keeps nothing. An authority that is not reachable, slow or
wrong is no stamp, never an error of a bundle.
"""

from __future__ import annotations

import hashlib
import http.client
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerifierBuilder,
    decode_timestamp_response,
)

from garde.errors import SettingsError
from garde.forensics.custody.der import ordered

FILE: Final = "tsa.toml"
ANSWER_S: Final = 10.0
LONGEST: Final = 256 * 1024  # bytes of an answer: a stamp with its certificates has some 5 KiB


class NoStamp(Exception):
    """There is none, and why."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Whom to ask. `url` "": nobody."""

    url: str = ""


def load_authority(state: Path) -> Authority:
    """Read `tsa.toml`: `url = "http://…"`; nobody where there is no such file. Raises SettingsError."""
    path = state / FILE
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Authority()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: {error}", 'write one line: url = "http://tsa.example/tsr"') from error
    url = found.get("url", "")
    if set(found) - {"url"} or not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https", ""):
        raise SettingsError(f"{path}: it holds `url`, an http or https address, and nothing else", "mend the file")
    return Authority(url)


def ask(authority: Authority, data: bytes) -> bytes:
    """Have bytes stamped (their SHA-256 leaves the house, and nothing else); raises NoStamp."""
    if not authority.url:
        raise NoStamp("no time authority is set")
    question = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    try:
        raw = _post(authority.url, question.as_bytes())
        answer = decode_timestamp_response(ordered(raw))
        if answer.status != 0 or answer.tst_info.message_imprint.message != hashlib.sha256(data).digest():
            raise NoStamp("the time authority stamped something else, or refused")
        if question.nonce is not None and answer.tst_info.nonce != question.nonce:
            raise NoStamp("the time authority's answer is to another question")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoStamp(f"the time authority: {error}") from error
    return raw


def _post(url: str, body: bytes) -> bytes:
    where = urlsplit(url)
    sort = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = sort(where.hostname or "", where.port, timeout=ANSWER_S)
    try:
        path = (where.path or "/") + (f"?{where.query}" if where.query else "")
        connection.request("POST", path, body, {"Content-Type": "application/timestamp-query"})
        answer = connection.getresponse()
        raw = answer.read(LONGEST + 1)
    finally:
        connection.close()
    if answer.status != http.client.OK or len(raw) > LONGEST:
        raise NoStamp(f"the time authority answered {answer.status}")
    return raw


@dataclass(frozen=True, slots=True)
class Stamped:
    """What a stamp says."""

    at: float  # wall seconds
    proven: bool  # by a certificate that the reader believes
    why: str = ""  # why it is not


def check(raw: bytes, data: bytes, roots: bytes = b"") -> Stamped:
    """Return what a stamp says of these bytes; raises ValueError where it is none, or of others.

    `roots`: certificates in PEM that the reader believes; without them it is said that nobody has proven it.
    """
    answer = decode_timestamp_response(ordered(raw))
    info = answer.tst_info
    if info.message_imprint.message != hashlib.sha256(data).digest():
        raise ValueError("the stamp is of other bytes")
    at = info.gen_time.timestamp()
    if not roots:
        return Stamped(at, False, "no certificate of the time authority was given")
    builder = VerifierBuilder()
    for root in x509.load_pem_x509_certificates(roots):
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(answer, data)
    except Exception as error:  # certificates are anybody's bytes: what reads them raises what it likes
        return Stamped(at, False, f"{type(error).__name__}: {error}")
    return Stamped(at, True)
