"""What the other half says: a fold of the facts that were taken, for the hub's journal and the desk's alike.

Comes in: entries; a file's bytes and who takes it. Goes out: `State`; payloads to write, or why not. Pure. The rules:

1. One key of the other half is believed, the one that a person confirmed by its fingerprint. Another one that is
   confirmed takes its place: what the first had said is known no more, and numbers count anew.
2. A file is taken once: the same one again writes nothing. One whose number is not higher than that of the last one is
   refused, so that an old file never replaces newer facts.
3. What is known already is not written again. A file says how things stand: what it does not name stands as it stood.
4. Numbers that this side gives rise, and follow the clock: a state that was put back from a copy still counts on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from garde.errors import Refused
from garde.journal.entry import Entry
from garde.journal.paper_kinds import FactHeard, FactsTaken, FactsTrusted, FactsWritten, ReenterSaid
from garde.journal.payload import Payload
from garde.trust.facts import MOST_COUNTER, FactCard, FactFile, FactsRefusedError, read_facts
from garde.trust.keys import PublicKey, fingerprint

KINDS: Final = frozenset({"facts_trusted", "facts_written", "facts_taken", "fact_heard", "reenter_said"})
AHEAD_S: Final = 300.0  # two clocks may differ by so much before it is said


@dataclass(slots=True)
class Known:
    """One fact of the other half."""

    fact: str
    subject: str
    state: str
    since: float
    at: float  # when it was taken


@dataclass(slots=True)
class State:
    """See the module. Plain data that a snapshot can hold."""

    source: str = ""  # the other half; "" where nobody is believed yet
    sign: str = ""
    counter: int = 0  # of the last file that was taken
    sha256: str = ""
    taken: float = 0.0  # when
    written: int = 0  # the last number that this side gave
    known: dict[str, Known] = field(default_factory=dict)  # by "fact subject"
    reenter: dict[str, float] = field(default_factory=dict)  # this side's own: subject -> after; 0: taken back

    def of(self, fact: str, *states: str) -> list[Known]:
        """Return what is known of a kind, in these states or in any, by subject."""
        found = (each for each in self.known.values() if each.fact == fact and (not states or each.state in states))
        return sorted(found, key=lambda each: each.subject)


def project(state: State, entry: Entry) -> State:
    """Take one entry in."""
    match entry.payload:
        case FactsTrusted() as trusted:
            if trusted.sign != state.sign:
                state.counter, state.sha256, state.taken, state.known = 0, "", 0.0, {}
            state.source, state.sign = trusted.source, trusted.sign
        case FactsTaken() as taken:
            state.counter, state.sha256, state.taken = taken.counter, taken.sha256, entry.at
        case FactHeard() as heard:
            known = Known(heard.fact, heard.subject, heard.state, heard.since, entry.at)
            state.known[f"{heard.fact} {heard.subject}"] = known
        case FactsWritten() as written:
            state.written = max(state.written, written.counter)
        case ReenterSaid() as said:
            state.reenter[said.subject] = said.after
    return state


# --- decisions --------------------------------------------------------------------------------------------------------


def trusted(state: State, card: FactCard, seen: str, by: str) -> Iterable[Payload]:
    """Believe this half from now on. `seen`: the fingerprint on the other machine's screen, typed by a person."""
    if "".join(seen.upper().split()).replace("-", "") != card.fingerprint.replace("-", ""):
        raise Refused(
            "that is not this card's fingerprint: it was changed on its way, or is another machine's",
            "have it read to you from the other screen: garde fact card",
        )
    if state.sign != card.key.hex:
        yield FactsTrusted(card.side, card.key.hex, by)


def taken(state: State, raw: bytes, by: str) -> Iterator[Payload]:
    """Take a file: the facts that are new, and that it was taken."""
    file = opened(state, raw)
    if file.sha256 == state.sha256:
        return
    if file.counter <= state.counter:
        raise Refused(
            f"this file is older than the one that was taken last (number {file.counter} after {state.counter})",
            "bring the newest: garde fact write on the other machine",
        )
    new = [each for each in file.facts if not _is_known(state, each.fact, each.subject, each.state, each.since)]
    yield from (FactHeard(each.fact, each.subject, each.state, float(each.since), file.sender) for each in new)
    yield FactsTaken(file.sender, file.counter, len(new), file.sha256, by)


def opened(state: State, raw: bytes) -> FactFile:
    """Return a file that the believed half signed; Refused."""
    if not state.sign:
        raise Refused("nobody is believed yet", "take the other half's card first: garde fact trust FILE")
    try:
        return read_facts(raw, PublicKey.from_hex(state.sign), state.source)
    except FactsRefusedError as error:
        raise Refused(
            f"no facts were taken: {error.reason} ({error.code})",
            f"believed is the key {fingerprint(state.sign)}; have the file written again",
        ) from error


def _is_known(state: State, fact: str, subject: str, what: str, since: float) -> bool:
    found = state.known.get(f"{fact} {subject}")
    return found is not None and (found.state, found.since) == (what, since)


def next_counter(state: State, now: float) -> int:
    """Return the number of the next file of this side."""
    return min(max(state.written + 1, int(now * 1000)), MOST_COUNTER)
