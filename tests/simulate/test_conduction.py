import numpy as np
import pytest

from physioclr.simulate import CONDITIONS, CONDUCTION_CONDITIONS, simulate_cohort, simulate_record


def made(condition, seed=5):
    return simulate_record(condition, seed=seed, noise=False)


@pytest.mark.parametrize("condition", CONDUCTION_CONDITIONS)
def test_every_condition_is_made_and_finite(condition):
    record = made(condition)
    assert np.isfinite(record.signal_mv).all()
    assert record.meta["condition"] == condition


def test_they_are_no_label_and_not_drawn_unasked():
    assert not set(CONDUCTION_CONDITIONS) & set(CONDITIONS)
    assert set(simulate_cohort(24, seed=1).conditions) <= set(CONDITIONS)


def test_in_two_to_one_block_every_second_p_wave_has_no_beat():
    record = made("av_block_2_2to1")
    beats, lone = record.meta["beats"], record.meta["lone_p"]
    assert abs(len(beats) - len(lone)) <= 1
    at = np.sort([b["p_peak"] for b in beats] + [p["p_peak"] for p in lone])
    spacing = np.diff(at[np.isfinite(at)])
    assert np.ptp(spacing) < 0.15 * spacing.mean()  # one atrial rate, up to its sinus arrhythmia


def test_in_mobitz_1_pr_lengthens_until_a_beat_drops():
    beats = made("av_block_2_mobitz_1").meta["beats"]
    pr_ms = np.array([2 * (b["qrs_on"] - b["p_on"]) for b in beats])
    after_pause = np.array([b["rr_ms"] for b in beats]) > 1.3 * np.nanmedian(
        [b["rr_ms"] for b in beats]
    )
    lengthened = np.diff(pr_ms)[~after_pause[1:]]
    assert (lengthened[np.isfinite(lengthened)] > 0).all()


def test_in_mobitz_2_pr_stays():
    beats = made("av_block_2_mobitz_2").meta["beats"]
    pr_ms = np.array([2 * (b["qrs_on"] - b["p_on"]) for b in beats])
    assert np.nanmax(pr_ms) - np.nanmin(pr_ms) < 4  # two samples at 500 Hz


def test_in_third_degree_block_no_beat_follows_a_p_wave():
    record = made("av_block_3")
    assert np.isnan([b["p_peak"] for b in record.meta["beats"]]).all()
    assert len(record.meta["lone_p"]) > len(record.meta["beats"])
    assert np.isnan(record.meta["parameters"]["pr_ms"])


def test_flutter_waves_keep_pace_with_the_beats():
    parameters = made("atrial_flutter").meta["parameters"]
    assert parameters["p_per_cycle"] in (2, 3, 4)
    assert 4.0 <= parameters["f_wave_hz"] <= 5.4  # 240 to 324 a minute


def test_a_pulse_comes_before_each_paced_qrs_and_is_in_the_signal():
    record = made("paced_both")
    spikes = record.meta["spikes"]
    onsets = np.array([b["qrs_on"] for b in record.meta["beats"]])
    ventricular = np.array([s["sample"] for s in spikes if s["chamber"] == "ventricle"])
    before = (onsets[np.isfinite(onsets)][:, None] - ventricular) / 500
    assert ((before > 0.003) & (before < 0.031)).any(axis=1).all()  # 4 to 30 ms to capture
    unpaced = np.abs(np.diff(made("lbbb").signal_mv, n=2)).max()
    near = np.abs(np.diff(record.signal_mv, n=2)).max()
    assert near > 2 * unpaced  # a single sample juts out
    assert {s["chamber"] for s in spikes} == {"atrium", "ventricle"}


def test_noise_aside_the_truth_is_the_same_at_another_rate():
    slow = simulate_record("av_block_2_2to1", seed=5, fs_hz=250.0, noise=False)
    fast = made("av_block_2_2to1")
    for one, other in zip(slow.meta["lone_p"], fast.meta["lone_p"], strict=True):
        assert one["p_peak"] * 2 == pytest.approx(other["p_peak"])
