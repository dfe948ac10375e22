"""Holding real process trees: stopped, frozen against a watchdog, released, and only those that did it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from garde.contain.actions import cgroup, proc
from garde.contain.actions.base import Held, Refused, Released, Stage
from garde.contain.actions.proc import Identity, ProcTree
from garde.contain.actions.process import ProcessHold
from garde.model.actor import Process

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: moves processes between cgroups"),
    pytest.mark.skipif(cgroup.find_root() is None, reason="needs a cgroup v2 mount"),
]

# Counts in a file as fast as it can; the file is the witness of whether it still runs.
_COUNT = """
import os, sys, time
fd = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)
os.setuid(int(os.environ["AS_UID"]))
n = 0
while True:
    n += 1
    os.pwrite(fd, b"%020d" % n, 0)
    time.sleep(0.0005)
"""
_WAKE = """
import os, signal, sys
fd = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)
os.setuid(int(os.environ["AS_UID"]))
n = 0
while True:
    for pid in map(int, sys.argv[2:]):
        os.kill(pid, signal.SIGCONT)
    n += 1
    os.pwrite(fd, b"%020d" % n, 0)
"""
_FORK = """
import os, sys, time
count = sys.argv[1]
while True:
    if os.fork() == 0:
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, "-S", "-c", "import time; time.sleep(60)"])
        time.sleep(60)
        os._exit(0)
    open(count, "w").write(str(time.monotonic_ns()))
    time.sleep(0.002)
