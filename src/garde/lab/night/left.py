"""What the account leaves for people to look at: the board's report and the drafts, as whoever asks for them gets them.

Comes in: the hospital, drafts by form, a folder. Goes out: in it `report.html` and `report.pdf`, in English and French,
with the story's own times beside this night's; and each draft as PDF, as the JSON that was signed, and as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.plan import HUB
from garde.lab.night.hands import Hands
from garde.lab.night.story_beside import story_file

FOLDER: Final = "account"
LANGUAGES: Final = ("en", "fr")


def keep(hospital: Hospital, drafts: Mapping[str, str], pages: Path) -> None:
    """Leave all of it. `drafts`: form → the id of what was handed in."""
    folder = pages.absolute() / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / "story.json"
    beside.write_bytes(story_file())
    with Hands(hospital, HUB) as hub:
        for language in LANGUAGES:
            files = ("--html", str(folder / f"report-{language}.html"), "--pdf", str(folder / f"report-{language}.pdf"))
            where = ("--hub", str(hospital.hub_state), "--beside", str(beside), "--lang", language)
            hub.give("account", "report", *where, *files)
        for form, draft in drafts.items():
            for ending in ("pdf", "json", "txt"):
                hub.give("legal", "export", draft, "--out", str(folder / f"{form}.{ending}"))
