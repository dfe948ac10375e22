"""The status page: what it says, that hostile text stays text, and whom it answers."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from journal_samples import FILE, PROCESS, SAMPLES, SECOND, SKIPPED, SMB

from garde.cli.page.board import SHOWN, Board, Look
from garde.cli.page.render import headline, page, speaker
from garde.cli.page.server import language_of, serve
from garde.clock import VirtualClock
from garde.errors import UsageError
from garde.journal import Text, open_journal
from garde.journal import kinds as k
from garde.journal.speech import LANGUAGES
from garde.journal.summary import Summary

STARTED = k.AgentStarted("0.1.0", "enforce", "enforce", "fanotify", 1, True, (Text(b"/srv"),))
COVERAGE = k.CoverageChanged(12_408, 12_408, 12_391)
VERDICT = k.VerdictReached("v1", "session", Text("k"), 20.0, 18.0, (FILE, SECOND), (SMB,))
HELD = k.ActorHeld("h1", "v1", "smb", SMB, (812,), 4)
CONFIRMED = k.HoldConfirmed("h1", "v1", 2)
RESTORED = k.FileRestored("v1", FILE.path, 1.0, "", True)


def _look(state: Path, *payloads: k.Payload, alive: bool = True) -> Look:
    with open_journal(state, clock=VirtualClock()) as journal:
        for payload in payloads:
            journal.append(payload)
    board = Board(state, lambda: alive)
    look = board.look()
    board.close()
    return look


@pytest.mark.parametrize(
    ("payloads", "title", "tone"),
    [
        ((), "Starting", "note"),
        ((STARTED, COVERAGE), "All quiet", "good"),
        ((STARTED, k.ModeChanged("enforce", "watching only", "x")), "Watching only", "bad"),
        ((STARTED, k.TreesUnseen((SKIPPED,))), "Partly blind", "bad"),
        ((STARTED, VERDICT), "Files are being destroyed", "bad"),
        ((STARTED, VERDICT, k.HoldRefused("v1", PROCESS, "never held")), "Files are being destroyed", "bad"),
        ((STARTED, VERDICT, HELD, CONFIRMED, RESTORED), "Attack stopped", "warn"),
        ((STARTED, VERDICT, HELD, k.RestoreFailed("v1", FILE.path, Text("x"))), "Attack stopped", "bad"),
        ((STARTED, VERDICT, HELD, k.HoldReleased("h1", "v1", "agent", "x", True)), "All quiet", "good"),
        ((STARTED, k.MassDeleteSeen("u1", "deleted", 40, PROCESS, True)), "Many documents were deleted", "warn"),
        ((STARTED, VERDICT, k.AgentStopped("x")), "Starting", "note"),
    ],
)
def test_the_most_serious_thing_is_said_first(
    tmp_path: Path, payloads: tuple[k.Payload, ...], title: str, tone: str
) -> None:
    head = headline(_look(tmp_path, *payloads), speaker("en"))
    assert (head.title, head.tone) == (title, tone)


def test_an_attack_of_an_earlier_run_does_not_stand_in_the_headline(tmp_path: Path) -> None:
    clock = VirtualClock()
    with open_journal(tmp_path, clock=clock) as journal:
        for payload in (STARTED, VERDICT, HELD):
            journal.append(payload)
        clock.advance(3600)
        journal.append(STARTED)
    look = _look(tmp_path)
    assert headline(look, speaker("en")).title == "All quiet"
    assert "Samba client 10.20.3.41" in page(look, "en")


def test_a_dead_agent_is_worse_than_anything(tmp_path: Path) -> None:
    look = _look(tmp_path, STARTED, VERDICT, alive=False)
    assert headline(look, speaker("en")).title == "Nobody is watching"


def test_a_journal_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"rubbish" * 2000)
    look = Board(tmp_path, lambda: True).look()
    assert headline(look, speaker("en")).title == "The record cannot be read"
    assert "STATE-DAMAGED" in page(look, "en")


ERRANDS = {
    "alive": True,
    "retention": [{"verb": "retention", "store": "r1", "state": "frozen"}],
    "errands": [
        {"verb": "restore", "state": "working", "store": "r1", "point": "<b>\x1b", "done": 50, "total": 200},
        {"verb": "sweep", "state": "refused", "detail": "OTHER-BASELINE: it was replaced"},
    ],
}


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("en", ("retention is frozen, proven", "under way, 25 %", "OTHER-BASELINE: it was replaced", "&lt;b&gt;\\x1b")),
        ("fr", ("la rétention est gelée, prouvé", "en cours, 25 %", "examiner cette machine")),
    ],
)
def test_how_errands_and_backups_stand_is_shown(tmp_path: Path, language: str, parts: tuple[str, ...]) -> None:
    with open_journal(tmp_path, clock=VirtualClock()) as journal:
        journal.append(STARTED)
    standing: list[dict[str, Any]] = [{}, ERRANDS]
    board = Board(tmp_path, lambda: True, lambda: standing[0])
    before = board.look()
    assert "Backups" not in page(before, "en")
    del standing[0]
    look = board.look()
    board.close()
    assert look.mark != before.mark  # a page that is open shows it by itself
    for part in parts:
        assert part in page(look, language)


class _Tags(HTMLParser):
    """Collects tags and the text outside them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_is_in_the_journal_the_page_stands(tmp_path: Path, language: str) -> None:
    evil = b"</title><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\"'.docx"
    file = k.FileDamage(Text(evil), Text(evil), 1.0, ("type_lost",), detail=Text(evil))
    actor = k.ActorNote("smb", 1, Text(evil), Text(evil), Text(evil), evil.decode(), (Text(evil),), (Text(evil),))
    harm = (
        k.AgentStarted("0", "enforce", evil.decode(), evil.decode(), 1, True, (Text(evil),)),
        k.ModeChanged("enforce", evil.decode(), evil.decode()),
        k.TreesUnseen((k.SkippedNote(Text(evil), evil.decode()),)),
        k.VerdictReached(evil.decode(), evil.decode(), Text(evil), 1.0, 1.0, (file,) * 9, (actor,)),
        k.ActorHeld(evil.decode(), evil.decode(), "smb", actor, (1,), 9),
        k.HoldReleased(evil.decode(), evil.decode(), evil.decode(), evil.decode()),
        k.ErrorSeen(evil.decode(), Text(evil), evil.decode()),
        k.CoverageChanged(10, 9, 8, "", 1, evil.decode()),
    )
    html = page(_look(tmp_path, *SAMPLES.values(), *harm), language)
    found = _Tags(html)
    assert [attributes for tag, attributes in found.tags if tag == "script"] == [{"src": "/page.js", "defer": None}]
    assert {attributes["src"] for tag, attributes in found.tags if tag == "img"} == {"/icon.svg"}
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on") or name == "style"]
    assert "\x1b" not in html
    assert "alert(1)" in found.text


