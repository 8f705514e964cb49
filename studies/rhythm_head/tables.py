"""The study's tables in Markdown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.probe import MACRO, ProbeResult, paired_difference
from physioclr.probe.folds import patient_codes
from physioclr.probe.scores import calibration_error, interval, patient_resamples
from studies.rhythm_head.ecgs import EMBEDDING, LabelledEcgs
from studies.rhythm_head.evidence import SOURCES, OutOfFold, grouped_states

__all__ = [
    "NINE_WORDS",
    "calibration_table",
    "efficiency_table",
    "evidence_table",
    "features_table",
    "nine_words_table",
]

NINE_WORDS = {
    "Normal": "NORM",
    "AF": "AFIB",
    "I-AVB": "1AVB",
    "LBBB": "LBBB",
    "RBBB": "RBBB",
    "PAC": "PAC",
    "PVC": "PVC",
    "STD": "STD_",
    "STE": "STE_",
}
"""CPSC 2018's words and our codes."""


def features_table(results: Mapping[str, ProbeResult]) -> str:
    """AUROC and average precision of a probe on each kind of features, by label."""
    names = list(results)
    lines = [
        "| | n | positive | " + " | ".join(f"{name}: AUROC | AP" for name in names) + " |",
        "| --- " * (3 + 2 * len(names)) + "|",
    ]
    first = results[names[0]]
    for label in (*first.measured, MACRO):
        row = first.table.loc[label]
        cells = [label, str(row["n_known"]), str(row["n_positive"])]
        for name in names:
            own = results[name].table.loc[label]
            cells += [_with_interval(own, "auroc"), f"{own['auprc']:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    lines.append("")
    for name in names[1:]:
        gain, low, high = paired_difference(results[EMBEDDING], results[name])
        lines.append(f"- embedding − {name}: macro AUROC {gain:+.3f} [{low:+.3f}, {high:+.3f}]")
    return "\n".join(lines)


def evidence_table(table: pd.DataFrame) -> str:
    """F1, AUROC, sensitivity and specificity of criteria, head and both, by code."""
    lines = [
        "| | n | positive | | F1 | sensitivity | specificity | AUROC | silent |",
        "| --- " * 9 + "|",
    ]
    codes = table.groupby("code")["n_positive"].first().sort_values(ascending=False).index
    for code in codes:
        for _, row in table[table["code"] == code].iterrows():
            first = row["source"] == SOURCES[0]
            counts = [code, f"{row['n']:.0f}", f"{row['n_positive']:.0f}"] if first else [""] * 3
            scores = [_with_interval(row, name) for name in ("f1", "sensitivity", "specificity")]
            cells = [*counts, row["source"], *scores, _with_interval(row, "auroc")]
            lines.append("| " + " | ".join([*cells, f"{row['n_silent']:.0f}"]) + " |")
    judged = table.groupby("code")["source"].nunique() == len(SOURCES)
    everywhere = table[table["code"].isin(judged.index[judged])]
    for source in SOURCES:
        own = everywhere[everywhere["source"] == source]
        means = [_short(own[name].mean()) for name in ("f1", "sensitivity", "specificity", "auroc")]
        first = f"mean of {judged.sum()}" if source == SOURCES[0] else ""
        lines.append("| " + " | ".join([first, "", "", source, *means, ""]) + " |")
    return "\n".join(lines)


def nine_words_table(ecgs: LabelledEcgs, found: OutOfFold) -> str:
    """F1 of the nine words of CPSC 2018 on its own ECGs, and their mean.

    By the rules of `benchmarks.interpretation`: RBBB is also said of a narrow rSr′ and ST deviation
    of a borderline one; a word on ST stands alone; Normal if no other word is said.
    """
    rows = ecgs.folders == "cpsc2018"
    lines = ["| | positive | " + " | ".join(SOURCES) + " |", "| --- " * 5 + "|"]
    called = {source: _called(ecgs, found, source, rows) for source in SOURCES}
    targets = ecgs.targets.loc[rows, list(NINE_WORDS.values())].to_numpy() == 1
    codes = patient_codes(ecgs.patients[rows])
    weights = np.vstack([np.ones(len(codes)), patient_resamples(codes, 2000, 0)[:, codes]])
    f1 = {source: _f1(targets, called[source], weights) for source in SOURCES}
    for i, word in enumerate(NINE_WORDS):
        cells = [_cell(f1[source][:, i]) for source in SOURCES]
        lines.append(f"| {word} | {targets[:, i].sum()} | " + " | ".join(cells) + " |")
    # A resample without an ECG of a word has no F1 of it: the mean is over the others.
    cells = [_cell(np.nanmean(f1[source], axis=1)) for source in SOURCES]
    return "\n".join([*lines, "| mean | | " + " | ".join(cells) + " |"])


def _called(
    ecgs: LabelledEcgs, found: OutOfFold, source: str, rows: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return (n, 9) calls of a source; what only a criterion knows is its call in both too."""
    by_criteria = _criterion_words(grouped_states(ecgs.states).loc[rows])
    calls = found.calls[source].loc[rows]
    called = {}
    for word, code in NINE_WORDS.items():
        judged = source != "criteria" and bool(calls[code].notna().any())
        silent = np.zeros(len(calls), dtype=bool)
        of_criteria = silent if source == "head" else by_criteria[word]
        called[word] = calls[code].to_numpy() == 1 if judged else of_criteria
    table = np.array([called[word] for word in NINE_WORDS]).T
    rhythm = table[:, 1:7].any(axis=1)
    table[:, 7:] &= ~rhythm[:, None]
    table[:, 0] = ~table[:, 1:].any(axis=1)
    return table


def _criterion_words(states: pd.DataFrame) -> dict[str, NDArray[np.bool_]]:
    called = {word: (states[code] == "present").to_numpy() for word, code in NINE_WORDS.items()}
    for word, code in (("RBBB", "IRBBB"), ("STD", "STD_"), ("STE", "STE_")):
        called[word] |= states[code].isin(["present", "borderline"]).to_numpy()
    called["LBBB"] = (states["CLBBB"] == "present").to_numpy()
    return called


def _f1(
    targets: NDArray[np.bool_], called: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return F1 by resample and word; NaN where a word is neither there nor called."""
    hits = weights @ (targets & called)
    total = weights @ targets + weights @ called
    return np.divide(2 * hits, total, out=np.full(hits.shape, np.nan), where=total > 0)


def calibration_table(ecgs: LabelledEcgs, found: OutOfFold) -> str:
    """Brier score and calibration error of head and both, out of fold, by code."""
    lines = ["| | n | head: Brier | ECE | both: Brier | ECE |", "| --- " * 6 + "|"]
    means = []
    for code in found.scores["head"]:
        if not found.scores["head"][code].notna().any():
            continue
        known = ecgs.targets[code].notna() & found.scores["both"][code].notna()
        truth = ecgs.targets.loc[known, code].to_numpy() == 1
        cells = []
        for source in ("head", "both"):
            p = found.scores[source].loc[known, code].to_numpy()
            cells += [float(np.mean((p - truth) ** 2)), calibration_error(p, truth)]
        means.append(cells)
        lines.append(f"| {code} | {len(truth)} | " + " | ".join(f"{c:.3f}" for c in cells) + " |")
    mean = np.mean(means, axis=0)
    return "\n".join([*lines, "| mean | | " + " | ".join(f"{c:.3f}" for c in mean) + " |"])


def efficiency_table(curve: pd.DataFrame) -> str:
    """Macro AUROC by share of the labels and features."""
    models = list(dict.fromkeys(curve["model"]))
    lines = ["| labels | ECGs | " + " | ".join(models) + " |", "| --- " * (2 + len(models)) + "|"]
    for fraction, part in curve.groupby("fraction", sort=True):
        own = part.set_index("model")
        cells = [_with_interval(own.loc[model], "auroc") for model in models]
        n = own["n_records"].iloc[0]
        lines.append(f"| {100 * fraction:.0f} % | {n:.0f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _with_interval(row: pd.Series, name: str) -> str:
    value, low, high = (float(row[key]) for key in (name, f"{name}_low", f"{name}_high"))
    return "–" if np.isnan(value) else f"{_short(value)} [{_short(low)}, {_short(high)}]"


def _cell(draws: NDArray[np.float64]) -> str:
    low, high = interval(draws[1:])
    value = float(draws[0])
    return "–" if np.isnan(value) else f"{_short(value)} [{_short(low)}, {_short(high)}]"


def _short(value: float) -> str:
    return f"{value:.2f}".replace("0.", ".", 1) if 0 <= value < 1 else f"{value:.2f}"
