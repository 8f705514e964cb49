"""What a cross-validated probe calls at its thresholds, and where it is wrong."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.probe.result import ProbeResult

__all__ = ["ErrorKind", "confusion_table", "worst_errors"]

ErrorKind = Literal["all", "missed", "false alarm"]


def _out_of_fold_calls(result: ProbeResult) -> NDArray[np.bool_]:
    """Return whether each label is called, at the threshold that the record's fold chose.

    Parameters
    ----------
    result : ProbeResult

    Returns
    -------
    (n_records, n_labels) bool
        False for labels that were not measured.
    """
    return np.asarray(result.probabilities >= result.thresholds[result.folds])


def confusion_table(result: ProbeResult) -> pd.DataFrame:
    """Count what is called and what is there, label by label.

    Parameters
    ----------
    result : ProbeResult

    Returns
    -------
    DataFrame
        One row for each label measured: ``true_positive``, ``false_negative``,
        ``false_positive``, ``true_negative`` (records whose label is known), ``sensitivity``,
        ``specificity``, ``ppv``, ``npv`` (positive and negative predictive value; NaN where
        nothing is called so) and ``threshold`` (mean over the folds, each of which chose its own
        on its validation part).
    """
    called = _out_of_fold_calls(result)
    rows = {}
    for name in result.measured:
        column = result.label_names.index(name)
        present, absent = (result.targets[:, column] == value for value in (1, 0))
        yes = called[:, column]
        hit, miss = int(np.sum(present & yes)), int(np.sum(present & ~yes))
        alarm, rejected = int(np.sum(absent & yes)), int(np.sum(absent & ~yes))
        rows[name] = {
            "true_positive": hit,
            "false_negative": miss,
            "false_positive": alarm,
            "true_negative": rejected,
            "sensitivity": _share(hit, hit + miss),
            "specificity": _share(rejected, rejected + alarm),
            "ppv": _share(hit, hit + alarm),
            "npv": _share(rejected, rejected + miss),
            "threshold": float(result.thresholds[:, column].mean()),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("label")


def worst_errors(
    result: ProbeResult, label: str, *, kind: ErrorKind = "all", n: int = 20
) -> pd.DataFrame:
    """Return the wrong calls of a label, the most confident first.

    Parameters
    ----------
    result : ProbeResult
    label : str
        One that was measured.
    kind : {"all", "missed", "false alarm"}
        Missed: the label is there and was not called.
    n : int
        How many at most.

    Returns
    -------
    DataFrame
        ``row`` (of the result), ``target`` (1 or 0), ``probability`` (out of fold) and
        ``threshold`` (of the record's fold), by how far the probability is from the target.

    Raises
    ------
    ValueError
        If the label was not measured or `kind` is unknown.
    """
    if label not in result.measured:
        raise ValueError(f"label must be one of {', '.join(result.measured)}, got {label!r}")
    kinds = {"all": (0, 1), "missed": (1,), "false alarm": (0,)}
    if kind not in kinds:
        raise ValueError(f"kind must be one of {', '.join(kinds)}, got {kind!r}")
    column = result.label_names.index(label)
    targets, probabilities = result.targets[:, column], result.probabilities[:, column]
    wrong = np.isin(targets, kinds[kind]) & (
        _out_of_fold_calls(result)[:, column] != (targets == 1)
    )
    rows = np.flatnonzero(wrong)
    rows = rows[np.argsort(-np.abs(probabilities[rows] - targets[rows]), kind="stable")][:n]
    return pd.DataFrame(
        {
            "row": rows,
            "target": targets[rows].astype(int),
            "probability": probabilities[rows],
            "threshold": result.thresholds[result.folds[rows], column],
        }
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