def test_every_figure_is_shown_in_the_reader_s_language(tmp_path: Path) -> None:
    look = _look(tmp_path, STARTED, COVERAGE, VERDICT, HELD, CONFIRMED, RESTORED, k.Lagging(2.5, 3))
    english, french = _Tags(page(look, "en")).text, _Tags(page(look, "fr")).text
    for part in ("100.0 %", "99.8 %", "of 12,408 files", "2.5 s", "4 files touched", "1 put back", "garde explain h1"):
        assert part in english
    for part in ("100,0 %", "99,8 %", "sur 12\u202f408 fichiers", "2,5 s", "4 fichiers touchés", "garde explain h1"):
        assert part in french


def test_the_timeline_is_bounded_and_leaves_single_files_out(tmp_path: Path) -> None:
    many = [k.Lagging(float(n + 1), n) for n in range(SHOWN + 30)]
    look = _look(tmp_path, STARTED, *many, RESTORED, k.FindingMade(FILE, SMB, "v1"))
    assert len(look.timeline) == SHOWN
    assert {entry.kind for entry in look.timeline} == {"lagging"}
    assert look.timeline[0].seq == SHOWN + 31


def test_the_board_follows_the_journal_and_its_mark_changes(tmp_path: Path) -> None:
    alive = [True]
    board = Board(tmp_path, lambda: alive[0])
    marks = [board.look().mark]
    with open_journal(tmp_path) as journal:
        for payload in (STARTED, COVERAGE):
            journal.append(payload)
            marks.append(board.look().mark)
    alive[0] = False
    marks.append(board.look().mark)
    assert len(set(marks)) == 4
    assert board.look().mark == marks[-1]
    board.close()


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "fr-FR,fr;q=0.9,en;q=0.5", "fr"),
        ("", "de-DE,de;q=0.9,fr;q=0.4,en;q=0.2", "fr"),
        ("", "en;q=0.8, fr;q=0.9", "fr"),
        ("", "*;q=x,,;;", "en"),
        ("lang=fr", "en", "fr"),
        ("lang=xx&lang=fr", "en", "fr"),
        ("lang=../../etc", "fr", "fr"),
    ],
)
def test_the_language_is_the_reader_s(query: str, accepted: str, language: str) -> None:
    assert language_of(query, accepted) == language


