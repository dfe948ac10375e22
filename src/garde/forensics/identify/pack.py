"""A hospital's own knowledge of families: YARA-X rules and listed hashes, in one folder.

Comes in: a folder (`identify/` in the hub's state directory; it may be absent) with `*.yar` files, whose rules name
their family in the metadata (`family = "lockbit"`), and `hashes.txt`: lines `SHA256 family`, `#` for a remark. Goes
out: `Pack`, and one line for everything in it that can't be used. Garde's own few rules lie in `yara/`. It reads text
of at most `MOST` bytes, within `SECONDS`; a rule that does not compile leaves the others standing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

OWN: Final = Path(__file__).with_name("yara")
MOST: Final = 1 << 20
SECONDS: Final = 5
_RULES: Final = 8 << 20  # bytes of all rule files together: a pack for notes is small
_HASHES: Final = 1_000_000  # lines
_LINE: Final = re.compile(r"([0-9a-fA-F]{64})[\s,;]+(\S{1,64})")


@dataclass(slots=True)
class Pack:
    """Rules that are compiled, hashes that are listed, and what is broken."""

    rules: int = 0
    hashes: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    _compiled: Any = None

    def __call__(self, content: bytes) -> list[tuple[str, str]]:
        """Return family and name of each rule that matches; nothing where time was over."""
        if self._compiled is None:
            return []
        import yara_x

        scanner = yara_x.Scanner(self._compiled)  # one belongs to the thread that made it
        scanner.set_timeout(SECONDS)
        try:
            found = scanner.scan(content[:MOST]).matching_rules
        except Exception:  # yara_x.ScanError, yara_x.TimeoutError: what a rule makes of one text
            return []
        return [(_family(rule), rule.identifier) for rule in found if _family(rule)]


def _family(rule: Any) -> str:
    return next((str(value).lower() for name, value in rule.metadata if name == "family"), "")


def read_pack(folder: Path | None) -> Pack:
    """Return Garde's own rules and those of the folder. Raises nothing for what is in it."""
    pack = Pack()
    _compile(pack, [*sorted(OWN.glob("*.yar")), *(sorted(folder.rglob("*.yar")) if folder else [])])
    file = folder / "hashes.txt" if folder else None
    if file is not None and file.is_file():
        _take_hashes(pack, file)
    return pack


def _compile(pack: Pack, files: list[Path]) -> None:
    try:
        import yara_x
    except ImportError:
        pack.broken.append("rules are not used: yara-x is not installed")
        return
    compiler = yara_x.Compiler(relaxed_re_syntax=True, includes_enabled=False)
    for name, source in _sources(pack, files):
        compiler.new_namespace(name)
        try:
            compiler.add_source(source, origin=name)
        except yara_x.CompileError as error:
            pack.broken.append(f"{name}: {' '.join(str(error).split())[:200]}")
    rules = compiler.build()
    pack.rules = len(list(rules))
    pack._compiled = rules


def _sources(pack: Pack, files: list[Path]) -> Iterator[tuple[str, str]]:
    room = _RULES
    for number, file in enumerate(files):
        try:
            data = file.read_bytes()
        except OSError as error:
            pack.broken.append(f"{file.name}: {error.strerror}")
            continue
        room -= len(data)
        if room < 0:
            pack.broken.append(f"{file.name}: the rules are larger than {_RULES >> 20} MiB together")
            return
        yield f"{number}:{file.name}", data.decode("utf-8", "replace")


def _take_hashes(pack: Pack, file: Path) -> None:
    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            text = line.partition("#")[0].strip()
            found = _LINE.fullmatch(text)
            if found:
                pack.hashes[found[1].lower()] = found[2].lower()
            elif text:
                pack.broken.append(f"{file.name}:{number}: not `SHA256 family`")
            if number >= _HASHES or len(pack.broken) > 100:
                pack.broken.append(f"{file.name}:{number}: the rest is not read")
                return
