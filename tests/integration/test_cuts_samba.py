"""The cuts of Samba's service on a real smbd: sessions ended, accounts shut, shares read-only, open ones included."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.netns import Machine, own_network

from garde.contain.actions import proc, smbconf, smbd
from garde.contain.actions.account import AccountCut, flags_of
from garde.contain.actions.cut import Applied, CutRefused, Plan, Undone, Why
from garde.contain.actions.kick import KickCut
from garde.contain.actions.nft import NeverCut
from garde.contain.actions.read_only import ReadOnlyCut
from garde.contain.actions.smbconf import Wanted
from garde.lab import samba as lab_samba
from garde.lab.attackers import smb_client
from garde.lab.samba import SambaServer
from garde.model.order import Order, Verb
from garde.settings import ContainSettings

_TOOLS = ("smbclient", "smbcontrol", "smbstatus", "testparm", "pdbedit")
_LACKING = [tool for tool in _TOOLS if shutil.which(tool) is None]
_WHY_NOT = lab_samba.missing() or smb_client.missing() or (f"not installed: {', '.join(_LACKING)}" if _LACKING else "")
pytestmark = [pytest.mark.root, pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)]

NEVER = NeverCut(ContainSettings())
_HOSTS = iter(range(20, 250))  # the kernel takes its time to remove the wire of a machine that is gone


class Client:
    """A machine of its own, and perhaps one session with one file held open, as an attacker in the middle of it."""

    def __init__(self, ward: Ward, login: str) -> None:
        self.machine, self.address = ward.machine()
        self._address = ward.server.address
        self._login = login
        self._process: subprocess.Popen[bytes] | None = None
        ward.stack.callback(self.close)

    def close(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process = None

    def open(self) -> Client:
        words = [sys.executable, "-c", _HOLDER, self._address, self._login, f"{self._login}.txt"]
        self._process = self.machine.popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.writes()
        return self

    def writes(self) -> bool:
        """Whether one more write to the open file is taken."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return self._process.stdout.readline() == b"True\n"

    def anew(self, command: str) -> str:
        """What a new session says."""
        words = ["smbclient", f"//{self._address}/share", "-U", f"{self._login}%{self._login}-pass", "-c", command]
        return self.machine.run(words).stdout


_HOLDER = """
import sys
from garde.lab.attackers.smb_client import SmbShare
address, login, name = sys.argv[1:]
share = SmbShare(address, "share", login, f"{login}-pass")
file = share.open(name, "w")
for line in sys.stdin:
    try:
        print(file.write(b"x") == 1, flush=True)
    except OSError:
        print(False, flush=True)
"""


class Ward:
    """A server, and client machines on its bridge."""

    def __init__(self, server: SambaServer, stack: ExitStack) -> None:
        self.server = server
        self.stack = stack

    def machine(self) -> tuple[Machine, str]:
        host = next(_HOSTS)
        address = f"198.18.{self.server.number}.{host}"
        machine = Machine(self.stack)
        machine.wire(f"m{host}", theirs=(f"{address}/24",), master=self.server.bridge)
        return machine, address


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SambaServer]:
    share = tmp_path_factory.mktemp("served") / "share"
    share.mkdir()
    with own_network(), SambaServer(share) as server:
        yield server


@pytest.fixture
def ward(server: SambaServer) -> Iterator[Ward]:
    before = server.config.read_bytes()
    with ExitStack() as stack:
        yield Ward(server, stack)
    after = server.config.read_bytes()
    server.config.write_bytes(before)
    assert after == before  # every test leaves the administrator's file as it was
    for path in server.share.iterdir():
        path.unlink()


def order(verb: Verb, cut: str = "c1", **what: tuple[str, ...]) -> Order:
    return Order(command=f"do-{cut}", cut=cut, verb=verb, **what)  # type: ignore[arg-type]


