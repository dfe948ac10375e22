"""Recorded activity: what is written comes back."""

from __future__ import annotations

import io
import json
import select
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.errors import NotPermitted
from garde.model.activity import Activity, What
from garde.watch.sensors.base import SensorOptions
from garde.watch.sensors.replay import Recorder, Replay, from_line, to_line

letters = st.integers(1, 255).filter(lambda byte: byte != ord("/"))
names = st.lists(letters, min_size=1, max_size=20).map(bytes)
paths = st.lists(names, max_size=4).map(lambda parts: b"/" + b"/".join(parts))
activities = st.builds(
    Activity,
    at=st.floats(0, 1e9),
    what=st.integers(0, 127).map(lambda bits: bits & ~What.RENAME),
    pid=st.integers(0, 1 << 22),
    directory=paths,
    name=names,
    fid=st.binary(max_size=40),
    new_directory=st.just(b""),
    new_name=st.just(b""),
) | st.builds(Activity, st.floats(0, 1e9), st.just(What.RENAME), st.integers(1, 9), paths, names, names, paths, names)


@given(activities)
def test_a_line_says_all_of_an_activity(activity: Activity) -> None:
    line = to_line(activity)
    assert "\n" not in line
    assert line.isascii()
    assert from_line(line.encode()) == activity


@given(st.binary())
def test_any_line_is_an_activity_or_a_value_error(line: bytes) -> None:
    try:
        from_line(line)
    except ValueError:
        return


json_words = st.recursive(
    st.none() | st.integers() | st.text() | st.floats(), lambda inner: st.lists(inner, max_size=3), max_leaves=4
)


@given(st.dictionaries(st.sampled_from(["at", "what", "pid", "directory", "name", "fid"]), json_words))
def test_any_json_is_an_activity_or_a_value_error(told: dict[str, object]) -> None:
    try:
        from_line(json.dumps(told).encode())
    except ValueError:
        return


def recording(folder: Path, lines: list[str]) -> SensorOptions:
    (folder / "r.jsonl").write_text("\n".join(lines) + "\n")
    return SensorOptions(recording=folder / "r.jsonl")


def test_a_recording_plays_what_lies_in_the_trees_and_then_falls_silent(tmp_path: Path) -> None:
    inside = Activity(1.0, What.MODIFY, 41, b"/t/a", b"x")
    lines = [
        to_line(inside),
        to_line(inside._replace(directory=b"/elsewhere")),
        to_line(inside._replace(directory=b"/t/skip/deep")),
        to_line(Activity(2.0, What.OVERFLOW, 0, b"", b"")),
    ]
    replay = Replay(recording(tmp_path, lines))
    replay.open([b"/t"], lambda path: path == b"/t/skip")
    poll = select.poll()
    poll.register(replay.fileno(), select.POLLIN)
    assert poll.poll(0)
    assert [one.what for one in replay.read()] == [What.MODIFY, What.OVERFLOW]
    assert replay.read() == []
    assert not poll.poll(0)
    replay.close()


def test_a_long_recording_comes_in_batches(tmp_path: Path) -> None:
    lines = [to_line(Activity(float(number), What.MODIFY, 41, b"/t", b"x")) for number in range(1300)]
    replay = Replay(recording(tmp_path, lines))
    replay.open([b"/t"], lambda _: False)
    got = [replay.read() for _ in range(4)]
    assert [one.at for batch in got for one in batch] == [float(number) for number in range(1300)]
    assert len(got[0]) < 1300
    replay.close()


def test_bad_lines_are_left_out_with_their_number(tmp_path: Path) -> None:
    good = to_line(Activity(1.0, What.MODIFY, 41, b"/t", b"x"))
    replay = Replay(recording(tmp_path, ["{", good, '{"at": 1}', "[" * 70_000, good]))
    replay.open([b"/t"], lambda _: False)
    assert len(replay.read()) == 2
    assert replay.skipped[0].what.endswith("r.jsonl:1")
    assert replay.skipped[1].what.endswith("r.jsonl:3")
    replay.close()


def test_keys_become_paths_when_recorded() -> None:
    file = io.StringIO()
    Recorder(file, {b"K": b"/t/k"}.get).write([Activity(1.0, What.MODIFY, 41, b"K", b"x")])
    assert from_line(file.getvalue().encode()).directory == b"/t/k"


def test_without_a_recording_it_refuses(tmp_path: Path) -> None:
    with pytest.raises(NotPermitted):
        Replay().open([b"/t"], lambda _: False)
    with pytest.raises(NotPermitted):
        Replay(SensorOptions(recording=tmp_path / "missing")).open([b"/t"], lambda _: False)
