"""The agent, assembled: the whole of it in one function.

Comes in: trees, a state directory, the mode asked for, settings. Goes out: events to `out` until SIGTERM or SIGINT,
and an exit code. Order matters and is visible: lock, fork tree (before anything enters a namespace), errands, link and
keeper (forked while there is one thread), sensor, then the loop; `ready` is said once the first pass over the trees is
complete.
"""

from __future__ import annotations

import gc
import os
import secrets
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from garde.agent import keeper, lock
from garde.agent.control import Control
from garde.agent.core import NICE, Core, set_priority
from garde.agent.errands.core_end import Errands
from garde.agent.errands.place import Place
from garde.agent.flows.process import Flows
from garde.agent.greeting import Greeting
from garde.agent.holds import Holder
from garde.agent.keeper_link import KeeperLink
from garde.agent.link.core_end import Link
from garde.agent.link.enrolled import Enrolled, with_hub
from garde.agent.link.pipe import BLAMED, Put, pair
from garde.agent.lookup import VaultLookup, warm
from garde.agent.messages import Opened as VaultOpened
from garde.agent.messages import Scan, Stop, WatchFor
from garde.agent.mode import Mode
from garde.agent.naming import Ahead, Naming
from garde.agent.netns import enter
from garde.agent.raised import Raised
from garde.agent.requests import Requests
from garde.agent.sharpening import Sharpening
from garde.agent.undo import Undo
from garde.agent.voice import Voice
from garde.agent.watchman import has_ended
from garde.clock import Clock, SystemClock
from garde.contain.actions.base import Stage
from garde.contain.actions.nft import Blocks, NeverCut
from garde.contain.actions.process import ProcessHold
from garde.contain.actions.samba import SmbHold
from garde.errors import NotFound, StateDamaged
from garde.journal import kinds
from garde.journal.store import open_journal
from garde.journal.writer import BackgroundJournal
from garde.settings import Settings
from garde.vault import HeardOf, Vault
from garde.watch.actors import Actors
from garde.watch.sensors import Sensor, open_best
from garde.watch.sensors.procs import ForkTree
from garde.watch.watcher import Watcher
from garde.watch.weights import load as load_weights

SWITCH_SECONDS = 0.0005  # the journal's thread gives the interpreter back this soon
COLLECT = (50_000, 20, 20)  # objects made; young collections before one of the next generation
PATIENCE = 120.0  # seconds for the keeper to repair an index left by kill -9
STOP_SECONDS = 1.2  # the keeper's time to finish; SIGTERM must end all of it within 2 s


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the agent was asked to do."""

    trees: tuple[bytes, ...]  # real paths
    state: Path
    mode: Mode
    restore: bool
    settings: Settings
    clock: Clock


def run_watch(
    trees: Sequence[Path],
    state: Path,
    mode: Mode,
    restore: bool,
    settings: Settings,
    *,
    out: Callable[[dict[str, Any]], None],
    enrolled: Enrolled | None = None,
    clock: Clock | None = None,
    netns: str = "",
) -> int:
    """Watch `trees` until told to stop; returns the exit code. `enrolled` starts the link to that hub as well."""
    clock = clock or SystemClock()
    if enrolled is not None:
        settings = with_hub(settings, enrolled)
    wanted = Wanted(real_trees(trees), state.absolute(), mode, restore, settings, clock)
    held_lock = lock.take(wanted.state)
    tree = ForkTree()
    blind = tree.open()
    if netns:
        enter(netns)
    between = pair() if enrolled else None  # link and errands speak to each other, and outlive each other
    place = Place(wanted.state, clock, observing=mode is Mode.OBSERVE, guards=True)
    errands = Errands.start(place, between[1] if between else None)
    flows = Flows.start(place)
    link = Link.start(wanted.state, settings, clock, mode.value, between[0]) if between else None
    sys.setswitchinterval(SWITCH_SECONDS)
    ours, theirs = Pipe()
    ignore = ignore_of(settings.watch.exclude)
    not_ours = [errands.fileno(), flows.fileno(), *([link.fileno()] if link else [])]
    heard_of = HeardOf()
    keeper_pid = keeper.start(
        (theirs, ours), wanted.state, wanted.trees, settings, ignore, clock=clock, not_ours=not_ours, heard_of=heard_of
    )
    theirs.close()
    journal = BackgroundJournal(open_journal(wanted.state, clock=clock), clock=clock)
    put = errands.tee_into(link.tee_into(journal.put) if link else journal.put)
    set_priority(NICE)
    warm()
    vault_open = _wait_for_vault(wanted.state, ours)
    stores = tuple(store.path for store in vault_open.coverage.stores)
    guarded = dict.fromkeys(store.rpartition(b"/")[0] for store in stores)  # with what is laid beside our part
    sensor, opened = open_best((*wanted.trees, *guarded), ignore)
    sensor.own_pids |= {keeper_pid, errands.pid, flows.pid, *([link.pid] if link else [])}
    voice = Voice(out, put, clock)
    core = _assemble(
        wanted,
        stores,
        voice=voice,
        note=put,
        keeper_link=KeeperLink(ours, lambda now: keeper.hurry(keeper_pid, now)),
        sensor=sensor,
        tree=tree,
        heard_of=heard_of,
    )
    core.hear(vault_open)
    core.ready = Greeting(core, opened, blind, wanted.mode, str(wanted.state), restore, link, errands)
    _wire(core, wanted.state, link, errands)
    try:
        _collect_seldom()
        core.run()
    finally:
        _end(core, keeper_pid, journal, held_lock, link=link, errands=errands, flows=flows)
    return 0


def _collect_seldom() -> None:
    """Keep the garbage collector off the hot path: each event makes a few tuples, none of them in a cycle.

    With Python's own thresholds a collection comes every 700 events; it took a tenth of the core's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)


