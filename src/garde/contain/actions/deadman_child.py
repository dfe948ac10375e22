"""The dead man's switch itself: a process of its own that no smbd stays stopped without.

Comes in: lines on stdin from the agent. Goes out: lines on stdout saying what it did. It is run as a file by a bare
interpreter (`python -I -S`), so it imports nothing of ours: it must start in milliseconds and stay a few megabytes.

    stop PID START DEADLINE    about to be stopped; DEADLINE in CLOCK_MONOTONIC seconds
    blocked PID START          its client is refused now
    done PID START             confirmed or let go: no more concern of ours

When the deadline passes, or the agent is gone (its pidfd says so, or the pipe's end of file: both come even after
kill -9, and a worker that the agent forked may keep the pipe open), a process still listed is *ended* (SIGKILL) if its
client is blocked and *continued* (SIGCONT) if not. Why: nobody confirmed it. Blocked, its session is dead anyway, and
to continue it would let the attacker's queued writes through; unblocked, to end it would cost an honest client its
session and the attacker only one reconnect. Either way nobody waits on its locks. The answer is `ended PID` or
`continued PID`.
"""

from __future__ import annotations

import math
import os
import select
import signal
import sys
import time

_LINE_LIMIT = 65536


class Watched:
    """One process that is, or is about to be, stopped. `handle` is a pidfd: it can't come to mean another process."""

    __slots__ = ("blocked", "deadline", "handle", "pid")

    def __init__(self, pid: int, handle: int, deadline: float) -> None:
        self.pid = pid
        self.handle = handle
        self.deadline = deadline
        self.blocked = False


Key = tuple[int, int]


def start_time(pid: int) -> int | None:
    """Field 22 of /proc/PID/stat, or None."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def obey(line: str, watched: dict[Key, Watched]) -> None:
    """Take one line; one that makes no sense is left out, for there is nobody to tell."""
    words = line.split()
    try:
        verb, key = words[0], (int(words[1]), int(words[2]))
        deadline = float(words[3]) if verb == "stop" else 0.0
    except (IndexError, ValueError):
        return
    if math.isnan(deadline):  # it would never pass
        return
    if verb == "stop" and key not in watched:
        _watch(key, deadline, watched)
    elif verb == "blocked" and key in watched:
        watched[key].blocked = True
    elif verb == "done" and key in watched:
        os.close(watched.pop(key).handle)


def _watch(key: Key, deadline: float, watched: dict[Key, Watched]) -> None:
    try:
        handle = os.pidfd_open(key[0])
    except (OSError, OverflowError):
        return
    if start_time(key[0]) == key[1]:
        watched[key] = Watched(key[0], handle, deadline)
    else:
        os.close(handle)


def settle(key: Key, watched: dict[Key, Watched]) -> str:
    """End or continue one, and say which."""
    item = watched.pop(key)
    try:
        signal.pidfd_send_signal(item.handle, signal.SIGKILL if item.blocked else signal.SIGCONT)
    except OSError:
        return f"gone {item.pid}"
    finally:
        os.close(item.handle)
    return f"{'ended' if item.blocked else 'continued'} {item.pid}"


def overdue(watched: dict[Key, Watched], now: float) -> list[Key]:
    return [key for key, item in watched.items() if item.deadline <= now]


def _say(text: str) -> None:
    try:
        os.write(1, text.encode() + b"\n")
    except OSError:
        pass  # nobody listens any more


def _become_hard_to_kill() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)  # it ends with the agent's pipe, not before
    os.set_blocking(1, False)
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("-1000")
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    except OSError:
        pass  # needs root; without it, it works as well until memory runs out


def main() -> None:
    """Watch until the pipe ends, then settle what is left."""
    _become_hard_to_kill()
    watched: dict[Key, Watched] = {}
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    agent = os.pidfd_open(os.getppid())
    poll.register(agent, select.POLLIN)
    rest = b""
    _say("ready")
    while True:
        waits = [max(0.0, item.deadline - time.monotonic()) for item in watched.values()]
        ready = {handle for handle, _ in poll.poll(min(waits) * 1000 if waits else None)}
        if 0 in ready:
            data = os.read(0, _LINE_LIMIT)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                obey(line.decode(errors="replace"), watched)
        elif agent in ready:  # only once all that it said is read
            break
        for key in overdue(watched, time.monotonic()):
            _say(settle(key, watched))
    for key in list(watched):
        _say(settle(key, watched))


if __name__ == "__main__":
    main()
    sys.exit(0)
