"""`garde fact` with a real hub's and a real desk's state directory, neither of which runs: files go both ways."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from garde.clock import SystemClock
from garde.desk.facts import DeskFacts
from garde.hub.config import load_config, open_hub_journal
from garde.journal import Entry
from garde.journal.paper_kinds import SheetsPrinted
from garde.journal.store import open_journal
from garde.trust.facts import KEY_FILE, Fact, write_facts
from garde.trust.keys import SigningKey

Garde = Callable[..., Any]
USAGE, NOT_FOUND, REFUSED = 2, 8, 12


@pytest.fixture
def desk(garde: Garde, tmp_path: Path) -> Path:
    state = tmp_path / "desk"
    assert garde("downtime", "init", "--state", str(state), "--own", "CLINIC").code == 0
    return state


@pytest.fixture
def halves(garde: Garde, hub: Path, desk: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two halves that believe each other."""
    marks = {}
    for state in (hub, desk):
        made = garde("fact", "card", "--out", str(tmp_path / f"{state.name}.card"), "--state", str(state), "--json")
        assert made.code == 0
        marks[state.name] = made.lines[0]["fingerprint"]
    for state, other in ((hub, "desk"), (desk, "hub")):
        words = ("fact", "trust", str(tmp_path / f"{other}.card"), "--fingerprint", marks[other].lower())
        assert garde(*words, "--state", str(state)).code == 0
    return hub, desk


def write(garde: Garde, state: Path, out: Path, *words: str) -> list[dict[str, Any]]:
    made = garde("fact", "write", "--out", str(out), *words, "--state", str(state), "--json")
    assert made.code == 0, made.err
    found: list[dict[str, Any]] = made.lines[0]["facts"]
    return found


def take(garde: Garde, state: Path, file: Path) -> dict[str, Any]:
    took = garde("fact", "take", str(file), "--state", str(state), "--json")
    assert took.code == 0, took.err
    found: dict[str, Any] = took.lines[0]
    return found


def entries(state: Path, kind: str) -> list[Entry]:
    if (state / "hub.json").exists():
        with open_hub_journal(state, load_config(state).database, SystemClock(), read_only=True) as journal:
            return list(journal.entries(kinds=(kind,)))
    with open_journal(state, who="test", clock=SystemClock(), read_only=True) as journal:
        return list(journal.entries(kinds=(kind,)))


def test_from_the_hub_to_the_desk(garde: Garde, halves: tuple[Path, Path], tmp_path: Path) -> None:
    hub, desk = halves
    out = tmp_path / "from-hub"
    words = ("radiology", "paper", "--note", "Marie said so", "--minutes", "60", "--state", str(hub))
    assert garde("plan", "service", *words).code == 0
    said = write(garde, hub, out, "--reenter", "laboratory=2026-03-02 03:40")
    assert b"Marie" not in out.read_bytes()
    took = take(garde, desk, out)
    assert took["facts"] == said and not took["again"]
    states = {each["subject"]: each["state"] for each in said if each["fact"] == "service_state"}
    assert states["radiology"] == "paper" and states["laboratory"] == "works"
    status = garde("downtime", "status", "--state", str(desk))
    assert "radiology: PAPER since" in status.out and "CET MUST BE ENTERED AGAIN" in status.out
    heard = garde("downtime", "status", "--state", str(desk), "--json").lines[0]["heard"]
    assert {each["subject"] for each in heard} == {"radiology", "laboratory"}
    listed = garde("fact", "list", "--state", str(desk), "--json").lines
    assert listed[0]["other"] == "hub" and len(listed) == 1 + len(said)
    # Written once more: it is remembered what must be entered again; only what is new is an entry.
    assert garde("plan", "service", "radiology", "back", "--state", str(hub)).code == 0
    write(garde, hub, out)
    assert [(each["subject"], each["state"]) for each in take(garde, desk, out)["facts"]] == [("radiology", "works")]
    write(garde, hub, out, "--reenter", "laboratory=none")
    assert [each["state"] for each in take(garde, desk, out)["facts"]] == ["none"]
    assert garde("downtime", "status", "--state", str(desk), "--json").lines[0]["heard"] == []


