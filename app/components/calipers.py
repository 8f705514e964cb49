"""What a drag across the paper measures."""

from __future__ import annotations

import math
from dataclasses import dataclass

from streamlit.elements.plotly_chart import PlotlyState

__all__ = ["Calipers", "calipers_of"]


@dataclass(frozen=True)
class Calipers:
    """The two corners of a drag.

    Parameters
    ----------
    from_s, to_s : float
        On the page's time axis, the earlier one first.
    height_mv : float
        Distance of the two ends in mV.
    """

    from_s: float
    to_s: float
    height_mv: float

    @property
    def ms(self) -> float:
        """The distance in time."""
        return 1000.0 * (self.to_s - self.from_s)

    @property
    def bpm(self) -> float:
        """The rate of beats this far apart; NaN for no distance."""
        return 60_000.0 / self.ms if self.ms > 0 else math.nan

    def __str__(self) -> str:
        parts = [f"{self.ms:.0f} ms"]
        if not math.isnan(self.bpm):
            parts.append(f"{self.bpm:.0f} bpm")
        return " · ".join((*parts, f"{self.height_mv:.2f} mV"))


def calipers_of(state: PlotlyState) -> Calipers | None:
    """Return the last drag on a figure of `app.components.ecg_paper`, or None.

    Parameters
    ----------
    state : PlotlyState
        What ``st.plotly_chart`` returned.
    """
    boxes = state["selection"]["box"]
    if not boxes:
        return None
    (x0, x1), (y0, y1) = boxes[-1]["x"], boxes[-1]["y"]
    return Calipers(min(x0, x1), max(x0, x1), abs(y1 - y0))
