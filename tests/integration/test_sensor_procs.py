"""The fork tree and the proc connector on the real kernel."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from garde.model.actor import ActorKind
from garde.watch.actors import Actors
from garde.watch.sensors import connector
from garde.watch.sensors.fanotify import Fanotify
from garde.watch.sensors.procs import ForkTree

pytestmark = pytest.mark.root


@pytest.fixture
def tree() -> Iterator[ForkTree]:
    made = ForkTree()
    refused = made.open()
    if refused:
        made.close()
        pytest.skip(f"{refused.what}: {refused.reason}")
    yield made
    made.close()


def test_short_lived_writers_are_placed_with_their_session_and_living_ancestor(tree: ForkTree, tmp_path: Path) -> None:
    sensor = Fanotify()
    sensor.open([os.path.realpath(os.fsencode(tmp_path))], lambda _: False)
    loop = "(echo x > $0/f$i); cat /dev/null > $0/g$i; head -c 9 /dev/zero | tee $0/h$i"
    script = f"for i in $(seq 60); do {loop}; done; read x"
    words = ["setsid", "sh", "-c", script, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as shell:
        found = []
        while len({one.name for one in found}) < 180:
            found += sensor.read()
        tree.drain()
        actors = Actors(tree)
        writers = {one.pid for one in found}
        assert len(writers) > 60
        for pid in writers:
            actor = actors.of(pid)
            assert actor.kind is ActorKind.PROCESS
            assert actor.process is not None
            assert actor.process.sid == shell.pid
            assert actor.user == "root"
            assert shell.pid == pid or shell.pid in [one.pid for one in actor.chain]
        assert tree.alive(shell.pid)
        shell.communicate(b"\n")
    assert tree.lost == 0
    sensor.close()


def test_children_whose_parent_has_gone_are_still_its_descendants(tree: ForkTree) -> None:
    script = "sleep 60 & sleep 60 & echo $! ; exec 1>&-; exit"
    with subprocess.Popen(
        ["sh", "-c", f"sh -c '{script}'; sleep 60"], stdout=subprocess.PIPE, start_new_session=True
    ) as top:
        assert top.stdout is not None
        second = int(top.stdout.readline())
        top.stdout.read(0)
        below = tree.descendants(top.pid)
        assert second in below
        assert top.pid in tree.ancestors(second)
        assert [tree.process(pid) for pid in below].count(None) == 0
        assert {tree.process(pid).sid for pid in below} == {top.pid}  # type: ignore[union-attr]
        os.killpg(top.pid, signal.SIGKILL)
    assert not tree.alive(top.pid)


def test_an_exec_shows_as_another_program(tree: ForkTree) -> None:
    words = [sys.executable, "-c", "import os; print(flush=True); os.read(0, 1); os.execvp('cat', ['cat'])"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        tree.drain()
        before, born = tree.process(process.pid), tree.born(process.pid)
        process.stdin.write(b"\nback\n")
        process.stdin.flush()
        process.stdout.readline()
        tree.drain()
        after = tree.process(process.pid)
        assert before is not None
        assert after is not None
        assert (before.exe, Path(after.exe).name) == (
            os.path.realpath(sys.executable),
            Path(shutil.which("cat") or "").resolve().name,
        )
        assert before.start == after.start
        assert tree.born(process.pid) != born
        process.communicate()


def test_a_process_whose_first_thread_has_ended_is_alive(tree: ForkTree) -> None:
    code = (
        "import ctypes, threading\n"
        "def rest():\n"
        "    print(flush=True); input()\n"
        "    import os; os._exit(0)\n"
        "threading.Thread(target=rest).start()\n"
        "ctypes.CDLL(None).pthread_exit(None)\n"
    )
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while "Z" not in Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2][:3]:
            pass  # until the first thread is gone
        assert tree.alive(process.pid)
        assert process.pid in tree.descendants(os.getpid())
        process.communicate(b"\n")
    assert not tree.alive(process.pid)


def test_kernel_threads_are_told_from_processes(tree: ForkTree) -> None:
    kernel = [
        pid
        for pid in (2, 3, 4)
        if tree.process(pid) is not None and tree.process(pid).comm.startswith(("kthreadd", "pool_work", "kworker"))
    ]  # type: ignore[union-attr]
    if not kernel:
        pytest.skip("this pid namespace shows no kernel threads")
    assert Actors(tree).of(kernel[0]).kind is ActorKind.KERNEL
    assert not tree.is_kernel_thread(os.getpid())


def test_in_another_network_namespace_the_refusal_is_said_and_proc_answers() -> None:
    code = (
        "import os\n"
        "from garde.watch.sensors.procs import ForkTree\n"
        "tree = ForkTree(); refused = tree.open()\n"
        "print(refused.what, '|', refused.reason, '|', tree.fileno(), tree.process(os.getpid()).ppid == os.getppid())\n"
        "tree.drain(); tree.close()\n"
    )
    source = str(Path(__file__).parents[2] / "src")
    words = ["unshare", "-n", sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": source})
    if "unshare failed" in done.stderr:
        pytest.skip("network namespaces are refused here")
    assert done.stderr == ""
    what, reason, rest = done.stdout.strip().split(" | ")
    assert what == "short-lived writers"
    assert reason.startswith("by user only")
    assert rest == "-1 True"


def test_when_the_kernel_drops_events_it_is_counted_and_the_living_are_known(tree: ForkTree) -> None:
    held = tree._connector._socket
    assert held is not None
    held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the kernel's least
    with subprocess.Popen(
        ["sh", "-c", "for i in $(seq 400); do (:); done; echo; exec sleep 60"], stdout=subprocess.PIPE
    ) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        tree.drain()
        assert tree.lost >= 1
        tree.drain()
        assert tree.alive(shell.pid)
        assert shell.pid in tree.children(os.getpid())
        shell.kill()


def test_the_children_of_an_smbd_that_was_started_later_are_clients_to_come(tree: ForkTree, tmp_path: Path) -> None:
    smbd = tmp_path / "smbd"
    shutil.copy("/bin/sh", smbd)
    with subprocess.Popen(
        [smbd, "-c", "(:); (:); echo; read line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as listener:
        assert listener.stdout is not None
        listener.stdout.readline()
        tree.drain()
        assert len(tree.new_smbd) == 2
        listener.kill()


ACTS = """
import os, sys
with open("/proc/self/comm", "w") as comm:
    comm.write(sys.argv[1])
