"""The simulated cohort as its users meet it: shapes, seeds, truth, identities."""

import pickle

import numpy as np
import pytest

from physioclr.leads import STANDARD_LEADS
from physioclr.signal.delineation import FIDUCIALS
from physioclr.simulate import CONDITIONS, simulate_cohort, simulate_record


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(48, seed=3)


@pytest.fixture(scope="module")
def clean():
    return simulate_cohort(48, seed=3, noise=False)


def test_signals_are_twelve_standard_leads_of_float32(cohort):
    assert cohort.signals_mv.shape == (48, 12, 5000)
    assert cohort.signals_mv.dtype == np.float32
    assert cohort.leads == STANDARD_LEADS
    assert len(cohort) == 48
    assert np.isfinite(cohort.signals_mv).all()


def test_every_condition_is_equally_frequent_and_the_order_is_shuffled(cohort):
    assert {cohort.conditions.count(key) for key in CONDITIONS} == {4}
    assert cohort.conditions[:12] != tuple(CONDITIONS)
    assert cohort.conditions[:12] != cohort.conditions[12:24]


def test_record_does_not_depend_on_the_size_of_its_cohort(cohort):
    small = simulate_cohort(7, seed=3)
    assert small.conditions == cohort.conditions[:7]
    np.testing.assert_array_equal(small.signals_mv, cohort.signals_mv[:7])
    assert small.parameters.equals(cohort.parameters.iloc[:7])


def test_the_seed_decides_everything(cohort):
    again = simulate_cohort(5, seed=3)
    other = simulate_cohort(5, seed=4)
    np.testing.assert_array_equal(again.signals_mv, cohort.signals_mv[:5])
    assert not np.array_equal(other.signals_mv, again.signals_mv)


def test_records_differ_from_each_other(cohort):
    assert len(np.unique(cohort.signals_mv[:, 1, 2500])) == 48


@pytest.mark.parametrize("noise", [True, False])
def test_einthoven_and_goldberger_hold(noise, cohort, clean):
    signals = cohort.signals_mv if noise else clean.signals_mv
    lead = {name: signals[:, row] for row, name in enumerate(STANDARD_LEADS)}
    rounding = 2e-6  # mV: a few units in the last place of float32 at 4 mV
    assert np.abs(lead["I"] + lead["III"] - lead["II"]).max() < rounding
    assert np.abs(lead["aVR"] + (lead["I"] + lead["II"]) / 2).max() < rounding
    assert np.abs(lead["aVL"] - (lead["I"] - lead["III"]) / 2).max() < rounding
    assert np.abs(lead["aVF"] - (lead["II"] + lead["III"]) / 2).max() < rounding


def test_noise_changes_the_signal_and_nothing_of_the_heart(cohort, clean):
    assert cohort.beats.equals(clean.beats)
    assert cohort.parameters["qt_ms"].equals(clean.parameters["qt_ms"])
    added = (cohort.signals_mv - clean.signals_mv).std(axis=2)
    assert added.min() > 0.001  # the white part alone is at least 1 µV at each electrode
    assert added.max() < 0.6  # a resting ECG: wander stays below a tall R


def test_clean_waves_do_not_depend_on_the_sampling_rate():
    fine = simulate_cohort(12, seed=5, fs_hz=1000, noise=False)
    coarse = simulate_cohort(12, seed=5, fs_hz=250, noise=False)
    # Gaussians end at 4.7 sigma: 3e-5 of at most 4 mV, over a few overlapping ones.
    np.testing.assert_allclose(fine.signals_mv[:, :, ::4], coarse.signals_mv, atol=5e-4)
    ours, theirs = fine.beats[list(FIDUCIALS)] / 4, coarse.beats[list(FIDUCIALS)]
    both = ours.notna().to_numpy() & theirs.notna().to_numpy()
    # Only the last sample's position (9.996 s or 9.999 s) may cost a fiducial at the edge.
    assert (ours.notna().to_numpy() != theirs.notna().to_numpy()).sum() <= 2
    np.testing.assert_allclose(ours.to_numpy()[both], theirs.to_numpy()[both], rtol=1e-9)


