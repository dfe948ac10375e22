"""`garde up`: the main job in one command.

Comes in: folders, or none for a sample share. Goes out: an agent guarding them (a child process, ended with this one),
its events as lines, a status page on the loopback address, and `var/up.json` for the other commands. It judges and
holds nothing itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from garde.cli.options import Json, SettingsFile
from garde.cli.screen import Screen

_ANSWER_S = 1.0  # for the page: it is asked again a second later
_END_S = 10.0  # an agent ends within 2 s; beyond this it hangs and is killed


def up(
    *paths: Annotated[Path, Parameter(name="PATH", help="Folders to guard. None: a sample share under var/.")],
    state: Annotated[Path | None, Parameter(name="--state", help="State directory. Default: var/state.")] = None,
    observe: Annotated[bool, Parameter(negative=(), help="Report harm and stop nobody.")] = False,
    no_restore: Annotated[
        bool, Parameter(negative=(), help="Stop attackers, but leave the files as they are.")
    ] = False,
    port: Annotated[
        int, Parameter(help="Port of the status page on 127.0.0.1. Default: a free one.", show_default=False)
    ] = 0,
    settings: SettingsFile = None,
    as_json: Json = False,
) -> int:
    """Guard folders, or a sample share of 500 made-up hospital documents, and show a status page on this machine.

    Ends with Ctrl-C. To see an attack stopped and undone, run `garde drill` in a second terminal meanwhile.

    Example: garde up /srv/share
    """
    from garde.cli import places
    from garde.cli.notes import Notes, only_one, write_notes
    from garde.cli.watch import check_trees
    from garde.settings import load

    load(settings)  # a wrong file is said before anything is made
    screen, var = Screen(as_json), places.var()
    trees = check_trees(paths) if paths else []
    with ExitStack() as stack:
        stack.enter_context(only_one(var))
        asked = stack.enter_context(_signals())
        place = places.make_state(state or places.default_state())
        trees = trees or [stack.enter_context(_sample(var, screen))]
        options = [
            *(["--no-restore"] if no_restore else []),
            *(["--settings", str(settings.resolve())] if settings else []),
        ]
        agent = stack.enter_context(_agent([*trees], place, "--observe" if observe else "--enforce", options))
        asked.append(agent)
        page = stack.enter_context(_page(place, agent, port))
        write_notes(var, Notes(str(trees[0]), str(place), page, os.getpid()))
        _greet(screen, trees, place, page, sample=not paths)
        _pass_on(agent, screen)
        return 0 if asked.ended else agent.wait(_END_S)


class _Asked(list["subprocess.Popen[bytes]"]):
    """The children to end when a signal comes, and whether one came."""

    ended = False

    def end(self, *_: object) -> None:
        """Pass the signal on; a second one no longer waits."""
        for child in self:
            child.kill() if self.ended else child.terminate()
        self.ended = True
        if not self:
            raise KeyboardInterrupt  # nothing runs yet: leave from where we are


@contextmanager
def _signals() -> Iterator[_Asked]:
    asked = _Asked()
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, asked.end) for number in wanted]
    try:
        yield asked
    finally:
        for number, handler in zip(wanted, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def _sample(var: Path, screen: Screen) -> Iterator[Path]:
    from garde.cli.share import sample_share

    with sample_share(var, screen.line) as share:
        yield share.resolve()


@contextmanager
def _agent(trees: list[Path], state: Path, mode: str, options: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start `garde watch` as a child in a session of its own (Ctrl-C reaches it through us), and end it on leaving."""
    isolated = ["-I"] if sys.flags.isolated else []
    words = ["watch", "--json", "--state", str(state), "--parent", str(os.getpid()), mode, *options]
    command = [sys.executable, *isolated, "-m", "garde.cli", *words, "--", *(str(tree) for tree in trees)]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(_END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout:
            child.stdout.close()


@contextmanager
def _page(state: Path, agent: subprocess.Popen[bytes], port: int) -> Iterator[str]:
    from garde.cli.page.server import serve

    with serve(state, lambda: agent.poll() is None, port, lambda: _errands(state)) as address:
        yield address


def _errands(state: Path) -> dict[str, Any]:
    """How the agent's errands stand, in its own words; nothing where it does not answer at once."""
    from garde.cli.control import ask
    from garde.errors import GardeError

    try:
        found = ask(state, "status", patience=_ANSWER_S).get("errands")
    except GardeError:
        return {}
    return found if isinstance(found, dict) else {}


def _greet(screen: Screen, trees: list[Path], state: Path, page: str, *, sample: bool) -> None:
    from garde.journal.text import plain

    screen.data(
        {
            "kind": "up",
            "share": str(trees[0]),
            "trees": [str(tree) for tree in trees],
            "state": str(state),
            "page": page,
        }
    )
    for tree in trees:
        screen.line(f"Guarding     {plain(str(tree))}", "title")
    screen.line(f"Status page  {page}", "title")
    if sample:
        screen.line("Try it       garde drill   (in a second terminal)", "title")
    screen.line("End it with Ctrl-C.", "dim")


def _pass_on(agent: subprocess.Popen[bytes], screen: Screen) -> None:
    """Show the child's events until it ends."""
    show = _shower(screen)
    assert agent.stdout is not None
    for raw in agent.stdout:
        try:
            event = json.loads(raw)
        except ValueError:
            continue  # not an event: whatever it is, it is no line for people either
        if isinstance(event, dict):
            show(event)


def _shower(screen: Screen) -> Callable[[dict[str, Any]], None]:
    if screen.as_json:
        return screen.data
    from garde.cli.events import Calm

    calm = Calm(screen.line)

    def show(event: dict[str, Any]) -> None:
        if event.get("kind") != "error" or "at" in event:  # an error that ended it has said its line on standard error
            calm(event)

    return show
