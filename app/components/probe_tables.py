"""The scores of several probes side by side."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.components.html_table import html_table
from physioclr.probe import MACRO, ProbeResult

__all__ = ["label_table", "macro_table"]

_CI = "95 % interval: bootstrap over patients. Every prediction is out of fold."


def macro_table(results: Mapping[str, ProbeResult]) -> str:
    """Return one row a feature set: macro AUROC with its interval, and macro F1."""
    rows = [
        [name, _auroc(result, MACRO), _number(result, MACRO, "f1")]
        for name, result in results.items()
    ]
    return html_table(
        ["Features", "Macro AUROC [95 % CI]", "Macro F1"],
        rows,
        numeric=(1, 2),
        caption=_CI,
        label="Macro scores",
    )


def label_table(results: Mapping[str, ProbeResult], names: Mapping[str, str], *, score: str) -> str:
    """Return one row a label, one column a feature set.

    Parameters
    ----------
    results : mapping of str to ProbeResult
    names : mapping of str to str
        Label to its name on screen.
    score : {"auroc", "f1"}
    """
    first = next(iter(results.values()))
    rows = [
        [
            names.get(label, label),
            f"{int(first.table['n_positive'].to_dict()[label]):,}",
            *(
                _auroc(result, label) if score == "auroc" else _number(result, label, score)
                for result in results.values()
            ),
        ]
        for label in first.label_names
    ]
    return html_table(
        ["Label", "Positive ECGs", *results],
        rows,
        numeric=range(1, 2 + len(results)),
        label=f"{score} of each label",
    )


def _auroc(result: ProbeResult, label: str) -> str:
    row = result.table.loc[label]
    if np.isnan(row["auroc"]):
        return "not measured"
    return f"{row['auroc']:.3f} [{row['auroc_low']:.3f}–{row['auroc_high']:.3f}]"


def _number(result: ProbeResult, label: str, score: str) -> str:
    value = float(result.table.loc[label][score])
    return "not measured" if np.isnan(value) else f"{value:.3f}"
