"""A client of TAXII 2.1: all objects of one collection, page by page.

Comes in: a `Source`, a place. Goes out: one envelope of all objects, written there; `NotFetched` with the reason. It
follows no redirect, knows no proxy, sends the token to nobody but the host of the url, and stops at bounds of bytes,
pages and time: whoever serves it may have been attacked himself. It reads nothing of what the objects say.
"""

from __future__ import annotations

import http.client
import ssl
import time
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
        for _ in range(MOST_PAGES):
            query = f"objects/?limit={PAGE}" + (f"&next={quote(following, safe='')}" if following else "")
            page = _decoder.decode(_get(connection, parts.path + query, headers, ends))
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
