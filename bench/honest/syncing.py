"""rsync of a changed tree, whole files and in place."""

from __future__ import annotations

from bench import documents
from bench.honest.base import Scenario, Work


def _both_sides(work: Work) -> None:
    work.documents(work.aside / "source", work.size(400, 60), tuple(documents.KINDS))
    work.run("rsync", "-a", f"{work.aside}/source/", work.root / "copy")
    work.save_over(sorted(path for path in (work.aside / "source").rglob("*") if path.is_file()), 0.6, 4)


def _sync(*options: str) -> Scenario:
    def act(work: Work) -> None:
        work.run("rsync", "-a", *options, f"{work.aside}/source/", work.root / "copy")

    return Scenario("rsync", " ".join(("rsync -a", *options)), ("rsync",), _both_sides, act)


SCENARIOS = (
    _sync("--no-whole-file"),
    _sync("--inplace", "--no-whole-file"),
    _sync("--inplace", "--whole-file"),
    _sync("--checksum", "--backup"),
)
