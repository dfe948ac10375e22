"""Ciphertext dressed as text: base64 or hex whose decoded bytes are uniformly random.

Comes in: a sample of text. Goes out: the randomness of what it decodes to, or None where it is not such an encoding.
It does not judge a whole file: an honest base64 attachment of a JPEG also decodes to something near random, so the
caller asks what the head decodes to and what stood there before.
"""

from __future__ import annotations

import base64
import binascii

from garde.content.randomness import SAMPLE, Array, Randomness, randomness

_SPACE = b" \t\r\n"
_HEX = b"0123456789abcdefABCDEF"
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_="
_PEM_SIZE = 1 << 14  # bytes; bundles of certificates are larger, and then begin with a DER sequence
_STRAY = 0.02  # share of other characters allowed: a header line, a trailer with a key
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def decoded_randomness(text: bytes | Array) -> Randomness | None:
    """Return the randomness of what base64 or hex text decodes to; None for anything else."""
    letters = _letters(text)
    return None if letters is None else randomness(_decode(letters)[:SAMPLE])


def is_plain_pem(head: bytes, size: int) -> bool:
    """True for a key or certificate in PEM: small, or DER within. Their content is random by nature."""
    return head.startswith(b"-----BEGIN ") and (size < _PEM_SIZE or decoded_head(head)[:1] == b"\x30")


def decoded_head(text: bytes) -> bytes:
    """Return the decoded beginning of an encoded text, for its signature; b"" where it is no encoding."""
    lines = text.splitlines()
    if lines and lines[0].startswith(b"-----"):  # PEM: the frame is no part of the encoding
        text = b"".join(line for line in lines if not line.startswith(b"-") and b":" not in line)
    letters = _letters(text)
    return b"" if letters is None else _decode(letters)


def _letters(text: bytes | Array) -> bytes | None:
    raw = (text if isinstance(text, bytes) else text.tobytes()).translate(None, _SPACE)
    if len(raw) < 16:
        return None
    probe = raw[:64]  # decides nearly every file that is not encoded, for a microsecond
    if len(probe.translate(None, _BASE64)) > 16:
        return None
    stray = raw.translate(None, _BASE64)
    if len(stray) > _STRAY * len(raw):
        return None
    return raw.translate(None, stray) if stray else raw


def _decode(letters: bytes) -> bytes:
    if len(letters.translate(None, _HEX)) == 0:
        return binascii.unhexlify(letters[: len(letters) // 2 * 2])
    body = letters.translate(_URL_SAFE, b"=")
    return base64.b64decode(body[: len(body) // 4 * 4])
