"""How the warning comes to the second hospital: fetched over TAXII by its hub, or carried there as a file.

Comes in: the first hospital, the second, a token or a bundle. Goes out: a hub there that has made a watch list of it,
and an agent that watches for it. People do it by the commands of that hub's own machine. Nothing passes between the two
but by the line between their crisis rooms, or by hand. As a program (`next_hub HUB TOKEN_FILE CA`, on the machine of
the hub there) it asks what is served, and says the address of its first collection.
"""

from __future__ import annotations

import http.client
import shutil
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from garde.errors import Incomplete
from garde.lab.hospital.hospital import Hospital
from garde.lab.hospital.neighbour import Neighbour
from garde.lab.hospital.plan import HUB
from garde.lab.hospital.programs import PYTHON
from garde.lab.night.follow import Follower
from garde.trust.ca import client_context
from garde.trust.files import write_secret

HERE: Final = "sainte-aldegonde"  # the first hospital, in the estate of the second
THERE: Final = "chu-exemple"  # the second, in the estate of the first
WATCHED_S: Final = 30.0
PATIENCE_S: Final = 15.0
ACCEPT: Final = "application/taxii+json;version=2.1"
_SETTINGS: Final = """\
[[neighbour]]
id = "{here}"
url = "{url}"
token_file = "{here}.token"
ca_file = "{here}.pem"
"""


def serve(hospital: Hospital, second: Neighbour, token: str) -> None:
    """What the second hospital's administrator is given: a token, the CA of the first one's hub. He finds the rest."""
    state = second.plan.hub_state
    token_file, ca = state / f"{HERE}.token", state / f"{HERE}.pem"
    write_secret(token_file, f"{token}\n".encode())
    shutil.copyfile(hospital.hub_state / "ca.pem", ca)
    words = [*PYTHON, "-m", "garde.lab.night.next_hub", hospital.hub_url, str(token_file), str(ca)]
    url = second.programs.check("what is served", HUB, words).strip()
    write_secret(state / "neighbours.toml", _SETTINGS.format(here=HERE, url=url).encode())


def fetch(second: Neighbour) -> None:
    """Have the second hospital's hub fetch what is served."""
    second.hub("share", "poll", HERE)


def carry(second: Neighbour, folder: Path) -> None:
    """Bring the STIX bundle of an exported warning there as a file, as on a stick."""
    file = second.plan.home / "warning.json"
    write_secret(file, next(folder.rglob("stix.json")).read_bytes())
    second.hub("share", "take", str(file), "--from", HERE)


def wait_watching(follower: Follower) -> None:
    """Wait until an agent there watches for what came; raises Incomplete."""
    if not follower.wait(lambda told: told.account.is_watched, WATCHED_S):
        raise Incomplete("no agent of the second hospital watches for the warning", "look into its hub's log")


def find_collection(hub: str, token: str, ca: str) -> str:
    """Ask a hub what it serves, as a client of TAXII 2.1 does; returns the address of its first collection."""
    host = urlsplit(hub)
    line = http.client.HTTPSConnection(str(host.hostname), host.port, timeout=PATIENCE_S, context=client_context(ca))
    try:
        headers = {"Accept": ACCEPT, "Authorization": f"Bearer {token}"}
        line.request("GET", "/taxii2/", headers=headers)
        root = str(msgspec.json.decode(line.getresponse().read())["default"])
        line.request("GET", f"{root}collections/", headers=headers)
        served = msgspec.json.decode(line.getresponse().read())["collections"]
    finally:
        line.close()
    return f"{hub}{root}collections/{served[0]['id']}/"


def main(words: list[str]) -> None:
    """Say where it is."""
    hub, token, ca = words
    print(find_collection(hub, Path(token).read_text(encoding="ascii").strip(), Path(ca).read_text(encoding="ascii")))


if __name__ == "__main__":
    main(sys.argv[1:])
