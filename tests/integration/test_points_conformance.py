"""Every sort of store keeps the one contract: real stores, made by their own tools.

Comes in: the makers of tests/support/point_stores.py. What only one sort does stands in tests of its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from tests.support.point_stores import HOSTILE, MAKERS, NO_TREES, Made, missing, truth

from garde.clock import SystemClock
from garde.journal.recovery_kinds import PointJudged, PointsJudged
from garde.recovery.judging import Judging
from garde.recovery.points.base import Catalogue, Changes, Fault, Point, StoreFault, Wanted
from garde.recovery.points.moment import at_moment, find_point
from garde.recovery.points.table import STORES, open_store
from garde.vault.names import name_of

pytestmark = [pytest.mark.root, pytest.mark.apart]


def _make(sort: str, base: Path) -> Iterator[Made]:
    if why := missing(sort):
        pytest.skip(why)
    base.chmod(0o755)
    found = MAKERS[sort](base)
    yield found
    found.undo()


@pytest.fixture(params=sorted(MAKERS))
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    """A store of one's own."""
    yield from _make(request.param, tmp_path)


@pytest.fixture(params=sorted(set(MAKERS) - NO_TREES))
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    """The same, of the sorts that bring the files that were backed up."""
    yield from _make(request.param, tmp_path)


@pytest.fixture(params=sorted(MAKERS), scope="module")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """One for all tests that change neither the store nor what stands in place."""
    yield from _make(request.param, tmp_path_factory.mktemp(request.param))


def points(made: Made) -> tuple[Point, Point]:
    found = [find_point(made.store.points(), name) for name in made.names]
    assert found[0] is not None
    assert found[1] is not None
    return found[0], found[1]


def only_trees(made: Made) -> None:
    if made.settings.sort in NO_TREES:
        pytest.skip("it brings no tree of files: its own tests say the same of what it brings")


def brought(made: Made, scratch: Path) -> dict[bytes, bytes]:
    return truth(scratch, root=scratch)


def test_the_suite_covers_the_table() -> None:
    assert set(MAKERS) == set(STORES)


def test_points_are_listed_oldest_first_with_their_times(shared: Made) -> None:
    listed = shared.store.points()
    assert [point.taken_at for point in listed] == sorted(point.taken_at for point in listed)
    first, second = points(shared)
    assert 0 < first.taken_at < second.taken_at <= SystemClock().now()
    note = shared.store.note()
    assert (note.store, note.sort, note.covers) == (shared.settings.id, shared.settings.sort, shared.settings.covers)


def test_judging_reads_what_is_in_a_point(shared: Made) -> None:
    first, second = points(shared)
    assert shared.store.check(first).catalogue in {Catalogue.WHOLE, Catalogue.NOT_CHECKED}
    assert len(list(shared.store.sample(first, Wanted(count=5)))) == 5
    only_trees(shared)
    found = {}
    for sample in shared.store.sample(second, Wanted(count=1000)):
        assert sample.at, sample.why
        with open(sample.at, "rb") as stream:
            found[sample.path] = stream.read()
    assert found == {path: content for path, content in shared.truths[1].items() if content}


def test_a_sample_begins_with_what_was_asked_for(shared: Made) -> None:
    only_trees(shared)
    _, second = points(shared)
    asked = next(path for path in shared.truths[1] if path.endswith(b"ward/new.txt"))
    assert asked in [sample.path for sample in shared.store.sample(second, Wanted(4, first=(asked,)))]


def test_what_changed_between_two_points_is_counted(shared: Made) -> None:
    only_trees(shared)
    first, second = points(shared)
    changes = shared.store.changes(second, first)
    assert isinstance(changes, Changes)
    assert (changes.changed, changes.added, changes.removed) == (1, 1, 1)
    assert {path.rsplit(b"/", 1)[1] for path in changes.paths} == {b"letter-03.txt", b"new.txt"}


def test_a_point_is_brought_verified_and_put_in_place_and_what_stood_is_kept(tree: Made) -> None:
    first, _ = points(tree)
    (tree.live / "ward/letter-05.txt").write_bytes(os.urandom(2000))  # the attack
    damaged = truth(tree.live)
    scratch = tree.store.scratch(first)
    told: list[tuple[int, int]] = []
    done = tree.store.restore(first, scratch, lambda done, total: told.append((done, total)))
    assert (done.failed, done.files) == (0, len(tree.truths[0]))
    assert done.restored_to == pytest.approx(first.taken_at, abs=1)
    assert brought(tree, scratch) == tree.truths[0]
    assert truth(tree.live) == damaged
    verified = tree.store.verify(first, scratch)
    assert (verified.whole, verified.wrong, verified.files) == (True, 0, len(tree.truths[0]))
    placed = tree.store.place(first, scratch)
    assert placed.failed == 0
    restored = truth(tree.live)
    assert {path: restored.get(path) for path in tree.truths[0]} == tree.truths[0]
    kept = {name_of(path): content for path, content in truth(Path(os.fsdecode(placed.evidence))).items()}
    assert kept[b"letter-05.txt"] == damaged[os.fsencode(tree.live) + b"/ward/letter-05.txt"]
    if HOSTILE in {name_of(path) for path in tree.truths[0]}:
        plan = tree.live / "plan.pdf"
        assert (plan.stat().st_mode & 0o777, plan.stat().st_uid) == (0o640, 65534)
    again = tree.store.place(first, scratch)
    assert (again.files, again.evidence) == (placed.files, placed.evidence)
    assert truth(tree.live) == restored


