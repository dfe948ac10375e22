"""What counts as having left, and what a look says of its limits: the rules of `findings.py` and `look.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flow_makers import INSIDE, NOW, OTHER, OUTSIDE, PLACE

from garde.forensics.egress.config import FlowSettings, SourceSettings
from garde.forensics.egress.look import look
from garde.forensics.egress.nouns import Batch, Flow, Inside, Lookup
from garde.forensics.egress.question import Question
from garde.forensics.egress.store import Book, FlowStore
from garde.forensics.egress.tally import DAY_S
from garde.journal.forensic_kinds import Blind, EgressLooked, EgressSeen, PathSeen

MB, HOUR = 1_000_000, 3600.0
SOURCE = SourceSettings("gate", "conntrack", ("10.20.0.0/16",), delay_s=0.0)
RESOLVER = "10.20.0.2"


class Gate:
    """A gateway that has been looking for so many days."""

    def __init__(self, path: Path, days: float = 10.0) -> None:
        self.book = Book(FlowStore(path), Inside())
        self.began = NOW - (days + 1) * DAY_S
        self.book.begin("gate", "conntrack", self.began, remembers=False)
        self.settings = FlowSettings(source=(SOURCE,))

    def sent(
        self, size: float, to: str = OUTSIDE, *, ago: float = HOUR, back: float = 0.02, lasted: float = 60.0,
        times: int = 1, every: float = 0.0, name: str = "", inside: str = INSIDE, inbound: bool = False,
        port: int = 443,
    ) -> None:  # fmt: skip
        """So many bytes left, `ago` seconds before now, in so many conversations."""
        each = int(size / times)
        flows = [
            Flow(inside, to, port, 6, inbound, each, int(each * back), at - lasted, at, name=name)
            for at in (NOW - ago + number * every for number in range(times))
        ]
        self.book.take("gate", Batch(flows, records=times), NOW, remembers=False)

    def usually(self, size: float, to: str = OUTSIDE, days: int = 8, **more: object) -> None:
        for day in range(days):
            self.sent(size, to, ago=(day + 1.5) * DAY_S, **more)  # type: ignore[arg-type]

    def asked(self, size: int, domain: str = "evil.example", *, ago: float = HOUR, client: str = INSIDE,
              resolver: str = RESOLVER) -> None:  # fmt: skip
        names = [f"{number:050d}.{domain}" for number in range(size // 50)]
        lookups = [Lookup(client, resolver, name, NOW - ago) for name in names]
        self.book.take("gate", Batch([], lookups, records=len(names)), NOW, remembers=False)

    def all(
        self, since: float = NOW - DAY_S, until: float = NOW, suspects: frozenset[str] = frozenset()
    ) -> list[object]:
        self.book.write(NOW, {"gate": b""})
        return list(look(self.book.store, self.settings, Question("c1", since, NOW, suspects)))

    def seen(self, *suspects: str) -> list[EgressSeen]:
        return [each for each in self.all(suspects=frozenset(suspects)) if isinstance(each, EgressSeen)]

    def why(self, *suspects: str) -> tuple[str, ...]:
        found = self.seen(*suspects)
        assert len(found) < 2
        return found[0].why if found else ()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path / "flows.sqlite")
    yield made
    made.book.store.close()


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Gate]:
    """One that began today."""
    made = Gate(tmp_path / "new.sqlite", days=-0.5)
    yield made
    made.book.store.close()


# --- what counts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("megabytes", "more", "why"),
    [
        (99, {}, ()),
        (101, {}, ("volume",)),
        (24, {"times": 30, "every": 120.0, "ago": 2 * HOUR}, ()),
        (26, {"times": 30, "every": 120.0, "ago": 2 * HOUR}, ("trickle",)),
        (26, {"lasted": 2 * HOUR}, ("long_session", "trickle")),
        (26, {"name": "eu.mega.nz"}, ("cloud_storage",)),
        (26, {"name": "notmega.nz"}, ()),
        (900, {"inbound": True}, ()),
        (1001, {"inbound": True}, ("volume",)),
    ],
)
def test_without_a_baseline_only_what_is_much_counts(
    new: Gate, megabytes: int, more: dict[str, object], why: tuple[str, ...]
) -> None:
    new.sent(megabytes * MB, **more)  # type: ignore[arg-type]
    assert new.why() == why
    assert all(each.usual_bytes == -1 for each in new.seen())


@pytest.mark.parametrize(("megabytes", "found"), [(19, False), (21, True)])
def test_an_upload_to_a_new_place_counts(gate: Gate, megabytes: int, found: bool) -> None:
    gate.sent(megabytes * MB)
    assert ("new_destination" in gate.why()) == found


@pytest.mark.parametrize(
    ("megabytes", "more", "found"),
    [(9, {"name": "dropbox.com"}, False), (11, {"name": "dropbox.com"}, True), (11, {}, False),
     (11, {"times": 40, "every": 200.0, "ago": 4 * HOUR}, True)],
)  # fmt: skip
def test_a_slow_one_or_one_to_a_storage_counts_sooner(
    gate: Gate, megabytes: int, more: dict[str, object], found: bool
) -> None:
    gate.sent(megabytes * MB, **more)  # type: ignore[arg-type]
    assert bool(gate.why()) == found


def test_a_machine_that_often_sends_to_new_places_is_given_room(gate: Gate) -> None:
    for day in range(6):
        gate.sent(15 * MB, f"198.51.100.{day + 10}", ago=(day + 1.5) * DAY_S)
    gate.sent(40 * MB)
    assert gate.why() == ()
    gate.sent(10 * MB)
    assert "new_destination" in gate.why()


def test_a_place_that_is_known_may_get_what_it_usually_gets(gate: Gate) -> None:
    gate.usually(200 * MB, PLACE)
    gate.sent(550 * MB, PLACE)
    assert gate.why() == ()
    gate.sent(60 * MB, PLACE)
    assert gate.why() == ("volume",)


def test_two_days_make_no_place_known(gate: Gate) -> None:
    gate.usually(25 * MB, PLACE, days=2)
    gate.sent(30 * MB, PLACE)
    assert gate.why() == ()  # three times the most to a new place is more
    gate.sent(60 * MB, PLACE)
    assert "new_destination" in gate.why()


def test_a_place_that_three_others_know_is_usual_here_too(gate: Gate) -> None:
    for number in range(3):
        gate.usually(5 * MB, PLACE, inside=f"10.20.3.{number}")
    gate.sent(30 * MB, PLACE)
    assert gate.why() == ()
    gate.sent(2 * MB, PLACE, inside="10.20.3.77")
    assert gate.why("10.20.3.77") == ()  # a suspected one sends mail as well
    gate.sent(14 * MB, PLACE, inside="10.20.3.77")
    assert gate.why("10.20.3.77") != ()  # and is given less room


def test_what_goes_both_ways_counts_late(gate: Gate) -> None:
    gate.sent(490 * MB, back=1.0)
    assert gate.why() == ()
    gate.sent(20 * MB, back=1.0)
    assert "volume" in gate.why()


def test_a_suspected_machine_counts_soon_and_a_suspected_place_at_once(gate: Gate) -> None:
    gate.sent(300_000)
    assert gate.why() == ()
    assert gate.why(INSIDE) == ("new_destination",)
    gate.sent(70_000, PLACE, inside=OTHER)
    assert {each.to for each in gate.seen(INSIDE, PLACE)} == {OUTSIDE, PLACE}


def test_reading_pages_is_no_upload(gate: Gate) -> None:
    for number in range(50):
        gate.sent(3 * MB, f"198.51.100.{number}", back=12.0)
    assert gate.seen() == []


def test_an_upload_to_many_addresses_of_one_name_or_network_is_added_up(gate: Gate) -> None:
    for number in range(10):
        gate.sent(4 * MB, f"198.51.{number}.9", name=f"n{number}.hoster.example")
    (found,) = gate.seen()
    assert (found.bytes, found.name.shown()) == (40 * MB, "hoster.example")
    for number in range(10):
        gate.sent(5 * MB, f"192.0.2.{number}")
    assert {each.name.shown() for each in gate.seen()} == {"hoster.example", "192.0.2.0/24"}


def test_an_address_has_the_name_that_was_asked_for(gate: Gate) -> None:
    asked = Lookup(INSIDE, RESOLVER, "drop.example", NOW - HOUR, (OUTSIDE,))
    gate.book.take("gate", Batch([], [asked], records=1), NOW, remembers=False)
    gate.sent(30 * MB)
    assert [each.name.shown() for each in gate.seen()] == ["drop.example"]


def test_two_days_may_hold_twice_as_much(gate: Gate) -> None:
    gate.usually(200 * MB, PLACE)
    gate.sent(900 * MB, PLACE)
    found = [each for each in gate.all(since=NOW - 2 * DAY_S) if isinstance(each, EgressSeen)]
    assert found == []
    assert gate.why() == ("volume",)


def test_what_is_usual_is_asked_of_the_source_that_has_looked_for_longest(new: Gate) -> None:
    log = SourceSettings("log", "zeek", ("10.20.0.0/16",), folder="/logs")
    new.settings = FlowSettings(source=(SOURCE, log))
    new.book.begin("log", "zeek", NOW, remembers=True)
    for day in range(5):
        before = Flow(INSIDE, PLACE, 443, 6, False, 60 * MB, 9, NOW - (day + 2) * DAY_S, NOW - (day + 2) * DAY_S)
        new.book.take("log", Batch([before], records=1), NOW, remembers=True)
    new.sent(90 * MB, PLACE)
    new.sent(30 * MB)
    assert [(each.to, each.why) for each in new.seen()] == [(OUTSIDE, ("new_destination",))]


# --- questions --------------------------------------------------------------------------------------------------------


def test_names_that_carry_data_are_a_tunnel(gate: Gate) -> None:
    gate.asked(200_000)
    assert gate.why() == ()
    gate.asked(100_000)
    (found,) = gate.seen()
    assert (found.to, found.name.shown(), found.bytes, found.why) == (
        RESOLVER,
        "evil.example",
        300_000,
        ("dns_tunnel",),
    )


def test_a_resolver_that_passes_questions_on_is_not_who_asked(gate: Gate) -> None:
    gate.asked(400_000)
    gate.asked(400_000, client=RESOLVER, resolver=PLACE)
    assert [each.address for each in gate.seen()] == [INSIDE]


def test_long_names_that_are_usual_are_no_tunnel(gate: Gate) -> None:
    for day in range(5):
        gate.asked(300_000, "lookup.antivirus.example", ago=(day + 1.5) * DAY_S)
    gate.asked(600_000, "lookup.antivirus.example")
    assert gate.seen() == []


def test_without_names_the_bytes_to_a_resolver_count(gate: Gate) -> None:
    gate.usually(1 * MB, RESOLVER, port=53)
    gate.sent(4.9 * MB, RESOLVER, port=53, back=2.0)
    assert gate.why() == ()
    gate.sent(0.2 * MB, RESOLVER, port=53, back=2.0)
    assert "dns_tunnel" in gate.why()


# --- what a look says of itself ---------------------------------------------------------------------------------------


def looked(found: list[object]) -> EgressLooked:
    (said,) = [each for each in found if isinstance(each, EgressLooked)]
    return said


def test_a_look_says_what_it_rests_on(gate: Gate) -> None:
    gate.sent(30 * MB)
    said = looked(gate.all())
    assert (said.source, said.covers, said.records, said.seen, said.blind) == ("gate", ("10.20.0.0/16",), 1, 1, ())
    assert said.baseline_days == pytest.approx(10.0, abs=0.01)
    assert (said.since, said.until) == (NOW - DAY_S, NOW)


def test_what_came_before_the_source_is_blindness(new: Gate) -> None:
    (blind,) = looked(new.all()).blind
    assert blind == Blind(NOW - DAY_S, NOW - 0.5 * DAY_S, "late")


def test_what_was_thrown_away_is_blindness(gate: Gate) -> None:
    gate.sent(1 * MB, ago=5 * DAY_S)
    gate.book.write(NOW, {"gate": b""})
    gate.book.prune(NOW, 1, 1_000_000)
    (blind,) = looked(gate.all(since=NOW - 3 * DAY_S)).blind
    assert (blind.why, blind.until) == ("late", pytest.approx(NOW - DAY_S, abs=300))


def test_a_source_that_has_ended_is_blind_since(gate: Gate) -> None:
    gate.all()
    said = looked(list(look(gate.book.store, gate.settings, Question("c", NOW - HOUR, NOW + HOUR))))
    assert said.blind == (Blind(NOW, NOW + HOUR, "down"),)
    assert said.until == NOW + HOUR


def test_where_records_may_still_come_the_answer_ends_before(gate: Gate) -> None:
    gate.settings = FlowSettings(source=(SourceSettings("gate", "conntrack", ("10.20.0.0/16",), delay_s=60.0),))
    said = looked(gate.all())
    assert (said.until, said.blind) == (NOW - 60.0, ())


def test_a_source_that_never_saw_is_answered_for(gate: Gate) -> None:
    gate.settings = FlowSettings(source=(SOURCE, SourceSettings("eve", "suricata", ("10.0.0.0/8",), file="/eve.json")))
    blind = {each.source: each.blind for each in gate.all() if isinstance(each, EgressLooked)}
    assert blind == {"gate": (), "eve": (Blind(NOW - DAY_S, NOW, "late"),)}


# --- paths ------------------------------------------------------------------------------------------------------------


def paths(gate: Gate, *addresses: str) -> list[PathSeen]:
    return [each for each in gate.all(suspects=frozenset(addresses)) if isinstance(each, PathSeen)]


def test_paths_tell_who_opened_what_the_telling_ones_first(gate: Gate) -> None:
    gate.usually(1 * MB, PLACE)
    gate.sent(1 * MB, PLACE)
    gate.sent(9_000, OUTSIDE, lasted=2 * HOUR)
    gate.sent(5_000, "203.0.113.9", inbound=True, port=3389)
    gate.sent(70_000, OTHER, port=445)
    found = paths(gate, INSIDE)
    assert [(each.outside, each.inbound, each.port) for each in found] == [
        ("203.0.113.9", True, 3389), (OUTSIDE, False, 443), (OTHER, False, 445), (PLACE, False, 443),
    ]  # fmt: skip
    assert found[1].last - found[1].first == pytest.approx(2 * HOUR)
    assert (found[2].bytes_out, found[2].bytes_in) == (70_000, 1_400)


def test_the_other_end_is_found_by_its_address_as_well(gate: Gate) -> None:
    gate.sent(9_000)
    assert [(each.inside, each.outside) for each in paths(gate, OUTSIDE)] == [(INSIDE, OUTSIDE)]
    assert len(paths(gate, OUTSIDE, INSIDE)) == 1


def test_a_scan_does_not_flood_the_hub(gate: Gate) -> None:
    for number in range(200):
        gate.sent(300, f"198.51.100.{number % 250}", port=number)
    assert len(paths(gate, INSIDE)) == 60
