"""What became of cuts: asked, applied, proven, undone. The second half of the fold.

Comes in: proposals, decisions, commands and their outcomes. Goes out: changes of `State`, and `standing`: a cut's
three facts as they are. Rules, one test each:

1. An outcome counts where the agent says it that the command went to, or the hub; nobody else's word does.
2. A cut is proven where every machine that was asked has proven it; one that has not, has failed or has refused is
   lacking.
3. A proof that fails, or a machine that lacks it while others hold, makes the cut *not proven*: never done.
4. Where nothing holds and nobody is still to answer, the cut has failed.
5. Ending sessions is help beside a block: that a server has no Samba to end them at takes nothing from the block.
6. A late word counts: what was applied after it ran out of time is applied; a late failure of an older command is
   nothing.
7. A cut is undone when every machine that may hold it says so; by hand (a release code) at every machine counts as
   well.
8. A cut freed by hand at one machine, or rolled back there, is lacking there and not asked again by itself.
9. A proposal already asked for only grows: no address and no machine is taken out of a cut in force but by an undo.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from garde.contain import names
from garde.contain.authority import DECIDERS
from garde.contain.memory import Cut, Part, Said, State
from garde.journal import hub_kinds as h
from garde.journal.entry import Entry, machine_of
from garde.journal.payload import Payload

SAID: Final = 50  # decisions remembered of one cut
HOLDS: Final = frozenset({"applied", "proven", "not_proven"})
NOTHING: Final = frozenset({"refused", "absent"})  # nothing was done there, so nothing is to be undone
LACKING: Final = frozenset({"refused", "failed", "not_proven", "freed"})
WHO_DECIDES: Final = DECIDERS | {"admin"}  # whose word on a cut is heard at all
UNAVAILABLE: Final = "UNAVAILABLE"  # garde.contain.actions.cut.Why: the machine has nothing to do it to
BESIDE: Final = {"block": "kick"}  # a verb that only helps beside the action


class Standing(NamedTuple):
    """A cut's three facts, and its end."""

    state: str  # proposed | asked | applied | proven | not_proven | failed | undoing | undone
    asked: int = 0
    applied: int = 0
    proven: int = 0
    lacking: tuple[str, ...] = ()


def standing(cut: Cut) -> Standing:
    """Return how a cut stands."""
    parts = main_parts(cut)
    if not parts:
        return Standing("undone" if cut.undone else ("asked" if cut.by else "proposed"))
    there = [each for each in parts if each.state != "absent"] or parts
    applied = sum(each.state in HOLDS for each in there)
    proven = sum(each.state == "proven" for each in there)
    lacking = [each.machine for each in there if each.state in LACKING or each.state == "absent"]
    state = _state(cut, there, applied, proven, bool(lacking))
    if state in ("undoing", "undone"):
        lacking = [each.machine for each in cut.parts.values() if each.undo == "failed"]
        applied = sum(each.state in HOLDS and each.undo != "done" for each in there)
        proven = sum(each.state == "proven" and each.undo != "done" for each in there)
    return Standing(state, len(there), applied, proven, tuple(dict.fromkeys(lacking)))


def standing_once_asked(cut: Cut, machines: Iterable[str]) -> Standing:
    """Return how it stands as soon as these machines are asked for it (again)."""
    parts = {key: replace(each) for key, each in cut.parts.items()}
    for machine in machines:
        part = parts.setdefault(f"{machine}|{cut.action}", Part(machine, cut.action, ""))
        part.state = part.state if part.state in HOLDS else "asked"
    return standing(replace(cut, parts=parts))


def main_parts(cut: Cut) -> list[Part]:
    """Return the parts that make the cut, without those that only help."""
    beside = BESIDE.get(cut.action)
    return [each for each in cut.parts.values() if each.verb != beside]


def _state(cut: Cut, there: list[Part], applied: int, proven: int, lacking: bool) -> str:
    open_ = any(each.undo in ("asked", "failed") or is_stray(each) for each in cut.parts.values())
    by_hand = all(each.state == "freed" for each in there)
    pending = any(each.state == "asked" for each in there)
    failing = any(each.state == "not_proven" for each in there) or (lacking and applied > 0)
    rules = (
        ("undone", bool(cut.undone) or (cut.undoing and not open_) or (by_hand and not cut.undoing)),
        ("undoing", cut.undoing),
        ("proven", proven == len(there)),
        ("not_proven", failing),
        ("asked", pending),
        ("applied", applied > 0),
    )
    return next((name for name, holds in rules if holds), "failed")


def is_stray(part: Part) -> bool:
    """It holds, and nobody has asked yet that it be undone."""
    return part.state in HOLDS and not part.undo


# --- proposals and decisions ------------------------------------------------------------------------------------------


