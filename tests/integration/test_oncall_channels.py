"""Every channel of the table against a real peer: one contract for all of them, then what each promises by itself."""

from __future__ import annotations

import os
import pty
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.call_peers import ipp_printer, sms_daemon, smtp_sink, until, web_server

from garde.oncall.channels import CHANNELS
from garde.oncall.channels.base import Alive, Channel, Handed, Page, Unable
from garde.oncall.channels.modem import dialled
from garde.oncall.channels.printer import Printer

PAGE = Page(
    "c" * 32, "GARDE · Clinique : œuf",
    ("GARDE · Clinique : œuf", "Answer 482 190 375", "\x1b[2J\u202e<b>&"), "+32 400 00 00 01", "ann",
)  # fmt: skip


class Set:
    """One kind with its peer: how it is set up, how its peer is lost, and what the peer got."""

    def __init__(self, kind: str, folder: Path, at_end: ExitStack) -> None:
        self.kind, self.page = kind, PAGE
        options, self.got = getattr(self, f"_{kind}")(folder, at_end)
        self.channel: Channel = make(kind, options)
        self.lost: Channel = make(kind, {**options, **self.nowhere})

    def _modem(self, folder: Path, at_end: ExitStack) -> Any:
        peer = at_end.enter_context(sms_daemon(folder))
        self.nowhere = {"outbox": str(folder / "gone")}
        return peer.options, peer.sent

    def _printer(self, folder: Path, at_end: ExitStack) -> Any:
        peer = at_end.enter_context(ipp_printer(folder))
        self.nowhere = {"uri": "ipp://127.0.0.1:9/ipp/print"}
        return {"uri": peer.uri}, lambda: [raw.decode() for raw in peer.pages()]

    def _webhook(self, folder: Path, at_end: ExitStack) -> Any:
        peer = at_end.enter_context(web_server())
        self.nowhere = {"url": "http://127.0.0.1:9/"}
        return {"url": f"{peer.url}/siren"}, lambda: ["\n".join(got[3]["lines"]) for got in peer.got]

    def _mail(self, folder: Path, at_end: ExitStack) -> Any:
        peer = at_end.enter_context(smtp_sink())
        self.page = Page(PAGE.id, PAGE.title, PAGE.lines, "ann@out.example", "ann")
        self.nowhere = {"port": 9}
        options = {"relay": "127.0.0.1", "port": peer.port, "sender": "garde@out.example", "security": "none"}
        return options, lambda: [
            message_from_bytes(each.content, policy=policy.default).get_content() for each in peer.got
        ]  # fmt: skip

    def _messenger(self, folder: Path, at_end: ExitStack) -> Any:
        peer = at_end.enter_context(web_server())
        address = peer.url.replace("http", "json")
        self.nowhere = {"people": {"ann": "nosuchscheme://x"}}
        return {"people": {"ann": address}}, lambda: [got[3]["message"] for got in peer.got]

    def _off(self, folder: Path, at_end: ExitStack) -> Any:
        self.nowhere: dict[str, Any] = {}
        return {}, list


def make(kind: str, options: dict[str, Any]) -> Channel:
    return CHANNELS[kind].make("it", msgspec.convert(options, CHANNELS[kind].options))


@pytest.fixture(params=list(CHANNELS))
def one(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Set]:
    with ExitStack() as at_end:
        yield Set(request.param, tmp_path / "peer", at_end)


# --- the contract -----------------------------------------------------------------------------------------------------


def test_a_page_arrives_whole(one: Set) -> None:
    handed = one.channel.hand(one.page)
    if one.kind == "off":
        assert handed == Unable("switched off")
        return
    assert isinstance(handed, Handed)
    (text,) = until(one.got)
    assert "482 190 375" in text and "Clinique" in text and "œuf" in text


def test_it_says_whether_it_lives_and_calls_nobody_for_it(one: Set) -> None:
    assert isinstance(until(lambda: isinstance(one.channel.alive(), Alive) and one.channel.alive()), Alive)
    assert not one.got()


def test_what_goes_wrong_is_a_value_with_a_reason(one: Set) -> None:
    if one.kind == "off":
        return
    found, life = one.lost.hand(one.page), one.lost.alive()
    assert isinstance(found, Unable) and found.reason and isinstance(life, Unable) and "\n" not in life.reason


def test_its_note_holds_what_the_policy_needs(one: Set) -> None:
    note = one.channel.note
    assert (note.name, note.kind) == ("it", one.kind) and note.reach in ("person", "place", "nobody")
    assert "127.0.0.1" not in repr(note) or one.kind == "mail"  # the relay's own address, for the gateway


def test_nothing_comes_back_by_itself_and_it_ends_twice(one: Set) -> None:
    assert not one.channel.replies() and not one.channel.failures()
    one.channel.close()
    one.channel.close()


def test_the_same_page_twice_is_one_where_the_channel_can_know(one: Set) -> None:
    if one.kind not in ("modem", "printer"):
        return
    one.channel.hand(one.page)
    until(one.got)
    assert isinstance(one.channel.hand(one.page), Handed)
    other = Page("d" * 32, "other", ("other",), one.page.address, "ann")
    one.channel.hand(other)
    until(lambda: any("other" in each for each in one.got()))
    assert len([each for each in one.got() if "482 190 375" in each]) == 1


# --- the modem --------------------------------------------------------------------------------------------------------


def test_a_reply_comes_back_through_the_real_daemon(tmp_path: Path) -> None:
    with sms_daemon(tmp_path / "peer") as peer:
        modem = make("modem", peer.options)
        peer.receive("+32400000001", "OUI 482190375 é")
        (reply,) = until(modem.replies)
        assert (reply.sender, reply.text) == ("+32400000001", "OUI 482190375 é")
        modem.taken(reply)
        assert not modem.replies()