def test_a_restore_may_be_begun_again_and_its_verification_sees_what_differs(shared: Made) -> None:
    only_trees(shared)
    first, _ = points(shared)
    scratch = shared.store.scratch(first)
    shared.store.restore(first, scratch)
    victim = next(path for path in shared.truths[0] if path.endswith(b"letter-07.txt"))
    (scratch / os.fsdecode(victim.lstrip(b"/"))).write_bytes(b"half")
    wrong = shared.store.verify(first, scratch)
    assert (wrong.whole, wrong.wrong) == (False, 1)
    assert "letter-07" in wrong.skipped[0].what
    shared.store.restore(first, scratch)
    assert shared.store.verify(first, scratch).whole
    (scratch / os.fsdecode(victim.lstrip(b"/"))).with_name("planted.sh").write_text("x")
    extra = shared.store.verify(first, scratch)
    assert (extra.wrong, extra.skipped[0].reason) == (1, "not in the point")


def test_no_room_is_said_before_anything_is_written(shared: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = points(shared)
    scratch = shared.store.scratch(first).with_name("no-room")
    real = os.statvfs
    monkeypatch.setattr(os, "statvfs", lambda path: _Full(real(path)))
    with pytest.raises(StoreFault) as caught:
        shared.store.restore(first, scratch)
    assert caught.value.fault is Fault.NO_SPACE
    assert not any(scratch.iterdir())


class _Full:
    """A file system without room."""

    def __init__(self, real: os.statvfs_result) -> None:
        self.f_bavail, self.f_frsize, self.f_blocks = 0, real.f_frsize, real.f_blocks


def test_a_point_that_is_not_there_is_a_fault_and_no_word_for_the_tool(shared: Made, tmp_path: Path) -> None:
    first, _ = points(shared)
    for name in ("0" * 64, "--help", "../../etc", "x\0y", "", "latest;rm"):
        with pytest.raises(StoreFault):
            shared.store.restore(replace(first, id=name), tmp_path / "scratch")


def test_a_frozen_store_cannot_be_shortened_and_a_thawed_one_can(made: Made) -> None:
    if not made.store.note().freezes:
        with pytest.raises(StoreFault):
            made.store.freeze()
        return
    assert not made.store.is_frozen()
    assert not made.store.prove_frozen().proven
    assert made.store.freeze().marked > 0
    assert made.store.is_frozen()
    proof = made.store.prove_frozen()
    assert proof.proven, (proof.checks, proof.detail)
    with pytest.raises(CalledProcessError):
        made.shorten()
    assert points(made)
    assert made.store.freeze().fresh == 0
    if made.takes_new:
        made.new_backup()
    else:
        with pytest.raises(CalledProcessError):
            made.new_backup()
    first, _ = points(made)
    scratch = made.store.scratch(first)
    made.store.restore(first, scratch)
    assert made.store.verify(first, scratch).whole
    again = open_store(made.settings, made.state, SystemClock())
    assert again.is_frozen()
    again.thaw()
    assert not made.store.is_frozen()
    assert made.store.thaw().marked == 0
    made.shorten()


def test_a_point_that_lies_is_found_out(tree: Made) -> None:
    """Its catalogue is fine; its data are not."""
    if tree.damage is None:
        pytest.skip("this sort has no catalogue beside its data")
    tree.damage()
    _, second = points(tree)
    (found,) = judged(tree, SystemClock().now(), only=second.id)
    assert found.catalogue == "whole"
    assert (found.colour, found.test_restore) == ("red", "failed")
    failed = [sample for sample in tree.store.sample(second, Wanted(1000)) if not sample.at]
    scratch = tree.store.scratch(second)
    done = tree.store.restore(second, scratch)
    assert failed or done.failed
    try:
        assert not tree.store.verify(second, scratch).whole
    except StoreFault as fault:
        assert fault.fault is Fault.DAMAGED


def test_judging_tells_a_point_of_an_attacked_tree_from_a_sound_one(tree: Made) -> None:
    first, second = points(tree)
    for letter in sorted(tree.live.glob("ward/letter-*.txt"))[:30]:
        letter.write_bytes(os.urandom(4000))
    harm = max(second.taken_at, second.written_at) + 1.0  # many tools keep whole seconds
    time.sleep(max(0.0, harm - time.time()) + 0.05)  # and the kernel's coarse clock is some ms late
    tree.new_backup()
    found = {each.point: each for each in judged(tree, harm)}
    for point in (first, second):
        sound = found.get(point.id) or judged(tree, harm, only=point.id)[0]
        assert sound.colour == "green", sound.reasons
    last = tree.store.points()[-1]
    newest = at_moment(last, last.until - 0.001) if last.until else last
    attacked = found.get(newest.id) or judged(tree, harm, only=newest.id)[0]
    assert (attacked.colour, attacked.when) == ("red", "after")
    assert attacked.readable <= attacked.looked_at - 30


def judged(made: Made, harm: float, only: str = "") -> list[PointJudged]:
    *points, end = Judging(made.store, since=harm, clock=SystemClock()).run("c1", only)
    assert isinstance(end, PointsJudged)
    assert end.points == len(points) > 0
    return [point for point in points if isinstance(point, PointJudged)]
