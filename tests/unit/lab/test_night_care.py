"""Which services really work: the world's own rule, and that it agrees with the estate's for every loss of machines."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from garde.emergency.memory import Picture
from garde.emergency.services import standings
from garde.estate.look import Lookup
from garde.lab.hospital.plan import GATEWAY, RECORD, SHARES, Plan
from garde.lab.night.care import DEVICES, down, standing

ESTATE = Plan("x", 1, Path("/nonexistent")).estate
ALL = {*SHARES, RECORD, GATEWAY, "printer-er"}
ASKED = [*DEVICES, *ALL]


def reached(**other: set[str]) -> dict[str, set[str]]:
    return {device: other.get(device.replace("-", "_"), set(ALL)) for device in DEVICES}


def test_a_device_that_reaches_nothing_is_cut_off_and_the_servers_are_not() -> None:
    assert down(reached()) == set()
    assert down(reached(ct_1=set())) == {"ct-1"}
    assert down(reached(ct_1={"printer-er", GATEWAY})) == {"ct-1"}, "refused at every server: the rest does not help it"


def test_a_server_that_nobody_reaches_is_down_and_so_is_who_works_with_it() -> None:
    without = ALL - {"files-imaging"}
    assert down({device: set(without) for device in DEVICES}) == {"files-imaging", "ct-1"}


def test_where_everybody_is_cut_off_nothing_can_be_said_to_work() -> None:
    assert down({device: set() for device in DEVICES}) == {*DEVICES, *ALL}


def test_what_follows_for_the_services() -> None:
    found = standing(ESTATE, {"ws-ward-3"})
    assert found["ward-desk"] == "paper" and found["radiology"] == found["laboratory"] == "works"
    assert standing(ESTATE, {GATEWAY})["internet"] == "closed", "nothing stands there to do instead"
    assert standing(ESTATE, {"files-wards"})["patient-record"] == "degraded"


@given(st.sets(st.sampled_from(ASKED)))
def test_the_worlds_rule_and_the_estates_agree(machines: set[str]) -> None:
    board = standings(Lookup(ESTATE), Picture(down=sorted(machines)))
    lost = (
        machines
        | ({"ct-1"} if "files-imaging" in machines else set())
        | ({"analyser-1"} if "files-wards" in machines else set())
    )  # as the machines themselves show it: a device without its server does not work
    assert standing(ESTATE, lost) == {name: each.state for name, each in board.items()}
