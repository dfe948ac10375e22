"""What waits for the keeper, and in which order it goes."""

from __future__ import annotations

from typing import Any

import pytest

from garde.agent import messages as say
from garde.agent.keeper_link import BATCH, FIRST_BATCH, FIRST_EVENTS, FIRST_PACE, LATEST, SETTLE, KeeperLink

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


def paths(message: say.Batch) -> list[bytes]:
    return [path for path, _, _, _ in message.captures]


def test_documents_that_were_never_kept_are_kept_while_others_give_way_a_few_at_a_time(
    link: KeeperLink, pipe: Pipe
) -> None:
    link.capture(b"/known.pdf", b"", HAND, 0.0)
    for number in range(FIRST_BATCH + 2):
        link.capture(b"/new-%d.pdf" % number, b"", HAND, 0.0, first=True)
    link.capture(b"/new.o", b"", OTHER, 0.0, first=True)
    link.pump(SETTLE / 2, 1000)
    assert pipe.sent == [], "half written"
    for now in (1.0, 1.0 + FIRST_PACE / 2, 1.0 + FIRST_PACE):
        link.busy = False
        link.pump(now, FIRST_EVENTS - 1)
    assert [len(message.captures) for message in pipe.sent] == [FIRST_BATCH, 2]
    assert paths(pipe.sent[1]) == [b"/new-%d.pdf" % number for number in (FIRST_BATCH, FIRST_BATCH + 1)]
    link.busy = False
    link.pump(2.0, FIRST_EVENTS - 1)
    assert link.waiting() == 2, "the known one and the object file give way"


def test_under_a_load_that_few_ever_have_all_give_way(link: KeeperLink, pipe: Pipe) -> None:
    link.capture(b"/new.pdf", b"", HAND, 0.0, first=True)
    link.pump(LATEST - 0.1, FIRST_EVENTS)
    assert pipe.sent == []
    assert link.lag(LATEST - 0.1) == pytest.approx(LATEST - 0.1 - SETTLE)
    link.pump(LATEST, FIRST_EVENTS)
    assert paths(pipe.sent[0]) == [b"/new.pdf"]


def test_one_that_was_never_kept_waits_once_whatever_becomes_of_it(link: KeeperLink, pipe: Pipe) -> None:
    link.capture(b"/a.pdf", b"1", HAND, 0.0, first=True)
    link.capture(b"/a.pdf", b"1", OTHER, 0.1)
    link.moved(say.Move(b"/a.pdf", b"/b.pdf", False))
    link.capture(b"/tmp.pdf", b"", HAND, 0.0, first=True)
    link.dropped(b"/tmp.pdf")
    link.capture(b"/bad.pdf", b"", HAND, 0.0, first=True)
    link.forget(HAND)
    link.pump(5.0, 1000)
    assert pipe.sent[0].captures == ((b"/b.pdf", b"1", OTHER, None),)
    assert link.waiting() == 0


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
