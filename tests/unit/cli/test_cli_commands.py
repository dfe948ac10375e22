"""Each command against an agent made of a script, or against a state directory without one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import BENCHES
from journal_samples import FILE, HOSTILE, SAMPLES, SMB

import garde.vault
from garde.cli import alone
from garde.journal import Text, open_journal
from garde.journal import kinds as k
from garde.vault import Failed, Outcome, Restored, RestoreItem

STATUS = {
    "ok": True, "mode": "watching only", "asked": "enforce", "sensor": "inotify", "trees": ["/srv\x1b[31m"],
    "unseen": [{"what": "/srv/nas", "reason": "network"}], "notes": [{"what": "fanotify", "reason": "not permitted"}],
    "coverage": {"files": 1200, "judge_percent": 100.0, "restore_percent": 99.1, "notes": ["budgeted copies"]},
    "raised_until": 1_900_000_000.0,
    "errands": {"alive": False, "errands": [{"command": "c1", "verb": "judge", "state": "working", "store": "r1"}],
                "retention": [{"verb": "retention", "store": "r1", "state": "frozen"}]},
    "lag": 2.5, "waiting": 7, "progress": {"task": "scan", "done": 10, "total": 20}, "keeper": False,
    "holds": [{"id": "v1-1", "verdict": "v1", "state": "confirmed", "files": 4, "pids": [812],
               "actor": {"kind": "smb", "pid": 812, "smb": {"address": "10.0.0.9", "users": ["carla\x07"]}}}],
}  # fmt: skip


def test_status_is_shown(garde: Any, agent: Any) -> None:
    agent.says(STATUS)
    ran = garde("status", "--state", str(agent.state))
    assert ran.code == 0
    for part in (
        "mode      watching only, though enforce was asked for",
        "fanotify: not permitted",
        "watching  /srv\\x1b[31m",
        "unseen    /srv/nas: network",
        "1,200 files: 100.0 % can be judged, 99.1 % can be restored",
        "budgeted copies",
        "scan: 10 of 20",
        "2.5 s, 7 files waiting",
        "keeper has ended",
        "watching  with raised sensitivity until 2030-03-17",
        "backups   r1: retention is frozen, proven",
        "errand    judge r1: working",
        "errands   their process has ended",
        "v1-1  confirmed  Samba client 10.0.0.9 (user carla\\x07)  4 damaged files led to it",
    ):
        assert part in ran.out
    assert "\x07" not in ran.out


def test_status_as_json_is_the_agent_s_own_answer(garde: Any, agent: Any) -> None:
    agent.says(STATUS)
    (line,) = garde("status", "--state", str(agent.state), "--json").lines
    assert line == {"kind": "status", **{name: value for name, value in STATUS.items() if name != "ok"}}


def test_status_of_an_agent_that_is_still_starting(garde: Any, agent: Any) -> None:
    agent.says({"ok": True, "ready": False, "coverage": None, "lag": 0.0, "waiting": 0, "holds": [], "progress": None})
    assert "mode      starting" in garde("status", "--state", str(agent.state)).out


def test_restore_by_the_agent(garde: Any, agent: Any) -> None:
    failed = [{"path": "/srv/b\x1b", "reason": "disk full"}]
    done = {"ok": True, "files": ["/srv/a"], "failed": failed, "unchanged": 3, "dry_run": True}
    agent.says({"progress": {"done": 64, "total": 70}}, done)
    ran = garde("restore", "--state", str(agent.state), "--dry-run")
    assert agent.requests == [{"verb": "restore", "dry_run": True, "missing": False}]
    assert ran.code == 9
    assert "would be put back: /srv/a" in ran.out
    assert "NOT put back: /srv/b\\x1b — disk full" in ran.out
    assert "1 file would be put back, 3 were sound already" in ran.out
    assert ran.err.startswith("INCOMPLETE: 1 of 2 files")
    ran = garde("restore", "--state", str(agent.state), "--json")
    progress, result, error = ran.lines
    assert progress == {"kind": "progress", "done": 64, "total": 70}
    assert (result["kind"], result["files"], result["paths"], result["failed"]) == ("restored", 1, ["/srv/a"], failed)
    assert error["code"] == "INCOMPLETE"


class FakeVault:
    """What `restore_alone` needs of a vault: files with outcomes given."""

    outcomes: tuple[Restored | Failed, ...] = ()
    seen: list[Any]

    def __init__(self, state: Path, trees: Any, settings: Any, *, clock: Any) -> None:
        FakeVault.seen = [tuple(trees)]

    def __enter__(self) -> FakeVault:
        return self

    def __exit__(self, *_: object) -> None:
        self.seen.append("closed")

    def repair(self) -> tuple[str, ...]:
        self.seen.append("repaired")
        return ()

    def harmed(self, trees: Any, *, missing: bool) -> Iterator[RestoreItem]:
        self.seen.append("missing too" if missing else "damaged only")
        return (RestoreItem(outcome.path) for outcome in self.outcomes)

    def restore(self, items: Iterator[RestoreItem], *, dry_run: bool) -> Iterator[Restored | Failed]:
        self.seen.append((len(list(items)), dry_run))
        return iter(self.outcomes)


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory whose agent is gone, and a vault with one file of each outcome."""
    state = tmp_path / "left"
    state.mkdir()
    with open_journal(state) as journal:
        journal.append(k.AgentStarted("0", "enforce", "enforce", "f", 1, True, (Text(b"/old"),)))
        journal.append(k.AgentStarted("0", "enforce", "enforce", "f", 1, True, (Text(b"/srv\xff"),)))
    FakeVault.outcomes = (
        Restored(HOSTILE, Outcome.RESTORED, 3, 5.0, True, False, (b"/v/evidence/1",)),
        Restored(b"/srv/b", Outcome.RESTORED, 4, 6.0, False, False),
        Restored(b"/srv/c", Outcome.UNCHANGED, 5, 7.0, True, False),
        Failed(b"/srv/d", "disk full"),
    )
    monkeypatch.setattr(garde.vault, "Vault", FakeVault)
    return state


