"""Errors shown to people: a stable code, one line, what to do next, and an exit code of their own.

Comes in: nothing. Goes out: the `GardeError` tree and `EXIT_CODES`, the table that `docs/exit-codes.md` is checked
against. Errors that are not for people stay ordinary exceptions.

    GardeError
    ├── UsageError          the call's words are off
    ├── SettingsError       a settings file, with its line
    ├── NotPermitted        the machine refuses what the mode needs
    ├── StateBusy           another agent holds the state directory
    ├── StateDamaged        the state directory can't be read
    ├── AgentAbsent         no agent answers on the state directory
    ├── NotFound            no such hold, verdict, or file
    ├── Incomplete          the work ended, but not whole
    ├── NotSetUp            the first start could not set up (said by scripts/setup)
    ├── HubAbsent           no hub answers
    ├── Refused             the other side said no: a token, an order, a code, a decision
    └── Tampered            the record was changed, or its end was cut off
"""

from __future__ import annotations

from typing import ClassVar


class GardeError(Exception):
    """Base: `code` is stable and greppable, `message` one line, `todo` what the reader does next."""

    code: ClassVar[str] = "GARDE"
    exit_code: ClassVar[int] = 1
    meaning: ClassVar[str] = "an error that Garde did not expect"

    def __init__(self, message: str, todo: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.todo = todo

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" + (f" — {self.todo}" if self.todo else "")


class UsageError(GardeError):
    """The call's words are off."""

    code = "USAGE"
    exit_code = 2
    meaning = "the command line is wrong; nothing was done"


class SettingsError(GardeError):
    """A settings file can't be used; the message carries file and line."""

    code = "SETTINGS"
    exit_code = 3
    meaning = "a settings file is wrong; the message names file and line"


class NotPermitted(GardeError):
    """The machine refuses what the mode asked for needs."""

    code = "NOT-PERMITTED"
    exit_code = 4
    meaning = "the machine refuses a right that this needs (run as root, or choose the reduced mode)"


class StateBusy(GardeError):
    """Another agent or hub holds the state directory, or the journal in its database."""

    code = "STATE-BUSY"
    exit_code = 5
    meaning = "another agent or hub holds this state directory, or the journal in its database"


class StateDamaged(GardeError):
    """The state directory can't be read."""

    code = "STATE-DAMAGED"
    exit_code = 6
    meaning = "the state directory can't be read"


class AgentAbsent(GardeError):
    """No agent answers on the state directory."""

    code = "AGENT-ABSENT"
    exit_code = 7
    meaning = "no agent answers on this state directory"


class NotFound(GardeError):
    """No such hold, verdict, or file."""

    code = "NOT-FOUND"
    exit_code = 8
    meaning = "no such hold, verdict or file"


class Incomplete(GardeError):
    """The work ended, but not whole: something failed or is missing, and the output names it."""

    code = "INCOMPLETE"
    exit_code = 9
    meaning = "the work ended but not whole: the output names what failed"


class NotSetUp(GardeError):
    """The packages Garde needs could not be set up. Raised by scripts/setup, in sh; here so that the table is whole."""

    code = "SETUP"
    exit_code = 10
    meaning = "the first start could not set up the environment; the message says what to install"


class HubAbsent(GardeError):
    """No hub answers, or what answers is not the hub that was pinned."""

    code = "HUB-ABSENT"
    exit_code = 11
    meaning = "no hub answers at its address, or what answers is not the hub that this machine knows"


class Refused(GardeError):
    """The other side said no, and why."""

    code = "REFUSED"
    exit_code = 12
    meaning = "it was refused: the message says by whom and why (a token, an order, a code, a decision)"


class Tampered(GardeError):
    """The record does not hold: changed, or cut off at its end."""

    code = "TAMPERED"
    exit_code = 13
    meaning = "the journal was changed after it was written, or its end was cut off; the output names the places"


def _tree(root: type[GardeError]) -> list[type[GardeError]]:
    return [root, *(found for child in root.__subclasses__() for found in _tree(child))]


EXIT_CODES: dict[int, str] = {0: "done", **{kind.exit_code: kind.meaning for kind in _tree(GardeError)}}
