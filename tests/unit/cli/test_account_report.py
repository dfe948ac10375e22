"""`garde account report` beside a real hub's state directory: its journal is read, and nothing is written there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from garde.clock import SystemClock
from garde.hub.config import load_config, open_hub_journal
from garde.journal import hub_kinds as h

Report = Callable[..., Any]


@pytest.fixture
def report(garde: Callable[..., Any], hub: Path) -> Report:
    return lambda *words: garde("account", "report", *words, "--hub", str(hub))


@pytest.fixture
def incident(hub: Path) -> str:
    with open_hub_journal(hub, load_config(hub).database, SystemClock()) as journal:
        journal.append_all([(h.IncidentOpened("i-1", SystemClock().now() - 60, "files-1", 1), None)], who="hub")
    return "i-1"


def head(hub: Path) -> object:
    with open_hub_journal(hub, load_config(hub).database, SystemClock(), read_only=True) as journal:
        return journal.head()


def test_without_an_incident_there_is_nothing_to_report(report: Report) -> None:
    ran = report()
    assert ran.code != 0 and "no incident stands in the journal" in ran.err


def test_it_is_shown_and_written_in_both_forms(report: Report, incident: str, hub: Path, tmp_path: Path) -> None:
    before = head(hub)
    shown = report("--lang", "en")
    assert shown.code == 0 and "What was not seen?" in shown.out and "No file was lost" not in shown.err
    html, pdf = tmp_path / "n.html", tmp_path / "n.pdf"
    made = report("--html", str(html), "--pdf", str(pdf), "--lang", "fr", "--json")
    (found,) = [each for each in made.lines if each["kind"] == "final_report"]
    assert found["incident"] == incident and found["seq"] >= 1 and found["head"]
    assert pdf.read_bytes().startswith(b"%PDF") and '<html lang="fr">' in html.read_text()
    assert head(hub) == before


def test_a_wrong_incident_or_story_is_refused(report: Report, incident: str, tmp_path: Path) -> None:
    assert report("i-9").code != 0
    assert report(incident, "extra").code != 0
    story = tmp_path / "story.json"
    story.write_text("[]")
    assert "story.json" in report("--beside", str(story)).err
