"""The estate written: as a file for people, as canonical bytes, and its schema."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from estate_samples import GOOD, good, read
from hypothesis import given
from hypothesis import strategies as st

from garde.estate import from_json, to_json
from garde.estate.convert import part_of, required, types_of
from garde.estate.nouns import Estate, Machine, Never, Rule, Service, Ward
from garde.estate.read import SAMPLE, load, read_bytes
from garde.estate.schema import schema
from garde.estate.tables import merge
from garde.estate.vocabulary import CHOICES, HELP, REFERENCES
from garde.estate.write import replace_file, to_yaml


def again(estate: Estate) -> Estate | None:
    return read_bytes(to_yaml(estate).encode(), "again.yaml").estate


# --- for people -------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_as_it_was() -> None:
    assert again(good()) == good()
    assert again(load(SAMPLE).estate) == load(SAMPLE).estate
    assert again(Estate("x")) == Estate("x")


def test_it_is_readable() -> None:
    text = to_yaml(good())
    assert "  - id: db\n    name: Database\n    role: server\n    addresses: [10.0.0.10, 'fd00::10']\n" in text
    assert "name: {en: Index, fr: Index}" in text
    assert "# What is never cut off.\nnever_cut:\n" in text
    assert "clinical: true" not in text  # a default says nothing
    assert "Médecine" in text
    assert max(map(len, text.splitlines())) <= 120


# Text as people write it, and words that YAML has a meaning for.
_text = st.one_of(
    st.sampled_from(
        [
            "no",
            "~",
            "null",
            "0x1F",
            "012",
            "12:30",
            "- a",
            "a: b",
            "#x",
            "'",
            '"',
            "&a",
            "*a",
            "!t",
            "%",
            "@",
            "{",
            "[]",
            "a\nb",
            "…",
            "=1",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=80)
    .map(str.strip)
    .filter(bool),
)
_id = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True)
_texts = st.lists(_text, max_size=3).map(tuple)
_words = st.dictionaries(st.sampled_from(["en", "fr", "no"]), _text, max_size=3)
_count = st.integers(0, 10**6)
_estates = st.builds(
    Estate,
    name=_text,
    machines=st.lists(
        st.builds(
            Machine, id=_id, name=_text, role=_text, addresses=_texts, agent=st.booleans(), needs=_texts, os=_text
        ),
        max_size=2,
    ).map(tuple),
    services=st.lists(
        st.builds(Service, id=_id, name=_words, machines=_texts, instead=_words, clinical=st.booleans()), max_size=2
    ).map(tuple),
    wards=st.lists(st.builds(Ward, id=_id, name=_words, beds=_count, phone=_text), max_size=2).map(tuple),
    authority=st.lists(
        st.builds(
            Rule,
            id=_id,
            actions=_texts,
            needs=_text,
            severity=_count,
            after_s=st.one_of(_count.map(float), st.floats(0, 1e6)),
            words=_words,
        ),
        max_size=2,
    ).map(tuple),
    never_cut=st.lists(st.builds(Never, what=_text, why=_text), max_size=2).map(tuple),
    languages=st.just(("en",)),
)


def _composed(estate: Estate) -> Any:
    """Accents composed, as reading composes them."""
    import unicodedata

    return json.loads(unicodedata.normalize("NFC", to_json(estate).decode()))


@given(_estates)
def test_any_estate_survives_being_written_and_read(estate: Estate) -> None:
    found = again(estate)
    assert found is not None
    assert _composed(found) == _composed(estate)


def test_a_file_is_replaced_whole_and_the_former_kept(tmp_path: Path) -> None:
    file = tmp_path / "hospital.yaml"
    assert replace_file(file, "one\n") is None
    file.chmod(0o640)
    assert replace_file(file, "two\n") == tmp_path / "hospital.yaml~"
    assert replace_file(file, "three\n") == tmp_path / "hospital.yaml~"
    assert (file.read_text(), (tmp_path / "hospital.yaml~").read_text()) == ("three\n", "two\n")
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(each.name for each in tmp_path.iterdir()) == ["hospital.yaml", "hospital.yaml~"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    file.write_text("one\n")
    link.symlink_to(file)
    assert replace_file(link, "two\n") == tmp_path / "real.yaml~"
    assert link.is_symlink()
    assert file.read_text() == "two\n"


def test_where_it_cannot_be_written_nothing_changes(tmp_path: Path) -> None:
    file = tmp_path / "hospital.yaml"
    file.mkdir()
    with pytest.raises(OSError):
        replace_file(file, "x\n")
    assert [each.name for each in tmp_path.iterdir()] == ["hospital.yaml"]


# --- canonical --------------------------------------------------------------------------------------------------------


@given(_estates)
def test_canonical_bytes_come_back_as_they_were(estate: Estate) -> None:
    assert from_json(to_json(estate)) == estate
    assert to_json(from_json(to_json(estate))) == to_json(estate)


def test_equal_estates_have_equal_bytes() -> None:
    one = Estate("x", wards=(Ward("a", {"en": "A", "fr": "B"}),))
    other = Estate("x", wards=(Ward("a", {"fr": "B", "en": "A"}),))
    assert to_json(one) == to_json(other)
    reordered = GOOD.replace("{id: ws, name: Desk, role: workstation,", "{role: workstation, id: ws, name: Desk,")
    found = read(f"# a comment\n{reordered}").estate
    assert found is not None
    assert to_json(found) == to_json(good())


def test_an_older_or_newer_estate_is_read() -> None:
    assert from_json(b'{"name":"x","added_later":{"a":1},"people":[{"id":"a","name":"A"}]}').people[0].logins == ()


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b'{"name":1}', b'{"name":"x","machines":[{"id":"a"}]}', b"\xff", b'{"a":' * 9999]
)
def test_what_is_no_estate_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match="no estate"):
        from_json(raw)


# --- the schema and the vocabulary ------------------------------------------------------------------------------------


def _fields() -> list[str]:
    names = []
    for name, declared in types_of(Estate).items():
        part = part_of(declared)
        names += [name, *(f"{name}.{inner}" for inner in types_of(part))] if part else [name]
    return names


def test_every_field_has_its_help_and_nothing_else_has() -> None:
    assert sorted(HELP) == sorted(_fields())
    assert set(CHOICES) | set(REFERENCES) <= set(_fields())


def test_the_schema_knows_every_field() -> None:
    found = schema()
    assert set(found["properties"]) == set(types_of(Estate))
    assert set(found["properties"]["machines"]["items"]["properties"]) == {
        each.name for each in dataclasses.fields(Machine)
    }
    assert found["properties"]["machines"]["items"]["required"] == ["id", "name", "role", "addresses"]
    assert "hub" in found["properties"]["machines"]["items"]["properties"]["role"]["enum"]
    json.dumps(found)


def fits(value: Any, rule: dict[str, Any]) -> bool:
    """Whether a value fits, by the few words of JSON schema that ours uses."""
    kinds = {"object": dict, "array": list, "string": str, "number": (int, float), "integer": int, "boolean": bool}
    kinds["null"] = type(None)  # type: ignore[assignment]
    if "anyOf" in rule and not any(fits(value, each) for each in rule["anyOf"]):
        return False
    if "enum" in rule and value not in rule["enum"]:
        return False
    wanted = rule.get("type", [])
    if wanted and not any(isinstance(value, kinds[each]) for each in ([wanted] if isinstance(wanted, str) else wanted)):
        return False
    if isinstance(value, str) and not re.search(rule.get("pattern", ""), value):
        return False
    if isinstance(value, list):
        return all(fits(each, rule.get("items", {})) for each in value)
    if isinstance(value, dict):
        known = rule.get("properties", {})
        patterns = rule.get("patternProperties", {})
        for key, each in value.items():
            part = known.get(key) or next((p for sign, p in patterns.items() if re.search(sign, key)), None)
            if part is None and rule.get("additionalProperties") is False:
                return False
            if part is not None and not fits(each, part):
                return False
        return set(rule.get("required", [])) <= set(value)
    return True


@pytest.mark.parametrize("text", [GOOD, SAMPLE.read_text(encoding="utf-8")], ids=["good", "sample"])
def test_what_is_read_fits_the_schema_and_what_is_not_does_not(text: str) -> None:
    import yaml

    data = yaml.safe_load(text)
    assert fits(data, schema())
    for broken in (
        {**data, "machine": []},
        {**data, "machines": [{"id": "a"}]},
        {**data, "machines": [{**data["machines"][0], "role": "toaster"}]},
        {**data, "machines": [{**data["machines"][0], "id": "a b"}]},
        {**data, "wards": [{**data["wards"][0], "beds": "many"}]},
        {**data, "wards": [{**data["wards"][0], "name": {"english": "A"}}]},
    ):
        assert not fits(broken, schema())


# --- docs/estate.md ---------------------------------------------------------------------------------------------------

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "estate.md").read_text(encoding="utf-8")


def test_every_field_is_documented_as_it_is() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.split("## Fields")[1].splitlines() if line.startswith("| `")]
    shown = {row[0].split("`")[1]: (row[0].endswith("*"), row[-1]) for row in rows}
    for name, declared in types_of(Estate).items():
        part = part_of(declared)
        for field in types_of(part) if part else ():
            assert shown[f"{name}.{field}"] == (field in required(part or Estate), HELP[f"{name}.{field}"])
        if part:
            assert f"### {name}\n\n{HELP[name]}\n" in PAGE
    assert set(shown) - set(HELP) == set()
    assert len(shown) == len(HELP) - sum(part_of(each) is not None for each in types_of(Estate).values())


def test_every_closed_word_is_documented() -> None:
    for name, words in CHOICES.items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}`"))
        assert re.findall(r"`([a-z_]+)`", row.split(" | ")[1]) == list(words)


def test_the_list_in_the_page_can_be_imported() -> None:
    (text,) = re.findall(r"```csv\n(.*?)```", PAGE, re.S)
    sample = read_bytes(SAMPLE.read_bytes(), "sample")
    assert sample.estate is not None
    found = merge(sample.estate, sample.lines, {"machines": ("list.csv", text.encode())})
    assert found.refused == ()
    assert (found.added, found.changed, found.unused) == ({"machines": ["ws-31"]}, {}, {})
