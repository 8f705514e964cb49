"""An ECG's report as FHIR R4 resources, for a hospital's system to take in.

One Bundle of type collection holds a DiagnosticReport, the Observations it refers to, a
RiskAssessment of what is predicted, the Device (this software) and a Patient of whom the sex is
said and nothing else. Everything is preliminary: no clinician has confirmed it. A label is the
outcome of a prediction and never the code of an Observation, so that none is read as found.
HL7 FHIR R4 (4.0.1), hl7.org/fhir/R4; units in UCUM.

LOINC names a measurement only where a code means just that; others, such as P duration over all
leads or RMSSD, are named in words. So are labels whose group of diagnoses is wider than any one
SNOMED CT concept. What the criteria find is an Observation of its own, "EKG impression", with the
finding as its value and the measured values as components.
"""

from __future__ import annotations

import html
import json
import math
from base64 import b64encode
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from physioclr import __version__
from physioclr.encoders.card import LabelCard
from physioclr.interpretation.reading import Row
from physioclr.interpretation.statement import Evidence, Statement
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.physiology.normal_ranges import NoRange, deviation, normal_range
from physioclr.prediction.prediction import Prediction
from physioclr.report.fhir_values import (
    TERMINOLOGY,
    UCUM,
    Json,
    as_sentence,
    data_absent,
    fhir_coding,
    fhir_measure,
    fhir_quantity,
    observation_category,
    plain_words,
    unknown_value,
    value_in_words,
)
from physioclr.report.findings import Report, qtc_remark

__all__ = ["LOINC", "fhir_bundle"]


LOINC = {
    "heart_rate_bpm": ("8867-4", "Heart rate"),
    "rr_ms": ("8637-1", "R-R interval by EKG"),
    "pr_ms": ("8625-6", "P-R Interval"),
    "qrs_ms": ("8633-0", "QRS duration"),
    "qt_ms": ("8634-8", "Q-T interval"),
    "qtc_bazett_ms": ("76635-2", "Q-T interval corrected based on Bazett formula"),
    "qtc_fridericia_ms": ("76634-5", "Q-T interval corrected based on Fridericia formula"),
    "qtc_framingham_ms": ("8636-3", "Q-T interval corrected"),
    "qtc_hodges_ms": ("8636-3", "Q-T interval corrected"),
    "axis_deg": ("8632-2", "QRS axis"),
    "p_axis_deg": ("8626-4", "P wave axis"),
    "t_axis_deg": ("8638-9", "T wave axis"),
    "sdnn_ms": ("80404-7", "R-R interval.standard deviation (Heart rate variability)"),
    "age": ("30525-0", "Age"),
    "ekg_study": ("11524-6", "EKG study"),
    "ekg_impression": ("8601-7", "EKG impression"),
}
"""Measurement, or what else is coded → LOINC code and the name LOINC gives it."""

_SNOMED_CT = {
    ("superclass", "NORM"): "164854000",  # electrocardiogram normal
    ("superclass", "MI"): "164865005",  # electrocardiogram: myocardial infarction
}
"""Head and label → code."""

_FORMULAS = {
    "qtc_bazett_ms": "Bazett",
    "qtc_fridericia_ms": "Fridericia",
    "qtc_framingham_ms": "Framingham",
    "qtc_hodges_ms": "Hodges",
}
_SIDES = {"below": ("L", "Low"), "within": ("N", "Normal"), "above": ("H", "High")}
_INTERPRETED = "ECG machine interpretation"
_MEASURED = "Measured by machine."
_PREDICTED = "Computed by machine. Not validated for clinical use."
_DISCLAIMER = "Research use only. Not a medical device."
_SIMULATED = "Simulated ECG: not of a person."

_INTERPRETATION = f"{TERMINOLOGY}v3-ObservationInterpretation"
_SERVICE = f"{TERMINOLOGY}v2-0074"
_NAMESPACE = UUID("5c0a3c5e-9a53-5d5b-8f0e-6f6a1c1f7b1d")
# What a FHIR string may not hold: white space and control characters but blank, tab, end of line.


