"""Entries as data for machines: the API, the live events, the command line's `--json`.

Comes in: entries, nouns. Goes out: plain dictionaries. Hostile text comes out safe to print
(`garde.journal.text.plain`), text that was erased as null; whoever puts it into a page escapes it as well.
"""

from __future__ import annotations

from typing import Any

import msgspec

from garde.clock import iso
from garde.journal.entry import Entry
from garde.journal.kinds import Foreign
from garde.journal.text import Text, plain


def entry_data(entry: Entry) -> dict[str, Any]:
    """Return one entry as the API shows it."""
    return {
        "seq": entry.seq,
        "at": iso(entry.at),
        "who": entry.who,
        "kind": entry.kind,
        "payload": data(entry.payload) if not isinstance(entry.payload, Foreign) else {"json": entry.payload.json},
        "hash": entry.hash,
    }


def data(value: Any) -> Any:
    """Return dataclasses, tuples and texts as what JSON has, so that it is the same after a snapshot."""
    return msgspec.json.decode(encoded(value))


def encoded(value: Any) -> bytes:
    """Return the JSON of a value that holds such parts."""
    return msgspec.json.encode(value, enc_hook=_text)


def _text(value: object) -> Any:
    if isinstance(value, Text):
        return None if value.value is None else plain(value.value)
    raise TypeError(f"{type(value).__name__} is not shown to anybody")
