"""What is carried from an agent to the hub of an item of evidence: the head of a piece, and how large an item may be.

Comes in: nothing. Goes out: `Piece`, `MOST`. The bytes follow the head after the end of its line.
"""

from __future__ import annotations

from typing import Final

import msgspec

MOST: Final = 16 * 2**20  # bytes of one item: what is larger is looked at where it lies
PIECE: Final = 512 * 1024  # bytes of one piece: an envelope has room for twice as much


class Piece(msgspec.Struct):
    """The head of a piece: one line of JSON."""

    item: str
    offset: int
