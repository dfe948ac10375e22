"""A private cluster in a scratch place: laid out from a base and its WAL, brought to a moment, asked, stopped.

Comes in: an empty directory, a base backup, segments. Goes out: `Cluster`: `lay_out`, `recover`, `running` (asked over
a socket that only PostgreSQL's user reaches). It listens on no network, archives nothing, loads no library and takes no
setting from the backup: what the backup's own files set would run before anybody has judged them. Its settings lie
beside the data and go with the scratch place; the backup's own are put back before the data are put in place.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from garde.journal.text import plain
from garde.recovery.points.base import Fault, StoreFault
from garde.recovery.points.pg.backup import LABEL, MANIFEST, Base
from garde.recovery.points.pg.tools import ENVIRONMENT, LONG_S, Said, Tools
from garde.recovery.points.pg.wal import Stretch
from garde.vault.staging import fill

PORT: Final = "5432"  # names the socket; nothing listens on it
STOP_S: Final = 120.0  # a fast stop writes a checkpoint
_POLL_S: Final = 0.02
_AUTO: Final = "postgresql.auto.conf"  # is read whatever the command line says: set aside while the cluster is ours
_SOCKETS: Final = Path("/run")  # a socket's path may have 107 bytes: a scratch place lies too deep
_SETTINGS: Final = """\
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
port = {port}
hba_file = '{own}/hba'
ident_file = '{own}/ident'
max_connections = 20
shared_buffers = 64MB
huge_pages = off
dynamic_shared_memory_type = mmap
shared_preload_libraries = ''
archive_mode = off
hot_standby = off
autovacuum = off
jit = off
log_timezone = 'UTC'
restore_command = '/bin/false'
"""
# Given to each question: it changes nothing. A superuser's loads no library either that the backup's settings name;
# others may not say so, and load it with no more rights than PostgreSQL's user has.
_ASKED: Final = "-c default_transaction_read_only=on -c statement_timeout=0"
_SUPER: Final = f"{_ASKED} -c session_preload_libraries="


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster of ours. `place` is the scratch place; the data lie in `data` below it."""

    tools: Tools
    place: Path
    role: str = "postgres"  # whom questions may be asked as, beside postgres

    @property
    def data(self) -> Path:
        return self.place / "data"

    @property
    def own(self) -> Path:
        """Settings and the log."""
        return self.place / "settings"

    @property
    def log(self) -> Path:
        return self.own / "log"

    # -- laid out -----------------------------------------------------------------------------------------------------

    def make(self) -> None:
        """Make the place anew; what an earlier try left there goes. It lies below a scratch place of ours."""
        for old in (self.data, self.own):
            if old.is_symlink() or (old.exists() and not old.is_dir()):
                raise StoreFault(Fault.REFUSED, f"{plain(str(old))} is no directory")
            if old.exists():
                shutil.rmtree(old)  # only ever a copy that we made
        self.place.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.place.chmod(0o711)
        for new in (self.data, self.own):
            new.mkdir(mode=0o700)
            self._give(new)

    def lay_out(self, base: Base, progress: Callable[[int], None]) -> tuple[int, int]:
        """Copy the base's files, and the folders that PostgreSQL wants; returns files and bytes. Raises OSError."""
        for folder, folders, _ in os.walk(base.folder):
            for name in folders:
                self._make_folder(self.data / Path(folder, name).relative_to(base.folder))
        files, size = 0, 0
        for named in (*base.files, MANIFEST.encode()):
            wanted = _inside(named)
            size += self._copy(base.folder / wanted, self.data / wanted)
            files += 1
            progress(size)
        return files, size

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._give(folder)

    def add_segments(self, stretch: Stretch | None, base: Base, last: int) -> int:
        """Copy the base's own WAL, and of the archive all up to the segment number `last`; returns how many."""
        target = self.data / "pg_wal"
        self._make_folder(target)
        own = base.folder / "pg_wal"
        sources = {it.name: it for it in own.iterdir() if it.is_file()} if own.is_dir() else {}
        if stretch is not None:
            names = stretch.names[: max(0, last - stretch.first + 1)]
            sources |= {name: stretch.folder / name for name in names}
        for name, source in sources.items():
            (target / name).unlink(missing_ok=True)
            self._copy(source, target / name)
        return len(sources)

    def _copy(self, source: Path, target: Path) -> int:
        """Share blocks, or copy; the source is never followed where it is a link."""
        handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError(22, "is no file", str(source))
            new = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                fill(new, handle)
                os.fchown(new, *self._owner())
                return os.fstat(new).st_size
            finally:
                os.close(new)
        finally:
            os.close(handle)

    def _owner(self) -> tuple[int, int]:
        return self.tools.owner if os.geteuid() == 0 else (-1, -1)

    def _give(self, path: Path) -> None:
        os.chown(path, *self._owner(), follow_symlinks=False)

    # -- brought to a moment ------------------------------------------------------------------------------------------

    def recover(self, target: Sequence[str]) -> None:
        """Replay WAL as the settings in `target` say, and end in a cluster of its own that is stopped."""
        signal_file = self.data / "recovery.signal"
        signal_file.touch(mode=0o600)
        self._give(signal_file)
        with self.running(target):
            pass
        if (self.data / LABEL).exists():
            raise StoreFault(Fault.FAILED, "PostgreSQL did not begin at the base backup")

    @contextmanager
    def running(self, settings: Sequence[str] = ()) -> Iterator[Asking]:
        """Run it while inside."""
        with self._set_aside(), tempfile.TemporaryDirectory(prefix="garde-pg-", dir=_SOCKETS) as sockets:
            self._give(Path(sockets))
            self._configure(Path(sockets), settings)
            process = self._start()
            try:
                self._wait_ready(process)
                yield Asking(self.tools, Path(sockets))
            finally:
                _stop(process)

    @contextmanager
    def _set_aside(self) -> Iterator[None]:
        """The backup's own settings lie beside while the cluster is ours."""
        auto, aside = self.data / _AUTO, self.own / _AUTO
        if auto.exists() and not aside.exists():
            auto.rename(aside)
        auto.unlink(missing_ok=True)
        auto.touch(mode=0o600)
        self._give(auto)
        try:
            yield
        finally:
            auto.unlink(missing_ok=True)
            if aside.exists():
                aside.rename(auto)

    def _configure(self, sockets: Path, settings: Sequence[str]) -> None:
        text = _SETTINGS.format(sockets=sockets, port=PORT, own=_quoted(self.own))
        (self.own / "conf").write_text(text + "".join(f"{line}\n" for line in settings))
        (self.own / "hba").write_text("local all all peer map=garde\n")
        who = self.tools.user if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        roles = dict.fromkeys(("postgres", self.role))
        (self.own / "ident").write_text("".join(f'garde {who} "{role}"\n' for role in roles))
        for name in ("conf", "hba", "ident"):
            self._give(self.own / name)

    def _start(self) -> subprocess.Popen[bytes]:
        words = self.tools.words("postgres", ["-D", str(self.data), "-c", f"config_file={self.own}/conf"])
        if os.geteuid() == 0:
            words = ["unshare", "--ipc", "--", *words]  # killed, it would leave its shared memory on this machine
        with self.log.open("wb") as log:
            return subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=ENVIRONMENT, cwd="/",
                start_new_session=True,
            )  # fmt: skip

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + LONG_S
        while ready_pid(self.data) != process.pid:
            if process.poll() is not None:
                words = self._last_words()
                full = "No space left on device" in words
                raise StoreFault(Fault.NO_SPACE if full else Fault.FAILED, f"PostgreSQL: {words}")
            if time.monotonic() > until:
                raise StoreFault(Fault.LATE, f"PostgreSQL is not ready after {LONG_S / 3600:.0f} h")
            time.sleep(_POLL_S)

    def _last_words(self) -> str:
        lines = self.log.read_bytes().splitlines()
        wrong = [line for line in lines if b"FATAL:" in line or b"PANIC:" in line]
        return plain((wrong or lines or [b"it ended without a word"])[-1].strip(), 300)


