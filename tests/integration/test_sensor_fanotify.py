"""The fanotify sensor on the real kernel: names, renames, mounts, links, own pids, overflow."""

from __future__ import annotations

import mmap
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from garde.errors import NotPermitted
from garde.model.activity import Activity, What
from garde.watch.sensors.base import Opened, SensorOptions, join
from garde.watch.sensors.fanotify import LEVELS, Fanotify, Level
from garde.watch.sensors.handles import fid_of, fsid_of, handle_of

pytestmark = pytest.mark.root


class Watch:
    """A sensor on some trees; everything that happens is done by another process."""

    def __init__(self, *trees: Path, ignore: Callable[[bytes], bool] = lambda _: False, **words: object) -> None:
        self.sensor = Fanotify(**words)  # type: ignore[arg-type]
        self.opened: Opened = self.sensor.open([os.fsencode(tree) for tree in trees], ignore)

    def after(self, code: str, *arguments: object) -> list[Activity]:
        """Run Python in another process and return what was seen of it."""
        other(code, *arguments)
        return self.everything()

    def everything(self) -> list[Activity]:
        found: list[Activity] = []
        while self.waiting():
            found += self.sensor.read()
        return found

    def waiting(self) -> bool:
        return bool(select.select([self.sensor.fileno()], [], [], 0)[0])

    def seen(self, activities: Sequence[Activity]) -> list[tuple[int, bytes]]:
        return [(one.what, self.path(one)) for one in activities]

    def path(self, activity: Activity) -> bytes:
        where = self.sensor.path_of(activity.directory)
        assert where is not None
        return join(where, activity.name)

    def new_path(self, activity: Activity) -> bytes:
        where = self.sensor.path_of(activity.new_directory)
        assert where is not None
        return join(where, activity.new_name)


def other(code: str, *arguments: object) -> None:
    words = [os.fsencode(str(one)) if not isinstance(one, bytes) else one for one in arguments]
    subprocess.run([sys.executable, "-c", "import os, sys, mmap\n" + code, *words], check=True)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    made = Path(os.path.realpath(tmp_path)) / "tree"
    made.mkdir()
    if handle_of(os.fsencode(made)) is None:
        pytest.skip("the file system of the temporary directory has no file handles")
    return made


@pytest.fixture
def watch(stack: ExitStack) -> Callable[..., Watch]:
    def make(*trees: Path, **words: object) -> Watch:
        try:
            made = Watch(*trees, **words)  # type: ignore[arg-type]
        except NotPermitted as error:
            pytest.skip(f"fanotify is refused here: {error}")
        stack.callback(made.sensor.close)
        return made

    return make


@contextmanager
def mounted(kind: str, image: Path, point: Path) -> Iterator[Path]:
    """A new file system on a loop image."""
    if shutil.which(f"mkfs.{kind}") is None:
        pytest.skip(f"mkfs.{kind} is not installed")
    with image.open("wb") as file:
        file.truncate(400 << 20)
    subprocess.run([f"mkfs.{kind}", "-q", str(image)], check=True)
    point.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-o", "loop", str(image), str(point)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"a loop image can't be mounted here: {done.stderr.decode().strip()}")
    try:
        yield point
    finally:
        subprocess.run(["umount", str(point)], check=True)


@contextmanager
def bound(source: Path, point: Path) -> Iterator[Path]:
    point.mkdir(exist_ok=True)
    subprocess.run(["mount", "--bind", str(source), str(point)], check=True)
    try:
        yield point
    finally:
        subprocess.run(["umount", str(point)], check=True)


def write(path: str = "sys.argv[1]") -> str:
    return f"open({path}, 'ab').write(b'x')"


def test_writing_a_file_is_seen_with_its_writer_and_its_own_key(watch: Callable[..., Watch], tree: Path) -> None:
    watching = watch(tree)
    writer = subprocess.Popen([sys.executable, "-c", f"open({str(tree / 'a')!r}, 'w').write('x')"])
    writer.wait()
    got = watching.everything()
    assert watching.seen(got) == [(What.CREATE | What.MODIFY | What.CLOSE_WRITE, os.fsencode(tree / "a"))]
    assert (got[0].pid, got[0].fid) == (writer.pid, fid_of(os.fsencode(tree / "a")))


def test_own_writes_are_left_out(watch: Callable[..., Watch], tree: Path) -> None:
    watching = watch(tree)
    (tree / "mine").write_text("x")
    assert watching.everything() == []
    writer = subprocess.Popen([sys.executable, "-c", f"input(); open({str(tree / 'a')!r}, 'w')"], stdin=subprocess.PIPE)
    watching.sensor.own_pids.add(writer.pid)
    writer.communicate(b"\n")
    assert watching.everything() == []


