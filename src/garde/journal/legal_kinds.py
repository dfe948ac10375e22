"""The entry kinds of telling those who must know: clocks, drafts, signatures, submissions. Part of the one catalogue.

Comes in: nothing. Goes out: payload classes, joined into `garde.journal.kinds.KINDS`. Clocks are dated data
(`garde.legal`); a clock starts from what a person says, never from what a machine believes.
"""

from __future__ import annotations

from dataclasses import dataclass

from garde.journal.payload import Payload
from garde.journal.text import Text

# --- what people say --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClocksLoaded(Payload):
    """The clocks as data, as they count from here on: an edited file never changes a replay."""

    sha256: str
    content: Text  # as canonical JSON (garde.legal.clocks)
    source: str
    by: str


@dataclass(frozen=True, slots=True)
class AwareSaid(Payload):
    """A person says since when the hospital is aware, and of what. Said again it corrects, and the first stays."""

    incident: str
    event: str  # aware_personal_data | aware_significant | discovered | another start event of the clocks' data
    since: float
    by: str
    note: Text


@dataclass(frozen=True, slots=True)
class ObligationSaid(Payload):
    """A person says whether a duty applies here, and why."""

    clock: str
    applies: str  # yes | no | open
    by: str
    why: Text
    incident: str = ""  # "": for every incident of which nothing else is said


@dataclass(frozen=True, slots=True)
class DraftWanted(Payload):
    """A person wants a draft filled, or filled again."""

    incident: str
    form: str
    language: str
    by: str


@dataclass(frozen=True, slots=True)
class DraftEdited(Payload):
    """A person's own words for one field."""

    draft: str
    name: str
    value: Text
    by: str


@dataclass(frozen=True, slots=True)
class DraftSigned(Payload):
    """A person signs exactly this version."""

    draft: str
    version: int
    sha256: str
    by: str


@dataclass(frozen=True, slots=True)
class SubmissionSaid(Payload):
    """A signed version was handed in; what is learnt later makes an amendment."""

    draft: str
    version: int
    at: float
    channel: str
    reference: Text
    by: str


@dataclass(frozen=True, slots=True)
class RansomDecided(Payload):
    """What was decided about the ransom, who decided, on what."""

    incident: str
    paid: bool
    by: str
    why: Text


# --- what the hub's rules say -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClockStarted(Payload):
    """A duty's time runs. Started again (a correction) it has another `due`."""

    clock: str  # id in the clocks' data
    incident: str
    regime: str
    recipient: str
    start: float
    due: float  # 0: without delay, no number
    entry: int  # `seq` of what started it


@dataclass(frozen=True, slots=True)
class ClockWarned(Payload):
    """Its time is nearly over, or over."""

    clock: str
    state: str  # soon | overdue
    due: float
    incident: str = ""


@dataclass(frozen=True, slots=True)
class ClockClosed(Payload):
    """It runs no more: submitted, or a person said that it does not apply."""

    clock: str
    why: str  # submitted | progress (a report that it goes on was submitted) | not_applicable
    at: float
    late: bool
    incident: str = ""


@dataclass(frozen=True, slots=True)
class DraftField:
    """One field and where its value comes from."""

    name: str
    value: Text
    state: str  # known | unknown | said (by a person) | unconfirmed (the form's field is not confirmed by its source)
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DraftMade(Payload):
    """A draft was filled from the journal."""

    draft: str
    incident: str
    form: str
    language: str
    version: int
    sha256: str  # of its canonical JSON
    fields: tuple[DraftField, ...]
    amends: str = ""  # the draft whose submission this one follows


@dataclass(frozen=True, slots=True)
class AmendmentNeeded(Payload):
    """What was submitted is no longer what the journal says."""

    draft: str
    version: int
    names: tuple[str, ...]
    entry: int


LEGAL_KINDS: dict[str, type[Payload]] = {
    "clocks_loaded": ClocksLoaded,
    "aware_said": AwareSaid,
    "obligation_said": ObligationSaid,
    "draft_wanted": DraftWanted,
    "draft_edited": DraftEdited,
    "draft_signed": DraftSigned,
    "submission_said": SubmissionSaid,
    "ransom_decided": RansomDecided,
    "clock_started": ClockStarted,
    "clock_warned": ClockWarned,
    "clock_closed": ClockClosed,
    "draft_made": DraftMade,
    "amendment_needed": AmendmentNeeded,
}
