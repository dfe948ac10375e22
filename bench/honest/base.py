"""What a scenario is, and the hands it works with.

A `Scenario` has two steps, called once each and in this order: `prepare` lays the files out, `act` does the work that
is judged. Both write below `Work.root` only (a fresh folder in the guarded tree); what must not be watched goes to
`Work.aside`. Every tool is its own program in its own session, so that a hold finds the tool and never the bench.
A tool that fails raises ToolFailedError: work that was not done proves nothing.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import documents
from bench.tools import find

NOBODY = "nobody"


class ToolFailedError(Exception):
    """A tool ended badly or was stopped; the text has its last words."""


@dataclass(slots=True)
class Work:
    """One scenario's place and hands."""

    root: Path
    aside: Path
    library: Path  # documents made once for the whole run, copied per scenario
    quick: bool
    limit_s: float = 120.0
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def size(self, full: int, quick: int) -> int:
        """Choose the amount for this run."""
        return quick if self.quick else full

    def documents(self, folder: Path, count: int, kinds: Sequence[str], seed: int = 1) -> list[Path]:
        """Lay out documents of those kinds; made once, then copied."""
        store = self.library / f"{'-'.join(kinds)}-{count}-{seed}"
        if not store.exists():
            documents.fill(store, count, seed, kinds)
        shutil.copytree(store, folder, dirs_exist_ok=True)
        return sorted(path for path in folder.rglob("*") if path.is_file())

    def save_over(self, paths: Sequence[Path], share: float, seed: int) -> None:
        """Save a share of the files anew by a program of its own: the bench itself must not be what is held."""
        fresh = self.aside / f"saved-{seed}"
        base = Path(os.path.commonpath([path.parent for path in paths]))
        for path, content in documents.edited(paths, share, seed):
            target = fresh / path.relative_to(base)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        if fresh.exists():
            self.run("cp", "-R", f"{fresh}/.", base)

    def run(
        self,
        *argv: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        stdin: bytes | None = None,
        stdout: Path | None = None,
        fine: Sequence[int] = (0,),
    ) -> None:
        """Run one tool to its end; raises ToolFailedError. A frozen one is killed when its time is over."""
        words = [find(str(argv[0])) or str(argv[0]), *map(str, argv[1:])]
        with Path(stdout or os.devnull).open("ab") as out:
            process = subprocess.Popen(
                words,
                cwd=cwd or self.root,
                env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
                stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
                start_new_session=True,
                user=user,
                group=None if user is None else pwd.getpwnam(user).pw_gid,
                extra_groups=None if user is None else [],
            )
        self.running.append(process)
        try:
            _, words_of_error = process.communicate(stdin, timeout=self.limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise ToolFailedError(f"{argv[0]} did not end within {self.limit_s:.0f} s") from None
        finally:
            self.running.remove(process)
        if process.returncode not in fine:
            tail = words_of_error.decode(errors="replace").strip()[-200:]
            raise ToolFailedError(f"{argv[0]} ended with {process.returncode}: {tail}")

    def shell(self, script: str, *words: str | Path, cwd: Path | None = None, user: str | None = None) -> None:
        """Run a shell loop as an administrator would type it; `words` arrive as $1, $2 …"""
        self.run("sh", "-ec", script, "sh", *words, cwd=cwd, user=user)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One item of the quiet list, by one tool."""

    item: str  # the words of the quiet list
    name: str
    tools: tuple[str, ...]
    prepare: Callable[[Work], None]
    act: Callable[[Work], None]
    changes: int = 1  # files that must have come, gone or changed: a loop that ran over nothing is no proof


def snapshot(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return inode, size and mtime of every file below a folder."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)  # noqa: PTH118 - a hundred thousand of them
            with contextlib.suppress(FileNotFoundError):
                status = os.lstat(path)
                found[path] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found


def changes(before: dict[str, tuple[int, int, int]], after: dict[str, tuple[int, int, int]]) -> int:
    """Count the names that came, went or hold something else."""
    return sum(before.get(path) != after.get(path) for path in before.keys() | after.keys())


def nothing(work: Work) -> None:
    """Prepare nothing."""
