"""ECG paper: its scale, and where each lead stands on a page.

Nothing is drawn here. The screen (`app.components.ecg_paper`) and the print (`physioclr.report`)
draw what this says, so that both show the same page.

Small boxes are 1 mm, large boxes 5 mm; 25 mm/s and 10 mm/mV unless stated otherwise
(IEC 60601-2-25:2011, 201.12.4.101).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physioclr.leads import LIMB_LEADS, PRECORDIAL_LEADS, STANDARD_LEADS, rhythm_lead
from physioclr.records import EcgRecord

__all__ = [
    "ARRANGEMENTS",
    "BEYOND_PAPER",
    "CABRERA_LEADS",
    "GAINS_MM_PER_MV",
    "LARGE_BOX_MM",
    "MINUS_AVR",
    "PAGE_MM",
    "SMALL_BOX_MM",
    "SPEEDS_MM_PER_S",
    "PaperCell",
    "PaperLayout",
    "PaperScale",
    "calibration_pulse_mm",
    "has_few_leads",
    "lead_on_paper_mv",
    "leaves_paper",
    "paper_cells",
    "paper_layout",
    "pulse_rows",
    "record_layout",
    "recorded_lead",
]

SMALL_BOX_MM, LARGE_BOX_MM = 1.0, 5.0
PAGE_MM = 250.0
"""Length of a row: 10 s at 25 mm/s."""
SPEEDS_MM_PER_S = (25.0, 50.0)
GAINS_MM_PER_MV = (5.0, 10.0, 20.0)

MINUS_AVR = "−aVR"
CABRERA_LEADS = ("aVL", "I", MINUS_AVR, "II", "aVF", "III", *PRECORDIAL_LEADS)
"""The frontal plane from −30° to 120° in steps of 30° (Kligfield et al. 2007, AHA/ACC/HRS part I,
Circulation 115:1306, recommend it beside the usual order)."""

ARRANGEMENTS = {"3 × 4": 4, "6 × 2": 2, "12 × 1": 1}
"""Name → number of columns; rows × columns."""
_PITCH_MM = {4: 30.0, 2: 25.0, 1: 20.0}
_WHOLE_PAGE_S = 0.05
_FEW_LEADS = 6
_MOST_ROWS = 12

_PULSE_MV, _PULSE_S = 1.0, 0.2
"""The calibration pulse: so wide that it shows the speed of the paper too."""
_PULSE_FOOT_MM, _SHORT_FOOT_MM, _WIDE_PULSE_MM = 2.0, 1.0, 5.0

BEYOND_PAPER = "▲ ▼ a wave goes on beyond the paper"


@dataclass(frozen=True)
class PaperScale:
    """How long a second and how high a millivolt is.

    Parameters
    ----------
    speed_mm_per_s : float
    gain_mm_per_mv : float
    """

    speed_mm_per_s: float = 25.0
    gain_mm_per_mv: float = 10.0

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("speed_mm_per_s", self.speed_mm_per_s, SPEEDS_MM_PER_S),
            ("gain_mm_per_mv", self.gain_mm_per_mv, GAINS_MM_PER_MV),
        ):
            if value not in allowed:
                raise ValueError(f"{name} must be one of {allowed}, got {value}")

    @property
    def page_s(self) -> float:
        """Seconds in a row."""
        return PAGE_MM / self.speed_mm_per_s

    @property
    def mv_per_s(self) -> float:
        """Millivolts that are as high as a second is long."""
        return self.speed_mm_per_s / self.gain_mm_per_mv

    def __str__(self) -> str:
        return f"{self.speed_mm_per_s:g} mm/s · {self.gain_mm_per_mv:g} mm/mV"


@dataclass(frozen=True)
class PaperLayout:
    """Which leads stand in which row.

    Parameters
    ----------
    rows : tuple of tuple of str
        The leads of each row, left to right. A row shorter than the first ends with empty places.
    rhythm : tuple of str
        Leads of rows below these, each over the whole page.
    pitch_mm : float
        Distance of two rows, a whole number of large boxes.
    """

    rows: tuple[tuple[str, ...], ...]
    rhythm: tuple[str, ...]
    pitch_mm: float

    @property
    def n_columns(self) -> int:
        """Into how many columns the rows are divided."""
        return max((len(row) for row in self.rows), default=1)

    @property
    def n_rows(self) -> int:
        """Of leads and of rhythm strips."""
        return len(self.rows) + len(self.rhythm)

    @property
    def leads(self) -> tuple[str, ...]:
        """All leads shown, each once, in the order they are first shown."""
        return tuple(
            dict.fromkeys((*(lead for row in self.rows for lead in row), *self.rhythm)),
        )


@dataclass(frozen=True)
class PaperCell:
    """One lead's place on the page.

    Parameters
    ----------
    lead : str
        As it is named on the paper; `MINUS_AVR` is aVR upside down.
    row, column : int
        From the top, from the left.
    from_s, to_s : float
        The part of the record that is shown.
    shown_at_s : float
        Where on the page's own time axis it begins; `from_s` unless the record is shorter than the
        page.
    rhythm : bool
        Whether it is a rhythm strip.
    """

    lead: str
    row: int
    column: int
    from_s: float
    to_s: float
    shown_at_s: float
    rhythm: bool

    @property
    def moved_s(self) -> float:
        """How much later than its own time the lead stands on the page's time axis."""
        return self.shown_at_s - self.from_s


