"""Back from paper, in the desk's pages: sheets, the safe order, the second person, the signature."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages_house import Browser, PagesHouse, pages_house
from paper_desk import NOW, PACK, back, made

from garde.desk.pages.paper import forms_of
from garde.downtime.entry.items import Step

PATIENT = "/paper/patient?number=100"
GIVEN = {"what": "key", "number": "100", "kind": "given", "f-what": "Enoxaparin", "f-amount": "40", "f-unit": "mg",
         "f-status": "given", "observed": "07:05", "author": "dr Maes", "sheet": f"{PACK}.3"}  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> Iterator[PagesHouse]:
    state = made(tmp_path / "desk")
    with pages_house(state) as found:
        found.clock.wall = NOW
        for _ in found.keeper.replay(found.store, found.store.last()):
            pass
        yield found


def close(browser: Browser, *steps: str) -> None:
    for step in steps:
        browser.open(PATIENT)
        browser.send("/paper/patient", {"what": "whole", "number": "100", "step": step})
        assert browser.status == 303, browser.text


def item_of(page: str) -> str:
    return re.findall(r'name="item" value="(\w+)"', page)[0]


def test_every_step_has_its_forms_and_every_form_a_step() -> None:
    found = {step: set(forms_of(step)) for step in Step}
    assert all(found.values()) and found[Step.ALLERGIES] == {"allergy", "no_allergy"} and forms_of(None) == {}
    needed = {each.name for each in forms_of(Step.MEDICATION)["given"] if each.needed}
    assert needed == {"what"}


def test_wards_and_sheets_without_a_name(house: PagesHouse) -> None:
    nina = house.browser("nina")
    page = nina.open("/paper")
    assert f"{PACK}.6" in page and "10 printed: 0 back, 0 missing, 10 not back yet" in page
    assert "Dupont" not in page and "0&nbsp;%" in page
    nina.send("/paper/sheets", {"sheet": f"{PACK}.6", "how": "missing"})
    assert nina.location == "/paper?said=sheet"
    assert "1 missing, 9 not back yet" in nina.open("/paper?said=sheet") and "is written down" in nina.text
    nina.send("/paper/sheets", {"sheet": f"{PACK}.6", "how": "eaten"})
    assert nina.status == 400


def test_the_safe_order_the_second_person_and_the_signature(house: PagesHouse) -> None:
    nina, otto, lea = (house.browser(login) for login in ("nina", "otto", "lea"))
    page = nina.open(PATIENT)
    assert "Dupont Marie · 100" in page and "Next: Identity" in page and "Paper counts for this patient" in page
    nina.send("/paper/patient", GIVEN)
    assert nina.status == 409 and "identity comes before medication" in nina.text, "the order is kept"
    close(nina, "identity", "allergies")
    page = nina.open(PATIENT)
    assert "Next: Medication" in page and "A drug was given, or was not" in page
    nina.send("/paper/patient", GIVEN)
    assert nina.status == 303, nina.text
    page = nina.open(PATIENT)
    assert "waits for a second person" in page and 'value="agree"' not in page, "nobody checks what they keyed"
    page = otto.open(PATIENT)
    assert "Enoxaparin" in page and "written by dr Maes, keyed by nina" in page and "07:05" in page
    otto.send("/paper/patient", {"what": "agree", "number": "100", "item": item_of(page), "note": "seen"})
    assert otto.status == 303 and "a second person agrees" in otto.open(PATIENT)
    close(nina, "medication", "orders", "results", "vitals", "notes")
    nina.open(PATIENT)
    sign = {"what": "sign", "number": "100", "signed": "L. Peeters"}
    nina.send("/paper/patient", sign)
    assert nina.status == 403, "a clerk does not sign"
    lea.open(PATIENT)
    lea.send("/paper/patient", sign)
    assert lea.status == 409 and "the record is not back yet" in lea.text
    back(house.site.state)
    lea.open(PATIENT)
    lea.send("/paper/patient", {**sign, "reason": "sheets are in the safe"})
    assert lea.status == 303, lea.text
    assert "signed L. Peeters: the record counts" in lea.open(PATIENT)
    assert "100&nbsp;%" not in lea.open("/paper"), "the others of the ward are not"


def test_what_does_not_agree_is_said(house: PagesHouse) -> None:
    nina, otto = house.browser("nina"), house.browser("otto")
    close(nina, "identity", "allergies")
    nina.open(PATIENT)
    nina.send("/paper/patient", GIVEN)
    page = otto.open(PATIENT)
    fields = {"what": "differ", "number": "100", "item": item_of(page)}
    otto.send("/paper/patient", fields)
    assert otto.status == 400 and "what does not agree" in html.unescape(otto.text)
    otto.open(PATIENT)
    otto.send("/paper/patient", {**fields, "note": "20 mg"})
    page = otto.open(PATIENT)
    assert "a second person does not agree" in page and "What does not fit" in page


@pytest.mark.parametrize(
    ("change", "status"),
    [({"observed": ""}, 400), ({"observed": "soon"}, 400), ({"kind": "whole"}, 404), ({"kind": "x"}, 404),
     ({"f-what": ""}, 400), ({"f-status": "maybe"}, 400), ({"sheet": "K7Q2MX.99"}, 409), ({"sheet": ""}, 400),
     ({"author": ""}, 400), ({"number": ""}, 400), ({"sheet": f"{PACK}.4"}, 409), ({"what": "burn"}, 400)],
)  # fmt: skip
def test_what_is_off_keys_nothing(house: PagesHouse, change: dict[str, str], status: int) -> None:
    nina = house.browser("nina")
    close(nina, "identity", "allergies")
    nina.open(PATIENT)
    nina.send("/paper/patient", {**GIVEN, **change})
    assert nina.status == status, nina.text
    assert "Enoxaparin" not in nina.open(PATIENT)


def test_who_looks_at_a_patients_paper_is_written_down_and_a_stranger_sees_none(house: PagesHouse) -> None:
    house.browser("lab-1").open(PATIENT)
    assert ("lab-1", "one patient's paper") in [(each.by, each.what) for each in house.written("looked")]
    nina = house.browser("nina")
    nina.open("/paper/patient?number=999")
    assert nina.status == 404
    stranger = house.browser()
    for path in ("/paper", PATIENT):
        stranger.open(path)
        assert stranger.location.startswith("/sign-in")
