"""Try to harm a frozen folder, with the rights of its owner: in a child that has given up all others.

Comes in: a user and a group, the folder, names below it that bear marks. Goes out: `Tried`: how many of them could be
renamed, opened for writing, moved away. Each try that succeeds is undone at once; none removes or writes anything. The
kernel asks the same question for a removal as for a renaming (may_delete), so one answer stands for both.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from garde.vault.kernel import NOREPLACE, rename
from garde.vault.names import join, name_of, parent_of

_ASIDE: Final = b".garde-try-"
_REFUSALS: Final = frozenset({errno.EPERM, errno.EACCES, errno.EROFS})
_FIELDS: Final = 3
_LONGEST_S: Final = 60


@dataclass(frozen=True, slots=True)
class Tried:
    """What was possible; all three should be 0."""

    renamed: int
    opened: int
    moved: int
    why: str = ""  # why the tries could not be made


def try_as(who: tuple[int, int], root: bytes, files: Sequence[bytes], folders: Sequence[bytes]) -> Tried:
    """Try everything as that user and group. Where the caller is not root the tries are the caller's own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _be_the_child(writer, who, root, files, folders)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        answer = stream.read()
    _, status = os.waitpid(child, 0)
    numbers = answer.split()
    if os.waitstatus_to_exitcode(status) != 0 or len(numbers) != _FIELDS:
        return Tried(0, 0, 0, "the child that tries could not take on the owner's rights")
    renamed, opened, moved = map(int, numbers)
    return Tried(renamed, opened, moved)


def _be_the_child(
    writer: int, who: tuple[int, int], root: bytes, files: Sequence[bytes], folders: Sequence[bytes]
) -> None:
    """Never returns. Only system calls: the parent may have had threads."""
    uid, gid = who
    code = 1
    try:
        signal.alarm(_LONGEST_S)
        # The folder is opened before the rights are dropped: that a path above it is closed to the owner is no proof.
        top, above = (os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in (root, parent_of(root)))
        if os.geteuid() == 0 and uid != 0:
            os.setgroups([])
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
        aside = _ASIDE + os.urandom(8).hex().encode()  # a name that nobody can have put there to make the try fail
        renamed = sum(_rename(top, name, aside) for name in files)
        opened = sum(_open(top, name) for name in files)
        moved = sum(_rename(top, name, aside) if name else _rename(above, name_of(root), aside) for name in folders)
        os.write(writer, b"%d %d %d" % (renamed, opened, moved))
        code = 0
    finally:
        os._exit(code)


def _rename(top: int, name: bytes, aside: bytes) -> bool:
    new = join(parent_of(name), aside) if b"/" in name else aside
    try:
        rename(top, name, top, new, NOREPLACE)
    except OSError as error:
        return _is_no_refusal(error)
    rename(top, new, top, name, NOREPLACE)
    return True


def _open(top: int, name: bytes) -> bool:
    try:
        os.close(os.open(name, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=top))
    except OSError as error:
        return _is_no_refusal(error)
    return True


def _is_no_refusal(error: OSError) -> bool:
    """A try that failed for another reason than rights proves nothing: it counts as if it had succeeded."""
    return error.errno not in _REFUSALS


def can_open_as(who: tuple[int, int], paths: Sequence[bytes]) -> bool:
    """Whether that user and group can open any of these directories by its path; True where it could not be tried."""
    child = os.fork()
    if child == 0:
        _open_and_leave(who, paths)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) != 0


def _open_and_leave(who: tuple[int, int], paths: Sequence[bytes]) -> None:
    """Never returns: 0 where each was refused."""
    code = 1
    try:
        signal.alarm(_LONGEST_S)
        if os.geteuid() == 0 and who[0] != 0:
            os.setgroups([])
            os.setresgid(who[1], who[1], who[1])
            os.setresuid(who[0], who[0], who[0])
        code = int(any(_opens(path) for path in paths))
    finally:
        os._exit(code)


def _opens(path: bytes) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW))
    except OSError as error:
        return _is_no_refusal(error)
    return True
