"""What nurses write stands on the patient's own sheet, else on a form that becomes theirs; it is keyed as it stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec

from garde.downtime.entry.items import read_keying
from garde.lab.night import nurse
from garde.lab.night.printed import Page
from garde.lab.ward_traffic.hospital import Given

AT = 1_772_443_200.0  # 2 March 2026, 10:20 in Brussels
GIVEN = Given(
    AT, "SI", "100033", "V1", "P7", "A10AB05", "Insuline aspart", "8", "[IU]", "SC", "N12^Cools^Tom", False, True
)


def page(sheet: str, text: str = "") -> Page:
    return Page(Path("spool/1-pack.pdf"), int(sheet.partition(".")[2] or 1), sheet, text)


def test_pages_are_told_by_the_numbers_on_them() -> None:
    pages = [
        page("K7Q2MX.1", "100033 Dupont\n100034 Maes"),
        page("K7Q2MX.2", "No. 100033"),
        page("K7Q2MX.3", "1000334"),
    ]
    found = nurse.of_patients(pages, ["100033", "100034", "D1-000001-K"])
    assert {who: [each.sheet for each in mine] for who, mine in found.items()} == {
        "100033": ["K7Q2MX.1", "K7Q2MX.2"],
        "100034": ["K7Q2MX.1"],
    }


def test_it_stands_on_the_own_sheet_and_else_on_a_form_that_is_kept() -> None:
    own, forms = page("K7Q2MX.3"), [page("K7Q2MX.40"), page("K7Q2MX.41")]
    writing = nurse.Writing({"100033": [own], "100099": []}, {"SI": forms})
    lines = [
        writing.write(GIVEN, "100033"),
        writing.write(replace(GIVEN, mrn="100099"), "100099"),
        writing.write(replace(GIVEN, mrn="100500"), "D1-000001-K"),
        writing.write(replace(GIVEN, mrn="100099"), "100099"),
        writing.write(replace(GIVEN, mrn="100777"), "100777"),
        writing.write(replace(GIVEN, ward="MAT"), "100888"),
    ]
    assert [line and (line.patient, line.page.sheet) for line in lines] == [
        ("100033", "K7Q2MX.3"), ("100099", "K7Q2MX.40"), ("D1-000001-K", "K7Q2MX.41"), ("100099", "K7Q2MX.40"),
        None, None,
    ], "no form left, no ward"  # fmt: skip


def test_it_is_keyed_as_the_desk_takes_it() -> None:
    for refused, status, reason in ((False, "given", ""), (True, "refused", "the patient did not want it")):
        data = msgspec.json.encode(nurse.item(replace(GIVEN, refused=refused), "100033", "K7Q2MX.3"))
        keying = read_keying(data)
        assert (keying.patient, keying.sheet, keying.author) == ("100033", "K7Q2MX.3", "Tom Cools")
        assert keying.observed == "2026-03-02T10:20:00+01:00"
        told = msgspec.to_builtins(keying.item)
        wanted = {"kind": "given", "what": "Insuline aspart", "number": "P7", "amount": "8", "status": status}
        assert {name: told[name] for name in wanted} == wanted and told["reason"] == reason
