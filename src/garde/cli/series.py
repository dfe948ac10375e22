"""Many commands, one after the other, in one process: each is half a second of a core to start.

Comes in: one JSON line each on standard input: `{"words": [...], "input": "..."}`, the words as on a command line.
Goes out: one JSON line each: `{"code": N, "lines": [...], "said": "..."}`: the exit code, the JSON lines that the
command wrote, its words on standard error. It is the very commands; nothing is done differently. Ends with its input.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

from garde.cli import run


def give(words: list[str], given: str = "") -> dict[str, Any]:
    """Give one command; `given` is what it reads from standard input."""
    out, said = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    kept = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = io.TextIOWrapper(io.BytesIO(given.encode()), encoding="utf-8")
    sys.stdout, sys.stderr = out, said
    try:
        code = run(words)
    finally:
        sys.stdin, sys.stdout, sys.stderr = kept
    lines = [json.loads(line) for line in _text(out).splitlines() if line.startswith("{")]
    return {"code": code, "lines": lines, "said": _text(said).strip()}


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


def main() -> None:
    """Give commands until standard input ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(give(list(asked["words"]), str(asked.get("input", "")))), flush=True)


if __name__ == "__main__":
    main()