def real_trees(trees: Sequence[Path]) -> tuple[bytes, ...]:
    """Return the trees' real paths; raises NotFound for what is no directory."""
    for tree in trees:
        if not tree.is_dir():
            raise NotFound(f"{tree} is no directory", "name the directories that should be watched")
    return tuple(dict.fromkeys(os.fsencode(tree.resolve()) for tree in trees))


def ignore_of(patterns: Sequence[str]) -> Callable[[bytes], bool]:
    """Return the sensor's test for excluded paths."""
    wanted = [os.fsencode(pattern) for pattern in patterns]
    return lambda path: any(fnmatchcase(path, pattern) for pattern in wanted)


def _assemble(
    wanted: Wanted,
    stores: tuple[bytes, ...],
    *,
    voice: Voice,
    note: Put,
    keeper_link: KeeperLink,
    sensor: Sensor,
    tree: ForkTree,
    heard_of: HeardOf,
) -> Core:
    """Build every part and join them: nothing is hidden elsewhere."""
    clock, settings = wanted.clock, wanted.settings
    vault = Vault(wanted.state, wanted.trees, settings.vault, clock=clock, read_only=True, heard_of=heard_of)
    lookup = VaultLookup(vault)
    run = secrets.token_hex(2)  # ids stay apart from those of an earlier run
    watcher = Watcher(
        lookup, settings.watch, load_weights(), wanted.trees,
        wall=clock.now, alive=tree.alive, prefix=f"v{run}-", stores=stores,
    )  # fmt: skip
    actors = Actors(tree)
    naming, ahead = Naming(actors.enrich), Ahead(actors.learn, actors.serves, actors.name)
    # A sensor that can't tell who writes leaves nobody to hold, whatever was asked for.
    enforce = wanted.mode is Mode.ENFORCE and sensor.has_actor
    restore = wanted.restore and enforce
    own = sensor.own_pids
    processes = ProcessHold(tree, wanted.state, never_hold=settings.watch.never_hold, own_pids=own)
    smb = SmbHold(wanted.state, Blocks(NeverCut(settings.contain)))
    if enforce:
        _take_up(processes, smb)
        own |= smb.own_pids
        _rehearse(lookup, actors, processes)
    holder = Holder(
        processes=processes,
        smb=smb,
        watcher=watcher,
        lookup=lookup,
        keeper=keeper_link,
        emit=voice,
        wall=clock.now,
        name_users=naming,
        enforce=enforce,
        restore=restore,
        confirm_seconds=settings.watch.confirm_ms / 1000,
    )
    core = Core(
        trees=wanted.trees,
        sensor=sensor,
        tree=tree,
        actors=actors,
        ahead=ahead,
        watcher=watcher,
        holder=holder,
        keeper=keeper_link,
        undo=Undo(watcher.parties, keeper_link, voice, clock.now, settings.watch.undo_deletes and restore, f"u{run}-"),
        emit=voice,
        clock=clock,
        note=note,
        bait=settings.watch.bait and enforce,
        raised=Raised(wanted.state, clock, watcher.raise_sensitivity, note),
        sharpening=Sharpening(
            wanted.state,
            lambda whole: watcher.watch_for(whole, clock.monotonic()),
            lambda place: keeper_link.urgent(WatchFor(place)),
        ),
    )
    core.raised.load()
    core.sharpening.load()
    core.at_end += [naming.close, ahead.close, smb.close]
    if smb.fileno() >= 0:
        core.selector.register(smb.fileno(), selectors.EVENT_READ, lambda: _say_overdue(smb, voice))
    return core


def _take_up(processes: ProcessHold, smb: SmbHold) -> None:
    """Take up what an agent before this one left: confirmed holds stay, unconfirmed ones are let go."""
    processes.prune()
    smb.open()
    for held in (*smb.recover(), *processes.held()):
        if held.stage is Stage.APPLIED:
            (smb if held.action == smb.name else processes).release(held.hold_id)


