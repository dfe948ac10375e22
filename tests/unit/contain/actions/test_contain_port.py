"""A switch port's cut against a switch in memory: killed between steps, answers lost, secrets kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.contain.actions.cut import Applied, CutRefused, Undone, Why
from garde.contain.actions.nft import NeverCut
from garde.contain.actions.port import PortCut, PortOrder
from garde.contain.actions.snmp import DOWN, UP, Login, load_logins, parse_place
from garde.errors import SettingsError
from garde.settings import ContainSettings

ORDER = PortOrder("c1", "ws-17", "sw-1", "10.0.0.254", "Gi1/0/3", ("10.0.0.5",))
NEVER = NeverCut(ContainSettings(never_cut=("10.0.7.0/24",)), lambda: frozenset({"10.0.0.9"}))
SECRETS = '[default]\nuser = "garde"\nauth = "auth-secret-1"\npriv = "priv-secret-1"\n'


class KilledError(BaseException):
    """As SIGKILL."""


@dataclass
class FakeSwitch:
    """Two ports, and what happens at the next change of one."""

    names: dict[int, str] = field(default_factory=lambda: {3: "Gi1/0/3", 4: "Gi1/0/4"})
    status: dict[int, int] = field(default_factory=lambda: {3: UP, 4: UP})
    closed: int = 0
    asked: int = 0
    before_set: Callable[[], None] = lambda: None
    after_set: Callable[[], None] = lambda: None

    def ports(self) -> dict[int, str]:
        return self.names

    def admin(self, port: int) -> int:
        return self.status[port]

    def set_admin(self, port: int, status: int) -> None:
        self.before_set()
        self.status[port] = status
        self.after_set()

    def octets(self) -> dict[int, int]:
        self.asked += 1
        return {1: self.asked, **dict.fromkeys(self.status, 0)}  # only the hub's own questions come in

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def switch() -> FakeSwitch:
    return FakeSwitch()


@pytest.fixture
def cut(tmp_path: Path, switch: FakeSwitch) -> PortCut:
    path = tmp_path / "snmp.toml"
    path.write_text(SECRETS)
    path.chmod(0o600)
    return PortCut(tmp_path, NEVER, open_switch=lambda _place, _login: switch, spare=tmp_path / "spare")


def _kill() -> None:
    raise KilledError


def _lose() -> None:
    raise OSError("SNMP: no answer")


@pytest.mark.parametrize("when", ["before_set", "after_set"])
def test_killed_around_the_change_it_is_undone_by_the_next(cut: PortCut, switch: FakeSwitch, when: str) -> None:
    setattr(switch, when, _kill)
    with pytest.raises(KilledError):
        cut.apply(ORDER)
    setattr(switch, when, lambda: None)
    assert cut.active() == ("c1",)
    assert cut.recover() == ()
    assert switch.status[3] == DOWN
    assert isinstance(cut.undo("c1"), Undone)
    assert switch.status == {3: UP, 4: UP}


def test_a_change_whose_answer_was_lost_keeps_its_record(cut: PortCut, switch: FakeSwitch) -> None:
    switch.after_set = _lose
    assert isinstance(cut.apply(ORDER), CutRefused)
    assert switch.status[3] == DOWN
    switch.after_set = lambda: None
    assert cut.active() == ("c1",)
    assert isinstance(cut.undo("c1"), Undone)
    assert switch.status[3] == UP


def test_a_change_that_was_refused_leaves_nothing(cut: PortCut, switch: FakeSwitch) -> None:
    switch.before_set = _lose
    assert isinstance(cut.apply(ORDER), CutRefused)
    assert cut.active() == ()
    assert switch.closed == 1


def test_a_switch_that_counts_its_ports_anew_is_asked_by_name(cut: PortCut, switch: FakeSwitch) -> None:
    assert isinstance(cut.apply(ORDER), Applied)
    switch.names, switch.status = {4: "Gi1/0/3", 5: "Gi1/0/4"}, {4: DOWN, 5: DOWN}
    assert isinstance(cut.undo("c1"), Undone)
    assert switch.status == {4: UP, 5: DOWN}


def test_a_name_that_two_ports_have_is_no_port(cut: PortCut, switch: FakeSwitch) -> None:
    switch.names[4] = "Gi1/0/3"
    said = cut.apply(ORDER)
    assert isinstance(said, CutRefused)
    assert said.reason == "sw-1 has 2 ports named 'Gi1/0/3'"
    assert switch.status == {3: UP, 4: UP}


def test_one_cut_is_of_one_port(cut: PortCut, switch: FakeSwitch) -> None:
    cut.apply(ORDER)
    said = cut.apply(replace(ORDER, port="Gi1/0/4"))
    assert isinstance(said, CutRefused)
    assert said.code is Why.ARGUMENTS
    assert switch.status[4] == UP


def test_a_spoiled_record_is_told_and_opens_nothing(cut: PortCut, switch: FakeSwitch, tmp_path: Path) -> None:
    cut.apply(ORDER)
    (tmp_path / "cuts" / "c1.port.json").write_bytes(b"{")
    for said in (cut.apply(ORDER), cut.undo("c1"), *cut.recover()):
        assert isinstance(said, CutRefused)
        assert said.code is Why.FAILED
    assert not cut.prove(ORDER).proven
    assert switch.status[3] == DOWN


@pytest.mark.parametrize("address", ["10.0.7.7", "10.0.0.9", "127.0.0.1"])
def test_behind_the_port_is_somebody_who_is_never_cut_off(cut: PortCut, switch: FakeSwitch, address: str) -> None:
    said = cut.apply(replace(ORDER, addresses=("10.0.0.5", address)))
    assert isinstance(said, CutRefused)
    assert said.code is Why.NEVER_CUT
    assert switch.status[3] == UP


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("10.0.0.254", ("10.0.0.254", 161)),
        ("10.0.0.254:1161", ("10.0.0.254", 1161)),
        ("fd00::1", ("fd00::1", 161)),
        ("[fd00::1]:1161", ("fd00::1", 1161)),
    ],
)
def test_where_a_switch_is(text: str, place: tuple[str, int]) -> None:
    assert parse_place(text) == place


@given(st.text(max_size=30))
def test_any_text_is_a_place_or_an_error(text: str) -> None:
    try:
        host, port = parse_place(text)
    except ValueError:
        return
    assert host
    assert 0 < port < 65536


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (SECRETS.replace("auth-secret-1", "short"), "8 characters"),
        (SECRETS + 'auth_protocol = "MD5"\n', "unknown protocol"),
        (SECRETS + 'priv_protocol = "DES"\n', "unknown protocol"),
        (SECRETS + "password = 1\n", "unknown field"),
        (SECRETS + "auth-secret-1 = \n", "it is no TOML"),
        ("user = 1", "unknown field"),
    ],
)
def test_a_secrets_file_that_is_wrong_is_told_without_its_secrets(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "snmp.toml"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SettingsError, match=complaint) as told:
        load_logins(path)
    assert "secret-1" not in str(told.value)


def test_a_login_shows_no_secret_and_a_switch_may_have_its_own(tmp_path: Path) -> None:
    path = tmp_path / "snmp.toml"
    path.write_text(SECRETS + SECRETS.replace("[default]", "[switch.sw-2]").replace('"garde"', '"other"'))
    path.chmod(0o600)
    logins = load_logins(path)
    first, second = logins.of("sw-1"), logins.of("sw-2")
    assert isinstance(first, Login)
    assert isinstance(second, Login)
    assert (first.user, second.user) == ("garde", "other")
    assert "secret" not in repr(first)
    path.unlink()
    with pytest.raises(SettingsError, match="No such file"):
        load_logins(path)
