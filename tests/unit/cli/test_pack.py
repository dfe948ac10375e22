"""`garde pack` as people call it, where no desk runs: made, listed, shown, taken out; paper counts, and no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from garde.cli import run
from garde.errors import NotFound, Refused, UsageError

ADMIT = (
    b"MSH|^~\\&|HIS|CLINIC|||20260302030000||ADT^A01|1|P|2.4\rEVN|A01\rPID|1||100^^^CLINIC^PI||Lambert^Marie||19600102|F"
    b"\rPV1|1|I|MED^01^1||||||||||||||||V1\r"
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    found = tmp_path / "desk"
    feed = tmp_path / "feed.hl7"
    feed.write_bytes(ADMIT)
    assert run(["downtime", "init", "--state", str(found), "--own", "CLINIC", "--json"]) == 0
    assert run(["downtime", "import", str(feed), "--state", str(found), "--json"]) == 0
    return found


def call(capsys: pytest.CaptureFixture[str], state: Path, *words: str, code: int = 0) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert run(["pack", *words, "--state", str(state), "--json"]) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_made_listed_shown_and_taken_out(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (made,) = call(capsys, state, "make", "MED", "--alarm")
    assert (made["place"], made["cause"], made["fault"]) == ("MED", "alarm", "")
    paper, listed = call(capsys, state, "list")
    assert paper == {"kind": "downtime", "lasts": False, "since": 0.0, "wards": []}
    assert listed["pack"] == made["pack"] and listed["pages"] == made["pages"]
    (shown,) = call(capsys, state, "show", made["pack"].lower())
    assert shown["titles"][:3] == ["census", "patient", "MAR"]
    out = tmp_path / "med.pdf"
    call(capsys, state, "save", made["pack"], "--out", str(out))
    assert out.read_bytes().startswith(b"%PDF") and out.stat().st_mode & 0o777 == 0o600


def test_blank_forms(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (made,) = call(capsys, state, "blanks", "MED", "--count", "3", "--forms", "notes,vitals")
    assert (made["pages"], made["about"]) == (6, "blanks")
    for words in (["blanks"], ["blanks", "MED", "--count", "0"], ["blanks", "MED", "--forms", "poetry"]):
        (error,) = call(capsys, state, *words, code=UsageError.exit_code)
        assert error["todo"]


def test_paper_counts_and_no_more(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, state, "end", code=Refused.exit_code)
    (began,) = call(capsys, state, "begin", "--since", "2026-03-02 03:40", "--wards", "MED, URG", "--by", "nina")
    assert began["wards"] == ["MED", "URG"]
    call(capsys, state, "begin", "--since", "2026-03-02 03:40", "--wards", "MED", code=Refused.exit_code)
    assert call(capsys, state, "list")[0]["lasts"] is True
    call(capsys, state, "end", "--note", "back")
    assert call(capsys, state, "list")[0]["lasts"] is False


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["begin"], UsageError.exit_code),
        (["begin", "--since", "noon"], UsageError.exit_code),
        (["begin", "--since", "2999-01-01 00:00"], UsageError.exit_code),
        (["show"], UsageError.exit_code),
        (["show", "K7Q2MX"], NotFound.exit_code),
        (["save", "K7Q2MX"], UsageError.exit_code),
        (["save", "../../etc/passwd", "--out", "x.pdf"], NotFound.exit_code),
        (["make", "NOPE"], NotFound.exit_code),
    ],
)
def test_what_cannot_be_says_what_to_do(
    words: list[str], code: int, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    *_, error = call(capsys, state, *words, code=code)
    assert error["kind"] == "error" and error["todo"]
