"""The page of a report: an ECG on true ECG paper, to be printed at 100 %.

Everything is placed in millimetres of the sheet, so that a ruler on the print measures 25 mm for a
second and 10 mm for a millivolt (or what the scale states).
"""

from __future__ import annotations

import io
import math
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from physioclr import __version__
from physioclr.ecg_paper import BEYOND_PAPER, has_few_leads, record_layout
from physioclr.errors import SignalError
from physioclr.records import EcgRecord
from physioclr.report.findings import Report
from physioclr.report.panels import write_panels
from physioclr.report.paper import draw_paper
from physioclr.report.sheet import QUIET, SHEETS_MM, SMALL, TITLE, PageStyle, Sheet
from physioclr.report.text_fit import FONT, cut_to_width

__all__ = ["SHEETS_MM", "PageStyle", "report_pdf", "report_png"]

_DISCLAIMER = "Research use only. Not a medical device."
# Unhinted, so that a line of the picture is as wide as in print.
_SETTINGS: Any = {
    "font.family": FONT,
    "path.simplify": False,
    "pdf.fonttype": 42,
    "text.hinting": "none",
}


def report_pdf(report: Report, style: PageStyle | None = None) -> bytes:
    """Print a report: one page of vectors, its fonts embedded.

    Parameters
    ----------
    report : Report
    style : PageStyle, optional

    Returns
    -------
    bytes
        A PDF file; the same bytes for the same report.

    Raises
    ------
    SignalError
        If the record ends before the page begins.
    """
    metadata = {
        "Title": "ECG report",
        "Creator": "PhysioCLR",
        "Producer": None,
        "CreationDate": report.made_at,
    }
    return _drawn(report, style or PageStyle(), {"format": "pdf", "metadata": metadata})


def report_png(report: Report, style: PageStyle | None = None, *, dpi: int = 200) -> bytes:
    """Draw a report as a picture.

    Parameters
    ----------
    report : Report
    style : PageStyle, optional
    dpi : int
        Dots an inch; at least 72.

    Returns
    -------
    bytes
        A PNG file that states its resolution.

    Raises
    ------
    SignalError
        If the record ends before the page begins.
    ValueError
        If `dpi` is below 72.
    """
    if dpi < 72:
        raise ValueError(f"dpi must be at least 72, got {dpi}")
    arguments = {"format": "png", "dpi": dpi, "metadata": {"Software": "PhysioCLR"}}
    return _drawn(report, style or PageStyle(), arguments)


def _drawn(report: Report, style: PageStyle, arguments: dict[str, Any]) -> bytes:
    if not 0 <= style.start_s < report.record.duration_s:
        raise SignalError(
            report.record.record_id,
            expected=f"signal from {style.start_s:g} s on",
            found=f"{report.record.duration_s:g} s",
        )
    width_mm, height_mm = SHEETS_MM[style.sheet]
    with rc_context(_SETTINGS):
        figure = Figure(figsize=(width_mm / 25.4, height_mm / 25.4))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set(xlim=(0, width_mm), ylim=(0, height_mm))
        axes.set_axis_off()
        sheet = Sheet(axes, style, style.layout or record_layout(report.record))
        _head(sheet, report)
        write_panels(sheet, report)
        cut = draw_paper(sheet, report.record)
        _foot(sheet, report, cut)
        out = io.BytesIO()
        figure.savefig(out, **arguments)
    return out.getvalue()


def _head(sheet: Sheet, report: Report) -> None:
    record, top = report.record, sheet.height_mm - 9.0
    facts = [_leads(record), f"{record.duration_s:.4g} s", f"{record.fs_hz:.4g} Hz"]
    age, sex = record.meta.get("age_years"), record.meta.get("sex")
    if isinstance(age, int | float) and math.isfinite(age):
        facts.append(f"{age:.0f} years")
    facts += [sex] if sex in ("female", "male") else []
    title = cut_to_width(f"ECG {record.record_id}", 110.0, TITLE, bold=True)
    made = f"PhysioCLR {__version__} · {report.made_at:%Y-%m-%d %H:%M %Z}"
    sheet.text(sheet.left_mm, top, title, TITLE, weight="bold")
    sheet.text(sheet.left_mm, top - 4.6, " · ".join(facts), color=QUIET)
    sheet.text(sheet.right_mm, top, _DISCLAIMER, weight="bold", ha="right")
    sheet.text(sheet.right_mm, top - 4.6, made, color=QUIET, ha="right")
    if record.simulated:
        how: dict[str, Any] = {"weight": "bold", "color": "#7A4FB0", "ha": "center"}
        sheet.text(sheet.width_mm / 2, top, "Simulated ECG", **how)


def _leads(record: EcgRecord) -> str:
    number = f"{record.n_leads} lead{'' if record.n_leads == 1 else 's'}"
    return f"{number}: {', '.join(record.leads)}" if has_few_leads(record) else number


def _foot(sheet: Sheet, report: Report, cut: bool) -> None:
    style = sheet.style
    end_s = min(style.start_s + style.scale.page_s, report.record.duration_s)
    stated = [
        str(style.scale),
        str(style.display.effective(report.record.fs_hz)),
        "each lead about its median",
        f"{style.start_s:g} to {end_s:g} s",
        "true to scale when printed at 100 %",
    ]
    stated += [BEYOND_PAPER] if cut else []
    y = sheet.bottom_mm - 4.0
    sheet.text(sheet.left_mm, y, " · ".join(stated), SMALL, color=QUIET)
