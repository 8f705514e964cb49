"""Signal quality: the verdict, what is wrong in sentences, and a bar a lead."""

from __future__ import annotations

import html

import streamlit as st

from app.components.problems import literal
from physioclr.signal.quality import LeadQuality, Quality

__all__ = ["quality_sentence", "show_quality", "show_quality_briefly"]

_MOST_REASONS = 3


def quality_sentence(quality: Quality, *, of: str = "") -> str:
    """Return the verdict with the worst of what is wrong.

    Parameters
    ----------
    quality : Quality
    of : str
        Which ECG it is of, where several are shown.

    Returns
    -------
    str
    """
    verdict = "acceptable" if quality.acceptable else "not acceptable"
    whose = f"Signal quality of {of}" if of else "Signal quality"
    if not quality.reasons:
        return f"{whose}: {verdict}, all {len(quality.leads)} leads clean."
    shown = [_sentence(reason) for reason in quality.reasons[:_MOST_REASONS]]
    more = len(quality.reasons) - len(shown)
    shown += [f"And {more} more."] if more else []
    return f"{whose}: {verdict}. {' '.join(shown)}"


def show_quality(quality: Quality) -> None:
    """Show the verdict, each lead's score, and every reason that the verdict leaves out."""
    sentence = literal(quality_sentence(quality))
    if _is_good_news(quality):
        st.success(sentence, icon=":material/check_circle:")
    else:
        st.warning(sentence, icon=":material/warning:")
    if quality.reasons:
        bars = "".join(_bar(lead, of_lead) for lead, of_lead in quality.leads.items())
        st.html(
            f'<div class="pc-leads" role="list" aria-label="Quality of each lead">{bars}</div>'
            f"{_all_reasons(quality)}"
        )


def show_quality_briefly(quality: Quality, *, of: str) -> None:
    """Show the verdict on one of several ECGs: a line where it is good, a warning where not.

    Parameters
    ----------
    quality : Quality
    of : str
        Which ECG it is of.
    """
    sentence = literal(quality_sentence(quality, of=of))
    if _is_good_news(quality):
        st.caption(sentence)
        return
    st.warning(sentence, icon=":material/warning:")
    if len(quality.reasons) > _MOST_REASONS:
        st.html(_all_reasons(quality))


def _is_good_news(quality: Quality) -> bool:
    doubted = quality.suspected_reversal or quality.limb_lead_misfit
    return quality.acceptable and doubted is None


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:].rstrip('.')}."


def _bar(lead: str, quality: LeadQuality) -> str:
    percent = f"{100 * quality.score:.0f}"
    return (
        f'<span role="listitem"><b>{html.escape(lead)}</b> {percent} %'
        f'<span class="pc-bar"><span style="width:{percent}%"></span></span></span>'
    )


def _all_reasons(quality: Quality) -> str:
    """Write every reason behind a line that opens, where the verdict does not say them all."""
    if len(quality.reasons) <= _MOST_REASONS:
        return ""
    items = "".join(f"<li>{html.escape(_sentence(reason))}</li>" for reason in quality.reasons)
    return (
        f'<details class="pc-more"><summary>All {len(quality.reasons)} that are wrong</summary>'
        f"<ul>{items}</ul></details>"
    )
