import base64
import json
import math
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from fhir.resources.R4B.bundle import Bundle

from physioclr import __version__, load_encoder
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.prediction.prediction import Prediction
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


@pytest.fixture(scope="module")
def acute():
    """Return the report of a simulated inferior infarction, with the shipped head's prediction."""
    record = simulate_record("stemi_inferior", seed=3, st_mv=0.35)
    return make_report(record, load_encoder(), made_at=MADE_AT)


def resources_of(report):
    """Return a report's resources by the UUIDs that name them."""
    bundle = json.loads(fhir_bundle(report), parse_constant=pytest.fail)
    return {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}


def of_type(report, kind):
    return [r for r in resources_of(report).values() if r["resourceType"] == kind]


def observations_of(report):
    return {r["code"]["text"]: r for r in of_type(report, "Observation")}


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
    assert set(LOINC) - set(MEASUREMENTS) == {"age", "ekg_study", "ekg_impression"}
    used = {
        r["code"]["text"]: r["code"]["coding"][0]["code"]
        for r in of_type(reports["good"], "Observation")
        if r["code"].get("coding", [{}])[0].get("system") == "http://loinc.org"
    }
    assert used.pop("Age at examination") == "30525-0"
    assert used.pop("Finding by criteria") == "8601-7"
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


def predicted_in(report):
    """Return the RiskAssessment and its predictions by the finding they are about."""
    (assessment,) = of_type(report, "RiskAssessment")
    return assessment, {each["outcome"]["text"]: each for each in assessment["prediction"]}


def test_each_prediction_says_what_it_is_worth(reports):
    report = reports["good"]
    prediction, (assessment, made) = report.prediction, predicted_in(report)
    assert (assessment["status"], assessment["code"]["text"]) == (
        "preliminary",
        "ECG machine interpretation",
    )
    assert "Computed by machine. Not validated for clinical use." in assessment["method"]["text"]
    for i, label in enumerate(prediction.card.labels):
        each = made[label.display_name]
        # FHIR R4, RiskAssessment.prediction.probability: decimals are per cent; two are given.
        percent = 100 * float(prediction.probabilities[i])
        assert each["probabilityDecimal"] == pytest.approx(percent, abs=0.005)
        assert each["qualitativeRisk"]["text"] == prediction.calls[i].call
        assert f"AUROC for this label is {label.auroc:.2f}" in each["rationale"]
    (device,) = of_type(report, "Device")
    versions = {version["type"]["text"]: version["value"] for version in device["version"]}
    assert versions == {"software": __version__, "checkpoint": report.encoder}


def test_no_label_is_the_code_of_an_observation(reports):
    for report in reports.values():
        for made in of_type(report, "Observation"):
            systems = {coding["system"] for coding in made["code"].get("coding", [])}
            assert systems <= {"http://loinc.org"}
            if made["code"]["text"] != "Finding by criteria":
                assert "http://snomed.info/sct" not in json.dumps(made)


def test_a_finding_by_criteria_carries_its_criterion_and_the_values_it_stands_on(acute):
    made = [
        each
        for each in of_type(acute, "Observation")
        if each["code"]["text"] == "Finding by criteria"
    ]
    by_name = {each["valueCodeableConcept"]["text"]: each for each in made}
    infarction = by_name["Acute ST elevation infarction pattern"]
    assert infarction["valueCodeableConcept"]["coding"][0]["code"] == "401303003"
    assert infarction["interpretation"][0]["coding"][0]["code"] == "AA"
    assert "Fourth Universal Definition" in infarction["method"]["text"]
    values = [each["valueQuantity"] for each in infarction["component"] if "valueQuantity" in each]
    assert values
    assert all(each["code"] == "mV" for each in values)
    states = {each["component"][0]["valueCodeableConcept"]["text"] for each in made}
    assert "present" in states


def test_a_borderline_finding_has_no_concept_that_could_be_read_as_found(acute):
    for each in of_type(acute, "Observation"):
        if each["code"]["text"] == "Finding by criteria":
            state = each["component"][0]["valueCodeableConcept"]["text"]
            assert ("coding" in each["valueCodeableConcept"]) <= (state == "present")


def test_no_call_of_a_model_is_absent_where_the_criteria_find_it(acute):
    _, made = predicted_in(acute)
    for name in ("Myocardial infarction", "ST/T change"):
        assert made[name]["qualitativeRisk"]["text"] != "absent"
    assert made["Normal ECG"]["qualitativeRisk"]["text"] != "present"


class WithIntervals(Prediction):
    def to_dict(self, measured=None):
        return {**super().to_dict(measured), "intervals": {"NORM": [0.75, 0.9], "MI": None}}


def test_a_probability_has_its_interval_where_there_is_one(reports):
    given = reports["good"].prediction
    prediction = WithIntervals(**{f.name: getattr(given, f.name) for f in fields(Prediction)})
    _, made = predicted_in(replace(reports["good"], prediction=prediction))
    assert "95 % interval 75 to 90 %." in made["Normal ECG"]["rationale"]
    for name in ("Myocardial infarction", "Hypertrophy"):
        assert "interval" not in made[name]["rationale"]


