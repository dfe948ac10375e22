"""How `garde request` shows registers and the worklist to people: what must be done first comes first, and loud.

Comes in: rows. Goes out: lines, and one JSON object for each row. It looks nothing up.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec

from garde.journal.text import plain

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.downtime.register.look import Board, RequestRow, ResultRow

_MOST_SETTLED = 20  # lines for people; JSON has all


def say_board(found: Board, zone: ZoneInfo, screen: Screen) -> None:
    """Say what must be done, what is open, what is done."""
    counts = {name: len(getattr(found, name)) for name in found.__slots__}
    screen.data({"kind": "registers", **counts})
    for result in found.not_called:
        _say_waiting(result, zone, screen)
    for result in found.without_request:
        screen.data({"kind": "result", "group": "without_request", **_plain(result)})
        screen.line(plain(f"RESULT WITHOUT A REQUEST: {result.request}  {result.words or 'NOT LEGIBLE'}"), "warn")
    for name, tone in (("refused", "warn"), ("open", "note"), ("settled", "dim")):
        rows: tuple[RequestRow, ...] = getattr(found, name)
        for row in rows:
            screen.data({"kind": "request", "group": name, **_plain(row)})
        for row in rows[: _MOST_SETTLED if name == "settled" else None]:
            _say_request(row, zone, screen, tone)
    if not any(counts.values()):
        screen.line("no request has been taken", "dim")


def _plain(row: Any) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.to_builtins(row)
    return body


def _say_waiting(row: ResultRow, zone: ZoneInfo, screen: Screen) -> None:
    screen.data({"kind": "result", "group": "not_called", **_plain(row)})
    waited = f"{row.waited_s / 60:.0f} min"
    where = row.place or "ward not known: see the form"
    screen.line(plain(f"CRITICAL, NOT CALLED for {waited}: {row.id}  {row.request}  {where}  {row.patient}"), "bad")
    screen.line(plain(f"    {row.words or 'NOT LEGIBLE'}  ({'; '.join(row.why) or 'a correction'})"), "bad")
    if row.calls:
        screen.line(f"    called {row.calls} times without a read-back", "warn")


def _say_request(row: RequestRow, zone: ZoneInfo, screen: Screen, tone: str) -> None:
    urgent = "URGENT " if row.urgent else ""
    what = row.what or "NOT LEGIBLE: see the form"
    at = datetime.fromtimestamp(row.at, zone).strftime("%d.%m. %H:%M")
    span = f"open {_span(row.age_s)}" if row.standing == "open" else row.standing
    if row.turnaround_s:
        span += f", after {_span(row.turnaround_s)}"
    screen.line(plain(f"{row.number}  {at}  {row.place}  {row.patient}  {urgent}{row.modality} {what}  [{span}]"), tone)
    for each in row.results:
        mark = "  (corrected)" if each.replaced_by else "  CRITICAL" if each.critical else ""
        called = f", read to {each.called_to}" if each.called_at else ""
        screen.line(plain(f"    {each.id}  {each.words or 'NOT LEGIBLE'}{mark}{called}"), tone)


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes // 60} h {minutes % 60:02d}" if minutes >= 60 else f"{minutes} min"


def say_items(items: list[dict[str, Any]], *, rebuilding: bool, screen: Screen) -> None:
    """Say what modalities are told."""
    screen.data({"kind": "worklist", "items": len(items), "rebuilding": rebuilding})
    if rebuilding:
        screen.line("The census is being rebuilt: not everything is listed yet", "warn")
    for each in items:
        screen.data({"kind": "item", **each})
        name = " ".join(filter(None, (each["family"], each["given"])))
        urgent = "URGENT " if each["urgent"] else ""
        screen.line(
            plain(f"{each['modality']}  {each['start'].replace('T', ' ')[:16]}  {each['patient']}  {name}  "
                  f"{urgent}{each['what']}  [{each['accession']}, {each['source']}]"),
        )  # fmt: skip
        screen.line(plain(f"    allergies: {', '.join(each['allergies'])}"), "dim")
    if not items:
        screen.line("nothing is listed", "dim")
