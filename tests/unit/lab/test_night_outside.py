"""The witness of calling: what it sees in the folders, and how a page is read by who holds the telephone."""

from __future__ import annotations

from pathlib import Path

from garde.lab.hospital.plan import Plan
from garde.lab.night.outside import Message, Outside, Sheet, code_to_approve, codes_to_know, wait_until

PAGE = """\
GARDE · Clinique: files are being destroyed on Files 1 since 03:07; it comes from Desk 9
Answer 482 190 375 : you take it in hand
Asked: shut the account s.dubois?
No clinical service stops.
Answer: YES 111 222 333 or NO 111 222 333 · without a word: you know, others decide
Asked: shut the switch port of Desk 9?
STOPS: Admissions.
Answer: YES 551 209 348 or NO 551 209 348 · without a word: you know, others decide"""


def test_the_code_is_that_of_the_cut_that_is_meant() -> None:
    assert code_to_approve(PAGE, "shut the switch port of") == "551 209 348"
    assert code_to_approve(PAGE, "shut the account") == "111 222 333"
    assert code_to_approve(PAGE, "cut the outside") == ""
    assert code_to_approve("Asked: cut the outside? and nothing more", "cut the outside") == ""


def test_to_know_is_another_code_than_to_approve() -> None:
    assert codes_to_know(PAGE) == ["482 190 375"]
    assert codes_to_know("Répondez 123 456 789\u202f: vous savez") == ["123 456 789"]
    assert codes_to_know("call 112 : now") == []


def test_each_message_and_each_page_is_seen_once_with_its_text(tmp_path: Path) -> None:
    plan = Plan("x", 1, tmp_path)
    for folder in (plan.modem("outbox"), plan.modem("sent"), plan.spool):
        folder.mkdir(parents=True)
    heard: list[Message | Sheet] = []
    name = "OUTA20261128_030000_01_+32470000001_abc.txt"
    with Outside(plan, heard.append, heard.append) as outside:
        (plan.modem("outbox") / f".{name}").write_bytes(b"half")
        (plan.modem("outbox") / name).write_bytes(b"\xfe\xff" + "Réponds".encode("utf-16-be"))
        assert wait_until(lambda: len(outside.messages) == 1, 10)
        (plan.modem("outbox") / name).rename(plan.modem("sent") / name)
        (plan.spool / "1-page.txt").write_bytes(b"")
        (plan.spool / "2-page.txt").write_bytes(b"x")
        assert wait_until(lambda: len(outside.sheets) == 1, 10)
        assert not wait_until(lambda: len(outside.messages) > 1, 0.1)
        assert outside.text(outside.messages[0]) == "Réponds"
    assert [each.name for each in heard] == [name, "2-page.txt"]
    assert outside.messages[0].number == "+32470000001"


def test_folders_that_are_not_there_hold_nothing(tmp_path: Path) -> None:
    with Outside(Plan("x", 1, tmp_path)) as outside:
        assert not wait_until(lambda: bool(outside.messages or outside.sheets), 0.1)
    assert outside.text(Message(1.0, "+32", "OUTA_gone.txt")) == ""
