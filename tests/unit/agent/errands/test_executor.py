"""Errands: tests for each rule of `garde.agent.errands.executor`, with a real book and errands that obey the test."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.errand_house import NOW, House

from garde.agent.errands.base import LANES, ErrandRefused, Job
from garde.agent.errands.executor import NICE, Executor
from garde.agent.orders.book import ERRANDS_FILE, Book, Stage
from garde.errors import NotFound
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import MachineLooked, PointJudged, PointsJudged
from garde.model.order import ERRANDS, Order, Verb


class Desk(House):
    """One agent's errands; `acts` is what was done, in order."""

    def begin(self) -> Desk:
        """Start (again): what is on the disk is all there is."""
        self.acts: list[str] = getattr(self, "acts", [])
        self.observing = getattr(self, "observing", False)
        self.doing: Callable[[Job], None] = lambda job: None
        self.book = Book(self.state / ERRANDS_FILE)
        self.executor = Executor(
            dict.fromkeys(Verb, self.errand), self.book, self.reports(), self.said.append, self.clock, self.observing
        )
        self.threads = self.executor.threads()
        return self

    def errand(self, job: Job) -> Iterator[Payload]:
        self.acts.append(f"{job.order.verb} {job.order.command}{' again' if job.again else ''}")
        if job.order.verb is Verb.JUDGE:
            yield judged(job.order.command)
            self.doing(job)
            yield PointsJudged(job.order.command, "r1", 1, 2.0)
        else:
            self.doing(job)
            yield MachineLooked(job.order.command, "files-2", (22,), 3)

    def take(self, command: str, verb: Verb = Verb.LOOK, **fields: object) -> None:
        fields = {"expires": NOW + 60, **fields}
        self.executor.take(1, Order(command, "", verb, **fields))  # type: ignore[arg-type]

    def run(self) -> None:
        for thread in self.threads:
            if thread.ident is None:
                thread.start()

    def end(self) -> None:
        """Do all that waits, and end."""
        self.run()
        self.executor.end()
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive()
        self.book.close()

    def wait(self, until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not until():
            assert time.monotonic() < deadline, (self.acts, self.kinds())
            time.sleep(0.002)


def judged(command: str) -> PointJudged:
    return PointJudged(command, "r1", "p1", "files-1", 1.0, "green", "before", 9, 9, 3, 3, 0, 0, "whole", "done", 1.0)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path).begin()


def test_every_errand_has_a_lane() -> None:
    assert set(LANES) == ERRANDS


def test_an_errand_is_done_and_told_to_hub_and_journal(desk: Desk) -> None:
    desk.take("c1", Verb.JUDGE)
    desk.end()
    assert desk.kinds() == ["point_judged", "points_judged"] == desk.journal()
    assert desk.executor.standing() == []


def test_the_same_errand_again_is_told_again_and_not_done_again(desk: Desk) -> None:
    desk.take("c1", Verb.JUDGE)
    desk.end()
    desk.begin().take("c1", Verb.JUDGE)
    desk.end()
    assert desk.acts == ["judge c1"]
    assert desk.kinds() == ["point_judged", "points_judged"] * 2


def test_the_same_errand_while_it_is_under_way_is_not_done_twice(desk: Desk) -> None:
    go = threading.Event()
    desk.doing = lambda job: go.wait(10) and None
    desk.run()
    desk.take("c1")
    desk.wait(lambda: desk.acts == ["look c1"])
    desk.take("c1")
    go.set()
    desk.end()
    assert desk.acts == ["look c1"] and desk.kinds() == ["machine_looked"]


def test_one_left_behind_and_past_its_time_is_refused_and_one_that_was_begun_goes_on(desk: Desk) -> None:
    desk.take("waits")
    desk.take("begun", Verb.RESTORE, where="scratch")
    desk.book.begin("begun")
    desk.book.close()  # killed
    desk.clock.advance(3600)
    desk.begin().executor.resume()
    desk.end()
    assert desk.acts == ["restore begun again"]
    assert [refused["code"] for refused in desk.of("order_refused")] == ["EXPIRED"]


def test_what_came_in_time_may_wait_behind_another_for_longer(desk: Desk) -> None:
    desk.take("c1", Verb.JUDGE)
    desk.take("c2", Verb.RESTORE, where="scratch")
    desk.doing = lambda job: desk.clock.advance(3600)
    desk.end()
    assert desk.acts == ["judge c1", "restore c2"]
    assert "order_refused" not in desk.kinds()


