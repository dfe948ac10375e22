"""Scanned pages: real codes on real pages, turned, tilted, photographed, many, none; and files that mean harm."""

from __future__ import annotations

import io
import random
import zlib
from pathlib import Path

import pytest
import segno
from PIL import Image, ImageDraw, ImageFilter

from garde.paper import scan as scanning
from garde.paper.scan import NotScanned, ScannedPage, scan

TEXT = "GARDE:1:K7Q2MX.12:9f3a01bc:7"


def page(*texts: str, width: int = 1654, height: int = 2339, scale: int = 5) -> Image.Image:
    """A4 at 200 dpi with lines of writing and a code in each of these places."""
    sheet = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(sheet)
    for line in range(300, 2200, 40):
        pen.line((100, line, 1500, line), fill=90, width=2)
    for place, text in enumerate(texts):
        out = io.BytesIO()
        segno.make_qr(text, error="m").save(out, kind="png", scale=scale, border=4)
        sheet.paste(Image.open(out), (1300 if place % 2 == 0 else 80, 60 + 700 * (place // 2)))
    return sheet


def saved(*sheets: Image.Image, form: str = "PDF") -> bytes:
    out = io.BytesIO()
    sheets = tuple(each.copy() for each in sheets)  # writing leaves its marks on what is written
    more = {"save_all": True, "append_images": sheets[1:]} if len(sheets) > 1 else {}
    sheets[0].save(out, format=form, **({"resolution": 200} if form == "PDF" else {}), **more)
    return out.getvalue()


def texts(found: list[ScannedPage]) -> list[list[str]]:
    return [[code.text for code in each.codes] for each in found]


@pytest.mark.parametrize("form", ["PDF", "PNG", "JPEG", "TIFF"])
def test_a_code_is_read_from_every_form(form: str) -> None:
    (found,) = scan(saved(page(TEXT), form=form), "GARDE:")
    assert (found.page, found.of, found.fault) == (1, 1, "")
    assert [(code.kind, code.text) for code in found.codes] == [("qr", TEXT)]
    assert Image.open(io.BytesIO(found.picture)).size[1] == 1755


@pytest.mark.parametrize("degrees", [90, 180, 270, 4, -11, 37])
def test_a_page_may_lie_as_it_likes(degrees: int) -> None:
    turned = page(TEXT).rotate(degrees, expand=True, fillcolor=255)
    assert texts(list(scan(saved(turned), "GARDE:"))) == [[TEXT]]


def test_a_photograph_is_read() -> None:
    """In perspective, on a dark table, with the light from one side, noise, and JPEG on top."""
    draw = random.Random(3)
    sheet = page(TEXT).transform(
        (1654, 2339), Image.Transform.QUAD, (-120, -90, 60, 2500, 1800, 2380, 1650, -20), fillcolor=40
    )
    shade = Image.linear_gradient("L").resize(sheet.size).rotate(90)
    sheet = Image.blend(sheet, shade, 0.35).filter(ImageFilter.GaussianBlur(1))
    noise = Image.frombytes("L", (413, 584), draw.randbytes(413 * 584)).resize(sheet.size)
    assert texts(list(scan(saved(Image.blend(sheet, noise, 0.12), form="JPEG"), "GARDE:"))) == [[TEXT]]


def test_several_codes_and_pages_without_any() -> None:
    sheets = [page(TEXT, "other", "D1-000017-K"), page(), page("GARDE:1:K7Q2MX.13:9f3a01bc:5")]
    found = list(scan(saved(*sheets), "GARDE:"))
    assert [sorted(each) for each in texts(found)] == [
        sorted((TEXT, "other", "D1-000017-K")), [], ["GARDE:1:K7Q2MX.13:9f3a01bc:5"],
    ]  # fmt: skip
    assert [(each.page, each.of) for each in found] == [(1, 3), (2, 3), (3, 3)]
    assert texts(list(scan(saved(*sheets, form="TIFF"), "GARDE:")))[2] == ["GARDE:1:K7Q2MX.13:9f3a01bc:5"]


def test_more_pages_than_one_process_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "AT_ONCE", 2)
    names = [f"GARDE:1:K7Q2MX.{number}:9f3a01bc:7" for number in range(1, 6)]
    small = [page(name, width=1654, height=700) for name in names]
    assert texts(list(scan(saved(*small), "GARDE:"))) == [[name] for name in names]


# --- files that mean harm ---------------------------------------------------------------------------------------------


def bomb() -> bytes:
    """A PNG of 900 million points in few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    head = (30_000).to_bytes(4, "big") * 2 + bytes((1, 0, 0, 0, 0))
    rows = zlib.compress(b"\0" * (30_000 * 3751), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def huge_pdf(size: str) -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 " + size.encode() + b"]>>endobj\ntrailer<</Root 1 0 R>>\n"
    )


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"%PDF-1.7 nothing", b"GIF89a" + bytes(100), b"\x89PNG\r\n\x1a\n" + bytes(50), bomb()],
    ids=["empty", "text", "no pdf", "gif", "broken png", "bomb"],
)  # fmt: skip
def test_what_is_no_scan_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(NotScanned) as caught:
        list(scan(data, "GARDE:"))
    assert caught.value.reason


@pytest.mark.parametrize("size", ["14400000 14400000", "1 9000000", "0 0"])
def test_a_page_of_any_size_is_drawn_small(size: str) -> None:
    (found,) = scan(huge_pdf(size), "GARDE:")
    assert found.codes == () and len(found.picture) < 1 << 20


def test_a_page_that_ends_the_process_costs_that_page_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "child.py"
    script.write_text(
        "import importlib.util, os, sys\n"
        f"spec = importlib.util.spec_from_file_location('child', {str(scanning.CHILD)!r})\n"
        "child = importlib.util.module_from_spec(spec); spec.loader.exec_module(child)\n"
        "real = child._page\n"
        "def deadly(pages, number, prefix, reader):\n"
        "    if number == 2: os.kill(os.getpid(), 11)\n"
        "    return real(pages, number, prefix, reader)\n"
        "child._page = deadly\nsys.exit(child.main())\n"
    )
    monkeypatch.setattr(scanning, "CHILD", script)
    first, second, third = scan(saved(page(TEXT), page(TEXT), page(TEXT)), "GARDE:")
    assert [code.text for code in first.codes] == [TEXT] == [code.text for code in third.codes]
    assert "signal 11" in second.fault and (second.page, second.of, second.codes) == (2, 3, ())


def test_a_frame_of_too_many_points_is_a_fault_of_its_page() -> None:
    first, second = scan(saved(page(TEXT), Image.new("L", (9000, 7000), 255), form="TIFF"), "GARDE:")
    assert first.codes and "no page" in second.fault


def test_a_child_that_takes_too_long_is_ended() -> None:
    with pytest.raises(NotScanned):
        list(scan(saved(page(TEXT)), "GARDE:", seconds=0))


def test_the_process_can_open_no_file_any_more() -> None:
    import subprocess
    import sys

    program = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('child', {str(scanning.CHILD)!r})\n"
        "child = importlib.util.module_from_spec(spec); spec.loader.exec_module(child)\n"
        "open('/etc/passwd').close(); child._shut_in()\n"
        "try:\n open('/etc/passwd')\nexcept PermissionError:\n print('shut')\nelse:\n print('open')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    if done.stdout.strip() == "open":
        pytest.skip("this kernel has no Landlock")
    assert done.stdout.strip() == "shut"


def test_a_child_that_lies_is_not_believed() -> None:
    reading = scanning._Reading(0, "", 1, 1)
    good = b'{"page":1,"of":2,"codes":[["qr","x"]],"length":2}\nab'
    assert reading._parse(good + b'{"end":2}\n', 1, 8)[1]
    for bad in (
        good[:-1],
        b"{",
        b"\xff\n",
        good.replace(b'"page":1', b'"page":7'),
        good.replace(b":2}", b":-2}"),
        b'{"page":"1"}\n',
    ):
        pages, ended = reading._parse(bad, 1, 8)
        assert not ended and len(pages) <= 1
    assert len(reading._parse(good + good.replace(b'"page":1', b'"page":2'), 1, 1)[0]) == 1
