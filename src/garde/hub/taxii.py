"""TAXII 2.1, read only: neighbours fetch what a person approved. A bare ASGI application under /taxii2/.

Comes in: GET requests with a neighbour's own token. Goes out: discovery, one API root, one collection, objects,
versions, manifest, in pages. Rules, one test each:

1. Without a token of a neighbour nothing is said, not even that there is something. The token opens nothing else of the
   hub; an account of the console or the operator's token opens nothing here.
2. Wrong tokens are counted for each address, and slow down whoever guesses.
3. Only what was approved is there, byte by byte as it was approved; TLP:RED never.
4. Nothing can be written.
5. Once a neighbour has fetched a version, that he was told stands in the record, once.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from garde.errors import GardeError
from garde.hub import warning_files
from garde.hub.deps import Deps
from garde.hub.intake import Receive, Scope, Send
from garde.hub.taxii_shelf import BadFilterError, Page, Stored, filters_of, page, shelf
from garde.journal.sharing_kinds import NeighbourTold
from garde.sharing.out.forms import STIX
from garde.sharing.out.guard import MACHINES
from garde.sharing.out.memory import Version
from garde.sharing.out.ways import TAXII
from garde.trust.throttle import PER_ADDRESS, Buckets

DISCOVERY: Final = "/taxii2/"
ROOT: Final = "/taxii2/warnings/"
ALIAS: Final = "warnings"  # of the collection: the same at every hub, so that its address can be written on paper
COLLECTION: Final = f"{ROOT}collections/{ALIAS}/"
MEDIA: Final = "application/taxii+json;version=2.1"
STIX_MEDIA: Final = "application/stix+json;version=2.1"
LONGEST_TOKEN: Final = 200  # characters
_NAMESPACE: Final = uuid.UUID("2a0f5b7e-55b6-4a2e-9a0e-0d6f2c1c7f41")  # drawn once
_Answer = tuple[int, dict[str, Any], Mapping[str, str]]


class _Refusal(Exception):
    """What is answered instead."""

    def __init__(self, status: int, title: str, headers: Mapping[str, str]) -> None:
        super().__init__(title)
        self.status, self.title, self.headers = status, title, headers


def _no(status: int, title: str, **headers: str) -> _Refusal:
    return _Refusal(status, title, {name.replace("_", "-"): value for name, value in headers.items()})


class Taxii:
    """See the module."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._wrong = Buckets(PER_ADDRESS, deps.clock)
        self._read: dict[tuple[str, int, str], tuple[Mapping[str, Any], ...]] = {}  # bundles that were compared
        self._told: set[tuple[str, str, int]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        status, body, headers = await asyncio.to_thread(self._answer, scope)
        raw = msgspec.json.encode(body)
        said = {"content-type": MEDIA, "cache-control": "no-store", "x-content-type-options": "nosniff", **headers}
        said["content-length"] = str(len(raw))
        pairs = [(name.lower().encode(), value.encode()) for name, value in said.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": raw})

    def _answer(self, scope: Scope) -> _Answer:
        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            neighbour = self._neighbour(headers, str((scope.get("client") or ("",))[0]))
            if scope["method"] != "GET":
                raise _no(403, "nothing can be written here")
            _check_accept(headers.get("accept", "*/*"))
            query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), max_num_fields=20))
            return self._route(scope["path"], query, neighbour)
        except _Refusal as error:
            return error.status, _problem(error.status, error.title), error.headers
        except (BadFilterError, ValueError) as error:
            return 400, _problem(400, str(error)), {}
        except Exception as error:
            self._deps.loop.complain(f"taxii: {type(error).__name__}: {error}")
            return 500, _problem(500, "an error that Garde did not expect"), {}

    # --- who ---

    def _neighbour(self, headers: Mapping[str, str], address: str) -> str:
        """Rules 1 and 2."""
        if (wait := self._wrong.wait(address)) > 0:
            raise _no(429, "too many wrong tokens", retry_after=str(int(wait) + 1))
        name, token = _credentials(headers.get("authorization", ""))
        digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
        keys: dict[str, str] = self._deps.loop.look("sharing", lambda state: dict(state.out.keys))
        for neighbour, wanted in keys.items():
            if token and hmac.compare_digest(digest, wanted) and name in ("", neighbour):
                return neighbour
        if token:
            self._wrong.take(address)
        raise _no(401, "a neighbour's token is needed", www_authenticate='Basic realm="warnings"')

    # --- where ---

    def _route(self, path: str, query: Mapping[str, str], neighbour: str) -> _Answer:
        path, collection = f"{path.rstrip('/')}/", f"{ROOT}collections/{self._collection}/"
        if path.startswith(COLLECTION):
            path = collection + path.removeprefix(COLLECTION)
        fixed: dict[str, Callable[[], dict[str, Any]]] = {
            DISCOVERY: lambda: {"title": "Garde", "default": ROOT, "api_roots": [ROOT]},
            ROOT: lambda: {"title": "Warnings", "versions": [MEDIA], "max_content_length": 0},
            f"{ROOT}collections/": lambda: {"collections": [self._described()]},
            collection: self._described,
        }
        if path in fixed:
            return 200, fixed[path](), {}
        if not path.startswith(collection):
            raise _no(404, "there is nothing of this name")
        return self._inside(path.removeprefix(collection).rstrip("/").split("/"), query, neighbour)

    def _inside(self, words: Sequence[str], query: Mapping[str, str], neighbour: str) -> _Answer:
        """Answer what is asked of the collection."""
        stored = self._shelf()
        match words:
            case ["objects"]:
                return self._objects(stored, query, neighbour)
            case ["manifest"]:
                found = page(stored, filters_of(query))
                return 200, _listed(found, [_manifest(each) for each in found.objects]), _dates(found)
            case ["objects", name]:
                _check_known(name, stored)
                return self._objects(stored, {**query, "match[id]": name}, neighbour)
            case ["objects", name, "versions"]:
                _check_known(name, stored)
                found = page(stored, filters_of({**query, "match[id]": name, "match[version]": "all"}))
                return 200, _listed(found, [each.version for each in found.objects], "versions"), _dates(found)
        raise _no(404, "there is nothing of this name")

    def _objects(self, stored: Sequence[Stored], query: Mapping[str, str], neighbour: str) -> _Answer:
        found = page(stored, filters_of(query))
        self._note(found, neighbour)
        return 200, _listed(found, [dict(each.object) for each in found.objects]), _dates(found)

    @property
    def _collection(self) -> str:
        return str(uuid.uuid5(_NAMESPACE, self._deps.estate().estate.name))

    def _described(self) -> dict[str, Any]:
        return {
            "id": self._collection,
            "alias": ALIAS,
            "title": "Warnings",
            "description": "What this hospital saw and a person of it released.",
            "can_read": True,
            "can_write": False,
            "media_types": [STIX_MEDIA],
        }

    # --- what ---

    def _shelf(self) -> tuple[Stored, ...]:
        """Rule 3."""
        versions: list[Version] = self._deps.loop.look("sharing", lambda state: _approved(state.out.versions))
        bundles = (((each.warning, each.version), each.approved, self._bundle(each)) for each in versions)
        return shelf(bundles)

    def _bundle(self, version: Version) -> tuple[Mapping[str, Any], ...]:
        key = (version.warning, version.version, version.sha256)
        if key not in self._read:
            try:
                raw = warning_files.read(self._deps.state, version, STIX)
            except GardeError as error:
                self._deps.loop.complain(f"warning {version.warning}/{version.version}: {error}")
                return ()
            self._read[key] = tuple(warning_files.objects(raw))
        return self._read[key]

    def _note(self, found: Page, neighbour: str) -> None:
        """Rule 5."""
        for each in found.objects:
            key = (neighbour, *each.released)
            if each.object.get("type") != "report" or key in self._told or self._knows(key):
                continue
            told = NeighbourTold(
                each.released[0], neighbour, TAXII, TAXII, confirmed=False, version=each.released[1]
            )  # fmt: skip
            with suppress(OSError):  # a full disk keeps no neighbour from being warned
                self._deps.loop.append([told])
                self._told.add(key)

    def _knows(self, key: tuple[str, str, int]) -> bool:
        def known(state: Any) -> bool:
            told = state.out.told
            return any((each.neighbour, each.warning, each.version, each.channel) == (*key, TAXII) for each in told)

        return self._deps.loop.look("sharing", known)


