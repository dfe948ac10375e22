"""A YAML file as plain nodes with their lines: no types guessed, nothing built, nothing expanded.

Comes in: bytes that somebody wrote by hand, or that somebody sent. Goes out: `Node`s, or `Broken` with the line.
YAML's own events are read, never its constructors: a date, `no`, 0x10 and 12:30 stay the text that stands there, and
there is no way to name a type. Anchors and aliases are refused (they are how a small file becomes a huge one), tags,
second documents, deep nesting and large files as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from garde.estate.sentences import Sentence, Unreadable

MAX_BYTES = 4_000_000  # a hospital of a thousand machines takes some 200 kB
_MAX_NODES = 150_000
_MAX_DEPTH = 8  # an estate needs five
_NULL = {"", "~", "null", "Null", "NULL"}


class Broken(Unreadable):
    """The file cannot be read from this line on."""

    def __init__(self, line: int, why: Sentence) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, as it is written. `quoted` tells "" from nothing."""

    line: int
    text: str
    quoted: bool = False

    @property
    def empty(self) -> bool:
        return not self.quoted and self.text in _NULL


@dataclass(slots=True)
class Listing:
    """Values in a row."""

    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """Names with values, in the order of the file; a name may stand twice, and whoever reads it says so."""

    line: int
    pairs: list[tuple[Scalar, Node]] = field(default_factory=list)


Node = Scalar | Listing | Table


def read_nodes(raw: bytes) -> Node:
    """Read the one document of a file; Broken where that cannot be done. Nothing in it is Scalar(1, "")."""
    if len(raw) > MAX_BYTES:
        what = Sentence("the file has {n} bytes; more than {most} are not read", n=len(raw), most=MAX_BYTES)
        raise Broken(1, what)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = f"0x{raw[error.start]:02x}"
        raise Broken(line, Sentence("byte {byte} is not UTF-8: save the file as UTF-8", byte=byte)) from error
    try:
        return _document(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        sign = f"U+{error.character:04X}"
        raise Broken(line, Sentence("character {sign} may not stand in a YAML file", sign=sign)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark if error.problem_mark is not None else error.context_mark
        raise Broken(mark.line + 1 if mark is not None else 1, _said(error)) from error
    except yaml.YAMLError as error:
        raise Broken(1, Sentence("this is no YAML: {reason}", reason=str(error))) from error


def _said(error: yaml.MarkedYAMLError) -> Sentence:
    found = " ".join(part for part in (error.context, error.problem) if part)
    if "cannot start any token" in found and "'\\t'" in found:
        return Sentence("a tab stands where spaces must: YAML is indented by spaces")
    return Sentence("this is no YAML: {reason}", reason=found or str(error))  # the reader's own words: they are English


def _document(events: Iterator[yaml.Event]) -> Node:
    root: Node | None = None
    documents = 0
    stack: list[Listing | Table] = []
    keys: list[Scalar | None] = []  # for each table in the stack, the name that waits for its value
    for number, event in enumerate(events):
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        if number > _MAX_NODES:
            raise Broken(line, Sentence("more than {most} values", most=_MAX_NODES))
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise Broken(line, Sentence("a second document begins (---): one file is one hospital"))
        elif isinstance(event, yaml.CollectionEndEvent):
            stack.pop()
            keys.pop()
        elif isinstance(event, yaml.NodeEvent):
            node = _node(event, line)
            _place(node, stack, keys)
            root = root if root is not None else node
            if not isinstance(node, Scalar):
                stack.append(node)
                keys.append(None)
                if len(stack) > _MAX_DEPTH:
                    raise Broken(line, Sentence("lists and tables are nested more than {most} deep", most=_MAX_DEPTH))
    return root if root is not None else Scalar(1, "")


def _node(event: yaml.NodeEvent, line: int) -> Node:
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        raise Broken(line, Sentence("anchors and aliases (& and *) are not read: write the value out"))
    tag = getattr(event, "tag", None)
    if tag not in (None, "!"):
        raise Broken(line, Sentence("the tag {tag} is not read", tag=str(tag)))
    if isinstance(event, yaml.ScalarEvent):
        return Scalar(line, event.value, quoted=event.style is not None)
    return Listing(line) if isinstance(event, yaml.SequenceStartEvent) else Table(line)


def _place(node: Node, stack: list[Listing | Table], keys: list[Scalar | None]) -> None:
    """Put a node into what is open: into a list, or as a table's next name or value."""
    if not stack:
        return
    owner, key = stack[-1], keys[-1]
    if isinstance(owner, Listing):
        owner.items.append(node)
    elif key is not None:
        owner.pairs.append((key, node))
        keys[-1] = None
    elif isinstance(node, Scalar):
        keys[-1] = node
    else:
        raise Broken(node.line, Sentence("a list or table stands where a name must"))
