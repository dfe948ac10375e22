"""The words of ours that a modality shows, English and French.

Comes in: a language. Goes out: a dictionary; every language has the same keys. A modality shows few characters: each is
short, and those of allergies cannot be taken for one another.
"""

from __future__ import annotations

from typing import Final

from garde.downtime.census.view import Flag

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "no_allergy": "NO KNOWN ALLERGY",
        "not_recorded": "NOT RECORDED - ASK THE PATIENT",
        "no_drug_allergy": "no known drug allergy (only that)",
        "no_food_allergy": "no known food allergy (only that)",
        "verify": "DOWNTIME COPY - VERIFY THE PATIENT",
        "as_of": "Census as of {at}",
        "silent": "NOTHING HEARD YET: no census",
        "name": "NAME NOT RECORDED",
        "illegible": "NOT LEGIBLE - SEE THE FORM",
        "birth": "Birth date NOT RECORDED",
        "birth_part": "Birth date: {birth}",
        "sex": "Sex NOT RECORDED",
        "place": "Place NOT RECORDED",
        "unknown": "Nobody is known under this number",
        "asked": "Asked for {at}",
        "form": "Paper request {number}",
        "arrival": "NO REQUEST KEYED - SEE THE FORM",
        "downtime": "Downtime number since {at}; told {told}",
        "linked": "Linked to {record}; images stay under the downtime number",
        "waiting": "Somebody says whose number this is; NOT CONFIRMED",
        "what": "NOT WRITTEN - SEE THE FORM",
        "order": "Order {number}",
    },
    "fr": {
        "no_allergy": "AUCUNE ALLERGIE CONNUE",
        "not_recorded": "NON RENSEIGNÉ - DEMANDER AU PATIENT",
        "no_drug_allergy": "pas d'allergie médicamenteuse connue (seulement cela)",
        "no_food_allergy": "pas d'allergie alimentaire connue (seulement cela)",
        "verify": "COPIE DE SECOURS - VÉRIFIER LE PATIENT",
        "as_of": "Liste des patients du {at}",
        "silent": "RIEN REÇU : pas de liste des patients",
        "name": "NOM NON RENSEIGNÉ",
        "illegible": "ILLISIBLE - VOIR LA DEMANDE",
        "birth": "Date de naissance NON RENSEIGNÉE",
        "birth_part": "Date de naissance : {birth}",
        "sex": "Sexe NON RENSEIGNÉ",
        "place": "Lieu NON RENSEIGNÉ",
        "unknown": "Personne n'est connu sous ce numéro",
        "asked": "Demandé pour le {at}",
        "form": "Demande papier {number}",
        "arrival": "PAS DE DEMANDE ENCODÉE - VOIR PAPIER",
        "downtime": "Numéro de secours depuis {at} ; dit à {told}",
        "linked": "Lié à {record} ; les images restent au numéro de secours",
        "waiting": "Quelqu'un dit à qui est ce numéro ; NON CONFIRMÉ",
        "what": "NON ÉCRIT - VOIR LA DEMANDE",
        "order": "Demande {number}",
    },
}
FLAGS: Final[dict[str, dict[Flag, str]]] = {
    "en": {flag: flag.value for flag in Flag},
    "fr": {
        Flag.TWO_IN_BED: "deux patients dans ce lit",
        Flag.MOTHER_AND_CHILD: "mère et enfant",
        Flag.TWO_BEDS: "ce patient est dans deux lits",
        Flag.MERGED: "deux numéros ont été fusionnés alors que les deux étaient ici",
        Flag.NUMBER_REUSED: "ce numéro était à une autre personne",
        Flag.NO_NAME: "nom non renseigné",
        Flag.ALLERGIES_DISAGREE: "allergies et « aucune connue » sont toutes deux notées",
        Flag.MOVING: "en route vers un autre lieu",
        Flag.UNHEARD: "admission non reçue",
    },
}
