"""Measurements with their units; what could not be measured says why."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from app.components.html_table import Html, html_table
from physioclr.physiology.measurements import MEASUREMENTS, Measurements

__all__ = ["FURTHER", "MAIN", "comparison_table", "lead_table", "measurement_table"]

FURTHER = (
    "rr_ms",
    "p_ms",
    "qtc_framingham_ms",
    "qtc_hodges_ms",
    "p_axis_deg",
    "t_axis_deg",
    "rmssd_ms",
    "sdnn_ms",
    "pnn50_pct",
    "rr_irregularity_pct",
    "p_wave_presence_pct",
    "n_beats",
)
MAIN = tuple(name for name in MEASUREMENTS if name not in FURTHER)

_AMPLITUDE_LABELS = {
    "p_mv": "P",
    "r_mv": "R",
    "s_mv": "S",
    "t_mv": "T",
    "st_j_mv": "ST at J",
    "st_j60_mv": "ST at J + 60 ms",
}
_NOT_MEASURABLE = "not measurable"


def measurement_table(measured: Measurements, names: Sequence[str] = MAIN) -> str:
    """Return some measurements as an HTML table: name, value and unit, or the reason."""
    rows = [[MEASUREMENTS[name].label, _value_or_reason(measured, name)] for name in names]
    return html_table(["Measurement", "Value"], rows, label="Measurements")


def comparison_table(before: Measurements, after: Measurements, names: Sequence[str] = MAIN) -> str:
    """Return two ECGs' measurements side by side, with the difference where both are known."""
    rows = [
        [
            MEASUREMENTS[name].label,
            _number(before, name),
            _number(after, name),
            _difference(before, after, name),
        ]
        for name in names
    ]
    return html_table(
        ["Measurement", "Original", "Augmented", "Change"],
        rows,
        numeric=(1, 2, 3),
        label="Measurements before and after",
    )


def lead_table(measured: Measurements) -> str:
    """Return the amplitudes of each lead as an HTML table, in mV."""
    header = [
        "Lead",
        *(_AMPLITUDE_LABELS.get(str(column), str(column)) for column in measured.leads.columns),
    ]
    rows = [
        [str(lead), *(_decimal(float(value), 2) for value in row)]
        for lead, row in zip(measured.leads.index, measured.leads.to_numpy(), strict=True)
    ]
    return html_table(
        header,
        rows,
        numeric=range(1, len(header)),
        caption="Median over the dominant beats, in mV; – is not measurable.",
        label="Amplitudes of each lead",
    )


def _value_or_reason(measured: Measurements, name: str) -> str:
    value = measured.scalars()[name]
    if math.isnan(value):
        reason = measured.reasons.get(name, _NOT_MEASURABLE).removeprefix(f"{_NOT_MEASURABLE}: ")
        text = _NOT_MEASURABLE if reason == _NOT_MEASURABLE else f"{_NOT_MEASURABLE} — {reason}"
        return Html(f'<span class="pc-quiet">{html.escape(text)}</span>')
    return _number(measured, name)


def _number(measured: Measurements, name: str) -> str:
    kind = MEASUREMENTS[name]
    value = measured.scalars()[name]
    if math.isnan(value):
        return Html(f'<span class="pc-quiet">{_NOT_MEASURABLE}</span>')
    gap = "" if kind.unit == "°" else " "
    unit = f'{gap}<span class="pc-unit">{html.escape(kind.unit)}</span>' if kind.unit else ""
    return Html(f"{_decimal(value, kind.decimals)}{unit}")


def _difference(before: Measurements, after: Measurements, name: str) -> str:
    kind = MEASUREMENTS[name]
    change = after.scalars()[name] - before.scalars()[name]
    if math.isnan(change):
        return "–"
    shown = round(change, kind.decimals)
    return "0" if shown == 0 else f"{shown:+.{kind.decimals}f}".replace("-", "−")


def _decimal(value: float, decimals: int) -> str:
    return (
        "–"
        if math.isnan(value)
        else f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")
    )
