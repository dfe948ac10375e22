"""The hub as a program: a report becomes orders on other servers, and nothing is lost, whatever happens to it."""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from garde.clock import SystemClock
from garde.hub.console.accounts import COOKIE, open_accounts
from garde.journal import kinds as k
from garde.journal import open_journal
from garde.journal.forensic_kinds import EvidenceGathered
from garde.journal.hub_kinds import Check, CutTried, OrderApplied
from garde.journal.text import Text

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "hub"))
from hub_process import HubProcess, NetAgent, garde

SPREADER = k.ActorNote("smb", 812, Text("smbd"), Text("/usr/sbin/smbd"), Text("jdoe"), "10.9.0.109", (Text("jdoe"),))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    with HubProcess(tmp_path) as started:
        yield started


def verdict(number: int = 1) -> k.VerdictReached:
    path = Text(f"/srv/docs/{number}.docx")
    file = k.FileDamage(path, path, time.time(), ("random_change",), "zip.docx", "unknown", 40_000)
    return k.VerdictReached(f"v{number}", "session", Text("10.9.0.109"), 21.5, 18.4, (file,), (SPREADER,))


def journal_of(hub: HubProcess) -> list[Any]:
    with open_journal(hub.state, read_only=True) as journal:
        assert list(journal.verify()) == []
        return list(journal.entries())


def kinds_of(hub: HubProcess) -> list[str]:
    return [entry.kind for entry in journal_of(hub)]


def wait_until(check: Any, seconds: float = 10.0) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := check():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


# --- the way of one report --------------------------------------------------------------------------------------------


def test_one_servers_report_reaches_every_server_as_an_order_at_once(hub: HubProcess) -> None:
    agents = [hub.agent(f"files-{number}") for number in (1, 2, 3)]
    for agent in agents:
        agent.beat()
    got: dict[str, list[dict[str, Any]]] = {}

    def listen(agent: NetAgent) -> None:
        got[agent.machine] = agent.poll(wait=20)  # once: the poll that waits brings it

    listening = [threading.Thread(target=listen, args=(agent,)) for agent in agents]
    for thread in listening:
        thread.start()
    time.sleep(0.5)  # until all three polls wait at the hub
    assert agents[0].report(verdict()) == 1
    for thread in listening:
        thread.join(25)
    assert set(got) == {"files-1", "files-2", "files-3"}
    for orders in got.values():
        block = next(order for order in orders if order["verb"] == "block")
        assert block["addresses"] == ["10.9.0.109"]
    for agent in agents:
        for order in got[agent.machine]:
            checks = (Check("refused", True, True),)
            agent.report(
                OrderApplied(order["command"], order["cut"], "done"),
                CutTried(order["command"], order["cut"], True, checks),
            )
    (proven,) = [each for each in hub.api("GET", "/cuts")[1] if each["proposal"]["action"] == "block"]
    assert (proven["state"], proven["asked"], proven["proven"]) == ("proven", 3, 3)
    assert hub.api("GET", "/state")[1]["open_incidents"] == 1


def test_two_operators_approve_at_once_and_the_cut_is_made_once(hub: HubProcess) -> None:
    hub.agent("files-1").report(verdict(1))
    hub.agent("files-2").report(verdict(2))
    waiting = wait_until(
        lambda: [
            each
            for each in hub.api("GET", "/cuts")[1]
            if each["state"] == "proposed" and not each["proposal"]["refused"]
        ]
    )
    cut = waiting[0]["id"]
    accounts = open_accounts(hub.state, SystemClock())
    cookies = []
    for login in ("carla", "bob"):
        accounts.make(login, "it_director", "horse staple battery correct")
        cookies.append(f"{COOKIE}={accounts.begin(login, 'password', '127.0.0.1')}")
    accounts.close()
    together, statuses = threading.Barrier(2), []

    def approve(cookie: str) -> None:
        together.wait()
        statuses.append(hub.api("POST", f"/cuts/{cut}/decision", {"decision": "approve"}, cookie=cookie)[0])

    threads = [threading.Thread(target=approve, args=(cookie,)) for cookie in cookies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201, 201]
    entries = journal_of(hub)
    assert sum(entry.kind == "cut_decided" for entry in entries) == 2
    orders = [
        (entry.payload.machine, entry.payload.verb)
        for entry in entries
        if entry.kind == "order_asked" and entry.payload.cut == cut
    ]
    assert orders and len(orders) == len(set(orders))


