"""How one desk was set up: `desk.json` in its state directory.

Comes in: what `garde downtime init` was told. Goes out: `Config`, frozen.

    desk.json      this
    store.key      the key of everything that names a patient: copy it to where the store's copies are *not*
    contacts.csv   telephone numbers for the packs' contacts page: role, name, phone, note
    packs/         the papers, sealed
    messages.db    the feed, sealed; who looked; what happened to the desk
    facts.key      what its facts for the hub's half are signed with
    desk.sock      where the running desk is asked
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from pathlib import Path

import msgspec

from garde.downtime.packs.basis import BLANKS, SERVICES
from garde.downtime.packs.voice import LANGUAGES
from garde.downtime.reading.manner import Manner
from garde.errors import NotFound, SettingsError
from garde.trust.enrolment import split_address
from garde.trust.files import write_secret

FILE_NAME = "desk.json"
LISTEN = "0.0.0.0:2575"  # the port registered for HL7
MOST_HOURS = 72  # of a MAR: what is older than three days is prescribed anew


@dataclass(frozen=True, slots=True)
class WorklistConfig:
    """Whom the DICOM modality worklist answers, and how."""

    listen: str = ""  # HOST:PORT; "" for no worklist
    title: str = "GARDE"  # the AE title that modalities call
    peers: tuple[str, ...] = ()  # AE titles that may ask; none: all of them
    language: str = "en"  # of the words that are ours: en, fr
    issuer: str = ""  # of patient numbers (0010,0021); "" for the first of `own`, else the hospital's name
    table: str = ""  # a file that says which orders are images; "" for the table that comes with Garde
    stations: dict[str, str] = field(default_factory=dict)  # modality -> AE title of the station that does it
    arrivals: tuple[str, ...] = ("CR", "CT", "DX", "US")  # here, people under downtime numbers stand without a request
    arrival_hours: float = 24.0  # that long
    ahead_days: float = 14.0  # what is wanted later than that is not listed yet
    most: int = 500  # answers to one question
    associations: int = 12  # at once

    @property
    def bind(self) -> tuple[str, int]:
        return split_address(self.listen)


@dataclass(frozen=True, slots=True)
class NumbersConfig:
    """Downtime numbers: what they begin with, and the sheets that their labels are printed on."""

    prefix: str = "D1"  # of this desk; another site's desk has another
    columns: int = 3  # labels side by side on a sheet of A4
    rows: int = 8
    margin_x: float = 0.0  # mm left and right of them
    margin_y: float = 4.5  # mm above and below
    copies: int = 3  # labels of each number: wristband, file, one to spare


@dataclass(frozen=True, slots=True)
class RecordConfig:
    """Where paper goes once the record is back, and how the record is called there."""

    address: str = ""  # HOST:PORT of its MLLP listener, or the interface engine's; "" for none
    application: str = ""  # MSH-5
    facility: str = ""  # MSH-6
    downtime_authority: str = ""  # of downtime numbers in MRG-1; "" for the first of `own`
    wait_s: float = 30.0  # for an answer


@dataclass(frozen=True, slots=True)
class PacksConfig:
    """The wards' papers: when they are made, and how they look."""

    every_min: float = 60.0  # minutes between two makings; 0 for none but those of `at`
    at: tuple[str, ...] = ()  # and at these times of day: 06:30
    language: str = "en"  # en, fr
    mar_hours: int = 24  # for how long drugs can be signed: 24 to 72
    rounds: dict[str, str] = field(default_factory=dict)  # a frequency's usual times: BID -> "08:00 20:00"
    blanks: dict[str, int] = field(default_factory=dict)  # blank forms in a ward's pack; none: a usual lot
    services: tuple[str, ...] = ("laboratory", "radiology", "pharmacy", "theatre", "outpatients")
    senders: dict[str, tuple[str, ...]] = field(default_factory=dict)  # service -> systems whose orders are its own
    keep_days: float = 3.0  # packs stay on the desk; the newest two of each ward, and those with sheets out, longer


@dataclass(frozen=True, slots=True)
class Config:
    """What the desk needs to know."""

    hospital: str = "Hospital"
    listen: str = LISTEN
    zone: str = "Europe/Brussels"
    charset: str = "utf-8"  # of messages that name none
    own: tuple[str, ...] = ()  # authorities whose patient numbers are this hospital's own
    silent_min: float = 60.0  # minutes without a message until the feed is called silent
    keep_days: float = 35.0  # raw messages that nothing in the census needs any more
    gone_days: float = 7.0  # patients who are gone stay in the census this long
    longest_mb: float = 64.0  # a message larger than this is refused
    worklist: WorklistConfig = field(default_factory=WorklistConfig)
    critical: str = ""  # a file of the laboratory's critical limits; "" for the table that comes with Garde
    numbers: NumbersConfig = field(default_factory=NumbersConfig)
    pages: str = ""  # HOST:PORT of the desk's own pages; "" for none. Other than loopback is TLS
    record: RecordConfig = field(default_factory=RecordConfig)
    packs: PacksConfig = field(default_factory=PacksConfig)

    @property
    def manner(self) -> Manner:
        return Manner(self.zone, self.charset, self.own)

    @property
    def bind(self) -> tuple[str, int]:
        return split_address(self.listen)


def load_config(state: Path) -> Config:
    """Read it; raises NotFound where there is no desk, SettingsError where it cannot be used."""
    try:
        config = msgspec.json.decode((state / FILE_NAME).read_bytes(), type=Config)
    except FileNotFoundError as error:
        raise NotFound(f"there is no desk in {state}", "make one: garde downtime init --hospital NAME") from error
    except OSError as error:
        raise SettingsError(f"{state / FILE_NAME}: {error.strerror}", "run it as the user that runs it") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{state / FILE_NAME}:1: {error}", "correct it, or set the desk up anew") from error
    check_config(state, config)
    return config


def check_config(state: Path, config: Config) -> None:
    """Raise SettingsError for a zone, a character set or papers that there are not."""
    import codecs

    try:
        check_packs(config.packs)
    except ValueError as error:
        raise SettingsError(f"{state / FILE_NAME}:1: packs: {error}", "correct it") from error

    try:
        _ = config.manner.place
        codecs.lookup(config.charset)
    except (ValueError, LookupError) as error:
        raise SettingsError(f"{state / FILE_NAME}:1: {error}", "name one such as Europe/Brussels, utf-8") from error


def save_config(state: Path, config: Config) -> None:
    """Write it."""
    write_secret(state / FILE_NAME, msgspec.json.format(msgspec.json.encode(config)) + b"\n")


def check_packs(packs: PacksConfig) -> None:
    """Raise ValueError for what no pack can be made of."""
    for at in packs.at:
        time.fromisoformat(at)
    if not 1 <= packs.mar_hours <= MOST_HOURS:
        raise ValueError(f"mar_hours is 1 to {MOST_HOURS}")
    if packs.every_min < 0 or any(count < 0 for count in packs.blanks.values()):
        raise ValueError("a negative number of minutes or of forms")
    known = {"language": (packs.language, LANGUAGES), "services": (packs.services, SERVICES),
             "blanks": (packs.blanks, BLANKS)}  # fmt: skip
    for name, (asked, there) in known.items():
        unknown = set([asked] if isinstance(asked, str) else asked) - set(there)
        if unknown:
            raise ValueError(f"{name}: {sorted(unknown)[0]!r} is none of {', '.join(there)}")
