"""Accessibility: axe-core finds nothing on any page of the console, in every language, light and dark (WCAG 2.2 AA).

The pages are those that the console registers, so that a new one is looked at as well. Needs chromium, and axe-core,
which `scripts/fetch-axe` brings by npm.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from console_stage import (  # noqa: E402
    BEGAN,
    CHROMIUM,
    DESKTOP,
    PHONE,
    WALL,
    ConsoleHouse,
    Stage,
    empty_house,
    hospital_in_crisis,
    staged,
)  # fmt: skip
from way_stage import IT, relapse, way_back  # noqa: E402

from garde.clock import SystemClock, VirtualClock  # noqa: E402
from garde.hub.console import routes  # noqa: E402
from garde.journal.speech import LANGUAGES  # noqa: E402

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium (apt install chromium)")
AXE = HERE / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NO_PAGES = ("/console/", "/language/", "/start/example/")  # files, and a redirect
FILES = (
    "/reports/",
    "/services/",
    "/restart/order.pdf",
    "/restart/records.pdf",
    "/account/report.pdf",
    "/clocks/paper.pdf",
)  # what is printed, and what is put on a web site
OF_AN_INCIDENT = ("/account/report", "/clocks/paper.pdf")  # not found where there is none
WALLS = ("/wall", "/services?wall=1")
FURTHER = ("/services?wall=1",)
PLANNED = ("/plan", "/services", "/diversion", "/calls")  # looked at by a coordinator, who is offered every form there
LOOK = """async (only) => {
    for (const each of document.querySelectorAll("main details, .menu")) each.open = true;
    const found = await axe.run(document, {runOnly: only, resultTypes: ["violations"]});
    return found.violations.map((rule) => `${rule.id}: ${rule.help}: ` +
        rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "));
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    done = subprocess.run([str(HERE.parents[1] / "scripts/fetch-axe")], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "axe-core could not be fetched")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[dict[str, Stage]]:
    """A hub in the middle of a crisis, and one on which nothing has happened yet."""
    folder = tmp_path_factory.mktemp("access")
    clock = VirtualClock(BEGAN)
    with (
        ConsoleHouse(folder / "night", clock, calling=True) as busy,
        busy.serving() as url,
        empty_house(folder, SystemClock()) as empty,
        empty.serving() as other,
    ):
        made = {"night": Stage(busy, url, chromium), "empty": Stage(empty, other, chromium)}
        hospital_in_crisis(made["night"], clock.advance)
        for stage in made.values():
            stage.house.account("ejanssens", "it_director")
            stage.house.account("shaddad", "crisis_coordinator")
            stage.house.account("ward-3", "ward")
        yield made
        for stage in made.values():
            stage.close()


def pages_of(stage: Stage) -> list[str]:
    """Every page that is registered, with an incident, a cut, a machine and a report that there are."""
    machines = stage.house.loop.estate.machines
    places = {"machine": "files-1" if "files-1" in machines else next(iter(machines))}
    calm = not stage.house.loop.look("board", lambda board: len(board.incidents))
    if not calm:
        places |= {"incident": stage.incident(), "cut": stage.cut(), "number": "1"}
    found = []
    for router in routes(stage.house.hub.deps):
        for route in router.routes:
            if "GET" in route.methods and not route.path.startswith((*NO_PAGES, *(OF_AN_INCIDENT if calm else ()))):
                names = re.findall(r"{(\w+)(?::\w+)?}", route.path)
                if all(name in places for name in names):
                    found.append(re.sub(r"{(\w+)(?::\w+)?}", lambda each: places[each[1]], route.path))
    return sorted({*found, *FURTHER})


def faults(page: Any, axe: str, rules: list[str] | None = None) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    found: list[str] = page.evaluate(LOOK, only)
    return found


def opened(stage: Stage, page: Any, path: str) -> bool:
    """Open a page; a file is shown as a browser shows one that was saved. False: it is paper."""
    if not path.startswith(FILES):
        page.goto(stage.url + path)
        return True
    answer = page.request.get(stage.url + path)
    assert answer.ok, path
    if answer.headers["content-type"] == "application/pdf":
        assert answer.body().startswith(b"%PDF-")
        return False
    page.goto("about:blank")
    page.set_content(answer.text())
    return True


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("which", ["night", "empty"])
def test_every_page(stages: dict[str, Stage], axe: str, which: str, language: str) -> None:
    """Every rule on a telephone, in English on a desk and on the wall as well: another language changes no layout.

    In the dark nothing but the colours is another one: the rule about colours.
    """
    stage = stages[which]
    looked = pages_of(stage)
    assert len(looked) > (20 if which == "night" else 14)
    wrong: dict[str, list[str]] = {}
    logins = {login: stage.window(login, language=language, color_scheme="light") for login in ("ejanssens", "shaddad")}
    for path in looked:
        page = logins["shaddad" if path.startswith(PLANNED) else "ejanssens"]
        if not opened(stage, page, path):
            continue
        assert path.startswith(FILES) or page.evaluate("document.documentElement.lang") == language
        wide = (WALL if path in WALLS else DESKTOP,) if (which, language) == ("night", "en") else ()
        for size in (*wide, PHONE):
            page.set_viewport_size(size)
            wrong[f"{path} {size['width']}"] = faults(page, axe)
        if which == "night":  # an empty page has no colours of its own
            page.emulate_media(color_scheme="dark")
            wrong[f"{path} dark"] = faults(page, axe, ["color-contrast"])
            page.emulate_media(color_scheme="light")
    assert [f"{path}: {each}" for path, found in wrong.items() for each in found] == []
    assert stage.trouble == []


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("fr", "dark")])
def test_what_is_no_page_of_its_own(stages: dict[str, Stage], axe: str, scheme: str, language: str) -> None:
    """Sign-in in its ways, a token, codes, a refused list, a fault, and what a ward sees."""
    stage = stages["night"]
    wrong: dict[str, list[str]] = {}

    def look(page: Any, name: str) -> None:
        if found := faults(page, axe):
            wrong[name] = found

    stranger = stage.window(language=language, color_scheme=scheme)
    for path in ("/sign-in", "/sign-in?way=envelope"):
        stranger.goto(stage.url + path)
        look(stranger, path)
    keeper = stage.window("ejanssens", language=language, color_scheme=scheme)
    for path, form in (("/machines/files-1", "token"), ("/machines/files-1", "codes"), ("/start", "token")):
        keeper.goto(stage.url + path)
        keeper.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        keeper.locator(f"form[action$='/{form}'] button").click()
        keeper.locator("h1").wait_for()
        look(keeper, f"{path} {form}")
    keeper.goto(f"{stage.url}/start")
    keeper.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    keeper.set_input_files(
        "input[name=machines]", {"name": "m.csv", "mimeType": "text/csv", "buffer": b"id;role\nx y;nothing\n"}
    )
    keeper.locator("form[action='/start/lists'] button").click()
    keeper.locator(".faults li").first.wait_for()
    look(keeper, "a refused list")
    keeper.goto(f"{stage.url}/incidents/nothing")
    look(keeper, "a fault")
    ward = stage.window("ward-3", language=language, color_scheme=scheme)
    for path in ("/", "/map", "/wall", "/plan", "/services", "/diversion", "/incidents", "/calls"):
        ward.goto(stage.url + path)
        look(ward, f"ward {path}")
    assert wrong == {}, "\n".join(f"{path}: {each}" for path, found in wrong.items() for each in found)
    stage.trouble.clear()  # pages that are refused are logged by the browser


def test_the_way_back(tmp_path: Path, chromium: Any, axe: str) -> None:
    """Every form offered, one server at its gate, one watched; then cut again: on a telephone, a desk, in the dark."""
    wrong: dict[str, list[str]] = {}
    with staged(tmp_path, chromium, IT) as stage:
        people = way_back(stage)

        def look(*paths: str, language: str, scheme: str, size: Any) -> None:
            page = stage.window(IT[0], language=language, color_scheme=scheme, size=size)
            for path in paths:
                page.goto(stage.url + path)
                if found := faults(page, axe):
                    wrong[f"{path} {language} {scheme}"] = found

        pages = ("/restart", "/restart/files-1", "/restart/files-2", "/points", "/credentials")
        look(*pages, language="en", scheme="light", size=DESKTOP)
        look(*pages, language="fr", scheme="dark", size=PHONE)
        relapse(people)
        look(
            "/restart", "/restart/files-1", "/", "/wall", "/machines/files-1", language="en", scheme="dark", size=PHONE
        )
        look("/restart", "/", language="fr", scheme="light", size=DESKTOP)
        assert stage.trouble == []
    assert wrong == {}, "\n".join(f"{path}: {each}" for path, found in wrong.items() for each in found)
