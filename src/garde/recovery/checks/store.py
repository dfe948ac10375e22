"""A baseline on the disk, with the digest that the hub believes.

Comes in: a baseline, a path. Goes out: the file, for its owner alone; its SHA-256. The same baseline gives the same
bytes. Reading checks the digest first where one is given: a file that somebody rewrote is refused before it is parsed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import msgspec

from garde.private import written_beside
from garde.recovery.checks.base import Baseline

FORM: Final = 1  # of the file: another one is not read
_MOST: Final = 256 << 20  # bytes: a baseline of a million files is half of it


class BaselineUnusable(Exception):
    """The kept baseline can't be used: `str` says why in one line."""


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: int
    taken_at: float
    parts: dict[str, dict[str, str]]
    skipped: tuple[str, ...]


def encode(baseline: Baseline) -> bytes:
    """Return its bytes: JSON, keys sorted."""
    kept = _Kept(
        FORM, baseline.taken_at, {name: dict(found) for name, found in baseline.parts.items()}, baseline.skipped
    )
    return msgspec.json.encode(kept, order="sorted")


def digest(data: bytes) -> str:
    """Return the SHA-256 that the hub is told."""
    return hashlib.sha256(data).hexdigest()


def write(baseline: Baseline, path: Path) -> str:
    """Write it in one step, readable by its owner alone; returns its digest. Raises OSError."""
    data = encode(baseline)
    with written_beside(path, 0o600) as file:
        file.write(data)
    return digest(data)


def read(path: Path, believed: str = "") -> tuple[Baseline, str]:
    """Return the baseline and its digest; raises BaselineUnusable where it is absent, changed or no baseline."""
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST + 1)
    except FileNotFoundError as error:
        raise BaselineUnusable("no baseline was ever taken here") from error
    except OSError as error:
        raise BaselineUnusable(f"the baseline can't be read: {error.strerror}") from error
    found = digest(data)
    if believed and found != believed:
        raise BaselineUnusable("the baseline here is not the one that the hub believes: it was replaced or changed")
    try:
        kept = msgspec.json.decode(data, type=_Kept)
    except msgspec.MsgspecError as error:
        raise BaselineUnusable(f"the baseline is damaged: {error}") from error
    if kept.form != FORM:
        raise BaselineUnusable(f"the baseline has form {kept.form}, and this Garde reads form {FORM}: take it anew")
    return Baseline(kept.taken_at, kept.parts, kept.skipped), found
