"""Settings: read once, refused with file and line, every one of them explained."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde import settings as module
from garde.errors import SettingsError
from garde.settings import Settings, load, table


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file to write to; neither the environment nor /etc reaches the tests."""
    monkeypatch.delenv("GARDE_SETTINGS", raising=False)
    monkeypatch.setattr(module, "DEFAULT_FILE", tmp_path / "absent.toml")
    return tmp_path / "garde.toml"


def test_without_a_file_the_defaults_hold(written: Path) -> None:
    assert load() == Settings()


def test_a_file_changes_what_it_names_and_nothing_else(written: Path) -> None:
    written.write_text('[watch]\ndirty_ms = 500\nnever_hold = ["smbd"]\n[vault]\nversions = 2\n')
    loaded = load(written)
    assert (loaded.watch.dirty_ms, loaded.watch.never_hold, loaded.vault.versions) == (500, ("smbd",), 2)
    back = dataclasses.replace(
        loaded,
        watch=dataclasses.replace(loaded.watch, dirty_ms=200, never_hold=Settings().watch.never_hold),
        vault=dataclasses.replace(loaded.vault, versions=5),
    )
    assert back == Settings()


def test_the_environment_names_a_file(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written.write_text("[watch]\nbait = false\n")
    monkeypatch.setenv("GARDE_SETTINGS", str(written))
    assert load().watch.bait is False


def test_the_call_goes_before_the_environment(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[vault]\nversions = 9\n")
    written.write_text("[vault]\nversions = 3\n")
    monkeypatch.setenv("GARDE_SETTINGS", str(other))
    assert load(written).vault.versions == 3


def test_the_default_file_is_read_where_it_exists(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written.write_text("[vault]\nkeep_days = 30\n")
    monkeypatch.setattr(module, "DEFAULT_FILE", written)
    assert load().vault.keep_days == 30


def test_a_file_that_was_named_must_exist(written: Path) -> None:
    with pytest.raises(SettingsError, match=r"garde\.toml: No such file"):
        load(written)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[watch]\nbait = true\ndirtyms = 1\n", r"garde\.toml:3: no setting named watch\.dirtyms"),
        ("[wach]\nbait = true\n", r"no setting named wach\.bait"),
        ("bait = true\n", r"garde\.toml:1: no setting named bait"),
        ("[watch]\nbait = 'yes'\n", r"garde\.toml: .*bool.*\$\.watch\.bait"),
        ("[vault]\nversions = 2.5\n", r"garde\.toml: .*int.*\$\.vault\.versions"),
        ("[watch]\nnever_hold = 'sshd'\n", r"garde\.toml: .*array.*never_hold"),
        ("[watch\n", r"garde\.toml: .*line 1"),
        ("[watch]\n\nconfirm_ms = 1001\n", r"garde\.toml:3: confirm_ms = 1001 is out of range"),
        ("[watch]\nfalse_alarm = 0.0\n", r"garde\.toml:2: false_alarm = 0\.0 is out of range"),
        ("[watch]\nmiss = 0.5\n", r"miss = 0\.5 is out of range"),
        ("[watch]\ndecay_hours = 0.0\n", r"decay_hours = 0\.0 is out of range"),
        ("[watch]\ndirty_ms = 0\n", r"dirty_ms = 0 is out of range"),
        ("[vault]\nversions = 0\n", r"versions = 0 is out of range"),
        ("[vault]\nbudget_percent = 91.0\n", r"budget_percent = 91\.0 is out of range"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(written: Path, text: str, says: str) -> None:
    written.write_text(text)
    with pytest.raises(SettingsError, match=says):
        load(written)


def test_bytes_that_are_no_text_are_refused(written: Path) -> None:
    written.write_bytes(b"[watch]\n\xff\xfe = 1\n")
    with pytest.raises(SettingsError, match=r"garde\.toml"):
        load(written)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_file_gives_settings_or_a_settings_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "garde.toml"
    path.write_bytes(content)
    try:
        assert isinstance(load(path), Settings)
    except SettingsError as error:
        assert str(path) in str(error)


def test_the_table_explains_every_setting() -> None:
    rows = table()
    assert len({name for name, _, _ in rows}) == len(rows)
    for name, _, text in rows:
        assert text.endswith("."), name
        assert len(text.split()) >= 3, name


def test_every_default_can_be_written_in_a_file(written: Path) -> None:
    lines: dict[str, list[str]] = {}
    for name, default, _ in table():
        section, _, key = name.partition(".")
        value = str(list(default)) if isinstance(default, tuple) else {True: "true", False: "false"}.get(default)
        if not isinstance(default, bool | tuple):
            value = f"'{default}'" if isinstance(default, str) else str(default)
        lines.setdefault(section, []).append(f"{key} = {value}")
    written.write_text("".join(f"[{section}]\n" + "\n".join(keys) + "\n" for section, keys in lines.items()))
    assert load(written) == Settings()
