"""Every sensor of the table keeps the contract in sensors/base.py."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.descriptors import descriptors

from garde.errors import NotPermitted
from garde.model.activity import Activity, What
from garde.watch.sensors import SENSORS, Sensor, SensorOptions, open_best
from garde.watch.sensors.replay import to_line

pytestmark = pytest.mark.alone  # whole file systems are watched: what others write would be seen


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    made = Path(os.path.realpath(tmp_path)) / "tree"
    (made / "skip").mkdir(parents=True)
    (made / "d").mkdir()
    return made


@pytest.fixture(params=sorted(SENSORS))
def sensor(request: pytest.FixtureRequest, tree: Path) -> Sensor:
    places = (tree / "d", tree / "skip", tree.parent / "outside")
    lines = [Activity(1.0, What.MODIFY, 41, os.fsencode(where), b"f") for where in places]
    recording = tree.parent / "recording"
    recording.write_text("\n".join(to_line(one) for one in lines) + "\n")
    return SENSORS[request.param](SensorOptions(recording=recording))


def opened(sensor: Sensor, tree: Path) -> Sensor:
    try:
        seen = sensor.open([os.fsencode(tree)], lambda path: path == os.fsencode(tree / "skip"))
    except NotPermitted as error:
        pytest.skip(f"{sensor.name} is refused here: {error}")
    assert seen.seen == (os.fsencode(tree),)
    return sensor


def write(*files: Path) -> None:
    code = "import sys\nfor name in sys.argv[1:]: open(name, 'w').write('x')"
    subprocess.run([sys.executable, "-c", code, *map(str, files)], check=True)


def wait(sensor: Sensor) -> list[Activity]:
    """Return the first activity; half a minute is for a stalled machine, not for timing."""
    found: list[Activity] = []
    while not found:
        assert select.select([sensor.fileno()], [], [], 30)[0], "nothing was seen"
        found = sensor.read()
    return found


def test_its_name_is_its_word_in_the_table(sensor: Sensor) -> None:
    assert SENSORS[sensor.name] is type(sensor)
    assert os.getpid() in sensor.own_pids


def test_it_reports_what_happens_in_the_tree_and_nothing_else(sensor: Sensor, tree: Path) -> None:
    opened(sensor, tree)
    (tree.parent / "outside").mkdir()
    write(tree / "skip" / "f", tree.parent / "outside" / "f", tree / "d" / "f")
    found = wait(sensor)
    assert {(sensor.path_of(one.directory), one.name) for one in found} == {(os.fsencode(tree / "d"), b"f")}
    assert all(one.what & (What.CREATE | What.MODIFY | What.CLOSE_WRITE) for one in found)
    assert all((one.pid > 0) == sensor.has_actor for one in found)
    sensor.close()


def test_reading_never_blocks(sensor: Sensor, tree: Path) -> None:
    opened(sensor, tree)
    while sensor.read():
        pass
    assert sensor.read() == []
    sensor.close()


def test_it_may_be_closed_twice_and_without_being_opened(sensor: Sensor, tree: Path) -> None:
    sensor.close()
    assert sensor.fileno() == -1
    opened(sensor, tree)
    assert sensor.fileno() >= 0
    before = descriptors()
    sensor.close()
    sensor.close()
    assert sensor.fileno() == -1
    assert descriptors() < before


def test_a_tree_that_does_not_exist_beside_one_that_does_is_said(sensor: Sensor, tree: Path) -> None:
    if sensor.name == "replay":
        pytest.skip("a recording looks at no file system")
    try:
        seen = sensor.open([os.fsencode(tree), os.fsencode(tree / "missing")], lambda _: False)
    except NotPermitted as error:
        pytest.skip(f"{sensor.name} is refused here: {error}")
    assert [one.what for one in seen.unseen] == [str(tree / "missing")]
    sensor.close()


def test_what_cannot_be_watched_at_all_is_refused_and_leaves_nothing_open(sensor: Sensor, tree: Path) -> None:
    if sensor.name == "replay":
        pytest.skip("a recording looks at no file system")
    before = descriptors()
    with pytest.raises(NotPermitted):
        sensor.open([os.fsencode(tree / "missing")], lambda _: False)
    assert descriptors() <= before


def test_the_best_one_that_is_allowed_is_opened(tree: Path) -> None:
    try:
        SENSORS["fanotify"](SensorOptions()).open([os.fsencode(tree)], lambda _: False)
        best = "fanotify"
    except NotPermitted:
        best = "inotify"
    sensor, _ = open_best([os.fsencode(tree)], lambda _: False)
    assert sensor.name == best
    sensor.close()


def test_where_the_kernel_refuses_the_better_one_the_next_is_opened_and_says_so(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refused(type(SENSORS["fanotify"](SensorOptions()))):  # type: ignore[misc]
        def open(self, *_: object) -> object:
            raise NotPermitted("no right")

    monkeypatch.setitem(SENSORS, "fanotify", Refused)
    sensor, seen = open_best([os.fsencode(tree)], lambda _: False)
    assert sensor.name == "inotify"
    assert [one.what for one in seen.reduced] == ["fanotify", "who wrote"]
    sensor.close()
    with pytest.raises(NotPermitted):
        open_best([os.fsencode(tree / "missing")], lambda _: False)


def test_inotify_says_overflow_for_a_name_it_cannot_tell_and_goes_on(tree: Path) -> None:
    sensor = SENSORS["inotify"](SensorOptions())
    opened(sensor, tree)
    os.close(os.open(os.fsencode(tree) + b"/\xff\xfe", os.O_CREAT | os.O_WRONLY))
    assert [one.what for one in wait(sensor)] == [What.OVERFLOW]
    write(tree / "d" / "later")
    assert {one.name for one in wait(sensor)} == {b"later"}
    sensor.close()
