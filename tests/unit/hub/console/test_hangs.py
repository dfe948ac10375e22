"""What hangs on what: which boxes and lines there are, what a cut breaks, and that everything stays in its frame."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from console_house import SAMPLE
from hypothesis import given
from hypothesis import strategies as st

from garde.estate.look import Lookup
from garde.estate.nouns import Estate, Machine, Service
from garde.estate.read import load
from garde.hub.console.views.hangs import LESS, ROOM, ROW, STOPPED, WIDTH, WORKS, hangs

LOOK = Lookup(load(SAMPLE).estate)


def _many(services: int) -> Lookup:
    machines = tuple(Machine(f"m{n}", f"M{n}", "server", (f"10.0.{n // 250}.{n % 250}",)) for n in range(services))
    return Lookup(
        Estate(
            "H", machines=machines, services=tuple(Service(f"s{n}", {"en": "S"}, (f"m{n}",)) for n in range(services))
        )
    )


def test_every_service_is_drawn_with_what_it_hangs_on() -> None:
    drawn = hangs(LOOK, ())
    assert {node.id for node in drawn.services} == set(LOOK.services)
    assert all(row.state == WORKS and not row.because for row in drawn.rows)
    wanted = sum(
        len({*each.machines, *(name for name in each.uses if name in LOOK.machines)}) for each in LOOK.services.values()
    )
    assert len(drawn.lines) == wanted and not any(line.broken for line in drawn.lines)


def test_a_machine_that_is_cut_off_breaks_its_lines_and_stops_what_needs_it() -> None:
    service = next(each for each in LOOK.services.values() if each.machines)
    address = LOOK.machines[service.machines[0]].addresses[0]
    for name in (service.machines[0], address):  # a cut names a machine or its address
        drawn = hangs(LOOK, {name})
        assert drawn.rows[0].state != WORKS  # what is concerned comes first
        row = next(each for each in drawn.rows if each.id == service.id)
        assert (row.state, row.because) == (STOPPED, service.machines[0])
        assert any(line.broken for line in drawn.lines)
        assert {node.id for node in drawn.machines if node.state == "cut"} == {service.machines[0]}


def test_what_only_uses_it_goes_on_with_less() -> None:
    look = Lookup(
        Estate("H", machines=(Machine("a", "A", "server", ()),), services=(Service("s", {"en": "S"}, uses=("a",)),))
    )
    drawn = hangs(look, {"a"})
    assert (drawn.rows[0].state, drawn.rows[0].because) == (LESS, "a")
    assert [line.needed for line in drawn.lines] == [False]


def test_one_service_or_machine_is_shown_with_its_neighbours() -> None:
    service = next(each for each in LOOK.services.values() if each.needs)
    shown = {node.id for node in hangs(LOOK, (), service.id).services}
    assert {service.id, *service.needs} <= shown and len(shown) < len(LOOK.services)
    machine = service.machines[0]
    assert service.id in {node.id for node in hangs(LOOK, (), machine).services}


def test_a_large_hospital_is_drawn_as_far_as_it_can_be_read() -> None:
    look = _many(ROOM + 20)
    calm = hangs(look, ())
    assert calm.services == () and len(calm.rows) == ROOM + 20
    struck = hangs(look, {"m3"})
    assert [node.id for node in struck.services] == ["s3"] and struck.rows[0].id == "s3"


def test_a_hospital_without_services() -> None:
    drawn = hangs(Lookup(Estate("H")), {"10.0.0.1"})
    assert (drawn.rows, drawn.services, drawn.machines) == ((), (), ())


@given(st.sets(st.sampled_from([*LOOK.machines, "10.1.2.3"])), st.sampled_from(["", *LOOK.services, *LOOK.machines]))
def test_everything_stays_in_its_frame(cut: set[str], of: str) -> None:
    drawn = hangs(LOOK, cut, of)
    for column in (drawn.machines, drawn.services):
        tops = [node.y for node in column]
        assert all(later - sooner >= ROW for sooner, later in pairwise(tops))
        assert all(
            node.x >= 0 and node.x + node.width <= WIDTH and 0 <= node.y <= drawn.height - ROW for node in column
        )
    assert drawn == hangs(LOOK, cut, of)


def test_the_cuts_are_read_once_however_many_machines_there_are() -> None:
    class Counted(list[str]):
        reads = 0

        def __iter__(self) -> Iterator[str]:
            self.reads += 1
            return super().__iter__()

    cut = Counted(["m1"])
    assert [row.id for row in hangs(_many(50), cut).rows if row.state != WORKS] == ["s1"] and cut.reads == 1
