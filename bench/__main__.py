"""`python -m bench NAME [--quick] [--json] [--markdown]`: run one bench and show its table."""

from __future__ import annotations

import argparse
import importlib
import json
import signal
import sys
from typing import Any

from bench import BENCHES
from bench.common import Result, markdown, text_table


def main() -> int:
    """Run the bench named on the command line; progress goes to the error output, the result to standard output."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("name", choices=sorted(BENCHES))
    parser.add_argument("--quick", action="store_true", help="at most three minutes, for a look; no figure to quote")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--markdown", action="store_true", help="the section for docs/benchmarks.md")
    parser.add_argument("--only", default="", help="quiet, touched: only rows whose name holds this text")
    words = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every `with` unmounts and ends what it started
    more: dict[str, Any] = {"only": words.only} if words.only else {}
    result: Result = importlib.import_module(BENCHES[words.name]).run(words.quick, _report, **more)
    if words.json:
        print(json.dumps(result, default=str))
    elif words.markdown:
        print(markdown(result, f"./garde bench {words.name}{' --quick' if words.quick else ''}"))
    else:
        print(text_table(result))
    return 0


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
