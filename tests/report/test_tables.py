import csv
import io
import json
import math
from dataclasses import fields, replace
from datetime import UTC, datetime

import numpy as np
import pytest

from physioclr import __version__, load_encoder
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.prediction.prediction import Prediction
from physioclr.report import ReaderFindings, make_report
from physioclr.report.tables import report_csv, report_json
from physioclr.simulate import simulate_record

MADE_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
COLUMNS = ["section", "name", "label", "value", "unit", "note"]


@pytest.fixture(scope="module")
def good():
    reader = ReaderFindings("Sinus rhythm.", "Seen at rest.", {"NORM": "agree"}, "A. Reader")
    record = simulate_record("sinus_rhythm", seed=3)
    return make_report(record, load_encoder(), made_at=MADE_AT, reader=reader)


@pytest.fixture(scope="module")
def no_p():
    return make_report(simulate_record("atrial_fibrillation", seed=1), None, made_at=MADE_AT)


def rows_of(report):
    """Return the table's rows by section and name."""
    read = csv.DictReader(io.StringIO(report_csv(report), newline=""), strict=True)
    assert read.fieldnames == COLUMNS
    rows = list(read)
    by_name = {(row["section"], row["name"]): row for row in rows}
    assert len(by_name) == len(rows)
    return by_name


def document_of(report):
    return json.loads(report_json(report), parse_constant=pytest.fail)


@pytest.mark.parametrize("which", ["good", "no_p"])
def test_each_measurement_comes_back_exact_or_with_its_reason(which, request):
    report = request.getfixturevalue(which)
    rows, document = rows_of(report), document_of(report)
    for name, value in report.measured.scalars().items():
        row, entry = rows["measurement", name], document["measured"]["measurements"][name]
        assert (row["label"], row["unit"]) == (MEASUREMENTS[name].label, MEASUREMENTS[name].unit)
        if math.isnan(value):
            assert (row["value"], entry["value"]) == ("", None)
            assert row["note"] == entry["reason"] == report.measured.reasons[name]
        else:
            assert float(row["value"]) == entry["value"] == value


def test_the_qtc_that_was_chosen_is_named(good):
    chosen = replace(good, qt_formula="hodges")
    assert document_of(chosen)["qt_formula"] == "hodges"
    assert rows_of(chosen)["qt_formula", ""]["value"] == "hodges"


def test_the_example_without_p_waves_lacks_its_pr(no_p):
    assert math.isnan(no_p.measured.pr_ms)


def test_each_label_has_its_probability_its_call_and_the_heads_auroc(good):
    rows, prediction = rows_of(good), good.prediction
    for i, label in enumerate(prediction.card.labels):
        # Prediction.to_dict gives four decimals.
        probability = round(float(prediction.probabilities[i]), 4)
        assert float(rows["probability", label.name]["value"]) == probability
        assert rows["probability", label.name]["label"] == label.display_name
        assert rows["call", label.name]["value"] == prediction.calls[i].call
        assert rows["call", label.name]["note"] == prediction.calls[i].reason
        assert float(rows["auroc", label.name]["value"]) == label.auroc
        assert prediction.card.cohort in rows["auroc", label.name]["note"]
    as_json = json.loads(json.dumps(prediction.to_dict(good.measured.scalars())))
    assert document_of(good)["prediction"] == as_json


class WithIntervals(Prediction):
    def to_dict(self, measured=None):
        return {**super().to_dict(measured), "intervals": {"NORM": [0.75, 0.9], "MI": None}}


def test_a_probability_has_its_interval_where_there_is_one(good):
    prediction = WithIntervals(
        **{f.name: getattr(good.prediction, f.name) for f in fields(Prediction)}
    )
    rows = rows_of(replace(good, prediction=prediction))
    assert float(rows["probability_low", "NORM"]["value"]) == 0.75
    assert float(rows["probability_high", "NORM"]["value"]) == 0.9
    assert not {("probability_low", name) for name in ("MI", "HYP")} & set(rows)


