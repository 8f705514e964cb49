from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from physioclr.datasets.store import Store, StoreWriter
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.errors import DatasetError
from physioclr.physiology.similarity import PhysiologySpace
from physioclr.training_data.beats import WindowBeats
from physioclr.training_data.cohort import TrainingCohort
from physioclr.training_data.signals import MV_PER_UNIT, StreamedSignals

# Half a unit of 1 µV, in units of the encoder's 0.5 mV, and float32 rounding beside it.
HALF_A_UNIT = 0.5 * MV_PER_UNIT / 0.5 + 1e-5


@pytest.fixture(scope="module")
def cohort(pulse_store):
    return TrainingCohort.from_stores([pulse_store])


def store_of(folder, signals, *, fs_hz=500.0, **row):
    with StoreWriter(
        folder,
        fs_hz=fs_hz,
        n_samples=signals.shape[-1],
        source="made",
        simulated=True,
        label_sets={},
    ) as writer:
        for i, signal in enumerate(signals):
            writer.append(signal, {"record_id": f"{i}", "patient_id": f"{i}"}, **row)
    return Store(folder)


def noise(n, n_samples=5000):
    return np.random.default_rng(0).normal(0, 0.2, (n, 12, n_samples)).astype(np.float32)


def test_the_windows_of_a_recording_are_consecutive_in_time(pulse_store, cohort):
    batch = cohort.batch(torch.tensor([3, 8]))
    assert batch.recording.tolist() == [3, 3, 8, 8]
    whole = Preprocessing().filtered(pulse_store.signals_mv([8])[0], pulse_store.fs_hz)
    joined = torch.cat([batch.windows.signal[2], batch.windows.signal[3]], dim=-1)
    torch.testing.assert_close(joined, torch.from_numpy(whole), rtol=0, atol=HALF_A_UNIT)


def test_training_sees_what_the_encoder_is_fed_in_use(pulse_store, cohort):
    fed = Preprocessing().windows(pulse_store.record(5))
    batch = cohort.batch(torch.tensor([5]))
    torch.testing.assert_close(
        batch.windows.signal, torch.from_numpy(fed), rtol=0, atol=HALF_A_UNIT
    )


def test_beats_lie_at_their_r_peaks_and_cuts_between_them(cohort):
    batch = cohort.batch(torch.arange(24))
    for window in range(48):
        r = batch.windows.r_peaks[window][batch.windows.r_peaks[window] < 500]
        cuts = batch.windows.cuts[window][batch.windows.cuts[window] < 500]
        assert len(cuts) == len(r) - 1
        assert ((cuts > r[:-1]) & (cuts < r[1:])).all()
        # The pulse is 24 ms wide at 1/e: its maximum is within one 10 ms sample of the R peak.
        lead = batch.windows.signal[window, 11]
        inner = r[(r > 2) & (r < 497)]
        assert all(int(lead[i - 2 : i + 3].argmax()) in (1, 2, 3) for i in inner)
        assert set(r.tolist()) <= set(batch.peaks[window].tolist())


