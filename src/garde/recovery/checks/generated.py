"""Files that no package owns because a tool makes them: the library cache, compiled Python, bundles, caches.

Comes in: a path, whether other files are sound. Goes out: why it is honest, or "". Where a file's content follows from
sound files it is checked: each library that the loader's cache names, each certificate of the bundle, the code of
compiled Python. The rest may have changed if a package was upgraded, and not otherwise; docs/recovery.md names the
limit (an initial RAM disk is not opened).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from garde.recovery.checks.loader_cache import libraries
from garde.recovery.checks.names import Root
from garde.recovery.checks.things import Thing

# Made anew by packages' triggers; what they hold is data, or names files that are listed themselves.
_REMADE: Final = re.compile(
    rb"/boot/(initrd\.img-[^/]+|grub/(grub\.cfg|[^/]+/[^/]+\.(mod|lst|img)))"
    rb"|/usr/lib/modules/[^/]+/modules\.[a-z.]+"
    rb"|/usr/lib/.*/(gconv-modules|giomodule|loaders|immodules)\.cache"
    rb"|/usr/share/(.*/)?(mimeinfo\.cache|icon-theme\.cache|gschemas\.compiled|info/dir(\.old)?)"
    rb"|/etc/(shells|init\.d/\.depend\.[a-z]+|ssl/certs/java/cacerts|\.updated)"
)
_COMPILED: Final = re.compile(rb"(.*)/__pycache__/([^/]+?)\.cpython-\d+(?:\.opt-[12])?\.pyc")
_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_CERTIFICATES: Final = (b"/usr/share/ca-certificates", b"/usr/local/share/ca-certificates")
_CHILD: Final = Path(__file__).with_name("compiled_child.py")
_CHILD_S: Final = 120.0


class Generated:
    """Judges generated files; `is_sound` says whether the files that they come from are."""

    def __init__(self, root: Root, is_sound: Callable[[bytes], bool], upgraded: bool) -> None:
        self._root, self._is_sound, self._upgraded = root, is_sound, upgraded
        self._compiled: dict[bytes, bool] = {}
        self._listed: frozenset[bytes] = frozenset()

    def expect(self, paths: list[bytes]) -> None:
        """Say which compiled files will be asked for: they are compared in one process."""
        self._listed = frozenset(path for path in paths if _COMPILED.fullmatch(path))

    def explain(self, path: bytes, thing: Thing) -> str:
        """Return why a file may be as it is."""
        if thing.kind != "f":
            return ""
        if path == b"/etc/ld.so.cache":
            return "names sound libraries only" if self._cache_is_sound() else ""
        if path == b"/etc/ssl/certs/ca-certificates.crt":
            return "holds certificates of packages only" if self._bundle_is_sound(path) else ""
        if path == b"/etc/ca-certificates.conf":
            return "names certificates of packages only" if self._choice_is_sound(path) else ""
        if _COMPILED.fullmatch(path):
            return "is what its source gives" if self._compiled_is_sound(path) else ""
        return "made anew after an upgrade" if self._upgraded and _REMADE.fullmatch(path) else ""

    def explain_gone(self, path: bytes, moved: bool) -> str:
        """Return why a generated file may be gone."""
        compiled = _COMPILED.fullmatch(path)
        if compiled:
            return "compiled code is made again when it is needed"
        return "made anew after an upgrade" if moved and _REMADE.fullmatch(path) else ""

    def _cache_is_sound(self) -> bool:
        try:
            found = libraries(self._root.read(b"/etc/ld.so.cache"))
        except (OSError, ValueError):
            return False
        return all(self._is_sound(path) for path in found)

    def _bundle_is_sound(self, path: bytes) -> bool:
        try:
            wanted = {_bare(block) for block in _PEM.findall(self._root.read(path))}
        except OSError:
            return False
        known: set[bytes] = set()
        for folder in _CERTIFICATES:
            place = Path(self._root.disk(folder).decode("utf-8", "surrogateescape"))
            for file in place.rglob("*.crt") if place.is_dir() else ():
                inside = folder + b"/" + str(file.relative_to(place)).encode("utf-8", "surrogateescape")
                if self._is_sound(inside):
                    known |= {_bare(block) for block in _PEM.findall(self._root.read(inside))}
        return wanted <= known

    def _choice_is_sound(self, path: bytes) -> bool:
        """Whether every certificate that is chosen is a sound one; `!` stands before those that are not chosen."""
        names = [line.strip() for line in self._root.text(path).splitlines() if line and line[0] not in "#!"]
        return all(
            ".." not in name and self._is_sound(_CERTIFICATES[0] + b"/" + name.encode("utf-8", "surrogateescape"))
            for name in names
        )

    def _compiled_is_sound(self, path: bytes) -> bool:
        if path not in self._compiled:
            batch = {each: source_of(each) for each in {path, *self._listed} - set(self._compiled)}
            sound = {each: source for each, source in batch.items() if self._is_sound(source)}
            self._compiled |= dict.fromkeys(batch, False)
            self._compiled |= self._ask(sound)
        return self._compiled[path]

    def _ask(self, pairs: dict[bytes, bytes]) -> dict[bytes, bool]:
        """Compare in a process of its own: what is unmarshalled here may have been written to break it."""
        paths = list(pairs)
        asked = [[self._where(path), self._where(pairs[path])] for path in paths]
        try:
            told = subprocess.run(
                [sys.executable, "-I", "-S", str(_CHILD)], input=json.dumps(asked).encode(), capture_output=True,
                timeout=_CHILD_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return {}
        answers = told.stdout.split()
        return {path: answer == b"same" for path, answer in zip(paths, answers, strict=False)}

    def _where(self, path: bytes) -> str:
        return self._root.disk(path).hex()


def source_of(path: bytes) -> bytes:
    """Return the source of a compiled file."""
    found = _COMPILED.fullmatch(path)
    return found.group(1) + b"/" + found.group(2) + b".py" if found else b""


def _bare(block: bytes) -> bytes:
    return b"".join(block.split())
