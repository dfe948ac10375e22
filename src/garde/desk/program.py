"""The desk as a process: assembled in one function, until SIGTERM.

Comes in: a state directory that was set up, a clock, where its lines go. Goes out: the exit code. The order of its
beginning: the lock, the store, the listening socket (nothing that is sent from now on is lost), then the census from
what is stored, while new messages are taken already.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from garde.clock import Clock, iso
from garde.desk.config import Config, load_config, save_config
from garde.desk.control import SOCKET, serve_control
from garde.desk.intake import Intake
from garde.desk.keeper import Keeper
from garde.desk.listener import Listener
from garde.desk.packs import Packs
from garde.desk.push import Push
from garde.downtime.book import Book
from garde.downtime.packs.shelf import Shelf
from garde.downtime.parcel.keys import Keys
from garde.downtime.reading.read import VERSION
from garde.downtime.silence import Feed
from garde.downtime.store.messages import MessageStore, take_lock
from garde.downtime.store.seal import Seal
from garde.errors import GardeError, NotPermitted
from garde.journal.paper_kinds import DeskStarted, DeskStopped, FeedChanged, MessagesPurged

Out = Callable[[dict[str, Any]], None]
_LOOK_S = 5.0  # between two looks at the feed's age
_PURGE_S = 3600.0


def set_up(state: Path, config: Config) -> None:
    """Make the desk, or what is missing of it; its key is never made anew."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        state.chmod(0o700)
    except OSError as error:
        raise NotPermitted(f"{state}: {error.strerror}", "name another directory with --state DIR") from error
    handle = take_lock(state)
    try:
        seal = Seal.load_or_make(state)
        save_config(state, config)
        MessageStore(state, seal).close()
    finally:
        os.close(handle)


def run_desk(state: Path, clock: Clock, out: Out, *, listen: str = "", pages: str = "") -> int:
    """Run it in the foreground; returns the exit code."""
    config = load_config(state)
    config = replace(config, listen=listen or config.listen, pages=pages or config.pages)
    handle = take_lock(state)
    try:
        seal = Seal.load(state)
        with MessageStore(state, seal) as store, Book(state, seal, clock) as book:
            return asyncio.run(_Desk(state, config, (store, book, seal), clock, out).run())
    finally:
        os.close(handle)


