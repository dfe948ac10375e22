"""The way back on paper: what is known is printed, what is not is left to the pen; one page for each server."""

from __future__ import annotations

import pytest

from garde.estate.look import Lookup
from garde.estate.nouns import Estate, Machine, Person, Service
from garde.journal.speech import LANGUAGES, say_in
from garde.model.restart import Answer, Item, Stage
from garde.paper import typeset
from garde.recovery import reasons as r
from garde.recovery.judged import Gate, ItemView, PointView, Row, SignatureView, Span, Wave
from garde.recovery.reasons import because
from garde.recovery.sheets import Paper, Record, blank_record, order_sheet, record_sheet
from garde.recovery.words import RECOVERY_LOCALE

T, H = 1_731_899_460.0, 3_600.0
LOOK = Lookup(
    Estate(
        "Clinique #1 [x]",
        machines=(
            Machine("a", "Alpha *bold*", "server", ("10.0.0.1",)),
            Machine("b", "#panic()", "server", ("10.0.0.2",)),
        ),
        services=(Service("s", {"en": "The ward", "fr": "Le service"}, ("a",)),),
        people=(Person("anna", "Anna Petit", logins=("apetit",)),),
    )
)  # fmt: skip


def paper(language: str = "en") -> Paper:
    return Paper(LOOK, say_in(language, RECOVERY_LOCALE), T)


def row(machine: str, stage: str = Stage.WAITING, *spans: Span) -> Row:
    needs = ("a",) if machine == "b" else ()
    return Row(machine, 1, stage, 1, "impacted", T, 0.0, needs=needs, services=("s",), spans=spans)


def gate(machine: str = "a", *items: ItemView, signatures: tuple[SignatureView, ...] = ()) -> Gate:
    said = {each.item: each for each in items}
    views = tuple(said.get(item, ItemView(item, Answer.UNKNOWN, False)) for item in Item)
    return Gate(machine, 1, Stage.ISOLATED, "impacted", views, signatures)


def point(after: float) -> PointView:
    return PointView("h", "nightly", "restic", "4f2a", "a", T - 2 * H, "green", "before", 9, 9, 9, 9, 0, 0, "whole",
                     "done", after, (), T, stale=False, tried=True, placed=True)  # fmt: skip


def record(made: Gate, placed: PointView | None = None) -> dict[str, object]:
    document = record_sheet(paper(), [Record(made, row(made.machine), placed)])
    (found,) = document.data["records"]
    return dict(found)


def test_stages_of_the_last_round_are_ticked_with_their_times() -> None:
    spans = (
        Span("isolated", 1, T - 9 * H, T - 8 * H), Span("recut", 1, T - 8 * H, T - 7 * H),
        Span("waiting", 2, T - 7 * H, T - 6 * H), Span("isolated", 2, T - 6 * H, T - 5 * H),
        Span("verified", 2, T - 5 * H, 0.0),
    )  # fmt: skip
    document = order_sheet(paper(), [Wave(1, (row("a", Stage.VERIFIED, *spans),))], (), (4 * H, H / 2), "Anna, 03:00")
    (made,) = document.data["waves"][0]["rows"]
    assert [each["done"] for each in made["steps"]] == [True, True, False, False, False]
    assert made["steps"][0]["at"].endswith(":11") and made["steps"][2]["at"] == ""
    assert "Decided by Anna, 03:00." in document.data["lead"] and "for 0.5 h" in document.data["lead"]


def test_one_that_was_cut_again_says_so_and_has_nothing_ticked() -> None:
    spans = (Span("isolated", 1, T - H, T), Span("recut", 1, T, 0.0))
    document = order_sheet(paper(), [Wave(1, (row("a", Stage.RECUT, *spans),))], (), (H, H))
    (made,) = document.data["waves"][0]["rows"]
    assert made["recut"].startswith("CUT AGAIN") and not any(each["done"] for each in made["steps"])
    assert "PROPOSED: nobody has decided it yet." in document.data["lead"]


def test_warnings_stand_on_the_page_in_the_hospitals_own_names() -> None:
    document = order_sheet(paper(), [], [because(r.W_BEFORE, machine="b", need="a")], (H, H))
    assert document.data["warnings"] == ["#panic() (b) would start without Alpha *bold* (a)"]


def test_what_people_and_machines_said_is_ticked_what_only_the_hub_lacks_is_left_to_the_pen() -> None:
    made = record(
        gate(
            "a",
            ItemView(Item.ENTRY, Answer.YES, True, ("apetit",)),
            ItemView(Item.REBUILT, Answer.NO, False, ("agent/a",), found=("/etc/cron.d/x", "y", "z"), more=9),
            ItemView(Item.CREDENTIALS, Answer.NO, False, ("hub",)),
            ItemView(Item.EVIDENCE, Answer.NO, True, ("apetit",), excepted_by="apetit", excepted_until=T + H),
        )
    )
    items = {each["number"]: each for each in made["items"]}  # type: ignore[attr-defined]
    assert (items[3]["yes"], items[3]["who"]) == (True, "Anna Petit")
    assert (items[5]["yes"], items[5]["no"], items[5]["found"]) == (False, True, "/etc/cron.d/x; y; z")
    assert items[5]["machine"] == "NO (Alpha *bold*)"
    assert (items[7]["yes"], items[7]["no"], items[7]["machine"]) == (False, False, "NO (hub)")
    assert items[4]["until"] and items[4]["who"] == "Anna Petit"
    assert not items[11]["yes"] and not items[11]["no"] and items[11]["machine"] == ""


def test_the_line_about_data_is_known_or_blank_or_not_needed() -> None:
    assert record(gate(), point(T - 2 * H))["again"] == "Data after 2024-11-18 01:11 must be entered again."
    assert record(gate())["again"] == "Data after ____ : ____ must be entered again."
    untouched = gate("a", ItemView(Item.DATA, Answer.YES, True, ("hub",)))
    assert record(untouched)["again"] == ""


def test_only_a_signature_that_counts_is_printed() -> None:
    given = (
        SignatureView("it", "apetit", "operator", T, True),
        SignatureView("service", "apetit", "ward_head", T, False, because(r.S_SAME)),
    )
    it, service = record(gate("a", signatures=given))["signatures"]  # type: ignore[misc]
    assert it["by"] == "Anna Petit" and service["by"] == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_each_and_words_of_others_are_never_source(language: str) -> None:
    worst = gate("a", *(ItemView(item, Answer.NO, False, ("agent/a", "look/b"), found=("#x" * 90,)) for item in Item))
    records = [Record(worst, row("a"), None), Record(gate("b"), row("b"), point(T))]
    printed = typeset(record_sheet(paper(language), records))
    assert printed.pages == 2 and printed.marks == ((1, "a"), (2, "b"))
    many = [Wave(number, (row("a"), row("b"))) for number in range(1, 12)]
    assert typeset(order_sheet(paper(language), many, (), (H, H))).pages > 1


def test_a_hospital_that_is_not_described_yet_gets_a_record_for_the_pen() -> None:
    document = record_sheet(paper(), [blank_record()])
    (made,) = document.data["records"]
    assert {each["value"] for each in made["lines"]} == {made["name"]} and set(made["name"]) == {"_"}
    assert not any(each["yes"] or each["no"] or each["who"] for each in made["items"])
    assert typeset(document).pages == 1
