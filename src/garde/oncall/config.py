"""calling.toml: how this hospital calls people. It holds secrets and lies in the hub's state directory, 0600.

Comes in: the file. Goes out: `Calling`: the channels, made; the rules; and the entry that says both without the
secrets. SettingsError names the file and what is wrong, and quotes no secret. Without a file there is no channel: the
hub says so in its journal and on every page about calling.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import msgspec

from garde.errors import NotFound, SettingsError, StateDamaged
from garde.estate.hours import read_hours
from garde.estate.vocabulary import ID, PERSON_ROLES
from garde.journal.oncall_kinds import CallingSet, CallRules
from garde.oncall.channels import CHANNELS
from garde.oncall.channels.base import Channel
from garde.oncall.times import read_test
from garde.trust.files import read_secret

FILE: Final = "calling.toml"
TODO: Final = "docs/calling.md says what it holds"
LONGEST_LINK: Final = 60  # characters: it costs a third of an SMS on each page
_LINK: Final = re.compile(rf"(?=.{{9,{LONGEST_LINK}}}$)https://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d{{1,5}})?")
SHORTEST_S: Final = 1.0  # of a step: shorter ones call the whole house at once


@dataclass(frozen=True, slots=True)
class Calling:
    """How people are called."""

    channels: tuple[Channel, ...] = ()
    rules: CallRules = field(default_factory=CallRules)

    def as_entry(self) -> CallingSet:
        """Return it as the journal keeps it: no secret, and a hash to see a change by."""
        notes = tuple(each.note for each in self.channels)
        return CallingSet(hashlib.sha256(msgspec.json.encode([notes, self.rules])).hexdigest(), notes, self.rules)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    rules: dict[str, Any] = {}
    channel: list[dict[str, Any]] = []


def load_calling(path: Path, link: str = "") -> Calling:
    """Read the file; no channels where there is none. `link` is the console's address where the file names no other."""
    try:
        raw = read_secret(path)
    except NotFound:
        return Calling()
    except StateDamaged as error:
        raise SettingsError(error.message, error.todo) from error
    try:
        found = msgspec.toml.decode(raw, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        said = str(error) if isinstance(error, msgspec.ValidationError) else "it is no TOML"
        raise SettingsError(f"{path}: {said}", TODO) from None
    rules = _rules(path, {"link": link, **found.rules})
    channels = tuple(_channel(path, number, each) for number, each in enumerate(found.channel, 1))
    names = [each.note.name for each in channels]
    if len(set(names)) != len(names):
        raise SettingsError(f"{path}: two channels have one name", TODO)
    return Calling(channels, rules)


def _rules(path: Path, raw: dict[str, Any]) -> CallRules:
    try:
        if unknown := set(raw) - {each.name for each in fields(CallRules)}:
            raise ValueError(f"no rule named {sorted(unknown)[0]}")
        rules = msgspec.convert(raw, CallRules)
        _check(rules)
    except (msgspec.ValidationError, ValueError) as error:
        raise SettingsError(f"{path}: [rules]: {error}", TODO) from error
    return rules


def _check(rules: CallRules) -> None:
    if min(rules.step_s, rules.again_s, rules.within_s) < SHORTEST_S or not 0 <= rules.bundle_s <= 4:
        raise ValueError("step_s, again_s and within_s are a second at least; bundle_s is 0 to 4")
    if rules.gap_s < 0 or rules.gap_s > 300 or rules.per_hour < 1 or rules.code_s < rules.within_s:
        raise ValueError("gap_s is 0 to 300, per_hour 1 at least, code_s not shorter than within_s")
    if unknown := [each for each in rules.roles if each not in PERSON_ROLES]:
        raise ValueError(f"there is no role {unknown[0]!r} in an estate")
    if not rules.roles:
        raise ValueError("roles names nobody")
    if rules.link and not _LINK.fullmatch(rules.link):
        raise ValueError(f"link is https://HOST[:PORT], {LONGEST_LINK} characters at most; or nothing")
    if rules.quiet:
        read_hours(rules.quiet)
    if rules.test:
        read_test(rules.test)


def _channel(path: Path, number: int, raw: dict[str, Any]) -> Channel:
    name, kind = raw.pop("name", ""), raw.pop("kind", "")
    if not isinstance(name, str) or not ID.fullmatch(name):
        raise SettingsError(f"{path}: channel {number} has no name of letters, digits and dashes", TODO)
    if kind not in CHANNELS:
        raise SettingsError(f"{path}: {name}: kind is one of {', '.join(CHANNELS)}", TODO)
    try:
        return CHANNELS[kind].make(name, msgspec.convert(raw, CHANNELS[kind].options))
    except (msgspec.ValidationError, ValueError, OSError) as error:
        raise SettingsError(f"{path}: {name}: {error}", TODO) from None
