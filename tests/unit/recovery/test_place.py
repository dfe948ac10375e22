"""Putting in place: whatever happens, what stood is kept, and a second call finishes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garde.clock import VirtualClock
from garde.recovery import place
from garde.recovery.place import Placing, scratch_for
from garde.recovery.points.base import Fault, Placed, StoreFault
from garde.vault.names import is_own

OLD = {"a.txt": "damaged", "ward/b.txt": "damaged too", "ward/ransom.txt": "pay"}
NEW = {"a.txt": "sound", "ward/b.txt": "sound too", "ward/deep/c.txt": "was deleted"}


def write(tree: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(content)
    return tree


def read(tree: Path) -> dict[str, str]:
    return {str(path.relative_to(tree)): path.read_text() for path in sorted(tree.rglob("*")) if path.is_file()}


class Case:
    """A share with damaged files, and a point brought beside it."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.notes = base / "notes"
        self.notes.mkdir(parents=True)
        self.share = write(base / "srv/share", OLD)
        self.scratch = Path(os.fsdecode(scratch_for(bytes(self.share), "store/point")))
        self.bring()

    def bring(self) -> None:
        write(self.scratch / "srv/share", NEW)

    def run(self, how: str) -> Placed:
        placing = Placing(self.notes, VirtualClock())
        act = placing.whole if how == "whole" else placing.each
        return act(bytes(self.scratch), [(b"/srv/share", bytes(self.share))])

    def evidence(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for kept in sorted((self.base / "srv").glob(".garde-side-evidence-*")):
            found |= read(kept)
        return found


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_whole_the_target_is_exchanged_with_all_that_has_come_into_it(case: Case) -> None:
    placed = case.run("whole")
    assert read(case.share) == NEW
    assert case.evidence() == {f"share/{name}": content for name, content in OLD.items()}
    assert (placed.files, placed.failed, placed.place) == (3, 0, bytes(case.share.parent))
    assert not case.scratch.exists()


def test_each_only_the_files_that_were_brought_and_everything_else_stays(case: Case) -> None:
    placed = case.run("each")
    assert read(case.share) == {**OLD, **NEW}
    assert case.evidence() == {"a.txt": "damaged", "ward/b.txt": "damaged too"}
    assert (placed.files, placed.failed) == (3, 0)
    assert not case.scratch.exists()


@pytest.mark.parametrize("how", ["whole", "each"])
def test_called_again_it_answers_the_same_and_moves_nothing(case: Case, how: str) -> None:
    placed = case.run(how)
    before, kept = read(case.share), case.evidence()
    assert case.run(how) == placed
    assert (read(case.share), case.evidence()) == (before, kept)


def test_brought_anew_it_is_another_placing(case: Case) -> None:
    case.run("whole")
    (case.share / "a.txt").write_text("damaged again")
    case.bring()
    case.run("whole")
    assert read(case.share) == NEW
    kept = [read(folder) for folder in (case.base / "srv").glob(".garde-side-evidence-*")]
    assert sorted(files["share/a.txt"] for files in kept) == ["damaged", "damaged again"]


class _KilledError(BaseException):
    """kill -9: nothing more is done, and no `except Exception` sees it."""


@pytest.mark.parametrize("how", ["whole", "each"])
@pytest.mark.parametrize("exchange", [True, False])
@given(steps=st.lists(st.integers(0, 5), max_size=4))
@settings(max_examples=25)
def test_killed_anywhere_and_called_again_it_finishes_and_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, how: str, exchange: bool, steps: list[int]
) -> None:
    case = Case(tmp_path_factory.mktemp("killed"))
    real = place.rename
    left = [0]

    def rename(*words: object) -> None:
        if not left[0]:
            raise _KilledError
        left[0] -= 1
        if not exchange and words[-1] == place.EXCHANGE:
            raise OSError(22, "Invalid argument")
        real(*words)  # type: ignore[arg-type]

    place.rename = rename  # type: ignore[assignment]
    try:
        for count in steps:
            left[0] = count
            try:
                case.run(how)
            except _KilledError:
                everything = [*read(case.share).values(), *case.evidence().values(), *_scratch(case)]
                assert sorted([*OLD.values(), *NEW.values()]) == sorted(everything)
        left[0] = 1000
        case.run(how)
    finally:
        place.rename = real
    assert read(case.share) == (NEW if how == "whole" else {**OLD, **NEW})
    kept = set(case.evidence().values())
    assert kept == set(OLD.values()) - ({"pay"} if how == "each" else set())


