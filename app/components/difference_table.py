"""Two ECGs' measurements side by side, and whether they differ by more than noise."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from app.components.html_table import Html, html_table
from app.components.measurement_table import main_measurements, number
from physioclr.physiology.comparison import MeasurementDifference
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.physiology.repeatability import KINDS

__all__ = ["difference_table"]


def difference_table(differences: Sequence[MeasurementDifference], qt_formula: str) -> str:
    """Return the main measurements of two ECGs as an HTML table.

    Parameters
    ----------
    differences : sequence of MeasurementDifference
        In any order; those of the main table are shown.
    qt_formula : str

    Returns
    -------
    str
    """
    shown = [row for row in differences if row.name in main_measurements(qt_formula)]
    kinds = {row.repeatability.kind for row in shown if row.repeatability is not None}
    held_against = " or ".join(KINDS[kind] for kind in KINDS if kind in kinds)
    return html_table(
        ["Measurement", "Earlier", "Later", "Difference", "Noise", ""],
        [_row(row) for row in shown],
        numeric=(1, 2, 3, 4),
        caption=f"Noise: what 95 of 100 differences between {held_against} stay below (PTB-XL). "
        "Two recordings differ by more than that from hour to hour, above all in rate and QT."
        if held_against
        else "",
        label="Differences",
    )


def _row(row: MeasurementDifference) -> list[str]:
    kind = MEASUREMENTS[row.name]
    limit = "–" if row.repeatability is None else f"± {row.repeatability.limit:.{kind.decimals}f}"
    return [
        kind.label,
        number(row.before, row.name),
        number(row.after, row.name),
        _signed(row.difference, kind.decimals),
        limit,
        _verdict(row),
    ]


def _signed(difference: float, decimals: int) -> str:
    if math.isnan(difference):
        return "–"
    shown = round(difference, decimals)
    return "0" if shown == 0 else f"{shown:+.{decimals}f}".replace("-", "−")


def _verdict(row: MeasurementDifference) -> str:
    if row.exceeds is None:
        return ""
    words = "more than noise" if row.exceeds else "within noise"
    return words if row.exceeds else Html(f'<span class="pc-quiet">{html.escape(words)}</span>')
