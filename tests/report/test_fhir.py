import json
import math
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from fhir.resources.R4B.bundle import Bundle

from physioclr import __version__, load_encoder
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.prediction import Prediction
from physioclr.report import ReaderFindings, make_report
from physioclr.report.fhir import LOINC, fhir_bundle
from physioclr.simulate import simulate_record

MADE_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


@pytest.fixture(scope="module")
def reports(encoder):
    good = simulate_record("sinus_rhythm", seed=3)
    flat = np.array(good.signal_mv)
    flat[good.leads.index("V2")] = 0.0
    one_lead = {"signal_mv": good.signal_mv[1:2], "leads": ("II",)}
    reader = ReaderFindings("Sinus rhythm.", "Seen at rest.", {"NORM": "agree"}, "A. Reader")
    return {
        "good": make_report(good, encoder, made_at=MADE_AT, reader=reader),
        "flat": make_report(replace(good, signal_mv=flat), encoder, made_at=MADE_AT),
        "one lead": make_report(replace(good, **one_lead), encoder, made_at=MADE_AT),
        "no P": make_report(simulate_record("atrial_fibrillation", seed=1), None, made_at=MADE_AT),
        "nothing": make_report(
            replace(good, signal_mv=np.zeros_like(flat), meta={}), encoder, made_at=MADE_AT
        ),
    }


def resources_of(report):
    """Return a report's resources by the UUIDs that name them."""
    bundle = json.loads(fhir_bundle(report), parse_constant=pytest.fail)
    return {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}


def of_type(report, kind):
    return [r for r in resources_of(report).values() if r["resourceType"] == kind]


def observations_of(report):
    return {r["code"]["text"]: r for r in of_type(report, "Observation")}


def components_of(observation):
    return {part["code"]["text"]: part for part in observation.get("component", [])}


def parts_of(node):
    """Return every object of a document."""
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [*([node] if isinstance(node, dict) else []), *(p for i in inner for p in parts_of(i))]


