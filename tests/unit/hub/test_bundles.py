"""Bundles of evidence: made by the hub from a real journal and store, checked with a key and nothing else."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hub_house import ESTATE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from garde.clock import VirtualClock
from garde.forensics.custody import bag
from garde.forensics.custody import store as stores
from garde.forensics.custody.bag import Part, Writer, check_name
from garde.forensics.custody.store import Evidence, Item, What
from garde.forensics.custody.verify import Report, verify
from garde.hub.bundles import Bundles
from garde.hub.capabilities import CAPABILITIES
from garde.hub.keeping import estate_loaded
from garde.hub.loop import Loop
from garde.journal import hub_kinds as h
from garde.journal import open_journal
from garde.journal.forensic_kinds import (
    BundleMade,
    BundleWanted,
    EvidenceMoved,
    EvidenceReferred,
    EvidenceTaken,
    NoteTaken,
)
from garde.journal.text import Text
from garde.paper import Document, NotTypeset, Printed
from garde.trust.keys import SigningKey

FORENSICS = next(each for each in CAPABILITIES if each.name == "forensics")
KEY = SigningKey.generate()
HOSTILE = b"=cmd|'/c calc'!A0 \x1b[2J\xff.docx.locked"


@dataclass
class Hub:
    """A hub's loop with one incident and its evidence."""

    state: Path
    loop: Loop
    clock: VirtualClock
    store: Evidence

    def take(self, data: bytes, sort: str = "damaged", kept: bool = True, incident: bool = True) -> Item:
        what = What(sort, "files-1", HOSTILE, b"/srv/" + HOSTILE, 1.7e9, -2.0, True)
        if kept:
            item, _ = self.store.keep_bytes(data, what)
        else:
            item = Item(stores.id_of(what, hashlib.sha256(data).hexdigest()), sort, "files-1", HOSTILE, HOSTILE,
                        len(data), hashlib.sha256(data).hexdigest(), 1.7e9)  # fmt: skip
        taken = EvidenceTaken("", item.item, sort, Text(HOSTILE), Text(b"/srv/" + HOSTILE), len(data), item.sha256,
                              1.7e9, -2.0, True)  # fmt: skip
        self.loop.append([taken], who="agent/files-1")
        return item

    def export(self, language: str = "en") -> BundleMade:
        before = len(self.made())
        self.loop.append([BundleWanted("i1", "anna", language)], who="person/anna")
        self.settle()
        made = self.made()
        assert len(made) == before + 1, [each.payload for each in self.loop.journal.entries(kinds=("command_failed",))]
        return made[-1]

    def settle(self) -> None:
        self.bundles._threads.submit(lambda: None).result()

    def made(self) -> list[BundleMade]:
        found = (each.payload for each in self.loop.journal.entries(kinds=("bundle_made",)))
        return [each for each in found if isinstance(each, BundleMade)]

    @property
    def bundles(self) -> Bundles:
        (found,) = self.loop._performers
        assert isinstance(found, Bundles)
        return found


def page(document: Document) -> Printed:
    return Printed(b"%PDF " + document.title.encode(), 1)


