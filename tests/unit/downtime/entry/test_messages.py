"""Messages to the record: what others read in them (hl7apy, python-hl7), and what our own readers do."""

from __future__ import annotations

from typing import Any

import hl7
import pytest
from feed_words import at
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from hypothesis import given
from hypothesis import strategies as st
from message_words import ITEMS, PARTIES, WHO, fact

from garde.downtime.entry.items import Anything, NoAllergy, Note, Result
from garde.downtime.entry.messages import PICTURE, Draft, Writer
from garde.downtime.entry.sending import Action, Merge
from garde.downtime.hl7.message import parse
from garde.downtime.hl7.write import escaped, segment
from garde.downtime.nouns import (
    AllergiesStated,
    Finality,
    GivenStated,
    Merged,
    NoneKnown,
    ResultStated,
    Statement,
)
from garde.downtime.reading.manner import Manner
from garde.downtime.reading.read import read_hl7


def written(what: Anything | Merge, action: Action = Action.ADD, **more: Any) -> Draft:
    writer = Writer(PARTIES, WHO, "G123", at(601))
    return writer.merge(what) if isinstance(what, Merge) else writer.fact(fact(what, action, **more))


def stated(draft: Draft, kind: type[Statement]) -> tuple[str, Any]:
    read = read_hl7(draft.text.encode(), 1, at(601), "d", Manner(own=("CLINIC",)))
    assert read.understood and not read.doubts, read
    (told,) = read.told
    (found,) = [each for each in told.statements if isinstance(each, kind)]
    return told.patient, found


@pytest.mark.parametrize("what", [*ITEMS, Merge("m1", "D1-000017-X", ("nina",))], ids=lambda each: type(each).__name__)
def test_others_find_each_message_valid(what: Anything | Merge) -> None:
    text = written(what).text.replace(PICTURE, "QUJD")
    found = parse_message(text, validation_level=VALIDATION_LEVEL.STRICT, find_groups=True)
    assert found.validate()
    assert found.msh.msh_10.value == "G123" and found.msh.msh_18.value == "UNICODE UTF-8"
    other = hl7.parse(text)
    assert other["PID"][0][5][0][0][0] == "Dupont\\F\\\\S\\\\R\\\\E\\\\T\\"
    assert other.unescape(str(other["PID"][0][5][0][0])) == "Dupont|^~\\&"


def test_a_downtime_number_becomes_the_patients() -> None:
    assert stated(written(Merge("m1", "D1-000017-X")), Merged) == ("100", Merged("D1-000017-X"))


def test_a_giving_is_read_as_it_was_observed() -> None:
    patient, given = stated(written(ITEMS[2]), GivenStated)
    assert patient == "100"
    assert (given.what.code, given.what.text, given.at, given.amount, given.unit) == (
        "A10AB01", "Actrapid", at(300), "8", "IU",
    )  # fmt: skip
    assert (given.by, given.status, given.removed, given.number) == ("N. Maes", "CP", False, "I3")
    assert stated(written(ITEMS[3]), GivenStated)[1].status == "RE"
    assert stated(written(ITEMS[2], Action.DELETE), GivenStated)[1].removed
    note = parse(written(ITEMS[2]).text.encode()).first("RXA")
    assert note is not None and note.get(9, 2).startswith("Keyed from downtime paper K7Q2MX.3 by nina at 2026")
    assert note.get(9, 2).endswith("on behalf of Dr Smet, checked by omar")
    assert note.get(22) == "20260302130000+0100"


def test_an_allergy_is_added_and_taken_away_alone() -> None:
    added = stated(written(ITEMS[0]), AllergiesStated)[1]
    assert not added.whole and added.items[0].what.text == "Latex"
    assert (added.items[0].severity, added.items[0].reaction) == ("SV", "urticaire & œdème")
    assert stated(written(ITEMS[0], Action.DELETE), AllergiesStated)[1].removed[0].text == "Latex"
    for of, none in (("any", NoneKnown.ANY), ("drug", NoneKnown.DRUG), ("food", NoneKnown.FOOD)):
        found = stated(written(NoAllergy(of=of)), AllergiesStated)[1]  # type: ignore[arg-type]
        assert found.none_known == (none,) and not found.whole and not found.items


def test_a_result_is_corrected_and_withdrawn_under_its_own_number() -> None:
    found = stated(written(ITEMS[4]), ResultStated)[1]
    assert (found.value, found.unit, found.reference, found.flags) == ("5.9", "mmol/L", "3.5-5.1", "H")
    assert (found.order, found.at, found.finality) == ("L77", at(300), Finality.FINAL)
    corrected = stated(written(ITEMS[4], Action.UPDATE), ResultStated)[1]
    withdrawn = stated(written(ITEMS[4], Action.DELETE), ResultStated)[1]
    assert (corrected.key, withdrawn.key) == (found.key, found.key)
    assert (corrected.finality, withdrawn.finality) == (Finality.CORRECTED, Finality.WITHDRAWN)
    early = Result(what="K", value="5", preliminary=True)
    assert stated(written(early), ResultStated)[1].finality is Finality.PRELIMINARY
    assert stated(written(ITEMS[5]), ResultStated)[1].value == "38,2"
    assert "|TX|^Temperature||38,2|" in written(ITEMS[5]).text  # a comma is no number in HL7, and is not guessed at
    assert stated(written(ITEMS[6]), ResultStated)[1].value == "no\nfracture"


def test_a_note_carries_its_page() -> None:
    draft = written(ITEMS[7])
    assert (draft.about, draft.picture, draft.text.count(PICTURE)) == ("MDM^T02", "ab12/3", 1)
    assert f"|^IM^JPEG^Base64^{PICTURE}|" in draft.text
    bare = written(Note(title="x", text="\x00picture\x00"), picture="")
    assert (bare.picture, bare.text.count(PICTURE)) == ("", 0)
    assert written(ITEMS[7], Action.UPDATE).about == "MDM^T10"
    gone = written(ITEMS[7], Action.DELETE)
    assert gone.about == "MDM^T11" and "OBX" not in gone.text and gone.picture == ""


def test_the_same_facts_are_the_same_bytes() -> None:
    assert [written(each) for each in ITEMS] == [written(each) for each in ITEMS]


@given(st.text(max_size=60))
def test_no_value_leaves_its_field(text: str) -> None:
    line = segment("OBX", "1", text, ["a", text], "end")
    assert "\r" not in line and "\x0b" not in line and "\x1c" not in line
    message = parse(f"MSH|^~\\&|A|B|||20260302||ORU^R01|1|P|2.5|||||| UNICODE UTF-8\r{line}\r".encode())
    (found,) = message.all("OBX")
    assert found.get(4) == "end" and found.get(3) == "a"
    if text not in ('""',) and not any(0xD800 <= ord(sign) < 0xE000 for sign in text):
        plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        assert found.get(2) == ("" if plain == '""' else plain)


def test_nothing_can_be_deleted_by_two_quotes() -> None:
    assert escaped('""') == "\\X22\\\\X22\\"
