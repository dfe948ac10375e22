"""`garde point`: the restore points of this machine by hand, without a hub.

Comes in: an action, a store, a point. Goes out: `list` names the points, `judge` says what each is worth, `freeze` lets
nobody shorten retention and proves it, `thaw` undoes that, `restore` brings a point to a scratch place and verifies it,
and with `--place` puts it in place; what stood there is kept. It deletes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from garde.cli.options import Json, LabClock, State

if TYPE_CHECKING:
    from pathlib import Path

    from garde.cli.screen import Screen
    from garde.clock import Clock
    from garde.errors import GardeError
    from garde.recovery.points.base import Point, Store, StoreFault

Action = Annotated[Literal["list", "judge", "freeze", "thaw", "restore"], Parameter(name="ACTION", help="What to do.")]
StoreName = Annotated[str, Parameter(name="STORE", help="Id of a store in stores.toml. Default: all of them.")]
PointName = Annotated[str, Parameter(name="POINT", help="Id of a point, as `list` says it. judge: only this one.")]
Since = Annotated[
    str, Parameter(name="--since", help="judge: the first hostile write, as 2026-03-11T03:00 (local) or with a zone.")
]
Place = Annotated[
    bool, Parameter(name="--place", negative=(), help="restore: then put it in place; what stands there is kept.")
]
_TONES = {"green": "good", "amber": "warn", "red": "bad", "grey": "note"}


def point(
    action: Action,
    store: StoreName = "",
    point: PointName = "",
    /,
    *,
    since: Since = "",
    place: Place = False,
    state: State = None,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """List this machine's restore points, judge them, freeze their retention, bring one back.

    Example: garde point judge files1-restic --since 2026-03-11T03:00
    """
    from garde.cli.options import clock_of
    from garde.cli.places import find_state
    from garde.cli.screen import Screen
    from garde.errors import UsageError

    screen, clock = Screen(as_json), clock_of(lab_clock)
    if action in {"restore", "thaw"} and not store:
        raise UsageError(f"which store is to be {action}d?", "garde point list names them")
    if action == "restore" and not point:
        raise UsageError("which point?", f"garde point list {store}")
    if point and not store:
        raise UsageError("a point is named with its store", "garde point list")
    with _faults():
        stores = _open(find_state(state), store, clock)
        match action:
            case "list":
                return _list(screen, stores)
            case "judge":
                return _judge(screen, stores, point, moment(since), clock)
            case "freeze":
                return _freeze(screen, stores)
            case "thaw":
                return _thaw(screen, stores[0])
            case "restore":
                return _restore(screen, stores[0], point, in_place=place)


@contextmanager
def _faults() -> Iterator[None]:
    """A store's fault as an error for people."""
    from garde.recovery.points.base import StoreFault

    try:
        yield
    except StoreFault as fault:
        raise _error(fault) from fault


def _error(fault: StoreFault) -> GardeError:
    from garde.errors import Incomplete, NotFound, NotPermitted, Refused
    from garde.recovery.points.base import Fault

    kind: type[GardeError] = {
        Fault.ABSENT: NotFound,
        Fault.TOOL: NotPermitted,
        Fault.CANNOT: NotPermitted,
        Fault.WRONG_KEY: Refused,
        Fault.REFUSED: Refused,
        Fault.LOCKED: Refused,
    }.get(fault.fault, Incomplete)
    todo = {
        Fault.ABSENT: "see `garde point list`",
        Fault.TOOL: "install it",
        Fault.WRONG_KEY: "correct password_file in stores.toml",
        Fault.NO_SPACE: "make room, then ask again",
        Fault.LOCKED: "wait for it, or end it",
    }
    return kind(fault.detail, todo.get(fault.fault, "nothing was put in place"))


def _open(state: Path, name: str, clock: Clock) -> tuple[Store, ...]:
    from garde.errors import NotFound
    from garde.recovery.points.table import find_store, open_stores

    found = (find_store(state, name, clock),) if name else open_stores(state, clock)
    if not found:
        raise NotFound(f"{state / 'stores.toml'} names no store", "docs/recovery.md shows such a file")
    return found


def moment(text: str) -> float:
    """Wall seconds; 0 where nothing was said."""
    from datetime import datetime

    from garde.errors import UsageError

    if not text:
        return 0.0
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError as error:
        raise UsageError(f"{text!r} is no time", "write it as 2026-03-11T03:00") from error


def _list(screen: Screen, stores: tuple[Store, ...]) -> int:
    from garde.clock import iso
    from garde.journal.text import plain

    for store in stores:
        note, frozen = store.note(), store.is_frozen()
        screen.data({"kind": "store", "store": note.store, "sort": note.sort, "covers": note.covers, "frozen": frozen})
        state = "retention frozen" if frozen else "retention goes on"
        screen.line(f"{note.store}: {note.sort}, data of {note.covers}, {state}", "title")
        for each in store.points():
            fields = {"store": note.store, "point": each.id, "taken_at": iso(each.taken_at), "label": each.label}
            screen.data({"kind": "point", **fields, "until": iso(each.until) if each.until else ""})
            until = f" … every moment to {iso(each.until)}" if each.until else ""
            screen.line(f"  {iso(each.taken_at)}{until}  {plain(each.id)}  {plain(each.label)}")
    return 0


