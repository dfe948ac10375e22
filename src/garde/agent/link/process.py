"""The link's processes: a watchman of some lines that starts the worker, and starts it again when it dies.

Comes in: a state directory, the core's pipe. Goes out: the watchman's pid. Both are forked while the agent has one
thread, before it opens anything that a child should not share; the worker imports what it needs itself, so that neither
the core's memory nor its start pays for TLS.

When the core goes, however it goes, the pipe ends, and both go too. A worker that is killed loses nothing: what it had
not told lies in its outbox or in the journal.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
import traceback
from pathlib import Path

from garde.clock import Clock
from garde.settings import Settings

AGAIN_FIRST = 0.2  # seconds before a worker that died is started again …
AGAIN_LONGEST = 5.0  # … and at most, where it dies every time
STEADY = 10.0  # seconds that a worker has to live to be counted as sound
_SWITCH_SECONDS = 0.005  # the core's is shorter; here nothing is measured in microseconds


def start(state: Path, ends: tuple[socket.socket, socket.socket], settings: Settings, clock: Clock, asked: str) -> int:
    """Fork the watchman; `ends` are the core's and the link's. Returns its pid, and never in the child."""
    ours, theirs = ends
    pid = os.fork()
    if pid:
        theirs.close()
        return pid
    code = 1
    try:
        _keep_only(theirs.fileno())
        ours.detach()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the core decides when it ends
        sys.setswitchinterval(_SWITCH_SECONDS)
        code = _watch(state, theirs, settings, clock, asked)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _watch(state: Path, end: socket.socket, settings: Settings, clock: Clock, asked: str) -> int:
    """Keep one worker alive until it ends by itself."""
    worker = 0
    ending = False

    def stop(*_: object) -> None:
        nonlocal ending
        ending = True
        if worker:
            os.kill(worker, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    pause = AGAIN_FIRST
    while True:
        began = time.monotonic()
        worker = _fork_worker(state, end, settings, clock, asked)
        if ending:
            os.kill(worker, signal.SIGTERM)
        _, status = os.waitpid(worker, 0)  # retried by Python after a signal
        worker = 0
        if ending or os.waitstatus_to_exitcode(status) == 0:
            return 0
        pause = AGAIN_FIRST if time.monotonic() - began > STEADY else min(pause * 2, AGAIN_LONGEST)
        time.sleep(pause)


def _fork_worker(state: Path, end: socket.socket, settings: Settings, clock: Clock, asked: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until there is a worker to end in good order
        from garde.agent.link import worker

        code = worker.run(state, end, settings, clock, asked)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _keep_only(descriptor: int) -> None:
    """Close what was inherited: the state's lock must be free when the core is, the fork tree's queue is its own."""
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))
