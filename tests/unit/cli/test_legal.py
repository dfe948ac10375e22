"""`garde legal` beside a real hub's state directory: its journal, its token, its API in this process."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from garde.clock import SystemClock
from garde.hub.config import load_config, open_hub_journal
from garde.journal.hub_kinds import IncidentOpened
from garde.journal.legal_kinds import AwareSaid
from garde.journal.text import Text

Legal = Callable[..., Any]
SHIPPED = 17  # clocks that come with Garde


@pytest.fixture
def legal(garde: Callable[..., Any], hub: Path) -> Legal:
    return lambda *words: garde("legal", *words, "--state", str(hub))


def lines(ran: Any, kind: str) -> list[dict[str, Any]]:
    return [each for each in ran.lines if each["kind"] == kind]


def write(hub: Path, who: str, *payloads: Any) -> None:
    with open_hub_journal(hub, load_config(hub).database, SystemClock()) as journal:
        journal.append_all([(each, None) for each in payloads], who=who)


@pytest.fixture
def struck(hub: Path) -> float:
    """A hub with an incident; when it began."""
    now = time.time()
    write(hub, "", IncidentOpened("i1", now - 600, "files-1", 1))
    return now


def test_without_an_incident_nothing_is_owed(legal: Legal) -> None:
    assert "no incident" in legal("clocks").out
    assert "There are no drafts" in legal("drafts").out
    assert legal("clocks", "--incident", "i9").code != 0


def test_what_nobody_said_is_said_loudly(legal: Legal, hub: Path, struck: float) -> None:
    shown = legal("clocks", "--json")
    assert {each["event"] for each in lines(shown, "unsaid")} >= {"aware_personal_data", "aware_significant"}
    assert len(lines(shown, "clock")) == SHIPPED
    assert "garde legal aware aware_personal_data" in legal("clocks").out
    assert "Personne n’a dit" in legal("clocks", "--lang", "fr").out
    write(hub, "person/dora", AwareSaid("i1", "aware_personal_data", struck, "dora", Text()))
    assert "aware_personal_data" not in {each["event"] for each in lines(legal("clocks", "--json"), "unsaid")}


def test_a_draft_is_filled_edited_and_exported(legal: Legal, struck: float, tmp_path: Path) -> None:
    done = lines(legal("draft", "police", "--language", "fr", "--json"), "written")
    (made,) = [each["entry"]["payload"] for each in done if each["entry"]["kind"] == "draft_made"]
    name = made["draft"]
    assert "Plainte" in legal("drafts").out
    assert legal("edit", name, "suspect_contacts", "aucun", "contact").code == 0
    fields = {each["name"]: each for each in lines(legal("show", name, "--json"), "field")}
    assert (fields["suspect_contacts"]["value"], fields["suspect_contacts"]["state"]) == ("aucun contact", "said")
    text = tmp_path / "draft.txt"
    assert legal("export", name, "--out", str(text)).code == 0
    text.write_text(text.read_text().replace("aucun contact", "un appel à 04:10"))
    assert legal("edit", name, "--file", str(text)).code == 0
    assert "un appel à 04:10" in legal("show", name).out
    raw = tmp_path / "draft.json"
    assert legal("export", name, "--out", str(raw)).code == 0
    row = lines(legal("drafts", "--json"), "draft")[0]
    assert hashlib.sha256(raw.read_bytes()).hexdigest() == row["sha256"] and row["version"] == 3
    page = tmp_path / "draft.pdf"
    assert legal("export", name, "--out", str(page)).code == 0
    assert page.read_bytes().startswith(b"%PDF")


def test_the_table_of_clocks_is_a_page(legal: Legal, struck: float, tmp_path: Path) -> None:
    assert legal("clocks", "--out", str(tmp_path / "c.pdf"), "--lang", "fr").code == 0
    assert (tmp_path / "c.pdf").read_bytes().startswith(b"%PDF")


def test_a_hospitals_own_clocks(legal: Legal, struck: float, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[[clocks]]\nid="aviq"\nregime="x"\nstart="discovered"\nrecipient="regulator"\n')
    assert legal("load", "--file", str(own)).code == 0
    assert len(lines(legal("clocks", "--json"), "clock")) == SHIPPED + 1
    assert legal("load", "default").code == 0
    assert len(lines(legal("clocks", "--json"), "clock")) == SHIPPED
    own.write_text("[[clocks]]\n")
    assert "own.toml" in legal("load", "--file", str(own)).err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("aware",), "aware of what?"),
        (("aware", "discovered", "soon"), "'soon' is no time"),
        (("aware", "discovered"), "a token is none"),
        (("applies", "nis2_early"), "yes, no or open?"),
        (("applies", "nis2_early", "no", "--note", "x"), "a token is none"),
        (("draft",), "which form?"),
        (("draft", "tax"), "a form is one of"),
        (("edit", "x"), "which field?"),
        (("edit", "x", "y", "z"), "no draft 'x'"),
        (("edit", "x", "--file", "/nonexistent"), "/nonexistent"),
        (("show",), "which draft?"),
        (("show", "x"), "no draft 'x'"),
        (("sign", "x"), "no draft 'x'"),
        (("submit", "x", "--channel", "mail"), "no draft 'x'"),
        (("ransom",), "paid or not?"),
        (("ransom", "maybe"), "paid or not-paid"),
        (("ransom", "not-paid"), "a token is none"),
        (("load",), "which clocks?"),
        (("export", "x"), "name a file"),
        (("export", "x", "--out", "x.pdf"), "no draft 'x'"),
    ],
)
def test_what_cannot_be_done_says_why_and_what_to_do(
    legal: Legal, struck: float, words: tuple[str, ...], said: str
) -> None:
    ran = legal(*words)
    assert ran.code != 0 and said in ran.err and ran.err.count("\n") <= 3


def test_a_wall_time_is_the_last_one(legal: Legal) -> None:
    from garde.cli.legal import _Desk

    now = SystemClock()
    desk = _Desk(Path("/nonexistent"), now, "", None)
    assert now.now() - 86_400 <= desk._time("23:59") <= now.now()
    assert now.now() - 86_400 <= desk._time("00:00") <= now.now()