def test_trees_inside_one_another_report_once(watch: Callable[..., Watch], tree: Path) -> None:
    (tree / "d").mkdir()
    watching = watch(tree, tree / "d", tree)
    got = watching.after(write(), tree / "d" / "f")
    assert [path for _, path in watching.seen(got)] == [os.fsencode(tree / "d" / "f")]


def test_excluded_trees_and_neighbours_are_left_out(watch: Callable[..., Watch], tree: Path) -> None:
    for name in ("kept", "cache/deep"):
        (tree / name).mkdir(parents=True)
    (tree.parent / "tree2").mkdir()
    watching = watch(tree, ignore=lambda path: path == os.fsencode(tree / "cache"))
    code = "for n in ('kept', 'cache', 'cache/deep', '../tree2'): open(sys.argv[1] + '/' + n + '/f', 'w').write('x')"
    assert [path for _, path in watching.seen(watching.after(code, tree))] == [os.fsencode(tree / "kept" / "f")]


def test_names_that_are_no_text_come_as_they_are(watch: Callable[..., Watch], tree: Path) -> None:
    name = os.fsencode(tree) + b"/\xff\xfe"
    file = b"line\nbreak\x1b[31m\xe9 (deleted)"
    watching = watch(tree)
    got = watching.after(
        "os.mkdir(os.fsencode(sys.argv[1])); " + write("os.fsencode(sys.argv[2])"), name, name + b"/" + file
    )
    assert [path for _, path in watching.seen(got)] == [name, name + b"/" + file]


def test_a_directory_whose_name_ends_like_a_deleted_one(watch: Callable[..., Watch], tree: Path) -> None:
    (tree / "old (deleted)").mkdir()
    watching = watch(tree, options=SensorOptions(known_directories=0))
    got = watching.after(write(), tree / "old (deleted)" / "f")
    assert [path for _, path in watching.seen(got)] == [os.fsencode(tree / "old (deleted)" / "f")]


@pytest.mark.parametrize("known", [0, 1000])
def test_after_a_parents_rename_paths_are_right(watch: Callable[..., Watch], tree: Path, known: int) -> None:
    (tree / "a" / "deep").mkdir(parents=True)
    (tree / "a" / "deep" / "f").touch()
    watching = watch(tree, options=SensorOptions(known_directories=known))
    before = watching.after(write(), tree / "a" / "deep" / "f")
    assert watching.seen(before)[0][1] == os.fsencode(tree / "a" / "deep" / "f")
    got = watching.after("os.rename(sys.argv[1], sys.argv[2])", tree / "a", tree / "b")
    assert got[0].what == What.RENAME | What.DIRECTORY
    assert (watching.path(got[0]), watching.new_path(got[0])) == (os.fsencode(tree / "a"), os.fsencode(tree / "b"))
    got = watching.after(write(), tree / "b" / "deep" / "f")
    assert watching.seen(got)[0][1] == os.fsencode(tree / "b" / "deep" / "f")


def test_a_tree_that_was_removed_whole_is_named_file_by_file(watch: Callable[..., Watch], tree: Path) -> None:
    for number in range(20):
        (tree / "a" / f"d{number}").mkdir(parents=True)
        (tree / "a" / f"d{number}" / "f").touch()
    watching = watch(tree)
    got = watching.after(
        "import shutil; os.rename(sys.argv[1], sys.argv[2]); shutil.rmtree(sys.argv[2])", tree / "a", tree / "b"
    )
    paths = {path for what, path in watching.seen(got) if what == What.DELETE}
    assert paths == {os.fsencode(tree / "b" / f"d{number}" / "f") for number in range(20)}


def test_a_directory_made_and_removed_before_anybody_reads_is_named(watch: Callable[..., Watch], tree: Path) -> None:
    watching = watch(tree)
    code = "d = sys.argv[1]; os.makedirs(d); open(d + '/f', 'w').close(); os.remove(d + '/f'); os.removedirs(d)"
    got = watching.after(code, tree / "new" / "sub")
    gone = What.DELETE | What.DIRECTORY  # merged with its creation
    assert os.fsencode(tree / "new" / "sub") in {path for what, path in watching.seen(got) if what & gone == gone}
    assert {path for what, path in watching.seen(got) if not what & What.DIRECTORY} == {os.fsencode(tree / "new/sub/f")}


