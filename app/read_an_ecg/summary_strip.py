"""What an ECG comes to, in one strip beside its paper: the main numbers, and what is called."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.components.measurement_table import number, outside_mark
from app.components.prediction_table import percent
from physioclr.physiology.measurements import MEASUREMENTS, Measurements
from physioclr.physiology.normal_ranges import normal_range

if TYPE_CHECKING:
    from physioclr.prediction.prediction import Prediction

__all__ = ["call_strip", "number_strip"]


def number_strip(
    measured: Measurements, names: Sequence[str], *, age_years: float | None, sex: str | None
) -> str:
    """Write some measurements side by side, those out of the normal range marked.

    Parameters
    ----------
    measured : Measurements
    names : sequence of str
    age_years, sex : float, str or None
        Of the person, where they are stated.

    Returns
    -------
    str
        HTML. Why a number is not there opens where that is said.
    """
    limits = {name: normal_range(name, age_years=age_years, sex=sex) for name in names}
    values = measured.scalars()
    cells = [
        _cell(
            MEASUREMENTS[name].label,
            _why(*measured.why_missing(name))
            if math.isnan(values[name]) and name in measured.reasons
            else f"{number(values[name], name)}{outside_mark(measured, name, limits[name])}",
        )
        for name in names
    ]
    strip = f'<dl class="pc-strip-numbers">{"".join(cells)}</dl>'
    return f'<div role="group" aria-label="Summary">{strip}</div>'


def call_strip(prediction: Prediction) -> str:
    """Write what a head calls present, the most probable first, and where it makes no call.

    Parameters
    ----------
    prediction : Prediction

    Returns
    -------
    str
        HTML.
    """
    called: dict[str, list[str]] = {"present": [], "no call": [], "absent": []}
    for i in np.argsort(-prediction.probabilities, kind="stable"):
        shown, call = html.escape(prediction.card.labels[i].display_name), prediction.calls[i].call
        if call == "present":
            shown = f"<b>{shown}</b> {html.escape(percent(float(prediction.probabilities[i])))}"
        called[call].append(shown)
    parts = [
        f'<span class="pc-call">{name.capitalize()}: {", ".join(labels)}</span>'
        for name, labels in called.items()
        if labels
    ]
    return f'<div class="pc-facts" role="group" aria-label="Calls">{"".join(parts)}</div>'


def _cell(label: str, value: str) -> str:
    return f"<div><dt>{html.escape(label)}</dt><dd>{value}</dd></div>"


def _why(verdict: str, reason: str) -> str:
    summary = f'<summary class="pc-quiet">{html.escape(verdict)}</summary>'
    return f'<details class="pc-why">{summary}{html.escape(reason)}</details>'
