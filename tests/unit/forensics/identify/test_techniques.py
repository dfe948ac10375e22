"""Only what an entry shows is named; what there is to go by is taken out of entries."""

from __future__ import annotations

import pytest

from garde.forensics.identify.evidence import evidence_of
from garde.forensics.identify.techniques import NAMES, techniques_of
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.text import Text

SMB = k.ActorNote("smb", address="10.0.0.9", users=(Text("m.dupont"),))
SHELL = k.ActorNote("process", pid=7, name=Text("python3"), chain=(k.ProcessNote(6, Text("bash")),))
QUIET = k.ActorNote("process", pid=7, name=Text("cron"))


def entry(payload: Payload, seq: int = 1) -> Entry:
    return Entry(seq, 1_790_000_000.0, "agent/files1", "x", payload, "", "")


def finding(before: bytes, after: bytes, actor: k.ActorNote = SMB) -> k.FindingMade:
    return k.FindingMade(k.FileDamage(Text(before), Text(after), 1.0, ("type lost",)), actor)


def verdict(before: bytes, after: bytes) -> k.VerdictReached:
    return k.VerdictReached("v1", "session", Text("k"), 30.0, 13.8, (finding(before, after).file,), (SMB,))


def egress(*why: str) -> f.EgressSeen:
    return f.EgressSeen("", "s", "10.0.0.9", "203.0.113.5", Text(), 443, 10, 1, 0.0, 1.0, why, -1)


def note(text: str | None, name: str = "info.txt", digest: str = "aa") -> f.NoteTaken:
    return f.NoteTaken(
        "", "i1", Text(f"/srv/x/{name}"), Text(text, "ref") if text is None else Text(text), digest, 10, 3, 0.0
    )


@pytest.mark.parametrize(
    ("payload", "ids"),
    [
        (finding(b"/a/b.docx", b"/a/b.docx.x"), {"T1486", "T1021.002", "T1078"}),
        (finding(b"/a/b.docx", b"/a/b.docx.x", SHELL), {"T1486", "T1059.004"}),
        (finding(b"/a/b.docx", b"/a/b.docx.x", QUIET), {"T1486"}),
        (k.MassDeleteSeen("m1", "deleted", 40, SMB, True), {"T1485"}),
        (note("x"), {"T1657"}),
        (egress("volume"), {"T1048"}),
        (egress("dns_tunnel"), {"T1048.003"}),
        (egress("cloud_storage", "trickle"), {"T1567.002", "T1030"}),
        (verdict(b"/a/b.docx", b"/a/b.docx.x"), {"T1486", "T1021.002", "T1078"}),
        (h.HubStarted("1", 0), set()),
    ],
)
def test_what_is_seen_is_named(payload: Payload, ids: set[str]) -> None:
    assert set(techniques_of([entry(payload)])) == ids
    assert ids <= set(NAMES)


def test_each_thing_is_taken_once_with_the_entry_that_shows_it_first() -> None:
    entries = [entry(each, seq) for seq, each in enumerate(
        [finding(b"a", b"a.hive"), verdict(b"b", b"b.HIVE"), note("pay"), note("pay"), note(None, digest="bb"),
         f.EvidenceTaken("", "i2", "sample", Text("x"), Text("/x"), 3, "cc", 1.0, 0.0, True),
         f.EvidenceTaken("", "i3", "damaged", Text("x"), Text("/x"), 3, "dd", 1.0, 0.0, True)], 1)]  # fmt: skip
    found = evidence_of(entries)
    assert [(each.value, each.seq) for each in found.endings] == [(".hive", 1)]
    assert [(each.name, each.text, each.seq) for each in found.notes] == [("info.txt", "pay", 3)]
    assert [each.value for each in found.hashes] == ["aa", "bb", "cc"]
