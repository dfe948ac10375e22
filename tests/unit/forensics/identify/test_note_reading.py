"""A note is read whole, whatever it is written in, and no text makes it slow or fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import note_writer as notes

from garde.forensics.identify.reading import MOST, decode, read_note, without_markup


def test_a_note_speaks_of_what_notes_speak_of_and_a_letter_does_not() -> None:
    assert min(read_note(text).topics for text in (notes.alpha(), notes.beta(), notes.gamma())) >= 5
    letter = "Cher confrère, la patiente sera revue dans six semaines. Son traitement est reconduit."
    assert read_note(letter).topics <= 1


def test_contacts_are_addresses_to_answer_to_and_not_what_everybody_links_to() -> None:
    reading = read_note(
        "See https://www.torproject.org and http://" + notes.SITE_A + ".onion/x or mail a.b@lab.invalid"
    )
    assert reading.contacts == {notes.SITE_A, "a.b@lab.invalid"}
    assert reading.onions == {notes.SITE_A}


def test_what_differs_from_victim_to_victim_is_one_feature() -> None:
    one, other = read_note(notes.alpha("A1B2C3D4")), read_note(notes.alpha("ZZ99XX88", site=notes.SITE_B))
    assert one.features == other.features


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_same_note_in_another_encoding_is_the_same_note(code: str) -> None:
    written = "Vos fichiers sont chiffrés. N'éteignez rien. Your files are encrypted."
    assert decode(written.encode(code)) == written


def test_markup_is_taken_off_with_its_scripts_and_styles() -> None:
    page = "<html><style>p{color:red}</style><p>Your files</p><SCRIPT>steal()</SCRIPT><b>are &lt;locked&gt;</b>"
    assert without_markup(page).split() == ["Your", "files", "are", "<locked>"]
    assert "open" in without_markup("<script>open for ever")


@given(st.text(alphabet=st.sampled_from(list("<>/scripty@.a:hx&;# \n\\")), max_size=300))
def test_any_text_is_read(text: str) -> None:
    reading = read_note(text)
    assert 0 <= reading.topics <= 7
    assert 0 <= reading.voice <= 1


@given(st.binary(max_size=400))
def test_any_bytes_are_read(data: bytes) -> None:
    assert read_note(data).words >= 0


@pytest.mark.parametrize("piece", ["<", "<script", "a@", "http://", "a.b-", "é'", ".onion", "-", "_a", "your "])
def test_no_text_is_slow(piece: str) -> None:
    """It would take minutes if a pattern went back over what it has read: the runner's limit notices."""
    assert len(read_note(piece * (2 * MOST)).text) <= MOST
