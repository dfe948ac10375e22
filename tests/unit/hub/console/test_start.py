"""From an empty hospital to the first drill: the steps, and what lists do to the hospital's file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_house import PASSWORD, Browser, ConsoleHouse, Night, empty_house

from garde.errors import UsageError
from garde.estate.look import Lookup
from garde.estate.nouns import Estate, Machine
from garde.hub import keeping, setup
from garde.hub.console.pages.start import EXAMPLES
from garde.hub.console.views.start import Drill, candidates, steps
from garde.hub.deps import Account
from garde.hub.liveness import Agent
from garde.hub.setup import empty_estate, own_address
from garde.trust.enrolment import Token

HUB = Machine("hub", "Garde", "hub", ("10.0.0.5",))
SERVER = Machine("files-1", "Files", "server", ("10.0.10.21",), agent=True)
MACHINES = EXAMPLES["machines"].encode()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[ConsoleHouse]:
    with empty_house(tmp_path) as made:
        yield made


@pytest.fixture
def keeper(empty: ConsoleHouse) -> Browser:
    return empty.browser(empty.account("ejanssens", "it_director"))


def _state(page: str, step: str) -> str:
    found = re.search(rf'<li class="(\w+)" id="step-{step}">', page)
    assert found is not None
    return found[1]


def _bring(browser: Browser, **files: bytes) -> tuple[int, str]:
    csrf = browser.get("/start").csrf
    answer = browser.upload("/start/lists", {"csrf": csrf}, {name: (f"{name}.csv", raw) for name, raw in files.items()})
    return answer.status, answer.text


def _agent(state: str = "alive") -> Agent:
    return Agent("files-1", state, "enforce", "enforce", 0.0, 0.0, None, "10.0.10.21")


# --- the rules of the steps -------------------------------------------------------------------------------------------


def _steps(
    machines: tuple[Machine, ...] = (HUB,),
    agents: tuple[Agent, ...] = (),
    accounts: int = 1,
    drill: Drill | None = None,
) -> dict[str, str]:
    look = Lookup(Estate("H", machines=machines))
    people = [Account(f"p{number}", "operator") for number in range(accounts)]
    return {each.name: each.state for each in steps(look, agents, people, drill)}


def test_a_hub_alone_is_no_hospital() -> None:
    assert _steps() == {"hospital": "now", "agent": "later", "drill": "later", "people": "later"}
    assert _steps((HUB, SERVER))["hospital"] == "done"


def test_an_agent_counts_once_it_is_alive() -> None:
    waits = _agent("awaited")
    assert _steps((HUB, SERVER), (waits,))["agent"] == "now"
    assert _steps((HUB, SERVER), (_agent(),))["agent"] == "done"


def test_two_people_can_sign_in() -> None:
    assert _steps(accounts=1)["people"] == "later" and _steps(accounts=2)["people"] == "done"
    look = Lookup(Estate("H", machines=(HUB,)))
    shut = [Account("a", "admin"), Account("b", "operator", shut=True)]
    assert {each.name: each.state for each in steps(look, (), shut, None)}["people"] == "later"


def test_a_drill_counts_once_files_are_back() -> None:
    agent = (_agent(),)
    assert _steps((HUB, SERVER), agent, drill=Drill("i", 9, 1, 0))["drill"] == "now"
    assert _steps((HUB, SERVER), agent, drill=Drill("i", 9, 1, 9))["drill"] == "done"


def test_the_first_that_is_not_done_is_the_one_to_do() -> None:
    found = _steps((HUB, SERVER), accounts=2)
    assert found == {"hospital": "done", "agent": "now", "drill": "later", "people": "done"}


def test_the_first_agent_is_offered_where_it_makes_sense() -> None:
    switch, desk = Machine("sw", "S", "switch", ()), Machine("ws", "W", "workstation", ())
    plain = Machine("db", "D", "server", ())
    look = Lookup(Estate("H", machines=(HUB, switch, desk, plain, SERVER)))
    assert [each.id for each in candidates(look, [])] == ["files-1", "db", "ws"]
    assert [each.id for each in candidates(look, [_agent()])] == ["db", "ws"]


# --- from nothing -----------------------------------------------------------------------------------------------------


def test_a_hub_without_a_file_begins_with_itself(empty: ConsoleHouse) -> None:
    estate = empty.loop.estate.estate
    assert (estate.name, [(each.id, each.role) for each in estate.machines]) == ("Clinique du Val", [("hub", "hub")])
    with pytest.raises(UsageError, match="is a name"):
        empty_estate("hub.example")
    assert empty_estate("").machines[0].addresses[0] == own_address()


def test_a_machine_without_an_address_is_asked_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "own_address", lambda: "")
    with pytest.raises(UsageError, match="has no address") as found:
        empty_estate("")
    assert "--address" in found.value.todo


def test_from_nothing_to_the_first_drill(empty: ConsoleHouse, keeper: Browser) -> None:
    first = keeper.get("/").text
    assert 'href="/start"' in first and "Nobody is guarding" in first
    page = keeper.get("/start").text
    assert _state(page, "hospital") == "now" and "First describe a machine." in page

    assert _bring(keeper, machines=MACHINES)[0] == 303
    assert [each.id for each in empty.loop.estate.estate.machines] == ["hub", "files-1", "files-2", "ws-31"]
    page = keeper.get("/start?said=taken").text
    assert (_state(page, "hospital"), _state(page, "agent")) == ("done", "now") and "It is in force." in page

    token = keeper.press("/start", "/start/token", machine="files-1")
    shown = re.search(r"garde enroll (garde1\S+)</pre>", token.text)
    assert shown is not None and Token.parse(shown[1]).machine == "files-1"
    assert "<svg" in token.text and 'href="/start"' in token.text and "garde agent /srv/share --enforce" in token.text

    night = Night(empty)
    night.enrol("files-1")
    page = keeper.get("/start").text
    assert (_state(page, "agent"), _state(page, "drill")) == ("done", "now") and "garde drill /srv/share" in page
    night.strike("files-1", files=6)
    page = keeper.get("/start").text
    assert "the attacker was stopped" in page and _state(page, "drill") == "now"
    night.put_back("files-1")
    page = keeper.get("/start").text
    assert _state(page, "drill") == "done" and "6 files put back" in page
    assert _state(page, "people") == "done"  # the account of the set-up, and this one
    assert "Everything is set up." in page


def test_faults_are_named_by_file_and_line_and_nothing_is_written(empty: ConsoleHouse, keeper: Browser) -> None:
    before, seq = empty.loop.estate.estate, empty.loop.seq
    raw = b"id;name;type;address\nfiles-1;Files;server;10.0.10.21\nfiles 2;Two;server;10.0.10.22\nx;X;throne;10.0.0.9\n"
    status, page = _bring(keeper, machines=raw)
    assert status == 400 and "machines.csv, line 3" in page and "machines.csv, line 4" in page
    assert "nothing was written" in page and empty.loop.seq == seq and empty.loop.estate.estate == before
    assert "files-1" not in (empty.hub.keeper.path).read_text()


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00\xff\x00\xfe",
        b"",
        b"nothing;here\n1;2\n",
        b'id;name\n"open',
        b"id;name\n<script>alert(1)</script>;x\n",
        b"id;name;type\nhub;Hub;server\n",  # the hub would be no hub
    ],
)
def test_rubbish_is_refused_or_says_why(empty: ConsoleHouse, keeper: Browser, raw: bytes) -> None:
    seq = empty.loop.seq
    status, page = _bring(keeper, machines=raw)
    assert status == 400 and empty.loop.seq == seq
    assert "<script>alert" not in page


def test_a_list_with_nothing_new_changes_nothing(empty: ConsoleHouse, keeper: Browser) -> None:
    seq = empty.loop.seq
    status, page = _bring(keeper, machines="id;name\n".encode("utf-16"))
    assert status == 200 and "Nothing new was in it." in page and empty.loop.seq == seq


def test_a_list_whose_entry_found_no_room_counts_when_it_is_brought_again(
    empty: ConsoleHouse, keeper: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(empty.loop.journal, "append_all", full)
        empty.hub.room.give()
        status, page = _bring(keeper, machines=MACHINES)
    assert status == 503 and "cannot write its journal" in page and "file cannot be written" not in page
    assert "files-1" in empty.hub.keeper.path.read_text() and "files-1" not in empty.loop.estate.machines
    empty.clock.advance(1)  # type: ignore[attr-defined]
    assert _bring(keeper, machines=MACHINES)[0] == 303
    assert "files-1" in empty.loop.estate.machines


def test_a_file_that_cannot_be_written_is_said_and_nothing_changes(
    empty: ConsoleHouse, keeper: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(keeping, "replace_file", refuse)
    seq = empty.loop.seq
    status, page = _bring(keeper, machines=MACHINES)
    assert status == 400 and "file cannot be written: Permission denied" in page and empty.loop.seq == seq


def test_faults_are_said_in_the_language_of_whoever_looks(empty: ConsoleHouse) -> None:
    browser = empty.browser(empty.account("llemaire", "it_director"), "fr")
    raw = "id;name;type;address\nx;X;throne;10.0.0.9\nb<i>;Bé;server;10.0.0.300\n".encode()
    status, page = _bring(browser, machines=raw)
    assert status == 400 and "machines.csv, ligne 2" in page
    assert "«\u00a0throne\u00a0» n’est pas un rôle de machine connu" in page and "is not known" not in page
    assert "«\u00a0b&lt;i&gt;\u00a0» n’est pas un identifiant" in page


def test_a_file_that_stands_there_and_cannot_be_read_is_said_in_french(empty: ConsoleHouse) -> None:
    empty.hub.keeper.path.write_text("name: X\nmachines: <b>\n", encoding="utf-8")
    browser = empty.browser(empty.account("llemaire", "it_director"), "fr")
    status, page = _bring(browser, machines=MACHINES)
    assert status == 400 and "hospital.yaml, ligne 2" in page and "il faut ici une liste" in page
    assert "«\u00a0&lt;b&gt;\u00a0»" in page and "tel qu’il est sur le hub" in page


def test_a_name_of_a_file_is_a_word_and_no_path(empty: ConsoleHouse, keeper: Browser) -> None:
    csrf = keeper.get("/start").csrf
    files = {"machines": ("../../etc/<b>x.csv", b"id;role\na b;server\n")}
    page = keeper.upload("/start/lists", {"csrf": csrf}, files).text
    assert "etc/" not in page and "&lt;b&gt;x.csv, line 2" in page


def test_columns_that_mean_nothing_are_named(empty: ConsoleHouse, keeper: Browser) -> None:
    status, page = _bring(keeper, machines=b"id;name;type;address;colour\na;A;server;10.0.0.7;red\n")
    assert status == 200 and "columns that mean nothing here: colour" in page and "It is in force." in page


def test_a_whole_file_takes_its_place(empty: ConsoleHouse, keeper: Browser) -> None:
    text = "name: New\nmachines:\n  - {id: hub, name: H, role: hub, addresses: [10.0.0.5]}\n"
    assert _bring(keeper, whole=text.encode())[0] in (200, 303)
    assert empty.loop.estate.estate.name == "New"
    status, page = _bring(keeper, whole=b"name: Broken\nmachines: 7\n")
    assert status == 400 and "whole.csv, line 2" in page and empty.loop.estate.estate.name == "New"


def test_the_name_alone_can_be_changed(empty: ConsoleHouse, keeper: Browser) -> None:
    csrf = keeper.get("/start").csrf
    keeper.upload("/start/lists", {"csrf": csrf, "name": "Hôpital Nord"}, {})
    assert empty.loop.estate.estate.name == "Hôpital Nord"
    assert keeper.upload("/start/lists", {"csrf": csrf, "name": "Hôpital Nord"}, {}).status == 400  # nothing chosen


def test_a_form_of_another_page_brings_nothing(empty: ConsoleHouse, keeper: Browser) -> None:
    seq = empty.loop.seq
    answer = keeper.upload("/start/lists", {"csrf": "x"}, {"machines": ("m.csv", MACHINES)})
    assert answer.status == 403 and empty.loop.seq == seq


def test_the_examples_go_through_together(empty: ConsoleHouse, keeper: Browser) -> None:
    for table in EXAMPLES:
        answer = keeper.get(f"/start/example/{table}.csv")
        assert answer.text == EXAMPLES[table] and f'filename="{table}.csv"' in answer.headers["content-disposition"]
    status, page = _bring(keeper, **{table: text.encode() for table, text in EXAMPLES.items()})
    assert status in (200, 303), page
    estate = empty.loop.estate.estate
    assert (len(estate.services), len(estate.people), len(estate.wards)) == (1, 2, 1)
    assert keeper.get("/start/example/secrets").status == 404


def test_accounts_of_the_first_hour(empty: ConsoleHouse, keeper: Browser) -> None:
    done = keeper.press(
        "/accounts", "/accounts", what="made", login="ward-3", role="ward", password=PASSWORD, own=PASSWORD
    )
    assert done.status == 303
    assert empty.browser("ward-3").get("/start").status == 403
