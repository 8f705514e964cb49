"""What a drag across the paper, or two times that are typed, measure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from streamlit.elements.plotly_chart import PlotlyState

from physioclr.ecg_paper import lead_on_paper_mv
from physioclr.records import EcgRecord

__all__ = ["Calipers", "calipers_between", "calipers_of"]


@dataclass(frozen=True)
class Calipers:
    """The two corners of a drag.

    Parameters
    ----------
    from_s, to_s : float
        On the page's time axis, the earlier one first.
    height_mv : float
        Distance of the two ends in mV; NaN where it is not known.
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
        if not math.isnan(self.height_mv):
            parts.append(f"{self.height_mv:.2f} mV")
        return " · ".join(parts)


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


def calipers_between(record: EcgRecord, lead: str, from_s: float, to_s: float) -> Calipers:
    """Return what lies between two times of a lead.

    Parameters
    ----------
    record : EcgRecord
    lead : str
        One of its leads.
    from_s, to_s : float
        Times of the record, in either order.

    Returns
    -------
    Calipers
        Its height is the difference of the lead's voltages at the two; NaN where a sample is
        missing.
    """
    lead_mv = lead_on_paper_mv(record, lead)
    if lead_mv is None:
        raise ValueError(f"lead must be one of {', '.join(record.leads)}, got {lead!r}")
    first, last = (min(round(t * record.fs_hz), len(lead_mv) - 1) for t in (from_s, to_s))
    height_mv = abs(float(lead_mv[last]) - float(lead_mv[first]))
    return Calipers(min(from_s, to_s), max(from_s, to_s), height_mv)