def test_only_the_smbd_of_our_own_network_is_ours(ward: Ward) -> None:
    assert [(it.pid, it.config) for it in smbd.running()] == [(ward.server.pid, str(ward.server.config))]
    with own_network():
        assert smbd.running() == ()
        said = KickCut(ward.server.base, NEVER, ()).apply(order(Verb.KICK, users=("games",)))
        assert isinstance(said, CutRefused)
        assert said.code is Why.UNAVAILABLE


@pytest.mark.parametrize("by", ["addresses", "users"])
def test_a_kick_ends_one_clients_sessions_and_no_other(ward: Ward, tmp_path: Path, by: str) -> None:
    nurse, doctor = Client(ward, "nurse").open(), Client(ward, "doctor").open()
    kick = KickCut(tmp_path, NEVER, ())
    whom = (nurse.address,) if by == "addresses" else (ward.server.user("nurse").account.upper(),)
    asked = order(Verb.KICK, **{by: whom})
    assert not kick.prove(asked).proven
    plan = kick.plan(asked)
    assert isinstance(plan, Plan)
    assert len(plan.changes) == 1
    said = kick.apply(asked)
    assert isinstance(said, Applied)
    assert said.detail == "1 session ended"
    assert not nurse.writes()
    assert doctor.writes()
    proof = kick.prove(asked)
    assert proof.proven, proof
    assert proof.detail == "none has come back"
    assert "nurse.txt" in nurse.anew("ls")  # a kick alone keeps nobody out
    assert isinstance(kick.apply(asked), Applied)
    assert kick.undo("c1") == Undone("c1", (Verb.KICK,), kick_words)
    assert kick.undo("c1") == Undone("c1", (), "there is nothing left to undo")


kick_words = "a session that was ended needs no undo: the client comes back by itself"


def test_a_kick_ends_a_session_that_is_stopped(ward: Ward, tmp_path: Path) -> None:
    nurse = Client(ward, "nurse").open()
    [child] = {who.pid for who in smbd.children_serving(smbd.running()[0], [nurse.address], (), smbd.run_tool)}
    os.kill(child, signal.SIGSTOP)
    asked = order(Verb.KICK, addresses=(nurse.address,))
    kick = KickCut(tmp_path, NEVER, ())
    assert isinstance(kick.apply(asked), Applied)
    assert kick.prove(asked).proven


def test_a_kick_spares_whom_it_must_and_says_so(ward: Ward, tmp_path: Path) -> None:
    nurse = Client(ward, "nurse").open()
    never = NeverCut(ContainSettings(never_cut=(nurse.address,)))
    said = KickCut(tmp_path, never, ()).apply(order(Verb.KICK, addresses=(nurse.address,)))
    assert isinstance(said, CutRefused)
    assert said.code is Why.NEVER_CUT
    mixed = order(Verb.KICK, addresses=(nurse.address, "198.18.255.9"))
    kick = KickCut(tmp_path, never, ())
    assert isinstance(kick.apply(mixed), Applied)
    assert not kick.prove(mixed).proven
    assert nurse.writes()


def test_an_account_is_shut_for_new_sessions_and_open_ones_and_opened_again(ward: Ward, tmp_path: Path) -> None:
    nurse, doctor = Client(ward, "nurse").open(), Client(ward, "doctor").open()
    name = ward.server.user("nurse").account
    account = AccountCut(tmp_path, NEVER, ())
    asked = order(Verb.ACCOUNT, users=(name,))
    assert isinstance(account.plan(asked), Plan)
    assert nurse.writes()
    assert isinstance(account.apply(asked), Applied)
    assert not nurse.writes()
    assert "NT_STATUS_ACCOUNT_DISABLED" in nurse.anew("ls")
    assert doctor.writes()
    assert "doctor.txt" in doctor.anew("ls")
    assert account.prove(asked).proven
    later = AccountCut(tmp_path, NEVER, ())  # another process: the record is all it has
    assert later.active() == ("c1",)
    assert isinstance(later.undo("c1"), Undone)
    assert "nurse.txt" in nurse.anew("ls")
    assert not account.prove(asked).proven


