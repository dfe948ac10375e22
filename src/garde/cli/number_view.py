"""Blocks and numbers as `garde number list` shows them.

Comes in: the fold, what was asked. Goes out: lines. Names are shown: whoever asks is written down first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from garde.downtime.numbers.form import Number, read_number
from garde.downtime.numbers.newcomer import Newcomer
from garde.downtime.numbers.state import Block, Held, Standing, State
from garde.errors import NotFound
from garde.journal.text import plain

if TYPE_CHECKING:
    from garde.cli.screen import Screen

LOW = 20  # numbers left of a ward's from which it is said
_TONES = {Standing.FREE: "dim", Standing.ISSUED: "good", Standing.USED: "good", Standing.LINKED: "note",
          Standing.VOID: "dim"}  # fmt: skip


def left_of(state: State, place: str) -> int:
    """Return how many numbers a place has left."""
    return sum(1 for block in state.blocks.values() if block.place == place for _ in state.free(block))


def list_numbers(state: State, wanted: str, zone: ZoneInfo, screen: Screen, looked: Callable[[str], None]) -> None:
    """Show blocks and the numbers that are no longer free: all, or of a place, a block, one number."""
    blocks = [each for each in state.blocks.values() if wanted in ("", each.place, each.block)]
    held = [each for each in state.held.values() if _is_asked(each, wanted, blocks)]
    if wanted and not blocks and not held:
        raise NotFound(f"{wanted} has no downtime numbers", "look at garde number list")
    looked(f"{len(held)} downtime numbers")
    for block in blocks:
        _show_block(block, state, screen)
    for each in sorted(held, key=lambda one: (one.at, one.number)):
        _show_held(each, state, zone, screen)


def _is_asked(held: Held, wanted: str, blocks: list[Block]) -> bool:
    try:
        number = read_number(held.number)
    except ValueError:
        return not wanted
    with contextlib.suppress(ValueError):
        if read_number(wanted) == number:
            return True
    return held.place == wanted or any(number in block for block in blocks)


def _show_block(block: Block, state: State, screen: Screen) -> None:
    left, whole = sum(1 for _ in state.free(block)), sum(1 for _ in block.numbers())
    first, last = Number(block.prefix, block.first), Number(block.prefix, block.last)
    data = {"block": block.block, "place": block.place, "first": str(first), "last": str(last)}
    screen.data({"kind": "block", **data, "numbers": whole, "free": left})
    tone = "warn" if left < LOW else "note"
    screen.line(plain(f"{block.block}  {block.place}: {first} to {last}, {left} of {whole} left"), tone)


def _show_held(held: Held, state: State, zone: ZoneInfo, screen: Screen) -> None:
    match = state.matches.get(held.waiting)
    body: dict[str, Any] = msgspec.to_builtins(held)
    screen.data({"kind": "number", **body, "match": msgspec.to_builtins(match)})
    person = held.person or Newcomer()
    name = " ".join(filter(None, (person.family, person.given))) or "name not recorded"
    if held.person is None and held.standing is not Standing.VOID:
        name = "CANNOT BE READ"
    after = f" → {held.record}" if held.record else ""
    when = datetime.fromtimestamp(held.at, zone).strftime("%d.%m. %H:%M")
    words = f"{held.number}  {held.standing.value:<6}  {when}  {held.place}  {name}  {person.birth}{after}"
    screen.line(plain(words), _TONES[held.standing])
    if held.used and held.standing is Standing.VOID:
        screen.line("    THINGS ARE WRITTEN UNDER THIS NUMBER, WHICH IS VOID: find out whose they are", "bad")
    if match is not None:
        agree, differ = ", ".join(match.identifiers), ", ".join(match.differ)
        text = f"    {match.match}: {match.record}? {agree} agree" + (f"; DIFFERENT: {differ}" if differ else "")
        screen.line(plain(f"{text}; said by {match.by}, waits for a second person"), "warn")
