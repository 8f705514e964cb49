"""Where in an ECG a prediction comes from, as a highlighter's strokes below the trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.components.palette import Palette
from physioclr.ecg_paper import PaperCell, lead_on_paper_mv, recorded_lead
from physioclr.records import EcgRecord

if TYPE_CHECKING:
    from physioclr.prediction.attribution import Attribution

__all__ = ["SMOOTHED_MS", "attribution_marks"]

SMOOTHED_MS = 20.0
"""Attributions are smoothed by a Gaussian of this standard deviation before they are drawn."""
_STRONGEST_PERCENTILE = 99.5
_STRENGTHS = ((0.2, 0.25), (0.45, 0.5), (0.75, 0.85))
"""Share of the strongest from which a stroke is drawn, and its opacity."""


def attribution_marks(
    attribution: Attribution,
    record: EcgRecord,
    cells: Sequence[PaperCell],
    zero_mv: Callable[[int], float],
    palette: Palette,
) -> list[go.Scatter]:
    """Draw what speaks for a label in one colour and what speaks against it in another.

    Parameters
    ----------
    attribution : Attribution
    record : EcgRecord
        As it is drawn.
    cells : sequence of PaperCell
    zero_mv : callable
        Row → where its 0 mV lies on the figure's axis.
    palette : Palette

    Returns
    -------
    list of plotly.graph_objects.Scatter
        Three strengths for each sign; to be drawn before the traces of the leads.
    """
    values, time_s = attribution.smoothed(SMOOTHED_MS), attribution.time_s
    strongest = float(np.percentile(np.abs(values), _STRONGEST_PERCENTILE)) or 1.0
    strokes: dict[tuple[int, int], list[NDArray[np.float64]]] = {}
    for cell in cells:
        lead = recorded_lead(cell.lead)
        drawn = lead_on_paper_mv(record, cell.lead)
        if drawn is None or lead not in attribution.leads:
            continue
        own = values[attribution.leads.index(lead)] / strongest
        inside = (time_s >= cell.from_s) & (time_s < min(cell.to_s, record.duration_s))
        y = np.interp(time_s[inside], np.arange(drawn.size) / record.fs_hz, drawn)
        points = np.stack([time_s[inside] + cell.moved_s, y + zero_mv(cell.row)])
        level = np.searchsorted([share for share, _ in _STRENGTHS], np.abs(own[inside]))
        for sign in (1, -1):
            for strength in range(1, len(_STRENGTHS) + 1):
                chosen = (level == strength) & (np.sign(own[inside]) == sign)
                strokes.setdefault((sign, strength), []).append(_pieces(points, chosen))
    colours = {1: palette.series[1], -1: palette.series[2]}
    return [
        _stroke(np.concatenate(parts, axis=1), colours[sign], _STRENGTHS[strength - 1][1], sign)
        for (sign, strength), parts in sorted(strokes.items())
    ]


def _pieces(points: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the chosen stretches, each led on to its next point, with gaps between them."""
    reach = chosen.copy()
    reach[1:] |= chosen[:-1]
    return np.append(np.where(reach, points, np.nan), np.full((2, 1), np.nan), axis=1)


def _stroke(points: NDArray[np.float64], colour: str, opacity: float, sign: int) -> go.Scatter:
    shown = np.isfinite(points[1])
    kept = shown | np.append(False, shown[:-1])  # one gap after each stretch is enough
    x, y = points[:, kept].astype(np.float32)
    return go.Scatter(
        x=x,
        y=y,
        name="speaks for it" if sign > 0 else "speaks against it",
        mode="lines",
        line={"color": colour, "width": 9},
        opacity=opacity,
        hoverinfo="skip",
        showlegend=False,
    )