def test_a_file_moved_out_and_one_moved_in_have_both_paths(watch: Callable[..., Watch], tree: Path) -> None:
    outside = tree.parent / "outside"
    outside.mkdir()
    (tree / "f").touch()
    watching = watch(tree)
    code = "os.rename(sys.argv[1], sys.argv[2]); os.rename(sys.argv[2], sys.argv[3])"
    got = watching.after(code, tree / "f", outside / "g", tree / "h")
    assert [(watching.path(one), watching.new_path(one)) for one in got] == [
        (os.fsencode(tree / "f"), os.fsencode(outside / "g")),
        (os.fsencode(outside / "g"), os.fsencode(tree / "h")),
    ]
    assert got[0].fid == got[1].fid == fid_of(os.fsencode(tree / "h"))


def test_a_directory_moved_in_is_seen_inside_from_then_on(watch: Callable[..., Watch], tree: Path) -> None:
    (tree.parent / "outside" / "deep").mkdir(parents=True)
    watching = watch(tree)
    assert watching.after(write(), tree.parent / "outside" / "deep" / "f") == []
    got = watching.after(
        "os.rename(sys.argv[1], sys.argv[2]); " + write("sys.argv[2] + '/deep/f'"), tree.parent / "outside", tree / "in"
    )
    assert watching.seen(got)[-1][1] == os.fsencode(tree / "in" / "deep" / "f")


def test_hard_links_are_named_as_they_were_opened(watch: Callable[..., Watch], tree: Path) -> None:
    (tree / "a").touch()
    (tree / "d").mkdir()
    os.link(tree / "a", tree / "d" / "b")
    watching = watch(tree)
    got = watching.after(write() + "; " + write("sys.argv[2]"), tree / "a", tree / "d" / "b")
    assert {path for _, path in watching.seen(got)} == {os.fsencode(tree / "a"), os.fsencode(tree / "d" / "b")}
    assert len({one.fid for one in got}) == 1


def test_a_write_through_mmap_is_seen_when_it_closes(watch: Callable[..., Watch], tree: Path) -> None:
    (tree / "m").write_bytes(b"a" * mmap.PAGESIZE)
    watching = watch(tree)
    code = "f = open(sys.argv[1], 'r+b'); m = mmap.mmap(f.fileno(), 0); f.close(); m[0:4] = b'evil'; m.close()"
    got = watching.after(code, tree / "m")
    assert watching.seen(got) == [(What.CLOSE_WRITE, os.fsencode(tree / "m"))]


