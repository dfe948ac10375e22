"""Looking at the whole journal once, when the hub starts: was it changed while nobody watched?

Comes in: the state directory, the hub's own public key. Goes out: the first faults in words, or none. It runs in a
process of its own at the lowest priority: a million entries take some ten seconds of a processor, and the hub serves
meanwhile. It repairs nothing and stops nothing: a hub that refuses to work with a journal that was tampered with is
what an attacker would want.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

from garde.clock import SystemClock
from garde.errors import GardeError
from garde.hub.config import open_hub_journal
from garde.journal.kinds import ErrorSeen
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.trust.keys import PublicKey

MOST = 5  # faults that are said; `garde journal verify` says all
TODO = "garde journal verify shows every place; keep the file as evidence"


def faults_of(state: Path, database: str, key: str) -> list[str]:
    """Return the first faults of a journal, in words."""
    public = PublicKey.from_hex(key)

    def check(signed: bytes, signature: bytes) -> bool:
        return public.verify(signature, signed)

    try:
        with open_hub_journal(state, database, SystemClock(), read_only=True) as journal:
            return [f"entry {fault.seq}: {fault.what}" for fault in islice(journal.verify(check=check), MOST)]
    except (OSError, GardeError) as error:
        return [str(error)]


class JournalCheck:
    """One check, in the background; what it finds is an alarm."""

    def __init__(self, state: Path, database: str, key: str, say: Callable[[Sequence[Payload]], None]) -> None:
        self._arguments, self._say = (state, database, key), say
        self._process: multiprocessing.process.BaseProcess | None = None
        self._thread = threading.Thread(target=self._run, name="check", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def close(self) -> None:
        """End it, done or not."""
        process = self._process
        if process is not None and process.is_alive():
            process.kill()
        self._thread.join()

    def _run(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would carry the hub's threads' locks along
        ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_look, args=(theirs, *self._arguments), name="garde-check", daemon=True)
        self._process.start()
        theirs.close()
        with ours:
            try:
                found: list[str] = ours.recv()
            except EOFError:
                found = []  # it was ended with the hub
        self._process.join()
        if found:
            self._say([ErrorSeen("hub/journal", Text(f"the journal was changed: {each}"), TODO) for each in found])


def _look(pipe: Connection, state: Path, database: str, key: str) -> None:
    os.nice(19)
    pipe.send(faults_of(state, database, key))