def on_proposed(state: State, entry: Entry, payload: h.CutProposed) -> None:
    """A cut is proposed, or once more with another price, other rules or more machines."""
    known = state.cuts.get(payload.cut)
    if known is None:
        known = state.cuts[payload.cut] = _new(state, entry, payload)
        fresh = known.where
    elif known.isolation:
        _change(known, payload)
        return  # asked for by whoever wanted it: see `isolation.py`
    elif known.by:
        grown = set(payload.addresses) - set(known.addresses) or set(map(names.keep, payload.users)) - set(known.users)
        fresh = list(payload.where) if grown else [each for each in payload.where if each not in known.where]
        known.addresses = list(dict.fromkeys([*known.addresses, *payload.addresses]))
        known.users = list(dict.fromkeys([*known.users, *map(names.keep, payload.users)]))
        known.where = list(dict.fromkeys([*known.where, *payload.where]))
    else:
        fresh = list(payload.where)
        _change(known, payload)
    if known.refused or known.undoing or known.undone or known.rejected:
        return
    if not known.by and payload.needs == "automatic":
        known.by = f"authority: {payload.why}"
    if known.by:
        state.news.cut, state.news.ask = known.id, fresh


def _new(state: State, entry: Entry, payload: h.CutProposed) -> Cut:
    before = state.latest(payload.incident, f"{payload.action} {payload.target}")
    cut = Cut(
        payload.cut, payload.incident, payload.action, payload.target, [], [], [], 0, [], [], [], "", "", "", "",
        entry.seq, before.generation + 1 if before else 1,
    )  # fmt: skip
    _change(cut, payload)
    return cut


def _change(cut: Cut, payload: h.CutProposed) -> None:
    cut.addresses, cut.users = list(payload.addresses), [each for each in map(names.keep, payload.users) if each]
    cut.where, cut.rank = list(payload.where), payload.rank
    cut.price, cut.degraded, cut.works = list(payload.price), list(payload.degraded), list(payload.works)
    cut.undo, cut.needs, cut.why, cut.refused = payload.undo, payload.needs, payload.why, payload.refused


def on_decided(state: State, entry: Entry, payload: h.CutDecided) -> None:
    """A person said something; whether they may is for `policy.py` to judge."""
    cut = state.cuts.get(payload.cut)
    if cut is None or payload.role not in WHO_DECIDES:
        return
    incident = state.incidents.get(cut.incident)
    if incident is not None:
        incident.answered = True
    if payload.decision == "approve" and cut.refused:
        return  # nothing that anybody could approve
    cut.said = [*cut.said, Said(entry.seq, payload.decision, payload.by, payload.role)][-SAID:]
    state.news.cut = cut.id


def on_changed(state: State, entry: Entry, payload: h.CutChanged) -> None:
    """What the hub published: that a cut is asked for, or is to be undone. The rest is told by outcomes."""
    cut = state.cuts.get(payload.cut)
    if cut is None:
        return
    if not cut.by:
        cut.by = payload.by
    if payload.state == "undoing":
        cut.undoing = True
    if payload.state == "undone" and not cut.undone:
        cut.undone = entry.seq
        state.news.look = [cut.incident]


def on_machine_cut(state: State, entry: Entry, payload: h.MachineCut) -> None:
    """It was said that this cut holds."""
    if cut := state.cuts.get(payload.cut):
        cut.announced.append(payload.machine)


def on_machine_freed(state: State, entry: Entry, payload: h.MachineFreed) -> None:
    """It was said that this cut holds no more."""
    if cut := state.cuts.get(payload.cut):
        cut.announced = [each for each in cut.announced if each != payload.machine]


# --- commands ---------------------------------------------------------------------------------------------------------


def on_order_asked(state: State, entry: Entry, payload: h.OrderAsked) -> None:
    """An order is on its way."""
    cut = state.cuts.get(payload.cut)
    if cut is None:
        return
    if payload.verb != "undo":
        _ask(state, cut, payload.machine, payload.verb, payload.command)
        return
    for part in cut.parts.values():
        if part.machine == payload.machine and part.undo != "done":
            part.undo, part.undo_command, part.late = "asked", payload.command, False
            state.commands[payload.command] = [cut.id, _key(part)]


def on_port_asked(state: State, entry: Entry, payload: h.PortAsked) -> None:
    """A switch port is to be shut, or opened."""
    cut = state.cuts.get(payload.cut)
    if cut is None:
        return
    if not payload.up:
        cut.shut = [payload.machine, payload.switch, payload.port]
        _ask(state, cut, payload.switch, "port", payload.command)
    elif part := cut.parts.get(f"{payload.switch}|port"):
        part.undo, part.undo_command = "asked", payload.command
        state.commands[payload.command] = [cut.id, _key(part)]


