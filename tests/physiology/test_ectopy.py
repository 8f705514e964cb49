"""Ectopic beats: on simulated hearts, on beats of known place and shape, on MIT-BIH records."""

import numpy as np
import pytest
import wfdb

from physioclr.leads import canonical_lead
from physioclr.physiology.measurements import measure
from physioclr.records import EcgRecord
from physioclr.simulate import simulate_cohort
from tests.shared_data import SHARED_DATA, needs_shared_data
from tests.signal.synthetic import synthetic_record, with_signal

_BEATS = frozenset("NLRBAaJSVrFejnE/fQ")


def early_beat_s(by_s: float, at: int = 5) -> np.ndarray:
    beats_s = np.arange(0.4, 9.3, 0.8)
    beats_s[at] -= by_s
    return beats_s


def with_a_wide_beat(record: EcgRecord, at_s: float) -> EcgRecord:
    """Add a broad deflection, opposite in the two halves of the leads, over one beat."""
    time_s = np.arange(record.n_samples) / record.fs_hz
    wide = np.exp(-0.5 * ((time_s - at_s - 0.02) / 0.045) ** 2)
    sign = np.where(np.arange(12) % 2, 1.0, -1.0)[:, None]
    return with_signal(record, record.signal_mv + 1.8 * sign * wide)


def test_simulated_premature_ventricular_beats_are_found_and_no_others():
    cohort = simulate_cohort(12, seed=3, conditions=("pvc", "sinus_rhythm", "lbbb"))
    n_true = n_found = n_wrong = n_ventricular = 0
    for index in range(len(cohort)):
        record = cohort.record(index)
        beats = measure(record).beats
        truth = cohort.beats[cohort.beats["record"] == index]
        peaks = beats["r_peak_samples"].to_numpy()
        premature = truth.loc[truth["kind"] == "premature", "r_peak"].to_numpy()
        # 100 ms: less than half the shortest RR interval
        hit = np.abs(peaks[:, None] - premature).min(axis=1, initial=np.inf) <= 50
        ectopic = beats["ectopic"].to_numpy()
        n_true += premature.size
        n_found += int((ectopic & hit).sum())
        n_wrong += int((ectopic & ~hit).sum())
        n_ventricular += int((beats["ectopic_origin"] == "ventricular").sum())
    assert n_true >= 8
    assert n_found >= 0.9 * n_true
    assert n_wrong == 0
    assert n_ventricular >= 0.8 * n_found  # QRS is sometimes measured below 120 ms


# One of the fibrillating records is so nearly regular that one beat counts as early.
@pytest.mark.parametrize(
    ("condition", "most"), [("atrial_fibrillation", 1), ("sinus_tachycardia", 0), ("rbbb", 0)]
)
def test_a_rhythm_without_ectopic_beats_has_none(condition, most):
    cohort = simulate_cohort(4, seed=8, conditions=(condition,))
    found = [measure(cohort.record(i)).n_ectopic_beats for i in range(4)]
    assert np.nansum(found) <= most  # NaN: not judged, in an irregular rhythm


def test_an_early_beat_of_the_same_shape_is_supraventricular():
    measured = measure(synthetic_record(beats_s=early_beat_s(0.25)))
    beats = measured.beats
    assert np.flatnonzero(beats["premature"]).tolist() == [5]
    assert not beats["different_shape"].any()
    assert beats["ectopic_origin"].tolist() == [*[""] * 5, "supraventricular", *[""] * 6]
    assert measured.n_ectopic_beats == 1


def test_a_beat_a_little_early_is_not_premature():
    measured = measure(synthetic_record(beats_s=early_beat_s(0.1)))  # 700 of 800 ms: 88 %
    assert measured.n_ectopic_beats == 0


def test_early_beats_of_an_irregular_rhythm_are_the_rhythm_itself():
    rng = np.random.default_rng(3)
    beats_s = np.cumsum(rng.uniform(0.5, 1.1, size=12)) - 0.2
    measured = measure(synthetic_record(beats_s=beats_s[beats_s < 9.4], p_waves=False))
    assert measured.beats["premature"].any()
    assert measured.rhythm_regularity == "irregular"
    # None was looked for by timing: 0 would say that there are none.
    assert np.isnan(measured.n_ectopic_beats)
    assert measured.why_missing("n_ectopic_beats")[0] == "not judged"
    assert measured.reasons["n_ectopic_beats"].startswith("not judged: the rhythm is irregular")
    entry = measured.to_dict()["measurements"]["n_ectopic_beats"]
    assert entry["value"] is None
    assert "not judged" in entry["reason"]


