"""The hub names the family and looks addresses up, in a thread of its own, from files on this machine."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from garde.clock import VirtualClock
from garde.hub.identify import Identifier
from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import open_journal
from garde.journal.payload import Payload
from garde.journal.text import Text


class Desk:
    """A journal with what a night leaves in it, and the performer beside it."""

    def __init__(self, state: Path, at_end: Any) -> None:
        self.journal = at_end.enter_context(open_journal(state, who="hub", clock=VirtualClock()))
        self.performer = Identifier(state, lambda: SimpleNamespace(journal=self.journal))  # type: ignore[arg-type,return-value]
        self.said: list[Payload] = []
        self._came = threading.Semaphore(0)
        self.performer.open(self._say)
        at_end.callback(self.performer.close)

    def _say(self, payloads: Any, who: str = "") -> None:
        self.said += payloads
        if not all(isinstance(each, k.ErrorSeen) for each in payloads):
            self._came.release()

    def ask(self, command: Any) -> Payload:
        self.performer.begin(command, self.journal.append(command))
        assert self._came.acquire(timeout=30)
        return self.said[-1]


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    from contextlib import ExitStack

    with ExitStack() as at_end:
        yield Desk(tmp_path, at_end)


def note(text: str = "Vos fichiers sont chiffrés.") -> f.NoteTaken:
    return f.NoteTaken("", "i1", Text("/srv/RECOVER-sykffle-FILES.txt"), Text(text), "aa", 10, 3, 0.0)


def finding(name: str) -> k.FindingMade:
    damage = k.FileDamage(Text("/srv/a.docx"), Text(name), 1.0, ("type lost",))
    return k.FindingMade(damage, k.ActorNote("smb", address="10.0.0.109", users=(Text("x"),)), "v1")


def test_the_family_is_named_from_these_entries_and_says_which(desk: Desk) -> None:
    desk.journal.append(k.AgentStopped("nothing of it"))
    seqs = [desk.journal.append(each).seq for each in (note(), finding("/srv/a.docx.sykffle"))]
    named = desk.ask(f.IdentifyAsked(command="c1", incident="i1", entries=(*seqs, 999)))
    assert isinstance(named, f.FamilyNamed)
    assert (named.command, named.incident, named.family) == ("c1", "i1", "blackcat")
    assert named.ranked[0].entries == tuple(seqs)
    assert named.techniques == ("T1021.002", "T1078", "T1486", "T1657")
    assert (named.decryptor, named.data_date < "2026-12-31") == ("known", True)


def test_nothing_to_go_by_is_unknown(desk: Desk) -> None:
    named = desk.ask(f.IdentifyAsked(command="c1", incident="i1", entries=(7,)))
    assert isinstance(named, f.FamilyNamed)
    assert (named.family, named.ranked, named.decryptor) == ("", (), "unknown")


def test_a_hospitals_own_rules_count_and_what_is_broken_is_said_once(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "identify").mkdir()
    (tmp_path / "identify" / "a.yar").write_text(
        'rule mine { meta: family = "ours" strings: $a = "zzz" condition: $a }'
    )
    (tmp_path / "identify" / "b.yar").write_text("rule {")
    seq = desk.journal.append(note("zzz")).seq
    for command in ("c1", "c2"):
        named = desk.ask(f.IdentifyAsked(command=command, incident="i1", entries=(seq,)))
        assert isinstance(named, f.FamilyNamed)
        assert named.family == "ours"
    assert len([each for each in desk.said if isinstance(each, k.ErrorSeen)]) == 1


def test_addresses_are_looked_up_and_one_that_no_file_knows_is_left_out(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("203.0.113.0,203.0.113.255,UA,Example net,vpn\n")
    (tmp_path / "geoip.toml").write_text(
        'debian = false\n[[source]]\nsort = "text"\nname = "own"\nfiles = ["own.csv"]\n'
    )
    found = desk.ask(f.PlacesAsked(command="c1", incident="i1", addresses=("203.0.113.7", "198.51.100.1", "nonsense")))
    assert found == f.PlacesFound(
        "c1", "i1", (f.PlaceFound("203.0.113.7", "UA", "Example net", ("vpn",), "own", ""),), ("own",)
    )


def test_a_wrong_file_is_said_and_addresses_are_then_not_known(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "geoip.toml").write_text("nonsense")
    found = desk.ask(f.PlacesAsked(command="c1", incident="i1", addresses=("203.0.113.7",)))
    assert found == f.PlacesFound("c1", "i1", (), ())
    assert isinstance(desk.said[0], k.ErrorSeen)


def test_what_cannot_be_done_is_said_with_its_reason(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from garde.forensics.identify import knowledge

    def broken(folder: Path | None = None) -> None:
        raise OSError("no model")

    monkeypatch.setattr(knowledge, "open_known", broken)
    failed = desk.ask(f.IdentifyAsked(command="c1", incident="i1", entries=()))
    assert failed == h.CommandFailed("c1", "OSError: no model")