def test_a_modem_that_answers_garbage_keeps_the_page_and_is_found_out(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    end = threading.Event()

    def rave() -> None:
        while not end.is_set():
            try:
                os.read(ours, 1024)
                os.write(ours, b"\xff\x00NO CARRIER\x1b[2J\r\n+CMGL: 99,\xfe" * 3)
            except OSError:
                return

    thread = threading.Thread(target=rave, daemon=True)
    thread.start()
    try:
        with sms_daemon(tmp_path / "peer", os.ttyname(theirs), "at") as peer:
            modem = make("modem", {**peer.options, "stuck_s": 0.0})
            assert isinstance(modem.hand(PAGE), Handed)
            life = modem.alive()
            assert isinstance(life, Unable) and "outbox" in life.reason
            assert modem.failures() == [(PAGE.id, "nobody fetched it from the modem's outbox")]
            assert not list((tmp_path / "peer" / "outbox").glob("OUT*")) and not modem.replies()
    finally:
        end.set()
        os.close(theirs)
        os.close(ours)


def test_garbage_in_the_inbox_is_at_most_a_reply_that_nobody_understands(tmp_path: Path) -> None:
    folders = {name: str(tmp_path / name) for name in ("outbox", "sent", "error", "inbox")}
    for each in folders.values():
        Path(each).mkdir()
    modem = make("modem", folders)
    (tmp_path / "inbox" / "IN20261128_030000_00_+32_00.txt").write_bytes(b"\xfe\xff\xd8\x00" + os.urandom(9000))
    (tmp_path / "inbox" / "INx").mkdir()
    (reply,) = modem.replies()
    assert len(reply.text) < 5_000
    modem.taken(reply)
    assert not modem.replies()
    (tmp_path / "error" / "OUTA1_1_00_+3240_x.txt").write_bytes(b"")
    assert modem.hand(Page("x", "t", ("l",), "+3240")) == Handed("in the modem's error folder, from before")


@pytest.mark.parametrize(
    ("typed", "number"),
    [("+32 400/00.00", "+32400"), ("0470 12 34 56", "0470123456"), ("../../etc", ""), ("+1+2333", ""), ("", "")],
)
def test_a_number_is_dialled_without_what_else_was_typed(typed: str, number: str) -> None:
    assert dialled(typed) == number


# --- the others -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formats", ["text/plain", "application/pdf,image/jpeg"])
def test_the_printer_gets_what_it_takes_and_text_where_it_takes_nothing_of_ours(tmp_path: Path, formats: str) -> None:
    with ipp_printer(tmp_path / "peer", formats) as peer:
        found = make("printer", {"uri": peer.uri}).hand(PAGE)
        if formats == "text/plain":
            assert isinstance(found, Handed) and b"482 190 375" in until(peer.pages)[0]
        else:
            assert isinstance(found, Handed | Unable)  # it may refuse to find out itself: then the next channel has it


def test_a_page_that_is_made_already_is_printed_as_it_is_or_refused_with_the_reason(tmp_path: Path) -> None:
    page = b"%PDF-1.7\n" + bytes(range(256)) + b"\n%%EOF\n"
    with ipp_printer(tmp_path / "both") as peer:
        printer = make("printer", {"uri": peer.uri})
        assert isinstance(printer, Printer)
        assert isinstance(printer.print("Garde report 1", page, "application/pdf"), Handed)
        assert until(peer.pages) == [page]
    with ipp_printer(tmp_path / "text", "text/plain") as peer:
        printer = make("printer", {"uri": peer.uri})
        assert isinstance(printer, Printer)
        refused = printer.print("Garde report 1", page, "application/pdf")
        assert refused == Unable("this printer takes no application/pdf") and not peer.pages()
    assert isinstance(printer.print("Garde report 1", page, "application/pdf"), Unable), "it is gone"


def test_a_redirect_is_not_followed_and_headers_reach_the_relay() -> None:
    with web_server() as peer:
        options = {"url": f"{peer.url}/relay?turn=on", "method": "GET", "headers": {"X-Token": "s3cret"}}
        channel = make("webhook", options)
        assert isinstance(channel.hand(PAGE), Handed)
        peer.status = 302
        assert channel.hand(PAGE) == Unable("it answers with HTTP status 302")
        assert [(got[0], got[1], got[2]["X-Token"], got[2]["Idempotency-Key"]) for got in peer.got] == [
            ("GET", "/relay?turn=on", "s3cret", PAGE.id)
        ] * 2


def test_a_mail_address_is_no_second_header() -> None:
    with smtp_sink() as peer:
        options = {"relay": "127.0.0.1", "port": peer.port, "sender": "garde@out.example", "security": "none"}
        channel = make("mail", options)
        bad = Page("x", "t", ("l",), "a@b.example\r\nBcc: all@b.example")
        assert isinstance(channel.hand(bad), Unable) and not peer.got


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("webhook", {"url": "file:///etc/passwd"}), ("webhook", {"url": "http://h/", "method": "DELETE"}),
        ("mail", {"relay": "h", "sender": "x"}), ("printer", {"uri": "http://h/"}),
        ("mail", {"relay": "h", "sender": "a@b.c", "security": "none", "user": "u", "password": "p"}),
        ("messenger", {}),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(kind: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"[a-z]"):
        make(kind, options)


def test_a_secret_stands_in_no_error(tmp_path: Path) -> None:
    channel = make("messenger", {"people": {"ann": "nosuch://token-s3cret@host"}})
    for found in (channel.hand(PAGE), channel.alive()):
        assert isinstance(found, Unable) and "s3cret" not in found.reason
    assert "s3cret" not in repr(channel.note)
