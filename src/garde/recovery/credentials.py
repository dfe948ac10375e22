"""What has to be changed before servers return: local administrators, service accounts, keys, suppliers, the directory.

Comes in: the estate, the state. Goes out: `CredentialListed` for what is not listed yet, and how far each one is. Pure.
The rules, one test each:

1. Every server that is planned has a local administrator. Service accounts and keys are those that the estate names;
   where it names no account and a service runs there, one account of that machine.
2. A supplier's remote access counts as one.
3. Machines of the identity layer share the directory's own key: it is changed twice, with ten hours between at least,
   for a ticket made with the old one counts for so long. A change that comes earlier does not count.
4. A change counts for a machine when it was made after the last harm on it or by it.
5. Nothing is listed twice; what a further machine shares is listed for it as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from garde.estate.look import Lookup
from garde.journal.recovery_kinds import CredentialListed
from garde.recovery.judged import CredentialView
from garde.recovery.memory import Change, Credential, State
from garde.recovery.order import layer_of

BETWEEN_S: Final = 10 * 3600.0  # a ticket of the directory lives ten hours
DIRECTORY: Final = "directory/krbtgt"
TWICE: Final = 2


def listed_for(look: Lookup, machine: str) -> Iterator[CredentialListed]:
    """Yield what must be changed for this machine. Rules 1, 2 and 3."""
    found = look.machines.get(machine)
    if found is None:
        return
    yield CredentialListed(f"local_admin/{machine}", machine, "local_admin")
    accounts = found.accounts or ((machine,) if look.services_of(machine) else ())
    for name in accounts:
        yield CredentialListed(f"service/{name}", machine, "service")
    for name in found.keys:
        yield CredentialListed(f"key/{name}", machine, "key")
    if found.supplier:
        yield CredentialListed(f"supplier/{found.supplier}", machine, "supplier")
    if layer_of(look, found) == "identity":
        yield CredentialListed(DIRECTORY, machine, "directory", TWICE)


def missing(look: Lookup, state: State, machine: str) -> Iterator[CredentialListed]:
    """Yield what is not listed for this machine yet. Rule 5."""
    for each in listed_for(look, machine):
        known = state.credentials.get(each.credential)
        if known is None or machine not in known.machines:
            yield each


def list_of(state: State, look: Lookup, now: float, machine: str = "") -> tuple[CredentialView, ...]:
    """Return how far each is; with a machine: those that are listed for it, counted for it alone. Pure."""
    found = state.credentials.values()
    return tuple(_view(state, each, now, machine) for each in found if not machine or machine in each.machines)


def _view(state: State, each: Credential, now: float, machine: str) -> CredentialView:
    after = max((state.harmed.get(name, 0) for name in ([machine] if machine else each.machines)), default=0)
    counted = _counted(each, after)
    waits = each.sort == "directory" and 0 < len(counted) < each.times
    next_at = counted[-1].at + BETWEEN_S if waits else 0.0
    people = tuple(dict.fromkeys(change.by for change in counted))
    return CredentialView(
        each.credential, each.sort, tuple(each.machines), each.times, min(len(counted), each.times),
        next_at if next_at > now else 0.0, people,
    )  # fmt: skip


def _counted(each: Credential, after: int) -> list[Change]:
    """Return the changes that count. Rules 3 and 4."""
    made: list[Change] = []
    for change in each.changes:
        if change.seq <= after:
            continue
        if each.sort == "directory" and made and change.at - made[-1].at < BETWEEN_S:
            continue
        made.append(change)
    return made
