"""What a ward's PC tells the desk: which packs it keeps, how fresh they are, what was printed. It names no patient.

Comes in: the ward's own account; bytes from a parcel. Goes out: bytes; a `Receipt` with every value in its bounds, or
`ParcelRefusedError`. Printings carry an id each: told twice, they count once (whoever writes them down sees to it).
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from garde.downtime.parcel.envelope import Code, ParcelRefusedError

UNDER_WAY = "handed to the printer; its end was not seen"  # `Run.fault` until the printer has said something
MOST_RUNS = 2000  # printings in one receipt: the newest; a ward makes some dozens a day
_Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z]{6,40}\Z")]
_Word = Annotated[str, msgspec.Meta(max_length=120)]
_Line = Annotated[str, msgspec.Meta(max_length=400)]
_Page = Annotated[int, msgspec.Meta(ge=1, le=9999)]


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One pack that the ward's PC holds and could print."""

    pack: _Id
    place: _Word
    as_of: float
    made_at: float
    kept_at: float
    stale: bool = False


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One printing. `pages`: those that may lie on paper; none where the printer never took them."""

    run: _Id
    pack: _Id
    place: _Word
    pages: Annotated[tuple[_Page, ...], msgspec.Meta(max_length=9999)]
    copies: Annotated[int, msgspec.Meta(ge=1, le=99)]
    printer: Annotated[str, msgspec.Meta(max_length=300)]
    by: _Word
    at: float
    fault: _Line = ""


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it, as of one moment."""

    ward: _Word
    at: float
    kept: Annotated[tuple[Kept, ...], msgspec.Meta(max_length=500)]
    runs: Annotated[tuple[Run, ...], msgspec.Meta(max_length=MOST_RUNS)]
    printer: _Line = ""  # how it stands, in English


def write_receipt(receipt: Receipt) -> bytes:
    return msgspec.json.encode(receipt)


def read_receipt(content: bytes) -> Receipt:
    """Return it; ParcelRefusedError where it is none."""
    try:
        return msgspec.json.decode(content, type=Receipt)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ParcelRefusedError(Code.DIFFERENT, f"it holds no receipt: {error}") from error
