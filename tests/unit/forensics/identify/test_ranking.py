"""Each proof weighed, and all together: one test for each rule."""

from __future__ import annotations

import pytest

from garde.forensics.identify.catalogue import build
from garde.forensics.identify.classifier import CONFIDENT, Classifier, Model, Weights
from garde.forensics.identify.evidence import Evidence, Mark, Note
from garde.forensics.identify.knowledge import open_known
from garde.forensics.identify.ranking import Guess, Known, named, rank
from garde.lab.night.draw import FAMILIES

CATALOGUE = build(
    {
        "date": "2026-01-01",
        "usual_words": ["how", "to", "decrypt", "txt"],
        "families": {
            "lockbit": {"endings": [".lockbit"], "notes": ["Restore-My-Files.txt"]},
            "twin": {"endings": [".shared"]},
            "other": {"endings": [".shared"], "notes": ["Restore-My-Files.txt", "how_to_decrypt.txt"]},
            "cross": {"notes": ["READ-{ending}-NOW.txt"]},
        },
    },
    {},
)
DIGEST = "ab" * 32


def known(**more: object) -> Known:
    return Known(CATALOGUE, Classifier(Model(1, "2026-01-01", "", (), (), Weights())), **more)  # type: ignore[arg-type]


def ask(*endings: str, notes: tuple[Note, ...] = (), **more: object) -> list[Guess]:
    return rank(
        Evidence(notes, tuple(Mark(each, 10 + n) for n, each in enumerate(endings)), (Mark(DIGEST, 5),)), known(**more)
    )


def test_a_mark_that_several_share_says_less() -> None:
    assert ask(".lockbit")[0].confidence == pytest.approx(0.85)
    assert [each.family for each in ask(".shared")] == ["other", "twin"]
    assert named(ask(".shared"))[0] == ""


def test_different_sorts_add_up_and_one_sort_does_not() -> None:
    alone, both = ask(".lockbit"), ask(".lockbit", notes=(Note("Restore-My-Files.txt", "", 3),))
    assert both[0].confidence > alone[0].confidence
    assert ask(".lockbit", ".id-7.lockbit")[0].confidence == alone[0].confidence


def test_two_strong_ones_leave_neither_above_one_half() -> None:
    found = ask(".lockbit", hashes={DIGEST: "twin"})
    assert found[0].family == "twin"
    assert sum(each.confidence for each in found) < 1.0
    even = rank(
        Evidence(endings=(Mark(".lockbit", 1),), hashes=(Mark(DIGEST, 2),)),
        known(hashes={DIGEST: "twin"}, rules=lambda data: []),
    )
    assert even[1].confidence < 0.5


def test_words_that_anybody_takes_name_nobody() -> None:
    assert named(ask(notes=(Note("HOW_TO_DECRYPT.txt", "", 1),)))[0] == ""


def test_a_note_that_holds_the_files_ending_is_strong() -> None:
    found = ask(".k7xq", notes=(Note("READ-k7xq-NOW.txt", "", 1),))
    assert (found[0].family, found[0].confidence >= CONFIDENT) == ("cross", True)
    assert found[0].proofs[0].startswith("the name of its note holds")


def test_listed_hashes_and_rules_are_proofs_with_their_entries() -> None:
    found = ask(hashes={DIGEST: "lockbit"}, notes=(Note("n.txt", "x", 9),), rules=lambda data: [("lockbit", "my_rule")])
    assert found[0].entries == (5, 9)
    assert any("my_rule" in each for each in found[0].proofs)


def test_nothing_is_unknown_and_nothing_is_certain() -> None:
    assert named(ask()) == ("", 0.0)
    sure = ask(
        ".lockbit",
        hashes={DIGEST: "lockbit"},
        notes=(Note("lockbit.txt", "x", 9),),
        rules=lambda data: [("lockbit", "r")],
    )
    assert sure[0].confidence <= 0.99


def test_an_attackers_words_stand_in_no_proof() -> None:
    evil = ".\x1b]0;evil\x07lockbit"
    found = ask(".id-[\x1b].lockbit", evil, notes=(Note("\x1b[31mRestore-My-Files.txt", "", 1),))
    assert all("\x1b" not in proof for each in found for proof in each.proofs)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda each: each.name)
def test_what_the_lab_leaves_behind_leads_to_its_family(family) -> None:  # type: ignore[no-untyped-def]
    everything, _ = open_known()
    note = Note(family.note_name, family.note.format(number="1F0A"), 1)
    found = rank(Evidence((note,), (Mark(family.ending, 2),)), everything)
    assert (named(found)[0], found[0].confidence >= CONFIDENT) == (family.name, True)
    silent = Note(family.note_name, "Vos fichiers sont chiffrés. Numéro 1. N'éteignez rien, n'appelez personne.", 1)
    assert named(rank(Evidence((silent,), (Mark(family.ending, 2),)), everything))[0] == family.name
