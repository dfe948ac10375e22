"""The errands about machines: tests for each rule of `garde.agent.errands.gate`, on a root directory of their own."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from tests.support.errand_house import House

from garde.agent.errands import gate
from garde.agent.errands.base import ErrandRefused, Job
from garde.agent.errands.wire import Facts
from garde.journal.recovery_kinds import BaselineTaken, MachineLooked, MachineSwept
from garde.model.order import Order, Verb
from garde.recovery.checks.config import BASELINE


class Machine(House):
    """A root directory with a few things in it, and an agent's state directory beside."""

    def __init__(self, top: Path, *, quiet: bool = True) -> None:
        (top / "state").mkdir()
        super().__init__(top / "state")
        self.root = top / "root"
        for name in ("etc/cron.d", "usr/bin", "etc/systemd/system"):
            (self.root / name).mkdir(parents=True)
        (self.root / "usr/bin/login").write_bytes(b"\x7fELF sound")
        (self.root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
        (self.state / "gate.toml").write_text(f'root = "{self.root}"\n')
        self.baselines = gate.Baselines(self.state, self.clock, self.reports(), lambda: quiet)

    def take(self) -> BaselineTaken:
        (said,) = self.baselines.errand(Job(Order("c1", "", Verb.BASELINE)))
        assert isinstance(said, BaselineTaken)
        return said

    def sweep(self, believed: str) -> MachineSwept:
        known = gate.Known(Facts("enforce", "enforce", ()), 0.5)
        job = Job(Order("c2", "", Verb.SWEEP, baseline=believed))
        (said,) = gate.sweep(job, self.state, self.clock, known)
        assert isinstance(said, MachineSwept)
        return said


def order(*addresses: str, ports: tuple[int, ...]) -> Job:
    return Job(Order("c1", "", Verb.LOOK, addresses, ports=ports, about="files-2"))


def test_it_says_which_ports_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ports = (server.getsockname()[1], closed.getsockname()[1])
        (said,) = gate.look(order("127.0.0.1", ports=ports))
    assert isinstance(said, MachineLooked)
    assert (said.command, said.machine, said.answering, said.tried) == ("c1", "files-2", ports[:1], 2)
    assert said.detail == f"refused: {ports[1]}"


@pytest.mark.parametrize(
    ("addresses", "ports"), [((), (22,)), (("127.0.0.1",), ()), (("files-2.lan",), (22,)), (("127.0.0.1",), (0,))]
)
def test_names_and_what_is_missing_are_refused(addresses: tuple[str, ...], ports: tuple[int, ...]) -> None:
    with pytest.raises(ErrandRefused, match="MALFORMED"):
        list(gate.look(order(*addresses, ports=ports)))


def test_a_sweep_compares_with_the_baseline_that_the_hub_believes_and_with_no_other(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    taken = machine.take()
    assert (taken.command, len(taken.sha256)) == ("c1", 64) and taken.items >= 2
    (machine.root / "etc/cron.d/x").write_text("* * * * * root /tmp/x\n")
    swept = machine.sweep(taken.sha256)
    (rebuilt,) = [each for each in swept.answers if each.item == "rebuilt"]
    assert (swept.command, swept.baseline, rebuilt.answer) == ("c2", taken.sha256, "no")
    assert any("cron.d/x" in line.shown() for line in rebuilt.found)
    machine.take()  # whoever has root writes down what he has made of it …
    swept = machine.sweep(taken.sha256)
    (rebuilt,) = [each for each in swept.answers if each.item == "rebuilt"]
    assert swept.baseline == "" and rebuilt.answer != "yes"
    assert any("replaced or changed" in line.shown() for line in rebuilt.found)  # … and the hub does not believe it


def test_a_baseline_taken_by_hand_is_told_once(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.take()
    machine.baselines.look()
    assert machine.told == []  # an errand tells of its own
    (machine.root / "usr/bin/login").write_bytes(b"\x7fELF newer")
    gate.Baselines(machine.state, machine.clock, lambda payload: None, lambda: True)._take()
    (machine.state / gate.SAID_FILE).write_text("another")  # by hand nothing is noted
    for baselines in (machine.baselines, gate.Baselines(machine.state, machine.clock, machine.reports(), lambda: True)):
        baselines.look()
        baselines.look()
    assert [each["command"] for each in machine.of("baseline_taken")] == [""]
    (machine.state / BASELINE).write_bytes(b"garbage")
    machine.baselines.look()
    assert machine.kinds() == ["baseline_taken"]


def test_where_there_is_none_one_is_taken_at_a_quiet_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, 0.0))
    machine = Machine(tmp_path)
    machine.baselines.look()
    assert not (machine.state / BASELINE).exists()
    machine.clock.advance(gate.QUIET_AFTER)
    machine.baselines.look()
    deadline = time.monotonic() + 10
    while not machine.told:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert [each["command"] for each in machine.of("baseline_taken")] == [""]
    machine.clock.advance(gate.QUIET_AFTER)
    machine.baselines.look()
    assert len(machine.told) == 1


@pytest.mark.parametrize(("load", "quiet"), [(50.0, True), (0.0, False)])
def test_none_is_taken_while_it_works_or_after_somebody_was_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: float, quiet: bool
) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (load, load, load))
    machine = Machine(tmp_path, quiet=quiet)
    machine.clock.advance(2 * gate.QUIET_AFTER)
    machine.baselines.look()
    time.sleep(0.05)
    assert not (machine.state / BASELINE).exists()
