"""Setting one document, in a process that lives as long as the document takes.

Comes in: `Document`. Goes out: `Printed`, or `NotTypeset` with the reason: time, memory, a fault in a template. Why a
process: the setter's memory grows with each document that one process sets, and hostile data must not hang or kill the
hub. May be called from any thread, also several at once; blocks.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from garde.journal.text import Text, plain
from garde.paper import child
from garde.paper.document import Document, NotTypeset, Printed

HERE: Final = Path(__file__).parent
FONTS: Final = HERE / "fonts"
BASE: Final = HERE / "base.typ"
TIMEOUT_S: Final = 30.0  # a page takes about a second on a slow machine, a ward's pack of 30 pages three
MEMORY: Final = 2 << 30  # bytes of address space; 30 pages take a tenth of it
_LONGEST_REASON: Final = 300


def typeset(document: Document, *, timeout_s: float = TIMEOUT_S, memory: int = MEMORY) -> Printed:
    """Set a document; raises NotTypeset."""
    request = _request(document, timeout_s, memory)
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(Path(child.__file__))],
            input=request,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:  # the child is killed by then
        raise NotTypeset(f"typesetting took longer than {timeout_s:g} s") from error
    except OSError as error:
        raise NotTypeset(f"no process to typeset in: {error.strerror}") from error
    if done.returncode != 0:
        raise NotTypeset(_reason(done.returncode, done.stderr))
    head, _, pdf = done.stdout.partition(b"\n")
    found = json.loads(head)
    return Printed(pdf, int(found["pages"]), tuple((int(page), value) for page, value in found["marks"]))


def _request(document: Document, timeout_s: float, memory: int) -> bytes:
    try:
        files = (BASE, *document.parts, document.template)
        source = "\n".join(each.read_text(encoding="utf-8") for each in files)
        fixed = {"title": document.title, "language": document.language}
        data = msgspec.json.encode({**fixed, "body": document.data}, enc_hook=_text)
    except OSError as error:
        raise NotTypeset(f"the template {document.template.name} cannot be read: {error.strerror}") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise NotTypeset(f"the data are none that can be set: {error}") from error
    asked = {
        "source": source,
        "data": data.decode("utf-8", "replace"),
        "fonts": str(FONTS),
        "made_at": max(document.made_at, 0.0),
        "seconds": math.ceil(timeout_s),
        "memory": memory,
        "tagged": document.tagged,
    }
    return json.dumps(asked).encode()


def _text(value: object) -> Any:
    if isinstance(value, Text):
        return value.shown()
    if isinstance(value, str):  # text that is marked as safe is a type of its own
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be set")


def _reason(code: int, said: bytes) -> str:
    words = plain(b" ".join(said.split())[-_LONGEST_REASON:])
    if code < 0:
        return f"the typesetter ended by signal {-code}" + (f": {words}" if words else "")
    return words or f"the typesetter ended with {code}"
