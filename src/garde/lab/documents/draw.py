"""One document's luck: who, when, which words, how large.

Comes in: a seed and a number. Goes out: `Draw`, which every maker asks for patients, dates, sentences and sizes, and
`HOSPITAL`, the words they are drawn from (`hospital.toml`). It makes no file.
"""

from __future__ import annotations

import math
import random
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources

import msgspec

# Documents are dated backwards from here, so that a seed gives the same bytes on any day.
NEWEST = datetime(2026, 6, 30, 18, 0)


class Department(msgspec.Struct, frozen=True):
    """One folder and the weight of each kind of document in it."""

    folder: str
    kinds: dict[str, int]


class Hospital(msgspec.Struct, frozen=True):
    """All the words."""

    hospitals: list[str]
    family_names: list[str]
    given_names: list[str]
    doctors: list[str]
    drugs: list[str]
    tests: list[tuple[str, str, str, str]]
    wards: list[str]
    sentences: list[str]
    departments: list[Department]


def _read_words() -> Hospital:
    text = (resources.files(__package__) / "hospital.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Hospital)


HOSPITAL = _read_words()


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody who does not exist."""

    family: str
    given: str
    number: str
    born: str  # YYYYMMDD
    sex: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


class Draw:
    """Seeded choices for one document; `size` (0..1) says how large it should come out for its kind."""

    def __init__(self, seed: int, number: int, size: float | None = None) -> None:
        self.rng = random.Random(f"{seed}/{number}")
        self.number = number
        # Bent a little: more small documents than large ones, as on a real share.
        self.size = self.rng.random() ** 1.3 if size is None else size
        self.when = NEWEST - timedelta(minutes=self.rng.randrange(60 * 24 * 540))
        self.patient = self._patient()
        self.hospital = self.rng.choice(HOSPITAL.hospitals)
        self.doctor = self.rng.choice(HOSPITAL.doctors)
        self.ward = self.rng.choice(HOSPITAL.wards)

    def _patient(self) -> Patient:
        born = NEWEST - timedelta(days=self.rng.randrange(365, 365 * 95))
        return Patient(
            family=self.rng.choice(HOSPITAL.family_names),
            given=self.rng.choice(HOSPITAL.given_names),
            number=f"SYN{self.rng.randrange(10**7):07d}",
            born=f"{born:%Y%m%d}",
            sex=self.rng.choice("FM"),
        )

    def between(self, least: int, most: int) -> int:
        """Return a whole number that grows with the wished size, evenly in its logarithm."""
        return round(math.exp(math.log(least) + math.log(most / least) * self.size))

    def sentence(self) -> str:
        """Return one sentence; figures keep two documents from being alike."""
        rng = self.rng
        if rng.random() < 0.3:
            code, name, unit, usual = rng.choice(HOSPITAL.tests)
            return f"{name} ({code}): {float(usual) * rng.uniform(0.6, 1.7):.2f} {unit}."
        if rng.random() < 0.15:
            return f"{rng.choice(HOSPITAL.drugs)}, {rng.randrange(1, 5)} × / jour, {rng.randrange(2, 30)} jours."
        return rng.choice(HOSPITAL.sentences)

    def paragraph(self, sentences: int) -> str:
        """Return several sentences."""
        return " ".join(self.sentence() for _ in range(sentences))

    def heading(self) -> str:
        """Return the line that says what the document is, and that it is nobody's."""
        return f"{self.hospital} · {self.ward} · {self.patient.name} ({self.patient.number}) · synthetic"

    def stamp(self) -> tuple[int, int, int, int, int, int]:
        """Return the date as ZIP members carry it."""
        moment = self.when
        return moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second
