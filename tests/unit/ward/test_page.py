"""The page: every word in every language; who may see and press; what other pages and other hosts may not."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from litestar.testing import TestClient
from tests.support.ward_house import Pair, make_pair, pages_in

from garde.clock import VirtualClock
from garde.journal.paper_kinds import PackOpened
from garde.paper.printer_words import TROUBLES, in_words
from garde.paper.printing import Ready
from garde.ward.accounts import Accounts
from garde.ward.config import LANGUAGES
from garde.ward.page import view as view_module
from garde.ward.page.app import Site, build
from garde.ward.page.printing import Printing
from garde.ward.page.sessions import COOKIE, IDLE_S, Sessions
from garde.ward.page.words import WORDS, age_in_words

HOST = "127.0.0.1:2581"
URL = f"http://{HOST}"
OURS = {"origin": URL}


class Stage:
    """A PC with one pack, and a browser that has nothing to do with other pages."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock()
        self.pair: Pair = make_pair(folder, self.clock, printer="ipp://127.0.0.1:9/ipp/print")
        self.pack = self.pair.make(8)
        self.house = self.pair.house()
        self.house.take(self.pair.parcel(self.pack))
        accounts = Accounts(self.pair.ward_state, self.clock, PasswordHasher(1, 64, 1))
        accounts.set_pin("nina", "482190")
        self.said: list[dict[str, Any]] = []
        self.printing = Printing(self.house, self.said.append)
        self.complaints: list[str] = []
        self.site = Site(
            self.house, accounts, Sessions(self.clock), self.printing, frozenset({HOST}), self.complaints.append
        )
        self.site.printer = Ready("ipp://x", "Ward printer", "ready")
        self.client = TestClient(build(self.site), base_url=URL)

    def post(self, path: str, headers: dict[str, str] | None = None, **form: str) -> Any:
        return self.client.post(path, data=form, headers=OURS if headers is None else headers, follow_redirects=False)

    def enter(self) -> str:
        """Enter the PIN; returns the session's token for forms."""
        assert self.post("/enter", name="nina", pin="482190").status_code == 303
        found = re.search(r'name="csrf" value="([^"]+)"', self.client.get("/").text)
        assert found
        return found[1]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    found = Stage(tmp_path)
    with found.client:
        yield found
    found.printing.wait(10)
    found.house.close()
    found.pair.book.close()
    assert found.complaints == []


# --- words ------------------------------------------------------------------------------------------------------------


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("tables", [WORDS, TROUBLES])
def test_every_language_has_every_word_with_the_same_values(tables: dict[str, dict[str, str]]) -> None:
    assert set(tables) == set(LANGUAGES)
    for words in tables.values():
        assert words.keys() == tables["en"].keys()
        assert all(text and _fields(text) == _fields(tables["en"][name]) for name, text in words.items())


def test_the_template_and_the_view_use_every_word_that_there_is() -> None:
    here = Path(view_module.__file__).parent
    used = "".join(path.read_text() for path in (*here.glob("*.py"), *here.rglob("*.html")) if path.name != "words.py")
    for name in WORDS["en"]:
        assert re.search(rf"words\.{name}\b|\"{name}\"|say_\{{|run_", used), name


@pytest.mark.parametrize(
    ("seconds", "said"), [(59, "0 min"), (3540, "59 min"), (3600, "1 h 00 min"), (200_000, "2 d 7 h")]
)
def test_ages_are_rounded_down(seconds: float, said: str) -> None:
    assert age_in_words(seconds, "en") == said


def test_a_trouble_that_nobody_knows_is_shown_harmless() -> None:
    assert in_words(("media-jam", "x\x1b[2J<b>"), "fr") == "bourrage de papier, x\\x1b[2J<b>"


# --- looking ----------------------------------------------------------------------------------------------------------


def test_how_old_the_data_are_is_seen_by_anybody_and_nothing_else(stage: Stage) -> None:
    page = stage.client.get("/")
    assert page.status_code == 200 and "FRESH" in page.text and stage.pack.pack in page.text
    assert 'action="/print"' not in page.text and f"/pack/{stage.pack.pack}" not in page.text
    assert stage.client.get(f"/pack/{stage.pack.pack}").status_code == 403
    stage.clock.advance(7 * 3600)
    assert "TOO OLD" in stage.client.get("/").text and "7 h" in stage.client.get("/").text


def test_a_pc_to_which_nothing_has_come_says_so_and_offers_nothing(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, enrol=False, places=("3B", "4C"))
    with pair.house() as house:
        accounts = Accounts(pair.ward_state, pair.clock, PasswordHasher(1, 64, 1))
        site = Site(house, accounts, Sessions(pair.clock), Printing(house, print), frozenset({HOST}), print)
        with TestClient(build(site), base_url=URL) as client:
            page = client.get("/")
    assert page.status_code == 200 and page.text.count(WORDS["en"]["none"]) == 2
    assert WORDS["en"]["no_desk"] in page.text and WORDS["en"]["no_printer"] in page.text
    pair.book.close()


def test_a_pack_that_cannot_be_opened_is_named_and_offers_nothing(stage: Stage) -> None:
    stage.enter()
    stage.house._manifests.clear()
    path = stage.pair.ward_state / "packs" / f"{stage.pack.pack}.parcel"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    page = stage.client.get("/").text
    assert "cannot be used" in page and 'value="mar"' not in page


