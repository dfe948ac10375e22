"""The locks hold what pyproject.toml asks for, with a hash for everything and no word about where it comes from.

Comes in: pyproject.toml and the three locks. Asks no package index.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-uv.lock")
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUN_EXTRAS = (
    "up",
    "lab",
    "inotify",
    "link",
    "hub",
    "paper",
    "downtime",
    "ward",
    "postgres",
    "gate",
    "account",
    "flows",
)


def entries(lock: str) -> list[str]:
    """One string for each package: `name==1.2 ; marker --hash=... --hash=...`."""
    return (TOP / lock).read_text(encoding="utf-8").replace("\\\n", " ").strip().splitlines()


def pins(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for entry in entries(lock):
        wanted = Requirement(entry.split("--hash")[0].strip())
        found.setdefault(canonicalize_name(wanted.name), set()).add(str(wanted.specifier).removeprefix("=="))
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_each_package_is_pinned_and_hashed(lock: str) -> None:
    for entry in entries(lock):
        assert re.fullmatch(r"[a-z0-9-]+==[^ ]+( ; [^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+", entry.strip()), entry[:80]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_address_is_named(lock: str) -> None:
    assert "://" not in (TOP / lock).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", RUN_EXTRAS), ("requirements-dev.lock", (*RUN_EXTRAS, "dev"))]
)
def test_lock_answers_pyproject(lock: str, extras: tuple[str, ...]) -> None:
    pinned = pins(lock)
    asked = [*PROJECT["dependencies"], *(line for extra in extras for line in PROJECT["optional-dependencies"][extra])]
    for wanted in map(Requirement, asked):
        versions = pinned.get(canonicalize_name(wanted.name), set())
        assert versions, f"{wanted.name} is not locked: run scripts/lock"
        assert all(wanted.specifier.contains(version) for version in versions), f"{wanted}: run scripts/lock"


def test_tests_run_with_the_versions_that_users_run() -> None:
    tested = pins("requirements-dev.lock")
    assert {name: tested.get(name) for name in pins("requirements.lock")} == pins("requirements.lock")
