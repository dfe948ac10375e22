"""The whole hospital: made step by step, used, and taken down.

Comes in: a name (and whether it stays when its maker ends). Goes out: `Hospital`: `up`, `run` and `popen` on its
machines, its shares and what they held when they were made, the hub's state and address, the clock that all its
programs share, and `down`. As a context manager it is taken down at the end, whatever happens; after kill -9 `garde
lab down` does it.

In order: the number and the directory; the network; disks; the servers, switch, Internet, the hub's modem and the
crisis room's printer; documents; backups, where they are wanted; the hub; the agents. Each step's names are recorded
before it is made.
"""

from __future__ import annotations

import secrets
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import msgspec

from garde.errors import Incomplete, NotPermitted
from garde.lab.documents import Document
from garde.lab.hospital import (
    aside,
    database,
    disks,
    fileserver,
    flows,
    guard,
    modem,
    needs,
    network,
    printer,
    record,
    relay,
    remains,
    roots,
    stores,
    switch,
)
from garde.lab.hospital import internet as outside
from garde.lab.hospital.neighbour import Neighbour
from garde.lab.hospital.plan import HUB, HUB_PORT, INTERNET, RECORD, SERVERS, SHARES, Plan
from garde.lab.hospital.programs import PYTHON, Programs
from garde.lab.hospital.record import Record

DOCUMENTS = 200  # in each share
ARCHIVED = 40  # in the folder beside each share that no agent guards
LETTERS = 30  # documents of the medical record
TODO = "as root: scripts/install-packages src/garde/lab/hospital/packages.txt (Debian), then try again"
Show = Callable[[str], None]


class Secrets(msgspec.Struct, frozen=True):
    """The passwords of one lab, kept readable for root alone."""

    logins: dict[str, str]
    database: str
    switch: switch.Credentials


