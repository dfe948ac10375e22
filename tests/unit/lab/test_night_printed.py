"""What came out of a printer is counted, read and scanned by tools of others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from garde.errors import Incomplete
from garde.lab.night import printed
from garde.paper import Document, typeset

TOOLS = ("pdfinfo", "pdftotext", "pdftoppm")
pytestmark = pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="poppler-utils is not installed")


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    template = tmp_path / "page.typ"
    template.write_text("#for each in data { block(each); pagebreak(weak: true) }", encoding="utf-8")
    spool = tmp_path / "spool"
    spool.mkdir()
    for number, pages in ((2, ["K7Q2MX.1 Zoé 100033", "K7Q2MX.2.3"]), (10, ["nothing 1.5 mg"])):
        made = typeset(Document(template, pages, "TEST"))
        (spool / f"{number}-pack.pdf").write_bytes(made.pdf)
    return spool


def test_pages_are_counted_in_the_printers_own_order(spool: Path) -> None:
    assert [path.name for path in printed.documents(spool)] == ["2-pack.pdf", "10-pack.pdf"]
    assert printed.count_pages([spool]) == 3


def test_a_page_says_which_sheet_it_is(spool: Path) -> None:
    one, other = (printed.read(document) for document in printed.documents(spool))
    assert [(page.number, page.sheet) for page in one] == [(1, "K7Q2MX.1"), (2, "K7Q2MX.2.3")]
    assert "Zoé 100033" in one[0].text
    assert [page.sheet for page in other] == [""], "a dose is no sheet"


def test_every_page_goes_through_the_scanner(spool: Path, tmp_path: Path) -> None:
    pages = [page for document in printed.documents(spool) for page in printed.read(document)]
    printed.scan([pages[2], pages[0]], tmp_path / "scan.tiff", dots=100)
    with Image.open(tmp_path / "scan.tiff") as picture:
        assert (picture.mode, picture.n_frames) == ("1", 2)
        assert abs(picture.height - 1169) <= 2, "A4"


def test_what_is_no_document_is_said(tmp_path: Path) -> None:
    (tmp_path / "1-x.pdf").write_bytes(b"garbage")
    for act in (printed.pages_of, printed.read):
        with pytest.raises(Incomplete):
            act(tmp_path / "1-x.pdf")
    with pytest.raises(Incomplete):
        printed.scan([printed.Page(tmp_path / "1-x.pdf", 1, "", "")], tmp_path / "scan.tiff")