@pytest.fixture
def hub(tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(stores, "ROOM", 0)
    state = tmp_path / "hub"
    state.mkdir()
    with open_journal(state, who="hub", clock=clock) as journal:
        bundles = Bundles(state, lambda: loop, KEY, clock, page)
        loop = Loop(journal, [FORENSICS], [bundles], clock)
        loop.start()
        loop.append([estate_loaded(ESTATE, Path("hospital.yaml"))])
        loop.append([h.IncidentOpened("i1", clock.now(), "files-1", 1)])
        yield Hub(state, loop, clock, Evidence(state / "evidence"))
        loop.close()


def folder_of(made: BundleMade) -> Path:
    return Path((made.folder.value or b"").decode())


def checked(folder: Path, key: str = KEY.public.hex) -> Report:
    return verify(folder, key)


def failing(report: Report) -> list[str]:
    return [each.what for each in report.checks if each.ok is False]


# --- made and checked


def test_a_bundle_holds_everything_and_verifies_with_a_key_alone(hub: Hub, tmp_path: Path) -> None:
    here, away = hub.take(b"damaged"), hub.take(b"large", kept=False)
    made = hub.export()
    copy = tmp_path / "usb"
    shutil.copytree(folder_of(made), copy)
    shutil.rmtree(hub.state / "bundles")
    report = checked(copy)
    assert report.ok, report.checks
    assert (report.manifest, report.items, report.entries) == (made.manifest, 1, made.head)
    listed = {each["item"]: each for each in json.loads((copy / "data/evidence.json").read_bytes())}
    assert listed[here.item]["file"] == f"evidence/{here.item}" and listed[away.item]["file"] is None
    assert listed[here.item]["clock_offset_s"] == -2.0 and listed[here.item]["taken_by"] == "agent of files-1"
    assert [move["to"] for move in listed[here.item]["moves"]] == ["bundle"]
    assert (copy / "data/evidence" / here.item).read_bytes() == b"damaged"
    assert (made.items, made.stamp, made.detail) == (1, "none", "no time authority is set")


def test_the_layout_is_that_of_bagit(hub: Hub) -> None:
    hub.take(b"damaged")
    folder = folder_of(hub.export())
    assert (folder / "bagit.txt").read_bytes() == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    rows = dict(row.split("  ", 1)[::-1] for row in (folder / "manifest-sha256.txt").read_text().splitlines())
    files = [each for each in (folder / "data").rglob("*") if each.is_file()]
    assert rows == {str(each.relative_to(folder)): hashlib.sha256(each.read_bytes()).hexdigest() for each in files}
    info = dict(row.split(": ", 1) for row in (folder / "bag-info.txt").read_text().splitlines())
    assert info["Payload-Oxum"] == f"{sum(each.stat().st_size for each in files)}.{len(files)}"
    assert (info["External-Identifier"], info["Source-Organization"]) == ("i1", "Clinique")


def test_nothing_that_an_attacker_named_is_a_path_or_a_formula(hub: Hub) -> None:
    hub.take(b"damaged")
    hub.loop.append([NoteTaken("", "e" * 32, Text(HOSTILE), Text(b"pay"), "ab" * 32, 3, 9, 0.0)], who="agent/files-1")
    folder = folder_of(hub.export())
    for each in folder.rglob("*"):
        check_name(str(each.relative_to(folder)))
    for name in ("timeline.csv", "people.csv", "indicators.csv"):
        raw = (folder / "data" / name).read_bytes()
        assert b"\x1b" not in raw
        cells = [cell for row in csv.reader(raw.decode().splitlines()) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "-"))]


@pytest.mark.parametrize(("language", "word"), [("en", "person/anna"), ("fr", "person/anna")])
def test_tables_say_what_happened_and_who_said_what(hub: Hub, language: str, word: str) -> None:
    hub.take(b"damaged")
    folder = folder_of(hub.export(language))
    timeline = list(csv.DictReader((folder / "data/timeline.csv").read_text().splitlines()))
    people = list(csv.DictReader((folder / "data/people.csv").read_text().splitlines()))
    assert [row["who"] for row in people] == [word]
    assert [int(row["entry"]) for row in timeline] == list(range(1, int(timeline[-1]["entry"]) + 1))
    asked = "demande le dossier" if language == "fr" else "wants the bundle"
    assert any(asked in row["text"] for row in people)


