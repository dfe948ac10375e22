"""`garde downtime`: the desk that keeps the hospital's feed and the census.

Comes in: an action and its words. Goes out: the census and how fresh it is, or the desk's own lines until SIGTERM or
Ctrl-C. Questions go to the running desk; where none runs, what is stored is read here. The desk itself is
`garde.desk.program`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from garde.cli.options import Json, LabClock

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.clock import Clock

DEFAULT_STATE = Path("/var/lib/garde-downtime")

Action = Annotated[
    Literal["init", "run", "status", "census", "patient", "import", "pull"],
    Parameter(
        help="Set a desk up; listen to the feed; show how fresh it is; show who lies where; "
        "show one patient; take in a file; ask a FHIR server."
    ),
]
What = Annotated[
    str, Parameter(name="WHAT", help="census: a ward. patient: a number. import: a file. pull: a FHIR R4 address.")
]
DeskState = Annotated[Path, Parameter(name="--state", help="State directory of the desk.")]
Hospital = Annotated[str, Parameter(name="--hospital", help="init: the hospital's name.")]
Listen = Annotated[str, Parameter(name="--listen", help="init, run: HOST:PORT for MLLP. Default: 0.0.0.0:2575.")]
Pages = Annotated[
    str, Parameter(name="--pages", help="run: HOST:PORT of pages for people (127.0.0.1:8460). Default: desk.json.")
]
Zone = Annotated[str, Parameter(name="--zone", help="init: the hospital's time zone. Default: Europe/Brussels.")]
Charset = Annotated[str, Parameter(name="--charset", help="init: of messages that name none. Default: utf-8.")]
Own = Annotated[
    str, Parameter(name="--own", help="init: authorities of the hospital's own patient numbers, with commas between.")
]
Silent = Annotated[float, Parameter(name="--silent", help="init: minutes until a feed is silent. Default: 60.")]


def downtime(
    action: Action,
    what: What = "",
    /,
    *,
    state: DeskState = DEFAULT_STATE,
    hospital: Hospital = "",
    listen: Listen = "",
    pages: Pages = "",
    zone: Zone = "",
    charset: Charset = "",
    own: Own = "",
    silent: Silent = 0.0,
    as_json: Json = False,
    lab_clock: LabClock = None,
) -> int:
    """Keep the hospital's feed, and the census that a ward needs when the screens go dark.

    Example: garde downtime init --state /var/lib/garde-downtime --hospital CHU --listen 0.0.0.0:2575
    """
    from garde.cli.options import clock_of
    from garde.cli.screen import Screen

    screen, clock, place = Screen(as_json), clock_of(lab_clock), state.absolute()
    match action:
        case "init":
            _init(place, (hospital, listen, zone, charset, own, silent), screen)
        case "run":
            return _run(place, listen, pages, clock, screen)
        case "status":
            _status(place, clock, screen)
        case "census":
            _show_census(_ask(place, clock, {"ask": "census", "ward": what}), screen)
        case "patient":
            return _patient(place, clock, what, screen)
        case "import":
            _import(place, clock, what, screen)
        case "pull":
            return _pull(place, clock, what, screen)
    return 0


def _init(state: Path, words: tuple[str, str, str, str, str, float], screen: Screen) -> None:
    from dataclasses import replace

    from garde.desk.config import FILE_NAME, Config, check_config, load_config
    from garde.desk.program import set_up

    hospital, listen, zone, charset, own, silent = words
    known = load_config(state) if (state / FILE_NAME).exists() else Config()
    said: dict[str, Any] = {
        "hospital": hospital, "listen": listen, "zone": zone, "charset": charset,
        "own": tuple(each.strip() for each in own.split(",") if each.strip()), "silent_min": silent,
    }  # fmt: skip
    config = replace(known, **{name: value for name, value in said.items() if value})
    _ = config.bind
    check_config(state, config)
    set_up(state, config)
    screen.data({"kind": "desk_made", "state": str(state), "listen": config.listen, "hospital": config.hospital})
    screen.line(f"The desk is set up in {state}", "good")
    screen.line("  Copy store.key to a safe place of its own: without it nothing that is stored can be read.", "warn")
    screen.line(f"Next: garde downtime run, and let the interface engine send to {config.listen}", "dim")


def _run(state: Path, listen: str, pages: str, clock: Clock, screen: Screen) -> int:
    from garde.desk.program import run_desk
    from garde.journal.text import plain

    def out(event: dict[str, Any]) -> None:
        screen.data(event)
        match event["kind"]:
            case "listening":
                screen.line(f"Listening on {event['host']}:{event['port']}, {event['stored']} messages stored", "good")
            case "ready":
                screen.line(
                    f"Census ready: {event['present']} patients present, of {event['messages']} messages", "good"
                )
            case "worklist":
                screen.line(f"Worklist for modalities on {event['host']}:{event['port']}, as {event['title']}", "good")
                if not event["peers"]:
                    screen.line("  Any AE title may ask: name those that may in desk.json (worklist.peers)", "warn")
            case "pages":
                screen.line(f"Pages for people on {event['url']}", "good")
                if not event["accounts"]:
                    screen.line("  Nobody can sign in yet: garde account add LOGIN --role clerk", "warn")
            case "silent":
                screen.line("THE FEED IS SILENT: the census grows old. Look at the interface engine.", "bad")
            case "heard":
                screen.line("The feed is heard again", "good")
            case "packs":
                screen.line(f"{event['packs']} packs are made ({event['pages']} pages, {event['cause']})", "good")
            case _:
                screen.line(plain(str(event.get("message", event["kind"]))), "warn")

    return run_desk(state, clock, out, listen=listen, pages=pages)


def _ask(state: Path, clock: Clock, question: dict[str, Any]) -> dict[str, Any]:
    from garde.desk.asking import ask_or_read

    return ask_or_read(state, clock, question)


# --- shown ------------------------------------------------------------------------------------------------------------

_TONES = {"heard": "good", "waiting": "warn", "silent": "bad"}


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "nothing heard yet"
    minutes = int(seconds // 60)
    return f"{minutes // 60} h {minutes % 60:02d} min ago" if minutes >= 60 else f"{minutes} min ago"


def _status(state: Path, clock: Clock, screen: Screen) -> None:
    from garde.cli.fact_view import sentence, tone
    from garde.desk.config import load_config

    heard = _heard(state, clock)
    _show_status({**_ask(state, clock, {"ask": "status"}), "heard": heard}, screen)
    zone = load_config(state).manner.place
    for each in heard:
        screen.line(f"the hub says: {sentence(**each, zone=zone)}", tone(each["fact"], each["state"]))


def _show_status(found: dict[str, Any], screen: Screen) -> None:
    from garde.journal.text import plain

    screen.data({"kind": "desk", "running": True, **found})
    if found.get("running") is False:
        screen.line("THE DESK IS NOT RUNNING: nothing is received", "bad")
    screen.line(
        f"{plain(found['hospital'])}: feed {found['feed']}, last message {_age(found['age_s'])}", _TONES[found["feed"]]
    )
    screen.line(
        f"{found['messages']} messages stored; {found['present']} patients present, {found['expected']} expected"
    )
    for name in found["silent_senders"]:
        screen.line(f"silent for hours: {plain(name)}", "warn")
    for name, ahead in found["wrong_clocks"].items():
        side = "ahead" if ahead > 0 else "behind (or its queue is late)"
        screen.line(f"clock of {plain(name)}: {abs(ahead) / 60:.0f} min {side}", "warn")
    for title, table in (("not understood", "not_understood"), ("doubt", "doubts")):
        for reason, count in found[table].items():
            screen.line(f"{title}: {count} × {plain(reason)}", "dim")


def _heard(state: Path, clock: Clock) -> list[dict[str, Any]]:
    """Return what the hub's half said that a ward has to know: services that do not work, what to enter again."""
    from garde.desk.facts import DeskFacts

    known = DeskFacts(state, clock).known()
    wanted = [*known.of("service_state", "paper", "closed", "degraded"), *known.of("reenter_after", "again")]
    return [{"fact": w.fact, "subject": w.subject, "state": w.state, "since": w.since} for w in wanted]


