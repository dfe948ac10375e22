"""One entry in one plain sentence.

Comes in: an entry and a speaker (`speech.py`). Goes out: `Line`: when, the sentence, and how it should look. Every
value from outside is escaped by the speaker. It folds nothing: `summary.py` and `explain.py` do. The hub's kinds are in
`hub_words.py`, those of calls, of the plan, of paper, of the way back, of the account and of legal duties in
`oncall_words.py`, `plan_words.py`, `paper_words.py`, `recovery_words.py`, `forensic_words.py` and `legal_words.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.forensic_words import FORENSIC_WRITERS
from garde.journal.hub_words import HUB_WRITERS
from garde.journal.legal_words import LEGAL_WRITERS
from garde.journal.oncall_words import ONCALL_WRITERS
from garde.journal.paper_words import PAPER_WRITERS
from garde.journal.payload import Payload
from garde.journal.plan_words import PLAN_WRITERS
from garde.journal.recovery_words import RECOVERY_WRITERS
from garde.journal.sharing_words import SHARING_WRITERS
from garde.journal.speech import BAD, GOOD, NOTE, WARN, Said, Say, mark
from garde.journal.text import Text

# What each proof means to somebody who has never heard of chi-square.
PROOFS = {
    "type_lost": mark("it is no longer the type of file it was"),
    "text_lost": mark("it was readable text and is not any more"),
    "structure_broken": mark("its own internal checks fail now"),
    "random_change": mark("the changed part is random, as encrypted data is"),
    "still_random": mark("the changed part is random, as it was before"),
    "encoded_cipher": mark("it now holds encoded random data"),
    "cipher_container": mark("it became an encrypted container"),
    "blanked": mark("it was overwritten with one repeated byte"),
    "emptied": mark("it was emptied"),
    "replaced": mark("it was deleted while an unreadable file took its place"),
    "missing": mark("it was deleted"),
    "pooled_random": mark("small changes in several files are random when read together"),
    "note_spread": mark("a file with the same new name appeared in many folders"),
    "bait": mark("it is a bait file that nobody has a reason to touch"),
    "vault_touched": mark("somebody wrote inside the vault of pre-images"),
    "listed": mark("its new name or whoever did it is on a watch list of indicators"),
}
MODES = {
    "enforce": mark("enforcing: an attacker is stopped"),
    "observe": mark("observing: harm is reported, nobody is stopped"),
    "watching only": mark("watching only: this machine does not let Garde see or stop the writer"),
}
LEVELS = {
    "family": mark("one family of files"),
    "tree": mark("one process with its children"),
    "session": mark("one client session"),
    "user": mark("one user"),
    "share": mark("one share"),
    "host": mark("the whole server"),
}


# Reasons that the agent writes word for word: known here so that they are translated.
REASONS = (
    mark("session ended, client blocked"),
    mark("frozen"),
    mark("released by hand"),
    mark("released while no agent was running"),
    mark("the agent ends before the evidence was read again"),
    mark("no process left to hold"),
    mark("asked to stop"),
    mark("read again, the files are sound"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence with its time and its tone."""

    at: float
    text: Said
    tone: str


def line(entry: Entry, say: Say) -> Line:
    """Return the entry in words; one of a newer version is named by its kind."""
    writer = _WRITERS.get(type(entry.payload))
    if writer is None:
        return Line(entry.at, say("An entry of a kind this version does not know: {kind}", kind=entry.kind), NOTE)
    text, tone = writer(entry.payload, say)
    return Line(entry.at, text, tone)


def who(actor: k.ActorNote, say: Say) -> Said:
    """Return the actor in a few words."""
    if actor.kind == "smb":
        return _client(actor, say)
    if actor.kind == "process":
        if actor.user:
            return say(
                "{name} (process {pid}, user {user})", name=actor.name, pid=plain_number(actor.pid), user=actor.user
            )
        return say("{name} (process {pid})", name=actor.name, pid=plain_number(actor.pid))
    if actor.kind == "kernel":
        return say("a file service inside the kernel (not attributable)")
    return say("an unknown writer")


