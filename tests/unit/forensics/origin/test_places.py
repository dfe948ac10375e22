"""Where addresses are: every sort of source keeps the same contract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.mmdb_writer import mmdb

from garde.errors import SettingsError
from garde.forensics.origin.places.base import Place, Source, joined
from garde.forensics.origin.places.maxmind import MaxMindSource
from garde.forensics.origin.places.sorted_file import SortedSource
from garde.forensics.origin.places.sources import DEBIAN, SORTS, Places, open_places
from garde.forensics.origin.places.text import TextSource, number_of

LINES = """# ours, 2026-03-01
3405803776,3405803783,RU
203.0.113.8,203.0.113.15,UA,AS64500 Example,hosting vpn nonsense
203.0.113.64,203.0.113.127,??
2001:db8:1::,2001:db8:1:ffff:ffff:ffff:ffff:ffff,BE
"""
ODD = ["", "x", "203.0.113.999", "1.2.3.4.5", "::g", "203.0.113.7\x00", "é", "9" * 40, "fe80::1%eth0", "-1"]


def _text(folder: Path) -> Source:
    file = folder / "places.csv"
    file.write_text(LINES)
    return TextSource("own", [file])


def _sorted(folder: Path) -> Source:
    (folder / "four").write_text("# r\n3405803776,3405803783,RU\n3405803784,3405803791,UA\n3405803840,3405803903,??\n")
    (folder / "six").write_text("# r\n# s\n2001:db8:1::,2001:db8:1:ffff:ffff:ffff:ffff:ffff,BE\n")
    return SortedSource("own", [folder / "four", folder / "six"], "2026-03-01")


@pytest.fixture(params=[_text, _sorted])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    made: Callable[[Path], Source] = request.param
    return made(tmp_path)


@pytest.mark.parametrize(
    ("address", "country"),
    [("203.0.113.0", "RU"), ("203.0.113.7", "RU"), ("203.0.113.8", "UA"), ("203.0.113.15", "UA"), ("203.0.113.16", ""),
     ("203.0.113.70", ""), ("203.0.112.255", ""), ("::ffff:203.0.113.9", "UA"), ("2001:db8:1:2::3", "BE"),
     ("2001:db8:2::1", ""), ("0.0.0.0", ""), ("255.255.255.255", "")],
)  # fmt: skip
def test_an_address_has_the_country_of_its_range(source: Source, address: str, country: str) -> None:
    found = source.find(address)
    assert (found.country if found else "") == country
    assert not (found and found.country) or (found.source, found.date) == ("own", "2026-03-01")


@pytest.mark.parametrize("address", ODD)
def test_what_is_no_address_is_not_known(source: Source, address: str) -> None:
    assert source.find(address) is None


def test_a_hospitals_own_file_says_network_and_use(tmp_path: Path) -> None:
    found = _text(tmp_path).find("203.0.113.9")
    assert found == Place("UA", "AS64500 Example", ("hosting", "vpn"), "own", "2026-03-01")


@given(st.lists(st.text(alphabet="0123456789.:,abRU?#\n ", max_size=30), max_size=8))
def test_no_line_breaks_a_file(lines: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x"
        file.write_text("\n".join([*lines, "203.0.113.0,203.0.113.7,RU"]))
        made = TextSource("x", [file])
        assert made.find("10.1.1.1") is None or made.lines > 1


@given(st.integers(0, 2**32 - 1))
def test_both_ways_of_writing_an_address_are_one_number(number: int) -> None:
    import socket

    written = socket.inet_ntop(socket.AF_INET, number.to_bytes(4))
    assert number_of(written.encode()) == number_of(str(number).encode()) == (number, False)


def test_maxminds_files_say_country_network_and_use(tmp_path: Path) -> None:
    country = {"203.0.113.0/24": {"country": {"iso_code": "UA"}}, "198.51.100.0/24": {"country": {"iso_code": "RU"}}}
    other = {"203.0.113.8/29": {"autonomous_system_number": 64500, "autonomous_system_organization": "Example",
                                "is_hosting_provider": True, "is_anonymous_vpn": True}}  # fmt: skip
    (tmp_path / "country.mmdb").write_bytes(mmdb(country, 1_772_323_200))
    (tmp_path / "asn.mmdb").write_bytes(mmdb(other, 1_772_323_200))
    source = MaxMindSource("mm", [tmp_path / "country.mmdb", tmp_path / "asn.mmdb"])
    assert source.find("203.0.113.9") == Place("UA", "AS64500 Example", ("vpn", "hosting"), "mm", "2026-03-01")
    assert source.find("198.51.100.1") == Place("RU", "", (), "mm", "2026-03-01")
    assert [source.find(each) for each in ("192.0.2.1", "2001:db8::1", *ODD)] == [None] * (2 + len(ODD))


def test_what_one_does_not_know_the_next_says() -> None:
    assert joined(None, None) is None
    assert joined(Place(network="N", source="a"), Place("FR", "M", ("tor",), "b")) == Place("FR", "N", ("tor",), "a")
    assert joined(Place(source="a"), Place("FR", source="b", date="d")) == Place("FR", source="b", date="d")


def test_sources_are_asked_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("203.0.113.0,203.0.113.255,UA\n")
    (tmp_path / "b.csv").write_text("203.0.113.0,203.0.113.255,RU,Net\n")
    (tmp_path / "geoip.toml").write_text(
        'debian = false\n[[source]]\nsort = "text"\nname = "a"\nfiles = ["a.csv"]\n'
        '[[source]]\nsort = "text"\nfiles = ["b.csv"]\n[[source]]\nsort = "text"\nname = "gone"\nfiles = ["c.csv"]\n'
        '[[source]]\nsort = "maxmind"\nname = "mm"\nfiles = ["a.csv"]\n'
    )
    places = open_places(tmp_path)
    found = places.find("203.0.113.5")
    assert found is not None
    assert (found.country, found.network, found.source) == ("UA", "Net", "a")
    assert [each.split(":")[0] for each in places.broken] == ["gone", "mm"]


@pytest.mark.parametrize("text", ["[[source]]\nsort='x'\nfiles=[]", "nonsense", "[[source]]\nfiles=3", "more = 1"])
def test_a_file_that_is_wrong_says_where(tmp_path: Path, text: str) -> None:
    (tmp_path / "geoip.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"geoip\.toml"):
        open_places(tmp_path)


def test_without_any_file_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "geoip.toml").write_text("debian = false\n")
    assert open_places(tmp_path).find("8.8.8.8") is None
    assert Places().find("8.8.8.8") is None


def test_every_sort_of_the_table_is_documented(root: Path) -> None:
    said = (root / "docs" / "account.md").read_text()
    assert all(f"`{name}`" in said for name in SORTS)


@pytest.mark.skipif(not all(each.is_file() for each in DEBIAN), reason="needs the Debian package tor-geoipdb")
def test_debians_files_are_sorted_and_give_what_reading_them_whole_gives() -> None:
    """A few hundred lines from their middle, read both ways."""
    whole = SortedSource("debian", DEBIAN)
    for file in DEBIAN:
        lines = [each for each in file.read_text().splitlines() if not each.startswith("#")]
        for line in [lines[0], lines[-1], *lines[:: len(lines) // 300]]:
            first, last, country = line.split(",")
            for address in (first, last):
                written = (
                    address
                    if ":" in address
                    else ".".join(str(int(address) >> shift & 255) for shift in (24, 16, 8, 0))
                )
                found = whole.find(written)
                assert (found.country if found else "??") == country, line
