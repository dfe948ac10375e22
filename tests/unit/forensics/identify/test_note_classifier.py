"""Who wrote a note: likeness, contacts and its own name, calibrated; unknown where nothing speaks for anybody."""

from __future__ import annotations

import msgspec
import pytest
from tests.support import note_writer as notes

from garde.forensics.identify.catalogue import build
from garde.forensics.identify.classifier import (
    CONFIDENT,
    NAMED,
    Classifier,
    Model,
    Weights,
    contact_of,
    model_of,
    shipped,
)
from garde.forensics.identify.reading import read_note
from garde.forensics.identify.selfname import SelfNames

CATALOGUE = build({"date": "2026-01-01", "families": {"alphalock": {"called": ["alphalock", "alpha lock"]}, "beta": {},
                                                      "royal": {"ordinary": True}}}, {})  # fmt: skip


@pytest.fixture(scope="module")
def asked() -> Classifier:
    known = [("alphalock", notes.alpha()), ("beta", notes.beta()), ("gamma", notes.gamma())]
    model = model_of([(family, read_note(text)) for family, text in known], shipped().weights)
    return Classifier(model, SelfNames(CATALOGUE, frozenset(model.families)))


def test_another_victims_note_is_known_by_its_words(asked: Classifier) -> None:
    for family, text in (("alphalock", notes.alpha("Q9", notes.SITE_B)), ("beta", notes.beta("1", "x@lab.invalid")),
                         ("gamma", notes.gamma("other"))):  # fmt: skip
        first = asked.answers(read_note(text))[0]
        assert first.family == family
        assert first.confidence >= NAMED


def test_a_contact_of_one_family_alone_is_more_than_likeness(asked: Classifier) -> None:
    text = "You were hacked. Pay and your files come back. Contact us: http://" + notes.SITE_A + ".onion"
    first = asked.answers(read_note(text))[0]
    assert (first.family, first.figures.contacts) == ("alphalock", 1)


def test_a_note_that_signs_is_believed_but_a_name_in_a_text_is_no_note(asked: Classifier) -> None:
    signed = (
        "ALPHALOCK RANSOMWARE\nYour files are encrypted. Pay us in bitcoin, do not rename anything. Mail: k@lab.invalid"
    )
    first = asked.answers(read_note(signed))[0]
    assert (first.family, first.confidence < CONFIDENT) == ("alphalock", True)
    told = "The press says that AlphaLock ransomware hit a hospital. Nobody paid. The police wrote a report on it."
    assert asked.answers(read_note(told))[0].confidence < NAMED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "Dear Dr Sample, thank you for referring this lady. Her chest X-ray is clear and she may go home.",
        "INSTALL\n\n./configure && make && make install. See the README for licence and contact.",
        "BEGIN:VCARD\nFN:Test\nEND:VCARD",
    ],
)
def test_an_honest_text_is_nobodys(asked: Classifier, text: str) -> None:
    answers = asked.answers(read_note(text))
    assert not answers or answers[0].confidence < 0.2


def test_the_shipped_model_names_no_honest_text_with_confidence() -> None:
    import tomllib
    from pathlib import Path

    from garde.forensics.identify.catalogue import catalogue

    model = shipped()
    asked = Classifier(model, SelfNames(catalogue(), frozenset(model.families)))
    file = Path(__file__).resolve().parents[4] / "bench" / "honest_texts.toml"
    texts = tomllib.loads(file.read_text("utf-8"))["texts"]
    wrong = [
        each["name"]
        for each in texts
        if any(it.confidence >= CONFIDENT for it in asked.answers(read_note(each["text"])))
    ]
    assert (len(texts) > 25, wrong) == (True, [])


def test_a_model_is_whole_again_when_read() -> None:
    model = model_of([("a", read_note(notes.alpha())), ("b", read_note(notes.beta()))], Weights(), date="2026-01-01")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(model), type=Model) == model


def test_the_shipped_model_holds_no_text_and_knows_its_date() -> None:
    model = shipped()
    assert len(model.families) > 60
    assert model.date
    assert len(model.weights.curve) == 7
    assert all(isinstance(key, int) for note in model.notes for key in note.keys)


def test_contacts_are_kept_as_numbers_that_do_not_collide() -> None:
    assert len({contact_of(f"someone{number}@lab.invalid") for number in range(20_000)}) == 20_000