def _client(actor: k.ActorNote, say: Say) -> Said:
    users = _names(actor.users or ((actor.user,) if actor.user else ()), say)
    address = actor.address or say("unknown address")
    if len(actor.users) > 1:
        return say("Samba client {address} (one connection, several users: {users})", address=address, users=users)
    if users:
        return say("Samba client {address} (user {users})", address=address, users=users)
    return say("Samba client {address}", address=address)


def _names(names: tuple[Text, ...], say: Say) -> Said:
    return say.list([say("{name}", name=name) for name in names])


def plain_number(value: int) -> Said:
    """Return a number that is a name (a pid, a port): without thousands separators."""
    return Said(str(value))


def why(damage: k.FileDamage, say: Say) -> Said:
    """Return what is wrong with one file, proof by proof."""
    return Said("; ".join(say.word(PROOFS, proof) for proof in damage.proofs))


def mode(name: str, say: Say) -> Said:
    """Return a mode with what it means."""
    return say.word(MODES, name)


# --- one small function for each kind ---------------------------------------------------------------------------------

_Spoken = tuple[Said, str]


def _started(p: k.AgentStarted, say: Say) -> _Spoken:
    trees = say.many("Began to watch {n} folder", "Began to watch {n} folders", len(p.trees))
    return say("{trees} — {mode} (sensor: {sensor})", trees=trees, mode=mode(p.mode, say), sensor=p.sensor), (
        NOTE if p.mode == p.asked else WARN
    )


def _stopped(p: k.AgentStopped, say: Say) -> _Spoken:
    return say("Stopped watching: {reason}", reason=say.known(p.reason)), WARN


def _mode(p: k.ModeChanged, say: Say) -> _Spoken:
    now = mode(p.mode, say)
    return say(
        "The mode is now {mode} ({reason})", mode=now, reason=say.known(p.reason)
    ), NOTE if p.mode == p.asked else BAD


def _coverage(p: k.CoverageChanged, say: Say) -> _Spoken:
    known = say.many("{n} file known", "{n} files known", p.files)
    text = say(
        "{known}: {judgeable} can be judged, {restorable} can be restored",
        known=known, judgeable=p.judgeable, restorable=p.restorable,
    )  # fmt: skip
    if p.by_backup:
        text = say("{text}, {more} more by the backup {backup}", text=text, more=p.by_backup, backup=p.backup)
    return text, NOTE


def _unseen(p: k.TreesUnseen, say: Say) -> _Spoken:
    trees = say.list([say("{tree} ({reason})", tree=each.what, reason=say.known(each.reason)) for each in p.trees])
    return say("Not watched: {trees}", trees=trees), BAD


def _overflow(p: k.SensorOverflow, say: Say) -> _Spoken:
    if p.rescan:
        return say("More happened than could be followed: the folders are being looked at again"), WARN
    return say("More happened than could be followed"), BAD


def _lagging(p: k.Lagging, say: Say) -> _Spoken:
    if not p.seconds and not p.waiting:
        return say("Judging has caught up"), GOOD
    seconds = say.tenths(p.seconds)
    waiting = say.many("{n} file waits", "{n} files wait", p.waiting)
    return say("Judging is {seconds} s late: {waiting}", seconds=seconds, waiting=waiting), WARN


def _full(p: k.VaultFull, say: Say) -> _Spoken:
    return say("No more pre-images are kept in {store}: {reason}", store=p.store, reason=say.known(p.reason)), BAD


def _error(p: k.ErrorSeen, say: Say) -> _Spoken:
    if p.todo:
        return say("Error in {where}: {message} — {todo}", where=p.where, message=p.message, todo=p.todo), BAD
    return say("Error in {where}: {message}", where=p.where, message=p.message), BAD


def _finding(p: k.FindingMade, say: Say) -> _Spoken:
    return say("{path}: {why}", path=p.file.path, why=why(p.file, say)), WARN


def _mass_delete(p: k.MassDeleteSeen, say: Say) -> _Spoken:
    actor = who(p.actor, say)
    text = say.many("{n} document was deleted by {who}", "{n} documents were deleted by {who}", p.files, who=actor)
    if p.what == "emptied":
        text = say.many("{n} document was emptied by {who}", "{n} documents were emptied by {who}", p.files, who=actor)
    return (say("{text}; Garde puts them back", text=text) if p.undo else text), BAD