"""


@dataclass
class Lab:
    """Starts processes in sessions of their own, and ends them with all they started."""

    base: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, code: str, *arguments: str, uid: int = 0) -> subprocess.Popen[bytes]:
        # It changes its uid itself: the interpreter may lie where that user can't reach it.
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", code, *arguments],
            start_new_session=True,
            env={**os.environ, "AS_UID": str(uid)},
        )
        self.started.append(process)
        return process

    def counter(self, name: str, uid: int = 0) -> tuple[subprocess.Popen[bytes], Path]:
        path = self.base / name
        process = self.start(_COUNT, str(path), uid=uid)
        wait_for(lambda: value(path) > 2)
        return process, path

    def close(self) -> None:
        for process in self.started:
            for pid in [process.pid, *in_session(process.pid)]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            process.wait(10)


def in_session(sid: int) -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if (stat := proc.stat_of(pid)) and stat.sid == sid]


def value(path: Path) -> int:
    try:
        return int(path.read_bytes() or b"0")
    except FileNotFoundError:
        return 0


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.002)


def passes(path: Path, more: int = 100) -> None:
    """Wait until a process that runs has counted on: the clock of these tests."""
    goal = value(path) + more
    wait_for(lambda: value(path) >= goal)


def stands_still(path: Path, clock: Path) -> bool:
    """Whether a counter does not move while another counts a hundred times."""
    before = value(path)
    passes(clock)
    return value(path) == before


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    found = Lab(tmp_path)
    yield found
    found.close()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., ProcessHold]]:
    with ExitStack() as stack:

        def build(**options: object) -> ProcessHold:
            hold = ProcessHold(ProcTree(), tmp_path / "state", **options)  # type: ignore[arg-type]
            stack.callback(hold.prune)
            stack.callback(lambda: [hold.release(held.hold_id) for held in hold.held()])
            return hold

        yield build


def hold_now(hold: ProcessHold, hold_id: str, *pids: int) -> Held:
    held = hold.hold(hold_id, pids)
    assert isinstance(held, Held), held
    return held


def unused_id() -> str:
    return f"test-{os.getpid()}-{time.monotonic_ns()}"


def test_held_process_stops_and_another_goes_on(lab: Lab, make: Callable[..., ProcessHold]) -> None:
    attacker, damage = lab.counter("damage")
    _, clock = lab.counter("clock")
    hold, hold_id = make(), unused_id()
    origin = proc.cgroup_of(attacker.pid)

    held = hold_now(hold, hold_id, attacker.pid)

    assert held.pids == (attacker.pid,)
    assert held.root_pid == attacker.pid
    assert held.skipped == ()
    assert [step.name for step in held.steps] == ["writers", "stopped", "frozen", "settled"]
    assert stands_still(damage, clock)
    assert hold.held()[0].hold_id == hold_id

    released = hold.release(hold_id)
    assert isinstance(released, Released)
    assert released.pids == (attacker.pid,)
    assert released.skipped == ()
    passes(damage, 10)
    assert proc.cgroup_of(attacker.pid) == origin
    assert hold.held() == ()
    assert isinstance(hold.release(hold_id), Refused)
    assert not list((cgroup.find_root() or Path()).rglob(f"garde-hold-{hold_id}"))


def test_a_sigcont_loop_does_not_wake_it(lab: Lab, make: Callable[..., ProcessHold]) -> None:
    attacker, damage = lab.counter("damage", uid=65534)
    _, clock = lab.counter("clock")
    hold_now(make(), unused_id(), attacker.pid)
    woken = lab.base / "woken"
    lab.start(_WAKE, str(woken), str(attacker.pid), uid=65534)
    passes(woken, 1000)

    assert stands_still(damage, clock)
    assert value(woken) > 1000


def test_without_a_cgroup_it_says_so(
    lab: Lab, make: Callable[..., ProcessHold], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroup, "find_root", lambda: None)
    attacker, damage = lab.counter("damage")
    _, clock = lab.counter("clock")
    hold, hold_id = make(), unused_id()

    held = hold_now(hold, hold_id, attacker.pid)

    assert stands_still(damage, clock)
    assert any("SIGSTOP alone" in skipped.reason for skipped in held.skipped)
    hold.release(hold_id)
    passes(damage, 10)


def test_a_tree_that_keeps_forking_is_held_whole(lab: Lab, make: Callable[..., ProcessHold]) -> None:
    beat = lab.base / "beat"
    parent = lab.start(_FORK, str(beat))
    wait_for(lambda: len(in_session(parent.pid)) > 20)

    held = hold_now(make(), unused_id(), parent.pid)

    living = {pid for pid in in_session(parent.pid) if proc.identity_of(pid)}
    assert living == set(held.pids)
    assert {cgroup.is_held(proc.cgroup_of(pid)) for pid in living} == {True}
    assert held.pids[0] == parent.pid


def test_only_the_session_that_did_it(lab: Lab, make: Callable[..., ProcessHold]) -> None:
    """One user with two sessions: the one is held, the other works on."""
    attacker, damage = lab.counter("damage", uid=65534)
    _, work = lab.counter("work", uid=65534)

    held = hold_now(make(), unused_id(), attacker.pid)

    assert held.pids == (attacker.pid,)
    assert stands_still(damage, work)


def test_two_sessions_that_both_did_it_are_two_roots(lab: Lab, make: Callable[..., ProcessHold]) -> None:
    first, damage_one = lab.counter("one")
    second, damage_two = lab.counter("two")
    _, clock = lab.counter("clock")

    held = hold_now(make(), unused_id(), first.pid, second.pid)

    assert set(held.roots) == {first.pid, second.pid} == set(held.pids)
    assert stands_still(damage_one, clock)
    assert stands_still(damage_two, clock)


def test_workers_are_held_with_the_shell_that_starts_them(lab: Lab, make: Callable[..., ProcessHold]) -> None:
    loop = 'import subprocess, sys\nwhile True: subprocess.run(["sh", "-c", "echo x >> " + sys.argv[1]])'
    damage = lab.base / "lines"
    shell = lab.start(loop, str(damage))
    _, clock = lab.counter("clock")
    seen: set[int] = set()

    def two_workers() -> bool:
        seen.update(proc.children_of(shell.pid))
        return len(seen) >= 2

    wait_for(two_workers)
    dead_and_living = RememberingTree(dict.fromkeys(seen, shell.pid), shell.pid)
    hold = make()
    hold._tree = dead_and_living

    held = hold_now(hold, unused_id(), *sorted(seen)[:2])

    assert held.roots == (shell.pid,)
    before = damage.stat().st_size
    passes(clock)
    assert damage.stat().st_size == before


class RememberingTree(ProcTree):
    """What the fork tree adds to /proc: children already gone, with their parent and session."""

    def __init__(self, gone: dict[int, int], sid: int) -> None:
        self._gone = gone
        self._sid = sid

    def process(self, pid: int) -> Process | None:
        found = super().process(pid)
        if found is None and pid in self._gone:
            return Process(pid, 0, self._gone[pid], self._sid, 0, "sh", "", "")
        return found

    def ancestors(self, pid: int) -> list[int]:
        if pid in self._gone and proc.stat_of(pid) is None:
            return [self._gone[pid], *super().ancestors(self._gone[pid])]
        return list(super().ancestors(pid))


def test_a_later_agent_releases(lab: Lab, make: Callable[..., ProcessHold], tmp_path: Path) -> None:
    """The agent that held is killed; another, which never saw the fork tree, gives everything back."""
    attacker, damage = lab.counter("damage")
    _, clock = lab.counter("clock")
    hold_id = unused_id()
    code = f"""
