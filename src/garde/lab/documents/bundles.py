"""Documents that hold others: ZIP exports and SQLite databases.

Comes in: a `Draw`. Goes out: bytes, by the standard library.
"""

from __future__ import annotations

import io
import sqlite3
import zipfile

from garde.lab.documents import office, pictures, texts
from garde.lab.documents.draw import HOSPITAL, Draw


def archive(draw: Draw) -> bytes:
    """Return a ZIP export of a stay: messages, results, a report and a picture, 5 kB to 1 MB."""
    out = io.BytesIO()
    makers = [
        ("report.pdf", office.pdf),
        ("results.csv", texts.table),
        ("photo.jpg", pictures.jpeg),
        ("note.txt", texts.note),
    ]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as packed:
        for number in range(draw.between(2, 8)):
            name, make = makers[number % len(makers)]
            member = zipfile.ZipInfo(f"{draw.patient.number}/{number:02d}-{name}", draw.stamp())
            member.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(member, make(draw))
    return out.getvalue()


def database(draw: Draw) -> bytes:
    """Return an SQLite export, 12 to 600 kB."""
    store = sqlite3.connect(":memory:")
    try:
        store.execute("CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT)")
        store.execute("CREATE TABLE result (id INTEGER PRIMARY KEY, patient TEXT, test TEXT, value REAL, remark TEXT)")
        store.execute("INSERT INTO about VALUES ('heading', ?)", (draw.heading(),))
        rows = [_row(draw) for _ in range(draw.between(60, 6000))]
        store.executemany("INSERT INTO result (patient, test, value, remark) VALUES (?, ?, ?, ?)", rows)
        store.execute("CREATE INDEX by_patient ON result (patient)")
        store.commit()
        return store.serialize()
    finally:
        store.close()


def _row(draw: Draw) -> tuple[str, str, float, str]:
    rng = draw.rng
    code, _, _, usual = rng.choice(HOSPITAL.tests)
    return (
        f"SYN{rng.randrange(10**7):07d}",
        code,
        round(float(usual) * rng.uniform(0.6, 1.7), 2),
        rng.choice(HOSPITAL.sentences),
    )
