"""Files into the store: HL7 messages saved by somebody, and later other forms.

Comes in: a file's bytes. Goes out: what is to be stored, one item per message. A file that is of no form that is known
is refused whole: nothing of it is guessed at.
"""

from __future__ import annotations

import re

from garde.downtime.mllp import Deframer, Frame
from garde.downtime.store.messages import Form
from garde.errors import UsageError

_START = re.compile(rb"(?:^|[\r\n])(?=MSH[^A-Za-z0-9\r\n])")


def split_file(data: bytes, name: str) -> tuple[Form, list[bytes]]:
    """Return the form and the items of a file; raises UsageError."""
    text = data.lstrip(b"\xef\xbb\xbf\r\n\t ")
    if text.startswith(b"\x0b"):
        stream = Deframer()
        pieces = [*stream.feed(data), *stream.close()]
        return Form.HL7, [piece.data for piece in pieces if isinstance(piece, Frame)]
    if text.startswith(b"MSH"):
        return Form.HL7, [each for part in _START.split(text) if (each := part.strip(b"\r\n"))]
    raise UsageError(f"{name} holds no form that is known", "HL7 v2 messages begin with MSH")
