"""The commands: `garde COMMAND ...`, one file each.

Comes in: the command line. Goes out: lines for people, or with `--json` one object a line; errors as one line on
standard error with an exit code of their own (docs/exit-codes.md). Commands are named by import path and loaded when
called, so that `garde watch` starts without what `garde up` needs. Nothing is decided here.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from garde import __version__
from garde.errors import GardeError, UsageError

if TYPE_CHECKING:
    from cyclopts import App

# name -> (where its function lies, one line of help). Every command has an example and --json; a test checks it.
COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("garde.cli.up:up", "Guard folders, or a sample share, and show a status page."),
    "watch": ("garde.cli.watch:watch", "Guard folders in the foreground."),
    "enroll": ("garde.cli.enroll:enroll", "Make this machine's agent one of the hub's."),
    "agent": ("garde.cli.agent:agent", "Guard folders, report to the hub, carry out its orders."),
    "drill": ("garde.cli.drill:drill", "Play an attack on files of its own, and see it stopped and undone."),
    "status": ("garde.cli.status:status", "Show how the guard stands: mode, coverage, holds."),
    "restore": ("garde.cli.restore:restore", "Put damaged files back as they were."),
    "release": ("garde.cli.release:release", "Let a held actor go on."),
    "explain": ("garde.cli.explain:explain", "Tell in plain words what happened, and why."),
    "settings": ("garde.cli.settings:settings", "List every setting with its value and default."),
    "hub": ("garde.cli.hub:hub", "Set up the hub, run it, and keep it."),
    "bench": ("garde.cli.bench:bench", "Measure: files touched, overhead, events, honest work."),
    "journal": ("garde.cli.journal:journal", "Check the record, show it, write it out."),
    "estate": ("garde.cli.estate:estate", "Check the hospital's file, fill it from lists, show what a cut costs."),
    "ack": ("garde.cli.ack:ack", "Take down that a person who was called knows, by the code that they read out."),
    "calls": (
        "garde.cli.calls:calls",
        "Show who was called and who answered, the channels, who is on duty.",
    ),
    "cut": ("garde.cli.cut:cut", "Show what would stop it and at what price; say yes or no; undo."),
    "restart": ("garde.cli.restart:restart", "Bring clean servers back: points, gates, waves, signatures, the watch."),
    "share": ("garde.cli.sharing:share", "Warn the neighbours: see what would leave, approve it, send it."),
    "legal": (
        "garde.cli.legal:legal",
        "Keep the legal clocks, fill drafts from the record, sign them, say what was handed in.",
    ),
    "evidence": ("garde.cli.evidence:evidence", "Show and export the evidence; check a bundle of it."),
    "plan": ("garde.cli.plan:plan", "Show and run the emergency plan: tasks, diversion, services, reports."),
    "downtime": (
        "garde.cli.downtime:downtime",
        "Keep the hospital's feed and the census, apart from all that may burn.",
    ),
    "pack": (
        "garde.cli.pack:pack",
        "Make the wards' papers, list them, take one out; say when paper counts.",
    ),
    "fact": (
        "garde.cli.fact:fact",
        "Pass signed facts that name nobody between the hub and the downtime desk, by file.",
    ),
    "account": ("garde.cli.account:account", "Keep who may sign in at the downtime desk's pages."),
    "number": (
        "garde.cli.number:number",
        "Reserve downtime numbers, give them to who arrives, and say later whose they are.",
    ),
    "sheet": (
        "garde.cli.sheet:sheet",
        "Account for every printed sheet, and bring paper back into the record.",
    ),
    "ward": (
        "garde.cli.ward:ward",
        "Print a ward's papers from a PC of its own, with no network; enrol such PCs at the desk.",
    ),
    "request": (
        "garde.cli.request:request",
        "Keep the paper registers of laboratory and radiology, and the calls of critical results.",
    ),
    "gate": (
        "garde.cli.gate:gate",
        "Ask what a server must show before it returns: compare, sweep, look from outside.",
    ),
    "point": (
        "garde.cli.point:point",
        "List and judge restore points, freeze their retention, bring one back.",
    ),
    "flows": (
        "garde.cli.flows:flows",
        "Show this machine's flow sources and their blindness; look back at what left.",
    ),
    "lab": ("garde.cli.lab:lab", "Make a small hospital on this machine, look at it, remove it."),
    "night": ("garde.cli.night:night", "Play the story's night on a lab of its own, and keep the score."),
}
_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_PIPE_CLOSED = 141  # 128 + SIGPIPE: whoever read our output went away


def build(called: str = "") -> App:
    """Make the application. The command that is called brings its own, longer help; the others are only listed."""
    from cyclopts import App, Parameter

    about = "Garde sees ransomware destroy files, holds the hand that does it, and puts the files back."
    app = App(name="garde", help=about, version=__version__, help_format="markdown", suppress_keyboard_interrupt=False)
    app.default_parameter = Parameter(show_default=_default)
    for name, (path, line) in COMMANDS.items():
        app.command(path, name=name, help=None if name == called else line)
    return app


def _default(value: object) -> str | None:
    """A switch that is off, and an option that is not given, need no word."""
    return None if value is False or value is None or value == "" else str(value)


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """Run one command; returns its exit code. Raises nothing."""
    from cyclopts.exceptions import CycloptsError

    try:
        result = build(*words[:1])(words, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        return _say(UsageError(_one_line(str(error)), f"see `{_help_for(words)}`"), words)
    except GardeError as error:
        return _say(error, words)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the flush at exit fails once more
        return _PIPE_CLOSED
    except Exception as error:
        if os.environ.get("GARDE_DEBUG"):
            raise
        found = _one_line(f"{type(error).__name__}: {error}")
        return _say(GardeError(found, "set GARDE_DEBUG=1 to see where, and report it"), words)
    return result if isinstance(result, int) else 0


def _help_for(words: list[str]) -> str:
    return f"garde {words[0]} --help" if words and words[0] in COMMANDS else "garde --help"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _say(error: GardeError, words: list[str]) -> int:
    """Say an error: one line for people on standard error, and for `--json` an object on standard output as well."""
    from garde.journal.text import plain

    if "--json" in words:
        body = {"kind": "error", "code": error.code, "message": error.message, "todo": error.todo}
        print(json.dumps(body), flush=True)
    todo = f" — {error.todo}" if error.todo else ""
    print(f"{error.code}: {plain(error.message)}{todo}", file=sys.stderr)
    return error.exit_code
