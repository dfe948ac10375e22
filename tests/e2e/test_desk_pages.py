"""The desk's pages in a browser, from the real command: keyboard only, on a telephone, axe-core, TLS of the desk's own.

Needs chromium, and axe-core, which `scripts/fetch-axe` brings by npm.
"""

from __future__ import annotations

import itertools
import json
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from console_stage import CHROMIUM, DESKTOP, OTHERS, PHONE, SLOW_S  # noqa: E402
from desk_process import GARDE, DeskProcess  # noqa: E402
from test_console_access import axe, faults  # noqa: E402, F401 - axe is a fixture

from garde.clock import SystemClock  # noqa: E402
from garde.lab.ward_traffic.hospital import Hospital  # noqa: E402
from garde.lab.ward_traffic.send import Sender  # noqa: E402
from garde.trust.ca import client_context  # noqa: E402

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (apt install chromium)")
MESSAGES = 400


def garde(*words: str) -> list[dict[str, Any]]:
    done = subprocess.run([*GARDE, *words, "--json"], capture_output=True, text=True, check=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


def with_pages(desk: DeskProcess, host: str) -> dict[str, Any]:
    """Begin with pages there; returns what the desk says of them."""
    with socket.create_server((host, 0)) as taken:
        port = taken.getsockname()[1]
    file = desk.state / "desk.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "pages": f"{host}:{port}"}))
    return desk.start("pages")


@dataclass
class Stage:
    """A desk that serves, its passwords, and everything that went wrong in a window."""

    desk: DeskProcess
    url: str
    passwords: dict[str, str]
    chromium: Any
    trouble: list[str]

    def window(self, login: str = "", *, language: str = "en", **more: Any) -> Any:
        context = self.chromium.new_context(locale=language, viewport=PHONE, **more)
        context.set_default_timeout(SLOW_S * 1000)
        page = context.new_page()
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("console", lambda line: self._complain(line.type, line.text))
        page.goto(f"{self.url}/sign-in")
        if login:
            sign_in(page, login, self.passwords[login])
        return page

    def _complain(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and OTHERS not in text:
            self.trouble.append(text)


def sign_in(page: Any, login: str, password: str) -> None:
    """By the keyboard alone."""
    page.locator("input[name=login]").focus()
    page.keyboard.type(login)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    page.locator("#fresh").wait_for()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Stage]:
    desk = DeskProcess(tmp_path_factory.mktemp("desk") / "state", "--own", "CLINIC", "--hospital", "Clinique du Parc")
    state = str(desk.state)
    roles = {"nina": "clerk", "otto": "clerk", "lea": "lead", "lab-1": "lab"}
    passwords = {
        login: garde("account", "add", login, "--role", role, "--state", state)[0]["password"]
        for login, role in roles.items()
    }
    garde("number", "reserve", "URG", "--count", "40", "--state", state)
    url = with_pages(desk, "127.0.0.1")["url"]
    try:
        with Sender("127.0.0.1", desk.port) as sender:
            for each in itertools.islice(Hospital(11, SystemClock().now() - 86_400).messages(), MESSAGES):
                assert sender.send(each.data) == "AA"
        yield Stage(desk, url, passwords, chromium, [])
    finally:
        code = desk.end()
    assert code == 0


def _arrive(page: Any, family: str) -> str:
    """Somebody arrives; typed on the keyboard alone, from the first field to the last."""
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + "/arrivals?ward=URG")
    page.locator("input[name=family]").focus()
    page.keyboard.type(family)
    for words in ("Anne", "1950-03-04"):
        page.keyboard.press("Tab")
        page.keyboard.type(words)
    page.locator("input[name=allergies][value='not recorded']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("penicillin")
    page.keyboard.press("Enter")
    page.locator(".number").wait_for()
    number: str = page.locator(".number").inner_text()
    return number


def test_an_arrival_to_its_link_by_two_people(stage: Stage) -> None:
    nina, otto = stage.window("nina"), stage.window("otto", language="fr")
    number = _arrive(nina, "Lambert")
    assert number.startswith("D1-") and "ALLERGIES: penicillin" in nina.content()
    record = next(row for row in stage.desk.ask("census")["rows"])["patient"]["number"]
    nina.locator("summary", has_text="Whose number").press("Enter")
    nina.locator("input[name=record]").fill(record)
    nina.locator("input[name=agree-document]").check()
    nina.locator("input[name=agree-phone]").check()
    nina.keyboard.press("Enter")
    nina.locator(".notice.good").wait_for()
    assert "You made this match" in nina.content()
    otto.goto(f"{stage.url}/numbers")
    otto.locator("a", has_text=number).click()
    otto.locator("button", has_text="une seule personne").press("Enter")
    otto.locator(".notice.good").wait_for()
    (found,) = garde("number", "list", number, "--state", str(stage.desk.state))
    assert (found["standing"], found["record"]) == ("linked", record)
    assert stage.trouble == []


def test_the_page_says_how_old_the_census_is_and_when_nobody_answers(stage: Stage) -> None:
    page = stage.window("nina")
    assert page.locator("#fresh").get_attribute("data-feed") == "heard"
    assert "min ago" in page.locator("[data-age]").inner_text()
    page.clock.install()
    page.reload()
    page.route("**/fresh", lambda route: route.abort())
    page.clock.run_for(31_000)
    page.locator("#lost").wait_for(state="visible")
    page.unroute("**/fresh")
    page.clock.run_for(31_000)
    page.locator("#lost").wait_for(state="hidden")
    stage.trouble.clear()  # what was made to fail is logged by the browser


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("fr", "dark")])
def test_axe_finds_nothing(stage: Stage, axe: str, language: str, scheme: str) -> None:  # noqa: F811
    nina = stage.window("nina", language=language, color_scheme=scheme)
    number = _arrive(nina, "Maes")
    record = stage.desk.ask("census")["rows"][0]["patient"]["number"]
    garde(
        "number", "match", number, record, "--agree", "document,phone", "--by", "otto", "--state", str(stage.desk.state)
    )
    ward = stage.desk.ask("census")["rows"][0]["visit"]["place"]["ward"]
    windows = {
        "": [("/sign-in", 200)],
        "nina": [("/", 200), (f"/wards/{ward}", 200), ("/wards/URG", 200), ("/arrivals", 200), ("/numbers", 200),
                 (f"/numbers/{number}", 200), ("/nothing", 404), ("/paper", 200),
                 (f"/paper/patient?number={number}", 200)],
        "lea": [(f"/numbers/{number}", 200), (f"/paper/patient?number={record}", 200)],
        "lab-1": [("/arrivals", 403), ("/numbers", 200)],
    }  # fmt: skip
    wrong: dict[str, list[str]] = {}
    for login, paths in windows.items():
        page = stage.window(login, language=language, color_scheme=scheme)
        for path, status in paths:
            answer = page.goto(stage.url + path)
            assert answer.status == status, path
            assert page.evaluate("document.documentElement.lang") == language
            for size in (PHONE, DESKTOP):
                page.set_viewport_size(size)
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (path, size)
                if found := faults(page, axe):
                    wrong[f"{login} {path}"] = found
    assert wrong == {}
    stage.trouble.clear()  # pages that are refused are logged by the browser


