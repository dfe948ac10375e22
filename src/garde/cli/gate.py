"""`garde gate`: the gate's machine checks by hand, on the machine itself, without a hub.

Comes in: an action, a root directory. Goes out: `baseline` writes down what a sound machine looks like and says its
digest; `sweep` asks every check and says what speaks against a return; `look` says which TCP ports of an address answer
from here. It changes nothing on the machine and opens nothing.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from garde.cli.options import Json, LabClock, State

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.recovery.checks.base import Given, Said
    from garde.recovery.checks.config import GateSettings

Action = Annotated[Literal["baseline", "sweep", "look"], Parameter(name="ACTION", help="What to do.")]
Address = Annotated[tuple[str, ...], Parameter(name="ADDRESS", help="look: addresses of one machine, IPv4 or IPv6.")]
Root = Annotated[
    Path | None, Parameter(name="--root", help="Root directory. Default: gate.toml's, else this machine's.")
]
Kept = Annotated[
    Path | None,
    Parameter(name="--baseline", help="File of the baseline. Default: baseline.json in the state directory."),
]
Believe = Annotated[
    str, Parameter(name="--believe", help="sweep: the digest that `baseline` said; another baseline is refused.")
]
Only = Annotated[
    tuple[str, ...],
    Parameter(name="--check", negative=(), help="sweep: only this check; may be given several times."),
]
Live = Annotated[
    bool | None,
    Parameter(
        name="--live", negative="--no-live", help="Whether the root is the running machine's. Default: if it is /."
    ),
]
Ports = Annotated[str, Parameter(name="--ports", help="look: ports and ranges, as 22,445,8000-8100.")]
_ANSWERS = {"yes": "good", "no": "bad", "unknown": "warn"}


def gate(
    action: Action,
    address: Address = (),
    /,
    *,
    state: State = None,
    root: Root = None,
    baseline: Kept = None,
    believe: Believe = "",
    check: Only = (),
    live: Live = None,
    ports: Ports = "1-1024",
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Ask what a server must show before it returns: compare it with a sound day, sweep it, look at it from outside.

    Example: garde gate sweep --check baseline --check traces
    """
    from garde.cli.options import clock_of
    from garde.cli.places import find_state
    from garde.cli.screen import Screen
    from garde.recovery.checks.config import BASELINE, given

    screen = Screen(as_json)
    if action == "look":
        return _look(screen, address, ports)
    place = find_state(state)
    settings, now = _settings(place, root, live), clock_of(lab_clock).now()
    kept = baseline or place / BASELINE
    if action == "baseline":
        return _baseline(screen, given(settings, now=now), kept)
    _check_names(check)
    asked = given(settings, now=now, baseline=kept, believed=believe, **_of_agent(place))
    return _sweep(screen, asked, check)


def _settings(state: Path, root: Path | None, live: bool | None) -> GateSettings:
    """What gate.toml says, and what the command line says of the machine in its place."""
    from garde.recovery.checks.config import read_gate

    settings = read_gate(state)
    if root is not None:
        settings = replace(settings, root=str(root.absolute()), live=None)
    if live is not None:
        settings = replace(settings, live=live)
    _check_root(Path(settings.root))
    return settings


def _check_root(place: Path) -> None:
    from garde.errors import UsageError

    if not place.is_dir():
        raise UsageError(f"{place} is no directory", "name a root directory with --root")


def _baseline(screen: Screen, asked: Given, kept: Path) -> int:
    from garde.clock import SystemClock
    from garde.errors import NotPermitted
    from garde.recovery.checks import store
    from garde.recovery.checks.machine import Machine

    clock = SystemClock()
    begun = clock.monotonic()
    taken = Machine(asked).now
    try:
        digest = store.write(taken, kept)
    except OSError as error:
        raise NotPermitted(f"{kept}: {error.strerror}", "name another file with --baseline") from error
    seconds, parts = clock.monotonic() - begun, {name: len(found) for name, found in taken.parts.items()}
    screen.data({
        "kind": "baseline", "sha256": digest, "items": taken.items, "parts": parts, "seconds": round(seconds, 3),
        "skipped": list(taken.skipped), "file": str(kept),
    })  # fmt: skip
    screen.line(f"{taken.items} items written down in {seconds:.1f} s: {_shown(str(kept))}", "good")
    for line in taken.skipped[:20]:
        screen.line(f"  not read: {_shown(line)}", "warn")
    screen.line(f"digest: {digest}")
    screen.line("Keep the digest apart from this machine: it is what a later sweep is held against.", "dim")
    return 0


