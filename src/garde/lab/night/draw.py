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
    note: str  # in the manner of its own: what it calls itself, what it threatens with, how it wants to be asked


FAMILIES = (
    Family(
        "lockbit",
        ".lockbit",
        "Restore-My-Files.txt",
        "~~~ LockBit: your data is stolen and encrypted ~~~\n"
        "If you don't pay the ransom, the data will be published on our darknet site, http://lockbit.lab.invalid/\n"
        "Warning! Do not delete or modify encrypted files, it will lead to problems with decryption of files! "
        "You can decrypt one file for free in our chat.\n"
        "Your personal decryption ID: {number}\n",
    ),
    Family(
        "phobos",
        ".phobos",
        "info.txt",
        "!!! All of your files are encrypted !!!\n"
        "To decrypt them send e-mail to this address: nobody@lab.invalid.\n"
        "If we do not answer in 24 h, send e-mail to this address: nobody-2@lab.invalid\n"
        "If there is no response from our mail, install the Jabber client and write to us in support of "
        "nobody@lab.invalid. In the title: {number}-2803\n",
    ),
    Family(
        "dharma",
        ".dharma",
        "FILES ENCRYPTED.txt",
        "all your data has been locked us\nYou want to return?\n"
        "write email nobody@lab.invalid or nobody-2@lab.invalid, your id {number}\n",
    ),
    Family(
        "conti",
        ".conti",
        "CONTI_README.txt",
        "All of your files are encrypted by the CONTI strain.\n"
        "Additional recovery software might damage them: try it on data of the lowest value. We offer to decrypt two "
        "random files free of charge. If you ignore us, the internal data that we downloaded is published.\n"
        "---BEGIN ID---\n{number}\n---END ID---\n",
    ),
    Family(
        "hive",
        ".hive",
        "HOW_TO_DECRYPT.txt",
        "Your network has been breached and all data were encrypted.\n"
        "Personal data, financial reports and important documents are ready to disclose.\n"
        "To decrypt all the data and to prevent exfiltrated files from being disclosed at http://hiveleak.lab.invalid/ "
        "you will need to purchase our decryption software. Please contact our sales department at "
        "http://hivecust.lab.invalid/\n  Login: {number}\n"
        "Follow the guidelines below to avoid losing your data:\n"
        " - Do not modify, rename or delete *.key files. Your data will be undecryptable.\n"
        " - Do not modify or rename encrypted files. You will lose them.\n"
        " - Do not report to authorities. The negotiation process will be terminated.\n",
    ),
    Family(
        "royal",
        ".royal",
        "README.TXT",
        "Hello!\nIf you are reading this, it means that your system was hit by Royal ransomware.\n"
        "Please contact us via http://royal.lab.invalid/{number}\n"
        "Most likely you decided to save some money on your security infrastructure. Your critical data was not only "
        "encrypted but also copied from your systems on a secure server. For a modest royalty you get our pentesting "
        "services: a security review, and your files decrypted.\n",
    ),
)
_SIGNED = ("(A note of Garde's lab.)\n", "(Note of Garde's lab.)\n", "(Note du labo de Garde.)\n")


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


class Reach(msgspec.Struct, frozen=True):
    """Who leads from outside, how data leave where they do, and how the neighbours hear of it. Drawn apart as well."""

    leads_from: str  # ISO 3166 code of the network in which the controller stands
    takes_to: str  # the same of whoever takes what is stolen
    way: str  # bulk | sessions | names: how it is sent
    least: int  # bytes that are sent, at least
    heard_by: str  # taxii | file: how the second hospital takes the warning


COUNTRIES = ("RU", "UA", "MD", "SC", "NL", "PA")
BULK_MB, TRICKLE_MB = (24, 48), (4, 6)  # what the night has time for; a gigabyte is the bench's business


def draw_reach(seed: int) -> Reach:
    """Draw what is outside; the same seed gives the same."""
    luck = random.Random(f"garde account {seed}")
    leads, takes = luck.sample(COUNTRIES, 2)
    way = luck.choice(("bulk", "bulk", "sessions", "names"))
    least = luck.randint(*(BULK_MB if way == "bulk" else TRICKLE_MB)) << 20
    return Reach(leads, takes, way, least, luck.choice(("taxii", "file")))


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
    user, mode, family = luck.choice(logins), luck.choice(MODES), luck.choice(FAMILIES)
    signed, number = luck.choice(_SIGNED), f"{luck.getrandbits(40):010X}"
    return Script(
        seed=seed,
        user=user,
        mode=mode,
        family=family,
        note=family.note.format(number=number) + signed,
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