def _verdict(p: k.VerdictReached, say: Say) -> _Spoken:
    actors = who(p.actors[0], say) if p.actors else say("an unknown writer")
    if len(p.actors) > 1:
        actors = say.many("{first} and {n} more", "{first} and {n} more", len(p.actors) - 1, first=actors)
    files = say.many("{n} damaged file", "{n} damaged files", len(p.files))
    return say("Judged an attack: {actors}, by {files}", actors=actors, files=files), BAD


def _held(p: k.ActorHeld, say: Say) -> _Spoken:
    files = say.many("after {n} file", "after {n} files", p.touched)
    return say("Stopped {who} {files}", who=who(p.actor, say), files=files), BAD


def _refused(p: k.HoldRefused, say: Say) -> _Spoken:
    return say("Not stopped: {who} — {reason}", who=who(p.actor, say), reason=say.known(p.reason)), BAD


def _confirmed(p: k.HoldConfirmed, say: Say) -> _Spoken:
    text = say.many(
        "Looked again: {n} file is still damaged, the hold stays",
        "Looked again: {n} files are still damaged, the hold stays",
        p.damaged,
    )
    return (say("{text} ({done})", text=text, done=say.known(p.done)) if p.done else text), WARN


def _released(p: k.HoldReleased, say: Say) -> _Spoken:
    if p.cleared:
        return say("Looked again: the files are sound. Let go ({reason})", reason=say.known(p.reason)), GOOD
    return say("Let go by {by}: {reason}", by=p.by, reason=say.known(p.reason)), WARN


def _restoring(p: k.RestoreStarted, say: Say) -> _Spoken:
    return say.many("Putting {n} file back", "Putting {n} files back", p.files), NOTE


def _restored(p: k.FileRestored, say: Say) -> _Spoken:
    if p.verified:
        return say("{path} is as it was (verified by SHA-256)", path=p.path), GOOD
    return say("{path} is as it was (its hash had not been taken yet)", path=p.path), GOOD


def _not_restored(p: k.RestoreFailed, say: Say) -> _Spoken:
    return say("{path} could not be put back: {reason}", path=p.path, reason=p.reason), BAD


def _restore_end(p: k.RestoreFinished, say: Say) -> _Spoken:
    seconds = say.tenths(max(p.seconds, 0.1))  # "0.0 s" reads like a fault
    text = say.many(
        "{n} file put back in {seconds} s", "{n} files put back in {seconds} s", p.restored, seconds=seconds
    )
    if p.unchanged:
        same = say.many("{n} was sound already", "{n} were sound already", p.unchanged)
        text = say("{text}, {same}", text=text, same=same)
    if not p.failed:
        return text, GOOD
    failed = say.many("{n} could not be put back", "{n} could not be put back", p.failed)
    return say("{text}, {failed}", text=text, failed=failed), BAD


def _erased(p: k.TextsErased, say: Say) -> _Spoken:
    words = say.many("{n} name or path was erased", "{n} names or paths were erased", p.count)
    return say("{words} from the journal: {reason}", words=words, reason=say.known(p.reason)), NOTE


_WRITERS: dict[type[Payload], Callable[[Any, Say], _Spoken]] = {
    k.AgentStarted: _started,
    k.AgentStopped: _stopped,
    k.ModeChanged: _mode,
    k.CoverageChanged: _coverage,
    k.TreesUnseen: _unseen,
    k.SensorOverflow: _overflow,
    k.Lagging: _lagging,
    k.VaultFull: _full,
    k.ErrorSeen: _error,
    k.FindingMade: _finding,
    k.MassDeleteSeen: _mass_delete,
    k.VerdictReached: _verdict,
    k.ActorHeld: _held,
    k.HoldRefused: _refused,
    k.HoldConfirmed: _confirmed,
    k.HoldReleased: _released,
    k.RestoreStarted: _restoring,
    k.FileRestored: _restored,
    k.RestoreFailed: _not_restored,
    k.RestoreFinished: _restore_end,
    k.TextsErased: _erased,
    **HUB_WRITERS,
    **ONCALL_WRITERS,
    **PLAN_WRITERS,
    **PAPER_WRITERS,
    **RECOVERY_WRITERS,
    **FORENSIC_WRITERS,
    **LEGAL_WRITERS,
    **SHARING_WRITERS,
}
