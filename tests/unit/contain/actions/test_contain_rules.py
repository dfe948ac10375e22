"""One table a cut: its name, what is read back of it, and what a change by another hand looks like."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.contain.actions.flows import parse_flow
from garde.contain.actions.rules import Chain, Tables, back, field, rule, towards
from garde.model.order import Verb

DROP = Chain("input", (rule(field("ip", "saddr", ["10.0.0.5", "10.0.0.6"]), verdict="drop"),))


def answering(*items: dict[str, Any]) -> Tables:
    return Tables(Verb.BLOCK, run=lambda _arguments, _stdin: json.dumps({"nftables": list(items)}))


def as_listed(chain: Chain, *, packets: int = 0) -> list[dict[str, Any]]:
    """A chain as nft prints it: handles, and counters with numbers."""
    counter = {"counter": {"packets": packets, "bytes": 0}}
    policy = "drop" if chain.drop else "accept"
    head = {"name": chain.hook, "hook": chain.hook, "policy": policy, "handle": 1}
    rules = [{"chain": chain.hook, "expr": [counter if "counter" in it else it for it in one]} for one in chain.rules]
    return [{"metainfo": {}}, {"table": {"name": "t"}}, {"chain": head}, *({"rule": one} for one in rules)]


def test_what_was_loaded_is_known_again_with_its_count() -> None:
    loaded = answering(*as_listed(DROP, packets=7)).read("c1")
    assert loaded is not None
    assert loaded.fits([DROP])
    assert loaded.dropped == 7


@pytest.mark.parametrize(
    "other",
    [
        Chain("input", ()),
        Chain("input", DROP.rules, drop=True),
        Chain("output", DROP.rules),
        Chain("input", (rule(verdict="accept"), *DROP.rules)),
        Chain("input", (rule(verdict="accept"),)),
    ],
)
def test_another_hands_change_shows(other: Chain) -> None:
    loaded = answering(*as_listed(other)).read("c1")
    assert loaded is not None
    assert not loaded.fits([DROP])


def test_a_table_that_is_gone_and_an_nft_that_is_gone_are_two_things() -> None:
    def no_table(_arguments: Sequence[str], _stdin: str) -> str:
        raise OSError("nft: Error: No such file or directory")

    def no_nft(_arguments: Sequence[str], _stdin: str) -> str:
        raise FileNotFoundError(2, "No such file or directory", "nft")

    assert Tables(Verb.BLOCK, run=no_table).read("c1") is None
    assert not Tables(Verb.BLOCK, run=no_table).remove("c1")
    with pytest.raises(FileNotFoundError):
        Tables(Verb.BLOCK, run=no_nft).read("c1")
    with pytest.raises(FileNotFoundError):
        Tables(Verb.BLOCK, run=no_nft).remove("c1")


@given(st.text(alphabet="abcXYZ019._-", min_size=1, max_size=64), st.sampled_from(list(Verb)))
def test_a_table_has_a_name_that_nft_takes(cut: str, verb: Verb) -> None:
    name = Tables(verb).name(cut)
    assert name.replace("_", "").isalnum()
    assert name.startswith(f"garde_{verb}_")
    assert len(name) < 64


def test_a_flow_with_a_port_is_ours_to_ask_and_its_peers_to_answer() -> None:
    flow = parse_flow("10.0.0.9:8443/tcp")
    assert field("tcp", "dport", 8443) in towards(flow)
    assert field("tcp", "sport", 8443) in back(flow)
    assert {"match": {"op": "==", "left": {"ct": {"key": "direction"}}, "right": "reply"}} in back(flow)
    whole = parse_flow("10.0.0.9")
    assert len(back(whole)) == len(towards(whole)) == 3  # the address, the counter, the verdict


def test_a_flowtable_of_anybodys_is_seen() -> None:
    assert answering({"flowtable": {"name": "ft", "table": "fast"}}).carried_past()
    assert not answering({"metainfo": {}}).carried_past()


def test_a_sweep_leaves_what_a_record_names_and_what_is_not_ours() -> None:
    said: list[str] = []
    tables = Tables(Verb.BLOCK)
    names = [tables.name("kept"), tables.name("lost"), "garde", "garde_isolate_0123456789abcdef", "hospital"]

    def run(_arguments: Sequence[str], stdin: str) -> str:
        said.append(stdin)
        return json.dumps({"nftables": [{"table": {"name": name}} for name in names]})

    assert Tables(Verb.BLOCK, run=run).sweep(["kept"]) == 1
    assert tables.name("lost") in said[-1]
    assert "hospital" not in said[-1]
    assert tables.name("kept") not in said[-1]
