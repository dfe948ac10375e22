"""A warning as a table: CSV, for whoever has nothing but a spreadsheet or a firewall's import.

Comes in: a guarded `Draft`. Goes out: UTF-8 bytes, one line an indicator. A cell that a spreadsheet would take for a
formula gets an apostrophe before it, as spreadsheets themselves write it; whoever reads the file takes it off again.
"""

from __future__ import annotations

import csv
import io
from typing import Final

from garde.sharing.out.draft import Draft
from garde.sharing.out.stix import stamp

HEAD: Final = ("sort", "value", "what", "times", "first_seen", "tlp", "source", "warning", "version")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def write(draft: Draft) -> bytes:
    """Return the table."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(HEAD)
    for each in draft.indicators:
        row = (
            each.sort, each.value, each.what, str(each.times), stamp(each.first_at), draft.tlp,
            draft.hospital or "A hospital", draft.warning, str(draft.version),
        )  # fmt: skip
        rows.writerow([_cell(value) for value in row])
    return out.getvalue().encode("utf-8")


def _cell(value: str) -> str:
    return f"'{value}" if value.startswith(FORMULA) else value
