"""Gathering evidence: notes, pairs, programs, the journal; on the disk, with a real journal and a real vault."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.agent.errands import gather as module
from garde.agent.errands import gather_find as find
from garde.agent.errands.base import Job
from garde.clock import VirtualClock
from garde.forensics.custody.store import Evidence, Item, NotKept
from garde.journal import kinds as k
from garde.journal.export import ExportRecord
from garde.journal.forensic_kinds import EvidenceGathered, EvidenceTaken, NoteTaken
from garde.journal.payload import Payload
from garde.journal.store import open_journal
from garde.journal.text import Text
from garde.journal.verify import faults
from garde.model.order import Order, Verb
from garde.settings import VaultSettings
from garde.vault import Vault

P = TypeVar("P", bound=Payload)
NOTE = b"All your files are encrypted. Pay 2 bitcoin. Our .onion page has more.\n"


@dataclass
class Server:
    """One server after an attack: a share of damaged files, notes, the agent's journal."""

    top: Path
    now: float

    @property
    def state(self) -> Path:
        return self.top / "state"

    @property
    def share(self) -> Path:
        return self.top / "srv"

    def folder(self, name: str) -> Path:
        made = self.share / name
        made.mkdir(parents=True, exist_ok=True)
        return made

    def journal(self, *payloads: Payload) -> None:
        with open_journal(self.state, clock=VirtualClock(self.now)) as journal:
            for each in payloads:
                journal.append(each)

    def damage(self, folder: str, name: str, ending: str = ".locked") -> tuple[Path, Path]:
        before = self.folder(folder) / name
        after = before.with_name(name + ending)
        after.write_bytes(os.urandom(500))
        found = k.FileDamage(Text(bytes(before)), Text(bytes(after)), self.now, ("type_lost",))
        self.journal(k.FindingMade(found, k.ActorNote("unknown"), "v1"))
        return before, after

    def note(self, *folders: str, name: str = "READ_ME.txt", data: bytes = NOTE) -> None:
        for each in folders:
            (self.folder(each) / name).write_bytes(data)

    def gather(self, again: bool = False, command: str = "c1", since: float | None = None) -> list[Payload]:
        order = Order(command, "", Verb.GATHER, since=self.now - 60 if since is None else since)
        clock = VirtualClock(self.now)
        return list(module.gather(Job(order, again=again), self.state, "files", clock, 5.0))

    @property
    def store(self) -> Evidence:
        return Evidence(self.state / "evidence")

    def store_after(self) -> list[Item]:
        """What is kept once it has gathered."""
        self.gather()
        return list(self.store.items())


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(find, "LOGS", ())
    monkeypatch.setattr(module, "seal", lambda handle: None)
    made = Server(tmp_path, time.time())
    made.state.mkdir()
    made.share.mkdir()
    made.journal(k.AgentStarted("0", "enforce", "enforce", "fanotify", 1, True, ()))
    yield made


def of(kind: type[P], said: list[Payload]) -> list[P]:
    return [each for each in said if isinstance(each, kind)]


def sorts(said: list[Payload]) -> list[str]:
    return [each.sort for each in of(EvidenceTaken, said)]


# --- notes


def test_a_note_in_many_folders_is_one_with_its_number(server: Server) -> None:
    for name in ("a", "b", "c"):
        server.damage(name, "plan.docx")
    server.note("a", "b", "c")
    said = server.gather()
    (note,) = of(NoteTaken, said)
    assert (note.copies, note.name.value, note.text.value, note.size) == (3, b"READ_ME.txt", NOTE, len(NOTE))
    assert [each.item for each in of(EvidenceTaken, said) if each.sort == "note"] == [note.item]


def test_a_note_above_the_damaged_folders_is_found(server: Server) -> None:
    server.damage("a", "plan.docx")
    server.note("", name="HOW TO RECOVER.txt")
    assert [each.name.value for each in of(NoteTaken, server.gather())] == [b"HOW TO RECOVER.txt"]


def test_a_new_text_of_somebody_at_work_is_no_note(server: Server) -> None:
    server.damage("a", "plan.docx")
    server.note("a", name="minutes.txt", data=b"Present: Anna, Boris. The ward is full; we need two more nurses.\n")
    server.note("b", name="READ_ME.txt")  # nothing was damaged there
    assert of(NoteTaken, server.gather()) == []