def test_without_a_prediction_the_reason_stands_in_its_place(no_p):
    rows, document = rows_of(no_p), document_of(no_p)
    assert rows["prediction", ""]["note"] == "No prediction was asked for."
    assert document["prediction"] is None
    assert document["why_no_prediction"] == "No prediction was asked for."
    assert not {"probability", "call", "auroc"} & {section for section, _ in rows}


def test_an_ecg_unlike_the_reference_ecgs_is_warned_of(good):
    far = replace(good, prediction=replace(good.prediction, distance_percentile=99.9))
    assert rows_of(far)["prediction", "warning"]["note"] == far.prediction.warning
    assert ("prediction", "warning") not in rows_of(good)


def test_the_quality_is_that_of_each_lead(good):
    flat = np.array(good.record.signal_mv)
    flat[good.record.leads.index("V2")] = 0.0
    report = make_report(replace(good.record, signal_mv=flat), None, made_at=MADE_AT)
    rows = rows_of(report)
    assert float(rows["quality", "V2"]["value"]) == 0.0
    assert rows["quality", "V2"]["note"] == "lead V2 is flat (0.00 mV peak to peak)"
    assert {name for section, name in rows if section == "quality"} == {
        *("acceptable", "score", "suspected_reversal", "limb_lead_misfit"),
        *report.record.leads,
    }
    assert document_of(report)["quality"] == report.quality.to_dict()


def test_it_says_what_made_it_and_what_the_reader_found(good):
    rows, document = rows_of(good), document_of(good)
    assert document["made_by"] == {
        "physioclr": __version__,
        "encoder": good.encoder,
        "made_at": "2026-11-23T12:00:00+00:00",
    }
    for name, value in document["made_by"].items():
        assert rows["made_by", name]["value"] == value
    assert document["reader"] == {
        "reader": "A. Reader",
        "findings": "Sinus rhythm.",
        "comment": "Seen at rest.",
        "agreement": {"NORM": "agree"},
    }
    assert rows["reader", "findings"]["value"] == "Sinus rhythm."
    assert rows["agreement", "NORM"]["value"] == "agree"
    assert rows["record", "simulated"]["value"] == "yes"


def test_the_table_is_rfc_4180_whatever_the_reader_types(good):
    typed = 'said "AF",\r\nthen µ – 心電図'
    said = replace(good, reader=ReaderFindings(typed))
    text = report_csv(said)
    assert rows_of(said)["reader", "findings"]["value"] == typed
    assert '"said ""AF"",\r\nthen µ – 心電図"' in text  # RFC 4180, 2.6 and 2.7
    assert text.endswith("\r\n")  # 2.1
    assert len({len(row) for row in csv.reader(io.StringIO(text, newline=""))}) == 1  # 2.4
    assert document_of(said)["reader"]["findings"] == typed


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_typed_text_never_becomes_a_formula_but_negative_numbers_stay_numbers(good, start):
    typed = f'{start}HYPERLINK("http://x")'
    record = replace(good.record, record_id=typed)
    measured = replace(good.measured, axis_deg=-30.0)
    said = ReaderFindings(typed, typed, reader=typed)
    rows = rows_of(replace(good, record=record, measured=measured, reader=said))
    for key in (
        ("record", "record_id"),
        *(("reader", n) for n in ("reader", "findings", "comment")),
    ):
        assert rows[key]["value"] == f"'{typed}"
    assert rows["measurement", "axis_deg"]["value"] == "-30.0"


def test_of_what_the_source_states_only_age_and_sex_are_told(good):
    private = {"patient_name": "Doe^Jane", "source": "/home/me/doe.hea", **good.record.meta}
    told = replace(good, record=replace(good.record, meta=private))
    assert "doe" not in report_csv(told).lower() + report_json(told).lower()
    assert float(rows_of(told)["record", "age_years"]["value"]) == good.record.meta["age_years"]
    unknown = replace(good, record=replace(good.record, meta={"age_years": math.nan}))
    assert rows_of(unknown)["record", "age_years"]["value"] == ""
    assert document_of(unknown)["record"]["age_years"] is None
