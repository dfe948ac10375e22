"""Plain text: every window of it must still be text.

Comes in: bytes. Goes out: `Checked`. Markup is not parsed: an attacker who leaves text as text has not encrypted it,
and base64 is looked for elsewhere. Large files are judged by what changed, their ends, and spread windows.
"""

from __future__ import annotations

from garde.content.access import BLOCK, Bytes, spread
from garde.content.structure.base import Budget, Checked, Near, broken, whole
from garde.content.text import declared_charset, decodes, find_spoilt, wide_charset

_WHOLE_LIMIT = 2 << 20
_LOOKS = 64
_HEAD = 1024


def check_text(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Look for what text cannot hold."""
    reach = min(_WHOLE_LIMIT, budget.left * 4)
    if data.size <= reach:
        return _judge(data.read(0, reach), budget)
    head = data.read(0, _HEAD)
    charset = wide_charset(head)
    for at in _places(data, near):
        piece = data.read(at, BLOCK)
        if fault := find_spoilt(piece, charset):
            return broken(fault)
        if not budget.take(len(piece) // 4):
            break
    return whole("text where looked at", covered=False, complete=False)


def _judge(text: bytes, budget: Budget) -> Checked:
    budget.take(len(text) // 4)
    head = text[:_HEAD]
    fault = find_spoilt(text, wide_charset(head))
    if not fault:
        return whole("text all through", covered=True)
    charset = declared_charset(head)
    if charset and not charset.startswith(("iso8859", "cp125", "utf-8", "ascii")) and decodes(text, charset):
        return whole(f"text in {charset}", covered=True)
    return broken(fault)


def _places(data: Bytes, near: Near) -> list[int]:
    changed = [at & ~1 for start, end in near.ranges[:_LOOKS] for at in (start, max(start, end - BLOCK))]
    return [*changed, *spread(data.size, _LOOKS), (data.size - BLOCK) & ~1]
