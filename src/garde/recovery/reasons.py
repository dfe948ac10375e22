"""Every reason that the way back gives, as one sentence with values: a closed list.

Comes in: values by name. Goes out: `Reason`; `text()` is the English that stands in an entry, `read` finds the reason
again in such a text, so that a page can say it in the reader's language (`words.py`). Values are ids and numbers, never
what somebody typed.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from garde.journal.speech import mark

# --- why a server came to another stage -------------------------------------------------------------------------------

BEGUN: Final = mark("{by} began its way back")
AGAIN: Final = mark("{by} began its way back anew")
ISOLATED: Final = mark("its isolation is proven")
ISOLATED_ACCEPTED: Final = mark("its isolation is not proven, and {by} accepts that for a time")
VERIFIED: Final = mark("items 1 to 11 are answered with yes, or excepted")
OBSERVING: Final = mark("it is watched with raised sensitivity for {hours} h")
LISTED: Final = mark("watched long enough without an alarm, signed by {it} and {service}")
OPEN: Final = mark("open for its listed flows long enough without an alarm")
OPEN_WANTED: Final = mark("{by} opened it before its time with listed flows was over")
BACK: Final = mark("{by} cut it again")
SEEN: Final = mark("seen at {source}: {what}")  # `what` is one of the following, in English

# --- why a machine is to be isolated ----------------------------------------------------------------------------------

RETURNS: Final = mark("it begins its way back")
TRIAL: Final = mark("a clinician tries it")
LISTED_FLOWS: Final = mark("it is open for its listed flows")
CUT_AGAIN: Final = mark("it is cut again")

# --- what was seen ----------------------------------------------------------------------------------------------------

HARM_ON: Final = mark("harm on {machine}")
HARM_BY: Final = mark("harm by {machine} on {server}")
GRAVER: Final = mark("{machine} turned out to be {status}")
SILENT: Final = mark("the agent of {machine} fell silent")
WEAKER: Final = mark("the agent of {machine} no longer enforces")
ENROLLED: Final = mark("an agent of {machine} was enrolled anew")
REVOKED: Final = mark("the agent of {machine} is no longer believed")
SWEEP_TURNED: Final = mark("the sweep of {machine} turned bad")
LOOK_TURNED: Final = mark("{looker} saw ports of {machine} answer that should not")
CUT_LOST: Final = mark("the isolation of {machine} no longer holds")

# --- why a server is rated as it is -----------------------------------------------------------------------------------

R_VERDICT: Final = mark("files were damaged on it")
R_SPREADS: Final = mark("it damaged files on {server}")
R_FINDING: Final = mark("a damaged file was found on it")
R_SUSPECT: Final = mark("it may have spread the harm")
R_SILENT: Final = mark("its agent fell silent during the incident")
R_CUT: Final = mark("it was cut off during the incident")
R_SWEEP: Final = mark("its programs are not as they were")
R_NOTHING: Final = mark("nothing was seen on it or by it")

# --- why an item of the gate is not yes -------------------------------------------------------------------------------

G_NOT_IN_ESTATE: Final = mark("the estate does not know {machine}")
G_NO_OWNER: Final = mark("nobody is named who answers for it")
G_NEED_STAGE: Final = mark("{need}, which it needs, is not verified")
G_NEED_HIT: Final = mark("{need}, which it needs, is {status} and was not led back")
G_NEED_CUT: Final = mark("{need}, which it needs, is cut off")
G_NEED_SILENT: Final = mark("the agent of {need}, which it needs, is silent")
G_NEED_CIRCLE: Final = mark("{need} needs it and it needs {need}: both are verified together")
G_NOT_RATED: Final = mark("nobody has said how it stands")
G_NOT_ANSWERED: Final = mark("nobody has answered yet")
G_SAID_NO: Final = mark("{by} said no")
G_NOT_REBUILT: Final = mark("it is {status}: nobody has said that it was rebuilt")
G_NO_AGENT: Final = mark("no agent runs on it: a person answers")
G_NOT_SWEPT: Final = mark("its own checks were not made in this round")
G_SWEEP_NO: Final = mark("its own checks speak against it")
G_SWEEP_UNKNOWN: Final = mark("its own checks could not tell")
G_NO_BASELINE: Final = mark("it is not known what it looked like when it was sound")
G_OTHER_BASELINE: Final = mark("it compared itself with something that the hub does not believe")
G_NO_POINT: Final = mark("no restore point was put in place and verified since the last harm")
G_RED_POINT: Final = mark("the point {point} that was put in place must not be used")
G_CREDENTIAL: Final = mark("{credential} is still to be changed")
G_SUPPLIER: Final = mark("{supplier} reaches it from outside: nobody has said that this is closed")
G_SILENT: Final = mark("its agent gives no sign of life")
G_WEAKER: Final = mark("its agent does not enforce")
G_CLOCK: Final = mark("its clock is {seconds} s off")
G_NOT_PROVEN: Final = mark("its isolation is not proven")
G_NO_LOOKER: Final = mark("no other sound agent can look at it from outside")
G_NOT_LOOKED: Final = mark("it was not looked at from outside in this round")
G_LOOK_PART: Final = mark("the look from outside was not finished")
G_LOOK_UNSOUND: Final = mark("{looker}, which looked at it, is not sound itself")
G_ANSWERS: Final = mark("seen by {looker}, these ports answer: {ports}")
G_WATCHED_ON: Final = mark("it is still watched")
G_NOT_WATCHED: Final = mark("it was not watched yet")
G_SWEEP_AFTER: Final = mark("the checks at the end of the watch are not all in")
G_NOT_SIGNED: Final = mark("nobody has signed {side}")
S_ROLE: Final = mark("{by} may not sign {side}")
S_EARLY: Final = mark("signed before the watch was over")
S_RELAPSE: Final = mark("signed before something was seen during a return")
S_SAME: Final = mark("both signatures are of one person")

# --- what keeps a server from its next stage --------------------------------------------------------------------------

B_NOT_BEGUN: Final = mark("nobody has begun its way back")
B_ISOLATION: Final = mark("its isolation is asked, not proven")
B_ISOLATION_FAILED: Final = mark("its isolation does not hold everywhere")
B_ITEM: Final = mark("item {number} is not answered with yes")
B_UNTIL: Final = mark("it is watched until {until}")
B_LISTED_UNTIL: Final = mark("it stays open for its listed flows only until {until}")
B_CUT: Final = mark("another cut still holds it: {cut}")
B_RECUT: Final = mark("it was cut again: somebody has to begin anew")
B_RELAPSE: Final = mark("something was seen at {machine} since it was signed: somebody has to open it")

# --- why a point may not be chosen ------------------------------------------------------------------------------------

P_NONE: Final = mark("no such point was judged")
P_OTHER: Final = mark("its data are those of {machine}")
P_RED: Final = mark("it must not be used")
P_GREY: Final = mark("it was not judged")
P_STALE: Final = mark("it was judged against a later first hostile write: have it judged again")
P_NOT_TRIED: Final = mark("it was not brought to a scratch place and verified before")
P_STAGE: Final = mark("its machine is not isolated on its way back")
P_RUNNING: Final = mark("it is being brought back now")

# --- what the graph says against an order -----------------------------------------------------------------------------

W_BEFORE: Final = mark("{machine} would start without {need}")
W_NEED_HIT: Final = mark("{machine} needs {need}, which was hit and is in no wave")
W_TWICE: Final = mark("{machine} stands twice")
W_UNKNOWN: Final = mark("{machine} is not in the estate")
W_NEVER: Final = mark("{machine} is never cut off: it cannot be isolated and checked")
W_NO_AGENT: Final = mark("{machine} carries no agent: people answer for it")
W_LEFT_OUT: Final = mark("{machine} was hit and is in no wave")
W_CIRCLE: Final = mark("these need each other in a circle and are verified together: {machines}")

# --- what speaks against the end --------------------------------------------------------------------------------------

O_NO_PLAN: Final = mark("no way back is planned")
O_NOT_OPEN: Final = mark("{machine} is not open yet")
O_RECUT: Final = mark("{machine} is cut again")
O_EXCEPTION: Final = mark("{machine}: the exception for item {number} is past its end")
O_CREDENTIAL: Final = mark("{credential} is still to be changed")
O_WATCH: Final = mark("nobody has said until when the watch stays reinforced")
O_FROZEN: Final = mark("retention on {machine} is still frozen")

# judging a restore point
POINT_AFTER: Final = mark("it was taken after the first hostile write")
POINT_SAME_SECOND: Final = mark("it was taken in the second of the first hostile write, before it or after it")
POINT_WRITTEN_AFTER: Final = mark("it came into the store after the first hostile write, whatever time it names")
POINT_IN_FUTURE: Final = mark("it says that it was taken in the future")
POINT_HARM_UNKNOWN: Final = mark("nobody has said yet when the first hostile write was")
POINT_CATALOGUE: Final = mark("its catalogue is damaged")
POINT_UNCHECKED: Final = mark("its catalogue was not checked")
POINT_NOT_BROUGHT: Final = mark("{failed} of {looked} files that its catalogue names cannot be brought")
POINT_UNREADABLE: Final = mark("{unreadable} of {looked} files that were looked at cannot be read")
POINT_UNREADABLE_MORE: Final = mark(
    "{unreadable} of {looked} files that were looked at cannot be read; in the point before it {before} of {of}"
)
POINT_RANDOM: Final = mark("of {looked} files that changed since the point before it {unreadable} cannot be read")
POINT_JUMP: Final = mark("{changed} of {files} files are not as they were in the point before it; {usual} is usual")
POINT_SHRUNK: Final = mark("it holds {percent} % fewer bytes than the point before it")
POINT_GREW: Final = mark("it holds {percent} % more bytes than the point before it")
POINT_HITS: Final = mark("{hits} of {looked} files that were looked at match an indicator or a rule")
POINT_EMPTY: Final = mark("it holds no files")
POINT_NOT_LOOKED: Final = mark("no file of it was looked at")
POINT_FAULT: Final = mark("it could not be judged")


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of this module, and what is filled in."""

    sentence: str
    values: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """Return it in English, as it stands in an entry."""
        return self.sentence.format_map(dict(self.values))


def because(sentence: str, **values: object) -> Reason:
    """Return the reason with these values."""
    return Reason(sentence, tuple((name, str(value)) for name, value in values.items()))


@functools.cache
def sentences() -> tuple[str, ...]:
    """Return the closed list."""
    return tuple(value for name, value in globals().items() if name.isupper() and isinstance(value, str))


def read(text: str) -> Reason | None:
    """Return the reason that such a text is; None where it is none of ours."""
    for sentence, pattern in _patterns():
        if found := pattern.fullmatch(text):
            return Reason(sentence, tuple(found.groupdict().items()))
    return None


@functools.cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    made = []
    # The more exact one first: without values, then with the most words of its own.
    for sentence in sorted(sentences(), key=lambda each: ("{" in each, -len(re.sub(r"\{\w+\}", "", each)))):
        parts = re.split(r"\{(\w+)\}", sentence)
        exact = []
        for number, part in enumerate(parts):
            again = f"(?P={part})" if part in parts[1:number:2] else f"(?P<{part}>.+?)"
            exact.append(re.escape(part) if number % 2 == 0 else again)
        made.append((sentence, re.compile("".join(exact), re.S)))
    return tuple(made)
