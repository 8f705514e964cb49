import json
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from physioclr.errors import SignalError
from physioclr.leads import STANDARD_LEADS
from physioclr.physiology.beat_features import compute_beat_features
from physioclr.physiology.measurements import MEASUREMENTS, measure, summarise
from physioclr.signal.delineation import delineate
from tests.signal.synthetic import synthetic_record, with_leads, with_signal

INTERVALS = ("rr_ms", "pr_ms", "qrs_ms", "qt_ms")


@pytest.fixture(scope="module")
def record():
    return synthetic_record()


@pytest.fixture(scope="module")
def measured(record):
    return measure(record)


@pytest.fixture(scope="module")
def features(record):
    return compute_beat_features(record, delineate(record))


def test_numbers_are_those_the_signal_was_made_of(measured):
    assert measured.n_beats == 12
    assert measured.rr_ms == pytest.approx(800, abs=2)  # a sample at 500 Hz
    assert measured.heart_rate_bpm == pytest.approx(75, abs=0.2)
    # Gaussian waves end nowhere: onsets lie 2 to 4 sigma out, P 40-80 ms before its apex at
    # -160 ms and Q 18-27 ms before its apex at -26 ms
    assert measured.pr_ms == pytest.approx(170, abs=25)
    assert measured.qt_ms == pytest.approx(48 + 260 + 110, abs=35)
    assert measured.rmssd_ms < 3  # a sample of jitter on each of the two ends
    assert measured.p_wave_presence_pct == 100
    assert not measured.reasons


def test_amplitudes_are_those_the_signal_was_made_of(measured):
    # 10 %: Q and S overlap R, and the 0.5 Hz corner lowers T; exact heights are the synthesiser's
    assert measured.leads.loc["II", "r_mv"] == pytest.approx(1.1, rel=0.1)
    assert measured.leads.loc["V2", "s_mv"] == pytest.approx(-1.2, rel=0.2)
    assert measured.leads.loc["II", "t_mv"] == pytest.approx(0.30, rel=0.2)
    assert measured.leads.loc["aVR", "t_mv"] == pytest.approx(-0.25, rel=0.2)


def test_each_corrected_qt_follows_from_the_qt_and_rr_on_the_same_page(measured):
    assert measured.qtc_bazett_ms == pytest.approx(
        measured.qt_ms / math.sqrt(measured.rr_ms / 1000)
    )


def test_beats_are_the_evidence(measured):
    assert len(measured.beats) == measured.n_beats
    assert np.isnan(measured.beats["rr_ms"].iloc[0])
    # 12 ms: the median beat's QRS is that of the velocity of all leads, a beat's of their marks
    assert measured.qrs_ms == pytest.approx(measured.beats["qrs_ms"].median(), abs=12)


def test_each_number_says_on_which_beats_it_stands(measured):
    for name in MEASUREMENTS:
        assert measured.evidence(name).shape == (12,)
    assert measured.evidence("qrs_ms").all()
    assert np.flatnonzero(~measured.evidence("rr_ms")).tolist() == [0]
    assert not measured.evidence("n_ectopic_beats").any()
    used = measured.beats["qt_ms"][measured.evidence("qt_ms")]
    assert len(used) == 12
    with pytest.raises(ValueError, match="name must be one of heart_rate_bpm"):
        measured.evidence("qtc")


def test_a_number_that_is_missing_stands_on_no_beat(record):
    chest = measure(with_leads(record, STANDARD_LEADS[6:]))
    for name, value in chest.scalars().items():
        assert math.isfinite(value) or not chest.evidence(name).any(), name
        assert math.isfinite(value) != (name in chest.reasons), name


def test_axes_are_those_the_waves_were_made_of(measured):
    # of P, 0.08 mV in I and 0.15 in II; of T, 0.20 and 0.30; 8 degrees: the baseline under them
    for name, i_mv, ii_mv in (("p_axis_deg", 0.08, 0.15), ("t_axis_deg", 0.20, 0.30)):
        expected = math.degrees(math.atan2((2 * ii_mv - i_mv) / math.sqrt(3), i_mv))
        assert measured.scalars()[name] == pytest.approx(expected, abs=8)


def test_a_regular_rhythm_is_called_regular(measured):
    assert measured.rr_irregularity_pct < 1
    assert measured.rhythm_regularity == "regular"


@settings(max_examples=3, deadline=None)
@given(gain=st.floats(0.3, 3))
def test_gain_scales_amplitudes_and_leaves_intervals(record, measured, gain):
    scaled = measure(with_signal(record, record.signal_mv * gain))
    for name in INTERVALS:
        # 4 ms: two samples, where float32 rounding tips a flat stretch
        assert scaled.scalars()[name] == pytest.approx(measured.scalars()[name], abs=4)
    # 2 %: the same two samples on a slope
    assert scaled.leads.loc["II", "r_mv"] == pytest.approx(
        gain * measured.leads.loc["II", "r_mv"], rel=0.02
    )


def test_an_offset_changes_nothing(record, measured):
    moved = measure(with_signal(record, record.signal_mv + 2.0))
    for name in INTERVALS:
        assert moved.scalars()[name] == pytest.approx(measured.scalars()[name], abs=4)  # as above
    # 10 µV: float32 at 2 mV resolves 0.2 µV, the filtered ends more
    np.testing.assert_allclose(moved.leads["r_mv"], measured.leads["r_mv"], atol=0.01)