class Hospital:
    """One lab. `record` None: a new one is made by `up`; else it is one that is there."""

    def __init__(
        self,
        name: str,
        *,
        stays: bool = False,
        seed: int = 2026,
        documents: int = DOCUMENTS,
        guarded: bool = True,
        calling: bool = True,
        paper: bool = False,
        backups: bool = False,
        account: bool = False,
        when_aside: Callable[[], None] = lambda: None,
        install: bool = True,
        show: Show = lambda text: None,
    ) -> None:
        self.name, self._stays, self._seed, self._count, self._show = name, stays, seed, documents, show
        self._guarded, self._calling, self._paper, self._install = guarded, calling, paper, install
        self._backups = backups  # there are archives, and restore points of everything from before the night
        self._account = account  # the gateway tells of what passes by it; a second hospital stands beside
        self._when_aside = when_aside  # is called as soon as what stands aside is up
        self.documents: dict[str, list[Document]] = {}  # by file server, as they were made
        self.archives: dict[str, list[Document]] = {}  # the same, of what lies beside the shares
        self.neighbour: Neighbour | None = None
        self.letters: list[Document] = []  # the record's own documents, below stores.letters

    def __enter__(self) -> Self:
        try:
            self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    # -- made ---------------------------------------------------------------------------------------------------------

    def up(self) -> None:
        """Make all of it; raises NotPermitted or Incomplete. What was made until then is `down`'s to remove."""
        reason = needs.bring(self._show) if self._install else needs.missing()
        if reason:
            raise NotPermitted(f"no lab can be made here: {reason}", TODO)
        self._show("network")
        with record.numbering():
            self.record = record.reserve(self.name, stays=self._stays)
            network.claim(self.plan)
        network.make(self.plan)
        self._lay_out()
        with ThreadPoolExecutor(len(SHARES) + 7) as pool:
            stands_aside = self._make_aside(pool) if self._paper else []
            second = self._make_neighbour(pool) if self._account else None
            taken = self._make_servers(pool)
            for each in stands_aside:
                each.result()
            if self._paper:
                self._when_aside()
            if self._guarded:
                self._make_hub()
            for each in taken:
                each.result()
            if second is not None:
                second.result()
        if self._guarded:
            self._show("agents")
            guard.start_agents(self.programs, self.plan)

    def _make_hub(self) -> None:
        self._show("hub")
        self.console = guard.make_hub(self.programs, self.plan, self.secrets.switch, calling=self._calling)
        guard.run_hub(self.programs, self.plan)
        self._open_console()

    def _lay_out(self) -> None:
        plan = self.plan
        for folder in ("log", "machines", "agents"):
            (plan.home / folder).mkdir(mode=0o711)
        (plan.home / "log").chmod(0o700)
        for machine in SERVERS:
            plan.machine_home(machine).mkdir(mode=0o711)
        plan.estate_path.write_text(plan.estate_text, encoding="utf-8")
        plan.clock_path.write_bytes(struct.pack("<d", 0.0))
        logins = sorted({login for person in plan.estate.people for login in person.logins})
        made = Secrets(
            {it: secrets.token_urlsafe(9) for it in logins}, secrets.token_urlsafe(9), switch.new_credentials()
        )
        _write_secret(plan.home / "secrets.json", msgspec.json.encode(made))

    def _make_aside(self, pool: ThreadPoolExecutor) -> list[Future[None]]:
        """The desk, the ward PCs: they start while the servers do."""
        network.make_aside(self.plan)
        aside.set_clock(self.plan)
        return aside.start(self.programs, self.plan, pool)

    def _make_neighbour(self, pool: ThreadPoolExecutor) -> Future[None]:
        """The second hospital; and what this one's gateway tells."""
        flows.start(self.programs, self.plan)
        self.neighbour = Neighbour(self.record)
        return pool.submit(self.neighbour.make, self._seed + 100, guarded=self._guarded)

    def _make_servers(self, pool: ThreadPoolExecutor) -> list[Future[None]]:
        """Make them; returns what is still at work: their backups, where there are any."""
        plan, programs, known = self.plan, self.programs, self.secrets
        self._show("disks")
        list(pool.map(lambda machine: disks.make(plan.machine_home(machine)), SERVERS))
        self._show("servers")
        plan.share(RECORD).mkdir(mode=0o755)
        backup = stores.prepare(plan) if self._backups else None
        snmpd = switch.start(programs, plan, known.switch)
        self._start_internet()
        for machine in SHARES:
            fileserver.prepare(plan, machine, list(known.logins))
        database_started = pool.submit(database.start, programs, plan, backup)
        smsd = modem.start(programs, plan) if self._calling else None
        crisis = pool.submit(printer.start, programs, plan, printer.crisis(plan)) if self._calling else None
        smbds = dict(
            zip(SHARES, pool.map(lambda it: fileserver.start(programs, plan, it, known.logins), SHARES), strict=True)
        )
        self._show("documents")
        taken: list[Future[None]] = [pool.submit(roots.make, plan)] if self._backups else []
        for number, machine in enumerate(SHARES):
            self.documents[machine] = self._fill(self.share_of(machine), self._count, self._seed + number)
            if self._backups:
                archive, seed = self.plan.archive(machine), self._seed + len(SHARES) + number
                self.archives[machine] = self._fill(archive, ARCHIVED, seed)
                laid = ((plan.share(machine), self.documents[machine]), (archive, self.archives[machine]))
                taken.append(pool.submit(stores.back_up_files, programs, plan, machine, *laid))
        database.fill(programs, plan, database_started.result(), known.database, backup)
        if backup:
            taken += self._back_up_record(pool, backup)
        fileserver.wait(programs, plan, smbds)
        switch.wait(programs, snmpd)
        if smsd is not None and crisis is not None:
            modem.wait(programs, plan, smsd)
            printer.wait(programs, crisis.result())
        return taken

    def _back_up_record(self, pool: ThreadPoolExecutor, backup: database.Backup) -> list[Future[None]]:
        """Give the record its documents; begin to back up both."""
        plan, programs = self.plan, self.programs
        self.letters = self._fill(stores.letters(plan), LETTERS, self._seed + 2 * len(SHARES))
        stores.enter_letters(programs, plan, self.letters)
        return [
            pool.submit(stores.back_up_files, programs, plan, RECORD),
            pool.submit(stores.back_up_database, programs, plan, backup),
        ]

    def _fill(self, folder: Path, count: int, seed: int) -> list[Document]:
        """Lay documents out in a folder; they belong to whom the servers keep all files as."""
        from garde.lab.documents import make_some

        made = make_some(folder, count, seed, fileserver.KEEPER_ID)
        shutil.chown(folder, fileserver.KEEPER_ID, fileserver.KEEPER_ID)
        return made

    def _start_internet(self) -> None:
        hosts = [
            f"{role}={network.outside_address(self.plan, host, version)}"
            for role, host in network.OUTSIDERS.items()
            for version in (4, 6)
        ]
        words = [sys.executable, "-I", "-S", outside.__file__, str(self.internet_log), *hosts]
        self.programs.daemon("internet", INTERNET, words)

    def _open_console(self) -> None:
        """Make the hub's pages reachable from a browser on this machine."""
        file = self.plan.home / "console-port"
        place = network.NETNS / self.plan.namespace(HUB)
        words = [
            sys.executable,
            "-I",
            "-S",
            relay.__file__,
            str(place),
            self.plan.address(HUB),
            str(HUB_PORT),
            str(file),
        ]
        process = self.programs.daemon("relay", HUB, words, plain=True)
        self.programs.wait("the console's relay", file.exists, 10.0, process)
        console = f"https://127.0.0.1:{file.read_text()}"
        self.record.keep(msgspec.structs.replace(self.record.notes, console=console))

    # -- used ---------------------------------------------------------------------------------------------------------

    @classmethod
    def attach(cls, found: Record) -> Hospital:
        """A lab that is up already, made by another process."""
        hospital = cls(found.notes.name)
        hospital.record = found
        return hospital

    record: Record
    console: guard.FirstAccount | None = None

    @property
    def plan(self) -> Plan:
        return self.record.plan

    @cached_property
    def programs(self) -> Programs:
        return Programs(self.record)

    @cached_property
    def secrets(self) -> Secrets:
        return msgspec.json.decode((self.plan.home / "secrets.json").read_bytes(), type=Secrets)

    @property
    def machines(self) -> Mapping[str, Any]:
        return self.plan.machines

    @property
    def estate_path(self) -> Path:
        return self.plan.estate_path

    @property
    def hub_state(self) -> Path:
        return self.plan.hub_state

    @property
    def hub_url(self) -> str:
        return self.plan.hub_url

    @property
    def internet_log(self) -> Path:
        """What the thief outside took, by its own count."""
        return self.plan.home / "internet.log"

    def share_of(self, server: str) -> Path:
        return self.plan.share(server)

    def run(self, machine: str, arguments: Sequence[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        """Run a program in a machine's network to its end."""
        return self.programs.run(machine, arguments, **options)

    def popen(self, machine: str, arguments: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a program in a machine's network. It ends with the lab, if not before."""
        return self.programs.popen(machine, arguments, **options)

    def python(self, machine: str, module: str, *words: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start a module of ours on a machine."""
        return self.popen(machine, [*PYTHON, "-m", module, *words], **options)

    @property
    def clock_offset(self) -> float:
        """Seconds that the lab's programs are ahead of this machine."""
        offset: float = struct.unpack("<d", self.plan.clock_path.read_bytes())[0]
        return offset

    def advance(self, seconds: float) -> None:
        """Let time pass at once, in all programs of the lab."""
        _advance(self.plan.clock_path, seconds)
        if self.plan.aside_clock_path.exists():
            self.advance_aside(seconds)

    def advance_aside(self, seconds: float) -> None:
        """Let time pass for what stands aside alone: the feed, the desk, the wards."""
        _advance(self.plan.aside_clock_path, seconds)

    # -- taken down ---------------------------------------------------------------------------------------------------

    def down(self) -> None:
        """Remove all of it; may be called twice, and where nothing was made yet."""
        if "record" not in self.__dict__:
            return
        remains.take_down(self.record)
        self.programs.reap()
        if self.neighbour is not None:
            self.neighbour.programs.reap()


def take_down(name: str = "") -> list[str]:
    """Take down the lab of that name, or, where none is named, every lab whose maker has died; returns their names."""
    found = [record.get(name)] if name else [it for it in record.every() if it.is_abandoned]
    failed: list[str] = []
    for each in found:
        try:
            remains.take_down(each)
        except Incomplete as error:
            failed.append(error.message)
    with record.numbering():
        record.sweep()
    if failed:
        raise Incomplete("; ".join(failed), "run `garde lab down` again")
    return [each.notes.name for each in found]


def _advance(clock: Path, seconds: float) -> None:
    with clock.open("r+b", buffering=0) as file:  # in place: programs have it mapped
        offset: float = struct.unpack("<d", file.read(8))[0]
        file.seek(0)
        file.write(struct.pack("<d", offset + seconds))


def _write_secret(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)