def test_from_the_desk_to_the_hub(garde: Garde, halves: tuple[Path, Path], tmp_path: Path) -> None:
    hub, desk = halves
    out, feed = tmp_path / "from-desk", tmp_path / "feed.hl7"
    feed.write_bytes(
        b"MSH|^~\\&|HIS|CLINIC|||20260302030000||ADT^A01|1|P|2.4\rEVN|A01\rPID|1||100^^^CLINIC^PI||Lambert^Marie"
        b"||19600102|F\rPV1|1|I|MED^01^1||||||||||||||||V1\r"
    )
    assert garde("downtime", "import", str(feed), "--state", str(desk)).code == 0
    (pack,) = garde("pack", "make", "MED", "--state", str(desk), "--json").lines
    with open_journal(desk, who="test", clock=SystemClock()) as journal:
        journal.append(SheetsPrinted("r1", pack["pack"], "MED", (1, 2, 3), 1, "printer", "nina"))
    begin = ("pack", "begin", "--since", "2026-03-02 03:40", "--wards", "MED,Unité 3", "--state", str(desk))
    assert garde(*begin).code == 0
    made = garde("fact", "write", "--out", str(out), "--state", str(desk), "--json").lines[0]
    assert made["left_out"] == 1  # a ward's name that is no plain id
    said = {(each["fact"], each["subject"]): each["state"] for each in made["facts"]}
    assert said == {("downtime", "MED"): "began", ("switched", "MED"): "0", ("pack", "MED"): "fresh"}
    raw = out.read_bytes()
    assert not any(word in raw for word in (b"Lambert", b"Marie", b"1960", b'"100'))
    assert take(garde, hub, out)["facts"] == made["facts"]
    board = garde("plan", "board", "--state", str(hub))
    assert "MED: PAPER COUNTS since" in board.out and "MED: 0 % of its patients" in board.out
    assert garde("pack", "end", "--state", str(desk)).code == 0
    write(garde, desk, out)
    assert [(each["fact"], each["state"]) for each in take(garde, hub, out)["facts"]] == [("downtime", "ended")]
    (*_, last) = entries(hub, "facts_taken")
    assert last.who == "person/local" and "MED" in garde("journal", "show", "--state", str(hub)).out


def test_the_same_file_twice_is_one_and_an_older_one_is_refused(
    garde: Garde, halves: tuple[Path, Path], tmp_path: Path
) -> None:
    for state, other in (halves, halves[::-1]):
        old, new = tmp_path / "old", tmp_path / "new"
        write(garde, state, old)
        write(garde, state, new)
        take(garde, other, new)
        before = len(entries(other, "fact_heard"))
        assert take(garde, other, new)["again"] is True
        ran = garde("fact", "take", str(old), "--state", str(other))
        assert ran.code == REFUSED and "older" in ran.err
        assert len(entries(other, "facts_taken")) == 1 and len(entries(other, "fact_heard")) == before


def test_a_file_whose_facts_are_all_known_still_makes_older_ones_old(
    garde: Garde, halves: tuple[Path, Path], tmp_path: Path
) -> None:
    hub, desk = halves
    key = SigningKey.load(hub / KEY_FILE)
    for counter, state in ((1, "paper"), (2, "works"), (3, "paper")):
        raw = write_facts(key, "hub", counter, 1_700_000_000, [Fact("service_state", "record", state, 1)])
        (tmp_path / str(counter)).write_bytes(raw)
    assert len(take(garde, desk, tmp_path / "1")["facts"]) == 1
    assert take(garde, desk, tmp_path / "3")["facts"] == []
    assert garde("fact", "take", str(tmp_path / "2"), "--state", str(desk)).code == REFUSED


def test_numbers_rise_where_the_clock_goes_back_and_after_a_copy_was_put_back(
    garde: Garde, halves: tuple[Path, Path], tmp_path: Path
) -> None:
    hub, desk = halves
    shutil.copytree(hub, tmp_path / "copy")
    counters = []
    for state in (hub, hub, tmp_path / "copy"):
        out = tmp_path / "out"
        made = garde("fact", "write", "--out", str(out), "--state", str(state), "--json").lines[0]
        take(garde, desk, out)
        counters.append(made["counter"])
    assert counters == sorted(set(counters))


# --- who is believed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["hub", "desk"])
def test_nobody_is_believed_without_a_fingerprint(
    garde: Garde, hub: Path, desk: Path, tmp_path: Path, which: str
) -> None:
    state, other = (hub, desk) if which == "hub" else (desk, hub)
    out, card = tmp_path / "out", tmp_path / "card"
    write(garde, other, out)
    ran = garde("fact", "take", str(out), "--state", str(state))
    assert ran.code == REFUSED and "nobody is believed yet" in ran.err
    made = garde("fact", "card", "--out", str(card), "--state", str(other), "--json").lines[0]
    trust = ("fact", "trust", str(card), "--state", str(state))
    assert garde(*trust).code == USAGE
    assert made["fingerprint"] not in garde(*trust).err  # it is for the other screen to show
    assert garde(*trust, "--fingerprint", "0000-0000-0000-0000").code == REFUSED
    assert garde(*trust, "--fingerprint", "").code == USAGE
    own = tmp_path / "own"
    mine = garde("fact", "card", "--out", str(own), "--state", str(state), "--json").lines[0]["fingerprint"]
    assert garde("fact", "trust", str(own), "--fingerprint", mine, "--state", str(state)).code == USAGE
    assert garde("fact", "list", "--state", str(state), "--json").lines[0]["fingerprint"] == ""
    assert garde(*trust, "--fingerprint", made["fingerprint"].replace("-", " ")).code == 0
    again = garde(*trust, "--fingerprint", made["fingerprint"], "--json").lines[0]
    assert again["new"] is False and len(entries(state, "facts_trusted")) == 1


