"""`garde restart` beside a real hub's state directory: its journal, its token, its API in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from garde.cli import restart_view
from garde.clock import SystemClock
from garde.hub.config import load_config, open_hub_journal
from garde.journal import recovery_kinds as r
from garde.journal.hub_kinds import AgentAlive, AgentEnrolled

Restart = Callable[..., Any]


@pytest.fixture
def restart(garde: Callable[..., Any], hub: Path) -> Restart:
    return lambda *words: garde("restart", *words, "--state", str(hub))


def lines(ran: Any, kind: str) -> list[dict[str, Any]]:
    return [each for each in ran.lines if each["kind"] == kind]


def write(hub: Path, who: str, *payloads: Any) -> None:
    with open_hub_journal(hub, load_config(hub).database, SystemClock()) as journal:
        journal.append_all([(each, None) for each in payloads], who=who)


def test_waves_are_proposed_warned_of_and_decided(restart: Restart) -> None:
    shown = restart("plan", "--json")
    (proposed,) = lines(shown, "plan")
    assert not proposed["decided"] and ["record-1"] in [wave for wave in proposed["waves"] if "record-1" in wave]
    dry = restart("plan", "record-1", "db-1", "--dry", "--json")
    assert any(each["values"].get("need") == "db-1" for each in lines(dry, "warning"))
    assert not lines(restart("plan", "--json"), "plan")[0]["decided"]
    done = restart("plan", "record-1", "db-1,files-1", "--observe", "2", "--json")
    (written,) = [each["entry"] for each in lines(done, "written") if each["entry"]["kind"] == "restart_planned"]
    assert written["payload"]["waves"] == [["record-1"], ["db-1", "files-1"]]
    assert written["payload"]["observe_s"] == 7200 and written["payload"]["warnings"]
    text = restart("plan").out
    assert "record-1" in text and "the graph warns" in text
    assert restart("plan", "--proposed").code == 0
    assert lines(restart("plan", "--json"), "plan")[0]["waves"] == proposed["waves"]


def test_a_server_begins_and_its_gate_is_answered(restart: Restart, hub: Path) -> None:
    write(hub, "hub", AgentEnrolled("files-1", "aa", "bb", "10.1.1.1"), AgentAlive("files-1", "enforce", "enforce"))
    assert restart("plan", "files-1").code == 0
    assert restart("begin", "files-1").code == 0
    (row,) = lines(restart("status", "--json"), "server")
    assert (row["machine"], row["stage"], row["round"]) == ("files-1", "waiting", 1) and row["blocked"]
    assert restart("answer", "files-1", "evidence", "--note", "disk image 12").code == 0
    items = {each["item"]: each for each in lines(restart("gate", "files-1", "--json"), "item")}
    assert len(items) == 13 and items["evidence"]["fine"] and items["evidence"]["note"] == "disk image 12"
    assert restart("answer", "files-1", "evidence", "no").code == 0
    assert "[ ]  4" in restart("gate", "files-1").out
    assert restart("rate", "files-1", "suspect", "--note", "was beside it").code == 0
    assert lines(restart("gate", "files-1", "--json"), "gate")[0]["status"] == "suspect"
    for each in lines(restart("credentials", "--json"), "credential"):
        assert restart("credential", each["credential"]).code == 0
    assert {each["left"] for each in lines(restart("credentials", "files-1", "--json"), "credential")} == {0}
    assert restart("back", "files-1").code == 0
    assert lines(restart("status", "--json"), "server")[0]["stage"] == "recut"
    assert restart("again", "files-1").code == 0
    assert lines(restart("status", "--json"), "server")[0]["round"] == 2


def test_points_are_shown_with_what_must_be_entered_again(restart: Restart, hub: Path) -> None:
    store = r.StoresKnown((r.StoreNote("r1", "restic", "files-1", True),))
    write(hub, "hub", AgentEnrolled("files-1", "aa", "bb", "10.1.1.1"))
    write(hub, "agent/files-1", store)
    done = lines(restart("judge", "files-1", "--json"), "written")
    errands = [each["entry"]["payload"] for each in done if each["entry"]["kind"] == "errand_asked"]
    (asked,) = [each for each in errands if each["verb"] == "judge"]
    point = r.PointJudged(
        asked["command"], "r1", "4be2", "files-1", 1.7e9, "amber", "before", 9, 9_000_000_000, 3, 3, 0, 0, "whole",
        "not_done", 1.7e9, ("\x1b[31mnot ours",),
    )  # fmt: skip
    write(hub, "agent/files-1", point)
    shown = restart("points", "files-1", "--json")
    assert [each["point"] for each in lines(shown, "point")] == ["4be2"]
    assert [each["store"] for each in lines(shown, "store")] == ["r1"]
    text = restart("points", "--lang", "fr").out
    assert "4be2" in text and "sont à ressaisir" in text and "\x1b[31m" not in text
    refused = restart("choose", "files-1", "r1", "4be2", "--place")
    assert refused.code == 12 and "scratch" in refused.err


def test_the_watch_has_an_end(restart: Restart) -> None:
    done = restart("watch", "2030-01-01 07:00", "--json")
    assert done.code == 2 and "a year at most" in done.err
    assert restart("watch", "07:00").code == 0
    assert lines(restart("status", "--json"), "over")[0]["watch_until"] > 0
    assert restart("watch", "off").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sign", "files-1", "it"), "a token is none"),
        (("answer", "files-1", "clinician"), "a token is none"),
        (("answer", "files-1", "entry", "--until", "07:00", "--note", "x"), "a token is none"),
        (("sign", "files-1"), "for whom?"),
        (("begin",), "which machine?"),
        (("begin", "nobody"), "no machine 'nobody'"),
        (("gate",), "whose gate?"),
        (("gate", "nobody"), "no machine 'nobody'"),
        (("choose", "files-1", "r1"), "which point?"),
        (("harm", "i1"), "of which incident, and when?"),
        (("harm", "i1", "soon"), "'soon' is no time"),
        (("watch",), "until when?"),
        (("plan", "files-1", "--observe", "-1"), "hours are a number"),
        (("judge", "files-1", "--store", "r1"), "no agent knows a store 'r1'"),
        (("open", "files-1"), "only a server with listed flows"),
    ],
)
def test_what_cannot_be_done_says_why_and_what_to_do(restart: Restart, words: tuple[str, ...], said: str) -> None:
    ran = restart(*words)
    assert ran.code != 0 and said in ran.err and ran.err.count("\n") <= 3


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_sentence_is_in_the_catalogue_and_none_is_left_over(language: str) -> None:
    found = extract_from_file("python", restart_view.__file__, keywords={"_say": None})
    with (restart_view.LOCALE / f"{language}.po").open("rb") as stream:
        known = {message.id: message.string for message in read_po(stream) if message.id}
    assert {each[1] for each in found} == set(known) and all(known.values())


def test_who_signs_by_name_needs_a_hub_that_runs(restart: Restart, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("horse staple\n")
    secret.chmod(0o600)
    ran = restart("sign", "files-1", "it", "--login", "ina", "--password-file", str(secret))
    assert ran.code != 0 and "garde hub run" in ran.err


def test_the_papers_go_into_a_file_or_to_a_printer(restart: Restart, hub: Path, tmp_path: Path) -> None:
    out = tmp_path / "order.pdf"
    (page,) = lines(restart("print", "--out", str(out), "--json"), "page")
    assert out.read_bytes().startswith(b"%PDF-") and page["bytes"] == out.stat().st_size
    assert restart("plan", "files-1").code == 0
    assert restart("print", "records", "files-1", "--out", str(out), "--lang", "fr").code == 0
    for words, said in ((("records", "nobody"), "no such server"), (("poster",), "is no paper of the way back"),
                        (("order",), "no printer stands in calling.toml")):  # fmt: skip
        ran = restart("print", *words)
        assert ran.code != 0 and said in ran.err
    refused = restart("print", "--out", str(tmp_path / "no" / "where.pdf"))
    assert refused.code == 2 and "No such file" in refused.err
    calling = hub / "calling.toml"
    calling.touch(mode=0o600)
    calling.write_text('[[channel]]\nname = "room"\nkind = "printer"\nuri = "ipp://127.0.0.1:9/ipp/print"\n')
    ran = restart("print", "order")
    assert ran.code == 9 and "was not printed: room: " in ran.err and "--out" in ran.err
