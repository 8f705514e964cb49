"""The waves of each lead as bars below it: where P, QRS and T begin and end, or are absent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go

from app.components.palette import Palette
from physioclr.ecg_paper import PaperCell, PaperScale, recorded_lead
from physioclr.signal.delineation import Delineation

__all__ = ["WAVES", "wave_bars"]

WAVES = {"P": ("p_on", "p_off"), "QRS": ("qrs_on", "qrs_off"), "T": ("t_on", "t_off")}
"""Wave → the fiducials it lies between."""

_BELOW_MM = 9.0
_SYMBOLS = {"absent": "circle-open", "not measurable": "x-thin-open"}
"""What is not drawn as a bar → the mark that stands for it."""


@dataclass
class _Marks:
    x: list[float | None] = field(default_factory=list)
    y: list[float | None] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def add(self, x: Sequence[float | None], y: Sequence[float | None], text: str) -> None:
        self.x += x
        self.y += y
        self.text += [text] * len(x)


def wave_bars(
    delineation: Delineation,
    cells: Sequence[PaperCell],
    zero_mv: Callable[[int], float],
    scale: PaperScale,
    palette: Palette,
) -> list[go.Scatter]:
    """Draw the waves of every place of a page.

    Parameters
    ----------
    delineation : Delineation
    cells : sequence of PaperCell
    zero_mv : callable
        Row → where its 0 mV lies on the figure's axis.
    scale : PaperScale
    palette : Palette

    Returns
    -------
    list of plotly.graph_objects.Scatter
        One trace of bars a wave, one of circles for absent waves, one of crosses for waves that
        could not be measured.
    """
    bars = {wave: _Marks() for wave in WAVES}
    missing = {state: _Marks() for state in _SYMBOLS}
    for cell in cells:
        lead = recorded_lead(cell.lead)
        if lead in delineation:
            y = zero_mv(cell.row) - _BELOW_MM / scale.gain_mm_per_mv
            _add_cell(delineation, lead, cell, y, bars, missing)
    colours = dict(zip(WAVES, palette.series, strict=False))
    drawn = [_bars(wave, marks, colours[wave]) for wave, marks in bars.items()]
    return [
        *drawn,
        *(_symbols(state, marks, palette.ink_muted) for state, marks in missing.items()),
    ]


def _add_cell(
    delineation: Delineation,
    lead: str,
    cell: PaperCell,
    y: float,
    bars: dict[str, _Marks],
    missing: dict[str, _Marks],
) -> None:
    table = delineation[lead]
    states = delineation.states(lead)
    for wave, (onset, offset) in WAVES.items():
        from_s = table[onset].to_numpy() / delineation.fs_hz
        to_s = table[offset].to_numpy() / delineation.fs_hz
        for beat, state in enumerate(states[wave.lower()]):
            if state == "present" and cell.from_s <= from_s[beat] and to_s[beat] <= cell.to_s:
                ends = [from_s[beat] + cell.moved_s, to_s[beat] + cell.moved_s, None]
                ms = 1000.0 * (to_s[beat] - from_s[beat])
                bars[wave].add(ends, [y, y, None], f"{lead}: {wave}, {ms:.0f} ms")
            elif state != "present" and wave != "QRS":
                at_s = _where_expected(delineation, beat, wave)
                if cell.from_s <= at_s < cell.to_s:
                    missing[_kind_of(state)].add(
                        [at_s + cell.moved_s], [y], f"{lead}: {wave} {state}"
                    )


def _kind_of(state: str) -> str:
    return "absent" if state == "absent" else "not measurable"


def _where_expected(delineation: Delineation, beat: int, wave: str) -> float:
    mark_s = float(delineation.r_peaks_samples[beat]) / delineation.fs_hz
    return mark_s + (-0.16 if wave == "P" else 0.28)


def _bars(wave: str, marks: _Marks, colour: str) -> go.Scatter:
    return go.Scatter(
        x=np.array(marks.x, dtype=np.float64),
        y=np.array(marks.y, dtype=np.float64),
        text=marks.text,
        name=f"{wave} wave" if wave != "QRS" else "QRS complex",
        mode="lines",
        line={"color": colour, "width": 4},
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )


def _symbols(state: str, marks: _Marks, colour: str) -> go.Scatter:
    return go.Scatter(
        x=marks.x,
        y=marks.y,
        text=marks.text,
        name=state,
        mode="markers",
        marker={"symbol": _SYMBOLS[state], "size": 6, "color": colour, "line": {"width": 1.2}},
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
