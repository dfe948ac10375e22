"""The three modes an agent can be in.

Comes in: nothing. Goes out: `Mode`. The mode in force may be weaker than the one asked for; it is always said.
"""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """What the agent may do."""

    OBSERVE = "observe"  # verdicts are said, nothing is touched
    ENFORCE = "enforce"  # hands are held, files are put back
    WATCHING = "watching only"  # the sensor can't tell who writes: nobody can be held
