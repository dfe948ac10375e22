"""The hub's own program and a real agent with real restic snapshots: who freezes, who is told, who asks once more.

What people ask is asked over the hub's own API, by an IT director who has signed in.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.fs import image
from tests.integration.test_errands import Yesterday
from tests.integration.test_link import ENVIRONMENT, GARDE, Agent
from tests.support.point_stores import unmark

from garde.clock import SystemClock
from garde.hub.console.accounts import COOKIE, open_accounts
from garde.journal.recovery_kinds import (
    BaselineTaken,
    ErrandAsked,
    PointJudged,
    PointRestored,
    PointsJudged,
    RetentionFrozen,
    RetentionThawed,
    StoresKnown,
)

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "hub"))
from hub_process import HubProcess

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(shutil.which("restic") is None, reason="restic is not installed"),
]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    with HubProcess(tmp_path) as started:
        yield started


@pytest.fixture
def yesterday() -> Iterator[Yesterday]:
    with image("xfs", 512) as mount:
        found = Yesterday(mount / "srv")
        yield found
        unmark(found.repository)


@pytest.fixture
def agent(hub: HubProcess, yesterday: Yesterday, tmp_path: Path) -> Iterator[Agent]:
    state = hub.enrolled("files-1", tmp_path / "agent")
    password = tmp_path / "password"
    password.write_text("secret\n")
    (state / "stores.toml").write_text(
        f'[[store]]\nid = "r1"\nsort = "restic"\ncovers = "files-1"\nrepository = "{yesterday.repository}"\n'
        f'password_file = "{password}"\npaths = ["{yesterday.share}"]\n'
    )
    found = Agent(state, yesterday.share, "--enforce").start()
    found.wait_said("ready")
    yield found
    found.stop(signal.SIGKILL)
    unmark(state)  # evidence that nobody changes, nor removes


def test_the_drill_is_held_and_retention_is_frozen_by_the_agent_and_asked_for_by_the_hub(
    hub: HubProcess, agent: Agent, yesterday: Yesterday
) -> None:
    (known,) = agent.wait_for(lambda: hub.of(StoresKnown))
    assert [(each.store, each.freezes) for each in known.stores] == [("r1", True)]
    words = [*GARDE, "drill", str(yesterday.share), "--mode", "full", "--files", "40", "--wait", "5", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=60)
    assert json.loads(done.stdout.splitlines()[0])["held"], done.stdout
    own = agent.wait_for(lambda: [each for each in hub.of(RetentionFrozen) if not each.command])
    assert [(each.store, each.proven) for each in own] == [("r1", True)]
    with contextlib.suppress(PermissionError):
        next((yesterday.repository / "snapshots").iterdir()).unlink()
        raise AssertionError("a snapshot could be removed")
    asked = [each for each in hub.of(ErrandAsked) if each.verb == "freeze"]
    for errand in asked:  # the hub's policy asks every agent with stores: it is answered, whoever was first
        answered = agent.wait_for(lambda: [e for e in hub.of(RetentionFrozen) if e.command])
        assert {each.command for each in answered} >= {errand.command}


def signed_in(hub: HubProcess) -> str:
    accounts = open_accounts(hub.state, SystemClock())
    accounts.make("carla", "it_director", "horse staple battery correct")
    cookie = accounts.begin("carla", "password", "127.0.0.1")
    accounts.close()
    return f"{COOKIE}={cookie}"


def test_what_people_ask_of_the_hub_is_done_at_the_agent(
    hub: HubProcess, agent: Agent, yesterday: Yesterday, tmp_path: Path
) -> None:
    root = tmp_path / "root/etc/cron.d"
    root.mkdir(parents=True)
    (root / "backup").write_text("5 4 * * * root /usr/local/bin/backup\n")
    (agent.state / "gate.toml").write_text(f'root = "{tmp_path}/root"\n')
    agent.wait_for(lambda: hub.of(StoresKnown))
    cookie = signed_in(hub)

    def ask(what: str, kind: type, **body: object) -> Any:
        before = len(hub.of(kind))
        status, answer = hub.api("POST", f"/restart/machines/files-1/{what}", body or None, cookie=cookie)
        assert status == 201, answer
        return agent.wait_for(lambda: hub.of(kind)[before:])[-1]

    assert ask("judge", PointsJudged, store="r1").points == 3
    judged = hub.of(PointJudged)
    assert [each.point for each in judged] == yesterday.points
    point = yesterday.points[0]
    brought = ask("point", PointRestored, store="r1", point=point, where="scratch")
    assert (brought.where, brought.verified) == ("scratch", True)
    assert (Path(brought.place.shown()) / str(yesterday.share)[1:] / "ward-00.txt").is_file()
    in_place = {"store": "r1", "point": point, "where": "place"}
    status, answer = hub.api("POST", "/restart/machines/files-1/point", in_place, cookie=cookie)
    assert status == 403 and "not isolated" in answer["message"], answer  # nothing is put in place on an open server
    assert ask("baseline", BaselineTaken).items >= 1
    thawed = ask("thaw", RetentionThawed, store="r1")
    assert (thawed.store, thawed.by) == ("r1", "carla")
