"""Measurements with their units; what could not be measured says why."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from app.components.html_table import Html, html_table
from physioclr.physiology.measurements import MEASUREMENTS, Measurements
from physioclr.physiology.normal_ranges import (
    NoRange,
    NormalRange,
    deviation,
    normal_range,
)
from physioclr.physiology.repeatability import difference

__all__ = [
    "AMPLITUDE_LABELS",
    "QT_FORMULA_LABELS",
    "comparison_table",
    "decimal",
    "further_measurements",
    "lead_table",
    "main_measurements",
    "measurement_table",
    "number",
    "outside_mark",
    "signed",
    "sources_of_normal",
]

QT_FORMULA_LABELS = {
    "fridericia": "Fridericia",
    "bazett": "Bazett",
    "framingham": "Framingham",
    "hodges": "Hodges",
}
_MAIN = ("heart_rate_bpm", "pr_ms", "qrs_ms", "qt_ms", "axis_deg", "n_ectopic_beats")


def main_measurements(qt_formula: str) -> tuple[str, ...]:
    """Return the measurements every reader looks at, with one correction of QT."""
    return (*_MAIN[:4], f"qtc_{qt_formula}_ms", *_MAIN[4:])


def further_measurements(qt_formula: str) -> tuple[str, ...]:
    """Return the other measurements."""
    main = main_measurements(qt_formula)
    return tuple(name for name in MEASUREMENTS if name not in main)


AMPLITUDE_LABELS = {
    "p_mv": "P",
    "r_mv": "R",
    "s_mv": "S",
    "t_mv": "T",
    "st_j_mv": "ST at J",
    "st_j60_mv": "ST at J + 60 ms",
}
_NOT_MEASURABLE = "not measurable"


def measurement_table(
    measured: Measurements, names: Sequence[str], *, age_years: float | None, sex: str | None
) -> str:
    """Return some measurements as an HTML table, beside what is normal and what they stand on.

    Parameters
    ----------
    measured : Measurements
    names : sequence of str
    age_years, sex : float, str or None
        Of the person, where they are stated.

    Returns
    -------
    str
    """
    limits = {name: normal_range(name, age_years=age_years, sex=sex) for name in names}
    stated = {each.applies_to for each in limits.values() if isinstance(each, NormalRange)}
    whom = sorted(one for one in stated if not any(one != more and one in more for more in stated))
    return html_table(
        ["Measurement", "Value", "Normal", "Beats"],
        [_row(measured, name, limits[name]) for name in names],
        numeric=(3,),
        caption=f"Normal: {'; '.join(whom)}. Beats: those a number stands on, of all."
        if whom
        else "",
        label="Measurements",
    )


def sources_of_normal(names: Sequence[str], *, age_years: float | None, sex: str | None) -> str:
    """Return where the normal limits are from, and why some have none, as an HTML table."""
    rows = []
    for name in names:
        limits = normal_range(name, age_years=age_years, sex=sex)
        found = limits.source if isinstance(limits, NormalRange) else f"none: {limits.reason}"
        rows.append([MEASUREMENTS[name].label, found])
    return html_table(["Normal limits of", "Source"], rows, label="Sources of the normal limits")


def comparison_table(before: Measurements, after: Measurements, names: Sequence[str]) -> str:
    """Return two ECGs' measurements side by side, with the difference where both are known."""
    old, new = before.scalars(), after.scalars()
    rows = [
        [
            MEASUREMENTS[name].label,
            number(old[name], name, before.why_missing(name)[0]),
            number(new[name], name, after.why_missing(name)[0]),
            signed(difference(name, old[name], new[name]), MEASUREMENTS[name].decimals),
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
        *(AMPLITUDE_LABELS.get(str(column), str(column)) for column in measured.leads.columns),
    ]
    rows = [
        [str(lead), *(decimal(float(value), 2) for value in row)]
        for lead, row in zip(measured.leads.index, measured.leads.to_numpy(), strict=True)
    ]
    return html_table(
        header,
        rows,
        numeric=range(1, len(header)),
        caption="Median over the dominant beats, in mV; – is not measurable.",
        label="Amplitudes of each lead",
    )


def _row(measured: Measurements, name: str, limits: NormalRange | NoRange) -> list[str]:
    used = measured.used[name]
    value = measured.scalars()[name]
    beats = "–" if math.isnan(value) or name == "n_beats" else f"{used.sum()} of {used.size}"
    normal = limits.text if isinstance(limits, NormalRange) else "–"
    shown = Html(f"{_value_or_reason(measured, name)}{outside_mark(measured, name, limits)}")
    return [MEASUREMENTS[name].label, shown, normal, beats]


def outside_mark(measured: Measurements, name: str, limits: NormalRange | NoRange) -> str:
    """Return how far a measurement is outside its limits, or why it is uncertain, as HTML.

    Empty for a value within its limits, or not measurable.
    """
    doubt = measured.uncertain(name)
    if doubt is not None:
        return f' <span class="pc-quiet">uncertain: {html.escape(doubt)}</span>'
    found = deviation(measured.scalars()[name], limits)
    if found.side not in ("below", "above"):
        return ""
    arrow = "▲" if found.side == "above" else "▼"
    by = f"{found.by:.{MEASUREMENTS[name].decimals}f} {found.side}"
    words = f"{arrow} borderline, {by}" if found.borderline else f"{arrow} {by}"
    return f' <span class="pc-outside">{words}</span>'


def _value_or_reason(measured: Measurements, name: str) -> str:
    verdict, reason = measured.why_missing(name)
    if verdict:
        text = f"{verdict} — {reason}" if reason else verdict
        return Html(f'<span class="pc-quiet">{html.escape(text)}</span>')
    return number(measured.scalars()[name], name)


def number(value: float, name: str, verdict: str = "") -> str:
    """Return a measurement's value with its unit as HTML, or that it is not measurable.

    Parameters
    ----------
    value : float
    name : str
        One of `MEASUREMENTS`.
    verdict : str
        What stands for a missing value, as `Measurements.why_missing` has it.

    Returns
    -------
    str
    """
    kind = MEASUREMENTS[name]
    if math.isnan(value):
        return Html(f'<span class="pc-quiet">{html.escape(verdict or _NOT_MEASURABLE)}</span>')
    gap = "" if kind.unit == "°" else " "
    unit = f'{gap}<span class="pc-unit">{html.escape(kind.unit)}</span>' if kind.unit else ""
    return Html(f"{decimal(value, kind.decimals)}{unit}")


def signed(change: float, decimals: int) -> str:
    """Return a difference with its sign; a dash where it is not known."""
    if math.isnan(change):
        return "–"
    shown = round(change, decimals)
    return "0" if shown == 0 else f"{shown:+.{decimals}f}".replace("-", "−")


def decimal(value: float, decimals: int) -> str:
    """Return a number without its unit; a dash where it is not known."""
    return (
        "–"
        if math.isnan(value)
        else f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")
    )
