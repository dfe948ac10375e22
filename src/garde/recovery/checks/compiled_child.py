"""What runs in the process that compares compiled Python with its source. A script: it imports nothing of ours.

Comes in: JSON on standard input, pairs of paths in hex: compiled, source. Goes out: one word a line: `same`, or `other`
for what differs, was made by another Python, or can't be read. It runs none of the code. It bounds its own time and
memory; a compiled file that breaks it leaves the rest without an answer.
"""

from __future__ import annotations

import importlib.util
import json
import marshal
import re
import resource
import sys
import warnings
from types import CodeType

_SECONDS, _MEMORY, _MOST = 100, 1 << 30, 32 << 20  # CPU, address space, bytes of one file


def main() -> int:
    """Compare each pair."""
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")  # a source's own, of invalid escapes and the like
    for compiled, source in json.loads(sys.stdin.buffer.read()):
        print("same" if is_same(bytes.fromhex(compiled), bytes.fromhex(source)) else "other", flush=True)
    return 0


def is_same(compiled: bytes, source: bytes) -> bool:
    """Whether compiling the source gives this code."""
    try:
        data, text = _read(compiled), _read(source)
        if data[:4] != importlib.util.MAGIC_NUMBER:
            return False
        level = re.search(rb"\.opt-([12])\.pyc$", compiled)
        made = compile(text, "", "exec", dont_inherit=True, optimize=int(level.group(1)) if level else 0)
        found = marshal.loads(data[16:])  # noqa: S302 - in a process that is made for it; never run
    except (OSError, ValueError, EOFError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return isinstance(found, CodeType) and found == made


def _read(path: bytes) -> bytes:
    with open(path, "rb") as file:
        data = file.read(_MOST + 1)
    if len(data) > _MOST:
        raise ValueError("too large")
    return data


if __name__ == "__main__":
    sys.exit(main())
