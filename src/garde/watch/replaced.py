"""Links between a file that went away and a file that took its place.

Comes in: base names and sizes. Goes out: whether two of them belong together, and which new file fits a deleted one
best. An encryptor that writes `x.pdf.locked` and deletes `x.pdf` never changes a file: the damage shows only here.
"""

from __future__ import annotations

from collections.abc import Iterable

MIN_STEM = 3  # shorter stems ("a", "01") link everything with everything
SIZE_SLACK = 4096  # headers, keys and padding that encryptors add
SIZE_RATIO = 1.5  # base64 makes 4/3


def base(path: bytes) -> bytes:
    """Return the last part of a path."""
    return path.rpartition(b"/")[2]


def stem(path: bytes) -> bytes:
    """Return the base name without its last extension (`x.tar.gz` → `x.tar`)."""
    name = base(path)
    left, dot, _ = name.rpartition(b".")
    return left if dot and left else name


def shares_stem(gone: bytes, new: bytes) -> bool:
    """Return True where `new` is named after `gone`: x.pdf → x.pdf.locked, x.locked, locked_x.pdf, x.pdf.gz."""
    old_name, new_name = base(gone), base(new)
    if len(old_name) >= MIN_STEM and old_name in new_name:
        return True
    old_stem = stem(gone)
    return len(old_stem) >= MIN_STEM and old_stem == stem(new)


def fits_size(gone: int, new: int) -> bool:
    """Return True where `new` could be `gone` encrypted (not shorter but for compression, not much longer)."""
    return gone * 0.9 - SIZE_SLACK <= new <= gone * SIZE_RATIO + SIZE_SLACK


def candidates(gone: bytes, fresh: Iterable[bytes], limit: int = 3) -> list[tuple[bytes, bool]]:
    """Return up to `limit` (path, named after it) from `fresh` (newest last): by name first, then the latest."""
    newest = list(fresh)[::-1]
    named = [(path, True) for path in newest if shares_stem(gone, path)]
    others = [(path, False) for path in newest[:limit] if not shares_stem(gone, path)]
    return (named[:limit] + others)[:limit]
