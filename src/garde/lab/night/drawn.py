"""The witness of the warning: when its bundle first lay on the hub's disk, whole.

Comes in: the hub's state directory. Goes out: CLOCK_MONOTONIC of that moment, from a thread of its own that looks every
20 ms. It reads no journal: a bundle counts when it can be read as JSON and names itself a STIX bundle.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Final, Self

import msgspec

LOOK_S: Final = 0.02
_FOLDER: Final = "sharing/out"
_NAME: Final = "*/*/*.json"


class Drawn:
    """Looks on for the length of a `with`, until it has seen one."""

    def __init__(self, state: Path) -> None:
        self._folder = state / _FOLDER
        self.at: float | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10.0)

    def _run(self) -> None:
        while not self._over.wait(LOOK_S):
            if any(_is_bundle(file) for file in self._folder.glob(_NAME)):
                self.at = time.monotonic()
                return


def _is_bundle(file: Path) -> bool:
    try:
        found = msgspec.json.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(found, dict) and found.get("type") == "bundle" and bool(found.get("objects"))
