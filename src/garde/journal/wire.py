"""Payloads on their way from an agent to the hub, as JSON that carries the words themselves.

Comes in: a payload; or a kind and bytes that anybody may have made. Goes out: bytes; or a payload of exactly that kind.
A `Text` travels as a string, as `{"b64": ...}` where its bytes are not UTF-8, and as null once it has been erased: a
reference means nothing in another journal. It checks form, not sense: who may say what is for the receiver to judge.
"""

from __future__ import annotations

import base64
import binascii
from functools import cache
from typing import Any

import msgspec

from garde.journal.kinds import KINDS, Foreign
from garde.journal.payload import Payload
from garde.journal.text import Text

_BYTES = "b64"


def encode(payload: Payload) -> bytes:
    """Return the payload as JSON with sorted keys; one of an unknown kind as it came."""
    if isinstance(payload, Foreign):
        return payload.json.encode()
    return _ENCODER.encode(payload)


def decode(kind: str, raw: bytes) -> Payload:
    """Return the payload; `Foreign` where this version does not know the kind.

    Raises ValueError (msgspec.ValidationError is one) on anything that is not a payload of that kind.
    """
    try:
        if kind not in KINDS:
            msgspec.json.decode(raw)  # whatever it is, it is JSON
            return Foreign(raw.decode())
        payload: Payload = _decoder(kind).decode(raw)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return payload


def _text_out(value: object) -> Any:
    if not isinstance(value, Text):
        raise TypeError(f"{type(value).__name__} cannot stand in a payload")
    if value.value is None:
        return None
    try:
        return value.value.decode()
    except UnicodeDecodeError:
        return {_BYTES: base64.b64encode(value.value).decode()}


def _text_in(wanted: type, value: object) -> Text:
    if wanted is not Text:
        raise msgspec.ValidationError("only a text was expected here")
    if value is None:
        return Text(None)
    if isinstance(value, str):
        return Text(value.encode())
    if isinstance(value, dict) and value.keys() == {_BYTES} and isinstance(value[_BYTES], str):
        try:
            return Text(base64.b64decode(value[_BYTES], validate=True))
        except binascii.Error as error:
            raise msgspec.ValidationError(f"not base64: {error}") from error
    raise msgspec.ValidationError("a text was expected")


_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=_text_out)


@cache
def _decoder(kind: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(KINDS[kind], dec_hook=_text_in)