print(flush=True)
for _ in sys.stdin:
    for _ in range(200):
        os.setresuid(60_100, 60_100, -1)
        os.setresuid(0, 0, -1)
    print(flush=True)
"""


def _acting(name: str) -> subprocess.Popen[bytes]:
    """A root's program that becomes a user and root again 200 times for each line."""
    return subprocess.Popen([sys.executable, "-c", ACTS, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _act(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    process.stdout.readline()


def test_the_kernel_keeps_what_an_smbd_does_for_its_clients_to_itself(
    tree: ForkTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[connector.Event] = []
    apply = tree.apply
    monkeypatch.setattr(ForkTree, "apply", lambda _, event: (heard.append(event), apply(event))[1])
    with _acting("smbd") as serving, _acting("other") as other:
        try:
            for process in (serving, other):
                assert process.stdout is not None
                process.stdout.readline()
            _act(serving)
            tree.drain()  # heard, and from now on left out
            assert sum(event.what == connector.UID and event.tgid == serving.pid for event in heard) == 400
            heard.clear()
            _act(serving)
            _act(other)
            with subprocess.Popen(["sleep", "60"]) as child:
                tree.drain()
                assert tree.alive(child.pid), "births are still heard"
                child.kill()
            changed = [event.tgid for event in heard if event.what == connector.UID]
            assert changed.count(serving.pid) == 0
            assert changed.count(other.pid) == 400
            shown = tree.process(serving.pid)
            assert shown is not None and shown.uid == 0
        finally:
            serving.kill()
            other.kill()
    tree.drain()
    assert not tree.alive(serving.pid), "and its end"