def _show_census(found: dict[str, Any], screen: Screen) -> None:
    from garde.journal.text import plain

    screen.data({"kind": "census", **found})
    fresh = found["as_of"]
    screen.line(f"As of the last message, {_age(fresh['age_s'])}", _TONES[fresh["feed"]])
    if fresh["feed"] == "silent":
        screen.line("THE FEED IS SILENT: verify every line", "bad")
    for row in found["rows"]:
        place, person = row["visit"]["place"], row["patient"]["person"]["value"]
        name = " ".join(filter(None, (person["family"], person["given"]))) or "NAME NOT RECORDED"
        bed = "/".join(filter(None, (place["ward"], place["room"], place["bed"]))) or "no place"
        born = person["birth"] or "birth date not recorded"
        screen.line(plain(f"{bed}  {name}  {born}  {row['patient']['number']}"))
        screen.line(f"    {_allergies(row['patient']['allergies'])}", _allergy_tone(row["patient"]["allergies"]))
        for flag in sorted(row["flags"]):
            screen.line(f"    ! {flag}", "warn")
    for arrival in found["arrivals"]:
        _show_arrival(arrival, found["zone"], screen)
    for place in found["empty"]:
        screen.line(plain("/".join(filter(None, (place["ward"], place["room"], place["bed"]))) + "  (empty)"), "dim")


