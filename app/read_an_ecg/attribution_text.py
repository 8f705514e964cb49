"""What the marks of an attribution mean, and how far they can be trusted."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np

from app.components.attribution_marks import SMOOTHED_MS
from app.components.palette import Palette

if TYPE_CHECKING:
    from physioclr.prediction.attribution import Attribution, RandomisationCheck

__all__ = ["attribution_legend", "attribution_sentence"]

_MOST_LEADS = 3


def attribution_legend(label: str, palette: Palette) -> str:
    """Say which colour is which, as HTML."""
    parts = (
        (palette.series[1], f"speaks for {label}"),
        (palette.series[2], f"speaks against {label}"),
    )
    marks = "".join(
        f'<span><span style="display:inline-block;width:1.6rem;height:0.5rem;opacity:0.7;'
        f'background:{colour}"></span> {html.escape(words)}</span>'
        for colour, words in parts
    )
    return f'<div class="pc-facts">{marks}</div>'


def attribution_sentence(label: str, attribution: Attribution, check: RandomisationCheck) -> str:
    """Name the method, what it starts from, the leads that count most, and the checks.

    Parameters
    ----------
    label : str
        As it is named on the page.
    attribution : Attribution
    check : RandomisationCheck

    Returns
    -------
    str
    """
    from physioclr.prediction.attribution import BASELINE, METHOD

    order = np.argsort(-np.abs(attribution.by_lead))[:_MOST_LEADS]
    leads = ", ".join(
        f"{attribution.leads[row]} {attribution.by_lead[row]:+.2f}".replace("-", "−")
        for row in order
    )
    alike = f"{check.values:.2f}".replace("-", "−")
    return (
        f"{METHOD} (by Captum) of {label}, from {BASELINE}, to which the model gives "
        f"{100 * attribution.baseline_probability:.0f} %, to this ECG with "
        f"{100 * attribution.probability:.0f} %. The marks add up to that but for "
        f"{abs(attribution.missed_log_odds):.2f} log-odds; by lead, the greatest: {leads}. Drawn "
        f"smoothed over {SMOOTHED_MS:g} ms. With random weights in the encoder the rank "
        f"correlation with these marks is {alike}: near 0 they show what the model learnt, near 1 "
        "only the ECG. It is what this model rests on, no evidence that it is right; a wave that "
        "is missing cannot be marked."
    )
