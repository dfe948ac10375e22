"""What goes on for a while, as lanes of the picture: the attack, cuts, the plan, ways in, services, the way back.

Comes in: a `Teller`. Goes out: `Lane`s, the ones that concern care last but one, so that they stand over the way back.
What has not ended reaches until now.
"""

from __future__ import annotations

from typing import Final

from garde.emergency.memory import OPEN
from garde.hub.final.parts import BAD, GOOD, NOTE, WARN, Bar, Lane
from garde.hub.final.services import TONES, by_service
from garde.hub.final.teller import Teller
from garde.journal import hub_kinds as h
from garde.journal import plan_kinds as p
from garde.journal import recovery_kinds as r
from garde.model.restart import Stage

SERVICES: Final = 8  # lanes of services: those that were out longest
_QUIET_S: Final = 600.0
_ENDED: Final = ("undone", "failed")


def lanes(t: Teller) -> tuple[Lane, ...]:
    """Return them, from top to bottom; none that would be empty."""
    services = [
        Lane(
            t.service(service),
            tuple(Bar(each.since, each.until or t.now, TONES.get(each.state, WARN)) for each in spans),
        )
        for service, spans in list(by_service(t).items())[:SERVICES]
    ]
    found = [_attack(t), _cuts(t), _plan(t), *_paths(t), *services, _back(t)]
    return tuple(each for each in found if each.bars)


def _attack(t: Teller) -> Lane:
    """One bar for each burst: harm after so long a quiet is another one."""
    times = sorted({t.begin, max(t.story.last_harm, t.begin), *(each.at for each in t.ours(h.HarmJoined))})
    bursts: list[list[float]] = []
    for at in times:
        if bursts and at - bursts[-1][-1] <= _QUIET_S:
            bursts[-1].append(at)
        else:
            bursts.append([at])
    return Lane(t.say("Files under attack"), tuple(Bar(each[0], each[-1], BAD) for each in bursts))


def _cuts(t: Teller) -> Lane:
    """From the first cut that held until the last of them is over."""
    ours = {each.id for each in t.cuts}
    begun: dict[str, float] = {}
    bars = []
    for change in t.ours(h.CutChanged):
        cut, state = change.said.cut, change.said.state
        if cut in ours and state == "proven":
            begun.setdefault(cut, change.at)
        if cut in begun and state in _ENDED:
            bars.append((begun.pop(cut), change.at))
    bars += [(since, t.now) for since in begun.values()]
    return Lane(t.say("Cuts in force, proven"), tuple(Bar(since, until, NOTE) for since, until in _joined(bars)))


def _joined(bars: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those that overlap are one."""
    found: list[tuple[float, float]] = []
    for since, until in sorted(bars):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def _plan(t: Teller) -> Lane:
    ends = {each.said.activation: each.at for each in t.night.all(p.PlanStoodDown)}
    bars = [Bar(each.at, ends.get(each.said.activation, t.now), WARN) for each in t.ours(p.PlanTriggered)]
    return Lane(t.say("Emergency plan in force"), tuple(bars))


def _paths(t: Teller) -> list[Lane]:
    """Ways in that took nobody, or fewer."""
    spans: dict[str, list[Bar]] = {}
    running: dict[str, tuple[float, str]] = {}
    for each in t.night.all(p.DiversionChanged):
        path = each.said.path
        if path in running:
            since, tone = running.pop(path)
            spans.setdefault(path, []).append(Bar(since, each.at, tone))
        if each.said.state != OPEN:
            running[path] = (each.at, BAD if each.said.state == "diverted" else WARN)
    for path, (since, tone) in running.items():
        spans.setdefault(path, []).append(Bar(since, t.now, tone))
    return [
        Lane(t.voice.path(path), tuple(bars)) for path, bars in spans.items() if max(bar.end for bar in bars) >= t.begin
    ]


def _back(t: Teller) -> Lane:
    """From the first server on its way back to the last that is open."""
    steps = t.ours(r.StepMoved)
    opened = [each.at for each in steps if each.said.stage == Stage.OPEN]
    if not steps:
        return Lane(t.say("Servers come back"), ())
    newest = {each.said.machine: each.said.stage for each in steps}
    done = all(stage == Stage.OPEN for stage in newest.values())
    end = opened[-1] if opened and done else t.now
    bars = [Bar(steps[0].at, opened[0] if opened else end, NOTE)]
    if opened:
        bars.append(Bar(opened[0], end, GOOD))
    return Lane(t.say("Servers come back"), tuple(bars))
