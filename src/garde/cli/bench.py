"""`garde bench`: run one of the measurements that lie in `bench/` beside the sources.

Comes in: a name. Goes out: a table, or with --json one object `{"name", "figures", "rows"}`. It measures nothing itself
and needs a source checkout: the benches are not part of the package.
"""

from __future__ import annotations

from types import ModuleType
from typing import Annotated, Any

from cyclopts import Parameter

from garde.cli.options import Json


def bench(
    name: Annotated[str, Parameter(name="NAME", help="Which: touched, overhead, events, quiet or calling.")],
    /,
    *,
    quick: Annotated[bool, Parameter(negative=(), help="A short run, for a look; no figure to quote.")] = False,
    only: Annotated[
        str, Parameter(help="Only rows whose name holds this text, where the bench has rows to choose.")
    ] = "",
    as_json: Json = False,
) -> int:
    """Measure Garde with real tools: files touched before the hold, overhead, events, honest work left alone.

    Example: garde bench touched --quick --json
    """
    import json
    import sys

    benches = _package()
    module = _find(benches, name)
    more = {"only": only} if only else {}
    result: dict[str, Any] = module.run(quick, lambda line: print(line, file=sys.stderr, flush=True), **more)
    if as_json:
        print(json.dumps(result, default=str), flush=True)
    else:
        from importlib import import_module

        print(import_module(f"{benches.__name__}.common").text_table(result))
    return 0


def _package() -> ModuleType:
    import sys
    from importlib import import_module

    from garde.cli.places import checkout
    from garde.errors import UsageError

    root = checkout()
    if root is None or not (root / "bench" / "__init__.py").is_file():
        raise UsageError("benches run from a source checkout only", "clone the repository and use its ./garde bench")
    sys.path.insert(0, str(root))
    return import_module("bench")


def _find(benches: ModuleType, name: str) -> ModuleType:
    from importlib import import_module

    from garde.errors import UsageError

    known: dict[str, str] = benches.BENCHES
    if name not in known:
        raise UsageError(f"no bench is named {name}", f"choose one of: {', '.join(sorted(known))}")
    return import_module(known[name])
