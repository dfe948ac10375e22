"""Calling people: what carries pages to the channels, and listens to what comes back.

Comes in: `page_asked` commands; the channels of calling.toml. Goes out: `command_done` when a channel took the page,
`command_failed` with the reason, `page_lost` where it did not leave after all; `channel_alive` and `channel_silent`;
replies, to `replies.py`. One thread for each channel. Rules, one test each:

1. A channel that hangs keeps nobody but itself: its page is failed after a time, and the next ones at once, until it
   answers again.
2. A page that a channel took is noted before its outcome is said: begun again after the hub was killed, it is not
   handed over a second time.
3. A page about something that is over by the time it would leave does not leave.
4. A change of a channel's life is said once. One missed sign of life is none; a hanging channel is silent at once.
5. The codes are put in as the page leaves, and stand nowhere before.
6. A reply is taken from its channel when it is in the journal, and not before.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from garde.clock import Clock
from garde.hub.performer import NEVER, Say
from garde.journal.entry import Entry
from garde.journal.hub_kinds import CommandDone, CommandFailed
from garde.journal.oncall_kinds import ChannelAlive, ChannelSilent, PageAsked, PageLost
from garde.journal.payload import Command, Payload
from garde.oncall.channels.base import Alive, Channel, Handed, Page, Reply, Unable
from garde.oncall.codes import BLANK, code_of, shown, slot_of
from garde.oncall.state import OVER

GIVE_UP_S: Final = 20.0  # a channel's own time-outs are shorter
ALIVE_S: Final = 30.0  # between two looks at a channel's life
LISTEN_S: Final = 1.0  # between two looks at its replies
MISSES: Final = 2  # signs of life missed before it is silent
KEPT: Final = 2_000  # pages noted as taken
HANGS: Final = "it gives no answer"

Known = Callable[[str], bool | None]  # what was last said of a channel's life
Wanted = Callable[[Sequence[str]], bool]  # whether one of these notices still wants somebody
Take = Callable[[str, Reply], bool]  # writes a reply down; False where the journal refuses


class Ledger:
    """Which pages a channel took: one id a line, on the disk before anybody hears of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        ids = path.read_text(encoding="ascii", errors="replace").split() if path.exists() else []
        self._ids = dict.fromkeys(ids[-KEPT:])
        if len(ids) > KEPT:
            path.write_text("".join(f"{each}\n" for each in self._ids), encoding="ascii")

    def __contains__(self, page: str) -> bool:
        return page in self._ids

    def note(self, page: str) -> None:
        """Note it; a full disk keeps no page from being sent: it may then come twice."""
        self._ids[page] = None
        with suppress(OSError), open(self._path, "a", encoding="ascii") as file:
            file.write(f"{page}\n")
            file.flush()


