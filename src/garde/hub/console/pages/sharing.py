"""The neighbours: what would leave and what must not, releasing and sending a warning; what they sent, precautions.

Comes in: a visit, and forms. Goes out: HTML, the forms of a warning as they lie there, and entries by
`hub/share_acts.py` and `hub/share_in.py`, which ask who may.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from garde.errors import GardeError, SettingsError, UsageError
from garde.hub import warning_files
from garde.hub.console import acts
from garde.hub.console.pages.law import may_table, version_of
from garde.hub.console.views.sharing import Looked, newest_of, sharing_page
from garde.hub.console.web import Here, Seen, Sent
from garde.hub.share_in import InDesk
from garde.journal.speech import mark
from garde.sharing import may
from garde.sharing.out.memory import Out
from garde.trust.web import HEADERS, Asked, go, html

KINDS = (
    "warning_drawn warning_asked warning_approved warning_send_wanted neighbour_told command_failed command_done"
    " shared_taken shared_unread watch_list_made watch_list_taken indicator_seen precaution_offered precaution_decided"
    " incident_opened"
)
SAID = {
    "draw": mark("It is drawn anew of what is known by now. It is here in a moment."),
    "approve": mark("It is released, exactly as you saw it."),
    "send": mark("It is being sent by whichever channel works for each."),
    "told": mark("It is written down."),
    "take": mark("It was kept, read, and every agent is asked to watch for it."),
    "drop": mark("It counts no more."),
    "poll": mark("It was fetched, and every agent is asked to watch for it."),
    "nothing": mark("It answered. It warns of nothing that does not count here already."),
    "precaution": mark("It is written down."),
}
UPLOAD_MOST: Final = 16 << 20  # bytes of a bundle by this page; larger ones by `garde share take`
# A form is shown as it is: it brings its own style, and nothing else.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; sandbox"


@get("/sharing", sync_to_thread=True)
def sharing(site: Here, visit: Seen, said: FromQuery[str] = "") -> Response[str]:
    """What goes out, and what came in."""
    acts.check_reader(visit.caller)
    desk = InDesk(site.deps, visit.caller)
    state = desk.state()
    allowed, lacks = may_table(may.ACTS, desk.may, visit)
    body = site.render(
        "sharing.html",
        visit,
        page=sharing_page(state.out, state.in_, _looked(site.deps.state, state.out), visit.names, _asks(desk)),
        may=allowed,
        lacks=lacks,
        said=visit.say(SAID[said]) if said in SAID else "",
        waiting=site.waiting(site.board()),
        kinds=KINDS,
    )
    return html(body)


@get("/sharing/{warning:str}/{version:int}/{name:str}", sync_to_thread=True)
def form_of(
    site: Here, visit: Seen, warning: FromPath[str], version: FromPath[int], name: FromPath[str]
) -> Response[bytes]:
    """One form of a warning, as it would leave."""
    acts.check_reader(visit.caller)
    raw = InDesk(site.deps, visit.caller).form(warning, name, version)
    policy = {**HEADERS, "Content-Security-Policy": POLICY}
    return Response(raw, media_type=warning_files.media_of(name), headers=policy)


@post("/sharing", sync_to_thread=True)
def act(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Draw, release, send, say who was told; let a bundle count no more; decide a precaution."""
    desk = InDesk(site.deps, visit.caller)
    match form["act"]:
        case "draw":
            desk.draw(form["incident"], form["tlp"])
        case "approve":
            desk.approve(form["warning"], version_of(form["version"]), form["sha256"])
        case "send":
            named = [form["neighbour"]] if form["neighbour"] else []
            desk.send(form["warning"], version_of(form["version"]), named, "")
        case "told":
            name, confirmed = form["name"], form["confirmed"] == "yes"
            desk.told(form["warning"], form["neighbour"], form["channel"], confirmed=confirmed, name=name)
        case "drop":
            desk.drop(form["sha256"])
        case "poll":
            if not desk.poll(form["neighbour"]):
                return go("/sharing?said=nothing")
        case "precaution":
            desk.precaution(form["precaution"], form["state"], form["why"])
        case _:
            raise UsageError("this form is none of this page's", "open the page again")
    return go(f"/sharing?said={form['act']}")


@post("/sharing/take", request_max_body_size=UPLOAD_MOST)
async def take(site: Here, visit: Seen, request: Asked, form: Sent) -> Response[str]:
    """Take what a neighbour sent, by file."""
    desk = InDesk(site.deps, visit.caller)
    desk.check_take()
    raw = b""
    for value in (await request.form()).values():
        read: Any = getattr(value, "read", None)
        raw = raw or (await read() if read is not None else b"")
    if not raw:
        raise UsageError("no file was chosen", "choose what the neighbour sent: STIX, MISP JSON or CSV")
    await asyncio.to_thread(_take, desk, raw, form["source"])
    return go("/sharing?said=take")


PAGES = [sharing, form_of, act, take]


def _take(desk: InDesk, raw: bytes, source: str) -> None:
    with desk.lists.scratch() as place:
        place.write_bytes(raw)
        desk.take(place, source)


def _looked(folder: Path, out: Out) -> Looked:
    """Return the difference of the newest version and its forms, or why they cannot be shown."""
    _, version = newest_of(out)
    if version is None or not version.drawn:
        return Looked(fault=version.failed if version else "")
    try:
        return Looked(warning_files.changes(folder, version), warning_files.names(folder, version))
    except GardeError as error:
        return Looked(fault=error.message)


def _asks(desk: InDesk) -> list[str]:
    """Return the neighbours that can be asked over TAXII; none where their file is wrong: the hub complains of that."""
    try:
        return [each.id for each in desk.sources()]
    except SettingsError:
        return []
