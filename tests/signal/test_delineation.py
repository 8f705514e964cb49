import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from physioclr.errors import SignalError
from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord
from physioclr.signal.delineation import FIDUCIALS, Delineation, cut_samples, delineate
from tests.signal.synthetic import regular_beats_s, synthetic_record, with_leads, with_signal


@pytest.fixture(scope="module")
def record():
    return synthetic_record()


@pytest.fixture(scope="module")
def delineation(record):
    return delineate(record)


def test_it_maps_each_lead_to_one_row_a_beat(record, delineation):
    assert delineation.leads == tuple(delineation) == record.leads
    assert len(delineation) == 12
    for table in delineation.values():
        assert tuple(table.columns) == FIDUCIALS
        assert len(table) == delineation.n_beats == regular_beats_s().size
        assert (table.dtypes == np.float64).all()
    assert not delineation.reasons


def test_peaks_lie_where_the_waves_were_put(delineation):
    r_s = regular_beats_s()
    # 12 ms: three sigma of where the tail of a neighbouring wave and the noise move an apex
    np.testing.assert_allclose(delineation["II"]["r_peak"] / 500, r_s, atol=0.012)
    np.testing.assert_allclose(delineation["II"]["p_peak"] / 500, r_s - 0.16, atol=0.012)
    np.testing.assert_allclose(delineation["II"]["t_peak"] / 500, r_s + 0.26, atol=0.012)


@pytest.mark.parametrize("lead", ["I", "II", "V4", "V6"])
def test_fiducials_of_a_beat_come_in_order(delineation, lead):
    assert (np.diff(delineation[lead].to_numpy(), axis=1) > 0).all()


def test_leads_that_point_down_are_measured_too(delineation):
    for lead in ("aVR", "V1"):
        assert np.isfinite(delineation[lead]["qrs_on"]).all()
    # aVR is nearly II upside down, so its P and T peaks are II's; 20 ms for the noise on each
    for wave in ("p_peak", "t_peak"):
        np.testing.assert_allclose(delineation["aVR"][wave], delineation["II"][wave], atol=10)


@pytest.mark.parametrize(
    ("sample", "reason"), [(0.25, "lead V3 is flat (0.00 mV"), (np.nan, "lead V3 has no samples")]
)
def test_flat_or_empty_lead_is_nan_with_a_reason_and_changes_no_other(record, sample, reason):
    signal_mv = record.signal_mv.copy()
    signal_mv[record.leads.index("V3")] = sample
    with_fault = delineate(with_signal(record, signal_mv))
    assert with_fault["V3"].isna().to_numpy().all()
    assert len(with_fault["V3"]) == with_fault.n_beats
    assert with_fault.reasons["V3"].startswith(reason)
    assert "V3" not in with_fault.measured_leads
    assert with_fault["II"]["t_peak"].notna().all()


def test_waves_over_missing_samples_are_nan_and_the_rest_is_measured(record):
    signal_mv = record.signal_mv.copy()
    row = record.leads.index("II")
    beat = round(regular_beats_s()[3] * 500)
    signal_mv[row, beat + 100 : beat + 160] = np.nan  # the T wave of the fourth beat
    with_gap = delineate(with_signal(record, signal_mv))
    assert np.isnan(with_gap["II"]["t_peak"][3])
    assert np.isfinite(with_gap["II"]["r_peak"]).all()
    assert np.isfinite(with_gap["II"]["t_peak"].drop(index=3)).all()


def test_each_wave_that_is_not_there_says_whether_it_is_absent_or_why_it_is_not_known(record):
    signal_mv = record.signal_mv.copy()
    beat = round(regular_beats_s()[3] * 500)
    signal_mv[record.leads.index("II"), beat + 100 : beat + 160] = np.nan
    signal_mv[record.leads.index("V3")] = np.nan
    found = delineate(with_signal(record, signal_mv))
    assert found.states("II")["t"][3] == "not measurable: samples are missing"
    assert (found.states("V3") == "not measurable: the lead has no signal").to_numpy().all()
    assert (found.states("I")["qrs"] == "present").all()
    without_p = delineate(synthetic_record(p_waves=False))
    # The first beat's P wave could lie before the record; the others have none.
    assert (without_p.states("II")["p"][1:] == "absent").all()


def test_a_wave_beyond_the_record_is_not_called_absent():
    late = delineate(synthetic_record(beats_s=np.array([0.1, 1.0, 1.9, 9.85])))
    states = late.states("II")
    assert states["p"].iloc[0] == "not measurable: outside the record"
    assert states["t"].iloc[-1] == "not measurable: outside the record"


