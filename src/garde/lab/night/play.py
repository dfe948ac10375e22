"""The night, played from its quiet beginning to its score.

Comes in: a seed, the stage to play to, a place for the truth, a speaker. Goes out: what the speaker is told, and the
score. In order: the hospital is made, with Garde on its servers; colleagues work; files are stolen, or not; the first
burst; quiet until the files are whole and the cuts proven; people are called and act (`alarm.py`), where the story is
played so far; three hours pass at once on the lab's clock; the second burst, from another machine with the same
account; the witness looks at every file; wards go on on paper and come back from it (`paper.py`), where the story is
played so far; servers come back (`morning.py`), where the story is played so far; the account is given (`account.py`,
the warning of the neighbours between the bursts), where the story is played so far; the hospital is taken down,
whatever happened.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from garde.errors import Incomplete
from garde.journal.entry import Entry
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import HUB, SERVERS, SHARES
from garde.lab.hospital.programs import GARDE
from garde.lab.night import abroad, pages, spread
from garde.lab.night import score as scoring
from garde.lab.night.abroad import Abroad
from garde.lab.night.account import Account, Telling
from garde.lab.night.alarm import ASLEEP, CENTRE, RINGS_S, WAYS_IN, Alarm, Alarmed
from garde.lab.night.colleague import Day
from garde.lab.night.depth import Depth
from garde.lab.night.draw import Script, draw, draw_reach
from garde.lab.night.follow import Follower
from garde.lab.night.lead import take_baselines
from garde.lab.night.morning import Morning, Returned
from garde.lab.night.opened import Times
from garde.lab.night.outside import Message, Outside, Sheet, wait_until
from garde.lab.night.paper import Paper, Papered
from garde.lab.night.score import Calling, Score
from garde.lab.night.story import ACCOUNT, MORNING, PAPER, PLAN, plays
from garde.lab.night.told import Told
from garde.lab.night.traffic import Traffic
from garde.lab.night.witness import NightWitness, Seen
from garde.lab.night.working import Colleagues

QUIET_S = 4.0  # of ordinary work before each burst: new documents are existing ones by then
WHOLE_S = 25.0  # for the files to be put back
PROVEN_S = 12.0  # for Garde to say that its cut holds
HISTORY_DELIVERED_S = 60.0  # a day of 160 beds: some 2,200 messages
REST_S = 1.5  # an agent has judged all that was saved before
_LOOK_S = 0.2


class Speaker(Protocol):
    """Whoever shows the night. Called from three threads."""

    def step(self, text: str) -> None:
        """Something that the night itself does."""
        ...

    def entry(self, entry: Entry) -> None:
        """An entry of the hub's journal."""
        ...

    def begins(self, at: float) -> None:
        """The first burst begins now (wall seconds on the lab's clock): the story's 03:00."""
        ...

    def burst(self, number: int, files: int, refused: Sequence[str]) -> None:
        """How a burst goes: files started on, servers that refuse."""
        ...

    def seen(self, number: int, seen: Seen) -> None:
        """What the witness saw of a burst."""
        ...

    def rang(self, message: Message) -> None:
        """The modem was given a message."""
        ...

    def printed(self, sheet: Sheet) -> None:
        """A page came out of the crisis room's printer."""
        ...

    def colleagues(self, days: dict[str, Day]) -> None:
        """How those worked on who did nothing wrong, by machine."""
        ...

    def journal(self, entries: int, faults: int) -> None:
        """Whether the night's journal proves to be whole."""
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be played."""

    until: str
    seed: int
    truth: Path | None = None
    journal: Path | None = None  # where the night's journal is left, with its checkpoints
    pages: Path | None = None  # where what was printed is left, with pictures
    install: bool = True  # Debian packages that are missing


@dataclass(frozen=True, slots=True)
class Ended:
    """How the night ended."""

    score: Score
    told: Told
    lost: dict[str, list[str]]
    faults: int  # of the journal
    papered: Papered | None = None
    returned: Returned | None = None
    accounted: Account | None = None


def play(order: Order, speaker: Speaker) -> Ended:
    """Play it; raises Incomplete where the lab does not come up or does not come down."""
    name = f"night-{secrets.token_hex(3)}"
    seed = order.seed % 10_000  # of the documents

    def show(text: str) -> None:
        speaker.step(f"making the hospital: {text}")

    with ExitStack() as stack:
        talks: list[Traffic] = []  # as soon as there is a desk: its history is there before the night begins

        def begin_to_talk() -> None:
            talks.append(stack.enter_context(Traffic(hospital, order.seed)))

        hospital = Hospital(
            name, seed=seed, calling=plays(order.until, PLAN), paper=plays(order.until, PAPER),
            backups=plays(order.until, MORNING), account=plays(order.until, ACCOUNT),
            when_aside=begin_to_talk, install=order.install, show=show,
        )  # fmt: skip
        with hospital:
            return _Night(order, hospital, speaker, talks[0] if talks else None).run()


class _Night:
    def __init__(self, order: Order, hospital: Hospital, speaker: Speaker, traffic: Traffic | None) -> None:
        self.order, self.hospital, self.speaker, self.traffic = order, hospital, speaker, traffic
        self.script: Script = draw(order.seed, hospital.plan)
        self.reach = draw_reach(order.seed) if plays(order.until, ACCOUNT) else None
        self.abroad = Abroad(hospital, self.script, self.reach)
        self.witness = NightWitness({server: hospital.share_of(server) for server in SHARES}, hospital.documents)
        self.seen: list[Seen] = []
        self.first: Sequence[str] = ()
        self.early = Told()
        self.working = Colleagues(hospital)
        self.outside: Outside | None = None  # the witness of calling, where people are called
        self.alarmed = Alarmed()
        self.papered: Papered | None = None
        self.depth: Depth | None = None  # what is done where no agent looks, where servers come back
        self.returned: Returned | None = None
        self.telling: Telling | None = None
        self.accounted: Account | None = None
        self.times = Times([(time.monotonic(), hospital.clock_offset)])
        self.began_wall = 0.0  # wall seconds of the first hostile write, on the lab's clock

    def run(self) -> Ended:
        with ExitStack() as stack:
            self.follower = stack.enter_context(Follower(self.hospital.hub_state, self.speaker.entry))
            if plays(self.order.until, PLAN):
                self.outside = stack.enter_context(Outside(self.hospital.plan, self.speaker.rang, self.speaker.printed))
            if self.reach is not None:
                telling = Telling(
                    self.hospital, self.script, self.reach, self.follower, times=self.times, step=self.speaker.step
                )
                self.telling = stack.enter_context(telling)
            if plays(self.order.until, MORNING):
                self.speaker.step("a sound day: every server's baseline is taken")
                take_baselines(self.hospital, self.follower, SERVERS)
                self.depth = stack.enter_context(Depth(self.hospital, self.order.seed))
            with self.abroad, self.working.at_work(str(self.depth.log) if self.depth else "", self._spreading) as days:
                self._attacks()
                self.speaker.step("the witness looks at every file")
                told = self.follower.told()
                lost = self.witness.lost(afresh=True)
            if self.depth is not None:
                self.depth.note_desks()
            if self.traffic is not None:
                self.papered = Paper(self.hospital, self.traffic, self.order.seed, self.speaker.step).play()
            if self.depth is not None:
                self.returned = self._return(self.depth)
            if self.telling is not None:
                self.accounted = self.telling.close(self.order.pages)
        self.speaker.colleagues({machine: day for machine, day in days.items() if machine not in self._spreading})
        if self.outside is not None and self.order.pages is not None:
            pages.keep(self.outside, self.order.pages)
            if self.papered is not None:
                pages.keep_packs(self.hospital.plan, self.order.pages)
            if self.returned is not None:
                pages.keep_final(self.returned.final, self.order.pages)
        return Ended(
            self._score(told, lost), told, lost, self._prove_journal(), self.papered, self.returned, self.accounted
        )

    def _return(self, depth: Depth) -> Returned:
        """The servers come back; what is lost in the end is the witness's business."""
        morning = Morning(
            self.hospital, depth, self.follower, spreading=self._spreading, began=self.began_wall, times=self.times,
            lost=lambda afresh: scoring.count_lost(self.witness.lost(afresh=afresh)), step=self.speaker.step,
        )  # fmt: skip
        return morning.play()

    def _attacks(self) -> None:
        """Quiet work, and the bursts."""
        self.speaker.step("quiet: colleagues work")
        if self.traffic is not None and not self.traffic.wait_delivered(HISTORY_DELIVERED_S):
            raise Incomplete("the desk does not take the hospital's feed", "play it again")
        time.sleep(QUIET_S)
        self.abroad.steal()
        for number in range(len(self.script.bursts)):
            if number:
                self._let_time_pass()
            self._burst(number)
            if self.outside is not None:
                self._alarm(self.outside, number)
            if self.telling is not None and number == 0:
                self.telling.warn(self.seen[0].began)

    def _alarm(self, outside: Outside, number: int) -> None:
        """People, after the first burst; after the second it is seen that they are called anew."""
        if number == 0:
            alarm = Alarm(self.hospital, outside, self.follower, step=self.speaker.step, jump=self._jump)
            self.alarmed = alarm.play()
            return
        wait_until(lambda: outside.rang(ASLEEP, self.seen[-1].began), RINGS_S)

    @property
    def _spreading(self) -> set[str]:
        return {burst.machine for burst in self.script.bursts}

    def _burst(self, number: int) -> None:
        plan, burst = self.hospital.plan, self.script.bursts[number]
        self.witness.look()
        if number == 0:
            self.speaker.begins(time.time() + self.hospital.clock_offset)
        self.speaker.step("files are being destroyed" if number == 0 else "it begins again, from elsewhere")
        played = spread.play(
            self.hospital, self.script, number, lambda files, refused: self.speaker.burst(number, files, refused)
        )
        if number == 0:
            self.first = spread.servers_in_order(played.logged)
        seen = self.witness.judge(burst.machine, played.logged, played.lines, list(SHARES))
        self.seen.append(seen)
        if number == 0:
            self.began_wall = self.times.wall(seen.began)
        self.speaker.seen(number, seen)
        wait_until(lambda: not scoring.count_lost(self.witness.lost()), WHOLE_S, _LOOK_S)
        address = plan.address(burst.machine)
        self.follower.wait(lambda told: told.is_proven(burst.machine, address), PROVEN_S)
        if number == 0:
            self.early = self.follower.told()
            if self.depth is not None:
                self.speaker.step("where no agent looks an archive is destroyed, and rows of the record")
                self.depth.strike(self.script.bursts[1].machine)

    def _let_time_pass(self) -> None:
        """Three hours at once; then quiet work until every agent has spoken again."""
        self.speaker.step(f"quiet: {self.script.gap_s / 3600:g} hours pass at once")
        self._jump(self.script.gap_s)
        time.sleep(QUIET_S)
        if self.follower.failure:
            raise Incomplete(f"the hub's journal could not be followed: {self.follower.failure}", "run it again")

    def _jump(self, seconds: float) -> None:
        with self.working.resting():  # or what was saved a moment before would lie unjudged for all that time
            time.sleep(REST_S)
            self.hospital.advance(seconds)
            self.times.jumped(self.hospital.clock_offset)

    def _prove_journal(self) -> int:
        """Have the night's record checked as anybody can, and leave it where that was asked for."""
        self.speaker.step("the journal is proven")
        state = str(self.hospital.hub_state)
        done = self.hospital.run(
            HUB, [*GARDE, "journal", "verify", "--state", state, "--json"], capture_output=True, timeout=120
        )
        said = [msgspec.json.decode(line) for line in done.stdout.splitlines()]
        found = next((each for each in said if each.get("kind") == "verified"), {"entries": 0, "faults": 1})
        self.speaker.journal(int(found["entries"]), int(found["faults"]))
        if self.order.journal is not None:
            export = ["journal", "export", "--state", state, "--to", str(self.order.journal.absolute()), "--words"]
            self.hospital.programs.check("garde journal export", HUB, [*GARDE, *export, "--json"])
        return int(found["faults"])

    def _score(self, told: Told, lost: dict[str, list[str]]) -> Score:
        count, script, real = scoring.count_lost(lost), self.script, self._really_called()
        if self.order.truth is not None:
            uploaded = abroad.taken(self.hospital.internet_log)
            truth = scoring.truth(
                self.order.until,
                script,
                seen=self.seen,
                first=self.first,
                lost=count,
                uploaded=uploaded,
                calling=real,
                papers=self.papered.real if self.papered else None,
                restarted=self.returned.real if self.returned else None,
                accounted=self.accounted.real if self.accounted else None,
            )
            scoring.write_truth(self.order.truth, truth)
        return scoring.score(
            self.order.until,
            script,
            self.hospital.plan,
            seen=self.seen,
            lost=count,
            early=self.early,
            told=told,
            calling=real and self._called(real, told),
            papers=self.papered.told if self.papered else None,
            restarted=self.returned.told if self.returned else None,
            accounted=self.accounted.told if self.accounted else None,
        )

    def _called(self, real: Calling, told: Told) -> Calling:
        """What calling and the plan came to: times by the witness, the rest as Garde tells it."""
        return msgspec.structs.replace(
            real,
            plan_triggered_s=scoring.after(told.first_at.get("plan_triggered"), self.began_wall),
            diversion_acknowledged=all(told.has_understood(path, CENTRE) for path in WAYS_IN),
            services=self.alarmed.board,
        )

    def _really_called(self) -> Calling | None:
        """The same as the world outside knows it."""
        if self.outside is None:
            return None
        began, done = self.seen[0].began, self.alarmed
        left = (self.outside.messages, self.outside.sheets)
        rang, printed = (next((it.at for it in found if it.at > began), None) for found in left)
        return Calling(
            called_s=scoring.after(rang, began),
            page_printed_s=scoring.after(printed, began),
            plan_triggered_s=scoring.after(done.triggered_at, self.began_wall),
            diversion_acknowledged=set(done.understood) == set(WAYS_IN),
            services=done.real,
        )
