"""Against simulated hearts, whose fiducials are exact: ``python -m benchmarks.simulated_truth``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.fiducial_scores import FiducialScore
from physioclr.physiology.measurements import measure
from physioclr.signal.delineation import delineate
from physioclr.simulate import simulate_cohort

_SEED = 77
_INTERVALS = {
    "qrs_ms": ("qrs_on", "qrs_off"),
    "qt_ms": ("qrs_on", "t_off"),
    "pr_ms": ("p_on", "qrs_on"),
    "p_ms": ("p_on", "p_off"),
}


def p_waves(condition: str, n_hearts: int = 16) -> FiducialScore:
    """Score the P waves that are found in lead II."""
    cohort, score = simulate_cohort(n_hearts, seed=5, conditions=[condition]), FiducialScore()
    for index in range(n_hearts):
        to_ms = 1000 / cohort.fs_hz
        expert = cohort.beats.loc[cohort.beats["record"] == index, "p_peak"].to_numpy() * to_ms
        found = delineate(cohort.record(index))["II"]["p_peak"].to_numpy() * to_ms
        score.add(expert, found, (0.0, 10_000.0))
    return score


def interval_errors(n_hearts: int = 60) -> dict[str, NDArray[np.float64]]:
    """Return found minus true, in ms, of the normal beats of each heart."""
    cohort = simulate_cohort(n_hearts, seed=_SEED)
    errors: dict[str, list[float]] = {name: [] for name in _INTERVALS}
    for index in range(n_hearts):
        beats = cohort.beats
        beats = beats[(beats["record"] == index) & (beats["kind"] == "normal")]
        measured = measure(cohort.record(index)).scalars()
        for name, (start, stop) in _INTERVALS.items():
            true = (beats[stop] - beats[start]).dropna().to_numpy() * 1000 / cohort.fs_hz
            errors[name].append(measured[name] - np.median(true) if true.size else np.nan)
    return {name: np.array(of) for name, of in errors.items()}


def main() -> None:
    for condition in ("sinus_tachycardia", "av_block_1", "pvc", "atrial_fibrillation"):
        score = p_waves(condition)
        print(
            f"P waves, {condition}: {score.true_positives} found, "
            f"{score.false_negatives} missed, {score.false_positives} invented"
        )
    for name, errors in interval_errors().items():
        known = errors[np.isfinite(errors)]
        print(f"{name}: {known.mean():+.1f} ± {known.std():.1f} ms, {known.size} of {errors.size}")


if __name__ == "__main__":
    main()