def paper_layout(
    arrangement: str = "3 × 4",
    *,
    cabrera: bool = False,
    rhythm: Sequence[str] = ("II",),
    leads: Sequence[str] | None = None,
) -> PaperLayout:
    """Lay leads out, down the columns.

    Parameters
    ----------
    arrangement : {"3 × 4", "6 × 2", "12 × 1"}
        Rows × columns of a 12-lead ECG.
    cabrera : bool
        Whether the limb leads stand in Cabrera's order, with −aVR.
    rhythm : sequence of str
        Leads below, each over the whole page. Left out where there is only one column, which shows
        every lead so.
    leads : sequence of str, optional
        Which are shown (aVR stands for −aVR too); the twelve by default. Others than these follow
        them, as they come.

    Returns
    -------
    PaperLayout

    Raises
    ------
    ValueError
        If there is no such arrangement, or no lead is chosen.
    """
    if arrangement not in ARRANGEMENTS:
        raise ValueError(f"arrangement must be one of {', '.join(ARRANGEMENTS)}, got {arrangement}")
    chosen = tuple(dict.fromkeys(STANDARD_LEADS if leads is None else leads))
    if not chosen:
        raise ValueError("leads must name at least one lead, got none")
    order = CABRERA_LEADS if cabrera else (*LIMB_LEADS, *PRECORDIAL_LEADS)
    shown = [lead for lead in order if recorded_lead(lead) in chosen]
    shown += [lead for lead in chosen if lead not in STANDARD_LEADS]
    n_columns = ARRANGEMENTS[arrangement]
    n_rows = -(-len(shown) // n_columns)
    return PaperLayout(
        rows=tuple(tuple(shown[row::n_rows]) for row in range(n_rows)),
        rhythm=tuple(rhythm) if n_columns > 1 else (),
        pitch_mm=_PITCH_MM[n_columns],
    )


def record_layout(
    record: EcgRecord,
    arrangement: str = "3 × 4",
    *,
    cabrera: bool = False,
    rhythm: Sequence[str] | None = None,
    leads: Sequence[str] | None = None,
) -> PaperLayout:
    """Lay out the leads of a record, each over the whole page where there are few of them.

    Parameters
    ----------
    record : EcgRecord
    arrangement : {"3 × 4", "6 × 2", "12 × 1"}
        Of a 12-lead ECG; a record of few leads has one column whatever it is.
    cabrera : bool
    rhythm, leads : sequence of str, optional
        As `paper_layout` takes them. By default the lead a rhythm is read in, and the twelve; of a
        record of few leads those it has, twelve at most. What the record does not have of them is
        left out where that leaves any.

    Returns
    -------
    PaperLayout

    Raises
    ------
    ValueError
        If there is no such arrangement.
    """
    recorded = tuple(lead for lead in leads or () if lead in record.leads)
    if has_few_leads(record):
        shown = recorded or record.leads[:_MOST_ROWS]
        return paper_layout("12 × 1", cabrera=cabrera, leads=shown)
    strips = tuple(lead for lead in rhythm or () if lead in record.leads)
    if not strips and rhythm != ():
        strips = (rhythm_lead(record.leads) or "II",)
    shown = tuple(leads) if leads is not None and recorded else STANDARD_LEADS
    return paper_layout(arrangement, cabrera=cabrera, rhythm=strips, leads=shown)


def has_few_leads(record: EcgRecord) -> bool:
    """Return whether half of the twelve leads or more are not there."""
    return sum(lead in record.leads for lead in STANDARD_LEADS) <= _FEW_LEADS


def paper_cells(
    layout: PaperLayout, scale: PaperScale, *, start_s: float = 0.0, duration_s: float
) -> list[PaperCell]:
    """Say what part of the record each place on the page shows.

    Parameters
    ----------
    layout : PaperLayout
    scale : PaperScale
    start_s : float
        Where in the record the page begins.
    duration_s : float
        Of the record. If the page is longer, every column begins at `start_s`, so that none is
        empty; otherwise time runs on across the columns.

    Returns
    -------
    list of PaperCell
        From the top, from the left.
    """
    runs_on = duration_s >= scale.page_s - _WHOLE_PAGE_S
    width_s = scale.page_s / layout.n_columns
    cells = []
    for row, leads in enumerate(layout.rows):
        for column, lead in enumerate(leads):
            at_s = start_s + column * width_s
            from_s = at_s if runs_on else start_s
            cells.append(PaperCell(lead, row, column, from_s, from_s + width_s, at_s, rhythm=False))
    for row, lead in enumerate(layout.rhythm, start=len(layout.rows)):
        end_s = start_s + scale.page_s
        cells.append(PaperCell(lead, row, 0, start_s, end_s, start_s, rhythm=True))
    return cells


def lead_on_paper_mv(record: EcgRecord, lead: str) -> NDArray[np.float32] | None:
    """Return what is drawn for a lead of a layout: the lead about its own median.

    Parameters
    ----------
    record : EcgRecord
    lead : str
        As a layout names it.

    Returns
    -------
    (n_samples,) float32 or None
        In mV, as an ECG machine's high-pass would centre it; None where the record has no such
        lead.
    """
    recorded = recorded_lead(lead)
    if recorded not in record.leads:
        return None
    lead_mv = record.lead_mv(recorded)
    known = lead_mv[np.isfinite(lead_mv)]
    centred = lead_mv - np.float32(np.median(known)) if len(known) else lead_mv
    return -centred if lead == MINUS_AVR else centred


def calibration_pulse_mm(scale: PaperScale) -> tuple[list[float], list[float]]:
    """Return the calibration pulse before a row: 1 mV for 0.2 s.

    Parameters
    ----------
    scale : PaperScale

    Returns
    -------
    x, y : list of float
        From the row's 0 s and 0 mV, in mm. It stands in the 15 mm before the leads.
    """
    wide, high = _PULSE_S * scale.speed_mm_per_s, _PULSE_MV * scale.gain_mm_per_mv
    foot = _PULSE_FOOT_MM if wide <= _WIDE_PULSE_MM else _SHORT_FOOT_MM
    end = -1.0 - foot
    fall, rise = end - foot, end - foot - wide
    x = [rise - foot, rise, rise, fall, fall, end]
    return x, [0.0, 0.0, high, high, 0.0, 0.0]


def pulse_rows(n_rows: int, pitch_mm: float, scale: PaperScale) -> range:
    """Return the rows that have a calibration pulse, so that none stands on another.

    Parameters
    ----------
    n_rows : int
    pitch_mm : float
        Distance of two rows.
    scale : PaperScale

    Returns
    -------
    range
        From the lowest row upwards.
    """
    every = math.ceil((_PULSE_MV * scale.gain_mm_per_mv + 2.0) / pitch_mm)
    return range(n_rows - 1, -1, -every)


def leaves_paper(
    drawn: NDArray[np.floating], lowest: float, highest: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find where a drawn line leaves the paper.

    Parameters
    ----------
    drawn : (n_samples,) float array
        NaN where there is no sample.
    lowest, highest : float
        The edges of the paper, in the unit of `drawn`.

    Returns
    -------
    above, below : (n_times,) int
        The first sample of each stretch beyond that edge.
    """
    above, below = (
        np.flatnonzero(beyond & ~np.append(False, beyond[:-1]))
        for beyond in (drawn > highest, drawn < lowest)
    )
    return above, below


def recorded_lead(lead: str) -> str:
    """Return the recorded lead that a layout's lead is drawn from."""
    return "aVR" if lead == MINUS_AVR else lead