def _approved(versions: list[Version]) -> list[Version]:
    """Return copies: what is looked at goes on changing."""
    return [replace(each) for each in versions if each.approved and each.tlp in MACHINES]


# --- parts ------------------------------------------------------------------------------------------------------------


def _credentials(header: str) -> tuple[str, str]:
    """Return the neighbour's name ("" where none is said) and the token."""
    kind, _, rest = header.strip().partition(" ")
    rest = rest.strip()
    if len(rest) > 2 * LONGEST_TOKEN:
        return "", ""
    if kind.lower() in ("bearer", "token"):
        return "", rest
    if kind.lower() != "basic":
        return "", ""
    try:
        name, _, token = base64.b64decode(rest, validate=True).decode("utf-8").partition(":")
    except (ValueError, binascii.Error):
        return "", ""
    return name, token


def _check_known(name: str, stored: Sequence[Stored]) -> None:
    if all(each.id != name for each in stored):
        raise _no(404, "there is no such object")


def _check_accept(accept: str) -> None:
    """Raise where the caller takes nothing that we have."""
    for each in accept.lower().replace(" ", "").split(","):
        kind, *more = each.split(";")
        if kind in ("*/*", "application/*", "application/json"):
            return
        versions = [word.removeprefix("version=") for word in more if word.startswith("version=")]
        if kind == "application/taxii+json" and all(version == "2.1" for version in versions):
            return
    raise _no(406, "TAXII 2.1 is spoken here")


def _listed(found: Page, items: list[Any], name: str = "objects") -> dict[str, Any]:
    body: dict[str, Any] = {name: items} if items else {}
    return body | ({"more": True, "next": found.next} if found.next else {})


def _dates(found: Page) -> dict[str, str]:
    if not found.objects:
        return {}
    return {
        "x-taxii-date-added-first": found.objects[0].added,
        "x-taxii-date-added-last": found.objects[-1].added,
    }


def _manifest(each: Stored) -> dict[str, Any]:
    return {"id": each.id, "date_added": each.added, "version": each.version, "media_type": STIX_MEDIA}


def _problem(status: int, title: str) -> dict[str, Any]:
    return {"title": title, "http_status": str(status)}
