"""Cuts and the spread in plain words, in both languages; every sentence is in both catalogues and none is left over."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from contain_house import BLOOD, LABGW, MACHINES, STRANGER, WS1, WS2, House, client, estate_with, process

from garde.contain import authority, planner, policy, words
from garde.contain.outcomes import Standing, standing
from garde.contain.policy import as_proposed
from garde.journal import hub_kinds as h
from garde.journal import kinds as k
from garde.journal.speech import Say, say_in
from garde.journal.text import Text

EN = say_in("en", words.CONTAIN_LOCALE)
FR = say_in("fr", words.CONTAIN_LOCALE)


def title(house: House, action: str, say: Say = EN, target: str = "") -> str:
    return words.title(as_proposed(house.cut(action, target)), say, house.look)


def test_what_is_done(house: House) -> None:
    house.verdict("files-1", client(WS1, "carla"))
    assert title(house, "block") == "Refuse Desk 1 (ws-1) at 3 servers"
    assert title(house, "account") == "Shut the account carla at 3 servers"
    assert title(house, "port") == "Shut the switch port of Desk 1 (ws-1) (sw-1, port w1)"
    assert title(house, "read_only") == "Make the shares read-only on Files 1 (files-1)"
    assert title(house, "isolate") == "Cut Files 1 (files-1) off from everything but the hub"
    assert title(house, "outside") == "Cut the outside at Gateway (gw-1)"
    assert title(house, "block", FR) == "Refuser Desk 1 (ws-1) sur 3 serveurs"


def test_an_unknown_address_a_shared_port_and_ended_sessions(house: House) -> None:
    house.verdict("files-1", client(STRANGER), client("10.0.2.21"), client(LABGW, "x"))
    assert title(house, "block", target=STRANGER) == f"Refuse {STRANGER} at 3 servers"
    assert title(house, "port", target="pc-a").endswith("(sw-1, port s1), and with it Shared port B (pc-b)")
    assert title(house, "kick") == "End the sessions of the users of Analysers (labgw-1): x"


def test_the_price(house: House) -> None:
    house.verdict("files-1", client(BLOOD))
    block, isolate = as_proposed(house.cut("block")), as_proposed(house.cut("isolate"))
    assert words.price(block, EN, house.look) == ["Stops: Blood bank", "5 services go on"]
    assert words.price(isolate, FR, house.look) == [
        "S’arrête : Dossier médical", "En mode dégradé : Pharmacie", "4 services continuent",
    ]  # fmt: skip
    outside = as_proposed(house.cut("outside"))
    assert words.price(outside, EN, house.look)[0] == "No clinical service stops"


def test_who_decides_by_which_rule(house: House) -> None:
    house.verdict("files-1", client(WS1))
    block, outside = as_proposed(house.cut("block")), as_proposed(house.cut("outside"))
    assert words.decides(block, EN, house.look) == "at once, by the written authority — At once."
    assert words.decides(block, FR, house.look) == "aussitôt, par l’autorité écrite — Aussitôt."
    assert words.decides(outside, EN, house.look) == "two different people decide — Two."


def test_the_caution_is_said_in_the_readers_language(house: House) -> None:
    house.hub(h.AgentAlive("files-1", "observe", "observe"))
    house.verdict("files-1", client(WS1))
    said = words.decides(as_proposed(house.cut("block")), FR, house.look)
    assert said.startswith("une personne décide — Aussitôt. — seuls des agents en observation")


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("10.0.0.10 is the hub", "10.0.0.10 est le hub"),
        (
            "10.0.3.1 is on the never-cut list (labgw-1): Results: all.",
            "10.0.3.1 est sur la liste à ne jamais couper (labgw-1) : Results: all.",
        ),
        ("labgw-1 is on the never-cut list", "labgw-1 est sur la liste à ne jamais couper"),
        ("hub-1 hangs on the same port, and hub-1 is the hub", "hub-1 est branché sur le même port, et hub-1 est le hub"),  # noqa: E501
        ("a hangs on b, and a is the hub", "a est branché sur b, et a est le hub"),
        (f"{planner.NO_SNMP}, at sw-2, w4", "le commutateur ne peut pas être commandé (aucun agent SNMP décrit) : "
         "débrancher à la main : sw-2, w4"),
        (f"{authority.NEVER_ALLOWED}: At once.", "l’autorité écrite ne le permet jamais : Aussitôt."),
        (planner.IS_SILENT, "son agent ne donne plus signe de vie : ses voisins et son port de commutateur doivent la couper"),  # noqa: E501
        ("something newer", "something newer"),
        ("{0} is the hub", "{0} est le hub"),
    ],
)  # fmt: skip
def test_why_a_cut_is_not_offered(house: House, english: str, french: str) -> None:
    assert words.reason(english, FR, house.look) == french


def test_every_reason_that_the_estate_gives_is_translated(house: House) -> None:
    """What `garde.estate.never` says for each way in which something is never cut."""
    from garde.estate.never import why_never, why_never_machine, why_never_port

    moved = tuple(each if each.id != "hub-1" else MACHINES[0] for each in MACHINES)
    house.load(estate_with(machines=moved))
    asked = ["nonsense", "127.0.0.1", "10.0.0.10", "10.0.0.0/28", LABGW, "10.0.3.0/24", "10.0.1.254", "10.0.1.0/24"]
    found = [why_never(house.look, [each]) for each in asked]
    found += [why_never_machine(house.look, each) for each in ("gw-1", "sw-1", "labgw-1", "hub-1")]
    found += [why_never_port(house.look, each) for each in ("hub-1", "labgw-1")]
    assert all(found)
    assert [each for each in found if words.reason(each, FR, house.look) == each] == []


def test_how_a_cut_stands(house: House) -> None:
    house.verdict("files-1", client(WS1))
    block = house.cut("block")
    text, tone = words.standing(standing(block), block.by, EN, house.look)
    assert (text, tone) == (
        "ordered, not yet done everywhere: asked at 3, applied at 0, proven at 0 (by the written authority: At once.)",
        "warn",
    )
    house.obey("files-1", "files-2")
    house.agent("files-3", h.OrderRefused(house.orders(block, "block")[2].command, block.id, "FAILED", "nft"))
    text, tone = words.standing(standing(block), "okafor", EN, house.look)
    assert text.startswith("NOT PROVEN") and "lacking at Files 3 (files-3) (by A. Okafor)" in text and tone == "bad"
    assert words.standing(Standing("proposed"), "", FR, house.look) == ("proposée", "note")


def test_the_spread(house: House) -> None:
    house.verdict("files-1", client(WS1, "svc"), files=1)
    house.after(5).verdict("files-2", client(WS2, "svc"), process())
    said = words.spread(house.of(h.SpreadFound)[-1], EN, house.look)
    assert said[0].startswith("Files 2 (files-2) spreads it") or said[0].startswith("Desk")
    assert any("Desk 1 (ws-1) → Files 1 (files-1), 1 file" in each for each in said)
    assert any("the server itself" in each for each in said)
    assert said[-1] == "several used the same account: svc"
    assert "propage" in words.spread(house.of(h.SpreadFound)[-1], FR, house.look)[0]


def test_who_spreads_it_cannot_be_told(house: House) -> None:
    house.verdict("files-1", k.ActorNote("kernel"))
    assert words.spread(house.one(h.SpreadFound), EN, house.look)[0].startswith("Who spreads it cannot be told")


def test_hostile_text_is_data(house: House) -> None:
    house.verdict("files-1", k.ActorNote("smb", address=WS1, users=(Text(b"\x1b[2J{0}{target}\n<b>"),)))
    for say in (EN, FR):
        said = title(house, "account", say)
        assert "\x1b" not in said and "\n" not in said and "{target}" in said
    odd = h.CutProposed("c", "i", "burn {x}", "a\x1b", (), (), (), 1, (), (), (), "{y}", "??", "{z}", "{w}: {v}")
    assert words.title(odd, EN, house.look) == "burn {x}: a\\x1b"
    assert words.decides(odd, FR, house.look) == "Non proposée : {w}: {v}"


# --- the catalogues ---------------------------------------------------------------------------------------------------


def _used() -> set[str | tuple[str, ...]]:
    source = Path(words.__file__)
    keywords = {"say": None, "mark": None, "many": (1, 2)}
    return {each[1] for each in extract_from_file("python", source, keywords=keywords)}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_sentence_is_missing_or_left_over_and_each_keeps_its_values(language: str) -> None:
    with (words.CONTAIN_LOCALE / f"{language}.po").open("rb") as stream:
        catalogue = {message.id: message.string for message in read_po(stream) if message.id}
    assert set(catalogue) == _used()
    for sentence, said in catalogue.items():
        ids, forms = ([x] if isinstance(x, str) else list(x) for x in (sentence, said))
        assert len(ids) == len(forms) and all(forms), sentence
        assert all(_values(form) == _values(ids[-1]) for form in forms), sentence
        assert language == "fr" or ids == forms


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_what_is_written_word_for_word_is_known_once() -> None:
    assert {*planner.UNDO.values(), *planner.REASONS, *policy.REASONS, authority.NO_RULE} == set(words.WRITTEN)
