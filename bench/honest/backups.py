"""restic and borg with their repository inside the guarded tree: encrypted, pruned, compacted."""

from __future__ import annotations

from bench import documents
from bench.honest.base import Scenario, Work

KINDS = tuple(documents.KINDS)


def _sources(work: Work) -> None:
    work.documents(work.root / "share", work.size(300, 50), KINDS)


def _change(work: Work, seed: int) -> None:
    paths = sorted(path for path in (work.root / "share").rglob("*") if path.is_file())
    work.save_over(paths, 0.3, seed)


def _restic(work: Work) -> None:
    env = {
        "RESTIC_PASSWORD": "bench",
        "RESTIC_REPOSITORY": str(work.root / "repository"),
        "RESTIC_CACHE_DIR": str(work.aside / "cache"),
    }
    work.run("restic", "init", env=env)
    for seed in range(work.size(4, 2)):
        work.run("restic", "backup", "--quiet", "share", env=env)
        _change(work, seed)
    work.run("restic", "forget", "--quiet", "--keep-last", "1", "--prune", "--max-unused", "0", env=env)
    work.run("restic", "restore", "--quiet", "latest", "--target", work.root / "restored", env=env)


def _borg(work: Work) -> None:
    env = {
        "BORG_PASSPHRASE": "bench",
        "BORG_REPO": str(work.root / "repository"),
        "BORG_BASE_DIR": str(work.aside / "borg"),
        "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
    }
    work.run("borg", "init", "--encryption=repokey", env=env)
    for seed in range(work.size(4, 2)):
        work.run("borg", "create", f"::day-{seed}", "share", env=env)
        _change(work, seed + 10)
    work.run("borg", "prune", "--keep-last", "1", env=env)
    work.run("borg", "compact", "--threshold", "0", env=env)


SCENARIOS = (
    Scenario("restic backup", "init, backups, forget --prune, restore", ("restic",), _sources, _restic),
    Scenario("borg backup", "init, creates, prune, compact", ("borg",), _sources, _borg),
)
