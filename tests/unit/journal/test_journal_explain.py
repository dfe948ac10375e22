"""A verdict in plain words: who, which files, which proof, what was done, in order."""

from __future__ import annotations

import json
import unicodedata

import pytest
from journal_samples import FILE, PROCESS, SAMPLES, SECOND, SMB

from garde.clock import VirtualClock
from garde.errors import NotFound
from garde.journal import SqliteStore, Text
from garde.journal import kinds as k
from garde.journal.explain import FILES_SHOWN, Explanation, explain
from garde.journal.speech import LANGUAGES, say_in


@pytest.fixture
def night(journal: SqliteStore, clock: VirtualClock) -> SqliteStore:
    for payload in (
        k.FindingMade(FILE, SMB),
        k.VerdictReached("v1", "session", Text("10.20.3.41"), 21.5, 18.4, (FILE, SECOND), (SMB,)),
        k.ActorHeld("h1", "v1", "smb", SMB, (812, 813), 4, (k.SkippedNote(Text("pid 814"), "gone"),)),
        k.VerdictReached("v2", "tree", Text("4031"), 19.0, 18.4, (SECOND,), (PROCESS,)),
        k.HoldRefused("v2", PROCESS, "never held: sshd"),
        k.HoldConfirmed("h1", "v1", 2, "session ended, client blocked"),
        k.FileRestored("v1", FILE.path, 1.0, "", True),
        k.RestoreFinished("h1", 2, 0, 0, 0.2),
        k.RestoreFinished("by-hand-1", 7, 0, 0, 0.2),
    ):
        clock.advance(1)
        journal.append(payload)
    return journal


def _told(journal: SqliteStore, wanted: str, language: str = "en") -> Explanation:
    return explain(journal.entries(), wanted, say_in(language))


def _texts(told: Explanation) -> dict[str, list[str]]:
    return {section.title: [line.text for line in section.lines] for section in told.sections}


def test_one_verdict_is_told_in_full_and_nothing_of_another(night: SqliteStore) -> None:
    texts = _texts(_told(night, "v1"))
    assert list(texts) == ["Who", "2 damaged files", "Why this is called an attack", "What was done, in order"]
    assert texts["Who"] == ["Samba client 10.20.3.41 (user carla)", "smbd is the program /usr/sbin/smbd"]
    first, second = texts["2 damaged files"]
    assert first.startswith("/srv/\\x1b[31mward\\n\\xff/plan.docx: the changed part is random, as encrypted data is; ")
    assert "(zip.docx before, unknown after)" not in first  # the clause with the figures says it
    french = _texts(_told(night, "v1", "fr"))["2 fichiers endommagés"][0]
    assert "(zip.docx avant, unknown après)" in french
    assert french.endswith("— 38\u202f912 octets modifiés")
    assert "it now lies at /srv/\\x1b[31mward\\n\\xff/plan.docx.locked" in first
    assert first.endswith("— 38,912 changed bytes are uniformly random")
    assert second == "/srv/b.pdf: its own internal checks fail now — 4,096 bytes changed"
    assert texts["What was done, in order"] == [
        "Judged an attack: Samba client 10.20.3.41 (user carla), by 2 damaged files",
        "Stopped Samba client 10.20.3.41 (user carla) after 4 files",
        "2 processes stand still: 812, 813",
        "Not stopped: pid 814 — gone",
        "Looked again: 2 files are still damaged, the hold stays (session ended, client blocked)",
        "2 files put back in 0.2 s",
    ]


def test_the_strength_of_the_evidence_is_said_in_powers_of_ten(night: SqliteStore) -> None:
    lines = _texts(_told(night, "v1"))["Why this is called an attack"]
    assert lines[0].startswith("What was seen is more than 10^9 times likelier")
    assert lines[1] == "The evidence was added up for one client session: 10.20.3.41"


def test_a_hold_s_id_and_the_word_last_lead_to_a_verdict(night: SqliteStore) -> None:
    assert _told(night, "h1").verdict == "v1"
    assert _told(night, "last").verdict == "v2"
    assert "Not stopped: python3 (process 4031, user carla) — never held: sshd" in str(_texts(_told(night, "last")))


def test_the_chain_of_parents_is_told(night: SqliteStore) -> None:
    assert "Started by: bash (12)" in _texts(_told(night, "v2"))["Who"]


def test_a_mass_delete_can_be_explained(journal: SqliteStore) -> None:
    journal.append(k.MassDeleteSeen("u1", "deleted", 40, PROCESS, True))
    journal.append(k.RestoreFinished("u1", 40, 0, 0, 1.0))
    texts = _texts(_told(journal, "u1"))
    assert texts["What was done, in order"] == [
        "40 documents were deleted by python3 (process 4031, user carla); Garde puts them back",
        "40 files put back in 1.0 s",
    ]


@pytest.mark.parametrize("wanted", ["v9", "", "last\x1b"])
def test_an_unknown_id_is_not_found(night: SqliteStore, wanted: str) -> None:
    with pytest.raises(NotFound):
        _told(night, wanted)


def test_an_empty_journal_has_no_last(journal: SqliteStore) -> None:
    with pytest.raises(NotFound):
        _told(journal, "last")


def test_many_files_are_cut_and_counted(journal: SqliteStore) -> None:
    files = tuple(
        k.FileDamage(Text(f"/f{n}"), Text(f"/f{n}"), float(n), ("type_lost",)) for n in range(FILES_SHOWN + 7)
    )
    journal.append(k.VerdictReached("v1", "tree", Text("1"), 20.0, 18.0, files, (PROCESS,)))
    lines = _texts(_told(journal, "v1"))[f"{FILES_SHOWN + 7} damaged files"]
    assert len(lines) == FILES_SHOWN + 1
    assert lines[-1] == "… and 7 more files"


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_is_in_the_journal_can_be_told(journal: SqliteStore, language: str) -> None:
    for payload in SAMPLES.values():
        journal.append(payload)
    told = _told(journal, "v1", language)
    text = json.dumps(told.as_data(), ensure_ascii=False)
    assert not {unicodedata.category(c) for c in text} & {"Cc", "Cf", "Cs"}
    assert told.language == language
    assert ("Ce qui a été fait" in text) == (language == "fr")
