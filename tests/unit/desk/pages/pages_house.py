"""A desk with its pages, in this process: real store, journal, accounts and application; a browser that is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from litestar.testing import TestClient

from garde.clock import VirtualClock
from garde.desk.bring import split_file
from garde.desk.config import Config
from garde.desk.keeper import Keeper
from garde.desk.numbers import Numbers, Signed
from garde.desk.pages.accounts import Accounts
from garde.desk.pages.serve import application
from garde.desk.pages.site import Site
from garde.downtime.book import Book
from garde.downtime.numbers.form import Clash
from garde.downtime.store.messages import Heard, MessageStore
from garde.downtime.store.seal import Seal
from garde.trust.passwords import Hasher

ORIGIN = "http://desk.test"
PASSWORD = "correct horse battery staple"
TABLE = b"""number,family,given,birth,sex,ward,room,bed,visit,doctor,allergies
123456,LAMBERT,Anne,1950-03-04,F,MED,1,1,V9,,NKA
123457,Maes,Jan,1960-01-01,M,MED,1,2,V8,,Latex
123458,<b>Boldt</b>,Eve,1961-01-01,F,SURG,2,1,V7,,
"""


class PagesHouse:
    """Everything, and one browser for each login."""

    def __init__(self, state: Path, store: MessageStore, book: Book, clock: VirtualClock) -> None:
        self.store, self.book, self.clock = store, book, clock
        self.keeper = Keeper(Config("CHU Saint-Élisabeth"), store, clock, book)
        self.accounts = Accounts(state, clock, Hasher(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)))
        self.site = Site(state, self.keeper, book, self.accounts, clock, secure=False)
        self.app = application(self.site)
        self.numbers = Numbers(self.keeper.config, book, clock)
        for login, role in (("nina", "clerk"), ("otto", "clerk"), ("lea", "lead"), ("lab-1", "lab")):
            self.accounts.make(login, role, PASSWORD)
        self.bring(TABLE)
        self.numbers.reserve("URG", 30, Clash("D1", 1, 0, 0, 0), Signed("nina"))

    def written(self, kind: str) -> list[Any]:
        return [entry.payload for entry in self.book.journal.entries(kinds=(kind,))]

    def bring(self, table: bytes) -> None:
        form, items = split_file(table, "table.csv")
        for each in self.store.append([Heard(item, self.clock.now(), form) for item in items]):
            self.keeper.take(each)

    def browser(self, login: str = "", language: str = "en") -> Browser:
        found = Browser(TestClient(self.app, base_url=ORIGIN))
        found.client.cookies.set("garde-language", language)
        if login:
            found.client.cookies.set("garde-desk", self.accounts.begin(login))
        return found


class Browser:
    """Follows no redirect by itself; sends what a form of the page it has open would send."""

    def __init__(self, client: TestClient[Any]) -> None:
        self.client, self.text, self.status, self.headers = client, "", 0, {}  # type: ignore[var-annotated]

    def open(self, path: str) -> str:
        return self._took(self.client.get(path, follow_redirects=False))

    def send(self, path: str, fields: dict[str, str], *, origin: str = ORIGIN, **headers: str) -> str:
        data = {"csrf": self.field("csrf"), **fields}
        return self._took(
            self.client.post(path, data=data, headers={"Origin": origin, **headers}, follow_redirects=False)
        )  # fmt: skip

    def _took(self, answer: Any) -> str:
        self.status, self.headers = answer.status_code, dict(answer.headers)
        if answer.headers.get("content-type", "").startswith("text/html") and answer.text:
            self.text = answer.text
        return str(answer.text)

    @property
    def location(self) -> str:
        return self.headers.get("location", "")

    def field(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        return found[1] if found else ""


@contextmanager
def pages_house(state: Path) -> Iterator[PagesHouse]:
    clock = VirtualClock(1_772_420_400.0)  # 2026-03-02 04:00 in Brussels
    seal = Seal.load_or_make(state)
    with MessageStore(state, seal) as store, Book(state, seal, clock) as book:
        house = PagesHouse(state, store, book, clock)
        yield house
        house.accounts.close()