class _Desk:
    def __init__(
        self, state: Path, config: Config, kept: tuple[MessageStore, Book, Seal], clock: Clock, out: Out
    ) -> None:
        self._state, self._config, self._clock, self._out = state, config, clock, out
        self._store, self._book, self._seal = kept
        self._keeper = Keeper(config, self._store, clock, self._book)
        self._intake = Intake(self._keeper, self._complain)
        self._listener = Listener(self._intake, clock, int(config.longest_mb * (1 << 20)), self._complain)
        self._feed = Feed.WAITING
        shelf = Shelf(state, self._seal)
        self._push = Push((shelf, self._book, Keys.load_or_make(state)), clock, self._say)
        self._packs = Packs(state, self._keeper, (shelf, self._book), clock, self._say)
        self._packs.made = self._push.wake

    def _complain(self, message: str) -> None:
        self._say("complaint", message=message)

    def _say(self, kind: str, **more: Any) -> None:
        self._out({"kind": kind, "at": iso(self._clock.now()), **more})

    async def run(self) -> int:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        tasks = [asyncio.create_task(each) for each in (self._intake.write(), self._intake.read())]
        up_to = self._store.last()
        try:
            server = await self._listener.serve(*self._config.bind)
        except OSError as error:
            raise NotPermitted(f"{self._config.listen}: {error.strerror}", "name another with --listen") from error
        control = await serve_control(self._state, self._keeper, self._intake.keep, self._clock.now, self._packs.asked)
        host, port = server.sockets[0].getsockname()[:2]
        self._book.add(DeskStarted(up_to))
        self._say("listening", host=host, port=port, pid=os.getpid(), hospital=self._config.hospital, stored=up_to)
        own = (self._rebuild(up_to), self._watch(), self._keep_tidy(), self._packs.run(), self._push.run())
        tasks += [asyncio.create_task(each) for each in own]
        if self._config.worklist.listen:
            tasks.append(asyncio.create_task(self._serve_worklist()))
        if self._config.pages:
            tasks.append(asyncio.create_task(self._serve_pages()))
        waiting = asyncio.create_task(ended.wait())
        done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        while waiting not in done and not any(task.done() and task.exception() for task in tasks):
            tasks = [task for task in tasks if not task.done()]
            done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        await self._end([server, control], [waiting, *tasks])
        for task in tasks:
            if not task.cancelled() and (fault := task.exception()):
                raise fault
        return 0

    async def _end(self, servers: list[asyncio.Server], tasks: list[asyncio.Task[Any]]) -> None:
        for server in servers:
            server.close()
        await self._listener.end()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._intake.keep_reasons()
        self._book.add(DeskStopped("asked to stop"))
        (self._state / SOCKET).unlink(missing_ok=True)

    async def _rebuild(self, up_to: int) -> None:
        """Read what is stored. A connection of its own: it never sees what is not committed."""
        self._store.reread(VERSION)
        with contextlib.closing(MessageStore(self._state, self._seal, read_only=True)) as store:
            for _ in self._keeper.replay(store, up_to):
                await asyncio.sleep(0)
        self._intake.keep_reasons()
        view = self._keeper.status()
        self._say("ready", messages=up_to, patients=view["patients"], present=view["present"])

    async def _serve_pages(self) -> None:
        """Serve the desk's own pages. What is wrong with them is said, and takes nothing from the feed."""
        from garde.desk.pages.serve import open_pages  # a web server: only where it is wanted

        try:
            pages = open_pages(self._state, self._keeper, self._book, self._clock, self._config.pages)
        except (GardeError, OSError) as error:
            self._complain(f"no pages: {error}")
            return
        self._say("pages", url=pages.url, pin=pages.pin, accounts=len(pages.site.accounts.all()))
        try:
            await pages.serve()
        finally:
            pages.close()

    async def _serve_worklist(self) -> None:
        """Answer modalities. What is wrong with it is said, and takes nothing from the feed."""
        from garde.desk.radiology import Radiology  # DICOM takes half a second to load
        from garde.desk.worklist import Worklist

        def listening(host: str, port: int) -> None:
            self._say("worklist", host=host, port=port, title=config.title, peers=list(config.peers))

        config = self._config.worklist
        try:
            radiology = Radiology(self._config, self._keeper, self._book, self._clock)
            worklist = Worklist(
                self._state, config, items=radiology.items_between, ready=lambda: not self._keeper.rebuilding,
                changed=radiology.mark, book=self._book, clock=self._clock, complain=self._complain,
            )  # fmt: skip
            await worklist.run(listening)
        except (GardeError, OSError, ValueError) as error:
            self._complain(f"THE WORKLIST IS NOT SERVED: {error}")

    async def _watch(self) -> None:
        """Say when the feed falls silent, and when it is heard again."""
        while True:
            fresh = self._keeper.freshness()
            if fresh.feed is not self._feed and not self._keeper.rebuilding:
                if fresh.feed is Feed.SILENT or self._feed is Feed.SILENT:
                    self._book.add(FeedChanged(fresh.feed.value, fresh.newest or 0.0))
                    self._say(fresh.feed.value, newest=fresh.newest, age_s=fresh.age_s)
                self._feed = fresh.feed
            await asyncio.sleep(_LOOK_S)

    async def _keep_tidy(self) -> None:
        while True:
            await asyncio.sleep(_PURGE_S)
            if not self._keeper.rebuilding and (gone := self._keeper.purge()):
                self._book.add(MessagesPurged(gone))
                self._say("purged", messages=gone)
