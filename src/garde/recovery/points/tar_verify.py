"""Compare what was brought to a scratch place with what the tool gives a second time, as a tar stream.

Comes in: the stream, the scratch directory, which paths of it count. Goes out: `Verified`. It reads every byte of both
and looks at kind, size, content, mode and owner, and for files that the stream does not have. It writes nothing and
follows no link below the scratch place.
"""

from __future__ import annotations

import os
import stat
import tarfile
import time
from collections.abc import Sequence
from typing import IO, Final

from garde.journal.text import plain
from garde.model.finding import Skipped
from garde.recovery.points.base import NAMED, Fault, Progress, StoreFault, Verified
from garde.recovery.points.sampling import is_below
from garde.vault.kernel import open_strict

_CHUNK: Final = 1 << 20
_MODE: Final = 0o7777


class TarVerify:
    """One comparison."""

    def __init__(self, scratch: bytes, tops: Sequence[bytes], progress: Progress | None) -> None:
        self._scratch = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        self._root = scratch
        self._tops = tops
        self._progress = progress
        self._is_root = os.geteuid() == 0
        self._files = self._bytes = self._wrong = 0
        self._named: list[Skipped] = []
        self._seen: set[bytes] = set()

    def run(self, stream: IO[bytes]) -> Verified:
        """Compare until the stream ends; raises StoreFault where it is no tar stream or ends too early."""
        begun = time.monotonic()
        try:
            with tarfile.open(
                fileobj=stream, mode="r|", bufsize=_CHUNK, encoding="utf-8", errors="surrogateescape"
            ) as archive:
                for member in archive:
                    self._member(archive, member)
        except (tarfile.TarError, EOFError) as error:
            raise StoreFault(Fault.DAMAGED, f"reading the point again ended early: {plain(str(error), 200)}") from error
        finally:
            os.close(self._scratch)
        self._extra()
        return Verified(self._files, self._bytes, self._wrong, time.monotonic() - begun, tuple(self._named))

    def _member(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        # A stream is read once: tarfile would keep a hundred thousand members.
        archive.members = []  # type: ignore[attr-defined]
        name = member.name.removeprefix("./").strip("/")
        path = b"/" + os.fsencode("" if name == "." else name)
        if not is_below(path, self._tops):
            return
        if b".." in path.split(b"/"):
            self._note(path, "a name that leaves the point")
            return
        try:
            why = self._compare(archive, member, path[1:])
        except OSError as error:
            why = error.strerror or "it cannot be read"
        if why:
            self._note(path, why)
        if self._progress is not None:
            self._progress(self._bytes, 0)

    def _note(self, path: bytes, why: str) -> None:
        self._wrong += 1
        if len(self._named) < NAMED:
            self._named.append(Skipped(plain(path), why))

    def _compare(self, archive: tarfile.TarFile, member: tarfile.TarInfo, path: bytes) -> str:
        if member.issym():
            return self._compare_link(member, path)
        if member.isdir():
            return "" if not path or stat.S_ISDIR(self._look(path).st_mode) else "no directory"
        if member.isreg() or member.islnk():
            self._seen.add(path)
            self._files += 1
            return self._compare_file(archive, member, path)
        return ""  # devices and pipes are nothing that could be compared

    def _compare_link(self, member: tarfile.TarInfo, path: bytes) -> str:
        if not stat.S_ISLNK(self._look(path).st_mode):
            return "no link"
        found = os.readlink(path, dir_fd=self._scratch)
        return "" if found == os.fsencode(member.linkname) else "a link to somewhere else"

    def _look(self, path: bytes) -> os.stat_result:
        return os.stat(path, dir_fd=self._scratch, follow_symlinks=False)

    def _compare_file(self, archive: tarfile.TarFile, member: tarfile.TarInfo, path: bytes) -> str:
        fd = open_strict(path, os.O_RDONLY | os.O_NONBLOCK, self._scratch)
        try:
            seen = os.fstat(fd)
            if not stat.S_ISREG(seen.st_mode):
                return "no regular file"
            if member.islnk():
                first = self._look(os.fsencode(member.linkname.strip("/")))
                return "" if (first.st_ino, first.st_dev) == (seen.st_ino, seen.st_dev) else "no longer the same file"
            return self._compare_content(archive, member, fd, seen) or self._compare_rights(member, seen)
        finally:
            os.close(fd)

    def _compare_content(self, archive: tarfile.TarFile, member: tarfile.TarInfo, fd: int, seen: os.stat_result) -> str:
        if seen.st_size != member.size:
            return f"{seen.st_size:,} bytes instead of {member.size:,}"
        source = archive.extractfile(member)
        return "" if source is not None and self._same(source, fd) else "other content"

    def _compare_rights(self, member: tarfile.TarInfo, seen: os.stat_result) -> str:
        if seen.st_mode & _MODE != member.mode & _MODE:
            return f"mode {seen.st_mode & _MODE:o} instead of {member.mode & _MODE:o}"
        if self._is_root and (seen.st_uid, seen.st_gid) != (member.uid, member.gid):
            return f"owner {seen.st_uid}:{seen.st_gid} instead of {member.uid}:{member.gid}"
        return ""

    def _same(self, source: IO[bytes], fd: int) -> bool:
        at = 0
        while chunk := source.read(_CHUNK):
            if os.pread(fd, len(chunk), at) != chunk:
                return False
            at += len(chunk)
            self._bytes += len(chunk)
        return True

    def _extra(self) -> None:
        """Files that lie in the scratch place and not in the point."""
        for top in self._tops or (b"/",):
            for directory, _, names in os.walk(self._root.rstrip(b"/") + top):
                for name in names:
                    whole = directory + b"/" + name
                    path = whole[len(self._root.rstrip(b"/")) + 1 :].lstrip(b"/")
                    if path not in self._seen and stat.S_ISREG(os.lstat(whole).st_mode):
                        self._note(b"/" + path, "not in the point")
