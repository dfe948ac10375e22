"""The vault on real file systems: XFS (shares blocks) and ext4 (does not), each on a loop image of the test's own."""

# Names here are raw bytes, which pathlib does not know.
# ruff: noqa: PTH101, PTH103, PTH104, PTH106, PTH108, PTH114, PTH116, PTH118, PTH120, PTH208, PTH211

from __future__ import annotations

import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from garde.clock import VirtualClock
from garde.model.finding import Skipped
from garde.settings import VaultSettings
from garde.vault import STORE_NAME, Captured, Damaged, Failed, How, Outcome, RestoreItem, Vault

pytestmark = pytest.mark.root

MB = 1 << 20
Mounts = Callable[..., Path]


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[Mounts]:
    """Make and mount an image: `mounts("xfs", 320)`; all are unmounted again, last first."""
    made: list[Path] = []

    def mount(kind: str, megabytes: int = 320, at: Path | None = None) -> Path:
        if shutil.which(f"mkfs.{kind}") is None:
            pytest.skip(f"mkfs.{kind} is not installed")
        image = tmp_path.resolve() / f"{len(made)}.img"
        with image.open("wb") as file:
            file.truncate(megabytes * MB)
        words = {"xfs": ["-q", "-m", "reflink=1"], "ext4": ["-q", "-F"]}[kind]
        subprocess.run([f"mkfs.{kind}", *words, str(image)], check=True, capture_output=True)
        where = at or tmp_path.resolve() / f"disk{len(made)}"
        where.mkdir(exist_ok=True)
        done = subprocess.run(["mount", "-o", "loop", str(image), str(where)], check=False, capture_output=True)
        if done.returncode:
            pytest.skip(f"no loop mounts here: {done.stderr.decode(errors='replace').strip()}")
        made.append(where)
        return where

    yield mount
    for where in reversed(made):
        subprocess.run(["umount", str(where)], check=True)


@pytest.fixture
def open_vault(tmp_path: Path) -> Iterator[Callable[..., Vault]]:
    opened: list[Vault] = []

    def make(*trees: Path, state: Path | None = None, **settings: Any) -> Vault:
        vault = Vault(
            state or tmp_path / "state",
            [bytes(tree) for tree in trees],
            VaultSettings(**settings),
            clock=VirtualClock(),
        )
        opened.append(vault)
        return vault

    yield make
    for vault in opened:
        vault.close()


def _text(seed: int, lines: int = 200) -> bytes:
    draw = random.Random(seed)
    words = ("patient", "ward", "blood", "pressure", "morning", "dose", "doctor", "letter")
    return b"".join((" ".join(draw.choice(words) for _ in range(6)) + f" {n}\n").encode() for n in range(lines))


def _noise(seed: int, size: int = 9000) -> bytes:
    return random.Random(seed).randbytes(size)


