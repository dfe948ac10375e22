"""The score of a night, and the truth beside it.

Comes in: what the witness saw of each burst, what Garde told. Goes out: `Score`: harm and times from the witness
alone, the names from Garde alone, so that the two can be compared; `Truth`: the same keys as the attackers know them,
for a file that Garde's side never reads. Each figure is that of the worse of the two bursts; one that was not reached
is null. The keys of the plan, of paper, of the morning and of the account are there where that stage was played, and
absent otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from garde.lab.hospital.plan import Plan
from garde.lab.night.draw import Script
from garde.lab.night.told import Told
from garde.lab.night.witness import Seen
from garde.trust.files import write_secret


class Calling(msgspec.Struct, frozen=True):
    """The plan's figures. Seconds count from the first hostile write of the night."""

    called_s: float | None  # → the first message in the modem's outbox, by the witness
    page_printed_s: float | None  # → the first page at the printer, by the witness
    plan_triggered_s: float | None  # on the night's own clock
    diversion_acknowledged: bool  # by the 112 centre, for every way in that was diverted
    services: dict[str, str]  # estate id → works | degraded | paper | closed


class Papers(msgspec.Struct, frozen=True):
    """Paper's figures."""

    messages_lost: int  # acknowledged by the desk, and not in its store, by the sender's log
    packs_s: float | None  # the alarm → every pack is made, and the wards' PCs have theirs
    pages: int  # of those packs
    sheets_printed: int  # by the two wards
    sheets_accounted: int  # came back, or were named as missing and really are
    census_equal: bool  # in the end, with the books of the hospital that talks
    worklist_items: int  # that the modality was given


class Restarted(msgspec.Struct, frozen=True):
    """The morning's figures."""

    retention_frozen_s: float | None  # the first confirmed verdict → no snapshot can be deleted any more, anywhere
    waves: int  # that came back whole
    opened_before_verified: int  # servers that answered, or were opened, before they were verified and signed for
    relapse_files: int  # that the process left behind started on before it was held
    record_restored_to: str | None  # UTC: the time whose state the medical record is
    files_lost: int  # on all four servers, of files and rows that nobody is told to enter again


class Accounted(msgspec.Struct, frozen=True):
    """The account's figures."""

    family: str | None  # as Garde names it
    origin: str | None  # address outside from which the spreading machine was led
    egress: str | None  # none_seen | seen | blind
    egress_bytes: int | None  # sent out; in the truth as whoever took them counted
    warning_s: float | None  # the first hostile write → the neighbours' warning is ready, by the witness
    neighbour_touched: int  # files that the same attackers reached at the hospital that was warned, by the witness
    evidence_verified: bool  # by the command, and not where a byte of it was changed; by its digests alone in the truth
    drafts: int  # that were signed and handed in


