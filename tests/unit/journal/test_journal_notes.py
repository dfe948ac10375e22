"""From nouns to payloads."""

from __future__ import annotations

from garde.journal.notes import CHAIN, actor_note, finding_made, verdict_reached
from garde.journal.text import Text
from garde.model.actor import Actor, ActorKind, Process, SmbClient
from garde.model.finding import Finding, Proof, Verdict

PROCESS = Process(4031, 99, 12, 12, 1000, "pyth\udcffon", "/usr/bin/python3", "/user.slice")


def _finding(actor: Actor) -> Finding:
    proofs = frozenset({Proof.TYPE_LOST, Proof.RANDOM_CHANGE})
    return Finding(5.5, b"/a\xff", b"/a.x", proofs, actor, "pdf", "unknown", 4096, True, "4,096 bytes")


def test_a_process_and_its_chain() -> None:
    chain = tuple(Process(n, 1, n - 1, 1, 0, f"p{n}", "", "") for n in range(20))
    note = actor_note(Actor(ActorKind.PROCESS, PROCESS, "carla", chain))
    assert (note.kind, note.pid, note.user) == ("process", 4031, Text("carla"))
    assert note.name.value == b"pyth\xffon"
    assert len(note.chain) == CHAIN
    assert note.chain[0].pid == 0


def test_an_smb_client_with_two_users() -> None:
    client = SmbClient("10.0.0.9", 51_000, ("a", "b"), ("docs",))
    note = actor_note(Actor(ActorKind.SMB, PROCESS, "a", (), client))
    assert (note.address, note.users, note.shares) == ("10.0.0.9", (Text("a"), Text("b")), (Text("docs"),))


def test_an_actor_without_a_process() -> None:
    note = actor_note(Actor(ActorKind.UNKNOWN, None, ""))
    assert (note.kind, note.pid, note.name) == ("unknown", 0, Text(""))


def test_a_finding_and_a_verdict() -> None:
    actor = Actor(ActorKind.PROCESS, PROCESS, "carla")
    made = finding_made(_finding(actor), "v1")
    assert made.file.proofs == ("random_change", "type_lost")
    assert (made.file.path.value, made.file.path_after.value, made.verdict) == (b"/a\xff", b"/a.x", "v1")
    verdict = verdict_reached(Verdict("v1", 6.0, "tree", "4031", 21.50049, 18.4, (_finding(actor),), (actor,)))
    assert (verdict.score, verdict.files, verdict.actors) == (21.5, (made.file,), (made.actor,))
