"""A sheet of printing paper: how it is set, where things stand on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes

from physioclr.ecg_paper import LARGE_BOX_MM, PAGE_MM, PaperLayout, PaperScale
from physioclr.report.text_fit import wrap_to_width
from physioclr.signal.display_filter import DisplayFilter

__all__ = ["BODY", "INK", "LINE_MM", "QUIET", "SHEETS_MM", "SMALL", "TITLE", "PageStyle", "Sheet"]

SHEETS_MM = {"A4": (297.0, 210.0), "US letter": (279.4, 215.9)}
"""Name → width and height, landscape."""

INK, QUIET = "#12161C", "#55606E"
SMALL, BODY, TITLE = 6.5, 7.5, 11.0
"""Sizes of type in points."""
LINE_MM = 3.6

_LEFT_MM, _RIGHT_MM = 15.0, 5.0
_ABOVE_MM, _BELOW_MM = 15.0, 10.0
_FOOT_MM, _HEAD_MM, _TABLE_MM = 8.0, 17.0, 40.0
_ROOM_OF_A_BOX_MM = 10.0


@dataclass(frozen=True)
class PageStyle:
    """How a report is printed.

    Parameters
    ----------
    scale : PaperScale
    layout : PaperLayout, optional
        Rows stand closer than it says where the sheet is too low for them. By default what
        `record_layout` makes of the record.
    display : DisplayFilter
    start_s : float
        Where in the record the page begins.
    sheet : str
        One of `SHEETS_MM`.
    """

    scale: PaperScale = field(default_factory=PaperScale)
    layout: PaperLayout | None = None
    display: DisplayFilter = field(default_factory=DisplayFilter)
    start_s: float = 0.0
    sheet: str = "A4"

    def __post_init__(self) -> None:
        if self.sheet not in SHEETS_MM:
            raise ValueError(f"sheet must be one of {', '.join(SHEETS_MM)}, got {self.sheet!r}")


class Sheet:
    """One sheet; all lengths in mm from its lower left corner.

    Parameters
    ----------
    axes : Axes
        Over the whole sheet, in mm.
    style : PageStyle
    layout : PaperLayout
        The style's, or the record's.
    """

    def __init__(self, axes: Axes, style: PageStyle, layout: PaperLayout) -> None:
        self.axes, self.style, self.layout = axes, style, layout
        self.width_mm, self.height_mm = SHEETS_MM[style.sheet]
        paper_mm = _LEFT_MM + PAGE_MM + _RIGHT_MM
        self.left_mm = (self.width_mm - paper_mm) / 2
        self.right_mm = self.left_mm + paper_mm
        self.zero_s_mm = self.left_mm + _LEFT_MM
        gaps = layout.n_rows - 1
        room_mm = self.height_mm - _FOOT_MM - _HEAD_MM - _TABLE_MM - _ABOVE_MM - _BELOW_MM
        self.pitch_mm = min(layout.pitch_mm, math.floor(room_mm / max(gaps, 1)))
        # Two large boxes more for tall R waves and one for deep S waves, where there is room.
        spare_mm = room_mm - gaps * self.pitch_mm
        boxes = min(2, int(spare_mm // _ROOM_OF_A_BOX_MM))
        self.above_mm = _ABOVE_MM + boxes * LARGE_BOX_MM
        high_mm = self.above_mm + gaps * self.pitch_mm + _BELOW_MM + boxes // 2 * LARGE_BOX_MM
        self.bottom_mm = _FOOT_MM
        self.top_mm = _FOOT_MM + LARGE_BOX_MM * math.ceil(high_mm / LARGE_BOX_MM)
        self.tables_top_mm = self.height_mm - _HEAD_MM - 3.0

    @property
    def table_lines(self) -> int:
        """Lines of text between the head and the ECG paper, headings not counted."""
        return int((self.tables_top_mm - self.top_mm - 2.0) / LINE_MM)

    def zero_mm(self, row: int) -> float:
        """Return the height of a row's 0 mV."""
        return self.top_mm - self.above_mm - row * self.pitch_mm

    def line_mm(self, number: int) -> float:
        """Return the height of a line of the tables, the first below the heading being 1."""
        return self.tables_top_mm - 0.6 - number * LINE_MM

    def text(self, x: float, y: float, text: str, size: float = BODY, **how: Any) -> None:
        """Write a line. It is never read as mathematics."""
        how = {"color": INK, "va": "baseline", **how}
        self.axes.text(x, y, text, fontsize=size, parse_math=False, **how)

    def lines(
        self,
        x: float,
        y: float,
        text: str,
        width_mm: float,
        most: int,
        size: float = BODY,
        **how: Any,
    ) -> float:
        """Write wrapped lines; return the height of the next one."""
        for line in wrap_to_width(text, width_mm, size, most=most):
            self.text(x, y, line, size, **how)
            y -= LINE_MM
        return y