class Worker:
    """One channel with its thread's work. `step` does what is to be done now, and never raises."""

    def __init__(
        self, channel: Channel, ledger: Ledger, secret: bytes, clock: Clock, *, known: Known, wanted: Wanted, take: Take
    ) -> None:
        self.channel, self.name = channel, channel.note.name
        self._ledger, self._secret, self._clock = ledger, secret, clock
        self._known, self._wanted, self._take = known, wanted, take
        self._waiting: deque[PageAsked] = deque()
        self._given: dict[str, float] = {}  # pages without an outcome -> monotonic seconds since
        self._lock = threading.Condition()
        self._missed = 0
        self._looked = self._listened = float("-inf")
        self._busy_since: float | None = None
        self.say: Say = lambda payloads: None
        self.ended = False

    # --- from the hub's threads ---

    def give(self, asked: PageAsked) -> None:
        """Take a page on; returns at once."""
        with self._lock:
            if asked.command in self._given:
                return
            hangs = self.hangs()
            if not hangs:
                self._given[asked.command] = self._clock.monotonic()
                self._waiting.append(asked)
                self._lock.notify()
        if hangs:
            self.say([CommandFailed(asked.command, HANGS)])

    def hangs(self) -> bool:
        """Whether one call to the channel has not come back for too long."""
        since = self._busy_since  # read once: the channel's thread may be back at any moment
        return since is not None and self._clock.monotonic() - since >= GIVE_UP_S

    def tick(self) -> None:
        """Fail what waits for too long."""
        now = self._clock.monotonic()
        with self._lock:
            late = [page for page, since in self._given.items() if now - since >= GIVE_UP_S]
            for page in late:
                del self._given[page]
            self._waiting = deque(each for each in self._waiting if each.command not in late)
            hangs = self.hangs()
        for page in late:
            self.say([CommandFailed(page, HANGS)])
        if hangs and self._known(self.name) is not False:
            self.say([ChannelSilent(self.name, HANGS)])

    def next_due(self) -> float:
        """Return the wall time at which `tick` has something to do."""
        with self._lock:
            oldest = min(self._given.values(), default=NEVER)
        return oldest + GIVE_UP_S - self._clock.monotonic() + self._clock.now() if oldest != NEVER else NEVER

    def end(self) -> None:
        """Let the thread end after what it does now."""
        with self._lock:
            self.ended = True
            self._lock.notify()

    # --- in the channel's thread ---

    def run(self) -> None:
        """Work until the end."""
        while not self.ended:
            self.step()
            with self._lock:
                if not self._waiting and not self.ended:
                    self._lock.wait(LISTEN_S)
        with suppress(Exception):
            self.channel.close()

    def step(self) -> None:
        """Hand over what waits, then listen, then look whether the channel lives."""
        while (asked := self._next()) is not None:
            self._hand(asked)
        now = self._clock.monotonic()
        if now - self._listened >= LISTEN_S:
            self._listened = now
            self._listen()
        if now - self._looked >= ALIVE_S:
            self._looked = now
            self._note_life(self._call(self.channel.alive))

    def _next(self) -> PageAsked | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def _hand(self, asked: PageAsked) -> None:
        if asked.command in self._ledger:
            self._outcome(asked.command, CommandDone(asked.command, "taken before the hub was restarted"))
            return
        if asked.purpose != "told" and not self._wanted(asked.notices):  # asked now: it may have waited behind others
            self._outcome(asked.command, CommandFailed(asked.command, OVER))
            return
        page = filled(asked, self._secret)
        found = self._call(lambda: self.channel.hand(page))
        if isinstance(found, Handed):
            self._ledger.note(asked.command)
            self._outcome(asked.command, CommandDone(asked.command, found.detail))
            return
        reason = found.reason if isinstance(found, Unable) else "it gives no answer that we know"
        self._outcome(asked.command, CommandFailed(asked.command, reason))
        self._looked = float("-inf")  # look at once whether it lives

    def _outcome(self, command: str, payload: Payload) -> None:
        with self._lock:
            mine = self._given.pop(command, None) is not None
        if mine:  # else it was given up meanwhile
            self._tell([payload])

    def _listen(self) -> None:
        failures = self._call(self.channel.failures)
        for page, reason in failures if isinstance(failures, list | tuple) else ():
            self._tell([PageLost(page, self.name, reason)])
        replies = self._call(self.channel.replies)
        for reply in replies if isinstance(replies, list | tuple) else ():
            if self._take(self.name, reply):
                self._call(partial(self.channel.taken, reply))

    def _note_life(self, found: object) -> None:
        if isinstance(found, Alive):
            self._missed = 0
            if self._known(self.name) is not True:
                self._tell([ChannelAlive(self.name, found.detail)])
            return
        self._missed += 1
        reason = found.reason if isinstance(found, Unable) else "it gives no answer that we know"
        first = self._known(self.name) is None
        if (self._missed >= MISSES or first) and self._known(self.name) is not False:
            self._tell([ChannelSilent(self.name, reason)])

    def _tell(self, payloads: Sequence[Payload]) -> None:
        if not self.ended:  # the journal may be closed: what was not said is begun again at the next start
            self.say(payloads)

    def _call(self, function: Callable[[], object]) -> object:
        """Call the channel; whatever it raises against its contract is a value as well."""
        self._busy_since = self._clock.monotonic()
        try:
            return function()
        except Exception as error:
            return Unable(f"{type(error).__name__} in the channel")
        finally:
            self._busy_since = None


class Calls:
    """The performer of `page_asked`. See `garde.hub.performer.Performer`. `threads` False: tests step by hand."""

    kinds = ("page_asked",)

    def __init__(self, workers: Sequence[Worker], *, threads: bool = True) -> None:
        self.workers = {each.name: each for each in workers}
        self._threads = threads
        self._running: list[threading.Thread] = []
        self._say: Say = lambda payloads: None

    def open(self, say: Say) -> None:
        self._say = say
        for worker in self.workers.values():
            worker.say = say
            if self._threads:
                self._running.append(threading.Thread(target=worker.run, name=f"call-{worker.name}", daemon=True))
                self._running[-1].start()

    def begin(self, command: Command, entry: Entry) -> None:
        assert isinstance(command, PageAsked)
        worker = self.workers.get(command.channel)
        if worker is None:
            self._say([CommandFailed(command.command, "calling.toml no longer names this channel")])
        else:
            worker.give(command)

    def give(self, asked: PageAsked) -> bool:
        """Hand on a page that another performer answers for; False where no channel has this name."""
        worker = self.workers.get(asked.channel)
        if worker is not None:
            worker.give(asked)
        return worker is not None

    def settled(self, command: str) -> None:
        pass

    def tick(self) -> None:
        for worker in self.workers.values():
            worker.tick()

    def next_due(self) -> float:
        return min((worker.next_due() for worker in self.workers.values()), default=NEVER)

    def close(self) -> None:
        """End; a channel that hangs is left behind: its thread ends with the process."""
        for worker in self.workers.values():
            worker.end()
        for thread in self._running:
            thread.join(1.0)


def filled(asked: PageAsked, secret: bytes) -> Page:
    """Return the page with its codes in place."""
    lines = tuple(
        line.text.replace(BLANK, shown(code_of(secret, slot_of(line.code)))) if line.code else line.text
        for line in asked.lines
    )
    return Page(asked.command, lines[0] if lines else "GARDE", lines, asked.address, asked.person, asked.purpose)
