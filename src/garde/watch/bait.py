"""Bait: a few canary files that nobody has a reason to change.

Comes in: a tree. Goes out: the paths of the canaries in it, written where they were missing. A canary is judged like
any file; damage to it counts beyond what one file may weigh. It stays where it is when the agent ends.

Two hidden files in each tree's root, named so that a walk in either order meets one early. Real contents: a canary
that is no document would be passed over by who looks at types.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile

FIRST = b".!garde-canary.txt"
LAST = b".zzz-garde-canary.zip"
WORDS = (
    "This file belongs to Garde, which guards this share against ransomware. Nobody needs it. Please leave it here.\n"
    "Ce fichier appartient à Garde, qui protège ce partage. Personne n'en a besoin. Merci de le laisser ici.\n"
)


def place(tree: bytes) -> list[bytes]:
    """Write missing canaries into the root of `tree`; returns those that stand there (none where we may not write)."""
    standing = []
    for name, content in ((FIRST, WORDS.encode() * 8), (LAST, _archive())):
        path = tree.rstrip(b"/") + b"/" + name
        if _write_new(path, content):
            standing.append(path)
    return standing


def expected(tree: bytes) -> list[tuple[bytes, str]]:
    """Return each canary's path in `tree`, with the SHA-256 of what should stand there."""
    both = ((FIRST, WORDS.encode() * 8), (LAST, _archive()))
    return [(tree.rstrip(b"/") + b"/" + name, hashlib.sha256(content).hexdigest()) for name, content in both]


def _write_new(path: bytes, content: bytes) -> bool:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return True
    except OSError:
        return False
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        os.fchmod(fd, 0o666)  # a canary that an attacker may not write to tells nothing
    return True


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        # A fixed date, so that the same canary is written everywhere.
        archive.writestr(zipfile.ZipInfo("garde.txt", (2020, 1, 1, 0, 0, 0)), WORDS * 40)
    return buffer.getvalue()
