"""The hub, assembled: the whole of it in one function.

Comes in: a state directory that `garde hub init` made. Goes out: a served port until SIGTERM or SIGINT, and an exit
code. Order matters and is visible: lock, secrets, journal, loop (which reads the journal and begins what is open),
the clock's thread, then the port; `ready` is said once it listens.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from garde import __version__
from garde.clock import Clock
from garde.errors import SettingsError
from garde.hub.bundles import Bundles
from garde.hub.calls import Calls, Ledger, Worker
from garde.hub.capabilities import CAPABILITIES, FOLDS
from garde.hub.checking import JournalCheck
from garde.hub.config import SERVING, Config, load_config, load_secrets, open_hub_journal, take_lock
from garde.hub.console import VIEWS, routes
from garde.hub.console.accounts import open_accounts
from garde.hub.deps import Deps
from garde.hub.enrol import Enrolment, Secrets
from garde.hub.events import Events
from garde.hub.evidence import Custody
from garde.hub.fold import Fold
from garde.hub.guard import Door
from garde.hub.identify import Identifier
from garde.hub.intake import Intake
from garde.hub.keeping import Checkpoints, EstateKeeper
from garde.hub.liveness import Liveness
from garde.hub.loop import Loop
from garde.hub.orders import Orders
from garde.hub.performer import Performer
from garde.hub.ports import Ports
from garde.hub.refusals import Refusals
from garde.hub.replies import Replies
from garde.hub.reports import Reports
from garde.hub.room import Room
from garde.hub.server import App, build_app, listening, server_of
from garde.hub.share_poll import Polling
from garde.hub.taxii import DISCOVERY
from garde.hub.wakes import Wakes
from garde.hub.warnings import Warnings
from garde.hub.watch_lists import WatchLists
from garde.journal import checkpoint
from garde.journal.hub_kinds import HubStarted, HubStopped
from garde.journal.kinds import ErrorSeen
from garde.journal.text import Text
from garde.oncall.codes import secret_of
from garde.oncall.config import FILE, Calling, load_calling
from garde.trust.ca import Ca, server_context
from garde.trust.enrolment import split_address

TICK_S = 0.05  # a waking comes that late at most
COLLECT = (50_000, 20, 20)  # objects made; young collections before one of the next generation
SLOW_S = 3600.0  # between two looks at the certificate and the reserve
FILES = 65_536  # open connections wanted: three for each agent, and the screens
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to reach from here who listens everywhere
Out = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Hub:
    """The parts of a running hub."""

    state: Path
    config: Config
    clock: Clock
    ca: Ca
    secrets: Secrets
    loop: Loop
    orders: Orders
    liveness: Liveness
    enrolment: Enrolment
    refusals: Refusals
    checkpoints: Checkpoints
    keeper: EstateKeeper
    room: Room
    deps: Deps
    polling: Polling
    complain: Callable[[str], None]

    def tick(self) -> None:
        """What the clock asks for, in the clock's thread."""
        self.loop.tick()
        self.liveness.tick()
        self.refusals.tick()
        self.checkpoints.tick()
        self.polling.tick()

    @property
    def names(self) -> tuple[str, ...]:
        """Names and addresses of its certificate."""
        given = (self.config.address, *self.config.names, os.uname().nodename, "localhost", "127.0.0.1", "::1")
        return tuple(dict.fromkeys(name for name in (*given, *self.loop.estate.hub_addresses) if name))


def run_hub(state: Path, clock: Clock, out: Out, *, listen: str = "") -> int:
    """Serve until told to stop; returns the exit code."""
    _allow_files()
    with ExitStack() as at_end:
        hub = assemble(state, clock, at_end, complain=lambda words: out({"kind": "complaint", "message": words}))
        sock = at_end.enter_context(listening(*(split_address(listen) if listen else hub.config.bind)))
        began = hub.loop.seq
        hub.loop.say([HubStarted(__version__, began)])  # a full disk keeps no hub from starting
        at_end.callback(lambda: hub.loop.say([HubStopped("asked to stop")]))
        at_end.enter_context(_ticking(hub))
        check = JournalCheck(state, hub.config.database, hub.secrets.key.public.hex, hub.loop.say)
        at_end.callback(check.close)
        check.start()
        _keep_collections_short()
        uvloop.run(_serve(hub, sock, out))
    return 0


