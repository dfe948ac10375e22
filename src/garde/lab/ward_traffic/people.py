"""Invented people, and what they are allergic to, take and are tested for.

Comes in: a seeded generator. Goes out: `Human`, and tables. Any likeness is chance.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

FAMILIES = (
    "Dupont", "Lambert", "Dubois", "Müller", "Lefèvre", "Noël", "Janssens", "Peeters", "Maes", "Jacobs", "Mertens",
    "Willems", "Claes", "Goossens", "De Smet", "Van den Bossche", "Çelik", "Özdemir", "Nguyen", "Diallo", "Benali",
    "O'Connor", "García", "Rossi", "Kowalski", "Renard", "Poncelet", "Gérard", "Thiry", "Collignon",
)  # fmt: skip
GIVEN = (
    "Marie", "Jean", "Zoé", "Léa", "Noé", "Émile", "Anaïs", "Lucas", "Fatima", "Mehmet", "An", "Bart", "Griet",
    "Hélène", "André", "Chloé", "Thomas", "Aïcha", "Paul", "Inès", "Luc", "Yann", "Joëlle", "Karim",
)  # fmt: skip
DOCTORS = ("D01^Lemaire^Sophie", "D02^Wouters^Piet", "D03^Hendrickx^Ann", "D04^Adam^Marc")
NURSES = ("N11^Leroy^Sarah", "N12^Cools^Tom", "N13^Mbala^Grâce", "N14^Simon^Julie")
ALLERGENS = (
    ("91936005", "Pénicilline"), ("300916003", "Latex"), ("91935009", "Arachide"), ("293586001", "Aspirine"),
    ("294505008", "Amoxicilline"), ("762952008", "Iode & produits de contraste"),
)  # fmt: skip
NO_ALLERGY = ("716186003", "No known allergy")
DRUGS = (
    ("N02BE01", "Paracétamol 1 g", "1000", "mg", "PO", "QID"), ("B01AB05", "Énoxaparine 40 mg", "40", "mg", "SC", "QD"),
    ("C07AB07", "Bisoprolol 5 mg", "5", "mg", "PO", "QD"), ("A10AB05", "Insuline aspart", "8", "[IU]", "SC", "TID"),
    ("J01CR02", "Amoxi/clav 1 g", "1000", "mg", "IV", "TID"), ("C03CA01", "Furosémide 20 mg", "20", "mg", "IV", "BID"),
    ("N02AA01", "Morphine 5 mg", "5", "mg", "SC", "PRN"), ("B01AA03", "Acénocoumarol 1 mg", "1", "mg", "PO", "QD"),
)  # fmt: skip
TESTS = (
    ("2160-0", "Créatinine", "mg/dL", 0.5, 3.0, "0.6-1.2"), ("2823-3", "Potassium", "mmol/L", 2.8, 6.2, "3.5-5.1"),
    ("2951-2", "Sodium", "mmol/L", 125, 150, "136-145"), ("718-7", "Hémoglobine", "g/dL", 6.5, 17, "12-16"),
    ("777-3", "Plaquettes", "10*3/uL", 60, 450, "150-400"), ("6301-6", "INR", "", 0.9, 4.5, "0.9-1.2"),
    ("2345-7", "Glucose", "mg/dL", 50, 320, "70-110"), ("1988-5", "CRP", "mg/L", 0, 250, "0-5"),
)  # fmt: skip
WARDS = (("MED1", 28), ("MED2", 28), ("CHIR1", 28), ("CHIR2", 24), ("GERI", 24), ("MAT", 16), ("SI", 12))  # 160 beds


@dataclass(slots=True)
class Human:
    """Somebody, as the hospital's own books have them."""

    mrn: str
    family: str
    given: str
    birth: str  # 19890118
    sex: str
    national: str = ""
    mother: str = ""
    allergies: list[tuple[str, str]] = field(default_factory=list)
    none_known: bool = False
    asked: bool = False  # whether anything was recorded about allergies


def human(draw: random.Random, mrn: str) -> Human:
    """Return somebody new."""
    year, month, day = draw.randint(1925, 2020), draw.randint(1, 12), draw.randint(1, 28)
    found = Human(
        mrn, draw.choice(FAMILIES), draw.choice(GIVEN), f"{year}{month:02d}{day:02d}", draw.choice("FM"),
        f"{year % 100:02d}{month:02d}{day:02d}{draw.randint(1, 997):03d}{draw.randint(1, 97):02d}",
    )  # fmt: skip
    ask(draw, found)
    return found


def ask(draw: random.Random, found: Human) -> None:
    """Ask about allergies: some have some, some have none, and some were never asked."""
    chance = draw.random()
    found.asked = chance < 0.8
    found.none_known = 0.35 <= chance < 0.8
    found.allergies = draw.sample(ALLERGENS, draw.randint(1, 2)) if chance < 0.35 else []
