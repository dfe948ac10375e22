"""Reading what a neighbour sent, in a process that lives as long as one bundle takes.

Comes in: places of files. Goes out: `Read`, or `NotRead` with the reason. Why a process: what a neighbour sent may be
made to exhaust memory or time, and the hub has better to do on that night. Blocks; may be called from any thread.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import garde
from garde.journal.text import plain
from garde.sharing.in_ import child

SECONDS: Final = 60  # 100,000 indicators take some 3 s of one processor
MEMORY: Final = 1 << 30  # bytes of address space; 100,000 indicators take a fifth of it


class NotRead(Exception):
    """It could not be read; `reason` is one line, safe to show."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Read:
    """What was read, and the list made of all that counts. `form` "": nothing was read, lists were only joined."""

    form: str
    tlp: str
    indicators: int
    refused: int
    why: tuple[str, ...]
    whole: int  # indicators of the list
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie."""

    raw: Path | None  # as it came; None: only join
    made: Path | None  # where to put what was read of it
    others: Sequence[Path]  # what else counts, oldest first
    whole: Path  # where to put the list of all


def read(places: Places, *, form: str = "", source: str = "", now: float, seconds: int = SECONDS) -> Read:
    """Read a bundle and join it to what counts; raises NotRead."""
    asked = {
        "path": str(Path(garde.__file__).parents[1]),
        "raw": str(places.raw or ""),
        "list": str(places.made or ""),
        "others": [str(each) for each in places.others],
        "whole": str(places.whole),
        "form": form,
        "source": source,
        "now": now,
        "memory": MEMORY,
        "seconds": seconds,
    }
    said = _run(asked, seconds)
    if "refusal" in said:
        raise NotRead(plain(str(said["refusal"]), 300))
    return Read(
        str(said.get("form", "")), str(said.get("tlp", "")), int(said.get("indicators", 0)),
        int(said.get("refused", 0)) + int(said["left_out"]),
        (*said.get("why", ()), *([f"{said['left_out']} × no room in the list"] if said["left_out"] else [])),
        int(said["whole"]), tuple(said["sources"]),
    )  # fmt: skip


def _run(asked: dict[str, Any], seconds: int) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(Path(child.__file__))],
            input=json.dumps(asked).encode(),
            capture_output=True,
            timeout=seconds * 2,
            check=False,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise NotRead(f"reading it took longer than {seconds * 2} s") from error
    except OSError as error:
        raise NotRead(f"no process to read it in: {error.strerror}") from error
    if done.returncode != 0:
        words = plain(b" ".join(done.stderr.split())[-300:])
        raise NotRead(words or f"the reader ended with {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
