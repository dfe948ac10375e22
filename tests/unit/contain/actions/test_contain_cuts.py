"""Every cut of the table keeps the contract: twice, killed between any two steps, undone by another, never without a
record.

The world is played in memory (a kernel with nft's JSON, a Samba with accounts and a configuration file); the real
ones are in tests/integration/test_cuts_*.py. A kill is an exception that nothing catches, raised before or after any
one act on the world or write of a record: what it leaves behind is all that a second instance has."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from garde.contain.actions import outside, records, ruled, served, smbd
from garde.contain.actions.account import AccountCut
from garde.contain.actions.block import BlockCut
from garde.contain.actions.cut import Applied, Cut, CutRefused, Plan, Undone, Why
from garde.contain.actions.cuts import CUTS, Cuts
from garde.contain.actions.isolate import IsolateCut
from garde.contain.actions.kick import KickCut
from garde.contain.actions.nft import NeverCut
from garde.contain.actions.outside import OutsideCut
from garde.contain.actions.read_only import ReadOnlyCut
from garde.contain.actions.smbconf import parse_testparm
from garde.contain.actions.smbd import Smbd, Told
from garde.model.order import CUTS as CUTTING
from garde.model.order import Order, Verb
from garde.settings import ContainSettings

HUB = ("10.0.0.9", "[fd00::9]:8443/tcp")
OWN = frozenset({"10.0.0.1", "fd00::1"})
CONFIG = "[global]\n\tsecurity = user\n[care]\n\tpath = /srv/care\n\tread only = no\n"


class KilledError(BaseException):
    """As SIGKILL: nobody catches it."""


@dataclass
class World:
    """A kernel and a Samba, and where to die."""

    config: Path
    tables: dict[str, Any] = field(default_factory=dict)
    accounts: dict[str, bool] = field(default_factory=lambda: {"anna": True, "bob": True, "ghost": False})
    steps: int = 0
    die_at: int = -1
    fail_at: int = -1

    def state(self) -> tuple[Any, ...]:
        """All that a cut may change."""
        return copy.deepcopy(self.tables), dict(self.accounts), self.config.read_text()

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.die_at:
            raise KilledError
        if self.steps == self.fail_at:
            raise OSError("the world refuses")

    def nft(self, arguments: Sequence[str], stdin: str) -> str:
        self.step()
        said = self._list(arguments) if "list" in arguments else self._transact(json.loads(stdin)["nftables"])
        if self.steps + 1 == self.die_at:
            raise KilledError
        return said

    def _list(self, arguments: Sequence[str]) -> str:
        if "tables" in arguments:
            return json.dumps({"nftables": [{"table": {"name": name}} for name in self.tables]})
        if arguments[-1] not in self.tables:
            raise OSError("nft: Error: No such file or directory")
        return json.dumps({"nftables": self.tables[arguments[-1]]})

    def _transact(self, commands: list[dict[str, Any]]) -> str:
        tables = copy.deepcopy(self.tables)
        for command in commands:
            [(verb, items)] = command.items()
            [(kind, item)] = items.items()
            if kind == "table" and verb == "add":
                tables.setdefault(item["name"], [])
            elif kind == "table":
                if item["name"] not in tables:
                    raise OSError("nft: Error: No such file or directory")
                del tables[item["name"]]
            else:
                assert verb == "add"
                tables[item["table"]].append({kind: item})
        self.tables = tables
        return ""

    def samba(self, words: Sequence[str]) -> Told:
        self.step()
        said = getattr(self, f"_{words[0]}")(list(words))
        if self.steps + 1 == self.die_at:
            raise KilledError
        assert isinstance(said, Told)
        return said

    def _pdbedit(self, words: list[str]) -> Told:
        if words[-1] not in self.accounts:
            return Told(255, "", "Username not found!")
        return Told(0, f"Account Flags:        [{'' if self.accounts[words[-1]] else 'D'}U         ]\n", "")

    def _smbpasswd(self, words: list[str]) -> Told:
        if words[-1] not in self.accounts:
            return Told(1, "", "Failed to find entry for user")
        self.accounts[words[-1]] = words[-2] == "-e"
        return Told(0, "", "")

    def _testparm(self, words: list[str]) -> Told:
        sections = parse_testparm(Path(words[-1]).read_text())
        lines = [f"[{name}]\n" + "".join(f"\t{k} = {v}\n" for k, v in it.items()) for name, it in sections.items()]
        return Told(0, "".join(lines), "")

    def _smbcontrol(self, _: list[str]) -> Told:
        return Told(0, "", "")

    def _smbstatus(self, _: list[str]) -> Told:
        return Told(0, json.dumps({"sessions": {}, "tcons": {}, "open_files": {}}), "")


@dataclass(frozen=True)
class Case:
    """How one cut is made in the world, and an order for it. `grown` asks for more under the same id."""

    make: Callable[[World, Path, NeverCut], Cut]
    order: Order
    grown: Order
    lasts: bool = True  # a kick leaves nothing in the world
    never: Order | None = None  # names somebody who is never cut off


def _rules(kind: Any) -> Callable[[World, Path, NeverCut], Cut]:
    return lambda world, state, never: kind(state, never, HUB, run=world.nft, spare=state / "spare")


def _served(kind: Any) -> Callable[[World, Path, NeverCut], Cut]:
    return lambda world, state, never: kind(
        state, never, HUB, run=world.samba, find=lambda: (Smbd(2**22 + 1, str(world.config)),), spare=state / "spare"
    )


def _order(verb: Verb, **what: Any) -> Order:
    return Order("do", "cut-1", verb, **what)


CASES = {
    Verb.BLOCK: Case(
        _rules(BlockCut),
        _order(Verb.BLOCK, addresses=("10.0.0.5", "fd00::5")),
        _order(Verb.BLOCK, addresses=("10.0.0.6",)),
        never=_order(Verb.BLOCK, addresses=("10.0.7.7",)),
    ),
    Verb.KICK: Case(
        _served(KickCut),
        _order(Verb.KICK, addresses=("10.0.0.5",), users=("anna",)),
        _order(Verb.KICK, users=("bob",)),
        lasts=False,
        never=_order(Verb.KICK, addresses=("10.0.7.7",)),
    ),
    Verb.ACCOUNT: Case(
        _served(AccountCut), _order(Verb.ACCOUNT, users=("anna", "ghost")), _order(Verb.ACCOUNT, users=("bob",))
    ),
    Verb.READ_ONLY: Case(_served(ReadOnlyCut), _order(Verb.READ_ONLY), _order(Verb.READ_ONLY)),
    Verb.ISOLATE: Case(
        _rules(IsolateCut),
        _order(Verb.ISOLATE, allow=("10.0.0.3:5432/tcp",)),
        _order(Verb.ISOLATE, allow=("fd00::3",)),
    ),
    Verb.OUTSIDE: Case(
        _rules(OutsideCut), _order(Verb.OUTSIDE, allow=("if:wan0",)), _order(Verb.OUTSIDE, allow=("if:wan0", "1.2.3.4"))
    ),
}
NEVER = NeverCut(ContainSettings(never_cut=("10.0.7.0/24",)), lambda: OWN)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    (tmp_path / "smb.conf").write_text(CONFIG)
    world = World(tmp_path / "smb.conf")
    write = records._write

    def written(path: Path, raw: bytes, *, flush: bool) -> None:
        world.step()
        write(path, raw, flush=flush)
        if world.steps + 1 == world.die_at:
            raise KilledError

    monkeypatch.setattr(records, "_write", written)
    monkeypatch.setattr("garde.contain.actions.isolate.own_addresses", lambda: OWN)
    monkeypatch.setattr(outside, "_present", lambda: frozenset({"lo", "wan0"}))
    monkeypatch.setattr("garde.contain.actions.probe.peers_now", lambda: ("10.0.0.5",))
    return world


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def test_the_suite_covers_the_whole_table() -> None:
    assert set(CASES) == set(CUTS) == CUTTING - {Verb.UNDO}
    assert all(CUTS[verb].verb is verb for verb in CUTS)  # type: ignore[attr-defined]


def test_plan_and_check_touch_nothing(world: World, case: Case, tmp_path: Path) -> None:
    cut, before = case.make(world, tmp_path / "state", NEVER), world.state()
    assert cut.check(case.order) is None
    plan = cut.plan(case.order)
    assert isinstance(plan, Plan)
    assert plan.words
    assert plan.undo
    assert plan.changes or not case.lasts
    assert world.state() == before
    assert cut.active() == ()


def test_twice_applied_and_twice_undone(world: World, case: Case, tmp_path: Path) -> None:
    cut, before = case.make(world, tmp_path / "state", NEVER), world.state()
    assert isinstance(cut.apply(case.order), Applied)
    once = world.state()
    assert (once != before) is case.lasts
    said = cut.apply(case.order)
    assert isinstance(said, Applied)
    assert said.survives_reboot is cut.survives_reboot
    assert world.state() == once
    assert cut.active() == ("cut-1",)
    another = case.make(world, tmp_path / "state", NEVER)
    undone = another.undo("cut-1")
    assert isinstance(undone, Undone)
    assert undone.verbs == (cut.verb,)
    assert world.state() == before
    assert cut.active() == another.active() == ()
    assert another.undo("cut-1") == Undone("cut-1", (), "there is nothing left to undo")


def test_a_cut_grows_under_its_id_and_goes_as_one(world: World, case: Case, tmp_path: Path) -> None:
    cut, before = case.make(world, tmp_path / "state", NEVER), world.state()
    for order in (case.order, case.grown):
        assert isinstance(cut.apply(order), Applied)
    grown = world.state()
    cut.apply(case.order)
    assert world.state() == grown  # what was added stays when the first is asked for again
    assert isinstance(cut.undo("cut-1"), Undone)
    assert world.state() == before


def test_two_cuts_of_the_same_are_undone_one_by_one(world: World, case: Case, tmp_path: Path) -> None:
    cut, before = case.make(world, tmp_path / "state", NEVER), world.state()
    cut.apply(case.order)
    one = world.state()
    cut.apply(replace(case.order, cut="cut-2"))
    cut.undo("cut-1")
    if isinstance(cut, BlockCut | IsolateCut | OutsideCut):
        assert len(world.tables) == 1
    else:
        assert world.state() == one
    assert cut.active() == ("cut-2",)
    cut.undo("cut-2")
    assert world.state() == before


def _deaths(world: World, run: Callable[[], object]) -> Iterator[int]:
    """Every step at which `run` can be killed; the caller puts the world back between them."""
    for number in range(1, 200):
        world.steps, world.die_at = 0, number
        try:
            run()
        except KilledError:
            world.die_at = -1
            yield number
        else:
            world.die_at = -1
            assert number > 2
            return
    raise AssertionError("it never ends")


def test_killed_anywhere_in_apply_it_is_undone_or_finished_by_the_next(
    world: World, case: Case, tmp_path: Path
) -> None:
    before = world.state()
    case.make(world, tmp_path / "whole", NEVER).apply(case.order)
    whole = world.state()
    case.make(world, tmp_path / "whole", NEVER).undo("cut-1")
    for finish in (True, False):
        state = iter(tmp_path / f"{finish}-{number}" for number in range(1000))
        places: list[Path] = []

        def run(state: Iterator[Path] = state, places: list[Path] = places) -> None:
            places.append(next(state))
            case.make(world, places[-1], NEVER).apply(case.order)

        for _ in _deaths(world, run):
            later = case.make(world, places[-1], NEVER)
            if world.state() != before:
                assert later.active() == ("cut-1",)  # nothing is changed that no record knows
            if finish and later.active():
                assert later.recover() == ()
                assert not case.lasts or world.state() == whole
            assert isinstance(later.undo("cut-1"), Undone)
            assert world.state() == before
            assert later.active() == ()
        case.make(world, places[-1], NEVER).undo("cut-1")


def test_killed_anywhere_in_undo_the_next_undo_ends_it(world: World, case: Case, tmp_path: Path) -> None:
    cut, before = case.make(world, tmp_path / "state", NEVER), world.state()

    def run() -> None:
        assert isinstance(cut.apply(case.order), Applied)
        world.steps = 0
        cut.undo("cut-1")

    def until_undo(number: int) -> bool:
        """Whether an undo dies at its step of this number."""
        cut.apply(case.order)
        world.steps, world.die_at = 0, number
        try:
            cut.undo("cut-1")
        except KilledError:
            return True
        finally:
            world.die_at = -1
        return False

    number = 1
    while until_undo(number):
        assert isinstance(case.make(world, tmp_path / "state", NEVER).undo("cut-1"), Undone)
        assert world.state() == before
        number += 1
    assert world.state() == before
    assert number > 1 or not case.lasts
    run()


def test_a_step_that_fails_leaves_all_or_nothing_and_a_way_back(world: World, case: Case, tmp_path: Path) -> None:
    before = world.state()
    for number in range(1, 60):
        cut = case.make(world, tmp_path / f"state-{number}", NEVER)
        world.steps, world.fail_at = 0, number
        said = cut.apply(case.order)
        reached, world.fail_at = world.steps >= number, -1
        if isinstance(said, CutRefused):
            assert "the world refuses" in said.reason
            assert world.state() == before
            assert cut.active() == ()
        assert isinstance(cut.undo("cut-1"), Undone)
        assert world.state() == before
        if not reached:
            break


@pytest.mark.parametrize("hostile", ["", ".", "../../etc/passwd", "a/b", "a\nb", "x" * 65])
def test_an_id_that_names_no_file_is_refused(world: World, case: Case, tmp_path: Path, hostile: str) -> None:
    cut, before = case.make(world, tmp_path / "state", NEVER), world.state()
    for said in (
        cut.apply(replace(case.order, cut=hostile)),
        cut.undo(hostile),
        cut.plan(replace(case.order, cut=hostile)),
    ):
        assert isinstance(said, CutRefused)
        assert said.code is Why.ARGUMENTS
    assert not cut.prove(replace(case.order, cut=hostile)).proven
    assert world.state() == before
    assert not (tmp_path / "state").exists()


def test_whoever_is_never_cut_off_is_not(world: World, case: Case, tmp_path: Path) -> None:
    if case.never is None:
        pytest.skip("it names no address")
    cut, before = case.make(world, tmp_path / "state", NEVER), world.state()
    for order in (
        case.never,
        replace(case.never, addresses=("10.0.0.9",)),
        replace(case.never, addresses=("fd00::1",)),
    ):
        said = cut.apply(order)
        assert isinstance(said, CutRefused)
        assert said.code is Why.NEVER_CUT
    assert world.state() == before
    assert cut.active() == ()


def test_what_becomes_never_cut_is_let_in_at_the_next_start(world: World, case: Case, tmp_path: Path) -> None:
    """The never-cut list grew while the agent was away."""
    if case.order.verb is not Verb.BLOCK:
        pytest.skip("its target is no address that could be on the list")
    before = world.state()
    case.make(world, tmp_path / "state", NEVER).apply(case.order)
    wider = NeverCut(ContainSettings(never_cut=("10.0.0.5", "fd00::5")), lambda: OWN)
    later = case.make(world, tmp_path / "state", wider)
    [refused] = later.recover()
    assert refused.code is Why.NEVER_CUT
    assert world.state() == before
    assert later.active() == ()


@pytest.mark.parametrize(
    "order",
    [
        _order(Verb.BLOCK),
        _order(Verb.BLOCK, addresses=("pacs.clinic.example",)),
        _order(Verb.BLOCK, addresses=("10.0.0.5",) * 5000),
        _order(Verb.KICK),
        _order(Verb.KICK, addresses=("anna",)),
        _order(Verb.ACCOUNT),
        _order(Verb.ACCOUNT, users=("@everybody",)),
        _order(Verb.ACCOUNT, users=("anna\n[global]",)),
        _order(Verb.ISOLATE, allow=("time.clinic.example",)),
        _order(Verb.ISOLATE, allow=("0.0.0.0/0",)),
        _order(Verb.ISOLATE, allow=("if:eth0",)),
        _order(Verb.OUTSIDE),
        _order(Verb.OUTSIDE, allow=("if:eth0; flush ruleset",)),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(world: World, tmp_path: Path, order: Order) -> None:
    cut, before = CASES[order.verb].make(world, tmp_path / "state", NEVER), world.state()
    said = cut.apply(order)
    assert isinstance(said, CutRefused)
    assert said.code is Why.ARGUMENTS
    assert not cut.prove(order).proven
    assert world.state() == before


def test_a_samba_that_takes_no_change_from_its_file_is_left_as_it_was(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its configuration is in the registry: the file is read by nobody."""
    before = world.state()
    monkeypatch.setattr(world, "_testparm", lambda _: Told(0, CONFIG, ""))
    cut = CASES[Verb.READ_ONLY].make(world, tmp_path / "state", NEVER)
    said = cut.apply(CASES[Verb.READ_ONLY].order)
    assert isinstance(said, CutRefused)
    assert "registry" in said.reason
    assert world.state() == before
    assert cut.active() == ()


