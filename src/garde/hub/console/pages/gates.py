"""The gate of one server: thirteen items, two signatures, the next step; and credentials to be changed.

Comes in: a visit, and forms. Goes out: HTML, and entries by `hub/restart_acts.py`, which asks who may. A form carries
the round that its page showed: what was meant for one round never counts in another.
"""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from garde.errors import NotFound, Refused, UsageError
from garde.estate.dependencies import impact
from garde.hub.console import acts
from garde.hub.console.pages.plan import time_of
from garde.hub.console.pages.way import KINDS, desk_of, may_table, rights, row_of, speech
from garde.hub.console.sentences import tell
from garde.hub.console.site import Site, Visit
from garde.hub.console.views.credentials import credentials_page
from garde.hub.console.views.gate import GatePage, gate_page
from garde.hub.console.views.ways import AGENT
from garde.hub.console.web import Here, Seen, Sent
from garde.hub.restart_acts import RestartDesk
from garde.journal.entry import Entry
from garde.journal.recovery_words import STATUS
from garde.journal.speech import Said, mark
from garde.journal.words import Line
from garde.recovery.credentials import list_of
from garde.recovery.flows import listed_flows
from garde.recovery.gates import gate_of
from garde.recovery.judged import Row
from garde.recovery.memory import BY_RULE, State
from garde.recovery.restore import points_of
from garde.recovery.waves import blocked
from garde.trust.web import Form, go, html

TOLD = 60  # lines of history on the page
SAID = {
    "answer": mark("Your answer is written down."),
    "sign": mark("Your signature is written down."),
    "begin": mark("It begins: its isolation is being proven."),
    "open": mark("It is being opened fully."),
    "back": mark("It is being cut again."),
    "again": mark("A new round begins."),
    "rate": mark("It is written down."),
    "baseline": mark("It is asked to write down what it looks like."),
    "changed": mark("It is written down."),
}


@get("/restart/{machine:str}", sync_to_thread=True)
def gate(site: Here, visit: Seen, machine: FromPath[str], said: FromQuery[str] = "") -> Response[str]:
    """The gate of one server."""
    acts.check_reader(visit.caller)
    if machine not in visit.names.look.machines:
        raise NotFound("there is no such machine")
    state = desk_of(site, visit).state()
    may, lacks = may_table(visit, machine)
    body = site.render(
        "gate.html",
        visit,
        gate=_page(state, visit, machine),
        history=history(site, visit, machine),
        statuses=[(each, visit.say(word)) for each, word in STATUS.items()],
        may=may,
        lacks=lacks,
        said=visit.say(SAID[said]) if said in SAID else "",
        waiting=site.waiting(site.board()),
        kinds=KINDS,
    )
    return html(body)


@post("/restart/{machine:str}", sync_to_thread=True)
def act(site: Here, visit: Seen, form: Sent, machine: FromPath[str]) -> Response[str]:
    """Do one thing of the page, by the name that its form carries."""
    if machine not in visit.names.look.machines:
        raise NotFound("there is no such machine")
    done = _act(desk_of(site, visit), form, visit, machine)
    return go(f"/restart/{quote(machine, safe='')}?said={done}")


@get("/credentials", sync_to_thread=True)
def credentials(site: Here, visit: Seen, said: FromQuery[str] = "") -> Response[str]:
    """The credentials to be changed."""
    acts.check_reader(visit.caller)
    may, lacks = may_table(visit)
    state = desk_of(site, visit).state()
    body = site.render(
        "credentials.html",
        visit,
        page=credentials_page(list_of(state, visit.names.look, visit.now), visit.names, visit.now),
        may=may,
        lacks=lacks,
        said=visit.say(SAID[said]) if said in SAID else "",
        waiting=site.waiting(site.board()),
        kinds="credential_listed credential_changed estate_loaded",
    )
    return html(body)


@post("/credentials", sync_to_thread=True)
def change(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Say that a credential was changed."""
    desk = desk_of(site, visit)
    match form["act"]:
        case "changed":
            desk.credential(form["credential"])
        case _:
            raise UsageError("this form is none of this page's", "open the page again")
    return go(f"/credentials?said={form['act']}")


PAGES = [gate, act, credentials, change]


def _act(desk: RestartDesk, form: Form, visit: Visit, machine: str) -> str:
    match form["act"]:
        case "step":
            _check_round(desk, machine, form["round"])
            desk.step(machine, form["want"])
            return form["want"]
        case "answer":
            _check_round(desk, machine, form["round"])
            until = time_of(form["until"], visit) if form["answer"] == "except" else 0.0
            answer = "no" if form["answer"] == "except" else form["answer"]
            desk.answer(machine, form["item"], answer, until, form["note"])
        case "sign":
            _check_round(desk, machine, form["round"])
            desk.sign(machine, form["side"])
        case "rate":
            desk.rate(machine, form["status"], form["note"])
        case "baseline":
            desk.baseline(machine)
        case _:
            raise UsageError("this form is none of this page's", "open the page again")
    return form["act"]


def _check_round(desk: RestartDesk, machine: str, seen: str) -> None:
    if str(desk.state().step(machine).round) != seen:
        raise Refused(
            "another round has begun since the page was read: nothing was done", "look at it as it stands now"
        )


# --- what is shown ----------------------------------------------------------------------------------------------------


def _page(state: State, visit: Visit, machine: str) -> GatePage:
    look = visit.names.look
    return gate_page(
        gate_of(state, look, machine, visit.now),
        _row(state, visit, machine),
        state.step(machine),
        speech(visit),
        rights(visit, machine),
        points=points_of(state, look, machine),
        credentials=list_of(state, look, visit.now, machine),
        rated=_rated(state, visit, machine),
        flows=listed_flows(look, state, machine),
        services=impact(look.estate, [machine]).stopped,
    )


def _row(state: State, visit: Visit, machine: str) -> Row:
    """Return a server's row; one that stands in no wave has one as well."""
    step, look = state.step(machine), visit.names.look
    return row_of(state, visit, machine) or Row(
        machine, 0, step.stage, step.round, state.rating(machine).status, step.since, step.due,
        blocked=blocked(state, look, machine, visit.now),
        services=tuple(each.id for each in look.services_of(machine)),
    )  # fmt: skip


def _rated(state: State, visit: Visit, machine: str) -> Said:
    rating = state.ratings.get(machine)
    if rating is None:
        return Said("")
    who = visit.say("by the rules") if rating.by == BY_RULE else visit.names.person(rating.by)
    why = speech(visit).known(rating.why) if rating.by == BY_RULE else visit.say("“{note}”", note=rating.why)
    return visit.say("{who}: {why}", who=who, why=why) if rating.why else who


def history(site: Site, visit: Visit, machine: str) -> list[tuple[Said, Line]]:
    """Return what happened to a server on its way back, the newest first, and which agent said it."""
    seqs = site.deps.loop.look("console_ways", lambda ways: list(ways.seqs.get(machine, ()))[-TOLD:])
    title_of = site.title_of(site.board(), visit.names)
    return [(_agent(entry, visit), tell(entry, visit.names, title_of)) for entry in reversed(site.entries(seqs))]


def _agent(entry: Entry, visit: Visit) -> Said:
    return visit.names.speaker(entry.who) if entry.who.startswith(AGENT) else Said("")
