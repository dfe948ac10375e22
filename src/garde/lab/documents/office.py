"""Office documents: letters as docx and PDF, sheets as xlsx.

Comes in: a `Draw`. Goes out: bytes. PDFs are drawn by reportlab one by one. For docx and xlsx the library (python-docx,
openpyxl) makes a few templates once; each document then gets its own text, figures and picture and is packed anew,
since the libraries need 20 ms and more a document and the drill makes hundreds a second.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from xml.sax.saxutils import escape

import docx
import openpyxl
from docx.shared import Cm
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from garde.lab.documents.draw import HOSPITAL, Draw
from garde.lab.documents.pictures import jpeg

LINES_A_PAGE = 30
# A figure in a template sheet: written as this plus its number, found again by pattern, and replaced.
FIGURE = 7_000_000
FIGURES = re.compile(r"<v>7\d{6}</v>")
EPOCH = datetime.datetime(2026, 1, 1)


def pdf(draw: Draw) -> bytes:
    """Return a report of 1 to 40 pages, at times with a picture, 2 to 400 kB."""
    rl_config.useA85 = 0  # raw compressed streams, as most producers write them
    out = io.BytesIO()
    paper = Canvas(out, invariant=1, pageCompression=1)
    paper.setTitle(draw.heading())
    for page in range(draw.between(1, 40)):
        paper.setFont("Helvetica", 9)
        body = paper.beginText(50, 790)
        body.textLine(draw.heading())
        body.textLine(f"{draw.when:%d/%m/%Y} — {draw.doctor} — page {page + 1}")
        for _ in range(LINES_A_PAGE):
            body.textLine(f"{draw.sentence()} {draw.sentence()}")
        paper.drawText(body)
        if page == 0 and draw.rng.random() < 0.4:
            paper.drawImage(ImageReader(io.BytesIO(jpeg(draw))), 60, 40, width=160, height=120)
        paper.showPage()
    paper.save()
    return out.getvalue()


def letter(draw: Draw) -> bytes:
    """Return a docx letter, 25 to 600 kB with its picture."""
    template = _letter_template(draw.between(3, 60), draw.rng.random() < 0.6)

    def fill(name: str, data: bytes) -> bytes:
        if name.startswith("word/media/"):
            return jpeg(draw)
        text = data.decode().replace("@@HEAD@@", escape(draw.heading()))
        return re.sub(r"@@BODY@@", lambda _: escape(draw.paragraph(4)), text).encode()

    return template.filled(fill)


def sheet(draw: Draw) -> bytes:
    """Return an xlsx workbook, 6 to 200 kB."""
    template = _sheet_template(draw.between(15, 900))

    def fill(name: str, data: bytes) -> bytes:
        text = data.decode().replace("@@HEAD@@", escape(draw.heading()))
        text = re.sub(r"@@NAME\d+@@", lambda _: draw.rng.choice(HOSPITAL.family_names), text)
        return FIGURES.sub(lambda _: f"<v>{draw.rng.randrange(10**6) / 100:.2f}</v>", text).encode()

    return template.filled(fill)


@dataclass(frozen=True, slots=True)
class Template:
    """A packed document without the members that vary, and those members apart."""

    fixed: bytes
    varying: list[tuple[str, bytes]]

    def filled(self, fill: Callable[[str, bytes], bytes]) -> bytes:
        """Return a whole document, its varying members filled and packed."""
        out = io.BytesIO(self.fixed)
        with zipfile.ZipFile(out, "a") as packed:
            for name, data in self.varying:
                packed.writestr(_member(name), fill(name, data), compresslevel=2)
        return out.getvalue()


@cache
def _letter_template(paragraphs: int, picture: bool) -> Template:
    paper = docx.Document()
    paper.core_properties.created = paper.core_properties.modified = EPOCH
    paper.core_properties.author = "Garde lab"
    paper.add_heading("@@HEAD@@", level=1)
    if picture:
        paper.add_picture(io.BytesIO(jpeg(Draw(0, 0, 0.1))), width=Cm(7))
    for _ in range(paragraphs):
        paper.add_paragraph("@@BODY@@")
    return _template(paper.save)


@cache
def _sheet_template(rows: int) -> Template:
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = EPOCH
    page = book.create_sheet("Planning", 0)
    page.append(["@@HEAD@@"])
    page.append(["name", *(f"week {week}" for week in range(1, 8))])
    for row in range(rows):
        page.append([f"@@NAME{row}@@", *(FIGURE + 7 * row + column for column in range(7))])
    return _template(book.save)


def _template(save: Callable[[io.BytesIO], None]) -> Template:
    made, fixed, varying = io.BytesIO(), io.BytesIO(), []
    save(made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(fixed, "w") as kept:
        for name in source.namelist():
            data = source.read(name)
            if b"@@" in data or name.startswith("word/media/"):
                varying.append((name, data))
            else:
                kept.writestr(_member(name), data)
    return Template(fixed.getvalue(), varying)


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))  # the date that office programs write
    stored = name.endswith((".jpeg", ".jpg", ".png"))
    member.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    return member
