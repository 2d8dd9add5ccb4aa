"""Messages that converters, compilers and training tools print, and what they mean.

Interface: `explain_message(text)` gives the Diagnosis of one pasted message, or None where no wording is
known; `explain_log(text)` the telling ones of a whole log, `diagnoses(text)` every different one. A Diagnosis
has `codes`, `cause`, `remedy`, `array`, `node`, `op`, `findings(report)` (what explains it in a linted graph)
and `markdown(findings)`.
"""

from minmax_lint.symptoms.diagnosis import Diagnosis
from minmax_lint.symptoms.recognition import (
    diagnoses,
    explain_log,
    explain_message,
    near_symptoms,
    symptom_named,
    symptoms,
)
from minmax_lint.symptoms.symptom import Symptom

__all__ = [
    "Diagnosis",
    "Symptom",
    "diagnoses",
    "explain_log",
    "explain_message",
    "near_symptoms",
    "symptom_named",
    "symptoms",
]
