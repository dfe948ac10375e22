"""What a neighbour may fetch, as TAXII 2.1 orders it: objects by the time at which they were released.

Comes in: bundles with the time of their approval, the filters of a request. Goes out: `Page`s of stored objects. Pure.
Rules, one test each:

1. An object's version is released once, with the first approved warning in which it stands; it keeps that time.
2. Pages come in the order of release; what is released meanwhile comes behind, so that nothing is missed or doubled.
3. Filters: ids, types, spec versions, versions (the last one where none is named), and after a time. A filter that
   cannot be read is refused.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

PAGE: Final = 500  # objects, where a request names no limit; and at most
MOST_VALUES: Final = 200  # in one filter
LONGEST: Final = 20_000  # characters of one filter
_LAST, _FIRST, _ALL = "last", "first", "all"


class BadFilterError(ValueError):
    """A filter that cannot be read: why, in one line."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one object."""

    id: str
    version: str  # as STIX writes times
    added: str  # the same, to the microsecond
    object: Mapping[str, Any]
    released: tuple[str, int]  # warning and version with which it was released

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it stands in the order."""
        return self.added, self.id, self.version


@dataclass(frozen=True, slots=True)
class Filters:
    """What a request asks for."""

    after: str = ""
    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    spec_versions: tuple[str, ...] = ()
    versions: tuple[str, ...] = (_LAST,)
    limit: int = PAGE
    next: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered. `next` "": there is no more."""

    objects: tuple[Stored, ...]
    next: str


def shelf(bundles: Iterable[tuple[tuple[str, int], float, Sequence[Mapping[str, Any]]]]) -> tuple[Stored, ...]:
    """Return every released object in the order of release. Each bundle: its warning and version, when, its objects."""
    found: dict[tuple[str, str], Stored] = {}
    for released, at, objects in sorted(bundles, key=lambda each: each[1]):
        for each in objects:
            name, version = str(each["id"]), str(each.get("modified") or each["created"])
            found.setdefault((name, version), Stored(name, version, moment(at), each, released))
    return tuple(sorted(found.values(), key=lambda each: each.place))


def page(stored: Sequence[Stored], filters: Filters) -> Page:
    """Return one page."""
    wanted = [each for each in _versions(stored, filters.versions) if _fits(each, filters)]
    if filters.next is not None:
        wanted = [each for each in wanted if each.place > filters.next]
    given = tuple(wanted[: filters.limit])
    return Page(given, _mark(given[-1]) if len(wanted) > len(given) else "")


def _fits(each: Stored, filters: Filters) -> bool:
    return (
        (not filters.after or each.added > filters.after)
        and (not filters.ids or each.id in filters.ids)
        and (not filters.types or each.object.get("type") in filters.types)
        and (not filters.spec_versions or each.object.get("spec_version") in filters.spec_versions)
    )


def _versions(stored: Sequence[Stored], wanted: tuple[str, ...]) -> list[Stored]:
    if _ALL in wanted:
        return list(stored)
    newest: dict[str, str] = {}
    oldest: dict[str, str] = {}
    for each in stored:
        newest[each.id] = max(newest.get(each.id, ""), each.version)
        oldest[each.id] = min(oldest.get(each.id, each.version), each.version)
    return [
        each
        for each in stored
        if (_LAST in wanted and each.version == newest[each.id])
        or (_FIRST in wanted and each.version == oldest[each.id])
        or _time(each.version) in wanted
    ]


# --- a request's words ------------------------------------------------------------------------------------------------


def filters_of(query: Mapping[str, str]) -> Filters:
    """Read the filters of a request; raises BadFilterError."""
    versions = _list(query.get("match[version]", "")) or (_LAST,)
    return Filters(
        after=_time(query["added_after"]) if query.get("added_after") else "",
        ids=_list(query.get("match[id]", "")),
        types=_list(query.get("match[type]", "")),
        spec_versions=_list(query.get("match[spec_version]", "")),
        versions=tuple(each if each in (_LAST, _FIRST, _ALL) else _time(each) for each in versions),
        limit=_limit(query.get("limit", "")),
        next=_place(query["next"]) if query.get("next") else None,
    )


def _list(text: str) -> tuple[str, ...]:
    if len(text) > LONGEST:
        raise BadFilterError("a filter is too long")
    found = tuple(each.strip() for each in text.split(",") if each.strip())
    if len(found) > MOST_VALUES:
        raise BadFilterError(f"a filter names {MOST_VALUES} values at most")
    return found


def _limit(text: str) -> int:
    if not text:
        return PAGE
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) < 1:
        raise BadFilterError("limit is a number, 1 or more")
    return min(int(text), PAGE)


def _time(text: str) -> str:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise BadFilterError("a time looks like 2026-11-24T03:12:04.123Z") from error
    if found.tzinfo is None:
        raise BadFilterError("a time is in UTC and ends in Z")
    return _written(found.astimezone(UTC))


def moment(at: float) -> str:
    """Return wall seconds as TAXII has them, to the microsecond."""
    return _written(datetime.fromtimestamp(max(at, 0.0), UTC))


def _written(found: datetime) -> str:
    return found.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _mark(last: Stored) -> str:
    return base64.urlsafe_b64encode("|".join(last.place).encode()).decode()


def _place(text: str) -> tuple[str, str, str]:
    try:
        added, name, version = base64.urlsafe_b64decode(text.encode("ascii")).decode("ascii").split("|")
    except (ValueError, binascii.Error) as error:
        raise BadFilterError("next is what an answer of ours said") from error
    return added, name, version
