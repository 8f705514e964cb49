"""What probes found, in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from app.components.html_table import html_table
from physioclr.probe import MACRO, ProbeResult

__all__ = [
    "LABEL_SCORES",
    "calibration_table",
    "comparison_of_runs",
    "confusion_of",
    "efficiency_table",
    "errors_table",
    "label_table",
    "macro_table",
    "pairs_table",
    "runs_table",
    "subgroup_table",
]

NOT_MEASURED = "not measured"
LABEL_SCORES = {
    "auroc": "AUROC",
    "difference": "Difference of AUROC",
    "auprc": "AUPRC",
    "f1": "F1",
    "precision": "Precision",
    "recall": "Recall",
    "brier": "Brier score",
    "ece": "Calibration error",
}


def macro_table(
    results: Mapping[str, ProbeResult],
    pairs: pd.DataFrame,
    reference: str,
    over_seeds: Mapping[str, Sequence[float]],
) -> str:
    """Return one row a feature set: its macro scores, and its difference from the reference.

    Parameters
    ----------
    results : mapping of str to ProbeResult
    pairs : DataFrame
        As `physioclr.probe.paired_table` returns it, with this reference.
    reference : str
    over_seeds : mapping of str to sequence of float
        Macro AUROC at each seed.
    """
    several = any(len(areas) > 1 for areas in over_seeds.values())
    paired = pairs[pairs["label"] == MACRO].set_index("model").to_dict("index")
    rows = []
    for name, result in results.items():
        macro = result.table.loc[MACRO].to_dict()
        row = [name, _area(macro)]
        if several:
            areas = over_seeds[name]
            row.append(f"{np.mean(areas):.3f} ({min(areas):.3f}–{max(areas):.3f})")
        row += ["reference" if name == reference else _difference(paired[name])]
        row += ["" if name == reference else _p_value(paired[name]["p_holm"])]
        rows.append([*row, *(_number(macro[score]) for score in ("auprc", "f1", "brier", "ece"))])
    seeds = [f"{len(next(iter(over_seeds.values())))} seeds: mean (range)"] if several else []
    header = ["Features", "Macro AUROC [95 % CI]", *seeds, "Less the reference [95 % CI]", "p"]
    header += ["AUPRC", "F1", "Brier", "ECE"]
    caption = (
        "Every prediction is out of fold. 95 % intervals: bootstrap of the patients; differences: "
        "the same resamples in pairs, p corrected over the rows (Holm). ECE: expected calibration "
        "error."
    )
    return html_table(
        header, rows, numeric=range(1, len(header)), caption=caption, label="Macro scores"
    )


def label_table(
    results: Mapping[str, ProbeResult],
    pairs: pd.DataFrame,
    names: Mapping[str, str],
    *,
    score: str,
) -> str:
    """Return one row a label, one column a feature set.

    Parameters
    ----------
    results : mapping of str to ProbeResult
    pairs : DataFrame
        As for `macro_table`.
    names : mapping of str to str
        Label to its name on screen.
    score : str
        One of `LABEL_SCORES`.
    """
    first = next(iter(results.values()))
    paired = pairs.set_index(["label", "model"]).to_dict("index")
    rows = []
    for label in first.label_names:
        counts = first.table.loc[label].to_dict()
        row = [names.get(label, label), f"{int(counts['n_positive']):,}"]
        for model, result in results.items():
            found = result.table.loc[label].to_dict()
            if score == "auroc":
                row.append(_area(found))
            elif score != "difference":
                row.append(_number(found[score]))
            elif (label, model) in paired:
                pair = paired[label, model]
                row.append(f"{_difference(pair)}, p {_p_value(pair['p_holm'])}")
            else:
                row.append("reference" if label in first.measured else NOT_MEASURED)
        rows.append(row)
    return html_table(
        ["Label", "Positive ECGs", *results],
        rows,
        numeric=range(1, 2 + len(results)),
        label=f"{LABEL_SCORES[score]} of each label",
    )


def calibration_table(results: Mapping[str, ProbeResult], label: str) -> str:
    """Return one row a feature set: how far its probabilities of one label are off."""
    rows = [
        [name, *(_number(result.table.loc[label].to_dict()[score]) for score in ("brier", "ece"))]
        for name, result in results.items()
    ]
    return html_table(["Features", "Brier", "ECE"], rows, numeric=(1, 2), label="Calibration")


def efficiency_table(table: pd.DataFrame) -> str:
    """Return one row a feature set, one column a share of the labelled patients.

    Parameters
    ----------
    table : DataFrame
        As `physioclr.probe.label_efficiency` returns it.
    """
    counts = table.drop_duplicates("fraction").sort_values("fraction")
    shares = [
        f"{100 * row['fraction']:g} %, {row['n_records']:,.0f} ECGs"
        for row in counts.to_dict("records")
    ]
    rows = [
        [str(model), *(_area(row) for row in of_model.sort_values("fraction").to_dict("records"))]
        for model, of_model in table.groupby("model", sort=False)
    ]
    return html_table(
        ["Features", *shares], rows, numeric=range(1, 1 + len(shares)), label="Label efficiency"
    )


def confusion_of(table: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Return one row a label: what was called and what was there.

    Parameters
    ----------
    table : DataFrame
        As `physioclr.probe.decisions.confusion_table` returns it.
    names : mapping of str to str
    """
    counts = ("true_positive", "false_negative", "false_positive", "true_negative")
    shares = ("sensitivity", "specificity", "ppv", "npv")
    rows = [
        [
            names.get(str(label), str(label)),
            *(f"{int(row[name]):,}" for name in counts),
            *(_percent(row[name]) for name in shares),
            _number(row["threshold"]),
        ]
        for label, row in zip(table.index, table.to_dict("records"), strict=True)
    ]
    header = ["Label", "There, called", "There, missed", "Absent, called", "Absent, not called"]
    header += ["Sensitivity", "Specificity", "PPV", "NPV", "Threshold"]
    return html_table(
        header,
        rows,
        numeric=range(1, len(header)),
        caption="ECGs. Each fold chose the threshold of the best F1 on its validation part; the "
        "one shown is their mean. PPV, NPV: share of the positive and of the negative calls that "
        "are right.",
        label="Confusion at the thresholds",
    )


