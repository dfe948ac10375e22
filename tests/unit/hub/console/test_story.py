"""The story of an incident: one test for each rule of the fold, and that it survives a snapshot."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from console_house import ConsoleHouse, Night

from garde.hub.console.views import story as story_module
from garde.hub.console.views.story import STORIES, Stories, project
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.text import Text

FILE = k.FileDamage(Text("/srv/a"), Text("/srv/a"), 10.0, ("type_lost",))
ACTOR = k.ActorNote("smb", address="10.0.0.9")
VERDICT = k.VerdictReached("v1", "session", Text("k"), 20.0, 18.0, (FILE, FILE), (ACTOR,))
OPENED = h.IncidentOpened("i1", 0.5, "files-1", 1)
JOINED = h.HarmJoined("i1", "files-1", "v1", "10.0.0.9", (), "first")
PROPOSED = h.CutProposed(
    "c1", "i1", "block", "ws-9", ("10.0.0.9",), (), ("files-1", "files-2"), 1, (), (), (), "", "one", ""
)
ASKED = h.OrderAsked(command="o1", cut="c1", machine="files-1", verb="block")


def fold(*said: Payload | tuple[Payload, str], state: Stories | None = None, start: int = 0) -> Stories:
    """Entries from 1 on, one a second."""
    found = state or Stories()
    for seq, each in enumerate(said, start + 1):
        payload, who = each if isinstance(each, tuple) else (each, "hub")
        found = project(found, Entry(seq, float(seq), who, k.NAMES[type(payload)], payload, "", ""))
    return found


def agent(payload: Payload, machine: str = "files-1") -> tuple[Payload, str]:
    return payload, f"agent/{machine}"


def told(state: Stories) -> Sequence[int]:
    return [*state.stories["i1"].first, *state.stories["i1"].latest]


def test_what_an_agent_says_of_a_verdict_belongs_to_its_incident() -> None:
    held = k.ActorHeld("h1", "v1", "smb", ACTOR, (1,), 3)
    state = fold(agent(VERDICT), OPENED, JOINED, agent(held), agent(held, "files-2"))
    assert sorted(told(state)) == [1, 2, 4]
    assert state.stories["i1"].files == [1]
    server = state.stories["i1"].servers["files-1"]
    assert (server.touched, server.held, server.last) == (2, 1, 3.0)


def test_what_is_put_back_for_a_hold_belongs_to_the_verdict_that_it_rests_on() -> None:
    held = k.ActorHeld("h1", "v1", "smb", ACTOR, (1,), 3)
    back = k.FileRestored("h1", Text("/srv/a"), 1.0, "", True)
    for said in (
        (OPENED, agent(VERDICT), JOINED, agent(held), agent(back)),
        (OPENED, agent(VERDICT), agent(held), agent(back), JOINED),  # reports of one batch, joined after it
    ):
        assert fold(*said, agent(back, "files-2")).stories["i1"].servers["files-1"].restored == 1


def test_counts_of_files() -> None:
    state = fold(
        OPENED, agent(VERDICT), JOINED, agent(k.FindingMade(FILE, ACTOR, "v1")),
        agent(k.FileRestored("v1", Text("/srv/a"), 1.0, "", True)),
        agent(k.RestoreFailed("v1", Text("/srv/b"), Text("x"))),
    )  # fmt: skip
    server = state.stories["i1"].servers["files-1"]
    assert (server.touched, server.restored, server.failed) == (3, 1, 1)
    assert state.stories["i1"].files == [2, 4, 5, 6]


def test_a_picture_is_told_where_it_changed() -> None:
    def spread(spreader: str, *servers: str, files: int = 1) -> h.SpreadFound:
        hops = tuple(h.Hop("ws-9", server, 1.0, files) for server in servers)
        return h.SpreadFound("i1", spreader, servers[0], 1.0, hops, (), (), files)

    state = fold(OPENED, spread("", "a"), spread("", "a", files=9), spread("ws-9", "a"), spread("ws-9", "a", "b"))
    assert told(state) == [1, 2, 4, 5]
    assert state.stories["i1"].spread == 5


def test_a_recurrence_is_told() -> None:
    again = h.HarmJoined("i1", "files-1", "v2", "10.0.0.9", (), "same account", True)
    state = fold(OPENED, JOINED, again)
    assert told(state) == [1, 3] and state.stories["i1"].last_harm == 3.0


def test_silence_is_told_in_open_incidents() -> None:
    state = fold(OPENED, h.AgentAlive("x", "enforce", "enforce"), h.AgentSilent("files-1", 1.0),
                 h.AgentAlive("files-1", "enforce", "enforce", 20.0), h.IncidentClosed("i1", "carla"),
                 h.AgentSilent("files-1", 5.0))  # fmt: skip
    assert told(state) == [1, 3, 4, 5]


def test_the_last_word_of_each_machine_counts() -> None:
    state = fold(
        OPENED, PROPOSED, ASKED, h.OrderAsked(command="o2", cut="c1", machine="files-2", verb="block"),
        agent(h.OrderApplied("o1", "c1", "done", False)), agent(h.CutTried("o1", "c1", True, ())),
        agent(h.OrderRefused("o2", "c1", "NEVER-CUT", "the list"), "files-2"),
    )  # fmt: skip
    parts = state.tracks["c1"].parts
    assert {name: (part.state, part.said) for name, part in parts.items()} == {
        "files-1": ("proven", 6),
        "files-2": ("failed", 7),
    }
    assert not parts["files-1"].survives


def test_a_kick_beside_a_block_is_not_counted() -> None:
    kick = h.OrderAsked(command="k1", cut="c1", machine="files-1", verb="kick")
    state = fold(OPENED, PROPOSED, ASKED, kick, agent(h.CutTried("o1", "c1", True, ())),
                 agent(h.OrderRefused("k1", "c1", "UNAVAILABLE", "no Samba")))  # fmt: skip
    assert state.tracks["c1"].parts["files-1"].state == "proven"


def test_a_switch_port_shut_and_opened() -> None:
    port = PROPOSED.__class__("c2", "i1", "port", "ws-9", (), (), ("sw-1",), 2, (), (), (), "", "one", "")
    shut = h.PortAsked(command="p1", cut="c2", machine="ws-9", switch="sw-1", port="9", up=False)
    open_ = h.PortAsked(command="p2", cut="c2", machine="ws-9", switch="sw-1", port="9", up=True)
    state = fold(OPENED, port, shut, h.CommandDone("p1"), h.CutTried("p1", "c2", True, ()))
    assert state.tracks["c2"].parts["ws-9"].state == "proven"
    state = fold(open_, h.CommandFailed("p2", "no answer"), state=state, start=5)
    assert state.tracks["c2"].parts["ws-9"].state == "proven"  # what failed was the undoing
    state = fold(open_, h.CommandDone("p2"), state=state, start=7)
    assert state.tracks["c2"].parts["ws-9"].state == "undone"


def test_a_machine_that_freed_itself_is_told() -> None:
    state = fold(OPENED, PROPOSED, ASKED, agent(h.CutUndone("c1", "o1", "hub")))
    assert told(state) == [1, 2]
    state = fold(OPENED, PROPOSED, ASKED, agent(h.CutUndone("c1", "", "code")))
    assert told(state) == [1, 2, 4]
    assert state.tracks["c1"].parts["files-1"].state == "undone"


def test_a_cut_is_told_once_for_each_state() -> None:
    def changed(state: str, proven: int, *lacking: str) -> h.CutChanged:
        return h.CutChanged("c1", state, 2, 2, proven, lacking)

    state = fold(OPENED, PROPOSED, changed("asked", 0), changed("asked", 1), changed("not_proven", 1, "files-2"),
                 changed("not_proven", 0, "files-1", "files-2"), changed("proven", 2), changed("proven", 2))  # fmt: skip  # noqa: E501
    assert told(state) == [1, 2, 3, 5, 6, 7]


def test_a_story_keeps_its_beginning_and_its_newest_part() -> None:
    rises = [h.IncidentRaised("i1", 2, f"reason {n}") for n in range(1000)]
    story = fold(OPENED, *rises).stories["i1"]
    assert story.first == list(range(1, story_module.FIRST + 1))
    assert story.latest[-1] == 1001 and len(story.latest) == story_module.LATEST and story.told == 1001


def test_what_a_joined_story_no_longer_lists_is_counted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("FILES", 2), ("FIRST", 2), ("LATEST", 2)):
        monkeypatch.setattr(story_module, name, most)
    younger = (h.IncidentOpened("i2", 0.5, "files-2", 1), h.HarmJoined("i2", "files-2", "v2", "", (), "first"))
    named = [agent(k.FindingMade(FILE, ACTOR, "v2"), "files-2") for _ in range(5)]
    rises = [h.IncidentRaised("i2", 2, "x") for _ in range(6)]
    story = fold(OPENED, *younger, *named, *rises, h.IncidentJoined("i2", "i1", "same tool")).stories["i1"]
    assert (len(story.files), story.files_more) == (2, 3)
    assert story.told == 1 + 7 + 1  # opened; the younger one's opening and rises; that it was joined


def test_what_is_never_joined_is_forgotten() -> None:
    verdicts = [
        agent(k.VerdictReached(f"v{n}", "session", Text("k"), 20.0, 18.0, (FILE,), (ACTOR,))) for n in range(1500)
    ]
    state = fold(*verdicts)
    assert len(state.loose) <= story_module.LOOSE and len(state.counts) <= story_module.LOOSE


def test_words_for_what_is_not_known_change_nothing() -> None:
    state = fold(h.CutChanged("c9", "proven", 1, 1, 1), agent(h.CutTried("o9", "c9", True, ())),
                 h.CommandFailed("x", "y"), agent(k.FindingMade(FILE, ACTOR)), ASKED)  # fmt: skip
    assert state == Stories()


def test_it_survives_a_snapshot(house: ConsoleHouse, night: Night) -> None:
    night.strike()
    night.obey(but="files-2")
    night.put_back("files-1", failed=1)
    state = house.loop.look("console_stories", lambda state: state)
    assert len(state.tracks) > 1 and state.stories
    assert msgspec.json.decode(msgspec.json.encode(state), type=STORIES.shape) == state
    again = STORIES.shape()
    for entry in house.journal_entries():
        if entry.kind in STORIES.kinds:
            again = project(again, entry)
    assert again == state


def test_it_reads_every_kind_that_it_names() -> None:
    assert STORIES.kinds <= set(k.KINDS)
