"""The rules of downtime numbers, one test each in the order of the state's docstring, and any order of acts."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from number_words import NOW, Desk, opened, seal

from garde.downtime.numbers import policy
from garde.downtime.numbers.form import Number, clear_numbers
from garde.downtime.numbers.likeness import Likeness
from garde.downtime.numbers.newcomer import Newcomer
from garde.downtime.numbers.people import arrivals
from garde.downtime.numbers.state import Standing, project
from garde.errors import GardeError, NotFound, Refused, UsageError
from garde.journal import Entry, Text
from garde.journal.paper_kinds import ItemKeyed, NumberIssued, RequestTaken


@pytest.fixture
def desk() -> Desk:
    found = Desk()
    found.reserve("URG")
    found.reserve("MED")
    return found


def keyed(subject: str) -> ItemKeyed:
    return ItemKeyed("i1", "", "vitals", NOW, False, "nina", seal(subject))


def standing(desk: Desk, number: Number) -> Standing:
    return desk.state.standing(str(number))


def test_1_blocks_do_not_overlap(desk: Desk) -> None:
    one, other = desk.state.blocks.values()
    assert one.last < other.first and len(list(one.numbers())) == 10
    with pytest.raises(Refused, match="belong to block B2"):
        desk.reserve("ICU", 3, first=other.last)
    late = desk.reserve("ICU", 3, first=500)
    assert desk.reserve("ICU", 1).first == late.last + 1
    assert desk.reserve("OTHER", 3, prefix="D2").first == 1, "another prefix is another space"
    with pytest.raises(Refused, match="has no 5 numbers left"):
        desk.reserve("ICU", 5, first=999_998)


def test_2_a_number_is_given_once(desk: Desk) -> None:
    given = [desk.issue() for _ in range(10)]
    assert len(set(given)) == 10
    with pytest.raises(Refused, match="no downtime number left"):
        desk.issue()
    with pytest.raises(Refused, match="was given to somebody"):
        desk.issue("URG", str(given[0]))
    desk.void(given[1])
    with pytest.raises(Refused, match="void"):
        desk.issue("URG", str(given[1]))


@pytest.mark.parametrize("spelling", [lambda n: n, lambda n: n.replace("-", "").lower()])
@pytest.mark.parametrize("kind", ["item", "request"])
def test_3_free_issued_used_linked(desk: Desk, kind: str, spelling: object) -> None:
    number = desk.issue()
    assert standing(desk, Number("D1", 99)) is Standing.FREE and standing(desk, number) is Standing.ISSUED
    subject = spelling(str(number))  # type: ignore[operator]
    desk.take(keyed(subject) if kind == "item" else RequestTaken("r", "laboratory", "URG", "n", NOW, seal(subject)))
    assert standing(desk, number) is Standing.USED
    desk.confirm(desk.match(number).match)
    assert standing(desk, number) is Standing.LINKED
    desk.take(keyed(str(number)))
    assert standing(desk, number) is Standing.LINKED


def test_4_what_is_used_linked_or_waits_does_not_become_void(desk: Desk) -> None:
    used, linked, waits, issued = (desk.issue() for _ in range(4))
    desk.take(keyed(str(used)))
    desk.confirm(desk.match(linked).match)
    desk.match(waits)
    for number, why in ((used, "has been used"), (linked, "is linked"), (waits, "second person")):
        with pytest.raises(Refused, match=why):
            desk.void(number)
    with pytest.raises(UsageError, match="given to somebody"):
        desk.void(issued, "")
    desk.void(issued)
    with pytest.raises(Refused, match="is void"):
        desk.void(issued)
    free = next(desk.state.free(desk.state.blocks["B1"]))
    desk.void(free, "")
    assert next(desk.state.free(desk.state.blocks["B1"])) != free
    with pytest.raises(NotFound):
        desk.void(Number("D1", 900_000))


def test_5_a_match_links_nothing_and_needs_two_identifiers(desk: Desk) -> None:
    number = desk.issue()
    for compared, typed in (
        (Likeness(("family",), (), ()), ()),
        (Likeness(("family", "given", "sex"), (), ()), ()),
        (None, ()),
        (None, ("birth",)),
        (Likeness(("family",), (), ()), ("family", "given")),
    ):
        with pytest.raises(Refused, match="of two identifiers agree"):
            desk.match(number, compared=compared, typed=typed)
    with pytest.raises(Refused, match="two people"):
        desk.match(number, compared=Likeness(("family", "birth"), ("national",), ()))
    with pytest.raises(Refused, match="birth differ"):
        desk.match(number, compared=Likeness(("family",), ("birth",), ()), typed=("birth",))
    with pytest.raises(UsageError, match="no identifier"):
        desk.match(number, compared=None, typed=("star sign", "birth"))
    found = desk.match(number, compared=Likeness(("family",), ("given",), ()), typed=("document",))
    assert (found.identifiers, found.typed, found.differ) == (("family", "document"), ("document",), ("given",))
    assert standing(desk, number) is Standing.ISSUED and desk.state.held[str(number)].record == ""
    with pytest.raises(Refused, match="waits for a second person"):
        desk.match(number)


def test_5_a_match_is_with_a_record_of_the_hospital(desk: Desk) -> None:
    number, other = desk.issue(), desk.issue()
    with pytest.raises(Refused, match="is a downtime number"):
        desk.match(number, str(other))
    for record in ("", "12 34", "1\x1b2", "1" * 61):
        with pytest.raises(UsageError, match="no record was named"):
            desk.match(number, record)
    with pytest.raises(NotFound):
        desk.match(Number("D1", 5))


@pytest.mark.parametrize("by", ["nina", "NINA", " Nina ", "n.i.n.a", ""])
def test_6_who_made_the_match_does_not_confirm_it(desk: Desk, by: str) -> None:
    number = desk.issue()
    found = desk.match(number)
    with pytest.raises((Refused, UsageError)):
        desk.confirm(found.match, by)
    assert standing(desk, number) is Standing.ISSUED
    desk.confirm(str(number).lower(), "otto")
    assert desk.state.held[str(number)].record == "123456"
    with pytest.raises(Refused, match="is over"):
        desk.confirm(found.match, "carla")
    with pytest.raises(Refused, match="linked already"):
        desk.match(number)


def test_7_a_refusal_ends_the_match_and_another_may_follow(desk: Desk) -> None:
    number = desk.issue()
    first = desk.match(number)
    desk.refuse(first.match, "nina")
    assert not desk.state.held[str(number)].waiting
    for act in (desk.confirm, desk.refuse):
        with pytest.raises(Refused, match="is over"):
            act(first.match)
        with pytest.raises(NotFound, match="nothing waits"):
            act(str(number))
    second = desk.match(number, "654321")
    desk.confirm(second.match)
    assert desk.state.held[str(number)].record == "654321"
    with pytest.raises(Refused, match="is over"):
        desk.refuse(first.match, note="late")


def test_8_a_link_is_taken_back_with_a_reason(desk: Desk) -> None:
    number = desk.issue()
    desk.take(keyed(str(number)))
    found = desk.match(number)
    desk.confirm(found.match)
    with pytest.raises(UsageError, match="needs a reason"):
        desk.refuse(str(number))
    desk.refuse(str(number), note="another Lambert")
    assert standing(desk, number) is Standing.USED and arrivals(desk.state)[0].record == ""
    desk.match(number, "654321")


def test_9_a_newer_word_is_the_one_that_counts(desk: Desk) -> None:
    number = desk.issue(at=NOW - 600)

    def describe(at: float, who: Newcomer) -> None:
        desk.act(
            lambda s: policy.describe(
                s, number=str(number), place="ICU", person=seal(who), at=at, by="nina", now=NOW
            )
        )  # fmt: skip

    describe(NOW - 60, Newcomer("Lambert", "Anne"))
    (found,) = arrivals(desk.state)
    assert (found.place.ward, found.person.given, found.arrived, found.told) == ("ICU", "Anne", NOW - 600, NOW - 60)
    for at in (NOW - 601, NOW + 3600):
        with pytest.raises(UsageError):
            describe(at, Newcomer())
    assert desk.state.block_of(number) == desk.state.blocks["B1"], "the number stays of its block"


def test_10_who_was_erased_is_still_there(desk: Desk) -> None:
    desk.take(NumberIssued("D1-000001-K", "URG", "nina", NOW, Text(None, "ab")))
    (found,) = arrivals(desk.state)
    assert not found.legible
    desk.take(keyed(""))
    entry = Entry(9, NOW, "desk", "item_keyed", ItemKeyed("i", "", "notes", NOW, False, "n"), "", "")
    project(desk.state, entry, open=opened)  # without a subject that can be opened: nothing is used
    assert standing(desk, Number("D1", 1)) is Standing.ISSUED


def test_a_label_that_was_written_before_is_taken_as_it_stands(desk: Desk) -> None:
    block = desk.state.blocks["B1"]
    *_, last = block.numbers()
    assert desk.issue("URG", str(last), at=NOW - 7200) == last
    assert arrivals(desk.state)[0].arrived == NOW - 7200
    elsewhere = next(desk.state.free(block))
    with pytest.raises(Refused, match="belongs to URG"):
        desk.issue("MED", str(elsewhere))
    assert desk.issue("MED", str(elsewhere), elsewhere=True) == elsewhere
    with pytest.raises(Refused, match="another desk's"):
        desk.issue("URG", str(Number("D7", 4)))
    with pytest.raises(Refused, match=r"of no block.*--first 900000"):
        try:
            desk.issue("URG", str(Number("D1", 900_000)))
        except Refused as error:
            raise Refused(f"{error.message} {error.todo}") from error
    with pytest.raises(UsageError, match="still to come"):
        desk.issue("URG", at=NOW + 3600)
    with pytest.raises(NotFound, match="has no downtime numbers"):
        desk.issue("CARD")


def test_a_wrong_check_character_is_refused_with_what_to_do() -> None:
    with pytest.raises(Refused, match="check character is wrong") as refused:
        policy.read_typed("D1-000009-5")
    assert "look at the label again" in refused.value.todo


@pytest.mark.parametrize("place", ["", " URG", "U\x1b[2J", "x" * 61])
def test_what_is_no_place(desk: Desk, place: str) -> None:
    with pytest.raises(UsageError, match="no place"):
        desk.reserve(place)


def test_what_is_no_count(desk: Desk) -> None:
    for count in (0, -1, policy.MOST + 1):
        with pytest.raises(UsageError, match="a block has"):
            desk.reserve("URG", count)


CLEAR_ONES = [number for _, number in zip(range(12), clear_numbers("D1", 1), strict=False)]


class AnyOrder(RuleBasedStateMachine):
    """Whatever is tried in whatever order, refused or not: the rules hold."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.linked_by: dict[str, tuple[str, str]] = {}

    def _try(self, act: object, *words: object, **more: object) -> object:
        try:
            return act(*words, **more)  # type: ignore[operator]
        except GardeError:
            return None

    def _pick(self, at: int) -> Number:
        return CLEAR_ONES[at - 1]

    @rule(place=st.sampled_from(["URG", "MED"]), count=st.integers(0, 3), first=st.sampled_from([0, 0, 2, 7]))
    def reserve(self, place: str, count: int, first: int) -> None:
        self._try(self.desk.reserve, place, count, first=first)

    @rule(place=st.sampled_from(["URG", "MED"]), at=st.none() | st.integers(1, 12), elsewhere=st.booleans())
    def issue(self, place: str, at: int | None, elsewhere: bool) -> None:
        self._try(self.desk.issue, place, str(self._pick(at)) if at else "", elsewhere=elsewhere)

    @rule(at=st.integers(1, 12))
    def void(self, at: int) -> None:
        self._try(self.desk.void, self._pick(at))

    @rule(at=st.integers(1, 12))
    def use(self, at: int) -> None:
        self.desk.take(keyed(str(self._pick(at))))

    @rule(at=st.integers(1, 12), by=st.sampled_from(["nina", "otto"]), enough=st.booleans())
    def match(self, at: int, by: str, enough: bool) -> None:
        self._try(self.desk.match, self._pick(at), by=by, typed=("birth", "document") if enough else (), compared=None)

    @rule(at=st.integers(1, 12), by=st.sampled_from(["nina", "otto"]))
    def confirm(self, at: int, by: str) -> None:
        found = self._try(self.desk.confirm, str(self._pick(at)), by)
        if found is not None:
            maker = self.desk.state.matches[found.match].by  # type: ignore[attr-defined]
            self.linked_by[found.number] = (maker, by)  # type: ignore[attr-defined]

    @rule(at=st.integers(1, 12), note=st.sampled_from(["", "wrong"]))
    def refuse(self, at: int, note: str) -> None:
        self._try(self.desk.refuse, str(self._pick(at)), note=note)

    @invariant()
    def nobody_has_a_number_that_another_has(self) -> None:
        given = Counter(each.number for each in self.desk.payloads if isinstance(each, NumberIssued))
        assert all(count == 1 for count in given.values())

    @invariant()
    def every_number_that_is_held_is_of_one_block(self) -> None:
        blocks = self.desk.state.blocks.values()
        for name in self.desk.state.held:
            number = policy.read_typed(name)
            assert sum(number in block for block in blocks) == 1

    @invariant()
    def what_is_linked_has_two_people_and_what_is_void_has_no_record(self) -> None:
        for name, held in self.desk.state.held.items():
            if held.standing is Standing.LINKED:
                assert len(set(self.linked_by[name])) == 2 and held.record
            else:
                assert not held.record
            assert not (held.standing is Standing.VOID and held.waiting)
            assert not (held.used and held.standing is Standing.ISSUED)

    @invariant()
    def a_replay_is_the_same(self) -> None:
        again = Desk()
        for each in self.desk.payloads:
            again.take(each)
        assert again.state == self.desk.state


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