def assemble(
    state: Path,
    clock: Clock,
    at_end: ExitStack,
    *,
    complain: Callable[[str], None],
    capabilities: Sequence[Fold[Any]] = CAPABILITIES,
    views: Sequence[Fold[Any]] = VIEWS,
    perform: bool = True,
) -> Hub:
    """Build every part and join them: nothing is hidden elsewhere."""
    config = load_config(state)
    at_end.callback(os.close, take_lock(state))
    ca = Ca.load(state)
    secrets = load_secrets(state, ca)
    journal = at_end.enter_context(open_hub_journal(state, config.database, clock, sole=True))
    accounts = open_accounts(state, clock)
    at_end.callback(accounts.close)
    room = Room(state, complain)
    room.make_sure()
    orders = Orders(clock)
    calling, fault = _calling(state, _link(config), complain)
    replies = Replies(secret_of(secrets.release), clock, lambda: loop)
    calls = _calls(state, calling, replies, secret_of(secrets.release), clock, loop=lambda: loop)
    reports = Reports(state, lambda: loop, clock)
    warnings = Warnings(state, lambda: loop, clock, calls.give, where=_taxii(config))
    identifier = Identifier(state, lambda: loop)
    bundles = Bundles(state, lambda: loop, secrets.key, clock)
    performers: list[Performer] = [
        Wakes(clock), orders, Ports(state, lambda: loop.estate), calls, reports, warnings, identifier, bundles,
    ]  # fmt: skip
    loop = Loop(
        journal, capabilities, performers, clock, views=[*FOLDS, *views], complain=complain, make_room=room.give
    )
    loop.start(perform=perform)
    at_end.callback(loop.close)
    if perform:
        _note_calling(loop, calling, fault)
    refusals = Refusals(loop.say, clock)
    liveness = Liveness(lambda: loop.look("roster", lambda roster: dict(roster.agents)), loop.append, clock)
    enrolment = Enrolment(loop, secrets, config.address, config.bind[1], clock)
    keeper = EstateKeeper(loop, Path(config.estate))
    deps = Deps(loop, accounts, lambda: loop.estate, clock, state, orders, liveness, enrolment, replies, keeper)
    polling = Polling(deps, complain)
    at_end.callback(polling.close)
    return Hub(
        state, config, clock, ca, secrets, loop, orders, liveness, enrolment, refusals,
        Checkpoints(loop, secrets.key, clock), keeper, room, deps, polling, complain,
    )  # fmt: skip


def _calls(
    state: Path, calling: Calling, replies: Replies, secret: bytes, clock: Clock, *, loop: Callable[[], Loop]
) -> Calls:
    """Build what carries pages to the channels: one worker for each."""

    def known(channel: str) -> bool | None:
        return loop().look("oncall", lambda it: it.channels[channel].alive if channel in it.channels else None)

    def wanted(notices: Sequence[str]) -> bool:
        return loop().look("oncall", lambda it: any(it.calls[each].wanted for each in notices if each in it.calls))

    return Calls(
        [
            Worker(each, Ledger(state / "calling" / f"{each.note.name}.taken"), secret, clock, known=known,
                   wanted=wanted, take=replies.take)
            for each in calling.channels
        ]
    )  # fmt: skip


def _link(config: Config) -> str:
    """Return where a telephone in the house finds the console."""
    host = f"[{config.address}]" if ":" in config.address else config.address
    return f"https://{host}:{config.bind[1]}" if host else ""


def _taxii(config: Config) -> str:
    """Return where a neighbour fetches what is approved."""
    link = _link(config)
    return f"{link}{DISCOVERY}" if link else ""


def _calling(state: Path, link: str, complain: Callable[[str], None]) -> tuple[Calling, str]:
    """Read how people are called. A slip in the file keeps no hub from starting: it is an alarm."""
    try:
        return load_calling(state / FILE, link), ""
    except SettingsError as error:
        complain(str(error))
        return Calling(), str(error)