def subgroup_table(table: pd.DataFrame, models: Sequence[str], *, n_labels: int) -> str:
    """Return one row a group, one column a feature set, for one label or the macro mean.

    Parameters
    ----------
    table : DataFrame
        The rows of one label of `physioclr.probe.subgroups.score_subgroups`, with ``model``.
    models : sequence of str
    n_labels : int
        Of the run; the macro mean of a group may be of fewer.
    """
    macro = bool((table["label"] == MACRO).all())
    rows: list[list[str]] = []
    last = ""
    for (kind, group), of_group in table.groupby(["kind", "group"], sort=False):
        by_model = of_group.set_index("model").to_dict("index")
        first = by_model[models[0]]
        labels = [f"{int(first['n_labels'])} of {n_labels}"] if macro else []
        counts = [f"{int(first[name]):,}" for name in ("n_records", "n_patients", "n_positive")]
        areas = [_area(by_model[model]) for model in models]
        shown = [str(kind) if kind != last else "", str(group)]
        rows.append([*shown, *(counts[:2] if macro else counts), *labels, *areas])
        last = str(kind)
    header = ["", "Group", "ECGs", "Patients", "Labels" if macro else "Positive ECGs", *models]
    return html_table(header, rows, numeric=range(2, len(header)), label="Scores by subgroup")


def errors_table(errors: pd.DataFrame, ids: Sequence[str], there: Sequence[str]) -> str:
    """Return one row a wrong call.

    Parameters
    ----------
    errors : DataFrame
        As `physioclr.probe.decisions.worst_errors` returns it.
    ids : sequence of str
        Of its ECGs.
    there : sequence of str
        What labels each of them has.
    """
    rows = [
        [
            name,
            "missed" if row["target"] else "false alarm",
            f"{row['probability']:.3f}",
            f"{row['threshold']:.3f}",
            labels,
        ]
        for name, labels, row in zip(ids, there, errors.to_dict("records"), strict=True)
    ]
    return html_table(
        ["ECG", "Error", "Probability", "Threshold", "What it has"],
        rows,
        numeric=(2, 3),
        label="Worst errors",
    )


def runs_table(runs: Sequence[Sequence[str]]) -> str:
    """Return one row a run.

    Parameters
    ----------
    runs : sequence of sequence of str
        When it was begun, its cohort, labels, checkpoints and seeds, its best macro AUROC, and how
        it ended.
    """
    header = ["Begun", "Cohort", "Labels", "Checkpoints", "Seeds", "Best macro AUROC", "Ended"]
    return html_table(header, runs, numeric=(4, 5), label="Runs so far")


def pairs_table(pairs: pd.DataFrame, reference: str) -> str:
    """Return one row for each set of features that is tested against the reference.

    Parameters
    ----------
    pairs : DataFrame
        As `physioclr.probe.paired_table` returns it, with this reference.
    reference : str
    """
    macro = pairs[pairs["label"] == MACRO].to_dict("records")
    rows = [[str(row["model"]), _difference(row), _p_value(row["p_holm"])] for row in macro]
    header = [f"Less {reference}", "Macro AUROC [95 % CI]", "p"]
    return html_table(header, rows, numeric=(1, 2), label="Paired tests across runs")


def comparison_of_runs(results: Mapping[str, Mapping[str, ProbeResult]], *, label: str) -> str:
    """Return one row a feature set, one column a run.

    Parameters
    ----------
    results : mapping of str to mapping of str to ProbeResult
        Run → features → what was found.
    label : str
        A label, or ``"macro"``.
    """
    models = dict.fromkeys(model for of_run in results.values() for model in of_run)
    rows = [
        [
            model,
            *(
                _area(of_run[model].table.loc[label].to_dict())
                if model in of_run and label in of_run[model].table.index
                else "–"
                for of_run in results.values()
            ),
        ]
        for model in models
    ]
    return html_table(
        ["Features", *results], rows, numeric=range(1, 1 + len(results)), label="Runs side by side"
    )


def _area(row: Mapping[Any, Any]) -> str:
    if np.isnan(row["auroc"]):
        return NOT_MEASURED
    return f"{row['auroc']:.3f} [{row['auroc_low']:.3f}–{row['auroc_high']:.3f}]"


def _difference(pair: Mapping[Any, Any]) -> str:
    """Return a row of `paired_table` the other way round: the features less the reference."""
    if np.isnan(pair["difference"]):
        return NOT_MEASURED
    numbers = (-pair["difference"], -pair["high"], -pair["low"])
    middle, low, high = (f"{number + 0.0:+.3f}".replace("-", "−") for number in numbers)
    return f"{middle} [{low}, {high}]"


def _p_value(p: float) -> str:
    if np.isnan(p):
        return NOT_MEASURED
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _number(value: float) -> str:
    return NOT_MEASURED if np.isnan(value) else f"{value:.3f}"


def _percent(share: float) -> str:
    return NOT_MEASURED if np.isnan(share) else f"{100 * share:.1f} %"