def test_what_matters_now_waits_for_nothing_and_minutes_do_not_wait_for_hours(desk: Desk) -> None:
    go = threading.Event()
    desk.doing = lambda job: go.wait(10) and None if job.order.verb is Verb.RESTORE else None
    desk.run()
    desk.take("c1", Verb.RESTORE, where="scratch")
    desk.take("c2", Verb.JUDGE)
    desk.take("c3", Verb.SWEEP)
    desk.take("c4", Verb.FREEZE)
    desk.wait(lambda: {"sweep c3", "freeze c4"} <= set(desk.acts))
    assert "judge c2" not in desk.acts
    go.set()
    desk.end()
    assert desk.acts[-1] == "judge c2"


def test_long_lanes_run_at_low_priority(desk: Desk) -> None:
    found: dict[str, int] = {}
    desk.doing = lambda job: found.update({job.order.verb: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())})
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    for number, verb in enumerate((Verb.FREEZE, Verb.SWEEP, Verb.RESTORE)):
        desk.take(f"c{number}", verb, where="scratch")
    desk.end()
    assert found == {"freeze": ours, "sweep": max(NICE, ours), "restore": max(NICE, ours)}


@pytest.mark.parametrize("verb", sorted(ERRANDS))
def test_an_agent_that_only_watches_puts_nothing_in_place_and_does_the_rest(tmp_path: Path, verb: Verb) -> None:
    desk = Desk(tmp_path)
    desk.observing = True
    desk.begin().take("c1", verb, where="place")
    desk.end()
    if verb is Verb.RESTORE:
        assert desk.of("order_refused")[0]["code"] == "OBSERVING" and desk.acts == []
    else:
        assert desk.acts == [f"{verb} c1"]


def test_a_restore_to_a_scratch_place_is_done_while_only_watching(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.observing = True
    desk.begin().take("c1", Verb.RESTORE, where="scratch")
    desk.end()
    assert desk.acts == ["restore c1"]


def test_killed_in_the_middle_it_is_begun_again_and_what_it_had_told_is_void(desk: Desk) -> None:
    desk.take("c1", Verb.JUDGE)
    desk.book.begin("c1")
    desk.book.told("c1", "point_judged", b'{"old": 1}')
    desk.book.close()  # killed after its first point
    desk.begin().executor.resume()
    desk.end()
    assert desk.acts == ["judge c1 again"]
    desk.begin()
    assert [kind for kind, _ in desk.book.outcomes("c1")] == ["point_judged", "points_judged"]
    desk.book.close()


def test_killed_between_the_outcome_and_its_telling_it_is_told_and_not_done_again(desk: Desk) -> None:
    desk.take("c1")
    desk.book.ended("c1", [("machine_looked", b'{"command":"c1","machine":"m","answering":[],"tried":0,"detail":""}')])
    desk.book.close()
    desk.begin().executor.resume()
    assert desk.book.stage_of("c1") is Stage.DONE
    desk.end()
    assert desk.acts == [] and desk.kinds() == ["machine_looked"] == desk.journal()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ErrandRefused("NO-SPACE", "no room"), "NO-SPACE"),
        (NotFound("no such thing"), "NOT-FOUND"),
        (OSError("the disk is gone \x1b[31m"), "FAILED"),
        (RecursionError(), "FAILED"),
    ],
)
def test_one_that_fails_is_refused_and_the_next_is_done(desk: Desk, error: Exception, code: str) -> None:
    def fail(job: Job) -> None:
        if job.order.command == "c1":
            raise error

    desk.doing = fail
    desk.take("c1")
    desk.take("c2")
    desk.end()
    (refused,) = desk.of("order_refused")
    assert (refused["command"], refused["code"]) == ("c1", code) and "\x1b" not in refused["reason"]
    assert desk.kinds()[-1] == "machine_looked"


def test_one_that_says_nothing_at_its_end_is_refused(desk: Desk) -> None:
    desk.executor.table = {Verb.LOOK: lambda job: iter(())}
    desk.take("c1")
    desk.take("c2", Verb.SWEEP)
    desk.end()
    assert [refused["code"] for refused in desk.of("order_refused")] == ["FAILED", "UNKNOWN-VERB"]


def test_how_far_it_is_is_said_now_and_then(desk: Desk) -> None:
    desk.doing = lambda job: [job.progress(done, 100) for done in range(100)] and None
    desk.take("c1", Verb.RESTORE, where="scratch", store="r1", point="p1")
    desk.end()
    states = [(said.state, said.done, said.total) for said in desk.said]
    assert states == [("waiting", 0, 0), ("working", 0, 0), ("working", 0, 100)]
    assert (desk.said[-1].store, desk.said[-1].point) == ("r1", "p1")
