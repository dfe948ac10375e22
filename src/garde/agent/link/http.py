"""One connection to the hub: TLS pinned to its CA, kept alive, and dialled again where it broke.

Comes in: pinned addresses, the CA, a path and bytes. Goes out: status and bytes, or OSError. One thread uses it;
`interrupt` may come from another. It resolves no names, follows no redirects, knows no proxies and repeats nothing: the
same envelope twice is a replay to the hub. That a *kept* connection was broken it says by an error of its own
(`KeptBrokenError`): the hub may have closed it a moment ago, and a new question over a new connection goes through.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Sequence

from garde.trust.ca import HUB_NAME, client_context
from garde.trust.envelope import MAX_BYTES

CONNECT_SECONDS = 4.0
_MOST = 8 * MAX_BYTES  # an answer to a poll carries several envelopes
# A hub that lost its power says nothing: without these a poll would wait for it until its time is over.
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 5), (socket.TCP_KEEPINTVL, 2), (socket.TCP_KEEPCNT, 3))
_UNANSWERED_MS = 10_000  # bytes sent and not acknowledged for so long: the connection is dead


class KeptBrokenError(ConnectionError):
    """A connection from before broke. The question may have been heard or not: ask anew."""


class HubConnection:
    """See the module's docstring."""

    def __init__(self, addresses: Sequence[str], port: int, ca_pem: str) -> None:
        self._addresses = list(addresses)
        self._port = port
        self._context = client_context(ca_pem)
        self._open: http.client.HTTPConnection | None = None
        self._ended = False

    def post(self, path: str, body: bytes, timeout: float) -> tuple[int, bytes]:
        """Send one request; returns status and body. Raises OSError where no answer came within `timeout` seconds.

        KeptBrokenError, an OSError as well, where a connection from an earlier request turned out to be broken.
        """
        kept = self._open is not None
        try:
            return self._post(path, body, timeout)
        except (OSError, http.client.HTTPException) as error:
            self.hang_up()
            if not kept or isinstance(error, TimeoutError):
                raise _plain(error) from error
            raise KeptBrokenError(str(_plain(error))) from error

    def hang_up(self) -> None:
        """Close it; the next request dials again."""
        connection, self._open = self._open, None
        if connection is not None:
            connection.close()

    def interrupt(self, *, for_good: bool = False) -> None:
        """From another thread: let a request that waits end, as one whose kept connection broke."""
        self._ended |= for_good
        connection = self._open
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                # Below TLS, and not closed: the thread that reads from it wakes, sees its end, and closes it itself.
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    def _post(self, path: str, body: bytes, timeout: float) -> tuple[int, bytes]:
        connection = self._open or self._dial()
        self._open = connection
        connection.sock.settimeout(timeout)
        connection.request("POST", path, body, {"Content-Type": "application/octet-stream", "Host": HUB_NAME})
        answer = connection.getresponse()
        found = answer.read(_MOST + 1)
        if len(found) > _MOST:
            raise http.client.HTTPException("the answer is too long")
        if answer.will_close:
            self.hang_up()
        return answer.status, found

    def _dial(self) -> http.client.HTTPConnection:
        if self._ended:
            raise ConnectionError("the link is ending")
        problem: OSError = ConnectionError("no address of the hub is known")
        for address in list(self._addresses):
            try:
                connection = _dial_one(address, self._port, self._context)
            except OSError as error:
                problem = error
                continue
            self._addresses.remove(address)
            self._addresses.insert(0, address)  # the one that answers goes first from now on
            return connection
        raise problem


def dial(address: str, port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    """Open a TLS connection to one address, by the hub's fixed name."""
    plain = socket.create_connection((address, port), CONNECT_SECONDS)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            plain.setsockopt(socket.IPPROTO_TCP, option, value)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNANSWERED_MS)
        return context.wrap_socket(plain, server_hostname=HUB_NAME)
    except BaseException:
        plain.close()
        raise


def _dial_one(address: str, port: int, context: ssl.SSLContext) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(HUB_NAME, port)
    connection.sock = dial(address, port, context)
    connection.auto_open = 0  # it must never dial the name by itself
    return connection


def _plain(error: Exception) -> OSError:
    """Every way in which a request fails as one: callers tell them apart by words only."""
    if isinstance(error, OSError):
        return error
    return ConnectionError(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