def _judge(screen: Screen, stores: tuple[Store, ...], only: str, since: float, clock: Clock) -> int:
    from garde.journal.recovery_kinds import PointJudged
    from garde.recovery.judging import Judging

    if not since:
        screen.line("No time of the first hostile write was given (--since): no point can be green", "warn")
    for store in stores:
        for said in Judging(store, since=since, clock=clock).run("", only):
            if isinstance(said, PointJudged):
                _show_judged(screen, said)
                continue
            screen.data({"kind": "judged", "store": said.store, "points": said.points, "detail": said.detail,
                         "seconds": round(said.seconds, 3)})  # fmt: skip
            screen.line(f"{said.store}: {said.points} points judged in {said.seconds:.1f} s", "title")
            if said.detail:
                screen.line(f"  {said.detail}", "warn")
    return 0


def _show_judged(screen: Screen, said: Any) -> None:
    from dataclasses import asdict

    from garde.clock import iso

    screen.data({"kind": "point", **asdict(said), "command": None})
    changed = f", {said.changed:,} changed" if said.changed >= 0 else ""
    screen.line(f"{said.colour.upper():6}{iso(said.taken_at)}  {said.point}", _TONES[said.colour])
    screen.line(f"      {said.readable} of {said.looked_at} files looked at can be read{changed}; catalogue "
                f"{said.catalogue.replace('_', ' ')}", "dim")  # fmt: skip
    for reason in said.reasons:
        screen.line(f"      {reason}", "note")
    screen.line(f"      data after {iso(said.enter_after)} must be entered again", "dim")


def _freeze(screen: Screen, stores: tuple[Store, ...]) -> int:
    from garde.errors import Incomplete
    from garde.recovery.points.base import StoreFault

    lacking = []
    for store in stores:
        name = store.settings.id
        try:
            done, proof = store.freeze(), store.prove_frozen()
        except StoreFault as fault:
            screen.data({"kind": "frozen", "store": name, "proven": False, "detail": fault.detail})
            screen.line(f"{name}: NOT frozen — {fault.detail}", "bad")
            lacking.append(name)
            continue
        checks = [{"what": each.what, "wanted": each.wanted, "seen": each.seen} for each in proof.checks]
        detail = "; ".join(filter(None, (done.detail, proof.detail)))
        screen.data({"kind": "frozen", "store": name, "proven": proof.proven, "checks": checks, "detail": detail})
        screen.line(f"{name}: frozen{', proven' if proof.proven else ', NOT PROVEN'} — {detail}",
                    "good" if proof.proven else "bad")  # fmt: skip
        for check in proof.checks:
            fine = check.seen == check.wanted
            screen.line(f"  {check.what}: {'yes' if check.seen else 'no'}", "dim" if fine else "bad")
        lacking += [] if proof.proven else [name]
    if lacking:
        raise Incomplete(f"not frozen and proven: {', '.join(lacking)}", "see above")
    return 0


def _thaw(screen: Screen, store: Store) -> int:
    done = store.thaw()
    screen.data({"kind": "thawed", "store": store.settings.id, "marked": done.marked, "detail": done.detail})
    screen.line(f"{store.settings.id}: retention goes on {f'— {done.detail}' if done.detail else ''}".rstrip())
    return 0


def _restore(screen: Screen, store: Store, name: str, *, in_place: bool) -> int:
    from garde.clock import iso
    from garde.errors import Incomplete

    found = _find(store, name)
    scratch = store.scratch(found)
    done = store.restore(found, scratch)
    screen.data({"kind": "brought", "store": store.settings.id, "point": found.id, "scratch": str(scratch),
                 "files": done.files, "bytes": done.bytes, "failed": done.failed, "seconds": round(done.seconds, 3),
                 "restored_to": iso(done.restored_to)})  # fmt: skip
    screen.line(f"{done.files:,} files, {done.bytes / 1e9:,.2f} GB brought in {done.seconds:.1f} s to {scratch}")
    verified = store.verify(found, scratch)
    screen.data({"kind": "verified", "files": verified.files, "wrong": verified.wrong, "whole": verified.whole,
                 "seconds": round(verified.seconds, 3)})  # fmt: skip
    for each in (*done.skipped, *verified.skipped):
        screen.line(f"  {each.what} — {each.reason}", "bad")
    if done.failed or not verified.whole:
        raise Incomplete(
            f"{done.failed} files did not come, {verified.wrong} are not as the point has them",
            "choose another point; nothing was put in place",
        )
    screen.line(f"verified in {verified.seconds:.1f} s: all {verified.files:,} files are as the point has them", "good")
    if in_place:
        _put(screen, store, found, scratch)
    return 0


def _find(store: Store, name: str) -> Point:
    from garde.errors import NotFound
    from garde.journal.text import plain
    from garde.recovery.points.moment import find_point

    points = store.points()
    # The beginning of an id is enough where it fits one point only, as restic has it.
    alike = [each for each in points if each.id.startswith(name)]
    found = find_point(points, name) or (alike[0] if len(alike) == 1 else None)
    if found is None:
        raise NotFound(f"no point {plain(name)} in {store.settings.id}", f"garde point list {store.settings.id}")
    return found


def _put(screen: Screen, store: Store, found: Point, scratch: Path) -> None:
    import os

    from garde.errors import Incomplete
    from garde.journal.text import plain

    placed = store.place(found, scratch)
    evidence = plain(placed.evidence) if placed.evidence else ""
    screen.data({"kind": "placed", "files": placed.files, "failed": placed.failed, "place": os.fsdecode(placed.place),
                 "evidence": os.fsdecode(placed.evidence), "seconds": round(placed.seconds, 3)})  # fmt: skip
    for each in placed.skipped:
        screen.line(f"  {each.what} — {each.reason}", "bad")
    if placed.failed:
        raise Incomplete(f"{placed.failed} could not be put in place", "ask again: what is done stays done")
    kept = f"; what stood there is kept in {evidence}" if evidence else ""
    screen.line(f"{placed.files:,} files in place{kept}", "good")
