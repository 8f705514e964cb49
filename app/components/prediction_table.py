"""The calibrated probability and the call of each label, with the evidence for the head."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.components.html_table import Html, html_table

if TYPE_CHECKING:
    from physioclr.encoders.card import HeadCard
    from physioclr.interpretation.reading import Row
    from physioclr.prediction.prediction import Prediction

__all__ = ["evidence_sentence", "percent", "prediction_table"]


def prediction_table(prediction: Prediction, shown: Sequence[Row]) -> str:
    """Return the predictions as an HTML table, the most probable label first.

    Parameters
    ----------
    prediction : Prediction
    shown : sequence of Row
        What a reading shows of each label, `Reading.model`: a call that the criteria contradict is
        undecided.

    Returns
    -------
    str
        HTML. What the intervals stand on opens below it.
    """
    probabilities = prediction.probabilities
    order = np.argsort(-probabilities, kind="stable")
    rows = [
        [
            prediction.card.labels[i].display_name,
            _probability(prediction, i),
            _call(shown[i]),
            _auroc(prediction.card.labels[i]),
        ]
        for i in order
    ]
    table = html_table(
        ["Label", "Probability [95 % CI]", "Call", "AUROC of the head [95 % CI]"],
        rows,
        numeric=(3,),
        label="Predictions",
    )
    return table + _grounds(prediction, order)


def evidence_sentence(prediction: Prediction, *, simulated: bool) -> str:
    """Say what the head was trained on, how its AUROC was measured, and whether it applies.

    Parameters
    ----------
    prediction : Prediction
    simulated : bool
        Whether the ECG it was made for is.
    """
    card = prediction.card
    kind = "simulated ECGs" if card.simulated else "ECGs"
    applies = ""
    if simulated and not card.simulated:
        applies = "Read with care: this ECG is simulated, the head was trained on people’s. "
    elif card.simulated and not simulated:
        applies = "Read with care: this ECG is a person’s, the head was trained on simulated ones. "
    return (
        f"{applies}Head “{prediction.head}”, trained on {card.n_records:,} {kind} of "
        f"{card.n_patients:,} patients ({card.cohort}). Interval: how often those of them had the "
        f"label that were given a probability like this one. {_calls_sentence(card)}"
        f"Protocol: {card.protocol}."
    )


def percent(probability: float) -> str:
    """Return a probability as a person reads it: never 0 or 100 %."""
    if probability < 0.01:
        return "< 1 %"
    return "> 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"


def _probability(prediction: Prediction, column: int) -> str:
    probability, like = float(prediction.probabilities[column]), prediction.like_it[column]
    interval = ""
    if like is not None:
        low, high = prediction.intervals[column]
        interval = f' <span class="pc-quiet">[{100 * low:.0f}–{100 * high:.0f}]</span>'
    return Html(
        f'<span class="pc-share"><span class="pc-bar">'
        f'<span style="width:{100 * probability:.0f}%"></span></span> '
        f"{html.escape(percent(probability))}{interval}</span>"
    )


def _grounds(prediction: Prediction, order: Iterable[int]) -> str:
    """Say of each label how many labelled ECGs its interval stands on."""
    said = []
    for column in order:
        like, label = prediction.like_it[column], prediction.card.labels[column].display_name
        if like is not None:
            words = (
                f"{label}: of {like.n} labelled ECGs with a probability like this, "
                f"{like.n_positive} had it."
            )
            said.append(f"<li>{html.escape(words)}</li>")
    if not said:
        return ""
    summary = "<summary>What the intervals stand on</summary>"
    return f'<details class="pc-more">{summary}<ul>{"".join(said)}</ul></details>'


def _call(row: Row) -> str:
    right = "" if math.isnan(row.certainty) else f"{100 * row.certainty:.0f}\u00a0%\u00a0right"
    note = html.escape(row.reason or right)
    return Html(f'{html.escape(row.shown)} <span class="pc-quiet">{note}</span>')


def _calls_sentence(card: HeadCard) -> str:
    alphas = {label.calls.alpha for label in card.labels if label.calls is not None}
    if not alphas:
        return ""
    share = f"{100 * max(alphas):g} %"
    return (
        f"Calls are set so that of its ECGs with a label at most {share} are called absent, of "
        f"those without it at most {share} present; “right”: of such calls in cross-validation. "
    )


def _auroc(label: object) -> str:
    auroc, low, high = (getattr(label, name) for name in ("auroc", "auroc_low", "auroc_high"))
    if auroc is None:
        return "not measured"
    if low is None or high is None:
        return f"{auroc:.2f}"
    return f"{auroc:.2f} [{low:.2f}–{high:.2f}]"
