"""Paper: typed documents as PDF, with codes that a scanner reads. No network, no printer of the hospital's own domain.

Comes in: a template of ours, and data. Goes out: `Printed`: the PDF's bytes, its pages, its SHA-256. Each document is
set in one short-lived process of its own; words from outside travel as data and are never part of a template's source.
It prints nothing and knows no hospital.

    document.py    what goes in and comes out
    typeset.py     the process: time, memory, what it may see        child.py: what runs in it
    codes.py       QR and Code 128, as SVG
    scan.py        codes on scanned pages, and a picture of each         scan_child.py: what runs in the process
    base.typ       what every template is set with: page, headings, tables
    fonts/         the only fonts that are used, with their licence
"""

from garde.paper.codes import code128_svg, qr_svg
from garde.paper.document import Document, NotTypeset, Printed
from garde.paper.typeset import typeset

__all__ = ["Document", "NotTypeset", "Printed", "code128_svg", "qr_svg", "typeset"]
