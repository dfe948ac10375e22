"""From the nouns that the programs speak of to what the journal keeps of them.

Comes in: `Actor`, `Finding`, `Verdict`. Goes out: the payloads and their parts. Pure.
"""

from __future__ import annotations

from garde.journal.kinds import ActorNote, FileDamage, FindingMade, ProcessNote, VerdictReached
from garde.journal.text import Text
from garde.model.actor import Actor
from garde.model.finding import Finding, Verdict

CHAIN = 8  # parents kept of an actor; the rest is the same few system processes


def actor_note(actor: Actor) -> ActorNote:
    """Return what the journal keeps of an actor."""
    process, smb = actor.process, actor.smb
    return ActorNote(
        kind=str(actor.kind),
        pid=actor.pid,
        name=Text(process.comm if process else ""),
        exe=Text(process.exe if process else ""),
        user=Text(actor.user),
        address=smb.address if smb else "",
        users=tuple(Text(user) for user in smb.users) if smb else (),
        shares=tuple(Text(share) for share in smb.shares) if smb else (),
        chain=tuple(ProcessNote(each.pid, Text(each.comm)) for each in actor.chain[:CHAIN]),
    )


def file_damage(finding: Finding) -> FileDamage:
    """Return what the journal keeps of one file's damage."""
    return FileDamage(
        path=Text(finding.path),
        path_after=Text(finding.path_after),
        at=finding.at,
        proofs=tuple(sorted(finding.proofs)),
        kind_before=finding.kind_before,
        kind_after=finding.kind_after,
        changed=finding.changed,
        provisional=finding.provisional,
        detail=Text(finding.detail),
    )


def finding_made(finding: Finding, verdict: str = "") -> FindingMade:
    """Return the payload for one finding, with the id of the verdict it belongs to."""
    return FindingMade(file_damage(finding), actor_note(finding.actor), verdict)


def verdict_reached(verdict: Verdict) -> VerdictReached:
    """Return the payload for a verdict."""
    return VerdictReached(
        verdict=verdict.id,
        level=verdict.level,
        key=Text(verdict.key),
        score=round(verdict.score, 3),
        bound=round(verdict.bound, 3),
        files=tuple(file_damage(finding) for finding in verdict.findings),
        actors=tuple(actor_note(actor) for actor in verdict.actors),
    )
