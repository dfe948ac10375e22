"""Lists that a hospital has already (CSV of machines, people, services, wards), merged into its estate.

Comes in: the content of CSV files as spreadsheets write them: comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252;
headings in English or French. Goes out: `Imported`: the estate with the rows in it, what was added and changed, which
columns were not used, and every fault with the file and line of its row. A cell is data: nothing in it is computed.

* A row whose id is known changes that part of the estate, in the cells that are filled; any other is added.
* Where there is no id, it is made from the name.
* Several values in a cell stand apart by `|`, and where a value holds no spaces, by spaces, commas or semicolons too.
* Words carry their language in the heading: `name.fr`, `instead.en`; without it they are in the hospital's first.
* An empty cell says nothing. A filled one takes the place of what was there; words only of their language, addresses
  only of their version of IP: many lists know but the one.
* A list that would make an error that was not there before is refused; what was lacking before may go on lacking.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import typing
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from garde.estate.check import check
from garde.estate.convert import Converter, Missing, required, types_of
from garde.estate.nouns import Estate, Machine, Person, Service, Ward, Words
from garde.estate.places import Place, Places, Problem, in_order
from garde.estate.sentences import Quoted, Sentence
from garde.estate.source import MAX_BYTES, Broken, Listing, Node, Scalar, Table
from garde.estate.vocabulary import LANGUAGE

KINDS: dict[str, type] = {"machines": Machine, "people": Person, "services": Service, "wards": Ward}

# What spreadsheets call it -> the field. Headings are compared without accents, case and signs.
_HEADINGS: dict[str, dict[str, str]] = {
    "machines": {
        "hostname": "id", "host": "id", "machine": "id", "nom": "name", "type": "role", "fonction": "role",
        "address": "addresses", "ip": "addresses", "ip address": "addresses", "ipv4": "addresses", "ipv6": "addresses",
        "adresse ip": "addresses", "adresse": "addresses", "adresses": "addresses", "mac address": "mac",
        "adresse mac": "mac", "operating system": "os", "systeme": "os", "vlan": "segment", "reseau": "segment",
        "responsable": "owner", "commutateur": "switch", "besoins": "needs",
    },
    "people": {
        "nom": "name", "role": "roles", "fonction": "roles", "phone": "phones", "telephone": "phones", "tel": "phones",
        "mobile": "phones", "gsm": "phones", "telephones": "phones", "email": "mail", "e mail": "mail",
        "courriel": "mail", "langue": "language", "login": "logins", "account": "logins", "compte": "logins",
        "user": "logins", "utilisateur": "logins",
    },
    "services": {
        "service": "name", "nom": "name", "machine": "machines", "serveur": "machines", "serveurs": "machines",
        "besoins": "needs", "utilise": "uses", "unites": "wards", "sans": "instead", "clinique": "clinical",
    },
    "wards": {
        "ward": "name", "unite": "name", "nom": "name", "lits": "beds", "telephone": "phone", "tel": "phone",
    },
}  # fmt: skip
_ROLES = {
    "serveur": "server", "poste": "workstation", "pc": "workstation", "desktop": "workstation", "laptop": "workstation",
    "imprimante": "printer", "commutateur": "switch", "passerelle": "gateway", "firewall": "gateway",
    "pare feu": "gateway", "modalite": "modality", "laboratoire": "laboratory", "autre": "other",
}  # fmt: skip
_FLAGS = {
    "oui": "yes",
    "non": "no",
    "x": "yes",
    "1": "yes",
    "0": "no",
    "vrai": "yes",
    "faux": "no",
    "y": "yes",
    "n": "no",
}
_SPACED = {"people.phones"}  # lists whose values hold spaces
_MOST_ROWS = 50_000


@dataclass(slots=True)
class Imported:
    """What came of it."""

    estate: Estate
    lines: Places
    problems: tuple[Problem, ...] = ()
    added: dict[str, list[str]] = field(default_factory=dict)  # table -> ids
    changed: dict[str, list[str]] = field(default_factory=dict)
    unused: dict[str, list[str]] = field(default_factory=dict)  # file -> headings
    refused: tuple[Problem, ...] = ()  # errors that were not there before: with them nothing should be written


def merge(estate: Estate, lines: Places, lists: Mapping[str, tuple[str, bytes]]) -> Imported:
    """Merge lists (table -> file name and content) into an estate whose parts stand at `lines`."""
    merged = Imported(estate, Places(lines.file, dict(lines.lines)))
    before = {each.text for each in check(estate, lines)}
    found: list[Problem] = []
    for table, (name, raw) in lists.items():
        reader = _List(merged, table, name)
        reader.merge(raw)
        found += reader.problems
    merged.problems = in_order([*found, *check(merged.estate, merged.lines)], lines.file)
    merged.refused = tuple(each for each in merged.problems if not each.warning and each.text not in before)
    return merged


class _List:
    """One list on its way into the estate."""

    def __init__(self, into: Imported, table: str, name: str) -> None:
        self.into, self.table, self.name = into, table, name
        self.kind = KINDS[table]
        self.language = next(iter(into.estate.languages), "en")
        self.converter = Converter(Places(name), self.language)
        self.problems = self.converter.problems
        self.columns: list[tuple[str, str] | None] = []  # field and language; None for one that is not used
        self.items: list[Any] = list(getattr(into.estate, table))
        self.numbers = {each.id: number for number, each in enumerate(self.items)}
        self.seen: dict[str, int] = {}  # id -> line of this list

    def merge(self, raw: bytes) -> None:
        try:
            rows = list(_rows(raw))
        except Broken as error:
            self._wrong(error.why, error.line)
            return
        if not rows:
            self._wrong(Sentence("the list is empty"), 1)
            return
        self.columns = [self._column(heading) for heading in rows[0][1]]
        if not {name for name, _ in filter(None, self.columns)} & {"id", "name"}:
            headings = tuple(map(Quoted, rows[0][1][:8]))
            self._wrong(Sentence("no column is headed id or name: {headings}", headings=headings), 1)
            return
        for line, cells in rows[1:]:
            self._row(line, cells)
        changed: dict[str, Any] = {self.table: tuple(self.items)}
        self.into.estate = dataclasses.replace(self.into.estate, **changed)

    def _column(self, heading: str) -> tuple[str, str] | None:
        known = types_of(self.kind)
        name, dot, language = heading.strip().lower().rpartition(".")
        if not dot or not LANGUAGE.fullmatch(language):
            name, language = heading, ""
        plain = _bare(name)
        field_name = plain.replace(" ", "_")
        chosen = field_name if field_name in known else _HEADINGS[self.table].get(plain)
        if chosen is None and heading.strip():
            self.into.unused.setdefault(self.name, []).append(heading.strip())
        return (chosen, language) if chosen else None

    def _row(self, line: int, cells: list[str]) -> None:
        if any(cell.strip() for cell in cells[len(self.columns) :]):
            what = Sentence("the row has {n} cells, the headings are {most}", n=len(cells), most=len(self.columns))
            self._wrong(what, line)
            return
        nodes = self._nodes(line, cells)
        if not nodes:
            return  # an empty row
        if "id" not in nodes:
            nodes["id"] = Scalar(line, self._made_id(nodes.get("name")), quoted=True)
        before = len(self.problems)
        declared = types_of(self.kind)
        found = {name: self.converter.value(node, declared[name], (name,)) for name, node in nodes.items()}
        values = {name: value for name, value in found.items() if not isinstance(value, Missing)}
        if len(self.problems) > before:
            return
        name = values["id"]
        if name in self.seen:
            first = str(self.seen[name])
            self._wrong(Sentence("the id {id} stands a second time (first in line {line})", id=name, line=first), line)
            return
        self.seen[name] = line
        self._put(line, values)

    def _put(self, line: int, values: dict[str, Any]) -> None:
        number = self.numbers.get(values["id"])
        if number is None:
            self._add(line, values)
        else:
            self._change(line, number, values)

    def _add(self, line: int, values: dict[str, Any]) -> None:
        if "addresses" in required(self.kind):
            values.setdefault("addresses", ())  # lists of machines often know none; check.py says where that hurts
            values.setdefault("name", values["id"])
        lacking = [name for name in required(self.kind) if name not in values]
        if lacking:
            what = Sentence("{id} is new and has no {fields}", id=values["id"], fields=tuple(lacking))
            self._wrong(what, line)
            return
        number = self.numbers[values["id"]] = len(self.items)
        self.items.append(self.kind(**values))
        self.into.lines.lines[(self.table, number)] = Place(self.name, line)
        self.into.added.setdefault(self.table, []).append(values["id"])

    def _change(self, line: int, number: int, values: dict[str, Any]) -> None:
        former, lines = self.items[number], self.into.lines.lines
        new = {name: _instead(getattr(former, name), value, name) for name, value in values.items()}
        changed = [name for name, value in new.items() if value != getattr(former, name)]
        for name in changed:
            before = getattr(former, name)
            for part in before if isinstance(before, dict) else range(len(before) if isinstance(before, tuple) else 0):
                lines.pop((self.table, number, name, part), None)
            lines[(self.table, number, name)] = Place(self.name, line)
        if changed:
            self.items[number] = dataclasses.replace(former, **new)
            self.into.changed.setdefault(self.table, []).append(former.id)

    # --- cells ---

    def _nodes(self, line: int, cells: list[str]) -> dict[str, Node]:
        nodes: dict[str, Node] = {}
        for column, cell in zip(self.columns, cells, strict=False):
            if column is not None and cell.strip():
                self._cell(nodes, line, cell.strip(), *column)
        return nodes

    def _cell(self, nodes: dict[str, Node], line: int, cell: str, name: str, language: str) -> None:
        declared = types_of(self.kind)[name]
        if declared == Words:
            words = nodes.setdefault(name, Table(line))
            assert isinstance(words, Table)
            words.pairs.append((Scalar(line, language or self.language), Scalar(line, cell, quoted=True)))
        elif typing.get_origin(declared) is tuple:
            several = nodes.setdefault(name, Listing(line))
            assert isinstance(several, Listing)
            apart = r"\s*\|\s*" if f"{self.table}.{name}" in _SPACED else r"[\s|,;]+"
            several.items += [Scalar(line, part, quoted=True) for part in re.split(apart, cell) if part]
        elif name not in nodes:  # of two columns for one value the first filled one counts
            nodes[name] = Scalar(line, self._worded(name, declared, cell), quoted=True)

    def _worded(self, name: str, declared: Any, cell: str) -> str:
        if declared is bool:
            return _FLAGS.get(cell.lower(), cell)
        if (self.table, name) == ("machines", "role"):
            return _ROLES.get(_bare(cell), cell.lower())
        if name == "mac":
            digits = re.sub(r"[^0-9A-Fa-f]", "", cell).lower()
            return ":".join(re.findall("..", digits)) if len(digits) == 12 else cell
        if name == "language":
            return cell.lower()
        return cell

    def _made_id(self, node: Node | None) -> str:
        if isinstance(node, Table):
            node = node.pairs[0][1]
        return re.sub(r"[^a-z0-9]+", "-", _bare(node.text)).strip("-")[:64] if isinstance(node, Scalar) else ""

    def _wrong(self, what: Sentence, line: int) -> None:
        self.problems.append(Problem(Place(self.name, line), what))


def _instead(before: Any, value: Any, name: str) -> Any:
    """Return what a filled cell leaves of a field."""
    if isinstance(value, dict):
        return {**before, **value}
    if name == "addresses":
        kept = [each for each in before if all((":" in each) != (":" in text) for text in value)]
        return tuple(sorted((*value, *kept), key=lambda each: ":" in each))  # IPv4 first, as people name it first
    return value


def _rows(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line on which it begins."""
    if len(raw) > MAX_BYTES:
        raise Broken(1, Sentence("the file has more than {most} bytes", most=MAX_BYTES))
    text = _decoded(raw)
    heading = text.lstrip("\r\n").partition("\n")[0]
    apart = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=apart, strict=True)
    line = 1
    try:
        for number, cells in enumerate(reader):
            if number > _MOST_ROWS:
                raise Broken(line, Sentence("the list has more than {most} rows", most=_MOST_ROWS))
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise Broken(line, Sentence("the row cannot be read: {reason}", reason=str(error))) from error


def _decoded(raw: bytes) -> str:
    """UTF-16 by its mark, else UTF-8, else what Windows wrote here before it."""
    for encoding in ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Broken(1, Sentence("the file is no text: save it as CSV, UTF-8"))


def _bare(text: str) -> str:
    """Return text without accents, case and signs."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())