def check_digit(digits):
    """Return the mod 10 check digit of a LOINC number (LOINC Users' Guide, appendix B)."""
    doubled = [2 * int(d) if i % 2 == 0 else int(d) for i, d in enumerate(reversed(digits))]
    return -sum(d // 10 + d % 10 for d in doubled) % 10


@pytest.mark.parametrize("name", ["good", "flat", "one lead", "no P", "nothing"])
def test_it_is_a_valid_collection_whose_references_resolve(reports, name):
    text = fhir_bundle(reports[name])
    assert Bundle.model_validate_json(text).type == "collection"
    resources = resources_of(reports[name])
    assert len(resources) == len(json.loads(text)["entry"])
    asked = {p["reference"] for r in resources.values() for p in parts_of(r) if "reference" in p}
    (report,) = of_type(reports[name], "DiagnosticReport")
    results = {result["reference"] for result in report["result"]}
    observed = {u for u, r in resources.items() if r["resourceType"] == "Observation"}
    assert asked <= set(resources)
    assert results == observed
    assert (report["status"], report["issued"]) == ("preliminary", "2026-11-23T12:00:00Z")


@pytest.mark.parametrize("name", ["good", "flat", "one lead", "no P", "nothing"])
def test_each_measurement_is_its_exact_value_or_the_reason_there_is_none(reports, name):
    measured = reports[name].measured
    observations = observations_of(reports[name])
    ucum = {"bpm": "/min", "ms": "ms", "°": "deg", "%": "%", "": "1"}
    for key, value in measured.scalars().items():
        kind, made = MEASUREMENTS[key], observations[MEASUREMENTS[key].label]
        assert ("valueQuantity" in made) != ("dataAbsentReason" in made)  # FHIR R4 obs-6
        if math.isnan(value):
            reason = made["dataAbsentReason"]["text"].lower()
            assert reason == measured.reasons[key].lower() + "."
        else:
            assert made["valueQuantity"]["value"] == value
            assert made["valueQuantity"]["code"] == ucum[kind.unit]


def test_the_examples_lack_what_they_should(reports):
    assert math.isnan(reports["no P"].measured.pr_ms)
    assert math.isnan(reports["one lead"].measured.axis_deg)
    assert math.isnan(reports["nothing"].measured.heart_rate_bpm)
    assert reports["good"].prediction is not None
    assert {name for name, report in reports.items() if report.prediction is None} == {
        *("flat", "one lead", "no P", "nothing")
    }


def test_codes_have_their_check_digit_and_stand_where_they_belong(reports):
    for code, _ in LOINC.values():
        digits, check = code.split("-")
        assert check_digit(digits) == int(check)
    assert set(LOINC) - set(MEASUREMENTS) == {"age", "ekg_study"}
    used = {
        r["code"]["text"]: r["code"]["coding"][0]["code"]
        for r in of_type(reports["good"], "Observation")
        if r["code"].get("coding", [{}])[0].get("system") == "http://loinc.org"
    }
    assert used.pop("Age at examination") == "30525-0"
    assert used == {
        kind.label: LOINC[name][0] for name, kind in MEASUREMENTS.items() if name in LOINC
    }
    (report,) = of_type(reports["good"], "DiagnosticReport")
    assert report["code"]["coding"][0]["code"] == "11524-6"


def test_qtc_names_its_formula(reports):
    observations = observations_of(reports["good"])
    for formula in ("Bazett", "Fridericia", "Framingham", "Hodges"):
        assert observations[f"QTc ({formula})"]["method"]["text"] == f"{formula} formula"


def test_the_heart_rate_has_what_the_vital_signs_profile_asks_for(reports):
    rate = observations_of(reports["good"])["Heart rate"]
    assert rate["category"][0]["coding"][0]["code"] == "vital-signs"
    (unknown,) = rate["_effectiveDateTime"]["extension"]
    assert unknown["valueCode"] == "unknown"


def test_each_prediction_says_what_it_is_worth(reports):
    report = reports["good"]
    prediction, observations = report.prediction, observations_of(report)
    for i, label in enumerate(prediction.card.labels):
        made = observations[label.display_name]
        assert made["status"] == "preliminary"
        # Prediction.to_dict gives four decimals.
        assert made["valueQuantity"]["value"] == round(float(prediction.probabilities[i]), 4)
        assert made["valueQuantity"]["code"] == "1"
        assert made["interpretation"][0]["text"] == prediction.calls[i].call
        assert "Computed by machine. Not validated for clinical use." in made["method"]["text"]
        assert f"AUROC for this label is {label.auroc:.2f}" in str(made["note"])
    (device,) = of_type(report, "Device")
    versions = {version["type"]["text"]: version["value"] for version in device["version"]}
    assert versions == {"software": __version__, "checkpoint": report.encoder}


class WithIntervals(Prediction):
    def to_dict(self, measured=None):
        return {**super().to_dict(measured), "intervals": {"NORM": [0.75, 0.9], "MI": None}}


def test_a_probability_has_its_interval_where_there_is_one(reports):
    given = reports["good"].prediction
    prediction = WithIntervals(**{f.name: getattr(given, f.name) for f in fields(Prediction)})
    observations = observations_of(replace(reports["good"], prediction=prediction))
    found = components_of(observations["Normal ECG"])["95 % interval"]["valueRange"]
    assert (found["low"]["value"], found["high"]["value"]) == (0.75, 0.9)
    for name in ("Myocardial infarction", "Hypertrophy"):
        assert "95 % interval" not in components_of(observations[name])


def test_only_labels_that_one_concept_covers_have_a_snomed_code(reports):
    codes = {
        name: made["code"]["coding"][0]["code"]
        for name, made in observations_of(reports["good"]).items()
        if made["code"].get("coding", [{}])[0].get("system") == "http://snomed.info/sct"
    }
    assert codes == {"Normal ECG": "164854000", "Myocardial infarction": "164865005"}


def test_an_unsure_call_says_why_and_a_head_without_evidence_says_nothing(reports):
    good = reports["good"]
    bare = {"auroc": None, "calls": None}
    labels = tuple(label.model_copy(update=bare) for label in good.prediction.card.labels)
    card = good.prediction.card.model_copy(update={"labels": labels})
    told = replace(good, prediction=replace(good.prediction, card=card))
    made = observations_of(told)["Normal ECG"]
    assert made["note"] == [{"text": "No call: the head has no limits."}]
    assert made["interpretation"][0]["coding"][0]["code"] == "IND"
    for part in parts_of(json.loads(fhir_bundle(told))):
        assert [] not in part.values()  # FHIR R4 JSON: an array is never empty


def test_a_probability_that_is_not_known_is_no_number(reports):
    good = reports["good"]
    probabilities = np.full_like(good.prediction.probabilities, np.nan)
    unknown = replace(good, prediction=replace(good.prediction, probabilities=probabilities))
    made = observations_of(unknown)["Normal ECG"]
    assert "valueQuantity" not in made
    assert made["dataAbsentReason"]["text"] == "Not known."
    assert made["interpretation"][0]["text"] == "no call"


@pytest.mark.parametrize("name", ["flat", "one lead", "no P"])
def test_without_a_prediction_it_says_why(reports, name):
    made = observations_of(reports[name])["Prediction"]
    why = reports[name].why_no_prediction
    assert made["dataAbsentReason"]["text"] == why
    (report,) = of_type(reports[name], "DiagnosticReport")
    assert why in report["text"]["div"]


def test_the_quality_has_its_sentences(reports):
    made = observations_of(reports["flat"])["Signal quality"]
    assert [note["text"] for note in made["note"]] == ["Lead V2 is flat (0.00 mV peak to peak)."]
    assert observations_of(reports["good"])["Signal quality"]["valueCodeableConcept"] == {
        "text": "acceptable"
    }


def test_the_reader_is_heard_and_a_silent_one_leaves_no_trace(reports):
    (report,) = of_type(reports["good"], "DiagnosticReport")
    assert report["conclusion"] == "Sinus rhythm.\n\nSeen at rest."
    assert report["resultsInterpreter"] == [{"display": "A. Reader"}]
    agreed = observations_of(reports["good"])
    said = {name: components_of(made).get("Reader's agreement") for name, made in agreed.items()}
    assert said.pop("Normal ECG")["valueCodeableConcept"] == {"text": "agree"}
    assert not any(said.values())
    silent = replace(reports["good"], reader=ReaderFindings(" ", "\n", reader="A. Reader"))
    (report,) = of_type(silent, "DiagnosticReport")
    assert not {"conclusion", "resultsInterpreter"} & set(report)


def test_whatever_the_reader_types_is_valid_and_comes_back(reports):
    typed = 'a <b>&amp; "c"\x00\x0b µ – 心電図\n\td'
    said = replace(reports["good"], reader=ReaderFindings(typed))
    (report,) = of_type(said, "DiagnosticReport")
    assert report["conclusion"] == 'a <b>&amp; "c"   µ – 心電図\n\td'


def test_words_in_the_narrative_are_escaped(reports):
    refused = replace(reports["flat"], why_no_prediction="No call. <script>: found 1 & 2.")
    (report,) = of_type(refused, "DiagnosticReport")
    assert "&lt;script&gt;: found 1 &amp; 2." in report["text"]["div"]


def test_a_simulated_ecg_says_so_and_is_marked_as_test_data(reports):
    good = reports["good"]
    (report,) = of_type(good, "DiagnosticReport")
    assert "Simulated ECG: not of a person." in report["text"]["div"]
    for resource in resources_of(good).values():
        assert resource["meta"]["security"][0]["code"] == "HTEST"
    recorded = replace(good, record=replace(good.record, meta={}))
    assert "HTEST" not in fhir_bundle(recorded)
    assert "Simulated" not in fhir_bundle(recorded)


def test_of_the_person_only_age_and_sex_are_told(reports):
    good = reports["good"]
    private = {"patient_name": "Doe^Jane", "source": "/home/me/doe.hea", **good.record.meta}
    text = fhir_bundle(replace(good, record=replace(good.record, meta=private)))
    assert "doe" not in text.lower()
    assert "simulated/" not in text
    (patient,) = of_type(good, "Patient")
    assert set(patient) == {"resourceType", "meta", "gender"}
    assert patient["gender"] == good.record.meta["sex"]
    age = observations_of(good)["Age at examination"]["valueQuantity"]
    assert (age["value"], age["code"]) == (good.record.meta["age_years"], "a")
    (nobody,) = of_type(reports["nothing"], "Patient")
    assert nobody["gender"] == "unknown"
    assert "Age at examination" not in observations_of(reports["nothing"])


def test_the_same_report_is_the_same_bytes_and_another_shares_no_resource(reports, encoder):
    good = reports["good"]
    again = make_report(good.record, encoder, made_at=MADE_AT, reader=good.reader)
    assert fhir_bundle(good) == fhir_bundle(again)
    shifted = np.array(good.record.signal_mv)
    shifted[0, 0] += 1.0
    for other in (
        replace(good, reader=ReaderFindings("Something else.")),
        replace(good, made_at=MADE_AT + timedelta(seconds=1)),
        replace(good, record=replace(good.record, signal_mv=shifted)),
    ):
        assert not set(resources_of(good)) & set(resources_of(other))


def test_the_time_keeps_its_zone(reports):
    made_at = datetime(2026, 11, 23, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    (report,) = of_type(replace(reports["good"], made_at=made_at), "DiagnosticReport")
    assert datetime.fromisoformat(report["issued"]) == made_at