def test_indicators_name_their_entries(hub: Hub) -> None:
    note = NoteTaken("", "e" * 32, Text("READ_ME.txt"), Text(b"pay"), "ab" * 32, 3, 9, 0.0)
    (entry, *_) = hub.loop.append([note], who="agent/files-1")
    suspect = h.Suspect("", "10.0.0.109", (), 0.9, "it wrote")
    hub.loop.append([h.SpreadFound("i1", "10.0.0.109", "files-1", 1.0, (), (suspect,), (), 4)])
    rows = list(csv.DictReader((folder_of(hub.export()) / "data/indicators.csv").read_text().splitlines()))
    found = {(row["sort"], row["value"]): int(row["entry"]) for row in rows}
    assert found["note_name", "READ_ME.txt"] == found["sha256", "ab" * 32] == entry.seq
    assert ("address", "10.0.0.109") in found


def test_what_changed_in_the_store_does_not_go_into_it_and_is_said(hub: Hub) -> None:
    item, fine = hub.take(b"damaged"), hub.take(b"other")
    path = hub.store.path_of(item)
    path.chmod(0o600)
    path.write_bytes(b"Damaged")
    made = hub.export()
    assert made.items == 1 and f"{item.item} is not the same any more" in made.detail
    moved = [each.payload for each in hub.loop.journal.entries(kinds=("evidence_moved",))]
    assert {(each.item, each.same) for each in moved if isinstance(each, EvidenceMoved)} == {
        (item.item, False), (fine.item, True),
    }  # fmt: skip
    assert checked(folder_of(made)).ok


def test_what_a_person_referred_to_is_listed(hub: Hub) -> None:
    image = EvidenceReferred(
        "f" * 32, "image", Text("disk of files-1"), Text("safe of the police"), "", "anna", Text("12")
    )
    hub.loop.append([image], who="person/anna")
    folder = folder_of(hub.export())
    (listed,) = json.loads((folder / "data/evidence.json").read_bytes())
    assert (listed["name"], listed["taken_by"], listed["detail"]) == ("disk of files-1", "anna", "12")
    assert checked(folder).ok


def test_a_password_that_was_typed_as_a_login_is_not_in_it(hub: Hub) -> None:
    hub.loop.append([h.SignInRefused(Text("correct horse"), "10.0.0.9", "wrong password")])
    hub.take(b"damaged")
    folder = folder_of(hub.export())
    assert not [each for each in folder.rglob("*") if each.is_file() and b"correct horse" in each.read_bytes()]
    assert b'"line":"text"' in (folder / "data/journal.jsonl").read_bytes() and checked(folder).ok


