"""What runs in the process that sweeps files with YARA-X. A script: started by its path, it imports nothing of ours.

Comes in on standard input: one JSON object (`rules`: pairs of name and source, `hashes`, `words`, `memory`, `seconds`,
`file_s`, `most`, `small`), then one path in hex a line. Goes out: first one JSON line (`rules`: how many
compiled, `broken`: why others did not), then for each path one JSON line: what matched, or why it was not looked at. It
bounds its memory and processor time before it reads a rule, opens files to read only, follows no link, includes none.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import stat
import sys
from pathlib import Path
from typing import Any, BinaryIO

_OVERLAP = 1 << 16  # bytes that two windows share: what a pattern matches is shorter
_GLOBALS = ("filepath", "filename", "extension", "filetype", "owner")  # as other sweepers define them for their rules


def main() -> int:
    """Sweep what is named on standard input."""
    asked = json.loads(sys.stdin.buffer.readline())
    seconds, memory = int(asked["seconds"]) + 1, int(asked["memory"])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    # Not the address space: the engine reserves gigabytes that it never touches.
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sweeper = Sweeper(asked)
    for line in sys.stdin.buffer:
        _say(sweeper.look(bytes.fromhex(line.decode().strip())))
    return 0


class Sweeper:
    """The compiled rules, the indicators and the bounds of one run."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._most, self._small = int(asked["most"]), int(asked["small"])
        self._hashes = frozenset(asked["hashes"])
        words = [re.escape(word.encode()) for word in asked["words"]]
        # An address is not part of a longer one, nor a name of another name's end.
        whole = rb"(?<![\w.-])(" + b"|".join(words) + rb")(?![\w-]|\.\w)"
        self._words = re.compile(whole, re.IGNORECASE) if words else None
        self._scanner = _scanner(asked["rules"], int(asked["file_s"]))

    def look(self, path: bytes) -> dict[str, Any]:
        """Say what one file matches."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            return {"why": error.strerror, "gone": isinstance(error, FileNotFoundError)}
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            return {}
        with os.fdopen(handle, "rb") as file:
            try:
                return self._match(path, file)
            except OSError as error:
                return {"why": error.strerror}

    def _match(self, path: bytes, file: BinaryIO) -> dict[str, Any]:
        """Sweep a file in windows of bounded size; nearly every file is one window."""
        hits: set[str] = set()
        words: set[str] = set()
        digests = _digests() if self._hashes else []
        size, before = 0, b""
        said: dict[str, Any] = {}
        while (data := file.read(self._most)) or not size:  # an empty file is one window as well
            size += len(data)
            for digest in digests:
                digest.update(data)
            window = before + data
            try:
                hits |= set(self._scan(path, window))
            except Exception as error:  # yara_x.ScanError, yara_x.TimeoutError: what a rule makes of one file
                said["why"] = type(error).__name__
            if self._words and size <= self._small:
                words |= {word.decode().lower() for word in self._words.findall(window)}
            before = data[-_OVERLAP:]
            if len(data) < self._most:
                break
        known = next((found for digest in digests if (found := digest.hexdigest()) in self._hashes), "")
        return said | {"size": size, "hits": sorted(hits), "words": sorted(words)[:8], "hash": known}

    def _scan(self, path: bytes, data: bytes) -> list[str]:
        text = path.decode("utf-8", "replace")
        name = text.rpartition("/")[2]
        for key, value in (("filepath", text), ("filename", name), ("extension", Path(name).suffix)):
            self._scanner.set_global(key, value)
        return [rule.identifier for rule in self._scanner.scan(data).matching_rules]


def _scanner(sources: list[tuple[str, str]], seconds: int) -> Any:
    import yara_x

    compiler = yara_x.Compiler(relaxed_re_syntax=True, includes_enabled=False)
    for name in _GLOBALS:
        compiler.define_global(name, "")
    broken, whole = [], 0
    for name, source in sources:
        compiler.new_namespace(name)
        try:
            compiler.add_source(source, origin=name)
            whole += 1
        except yara_x.CompileError as error:
            broken.append(f"{name}: {' '.join(str(error).split())[:200]}")
    rules = compiler.build()
    _say({"rules": len(list(rules)), "files": whole, "broken": broken})
    scanner = yara_x.Scanner(rules)
    scanner.set_timeout(seconds)
    return scanner


def _digests() -> list[Any]:
    """The three kinds of hash that indicators come in."""
    return [hashlib.sha256(), hashlib.sha1(usedforsecurity=False), hashlib.md5(usedforsecurity=False)]


def _say(body: Any) -> None:
    sys.stdout.buffer.write(json.dumps(body).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
