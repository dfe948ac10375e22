"""`garde estate`: check the hospital's file, fill it from lists, show what a cut would cost.

Comes in: `hospital.yaml`, CSV lists. Goes out: what is wrong with file and line, the file written anew, the estate or
the price of one machine, the JSON schema, a sample. It works without a hub and changes nothing but that one file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from garde.cli.options import Json

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.estate.places import Problem
    from garde.estate.read import Reading
    from garde.estate.tables import Imported

DEFAULT_FILE = Path("/etc/garde/hospital.yaml")

Action = Annotated[
    Literal["check", "import", "show", "schema", "sample"],
    Parameter(help="Check the file; merge lists into it; show it; print its JSON schema; print a sample of it."),
]
File = Annotated[
    Path | None,
    Parameter(help="The hospital's file. Default: ./hospital.yaml, else /etc/garde/hospital.yaml."),
]
Of = Annotated[str, Parameter(name="--of", help="show: one machine or service (id or address): what it stops.")]
Name = Annotated[str, Parameter(name="--name", help="import: the hospital's name, for a new file.")]
Language = Annotated[str, Parameter(name="--lang", help="Language of the hospital's words. Default: its first.")]
Dry = Annotated[bool, Parameter(name="--dry-run", negative=(), help="import: say what would change, write nothing.")]


def _list(table: str) -> Any:
    return Parameter(name=f"--{table}", help=f"import: list of {table} (CSV).")


def estate(
    action: Action,
    file: File = None,
    /,
    *,
    of: Of = "",
    machines: Annotated[Path | None, _list("machines")] = None,
    people: Annotated[Path | None, _list("people")] = None,
    services: Annotated[Path | None, _list("services")] = None,
    wards: Annotated[Path | None, _list("wards")] = None,
    name: Name = "",
    language: Language = "",
    dry_run: Dry = False,
    as_json: Json = False,
) -> int:
    """Check the hospital's description, fill it from lists, and show what hangs on what.

    Example: garde estate check /etc/garde/hospital.yaml
    """
    from garde.cli.screen import Screen

    screen = Screen(as_json)
    lists = {"machines": machines, "people": people, "services": services, "wards": wards}
    given = {table: path for table, path in lists.items() if path is not None}
    _only_with(action, "import", bool(given) or dry_run or bool(name))
    _only_with(action, "show", bool(of))
    if action == "schema":
        return _schema(screen)
    if action == "sample":
        return _sample(screen)
    path = file or _usual()
    if action == "import":
        return _import(path, given, name, dry_run, screen)
    return _check(path, screen) if action == "check" else _show(path, of, language, screen)


def _only_with(action: str, wanted: str, used: bool) -> None:
    from garde.errors import UsageError

    if used and action != wanted:
        raise UsageError(f"an option of `garde estate {wanted}` was given to `garde estate {action}`")


def _usual() -> Path:
    here = Path("hospital.yaml")
    return here if here.exists() else DEFAULT_FILE


# --- check ------------------------------------------------------------------------------------------------------------


def _check(path: Path, screen: Screen) -> int:
    from garde.estate.read import read, refusal

    found = read(path)
    _say_problems(found.problems, screen)
    _say_estate(found, path, screen)
    if found.errors:
        raise refusal(found.errors, path)
    return 0


def _say_problems(problems: tuple[Problem, ...], screen: Screen) -> None:
    from garde.journal.text import plain

    for each in problems:
        place = {"file": each.place.file, "line": each.place.line}
        screen.data({"kind": "problem", **place, "warning": each.warning, "text": each.text})
        screen.line(plain(str(each)), "warn" if each.warning else "bad")


def _say_estate(found: Reading, path: Path, screen: Screen) -> None:
    from hashlib import sha256

    from garde.estate import to_json
    from garde.journal.text import plain

    usable = not found.errors
    counts = {"errors": len(found.errors), "warnings": len(found.warnings), "usable": usable}
    body: dict[str, Any] = {"kind": "estate", "file": str(path), **counts}
    if found.estate is not None:
        e = found.estate
        figures = {name: len(getattr(e, name)) for name in ("machines", "services", "wards", "people", "authority")}
        agents, beds = sum(each.agent for each in e.machines), sum(each.beds for each in e.wards)
        body |= {"name": e.name, **figures, "agents": agents, "beds": beds, "sha256": sha256(to_json(e)).hexdigest()}
        said = f"{figures['machines']} machines ({agents} with an agent), {figures['services']} services"
        screen.line(f"{plain(e.name)}: {said}, {figures['wards']} wards with {beds} beds, {figures['people']} people")
    if usable:
        rest = f"; {counts['warnings']} warnings" if found.warnings else ""
        screen.line(f"it can be used{rest}", "good")
    screen.data(body)


# --- import -----------------------------------------------------------------------------------------------------------


def _import(path: Path, given: dict[str, Path], name: str, dry_run: bool, screen: Screen) -> int:
    from garde.errors import Incomplete, SettingsError, UsageError
    from garde.estate.read import refusal
    from garde.estate.tables import merge

    if not given:
        raise UsageError("no list was given", "name one with --machines, --people, --services or --wards")
    before = _before(path, name)
    if before.estate is None or not before.whole:
        raise refusal(before.errors, path)
    merged = merge(before.estate, before.lines, {table: (str(each), _bytes(each)) for table, each in given.items()})
    refused = merged.refused
    writes = not refused and not dry_run and merged.estate != before.estate
    former = _write(path, merged) if writes else None
    _say_problems(merged.problems, screen)
    _say_import(path, merged, screen, written=writes, former=former)
    if refused:
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        raise SettingsError(f"{refused[0]}{more}", "correct the list; nothing was written")
    errors = [each for each in merged.problems if not each.warning]
    if errors:
        raise Incomplete(f"the estate cannot be used yet: {errors[0]}", f"`garde estate check {path}` shows what lacks")
    return 0


def _before(path: Path, name: str) -> Reading:
    """Return the file as it stands, or an empty hospital where there is none yet."""
    from garde.errors import UsageError
    from garde.estate.nouns import Estate
    from garde.estate.places import Places
    from garde.estate.read import Reading, read

    if not path.exists():
        return Reading(Estate(name or "Hospital"), Places(str(path)), ())
    found = read(path)
    if name:
        raise UsageError(f"{path} has a name already", "--name is for a new file")
    return found


def _bytes(path: Path) -> bytes:
    from garde.errors import SettingsError
    from garde.estate.source import MAX_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}", "name a list that can be read") from error


def _write(path: Path, merged: Imported) -> Path | None:
    from garde.errors import NotPermitted
    from garde.estate.write import replace_file, to_yaml

    try:
        return replace_file(path, to_yaml(merged.estate))
    except OSError as error:
        raise NotPermitted(f"{path} cannot be written: {error.strerror}", "nothing was changed") from error


def _say_import(path: Path, merged: Imported, screen: Screen, *, written: bool, former: Path | None) -> None:
    from garde.journal.text import plain

    body = {"added": merged.added, "changed": merged.changed, "unused": merged.unused}
    kept = str(former) if former else None
    screen.data({"kind": "imported", "file": str(path), "written": written, "former": kept, **body})
    for word, tables in (("added", merged.added), ("changed", merged.changed)):
        for table, ids in tables.items() if not merged.refused else ():
            screen.line(f"{table} {word}: {len(ids)} ({plain(', '.join(ids), 300)})", "good")
    for file, headings in merged.unused.items():
        screen.line(f"{plain(file)}: columns that were not used: {plain(', '.join(headings), 300)}", "warn")
    if not merged.added and not merged.changed:
        screen.line("nothing new", "note")
    if written:
        beside = f"; the former file is {plain(str(former))}" if former else ""
        screen.line(f"written: {plain(str(path))}{beside}", "note")
    else:
        screen.line("nothing was written", "note")


# --- show -------------------------------------------------------------------------------------------------------------


def _show(path: Path, of: str, language: str, screen: Screen) -> int:
    import json

    from garde.cli.estate_view import show_one, show_whole
    from garde.errors import NotFound
    from garde.estate import to_json
    from garde.estate.look import Lookup
    from garde.estate.read import load

    loaded = load(path)
    look = Lookup(loaded.estate)
    if not of:
        screen.data({"kind": "estate", "file": str(path), **json.loads(to_json(loaded.estate))})
        show_whole(look, language, screen)
        return 0
    machine = look.machine(of)
    if machine is None and of not in look.services:
        raise NotFound(f"{path} has no machine or service {of}", "`garde estate show` lists them")
    show_one(look, machine.id if machine else of, language, screen)
    return 0


# --- schema and sample ------------------------------------------------------------------------------------------------


def _schema(screen: Screen) -> int:
    import json

    from garde.estate.schema import schema

    screen.data(schema())
    screen.line(json.dumps(schema(), indent=2, ensure_ascii=False))
    return 0


def _sample(screen: Screen) -> int:
    from garde.estate.read import SAMPLE

    text = SAMPLE.read_text(encoding="utf-8")
    screen.data({"kind": "sample", "content": text})
    screen.line(text.rstrip("\n"))
    return 0
