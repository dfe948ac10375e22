"""What stops with what: one test for each sentence of dependencies.py, and what holds for every estate."""

from __future__ import annotations

from estate_samples import good
from hypothesis import given
from hypothesis import strategies as st

from garde.estate.dependencies import impact, in_order, needed_before
from garde.estate.nouns import Estate, Machine, Service, Ward

PLAIN = {"en": "x"}


def machine(name: str, *needs: str, switch: str = "") -> Machine:
    return Machine(name, name, "server", (), needs=needs, switch=switch)


def service(
    name: str, *machines: str, needs: tuple[str, ...] = (), uses: tuple[str, ...] = (), clinical: bool = True
) -> Service:
    return Service(name, PLAIN, machines, needs=needs, uses=uses, clinical=clinical)


def hospital(*parts: Machine | Service | Ward) -> Estate:
    return Estate(
        "x",
        machines=tuple(each for each in parts if isinstance(each, Machine)),
        services=tuple(each for each in parts if isinstance(each, Service)),
        wards=tuple(each for each in parts if isinstance(each, Ward)),
    )


def test_a_machine_stops_where_one_that_it_needs_stops() -> None:
    found = impact(hospital(machine("db"), machine("app", "db"), machine("web", "app"), machine("x")), ["db"])
    assert found.machines == ("db", "app", "web")
    assert found.because == {"app": "db", "web": "app"}


def test_a_machine_stops_with_the_switch_that_it_hangs_on() -> None:
    found = impact(hospital(machine("sw"), machine("a", switch="sw"), machine("b"), service("s", "a")), ["sw"])
    assert found.machines == ("sw", "a")
    assert found.stopped == ("s",)


def test_a_service_stops_where_one_of_its_machines_stops() -> None:
    found = impact(hospital(machine("a"), machine("b"), service("s", "a", "b"), service("t", "b")), ["a"])
    assert (found.stopped, found.works) == (("s",), ("t",))


def test_a_service_stops_where_a_service_that_it_needs_stops() -> None:
    found = impact(
        hospital(machine("a"), service("s", "a"), service("t", needs=("s",)), service("u", needs=("t",))), ["a"]
    )
    assert found.stopped == ("s", "t", "u")


def test_a_service_goes_on_with_less_where_something_it_uses_has_stopped() -> None:
    parts = (machine("a"), machine("b", "a"), service("s", "a"), service("t", uses=("s",)), service("u", uses=("b",)))
    found = impact(hospital(*parts), ["a"])
    assert (found.stopped, found.degraded, found.works) == (("s",), ("t", "u"), ())
    assert found.because["u"] == "b"


def test_a_service_that_has_stopped_does_not_go_on_with_less() -> None:
    found = impact(hospital(machine("a"), service("s", "a", uses=("a",))), ["a"])
    assert (found.stopped, found.degraded) == (("s",), ())


def test_a_service_goes_on_with_less_on_a_machine_that_does() -> None:
    found = impact(hospital(machine("a"), service("s", "a"), service("t", needs=("s",))), [], less=["a"])
    assert (found.stopped, found.degraded, found.works) == ((), ("s",), ("t",))


def test_less_is_not_handed_on() -> None:
    parts = (machine("a"), service("s", uses=("a",)), service("t", needs=("s",)), service("u", uses=("s",)))
    assert impact(hospital(*parts), ["a"]).works == ("t", "u")


def test_every_other_service_works() -> None:
    assert impact(good(), []).works == ("index", "record", "documents", "web")
    assert impact(good(), ["files"]) == impact(good(), ["files", "files"])


def test_needs_in_a_circle_stop_together() -> None:
    parts = (machine("a", "c"), machine("b", "a"), machine("c", "b"), service("s", "c"), service("t", needs=("t",)))
    found = impact(hospital(*parts), ["b"])
    assert found.machines == ("a", "b", "c")
    assert (found.stopped, found.works) == (("s",), ("t",))


def test_an_unknown_id_stops_nothing() -> None:
    found = impact(good(), ["192.0.2.1", ""])
    assert (found.stopped, found.degraded, found.machines) == ((), (), ())


