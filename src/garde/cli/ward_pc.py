"""`garde ward` on the ward's own PC.

Comes in: what `ward.py` was called with. Goes out: lines, JSON, exit codes. Who may read the state directory has the
key itself: no PIN is asked here, the page asks for one.
"""

from __future__ import annotations

from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from garde.cli.screen import Screen
    from garde.clock import Clock
    from garde.ward.fresh import Fresh
    from garde.ward.press import Pressed, Wanted

_LONGEST_FILE = 65 << 20  # bytes: a parcel and a little more


def init(state: Path, clock: Clock, said: dict[str, Any], screen: Screen) -> int:
    """Set the PC up, or change what is named."""
    import platform

    from garde.errors import UsageError
    from garde.ward.config import CARD_FILE, FILE_NAME, Config, check_config, load_config
    from garde.ward.house import House
    from garde.ward.program import set_up

    first = Config(name=platform.node()[:120] or "ward-pc")
    known = load_config(state) if (state / FILE_NAME).exists() else first
    config = changed(known, **{name: value for name, value in said.items() if value})
    if said["listen"] == "none":
        config = changed(config, listen="")
    check_config(config)
    if not config.places:
        raise UsageError("no ward is named", "whose packs is it for? garde ward init --place WARD")
    pin = set_up(state, config, clock)
    with House(state, clock) as house:
        card = house.card()
    screen.data({
        "kind": "ward_made", "state": str(state), "name": config.name, "places": list(config.places),
        "card": str(state / CARD_FILE), "fingerprint": card.fingerprint, "envelope": pin,
    })  # fmt: skip
    screen.line(f"The PC {config.name} is set up for {', '.join(config.places)}", "good")
    screen.line(f"  Its card: {state / CARD_FILE}   fingerprint {card.fingerprint}")
    if pin:
        screen.line(f"  For the sealed envelope, shown once: name envelope, PIN {pin}", "warn")
    screen.line("Next: at the desk `garde ward enrol CARD`, compare the fingerprint, take its card here", "dim")
    return 0


def run(state: Path, clock: Clock, screen: Screen) -> int:
    """Keep packs and serve the page, until SIGTERM or Ctrl-C."""
    import sys

    from garde.journal.text import plain
    from garde.ward.program import run_ward

    def out(event: dict[str, Any]) -> None:
        screen.data(event)
        match event["kind"]:
            case "serving":
                heard = f"parcels on {event['parcels']}" if event["parcels"] else "parcels by stick only"
                screen.line(f"The page: http://{event['page']}/   {heard}", "good")
            case "kept":
                screen.line(f"Pack {event['pack']} for {plain(event['place'])} has come", "good")
            case "stale":
                bell = "\a" if sys.stdout.isatty() else ""
                screen.line(f"{bell}THE DATA ARE TOO OLD OR MISSING: {plain(', '.join(event['places']))}", "bad")
            case "printed" if event["fault"]:
                screen.line(f"Pack {event['pack']}: not all came out: {plain(event['fault'])}", "bad")
            case "printed":
                screen.line(f"Pack {event['pack']}: {event['sheets']} sheets printed", "good")
            case "fresh" | "shredded":
                screen.line(f"Pack {event['pack']}: {event['kind']}", "dim")
            case "complaint":
                screen.line(plain(event["message"]), "warn")

    return run_ward(state, clock, out)


def status(state: Path, clock: Clock, screen: Screen) -> int:
    """Show how old the data are; ends with 9 where that is an alarm."""
    from garde.errors import Incomplete
    from garde.journal.text import plain
    from garde.paper.printer_words import in_words
    from garde.paper.printing import look_at
    from garde.ward.house import House
    from garde.ward.state import data_packs

    with House(state, clock) as house:
        worst, known, config = house.worst(), house.state(), house.config
        screen.line(_headline(worst), worst.tone)
        for each in data_packs(known):
            screen.line(f"{plain(each.place)}: {_headline(house.fresh(each))}  pack {each.pack}, {each.pages} pages")
        printer = look_at(config.printer, 5.0) if config.printer else None
        words = f"{printer.state} {in_words(printer.troubles, 'en') or printer.reason}".strip() if printer else "none"
        screen.line(f"Printer: {plain(words)}", "note" if printer and printer.state == "ready" else "warn")
        if known.desk is None:
            screen.line("No desk is known yet: garde ward take FILE with the desk's card", "warn")
        screen.data({
            "kind": "ward", "name": config.name, "places": list(config.places), "age": worst.age.value,
            "age_s": round(worst.seconds, 1), "alarm": worst.alarm, "packs": len(known.held), "printer": words,
            "desk": known.desk.hospital if known.desk else "", "fingerprint": house.card().fingerprint,
        })  # fmt: skip
    return Incomplete.exit_code if worst.alarm else 0


