"""The watch sharpened by a list, as scripts: one test for each rule. The files are a dictionary."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from garde.model.activity import What
from garde.model.actor import Actor, ActorKind, Process, SmbClient
from garde.model.finding import Proof
from garde.model.watchlist import Indicator, Sort, WatchList, read, write
from garde.watch.commands import Found, Judged, Sighted

sys.path.insert(0, str(Path(__file__).parent))
from test_watcher import CLOSED, HEALTHY, RANDOM, Script, comparison, process

WEAK = frozenset({Proof.TEXT_LOST})
LISTED = [
    (Sort.ENDING, b".locked"), (Sort.ENDING, b".id-7.crypt"), (Sort.NOTE_NAME, b"read_me.txt"),
    (Sort.FILE_NAME, b"tool.exe"), (Sort.ADDRESS, b"203.0.113.9"), (Sort.USER, b"svc-backup"),
    (Sort.SHA256, b"ab" * 32),
]  # fmt: skip


def listing(*indicators: tuple[Sort, bytes]) -> WatchList:
    return read(write(["other"], [Indicator(sort, value) for sort, value in indicators]).splitlines(keepends=True))


def client(address: str, *users: str) -> Actor:
    return Actor(ActorKind.SMB, Process(9, 9, 1, 60, 0, "smbd", "/usr/sbin/smbd", "/"), users[0] if users else "", (),
                 SmbClient(address, 445, users))  # fmt: skip


@pytest.fixture
def script() -> Script:
    found = Script()
    found.watcher.watch_for(listing(*LISTED), found.now)
    return found


def sights(script: Script) -> list[tuple[str, bytes]]:
    return [(each.hit.sort, each.hit.value) for each in script.commands if isinstance(each, Sighted)]


def test_the_first_damaged_file_with_a_listed_ending_is_a_verdict(script: Script) -> None:
    script.document(b"/srv/a.pdf", now=WEAK)
    script.files.now[b"/srv/a.pdf.LOCKED"] = script.files.now[b"/srv/a.pdf"]
    script.does(What.RENAME, b"/srv/a.pdf", process(7), b"/srv/a.pdf.LOCKED")
    (judged,) = script.of(Judged)
    assert isinstance(judged, Judged)
    assert judged.parties == (("session", 50, 1000),)
    (finding,) = judged.verdict.findings
    assert Proof.LISTED in finding.proofs
    assert "ending .locked is on a watch list (other)" in finding.detail
    assert sights(script) == [("ending", b".locked")]


def test_an_ending_of_several_dots_is_found_as_well(script: Script) -> None:
    script.document(b"/srv/a.pdf", now=RANDOM)
    script.files.now[b"/srv/a.pdf.id-7.crypt"] = script.files.now[b"/srv/a.pdf"]
    script.does(What.RENAME, b"/srv/a.pdf", process(7), b"/srv/a.pdf.id-7.crypt")
    assert len(script.of(Judged)) == 1


def test_deleted_and_replaced_by_an_unreadable_file_with_a_listed_ending(script: Script) -> None:
    script.document(b"/srv/a.pdf")
    script.files.now[b"/srv/a.pdf.locked"] = comparison(RANDOM)
    script.does(What.CREATE, b"/srv/a.pdf.locked", process(7))
    script.does(CLOSED, b"/srv/a.pdf.locked", process(7))
    assert not script.of(Judged)
    script.does(What.DELETE, b"/srv/a.pdf", process(7))
    assert len(script.of(Judged)) == 1


def test_a_listed_name_or_ending_on_files_that_can_be_read_is_no_verdict(script: Script) -> None:
    for number in range(50):
        name = b"/srv/%d.pdf" % number
        script.document(name, now=HEALTHY)
        script.does(What.RENAME, name, process(7), name + b".locked")
        script.does(What.CREATE, b"/srv/%d/read_me.txt" % (number % 3), process(7))
    assert not script.of(Judged) and not script.of(Found)
    assert sights(script) == [("ending", b".locked"), ("note_name", b"read_me.txt")]  # each once for a hand


def test_a_name_that_a_file_had_before_it_was_damaged_says_nothing(script: Script) -> None:
    script.document(b"/srv/own.locked", now=RANDOM)
    script.does(CLOSED, b"/srv/own.locked", process(7))
    assert len(script.of(Found)) == 1
    assert not script.of(Judged)


def test_a_hand_that_left_a_listed_note_is_judged_at_its_first_finding(script: Script) -> None:
    script.document(b"/srv/a.pdf", now=WEAK)
    script.does(CLOSED, b"/srv/a.pdf", process(7))
    assert not script.of(Judged)
    script.does(What.CREATE, b"/srv/READ_ME.txt", process(7))
    assert len(script.of(Judged)) == 1


def test_a_hand_that_brought_a_listed_tool_is_judged_at_its_first_strong_finding(script: Script) -> None:
    script.does(What.CREATE, b"/srv/Tool.exe", process(7))
    script.document(b"/srv/a.pdf", now=WEAK)
    script.document(b"/srv/b.pdf", now=RANDOM)
    script.does(CLOSED, b"/srv/a.pdf", process(7))
    assert not script.of(Judged)  # a weak one is not enough where only the hand is listed
    script.does(CLOSED, b"/srv/b.pdf", process(7))
    assert len(script.of(Judged)) == 1


def test_a_note_that_comes_after_the_first_strong_finding_is_a_verdict(script: Script) -> None:
    script.document(b"/srv/a.pdf", now=RANDOM)
    script.does(CLOSED, b"/srv/a.pdf", process(7))
    assert not script.of(Judged)
    script.does(What.CREATE, b"/srv/read_me.txt", process(7))
    (judged,) = script.of(Judged)
    assert isinstance(judged, Judged)
    assert [each.path for each in judged.verdict.findings] == [b"/srv/a.pdf"]


@pytest.mark.parametrize(
    ("who", "sort"),
    [
        (client("203.0.113.9"), "address"),
        (client("::ffff:203.0.113.9"), "address"),
        (client("10.0.0.7", "LAB\\Svc-Backup"), "user"),
        (Actor(ActorKind.PROCESS, Process(7, 7, 1, 50, 9, "t", "/t", "/"), "svc-backup"), "user"),
    ],
)
def test_a_listed_client_or_account_is_said_and_judged_at_its_first_strong_finding(
    script: Script, who: Actor, sort: str
) -> None:
    script.document(b"/srv/a.pdf", b"/srv/b.pdf", now=HEALTHY)
    script.does(CLOSED, b"/srv/a.pdf", who)
    assert [found for found, _ in sights(script)] == [sort]
    assert not script.of(Judged)
    script.document(b"/srv/b.pdf", now=RANDOM)
    script.does(CLOSED, b"/srv/b.pdf", who)
    assert len(script.of(Judged)) == 1


def test_others_are_judged_as_ever(script: Script) -> None:
    script.document(*(b"/srv/%d.pdf" % number for number in range(3)), now=RANDOM)
    for number in range(2):
        script.does(CLOSED, b"/srv/%d.pdf" % number, client("203.0.113.10"))
    assert not script.of(Judged)
    script.does(CLOSED, b"/srv/2.pdf", client("203.0.113.10"))
    assert len(script.of(Judged)) == 1


def test_a_file_whose_digest_is_listed_marks_the_hand_that_wrote_it(script: Script) -> None:
    script.does(What.CREATE, b"/srv/x", process(7))
    script.does(CLOSED, b"/srv/x", process(7))
    script.watcher.digest_seen(b"/srv/x", bytes.fromhex("ab" * 32), script.now)
    script.watcher.digest_seen(b"/srv/x", bytes.fromhex("cd" * 32), script.now)
    script.work()
    assert sights(script) == [("sha256", b"ab" * 32)]
    script.document(b"/srv/a.pdf", now=RANDOM)
    script.does(CLOSED, b"/srv/a.pdf", process(7))
    assert len(script.of(Judged)) == 1


def test_a_list_counts_from_the_moment_that_it_comes_and_for_hands_that_are_there() -> None:
    script = Script()
    script.document(b"/srv/a.pdf", now=RANDOM)
    script.does(CLOSED, b"/srv/a.pdf", client("203.0.113.9"))
    assert not script.of(Judged)
    script.watcher.watch_for(listing(*LISTED), script.now)
    script.work()
    assert len(script.of(Judged)) == 1


def test_a_list_takes_the_place_of_the_one_before(script: Script) -> None:
    script.document(b"/srv/a.pdf", b"/srv/b.pdf", now=RANDOM)
    script.does(CLOSED, b"/srv/a.pdf", client("203.0.113.10"))
    script.watcher.watch_for(WatchList(), script.now)
    script.files.now[b"/srv/b.pdf.locked"] = script.files.now[b"/srv/b.pdf"]
    script.does(What.RENAME, b"/srv/b.pdf", client("203.0.113.10"), b"/srv/b.pdf.locked")
    assert script.watcher.sharpened is None
    assert not script.of(Judged) and not sights(script)


def test_a_hand_that_was_released_is_marked_no_more(script: Script) -> None:
    script.does(What.CREATE, b"/srv/read_me.txt", process(7))
    script.watcher.let_go([("session", 50, 1000)])
    script.document(b"/srv/a.pdf", now=RANDOM)
    script.does(CLOSED, b"/srv/a.pdf", process(7))
    assert not script.of(Judged)


def test_nothing_is_waited_for_while_there_is_a_list(script: Script) -> None:
    """One file is a verdict then: the core must see the first at once."""
    assert script.watcher.alarmed(script.now)
    script.watcher.watch_for(WatchList(), script.now)
    assert not script.watcher.alarmed(script.now)
