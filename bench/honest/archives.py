"""Archives of a tree: made beside the sources, instead of the sources, and unpacked again."""

from __future__ import annotations

from bench.documents import KINDS
from bench.honest.base import Scenario, Work

ALL = tuple(KINDS)


def _share(work: Work) -> None:
    work.documents(work.root / "share", work.size(300, 40), ALL)


def _keeping(*argv: str) -> Scenario:
    """A tool that reads the tree and writes one archive beside it."""
    return Scenario(
        "archive keeping the sources", " ".join(argv[:2]), (argv[0],), _share, lambda work: work.run(*argv, "share")
    )


def _each_file(name: str, tool: str, script: str, item: str) -> Scenario:
    """A tool that is run over every file in place."""
    return Scenario(item, name, (tool,), _share, lambda work: work.shell(script, cwd=work.root / "share"))


KEEP, REPLACE = "archive keeping the sources", "compress replacing the sources"


def _packed(work: Work) -> None:
    work.documents(work.aside / "tree", work.size(400, 60), ALL)
    work.run("tar", "-czf", work.root / "tree.tar.gz", "-C", work.aside, "tree")
    work.run("zip", "-qr", work.root / "tree.zip", "tree", cwd=work.aside)


def _unpack(work: Work) -> None:
    for folder in ("first", "second"):
        (work.root / folder).mkdir()
    work.run("tar", "-xzf", work.root / "tree.tar.gz", "-C", work.root / "first")
    for _ in range(2):  # the second time over what the first laid down
        work.run("unzip", "-qo", work.root / "tree.zip", "-d", work.root / "second")


SCENARIOS = (
    _keeping("tar", "-czf", "share.tar.gz"),
    _keeping("tar", "-cJf", "share.tar.xz"),
    _keeping("tar", "--zstd", "-cf", "share.tar.zst"),
    _keeping("7z", "a", "-bd", "-mx1", "share.7z"),
    _keeping("zip", "-qr", "share.zip"),
    _each_file("gzip -k *", "gzip", "gzip -kr .", KEEP),
    _each_file("xz -k *", "xz", "find . -type f -print0 | xargs -0 xz -k1", KEEP),
    _each_file("zstd -k *", "zstd", "zstd -qrk .", KEEP),
    _each_file("gzip *", "gzip", 'for folder in */; do (cd "$folder" && gzip *); done', REPLACE),
    _each_file("zstd --rm *", "zstd", 'for folder in */; do (cd "$folder" && zstd -q --rm *); done', REPLACE),
    _each_file("xz *", "xz", 'for folder in */; do (cd "$folder" && xz -1 *); done', REPLACE),
    _each_file(
        "gzip * then gunzip *",
        "gzip",
        'for folder in */; do (cd "$folder" && gzip * && gunzip *); done',
        REPLACE,
    ),
    Scenario("unpack an archive", "tar x, unzip twice", ("tar", "zip", "unzip"), _packed, _unpack),
)
