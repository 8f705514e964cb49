from __future__ import annotations

import numpy as np
import pytest

from physioclr.datasets.prepare import prepare_cohort
from physioclr.datasets.simulated import simulated_cohort
from physioclr.datasets.store import Store
from physioclr.errors import DatasetError
from physioclr.objectives import PhysioclrConfig
from physioclr.pretraining.config import PretrainConfig
from physioclr.pretraining.pretrain import pretrain_cohort
from physioclr.records import EcgRecord
from physioclr.signal.delineation import delineate
from physioclr.simulate import simulate_record
from physioclr.training_data.cohort import TrainingCohort
from studies.physiology_ablations import ablated_physiology, mean_lead, neurokit_delineation


@pytest.fixture(scope="module")
def ecg() -> EcgRecord:
    return simulate_record("sinus_rhythm", seed=1)


@pytest.fixture(scope="module")
def small_store(tmp_path_factory) -> Store:
    out = tmp_path_factory.mktemp("ablations") / "store"
    prepare_cohort(simulated_cohort(8, seed=0), out, fs_hz=500.0, duration_s=10.0, workers=1)
    return Store(out)


def test_the_mean_of_the_leads_is_one_lead_and_its_axis_is_lost(ecg):
    mean = mean_lead(ecg)
    assert mean.n_leads == 1
    np.testing.assert_allclose(mean.signal_mv[0], ecg.signal_mv.mean(0))


def test_neurokits_fiducials_belong_to_the_beat_they_are_nearest_to(ecg):
    found = neurokit_delineation(ecg)
    r_peaks = delineate(ecg).r_peaks_samples
    np.testing.assert_array_equal(found.r_peaks_samples, r_peaks)
    distance = found.samples - r_peaks[None, :, None]
    known = np.isfinite(distance)
    assert known.mean() > 0.5
    assert np.abs(distance[known]).max() <= np.diff(r_peaks).max()
    r_column = distance[:, :, 4]
    # Both mark the R peak of a clean beat; 40 ms leaves room for another lead's own peak.
    assert np.nanmedian(np.abs(r_column)) <= 20


def test_each_of_the_two_changes_what_is_a_positive(tmp_path, small_store):
    own = TrainingCohort.from_stores([small_store])
    losses = {}
    for name, switches in {
        "own": None,
        "mean lead": {"from_mean_lead": True, "by_neurokit": False},
        "dwt": {"from_mean_lead": False, "by_neurokit": True},
    }.items():
        table = None if switches is None else [ablated_physiology(small_store, **switches)]
        cohort = (
            own if table is None else TrainingCohort.from_stores([small_store], physiology=table)
        )
        reports = []
        config = PretrainConfig(
            steps=1,
            records_per_batch=len(small_store),
            held_out=0,
            objective=PhysioclrConfig(projection_dim=16),
        )
        pretrain_cohort(cohort, tmp_path / name, config, on_step=reports.append)
        losses[name] = reports[0].loss
    assert len(set(losses.values())) == 3


def test_a_table_of_another_store_is_refused(small_store):
    table = small_store.physiology.iloc[1:]
    with pytest.raises(DatasetError, match="a table of physiology of shape"):
        TrainingCohort.from_stores([small_store], physiology=[table])
