"""Options that several commands share, each worded once.

Comes in: nothing. Goes out: annotated types for the commands' signatures.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Json = Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line instead of text.")]
State = Annotated[
    Path | None,
    Parameter(
        name="--state", help="State directory of the agent. Default: the running `garde up`'s, or the usual place."
    ),
]
SettingsFile = Annotated[
    Path | None,
    Parameter(name="--settings", help="Settings file (TOML). Default: $GARDE_SETTINGS, /etc/garde/garde.toml."),
]