import os, signal
from pathlib import Path
from garde.contain.actions.process import ProcessHold
from garde.contain.actions.proc import ProcTree
ProcessHold(ProcTree(), Path({str(tmp_path / "state")!r})).hold({hold_id!r}, [{attacker.pid}])
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.call([sys.executable, "-c", code]) == -signal.SIGKILL
    assert stands_still(damage, clock)

    later = make()
    assert [held.pids for held in later.held()] == [(attacker.pid,)]
    assert isinstance(later.release(hold_id), Released)
    passes(damage, 10)


def test_an_agent_killed_between_stop_and_record_leaves_a_hold_to_release(
    lab: Lab, make: Callable[..., ProcessHold], tmp_path: Path
) -> None:
    attacker, damage = lab.counter("damage")
    hold_id = unused_id()
    code = f"""
import os, signal
from pathlib import Path
from garde.contain.actions import process
from garde.contain.actions.proc import ProcTree
stop = process.proc.stop
def dies_after(pid, start):
    stop(pid, start)
    os.kill(os.getpid(), signal.SIGKILL)
process.proc.stop = dies_after
process.ProcessHold(ProcTree(), Path({str(tmp_path / "state")!r})).hold({hold_id!r}, [{attacker.pid}])
"""
    assert subprocess.call([sys.executable, "-c", code]) == -signal.SIGKILL
    wait_for(lambda: getattr(proc.stat_of(attacker.pid), "state", "") == "T")

    make().release(hold_id)

    passes(damage, 10)


@pytest.mark.parametrize("grown", [False, True])
@pytest.mark.parametrize("step", ["_stop_writers", "_stop_below"])
def test_an_agent_killed_after_a_stop_leaves_a_hold_that_the_next_one_finds(
    lab: Lab, make: Callable[..., ProcessHold], tmp_path: Path, step: str, grown: bool
) -> None:
    """Also where the hold had others in it: at its start an agent forgets holds of which nobody is left."""
    first, one = lab.counter("one")
    second, two = lab.counter("two")
    hold_id = unused_id()
    code = f"""
import os, signal
from pathlib import Path
from garde.contain.actions.proc import ProcTree
from garde.contain.actions.process import ProcessHold
hold = ProcessHold(ProcTree(), Path({str(tmp_path / "state")!r}))
if {grown}:
    hold.hold({hold_id!r}, [{first.pid}])
whole = ProcessHold.{step}
def dies_after(*words):
    whole(*words)
    os.kill(os.getpid(), signal.SIGKILL)
ProcessHold.{step} = dies_after
hold.hold({hold_id!r}, [{second.pid}])
"""
    assert subprocess.call([sys.executable, "-c", code]) == -signal.SIGKILL
    wait_for(lambda: getattr(proc.stat_of(second.pid), "state", "") == "T")

    later = make()
    assert later.prune() == ()
    assert [held.hold_id for held in later.held()] == [hold_id]
    assert isinstance(later.release(hold_id), Released)

    passes(one, 10)
    passes(two, 10)


