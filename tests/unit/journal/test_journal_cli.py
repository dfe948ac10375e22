"""`garde journal` from its words to its exit code."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from journal_samples import SAMPLES

from garde.cli import run
from garde.clock import VirtualClock
from garde.journal import checkpoint as cp
from garde.journal import journal_file, open_journal
from garde.journal.kinds import Lagging
from garde.trust.keys import SigningKey

KEY = SigningKey.generate()
Ask = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state directory of a hub with an entry of every kind and two checkpoints."""
    place = tmp_path / "state"
    place.mkdir()
    with open_journal(place, who="hub", clock=VirtualClock()) as journal:
        journal.append_all((sample, None) for sample in SAMPLES.values())
        journal.checkpoint(KEY.sign)
        journal.append(Lagging(0.0, 0))
        (tmp_path / "noted.json").write_bytes(cp.encode(journal.checkpoint(KEY.sign)) + b"\n")
    return place


@pytest.fixture
def ask(state: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    def call(action: str, *words: str, of: Path | None = state) -> tuple[int, list[dict[str, Any]]]:
        place = ["--state", str(of)] if of else []
        code = run(["journal", action, *place, *words, "--json"])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return call


def test_a_journal_that_holds_is_said_to_hold(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "hub.pub").write_text(KEY.public.hex + "\n")
    noted = str(tmp_path / "noted.json")
    for key in (KEY.public.hex, str(tmp_path / "hub.pub")):
        code, (said,) = ask("verify", "--checkpoint", noted, "--key", key)
        assert (code, said["holds"], said["checkpoints"], said["noted"]) == (0, True, 2, 1)
        assert said["signatures_checked"]
        assert said["entries"] == len(SAMPLES) + 1
    assert ask("verify", "--head", said["head"])[0] == 0
    code, (said,) = ask("verify")
    assert (code, said["signatures_checked"]) == (0, False)


def test_an_edit_ends_it_with_a_code_of_its_own(ask: Ask, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _sql(state, "update entries set payload = replace(payload, '2.5', '0.1') where kind = 'lagging'")
    code, said = ask("verify")
    assert code == 13
    assert [line["kind"] for line in said] == ["fault", "verified", "error"]
    assert (said[0]["seq"], said[1]["holds"], said[2]["code"]) == (7, False, "TAMPERED")
    assert run(["journal", "verify", "--state", str(state)]) == 13
    told = capsys.readouterr()
    assert told.out.startswith("entry 7: it was changed after it was written")
    assert told.err.startswith("TAMPERED: the record does not hold: 1 fault")


def test_a_cut_off_end_is_found_by_the_checkpoint_noted_elsewhere(ask: Ask, state: Path, tmp_path: Path) -> None:
    with open_journal(state, read_only=True) as journal:
        kept = next(iter(journal.entries(after=9)))
    _sql(state, "delete from entries where seq > 10")
    _sql(state, "delete from checkpoints")
    _sql(state, f"update meta set value = cast('10:{kept.hash}' as blob) where name = 'head'")
    assert ask("verify", "--key", KEY.public.hex)[0] == 0
    code, said = ask("verify", "--checkpoint", str(tmp_path / "noted.json"))
    assert (code, said[0]["seq"]) == (13, 11)


def test_a_key_that_did_not_sign_is_found(ask: Ask) -> None:
    code, said = ask("verify", "--key", SigningKey.generate().public.hex)
    assert code == 13
    assert ["not signed by this key" in line["what"] for line in said[:2]] == [True, True]


def test_entries_are_shown_in_words(ask: Ask, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, said = ask("show", "--last", "3", "--lang", "fr")
    assert [line["seq"] for line in said] == [len(SAMPLES) - 1, len(SAMPLES), len(SAMPLES) + 1]
    assert said[1]["text"] == "Une connexion depuis 10.20.0.9 a été refusée : wrong password"
    assert said[1]["payload"]["address"] == "10.20.0.9"
    assert [line["entry"] for line in ask("show", "--kind", "woke", "--kind", "lagging")[1]] == [
        "lagging", "woke", "lagging",
    ]  # fmt: skip
    assert [line["seq"] for line in ask("show", "--kind", "lagging", "--last", "1")[1]] == [len(SAMPLES) + 1]
    assert [line["seq"] for line in ask("show", "--after", str(len(SAMPLES)))[1]] == [len(SAMPLES) + 1]
    assert run(["journal", "show", "--state", str(state), "--last", "1000"]) == 0
    told = capsys.readouterr().out
    assert told.count("\n") == len(SAMPLES) + 1
    assert "\x1b" not in told
    assert "hunter2" not in told


def test_an_export_can_be_checked_without_the_journal(ask: Ask, tmp_path: Path, state: Path) -> None:
    file = tmp_path / "journal.jsonl"
    code, (said,) = ask("export", "--to", str(file), "--words")
    assert (code, said["entries"], said["checkpoints"]) == (0, len(SAMPLES) + 1, 2)
    assert said["texts"] > 10
    assert file.stat().st_mode & 0o777 == 0o600
    noted = ("--checkpoint", str(tmp_path / "noted.json"), "--key", KEY.public.hex)
    code, (said,) = ask("verify", "--export", str(file), *noted, of=None)
    assert (code, said["holds"], said["entries"], said["checkpoints"]) == (0, True, len(SAMPLES) + 1, 2)
    file.write_bytes(file.read_bytes().replace(b'"waiting":31', b'"waiting":30'))
    code, said = ask("verify", "--export", str(file), of=None)
    assert (code, said[0]["seq"]) == (13, 7)
    file.write_bytes(file.read_bytes()[:-200])
    assert ask("verify", "--export", str(file), of=None)[0] in (2, 13)


def test_an_export_to_standard_output_is_the_same(
    state: Path, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    assert run(["journal", "export", "--state", str(state)]) == 0
    lines = capsysbinary.readouterr().out
    (tmp_path / "piped").write_bytes(lines)
    assert lines.startswith(b'{"line":"journal"')
    assert b"carla" not in lines
    assert run(["journal", "verify", "--export", str(tmp_path / "piped")]) == 0


def test_an_export_that_cannot_be_written_leaves_nothing(ask: Ask, tmp_path: Path) -> None:
    code, (said,) = ask("export", "--to", str(tmp_path / "nowhere" / "file"))
    assert (code, said["code"]) == (9, "INCOMPLETE")
    assert ask("export", "--to", "/dev/full/x")[0] == 9
    assert not (tmp_path / "nowhere").exists()


def test_checkpoints_are_listed_as_they_are_noted(ask: Ask, tmp_path: Path) -> None:
    _, said = ask("checkpoints")
    assert [line["size"] for line in said] == [len(SAMPLES), len(SAMPLES) + 1]
    assert json.dumps(said[1], separators=(",", ":")) + "\n" == (tmp_path / "noted.json").read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["verify", "--checkpoint", "nowhere.json"], 8),
        (["verify", "--key", "00"], 8),
        (["verify", "--key", "z" * 64], 2),
        (["verify", "--head", "7"], 2),
        (["verify", "--words"], 2),
        (["show", "--kind", "nonsense"], 2),
        (["show", "--key", "00"], 2),
        (["export", "--kind", "lagging"], 2),
        (["forget"], 2),
        (["verify", "--database", "postgresql://h/d"], 2),  # and --state
        (["verify", "--export", "x"], 2),  # and --state
    ],
)
def test_wrong_words_are_refused_with_what_is_wrong(ask: Ask, words: list[str], code: int) -> None:
    assert ask(*words)[0] == code


@pytest.mark.parametrize("content", [b"", b"\n", b"{}", b"\xff\x00", b"[" * 100_000])
def test_a_file_that_is_no_checkpoint_is_said_to_be_none(ask: Ask, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    code, (said,) = ask("verify", "--checkpoint", str(tmp_path / "bad"))
    assert (code, said["code"]) == (2, "USAGE")
    assert "Traceback" not in said["message"]


def test_a_state_directory_without_a_journal_is_said_to_have_none(ask: Ask, tmp_path: Path) -> None:
    assert ask("show", of=tmp_path)[0] == 8


def _sql(state: Path, statement: str) -> None:
    db = sqlite3.connect(journal_file(state))
    assert db.execute(statement).rowcount > 0
    db.commit()
    db.close()