# --- killed -----------------------------------------------------------------------------------------------------------


def test_killed_with_orders_on_their_way_the_hub_delivers_them_after_its_start_once(hub: HubProcess) -> None:
    agents = {name: hub.agent(name) for name in ("files-1", "files-2")}
    agents["files-1"].report(verdict())
    before = asked_of(hub)
    hub.kill()
    hub.start()
    for agent in agents.values():
        orders = wait_until(agent.poll)
        assert {order["command"] for order in orders} <= set(before)
        errands = [order for order in orders if order["verb"] == "gather"]
        agent.report(
            *(OrderApplied(order["command"], order["cut"], "done") for order in orders if order not in errands),
            *(EvidenceGathered(order["command"], 0, 0, 0, 0.1) for order in errands),
        )
    assert asked_of(hub) == before
    assert all(agent.poll() == [] for agent in agents.values())


def asked_of(hub: HubProcess) -> list[str]:
    """The commands of every order and errand, sorted."""
    return sorted(each.payload.command for each in journal_of(hub) if each.kind in ("order_asked", "errand_asked"))


def test_killed_at_any_point_no_acknowledged_report_is_lost_and_none_is_doubled(tmp_path: Path) -> None:
    draw = random.Random(7)
    hub = HubProcess(tmp_path)
    hub.start()
    agent = hub.agent("files-1")
    acknowledged = 0
    try:
        for _ in range(4):
            killer = threading.Timer(draw.uniform(0.02, 0.4), hub.process.kill)  # type: ignore[union-attr]
            killer.start()
            with contextlib.suppress(OSError, ConnectionError, TimeoutError):
                while True:
                    acknowledged = agent.report(*(k.Lagging(float(agent.number + 1 + n), 1) for n in range(3)))
            killer.join()
            hub.kill()
            hub.start()
            agent.number = int(agent.say("report", {"entries": []})["upto"])
            assert agent.number >= acknowledged
        numbers = [entry.payload.seconds for entry in journal_of(hub) if entry.kind == "lagging"]
        assert numbers == [float(number) for number in range(1, agent.number + 1)]
        assert agent.number > 0
    finally:
        if hub.process is not None:
            hub.stop()


def test_ended_in_good_order_it_says_so_and_goes_on_where_it_was(hub: HubProcess) -> None:
    agent = hub.agent("files-1")
    agent.report(k.Lagging(1.0, 1))
    assert hub.stop() == 0
    assert kinds_of(hub)[-1] == "hub_stopped"
    hub.start()
    assert agent.report(k.Lagging(2.0, 1)) == 2
    code, _, complaint = garde("hub", "run", "--state", str(hub.state))
    assert code == 5 and "STATE-BUSY" in complaint


# --- commands beside it -----------------------------------------------------------------------------------------------


def test_commands_do_the_same_whether_the_hub_runs_or_not(hub: HubProcess) -> None:
    state = ("--state", str(hub.state))
    for running in (True, False):
        if not running:
            hub.stop()
        code, lines, _ = garde("hub", "status", *state)
        assert code == 0 and lines[0]["hospital"] == "Clinique"
        assert garde("hub", "token", "nobody", *state)[0] == 8
        login = f"c.moreau-{int(running)}"
        code, lines, _ = garde("hub", "accounts", login, "--role", "operator", *state)
        assert code == 0 and lines[0]["kind"] == "password"
        assert login in [line.get("login") for line in lines[1:]]
        assert garde("hub", "accounts", "x", "--role", "king", *state)[0] == 2
        hub.estate.write_text(hub.estate.read_text().replace("Workstation", f"Station {int(running)}"))
        code, lines, _ = garde("hub", "reload", *state)
        assert code == 0 and lines[0]["changed"] is running
    hub.start()
    agent = hub.agent("files-2")
    code, lines, _ = garde("hub", "codes", "files-2", *state)
    assert code == 0 and len(lines[0]["codes"]) == 10
    assert garde("hub", "revoke", "files-2", *state)[0] == 0
    with pytest.raises(ConnectionError, match="UNKNOWN-SENDER"):
        agent.beat()