def test_only_labels_that_one_concept_covers_have_a_snomed_code(reports):
    _, made = predicted_in(reports["good"])
    codes = {
        name: (coding["system"], coding["code"])
        for name, each in made.items()
        for coding in each["outcome"].get("coding", [])
    }
    assert codes == {
        "Normal ECG": ("http://snomed.info/sct", "164854000"),
        "Myocardial infarction": ("http://snomed.info/sct", "164865005"),
    }


def test_an_unsure_call_says_why_and_a_head_without_evidence_says_nothing(reports):
    good = reports["good"]
    bare = {"auroc": None, "calls": None}
    labels = tuple(label.model_copy(update=bare) for label in good.prediction.card.labels)
    card = good.prediction.card.model_copy(update={"labels": labels})
    told = replace(good, prediction=replace(good.prediction, card=card))
    _, made = predicted_in(told)
    assert made["Normal ECG"]["rationale"].startswith("No call: the head has no limits.")
    assert made["Normal ECG"]["qualitativeRisk"]["text"] == "no call"
    for part in parts_of(json.loads(fhir_bundle(told))):
        assert [] not in part.values()  # FHIR R4 JSON: an array is never empty


def test_a_probability_that_is_not_known_is_no_number(reports):
    good = reports["good"]
    probabilities = np.full_like(good.prediction.probabilities, np.nan)
    unknown = replace(good, prediction=replace(good.prediction, probabilities=probabilities))
    _, made = predicted_in(unknown)
    assert "probabilityDecimal" not in made["Normal ECG"]
    assert made["Normal ECG"]["qualitativeRisk"]["text"] == "no call"


def test_a_prediction_that_may_not_hold_says_so(reports):
    good = reports["good"]
    doubted = replace(good.prediction, withheld="signal quality not acceptable")
    assessment, made = predicted_in(replace(good, prediction=doubted))
    assert "no call is made" in assessment["note"][0]["text"]
    for each in made.values():
        assert each["qualitativeRisk"]["text"] == "no call"
        assert each["rationale"].startswith("No call: signal quality not acceptable.")


def test_a_measurement_has_its_normal_limits_and_the_side_it_lies_on(reports):
    good = reports["good"]
    measured = replace(good.measured, pr_ms=230.0, axis_deg=-50.0, qrs_ms=90.0, qt_ms=math.nan)
    made = observations_of(replace(good, measured=measured))
    sides = {
        name: made[name]["interpretation"][0]["coding"][0]["code"]
        for name in ("PR interval", "QRS axis", "QRS duration")
    }
    assert sides == {"PR interval": "H", "QRS axis": "L", "QRS duration": "N"}
    (limits,) = made["PR interval"]["referenceRange"]
    assert (limits["low"]["value"], limits["high"]["value"]) == (120.0, 200.0)
    assert limits["low"]["code"] == "ms"
    assert limits["appliesTo"] == [{"text": "adults from 16 years"}]
    (qrs,) = made["QRS duration"]["referenceRange"]
    assert "low" not in qrs
    for name in ("QT interval", "RMSSD"):  # no limits are stated
        assert not {"referenceRange", "interpretation"} & set(made[name])


def test_what_is_normal_for_one_sex_only_is_borderline(reports):
    good = reports["good"]
    record = replace(good.record, meta={"age_years": 40})
    measured = replace(good.measured, qtc_fridericia_ms=455.0)
    made = observations_of(replace(good, record=record, measured=measured))["QTc (Fridericia)"]
    assert made["interpretation"][0]["text"] == "borderline, above"


def test_a_wide_qrs_is_said_with_qtc(reports):
    wide = replace(reports["good"], measured=replace(reports["good"].measured, qrs_ms=140.0))
    made = observations_of(wide)
    assert "QTc overestimates" in made["QTc (Bazett)"]["note"][0]["text"]
    assert "note" not in observations_of(reports["good"])["QTc (Bazett)"]


def test_the_sheet_goes_with_the_report_when_it_is_asked_for(reports):
    good = reports["good"]
    bundle = json.loads(fhir_bundle(good, pdf=b"%PDF-1.4 sheet"))
    Bundle.model_validate(bundle)
    (report,) = (
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "DiagnosticReport"
    )
    (form,) = report["presentedForm"]
    assert form["contentType"] == "application/pdf"
    assert base64.b64decode(form["data"]) == b"%PDF-1.4 sheet"
    assert "presentedForm" not in fhir_bundle(good)


@pytest.mark.parametrize("name", ["flat", "one lead", "no P"])
def test_without_a_prediction_it_says_why(reports, name):
    made = observations_of(reports[name])["ECG machine interpretation"]
    assert not of_type(reports[name], "RiskAssessment")
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
    assessment, _ = predicted_in(reports["good"])
    assert assessment["note"] == [
        {"authorString": "A. Reader", "text": "The reader agrees: Normal ECG."}
    ]
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


def test_an_uncertain_measurement_carries_its_doubt_and_no_interpretation(reports):
    report = reports["good"]
    doubted = replace(report.measured, uncertainties={"qrs_ms": "leads disagree"})
    made = fhir_bundle(replace(report, measured=doubted))
    (found,) = [
        each["resource"]
        for each in json.loads(made)["entry"]
        if each["resource"]["resourceType"] == "Observation"
        and each["resource"]["code"]["text"] == "QRS duration"
    ]
    assert found["note"] == [{"text": "Uncertain: leads disagree."}]
    assert "interpretation" not in found
    assert found["valueQuantity"]["value"] > 0
