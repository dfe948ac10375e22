"""A pull over real HTTP from a small server of our own: paging, since, and a server that misbehaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from garde.desk.pull import pull
from garde.errors import Incomplete, UsageError

PEOPLE = [
    {"resourceType": "Patient", "id": str(n), "meta": {"lastUpdated": f"2026-03-0{n}T00:00:00Z"}} for n in range(1, 6)
]


class _Server(BaseHTTPRequestHandler):
    """Pages of two; Encounter is not there; Condition's next page is elsewhere; Observation's is itself."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        words, kind = parse_qs(parts.query), parts.path.rpartition("/")[2]
        if kind == "Encounter":
            self.send_error(404)
            return
        since = words.get("_lastUpdated", ["ge"])[0][2:]
        found = [each for each in PEOPLE if each["meta"]["lastUpdated"] >= since] if kind == "Patient" else []  # type: ignore[index]
        start = int(words.get("page", ["0"])[0])
        bundle: dict[str, Any] = {"entry": [{"resource": each} for each in found[start : start + 2]], "link": []}
        more = {"Condition": "http://127.0.0.2:1/x", "Observation": self.path}.get(kind, "")
        if start + 2 < len(found):
            more = f"{kind}?page={start + 2}" + (f"&_lastUpdated=ge{since}" if since else "")
        if more:
            bundle["link"] = [{"relation": "self", "url": "x"}, {"relation": "next", "url": more}]
        body = json.dumps({"resourceType": "Bundle", **bundle}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def base() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/r4"
        server.shutdown()
        thread.join()


def _ids(items: list[bytes]) -> list[str]:
    return [json.loads(each)["id"] for each in items]


def test_all_pages_are_read_and_what_fails_is_said(base: str) -> None:
    found = pull(base, "")
    assert _ids(found.items) == ["1", "2", "3", "4", "5"]
    assert found.newest == "2026-03-05T00:00:00Z"
    assert [each.partition(":")[0] for each in found.failed] == ["Encounter", "Condition"]
    assert "another server" in found.failed[1]


def test_only_what_changed_since_is_asked_for(base: str) -> None:
    assert _ids(pull(base, "2026-03-04T00:00:00Z").items) == ["4", "5"]


def test_a_server_that_is_not_there_or_no_address() -> None:
    with pytest.raises(Incomplete):
        pull("http://127.0.0.1:1/r4", "")
    with pytest.raises(UsageError):
        pull("file:///etc/passwd", "")
