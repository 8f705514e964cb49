"""Does a changed ECG keep its category? The encoder's answer, in numbers."""

from __future__ import annotations

from app.components.html_table import html_table
from app.components.prediction_table import percent
from physioclr.prediction_change import PredictionChange

__all__ = ["category_sentence", "category_table"]


def category_sentence(change: PredictionChange) -> str:
    """Say in one line whether the calls stay, and how alike the two ECGs are to the encoder."""
    n_labels = len(change.before.labels)
    changed, half = change.reversed_calls, change.lost_or_new_calls
    if changed:
        verdict = f"No: the call is reversed of {', '.join(changed)}"
    elif half:
        verdict = f"Not clearly: no call before or after on {', '.join(half)}"
    else:
        verdict = f"Yes: all {n_labels} calls stay"
    cosine = f"{change.cosine:.2f}".replace("-", "−")
    return (
        f"{verdict}. Cosine of the two embeddings {cosine}: more alike than "
        f"{change.nearer_than_pct:.0f} % of the labelled ECGs are to this one."
    )


def category_table(change: PredictionChange) -> str:
    """Return the probabilities and calls before and after as an HTML table."""
    rows = [
        [
            label.display_name,
            percent(float(change.before.probabilities[i])),
            percent(float(change.after.probabilities[i])),
            f"{change.before.calls[i].call} → {change.after.calls[i].call}",
        ]
        for i, label in enumerate(change.before.card.labels)
    ]
    return html_table(
        ["Label", "Original", "Augmented", "Call"],
        rows,
        numeric=(1, 2),
        label="Predictions before and after",
    )
