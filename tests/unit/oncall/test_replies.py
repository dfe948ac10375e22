"""What comes back: rules 1 to 4 of garde.hub.replies, over a whole loop."""

from __future__ import annotations

import pytest
from oncall_house import House

from garde.errors import Refused, UsageError
from garde.hub.replies import Replies, number
from garde.oncall.channels.base import Reply
from garde.oncall.codes import Slot, code_of, shown

SECRET = b"k" * 32


@pytest.fixture
def replies(house: House) -> Replies:
    house.incident()
    house.say(house.cut())
    house.pass_time(5)
    return Replies(SECRET, house.clock, lambda: house.loop)


def code(notice: str, person: str = "ann") -> str:
    return shown(code_of(SECRET, Slot(notice, person, 1)))


INCIDENT, CUT = "oncall:incident:i-1", "oncall:cut:c-1"


def sms(replies: Replies, text: str, sender: str = "+32 0001") -> bool:
    return replies.take("modem", Reply("r", sender, text))


def test_a_code_acknowledges_and_its_digits_are_not_written_down(house: House, replies: Replies) -> None:
    assert sms(replies, f"ok {code(INCIDENT)}!")
    assert house.call(INCIDENT).state == "known"
    (reply,) = house.said("reply_received")
    assert reply.text.value == b"ok [digits]!" and "".join(code(INCIDENT).split()) not in repr(house.said("code_given"))


def test_yes_approves_in_the_persons_name(house: House, replies: Replies) -> None:
    sms(replies, f"OUI {code(CUT)}")
    assert [(each.decision, each.by) for each in house.said("cut_decided")] == [("approve", "ann.l")]


@pytest.mark.parametrize("text", ["oui j'arrive {}", "yes no {}", "no phone {}", "{}", "OK {}", "{} yes please"])
def test_anything_but_the_word_alone_is_no_decision(house: House, replies: Replies, text: str) -> None:
    sms(replies, text.format(code(CUT)))
    assert not house.said("cut_decided") and house.call(CUT).acked


def test_a_code_from_another_number_does_not_count(house: House, replies: Replies) -> None:
    sms(replies, f"YES {code(CUT)}", "+32 0002")
    assert not house.said("cut_decided") and "not this person" in house.said("reply_refused")[0].reason


def test_1_who_guesses_is_not_listened_to_and_3_fills_no_journal(house: House, replies: Replies) -> None:
    for _ in range(5):
        sms(replies, code("nothing"), "+4411")
    before = len(house.said("reply_received"))
    for _ in range(50):
        sms(replies, code(INCIDENT), "+4411")
    assert len(house.said("reply_received")) == before and house.call(INCIDENT).state == "open"
    assert [each.reason for each in house.said("reply_refused")].count("too many wrong codes: wait") == 1
    house.pass_time(901)
    sms(replies, code(INCIDENT), "+320001")
    assert house.call(INCIDENT).state == "known"


def test_1_a_flood_from_strangers_does_not_silence_the_people(house: House, replies: Replies) -> None:
    for sender in range(40):
        sms(replies, code("nothing"), f"+44{sender:06d}")
    sms(replies, code(INCIDENT), "+320001")
    assert house.call(INCIDENT).state == "known"


def test_2_two_codes_are_acknowledgements(house: House, replies: Replies) -> None:
    sms(replies, f"YES {code(CUT)} / {code(INCIDENT)}")
    assert not house.said("cut_decided") and house.call(CUT).acked and house.call(INCIDENT).acked


def test_4_a_number_is_compared_by_its_last_digits() -> None:
    assert number("+32 (470) 12.34.56") == number("0470/123456") == "470123456"


def test_typed_by_somebody_signed_in(house: House, replies: Replies) -> None:
    replies.give(code(CUT), "yes", "phone", "switch")
    (given,) = house.said("code_given")
    assert (given.how, given.by, given.person) == ("phone", "switch", "ann")
    with pytest.raises(Refused, match="done its work"):
        replies.give(code(CUT), "no", "phone", "switch")
    with pytest.raises(UsageError):
        replies.give("123", "ack", "phone", "switch")
    for _ in range(5):
        with pytest.raises(Refused, match="no open call"):
            replies.give(code("nothing"), "ack", "phone", "switch")
    with pytest.raises(Refused, match="too many"):
        replies.give(code(INCIDENT), "ack", "phone", "switch")


def test_a_full_disk_leaves_the_reply_where_it_is(
    house: House, replies: Replies, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(house.loop, "append", full)
    assert not sms(replies, code(INCIDENT))
