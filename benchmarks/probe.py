"""The linear probe beside scikit-learn's one-vs-rest: the same penalty, the same probabilities.

::

    python -m benchmarks.probe
    python -m benchmarks.probe --records 17000 --width 256 --labels 20 --repeats 5
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from physioclr.probe import cross_validate_probe
from physioclr.probe.logistic import Standardiser, fit_path

__all__ = ["main", "planted_cohort"]

_STRENGTH = 1e-3
_TOLERANCE = 1e-4  # the default of both
_CONVERGED = 1e-6


def planted_cohort(
    n_records: int, width: int, n_labels: int, *, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw embeddings of falling variance, and labels that depend on them.

    Parameters
    ----------
    n_records, width, n_labels : int
    seed : int

    Returns
    -------
    features : (n_records, width) float64
    targets : (n_records, n_labels) float64
    """
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(width, width)))[0]
    features = rng.normal(size=(n_records, width)) * np.geomspace(1, 0.03, width) @ axes
    logits = features @ rng.normal(scale=0.5, size=(width, n_labels)) - 2
    return features, (rng.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.float64)


def _ours(
    features: NDArray[np.float64], targets: NDArray[np.float64], *, tolerance: float = _TOLERANCE
) -> Callable[[], NDArray[np.float64]]:
    def fitted() -> NDArray[np.float64]:
        standardiser = Standardiser.fit(features)
        standard = standardiser.apply(features)
        strength = np.array([_STRENGTH])
        weights, bias = fit_path(standard, targets, strength, gradient_tolerance=tolerance)
        return np.asarray(1 / (1 + np.exp(-(standard @ weights[0] + bias[0]))))

    return fitted


def _scikit_learn(
    features: NDArray[np.float64], targets: NDArray[np.float64]
) -> Callable[[], NDArray[np.float64]]:
    def fitted() -> NDArray[np.float64]:
        one = LogisticRegression(C=1 / (_STRENGTH * len(features)), tol=_TOLERANCE, max_iter=1000)
        model = make_pipeline(StandardScaler(), OneVsRestClassifier(one, n_jobs=1))
        return np.asarray(model.fit(features, targets).predict_proba(features))

    return fitted


def main() -> None:
    """Fit both in turn, then a whole run, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=17_000)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--labels", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    cohort = planted_cohort(arguments.records, arguments.width, arguments.labels)
    fits = {"physioclr.probe": _ours(*cohort), "scikit-learn one-vs-rest": _scikit_learn(*cohort)}
    seconds: dict[str, list[float]] = {name: [] for name in fits}
    found = {}
    for _ in range(arguments.repeats):
        for name, fit in fits.items():
            started = time.perf_counter()
            found[name] = fit()
            seconds[name].append(time.perf_counter() - started)
    exact = _ours(*cohort, tolerance=_CONVERGED)()
    size = f"{arguments.records:,} x {arguments.width}, {arguments.labels} labels"
    table = Table(title=f"Standardise, fit and score {size}")
    for column in ("", "best, s", "median, s", "furthest from the minimum's probability"):
        table.add_column(column, justify="right")
    for name, times in seconds.items():
        away = np.abs(found[name] - exact).max()
        table.add_row(name, f"{min(times):.2f}", f"{np.median(times):.2f}", f"{away:.0e}")
    Console().print(table)
    Console().print(_whole_run(*cohort))


def _whole_run(features: NDArray[np.float64], targets: NDArray[np.float64]) -> Table:
    """Time what the page about probes does for one checkpoint, once its embeddings are there."""
    names = [f"label {number}" for number in range(targets.shape[1])]
    patients = np.arange(len(features))
    seconds = {}
    for n_bootstrap in (1, 1000):
        started = time.perf_counter()
        cross_validate_probe(
            features, targets, patients, label_names=names, n_bootstrap=n_bootstrap
        )
        seconds[n_bootstrap] = time.perf_counter() - started
    table = Table(title="A run: nested cross-validation, thresholds, calibration")
    for column in ("", "s"):
        table.add_column(column, justify="right")
    table.add_row("without intervals", f"{seconds[1]:.1f}")
    table.add_row("with intervals of 1,000 resamples of the patients", f"{seconds[1000]:.1f}")
    return table


if __name__ == "__main__":
    main()
