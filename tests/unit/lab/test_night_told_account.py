"""What the account says last counts: family, way, egress, warnings, drafts, and who watches for what."""

from __future__ import annotations

from garde.journal import forensic_kinds as f
from garde.journal import legal_kinds as a
from garde.journal import sharing_kinds as s
from garde.journal.entry import Entry
from garde.journal.payload import Payload
from garde.journal.text import Text
from garde.lab.night.account import Account as Whole
from garde.lab.night.told import Told


def fold(*payloads: Payload, who: str = "hub") -> Told:
    told = Told()
    for seq, payload in enumerate(payloads, 1):
        told.add(Entry(seq, 100.0 + seq, who, "x", payload, "", ""))
    return told


def hop(address: str, role: str, country: str = "") -> f.OriginHop:
    return f.OriginHop(address, "", role, country, "", 0.0, "seen", (), ())


def test_the_controller_is_the_first_hop_of_that_role() -> None:
    hops = (
        hop("198.18.3.71", "spreader"),
        hop("198.19.3.77", "controller", "UA"),
        hop("198.19.3.66", "receiver", "RU"),
    )
    account = fold(f.OriginFound("i1", hops, Text(), (), ())).account
    assert (account.controller, account.country) == ("198.19.3.77", "UA")
    assert fold(f.OriginFound("i1", hops[:1], Text(), (), ())).account.controller is None
    assert fold().account.controller is None


def test_another_incident_says_nothing_of_the_first() -> None:
    led = f.OriginFound("i1", (hop("198.19.3.77", "controller", "UA"),), Text(), (), ())
    other = f.OriginFound("i2", (hop("198.18.3.72", "spreader"),), Text(), (), ())
    later = f.OriginFound("i1", (hop("198.19.3.78", "controller", "RU"),), Text(), (), ())
    assert fold(led, other).account.controller == "198.19.3.77"
    assert fold(led, other, later).account.controller == "198.19.3.78"


def test_the_newest_word_counts() -> None:
    drafts = [a.DraftMade("d1", "i1", "gdpr_33", "en", number, "x", ()) for number in (1, 2)]
    account = fold(*drafts, a.SubmissionSaid("d1", 2, 1.0, "form", Text(), "v")).account
    assert account.drafts["d1"].version == 2 and account.submitted == {"d1"}


def test_watched_means_for_the_newest_list() -> None:
    made = [s.WatchListMade(sha256, 3, ("x",), 0.1) for sha256 in ("old", "new")]
    taken = [s.WatchListTaken("c", sha256, 3, 0.1) for sha256 in ("old", "new")]
    assert not fold(made[0]).account.is_watched
    assert fold(made[0], taken[0]).account.is_watched
    assert not fold(made[0], taken[0], made[1]).account.is_watched
    assert fold(made[0], taken[0], made[1], taken[1]).account.is_watched


def test_the_end_of_it_has_room_for_what_went_wrong() -> None:
    assert {"lost_next_door", "wrong", "real_country"} <= set(Whole.__slots__)