class Later(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of the later stages, as their own classes have them above; of one that was not played there are none.

    They come last. In the truth services are as they really worked (the record, the shares, the devices), pages are
    counted in the files, sheets in the printers' spools; accounted are those that the nurses gave back or lost.
    """

    called_s: float | UnsetType | None = UNSET
    page_printed_s: float | UnsetType | None = UNSET
    plan_triggered_s: float | UnsetType | None = UNSET
    diversion_acknowledged: bool | UnsetType = UNSET
    services: dict[str, str] | UnsetType = UNSET
    messages_lost: int | UnsetType = UNSET
    packs_s: float | UnsetType | None = UNSET
    pages: int | UnsetType = UNSET
    sheets_printed: int | UnsetType = UNSET
    sheets_accounted: int | UnsetType = UNSET
    census_equal: bool | UnsetType = UNSET
    worklist_items: int | UnsetType = UNSET
    retention_frozen_s: float | UnsetType | None = UNSET
    waves: int | UnsetType = UNSET
    opened_before_verified: int | UnsetType = UNSET
    relapse_files: int | UnsetType = UNSET
    record_restored_to: str | UnsetType | None = UNSET
    files_lost: int | UnsetType = UNSET
    origin: str | UnsetType | None = UNSET
    egress: str | UnsetType | None = UNSET
    egress_bytes: int | UnsetType | None = UNSET
    warning_s: float | UnsetType | None = UNSET
    neighbour_touched: int | UnsetType = UNSET
    evidence_verified: bool | UnsetType = UNSET
    drafts: int | UnsetType = UNSET


class Score(Later, frozen=True, tag_field="kind", tag="score"):
    """The last line of `garde night --json`."""

    until: str
    seed: int
    refused_everywhere_s: float | None  # the slower of the two bursts
    untouched_refused_s: float | None  # null also where every server was attacked
    touched: int  # files, on all servers together, in the burst that reached more
    lost: int
    spreader: str | None
    first_server: str | None
    recurrence_joined: bool
    proven: bool
    family: str | UnsetType | None = UNSET  # from the account on


class Truth(Later, frozen=True, tag_field="kind", tag="truth"):
    """The same keys, and what the attackers know beside them."""

    until: str
    seed: int
    refused_everywhere_s: float | None
    untouched_refused_s: float | None
    touched: int
    lost: int
    spreader: str
    first_server: str
    recurrence_joined: bool  # the second burst was the same attack
    proven: bool  # every server refused the machine of each burst
    user: str
    mode: str
    family: str
    note_name: str
    upload_bytes: int
    bursts: list[dict[str, object]]


def score(
    until: str,
    script: Script,
    plan: Plan,
    *,
    seen: Sequence[Seen],
    lost: int,
    early: Told,
    told: Told,
    calling: Calling | None = None,
    papers: Papers | None = None,
    restarted: Restarted | None = None,
    accounted: Accounted | None = None,
) -> Score:
    """`early` is what Garde told before the second burst: who spread the first."""
    return Score(
        until=until,
        seed=script.seed,
        refused_everywhere_s=slowest([it.refused_everywhere_s for it in seen]),
        untouched_refused_s=slowest([it.untouched_refused_s for it in seen if it.others]),
        touched=max(it.touched_count for it in seen),
        lost=lost,
        spreader=early.spreader,
        first_server=early.first_server,
        recurrence_joined=told.joined,
        proven=all(told.is_proven(it.machine, plan.address(it.machine)) for it in seen),
        **_keys(calling, papers, restarted, accounted),
    )


def truth(
    until: str,
    script: Script,
    *,
    seen: Sequence[Seen],
    first: Sequence[str],
    lost: int,
    uploaded: int,
    calling: Calling | None = None,
    papers: Papers | None = None,
    restarted: Restarted | None = None,
    accounted: Accounted | None = None,
) -> Truth:
    """`first`: the servers of the first burst in the order in which they were really written to."""
    return Truth(
        until=until,
        seed=script.seed,
        refused_everywhere_s=slowest([it.refused_everywhere_s for it in seen]),
        untouched_refused_s=slowest([it.untouched_refused_s for it in seen if it.others]),
        touched=max(it.touched_count for it in seen),
        lost=lost,
        spreader=script.spreader,
        first_server=first[0] if first else script.first_server,
        recurrence_joined=len(seen) > 1 and bool(seen[-1].touched_count),
        proven=all(it.refused_everywhere_s is not None for it in seen),
        user=script.user,
        mode=script.mode,
        note_name=script.family.note_name,
        upload_bytes=uploaded,
        bursts=[burst(it) for it in seen],
        **{"family": script.family.name, **_keys(calling, papers, restarted, accounted)},
    )


def _keys(*stages: Calling | Papers | Restarted | Accounted | None) -> dict[str, Any]:
    """The keys of the later stages; none of one that was not played."""
    return {name: value for each in stages if each for name, value in msgspec.structs.asdict(each).items()}


def burst(seen: Seen) -> dict[str, object]:
    """One burst as data."""
    return {
        "machine": seen.machine,
        "servers": list(seen.servers),
        "touched": {server: len(paths) for server, paths in seen.touched.items()},
        "refused_s": {server: rounded(at) for server, at in seen.refused.items()},
        "refused_everywhere_s": rounded(seen.refused_everywhere_s),
        "untouched_refused_s": rounded(seen.untouched_refused_s),
    }


def slowest(values: Sequence[float | None]) -> float | None:
    """The largest; None where one was not reached, or there is none."""
    if not values or any(value is None for value in values):
        return None
    return rounded(max(value for value in values if value is not None))


def after(at: float | None, began: float) -> float | None:
    """Return how long after the beginning something was; None where it was not."""
    return None if at is None else rounded(at - began)


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def write_truth(path: Path, told: Truth) -> None:
    """Write the file anew, whole or not at all, readable for its owner alone."""
    write_secret(path, msgspec.json.encode(told) + b"\n")


def count_lost(lost: Mapping[str, Sequence[str]]) -> int:
    return sum(map(len, lost.values()))