def _ask(state: State, cut: Cut, machine: str, verb: str, command: str) -> None:
    part = cut.parts.get(f"{machine}|{verb}")
    if part is None:
        part = cut.parts[f"{machine}|{verb}"] = Part(machine, verb, command)
    part.command, part.late = command, False
    if part.state not in HOLDS:
        part.state = "asked"
    state.commands[command] = [cut.id, _key(part)]


# --- outcomes ---------------------------------------------------------------------------------------------------------


def on_applied(state: State, entry: Entry, payload: h.OrderApplied) -> None:
    """An agent carried it out."""
    _done(state, entry, payload.command)


def on_done(state: State, entry: Entry, payload: h.CommandDone) -> None:
    """The hub carried it out itself."""
    _done(state, entry, payload.command)


def _done(state: State, entry: Entry, command: str) -> None:
    found = _find(state, entry, command)
    if found is None:
        return
    cut, parts, undo = found
    before = standing(cut)
    for part in parts:
        if undo:
            part.undo = "done"
        elif part.state not in HOLDS:
            part.state, part.late = "applied", False
    _tell(state, entry, cut, before)


def on_refused(state: State, entry: Entry, payload: h.OrderRefused) -> None:
    """An agent did not carry it out."""
    found = _find(state, entry, payload.command)
    if found is None:
        return
    cut, parts, undo = found
    before = standing(cut)
    hit = _hit(state, cut)
    for part in parts:
        if undo:
            part.undo = "failed"
        elif part.state not in HOLDS and payload.command == part.command:
            nothing_there = payload.code == UNAVAILABLE and part.machine not in hit
            part.state = "absent" if nothing_there and cut.action in ("account", "read_only", "kick") else "refused"
    _tell(state, entry, cut, before)


def on_failed(state: State, entry: Entry, payload: h.CommandFailed) -> None:
    """It could not be done, or nobody fetched it in time."""
    found = _find(state, entry, payload.command)
    if found is None:
        return
    cut, parts, undo = found
    before = standing(cut)
    for part in parts:
        if undo and payload.command == part.undo_command and part.undo != "done":
            part.undo, part.late = "failed", True
        elif not undo and part.state not in HOLDS and payload.command == part.command:
            part.state, part.late = "failed", True
    _tell(state, entry, cut, before)


def on_tried(state: State, entry: Entry, payload: h.CutTried) -> None:
    """It was tried from where it was applied."""
    found = _find(state, entry, payload.command)
    if found is None or found[2]:
        return
    cut, (part,), _ = found
    before = standing(cut)
    part.state, part.late = "proven" if payload.proven else "not_proven", False
    _tell(state, entry, cut, before)


def on_undone(state: State, entry: Entry, payload: h.CutUndone) -> None:
    """It is undone at one machine: as asked, by a release code, or because the hub was lost while it was applied."""
    cut = state.cuts.get(payload.cut)
    machine = machine_of(entry)
    if cut is None or not machine:
        _done(state, entry, payload.command)
        return
    before = standing(cut)
    for part in cut.parts.values():
        if part.machine != machine:
            continue
        if part.undo or cut.undoing:
            part.undo = "done"
        elif payload.by == "apply window":
            part.state, part.late = "failed", False
        else:
            part.state = "freed"
    _tell(state, entry, cut, before)


def _find(state: State, entry: Entry, command: str) -> tuple[Cut, list[Part], bool] | None:
    """Return the cut, the parts that a command is about and whether it undoes; None where it is not this party's."""
    place = state.commands.get(command)
    cut = state.cuts.get(place[0]) if place else None
    if place is None or cut is None:
        return None
    part = cut.parts[place[1]]
    if machine_of(entry) not in ("", part.machine):
        return None
    undoes = [each for each in cut.parts.values() if each.undo_command == command]
    return (cut, undoes, True) if undoes else (cut, [part], False)


def _hit(state: State, cut: Cut) -> set[str]:
    incident = state.incidents.get(cut.incident)
    return {each.server for each in incident.traces.values()} if incident else set()


def _tell(state: State, entry: Entry, cut: Cut, before: Standing) -> None:
    """Note for `decide` what this entry changed."""
    after = standing(cut)
    if after.applied and not cut.applied_at:
        cut.applied_at = entry.at
    if after == before:
        return
    state.news.cut = cut.id
    state.news.came = before.applied == 0 < after.applied
    state.news.gone = after.applied == 0 < before.applied


def _key(part: Part) -> str:
    return f"{part.machine}|{part.verb}"


def is_outcome(payload: Payload) -> bool:
    """Whether an entry may tell what became of a command."""
    return isinstance(
        payload, (h.OrderApplied, h.OrderRefused, h.CutTried, h.CutUndone, h.CommandDone, h.CommandFailed)
    )