@pytest.mark.parametrize("fs_hz", [250, 1000])
def test_the_sampling_rate_changes_little(measured, fs_hz):
    other = measure(synthetic_record(fs_hz=fs_hz))
    assert other.rr_ms == pytest.approx(measured.rr_ms, abs=2)
    for name in ("pr_ms", "qrs_ms", "qt_ms"):
        # 16 ms: two samples at 250 Hz on either end
        assert other.scalars()[name] == pytest.approx(measured.scalars()[name], abs=16)


def test_lead_order_changes_nothing(record, measured):
    backwards = measure(with_leads(record, STANDARD_LEADS[::-1]))
    for name, value in measured.scalars().items():
        # 4 ms and 1 degree: the sums over leads round differently and may tip a tie by a sample
        assert backwards.scalars()[name] == pytest.approx(value, abs=4)


def test_a_shift_in_time_changes_nothing():
    beats_s = np.arange(0.4, 9.0, 0.8)
    early, late = (measure(synthetic_record(beats_s=beats_s + by, noise_mv=0)) for by in (0, 0.1))
    for name in INTERVALS:
        # 6 ms: three samples where the reflected ends differ
        assert late.scalars()[name] == pytest.approx(early.scalars()[name], abs=6)


def test_a_record_without_p_waves_loses_its_pr_and_says_why():
    rng = np.random.default_rng(3)
    beats_s = np.cumsum(rng.uniform(0.5, 1.1, size=12)) - 0.2
    fibrillating = measure(
        synthetic_record(beats_s=beats_s[beats_s < 9.4], p_waves=False, noise_mv=0.02)
    )
    assert math.isnan(fibrillating.pr_ms)
    assert math.isnan(fibrillating.p_ms)
    assert fibrillating.reasons["pr_ms"].startswith("not measurable: a P wave is present in")
    assert math.isfinite(fibrillating.qrs_ms)
    assert fibrillating.rmssd_ms > 50


@pytest.mark.parametrize("sample", [0.0, np.nan])
def test_no_signal_gives_nan_and_a_reason_for_every_number(record, sample):
    silent = measure(with_signal(record, np.full((12, 5000), sample)))
    for name, value in silent.scalars().items():
        if name == "n_beats":
            assert value == 0
        else:
            assert math.isnan(value), name
            assert silent.reasons[name].startswith("not measurable: ")
    assert silent.leads.isna().to_numpy().all()


def test_without_limb_leads_only_the_axis_is_lost(record):
    chest = measure(with_leads(record, STANDARD_LEADS[6:]))
    assert math.isnan(chest.axis_deg)
    assert "limb leads" in chest.reasons["axis_deg"]
    assert math.isfinite(chest.qrs_ms)


def test_a_flat_lead_is_nan_with_its_reason_and_the_rest_is_measured(record, measured):
    signal_mv = record.signal_mv.copy()
    signal_mv[record.leads.index("V2")] = 0
    without = measure(with_signal(record, signal_mv))
    assert without.leads.loc["V2"].isna().all()
    assert "flat" in without.reasons["V2"]
    assert without.qrs_ms == pytest.approx(measured.qrs_ms, abs=20)  # one vote fewer of twelve


def test_it_is_json_with_null_for_unknown_and_units(record):
    chest = measure(with_leads(record, STANDARD_LEADS[6:]))
    state = json.loads(json.dumps(chest.to_dict(), allow_nan=False))
    assert set(state["measurements"]) == set(MEASUREMENTS)
    assert state["measurements"]["axis_deg"]["value"] is None
    assert "limb leads" in state["measurements"]["axis_deg"]["reason"]
    assert state["measurements"]["qrs_ms"]["unit"] == "ms"
    assert state["measurements"]["rr_ms"]["beats"] == list(range(1, 12))
    assert state["measurements"]["axis_deg"]["beats"] == []
    assert state["beats"][0]["rr_ms"] is None
    assert state["beats"][0]["ectopic"] is False
    assert state["rhythm_regularity"] == "regular"


def test_it_survives_pickling(measured):
    again = pickle.loads(pickle.dumps(measured))
    assert again.scalars() == measured.scalars()
    np.testing.assert_array_equal(again.evidence("sdnn_ms"), measured.evidence("sdnn_ms"))


def test_a_delineation_of_another_record_is_refused(record):
    other = delineate(with_leads(record, ("I", "II")))
    with pytest.raises(ValueError, match="delineation must be of record"):
        measure(record, other)


def test_two_seconds_are_refused():
    with pytest.raises(SignalError, match=r"found 2\.0 s"):
        measure(synthetic_record(duration_s=2.0, beats_s=np.array([0.5, 1.3])))


def test_an_uncertain_interval_stays_a_number_and_says_why(features):
    doubted = summarise(
        replace(
            features,
            median_beat=replace(
                features.median_beat, doubts={"qrs_ms": "too long", "qt_ms": "T end"}
            ),
        )
    )
    assert doubted.uncertain("qrs_ms") == "too long"
    assert doubted.uncertain("qtc_bazett_ms") == doubted.uncertain("qt_ms") == "T end"
    assert doubted.uncertain("rr_ms") is None
    assert math.isfinite(doubted.qrs_ms)
    assert doubted.to_dict()["measurements"]["qrs_ms"]["uncertain"] == "too long"
    assert pickle.loads(pickle.dumps(doubted)).uncertainties == doubted.uncertainties
    with pytest.raises(ValueError, match="must be one of"):
        doubted.uncertain("qrs")
