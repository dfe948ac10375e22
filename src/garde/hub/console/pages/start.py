"""The set-up page: from an empty hospital to the first drill, and later the place where lists are brought.

Comes in: a visit of somebody who keeps the hub, and forms with files. Goes out: HTML; the hospital's file with the
lists in it, and the entry that puts it in force. What is wrong in a list is shown with its file and line; nothing was
written then.
"""

from __future__ import annotations

import asyncio
from pathlib import PurePosixPath
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from garde.errors import GardeError, UsageError
from garde.estate.sentences import ESTATE_LOCALE
from garde.estate.source import MAX_BYTES
from garde.estate.tables import KINDS
from garde.hub.console import acts
from garde.hub.console.site import Site, Visit
from garde.hub.console.views import start as start_view
from garde.hub.console.views.story import Stories, Story
from garde.hub.console.web import Here, Seen, Sent
from garde.hub.keeping import Taken
from garde.journal.speech import mark, say_in
from garde.trust.enrolment import TTL, qr_svg
from garde.trust.web import HEADERS, Asked, go, html

UPLOAD_MOST = 3 * MAX_BYTES
NAME_MOST = 120  # characters of a hospital's name
SHOWN = 50  # problems
KINDS_SEEN = (
    "agent_enrolled agent_alive agent_silent estate_loaded account_changed incident_opened harm_joined"
    " file_restored restore_finished"
)
TABLES = {
    "machines": mark("Machines"),
    "people": mark("People"),
    "services": mark("Services"),
    "wards": mark("Wards"),
}
# Short lists to begin from, as a spreadsheet reads them.
EXAMPLES = {
    "machines": "id;name;type;address;agent\nfiles-1;Files of the wards;server;10.0.10.21;yes\n"
    "files-2;Files of the administration;server;10.0.10.22;yes\nws-31;Reception;workstation;10.0.20.31;no\n",
    "people": "id;name;roles;phone;language;login\nannej;Anne Janssens;on_call_it;+32 470 00 00 01;fr;ajanssens\n"
    "lucl;Luc Lemaire;it_director;+32 470 00 00 02;en;llemaire\n",
    "services": "id;name.en;name.fr;machines;instead.en\nfiles;Ward files;Fichiers des unités;files-1;"
    "Use the paper file\n",
    "wards": "id;name.en;name.fr;beds\nicu;Intensive care;Soins intensifs;12\n",
}


@get("/start", sync_to_thread=True)
def start(site: Here, visit: Seen, said: FromQuery[str] = "") -> Response[str]:
    """Where one is, and what comes next."""
    acts.check_keeper(visit.caller)
    return _page(site, visit, said=visit.say(acts.SAID[said]) if said in acts.SAID else "")


@post("/start/lists", request_max_body_size=UPLOAD_MOST)
async def lists(site: Here, visit: Seen, request: Asked, form: Sent) -> Response[str]:
    """Take lists, or a whole hospital.yaml."""
    acts.check_keeper(visit.caller)
    files = await _files(request)
    return await asyncio.to_thread(_take, site, visit, form["name"].strip()[:NAME_MOST], files)


@post("/start/token", sync_to_thread=True)
def token(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Make a token for the machine that was chosen, and wait there for its agent."""
    acts.check_keeper(visit.caller)
    machine = form["machine"]
    made = str(site.deps.enrolment.make_token(machine, visit.caller.login))
    body = site.render(
        "token.html", visit, machine=machine, token=made, qr=qr_svg(made), hours=round(TTL / 3600), waiting=0,
        back="/start",
    )  # fmt: skip
    return html(body)


@get("/start/example/{name:str}")
async def example(visit: Seen, name: FromPath[str]) -> Response[str]:
    """A short list to begin from."""
    found = EXAMPLES.get(name.removesuffix(".csv"))
    if found is None:
        raise NotFoundException
    kept = {**HEADERS, "Content-Disposition": f'attachment; filename="{name.removesuffix(".csv")}.csv"'}
    return Response(found, media_type="text/csv; charset=utf-8", headers=kept)


PAGES = [start, lists, token, example]


async def _files(request: Asked) -> dict[str, tuple[str, bytes]]:
    """The files that were chosen: table -> name and content. A name is a word for messages, never a path."""
    found = {}
    for field, value in (await request.form()).items():
        read: Any = getattr(value, "read", None)
        if read is None or field not in (*KINDS, "whole"):
            continue
        raw = await read()
        if raw:
            name = PurePosixPath(str(getattr(value, "filename", "")).replace("\\", "/")).name[:80]
            found[field] = (name or f"{field}.csv", raw)
    return found


def _take(site: Site, visit: Visit, name: str, files: dict[str, tuple[str, bytes]]) -> Response[str]:
    who, keeper = f"person/{visit.caller.login}", site.deps.keeper
    whole = files.pop("whole", None)
    try:
        if whole is not None:
            taken = keeper.take_file(whole[1], whole[0], who)
        elif files or (name and name != visit.names.look.estate.name):
            taken = keeper.take(files, who, name=name)
        else:
            raise UsageError("no list was chosen", "choose a file of machines to begin")
    except GardeError as error:
        return _page(site, visit, wrong=visit.say.known(error.message), todo=visit.say.known(error.todo))
    if taken.written and taken.in_force and not taken.problems and not taken.unused:
        return go("/start?said=taken")
    return _page(site, visit, taken=taken)


def _page(
    site: Site, visit: Visit, *, said: str = "", wrong: str = "", todo: str = "", taken: Taken | None = None
) -> Response[str]:
    look, agents, accounts = site.deps.estate(), site.deps.liveness.all(), site.accounts.all()
    drill = start_view.newest(_stories(site))
    steps = start_view.steps(look, agents, accounts, drill)
    alive = [agent for agent in agents if agent.state == "alive"]
    body = site.render(
        "start.html",
        visit,
        steps={step.name: step.state for step in steps},
        done=sum(step.state == "done" for step in steps),
        all_steps=len(steps),
        estate=look.estate,
        machines=[each for each in look.estate.machines if each.role != "hub"],
        tables=TABLES,
        candidates=start_view.candidates(look, agents),
        alive=alive,
        awaited=[agent.machine for agent in agents if agent.state == "awaited"],
        weaker=[agent.machine for agent in alive if agent.weaker],
        drill=drill,
        people=sum(not each.shut for each in accounts),
        taken=taken,
        problems=taken.problems[:SHOWN] if taken else (),
        faults=say_in(visit.language, ESTATE_LOCALE),
        said=said,
        wrong=wrong,
        todo=todo,
        waiting=site.waiting(site.board()),
        kinds=KINDS_SEEN,
    )
    return html(body, 400 if wrong or (taken and not taken.in_force) else 200)


def _stories(site: Site) -> list[tuple[str, Story]]:
    def take(state: Stories) -> list[tuple[str, Story]]:
        return [
            (name, Story(servers=dict(each.servers), last_harm=each.last_harm)) for name, each in state.stories.items()
        ]

    found: list[tuple[str, Story]] = site.deps.loop.look("console_stories", take)
    return found
