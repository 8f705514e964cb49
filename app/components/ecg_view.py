"""An ECG on the page: its heading, and its paper in a strip that scrolls on narrow screens."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from app.components.calipers import calipers_between, calipers_of
from app.components.ecg_paper import PaperStyle
from app.components.palette import Palette
from app.components.problems import literal
from app.components.wave_bars import WAVES
from physioclr.ecg_paper import recorded_lead
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
    figure: go.Figure,
    record: EcgRecord,
    style: PaperStyle,
    *,
    start_s: float = 0.0,
    key: str,
    legend: str = "",
) -> None:
    """Show a figure on which a drag measures, what the last drag measured, and how exactly.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Of `app.components.ecg_paper`, with calipers.
    record : EcgRecord
        As it is drawn.
    style : PaperStyle
        Of the figure. Magnified, the paper is wider than the page, and scrolls.
    start_s : float
        Where the page begins.
    key : str
        Names its place on the page.
    legend : str
        HTML that stands beside what was measured.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        answer = st.empty()
        _calipers_popover(record, style.layout.leads, start_s)
    with st.container(key=f"ecg_paper_{key}_{style.magnification}x"):
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
    exact = f"± {style.ms_per_px:.0f} ms at {style.magnification} ×"
    answer.html(
        f'<div class="pc-facts"><span class="pc-calipers" role="status">{said}</span>'
        f'<span class="pc-quiet" title="A pixel of the paper, on a page of 1280 px">{exact}</span>'
        f"{legend}</div>"
    )


def _calipers_popover(record: EcgRecord, leads: Sequence[str], start_s: float) -> None:
    """Measure between two times that are typed, behind a button: calipers without a mouse."""
    recorded = [lead for lead in map(recorded_lead, leads) if lead in record.leads]
    place = f"{record.record_id}_{record.duration_s:g}"
    with st.popover("Calipers", icon=":material/arrow_range:", key="calipers"):
        if not recorded:
            st.caption("No lead is shown.")
            return
        lead = st.selectbox("Lead", recorded, key=f"calipers_lead_{place}")
        from_s, to_s = (
            st.number_input(
                f"{end} (s)",
                *(0.0, record.duration_s, start_s),
                step=0.01,
                format="%.3f",
                key=f"calipers_{end}_{place}",
            )
            for end in ("From", "To")
        )
        measured = calipers_between(record, lead, from_s, to_s)
        st.html(f'<span class="pc-calipers" role="status"><b>{measured}</b></span>')


def waves_legend(palette: Palette) -> str:
    """Return what the bars of `app.components.wave_bars` stand for, as HTML."""
    bars = zip(WAVES, palette.series, strict=False)
    return "".join(_line_and_name(colour, 4, wave) for wave, colour in bars) + (
        "<span>○ absent</span><span>× not measurable</span>"
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
    facts.append(f"{record.n_leads} lead{'' if record.n_leads == 1 else 's'}")
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
