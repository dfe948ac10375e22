"""Speaking with an agent: replies, progress, errors as ours, and silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from garde.cli.control import ask
from garde.errors import AgentAbsent, GardeError, NotFound, StateBusy


def test_a_reply_comes_back_and_the_request_is_as_agreed(agent: Any) -> None:
    agent.says({"ok": True, "mode": "enforce", "progress": None})
    assert ask(agent.state, "status")["mode"] == "enforce"
    ask(agent.state, "release", id="h1")
    assert agent.requests == [{"verb": "status"}, {"verb": "release", "id": "h1"}]


def test_progress_is_handed_on_before_the_reply(agent: Any) -> None:
    agent.says({"progress": {"done": 64}}, {"progress": {"done": 128}}, {"ok": True, "files": []})
    steps: list[object] = []
    assert ask(agent.state, "restore", steps.append, dry_run=True) == {"ok": True, "files": []}
    assert steps == [{"done": 64}, {"done": 128}]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("NOT-FOUND", NotFound), ("STATE-BUSY", StateBusy), ("KEEPER-GONE", GardeError), ("", GardeError)],
)
def test_an_agent_s_refusal_is_our_error(agent: Any, code: str, kind: type[GardeError]) -> None:
    agent.says({"ok": False, "code": code, "message": "no hold h9", "todo": "garde status"})
    with pytest.raises(kind) as caught:
        ask(agent.state, "release", id="h9")
    assert type(caught.value) is kind
    own = " (KEEPER-GONE)" if code == "KEEPER-GONE" else ""  # a word of the agent's that has no class here
    assert (caught.value.message, caught.value.todo) == (f"no hold h9{own}", "garde status")


@pytest.mark.parametrize("answer", [b"", b"{", b"[]\n", b"\xff\n", b'{"progress": {"done": 1}}\n'])
def test_an_agent_that_ends_in_the_middle_is_absent(agent: Any, answer: bytes) -> None:
    agent.answers = [answer]
    with pytest.raises(AgentAbsent):
        ask(agent.state, "status")


def test_no_agent_no_directory_and_a_socket_nobody_serves(tmp_path: Path) -> None:
    import socket

    with pytest.raises(AgentAbsent):
        ask(tmp_path, "status")
    with pytest.raises(AgentAbsent):
        ask(tmp_path / "nowhere", "status")
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "agent.sock"))
    left.close()
    with pytest.raises(AgentAbsent):
        ask(tmp_path, "status")


def test_a_state_directory_with_a_long_name_is_reached(agent: Any, tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 40)
    agent.state.rename(deep)
    agent.says({"ok": True})
    assert ask(deep, "status") == {"ok": True}
    with pytest.raises(AgentAbsent):
        ask(tmp_path / ("none" * 40), "status")