@pytest.fixture
def address(tmp_path: Path) -> Iterator[tuple[str, int]]:
    with open_journal(tmp_path) as journal:
        journal.append(STARTED)
    with serve(tmp_path, lambda: True) as served:
        found = re.fullmatch(r"http://(127\.0\.0\.1):(\d+)/", served)
        assert found
        yield found[1], int(found[2])


def _ask(address: tuple[str, int], path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    link = http.client.HTTPConnection(*address, timeout=10)
    link.request(method, path, headers={"Connection": "close", **headers})
    answer = link.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    link.close()
    return answer


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/?lang=fr", "text/html; charset=utf-8"),
        ("/status.json", "application/json"),
        ("/page.css", "text/css; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
    ],
)
def test_each_page_has_its_type_and_the_strict_policy(address: tuple[str, int], path: str, kind: str) -> None:
    answer: Any = _ask(address, path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert answer.body
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Python" not in str(answer.headers)


def test_status_is_the_summary(address: tuple[str, int]) -> None:
    answer: Any = _ask(address, "/status.json")
    status = json.loads(answer.body)
    assert (status["alive"], status["sensor"], status["trees"]) == (True, "fanotify", ["/srv"])
    assert set(Summary().as_data()) | {"alive", "mark"} == set(status)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost", "", "127.0.0.1:{port}.evil"])
def test_another_host_name_is_refused(address: tuple[str, int], host: str) -> None:
    answer: Any = _ask(address, "/status.json", Host=host.format(port=address[1]))
    assert answer.status == 421
    assert b"fanotify" not in answer.body


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}"])
def test_its_own_names_are_answered(address: tuple[str, int], host: str) -> None:
    assert _ask(address, "/", Host=host.format(port=address[1])).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
def test_only_get_is_answered(address: tuple[str, int], method: str) -> None:
    assert _ask(address, "/", method).status == 405


@pytest.mark.parametrize("path", ["/nothing", "/page.css/", "/../render.py", "/%2e%2e/render.py", "/static/page.css"])
def test_nothing_else_is_served(address: tuple[str, int], path: str) -> None:
    assert _ask(address, path).status == 404


def test_a_port_in_use_is_said(address: tuple[str, int], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=str(address[1])), serve(tmp_path, lambda: True, address[1]):
        pass


def test_static_files_name_nothing_on_the_network() -> None:
    from garde.cli.page.render import HERE

    for each in [*(HERE / "static").iterdir(), *(HERE / "templates").iterdir()]:
        found = set(re.findall(r"(?:https?:)?//[a-z0-9.]+", each.read_text()))
        assert found <= {"http://www.w3.org"}, each
