"""The pictures of the account, the clocks, the drafts and the neighbours: `python tests/support/account_pictures.py`.

As `console_pictures.py`: chromium, a whole hub, a clock that stands still. Nothing of it is a test.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from account_stage import COORDINATOR, DIRECTOR, DPO, H, night_with_account
from console_pictures import BEGAN, IMAGES, _take
from console_stage import DESKTOP, PHONE, ConsoleHouse, Stage, launched

from garde.clock import VirtualClock
from garde.hub.deps import Caller
from garde.hub.legal_acts import LegalDesk
from garde.journal.kinds import HoldConfirmed

TALL = {"width": DESKTOP["width"], "height": 1250}
LONG = {"width": PHONE["width"], "height": 1700}


def main(folder: Path) -> None:
    """Make all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state, launched() as chromium:
        _pages(Path(state), folder, chromium)


def _pages(state: Path, folder: Path, chromium: Any) -> None:
    clock = VirtualClock(BEGAN)
    with ConsoleHouse(state / "hub", clock) as house, house.serving() as url:
        stage = Stage(house, url, chromium)
        for who in (DPO, DIRECTOR, COORDINATOR):
            house.account(*who)
        incident = night_with_account(stage, clock.advance, upload=True)
        draft = _law(stage, incident)
        clock.advance(2 * H)
        house.hub.tick()
        for name, path in (("account", "/account"), ("clocks", "/clocks"), ("draft", draft)):
            _take(stage, path, folder / f"console-{name}.png", TALL, login=DPO[0])
            _take(stage, path, folder / f"console-{name}-fr.png", LONG, language="fr", scheme="dark", login=DPO[0])
        _warning(stage)
        _take(stage, "/sharing", folder / "console-sharing.png", TALL, login=DPO[0])
        _take(stage, "/sharing", folder / "console-sharing-fr.png", LONG, language="fr", scheme="dark", login=DPO[0])
        stage.close()


def _warning(stage: Stage) -> None:
    """Harm is confirmed, and the hub draws its warning; a neighbour's precaution is offered as well."""
    stage.house.loop.append([HoldConfirmed("hv1", "v1", 24)], who="agent/files-1")
    for _ in range(4):
        stage.house.clock.advance(60)  # type: ignore[attr-defined]
        stage.house.hub.tick()
    stage.house.wait_for("warning_drawn")


def _law(stage: Stage, incident: str) -> str:
    """Somebody is aware, one draft is filled and completed, the early warning is handed in."""
    deps, now = stage.house.hub.deps, stage.house.clock.now()
    desk = LegalDesk(deps, Caller(*DPO, "session"))
    for event in ("aware_personal_data", "aware_significant"):
        desk.aware(incident, event, now - 600, "understood in the crisis room")
    desk.draft(incident, "gdpr_33", "en")
    draft = next(iter(desk.state().drafts))
    desk.edit(draft, "subjects_count", "about 160")
    desk.draft(incident, "nis2_early", "en")
    early = desk.state().drafts[list(desk.state().drafts)[-1]]
    desk.sign(early.id, early.newest.number, early.newest.sha256)
    desk.submit(early.id, early.newest.number, now - 60, "online form", f"CCB {datetime.fromtimestamp(now):%Y}/77")
    return f"/drafts/{draft}"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
