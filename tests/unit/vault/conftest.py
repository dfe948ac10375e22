"""A small share in a temporary directory, its vault at the share's own root, and a clock that stands still.

Works for a plain user too: without root, and without a file system that shares blocks, the vault makes copies.
"""

# Names here are raw bytes, which pathlib does not know.
# ruff: noqa: PTH103, PTH113, PTH114, PTH118, PTH120

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from garde.clock import VirtualClock
from garde.settings import VaultSettings
from garde.vault import HeardOf, RestoreItem, Vault


def text(seed: int, lines: int = 120) -> bytes:
    """A healthy text file of some 40 bytes a line."""
    draw = random.Random(seed)
    words = ("patient", "ward", "blood", "pressure", "morning", "dose", "doctor", "letter", "result", "control")
    return b"".join((" ".join(draw.choice(words) for _ in range(6)) + f" {n}\n").encode() for n in range(lines))


def noise(seed: int, size: int = 6000) -> bytes:
    """What an attacker leaves."""
    return random.Random(seed).randbytes(size)


@dataclass
class Share:
    """A tree, its vault, and short words for what tests do to them."""

    tree: Path
    state: Path
    clock: VirtualClock = field(default_factory=VirtualClock)
    opened: list[Vault] = field(default_factory=list)
    heard_of: HeardOf | None = None  # the newest writer's, as an agent's core has it

    def vault(self, *, read_only: bool = False, **settings: Any) -> Vault:
        ignore = settings.pop("ignore", None)
        if not read_only:
            self.heard_of = HeardOf()
        vault = Vault(
            self.state, [bytes(self.tree)], VaultSettings(**settings), clock=self.clock, read_only=read_only,
            at_mount=False, ignore=ignore, heard_of=self.heard_of,
        )  # fmt: skip
        self.opened.append(vault)
        return vault

    def path(self, name: str | bytes) -> bytes:
        return os.path.join(bytes(self.tree), os.fsencode(name))

    def write(self, name: str | bytes, content: bytes) -> bytes:
        """Write in place (the inode stays), parents made."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def read(self, name: str | bytes) -> bytes:
        with open(self.path(name), "rb") as file:
            return file.read()

    def restore(self, vault: Vault, *names: str | bytes, **item: Any) -> list[Any]:
        return list(vault.restore([RestoreItem(self.path(name), **item) for name in names]))

    def everything(self) -> list[bytes]:
        """The content of every file anywhere below the share, the vault included."""
        found = []
        for directory, _, names in os.walk(bytes(self.tree)):
            for name in names:
                path = os.path.join(directory, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as file:
                        found.append(file.read())
        return found


@pytest.fixture
def share(tmp_path: Path) -> Iterator[Share]:
    real = tmp_path.resolve()
    (real / "share").mkdir()
    made = Share(real / "share", real / "state")
    yield made
    for vault in made.opened:
        vault.close()


@pytest.fixture
def healthy() -> Any:
    return text


@pytest.fixture
def damage() -> Any:
    return noise
