"""An item as a data set: what a modality may ask for and be told (PS3.4 K.6.1.2.2, table K.6-1).

Comes in: an `Item`. Goes out: a data set in UTF-8 (ISO_IR 192), every value cut to what its representation holds
(PS3.5 6.2) and free of the signs that part values. Types 1 and 2 are all there: what is not known is of zero length
only where there is nothing else to say in it, and is said in the comments. What is longer than a field stands whole in
the comments of the step. A step that no station was named for has no AE title: `match` puts the asker's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from garde.downtime.nouns import Place
from garde.downtime.worklist.items import Item

CHARACTER_SET: Final = "ISO_IR 192"
PREGNANCY_UNKNOWN: Final = 4  # PS3.3 C.2.3.1.1: nobody told the desk
LOCAL_CODES: Final = "L"  # a scheme of the hospital's own (PS3.16 8.2)
_LO, _SH, _PN, _LT, _CS = 64, 16, 64, 10_240, 16  # characters


def data_set(item: Item) -> Dataset:
    """Return everything that is known of an item."""
    found = Dataset()
    found.SpecificCharacterSet = CHARACTER_SET
    _put_patient(found, item)
    _put_visit(found, item)
    _put_request(found, item)
    found.ScheduledProcedureStepSequence = Sequence([_step(item)])
    return found


def _put_patient(found: Dataset, item: Item) -> None:
    found.PatientName = person_name(item.family, item.given) or person_name(item.patient, "") or "?"
    found.PatientID = text(item.patient, _LO) or "?"
    found.IssuerOfPatientID = text(item.issuer, _LO)
    found.PatientBirthDate = _whole_date(item.birth)
    found.PatientSex = item.sex
    found.Allergies = [text(each, _LO) for each in item.allergies]
    found.MedicalAlerts = ""
    found.PregnancyStatus = PREGNANCY_UNKNOWN
    found.PatientWeight = None
    found.PatientSize = None
    found.SpecialNeeds = ""
    found.PatientState = ""
    found.ConfidentialityConstraintOnPatientDataDescription = ""
    found.PatientComments = long_text(item.notes)
    found.OtherPatientIDsSequence = Sequence([_other(each) for each in item.others])


def _whole_date(birth: str) -> str:
    """Return a date as DICOM has it; "" where it is a part of one only."""
    try:
        return date.fromisoformat(birth).strftime("%Y%m%d").rjust(8, "0")
    except ValueError:
        return ""


def _other(number: str) -> Dataset:
    found = Dataset()
    found.PatientID = text(number, _LO) or "?"
    found.TypeOfPatientID = "TEXT"
    return found


def _put_visit(found: Dataset, item: Item) -> None:
    found.AdmissionID = text(item.visit, _LO)
    found.CurrentPatientLocation = text(place_words(item.place), _LO)
    found.ReferencedPatientSequence = Sequence([])


def _put_request(found: Dataset, item: Item) -> None:
    found.AccessionNumber = item.accession
    found.StudyInstanceUID = item.study
    found.RequestedProcedureID = item.accession
    found.RequestedProcedureDescription = text(item.what, _LO)
    found.RequestedProcedureCodeSequence = Sequence(_codes(item))
    found.ReasonForTheRequestedProcedure = text(item.reason, _LO)
    found.RequestedProcedurePriority = "STAT" if item.urgent else "ROUTINE"
    found.PatientTransportArrangements = ""
    found.ReferencedStudySequence = Sequence([])
    found.RequestingPhysician = person_name(item.doctor, "")
    found.ReferringPhysicianName = person_name(item.doctor, "")
    found.PlacerOrderNumberImagingServiceRequest = text(item.key, _LO)


def _codes(item: Item) -> Iterable[Dataset]:
    code = text(item.code, _SH + 1)
    if not code or len(code) > _SH:
        return
    found = Dataset()
    found.CodeValue = code
    found.CodingSchemeDesignator = LOCAL_CODES
    found.CodeMeaning = text(item.what, _LO)
    yield found


def _step(item: Item) -> Dataset:
    found = Dataset()
    found.Modality = item.modality[:_CS]
    found.ScheduledStationAETitle = text(item.station, 16)
    found.ScheduledProcedureStepStartDate = item.start.strftime("%Y%m%d")
    found.ScheduledProcedureStepStartTime = item.start.strftime("%H%M%S")
    found.ScheduledPerformingPhysicianName = ""
    found.ScheduledProcedureStepDescription = text(item.what, _LO)
    found.ScheduledProtocolCodeSequence = Sequence(_codes(item))
    found.ScheduledProcedureStepID = item.accession
    found.ScheduledStationName = ""
    found.ScheduledProcedureStepLocation = ""
    found.ScheduledProcedureStepStatus = "SCHEDULED"
    found.PreMedication = ""
    found.RequestedContrastAgent = ""
    found.CommentsOnTheScheduledProcedureStep = long_text((item.what, item.reason, *item.notes))
    return found


# --- words into fields ------------------------------------------------------------------------------------------------


def text(words: str, most: int) -> str:
    """Return one value: no control signs, no backslash (it parts values), no blanks around; cut with a mark."""
    line = " ".join("".join(sign if sign.isprintable() and sign != "\\" else " " for sign in words).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def person_name(family: str, given: str) -> str:
    """Return family^given, of 64 characters at most (PS3.5 6.2: one component group)."""
    parts = [text(each.translate(_NO_PARTS), _PN) for each in (family, given)]
    return "^".join(parts).rstrip("^")[:_PN].rstrip("^ ")


def long_text(lines: Iterable[str]) -> str:
    """Return lines as one long text."""
    return "\r\n".join(filter(None, (text(each, 1024) for each in lines)))[:_LT]


def place_words(place: Place) -> str:
    return "/".join(filter(None, (place.site, place.ward, place.room, place.bed)))


_NO_PARTS: Final = str.maketrans({"^": " ", "=": " ", "*": " ", "?": " "})
