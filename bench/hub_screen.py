"""An open console page, as a browser keeps it: events come in, the page is fetched again, and what it shows is read.

Comes in: where the hub is, a session's cookie. Goes out: for each mark when its event came, and when the page first
showed it. It does what `console.js` does, in its order and with its pause between two fetches; laying the page out is
the browser's share and is not in it.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.hub_load import Connection, Place
from garde.clock import SystemClock
from garde.hub.console.accounts import COOKIE, open_accounts

PAGE = "/journal"  # the newest hundred entries, whatever kind
PAUSE_S = 0.12  # as console.js
LOGIN = "bench"
MARK = re.compile(r"report \d+(?=\.docx)")


def sign_in(state: Path) -> str:
    """Make an account and a session of it; returns the header that a browser sends."""
    accounts = open_accounts(state, SystemClock())
    try:
        accounts.make(LOGIN, "operator", "a page that stays open all night")
        return f"Cookie: {COOKIE}={accounts.begin(LOGIN, 'password', '127.0.0.1')}\r\n"
    finally:
        accounts.close()


@dataclass
class Screen:
    """`listen` and `draw` in tasks of their own."""

    place: Place
    cookie: str
    heard: dict[str, float] = field(default_factory=dict)  # mark -> perf_counter of its event
    shown: dict[str, float] = field(default_factory=dict)  # and of the page with it
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Hear every event."""
        connection = Connection(self.place)
        async for line in connection.lines("/api/v1/events", self.cookie):
            if not line.startswith(b"data: "):
                continue
            now, body = time.perf_counter(), json.loads(line[6:])
            if body["kind"] == "finding_made":
                path: str = body["payload"]["file"]["path"]
                self.heard.setdefault(path.rpartition("/")[2].removesuffix(".docx"), now)
            self.news.set()

    async def draw(self) -> None:
        """Fetch the page whenever there is news."""
        connection = Connection(self.place)
        while True:
            await self.news.wait()
            self.news.clear()
            status, raw = await connection.get(PAGE, self.cookie)
            if status != 200:
                raise RuntimeError(f"{PAGE}: {status}")
            now = time.perf_counter()
            for mark in set(MARK.findall(raw.decode())):
                self.shown.setdefault(mark, now)
            await asyncio.sleep(PAUSE_S)