def _show_arrival(found: dict[str, Any], zone: str, screen: Screen) -> None:
    """One row of its own for who arrived during the downtime: never joined to another row here."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from garde.journal.text import plain

    place, person = found["place"], found["person"]
    bed = "/".join(filter(None, (place["ward"], place["room"], place["bed"])))
    name = " ".join(filter(None, (person["family"], person["given"]))) or "NAME NOT RECORDED"
    when = datetime.fromtimestamp(found["arrived"], ZoneInfo(zone)).strftime("%d.%m. %H:%M")
    screen.line(plain(f"{bed}  {name}  {person['birth'] or 'birth date not recorded'}  {found['number']}"))
    linked = "" if found["record"] else "; not in the record"
    screen.line(f"    arrived during the downtime, {when}{linked}", "warn")
    if not found["legible"]:
        screen.line("    ! WHAT IS KNOWN OF THIS PERSON CANNOT BE READ: ask them", "bad")
    words = {"recorded": f"ALLERGIES: {plain(found['allergic_to'])}", "none known": "no known allergy (as told)"}
    told = words.get(found["allergies"], "allergies NOT RECORDED — ask the patient")
    screen.line(f"    {told}", _allergy_tone({"status": found["allergies"]}))
    if found["record"]:
        screen.line(plain(f"    linked to {found['record']}, which does not show all of this on this ward"), "warn")
    elif found["waiting"]:
        screen.line("    ! a match waits for a second person", "warn")


def _allergies(found: dict[str, Any]) -> str:
    """One of three texts that cannot be taken for one another."""
    from garde.journal.text import plain

    match found["status"]:
        case "recorded":
            items = (each["value"]["what"] for each in found["items"])
            return "ALLERGIES: " + plain(", ".join(each["text"] or each["code"] for each in items))
        case "none known":
            return "no known allergy (as recorded)"
    partly = "".join(f" ({each['value']} was recorded)" for each in found["none_known"])
    return f"allergies NOT RECORDED — ask the patient{partly}"


def _allergy_tone(found: dict[str, Any]) -> str:
    return {"recorded": "bad", "none known": "good"}.get(found["status"], "warn")


def _patient(state: Path, clock: Clock, number: str, screen: Screen) -> int:
    import json

    from garde.errors import NotFound, UsageError

    if not number:
        raise UsageError("no patient was named", "name the number: garde downtime patient 123456")
    found = _ask(state, clock, {"ask": "patient", "number": number})["patients"]
    if not found:
        raise NotFound("nobody is known under this number", "look at garde downtime census")
    for each in found:
        screen.data({"kind": "patient", **each})
        screen.line(json.dumps(each, indent=2))  # ASCII only: nothing in it can move a cursor
    return 0


def _import(state: Path, clock: Clock, name: str, screen: Screen) -> None:
    from garde.desk.bring import split_file
    from garde.errors import UsageError

    try:
        form, items = split_file(Path(name).read_bytes(), name)
    except OSError as error:
        raise UsageError(f"{name or 'no file'}: {error.strerror}", "name a file: garde downtime import FILE") from error
    _keep(state, clock, form.value, items)
    screen.data({"kind": "imported", "form": form.value, "items": len(items)})
    screen.line(f"{len(items)} taken in as {form.value}", "good")


def _pull(state: Path, clock: Clock, base: str, screen: Screen) -> int:
    """Pull what changed since the last pull that was whole; a pull that was not goes on from the same moment."""
    from garde.desk.pull import pull
    from garde.downtime.store.messages import MessageStore
    from garde.downtime.store.seal import Seal
    from garde.errors import Incomplete
    from garde.journal.text import plain

    with MessageStore(state, Seal.load(state)) as store:
        found = pull(base, store.fact(f"pulled {base}"))
        _keep(state, clock, "fhir", found.items)
        if found.newest and not found.failed:
            store.set_fact(f"pulled {base}", found.newest)
    screen.data({"kind": "pulled", "items": len(found.items), "newest": found.newest, "failed": found.failed})
    screen.line(f"{len(found.items)} resources taken in", "warn" if found.failed else "good")
    for each in found.failed:
        screen.line(f"not had: {plain(each)}", "warn")
    return Incomplete.exit_code if found.failed else 0


def _keep(state: Path, clock: Clock, form: str, items: list[bytes]) -> None:
    """Give them to the running desk; where none runs, store them here."""
    import base64

    from garde.desk.control import ask_desk
    from garde.errors import HubAbsent, Refused

    question = {"ask": "import", "form": form, "items": [base64.b64encode(each).decode() for each in items]}
    try:
        found = ask_desk(state, question)
    except HubAbsent:
        _store_here(state, clock, form, items)
        return
    if "error" in found:
        raise Refused(str(found["error"]))


def _store_here(state: Path, clock: Clock, form: str, items: list[bytes]) -> None:
    import os

    from garde.desk.config import load_config
    from garde.downtime.store.messages import Form, Heard, MessageStore, take_lock
    from garde.downtime.store.seal import Seal

    load_config(state)
    handle = take_lock(state)
    try:
        with MessageStore(state, Seal.load(state)) as store:
            store.append([Heard(each, clock.now(), Form(form)) for each in items])
    finally:
        os.close(handle)
