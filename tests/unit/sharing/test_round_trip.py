"""What one house writes the next one reads: every form of a warning gives the same list."""

from __future__ import annotations

import pytest
from sharing_house import DIGEST, LOOK, draft, everything

from garde.model.watchlist import Sort
from garde.sharing.in_ import bundle
from garde.sharing.out import misp, stix, table
from garde.sharing.out.guard import guard

NOW = 1_700_000_100.0
READ_EVERYWHERE = {
    (Sort.ADDRESS, b"203.0.113.66"),
    (Sort.ENDING, b".nightfall"),
    (Sort.FILE_NAME, b"night'fall (1).exe"),
    (Sort.NOTE_NAME, b"+recover+.txt"),
    (Sort.SHA256, DIGEST.encode()),
}


@pytest.mark.parametrize("form", ["stix", "misp", "csv"])
@pytest.mark.parametrize("tlp", ["clear", "green", "amber", "amber+strict"])
def test_the_neighbour_reads_what_was_written(form: str, tlp: str) -> None:
    made = guard(draft(*everything(), tlp=tlp), LOOK).draft
    raw = {"stix": stix.write(made, {}), "misp": misp.write(made), "csv": table.write(made)}[form]
    found_form, found = bundle.read(raw, "", NOW)
    assert found_form == form
    assert found.tlp == tlp
    kept = {(sort, value.lower()) for sort, value in found.values}
    assert kept >= READ_EVERYWHERE, found.refused
