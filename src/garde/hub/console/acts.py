"""What people do at the console, each as one entry.

Comes in: who, what, and what was seen on the page. Goes out: entries, and the short word by which the next page says
what was done. Nothing is decided here: whether a yes is enough is the written authority's business (`garde.contain`).
Raises NotPermitted for somebody who may not, Refused where things have changed since the page was read, OSError where
the journal cannot be written: nothing was done then.
"""

from __future__ import annotations

from garde.errors import NotFound, NotPermitted, Refused
from garde.hub.board import Board, Cut
from garde.hub.console.site import Site, Visit
from garde.hub.console.views.cuts import seen
from garde.hub.console.views.situation import CAN_RETRY, CAN_UNDO, WAITS
from garde.hub.deps import Caller
from garde.hub.rights import Right
from garde.journal.hub_kinds import AccountChanged, CutDecided, IncidentAnswered, IncidentClosed
from garde.journal.payload import Payload
from garde.journal.speech import mark
from garde.journal.text import Text

LONGEST_NOTE = 1_000  # characters

# What the next page says, by the word in its address: a closed list, so that no address can put words into a page.
SAID = {
    "approve": mark("Your yes is written down."),
    "reject": mark("Your no is written down."),
    "undo": mark("It is being undone."),
    "answer": mark("You have taken it in hand."),
    "close": mark("It is over. The cuts stay in force until they are undone."),
    "made": mark("The account is made."),
    "password": mark("The password is changed. Other sessions of this account have ended."),
    "role": mark("The role is changed."),
    "shut": mark("The account is shut."),
    "app": mark("Your sign-in now asks for a code of your telephone."),
    "no-app": mark("Your sign-in no longer asks for a code of your telephone."),
    "taken": mark("It is in force."),
    "revoked": mark("The agent is no longer trusted."),
}


def decide(site: Site, visit: Visit, cut: str, decision: str, *, note: str, page_seen: str) -> str:
    """Say yes or no to a cut, or have it undone."""
    check_decider(visit.caller)
    found = site.board().cuts.get(cut)
    if found is None:
        raise NotFound("there is no such cut")
    _check_open(found, decision, page_seen)
    return _write(site, visit.caller, CutDecided(cut, decision, visit.caller.login, visit.caller.role, _note(note)))


def answer(site: Site, visit: Visit, incident: str) -> str:
    """Take an incident in hand."""
    check_decider(visit.caller)
    _check_goes_on(site.board(), incident)
    _write(site, visit.caller, IncidentAnswered(incident, visit.caller.login))
    return "answer"


def close(site: Site, visit: Visit, incident: str, note: str) -> str:
    """Declare an incident over."""
    check_decider(visit.caller)
    _check_goes_on(site.board(), incident)
    _write(site, visit.caller, IncidentClosed(incident, visit.caller.login, _note(note)))
    return "close"


def note_account(site: Site, visit: Visit, login: str, role: str, change: str) -> None:
    """Write down that an account was changed. It is done already, so a full disk only delays the entry."""
    by = visit.caller.login
    site.deps.loop.say([AccountChanged(login, role, change, by)], f"person/{by}")


def check_decider(caller: Caller) -> None:
    """Raise NotPermitted for an account that looks only."""
    if not caller.may(Right.DECIDE):
        raise NotPermitted("your account can look, not decide", "sign in with an account that may, or by the envelope")


def check_keeper(caller: Caller) -> None:
    """Raise NotPermitted for an account that keeps neither accounts nor agents."""
    if not may_keep(caller):
        raise NotPermitted("your account cannot change this", "ask an administrator, or use the envelope")


def check_reader(caller: Caller) -> None:
    """Raise NotPermitted for an account that may not read the record."""
    if not caller.may(Right.READ):
        raise NotPermitted("your account sees how things stand, not the record", "ask whoever is on call")


def may_keep(caller: Caller) -> bool:
    """Whether this account keeps the others, and the agents."""
    return caller.may(Right.KEEP)


def _check_open(cut: Cut, decision: str, page_seen: str) -> None:
    again = "look at it as it stands now, then decide"
    if decision == "undo":
        if cut.state not in CAN_UNDO:
            raise Refused("this cut is not in force", again)
        return
    if decision == "approve" and cut.state in CAN_RETRY:
        return
    if decision not in ("approve", "reject") or cut.proposal["refused"] or cut.proposal["needs"] not in WAITS:
        raise Refused("this cut is not offered", again)
    if cut.state != "proposed":
        raise Refused("this has been decided meanwhile", again)
    if decision == "approve" and page_seen != seen(cut):
        raise Refused("the proposal has changed since the page was read: nothing was done", again)


def _check_goes_on(board: Board, name: str) -> None:
    found = board.incidents.get(name)
    if found is None:
        raise NotFound("there is no such incident")
    if found.state == "joined":
        raise Refused("it has become part of an earlier incident: nothing was done", "go on with that one")
    if found.state != "open":
        raise Refused("somebody has declared it over already", "open the page again")


def _write(site: Site, caller: Caller, payload: Payload) -> str:
    site.deps.loop.append([payload], who=f"person/{caller.login}")
    return getattr(payload, "decision", "")


def _note(words: str) -> Text:
    return Text(words.strip()[:LONGEST_NOTE].encode("utf-8", "replace"))
