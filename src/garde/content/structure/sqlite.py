"""SQLite: the header, and a map of what each page claims to be.

Comes in: bytes. Goes out: `Checked`. A page is a b-tree page whose cell pointers fit, or starts with a page number
(overflow, free list) or a pointer map entry; a random page is none of them. Rows are not read. Large databases are
looked at where they changed and in spread places. Source: https://www.sqlite.org/fileformat2.html, chapter 1.
"""

from __future__ import annotations

from garde.content.access import Bytes, spread
from garde.content.structure.base import Budget, Checked, Near, broken, unchecked, whole

_MAGIC = b"SQLite format 3\0"
_TREE = (2, 5, 10, 13)
_LOOKS = 256
_FREE_TRUNKS = 64
_LOCK_BYTE = 1 << 30  # the page there is never used


def check_sqlite(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Check the header, then pages."""
    head = data.read(0, 100)
    if not head.startswith(_MAGIC) or len(head) < 100:
        return broken("SQLite header is missing")
    size = int.from_bytes(head[16:18], "big")
    size = 65536 if size == 1 else size
    if size < 512 or size & (size - 1) or head[21:24] != b"\x40\x20\x20":
        return broken("SQLite header does not hold together")
    count = data.size // size
    if count == 0:
        return broken("SQLite ends inside its first page")
    if head[52:56] != b"\0\0\0\0" and int.from_bytes(head[52:56], "big") > count:
        return broken("SQLite header points past the end")
    return _check_pages(data, head, size, budget, near)


def _check_pages(data: Bytes, head: bytes, size: int, budget: Budget, near: Near) -> Checked:
    count = data.size // size
    known = _free_pages(data, size, head, count)
    mapped = head[52:56] != b"\0\0\0\0"
    looked = 0
    for number in _chosen(size, count, near):
        if number in known or (number - 1) * size == _LOCK_BYTE:
            continue
        if not budget.take(size // 8):
            break
        page = data.read((number - 1) * size, size)
        looked += 1
        if not _fits(page, number, size - head[20], count, mapped):
            return broken(f"SQLite page {number} is no page")
    if not looked:
        return unchecked("no SQLite page within budget")
    return whole(f"{looked} of {count} SQLite pages hold", complete=looked >= count - len(known))


def _chosen(size: int, count: int, near: Near) -> list[int]:
    if count <= _LOOKS:
        return list(range(1, count + 1))
    changed = [
        number
        for start, end in near.ranges[:_LOOKS]
        for number in {start // size + 1, min(count, max(start, end - 1) // size + 1)}
    ]
    return list(
        dict.fromkeys([1, *changed[:_LOOKS], *(at // size + 1 for at in spread(count * size, _LOOKS, width=size))])
    )


def _free_pages(data: Bytes, size: int, head: bytes, count: int) -> set[int]:
    """Return the free pages: leaves of the free list keep whatever they held."""
    free: set[int] = set()
    trunk = int.from_bytes(head[32:36], "big")
    for _ in range(_FREE_TRUNKS):
        if not 0 < trunk <= count or trunk in free:
            break
        free.add(trunk)
        page = data.read((trunk - 1) * size, size)
        leaves = min(int.from_bytes(page[4:8], "big"), size // 4 - 2)
        free.update(int.from_bytes(page[8 + 4 * i : 12 + 4 * i], "big") for i in range(leaves))
        trunk = int.from_bytes(page[:4], "big")
    return free


def _fits(page: bytes, number: int, usable: int, count: int, mapped: bool) -> bool:
    start = 100 if number == 1 else 0
    if len(page) < start + 8:
        return False
    if page[start] in _TREE and _is_tree(page, start, usable):
        return True
    if number == 1:
        return False
    return int.from_bytes(page[:4], "big") <= count or (mapped and 1 <= page[0] <= 5)


def _is_tree(page: bytes, start: int, usable: int) -> bool:
    cells = int.from_bytes(page[start + 3 : start + 5], "big")
    content = int.from_bytes(page[start + 5 : start + 7], "big") or 65536
    first = start + (12 if page[start] in (2, 5) else 8)
    if first + 2 * cells > content or content > usable:
        return False
    pointers = page[first : first + 2 * cells]
    return all(content <= pointers[i] << 8 | pointers[i + 1] <= usable for i in range(0, len(pointers), 2))