def _acl() -> bytes:
    """A POSIX ACL as the kernel keeps it: owner rw, user 1234 r, group r, mask rw."""
    entries = ((1, 6, 0xFFFFFFFF), (2, 4, 1234), (4, 4, 0xFFFFFFFF), (0x10, 6, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def _make(tree: Path, files: int) -> list[bytes]:
    """A share with owners, modes, attributes and names of all sorts."""
    paths = []
    for number in range(files):
        directory = os.path.join(bytes(tree), b"dir %d \xff\n" % (number % 7))
        os.makedirs(directory, mode=0o750, exist_ok=True)
        path = os.path.join(directory, b"file %d.txt" % number)
        with open(path, "wb") as file:
            file.write(_text(number))
        os.chown(path, 1000 + number % 3, 2000)
        os.chmod(path, (0o640, 0o4755, 0o400)[number % 3])
        if number % 5 == 0:
            os.setxattr(path, "user.DOSATTRIB", b"\x00\x01\xff")
            os.setxattr(path, "system.posix_acl_access", _acl())
            os.setxattr(path, "trusted.garde", b"root's")
        os.utime(path, ns=(1_600_000_000_000_000_000 + number, 1_650_000_000_000_000_000 + number))
        paths.append(path)
    return paths


def _state_of(paths: list[bytes]) -> list[tuple[Any, ...]]:
    """Everything that a restore promises to bring back."""
    found = []
    for path in paths:
        seen = os.lstat(path)
        attributes = {name: os.getxattr(path, name) for name in os.listxattr(path)}
        with open(path, "rb") as file:
            content = file.read()
        found.append((path, content, seen.st_mode, seen.st_uid, seen.st_gid, seen.st_mtime_ns, attributes))
    return found


def _attack(paths: list[bytes]) -> dict[bytes, bytes | None]:
    """One of six kinds of harm to each file; returns where the damaged content lies now."""
    damaged: dict[bytes, bytes | None] = {}
    for number, path in enumerate(paths):
        kind, at = number % 6, None
        if kind == 0:
            with open(path, "r+b") as file:
                file.write(_noise(number))
        elif kind == 1:
            os.truncate(path, 0)
        elif kind == 2:
            os.unlink(path)
        elif kind == 3:
            at = path + b".locked"
            with open(at, "wb") as file:
                file.write(_noise(number))
            os.unlink(path)
        elif kind == 4:
            at = path + b".tmp"
            with open(at, "wb") as file:
                file.write(_noise(number))
            os.rename(at, path)
            at = None
        else:
            os.unlink(path)
            os.symlink(b"/etc/hostname", path)
        damaged[path] = at
    return damaged


@pytest.mark.parametrize("kind", ["xfs", "ext4"])
def test_everything_that_was_kept_comes_back_whole(mounts: Mounts, open_vault: Any, kind: str) -> None:
    tree = mounts(kind) / "share"
    tree.mkdir()
    paths = _make(tree, 120)
    before = _state_of(paths)
    vault = open_vault(tree)
    vault.scan([bytes(tree)])
    while vault.hash_some(10.0):
        pass
    coverage = vault.coverage()
    assert (coverage.restorable_percent, coverage.hashed) == (100.0, 120)
    assert coverage.stores[0].reflink == (kind == "xfs")
    damaged = _attack(paths)
    for directory in {os.path.dirname(path) for path in paths[2::6]}:
        if not os.listdir(directory):
            os.rmdir(directory)
    outcomes = list(vault.restore([RestoreItem(path, damaged_at=at) for path, at in damaged.items()]))
    assert [done for done in outcomes if isinstance(done, Failed)] == []
    assert all(done.verified and not done.notes for done in outcomes)
    assert _state_of(paths) == before
    kept = {
        Path(os.fsdecode(item)).read_bytes() for done in outcomes for item in done.evidence if not os.path.islink(item)
    }
    assert kept >= {_noise(number)[: len(_noise(number))] for number in range(3, 120, 6)}
    assert sum(len(done.evidence) for done in outcomes) == 120 - 20  # the deleted ones left nothing to keep
    again = list(vault.restore([RestoreItem(path) for path in paths]))
    assert {done.outcome for done in again} == {Outcome.UNCHANGED}
    assert vault.check().whole


def test_the_store_lies_at_the_root_of_the_file_system_once_for_all_trees(mounts: Mounts, open_vault: Any) -> None:
    disk = mounts("xfs")
    one, two = disk / "a" / "one", disk / "two"
    for tree in (one, two):
        tree.mkdir(parents=True)
        (tree / "f.txt").write_bytes(_text(1))
    vault = open_vault(one, two)
    vault.scan([bytes(one), bytes(two)])
    (store,) = vault.coverage().stores
    assert os.path.dirname(store.path) == bytes(disk / STORE_NAME)
    assert (disk / STORE_NAME).stat().st_mode & 0o777 == 0o700


def test_a_file_system_mounted_inside_a_tree_gets_a_store_of_its_own(mounts: Mounts, open_vault: Any) -> None:
    disk = mounts("xfs")
    inner = mounts("ext4", 32, at=disk / "inner")
    paths = []
    for directory in (disk, inner):
        (directory / "f.txt").write_bytes(_text(1))
        paths.append(bytes(directory / "f.txt"))
    vault = open_vault(disk)
    assert vault.scan([bytes(disk)]).captured == 2
    tops = {os.path.dirname(store.path) for store in vault.coverage().stores}
    assert tops == {bytes(disk / STORE_NAME), bytes(inner / STORE_NAME)}
    for path in paths:
        with open(path, "r+b") as file:
            file.write(_noise(1))
    assert {done.outcome for done in vault.restore([RestoreItem(path) for path in paths])} == {Outcome.RESTORED}
    vault.close()
    vault = open_vault(disk)
    vault.repair()
    assert vault.check().whole
    assert vault.coverage().restorable == 2


def test_a_tree_seen_through_a_bind_mount(mounts: Mounts, open_vault: Any, tmp_path: Path) -> None:
    disk = mounts("xfs")
    (disk / "data").mkdir()
    bound = tmp_path.resolve() / "bound"
    bound.mkdir()
    subprocess.run(["mount", "--bind", str(disk / "data"), str(bound)], check=True)
    try:
        (bound / "f.txt").write_bytes(_text(1))
        vault = open_vault(bound)
        vault.scan([bytes(bound)])
        (bound / "f.txt").write_bytes(_noise(1))
        (done,) = vault.restore([RestoreItem(bytes(bound / "f.txt"))])
        assert done.outcome is Outcome.RESTORED
        assert (bound / "f.txt").read_bytes() == _text(1)
        vault.close()
    finally:
        subprocess.run(["umount", str(bound)], check=True)


def test_a_foreign_directory_where_the_store_belongs_is_not_trusted(mounts: Mounts, open_vault: Any) -> None:
    disk = mounts("xfs")
    (disk / STORE_NAME).mkdir()
    os.chown(disk / STORE_NAME, 1234, 1234)
    tree = disk / "share"
    tree.mkdir()
    (tree / "f.txt").write_bytes(_text(1))
    vault = open_vault(tree)
    vault.scan([bytes(tree)])
    (store,) = vault.coverage().stores
    assert os.path.dirname(store.path) == bytes(tree / STORE_NAME)
    assert "belongs to user 1234" in store.why
    assert list((disk / STORE_NAME).iterdir()) == []


@pytest.mark.parametrize(("kind", "size"), [("ext4", 24), ("xfs", 320)])
def test_a_full_disk_stops_the_keeping_and_nothing_else(mounts: Mounts, open_vault: Any, kind: str, size: int) -> None:
    disk = mounts(kind, size)
    old = disk / "old.txt"
    old.write_bytes(_text(1))
    vault = open_vault(disk, budget_percent=90.0)
    assert isinstance(vault.capture(bytes(old)), Captured)
    new = disk / "new.txt"
    new.write_bytes(_text(2, 2000))
    old.write_bytes(_noise(1, 4000))
    _fill(disk / "ballast")
    outcomes = [vault.capture(bytes(new)) for _ in range(70)]
    assert isinstance(outcomes[-1], Skipped)
    assert "disk full" in outcomes[-1].reason
    coverage = vault.coverage()
    assert any("nearly full" in note for note in coverage.notes)
    assert coverage.judgeable == 1
    with vault.before(vault.find(bytes(old))) as before:  # the watch goes on
        assert before.data.read(0, 100) == _text(1)[:100]
    done = next(vault.restore([RestoreItem(bytes(old))]))
    assert old.read_bytes() == (_noise(1, 4000) if isinstance(done, Failed) else _text(1))
    _give_back(disk / "ballast")
    outcomes = [vault.capture(bytes(new)) for _ in range(70)]
    assert isinstance(outcomes[-1], Captured)
    assert not isinstance(next(vault.restore([RestoreItem(bytes(old))])), Failed)
    assert old.read_bytes() == _text(1)
    assert vault.check().whole


def _fill(path: Path) -> None:
    """Take all the room that is left, to the last block."""
    with path.open("wb", buffering=0) as file:
        for chunk in (MB, 4096):
            try:
                while True:
                    file.write(b"\xaa" * chunk)
                    os.fsync(file.fileno())
            except OSError:
                continue


def _give_back(path: Path) -> None:
    """Remove the ballast and wait for its room: XFS frees a removed file's blocks later, in the background."""
    room = path.stat().st_size // 2
    parent = path.parent
    path.unlink()
    end = time.monotonic() + 30
    while (free := os.statvfs(parent)).f_bavail * free.f_frsize < room:
        assert time.monotonic() < end, "the room of a removed file did not come back"
        time.sleep(0.05)


def test_a_full_disk_under_the_index_is_said_too(mounts: Mounts, open_vault: Any) -> None:
    disk, other = mounts("xfs"), mounts("ext4", 8)
    vault = open_vault(disk, state=other / "state")
    for number in range(20):
        (disk / f"{number}.txt").write_bytes(_text(number))
        vault.capture(bytes(disk / f"{number}.txt"))
    _fill(other / "ballast")
    outcomes = []
    for number in range(20, 1500):
        (disk / f"{number}.txt").write_bytes(_text(number, 3))
        outcomes.append(vault.capture(bytes(disk / f"{number}.txt")))
        if isinstance(outcomes[-1], Skipped):
            break
    assert isinstance(outcomes[-1], Skipped)
    assert "index cannot be written" in outcomes[-1].reason
    assert vault.find(bytes(disk / "3.txt")) is not None
    assert vault.scan([bytes(disk)]).done
    (disk / "3.txt").write_bytes(_noise(3))
    assert next(vault.restore([RestoreItem(bytes(disk / "3.txt"))])).outcome is Outcome.RESTORED
    _give_back(other / "ballast")
    vault.repair()
    vault.scan([bytes(disk)])
    assert vault.check().whole
    assert vault.coverage().restorable_percent == 100.0


@pytest.mark.parametrize("kind", ["xfs", "ext4"])
def test_a_sparse_terabyte_is_kept_and_put_back_in_an_instant(mounts: Mounts, open_vault: Any, kind: str) -> None:
    disk = mounts(kind)
    path = disk / "huge.txt"
    with path.open("wb") as file:
        file.write(_text(1))
        file.truncate(1 << 40)
    vault = open_vault(disk)
    assert vault.scan([bytes(disk)]).files == 1
    known = vault.find(bytes(path))
    assert known.size == 1 << 40
    assert known.how in {How.CLONE, How.COPY}
    assert os.stat(known.object).st_blocks * 512 < MB
    while vault.hash_some(10.0):
        pass
    assert vault.find(bytes(path)).sha256 == b""
    with path.open("r+b") as file:
        file.write(_noise(1))
    (done,) = vault.restore([RestoreItem(bytes(path))])
    assert (done.outcome, done.verified) == (Outcome.RESTORED, False)
    with path.open("rb") as file:
        assert file.read(len(_text(1))) == _text(1)
    assert path.stat().st_blocks * 512 < MB
    assert next(vault.restore([RestoreItem(bytes(path))])).outcome is Outcome.UNCHANGED


def test_the_damaged_state_is_kept_once_as_a_clone(mounts: Mounts, open_vault: Any) -> None:
    disk = mounts("xfs")
    path = disk / "a.txt"
    path.write_bytes(_text(1))
    vault = open_vault(disk)
    vault.capture(bytes(path))
    path.write_bytes(_noise(1))
    first, second = vault.capture(bytes(path)), vault.capture(bytes(path))
    assert isinstance(first, Damaged)
    assert isinstance(second, Damaged)
    assert first.evidence is not None
    assert first.evidence == second.evidence
    assert Path(os.fsdecode(first.evidence)).read_bytes() == _noise(1)
    assert len(list((disk / STORE_NAME).glob("*/evidence/*"))) == 1


@pytest.mark.parametrize("kind", ["xfs", "ext4"])
def test_an_attacker_who_goes_on_writing_through_an_open_handle(mounts: Mounts, open_vault: Any, kind: str) -> None:
    disk = mounts(kind)
    paths = [disk / f"{number}.txt" for number in range(20)]
    for number, path in enumerate(paths):
        path.write_bytes(_text(number))
    vault = open_vault(disk)
    vault.scan([bytes(disk)])
    with _attacker(paths):
        outcomes = list(vault.restore([RestoreItem(bytes(path)) for path in paths]))
    assert {done.outcome for done in outcomes} == {Outcome.RESTORED}
    assert [path.read_bytes() for path in paths] == [_text(number) for number in range(20)]


class _attacker:  # noqa: N801 - reads as a word in `with`
    """A process that keeps all files open and overwrites them without end; killed on the way out."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._child = 0

    def __enter__(self) -> None:
        ready, tell = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            handles = [os.open(path, os.O_RDWR) for path in self._paths]
            rounds = 0
            while True:
                for handle in handles:
                    os.pwrite(handle, _noise(rounds, 8192), 0)
                rounds += 1
                if rounds == 1:
                    os.write(tell, b"x")
        os.read(ready, 1)
        os.close(ready)
        os.close(tell)

    def __exit__(self, *_: object) -> None:
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)


SCANNER = """
import sys
from pathlib import Path
from garde.clock import SystemClock
from garde.settings import VaultSettings
from garde.vault import RestoreItem, Vault
state, tree, what = Path(sys.argv[1]), sys.argv[2].encode(), sys.argv[3]
vault = Vault(state, [tree], VaultSettings(), clock=SystemClock())
vault.repair()
if what == "scan":
    work = vault.scan_steps([tree])
elif what == "capture":
    work = (vault.capture(path) for path in sorted(map(bytes, Path(sys.argv[2]).rglob("*.txt"))))
else:
    work = vault.restore([RestoreItem(path) for path in sorted(map(bytes, Path(sys.argv[2]).rglob("*.txt")))])
for step in work:
    print("step", flush=True)
print("end", flush=True)
"""


@pytest.mark.parametrize("what", ["scan", "capture", "restore"])
@pytest.mark.parametrize("kind", ["xfs", "ext4"])
def test_killed_from_outside_at_any_time(mounts: Mounts, open_vault: Any, tmp_path: Path, kind: str, what: str) -> None:
    tree = mounts(kind) / "share"
    tree.mkdir()
    paths = [tree / f"{number:04}.txt" for number in range(600)]
    for number, path in enumerate(paths):
        path.write_bytes(_text(number, 10))
    if what != "scan":
        vault = open_vault(tree)
        vault.scan([bytes(tree)])
        vault.close()
        for number, path in enumerate(paths):
            path.write_bytes(_text(number, 11) if what == "capture" else _noise(number, 3000))
    for after in (0, 2, 40):
        _kill_after(after, [str(tmp_path / "state"), str(tree), what])
        vault = open_vault(tree)
        vault.repair()
        assert vault.check().whole
        vault.close()
        if what == "restore":
            found = [path.read_bytes() for path in paths]
            assert all(found[n] in (_text(n, 10), _noise(n, 3000)) for n in range(600))
    vault = open_vault(tree)
    if what == "restore":
        list(vault.restore([RestoreItem(bytes(path)) for path in paths]))
        assert [path.read_bytes() for path in paths] == [_text(n, 10) for n in range(600)]
        evidence = {item.read_bytes() for item in (tree.parent / STORE_NAME).glob("*/evidence/*")}
        damaged = {_noise(n, 3000) for n in range(600)}
        assert evidence >= damaged
        # A copy that a kill left half filled might be somebody's damaged file for all that repair can tell: it is kept.
        assert all(any(_text(n, 10).startswith(left) for n in range(600)) for left in evidence - damaged)
    else:
        vault.scan([bytes(tree)])
        for path in paths:
            assert vault.find(bytes(path)).size == path.stat().st_size
    assert vault.check().whole


def _kill_after(steps: int, arguments: list[str]) -> None:
    """Run the scanner, and SIGKILL it once it has told of so many steps (or is done before)."""
    with subprocess.Popen([sys.executable, "-c", SCANNER, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for seen, line in enumerate(process.stdout, 1):
            if line == "end\n" or seen > steps:
                break
        process.kill()


def test_a_reader_in_another_process_sees_what_the_writer_commits(
    mounts: Mounts, open_vault: Any, tmp_path: Path
) -> None:
    disk = mounts("xfs")
    vault = open_vault(disk)
    for number in range(50):
        (disk / f"{number}.txt").write_bytes(_text(number))
        vault.capture(bytes(disk / f"{number}.txt"))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            reader = Vault(tmp_path / "state", [bytes(disk)], VaultSettings(), clock=VirtualClock(), read_only=True)
            for number in range(50):
                with reader.before(reader.find(bytes(disk / f"{number}.txt"))) as before:
                    assert before.data.read(0, MB) == _text(number)
            code = 0
        finally:
            os._exit(code)
    for number in range(50, 150):
        (disk / f"{number}.txt").write_bytes(_text(number))
        vault.capture(bytes(disk / f"{number}.txt"))
    assert os.waitpid(child, 0)[1] == 0
