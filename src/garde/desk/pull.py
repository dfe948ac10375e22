"""FHIR R4 by asking: page after page, what changed since the last time.

Comes in: a server's base address, since when, and how to fetch. Goes out: resources as they are stored. A next page is
followed only on the same server; a page that comes again ends the pull. It changes nothing there.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec

from garde.desk.bring import with_places
from garde.downtime.reading.fhir import WANTED
from garde.errors import Incomplete, UsageError

Fetch = Callable[[str], bytes]
_COUNT = 200  # resources a page that are asked for; a server may give fewer
_WAIT_S = 60.0
_LONGEST = 64 << 20  # bytes of one page


@dataclass(slots=True)
class Pulled:
    """What a pull brought."""

    items: list[bytes] = field(default_factory=list)
    newest: str = ""  # the latest lastUpdated seen: from here the next pull goes on
    failed: list[str] = field(default_factory=list)  # kinds that could not be had, and why


def fetch(address: str) -> bytes:
    """Get one page over HTTP; OSError where it cannot be had."""
    asked = urllib.request.Request(address, headers={"Accept": "application/fhir+json"})  # noqa: S310 - checked by `pull`
    with urllib.request.urlopen(asked, timeout=_WAIT_S) as answer:  # noqa: S310
        data: bytes = answer.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise OSError("the page is too long")
    return data


def pull(base: str, since: str, get: Fetch = fetch) -> Pulled:
    """Return everything that changed since then ("" for all). One kind that fails does not stop the others."""
    if urlsplit(base).scheme not in ("http", "https"):
        raise UsageError(f"{base} is no address", "write it like https://fhir.example/r4")
    found = Pulled()
    for kind in WANTED:
        try:
            for resources in _pages(base.rstrip("/") + "/", kind, since, get):
                found.newest = max([found.newest, *map(_updated, resources)])
                found.items += [msgspec.json.encode(each) for each in resources if each["resourceType"] != "Location"]
        except (OSError, ValueError, KeyError, TypeError, msgspec.DecodeError) as error:
            found.failed.append(f"{kind}: {error}")
    if len(found.failed) == len(WANTED):
        raise Incomplete(f"nothing could be pulled from {base}: {found.failed[0]}", "look at the address")
    return found


def _pages(base: str, kind: str, since: str, get: Fetch) -> Iterator[list[dict[str, Any]]]:
    words = {"_count": str(_COUNT)} | ({"_lastUpdated": f"ge{since}"} if since else {})
    if kind == "Encounter":
        words["_include"] = "Encounter:location"
    address, seen = f"{base}{kind}?{urlencode(words)}", set[str]()
    while address and address not in seen:
        seen.add(address)
        bundle = msgspec.json.decode(get(address))
        yield with_places([each["resource"] for each in bundle.get("entry", ()) if "resource" in each])
        links = (str(each["url"]) for each in bundle.get("link", ()) if each.get("relation") == "next")
        address = next((urljoin(address, link) for link in links), "")
        if address and urlsplit(address)[:2] != urlsplit(base)[:2]:
            raise ValueError("the next page is on another server")


def _updated(resource: dict[str, Any]) -> str:
    return str((resource.get("meta") or {}).get("lastUpdated", ""))