@dataclass(frozen=True, slots=True)
class Asking:
    """A cluster that runs, asked over its socket."""

    tools: Tools
    sockets: Path
    port: str = PORT

    def ask(self, question: str, database: str = "postgres", role: str = "postgres") -> Said:
        """One question in SQL, by a text of our own or of the settings; it can change nothing."""
        return self._psql(question, database, role, [f"PGOPTIONS={_SUPER if role == 'postgres' else _ASKED}"])

    def change(self, command: str, database: str) -> Said:
        """One of our own few changes."""
        return self._psql(command, database, "postgres", [])

    def run(self, name: str, arguments: Sequence[str]) -> Said:
        """Another of PostgreSQL's programs, told where the cluster is."""
        return self.tools.run(name, ["-h", str(self.sockets), "-p", self.port, *arguments])

    def _psql(self, text: str, database: str, role: str, environment: Sequence[str]) -> Said:
        words = [*self.tools.become(), "env", *environment, self.tools.path("psql"), "-X", "-q", "-A", "-t"]
        words += ["-v", "ON_ERROR_STOP=1", "-h", str(self.sockets), "-p", self.port, "-U", role, "-d", database]
        try:
            done = subprocess.run(
                [*words, "-f", "-"], input=text.encode(), capture_output=True, env=ENVIRONMENT, cwd="/", timeout=LONG_S,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise StoreFault(Fault.LATE, f"a question took more than {LONG_S / 3600:.0f} h") from error
        return Said(done.returncode, done.stdout, done.stderr)


def ready_pid(data: Path) -> int:
    """The pid of the server that says of these data that it takes connections; 0: there is none. pg_ctl's way."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]) if lines[7].strip() == "ready" else 0
    except (OSError, IndexError, ValueError):
        return 0


def _stop(process: subprocess.Popen[bytes]) -> None:
    """A fast stop; at once where that takes too long."""
    for number, seconds in ((signal.SIGINT, STOP_S), (signal.SIGQUIT, STOP_S)):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    process.wait()


def moment_text(moment: float) -> str:
    """A moment as PostgreSQL reads it, whatever its zone."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")


def _inside(name: bytes) -> Path:
    """A manifest's path as one that stays inside."""
    path = Path(os.fsdecode(name))
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise OSError(22, "its manifest names a file outside", plain(name))
    return path


def _quoted(path: Path) -> str:
    """For a settings file: quotes are doubled; a line break could begin another setting."""
    text = str(path)
    if any(character in text for character in "\n\r\0"):
        raise StoreFault(Fault.REFUSED, f"{plain(text)}: such a path cannot be used")
    return text.replace("'", "''")
