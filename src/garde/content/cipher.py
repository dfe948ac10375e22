"""Containers that hold ciphertext by their own account.

Comes in: the head of a file, and the file where the head does not say enough. Goes out: a kind "cipher.…" or "".
Magic numbers stand in signatures.toml; here are the four that need a closer look: OpenPGP packets, ZIP member flags,
the 7z AES coder, CMS enveloped data. Ciphertext without any container (ccrypt, most ransomware) is "unknown" to it.
"""

from __future__ import annotations

import lzma
import struct

from garde.content.access import Bytes

_AES_CODER = b"\x06\xf1\x07\x01"  # 7zAES in the 7-Zip method list
_LZMA_CODER = b"\x03\x01\x01"
_ENVELOPED = bytes.fromhex("06092a864886f70d010703")  # OID 1.2.840.113549.1.7.3
_DATA_PACKETS = {9, 18, 20}  # RFC 9580, section 5: encrypted data
_KEY_PACKETS = {1, 3}  # session key, for a public key or a passphrase
_HEADER_LIMIT = 1 << 20


def openpgp_kind(head: bytes) -> str:
    """Recognise a binary OpenPGP message that starts with a session key packet (gpg -c, gpg -e)."""
    at = 0
    for seen in range(8):
        tag, length, body = _packet(head, at)
        if tag in _DATA_PACKETS and seen:
            return "cipher.openpgp" if tag == 9 or head[body : body + 1] in (b"\1", b"\2") else ""
        if tag not in _KEY_PACKETS or not _plausible_key(tag, head[body : body + length]):
            return ""
        at = body + length
    return ""


def _packet(head: bytes, at: int) -> tuple[int, int, int]:
    """Return (tag, length, offset of the body); tag -1 where there is no packet."""
    if at + 6 > len(head) or not head[at] & 0x80:
        return -1, 0, 0
    first = head[at]
    if first & 0x40:  # new format
        one = head[at + 1]
        if one < 192 or one >= 224:  # one byte, or the first part of a partial body
            return first & 0x3F, one if one < 192 else 0, at + 2
        if one < 224:
            return first & 0x3F, ((one - 192) << 8) + head[at + 2] + 192, at + 3
    width = (1, 2, 4, 0)[first & 3]
    return first >> 2 & 0xF, int.from_bytes(head[at + 1 : at + 1 + width], "big"), at + 1 + width


def _plausible_key(tag: int, body: bytes) -> bool:
    if len(body) < 4:
        return False
    if tag == 1:
        return body[0] in (3, 6) and len(body) > 10 and (body[0] == 6 or body[9] in (1, 2, 16, 18, 25))
    if body[0] != 4:
        return body[0] in (5, 6) and body[1] < 64 and 1 <= body[2] <= 13
    salted = {0: 4, 1: 12, 3: 13, 4: 20}.get(body[2], 0)  # bytes up to the end of the string-to-key specifier
    return 1 <= body[1] <= 13 and body[3] <= 14 and 0 < salted <= len(body) and len(body) - salted in (0, 17, 25, 33)


def zip_kind(head: bytes) -> str:
    """Look at the flags of the first member that has content; empty ones and folders before it are passed."""
    at = 0
    while head[at : at + 4] == b"PK\x03\x04" and at + 30 <= len(head):
        flags, packed = struct.unpack_from("<6xH10xI", head, at)
        if flags & 1:
            return "cipher.zip"
        if packed or flags & 8:
            return ""
        name, extra = struct.unpack_from("<HH", head, at + 26)
        at += 30 + name + extra
    return ""


def cms_kind(head: bytes) -> str:
    """Recognise S/MIME and CMS enveloped data in DER."""
    return "cipher.cms" if head[:1] == b"\x30" and _ENVELOPED in head[:24] else ""


def sevenzip_kind(data: Bytes) -> str:
    """Look for the AES coder in a 7z end header, decoding that header where it is itself compressed."""
    header = sevenzip_header(data)
    return "cipher.7z" if _AES_CODER in header or _AES_CODER in unpacked_header(data, header) else ""


def sevenzip_header(data: Bytes) -> bytes:
    """Return the end header as stored; b"" where there is none within bounds."""
    head = data.read(0, 32)
    if len(head) < 32:
        return b""
    offset, size = struct.unpack_from("<QQ", head, 12)
    return data.read(32 + offset, size) if 0 < size <= _HEADER_LIMIT else b""


def unpacked_header(data: Bytes, header: bytes) -> bytes:
    """Decode a header packed with LZMA: kEncodedHeader, pack position and size, one coder with five property bytes."""
    place = header.find(_LZMA_CODER)
    if header[:2] != b"\x17\x06" or place < 0 or len(header) < place + 9:
        return b""
    position, at = _number(header, 2)
    _, at = _number(header, at)
    if header[at : at + 1] != b"\x09":
        return b""
    size, _ = _number(header, at + 1)
    after = place + len(_LZMA_CODER)  # then the length of the properties (5), and they
    if header[after] != 5 or size > _HEADER_LIMIT:
        return b""
    return _lzma_raw(data.read(32 + position, size), header[after + 1 : after + 6])


def _number(raw: bytes, at: int) -> tuple[int, int]:
    """Read 7z's variable-length integer; the first byte's leading ones count the bytes that follow."""
    if at >= len(raw):
        return 0, at
    first = raw[at]
    follow = 8 - (first ^ 0xFF).bit_length()
    low = int.from_bytes(raw[at + 1 : at + 1 + follow], "little")
    return low + ((first & (0x7F >> follow)) << (8 * follow)), at + 1 + follow


def _lzma_raw(packed: bytes, properties: bytes) -> bytes:
    lclppb, dictionary = properties[0], int.from_bytes(properties[1:], "little")
    if lclppb >= 225 or dictionary > 1 << 26:
        return b""
    setup = {
        "id": lzma.FILTER_LZMA1,
        "lc": lclppb % 9,
        "lp": lclppb // 9 % 5,
        "pb": lclppb // 45,
        "dict_size": max(4096, dictionary),
    }
    try:
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[setup]).decompress(packed, _HEADER_LIMIT)
    except (lzma.LZMAError, ValueError, EOFError, MemoryError):
        return b""
