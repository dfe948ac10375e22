"""One item of every kind that goes to the record, and whose it is."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from feed_words import at

from garde.downtime.entry.items import AllergyFound, Anything, Given, Image, NoAllergy, Note, Result, Vital
from garde.downtime.entry.messages import Parties
from garde.downtime.entry.sending import Action, Fact, Subject
from garde.downtime.nouns import Person, Place

PARTIES = Parties("CHU Liège", "CLINIC", "", "HIS", "CHU", ZoneInfo("Europe/Brussels"))
WHO = Subject("100", Person("Dupont|^~\\&", "Marië", "1960-01-02", "F"), Place("MED", "01", "1"), "V1", True)
ITEMS = (
    AllergyFound(what="Latex", type="EA", severity="SV", reaction="urticaire & œdème"), NoAllergy(),
    Given(what="Actrapid", code="A10AB01", amount="8", unit="IU", route="SC"),
    Given(what="Heparin", status="refused", reason="patient said no"),
    Result(what="Potassium", value="5.9", code="2823-3", unit="mmol/L", reference="3.5-5.1", flag="H", order="L77"),
    Vital(what="Temperature", value="38,2", unit="°C"), Image(what="Chest X-ray", report="no\nfracture"),
    Note(title="Nursing notes"),
)  # fmt: skip


def fact(what: Anything, action: Action = Action.ADD, **more: Any) -> Fact:
    usual: dict[str, Any] = {
        "observed": at(300), "entered": at(600), "author": "N. Maes", "by": "nina", "on_behalf": "Dr Smet",
        "checked": ("omar",), "sheet": "K7Q2MX.3", "picture": "ab12/3" if isinstance(what, Note) else "",
    }  # fmt: skip
    return Fact("I7", "I3", action, what, **(usual | more))
