"""What exists is documented, and nothing is documented that does not exist.

Comes in: the documents, and the tables they describe: settings, exit codes, journal kinds, commands and their options,
the agent's events.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from garde import settings
from garde.cli import COMMANDS, build, events
from garde.errors import EXIT_CODES, GardeError
from garde.journal.kinds import KINDS, ActorNote, FileDamage, SkippedNote

TOP = Path(__file__).resolve().parents[1]
DOCS = TOP / "docs"
# Kinds of the account that nothing writes yet: whoever writes one takes it out.
PROMISED: set[str] = set()
SHELL_CODES = {130, 141}  # Ctrl-C and a closed pipe: no errors of ours, so in no table of ours


def _text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of every table row but the headings."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip().strip("|").split(" | ")]


def _names(text: str) -> list[str]:
    return re.findall(r"`([a-z_0-9]+)`", text)


# --- settings ---------------------------------------------------------------------------------------------------------


def test_every_setting_is_documented_as_it_is() -> None:
    documented = {
        row[0].strip("`"): (row[1].strip("`"), row[2]) for row in _rows(_text("settings.md")) if "." in row[0]
    }
    real = {name: (_toml(default), meaning) for name, default, meaning in settings.table()}
    assert documented == real


def _toml(value: Any) -> str:
    if isinstance(value, float):
        return repr(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def test_the_settings_file_shown_can_be_read(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", _text("settings.md"), re.S)
    file = tmp_path / "garde.toml"
    file.write_text(shown, encoding="utf-8")
    assert settings.load(file) != settings.Settings()


# --- exit codes -------------------------------------------------------------------------------------------------------


def _kinds(root: type[GardeError] = GardeError) -> list[type[GardeError]]:
    return [root, *(found for child in root.__subclasses__() for found in _kinds(child))]


def test_every_exit_code_is_documented_with_its_word_and_meaning() -> None:
    rows = {int(row[0]): (row[1].strip("`"), row[2]) for row in _rows(_text("exit-codes.md")) if row[0].isdigit()}
    words = {kind.exit_code: kind.code for kind in _kinds()}
    assert {code: row for code, row in rows.items() if code not in SHELL_CODES} == {
        code: (words.get(code, "–"), meaning) for code, meaning in EXIT_CODES.items()
    }
    assert set(rows) == set(EXIT_CODES) | SHELL_CODES
    assert len(words) == len(_kinds()), "two errors share an exit code"


# --- the journal ------------------------------------------------------------------------------------------------------


def _kind_rows() -> dict[str, list[str]]:
    return {row[0].strip("`"): row for row in _rows(_text("journal.md").split("## Kinds")[1]) if row[0] != "kind"}


def test_every_kind_is_documented_with_its_fields() -> None:
    documented = {name: _names(row[1]) for name, row in _kind_rows().items()}
    assert documented == {name: [field.name for field in dataclasses.fields(kind)] for name, kind in KINDS.items()}


@pytest.mark.parametrize(("part", "kind"), [("actor", ActorNote), ("file", FileDamage), ("skipped", SkippedNote)])
def test_every_part_is_documented_with_its_fields(part: str, kind: type) -> None:
    (row,) = [row for row in _rows(_text("journal.md")) if row[0] == part]
    fields = {field.name for field in dataclasses.fields(kind)}
    assert set(_names(row[1])) == fields


def test_fields_that_can_be_erased_are_marked() -> None:
    for name, kind in KINDS.items():
        marked = set(re.findall(r"`([a-z_0-9]+)`°", _kind_rows()[name][1]))
        assert marked == {field.name for field in dataclasses.fields(kind) if "Text" in str(field.type)}, name


def test_every_kind_is_written_by_something() -> None:
    """A kind that nothing writes is a promise nobody keeps."""
    made: set[str] = set()
    for source in (TOP / "src" / "garde").rglob("*.py"):
        if source.name not in {"kinds.py", "words.py", "summary.py", "explain.py"}:
            calls = (node.func for node in ast.walk(ast.parse(source.read_bytes())) if isinstance(node, ast.Call))
            made |= {getattr(call, "attr", getattr(call, "id", "")) for call in calls}
    assert {name for name, kind in KINDS.items() if kind.__name__ not in made} == PROMISED


# --- commands ---------------------------------------------------------------------------------------------------------


def _section(name: str) -> str:
    found = re.findall(rf"^## garde {name}\n(.*?)(?=^## |\Z)", _text("commands.md"), re.S | re.M)
    assert len(found) == 1, f"docs/commands.md has {len(found)} sections for {name}"
    return str(found[0])


def _options(name: str) -> set[str]:
    arguments = build(name)[name].assemble_argument_collection()
    long = {word for each in arguments if each.show for word in each.names if word.startswith("--")}
    return {word for word in long if not word[2:].isupper()}  # `--PATH` is how a positional is called


def test_commands_and_sections_are_the_same() -> None:
    sections = re.findall(r"^## garde (\S+)$", _text("commands.md"), re.M)
    assert sorted(sections) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_and_no_other(name: str) -> None:
    usage = next(line for line in _section(name).splitlines() if line.startswith(f"    garde {name}"))
    assert set(re.findall(r"--[a-z-]+", usage)) == _options(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_json_and_an_example_that_is_the_same_in_its_help(name: str) -> None:
    assert "--json" in _options(name)
    (example,) = re.findall(r"^Example: `(garde .*)`$", _section(name), re.M)
    shown = " ".join(str(build(name)[name].help).split())
    assert f"Example: {example}" in shown
    assert "JSON: " in _section(name) or name == "watch"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_a_call_that_is_understood(name: str) -> None:
    (example,) = re.findall(r"^Example: `(garde .*)`$", _section(name), re.M)
    words = example.split()[1:]
    command, _, unused, *_ = build(name).parse_known_args(words)
    assert command.__module__ == COMMANDS[name][0].split(":")[0]
    assert unused == []


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_shown(name: str) -> None:
    program = f"from garde.cli import run; raise SystemExit(run([{name!r}, '--help']))"
    environment = {"PYTHONPATH": str(TOP / "src"), "COLUMNS": "200", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert "Example:" in done.stdout
    assert "--json" in done.stdout
    assert done.stderr == ""


def test_every_event_of_the_agent_is_documented_and_has_words() -> None:
    documented = {row[0].strip("`") for row in _rows(_section("watch")) if row[0] != "event"}
    assert documented == set(events._SPEAKERS)
    said = set()
    for source in (TOP / "src" / "garde" / "agent").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_bytes())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
                "emit",
                "voice",
            ):
                said |= {word.value for word in node.args[:1] if isinstance(word, ast.Constant)}
    assert said == documented


# --- the documents themselves -----------------------------------------------------------------------------------------


def _documents() -> list[Path]:
    return [*TOP.glob("*.md"), *DOCS.rglob("*.md")]


@pytest.mark.parametrize("document", _documents(), ids=lambda path: str(path.relative_to(TOP)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_commands_named_in_documents_exist() -> None:
    for document in _documents():
        for name in re.findall(r"`(?:\./)?garde ([a-z]+)[ `]", document.read_text(encoding="utf-8")):
            assert name in COMMANDS, f"{document.name} names garde {name}"
