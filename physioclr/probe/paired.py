"""Probes of the same records compared in pairs, on the same resamples of the patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.probe.folds import patient_codes
from physioclr.probe.result import MACRO, ProbeResult
from physioclr.probe.scores import bootstrap_auroc, interval

__all__ = ["auroc_draws", "can_be_paired", "paired_difference", "paired_table"]


def auroc_draws(result: ProbeResult) -> NDArray[np.float64]:
    """Return the AUROC of every label in each resample of the patients.

    Parameters
    ----------
    result : ProbeResult

    Returns
    -------
    (n_bootstrap, n_labels) float64
        The resamples its intervals are of. NaN for labels that were not measured, and where a
        resample has one class only.
    """
    draws = np.full((result.n_bootstrap, len(result.label_names)), np.nan)
    columns = [result.label_names.index(name) for name in result.measured]
    draws[:, columns] = bootstrap_auroc(
        result.probabilities[:, columns],
        result.targets[:, columns],
        patient_codes(result.groups),
        n_bootstrap=result.n_bootstrap,
        seed=result.seed,
    )
    return draws


def can_be_paired(a: ProbeResult, b: ProbeResult) -> bool:
    """Say whether two results are of the same records, labels, seed and resamples."""
    return (
        a.label_names == b.label_names
        and a.measured == b.measured
        and (a.seed, a.n_bootstrap) == (b.seed, b.n_bootstrap)
        and np.array_equal(a.groups, b.groups)
        and np.array_equal(a.targets, b.targets, equal_nan=True)
    )


def paired_difference(
    a: ProbeResult, b: ProbeResult, label: str = MACRO
) -> tuple[float, float, float]:
    """Compare two probes of the same records on the same resamples of the patients.

    Parameters
    ----------
    a, b : ProbeResult
        Of the same cohort, labels and seed, as `compare_probes` returns them.
    label : str
        A label, or ``"macro"``.

    Returns
    -------
    difference : float
        AUROC of `a` minus that of `b`.
    low, high : float
        Percentile bootstrap of the patients, 95 %. Zero outside it: the two differ by more than
        this cohort's choice of patients explains.

    Raises
    ------
    ValueError
        If the two results are not of the same records, or the label was not measured.
    """
    _check_pair(a, b)
    if label != MACRO and label not in a.measured:
        raise ValueError(f"label must be macro or one of {', '.join(a.measured)}, got {label!r}")
    draws = _of_label(auroc_draws(a) - auroc_draws(b), a, label)
    return _difference(a, b, label), *interval(draws)


def paired_table(
    results: Mapping[str, ProbeResult],
    reference: str | None = None,
    *,
    draws: Mapping[str, NDArray[np.floating]] | None = None,
) -> pd.DataFrame:
    """Compare one probe with each of the others, in pairs.

    Parameters
    ----------
    results : mapping of str to ProbeResult
        By model, of the same records, as `compare_probes` returns them.
    reference : str, optional
        The model that is compared with the others; the first if absent.
    draws : mapping of str to (n_bootstrap, n_labels) array, optional
        The `auroc_draws` of each model, where they were kept.

    Returns
    -------
    DataFrame
        One row for each other model and label, the macro mean first: ``label``, ``model``,
        ``difference`` (of AUROC, the reference less the model), ``low``, ``high`` (95 %, paired
        bootstrap of the patients), ``p`` (two-sided: twice the share of resamples on the other
        side of zero, not less than one of them) and ``p_holm``, corrected over the models of a
        label (Holm 1979).
    """
    reference = next(iter(results)) if reference is None else reference
    if reference not in results:
        raise ValueError(f"reference must be one of {', '.join(results)}, got {reference!r}")
    own = results[reference]
    for result in results.values():
        _check_pair(own, result)
    drawn = draws or {model: auroc_draws(result) for model, result in results.items()}
    rows = []
    for label in (MACRO, *own.measured):
        others = []
        for model, result in results.items():
            if model == reference:
                continue
            of_label = _of_label(drawn[reference] - drawn[model], own, label)
            p = _two_sided(of_label)
            others.append((label, model, _difference(own, result, label), *interval(of_label), p))
        corrected = _holm([row[-1] for row in others])
        rows += [(*row, p) for row, p in zip(others, corrected, strict=True)]
    return pd.DataFrame(
        rows, columns=["label", "model", "difference", "low", "high", "p", "p_holm"]
    )


def _two_sided(draws: NDArray[np.float64]) -> float:
    known = draws[np.isfinite(draws)]
    if not known.size:
        return float("nan")
    beyond = min(int(np.sum(known <= 0)), int(np.sum(known >= 0)))
    return float(min(2 * max(beyond, 1) / known.size, 1.0))


def _holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for how many there are, step by step (Holm 1979)."""
    corrected = [float("nan")] * len(p_values)
    highest = 0.0
    for rank, i in enumerate(np.argsort(p_values)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = highest
    return corrected


def _check_pair(a: ProbeResult, b: ProbeResult) -> None:
    if not can_be_paired(a, b):
        raise ValueError("a and b must come from the same records, labels, seed and resamples")


def _of_label(draws: NDArray[np.floating], result: ProbeResult, label: str) -> NDArray[np.float64]:
    labels = result.measured if label == MACRO else (label,)
    columns = [result.label_names.index(name) for name in labels]
    return np.asarray(draws[:, columns].mean(axis=1), dtype=np.float64)


def _difference(a: ProbeResult, b: ProbeResult, label: str) -> float:
    return float(a.table.loc[label, "auroc"]) - float(b.table.loc[label, "auroc"])  # type: ignore[arg-type]
