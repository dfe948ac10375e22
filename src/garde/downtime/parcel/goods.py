"""A pack as the content of a parcel.

Comes in: a pack's `Manifest` and PDF. Goes out: the bytes that are sealed; and back, with whatever the header, the
manifest and the PDF say of each other compared. It opens no envelope (`envelope.py`).
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from garde.downtime.packs.shelf import Manifest
from garde.downtime.parcel.envelope import PACK, Code, Header, ParcelRefusedError
from garde.downtime.parcel.keys import Card, Keys

_LENGTH: Final = 4  # bytes that say how long the manifest is
_PDF: Final = b"%PDF-"


def pack_header(manifest: Manifest, counter: int, epoch: int, keys: Keys, ward: Card) -> Header:
    """Return what stands on the outside of a pack's parcel."""
    return Header(
        PACK, keys.sign.public.hex, ward.seal, counter, manifest.made_at, epoch, manifest.place, manifest.about,
        manifest.language, manifest.pack, ward.name,
    )  # fmt: skip


def packed(manifest: Manifest, pdf: bytes) -> bytes:
    """Return both as one."""
    head = msgspec.json.encode(manifest)
    return len(head).to_bytes(_LENGTH, "big") + head + pdf


def unpacked(header: Header, content: bytes) -> tuple[Manifest, bytes]:
    """Return both again; ParcelRefusedError where one says something else than the other."""
    length = int.from_bytes(content[:_LENGTH], "big")
    head, pdf = content[_LENGTH : _LENGTH + length], content[_LENGTH + length :]
    try:
        manifest = msgspec.json.decode(head, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ParcelRefusedError(Code.DIFFERENT, f"it holds no pack: {error}") from error
    outside = (header.pack, header.place, header.about, header.language, header.made_at)
    if outside != (manifest.pack, manifest.place, manifest.about, manifest.language, manifest.made_at):
        raise ParcelRefusedError(Code.DIFFERENT, "it holds another pack than it says")
    if not pdf.startswith(_PDF) or hashlib.sha256(pdf).hexdigest() != manifest.sha256:
        raise ParcelRefusedError(Code.DIFFERENT, "its PDF is not the one of the pack")
    if not all(1 <= page <= manifest.pages for page in (*manifest.mar, *manifest.blanks)):
        raise ParcelRefusedError(Code.DIFFERENT, "it names pages that it does not have")
    return manifest, pdf
