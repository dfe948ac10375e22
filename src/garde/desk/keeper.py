"""The store and the census, held together: what is safe is read, and what was not understood is said.

Comes in: what was stored; questions. Goes out: the census's state, and answers in plain data. Replay and live reception
are the same call, so they cannot differ. It owns no socket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from garde.clock import Clock
from garde.desk.config import Config
from garde.downtime.book import Book
from garde.downtime.census.state import Census
from garde.downtime.census.view import census_view, patient_views
from garde.downtime.nouns import Read
from garde.downtime.numbers.form import compare
from garde.downtime.numbers.people import arrivals, rows_beside
from garde.downtime.numbers.state import State, numbers_fold
from garde.downtime.reading.fhir import read_fhir
from garde.downtime.reading.manner import Manner
from garde.downtime.reading.read import VERSION, read_hl7
from garde.downtime.reading.table import read_table
from garde.downtime.silence import Freshness, freshness
from garde.downtime.store.messages import Form, MessageStore, Stored

_DAY_S = 86_400.0
_LATE_S = 900.0  # a sender whose clock, or whose queue, is this far from ours is named
_Reader = Callable[[bytes, int, float, str, Manner], Read]
_READERS: dict[Form, _Reader] = {Form.HL7: read_hl7, Form.FHIR: read_fhir, Form.CSV: read_table}
_UNREAD = {Form.BROKEN: "cut off", Form.NOISE: "not MLLP"}


class Keeper:
    """One desk's memory."""

    def __init__(self, config: Config, store: MessageStore, clock: Clock, book: Book) -> None:
        self.config, self.store, self.clock, self.book = config, store, clock, book
        self._numbers = numbers_fold(book)
        self.census = Census()
        self.since = clock.now()
        self.rebuilding = False
        self.lags: list[float] = []  # seconds from reception to census, the newest thousand
        self._unread: list[tuple[int, str]] = []

    def take(self, stored: Stored, *, live: bool = True) -> Read:
        """Read one stored thing into the census."""
        reader = _READERS.get(stored.form)
        if reader is None:
            read = Read(reason=_UNREAD.get(stored.form, f"no reader: {stored.form.value}"))
        else:
            read = reader(stored.data, stored.seq, stored.received, stored.digest, self.config.manner)
        # A table that somebody brings does not make a silent feed heard.
        heard = 0.0 if stored.form is Form.CSV else stored.received
        try:
            self.census.take(stored.seq, heard, read)
        except Exception as error:  # one message must not end the desk, now and at every start from now on
            read = Read(reason=f"fault: {type(error).__name__}", detail=str(error))
            self.census.take(stored.seq, heard, read)
        if read.reason:
            self._unread.append((stored.seq, read.reason))
        if live:
            self.lags = [*self.lags[-999:], self.clock.now() - stored.received]
        return read

    @property
    def has_reasons(self) -> bool:
        """Whether something was not understood that is not written down yet."""
        return bool(self._unread)

    def keep_reasons(self) -> None:
        """Write down what was not understood, for counting and for a newer reader."""
        if self._unread:
            unread, self._unread = self._unread, []
            self.store.mark(unread, VERSION)

    def replay(self, store: MessageStore, up_to: int, step: int = 200) -> Iterator[int]:
        """Read everything that is stored, in steps; yields how many were read so far."""
        self.rebuilding = True
        done = 0
        for stored in store.read(up_to=up_to):
            self.take(stored, live=False)
            done += 1
            if done % step == 0:
                yield done
        self.rebuilding = False
        yield done

    def purge(self) -> int:
        """Let go what is old and what nothing in the census needs; returns how many messages went."""
        now = self.clock.now()
        self.census.forget(now - self.config.gone_days * _DAY_S)
        needed = {seq for patient in self.census.patients.values() for seq in patient.seqs}
        old = [seq for seq in self.store.older(now - self.config.keep_days * _DAY_S) if seq not in needed]
        return self.store.purge(old) if old else 0

    # --- answers ---

    def freshness(self) -> Freshness:
        senders = {name: sender.received for name, sender in self.census.senders.items()}
        newest = self.census.newest or None
        return freshness(newest, self.since, self.clock.now(), senders, silent_s=self.config.silent_min * 60)

    def status(self) -> dict[str, Any]:
        fresh = self.freshness()
        view = census_view(self.census)
        return {
            "hospital": self.config.hospital,
            "feed": fresh.feed.value,
            "newest": fresh.newest,
            "age_s": fresh.age_s,
            "silent_senders": list(fresh.silent),
            "wrong_clocks": self._wrong_clocks(),
            "rebuilding": self.rebuilding,
            "messages": self.store.count(),
            "patients": len(self.census.patients),
            "present": len(view.rows),
            "expected": len(view.expected),
            "outpatients": len(view.outpatients),
            "empty_beds": len(view.empty),
            "not_understood": dict(sorted(self.census.reasons.items())),
            "arrivals": len(arrivals(self.numbers())),
            "doubts": dict(sorted(self.census.doubts.items())),
            "lag_p95_s": _p95(self.lags),
        }

    def _wrong_clocks(self) -> dict[str, float]:
        found = ((name, sender.ahead_s) for name, sender in sorted(self.census.senders.items()))
        return {name: round(ahead, 1) for name, ahead in found if abs(ahead) > _LATE_S}

    def census_plain(self, ward: str = "") -> dict[str, Any]:
        """Return the census as plain data, of one ward where one is named."""
        view: dict[str, Any] = msgspec.to_builtins(census_view(self.census))
        if ward:
            for name in ("rows", "outpatients", "expected"):
                view[name] = [row for row in view[name] if row["visit"]["place"]["ward"] == ward]
            view["empty"] = [place for place in view["empty"] if place["ward"] == ward]
        view["arrivals"] = [each for each in self.arrivals_plain() if ward in ("", each["place"]["ward"])]
        fresh: dict[str, Any] = msgspec.to_builtins(self.freshness())
        return {"as_of": fresh, "rebuilding": self.rebuilding, "zone": self.config.zone, **view}

    def numbers(self) -> State:
        """Return the downtime numbers as the desk's journal has them now."""
        return self.book.follow(self._numbers)

    def arrivals_plain(self) -> list[dict[str, Any]]:
        """Return who must be shown beside the census: they arrived under a downtime number."""
        found: list[dict[str, Any]] = msgspec.to_builtins(rows_beside(self.numbers(), census_view(self.census)))
        return found

    def people_plain(self, numbers: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return names and birth dates by number, of those who are known; whoever is known by two is the newest."""
        arrived = {each.number: each.person for each in arrivals(self.numbers())}
        found: dict[str, dict[str, str]] = {}
        for number in numbers:
            known = patient_views(self.census, number)
            person = arrived.get(number) or (known[-1].person.value if known else None)
            if person is not None:
                name = " ".join(filter(None, (person.family, person.given)))
                found[number] = {"name": name, "birth": person.birth}
        return found

    def prefix_plain(self, prefix: str) -> dict[str, Any]:
        """Say whether numbers with this prefix could be patients' own; counts only."""
        found: dict[str, Any] = msgspec.to_builtins(compare(prefix, [*self.census.patients, *self.census.merges]))
        return {**found, "rebuilding": self.rebuilding}

    def patient_plain(self, number: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = msgspec.to_builtins(patient_views(self.census, number))
        return found

    def looked(self, who: str, what: str) -> None:
        """Keep that somebody looked; before they are shown anything."""
        self.book.looked(who, what)


def _p95(values: Iterable[float]) -> float | None:
    found = sorted(values)
    return round(found[int(len(found) * 0.95)], 6) if found else None


def rebuilt(state: Path, config: Config, store: MessageStore, clock: Clock, book: Book) -> Keeper:
    """Return a keeper that has read everything: for questions where no desk runs."""
    keeper = Keeper(config, store, clock, book)
    for _ in keeper.replay(store, store.last()):
        pass
    return keeper
