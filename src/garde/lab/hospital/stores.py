"""The lab's backups, as they were before the night, and what each agent is told of them.

Comes in: the programs and the plan. Goes out: on each file server a restic repository of its share and its archive,
with snapshots of several days, the newest an hour before the night begins; on the record's server a base backup, an
archive of WAL that goes on, and a restic repository of its documents; `stores.toml` in each agent's state directory.
All of it belongs to Debian's own account `backup`, which reads every file and writes none but these: whoever has that
account can delete them, until somebody prevents it. Backups lie on the server's own disk, as in many a small house.
"""

from __future__ import annotations

import json
import pwd
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from garde.errors import Incomplete
from garde.lab.documents import Document
from garde.lab.hospital import database, network
from garde.lab.hospital.plan import RECORD, SERVERS, Plan
from garde.lab.hospital.programs import Programs

ACCOUNT: Final = "backup"
# Hours before the night begins, and how many of the newest documents of each folder were not there yet.
TAKEN: Final = ((25.0, 8), (5.0, 3), (1.0, 0))
_HOUR: Final = 3600.0
_BASE: Final = "before-the-night"


@dataclass(frozen=True, slots=True)
class Held:
    """A folder whose files are restore points, as whoever would delete them sees it."""

    store: str
    uid: int
    root: Path
    aside: Path  # a folder of the account's own, on the same disk


# -- where it lies -----------------------------------------------------------------------------------------------------


def home(plan: Plan, machine: str) -> Path:
    """Everything of a machine's backups."""
    return plan.disk(machine) / "backup"


def repository(plan: Plan, machine: str) -> Path:
    """The restic repository of its files."""
    return home(plan, machine) / "restic"


def bases(plan: Plan) -> Path:
    """Where the record's base backups lie."""
    return home(plan, RECORD) / "base"


def archive(plan: Plan) -> Path:
    """Where the record's WAL is archived."""
    return home(plan, RECORD) / "wal"


def letters(plan: Plan) -> Path:
    """The record's documents: what its table `document` names."""
    return plan.share(RECORD) / "letters"


def covered(plan: Plan, machine: str) -> tuple[Path, ...]:
    """What of a machine is in its repository."""
    return (plan.share(machine),) if machine == RECORD else (plan.share(machine), plan.archive(machine))


def held(plan: Plan) -> Iterator[Held]:
    """Every folder of restore points in the lab."""
    uid = pwd.getpwnam(ACCOUNT).pw_uid
    for machine in SERVERS:
        yield Held(_files_store(machine), uid, repository(plan, machine) / "snapshots", home(plan, machine) / "own")
    for root in (bases(plan), archive(plan)):
        yield Held(_database_store(), uid, root, home(plan, RECORD) / "own")


def _files_store(machine: str) -> str:
    return f"{machine}-files"


def _database_store() -> str:
    return f"{RECORD}-database"


def _password_file(plan: Plan, machine: str) -> Path:
    return plan.machine_home(machine) / "backup.password"


# -- made --------------------------------------------------------------------------------------------------------------


def prepare(plan: Plan) -> database.Backup:
    """Make the folders, and what opens the repositories; PostgreSQL may add to the archive."""
    account = pwd.getpwnam(ACCOUNT)
    for machine in SERVERS:
        folders = [home(plan, machine), home(plan, machine) / "own", repository(plan, machine)]
        for folder in folders + ([bases(plan), archive(plan)] if machine == RECORD else []):
            folder.mkdir(mode=0o711)
            shutil.chown(folder, account.pw_uid, account.pw_gid)
        password = _password_file(plan, machine)
        password.touch(mode=0o400)
        password.write_text(secrets.token_urlsafe(16))
        shutil.chown(password, account.pw_uid, account.pw_gid)
    shutil.chown(archive(plan), account.pw_uid, pwd.getpwnam(database.user()).pw_gid)
    archive(plan).chmod(0o2770)
    return database.Backup(ACCOUNT, secrets.token_urlsafe(12), archive(plan))


def back_up_files(programs: Programs, plan: Plan, machine: str, *laid: tuple[Path, Sequence[Document]]) -> None:
    """A repository of a machine's files, with the snapshots of the days before. `laid`: folders, what lies in them."""
    _restic(programs, plan, machine, ["init"])
    now = time.time()
    for hours, missing in TAKEN:
        newest = [(folder, made[max(0, len(made) - missing) :]) for folder, made in laid]
        hidden = [folder / _name(each) for folder, made in newest for each in made]
        snapshot(programs, plan, machine, now - hours * _HOUR, hidden)


def snapshot(programs: Programs, plan: Plan, machine: str, at: float, hidden: Sequence[Path] = ()) -> None:
    """One snapshot of what a machine holds now, as taken at that time; without the hidden files."""
    when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    words = ["backup", "--quiet", "--host", machine, "--time", when]
    words += [word for path in hidden for word in ("--exclude", _literal(path))]
    _restic(programs, plan, machine, [*words, "--", *map(str, covered(plan, machine))])


