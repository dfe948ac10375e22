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

from account_stage import COORDINATOR, DIRECTOR, DPO, H, night_with_account, warning_drawn
from console_pictures import IMAGES, _take
from console_stage import DESKTOP, PHONE, Stage, launched, staged

from garde.hub.deps import Caller
from garde.hub.legal_acts import LegalDesk

TALL = {"width": DESKTOP["width"], "height": 1250}
LONG = {"width": PHONE["width"], "height": 1700}


def main(folder: Path) -> None:
    """Make all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state, launched() as chromium:
        _pages(Path(state), folder, chromium)


def _pages(state: Path, folder: Path, chromium: Any) -> None:
    with staged(state, chromium, DPO, DIRECTOR, COORDINATOR) as stage:
        incident = night_with_account(stage, stage.clock.advance, upload=True)
        draft = _law(stage, incident)
        stage.pass_time(2 * H)
        for name, path in (("account", "/account"), ("clocks", "/clocks"), ("draft", draft)):
            _take(stage, path, folder / f"console-{name}.png", TALL, login=DPO[0])
            _take(stage, path, folder / f"console-{name}-fr.png", LONG, language="fr", scheme="dark", login=DPO[0])
        warning_drawn(stage)
        _take(stage, "/sharing", folder / "console-sharing.png", TALL, login=DPO[0])
        _take(stage, "/sharing", folder / "console-sharing-fr.png", LONG, language="fr", scheme="dark", login=DPO[0])


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