def test_who_entered_may_look_and_that_is_written_down(stage: Stage) -> None:
    stage.enter()
    shown = stage.client.get(f"/pack/{stage.pack.pack}")
    assert shown.headers["content-type"] == "application/pdf" and pages_in(shown.content) == list(range(1, 9))
    assert "no-store" in shown.headers["cache-control"]
    (entry,) = stage.house._book.journal.entries(kinds=("pack_opened",))
    assert entry.payload == PackOpened(stage.pack.pack, "nina")


def test_a_session_ends_when_nobody_is_there(stage: Stage) -> None:
    stage.enter()
    stage.clock.advance(IDLE_S - 1)
    assert "/print" in stage.client.get("/").text
    stage.clock.advance(IDLE_S - 1)
    stage.client.get("/mark")  # the page asks by itself: that is nobody
    stage.clock.advance(2)
    assert "/print" not in stage.client.get("/").text


def test_leaving_ends_it(stage: Stage) -> None:
    csrf = stage.enter()
    assert stage.post("/leave", csrf="wrong").status_code == 303 and "/print" in stage.client.get("/").text
    stage.post("/leave", csrf=csrf)
    assert "/print" not in stage.client.get("/").text


def test_french_is_one_press_away(stage: Stage) -> None:
    stage.client.get("/language/fr")
    assert "À JOUR" in stage.client.get("/").text
    assert stage.client.get("/language/xx").status_code == 404


def test_the_mark_changes_when_the_page_does_and_only_then(stage: Stage) -> None:
    first = stage.client.get("/mark").text
    assert stage.client.get("/mark").text == first and f'data-mark="{first}"' in stage.client.get("/").text
    stage.site.printer = replace(stage.site.printer, state="stopped")  # type: ignore[type-var]
    assert stage.client.get("/mark").text != first


# --- entering ---------------------------------------------------------------------------------------------------------


def test_a_wrong_pin_enters_nobody_and_many_make_wait(stage: Stage) -> None:
    for _ in range(5):
        assert stage.post("/enter", name="nina", pin="000001").status_code == 403
    assert stage.post("/enter", name="nina", pin="482190").status_code == 429
    assert COOKIE not in stage.client.cookies
    stage.clock.advance(3)
    stage.enter()


# --- strangers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.1:2581", "127.0.0.1", ""])
def test_another_name_for_this_pc_is_not_answered(stage: Stage, host: str) -> None:
    assert stage.client.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("headers", [{}, {"origin": "null"}, {"origin": "http://evil.example"}])
def test_another_page_presses_no_button(stage: Stage, headers: dict[str, str]) -> None:
    csrf = stage.enter()
    assert stage.post("/print", headers, csrf=csrf, what="mar", pack=stage.pack.pack).status_code == 403
    assert stage.printing.standing is None and not stage.house.state().runs


@pytest.mark.parametrize("csrf", ["", "wrong", "é"])
def test_a_form_without_its_sessions_token_prints_nothing(stage: Stage, csrf: str) -> None:
    stage.enter()
    assert stage.post("/print", csrf=csrf, what="mar", pack=stage.pack.pack).status_code == 403
    assert not stage.house.state().runs


@pytest.mark.parametrize(
    "form",
    [
        {"what": "mar", "pack": "../../x"}, {"what": "mar", "pack": "ZZZZZZ"}, {"what": "rm -rf"}, {},
        {"what": "pages", "pages": "9"}, {"what": "pages", "pages": "<script>"}, {"what": "mar", "copies": "-1"},
        {"what": "mar", "copies": "1e9"}, {"what": "mar", "copies": "²"}, {"what": "mar", "copies": "1000"},
    ],
)  # fmt: skip
def test_a_form_that_asks_for_nothing_that_there_is_prints_nothing(stage: Stage, form: dict[str, str]) -> None:
    csrf = stage.enter()
    answer = stage.post("/print", csrf=csrf, **{"pack": stage.pack.pack, **form})
    assert answer.status_code == 409 and "<script>" not in answer.text
    assert not stage.house.state().runs


def test_what_is_too_large_or_no_path_of_ours_is_refused(stage: Stage) -> None:
    assert stage.client.post("/enter", content=b"x" * 100_000, headers=OURS).status_code == 413
    for path in ("/packs", "/static/../words.py", "/static/x", "/journal.db"):
        assert stage.client.get(path).status_code == 404


# --- printing ---------------------------------------------------------------------------------------------------------


def test_a_press_is_printed_in_the_name_of_who_entered(stage: Stage) -> None:
    csrf = stage.enter()
    assert stage.post("/print", csrf=csrf, what="mar", pack=stage.pack.pack).status_code == 303
    stage.printing.wait(30)
    (run,) = stage.house.state().runs.values()
    assert (run.by, run.pages) == ("nina", ()) and "switched on" in run.fault
    assert "NOTHING CAME OUT" in stage.client.get("/").text


def test_hostile_words_of_a_printer_are_shown_harmless(stage: Stage) -> None:
    stage.site.printer = Ready("ipp://x", "<script>alert(1)</script>", "stopped", ("<b>",), "")
    page = stage.client.get("/").text
    assert "<script>alert" not in page and "&lt;script&gt;" in page and "<b>" not in page
