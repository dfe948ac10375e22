"""What the way out remembers: the rules of `sharing/out/fold.py`, one test each."""

from __future__ import annotations

from sharing_house import ACTOR, DIGEST, ONION, House, damage, family, note, origin, verdict

from garde.journal import forensic_kinds as f
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal import sharing_kinds as s
from garde.journal.text import Text
from garde.sharing.out.fold import MOST_FACTS


def _facts(house: House) -> set[tuple[str, str]]:
    return {(each.sort, each.value) for each in house.state.out.facts.values()}


def test_damage_notes_samples_the_origin_and_what_left_are_facts_each_once(house: House) -> None:
    """Rule 1."""
    house.attacked()
    house.agent("srv-files-1", k.FindingMade(damage("c.jpg", "c.jpg.nightfall"), ACTOR, "v1"))
    house.agent("srv-files-1", k.FindingMade(damage("d.jpg", "d.jpg.other"), ACTOR))  # of no verdict: nothing yet
    house.agent("srv-files-1", note(f"Pay at {ONION.upper()} or mail a.b@night.example"))
    taken = f.EvidenceTaken("", "e1", "sample", Text(b"/tmp/x/evil.bin"), Text("/tmp"), 9, "cd" * 32, 1.0, 0.0, True)
    house.agent("srv-files-1", taken)
    house.agent(
        "srv-files-1", f.EvidenceTaken("", "e2", "damaged", Text("p.docx"), Text("/"), 9, "ef" * 32, 1.0, 0, True)
    )
    house.hub(origin(("203.0.113.66", "", "controller"), ("10.0.3.41", "pc-radio-3", "spreader")))
    out = f.EgressSeen("", "ct", "10.0.0.3", "203.0.113.99", Text(""), 443, 9, 1, 0.0, 1.0, ("volume",), 1)
    house.agent("gw", out)
    assert _facts(house) == {
        ("ending", ".nightfall"), ("note_name", "RECOVER.txt"), ("sha256", DIGEST), ("domain", ONION),
        ("mail", "a.b@night.example"), ("sha256", "cd" * 32), ("file_name", "evil.bin"),
        ("address", "203.0.113.66"), ("address", "10.0.3.41"), ("address", "203.0.113.99"),
    }  # fmt: skip
    assert house.state.out.facts["ending|.nightfall"].times == 3


def test_a_thousand_endings_do_not_push_out_the_first(house: House) -> None:
    """Rule 1."""
    house.attacked()
    files = [damage("a", f"a.{n:04d}x") for n in range(1_000)]
    house.agent("srv-files-1", verdict(*files, name="v2"))
    found = [each.value for each in house.state.out.facts.values() if each.sort == "ending"]
    assert len(found) == MOST_FACTS
    assert found[0] == ".nightfall"


def test_what_the_hub_says_is_not_believed_of_an_agent_and_the_other_way_round(house: House) -> None:
    house.attacked()
    house.agent("srv-files-1", family())
    house.agent("srv-files-1", s.ShareKeyMade("nord", DIGEST, "me"))
    house.hub(note())
    assert house.state.out.named is None
    assert house.state.out.keys == {}
    assert ("note_name", "RECOVER.txt") not in _facts(house)


def test_what_a_warning_would_say_anew_is_news_and_the_same_again_is_none(house: House) -> None:
    """Rule 2."""
    house.attacked()
    seen = [house.state.out.news]
    for payload in (family(), origin(("203.0.113.66", "", "controller")), _left("none_seen"), _left("seen")):
        house.hub(payload)
        seen.append(house.state.out.news)
        house.hub(payload)
        assert house.state.out.news == seen[-1]
    assert seen == sorted(set(seen))


def _left(finding: str) -> f.EgressConcluded:
    return f.EgressConcluded("i1", 1.0, 0.0, finding, 0, (), (), (), 0.0, ())


def test_the_first_harm_after_all_was_closed_begins_with_nothing(house: House) -> None:
    """Rule 3."""
    house.attacked()
    house.hub(family())
    house.hub(h.IncidentClosed("i1", "anna", Text("over")))
    assert ("ending", ".nightfall") in _facts(house)  # a warning of it may still be drawn
    house.agent("files", verdict(damage("a.doc", "a.doc.later"), name="v9"))
    assert _facts(house) == {("ending", ".later")}
    assert house.state.out.named is None


def test_an_approval_counts_for_what_was_drawn_only(house: House) -> None:
    """Rule 4."""
    house.attacked()
    house.confirmed()
    house.hub(s.WarningApproved("w-i1", 1, DIGEST, "cleo"))  # before it was drawn
    drawn = house.drawn()
    house.hub(s.WarningApproved("w-i1", 1, "00" * 32, "cleo"))
    assert house.state.out.released() == []
    house.hub(s.WarningApproved("w-i1", 1, drawn.sha256, "cleo"))
    (released,) = house.state.out.released()
    assert (released.version, released.approved_by) == (1, "cleo")


def test_a_key_that_is_withdrawn_is_none(house: House) -> None:
    """Rule 5."""
    house.hub(s.ShareKeyMade("nord", DIGEST, "anna"))
    house.hub(s.ShareKeyMade("nord", "cd" * 32, "anna"))
    assert house.state.out.keys == {"nord": "cd" * 32}
    house.hub(s.ShareKeyMade("nord", "", "anna"))
    assert house.state.out.keys == {}


def test_a_replay_and_a_snapshot_give_the_same(house: House) -> None:
    import msgspec

    house.approved()
    house.agent("srv-files-1", note("x"))
    house.hub(family(), s.WarningSendWanted("w-i1", 1, (), "", "cleo"))
    assert house.replayed() == house.state
    raw = msgspec.json.encode(house.state)
    assert msgspec.json.decode(raw, type=type(house.state)) == house.state