def test_a_note_is_told_by_its_words_where_its_name_says_nothing(server: Server) -> None:
    server.damage("a", "plan.docx")
    server.note("a", name="x9k2.txt")
    assert len(of(NoteTaken, server.gather())) == 1


def test_what_was_there_before_the_harm_is_no_note(server: Server) -> None:
    server.damage("a", "plan.docx")
    server.note("a", "b")
    old = server.now - 9_000
    for each in server.share.rglob("READ_ME.txt"):
        os.utime(each, (old, old))
    assert of(NoteTaken, server.gather(since=server.now + 1_000)) == []  # ctime cannot be set: harm is later instead


def test_a_text_that_the_vault_knew_before_is_no_note(server: Server) -> None:
    server.note("a", name="README.txt")
    clock = VirtualClock(server.now - 9_000)
    with Vault(server.state, [bytes(server.share)], VaultSettings(), clock=clock, at_mount=False) as vault:
        vault.scan([bytes(server.share)])
    server.damage("a", "plan.docx")
    assert of(NoteTaken, server.gather()) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_a_note_is_read_whatever_it_is_written_in(server: Server, encoding: str) -> None:
    server.damage("a", "plan.docx")
    words = "Vos données sont chiffrées : paiement en bitcoin à notre adresse"
    server.note("a", data=words.encode(encoding))
    (note,) = of(NoteTaken, server.gather())
    assert (note.text.value or b"").decode() == words


def test_links_pipes_and_large_files_are_no_notes_and_stop_nobody(server: Server, tmp_path: Path) -> None:
    server.damage("a", "plan.docx")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret").write_bytes(NOTE)
    folder = server.folder("a")
    (folder / "README1.txt").symlink_to(elsewhere / "secret")
    os.mkfifo(folder / "README2.txt")
    (folder / "README3.txt").write_bytes(NOTE * 2_000)
    (folder / "README4.txt").write_bytes(os.urandom(900))
    assert of(NoteTaken, server.gather()) == []


@given(st.binary(max_size=400))
def test_any_bytes_can_be_asked_whether_they_are_words(data: bytes) -> None:
    words = find.words_of(data)
    words.encode()
    assert find.is_text(data) in (True, False)


# --- pairs


def test_a_damaged_file_is_kept_with_its_pre_image(server: Server) -> None:
    before = server.folder("a") / "plan.txt"
    before.write_bytes(b"Bed 4: temperature 37.2\n" * 40)
    sound = before.read_bytes()
    with Vault(
        server.state, [bytes(server.share)], VaultSettings(), clock=VirtualClock(server.now - 9_000), at_mount=False
    ) as vault:
        vault.scan([bytes(server.share)])
    before.unlink()
    _, after = server.damage("a", "plan.txt")
    said = of(EvidenceTaken, server.gather())
    one, other = (next(each for each in said if each.sort == sort) for sort in ("damaged", "clean"))
    assert other.pair == one.item and other.place.value == bytes(before) and one.place.value == bytes(after)
    assert server.store.path_of(server.store.find(other.item)).read_bytes() == sound  # type: ignore[arg-type]


def test_after_the_restore_the_damaged_one_is_taken_from_where_it_was_moved(server: Server, tmp_path: Path) -> None:
    before, after = server.damage("a", "plan.docx")
    moved = tmp_path / "moved"
    after.rename(moved)
    before.write_bytes(b"sound")
    server.journal(k.FileRestored("v1", Text(bytes(before)), 1.0, "ab" * 32, True, Text(bytes(moved))))
    said = of(EvidenceTaken, server.gather())
    one, other = (next(each for each in said if each.sort == sort) for sort in ("damaged", "clean"))
    assert one.sha256 and one.place.value == bytes(after) and other.pair == one.item


def test_of_many_a_few_are_kept_of_each_ending_first(server: Server) -> None:
    for number in range(40):
        server.damage("a", f"{number}.docx")
    server.damage("a", "x.pdf")
    server.damage("a", "y.docx", ending=".other")
    said = [each for each in of(EvidenceTaken, server.gather()) if each.sort == "damaged"]
    assert len(said) == find.MOST_PAIRS
    endings = {(each.name.value or b"").split(b".", 1)[1] for each in said}
    assert endings == {b"docx.locked", b"pdf.locked", b"docx.other"}


