"""Two hubs and a line between them: what one approved the other fetches over TAXII, by itself and when it is asked."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from garde.clock import SystemClock
from garde.estate.look import Lookup
from garde.estate.nouns import Estate
from garde.hub import warning_files
from garde.hub.config import load_config, open_hub_journal
from garde.journal import sharing_kinds as s
from garde.journal.hub_kinds import IncidentOpened
from garde.paper import Document, NotTypeset, Printed
from garde.sharing.out import forms
from garde.sharing.out.draft import Draft, Indicator, draft_of
from garde.sharing.out.memory import Out, Version

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "hub"))
from hub_process import HubProcess, garde


def no_paper(document: Document) -> Printed:
    raise NotTypeset("no type today")


def approved(state: Path, *indicators: Indicator) -> None:
    """Leave a warning in a hub that does not run, drawn and approved."""
    version = Version("w-i1", "i1", 1, "amber", "d" * 32, 1_700_000_000.0)
    found = draft_of(Out(versions=[version]), version, Lookup(Estate("Clinique")), 1_700_000_010.0)
    draft = Draft(**{**{name: getattr(found, name) for name in found.__slots__}, "indicators": indicators})
    made = forms.write(draft, "https://127.0.0.1/taxii2/", no_paper)
    warning_files.keep(state, "w-i1", 1, made, ())
    digest = hashlib.sha256(made[forms.STIX]).hexdigest()
    payloads = (
        IncidentOpened("i1", 1_700_000_000.0, "files-1", 1),
        s.WarningAsked(command="d" * 32, cause=1, incident="i1", version=1, upto=1, tlp="amber"),
        s.WarningDrawn("d" * 32, "w-i1", "i1", 1, "amber", digest, len(indicators), 0, ()),
        s.WarningApproved("w-i1", 1, digest, "cleo"),
    )
    with open_hub_journal(state, load_config(state).database, SystemClock()) as journal:
        journal.append_all([(each, None) for each in payloads], who="hub")


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[HubProcess]:
    (tmp_path / "a").mkdir()
    hub = HubProcess(tmp_path / "a")
    approved(
        hub.state,
        Indicator("ending", ".nightfall", "ending", 4, 1.7e9),
        Indicator("note_name", "HOW.hta", "note", 1, 1.7e9),
    )
    with hub:
        yield hub


def test_what_was_approved_there_is_watched_for_here(sender: HubProcess, tmp_path: Path) -> None:
    code, lines, complaint = garde("share", "key", "nord", "--state", str(sender.state))
    assert code == 0, complaint
    (token,) = [each["token"] for each in lines if each["kind"] == "token"]
    (tmp_path / "c").mkdir()
    receiver = HubProcess(tmp_path / "c")
    (receiver.state / "a.token").write_text(token + "\n")
    (receiver.state / "a.pem").write_text(sender.ca)
    (receiver.state / "neighbours.toml").write_text(
        f'[[neighbour]]\nid = "clinic-a"\nurl = "https://127.0.0.1:{sender.port}/taxii2/"\n'
        'token_file = "a.token"\nca_file = "a.pem"\nevery_s = 10\n'
    )
    with receiver:
        until = time.monotonic() + 30
        while not receiver.of(s.SharedTaken):
            assert time.monotonic() < until, receiver.lines
            time.sleep(0.1)
        (found,) = receiver.of(s.SharedTaken)
        assert (found.source, found.channel, found.tlp, found.indicators) == ("clinic-a", "taxii", "amber", 2)
        code, lines, complaint = garde("share", "poll", "clinic-a", "--state", str(receiver.state))
        assert (code, lines) == (0, []), complaint  # nothing new
        code, lines, _ = garde("share", "list", "--state", str(receiver.state))
        assert code == 0 and lines[0]["watched"]["indicators"] == 2
        (receiver.state / "a.token").write_text("another\n")
        code, lines, complaint = garde("share", "poll", "clinic-a", "--state", str(receiver.state))
        assert code != 0 and "answered 401" in complaint
        assert len(receiver.of(s.SharedTaken)) == 1
