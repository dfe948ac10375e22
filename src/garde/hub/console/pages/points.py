"""Restore points: whether their retention is frozen, how each is judged, which one a server's data come from.

Comes in: a visit, and forms. Goes out: HTML, and entries by `hub/restart_acts.py`, which asks who may.
"""

from __future__ import annotations

from datetime import datetime

from litestar import Response, get, post
from litestar.params import FromQuery

from garde.emergency.times import read_past
from garde.errors import UsageError
from garde.hub.console import acts
from garde.hub.console.pages.way import desk_of, may_table, speech
from garde.hub.console.site import Visit
from garde.hub.console.views.points import points_page
from garde.hub.console.web import Here, Seen, Sent
from garde.hub.restart_paper import machines_shown
from garde.journal.speech import mark
from garde.recovery.judged import StoreView
from garde.recovery.memory import State
from garde.recovery.restore import points_of, stores_of
from garde.trust.web import go, html

KINDS = (
    "stores_known retention_frozen retention_thawed point_judged points_judged point_restored point_chosen"
    " judging_wanted first_harm_said thaw_wanted incident_opened incident_closed estate_loaded step_moved"
)
SAID = {
    "judge": mark("They are being judged. Each is here as soon as it is."),
    "scratch": mark("It is brought to a scratch place and verified. That takes its time."),
    "place": mark("It is put in place. What it replaces is kept as evidence."),
    "thaw": mark("It is written down. Retention goes on."),
    "harm": mark("It is written down. Points judged against another time are to be judged again."),
}
FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S")


@get("/points", sync_to_thread=True)
def points(site: Here, visit: Seen, said: FromQuery[str] = "") -> Response[str]:
    """Stores and restore points."""
    acts.check_reader(visit.caller)
    state, look = desk_of(site, visit).state(), visit.names.look
    may, lacks = may_table(visit)
    stores = stores_of(state, look)
    incident = next((each.id for each in state.incidents.values() if not each.closed), "")
    body = site.render(
        "points.html",
        visit,
        page=points_page(
            stores, _machines(state, visit, stores), lambda each: points_of(state, look, each), speech(visit),
            harm=state.since, incident=bool(incident),
        ),
        incident=incident,
        may=may,
        lacks=lacks,
        said=visit.say(SAID[said]) if said in SAID else "",
        waiting=site.waiting(site.board()),
        kinds=KINDS,
    )  # fmt: skip
    return html(body)


@post("/points", sync_to_thread=True)
def act(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Have points judged, choose one, let retention go on, say when the first hostile write was."""
    desk = desk_of(site, visit)
    match form["act"]:
        case "judge":
            desk.judge(form["machine"], "")
        case "scratch" | "place":
            desk.choose(form["machine"], form["store"], form["point"], form["act"])
        case "thaw":
            holder, _, store = form["store"].partition("|")
            desk.thaw(holder, store)
        case "harm":
            desk.harm(form["incident"], past_time(form["at"], visit.now))
        case _:
            raise UsageError("this form is none of this page's", "open the page again")
    return go(f"/points?said={form['act']}")


PAGES = [points, act]


def past_time(text: str, now: float) -> float:
    """Return a time gone by: a date with its time, or the last such time of the clock; raises UsageError."""
    text = text.strip()
    for form in FORMS:
        try:
            return datetime.strptime(text, form).timestamp()
        except ValueError:
            continue
    try:
        datetime.strptime(text, "%H:%M")
    except ValueError as error:
        raise UsageError("this is no time", "write 03:07, or 2026-11-24 03:07") from error
    return read_past(text, now)


def _machines(state: State, visit: Visit, stores: tuple[StoreView, ...]) -> list[str]:
    """Return whose points are shown: servers in the order of their waves, then whatever stores cover besides."""
    covered = dict.fromkeys(each.covers for each in stores) | dict.fromkeys(p.covers for p in state.points.values())
    planned = [each for each in machines_shown(state, visit.names.look) if each in covered]
    return list(dict.fromkeys([*planned, *covered]))
