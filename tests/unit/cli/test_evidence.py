"""`garde evidence` beside a real hub's state directory, and `verify` with no hub at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from garde.clock import SystemClock
from garde.errors import Refused
from garde.forensics.custody import store as stores
from garde.forensics.custody.bag import Part, Writer
from garde.hub.config import load_config, open_hub_journal
from garde.journal.export import Export
from garde.journal.hub_kinds import IncidentOpened
from garde.trust.keys import SigningKey

Evidence = Callable[..., Any]


@pytest.fixture
def evidence(garde: Callable[..., Any], hub: Path, monkeypatch: pytest.MonkeyPatch) -> Evidence:
    monkeypatch.setattr(stores, "ROOM", 0)
    with open_hub_journal(hub, load_config(hub).database, SystemClock()) as journal:
        journal.append_all([(IncidentOpened("i1", 1.7e9, "files-1", 1), None)], who="hub")
    return lambda *words: garde("evidence", *words, "--state", str(hub))


def lines(ran: Any, kind: str) -> list[dict[str, Any]]:
    return [each for each in ran.lines if each["kind"] == kind]


@pytest.fixture
def bundle(hub: Path, tmp_path: Path) -> Path:
    """A small one, of the hub's own journal and key."""
    key, writer = SigningKey.load(hub / "hub.key"), Writer(tmp_path / "bundle")
    with open_hub_journal(hub, "", SystemClock()) as journal:
        journal.append_all([(IncidentOpened("i1", 1.7e9, "files-1", 1), None)], who="hub")
        journal.checkpoint(key.sign)
        with journal.reading() as view:
            writer.add(Part("journal.jsonl", Export(view, journal.keys, 1.7e9, words=True)))
    writer.finish({}, key.public.hex, key.sign, 1.7e9)
    return tmp_path / "bundle"


def test_a_file_is_taken_and_listed(evidence: Evidence, tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(b"sectors")
    ran = evidence("take", str(image), "--sort", "image", "--note", "bag 12", "--json")
    assert ran.code == 0, ran.err
    assert {each["entry"]["kind"] for each in lines(ran, "written")} >= {"evidence_referred", "evidence_moved"}
    (item,) = lines(evidence("list", "--json"), "item")
    assert item["sha256"] == hashlib.sha256(b"sectors").hexdigest() and item["size"] == 7 and item["file"]
    assert (item["sort"], item["place"], item["detail"]) == ("image", str(image), "bag 12")
    assert evidence("take", str(image), "--sort", "image").code != 0  # it is evidence already


def test_by_reference_only_the_digest_is_kept_and_words_have_none(evidence: Evidence, tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(b"sectors")
    assert evidence("take", str(image), "--reference", "--sort", "image").code == 0
    assert evidence("take", "the paper note in the safe", "--sort", "note").code == 0
    found = {each["name"]: each for each in lines(evidence("list", "--json"), "item")}
    assert found["disk.img"]["sha256"] and not found["disk.img"]["file"]
    assert found["the paper note in the safe"]["sha256"] == ""
    assert "2 items, 0 of them" in evidence("list").out


def test_a_bundle_without_a_hub_to_make_it_says_when_it_will_be(evidence: Evidence) -> None:
    ran = evidence("export", "--wait", "0.2")
    assert ran.code != 0 and "as soon as the hub runs" in ran.err


def test_a_bundle_is_verified_with_the_key_as_text_or_file(
    garde: Callable[..., Any], hub: Path, bundle: Path, tmp_path: Path
) -> None:
    text = (hub / "hub.pub").read_text().strip()
    for key in (text, str(hub / "hub.pub")):
        ran = garde("evidence", "verify", str(bundle), "--key", key, "--json")
        assert ran.code == 0 and lines(ran, "verified")[0]["ok"] and lines(ran, "verified")[0]["entries"] > 0
    assert "It is what the hub signed" in garde("evidence", "verify", str(bundle), "--key", text).out
    journal = bundle / "data/journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b" ")
    ran = garde("evidence", "verify", str(bundle), "--key", text)
    assert ran.code == 1 and "NOT what the hub signed" in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("verify",), "which folder?"),
        (("verify", "/nowhere", "--key", "ab"), "is no folder"),
        (("verify", "/tmp"), "with which key?"),
        (("verify", "/tmp", "--key", "/nowhere"), "/nowhere"),
        (("verify", "/tmp", "--key", "zz" * 32), "--key: "),
        (("take",), "take what?"),
        (("list", "--incident", "i9"), "no such incident"),
        (("export", "--incident", "i9"), "no such incident"),
    ],
)
def test_what_cannot_be_done_says_why_and_what_to_do(evidence: Evidence, words: tuple[str, ...], said: str) -> None:
    ran = evidence(*words)
    assert ran.code != 0 and said in ran.err and ran.err.count("\n") <= 3


def test_a_bundle_is_copied_whole_and_never_over_another(bundle: Path, tmp_path: Path) -> None:
    from garde.cli.evidence import _copied

    to = _copied(bundle, tmp_path / "usb")
    names = sorted(each.relative_to(bundle) for each in bundle.rglob("*"))
    assert names == sorted(each.relative_to(to) for each in to.rglob("*"))
    with pytest.raises(Refused, match="File exists"):
        _copied(bundle, to)
    with pytest.raises(Refused, match="No such file"):
        _copied(bundle, tmp_path / "no/usb")
