"""What waits for the keeper, and in which order it goes."""

from __future__ import annotations

from typing import Any

import pytest

from garde.agent import messages as say
from garde.agent.keeper_link import BATCH, LATEST, SETTLE, KeeperLink

HAND, OTHER = ("session", 7, 1000), ("session", 8, 1001)


class Pipe:
    """Keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, message: object) -> None:
        self.sent.append(message)


@pytest.fixture
def pipe() -> Pipe:
    return Pipe()


@pytest.fixture
def link(pipe: Pipe) -> KeeperLink:
    return KeeperLink(pipe, busy=False)  # type: ignore[arg-type]


def test_captures_wait_until_the_file_has_settled(link: KeeperLink, pipe: Pipe) -> None:
    link.capture(b"/a", b"", HAND, 10.0)
    link.pump(10.0 + SETTLE / 2, 0)
    assert pipe.sent == []
    link.capture(b"/a", b"f", HAND, 10.0 + SETTLE / 2)
    link.pump(10.0 + SETTLE, 0)
    assert pipe.sent == [], "written again: it waits again"
    link.pump(10.0 + 2 * SETTLE, 0)
    assert pipe.sent == [say.Batch((), ((b"/a", b"f", HAND, None),))]


def test_a_file_that_is_gone_again_is_never_looked_at(link: KeeperLink, pipe: Pipe) -> None:
    link.capture(b"/tmp-1", b"", HAND, 10.0)
    link.dropped(b"/tmp-1")
    link.dropped(b"/never-heard-of")
    link.pump(10.0 + LATEST, 0)
    assert pipe.sent == []
    assert link.waiting() == 0


def test_the_next_message_goes_only_when_the_last_was_answered(link: KeeperLink, pipe: Pipe) -> None:
    link.urgent(say.Scan())
    link.urgent(say.RestoreAll("x", False))
    link.pump(1.0, 0)
    link.pump(1.0, 0)
    assert pipe.sent == [say.Scan()]
    link.busy = False
    link.pump(1.0, 0)
    assert pipe.sent[-1] == say.RestoreAll("x", False)


def test_restores_go_before_moves_and_moves_with_captures(link: KeeperLink, pipe: Pipe) -> None:
    link.capture(b"/a", b"", HAND, 0.0)
    link.moved(say.Move(b"/x", b"/y", False))
    link.urgent(say.RestoreFiles("h1", ()))
    link.pump(5.0, 0)
    link.busy = False
    link.pump(5.0, 0)
    assert [type(message) for message in pipe.sent] == [say.RestoreFiles, say.Batch]
    assert pipe.sent[1].moves == (say.Move(b"/x", b"/y", False),)
    assert pipe.sent[1].captures == ((b"/a", b"", HAND, None),)


def test_under_load_captures_give_way_but_not_for_ever(link: KeeperLink, pipe: Pipe) -> None:
    link.capture(b"/a", b"", HAND, 0.0)
    link.pump(5.0, 10_000)
    assert pipe.sent == []
    assert link.lag(5.0) == pytest.approx(5.0 - SETTLE)
    link.pump(LATEST + 0.1, 10_000)
    assert len(pipe.sent) == 1
    assert link.lag(LATEST + 0.1) == 0.0


def test_what_people_make_goes_before_what_machines_make(link: KeeperLink, pipe: Pipe) -> None:
    link.capture(b"/build/main.o", b"", OTHER, 0.0)
    link.capture(b"/ward/report.DOCX", b"", HAND, 0.0)
    link.pump(5.0, 250)
    assert [path for path, _, _, _ in pipe.sent[0].captures] == [b"/ward/report.DOCX"]
    link.busy = False
    link.pump(LATEST + 0.1, 250)
    assert [path for path, _, _, _ in pipe.sent[1].captures] == [b"/build/main.o"]


def test_a_batch_is_small_so_that_a_restore_never_waits_long(link: KeeperLink, pipe: Pipe) -> None:
    for number in range(3 * BATCH):
        link.capture(b"/%d" % number, b"", HAND, 0.0)
    link.pump(5.0, 0)
    assert len(pipe.sent[0].captures) == BATCH
    assert link.waiting() == 2 * BATCH


def test_waiting_captures_follow_renames(link: KeeperLink, pipe: Pipe) -> None:
    link.capture(b"/d/a", b"1", HAND, 0.0)
    link.capture(b"/d/sub/b", b"2", HAND, 0.0)
    link.capture(b"/dd/c", b"3", HAND, 0.0)
    link.moved(say.Move(b"/d/a", b"/d/z", False))
    link.moved(say.Move(b"/d", b"/e", True))
    link.pump(5.0, 0)
    assert {path for path, _, _, _ in pipe.sent[0].captures} == {b"/e/z", b"/e/sub/b", b"/dd/c"}


def test_what_a_held_hand_wrote_is_not_kept(link: KeeperLink, pipe: Pipe) -> None:
    link.capture(b"/bad", b"", HAND, 0.0)
    link.capture(b"/good", b"", OTHER, 0.0)
    link.forget(HAND)
    link.pump(5.0, 0)
    assert [path for path, _, _, _ in pipe.sent[0].captures] == [b"/good"]


def test_the_keeper_runs_beside_honest_work_only_where_it_must(link: KeeperLink, pipe: Pipe) -> None:
    said: list[bool] = []
    link.hurry, link.scanning = said.append, False
    link.capture(b"/a", b"", HAND, 0.0)
    link.pump(1.0, 0)
    link.busy = False
    link.capture(b"/b", b"", HAND, 1.0)
    link.pump(2.0, 0)
    assert said == [False], "said once: the idle class"
    link.busy = False
    link.urgent(say.RestoreFiles("h1", ()))
    link.pump(2.0, 0)
    link.busy = False
    link.capture(b"/c", b"", HAND, 2.0)
    link.pump(30.0, 0)
    link.busy = False
    link.capture(b"/d", b"", HAND, 30.0)
    link.pump(31.0, 0)
    assert said == [False, True, False], "in a hurry for the restore and while it is late, calm again after"


def test_a_dead_keeper_is_noticed(link: KeeperLink) -> None:
    def broken(message: object) -> None:
        raise BrokenPipeError

    link.pipe.send = broken  # type: ignore[method-assign]
    link.urgent(say.Scan())
    link.pump(1.0, 0)
    assert link.gone
    assert link.next_due(2.0) is None
