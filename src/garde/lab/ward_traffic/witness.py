"""The census against the truth, line by line.

Comes in: the hospital's truth, and what `garde downtime census --json` shows. Goes out: every difference in words; none
where they are the same. It reads the output that people and machines read, not the census itself.
"""

from __future__ import annotations

from typing import Any


def differences(truth: dict[str, Any], census: dict[str, Any]) -> list[str]:
    """Return what the census has otherwise than the books, the beds first."""
    found: list[str] = []
    beds: dict[str, list[dict[str, Any]]] = {}
    for row in census["rows"]:
        place = row["visit"]["place"]
        beds.setdefault("/".join((place["ward"], place["room"], place["bed"])), []).append(row["patient"])
    for bed, mrn in truth["beds"].items():
        there = [_number(patient) for patient in beds.pop(bed, [])]
        if there != ([mrn] if mrn else []):
            found.append(f"bed {bed}: {there} instead of {mrn or 'nobody'}")
    found += [f"bed {bed}: there is none such" for bed in beds]
    patients = {_number(row["patient"]): row["patient"] for row in census["rows"]}
    for mrn, real in truth["patients"].items():
        if mrn in patients:
            shown = _shown(patients[mrn])
            found += [
                f"patient {mrn}: {key} {shown[key]!r} instead of {real[key]!r}"
                for key in real
                if shown[key] != real[key]
            ]
    return found


def _number(patient: dict[str, Any]) -> str:
    return str(patient["number"]).partition("^")[0]


def _shown(patient: dict[str, Any]) -> dict[str, Any]:
    person = patient["person"]["value"]
    live = [each for each in patient["drugs"] if each["order"]["value"]["standing"] == "active"]
    numbers = {each["order"]["value"]["number"] for each in live}
    allergies = patient["allergies"]
    given = {each["order"]["value"]["number"]: each["last_given"] for each in live if each["last_given"]}
    results = [each["value"] for each in patient["results"]]
    return {
        "family": person["family"], "first_name": person["given"], "mother": person["mother"].partition("^")[0],
        "birth": person["birth"],
        "allergies": sorted(each["value"]["what"]["text"] for each in allergies["items"]),
        "allergy": allergies["status"],
        "drugs": sorted(numbers),
        "last_given": {number: int(each["value"]["at"]) for number, each in given.items()},
        "results": {"|".join(each["key"].split("|")[:2]): each["value"] for each in results},
    }  # fmt: skip