def test_restore_without_an_agent(garde: Any, left: Path) -> None:
    ran = garde("restore", "--state", str(left), "--json")
    assert ran.code == 9
    result = next(line for line in ran.lines if line["kind"] == "restored")
    assert (result["files"], result["unchanged"], result["unverified"]) == (2, 1, 1)
    assert result["failed"] == [{"path": "/srv/d", "reason": "disk full"}]
    assert FakeVault.seen == [(b"/srv\xff",), "repaired", "damaged only", (4, False), "closed"]
    with open_journal(left, read_only=True) as journal:
        entries = list(journal.entries(after=2))
        assert list(journal.verify()) == []
    assert [entry.kind for entry in entries] == [
        "restore_started", "file_restored", "file_restored", "restore_failed", "restore_finished",
    ]  # fmt: skip
    assert {entry.who for entry in entries} == {"operator"}
    restored = entries[1].payload
    assert isinstance(restored, k.FileRestored)
    assert (restored.path, restored.version_at, restored.verified) == (Text(HOSTILE), 5.0, True)
    assert restored.evidence == Text(b"/v/evidence/1")


def test_a_dry_run_without_an_agent_changes_nothing(garde: Any, left: Path) -> None:
    assert garde("restore", "--state", str(left), "--dry-run", "--missing").code == 9
    assert FakeVault.seen == [(b"/srv\xff",), "missing too", (4, True), "closed"]
    with open_journal(left, read_only=True) as journal:
        assert journal.head().seq == 2


