"""What can be printed: the fonts' own tables."""

from __future__ import annotations

import pytest

from garde.paper.glyphs import characters, printable


@pytest.mark.parametrize("text", ["Zoé Müller-Çelik", "Иванова", "Παπαδοπούλου", "محمد", "כהן", "€ µ ≥ ↑ ✓", ""])
def test_what_the_fonts_have_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_what_no_font_has_is_written_out_and_never_left_out() -> None:
    assert printable("漢a字") == "[U+6F22]a[U+5B57]"
    assert printable("\U0001f600") in ("\U0001f600", "[U+1F600]")
    assert 0x6F22 not in characters() and ord("é") in characters()
