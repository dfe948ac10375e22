"""The clinical service board, also for a wall and on paper; and who may come.

Comes in: a visit, and forms. Goes out: HTML, pages of paper, and entries by `hub/plan_acts.py`.
"""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from garde.emergency.board import make_board
from garde.emergency.page import static_page
from garde.emergency.sheets import board_sheet
from garde.errors import UsageError
from garde.hub.console.pages.plan import SAID, minutes_of, paper
from garde.hub.console.views.diversion import ways
from garde.hub.console.web import Here, Seen, Sent
from garde.hub.plan_acts import Desk
from garde.journal.plan_words import SERVICE_STATES
from garde.journal.speech import LANGUAGES
from garde.trust.web import HEADERS, go, html

KINDS = (
    "service_state service_overridden diversion_changed estate_loaded plan_triggered plan_phase_changed plan_stood_down"
)
WAY_KINDS = "diversion_changed diversion_told diversion_acknowledged diversion_waits plan_loaded"
TONES = {"works": "good", "degraded": "warn", "paper": "bad", "closed": "bad"}


@get("/services", sync_to_thread=True)
def services(site: Here, visit: Seen, said: FromQuery[str] = "", wall: FromQuery[str] = "") -> Response[str]:
    """The board; `?wall=1`: for a screen on the wall."""
    desk = Desk(site.deps, visit.caller)
    state = desk.state()
    voice = visit.voice(state.plan)
    body = site.render(
        "services.html",
        visit,
        board=make_board(state, voice, visit.now),
        wall=wall == "1",
        tones=TONES,
        states=[(each, voice.service_state(each)) for each in SERVICE_STATES],
        may_say=desk.may(state, "service"),
        said=visit.say(SAID[said]) if said in SAID else "",
        waiting=site.waiting(site.board()),
        kinds=KINDS,
    )
    return html(body)


@get("/services/board.pdf", sync_to_thread=True)
def board_pdf(site: Here, visit: Seen) -> Response[bytes]:
    """The board as one page of A4."""
    desk = Desk(site.deps, visit.caller)
    state = desk.state()
    voice = visit.voice(state.plan)
    return paper(board_sheet(make_board(state, voice, visit.now)), "services.pdf")


@get("/services/page.html", sync_to_thread=True)
def public_page(site: Here, visit: Seen) -> Response[str]:
    """The board as a file to put on a web site outside the hospital."""
    state = Desk(site.deps, visit.caller).state()
    spoken = [each for each in visit.names.look.estate.languages if each in LANGUAGES] or ["en"]
    voices = [visit.voice(state.plan, each) for each in spoken]
    page = static_page([make_board(state, each, visit.now) for each in voices])
    given = {**HEADERS, "Content-Disposition": 'attachment; filename="services.html"'}
    return Response(page, media_type="text/html; charset=utf-8", headers=given)


@post("/services/{service:str}", sync_to_thread=True)
def say_service(site: Here, visit: Seen, form: Sent, service: FromPath[str]) -> Response[str]:
    """Say how a service stands, or take that back."""
    seconds = minutes_of(form["minutes"], 240.0) * 60
    Desk(site.deps, visit.caller).service(service, form["state"], form["note"], seconds)
    return go("/services?said=service")


@get("/diversion", sync_to_thread=True)
def diversion(site: Here, visit: Seen, said: FromQuery[str] = "") -> Response[str]:
    """Who may come, and who knows."""
    desk = Desk(site.deps, visit.caller)
    state = desk.state()
    voices = {each: visit.voice(state.plan, each) for each in LANGUAGES}
    own = voices.pop(visit.language)
    body = site.render(
        "diversion.html",
        visit,
        plan=state.plan,
        voice=own,
        ways=ways(state, own, tuple(voices.values()), visit.now),
        may_divert=desk.may(state, "divert"),
        said=visit.say(SAID[said]) if said in SAID else "",
        waiting=site.waiting(site.board()),
        kinds=WAY_KINDS,
    )
    return html(body)


@post("/diversion/{path:str}", sync_to_thread=True)
def change(site: Here, visit: Seen, form: Sent, path: FromPath[str]) -> Response[str]:
    """Open, limit or divert a way in; say who was told and who has understood."""
    desk = Desk(site.deps, visit.caller)
    match form["act"]:
        case "divert":
            review = minutes_of(form["minutes"], -1.0) if form["minutes"].strip() else None
            desk.divert(path, form["state"], form["note"], None if review is None else review * 60)
        case "told":
            desk.told(path, form["recipient"], form["how"])
        case "understood":
            desk.understood(path, form["recipient"], form["name"])
        case _:
            raise UsageError("this form is none of this page's", "open the page again")
    return go(f"/diversion?said={'divert' if form['act'] == 'divert' else 'told'}")


PAGES = [services, board_pdf, public_page, say_service, diversion, change]
