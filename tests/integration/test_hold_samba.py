"""Holding a real Samba client: its smbd child stopped and ended, its address refused, and nobody else kept waiting."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from garde.contain.actions import proc
from garde.contain.actions.base import Confirmed, Held, Refused, Released, Stage
from garde.contain.actions.deadman import STOP_SECONDS, Deadman
from garde.contain.actions.nft import Blocks, NeverCut, run_nft
from garde.contain.actions.peers import Listener
from garde.contain.actions.proc import Identity
from garde.contain.actions.samba import SmbHold
from garde.lab import samba as lab_samba
from garde.lab.attackers import smb_client
from garde.lab.samba import ClientNamespace, SambaServer
from garde.settings import ContainSettings

_WHY_NOT = lab_samba.missing() or smb_client.missing()
pytestmark = [pytest.mark.root, pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)]

_FILES = 40
# An smbd may be stopped for 1 s; the rest is for a busy machine. Without the rule a second client waited 70 s.
_GENEROUS = 5.0


@dataclass
class Client:
    """One smb_client process in a client's namespace, answering a line for each operation done."""

    process: subprocess.Popen[bytes]
    directory: Path

    def finished(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many more operations are done."""
        assert self.process.stdout is not None
        answers = []
        for _ in range(count):
            line = self.process.stdout.readline()
            assert line, "the client ended"
            answers.append(json.loads(line))
        return answers

    def end(self) -> None:
        self.process.kill()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Ward:
    """A share with an attacker's directory and a nurse's, two client machines, and what must be ended."""

    def __init__(self, server: SambaServer, stack: ExitStack) -> None:
        self.server = server
        self.share = server.share
        self._stack = stack

    def machine(self) -> ClientNamespace:
        return self._stack.enter_context(self.server.client())

    def start(
        self, machine: ClientNamespace, directory: str, *, login: str = "nurse", pace: float = 0, **how: Any
    ) -> Client:
        """A client that overwrites its directory's files with random bytes again and again."""
        folder = self.share / directory
        folder.mkdir(exist_ok=True)
        for number in range(_FILES):
            (folder / f"{number}.txt").write_bytes(b"temperature 37.2\n" * 200)
        names = how.get("names") or [f"{directory}/{number}.txt" for number in range(_FILES)]
        # A file and not a pipe: nobody needs to feed it while it is stopped.
        orders = self.server.base / f"orders-{time.monotonic_ns()}"
        lines = [json.dumps({"do": "random", "path": name, "size": 4096}) for name in names]
        orders.write_text("\n".join(lines * (100_000 // len(lines))) + "\n")
        address = self.server.address6 if how.get("six") else self.server.address
        with orders.open("rb") as stdin:
            process = machine.popen(
                [sys.executable, "-m", "garde.lab.attackers.smb_client", address, "share", login, "--pace", str(pace)],
                env={**os.environ, "GARDE_SMB_PASSWORD": self.server.user(login).password},
                stdin=stdin,
                stdout=subprocess.PIPE,
            )
        client = Client(process, folder)
        self._stack.callback(client.end)
        client.finished(5)
        return client

    def children_of(self, machine: ClientNamespace) -> list[int]:
        """Look up to 50 times: a row of the kernel's table can be missed while others come and go."""
        addresses = frozenset({machine.address, machine.address6})
        looks = (Listener(self.server.pid).children_serving(addresses) for _ in range(50))
        return next((found for found in looks if found), [])

    def contents(self, client: Client) -> list[bytes]:
        return [path.read_bytes() for path in sorted(client.directory.iterdir())]


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    share = tmp_path / "share"
    share.mkdir()
    with ExitStack() as stack:
        yield Ward(stack.enter_context(SambaServer(share)), stack)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., SmbHold]]:
    with ExitStack() as stack:

        def build(settings: ContainSettings | None = None, *, switch: float = 20.0) -> SmbHold:
            """Most tests give the switch 20 s, so that a busy machine does not make it act before they do."""
            blocks = Blocks(NeverCut(settings or ContainSettings()))
            hold = SmbHold(tmp_path / "state", blocks, deadman=Deadman(switch))
            stack.callback(hold.close)
            stack.callback(let_all_in, hold)
            assert hold.open() is None
            return hold

        yield build


def let_all_in(hold: SmbHold) -> None:
    for held in hold.held():
        for pid in held.pids:
            proc.wait_gone([who for who in [proc.identity_of(pid)] if who], 2.0 if held.stage is Stage.CONFIRMED else 0)
        hold.release(held.hold_id)


def listed() -> frozenset[str]:
    return Blocks(NeverCut(ContainSettings())).listed()


def ends(pid: int, start: int) -> bool:
    return not proc.wait_gone([Identity(pid, start)], 20.0)


def start_of(pid: int) -> int:
    stat = proc.stat_of(pid)
    assert stat is not None
    return stat.start


def state_of(pid: int) -> str:
    stat = proc.stat_of(pid)
    return stat.state if stat else "gone"


def wait_for(found: Callable[[], Any], seconds: float = 20.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (here := found()):
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.002)
    return here


def slowest(answers: Sequence[dict[str, Any]]) -> float:
    assert all(answer["ok"] for answer in answers), answers
    return float(max(answer["seconds"] for answer in answers))


def test_the_attacker_is_held_while_a_second_client_works(ward: Ward, make: Callable[..., SmbHold]) -> None:
    one, two = ward.machine(), ward.machine()
    attacker, nurse = ward.start(one, "attacked"), ward.start(two, "office", login="doctor", pace=200)
    hold = make()
    [child] = ward.children_of(one)
    began = start_of(child)

    held = hold.hold("h", child, one.address)

    assert isinstance(held, Held)
    assert (held.pids, held.addresses, held.skipped) == ((child,), (one.address,), ())
    assert [step.name for step in held.steps] == ["stopped", "siblings", "blocked", "settled"]
    before = ward.contents(attacker)
    waited = slowest(nurse.finished(20))
    confirmed = hold.confirm("h")
    assert isinstance(confirmed, Confirmed)
    assert confirmed.ended == (child,)
    assert ends(child, began)
    waited = max(waited, slowest(nurse.finished(100)))
    assert ward.contents(attacker) == before
    assert ward.children_of(one) == []
    assert one.address in listed()
    assert waited < _GENEROUS

    released = hold.release("h")
    assert isinstance(released, Released)
    assert released.addresses == (one.address,)
    assert one.address not in listed()
    assert hold.held() == ()
    assert hold.overdue() == ()
    assert slowest(ward.start(one, "later").finished(10)) >= 0  # the machine is let in again


def test_a_client_waiting_for_the_attackers_lock_waits_no_longer_than_the_rule(
    ward: Ward, make: Callable[..., SmbHold]
) -> None:
    """Both write the same files: the second needs the locks that the stopped child holds."""
    one, two = ward.machine(), ward.machine()
    ward.start(one, "shared")
    nurse = ward.start(two, "shared", login="doctor")
    hold = make(switch=STOP_SECONDS)
    [child] = ward.children_of(one)
    began = start_of(child)

    assert isinstance(hold.hold("h", child, one.address), Held)

    # Nobody confirms: the dead man's switch ends the child, and the second client's operations come through.
    assert slowest(nurse.finished(300)) < _GENEROUS
    assert ends(child, began)
    assert wait_for(hold.overdue) == (("ended", child),)  # it acts first, and says so after
    released = hold.release("h")
    assert isinstance(released, Released)
    assert [skipped.reason for skipped in released.skipped] == ["its session had ended before the release"]


def test_a_hold_let_go_goes_on_where_it_was(ward: Ward, make: Callable[..., SmbHold]) -> None:
    one = ward.machine()
    honest = ward.start(one, "honest")
    hold = make()
    [child] = ward.children_of(one)
    assert isinstance(hold.hold("h", child, one.address), Held)

    released = hold.release("h")

    assert isinstance(released, Released)
    assert (released.pids, released.addresses, released.skipped) == ((child,), (one.address,), ())
    slowest(honest.finished(300))
    assert ward.children_of(one) == [child]
    assert one.address not in listed()


def test_a_second_connection_of_the_same_machine_is_held_too(ward: Ward, make: Callable[..., SmbHold]) -> None:
    one, two = ward.machine(), ward.machine()
    clients = [ward.start(one, "first"), ward.start(one, "second", login="doctor"), ward.start(one, "six", six=True)]
    nurse = ward.start(two, "office", pace=200)
    hold = make()
    same = Listener(ward.server.pid).children_serving(frozenset({one.address}))
    assert len(same) == 2

    held = hold.hold("h", same[0], one.address)
    assert isinstance(held, Held)
    assert set(held.pids) == set(same)
    before = [ward.contents(client) for client in clients[:2]]
    confirmed = hold.confirm("h")
    assert isinstance(confirmed, Confirmed)
    assert set(confirmed.ended) == set(same)
    slowest(nurse.finished(100))
    assert [ward.contents(client) for client in clients[:2]] == before

    # By IPv6 it is another address: a hold of its own.
    [six] = Listener(ward.server.pid).children_serving(frozenset({one.address6}))
    held = hold.hold("h6", six, one.address6)
    assert isinstance(held, Held)
    assert held.addresses == (one.address6,)
    hold.confirm("h6")
    assert {one.address, one.address6} <= listed()
    assert hold.release("h6") == Released("h6", (), (one.address6,))
    assert one.address in listed()


def test_a_block_is_not_lifted_before_its_child_is_gone(ward: Ward, make: Callable[..., SmbHold]) -> None:
    one = ward.machine()
    ward.start(one, "attacked")
    hold = make()
    [child] = ward.children_of(one)
    assert isinstance(hold.hold("h", child, one.address), Held)
    send = proc.send
    try:
        proc.send = lambda who, number: number != signal.SIGKILL and send(who, number)  # a child that does not die
        proc_wait, proc.wait_gone = proc.wait_gone, lambda whom, seconds: list(whom)
        confirmed = hold.confirm("h")
        assert isinstance(confirmed, Confirmed)
        assert confirmed.ended == ()
        refused = hold.release("h")
    finally:
        proc.send, proc.wait_gone = send, proc_wait

    assert isinstance(refused, Refused)
    assert "the block stays" in refused.reason
    assert one.address in listed()
    began = start_of(child)
    assert isinstance(hold.confirm("h"), Confirmed)  # once more
    assert ends(child, began)
    assert isinstance(hold.release("h"), Released)


def test_a_client_on_the_never_cut_list_is_ended_but_never_blocked(ward: Ward, make: Callable[..., SmbHold]) -> None:
    one = ward.machine()
    ward.start(one, "attacked")
    hold = make(ContainSettings(never_cut=(f"{one.address}/32",)))
    [child] = ward.children_of(one)
    began = start_of(child)

    held = hold.hold("h", child, one.address)

    assert isinstance(held, Held)
    assert held.addresses == ()
    assert "never-cut list" in held.skipped[0].reason
    assert one.address not in listed()
    hold.confirm("h")
    assert ends(child, began)


def test_the_listener_and_a_child_of_another_client_are_not_stopped(ward: Ward, make: Callable[..., SmbHold]) -> None:
    one, two = ward.machine(), ward.machine()
    nurse = ward.start(two, "office")
    hold = make()
    [child] = ward.children_of(two)

    refused = hold.hold("h", ward.server.pid, one.address)
    assert isinstance(refused, Refused)
    assert "every client" in refused.reason

    held = hold.hold("h", child, one.address)  # the pid came to serve someone else
    assert isinstance(held, Held)
    assert held.pids == ()
    assert held.addresses == (one.address,)
    assert "does not serve" in held.skipped[0].reason
    slowest(nurse.finished(300))


_HOLDER = """
import os, signal, sys, time
from pathlib import Path
from garde.contain.actions.deadman import STOP_SECONDS, Deadman
from garde.contain.actions.nft import Blocks, NeverCut, run_nft
from garde.contain.actions.samba import SmbHold
from garde.settings import ContainSettings

def no_nft(arguments, stdin):
    raise OSError("no nft here")

state, child, address, how = sys.argv[1:]
hold = SmbHold(Path(state), Blocks(NeverCut(ContainSettings()), run=run_nft if how == "blocked" else no_nft))
hold.open()
if how == "worker":  # a worker forked by the agent keeps the pipe to the switch open
    if os.fork() == 0:
        time.sleep(15)
        os._exit(0)
print(hold.hold("h", int(child), address), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def _holder_dies(ward: Ward, machine: ClientNamespace, child: int, state: Path, how: str) -> None:
    with (ward.server.base / "holder").open("wb") as out:  # a file: the forked worker would keep a pipe open
        code = subprocess.call(
            [sys.executable, "-c", _HOLDER, str(state), str(child), machine.address, how], stdout=out
        )
    assert code == -signal.SIGKILL
    assert (ward.server.base / "holder").read_text().startswith("Held(")


def test_an_agent_killed_after_the_block_leaves_no_child_stopped(
    ward: Ward, make: Callable[..., SmbHold], tmp_path: Path
) -> None:
    one, two = ward.machine(), ward.machine()
    attacker, nurse = ward.start(one, "attacked"), ward.start(two, "office", pace=200)
    [child] = ward.children_of(one)
    began = start_of(child)

    _holder_dies(ward, one, child, tmp_path / "state", "blocked")

    assert ends(child, began)
    before = ward.contents(attacker)
    slowest(nurse.finished(100))
    assert ward.contents(attacker) == before
    later = make()
    [held] = later.recover()
    assert (held.stage, held.addresses) == (Stage.APPLIED, (one.address,))
    assert isinstance(later.release("h"), Released)
    assert one.address not in listed()


@pytest.mark.parametrize("how", ["unblocked", "worker"])
def test_an_agent_killed_without_a_block_leaves_the_child_running(
    ward: Ward, make: Callable[..., SmbHold], tmp_path: Path, how: str
) -> None:
    one = ward.machine()
    client = ward.start(one, "files")
    [child] = ward.children_of(one)

    _holder_dies(ward, one, child, tmp_path / "state", how)

    assert slowest(client.finished(500)) < _GENEROUS
    assert ward.children_of(one) == [child]
    assert make().recover() == ()


def test_a_killed_switch_is_started_again(ward: Ward, make: Callable[..., SmbHold]) -> None:
    one = ward.machine()
    client = ward.start(one, "files")
    hold = make()
    [child] = ward.children_of(one)
    [switch] = hold.own_pids
    os.kill(switch, signal.SIGKILL)
    wait_for(lambda: hold.own_pids == frozenset())

    assert isinstance(hold.hold("h", child, one.address), Held)

    assert hold.own_pids
    assert hold.own_pids != {switch}
    hold.release("h")
    slowest(client.finished(300))


def test_without_a_switch_nothing_is_stopped_but_a_confirm_ends_it(
    ward: Ward, make: Callable[..., SmbHold], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = ward.machine()
    ward.start(one, "files")
    hold = make()
    [child] = ward.children_of(one)
    began = start_of(child)
    monkeypatch.setattr(hold._deadman, "stopping", lambda who: False)

    held = hold.hold("h", child, one.address)

    assert isinstance(held, Held)
    assert state_of(child) != "T"
    assert "dead man's switch" in held.skipped[0].reason
    assert one.address in listed()
    hold.confirm("h")
    assert ends(child, began)


def test_a_confirmed_block_is_made_again_by_the_next_agent(ward: Ward, make: Callable[..., SmbHold]) -> None:
    one = ward.machine()
    ward.start(one, "attacked")
    first = make()
    [child] = ward.children_of(one)
    assert isinstance(first.hold("h", child, one.address), Held)
    assert isinstance(first.confirm("h"), Confirmed)
    Blocks(NeverCut(ContainSettings())).remove([one.address])  # as a reload of the firewall would
    assert one.address not in listed()

    [held] = make().recover()

    assert held.stage is Stage.CONFIRMED
    assert one.address in listed()


def test_a_transaction_that_fails_says_why() -> None:
    absent = {"delete": {"table": {"family": "inet", "name": "garde-absent"}}}
    with pytest.raises(OSError, match="No such file"):
        run_nft(["-j", "-f", "-"], json.dumps({"nftables": [absent]}))


def test_a_block_that_someone_removed_is_seen_and_made_again(ward: Ward, make: Callable[..., SmbHold]) -> None:
    one = ward.machine()
    ward.start(one, "attacked")
    hold = make()
    [child] = ward.children_of(one)
    assert isinstance(hold.hold("h", child, one.address), Held)
    Blocks(NeverCut(ContainSettings())).remove([one.address])

    assert isinstance(hold.settle("h"), Held)

    assert one.address in listed()
    assert isinstance(hold.confirm("h"), Confirmed)
