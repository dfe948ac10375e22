"""What printers complain of, in words for whoever stands before one.

Comes in: keywords of `printer-state-reasons` (RFC 8011, 5.4.12; PWG 5100.9; CUPS), without their severity. Goes out:
one line in English or French. A keyword that is not known is shown as it came, escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from garde.journal.text import plain

TROUBLES: Final[dict[str, dict[str, str]]] = {
    "en": {
        "media-empty": "the paper is out",
        "media-needed": "it asks for paper",
        "media-low": "the paper runs low",
        "media-jam": "the paper is jammed",
        "input-tray-missing": "the paper tray is not in",
        "output-area-full": "the output tray is full",
        "output-area-almost-full": "the output tray is nearly full",
        "output-tray-missing": "the output tray is not in",
        "cover-open": "a cover is open",
        "door-open": "a door is open",
        "interlock-open": "a cover is open",
        "toner-empty": "the toner is empty",
        "toner-low": "the toner runs low",
        "marker-supply-empty": "the toner or ink is empty",
        "marker-supply-low": "the toner or ink runs low",
        "marker-waste-full": "the waste container is full",
        "developer-empty": "the developer is empty",
        "opc-life-over": "the drum has to be replaced",
        "fuser-over-temp": "the fuser is too hot",
        "spool-area-full": "its memory is full",
        "paused": "it was paused",
        "moving-to-paused": "it is being paused",
        "stopped": "it is stopped",
        "stopped-partly": "a part of it is stopped",
        "stopping": "it is being stopped",
        "shutdown": "it is shutting down",
        "timed-out": "it does not answer",
        "not-answering": "it does not answer",
        "offline": "it is off, or its cable is out",
        "connecting-to-device": "it is being looked for",
        "cups-missing-filter": "the program for this printer is not installed",
        "other": "it does not say what is wrong",
    },
    "fr": {
        "media-empty": "il n’y a plus de papier",
        "media-needed": "elle demande du papier",
        "media-low": "il y a peu de papier",
        "media-jam": "bourrage de papier",
        "input-tray-missing": "le bac à papier n’est pas en place",
        "output-area-full": "le bac de sortie est plein",
        "output-area-almost-full": "le bac de sortie est presque plein",
        "output-tray-missing": "le bac de sortie n’est pas en place",
        "cover-open": "un capot est ouvert",
        "door-open": "une porte est ouverte",
        "interlock-open": "un capot est ouvert",
        "toner-empty": "le toner est vide",
        "toner-low": "le toner est bientôt vide",
        "marker-supply-empty": "le toner ou l’encre est vide",
        "marker-supply-low": "le toner ou l’encre est bientôt vide",
        "marker-waste-full": "le bac de récupération est plein",
        "developer-empty": "le développeur est vide",
        "opc-life-over": "le tambour doit être remplacé",
        "fuser-over-temp": "le four est trop chaud",
        "spool-area-full": "sa mémoire est pleine",
        "paused": "elle est en pause",
        "moving-to-paused": "elle se met en pause",
        "stopped": "elle est arrêtée",
        "stopped-partly": "une partie est arrêtée",
        "stopping": "elle s’arrête",
        "shutdown": "elle s’éteint",
        "timed-out": "elle ne répond pas",
        "not-answering": "elle ne répond pas",
        "offline": "elle est éteinte, ou son câble est débranché",
        "connecting-to-device": "on la cherche",
        "cups-missing-filter": "le programme pour cette imprimante n’est pas installé",
        "other": "elle ne dit pas ce qu’elle a",
    },
}


def in_words(troubles: Sequence[str], language: str) -> str:
    """Return what is wrong with a printer in one line; "" where nothing is."""
    words = TROUBLES[language]
    return ", ".join(words.get(each, plain(each, 60)) for each in troubles)
