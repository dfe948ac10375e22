"""A file of facts: what one half signed the other reads; anything else is refused before a word of it is used."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.errors import UsageError
from garde.trust import facts as f
from garde.trust.facts import Code, Fact, FactsRefusedError, read_card, read_facts, write_card, write_facts
from garde.trust.keys import SigningKey

HUB, DESK = SigningKey.generate(), SigningKey.generate()
NOW = 1_700_000_000
SAID = (
    Fact("service_state", "record", "paper", NOW - 600),
    Fact("reenter_after", "srv-record.1", "again", NOW - 7200),
    Fact("service_state", "radiology", "works", 0),
)
RAW = write_facts(HUB, "hub", 7, NOW, SAID)
CARD = write_card(HUB, "hub")


def refused(raw: bytes, sender: str = "hub") -> Code:
    with pytest.raises(FactsRefusedError) as caught:
        read_facts(raw, HUB.public, sender)
    return caught.value.code


def forged(**changed: object) -> bytes:
    """A file whose signature is right and whose words are not: what a half that was taken over could send."""
    body = {"sender": "hub", "counter": 7, "made_at": NOW, "facts": [], **changed}
    return f._signed(f._MAGIC, HUB, msgspec.json.encode(body))


def one(**changed: object) -> bytes:
    return forged(facts=[{"fact": "service_state", "subject": "record", "state": "paper", "since": 1, **changed}])


def test_what_was_signed_is_read() -> None:
    found = read_facts(RAW, HUB.public, "hub")
    assert (found.sender, found.counter, found.made_at, found.facts) == ("hub", 7, NOW, SAID)
    assert read_facts(one(), HUB.public, "hub").facts[0].subject == "record"


def test_any_flipped_bit_and_any_lost_or_added_byte_is_refused() -> None:
    for at in range(len(RAW)):
        for bit in range(8):
            refused(RAW[:at] + bytes([RAW[at] ^ 1 << bit]) + RAW[at + 1 :])
        refused(RAW[:at])
    for more in (b" ", b"\n", b"\x00"):
        assert refused(RAW + more) is Code.FORGED


def test_another_key_is_named_before_anything_else() -> None:
    assert refused(write_facts(DESK, "hub", 8, NOW, SAID)) is Code.UNKNOWN_SENDER
    # The other half's own file, sent back to it.
    with pytest.raises(FactsRefusedError):
        read_facts(RAW, DESK.public, "hub")


def test_a_signature_of_one_kind_of_file_is_none_of_the_other() -> None:
    swapped = CARD.replace(b"garde-facts-card-1", b"garde-facts-1", 1)
    assert refused(swapped) is Code.FORGED
    with pytest.raises(UsageError, match="FORGED"):
        read_card(RAW.replace(b"garde-facts-1", b"garde-facts-card-1", 1), "hub")


@given(st.binary(max_size=400))
def test_garbage_is_refused(raw: bytes) -> None:
    assert refused(raw) is Code.MALFORMED
    assert refused(RAW[:208] + raw) in (Code.FORGED, Code.MALFORMED)
    with pytest.raises(UsageError):
        read_card(raw, "hub")


def test_too_much_is_refused_unread() -> None:
    assert refused(RAW + b" " * f.MOST_BYTES) is Code.OVERSIZED
    with pytest.raises(ValueError, match="more than 500"):
        write_facts(HUB, "hub", 1, NOW, [Fact("service_state", f"s{n}", "works", 0) for n in range(501)])
    longest = [Fact("reenter_after", f"{n:064d}", "again", NOW) for n in range(500)]
    assert len(write_facts(HUB, "hub", 1, NOW, longest)) < f.MOST_BYTES


@pytest.mark.parametrize(
    "subject",
    ["", "Marie Lambert", "a" * 65, "é", "x\n", "x\x1b[2J", "../etc", "-x", "*", "a,b", "１", None, 7, ["record"]],
)
def test_a_subject_holds_nothing_but_an_id(subject: object) -> None:
    assert refused(one(subject=subject)) is Code.MALFORMED


@pytest.mark.parametrize("state", ["", "works, says Marie", "PAPER", "again", None, 1])
def test_a_state_is_a_word_of_the_list(state: object) -> None:
    assert refused(one(state=state)) is Code.MALFORMED


@pytest.mark.parametrize("since", [-1, NOW + 1, 2**63, 1.5, "1", None])
def test_a_time_is_whole_seconds_before_the_making(since: object) -> None:
    assert refused(one(since=since)) is Code.MALFORMED


@pytest.mark.parametrize(
    "changed",
    [
        {"counter": 0}, {"counter": -1}, {"counter": 2**53}, {"made_at": -1}, {"made_at": f.LAST + 1},
        {"sender": "ward"}, {"sender": "desk"}, {"note": "Marie"}, {"facts": "x"}, {"facts": [[]]},
    ],
)  # fmt: skip
def test_the_rest_is_checked_too(changed: dict[str, object]) -> None:
    assert refused(forged(**changed)) is Code.MALFORMED


def test_no_field_can_be_added_to_a_fact_and_nothing_is_said_twice() -> None:
    assert refused(one(note="Marie Lambert")) is Code.MALFORMED
    twice = {"fact": "service_state", "subject": "record", "since": 1}
    assert refused(forged(facts=[{**twice, "state": "paper"}, {**twice, "state": "works"}])) is Code.MALFORMED


@pytest.mark.parametrize(("fact", "sender"), [("downtime", "hub"), ("pack", "hub"), ("service_state", "desk")])
def test_each_side_says_only_its_own(fact: str, sender: str) -> None:
    with pytest.raises(ValueError, match="to say"):
        write_facts(HUB, sender, 1, NOW, [Fact(fact, "MED", f.STATES[fact][0], 0)])


def test_a_refusal_repeats_nothing_that_it_does_not_know() -> None:
    with pytest.raises(FactsRefusedError) as caught:
        read_facts(one(subject="Marie Lambert\x1b"), HUB.public, "hub")
    assert "Marie" not in str(caught.value)


def test_every_kind_of_fact_belongs_to_one_side_and_can_be_written() -> None:
    assert sorted(kind for kinds in f.SAYS.values() for kind in kinds) == sorted(f.STATES)
    for sender, kinds in f.SAYS.items():
        all_of_them = [Fact(kind, f"x{n}", word, 1) for kind in kinds for n, word in enumerate(f.STATES[kind])]
        raw = write_facts(HUB, sender, 1, NOW, all_of_them)
        assert list(read_facts(raw, HUB.public, sender).facts) == all_of_them


# --- cards ------------------------------------------------------------------------------------------------------------


def test_a_card_tells_the_key_and_is_of_one_half() -> None:
    card = read_card(CARD, "hub")
    assert card.key == HUB.public and len(card.fingerprint) == 19
    with pytest.raises(UsageError, match="card of the hub, not of the desk"):
        read_card(CARD, "desk")
    with pytest.raises(UsageError, match="nobody known"):
        read_card(write_card(HUB, "\x1b[2J"), "hub")
    for at in range(len(CARD)):
        with pytest.raises(UsageError):
            read_card(CARD[:at] + bytes([CARD[at] ^ 1]) + CARD[at + 1 :], "hub")
