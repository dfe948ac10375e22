"""The watcher as scripts: activity in, commands out. The files are a dictionary; nothing is read from a disk."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from garde.content import Comparison, NewFile, Structure
from garde.model.activity import Activity, What
from garde.model.actor import Actor, ActorKind, Process, SmbClient
from garde.model.finding import Proof
from garde.settings import WatchSettings
from garde.vault import Compared, Known
from garde.vault.records import How
from garde.watch.commands import Capture, Command, Dropped, Found, Judged, MassLoss, Moved, Rescan
from garde.watch.watcher import BLAMED_SECONDS, Watcher
from garde.watch.weights import load

RANDOM = frozenset({Proof.TYPE_LOST, Proof.RANDOM_CHANGE})
HEALTHY: frozenset[Proof] = frozenset()
OPEN, CLOSED = What.MODIFY, What.MODIFY | What.CLOSE_WRITE


def known(path: bytes, kind: str = "pdf", size: int = 9000) -> Known:
    return Known(
        path=path, kind=kind, size=size, mtime_ns=0, mode=0o644, uid=0, gid=0, fid=b"", captured_at=0.0, version=1,
        object=None, sha256=None, structure=Structure.WHOLE, how=How.NONE, store=1, gone=None,
    )  # fmt: skip


def comparison(proofs: frozenset[Proof], size: int = 9000, pool: bytes = b"", before: str = "pdf") -> Comparison:
    return Comparison(
        proofs=proofs, kind_before=before, kind_after="unknown" if proofs else before, size_before=9000,
        size_after=size, changed=4096 if proofs else 100, sampled=False, pool=pool,
        structure_after=Structure.UNCHECKED, detail="",
    )  # fmt: skip


def process(pid: int, sid: int = 50, uid: int = 1000) -> Actor:
    return Actor(ActorKind.PROCESS, Process(pid, pid, 1, sid, uid, "tool", "/usr/bin/tool", "/"), f"u{uid}")


@dataclass
class Files:
    """What is known, and what files look like now."""

    known: dict[bytes, Known] = field(default_factory=dict)
    now: dict[bytes, Comparison | None] = field(default_factory=dict)
    opened: list[tuple[bytes, bool]] = field(default_factory=list)
    there: dict[bytes, bytes] = field(default_factory=dict)  # which file stands there, where that matters

    def find(self, path: bytes, fid: bytes) -> Known | None:
        return self.known.get(path) or next((item for item in self.known.values() if fid and item.fid == fid), None)

    def compare(self, known: Known, path: bytes, *, still_open: bool) -> Comparison | None:
        self.opened.append((path, still_open))
        return self.now.get(path, comparison(HEALTHY))

    def is_at(self, path: bytes, fid: bytes) -> bool:
        return self.there.get(path, fid) == fid

    def look(self, path: bytes) -> NewFile | None:
        now = self.now.get(path)
        if now is None:
            return None
        bad = bool(now.proofs)
        return NewFile(now.kind_after, now.size_after, Structure.UNCHECKED, bad, frozenset(), b"", "")


class Script:
    """Plays activity in order and gathers commands."""

    def __init__(self) -> None:
        self.files = Files()
        self.now = 100.0
        self.living: set[int] = set()
        self.watcher = Watcher(
            self.files, WatchSettings(), load(), [b"/srv"], wall=lambda: 1000.0 + self.now,
            alive=self.living.__contains__,
            stores=[b"/srv/.garde-vault/mine"],
        )  # fmt: skip
        self.commands: list[Command] = []

    def document(self, *paths: bytes, now: frozenset[Proof] | None = None, kind: str = "pdf") -> None:
        for path in paths:
            self.files.known[path] = known(path, kind)
            if now is not None:
                self.files.now[path] = comparison(now)

    def does(
        self, what: int, path: bytes, who: Actor, new: bytes = b"", after: float = 0.001, fid: bytes = b""
    ) -> None:
        self.now += after
        self.living.add(who.pid)
        directory, _, name = path.rpartition(b"/")
        new_directory, _, new_name = new.rpartition(b"/")
        activity = Activity(self.now, what, who.pid, directory, name, fid, new_directory, new_name)
        self.watcher.see(activity, path, new or None, who)
        self.work()

    def work(self, after: float = 0.0) -> None:
        self.now += after
        self.watcher.work(self.now, 100)
        self.commands += self.watcher.take()

    def of(self, kind: type[Command]) -> list[Command]:
        return [command for command in self.commands if isinstance(command, kind)]


@pytest.fixture
def script() -> Script:
    return Script()


def test_closed_files_are_judged_at_once_and_the_third_unreadable_one_is_a_verdict(script: Script) -> None:
    paths = [b"/srv/%d.pdf" % number for number in range(3)]
    script.document(*paths, now=RANDOM)
    for path in paths:
        script.does(CLOSED, path, process(7))
    assert len(script.of(Found)) == 3
    (judged,) = script.of(Judged)
    assert isinstance(judged, Judged)
    assert judged.parties == (("session", 50, 1000),)


def test_a_file_that_took_the_place_of_the_one_that_was_closed_is_looked_at_once_more(script: Script) -> None:
    script.document(b"/srv/a.pdf", b"/srv/b.pdf", now=RANDOM)
    for path in (b"/srv/a.pdf", b"/srv/b.pdf"):
        script.files.there[path] = b"second"
        script.does(CLOSED, path, process(7), fid=b"first")
    assert script.of(Found) == [], "half of it may be written by now"
    script.files.now[b"/srv/a.pdf"] = comparison(HEALTHY)
    script.work(after=0.3)
    (found,) = script.of(Found)
    assert isinstance(found, Found) and found.finding.path == b"/srv/b.pdf"


def test_a_file_that_takes_a_name_while_another_waits_is_not_closed_because_that_one_was(script: Script) -> None:
    script.document(b"/srv/a.pdf", now=RANDOM)
    script.watcher.see(activity(script, CLOSED, b"first"), b"/srv/a.pdf", None, process(7))
    script.watcher.see(activity(script, OPEN, b"second"), b"/srv/a.pdf", None, process(7))
    script.work(after=0.002)
    assert script.files.opened == [(b"/srv/a.pdf", True)]


def activity(script: Script, what: int, fid: bytes) -> Activity:
    return Activity(script.now, what, 7, b"/srv", b"a.pdf", fid, b"", b"")


def test_a_file_kept_open_is_judged_after_a_millisecond_and_again_when_long_dirty(script: Script) -> None:
    script.document(b"/srv/a.pdf")
    script.does(OPEN, b"/srv/a.pdf", process(7))
    assert script.files.opened == []
    script.work(after=0.0011)
    assert script.files.opened == [(b"/srv/a.pdf", True)]
    script.work(after=0.3)
    assert script.files.opened == [(b"/srv/a.pdf", True)] * 2


def test_handles_kept_open_lead_to_a_verdict_without_a_single_close(script: Script) -> None:
    paths = [b"/srv/%d.pdf" % number for number in range(3)]
    script.document(*paths, now=RANDOM)
    for path in paths:
        script.does(OPEN, path, process(7), after=0.0025)
    script.work(after=0.002)
    assert len(script.of(Judged)) == 1


def test_a_healthy_change_is_handed_to_the_keeper_and_counts_against_nobody(script: Script) -> None:
    script.document(b"/srv/a.pdf", now=HEALTHY)
    script.does(CLOSED, b"/srv/a.pdf", process(7))
    assert script.commands == [Capture(b"/srv/a.pdf", b"", ("session", 50, 1000))]


def test_the_keeper_is_told_of_what_nothing_is_known_yet(script: Script) -> None:
    for path, what in (("/srv/new", What.CREATE), ("/srv/new", 0), ("/srv/~tmp", What.CREATE), ("/srv/moved-in", 0)):
        script.does(what | CLOSED, path.encode(), process(7))
    script.does(What.RENAME, b"/srv/~tmp", process(7), new=b"/srv/b")
    assert [command.first for command in script.of(Capture)] == [True, False, True, True, True]


def test_the_keeper_is_told_how_a_file_compared_whose_bytes_were_all_read(script: Script) -> None:
    script.document(b"/srv/a.pdf")
    script.files.now[b"/srv/a.pdf"] = found = replace(comparison(HEALTHY), digest=b"d" * 16)
    script.does(CLOSED, b"/srv/a.pdf", process(7))
    assert script.commands == [Capture(b"/srv/a.pdf", b"", ("session", 50, 1000), Compared(1, found))]


def test_a_busy_honest_hand_is_left_to_the_keeper(script: Script) -> None:
    paths = [b"/srv/%d.pdf" % number for number in range(400)]
    script.document(*paths, now=HEALTHY)
    for path in paths:
        script.does(CLOSED, path, process(7), after=0.0001)
    assert 100 < len(script.files.opened) < 200
    assert len(script.of(Capture)) == 400


def test_the_keepers_findings_count_like_the_watchers_own(script: Script) -> None:
    paths = [b"/srv/%d.pdf" % number for number in range(3)]
    script.document(*paths, now=HEALTHY)
    for path in paths:
        script.does(CLOSED, path, process(7))
    for path in paths:
        script.watcher.found_later(path, comparison(RANDOM), ("session", 50, 1000), script.now)
    script.work()
    assert len(script.of(Judged)) == 1


def test_a_new_random_file_is_no_damage_but_taking_a_known_files_place_is(script: Script) -> None:
    for number in range(3):
        new, old = b"/srv/%d.pdf.locked" % number, b"/srv/%d.pdf" % number
        script.document(old)
        script.files.now[new] = comparison(RANDOM)
        script.does(What.CREATE | CLOSED, new, process(7))
        assert len(script.of(Found)) == number
        script.does(What.DELETE, old, process(7))
        assert len(script.of(Found)) == number + 1
    finding = script.of(Found)[0].finding  # type: ignore[union-attr]
    assert Proof.REPLACED in finding.proofs
    assert (finding.path, finding.path_after) == (b"/srv/0.pdf", b"/srv/0.pdf.locked")
    assert len(script.of(Judged)) == 1


def test_the_original_may_go_first(script: Script) -> None:
    for number in range(3):
        new, old = b"/srv/%d.locked" % number, b"/srv/%d.pdf" % number
        script.document(old)
        script.files.now[new] = comparison(RANDOM)
        script.does(What.CREATE, new, process(7))
        script.does(What.DELETE, old, process(7))
        script.does(CLOSED, new, process(7))
    assert len(script.of(Judged)) == 1


def test_random_names_are_linked_by_size(script: Script) -> None:
    for number in range(3):
        new, old = b"/srv/x%d" % (7919 * number), b"/srv/report-%d.pdf" % number
        script.document(old)
        script.files.now[new] = comparison(RANDOM, size=9100)
        script.does(What.CREATE | CLOSED, new, process(7))
        script.does(What.DELETE, old, process(7))
    assert len(script.of(Judged)) == 1


def test_a_backup_programs_packs_come_and_go(script: Script) -> None:
    for number in range(50):
        new, old = b"/srv/packs/%d" % (number + 1), b"/srv/packs/%d" % number
        script.document(old, kind="unknown")
        script.files.now[new] = comparison(RANDOM)
        script.does(What.CREATE | CLOSED, new, process(7))
        script.does(What.DELETE, old, process(7))
    script.work(after=5.0)
    assert not script.of(Found) and not script.of(MassLoss)


def test_compressing_files_in_their_place_is_honest(script: Script) -> None:
    for number in range(50):
        new, old = b"/srv/%d.pdf.gz" % number, b"/srv/%d.pdf" % number
        script.document(old)
        script.files.now[new] = comparison(HEALTHY, before="gzip")
        script.does(What.CREATE | CLOSED, new, process(7))
        script.does(What.DELETE, old, process(7))
    script.work(after=5.0)
    assert not script.of(Found) and not script.of(MassLoss)


def test_what_a_hand_made_itself_is_not_missed(script: Script) -> None:
    for number in range(100):
        path = b"/srv/%d.pdf" % number
        script.does(What.CREATE | CLOSED, path, process(7))
        script.document(path)  # the keeper has kept it meanwhile
        script.does(What.DELETE, path, process(7))
    script.work(after=5.0)
    assert not script.of(MassLoss)


def test_a_new_file_that_is_gone_again_need_not_be_kept(script: Script) -> None:
    script.does(What.CREATE | CLOSED, b"/srv/tmp-1", process(7))
    script.does(What.DELETE, b"/srv/tmp-1", process(7))
    assert script.of(Dropped) == [Dropped(b"/srv/tmp-1")]
    script.document(b"/srv/a.pdf")
    script.does(What.DELETE, b"/srv/a.pdf", process(7))
    assert len(script.of(Dropped)) == 1, "a known file is missed, not dropped"


def test_deleting_many_documents_is_a_loss_but_never_a_hold(script: Script) -> None:
    paths = [b"/srv/%d.pdf" % number for number in range(40)]
    script.document(*paths)
    for path in paths:
        script.does(What.DELETE, path, process(7))
    script.work(after=1.0)
    (loss,) = script.of(MassLoss)
    assert isinstance(loss, MassLoss)
    assert loss.paths == tuple(paths)
    assert not script.of(Judged)


def test_deleting_files_that_are_no_documents_is_everyday_work(script: Script) -> None:
    paths = [b"/srv/objects/%d" % number for number in range(456)]
    script.document(*paths, kind="unknown")
    for path in paths:
        script.does(What.DELETE, path, process(7), after=0.0002)
    script.work(after=5.0)
    assert script.commands == []


def test_replacing_an_installed_package_is_everyday_work_although_it_holds_pictures(script: Script) -> None:
    for number in range(60):
        for kind in ("png", "text", "text", "unknown"):
            path = b"/srv/lib/%d.%s" % (number, kind.encode())
            script.document(path, kind=kind)
            script.does(What.DELETE, path, process(7), after=0.0002)
    script.work(after=5.0)
    assert not script.of(MassLoss)


def test_many_names_in_many_folders_count_once(script: Script) -> None:
    for name in range(50):
        for number in range(6):
            script.does(What.CREATE | CLOSED, b"/srv/%d/file-%d.pl" % (number, name), process(7))
    levels = script.watcher.parties.of(process(7), "/srv").levels
    assert script.watcher.suspicion.score(levels[0], script.now) <= 2.5


def test_truncating_many_documents_is_a_loss_even_without_a_close(script: Script) -> None:
    paths = [b"/srv/%d.pdf" % number for number in range(20)]
    script.document(*paths)
    for path in paths:
        script.files.now[path] = comparison(frozenset({Proof.EMPTIED}), size=0)
        script.does(OPEN, path, process(7))
    script.work(after=0.3)
    script.work(after=1.0)
    assert len(script.of(MassLoss)) == 1 and not script.of(Judged)


def test_a_save_that_empties_first_and_writes_then_is_no_loss(script: Script) -> None:
    paths = [b"/srv/%d.pdf" % number for number in range(40)]
    script.document(*paths)
    for path in paths:
        script.files.now[path] = comparison(frozenset({Proof.EMPTIED}), size=0)
        script.does(OPEN, path, process(7))
        script.files.now[path] = comparison(HEALTHY)
        script.does(CLOSED, path, process(7))
    script.work(after=5.0)
    assert not script.of(MassLoss) and not script.of(Found)


def test_a_rename_over_a_file_is_judged_against_what_the_name_held(script: Script) -> None:
    for number in range(3):
        old, new = b"/srv/.tmp%d" % number, b"/srv/%d.pdf" % number
        script.document(new, now=RANDOM)
        script.does(What.CREATE | CLOSED, old, process(7))
        script.does(What.RENAME, old, process(7), new=new)
    assert len(script.of(Judged)) == 1


def test_saving_by_rename_is_honest(script: Script) -> None:
    for number in range(100):
        old, new = b"/srv/.tmp%d" % number, b"/srv/%d.pdf" % number
        script.document(new, now=HEALTHY)
        script.does(What.CREATE | CLOSED, old, process(7), after=0.02)
        script.does(What.RENAME, old, process(7), new=new)
    assert not script.of(Found)
    assert not script.of(Moved), "the temporary name was never known"


def test_a_plain_rename_is_followed_and_a_renamed_file_keeps_its_past(script: Script) -> None:
    script.document(b"/srv/a.pdf")
    script.does(What.RENAME, b"/srv/a.pdf", process(7), new=b"/srv/b.pdf")
    assert script.of(Moved) == [Moved(b"/srv/a.pdf", b"/srv/b.pdf", False)]
    for number in range(3):
        old, new = b"/srv/%d.pdf" % number, b"/srv/%d.pdf.enc" % number
        script.document(old)
        script.files.now[new] = comparison(RANDOM)
        script.does(What.RENAME, old, process(7), new=new)
    assert {command.finding.path for command in script.of(Found)} == {b"/srv/%d.pdf" % n for n in range(3)}  # type: ignore[union-attr]
    assert len(script.of(Judged)) == 1


def test_directories_are_followed_and_those_moved_in_are_looked_at(script: Script) -> None:
    script.does(What.RENAME | What.DIRECTORY, b"/srv/old", process(7), new=b"/srv/new")
    assert script.commands == [Moved(b"/srv/old", b"/srv/new", True)]
    script.commands.clear()
    script.does(What.RENAME | What.DIRECTORY, b"", process(7), new=b"/srv/in")
    assert isinstance(script.commands[-1], Rescan) and script.commands[-1].path == b"/srv/in"


def test_lost_events_lead_to_a_rescan(script: Script) -> None:
    script.does(What.OVERFLOW, b"", process(7))
    assert [type(command) for command in script.commands] == [Rescan]


def test_a_foreign_write_in_the_vault_is_a_verdict(script: Script) -> None:
    script.does(CLOSED, b"/srv/.garde-vault/mine/objects/00/17", process(7))
    assert len(script.of(Judged)) == 1


def test_writing_on_through_a_handle_of_a_file_that_became_evidence_is_no_crime(script: Script) -> None:
    script.does(CLOSED, b"/srv/.garde-vault/mine/evidence/12/report.docx", process(7))
    assert script.commands == []
    script.does(What.DELETE, b"/srv/.garde-vault/mine/evidence/12/report.docx", process(7))
    assert len(script.of(Judged)) == 1


def test_another_agents_vault_is_its_own_to_guard(script: Script) -> None:
    script.does(CLOSED, b"/srv/.garde-vault/others/objects/00/17", process(7))
    assert script.commands == []


def test_small_changes_are_read_together(script: Script) -> None:
    import os

    for number in range(6):
        path = b"/srv/%d.hl7" % number
        script.document(path, kind="text.hl7")
        script.files.now[path] = comparison(frozenset({Proof.TEXT_LOST}), pool=os.urandom(300))
        script.does(CLOSED, path, process(7))
    assert any(Proof.POOLED_RANDOM in command.finding.proofs for command in script.of(Found))  # type: ignore[union-attr]
    assert len(script.of(Judged)) == 1


def test_short_lived_children_of_one_session_are_one_hand(script: Script) -> None:
    paths = [b"/srv/%d.pdf" % number for number in range(3)]
    script.document(*paths, now=RANDOM)
    for number, path in enumerate(paths):
        script.does(CLOSED, path, process(700 + number))
    assert len(script.of(Judged)) == 1


def test_eighteen_sessions_of_one_user_are_judged_at_the_user(script: Script) -> None:
    judged = []
    for number in range(18):
        path = b"/srv/%d.pdf" % number
        script.document(path, now=RANDOM)
        script.does(CLOSED, path, process(700 + number, sid=700 + number))
        judged = script.of(Judged)
    assert isinstance(judged[0], Judged)
    assert judged[0].verdict.level == "user" and len(judged[0].parties) == 3
    assert {key for command in judged for key in command.parties} == {("session", 700 + n, 1000) for n in range(18)}  # type: ignore[union-attr]


def test_one_smb_client_is_one_hand_and_its_neighbour_another(script: Script) -> None:
    bad = Actor(ActorKind.SMB, Process(9, 1, 1, 1, 0, "smbd", "", ""), "root", (), SmbClient("10.0.0.9", 5))
    good = Actor(ActorKind.SMB, Process(8, 1, 1, 1, 0, "smbd", "", ""), "root", (), SmbClient("10.0.0.8", 5))
    for number in range(3):
        script.document(b"/srv/%d.pdf" % number, now=RANDOM)
        script.document(b"/srv/good%d.pdf" % number, now=HEALTHY)
        script.does(CLOSED, b"/srv/good%d.pdf" % number, good)
        script.does(CLOSED, b"/srv/%d.pdf" % number, bad)
    (judged,) = script.of(Judged)
    assert isinstance(judged, Judged)
    assert judged.parties == (("smb 10.0.0.9", 0, 0),)


def client(address: str, pid: int = 9) -> Actor:
    return Actor(ActorKind.SMB, Process(pid, 1, 1, 1, 0, "smbd", "", ""), "root", (), SmbClient(address, 5))


def test_a_client_that_was_judged_elsewhere_is_judged_by_what_it_did_here(script: Script) -> None:
    script.document(b"/srv/a.pdf", b"/srv/b.pdf", now=RANDOM)
    script.does(CLOSED, b"/srv/a.pdf", client("10.0.0.9"))
    script.does(CLOSED, b"/srv/b.pdf", client("10.0.0.8", 8))
    assert script.of(Judged) == []
    script.watcher.blame(["10.0.0.9", "fd00::9"], script.now)
    script.work()
    (judged,) = script.of(Judged)
    assert isinstance(judged, Judged) and judged.parties == (("smb 10.0.0.9", 0, 0),)
    assert [found.path for found in judged.verdict.findings] == [b"/srv/a.pdf"]


def test_what_it_had_under_way_is_judged_when_it_is_found_and_not_for_ever(script: Script) -> None:
    script.document(b"/srv/a.pdf", b"/srv/b.pdf", now=RANDOM)
    script.watcher.blame(["10.0.0.9", "10.0.0.8"], script.now)
    script.does(CLOSED, b"/srv/a.pdf", client("10.0.0.9"))
    assert len(script.of(Judged)) == 1
    script.does(CLOSED, b"/srv/b.pdf", client("10.0.0.8", 8), after=BLAMED_SECONDS + 1)
    assert len(script.of(Judged)) == 1


def test_who_did_nothing_here_is_not_judged_for_what_others_say(script: Script) -> None:
    script.document(b"/srv/a.pdf", now=HEALTHY)
    script.does(CLOSED, b"/srv/a.pdf", client("10.0.0.9"))
    script.watcher.blame(["10.0.0.9"], script.now)
    script.work()
    assert script.of(Judged) == []


def test_an_smbd_that_has_ended_is_still_its_clients_hand(script: Script) -> None:
    child = Process(9, 1, 1, 1, 0, "smbd", "", "")
    alive = Actor(ActorKind.SMB, child, "", (), SmbClient("10.0.0.9", 5))
    ended = Actor(ActorKind.SMB, child, "", (), SmbClient("", 0))
    paths = [b"/srv/%d.pdf" % number for number in range(8)]
    script.document(*paths, now=RANDOM)
    for path in paths[:3]:
        script.does(CLOSED, path, alive)
    script.watcher.held(("smb 10.0.0.9", 0, 0), frozenset({9}))
    for path in paths[3:]:
        script.does(CLOSED, path, ended)
    assert len(script.of(Judged)) == 1


def test_a_held_hand_is_not_judged_again_but_its_ledger_grows(script: Script) -> None:
    paths = [b"/srv/%d.pdf" % number for number in range(10)]
    script.document(*paths, now=RANDOM)
    for path in paths[:3]:
        script.does(CLOSED, path, process(7))
    key = ("session", 50, 1000)
    script.watcher.held(key, frozenset({7}))
    for path in paths[3:]:
        script.does(CLOSED, path, process(7))
    assert len(script.of(Found)) == 3
    party = script.watcher.parties.get(key)
    assert party is not None and set(party.ledger) == set(paths)
    assert script.watcher.take_late() == {key}


def test_a_living_process_that_slipped_a_hold_is_judged_and_a_dead_one_is_not(script: Script) -> None:
    paths = [b"/srv/%d.pdf" % number for number in range(5)]
    script.document(*paths, now=RANDOM)
    for path in paths[:3]:
        script.does(CLOSED, path, process(7))
    script.watcher.held(("session", 50, 1000), frozenset({7}))
    script.does(CLOSED, paths[3], process(77))
    assert len(script.of(Judged)) == 2
    script.watcher.held(("session", 50, 1000), frozenset({7, 77}))
    script.living = script.watcher._alive.__self__  # type: ignore[attr-defined]
    activity = Activity(script.now, CLOSED, 78, b"/srv", b"4.pdf")
    script.watcher.see(activity, paths[4], None, process(78))
    script.work()
    assert len(script.of(Judged)) == 2


def test_a_user_who_unpacks_again_and_again_starts_from_nothing(script: Script) -> None:
    for sid in range(50, 60):
        for folder in range(12):
            script.does(What.CREATE, b"/srv/%d/%d/bash.mo" % (sid, folder), process(sid, sid))
    script.document(b"/srv/a.pdf", now=RANDOM)
    script.does(CLOSED, b"/srv/a.pdf", process(99, 99))
    assert len(script.of(Found)) == 1 and not script.of(Judged)


def test_one_note_in_many_directories_adds_to_what_is_known_but_never_holds_alone(script: Script) -> None:
    for number in range(200):
        script.does(What.CREATE | CLOSED, b"/srv/%d/READ_ME.txt" % number, process(7))
    assert not script.of(Judged) and not script.of(Found)
    script.document(b"/srv/a.pdf", b"/srv/b.pdf", now=RANDOM)
    script.does(CLOSED, b"/srv/a.pdf", process(7))
    assert not script.of(Judged)
    script.does(CLOSED, b"/srv/b.pdf", process(7))
    assert not script.of(Judged), "two files and a note: still a person's doing"


@pytest.mark.parametrize(
    "proofs",
    [
        {Proof.TYPE_LOST, Proof.RANDOM_CHANGE},
        {Proof.TEXT_LOST, Proof.RANDOM_CHANGE},
        {Proof.STRUCTURE_BROKEN, Proof.STILL_RANDOM},
        {Proof.ENCODED_CIPHER},
        {Proof.TYPE_LOST, Proof.BLANKED},
        {Proof.TYPE_LOST, Proof.CIPHER_CONTAINER},
    ],
    ids=lambda proofs: "+".join(sorted(proofs)),
)
@pytest.mark.parametrize("minutes", [1, 10])
def test_one_file_a_minute_is_held_by_the_fifth_file(script: Script, proofs: set[Proof], minutes: int) -> None:
    for number in range(5):
        path = b"/srv/%d.pdf" % number
        script.document(path, now=frozenset(proofs))
        script.does(CLOSED, path, process(7), after=minutes * 60.0)
        for other in range(20):  # and a ward goes on working meanwhile, on the same share
            honest = b"/srv/honest-%d-%d.pdf" % (number, other)
            script.document(honest, now=HEALTHY)
            script.does(CLOSED, honest, process(900 + other, sid=900 + other, uid=2000))
    judged = script.of(Judged)
    assert len(judged) >= 1
    assert judged[0].parties == (("session", 50, 1000),)  # type: ignore[union-attr]


def test_a_hand_that_was_let_go_is_judged_afresh(script: Script) -> None:
    paths = [b"/srv/%d.pdf" % number for number in range(6)]
    script.document(*paths, now=RANDOM)
    for path in paths[:3]:
        script.does(CLOSED, path, process(7))
    script.watcher.let_go([("session", 50, 1000)])
    for path in paths[3:5]:
        script.does(CLOSED, path, process(7))
    assert len(script.of(Judged)) == 1
    script.does(CLOSED, paths[5], process(7))
    assert len(script.of(Judged)) == 2
