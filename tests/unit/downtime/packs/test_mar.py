"""The sheet on which drugs are signed: no time that nobody said, no drug that is left out."""

from __future__ import annotations

from typing import Any

import pytest
from feed_words import adt, at, message, pid, written
from pack_words import NOW, basis_of, rde

from garde.downtime.packs.mar import mar


def drugs(*told: bytes, **more: Any) -> dict[str, Any]:
    basis = basis_of(adt("A01", 0), *told, **more)
    return mar(basis.view.rows[0], basis)


def prescribed(number: str = "P1", drug: str = "C07AB07^Bisoprolol^ATC", **more: Any) -> bytes:
    minutes, kind, segments = rde(5, number, drug, **more)
    return message(kind, minutes, *segments, control=number, sender="PHARMA")


def given(minutes: float, number: str = "P1", status: str = "CP", drug: str = "C07AB07^Bisoprolol^ATC") -> bytes:
    when = written(at(minutes))
    rxa = f"RXA|0|1|{when}|{when}|{drug}|5|mg|||N1^Leroy^Sarah||||||||||{status}"
    return message("RAS^O17", minutes, pid(), "PV1|1|I|||||||||||||||||V1", f"ORC|RE|{number}", rxa,
                   control=f"G{minutes}{number}", sender="PHARMA")  # fmt: skip


def lines(sheet: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for group in sheet["groups"] for line in group["lines"]]


def test_times_that_the_prescription_says_stand_in_the_cells() -> None:
    (line,) = lines(drugs(prescribed(often="BID", times="0800~2000")))
    assert line["cells"] == ["2/3 20:00", "3/3 08:00"] and line["usual"] == ""


def test_without_times_the_cells_are_for_the_time_as_well() -> None:
    (line,) = lines(drugs(prescribed(often="TID")))
    assert line["cells"] == ["", "", ""]
    (line,) = lines(drugs(prescribed(often="TID"), mar_hours=72))
    assert line["cells"] == [""] * 9
    (line,) = lines(drugs(prescribed(often="Q6H")))
    assert line["cells"] == [""] * 4


def test_the_hospitals_usual_times_say_that_they_are() -> None:
    (line,) = lines(drugs(prescribed(often="BID"), rounds={"BID": "08:00 20:00"}))
    assert line["cells"] == ["2/3 20:00", "3/3 08:00"] and line["usual"]


def test_no_cell_after_the_stop_date_and_it_is_said() -> None:
    (line,) = lines(drugs(prescribed(often="BID", times="0800~2000", ends=written(at(NOW + 60)))))
    assert line["cells"] == [] and "stops" in line["dates"]
    (line,) = lines(drugs(prescribed(ends=written(at(NOW - 60)))))
    assert any("stop date has passed" in mark for mark in line["marks"])


def test_the_night_of_summer_time_has_every_dose_once() -> None:
    basis = basis_of(adt("A01", 0), prescribed(often="QID", times="0200~0300~1400~2200"), minutes=26 * 1440 + 1140)
    (line,) = lines(mar(basis.view.rows[0], basis))  # 28 March 22:00 to 29 March
    assert len(line["cells"]) == len(set(line["cells"])) and "29/3 14:00" in line["cells"]


@pytest.mark.parametrize(("control", "shown"), [("HD", True), ("DC", False)])
def test_held_is_shown_and_stopped_is_listed(control: str, shown: bool) -> None:
    first = prescribed()
    minutes, kind, segments = rde(30, "P1", "C07AB07^Bisoprolol^ATC", control=control)
    sheet = drugs(first, message(kind, minutes, *segments, control="P1b", sender="PHARMA"))
    assert bool(lines(sheet)) is shown
    assert bool(sheet["stopped"]) is not shown
    if shown:
        assert "ON HOLD" in lines(sheet)[0]["marks"][0]


def test_what_was_given_last_by_whom_and_what_was_refused_since() -> None:
    (line,) = lines(drugs(prescribed(), given(60), given(300, status="RE")))
    assert line["last"][0]["text"] == "2 Mar 04:00\n5 mg\nSarah Leroy"
    assert line["last"][1]["status"] == "REFUSED" and "08:00" in line["last"][1]["text"]
    (line,) = lines(drugs(prescribed()))
    assert line["last"] == [{"text": "no giving is recorded", "loud": False}]


def test_a_giving_without_a_known_prescription_is_listed() -> None:
    sheet = drugs(prescribed(), given(60, number="X9", drug="N02BE01^Paracétamol^ATC"))
    assert [each["name"] for each in sheet["stray"]] == ["Paracétamol"]


@pytest.mark.parametrize(
    "drug", ["A10AB05^Insuline aspart^ATC", "X^Clexane 40 mg", "N02AA01^Morphine^ATC", "B05XA01^KCl^ATC"]
)
def test_high_risk_drugs_have_lines_of_their_own(drug: str) -> None:
    sheet = drugs(prescribed(drug=drug), prescribed("P2"))
    assert [group["kind"] for group in sheet["groups"]] == ["high_risk", "other_drugs"]
    assert sheet["groups"][0]["lines"][0]["risk"] and not sheet["groups"][1]["lines"][0]["risk"]


def test_as_needed_and_what_is_not_recorded_say_so() -> None:
    (line,) = lines(drugs(prescribed(often="PRN", route="")))
    assert line["needed"] == "AS NEEDED" and len(line["cells"]) == 10 and line["route"] == "route not recorded"


def test_no_drug_is_not_said_to_be_none() -> None:
    sheet = drugs()
    assert sheet["groups"] == [] and sheet["stray"] == [] and sheet["stopped"] == []


def test_a_drug_that_is_called_like_an_allergy_says_so() -> None:
    al1 = "AL1|1|DA|294505008^Amoxicilline^SCT|SV"
    basis = basis_of(adt("A01", 0, al1), prescribed(drug="J01CR02^Amoxi/clav 1 g^ATC"), prescribed("P2"))
    marks = {line["name"]: line["marks"] for line in lines(mar(basis.view.rows[0], basis))}
    assert marks == {"Amoxi/clav 1 g": ["▲ ALLERGY RECORDED: Amoxicilline – ask before giving"], "Bisoprolol": []}