def _scratch(case: Case) -> list[str]:
    return list(read(case.scratch).values()) if case.scratch.exists() else []


def test_a_disk_that_is_full_before_the_note_is_written_leaves_everything(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(place, "written_beside", full)
    with pytest.raises(StoreFault) as caught:
        case.run("whole")
    assert caught.value.fault is Fault.NO_SPACE
    assert read(case.share) == OLD


def test_what_could_not_be_moved_is_named_and_stays_and_is_moved_by_the_next_call(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = place.rename

    def full(*words: object) -> None:
        if words[1] == b"b.txt":
            raise OSError(28, "No space left on device")
        real(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(place, "rename", full)
    placed = case.run("each")
    assert (placed.failed, placed.skipped[0].reason) == (1, "No space left on device")
    assert placed.skipped[0].what.endswith("ward/b.txt")
    assert read(case.share)["ward/b.txt"] == "damaged too"
    monkeypatch.setattr(place, "rename", real)
    assert case.run("each").failed == 0
    assert read(case.share)["ward/b.txt"] == "sound too"


def test_another_file_system_is_refused_and_nothing_is_touched(case: Case, tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm") / f"garde-place-{os.getpid()}"
    if elsewhere.parent.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system at hand")
    write(elsewhere / "srv/share", NEW)
    try:
        with pytest.raises(StoreFault) as caught:
            Placing(case.notes, VirtualClock()).whole(bytes(elsewhere), [(b"/srv/share", bytes(case.share))])
    finally:
        for path in sorted(elsewhere.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        elsewhere.rmdir()
    assert caught.value.fault is Fault.REFUSED
    assert read(case.share) == OLD


def test_nothing_brought_is_nothing_to_place(case: Case, tmp_path: Path) -> None:
    with pytest.raises(StoreFault) as caught:
        Placing(case.notes, VirtualClock()).whole(bytes(tmp_path / "none"), [(b"/srv/share", bytes(case.share))])
    assert caught.value.fault is Fault.ABSENT
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreFault) as caught:
        Placing(case.notes, VirtualClock()).whole(bytes(tmp_path / "empty"), [(b"/srv/share", bytes(case.share))])
    assert caught.value.fault is Fault.ABSENT
    assert read(case.share) == OLD


def test_a_folder_swapped_for_a_link_is_not_followed(case: Case, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"b.txt": "somebody else's"})
    for path in (case.share / "ward").iterdir():
        path.unlink()
    (case.share / "ward").rmdir()
    (case.share / "ward").symlink_to(outside)
    placed = case.run("each")
    assert read(outside) == {"b.txt": "somebody else's"}
    assert placed.failed == 2


def test_a_target_that_is_not_there_is_made(case: Case) -> None:
    for path in sorted(case.share.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    case.share.rmdir()
    case.share.parent.rmdir() if not any(case.share.parent.iterdir()) else None
    placed = case.run("whole")
    assert read(case.share) == NEW
    assert placed.evidence == b""


def test_the_watcher_and_the_vault_pass_over_what_lies_there_meanwhile(case: Case) -> None:
    assert is_own(bytes(case.scratch / "srv/share/a.txt"))
    placed = case.run("whole")
    assert is_own(placed.evidence + b"/share/a.txt")
