import math
from dataclasses import replace

import numpy as np
import pytest

from physioclr.physiology.comparison import compare_leads, compare_measurements
from physioclr.physiology.measurements import MEASUREMENTS, measure
from physioclr.physiology.repeatability import repeatability_of
from tests.signal.synthetic import regular_beats_s, synthetic_record


@pytest.fixture(scope="module")
def measured():
    return measure(synthetic_record())


def of(rows, name):
    return next(row for row in rows if row.name == name)


def test_an_ecg_does_not_differ_from_itself(measured):
    rows = compare_measurements(measured, measured)
    assert [row.name for row in rows] == list(MEASUREMENTS)
    assert {row.difference for row in rows} == {0.0}
    assert not any(row.exceeds for row in rows)
    assert of(rows, "pr_ms").exceeds is False
    assert of(rows, "n_beats").exceeds is None


def test_a_faster_heart_differs_by_more_than_noise_and_the_sign_says_which_way(measured):
    faster = measure(synthetic_record(beats_s=regular_beats_s(rr_s=0.6)))
    row = of(compare_measurements(measured, faster), "heart_rate_bpm")
    assert row.difference == pytest.approx(25, abs=0.5)  # 100 − 75 a minute; marks on 2 ms
    assert row.exceeds is True
    assert of(compare_measurements(faster, measured), "rr_ms").difference > 0


def test_a_difference_within_the_limit_is_no_more_than_noise(measured):
    other = measure(synthetic_record(seed=1))
    row = of(compare_measurements(measured, other), "qrs_ms")
    assert row.repeatability.kind == "within a recording"
    assert row.exceeds is False


def test_what_is_not_measurable_says_on_which_side_and_exceeds_nothing(measured):
    without_p = measure(synthetic_record(p_waves=False))
    row = of(compare_measurements(measured, without_p), "pr_ms")
    assert math.isnan(row.after)
    assert math.isnan(row.difference)
    assert row.not_measurable_in == ("after",)
    assert row.exceeds is None
    assert of(compare_measurements(without_p, measured), "pr_ms").not_measurable_in == ("before",)
    assert of(compare_measurements(measured, measured), "pr_ms").not_measurable_in == ()


def test_what_is_not_measurable_says_why(measured):
    without_p = measure(synthetic_record(p_waves=False))
    row = of(compare_measurements(measured, without_p), "pr_ms")
    assert row.reasons == {"after": without_p.reasons["pr_ms"]}
    assert row.exceeded_kinds is None
    assert of(compare_measurements(measured, measured), "pr_ms").reasons == {}


def test_a_difference_is_held_against_each_kind_of_noise(measured):
    limits = {kind: one.limit for kind, one in repeatability_of("qt_ms").items()}
    within, between = limits["within a recording"], limits["between recordings"]
    assert within < between
    for change, kinds in (
        (within - 1, ()),
        (within + 1, ("within a recording",)),
        (-(within + 1), ("within a recording",)),
        (between + 1, ("between recordings", "within a recording")),
    ):
        other = replace(measured, qt_ms=measured.qt_ms + change)
        row = of(compare_measurements(measured, other), "qt_ms")
        assert row.exceeded_kinds == kinds
    assert of(compare_measurements(measured, measured), "n_beats").exceeded_kinds is None


def test_amplitudes_differ_lead_by_lead_and_sign_says_which_way(measured):
    larger = replace(measured, leads=measured.leads + 0.1)
    change = compare_leads(measured, larger)
    assert list(change.index) == list(measured.leads.index)
    known = np.isfinite(measured.leads.to_numpy())
    assert known.any()
    np.testing.assert_allclose(change.to_numpy()[known], 0.1, atol=1e-12)  # float64
    assert np.isnan(change.to_numpy()[~known]).all()


def test_a_lead_that_only_one_ecg_has_is_there_without_a_difference(measured):
    fewer = replace(measured, leads=measured.leads.iloc[:-1])
    last = measured.leads.index[-1]
    for change in (compare_leads(fewer, measured), compare_leads(measured, fewer)):
        assert change.index[-1] == last
        assert change.loc[last].isna().all()
