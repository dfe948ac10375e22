"""The samples module is loaded by path (tests have no packages) and handed out as a fixture and for parametrizing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load() -> ModuleType:
    name = "garde_content_samples"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("content_samples.py"))
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    return _load()


@pytest.fixture(scope="session")
def whole() -> dict[str, bytes]:
    """Every sample, by kind, made once."""
    return {kind: make() for kind, make in _load().SAMPLES.items()}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `kind` or `attack` runs for all of them, unless it names its own."""
    named = ",".join(str(marker.args[0]) for marker in metafunc.definition.iter_markers("parametrize"))
    for name, table in (("kind", _load().SAMPLES), ("attack", _load().ATTACKS)):
        if name in metafunc.fixturenames and name not in named:
            metafunc.parametrize(name, sorted(table))