def fhir_bundle(report: Report, *, pdf: bytes | None = None) -> str:
    """Write a report as FHIR R4.

    Parameters
    ----------
    report : Report
    pdf : bytes, optional
        The sheet of `report_pdf`, to go with it as the report's `presentedForm`.

    Returns
    -------
    str
        A Bundle as JSON, the same for the same report. Of what the record's source states it holds
        age, sex and whether the ECG is simulated.

    Notes
    -----
    A record does not keep when it was taken: `effective` is absent, as unknown. A value that could
    not be measured has a `dataAbsentReason`. The resources are named by UUIDs drawn from the
    signal and the report, so that two reports never share a Patient.
    """
    # Takes 0.3 s.
    from fhir.resources.R4B.bundle import Bundle

    resources = _Resources(report, _root(report, pdf), pdf)
    bundle: str = Bundle.model_validate(resources.bundle()).model_dump_json(indent=2)
    return bundle


class _Resources:
    """The resources of one report, referred to by keys such as ``"device"``."""

    def __init__(self, report: Report, root: UUID, pdf: bytes | None = None) -> None:
        self.report, self.root, self.pdf = report, root, pdf
        self.made_at = report.made_at.isoformat()

    def url(self, key: str) -> str:
        return f"urn:uuid:{uuid5(self.root, key)}"

    def bundle(self) -> Json:
        observations = {
            **self.measurements(),
            **self.no_prediction(),
            **self.findings(),
            "quality": self.quality(),
            **self.age(),
        }
        resources = {
            "report": self.diagnostic_report([self.url(key) for key in observations]),
            "patient": self.patient(),
            "device": self.device(),
            **observations,
            **self.predictions(),
        }
        if self.report.record.simulated:
            test_data = fhir_coding(f"{TERMINOLOGY}v3-ActReason", "HTEST", "test health data")
            for resource in resources.values():
                resource["meta"] = {"security": [test_data]}
        return {
            "resourceType": "Bundle",
            "type": "collection",
            "timestamp": self.made_at,
            "entry": [
                {"fullUrl": self.url(key), "resource": resource}
                for key, resource in resources.items()
            ],
        }

    def diagnostic_report(self, results: list[str]) -> Json:
        reader = self.report.reader
        said = [words for text in (reader.findings, reader.comment) if (words := plain_words(text))]
        made: Json = {
            "resourceType": "DiagnosticReport",
            "text": {"status": "additional", "div": self.narrative()},
            "status": "preliminary",
            "category": [{"coding": [{"system": _SERVICE, "code": "EC"}], "text": "ECG"}],
            "code": _loinc("ekg_study", "EKG study"),
            "subject": {"reference": self.url("patient")},
            "_effectiveDateTime": unknown_value(),
            "issued": self.made_at,
            "result": [{"reference": url} for url in results],
        }
        if record_id := plain_words(self.report.record.record_id):
            made["identifier"] = [{"value": record_id}]
        if said:
            made["conclusion"] = "\n\n".join(said)
        if (name := plain_words(reader.reader)) and (said or reader.agreement):
            made["resultsInterpreter"] = [{"display": name}]
        if self.pdf is not None:
            made["presentedForm"] = [
                {
                    "contentType": "application/pdf",
                    "data": b64encode(self.pdf).decode(),
                    "title": "ECG report",
                }
            ]
        return made

    def narrative(self) -> str:
        prediction = self.report.prediction
        lines = [_DISCLAIMER]
        lines += [_SIMULATED] if self.report.record.simulated else []
        lines += [as_sentence(reason) for reason in self.report.quality.reasons]
        if prediction is None:
            lines.append(self.report.why_no_prediction)
        elif prediction.warning is not None:
            lines.append(prediction.warning)
        paragraphs = "".join(f"<p>{html.escape(plain_words(line))}</p>" for line in lines)
        return f'<div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div>'

    def patient(self) -> Json:
        sex = self.report.record.meta.get("sex")
        gender = sex if sex in ("female", "male") else "unknown"
        return {"resourceType": "Patient", "gender": gender}

    def device(self) -> Json:
        versions = [{"type": {"text": "software"}, "value": __version__}]
        if self.report.encoder:
            checkpoint = {"type": {"text": "checkpoint"}, "value": plain_words(self.report.encoder)}
            versions.append(checkpoint)
        return {
            "resourceType": "Device",
            "deviceName": [{"name": "PhysioCLR", "type": "model-name"}],
            "type": {"text": "Software that analyses ECGs"},
            "version": versions,
            "note": [{"text": _DISCLAIMER}],
        }

    def observation(self, code: Json, value: Json, **more: Any) -> Json:
        return {
            "resourceType": "Observation",
            "status": "preliminary",
            "category": [observation_category("procedure", "Procedure")],
            "code": code,
            "subject": {"reference": self.url("patient")},
            "_effectiveDateTime": unknown_value(),
            "issued": self.made_at,
            "device": {"reference": self.url("device")},
            **value,
            **more,
        }

    def measurements(self) -> dict[str, Json]:
        made = {}
        for name, value in self.report.measured.scalars().items():
            kind = MEASUREMENTS[name]
            formula = _FORMULAS.get(name)
            more: Json = {
                "method": {"text": _MEASURED if formula is None else f"{formula} formula"}
            }
            if name == "heart_rate_bpm":
                more["category"] = [observation_category("vital-signs", "Vital Signs")]
            why = self.report.measured.reasons.get(name, "not measurable")
            quantity = fhir_quantity(value, kind.unit, why)
            more |= self.normal_limits(name, value)
            doubt = self.report.measured.uncertain(name)
            remarks = [f"Uncertain: {doubt}."] if doubt else []
            if name.startswith("qtc_"):
                remarks.append(qtc_remark(self.report.measured))
            if any(remarks):
                more["note"] = [{"text": remark} for remark in remarks if remark]
            made[name] = self.observation(_loinc(name, kind.label), quantity, **more)
        return made

    def normal_limits(self, name: str, value: float) -> Json:
        """Return the normal limits of a measurement, and on which side of them it lies."""
        meta = self.report.record.meta
        limits = normal_range(name, age_years=meta.get("age_years"), sex=meta.get("sex"))
        if isinstance(limits, NoRange):
            return {}
        stated: Json = {"text": limits.text, "appliesTo": [{"text": limits.applies_to}]}
        for end, at in (("low", limits.low), ("high", limits.high)):
            if math.isfinite(at):
                stated[end] = fhir_quantity(at, MEASUREMENTS[name].unit, "")["valueQuantity"]
        found = deviation(value, limits, uncertain=self.report.measured.uncertain(name))
        made: Json = {"referenceRange": [stated]}
        if found.side in _SIDES:
            side = fhir_coding(_INTERPRETATION, *_SIDES[found.side])
            words = f"borderline, {found.side}" if found.borderline else found.side
            made["interpretation"] = [{"coding": [side], "text": words}]
        return made

    def findings(self) -> dict[str, Json]:
        """Return what the criteria find, each with the values it stands on."""
        reading = self.report.reading
        if reading is None:
            return {}
        return {
            f"finding {row.code}": self.finding(row, row.statement)
            for row in reading.findings
            if row.statement is not None and row.statement.term.family != "technical"
        }

    def finding(self, row: Row, statement: Statement) -> Json:
        found: Json = {"text": row.text}
        if statement.term.snomed_ct and row.shown == "present":
            found["coding"] = [
                {"system": "http://snomed.info/sct", "code": statement.term.snomed_ct}
            ]
        state = {"code": {"text": "State"}, **value_in_words(row.shown)}
        more: Json = {
            "method": {"text": f"{statement.criterion} ({statement.source})"},
            "component": [state, *(_component(each) for each in statement.evidence)],
        }
        if row.reason:
            more["note"] = [{"text": as_sentence(row.reason)}]
        if row.is_critical:
            critical = fhir_coding(_INTERPRETATION, "AA", "Critical abnormal")
            more["interpretation"] = [{"coding": [critical], "text": "critical value"}]
        return self.observation(
            _loinc("ekg_impression", "Finding by criteria"), {"valueCodeableConcept": found}, **more
        )

    def no_prediction(self) -> dict[str, Json]:
        if self.report.prediction is not None:
            return {}
        absent = data_absent("not-performed", "Not Performed", self.report.why_no_prediction)
        code, method = {"text": _INTERPRETED}, {"text": _PREDICTED}
        return {"prediction": self.observation(code, absent, method=method)}

    def predictions(self) -> dict[str, Json]:
        """Return the prediction as what it is: a probability of findings, not findings."""
        prediction = self.report.prediction
        if prediction is None:
            return {}
        made: Json = {
            "resourceType": "RiskAssessment",
            "status": "preliminary",
            "method": {"text": f"{_PREDICTED} Calibrated; head {plain_words(prediction.head)}."},
            "code": {"text": _INTERPRETED},
            "subject": {"reference": self.url("patient")},
            "performer": {"reference": self.url("device")},
            "basis": [{"reference": self.url("report")}],
            "prediction": [
                _predicted(self.report, prediction, column)
                for column in range(len(prediction.labels))
            ],
        }
        notes = [{"text": prediction.warning}] if prediction.warning else []
        if notes := [*notes, *self.agreement(prediction)]:
            made["note"] = notes
        return {"prediction": made}

    def agreement(self, prediction: Prediction) -> list[Json]:
        reader = self.report.reader
        who = {"authorString": name} if (name := plain_words(reader.reader)) else {}
        return [
            {**who, "text": f"The reader {reader.agreement[label.name]}s: {_shown(label)}."}
            for label in prediction.card.labels
            if label.name in reader.agreement
        ]

    def quality(self) -> Json:
        quality = self.report.quality
        made = self.observation(
            {"text": "Signal quality"},
            value_in_words("acceptable" if quality.acceptable else "not acceptable"),
            method={"text": "Judged by machine."},
            component=[
                {
                    "code": {"text": "Score, 0 to 1"},
                    **fhir_measure(round(quality.score, 3), "1", "1"),
                }
            ],
        )
        if quality.reasons:
            made["note"] = [{"text": as_sentence(reason)} for reason in quality.reasons]
        return made

    def age(self) -> dict[str, Json]:
        years = self.report.record.meta.get("age_years")
        if not (isinstance(years, int | float) and math.isfinite(years)):
            return {}
        quantity = fhir_measure(years, "years", "a")
        return {"age": self.observation(_loinc("age", "Age at examination"), quantity)}