def _rehearse(lookup: VaultLookup, actors: Actors, processes: ProcessHold) -> None:
    """Do once what a verdict does before it stops anybody: the first time takes 2 ms more than the second."""
    lookup.find(b"/", b"")
    actors.of(os.getpid())
    processes.warm()


def _say_overdue(smb: SmbHold, voice: Voice) -> None:
    for what, pid in smb.overdue():
        voice("error", code="SMB-OVERDUE", message=f"smbd {pid} was {what}: its hold was not confirmed within a second")


def _wait_for_vault(state: Path, pipe: Connection) -> VaultOpened:
    """Wait until the keeper has made or repaired the index: a reader can't open what is not there."""
    if not pipe.poll(PATIENCE):
        raise StateDamaged(f"the vault in {state} did not open within {PATIENCE:.0f} s", "look at the disk, then retry")
    message = pipe.recv()
    if not isinstance(message, VaultOpened):
        raise StateDamaged(f"the vault in {state} did not open: {message.reason}", "move the state directory aside")
    return message


def _wire(core: Core, state: Path, link: Link | None, errands: Errands) -> None:
    """Register everything that may wake the loop."""
    select = core.selector
    for source in (core.sensor, core.tree):
        if source.fileno() >= 0:
            select.register(source.fileno(), selectors.EVENT_READ, None)
    select.register(core.keeper.pipe, selectors.EVENT_READ, core.hear_keeper)
    if link is not None:
        select.register(link.fileno(), selectors.EVENT_READ, lambda: _hear_link(core, link))
    _wire_errands(core, errands)
    wake_in, wake_out = socket.socketpair()
    for end in (wake_in, wake_out):
        end.setblocking(False)
    select.register(wake_in, selectors.EVENT_READ, lambda: wake_in.recv(64) and None)
    signal.set_wakeup_fd(wake_out.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: core.stop())
    control = Control(state, select, Requests(core, link, errands).verbs())
    control.open()
    core.at_end += [control.close, wake_in.close, wake_out.close]


def _wire_errands(core: Core, errands: Errands) -> None:
    """Join the errands to what they change here. A hold that an agent before this one confirmed is said as well."""

    def raise_until(until: float) -> bool:
        core.raised.begin(until)
        return True

    def changed(place: bytes) -> None:
        for tree in core.trees:
            if place == tree or place.startswith(tree + b"/"):
                core.keeper.urgent(Scan(place))

    def watch_for(command: str) -> bool:
        core.sharpening.begin(command)
        return True

    def answered(command: str, indicators: int, detail: str) -> None:
        if detail:
            core.emit("error", code="WATCH-LIST", message=detail)
        errands.sharpened(command, indicators, detail)

    errands.raised, errands.changed, errands.began = raise_until, changed, core.sensor.own_pids.add
    errands.watch_for, core.sharpening.answer = watch_for, answered
    core.selector.register(errands.fileno(), selectors.EVENT_READ, lambda: _hear_errands(core, errands))
    for held in core.holder.older():
        if held.stage is Stage.CONFIRMED:
            errands.held(held.hold_id, core.clock.now())


def _hear_errands(core: Core, errands: Errands) -> None:
    errands.hear(core.emit)
    if errands.gone:
        core.selector.unregister(errands.fileno())


def _hear_link(core: Core, link: Link) -> None:
    """Pass on what the link says; called when its end is readable."""
    for said in link.hear():
        if said.get("kind") == BLAMED:
            core.watcher.blame(said["addresses"], core.clock.monotonic())
            continue
        if said.get("kind") == "hub":
            core.sensor.own_pids.add(int(said.get("pid", 0)))  # the worker: another one where it was started again
        core.emit.tell(said)
    if link.gone:
        core.selector.unregister(link.fileno())
        core.emit("error", code="LINK-GONE", message="the link to the hub ended: this machine guards itself alone")


def _end(
    core: Core,
    keeper_pid: int,
    journal: BackgroundJournal,
    held_lock: int,
    *,
    link: Link | None,
    errands: Errands,
    flows: Flows,
) -> None:
    """Leave in good order: confirmed holds stay (a hand that was stopped stays stopped), the rest is let go."""
    deadline = time.monotonic() + STOP_SECONDS
    signal.set_wakeup_fd(-1)
    core.holder.leave()
    core.emit.flush()
    core.sensor.close()
    for action in core.at_end:
        action()
    try:
        core.keeper.pipe.send(Stop())
    except OSError:
        pass
    core.note(kinds.AgentStopped("asked to stop"))
    errands.end_by(deadline)
    flows.end_by(deadline)
    if link is not None:
        link.end_by(deadline)
    _await(keeper_pid, deadline)
    journal.close()
    core.tree.close()
    os.close(held_lock)


def _await(pid: int, deadline: float) -> None:
    """Wait for the keeper, then end it: every step of its work survives being killed."""
    if not has_ended(pid, deadline):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
