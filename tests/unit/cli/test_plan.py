"""`garde plan` beside a real hub's state directory: its journal, its token, its API in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from garde.clock import SystemClock
from garde.emergency import report as reports
from garde.emergency.memory import State
from garde.estate.look import Lookup
from garde.estate.nouns import Estate
from garde.hub.config import load_config, open_hub_journal
from garde.journal.plan_kinds import ReportMade
from garde.journal.text import Text

Garde = Callable[..., object]


@pytest.fixture
def plan(garde: Garde, hub: Path) -> Garde:
    return lambda *words: garde("plan", *words, "--state", str(hub))


def lines(ran: object, kind: str) -> list[dict[str, object]]:
    return [each for each in ran.lines if each["kind"] == kind]  # type: ignore[attr-defined]


def test_a_hub_is_set_up_with_a_plan_that_is_not_in_force(plan: Garde) -> None:
    ran = plan("show", "--json")
    assert ran.code == 0 and lines(ran, "plan")[0]["plan"] == "belgium"
    assert lines(ran, "plan")[0]["phase"] == ""
    assert "The emergency plan is not in force." in plan("show").out


def test_a_night(plan: Garde) -> None:
    assert plan("trigger", "action", "--note", "record is down").code == 0
    shown = plan("show", "--json")
    tasks = {each["task"]: each for each in lines(shown, "task")}
    assert lines(shown, "plan")[0]["phase"] == "action" and tasks["crisis-team"]["state"] == "open"
    assert plan("task", "crisis-team", "take").code == plan("task", "crisis-team", "done").code == 0
    assert plan("give", "Fetch paper", "nursing", "--minutes", "20").code == 0
    assert plan("divert", "emergency", "diverted", "--note", "no record", "--minutes", "120").code == 0
    assert plan("told", "emergency", "112").code == 0
    assert plan("understood", "emergency", "112", "--note", "operator 12").code == 0
    shown = plan("show", "--json")
    (path,) = lines(shown, "path")
    assert path["state"] == "diverted" and "112" not in path["not_understood"] and "inspector" in path["not_told"]
    assert {each["task"] for each in lines(shown, "task") if each["state"] == "done"} == {"crisis-team"}
    assert plan("service", "radiology", "degraded", "--note", "by hand", "--minutes", "60").code == 0
    board = {each["service"]: each for each in lines(plan("board", "--json"), "service")}
    assert board["radiology"]["state"] == "degraded" and board["laboratory"]["state"] == "works"
    assert plan("service", "radiology", "back").code == 0
    assert plan("hold", "07:00").code == 0
    assert plan("stand-down", "--accept", "--note", "x").code == 12  # it is kept until seven
    assert "NOT TOLD" in plan("show").out and plan("show", "--lang", "fr").out.startswith("Plan d’urgence")


def test_pages(plan: Garde, tmp_path: Path) -> None:
    assert plan("board", "--out", str(tmp_path / "b.pdf")).code == 0
    assert (tmp_path / "b.pdf").read_bytes().startswith(b"%PDF-")
    assert plan("board", "--out", str(tmp_path / "b.html")).code == 0
    assert "<!doctype html>" in (tmp_path / "b.html").read_text()
    assert plan("board", "--out", str(tmp_path / "b.doc")).code == 2
    assert plan("board", "--out", str(tmp_path / "none" / "b.pdf")).code == 2
    assert plan("report", "--out", str(tmp_path / "r.pdf")).code == 8  # no hub runs: it is made at its next start


def test_an_older_report_never_stands_in_for_the_one_that_was_asked_for(plan: Garde, hub: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.pdf"
    assert plan("report", "--out", str(out)).code == 8
    with open_hub_journal(hub, load_config(hub).database, SystemClock()) as journal:
        asked = next(journal.entries(kinds=("report_asked",))).payload
        look = Lookup(Estate(name="Clinique"))
        content = Text(reports.encode(reports.make_reports(State(), look, 0.0, number=1, by="plan")))
        journal.append(ReportMade(asked.command, 1, "", 1, 0, content, ""))
    ran = plan("report", "--out", str(out))
    assert ran.code == 8 and "situation report 2 is not there yet" in ran.err and not out.exists()


def test_a_report_that_no_printer_takes_says_where_its_page_lies(plan: Garde, hub: Path) -> None:
    ran = plan("report", "--print")
    assert ran.code == 9 and "no printer stands in calling.toml" in ran.err
    calling = hub / "calling.toml"
    calling.touch(mode=0o600)
    calling.write_text('[[channel]]\nname = "room"\nkind = "printer"\nuri = "ipp://127.0.0.1:9/ipp/print"\n')
    assert "no page of report 2" in plan("report", "--print").err
    (hub / "reports").mkdir()
    (hub / "reports" / "0003.pdf").write_bytes(b"%PDF-1.7")
    ran = plan("report", "--print")
    assert ran.code == 9 and "report 3 was not printed: room: " in ran.err and "0003.pdf" in ran.err


def test_another_plan(plan: Garde, tmp_path: Path) -> None:
    assert plan("load", "hics").code == 0
    assert lines(plan("show", "--json"), "plan")[0]["plan"] == "hics"
    bad = tmp_path / "mine.yaml"
    bad.write_text("id: mine\nname: Mine\nphases:\n  - id: one\n")
    ran = plan("load", str(bad))
    assert ran.code == 3 and f"{bad}:4" in ran.err


def test_check_names_every_fault(garde: Garde, tmp_path: Path) -> None:
    assert garde("plan", "check", "belgium").code == 0
    bad = tmp_path / "mine.yaml"
    bad.write_text("id: mine\nname: Mine\nleader: boss\nphases:\n  - id: one\n    name: One\n    calls: [c]\n")
    ran = garde("plan", "check", str(bad), "--json")
    assert ran.code == 3
    assert {each["place"] for each in lines(ran, "problem")} >= {f"{bad}:3", f"{bad}:7"}
    assert garde("plan", "check").code == 2 and garde("plan", "check", str(tmp_path / "none")).code == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("trigger", "nonsense"), 8),
        (("task", "crisis-team", "done"), 12),
        (("hold", "07:00"), 12),
        (("hold", "sometime"), 2),
        (("hold",), 2),
        (("divert", "emergency"), 2),
        (("divert", "emergency", "shut"), 2),
        (("divert", "moon", "open"), 8),
        (("service", "moon", "works", "--note", "x"), 8),
        (("service", "radiology", "works"), 2),
        (("flag", "moon"), 8),
        (("flag", "it_normal"), 12),
        (("reject",), 12),
        (("burn",), 2),
    ],
)
def test_words_that_are_off(plan: Garde, words: tuple[str, ...], code: int) -> None:
    assert plan(*words).code == code


def test_where_there_is_no_hub(garde: Garde, tmp_path: Path) -> None:
    assert garde("plan", "show", "--state", str(tmp_path)).code == 8
    assert garde("plan", "trigger", "--state", str(tmp_path)).code == 8
