"""What was lost: files, and what has to be entered again.

Comes in: a `Teller`. Goes out: `Lost`, numbers, and their chapter. Files are counted as the agents told them; what no
agent said is counted apart, as not known.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.hub.final.night import Noted
from garde.hub.final.parts import BAD, GOOD, WARN, Row, Section
from garde.hub.final.teller import Teller
from garde.journal import kinds as k
from garde.journal import recovery_kinds as r
from garde.journal.paper_kinds import ReenterSaid
from garde.journal.speech import Said


@dataclass(frozen=True, slots=True)
class Lost:
    """Files, by what became of them."""

    reached: int  # damaged or deleted
    restored: int
    unchanged: int  # were as before already when they were to be put back
    failed: int
    servers: int

    @property
    def open(self) -> int:
        """Files of which nobody has said what became of them."""
        return max(self.reached - self.restored - self.unchanged - self.failed, 0)

    @property
    def none(self) -> bool:
        """Whether every file is known to be there again."""
        return self.failed == 0 and self.open == 0


def lost(t: Teller) -> Lost:
    """Return the numbers of the incident."""
    servers = t.story.servers.values()
    spread = t.incident.spread["files"] if t.incident.spread else 0
    reached = max(spread, sum(each.touched for each in servers))
    restored = min(sum(each.restored for each in servers), reached)
    unchanged = sum(each.said.unchanged for each in t.ours_by_verdict(k.RestoreFinished))
    failed = sum(each.failed for each in servers)
    return Lost(reached, restored, unchanged, failed, sum(bool(each.touched) for each in servers))


def again(t: Teller) -> list[Noted[ReenterSaid]]:
    """Return what has to be entered again, the newest word for each service or server."""
    newest = {each.said.subject: each for each in t.ours(ReenterSaid)}
    return [each for each in newest.values() if each.said.after]


def chapter(t: Teller) -> Section:
    """Return the chapter."""
    say, found, keyed = t.say, lost(t), again(t)
    rows = [*_servers(t), *(_again(each, t) for each in keyed), *_points(t)]
    if found.none and not keyed:
        lead, tone = say("Nothing, as far as it is known."), GOOD
        if found.reached:
            lead = say.many(
                "Nothing: the {n} file that was reached is as it was before.",
                "Nothing: the {n} files that were reached are as they were before.",
                found.reached,
            )
    elif found.failed:
        lead, tone = say.many("{n} file could not be put back.", "{n} files could not be put back.", found.failed), BAD
    elif found.open:
        lead, tone = (
            say.many(
                "Of {n} file nobody has said yet what became of it.",
                "Of {n} files nobody has said yet what became of them.",
                found.open,
            ),
            WARN,
        )
    else:
        lead, tone = say("No file; some data have to be entered again."), WARN
    return Section(
        "lost", say("What was lost?"), lead, tone, (say("Where"), say("What"), say("What became of it")), tuple(rows)
    )


def _servers(t: Teller) -> list[Row]:
    found = []
    for name, server in t.story.servers.items():
        if not server.touched:
            continue
        done = t.say.many("{n} put back", "{n} put back", server.restored)
        if server.failed:
            done = t.say.many("{done}, {n} NOT", "{done}, {n} NOT", server.failed, done=done)
        files = t.say.many("{n} file reached", "{n} files reached", server.touched)
        found.append(Row((t.machine(name), files, done), BAD if server.failed else GOOD))
    return found


def _again(noted: Noted[ReenterSaid], t: Teller) -> Row:
    subject = noted.said.subject
    name = t.service(subject) if subject in t.look.services else t.machine(subject)
    what = t.say("data after {time}", time=t.full(noted.said.after))
    return Row((name, what, t.say("to be entered again from paper")), WARN, (noted.seq,))


def _points(t: Teller) -> list[Row]:
    """Data that came from a restore point."""
    taken = {(each.said.store, each.said.point): each.said.taken_at for each in t.ours(r.PointJudged)}
    placed = {each.who: each for each in t.ours(r.PointRestored) if each.said.where == "place" and each.said.verified}
    rows = []
    for machine, each in placed.items():
        at = taken.get((each.said.store, each.said.point), each.said.restored_to)
        of = t.say("its data are those of {time}", time=t.full(at)) if at else Said("–")
        rows.append(Row((t.machine(machine), of, t.say("brought back and verified")), GOOD, (each.seq,)))
    return rows
