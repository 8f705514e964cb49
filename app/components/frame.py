"""What surrounds every page: its measure, its table style, and the disclaimer."""

from __future__ import annotations

import streamlit as st

__all__ = ["DISCLAIMER", "dress_page", "show_disclaimer", "show_title"]

DISCLAIMER = "Research use only. Not a medical device."

# Lines are drawn in shades of the text's own colour, so one sheet serves both themes.
_STYLE = """
<style>
.stMainBlockContainer { max-width: 1296px; padding: 4.25rem 3.5rem 4rem; }
.stMainBlockContainer > div > .stVerticalBlock { gap: 0.9rem; }
@media (max-width: 760px) { .stMainBlockContainer { padding: 4.25rem 1rem 3rem; } }
.pc-disclaimer { font-size: 0.85rem; font-weight: 600; padding: 0.3rem 0.7rem;
  border-left: 3px solid #D08A1D; background: color-mix(in srgb, #D08A1D 12%, transparent); }
.pc-title h1 { font-size: 1.6rem; font-weight: 650; margin: 0; padding: 0; line-height: 1.2; }
.pc-title p { margin: 0.2rem 0 0; opacity: 0.75; max-width: 72ch; }
[class*="st-key-ecg_paper"] { overflow-x: auto; }
[class*="st-key-ecg_paper"] > * { min-width: 1080px; }
[class*="st-key-ecg_paper"][class*="_2x"] > * { min-width: 2336px; }
[class*="st-key-ecg_paper"][class*="_4x"] > * { min-width: 4672px; }
.st-key-chart_code { position: absolute; visibility: hidden; left: 0; max-width: 100%;
  overflow: hidden; }
.pc-scroll { overflow-x: auto; }
.pc-table { width: 100%; border-collapse: collapse; font-size: 0.95rem;
  font-variant-numeric: tabular-nums; }
.pc-table caption { caption-side: bottom; text-align: left; font-size: 0.85rem; opacity: 0.75;
  padding-top: 0.5rem; max-width: calc(100vw - 2.5rem); }
.pc-table th { font-weight: 600; font-size: 0.85rem; text-align: left; opacity: 0.75;
  padding: 0.3rem 0.6rem 0.3rem 0; vertical-align: bottom;
  border-bottom: 1px solid color-mix(in srgb, currentColor 35%, transparent); }
.pc-table td { padding: 0.36rem 0.6rem 0.36rem 0; vertical-align: baseline;
  border-bottom: 1px solid color-mix(in srgb, currentColor 14%, transparent); }
.pc-table .pc-number { text-align: right; white-space: nowrap; }
.pc-table td:first-child { white-space: nowrap; padding-right: 1.2rem; }
.pc-table .pc-number + :not(.pc-number) { padding-left: 1.2rem; white-space: nowrap; }
.pc-table .pc-number:last-child { padding-right: 0; }
.pc-unit, .pc-quiet { opacity: 0.72; font-size: 0.85rem; }
.pc-bar { display: inline-block; width: 5.5rem; height: 0.5rem; border-radius: 2px;
  background: color-mix(in srgb, currentColor 13%, transparent); vertical-align: middle; }
.pc-bar > span { display: block; height: 100%; border-radius: 2px; background: #1A8F8A; }
.pc-leads { display: grid; grid-template-columns: repeat(auto-fit, minmax(4.4rem, 1fr));
  gap: 0.5rem 1rem; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
.pc-more { font-size: 0.9rem; margin-top: 0.4rem; }
.pc-more summary, .pc-why summary { cursor: pointer; width: fit-content; }
details.pc-more ul { margin: 0.3rem 0 0; padding-left: 1.2rem; }
.pc-line { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: 0.9rem; }
.pc-why { font-size: 0.85rem; font-weight: 400; max-width: 20rem; }
.pc-wrap { display: inline-block; white-space: normal; min-width: 11rem; max-width: 22rem; }
.pc-calipers { font-variant-numeric: tabular-nums; line-height: 1.5rem; }
.pc-outside { font-size: 0.85rem; font-weight: 600; white-space: nowrap;
  color: color-mix(in srgb, #B4520F 70%, currentColor); }
.pc-share { white-space: nowrap; }
.pc-share .pc-bar { width: 3.5rem; }
.pc-leads .pc-bar { display: block; width: 100%; height: 0.3rem; margin-top: 0.15rem; }
.pc-facts { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; font-size: 0.95rem; }
.pc-facts b { font-size: 1.05rem; overflow-wrap: anywhere; }
.pc-critical { border-left: 4px solid #C62828; background: rgba(198, 40, 40, 0.12);
  padding: 0.45rem 0.7rem; margin-bottom: 0.5rem; }
.st-key-summary { min-height: 4.9rem; gap: 0.35rem; }
div > dl.pc-strip-numbers { display: flex; flex-wrap: wrap; gap: 0.15rem 1.6rem; margin: 0;
  padding: 0;
  font-variant-numeric: tabular-nums; }
.pc-strip-numbers dt { font-size: 0.8rem; opacity: 0.75; font-weight: 400; }
.pc-strip-numbers dd { font-size: 1.1rem; font-weight: 600; margin: 0; }
[data-testid="stAlertContainer"] { padding: 0.5rem 0.8rem; }
.pc-badge { background: #7A4FB0; color: #fff; border-radius: 4px; padding: 0.05rem 0.5rem;
  font-size: 0.85rem; font-weight: 600; }
@media (max-width: 480px) {
  .pc-share .pc-bar { display: none; }
  .pc-table { font-size: 0.9rem; }
  .pc-table td:first-child { padding-right: 0.6rem; white-space: normal; }
  .pc-table .pc-number + :not(.pc-number) { padding-left: 0.6rem; }
}
</style>
"""


def dress_page() -> None:
    """Set the page's measure and the look of its tables."""
    st.html(_STYLE)


def load_charts_early() -> None:
    """Draw an empty chart that is not seen: the browser fetches the charts' code while it waits."""
    with st.container(key="chart_code"):
        st.plotly_chart(
            {"data": [{"type": "scatter"}], "layout": {"height": 20}}, key="chart_code_figure"
        )


def show_disclaimer() -> None:
    """Say on every page what the product is not."""
    st.html(f'<div class="pc-disclaimer" role="note">{DISCLAIMER}</div>')


def show_title(title: str, question: str) -> None:
    """Head a page with its name and the question it answers."""
    st.html(f'<div class="pc-title"><h1>{title}</h1><p>{question}</p></div>')
