"""A night in which the hub is killed again and again, at exact points of what it writes, ends as if nothing had been.

The hub is the program, killed by SIGKILL before and after its commits (tests/support/dying_hub.py); agents speak to it
over TLS and keep what was not acknowledged, as real ones do.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import open_journal, wire
from garde.journal.entry import Entry
from garde.journal.forensic_kinds import EvidenceGathered
from garde.journal.kinds import NAMES
from garde.journal.payload import Payload
from garde.journal.recovery_kinds import ErrandAsked
from garde.journal.text import Text
from garde.trust.keys import PublicKey

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "hub"))
from hub_process import GARDE, HubProcess, NetAgent, garde

DYING = [sys.executable, str(Path(__file__).parents[1] / "support" / "dying_hub.py")]
# Of each life of the hub: with which of its transactions it ends. The first is that it began.
LIVES = (2, 3, 1, 2, 4, 2, 3, 1)
SERVERS = ("files-1", "files-2", "files-3")
DOWN = (OSError, ConnectionError, TimeoutError, EOFError)
FACTS = (
    "verdict_reached", "incident_opened", "harm_joined", "cut_decided", "order_asked", "order_applied", "cut_tried",
    "cut_undone", "machine_cut", "machine_freed", "incident_closed",
)  # fmt: skip


class Teller:
    """One agent: what it says is kept until it is acknowledged, and every order is carried out once."""

    def __init__(self, agent: NetAgent) -> None:
        self.agent = agent
        self.outbox: list[Payload] = []
        self.acknowledged = 0
        self.done: Counter[str] = Counter()

    def flush(self) -> None:
        waiting = list(enumerate(self.outbox, 1))[self.acknowledged :]
        entries = [
            {"seq": seq, "at": time.time(), "kind": NAMES[type(each)], "payload": msgspec.Raw(wire.encode(each))}
            for seq, each in waiting
        ]
        self.acknowledged = int(self.agent.say("report", {"entries": entries})["upto"])

    def obey(self) -> int:
        orders = self.agent.poll()
        for order in orders:
            if self.done[order["command"]]:
                continue  # an order that comes again is known by its command
            self.done[order["command"]] += 1
            if order["verb"] == "undo":
                self.outbox.append(h.CutUndone(order["cut"], order["command"], "hub"))
                continue
            if order["verb"] == "gather":
                self.outbox.append(EvidenceGathered(order["command"], 0, 0, 0, 0.1))
                continue
            self.outbox.append(h.OrderApplied(order["command"], order["cut"], "done"))
            self.outbox.append(h.CutTried(order["command"], order["cut"], True, (h.Check("refused", True, True),)))
        self.flush()
        return len(orders)


class Night:
    """The hub, its agents, and somebody at the console."""

    def __init__(self, folder: Path, lives: Iterator[tuple[int, str]]) -> None:
        self.hub, self.lives, self.kills = HubProcess(folder), lives, Counter[str]()
        self.hub.start()
        self.tellers = {name: Teller(self.hub.agent(name)) for name in SERVERS}
        self.hub.stop()
        self.begin()

    # --- its lives ---

    def begin(self) -> None:
        """Start it, until it stands; it may die while it starts."""
        while True:
            number, when = next(self.lives, (0, ""))
            self.hub.program = [*DYING, str(number), when] if number else GARDE
            try:
                self.hub.start()
                return
            except AssertionError:
                self._died(when)

    def _died(self, when: str) -> None:
        process, self.hub.process = self.hub.process, None
        assert process is not None and process.wait(15) == -9, "it ended, and was not killed"
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()
        self.kills[when] += 1

    def until(self, step: Callable[[], Any]) -> Any:
        """Do it until it is done, whatever becomes of the hub meanwhile."""
        while True:
            try:
                if (found := step()) is not None:
                    return found
            except DOWN:
                when = self.hub.program[-1]
                self._died(when)
                self.begin()

    # --- what happens ---

    def harm(self, server: str, number: int, address: str) -> None:
        path = Text(f"/srv/docs/{number}.docx")
        file = k.FileDamage(path, path, 1_800_000_000.0 + number, ("random_change",), "zip.docx", "unknown", 40_000)
        actor = k.ActorNote("smb", 812, Text("smbd"), address=address, user=Text("jdoe"), users=(Text("jdoe"),))
        said = k.VerdictReached(f"v{number}", "session", Text(address), 21.5, 18.4, (file,), (actor,))
        teller = self.tellers[server]
        teller.outbox.append(said)
        self.until(lambda: teller.flush() or True)

    def obey(self) -> None:
        """Let every agent do what is asked, until nothing is."""
        while sum(self.until(teller.obey) for teller in self.tellers.values()):
            pass

    def decide(self, decision: str, action: str, state: str) -> None:
        """Somebody says it once; whoever is not sure whether it was taken looks first."""

        def say() -> bool | None:
            if any(each.decision == decision for each in self.of(h.CutDecided)):
                return True
            cuts = [each for each in self.hub.api("GET", "/cuts")[1] if each["proposal"]["action"] == action]
            cut = next(each for each in cuts if each["state"] == state and not each["proposal"]["refused"])
            status, _ = self.hub.api("POST", f"/cuts/{cut['id']}/decision", {"decision": decision})
            return True if status == 201 else None

        self.until(say)

    def entries(self) -> list[Entry]:
        with open_journal(self.hub.state, read_only=True) as journal:
            assert list(journal.verify()) == []
            return list(journal.entries())

    def of(self, kind: type[Payload]) -> list[Any]:
        return [entry.payload for entry in self.entries() if isinstance(entry.payload, kind)]

    def play(self) -> None:
        for teller in self.tellers.values():
            self.until(lambda teller=teller: teller.agent.beat() or True)
        self.harm("files-1", 1, "10.9.0.109")
        self.obey()
        self.harm("files-2", 2, "10.9.0.109")
        self.harm("files-3", 3, "10.9.0.77")  # elsewhere, the same account
        self.obey()
        self.decide("approve", "read_only", "proposed")
        self.obey()
        self.decide("undo", "block", "proven")
        self.obey()

    # --- what it came to ---

    def facts(self) -> Counter[tuple[str, ...]]:
        """What happened, without what differs between any two nights (ids, times)."""
        cuts = {each.cut: f"{each.action} {each.target}" for each in self.of(h.CutProposed)}
        found: Counter[tuple[str, ...]] = Counter()
        for entry in self.entries():
            if entry.kind in FACTS:
                words = [getattr(entry.payload, name, "") for name in ("machine", "server", "verdict", "verb")]
                found[entry.kind, cuts.get(getattr(entry.payload, "cut", ""), ""), *words] += 1
        return found


def test_killed_at_every_few_commits_the_night_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    (tmp_path / "quiet").mkdir()
    (tmp_path / "killed").mkdir()
    quiet = Night(tmp_path / "quiet", iter(()))
    try:
        quiet.play()
    finally:
        quiet.hub.stop()
    lives = zip(itertools.cycle(LIVES), itertools.cycle(("before", "after", "after", "before", "before")), strict=False)
    night = Night(tmp_path / "killed", itertools.islice(lives, 60))
    try:
        night.play()
    finally:
        if night.hub.process is not None:
            night.hub.process.kill()
            night.hub.stop(9)

    # It was killed where it hurts, on both sides of a commit.
    assert min(night.kills["before"], night.kills["after"]) >= 4, night.kills
    # Nothing acknowledged is lost, nothing is doubled, and each agent's words are in its own order.
    entries = night.entries()
    for name, teller in night.tellers.items():
        said = [entry.payload for entry in entries if entry.who == f"agent/{name}"]
        assert teller.acknowledged == len(teller.outbox)
        assert list(map(wire.encode, said)) == list(map(wire.encode, teller.outbox))
    # What was asked was carried out once, and has one outcome.
    every = (*night.of(h.OrderAsked), *night.of(ErrandAsked))
    asked = {each.command: each.machine for each in every}
    assert len(asked) == len(every)
    for command, machine in asked.items():
        assert night.tellers[machine].done[command] == 1
    assert sum(sum(teller.done.values()) for teller in night.tellers.values()) == len(asked)
    outcomes = Counter(
        each.command for each in (*night.of(h.OrderApplied), *night.of(h.CutUndone), *night.of(EvidenceGathered))
    )
    assert outcomes == Counter(list(asked))
    # It is the same night.
    assert night.facts() == quiet.facts()
    assert not night.of(h.CommandFailed)
    # And the record is whole: the chain, and every checkpoint by the hub's own key.
    key = str(night.hub.state / "hub.pub")
    code, lines, complaint = garde("journal", "verify", "--state", str(night.hub.state), "--key", key)
    assert code == 0, (lines, complaint)
    assert PublicKey.from_hex(Path(key).read_text().strip())
