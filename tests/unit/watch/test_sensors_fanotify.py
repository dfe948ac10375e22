"""The fanotify sensor's reading of event bytes, fed through a pipe. What the real kernel sends is tested elsewhere."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

import pytest

from garde.model.activity import Activity, What
from garde.watch.sensors.directories import Tree
from garde.watch.sensors.fanotify import Fanotify

IN, OUT = b"insideXX", b"outsideX"
MODIFY, CLOSE_WRITE, FROM, TO, CREATE, DELETE = 0x2, 0x8, 0x40, 0x80, 0x100, 0x200
OVERFLOW, RENAME, ONDIR = 0x4000, 0x1000_0000, 0x4000_0000
FSID = b"\x01\0\0\0\x02\0\0\0"


def key(handle: bytes) -> bytes:
    return FSID + struct.pack("=Ii", len(handle), 1) + handle


def fid(handle: bytes) -> bytes:
    return FSID + struct.pack("=i", 1) + handle


def record(kind: int, handle: bytes, name: bytes | None = None) -> bytes:
    body = key(handle) + (b"" if name is None else name + b"\0")
    body += b"\0" * (-len(body) % 4)
    return struct.pack("=BxH", kind, 4 + len(body)) + body


def event(mask: int, *records: bytes, pid: int = 4242) -> bytes:
    body = b"".join(records)
    return struct.pack("=IBBHQii", 24 + len(body), 3, 0, 24, mask, -1, pid) + body


class Wire:
    """A sensor whose kernel is a pipe."""

    def __init__(self) -> None:
        self.sensor = Fanotify()
        read, self.write = os.pipe()
        os.set_blocking(read, False)
        self.sensor._descriptor = read
        self.sensor._directories.trees.append(Tree(b"/tree", os.open("/", os.O_RDONLY)))
        self.sensor._directories.inside[key(IN)] = b"/tree/in"
        self.sensor._directories.outside[key(OUT)] = b"/out"

    def read(self, *events: bytes) -> list[Activity]:
        os.write(self.write, b"".join(events))
        return self.sensor.read()

    def close(self) -> None:
        self.sensor.close()
        os.close(self.write)


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


def test_an_empty_queue_reads_as_nothing(wire: Wire) -> None:
    assert wire.sensor.read() == []


def test_a_merged_event_has_all_its_bits_its_names_and_the_files_key(wire: Wire) -> None:
    (got,) = wire.read(event(CREATE | MODIFY | CLOSE_WRITE, record(2, IN, b"\xff\n.doc"), record(1, b"fileABCD")))
    assert got[1:] == (
        What.CREATE | What.MODIFY | What.CLOSE_WRITE,
        4242,
        key(IN),
        b"\xff\n.doc",
        fid(b"fileABCD"),
        b"",
        b"",
    )
    assert wire.sensor.path_of(got.directory) == b"/tree/in"


@pytest.mark.parametrize("length", range(1, 12))
def test_names_and_handles_of_every_length_are_cut_right(wire: Wire, length: int) -> None:
    name, handle = b"n" * length, b"h" * length
    got = wire.read(*[event(MODIFY, record(2, IN, name), record(1, handle))] * 3)
    assert [(one.name, one.fid) for one in got] == [(name, fid(handle))] * 3


def test_a_kernel_without_target_handles_gives_names_only(wire: Wire) -> None:
    (got,) = wire.read(event(CREATE, record(2, IN, b"a")))
    assert (got.name, got.fid) == (b"a", b"")


def test_outside_and_own_events_are_left_out(wire: Wire) -> None:
    wire.sensor.own_pids.add(77)
    got = wire.read(
        event(MODIFY, record(2, OUT, b"x"), record(1, b"file")),
        event(MODIFY, record(2, IN, b"mine"), record(1, b"file"), pid=77),
        event(CREATE | ONDIR, record(2, IN, b"mine"), record(1, b"dddd"), pid=77),
        event(MODIFY, record(2, IN, b"theirs"), record(1, b"file")),
    )
    assert [one.name for one in got] == [b"theirs"]


def test_an_overflow_is_said_in_its_place(wire: Wire) -> None:
    a = event(MODIFY, record(2, IN, b"a"), record(1, b"file"))
    got = wire.read(a, event(OVERFLOW, pid=0), a, event(OVERFLOW, pid=0))
    assert [one.what for one in got] == [What.MODIFY, What.OVERFLOW, What.MODIFY, What.OVERFLOW]
    assert wire.sensor.overflows == 2


def test_a_rename_has_both_names(wire: Wire) -> None:
    (got,) = wire.read(event(RENAME, record(10, IN, b"old"), record(12, OUT, b"new"), record(1, b"file")))
    assert got[1:] == (What.RENAME, 4242, key(IN), b"old", fid(b"file"), key(OUT), b"new")


def test_a_rename_outside_is_left_out_and_one_that_comes_in_is_not(wire: Wire) -> None:
    assert wire.read(event(RENAME, record(10, OUT, b"old"), record(12, OUT, b"new"), record(1, b"file"))) == []
    (got,) = wire.read(event(RENAME, record(10, OUT, b"old"), record(12, IN, b"new"), record(1, b"file")))
    assert (got.directory, got.new_directory) == (key(OUT), key(IN))


def test_a_new_directory_is_known_at_once(wire: Wire) -> None:
    got = wire.read(
        event(CREATE | ONDIR, record(2, IN, b"sub"), record(1, b"dirS")),
        event(CREATE, record(2, b"dirS", b"file"), record(1, b"file")),
        event(DELETE | ONDIR, record(2, IN, b"sub"), record(1, b"dirS")),
    )
    assert [one.what for one in got] == [
        What.CREATE | What.DIRECTORY,
        What.CREATE,
        What.DELETE | What.DIRECTORY,
    ]
    assert wire.sensor.path_of(got[1].directory) == b"/tree/in/sub"


def test_a_directory_made_by_ourselves_is_known_although_not_reported(wire: Wire) -> None:
    wire.sensor.own_pids.add(77)
    got = wire.read(
        event(CREATE | ONDIR, record(2, IN, b"sub"), record(1, b"dirS"), pid=77),
        event(CREATE, record(2, b"dirS", b"file"), record(1, b"file")),
    )
    assert [wire.sensor.path_of(one.directory) for one in got] == [b"/tree/in/sub"]


def test_on_older_kernels_two_halves_of_a_move_become_one_rename(wire: Wire) -> None:
    (got,) = wire.read(event(FROM, record(2, IN, b"old")), event(TO, record(2, OUT, b"new")))
    assert got[1:] == (What.RENAME, 4242, key(IN), b"old", b"", key(OUT), b"new")


def test_on_older_kernels_a_half_without_its_other_is_a_delete_or_a_create(wire: Wire) -> None:
    other = event(TO, record(2, IN, b"new"), pid=9)
    got = wire.read(event(FROM, record(2, IN, b"old")), other)
    assert [(one.what, one.name) for one in got] == [(What.DELETE, b"old"), (What.CREATE, b"new")]
    assert [one.what for one in wire.read(event(FROM, record(2, IN, b"old")))] == [What.DELETE]
    halves = (event(FROM, record(2, IN, b"old")), event(CREATE | ONDIR, record(2, IN, b"d")))
    assert [one.what for one in wire.read(*halves)] == [What.DELETE, What.CREATE | What.DIRECTORY]


def test_an_event_without_a_name_that_nobody_can_place_is_left_out(wire: Wire) -> None:
    assert wire.read(event(MODIFY, record(1, b"file"))) == []
