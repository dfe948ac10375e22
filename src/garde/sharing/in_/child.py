"""What runs in the process that reads what a neighbour sent. A script: started by its path, told where Garde lies.

Comes in: one JSON object on standard input: `path` (of the program), `raw` (a file), `form`, `source`, `now`, `list`
(where to put what was read), `others` (lists of other bundles that count), `whole` (where to put the watch list made of
all), `memory`, `seconds`. Goes out: one JSON object; or a reason on standard error and exit code 1. It bounds its own
memory and time before it reads a word. Without `raw` it only joins what is there.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any


def main() -> int:
    """Read one bundle."""
    asked = json.loads(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"]))
    resource.setrlimit(resource.RLIMIT_AS, (asked["memory"], asked["memory"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.path.insert(0, asked["path"])
    try:
        print(json.dumps(_work(asked)), flush=True)
    except MemoryError:
        return _fail("it needs more memory than it is given")
    except Exception as error:
        return _fail(f"{type(error).__name__}: {error}")
    return 0


def _work(asked: dict[str, Any]) -> dict[str, Any]:
    from garde.model import watchlist
    from garde.sharing.in_ import bundle

    said: dict[str, Any] = {}
    lists = [Path(each) for each in asked["others"]]
    if asked.get("raw"):
        try:
            form, found = bundle.read(Path(asked["raw"]).read_bytes(), asked["form"], asked["now"])
        except bundle.BundleRefused as refused:
            return {"refusal": str(refused)}
        Path(asked["list"]).write_bytes(watchlist.write([asked["source"]], found.indicators()))
        lists.append(Path(asked["list"]))
        said = {"form": form, "tlp": found.tlp, "indicators": len(found.values)}
        said |= {"refused": found.refused.total(), "why": found.why}
        del found
    return said | _join(lists, Path(asked["whole"]))


def _join(lists: list[Path], whole: Path) -> dict[str, Any]:
    """Join lists to one; what is too much for it is counted, the newest list comes first."""
    from garde.model import watchlist
    from garde.model.watchlist import Indicator

    sources: list[str] = []
    all_of: dict[tuple[Any, bytes], int] = {}
    left_out = 0
    for place in reversed(lists):
        with place.open("rb") as file:
            one = watchlist.read(file)
        numbers = []
        for name in one.sources:
            if name not in sources:
                sources.append(name)
            numbers.append(sources.index(name))
        for each in one.indicators():
            if len(all_of) >= watchlist.MOST and (each.sort, each.value) not in all_of:
                left_out += 1
                continue
            all_of.setdefault((each.sort, each.value), numbers[each.source])
    raw = watchlist.write(sources, (Indicator(sort, value, number) for (sort, value), number in all_of.items()))
    whole.write_bytes(raw)
    return {"whole": len(all_of), "sources": sources, "left_out": left_out}


def _fail(reason: str) -> int:
    print(" ".join(reason.split())[:500], file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
