"""The first hour of a hub: what is done, what comes next. From an empty hospital to a drill that was stopped.

Comes in: the estate in force, the agents, the accounts, the incidents with their stories. Goes out: `Step`s in their
order. It asks nothing that the hub does not know already, so a step is done whichever way somebody did it. Rules:

1. The hospital is described once there is a machine besides the hub.
2. An agent is there once one is alive.
3. Two people can sign in, or more: nobody is on call alone.
4. The drill is done once an incident has files that were put back.
5. The first step that is not done is the one to do now. Services may be added later: they are asked for, not waited
   for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from garde.estate.look import Lookup
from garde.estate.nouns import Machine
from garde.hub.console.views.story import Story
from garde.hub.deps import Account
from garde.hub.liveness import Agent

HOSPITAL, AGENT, DRILL, PEOPLE = "hospital", "agent", "drill", "people"
ORDER = (HOSPITAL, AGENT, DRILL, PEOPLE)


@dataclass(frozen=True, slots=True)
class Step:
    """One step."""

    name: str
    state: str  # done | now | later


@dataclass(frozen=True, slots=True)
class Drill:
    """How the newest harm went, whoever did it."""

    incident: str
    touched: int
    held: int
    restored: int


def steps(look: Lookup, agents: Iterable[Agent], accounts: Iterable[Account], drill: Drill | None) -> list[Step]:
    """Return the steps."""
    done = {
        HOSPITAL: any(each.role != "hub" for each in look.estate.machines),
        AGENT: any(agent.state == "alive" for agent in agents),
        DRILL: drill is not None and drill.restored > 0,
        PEOPLE: sum(not each.shut for each in accounts) > 1,
    }
    first = next((name for name in ORDER if not done[name]), "")
    return [Step(name, "done" if done[name] else "now" if name == first else "later") for name in ORDER]


def newest(stories: Iterable[tuple[str, Story]]) -> Drill | None:
    """Return how the newest incident went; None where there was none."""
    found = max(stories, key=lambda each: each[1].last_harm, default=None)
    if found is None:
        return None
    name, servers = found[0], found[1].servers.values()
    return Drill(
        name, sum(each.touched for each in servers), sum(each.held for each in servers),
        sum(each.restored for each in servers),
    )  # fmt: skip


def candidates(look: Lookup, agents: Sequence[Agent]) -> list[Machine]:
    """Return the machines that could carry the first agent: those meant to, then servers, then the others."""
    there = {agent.machine for agent in agents if agent.state in ("alive", "silent")}
    able = [each for each in look.estate.machines if each.role not in ("hub", "switch", "printer", "modality")]
    return sorted(
        (each for each in able if each.id not in there), key=lambda each: (not each.agent, each.role != "server")
    )
