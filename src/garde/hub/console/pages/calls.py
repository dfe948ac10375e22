"""Calls: who was called over what and who answered; channels; who is on duty now and next; who stands in.

Comes in: a visit, and forms. Goes out: HTML; a code that was typed, a test call, a change of the rota, each as entries.
"""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from garde.errors import UsageError
from garde.hub.calls_desk import CallRow, call_board, stand_in, take_back, test_call
from garde.hub.console import acts
from garde.hub.console.names import Names
from garde.hub.console.web import Here, Seen, Sent
from garde.hub.deps import DECIDERS
from garde.journal.speech import Said, mark
from garde.oncall.codes import ACK, NO, YES
from garde.trust.web import go, html

KINDS = (
    "notice_needed notice_acknowledged notice_unanswered page_asked page_lost command_done command_failed code_given"
    " reply_refused channel_alive channel_silent duty_changed duty_dropped call_test_asked call_test_ended calling_set"
)
SAID = {
    "code": mark("The code is taken: that person knows."),
    "decided": mark("The code is taken: that person’s decision is written down."),
    "test": mark("The test call begins."),
    "duty": mark("The rota is changed."),
    "back": mark("The change of the rota is taken back."),
}
STATES = {
    "open": (mark("being called"), "warn"),
    "known": (mark("known"), "good"),
    "unanswered": (mark("NOBODY ANSWERED"), "bad"),
    "over": (mark("over"), "plain"),
}
WAITING = ("open", "unanswered")
NAMED = 3  # people in one line
OUTCOMES = {"": mark("on its way"), "taken": mark("sent"), "failed": mark("not sent")}
CHANNEL_KINDS = {
    "modem": mark("SMS by the local modem"),
    "printer": mark("printer"),
    "webhook": mark("siren or relay"),
    "mail": mark("e-mail"),
    "messenger": mark("messenger"),
    "off": mark("switched off"),
}
DUTY_ROLES = {
    "on_call_it": mark("On-call IT"),
    "it_director": mark("IT director"),
    "crisis_coordinator": mark("Crisis coordinator"),
    "general_director": mark("General director"),
    "medical_director": mark("Medical director"),
    "nursing_director": mark("Nursing director"),
    "security_officer": mark("Security officer"),
    "emergency_head": mark("Head of emergency"),
    "laboratory_head": mark("Head of laboratory"),
    "radiology_head": mark("Head of radiology"),
    "pharmacy_head": mark("Head of pharmacy"),
    "communication": mark("Communication"),
    "dpo": mark("Data protection officer"),
    "legal": mark("Legal"),
}
MEANINGS = (ACK, YES, NO)


@get("/calls", sync_to_thread=True)
def calls(site: Here, visit: Seen, said: FromQuery[str] = "") -> Response[str]:
    """Everything about calling."""
    acts.check_reader(visit.caller)
    board = call_board(site.deps.loop, visit.now)
    body = site.render(
        "calls.html",
        visit,
        calls=board.calls,
        waiting_calls=[each for each in board.calls if each.state in WAITING],
        settled_calls=[each for each in board.calls if each.state not in WAITING],
        called=lambda call: _called(call, visit.names),
        channels=board.channels,
        configured=board.configured,
        duty=board.duty,
        overrides=board.overrides,
        test_due=board.test_due,
        people=visit.names.look.estate.people,
        words=lambda texts: _words(texts, visit.names),
        states=STATES,
        outcomes=OUTCOMES,
        channel_kinds=CHANNEL_KINDS,
        duty_roles=DUTY_ROLES,
        may_decide=visit.caller.role in DECIDERS,
        said=visit.say(SAID[said]) if said in SAID else "",
        waiting=site.waiting(site.board()),
        kinds=KINDS,
    )
    return html(body)


@post("/calls/code", sync_to_thread=True)
def code(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Take a code that somebody read out."""
    acts.check_reader(visit.caller)
    meaning = form["meaning"] if form["meaning"] in MEANINGS else ACK
    if meaning != ACK:
        acts.check_decider(visit.caller)
    site.deps.replies.give(form["code"][:200], meaning, "code", visit.caller.login)
    return go(f"/calls?said={'code' if meaning == ACK else 'decided'}")


@post("/calls/test", sync_to_thread=True)
def test(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Call whoever is on duty, to see that it gets through."""
    acts.check_decider(visit.caller)
    test_call(site.deps.loop, site.deps.clock, visit.caller.login)
    return go("/calls?said=test")


@post("/calls/duty", sync_to_thread=True)
def duty(site: Here, visit: Seen, form: Sent) -> Response[str]:
    """Put somebody on duty."""
    acts.check_decider(visit.caller)
    try:
        hours = float(form["hours"])
    except ValueError as error:
        raise UsageError("hours are a number") from error
    stand_in(
        site.deps.loop, site.deps.clock, visit.caller.login, role=form["role"], people=[form["person"]], hours=hours,
        note=form["note"],
    )  # fmt: skip
    return go("/calls?said=duty")


@post("/calls/duty/{duty_id:str}/back", sync_to_thread=True)
def back(site: Here, visit: Seen, form: Sent, duty_id: FromPath[str]) -> Response[str]:
    """Take a change of the rota back."""
    acts.check_decider(visit.caller)
    take_back(site.deps.loop, visit.caller.login, duty_id)
    return go("/calls?said=back")


PAGES = [calls, code, test, duty, back]


def _called(call: CallRow, names: Names) -> Said:
    """Return who was called about it, the latest last."""
    whom = dict.fromkeys(names.person(each.person) if each.person else Said(each.channel) for each in call.pages)
    return names.say("called: {names}", names=names.some(whom, NAMED))


def _words(texts: dict[str, str], names: Names) -> Said:
    """Return a call's first line in the reader's language."""
    found: Any = texts.get(names.say.language) or next(iter(texts.values()), "")
    return names.say("{text}", text=found.partition("\n")[0])
