"""Checkpoints and snapshots over both stores: whatever was edited, rewritten or cut off shows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from garde.journal import SqliteStore, Text
from garde.journal.chain import ChainStore
from garde.journal.checkpoint import Check, Checkpoint
from garde.journal.entry import hash_of
from garde.journal.kinds import ErrorSeen, Lagging
from garde.journal.merkle import is_consistent

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "journal"))

if TYPE_CHECKING:
    from journal_places import Place

pytest_plugins = ["journal_places"]


# --- checkpoints ------------------------------------------------------------------------------------------------------

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


def _by(key: Ed25519PrivateKey) -> Check:
    def check(message: bytes, signature: bytes) -> bool:
        try:
            key.public_key().verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return check


@pytest.fixture
def noted(journal: ChainStore) -> list[Checkpoint]:
    """Checkpoints over 0, 1, 7, 8 and 308 entries."""
    made = [journal.checkpoint(KEY.sign)]
    for more in (1, 6, 1, 300):
        journal.append_all((ErrorSeen("x", Text(f"{n}")), None) for n in range(more))
        made.append(journal.checkpoint(KEY.sign))
    return made


def test_checkpoints_hold_and_each_continues_the_one_before(journal: ChainStore, noted: list[Checkpoint]) -> None:
    assert [each.size for each in noted] == [0, 1, 7, 8, 308]
    assert journal.checkpoints() == noted
    assert journal.checkpoint(KEY.sign) == noted[-1]  # nothing was added: no second one
    assert list(journal.verify(noted=noted, check=_by(KEY))) == []
    for first in noted:
        for second in noted:
            if first.size <= second.size:
                proof = [bytes.fromhex(node) for node in journal.consistency(first.size, second.size)]
                roots = bytes.fromhex(first.root), bytes.fromhex(second.root)
                assert is_consistent(first.size, roots[0], second.size, roots[1], proof)
    with pytest.raises(ValueError, match="309"):
        journal.consistency(1, 309)


def test_a_checkpoint_signed_by_somebody_else_is_found(journal: ChainStore, noted: list[Checkpoint]) -> None:
    faults = list(journal.verify(check=_by(OTHER)))
    assert [fault.seq for fault in faults] == [0, 1, 7, 8, 308]
    assert all("not signed by this key" in fault.what for fault in faults)


@pytest.mark.parametrize(
    "damage",
    [
        "update checkpoints set root = '{zeros}' where size = 7",
        "update checkpoints set at = '2020-01-01T00:00:00.000000Z' where size = 7",
        "update checkpoints set signature = '{zeros}{zeros}' where size = 7",
        "update checkpoints set signature = '' where size = 7",
    ],
)
def test_an_edited_checkpoint_is_found(place: Place, journal: ChainStore, noted: list[Checkpoint], damage: str) -> None:
    assert place.sql(damage.format(zeros="0" * 64)) == 1
    assert {fault.seq for fault in journal.verify(check=_by(KEY))} == {7}


def test_a_rewritten_chain_is_found_by_the_checkpoints_kept(
    place: Place, journal: ChainStore, noted: list[Checkpoint]
) -> None:
    _forge(place, journal, 5)
    faults = list(journal.verify(check=_by(KEY)))
    assert [fault.seq for fault in faults] == [7, 8, 308]
    assert all("some were changed since" in fault.what for fault in faults)


def test_a_rewritten_chain_without_its_checkpoints_is_found_by_one_noted_elsewhere(
    place: Place, journal: ChainStore, noted: list[Checkpoint]
) -> None:
    _forge(place, journal, 5)
    place.sql("delete from checkpoints where size > 2")
    assert list(journal.verify(check=_by(KEY))) == []  # nothing inside can tell
    assert [fault.seq for fault in journal.verify(noted=noted[2:3], check=_by(KEY))] == [7]


def test_a_cut_off_end_is_found(place: Place, journal: ChainStore, noted: list[Checkpoint]) -> None:
    place.sql("delete from entries where seq > 200")
    kept = next(entry for entry in journal.entries(after=199))
    place.sql(f"update meta set value = {place.bytes(f'{kept.seq}:{kept.hash}')} where name = 'head'")
    (fault,) = journal.verify(check=_by(KEY))
    assert (fault.seq, "108 of them are missing at the end" in fault.what) == (201, True)
    place.sql("delete from checkpoints where size > 200")
    assert list(journal.verify(check=_by(KEY))) == []  # nothing inside can tell
    assert [fault.seq for fault in journal.verify(noted=noted[-1:], check=_by(KEY))] == [201]


def test_the_hub_does_not_sign_away_a_rewritten_past(
    place: Place, journal: ChainStore, noted: list[Checkpoint]
) -> None:
    """A checkpoint made after the forgery goes on from the tree that was signed before, so it does not fit either."""
    _forge(place, journal, 5)
    journal.append(Lagging(1.0, 1))
    journal.checkpoint(KEY.sign)
    assert [fault.seq for fault in journal.verify(check=_by(KEY))] == [7, 8, 308, 309]


def test_a_checkpoint_of_another_journal_is_not_taken(journal: ChainStore, tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "other.db") as other:
        elsewhere = other.checkpoint(KEY.sign)
    (fault,) = journal.verify(noted=[elsewhere], check=_by(KEY))
    assert "another journal" in fault.what


def test_a_damaged_range_is_made_anew(place: Place, journal: ChainStore, noted: list[Checkpoint]) -> None:
    assert place.sql(f"update checkpoints set nodes = {place.bytes('short')}") == 5
    journal.append(Lagging(1.0, 1))
    journal.checkpoint(KEY.sign)
    assert list(journal.verify(noted=noted, check=_by(KEY))) == []


def _forge(place: Place, journal: ChainStore, seq: int) -> None:
    """Rewrite the chain from `seq` on, hashes and head and all, as somebody with the whole database could."""
    with journal.reading() as view:
        rows = list(view.page(seq - 1, (), 10_000))
    previous, values = rows[0].previous, []
    for stored in rows:
        digest = hash_of(stored.row._replace(who="nobody", previous=previous))
        values.append(f"({stored.seq}, '{previous}', '{digest}')")
        previous = digest
    place.sql(
        f"with forged (number, before, digest) as (values {', '.join(values)}) update entries set who = 'nobody', "
        "previous = before, hash = digest from forged where number = seq"
    )
    place.sql(f"update meta set value = {place.bytes(f'{rows[-1].seq}:{previous}')} where name = 'head'")


# --- snapshots --------------------------------------------------------------------------------------------------------


def test_a_snapshot_comes_back_and_is_replaced(place: Place, journal: ChainStore) -> None:
    assert journal.snapshot_load("contain") is None
    journal.append_all((Lagging(1.0, n), None) for n in range(5))
    third = list(journal.entries())[2]
    journal.snapshot_save("contain", third.seq, third.hash, b"\x00state")
    journal.snapshot_save("oncall", *_head(journal), b"")
    assert journal.snapshot_load("contain") == (3, third.hash, b"\x00state")
    journal.snapshot_save("contain", *_head(journal), b"later" * 100_000)
    assert place.open().snapshot_load("contain") == (*_head(journal), b"later" * 100_000)
    assert journal.snapshot_load("oncall") == (*_head(journal), b"")


@pytest.mark.parametrize(
    "damage",
    [
        "update snapshots set data = {other}",
        "update snapshots set seq = 2",
        "update snapshots set name = 'contain' where name = 'oncall'",
        "update snapshots set digest = {other}",
        "delete from entries where seq = 3",
        "update entries set hash = 'x' where seq = 3",
        "update entries set who = 'nobody' where seq = 3",
    ],
)
def test_a_snapshot_that_the_chain_does_not_bear_out_is_not_used(
    place: Place, journal: ChainStore, damage: str
) -> None:
    journal.append_all((Lagging(1.0, n), None) for n in range(5))
    third = list(journal.entries())[2]
    name = "oncall" if "oncall" in damage else "contain"
    journal.snapshot_save(name, third.seq, third.hash, b"state")
    assert place.sql(damage.format(other=place.bytes("other"))) == 1
    assert journal.snapshot_load("contain") is None


def _head(journal: ChainStore) -> tuple[int, str]:
    head = journal.head()
    return head.seq, head.hash