def test_two_cuts_shut_one_account_and_the_second_undo_opens_it(ward: Ward, tmp_path: Path) -> None:
    config, name = str(ward.server.config), ward.server.user("nurse").account
    account = AccountCut(tmp_path, NEVER, ())
    for cut in ("a", "b"):
        assert isinstance(account.apply(order(Verb.ACCOUNT, cut, users=(name,))), Applied)
    first = account.undo("a")
    assert isinstance(first, Undone)
    assert [skipped.reason for skipped in first.skipped] == ["another cut keeps it shut"]
    assert account.prove(order(Verb.ACCOUNT, "b", users=(name,))).proven
    assert isinstance(account.undo("b"), Undone)
    assert flags_of(config, name, smbd.run_tool) == "U"


def test_an_account_that_was_disabled_before_stays_so(ward: Ward, tmp_path: Path) -> None:
    config, name = str(ward.server.config), ward.server.user("doctor").account
    smbd.run_tool(["smbpasswd", "-c", config, "-d", name])
    account = AccountCut(tmp_path, NEVER, ())
    said = account.apply(order(Verb.ACCOUNT, users=(name,)))
    assert isinstance(said, Applied)
    assert len(said.skipped) == 1
    assert account.prove(order(Verb.ACCOUNT, users=(name,))).proven
    assert isinstance(account.undo("c1"), Undone)
    assert flags_of(config, name, smbd.run_tool) == "DU"
    smbd.run_tool(["smbpasswd", "-c", config, "-e", name])


def test_nobody_is_shut_where_nobody_is_known(ward: Ward, tmp_path: Path) -> None:
    account = AccountCut(tmp_path, NEVER, ())
    said = account.apply(order(Verb.ACCOUNT, users=("stranger",)))
    assert isinstance(said, CutRefused)
    assert said.code is Why.UNAVAILABLE
    assert account.active() == ()


def test_shares_become_read_only_for_open_sessions_and_writable_again(ward: Ward, tmp_path: Path) -> None:
    nurse = Client(ward, "nurse").open()
    assert nurse.writes()
    read_only = ReadOnlyCut(tmp_path, NEVER, ())
    asked = order(Verb.READ_ONLY)
    assert isinstance(read_only.plan(asked), Plan)
    assert not read_only.prove(asked).proven
    assert isinstance(read_only.apply(asked), Applied)
    assert not nurse.writes()
    assert "NT_STATUS_ACCESS_DENIED" in nurse.anew("put /etc/hostname new.txt")
    assert "nurse.txt" in nurse.anew("ls")
    assert {path.name for path in ward.server.share.iterdir()} == {"nurse.txt"}
    (ward.server.share / "restored.txt").write_text("Garde's own restoring goes on")
    proof = read_only.prove(asked)
    assert proof.proven, proof
    assert isinstance(read_only.apply(asked), Applied)
    assert isinstance(read_only.undo("c1"), Undone)
    assert "NT_STATUS" not in nurse.anew("put /etc/hostname after.txt")


def test_read_only_gets_hold_of_a_session_that_does_not_listen(ward: Ward, tmp_path: Path) -> None:
    nurse = Client(ward, "nurse").open()
    [child] = {who.pid for who in smbd.children_serving(smbd.running()[0], [nurse.address], (), smbd.run_tool)}
    os.kill(child, signal.SIGSTOP)
    read_only = ReadOnlyCut(tmp_path, NEVER, ())
    assert isinstance(read_only.apply(order(Verb.READ_ONLY)), Applied)
    assert proc.identity_of(child) is None
    assert isinstance(read_only.undo("c1"), Undone)