def test_beats_by_window_are_those_a_loop_finds():
    rng = np.random.default_rng(0)
    tables, n_samples, rate = [], 500, 0.2
    for _ in range(20):
        r = np.sort(rng.choice(5000, size=rng.integers(0, 14), replace=False))
        cuts = (r[:-1] + r[1:]) // 2
        t = np.where(rng.random(len(r)) < 0.3, np.nan, r + 100.0)
        tables.append(
            {
                "r_peaks_samples": r,
                "cuts_samples": cuts,
                "p_peaks_samples": np.empty(0),
                "t_peaks_samples": t,
            }
        )
    beats = WindowBeats.of_table(
        pd.DataFrame(tables), rate=rate, n_windows=2, window_samples=n_samples
    )
    for record, table in enumerate(tables):
        r = np.round(table["r_peaks_samples"] * rate).astype(int)
        cuts = np.round(table["cuts_samples"] * rate).astype(int)
        t = np.round(table["t_peaks_samples"][np.isfinite(table["t_peaks_samples"])] * rate)
        for window in range(2):
            inside = r // n_samples == window
            both = inside[:-1] & inside[1:]
            start = window * n_samples
            peaks = np.sort(np.concatenate([r[inside], t[t // n_samples == window]]))
            for name, expected in (("r_peaks", r[inside]), ("cuts", cuts[both]), ("peaks", peaks)):
                row = getattr(beats, name)[record, window].numpy()
                np.testing.assert_array_equal(row[row < n_samples], expected - start)


def test_an_ecg_with_a_flat_lead_or_a_gap_is_left_out(tmp_path):
    signals = noise(4)
    signals[1, 3] = 0
    signals[2, 5, 100] = np.nan
    cohort = TrainingCohort.from_stores([store_of(tmp_path / "s", signals)])
    assert cohort.record_ids.tolist() == ["0", "3"]


def test_signals_that_do_not_fit_are_streamed_and_the_same(pulse_store, tmp_path, monkeypatch):
    resident = TrainingCohort.from_stores([pulse_store])
    monkeypatch.setattr("physioclr.training_data.cohort.device_memory_bytes", lambda _: 1000)
    streamed = TrainingCohort.from_stores([pulse_store], spill_to=tmp_path / "run")
    assert isinstance(streamed.signals, StreamedSignals)
    for rows in (torch.tensor([4, 1]), torch.tensor([0, 23, 7])):
        streamed.prefetch(rows)
        torch.testing.assert_close(
            streamed.batch(rows).windows.signal, resident.batch(rows).windows.signal
        )
    # What was not asked for in time is fetched all the same.
    streamed.prefetch(torch.tensor([3]))
    other = torch.tensor([5, 6])
    torch.testing.assert_close(
        streamed.batch(other).windows.signal, resident.batch(other).windows.signal
    )
    again = TrainingCohort.from_stores([pulse_store], spill_to=tmp_path / "run")
    assert len(list((tmp_path / "run").iterdir())) == 1
    torch.testing.assert_close(
        again.batch(other).windows.signal, resident.batch(other).windows.signal
    )


@pytest.mark.parametrize(
    ("fs_hz", "window_s", "leads"),
    [(250.0, 10.0, ("I", "II", "V1")), (500.0, 5.0, ("V6",)), (128.0, 5.0, ("II", "I"))],
)
def test_any_rate_length_and_leads_of_the_encoder(pulse_store, fs_hz, window_s, leads):
    preprocessing = Preprocessing(fs_hz=fs_hz, window_s=window_s, leads=leads)
    cohort = TrainingCohort.from_stores([pulse_store], preprocessing)
    batch = cohort.batch(torch.tensor([2]))
    fed = preprocessing.windows(pulse_store.record(2))
    assert batch.windows.signal.shape == (10 // window_s, len(leads), fs_hz * window_s)
    torch.testing.assert_close(
        batch.windows.signal, torch.from_numpy(fed), rtol=0, atol=HALF_A_UNIT
    )


def test_the_patients_of_two_stores_are_never_one(pulse_store):
    cohort = TrainingCohort.from_stores([pulse_store, pulse_store])
    assert len(cohort) == 48
    assert len(cohort.patient.unique()) == 24
    assert (cohort.patient[0] == cohort.patient[1]).item()


def test_labels_of_every_store_are_columns_and_unknown_where_a_store_has_none(
    pulse_store, tmp_path
):
    columns = list(pulse_store.physiology.columns)
    physiology = dict.fromkeys(columns, 1.0)
    other = store_of(tmp_path / "s", noise(3), physiology=physiology)
    cohort = TrainingCohort.from_stores([pulse_store, other])
    assert cohort.label_names == ("rate/fast", "rate/slow")
    assert cohort.labels[:24].sum(1).eq(1).all()
    assert cohort.labels[24:].isnan().all()


def test_the_similarity_on_the_device_is_that_of_the_space(cohort):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, 6))
    values[rng.random(values.shape) < 0.3] = np.nan
    space = PhysiologySpace.fit(values, "abcdef", n_components=4)
    tensors = replace(cohort, space=space)._space
    found = tensors.similarity(torch.tensor(values, dtype=torch.float32))
    # float32 against float64: a few units in the seventh place, before the division.
    np.testing.assert_allclose(found, space.similarity(values, values), atol=1e-4)


@pytest.mark.parametrize("missing", ["shared", "zero"])
def test_the_raw_cosine_is_that_of_the_numbers_as_they_are(cohort, missing):
    values = np.array([[800.0, 0.1, np.nan], [700.0, -0.2, 90.0], [np.nan, 0.3, 100.0]])
    found = cohort._space
    found = replace(
        found, centre=torch.zeros(3), scale=torch.ones(3), components=torch.eye(3)
    ).similarity(torch.tensor(values, dtype=torch.float32), space="raw", missing=missing)
    for i in range(3):
        for j in range(3):
            a, b = values[i].copy(), values[j].copy()
            shared = np.isfinite(a) & np.isfinite(b)
            if missing == "zero":
                a, b, shared = np.nan_to_num(a), np.nan_to_num(b), np.ones(3, bool)
            a, b = a[shared], b[shared]
            expected = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
            assert found[i, j].item() == pytest.approx(expected, abs=1e-5)  # float32


def test_stores_of_other_entries_do_not_go_together(pulse_store, tmp_path):
    other = store_of(tmp_path / "s", noise(3), physiology={"rr_ms_median": 800.0})
    with pytest.raises(DatasetError, match="prepare both with the same version"):
        TrainingCohort.from_stores([pulse_store, other])


def test_a_store_sampled_more_slowly_than_the_encoder_is_refused(tmp_path):
    slow = store_of(tmp_path / "slow", noise(3, 1000), fs_hz=100.0)
    with pytest.raises(DatasetError, match="at least 250 Hz, the encoder's, found 100 Hz"):
        TrainingCohort.from_stores([slow], Preprocessing(fs_hz=250.0))


def test_stores_of_several_rates_meet_at_the_encoders(tmp_path):
    stores = [
        store_of(tmp_path / "fast", noise(2)),
        store_of(tmp_path / "slow", noise(3, 2500), fs_hz=250.0),
    ]
    cohort = TrainingCohort.from_stores(stores)
    assert len(cohort) == 5
    assert cohort.batch(torch.tensor([0, 4])).windows.signal.shape == (4, 12, 500)


def test_ecgs_shorter_than_a_window_are_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"at least 5 s, one window, found 4 s"):
        TrainingCohort.from_stores([store_of(tmp_path / "s", noise(2, 2000))])


def test_a_cohort_without_a_whole_ecg_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="a signal in every lead, found none"):
        TrainingCohort.from_stores([store_of(tmp_path / "s", np.zeros((2, 12, 5000)))])


@pytest.mark.parametrize(
    ("need", "message"),
    [
        ("physiology", "measured physiology, for x, found none in any ECG"),
        ("beats", "R peaks, for x, found none"),
        ("neighbours", "two neighbouring windows, for x, found 1 window of 5 s"),
        ("labels", "labels, for x, found none"),
        ("levels", "physiology measured in 50 ECGs, for x, found in fewer"),
        ("dipole", "the leads I, II, V1, V2, V3, V4, V5, V6, for x, found I, II"),
    ],
)
def test_what_an_objective_lacks_is_said_in_one_sentence(tmp_path, need, message):
    two = Preprocessing(leads=("I", "II"))
    cohort = TrainingCohort.from_stores([store_of(tmp_path / "s", noise(3, 2500))], two)
    with pytest.raises(DatasetError, match=message):
        cohort.check_for(frozenset({need}), "x")
