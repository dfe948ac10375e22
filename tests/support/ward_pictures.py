"""The picture of a ward's page for the documents, made anew: `python tests/support/ward_pictures.py [docs/img]`.

Comes in: nothing. Goes out: `ward-page.png`. The page is the real one, over a pack of nobody.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP), str(TOP / "src"), str(TOP / "tests/e2e")]

from console_stage import DESKTOP, launched  # noqa: E402
from tests.support.call_peers import free_port  # noqa: E402
from tests.support.ward_house import make_pair  # noqa: E402

from garde.clock import SystemClock  # noqa: E402
from garde.journal.paper_kinds import SheetsPrinted  # noqa: E402
from garde.paper.printing import Ready  # noqa: E402
from garde.ward.accounts import Accounts  # noqa: E402
from garde.ward.house import House  # noqa: E402
from garde.ward.page.app import Site, build  # noqa: E402
from garde.ward.page.printing import Printing  # noqa: E402
from garde.ward.page.sessions import COOKIE, Sessions  # noqa: E402
from garde.ward.program import _listening, _PageServer  # noqa: E402


def paint(to: Path, *, size: dict[str, int], language: str = "en", age_s: float = 11_400.0) -> None:
    """Write one picture."""
    with tempfile.TemporaryDirectory() as folder:
        pair = make_pair(Path(folder), SystemClock(), places=("MED 3B",), name="med-3b-pc")
        pack = pair.make(31, place="MED 3B", as_of=time.time() - age_s)
        forms = pair.make(12, place="MED 3B", about="blanks", mar=(), as_of=0.0)
        with pair.house() as house:
            for each in (pack, forms):
                house.take(pair.parcel(each, "med-3b-pc"))
            told = SheetsPrinted("R8Q2MX71ZA", pack.pack, "MED 3B", tuple(range(2, 31, 2)), 1, "x", "nina")
            house.add(told)
            with _served(house) as (site, url), launched() as browser:
                context = browser.new_context(viewport=size)
                cookies = {COOKIE: site.sessions.begin("nina"), "garde-language": language}
                context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
                page = context.new_page()
                page.goto(url)
                page.screenshot(path=str(to), full_page=True)
        pair.book.close()


@contextmanager
def _served(house: House) -> Iterator[tuple[Site, str]]:
    port, clock = free_port(), house.clock
    host = f"127.0.0.1:{port}"
    accounts = Accounts(house.state_dir, clock)
    site = Site(house, accounts, Sessions(clock), Printing(house, print), frozenset({host}), print)
    site.printer = Ready("ipp://localhost/printers/ward", "Ward printer", "ready", ("toner-low",))
    server: Any = _PageServer(build(site))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([_listening("127.0.0.1", port)])))
    thread.start()
    try:
        yield site, f"http://{host}"
    finally:
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    paint(Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "docs/img") / "ward-page.png", size=DESKTOP)
