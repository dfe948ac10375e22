"""The console with a large hospital: how heavy the machine board is, when it is first seen, when news is on the page.

Comes in: nothing but the machine, with chromium. Goes out: figures of one run. The hub is `garde hub run` with 500
machines and 60 services, a third of them on paper; its agents are simulated (`bench.hub_load`): real envelopes, real
TLS, heartbeats every five seconds. Pages are loaded by a headless Chromium that has nothing cached; weight is what came
over the wire, the first render is the browser's own first contentful paint. News: from the moment at which an agent
sends a report until its words stand on the open page of the incident. Hub, agents and browser share the machine's
processors.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import msgspec

from bench.common import Report, Result, UnavailableError, warn_if_busy
from bench.hub import _enrol, _free_port, _hub
from bench.hub_load import Agent, Place
from bench.stats import percentile
from bench.watch import GARDE, environment
from garde.journal import kinds, wire
from garde.journal.text import Text
from garde.trust.ca import client_context

MACHINES, AGENTS, SERVICES = 500, 480, 60
NEWS = "news on an incident"
ON_PAPER = 20  # of the services, by a person's word, so that the board has something to say
PAGES = {
    "board": "/",
    "wall": "/wall",
    "map": "/map",
    "services": "/services",
    "services wall": "/services?wall=1",
}
SPREADER = "10.9.9.9"
SETTLE_S = 1.0  # what a page fetches once it is there counts as well
OTHERS = "ERR_NETWORK_CHANGED"  # somebody else on this machine made or took away a network interface
PAUSE_S = 0.5  # between two reports
WATCH = """() => { window.garde_news = {}; const look = () => {
    const text = document.querySelector('#timeline')?.innerText || '';
    for (const mark of text.match(/bench-user-\\d+/g) || [])
        window.garde_news[mark] ??= performance.timeOrigin + performance.now(); };
    new MutationObserver(look).observe(document.querySelector('main'),
        {subtree: true, childList: true, characterData: true}); look(); }"""


@dataclass
class Seen:
    """What was measured."""

    bytes: dict[str, list[int]] = field(default_factory=dict)
    render_ms: dict[str, list[float]] = field(default_factory=dict)
    news_ms: list[float] = field(default_factory=list)
    lost: int = 0


def run(quick: bool, report: Report, only: str = "") -> Result:
    """Run the bench; `only`: the rows whose name holds this text."""
    warn_if_busy(report)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise UnavailableError("needs chromium (apt install chromium)")
    loads, reports = (3, 15) if quick else (15, 100)
    pages = {name: path for name, path in PAGES.items() if only in path or only in name}
    reports = reports if only in NEWS else 0
    with tempfile.TemporaryDirectory(prefix="garde-bench-console-") as folder:
        state, port = Path(folder) / "state", _free_port()
        login = _set_up(Path(folder), state, port)
        with _hub(state) as (_, ready_s):
            report(f"the hub serves after {ready_s:.1f} s; {AGENTS} agents enrol")
            seen = asyncio.run(_play(state, port, login, chromium, pages, (loads, reports), report))
    figures = {
        "board_kb": _kb(seen, "board"),
        "wall_kb": _kb(seen, "wall"),
        "board_render_ms": _of(seen.render_ms.get("board", []), 95),
        "wall_render_ms": _of(seen.render_ms.get("wall", []), 95),
        "services_kb": _kb(seen, "services"),
        "services_render_ms": _of(seen.render_ms.get("services", []), 95),
        "news_p95_ms": _of(seen.news_ms, 95),
        "lost": seen.lost if reports else None,
    }
    rows = [
        {
            "page": path, "loads": loads, "kB": _kb(seen, name),
            "first render p50 ms": _of(seen.render_ms[name], 50), "p95 ms": _of(seen.render_ms[name], 95),
        }
        for name, path in pages.items()
    ]  # fmt: skip
    if reports:
        rows.append({
            "page": NEWS, "loads": len(seen.news_ms), "kB": None,
            "first render p50 ms": _of(seen.news_ms, 50), "p95 ms": _of(seen.news_ms, 95),
        })  # fmt: skip
    return {"name": "console", "figures": figures, "rows": rows}


async def _play(
    state: Path, port: int, login: tuple[str, str], chromium: str, pages: dict[str, str], count: tuple[int, int],
    report: Report,
) -> Seen:  # fmt: skip
    try:
        from playwright.async_api import async_playwright
    except ImportError as error:
        raise UnavailableError("needs playwright: run it with .venv.dev/bin/python -m bench console") from error
    place = Place("127.0.0.1", port, client_context((state / "ca.pem").read_text()))
    token = (state / "operator.token").read_text().strip()
    agents = await _enrol(place, f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n", AGENTS)
    await asyncio.to_thread(_say_on_paper, state, port, token)
    live = [asyncio.create_task(agent.beat()) for agent in agents]
    seen, url = Seen(), f"https://127.0.0.1:{port}"
    await asyncio.sleep(6.0)  # until each has given a sign of life
    try:
        async with async_playwright() as engine:
            browser = await engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            kept = await _sign_in(browser, url, login)
            for name, path in pages.items():
                report(f"{path}: {count[0]} loads")
                while len(seen.render_ms.get(name, [])) < count[0]:
                    await _load(browser, kept, url + path, name, seen)
            if count[1]:
                report(f"{count[1]} reports onto an open page")
                await _news(browser, kept, url, agents[0], count[1], seen)
            await browser.close()
    finally:
        for task in live:
            task.cancel()
        await asyncio.gather(*live, return_exceptions=True)
        for agent in agents:
            agent.close()
    return seen


def _say_on_paper(state: Path, port: int, token: str) -> None:
    """Say of some services that they are on paper."""
    context = client_context((state / "ca.pem").read_text())
    said = json.dumps({"state": "paper", "why": "bench", "seconds": 86_400}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for number in range(ON_PAPER):
        line = HTTPSConnection("127.0.0.1", port, context=context, timeout=20)
        line.request("POST", f"/api/v1/services/service-{number}", said, headers)
        answer = line.getresponse()
        line.close()
        if answer.status != 201:
            raise UnavailableError(f"the hub took no word on a service: {answer.status}")


async def _sign_in(browser: Any, url: str, login: tuple[str, str]) -> Any:
    context = await browser.new_context(ignore_https_errors=True)
    page = await context.new_page()
    await page.goto(f"{url}/sign-in")
    await page.fill("input[name=login]", login[0])
    await page.fill("input[name=password]", login[1])
    await page.press("input[name=password]", "Enter")
    await page.locator("#machines").wait_for()
    kept = await context.storage_state()
    await context.close()
    return kept


async def _load(browser: Any, kept: Any, url: str, name: str, seen: Seen) -> None:
    """Load one page with nothing cached."""
    context = await browser.new_context(
        ignore_https_errors=True, storage_state=kept, viewport={"width": 1920, "height": 1080}
    )
    page = await context.new_page()
    wire_ = await context.new_cdp_session(page)
    await wire_.send("Network.enable")
    came: list[int] = []
    wire_.on("Network.loadingFinished", lambda event: came.append(int(event["encodedDataLength"])))
    try:
        await page.goto(url, wait_until="load")
    except Exception as error:
        if OTHERS not in str(error):
            raise
        await context.close()
        return  # it is loaded once more
    painted = await page.evaluate(
        """() => new Promise((done) => { const look = () => {
            const found = performance.getEntriesByName('first-contentful-paint')[0];
            found ? done(found.startTime) : requestAnimationFrame(look); }; look(); })"""
    )
    await asyncio.sleep(SETTLE_S)
    seen.bytes.setdefault(name, []).append(sum(came))
    seen.render_ms.setdefault(name, []).append(float(painted))
    await context.close()


async def _news(browser: Any, kept: Any, url: str, agent: Agent, reports: int, seen: Seen) -> None:
    await _strike(agent, "first")
    context = await browser.new_context(ignore_https_errors=True, storage_state=kept)
    page = await context.new_page()
    await page.goto(f"{url}/incidents")
    await page.locator("article.card a").first.click()
    await page.locator("#timeline li").first.wait_for()
    await page.evaluate(WATCH)
    sent = {}
    for number in range(reports):
        await asyncio.sleep(PAUSE_S)
        mark = f"bench-user-{number}"
        sent[mark] = time.time() * 1000
        await _strike(agent, mark)
    await asyncio.sleep(2.0)
    found = await page.evaluate("window.garde_news")
    seen.news_ms = [found[mark] - at for mark, at in sent.items() if mark in found]
    seen.lost = len(sent) - len(seen.news_ms)
    await context.close()


async def _strike(agent: Agent, mark: str) -> None:
    """Send one verdict over a client."""
    agent.reported += 1
    now = time.time()
    actor = kinds.ActorNote(
        "smb", 800, Text("smbd"), Text("/usr/sbin/smbd"), Text(mark), SPREADER, (Text(mark),), (Text("docs"),)
    )
    files = tuple(
        kinds.FileDamage(
            Text(f"/srv/docs/letter {mark} {number}.docx"),
            Text("x"),
            now,
            ("random_change",),
            "docx",
            "unknown",
            40_000,
        )
        for number in range(3)
    )
    payload = kinds.VerdictReached(f"v-{mark}", "session", Text(SPREADER), 20.0, 18.0, files, (actor,))
    entry = {"seq": agent.reported, "at": now, "kind": "verdict_reached", "payload": msgspec.Raw(wire.encode(payload))}
    await agent.say("report", {"entries": [entry]})


def _set_up(folder: Path, state: Path, port: int) -> tuple[str, str]:
    """Make the hub; return the first account and its password."""
    lines = ["name: Bench", "segments:"]
    lines += [f"  - {{id: seg-{n}, name: Floor {n}, networks: [10.{n}.0.0/16]}}" for n in range(10)]
    lines += ["machines:", "  - {id: hub, name: Hub, role: hub, addresses: [10.255.0.5]}"]
    lines += [
        f"  - {{id: server-{n}, name: Server of department {n}, role: server, segment: seg-{n % 10}, "
        f"addresses: [10.{n % 10}.1.{n // 10 + 1}], agent: {'true' if n < AGENTS else 'false'}}}"
        for n in range(MACHINES)
    ]
    lines += ["services:"]
    lines += [
        f"  - {{id: service-{n}, name: {{en: Service {n}, fr: Service {n}}}, "
        f"machines: [server-{n * 7 % MACHINES}, server-{n * 7 % MACHINES + 1}], "
        f"instead: {{en: Printed sheets of pack {n}, fr: Feuilles de la pochette {n}}}}}"
        for n in range(SERVICES)
    ]
    estate = folder / "hospital.yaml"
    estate.write_text("\n".join(lines) + "\n")
    words = ["--state", str(state), "--estate", str(estate), "--listen", f"127.0.0.1:{port}", "--address", "127.0.0.1"]
    done = subprocess.run(
        [*GARDE, "hub", "init", *words, "--json"], env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UnavailableError(f"garde hub init: {done.stderr.strip()[-300:]}")
    for line in done.stdout.splitlines():
        with contextlib.suppress(ValueError):
            made = json.loads(line)
            if made.get("kind") == "hub_made":
                return made["login"], made["password"]
    raise UnavailableError("garde hub init showed no account")


def _kb(seen: Seen, name: str) -> float | None:
    found = seen.bytes.get(name)
    return round(max(found) / 1000, 1) if found else None


def _of(values: list[float], share: int) -> float | None:
    return round(percentile(values, share), 1) if values else None
