"""After a kill: index and store agree again, and nothing that could be the only healthy copy is thrown away."""

# Names here are raw bytes, which pathlib does not know.
# ruff: noqa: PTH106, PTH108, PTH110, PTH120

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from garde.vault import Outcome, Vault


def _object(vault: Vault, path: bytes) -> bytes:
    known = vault.find(path)
    assert known is not None
    assert known.object is not None
    return known.object


def test_an_object_without_a_row_is_set_aside(share: Any, healthy: Any) -> None:
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    stray = Path(os.fsdecode(_object(vault, path))).with_name("fff")
    stray.write_bytes(b"perhaps the only copy")
    assert vault.check().orphans == 1
    assert vault.repair() == ["1 objects without a row, set aside in orphans"]
    assert vault.check().whole
    assert b"perhaps the only copy" in share.everything()


def test_a_lost_object_is_not_promised_any_more(share: Any, healthy: Any) -> None:
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    os.unlink(_object(vault, path))
    assert vault.check().missing == 1
    vault.repair()
    assert vault.check().whole
    assert vault.coverage().restorable == 0
    vault.scan([bytes(share.tree)])
    assert vault.coverage().restorable == 1


def test_an_object_of_the_wrong_size_is_not_used(share: Any, healthy: Any) -> None:
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    os.truncate(_object(vault, path), 10)
    assert vault.check().wrong_size == 1
    vault.repair()
    assert vault.check().whole
    assert vault.coverage().restorable == 0


def test_a_whole_directory_of_objects_lost(share: Any, healthy: Any) -> None:
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    vault.capture(path)
    kept = _object(vault, path)
    os.unlink(kept)
    os.rmdir(os.path.dirname(kept))
    assert vault.check().missing == 1
    vault.repair()
    assert vault.check().whole


def test_what_lies_in_staging_goes_to_evidence(share: Any, healthy: Any) -> None:
    vault = share.vault()
    path = share.write("a.txt", healthy(1))
    version = vault.capture(path).version
    store = Path(os.fsdecode(vault.coverage().stores[0].path))
    staging = store / "staging"
    (staging / f"{version:x}-0").write_bytes(healthy(1))  # our own copy
    (staging / f"{version:x}-1").write_bytes(b"damaged, swapped out of a.txt")
    (staging / "something").write_bytes(b"unknown")
    vault.repair()
    assert vault.check().whole
    assert {b"damaged, swapped out of a.txt", b"unknown"} <= set(share.everything())
    assert len(list((store / "evidence").iterdir())) == 2


def _killed(share: Any, work: Callable[[Vault], object], place: str, when: int, *, after: bool) -> bool:
    """Run `work` in a child that kills itself (SIGKILL) at the n-th call of `place`; True if it came that far."""
    child = os.fork()
    if child == 0:
        try:
            patch = pytest.MonkeyPatch()
            module, _, name = place.rpartition(".")
            owner: Any = _import(module)
            real, calls = getattr(owner, name), []

            def deadly(*arguments: Any, **named: Any) -> Any:
                calls.append(1)
                if len(calls) == when and not after:
                    os.kill(os.getpid(), signal.SIGKILL)
                try:
                    return real(*arguments, **named)
                finally:
                    if len(calls) == when:
                        os.kill(os.getpid(), signal.SIGKILL)

            patch.setattr(owner, name, deadly)
            work(share.vault())
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _import(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return getattr(importlib.import_module(module), attribute)


STEPS_OF_KEEPING = (
    "garde.vault.store.Store.clone",
    "garde.vault.store.Store.copy",
    "garde.vault.store.copy_data",
    "garde.vault.index.Index.put_file",
    "garde.vault.index.Index.put_version",
    "garde.vault.capture.Capture.after_commit",
)
STEPS_OF_PUTTING_BACK = (
    "garde.vault.restore.new_file",
    "garde.vault.restore.fill",
    "garde.vault.restore.put_metadata",
    "garde.vault.restore.rename",
    "garde.vault.store.rename",
    "garde.vault.index.Index.put_evidence",
    "garde.vault.index.Index.put_file",
)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("place", STEPS_OF_KEEPING)
def test_killed_while_keeping(share: Any, healthy: Any, place: str, after: bool) -> None:
    for n in range(200):
        share.write(f"{n}.txt", healthy(n, 30))

    def work(vault: Vault) -> None:
        vault.scan([bytes(share.tree)])
        for n in range(20):
            vault.capture(share.write(f"{n}.txt", healthy(n, 40)))

    for when in (1, 70, 190):
        _killed(share, work, place, when, after=after)
        vault = share.vault()
        vault.repair()
        assert vault.check().whole
        vault.scan([bytes(share.tree)])
        assert vault.coverage().restorable == 200
        vault.close()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("place", STEPS_OF_PUTTING_BACK)
def test_killed_while_putting_back(share: Any, healthy: Any, damage: Any, place: str, after: bool) -> None:
    names = [f"{n}.txt" for n in range(12)]
    vault = share.vault()
    for seed, name in enumerate(names):
        vault.capture(share.write(name, healthy(seed)))
    vault.close()
    for seed, name in enumerate(names):
        share.write(name, damage(seed))
    os.unlink(share.path("3.txt"))
    came = 0
    for when in (1, 4, 9):
        came += _killed(share, lambda vault: share.restore(vault, *names), place, when, after=after)
        vault = share.vault()
        vault.repair()
        assert vault.check().whole
        for seed, name in enumerate(names):
            if os.path.exists(share.path(name)):
                assert share.read(name) in {healthy(seed), damage(seed)}  # never a mixture, never half
        everything = set(share.everything())
        assert {damage(seed) for seed in range(12) if seed != 3} <= everything
        vault.close()
    assert came > 0
    vault = share.vault()
    share.restore(vault, *names)
    assert all(done.outcome is Outcome.UNCHANGED for done in share.restore(vault, *names))
    assert [share.read(name) for name in names] == [healthy(seed) for seed in range(12)]
    assert vault.check().whole


def test_an_object_left_by_a_kill_does_not_stand_in_the_way(share: Any, healthy: Any) -> None:
    """Without a repair in between, too."""
    vault = share.vault()
    vault.capture(share.write("a.txt", healthy(1)))
    number = vault._capture._next
    os.close(vault._places.all()[0]._new(number))
    assert vault.capture(share.write("b.txt", healthy(2))).version == number
    assert vault.check().whole