def test_fiducials_are_in_order_and_inside_the_strip(cohort):
    table = cohort.beats[list(FIDUCIALS)].to_numpy()
    for row in table:
        assert (np.diff(row[np.isfinite(row)]) > 0).all()
    assert np.nanmin(table) >= 0
    assert np.nanmax(table) <= 4999
    assert np.isfinite(cohort.beats["r_peak"]).all()


def test_no_t_wave_reaches_the_next_qrs(cohort):
    for index in range(len(cohort)):
        beats = cohort.fiducials(index)
        gap = beats["qrs_on"].to_numpy()[1:] - beats["t_off"].to_numpy()[:-1]
        assert (gap[np.isfinite(gap)] > 0).all()


def test_intervals_drawn_are_those_between_the_fiducials(cohort):
    for index, truth in cohort.parameters.iterrows():
        beats = cohort.beats[(cohort.beats["record"] == index)]
        normal = beats[beats["kind"] == "normal"]
        qrs_ms = (normal["qrs_off"] - normal["qrs_on"]).dropna() * 2
        assert qrs_ms.to_numpy() == pytest.approx(truth["qrs_ms"], abs=1e-6)  # rounding
        qt_ms = (normal["t_off"] - normal["qrs_on"]).mean() * 2
        assert qt_ms == pytest.approx(truth["qt_ms"], abs=1e-6)  # rounding
        rr_ms = np.diff(beats["r_peak"]) * 2
        assert 60_000 / rr_ms.mean() == pytest.approx(truth["heart_rate_bpm"], rel=1e-9)
        if truth["condition"] != "atrial_fibrillation":
            p_ms = ((normal["p_off"] - normal["p_on"]) * 2).dropna()
            assert p_ms.to_numpy() == pytest.approx(truth["p_ms"], abs=1e-6)  # rounding


def test_signal_is_flat_before_p_and_alive_within_every_wave(clean):
    for index, condition in enumerate(clean.conditions):
        if condition != "sinus_rhythm":
            continue
        signal = clean.signals_mv[index]
        for _, beat in clean.fiducials(index).dropna().iterrows():
            before = signal[:, max(int(beat["p_on"]) - 8, 0) : int(beat["p_on"])]
            assert np.abs(before).max(initial=0) < 0.05  # two Gaussians at 0.02 mV each, no more
            for wave, height_mv in (("p", 0.05), ("qrs", 0.4), ("t", 0.08)):
                part = signal[:, int(beat[f"{wave}_on"]) : int(beat[f"{wave}_off"])]
                assert np.ptp(part, axis=1).max() > height_mv


def test_r_peak_lies_where_the_leads_are_largest_together(clean):
    chosen = [i for i, key in enumerate(clean.conditions) if key in ("sinus_rhythm", "lvh")]
    for index in chosen:
        signal = clean.signals_mv[index]
        size = np.sqrt((signal**2).sum(axis=0))
        for _, beat in clean.fiducials(index).dropna().iterrows():
            start, end = int(beat["qrs_on"]), int(beat["qrs_off"]) + 1
            apex = start + size[start:end].argmax()
            # The leads stretch the dipole's back axis, so their apex may lie at the S of V1–V3.
            assert abs(apex - beat["r_peak"]) <= 0.03 * 500


def test_record_says_that_it_is_simulated(cohort):
    record = cohort.record(2)
    assert record.simulated
    assert record.meta["source"] == "simulated"
    assert record.meta["condition"] == cohort.conditions[2]
    assert record.meta["sex"] in ("female", "male")
    assert 18 <= record.meta["age_years"] <= 92
    assert record.record_id == cohort.record_ids[2]
    np.testing.assert_array_equal(record.signal_mv, cohort.signals_mv[2])


def test_negative_index_counts_from_the_end_everywhere(cohort):
    assert cohort.record(-1).record_id == cohort.record_ids[-1]
    assert cohort.fiducials(-1).equals(cohort.fiducials(47))
    with pytest.raises(IndexError):
        cohort.fiducials(48)
    with pytest.raises(IndexError):
        cohort.record(48)


def test_chosen_conditions_alone_are_dealt():
    few = simulate_cohort(5, conditions=["rbbb", "lvh"], duration_s=3)
    assert set(few.conditions) == {"rbbb", "lvh"}