def test_an_agent_killed_while_a_hold_grows_leaves_all_of_it_to_release(
    lab: Lab, make: Callable[..., ProcessHold], tmp_path: Path
) -> None:
    first, one = lab.counter("one")
    second, two = lab.counter("two")
    hold_id = unused_id()
    code = f"""
import os, signal
from pathlib import Path
from garde.contain.actions import process
from garde.contain.actions.proc import ProcTree
hold = process.ProcessHold(ProcTree(), Path({str(tmp_path / "state")!r}))
hold.hold({hold_id!r}, [{first.pid}])
stop = process.proc.stop
def dies_after(pid, start):
    stop(pid, start)
    os.kill(os.getpid(), signal.SIGKILL)
process.proc.stop = dies_after
hold.hold({hold_id!r}, [{second.pid}])
"""
    assert subprocess.call([sys.executable, "-c", code]) == -signal.SIGKILL
    wait_for(lambda: getattr(proc.stat_of(second.pid), "state", "") == "T")

    assert isinstance(make().release(hold_id), Released)

    passes(one, 10)
    passes(two, 10)


def test_a_user_cannot_move_his_process_out(lab: Lab, make: Callable[..., ProcessHold]) -> None:
    """A cgroup that its user owns, as under user@UID.service: the hold is made above it."""
    root = cgroup.find_root()
    assert root is not None
    own = root / f"garde-test-{os.getpid()}" / "app"
    own.mkdir(parents=True)
    try:
        for path in (own.parent, *own.parent.iterdir(), *own.iterdir()):
            shutil.chown(path, 65534)
        attacker, damage = lab.counter("damage", uid=65534)
        _, clock = lab.counter("clock")
        (own / "cgroup.procs").write_text(str(attacker.pid))
        hold, hold_id = make(), unused_id()

        hold_now(hold, hold_id, attacker.pid)
        steal = (
            f"import os; os.setuid(65534); fd = os.open({str(own / 'cgroup.procs')!r}, os.O_WRONLY); "
            f"os.write(fd, b'{attacker.pid}')"
        )
        stolen = subprocess.run([sys.executable, "-S", "-c", steal], capture_output=True, check=False)

        assert b"PermissionError" in stolen.stderr
        assert stands_still(damage, clock)
        hold.release(hold_id)
        passes(damage, 10)
        assert proc.cgroup_of(attacker.pid) == f"/{own.relative_to(root)}"
    finally:
        lab.close()
        own.rmdir()
        own.parent.rmdir()


def test_home_is_made_again_when_its_manager_removed_it(lab: Lab, make: Callable[..., ProcessHold]) -> None:
    root = cgroup.find_root()
    assert root is not None
    scope = root / f"garde-test-{os.getpid()}.scope"
    scope.mkdir()
    shutil.chown(scope, 65534)  # so that the hold is made beside it, and it falls empty
    try:
        attacker, damage = lab.counter("damage")
        (scope / "cgroup.procs").write_text(str(attacker.pid))
        hold, hold_id = make(), unused_id()
        hold_now(hold, hold_id, attacker.pid)
        scope.rmdir()

        released = hold.release(hold_id)

        assert isinstance(released, Released)
        passes(damage, 10)
        assert proc.cgroup_of(attacker.pid) == f"/{scope.name}"
    finally:
        lab.close()
        scope.rmdir()


