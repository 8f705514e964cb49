"""The card of a checkpoint: what it is, what it learnt from, what it is for, where it ends."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from app.components.html_table import Html, html_table
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.runtime.plugins import GROUPS

if TYPE_CHECKING:
    from physioclr.encoders.card import CheckpointCard, CohortCard, Metrics, PluginCard

__all__ = ["card_table"]

_METRICS = {"r2": "R² of", "auroc_loss_at_6_db_pct": "Loss of AUROC at 6 dB (%) by"}


def card_table(card: CheckpointCard, *, n_parameters: int) -> str:
    """Write a card as an HTML table.

    Parameters
    ----------
    card : CheckpointCard
    n_parameters : int
        Of the encoder.

    Returns
    -------
    str
    """
    pre, training = card.preprocessing, card.training
    rows = [
        ["Encoder", f"{_architecture(card)}, {n_parameters / 1e6:.1f} million parameters"],
        [
            "Takes",
            f"{len(pre.leads)} leads ({', '.join(pre.leads)}) at {pre.fs_hz:g} Hz, windows of "
            f"{pre.window_s:g} s, {pre.low_hz:g} to {pre.high_hz:g} Hz",
        ],
        ["Objective", f"{training.objective}, {training.steps:,} steps, seed {training.seed}"],
        ["Pretrained on", "; ".join(map(_cohort, training.cohorts))],
        *([["Licences", "; ".join(training.licences)]] if training.licences else []),
        *(
            [
                f"Head “{name}”",
                f"{len(head.labels)} labels, {head.n_records:,} ECGs of {head.cohort}",
            ]
            for name, head in card.heads.items()
        ),
        *_measured(card.metrics),
        ["Intended use", card.intended_use],
        *([["Limits", Html("<br>".join(map(html.escape, card.limits)))]] if card.limits else []),
        *([["Plug-ins", "; ".join(map(_plugin, card.plugins))]] if card.plugins else []),
        ["Fingerprint", card.fingerprint],
    ]
    return html_table(["", ""], rows, label=f"Card of {card.name}")


def _architecture(card: CheckpointCard) -> str:
    encoder = card.encoder
    inner = encoder.get("encoder")
    name = str(encoder["architecture"])
    return f"{inner['architecture']}, {name}" if isinstance(inner, dict) else name


def _plugin(plugin: PluginCard) -> str:
    origin = f"{plugin.package} {plugin.version}".strip() or "not of an installed package"
    return f"{GROUPS[plugin.group]} {plugin.name} ({origin})"


def _cohort(cohort: CohortCard) -> str:
    simulated = ", simulated" if cohort.simulated else ""
    return f"{cohort.source} ({cohort.n_records:,} ECGs{simulated})"


def _measured(metrics: Metrics) -> list[list[str]]:
    rows = []
    for name, found in metrics.items():
        if isinstance(found, dict):
            parts = [f"{_titled(each)} {_number(value)}" for each, value in found.items()]
            rows.append([_METRICS.get(name, name), "; ".join(parts)])
        else:
            rows.append([name, _number(found)])
    return rows


def _titled(name: str) -> str:
    return MEASUREMENTS[name].label if name in MEASUREMENTS else name


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3g}".replace("-", "−")