def test_handles_kept_open_are_seen_by_their_writes(watch: Callable[..., Watch], tree: Path) -> None:
    for number in range(50):
        (tree / f"{number}").write_bytes(b"old")
    watching = watch(tree)
    code = (
        "kept = [open(f'{sys.argv[1]}/{n}', 'r+b', buffering=0) for n in range(50)]\n"
        "[one.write(b'new') for one in kept]; print('written', flush=True); input()"
    )
    words = [sys.executable, "-c", "import sys\n" + code, str(tree)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        got = watching.everything()
        writer.communicate(b"\n")
    assert {one.what for one in got} == {What.MODIFY}
    assert len({one.name for one in got}) == 50


def test_truncate_and_punched_holes_are_modifications(watch: Callable[..., Watch], tree: Path) -> None:
    (tree / "t").write_bytes(b"old" * 5000)
    watching = watch(tree)
    got = watching.after("os.truncate(sys.argv[1], 0)", tree / "t")
    assert watching.seen(got) == [(What.MODIFY, os.fsencode(tree / "t"))]


def test_thousands_of_files_in_one_directory(watch: Callable[..., Watch], tree: Path) -> None:
    watching = watch(tree)
    got = watching.after("for n in range(4000): open(f'{sys.argv[1]}/{n}', 'w').write('x')", tree)
    assert [one.name for one in got] == [b"%d" % number for number in range(4000)]
    assert {one.what for one in got} == {What.CREATE | What.MODIFY | What.CLOSE_WRITE}


def test_when_nobody_reads_in_time_the_overflow_is_said_and_seeing_goes_on(
    watch: Callable[..., Watch], tree: Path
) -> None:
    limit = int(Path("/proc/sys/fs/fanotify/max_queued_events").read_text())
    if limit > 50_000:
        pytest.skip(f"the kernel queues {limit} events here: too many to fill in a test")
    watching = watch(tree)
    got = watching.after(f"for n in range({limit + 500}): os.mknod(f'{{sys.argv[1]}}/{{n}}')", tree)
    assert got[-1].what == What.OVERFLOW
    assert watching.sensor.overflows == 1
    after = watching.after(write(), tree / "later")
    assert [path for _, path in watching.seen(after)] == [os.fsencode(tree / "later")]


def test_a_file_written_through_another_mount_has_the_trees_path(
    watch: Callable[..., Watch], tree: Path, stack: ExitStack
) -> None:
    (tree / "docs").mkdir()
    elsewhere = stack.enter_context(bound(tree / "docs", tree.parent / "elsewhere"))
    watching = watch(tree, options=SensorOptions(known_directories=0))
    got = watching.after(write(), elsewhere / "f")
    assert [path for _, path in watching.seen(got)] == [os.fsencode(tree / "docs" / "f")]


def test_a_directory_bound_into_a_tree_is_watched_there(
    watch: Callable[..., Watch], tree: Path, stack: ExitStack
) -> None:
    (tree.parent / "source" / "deep").mkdir(parents=True)
    inside = stack.enter_context(bound(tree.parent / "source", tree / "inside"))
    watching = watch(tree)
    got = watching.after(write(), tree.parent / "source" / "deep" / "f")
    assert [path for _, path in watching.seen(got)] == [os.fsencode(inside / "deep" / "f")]
    watching.sensor.close()


def test_trees_on_several_file_systems_and_one_mounted_inside_a_tree(
    watch: Callable[..., Watch], tree: Path, stack: ExitStack, tmp_path: Path
) -> None:
    xfs = stack.enter_context(mounted("xfs", tmp_path / "xfs.img", tree / "xfs"))
    ext4 = stack.enter_context(mounted("ext4", tmp_path / "ext4.img", tmp_path / "ext4"))
    (xfs / "d").mkdir()
    watching = watch(tree, ext4)
    got = watching.after("for p in sys.argv[1:]: open(p, 'w').write('x')", tree / "a", xfs / "d" / "b", ext4 / "c")
    assert [path for _, path in watching.seen(got)] == [
        os.fsencode(p) for p in (tree / "a", xfs / "d" / "b", ext4 / "c")
    ]
    assert [one.fid for one in got] == [fid_of(os.fsencode(p)) for p in (tree / "a", xfs / "d" / "b", ext4 / "c")]
    assert len({fsid_of(os.fsencode(p)) for p in (tree, xfs, ext4)}) == 3
    watching.sensor.close()


def test_a_btrfs_subvolume_is_said_to_be_unseen(
    watch: Callable[..., Watch], tree: Path, stack: ExitStack, tmp_path: Path
) -> None:
    btrfs = stack.enter_context(mounted("btrfs", tmp_path / "btrfs.img", tmp_path / "btrfs"))
    if subprocess.run(["btrfs", "-q", "subvolume", "create", str(btrfs / "sub")], check=False).returncode:
        pytest.skip("the btrfs program is not installed")
    watching = watch(tree, btrfs / "sub")
    assert [one.what for one in watching.opened.unseen] == [str(btrfs / "sub")]
    assert "btrfs" in watching.opened.unseen[0].reason
    assert watching.opened.seen == (os.fsencode(tree),)
    watching.sensor.close()


def test_a_tree_that_does_not_exist_is_said_to_be_unseen(watch: Callable[..., Watch], tree: Path) -> None:
    watching = watch(tree, tree / "missing")
    assert [(one.what, one.reason) for one in watching.opened.unseen] == [(str(tree / "missing"), "it does not exist")]
    with pytest.raises(NotPermitted):
        Fanotify().open([os.fsencode(tree / "missing")], lambda _: False)


def test_a_kernel_that_knows_less_is_used_as_far_as_it_goes(watch: Callable[..., Watch], tree: Path) -> None:
    future = Level(0x4000_0000, 0, "")  # a flag that no kernel has
    (tree / "d").mkdir()
    watching = watch(tree, levels=(future, LEVELS[1]))
    assert watching.opened.reduced[0].what == "fanotify"
    got = watching.after("os.rename(sys.argv[1], sys.argv[2])", tree / "d", tree / "e")
    assert [(one.what, watching.path(one), watching.new_path(one)) for one in got] == [
        (What.RENAME | What.DIRECTORY, os.fsencode(tree / "d"), os.fsencode(tree / "e"))
    ]
    got = watching.after(write(), tree / "e" / "f")
    assert watching.seen(got)[-1][1] == os.fsencode(tree / "e" / "f")
    assert watching.sensor.overflows == 0


def test_a_tree_named_through_a_symlink_reports_real_paths(watch: Callable[..., Watch], tree: Path) -> None:
    (tree.parent / "link").symlink_to(tree)
    watching = watch(tree.parent / "link")
    got = watching.after(write(), tree / "f")
    assert watching.seen(got)[0][1] == os.fsencode(tree / "f")


def test_a_renamed_tree_is_followed(watch: Callable[..., Watch], tree: Path) -> None:
    watching = watch(tree)
    got = watching.after(
        "os.rename(sys.argv[1], sys.argv[2]); " + write("sys.argv[2] + '/f'"), tree, tree.parent / "moved"
    )
    assert watching.seen(got)[-1][1] == os.fsencode(tree.parent / "moved" / "f")
