"""Switch ports as the hub shuts them: a switch in memory, the real records, the real loop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from garde.clock import VirtualClock
from garde.contain.actions import frames
from garde.contain.actions.snmp import DOWN, UP
from garde.estate.nouns import Estate, Machine, Never
from garde.hub.keeping import estate_loaded
from garde.hub.loop import Loop
from garde.hub.ports import Ports, record_id
from garde.journal import SqliteStore
from garde.journal.hub_kinds import PortAsked
from garde.journal.payload import Payload

LOGIN = """[default]
user = "garde"
auth = "a long pass phrase"
priv = "another pass phrase"
"""
ESTATE = Estate(
    name="Clinique",
    machines=(
        Machine("hub", "Hub", "hub", ("192.0.2.5",), switch="sw-1", port="lan5"),
        Machine("ws-8", "Workstation", "workstation", (), switch="sw-1", port="lan8"),
        Machine("ws-9", "Workstation", "workstation", (), switch="sw-1", port="lan9"),
        Machine("pump", "Pump", "other", (), switch="sw-1", port="lan7"),
        Machine("sw-1", "Switch", "switch", ("192.0.2.2",), snmp="192.0.2.2:161"),
        Machine("sw-2", "Switch", "switch", ("192.0.2.3",)),
    ),
    never_cut=(Never("pump", "a patient hangs on it"),),
)


@dataclass
class FakeSwitch:
    """Four ports; `fail` makes every call fail."""

    status: dict[int, int] = field(default_factory=lambda: dict.fromkeys((5, 7, 8, 9), UP))
    sets: list[tuple[int, int]] = field(default_factory=list)
    fail: bool = False
    asked: int = 0

    def ports(self) -> dict[int, str]:
        if self.fail:
            raise OSError("SNMP: no answer")
        return {number: f"lan{number}" for number in self.status}

    def admin(self, port: int) -> int:
        return self.status[port]

    def set_admin(self, port: int, status: int) -> None:
        self.sets.append((port, status))
        self.status[port] = status

    def octets(self) -> dict[int, int]:
        self.asked += 1
        return {1: self.asked, **dict.fromkeys(self.status, 0)}  # only the hub's own questions come in

    def close(self) -> None:
        pass


class Desk:
    """A loop with the performer; `ask` waits until its threads are done."""

    def __init__(self, journal: SqliteStore, clock: VirtualClock, state: Path, switch: FakeSwitch) -> None:
        self.journal, self.clock, self.state, self.switch = journal, clock, state, switch
        self.loop, self.ports = self.begin()

    def begin(self) -> tuple[Loop, Ports]:
        loop = Loop(
            self.journal,
            [],
            [ports := Ports(self.state, lambda: loop.estate, lambda place, login: self.switch)],
            self.clock,
        )
        loop.start()
        if not loop.seq:
            loop.append([estate_loaded(ESTATE, Path("hospital.yaml"))])
        return loop, ports

    def ask(self, machine: str, port: str, *, up: bool = False, cut: str = "c1", switch: str = "sw-1") -> list[Payload]:
        before = self.loop.seq
        command = f"{self.loop.seq:032d}"
        self.loop.append(
            [PortAsked(command=command, cause=1, cut=cut, machine=machine, switch=switch, port=port, up=up)]
        )
        self.settle()
        return [entry.payload for entry in self.journal.entries(after=before + 1)]

    def settle(self) -> None:
        self.ports._threads.shutdown(wait=True)
        self.ports._threads = type(self.ports._threads)(4)
        self.loop.tick()


@pytest.fixture
def desk(journal: SqliteStore, clock: VirtualClock, tmp_path: Path) -> Iterator[Desk]:
    secrets = tmp_path / "snmp.toml"
    secrets.write_text(LOGIN)
    secrets.chmod(0o600)
    made = Desk(journal, clock, tmp_path, FakeSwitch())
    yield made
    made.loop.close()


def names(payloads: list[Payload]) -> list[str]:
    return [type(payload).__name__ for payload in payloads]


def test_a_port_is_shut_proven_and_opened_again(desk: Desk) -> None:
    done, tried = desk.ask("ws-9", "lan9")
    assert names([done, tried]) == ["CommandDone", "CutTried"]
    assert tried.proven and tried.cut == "c1" and tried.command == done.command  # type: ignore[attr-defined]
    assert desk.switch.status[9] == DOWN and desk.switch.status[8] == UP
    (undone,) = desk.ask("ws-9", "lan9", up=True)
    assert names([undone]) == ["CutUndone"] and desk.switch.status[9] == UP
    assert desk.loop.open_commands() == 0


def test_two_machines_of_one_cut_are_opened_each_by_itself(desk: Desk) -> None:
    desk.ask("ws-8", "lan8")
    desk.ask("ws-9", "lan9")
    desk.ask("ws-9", "lan9", up=True)
    assert (desk.switch.status[8], desk.switch.status[9]) == (DOWN, UP)


@pytest.mark.parametrize(("machine", "port", "why"), [("hub", "lan5", "hub"), ("pump", "lan7", "patient")])
def test_the_never_cut_list_is_looked_at_once_more(desk: Desk, machine: str, port: str, why: str) -> None:
    (failed,) = desk.ask(machine, port)
    assert names([failed]) == ["CommandFailed"] and why in failed.reason  # type: ignore[attr-defined]
    assert desk.switch.sets == []


def test_what_cannot_be_done_fails_with_its_reason(desk: Desk) -> None:
    assert "how the switch 'sw-2'" in desk.ask("ws-9", "lan9", switch="sw-2")[0].reason  # type: ignore[attr-defined]
    assert "no ports named" in desk.ask("ws-9", "lan99")[0].reason  # type: ignore[attr-defined]
    desk.switch.fail = True
    assert "no answer" in desk.ask("ws-9", "lan9")[0].reason  # type: ignore[attr-defined]
    (desk.state / "snmp.toml").unlink()
    assert "snmp.toml" in desk.ask("ws-9", "lan9")[0].reason  # type: ignore[attr-defined]
    assert desk.switch.sets == []


def test_a_port_whose_machine_still_speaks_is_not_proven(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "LONGEST_S", 1.2)
    ticks = iter(range(1000))
    desk.switch.octets = lambda: {9: next(ticks)}  # type: ignore[method-assign]
    _, tried = desk.ask("ws-9", "lan9")
    assert names([tried]) == ["CutTried"] and not tried.proven  # type: ignore[attr-defined]


def test_killed_in_the_middle_it_is_shut_once_and_still_undone(desk: Desk) -> None:
    desk.ask("ws-9", "lan9")
    asked = next(desk.journal.entries(kinds=("port_asked",))).payload
    desk.ports._perform(asked)  # type: ignore[arg-type]  # begun again at the next start
    desk.ask("ws-9", "lan9", up=True)
    assert desk.switch.status[9] == UP


def test_what_a_switchs_restart_opened_is_shut_again_when_the_hub_starts(desk: Desk) -> None:
    desk.ask("ws-9", "lan9")
    desk.switch.status[9] = UP
    desk.loop.close()
    desk.loop, desk.ports = desk.begin()
    desk.settle()
    assert desk.switch.status[9] == DOWN
    desk.switch.status[9], desk.switch.fail = UP, True
    desk.loop.close()
    desk.loop, desk.ports = desk.begin()
    desk.settle()
    (said,) = [entry.payload for entry in desk.journal.entries(kinds=("error_seen",))]
    assert b"may be open again" in said.message.value  # type: ignore[attr-defined]


def test_a_record_is_named_for_its_cut_and_its_port() -> None:
    asked = PortAsked(cut="c" * 64, machine="a", switch="sw/1", port="Gi 1/0/9", up=False)
    other = PortAsked(cut="c" * 64, machine="a", switch="sw/1", port="Gi 1/0/8", up=False)
    assert len(record_id(asked)) <= 64 and record_id(asked) != record_id(other)
