"""Whole packs, set by the real typesetter: every page says what it is, hostile text is text, nothing is cut off."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from feed_words import adt, at, message, pid, pv1
from pack_words import basis_of, digest, rde
from tests.support.pdf_words import words_of

from garde.downtime.packs import making
from garde.downtime.packs.basis import SERVICES, Basis, Call
from garde.downtime.packs.making import blanks_pack, make, service_pack, ward_pack
from garde.downtime.silence import Feed, Freshness
from garde.errors import UsageError

HOSTILE = '#read("/etc/passwd") $x$ *b* _i_ \\\\E\\\\ // /* <a> @b `c` #panic() "q" \u202e'
FEW = {"notes": 1}


def small(*messages: bytes, **more: object) -> Basis:
    return replace(basis_of(*messages), blanks=FEW, **more)  # type: ignore[arg-type]


def test_every_page_says_what_it_is_and_how_old(tmp_path: Path) -> None:
    basis = small(adt("A01", 0), senders=(("HIS", at(590)), ("LIS", at(300))), calls=(Call("Duty", "Dr X", "0470"),))
    made = make(basis, ward_pack(basis, "MED"), "K7Q2MX", digest)
    pages = words_of(made.pdf, tmp_path).split("\f")[:-1]
    assert len(pages) == made.manifest.pages == 6
    for number, page in enumerate(pages, 1):
        for said in ("DOWNTIME COPY – VERIFY", "Clinique", "Ward MED", "As of 2 Mar 12:50", "Made 2 Mar 13:00",
                     "HIS 2 Mar 12:50", "LIS 2 Mar 08:00", f"Sheet K7Q2MX.{number}", "shred"):  # fmt: skip
            assert said in page, (number, said)
        assert re.search(rf"page {number} ?/ ?6", page)
    assert made.manifest.titles == ("census", "patient", "MAR", "downtime numbers", "contacts", "blank: notes")
    assert (made.manifest.mar, made.manifest.blanks) == ((3,), (6,))
    assert dict(made.people) == {2: "100", 3: "100"}
    assert not any("Dupont" in repr(part).casefold() for part in (made.manifest,))


def test_equal_content_is_an_equal_digest_and_other_content_another() -> None:
    basis = small(adt("A01", 0))
    one, two = (make(basis, ward_pack(basis, "MED"), pack, digest).manifest for pack in ("K7Q2MX", "AAAAAA"))
    other = small(adt("A01", 0, who=pid("100", "Maes")))
    assert one.digest == two.digest != make(other, ward_pack(other, "MED"), "K7Q2MX", digest).manifest.digest


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"fresh": Freshness(Feed.SILENT, at(500), 6000.0)}, "THE FEED IS SILENT since 2 Mar 11:20"),
        ({"fresh": Freshness(Feed.WAITING, None, None)}, "NOTHING HAS BEEN HEARD"),
        ({"rebuilding": True}, "BEING REBUILT"),
    ],
)
def test_a_feed_that_is_not_heard_is_said_in_large_letters_on_every_page(
    more: dict[str, object], said: str, tmp_path: Path
) -> None:
    basis = small(adt("A01", 0), **more)
    pages = words_of(make(basis, ward_pack(basis, "MED"), "K7Q2MX", digest).pdf, tmp_path).split("\f")[:-1]
    assert all(said in page for page in pages) and len(pages) >= 6


def test_hostile_and_endless_names_are_shown_whole(tmp_path: Path) -> None:
    long = " ".join(f"Name{n:03d}" for n in range(90))
    basis = small(
        adt("A01", 0, who=pid("100", HOSTILE, "x")), adt("A01", 1, who=pid("200", long), where=pv1("MED^01^2", "V2")),
        adt("A01", 2, who=pid("300", "محمد", "漢"), where=pv1("MED^01^3", "V3")),
    )  # fmt: skip
    made = make(basis, ward_pack(basis, "MED"), "K7Q2MX", digest)
    words = words_of(made.pdf, tmp_path)
    assert "root:" not in words and "#READ(" in words and "\\U{202E}" in words
    assert "محمد" in words and "U+6F22]" in words  # brackets turn with the direction of writing
    sheet = next(page for page in words.split("\f") if "Patient sheet" in page and "NAME000" in page)
    assert all(f"NAME{n:03d}" in sheet for n in range(90))


def test_forty_allergies_and_sixty_drugs_are_all_there(tmp_path: Path) -> None:
    al1 = [f"AL1|{n}|DA|{n}^Substance{n:02d}^SCT|SV|shock" for n in range(40)]
    told = []
    for n in range(60):
        minutes, kind, segments = rde(5, f"P{n}", f"X{n}^Drug{n:02d}", often="QID")
        told.append(message(kind, minutes, *segments, control=f"P{n}", sender="PHARMA"))
    basis = small(adt("A01", 0, *al1), *told)
    made = make(basis, ward_pack(basis, "MED"), "K7Q2MX", digest)
    words = words_of(made.pdf, tmp_path)
    assert all(f"Substance{n:02d}" in words for n in range(40)) and all(f"Drug{n:02d}" in words for n in range(60))
    mars = [page for page, title in enumerate(made.manifest.titles, 1) if title.startswith("MAR")]
    assert (
        len(mars) > 3
        and made.manifest.mar == tuple(mars)
        and made.manifest.titles[mars[0] - 1].endswith(f"1/{len(mars)}")
    )
    pages = words.split("\f")
    assert all("DUPONT" in pages[page - 1] for page in mars)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_a_pack(service: str, language: str, tmp_path: Path) -> None:
    order = message("OML^O21", 5, pid(), "PV1|1|I|MED^01^1||||||||||||||||V1", "ORC|NW|L77", "OBR|1|L77||718-7^Hb^LN")
    minutes, kind, segments = rde(6, "P1", "A10AB05^Insuline aspart^ATC")
    siu = message("SIU^S12", 7, "SCH|R1|R1|||||C^Consultation||||^^20^20260302150000", pid("900", "Zidane"))
    basis = small(adt("A01", 0), order, message(kind, minutes, *segments, control="P1"), siu, language=language)
    made = make(basis, service_pack(basis, service), "K7Q2MX", digest)
    words = words_of(made.pdf, tmp_path)
    assert {"laboratory": "L77", "pharmacy": "Insuline aspart", "outpatients": "ZIDANE", "theatre": "DUPONT",
            "radiology": "DUPONT"}[service] in words  # fmt: skip
    assert made.manifest.about == "service"


def test_every_blank_form_is_one_sheet(tmp_path: Path) -> None:
    from garde.downtime.packs.basis import BLANKS

    basis = small()
    made = make(basis, blanks_pack("MED", dict.fromkeys(BLANKS, 2)), "K7Q2MX", digest)
    assert made.manifest.titles == tuple(f"blank: {name}" for name in BLANKS for _ in range(2))
    assert made.manifest.blanks == tuple(range(1, 2 * len(BLANKS) + 1)) and made.people == {}


def test_a_form_that_there_is_not_is_said() -> None:
    with pytest.raises(UsageError, match="no form 'poetry'"):
        blanks_pack("MED", {"poetry": 1})


def test_too_few_codes_are_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "_guess", lambda _: 1)
    basis = small(adt("A01", 0))
    assert make(basis, ward_pack(basis, "MED"), "K7Q2MX", digest).manifest.pages == 6


def test_a_ward_with_nobody_has_a_pack_all_the_same() -> None:
    basis = small()
    assert make(basis, ward_pack(basis, "MED"), "K7Q2MX", digest).manifest.titles[0] == "census"