def test_who_signs_on_the_command_line_is_a_person_by_name(hub: HubProcess, tmp_path: Path) -> None:
    """The operator's token opens no gate: a signature is asked for by somebody who signs in."""
    state, secret = ("--state", str(hub.state)), tmp_path / "password"
    _, lines, _ = garde("hub", "accounts", "ina", "--role", "operator", *state)
    secret.write_text(lines[0]["password"] + "\n")
    secret.chmod(0o600)
    name = ("--login", "ina", "--password-file", str(secret))
    assert "a token is none" in garde("restart", "sign", "files-2", "it", *state)[2]
    assert "has not begun" in garde("restart", "sign", "files-2", "it", *state, *name)[2]
    assert garde("restart", "plan", "files-2", *state, *name)[0] == 0
    assert garde("restart", "begin", "files-2", *state, *name)[0] == 0
    assert "not been watched long enough" in garde("restart", "sign", "files-2", "it", *state, *name)[2]
    secret.write_text("something else\n")
    assert "do not go together" in garde("restart", "begin", "files-2", *state, *name)[2]
    said = [entry for entry in journal_of(hub) if entry.kind in {"restart_planned", "step_wanted", "sign_in_refused"}]
    assert [(entry.kind, entry.who) for entry in said[:2]] == [
        ("restart_planned", "person/ina"), ("step_wanted", "person/ina"),
    ]  # fmt: skip
    assert said[-1].kind == "sign_in_refused"


def test_setting_it_up_again_keeps_keys_accounts_and_journal(hub: HubProcess) -> None:
    hub.stop()
    before = {path.name: path.read_bytes() for path in hub.state.iterdir() if path.suffix in (".key", ".pem", ".token")}
    code, lines, _ = garde("hub", "init", "--state", str(hub.state), "--address", "10.9.0.5")
    assert code == 0 and lines[0]["password"] == "" and lines[0]["break_glass"] == []
    after = {path.name: path.read_bytes() for path in hub.state.iterdir() if path.name in before}
    assert after == before
    assert kinds_of(hub).count("estate_loaded") == 1


def test_an_estate_that_cannot_be_used_sets_nothing_up(tmp_path: Path) -> None:
    broken = tmp_path / "hospital.yaml"
    broken.write_text("name: Clinique\nmachines:\n  - {id: a, name: A, role: server, addresses: [10.0.0.300]}\n")
    code, _, complaint = garde("hub", "init", "--state", str(tmp_path / "state"), "--estate", str(broken))
    assert code == 3 and "hospital.yaml:3" in complaint
    assert not (tmp_path / "state").exists()


def test_without_a_file_it_begins_with_itself_alone(tmp_path: Path) -> None:
    state = tmp_path / "state"
    words = ("hub", "init", "--state", str(state))
    code, _, complaint = garde(*words, "--address", "hub.example")
    assert code == 2 and "is a name" in complaint and not state.exists()
    code, lines, _ = garde(*words, "--address", "10.0.0.5", "--hospital", "Clinique du Val")
    made = lines[0]
    assert code == 0 and (made["hospital"], made["machines"], made["services"]) == ("Clinique du Val", 1, 0)
    assert made["password"] and len(made["break_glass"]) == 5
    assert garde("estate", "check", str(state / "hospital.yaml"))[0] == 0
    assert garde(*words)[1][0]["password"] == ""  # again: nothing is made anew
    assert garde(*words, "--hospital", "Another")[0] == 2


# --- tampered with ----------------------------------------------------------------------------------------------------


def test_a_journal_edited_by_hand_is_an_alarm_at_the_next_start(hub: HubProcess) -> None:
    hub.agent("files-1").report(k.Lagging(1.0, 1))
    hub.stop()
    with contextlib.closing(sqlite3.connect(hub.state / "journal.db")) as db, db:
        db.execute("update entries set payload = replace(payload, '1.0', '2.0') where kind = 'lagging'")
    hub.start()
    alarm = wait_until(
        lambda: [
            each for each in hub.api("GET", "/journal?kinds=error_seen")[1]["entries"]
            if each["payload"]["where"] == "hub/journal"
        ]
    )  # fmt: skip
    assert "journal was changed" in alarm[0]["payload"]["message"]
    hub.stop()


