"""Options that several commands share, each worded once.

Comes in: nothing. Goes out: annotated types for the commands' signatures, and the clock that one of them names.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from garde.clock import Clock

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
HubState = Annotated[Path, Parameter(name="--state", help="State directory of the hub.")]
Login = Annotated[str, Parameter(name="--login", help="Ask as this account of the console; its password is asked for.")]
PasswordFile = Annotated[Path | None, Parameter(name="--password-file", help="Read the password there (0600).")]
Lang = Annotated[Literal["en", "fr"] | None, Parameter(help="Language. Default: by $LC_ALL and $LANG.")]
# For the lab: several machines and a night of hours on one computer.
NetNs = Annotated[str, Parameter(name="--netns", show=False)]
LabClock = Annotated[Path | None, Parameter(name="--lab-clock", show=False)]


def clock_of(lab_clock: Path | None) -> Clock:
    """Return the machine's clock, or the lab's; raises UsageError where the lab's file is none."""
    from garde.clock import OffsetClock, SystemClock
    from garde.errors import UsageError

    if lab_clock is None:
        return SystemClock()
    try:
        return OffsetClock(lab_clock)
    except (OSError, ValueError) as error:
        raise UsageError(f"{lab_clock} is no lab's clock: {error}", "it is a file of eight bytes") from error


def person(login: str, file: Path | None) -> tuple[str, str] | None:
    """Return login and password of whoever asks; None where nobody is named: the hub's operator."""
    return (login, _read_password(login, file)) if login else None


def _read_password(login: str, file: Path | None) -> str:
    """Return the password: from a private file, else typed at the terminal, else the first line of what is piped in."""
    import getpass
    import sys

    if file is not None:
        from garde.trust.files import read_secret

        return read_secret(file).decode("utf-8", "replace").rstrip("\n")
    if sys.stdin.isatty():
        return getpass.getpass(f"Password of {login}: ")
    return sys.stdin.readline().rstrip("\n")
