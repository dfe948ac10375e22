"""The score of a night as a table: what happened, the story's own time for it, this night's.

Comes in: how the night ended. Goes out: a table for people. Nothing is worked out here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from garde.lab.night.account import Account
    from garde.lab.night.morning import Returned
    from garde.lab.night.paper import Papered
    from garde.lab.night.play import Ended


def score_table(ended: Ended) -> Any:
    from rich.table import Table

    from garde.lab.night.story import MOMENTS, PLAN, PLAN_MOMENTS, plays, words

    score = ended.score
    table = Table(title="What the night came to, by the witness, beside the story of March 2019")
    table.add_column("what")
    table.add_column("the story", justify="right")
    table.add_column("this night", justify="right")
    with_plan = plays(score.until, PLAN)
    for moment in MOMENTS + (PLAN_MOMENTS if with_plan else ()):
        at = getattr(score, moment.figure)
        table.add_row(moment.what, words(moment.story_s), words(at))
    if with_plan:
        table.add_row(
            "ambulances go elsewhere, and the 112 centre knows", '"au rouge", 06:00',
            "yes" if score.diversion_acknowledged else "no",
        )  # fmt: skip
        for state, services in by_state(score.services).items():
            table.add_row(f"services: {state}", "–", ", ".join(services))
    if ended.papered is not None:
        for what, story, found in paper_rows(ended.papered):
            table.add_row(what, story, found)
    if ended.returned is not None:
        for what, story, found in morning_rows(ended.returned):
            table.add_row(what, story, found)
    if ended.accounted is not None:
        for what, story, found in account_rows(ended.accounted):
            table.add_row(what, story, found)
    table.add_row("files damaged in one burst, on all servers", "servers", str(score.touched))
    table.add_row("files lost after restore", "unknown", str(score.lost), style="bold red" if score.lost else "")
    table.add_row("the machine that spreads", "known at 06:00", score.spreader or "–")
    table.add_row("the first server", "–", score.first_server or "–")
    table.add_row("the second burst belongs to the first", "–", "yes" if score.recurrence_joined else "no")
    table.add_row("the cut is proven", "–", "yes" if score.proven else "no")
    return table


def by_state(services: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for service, state in sorted(services.items(), key=lambda each: each[1], reverse=True):
        found.setdefault(state, []).append(service)
    return found


def paper_rows(papered: Papered) -> list[tuple[str, str, str]]:
    """What paper came to; beside it what was published of the story, of AZ Monica 2026, of the Irish outage of 2021."""
    from garde.lab.night.story import words

    told, real = papered.told, papered.real
    return [
        ("messages that the desk acknowledged and does not have", "–", str(real.messages_lost)),
        ("every ward's pack is made, and at the wards", "prepared ahead", words(told.packs_s)),
        ("pages in those packs", "–", str(told.pages)),
        ("sheets printed on two wards with no network", "–", str(real.sheets_printed)),
        (
            "sheets that came back, or are named as missing",
            "–",
            f"{told.sheets_accounted} ({papered.missing or 'all'})",
        ),
        ("radiology goes on: its worklist has", "appointments kept", f"{real.worklist_items} items"),
        ("keyed from paper, looked at by a second person", "3 to 4 weeks", f"{papered.keyed}, {papered.checked}"),
        ("the census afterwards is what really is", "19.7 % wrong", "yes" if real.census_equal else "no"),
    ]


def morning_rows(returned: Returned) -> list[tuple[str, str, str]]:
    """What the way back came to; beside it the story's Tuesday. By the witness, but for the points and the times."""
    from garde.lab.night.story import day_clock, words

    figures, final = returned.told, returned.final
    rows = [
        ("no backup can be shortened any more, after the first verdict", "–", words(figures.retention_frozen_s)),
        ("restore points judged, of them green", "–", f"{final.points}, {final.green}"),
        ("waves in which servers came back", "progressively", str(figures.waves)),
        ("servers open before they were verified and signed for", "–", str(figures.opened_before_verified)),
    ]
    if final.relapse is not None:
        seen = f"{figures.relapse_files} files, cut again after {words(final.relapse.recut_s)}"
        rows.append((f"left behind on {final.relapse.machine}, woke under watch", "–", seen))
    for back in final.back:
        data = f" (data of {day_clock(back.taken_at)})" if back.taken_at is not None else ""
        rows.append((f"open again: {back.machine}{data}", "Tue 06:00 on", _time(back.opened)))
    for again in final.again:
        count = f", {again.rows} rows" if again.rows >= 0 else ""
        rows.append((f"to be entered again: {again.machine}", "–", f"after {day_clock(again.after)}{count}"))
    rows += [
        ("the plan is kept overnight, and lifted", "until Tue morning", _time(final.lifted)),
        ("the watch goes on", "–", "–" if final.watch_days is None else f"{final.watch_days} days more"),
        ("files and rows lost on all four servers", "unknown", str(figures.files_lost)),
    ]
    return rows


def account_rows(account: Account) -> list[tuple[str, str, str]]:
    """What the account came to; beside it what the story's director said. Names are Garde's, figures the witness's."""
    from garde.lab.night.story import words

    told, real = account.told, account.real
    left = {"seen": f"yes: {_megabytes(told.egress_bytes)}", "none_seen": "no sign of it", "blind": "not known"}
    led = f"{told.origin or '–'} ({account.country or '?'})"
    return [
        ("what it was", '"identified"', told.family or "unknown"),
        ("the machine was led from", '"from Russia, by way of Ukraine"', led),
        ("data left", '"no data left"', left.get(told.egress or "", "–")),
        ("data that really left", "–", _megabytes(real.egress_bytes)),
        ("a warning for the neighbours is ready, after the first harm", "–", words(real.warning_s)),
        ("the neighbour's servers watch for it, after its release", "they telephoned", words(account.watched_s)),
        ("the same attackers there: judged by their first file", "–", "yes" if account.judged_by == 1 else "no"),
        ("files that they reached until they were stopped", "–", f"{real.neighbour_touched}, {_lost(account)}"),
        ("drafts filled, signed and handed in", "DPO, police", str(told.drafts)),
        ("the police's bundle is verified, a forged one is not", "–", "yes" if told.evidence_verified else "no"),
    ]


def _lost(account: Account) -> str:
    return f"{len(account.lost_next_door)} lost" if account.lost_next_door else "none lost"


def _megabytes(count: int | None) -> str:
    return "–" if count is None else f"{count / 1e6:.1f} MB"


def _time(at: float | None) -> str:
    from garde.lab.night.story import day_clock

    return "–" if at is None else day_clock(at)
