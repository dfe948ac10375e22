"""Which characters the bytes of a message are: MSH-18, and what is done where it is missing or wrong.

Comes in: bytes, the name in MSH-18, the character set agreed for messages that name none. Goes out: text, and in words
the doubt that is left. Nothing is thrown away: the raw bytes lie in the store, and a wrong label is said, not hidden.
"""

from __future__ import annotations

NAMES = {  # HL7 table 0211, and how real senders write it
    "ASCII": "ascii",
    "ISO IR6": "ascii",
    "ISO IR14": "shift_jis",
    "ISO IR87": "iso2022_jp",
    "ISO IR159": "iso2022_jp_1",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "UNICODE UTF-32": "utf-32",
    "WINDOWS-1252": "cp1252",
    "CP1252": "cp1252",
    **{f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    **{f"ISO-8859-{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
}
ONE_BYTE = ("iso8859", "cp1252")
LAST_RESORT = "cp1252"  # what a Western hospital's unlabelled system most often speaks; every byte it lacks is escaped


def decode(data: bytes, label: str, default: str = "utf-8") -> tuple[str, str]:
    """Return the text, and why it may be wrong ("" where nothing speaks against it)."""
    if data.isascii():
        return data.decode("ascii"), ""
    name = NAMES.get(label.strip().upper(), "")
    if label and not name:
        return _fallen_back(data, f"the character set {label!r} is not known")
    wanted = name or default
    if wanted.startswith(ONE_BYTE) and _is_utf8(data):
        return data.decode("utf-8"), f"labelled {label or wanted}, but it is UTF-8"
    try:
        return data.decode(wanted), ""
    except (UnicodeDecodeError, LookupError):
        return _fallen_back(data, f"labelled {label}, but it is not" if label else "no character set was named")


def _is_utf8(data: bytes) -> bool:
    """Several bytes that happen to form UTF-8 are no accident in text of one byte a letter."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _fallen_back(data: bytes, doubt: str) -> tuple[str, str]:
    if _is_utf8(data):
        return data.decode("utf-8"), f"{doubt}; read as UTF-8"
    return data.decode(LAST_RESORT, "backslashreplace"), f"{doubt}; read as {LAST_RESORT}"