def test_overrides_are_obeyed_and_stated():
    record = simulate_record(
        seed=1, noise=False, heart_rate_bpm=60, rr_cv=0, pr_ms=160, qrs_ms=95, qt_ms=390
    )
    truth = record.meta["parameters"]
    assert truth["heart_rate_bpm"] == pytest.approx(60, abs=1e-6)  # a metronome
    assert truth["pr_ms"] == pytest.approx(160, abs=1e-6)  # PR follows RR, which is constant
    assert truth["qt_ms"] == pytest.approx(390, abs=1.0)  # a T cut by the strip's edge
    for beat in record.meta["beats"]:
        assert (beat["qrs_off"] - beat["qrs_on"]) * 2 == pytest.approx(95, abs=1e-6)  # rounding


def test_qt_follows_the_rate_when_only_the_rate_is_fixed():
    slow = simulate_record(seed=1, heart_rate_bpm=50).meta["parameters"]
    fast = simulate_record(seed=1, heart_rate_bpm=100).meta["parameters"]
    assert slow["qt_ms"] - fast["qt_ms"] > 60  # Fridericia: 400 ms · (1.2^⅓ − 0.6^⅓) = 88 ms


def test_record_survives_pickling():
    record = simulate_record("pvc", seed=2, duration_s=3)
    again = pickle.loads(pickle.dumps(record))
    assert again.meta["beats"][0].keys() == record.meta["beats"][0].keys()
    assert again.simulated


@pytest.mark.parametrize(
    ("arguments", "error", "part"),
    [
        ({"n_records": 0}, ValueError, "n_records"),
        ({"n_records": 2.5}, TypeError, "n_records"),
        ({"n_records": 1, "seed": -1}, ValueError, "seed"),
        ({"n_records": 1, "seed": 0.5}, TypeError, "seed"),
        ({"n_records": 1, "fs_hz": 50}, ValueError, "fs_hz"),
        ({"n_records": 1, "fs_hz": float("nan")}, ValueError, "fs_hz"),
        ({"n_records": 1, "duration_s": 1}, ValueError, "duration_s"),
        ({"n_records": 1, "conditions": []}, ValueError, "at least one"),
        ({"n_records": 1, "conditions": ["asystole"]}, ValueError, "sinus_rhythm"),
        ({"n_records": 1, "conditions": ["lbbb", "lbbb"]}, ValueError, "repeat"),
        ({"n_records": 1, "conditions": "lbbb"}, TypeError, "string"),
    ],
)
def test_cohort_refuses_what_makes_no_sense(arguments, error, part):
    with pytest.raises(error, match=part):
        simulate_cohort(**arguments)


@pytest.mark.parametrize(
    ("condition", "overrides", "error", "part"),
    [
        ("sinus_rhythm", {"heart_rate": 60}, ValueError, "heart_rate_bpm"),
        ("sinus_rhythm", {"heart_rate_bpm": "60"}, TypeError, "number"),
        ("sinus_rhythm", {"heart_rate_bpm": -60}, ValueError, "positive"),
        ("sinus_rhythm", {"heart_rate_bpm": 400}, ValueError, "20–220"),
        ("sinus_rhythm", {"sex": "unknown"}, ValueError, "female"),
        ("sinus_rhythm", {"qt_ms": 1500}, ValueError, "qt_ms"),
        ("sinus_rhythm", {"pr_ms": 60, "p_ms": 100}, ValueError, "pr_ms"),
        ("sinus_rhythm", {"axis_deg": 170}, ValueError, "axis_deg"),
        ("sinus_rhythm", {"f_wave_mv": 0.1}, ValueError, "does not apply"),
        ("atrial_fibrillation", {"pr_ms": 160}, ValueError, "does not apply"),
        ("lbbb", {"sokolow_lyon_mv": 4.0}, ValueError, "does not apply"),
        ("pvc", {"coupling": 0.1}, ValueError, "coupling"),
    ],
)
def test_record_refuses_overrides_that_make_no_sense(condition, overrides, error, part):
    with pytest.raises(error, match=part):
        simulate_record(condition, **overrides)
