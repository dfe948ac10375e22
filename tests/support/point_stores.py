"""Real stores of restore points for the conformance suite: each made by its own tool, with what it holds known.

Comes in: a directory. Goes out: `Made`: an open store with two points of one small tree, and the truth about both.
Adding a sort is adding a maker to `MAKERS`; `missing` says why this machine cannot make one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import loops

from garde.clock import SystemClock
from garde.recovery.points.base import Store
from garde.recovery.points.config import StoreSettings
from garde.recovery.points.moment import at_moment
from garde.recovery.points.table import open_store
from garde.settings import VaultSettings
from garde.vault import Vault
from garde.vault.names import is_own

Truth = dict[bytes, bytes]  # path as in the point → content
HOSTILE = b"na\nme \x1b[31m*[x]?\\ \xc3\xa9.txt"


@dataclass(frozen=True, slots=True)
class Made:
    """A store, and what is true of it. The second point has one file changed, one added and one removed."""

    store: Store
    settings: StoreSettings
    state: Path
    live: Path  # the tree that was backed up, and stands where things are put in place
    truths: tuple[Truth, Truth]
    names: tuple[str, str]  # ids of the two points, oldest first
    undo: Callable[[], None]
    new_backup: Callable[[], object]  # makes one more; raises CalledProcessError where that fails
    shorten: Callable[[], object]  # the tool's own way to remove the oldest point; raises where it fails
    takes_new: bool = True  # while frozen
    damage: Callable[[], None] | None = None  # spoils data that the tool's own check does not read
    extra: dict[str, object] = field(default_factory=dict)


def run(*words: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run a tool; raises CalledProcessError."""
    done = subprocess.run(
        [str(word) for word in words], check=True, capture_output=True, cwd=cwd, env={**os.environ, **(env or {})}
    )
    return done.stdout.decode()


def fill(live: Path) -> Truth:
    """The first state."""
    (live / "ward").mkdir(parents=True)
    for number in range(40):
        (live / f"ward/letter-{number:02}.txt").write_text(f"Letter {number} to the general practitioner.\n" * 40)
    (live / "plan.pdf").write_bytes(b"%PDF-1.4\n" + bytes(range(256)) * 64)
    (live / "empty").touch()
    (live / os.fsdecode(HOSTILE)).write_text("hostile name\n")
    (live / "link").symlink_to("plan.pdf")
    (live / "plan.pdf").chmod(0o640)
    if os.geteuid() == 0:
        os.chown(live / "plan.pdf", 65534, 65534)
    return truth(live)


def change(live: Path) -> Truth:
    """The second state."""
    (live / "ward/letter-03.txt").write_text("Another letter.\n" * 50)
    (live / "ward/new.txt").write_text("A new one.\n" * 50)
    (live / "ward/letter-04.txt").unlink()
    return truth(live)


def truth(tree: Path, root: Path | None = None) -> Truth:
    """Every regular file below a tree, by the path that a point has it under."""
    found: Truth = {}
    for directory, _, names in os.walk(os.fsencode(tree)):
        for name in names:
            path = directory + b"/" + name
            key = path if root is None else path[len(os.fsencode(root)) :]
            if not is_own(key.replace(os.fsencode(tree), b"")) and not Path(os.fsdecode(path)).is_symlink():
                with open(path, "rb") as stream:
                    found[key] = stream.read()
    return found


