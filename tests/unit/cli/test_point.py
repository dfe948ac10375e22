"""`garde point` on a real restic repository: from the list to what is put in place."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.point_stores import MAKERS, Made, missing

from garde.cli import run

pytestmark = pytest.mark.root


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    yield from _made(tmp_path)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A repository for tests that change nothing: making one takes seconds."""
    yield from _made(tmp_path_factory.mktemp("unchanged"))


def _made(folder: Path) -> Iterator[Made]:
    if why := missing("restic"):
        pytest.skip(why)
    folder.chmod(0o755)
    found = MAKERS["restic"](folder)
    (found.state / "stores.toml").write_text(
        f'[[store]]\nid = "files-restic"\nsort = "restic"\ncovers = "files1"\n'
        f'repository = "{found.settings.repository}"\npassword_file = "{found.settings.password_file}"\n'
        f'paths = ["{found.live}"]\n'
    )
    yield found
    found.undo()


def call(capsys: pytest.CaptureFixture[str], made: Made, *words: str) -> tuple[int, list[dict[str, Any]]]:
    code = run(["point", *words, "--state", str(made.state), "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_point_is_listed_judged_brought_and_put_in_place(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    code, (store, first, second) = call(capsys, made, "list")
    assert (code, store["frozen"], first["point"], second["point"]) == (0, False, *made.names)
    code, (judged, end) = call(capsys, made, "judge", "files-restic", first["point"], "--since", "2100-01-01T00:00")
    assert (code, judged["colour"], end["points"]) == (0, "green", 1)
    letter = made.live / "ward/letter-05.txt"
    letter.write_bytes(b"damaged")
    code, (brought, verified, placed) = call(capsys, made, "restore", "files-restic", first["point"][:12], "--place")
    assert (code, brought["failed"], verified["whole"], placed["failed"]) == (0, 0, True, 0)
    assert letter.read_bytes().startswith(b"Letter 5")
    assert (Path(placed["evidence"]) / "live/ward/letter-05.txt").read_bytes() == b"damaged"


def test_retention_is_frozen_and_thawed_by_hand(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    code, (frozen,) = call(capsys, made, "freeze")
    assert (code, frozen["proven"]) == (0, True)
    assert len(frozen["checks"]) == 8
    assert call(capsys, made, "list")[1][0]["frozen"]
    code, (thawed,) = call(capsys, made, "thaw", "files-restic")
    assert (code, thawed["marked"] > 5) == (0, True)


def test_what_lies_is_not_put_in_place(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    assert made.damage is not None
    made.damage()
    before = sorted(path.name for path in made.live.rglob("*"))
    code, said = call(capsys, made, "restore", "files-restic", made.names[0], "--place")
    assert code in {9, 5}
    assert "placed" not in [each["kind"] for each in said]
    assert sorted(path.name for path in made.live.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("thaw",), 2, "which store"),
        (("restore", "files-restic"), 2, "which point"),
        (("restore", "files-restic", "feed"), 8, "no point feed"),
        (("judge", "other"), 8, "no store 'other'"),
        (("judge", "--since", "yesterday"), 2, "is no time"),
    ],
)
def test_wrong_words_are_said(
    unchanged: Made, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, says: str
) -> None:
    assert run(["point", *words, "--state", str(unchanged.state)]) == code
    assert says in capsys.readouterr().err


def test_a_wrong_password_is_said_and_what_to_do(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    Path(made.settings.password_file).write_text("other\n")
    assert run(["point", "list", "--state", str(made.state)]) == 12
    error = capsys.readouterr().err
    assert "wrong password" in error
    assert "password_file" in error


def test_a_lock_in_the_repository_stops_nothing_and_is_said(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    (Path(made.settings.repository) / "locks" / ("ab" * 32)).write_bytes(os.urandom(200))
    _, (judged, end) = call(capsys, made, "judge", "files-restic", made.names[0])
    assert judged["colour"] == "amber"
    assert "1 lock" in end["detail"]