def test_two_holds_of_one_process_end_with_the_last(lab: Lab, make: Callable[..., ProcessHold]) -> None:
    attacker, damage = lab.counter("damage")
    _, clock = lab.counter("clock")
    hold, first, second = make(), unused_id(), unused_id()
    hold_now(hold, first, attacker.pid)
    hold_now(hold, second, attacker.pid)

    released = hold.release(first)
    assert isinstance(released, Released)
    assert [skipped.reason for skipped in released.skipped] == ["another hold has it too"]
    assert stands_still(damage, clock)

    hold.release(second)
    passes(damage, 10)
    assert not list((cgroup.find_root() or Path()).rglob(f"garde-hold-{first}"))


def test_what_its_user_had_stopped_stays_stopped(lab: Lab, make: Callable[..., ProcessHold]) -> None:
    attacker, damage = lab.counter("damage")
    _, clock = lab.counter("clock")
    attacker.send_signal(signal.SIGSTOP)
    wait_for(lambda: getattr(proc.stat_of(attacker.pid), "state", "") == "T")
    hold, hold_id = make(), unused_id()
    hold_now(hold, hold_id, attacker.pid)

    hold.release(hold_id)

    assert stands_still(damage, clock)


def test_a_reused_pid_is_not_stopped(lab: Lab, make: Callable[..., ProcessHold]) -> None:
    """The tree speaks of a process with this pid that started at another time."""
    innocent, work = lab.counter("work")

    class OldTree(ProcTree):
        def process(self, pid: int) -> Process | None:
            return Process(pid, 1, 0, 77, 0, "old", "", "")

        def ancestors(self, pid: int) -> list[int]:
            return []

    hold = make()
    hold._tree = OldTree()
    refused = hold.hold(unused_id(), [innocent.pid])

    assert isinstance(refused, Refused)
    passes(work, 10)


def test_a_shared_daemon_is_reported_and_a_program_of_its_name_is_not_spared(
    lab: Lab, make: Callable[..., ProcessHold], tmp_path: Path
) -> None:
    program = tmp_path / "postgres"
    shutil.copy("/bin/sleep", program)
    program.chmod(0o755)
    daemon = subprocess.Popen([program, "60"], start_new_session=True)
    lab.started.append(daemon)
    wait_for(lambda: Path(proc.exe_of(daemon.pid)).name == "postgres")
    hold = make(never_hold=("postgres",))

    refused = hold.hold(unused_id(), [daemon.pid])
    assert isinstance(refused, Refused)
    assert "never-hold list" in refused.reason
    assert getattr(proc.stat_of(daemon.pid), "state", "T") != "T"

    program_of_others = tmp_path / "other" / "postgres"
    program_of_others.parent.mkdir()
    shutil.copy("/bin/sleep", program_of_others)
    program_of_others.chmod(0o777)
    disguised = subprocess.Popen([program_of_others, "60"], start_new_session=True)
    lab.started.append(disguised)
    wait_for(lambda: Path(proc.exe_of(disguised.pid)).parent.name == "other")
    assert isinstance(hold.hold(unused_id(), [disguised.pid]), Held)


def test_own_terminal_pid_one_and_kernel_threads_are_refused(make: Callable[..., ProcessHold]) -> None:
    hold = make()
    for pid, words in ((os.getpid(), "own process"), (os.getppid(), "runs below"), (1, "pid 1"), (2, "kernel thread")):
        refused = hold.hold(unused_id(), [pid])
        assert isinstance(refused, Refused)
        assert words in refused.reason


def test_prune_forgets_the_dead(lab: Lab, make: Callable[..., ProcessHold]) -> None:
    attacker, _ = lab.counter("damage")
    hold, hold_id = make(), unused_id()
    hold_now(hold, hold_id, attacker.pid)
    confirmed = hold.confirm(hold_id)
    assert not isinstance(confirmed, Refused)
    assert hold.held()[0].stage is Stage.CONFIRMED
    attacker.kill()  # a frozen process can be killed
    attacker.wait(10)
    assert not proc.is_there(Identity(attacker.pid, 0))

    assert hold.prune() == (hold_id,)

    assert hold.held() == ()
    assert not list((cgroup.find_root() or Path()).rglob(f"garde-hold-{hold_id}"))
