"""The labelled ECGs most like the one being read, and in what their physiology differs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from app.components.html_table import html_table
from physioclr.encoders.reference_comparison import with_qtc
from physioclr.physiology.measurements import MEASUREMENTS

__all__ = ["nearest_table"]

_SHOWN = ("heart_rate_bpm", "pr_ms", "qrs_ms")
_FAR_PCT = 95.0


def nearest_table(
    nearest: pd.DataFrame,
    measured: Mapping[str, float],
    display_names: Mapping[str, str],
    *,
    qt_formula: str = "fridericia",
    distance_percentile: float | None = None,
) -> str:
    """Return the nearest reference ECGs as an HTML table.

    Parameters
    ----------
    nearest : (k, …) DataFrame
        As `ReferenceEcgs.nearest` returns it.
    measured : mapping of str to float
        Measurements of the ECG being read.
    display_names : mapping of str to str
        Label to its name on screen.
    qt_formula : str
        Which correction of QT is shown.
    distance_percentile : float, optional
        How far the ECG lies from them all, as `ReferenceEcgs.distance_percentile` has it.

    Returns
    -------
    str
    """
    shown = (*_SHOWN, f"qtc_{qt_formula}_ms")
    rows = [
        [
            str(row["record_id"]),
            _labels(row["labels"], display_names),
            f"{row['cosine']:.2f}".replace("-", "−"),
            *(_with_difference(row[name], row[name] - measured[name]) for name in shown),
        ]
        for row in with_qtc(nearest, qt_formula).to_dict(orient="records")
    ]
    kind = "simulated ECGs" if nearest["simulated"][0] else "ECGs"
    return html_table(
        [
            "ECG",
            "Labels",
            "Cosine",
            *(f"{MEASUREMENTS[name].label} ({MEASUREMENTS[name].unit})" for name in shown),
        ],
        rows,
        numeric=range(2, 3 + len(shown)),
        caption=f"{_remark(distance_percentile)}Labelled {kind} of {nearest['cohort'][0]}, by the "
        "cosine of standardised embeddings. In brackets: theirs less this ECG’s; – is not "
        "measurable.",
        label="Nearest labelled ECGs",
    )


def _remark(distance_percentile: float | None) -> str:
    """Say where even the nearest is far: nearest is then not near."""
    if distance_percentile is None or not distance_percentile > _FAR_PCT:
        return ""
    return (
        f"Even the nearest is far: {distance_percentile:.0f} of 100 labelled ECGs have another "
        "patient’s nearer to them. "
    )


def _labels(present: tuple[str, ...] | None, display_names: Mapping[str, str]) -> str:
    if present is None:
        return "unknown"
    return ", ".join(display_names.get(name, name) for name in present) or "none of the head’s"


def _with_difference(value: Any, difference: float) -> str:
    if math.isnan(value):
        return "–"
    beside = "" if math.isnan(difference) else f" ({round(difference):+d})"
    return f"{value:.0f}{beside}".replace("-", "−")