def restic(base: Path) -> Made:
    live, repository, password = base / "live", base / "repository", base / "password"
    password.write_text("secret\n")
    first = fill(live)
    env = {"RESTIC_PASSWORD_FILE": str(password), "RESTIC_CACHE_DIR": str(base / "cache")}
    call = lambda *words: run("restic", "-q", "-r", repository, *words, env=env)  # noqa: E731
    call("init")
    call("backup", live)
    second = change(live)
    call("backup", live)
    settings = StoreSettings(
        id="files-restic",
        sort="restic",
        covers="files1",
        repository=str(repository),
        password_file=str(password),
        paths=(str(live),),
    )
    store = open_store(settings, base / "state", SystemClock())
    oldest, newest = (point.id for point in store.points())

    def damage() -> None:
        pack = max((repository / "data").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
        pack.chmod(0o600)
        with pack.open("r+b") as stream:
            stream.seek(pack.stat().st_size // 3)
            stream.write(os.urandom(64))

    return Made(
        store=store,
        settings=settings,
        state=base / "state",
        live=live,
        truths=(first, second),
        names=(oldest, newest),
        undo=lambda: unmark(repository),
        new_backup=lambda: call("backup", live),
        shorten=lambda: run("timeout", "-s", "INT", "3", "restic", "-q", "-r", repository, "forget", oldest, env=env),
        damage=damage,
        extra={"repository": repository, "env": env},
    )


def borg(base: Path) -> Made:
    live, repository, password = base / "live", base / "repository", base / "password"
    password.write_text("secret\n")
    first = fill(live)
    env = {"BORG_BASE_DIR": str(base / "borg"), "BORG_PASSPHRASE": "secret", "TZ": "UTC"}
    call = lambda *words: run("borg", *words, env=env)  # noqa: E731
    names = iter(("first", "second", "third", "fourth"))
    backup = lambda: call("create", f"{repository}::{next(names)}", live)  # noqa: E731
    call("init", "-e", "repokey", repository)
    backup()
    second = change(live)
    time.sleep(1.1)  # borg keeps whole seconds
    backup()
    settings = StoreSettings(
        id="files-borg",
        sort="borg",
        covers="files1",
        repository=str(repository),
        password_file=str(password),
        paths=(str(live),),
    )

    def damage() -> None:
        segment = max((repository / "data").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
        with segment.open("r+b") as stream:
            stream.seek(segment.stat().st_size // 3)
            stream.write(os.urandom(64))

    return Made(
        store=open_store(settings, base / "state", SystemClock()),
        settings=settings,
        state=base / "state",
        live=live,
        truths=(first, second),
        names=("first", "second"),
        undo=lambda: unmark(repository),
        new_backup=backup,
        shorten=lambda: call("delete", f"{repository}::first"),
        takes_new=False,
        damage=damage,
        extra={"repository": repository, "env": env},
    )


def btrfs(base: Path) -> Made:
    """On a file system of its own; the live tree lies in a subvolume."""
    disk = loops.make("btrfs")
    volume, snapshots = disk.mount / "volume", disk.mount / "snapshots"
    live = volume / "share"
    run("btrfs", "subvolume", "create", volume)
    snapshots.mkdir()
    take = lambda name: run("btrfs", "subvolume", "snapshot", "-r", volume, snapshots / name)  # noqa: E731
    first = fill(live)
    take("first")
    second = change(live)
    take("second")
    settings = StoreSettings(
        id="files-btrfs",
        sort="btrfs",
        covers="files1",
        repository=str(snapshots),
        paths=(str(live),),
        options={"source": str(volume)},
    )
    return Made(
        store=open_store(settings, base / "state", SystemClock()),
        settings=settings,
        state=base / "state",
        live=live,
        truths=(first, second),
        names=("first", "second"),
        undo=disk.end,
        new_backup=lambda: take(f"new-{time.monotonic_ns()}"),
        shorten=lambda: run("btrfs", "subvolume", "delete", snapshots / "first"),
        extra={"volume": volume},
    )


def vault(base: Path) -> Made:
    """The agent's own pre-images, kept by the real vault at the root of the tree."""
    live, state = base / "live", base / "state"
    state.mkdir(mode=0o700)
    settings = StoreSettings(id="own", sort="vault", covers="files1", paths=(str(live),))
    first = fill(live)

    def keep() -> None:
        with _vault(state, live) as kept:
            for path in sorted(truth(live)):
                kept.capture(path, accept=True)
            kept.hash_some(60.0)

    def shorten() -> None:
        with _vault(state, live, versions=1) as kept:
            if not kept.retain().versions:
                raise subprocess.CalledProcessError(1, "retain")

    with _vault(state, live) as kept:
        kept.scan([os.fsencode(live)])
    at_first = time.time()
    time.sleep(0.1)
    second = change(live)
    with _vault(state, live) as kept:
        kept.forget(os.fsencode(live / "ward/letter-04.txt"))
    keep()
    store = open_store(settings, state, SystemClock())
    whole = store.points()[0]
    time.sleep(0.1)

    def damage() -> None:
        for part in live.glob(".garde-vault/*/objects/*/*"):
            content = part.read_bytes()
            part.write_bytes(content[: len(content) // 2] + os.urandom(len(content) - len(content) // 2))

    return Made(
        store=store,
        settings=settings,
        state=state,
        live=live,
        truths=(first, second),
        names=(at_moment(whole, at_first).id, at_moment(whole, time.time()).id),
        undo=lambda: None,
        new_backup=keep,
        shorten=shorten,
        damage=damage,
    )


def _vault(state: Path, live: Path, **settings: int) -> Vault:
    return Vault(state, [os.fsencode(live)], VaultSettings(**settings), clock=SystemClock(), at_mount=False)


def hook(base: Path) -> Made:
    """The example of a hook: folders made with cp."""
    live, folders = base / "live", base / "points"
    folders.mkdir()
    first = fill(live)
    names = iter(("first", "second", "third", "fourth"))

    def backup() -> None:
        name = next(names)
        run("mkdir", "-p", folders / name / live.relative_to("/").parent)
        run("cp", "-a", live, folders / name / live.relative_to("/").parent)
        (folders / name / ".taken").touch()

    backup()
    time.sleep(0.1)
    second = change(live)
    backup()
    example = Path(__file__).with_name("hook_example.py")
    settings = StoreSettings(
        id="files-hook",
        sort="hook",
        covers="files1",
        command=(sys.executable, str(example), str(folders)),
        paths=(str(live),),
    )

    return Made(
        store=open_store(settings, base / "state", SystemClock()),
        settings=settings,
        state=base / "state",
        live=live,
        truths=(first, second),
        names=("first", "second"),
        undo=lambda: unmark(folders),
        new_backup=backup,
        shorten=lambda: run("rm", "-r", folders / "first"),
        takes_new=False,
    )


def unmark(tree: Path) -> None:
    """Whatever a test left marked, so that its directory can be removed."""
    subprocess.run(["chattr", "-R", "-f", "-i", "-a", str(tree)], check=False, capture_output=True)


def postgres(base: Path) -> Made:
    from tests.support.database_stores import postgres as make

    return make(base)


_LOOPS = {"postgres": "xfs", "btrfs": "btrfs"}  # on which file system of its own


def zfs(base: Path) -> Made:
    from tests.support.volume_stores import zfs as make

    return make(base)


def lvm(base: Path) -> Made:
    from tests.support.volume_stores import lvm as make

    return make(base)


NO_TREES = frozenset({"postgres"})  # what they bring is no tree of the files that were backed up
MAKERS: dict[str, Callable[[Path], Made]] = {
    "btrfs": btrfs,
    "postgres": postgres,
    "restic": restic,
    "borg": borg,
    "vault": vault,
    "zfs": zfs,
    "lvm": lvm,
    "hook": hook,
}


def missing(sort: str) -> str:
    """Why this machine cannot make a store of this sort; "": it can."""
    if sort in {"zfs", "lvm"}:
        from tests.support.volume_stores import missing as why_no_volume

        return why_no_volume(sort)
    if sort in _LOOPS and (why := loops.missing(_LOOPS[sort])):
        return why
    program = {"restic": "restic", "borg": "borg", "postgres": "pg_basebackup"}.get(sort)
    return f"{program} is not installed" if program and shutil.which(program) is None else ""
