"""Where things lie: the checkout, `var/`, the state directory.

Comes in: nothing but the place of this file and the user. Goes out: paths. It makes no directory unless asked.
"""

from __future__ import annotations

import os
from pathlib import Path

INSTALLED_STATE = Path("/var/lib/garde")


def checkout() -> Path | None:
    """Return the root of the source checkout that this runs from; None where Garde was installed as a package."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "pyproject.toml").is_file() and (root / "src" / "garde").is_dir() else None


def var() -> Path:
    """Return where `garde up` keeps its share, state and notes: `var/` of the checkout, else the user's own place."""
    root = checkout()
    if root is not None:
        return root / "var"
    if os.geteuid() == 0:
        return INSTALLED_STATE
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "garde"


def default_state() -> Path:
    """Return the state directory that is meant where none is named."""
    return var() / "state" if checkout() or os.geteuid() != 0 else INSTALLED_STATE


def find_state(named: Path | None) -> Path:
    """Return the state directory: the named one, a running `up`'s, or the default."""
    if named is not None:
        return named.resolve()
    from garde.cli.notes import read_notes

    notes = read_notes(var())
    return Path(notes.state) if notes else default_state()


def make_state(state: Path) -> Path:
    """Make the state directory, closed to everybody else, where it is not there yet."""
    from garde.errors import NotPermitted

    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise NotPermitted(f"{state}: {error.strerror}", "name another directory with --state DIR") from error
    return state.resolve()
