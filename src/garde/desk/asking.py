"""Asking the desk from a command: the running one, or what is stored where none runs.

Comes in: a state directory, a question. Goes out: the answer as plain data. Reading what is stored folds the whole feed
anew: seconds for a day, minutes for a million messages.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from garde.clock import Clock
from garde.desk.answers import answer
from garde.desk.config import load_config
from garde.desk.control import ask_desk, user_name
from garde.desk.keeper import rebuilt
from garde.downtime.book import Book
from garde.downtime.store.messages import MessageStore
from garde.downtime.store.seal import Seal
from garde.errors import HubAbsent, Refused


def ask_or_read(state: Path, clock: Clock, question: dict[str, Any]) -> dict[str, Any]:
    """Ask the running desk; where none runs, read what is stored."""
    try:
        found = ask_desk(state, question)
    except HubAbsent:
        return _read_here(state, clock, question)
    if "error" in found:
        raise Refused(str(found["error"]))
    return found


def _read_here(state: Path, clock: Clock, question: dict[str, Any]) -> dict[str, Any]:
    config = load_config(state)
    seal = Seal.load(state)
    with MessageStore(state, seal) as store, Book(state, seal, clock) as book:
        found = answer(rebuilt(state, config, store, clock, book), user_name(os.getuid()), question)
    return {**found, "running": False} if question["ask"] == "status" else found
