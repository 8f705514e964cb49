"""Signal quality: the verdict, what is wrong in sentences, and a bar a lead."""

from __future__ import annotations

import html

import streamlit as st

from app.components.problems import literal
from physioclr.signal.quality import LeadQuality, Quality

__all__ = ["quality_sentence", "show_quality"]

_MOST_REASONS = 3


def quality_sentence(quality: Quality) -> str:
    """Return the verdict with the worst of what is wrong."""
    verdict = "acceptable" if quality.acceptable else "not acceptable"
    if not quality.reasons:
        return f"Signal quality: {verdict}, all {len(quality.leads)} leads clean."
    shown = [_sentence(reason) for reason in quality.reasons[:_MOST_REASONS]]
    more = len(quality.reasons) - len(shown)
    shown += [f"And {more} more."] if more else []
    return f"Signal quality: {verdict}. {' '.join(shown)}"


def show_quality(quality: Quality) -> None:
    """Show the verdict and each lead's score."""
    sentence = literal(quality_sentence(quality))
    if quality.acceptable and quality.suspected_reversal is None:
        st.success(sentence, icon=":material/check_circle:")
    else:
        st.warning(sentence, icon=":material/warning:")
    if quality.reasons:
        bars = "".join(_bar(lead, of_lead) for lead, of_lead in quality.leads.items())
        st.html(f'<div class="pc-leads" aria-label="Quality of each lead">{bars}</div>')


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:].rstrip('.')}."


def _bar(lead: str, quality: LeadQuality) -> str:
    percent = f"{100 * quality.score:.0f}"
    title = html.escape(quality.reason or "clean")
    return (
        f'<span title="{title}"><b>{html.escape(lead)}</b> {percent} %'
        f'<span class="pc-bar"><span style="width:{percent}%"></span></span></span>'
    )
