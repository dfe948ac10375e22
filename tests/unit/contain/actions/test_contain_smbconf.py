"""Garde's paragraph in smbd's configuration: what it says, that it leaves no trace, and who may stand in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garde.contain.actions import smbconf
from garde.contain.actions.smbconf import Wanted, is_plain_user, parse_testparm, with_paragraph, without

PRINTED = """\
# Global parameters
[global]
\tsecurity = ADS
\tusershare max shares = 100
\tidmap config * : backend = tdb


[homes]
\tcomment = Home = sweet
\tinvalid users = root @guests
\tread only = No

[X Ray]
\tpath = /srv/x
\twrite list = @radiology

[printers]
\tprintable = Yes
"""


def test_reading_what_samba_prints() -> None:
    sections = parse_testparm(PRINTED)
    assert sections["global"]["security"] == "ADS"
    assert sections["homes"]["comment"] == "Home = sweet"
    assert smbconf.shares_of(sections) == ("homes", "X Ray")


def test_the_paragraph_keeps_what_the_administrator_barred() -> None:
    sections = parse_testparm(PRINTED)
    text = with_paragraph("[global]\n", sections, Wanted(True, ("CLINIC\\anna maria", "bob")))
    ours = parse_testparm(text.replace("\n\t", "\n\t"))
    assert ours["homes"]["invalid users"] == 'root @guests "CLINIC\\anna maria" "bob"'
    assert ours["X Ray"] == {"read only": "yes", "write list": "", "invalid users": '"CLINIC\\anna maria" "bob"'}
    assert "printers" not in ours
    assert ours["global"]["usershare max shares"] == "0"
    assert with_paragraph(text, sections, Wanted()) == "[global]\n"


@given(st.text(), st.booleans(), st.lists(st.sampled_from(["anna", "DOM\\bob", "c d"])))
def test_the_paragraph_goes_without_a_trace(before: str, read_only: bool, barred: list[str]) -> None:
    text = before.replace(smbconf._BEGIN, "")
    wanted = Wanted(read_only, tuple(barred))
    with_it = with_paragraph(text, parse_testparm(PRINTED), wanted)
    assert without(with_it) == text
    assert with_paragraph(with_it, parse_testparm(PRINTED), wanted) == with_it


@given(st.text(max_size=40))
def test_no_name_writes_a_second_line_or_a_group_or_a_macro(name: str) -> None:
    if not is_plain_user(name):
        return
    text = with_paragraph("", {"share": {}}, Wanted(barred=(name,)))
    assert len(text.splitlines()) == 7
    assert f'\tinvalid users = "{name}"' in text.splitlines()
    assert name[0] not in "@+&-"
    assert "%" not in name


def test_which_names_are_accounts() -> None:
    assert all(map(is_plain_user, ["anna", "CLINIC\\anna", "anna maria", "anna@clinic.example", "ws17$", "élise"]))
    assert not any(map(is_plain_user, ["", "@all", "+staff", "&x", "-d", "%U", 'a"b', "a\nb", "a\\", " a", "x" * 300]))
