"""What runs in the process that sets one document. A script: it is started by its path and imports nothing of ours.

Comes in: one JSON object on standard input (`source`, `data`, `fonts`, `made_at`, `tagged`, `seconds`, `memory`). Goes
out: one JSON line with the number of pages and the marks, then the PDF; or a reason on standard error and exit code 1.
It bounds its own memory and time before it reads a word of the document, sees only the fonts that it was given, and
loads no package.
"""

from __future__ import annotations

import json
import re
import resource
import sys

_PACKAGE = re.compile(r"@[a-z][a-z0-9-]*/")  # "@preview/...": would be fetched from the Internet


def main() -> int:
    """Set one document."""
    asked = json.loads(sys.stdin.buffer.read())
    seconds, memory = int(asked["seconds"]) + 1, int(asked["memory"])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _PACKAGE.search(asked["source"]):
        return _fail("a template names a package: none is loaded")
    import typst

    try:
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[asked["fonts"]])
        source, given = asked["source"].encode(), {"data": asked["data"]}
        seen = {"root": asked["fonts"], "font_paths": fonts, "sys_inputs": given}
        made_at, tagged = int(asked["made_at"]), bool(asked["tagged"])
        pdf = typst.compile(source, format="pdf", timestamp=made_at, pdf_tags=tagged, **seen)
        # What was set is remembered within the process: asking costs little.
        found = typst.query(source, "<pages>", field="value", one=True, **seen)
    except typst.TypstError as error:
        return _fail(f"{error.message} {' '.join(error.hints)}")
    except MemoryError:
        return _fail("it needs more memory than it is given")
    assert isinstance(pdf, bytes)
    sys.stdout.buffer.write(json.dumps(json.loads(found)).encode() + b"\n" + pdf)
    sys.stdout.buffer.flush()
    return 0


def _fail(reason: str) -> int:
    print(" ".join(reason.split())[:500], file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
