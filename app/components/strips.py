"""A few leads of an ECG on ECG paper, drawn light: one picture, without the cost of a chart.

What paper is, and what of a lead is on it, says `physioclr.ecg_paper`.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.components.palette import Palette
from app.components.peaks import keep_peaks
from physioclr.ecg_paper import (
    LARGE_BOX_MM,
    PAGE_MM,
    SMALL_BOX_MM,
    PaperLayout,
    PaperScale,
    lead_on_paper_mv,
    paper_cells,
)
from physioclr.records import EcgRecord

__all__ = ["ecg_strip"]

_PITCH_MM = 20.0
_MARGIN_MM = 5.0
_POINTS_PER_MM = 6


def ecg_strip(record: EcgRecord, leads: Sequence[str], palette: Palette) -> str:
    """Draw a page of paper with one row a lead, at 25 mm/s and 10 mm/mV.

    Parameters
    ----------
    record : EcgRecord
    leads : sequence of str
    palette : Palette

    Returns
    -------
    str
        HTML, of an image. The boxes stay square at any width.
    """
    scale = PaperScale()
    layout = PaperLayout(rows=(), rhythm=tuple(leads), pitch_mm=_PITCH_MM)
    width_mm = PAGE_MM + 2 * _MARGIN_MM
    height_mm = len(leads) * _PITCH_MM + 2 * _MARGIN_MM
    rows = []
    for cell in paper_cells(layout, scale, duration_s=record.duration_s):
        zero_mm = _MARGIN_MM + (cell.row + 0.5) * _PITCH_MM
        lead_mv = lead_on_paper_mv(record, cell.lead)
        name = cell.lead if lead_mv is not None else f"{cell.lead} – not recorded"
        rows.append(
            f'<text x="{_MARGIN_MM}" y="{zero_mm - 0.32 * _PITCH_MM:.1f}" font-size="3.4" '
            f'font-weight="600" fill="{palette.ink}">{html.escape(name)}</text>'
        )
        if lead_mv is not None:
            shown = lead_mv[: round(cell.to_s * record.fs_hz)]
            path = _path(shown, record.fs_hz, zero_mm, scale)
            rows.append(
                f'<path d="{path}" fill="none" stroke="{palette.trace}" stroke-width="0.28" '
                'stroke-linejoin="round"/>'
            )
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width_mm:g} {height_mm:g}" '
        'font-family="sans-serif">'
        f"{_boxes(width_mm, height_mm, SMALL_BOX_MM, palette.grid_minor, 0.1)}"
        f"{_boxes(width_mm, height_mm, LARGE_BOX_MM, palette.grid_major, 0.16)}"
        f"{''.join(rows)}</svg>"
    )
    label = f"{', '.join(leads)} of ECG {record.record_id} on ECG paper"
    return (
        f'<img class="pc-strip" alt="{html.escape(label)}" '
        f'src="data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}" '
        f'style="width:100%;aspect-ratio:{width_mm:g}/{height_mm:g};display:block;'
        f'background:{palette.paper}">'
    )


def _boxes(width_mm: float, height_mm: float, step_mm: float, colour: str, line_mm: float) -> str:
    across = "".join(f"M{x:g} 0V{height_mm:g}" for x in np.arange(0, width_mm + 0.1, step_mm))
    down = "".join(f"M0 {y:g}H{width_mm:g}" for y in np.arange(0, height_mm + 0.1, step_mm))
    return f'<path d="{across}{down}" stroke="{colour}" stroke-width="{line_mm}"/>'


def _path(lead_mv: NDArray[np.float32], fs_hz: float, zero_mm: float, scale: PaperScale) -> str:
    """Write a lead as a path in mm; a gap where samples are missing, cut at the paper's row."""
    length_mm = len(lead_mv) / fs_hz * scale.speed_mm_per_s
    points, stride = keep_peaks(lead_mv, round(_POINTS_PER_MM * length_mm))
    x_mm = _MARGIN_MM + np.arange(len(points)) * stride / fs_hz * scale.speed_mm_per_s
    y_mm = zero_mm - np.clip(points * scale.gain_mm_per_mv, -_PITCH_MM, _PITCH_MM)
    known = np.isfinite(points)
    begins = known & ~np.concatenate([[False], known[:-1]])
    return "".join(
        f"{'M' if begins[i] else 'L'}{x_mm[i]:.2f} {y_mm[i]:.2f}" for i in np.flatnonzero(known)
    )
