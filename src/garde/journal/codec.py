"""Payloads as the store keeps them: JSON with sorted keys, texts as references.

Comes in: payloads to keep, rows to read. Goes out: JSON, payloads. What is encoded is decoded once before it is
written: an entry that could not be read again would stop every replay for ever. It reads no side table: whoever decodes
fills in the words, a page at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from garde.journal.kinds import KINDS, NAMES, Foreign
from garde.journal.payload import Payload
from garde.journal.text import PREFIX, Text

REF = 32  # hex digits of a reference
Known = dict[bytes, str]  # words -> reference


class Codec:
    """Encodes (one thread at a time: the store's writer) and decodes (any thread)."""

    def __init__(self) -> None:
        self._decoding = threading.Lock()
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {}
        self._texts: dict[str, Text] = {}
        self._known: Known = {}
        self._missing: dict[bytes, None] = {}
        self._encoder = msgspec.json.Encoder(order="sorted", enc_hook=self._text_out)

    def encode(self, payload: Payload, known: Known, keep: Callable[[list[bytes]], Known]) -> str:
        """Return the JSON; `keep` gives the references of words that are not in `known` yet, which then has them.

        Raises ValueError or TypeError where the payload holds what its kind cannot (NaN, a number in a text field).
        """
        self._known, self._missing = known, {}
        raw = self._encoder.encode(payload)
        if self._missing:
            known.update(keep(list(self._missing)))
            raw = self._encoder.encode(payload)
        try:
            self.decode(NAMES[type(payload)], raw.decode(), {})
        except msgspec.ValidationError as error:
            raise ValueError(f"this {NAMES[type(payload)]} could not be read again: {error}") from error
        return raw.decode()

    def _text_out(self, value: object) -> str:
        if not isinstance(value, Text):
            raise TypeError(f"{type(value).__name__} cannot stand in a payload")
        if value.value is None:
            return PREFIX + value.ref
        if value.value not in self._known:
            self._missing[value.value] = None
        return PREFIX + self._known.get(value.value, "")

    def decode(self, kind: str, payload: str, texts: dict[str, Text]) -> Payload:
        """Return the payload. Its texts have no words yet; they are put into `texts` by reference, equal ones once.

        Raises msgspec.ValidationError or msgspec.DecodeError.
        """
        with self._decoding:
            self._texts = texts
            return self._decode(kind, payload)

    def decode_page(self, rows: Iterable[tuple[str, str]], texts: dict[str, Text]) -> list[Payload]:
        """Return the payloads of many (kind, JSON); see `decode`."""
        with self._decoding:
            self._texts = texts
            return [self._decode(kind, payload) for kind, payload in rows]

    def _decode(self, kind: str, payload: str) -> Payload:
        decoder = self._decoders.get(kind)
        if decoder is None:
            if kind not in KINDS:
                return Foreign(payload)
            decoder = self._decoders[kind] = msgspec.json.Decoder(KINDS[kind], dec_hook=self._text_in)
        decoded: Payload = decoder.decode(payload)
        return decoded

    def _text_in(self, wanted: type, value: object) -> Text:
        if wanted is not Text or not isinstance(value, str) or not value.startswith(PREFIX):
            raise msgspec.ValidationError("a reference to a text was expected")
        ref = value.removeprefix(PREFIX)
        text = self._texts.get(ref)
        if text is None:
            text = self._texts[ref] = Text(None, ref)
        return text

    def refs(self, kind: str, payload: str) -> set[str]:
        """Return the references in a stored payload; raises as `decode` does."""
        if kind not in KINDS:
            return _marked(msgspec.json.decode(payload))
        texts: dict[str, Text] = {}
        self.decode(kind, payload, texts)
        return texts.keys() - {""}


def _marked(value: object) -> set[str]:
    """Return every reference in a payload whose kind is not known: strings marked so, of a reference's length."""
    refs: set[str] = set()
    waiting = [value]
    while waiting:
        match waiting.pop():
            case dict() as fields:
                waiting += fields.values()
            case list() as items:
                waiting += items
            case str() as text if text.startswith(PREFIX) and len(text) == len(PREFIX) + REF:
                refs.add(text.removeprefix(PREFIX))
    return refs
