"""A siren, a relay, a wall light: whatever is switched by one HTTP request in the house.

Comes in: pages. Goes out: one request to one fixed address; nothing of a page chooses where it goes. POST sends JSON
(`id`, `title`, `lines`, `purpose`); GET sends nothing but the address, for a simple relay. `Idempotency-Key` carries
the page's id. Redirects are not followed.
"""

from __future__ import annotations

import http.client
import ssl
from typing import Final
from urllib.parse import urlsplit

import msgspec

from garde.journal.oncall_kinds import ChannelNote
from garde.oncall.channels.base import TIMEOUT_S, Alive, Handed, OneWay, Page, Unable, unable

METHODS: Final = ("POST", "GET")
SIREN: Final = ("incident", "unanswered")  # what a siren is told of where nothing else is said


class WebhookOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What calling.toml says of it."""

    url: str
    method: str = "POST"
    headers: dict[str, str] = {}
    needs: tuple[str, ...] = ()
    outside: bool = False
    address: str = ""
    about: tuple[str, ...] = SIREN
    ca: str = ""
    timeout_s: float = TIMEOUT_S


class Webhook(OneWay):
    """See the module."""

    def __init__(self, name: str, options: WebhookOptions) -> None:
        parts = urlsplit(options.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url is no address: write http://HOST/PATH")
        if options.method not in METHODS:
            raise ValueError(f"method is one of {', '.join(METHODS)}")
        self.note = ChannelNote(
            name, "webhook", "place", needs=options.needs, outside=options.outside, address=options.address,
            about=options.about,
        )  # fmt: skip
        self._options, self._host, self._port = options, parts.hostname, parts.port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._tls = ssl.create_default_context(cafile=options.ca or None) if parts.scheme == "https" else None

    def hand(self, page: Page) -> Handed | Unable:
        headers = {**self._options.headers, "Idempotency-Key": page.id}
        body = None
        if self._options.method == "POST":
            body = msgspec.json.encode(
                {"id": page.id, "title": page.title, "lines": page.lines, "purpose": page.purpose}
            )
            headers["Content-Type"] = "application/json"
        connection = self._connection()
        try:
            connection.request(self._options.method, self._path, body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException, ValueError) as error:
            return unable(error)
        finally:
            connection.close()
        return Handed(f"status {status}") if status < 300 else Unable(f"it answers with HTTP status {status}")

    def alive(self) -> Alive | Unable:
        """Return whether somebody answers at its address: a request would switch it on."""
        connection = self._connection()
        try:
            connection.connect()
        except OSError as error:
            return unable(error)
        finally:
            connection.close()
        return Alive()

    def _connection(self) -> http.client.HTTPConnection:
        timeout = self._options.timeout_s
        if self._tls is not None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._tls)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)