def test_another_key_is_refused_until_it_is_confirmed_and_then_counts_anew(
    garde: Garde, halves: tuple[Path, Path], tmp_path: Path
) -> None:
    hub, desk = halves
    out, card = tmp_path / "out", tmp_path / "card"
    write(garde, hub, out, "--reenter", "record=2026-03-02 03:40")
    take(garde, desk, out)
    (hub / KEY_FILE).unlink()  # the hub was set up anew
    write(garde, hub, out)
    ran = garde("fact", "take", str(out), "--state", str(desk))
    assert ran.code == REFUSED and "UNKNOWN-SENDER" in ran.err
    mark = garde("fact", "card", "--out", str(card), "--state", str(hub), "--json").lines[0]["fingerprint"]
    assert garde("fact", "trust", str(card), "--fingerprint", mark, "--state", str(desk)).code == 0
    assert len(garde("fact", "list", "--state", str(desk), "--json").lines) == 1  # what the first had said is gone
    assert take(garde, desk, out)["facts"]


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_that_was_changed_is_refused_and_nothing_is_written(
    garde: Garde, halves: tuple[Path, Path], tmp_path: Path, which: int
) -> None:
    state, other = halves[which], halves[1 - which]
    out = tmp_path / "out"
    write(garde, state, out)
    raw = out.read_bytes()
    for bad in (raw[:-2] + b" " + raw[-1:], raw[:-1], raw + b"x", b"", b"\x00" * 300_000, raw.replace(b"\n{", b"\n {")):
        out.write_bytes(bad)
        ran = garde("fact", "take", str(out), "--state", str(other))
        assert ran.code == REFUSED, bad[:20]
    assert entries(other, "fact_heard") == entries(other, "facts_taken") == []
    # A half never takes its own words back as the other's.
    out.write_bytes(raw)
    assert garde("fact", "take", str(out), "--state", str(state)).code == REFUSED


def test_what_cannot_be_says_what_to_do(garde: Garde, halves: tuple[Path, Path], tmp_path: Path) -> None:
    hub, desk = halves
    out, fifo = str(tmp_path / "out"), tmp_path / "fifo"
    os.mkfifo(fifo)
    wrong = [
        (USAGE, tmp_path, ("list",)),
        (USAGE, hub, ("write",)),
        (USAGE, hub, ("take",)),
        (USAGE, hub, ("take", str(tmp_path / "none"))),
        (USAGE, hub, ("card", "--out", str(tmp_path / "none" / "x"))),
        (USAGE, hub, ("write", "--out", str(fifo))),
        (USAGE, desk, ("card", "--out", str(tmp_path))),
        (USAGE, hub, ("write", "--out", out, "--reenter", "record")),
        (USAGE, hub, ("write", "--out", out, "--reenter", "record=soon")),
        (USAGE, hub, ("write", "--out", out, "--reenter", "record=2999-01-01 03:40")),
        (NOT_FOUND, hub, ("write", "--out", out, "--reenter", "Marie Lambert=03:40")),
        (USAGE, hub, ("write", "--out", out, "--by", "nina")),
        (USAGE, desk, ("write", "--out", out, "--reenter", "record=03:40")),
    ]
    for code, state, words in wrong:
        ran = garde("fact", *words, "--state", str(state), "--json")
        assert (ran.code, ran.lines[-1]["kind"]) == (code, "error"), words
        assert ran.lines[-1]["todo"], words
    assert fifo.is_fifo()
    assert not Path(out).exists() and entries(hub, "reenter_said") == []


def test_a_downtime_that_ended_on_a_ward_is_told_even_if_nobody_was_told_in_between(
    garde: Garde, halves: tuple[Path, Path], tmp_path: Path
) -> None:
    hub, desk = halves
    out = tmp_path / "out"
    for wards in ("MED", "URG"):
        words = ("pack", "begin", "--since", "2026-03-02 03:40", "--wards", wards, "--state", str(desk))
        assert garde(*words).code == 0
        if wards == "MED":
            write(garde, desk, out)
            take(garde, hub, out)
            assert garde("pack", "end", "--state", str(desk)).code == 0
    write(garde, desk, out)
    took = take(garde, hub, out)
    assert {(each["subject"], each["state"]) for each in took["facts"]} == {("MED", "ended"), ("URG", "began")}
    assert DeskFacts(desk, SystemClock(), "nina").known().known == {}  # what it said itself it did not hear
