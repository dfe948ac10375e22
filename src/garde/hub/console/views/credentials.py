"""Credentials to be changed, by server. Comes in: the engine's list. Goes out: `CredentialsPage`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from garde.hub.console.names import Names
from garde.journal.recovery_words import SORTS
from garde.journal.speech import Said
from garde.recovery.judged import CredentialView


@dataclass(frozen=True, slots=True)
class CredentialShown:
    """One credential."""

    id: str
    name: Said
    words: Said
    done: bool
    times: int
    changed: int


@dataclass(frozen=True, slots=True)
class Group:
    """One server's, or those that several wait for."""

    id: str
    name: Said
    words: Said
    rows: tuple[CredentialShown, ...]


@dataclass(frozen=True, slots=True)
class CredentialsPage:
    """See the module."""

    title: Said
    open: int
    groups: tuple[Group, ...]


def credentials_page(listed: Sequence[CredentialView], names: Names, now: float) -> CredentialsPage:
    """Return the page; a credential that several servers wait for stands with the first of them."""
    by_machine: dict[str, list[CredentialView]] = {}
    for each in listed:
        by_machine.setdefault(each.machines[0] if each.machines else "", []).append(each)
    left = sum(bool(each.left) for each in listed)
    return CredentialsPage(
        title=_title(len(listed), left, names),
        open=left,
        groups=tuple(_group(machine, found, names, now) for machine, found in by_machine.items()),
    )


def _title(listed: int, left: int, names: Names) -> Said:
    if not listed:
        return names.say("No credential is listed yet")
    if not left:
        return names.say("Every listed credential is changed")
    return names.say.many("{n} credential is still to be changed", "{n} credentials are still to be changed", left)


def _group(machine: str, found: list[CredentialView], names: Names, now: float) -> Group:
    left = sum(bool(each.left) for each in found)
    say = names.say
    words = say("{n} of {all} to change", n=left, all=len(found)) if left else say("all changed")
    rows = tuple(credential(each, names, now) for each in found)
    return Group(machine, names.machine(machine) if machine else say("Nobody’s"), words, rows)


def credential(each: CredentialView, names: Names, now: float) -> CredentialShown:
    """Return one credential in words."""
    say = names.say
    sort = say.word(SORTS, each.sort)
    if not each.left:
        words = say("{sort}, changed by {who}", sort=sort, who=say.list([names.person(who) for who in each.by]))
    elif each.times > 1:
        words = say("{sort}, changed {n} times of {all}", sort=sort, n=each.done, all=each.times)
        if each.next_at > now:
            words = say("{words}; the next change counts from {time} on", words=words,
                        time=names.minute(each.next_at, now))  # fmt: skip
    else:
        words = sort
    return CredentialShown(each.credential, _credential_name(each, names), words, not each.left, each.times, each.done)


def _credential_name(each: CredentialView, names: Names) -> Said:
    """Return what it is of: a machine's name where it is one."""
    name = each.credential.partition("/")[2] or each.credential
    return names.machine(name)