def test_beats_of_another_shape_are_counted_in_an_irregular_rhythm_too():
    rng = np.random.default_rng(3)
    beats_s = np.cumsum(rng.uniform(0.5, 1.1, size=12)) - 0.2
    beats_s = beats_s[beats_s < 9.4]
    measured = measure(
        with_a_wide_beat(synthetic_record(beats_s=beats_s, p_waves=False), at_s=beats_s[5])
    )
    assert measured.rhythm_regularity == "irregular"
    assert measured.n_ectopic_beats == 1


def test_what_is_not_measurable_is_not_called_not_judged():
    measured = measure(synthetic_record(beats_s=np.array([2.0, 4.0])))
    verdict, reason = measured.why_missing("n_ectopic_beats")
    assert verdict == "not measurable"
    assert "beats found" in reason
    assert measured.why_missing("n_beats") == ("", "")


def test_a_wide_beat_of_another_shape_is_ventricular_even_when_on_time():
    record = with_a_wide_beat(synthetic_record(), at_s=0.4 + 5 * 0.8)
    beats = measure(record).beats
    assert np.flatnonzero(beats["ectopic"]).tolist() == [5]
    assert beats.loc[5, "ectopic_origin"] == "ventricular"
    assert beats.loc[5, "qrs_ms"] >= 120


def test_intervals_and_amplitudes_are_those_of_the_dominant_beats():
    clean = measure(synthetic_record())
    record = synthetic_record(beats_s=early_beat_s(0.25))
    for at in (2, 5, 8):
        record = with_a_wide_beat(record, at_s=0.4 + at * 0.8 - (0.25 if at == 5 else 0))
    mixed = measure(record)
    assert mixed.n_ectopic_beats == 3
    for name in ("pr_ms", "qrs_ms", "qt_ms"):
        # 8 ms: one sample of the delineation on each end, where a neighbour's tail is in its sight
        assert mixed.scalars()[name] == pytest.approx(clean.scalars()[name], abs=8), name
        assert not mixed.evidence(name)[[2, 5, 8]].any()
    # 20 µV: the filter lets the wide beats ring a little
    np.testing.assert_allclose(mixed.leads["r_mv"], clean.leads["r_mv"], atol=0.02)


def test_variability_is_that_of_the_intervals_between_normal_beats():
    clean = measure(synthetic_record())
    early = measure(synthetic_record(beats_s=early_beat_s(0.25)))
    assert early.beats["rr_ms"].std() > 50
    assert early.rmssd_ms == pytest.approx(clean.rmssd_ms, abs=2)  # one sample at 500 Hz
    assert early.rhythm_regularity == "regular"
    assert not early.evidence("sdnn_ms")[[0, 5, 6]].any()
    assert early.evidence("sdnn_ms").sum() == early.n_beats - 3


def test_no_count_where_beats_have_no_common_shape():
    rng = np.random.default_rng(0)
    record = synthetic_record()
    measured = measure(with_signal(record, rng.normal(0, 0.3, size=(12, 5000))))
    if measured.n_beats < 3:
        assert "beats found" in measured.reasons["n_ectopic_beats"]
    assert np.isnan(measured.n_ectopic_beats)
    assert "n_ectopic_beats" in measured.reasons


# Ratchet: sensitivity and positive predictive value for V beats of the first two minutes.
@needs_shared_data
@pytest.mark.parametrize(("name", "sensitivity", "ppv"), [("119", 0.99, 0.99), ("106", 0.9, 0.95)])
def test_ventricular_beats_of_mit_bih(name, sensitivity, ppv):
    stem = str(SHARED_DATA / "mitdb" / name)
    signal, facts = wfdb.rdsamp(stem, sampto=120 * 360)
    marks = wfdb.rdann(stem, "atr", sampto=120 * 360)
    leads = tuple(canonical_lead(lead) for lead in facts["sig_name"])
    beats = measure(EcgRecord(signal.T, facts["fs"], leads, name)).beats
    peaks = beats["r_peak_samples"].to_numpy()
    symbols = np.array([s for s in marks.symbol if s in _BEATS])
    at = np.array([a for a, s in zip(marks.sample, marks.symbol, strict=True) if s in _BEATS])
    nearest = np.abs(peaks[:, None] - at).argmin(axis=1)
    ventricular = symbols[nearest] == "V"
    ectopic = beats["ectopic"].to_numpy()
    assert (ectopic & ventricular).sum() >= sensitivity * (symbols == "V").sum() > 0
    assert (ectopic & ventricular).sum() >= ppv * ectopic.sum()
