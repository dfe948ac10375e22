"""How paper requests are numbered: by the sheet that they are written on, or by a label that is stuck on form and tube.

Comes in: what was typed or scanned. Goes out: the number as it is kept. A label is `RK7Q2MX-014C`: R, the six signs of
its block, a serial of three digits, a check character (ISO 7064 MOD 37,36). Blocks are drawn at random: labels can be
printed with no desk at hand, and no two blocks are alike.
"""

from __future__ import annotations

import re
from typing import Final

from garde.downtime.codes import CLEAR, PACK_LENGTH, SheetCode, check_character, new_pack_id, read_qr

MOST: Final = 999  # of a block
_LABEL: Final = re.compile(rf"R([{CLEAR}]{{{PACK_LENGTH}}})([0-9]{{3}})([0-9A-Z])")


def label_numbers(count: int, block: str = "") -> tuple[str, ...]:
    """Return numbers for labels, of one block, new where none is named; ValueError for too many."""
    if not 0 < count <= MOST:
        raise ValueError(f"a block has 1 to {MOST} labels")
    block = block or new_pack_id()
    bodies = (f"R{block}-{serial:03d}" for serial in range(1, count + 1))
    return tuple(body + check_character(body) for body in bodies)


def read_request_number(text: str) -> str:
    """Return the number of a request, as it is kept; ValueError says what is wrong with it."""
    scanned = read_qr(text)
    if scanned is not None:
        return str(scanned[0])
    signs = re.sub(r"[\s\-–_]", "", text).upper()
    found = _LABEL.fullmatch(signs)
    if found is None:
        return str(SheetCode.of(text))
    block, serial, check = found.groups()
    if check_character(f"R{block}{serial}") != check:
        raise ValueError(f"{text!r}: its check character is wrong, one sign was misread")
    return f"R{block}-{serial}{check}"


def sheet_of(number: str) -> SheetCode | None:
    """Return the sheet that a request is written on; None where it bears a label."""
    try:
        return SheetCode.of(number)
    except ValueError:
        return None
