"""Who stands behind a pid: told from a made-up fork tree and a made-up Samba."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from garde.model.actor import Actor, ActorKind, Process, SmbClient
from garde.model.finding import Skipped
from garde.watch import actors as module
from garde.watch.actors import Actors, Samba
from garde.watch.sensors.samba import Sessions

INIT = Process(1, 1, 0, 1, 0, "systemd", "/usr/lib/systemd/systemd", "/init.scope")
SHELL = Process(50, 9, 1, 50, 1000, "bash", "/usr/bin/bash", "/user.slice")
GONE = Process(51, 0, 50, 50, 1000, "", "", "/user.slice")
LISTENER = Process(60, 9, 1, 60, 0, "smbd", "/usr/sbin/smbd", "/system.slice/smbd.service")
CHILD = Process(61, 9, 60, 60, 0, "smbd[10.0.0.9]", "/usr/sbin/smbd", "/system.slice/smbd.service")
KSMBD = Process(70, 9, 2, 0, 0, "ksmbd:445", "", "/")


@dataclass
class Forest:
    """A fork tree that is a dictionary."""

    known: dict[int, Process] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    asked: int = 0

    def process(self, pid: int) -> Process | None:
        self.asked += 1
        return self.known.get(pid)

    def born(self, pid: int) -> int:
        return self.numbers.get(pid, pid if pid in self.known else 0)

    def ancestors(self, pid: int) -> list[int]:
        found: list[int] = []
        here = self.known.get(pid)
        while here is not None and here.ppid:
            found.append(here.ppid)
            here = self.known.get(here.ppid)
        return found

    def is_kernel_thread(self, pid: int) -> bool:
        return pid == KSMBD.pid


@pytest.fixture
def forest() -> Forest:
    return Forest({one.pid: one for one in (INIT, SHELL, GONE, LISTENER, CHILD, KSMBD)})


CLIENTS = {61: SmbClient("10.0.0.9", 50_000)}


@pytest.fixture
def passwd(tmp_path: Path) -> Path:
    file = tmp_path / "passwd"
    file.write_text("root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbroken\n", encoding="utf-8")
    return file


def actors_of(forest: Forest, passwd: Path, sessions: Sessions | Skipped | None = None) -> Actors:
    answer = sessions or Sessions(("ann",), ("docs",))
    return Actors(forest, Samba(CLIENTS.get, lambda pid: pid == LISTENER.pid, lambda _: answer), passwd)


def test_a_process_has_its_user_and_its_chain(forest: Forest, passwd: Path) -> None:
    assert actors_of(forest, passwd).of(50) == Actor(ActorKind.PROCESS, SHELL, "ann", (INIT,))


def test_a_process_that_is_gone_is_placed_by_the_fork_tree(forest: Forest, passwd: Path) -> None:
    actor = actors_of(forest, passwd).of(51)
    assert (actor.kind, actor.user, actor.process, actor.chain) == (ActorKind.PROCESS, "ann", GONE, (SHELL, INIT))


def test_a_user_without_a_name_is_its_number_and_no_user_is_nothing(forest: Forest, passwd: Path) -> None:
    forest.known[52] = replace(SHELL, pid=52, uid=4_000_000)
    forest.known[53] = replace(SHELL, pid=53, uid=-1)
    actors = actors_of(forest, passwd)
    assert [actors.of(pid).user for pid in (52, 53)] == ["4000000", ""]


def test_a_user_added_later_is_found(forest: Forest, passwd: Path) -> None:
    forest.known[52] = replace(SHELL, pid=52, uid=1001)
    actors = actors_of(forest, passwd)
    assert actors.of(52).user == "1001"
    passwd.write_text("bob:x:1001:1001::/:/bin/sh\n" + " " * 7, encoding="utf-8")
    forest.numbers[52] = 99
    assert actors.of(52).user == "bob"


def test_an_smbd_child_is_its_client(forest: Forest, passwd: Path) -> None:
    actor = actors_of(forest, passwd).of(61)
    assert (actor.kind, actor.smb, actor.process) == (ActorKind.SMB, SmbClient("10.0.0.9", 50_000), CHILD)


def test_an_smbd_child_whose_client_or_self_is_gone_is_never_taken_for_a_process(forest: Forest, passwd: Path) -> None:
    forest.known[62] = replace(CHILD, pid=62)
    forest.known[63] = replace(CHILD, pid=63, start=0)
    actors = actors_of(forest, passwd)
    assert [actors.of(pid).smb for pid in (62, 63)] == [SmbClient("", 0)] * 2


@pytest.mark.parametrize(
    "fake",
    [
        replace(CHILD, pid=61, uid=1000),  # somebody's own program called smbd
        replace(CHILD, pid=61, exe="/tmp/evil"),  # … or one that calls itself so
        replace(CHILD, pid=64, ppid=50),  # root's program called smbd that serves nobody
    ],
)
def test_what_only_calls_itself_smbd_is_an_ordinary_process(forest: Forest, passwd: Path, fake: Process) -> None:
    forest.known[fake.pid] = fake
    assert actors_of(forest, passwd).of(fake.pid).kind is ActorKind.PROCESS


def test_the_listener_itself_is_a_process(forest: Forest, passwd: Path) -> None:
    assert actors_of(forest, passwd).of(60).kind is ActorKind.PROCESS


def test_kernel_threads_are_not_attributed(forest: Forest, passwd: Path) -> None:
    actor = actors_of(forest, passwd).of(70)
    assert (actor.kind, actor.user, actor.smb) == (ActorKind.KERNEL, "", None)


def test_nobody_is_said_to_be_unknown(forest: Forest, passwd: Path) -> None:
    actors = actors_of(forest, passwd)
    assert actors.of(0) == Actor(ActorKind.UNKNOWN, None, "")
    assert (actors.of(999).kind, actors.of(999).pid) == (ActorKind.UNKNOWN, 999)


def test_an_unknown_pid_is_looked_at_again(forest: Forest, passwd: Path) -> None:
    actors = actors_of(forest, passwd)
    actors.of(999)
    forest.known[999] = replace(SHELL, pid=999)
    assert actors.of(999).kind is ActorKind.PROCESS


def test_an_actor_is_remembered_until_the_pid_is_another_process(forest: Forest, passwd: Path) -> None:
    actors = actors_of(forest, passwd)
    first, asked = actors.of(50), forest.asked
    assert actors.of(50) is first
    assert forest.asked == asked
    forest.known[50], forest.numbers[50] = replace(SHELL, comm="other"), 777
    assert actors.of(50).process == replace(SHELL, comm="other")


def test_what_is_remembered_is_bounded(forest: Forest, passwd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 10)
    actors = actors_of(forest, passwd)
    for pid in range(1000, 1100):
        forest.known[pid] = replace(SHELL, pid=pid)
        actors.of(pid)
    assert len(actors._known) <= 10


def test_one_user_of_a_connection_is_its_user_and_several_are_all_named(forest: Forest, passwd: Path) -> None:
    actors = actors_of(forest, passwd)
    fuller = actors.enrich(actors.of(61))
    assert isinstance(fuller, Actor)
    assert (fuller.user, fuller.smb) == ("ann", SmbClient("10.0.0.9", 50_000, ("ann",), ("docs",)))
    assert actors.of(61) is fuller
    several = actors_of(forest, passwd, Sessions(("ann", "zoe"), ("docs",)))
    fuller = several.enrich(several.of(61))
    assert isinstance(fuller, Actor)
    assert fuller.user == ""
    assert fuller.smb is not None
    assert fuller.smb.users == ("ann", "zoe")


def test_when_samba_does_not_answer_the_reason_comes_back(forest: Forest, passwd: Path) -> None:
    refused = Skipped("smbstatus", "no such file")
    actors = actors_of(forest, passwd, refused)
    assert actors.enrich(actors.of(61)) is refused


def test_enriching_a_process_leaves_a_local_name_alone(forest: Forest, passwd: Path) -> None:
    actors = actors_of(forest, passwd)
    assert actors.enrich(actors.of(50)) == actors.of(50)


def test_a_client_is_named_ahead_and_whoever_looks_later_sees_it(forest: Forest, passwd: Path) -> None:
    actors = Actors(
        forest,
        Samba(
            CLIENTS.get,
            lambda pid: pid == LISTENER.pid,
            sessions_of_all=lambda pids: {61: Sessions(("ann",), ("docs",))},
        ),
        passwd,
    )
    actors.learn(61)
    assert actors.serves(61) and not actors.serves(60)
    before = actors.of(61)
    assert before.smb is not None and before.smb.users == ()
    assert actors.name([61, 62]) == {62}
    after = actors.of(61)
    assert after.smb == SmbClient("10.0.0.9", 50_000, ("ann",), ("docs",)) and after.user == "ann"
