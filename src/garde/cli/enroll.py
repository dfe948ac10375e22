"""`garde enroll TOKEN`: make this machine's agent one of the hub's.

Comes in: the one-time token that `garde hub token` showed. Goes out: a key, a pinned hub and the hashes of the release
codes in the state directory. It starts nothing.
"""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from garde.cli.options import Json, LabClock, NetNs, State


def enroll(
    token: Annotated[
        str,
        Parameter(
            name="TOKEN", allow_leading_hyphen=True, help="The one-time token: garde1.… (or - to read it from stdin)."
        ),
    ],
    /,
    *,
    state: State = None,
    as_json: Json = False,
    netns: NetNs = "",
    lab_clock: LabClock = None,
) -> int:
    """Enrol this machine with the hub that made the token. No secret leaves this machine before the hub is known.

    Example: garde enroll - --state /var/lib/garde
    """
    import sys

    from garde.agent.link.enrol import enrol
    from garde.agent.netns import enter
    from garde.cli.options import clock_of
    from garde.cli.places import find_state, make_state
    from garde.cli.screen import Screen
    from garde.journal.text import plain
    from garde.trust.codes import CODES
    from garde.trust.enrolment import Token

    screen = Screen(as_json)
    parsed = Token.parse(sys.stdin.read(4096) if token == "-" else token)  # noqa: S105 - a word, no secret
    place = make_state(find_state(state))
    if netns:
        enter(netns)
    made = enrol(parsed, place, clock_of(lab_clock))
    screen.data(
        {
            "kind": "enrolled",
            "machine": made.machine,
            "hub": f"{made.host}:{made.port}",
            "hub_key": made.hub_key,
            "addresses": list(made.addresses),
            "state": str(place),
        }
    )
    screen.line(f"Enrolled as {plain(made.machine)} with the hub at {plain(parsed.address)}", "good")
    screen.line(f"{CODES} release codes count from now on: print them at the hub, keep them at this machine", "note")
    screen.line(f"Now start it: garde agent FOLDER --state {place} --enforce", "note")
    return 0
