"""The agent's events as lines for people."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.cli.events import BURST, Calm, actor, readable

AT = "2026-11-23T03:12:04.500000Z"
SMB = {"kind": "smb", "pid": 812, "user": "", "smb": {"address": "10.0.0.9", "users": ["carla", "b\x1b"], "shares": []}}
PROCESS = {"kind": "process", "pid": 40, "comm": "py\x1bthon", "user": "bob"}


@pytest.mark.parametrize(
    ("event", "said", "tone"),
    [
        (
            {"kind": "ready", "mode": "enforce", "sensor": "fanotify", "unseen": [],
             "coverage": {"files": 500, "judge_percent": 100.0, "restore_percent": 99.8}},
            "Ready: enforce · sensor fanotify · 500 files: 100.0 % can be judged, 99.8 % restored", "good",
        ),
        (
            {"kind": "ready", "mode": "watching only", "sensor": "inotify",
             "unseen": [{"what": "/n\n", "reason": "btrfs"}]},
            "Ready: watching only · sensor inotify · NOT watched: /n\\n (btrfs)", "bad",
        ),
        ({"kind": "finding", "path": "/a\x1b", "proofs": ["bait"]},
         "Damaged: /a\\x1b — it is a bait file that nobody has a reason to touch", "warn"),
        ({"kind": "finding", "paths": ["/a"], "files": 40, "actor": PROCESS},
         "40 documents gone or emptied, by py\\x1bthon (process 40, user bob)", "bad"),
        ({"kind": "verdict", "id": "v1", "actors": [SMB], "files": ["/a", "/b"]},
         "ATTACK v1: Samba client 10.0.0.9 (user carla, b\\x1b), by 2 damaged files", "bad"),
        ({"kind": "verdict", "id": "v2", "actors": [PROCESS, SMB, SMB], "files": ["/a"]},
         "ATTACK v2: py\\x1bthon (process 40, user bob) and 2 more, by 1 damaged file", "bad"),
        ({"kind": "held", "id": "h1", "actor": PROCESS, "touched": 1},
         "HELD h1: py\\x1bthon (process 40, user bob) after 1 file", "bad"),
        ({"kind": "confirmed", "id": "h1", "done": "frozen"}, "Looked again, the evidence stands: h1 (frozen)", "warn"),
        ({"kind": "released", "id": "h1", "reason": "by hand"}, "Let go: h1 — by hand", "warn"),
        ({"kind": "restored", "files": 4, "failed": []}, "Put 4 files back", "good"),
        ({"kind": "restored", "files": 4, "failed": [{"path": "/a"}]},
         "Put 4 files back; 1 file could NOT be put back", "bad"),
        ({"kind": "errand", "verb": "restore", "store": "r1", "point": "4b\x1be2", "state": "working", "done": 50,
          "total": 300}, "Errand restore r1 4b\\x1be2: working, 16 %", "note"),
        ({"kind": "errand", "command": "9f2c0", "state": "refused", "detail": "EXPIRED: too late"},
         "Errand 9f2c0: refused — EXPIRED: too late", "bad"),
        ({"kind": "errand", "verb": "retention", "store": "r1", "state": "frozen"},
         "Backups r1: retention is frozen, proven", "warn"),
        ({"kind": "errand", "verb": "retention", "store": "r1", "state": "not proven", "detail": "locked"},
         "Backups r1: retention is NOT PROVEN to be frozen — locked", "bad"),
        ({"kind": "errand", "verb": "retention", "store": "r1", "state": "usual"},
         "Backups r1: retention goes on", "note"),
        ({"kind": "lag", "seconds": 2.5, "waiting": 9}, "Judging is 2.5 s late, 9 files waiting", "warn"),
        ({"kind": "listed", "sort": "note_name", "value": "r\x1b.txt", "source": "other", "path": "/srv/r"},
         "On the watch list (other): note name r\\x1b.txt at /srv/r; nobody is held for it", "warn"),
        ({"kind": "overflow", "rescan": True},
         "More happened than could be followed: looking at the folders again", "warn"),
        ({"kind": "error", "code": "VAULT-FULL", "message": "x\x07", "todo": "y"}, "VAULT-FULL: x\\x07 — y", "bad"),
    ],
)  # fmt: skip
def test_every_event_is_one_sentence(event: dict[str, Any], said: str, tone: str) -> None:
    text, shown = readable({"at": AT, **event})
    assert text.partition(" ")[2] == said
    assert shown == tone


def test_an_event_of_a_newer_version_is_shown_as_it_is() -> None:
    assert readable({"kind": "spread\x1b", "n": 1}) == ('{"kind": "spread\\\\u001b", "n": 1}', "dim")


def test_actors_that_are_hardly_known() -> None:
    assert actor(None) == actor({}) == "an unknown writer"
    assert actor({"smb": {"address": ""}}) == "Samba client of unknown address"


def test_a_burst_of_findings_is_cut_short_and_counted() -> None:
    shown: list[str] = []
    calm = Calm(lambda text, tone: shown.append(text))
    for n in range(BURST + 40):
        calm({"kind": "finding", "at": AT, "path": f"/{n}", "proofs": []})
    assert len(shown) == BURST
    calm({"kind": "held", "at": AT})
    assert shown[BURST].strip() == "… and 40 more damaged files"
    assert "HELD" in shown[BURST + 1]
    calm({"kind": "finding", "at": AT, "path": "/again", "proofs": []})
    assert "/again" in shown[-1]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(max_size=40))
def test_no_text_from_outside_steers_the_terminal(hostile: str) -> None:
    for event in (
        {"kind": "finding", "path": hostile, "proofs": [hostile]},
        {"kind": "error", "message": hostile, "code": hostile, "todo": hostile},
        {"kind": "verdict", "id": hostile, "actors": [{"pid": 1, "comm": hostile, "user": hostile}]},
        {"kind": hostile, "at": hostile, "x": hostile},
        {"kind": "ready", "mode": hostile, "sensor": hostile, "unseen": [hostile]},
    ):
        text, _ = readable(event)
        assert not {unicodedata.category(c) for c in text} & {"Cc", "Cf", "Cs"}
