"""A client of TAXII 2.1: all objects of one collection, page by page.

Comes in: a `Source`, a place. Goes out: one envelope of all objects, written there; `NotFetched` with the reason. It
follows no redirect, knows no proxy, sends the token to nobody but the host of the url, and stops at bounds of bytes,
pages and time: whoever serves it may have been attacked himself. It reads nothing of what the objects say.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote, urlsplit

import msgspec

from garde.journal.text import plain
from garde.sharing.in_.neighbours import Source

ACCEPT: Final = "application/taxii+json;version=2.1"
PAGE: Final = 1_000  # objects asked for at a time
MOST_PAGES: Final = 2_000
MOST_BYTES: Final = 128 << 20
PAGE_BYTES: Final = 16 << 20
SECONDS: Final = 120.0  # for all of it
ONE_SECONDS: Final = 15.0  # for one answer to begin, and between two of its pieces
_CHUNK: Final = 1 << 16


class NotFetched(Exception):
    """It could not be had; `reason` is one line, safe to show."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Discovery(msgspec.Struct):
    default: str = ""
    api_roots: list[str] = []


class _Collection(msgspec.Struct):
    id: str
    can_read: bool = False


class _Collections(msgspec.Struct):
    collections: list[_Collection] = []


class _Envelope(msgspec.Struct):
    more: bool = False
    next: str = ""
    objects: list[msgspec.Raw] = []


_decoder = msgspec.json.Decoder(_Envelope)


def fetch(source: Source, place: Path) -> int:
    """Write all objects to `place`; returns how many they are."""
    try:
        with place.open("wb") as out:
            return _fetch(source, out)
    except (OSError, http.client.HTTPException, ssl.SSLError) as error:
        raise NotFetched(plain(f"{type(error).__name__}: {error}", 300)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise NotFetched(plain(f"what answers is no TAXII 2.1 server: {error}", 300)) from error


def _fetch(source: Source, out: IO[bytes]) -> int:
    parts = urlsplit(source.url)
    context = ssl.create_default_context(cafile=source.ca_file)
    headers = {"Accept": ACCEPT}
    if source.token_file is not None:
        headers["Authorization"] = f"Bearer {source.token_file.read_text(encoding='ascii').strip()}"
    connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=ONE_SECONDS, context=context)
    ends, count, size, following = time.monotonic() + SECONDS, 0, 0, ""
    out.write(b'{"objects":[')
    try:
        path = _collection(source, lambda path: _get(connection, path, headers, ends))
        for _ in range(MOST_PAGES):
            query = f"objects/?limit={PAGE}" + (f"&next={quote(following, safe='')}" if following else "")
            page = _decoder.decode(_get(connection, path + query, headers, ends))
            for each in page.objects:
                size += len(bytes(each)) + 1
                if size > MOST_BYTES:
                    raise NotFetched(f"more than {MOST_BYTES >> 20} MB")
                out.write((b"," if count else b"") + bytes(each))
                count += 1
            if not page.more or not page.next:
                break
            following = page.next
        else:
            raise NotFetched(f"more than {MOST_PAGES} pages")
    finally:
        connection.close()
    out.write(b"]}")
    return count


def _collection(source: Source, get: Callable[[str], bytes]) -> str:
    """Return the path of the collection: the one named, or the first that can be read. The host stays the same."""
    path = urlsplit(source.url).path
    if "/collections/" in path:
        return path
    found = msgspec.json.decode(get(path), type=_Discovery)
    root = urlsplit(found.default or next(iter(found.api_roots), "")).path
    if not root.startswith("/"):
        raise NotFetched("the server names no API root")
    root = quote(root.rstrip("/") + "/", safe="/%")
    known = msgspec.json.decode(get(f"{root}collections/"), type=_Collections).collections
    first = next((each.id for each in known if each.can_read), None)
    if first is None:
        raise NotFetched("no collection there can be read")
    return f"{root}collections/{quote(first, safe='')}/"


def _get(connection: http.client.HTTPSConnection, path: str, headers: dict[str, str], ends: float) -> bytes:
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    if answer.status != http.client.OK:
        raise NotFetched(f"the server answered {answer.status}")
    found = bytearray()
    while piece := answer.read(_CHUNK):
        found += piece
        if len(found) > PAGE_BYTES:
            raise NotFetched(f"a page of more than {PAGE_BYTES >> 20} MB")
        if time.monotonic() > ends:
            raise NotFetched(f"not whole within {SECONDS:.0f} s")
    return bytes(found)
