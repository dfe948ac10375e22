"""The names behind a hand, found beside the core: Samba's users and shares, a directory's login names.

Comes in: an actor that is held, or a new SMB client. Goes out: the same with names, or as it was where they could not
be had in time. Asking may hang (a directory server that burns); the core must not, and goes on while it is asked.

A client's users are asked for ahead, when it is new, so that a verdict names them: hours later and from another
address the account is what says that it is the same attack. One question answers for all that are new.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor

from garde.model.actor import Actor
from garde.model.finding import Skipped

PATIENCE = 0.5  # seconds; smbstatus answers in 30 to 60 ms, 300 on a busy machine; an smbd may be stopped for 1 s


# Seconds after its birth at which an smbd child is asked for its users: a session is set up some 20 ms after the
# connection, the first question leaves the processor to an attack that begins at once, and a client may sign in long
# after it has connected.
AHEAD = (0.3, 1.0, 4.0, 15.0)
BETWEEN = 0.25  # seconds from one question to the next: smbstatus costs 30 ms of a processor


class Ahead:
    """Names new SMB clients, in a thread of its own. `new` may be called from any thread."""

    def __init__(
        self,
        learn: Callable[[int], None],
        serves: Callable[[int], bool],
        name: Callable[[Collection[int]], frozenset[int]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._learn, self._serves, self._name, self._clock = learn, serves, name, clock
        self._change = threading.Condition()
        self._born: list[int] = []
        self._due: dict[int, tuple[float, int]] = {}  # pid -> when it is asked for, how often it was
        self._not_before = 0.0  # the next question
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="naming-ahead", daemon=True)
        self._thread.start()

    def new(self, pid: int) -> None:
        """An smbd child was born."""
        with self._change:
            self._born.append(pid)
            self._change.notify()

    def close(self) -> None:
        """End; a question that is under way is not waited for."""
        with self._change:
            self._ended = True
            self._change.notify()

    def _run(self) -> None:
        while self._wait():
            self.turn()

    def _wait(self) -> bool:
        with self._change:
            while not self._ended and not self._born:
                now = self._clock()
                due = min((max(at, self._not_before) for at, _ in self._due.values()), default=None)
                if due is not None and due <= now:
                    break
                self._change.wait(None if due is None else due - now)
            return not self._ended

    def turn(self) -> None:
        """Learn who was born; ask for those that are due, all at once."""
        with self._change:
            born, self._born = self._born, []
        for pid in born:
            self._learn(pid)
            if self._serves(pid):
                self._due[pid] = (self._clock() + AHEAD[0], 0)
        now = self._clock()
        due = [pid for pid, (at, _) in self._due.items() if at <= now]
        if due and now >= self._not_before:
            self._ask(due)

    def _ask(self, due: list[int]) -> None:
        left, now = self._name(due), self._clock()
        for pid in due:
            _, times = self._due.pop(pid)
            if pid in left and times + 1 < len(AHEAD):
                self._due[pid] = (now + AHEAD[times + 1], times + 1)
        self._not_before = now + BETWEEN


class Question:
    """One actor whose names are asked for."""

    def __init__(self, actor: Actor, asked: Future[Actor | Skipped], until: float) -> None:
        self._actor, self._asked, self._until = actor, asked, until

    def answer(self, now: float) -> Actor | None:
        """Return the actor with what was found, as it was where it is waited for no longer; None until then."""
        if not self._asked.done():
            return None if now < self._until else self._actor
        try:
            answer = self._asked.result()
        except (CancelledError, OSError):
            return self._actor
        return self._actor if isinstance(answer, Skipped) else answer


class Naming:
    """Two threads, started with the first question: a hanging one must not stop the other."""

    def __init__(self, ask: Callable[[Actor], Actor | Skipped]) -> None:
        self._ask = ask
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="naming")

    def __call__(self, actor: Actor, now: float) -> Question:
        """Ask for an actor's names; the answer is taken up later. `now` is in monotonic seconds."""
        return Question(actor, self._threads.submit(self._ask, actor), now + PATIENCE)

    def close(self) -> None:
        """Forget questions that were not answered."""
        self._threads.shutdown(wait=False, cancel_futures=True)
