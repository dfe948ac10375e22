"""The house keeps its floors: imports go down only, no cycles, and other programs are started from few places only.

Comes in: the source of src/garde, read with `ast` and never imported. docs/architecture.md draws the floors.
"""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"
FLOORS = (
    {"model", "errors", "clock", "settings", "sockets", "private"},
    {"journal", "estate", "trust", "content", "vault", "paper"},
    {"watch", "contain", "oncall", "emergency", "downtime", "forensics", "recovery", "legal", "sharing"},
    {"agent", "hub", "desk", "ward"},
    {"lab"},
    {"cli", "__main__"},
)
FLOOR = {name: number for number, names in enumerate(FLOORS, 1) for name in names} | {"": 1}  # "": garde/__init__.py
SIDEWAYS = (1, 2)  # floors whose packages may use each other, as long as no two use each other
MAY_START_PROGRAMS = (
    "contain.actions",
    "lab",
    "cli",
    "agent",
    "watch.sensors",
    "paper",
    "recovery.points",
    "recovery.checks",
    "sharing.in_",
)
STARTERS = ("subprocess", "os.posix_spawn", "os.exec", "os.spawn", "asyncio.create_subprocess_exec", "pty")
BANNED = (
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "asyncio.create_subprocess_shell",
)


def name_of(path: Path, source: Path = SOURCE) -> str:
    parts = path.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


TREES = {name_of(path): ast.parse(path.read_bytes()) for path in sorted(SOURCE.rglob("*.py"))}
PACKAGES = {name_of(path) for path in SOURCE.rglob("__init__.py")}


def imports(module: str, tree: ast.AST) -> set[str]:
    """Every name that the module imports, also inside functions; relative imports made absolute."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            up = (
                module.split(".")[: -node.level or None]
                if module not in PACKAGES
                else module.split(".")[: 1 - node.level or None]
            )
            base = ".".join([*(up if node.level else []), *filter(None, [node.module])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def modules_imported(module: str, tree: ast.AST) -> set[str]:
    """The modules of ours behind those names: `garde.vault.store.Vault` is `garde.vault.store`."""
    ours = (name for name in imports(module, tree) if name.split(".")[0] == "garde")
    known = (name if name in TREES else name.rpartition(".")[0] for name in ours)
    return {name for name in known if name in TREES} - {module}


def package(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


def wrong_floors(edges: dict[str, set[str]]) -> list[str]:
    """Edges that go up, or sideways where that is not allowed."""
    return [
        f"{module} (floor {FLOOR[package(module)]}) imports {other} (floor {FLOOR[package(other)]})"
        for module, others in sorted(edges.items())
        for other in sorted(others)
        if package(other) != package(module)
        and (
            FLOOR[package(other)] > FLOOR[package(module)]
            or (FLOOR[package(other)] == FLOOR[package(module)] and FLOOR[package(module)] not in SIDEWAYS)
        )
    ]


def wrong_calls(module: str, tree: ast.AST) -> list[str]:
    """Shells anywhere, and programs started outside the places that may."""
    dotted = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | imports(module, tree)
    found = [name for name in dotted if name.startswith(BANNED)]
    found += [
        f"shell={ast.unparse(node.value)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "shell" and ast.unparse(node.value) != "False"
    ]
    allowed = any(f"{module}.".startswith(f"garde.{place}.") for place in MAY_START_PROGRAMS)
    return found + [name for name in dotted if name.startswith(STARTERS) and not allowed]


EDGES = {module: modules_imported(module, tree) for module, tree in TREES.items()}


def test_every_package_has_a_floor() -> None:
    assert {package(module) for module in TREES} <= set(FLOOR)


def test_imports_go_down_only() -> None:
    assert wrong_floors(EDGES) == []


def test_modules_have_no_cycles() -> None:
    TopologicalSorter(EDGES).prepare()  # raises CycleError with the modules in it


def test_packages_have_no_cycles() -> None:
    packages: dict[str, set[str]] = {}
    for module, others in EDGES.items():
        packages.setdefault(package(module), set()).update({package(other) for other in others} - {package(module), ""})
    TopologicalSorter(packages).prepare()


@pytest.mark.parametrize("module", TREES)
def test_programs_are_started_only_where_allowed_and_never_by_a_shell(module: str) -> None:
    assert wrong_calls(module, TREES[module]) == []


def test_the_rules_catch_what_they_forbid() -> None:
    assert wrong_floors({"garde.vault.store": {"garde.watch.watcher"}})
    assert wrong_floors({"garde.watch.watcher": {"garde.contain.hold"}})
    assert not wrong_floors({"garde.vault.store": {"garde.content.compare", "garde.clock"}})
    assert wrong_calls("garde.watch.x", ast.parse("import subprocess"))
    assert wrong_calls("garde.cli.x", ast.parse("run(['a'], shell=True)"))
    assert wrong_calls("garde.cli.x", ast.parse("import os\nos.system('a')"))
    assert not wrong_calls("garde.contain.actions.nft", ast.parse("import subprocess"))
    assert imports("garde.watch.x", ast.parse("from . import y\nfrom ..vault import z")) == {
        "garde.watch.y",
        "garde.vault.z",
    }