def test_other_than_loopback_is_tls_of_the_desks_own(tmp_path: Path) -> None:
    desk = DeskProcess(tmp_path / "state")
    password = garde("account", "add", "nina", "--role", "clerk", "--state", str(desk.state))[0]["password"]
    said = with_pages(desk, "0.0.0.0")
    try:
        assert said["url"].startswith("https://") and len(said["pin"]) == 64 and said["accounts"] == 1
        port = said["url"].rpartition(":")[2]
        context = client_context((desk.state / "pages/ca.pem").read_text())
        context.check_hostname = False  # it is reached by its name, which no server of names knows here
        with urllib.request.urlopen(f"https://127.0.0.1:{port}/sign-in", context=context) as answer:
            assert answer.status == 200 and "script-src 'self'" in answer.headers["Content-Security-Policy"]
        with pytest.raises((OSError, ssl.SSLError)):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=10)
        cookie = _cookie(port, context, password)
        assert cookie.startswith("__Host-garde-desk=") and "Secure" in cookie and "HttpOnly" in cookie
    finally:
        assert desk.end() == 0


def _cookie(port: str, context: ssl.SSLContext, password: str) -> str:
    from http.client import HTTPSConnection

    link = HTTPSConnection("127.0.0.1", int(port), context=context)
    fields = f"login=nina&password={password}&to=/"
    headers = {"Origin": f"https://127.0.0.1:{port}", "Content-Type": "application/x-www-form-urlencoded"}
    link.request("POST", "/sign-in", fields, headers)
    answer = link.getresponse()
    assert answer.status == 303
    link.close()
    return str(answer.getheader("Set-Cookie"))
