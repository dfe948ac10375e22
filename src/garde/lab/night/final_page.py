"""The end of the story as one page in the console's clothes: a file that needs nothing from anywhere.

Comes in: `Final`. Goes out: HTML. Every value is escaped here. The picture is `final_lanes.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib import resources
from typing import Final as Fixed

from garde.lab.night.final import Again, Back, Final, Relapse
from garde.lab.night.final_lanes import STYLE, picture
from garde.lab.night.story import day_clock
from garde.lab.night.story import words as span
from garde.model.restart import Stage

_STYLE: Fixed = """
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .7rem; margin: .8rem 0; }
.figures > div { background: var(--card); border: 1px solid var(--edge); border-radius: .8rem; padding: .8rem 1rem; }
.figures dt { color: var(--soft); font-size: .86rem; } .figures dd { font-size: 1.5rem; font-weight: 650; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .5rem .6rem; vertical-align: top; }
thead th { color: var(--soft); font-size: .86rem; font-weight: 600; } tbody tr { border-top: 1px solid var(--edge); }
td time { white-space: nowrap; } .scroll { overflow-x: auto; } .above { padding-top: 1rem; }
"""


def page(final: Final) -> str:
    """Return the whole page."""
    style = resources.files("garde.hub.console").joinpath("static/console.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>The morning after: {escape(final.hospital)}</title>\n<style>{style}{_STYLE}{STYLE}</style>\n</head>\n"
        f'<body>\n<main>\n<p class="small above">{escape(final.hospital)}. Everything in it is synthetic.</p>\n'
        f"{_headline(final)}{_figures(final)}{picture(final)}{_again(final.again)}{_table(final.back)}"
        f"{_relapse(final.relapse)}</main>\n</body>\n</html>\n"
    )


def _headline(final: Final) -> str:
    lost, early = final.figures.files_lost, final.too_early
    fine = not lost and not early and bool(final.back) and all(each.opened is not None for each in final.back)
    title = "Nothing was lost, and every server is back." if fine else "The morning did not come out as it should."
    wrong = [f"{lost} files or rows are lost."] if lost else []
    wrong += [f"{each}." for each in early]
    wrong += [f"{each.name} is not open again." for each in final.back if each.opened is None]
    lines = "".join(f"<p>{escape(each)}</p>" for each in wrong or [_sentence(final)])
    return f'<div class="headline {"good" if fine else "bad"}"><h1>{escape(title)}</h1>{lines}</div>\n'


def _sentence(final: Final) -> str:
    parts = []
    if final.restarted is not None:
        parts.append(f"The first server was open again on {day_clock(final.restarted)}; in the story, Tue 06:00.")
    if final.held_until is not None and final.lifted is not None:
        parts.append(f"The plan was held until {day_clock(final.held_until)}, and lifted at {day_clock(final.lifted)}.")
    if final.watch_days is not None:
        parts.append(f"The reinforced watch goes on for {final.watch_days} days more.")
    return " ".join(parts)


def _figures(final: Final) -> str:
    figures = final.figures
    found = (
        ("lost", str(figures.files_lost)),
        ("open before it was verified", str(figures.opened_before_verified)),
        ("waves", str(figures.waves)),
        ("backups safe after", span(figures.retention_frozen_s)),
        ("restore points, of them green", f"{final.points}, {final.green}"),
        ("files in the relapse", str(figures.relapse_files)),
    )
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in found)
    return f'<dl class="figures">{cells}</dl>\n'


# --- in words ---------------------------------------------------------------------------------------------------------


def _again(again: Iterable[Again]) -> str:
    rows = "".join(
        f"<p><strong>{escape(each.name)}</strong>: data after <time>{day_clock(each.after)}</time> must be entered "
        f"again{f' ({each.rows} rows were written after it)' if each.rows >= 0 else ''}.</p>"
        for each in again
    )
    return f'<section class="card warn"><h2>To be entered again</h2>{rows or "<p>Nothing.</p>"}</section>\n'


def _table(back: Iterable[Back]) -> str:
    rows = "".join(
        f"<tr><th scope=row>{escape(each.name)}</th><td>{escape(', '.join(each.services))}</td><td>{each.wave}</td>"
        f"<td>{escape(_data(each))}</td><td>{_first(each, Stage.VERIFIED)}</td><td>{_first(each, Stage.LISTED)}</td>"
        f"<td>{_time(each.opened)}</td></tr>"
        for each in back
    )
    heads = ("server", "services", "wave", "its data", "verified", "listed flows", "open")
    head = "".join(f"<th scope=col>{each}</th>" for each in heads)
    return (
        '<section class="card"><h2>When each service came back</h2><div class="scroll"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></section>\n"
    )


def _data(back: Back) -> str:
    if not back.data:
        return "in place, whole"
    taken = f" of {day_clock(back.taken_at)}" if back.taken_at is not None else ""
    return f"restore point {back.data.partition('@')[0][:16]}{taken}"


def _first(back: Back, stage: Stage) -> str:
    """When it came to a stage in its last round."""
    last = max((each.round for each in back.steps), default=0)
    return _time(next((each.begins for each in back.steps if each.stage == stage and each.round == last), None))


def _time(at: float | None) -> str:
    return "–" if at is None else f"<time>{day_clock(at)}</time>"


def _relapse(relapse: Relapse | None) -> str:
    if relapse is None:
        return ""
    cut = f"; it was cut again {span(relapse.recut_s)} after the first" if relapse.recut_s is not None else ""
    others = f" With it: {', '.join(relapse.with_it)}." if relapse.with_it else ""
    return (
        '<section class="card bad"><h2>What had been left behind</h2><p>'
        f"{escape(f'A process on {relapse.machine} woke while it was watched and reached {relapse.files} files{cut}.')}"
        f"{escape(others)} The files were put back, and everything was asked anew.</p></section>\n"
    )
