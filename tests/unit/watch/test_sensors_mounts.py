"""mountinfo: which mounts a tree reaches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garde.watch.sensors.mounts import MOUNTINFO, Mount, parse, points_of

TEXT = (
    b"22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
    b"23 22 0:21 / /proc rw - proc proc rw\n"
    b"40 22 7:0 / /srv/my\\040docs rw shared:2 master:1 - xfs /dev/loop0 rw\n"
    b"41 22 0:30 / /srv/run rw - tmpfs tmpfs rw\n"
    b"42 40 0:21 / /srv/my\\040docs/proc rw - proc proc rw\n"
    b"43 22 254:0 /data /srvx rw - ext4 /dev/vda rw\n"
)


def test_escapes_and_optional_fields_are_read() -> None:
    assert parse(TEXT)[2] == Mount(40, b"/srv/my docs", b"xfs")
    assert [mount.kind for mount in parse(TEXT)] == [b"ext4", b"proc", b"xfs", b"tmpfs", b"proc", b"ext4"]


def test_a_tree_reaches_itself_and_the_mounts_below_but_no_kernel_interfaces() -> None:
    assert points_of(b"/srv", parse(TEXT)) == [b"/srv", b"/srv/my docs", b"/srv/run"]
    assert points_of(b"/srv/my docs", parse(TEXT)) == [b"/srv/my docs"]


def test_this_machines_own_table_is_read_whole() -> None:
    text = MOUNTINFO.read_bytes()
    assert len(parse(text)) == len(text.splitlines())


@given(st.binary())
def test_any_bytes_are_read_without_an_error(text: bytes) -> None:
    assert all(isinstance(mount.id, int) for mount in parse(text))


@given(st.lists(st.sampled_from([b"-", b"1", b"/a", b"\\777", b"x"]), max_size=14))
def test_lines_of_any_shape_are_read_without_an_error(fields: list[bytes]) -> None:
    parse(b" ".join(fields))
