"""Measurements against the exact fiducials of simulated hearts."""

import numpy as np
import pytest

from physioclr.physiology.measurements import measure
from physioclr.signal.delineation import delineate
from physioclr.simulate import simulate_cohort

# Bundle branch blocks are left out: NeuroKit2 seeks the limits of QRS within 50 ms of its peak
# and so finds a wide one up to 60 ms too narrow.
NARROW = (
    "sinus_rhythm",
    "sinus_bradycardia",
    "sinus_tachycardia",
    "av_block_1",
    "lvh",
    "long_qt",
    "stemi_anterior",
    "stemi_inferior",
)


@pytest.fixture(scope="module")
def errors():
    cohort = simulate_cohort(16, seed=1, conditions=NARROW)
    found = []
    for index in range(len(cohort)):
        record, truth = cohort.record(index), cohort.fiducials(index)
        measured = measure(record, delineate(record))
        to_ms = 1000 / record.fs_hz
        found.append(
            {
                "n_beats": measured.n_beats - len(truth),
                "pr_ms": measured.pr_ms - (truth["qrs_on"] - truth["p_on"]).median() * to_ms,
                "qrs_ms": measured.qrs_ms - (truth["qrs_off"] - truth["qrs_on"]).median() * to_ms,
                "qt_ms": measured.qt_ms - (truth["t_off"] - truth["qrs_on"]).median() * to_ms,
            }
        )
    return {name: np.array([of_record[name] for of_record in found]) for name in found[0]}


def test_beats_are_those_simulated_but_for_the_records_ends(errors):
    assert np.abs(errors["n_beats"]).max() <= 1  # the last beat may be cut by the end


# A ratchet on the present delineation. Median errors over these 16 records: QT 13.6, 15.3 and
# 17.0 ms on three states of the simulator, PR 7.2 and QRS 6.2 ms on the last of them. What is
# above that is left for the simulator's next change.
@pytest.mark.parametrize(("name", "within_ms"), [("pr_ms", 10), ("qrs_ms", 10), ("qt_ms", 20)])
def test_intervals_agree_in_the_median(errors, name, within_ms):
    assert np.median(np.abs(errors[name])) <= within_ms


def test_atrial_fibrillation_has_no_pr_and_sinus_rhythm_has_one():
    cohort = simulate_cohort(6, seed=4, conditions=("atrial_fibrillation", "sinus_rhythm"))
    for index, condition in enumerate(cohort.conditions):
        pr_ms = measure(cohort.record(index)).pr_ms
        assert np.isnan(pr_ms) == (condition == "atrial_fibrillation")
