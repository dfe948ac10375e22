"""Style, script and icon, under names that carry the hash of their content.

Comes in: a name. Goes out: the file, which the browser may keep for good. Nothing is read from the disk at a request.
"""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath

from garde.hub.console.web import Here
from garde.trust.web import asset_answer


@get("/console/{version:str}/{name:str}")
async def asset(site: Here, version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Answer with one file."""
    return asset_answer(site.assets, version, name)


PAGES = [asset]
