"""An ECG on the page: its heading, and its paper in a strip that scrolls on narrow screens."""

from __future__ import annotations

import html

import plotly.graph_objects as go
import streamlit as st

from app.components.calipers import calipers_of
from app.components.palette import Palette
from app.components.problems import literal
from app.components.wave_bars import WAVES
from physioclr.records import EcgRecord

__all__ = [
    "measure_on_paper",
    "overlay_legend",
    "record_heading",
    "show_paper",
    "waves_legend",
]

_CONFIG = {
    "displaylogo": False,
    "displayModeBar": False,
    "scrollZoom": False,
    "doubleClick": "reset",
}


def show_paper(figure: go.Figure, record: EcgRecord, *, key: str) -> None:
    """Show a figure of `app.components.ecg_paper`; `key` names its place on the page."""
    with st.container(key=f"ecg_paper_{key}"):
        st.plotly_chart(
            figure, theme=None, config=_CONFIG, key=f"paper_figure_{key}", alt=_described(record)
        )


def measure_on_paper(
    figure: go.Figure, record: EcgRecord, *, key: str, magnification: int = 1, legend: str = ""
) -> None:
    """Show a figure on which a drag measures, and what the last drag measured.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Of `app.components.ecg_paper`, with calipers.
    record : EcgRecord
    key : str
        Names its place on the page.
    magnification : int
        Above 1 the paper is wider than the page, and scrolls.
    legend : str
        HTML that stands beside what was measured.
    """
    answer = st.empty()
    with st.container(key=f"ecg_paper_{key}_{magnification}x"):
        state = st.plotly_chart(
            figure,
            theme=None,
            config=_CONFIG,
            key=f"paper_figure_{key}",
            alt=_described(record),
            on_select="rerun",
            selection_mode="box",
        )
    measured = calipers_of(state)
    said = "Calipers: drag across the paper" if measured is None else f"<b>{measured}</b>"
    answer.html(
        f'<div class="pc-facts"><span class="pc-calipers" role="status">{said}</span>{legend}</div>'
    )


def waves_legend(palette: Palette) -> str:
    """Return what the bars of `app.components.wave_bars` stand for, as HTML."""
    bars = zip(WAVES, palette.series, strict=False)
    return "".join(_line_and_name(colour, 4, wave) for wave, colour in bars) + (
        "<span>○ absent or not measurable</span>"
    )


def _described(record: EcgRecord) -> str:
    return f"ECG {record.record_id}, {record.n_leads} leads, on ECG paper"


def record_heading(record: EcgRecord) -> None:
    """Say what is being looked at, in one line; a simulated ECG says so."""
    st.html(
        f'<div class="pc-facts">{"".join(f"<span>{fact}</span>" for fact in _facts(record))}</div>'
    )
    remarks = " ".join(_remarks(record))
    if remarks:
        st.caption(literal(remarks))


def _remarks(record: EcgRecord) -> list[str]:
    """Say what is missing, what was derived, and what the reader assumed."""
    remarks = []
    if record.missing_leads:
        remarks.append(f"Not recorded: {', '.join(record.missing_leads)}.")
    if record.meta.get("derived_leads"):
        derived = ", ".join(record.meta["derived_leads"])
        remarks.append(f"Derived from the other limb leads: {derived}.")
    remarks += [f"{name} is left out: {why}." for name, why in _left_out(record).items()]
    remarks += [f"{str(warning).rstrip('.')}." for warning in record.meta.get("warnings", ())]
    return remarks


def _left_out(record: EcgRecord) -> dict[str, str]:
    return dict(record.meta.get("left_out", {}))


def _facts(record: EcgRecord) -> list[str]:
    facts = [f"<b>{html.escape(record.record_id)}</b>"]
    if record.simulated:
        facts.append('<span class="pc-badge">Simulated ECG</span>')
    facts.append(f"{record.n_leads} leads")
    facts.append(f"{record.duration_s:.4g} s")
    facts.append(f"{record.fs_hz:.4g} Hz")
    age, sex = record.meta.get("age_years"), record.meta.get("sex")
    if isinstance(age, int | float) and age == age:
        facts.append(f"{age:.0f} years")
    if sex:
        facts.append(html.escape(str(sex)))
    return facts


def overlay_legend(palette: Palette, *, behind: str = "original", front: str = "augmented") -> None:
    """Say which line is which where two ECGs are drawn over each other."""
    entries = ((palette.trace_behind, 3, behind), (palette.trace, 2, front))
    st.html(f'<div class="pc-facts">{"".join(_line_and_name(*entry) for entry in entries)}</div>')


def _line_and_name(colour: str, px: int, name: str) -> str:
    return (
        f'<span><span style="display:inline-block;width:1.6rem;vertical-align:middle;'
        f'border-top:{px}px solid {colour}"></span> {html.escape(name)}</span>'
    )