def test_a_gateway_stands_for_the_outside() -> None:
    found = impact(good(), ["gw"])
    assert (found.stopped, found.price) == (("web",), ())  # not clinical: it costs nothing in care


def test_a_service_may_be_stopped_itself() -> None:
    assert impact(good(), ["index"]).stopped == ("index", "record")


def test_the_price_is_in_clinical_services_wards_and_beds() -> None:
    found = impact(good(), ["db"])
    assert found.price == ("index", "record")
    assert (found.wards, found.beds) == (("icu", "medicine"), 28)
    found = impact(good(), ["files"])
    assert (found.price, found.degraded) == (("documents",), ("record",))
    assert (found.wards, found.beds) == (("icu",), 8)


# --- before -----------------------------------------------------------------------------------------------------------


def test_what_must_be_up_before_it_comes_in_an_order() -> None:
    estate = hospital(
        machine("app", "db", "dc"), machine("db", "dns"), machine("dc", "dns"), machine("dns"), machine("x")
    )
    assert needed_before(estate, "app") == ("dns", "db", "dc")
    assert needed_before(estate, "dns") == ()
    assert needed_before(estate, "nobody") == ()


def test_what_its_services_need_must_be_up_before_it_as_well() -> None:
    # Rotunda's trap: the record restarted while the patient index was down.
    estate = hospital(
        machine("record"),
        machine("index", "dns"),
        machine("dns"),
        service("r", "record", needs=("i",)),
        service("i", "index"),
    )
    assert needed_before(estate, "record") == ("dns", "index")


def test_a_circle_ends_and_keeps_the_order_of_the_file() -> None:
    estate = hospital(machine("a", "b", "c"), machine("b", "a"), machine("c", "c"))
    assert needed_before(estate, "a") == ("b", "c")


def test_a_very_long_chain_does_not_exhaust_the_stack() -> None:
    estate = hospital(*(machine(str(n), str(n + 1)) for n in range(5000)), service("s", "0"))
    assert needed_before(estate, "0")[0] == "4999"
    assert impact(estate, ["4999"]).stopped == ("s",)


IDS = [f"m{n}" for n in range(6)]
SERVICES = [f"s{n}" for n in range(5)]
_some = st.lists(st.sampled_from(IDS), max_size=3, unique=True).map(tuple)
_some_services = st.lists(st.sampled_from(SERVICES), max_size=2, unique=True).map(tuple)
_estates = st.builds(
    lambda needs, runs, leans, uses: Estate(
        "x",
        machines=tuple(machine(name, *need) for name, need in zip(IDS, needs, strict=True)),
        services=tuple(
            service(name, *run, needs=lean, uses=use)
            for name, run, lean, use in zip(SERVICES, runs, leans, uses, strict=True)
        ),
    ),
    st.tuples(*[_some] * len(IDS)),
    st.tuples(*[_some] * len(SERVICES)),
    st.tuples(*[_some_services] * len(SERVICES)),
    st.tuples(*[_some] * len(SERVICES)),
)


@given(_estates, st.sets(st.sampled_from(IDS)), st.sets(st.sampled_from(IDS)))
def test_more_cuts_never_cost_less(estate: Estate, some: set[str], more: set[str]) -> None:
    small, large = impact(estate, some), impact(estate, some | more)
    assert set(small.stopped) <= set(large.stopped)
    assert set(large.works) <= set(small.works)
    for found in (small, large):
        assert sorted([*found.stopped, *found.degraded, *found.works]) == SERVICES


@given(_estates, st.sets(st.sampled_from(IDS), min_size=1))
def test_what_stops_has_a_cause_that_leads_back_to_what_was_cut(estate: Estate, cut: set[str]) -> None:
    found = impact(estate, cut)
    for name in found.stopped:
        chain = [name]
        while chain[-1] not in cut:
            chain.append(found.because[chain[-1]])
            assert len(set(chain)) == len(chain)


@given(_estates)
def test_without_circles_needs_come_first(estate: Estate) -> None:
    before = {each.id: tuple(need for need in each.needs if need < each.id) for each in estate.machines}
    order = in_order(IDS, before)
    assert sorted(order) == IDS
    assert all(order.index(need) < order.index(name) for name, needs in before.items() for need in needs)