def test_a_journal_cut_off_by_hand_shows_by_what_an_agent_noted(hub: HubProcess, tmp_path: Path) -> None:
    agent = hub.agent("files-1")
    agent.report(*(k.Lagging(float(number), 1) for number in range(1_000)))  # a checkpoint is due
    noted = wait_until(lambda: (found := agent.beat()["checkpoint"]) and found["size"] > 1_000 and found)
    note = tmp_path / "hub-checkpoint.json"
    note.write_text(json.dumps(noted))
    hub.stop()
    verify = ("journal", "verify", "--state", str(hub.state), "--key", str(hub.state / "hub.pub"))
    assert garde(*verify, "--checkpoint", str(note))[0] == 0
    with contextlib.closing(sqlite3.connect(hub.state / "journal.db")) as db, db:  # by somebody who knows how
        (digest,) = db.execute("select hash from entries where seq = 500").fetchone()
        db.execute("delete from entries where seq > 500")
        db.execute("delete from checkpoints where size > 500")
        db.execute("delete from snapshots")
        db.execute("update meta set value = ? where name = 'head'", (f"500:{digest}".encode(),))
    assert garde(*verify)[0] == 0  # nothing inside can tell
    code, lines, _ = garde(*verify, "--checkpoint", str(note))
    assert (code, lines[0]["kind"], lines[0]["seq"]) == (13, "fault", 501)


def test_a_cut_whose_proof_fails_is_shown_as_not_proven_and_never_as_done(hub: HubProcess) -> None:
    agents = [hub.agent(f"files-{number}") for number in (1, 2, 3)]
    agents[0].report(verdict())
    for agent in agents:
        for order in agent.poll():
            holds = agent.machine != "files-2"
            checks = (Check("a packet to 10.9.0.109 leaves", False, not holds),)
            agent.report(
                OrderApplied(order["command"], order["cut"], "done"),
                CutTried(order["command"], order["cut"], holds, checks),
            )
    (cut,) = [each for each in hub.api("GET", "/cuts")[1] if each["proposal"]["action"] == "block"]
    assert (cut["state"], cut["lacking"]) == ("not_proven", ["files-2"])
    assert (cut["asked"], cut["applied"], cut["proven"]) == (3, 3, 2)
    said = [entry.payload.state for entry in journal_of(hub) if entry.kind == "cut_changed"]
    assert "not_proven" in said and "proven" not in said
    accounts = open_accounts(hub.state, SystemClock())
    accounts.make("carla", "it_director", "horse staple battery correct")
    cookie = f"{COOKIE}={accounts.begin('carla', 'password', '127.0.0.1')}"
    accounts.close()
    for page in (f"/cuts/{cut['id']}", f"/incidents/{cut['proposal']['incident']}"):
        status, shown = hub.post(page, b"", {"Cookie": cookie}, "GET")
        assert status == 200 and "NOT proven" in shown.decode(), page
    agents[1].report(*(CutTried(order.command, order.cut, True, ()) for order in _orders(hub, "files-2")))
    assert hub.api("GET", f"/cuts/{cut['id']}")[1]["state"] == "proven"  # a later proof counts


def _orders(hub: HubProcess, machine: str) -> list[Any]:
    asked = [entry.payload for entry in journal_of(hub) if entry.kind == "order_asked"]
    return [each for each in asked if each.machine == machine]


def test_a_hub_without_its_console_port_says_so(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path)
    code, _, complaint = garde("hub", "run", "--state", str(hub.state), "--listen", "192.0.2.1:1")
    assert code == 2 and "192.0.2.1:1" in complaint
    assert not (hub.state / "serving").exists()


def test_live_events_come_while_they_happen(hub: HubProcess) -> None:
    import http.client
    import socket

    from garde.trust.ca import HUB_NAME, client_context

    agent = hub.agent("files-1")
    connection = http.client.HTTPSConnection(HUB_NAME, hub.port, timeout=10)
    connection.sock = client_context(hub.ca).wrap_socket(
        socket.create_connection(("127.0.0.1", hub.port), 10), server_hostname=HUB_NAME
    )
    token = (hub.state / "operator.token").read_text().strip()
    connection.request("GET", "/api/v1/events", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = iter(answer.readline, b"")
    assert next(lines).startswith(b"retry")
    agent.report(k.Lagging(4.5, 1))
    found = next(json.loads(line[6:]) for line in lines if line.startswith(b"data: ") and b"lagging" in line)
    assert (found["who"], found["payload"]["seconds"]) == ("agent/files-1", 4.5)
    assert hub.stop() == 0  # an open page does not keep the hub from ending
    connection.close()
