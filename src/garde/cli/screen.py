"""How commands speak: JSON lines for machines, short coloured lines for people.

Comes in: plain data, and sentences that are escaped already. Goes out: standard output, flushed line by line. Where
the reader has gone away the speaker falls silent and the work goes on: a guard does not end with its audience.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

STYLES = {"good": "green", "warn": "yellow", "bad": "bold red", "note": "", "dim": "dim", "title": "bold"}


class Screen:
    """One command's output."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._gone = False
        self._console: Console | None = None

    def data(self, body: dict[str, Any]) -> None:
        """Write one JSON line; nothing where the output is for people."""
        if self.as_json:
            self._write(json.dumps(body, ensure_ascii=False, default=str) + "\n")

    def line(self, text: str, tone: str = "note") -> None:
        """Write one line for people, its text taken as it stands; nothing where the output is JSON."""
        if not self.as_json:
            from rich.text import Text

            self._print(Text(text, style=STYLES[tone]))

    def table(self, table: Table) -> None:
        """Show a table to people."""
        if not self.as_json:
            self._print(table)

    def _print(self, what: Any) -> None:
        if self._gone:
            return
        if self._console is None:
            from rich.console import Console

            self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        try:
            self._console.print(what)
        except BrokenPipeError:
            self._fall_silent()

    def _write(self, text: str) -> None:
        if self._gone:
            return
        try:
            # JSON itself allows a lone surrogate; the stream would refuse it.
            sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            self._fall_silent()

    def _fall_silent(self) -> None:
        self._gone = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
