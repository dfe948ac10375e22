"""How things stand on the way back, as typed results: what console, command line, hub and paper show.

Comes in: nothing. Goes out: frozen results, and nothing else. They are made by pure functions over the state, the
estate and the time (hub seconds), which ask nothing and change nothing:

    gates.gate_of(state, look, machine, now) -> Gate                   the thirteen items of one server
    waves.waves_of(state, look, now) -> tuple[Wave, ...]               every planned server with its stage
    waves.blocked(state, look, machine, now) -> tuple[Reason, ...]     what keeps it from its next stage; () nothing
    restore.points_of(state, look, machine) -> tuple[PointView, ...]   the newest first
    restore.why_not(state, machine, store, point, where) -> Reason | None    why it may not be chosen
    restore.stores_of(state, look) -> tuple[StoreView, ...]            stores and their retention
    order.propose(look, state) -> tuple[tuple[str, ...], ...]          waves for people to decide on
    order.warn(look, state, waves) -> tuple[Reason, ...]               what the graph says against an order
    credentials.list_of(state, look, now) -> tuple[CredentialView, ...]
    over.over(state, look, now) -> Over                                what the way back says about being over
    may.may(look, act, login, role, machine) -> bool                   acts: see `may.ACTS`
    may.roles_for(look, act, machine) -> tuple[str, ...]               who may

A `Reason` is one of the sentences of `reasons.py` with its values; `words.say_reason(reason, say, look)` says it in the
reader's language, and `words.known(text, say, look)` does the same with the text that stands in an entry.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from garde.recovery.reasons import Reason


@dataclass(frozen=True, slots=True)
class ItemView:
    """One of the thirteen items."""

    item: str  # garde.model.restart.Item
    answer: str  # garde.model.restart.Answer, before any exception
    fine: bool  # yes, or excepted and not past the end
    by: tuple[str, ...] = ()  # who says so: "hub", "agent/ID" (itself), "look/ID" (another machine), a login
    reasons: tuple[Reason, ...] = ()  # why it is not yes
    found: tuple[str, ...] = ()  # what the machine's own checks found against it: hostile text, safe to show
    more: int = 0  # further ones
    excepted_by: str = ""  # login
    excepted_until: float = 0.0
    expired: bool = False  # there was an exception, and its time is over
    note: str = ""  # of the person, safe to show
    people: tuple[str, ...] = ()  # roles that may answer it; (): no person's answer counts
    exceptable: bool = False


@dataclass(frozen=True, slots=True)
class SignatureView:
    """One signature."""

    side: str  # it | service
    by: str
    role: str
    at: float
    counts: bool
    why: Reason | None = None  # why it does not


@dataclass(frozen=True, slots=True)
class Gate:
    """The return-to-service record of one server in its round."""

    machine: str
    round: int
    stage: str
    status: str
    items: tuple[ItemView, ...]  # thirteen, in their order
    signatures: tuple[SignatureView, ...] = ()

    def item(self, name: str) -> ItemView:
        """Return one item."""
        return next(each for each in self.items if each.item == name)

    def fine(self, *names: str) -> bool:
        """Whether these items are fine; none named: all thirteen."""
        return all(each.fine for each in self.items if not names or each.item in names)


@dataclass(frozen=True, slots=True)
class Span:
    """One stage in time, for the picture."""

    stage: str
    round: int
    begin: float
    end: float  # 0: it goes on
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One server of a wave."""

    machine: str
    wave: int
    stage: str
    round: int
    status: str
    since: float  # of the stage
    due: float  # when observing, or listed flows only, end; 0: nothing is awaited
    isolation: str = ""  # the cut that holds it; "": none
    proven: bool = False  # that it holds
    blocked: tuple[Reason, ...] = ()  # what keeps it from its next stage
    fine: int = 0  # items of the gate that are fine, of thirteen
    needs: tuple[str, ...] = ()  # machines that must be verified before
    services: tuple[str, ...] = ()  # that run on it
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Wave:
    """Servers that return together. Number 0: those on their way that no plan names."""

    number: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class PointView:
    """One restore point as it was judged last, and what was done with it."""

    holder: str
    store: str
    sort: str
    point: str
    covers: str
    taken_at: float
    colour: str
    when: str
    files: int
    bytes: int
    looked_at: int
    readable: int
    changed: int
    indicators: int
    catalogue: str
    test_restore: str
    enter_after: float
    reasons: tuple[str, ...]  # as the judging wrote them
    judged_at: float
    stale: bool  # judged against a later first hostile write than is known now: to be judged again
    tried: bool = False  # brought to a scratch place whole
    placed: bool = False  # put in place whole, the last one that was
    why_not_scratch: Reason | None = None
    why_not_place: Reason | None = None


@dataclass(frozen=True, slots=True)
class StoreView:
    """One store and its retention."""

    holder: str
    store: str
    sort: str
    covers: str
    freezes: bool
    frozen: str  # "" | asked | proven | not_proven | thawing | thawed
    seconds: float
    detail: str
    at: float


@dataclass(frozen=True, slots=True)
class CredentialView:
    """One credential to be changed."""

    credential: str
    sort: str
    machines: tuple[str, ...]
    times: int
    done: int
    next_at: float = 0.0  # before this a further change does not count; 0: it does now
    by: tuple[str, ...] = ()  # who changed it

    @property
    def left(self) -> int:
        """How often it is still to be changed."""
        return max(self.times - self.done, 0)


@dataclass(frozen=True, slots=True)
class Over:
    """What the way back says about the end of a crisis. `reasons` empty: nothing speaks against it."""

    planned: int
    open: int
    last_seen: float  # the last time that something was seen during a return; 0: never
    frozen: int  # stores whose retention is frozen still
    exceptions: tuple[tuple[str, str, float], ...] = ()  # machine, item, until: those in force
    watch_until: float = 0.0  # 0: not reinforced, or nobody has said for how long
    reenter: dict[str, float] = field(default_factory=dict)  # subject -> data after this must be entered again
    reasons: tuple[Reason, ...] = ()