def test_without_a_page_the_bundle_stands_and_says_so(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(document: Document) -> Printed:
        raise NotTypeset("no typst here")

    monkeypatch.setattr(hub.bundles, "_typeset", cannot)
    made = hub.export()
    assert "no form: no typst here" in made.detail and checked(folder_of(made)).ok


def test_two_bundles_have_two_places(hub: Hub) -> None:
    hub.take(b"damaged")
    one, two = hub.export(), hub.export()
    assert folder_of(one) != folder_of(two) and checked(folder_of(one)).ok and checked(folder_of(two)).ok


# --- what goes wrong


def test_a_full_disk_leaves_nothing_and_says_why(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.take(b"damaged")

    def full(self: Writer, part: Part) -> str:
        if part.name == "journal.jsonl":
            raise OSError(28, "No space left on device")
        return real(self, part)

    real = Writer.add
    monkeypatch.setattr(Writer, "add", full)
    hub.loop.append([BundleWanted("i1", "anna", "en")], who="person/anna")
    hub.settle()
    *_, failed = [each.payload for each in hub.loop.journal.entries(kinds=("command_failed",))]
    assert isinstance(failed, h.CommandFailed) and "No space left" in failed.reason
    assert list((hub.state / "bundles").iterdir()) == []


def test_what_a_killed_hub_left_is_no_bundle_and_goes(hub: Hub) -> None:
    left = hub.state / "bundles" / ".i1-1.4711.new"
    (left / "data").mkdir(parents=True)
    hub.bundles.open(lambda payloads: None)
    assert not left.exists()


def test_incidents_with_odd_names_make_no_odd_folders(hub: Hub) -> None:
    assert hub.bundles._place("../../etc/\x1b").name == ".._.._etc__-1"
    assert hub.bundles._place("../x").parent == hub.state / "bundles"


def test_a_journal_that_is_written_all_the_time_is_no_hang(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    real = type(hub.loop.journal).checkpoint

    def busy(self: object, sign: object, at: object = None) -> object:
        made = real(self, sign)  # type: ignore[arg-type]
        hub.loop.append([h.HubStopped("busy")])
        return made

    monkeypatch.setattr(type(hub.loop.journal), "checkpoint", busy)
    hub.loop.append([BundleWanted("i1", "anna", "en")], who="person/anna")
    hub.settle()
    *_, failed = [each.payload for each in hub.loop.journal.entries(kinds=("command_failed",))]
    assert isinstance(failed, h.CommandFailed) and "faster than it can be signed" in failed.reason


# --- attacks on a bundle


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One bundle, made once; tests copy it."""
    top = tmp_path_factory.mktemp("sound")
    clock = VirtualClock(1_700_000_000.0)
    with pytest.MonkeyPatch.context() as patch, open_journal(top, who="hub", clock=clock) as journal:
        patch.setattr(stores, "ROOM", 0)
        made = Bundles(top, lambda: loop, KEY, clock, page)
        loop = Loop(journal, [FORENSICS], [made], clock)
        loop.start()
        loop.append([estate_loaded(ESTATE, Path("hospital.yaml"))])
        loop.append([h.IncidentOpened("i1", clock.now(), "files-1", 1)])
        hub = Hub(top, loop, clock, Evidence(top / "evidence"))
        hub.take(b"damaged"), hub.take(b"other")
        folder = folder_of(hub.export())
        loop.close()
    return folder


@pytest.fixture
def bundle(sound: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "bundle"
    shutil.copytree(sound, copy)
    return copy


def item_in(folder: Path) -> Path:
    return sorted((folder / "data/evidence").iterdir())[0]


def resigned(folder: Path, key: SigningKey) -> None:
    """Make manifests and signature fit what lies there, as a forger with a key of his own would."""
    files = [each for each in (folder / "data").rglob("*") if each.is_file()]
    digests = {str(each.relative_to(folder)): hashlib.sha256(each.read_bytes()).hexdigest() for each in files}
    (folder / bag.MANIFEST).write_bytes(bag._manifest(digests))
    tags = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (bag.BAGIT, bag.INFO, bag.MANIFEST)
    }
    raw = bag._manifest(tags)
    (folder / bag.TAGS).write_bytes(raw)
    manifest, at = hashlib.sha256(raw).hexdigest(), "2026-11-28T03:00:00.000000Z"
    signature = key.sign(bag.signed_bytes(manifest, at)).hex()
    said = {"format": 1, "key": KEY.public.hex, "manifest": manifest, "at": at, "signature": signature}
    (folder / bag.SIGNATURE).write_text(json.dumps(said))


def _added(folder: Path) -> None:
    (folder / "data/more.txt").write_text("x")


def _link(folder: Path) -> None:
    path = item_in(folder)
    path.rename(folder.parent / "outside")
    path.symlink_to(folder.parent / "outside")


def _pipe(folder: Path) -> None:
    path = item_in(folder)
    path.unlink()
    os.mkfifo(path)


def _swapped(folder: Path) -> None:
    one, two = sorted((folder / "data/evidence").iterdir())
    raw = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(raw)


def _info(folder: Path) -> None:
    path = folder / bag.INFO
    path.write_text(path.read_text().replace("Clinique", "Hospital"))


def _other_manifest(folder: Path) -> None:
    path = folder / bag.MANIFEST
    path.write_text(path.read_text().replace("data/", "../", 1))


def _no_signature(folder: Path) -> None:
    (folder / bag.SIGNATURE).unlink()


def _large_manifest(folder: Path) -> None:
    with (folder / bag.TAGS).open("ab") as file:
        file.truncate(64 << 20)


ATTACKS: dict[str, Callable[[Path], None]] = {
    "an item was changed": lambda folder: item_in(folder).write_bytes(b"Damaged"),
    "an item was removed": lambda folder: item_in(folder).unlink(),
    "a file was added": _added,
    "an item is a link": _link,
    "an item is a pipe": _pipe,
    "two items were swapped": _swapped,
    "whose it is was changed": _info,
    "a manifest leads out of the folder": _other_manifest,
    "the signature is gone": _no_signature,
    "a manifest is huge": _large_manifest,
    "the declaration is another": lambda folder: (folder / bag.BAGIT).write_text("BagIt-Version: 0.97\n"),
    "a directory is missing": lambda folder: shutil.rmtree(folder / "data"),
    "the signature is no JSON": lambda folder: (folder / bag.SIGNATURE).write_text("[" * 9_000),
    "the stamp is none": lambda folder: (folder / bag.STAMP).write_bytes(b"x"),
}


def test_a_copy_is_as_good(bundle: Path) -> None:
    assert checked(bundle).ok


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_shows(bundle: Path, attack: str) -> None:
    ATTACKS[attack](bundle)
    assert not checked(bundle).ok


def test_another_key_shows(bundle: Path) -> None:
    assert failing(checked(bundle, SigningKey.generate().public.hex))[0] == "signed by the hub"


@pytest.mark.parametrize("attack", ["an item was changed", "a file was added"])
def test_whoever_has_no_key_of_the_hub_cannot_make_it_fit_again(bundle: Path, attack: str) -> None:
    ATTACKS[attack](bundle)
    resigned(bundle, SigningKey.generate())
    assert "signed by the hub" in failing(checked(bundle))


def test_even_the_hub_cannot_sign_an_item_that_was_never_taken(bundle: Path) -> None:
    (bundle / "data/evidence" / ("a" * 32)).write_bytes(b"planted")
    resigned(bundle, KEY)
    assert failing(checked(bundle)) == ["every item is what the journal says was taken"]


def test_an_item_that_is_not_what_was_taken_shows_also_under_a_good_signature(bundle: Path) -> None:
    _swapped(bundle)
    resigned(bundle, KEY)
    assert failing(checked(bundle)) == ["every item is what the journal says was taken"]


def test_a_journal_that_was_shortened_shows_also_under_a_good_signature(bundle: Path) -> None:
    path = bundle / "data/journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if line.startswith(b'{"line":"entry"'))
    path.write_bytes(b"".join([*lines[:last], *lines[last + 1 :]]))
    resigned(bundle, KEY)
    assert failing(checked(bundle)) == ["the journal holds, signed to its last entry"]


@given(where=st.floats(0, 1, exclude_max=True), by=st.integers(1, 255))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_byte_of_the_journal_that_is_changed_shows(sound: Path, where: float, by: int) -> None:
    path = sound / "data/journal.jsonl"
    raw = bytearray(path.read_bytes())
    at = int(where * len(raw))
    before = raw[at]
    try:
        raw[at] = (before + by) % 256
        path.write_bytes(raw)
        assert not checked(sound).ok
    finally:
        raw[at] = before
        path.write_bytes(raw)


# --- the writer


@pytest.mark.parametrize("name", ["../x", "/x", "a/../b", "a//b", ".hidden", "a b", "a\n", "", "x" * 200, "é"])
def test_names_that_could_lead_elsewhere_are_none(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        check_name(name)


def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "b")
    writer.add(Part("a", [b"x"]))
    with pytest.raises(ValueError, match="twice"):
        writer.add(Part("a", [b"y"]))
    writer.drop()
    assert list(tmp_path.iterdir()) == []


def test_an_empty_bundle_is_one(tmp_path: Path) -> None:
    made = Writer(tmp_path / "b").finish({}, KEY.public.hex, KEY.sign, 1.7e9)
    assert made.files == 0
    assert "the journal holds" in failing(checked(tmp_path / "b"))