def _headline(fresh: Fresh) -> str:
    from garde.ward.page.words import WORDS, age_in_words

    words = WORDS["en"]
    age = f", {words['ago'].format(age=age_in_words(fresh.seconds, 'en'))}" if fresh.seconds > 0 else ""
    return f"{words[fresh.age]}{age}: {words[f'say_{fresh.age}']}"


def packs(state: Path, clock: Clock, screen: Screen) -> int:
    """List the packs that are here, the newest first."""
    from garde.clock import iso
    from garde.errors import GardeError
    from garde.journal.text import plain
    from garde.ward.house import House

    with House(state, clock) as house:
        for each in sorted(house.state().held.values(), key=lambda held: held.order, reverse=True):
            try:
                manifest = house.manifest(each.pack)
                mar, blanks, fault = len(manifest.mar), len(manifest.blanks), ""
            except GardeError as error:
                mar, blanks, fault = 0, 0, error.message
            fresh = house.fresh(each)
            screen.data({
                "kind": "pack", "pack": each.pack, "place": each.place, "about": each.about,
                "language": each.language, "pages": each.pages, "mar": mar, "blanks": blanks, "as_of": each.as_of,
                "made_at": each.made_at, "kept_at": each.kept_at, "age": fresh.age.value, "fault": fault,
            })  # fmt: skip
            text = f"{each.pack}  {plain(each.place)} ({each.about}, {each.language}): {each.pages} pages"
            screen.line(f"{text}, made {iso(each.made_at)[:16]}, {fresh.age.value}", "bad" if fault else fresh.tone)
            if fault:
                screen.line(f"    {plain(fault)}", "bad")
    return 0


# --- printing ---------------------------------------------------------------------------------------------------------


def wanted_of(asked: dict[str, bool], pages: str, copies: int, place: str, pack: str) -> Wanted:
    """Return what is to be printed; UsageError where it is not one thing."""
    from garde.errors import UsageError
    from garde.ward.press import Wanted

    chosen = [name for name, yes in asked.items() if yes]
    if len(chosen) != 1:
        raise UsageError(
            "say what to print, one of --all, --mar, --census, --blanks, --pages", "garde ward print --mar"
        )
    return Wanted(chosen[0], pages, copies, place, pack)


def print_out(state: Path, clock: Clock, words: tuple[Wanted, str, str], screen: Screen) -> int:
    """Print; ends with 9 where not everything came out."""
    from garde.errors import Incomplete
    from garde.paper.printer_words import in_words
    from garde.ward.house import House
    from garde.ward.press import choose, press

    wanted, printer, by = words

    def say(event: dict[str, Any]) -> None:
        screen.data(event)
        if event["kind"] == "printing":
            screen.line(f"Pack {event['pack']}: {event['pages']} pages × {event['copies']} to the printer")
        elif event["troubles"]:
            screen.line(f"  the printer says: {in_words(event['troubles'], 'en')}", "warn")
        elif event["came_out"]:
            screen.line(f"  {event['came_out']} came out", "dim")

    with House(state, clock) as house:
        jobs = choose(house, wanted)
        done = press(house, jobs, copies=wanted.copies, printer=printer, by=by, say=say)
        for each in done:
            _pressed(each, screen)
    return Incomplete.exit_code if any(each.fault or not each.written for each in done) else 0


def _pressed(each: Pressed, screen: Screen) -> None:
    from garde.journal.text import plain

    screen.data({
        "kind": "printed", "run": each.run, "pack": each.pack, "place": each.place, "pages": list(each.pages),
        "copies": each.copies, "sheets": each.sheets, "fault": each.fault, "written": each.written,
    })  # fmt: skip
    if each.fault:
        what = "NOT ALL CAME OUT" if each.pages else "NOTHING CAME OUT"
        screen.line(f"{what} of pack {each.pack}: {plain(each.fault)}", "bad")
    else:
        screen.line(f"{each.sheets} sheets of pack {each.pack} printed", "good")
    if not each.written:
        pages = ",".join(map(str, each.pages))
        screen.line(f"The disk is full: write down on paper: pack {each.pack}, pages {pages} × {each.copies}", "bad")


