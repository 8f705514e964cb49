"""The main numbers and the calls of an ECG, in one strip above its paper."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.components.measurement_table import number, outside_mark
from app.components.prediction_table import percent
from physioclr.physiology.measurements import MEASUREMENTS, Measurements
from physioclr.physiology.normal_ranges import normal_range

if TYPE_CHECKING:
    from physioclr.interpretation.reading import Row

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


def call_strip(shown: Sequence[Row]) -> str:
    """Write what a model calls present, the most probable first, and what is undecided.

    Parameters
    ----------
    shown : sequence of Row
        `Reading.model`.

    Returns
    -------
    str
        HTML.
    """
    called: dict[str, list[str]] = {
        "present": [],
        "possible": [],
        "undecided": [],
        "absent": [],
    }
    for row in sorted(shown, key=lambda row: -row.probability):
        said = html.escape(row.text)
        if row.shown in ("present", "possible"):
            said = f"<b>{said}</b> {html.escape(percent(row.probability))}"
        called[row.shown].append(said)
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
