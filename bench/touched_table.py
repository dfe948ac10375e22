"""The table of the touched bench: which cells there are, and what rows and figures their runs make.

Comes in: outcomes of runs. Goes out: rows and figures. It plays nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.common import Figures, Row
from bench.stats import median

if TYPE_CHECKING:
    from bench.smb_run import Outcome

RATE = 400.0  # the fastest attackers that were measured (Splunk SURGe): 396 files/s
FILES = 60  # at 400 files/s 0.15 s without a hold; six times the most that may be touched
MANY = 400  # for the unpaced runs and those of 18 processes
EVERYWHERE = (
    "full",
    "head",
    "header-kept",
    "every-16",
    "on-off",
    "percent",
    "new-then-delete",
    "rename-over",
    "base64",
    "keep-open",
    "wipe",
)
LOCAL_MODES = (*EVERYWHERE, "mmap", "shell-loop", "xargs")
SMB_MODES = EVERYWHERE
REMOVAL = ("truncate", "mass-delete")


@dataclass(slots=True)
class Cell:
    """One line of the table, and its runs so far."""

    file_system: str
    way: str  # local | smb
    mode: str
    rate: float
    hands: int  # worker processes or connections; 0: one to four in turn
    want: int
    files: int = FILES
    runs: list[Outcome] = field(default_factory=list)
    reported_s: list[float | None] = field(default_factory=list)
    restorable: float | None = None
    trouble: str = ""

    @property
    def is_content(self) -> bool:
        """True where the mode leaves unreadable content, so that a hold is due."""
        return self.mode not in REMOVAL

    @property
    def is_paced(self) -> bool:
        return self.rate > 0

    def next_hands(self) -> int:
        """Return how many workers or connections the next run has."""
        return self.hands or 1 + len(self.runs) % 4


def cells_of(file_system: str, quick: bool, only: str = "") -> list[Cell]:
    """Return the lines of the table for one file system."""
    full, few = (3, 1) if quick else (20, 3)
    local = ("full", "percent", "new-then-delete") if quick else LOCAL_MODES
    smb = ("full", "base64") if quick else SMB_MODES
    cells = [Cell(file_system, "local", mode, RATE, 0, full) for mode in local]
    cells += [Cell(file_system, "smb", mode, RATE, 0, full) for mode in smb]
    cells += [Cell(file_system, way, mode, RATE, 1, few) for way in ("local", "smb") for mode in REMOVAL]
    cells += [Cell(file_system, way, "full", 0.0, 1, few, MANY) for way in ("local", "smb")]
    cells += [Cell(file_system, "local", "many-processes", rate, 18, few, MANY) for rate in (0.0, RATE)]
    return [cell for cell in cells if only in f"{cell.file_system} {cell.way} {cell.mode}"]


def row_of(cell: Cell) -> Row:
    """Return the cell's line."""
    head: Row = {
        "file_system": cell.file_system,
        "way": cell.way,
        "mode": cell.mode,
        "files_per_s": cell.rate or "unpaced",
        "hands": cell.hands or "1 … 4",
        "runs": len(cell.runs),
    }
    if not cell.runs:
        return head | {"outcome": cell.trouble or "no time was left"}
    touched = [outcome.touched for outcome in cell.runs]
    holds = [outcome.seconds_to_hold for outcome in cell.runs if outcome.seconds_to_hold is not None]
    restores = [outcome.restored_s for outcome in cell.runs if outcome.restored_s is not None]
    return head | {
        "held": sum(outcome.held for outcome in cell.runs),
        "touched_median": median(touched),
        "touched_max": max(touched),
        "lost": sum(outcome.lost for outcome in cell.runs),
        "hold_s": median(holds) if holds else None,
        "restored_s": median(restores) if restores else None,
        "reported_s": max((seconds for seconds in cell.reported_s if seconds is not None), default=None),
        "restorable_percent": cell.restorable,
        "outcome": cell.trouble,
    }


def figures_of(cells: Sequence[Cell]) -> Figures:
    """The paced content modes make the figures; a file lost anywhere on XFS counts in `lost`."""
    paced = [
        cell for cell in cells if cell.is_content and cell.is_paced and cell.runs and cell.mode != "many-processes"
    ]
    every = [outcome.touched for cell in paced for outcome in cell.runs]
    return {
        "touched_median": max((median([run.touched for run in cell.runs]) for cell in paced), default=None),
        "touched_max": max(every, default=None),
        "touched_median_all_runs": median(every) if every else None,
        "lost": _lost(cells, "xfs"),
        "lost_ext4": _lost(cells, "ext4"),
        "not_held": sum(not run.held for cell in cells if cell.is_content for run in cell.runs) if every else None,
        "runs": sum(len(cell.runs) for cell in cells),
    }


def _lost(cells: Sequence[Cell], kind: str) -> int | None:
    runs = [outcome for cell in cells if cell.file_system == kind for outcome in cell.runs]
    return sum(outcome.lost for outcome in runs) if runs else None
