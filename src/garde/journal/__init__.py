"""The record: one append-only, hash-chained journal of everything that happened.

Comes in: payloads (`kinds.py` is the one catalogue). Goes out: entries in order, folds over them (what is the state of
the guard, what is damaged and not yet put back, what happened in one verdict, in plain words), and a check that no
entry was changed, removed or moved. It decides nothing, and nothing that holds an attacker waits for it.
"""

from garde.journal.entry import Entry, Fault, Head
from garde.journal.kinds import KINDS
from garde.journal.payload import Payload
from garde.journal.sqlite import SqliteStore
from garde.journal.store import FILE_NAME, Journal, journal_file, open_journal
from garde.journal.text import Text
from garde.journal.writer import BackgroundJournal

__all__ = [
    "FILE_NAME",
    "KINDS",
    "BackgroundJournal",
    "Entry",
    "Fault",
    "Head",
    "Journal",
    "Payload",
    "SqliteStore",
    "Text",
    "journal_file",
    "open_journal",
]