# --- sticks -----------------------------------------------------------------------------------------------------------


def read_file(name: str) -> bytes:
    """Return a file of a stick; UsageError where there is none."""
    from garde.errors import UsageError

    try:
        with Path(name).open("rb") as file:
            return file.read(_LONGEST_FILE)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{name or 'no file'}: {why}", "name a file: garde ward take FILE") from error


def take(state: Path, clock: Clock, words: tuple[str, str, bool], screen: Screen) -> int:
    """Take a desk's card, or a parcel."""
    from garde.downtime.parcel.envelope import ParcelRefusedError
    from garde.downtime.parcel.keys import is_card, read_card
    from garde.errors import NotPermitted, Refused
    from garde.journal.text import plain
    from garde.ward.house import House

    name, by, replace = words
    raw = read_file(name)
    with House(state, clock) as house:
        if is_card(raw):
            card = read_card(raw, "desk")
            house.trust(card, by, replace=replace)
            screen.data({"kind": "desk_trusted", "hospital": card.name, "fingerprint": card.fingerprint})
            screen.line(f"Packs are taken from the desk of {plain(card.name)}: {card.fingerprint}", "good")
            screen.line("  Compare this fingerprint with what the desk showed", "warn")
            return 0
        try:
            taken = house.take(raw)
        except ParcelRefusedError as error:
            raise Refused(f"{name}: {error.reason} ({error.code})", "bring another from the desk") from error
        except OSError as error:
            raise NotPermitted(f"the pack cannot be kept: {error}", "make room on the disk") from error
        house.tell_stale()
        house.tidy()
    held = taken.held
    screen.data({"kind": "kept", "pack": held.pack, "place": held.place, "pages": held.pages, "again": taken.again})
    screen.line(f"Pack {held.pack} for {plain(held.place)}: {'was here' if taken.again else 'kept'}", "good")
    return 0


def report(state: Path, clock: Clock, name: str, screen: Screen) -> int:
    """Write a file for the desk: what is kept, what was printed. Only the desk can read it."""
    from garde.errors import UsageError
    from garde.ward.house import House

    with House(state, clock) as house:
        raw, runs = house.receipt(), len(house.state().runs)
    try:
        Path(name).write_bytes(raw)
    except (OSError, ValueError) as error:
        raise UsageError(f"{name or 'no file'}: {error}", "name a file: garde ward report FILE") from error
    screen.data({"kind": "report", "file": name, "printings": runs})
    screen.line(f"{runs} printings told in {name}: take it to the desk, `garde ward take {name}` there", "good")
    return 0


# --- accounts ---------------------------------------------------------------------------------------------------------


def account(state: Path, clock: Clock, name: str, screen: Screen) -> int:
    """Make a login for the page, or give it another PIN, read from the terminal or from standard input."""
    import getpass
    import sys

    from garde.errors import UsageError
    from garde.ward.accounts import Accounts, check_name
    from garde.ward.config import load_config

    load_config(state)
    accounts = Accounts(state, clock)
    if not name:
        for each in accounts.names():
            screen.data({"kind": "account", "name": each})
            screen.line(each)
        return 0
    check_name(name)
    pin = getpass.getpass("PIN: ") if sys.stdin.isatty() else sys.stdin.readline(1024).rstrip("\n")
    if sys.stdin.isatty() and getpass.getpass("Again: ") != pin:
        raise UsageError("the two are not the same", "type it again")
    kept = accounts.set_pin(name, pin)
    screen.data({"kind": "account", "name": kept})
    screen.line(f"{kept} may look and print at the page", "good")
    return 0


def envelope(state: Path, clock: Clock, screen: Screen) -> int:
    """Make a new PIN for the sealed envelope."""
    from garde.ward.accounts import ENVELOPE, Accounts
    from garde.ward.config import load_config

    load_config(state)
    pin = Accounts(state, clock).new_envelope()
    screen.data({"kind": "envelope", "name": ENVELOPE, "pin": pin})
    screen.line(f"Name {ENVELOPE}, PIN {pin}", "warn")
    screen.line("  Print it, seal it, put it beside this PC. The one before counts no more.", "dim")
    return 0
