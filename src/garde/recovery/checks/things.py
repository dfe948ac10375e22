"""One listed file as one line of a baseline.

Comes in: what `lstat` and a hash say. Goes out: `Thing`, spelled in six words and read back. Two things are alike when
all but their package agree: a file that moves from one package to another has not changed.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import Final

NONE: Final = "-"
_KINDS: Final = {stat.S_IFREG: "f", stat.S_IFLNK: "l", stat.S_IFDIR: "d", stat.S_IFBLK: "b", stat.S_IFCHR: "c"}


@dataclass(frozen=True, slots=True)
class Thing:
    """A file, a link, a directory, a device."""

    kind: str  # f l d b c, o: another one
    mode: int  # the twelve bits of permission
    owner: str  # "uid:gid"
    content: str  # file: SHA-256 in hex; link: its target as `spell` has it; device: its number; else "-"
    capabilities: str = NONE  # security.capability in hex
    package: str = NONE  # "name:architecture" of the package that brought it

    def spelled(self) -> str:
        """Return the line."""
        words = (self.kind, f"{self.mode:04o}", self.owner, self.content, self.capabilities, self.package)
        return " ".join(words)

    def alike(self, other: Thing) -> bool:
        """Whether both are the same but for the package."""
        return self.same_rights(other) and self.content == other.content

    def same_rights(self, other: Thing) -> bool:
        """Whether kind, permissions, owner and capabilities agree."""
        return self._rights() == other._rights()

    def _rights(self) -> tuple[str, int, str, str]:
        return (self.kind, self.mode, self.owner, self.capabilities)

    @property
    def raises(self) -> bool:
        """Whether it gives whoever runs it more rights than they have."""
        return self.kind == "f" and (bool(self.mode & 0o6000) or self.capabilities != NONE)


def parse(line: str) -> Thing:
    """Read a line; ValueError for what is none."""
    kind, mode, owner, content, capabilities, package = line.split(" ")
    return Thing(kind, int(mode, 8), owner, content, capabilities, package)


def kind_of(mode: int) -> str:
    """Return the letter for `st_mode`."""
    return _KINDS.get(stat.S_IFMT(mode), "o")
