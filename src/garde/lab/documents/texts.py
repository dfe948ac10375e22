"""Plain text documents: HL7 v2 messages, CSV exports, notes.

Comes in: a `Draw`. Goes out: bytes (HL7 with carriage returns between segments, the others with line feeds).
"""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from garde.lab.documents.draw import HOSPITAL, Draw


def hl7(draw: Draw) -> bytes:
    """Return one ADT or ORU message, 0.3 to 2 kB: most real ones are under 1 KiB."""
    event = draw.rng.choice(["ADT^A01^ADT_A01", "ADT^A08^ADT_A01", "ORU^R01^ORU_R01"])
    who, at = draw.patient, f"{draw.when:%Y%m%d%H%M%S}"
    control = f"SYN{draw.number:08d}{draw.rng.randrange(10**6):06d}"
    segments = [
        f"MSH|^~\\&|GARDELAB|{_plain(draw.hospital)}|EHR|SYN|{at}||{event}|{control}|T|2.5.1|||||FRA|UNICODE UTF-8",
        f"EVN|{event[4:7]}|{at}|||SYN{draw.rng.randrange(100):03d}^{_plain(draw.doctor)}",
        f"PID|1||{who.number}^^^SYN^PI||{who.family}^{who.given}^^^^^D||{who.born}|{who.sex}",
        f"PV1|1|I|{draw.ward}^{draw.rng.randrange(1, 40)}^{draw.rng.choice('AB')}|||||||{_plain(draw.doctor)}",
        "NTE|1|L|synthetic message, nobody's",
    ]
    if event.startswith("ORU"):
        segments.append(f"OBR|1|{control}||58410-2^CBC panel^LN|||{at}")
        segments += [_observation(draw, row) for row in range(1, draw.between(2, 16))]
    return ("\r".join(segments) + "\r").encode()


def _plain(text: str) -> str:
    return text.replace("|", " ").replace("^", " ").replace("&", " ")


def _observation(draw: Draw, row: int) -> str:
    code, name, unit, usual = draw.rng.choice(HOSPITAL.tests)
    value = float(usual) * draw.rng.uniform(0.6, 1.7)
    return f"OBX|{row}|NM|{code}^{name}^LN||{value:.2f}|{unit}|||||F"


def table(draw: Draw) -> bytes:
    """Return a CSV export of results, 1 to 150 kB."""
    out = io.StringIO()
    sheet = csv.writer(out, delimiter=draw.rng.choice(",;"), lineterminator="\n")
    sheet.writerow(["sejour", "patient", "ward", "when", "loinc", "test", "value", "unit"])
    for row in range(draw.between(20, 2200)):
        code, name, unit, usual = draw.rng.choice(HOSPITAL.tests)
        moment = draw.when - timedelta(minutes=7 * row)
        value = float(usual) * draw.rng.uniform(0.6, 1.7)
        stay = f"SYN{draw.rng.randrange(10**6):06d}"
        sheet.writerow(
            [stay, draw.patient.number, draw.ward, f"{moment:%Y-%m-%d %H:%M}", code, name, f"{value:.2f}", unit]
        )
    return out.getvalue().encode()


def note(draw: Draw) -> bytes:
    """Return a ward note, 0.5 to 20 kB."""
    lines = [draw.heading(), f"{draw.when:%Y-%m-%d %H:%M} — {draw.doctor}", ""]
    lines += [draw.paragraph(4) for _ in range(draw.between(2, 80))]
    return ("\n".join(lines) + "\n").encode()
