"""Wards and who lies where: the census, with who arrived during the downtime as rows of their own.

Comes in: a visit. Goes out: HTML. Who looks at a ward is written down before anything is shown. The census is read in
the desk's own loop, where it changes.
"""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath

from garde.desk.pages import views, web
from garde.desk.pages.web import Here, Seen
from garde.downtime.census.view import census_view
from garde.downtime.numbers.people import rows_beside
from garde.errors import NotFound
from garde.trust.web import html


@get("/")
async def first_page(site: Here, visit: Seen) -> Response[str]:
    """Every ward, in figures; nobody is named."""
    census, state = census_view(site.keeper.census), site.keeper.numbers()
    found = views.wards(census, rows_beside(state, census), state)
    waiting = sum(each.match is not None for each in views.given(state))
    return html(site.render("wards.html", visit, wards=found, waiting=waiting))


@get("/wards/{ward:str}")
async def ward_page(site: Here, visit: Seen, ward: FromPath[str]) -> Response[str]:
    """Who lies on one ward."""
    web.check_may(visit, "look")
    site.keeper.looked(visit.signed.by, f"census {ward}")
    census, state = census_view(site.keeper.census), site.keeper.numbers()
    arrived = [each for each in rows_beside(state, census) if each.place.ward == ward]
    rows = [row for row in census.rows if row.place.ward == ward]
    known = {each.name for each in views.wards(census, arrived, state)}
    if ward not in known:
        raise NotFound("there is no such ward", "choose one of the list")
    empty = [place for place in census.empty if place.ward == ward]
    expected = [row for row in census.expected if row.place.ward == ward]
    values = {"ward": ward, "beds": views.beds(rows, arrived), "empty": empty, "expected": views.beds(expected, [])}
    return html(site.render("ward.html", visit, **values))


PAGES = [first_page, ward_page]