def _check_names(names: tuple[str, ...]) -> None:
    from garde.errors import UsageError
    from garde.recovery.checks.sweep import CHECKS

    if wrong := [name for name in names if name not in {each.name for each in CHECKS}]:
        raise UsageError(f"no check is called {wrong[0]}", f"there are {', '.join(each.name for each in CHECKS)}")


def _sweep(screen: Screen, asked: Given, names: tuple[str, ...]) -> int:
    from garde.errors import Incomplete
    from garde.recovery.checks.sweep import CHECKS, sweep

    swept = sweep(asked, [each for each in CHECKS if not names or each.name in names])
    for each in swept.said:
        _show(screen, each)
    screen.data({"kind": "swept", "baseline": swept.baseline,
                 "answers": {answer.item: answer.answer for answer in swept.answers}})  # fmt: skip
    open_ = [each.check for each in swept.said if each.answer != "yes"]
    if open_:
        words = f"{len(open_)} of {len(swept.said)} checks do not say yes: {', '.join(open_)}"
        raise Incomplete(words, "see the lines above")
    return 0


def _show(screen: Screen, said: Said) -> None:
    screen.data({
        "kind": "check", "check": said.check, "item": said.item, "answer": said.answer,
        "found": list(said.found), "more": said.more, "noted": list(said.noted),
    })  # fmt: skip
    screen.line(f"{said.answer:8} {said.check}", _ANSWERS[said.answer])
    for line in said.found:
        screen.line(f"         {_shown(line)}", _ANSWERS[said.answer])
    if said.more:
        screen.line(f"         and {said.more} more", _ANSWERS[said.answer])
    for line in said.noted:
        screen.line(f"         {_shown(line)}", "dim")


def _of_agent(state: Path) -> dict[str, Any]:
    """What a running agent says of itself: its mode, and where its bait should stand."""
    from garde.cli.control import ask
    from garde.errors import GardeError
    from garde.recovery.checks.base import Canary
    from garde.watch.bait import expected

    try:
        status = ask(state, "status")
    except GardeError:
        return {}
    trees = [os.fsencode(str(tree)) for tree in status.get("trees", ())]
    return {
        "mode_asked": str(status.get("asked", "")), "mode_in_force": str(status.get("mode", "")),
        "bait": tuple(Canary(*each) for tree in trees for each in expected(tree)),
    }  # fmt: skip


def _look(screen: Screen, addresses: tuple[str, ...], ports: str) -> int:
    from garde.errors import UsageError
    from garde.recovery.checks.look import look

    if not addresses:
        raise UsageError("look needs an address", "garde gate look 10.20.1.10 --ports 22,445")
    try:
        seen = look(addresses, parse_ports(ports))
    except ValueError as error:
        raise UsageError(str(error), "addresses in figures, ports from 1 to 65535") from error
    screen.data({
        "kind": "looked", "answering": list(seen.answering), "refused": list(seen.refused),
        "tried": seen.tried, "detail": seen.detail,
    })  # fmt: skip
    shown = ", ".join(map(str, seen.answering)) or "none"
    screen.line(f"of {seen.tried} tried, these answer: {shown}; {len(seen.refused)} refuse, the others are silent")
    if seen.detail:
        screen.line(seen.detail, "warn")
    return 0


def parse_ports(text: str) -> list[int]:
    """Read `22,445,8000-8100`; ValueError for what is none."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.strip().isdecimal() or (dash and not last.strip().isdecimal()):
            raise ValueError(f"{part!r} is no port")
        low, high = int(first), int(last or first)
        if not 0 < low <= high < 65536:
            raise ValueError(f"{part!r} is no range of ports")
        found += range(low, high + 1)
    return found


def _shown(text: str) -> str:
    from garde.journal.text import plain

    return plain(text)
