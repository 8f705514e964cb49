"""Nothing is called of an ECG that cannot be trusted."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from physioclr import load_encoder
from physioclr.prediction.prediction import predict, why_withheld
from physioclr.report import make_report
from physioclr.report.fhir import fhir_bundle
from physioclr.report.tables import report_csv
from physioclr.signal.quality import assess_quality
from physioclr.simulate import simulate_record

MADE_AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
_EXCHANGED = {"II": "III", "III": "II", "aVR": "aVL", "aVL": "aVR"}
"""Left and right arm: lead I turns over, these take each other's place (Einthoven, Goldberger)."""


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


@pytest.fixture(scope="module")
def record():
    return simulate_record("sinus_rhythm", seed=3)


def noise_of(record):
    noise_mv = np.random.default_rng(0).normal(0, 0.3, record.signal_mv.shape)
    return replace(record, signal_mv=noise_mv.astype(np.float32))


def arms_exchanged(record):
    rows = [-record.lead_mv("I") if lead == "I" else None for lead in record.leads]
    rows = [
        record.lead_mv(_EXCHANGED.get(lead, lead)) if row is None else row
        for row, lead in zip(rows, record.leads, strict=True)
    ]
    return replace(record, signal_mv=np.stack(rows))


def test_a_clean_ecg_is_called(record, encoder):
    prediction = predict(record, encoder)
    assert (prediction.withheld, prediction.warning) == ("", None)
    assert {call.call for call in prediction.calls} & {"present", "absent"}


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (noise_of, "signal quality not acceptable in any lead"),
        (arms_exchanged, "limb lead reversal suspected, left arm and right arm"),
    ],
)
def test_nothing_is_called_of_an_ecg_that_cannot_be_trusted(record, encoder, spoil, reason):
    spoilt = spoil(record)
    prediction = predict(spoilt, encoder)
    assert {(call.call, call.reason) for call in prediction.calls} == {("no call", reason)}
    assert np.isfinite(prediction.probabilities).all()
    assert "no call is made, and the probabilities may not hold" in prediction.warning
    assert prediction.to_dict()["withheld"] == reason
    given = predict(spoilt, encoder, quality=assess_quality(spoilt))
    assert given.calls == prediction.calls


def test_the_reader_may_overrule_a_suspected_reversal_but_not_poor_quality(record, encoder):
    exchanged = arms_exchanged(record)
    prediction = predict(exchanged, encoder, overrule_reversal=True)
    assert prediction.withheld == ""
    assert any(call.call != "no call" for call in prediction.calls)
    assert "left arm and right arm: overruled by the reader." in prediction.warning
    assert "left arm and right arm" in prediction.to_dict()["overruled"]
    spoilt = predict(noise_of(record), encoder, overrule_reversal=True)
    assert spoilt.withheld.startswith("signal quality not acceptable")
    assert predict(record, encoder, overrule_reversal=True).overruled == ""


def test_the_quality_that_is_given_is_the_one_that_counts(record, encoder):
    bad = replace(assess_quality(record), acceptable=False)
    assert predict(record, encoder, quality=bad).withheld == why_withheld(bad) != ""


def test_report_table_and_fhir_say_the_same_of_noise(record, encoder):
    report = make_report(noise_of(record), encoder, made_at=MADE_AT)
    assert report.prediction.withheld == "signal quality not acceptable in any lead"
    calls = [line.split(",") for line in report_csv(report).splitlines() if line[:5] == "call,"]
    assert len(calls) == len(report.prediction.labels)
    assert {(cells[3], cells[5]) for cells in calls} == {("no call", report.prediction.withheld)}
    told = json.dumps(json.loads(fhir_bundle(report)), ensure_ascii=False)
    assert "No call: signal quality not acceptable in any lead." in told
    assert '"text": "present"' not in told
