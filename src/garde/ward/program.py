"""The ward's PC as a process: assembled in one function, until SIGTERM.

Comes in: a state directory that was set up, a clock, where its lines go. Goes out: the exit code. What the network
reaches (`receiver.py`) and what this PC's browser reaches (`page/`) are two sockets that share nothing but the house.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, cast

import uvicorn

from garde.clock import Clock, iso
from garde.downtime.parcel.envelope import Code, Header, ParcelRefusedError
from garde.downtime.parcel.keys import Keys, write_card
from garde.errors import NotPermitted, StateBusy
from garde.paper.printer_words import in_words
from garde.trust.files import write_secret
from garde.ward.accounts import ENVELOPE, Accounts
from garde.ward.config import CARD_FILE, Config, save_config
from garde.ward.house import House
from garde.ward.page.app import Site, build
from garde.ward.page.printing import Printing
from garde.ward.page.sessions import Sessions
from garde.ward.receiver import Receiver, Uses

Out = Callable[[dict[str, Any]], None]
LOOK_S: Final = 5.0  # between two looks at the packs' age
REMIND_S: Final = 60.0  # an alarm that nobody sees to is said again
TIDY_S: Final = 600.0


def set_up(state: Path, config: Config, clock: Clock) -> str:
    """Make the PC, or what is missing of it; its keys are never made anew. Returns a new envelope's PIN, once."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        state.chmod(0o700)
    except OSError as error:
        raise NotPermitted(f"{state}: {error.strerror}", "name another directory with --state DIR") from error
    Keys.load_or_make(state)
    save_config(state, config)
    with House(state, clock) as house:
        write_secret(state / CARD_FILE, write_card(house.card(), house.keys), 0o644)
    accounts = Accounts(state, clock)
    return "" if ENVELOPE in accounts.names() else accounts.new_envelope()


def take_lock(state: Path) -> int:
    """Hold the state directory for the one running program; the kernel lets go when it dies, however it dies."""
    handle = os.open(state / "ward.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise StateBusy(f"{state} is held by another garde ward run", "stop it, or name another --state") from error
    return handle


def run_ward(state: Path, clock: Clock, out: Out) -> int:
    """Run it in the foreground; returns the exit code."""
    with House(state, clock) as house:
        handle = take_lock(state)
        try:
            return asyncio.run(_Program(house, out).run())
        finally:
            os.close(handle)


class _Program:
    def __init__(self, house: House, out: Out) -> None:
        self._house, self._out = house, out
        self._printing = Printing(house, self._tell)
        self._site = Site(
            house, Accounts(house.state_dir, house.clock), Sessions(house.clock), self._printing,
            _hosts(*house.config.page_bind), self._complain,
        )  # fmt: skip
        self._receiver = Receiver(Uses(self._take, self._receipt, self._look, self._complain))
        self._full = False

    def _say(self, kind: str, **more: Any) -> None:
        self._out({"kind": kind, "at": iso(self._house.clock.now()), **more})

    def _tell(self, event: dict[str, Any]) -> None:
        self._out({"at": iso(self._house.clock.now()), **event})

    def _complain(self, message: str) -> None:
        self._say("complaint", message=message)

    async def run(self) -> int:
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await asyncio.to_thread(self._settle)
        page = _PageServer(build(self._site))
        web = asyncio.create_task(page.serve([_listening(*self._house.config.page_bind)]))
        server = await self._listen()
        self._say("serving", page=self._house.config.page, parcels=self._house.config.listen, pid=os.getpid())
        tasks = [asyncio.create_task(each) for each in (self._watch(), self._tidy(), self._site.watch_printer())]
        waiting = asyncio.create_task(ended.wait())
        done, _ = await asyncio.wait([waiting, web, *tasks], return_when=asyncio.FIRST_COMPLETED)
        page.should_exit = True
        if server is not None:
            server.close()
        await self._receiver.end()
        for task in (waiting, *tasks):
            task.cancel()
        await asyncio.gather(web, waiting, *tasks, return_exceptions=True)
        for task in done - {waiting}:
            if fault := task.exception():
                raise fault
        return 0

    def _settle(self) -> None:
        try:
            for pack in self._house.settle():
                self._complain(f"pack {pack} cannot be used: its file is gone or damaged; take it again from the desk")
        except OSError as error:
            self._once_full(error)

    async def _listen(self) -> asyncio.Server | None:
        bind = self._house.config.bind
        if bind is None:
            return None
        try:
            return await self._receiver.serve(*bind)
        except OSError as error:
            raise NotPermitted(f"{self._house.config.listen}: {error.strerror}", "garde ward init --listen") from error

    # --- parcels ---

    def _look(self, header: Header) -> None:
        if header.sender not in self._house.state().senders or header.to != self._house.keys.seal:
            raise ParcelRefusedError(Code.UNKNOWN_SENDER, "this PC knows nobody of that name, or is not the one meant")

    async def _take(self, raw: bytes) -> bytes:
        taken = await asyncio.to_thread(self._house.take, raw)
        if not taken.again:
            self._say("kept", pack=taken.held.pack, place=taken.held.place, as_of=taken.held.as_of)
        await asyncio.to_thread(self._look_at_age)
        return await self._receipt()

    async def _receipt(self) -> bytes:
        printer = self._site.printer
        words = f"{printer.state}: {in_words(printer.troubles, 'en')}".removesuffix(": ") if printer else "none"
        return await asyncio.to_thread(self._house.receipt, words)

    # --- age ---

    async def _watch(self) -> None:
        """Say when a pack becomes too old, and again for as long as it is."""
        said, age = 0.0, ""
        while True:
            await asyncio.to_thread(self._look_at_age)
            worst, now = self._house.worst(), self._house.clock.monotonic()
            if worst.alarm and (worst.age != age or now - said >= REMIND_S):
                said = now
                self._say("stale", places=list(self._house.config.places), age=worst.age.value)
            age = worst.age
            await asyncio.sleep(LOOK_S)

    def _look_at_age(self) -> None:
        try:
            changed = self._house.tell_stale()
        except OSError as error:
            self._once_full(error)
            return
        self._full = False
        for each in changed:
            if not each.stale and each.pack:
                self._say("fresh", pack=each.pack, as_of=each.as_of)

    async def _tidy(self) -> None:
        while True:
            try:
                gone = await asyncio.to_thread(self._house.tidy)
            except OSError as error:
                self._once_full(error)
                gone = []
            for each in gone:
                self._say("shredded", pack=each.pack, reason=each.reason)
            await asyncio.sleep(TIDY_S)

    def _once_full(self, error: OSError) -> None:
        if not self._full:
            self._complain(f"the journal takes no entry: {error}")
        self._full = True


class _PageServer(uvicorn.Server):
    """Uvicorn without its signal handlers and its log: the program has its own."""

    def __init__(self, app: Any) -> None:
        super().__init__(
            uvicorn.Config(
                cast(Any, app), http="h11", ws="none", lifespan="off", log_config=None, log_level="critical",
                access_log=False, proxy_headers=False, server_header=False, timeout_graceful_shutdown=2,
                limit_concurrency=64,
            )
        )  # fmt: skip

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=64)
    except OSError as error:
        raise NotPermitted(f"{host}:{port}: {error.strerror}", "name another with garde ward init --page") from error


def _hosts(host: str, port: int) -> frozenset[str]:
    """Return how the page may be called in a browser's address."""
    return frozenset(f"{name}:{port}" for name in (f"[{host}]" if ":" in host else host, "localhost", "127.0.0.1"))
