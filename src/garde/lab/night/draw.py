"""What the seed draws: who spreads, with whose account, where first, how, on how many servers, what is stolen before.

Comes in: a seed, the lab's plan. Goes out: a `Script`, and what the attackers leave for the morning (`Deep`), the same
for the same seed and Python. Nobody but the attackers' side and the witness reads it.
"""

from __future__ import annotations

import random

import msgspec

from garde.lab.hospital.plan import SHARES, Plan

RATE = 400.0  # files a second, of all connections on all servers together
FILES = 200  # files attacked on each server at most
SPREADER_ROLES = ("workstation", "modality", "laboratory")  # what stands beside people, or came with its supplier
GAP_S = 3 * 3600.0  # between the two bursts, as in the story: 03:00 and 06:00
# Modes that a program on another machine can play through SMB (`attackers.smb_hits`) and that take the content away.
MODES = ("full", "head", "header-kept", "every-16", "on-off", "percent", "new-then-delete", "rename-over", "base64")


class Family(msgspec.Struct, frozen=True):
    """What a kind of ransomware leaves behind, as public collections describe it. The words are the lab's own."""

    name: str
    ending: str
    note_name: str


FAMILIES = (
    Family("lockbit", ".lockbit", "Restore-My-Files.txt"),
    Family("phobos", ".phobos", "info.txt"),
    Family("dharma", ".dharma", "FILES ENCRYPTED.txt"),
    Family("conti", ".conti", "CONTI_README.txt"),
    Family("hive", ".hive", "HOW_TO_DECRYPT.txt"),
    Family("blackcat", ".sykffle", "RECOVER-sykffle-FILES.txt"),
)
_NOTES = (
    "All your documents have been encrypted. Do not rename them. Your number is {number}. (A note of Garde's lab.)\n",
    "Your network was entered, your files are locked. Write to nobody@lab.invalid: {number}. (Note of Garde's lab.)\n",
    "Vos fichiers sont chiffrés. Numéro {number}. N'éteignez rien, n'appelez personne. (Note du labo de Garde.)\n",
)


class Burst(msgspec.Struct, frozen=True):
    """One wave of damage."""

    machine: str  # estate id of where it comes from
    servers: tuple[str, ...]  # in the order in which they are attacked
    connections: int  # to each server


class Script(msgspec.Struct, frozen=True):
    """One night."""

    seed: int
    user: str  # the login whose password was stolen
    mode: str
    family: Family
    note: str
    upload: int  # files sent out before the damage; 0: none
    gap_s: float
    bursts: tuple[Burst, ...]

    @property
    def spreader(self) -> str:
        return self.bursts[0].machine

    @property
    def first_server(self) -> str:
        return self.bursts[0].servers[0]


class Deep(msgspec.Struct, frozen=True):
    """What the attackers do where no agent looks, and leave behind. Drawn apart: the night's bursts do not change."""

    archive: str  # the file server whose unguarded folder is destroyed
    sleeper: str  # the file server on which a process stays behind
    patients: int  # of the record, whose notes are deleted and whose names are overwritten by SQL


def draw_deep(seed: int) -> Deep:
    """Draw what is done in depth; the same seed gives the same."""
    luck = random.Random(f"garde morning {seed}")
    return Deep(luck.choice(list(SHARES)), luck.choice(list(SHARES)), luck.randint(40, 120))


def draw(seed: int, plan: Plan) -> Script:
    """Draw a night; the same seed gives the same night."""
    luck = random.Random(f"garde night {seed}")
    machines = [machine.id for machine in plan.estate.machines if machine.role in SPREADER_ROLES]
    spreader, second = luck.sample(machines, 2)
    logins = sorted(login for person in plan.estate.people for login in person.logins)
    first = _servers(luck, luck.randint(1, len(SHARES)))
    return Script(
        seed=seed,
        user=luck.choice(logins),
        mode=luck.choice(MODES),
        family=luck.choice(FAMILIES),
        note=luck.choice(_NOTES).format(number=f"{luck.getrandbits(40):010X}"),
        upload=luck.choice((0, 0, 40, 80)),
        gap_s=GAP_S,
        bursts=(
            Burst(spreader, first, _connections(len(first))),
            Burst(second, (again := _servers(luck, luck.randint(1, len(SHARES)))), _connections(len(again))),
        ),
    )


def _servers(luck: random.Random, count: int) -> tuple[str, ...]:
    return tuple(luck.sample(list(SHARES), count))


def _connections(servers: int) -> int:
    """Four connections in all where one server is attacked, two each where there are several."""
    return 4 if servers == 1 else 2
