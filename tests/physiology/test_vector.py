import numpy as np
import pytest

from physioclr.physiology.measurements import measure
from physioclr.physiology.vector import (
    PHYSIOLOGY_GROUPS,
    PHYSIOLOGY_NAMES,
    PHYSIOLOGY_UNITS,
    physiology_vector,
)
from physioclr.signal.delineation import delineate
from tests.signal.synthetic import synthetic_record, with_leads, with_signal


@pytest.fixture(scope="module")
def record():
    return synthetic_record()


@pytest.fixture(scope="module")
def delineation(record):
    return delineate(record)


@pytest.fixture(scope="module")
def series(record, delineation):
    return physiology_vector(record, delineation).as_series()


def test_every_entry_has_a_name_a_unit_and_a_group():
    assert len(set(PHYSIOLOGY_NAMES)) == len(PHYSIOLOGY_NAMES)
    assert set(PHYSIOLOGY_UNITS) == set(PHYSIOLOGY_GROUPS) == set(PHYSIOLOGY_NAMES)
    assert set(PHYSIOLOGY_GROUPS.values()) == {
        "rate",
        "rhythm",
        "conduction",
        "repolarisation",
        "amplitudes",
        "morphology",
    }
    for name in PHYSIOLOGY_NAMES:
        assert bool(PHYSIOLOGY_UNITS[name]) == name.endswith(("_ms", "_mv", "_pct", "_per_s"))


def test_the_paper_has_ten_numbers_for_each_of_ten_beats():
    assert sum(name.startswith("beat") for name in PHYSIOLOGY_NAMES) == 100


def test_a_healthy_synthetic_ecg_has_every_entry_but_the_first_beats_past(series):
    assert set(series[series.isna()].index) == {"beat01_rr_ms", "beat01_qtc_bazett_ms"}


def test_vector_and_measurements_say_the_same(record, delineation, series):
    measured = measure(record, delineation)
    # 12 ms: the median beat's QRS is that of the velocity of all leads, a beat's of their marks
    assert series["qrs_median_ms"] == pytest.approx(measured.qrs_ms, abs=12)
    assert series["rr_mean_ms"] == pytest.approx(measured.rr_ms)
    assert series["rmssd_ms"] == measured.rmssd_ms
    assert series["lead_v2_s_mv"] == measured.leads.loc["V2", "s_mv"]
    angle = np.degrees(np.arctan2(series["axis_sin"], series["axis_cos"]))
    assert angle == pytest.approx(measured.axis_deg)


def test_shares_of_a_healthy_synthetic_ecg(series):
    assert series["absent_p_pct"] == 0
    assert series["inverted_t_pct"] == 0
    assert series["qtc_500_or_more_pct"] == 0
    assert series["short_rr_pct"] == 0
    assert series["adjacent_correlation_min"] > 0.95  # beats of one shape and 4 µV of noise


def test_an_early_beat_is_a_short_interval():
    beats_s = np.arange(0.4, 9.3, 0.8)
    beats_s[5] -= 0.25
    series = physiology_vector(synthetic_record(beats_s=beats_s)).as_series()
    assert series["short_rr_pct"] == pytest.approx(100 / (beats_s.size - 1))


def test_missing_leads_are_nan_and_not_zero(record):
    limb = physiology_vector(with_leads(record, ("I", "II", "III"))).as_series()
    assert limb.filter(like="lead_v").isna().all()
    assert np.isfinite(limb["lead_ii_r_mv"])


def test_no_signal_is_nan_throughout(record):
    silent = physiology_vector(with_signal(record, np.zeros((12, 5000))))
    assert np.isnan(silent.values).all()
    assert silent.names == PHYSIOLOGY_NAMES


def test_values_cannot_be_overwritten(record, delineation):
    vector = physiology_vector(record, delineation)
    with pytest.raises(ValueError, match="read-only"):
        vector.values[0] = 0