def test_all_verbs_of_a_cut_are_undone_by_its_id(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = world.state()
    monkeypatch.setattr(ruled.RuleCut.__init__, "__kwdefaults__", {"run": world.nft, "spare": tmp_path / "spare"})
    how = {"run": world.samba, "find": lambda: (Smbd(2**22 + 1, str(world.config)),), "spare": tmp_path / "spare"}
    monkeypatch.setattr(served.ServedCut.__init__, "__kwdefaults__", how)
    cuts = Cuts(tmp_path / "state", NEVER, HUB)
    for verb in (Verb.BLOCK, Verb.KICK, Verb.ACCOUNT):
        assert isinstance(cuts[verb].apply(CASES[verb].order), Applied)
    assert cuts[Verb.ISOLATE].apply(replace(CASES[Verb.ISOLATE].order, cut="cut-2"))
    assert cuts.active() == {"cut-1": (Verb.BLOCK, Verb.KICK, Verb.ACCOUNT), "cut-2": (Verb.ISOLATE,)}
    said = cuts.undo("cut-1")
    assert isinstance(said, Undone)
    assert said.verbs == (Verb.BLOCK, Verb.KICK, Verb.ACCOUNT)
    assert cuts.active() == {"cut-2": (Verb.ISOLATE,)}
    assert cuts.undo("cut-1") == Undone("cut-1", (), "there is nothing left to undo")
    assert len(cuts.undo_all()) == 1
    assert world.state() == before
    assert Verb.UNDO not in cuts
    assert Verb.BLOCK in cuts


def test_the_tool_of_samba_has_an_end(tmp_path: Path) -> None:
    told = smbd.run_tool(["true"])
    assert told == Told(0, "", "")
    assert told.why == "exit code 0"
    with pytest.raises(OSError, match="No such file"):
        smbd.run_tool([str(tmp_path / "no-such-program")])