# --- what goes wrong, and again


def test_what_cannot_be_taken_is_counted_and_keeps_nobody_from_the_next(server: Server) -> None:
    _, gone = server.damage("a", "gone.docx")
    gone.unlink()
    _, large = server.damage("a", "large.docx")
    large.write_bytes(b"x" * (module.SMALL + 1))
    server.damage("a", "fine.docx")
    said = server.gather()
    (end,) = of(EvidenceGathered, said)
    assert end.left_out == 2 and "damaged: " in end.detail
    assert sorts(said) == ["damaged", "record"] and end.items == 2


def test_a_full_disk_leaves_everything_out_and_the_errand_ends_well(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise NotKept("there is no room for it")

    server.damage("a", "plan.docx")
    server.note("a")
    monkeypatch.setattr(Evidence, "keep", full)
    (end,) = server.gather()
    assert isinstance(end, EvidenceGathered) and end.items == 0 and end.left_out == 3 and "room" in end.detail


def test_what_was_kept_before_is_not_told_again(server: Server) -> None:
    server.damage("a", "plan.docx")
    server.note("a")
    first = server.gather()
    assert sorts(first) == ["note", "damaged", "record"]
    server.damage("a", "more.docx")
    assert sorts(server.gather(command="c2")) == ["damaged"]


def test_what_grows_all_the_time_is_kept_once_in_ten_minutes(server: Server) -> None:
    assert sorts(server.gather()) == ["record"]
    server.journal(k.AgentStopped("x"))
    server.now += module.AGAIN_S - 1
    assert sorts(server.gather(command="c2")) == []
    server.now += 2
    assert sorts(server.gather(command="c3")) == ["record"]


def test_begun_again_after_a_crash_it_tells_again_what_it_had_kept(server: Server) -> None:
    server.damage("a", "plan.docx")
    server.note("a")
    order = Order("c1", "", Verb.GATHER, since=server.now - 60)
    killed = module.gather(Job(order), server.state, "files", VirtualClock(server.now), None)
    next(killed)
    killed.close()
    said = server.gather(again=True)
    assert len(of(NoteTaken, said)) == 1 and sorts(said) == ["note", "damaged", "record"]


def test_times_are_the_hubs_and_it_is_said_how_far_the_clock_is_off(server: Server) -> None:
    (taken,) = of(EvidenceTaken, server.gather())
    assert taken.taken_at == pytest.approx(server.now + 5.0)
    assert (taken.clock_offset_s, taken.offset_known) == (-5.0, True)


# --- programs, logs, the journal


def test_the_program_of_a_held_process_is_kept_inert(server: Server, tmp_path: Path) -> None:
    program = tmp_path / "locker"
    program.write_bytes(b"\x7fELF" + b"x" * 60)
    program.chmod(0o755)
    actor = k.ActorNote("process", 4031, exe=Text(bytes(program)))
    shell = k.ActorNote("process", 4032, exe=Text(b"/usr/bin/python3.11"))
    server.journal(k.ActorHeld("h1", "v1", "process", actor, (), 4), k.ActorHeld("h2", "v1", "process", shell, (), 4))
    (item,) = [each for each in server.store_after() if each.sort == "sample"]
    assert item.name == b"locker" and server.store.path_of(item).stat().st_mode & 0o111 == 0


def test_of_a_log_the_end_is_kept(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "auth.log"
    log.write_bytes(b"old\n" * 2_000_000 + b"Accepted password for carla from 203.0.113.9\n")
    monkeypatch.setattr(find, "logs", lambda: [find.Thing("log", b"auth.log", bytes(log))])
    (item,) = [each for each in server.store_after() if each.sort == "log"]
    assert item.size == module.LOG and server.store.path_of(item).read_bytes().endswith(b"203.0.113.9\n")


def test_the_journal_is_kept_as_an_export_that_verifies(server: Server) -> None:
    (item,) = server.store_after()
    with server.store.path_of(item).open("rb") as lines:
        assert list(faults(ExportRecord(lines))) == []