def test_an_agent_cannot_start_in_the_middle_of_a_restore(
    garde: Any, left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from garde.agent import lock

    held = lock.take(left)
    try:
        ran = garde("restore", "--state", str(left))
    finally:
        import os

        os.close(held)
    assert ran.code == 5


@pytest.mark.parametrize("what", ["nothing", "empty", "no run"])
def test_a_directory_that_is_no_state_is_said_so_and_left_alone(garde: Any, tmp_path: Path, what: str) -> None:
    state = tmp_path / "other"
    if what != "nothing":
        state.mkdir()
    if what == "no run":
        open_journal(state).close()
    assert garde("restore", "--state", str(state)).code == 8
    assert what != "nothing" or not state.exists()


def test_release_by_the_agent(garde: Any, agent: Any) -> None:
    agent.says({"ok": True, "released": ["h1"]})
    ran = garde("release", "h1", "--state", str(agent.state))
    assert (ran.code, ran.out) == (0, "Let go: h1\n")
    assert agent.requests == [{"verb": "release", "id": "h1"}]


def test_release_without_an_agent_uses_the_hold_s_own_record(
    garde: Any, left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from garde.contain.actions.base import Refused, Released
    from garde.model.finding import Skipped

    class Act:
        def __init__(self, name: str) -> None:
            self.name = name

        def release(self, hold_id: str) -> Released | Refused:
            if self.name == "smb" and hold_id == "h1":
                return Released(hold_id, (812,), skipped=(Skipped("smbd 813", "had ended"),))
            return Refused(hold_id, "no such hold")

    monkeypatch.setattr(alone, "_action", lambda name, state, settings: Act(name))
    with open_journal(left) as journal:
        journal.append(k.VerdictReached("v1", "tree", Text(), 20.0, 18.0, (FILE,), (SMB,)))
        journal.append(k.ActorHeld("h1", "v1", "smb", SMB, (812,), 4))
    ran = garde("release", "h1", "--state", str(left))
    assert ran.code == 0
    assert ran.out == "Let go: h1\nsmbd 813: had ended\n"
    with open_journal(left, read_only=True) as journal:
        last = list(journal.entries())[-1].payload
    assert isinstance(last, k.HoldReleased)
    assert (last.hold, last.verdict, last.by, last.cleared) == ("h1", "v1", "operator", False)
    ran = garde("release", "h2", "--state", str(left))
    assert (ran.code, ran.err.count("no such hold")) == (8, 1)


@pytest.mark.parametrize("hold_id", ["../../etc/passwd", "a/b", "", ".hidden", "x" * 65, "a\nb"])
def test_an_id_that_could_name_another_file_is_refused(garde: Any, left: Path, hold_id: str) -> None:
    assert garde("release", "--state", str(left), "--", hold_id).code == 2


def test_every_act_can_be_made_for_a_release(left: Path) -> None:
    from garde.contain.actions import ACTIONS
    from garde.contain.actions.base import Refused
    from garde.settings import Settings

    for name in ACTIONS:
        assert isinstance(alone._action(name, left, Settings()).release("h9"), Refused)


def test_explain_tells_in_the_language_asked_for(garde: Any, left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_journal(left) as journal:
        for payload in SAMPLES.values():
            journal.append(payload)
    english = garde("explain", "h1", "--state", str(left))
    assert english.code == 0
    assert "What happened: v1" in english.out
    assert "\x1b[31m" not in english.out
    assert "Ce qui s’est passé : v1" in garde("explain", "last", "--lang", "fr", "--state", str(left)).out
    monkeypatch.setenv("LANG", "fr_CA.UTF-8")
    (told,) = garde("explain", "v1", "--state", str(left), "--json").lines
    assert (told["kind"], told["language"], told["verdict"]) == ("explanation", "fr", "v1")
    assert next(set(line) for section in told["sections"] for line in section["lines"]) == {"at", "text", "tone"}


def test_settings_are_listed_and_a_file_is_checked(garde: Any, tmp_path: Path) -> None:
    assert "watch.confirm_ms = 600\n" in garde("settings").out
    good = tmp_path / "good.toml"
    good.write_text("[watch]\nconfirm_ms = 300\n")
    assert "watch.confirm_ms = 300   (default 600)" in garde("settings", "--settings", str(good)).out
    rows = {row["name"]: row for row in garde("settings", "--settings", str(good), "--json").lines}
    assert (rows["watch.confirm_ms"]["value"], rows["watch.confirm_ms"]["default"]) == (300, 600)
    good.write_text("[watch]\nconfirm = 300\n")
    ran = garde("settings", "--settings", str(good))
    assert ran.code == 3
    assert f"{good}:2" in ran.err


def test_bench_runs_what_lies_in_the_checkout(garde: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import bench.common
    from bench import BENCHES

    monkeypatch.setitem(BENCHES, "touched", "bench.common")
    calls = []

    def fake(quick: bool, report: Any, **more: Any) -> dict[str, Any]:
        calls.append((quick, more))
        report("half way")
        return {"name": "touched", "figures": {"touched_median": 3}, "rows": [{"mode": "full", "touched": 3}]}

    monkeypatch.setattr(bench.common, "run", fake, raising=False)
    ran = garde("bench", "touched", "--quick", "--json")
    assert (ran.code, ran.err) == (0, "half way\n")
    assert json.loads(ran.out)["figures"] == {"touched_median": 3}
    assert "touched_median" in garde("bench", "touched", "--only", "full").out
    assert calls == [(True, {}), (False, {"only": "full"})]


def test_bench_names_what_there_is_and_where_it_runs(garde: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from garde.cli import places

    ran = garde("bench", "speed")
    assert ran.code == 2
    assert f"choose one of: {', '.join(sorted(BENCHES))}" in ran.err
    monkeypatch.setattr(places, "checkout", lambda: None)
    ran = garde("bench", "touched")
    assert ran.code == 2
    assert "source checkout" in ran.err
