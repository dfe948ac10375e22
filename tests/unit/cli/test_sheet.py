"""`garde sheet`: a ward's night on the command line, and what is refused."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import segno
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "downtime" / "support"))
from paper_desk import DIGEST, PACK, back, made

from garde.downtime.codes import SheetCode

Call = Callable[..., Any]


@pytest.fixture
def sheet(garde: Call, tmp_path: Path) -> Call:
    """Run `garde sheet WORDS...` as nina, on a desk with paper out."""
    state = made(tmp_path / "desk")

    def call(*words: str, by: str = "nina") -> Any:
        return garde("sheet", *words, "--state", str(state), "--by", by, "--json")

    call.state = state  # type: ignore[attr-defined]
    return call


def scanned(path: Path, *pages: int, digest: str = DIGEST) -> Path:
    sheets = []
    for number in pages:
        paper, out = Image.new("L", (800, 1100), 255), io.BytesIO()
        segno.make_qr(SheetCode(PACK, number).qr(digest)).save(out, kind="png", scale=4)
        if number:
            paper.paste(Image.open(out), (500, 40))
        sheets.append(paper)
    sheets[0].save(path, format="PDF", resolution=100, save_all=True, append_images=sheets[1:])
    return path


def given(**more: Any) -> str:
    item = {"kind": "given", "what": "Actrapid", "amount": "8", "unit": "IU"}
    return json.dumps({"sheet": f"{PACK}.3", "observed": "2026-03-02T09:00", "author": "N. Maes", "item": item, **more})


def test_one_lost_sheet_is_found_and_named(sheet: Call, tmp_path: Path) -> None:
    found = sheet("scan", str(scanned(tmp_path / "night.pdf", 1, 2, 4, 5, 6, 6)))
    assert found.code == 0 and found.lines[-1]["sheets"][-1] == {"page": 6, "sheet": f"{PACK}.6.2"}
    assert sheet("void", f"{PACK}.7-9", "--note", "unused").code == 0
    found = sheet("account")
    assert found.code == 9
    account, lost = found.lines
    assert (account["printed"], account["scanned"], account["void"], account["open"]) == (10, 6, 3, 1)
    assert (lost["sheet"], lost["title"], lost["ward"], lost["run"]) == (f"{PACK}.3", "MAR 1/1", "MED", "r1")
    assert "Dupont" not in found.out
    assert sheet("account", "--names").lines[1]["name"] == "Dupont Marie"
    assert sheet("close", PACK).lines[0]["kind"] == "sheet_returned"
    found = sheet("account", PACK.lower())
    assert found.code == 0 and found.lines[0]["whole"] and found.lines[1]["standing"] == "missing"
    assert sheet("returned", f"{PACK}.3").lines[0]["how"] == "entered"  # behind the radiator
    assert sheet("account").lines[0]["missing"] == 0


def test_scans_that_nobody_can_place(sheet: Call, tmp_path: Path) -> None:
    file = scanned(tmp_path / "a.pdf", 2, 0)
    found = sheet("scan", str(file))
    assert found.code == 9
    (page,) = found.lines[-1]["unmatched"]
    assert page == {"page": 2, "reason": "no code of ours can be read"}
    scan = found.lines[-1]["scan"]
    again = sheet("scan", str(file))
    assert again.code == 0 and again.lines[-1]["known"]
    assert [each["page"] for each in sheet("scan").lines] == [f"{scan}/2"]
    assert sheet("scan", f"{scan[:6]}/2", "--as", f"{PACK}.3").code == 0
    assert sheet("scan").lines == [] and sheet("account").lines[0]["scanned"] == 2
    other = sheet("scan", str(scanned(tmp_path / "b.pdf", 4, digest="00000000" * 8)))
    assert other.lines[-1]["unmatched"][0]["reason"] == f"the code is of another content than {PACK}"
    assert sheet("scan", str(tmp_path / "none.pdf")).code == 2
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.4 no")
    assert sheet("scan", str(tmp_path / "x.pdf")).code == 2
    assert sheet("scan", "ffff/1", "--as", f"{PACK}.3").code == 8


def test_a_patient_is_keyed_checked_and_signed(sheet: Call) -> None:
    assert sheet("key", "100", "--item", given()).code == 12  # identity comes first
    assert [each["step"] for each in sheet("key", "100", "--whole", "identity").lines] == ["identity"]
    assert sheet("key", "100", "--whole", "allergies").code == 0
    (keyed,) = sheet("key", "100", "--item", given()).lines
    assert (keyed["kind"], keyed["item"], keyed["check"]) == ("item_keyed", "I3", True)
    assert "subject" not in keyed and "content" not in keyed
    assert sheet("check", "I3").code == 12
    assert sheet("check", "I3", "--note", "on sliding scale", by="omar").lines[0]["agrees"]
    found = sheet("next", "100").lines[0]
    assert (found["next"], found["to_check"], found["items"][2]["checked_by"]) == ("medication", [], ["omar"])
    assert sheet("switch", "100", "--signed", "Dr Smet").code == 12
    back(sheet.state)  # type: ignore[attr-defined]
    assert len(sheet("key", "100", "--whole", "rest").lines) == 5
    assert sheet("returned", f"{PACK}.2", f"{PACK}.3").code == 0
    assert sheet("discrepancies").code == 0
    assert sheet("switch", "100", "--signed", "Dr Smet").lines[0]["signed"] == "Dr Smet"
    assert sheet("switched").lines == [{"kind": "ward", "ward": "MED", "patients": 3, "switched": 1, "per_cent": 33}]


def test_what_does_not_fit_is_shown_to_people(sheet: Call) -> None:
    for step in ("identity", "allergies"):
        sheet("key", "100", "--whole", step)
    sheet("key", "100", "--item", given())
    found = sheet("discrepancies", "--ward", "MED")
    assert found.code == 9 and found.lines[0]["what"] == "given, but nobody prescribed it"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("key", "100", "--item", "{"), 2), (("key", "100", "--item", '{"item": {"kind": "soup"}}'), 2),
        (("key", "100", "--item", given(item={"kind": "given", "what": "x", "amuont": "1"})), 2),
        (("key", "100", "--item", given(item={"kind": "given", "what": " "})), 2), (("account", "a", "b"), 2),
        (("send",), 2), (("export",), 2), (("check", "I9"), 8), (("next", "999"), 8), (("next",), 2),
        (("close",), 2), (("close", "ZZZZZZ"), 8), (("void", f"{PACK}.2"), 12), (("send", "--again", "G1"), 8),
    ],
)  # fmt: skip
def test_what_is_refused(sheet: Call, words: tuple[str, ...], code: int) -> None:
    assert sheet(*words).code == code


def test_hostile_words_move_no_cursor(garde: Call, sheet: Call) -> None:
    evil = {"kind": "identity", "family": "\x1b[2JEvil\u202e"}
    assert sheet("key", "100", "--item", given(item=evil)).code == 0
    state = str(sheet.state)  # type: ignore[attr-defined]
    shown = garde("sheet", "next", "100", "--state", state)
    assert "\\x1b" in shown.out and "\x1b[2J" not in shown.out and "\u202e" not in shown.out
    assert garde("sheet", "account", "--state", state).code == 9
    assert garde("sheet", "switched", "--state", state).code == 0
