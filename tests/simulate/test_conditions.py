"""Each condition meets its published criterion, measured on the clean signal."""

import numpy as np
import pytest

from physioclr.leads import STANDARD_LEADS
from physioclr.simulate import CONDITIONS, Range, simulate_cohort, simulate_record

_N = 12
_FS = 500.0


@pytest.fixture(scope="module")
def of():
    """One clean cohort a condition, simulated when first asked for."""
    made = {}

    def get(key):
        if key not in made:
            made[key] = simulate_cohort(_N, seed=21, conditions=[key], noise=False)
        return made[key]

    return get


def lead(cohort, name):
    return cohort.signals_mv[:, STANDARD_LEADS.index(name)]


def qrs_of(cohort, name, index):
    """One lead in the QRS of the second normal beat with all its fiducials."""
    beats = cohort.beats[(cohort.beats["record"] == index) & (cohort.beats["kind"] == "normal")]
    beat = beats.dropna(subset=["qrs_on", "qrs_off", "t_off"]).iloc[1]
    return lead(cohort, name)[index, int(beat["qrs_on"]) : int(beat["qrs_off"]) + 1]


def each_qrs(cohort, name):
    return [qrs_of(cohort, name, index) for index in range(len(cohort))]


def at_j_plus_ms(cohort, name, delay_ms):
    """(n_records,) mean level in mV at the J point plus a delay, over the beats."""
    signal = lead(cohort, name)
    levels = []
    for index in range(len(cohort)):
        j_points = cohort.fiducials(index)["qrs_off"].dropna().to_numpy()
        samples = np.rint(j_points + delay_ms * _FS / 1000).astype(int)
        levels.append(signal[index, samples[samples < signal.shape[1]]].mean())
    return np.array(levels)


def t_height(cohort, name):
    """(n_records,) mean of a lead at the T peak."""
    heights = []
    for index in range(len(cohort)):
        peaks = np.rint(cohort.fiducials(index)["t_peak"].dropna().to_numpy()).astype(int)
        heights.append(lead(cohort, name)[index, peaks].mean())
    return np.array(heights)


@pytest.mark.parametrize(
    ("key", "lowest", "highest"),
    [("sinus_bradycardia", 30, 60), ("sinus_rhythm", 58, 102), ("sinus_tachycardia", 100, 150)],
)
def test_heart_rate_is_in_its_range(of, key, lowest, highest):
    # Sinus rhythm may leave 60–100 bpm by 2: the strip holds few beats of the drawn mean.
    rates = of(key).parameters["heart_rate_bpm"]
    assert rates.between(lowest, highest).all()


def test_sinus_rhythm_has_negative_avr_and_upright_i_ii_v6(of):
    cohort = of("sinus_rhythm")
    for complex_mv in each_qrs(cohort, "aVR"):
        assert complex_mv.sum() < 0
        assert -complex_mv.min() > complex_mv.max()
    assert (t_height(cohort, "aVR") < 0).all()
    for name in ("I", "II", "V6"):
        assert (t_height(cohort, name) > 0).all()
    for name in ("II", "V6"):
        assert all(complex_mv.sum() > 0 for complex_mv in each_qrs(cohort, name))


def test_r_grows_from_v1_to_v4_and_s_shrinks_to_v6(of):
    cohort = of("sinus_rhythm")
    r_mv = np.array([[q.max() for q in each_qrs(cohort, f"V{i}")] for i in range(1, 7)])
    s_mv = np.array([[q.min() for q in each_qrs(cohort, f"V{i}")] for i in range(1, 7)])
    assert (np.diff(r_mv[:4], axis=0) > 0).all()
    assert (s_mv[0] < -0.4).all()  # an rS in V1
    assert (s_mv[5] > -0.4).all()
    assert (r_mv[0] < -s_mv[0]).all()


def test_p_is_upright_in_ii_and_negative_in_avr(of):
    cohort = of("sinus_rhythm")
    for index in range(_N):
        peaks = np.rint(cohort.fiducials(index)["p_peak"].dropna().to_numpy()).astype(int)
        assert lead(cohort, "II")[index, peaks].mean() > 0.05
        assert lead(cohort, "aVR")[index, peaks].mean() < -0.03


