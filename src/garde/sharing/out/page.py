"""The one page that a director reads on the telephone, and the same on paper.

Comes in: a `Sheet`. Goes out: HTML that needs nothing else (no script, no picture, no network; it may lie on a stick),
and a `Document` for `garde.paper`. It sets no type itself.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any, Final

from garde.paper.document import Document
from garde.sharing.out.words import Group, Sheet

TEMPLATE: Final = Path(__file__).parent / "templates" / "warning.typ"
_STYLE: Final = (Path(__file__).parent / "templates" / "warning.css").read_text(encoding="utf-8")


def html(sheet: Sheet) -> bytes:
    """Return the page for the telephone."""
    rows = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in sheet.rows)
    advice = "".join(f"<li>{escape(each)}</li>" for each in sheet.advice)
    groups = "".join(_group(each) for each in sheet.groups)
    call = f'<p class="call">{escape(sheet.call)}</p>' if sheet.call else ""
    watch = f"<h2>{escape(sheet.watch_title)}</h2>{groups}" if groups else ""
    return (
        f'<!doctype html><html lang="{escape(sheet.language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(sheet.title)}</title><style>{_STYLE}</style></head><body><main>"
        f'<p class="tlp"><strong>{escape(sheet.tlp)}</strong> {escape(sheet.tlp_means)}</p>'
        f"<h1>{escape(sheet.title)}</h1><dl>{rows}</dl>"
        f"<h2>{escape(sheet.advice_title)}</h2><ol>{advice}</ol>{watch}{call}"
        f'<p class="foot">{escape(sheet.foot)}</p></main></body></html>\n'
    ).encode()


def _group(group: Group) -> str:
    values = "".join(f"<li><code>{escape(each)}</code></li>" for each in group.values)
    more = f"<li>{escape(group.more)}</li>" if group.more else ""
    return f"<h3>{escape(group.label)}</h3><ul>{values}{more}</ul>"


def paper(sheet: Sheet, at: float) -> Document:
    """Return the page for paper: A4, black and white."""
    data: dict[str, Any] = {
        "title": sheet.title,
        "tlp": sheet.tlp,
        "means": sheet.tlp_means,
        "rows": [{"label": label, "value": value} for label, value in sheet.rows],
        "advice_title": sheet.advice_title,
        "advice": list(sheet.advice),
        "watch_title": sheet.watch_title,
        "groups": [{"label": each.label, "values": list(each.values), "more": each.more} for each in sheet.groups],
        "call": sheet.call,
        "foot": sheet.foot,
    }
    return Document(TEMPLATE, data, f"{sheet.tlp} · {sheet.title}", sheet.language, at)
