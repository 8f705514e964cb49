"""Does a changed ECG keep its category? The encoder's answer, in numbers."""

from __future__ import annotations

from app.components.html_table import html_table
from app.components.prediction_table import percent
from physioclr.prediction.change import PredictionChange

__all__ = ["category_sentence", "category_table"]


def category_sentence(change: PredictionChange) -> str:
    """Say in one line whether the calls stay, and how alike the two ECGs are to the encoder."""
    verdict = _verdict(change)
    cosine = f"{change.cosine:.2f}".replace("-", "−")
    return (
        f"{verdict}. Cosine of the two embeddings {cosine}: more alike than "
        f"{change.nearer_than_pct:.0f} % of the labelled ECGs are to this one."
    )


def _verdict(change: PredictionChange) -> str:
    changed, half, kept = change.reversed_calls, change.lost_or_new_calls, change.kept_calls
    if changed:
        return f"No: the call is reversed of {', '.join(changed)}"
    if half:
        return f"Not clearly: no call before or after on {', '.join(half)}"
    if not kept:
        return "Cannot tell: the model makes no call"
    uncalled = len(change.before.labels) - len(kept)
    if not uncalled:
        return f"Yes: all {len(kept)} calls stay"
    stay = "the one call made stays" if len(kept) == 1 else f"all {len(kept)} calls made stay"
    return f"Yes: {stay}; on {uncalled} of {len(change.before.labels)} labels there is none"


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