def test_axis_is_that_of_the_net_areas_in_i_and_avf(of):
    cohort = of("sinus_rhythm")
    for index in range(_N):
        net_i = qrs_of(cohort, "I", index).sum()
        net_avf = qrs_of(cohort, "aVF", index).sum() * 2 / np.sqrt(3)
        axis = np.degrees(np.arctan2(net_avf, net_i))
        # The J-point level (0.02 mV) and the tails beyond the fiducials shift it a little.
        assert axis == pytest.approx(cohort.parameters["axis_deg"][index], abs=6)


def test_atrial_fibrillation_is_irregular_without_p(of):
    cohort = of("atrial_fibrillation")
    assert cohort.beats[["p_on", "p_peak", "p_off"]].isna().all(axis=None)
    assert cohort.parameters["pr_ms"].isna().all()
    assert (cohort.parameters["rr_cv"] > 0.08).all()  # drawn from 0.14; few beats estimate it
    assert cohort.beats["rr_ms"].min() >= 280  # refractory 300 ms, before the mean is restored


@pytest.mark.parametrize("seed", range(4))
def test_fibrillatory_waves_lie_at_4_to_9_hz_and_are_largest_in_v1(seed):
    louder, softer = (
        simulate_record("atrial_fibrillation", seed=seed, noise=False, f_wave_mv=f_wave_mv)
        for f_wave_mv in (0.10, 0.05)
    )
    waves = louder.signal_mv - softer.signal_mv  # the ventricles cancel exactly
    rms = dict(zip(STANDARD_LEADS, np.sqrt((waves**2).mean(axis=1)), strict=True))
    assert max(rms, key=rms.get) == "V1"
    assert rms["V1"] == pytest.approx(0.05, rel=0.3)  # slow modulation: few cycles in 10 s
    power = np.abs(np.fft.rfft(waves[STANDARD_LEADS.index("V1")])) ** 2
    assert 4 <= np.fft.rfftfreq(waves.shape[1], 1 / _FS)[power.argmax()] <= 9


def test_first_degree_block_has_pr_above_200_ms_in_every_beat(of):
    beats = of("av_block_1").beats
    pr_ms = (beats["qrs_on"] - beats["p_on"]).dropna() * 1000 / _FS
    assert (pr_ms > 200 - 1e-9).all()


def test_lbbb_is_wide_negative_in_v1_upright_in_i_and_v6_with_discordant_t(of):
    cohort = of("lbbb")
    assert (cohort.parameters["qrs_ms"] >= 120).all()
    for complex_mv in each_qrs(cohort, "V1"):
        assert complex_mv.max() < 0.15  # QS, or at most a tiny r
        assert complex_mv.min() < -0.4
    for name in ("I", "V6"):
        assert all(q.max() > 0.3 and q.min() > -0.1 for q in each_qrs(cohort, name))
        assert (t_height(cohort, name) < 0).all()
    assert (t_height(cohort, "V1") > 0).all()


def test_lbbb_r_is_notched_in_v6(of):
    def n_summits(wave):
        rises = np.diff(wave) > 0
        return int((rises[:-1] & ~rises[1:]).sum())

    notched = [n_summits(complex_mv) >= 2 for complex_mv in each_qrs(of("lbbb"), "V6")]
    assert np.mean(notched) >= 0.5  # notched or slurred; both meet the criterion


