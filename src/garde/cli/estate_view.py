"""How `garde estate show` shows a hospital, and one machine or service of it.

Comes in: the estate, indexed. Goes out: lines for people, or one JSON object. Everything that came from the file is
escaped. It decides nothing: what a cut costs is said by `estate.dependencies`, what is never cut by `estate.never`.
"""

from __future__ import annotations

from collections.abc import Iterable

from garde.cli.screen import Screen
from garde.estate.dependencies import Impact, impact, needed_before
from garde.estate.look import Lookup
from garde.estate.never import why_never_machine, why_never_port
from garde.estate.nouns import Machine, Rule
from garde.journal.text import plain


def show_whole(look: Lookup, language: str, screen: Screen) -> None:
    """Show the machines by segment with what stops if they stop, the authority, and what is never cut."""
    estate = look.estate
    screen.line(plain(estate.name), "title")
    grouped: dict[str, list[Machine]] = {}
    for machine in estate.machines:
        segment = look.segment_of(machine.id)
        grouped.setdefault(segment.id if segment else "", []).append(machine)
    for segment_id, machines in grouped.items():
        screen.line("")
        screen.line(plain(look.label(segment_id, language, "segments")) if segment_id else "in no segment", "title")
        for machine in machines:
            _machine_line(look, machine, language, screen)
    screen.line("")
    screen.line("Who may cut", "title")
    for rule in estate.authority:
        screen.line(f"  {plain(look.say(rule.words, language)) or rule_in_words(rule)}")
    screen.line("")
    screen.line("Never cut", "title")
    for line in estate.never_cut:
        screen.line(f"  {plain(line.what)}: {plain(line.why)}", "warn")


def _machine_line(look: Lookup, machine: Machine, language: str, screen: Screen) -> None:
    price = impact(look.estate, [machine.id]).price
    address = machine.addresses[0] if machine.addresses else "no address"
    agent = "agent" if machine.agent else "     "
    cost = f"stops {_names(look, price, language)}" if price else ""
    if why_never_machine(look, machine.id):
        cost = f"never cut; {cost}" if cost else "never cut"
    screen.line(f"  {machine.id:20.20} {address:16.16} {agent}  {cost}".rstrip())


def rule_in_words(rule: Rule) -> str:
    """Return a rule that has no words of its own as one line."""
    who = {"automatic": "at once", "one": "one person", "two": "two people", "never": "never"}
    needs = who.get(rule.needs) or f"unanswered for {rule.after_s:g} s"
    price = ", where no clinical service stops" if rule.care == "none" else ""
    return f"{', '.join(rule.actions)}: {needs}, from severity {rule.severity}{price}"


def show_one(look: Lookup, name: str, language: str, screen: Screen) -> None:
    """Show what stops with one machine or service, what must be up before it, and whether it may be cut."""
    cost = impact(look.estate, look.behind(name))
    machine = look.machines.get(name)
    before = needed_before(look.estate, name) if machine else ()
    never = why_never_machine(look, name) if machine else ""
    port = look.switch_port(name)
    body = {field: list(getattr(cost, field)) for field in ("stopped", "degraded", "works", "price", "wards")}
    where = {"switch": port.switch.id, "port": port.port, "never": why_never_port(look, name)} if port else None
    screen.data(
        {"kind": "impact", "id": name, **body, "beds": cost.beds, "because": dict(cost.because)}
        | {"before": list(before), "never": never, "port": where}
    )
    screen.line(f"{plain(look.label(name, language))} ({name})", "title")
    if never:
        screen.line(f"  never cut: {plain(never)}", "warn")
    if port:
        screen.line(f"  hangs on port {plain(port.port)} of {port.switch.id}")
    _cost_lines(look, cost, language, screen)
    if before:
        screen.line(f"  up before it: {', '.join(before)}")


def _cost_lines(look: Lookup, cost: Impact, language: str, screen: Screen) -> None:
    if not cost.stopped and not cost.degraded:
        screen.line("  if it stops, no service stops", "good")
        return
    for service in cost.stopped:
        clinical = look.services[service].clinical
        because = f" (through {cost.because[service]})" if service in cost.because else ""
        screen.line(f"  stops: {_names(look, [service], language)}{because}", "bad" if clinical else "warn")
        instead = look.say(look.services[service].instead, language)
        if clinical and instead:
            screen.line(f"    instead: {plain(instead)}", "dim")
    if cost.degraded:
        screen.line(f"  goes on with less: {_names(look, cost.degraded, language)}", "warn")
    if cost.wards:
        screen.line(
            f"  wards that lose something: {_names(look, cost.wards, language, 'wards')} ({cost.beds} beds)", "warn"
        )


def _names(look: Lookup, ids: Iterable[str], language: str, table: str = "services") -> str:
    return plain(", ".join(look.label(each, language, table) for each in ids))
