"""The names behind a held hand, found beside the core: Samba's users and shares, a directory's login names.

Comes in: an actor. Goes out: the same with names, or as it was where they could not be had in time. Asking may hang (a
directory server that burns); the core must not.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime

from garde.model.actor import Actor
from garde.model.finding import Skipped

PATIENCE = 0.15  # seconds; smbstatus answers in 30 to 60 ms, and a held smbd may be stopped for 1 s at most


class Naming:
    """Two threads, started with the first question: a hanging one must not stop the other."""

    def __init__(self, ask: Callable[[Actor], Actor | Skipped]) -> None:
        self._ask = ask
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="naming")

    def __call__(self, actor: Actor) -> Actor:
        asked: Future[Actor | Skipped] = self._threads.submit(self._ask, actor)
        try:
            answer = asked.result(PATIENCE)
        except (NotInTime, OSError):
            return actor
        return actor if isinstance(answer, Skipped) else answer

    def later(self, work: Callable[[int], None], pid: int) -> None:
        """Have something looked up beside the core; nobody waits for it."""
        self._threads.submit(work, pid)

    def close(self) -> None:
        """Forget questions that were not answered."""
        self._threads.shutdown(wait=False, cancel_futures=True)