def back_up_database(programs: Programs, plan: Plan, backup: database.Backup) -> None:
    """A base backup of the record, with its manifest; its WAL is in the archive when this returns."""
    words = [
        str(database.programs_place() / "pg_basebackup"), "-D", str(bases(plan) / _BASE), "-l", "before the night",
        "-h", plan.address(RECORD), "-p", str(database.PORT), "-U", backup.account, "-w", "-c", "fast", "-X", "none",
        "--no-sync", "--manifest-checksums=SHA256",
    ]  # fmt: skip
    programs.check("pg_basebackup", RECORD, _as_account(words), env={"PGPASSWORD": backup.password})


def enter_letters(programs: Programs, plan: Plan, documents: Sequence[Document]) -> None:
    """Let the record know of its documents."""
    rows = ", ".join(f"('{_name(each)}', '{each.sha256}')" for each in documents)  # our own names: no quote in them
    database.ask(programs, plan, f"INSERT INTO document (file, sha256) VALUES {rows};")  # noqa: S608


def _restic(programs: Programs, plan: Plan, machine: str, words: Sequence[str]) -> None:
    """Run restic as the backup account, on the machine itself."""
    program = shutil.which("restic")
    if program is None:
        raise Incomplete("restic is not installed", "apt-get install restic")
    where = ["-r", str(repository(plan, machine)), "--no-cache", "-p", str(_password_file(plan, machine))]
    programs.check("restic", machine, _as_account([program, *where, *words]), env={"TZ": "UTC"})


def _as_account(words: Sequence[str]) -> list[str]:
    """As the backup account, with the one right that a backup needs."""
    account, rights = pwd.getpwnam(ACCOUNT), "-all,+dac_read_search"
    who = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return ["setpriv", *who, f"--inh-caps={rights}", f"--ambient-caps={rights}", "--", *words]


def _name(document: Document) -> str:
    return document.path.decode()


def _literal(path: Path) -> str:
    """A pattern of restic's that means this path alone."""
    return "".join(f"\\{character}" if character in "*?[\\" else character for character in str(path))


# -- what agents are told ----------------------------------------------------------------------------------------------


def note(plan: Plan, machine: str) -> None:
    """Write `stores.toml` into an agent's state directory, where that machine has stores."""
    if machine not in SERVERS or not home(plan, machine).is_dir():
        return
    stores = [_files(plan, machine), *([_database(plan)] if machine == RECORD else [])]
    file = plan.agent_state(machine) / "stores.toml"
    file.touch(mode=0o600)
    file.write_text("\n".join(map(_table, stores)), encoding="utf-8")


def _table(store: dict[str, object]) -> str:
    """As TOML: texts and lists of texts are written as in JSON there."""
    options = store.get("options")
    lines = [f"{key} = {json.dumps(value)}" for key, value in store.items() if key != "options"]
    if isinstance(options, dict):
        lines.append(f"options = {{ {', '.join(f'{key} = {json.dumps(value)}' for key, value in options.items())} }}")
    return "\n".join(["[[store]]", *lines, ""])


def _files(plan: Plan, machine: str) -> dict[str, object]:
    """The repository has share and archive; put in place is the archive alone: of the share Garde has pre-images."""
    return {
        "id": _files_store(machine),
        "sort": "restic",
        "covers": machine,
        "repository": str(repository(plan, machine)),
        "password_file": str(_password_file(plan, machine)),
        "paths": [str(covered(plan, machine)[-1])],
    }


def _database(plan: Plan) -> dict[str, object]:
    """How the record's cluster is stopped and started is a service manager's business elsewhere; the lab has none."""
    place, data, log = database.programs_place(), database.data_of(plan), database.log_of(plan)
    control = [str(place / "pg_ctl"), "-D", str(data), "-w"]
    who = ["/usr/bin/setpriv", *database.as_user([])[1:]]
    enter = ["/usr/bin/nsenter", f"--net={network.NETNS / plan.namespace(RECORD)}", "--"]
    return {
        "id": _database_store(),
        "sort": "postgres",
        "covers": RECORD,
        "repository": str(bases(plan)),
        "paths": [str(data)],
        "stop": [*who, *control, "-m", "fast", "stop"],
        "start": [*enter, "/usr/bin/unshare", "--ipc", "--", *who, *control, "-l", str(log), "start"],
        "checks": list(CHECKS),
        "options": {
            "wal": str(archive(plan)),
            "bin": str(place),
            "user": database.user(),
            "database": database.NAME,
            "role": database.NAME,
        },
    }


# What must be true of a record that is worth offering: the hospital's own words for "the application's data agree".
CHECKS: Final = (
    "SELECT count(*) >= 400 FROM patient",
    "SELECT NOT EXISTS (SELECT FROM patient WHERE number !~ '^SYN[0-9]{7}$' OR family !~ '^TEST-')",
    "SELECT NOT EXISTS (SELECT FROM stay WHERE discharged < admitted)",
    "SELECT NOT EXISTS (SELECT FROM observation o JOIN note n ON n.id = o.note WHERE n.patient <> o.patient)",
    "SELECT count(DISTINCT patient) >= 400 FROM note",
)
