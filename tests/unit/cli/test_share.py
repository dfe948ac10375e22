"""`garde share` beside a real hub's state directory: its journal, its files, its token, its API in this process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from garde.cli import sharing_view
from garde.clock import SystemClock
from garde.estate.look import Lookup
from garde.hub import warning_files
from garde.hub.config import load_config, open_hub_journal
from garde.journal import sharing_kinds as s
from garde.journal.hub_kinds import EstateLoaded, IncidentOpened
from garde.journal.text import Text
from garde.paper import Document, NotTypeset, Printed
from garde.sharing.out import forms
from garde.sharing.out.draft import Draft, Indicator, draft_of
from garde.sharing.out.guard import guard
from garde.sharing.out.memory import Out, Version

Share = Callable[..., Any]


@pytest.fixture
def share(garde: Callable[..., Any], hub: Path) -> Share:
    return lambda *words: garde("share", *words, "--state", str(hub))


def lines(ran: Any, kind: str) -> list[dict[str, Any]]:
    return [each for each in ran.lines if each["kind"] == kind]


def write(hub: Path, *payloads: Any) -> None:
    with open_hub_journal(hub, load_config(hub).database, SystemClock()) as journal:
        journal.append_all([(each, None) for each in payloads], who="hub")


def no_paper(document: Document) -> Printed:
    raise NotTypeset("no type today")


@pytest.fixture
def neighbours(hub: Path) -> list[str]:
    """Two neighbours in the hospital's file, as it is in force."""
    from dataclasses import replace

    from garde.estate.canonical import from_json, to_json
    from garde.estate.nouns import Neighbour

    with open_hub_journal(hub, load_config(hub).database, SystemClock(), read_only=True) as journal:
        raw = [each.payload.content.value for each in journal.entries() if isinstance(each.payload, EstateLoaded)][-1]
    two = (Neighbour("nord", "Clinique du Nord", "+32 4 000 09 01"), Neighbour("sud", "Sud", "it@sud.example"))
    write(hub, EstateLoaded("00", Text(to_json(replace(from_json(raw or b""), neighbours=two))), "hospital.yaml", 3, 1))
    return ["nord", "sud"]


@pytest.fixture
def drawn(hub: Path, neighbours: list[str]) -> str:
    """A warning that waits for approval; returns its digest."""
    from garde.estate.nouns import Estate

    version = Version("w-i1", "i1", 1, "amber", "d" * 32, 1_700_000_000.0)
    look = Lookup(Estate("Clinique"))
    found = draft_of(Out(versions=[version]), version, look, 1_700_000_010.0)
    indicators = (
        Indicator("ending", ".nightfall", "ending", 4, 1.7e9),
        Indicator("address", "10.1.1.9", "x", 1, 1.7e9),
    )
    draft = Draft(**{**{name: getattr(found, name) for name in found.__slots__}, "indicators": indicators})
    guarded = guard(draft, look)
    made = forms.write(guarded.draft, "https://10.1.1.5:8443/taxii2/", no_paper)
    warning_files.keep(hub, "w-i1", 1, made, guarded.parts)
    digest = hashlib.sha256(made[forms.STIX]).hexdigest()
    write(
        hub,
        IncidentOpened("i1", 1_700_000_000.0, "files-1", 1),
        s.WarningAsked(command="d" * 32, cause=1, incident="i1", version=1, upto=1, tlp="amber"),
        s.WarningDrawn("d" * 32, "w-i1", "i1", 1, "amber", digest, 1, 1, ("an address of the house",)),
    )
    return digest


def test_what_waits_is_shown_with_what_was_taken_out(share: Share, drawn: str) -> None:
    (row,) = lines(share("show", "--json"), "warning")
    assert (row["warning"], row["sha256"], row["approved"]) == ("w-i1", drawn, 0)
    assert "waits for approval; 1 indicator; 1 part was taken out" in share("show").out
    assert "attend l’accord" in share("show", "--lang", "fr").out
    page = share("show", "w-i1").out
    assert "TLP:AMBER" in page and "*.nightfall" in page and "10.1.1.9" not in page
    changes = share("changes").out
    assert "- Addresses outside: 10.1.1.9  (an address of the house)" in changes
    parts = {each["before"]: each["why"] for each in lines(share("changes", "--json"), "part")}
    assert parts[".nightfall"] == "" and parts["10.1.1.9"]
    neighbours = {each["id"]: each for each in lines(share("show", "--json"), "neighbour")}
    assert neighbours.keys() == {"nord", "sud"} and neighbours["nord"]["told"] is None