def test_rbbb_is_wide_with_r_prime_in_v1_and_late_s_in_i_and_v6(of):
    cohort = of("rbbb")
    assert (cohort.parameters["qrs_ms"] >= 120).all()
    for complex_mv in each_qrs(cohort, "V1"):
        half = complex_mv.size // 2
        assert complex_mv[half:].max() > 0.3
        assert complex_mv[half:].max() > complex_mv[:half].max()
        assert complex_mv.min() < 0
    for name in ("I", "V6"):
        for complex_mv in each_qrs(cohort, name):
            assert complex_mv[complex_mv.size // 2 :].min() < -0.1
    assert (t_height(cohort, "V1") < 0).all()


def test_pvc_is_early_wide_without_p_and_its_pause_is_compensatory(of):
    cohort = of("pvc")
    for index in range(_N):
        beats = cohort.beats[cohort.beats["record"] == index].reset_index(drop=True)
        early = beats.index[beats["kind"] == "premature"]
        assert len(early) >= 1
        typical = beats["rr_ms"].median()
        for beat in early:
            row = beats.loc[beat]
            assert row[["p_on", "p_peak", "p_off"]].isna().all()
            assert (row["qrs_off"] - row["qrs_on"]) * 1000 / _FS >= 120
            assert row["rr_ms"] < 0.85 * typical
            both = row["rr_ms"] + beats["rr_ms"][beat + 1]
            assert both == pytest.approx(2 * typical, rel=0.2)  # respiratory arrhythmia


def test_inferior_st_elevation_meets_the_universal_definition_with_reciprocal_avl(of):
    cohort = of("stemi_inferior")
    for name in ("II", "III", "aVF"):
        assert (at_j_plus_ms(cohort, name, 60) >= 0.1).all()
    assert (at_j_plus_ms(cohort, "aVL", 60) < -0.05).all()


def test_anterior_st_elevation_meets_the_universal_definition_with_reciprocal_iii(of):
    cohort = of("stemi_anterior")
    for name in ("V2", "V3"):
        assert (at_j_plus_ms(cohort, name, 20) >= 0.25).all()
    for name in ("V1", "V4"):
        assert (at_j_plus_ms(cohort, name, 60) >= 0.1).all()
    assert (at_j_plus_ms(cohort, "III", 60) < -0.02).all()


def test_st_is_isoelectric_in_sinus_rhythm(of):
    for name in ("I", "II", "III", "aVF", "V5", "V6"):
        assert np.abs(at_j_plus_ms(of("sinus_rhythm"), name, 20)).max() < 0.1


def test_lvh_alone_meets_sokolow_lyon(of):
    def voltage(cohort):
        s_v1 = np.array([-q.min() for q in each_qrs(cohort, "V1")])
        r_v5 = np.array([q.max() for q in each_qrs(cohort, "V5")])
        r_v6 = np.array([q.max() for q in each_qrs(cohort, "V6")])
        return s_v1 + np.maximum(r_v5, r_v6)

    assert (voltage(of("lvh")) >= 3.5).all()
    assert (voltage(of("sinus_rhythm")) < 3.5).all()
    drawn = of("lvh").parameters["sokolow_lyon_mv"]
    # Breathing moves amplitudes by 4 %; T and ST shift R and S by a few hundredths of a mV.
    np.testing.assert_allclose(voltage(of("lvh")), drawn, rtol=0.07)


def test_lvh_has_strain_in_v5_and_v6(of):
    for name in ("V5", "V6"):
        assert (t_height(of("lvh"), name) < 0).all()
        assert (at_j_plus_ms(of("lvh"), name, 20) < 0).all()


def test_long_qt_is_prolonged_for_either_sex_and_sinus_rhythm_is_not(of):
    assert (of("long_qt").parameters["qtc_fridericia_ms"] > 465).all()
    assert (of("sinus_rhythm").parameters["qtc_fridericia_ms"] < 460).all()


def test_qtc_of_women_is_longer():
    cohort = simulate_cohort(80, seed=9, conditions=["sinus_rhythm"], duration_s=3, noise=False)
    by_sex = cohort.parameters.groupby("sex")["qtc_fridericia_ms"].mean()
    assert by_sex["female"] - by_sex["male"] > 4  # 12 drawn; 40 each of sd 14: error 3


def test_conditions_are_ordered_by_key_and_cannot_be_changed():
    assert next(iter(CONDITIONS)) == "sinus_rhythm"
    assert len(CONDITIONS) == 12
    assert all(condition.key == key for key, condition in CONDITIONS.items())
    with pytest.raises(TypeError):
        CONDITIONS["asystole"] = CONDITIONS["lbbb"]


def test_range_refuses_disorder():
    with pytest.raises(ValueError, match="low ≤ mode ≤ high"):
        Range(2.0, 1.0, 3.0)
