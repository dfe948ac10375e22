"""`garde cut` beside a real hub's state directory: its journal, its token, its API in this process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from garde.clock import SystemClock
from garde.estate.read import SAMPLE
from garde.hub.program import assemble
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.payload import Payload
from garde.journal.text import Text

Garde = Callable[..., object]
CLINICAL, PLAIN = "10.20.40.31", "10.20.20.32"  # the blood bank's workstation; a secretary's


def say(hub: Path, who: str, *payloads: Payload) -> None:
    """Write as the running hub would, and stop it again."""
    with ExitStack() as at_end:
        assemble(hub, SystemClock(), at_end, complain=pytest.fail, perform=False).loop.append(payloads, who=who)


def attack(hub: Path, address: str) -> None:
    now = SystemClock().now()
    files = tuple(k.FileDamage(Text(f"/srv/{n}"), Text(f"/srv/{n}.x"), now, ("random_change",)) for n in range(3))
    client = k.ActorNote("smb", address=address, users=(Text("carla"),))
    say(hub, "agent/files-1", k.VerdictReached("v1", "session", Text("k"), 20.0, 18.0, files, (client,)))


def ids(ran: object, action: str) -> str:
    (found,) = [each["cut"] for each in ran.lines if each["action"] == action]  # type: ignore[attr-defined]
    return str(found)


def test_nothing_is_proposed_in_a_quiet_house(garde: Garde, hub: Path) -> None:
    ran = garde("cut", "plan", "--state", str(hub))
    assert (ran.code, ran.out) == (0, "No cut is proposed\n")
    assert garde("cut", "list", "--state", str(hub), "--json").lines == []


def test_plan_shows_what_waits_with_its_price(garde: Garde, hub: Path) -> None:
    attack(hub, CLINICAL)
    ran = garde("cut", "plan", "--state", str(hub), "--json")
    assert ran.code == 0
    block = ran.lines[0]
    assert (block["kind"], block["action"], block["rank"], block["needs"]) == ("proposal", "block", 1, "one")
    assert block["price"] == ["blood-bank"] and block["title"].startswith("Refuse Blood bank (ws-blood-1) at ")
    assert {each["action"] for each in ran.lines} >= {"account", "port", "isolate", "read_only", "outside"}
    text = garde("cut", "plan", "--state", str(hub), "--lang", "fr").out
    assert "S’arrête : Banque de sang" in text and "une personne décide" in text


def test_list_shows_the_three_facts(garde: Garde, hub: Path) -> None:
    attack(hub, PLAIN)
    ran = garde("cut", "list", "--state", str(hub), "--json")
    block = next(each for each in ran.lines if each["action"] == "block")
    assert (block["state"], block["applied"], block["proven"]) == ("asked", 0, 0)
    assert block["asked"] == len(block["where"]) == 20 and block["by"].startswith("authority: ")
    assert "ordered, not yet done everywhere" in garde("cut", "list", "--state", str(hub)).out


def test_list_is_not_content_with_a_cut_that_does_not_hold(garde: Garde, hub: Path) -> None:
    say(hub, "", h.AgentEnrolled("files-1", "a", "b", "c"))
    attack(hub, PLAIN)
    with ExitStack() as at_end:
        loop = assemble(hub, SystemClock(), at_end, complain=pytest.fail, perform=False).loop
        order = next(each.payload for each in loop.journal.entries(kinds=["order_asked"]))
        loop.append([h.OrderRefused(order.command, order.cut, "FAILED", "nft is hung")], who="agent/files-1")
    ran = garde("cut", "list", "--state", str(hub))
    assert ran.code == 9 and "FAILED: it holds nowhere" in ran.out and order.cut in ran.err


def test_yes_and_undo(garde: Garde, hub: Path) -> None:
    attack(hub, CLINICAL)
    block = ids(garde("cut", "plan", "--state", str(hub), "--json"), "block")
    ran = garde("cut", "approve", block[:6], "--state", str(hub), "--note", "seen with the ward", "--json")
    assert ran.code == 0
    assert ran.lines == [
        {"kind": "decided", "cut": block, "decision": "approve", "before": "proposed", "state": "asked"}
    ]
    listed = next(each for each in garde("cut", "list", "--state", str(hub), "--json").lines if each["cut"] == block)
    assert (listed["state"], listed["by"]) == ("asked", "local")
    again = garde("cut", "approve", block, "--state", str(hub))
    assert again.code == 9 and "nothing follows" in again.err
    assert garde("cut", "undo", block, "--state", str(hub)).out == f"{block}: undoing\n"


def test_no(garde: Garde, hub: Path) -> None:
    attack(hub, CLINICAL)
    block = ids(garde("cut", "plan", "--state", str(hub), "--json"), "block")
    ran = garde("cut", "reject", block, "--state", str(hub))
    assert ran.code == 0 and "no was said" in ran.out


def test_a_token_is_none_of_two_people(garde: Garde, hub: Path) -> None:
    attack(hub, PLAIN)
    outside = ids(garde("cut", "plan", "--state", str(hub), "--json"), "outside")
    assert garde("cut", "approve", outside, "--state", str(hub)).code in (4, 12)


def test_a_cut_that_is_not_there_and_one_that_is_two(garde: Garde, hub: Path) -> None:
    attack(hub, PLAIN)
    assert garde("cut", "undo", "c-nothing", "--state", str(hub)).code == 8
    ran = garde("cut", "undo", "c-", "--state", str(hub))
    assert ran.code == 8 and "cuts are called c-" in ran.err


@pytest.mark.parametrize("name", ["ws-blood-1", CLINICAL, f"::ffff:{CLINICAL}"])
def test_a_dry_run_needs_no_hub(garde: Garde, tmp_path: Path, name: str) -> None:
    ran = garde("cut", "plan", name, "--estate", str(SAMPLE), "--state", str(tmp_path / "none"), "--json")
    assert ran.code == 0
    assert [each["action"] for each in ran.lines] == ["block", "port", "outside"]
    assert ran.lines[0]["price"] == ["blood-bank"] and ran.lines[0]["needs"] == "one" and ran.lines[0]["cut"] == ""


def test_a_dry_run_by_the_hubs_own_estate(garde: Garde, hub: Path) -> None:
    text = garde("cut", "plan", "dns-1", "--state", str(hub)).out
    assert "Not offered: 10.20.10.5 is on the never-cut list" in text


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("plan", "nobody-1"), 8),
        (("plan", "--estate", str(SAMPLE)), 2),
        (("list", "files-1"), 2),
        (("plan", "--note", "x"), 2),
        (("approve",), 2),
        (("approve", "c-1", "--estate", str(SAMPLE)), 2),
        (("burn", "c-1"), 2),
    ],
)
def test_words_that_are_off(garde: Garde, hub: Path, words: tuple[str, ...], code: int) -> None:
    assert garde("cut", *words, "--state", str(hub)).code == code


def test_where_there_is_no_hub(garde: Garde, tmp_path: Path) -> None:
    assert garde("cut", "list", "--state", str(tmp_path)).code == 8
    assert garde("cut", "approve", "c-1", "--state", str(tmp_path)).code == 8