def test_nothing_that_nobody_approved_is_written_out_or_printed(share: Share, drawn: str, tmp_path: Path) -> None:
    for words in (("export", str(tmp_path / "stick")), ("print",)):
        ran = share(*words)
        assert ran.code != 0 and "nobody has approved it" in ran.err
    assert not (tmp_path / "stick").exists()
    ran = share("approve")
    assert ran.code != 0 and "a person by name" in ran.err and "--login" in ran.err
    ran = share("send", "w-i1")
    assert ran.code != 0 and "nobody has approved it" in ran.err


def test_an_approved_one_is_carried_out_and_told(share: Share, hub: Path, drawn: str, tmp_path: Path) -> None:
    write(hub, s.WarningApproved("w-i1", 1, drawn, "cleo"))
    stick = tmp_path / "stick"
    written = {Path(each["file"]).name for each in lines(share("export", str(stick), "--json"), "form")}
    assert written == {each.name for each in stick.iterdir()}
    assert {"stix.json", "misp.json", "indicators.csv", "page.fr.html"} <= written and "changes.json" not in written
    assert hashlib.sha256((stick / "stix.json").read_bytes()).hexdigest() == drawn
    assert json.loads((stick / "stix.json").read_bytes())["type"] == "bundle"
    ran = share("print")
    assert ran.code != 0 and "page.en.pdf" in ran.err  # no type could be set when it was drawn
    assert share("told", "w-i1", "nord", "--unconfirmed", "--channel", "file").code == 0
    assert "told (file" in share("show").out
    assert share("told", "w-i1", "nord", "--name", "Dr Leroy").code == 0
    assert "Clinique du Nord: reached by telephone, paper, a file; has understood (phone" in share("show").out
    done = lines(share("send", "w-i1", "sud", "--json"), "written")
    asked = [each["entry"]["payload"] for each in done if each["entry"]["kind"] == "warning_send_asked"]
    assert [(each["neighbour"], each["channel"]) for each in asked] == [("sud", "")]  # no calling.toml here


def test_a_file_that_was_changed_is_not_carried_out(share: Share, hub: Path, drawn: str, tmp_path: Path) -> None:
    write(hub, s.WarningApproved("w-i1", 1, drawn, "cleo"))
    (warning_files.folder_of(hub, "w-i1", 1) / "indicators.csv").write_text("ending,.docx\n")
    ran = share("export", str(tmp_path / "stick"))
    assert ran.code != 0 and "indicators.csv is not what was drawn" in ran.err


def test_a_token_is_shown_once(share: Share, neighbours: list[str]) -> None:
    (made,) = lines(share("key", "nord", "--json"), "token")
    assert len(made["token"]) >= 40
    assert made["url"] == "https://127.0.0.1:8443/taxii2/warnings/collections/warnings/"
    (written,) = lines(share("unkey", "nord", "--json"), "written")
    assert written["entry"]["payload"] == {"neighbour": "nord", "sha256": "", "by": "local"}
    assert made["token"] not in share("show").out


def test_drawing_is_asked_for(share: Share, drawn: str) -> None:
    done = [each["entry"]["kind"] for each in lines(share("draw", "i1", "--tlp", "green", "--json"), "written")]
    assert done[:2] == ["warning_wanted", "warning_asked"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "w-9"), "no such warning"),
        (("changes",), "no such warning"),
        (("approve",), "no such warning"),
        (("draw",), "of which incident?"),
        (("draw", "i-9"), "no such incident"),
        (("told", "w-i1"), "who was told?"),
        (("key", "nobody"), "no neighbour 'nobody'"),
        (("export",), "where to?"),
    ],
)
def test_what_cannot_be_done_says_why_and_what_to_do(share: Share, words: tuple[str, ...], said: str) -> None:
    ran = share(*words)
    assert ran.code != 0 and said in ran.err and ran.err.count("\n") <= 3


def test_with_no_warning_it_says_so(share: Share) -> None:
    assert "No warning was drawn yet" in share("show").out


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_sentence_is_in_the_catalogue_and_none_is_left_over(language: str) -> None:
    words = {"_say": None, "mark": None, "many": (1, 2)}
    found = extract_from_file("python", sharing_view.__file__, keywords=words)
    with (sharing_view.LOCALE / f"{language}.po").open("rb") as stream:
        known = {message.id: message.string for message in read_po(stream) if message.id}
    assert {each[1] for each in found} == set(known) and all(known.values())
