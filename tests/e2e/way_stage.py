"""A way back to look at: one wave open, a file server watched, another one with something found on it, one that waits.

The hub and the engine are whole; what agents and people would say is said in their place (`way_house`).
"""

from __future__ import annotations

from console_stage import Stage
from way_house import CARE, DIRECTOR, IT, H, People, WayBack

from garde.journal import kinds as k
from garde.journal import recovery_kinds as r
from garde.model.restart import Item

__all__ = ["CARE", "DIRECTOR", "IT", "H", "People", "WayBack", "harm_before", "relapse", "way_back"]


def harm_before(stage: Stage, *, unfrozen: tuple[str, ...] = ()) -> People:
    """A night on two file servers; every store is asked to freeze its retention, `unfrozen` ones cannot prove it."""
    night = stage.night
    way = WayBack(night, unfrozen=frozenset(unfrozen))
    people = People(way)
    night.enrol()
    people.take_baselines()
    way.know_stores()
    for server, files in (("files-1", 24), ("files-2", 61)):
        night.strike(server, files=files)
        said = k.HoldConfirmed(f"hv{night.serial}", f"v{night.serial}", files)
        stage.house.loop.append([said], who=f"agent/{server}")
    way.settle()
    return people


def way_back(stage: Stage) -> People:
    """The first wave is open, of the second one server is watched, one is at its gate, one waits."""
    people = harm_before(stage, unfrozen=("record-base",))
    people.pass_time(2 * H)
    people.plan()
    people.judge("files-1", "files-2", "record-1")
    people.begin("db-1", "mpi-1")
    people.pass_time(0.5 * H)
    people.answer_all("db-1")
    people.answer_all("mpi-1")
    people.pass_time(4 * H)
    for machine in ("db-1", "mpi-1"):
        people.sign(machine)
    people.pass_time(1.2 * H)
    people.begin("files-1")
    people.bring_back("files-1", "nightly")
    people.pass_time(0.4 * H)
    people.way.found["files-2"] = ("/etc/cron.d/update: new", "/usr/sbin/sshd: another content")
    people.begin("files-2")
    people.answer_all("files-1")
    people.pass_time(0.6 * H)
    people.change_credentials("files-2")
    people.answer("files-2", Item.ENTRY)
    until = stage.house.clock.now() + 30 * H
    people.answer("files-2", Item.EVIDENCE, who=DIRECTOR, answer="no", until=until, note="the police took the disk")
    people.pass_time(1.1 * H)
    return people


def relapse(people: People) -> None:
    """Something is seen on the watched server: it and its wave are cut again."""
    people.way.night.strike("files-1", machine="ws-accounts-1", user="avermeulen", files=2)
    people.way.settle()


def reinforced(people: People, days: float = 30.0) -> None:
    """Somebody says until when the watch stays reinforced."""
    until = people.house.clock.now() + days * 24 * H
    people.house.loop.append([r.WatchReinforced(until, *DIRECTOR)], who=f"person/{DIRECTOR[0]}")