def test_no_beats_give_empty_tables_and_reasons():
    silent = delineate(with_signal(synthetic_record(), np.zeros((12, 5000))))
    assert silent.n_beats == 0
    assert all(len(table) == 0 for table in silent.values())
    assert set(silent.reasons) == set(STANDARD_LEADS)
    assert cut_samples(silent).size == 0


def test_one_beat_is_one_row():
    lonely = delineate(synthetic_record(beats_s=np.array([4.0])))
    assert lonely.n_beats == 1
    # 20 ms: half of a QRS as narrow as this one
    assert lonely.r_peaks_samples[0] / 500 == pytest.approx(4.0, abs=0.02)
    assert not lonely.reasons


def test_p_waves_that_are_not_there_are_not_found():
    rng = np.random.default_rng(3)
    beats_s = np.cumsum(rng.uniform(0.5, 1.1, size=12)) - 0.2
    fibrillating = synthetic_record(beats_s=beats_s[beats_s < 9.4], p_waves=False, noise_mv=0.02)
    found = delineate(fibrillating).stack("p_peak")
    # One beat in ten: the PPV of .97 asked for leaves less, over many records
    assert np.isfinite(found).mean() < 0.1


def test_two_seconds_are_refused():
    with pytest.raises(SignalError, match=r"at least 5 s of signal, found 2\.0 s"):
        delineate(synthetic_record(duration_s=2.0, beats_s=np.array([0.5, 1.3])))


@settings(max_examples=3, deadline=None)
@given(gain=st.floats(0.2, 5), offset_mv=st.floats(-3, 3))
def test_gain_and_offset_move_no_wave(record, delineation, gain, offset_mv):
    changed = delineate(with_signal(record, record.signal_mv * gain + offset_mv))
    for fiducial in ("p_peak", "r_peak", "t_peak"):
        # 2 samples: float32 rounding of the offset may move a flat apex
        np.testing.assert_allclose(changed["II"][fiducial], delineation["II"][fiducial], atol=2)


@settings(max_examples=3, deadline=None)
@given(leads=st.permutations(STANDARD_LEADS))
def test_lead_order_does_not_matter(record, delineation, leads):
    shuffled = delineate(with_leads(record, tuple(leads)))
    for lead in leads:
        # 1 sample: the sums over leads round differently and may tip a tie
        np.testing.assert_allclose(shuffled[lead], delineation[lead], atol=1)


def test_cuts_fall_between_t_and_the_next_p():
    beats_s = regular_beats_s()
    cuts_s = cut_samples(delineate(synthetic_record())) / 500
    assert cuts_s.size == beats_s.size - 1
    assert (cuts_s > beats_s[:-1] + 0.26 + 2 * 0.045).all()  # two sigma after the apex of T
    assert (cuts_s < beats_s[1:] - 0.16 - 2 * 0.02).all()  # two sigma before the apex of P


def test_cuts_without_waves_use_a_share_of_the_interval(delineation):
    empty = np.full((1, 3, len(FIDUCIALS)), np.nan)
    unknown = np.ones((1, 3, 3), dtype=np.uint8)
    bare = Delineation(empty, unknown, ("II",), 500.0, np.array([100, 500, 900]), 1000, "bare")
    np.testing.assert_array_equal(cut_samples(bare), [360, 760])


def test_samples_that_do_not_fit_the_beats_are_refused():
    empty = np.full((1, 2, len(FIDUCIALS)), np.nan)
    with pytest.raises(ValueError, match=r"samples must have the shape \(1, 3, 9\)"):
        Delineation(
            empty, np.ones((1, 3, 3)), ("II",), 500.0, np.array([100, 500, 900]), 1000, "bare"
        )


def test_an_unknown_fiducial_is_refused_with_the_known_ones(delineation):
    with pytest.raises(ValueError, match="fiducial must be one of p_on"):
        delineation.stack("u_peak")


def test_it_survives_pickling(delineation):
    again = pickle.loads(pickle.dumps(delineation))
    pd.testing.assert_frame_equal(again["V2"], delineation["V2"])
    np.testing.assert_array_equal(again.r_peaks_samples, delineation.r_peaks_samples)


def test_progress_of_a_long_record_ends_with_all_of_it(record):
    long = EcgRecord(np.tile(record.lead_mv("II"), 13)[None], 500.0, ("II",), "long")
    said = []
    delineate(long, on_progress=lambda done_s, all_s: said.append((done_s, all_s)))
    assert [done_s for done_s, _ in said] == [50.0, 100.0, 130.0]
    assert {all_s for _, all_s in said} == {130.0}


def test_an_exception_in_the_progress_callback_ends_the_work(record):
    def stop(done_s, all_s):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        delineate(record, on_progress=stop)
