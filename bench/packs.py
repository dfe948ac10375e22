"""The wards' papers: how long 160 beds take, how much memory, and whether every code on every page is read back.

Comes in: nothing but the machine. Goes out: seconds and pages for all wards and services, the slowest ward, memory of
the process that makes them and of the largest child together, and how many of the codes that were drawn a scanner
reads from pages at 200 dpi in black and white. The hospital is the simulator's; the census is warm, as in a running
desk. Codes are read by zbarimg from what pdftoppm makes; without them that row says so.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.common import Report, Result, Row, warn_if_busy
from garde.downtime.census.state import Census
from garde.downtime.census.view import census_view
from garde.downtime.codes import SheetCode, new_pack_id
from garde.downtime.packs.basis import SERVICES, UNPLACED, Basis, Call, coming_and_gone
from garde.downtime.packs.making import Made, Wanted, make, service_pack, ward_pack
from garde.downtime.reading.manner import Manner
from garde.downtime.reading.read import read_hl7
from garde.downtime.silence import freshness
from garde.lab.ward_traffic.hospital import Hospital
from garde.paper.glyphs import characters

MESSAGES = 12_000  # three days of the simulator's hospital
BOUND_S, BOUND_PAGES, BOUND_MB, BOUND_WARD_S = 30.0, 600, 500.0, 3.0
_CODE = re.compile(r"^(QR-Code|CODE-128):(.*)$", re.MULTILINE)


def run(quick: bool, report: Report, *, only: str = "") -> Result:
    """Measure all packs; read the codes of all of them, or in a quick run of one ward and one service."""
    warn_if_busy(report)
    basis = hospital_at(MESSAGES)
    _ = characters()  # a running desk has read its fonts
    folder = Path(tempfile.mkdtemp(prefix="garde-packs-"))
    rows: list[Row] = []
    try:
        began = time.perf_counter()
        made: list[Made] = []
        for place, wanted in _wanted(basis, only):
            start = time.perf_counter()
            made.append(make(basis, wanted, new_pack_id(), _digest))
            rows.append({"what": place, "pages": made[-1].manifest.pages, "s": time.perf_counter() - start,
                         "kb": len(made[-1].pdf) / 1024})  # fmt: skip
            report(f"{place}: {made[-1].manifest.pages} pages")
        seconds = time.perf_counter() - began
        memory = (
            sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
        )
        drawn, read = _read_back([made[0], made[-1]] if quick else made, basis, folder, report)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    wards = [row["s"] for row in rows if row["what"] not in SERVICES]
    return {
        "name": "packs",
        "figures": {
            "packs_s": seconds, "bound_s": BOUND_S,
            "pages": sum(row["pages"] for row in rows), "bound_pages": BOUND_PAGES,
            "memory_mb": memory, "bound_mb": BOUND_MB,
            "slowest_ward_s": max(wards, default=None), "bound_ward_s": BOUND_WARD_S,
            "codes_drawn": drawn, "codes_read": read,
        },
        "rows": rows,
    }  # fmt: skip


def hospital_at(messages: int, language: str = "fr") -> Basis:
    """Return the simulator's hospital after so many messages, with telephone numbers and downtime numbers."""
    hospital, census = Hospital(3, 1_790_000_000.0), Census()
    manner = Manner("Europe/Brussels", "utf-8", ("CLINIC",))
    now = 0.0
    for seq, sent in enumerate(itertools.islice(hospital.messages(), messages), 1):
        census.take(seq, sent.at, read_hl7(sent.data, seq, sent.at, str(seq), manner))
        now = sent.at + 60
    booked, gone = coming_and_gone(census, now)
    senders = {name: sender.received for name, sender in census.senders.items()}
    view = census_view(census)
    wards = {row.place.ward for row in view.rows}
    return Basis(
        "Clinique Sainte-Élisabeth", ZoneInfo("Europe/Brussels"), now, view,
        freshness(census.newest, 0.0, now, senders),
        senders=tuple(sorted(senders.items())), language=language, booked=booked, gone=gone,
        calls=(Call("Médecin de garde", "Dr Lemaire", "0470 11 22 33", "24 h"), Call("Labo", "", "0470 44 55 66")),
        numbers={ward: tuple(f"D1-{n:06d}-K" for n in range(12)) for ward in wards},
        rounds={"QID": "08:00 12:00 18:00 22:00", "TID": "08:00 12:00 18:00", "BID": "08:00 20:00"},
    )  # fmt: skip


def _wanted(basis: Basis, only: str) -> Iterator[tuple[str, Wanted]]:
    for ward in basis.wards():
        if only in ward and ward != UNPLACED:
            yield ward, ward_pack(basis, ward)
    for service in SERVICES:
        if only in service:
            yield service, service_pack(basis, service)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


# --- codes ------------------------------------------------------------------------------------------------------------


def _read_back(packs: list[Made], basis: Basis, folder: Path, report: Report) -> tuple[int, int | None]:
    """Return how many codes were drawn and how many were read: each page's QR, each page's different bar codes."""
    drawn = read = 0
    missing = [tool for tool in ("pdftoppm", "zbarimg") if shutil.which(tool) is None]
    for made in packs:
        report(f"reading the codes of {made.manifest.place}")
        for page, wanted in enumerate(_codes(made, basis), 1):
            drawn += len(wanted)
            if not missing:
                read += len(wanted & scanned(made.pdf, page, folder))
    if missing:
        report(f"codes are not read: {', '.join(missing)} is not installed")
    return drawn, None if missing else read


def _codes(made: Made, basis: Basis) -> Iterator[set[str]]:
    """What must be read on each page."""
    known = made.manifest
    for page, title in enumerate(known.titles, 1):
        found = {SheetCode(known.pack, page).qr(known.digest)}
        if title.startswith("downtime numbers"):
            found |= set(basis.numbers.get(known.place, ()))
        # The labels stand on the last of a patient's pages.
        last = (
            page == known.pages
            or made.people.get(page + 1) != made.people.get(page)
            or known.titles[page].startswith("MAR")
        )
        if title.startswith("patient") and last:
            found.add(made.people[page])
        yield found


def scanned(pdf: bytes, page: int, folder: Path) -> set[str]:
    """Return what a scanner reads on one page at 200 dpi, black and white."""
    file, picture = folder / "pack.pdf", folder / "page"
    file.write_bytes(pdf)
    one = ["-f", str(page), "-l", str(page), "-singlefile"]
    subprocess.run(["pdftoppm", "-r", "200", "-mono", *one, str(file), str(picture)], check=True)
    words = ["zbarimg", "-q", "--nodbus", "-Sdisable", "-Sqrcode.enable", "-Scode128.enable", f"{picture}.pbm"]
    done = subprocess.run(words, capture_output=True, check=False)
    return {value for _, value in _CODE.findall(done.stdout.decode(errors="replace"))}
