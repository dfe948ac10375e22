"""A hospital's own rules and hashes: what is broken is named, the rest counts."""

from __future__ import annotations

from pathlib import Path

from garde.forensics.identify.knowledge import open_known
from garde.forensics.identify.pack import read_pack

RULE = 'rule mine { meta: family = "MyLock" strings: $a = "zzz-my-mark" condition: $a }'


def test_rules_of_a_folder_match_beside_our_own(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine.yar").write_text(RULE)
    pack = read_pack(tmp_path)
    assert pack(b"here: zzz-my-mark") == [("mylock", "mine")]
    assert pack.rules > 1
    assert pack.broken == []


def test_own_rules_compile_and_match_what_they_are_for() -> None:
    site = b"lockbit" + b"a" * 49 + b".onion"
    pack = read_pack(None)
    assert pack.broken == []
    assert pack(b"LockBit 3.0 the world's fastest\nhttp://" + site) == [("lockbit", "note_lockbit_black")]
    assert pack(b"The LockBit 3.0 group attacked a hospital.") == []


def test_what_is_broken_is_named_and_the_rest_stands(tmp_path: Path) -> None:
    (tmp_path / "bad.yar").write_text("rule {")
    (tmp_path / "good.yar").write_text(RULE)
    (tmp_path / "hashes.txt").write_text(f"# ours\n{'AB' * 32} LockBit\n{'cd' * 32},conti # seen\nnonsense\n")
    pack = read_pack(tmp_path)
    assert [each.split(":")[0] for each in pack.broken] == ["0", "hashes.txt"] or len(pack.broken) == 2
    assert pack.hashes == {"ab" * 32: "lockbit", "cd" * 32: "conti"}
    assert pack(b"zzz-my-mark") == [("mylock", "mine")]


def test_includes_and_rules_without_a_family_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "inc.yar").write_text('include "/etc/passwd"\nrule a { condition: true }')
    (tmp_path / "plain.yar").write_text("rule always { condition: true }")
    pack = read_pack(tmp_path)
    assert pack(b"x") == []
    assert any("inc.yar" in each for each in pack.broken)


def test_no_folder_is_no_pack(tmp_path: Path) -> None:
    known, pack = open_known(tmp_path / "absent")
    assert (pack.hashes, pack.broken, known.hashes) == ({}, [], {})