def test_read_only_of_two_cuts_and_the_administrators_edit_between(ward: Ward, tmp_path: Path) -> None:
    config = ward.server.config
    original = config.read_text()
    read_only = ReadOnlyCut(tmp_path, NEVER, ())
    for cut in ("a", "b"):
        assert isinstance(read_only.apply(order(Verb.READ_ONLY, cut)), Applied)
    config.write_text(config.read_text().replace("[share]", "[share]\n    comment = edited", 1))
    assert isinstance(read_only.undo("a"), Undone)
    assert read_only.prove(order(Verb.READ_ONLY, "b")).proven
    assert isinstance(read_only.undo("b"), Undone)
    assert config.read_text() == original.replace("[share]", "[share]\n    comment = edited", 1)
    config.write_text(original)


def test_a_paragraph_overwritten_by_a_tool_is_put_back_at_the_next_start(ward: Ward, tmp_path: Path) -> None:
    original = ward.server.config.read_text()
    read_only = ReadOnlyCut(tmp_path, NEVER, ())
    read_only.apply(order(Verb.READ_ONLY))
    ward.server.config.write_text(original)
    assert not read_only.prove(order(Verb.READ_ONLY)).proven
    assert ReadOnlyCut(tmp_path, NEVER, ()).recover() == ()
    assert read_only.prove(order(Verb.READ_ONLY)).proven
    assert isinstance(read_only.undo("c1"), Undone)


def test_a_share_that_lets_some_write_anyway_lets_nobody(ward: Ward, tmp_path: Path) -> None:
    original = ward.server.config.read_text()
    name = ward.server.user("nurse").account
    options = f"write list = {name}\n    invalid users = proxy, backup"
    ward.server.config.write_text(original.replace("read only = no", f"read only = yes\n    {options}"))
    smbd.control(str(ward.server.config), smbd.run_tool, "reload-config")
    smbd.control(str(ward.server.config), smbd.run_tool, "ping")
    nurse = Client(ward, "nurse")
    assert "NT_STATUS" not in nurse.anew("put /etc/hostname listed.txt")
    read_only = ReadOnlyCut(tmp_path, NEVER, ())
    read_only.apply(order(Verb.READ_ONLY))
    assert "NT_STATUS_ACCESS_DENIED" in nurse.anew("put /etc/hostname new.txt")
    assert smbconf.effective(str(ward.server.config), smbd.run_tool)["share"]["invalid users"] == "proxy backup"
    assert isinstance(read_only.undo("c1"), Undone)
    ward.server.config.write_text(original)


def test_a_user_whose_account_is_elsewhere_is_barred_from_every_share(ward: Ward, tmp_path: Path) -> None:
    """A member server's users are in the domain: what a lab without one can show is the bar itself."""
    config, name = str(ward.server.config), ward.server.user("nurse").account
    nurse, doctor = Client(ward, "nurse"), Client(ward, "doctor")
    wanted = Wanted(barred=(name, "CLINIC\\anna maria"))
    assert smbconf.change(config, wanted, smbd.run_tool)
    smbd.control(config, smbd.run_tool, "ping")
    assert smbconf.holds(config, wanted, smbd.run_tool)
    assert "NT_STATUS_ACCESS_DENIED" in nurse.anew("ls")
    assert "NT_STATUS" not in doctor.anew("ls")
    assert not smbconf.change(config, wanted, smbd.run_tool)
    assert smbconf.change(config, Wanted(), smbd.run_tool)
    assert "NT_STATUS" not in nurse.anew("ls")


def test_an_undo_needs_no_smbd(ward: Ward, tmp_path: Path) -> None:
    """The release code is typed on a server whose smbd was stopped by hand."""
    config, name = str(ward.server.config), ward.server.user("nurse").account
    account, read_only = AccountCut(tmp_path, NEVER, ()), ReadOnlyCut(tmp_path, NEVER, ())
    account.apply(order(Verb.ACCOUNT, users=(name,)))
    read_only.apply(order(Verb.READ_ONLY))
    with own_network():
        nobody = {"find": tuple}
        assert isinstance(AccountCut(tmp_path, NEVER, (), **nobody).undo("c1"), Undone)
        assert isinstance(ReadOnlyCut(tmp_path, NEVER, (), **nobody).undo("c1"), Undone)
    assert flags_of(config, name, smbd.run_tool) == "U"