def _component(evidence: Evidence) -> Json:
    """Return one value of the evidence, the leads and the limit in its name."""
    leads = f" in {', '.join(evidence.leads)}" if evidence.leads else ""
    limit = ""
    if math.isfinite(evidence.limit):
        limit = f" (limit {evidence.relation} {evidence.limit:g})"
    code = {"code": {"text": f"{evidence.name}{leads}{limit}"}}
    if not math.isfinite(evidence.value):
        return {**code, **data_absent("unknown", "Unknown", "not measurable")}
    if evidence.unit not in UCUM:
        return {**code, **value_in_words(evidence.text)}
    return {**code, **fhir_quantity(round(evidence.value, 3), evidence.unit, "")}


def _predicted(report: Report, prediction: Prediction, column: int) -> Json:
    """Return one label's probability in per cent, as RiskAssessment has it, and its call."""
    label, (call, reason) = prediction.card.labels[column], report.shown(column)
    outcome: Json = {"text": _shown(label)}
    if (prediction.head, label.name) in _SNOMED_CT:
        concept = _SNOMED_CT[prediction.head, label.name]
        outcome["coding"] = [{"system": "http://snomed.info/sct", "code": concept}]
    made: Json = {"outcome": outcome, "qualitativeRisk": {"text": call}}
    probability = float(prediction.probabilities[column])
    if math.isfinite(probability):
        made["probabilityDecimal"] = round(100 * probability, 2)
    interval = prediction.to_dict().get("intervals", {}).get(label.name)
    said = [
        f"{call}: {reason}" if reason else "",
        "95 % interval {:.4g} to {:.4g} %".format(*(100 * end for end in interval or ()))
        if interval
        else "",
        _auroc(prediction, column),
    ]
    if any(said):
        made["rationale"] = " ".join(as_sentence(each) for each in said if each)
    return made


def _shown(label: LabelCard) -> str:
    return plain_words(label.display_name) or label.name


def _root(report: Report, pdf: bytes | None) -> UUID:
    """Return what the UUIDs of a report's resources are drawn from: all they say, and the ECG."""
    record = report.record
    said = [_Resources(report, _NAMESPACE, pdf).bundle(), record.leads, record.fs_hz]
    digest = sha256(json.dumps(said).encode())
    digest.update(record.signal_mv.tobytes())
    return uuid5(_NAMESPACE, digest.hexdigest())


def _auroc(prediction: Prediction, column: int) -> str:
    card = prediction.card
    label = card.labels[column]
    if label.auroc is None:
        return ""
    low, high = label.auroc_low, label.auroc_high
    limits = "" if low is None or high is None else f" ({low:.2f} to {high:.2f})"
    simulated = "simulated " if card.simulated else ""
    return (
        f"The head's AUROC for this label is {label.auroc:.2f}{limits}, measured on "
        f"{card.n_records} {simulated}ECGs of {card.cohort}"
    )


def _loinc(name: str, label: str) -> Json:
    coding = {"coding": [fhir_coding("http://loinc.org", *LOINC[name])]} if name in LOINC else {}
    return {**coding, "text": label}