def _note_calling(loop: Loop, calling: Calling, fault: str) -> None:
    """Write down how people are called, where that is something new."""
    entry = calling.as_entry()
    if fault:
        loop.say([ErrorSeen("hub/calling", Text(fault), "garde calls check, then start the hub again")])
    last = loop.look("oncall", lambda it: it.sha256 if it.configured else "")
    if last != entry.sha256:
        loop.say([entry])


def application(hub: Hub) -> tuple[App, Events]:
    """Build what answers requests, in a running event loop."""
    live = Events(hub.loop)
    intake = Intake(
        hub.loop,
        orders=hub.orders,
        liveness=hub.liveness,
        enrolment=hub.enrolment,
        refusals=hub.refusals,
        key=hub.secrets.key,
        clock=hub.clock,
        checkpoint=_newest(hub.loop),
        custody=Custody(hub.loop, hub.state, hub.clock),
        lists=WatchLists(hub.state),
    )
    door = Door(hub.deps.accounts, hub.state)
    app = build_app(hub.deps, intake=intake, door=door, keeper=hub.keeper, live=live, pages=lambda: routes(hub.deps))
    return app, live


async def _serve(hub: Hub, sock: socket.socket, out: Out) -> None:
    app, live = application(hub)
    app.build()
    context = server_context(hub.ca.server(hub.names, now=hub.clock.now()))
    server = server_of(app, context)

    def stop() -> None:
        server.should_exit = True
        hub.orders.close()  # polls and live pages end at once: nobody waits for them
        live.close()

    here = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        here.add_signal_handler(number, stop)
    keeping = here.create_task(_keep(hub, context))
    host, port = sock.getsockname()[:2]
    _note_place(hub, host, port)
    out({"kind": "ready", "address": hub.config.address, "host": host, "port": port, "pin": hub.ca.pin,
         "hospital": hub.loop.estate.estate.name, "entries": hub.loop.seq, "pid": os.getpid()})  # fmt: skip
    try:
        await server.serve(sockets=[sock])
    finally:
        keeping.cancel()
        (hub.state / SERVING).unlink(missing_ok=True)


def _note_place(hub: Hub, host: str, port: int) -> None:
    """Note where commands on this machine find the hub."""
    reached = _LOOPBACK.get(host, host)
    try:
        (hub.state / SERVING).write_text(f"[{reached}]:{port}\n" if ":" in reached else f"{reached}:{port}\n")
    except OSError as error:
        hub.complain(f"commands will not find the hub: {error}")


async def _keep(hub: Hub, context: ssl.SSLContext) -> None:
    """Once an hour: a certificate that ends soon is made again and served from then on; so is the reserve laid down."""
    while True:
        await asyncio.sleep(SLOW_S)
        files = await asyncio.to_thread(hub.ca.server, hub.names, now=hub.clock.now())
        context.load_cert_chain(files.certificate, files.key)
        await asyncio.to_thread(hub.room.keep)


def _newest(loop: Loop) -> Callable[[], msgspec.Raw | None]:
    def newest() -> msgspec.Raw | None:
        found = loop.checkpoint
        return None if found is None else msgspec.Raw(checkpoint.encode(found))

    return newest


@contextmanager
def _ticking(hub: Hub) -> Iterator[None]:
    """The clock's thread: time passes also where the event loop is busy."""
    end = threading.Event()

    def run() -> None:
        while not end.wait(TICK_S):
            try:
                hub.tick()
            except Exception as error:  # whatever it is, time must go on
                hub.complain(f"the clock's thread: {type(error).__name__}: {error}")

    thread = threading.Thread(target=run, name="clock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        hub.refusals.tick(now=True)
        hub.checkpoints.tick(now=True)


def _keep_collections_short() -> None:
    """Keep the garbage collector from looking at everything while people wait.

    A thousand connected agents are a quarter of a million objects: a full collection stops every thread for 200 ms, and
    with Python's own thresholds there is one every ten seconds, brought on by what merely lived while the young ones
    were looked at. Looked at less often nearly all of it is gone by then; what was loaded at the start stays for good.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)


def _allow_files() -> None:
    """Three connections an agent: the usual 1,024 open files end at some 300 of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(FILES, hard) if hard != resource.RLIM_INFINITY else FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
