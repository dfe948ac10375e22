"""Who is never blocked, and the transactions that block the rest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.contain.actions.nft import Blocks, NeverCut, parse_fib_trie, parse_if_inet6
from garde.errors import SettingsError
from garde.settings import ContainSettings

FIB = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
        |-- 127.0.0.1
           /32 host LOCAL
           |-- 192.0.2.2
              /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
"""
INET6 = """\
00000000000000000000000000000001 01 80 10 80       lo
fd000000000000000000000000000002 04 40 00 82     eth0
short
"""


class FakeNft:
    """What the kernel would hold, from the JSON that nft is given."""

    def __init__(self) -> None:
        self.sets: dict[str, set[str]] | None = None
        self.transactions = 0
        self.rules: list[dict[str, Any]] = []

    def __call__(self, arguments: Sequence[str], stdin: str) -> str:
        if "list" in arguments:
            return self._list()
        assert list(arguments) == ["-j", "-f", "-"]
        self.transactions += 1
        for command in json.loads(stdin)["nftables"]:
            [(verb, items)] = command.items()
            [(kind, item)] = items.items()
            self._apply(verb, kind, item)
        return ""

    def _apply(self, verb: str, kind: str, item: dict[str, Any]) -> None:
        if (verb, kind) == ("delete", "table"):
            self.sets, self.rules = None, []
        elif kind == "table":
            self.sets = self.sets or {}
        elif kind == "set":
            assert self.sets is not None
            self.sets.setdefault(item["name"], set())
        elif verb == "flush":
            self.rules = [rule for rule in self.rules if rule["chain"] != item["name"]]
        elif kind == "rule":
            self.rules.append(item)
        elif kind == "element":
            assert self.sets is not None
            changed = self.sets[item["name"]]
            (changed.update if verb == "add" else changed.difference_update)(item["elem"])

    def _list(self) -> str:
        if self.sets is None:
            raise OSError("nft: Error: No such file or directory")
        sets = [{"set": {"name": name, "elem": sorted(elements)}} for name, elements in self.sets.items()]
        return json.dumps({"nftables": [{"metainfo": {}}, *sets]})


def never(**settings: Any) -> NeverCut:
    return NeverCut(ContainSettings(**settings), lambda: frozenset({"192.0.2.2", "fd00::2"}))


@pytest.fixture
def nft() -> FakeNft:
    return FakeNft()


@pytest.fixture
def blocks(nft: FakeNft, tmp_path: Path) -> Blocks:
    return Blocks(never(hub="192.0.2.9"), run=nft, lock=tmp_path / "lock")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.5", "no single other machine"),
        ("::1", "no single other machine"),
        ("::ffff:127.0.0.1", "no single other machine"),
        ("0.0.0.0", "no single other machine"),
        ("255.255.255.255", "no single other machine"),
        ("ff02::1", "no single other machine"),
        ("192.0.2.2", "address of this machine"),
        ("::ffff:192.0.2.2", "address of this machine"),
        ("fd00::2", "address of this machine"),
        ("192.0.2.9", "the hub"),
        ("10.1.2.3", "10.1.0.0/16 is on the never-cut list"),
        ("fd01::7", "fd01::/64 is on the never-cut list"),
        ("imaging.example", "no address"),
        ("", "no address"),
        ("10.2.0.1", ""),
        ("fe80::1%eth0", ""),
    ],
)
def test_never_cut(address: str, reason: str) -> None:
    why = never(hub="192.0.2.9", never_cut=("10.1.0.0/16", "fd01::/64", "fd02::5")).why(address)
    assert reason in why
    assert bool(why) == bool(reason)


def test_a_name_in_the_settings_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"contain\.hub"):
        never(hub="hub.hospital.example")
    with pytest.raises(SettingsError, match="nothing is resolved"):
        never(never_cut=("10.0.0.0/8", "pacs"))


def test_block_and_lift(blocks: Blocks, nft: FakeNft) -> None:
    blocks.add(["10.0.0.1", "fd05::1", "::ffff:10.0.0.2"])
    assert nft.transactions == 1
    assert blocks.listed() == {"10.0.0.1", "10.0.0.2", "fd05::1"}

    blocks.add(["10.0.0.1"])
    assert blocks.listed() == {"10.0.0.1", "10.0.0.2", "fd05::1"}
    assert len(nft.rules) == 4  # two families in each of two chains: a second add piles nothing up

    blocks.remove(["10.0.0.1", "10.9.9.9"])
    assert blocks.listed() == {"10.0.0.2", "fd05::1"}
    blocks.remove(["10.0.0.2", "fd05::1"])
    assert nft.sets is None, "the table goes with its last entry"
    blocks.remove(["10.0.0.2"])
    assert blocks.listed() == frozenset()


def test_each_rule_drops(blocks: Blocks, nft: FakeNft) -> None:
    blocks.add(["10.0.0.1"])
    assert {(rule["chain"], rule["expr"][0]["match"]["right"]) for rule in nft.rules} == {
        (chain, f"@{name}") for chain in ("input", "forward") for name in ("blocked4", "blocked6")
    }
    assert all(rule["expr"][-1] == {"drop": None} for rule in nft.rules)


def test_one_that_may_never_be_blocked_blocks_nothing(blocks: Blocks, nft: FakeNft) -> None:
    with pytest.raises(ValueError, match="hub"):
        blocks.add(["10.0.0.1", "192.0.2.9"])
    assert nft.transactions == 0


def test_nothing_to_block_makes_no_table(blocks: Blocks, nft: FakeNft) -> None:
    blocks.add([])
    assert nft.transactions == 0


def test_own_addresses() -> None:
    assert list(parse_fib_trie(FIB)) == ["127.0.0.1", "192.0.2.2"]
    assert list(parse_if_inet6(INET6)) == ["::1", "fd00::2"]


@given(st.text())
def test_the_parsers_take_any_text(text: str) -> None:
    list(parse_fib_trie(text))
    list(parse_if_inet6(text))
