"""The labelled ECGs most like the one being read, and in what their physiology differs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from app.components.html_table import html_table
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.reference_ecgs import differences

__all__ = ["nearest_table"]

_SHOWN = ("heart_rate_bpm", "pr_ms", "qrs_ms", "qtc_fridericia_ms")


def nearest_table(
    nearest: pd.DataFrame, measured: Mapping[str, float], display_names: Mapping[str, str]
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
    """
    apart = differences(nearest, measured).to_dict(orient="records")
    rows = [
        [
            str(row["record_id"]),
            _labels(row["labels"], display_names),
            f"{row['cosine']:.2f}".replace("-", "−"),
            *(_with_difference(row[name], difference[name]) for name in _SHOWN),
        ]
        for row, difference in zip(nearest.to_dict(orient="records"), apart, strict=True)
    ]
    kind = "simulated ECGs" if nearest["simulated"][0] else "ECGs"
    return html_table(
        [
            "ECG",
            "Labels",
            "Cosine",
            *(f"{MEASUREMENTS[name].label} ({MEASUREMENTS[name].unit})" for name in _SHOWN),
        ],
        rows,
        numeric=range(2, 3 + len(_SHOWN)),
        caption=f"Labelled {kind} of {nearest['cohort'][0]}, by the cosine of standardised "
        "embeddings. In brackets: theirs less this ECG’s; – is not measurable.",
        label="Nearest labelled ECGs",
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
